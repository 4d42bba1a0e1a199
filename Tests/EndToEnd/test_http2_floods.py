"""Hostile clients of HTTP/2: floods of frames that only cost work, and what breaks its rules. Each ends with GOAWAY and a cause
that is logged and counted, in bounded memory, and a neighbour on the same loop does not notice."""

import contextlib
import struct
import time

import pytest

import fakebroker
import h2client
import harness
import mqttbytes
from bytepeer import BINARY
from h2client import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    NO_ERROR,
    PING,
    PRIORITY,
    PROTOCOL_ERROR,
    RST_STREAM,
    SETTINGS,
    RawClient,
    Site,
    connect_fields,
    frame,
    request_fields,
    window_update,
    ws,
)
from harness import DEADLINE, IS_SANITIZED, eventually
from prometheus import METRICS, Page

FLOOD = 30_000  # frames: far more than the budget of a client
ROOM = 100 if IS_SANITIZED else 12  # MiB that the process may grow by; shadow memory in sanitizer builds


class Target:
    """A gateway with one loop, and a neighbour with an open session on it."""

    def __init__(self, rig, **options):
        self.rig = rig
        server = METRICS + options.pop("server", "")
        self.site = Site(rig, fakebroker.echo, is_tls=False, worker_threads=1, server=server, **options)
        self.gateway = self.site.gateway
        self.neighbour = self.site.client().mqtt("neighbour")
        self.neighbour.echo()
        self.memory = harness.resident_mebibytes(self.gateway.pid)

    def client(self, **options):
        return self.site.client(RawClient, **options)

    def is_well(self):
        """The neighbour is served in no time, and memory has stayed."""
        begin = time.monotonic()
        self.neighbour.echo()
        assert time.monotonic() - begin < DEADLINE / 4
        assert harness.resident_mebibytes(self.gateway.pid) < self.memory + ROOM

    def expect_end(self, client, cause, *codes):
        """The connection ends with one of these codes in GOAWAY, for this cause."""
        self.is_well()
        goaway = client.ended()
        assert goaway and goaway[1] in codes, (goaway, client.frames[-4:])
        client.close()
        line = self.gateway.ended(status_reason=cause)
        assert line["http_version"] == "2.0" and line["remote_port"] == client.source_port
        assert Page(self.gateway).value("sluice_ends_total", cause=cause) >= 1
        self.is_well()


@pytest.fixture
def target(rig):
    return Target(rig)


def pour(client, data, times, *, block=200):
    """Sends `data` again and again, until the gateway has had enough; reads what comes meanwhile."""
    sent = 0
    while sent < times and not client.is_closed:
        part = b"".join(data() for _ in range(block)) if callable(data) else data * block
        if not client.send_bytes(part):
            break
        client.read(0)
        sent += block
    return sent


# Floods

FRAMES = {
    "SETTINGS": lambda: h2client.settings({INITIAL_WINDOW_SIZE: 65_535}),
    "empty SETTINGS": lambda: h2client.settings({}),
    "PING": lambda: frame(PING, 0, bytes(8)),
    "PING with ACK": lambda: frame(PING, 0, bytes(8), ACK),
    "PRIORITY": lambda: frame(PRIORITY, 1, struct.pack(">IB", 0, 15)),
    "PRIORITY of idle streams": lambda: frame(PRIORITY, 9999, struct.pack(">IB", 0, 15)),
    "WINDOW_UPDATE of the connection": lambda: window_update(0, 1),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_flood_of_frames(target, name):
    client = target.client()
    pour(client, FRAMES[name](), FLOOD)
    target.expect_end(client, "http2_flood", ENHANCE_YOUR_CALM)


STREAM_FRAMES = {
    "WINDOW_UPDATE": lambda: window_update(1, 1),
    "empty DATA": lambda: frame(DATA, 1),
}

# A recipient ignores them (RFC 9113 §5.5), or they carry nothing: each costs what its bytes cost, and nothing is kept.
IGNORED = {
    "unknown frames": lambda: frame(0x77, 0, b"x" * 20),
    "PRIORITY_UPDATE": lambda: frame(0x10, 0, struct.pack(">I", 1) + b"u=1"),
    "empty DATA with padding": lambda: frame(DATA, 1, b"\0", h2client.PADDED),
}


@pytest.mark.parametrize("name", STREAM_FRAMES)
def test_a_flood_on_an_open_session(target, name):
    client = target.client()
    client.send_bytes(client.headers(connect_fields(), END_HEADERS) + frame(DATA, 1, ws(BINARY, mqttbytes.connect(5, "c"))))
    client.until(lambda: client.of(DATA), "CONNACK")
    pour(client, STREAM_FRAMES[name](), FLOOD)
    target.is_well()
    assert client.ended()[1] == ENHANCE_YOUR_CALM
    assert target.gateway.ended(mqtt_client_id="c")["status_reason"] == "http2_flood"
    target.is_well()


@pytest.mark.parametrize("name", IGNORED)
def test_a_flood_of_what_is_ignored(target, name):
    client = target.client()
    client.send_bytes(client.headers(connect_fields(), END_HEADERS) + frame(DATA, 1, ws(BINARY, mqttbytes.connect(5, "c"))))
    client.until(lambda: client.of(DATA), "CONNACK")
    pour(client, IGNORED[name](), FLOOD)
    target.is_well()
    client.answered()


@pytest.mark.parametrize("kind", ["get", "websocket", "denied"])
def test_rapid_reset(target, kind):
    """CVE-2023-44487: requests that are reset at once, in the same write or after the answer."""
    client = target.client()
    fields = {"get": request_fields("/metrics"), "websocket": connect_fields(), "denied": request_fields("/none")}[kind]

    def one():
        head = client.headers(fields, END_HEADERS | (0 if kind == "websocket" else END_STREAM))
        return head + frame(RST_STREAM, client.number, struct.pack(">I", h2client.CANCEL))

    pour(client, one, FLOOD, block=50)
    target.expect_end(client, "http2_flood", ENHANCE_YOUR_CALM)
    assert len(target.site.broker.connections) == 1, "no broker was asked"


def test_rapid_reset_of_open_sessions(target):
    """Each has reached its broker when it is reset."""
    client = target.client()

    def one():
        head = client.headers(connect_fields(), END_HEADERS)
        return head + frame(DATA, client.number, ws(BINARY, mqttbytes.connect(4, f"c{client.number}")))

    for _ in range(40):
        client.send_bytes(b"".join(one() for _ in range(50)))
        first = client.number - 98
        with contextlib.suppress(AssertionError):
            client.answered()
        client.send_bytes(b"".join(
            frame(RST_STREAM, number, struct.pack(">I", 8)) for number in range(first, client.number + 1, 2)))  # fmt: skip
        if client.is_closed:
            break
    target.is_well()
    assert client.ended()[1] in (0, ENHANCE_YOUR_CALM), "also keepalive_requests ends it"
    client.close()
    eventually(lambda: all(one.ended for one in target.site.broker.connections[1:]), "the end of each at the broker")
    target.is_well()


def test_resets_that_the_client_provokes(target):
    """CVE-2025-8671: the client breaks a rule of each stream, and the gateway is the one that resets it."""
    client = target.client()

    def one():
        return client.headers(connect_fields(), END_HEADERS) + window_update(client.number, 0)

    pour(client, one, FLOOD, block=50)
    target.is_well()
    assert client.ended()[1] in (ENHANCE_YOUR_CALM, PROTOCOL_ERROR)


@pytest.mark.parametrize("malformed", ["fields", "window", "data"])
def test_malformed_requests_again_and_again(target, malformed):
    client = target.client()

    def one():
        if malformed == "fields":
            return client.headers([*request_fields(), ("connection", "close")])
        if malformed == "window":
            return client.headers(connect_fields(), END_HEADERS) + window_update(client.number, 2**31 - 1)
        return client.headers([*request_fields(), ("content-length", "5")], END_HEADERS) + frame(
            DATA, client.number, b"123456789", END_STREAM)  # fmt: skip

    pour(client, one, FLOOD, block=50)
    target.is_well()
    # Or with the last request that keepalive_requests allows, where that came first.
    assert client.ended()[1] in (ENHANCE_YOUR_CALM, PROTOCOL_ERROR, NO_ERROR)
    target.is_well()


@pytest.mark.parametrize("size", [0, 1, 10, 16_000])
def test_a_continuation_flood(target, size):
    """CVE-2024-27316: a head that never ends."""
    client = target.client()
    block = client.block(request_fields())
    client.send_bytes(frame(HEADERS, 1, block, END_STREAM))
    part = (client.block([("x-a", "b" * 50)]) * (size // 2 + 1))[:size] if size else b""
    pour(client, frame(CONTINUATION, 1, part), FLOOD // 10, block=10)
    target.is_well()
    code = client.ended()
    assert code and code[1] in (ENHANCE_YOUR_CALM, PROTOCOL_ERROR, 0x9), code  # 9: COMPRESSION_ERROR
    target.is_well()
    reasons = {line["status_reason"] for line in target.gateway.ended_count(1)}
    assert reasons <= {"http2_flood", "http2_error"}


def test_a_head_in_many_pieces_is_taken(target):
    """Newer versions of nghttp2, and Debian's, take no more than 8 of CONTINUATION."""
    client = target.client()
    block = client.block(request_fields("/metrics"))
    pieces = [block[index : index + 1] for index in range(8)] + [block[8:]]
    client.send_bytes(
        frame(HEADERS, 1, pieces[0], END_STREAM)
        + b"".join(frame(CONTINUATION, 1, piece) for piece in pieces[1:-1])
        + frame(CONTINUATION, 1, pieces[-1], END_HEADERS)
    )
    client.until(lambda: client.of(HEADERS), "the answer")
    assert client.statuses() == {1: 200}


# Heads


def test_oversized_heads(target):
    """431, the next request is served, and not forever."""
    client = target.client()
    fields = [*request_fields("/metrics"), *((f"x-{number}", "y" * 1000) for number in range(20))]
    block = client.block(fields)

    def head():
        parts = [block[start : start + 16_000] for start in range(0, len(block), 16_000)]
        return b"".join(
            frame(HEADERS if not index else CONTINUATION, client.number, part,
                  (END_STREAM if not index else 0) | (END_HEADERS if index == len(parts) - 1 else 0))
            for index, part in enumerate(parts))  # fmt: skip

    client.next_stream()
    client.send_bytes(head())
    client.until(lambda: client.of(HEADERS), "the answer")
    client.send_bytes(client.headers(request_fields("/none")))
    client.until(lambda: len(client.of(HEADERS)) == 2, "the answer to the next")
    assert client.statuses() == {1: 431, 3: 404}
    target.is_well()


# GET http://localhost/ in a field block that leaves the compression context alone.
GET = b"\x82\x86\x84\x01\x09localhost"


def put_4000_bytes_into_the_table(client):
    """A request that leaves a field of 4,000 bytes in the compression context; returns the byte that means it."""
    client.send_bytes(frame(HEADERS, client.next_stream(), GET + client.block([("x-a", "y" * 4000)]), END_HEADERS | END_STREAM))
    client.until(lambda: client.of(HEADERS), "the answer")
    reference = client.block([("x-a", "y" * 4000)])
    assert len(reference) == 1
    return reference


def test_oversized_heads_again_and_again(target):
    client = target.client()
    reference = put_4000_bytes_into_the_table(client)

    def one():
        return frame(HEADERS, client.next_stream(), GET + reference * 20, END_HEADERS | END_STREAM)

    pour(client, one, 5000, block=10)
    target.expect_end(client, "http2_flood", ENHANCE_YOUR_CALM)


def test_an_hpack_bomb(target):
    """A head of 16 KiB that means 60 MB: references to a field of 4,000 bytes."""
    client = target.client()
    reference = put_4000_bytes_into_the_table(client)
    begin = time.monotonic()
    block = GET + reference * (15_000 // len(reference))
    client.send_bytes(frame(HEADERS, client.next_stream(), block, END_HEADERS | END_STREAM))
    client.until(lambda: len(client.of(HEADERS)) == 2 or client.is_closed, "431, or the end")
    assert time.monotonic() - begin < DEADLINE
    if not client.is_closed:
        assert client.statuses()[3] == 431
    target.is_well()


def test_a_table_of_any_size(target):
    """The client may ask for a table of 4 GiB for what we send; ours is bounded. One for what it sends has 4,096 bytes."""
    client = target.client(settings={h2client.HEADER_TABLE_SIZE: 2**32 - 1})
    for _ in range(100):
        client.send_bytes(client.headers(request_fields("/none")))
        client.answered()
    target.is_well()
    client.send_bytes(frame(HEADERS, client.next_stream(), b"\x3f\xe1\xff\xff\x7f" + client.block(request_fields())))
    assert client.ended()[1] in (PROTOCOL_ERROR, 0x9)
    assert target.gateway.ended(status_reason="http2_error")


def test_many_fields(target):
    """A head has at most 100 fields, as over HTTP/1.1."""
    client = target.client()
    client.send_bytes(client.headers([*request_fields("/metrics"), *(("a", "b") for _ in range(300))]))
    client.until(lambda: client.of(HEADERS), "the answer")
    assert client.statuses()[1] in (400, 431)


# What is no flood


def test_a_busy_client_is_no_flood(rig):
    """Small messages, each in a frame, two of WINDOW_UPDATE for each of ours; and requests by the thousand."""
    site = Site(rig, fakebroker.echo, is_tls=False, worker_threads=1, main="keepalive_requests 100000;")
    client = site.client()
    stream = client.mqtt()
    packet = mqttbytes.publish("t", b"x", version=5)
    data = ws(BINARY, packet)
    seen = 0
    for _ in range(60):
        for _ in range(100):
            client.h2.send_data(stream.number, data)
        client.flush()
        stream.wait(lambda stream: len(stream.packets) >= 100 * len(packet), "the echoes")
        frames = len(client.of(DATA))
        for _ in range(frames - seen):
            client.h2.increment_flow_control_window(1)
            client.h2.increment_flow_control_window(1, stream.number)
        seen = frames
        stream.packets.clear()
    for _ in range(3000):
        client.get("/none")
    for _ in range(500):
        client.answered()
    stream.echo()
    assert not client.goaways
