"""Clients that break the rules of HTTP/2, are slow, or never read: see test_http2_floods.py."""

import contextlib
import struct
import time

import pytest

import h2client
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
    PING,
    PREFACE,
    PROTOCOL_ERROR,
    RST_STREAM,
    SETTINGS,
    RawClient,
    connect_fields,
    frame,
    request_fields,
    window_update,
    ws,
)
from harness import DEADLINE
from prometheus import Page
from test_http2_floods import Target, pour, target  # noqa: F401: `target` is a fixture


# Streams


def test_too_many_streams(rig):
    """The client was told, and does not keep to it."""
    target = Target(rig, main="http2_max_concurrent_streams 10;")
    client = target.client()
    client.answered()
    client.send_bytes(b"".join(client.headers(connect_fields(), END_HEADERS) for _ in range(200)))
    with contextlib.suppress(AssertionError):
        client.answered()
    granted = [one for one in client.of(HEADERS)]
    refused = [one for one in client.of(RST_STREAM) if one.code == h2client.REFUSED_STREAM]
    assert len(granted) <= 10
    assert refused or client.goaways[-1][1] in (PROTOCOL_ERROR, ENHANCE_YOUR_CALM)
    target.is_well()


def test_too_many_streams_before_the_settings_were_read(rig):
    """A client that cannot know: the ones above are refused, and may be tried again."""
    target = Target(rig, main="http2_max_concurrent_streams 10;")
    client = RawClientWithoutAck(target.gateway.port)
    rig.keep(client)
    client.send_bytes(b"".join(client.headers(connect_fields(), END_HEADERS) for _ in range(30)))
    client.until(lambda: len(client.of(RST_STREAM)) + len(client.of(HEADERS)) >= 30, "30 answers")
    assert len(client.of(HEADERS)) == 10
    assert {one.code for one in client.of(RST_STREAM)} == {h2client.REFUSED_STREAM}
    assert not client.goaways
    target.is_well()


class RawClientWithoutAck(RawClient):
    """It never acknowledges SETTINGS, as a raw client does not by itself."""


BROKEN = {
    "DATA of stream 0": frame(DATA, 0, b"x"),
    "DATA of an idle stream": frame(DATA, 1, b"x"),
    "HEADERS of stream 0": frame(HEADERS, 0, b"\x82", END_HEADERS),
    "HEADERS of an even stream": frame(HEADERS, 2, b"\x82\x84\x86", END_HEADERS),
    "PUSH_PROMISE": frame(5, 1, struct.pack(">I", 2) + b"\x82", END_HEADERS),
    "CONTINUATION alone": frame(CONTINUATION, 1, b"\x82", END_HEADERS),
    "SETTINGS of a stream": frame(SETTINGS, 1),
    "SETTINGS of 5 bytes": frame(SETTINGS, 0, bytes(5)),
    "SETTINGS ACK with content": frame(SETTINGS, 0, bytes(6), ACK),
    "a window of 2^31": h2client.settings({INITIAL_WINDOW_SIZE: 2**31}),
    "frames of 1 byte": h2client.settings({h2client.MAX_FRAME_SIZE: 1}),
    "ENABLE_PUSH 2": h2client.settings({h2client.ENABLE_PUSH: 2}),
    "PING of 7 bytes": frame(PING, 0, bytes(7)),
    "PING of a stream": frame(PING, 1, bytes(8)),
    "RST_STREAM of 3 bytes": frame(RST_STREAM, 1, bytes(3)),
    "RST_STREAM of an idle stream": frame(RST_STREAM, 1, bytes(4)),
    "WINDOW_UPDATE of 0": window_update(0, 0),
    "WINDOW_UPDATE over the top": window_update(0, 2**31 - 1) * 2,
    "GOAWAY of 3 bytes": frame(GOAWAY, 0, bytes(3)),
    "a frame of 16 MiB": b"\xff\xff\xff" + bytes([DATA, 0]) + struct.pack(">I", 1),
    "padding that is longer than its frame": frame(HEADERS, 1, b"\xff\x82", h2client.PADDED | END_HEADERS),
    "no HPACK": frame(HEADERS, 1, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", END_HEADERS),
    "index 0": frame(HEADERS, 1, b"\x80", END_HEADERS),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rules(target, name):
    """A connection error: GOAWAY with a code, and http2_error."""
    client = target.client()
    client.send_bytes(BROKEN[name])
    target.is_well()
    goaway = client.ended()
    assert goaway and goaway[1] not in (0, ENHANCE_YOUR_CALM), goaway
    line = target.gateway.ended(status_reason="http2_error")
    assert line["remote_port"] == client.source_port
    assert Page(target.gateway).value("sluice_ends_total", cause="http2_error") == 1


@pytest.mark.parametrize(
    "garbage",
    [
        PREFACE[:-1] + b"X" + bytes(100), PREFACE + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", PREFACE + frame(PING, 0, bytes(8)),
        PREFACE + frame(HEADERS, 1, b"\x82\x84\x86", END_HEADERS), PREFACE + bytes(9), PREFACE * 2,
    ],
    ids=["preface", "http1", "ping first", "headers first", "data first", "twice"],
)  # fmt: skip
@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "tls"])
def test_a_garbled_beginning(rig, target, garbage, is_tls):
    gateway = rig.tls_gateway([rig.fake()])
    peer = rig.peer(gateway, tls=h2client.context(rig.certificate) if is_tls else None)
    peer.send(garbage)
    peer.read_to_end()
    gateway.ended_count(1)
    assert gateway.access()[0]["status_reason"] in ("http2_error", "request_refused")


def test_random_bytes(rig, target):
    """Frames that begin well and go on at random; nothing of it harms anybody."""
    for _ in range(150):
        client = target.client(waits=False)
        junk = b"".join(
            frame(rig.random.randrange(12), rig.random.choice([0, 1, 1, 3, 2]),
                  rig.random.randbytes(rig.random.choice([0, 4, 5, 8, 60])), rig.random.randrange(256))
            for _ in range(20))  # fmt: skip
        client.send_bytes(client.headers(connect_fields(), END_HEADERS) + junk)
        client.close()
    target.is_well()


# Slow clients


@pytest.mark.parametrize("sent", [b"", PREFACE[:10], PREFACE, PREFACE + h2client.settings({})], ids=["nothing", "half", "preface", "settings"])
@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "tls"])
def test_no_request_in_time(rig, sent, is_tls):
    gateway = rig.tls_gateway([rig.fake()], server="client_header_timeout 300ms;")
    peer = rig.peer(gateway, tls=h2client.context(rig.certificate) if is_tls else None)
    if sent:
        peer.send(sent)
    peer.read_to_end()
    gateway.ended_before_request("request_timeout")


def test_half_a_head_in_time(rig):
    """Bytes that drop in do not make the time longer."""
    target = Target(rig, main="client_header_timeout 500ms;")
    client = target.client()
    block = client.block(request_fields())
    client.send_bytes(frame(HEADERS, 1, block, END_STREAM)[:-2])
    begin = time.monotonic()
    while not client.is_closed:
        assert time.monotonic() - begin < DEADLINE
        client.read(0.05)
    target.gateway.ended_before_request("request_timeout")
    target.is_well()


def test_keepalive_timeout(rig):
    """Without a stream the connection ends, in good order, and without a line of its own."""
    target = Target(rig, main="keepalive_timeout 300ms;")
    client = target.client()
    client.send_bytes(client.headers(request_fields("/none")))
    assert client.ended() == (1, 0)
    client.close()
    assert [line["http_status"] for line in target.gateway.access()] == [404]
    target.is_well()


def test_half_a_head_after_a_request(rig):
    """The time without a stream goes on while a head is on its way: no connection stays forever."""
    target = Target(rig, main="keepalive_timeout 500ms;")
    client = target.client()
    client.send_bytes(client.headers(request_fields("/none")))
    client.until(lambda: client.of(HEADERS), "the answer")
    block = client.block(request_fields("/none"))
    client.send_bytes(frame(HEADERS, client.next_stream(), block, END_STREAM | END_HEADERS)[:-1])
    client.ended()
    target.is_well()


@pytest.mark.parametrize("kind", ["PING", "SETTINGS", "requests", "refused", "sessions"])
def test_a_client_that_never_reads(rig, kind):
    """Answers pile up, until it is enough."""
    target = Target(rig)
    client = target.client(receive_buffer=4096)
    client.read = lambda timeout=0: False
    data = {
        "PING": lambda: frame(PING, 0, bytes(8)),
        "SETTINGS": lambda: h2client.settings({}),
        "requests": lambda: client.headers(request_fields("/metrics")),
        "refused": lambda: client.headers([*request_fields(), ("te", "x")]),
        "sessions": lambda: client.headers(connect_fields(), END_HEADERS),
    }[kind]
    client.socket.settimeout(1)
    pour(client, data, 20_000, block=100)
    target.is_well()
    del client.read
    client.socket.settimeout(DEADLINE)
    client.close()
    target.is_well()


def test_a_reader_of_nothing_with_echoes(rig):
    """A client that sends and never reads what its broker echoes: it is not read either, and memory stays."""
    target = Target(rig)
    client = target.client()
    client.send_bytes(client.headers(connect_fields(), END_HEADERS) + frame(DATA, 1, ws(BINARY, mqttbytes.connect(4, "mute"))))
    client.until(lambda: client.of(DATA), "CONNACK")
    packet = ws(BINARY, mqttbytes.publish("t", bytes(8000)))
    client.socket.settimeout(2)
    sent = 0
    with contextlib.suppress(OSError):
        while sent < 64 << 20:
            client.socket.sendall(frame(DATA, 1, packet))
            sent += len(packet)
    target.is_well()
