"""RabbitMQ with its MQTT plugin, one node on free ports, everything in a folder of its own."""

import os
import pathlib
import subprocess

import harness
from harness import DEADLINE, PATIENCE, eventually
from service import Service


class RabbitMQ(Service):
    """A node that listens for MQTT 3.1 and 3.1.1 on a free port of 127.0.0.1, for clients with or without credentials.

    RabbitMQ 3.10 has no MQTT 5: it closes the connection of such a CONNECT without an answer. With `proxy_protocol`
    every connection must begin with a PROXY header, and one without is closed. Credentials, when given, are guest and
    guest.
    """

    kind = "rabbitmq"
    # A first start takes up to ten seconds: the plugin's Raft group waits three to six of them for other nodes.
    patience = 60 * PATIENCE

    def __init__(self, directory, *, proxy_protocol=False, name="rabbitmq", within=(), root="/"):
        """`within`: the words before a command that run it elsewhere, with the root folder `root`: a Debian sid's."""
        super().__init__(directory, name)
        self.within, self.root = within, pathlib.Path(root)
        self.port = harness.free_port()
        self._epmd_port = harness.free_port()
        self._environment = self._surroundings()
        for folder in ("home", "data", "log"):
            (self.directory / folder).mkdir(exist_ok=True)
        (self.directory / "plugins").write_text("[rabbitmq_mqtt].\n")
        (self.directory / "rabbitmq.conf").write_text(_configuration(self.port, proxy_protocol, "4" if within else "3"))
        self.epmd = None
        self.start()

    def _surroundings(self):
        """The variables that keep the node away from the system's own, and tell `rabbitmqctl` where it is."""
        control = harness.free_port()
        mine = {
            "HOME": self.directory / "home",  # of the cookie
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": self._epmd_port,
            "RABBITMQ_NODENAME": "rabbit@localhost",
            "RABBITMQ_DIST_PORT": harness.free_port(),
            "RABBITMQ_CTL_DIST_PORT_MIN": control,
            "RABBITMQ_CTL_DIST_PORT_MAX": control,
            "RABBITMQ_CONFIG_FILE": self.directory / "rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": self.directory / "advanced.config",
            "RABBITMQ_CONF_ENV_FILE": self.directory / "environment",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.directory / "plugins",
            "RABBITMQ_MNESIA_BASE": self.directory / "data",
            "RABBITMQ_LOG_BASE": self.directory / "log",
            "RABBITMQ_PID_FILE": self.directory / "pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RUNNING_UNDER_SYSTEMD": "true",  # makes the script become the node, so that its pid is the node's
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("RABBITMQ_", "ERL_"))}
        return kept | {key: str(value) for key, value in mine.items()}

    def start(self):
        # The node would start a name service that outlives it: this one is ended by its pid.
        if self.epmd is None:
            command = [*self.within, "epmd", "-port", self._epmd_port, "-address", "127.0.0.1"]
            self.epmd = harness.Process(command, self.directory / "epmd.log", env=self._environment)
            eventually(lambda: harness.is_listening(self._epmd_port), lambda: f"epmd: {self.epmd.output()}")
        log = self.directory / f"{self.name}.log"
        seen = log.read_text(errors="replace").count(_STARTED) if log.exists() else 0
        command = [*self.within, self._script("rabbitmq-server")]
        self.run(command, lambda: self.output().count(_STARTED) > seen, cwd=self.directory, env=self._environment)

    def control(self, *arguments):
        """Runs `rabbitmqctl` with these arguments; returns what it prints."""
        run = subprocess.run(
            [*self.within, self._script("rabbitmqctl"), "-q", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE * 3,
            check=False,
        )
        assert run.returncode == 0, f"rabbitmqctl {arguments}: {run.stdout}{run.stderr}"
        return run.stdout

    def connections(self):
        """Client identifier and address and port of every MQTT connection, as the broker sees them."""
        table = self.control("list_mqtt_connections", "client_id", "peer_host", "peer_port", "--no-table-headers")
        rows = [line.split("\t") for line in table.splitlines()]
        return {row[0]: (row[1], int(row[2])) for row in rows if len(row) == 3}

    def _script(self, name):
        """The script itself: the one in the path changes the user and the folder."""
        found = sorted(self.root.glob(f"usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/{name}"))
        assert found, f"no {name}: Debian has it in rabbitmq-server"
        return f"/{found[-1].relative_to(self.root)}"

    def close(self):
        super().close()
        if self.epmd:
            self.epmd.kill()


_STARTED = "Server startup complete"


def _configuration(port, proxy_protocol, major):
    anonymous = {"3": ("mqtt.default_user", "mqtt.default_pass"), "4": ("anonymous_login_user", "anonymous_login_pass")}
    lines = [
        "listeners.tcp = none",
        f"mqtt.listeners.tcp.1 = 127.0.0.1:{port}",
        f"mqtt.proxy_protocol = {str(proxy_protocol).lower()}",
        *(f"{key} = guest" for key in anonymous[major]),
        "loopback_users = none",  # guest may come from an address that a PROXY header names
        "log.file = false",
        "log.console = true",
        "log.console.level = info",
        "log.console.use_colors = off",
    ]
    return "\n".join(lines) + "\n"
