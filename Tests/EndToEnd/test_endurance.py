"""What happens to a gateway in years, in minutes, with real clients that talk meanwhile: `make endure`. Each prints what it
counted, and fails on one connection or message lost that should have lived."""

import pathlib
import resource
import signal
import subprocess

import pytest

import harness
from callers import Callers
from fleet import Fleet
from gateway import site
from harness import eventually
from reloads import descriptors, order, reload, resident
from test_successor import Heir, pid_file

pytestmark = pytest.mark.endurance


def quiet(config):
    """A configuration that does not tell of every client."""
    return config.replace("stderr debug", "stderr notice")


def check(counted):
    print(counted)
    assert counted["lost"] == 0 and not counted["faults"] and counted["sent"] == counted["came back"], counted


def test_reloads_with_certificates_and_addresses(rig):
    """Two hundred, with another certificate and another address in each."""
    certificates = [rig.authority.issue(f"{rig.directory.name}-{index}") for index in range(3)]
    live = rig.authority.issue(f"{rig.directory.name}-live")
    config = quiet(site([rig.mosquitto()], tls=live))
    gateway = rig.gateway(config=config)
    fleet = Fleet(rig, gateway.tls_port, tls=rig.certificate.client_context())
    callers = rig.keep(Callers(gateway.address))
    added = [harness.free_port() for _ in range(3)]
    used, memory = descriptors(gateway), []
    for turn in range(200):
        one = certificates[turn % 3]
        live.certificate.write_bytes(one.certificate.read_bytes())
        live.key.write_bytes(one.key.read_bytes())
        reload(gateway, config.replace("server {\n", f"server {{\n    listen 127.0.0.1:{added[turn % 3]};\n", 1))
        if turn % 20 == 0:
            memory.append(resident(gateway))
    fleet.wait()
    reload(gateway, config)
    calls = callers.close()
    counted = fleet.stop()
    print(f"reloads: 200, callers: {dict(calls)}, memory in KiB: {memory}")
    check(counted)
    assert calls["lost"] == calls["refused"] == 0
    assert max(memory[-3:]) <= max(memory[:5]) + 16 * 1024
    eventually(lambda: descriptors(gateway) <= used + 4, lambda: f"{used} descriptors, now {descriptors(gateway)}")


def test_upgrades(rig):
    """Ten in a row: callers come to one process or the other, and sessions stay with theirs until it has drained."""
    config = quiet(site([rig.mosquitto()], main="pid_file run.pid; worker_shutdown_timeout 2s;"))
    gateway = rig.gateway(config=config)
    callers = rig.keep(Callers(gateway.address))
    previous = gateway.process
    for turn in range(10):
        answered = callers.results["answered"]
        assert order(gateway, "-s", "upgrade").returncode == 0
        heir = rig.keep(Heir(gateway, turn + 1))
        eventually(lambda: pid_file(gateway) == heir.pid, lambda: f"the pid file of {heir.pid}:\n{gateway.output()}")
        eventually(lambda: not previous.is_running, "the end of the old process")
        eventually(lambda: callers.results["answered"] > answered + 20, "answers")
        previous = heir
    calls = callers.close()
    print(f"upgrades: 10, callers: {dict(calls)}")
    assert calls["lost"] == calls["refused"] == 0, callers.faults[:5]


def test_brokers_that_are_killed(rig):
    """One of two, again and again: sessions with the other one live, newcomers find it."""
    first, second = rig.mosquitto(), rig.mosquitto()
    gateway = rig.gateway(config=quiet(site([first, second], upstream="health_check type=tcp interval=1s timeout=1s;")))
    first.kill()
    fleet = Fleet(rig, gateway.port)
    for turn in range(5):
        first.start()
        newcomers = [rig.opened(gateway, client_id=f"newcomer{turn}-{index}") for index in range(20)]
        fleet.wait()
        first.kill()
        fleet.wait()
        rig.opened(gateway, client_id=f"last{turn}")
        for peer in newcomers:
            peer.close()
    print("brokers killed: 5")
    check(fleet.stop())


def test_a_log_on_a_full_disk(rig):
    """A file system of 64 KiB for the logs: full, then with room again."""
    folder = rig.path("logs")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True)
    try:
        config = site([rig.mosquitto()]).replace("error_log stderr debug", f"error_log {folder}/error.log debug")
        gateway = rig.gateway(config=config.replace("access_log access.log", f"access_log {folder}/access.log"))
        fleet = Fleet(rig, gateway.port)
        for index in range(300):
            rig.opened(gateway, client_id=f"visitor{index}").close()
        free = lambda: int(subprocess.check_output(["stat", "-f", "-c", "%a", folder]))  # noqa: E731
        eventually(lambda: free() == 0, "a full disk")
        fleet.wait()
        for path in pathlib.Path(folder).iterdir():
            path.write_bytes(b"")
        assert gateway.process.is_running
        gateway.send_signal(signal.SIGUSR1)
        rig.opened(gateway, client_id="last").close()
        eventually(lambda: '"last"' in (folder / "access.log").read_text(), "a line after there is room again")
        fleet.wait()
        counted = fleet.stop()
        print("sessions while the disk was full: 300")
        check(counted)
        gateway.stop()
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_no_descriptor_left(rig):
    """More callers than descriptors: who is there lives, who comes waits or is refused, and all is well when they go."""
    gateway = rig.gateway(config=quiet(site([rig.mosquitto()])))
    fleet = Fleet(rig, gateway.port)
    limit = descriptors(gateway) + 40
    hard = resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE, (limit, hard))
    idle = [rig.peer(gateway) for _ in range(80)]
    eventually(lambda: "no file descriptor is left" in gateway.output(), "the warning")
    before = harness.cpu_seconds(gateway.pid)
    fleet.wait(200)
    spent = harness.cpu_seconds(gateway.pid) - before
    for peer in idle:
        peer.close()
    eventually(lambda: rig.opened(gateway), "a session again")
    counted = fleet.stop()
    print(f"descriptors: {limit}, idle callers: {len(idle)}, CPU meanwhile: {spent:.2f} s")
    check(counted)


def test_the_clock_is_changed(rig):
    """A day forwards and two back, as far as the time of day goes: sessions, timers and limits keep to the monotonic clock."""
    offset = rig.path("clock") / "offset"
    offset.write_text("+0")
    library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
    wrapper = [
        "env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={offset}", "FAKETIME_NO_CACHE=1",
        "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1",
        # The library changes the environment of the first program that it is in, and Swift finds no arguments then.
        "env",
    ]  # fmt: skip
    gateway = rig.gateway(config=quiet(site([rig.mosquitto()])), wrapper=wrapper)
    fleet = Fleet(rig, gateway.port)
    for change in ("+1d", "-1d", "+0"):
        offset.write_text(change)
        fleet.wait(200)
        rig.opened(gateway, client_id=f"at{change}").close()
        line = gateway.ended(mqtt_client_id=f"at{change}")
        assert line["duration"] < 60, line
    days = {line["time"][:10] for line in gateway.access()}
    counted = fleet.stop()
    print(f"days in the log: {sorted(days)}")
    check(counted)
    assert len(days) == 3
