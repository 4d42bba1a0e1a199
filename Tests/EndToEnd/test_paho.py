"""paho-mqtt over WebSocket, and other Python clients: what is not MQTT.js must work as well."""

import asyncio
import hashlib

import pytest
import websockets

import harness
import mqttbytes
from harness import DEADLINE, eventually

VERSIONS = (3, 4, 5)
LARGE = 16_000_000


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_and_qos(rig, version, secure):
    gateway = rig.tls_gateway([rig.mosquitto()])
    context = rig.certificate.client_context() if secure else None
    client = rig.paho(gateway.tls_port if secure else gateway.port, version, "paho", tls=context)
    assert client.reason == 0
    client.subscribe("t/#", qos=2)
    for qos in (0, 1, 2):
        client.publish(f"t/{qos}", f"payload {qos}", qos)
        message = client.message()
        assert (message.topic, message.payload, message.qos) == (f"t/{qos}", f"payload {qos}".encode(), qos)
    client.close()
    line = gateway.ended(mqtt_client_id="paho")
    assert line["status_reason"] == "client_disconnect"


@pytest.mark.parametrize("version", VERSIONS)
def test_both_directions_past_the_gateway(rig, version):
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    client = rig.paho(gateway.port, version).subscribe("down", 1)
    direct = rig.keep(broker.subscribe("up"))
    client.publish("up", b"\x00\xff binary", 1)
    assert direct.messages() == [("up", b"\x00\xff binary")]
    broker.publish("down", b"reverse", qos=1)
    assert client.message().payload == b"reverse"


@pytest.mark.parametrize("version", VERSIONS)
def test_will_when_the_socket_is_cut(rig, version):
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    watcher = rig.keep(broker.subscribe("wills"))
    client = rig.paho(gateway.port, version, "mortal", will=("wills", "gone", 1))
    client.cut()
    assert watcher.messages() == [("wills", b"gone")]
    assert gateway.ended(mqtt_client_id="mortal")["status_reason"] in ("client_lost", "client_closed")


@pytest.mark.parametrize("version", VERSIONS)
def test_retained_message_is_there_after_reconnecting(rig, version):
    gateway = rig.gateway([rig.mosquitto()])
    rig.paho(gateway.port, version).publish("state", "kept", 1, retain=True)
    message = rig.paho(gateway.port, version).subscribe("state").message()
    assert (message.payload, message.retain) == (b"kept", True)


@pytest.mark.parametrize("version", VERSIONS)
def test_persistent_session_of_qos_2(rig, version):
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    options = {"clean": False, "expiry": 300 if version == 5 else None}
    first = rig.paho(gateway.port, version, "durable", **options).subscribe("inbox", 2)
    first.close()
    eventually(lambda: "Client durable disconnected" in broker.output(), "the end at the broker")
    broker.publish("inbox", b"waiting", qos=2)
    again = rig.paho(gateway.port, version, "durable", **options)
    assert again.message().payload == b"waiting"


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
def test_large_payload_to_the_client(rig, secure):
    broker = rig.mosquitto()
    gateway = rig.tls_gateway([broker])
    context = rig.certificate.client_context() if secure else None
    client = rig.paho(gateway.tls_port if secure else gateway.port, tls=context).subscribe("large")
    payload = rig.random.randbytes(LARGE)
    broker.publish("large", payload, qos=1)
    received = client.message(DEADLINE * 3).payload
    assert hashlib.sha256(received).digest() == hashlib.sha256(payload).digest()


def test_large_payload_both_ways(rig):
    """wss only: over ws paho 2.2 forgets a packet that the socket does not take in one piece (`_packet_write`)."""
    gateway = rig.tls_gateway([rig.mosquitto()])
    client = rig.paho(gateway.tls_port, tls=rig.certificate.client_context()).subscribe("large")
    payload = rig.random.randbytes(LARGE)
    client.publish("large", payload, 1)
    received = client.message(DEADLINE * 3).payload
    assert hashlib.sha256(received).digest() == hashlib.sha256(payload).digest()


def test_two_clients_exchange_many_messages_in_order(rig):
    gateway = rig.gateway([rig.mosquitto()])
    count = 3000
    receiver = rig.paho(gateway.port, 4, "receiver").subscribe("many", 1)
    sender = rig.paho(gateway.port, 4, "sender")
    for index in range(count - 1):
        sender.client.publish("many", str(index), 1)
    sender.publish("many", str(count - 1), 1)
    assert [int(receiver.message().payload) for _ in range(count)] == list(range(count))


def test_ipv6_listener(rig):
    port = harness.free_port()
    gateway = rig.gateway([rig.mosquitto()], listen=[f"[::1]:{port}"])
    # paho writes an IPv6 address into Host without the brackets that RFC 3986 §3.2.2 wants.
    client = rig.paho(port, 4, "six", host="::1", headers={"Host": f"[::1]:{port}"}).subscribe("t")
    client.publish("t", "over IPv6")
    assert client.message().payload == b"over IPv6"
    client.close()
    assert gateway.ended(mqtt_client_id="six")["remote_addr"] == "::1"


def test_refused_password(rig):
    broker = rig.mosquitto(extra="allow_anonymous false")
    gateway = rig.gateway([broker])
    for version in VERSIONS:
        client = rig.paho(gateway.port, version)
        assert client.reason != 0
    assert {line["status_reason"] for line in gateway.ended_count(3)} == {"refused_by_broker"}


def test_websockets_library_offering_compression(rig):
    """RFC 7692 §5: permessage-deflate is offered and not taken up: plain frames; ping and close by the book."""
    gateway = rig.gateway([rig.mosquitto()])

    async def run():
        target = f"ws://127.0.0.1:{gateway.port}/mqtt"
        async with websockets.connect(target, subprotocols=["mqtt"], compression="deflate") as client:
            assert client.subprotocol == "mqtt"
            assert "Sec-WebSocket-Extensions" not in client.response.headers
            await client.send(mqttbytes.connect(4, "library"))
            assert await asyncio.wait_for(client.recv(), DEADLINE) == mqttbytes.connack(4)
            await asyncio.wait_for(await client.ping(b"are you there"), DEADLINE)
            await client.send(mqttbytes.disconnect())
            await asyncio.wait_for(client.wait_closed(), DEADLINE)
            return client.close_code

    assert asyncio.run(run()) == 1000
    assert gateway.ended(mqtt_client_id="library")["status_reason"] == "client_disconnect"
