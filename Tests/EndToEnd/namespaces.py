"""Network namespaces: a network of a test's own, with packets that vanish, few ports, many addresses.

The simplest way to use one is to put the whole test inside:

    namespace = rig.namespace()
    with namespace.entered():
        broker = rig.mosquitto()
        gateway = rig.gateway([broker])
        client = rig.paho(gateway.port)
        namespace.blackhole("127.0.0.1", broker.port)

Processes and threads that are started inside stay inside, and so does every socket that is made inside; both keep
working after the block. Only the calling thread enters: call from the main thread, because `harness.is_listening` looks
at the main thread's network. What has been started can be ended outside.

Needs root and `ip` (Debian: iproute2). No packet filter is needed: packets vanish by routing.
"""

import contextlib
import ctypes
import ipaddress
import os
import pathlib
import subprocess

from harness import eventually

_CLONE_NEWNET = 0x4000_0000
_libc = ctypes.CDLL(None, use_errno=True)

_HOLE_TABLE = "100"
_HOLE_PRIORITY = "50"
_LOCAL_PRIORITY = "100"


class Namespace:
    """A network namespace with `lo` up: 127.0.0.0/8 and ::1 are there, and nothing leads out.

    It has no name and lives as long as this object or a process inside: a run that is killed leaves nothing behind.
    """

    def __init__(self):
        with _restored():
            _check(_libc.unshare(_CLONE_NEWNET), "unshare")
            self._descriptor = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            self.set("net.ipv6.conf.all.disable_ipv6", 0)
            self.ip("link set lo up")
            self._dig()

    def _dig(self):
        """Makes the interface whose packets nobody gets, and lets rules come before the local addresses.

        A `blackhole` or `unreachable` route would answer at once with an error, which is not what a firewall does.
        """
        self.ip("link add hole0 type veth peer name hole1")
        self.ip("link set hole0 arp off up")
        self.ip("link set hole1 arp off up")
        # Without it the kernel refuses to route 127.0.0.0/8 anywhere but to `lo`.
        self.set("net.ipv4.conf.all.route_localnet", 1)
        for family in ("-4", "-6"):
            self.ip(f"{family} route add default dev hole0 table {_HOLE_TABLE}")
            self.ip(f"{family} rule add pref {_LOCAL_PRIORITY} lookup local")
            self.ip(f"{family} rule del pref 0")

    @contextlib.contextmanager
    def entered(self):
        """Puts the calling thread inside for the length of a `with` block; may be nested."""
        with _restored():
            _check(_libc.setns(self._descriptor, _CLONE_NEWNET), "setns")
            yield self

    def command(self, *arguments):
        """`arguments` as a command line that runs inside, for a process that is started outside."""
        return ["nsenter", f"--net=/proc/{os.getpid()}/fd/{self._descriptor}", "--", *arguments]

    def ip(self, arguments):
        """Runs `ip` inside; returns what it prints."""
        with self.entered():
            run = subprocess.run(["ip", *arguments.split()], capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"ip {arguments}: {run.stderr}"
        return run.stdout

    # Faults

    def blackhole(self, address, port=None):
        """Packets to and from `address`, or to and from its TCP `port` only, vanish; open connections fall silent."""
        for rule in _hole(address, port):
            self.ip(rule.format("add"))

    def heal(self, address, port=None):
        """Ends the `blackhole` of the same arguments."""
        for rule in _hole(address, port):
            self.ip(rule.format("del"))

    def set(self, name, value):
        """Sets a `net.…` sysctl inside, `net.ipv4.ip_local_port_range` for example."""
        with self.entered():
            pathlib.Path("/proc/sys", name.replace(".", "/")).write_text(str(value))

    def limit_ports(self, count, first=40_000):
        """Leaves so many ports for outgoing connections, for each pair of a source address and a destination.

        An even number: of an odd one, the kernel does not use the last.
        """
        assert count % 2 == 0
        self.set("net.ipv4.ip_local_port_range", f"{first} {first + count - 1}")

    def add_address(self, address):
        """One more local address: an IPv6 one, or an IPv4 one outside 127.0.0.0/8, which is local as it is."""
        size, option = (128, "nodad") if ":" in address else (32, "")
        self.ip(f"address add {address}/{size} dev lo {option}")
        # The kernel makes an IPv6 address local only a little later.
        family, entry = ("-6" if ":" in address else "-4"), f"local {ipaddress.ip_address(address)} "
        eventually(lambda: entry in self.ip(f"{family} route show table local"), f"{address} local")

    def evidence(self):
        if self._descriptor is None:
            return []
        return [("namespace", self.ip("-4 rule") + self.ip("-6 rule") + self.ip("address"))]

    def close(self):
        os.close(self._descriptor)
        self._descriptor = None


def _hole(address, port):
    """The rules, with the verb left out, that lead packets of a destination into the hole."""
    family = "-6" if ":" in address else "-4"
    tail = f"pref {_HOLE_PRIORITY} lookup {_HOLE_TABLE}"
    to, of = (f"ipproto tcp dport {port}", f"ipproto tcp sport {port}") if port else ("", "")
    return [f"{family} rule {{}} to {address} {to} {tail}", f"{family} rule {{}} from {address} {of} {tail}"]


@contextlib.contextmanager
def _restored():
    """Brings the calling thread back into the network it was in."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        _check(_libc.setns(before, _CLONE_NEWNET), "setns")
        os.close(before)


def _check(result, call):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
