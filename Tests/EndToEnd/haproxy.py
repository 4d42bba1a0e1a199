"""HAProxy as an independent sender and receiver of PROXY headers."""

import re

import harness
from service import Service


class HAProxy(Service):
    """A running HAProxy in the foreground, with `config` behind a `global` and a `defaults` section for TCP.

    `port` is that of the first `bind` line, `ports` has all of them. It is ready when it listens at every port of a `bind` line. Its log has a line for each ended connection, with what
    the PROXY header said where the frontend takes one.
    """

    kind = "haproxy"

    def __init__(self, directory, config, *, name="haproxy"):
        super().__init__(directory, name)
        self.config = self.directory / f"{name}.cfg"
        self.config.write_text(_HEAD + config)
        self.ports = [int(port) for port in re.findall(r"^\s*bind\s+\S*:(\d+)", config, re.MULTILINE)]
        self.port = self.ports[0]
        self.start()

    def start(self):
        command = ["haproxy", "-db", "-f", self.config]
        self.run(command, lambda: all(harness.is_listening(port) for port in self.ports))

    def ended(self):
        """A dictionary for each ended connection.

        `client` and `local`: address and port of the two ends, `authority` and `unique_id`: those fields of the PROXY
        header, empty without; `frontend`: the section; `state`: HAProxy's two letters for the cause of the end.
        """
        found = re.finditer(_LINE, self.output(), re.MULTILINE)
        return [
            {
                "client": (line["client"], int(line["client_port"])),
                "local": (line["local"], int(line["local_port"])),
                **{key: "" if line[key] == "-" else line[key] for key in ("authority", "unique_id")},
                **{key: line[key] for key in ("frontend", "state")},
            }
            for line in found
        ]

    def evidence(self):
        return [(f"haproxy {self.name} configuration", self.config.read_text()), *super().evidence()]


_HEAD = """\
global
    log stdout format raw local0
defaults
    mode tcp
    log global
    log-format "%ci %cp -> %fi %fp %ft %ts authority=%[fc_pp_authority] id=%[fc_pp_unique_id]"
    timeout connect 5s
    timeout client 60s
    timeout server 60s
"""

_LINE = (
    r"^(?P<client>\S+) (?P<client_port>\d+) -> (?P<local>\S+) (?P<local_port>\d+) (?P<frontend>\S+) (?P<state>\S\S)"
    r" authority=(?P<authority>.*) id=(?P<unique_id>.*)$"
)


def sender(target, version=2, *, port=None, bind_options="", options=""):
    """A section that listens on a free port and passes to `target` (a port, or host and port) behind a PROXY header.

    `options` are more options of the server line: `ssl verify none sni str(localhost)`, `check`,
    `proxy-v2-options ssl,crc32c,unique-id`; `bind_options` of the bind line: `ssl crt FILE`, `accept-proxy`.
    """
    port = port or harness.free_port()
    send = {1: "send-proxy", 2: "send-proxy-v2"}[version]
    return _section("sender", port, bind_options, f"{_host(target)} {send} {options}")


def receiver(target, *, port=None, bind_options="", options=""):
    """A section that takes a PROXY header of either version on a free port and passes to `target` without one.

    A connection without a header, or with a wrong one, is closed and logged.
    """
    port = port or harness.free_port()
    return _section("receiver", port, f"accept-proxy {bind_options}", f"{_host(target)} {options}")


def _section(kind, port, bind_options, server):
    # Named by its port, so that one configuration may have several.
    bind = f"127.0.0.1:{port} {bind_options}".rstrip()
    return f"listen {kind}-{port}\n    bind {bind}\n    server target {server.rstrip()}\n"


def _host(target):
    if isinstance(target, int):
        return f"127.0.0.1:{target}"
    return target if isinstance(target, str) else f"{target[0]}:{target[1]}"
