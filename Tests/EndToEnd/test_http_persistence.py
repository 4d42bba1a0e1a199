"""Connections that carry several requests: their end, a drain, a reload, and an upgrade among other requests."""

import contextlib
import signal

import pytest

import fakebroker
import harness
import mqttbytes
import tokens
from bytepeer import BINARY, frame, request
from gateway import site
from harness import eventually
from reloads import reload

BIG = 24 << 20


def get(path, *fields):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode()


@pytest.fixture
def root(rig):
    root = rig.path("www")
    (root / "small.txt").write_text("small\n")
    with open(root / "big.bin", "wb") as file:
        file.truncate(BIG)
    return root


def website(rig, root, **options):
    return rig.gateway([rig.fake(fakebroker.echo)], server=f"location / {{ root {root}; }}", **options)


def head(peer):
    """The head of a response; how much content it announces."""
    while b"\r\n\r\n" not in peer.buffer:
        assert peer.fill()
    lines, _, rest = bytes(peer.buffer).partition(b"\r\n\r\n")
    peer.buffer[:] = rest
    return int(lines.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])


def skip(peer, size):
    """Reads so many bytes of content."""
    while size > 0:
        size -= len(peer.read_exactly(min(65_536, size)))


@pytest.mark.parametrize("count", [1, 16, 17, 100])
def test_requests_before_a_half_close_are_all_answered(rig, root, count):
    """More than one turn answers, too."""
    gateway = website(rig, root)
    peer = rig.peer(gateway)
    peer.send(get("/small.txt") * count)
    peer.half_close()
    for _ in range(count):
        assert peer.response().body == b"small\n"
    peer.expect_end()
    assert [line["status_reason"] for line in gateway.ended_count(count)] == ["served"] * count


def test_requests_before_a_close_notify_are_all_answered(rig, root):
    """The gateway finds them and the close_notify in one read."""
    gateway = rig.tls_gateway([rig.fake()], server=f"location / {{ root {root}; }}")
    peer = rig.peer(gateway.tls_address, tls=rig.certificate.client_context())
    assert peer.ask(get("/small.txt")).status == 200
    gateway.freeze()
    try:
        peer.send(get("/small.txt") * 20)
        peer.socket.setblocking(False)
        with contextlib.suppress(OSError):
            peer.socket.unwrap()  # the gateway's own close_notify does not come yet
    finally:
        gateway.thaw()
    assert [line["status_reason"] for line in gateway.ended_count(21)] == ["served"] * 21


def test_a_drain_lets_a_file_come_to_its_end(rig, root):
    """Its turn is before that of the connection that waits for a request."""
    gateway = website(rig, root, worker_threads=1, main="worker_shutdown_timeout 200ms;")
    peer = rig.peer(gateway, receive_buffer=8192)
    peer.send(get("/big.bin"))
    size = head(peer)
    waiting = rig.peer(gateway)
    assert waiting.ask(get("/small.txt")).status == 200
    gateway.send_signal(signal.SIGQUIT)
    waiting.expect_end()
    skip(peer, size)
    peer.expect_end()
    assert gateway.process.wait() == 0
    assert [line["status_reason"] for line in gateway.access()] == ["served"] * 2


def test_a_client_that_takes_nothing_of_a_file_is_gone_after_its_limit(rig, root):
    gateway = website(rig, root)
    peer = rig.peer(gateway, receive_buffer=8192)
    before = harness.sockets(gateway.pid)
    peer.send(get("/big.bin"))
    head(peer)
    ended = lambda: [line["uri"] for line in gateway.access() if line["status_reason"] == "send_timeout"]  # noqa: E731
    assert eventually(ended, "its end after 60 seconds", timeout=75 * harness.PATIENCE) == ["/big.bin"]
    eventually(lambda: harness.sockets(gateway.pid) <= before, "its socket closed")


def test_early_frames_after_a_pipelined_upgrade(rig, root):
    """They have come while a file was sent, and are more than fits into one read."""
    broker = rig.fake(fakebroker.keep_open)
    gateway = rig.gateway(
        [broker], server=f"client_header_buffer_size 1m; location / {{ root {root}; }}", location="mqtt_max_packet_size 0;"
    )
    peer = rig.peer(gateway, receive_buffer=8192)
    peer.send(get("/big.bin"))
    size = head(peer)
    messages = mqttbytes.publish("t", bytes(range(256)) * 256) * 12
    connect = mqttbytes.connect(4, "early")
    early = request() + frame(BINARY, connect) + frame(BINARY, messages)
    peer.send(early)
    skip(peer, size)
    assert peer.response().status == 101
    assert peer.read_packet()[0] == 0x20
    broker.received(connect + messages)


def test_a_reload_ends_connections_that_are_kept(rig, root):
    """One more answer, by the rules of their generation, its last; and no token that those name is logged."""
    keys = rig.path("keys") / "jwks.json"
    keys.write_text(tokens.key_set(tokens.jwk("ES256")))
    config = site(
        [rig.fake()],
        main="log_format uri '$uri';",
        server=f"location / {{ root {root}; access_log uri.log uri; }}",
        location=f"auth_jwt_key_file {keys}; auth_jwt_token query:old;",
    )
    gateway = rig.gateway(config=config)
    peer = rig.peer(gateway)
    assert peer.ask(get("/small.txt?old=s3cret"))["Connection"] is None
    reload(gateway, config.replace("query:old", "query:new"))
    assert peer.ask(get("/small.txt?old=s3cret"))["Connection"] == "close"
    peer.expect_end()
    log = gateway.directory / "uri.log"
    eventually(lambda: log.read_text().count("\n") == 2, "two lines")
    assert "s3cret" not in log.read_text()
