"""What the findings share: WebSocket frames (RFC 6455) and MQTT packets as bytes, and the comparison at the end."""

import base64
import hashlib
import os
import socket
import struct
import sys
import time

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
CONNACK = bytes.fromhex("20020000")


def saw(what, seen, expected):
    """Prints what was seen; ends the finding with status 1 if that is not what it is about."""
    shown = seen.hex(" ") or "nothing" if isinstance(seen, bytes) else seen
    print(f"{what}: {shown}", flush=True)
    if seen != expected:
        wanted = expected.hex(" ") or "nothing" if isinstance(expected, bytes) else expected
        sys.exit(f"changed: this was {wanted}")


def listen(timeout=20):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(timeout)
    return listener


def exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def read_head(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(connection, 1)
    return head.decode("latin-1")


def field(head, name):
    """The value of a field of an HTTP head, or None."""
    for line in head.split("\r\n")[1:]:
        if line.lower().startswith(name.lower() + ":"):
            return line.split(":", 1)[1].strip()
    return None


def accept(listener, extra=""):
    """The next WebSocket of `listener`: the connection behind the 101."""
    connection, _ = listener.accept()
    connection.settimeout(listener.gettimeout())
    head = read_head(connection)
    key = field(head, "Sec-WebSocket-Key").encode()
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n" + extra.encode() + b"\r\n"
    )
    return connection


def dial(port, timeout=20):
    connection = socket.create_connection(("127.0.0.1", port), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def ask(port, protocols, path="/mqtt"):
    """Sends a WebSocket request; the answer is left to the caller."""
    connection = dial(port)
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {protocols}\r\n\r\n".encode()
    )
    return connection


def frame(opcode, payload=b"", masked=False, final=True):
    head = bytes([final << 7 | opcode])
    if len(payload) < 126:
        head += bytes([masked << 7 | len(payload)])
    elif len(payload) < 65536:
        head += struct.pack(">BH", masked << 7 | 126, len(payload))
    else:
        head += struct.pack(">BQ", masked << 7 | 127, len(payload))
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


def read_frame(connection):
    """(opcode, whether it was masked, payload) of the next frame."""
    first, second = exactly(connection, 2)
    length = second & 127
    if length > 125:
        length = int.from_bytes(exactly(connection, 2 if length == 126 else 8), "big")
    key = exactly(connection, 4) if second & 128 else bytes(4)
    payload = exactly(connection, length)
    return first & 15, bool(second & 128), bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


def after(connection, seconds):
    """What comes in so many seconds, and whether the other side has ended the connection by then, in words."""
    data, end = b"", "open"
    deadline = time.monotonic() + seconds
    try:
        while end == "open" and (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            more = connection.recv(4096)
            data += more
            end = "open" if more else "closed"
    except TimeoutError:
        pass
    except ConnectionResetError:
        end = "reset"
    return f"{data.hex(' ') or 'nothing'}, {end}"


def text(value):
    return struct.pack(">H", len(value.encode())) + value.encode()


def packet(first, body):
    """An MQTT packet; remaining length in as many bytes as it takes."""
    length, count = b"", len(body)
    while True:
        count, low = divmod(count, 128)
        length += bytes([low | (128 if count else 0)])
        if not count:
            return bytes([first]) + length + body


def connect(client_id, level=4, user=None, password=None, keep_alive=60, properties=b"\0"):
    flags = 2 | (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
    body = text("MQIsdp" if level == 3 else "MQTT") + bytes([level, flags]) + struct.pack(">H", keep_alive)
    body += properties if level >= 5 else b""
    return packet(0x10, body + b"".join(text(value) for value in (client_id, user, password) if value is not None))


def publish(topic, payload=b"", first=0x30):
    return packet(first, text(topic) + payload)


def subscribe(topic, level=4):
    return packet(0x82, b"\0\1" + (b"\0" if level >= 5 else b"") + text(topic) + b"\0")


def read_packet(connection):
    first, length, shift = exactly(connection, 1), 0, 0
    size = b""
    while True:
        byte = exactly(connection, 1)
        size += byte
        length |= (byte[0] & 127) << shift
        shift += 7
        if byte[0] < 128:
            return first + size + exactly(connection, length)
