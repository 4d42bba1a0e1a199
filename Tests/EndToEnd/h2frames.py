"""Frames of HTTP/2 as bytes, and fields of requests."""

import dataclasses
import struct

import bytepeer
from bytepeer import CLOSE

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 0x0, 0x1, 0x7, 0x8, 0xB
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 1, 2, 3, 4
MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE, ENABLE_CONNECT_PROTOCOL = 5, 6, 8
END_STREAM, END_HEADERS, PADDED = 0x1, 0x4, 0x8
ACK = 0x1
EVERY_STREAM = 2**31 - 1
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


# Frames


@dataclasses.dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def ends_stream(self):
        return self.kind in (DATA, HEADERS) and bool(self.flags & END_STREAM)

    @property
    def code(self):
        """Of a RST_STREAM or a GOAWAY."""
        return struct.unpack(">I", self.payload[4:8] if self.kind == GOAWAY else self.payload[:4])[0]

    @property
    def last_stream(self):
        return struct.unpack(">I", self.payload[:4])[0]

    @property
    def settings(self):
        return dict(struct.iter_unpack(">HI", self.payload))


def frame(kind, stream, payload=b"", flags=0):
    """A frame of HTTP/2 as bytes (RFC 9113 §4.1)."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(values):
    return frame(SETTINGS, 0, b"".join(struct.pack(">HI", key, value) for key, value in values.items()))


def window_update(stream, size):
    return frame(WINDOW_UPDATE, stream, struct.pack(">I", size))


def padded(stream, data, pad, flags=0):
    return frame(DATA, stream, bytes([pad]) + data + bytes(pad), flags | PADDED)


def request_fields(path="/", method="GET", *fields, authority="localhost", scheme="http"):
    return [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path), *fields]


def connect_fields(path="/mqtt", *fields, authority="localhost", scheme="http", protocols="mqtt"):
    """Of an extended CONNECT (RFC 8441 §5.1)."""
    return [
        (":method", "CONNECT"), (":authority", authority), (":scheme", scheme), (":path", path),
        (":protocol", "websocket"), ("sec-websocket-version", "13"),
        *([("sec-websocket-protocol", protocols)] if protocols else []), *fields,
    ]  # fmt: skip


def ws(opcode, payload=b"", **options):
    return bytepeer.frame(opcode, payload, **options)


def ws_close(code=1000, reason=b""):
    return ws(CLOSE, struct.pack(">H", code) + reason)
