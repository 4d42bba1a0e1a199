"""What browsers and proxies need of HTTP/2 to let WebSockets go over it, shown in frames: Chromium 156, Firefox ESR 153,
HAProxy 3.2, Envoy 1.40 and nginx 1.30 were watched, and several of these are against what one would guess."""


import pytest

import bytepeer
import fakebroker
import h2client
import mqttbytes
from bytepeer import CLOSE
from h2client import DATA, HEADERS, NO_ERROR, REFUSED_STREAM, RST_STREAM, SETTINGS, Site, ws_close
from reloads import reload

CHROMIUM = {1: 65_536, 2: 0, 4: 6_291_456, 6: 262_144}
FIREFOX = {1: 65_536, 2: 0, 4: 131_072, 5: 16_384}


@pytest.fixture(params=["plain", "tls"])
def site(rig, request):
    """A gateway before an echo."""
    return Site(rig, fakebroker.echo, is_tls=request.param == "tls")


@pytest.fixture
def tls_site(rig):
    return Site(rig, fakebroker.echo)


# 1. SETTINGS_ENABLE_CONNECT_PROTOCOL


def test_requirement_1_the_first_settings_frame_allows_websockets(site):
    client = site.client()
    first = client.frames[0]
    assert (first.kind, first.flags) == (SETTINGS, 0)
    assert first.settings[h2client.ENABLE_CONNECT_PROTOCOL] == 1


# 2. HTTP/1.1 beside it


def over_http1(rig, gateway, protocols):
    """An MQTT session over HTTP/1.1; returns what ALPN has chosen."""
    peer = rig.peer(gateway, tls=h2client.context(rig.certificate, protocols))
    chosen = peer.socket.selected_alpn_protocol()
    peer.open_mqtt(5, "http1")
    return chosen


@pytest.mark.parametrize("protocols, chosen", [(["http/1.1"], "http/1.1"), ([], None)])
def test_requirement_2_http1_on_the_same_port(rig, tls_site, protocols, chosen):
    """Chromium's first sockets ask for http/1.1 alone; paho and old clients have no ALPN."""
    assert over_http1(rig, tls_site.gateway, protocols) == chosen
    tls_site.client().mqtt("beside").echo()


def test_requirement_2_a_client_may_prefer_http1(rig, tls_site):
    """The gateway chooses h2 where it is offered."""
    with pytest.raises(AssertionError, match="http/1.1"):
        tls_site.client(context=h2client.context(rig.certificate, ["http/1.1"]))
    tls_site.client(context=h2client.context(rig.certificate, ["http/1.1", "h2"])).mqtt().echo()


def test_requirement_2_http1_after_goaway(rig, tls_site):
    """Chromium comes back over http/1.1 when a connection has said GOAWAY."""
    client = tls_site.client()
    stream = client.mqtt()
    reload(tls_site.gateway)
    client.request("/none").over()
    client.until(lambda: client.goaways, "GOAWAY after the reload")
    assert over_http1(rig, tls_site.gateway, ["http/1.1"]) == "http/1.1"
    stream.echo()


@pytest.mark.parametrize("first, second", [("h2", "http/1.1"), ("http/1.1", "h2"), ("h2", None)])
def test_requirement_2_alpn_is_chosen_again_at_resumption(rig, tls_site, first, second):
    tls = h2client.context(rig.certificate, [first])

    def handshake(session=None):
        raw = bytepeer.connect(tls_site.gateway.tls_address)
        wrapped = tls.wrap_socket(raw, server_hostname="localhost", session=session)
        with wrapped:
            chosen = wrapped.selected_alpn_protocol()
            if chosen == "h2":
                wrapped.sendall(h2client.PREFACE + h2client.settings({}))
                assert wrapped.recv(9)[3] == SETTINGS
            else:
                wrapped.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert wrapped.recv(9) == b"HTTP/1.1 "
            return chosen, wrapped.session_reused, wrapped.session

    chosen, _, session = handshake()
    assert chosen == first
    if second:
        tls.set_alpn_protocols([second])
    else:
        made = h2client.context(rig.certificate, None)
        made.minimum_version = tls.minimum_version
        tls = made
        session = None  # Python binds a session to its context
    chosen, is_resumed, _ = handshake(session)
    assert chosen == second
    assert is_resumed == (session is not None)


def test_requirement_2_h2_can_be_turned_off(rig):
    gateway = rig.tls_gateway([rig.fake(fakebroker.echo)], server="http2 off;")
    assert over_http1(rig, gateway, ["h2", "http/1.1"]) == "http/1.1"
    peer = rig.peer(gateway)
    peer.send(h2client.PREFACE + h2client.settings({}))
    assert peer.response().status in (400, 505)


# 3. Streams


def test_requirement_3_256_streams_and_more(rig, tls_site):
    client = tls_site.client()
    limit = client.settings[h2client.MAX_CONCURRENT_STREAMS]
    assert limit >= 256
    streams = [client.websocket() for _ in range(limit)]
    for stream in streams:
        stream.opened()
    streams[0].send_packet(mqttbytes.connect(5, "first"))
    streams[-1].send_packet(mqttbytes.connect(5, "last"))
    assert (streams[0].connack(), streams[-1].connack()) == (0, 0)


def test_requirement_3_the_directive(rig):
    site = Site(rig, fakebroker.echo, server="http2_max_concurrent_streams 1000;")
    assert site.client().settings[h2client.MAX_CONCURRENT_STREAMS] == 1000


# 4. The end of a stream


def test_requirement_4_end_stream_and_rst_after_both_closes(rig, tls_site):
    """The page closes as Firefox does: its half of the stream stays open."""
    client = tls_site.client()
    stream = client.mqtt()
    stream.send(ws_close(1000))
    stream.wait(lambda stream: stream.reset is not None, "RST_STREAM")
    assert stream.close[0] == 1000
    assert stream.trace[-3:] == ["DATA", "END_STREAM", "RST_STREAM 0"]


def test_requirement_4_no_rst_when_the_client_has_ended_its_side(rig, tls_site):
    """Chromium has END_STREAM on its Close."""
    client = tls_site.client()
    stream = client.mqtt()
    stream.send(ws_close(1000), end=True)
    stream.over()
    client.answered()
    assert stream.trace[-2:] == ["DATA", "END_STREAM"]
    assert stream.reset is None


@pytest.mark.parametrize("ends", [False, True], ids=["firefox", "chromium"])
def test_requirement_4_the_gateways_close_waits_for_the_clients(rig, ends):
    """The broker ends the session: Close without END_STREAM, and the end of the stream only after the client's Close."""
    site = Site(rig, fakebroker.echo)
    client = site.client()
    stream = client.mqtt()
    site.broker.connection().socket.shutdown(2)
    code = stream.closed()
    client.answered()
    assert not stream.is_over and stream.trace[-1] == "DATA"
    stream.send(ws_close(code), end=ends)
    stream.over()
    client.answered()
    assert stream.trace[-2:] == (["DATA", "END_STREAM"] if ends else ["END_STREAM", "RST_STREAM 0"])
    assert [opcode for opcode, _ in stream.frames].count(CLOSE) == 1


def test_requirement_4_a_refused_mqtt_connect_ends_the_same_way(rig):
    site = Site(rig, fakebroker.echo, location="deny all;")
    stream = site.client().websocket().opened()
    stream.send_packet(mqttbytes.connect(5, "denied"))
    assert stream.connack() == 0x87
    code = stream.closed()
    stream.connection.answered()
    assert not stream.is_over
    stream.send(ws_close(code))
    stream.wait(lambda stream: stream.reset is not None, "RST_STREAM")
    assert stream.trace[-2:] == ["END_STREAM", "RST_STREAM 0"]


def test_requirement_4_streams_that_firefox_leaves_half_open_do_not_count(rig, tls_site):
    """Three times as many as may be open at a time, one after the other."""
    client = tls_site.client(settings=FIREFOX)
    for number in range(3 * client.settings[h2client.MAX_CONCURRENT_STREAMS]):
        stream = client.websocket().opened()
        stream.send_packet(mqttbytes.connect(4, f"c{number}"))
        stream.connack()
        stream.send(ws_close(1000))
        stream.wait(lambda stream: stream.reset is not None, "RST_STREAM")
        assert stream.reset == NO_ERROR
    client.mqtt("the next one").echo()


# 5. Refusals


@pytest.mark.parametrize(
    "path, fields, status",
    [
        ("/nothing", [], 404),
        ("/mqtt", [("origin", "https://evil.test")], 403),
        ("/files/index.html", [], 404),
        ("/mqtt", [("sec-websocket-version", "12")], 426),
    ],
)
def test_requirement_5_refusals_have_neither_content_nor_its_type(rig, path, fields, status):
    """With a content-type Firefox gives up its connection; after REFUSED_STREAM Chromium tries again."""
    root = rig.path("www")
    (root / "index.html").write_text("x")
    site = Site(
        rig, fakebroker.echo, location="websocket_origins https://good.test;",
        server=f"location /files {{ root {root}; }}")  # fmt: skip
    client = site.client()
    neighbour = client.mqtt()
    stream = client.websocket(path, *fields).over()
    assert stream.status == status
    assert "content-type" not in stream.fields
    assert stream.fields.get("content-length", "0") == "0"
    assert stream.size == 0
    assert stream.trace[:2] == ["HEADERS", "END_STREAM"]
    assert stream.reset in (None, NO_ERROR)
    assert not client.goaways
    neighbour.echo()
    assert client.get("/nothing").fields["content-type"], "other requests get an answer to read"


@pytest.mark.parametrize("protocol", ["connect-udp", "webtransport", "WEBSOCKETS"])
def test_requirement_5_another_protocol(tls_site, protocol):
    client = tls_site.client()
    head = [field if field[0] != ":protocol" else (":protocol", protocol) for field in h2client.connect_fields(scheme="https")]
    stream = client.begin(head).over()
    assert stream.status == 501 and "content-type" not in stream.fields and stream.size == 0
    client.mqtt().echo()


def test_requirement_5_no_subprotocol_of_ours(tls_site):
    stream = tls_site.client().websocket(protocols="chat").over()
    assert stream.status == 400 and "content-type" not in stream.fields and stream.size == 0
