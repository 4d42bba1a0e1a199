"""memory_limit: new clients are refused before the kernel ends the process, and taken again."""

import pytest

import harness
import mqttbytes
from bytepeer import request
from gateway import connect
from harness import IS_SANITIZED, eventually
from reloads import broker, pings, reload, resident
from test_limits import is_closed_at_once, opens

HUGE = "mqtt_max_connect_size 256m; mqtt_connect_timeout 1m;"


def lower_memory_limit(gateway):
    """From one that nobody reaches to a little more than there is, or the lowest that there can be."""
    reload(gateway, gateway.config.replace("1024g", f"{max(32, resident(gateway) // 1024 + 6)}m"))


def fill(rig, gateway):
    """Makes the gateway hold more than its limit."""
    fat = rig.peer(gateway)
    fat.upgrade()
    fat.send_mqtt(b"\x10" + mqttbytes.length(64 << 20) + mqttbytes.data("MQTT") + bytes(16 << 20))
    eventually(lambda: "new connections are refused" in gateway.output(), "the log")


def test_memory(rig):
    """Above the limit new connections are closed at once; sessions go on. A reload changes it."""
    gateway = rig.gateway([broker(rig)], main="memory_limit 1024g;", location=HUGE)
    session = opens(rig, gateway, "a")
    lower_memory_limit(gateway)
    opens(rig, gateway, "b")
    fill(rig, gateway)
    with connect(gateway.address) as refusal:
        assert is_closed_at_once(refusal)
    assert pings(session)
    reload(gateway, gateway.config)
    eventually(lambda: "connections are taken again" in gateway.output(), "the log")
    opens(rig, gateway, "c")
    assert gateway.stop() == 0
    assert "memory_limit 1" in gateway.output()


@pytest.mark.parametrize("is_shared", [True, False])
def test_memory_and_the_operators_side(rig, is_shared):
    """Where the operator looks in is open still, but not for everybody where clients have sessions, too."""
    port = harness.free_port()
    metrics = "location /metrics { metrics; allow all; }"
    own = "" if is_shared else f"server {{ listen 127.0.0.1:{port}; {metrics} }}"
    main = f"memory_limit 1024g; {own}"
    gateway = rig.gateway([broker(rig)], main=main, server=metrics if is_shared else "", location=HUGE)
    lower_memory_limit(gateway)
    fill(rig, gateway)
    with connect(gateway.address):
        eventually(lambda: "connection refused: memory_limit" in gateway.output(), "the log", timeout=5)
    if not is_shared:
        peer = rig.peer(("127.0.0.1", port))
        assert peer.ask(request("/metrics", drop=("Upgrade", "Connection"))).status == 200


def test_memory_that_is_free_again(rig):
    """What many clients leave behind in the heap is given back: others are taken again."""
    gateway = rig.tls_gateway([broker(rig)], main=f"memory_limit {60 if IS_SANITIZED else 40}m;")
    peers = []
    while "new connections are refused" not in gateway.output() and len(peers) < 4000:
        try:
            peer = rig.peer(gateway, tls=True)
            peer.upgrade()
            peers.append(peer)
        except (OSError, AssertionError):
            eventually(lambda: "new connections are refused" in gateway.output(), "the reason of a refusal")
    assert "new connections are refused" in gateway.output()
    for peer in peers:
        peer.close()
    if IS_SANITIZED:
        return  # its allocator gives nothing back
    eventually(lambda: "connections are taken again" in gateway.output(), "the log", timeout=60)
    opens(rig, gateway, "late")
