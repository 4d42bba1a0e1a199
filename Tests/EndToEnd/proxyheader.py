"""The PROXY protocol as bytes: what a front sends, and what a broker reads from the gateway."""

import dataclasses
import socket
import struct

import mqttbytes

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ALPN, AUTHORITY, UNIQUE_ID, SSL = 0x01, 0x02, 0x05, 0x20
SSL_VERSION, SSL_CN, SSL_CIPHER = 0x21, 0x22, 0x23


@dataclasses.dataclass
class Header:
    """A header that was read. Addresses are texts; `tlvs` by type, `ssl` by sub-type with "client" and "verify"."""

    version: int
    command: str
    source: tuple = None
    destination: tuple = None
    tlvs: dict = dataclasses.field(default_factory=dict)
    ssl: dict = None
    size: int = 0


def v1(source, destination):
    """"PROXY TCP4 …": both are an address and a port."""
    family = "TCP6" if ":" in source[0] else "TCP4"
    return f"PROXY {family} {source[0]} {destination[0]} {source[1]} {destination[1]}\r\n".encode()


def v2(source=None, destination=None, *, command=0x21, tlvs=b""):
    """With command LOCAL (0x20) and no addresses when there are none."""
    if source is None:
        return SIGNATURE + bytes([command, 0]) + struct.pack(">H", len(tlvs)) + tlvs
    is_v6 = ":" in source[0]
    family = socket.AF_INET6 if is_v6 else socket.AF_INET
    body = b"".join(socket.inet_pton(family, one[0]) for one in (source, destination))
    body += struct.pack(">HH", source[1], destination[1]) + tlvs
    return SIGNATURE + bytes([command, 0x21 if is_v6 else 0x11]) + struct.pack(">H", len(body)) + body


def tlv(kind, value):
    return bytes([kind]) + struct.pack(">H", len(value)) + value


def read(connection):
    """Reads the header at the front of a stand-in's connection, and leaves what follows."""
    data = connection.received
    while len(data) < 16 and b"\r\n" not in data[:1] + data[6:]:
        assert connection.fill(), f"no header: {bytes(data)!r}"
    if data.startswith(b"PROXY"):
        while b"\r\n" not in data:
            assert connection.fill(), "no end of the line"
        line = bytes(data[: data.index(b"\r\n")])
        assert len(line) <= 105
        words = line.decode().split(" ")
        header = Header(1, "PROXY", size=len(line) + 2)
        if words[1] != "UNKNOWN":
            header.source, header.destination = (words[2], int(words[4])), (words[3], int(words[5]))
    else:
        header = _binary(connection)
    connection._position += header.size
    return header


def _binary(connection):
    data = connection.received
    assert data.startswith(SIGNATURE), f"no header: {bytes(data[:40])!r}"
    size = 16 + int.from_bytes(data[14:16], "big")
    while len(data) < size:
        assert connection.fill(), "the header does not end"
    body = bytes(data[16:size])
    assert len(body) <= 500, "more than Mosquitto takes"
    header = Header(2, {0x20: "LOCAL", 0x21: "PROXY"}[data[12]], size=size)
    width = {0x00: 0, 0x11: 4, 0x21: 16}[data[13]]
    if width:
        family = socket.AF_INET if width == 4 else socket.AF_INET6
        ports = struct.unpack(">HH", body[2 * width : 2 * width + 4])
        header.source = (socket.inet_ntop(family, body[:width]), ports[0])
        header.destination = (socket.inet_ntop(family, body[width : 2 * width]), ports[1])
        body = body[2 * width + 4 :]
    header.tlvs = _tlvs(body)
    if SSL in header.tlvs:
        value = header.tlvs[SSL]
        header.ssl = {"client": value[0], "verify": int.from_bytes(value[1:5], "big"), **_tlvs(value[5:])}
    return header


def _tlvs(data):
    found, start = {}, 0
    while start < len(data):
        size = int.from_bytes(data[start + 1 : start + 3], "big")
        assert start + 3 + size <= len(data), "a TLV that does not end"
        found[data[start]] = data[start + 3 : start + 3 + size]
        start += 3 + size
    return found


def serve(headers):
    """A broker behind the PROXY protocol: appends each header to `headers`, then serves."""

    def behaviour(connection):
        if not connection.fill():
            return
        headers.append(read(connection))
        packet = connection.accept_connect()
        while packet is not None and packet[0] != 0xE0:
            packet = connection.read_packet()
            if packet == mqttbytes.PINGREQ:
                connection.send(mqttbytes.PINGRESP)

    return behaviour
