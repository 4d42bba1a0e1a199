"""`limit_rate` and `limit_packet_rate`: they slow, and lose nothing."""

import threading
import time

import pytest

import fakebroker
import mqttbytes
from h2client import Site
from harness import cpu_seconds, eventually
from operator_side import OperatorSide
from rawpeer import raw_gateway, raw_peer
from reloads import pings

PACKET = mqttbytes.publish_of(8192)
KIBIBYTE = 1024


def received(connection):
    return len(connection.received)


def measured(process, work):
    """How long `work` takes, and the processor time of the gateway in it, in seconds."""
    began, used = time.monotonic(), cpu_seconds(process.pid)
    work()
    return time.monotonic() - began, cpu_seconds(process.pid) - used


@pytest.mark.parametrize("kind", ["ws", "wss", "mqtt", "h2"])
def test_bytes_of_a_client(rig, kind):
    """1 MiB at 256 KiB a second, of which 256 KiB pass at once; the broker gets all of it."""
    broker, line = rig.fake(fakebroker.keep_open), "limit_rate in=256k;"
    data = PACKET * 128
    if kind == "h2":
        site = Site(rig, fakebroker.keep_open, location=line)
        broker, gateway = site.broker, site.gateway
        stream = site.client().mqtt("c")
        send = lambda: [stream.send_packet(PACKET) for _ in range(128)]  # noqa: E731
    else:
        gateway = (
            raw_gateway(rig, [broker], server=line) if kind == "mqtt" else rig.tls_gateway([broker], location=line)
        )
        peer = raw_peer(rig, gateway) if kind == "mqtt" else rig.peer(gateway, tls=kind == "wss")
        peer.open_mqtt(5, "c")
        send = lambda: [peer.send_mqtt(PACKET) for _ in range(128)]  # noqa: E731
    connection = broker.connection()
    connect = received(connection)

    def work():
        thread = threading.Thread(target=send)
        thread.start()
        eventually(lambda: received(connection) == connect + len(data), lambda: f"{received(connection)} bytes")
        thread.join()

    took, used = measured(gateway, work)
    assert 2.2 < took, "1 MiB less the burst takes 3 seconds"
    assert used < took / 2, f"{used} of {took} s: it spins"
    assert bytes(connection.received[connect:]) == data


def test_bytes_of_a_broker(rig):
    """The other direction; the client is heard meanwhile."""
    line = "limit_rate out=256k;"
    gateway = rig.gateway([rig.fake(fakebroker.flood(PACKET, 1 << 20))], location=line)
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(5, "c"))
    peer.read_packet()
    took, used = measured(gateway, lambda: peer.read_packets(128))
    assert 2.2 < took and used < took / 2, (took, used)


def test_packets_of_a_client(rig):
    """180 packets at 50 a second, of which 30 may come at once."""
    broker = rig.fake(fakebroker.keep_open)
    side = OperatorSide(rig, [broker], location="limit_packet_rate in=50/s burst=30;")
    peer = rig.opened(side.gateway, 5, "c")
    packet, connection = mqttbytes.publish_of(512), broker.connection()
    wanted = received(connection) + 180 * len(packet)

    def work():
        for _ in range(180):
            peer.send_mqtt(packet)
        eventually(lambda: received(connection) == wanted, lambda: f"{received(connection)} of {wanted} bytes")

    took, used = measured(side.gateway, work)
    assert 2 < took and used < took / 2, (took, used)
    assert 'sluice_rate_holds_total{direction="received"} 0' not in side.ask("GET", "/metrics")[2].decode()


def test_a_held_client_is_not_idle(rig):
    """Its keep alive is shorter than the time in which it is not read."""
    gateway = rig.gateway([rig.fake(fakebroker.echo)], location="limit_rate in=4k; websocket_ping 0;")
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(5, "c", keepalive=1))
    peer.read_packet()
    big = mqttbytes.publish("t", bytes(16 * KIBIBYTE), version=5)
    peer.send_mqtt(big)
    assert peer.read_packet() == big
    assert pings(peer)
    assert gateway.access() == []


def test_a_client_far_ahead_is_still_heard(rig):
    """Two thousand packets at once, at one a second, and then a reset: the end is noticed within seconds."""
    broker = rig.fake(fakebroker.keep_open)
    gateway = rig.gateway([broker], location="limit_packet_rate in=1/s burst=1;")
    peer = rig.peer(gateway)
    peer.open_mqtt(4, "far")
    peer.send_mqtt(mqttbytes.PINGREQ * 2000)
    connection = broker.connection()
    eventually(lambda: received(connection) > 2000, "the first packets")
    peer.reset()
    eventually(lambda: gateway.access(), "the end of the session", timeout=30)
