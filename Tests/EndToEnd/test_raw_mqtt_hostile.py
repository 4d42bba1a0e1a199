"""What else may come to a `listen … mqtt`: other protocols, nothing, parts, and clients that do not read."""

import socket
import ssl

import pytest

import fakebroker
import mqttbytes
from harness import DEADLINE, eventually, resident_mebibytes
from mqttbytes import connect
from rawpeer import raw_gateway, raw_peer

GET = b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n"
HELLO = bytes.fromhex("16030100c4010000c00303")
PROXY = b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"


@pytest.mark.parametrize(
    "data, cause, words",
    [
        (GET, "connect_malformed", "HTTP was received where MQTT is expected: this port takes MQTT without WebSocket"),
        (HELLO, "connect_malformed", "TLS was received where MQTT is expected: this port is without TLS"),
        (PROXY, "connect_malformed", "listen needs proxy_protocol to read it"),
        (b"\x30\x03\x00\x01t", "connect_malformed", "the first packet is not CONNECT"),
        (b"\x00" * 50, "connect_malformed", "the first packet is not CONNECT"),
        (b"\x10\xff\xff\xff\xff\x01", "connect_malformed", "its Remaining Length is malformed"),
        (connect(4, "x" * 65_000, username="u" * 1000), "connect_too_large", "larger than mqtt_max_connect_size"),
    ],
    ids=["HTTP", "TLS", "PROXY", "PUBLISH", "zeros", "length", "too large"],
)
def test_something_else(rig, data, cause, words):
    broker = rig.fake()
    gateway = raw_gateway(rig, [broker])
    peer = raw_peer(rig, gateway)
    peer.send(data)
    peer.read_to_end()
    assert gateway.ended(scheme="mqtt")["status_reason"] == cause
    assert words in gateway.output()
    assert not broker.connections


@pytest.mark.parametrize(
    "data, cause", [(GET, "http_to_tls_port"), (connect(4, "plain"), "tls_failed"), (PROXY, "tls_failed")]
)
def test_no_tls_where_it_is_expected(rig, data, cause):
    """A client of MQTT could not read an answer of HTTP, so that there is none."""
    gateway = raw_gateway(rig)
    peer = raw_peer(rig, gateway, address=gateway.tls_address)
    peer.send(data)
    assert not peer.read_to_end().startswith(b"HTTP")
    assert gateway.ended(scheme="mqtts")["status_reason"] == cause


def test_time_limits(rig):
    """Nothing, or a part, of the handshake or of the CONNECT."""
    server = "mqtt_connect_timeout 300ms; ssl_handshake_timeout 300ms;"
    gateway = raw_gateway(rig, server=server)
    for data in (b"", b"\x10", connect(4, "slow")[:-1]):
        peer = raw_peer(rig, gateway)
        peer.send(data)
        peer.expect_end()
    for data in (b"", b"\x10"):
        peer = raw_peer(rig, gateway, tls=True)
        peer.send(data)
        peer.expect_end()
    causes = [(line["scheme"], line["status_reason"]) for line in gateway.ended_count(5)]
    assert sorted(causes) == [("mqtt", "connect_timeout")] * 3 + [("mqtts", "connect_timeout")] * 2
    peer = raw_peer(rig, gateway, address=gateway.tls_address)
    peer.send(HELLO)
    peer.read_to_end()
    assert gateway.ended(status_reason="handshake_timeout")["scheme"] == "mqtts"


def test_a_load_balancer_that_only_connects(rig):
    """Its health check: a silent end."""
    gateway = raw_gateway(rig)
    for address in gateway.listeners:
        for _ in range(3):
            socket.create_connection(address, DEADLINE).close()
    lines = gateway.ended_count(6)
    assert {line["status_reason"] for line in lines} == {"client_lost"}


def test_a_packet_that_breaks_a_rule(rig):
    broker = rig.fake()
    gateway = raw_gateway(rig, [broker], server="mqtt_max_packet_size 1000;")
    for data, cause, code in (
        (connect(5, "again"), "protocol_error", 0x82),
        (b"\x00\x00", "malformed_packet", 0x81),
        (mqttbytes.publish("t", bytes(2000), version=5), "packet_too_large", 0x95),
    ):
        peer = raw_peer(rig, gateway)
        peer.open_mqtt(5, cause)
        peer.send_mqtt(data)
        assert peer.read_packet()[2] == code
        peer.expect_end()
        assert gateway.ended(mqtt_client_id=cause)["status_reason"] == cause


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_client_that_does_not_read(rig, tls):
    """Its broker is stopped, not the gateway's memory filled; another client is served meanwhile."""
    packet = mqttbytes.publish("t", bytes(60_000))
    broker = rig.fake(fakebroker.flood(packet, 200 * 1024 * 1024))
    gateway = raw_gateway(rig, [broker])
    before = resident_mebibytes(gateway.pid)
    peer = raw_peer(rig, gateway, tls=tls)
    peer.send_mqtt(connect(4, "stopped"))
    eventually(lambda: peer.socket.recv(4), "its CONNACK")
    other = raw_peer(rig, gateway)
    other.send_mqtt(connect(4, "other"))
    assert other.read_packets(20)[1:] == [packet] * 19
    assert resident_mebibytes(gateway.pid) - before < 30
    other.close()
    peer.close()
    assert gateway.ended(mqtt_client_id="stopped")["status_reason"] == "client_lost"


def test_resets_at_every_stage(rig):
    """Nothing is left of them."""
    gateway = raw_gateway(rig, [rig.fake()])
    whole = connect(4, "reset")
    for cut in range(0, len(whole) + 1, 3):
        peer = raw_peer(rig, gateway)
        peer.send(whole[:cut])
        peer.reset()
    for cut in (0, 3, len(whole)):
        context = rig.certificate.client_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        peer = raw_peer(rig, gateway, context=context)
        peer.send(whole[:cut])
        peer.reset()
    count = len(range(0, len(whole) + 1, 3)) + 3
    assert len(gateway.ended_count(count)) == count
    raw_peer(rig, gateway).open_mqtt(client_id="after")
