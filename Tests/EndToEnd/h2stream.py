"""One stream of the client of HTTP/2."""

import struct

import harness
import mqttbytes
from bytepeer import BINARY, CLOSE
from h2frames import CANCEL, DATA, HEADERS, RST_STREAM, WINDOW_UPDATE, ws


class Stream:
    """What has come on one stream."""

    def __init__(self, connection, number):
        self.connection = connection
        self.number = number
        self.fields = None
        self.data = bytearray()
        self.size = 0  # bytes of content that have come
        self.unread = 0  # bytes whose credit was not given back
        self.has_ended = False
        self.reset = None  # the code of a RST_STREAM
        self.frames = []  # (opcode, payload) of WebSocket
        self.packets = bytearray()  # the MQTT bytes of its binary messages
        self.is_counted = False  # nothing of its content is kept
        self.keeps_credit = False  # no WINDOW_UPDATE is sent
        self._position = 0

    @property
    def status(self):
        return int(self.fields[":status"]) if self.fields else None

    @property
    def is_over(self):
        return self.has_ended or self.reset is not None

    @property
    def trace(self):
        """Its frames as the client has seen them, in their order: "HEADERS", "DATA", "END_STREAM", "RST_STREAM 0"."""
        trace = []
        for one in self.connection.frames:
            if one.stream != self.number or one.kind == WINDOW_UPDATE:
                continue
            name = {DATA: "DATA", HEADERS: "HEADERS"}.get(one.kind)
            if one.kind == RST_STREAM:
                name = f"RST_STREAM {one.code}"
            if one.kind != DATA or one.payload:
                trace.append(name)
            if one.ends_stream:
                trace.append("END_STREAM")
        return trace

    @property
    def close(self):
        """Code and reason of the server's Close; None: there is none."""
        for opcode, payload in self.frames:
            if opcode == CLOSE:
                return (struct.unpack(">H", payload[:2])[0], payload[2:]) if payload else (1005, b"")
        return None

    def take(self, data):
        self.size += len(data)
        if self.is_counted:
            return
        self.data += data
        if not self.fields or "sec-websocket-protocol" not in self.fields:
            return
        while (size := self._whole()) is not None:
            start, end = size
            opcode, payload = self.data[self._position] & 0x0F, bytes(self.data[start:end])
            self.frames.append((opcode, payload))
            if opcode in (0, BINARY):
                self.packets += payload
            self._position = end
        if self._position > 1 << 20:
            del self.data[: self._position]
            self._position = 0

    def _whole(self):
        """Where the payload of the next WebSocket frame begins and ends, if it is all there."""
        data, start = self.data, self._position
        if len(data) < start + 2:
            return None
        size, begin = data[start + 1] & 0x7F, start + 2
        wide = {126: 2, 127: 8}.get(size, 0)
        if len(data) < begin + wide:
            return None
        if wide:
            size, begin = int.from_bytes(data[begin : begin + wide], "big"), begin + wide
        return (begin, begin + size) if len(data) >= begin + size else None

    def send(self, data, end=False):
        self.connection.send(self.number, data, end)

    def send_packet(self, packet):
        self.send(ws(BINARY, packet))

    def end(self):
        self.connection.h2.end_stream(self.number)
        self.connection.flush()

    def cancel(self, code=CANCEL):
        self.connection.h2.reset_stream(self.number, code)
        self.connection.flush()

    def wait(self, check, what, timeout=harness.DEADLINE):
        self.connection.until(lambda: check(self), lambda: f"stream {self.number}: {what}; {self.trace[-8:]}", timeout)
        return self

    def opened(self):
        """Waits for the answer, which must grant the WebSocket."""
        self.wait(lambda stream: stream.fields or stream.is_over, "the answer to the CONNECT of HTTP/2")
        assert self.status == 200, (self.fields, self.reset, bytes(self.data))
        return self

    def connack(self):
        """Waits for the CONNACK; returns its code."""
        self.wait(lambda stream: len(stream.packets) >= 4, "CONNACK")
        assert self.packets[0] == 0x20, bytes(self.packets[:8]).hex(" ")
        return self.packets[3]

    def expect(self, packet):
        """Waits for exactly this packet after those that were seen, which are dropped."""
        self.wait(lambda stream: len(stream.packets) >= len(packet), f"{len(packet)} bytes of MQTT")
        assert self.packets[: len(packet)] == packet, bytes(self.packets[:64]).hex(" ")
        del self.packets[: len(packet)]

    def echo(self, payload=b"hello", topic="a/b", version=5):
        """One message there and back, from a broker that echoes."""
        packet = mqttbytes.publish(topic, payload, version=version)
        self.send_packet(packet)
        self.expect(packet)

    def closed(self):
        """Waits for the server's Close; its code."""
        return self.wait(lambda stream: stream.close or stream.reset is not None, "the Close").close[0]

    def over(self):
        return self.wait(lambda stream: stream.is_over, "its end")
