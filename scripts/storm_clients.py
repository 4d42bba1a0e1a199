"""The clients of scripts/storm.py: one process has a few thousand of them, in one epoll loop of its own.

A client opens a WebSocket, sends its CONNECT and waits for the CONNACK. It gives a try up after 30 s, as MQTT.js does. Whoever is
refused, fails or is dropped waits for a second, then for two, four and eight, give or take a half, as paho and others do, and tries
again. Each of them does a full TLS handshake. What a process is told, and what it tells, goes through a pipe.
"""

import collections
import errno
import heapq
import random
import select
import socket
import ssl
import time

TRY = 30  # seconds for one try, from the first SYN to the CONNACK
FIRST_PAUSE, LONGEST_PAUSE = 1, 8
GIVE_UP = 300  # seconds for all of them

CONNECTING, SHAKING_HANDS, UPGRADING, OPENING, OPEN, PAUSED = range(6)
WAITED_FOR = ("TCP", "TLS", "the upgrade", "the CONNACK")
WANTS = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError)


def connect_frame(name):
    """A WebSocket frame with a CONNECT of MQTT 5.0, Keep Alive 3600: nobody has to ping during the storm."""
    text = name.encode()
    body = b"\x00\x04MQTT\x05\x02\x0e\x10\x00" + len(text).to_bytes(2, "big") + text
    return masked(0x82, b"\x10" + bytes([len(body)]) + body)


def masked(first, payload):
    """A short frame of a client, with a mask that changes nothing."""
    return bytes([first, 0x80 | len(payload)]) + b"\0\0\0\0" + payload


def request(path):
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: mqtt\r\n\r\n"
    ).encode()


def tls_context():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Failure(Exception):
    """A try has come to nothing; says why."""


class Client:
    __slots__ = ("name", "port", "socket", "phase", "held", "began", "pause", "tries")

    def __init__(self, name, port):
        self.name, self.port = name, port
        self.socket, self.phase, self.held, self.began = None, PAUSED, b"", 0.0
        self.pause, self.tries = FIRST_PAUSE, 0


class Crowd:
    """The clients of one process."""

    def __init__(self, clients, path, tls, pipe):
        self.clients, self.pipe = clients, pipe
        self.request, self.context = request(path), tls_context() if tls else None
        self.epoll, self.by_descriptor, self.timers = select.epoll(), {}, []
        self.open, self.since, self.report, self.expected_losses = 0, 0.0, None, 0

    def run(self):
        """Until the pipe says that it is over."""
        self.epoll.register(self.pipe.fileno(), select.EPOLLIN)
        while True:
            wait = max(0, self.timers[0][0] - time.monotonic()) if self.timers else 1
            for descriptor, _ in self.epoll.poll(min(wait, 1), 256):
                if descriptor == self.pipe.fileno():
                    if not self.obey(*self.pipe.recv()):
                        return
                elif client := self.by_descriptor.get(descriptor):
                    self.attempt(client, self.go_on)
            self.fire_timers()
            self.tell()

    def obey(self, order, since):
        """`connect`: all at once. `return`: the connections of all are about to be lost. `end`."""
        if order == "end":
            return False
        self.since, self.expected_losses = since, len(self.clients) if order == "return" else 0
        self.report = {"times": [], "latencies": [], "faults": collections.Counter(), "tries": 0, "lost": 0}
        if order == "connect":
            for client in self.clients:
                self.attempt(client, self.begin)
        return True

    def tell(self):
        """Once all are there, or time is over."""
        if self.report is None:
            return
        all_there = self.open == len(self.clients) and self.report["lost"] >= self.expected_losses
        if all_there or time.monotonic() > self.since + GIVE_UP:
            self.pipe.send(self.report)
            self.report = None

    def fire_timers(self):
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            _, _, client, tries = heapq.heappop(self.timers)
            if client.tries != tries or client.phase == OPEN:
                continue  # of a try that is over
            if client.phase == PAUSED:
                self.attempt(client, self.begin)
            else:
                self.fail(client, f"{WAITED_FOR[client.phase]} took more than {TRY} s")

    def set_timer(self, client, seconds):
        heapq.heappush(self.timers, (time.monotonic() + seconds, id(client), client, client.tries))

    # What a client does

    def attempt(self, client, step):
        try:
            step(client)
        except WANTS:
            pass
        except Failure as failure:
            self.fail(client, str(failure))
        except ssl.SSLError as error:
            self.fail(client, self.during(client, error.reason or type(error).__name__))
        except OSError as error:
            self.fail(client, self.during(client, errno.errorcode.get(error.errno, type(error).__name__)))

    def during(self, client, fault):
        return f"{fault} while waiting for {WAITED_FOR[client.phase]}" if client.phase < OPEN else fault

    def begin(self, client):
        client.tries += 1
        client.began, client.held, client.phase = time.monotonic(), b"", CONNECTING
        if self.report is not None:
            self.report["tries"] += 1
        client.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.by_descriptor[client.socket.fileno()] = client
        self.epoll.register(client.socket.fileno(), select.EPOLLOUT)
        self.set_timer(client, TRY)
        fault = client.socket.connect_ex(("127.0.0.1", client.port))
        if fault not in (0, errno.EINPROGRESS):
            raise OSError(fault, "connect")

    def go_on(self, client):
        if client.phase == CONNECTING:
            fault = client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if fault:
                raise OSError(fault, "connect")
            self.epoll.modify(client.socket.fileno(), select.EPOLLIN)
            client.phase = SHAKING_HANDS if self.context else UPGRADING
            if self.context:
                client.socket = self.context.wrap_socket(
                    client.socket, server_hostname="localhost", do_handshake_on_connect=False
                )
            else:
                return client.socket.sendall(self.request)
        if client.phase == SHAKING_HANDS:
            client.socket.do_handshake()
            client.phase = UPGRADING
            client.socket.sendall(self.request)
        self.read(client)

    def read(self, client):
        while True:
            data = client.socket.recv(4096)
            if not data:
                raise Failure(self.during(client, "closed"))
            client.held += data
            if client.phase == UPGRADING and b"\r\n\r\n" in client.held:
                head, _, client.held = client.held.partition(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 101"):
                    raise Failure("status " + head[9:12].decode("latin-1"))
                client.phase = OPENING
                client.socket.sendall(connect_frame(client.name))
            if client.phase >= OPENING:
                self.take_frames(client)

    def take_frames(self, client):
        while len(client.held) >= 2 and len(client.held) >= 2 + client.held[1]:  # all are short
            end = 2 + client.held[1]
            first, payload, client.held = client.held[0], client.held[2:end], client.held[end:]
            if first == 0x89:
                client.socket.sendall(masked(0x8A, payload))
            elif client.phase == OPENING and first == 0x82 and payload[0] == 0x20:
                if payload[3] != 0:
                    raise Failure(f"CONNACK 0x{payload[3]:02X}")
                self.opened(client)

    def opened(self, client):
        client.phase, client.pause = OPEN, FIRST_PAUSE
        self.open += 1
        if self.report is not None:
            now = time.monotonic()
            self.report["times"].append(now - self.since)
            self.report["latencies"].append(now - client.began)

    def fail(self, client, why):
        """The connection is over, and another try comes later."""
        if client.phase == OPEN:
            self.open -= 1
            if self.report is not None:
                self.report["lost"] += 1
        elif self.report is not None:
            self.report["faults"][why] += 1
        self.by_descriptor.pop(client.socket.fileno(), None)
        client.socket.close()
        client.socket, client.phase = None, PAUSED
        self.set_timer(client, client.pause * random.uniform(0.5, 1.5))
        client.pause = min(client.pause * 2, LONGEST_PAUSE)


def work(index, count, ports, path, tls, pipe):
    """One process: `count` clients, in turn at each of the ports."""
    clients = [Client(f"storm-{index}-{n}", ports[n % len(ports)]) for n in range(count)]
    Crowd(clients, path, tls, pipe).run()
