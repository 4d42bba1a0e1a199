"""MQTT 5 enhanced authentication (5.0 §4.12): the broker's affair, once the gate's own rules are met."""

import time

import pytest

import mqttbytes
import tokens
from authserver import AuthServer
from mqttbytes import connect, data, length
from refusals import expect_refused

METHOD = b"\x15" + data("SCRAM-SHA-256")
HELLO = METHOD + b"\x16" + data(b"client-first\x00\xff")


def auth(reason, content):
    properties = METHOD + b"\x16" + data(content)
    return mqttbytes.packet(0xF0, bytes([reason]), length(len(properties)), properties)


CHALLENGES = [auth(0x18, b"first\x00\xff"), auth(0x18, b"second")]
RESPONSES = [auth(0x18, b"one\x00\xfe"), auth(0x18, b"two")]
GRANTED = mqttbytes.connack(5, 0, properties=METHOD + b"\x16" + data(b"server-final"))
# Re-authentication, 5.0 §4.12.1: begun by the client in an open session.
AGAIN, AGAIN_DONE = auth(0x19, b"again"), auth(0x00, b"done")


def exchange(connection):
    """A broker that wants two more packets before its CONNACK, and lets clients authenticate again."""
    connection.read_packet()
    for challenge, response in zip(CHALLENGES, RESPONSES):
        connection.send(challenge)
        if connection.read_packet() != response:
            return
    connection.send(GRANTED)
    while (packet := connection.read_packet()) is not None:
        if packet == AGAIN:
            connection.send(AGAIN_DONE)


def gates(rig):
    """Rules of the gate's, and what a client does to meet them."""
    users, keys = rig.path("users") / "users", rig.path("keys") / "jwks.json"
    users.write_text("")
    keys.write_text(tokens.key_set(tokens.jwk("ES256")))
    service = rig.keep(AuthServer(rig.path("service")))
    return {
        "open": ("", {}, ()),
        "anonymous": (f"auth_anonymous on; auth_password_file {users};", {}, ()),
        "token": (f"auth_jwt_key_file {keys};", {"username": "u", "password": tokens.token().encode()}, ()),
        "token in the header": (
            f"auth_jwt_key_file {keys}; auth_jwt_token header:authorization;", {},
            [f"Authorization: Bearer {tokens.token()}"],
        ),
        "service": (f"auth_http {service.url};", {}, ()),
        "address": ("allow 127.0.0.1; deny all;", {}, ()),
    }  # fmt: skip


GATES = ["open", "anonymous", "token", "token in the header", "service", "address"]


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("gate", GATES)
def test_passes_untouched(rig, gate, tls):
    """CONNECT and AUTH packets in both directions, byte for byte, before the CONNACK and after it."""
    location, credentials, extra = gates(rig)[gate]
    broker = rig.fake(exchange)
    one = rig.gateway([broker], location=location, tls=rig.certificate)
    peer = rig.peer(one, tls=tls or None)
    peer.upgrade(extra=extra)
    hello = connect(5, "c", properties=HELLO, **credentials)
    peer.send_mqtt(hello)
    for challenge, response in zip(CHALLENGES, RESPONSES):
        assert peer.read_packet() == challenge
        peer.send_mqtt(response)
    assert peer.read_packet() == GRANTED
    peer.send_mqtt(AGAIN)
    assert peer.read_packet() == AGAIN_DONE
    broker.received(hello + b"".join(RESPONSES) + AGAIN)


REFUSALS = {
    # Rules, what the client brings, why it is refused.
    "nothing": ("auth_password_file {users};", {}, "credentials_missing"),
    "wrong": ("auth_password_file {users};", {"username": "u", "password": b"p"}, "credentials_refused"),
    "token": ("auth_jwt_key_file {keys};", {"password": b"a.b.c"}, "token_refused"),
    "service": ("auth_http {service};", {}, "credentials_refused"),
    "address": ("deny all;", {}, "address_refused"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_the_gate_comes_first(rig, name):
    """The broker never hears of a client that the gate refuses, whatever it could have agreed on with it."""
    location, credentials, cause = REFUSALS[name]
    users, keys = rig.path("users") / "users", rig.path("keys") / "jwks.json"
    users.write_text("")
    keys.write_text(tokens.key_set(tokens.jwk("ES256")))
    service = rig.keep(AuthServer(rig.path("service"), body={"result": "deny"}))
    broker = rig.fake(exchange)
    one = rig.gateway([broker], location=location.format(users=users, keys=keys, service=service.url))
    expect_refused(rig, one, cause, 5, properties=HELLO, **credentials)
    assert broker.connections == []


def test_changes_leave_the_exchange_alone(rig):
    """mqtt_set_connect changes its own fields and nothing else of a CONNECT with a method."""
    broker = rig.fake(exchange)
    one = rig.gateway(
        [broker], location='mqtt_set_connect username gw; mqtt_set_connect user_property:a "b";'
        " mqtt_assign_client_id on;",
    )  # fmt: skip
    peer = rig.peer(one)
    peer.upgrade()
    peer.send_mqtt(connect(5, "c", properties=HELLO))
    for challenge, response in zip(CHALLENGES, RESPONSES):
        assert peer.read_packet() == challenge
        peer.send_mqtt(response)
    assert peer.read_packet() == GRANTED
    own = HELLO + b"\x26" + data("a") + data("b")
    broker.received(connect(5, "c", username="gw", properties=own) + b"".join(RESPONSES))


def exchanged(rig, gateway, client_id="c", **options):
    """A client that has answered the challenges; the CONNACK is still to be read."""
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(5, client_id, properties=HELLO, **options))
    for challenge, response in zip(CHALLENGES, RESPONSES):
        assert peer.read_packet() == challenge
        peer.send_mqtt(response)
    return peer


def test_behind_an_exchange_the_client_is_told_its_identifier(rig):
    """5.0 §3.2.2.3.7: the gateway has given one, and adds it to the CONNACK."""
    broker = rig.fake(exchange)
    peer = exchanged(rig, rig.gateway([broker], location="mqtt_assign_client_id on;"), "")
    answer = peer.read_packet()
    name = mqttbytes.client_id(broker.connection().packets()[0])
    assert name.startswith("sluice")
    assert answer == mqttbytes.connack(5, 0, properties=METHOD + b"\x16" + data(b"server-final") + b"\x12" + data(name))


def ending(*parts):
    """A broker that ends the exchange with `parts`, each a segment of its own."""

    def behaviour(connection):
        connection.read_packet()
        for challenge in CHALLENGES:
            connection.send(challenge)
            connection.read_packet()
        for part in parts:
            connection.send(part)
            time.sleep(0.003)  # paces the segments apart; nothing waits for it
        connection.drain()

    return behaviour


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_connack_behind_an_exchange_in_pieces(rig, size):
    """With a message behind it in the same stream."""
    stream = GRANTED + mqttbytes.publish("a", b"b", version=5)
    parts = [stream[start : start + size] for start in range(0, len(stream), size)]
    peer = exchanged(rig, rig.gateway([rig.fake(ending(*parts))]))
    assert peer.read_packet() == GRANTED
    assert mqttbytes.published(peer.read_packet(), 5) == ("a", b"b")


def test_server_keep_alive_behind_an_exchange_counts(rig):
    """A client without keep alive is told 1 second, and must be ended by it: 1.5 s and 10 s of grace."""
    answer = mqttbytes.connack(5, 0, properties=METHOD + b"\x13\x00\x01")
    one = rig.gateway([rig.fake(ending(answer))])
    peer = exchanged(rig, one, keepalive=0)
    assert peer.read_packet() == answer
    peer.socket.settimeout(30)
    peer.read_close()
    peer.close()
    assert one.ended(mqtt_client_id="c")["status_reason"] == "client_idle"


@pytest.mark.parametrize("tail", [b"", mqttbytes.PINGRESP])
def test_a_refusal_behind_an_exchange_is_one(rig, tail):
    refusal = mqttbytes.connack(5, 0x87)
    one = rig.gateway([rig.fake(ending(refusal + tail))])
    peer = exchanged(rig, one)
    peer.expect_close(1008, before=refusal)
    assert one.ended(mqtt_client_id="c")["status_reason"] == "refused_by_broker"


def test_a_disconnect_in_place_of_the_connack_passes(rig):
    """5.0 §4.12: either side may give up."""
    goodbye = b"\xe0\x02\x87\x00"
    one = rig.gateway([rig.fake(ending(goodbye))])
    peer = exchanged(rig, one)
    assert peer.read_packet() == goodbye


def test_a_refusal_of_the_broker_in_the_exchange_passes(rig):
    """0x8C, Bad authentication method: the broker's word, not the gateway's."""

    def refuse(connection):
        connection.read_packet()
        connection.send(CHALLENGES[0])
        connection.read_packet()
        connection.send(mqttbytes.connack(5, 0x8C))

    broker = rig.fake(refuse)
    one = rig.gateway([broker])
    peer = rig.peer(one)
    peer.upgrade()
    peer.send_mqtt(connect(5, "c", properties=HELLO))
    assert peer.read_packet() == CHALLENGES[0]
    peer.send_mqtt(RESPONSES[0])
    assert peer.read_packet() == mqttbytes.connack(5, 0x8C)
    peer.read_close()


def test_a_session_ends_with_its_token_here_too(rig):
    keys = rig.path("keys") / "jwks.json"
    keys.write_text(tokens.key_set(tokens.jwk("ES256")))
    one = rig.gateway([rig.fake(exchange)], location=f"auth_jwt_key_file {keys};")
    peer = rig.peer(one)
    peer.upgrade()
    began = time.monotonic()
    peer.send_mqtt(connect(5, "c", properties=HELLO, password=tokens.token(lifetime=3).encode()))
    for challenge, response in zip(CHALLENGES, RESPONSES):
        assert peer.read_packet() == challenge
        peer.send_mqtt(response)
    assert peer.read_packet() == GRANTED
    peer.expect_close(1008, before=mqttbytes.goodbye(0xA0, "the credentials have expired"))
    assert time.monotonic() - began > 1
    one.ended(status_reason="token_expired")


@pytest.mark.parametrize("version", [3, 4])
def test_older_versions_have_no_auth_packet(rig, version):
    """Type 15 is reserved there [MQTT-2.2.2-2]: the session ends."""
    broker = rig.fake(exchange)
    one = rig.gateway([rig.fake()], location="allow 127.0.0.1;")
    peer = rig.opened(one, version)
    peer.send_mqtt(AGAIN)
    peer.read_close()
    peer.close()
    assert one.ended_count(1)[0]["status_reason"] in ("malformed_packet", "protocol_error")
    assert broker.connections == []
