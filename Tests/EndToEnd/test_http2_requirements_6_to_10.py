"""The second half of what browsers and proxies need of HTTP/2, see test_http2_requirements.py: drain, requests, windows, frames."""

import signal

import pytest

import bytepeer
import fakebroker
import h2client
import mqttbytes
from bytepeer import BINARY, CONTINUATION, PING, PONG
from h2client import (
    ACK,
    DATA,
    EVERY_STREAM,
    HEADERS,
    NO_ERROR,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    RST_STREAM,
    SETTINGS,
    Site,
    ws,
    ws_close,
)
from harness import eventually, free_port
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


# 6. Drain


def test_requirement_6_a_drain_in_order(rig):
    """GOAWAY for every stream at once, Close 1001 on each, the true number when it ends."""
    site = Site(rig, fakebroker.echo)
    client = site.client()
    streams = [client.mqtt(f"c{number}") for number in range(3)]
    site.gateway.send_signal(signal.SIGTERM)
    for stream in streams:
        assert stream.closed() == 1001
    assert client.goaways[0] == (EVERY_STREAM, NO_ERROR)
    for stream in streams:
        stream.send(ws_close(1001))
        stream.over()
        assert stream.reset in (None, NO_ERROR)
    client.ended()
    assert client.goaways[-1] == (streams[-1].number, NO_ERROR)
    with_close = [index for index, one in enumerate(client.frames) if one.kind == DATA][-len(streams)]
    assert client.frames.index(client.of(h2client.GOAWAY)[0]) < with_close
    site.gateway.process.wait()
    assert {line["status_reason"] for line in site.gateway.access()} == {"shutdown"}


def test_requirement_6_streams_above_the_last_are_refused(rig):
    """Firefox would wait 20 s for one that is not answered; REFUSED_STREAM lets it try elsewhere at once."""
    site = Site(rig, fakebroker.echo)
    client = site.client()
    stream = client.mqtt()
    site.gateway.send_signal(signal.SIGTERM)
    client.until(lambda: [one for one in client.goaways if one[0] != EVERY_STREAM], "the true number")
    late = client.websocket()
    late.over()
    assert late.reset == REFUSED_STREAM and late.fields is None
    stream.send(ws_close(1001))
    stream.over()
    client.ended()


def test_requirement_6_streams_on_their_way_are_taken_before_the_true_number(rig):
    """After a reload the connection is to end, but all that is sent meanwhile is served."""
    site = Site(rig, fakebroker.echo)
    client = site.client()
    stream = client.mqtt()
    reload(site.gateway)
    client.get("/nothing")
    client.until(lambda: client.goaways, "GOAWAY")
    assert client.goaways == [(EVERY_STREAM, NO_ERROR)]
    late = client.mqtt("late")
    late.echo()
    stream.echo()
    for one in (stream, late):
        one.send(ws_close(1000))
        one.over()
    assert client.ended() == (late.number, NO_ERROR)


# 7. Envoy and early clients


def test_requirement_7_an_accept_for_a_key(tls_site):
    """Envoy copies both between HTTP/1.1 and HTTP/2, and does not make the one from the other."""
    stream = tls_site.client().websocket("/mqtt", ("sec-websocket-key", bytepeer.KEY)).opened()
    assert stream.fields["sec-websocket-accept"] == bytepeer.ACCEPT


def test_requirement_7_no_accept_without_a_key(tls_site):
    stream = tls_site.client().websocket().opened()
    assert "sec-websocket-accept" not in stream.fields


@pytest.mark.parametrize("key", ["x", "", "dGhlIHNhbXBsZSBub25jZQ", "a" * 400])
def test_requirement_7_a_key_that_is_none(tls_site, key):
    """Over HTTP/2 the key has no meaning (RFC 8441 §5): either the refusal of HTTP/1.1 or an answer without it."""
    client = tls_site.client()
    stream = client.websocket("/mqtt", ("sec-websocket-key", key))
    stream.wait(lambda stream: stream.fields, "an answer")
    assert stream.status in (200, 400)
    assert stream.status == 400 or "sec-websocket-accept" not in stream.fields or key
    client.mqtt().echo()


def test_requirement_7_before_our_settings_were_read(site):
    """Preface, SETTINGS, extended CONNECT, MQTT CONNECT and a message in one write."""
    client = site.client(h2client.RawClient, waits=False)
    number = 1
    publish = mqttbytes.publish("a", b"early", version=5)
    client.send_bytes(
        client.headers(h2client.connect_fields(scheme=client.scheme), h2client.END_HEADERS, stream=number)
        + h2client.frame(DATA, number, ws(BINARY, mqttbytes.connect(5, "early")))
        + h2client.frame(DATA, number, ws(BINARY, publish))
    )
    client.until(lambda: any(publish in one.payload for one in client.of(DATA)), "the echo")
    assert client.frames[0].kind == SETTINGS
    assert client.statuses() == {1: 200}


# 8. The request


def test_requirement_8_cookies_are_joined(rig):
    site = Site(
        rig, fakebroker.echo, main="log_format cookies '$http_cookie|$cookie_a|$cookie_b';",
        server="access_log cookies.log cookies;")  # fmt: skip
    client = site.client()
    stream = client.mqtt("c", "/mqtt", ("cookie", "a=1"), ("accept", "*/*"), ("cookie", "b=2"), ("cookie", "c=3"))
    stream.send(ws_close(), end=True)
    stream.over()
    log = site.gateway.directory / "cookies.log"
    eventually(lambda: log.exists() and log.read_text(), "the line of the session")
    assert log.read_text() == "a=1; b=2; c=3|1|2\n"


SITES = """
worker_threads 2;
error_log stderr debug;
access_log access.log json;
upstream a { server %s; }
upstream b { server %s; }
server {
    listen 127.0.0.1:%d ssl; server_name a.test; ssl_certificate %s; ssl_certificate_key %s;
         location /mqtt { mqtt_pass a; } location /only-a { mqtt_pass a; } }
server {
    listen 127.0.0.1:%d ssl; server_name b.test; ssl_certificate %s; ssl_certificate_key %s;
         %s location /mqtt { mqtt_pass b; } location /only-b { mqtt_pass b; } }
"""


def two_sites(rig, b=""):
    port = free_port()
    brokers = [rig.fake(fakebroker.echo), rig.fake(fakebroker.echo)]
    certificate = rig.authority.issue("sites", "DNS:a.test,DNS:b.test")
    pair = (certificate.certificate, certificate.key)
    gateway = rig.gateway(
        config=SITES % (brokers[0].address, brokers[1].address, port, *pair, port, *pair, b))
    tls = h2client.context(certificate)
    return gateway, brokers, lambda host: rig.keep(h2client.Client(port, context=tls, host=host))


def test_requirement_8_the_site_of_each_stream_by_its_authority(rig):
    """Firefox puts a socket for b.test on the connection of a.test when address and certificate are the same."""
    gateway, brokers, connect = two_sites(rig)
    client = connect("a.test")
    client.mqtt("for-a").echo()
    client.mqtt("for-b", authority="b.test").echo()
    client.mqtt("for-b-too", "/only-b", authority="B.TEST:443").echo()
    assert client.websocket("/only-b").over().status == 404
    assert client.websocket("/only-a", authority="b.test").over().status == 404
    assert [len(one.connections) for one in brokers] == [1, 2]


def test_requirement_8_another_site_with_client_certificates_is_misdirected(rig):
    gateway, _, connect = two_sites(rig, f"ssl_verify_client optional; ssl_client_certificate {rig.authority.certificate};")
    client = connect("a.test")
    stream = client.websocket(authority="b.test").over()
    assert stream.status == 421 and "content-type" not in stream.fields
    client.mqtt("a").echo()
    connect("b.test").mqtt("b").echo()


def test_requirement_8_origins_as_over_http1(rig):
    site = Site(rig, fakebroker.echo, location="websocket_origins https://good.test;")
    client = site.client()
    client.mqtt("good", "/mqtt", ("origin", "https://good.test")).echo()
    client.mqtt("none").echo()
    stream = client.websocket("/mqtt", ("origin", "https://bad.test")).over()
    assert stream.status == 403
    assert site.gateway.ended(status_reason="origin_refused")["http_status"] == 403


@pytest.mark.parametrize(
    "field",
    [("connection", "upgrade"), ("upgrade", "websocket"), ("transfer-encoding", "chunked"), ("keep-alive", "timeout=5"),
     ("proxy-connection", "keep-alive"), ("te", "gzip"), ("Origin", "https://a.test"), ("a b", "c"), ("x-a", "b\r\nc: d"),
     ("x-a", "b\0c"), (":status", "200"), (":path", "/twice"), ("host", "other.test")],
    ids=lambda field: field[0].strip(":") + ("-pseudo" if field[0][0] == ":" else ""),
)  # fmt: skip
@pytest.mark.parametrize("is_websocket", [True, False], ids=["websocket", "get"])
def test_requirement_8_malformed_requests(tls_site, field, is_websocket):
    """nginx sends connection and upgrade over HTTP/2. The stream alone is refused, and never taken for a WebSocket."""
    client = tls_site.client(h2client.RawClient)
    fields = h2client.connect_fields() if is_websocket else h2client.request_fields("/mqtt")
    client.send_bytes(client.headers([*fields, field], h2client.END_HEADERS))
    client.until(lambda: [one for one in client.frames if one.stream == 1], "an answer")
    first = next(one for one in client.frames if one.stream == 1)
    if first.kind == RST_STREAM:
        assert first.code == PROTOCOL_ERROR
    else:
        assert client.statuses() == {1: 400}
    client.send_bytes(client.headers(h2client.connect_fields(), h2client.END_HEADERS))
    client.until(lambda: client.statuses().get(3) == 200, "the next stream")
    assert not client.goaways
    assert not tls_site.broker.connections


@pytest.mark.parametrize("missing", [":method", ":scheme", ":path", ":authority"])
def test_requirement_8_missing_pseudo_header_fields(tls_site, missing):
    client = tls_site.client(h2client.RawClient)
    fields = [field for field in h2client.connect_fields() if field[0] != missing]
    client.send_bytes(client.headers(fields, h2client.END_HEADERS))
    client.until(lambda: [one for one in client.frames if one.stream == 1], "an answer")
    first = next(one for one in client.frames if one.stream == 1)
    assert first.kind == RST_STREAM and first.code == PROTOCOL_ERROR or client.statuses() == {1: 400}
    client.answered()
    assert not client.goaways


def test_requirement_8_nginx_as_it_asks(tls_site):
    """`proxy_http_version 2` with the usual two lines: HEADERS with END_STREAM, `upgrade`, `connection`."""
    client = tls_site.client(h2client.RawClient)
    fields = [*h2client.request_fields("/mqtt"), ("upgrade", "websocket"), ("connection", "upgrade")]
    client.send_bytes(client.headers(fields))
    client.until(lambda: client.of(RST_STREAM), "RST_STREAM")
    assert client.of(RST_STREAM)[0].code == PROTOCOL_ERROR


# 9. Pages that do not read


@pytest.mark.parametrize(
    "settings, credit, window",
    [(CHROMIUM, 0, 6_291_456), (FIREFOX, 12_451_840, 12_582_912)],
    ids=["chromium", "firefox"],
)
def test_requirement_9_less_than_the_window_is_under_way(rig, settings, credit, window):
    """A page that reads nothing: much less than its window is sent to it, and the broker is stopped."""
    site = Site(rig, fakebroker.flood(mqttbytes.publish("t", bytes(8000), version=5), 64 << 20))
    client = site.client(settings=settings, window=64 << 20, gives_credit=False)
    stream = client.websocket()
    if credit:
        client.open_window(stream, credit)
    stream.opened().is_counted = True
    stream.send_packet(mqttbytes.connect(5, "slow"))
    stream.wait(lambda stream: stream.size > 1 << 20, "the flood")
    client.settle(lambda: stream.size)
    assert window // 4 < stream.size < window * 3 // 4
    client.answered()
    stream.cancel()
    assert site.gateway.ended(mqtt_client_id="slow")["status_reason"] == "client_lost"


@pytest.mark.parametrize("settings, credit, window, step", [
    (CHROMIUM, 0, 6_291_456, 6_291_456 // 2), (FIREFOX, 12_451_840, 12_582_912, 4 << 20),
], ids=["chromium-by-halves", "firefox-from-4-mebibytes"])  # fmt: skip
def test_requirement_9_clients_that_give_credit_late_get_everything(rig, settings, credit, window, step):
    total = 40 << 20
    site = Site(rig, fakebroker.flood(mqttbytes.publish("t", bytes(8000), version=5), total))
    client = site.client(settings=settings, window=256 << 20, gives_credit=False)
    stream = client.websocket()
    if credit:
        client.open_window(stream, credit)
    stream.opened().is_counted = True
    stream.send_packet(mqttbytes.connect(5, "late credit"))

    def progress():
        if stream.unread >= step:
            client.open_window(stream, stream.unread)
        return stream.size >= total

    client.until(progress, lambda: f"{total} bytes, there are {stream.size}", 60)


# 10. Fragments, padding, PING


def test_requirement_10_chromiums_fragments(rig, tls_site):
    """Chromium cuts a message over 131,000 bytes into fragments of that size."""
    stream = tls_site.client().mqtt()
    packet = mqttbytes.publish("big", rig.random.randbytes(1_000_000), version=5)
    parts = [packet[start : start + 131_000] for start in range(0, len(packet), 131_000)]
    for index, part in enumerate(parts):
        stream.send(ws(CONTINUATION if index else BINARY, part, fin=index == len(parts) - 1))
    stream.expect(packet)


def test_requirement_10_frames_split_at_every_byte(tls_site):
    """Each byte in a DATA frame of its own, and every place of a cut in two."""
    client = tls_site.client()
    stream = client.mqtt()
    packet = mqttbytes.publish("a/b", bytes(range(200)), version=5)
    data = ws(BINARY, packet)
    for index in range(len(data)):
        client.h2.send_data(stream.number, data[index : index + 1])
    client.flush()
    stream.expect(packet)
    for index in range(1, len(data)):
        client.h2.send_data(stream.number, data[:index])
        client.h2.send_data(stream.number, data[index:])
        client.flush()
        stream.expect(packet)


def test_requirement_10_each_byte_in_a_write_of_its_own(tls_site):
    client = tls_site.client()
    stream = client.mqtt()
    packet = mqttbytes.publish("a/b", b"x" * 20, version=5)
    for byte in ws(BINARY, packet):
        stream.send(bytes([byte]))
        client.answered()
    stream.expect(packet)


@pytest.mark.parametrize("pad", [0, 1, 100, 255])
def test_requirement_10_padded_data(tls_site, pad):
    """The padding counts for the windows, which open again: a hundred times more than they hold."""
    client = tls_site.client()
    stream = client.mqtt()
    packet = mqttbytes.publish("a/b", b"x" * 1000, version=5)
    for _ in range(100 if pad == 255 else 5):
        data = ws(BINARY, packet)
        for part in (data[:3], data[3:]):
            client.until(
                lambda: client.h2.local_flow_control_window(stream.number) > len(part) + pad + 1, "credit")  # noqa: B023
            client.h2.send_data(stream.number, part, pad_length=pad)
        client.flush()
        stream.expect(packet)


def test_requirement_10_two_messages_in_one_data_frame(tls_site):
    stream = tls_site.client().mqtt()
    first, second = (mqttbytes.publish("t", text, version=5) for text in (b"one", b"two"))
    stream.send(ws(BINARY, first) + ws(BINARY, second))
    stream.expect(first)
    stream.expect(second)


def test_requirement_10_ping_is_answered(site):
    """Chromium sends one after 10 s of silence, and gives up the connection without an answer."""
    client = site.client()
    client.answered(b"12345678")
    stream = client.mqtt()
    client.answered(b"abcdefgh")
    assert [one.payload for one in client.of(h2client.PING) if one.flags & ACK] == [b"12345678", b"abcdefgh"]
    stream.send(ws(PING, b"of the WebSocket"))
    stream.wait(lambda stream: (PONG, b"of the WebSocket") in stream.frames, "Pong")
