"""The gateway under test: writes its configuration, starts it, watches it, stops it and checks how it ended."""

import json
import pathlib
import re
import signal
import socket

import harness
from harness import BINARY, DEADLINE, eventually
from service import freeze

# What a process prints when it did not end as it should have.
_CRASH = re.compile(
    r"Sanitizer|Fatal error|Swift runtime failure|Precondition failed|Assertion failed|runtime error:"
    r"|\*\*\* (Program crashed|Signal)|Simultaneous accesses|double free|corrupted"
)


def site(
    brokers, *, listen=None, tls=None, main="", upstream="", server="", location="", path="/mqtt", worker_threads=2
):
    """A configuration text with one server, one upstream `brokers` and one location.

    `brokers`: a list of brokers, ports or whole `server` arguments. `listen`: a list of `listen` arguments, default
    one free port, and one with `ssl` when `tls` (a Certificate) is given; `localhost` leads to them, whichever address
    of it comes first.
    """
    if listen is None:
        listen = harness.loopback(harness.free_port())
        if tls:
            listen += [f"{address} ssl" for address in harness.loopback(harness.free_port())]
    servers = [server_argument(broker) for broker in brokers]
    lines = [
        f"worker_threads {worker_threads};",
        "error_log stderr debug;",
        "access_log access.log json;",
        main,
        "upstream brokers {",
        *(f"    server {address};" for address in servers),
        upstream,
        "}",
        "server {",
        *(f"    listen {address};" for address in listen),
    ]
    if tls:
        lines += [f"    ssl_certificate {tls.certificate};", f"    ssl_certificate_key {tls.key};"]
    lines += [server, f"    location {path} {{", "        mqtt_pass brokers;", location, "    }", "}"]
    return "\n".join(line for line in lines if line) + "\n"


def server_argument(broker):
    """A broker, its port, or text, as an argument of `server`."""
    if isinstance(broker, str):
        return broker
    return f"127.0.0.1:{broker}" if isinstance(broker, int) else broker.address


class Gateway:
    """A running `sluice`. `directory` is its prefix: `sluice.conf`, `access.log` and `output.log` lie there."""

    def __init__(self, directory, config, *, arguments=(), wrapper=(), start=True, wait=True):
        self.directory = pathlib.Path(directory)
        self.config = config
        self.config_path = self.directory / "sluice.conf"
        self.access_path = self.directory / "access.log"
        self.config_path.write_text(config)
        self.arguments = arguments
        self.wrapper = wrapper  # a command line that runs the gateway
        self.process = None
        self.expected_exit = 0
        self.listeners = [_address(text) for text in re.findall(r"^\s*listen\s+([^\s;]+)", config, re.MULTILINE)]
        self.is_tls = [bool(flag) for flag in re.findall(r"^\s*listen\s+[^\s;]+(\s+ssl)?", config, re.MULTILINE)]
        if start:
            self.start(wait)

    @property
    def pid(self):
        return self.process.pid

    @property
    def address(self):
        """The first plain listener."""
        return self.listeners[self.is_tls.index(False)]

    @property
    def tls_address(self):
        """The first TLS listener."""
        return self.listeners[self.is_tls.index(True)]

    @property
    def port(self):
        return self.address[1]

    @property
    def tls_port(self):
        return self.tls_address[1]

    def start(self, wait=True):
        command = [*self.wrapper, BINARY, "-c", self.config_path, "-p", self.directory, *self.arguments]
        self.process = harness.Process(command, self.directory / "output.log", cwd=self.directory)
        if wait:
            self.wait_listening()

    def wait_listening(self):
        def ready():
            assert self.process.is_running, f"the gateway ended:\n{self.output()}"
            return all(harness.is_listening(one if isinstance(one, str) else one[1]) for one in self.listeners)

        eventually(ready, f"listening at {self.listeners}")

    def send_signal(self, number):
        self.process.signal(number)

    def output(self):
        return self.process.output() if self.process else ""

    def access(self):
        """The access log so far, one dictionary a session."""
        if not self.access_path.exists():
            return []
        text = self.access_path.read_text(errors="replace")
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].split("\n")[:-1]]

    def ended(self, **fields):
        """Waits for the access log line of a session with these values, and returns it."""

        def find():
            return next((line for line in self.access() if all(line.get(k) == v for k, v in fields.items())), None)

        return eventually(find, lambda: f"an access log line with {fields}; there is: {self.access()}")

    def ended_count(self, count):
        """Waits until so many sessions have ended; returns their lines."""
        eventually(lambda: len(self.access()) >= count, lambda: f"{count} ended sessions, there are {self.access()}")
        return self.access()

    def ended_before_request(self, cause):
        """Waits until a connection has ended for this cause: before a request only the error log has it."""
        eventually(lambda: f"ended: {cause}" in self.output(), f"the end of a connection: {cause}")

    def freeze(self):
        """It does nothing until `thaw`; the kernel still takes connections and bytes for it."""
        freeze(self.process)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def stop(self, number=signal.SIGTERM, timeout=DEADLINE):
        """Stops it and returns the exit status."""
        self.process.signal(number)
        return self.process.wait(timeout)

    def close(self):
        """The end of a test: stops it if it still runs, and checks that nothing went wrong inside."""
        if self.process is None:
            return
        status = None
        try:
            status = self.stop()
        finally:
            self.process.kill()
        crash = _CRASH.search(self.output())
        assert crash is None, f"the gateway's output tells of a crash: {crash.group(0)}"
        assert status == self.expected_exit, f"exit status {status}, not {self.expected_exit}"

    def evidence(self):
        """What a failing test prints."""
        access = self.access_path.read_text(errors="replace") if self.access_path.exists() else ""
        return [
            ("gateway configuration", self.config),
            ("gateway output", _tail(self.output())),
            ("gateway access log", _tail(access)),
        ]


def _address(text):
    """The address to connect to for an argument of `listen`."""
    if text.startswith("unix:"):
        return text.removeprefix("unix:")
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    return ({"": "127.0.0.1", "*": "127.0.0.1", "::": "::1"}.get(host, host), int(port))


def _tail(text, limit=20_000):
    return text if len(text) <= limit else f"… ({len(text) - limit} characters more)\n" + text[-limit:]


def connect(address, timeout=DEADLINE, source=None):
    """A connected socket for a port, a host and port, or the path of a unix socket."""
    if isinstance(address, str):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        connection.connect(address)
        return connection
    if isinstance(address, int):
        address = ("127.0.0.1", address)
    return socket.create_connection(address, timeout, (source, 0) if source else None)
