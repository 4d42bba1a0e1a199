"""Receivers of syslog: one that keeps each datagram, and Debian's rsyslogd with a configuration of its own."""

import dataclasses
import os
import pathlib
import re
import shutil
import signal
import socket

import harness
from harness import eventually
from service import Service

# RFC 5424 §6, as far as the gateway uses it.
_MESSAGE = re.compile(
    rb"<(?P<pri>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<host>[!-~]{1,255}) (?P<tag>[!-~]{1,48})"
    rb" (?P<pid>\d{1,10}) (?P<kind>access|error) - (?P<text>[^\n]*)"
)


@dataclasses.dataclass
class Message:
    facility: int
    severity: int
    time: str
    host: str
    tag: str
    pid: int
    kind: str
    text: str

    @classmethod
    def of(cls, datagram):
        match = _MESSAGE.fullmatch(datagram)
        assert match, f"not a message of RFC 5424: {datagram!r}"
        pri = int(match["pri"])
        words = {name: match[name].decode() for name in ("time", "host", "tag", "kind", "text")}
        return cls(pri >> 3, pri & 7, pid=int(match["pid"]), **words)


class Receiver:
    """Takes datagrams, on UDP or on a unix socket, one by one and as they are. `size`: of the receive buffer."""

    def __init__(self, *, unix=None, family=socket.AF_INET, port=0):
        if unix:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(str(unix))
            self.server = f"unix:{unix}"
        else:
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
            self.socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
            self.port = self.socket.getsockname()[1]
            self.server = f"[::1]:{self.port}" if family == socket.AF_INET6 else f"127.0.0.1:{self.port}"
        self.socket.settimeout(harness.DEADLINE)
        self.datagrams = []

    def next(self):
        """The next message."""
        datagram = self.socket.recv(65_536)
        self.datagrams.append(datagram)
        return Message.of(datagram)

    def until(self, text):
        """The next message with this in its text."""
        while text not in (message := self.next()).text:
            pass
        return message

    def close(self):
        self.socket.close()

    def evidence(self):
        return [("datagrams", "\n".join(repr(datagram) for datagram in self.datagrams[-20:]))]


class Rsyslog(Service):
    """rsyslogd, which writes what it has understood, a line a message, to `out.log`."""

    kind = "rsyslogd"
    _FIELDS = ("pri", "protocol-version", "hostname", "app-name", "procid", "msgid", "structured-data")

    def __init__(self, directory, name="rsyslog"):
        super().__init__(directory, name)
        self.port = harness.free_port()
        self.unix = self.directory / "log"
        self.out = self.directory / "out.log"
        self.start()

    @property
    def server(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        program = shutil.which("rsyslogd", path=os.environ["PATH"] + ":/usr/sbin")
        assert program, "there is no rsyslogd: scripts/setup.sh test installs it"
        template = "|".join(f"%{field}%" for field in (*self._FIELDS, "timereported:::date-rfc3339", "msg"))
        config = self.directory / "rsyslog.conf"
        config.write_text(
            f'global(workDirectory="{self.directory}")\n'
            'module(load="imudp")\nmodule(load="imuxsock" SysSock.Use="off")\n'
            f'input(type="imudp" address="127.0.0.1" port="{self.port}")\n'
            f'input(type="imuxsock" Socket="{self.unix}" UseSpecialParser="off" UseSysTimeStamp="off")\n'
            f'template(name="fields" type="string" string="{template}\\n")\n'
            f'action(type="omfile" file="{self.out}" template="fields" flushOnTXEnd="on")\n'
        )
        command = [program, "-n", "-C", "-f", config, "-i", self.directory / "pid"]
        self.run(command, lambda: self.unix.exists() and self._listens())

    def _listens(self):
        port = f":{self.port:04X} "
        return any(port in line for line in pathlib.Path("/proc/net/udp").read_text().splitlines())

    def messages(self):
        """What has come so far, each as a dictionary."""
        text = self.out.read_text() if self.out.exists() else ""
        names = (*self._FIELDS, "time", "msg")
        return [dict(zip(names, line.split("|", len(names) - 1), strict=True)) for line in text.splitlines()]

    def message(self, text):
        """Waits for a message with this in its text."""
        return eventually(
            lambda: next((message for message in self.messages() if text in message["msg"]), None),
            lambda: f"a message with {text!r}; there are {self.messages()}",
        )

    def close(self):
        if self.process and self.process.is_running:
            self.process.signal(signal.SIGTERM)
        super().close()

    def evidence(self):
        return [("rsyslogd", self.output()), ("its messages", self.out.read_text() if self.out.exists() else "")]
