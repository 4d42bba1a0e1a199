#!/usr/bin/env python3
"""Proves that the demo works, with nothing but Python's standard library: a WebSocket and MQTT 3.1.1 client.

Subscribes through one connection, publishes through another that landed on the other broker, both through the
gateway's wss port, and waits for the message, which then has crossed the bridge between the brokers. Looks at the
page and at the ws port, too. Prints what it did; status 0 only if all of it worked.
"""

import argparse
import base64
import hashlib
import os
import re
import socket
import ssl
import struct
import sys
import time
import urllib.request
from pathlib import Path

PATIENCE = float(os.environ.get("SLUICE_TEST_PATIENCE", "1"))
SECONDS = 10 * PATIENCE
TOPIC, PAYLOAD = "sensors/temperature", b"Hello World"
CONNACK, PUBLISH, SUBACK = 2, 3, 9


class Failure(Exception):
    """What did not work, in words for the person who started the demo."""


class Client:
    """One MQTT 3.1.1 client over one WebSocket; every packet travels in a binary frame of its own."""

    def __init__(self, port: int, tls: ssl.SSLContext | None, client_id: str):
        self.url = f"{'wss' if tls else 'ws'}://localhost:{port}/mqtt"
        self.client_id = client_id
        plain = socket.create_connection(("localhost", port), timeout=SECONDS)
        self.stream = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        self.received = b""  # bytes of the WebSocket that are not used up
        self.packets = b""  # bytes of MQTT that are not used up
        self.upgrade(port)
        identifier = client_id.encode()
        self.send(0x10, b"\0\4MQTT\4\2\0\x3c" + struct.pack(">H", len(identifier)) + identifier)
        answer = self.expect(CONNACK)
        if answer != b"\0\0":
            raise Failure(f"{self.url} refused the client with CONNACK {answer.hex()}")

    def upgrade(self, port: int) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self.stream.sendall(
            f"GET /mqtt HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self.received:
            self.receive()
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest())
        if not head.startswith(b"HTTP/1.1 101 ") or accept not in head:
            raise Failure(f"{self.url} did not become a WebSocket: {head.splitlines()[0].decode(errors='replace')}")

    def receive(self) -> None:
        try:
            data = self.stream.recv(65536)
        except TimeoutError:
            raise Failure(f"{self.url} said nothing for {SECONDS:.0f} s") from None
        if not data:
            raise Failure(f"{self.url} closed the connection")
        self.received += data

    def take(self, count: int) -> bytes:
        while len(self.received) < count:
            self.receive()
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def send_frame(self, opcode: int, data: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        self.stream.sendall(bytes([0x80 | opcode, 0x80 | len(data)]) + mask + masked)  # always under 126 bytes here

    def send(self, first: int, body: bytes) -> None:
        self.send_frame(2, bytes([first, len(body)]) + body)  # always under 128 bytes here

    def expect(self, kind: int) -> bytes:
        """The body of the next packet, which must be of this kind."""
        while len(self.packets) < 2 or len(self.packets) < 2 + self.packets[1]:
            first, length = self.take(2)
            if length == 126:
                (length,) = struct.unpack(">H", self.take(2))
            data = self.take(length)
            opcode = first & 0x0F
            if opcode == 8:
                raise Failure(f"{self.url} closed the WebSocket: {data.hex()}")
            if opcode == 9:
                self.send_frame(10, data)
            elif opcode in (0, 2):
                self.packets += data
        first, length = self.packets[:2]
        body, self.packets = self.packets[2 : 2 + length], self.packets[2 + length :]
        if first >> 4 != kind:
            raise Failure(f"{self.url} sent packet type {first >> 4} where {kind} was due")
        return body

    def subscribe(self, topic: str) -> None:
        self.send(0x82, b"\0\1" + struct.pack(">H", len(topic)) + topic.encode() + b"\0")
        if self.expect(SUBACK) != b"\0\1\0":
            raise Failure(f"{self.url} refused the subscription to {topic}")

    def publish(self, topic: str, payload: bytes) -> None:
        self.send(0x30, struct.pack(">H", len(topic)) + topic.encode() + payload)

    def close(self) -> None:
        """DISCONNECT, then the WebSocket's close handshake."""
        self.send(0xE0, b"")
        self.send_frame(8, struct.pack(">H", 1000))
        try:
            while self.stream.recv(65536):
                pass
        except OSError:
            pass
        self.stream.close()


def wait_for(log: Path, pattern: str, what: str) -> None:
    """Waits until a line of the log matches."""
    deadline = time.monotonic() + SECONDS
    while not re.search(pattern, log.read_text(errors="replace")):
        if time.monotonic() > deadline:
            raise Failure(f"{what}; see {log}")
        time.sleep(0.02)


def broker_of(client: Client, logs: list[Path]) -> int:
    """The number of the broker that this client is connected to, from the brokers' own logs."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for number, log in enumerate(logs, 1):
            if re.search(rf"New client connected from \S+ as {client.client_id} ", log.read_text(errors="replace")):
                return number
        time.sleep(0.02)
    raise Failure(f"no broker knows the client {client.client_id}")


def step(text: str) -> None:
    print(f" ok  {text}", flush=True)


def check(options: argparse.Namespace) -> None:
    tls = ssl.create_default_context(cafile=options.ca)
    logs = [Path(log) for log in options.broker_log]
    run = f"demo-{os.getpid()}"

    # The first broker holds the bridge: it is up once the other has granted its subscription.
    wait_for(logs[0], r"Received SUBACK", "the bridge between the brokers did not come up")
    step("bridge between the two brokers is up")

    subscriber = Client(options.wss, tls, f"{run}-subscriber")
    subscriber.subscribe(TOPIC)
    home = broker_of(subscriber, logs)
    step(f"{subscriber.client_id} subscribed to {TOPIC} through {subscriber.url}: broker {home}")

    others: list[Client] = []
    while len(others) < 16 and (not others or broker_of(others[-1], logs) == home):
        others.append(Client(options.wss, tls, f"{run}-publisher-{len(others) + 1}"))
    publisher = others[-1]
    away = broker_of(publisher, logs)
    if away == home:
        raise Failure(f"{len(others)} more clients all landed on broker {home}, none on the other")
    start = time.monotonic()
    publisher.publish(TOPIC, PAYLOAD)
    step(f'{publisher.client_id} published "{PAYLOAD.decode()}" through {publisher.url}: broker {away}')
    body = subscriber.expect(PUBLISH)
    if body != struct.pack(">H", len(TOPIC)) + TOPIC.encode() + PAYLOAD:
        raise Failure(f"another message arrived: {body!r}")
    step(f"{subscriber.client_id} received it after {(time.monotonic() - start) * 1000:.1f} ms")
    for client in (subscriber, *others):
        client.close()

    plain = Client(options.ws, None, f"{run}-plain")
    plain.close()
    step(f"{plain.url} works as well")

    page = f"https://localhost:{options.wss}/"
    with urllib.request.urlopen(page, timeout=SECONDS, context=tls) as answer:
        if answer.status != 200 or b"<title>" not in answer.read():
            raise Failure(f"{page} is not the page")
    step(f"{page} serves the page")
    print(f"Proof: broker {away} -> bridge -> broker {home}, both clients over {subscriber.url}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wss", type=int, required=True, help="port of the gateway with TLS")
    parser.add_argument("--ws", type=int, required=True, help="port of the gateway without TLS")
    parser.add_argument("--ca", required=True, help="certificate of the authority")
    parser.add_argument("--broker-log", action="append", required=True, help="log of a broker; the first has the bridge")
    try:
        check(parser.parse_args())
    except (Failure, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
