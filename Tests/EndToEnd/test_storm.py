"""All clients at once: TLS handshakes wait in line, nobody is shut out by that, and scripts/storm.py measures it."""

import re
import ssl
import subprocess
import sys
import time

import pytest

import fakebroker
from harness import BINARY, PATIENCE, REPOSITORY, eventually
from prometheus import METRICS, Page
from reloads import reload

BASE = 256  # HandshakeWindow.base
WAIT = 4.5  # HandshakeWindow.patience is 5 s


@pytest.fixture
def gateway(rig):
    return rig.tls_gateway([rig.fake(fakebroker.keep_open)], server=METRICS, worker_threads=1)


def silent(rig, gateway):
    """As many clients as may shake hands at a time, which the gateway has taken; they say nothing."""
    before = accepted(gateway)
    clients = [rig.peer(gateway.tls_address) for _ in range(BASE)]
    eventually(lambda: accepted(gateway) >= before + BASE, lambda: f"{accepted(gateway)} after {before}")
    return clients


def accepted(gateway):
    """Connections to the ports with TLS."""
    by_listener = Page(gateway).by("sluice_connections_accepted_total", "listener")
    return sum(count for listener, count in by_listener.items() if listener.endswith(f":{gateway.tls_port}"))


def test_handshakes_wait_in_line(rig, gateway):
    """Those beyond so many wait in the kernel's queue, where no time limit runs; clients without TLS do not wait."""
    began = time.monotonic()
    silent(rig, gateway)
    rig.opened(gateway)
    rig.peer(gateway, tls=True).open_mqtt()
    assert time.monotonic() - began > WAIT, "it has not waited until those who say nothing no longer count"
    assert gateway.output().count("TLS handshakes wait in line: ") == 1, gateway.output()


def test_whoever_leaves_makes_room(rig, gateway):
    for _ in range(3):
        for client in silent(rig, gateway):
            client.close()
        began = time.monotonic()
        rig.peer(gateway, tls=True).open_mqtt()
        assert time.monotonic() - began < WAIT * PATIENCE


def test_whoever_has_left_the_line_costs_no_handshake(rig, gateway):
    """A client that stops waiting in the queue gets no answer to its first words."""
    tls = rig.certificate.client_context().wrap_bio(ssl.MemoryBIO(), outgoing := ssl.MemoryBIO(), server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    silent(rig, gateway)
    peer = rig.peer(gateway.tls_address)
    peer.send(outgoing.read())
    peer.half_close()
    assert peer.read_to_end() == b""
    failures = lambda: Page(gateway).by("sluice_tls_handshake_failures_total", "reason")  # noqa: E731
    eventually(lambda: failures() == {"lost": 1}, failures)


def test_a_reload_in_between(rig, gateway):
    """Those who wait in line get in."""
    silent(rig, gateway)
    rig.peer(gateway.tls_address).close()
    reload(gateway)
    rig.peer(gateway, tls=True).open_mqtt()


@pytest.mark.parametrize("arguments", [["--tls"], ["--kill"], ["--front", "nginx", "--tls", "--kill"]], ids=" ".join)
def test_measuring_a_storm(arguments):
    command = [sys.executable, REPOSITORY / "scripts/storm.py", "--sluice", BINARY, "--clients", "300"]
    command += ["--gateways", "2", "--processes", "2", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "connected: 300 of 300: half " in result.stdout
    assert f"sessions lost: {300 if '--kill' in arguments else 0}\n" in result.stdout
    assert re.search(r"peak memory \d+ MiB in all, processor time [\d.]+ s", result.stdout)
    assert ("longest turn of a loop: " in result.stdout) == ("nginx" not in arguments)
