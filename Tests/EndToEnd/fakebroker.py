"""A scripted stand-in for a broker, for what real brokers do not do on demand: faults, and exact byte records."""

import socket
import struct
import threading
import time

import harness
import mqttbytes
from harness import DEADLINE, eventually


class Connection:
    """One connection of the gateway to the stand-in."""

    def __init__(self, connection):
        self.socket = connection
        self.received = bytearray()
        self.sent = 0
        self.ended = None  # "eof" or "reset" once the gateway has closed
        self.released = threading.Event()
        self._position = 0

    def fill(self):
        try:
            data = self.socket.recv(262_144)
        except OSError:
            self.ended = "reset"
            return False
        if not data:
            self.ended = "eof"
            return False
        self.received += data
        return True

    def read_packet(self):
        """The next packet, or None at the end of the stream."""
        while (size := mqttbytes.whole(self.received, self._position)) is None:
            if not self.fill():
                return None
        packet = bytes(self.received[self._position : self._position + size])
        self._position += size
        return packet

    def accept_connect(self, **options):
        """Reads the CONNECT and grants it; returns it."""
        packet = self.read_packet()
        if packet is not None:
            self.send(mqttbytes.connack(mqttbytes.version_of(packet), **options))
        return packet

    def send(self, data):
        try:
            self.socket.sendall(data)
            self.sent += len(data)
        except OSError:
            self.ended = self.ended or "reset"

    def drain(self):
        """Records what comes, up to the end of the stream."""
        while self.fill():
            pass

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def packets(self):
        """The whole packets received so far."""
        return mqttbytes.split(self.received)[0]


class FakeBroker:
    """Listens on a free port, or on a unix socket; runs `behaviour(connection)` in a thread for each connection, then closes it."""

    def __init__(self, behaviour, *, port=None, host="127.0.0.1", unix=None, receive_buffer=None):
        self.host = host
        self.unix = unix
        self.port = None if unix else port or harness.free_port()
        self.behaviour = behaviour
        self.connections = []
        self.failures = []
        self.listener = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.listener.bind(str(unix) if unix else (host, self.port))
        self.listener.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        """As an argument of `server`."""
        return f"unix:{self.unix}" if self.unix else f"{self.host}:{self.port}"

    def _accept(self):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            if not self.unix:
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(accepted)
            self.connections.append(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        try:
            self.behaviour(connection)
        except (OSError, mqttbytes.Malformed):
            pass
        except Exception as error:  # a fault of the test itself: shown when the stand-in is closed
            self.failures.append(error)
        finally:
            connection.socket.close()

    def connection(self, index=0):
        """Waits for the connection of this number."""
        eventually(lambda: len(self.connections) > index, f"connection {index} to the stand-in")
        return self.connections[index]

    def received(self, data, index=0):
        """Waits until a connection has received exactly `data`."""
        connection = self.connection(index)
        eventually(
            lambda: len(connection.received) >= len(data),
            lambda: f"{len(data)} bytes at the broker, there are {len(connection.received)}",
        )
        assert bytes(connection.received[:4096]).hex(" ") == data[:4096].hex(" ")
        assert bytes(connection.received) == data

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for connection in self.connections:
            connection.released.set()
            try:
                connection.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        assert not self.failures, f"the stand-in failed: {self.failures}"


# Behaviours


def serve(connection):
    """Grants the CONNECT, records everything, says nothing more; closes after DISCONNECT, as brokers do."""
    packet = connection.accept_connect()
    while packet is not None and packet[0] != 0xE0:
        packet = connection.read_packet()


def keep_open(connection):
    """The same, but never closes by itself."""
    if connection.accept_connect() is not None:
        connection.drain()


def echo(connection):
    """Sends every PUBLISH back as it came, and answers pings."""
    if connection.accept_connect() is None:
        return
    while (packet := connection.read_packet()) is not None and packet[0] != 0xE0:
        if packet[0] >> 4 == 3:
            connection.send(packet)
        elif packet[0] == 0xC0:
            connection.send(mqttbytes.PINGRESP)
        elif packet[0] == 0x82:
            version5 = b"\x00" if len(packet) > 4 and packet[4] == 0 and packet[5] == 0 else b""
            connection.send(mqttbytes.packet(0x90, packet[2:4], version5, b"\x00"))


def silent(connection):
    """Takes everything and never answers."""
    connection.drain()


def close_on_accept(connection):
    pass


def close_after_connect(connection):
    connection.read_packet()


def reset_after_connect(connection):
    connection.read_packet()
    connection.reset()


def answer(data, *, then_close=False):
    """Answers the CONNECT with exactly `data`."""

    def behaviour(connection):
        if connection.read_packet() is None:
            return
        connection.send(data)
        if not then_close:
            connection.drain()

    return behaviour


def byte_by_byte(data):
    """Answers the CONNECT with `data`, a byte a segment."""

    def behaviour(connection):
        if connection.read_packet() is None:
            return
        for index in range(len(data)):
            connection.send(data[index : index + 1])
            time.sleep(0.003)  # paces the segments apart; nothing waits for it
        connection.drain()

    return behaviour


def accept_then_send(*parts):
    """Grants the CONNECT, sends `parts`, then records."""

    def behaviour(connection):
        if connection.accept_connect() is None:
            return
        for part in parts:
            connection.send(part)
        connection.drain()

    return behaviour


def accept_then_stop_reading(connection):
    """Grants the CONNECT, then reads nothing until `released`, then everything."""
    if connection.accept_connect() is not None:
        connection.released.wait(DEADLINE * 6)
        connection.drain()


def flood(packet, total):
    """Grants the CONNECT, then sends `packet` again and again until `total` bytes are out."""

    def behaviour(connection):
        if connection.accept_connect() is None:
            return
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        block = packet * max(1, 65_536 // len(packet))
        while connection.sent < total and connection.ended is None:
            connection.send(block)
        connection.drain()

    return behaviour
