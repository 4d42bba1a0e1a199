"""USR2: a new process of the program takes over the listening sockets, and nobody notices."""

import os
import pathlib
import re
import shutil
import signal
import socket
import time

import pytest

import harness
from callers import Callers
from gateway import site
from harness import eventually
from reloads import broker, descriptors, order, pings


class Heir:
    """The process that has taken over from a gateway, or tries to: a child of nobody's here."""

    def __init__(self, gateway, number=1):
        found = eventually(
            lambda: re.findall(r"upgrade: process (\d+) of ", gateway.output())[number - 1 :], "the new process"
        )
        self.pid = int(found[0])
        self._output = gateway.output

    @property
    def is_running(self):
        try:
            return ") Z " not in pathlib.Path(f"/proc/{self.pid}/stat").read_text()
        except FileNotFoundError:
            return False

    def send_signal(self, number):
        os.kill(self.pid, number)

    def close(self):
        if self.is_running:
            self.send_signal(signal.SIGTERM)
            eventually(lambda: not self.is_running, lambda: f"the end of the new process:\n{self._output()}")


def gateway_of(rig, *, main="", **options):
    config = site([broker(rig)], main=f"pid_file run.pid; worker_shutdown_timeout 1s; {main}", **options)
    return rig.gateway(config=config.replace("stderr debug", "stderr notice").replace("access.log json", "off"))


def upgrade(rig, gateway, number=1):
    """Has a gateway replaced; returns the new process once the old one is gone."""
    gateway.send_signal(signal.SIGUSR2)
    heir = rig.keep(Heir(gateway, number))
    eventually(lambda: "has taken over" in gateway.output(), lambda: f"the new process:\n{gateway.output()}")
    return heir


def pid_file(gateway):
    path = gateway.directory / "run.pid"
    return int(path.read_text() or 0) if path.exists() else 0


def test_no_caller_notices(rig):
    """TCP and unix socket, under load; sessions stay until the old process has drained; it ends with status 0."""
    unix = str(rig.path("socket") / "listener")
    port = harness.free_port()
    gateway = gateway_of(rig, listen=[f"127.0.0.1:{port}", f"unix:{unix}"])
    old = rig.opened(gateway, client_id="old")
    callers = [rig.keep(Callers(where)) for where in (("127.0.0.1", port), unix)]
    heir = upgrade(rig, gateway)
    assert old.read_close().close_code == 1001
    assert gateway.process.wait() == 0
    before = [one.results["answered"] for one in callers]
    eventually(
        lambda: all(one.results["answered"] > was + 20 for one, was in zip(callers, before)), "answers of the new process"
    )
    results = [one.close() for one in callers]
    assert all(one["lost"] == one["refused"] == 0 for one in results), (results, [one.faults[:5] for one in callers])
    eventually(lambda: pid_file(gateway) == heir.pid, "its pid file")
    assert pings(rig.opened(gateway, client_id="new"))
    assert order(gateway, "-s", "stop").returncode == 0
    eventually(lambda: not heir.is_running, "its end")
    assert not os.path.exists(unix) and not (gateway.directory / "run.pid").exists()


def test_one_upgrade_after_the_other(rig):
    """By command, and again by the process that came; no descriptor is left over."""
    gateway = gateway_of(rig)
    eventually(lambda: "sluice is running" in gateway.output(), "all that it opens")
    before = descriptors(gateway)
    assert order(gateway, "-s", "upgrade").returncode == 0
    second = rig.keep(Heir(gateway))
    eventually(lambda: pid_file(gateway) == second.pid, "the pid file")
    assert gateway.process.wait() == 0
    eventually(lambda: descriptors(second) == before, lambda: f"{before} descriptors, not {descriptors(second)}")
    second.send_signal(signal.SIGUSR2)
    third = rig.keep(Heir(gateway, 2))
    eventually(lambda: not second.is_running and pid_file(gateway) == third.pid, "the third process")
    eventually(lambda: descriptors(third) == before, lambda: f"{before} descriptors, not {descriptors(third)}")
    assert pings(rig.opened(gateway))


def test_what_has_taken_the_place_of_the_program_runs(rig):
    """The file is another one by then, as a package manager leaves it."""
    program = rig.path("bin") / "sluice"
    shutil.copy(harness.BINARY, program)
    wrapper = ["sh", "-c", f'shift; exec {program} "$@"', "sh"]
    config = site([broker(rig)], main="worker_shutdown_timeout 1ms;")
    gateway = rig.gateway(config=config, wrapper=wrapper)
    new = program.with_suffix(".new")
    shutil.copy(harness.BINARY, new)
    new.rename(program)
    heir = upgrade(rig, gateway)
    assert gateway.process.wait() == 0
    assert os.readlink(f"/proc/{heir.pid}/exe") == str(program)


def test_a_new_process_that_cannot_serve_changes_nothing(rig):
    gateway = gateway_of(rig)
    peer = rig.opened(gateway)
    gateway.config_path.write_text(gateway.config + "nonsense;\n")
    result = order(gateway, "-s", "upgrade")
    assert result.returncode == 1 and "unknown directive" in result.stderr
    gateway.send_signal(signal.SIGUSR2)
    text = "it has ended before it served; its own log says why; this process goes on"
    eventually(lambda: text in gateway.output(), lambda: gateway.output())
    assert "unknown directive" in gateway.output()
    gateway.config_path.write_text(gateway.config)
    assert pings(peer) and pid_file(gateway) == gateway.pid
    upgrade(rig, gateway, 2)
    assert gateway.process.wait() == 0


@pytest.mark.parametrize("number, main", [(signal.SIGTERM, ""), (signal.SIGQUIT, ""), (signal.SIGQUIT, "drain_delay 1s;")])
def test_a_new_process_does_not_outlive_the_order_to_end(rig, number, main):
    """It has not taken over yet, and would serve when everybody believes that the gateway has ended."""
    program = rig.path("bin") / "sluice"
    shutil.copy(harness.BINARY, program)
    wrapper = ["sh", "-c", f'shift; exec {program} "$@"', "sh"]
    gateway = rig.gateway(config=site([broker(rig)], main=f"worker_shutdown_timeout 1ms; {main}"), wrapper=wrapper)
    program.rename(program.with_suffix(".old"))
    program.write_text("#!/bin/sh\nexec sleep 600\n")  # one that takes its time
    program.chmod(0o755)
    gateway.send_signal(signal.SIGUSR2)
    heir = rig.keep(Heir(gateway))
    gateway.send_signal(number)
    assert gateway.process.wait() == 0
    assert not heir.is_running
    assert f"upgrade: process {heir.pid} is stopped, too" in gateway.output()


def test_the_new_process_reads_the_configuration_of_today(rig):
    """Other addresses, and another number of loops: every connection is taken, whichever socket it comes through."""
    gateway = gateway_of(rig)
    added = harness.free_port()
    config = gateway.config.replace("worker_threads 2;", "worker_threads 1;")
    gateway.config_path.write_text(config.replace("server {\n", f"server {{\n    listen 127.0.0.1:{added};\n", 1))
    upgrade(rig, gateway)
    assert gateway.process.wait() == 0
    for index in range(20):
        rig.opened(gateway, client_id=f"kept{index}")
    rig.opened(("127.0.0.1", added))


# systemd


class Manager:
    """What a service manager hears."""

    def __init__(self, path):
        self.path = path
        self.messages = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(0)

    def heard(self, text):
        while True:
            try:
                self.messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return [message for message in self.messages if text in message.split("\n")]

    def expect(self, text, count=1):
        eventually(lambda: len(self.heard(text)) >= count, lambda: f"{text}: {self.messages}")
        return self.heard(text)[-1]

    def close(self):
        self._socket.close()


def activated(*addresses):
    """A command line that starts the gateway as systemd does for a .socket unit, at the first connection."""
    return ["systemd-socket-activate", *(f"--listen={address}" for address in addresses)]


def test_sockets_that_systemd_has_opened(rig):
    """One socket serves all loops; whoever has waited since before the start is served. A unix socket stays systemd's."""
    port, unix = harness.free_port(), str(rig.path("socket") / "listener")
    addresses = [f"127.0.0.1:{port}", f"unix:{unix}"]
    wrapper = activated(f"127.0.0.1:{port}", unix)
    gateway = rig.gateway([broker(rig)], listen=addresses, wrapper=wrapper)
    for index in range(10):
        rig.opened(gateway, client_id=f"client{index}")
        rig.opened(unix, client_id=f"unix{index}")
    assert "sluice is running" in gateway.output()
    assert gateway.stop() == 0 and os.path.exists(unix)


def test_a_socket_that_no_listen_names(rig):
    port = harness.free_port()
    wrapper = activated(f"127.0.0.1:{port}")
    gateway = rig.gateway([broker(rig)], wrapper=wrapper, wait=False)
    eventually(lambda: harness.is_listening(port), "systemd's socket")
    socket.create_connection(("127.0.0.1", port)).close()
    gateway.wait_listening()
    assert f"a socket for 127.0.0.1 port {port} was passed on, but no listen names that address" in gateway.output()
    eventually(lambda: not harness.is_listening(port), "its end")


def copies(process, listener):
    """How many descriptors of a socket a process has."""
    name = f"socket:[{os.fstat(listener.fileno()).st_ino}]"
    return sum(os.readlink(entry) == name for entry in pathlib.Path(f"/proc/{process.pid}/fd").iterdir())


def test_a_socket_of_systemd_that_a_reload_took_away(rig):
    """It is systemd's still: a gateway that is started again, and has the address again, is reached through it."""
    port, other = harness.free_port(), harness.free_port()
    listener = socket.create_server(("127.0.0.1", port))
    os.set_inheritable(listener.fileno(), True)
    script = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
    config = site([broker(rig)], listen=[f"127.0.0.1:{port}"])
    folder = rig.path("gateway")
    (folder / "sluice.conf").write_text(config)
    command = ["bash", "-c", script, "bash", harness.BINARY, "-c", folder / "sluice.conf", "-p", folder]

    def start(name):
        process = harness.Process(command, folder / name, close_fds=False)
        eventually(lambda: "sluice is running" in process.output(), lambda: process.output())
        return process

    first = start("first.log")
    try:
        (folder / "sluice.conf").write_text(config.replace(str(port), str(other)))
        first.signal(signal.SIGHUP)
        eventually(lambda: "generation 2 is in use" in first.output(), lambda: first.output())
        eventually(lambda: harness.is_listening(other), "the other address")
        eventually(lambda: copies(first, listener) == 1, "its end at this process")
    finally:
        first.signal(signal.SIGTERM)
        first.wait()
    (folder / "sluice.conf").write_text(config)
    second = start("second.log")
    try:
        rig.opened(("127.0.0.1", port))
    finally:
        second.signal(signal.SIGTERM)
        second.wait()
        listener.close()


def test_what_systemd_is_told(rig):
    """READY, RELOADING with the time, STOPPING; the new main process after an upgrade; a watchdog while loops turn."""
    manager = rig.keep(Manager(rig.path("manager") / "notify"))
    script = f'NOTIFY_SOCKET={manager.path} WATCHDOG_USEC=3000000 WATCHDOG_PID=$$ exec "$@"'
    wrapper = ["sh", "-c", script, "sh"]
    config = site([broker(rig)], main="worker_shutdown_timeout 1ms;")
    gateway = rig.gateway(config=config, wrapper=wrapper)
    assert f"MAINPID={gateway.pid}\n" in manager.expect("READY=1")
    manager.expect("WATCHDOG=1", 3)
    gateway.send_signal(signal.SIGHUP)
    at = int(re.search(r"MONOTONIC_USEC=(\d+)", manager.expect("RELOADING=1"))[1])
    assert abs(at / 1e6 - time.monotonic()) < harness.DEADLINE
    assert "WATCHDOG_USEC=3000000" in manager.expect("READY=1", 2)  # a reload may take longer
    gateway.config_path.write_text("nonsense;")
    gateway.send_signal(signal.SIGHUP)
    assert "STATUS=the last reload has failed: " in manager.expect("READY=1", 3)
    gateway.config_path.write_text(config)
    gateway.send_signal(signal.SIGUSR2)
    heir = rig.keep(Heir(gateway))
    assert f"MAINPID={heir.pid}\n" in manager.expect("READY=1", 4)
    assert gateway.process.wait() == 0
    assert not manager.heard("STOPPING=1")
    told = len(manager.heard("WATCHDOG=1"))
    manager.expect("WATCHDOG=1", told + 3)  # of the new process
    heir.send_signal(signal.SIGTERM)
    manager.expect("STOPPING=1")
