"""MQTT over WebSocket over HTTP/2 (RFC 8441): windows, ends at every stage, many sessions on one connection, and that they are
sessions like all others."""


import pytest

import fakebroker
import h2client
import harness
import mqttbytes
import proxyheader
from bytepeer import BINARY
from h2client import INITIAL_WINDOW_SIZE, Client, Site, ws, ws_close
from harness import DEADLINE, eventually
from operator_side import OperatorSide

MEBIBYTE = 1 << 20


@pytest.fixture(params=["plain", "tls"])
def site(rig, request):
    """A gateway before an echo."""
    return Site(rig, fakebroker.echo, is_tls=request.param == "tls")


@pytest.fixture
def tls_site(rig):
    return Site(rig, fakebroker.echo)


def test_a_session(site):
    """From the first frame to the line in the access log."""
    client = site.client()
    stream = client.mqtt("one")
    assert stream.fields == {
        ":status": "200", "sec-websocket-protocol": "mqtt", **({"date": stream.fields["date"]} if "date" in stream.fields else {}),
        **({"server": "sluice"} if "server" in stream.fields else {}),
    }  # fmt: skip
    stream.echo()
    stream.send_packet(mqttbytes.disconnect(5))
    assert stream.closed() == 1000
    stream.send(ws_close(1000), end=True)
    stream.over()
    line = site.gateway.ended(mqtt_client_id="one")
    assert line["status_reason"] == "client_disconnect" and line["close_side"] == "client"
    assert line["http_version"] == "2.0" and line["http_status"] == 200 and line["websocket_protocol"] == "mqtt"
    assert line["scheme"] == ("wss" if site.is_tls else "ws") and line["uri"] == "/mqtt"
    assert line["remote_port"] == client.source_port
    assert (line["packets_in"], line["packets_out"]) == (3, 2)


@pytest.mark.parametrize("version", mqttbytes.VERSIONS)
def test_every_version_of_mqtt(tls_site, version):
    stream = tls_site.client().mqtt("v", version=version, protocols="mqttv3.1" if version == 3 else "mqtt")
    stream.echo(version=version)


def test_one_line_for_each_session(tls_site):
    client = tls_site.client()
    for number in range(20):
        client.mqtt(f"c{number}")
    client.close()
    lines = tls_site.gateway.ended_count(20)
    assert sorted(line["mqtt_client_id"] for line in lines) == sorted(f"c{number}" for number in range(20))
    assert len({line["connection_id"] for line in lines}) == 20
    assert {line["status_reason"] for line in lines} == {"client_lost"}
    assert tls_site.gateway.stop() == 0
    assert len(tls_site.gateway.access()) == 20, "none of the connection itself"


# Windows


@pytest.mark.parametrize("size", [0, 1, 100, 65_535, 2**31 - 1])
def test_windows_of_every_size(site, size):
    """What the window does not take waits, and comes when it opens; small messages and one of 100,000 bytes."""
    client = site.client(settings={INITIAL_WINDOW_SIZE: size}, gives_credit=False)
    stream = client.websocket().opened()
    stream.send_packet(mqttbytes.connect(5, "window"))
    packet = mqttbytes.publish("t", bytes(5000 if size in (1, 100) else 100_000), version=5)
    stream.send_packet(packet)
    client.answered()
    assert stream.size <= size
    wanted = len(packet) + 5

    def progress():
        if stream.unread:
            client.open_window(stream, stream.unread)
        return len(stream.packets) >= wanted

    if size == 0:
        client.settle(lambda: stream.size, quiet=5)
        assert stream.size == 0 and stream.fields, "the head needs no window"
        client.open_window(stream, 1)
        client.answered()
        assert stream.size == 1
        client.open_window(stream, 20_000)
    client.until(progress, lambda: f"{wanted} bytes of MQTT, there are {len(stream.packets)}")
    assert stream.packets[5:] == packet


def test_windows_changed_by_settings(site):
    """Larger, to nothing, below nothing, and larger again (RFC 9113 §6.9.2)."""
    client = site.client(gives_credit=False)
    stream = client.mqtt()
    for size in (0, 10, 70_000, 2**31 - 1, 0):
        client.change_window(size)
    packet = mqttbytes.publish("t", bytes(30_000), version=5)
    stream.send_packet(packet)
    site.broker.received(mqttbytes.connect(5, "h2") + packet)
    client.settle(lambda: stream.size, quiet=5)
    assert not stream.packets
    client.change_window(20_000)
    client.settle(lambda: stream.size, quiet=5)
    assert stream.size <= 20_000 and stream.size > 10_000
    client.change_window(60_000)
    stream.expect(packet)


def test_a_connection_window_that_is_used_up(tls_site):
    """One stream has taken it all; others go on when it opens, by as little as a byte at a time."""
    client = tls_site.client(window=65_535, gives_credit=False, settings={INITIAL_WINDOW_SIZE: 1 << 20})
    first, second = client.mqtt("first"), client.mqtt("second")
    big = mqttbytes.publish("t", bytes(65_400 - first.size - second.size), version=5)
    first.send_packet(big)
    first.expect(big)
    packet = mqttbytes.publish("t", bytes(500), version=5)
    second.send_packet(packet)
    client.settle(lambda: second.size, quiet=5)
    assert len(second.packets) < len(packet)
    client.h2.increment_flow_control_window(1)
    client.flush()
    client.answered()
    client.h2.increment_flow_control_window(1 << 20)
    client.flush()
    second.expect(packet)


def test_our_window_holds_back_one_stream_alone(rig):
    """A broker that does not read: its stream's window is used up, and not that of the connection."""
    site = Site(rig, by_client_id(stopped=fakebroker.accept_then_stop_reading))
    client = site.client()
    stopped, other = client.mqtt("stopped"), client.mqtt("other")
    sent = fill(client, stopped)
    assert sent < 64 * MEBIBYTE
    for _ in range(30):
        other.echo(bytes(60_000))
    release(site, "stopped")
    stopped.send(stopped.rest + ws(BINARY, mqttbytes.publish("t", b"the last", version=5)))
    eventually(lambda: b"the last" in connection_of(site, "stopped").received[-20:], "all that has waited")


def by_client_id(**behaviours):
    """A broker that echoes, and does something else for some clients."""

    def behaviour(connection):
        while mqttbytes.whole(connection.received) is None:
            if not connection.fill():
                return
        name = mqttbytes.client_id(connection.received[: mqttbytes.whole(connection.received)])
        connection.name = name
        behaviours.get(name, fakebroker.echo)(connection)

    return behaviour


def connection_of(site, name):
    return eventually(
        lambda: next((one for one in site.broker.connections if getattr(one, "name", None) == name), None), name)  # fmt: skip


def release(site, name):
    connection_of(site, name).released.set()


def fill(client, stream, packet=None):
    """Sends until the stream's window is used up and stays so; how much that was."""
    data = ws(BINARY, packet or mqttbytes.publish("t", bytes(16_000), version=5))
    sent, rest = 0, b""
    while True:
        room = min(client.h2.local_flow_control_window(stream.number), client.h2.max_outbound_frame_size)
        if room <= 0:
            client.settle(lambda: client.h2.local_flow_control_window(stream.number))
            if client.h2.local_flow_control_window(stream.number) <= 0:
                stream.rest = rest
                return sent
            continue
        rest = rest or data
        part, rest = rest[:room], rest[room:]
        client.h2.send_data(stream.number, part)
        client.flush()
        client.read(0)
        sent += len(part)


@pytest.mark.parametrize("stopped_by", ["broker", "client"])
def test_a_hundred_sessions_with_one_stopped(rig, stopped_by):
    """99 go on at full speed, and the gateway's memory stays flat."""
    flood = fakebroker.flood(mqttbytes.publish("t", bytes(8000), version=5), 1 << 30)
    site = Site(rig, by_client_id(
        stopped=fakebroker.accept_then_stop_reading if stopped_by == "broker" else flood), worker_threads=1)  # fmt: skip
    client = site.client(window=1 << 30)
    streams = [client.mqtt(f"c{number}") for number in range(99)]
    stopped = client.websocket().opened()
    if stopped_by == "client":
        stopped.is_counted = stopped.keeps_credit = True
    stopped.send_packet(mqttbytes.connect(5, "stopped"))
    if stopped_by == "broker":
        assert stopped.connack() == 0
        fill(client, stopped)
    else:
        client.settle(lambda: stopped.size)
    before = harness.resident_mebibytes(site.gateway.pid)
    packet = mqttbytes.publish("a", bytes(1000), version=5)
    for _ in range(20):
        for stream in streams:
            stream.send_packet(packet)
        for stream in streams:
            stream.expect(packet)
    assert harness.resident_mebibytes(site.gateway.pid) < before + 8
    assert not stopped.is_over


def test_a_flooded_session_lets_a_younger_one_through(rig):
    """Streams take turns: the older one always has something to send, and the window for it."""
    flood = fakebroker.flood(mqttbytes.publish("t", bytes(8000), version=5), 1 << 30)
    site = Site(rig, by_client_id(flooded=flood), worker_threads=1)
    client = site.client(window=(1 << 31) - 1, settings={INITIAL_WINDOW_SIZE: (1 << 31) - 1})
    flooded = client.websocket().opened()
    flooded.is_counted = True
    flooded.send_packet(mqttbytes.connect(5, "flooded"))
    flooded.wait(lambda stream: stream.size > MEBIBYTE, "the flood")
    for number in range(3):
        client.mqtt(f"younger{number}").echo()
    assert not flooded.is_over


@pytest.mark.parametrize("pieces", [1, 200], ids=["one-frame", "fragments"])
def test_large_packets_both_ways(tls_site, rig, pieces):
    client = tls_site.client(window=64 * MEBIBYTE, settings={INITIAL_WINDOW_SIZE: MEBIBYTE})
    stream = client.mqtt()
    packet = mqttbytes.publish("big", rig.random.randbytes(16_000_000), version=5)
    if pieces == 1:
        stream.send_packet(packet)
    else:
        size = len(packet) // pieces + 1
        for start in range(0, len(packet), size):
            stream.send(ws(0 if start else BINARY, packet[start : start + size], fin=start + size >= len(packet)))
    stream.wait(lambda stream: len(stream.packets) >= len(packet), "16 MB", DEADLINE * 6)
    assert stream.packets == packet
    assert harness.resident_mebibytes(tls_site.gateway.pid) < 200


# What others see


def test_the_api_shows_each_session(rig):
    side = OperatorSide(rig, [rig.fake(fakebroker.echo)], tls=True)
    client = rig.keep(Client(side.gateway.tls_port, context=h2client.context(rig.certificate)))
    for number in range(3):
        client.mqtt(f"c{number}")
    shown = side.connections("?client_id=c*")
    assert sorted(one["mqtt"]["client_id"] for one in shown) == ["c0", "c1", "c2"]
    assert len({one["id"] for one in shown}) == 3
    assert {(one["remote_addr"], one["remote_port"], one["protocol"]) for one in shown} == {
        ("127.0.0.1", client.source_port, "http/2.0")}


def test_the_broker_sees_the_address_that_a_trusted_front_names(rig):
    """X-Forwarded-For of each stream: a front carries many clients on one connection."""
    headers = []
    broker = rig.fake(proxyheader.serve(headers))
    gateway = rig.gateway(
        [broker], upstream="proxy_protocol v2;",
        server="set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;")  # fmt: skip
    client = rig.keep(Client(gateway.port))
    for number in range(1, 4):
        client.mqtt(f"c{number}", "/mqtt", ("x-forwarded-for", f"192.0.2.{number}"))
    client.mqtt("none")
    eventually(lambda: len(headers) == 4, "the headers")
    assert [header.source[0] for header in headers] == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "127.0.0.1"]
    client.close()
    lines = {line["mqtt_client_id"]: line["remote_addr"] for line in gateway.ended_count(4)}
    assert lines == {"c1": "192.0.2.1", "c2": "192.0.2.2", "c3": "192.0.2.3", "none": "127.0.0.1"}


def test_the_field_of_a_client_that_is_not_trusted(rig):
    headers = []
    gateway = rig.gateway([rig.fake(proxyheader.serve(headers))], upstream="proxy_protocol v2;")
    client = rig.keep(Client(gateway.port))
    client.mqtt("c", "/mqtt", ("x-forwarded-for", "192.0.2.1"))
    eventually(lambda: headers, "the header")
    assert headers[0].source == ("127.0.0.1", client.source_port)


def test_http2_after_a_proxy_header(rig):
    """HAProxy and Envoy with `send-proxy-v2` and prior knowledge."""
    port = harness.free_port()
    gateway = rig.gateway(
        [rig.fake(fakebroker.echo)], listen=[f"127.0.0.1:{port} proxy_protocol"], server="set_real_ip_from 127.0.0.1;")
    for prefix in (
        proxyheader.v2(("192.0.2.7", 777), ("192.0.2.8", 80)), proxyheader.v1(("192.0.2.7", 777), ("192.0.2.8", 80)),
    ):  # fmt: skip
        client = rig.keep(Client(port, prefix=prefix))
        client.mqtt("fronted").echo()
        client.close()
    for line in gateway.ended_count(2):
        assert (line["remote_addr"], line["remote_port"], line["http_version"]) == ("192.0.2.7", 777, "2.0")


def test_connect_rules_are_those_of_http1(rig):
    """Refusals arrive as CONNACK and Close on the stream, with the same causes."""
    site = Site(rig, fakebroker.echo)
    client = site.client()
    stream = client.websocket().opened()
    stream.send_packet(mqttbytes.connect(5, "c", level=9))
    assert stream.connack() == 0x84
    stream.closed()
    second = client.mqtt("twice")
    second.send_packet(mqttbytes.connect(5, "twice"))
    assert second.closed()
    third = client.websocket().opened()
    third.send_packet(mqttbytes.PINGREQ)
    assert third.closed() == 1002
    assert not client.goaways
    client.mqtt("good").echo()


def test_a_client_that_sends_no_connect(rig):
    """Each stream has its own time."""
    site = Site(rig, fakebroker.echo, location="mqtt_connect_timeout 300ms;")
    client = site.client()
    other = client.mqtt("other")
    stream = client.websocket().opened()
    stream.closed()
    stream.send(ws_close(), end=True)
    stream.over()
    assert site.gateway.ended_count(1)[0]["status_reason"] == "connect_timeout"
    other.echo()
