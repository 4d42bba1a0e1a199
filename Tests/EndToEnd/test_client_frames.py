"""How packets of every size reach the clients that take WebSocket messages least well: Paho C and old paho-mqtt.

Paho C delivers the first packet of a message and lets the others wait for more bytes; it and paho-mqtt up to 1.5 lose a
message in fragments and all that follows. So each packet has one frame. `websocket_ping 0`: nothing else wakes a client.
"""

import pytest

import mqttbytes
from clientruns import connected, drive
from driven import digest, pattern
from harness import DEADLINE
from programs import by_key

CLIENTS = [by_key(key) for key in ("Paho C-1.3.12", "paho-mqtt-1.3.1", "paho-mqtt-1.5.0")]
LARGE = 16_000_000
SIZES = (125, 126, 127, 65_535, 65_536, LARGE)

every_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.key.replace(" ", "-"))


def packet_of(size, seed):
    """A PUBLISH of exactly `size` bytes in all, and its payload."""
    for header in range(4, 9):
        payload = pattern(size - header, seed)
        packet = mqttbytes.publish("t", payload)
        if len(packet) == size:
            return packet, payload
    raise AssertionError(f"no PUBLISH has {size} bytes")


def after_subscribe(*parts):
    """A broker that grants CONNECT and SUBSCRIBE, then sends each part with one write."""

    def behaviour(connection):
        connection.accept_connect()
        subscribe = connection.read_packet()
        connection.send(mqttbytes.packet(0x90, subscribe[2:4], b"\x00"))
        for part in parts:
            connection.send(part)
        connection.drain()

    return behaviour


def receives(rig, client, broker, payloads, **options):
    """The client gets exactly these payloads, in this order."""
    gateway = rig.gateway([broker], location="websocket_ping 0;", **options)
    driven = drive(rig, client, f"ws://localhost:{gateway.port}/mqtt", "receiver", 4)
    connected(driven, "t")
    for payload in payloads:
        message = driven.message(3 * DEADLINE)
        assert (message["size"], message["hash"]) == (len(payload), digest(payload))
    assert driven.seen() == []


@every_client
def test_two_packets_in_one_read(rig, client):
    packets, payloads = zip(packet_of(125, "first"), packet_of(127, "second"))
    broker = rig.fake(after_subscribe(b"".join(packets)))
    receives(rig, client, broker, payloads)


@every_client
@pytest.mark.parametrize("size", SIZES)
def test_a_packet_of_this_size_and_one_behind_it(rig, client, size):
    """In one write, so that a read of the gateway ends anywhere in them."""
    packets, payloads = zip(packet_of(size, "large"), packet_of(64, "next"), packet_of(size, "again"))
    broker = rig.fake(after_subscribe(b"".join(packets)))
    receives(rig, client, broker, payloads)


@every_client
def test_a_packet_that_comes_in_pieces(rig, client):
    """Each piece with a write of its own, cut in the header, too."""
    packet, payload = packet_of(65_536, "pieces")
    following, text = packet_of(126, "following")
    cuts = (0, 1, 3, 7, 1000, 40_000, len(packet))
    pieces = [packet[begin:end] for begin, end in zip(cuts, cuts[1:])]
    receives(rig, client, rig.fake(after_subscribe(*pieces, following)), [payload, text])


@every_client
def test_messages_published_at_once_arrive_at_once(rig, client):
    """With the default settings: long before a Ping, which would wake the client."""
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    driven = drive(rig, client, f"ws://localhost:{gateway.port}/mqtt", "receiver", 4)
    connected(driven, "t")
    lines = [f"message {index}" for index in range(20)]
    broker.publish_lines("t", lines)
    assert [driven.message()["text"] for _ in lines] == lines


def test_amqtt_wants_stream_for_more_than_its_mebibyte(rig):
    """Its limit of 1 MiB is one of WebSocket messages: it closes with 1009, and takes the packet where it comes in pieces."""
    client = by_key("amqtt-0.12.1")
    payload = pattern(1_100_000, "large")
    broker = rig.mosquitto()
    stream = "location /stream { mqtt_pass brokers; websocket_frames stream; }"
    gateway = rig.gateway([broker], server=stream)
    for path in ("mqtt", "stream"):
        driven = drive(rig, client, f"ws://localhost:{gateway.port}/{path}", path, 4)
        connected(driven, path)
        broker.publish(path, payload)
        if path == "stream":
            assert driven.message()["hash"] == digest(payload)
        else:
            driven.event("close")
            assert gateway.ended(mqtt_client_id="mqtt")["status_reason"] == "client_closed"


@pytest.mark.parametrize("version", [4, 5])
def test_awscrt_adds_to_the_user_name(rig, version):
    """By default it is not who it was told to be: `disable_metrics=True` makes it so (the matrix runs it that way)."""
    from test_auth_password import sluice_passwd

    users = sluice_passwd(rig.path("users"), {"alice": "secret"})
    gateway = rig.gateway([rig.mosquitto()], location=f"auth_password_file {users};")
    credentials = {"username": "alice", "password": "secret", "metrics": True}
    driven = drive(
        rig, by_key("awscrt-0.38.1"), f"ws://localhost:{gateway.port}/mqtt", "aws", version, **credentials
    )  # fmt: skip
    event = driven.event("connect", "error", timeout=3 * DEADLINE)
    assert event["event"] == "error"
    assert gateway.ended(mqtt_client_id="aws")["status_reason"] == "credentials_refused"
