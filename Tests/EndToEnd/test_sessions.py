"""What a broker and its clients agree on, kept by the gateway between them."""

import threading

import pytest

import harness
import mqttbytes
from bytepeer import BINARY, frame
from fakebroker import flood, silent
from harness import IS_SANITIZED, eventually, stalled
from mqttbytes import connect, publish

# Growth in MiB that is no leak of payloads; see test_pipe.py.
FLAT = 200 if IS_SANITIZED else 24


def test_disconnect_with_will(rig):
    """5.0 §3.14.2.1: reason 0x04 asks the broker to publish the Will; the packet passes whole."""
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    watcher = rig.keep(broker.subscribe("wills"))
    peer = rig.opened(gateway, 5, will=("wills", "asked for"))
    peer.send_mqtt(mqttbytes.disconnect(5, 0x04))
    peer.expect_close(1000)
    assert watcher.messages() == [("wills", b"asked for")]
    assert gateway.ended_count(1)[0]["status_reason"] == "client_disconnect"


def test_session_taken_over(rig):
    """[MQTT-3.1.4-3]: the second client of a name ends the first, and stays itself.

    mosquitto 2.0 only closes the connection: why, only the broker knows, so that the gateway adds no DISCONNECT.
    """
    gateway = rig.gateway([rig.mosquitto()])
    first = rig.opened(gateway, 5, "same")
    second = rig.opened(gateway, 5, "same")
    first.expect_close(1012)
    assert gateway.ended_count(1)[0]["status_reason"] == "broker_lost"
    second.subscribe("t", version=5)


def test_broker_over_ipv6(rig):
    port = harness.free_port()
    rig.mosquitto(extra=f"listener {port} ::1")
    gateway = rig.gateway([f"[::1]:{port}"])
    peer = rig.opened(gateway, client_id="six")
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    assert gateway.ended(mqtt_client_id="six")["upstream_addr"] == f"[::1]:{port}"


def test_flood_behind_connect_is_held_within_bounds(rig):
    """The broker thinks, the client sends on: the client's sender blocks, the gateway's memory stays flat."""
    broker = rig.fake(silent)
    gateway = rig.gateway([broker], location="upstream_connack_timeout 60s;")
    peer = rig.peer(gateway)
    peer.upgrade()
    before = harness.resident_mebibytes(gateway.pid)
    peer.send_mqtt(connect(4, "eager"))
    broker.received(connect(4, "eager"))
    block = frame(BINARY, publish("t", bytes(60_000)))
    peer.socket.setblocking(False)
    sent, pending = 0, b""

    def push():
        nonlocal sent, pending
        try:
            while sent < 64 << 20:
                pending = pending or block
                size = peer.socket.send(pending)
                sent += size
                pending = pending[size:]
        except BlockingIOError:
            pass
        return sent

    assert stalled(push) < 32 << 20, "the client could send without anybody reading"
    assert harness.resident_mebibytes(gateway.pid) - before < FLAT
    assert bytes(broker.connections[0].received) == connect(4, "eager")
    peer.reset()


@pytest.mark.parametrize("way", ["reset", "close"])
def test_client_lost_behind_pipelined_packets_while_the_broker_is_silent(rig, way):
    """What it sent may still go to the broker, but the session ends with the last try, and without spinning."""
    broker = rig.fake(silent)
    gateway = rig.gateway([broker], location="upstream_connack_timeout 500ms; upstream_tries 1;")
    before = harness.sockets(gateway.pid)
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(4, "eager"))
    broker.received(connect(4, "eager"))
    peer.send_mqtt(publish("t", bytes(10_000)))
    getattr(peer, way)()
    assert gateway.ended(mqtt_client_id="eager")["status_reason"] in ("client_lost", "no_upstream")
    eventually(lambda: harness.sockets(gateway.pid) == before, "all sockets closed")
    assert harness.cpu_seconds(gateway.pid) < 0.5 * harness.PATIENCE, "the gateway spins on a lost client"


def test_stop_though_a_client_reads_nothing(rig):
    """TERM: whoever does not take what waits for him is left behind; exit status 0."""
    broker = rig.fake(flood(publish("t", bytes(1000)), 64 << 20))
    gateway = rig.gateway([broker])
    peer = rig.peer(gateway, receive_buffer=32_768)
    peer.open_mqtt()
    stalled(lambda: broker.connections[0].sent)
    assert gateway.stop() == 0


def test_client_gone_before_its_connack_has_still_said_goodbye(rig):
    """CONNECT, PUBLISH and DISCONNECT at once, then a reset: the broker gets all of it, in order, so that no Will fires."""
    release = threading.Event()

    def slow(connection):
        connection.read_packet()
        release.wait(harness.DEADLINE)
        connection.send(mqttbytes.connack(4))
        connection.drain()

    broker = rig.fake(slow)
    gateway = rig.gateway([broker])
    whole = connect(4, "hasty") + publish("t", bytes(8000)) + mqttbytes.disconnect()
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send(frame(BINARY, whole))
    broker.received(connect(4, "hasty"))
    peer.reset()
    release.set()
    eventually(lambda: bytes(broker.connections[0].received) == whole, "everything that the client had sent")
    assert gateway.ended(mqtt_client_id="hasty")["status_reason"] == "client_disconnect"
