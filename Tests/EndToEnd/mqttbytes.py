"""MQTT control packets as bytes, for peers that must be exact. Versions are the protocol levels: 3, 4 and 5."""


class Malformed(Exception):
    """Bytes that are no MQTT packet."""


PINGREQ = b"\xc0\x00"
PINGRESP = b"\xd0\x00"
VERSIONS = (3, 4, 5)


def length(value):
    """A variable byte integer."""
    result = bytearray()
    while True:
        value, digit = divmod(value, 128)
        result.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(result)


def packet(first, *parts):
    """A packet with this first byte, and the Remaining Length of `parts`."""
    body = b"".join(parts)
    return bytes([first]) + length(len(body)) + body


def data(value):
    """Binary data or a UTF-8 string: two bytes of length, and the bytes."""
    if isinstance(value, str):
        value = value.encode()
    return len(value).to_bytes(2, "big") + value


def connect(
    version=4,
    client_id="client",
    *,
    clean=True,
    keepalive=60,
    username=None,
    password=None,
    will=None,
    will_qos=0,
    will_retain=False,
    properties=b"",
    will_properties=b"",
    name=None,
    level=None,
    flags=None,
):
    """A CONNECT. `will` is a topic and a payload; `name`, `level` and `flags` put what must not be there."""
    bits = 0x02 if clean else 0
    payload = data(client_id)
    if will:
        bits |= 0x04 | will_qos << 3 | (0x20 if will_retain else 0)
        if version == 5:
            payload += length(len(will_properties)) + will_properties
        payload += data(will[0]) + data(will[1])
    if username is not None:
        bits |= 0x80
        payload += data(username)
    if password is not None:
        bits |= 0x40
        payload += data(password)
    return packet(
        0x10,
        data(name if name is not None else "MQIsdp" if version == 3 else "MQTT"),
        bytes([version if level is None else level, bits if flags is None else flags]),
        keepalive.to_bytes(2, "big"),
        length(len(properties)) + properties if version == 5 else b"",
        payload,
    )


def connack(version=4, code=0, *, session_present=False, properties=b""):
    tail = length(len(properties)) + properties if version == 5 else b""
    return packet(0x20, bytes([session_present, code]), tail)


def publish(topic, payload=b"", *, version=4, qos=0, retain=False, dup=False, packet_id=1):
    return packet(
        0x30 | dup << 3 | qos << 1 | retain,
        data(topic),
        packet_id.to_bytes(2, "big") if qos else b"",
        b"\x00" if version == 5 else b"",
        payload if isinstance(payload, bytes) else payload.encode(),
    )


def subscribe(topic, *, version=4, qos=0, packet_id=1):
    return packet(0x82, packet_id.to_bytes(2, "big"), b"\x00" if version == 5 else b"", data(topic), bytes([qos]))


def disconnect(version=4, reason=None):
    return packet(0xE0, b"" if reason is None else bytes([reason, 0]))


def publish_of(size, topic="t"):
    """A PUBLISH of exactly `size` bytes in all."""
    for header in (2, 3, 4, 5):
        result = publish(topic, bytes(max(0, size - header - 2 - len(topic))))
        if len(result) == size:
            return result
    raise ValueError(f"no PUBLISH has {size} bytes")


def goodbye(code, words):
    """The DISCONNECT of a 5.0 server, with its Reason String (5.0 §3.14.2.2.3)."""
    text = words.encode()
    properties = b"\x1f" + len(text).to_bytes(2, "big") + text
    return packet(0xE0, bytes([code, len(properties)]) + properties)


def whole(buffer, start=0):
    """The size of the packet that begins at `start`, or None while it is not all there."""
    size, shift = 0, 0
    for index in range(start + 1, start + 5):
        if index >= len(buffer):
            return None
        size |= (buffer[index] & 0x7F) << shift
        shift += 7
        if buffer[index] < 0x80:
            total = index + 1 - start + size
            return total if len(buffer) - start >= total else None
    raise Malformed(bytes(buffer[start : start + 16]).hex(" "))


def split(buffer):
    """The whole packets at the front of `buffer`, and what is left."""
    packets, start = [], 0
    while start < len(buffer) and (size := whole(buffer, start)) is not None:
        packets.append(bytes(buffer[start : start + size]))
        start += size
    return packets, bytes(buffer[start:])


def published(packet_bytes, version=4):
    """Topic and payload of a PUBLISH."""
    assert packet_bytes[0] >> 4 == 3, f"not a PUBLISH: {packet_bytes[:16].hex(' ')}"
    position = 1
    while packet_bytes[position] & 0x80:
        position += 1
    position += 1
    size = int.from_bytes(packet_bytes[position : position + 2], "big")
    topic = packet_bytes[position + 2 : position + 2 + size].decode()
    position += 2 + size
    if packet_bytes[0] & 0x06:
        position += 2
    if version == 5:
        assert packet_bytes[position] < 0x80, "more properties than this reads"
        position += 1 + packet_bytes[position]
    return topic, packet_bytes[position:]


def client_id(connect_packet):
    """The client identifier of a CONNECT."""
    position = 1
    while connect_packet[position] & 0x80:
        position += 1
    position += 1
    name_size = int.from_bytes(connect_packet[position : position + 2], "big")
    position += 2 + name_size
    version = connect_packet[position] & 0x7F
    position += 4
    if version == 5:
        position += 1 + connect_packet[position]
    size = int.from_bytes(connect_packet[position : position + 2], "big")
    return connect_packet[position + 2 : position + 2 + size].decode()


def version_of(connect_packet):
    """The protocol level of a CONNECT, without the mark of a bridge."""
    position = 1
    while connect_packet[position] & 0x80:
        position += 1
    position += 1
    return connect_packet[position + 2 + int.from_bytes(connect_packet[position : position + 2], "big")] & 0x7F
