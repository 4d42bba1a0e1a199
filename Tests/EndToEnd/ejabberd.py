"""ejabberd with its MQTT broker `mod_mqtt`, alone on a free port, everything in a folder of its own."""

import os
import re

import harness
from service import Service

# `erl` starts it and not `ejabberdctl`, which changes the user and the folder. Without a node name there is no Erlang
# distribution, so that nothing else listens and no name service is started.
_COMMAND = ["erl", "-noinput", "+K", "true", "+sbwt", "none"]
_LIBRARIES = "/usr/lib/x86_64-linux-gnu"


class Ejabberd(Service):
    """A broker for MQTT 3.1.1 and 5.0 on a free port of 127.0.0.1.

    A client must give a user name and a password, and any will do; the user name has no `@`, or ends with
    `@localhost`. One without is refused as not authorized, and MQTT 3.1 as an unacceptable version. With
    `proxy_protocol` every connection must begin with a PROXY header.
    """

    kind = "ejabberd"
    patience = harness.DEADLINE * 3

    def __init__(self, directory, *, proxy_protocol=False, name="ejabberd", within=()):
        """`within`: the words before the command that run it elsewhere, as in an unpacked Debian sid."""
        super().__init__(directory, name)
        self.within = within
        self.port = harness.free_port()
        for folder in ("home", "spool", "logs"):
            (self.directory / folder).mkdir(exist_ok=True)
        self.config = self.directory / "ejabberd.yml"
        self.config.write_text(_CONFIGURATION.format(port=self.port, proxy=str(proxy_protocol).lower()))
        self.start()

    def start(self):
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("EJABBERD_", "ERL_"))}
        mine = {
            "HOME": self.directory / "home",
            "ERL_LIBS": _LIBRARIES,
            "ERL_CRASH_DUMP_BYTES": 0,
            "EJABBERD_CONFIG_PATH": self.config,
            "EJABBERD_LOG_PATH": self.directory / "logs/ejabberd.log",
        }
        environment = kept | {key: str(value) for key, value in mine.items()}
        command = [*self.within, *_COMMAND, "-mnesia", "dir", f'"{self.directory}/spool"', "-s", "ejabberd"]
        self.run(command, lambda: harness.is_listening(self.port), cwd=self.directory, env=environment)

    def accepted(self):
        """Address and port of the client of every connection so far, from the PROXY header where there is one.

        The listener takes the header's address; `mod_mqtt` itself names the sender of the header in its own lines.
        """
        found = re.findall(r"Accepted (?:proxied )?connection (\S+):(\d+) -> ", self.output())
        return [(host.strip("[]"), int(port)) for host, port in found]


_CONFIGURATION = """\
hosts: [localhost]
loglevel: info
auth_method: [anonymous]
anonymous_protocol: login_anon
allow_multiple_connections: true
listen:
  - port: {port}
    ip: 127.0.0.1
    module: mod_mqtt
    backlog: 1000
    use_proxy_protocol: {proxy}
modules:
  mod_mqtt:
    access_publish:
      "#": [allow: all]
    access_subscribe:
      "#": [allow: all]
"""
