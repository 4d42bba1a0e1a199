"""Promise 2: a CONNECT that breaks the standard never reaches a broker; the refusal is what its version provides."""

import pytest

import fakebroker
import mqttbytes
from badconnects import BAD_CONNECTS, SILENCE, v3, v5
from bytepeer import BINARY, CONTINUATION, frame, request
from mqttbytes import VERSIONS, connect, data, publish, subscribe

CAUSES = {"connect_malformed", "version_refused", "client_id_refused"}


@pytest.mark.parametrize("bad, answer", [row[1:] for row in BAD_CONNECTS], ids=[row[0] for row in BAD_CONNECTS])
def test_bad_connect(rig, bad, answer):
    """The exact CONNACK, a Close, the end of the stream; the broker never hears of it."""
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(bad)
    closed = peer.read_close()
    assert bytes(peer.mqtt).hex(" ") == answer.hex(" ")
    assert closed.close_code in (1002, 1008)
    peer.send_frame(8, closed.payload[:2])
    peer.expect_end()
    assert gateway.ended_count(1)[0]["status_reason"] in CAUSES
    assert broker.connections == []


@pytest.mark.parametrize("bad, answer", [row[1:] for row in BAD_CONNECTS if row[2] != SILENCE][:12])
def test_refusal_is_flushed_though_the_client_floods(rig, bad, answer):
    """users.md 11: unread input must not turn the close into a reset that swallows the CONNACK."""
    gateway = rig.gateway([rig.fake()])
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send(frame(BINARY, bad) + frame(BINARY, publish("t", bytes(1000))) * 50)
    peer.read_close()
    assert bytes(peer.mqtt) == answer


# What is accepted, and what the broker then gets

GOOD_CONNECTS = {
    "3.1": connect(3, "c"),
    "3.1.1": connect(4, "c"),
    "5.0": connect(5, "c"),
    "3.1 client id of 30 characters": connect(3, "c" * 30),
    "3.1 user name flag without the string": connect(3, "c", flags=0x82),
    "3.1.1 empty client id, clean [MQTT-3.1.3-6]": connect(4, ""),
    "5.0 empty client id, kept": connect(5, "", clean=False),
    "5.0 password without user name": connect(5, "c", password=b"p"),
    "binary password §3.1.3.6": connect(4, "c", username="u", password=bytes(range(256))),
    "keep alive 0": connect(4, "c", keepalive=0),
    "keep alive 65535": connect(4, "c", keepalive=65535),
    "bridge of Mosquitto, level 0x83": connect(3, "c", level=0x83),
    "bridge of Mosquitto, level 0x84": connect(4, "c", level=0x84),
    "will of QoS 2, retained": connect(4, "c", will=("w", b"x"), will_qos=2, will_retain=True),
    "client id of 60000 bytes": connect(4, "c" * 60_000),
    "client id in every script": connect(4, "h\u00e9-\u65e5\u672c-\U0001f980"),
    "5.0 properties": connect(
        5, "c", properties=b"\x11\0\0\x01\x2c\x21\0\x0a\x27\0\1\0\0\x19\x01\x17\x00" + b"\x26" + data("k") + data("v")
    ),
    "5.0 repeated user property": connect(5, "c", properties=(b"\x26" + data("k") + data("v")) * 3),
    "5.0 will properties": connect(
        5, "c", will=("w", "text"), will_properties=b"\x18\0\0\0\x05\x01\x01\x03" + data("a") + b"\x08" + data("r")
    ),
}


@pytest.mark.parametrize("name", GOOD_CONNECTS)
def test_good_connect_arrives_byte_for_byte(rig, name):
    broker = rig.fake()
    peer = rig.peer(rig.gateway([broker]))
    peer.upgrade()
    peer.send_mqtt(GOOD_CONNECTS[name])
    assert peer.read_packet()[3] == 0
    broker.received(GOOD_CONNECTS[name])


# Alignment [MQTT-6.0.0-2]

PIPELINED = connect(4, "pipeline") + subscribe("t/#") + publish("t/1", "one") + publish("t/2", "two" * 100)


def test_one_byte_a_frame(rig):
    broker = rig.fake()
    peer = rig.peer(rig.gateway([broker]))
    peer.upgrade()
    peer.send(b"".join(frame(BINARY, bytes([byte])) for byte in PIPELINED))
    assert peer.read_packet() == mqttbytes.connack()
    broker.received(PIPELINED)


def test_one_byte_a_fragment_and_a_segment(rig):
    broker = rig.fake()
    peer = rig.peer(rig.gateway([broker]))
    peer.upgrade()
    last = len(PIPELINED) - 1
    for index, byte in enumerate(PIPELINED):
        peer.send_cut(frame(CONTINUATION if index else BINARY, bytes([byte]), fin=index == last))
    assert peer.read_packet() == mqttbytes.connack()
    broker.received(PIPELINED)


def test_everything_in_the_segment_of_the_request(rig):
    """RFC 6455 §4.1 does not forbid it, and some clients do it: bytes after the request head are kept."""
    broker = rig.fake()
    peer = rig.peer(rig.gateway([broker]))
    peer.send(request() + frame(BINARY, PIPELINED))
    assert peer.response().status == 101
    assert peer.read_packet() == mqttbytes.connack()
    broker.received(PIPELINED)


def test_cut_at_every_offset(rig):
    """Two frames and two segments, cut at each byte of the stream of frames in turn."""
    broker = rig.fake()
    gateway = rig.gateway([broker])
    stream = frame(BINARY, PIPELINED[:30]) + frame(BINARY, PIPELINED[30:])
    for offset in range(1, 80):
        peer = rig.peer(gateway)
        peer.upgrade()
        peer.send(stream[:offset])
        peer.send(stream[offset:])
        assert peer.read_packet() == mqttbytes.connack()
        broker.received(PIPELINED, offset - 1)
        peer.close()


def test_mqttjs_sends_the_first_byte_alone(rig):
    """protocol.md: `10`, then the rest."""
    broker = rig.fake()
    peer = rig.peer(rig.gateway([broker]))
    peer.upgrade()
    peer.send(frame(BINARY, PIPELINED[:1]))
    peer.send(frame(BINARY, PIPELINED[1:]))
    assert peer.read_packet() == mqttbytes.connack()
    broker.received(PIPELINED)


def test_pipelined_packets_reach_a_real_broker_in_order(rig):
    """3.1.1 §3.1.4: packets may follow CONNECT before its CONNACK."""
    broker = rig.mosquitto()
    peer = rig.peer(rig.gateway([broker]))
    peer.upgrade()
    messages = [publish("t/x", str(index)) for index in range(200)]
    peer.send_mqtt(connect(4, "pipeline"), subscribe("t/#"), *messages)
    assert peer.read_packet() == mqttbytes.connack()
    assert peer.read_packet()[0] == 0x90
    assert [peer.read_packet() for _ in messages] == messages


def test_much_pipelined_behind_connect_is_held_and_then_passes(rig):
    """Held within bounds while the broker thinks, then passed on whole."""

    def slow(connection):
        connection.read_packet()
        connection.released.wait(20)
        connection.send(mqttbytes.connack())
        connection.drain()

    broker = rig.fake(slow)
    peer = rig.peer(rig.gateway([broker], location="upstream_connack_timeout 30s;"))
    peer.upgrade()
    stream = connect(4, "pipeline") + b"".join(publish("t", bytes([index]) * 2000) for index in range(100))
    peer.send(frame(BINARY, stream[:20_000]))
    broker.connection().released.set()
    peer.send(frame(BINARY, stream[20_000:]))
    assert peer.read_packet() == mqttbytes.connack()
    broker.received(stream)


# Limits of the gate


def test_no_connect_in_time(rig):
    """3.1.1 §3.1.4."""
    broker = rig.fake()
    gateway = rig.gateway([broker], location="mqtt_connect_timeout 300ms;")
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.expect_close(1008)
    assert gateway.ended_count(1)[0]["status_reason"] == "connect_timeout"


def test_half_a_connect_in_time(rig):
    broker = rig.fake()
    gateway = rig.gateway([broker], location="mqtt_connect_timeout 300ms;")
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(4, "slow")[:-1])
    peer.expect_close(1008)
    assert gateway.ended_count(1)[0]["status_reason"] == "connect_timeout"
    assert broker.connections == []


@pytest.mark.parametrize("version, answer", [(3, SILENCE), (4, SILENCE), (5, v5(0x95))])
def test_connect_larger_than_allowed(rig, version, answer):
    broker = rig.fake()
    gateway = rig.gateway([broker], location="mqtt_max_connect_size 1k;")
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(version, "c" * 2000))
    peer.expect_close(1009, before=answer)
    assert gateway.ended_count(1)[0]["status_reason"] == "connect_too_large"
    rig.opened(gateway, version, "c" * 900)


def test_connect_that_announces_too_much_is_refused_at_once(rig):
    """By the announced length, before the bytes have come."""
    gateway = rig.gateway([rig.fake()], location="mqtt_max_connect_size 1k;")
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(b"\x10\xff\xff\xff\x7f\x00\x04MQTT\x05\x02\x00\x3c")
    peer.expect_close(1009, before=v5(0x95))


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_of_the_operator(rig, version):
    """`mqtt_versions`: the others get 0x01, in 5.0 0x84."""
    names = {3: "3.1", 4: "3.1.1", 5: "5.0"}
    allowed = " ".join(name for level, name in names.items() if level != version)
    broker = rig.fake()
    gateway = rig.gateway([broker], location=f"mqtt_versions {allowed};")
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(version, "c"))
    peer.expect_close(1008, before=v5(0x84) if version == 5 else v3(0x01))
    assert gateway.ended_count(1)[0]["status_reason"] == "version_refused"
    assert broker.connections == []
    for other in VERSIONS:
        if other != version:
            rig.opened(gateway, other)


# After the gate

MISPLACED = mqttbytes.goodbye(0x82, "an MQTT packet that is not allowed here")

@pytest.mark.parametrize("version", VERSIONS)
def test_second_connect(rig, version):
    """[MQTT-3.1.0-2]."""
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway, version)
    peer.send_mqtt(publish("t", "x", version=version), connect(version, "again"))
    peer.expect_close(1002, before=MISPLACED if version == 5 else b"")
    assert gateway.ended_count(1)[0]["status_reason"] == "protocol_error"
    first = connect(version, "byte-peer") + publish("t", "x", version=version)
    assert bytes(broker.connections[0].received) == first, "what stood before it arrives, the second one does not"


@pytest.mark.parametrize("version", VERSIONS)
def test_second_connect_behind_the_first(rig, version):
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(version, "c"), connect(version, "c"))
    peer.expect_close(1002, before=mqttbytes.connack(version) + (MISPLACED if version == 5 else b""))
    assert bytes(broker.connections[0].received) == connect(version, "c")


SERVER_ONLY = {
    "CONNACK": (b"\x20\x02\x00\x00", "protocol_error"),
    "SUBACK": (b"\x90\x03\x00\x01\x00", "protocol_error"),
    "UNSUBACK": (b"\xb0\x02\x00\x01", "protocol_error"),
    "PINGRESP": (b"\xd0\x00", "protocol_error"),
    "type 0": (b"\x00\x00", "malformed_packet"),
    "Remaining Length of five bytes": (b"\x30\xff\xff\xff\xff\x01", "malformed_packet"),
}


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("name", SERVER_ONLY)
def test_packets_that_no_client_sends(rig, name, version):
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway, version)
    bad, cause = SERVER_ONLY[name]
    peer.send_mqtt(bad)
    told = MISPLACED if cause == "protocol_error" else mqttbytes.goodbye(0x81, "a malformed MQTT packet")
    peer.expect_close(1002, before=told if version == 5 else b"")
    assert gateway.ended_count(1)[0]["status_reason"] == cause
    assert bytes(broker.connections[0].received) == connect(version, "byte-peer")


@pytest.mark.parametrize("version", [4, 5])
def test_packet_larger_than_the_operator_allows(rig, version):
    broker = rig.fake()
    gateway = rig.gateway([broker], location="mqtt_max_packet_size 10k;")
    peer = rig.opened(gateway, version)
    small = publish("t", bytes(9000), version=version)
    peer.send_mqtt(small)
    broker.received(connect(version, "byte-peer") + small)
    peer.send_mqtt(publish("t", bytes(20_000), version=version))
    peer.expect_close(1009, before=mqttbytes.goodbye(0x95, "the MQTT packet is too large") if version == 5 else b"")
    assert gateway.ended_count(1)[0]["status_reason"] == "packet_too_large"


def test_5_0_authentication_exchange_passes(rig):
    """5.0 §4.12: the broker may answer CONNECT with AUTH; client and broker then talk through an open pipe."""
    challenge = mqttbytes.packet(0xF0, b"\x18", mqttbytes.length(6), b"\x15" + data("SCR"))
    answer = mqttbytes.packet(0xF0, b"\x18", mqttbytes.length(9), b"\x15" + data("SCR"), b"\x16" + data(b""))

    def exchange(connection):
        connection.read_packet()
        connection.send(challenge)
        connection.read_packet()
        connection.send(mqttbytes.connack(5))
        connection.drain()

    broker = rig.fake(exchange)
    peer = rig.peer(rig.gateway([broker]))
    peer.upgrade()
    first = connect(5, "c", properties=b"\x15" + data("SCR"))
    peer.send_mqtt(first)
    assert peer.read_packet() == challenge
    peer.send_mqtt(answer)
    assert peer.read_packet() == mqttbytes.connack(5)
    broker.received(first + answer)


@pytest.mark.parametrize("version, code", [(3, 4), (4, 5), (5, 0x87)])
def test_refusal_of_the_broker_passes_unchanged(rig, version, code):
    refusal = mqttbytes.connack(version, code)
    gateway = rig.gateway([rig.fake(fakebroker.answer(refusal, then_close=True))])
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(version, "c"))
    peer.expect_close(1008, before=refusal)
    assert gateway.ended_count(1)[0]["status_reason"] == "refused_by_broker"
