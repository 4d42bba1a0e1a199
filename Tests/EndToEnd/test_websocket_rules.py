"""The rules of WebSocket frames, as a client sees them kept (RFC 6455 §5 to §7)."""

import pytest

import fakebroker
import mqttbytes
from bytepeer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, masked
from harness import eventually

CONNECT = mqttbytes.connect(4, "byte-peer")
MASK = b"\x01\x02\x03\x04"

VIOLATIONS = {
    "unmasked, §5.1": (frame(BINARY, mqttbytes.PINGREQ, mask=None), 1002),
    "unmasked control frame, §5.1": (frame(PING, b"", mask=None), 1002),
    "RSV1, §5.2": (frame(BINARY, mqttbytes.PINGREQ, rsv=4), 1002),
    "RSV2, §5.2": (frame(BINARY, mqttbytes.PINGREQ, rsv=2), 1002),
    "RSV3 on a ping, §5.2": (frame(PING, b"", rsv=1), 1002),
    **{f"reserved opcode {code:X}, §5.2": (frame(code, b"x"), 1002) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "ping of 126 bytes, §5.5": (frame(PING, b"a" * 126), 1002),
    "fragmented ping, §5.5": (frame(PING, b"a", fin=False), 1002),
    "fragmented close, §5.5": (frame(CLOSE, b"\x03\xe8", fin=False), 1002),
    "length 2 in 16 bits, §5.2": (frame(BINARY, mqttbytes.PINGREQ, form=16), 1002),
    "length 2 in 64 bits, §5.2": (frame(BINARY, mqttbytes.PINGREQ, form=64), 1002),
    "length above 2^63, §5.2": (b"\x82\xff" + b"\xff" * 8 + MASK, 1002),
    "text, [MQTT-6.0.0-1]": (frame(TEXT, b"hello"), 1003),
    "empty text, [MQTT-6.0.0-1]": (frame(TEXT, b""), 1003),
    "continuation of nothing, §5.4": (frame(CONTINUATION, mqttbytes.PINGREQ), 1002),
    "new message inside a fragmented one, §5.4": (frame(BINARY, b"\xc0", fin=False) + frame(BINARY, b"\x00"), 1002),
    "close of one byte, §5.5.1": (frame(CLOSE, b"\x03"), 1002),
    **{
        f"close code {code}, §7.4": (frame(CLOSE, code.to_bytes(2, "big")), 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    },
    "close reason that is not UTF-8, §5.5.1": (frame(CLOSE, b"\x03\xe8\xff\xfe"), 1007),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_violation_in_an_open_session(rig, name):
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway)
    data, code = VIOLATIONS[name]
    peer.send(data)
    peer.expect_close(code)
    line = gateway.ended_count(1)[0]
    assert line["status_reason"] == ("text_frame" if code == 1003 else "websocket_error")


WORDS = {
    "unmasked, §5.1": "the frame is not masked",
    "RSV1, §5.2": "a reserved bit (RSV) is set",
    "reserved opcode B, §5.2": "unknown opcode",
    "ping of 126 bytes, §5.5": "a control frame is longer than 125 bytes",
    "length 2 in 16 bits, §5.2": "the length is not in its shortest form",
    "text, [MQTT-6.0.0-1]": "a text frame: MQTT is binary",
    "continuation of nothing, §5.4": "a continuation frame without a message to continue",
    "close code 1005, §7.4": "the Close frame has a status code that may not be sent",
    "close reason that is not UTF-8, §5.5.1": "the reason of the Close frame is not UTF-8",
}


@pytest.mark.parametrize("when", ["before the CONNECT", "in an open session"])
@pytest.mark.parametrize("name", WORDS)
def test_the_rule_is_named(rig, name, when):
    """As the reason of the Close, and in the error log."""
    gateway = rig.gateway([rig.fake()])
    peer = rig.peer(gateway)
    if when == "before the CONNECT":
        peer.upgrade()
    else:
        peer.open_mqtt()
    data, code = VIOLATIONS[name]
    peer.send(data)
    closed = peer.expect_close(code)
    assert closed.payload[2:].decode().startswith(WORDS[name])
    said = f"the client broke a rule of WebSocket: {WORDS[name]}"
    eventually(lambda: said in gateway.output(), "the rule in the log")


# Frames without a mask


@pytest.mark.parametrize("payload", [b"", b"abc", b"p" * 125])
def test_pong_without_a_mask_is_taken(rig, payload):
    """paho-mqtt for Python, up to 2.2, sends it so."""
    broker = rig.fake()
    peer = rig.opened(rig.gateway([broker]))
    message = mqttbytes.publish("t", "after")
    peer.send(frame(PONG, payload, mask=None) + frame(BINARY, message))
    broker.received(CONNECT + message)
    peer.send_cut(frame(PONG, payload, mask=None))
    peer.send_mqtt(mqttbytes.PINGREQ)
    broker.received(CONNECT + message + mqttbytes.PINGREQ)


def test_close_without_a_mask_is_taken(rig):
    gateway = rig.gateway([rig.fake()])
    peer = rig.opened(gateway)
    peer.send(frame(CLOSE, b"\x03\xe8bye", mask=None))
    assert peer.read_close().close_code == 1000
    peer.expect_end()
    assert gateway.ended_count(1)[0]["status_reason"] == "client_closed"


@pytest.mark.parametrize("opcode", [PONG, CLOSE])
def test_strict_refuses_them(rig, opcode):
    """websocket_strict on: RFC 6455 §5.1 to the letter."""
    gateway = rig.gateway([rig.fake()], location="websocket_strict on;")
    peer = rig.opened(gateway)
    peer.send(frame(opcode, b"\x03\xe8", mask=None))
    peer.expect_close(1002)
    assert gateway.ended_count(1)[0]["status_reason"] == "websocket_error"


@pytest.mark.parametrize("name", VIOLATIONS)
def test_violation_before_connect(rig, name):
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.peer(gateway)
    peer.upgrade()
    data, code = VIOLATIONS[name]
    peer.send(data)
    peer.expect_close(code)
    gateway.ended_count(1)
    assert broker.connections == []


def test_version_5_client_is_told_in_mqtt_first(rig):
    """protocol.md: applications read packets, not close codes. DISCONNECT 0x82, then the Close."""
    gateway = rig.gateway([rig.fake()])
    peer = rig.opened(gateway, 5)
    peer.send(frame(TEXT, b"hello"))
    peer.expect_close(1003, before=mqttbytes.goodbye(0x82, "a text frame: MQTT is binary"))


def test_violation_lets_the_will_fire(rig):
    """The broker sees the connection lost, not a DISCONNECT."""
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    watcher = rig.keep(broker.subscribe("wills"))
    peer = rig.opened(gateway, will=("wills", "gone"))
    peer.send(frame(BINARY, b"", rsv=4))
    peer.expect_close(1002)
    assert watcher.messages() == [("wills", b"gone")]


# Ping and pong


@pytest.mark.parametrize("payload", [b"", b"a", b"x" * 125, bytes(range(100))], ids=["none", "one", "125", "binary"])
def test_ping_is_answered_with_its_payload(rig, payload):
    """§5.5.3."""
    peer = rig.opened(rig.gateway([rig.fake()]))
    peer.send_frame(PING, payload)
    answer = peer.read_frame()
    assert (answer.opcode, answer.payload) == (PONG, payload)


def test_ping_before_connect(rig):
    peer = rig.peer(rig.gateway([rig.fake()]))
    peer.upgrade()
    peer.send_frame(PING, b"early")
    assert peer.read_frame().payload == b"early"
    peer.send_mqtt(CONNECT)
    assert peer.read_packet() == mqttbytes.connack()


def test_ping_inside_a_fragmented_connect(rig):
    """§5.4: control frames may come between the fragments of a message."""
    broker = rig.fake()
    peer = rig.peer(rig.gateway([broker]))
    peer.upgrade()
    peer.send_frame(BINARY, CONNECT[:5], fin=False)
    peer.send_frame(PING, b"between")
    answer = peer.read_frame()
    assert (answer.opcode, answer.payload) == (PONG, b"between")
    peer.send_frame(CONTINUATION, CONNECT[5:])
    assert peer.read_packet() == mqttbytes.connack()
    broker.received(CONNECT)


def test_ping_cut_into_bytes(rig):
    peer = rig.opened(rig.gateway([rig.fake()]))
    peer.send_cut(frame(PING, b"in pieces"))
    assert peer.read_frame().payload == b"in pieces"


def test_flood_of_pings_is_answered_for_the_last(rig):
    """§5.5.3: only the most recent ping needs an answer."""
    peer = rig.opened(rig.gateway([rig.fake()]))
    peer.send(b"".join(frame(PING, str(index).encode()) for index in range(1000)))
    count = 0
    while (answer := peer.read_frame()).payload != b"999":
        assert answer.opcode == PONG
        count += 1
    assert count < 1000


def test_unsolicited_pong_is_ignored(rig):
    """§5.5.3."""
    broker = rig.fake(fakebroker.echo)
    peer = rig.opened(rig.gateway([broker]))
    peer.send_frame(PONG, b"nobody asked")
    message = mqttbytes.publish("t", "still here")
    peer.send_mqtt(message)
    assert peer.read_packet() == message


# Close


@pytest.mark.parametrize(
    "payload", [b"", b"\x03\xe8", b"\x03\xe8bye", b"\x03\xe9", b"\x0f\xa0", "\u03ba".encode().join([b"\x03\xe8", b""])],
    ids=["empty", "1000", "1000 and a reason", "1001", "4000", "reason in UTF-8"],
)  # fmt: skip
def test_close_is_answered_and_the_server_closes_first(rig, payload):
    """§5.5.1 and §7.1.1."""
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway)
    peer.send_frame(CLOSE, payload)
    answer = peer.read_close()
    assert answer.close_code in (1000, int.from_bytes(payload[:2], "big") or None)
    peer.expect_end()
    assert gateway.ended_count(1)[0]["status_reason"] == "client_closed"


def test_nothing_behind_a_close_is_read(rig):
    """§5.5.1."""
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway)
    peer.send(frame(CLOSE, b"\x03\xe8") + frame(BINARY, mqttbytes.publish("t", "late")))
    peer.read_close()
    peer.expect_end()
    gateway.ended_count(1)
    assert bytes(broker.connections[0].received) == CONNECT


def test_bytes_before_a_close_arrive(rig):
    broker = rig.fake()
    peer = rig.opened(rig.gateway([broker]))
    message = mqttbytes.publish("t", "last words")
    peer.send(frame(BINARY, message) + frame(CLOSE, b"\x03\xe8"))
    peer.read_close()
    broker.received(CONNECT + message)


def test_disconnect_is_answered_with_close_1000(rig):
    """MQTT DISCONNECT reaches the broker; the client gets a Close and the end of the stream from us first."""
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway)
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    broker.received(CONNECT + mqttbytes.disconnect())
    assert gateway.ended_count(1)[0]["status_reason"] == "client_disconnect"


def test_disconnect_ends_the_session_though_the_broker_does_not_close(rig):
    """[MQTT-3.14.4-1]: the client's side is over; a broker that keeps its side open must not keep the session."""
    broker = rig.fake(fakebroker.keep_open)
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway)
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    assert gateway.ended_count(1)[0]["status_reason"] == "client_disconnect"


def test_nothing_behind_disconnect_passes(rig):
    """[MQTT-3.14.4-2]."""
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway)
    peer.send_mqtt(mqttbytes.disconnect(), mqttbytes.publish("t", "after"))
    peer.expect_close(1000)
    gateway.ended_count(1)
    assert bytes(broker.connections[0].received) == CONNECT + mqttbytes.disconnect()


AFTER = {
    "a Close": frame(CLOSE, b"\x03\xe9"),
    "a packet": frame(BINARY, mqttbytes.publish("t", "after")),
    "a malformed packet": frame(BINARY, b"\x00\x00"),
    "a broken frame": frame(BINARY, b"x", mask=None),
    "text": frame(TEXT, b"bye"),
}


@pytest.mark.parametrize("cut", ["one segment", "byte by byte"])
@pytest.mark.parametrize("name", AFTER)
def test_cause_after_a_disconnect_whatever_the_cuts(rig, name, cut):
    """[MQTT-3.14.4-2]: the DISCONNECT is the end, whatever comes with it."""
    gateway = rig.gateway([rig.fake()])
    peer = rig.opened(gateway)
    data = frame(BINARY, mqttbytes.disconnect()) + AFTER[name]
    if cut == "one segment":
        peer.send(data)
    else:
        try:
            peer.send_cut(data)
        except OSError:
            pass  # the gateway has closed
    assert peer.read_close().close_code == 1000
    peer.close()
    assert gateway.ended_count(1)[0]["status_reason"] == "client_disconnect"


def test_client_that_never_answers_the_close_is_dropped(rig):
    """§7.1.1: the wait for the other side is bounded."""
    gateway = rig.gateway([rig.fake()])
    peer = rig.opened(gateway)
    peer.send(frame(BINARY, b"", mask=None))
    assert peer.read_close().close_code == 1002
    peer.read_to_end()
    gateway.ended(status_reason="websocket_error")


# Alignment [MQTT-6.0.0-2]


@pytest.mark.parametrize("mask", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x00\x01\x02\x03"])
@pytest.mark.parametrize("size", [0, 1, 3, 4, 7, 8, 9, 125, 126, 127, 4096, 65535, 65536, 300_000])
def test_payload_sizes_and_masks(rig, size, mask):
    """§5.3: unmasked whole, whatever the size and the key."""
    broker = rig.fake()
    peer = rig.opened(rig.gateway([broker]))
    message = mqttbytes.publish("t", bytes(index % 251 for index in range(size)))
    peer.send(frame(BINARY, message, mask=mask))
    broker.received(CONNECT + message)


def test_packets_cut_at_random_into_frames_and_segments(rig):
    """[MQTT-6.0.0-2]: no alignment is assumed, and fragments, empty frames and pings between them change nothing."""
    broker = rig.fake()
    peer = rig.opened(rig.gateway([broker]))
    stream = b"".join(mqttbytes.publish("t", rig.random.randbytes(rig.random.randrange(400))) for _ in range(300))
    frames, position, inside = [], 0, False
    while position < len(stream):
        size = rig.random.choice([0, 1, 2, 3, 50, 125, 126, 300, 2000])
        fin = rig.random.random() < 0.5
        part = stream[position : position + size]
        frames.append(frame(CONTINUATION if inside else BINARY, part, fin=fin, mask=rig.random.randbytes(4)))
        inside, position = not fin, position + len(part)
        if rig.random.random() < 0.1:
            frames.append(frame(PONG, b"p" * rig.random.randrange(126)))
    data = b"".join(frames)
    position = 0
    while position < len(data):
        size = rig.random.choice([1, 2, 5, 6, 7, 100, 1000, 10_000])
        peer.send(data[position : position + size])
        position += size
    broker.received(CONNECT + stream)


def test_empty_messages_are_nothing(rig):
    broker = rig.fake()
    peer = rig.opened(rig.gateway([broker]))
    message = mqttbytes.publish("t", "x")
    peer.send(frame(BINARY, b"") * 50 + frame(BINARY, b"", fin=False) + frame(CONTINUATION, message))
    broker.received(CONNECT + message)


def test_masking_helper():
    """RFC 6455 §5.7, the example of the RFC: guards the helper that every other test rests on."""
    assert frame(TEXT, b"Hello").hex() == "818537fa213d7f9f4d5158"
    assert masked(masked(b"abcdefg", MASK), MASK) == b"abcdefg"
