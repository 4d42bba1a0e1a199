"""HTTP/1.1 connections that carry several requests, also pipelined, and what closes them (RFC 9112 §9.3)."""

import pytest

import mqttbytes
from bytepeer import BINARY, frame, request
from harness import free_port
from website import PAGE, Website, expect_kept, get, is_page


@pytest.fixture(params=[False, True], ids=["plain", "TLS"])
def is_tls(request):
    return request.param


@pytest.fixture
def site(rig, is_tls):
    return Website(rig, is_tls=is_tls)


# Kept


def test_one_after_the_other(rig, site):
    peer = site.peer()
    for number in range(5):
        response = peer.ask(get(f"/index.html?{number}"))
        assert is_page(response) and response["Connection"] is None
    peer.close()
    assert site.log(5) == [(f"/index.html?{number}", 200) for number in range(5)]
    lines = site.gateway.access()
    assert len({line["connection_id"] for line in lines}) == 1
    assert {line["status_reason"] for line in lines} == {"served"}


@pytest.mark.parametrize("count", [10, 100])
def test_pipelined(rig, site, count):
    """Answered in order (RFC 9112 §9.3.2), whatever a turn of the loop takes of them."""
    numbers = range(count)
    for number in numbers:
        (site.root / f"{number}.txt").write_text(f"file {number}")
    peer = site.peer()
    peer.send(b"".join(get(f"/{number}.txt") for number in numbers))
    responses = [peer.response() for _ in numbers]
    assert [response.body.decode() for response in responses] == [f"file {number}" for number in numbers]
    expect_kept(peer)
    assert site.log(count + 1)[:count] == [(f"/{number}.txt", 200) for number in numbers]


def test_pipelined_pair_cut_at_every_byte(rig, is_tls):
    site = Website(rig, is_tls=is_tls)
    first, second = get("/none"), get()
    both = first + second
    peer = site.peer()
    for cut in range(1, len(both)):
        peer.send(both[:cut])
        answers = [peer.response()] if cut >= len(first) else []  # the gateway has read what came
        peer.send(both[cut:])
        answers += [peer.response() for _ in range(2 - len(answers))]
        assert answers[0].status == 404 and is_page(answers[1]), cut
    peer.send_cut(both)
    assert peer.response().status == 404 and is_page(peer.response())
    assert site.log(2 * len(both)) == [("/none", 404), ("/index.html", 200)] * len(both)


def test_empty_lines_between_requests(rig, site):
    """RFC 9112 §2.2: some clients send one after a request."""
    peer = site.peer()
    peer.send(get() + b"\r\n" + get() + b"\r\n\r\n" + get())
    assert all(is_page(peer.response()) for _ in range(3))
    expect_kept(peer)


def test_head_among_others(rig, site):
    """RFC 9110 §9.3.2: its answer has no content, so that the next one begins where it ends."""
    peer = site.peer()
    paths = ["/index.html", "/none", "/folder"]
    peer.send(b"".join(get(path, method=method) for path in paths for method in ("HEAD", "GET")))
    for _ in paths:
        head, full = peer.response(is_head=True), peer.response()
        assert (head.status, head["Content-Length"]) == (full.status, str(len(full.body)))
        assert full.body
    expect_kept(peer)


KEPT = {
    404: get("/none"),
    405: get(method="DELETE"),
    301: get("/folder"),
    403: get("/denied/index.html"),
    426: get("/mqtt"),
}


def test_refusals_keep_the_connection(rig, site):
    peer = site.peer()
    peer.send(b"".join(KEPT.values()))
    for status in KEPT:
        response = peer.response()
        options = response["Connection"] or ""
        assert response.status == status and "close" not in options.lower(), response
        assert response.body and response["Content-Length"] == str(len(response.body))
    expect_kept(peer)
    assert [status for _, status in site.log(6)] == [*KEPT, 200]


def test_post_without_content_keeps_the_connection(rig, site):
    peer = site.peer()
    assert peer.ask(get("/", "Content-Length: 0", method="POST")).status == 405
    expect_kept(peer)


def test_misdirected_request_keeps_the_connection(rig, authority):
    """421: a host that verifies clients, over a connection for another (RFC 9110 §15.5.20)."""
    port, root = free_port(), rig.path("www")
    (root / "index.html").write_bytes(PAGE)
    common = f"""
        listen 127.0.0.1:{port} ssl; location / {{ root {root}; }}
        ssl_certificate {rig.certificate.certificate}; ssl_certificate_key {rig.certificate.key};"""
    gateway = rig.gateway(
        config=f"""
        server {{ server_name localhost; {common} }}
        server {{ server_name closed.example; {common}
            ssl_client_certificate {authority.certificate}; ssl_verify_client on; }}
        """
    )
    peer = rig.peer(gateway, tls=True)
    expect_kept(peer)
    assert peer.ask(get(host="closed.example")).status == 421
    expect_kept(peer)


# Closed


@pytest.mark.parametrize("field", ["Connection: close", "Connection: Close", "Connection: keep-alive, close"])
def test_connection_close(rig, site, field):
    """RFC 9112 §9.6: nothing after it is answered."""
    peer = site.peer()
    peer.send(get() + get("/index.html", field) + get("/index.html?after"))
    assert is_page(peer.response())
    last = peer.response()
    assert is_page(last) and last["Connection"] == "close"
    peer.expect_end()
    assert site.log(2) == [("/index.html", 200)] * 2


def test_http_1_0(rig, site):
    """It closes, unless the client asks otherwise and is told so (RFC 9112 §9.3)."""
    peer = site.peer()
    for _ in range(3):
        response = peer.ask(get("/index.html", "Connection: Keep-Alive", http="HTTP/1.0"))
        assert is_page(response) and response["Connection"] == "keep-alive"
    response = peer.ask(get("/none", "Connection: keep-alive", http="HTTP/1.0"))
    assert response.status == 404 and response["Connection"] == "keep-alive"
    expect_kept(peer)
    response = peer.ask(get(http="HTTP/1.0"))
    assert is_page(response) and response["Connection"] == "close"
    peer.expect_end()


SMUGGLED = get("/smuggled")
LENGTH = f"Content-Length: {len(SMUGGLED)}"
CHUNKED = f"{len(SMUGGLED):x}\r\n".encode() + SMUGGLED + b"\r\n0\r\n\r\n"
BODIES = {
    "Content-Length": (405, get("/", LENGTH, method="POST") + SMUGGLED),
    "Content-Length, at a WebSocket": (405, get("/mqtt", LENGTH, method="POST") + SMUGGLED),
    "Content-Length, nowhere": (405, get("/none", LENGTH, method="PUT") + SMUGGLED),
    "Expect": (405, get("/", LENGTH, "Expect: 100-continue", method="POST") + SMUGGLED),
    "chunked": (405, get("/", "Transfer-Encoding: chunked", method="POST") + CHUNKED),
    "a coding nobody knows": (405, get("/", "Transfer-Encoding: xchunked", method="POST") + CHUNKED),
    "both": (400, get("/", LENGTH, "Transfer-Encoding: chunked", method="POST") + b"0\r\n\r\n" + SMUGGLED),
    "two lengths": (400, get("/", "Content-Length: 0", LENGTH, method="POST") + SMUGGLED),
    "a list of lengths": (400, get("/", f"{LENGTH}, 0", method="POST") + SMUGGLED),
    "a signed length": (400, get("/", "Content-Length: +0", method="POST") + SMUGGLED),
    "a length too large": (405, get("/", "Content-Length: " + "9" * 40, method="POST") + SMUGGLED),
    "chunked in 1.0": (400, get("/", "Transfer-Encoding: chunked", "Connection: keep-alive", method="POST",
                                http="HTTP/1.0") + CHUNKED),
    "GET with a body": (400, get("/", LENGTH) + SMUGGLED),
    "chunked GET": (400, get("/", "Transfer-Encoding: chunked") + CHUNKED),
    "a name with a space": (400, get("/", "Content-Length : 0", method="POST") + SMUGGLED),
    "a folded line": (400, get("/", "X: a", f" {LENGTH}", method="POST") + SMUGGLED),
    "bare LF": (400, b"GET / HTTP/1.1\nHost: localhost\n\n" + SMUGGLED),
    "an upgrade that is refused": (400, request(protocols="none") + SMUGGLED),
    "an upgrade where there is none": (200, request("/index.html") + frame(BINARY, SMUGGLED, mask=bytes(4)) + SMUGGLED),
    "an upgrade that is not found": (404, request("/none") + frame(BINARY, SMUGGLED, mask=bytes(4)) + SMUGGLED),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_what_follows_a_body_is_no_request(rig, site, name):
    """RFC 9112 §11.2: bodies are not read, and nobody can say where they end."""
    status, data = BODIES[name]
    peer = site.peer()
    expect_kept(peer)
    peer.send(data)
    response = peer.response()
    assert (response.status, response["Connection"]) == (status, "close"), response
    peer.expect_end()
    assert [line[1] for line in site.log(2)] == [200, status]
    assert "smuggled" not in site.gateway.output()


MALFORMED = {
    "no Host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "nonsense": (400, b"\x00\x01\x02\r\n\r\n"),
    "a bare CR": (400, b"GET / HTTP/1.1\rHost: a\r\n\r\n"),
    "three empty lines": (400, b"\r\n\r\n\r\n"),
    "MQTT": (400, mqttbytes.connect(4, "raw")),
    "HTTP/2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "too long": (414, b"GET /" + b"x" * 20_000),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_second_request(rig, site, name):
    """The answer to the first one is intact, and nothing after the second one is read."""
    status, data = MALFORMED[name]
    peer = site.peer()
    peer.send(get() + data + SMUGGLED)
    assert is_page(peer.response())
    response = peer.response()
    assert (response.status, response["Connection"]) == (status, "close")
    peer.expect_end()
    assert [line[1] for line in site.log(2)] == [200, status]
    assert "smuggled" not in site.gateway.output()


# The upgrade


@pytest.mark.parametrize("before", [1, 2, 40])
@pytest.mark.parametrize("is_pipelined", [True, False], ids=["pipelined", "one by one"])
def test_upgrade_after_other_requests(rig, site, before, is_pipelined):
    """Frames may come with it, before anything is answered."""
    packets = [mqttbytes.connect(4, "late"), mqttbytes.publish("t", "early")]
    parts = [get()] * before + [request(), *(frame(BINARY, packet) for packet in packets)]
    peer = site.peer()
    if is_pipelined:
        peer.send(b"".join(parts))
        assert all(is_page(peer.response()) for _ in range(before))
        assert peer.response().status == 101
    else:
        assert all(is_page(peer.ask(part)) for part in parts[:before])
        assert peer.ask(parts[before]).status == 101
        peer.send(b"".join(parts[before + 1 :]))
    assert peer.read_packets(2) == [mqttbytes.connack(), packets[1]]
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    lines = site.gateway.ended_count(before + 1)
    assert [line["status_reason"] for line in lines] == ["served"] * before + ["client_disconnect"]
    assert len({line["connection_id"] for line in lines}) == 1


def test_upgrade_after_a_426(rig, site):
    peer = site.peer()
    assert peer.ask(get("/mqtt")).status == 426
    peer.open_mqtt()
