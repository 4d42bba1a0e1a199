"""Clients of HTTP/2 whose TCP connection takes nothing for a while: what was reset meanwhile, what others get, and for how long
it may go on."""

import contextlib
import os

import pytest

import fakebroker
import harness
import mqttbytes
from bytepeer import BINARY
from h2client import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    RST_STREAM,
    RawClient,
    Site,
    connect_fields,
    frame,
    request_fields,
    ws,
)
from harness import DEADLINE, eventually, stalled

OWN, OTHER = b"A", b"S"
WINDOW = 2**31 - 1


@pytest.fixture
def site(rig):
    """One loop; a broker that floods each session with its own letter; files of the other letter."""
    root = rig.path("www")
    (root / "other.bin").write_bytes(OTHER * 100_000)
    (root / "large.bin").write_bytes(OWN * 50_000_000)
    behaviour = fakebroker.flood(mqttbytes.publish("t", OWN * 4_000_000, version=5), 40_000_000)
    return Site(rig, behaviour, is_tls=False, worker_threads=1, server=f"location / {{ root {root}; }}")


def blocked(site):
    """A client with endless windows and a small socket, which does not read."""
    return site.client(RawClient, settings={INITIAL_WINDOW_SIZE: WINDOW}, window=WINDOW, receive_buffer=4096)


def take_all(client, what):
    """Reads until the connection is quiet, and returns what came in DATA frames of the stream `what`."""
    client.answered()
    return b"".join(one.payload for one in client.of(DATA) if one.stream == what)


def sent_bytes(site):
    """How much the gateway has written to its clients' sockets."""
    return sum(int(line.split()[4].split(":")[0], 16)
               for line in open("/proc/net/tcp", encoding="ascii").read().splitlines()[1:]
               if int(line.split()[1].rpartition(":")[2], 16) == site.gateway.port)  # fmt: skip


def test_a_stream_that_is_reset_while_its_frame_waits(site):
    """The frame that waited has nothing of others in it."""
    client = blocked(site)
    number = client.next_stream()
    client.send_bytes(
        frame(HEADERS, number, client.block(connect_fields("/mqtt", scheme="http")), END_HEADERS)
        + frame(DATA, number, ws(BINARY, mqttbytes.connect(5, "blocked"))))  # fmt: skip
    stalled(lambda: sent_bytes(site))
    other = site.client()
    assert bytes(other.get("/other.bin").data) == OTHER * 100_000
    client.send_bytes(frame(DATA, number, b"", END_STREAM))
    eventually(lambda: site.gateway.ended_count(2), "the end of the session")
    assert bytes(other.get("/other.bin").data) == OTHER * 100_000
    data = take_all(client, number)
    assert OWN * 1000 in data and OTHER * 100 not in data
    assert client.of(RST_STREAM)[-1].stream == number


def test_a_session_that_ends_behind_a_blocked_socket(site):
    """Its stream stays until nghttp2 has let it go: whoever comes meanwhile is not taken for it."""
    client = blocked(site)
    client.send_bytes(client.headers(request_fields("/large.bin", scheme="http")))
    stalled(lambda: sent_bytes(site))
    number = client.next_stream()
    client.send_bytes(
        frame(HEADERS, number, client.block(connect_fields("/mqtt", scheme="http")), END_HEADERS)
        + frame(DATA, number, b"", END_STREAM))  # fmt: skip
    eventually(lambda: site.gateway.ended_count(1), "the end of the session")
    other = site.client()
    late = [other.request("/large.bin") for _ in range(4)]  # they take the places that are free
    take_all(client, 1)
    for one in late:
        one.wait(lambda stream: stream.is_over, "the whole file", DEADLINE * 3)
        assert one.has_ended and len(one.data) == 50_000_000


def test_a_head_that_is_too_long_and_malformed_leaves_the_next_one_alone(rig):
    client = Site(rig, fakebroker.echo, is_tls=False, server="client_header_buffer_size 2k;").client(RawClient)
    fields = [*request_fields("/other.bin", scheme="http"), *[(f"x-{n}", "y" * 1000) for n in range(4)]]
    client.send_bytes(client.headers([*fields, ("connection", "close")]))
    client.send_bytes(client.headers(request_fields("/missing", scheme="http")))
    client.answered()
    assert client.statuses() == {3: 404}


def test_a_websocket_at_no_path_gets_no_page(rig):
    root = rig.path("www")
    (root / "404.html").write_text("<p>gone</p>")
    site = Site(
        rig, fakebroker.echo, is_tls=False,
        server=f"error_page 404 /404.html; location = /404.html {{ root {root}; }}")  # fmt: skip
    client = site.client()
    stream = client.websocket("/nothing").wait(lambda stream: stream.is_over, "the refusal")
    assert stream.status == 404 and "content-type" not in stream.fields and not stream.data
    page = client.get("/nothing")
    assert page.status == 404 and b"gone" in bytes(page.data)


def test_others_have_their_turn_beside_a_fast_download(rig):
    root = rig.path("www")
    with open(root / "huge.bin", "wb") as file:
        file.truncate(4 << 30)
    site = Site(rig, fakebroker.echo, worker_threads=1, server=f"location / {{ root {root}; }}")
    neighbour = site.client().mqtt("neighbour")
    url = f"https://localhost:{site.gateway.tls_port}/huge.bin"
    download = harness.Process(["nghttp", "--no-verify-peer", "-n", "-w30", "-W30", url], rig.path("nghttp") / "log")
    eventually(lambda: harness.cpu_seconds(site.gateway.pid) > 0.5, "the download has begun")
    try:
        for _ in range(20):
            neighbour.echo()
        assert download.is_running, "the file was sent before others had their turn"
    finally:
        download.kill()


def test_a_blocked_connection_has_a_limit(site):
    """60 s without progress: its files are closed, and the connection ends. As over HTTP/1.1."""
    client = blocked(site)
    for _ in range(20):
        client.send_bytes(client.headers(request_fields("/large.bin", scheme="http")))
    stalled(lambda: sent_bytes(site))

    def open_files():
        found = 0
        for one in os.listdir(f"/proc/{site.gateway.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found += "large.bin" in os.readlink(f"/proc/{site.gateway.pid}/fd/{one}")
        return found

    assert open_files() == 20
    sockets = harness.sockets(site.gateway.pid)
    eventually(lambda: open_files() == 0, "the files are closed", 70 * harness.PATIENCE)
    eventually(lambda: harness.sockets(site.gateway.pid) < sockets, "the connection has ended", 70 * harness.PATIENCE)
    assert {line["status_reason"] for line in site.gateway.ended_count(20)} == {"send_timeout"}
