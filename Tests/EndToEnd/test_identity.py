"""What the broker is told about a client: mqtt_set_connect and identifiers that the gateway assigns."""

import pytest

import fakebroker
import mqttbytes
import tokens
from bytepeer import request
from mqttbytes import VERSIONS, connect, data
from refusals import admitted


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


# Sizes, and what follows the CONNECT

@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_lengths(rig, version, tls):
    """Around each limit of the Remaining Length (§2.2.3): one byte more in front, and what follows stays in its place."""
    location = (
        "mqtt_set_connect username $arg_user; mqtt_set_connect clientid $mqtt_client_id-; mqtt_max_connect_size 128k;"
    )
    broker, one = start(rig, location, tls=rig.certificate)
    follow = mqttbytes.subscribe("a/b", version=version) + mqttbytes.publish("t", b"\x10\x00", version=version)
    sizes = [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 16_360, 16_368, 65_534]
    for index, size in enumerate(sizes):
        peer = rig.peer(one, tls=tls or None)
        peer.upgrade("/mqtt?user=u")
        peer.send_mqtt(connect(version, "c" * size) + follow)
        assert peer.read_packet() == mqttbytes.connack(version)
        broker.received(connect(version, "c" * size + "-", username="u") + follow, index)
        peer.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_much_behind_a_changed_connect(rig, version):
    """Shorter or longer than it came: nothing of what was sent along is lost or moved."""
    broker, one = start(rig, 'mqtt_set_connect password ""; mqtt_set_connect username $arg_user;')
    packets = b"".join(mqttbytes.publish(f"t{index}", bytes([index]) * 500, version=version) for index in range(100))
    for index, (name, password) in enumerate((("u", b"p" * 3000), ("u" * 3000, b"p"))):
        peer = rig.peer(one)
        peer.upgrade(f"/mqtt?user={name}")
        peer.send_mqtt(connect(version, "c", username="before", password=password) + packets)
        assert peer.read_packet() == mqttbytes.connack(version)
        broker.received(connect(version, "c", username=name) + packets, index)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_next_broker_gets_the_changed_connect(rig, version):
    """The first one takes the CONNECT and closes."""
    bad, good = rig.fake(fakebroker.close_after_connect), rig.fake(fakebroker.keep_open)
    location = "mqtt_set_connect username gw; mqtt_set_connect clientid id-$remote_addr;"
    one = rig.gateway([bad, f"{good.address} backup"], location=location)
    admitted(rig, one, version, "c", username="u", password=b"p")
    expected = connect(version, "id-127.0.0.1", username="gw", password=b"p")
    bad.received(expected)
    good.received(expected)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_header_that_is_no_utf8(rig, version):
    """Whatever stands in it, the broker gets a CONNECT of valid UTF-8 [MQTT-1.5.4-1]; or the client is refused."""
    broker, one = start(rig, "mqtt_set_connect username $http_x_user;")
    peer = rig.peer(one)
    peer.send(request(extra=["X-User: PLACE"]).replace(b"PLACE", b"a\xff\xfe\xc0\x80\xed\xa0\x80b"))
    assert peer.response().status == 101
    peer.send_mqtt(connect(version, "c"))
    assert peer.read_packet() == mqttbytes.connack(version)
    sent = broker.connection().packets()[0]
    head = len(connect(version, "c")) + 2
    name = sent[head:].decode("utf-8")
    assert name.startswith("a") and name.endswith("b") and "\0" not in name
    assert sent == connect(version, "c", username=name)


INHERITED = [
    # main, server, location, user name and password at the broker.
    ("mqtt_set_connect username m;", "", "", "m", b"p"),
    ("mqtt_set_connect username m;", "mqtt_set_connect username s;", "", "s", b"p"),
    ("mqtt_set_connect username m;", "", 'mqtt_set_connect password "";', "u", None),
    ('mqtt_set_connect password "";', "mqtt_set_connect username s;", "mqtt_set_connect username l;", "l", b"p"),
]


@pytest.mark.parametrize("main, server, location, username, password", INHERITED)
def test_inherited(rig, main, server, location, username, password):
    """A list of an inner block replaces the outer one as a whole."""
    broker, one = start(rig, location, main=main, server=server)
    admitted(rig, one, username="u", password=b"p")
    broker.received(connect(4, "c", username=username, **({"password": password} if password else {})))


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


def test_assigned_identifiers_of_3_1(rig):
    """3.1 knows no empty identifier, and none is given: the client was told of nothing."""
    broker, one = start(rig, "mqtt_assign_client_id on;")
    peer = send(rig, one, connect(3, ""))
    peer.read_close()
    assert bytes(peer.mqtt) == mqttbytes.connack(3, 0x02)
    peer.close()
    one.ended(status_reason="client_id_refused")
    assert broker.connections == []


@pytest.mark.parametrize("clean", [True, False])
def test_assigned_identifiers_are_never_the_same(rig, clean):
    broker, one = start(rig, "mqtt_assign_client_id on;")
    for _ in range(200):
        peer = send(rig, one, connect(5, "", clean=clean))
        assert peer.read_packet()[3] == 0
        peer.close()
    names = {mqttbytes.client_id(connection.packets()[0]) for connection in broker.connections}
    assert len(names) == 200


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_mqttjs_and_paho_are_told_their_identifier(rig, tls):
    """And it is the one that a real broker knows them by."""
    broker = rig.mosquitto()
    one = rig.gateway([broker], location="mqtt_assign_client_id on;", tls=rig.certificate)
    url = f"wss://localhost:{one.tls_port}/mqtt" if tls else f"ws://localhost:{one.port}/mqtt"
    node = rig.node(url, protocolVersion=5, clientId="")
    given = node.connack["packet"]["properties"]["assignedClientIdentifier"]
    assert given.startswith("sluice") and f" as {given} " in broker.output()
    context = rig.certificate.client_context() if tls else None
    paho = rig.paho(one.tls_port if tls else one.port, 5, tls=context)
    own = paho.properties.AssignedClientIdentifier
    assert own.startswith("sluice") and own != given and f" as {own} " in broker.output()


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
    answer = send(rig, one, connect(5, "")).read_packet()
    assert answer == mqttbytes.connack(5, 0, properties=b"\x12" + data("brokers-own"))
