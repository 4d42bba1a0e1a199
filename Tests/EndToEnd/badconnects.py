"""CONNECT packets that break a rule, and the exact bytes of the answer: one table for the gate's tests.

The rows follow the tables of CONNECT in MQTT 3.1.1 §3.1 and 5.0 §3.1: name, bytes, answer (empty: closed in silence),
and the cause that the log names.
"""

from mqttbytes import connect, data, length, packet

SILENCE = b""


def v3(code):
    """CONNACK of 3.1 and 3.1.1 with this return code."""
    return bytes([0x20, 2, 0, code])


def v5(code):
    """CONNACK of 5.0 with this reason code."""
    return bytes([0x20, 3, 0, code, 0])


def both(name, clause, make, answer5=0x81):
    """A row for 3.1.1, which closes in silence [MQTT-3.1.4-1], and one for 5.0, which is told."""
    yield f"3.1.1 {name} {clause}", make(4), SILENCE
    yield f"5.0 {name} {clause}", make(5), v5(answer5)


def cut(version, bytes_less):
    """A CONNECT whose Remaining Length is right but whose last field runs past the end."""
    whole = connect(version, "client", username="name")
    body = whole[2 : len(whole) - bytes_less]
    return packet(0x10, body)


def property_row(name, properties, code=0x82):
    return f"5.0 {name} §3.1.2.11", connect(5, "c", properties=properties), v5(code)


def will_property_row(name, properties, code=0x82, payload=b"w"):
    return f"5.0 will: {name} §3.1.3.2", connect(5, "c", will=("w", payload), will_properties=properties), v5(code)


def _malformed():
    yield from both("reserved flag", "[MQTT-3.1.2-3]", lambda v: connect(v, "c", flags=0x03))
    yield from both("will QoS without will", "[MQTT-3.1.2-11]", lambda v: connect(v, "c", flags=0x0A))
    yield from both("will retain without will", "[MQTT-3.1.2-13]", lambda v: connect(v, "c", flags=0x22))
    yield from both("will QoS 3", "[MQTT-3.1.2-14]", lambda v: connect(v, "c", will=("w", b"x"), flags=0x1E))
    yield "3.1.1 password without user name [MQTT-3.1.2-22]", connect(4, "c", password=b"p"), SILENCE
    yield "3.1 password without user name", connect(3, "c", password=b"p"), SILENCE
    yield from both("field past the end", "§3.1.3", lambda v: cut(v, 2))
    yield from both("user name missing", "§3.1.3.5", lambda v: connect(v, "c", flags=0x82))
    yield from both("bytes behind the last field", "§3.1.3", lambda v: packet(0x10, connect(v, "c")[2:], b"x"))
    yield from both("client id not UTF-8", "[MQTT-3.1.3-4]", lambda v: connect(v, b"\xff\xfe"))
    yield from both("NUL in the client id", "[MQTT-1.5.4-2]", lambda v: connect(v, b"a\x00b"))
    yield from both("surrogate in the client id", "[MQTT-1.5.4-1]", lambda v: connect(v, b"\xed\xa0\x80"))
    yield from both("overlong UTF-8", "[MQTT-1.5.4-1]", lambda v: connect(v, b"\xc0\xaf"))
    yield from both("user name not UTF-8", "[MQTT-3.1.3-11]", lambda v: connect(v, "c", username=b"\xff"))
    yield from both("will topic not UTF-8", "[MQTT-3.1.3-10]", lambda v: connect(v, "c", will=(b"\xff", b"x")))
    yield from both("will topic empty", "[MQTT-4.7.3-1]", lambda v: connect(v, "c", will=("", b"x")), 0x90)
    yield from both("wildcard # in will topic", "[MQTT-4.7.1-1]", lambda v: connect(v, "c", will=("a/#", b"x")), 0x90)
    yield from both("wildcard + in will topic", "[MQTT-4.7.1-1]", lambda v: connect(v, "c", will=("+/a", b"x")), 0x90)
    yield "5.0 length not in its shortest form [MQTT-1.5.5-1]", b"\x10\x8e\x00" + connect(5, "c")[2:], v5(0x81)
    yield "5.0 empty packet of properties", connect(5, "c", properties=b"\x11"), v5(0x81)


def _not_connect():
    yield "PUBLISH first [MQTT-3.1.0-1]", packet(0x30, data("t"), b"x"), SILENCE
    yield "PINGREQ first [MQTT-3.1.0-1]", b"\xc0\x00", SILENCE
    yield "SUBSCRIBE first [MQTT-3.1.0-1]", packet(0x82, b"\0\1", data("t"), b"\0"), SILENCE
    yield "DISCONNECT first [MQTT-3.1.0-1]", b"\xe0\x00", SILENCE
    yield "packet type 0", b"\x00\x00", SILENCE
    yield "flags of the fixed header [MQTT-2.1.3-1]", b"\x11" + connect(4, "c")[1:], SILENCE
    yield "Remaining Length of five bytes §2.2.3", b"\x10\xff\xff\xff\xff\x01", SILENCE
    yield "TLS inside WebSocket", b"\x16\x03\x01\x00\xc8\x01", SILENCE
    yield "HTTP inside WebSocket", b"GET / HTTP/1.1\r\n\r\n", SILENCE
    yield "PROXY protocol inside WebSocket", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", SILENCE
    yield "empty CONNECT", b"\x10\x00", SILENCE
    yield "protocol name unknown [MQTT-3.1.2-1]", connect(4, "c", name="MQXX"), SILENCE
    yield "protocol name in lower case [MQTT-3.1.2-1]", connect(4, "c", name="mqtt"), SILENCE


def _versions():
    yield "MQIsdp of level 4 [MQTT-3.1.2-2]", connect(4, "c", name="MQIsdp"), v3(1)
    yield "MQTT of level 3 [MQTT-3.1.2-2]", connect(4, "c", level=3), v3(1)
    yield "MQTT of level 2 [MQTT-3.1.2-2]", connect(4, "c", level=2), v3(1)
    yield "MQTT of level 6 [MQTT-3.1.2-2]", connect(5, "c", level=6), v5(0x84)
    yield "MQTT of level 127 [MQTT-3.1.2-2]", connect(5, "c", level=127), v5(0x84)


def _client_ids():
    yield "3.1 empty client id §3.1", connect(3, ""), v3(2)
    yield "3.1.1 empty client id to be kept [MQTT-3.1.3-8]", connect(4, "", clean=False), v3(2)


def _properties():
    yield property_row("unknown property", b"\x7f\x00", 0x81)
    yield property_row("property of another packet", b"\x23\x00\x01", 0x81)
    yield property_row("twice Session Expiry Interval", b"\x11\0\0\0\1" * 2)
    yield property_row("Receive Maximum 0", b"\x21\0\0")
    yield property_row("Maximum Packet Size 0", b"\x27\0\0\0\0")
    yield property_row("Request Response Information 2", b"\x19\x02")
    yield property_row("Request Problem Information 2", b"\x17\x02")
    yield property_row("Authentication Data without Method", b"\x16" + data(b"x"))
    yield property_row("User Property not UTF-8", b"\x26" + data(b"\xff") + data("v"), 0x81)
    yield will_property_row("Payload Format Indicator 2", b"\x01\x02")
    yield will_property_row("twice Content Type", (b"\x03" + data("a")) * 2)
    yield will_property_row("Response Topic with a wildcard", b"\x08" + data("a/#"))
    yield will_property_row("property of CONNECT", b"\x11\0\0\0\1", 0x81)
    yield will_property_row("payload is not the UTF-8 it claims", b"\x01\x01", 0x99, b"\xff\xff")
    past = connect(5, "c")
    position = past.index(b"\x00\x3c") + 2
    yield "5.0 properties longer than the packet", past[:position] + length(100) + past[position + 1 :], v5(0x81)


BAD_CONNECTS = [*_malformed(), *_not_connect(), *_versions(), *_client_ids(), *_properties()]
