"""What every part of the suite needs: deadlines, free ports, processes, /proc."""

import ctypes
import errno
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SLUICE", str(REPOSITORY / ".build/release/sluice"))

# Sanitizer builds are slow: every deadline is multiplied by this.
PATIENCE = float(os.environ.get("SLUICE_TEST_PATIENCE", "1"))
IS_SANITIZED = PATIENCE > 1

# Seed of everything random in the suite; printed in the header of the run.
SEED = int(os.environ.get("SLUICE_TEST_SEED", random.SystemRandom().randrange(2**32)))

DEADLINE = 10 * PATIENCE


def eventually(check, what, timeout=DEADLINE, interval=0.01):
    """Calls `check` until it returns something true, and returns that; fails after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() >= end:
            raise AssertionError(f"not within {timeout:g} s: {what() if callable(what) else what}")
        time.sleep(interval)


def stalled(progress):
    """Waits until a number that grows has stopped growing for half a second."""
    last = [-1, 0]

    def same():
        now = progress()
        last[:] = [now, last[1] + 1 if now == last[0] else 0]
        return last[1] >= 25

    eventually(same, "the sender blocked", timeout=DEADLINE * 3, interval=0.02)
    return last[0]


# Ports

_taken = set()
_EPHEMERAL = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


def free_port():
    """A TCP port that nobody uses on IPv4 or IPv6, below the range the kernel takes outgoing ports from."""
    while True:
        port = random.SystemRandom().randrange(10_000, min(_EPHEMERAL, 32_000))
        if port in _taken:
            continue
        try:
            for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                with socket.socket(family, socket.SOCK_STREAM) as probe:
                    if family == socket.AF_INET6:
                        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    probe.bind((host, port))
        except OSError:
            continue
        _taken.add(port)
        return port


def loopback(port):
    """What `localhost` may mean, with this port: 127.0.0.1, and ::1 where the machine has it. Node.js 18 takes the first
    one of the resolver and tries no other."""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return [f"127.0.0.1:{port}"]
    return [f"127.0.0.1:{port}", f"[::1]:{port}"]


def is_listening(address):
    """Whether something listens at `address`: a port, or the path of a unix socket. Makes no connection."""
    if isinstance(address, str):
        return any(
            line.endswith(" " + address) and line.split()[3] == "00010000"
            for line in pathlib.Path("/proc/net/unix").read_text().splitlines()
        )
    for name in ("tcp", "tcp6"):
        with open(f"/proc/net/{name}", encoding="ascii") as table:
            next(table)
            for line in table:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == address:
                    return True
    return False


# Processes


def spawned(command, **options):
    """A child process. execve(2) says EFAULT of addresses of the caller's, never of the program: seen once in many
    thousands, from a Python with threads that forks at the same time. It is tried once more."""
    try:
        return subprocess.Popen(command, **options)
    except OSError as error:
        if error.errno != errno.EFAULT:
            raise
        return subprocess.Popen(command, **options)


class Process:
    """A child whose output goes to one file; ended by its pid, never by name."""

    def __init__(self, arguments, log, **options):
        self.log_path = pathlib.Path(log)
        self._log = open(log, "ab")
        self.child = spawned(
            [str(argument) for argument in arguments],
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=options.pop("stdout", self._log),
            stderr=subprocess.STDOUT if options.pop("merge", True) else self._log,
            **options,
        )

    @property
    def pid(self):
        return self.child.pid

    @property
    def is_running(self):
        return self.child.poll() is None

    def output(self):
        return self.log_path.read_text(errors="replace")

    def signal(self, number):
        if self.is_running:
            os.kill(self.pid, number)

    def wait(self, timeout=DEADLINE):
        """The exit status; negative is the signal that ended it."""
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"process {self.pid} still runs after {timeout:g} s: {self.child.args}") from None

    def kill(self):
        self.signal(signal.SIGKILL)
        self.child.wait()
        self._log.close()


def descriptor_of(process, number):
    """A duplicate of a descriptor of another process, which a pidfd names: pidfd_getfd(2), Linux 5.6."""
    result = ctypes.CDLL(None, use_errno=True).syscall(438, process, number, 0)
    if result < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
    return result


def descriptors(pid):
    """How many descriptors a process holds open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def sockets(pid):
    """How many of them are sockets."""
    count = 0
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(f"/proc/{pid}/fd/{entry}").startswith("socket:")
        except FileNotFoundError:
            pass
    return count


def status(pid, field):
    """The number of a line of /proc/PID/status: VmRSS in KiB, Threads, …"""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+)", text, re.MULTILINE).group(1))


def resident_mebibytes(pid):
    return status(pid, "VmRSS") / 1024


def cpu_seconds(pid):
    """User and system time that a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
