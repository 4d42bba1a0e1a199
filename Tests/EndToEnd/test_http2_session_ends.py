"""How sessions over HTTP/2 end: by the client at every stage, by the broker, the operator, and time."""

import signal
import socket

import pytest

import fakebroker
import h2client
import mqttbytes
from bytepeer import BINARY, PING, PONG
from h2client import CANCEL, NO_ERROR, Client, Site, ws, ws_close
from harness import DEADLINE, eventually
from operator_side import OperatorSide
from reloads import reload

MEBIBYTE = 1 << 20
from test_http2_sessions import by_client_id, connection_of


@pytest.fixture
def tls_site(rig):
    return Site(rig, fakebroker.echo)


# Ends at every stage

STAGES = ["before the answer", "before CONNECT", "half a CONNECT", "connecting", "open", "half a packet", "closing"]
WAYS = ["RST_STREAM", "END_STREAM", "Close", "Close and END_STREAM", "GOAWAY and FIN", "TCP"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stage", STAGES)
def test_client_ends_at_every_stage(rig, stage, way):
    """Its session ends with a line in the log, its broker sees the end, and its neighbour does not notice."""
    site = Site(rig, by_client_id(silent=fakebroker.silent), location="upstream_connack_timeout 30s;")
    client, others = site.client(), site.client()
    neighbour = others.mqtt("neighbour")
    beside = client.mqtt("beside")
    stream = client.websocket()
    if stage != "before the answer":
        stream.opened()
    if stage == "half a CONNECT":
        stream.send(ws(BINARY, mqttbytes.connect(5, "silent")[:10]))
    if stage == "connecting":
        stream.send_packet(mqttbytes.connect(5, "silent"))
        connection_of(site, "silent")
    if stage in ("open", "half a packet", "closing"):
        stream.send_packet(mqttbytes.connect(5, "open"))
        assert stream.connack() == 0
    if stage == "half a packet":
        stream.send(ws(BINARY, mqttbytes.publish("t", bytes(500), version=5)[:100]))
    if stage == "closing":
        connection_of(site, "open").socket.shutdown(socket.SHUT_RDWR)
        stream.closed()
    end(client, stream, way)
    if way not in ("GOAWAY and FIN", "TCP"):
        if way != "RST_STREAM":
            stream.over()
        beside.echo()
        client.answered()
        assert not client.goaways
        client.close()
    if (stage, way) == ("before the answer", "RST_STREAM"):  # both in one read: there was no session
        site.gateway.ended(mqtt_client_id="beside")
        neighbour.echo()
        return
    lines = site.gateway.ended_count(2)
    (line,) = [line for line in lines if line.get("mqtt_client_id") != "beside"]
    allowed = {
        "RST_STREAM": {"client_lost"},
        "END_STREAM": {"client_lost"},
        "Close": {"client_closed"},
        "Close and END_STREAM": {"client_closed"},
        "GOAWAY and FIN": {"client_lost"},
        "TCP": {"client_lost"},
    }[way]
    if stage == "closing":
        allowed = {"broker_lost"}
    assert line["status_reason"] in allowed, line
    for one in site.broker.connections:
        if one.name != "neighbour":
            eventually(lambda: one.ended, f"the end of {one.name} at the broker")  # noqa: B023
    neighbour.echo()
    assert not others.goaways


def end(client, stream, way):
    match way:
        case "RST_STREAM":
            stream.cancel()
        case "END_STREAM":
            stream.end()
        case "Close":
            stream.send(ws_close(1000))
        case "Close and END_STREAM":
            stream.send(ws_close(1000), end=True)
        case "GOAWAY and FIN":
            client.send_bytes(h2client.frame(h2client.GOAWAY, 0, bytes(8)))
            client.socket.shutdown(socket.SHUT_RDWR)
            client.close()
        case "TCP":
            client.close()


def test_the_request_ends_the_stream(tls_site):
    """END_STREAM on the extended CONNECT: nothing can come of it, and it does not stay."""
    client = tls_site.client()
    stream = client.websocket(end=True).over()
    assert stream.reset in (None, NO_ERROR, CANCEL)
    client.mqtt("next").echo()


def test_a_will_fires_after_a_reset_and_not_after_disconnect(rig):
    """The last bytes before RST_STREAM count: a DISCONNECT among them is passed on."""
    site = Site(rig, fakebroker.serve)
    client = site.client()
    lost, polite = client.mqtt("lost"), client.mqtt("polite")
    polite.send_packet(mqttbytes.disconnect(5))
    polite.cancel()
    lost.cancel()
    site.gateway.ended_count(2)
    received = {mqttbytes.client_id(one.packets()[0]): one.packets()[1:] for one in site.broker.connections}
    assert received == {"lost": [], "polite": [mqttbytes.disconnect(5)]}
    assert site.gateway.ended(mqtt_client_id="polite")["status_reason"] == "client_disconnect"


def test_a_client_that_does_not_answer_the_close(rig):
    """It has as long as over HTTP/1.1; then RST_STREAM."""
    site = Site(rig, fakebroker.echo)
    client = site.client()
    stream = client.mqtt("mute")
    site.broker.connection().socket.shutdown(socket.SHUT_RDWR)
    stream.closed()
    stream.wait(lambda stream: stream.reset is not None, "RST_STREAM", DEADLINE * 2)
    assert stream.reset in (NO_ERROR, CANCEL)
    client.mqtt("next").echo()


@pytest.mark.parametrize("behaviour, code", [
    (fakebroker.close_after_connect, 0x88), (fakebroker.reset_after_connect, 0x88),
    (fakebroker.answer(mqttbytes.connack(5, 0x87), then_close=True), 0x87),
], ids=["closes", "resets", "refuses"])  # fmt: skip
def test_brokers_that_do_not_take_the_session(rig, behaviour, code):
    """CONNACK and Close on the stream; the connection stays."""
    client = Site(rig, behaviour).client()
    for number in range(3):
        stream = client.websocket().opened()
        stream.send_packet(mqttbytes.connect(5, f"c{number}"))
        assert stream.connack() == code
        stream.closed()
        stream.send(ws_close(1000))
        stream.wait(lambda stream: stream.reset is not None, "RST_STREAM")
    assert not client.goaways


@pytest.mark.parametrize("version", [4, 5])
def test_a_kick(rig, version):
    side = OperatorSide(rig, [rig.fake(fakebroker.echo)], tls=True)
    client = rig.keep(Client(side.gateway.tls_port, context=h2client.context(rig.certificate)))
    kicked, other = client.mqtt("kicked", version=version), client.mqtt("other", version=version)
    (one,) = side.connections("?client_id=kicked")
    assert side.ask("DELETE", f"/api/connections/{one['id']}")[0] == 204
    assert kicked.closed() == 1008
    if version == 5:
        kicked.expect(mqttbytes.goodbye(0x98, "closed by the operator"))
    kicked.send(ws_close(1008), end=True)
    kicked.over()
    assert side.gateway.ended(mqtt_client_id="kicked")["status_reason"] == "kicked"
    other.echo(version=version)
    assert not client.goaways


def test_keep_alive(rig):
    """A client that is silent for one and a half times its Keep Alive."""
    site = Site(rig, fakebroker.echo)
    client = site.client()
    silent, other = client.mqtt("silent", keepalive=1), client.mqtt("other", keepalive=60)
    silent.wait(lambda stream: stream.close, "the Close", 11.5 + DEADLINE)
    assert silent.closed() == 1008
    silent.send(ws_close(1008), end=True)
    silent.over()
    other.echo()
    client.close()
    assert {line["status_reason"] for line in site.gateway.ended_count(2)} == {"client_idle", "client_lost"}


def test_websocket_ping(rig):
    """On each stream that is silent."""
    client = Site(rig, fakebroker.echo, location="websocket_ping 200ms;").client()
    for stream in [client.mqtt(f"c{number}", keepalive=0) for number in range(2)]:
        for count in range(1, 4):
            stream.wait(lambda stream: [op for op, _ in stream.frames].count(PING) >= count, "Ping")  # noqa: B023
            stream.send(ws(PONG, stream.frames[-1][1]))
        stream.echo()


def test_websocket_rules_hold(tls_site):
    """An unmasked frame, a text message, and a message that announces too much; each ends its own stream."""
    client = tls_site.client()
    other = client.mqtt("other")
    for data, code in [(b"\x82\x02\xc0\x00", 1002), (ws(1, b"text"), 1003), (b"\x83" + ws(BINARY, b"")[1:], 1002)]:
        stream = client.mqtt("rule")
        stream.send(data)
        assert stream.closed() == code
        stream.send(ws_close(code))
        stream.over()
    other.echo()
    assert not client.goaways


def test_a_stop_closes_every_session(tls_site):
    clients = [tls_site.client() for _ in range(3)]
    streams = [client.mqtt(f"c{number}") for client in clients for number in range(5)]
    tls_site.gateway.send_signal(signal.SIGTERM)
    for stream in streams:
        assert stream.closed() == 1001
        stream.send(ws_close(1001), end=True)
    for client in clients:
        client.ended()
    assert tls_site.gateway.process.wait() == 0
    assert [line["status_reason"] for line in tls_site.gateway.access()] == ["shutdown"] * 15


def test_a_drain_over_time(rig):
    """QUIT: sessions of HTTP/2 end within the time, too, and the process with them."""
    site = Site(rig, fakebroker.echo, main="worker_shutdown_timeout 2s;")
    clients = [site.client() for _ in range(4)]
    streams = [client.mqtt(f"c{number}") for client in clients for number in range(5)]
    site.gateway.send_signal(signal.SIGQUIT)

    def all_are_closed():
        for client in clients:
            client.read(0.01)
        for stream in streams:
            if stream.close and not getattr(stream, "is_answered", False):
                stream.is_answered = True
                stream.send(ws_close(1001), end=True)
        return all(stream.close for stream in streams)

    eventually(all_are_closed, "the Close of each")
    assert {stream.close[0] for stream in streams} == {1001}
    for client in clients:
        client.ended()
    assert site.gateway.process.wait() == 0
    assert [line["status_reason"] for line in site.gateway.access()] == ["drained"] * 20


def test_sessions_outlive_a_reload(tls_site):
    client = tls_site.client()
    stream = client.mqtt()
    reload(tls_site.gateway)
    stream.echo()
    tls_site.client().mqtt("new").echo()
    stream.echo()
