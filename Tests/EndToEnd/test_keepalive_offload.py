"""`mqtt_keepalive_offload`: a client that only answers pings stays at its broker, and never sees an answer it has not asked for."""

import time

import pytest

import mqttbytes
from bytepeer import BINARY, PING, PONG
from harness import DEADLINE, eventually

ON = "mqtt_keepalive_offload on;"
PINGREQ, PINGRESP = b"\xc0\x00", b"\xd0\x00"


def sleeper(rig, gateway, client_id, keepalive=1, version=4):
    peer = rig.peer(gateway)
    peer.open_mqtt(version, client_id, keepalive=keepalive)
    return peer


def doze(peer, seconds, *, answer=True):
    """Answers pings and does nothing else; returns the MQTT that has come meanwhile."""
    end = time.monotonic() + seconds
    received = b""
    while time.monotonic() < end:
        peer.socket.settimeout(max(0.05, end - time.monotonic()))
        try:
            frame = peer.read_frame()
        except TimeoutError:
            break
        if frame.opcode == PING and answer:
            peer.send_frame(PONG, frame.payload)
        elif frame.opcode == BINARY:
            received += frame.payload
    peer.socket.settimeout(DEADLINE)
    return received


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("frames", ["packet", "packets"])
def test_a_sleeping_client_survives(rig, version, frames):
    """Mosquitto ends a session after one and a half times its keep alive: here 3 s."""
    broker = rig.mosquitto()
    gateway = rig.gateway([broker], location=f"{ON} websocket_frames {frames};")
    peer = sleeper(rig, gateway, "sleeper", 2, version)
    assert doze(peer, 9) == b""
    assert broker.output().count("Received PINGREQ from sleeper") >= 3
    peer.send_mqtt(PINGREQ)
    assert peer.read_packet() == PINGRESP
    peer.send_mqtt(mqttbytes.disconnect(version))
    peer.expect_close(1000)
    assert gateway.ended(mqtt_client_id="sleeper")["status_reason"] == "client_disconnect"


def test_off_by_default(rig):
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    sleeper(rig, gateway, "sleeper")
    assert gateway.ended(mqtt_client_id="sleeper")["status_reason"] == "broker_lost"
    assert "Received PINGREQ" not in broker.output()


def test_a_client_that_answers_nothing_is_not_spoken_for(rig):
    """Its broker ends it, as if there were no gateway."""
    broker = rig.mosquitto()
    gateway = rig.gateway([broker], location=ON)
    peer = sleeper(rig, gateway, "gone")
    end = gateway.ended(mqtt_client_id="gone")
    assert end["status_reason"] == "broker_lost"
    assert "Received PINGREQ" not in broker.output()
    peer.close()


def test_server_keep_alive_counts(rig):
    """A broker may ask for less than the client has promised (5.0 §3.2.2.3.14)."""

    def behaviour(connection):
        connection.accept_connect(properties=b"\x13\x00\x01")
        while (packet := connection.read_packet()) is not None:
            if packet == PINGREQ:
                connection.send(PINGRESP)

    broker = rig.fake(behaviour)
    peer = sleeper(rig, rig.gateway([broker], location=ON), "told", 60, 5)
    assert doze(peer, 4) == b""
    assert bytes(broker.connection().received).count(PINGREQ) in (2, 3)


def test_answers_in_order(rig):
    """The broker is slow to answer: first the client's PINGREQ, then the gateway's, then the client's next."""
    broker = rig.fake(recording)
    gateway = rig.gateway([broker], location=ON)
    peer = sleeper(rig, gateway, "order")
    connection = broker.connection()
    peer.send_mqtt(PINGREQ)
    asked(peer, connection, 2)
    peer.send_mqtt(PINGREQ, PINGREQ)
    eventually(lambda: connection.packets()[1:].count(PINGREQ) == 4, "four PINGREQs")
    message = mqttbytes.publish("t", "between")
    connection.send(PINGRESP + message + PINGRESP + message + PINGRESP + PINGRESP)
    assert peer.read_packets(5) == [PINGRESP, message, message, PINGRESP, PINGRESP]
    asked(peer, connection, 5)  # and again
    for byte in PINGRESP + message:
        connection.send(bytes([byte]))
    assert peer.read_packet() == message


def test_never_inside_a_packet(rig):
    """Neither way: a PINGREQ inside a packet of the client's, or a ping inside a frame, would be its payload."""
    broker = rig.fake(recording)
    gateway = rig.gateway([broker], location=ON)
    peer = sleeper(rig, gateway, "inside")
    connection = broker.connection()
    packet = mqttbytes.publish("t", bytes(500))
    peer.send_frame(BINARY, packet[:100])
    assert doze(peer, 3) == b""
    assert bytes(connection.received).count(PINGREQ) == 0
    peer.send_frame(BINARY, packet[100:])
    eventually(lambda: packet in bytes(connection.received), "the whole packet")
    connection.send(packet[:100])
    connection.send(packet[100:])
    assert peer.read_packet() == packet
    asked(peer, connection, 1)


def test_messages_both_ways_meanwhile(rig):
    broker = rig.mosquitto()
    gateway = rig.gateway([broker], location=ON)
    peer = sleeper(rig, gateway, "busy")
    peer.subscribe("t")
    received = b""
    for number in range(5):
        broker.publish("t", f"{number}".encode())
        received += doze(peer, 1)
    packets, rest = mqttbytes.split(received)
    assert [mqttbytes.published(packet) for packet in packets] == [("t", f"{n}".encode()) for n in range(5)] and not rest
    peer.send_mqtt(mqttbytes.publish("u", "here"), PINGREQ)
    assert peer.read_packet() == PINGRESP


def recording(connection):
    """Grants the CONNECT and records; says what the test says."""
    if connection.accept_connect() is not None:
        connection.drain()


def asked(peer, connection, count):
    """Answers pings until the broker has got so many PINGREQs."""

    def enough():
        assert doze(peer, 0.3) == b""
        return connection.packets()[1:].count(PINGREQ) >= count

    eventually(enough, f"{count} PINGREQs")
