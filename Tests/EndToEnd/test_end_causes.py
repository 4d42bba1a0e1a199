"""Ends that are brought about on purpose, each found with its cause in the access log, the metrics and the API."""

import re

import pytest

import fakebroker
import mqttbytes
from bytepeer import BINARY, CLOSE, TEXT, frame, request
from harness import eventually, free_port
from operator_side import OperatorSide

REFUSED = mqttbytes.connack(4, 5)


def sent(data, *, tls=False):
    """A connection that begins with these bytes, without TLS of its own."""

    def act(rig, side):
        target = side.gateway.tls_address if tls else side.gateway.address
        rig.peer(target).send(data)

    return act


def upgraded(*data, path="/mqtt"):
    def act(rig, side):
        peer = rig.peer(side.gateway)
        peer.upgrade(path)
        for part in data:
            peer.send(part)

    return act


def mqtt(*packets, path="/mqtt"):
    return upgraded(frame(BINARY, b"".join(packets)), path=path)


def opened(*data, path="/mqtt", then=None):
    def act(rig, side):
        peer = rig.peer(side.gateway)
        peer.open_mqtt(4, "cause", path=path)
        for part in data:
            peer.send(part)
        if then:
            then(peer, side)

    return act


def kick(_, side):
    assert side.ask("DELETE", "/api/connections?client_id=cause")[0] == 200


CONNECT = mqttbytes.connect(4, "cause")
CAUSES = {
    "client_disconnect": opened(frame(BINARY, mqttbytes.disconnect())),
    "client_closed": opened(frame(CLOSE, b"\x03\xe8")),
    "client_lost": opened(then=lambda peer, _: peer.reset()),
    "kicked": opened(then=kick),
    "tls_failed": sent(b"\x16\x03\x01\x00\x04nope", tls=True),
    "http_to_tls_port": sent(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", tls=True),
    "handshake_timeout": sent(b"", tls=True),
    "request_timeout": sent(b"GET / HTTP/1.1\r\n"),
    "request_refused": sent(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    "origin_refused": sent(request(extra=["Origin: https://b.example"])),
    "address_refused": mqtt(CONNECT, path="/denied"),
    "websocket_error": opened(frame(BINARY, b"\xc0\x00", mask=None)),
    "text_frame": opened(frame(TEXT, b"hello")),
    "connect_timeout": upgraded(),
    "connect_malformed": mqtt(b"\xc0\x00"),
    "connect_too_large": mqtt(mqttbytes.connect(4, "x" * 300)),
    "version_refused": mqtt(mqttbytes.connect(5, "cause")),
    "malformed_packet": opened(frame(BINARY, b"\x00\x00")),
    "protocol_error": opened(frame(BINARY, CONNECT)),
    "packet_too_large": opened(frame(BINARY, mqttbytes.publish("t", b"x" * 300))),
    "no_upstream": mqtt(CONNECT, path="/dead"),
    "refused_by_broker": mqtt(CONNECT, path="/refusing"),
    "broker_lost": mqtt(CONNECT, path="/leaving"),
}


@pytest.fixture
def side(rig):
    refusing = rig.fake(fakebroker.answer(REFUSED))
    leaving = rig.fake(fakebroker.answer(mqttbytes.connack(), then_close=True))
    return OperatorSide(
        rig,
        [rig.fake(fakebroker.keep_open)],
        tls=True,
        server=f"""
            ssl_handshake_timeout 300ms;
            client_header_timeout 300ms;
            mqtt_connect_timeout 300ms;
            mqtt_max_connect_size 256;
            mqtt_max_packet_size 256;
            mqtt_versions 3.1.1;
            location /denied {{ mqtt_pass brokers; deny all; }}
            location /dead {{ mqtt_pass 127.0.0.1:{free_port()}; }}
            location /refusing {{ mqtt_pass {refusing.address}; }}
            location /leaving {{ mqtt_pass {leaving.address}; }}
        """,
        location="websocket_origins https://a.example;",
    )


def counted(side, cause):
    _, _, text = side.ask("GET", "/metrics")
    return int(re.search(rf'^sluice_ends_total{{cause="{cause}"}} (\d+)$', text.decode(), re.MULTILINE).group(1))


@pytest.mark.parametrize("cause", CAUSES)
def test_an_end_is_found_with_its_cause(rig, side, cause):
    assert counted(side, cause) == 0
    CAUSES[cause](rig, side)
    eventually(lambda: counted(side, cause) == 1, lambda: f"the metric of {cause}")
    line = side.gateway.ended(status_reason=cause)
    (shown,) = [one for one in side.connections("?state=closed") if one["end"]["cause"] == cause]
    assert shown["id"] == line["connection_id"] and shown["end"]["side"] == line["close_side"]
    assert shown["end"]["websocket_code"] == line.get("websocket_close_code")
    assert side.get(f"/api/connections/{shown['id']}")["end"]["cause"] == cause
    assert side.get("/api/status")["ends"][cause] == 1
