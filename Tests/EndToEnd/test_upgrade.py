"""The way to the WebSocket: request heads, refusals, subprotocols, listeners (RFC 9110, RFC 9112, RFC 6455 §4)."""

import pytest

import harness
import mqttbytes
from bytepeer import ACCEPT, KEY, request


@pytest.fixture
def gateway(rig):
    """In front of a broker that must never be reached."""
    broker = rig.fake()
    gateway = rig.gateway([broker], location="websocket_origins https://example.com https://*.example.org;")
    yield gateway
    assert broker.connections == [], "a refused request reached the broker"


def refused(rig, gateway, data, status):
    """The answer to `data`, which must be `status`, be complete and end the connection."""
    peer = rig.peer(gateway)
    response = peer.ask(data)
    assert response.status == status, (response, response.body)
    assert response["Connection"] and "close" in response["Connection"].lower() or status == 426
    assert response["Content-Length"] is not None
    peer.expect_end()
    return response


# Refusals

BAD_REQUESTS = {
    "no Host, RFC 9112 §3.2": request(drop=["Host"]),
    "two Hosts, RFC 9112 §3.2": request(extra=["Host: other"]),
    "no key, RFC 6455 §4.2.1": request(drop=["Sec-WebSocket-Key"]),
    "key of 15 bytes": request(drop=["Sec-WebSocket-Key"], extra=["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"]),
    "key that is not base64": request(drop=["Sec-WebSocket-Key"], extra=["Sec-WebSocket-Key: !!!!bXBsZSBub25jZQ=="]),
    "two keys, RFC 6455 §11.3.1": request(extra=[f"Sec-WebSocket-Key: {KEY}"]),
    "Connection without upgrade": request(drop=["Connection"], extra=["Connection: keep-alive"]),
    "no Connection": request(drop=["Connection"]),
    "space before colon, RFC 9112 §5.1": request(extra=["X-A : b"]),
    "folded field, RFC 9112 §5.2": request(extra=["X-A: b", " c"]),
    "NUL in a value, RFC 9110 §5.5": request(extra=["X-A: b\x00c"]),
    "field without colon": request(extra=["nonsense"]),
    "bare LF, RFC 9112 §2.2": request().replace(b"\r\n", b"\n"),
    "bare CR": request(extra=["X-A: b\rc"]),
    "no version in the request line": b"GET /mqtt\r\nHost: a\r\n\r\n",
    "two spaces in the request line": b"GET  /mqtt HTTP/1.1\r\nHost: a\r\n\r\n",
    "target that is no path": request(path="mqtt"),
    "bad percent encoding": request(path="/mqtt%zz"),
    "NUL in the path": request(path="/mqtt%00"),
    "a body is announced": request(extra=["Content-Length: 5"]),
    "chunked body": request(extra=["Transfer-Encoding: chunked"]),
    "both, RFC 9112 §6.3": request(extra=["Transfer-Encoding: chunked", "Content-Length: 5"]),
    "MQTT without WebSocket": mqttbytes.connect(4, "raw"),
    "TLS ClientHello on a plain port": bytes.fromhex("16030100c8010000c40303") + bytes(32),
    "PROXY v1": b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + request(),
    "PROXY v2": bytes.fromhex("0d0a0d0a000d0a515549540a2111000c") + bytes(12) + request(),
    "three empty lines, RFC 9112 §2.2": b"\r\n\r\n\r\n" + request(),
    "control byte first": b"\x01" + request(),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_400(rig, gateway, name):
    response = refused(rig, gateway, BAD_REQUESTS[name], 400)
    assert response.body, "a refusal says why"
    assert gateway.ended_count(1)[0]["status_reason"] == "request_refused"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://example.com", "https://example.com:444", "https://example.org", "null",
               "https://badexample.org", "https://example.com.evil.example"]
)  # fmt: skip
def test_403_for_a_foreign_origin(rig, gateway, origin):
    refused(rig, gateway, request(extra=[f"Origin: {origin}"]), 403)
    assert gateway.ended_count(1)[0]["status_reason"] == "origin_refused"


@pytest.mark.parametrize(
    "origin", ["https://example.com", "HTTPS://EXAMPLE.COM", "https://example.com:443", "https://a.example.org",
               "https://a.b.example.org", None]
)  # fmt: skip
def test_allowed_origin(rig, gateway, origin):
    """RFC 6454: scheme and host in any case, the default port is none; without Origin it is no browser."""
    rig.peer(gateway).upgrade(extra=[f"Origin: {origin}"] if origin else [])


@pytest.mark.parametrize("allowed", ["null", "file://"])
def test_origins_of_pages_without_a_host(rig, allowed):
    """RFC 6454 §6.1: sandboxed frames send null; Cordova's and Electron's own pages file://."""
    gateway = rig.gateway([rig.fake()], location=f"websocket_origins https://example.com {allowed};")
    for origin in ("null", "file://", "https://example.com", "file:///", "https://evil.example"):
        answer = rig.peer(gateway).ask(request(extra=[f"Origin: {origin}"]))
        assert answer.status == (101 if origin in (allowed, "https://example.com") else 403), origin


def test_404(rig, gateway):
    refused(rig, gateway, request(path="/other"), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "OPTIONS", "DELETE"])
def test_405_names_what_is_allowed(rig, gateway, method):
    """RFC 9110 §15.5.6."""
    peer = rig.peer(gateway)
    peer.send(request(method=method))
    if method == "HEAD":  # RFC 9110 §9.3.2: no content
        assert b" 405 " in peer.read_to_end().split(b"\r\n")[0]
        return
    response = peer.response()
    assert response.status == 405
    assert response["Allow"] == "GET"
    peer.expect_end()


def test_426_without_upgrade(rig, gateway):
    """RFC 9110 §15.5.22: names the protocol to upgrade to."""
    response = refused(rig, gateway, request(drop=["Upgrade"], extra=["Connection: close"]), 426)
    assert response["Upgrade"] == "websocket"


@pytest.mark.parametrize("version", ["8", "14", "013", "", None])
def test_426_for_another_websocket_version(rig, gateway, version):
    """RFC 6455 §4.4."""
    extra = [f"Sec-WebSocket-Version: {version}"] if version is not None else []
    response = refused(rig, gateway, request(drop=["Sec-WebSocket-Version"], extra=extra), 426)
    assert response["Sec-WebSocket-Version"] == "13"


@pytest.mark.parametrize("http", ["HTTP/1.0", "HTTP/2.0", "HTTP/3.1"])
def test_505(rig, gateway, http):
    refused(rig, gateway, request(http=http), 505)


def test_505_for_an_http2_preface_where_it_is_off(rig):
    gateway = rig.gateway([rig.fake()], server="http2 off;")
    refused(rig, gateway, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)


def test_408_for_a_head_that_does_not_end(rig):
    gateway = rig.gateway([rig.fake()], server="client_header_timeout 300ms;")
    refused(rig, gateway, request()[:-2], 408)
    assert gateway.ended_count(1)[0]["status_reason"] == "request_timeout"


def test_408_comes_though_bytes_trickle_in(rig):
    """The limit is for the whole head, not for each byte."""
    gateway = rig.gateway([rig.fake()], server="client_header_timeout 500ms;")
    peer = rig.peer(gateway, timeout=0.02)
    peer.send(b"GET /mqtt HTTP/1.1\r\n")

    def trickle():
        try:
            peer.send(b"X-Slow: 1\r\n")
            peer.fill()
        except TimeoutError:
            pass
        except OSError:
            return True
        return b"\r\n\r\n" in peer.buffer

    harness.eventually(trickle, "the answer to a slow request")
    assert peer.response().status == 408


def test_431_for_a_large_head(rig):
    gateway = rig.gateway([rig.fake()], server="client_header_buffer_size 2k;")
    refused(rig, gateway, request(extra=["X-Large: " + "a" * 4096]), 431)
    rig.peer(gateway).upgrade(extra=["X-Large: " + "a" * 1024])


def test_431_for_too_many_fields(rig, gateway):
    refused(rig, gateway, request(extra=[f"X-{index}: 1" for index in range(200)]), 431)


def test_414_for_a_long_request_line(rig):
    gateway = rig.gateway([rig.fake()], server="client_header_buffer_size 2k;")
    refused(rig, gateway, request(path="/mqtt?" + "a" * 4096), 414)


# What is accepted


def test_101_in_full(rig, gateway):
    response = rig.peer(gateway).upgrade()
    assert response["Upgrade"].lower() == "websocket"
    assert response["Connection"].lower() == "upgrade"
    assert response["Sec-WebSocket-Accept"] == ACCEPT
    assert response["Sec-WebSocket-Protocol"] == "mqtt"
    assert response["Sec-WebSocket-Extensions"] is None


@pytest.mark.parametrize(
    "data",
    [
        request(drop=["Upgrade"], extra=["Upgrade: WebSocket"]),
        request(drop=["Upgrade"], extra=["Upgrade: h2c, websocket"]),
        request(drop=["Connection"], extra=["Connection: keep-alive, Upgrade"]),
        request(drop=["Connection"], extra=["Connection: keep-alive", "Connection: UPGRADE"]),
        request(extra=["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]),
        request(path="/mqtt?token=abc%20def"),
        request(path="/mqtt/below"),
        request(path="http://localhost/mqtt"),
        request(path="/x/../mqtt"),
        request(path="/m%71tt"),
        b"\r\n" + request(),
        request(extra=["Content-Length: 0"]),
    ],
    ids=["case of Upgrade", "list in Upgrade", "list in Connection", "two Connections", "extensions offered", "query",
         "below the location", "absolute form", "dot segments", "percent encoded", "empty line first", "no content"],
)  # fmt: skip
def test_accepted_requests(rig, gateway, data):
    response = rig.peer(gateway).ask(data)
    assert (response.status, response["Sec-WebSocket-Extensions"]) == (101, None)


def test_head_byte_by_byte(rig, gateway):
    peer = rig.peer(gateway)
    peer.send_cut(request())
    assert peer.response().status == 101


# Subprotocols [MQTT-6.0.0-3] [MQTT-6.0.0-4]


@pytest.mark.parametrize(
    "offered, chosen",
    [
        ("mqtt", "mqtt"),
        ("mqttv3.1", "mqttv3.1"),
        ("mqttv3.1, mqtt", "mqtt"),
        ("mqtt, mqttv3.1", "mqtt"),
        ("chat, mqttv3.1, soap", "mqttv3.1"),
        ("a-token, mqtt", "mqtt"),
    ],
)
def test_subprotocol_is_one_of_those_offered(rig, gateway, offered, chosen):
    assert rig.peer(gateway).upgrade(protocols=offered).values("Sec-WebSocket-Protocol") == [chosen]


def test_subprotocols_in_several_fields(rig, gateway):
    response = rig.peer(gateway).upgrade(
        protocols=None, extra=["Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: mqtt"]
    )
    assert response["Sec-WebSocket-Protocol"] == "mqtt"


@pytest.mark.parametrize("offered", ["chat", "MQTT", "mqttv3.1.1", "mqtt5, amqp", None])
def test_400_without_a_common_subprotocol(rig, gateway, offered):
    response = refused(rig, gateway, request(protocols=offered), 400)
    assert b"mqtt" in response.body, "the answer names what is allowed"


def test_subprotocol_need_not_be_offered_when_switched_off(rig):
    gateway = rig.gateway([rig.mosquitto()], location="websocket_require_subprotocol off;")
    peer = rig.peer(gateway)
    assert peer.upgrade(protocols=None)["Sec-WebSocket-Protocol"] is None
    peer.send_mqtt(mqttbytes.connect(4, "plain"))
    assert peer.read_packet() == mqttbytes.connack()
    assert rig.peer(gateway).ask(request(protocols="chat")).status == 400


def test_subprotocol_list_of_the_operator(rig):
    gateway = rig.gateway([rig.fake()], location="websocket_subprotocols mqtt-v5 mqtt;")
    assert rig.peer(gateway).upgrade(protocols="mqtt-v5")["Sec-WebSocket-Protocol"] == "mqtt-v5"
    assert rig.peer(gateway).ask(request(protocols="mqttv3.1")).status == 400


# Listeners


def test_listeners_of_every_kind_at_once(rig):
    path = str(rig.path("socket") / "gateway.sock")
    first, second, third = (harness.free_port() for _ in range(3))
    listen = [f"127.0.0.1:{first}", f"{second}", f"[::1]:{third}", f"unix:{path}"]
    gateway = rig.gateway([rig.mosquitto()], listen=listen)
    for index, address in enumerate([("127.0.0.1", first), ("127.0.0.1", second), ("::1", third), path]):
        peer = rig.peer(address)
        peer.open_mqtt(4, f"client{index}")
        peer.send_mqtt(mqttbytes.disconnect())
        peer.expect_close(1000)
        line = gateway.ended(mqtt_client_id=f"client{index}")
        assert line["status_reason"] == "client_disconnect"


# Files beside the gateway


@pytest.fixture
def website(rig):
    root = rig.path("www")
    (root / "index.html").write_text("<p>front page</p>")
    (root / "app.js").write_text("let a = 1")
    (root / "below").mkdir()
    (root / "below" / "index.html").write_text("below")
    (root.parent / "secret").write_text("secret")
    return rig.gateway([rig.mosquitto()], server=f"location / {{ root {root}; index index.html; }}")


def get(rig, gateway, path, method="GET"):
    peer = rig.peer(gateway)
    return peer.ask(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def test_files(rig, website):
    front = get(rig, website, "/")
    assert (front.status, front.body) == (200, b"<p>front page</p>")
    assert front["Content-Type"].startswith("text/html")
    script = get(rig, website, "/app.js?v=2")
    assert (script.status, script.body) == (200, b"let a = 1")
    assert "javascript" in script["Content-Type"]
    assert get(rig, website, "/none").status == 404
    rig.peer(website).open_mqtt()


@pytest.mark.parametrize(
    "path", ["/../secret", "/%2e%2e/secret", "/below/..%2f..%2fsecret", "/..%5csecret", "//etc/passwd"]
)
def test_no_file_outside_the_root(rig, website, path):
    response = get(rig, website, path)
    assert response.status in (400, 403, 404)
    assert b"secret" not in response.body and b"root:" not in response.body


def test_405_for_other_methods_on_files(rig, website):
    assert get(rig, website, "/app.js", "POST").status == 405
