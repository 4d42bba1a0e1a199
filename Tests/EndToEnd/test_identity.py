"""What the broker is told about a client: mqtt_set_connect, assigned identifiers, addresses and who passes untouched."""

import pytest

import fakebroker
import mqttbytes
import tokens
from bytepeer import request
from harness import free_port
from mqttbytes import VERSIONS, connect, data, length
from refusals import admitted, expect_refused


def start(rig, location, broker=None, **options):
    broker = broker or rig.fake(fakebroker.keep_open)
    return broker, rig.gateway([broker], location=location, **options)


def send(rig, one, packet, *, path="/mqtt", extra=()):
    peer = rig.peer(one)
    peer.upgrade(path, extra=extra)
    peer.send_mqtt(packet)
    return peer


WILL = {"will": ("w/t", b"\x00\xff"), "will_qos": 2, "will_retain": True}

CHANGES = [
    # Directives, what the client sends, what the broker gets.
    ('mqtt_set_connect password "";', {"username": "u", "password": b"p"}, {"username": "u"}),
    ("mqtt_set_connect username gw;", {"username": "u", "password": b"p"}, {"username": "gw", "password": b"p"}),
    ("mqtt_set_connect username gw;", {}, {"username": "gw"}),
    ('mqtt_set_connect username "";', {"username": "u", "password": b"p"}, {}),
    ("mqtt_set_connect username gw; mqtt_set_connect password pw;", {}, {"username": "gw", "password": b"pw"}),
    ("mqtt_set_connect clientid gw-$mqtt_client_id;", WILL, {"client_id": "gw-c", **WILL}),
    ("mqtt_set_connect username $mqtt_username@$remote_addr;", {"username": "u"}, {"username": "u@127.0.0.1"}),
    ("mqtt_set_connect username $http_x_user;", {}, {"username": "from-header"}),
    ("mqtt_set_connect username $arg_user;", {}, {"username": "from query"}),
    ("mqtt_set_connect username $cookie_user;", {}, {"username": "from-cookie"}),
    ("mqtt_set_connect username ${mqtt_version}-$mqtt_keepalive-$mqtt_clean_start-$scheme;", {}, None),
    ("mqtt_set_connect username $http_missing;", {"username": "u"}, {}),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("directives, sent, got", CHANGES, ids=[row[0] for row in CHANGES])
def test_change(rig, directives, sent, got, version):
    """Byte for byte: nothing else of the CONNECT is touched."""
    broker, one = start(rig, directives)
    peer = send(
        rig, one, connect(version, "c", **sent), path="/mqtt?user=from%20query",
        extra=["X-User: from-header", "Cookie: user=from-cookie"],
    )  # fmt: skip
    assert peer.read_packet()[3] == 0
    if got is None:
        got = {"username": {3: "3.1", 4: "3.1.1", 5: "5.0"}[version] + "-60-1-ws"}
    expected = {"client_id": "c", **got}
    if version == 5 and "password" in sent and "username" in sent and not got and "password \"\"" not in directives:
        expected["password"] = sent["password"]  # 5.0 has passwords without user names
    broker.received(connect(version, **expected))


def test_the_last_word_is_the_directives(rig):
    """A claim of the token names the client; the token itself stays here."""
    keys = rig.path("keys") / "jwks.json"
    keys.write_text(tokens.key_set(tokens.jwk("ES256")))
    broker, one = start(
        rig, f'auth_jwt_key_file {keys}; mqtt_set_connect username $jwt_claim_sub; mqtt_set_connect password "";'
        " mqtt_set_connect clientid $jwt_claim_tenant-$mqtt_client_id;",
    )  # fmt: skip
    text = tokens.token(sub="alice", tenant=7)
    peer = send(rig, one, connect(4, "c", username="x", password=text.encode()))
    assert peer.read_packet()[3] == 0
    broker.received(connect(4, "7-c", username="alice"))
    peer.close()
    line = one.ended(auth_method="jwt")
    assert (line["mqtt_client_id"], line["mqtt_username"]) == ("7-c", "alice")


def user_property(name, value):
    return b"\x26" + data(name) + data(value)


@pytest.mark.parametrize("version", VERSIONS)
def test_user_properties(rig, version):
    """Behind those of the client, for 5.0; 3.x has none."""
    broker, one = start(
        rig, "mqtt_set_connect user_property:x-real-ip $remote_addr; mqtt_set_connect user_property:x-real-ip $scheme;"
        " mqtt_set_connect user_property:x-empty $http_missing;",
    )  # fmt: skip
    own = user_property("x-real-ip", "spoofed") + b"\x11\x00\x00\x00\x0a"
    properties = own if version == 5 else b""
    peer = send(rig, one, connect(version, "c", properties=properties))
    assert peer.read_packet()[3] == 0
    if version == 5:
        properties += user_property("x-real-ip", "127.0.0.1") + user_property("x-real-ip", "ws")
    broker.received(connect(version, "c", properties=properties))


REFUSED = [
    # Directives, version, what the client sends, the CONNACK.
    ('mqtt_set_connect clientid "";', 3, {}, 0x02),
    ('mqtt_set_connect clientid "";', 4, {"clean": False}, 0x02),
    ("mqtt_set_connect password p;", 3, {}, 0x04),
    ("mqtt_set_connect password p;", 4, {}, 0x04),
    ("mqtt_set_connect username $mqtt_client_id$mqtt_client_id;", 5, {"client_id": "c" * 40_000}, 0x86),
    ("mqtt_set_connect clientid $mqtt_client_id$mqtt_client_id;", 5, {"client_id": "c" * 40_000}, 0x85),
    ("mqtt_set_connect user_property:a $mqtt_client_id$mqtt_client_id;", 5, {"client_id": "c" * 40_000}, 0x83),
    ("mqtt_set_connect username $arg_bad;", 5, {}, None),
]


@pytest.mark.parametrize("directives, version, sent, answer", REFUSED, ids=[f"{row[0]} {row[1]}" for row in REFUSED])
def test_what_makes_no_valid_connect_is_refused(rig, directives, version, sent, answer):
    broker, one = start(rig, directives)
    peer = send(rig, one, connect(version, **{"client_id": "c", **sent}), path="/mqtt?bad=a%00b")
    if answer is None:
        # A NUL in the query is no value: nothing of it gets anywhere.
        assert peer.read_packet()[3] == 0
        broker.received(connect(version, "c"))
        return
    peer.read_close()
    assert bytes(peer.mqtt) == mqttbytes.connack(version, answer)
    peer.close()
    one.ended(status_reason="identity_refused")
    assert broker.connections == []


@pytest.mark.parametrize("version", VERSIONS)
def test_real_broker(rig, version):
    """mosquitto takes what was rewritten: messages, the Will, and a session that goes on under the new identifier."""
    broker = rig.mosquitto()
    one = rig.gateway([broker], location="mqtt_set_connect clientid gw-$mqtt_client_id; mqtt_set_connect username gw;")
    watcher = rig.paho(one.port, 4, "watcher")
    watcher.subscribe("#")
    options = {"clean": False, **({"expiry": 60} if version == 5 else {})}
    client = rig.paho(one.port, version, "c", will=("wills/c", "gone", 0, False), **options)
    client.subscribe("mine", 1)
    client.publish("t", "hello", 1)
    assert watcher.message().payload == b"hello"
    client.cut()
    assert watcher.message().payload == b"gone"
    watcher.publish("mine", "kept", 1)
    again = rig.paho(one.port, version, "c", **options)
    assert again.flags.session_present or version == 3  # 3.1 does not tell
    assert again.message().payload == b"kept"


# Identifiers that the gateway gives

@pytest.mark.parametrize("version", [4, 5])
def test_assigned_identifier(rig, version):
    broker, one = start(rig, "mqtt_assign_client_id on;")
    peer = send(rig, one, connect(version, ""))
    answer = peer.read_packet()
    assert answer[0] == 0x20 and answer[3] == 0
    peer.close()
    given = one.ended(mqtt_version="5.0" if version == 5 else "3.1.1")["mqtt_client_id"]
    assert len(given) == 22 and given.startswith("sluice") and given.isalnum()
    broker.received(connect(version, given))
    if version == 5:
        assert answer == mqttbytes.connack(5, 0, properties=b"\x12" + data(given))
    else:
        assert answer == mqttbytes.connack(4, 0)
    admitted(rig, one, version, "own")
    broker.received(connect(version, "own"), 1)


def test_what_follows_the_connack_stays_behind_it(rig):
    """The broker sends its CONNACK and messages in one piece; the changed CONNACK comes first."""
    rest = b"".join(mqttbytes.publish(f"t{index}", b"x" * 100, version=5) for index in range(100))

    def behaviour(connection):
        connection.read_packet()
        connection.send(mqttbytes.connack(5, 0, properties=b"\x21\x00\x0a") + rest)
        connection.drain()

    _, one = start(rig, "mqtt_assign_client_id on;", rig.fake(behaviour))
    peer = send(rig, one, connect(5, ""))
    answer = peer.read_packet()
    assert b"\x21\x00\x0a\x12\x00\x16sluice" in answer
    received = b""
    while len(received) < len(rest):
        received += peer.read_packet()
    assert received == rest


def test_an_identifier_of_the_broker_is_left_alone(rig):
    def behaviour(connection):
        connection.read_packet()
        connection.send(mqttbytes.connack(5, 0, properties=b"\x12" + data("brokers-own")))
        connection.drain()

    _, one = start(rig, "mqtt_assign_client_id on;", rig.fake(behaviour))
    assert send(rig, one, connect(5, "")).read_packet() == mqttbytes.connack(5, 0, properties=b"\x12" + data("brokers-own"))


# Enhanced authentication

def auth(*, code=0, method="SCRAM", content=b""):
    properties = b"\x15" + data(method) + (b"\x16" + data(content) if content else b"")
    return mqttbytes.packet(0xF0, bytes([code]), length(len(properties)), properties)


def scram(connection):
    """A broker that wants two more packets before its CONNACK."""
    connection.read_packet()
    connection.send(auth(code=0x18, content=b"challenge"))
    if connection.read_packet() == auth(code=0x18, content=b"response"):
        connection.send(mqttbytes.connack(5, 0))
    connection.drain()


@pytest.mark.parametrize("location", ["", "auth_anonymous on; auth_password_file {users};"], ids=["open", "gated"])
def test_enhanced_authentication_passes_untouched(rig, location):
    """5.0 §4.12: CONNECT and AUTH packets as they are, once the gate's own rules are met."""
    users = rig.path("users") / "users"
    users.write_text("")
    broker, one = start(rig, location.format(users=users), rig.fake(scram))
    hello = connect(5, "c", properties=b"\x15" + data("SCRAM") + b"\x16" + data(b"first"))
    peer = send(rig, one, hello)
    assert peer.read_packet() == auth(code=0x18, content=b"challenge")
    peer.send_mqtt(auth(code=0x18, content=b"response"))
    assert peer.read_packet() == mqttbytes.connack(5, 0)
    broker.received(hello + auth(code=0x18, content=b"response"))


def test_enhanced_authentication_meets_the_gate_first(rig):
    users = rig.path("users") / "users"
    users.write_text("")
    broker, one = start(rig, f"auth_password_file {users};", rig.fake(scram))
    peer = send(rig, one, connect(5, "c", properties=b"\x15" + data("SCRAM")))
    peer.read_close()
    assert bytes(peer.mqtt) == mqttbytes.connack(5, 0x87)
    assert broker.connections == []


# Addresses

ADDRESSES = [
    ("deny all;", False),
    ("allow 127.0.0.0/8; deny all;", True),
    ("allow 127.0.0.1; deny all;", True),
    ("allow 127.0.0.2; deny all;", False),
    ("deny 127.0.0.1; allow all;", False),
    ("allow all; deny 127.0.0.1;", True),
    ("deny 10.0.0.0/8;", True),
    ("deny ::1;", True),
    ("deny unix:;", True),
    ("allow unix:; deny all;", False),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("rules, is_allowed", ADDRESSES)
def test_address(rig, rules, is_allowed, version):
    _, one = start(rig, rules)
    if is_allowed:
        admitted(rig, one, version)
    else:
        expect_refused(rig, one, "address_refused", version)


def test_address_of_ipv6_and_unix(rig):
    path = rig.path("socket") / "s"
    _, one = start(
        rig, "allow ::1; allow unix:; deny all;",
        listen=[f"127.0.0.1:{free_port()}", f"[::1]:{free_port()}", f"unix:{path}"],
    )  # fmt: skip
    expect_refused(rig, one, "address_refused")
    rig.peer(one.listeners[1]).open_mqtt()
    rig.peer(str(path)).open_mqtt()


def test_address_of_files(rig):
    """403 there: a browser shows it."""
    root = rig.path("www")
    (root / "index.html").write_text("hello")
    one = rig.gateway(
        [rig.fake()], server=f"deny 127.0.0.1; location / {{ root {root}; }} location /open/ {{ allow all; root {root}; }}"
    )
    peer = rig.peer(one)
    peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert peer.response().status == 403
    peer.close()
    assert one.ended(http_status=403)["status_reason"] == "address_refused"
    (root / "open").mkdir()
    (root / "open" / "index.html").write_text("hello")
    peer = rig.peer(one)
    peer.send(b"GET /open/ HTTP/1.1\r\nHost: x\r\n\r\n")
    assert peer.response().status == 200
    peer = rig.peer(one)
    peer.send(request())
    assert peer.response().status == 101
