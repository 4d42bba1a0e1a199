"""Real brokers: mosquitto on free ports, alone or bridged, and its command line clients."""

import itertools
import pathlib
import signal
import subprocess

import harness
from harness import DEADLINE, eventually


class Mosquitto:
    """A mosquitto broker on a free port of 127.0.0.1, or on a unix socket when `unix` is its path."""

    def __init__(self, directory, *, unix=None, bridge_to=None, extra="", name="broker", anonymous=True, within=()):
        """`within`: the words before the command that run it elsewhere, as in an unpacked Debian sid."""
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = None if unix else harness.free_port()
        self.unix = unix
        self.name = name
        listener = f"listener 0 {unix}" if unix else f"listener {self.port} 127.0.0.1"
        lines = [
            "user root",
            listener,
            f"allow_anonymous {str(anonymous).lower()}",
            "persistence false",
            "max_queued_messages 0",
            "log_dest stderr",
            "log_type all",
            "connection_messages true",
            extra,
        ]
        if bridge_to:
            lines += [
                f"connection {name}-bridge",
                f"address 127.0.0.1:{bridge_to.port}",
                "topic # both 0",
                "bridge_protocol_version mqttv311",
                "restart_timeout 1",
                "notifications false",
                "try_private true",
            ]
        self.config = self.directory / f"{name}.conf"
        self.config.write_text("\n".join(line for line in lines if line) + "\n")
        self.within = within
        self.process = None
        self._subscribers = itertools.count(1)
        self.start()

    @property
    def address(self):
        """As an argument of `server`."""
        return f"unix:{self.unix}" if self.unix else f"127.0.0.1:{self.port}"

    def start(self):
        self.process = harness.Process([*self.within, "mosquitto", "-c", self.config], self.directory / f"{self.name}.log")
        eventually(
            lambda: self.process.is_running and harness.is_listening(self.unix or self.port),
            lambda: f"mosquitto listening:\n{self.output()}",
        )

    def output(self):
        return self.process.output()

    def stop(self):
        """An orderly end: clients see an end of file."""
        self.process.signal(signal.SIGTERM)
        self.process.wait()

    def kill(self):
        self.process.kill()

    def freeze(self):
        """The kernel still accepts for it, but it answers nothing."""
        self.process.signal(signal.SIGSTOP)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def close(self):
        if self.process:
            self.process.kill()

    def evidence(self):
        text = self.output()
        return [(f"mosquitto {self.name}", text[-8000:])]

    # Command line clients, straight to the broker

    def publish(self, topic, payload, *, qos=0, retain=False, version="311"):
        """Publishes without the gateway; returns when the broker has it."""
        command = ["mosquitto_pub", *self._target(), "-V", f"mqttv{version}", "-t", topic, "-q", str(qos), "-s"]
        subprocess.run(command + (["-r"] if retain else []), input=payload, check=True, timeout=DEADLINE)

    def publish_lines(self, topic, lines):
        """Each line is a message of QoS 0; all of them over one connection, at once."""
        command = ["mosquitto_pub", *self._target(), "-t", topic, "-l"]
        text = "".join(f"{line}\n" for line in lines)
        subprocess.run(command, input=text, text=True, check=True, timeout=DEADLINE)

    def subscribe(self, topic, *, count=1, qos=0):
        """A subscriber without the gateway, subscribed when this returns; `Subscriber.messages()` waits for `count`."""
        name = f"{self.name}-subscriber{next(self._subscribers)}"
        subscriber = Subscriber([*self._target(), "-i", name], topic, count, qos)
        eventually(lambda: f"Sending SUBACK to {name}" in self.output(), "SUBACK")
        return subscriber

    def _target(self):
        return ["--unix", self.unix] if self.unix else ["-h", "127.0.0.1", "-p", str(self.port)]


class Subscriber:
    """mosquitto_sub, printing payloads in hexadecimal."""

    def __init__(self, target, topic, count, qos):
        command = ["mosquitto_sub", *target, "-t", topic, "-C", str(count), "-q", str(qos), "-F", "%t %x"]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def messages(self, timeout=DEADLINE):
        """Topic and payload of every message, when all have come."""
        try:
            output, _ = self.child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.child.kill()
            output, _ = self.child.communicate()
        found = [line.split(" ") for line in output.splitlines()]
        return [(topic, bytes.fromhex(payload)) for topic, payload in found]

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
