"""A WebSocket client that sends exactly the bytes a test wants, and shows exactly the frames that come back."""

import dataclasses
import select
import socket
import ssl
import struct
import threading

import mqttbytes
from gateway import connect
from harness import DEADLINE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

# RFC 6455 §1.3
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@dataclasses.dataclass
class Frame:
    fin: bool
    rsv: int
    opcode: int
    payload: bytes

    @property
    def close_code(self):
        assert self.opcode == CLOSE, f"not a Close: {self}"
        return int.from_bytes(self.payload[:2], "big") if self.payload else None


@dataclasses.dataclass
class Response:
    status: int
    reason: str
    fields: list
    body: bytes = b""

    def values(self, name):
        return [value for field, value in self.fields if field == name.lower()]

    def __getitem__(self, name):
        values = self.values(name)
        assert len(values) <= 1, f"{name} stands {len(values)} times"
        return values[0] if values else None


def frame(opcode, payload=b"", *, fin=True, rsv=0, mask=b"\x37\xfa\x21\x3d", form=None):
    """A client frame. `mask=None` leaves it unmasked; `form` forces 7, 16 or 64 bits of length."""
    form = form or (7 if len(payload) < 126 else 16 if len(payload) < 65536 else 64)
    bit = 0x80 if mask is not None else 0
    head = bytes([fin << 7 | rsv << 4 | opcode])
    if form == 7:
        head += bytes([bit | len(payload)])
    elif form == 16:
        head += bytes([bit | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", len(payload))
    if mask is None:
        return head + payload
    return head + mask + masked(payload, mask)


def masked(payload, mask):
    if not payload:
        return b""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def request(path="/mqtt", *, host="localhost", protocols="mqtt", method="GET", http="HTTP/1.1", drop=(), extra=()):
    """An upgrade request. `drop` leaves fields out by name, `extra` adds whole lines."""
    fields = [
        ("Host", host),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", "13"),
    ]
    if protocols is not None:
        fields.append(("Sec-WebSocket-Protocol", protocols))
    lines = [f"{method} {path} {http}"]
    lines += [f"{name}: {value}" for name, value in fields if name not in drop]
    return "\r\n".join([*lines, *extra, "", ""]).encode()


class SharedTLS:
    """A TLS socket that one thread may read while another writes: Python before 3.13 lets both into OpenSSL at once, which
    its connections do not allow."""

    def __init__(self, tls):
        self._tls = tls
        self._lock = threading.Lock()
        self._timeout = tls.gettimeout()
        tls.setblocking(False)

    def __getattr__(self, name):
        return getattr(self._tls, name)

    def _until_done(self, call):
        while True:
            try:
                with self._lock:
                    return call()
            except ssl.SSLWantReadError:
                ready = select.select([self._tls], [], [], self._timeout)
            except ssl.SSLWantWriteError:
                ready = select.select([], [self._tls], [], self._timeout)
            if not any(ready):
                raise TimeoutError("nothing can be read or written")

    def recv(self, size):
        return self._until_done(lambda: self._tls.recv(size))

    def sendall(self, data):
        rest = memoryview(data)
        while rest:
            rest = rest[self._until_done(lambda: self._tls.send(rest)) :]


class BytePeer:
    """A connection to the gateway. `tls` is an ssl.SSLContext; `address` as in `gateway.connect`; `source` an address."""

    def __init__(self, address, *, tls=None, name="localhost", timeout=DEADLINE, receive_buffer=None, source=None):
        if receive_buffer:
            self.socket = socket.socket(socket.AF_INET)
            self.socket.settimeout(timeout)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.connect(address)
        else:
            self.socket = connect(address, timeout, source)
        if self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=name)
        self.buffer = bytearray()
        self.mqtt = bytearray()
        self.frames = []  # everything read so far, for tests that look at the framing
        self.is_ended = False
        self.was_reset = False

    def share(self):
        """Lets one thread send while another reads."""
        if isinstance(self.socket, ssl.SSLSocket):
            self.socket = SharedTLS(self.socket)

    # Bytes

    def send(self, data):
        self.socket.sendall(data)

    def send_cut(self, data, size=1):
        """Sends `data` in segments of `size` bytes."""
        for start in range(0, len(data), size):
            self.socket.sendall(data[start : start + size])

    def fill(self):
        """Reads once; False at the end of the stream."""
        if self.is_ended:
            return False
        try:
            data = self.socket.recv(262_144)
        except (ConnectionResetError, BrokenPipeError):
            data, self.was_reset = b"", True
        except ssl.SSLEOFError:
            data = b""
        self.is_ended = not data
        self.buffer += data
        return bool(data)

    def read_exactly(self, count):
        while len(self.buffer) < count:
            assert self.fill(), f"the stream ended after {len(self.buffer)} of {count} bytes: {bytes(self.buffer)!r}"
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def read_to_end(self):
        """Everything up to the end of the stream."""
        while self.fill():
            pass
        data = bytes(self.buffer)
        self.buffer.clear()
        return data

    def expect_end(self):
        """The gateway closes first, with FIN and not with a reset, and sends nothing more; then this side closes."""
        rest = self.read_to_end()
        self.close()
        assert rest == b"", f"bytes before the end: {rest[:200]!r}"
        assert not self.was_reset, "the connection was reset"

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    # HTTP

    def response(self, *, is_head=False):
        """A response head, and its body by Content-Length; the answer to a HEAD has none."""
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            assert self.fill(), f"no response head: {bytes(self.buffer)!r}"
        lines = self.read_exactly(end + 4).decode("latin-1").split("\r\n")[:-2]
        version, status, reason = lines[0].split(" ", 2)
        assert version == "HTTP/1.1", lines[0]
        fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        response = Response(int(status), reason, fields)
        if response.status != 101 and not is_head and (size := response["content-length"]):
            response.body = self.read_exactly(int(size))
        return response

    def ask(self, data):
        self.send(data)
        return self.response()

    def upgrade(self, path="/mqtt", **options):
        """Opens the WebSocket; fails if it is not granted."""
        response = self.ask(request(path, **options))
        assert response.status == 101, response
        assert response["Sec-WebSocket-Accept"] == ACCEPT
        return response

    # WebSocket

    def send_frame(self, opcode, payload=b"", **options):
        self.send(frame(opcode, payload, **options))

    def read_frame(self):
        """The next frame. Servers never mask (RFC 6455 §5.1)."""
        first, second = self.read_exactly(2)
        assert second & 0x80 == 0, "a masked frame from the server"
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(self.read_exactly(2), "big")
            assert size > 125, "length not in its shortest form"
        elif size == 127:
            size = int.from_bytes(self.read_exactly(8), "big")
            assert size > 65535, "length not in its shortest form"
        result = Frame(bool(first & 0x80), first >> 4 & 7, first & 0x0F, self.read_exactly(size))
        assert result.rsv == 0
        if result.opcode >= 8:
            assert result.fin and len(result.payload) <= 125
        self.frames.append(result)
        return result

    def read_close(self):
        """Frames up to the Close, which is returned; data goes to `mqtt`."""
        while True:
            received = self.read_frame()
            if received.opcode == CLOSE:
                return received
            if received.opcode in (BINARY, CONTINUATION):
                self.mqtt += received.payload

    def expect_close(self, code, *, before=b""):
        """The MQTT bytes `before` (None: any), a Close with `code`; answers it; then the end of the stream."""
        received = self.read_close()
        if before is not None:
            assert bytes(self.mqtt).hex(" ") == before.hex(" "), "MQTT bytes before the Close"
        assert received.close_code == code, f"close code {received.close_code}, not {code}: {received.payload[2:]!r}"
        try:
            self.send_frame(CLOSE, received.payload[:2])
        except OSError:
            pass
        self.expect_end()
        return received

    # MQTT

    def send_mqtt(self, *packets):
        """Packets in one binary message."""
        self.send_frame(BINARY, b"".join(packets))

    def read_packet(self):
        """The next MQTT packet, whatever the frames; pings are answered as any client does."""
        while (size := mqttbytes.whole(self.mqtt)) is None:
            received = self.read_frame()
            if received.opcode in (BINARY, CONTINUATION):
                self.mqtt += received.payload
            elif received.opcode == PING:
                self.send_frame(PONG, received.payload)
            else:
                assert received.opcode == PONG, f"instead of an MQTT packet: {received}"
        result = bytes(self.mqtt[:size])
        del self.mqtt[:size]
        return result

    def read_packets(self, count):
        return [self.read_packet() for _ in range(count)]

    def open_mqtt(self, version=4, client_id="byte-peer", path="/mqtt", **options):
        """Upgrade, CONNECT and CONNACK; returns the CONNACK."""
        self.upgrade(path)
        self.send_mqtt(mqttbytes.connect(version, client_id, **options))
        answer = self.read_packet()
        assert answer[0] == 0x20 and answer[3] == 0, f"CONNACK {answer.hex(' ')}"
        return answer

    def subscribe(self, topic, *, version=4, qos=0):
        self.send_mqtt(mqttbytes.subscribe(topic, version=version, qos=qos))
        answer = self.read_packet()
        assert answer[0] == 0x90 and answer[-1] == qos, f"SUBACK {answer.hex(' ')}"
