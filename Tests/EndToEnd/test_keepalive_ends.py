"""How connections that are kept open end: by time, by number, by the client, by a drain; and what slow clients hold."""

import os
import signal
import socket
import ssl
import threading

import pytest

import harness
import mqttbytes
from bytepeer import BINARY, frame, request
from gateway import connect
from harness import DEADLINE, IS_SANITIZED, eventually, free_port, stalled
from reloads import reload
from website import PAGE, Website, expect_kept, get, is_page


@pytest.fixture(params=[False, True], ids=["plain", "TLS"])
def is_tls(request):
    return request.param


# By time and number


def test_keepalive_timeout(rig, is_tls):
    """No answer to a request that nobody has made, and no line for it."""
    site = Website(rig, is_tls=is_tls, server="keepalive_timeout 300ms;")
    peer = site.peer()
    for _ in range(2):
        expect_kept(peer)
    peer.expect_end()
    assert site.gateway.stop() == 0
    assert site.log(2) == [("/index.html", 200)] * 2


def test_keepalive_timeout_0(rig, is_tls):
    site = Website(rig, is_tls=is_tls, server="keepalive_timeout 0;")
    peer = site.peer()
    response = peer.ask(get() + get())
    assert is_page(response) and response["Connection"] == "close"
    peer.expect_end()
    assert site.log(1)


def test_keepalive_requests(rig, is_tls):
    """The last answer says so, and nothing after it is served."""
    site = Website(rig, is_tls=is_tls, server="keepalive_requests 3;")
    peer = site.peer()
    peer.send(get() * 5)
    responses = [peer.response() for _ in range(3)]
    assert all(is_page(response) for response in responses)
    assert [response["Connection"] for response in responses] == [None, None, "close"]
    peer.expect_end()
    assert len(site.log(3)) == 3


def test_the_default_server_decides(rig):
    """Which server a next request is for, nobody knows yet."""
    port, root = free_port(), rig.path("www")
    (root / "index.html").write_bytes(PAGE)
    common = f"listen 127.0.0.1:{port}; location / {{ root {root}; }}"
    gateway = rig.gateway(
        config=f"""
        server {{
            {common} keepalive_requests 3;
        }}
        server {{
            {common} server_name other.example; keepalive_requests 1; keepalive_timeout 0;
        }}
        """
    )
    peer = rig.peer(gateway)
    answers = [peer.ask(get(host="other.example")) for _ in range(3)]
    assert all(is_page(answer) for answer in answers)
    assert [answer["Connection"] for answer in answers] == [None, None, "close"]
    peer.expect_end()


def test_a_second_request_that_does_not_come_whole(rig, is_tls):
    """It has begun: client_header_timeout applies, and it is answered."""
    site = Website(rig, is_tls=is_tls, server="client_header_timeout 300ms;")
    peer = site.peer()
    peer.send(get() + get()[:-2])
    assert is_page(peer.response())
    response = peer.response()
    assert (response.status, response["Connection"]) == (408, "close")
    peer.expect_end()
    assert [status for _, status in site.log(2)] == [200, 408]


# By the client


def half_close(peer):
    """FIN below TLS, whose input stays open."""
    with socket.socket(fileno=os.dup(peer.socket.fileno())) as duplicate:
        duplicate.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("count", [1, 10, 200])
def test_half_close_after_requests(rig, is_tls, count):
    """All that was asked for is still answered."""
    site = Website(rig, is_tls=is_tls)
    peer = site.peer()
    peer.send(get() * count)
    half_close(peer)
    assert all(is_page(peer.response()) for _ in range(count))
    peer.expect_end()
    assert len(site.log(count)) == count


def test_half_close_with_a_large_answer_among_others(rig, is_tls):
    site = Website(rig, is_tls=is_tls)
    data = site.large
    peer = site.peer(receive_buffer=16_384)
    peer.send(get() + get("/large.bin") + get() * 20 + get("/large.bin") + get())
    half_close(peer)
    for path in ["/", "/large.bin", *["/"] * 20, "/large.bin", "/"]:
        response = peer.response()
        assert response.body == data if path == "/large.bin" else is_page(response)
    peer.expect_end()
    assert len(site.log(24)) == 24


def test_close_notify_after_requests(rig):
    """RFC 8446 §6.1: it ends one direction alone."""
    site = Website(rig, is_tls=True)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = rig.certificate.client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with connect(site.gateway.tls_address) as stream:

        def step(action):
            while True:
                try:
                    return action()
                except ssl.SSLWantReadError:
                    stream.sendall(outgoing.read())
                    incoming.write(stream.recv(65_536))

        step(tls.do_handshake)
        tls.write(get() * 50)
        with pytest.raises(ssl.SSLWantReadError):
            tls.unwrap()
        stream.sendall(outgoing.read())
        received = b""
        with pytest.raises(ssl.SSLZeroReturnError):  # the other close_notify
            while True:
                received += step(lambda: tls.read(65_536))
    assert received.count(PAGE) == 50
    assert len(site.log(50)) == 50


def test_client_lost_in_the_middle_of_a_file(rig, is_tls):
    site = Website(rig, is_tls=is_tls)
    assert site.large
    peer = site.peer(receive_buffer=16_384)
    expect_kept(peer)
    peer.send(get("/large.bin") + get())
    peer.fill()
    half_close(peer)  # still there
    peer.read_exactly(100_000)
    peer.reset()
    line = site.gateway.ended(uri="/large.bin")
    assert (line["status_reason"], line["http_status"]) == ("client_lost", 200)
    assert len(site.log(2)) == 2


# Slow clients


def test_large_file_between_small_ones(rig, is_tls):
    site = Website(rig, is_tls=is_tls)
    data = site.large
    peer = site.peer(receive_buffer=16_384)
    peer.send(get() + get("/large.bin") + get() + get("/large.bin", method="HEAD") + get("/none"))
    assert is_page(peer.response())
    assert peer.response().body == data
    assert is_page(peer.response())
    assert peer.response(is_head=True)["Content-Length"] == str(len(data))
    assert peer.response().status == 404
    expect_kept(peer)
    assert [status for _, status in site.log(6)] == [200, 200, 200, 200, 404, 200]


def test_frames_wait_while_a_file_is_sent(rig, is_tls):
    """What comes after an upgrade whose turn has not come waits in the kernel, and nothing of it is lost."""
    site = Website(rig, is_tls=is_tls, server="client_header_buffer_size 1m;")
    data = site.large
    messages = [mqttbytes.publish("t", rig.random.randbytes(10_000)) for _ in range(100)]
    peer = site.peer(receive_buffer=16_384)
    parts = [get("/large.bin"), request(), *(frame(BINARY, part) for part in [mqttbytes.connect(4, "late"), *messages])]
    peer.share()
    sender = threading.Thread(target=peer.send, args=(b"".join(parts),))
    sender.start()
    assert peer.response().body == data
    assert peer.response().status == 101
    assert peer.read_packets(101) == [mqttbytes.connack(), *messages]
    sender.join(DEADLINE)
    assert not sender.is_alive()


def test_ten_thousand_requests_of_a_client_that_does_not_read(rig, is_tls):
    """It is served as fast as it reads; until then what it sends waits in the kernel."""
    count = 10_000
    site = Website(rig, is_tls=is_tls, server="keepalive_requests 1000000;", worker_threads=1)
    page = b"x" * 2_000
    (site.root / "page.html").write_bytes(page)
    peer = site.peer(receive_buffer=16_384)
    expect_kept(peer)
    before = harness.resident_mebibytes(site.gateway.pid)
    other = site.peer()
    peer.share()
    sender = threading.Thread(
        target=lambda: [peer.send(get(f"/page.html?{number}", "X: " + "x" * 2_000)) for number in range(count)]
    )
    sender.start()
    stalled(lambda: len(site.gateway.access()))
    assert sender.is_alive() and len(site.gateway.access()) < count
    expect_kept(other)
    growth = harness.resident_mebibytes(site.gateway.pid) - before
    assert growth < (100 if IS_SANITIZED else 8), f"the memory grew by {growth:.1f} MiB"
    for _ in range(count):
        response = peer.response()
        assert response.status == 200 and response.body == page
    sender.join(DEADLINE)
    expect_kept(peer)
    asked = [uri for uri, _ in site.log(count + 3) if "?" in uri]
    assert asked == [f"/page.html?{number}" for number in range(count)]
    growth = harness.resident_mebibytes(site.gateway.pid) - before
    assert growth < (200 if IS_SANITIZED else 16), f"the memory grew by {growth:.1f} MiB"


def test_slow_is_not_idle(rig, is_tls):
    """The time between two requests begins when the answer has left."""
    site = Website(rig, is_tls=is_tls, server="keepalive_timeout 300ms;")
    part = site.large[:100_000]
    (site.root / "part.bin").write_bytes(part)
    peer, idle = site.peer(receive_buffer=16_384), site.peer()
    peer.send(get("/part.bin") * 60)
    for peer_of_time in (idle, site.peer()):
        expect_kept(peer_of_time)
        peer_of_time.expect_end()
    for _ in range(60):
        assert peer.response().body == part
    peer.expect_end()
    assert [status for _, status in site.log(62)] == [200] * 62


# By the gateway


def test_drain(rig, is_tls):
    """Who is idle goes at once, a file under way arrives, and it is the last answer."""
    site = Website(rig, is_tls=is_tls, main="worker_shutdown_timeout 1h;")
    data = site.large
    idle, busy = [site.peer() for _ in range(20)], site.peer(receive_buffer=16_384)
    for peer in idle:
        expect_kept(peer)
    busy.send(get("/large.bin") + get("/index.html?after"))
    busy.fill()
    site.gateway.send_signal(signal.SIGQUIT)
    for peer in idle:
        peer.expect_end()
    assert site.gateway.process.is_running
    assert busy.response().body == data
    busy.expect_end()
    assert site.gateway.process.wait() == 0
    assert sorted(site.log(21)) == [("/index.html", 200)] * 20 + [("/large.bin", 200)]
    assert {line["status_reason"] for line in site.gateway.access()} == {"served"}


def test_a_request_during_a_drain_is_the_last(rig, is_tls):
    site = Website(rig, is_tls=is_tls, main="worker_shutdown_timeout 1h;")
    peer = site.peer()
    peer.send(get() + get()[:-2])
    assert is_page(peer.response())
    site.gateway.send_signal(signal.SIGQUIT)
    eventually(lambda: not harness.is_listening(site.gateway.port), "the listener closed")
    response = peer.ask(b"\r\n" + get())
    assert is_page(response) and response["Connection"] == "close"
    peer.expect_end()
    assert site.gateway.process.wait() == 0
    assert len(site.log(2)) == 2


def test_term_cuts_a_file(rig, is_tls):
    """A stop waits for nobody."""
    site = Website(rig, is_tls=is_tls)
    assert site.large
    peer = site.peer(receive_buffer=16_384)
    peer.send(get("/large.bin"))
    peer.fill()
    assert site.gateway.stop() == 0
    assert site.gateway.ended(uri="/large.bin")["status_reason"] == "shutdown"


def test_reload(rig, is_tls):
    """A connection from before answers once more, as before, and sends its client to the new configuration."""
    site = Website(rig, is_tls=is_tls)
    peer = site.peer()
    expect_kept(peer)
    (site.root / "folder" / "index.html").write_text("another page")
    reload(site.gateway, site.gateway.config.replace(f"/ {{ root {site.root}", f"/ {{ root {site.root}/folder"))
    response = peer.ask(get() + get())
    assert is_page(response) and response["Connection"] == "close"
    peer.expect_end()
    peer = site.peer()
    for _ in range(2):
        assert peer.ask(get()).body == b"another page"
