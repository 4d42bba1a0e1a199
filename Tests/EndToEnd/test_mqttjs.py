"""MQTT.js as browsers and Node programs use it: every version, ws and wss, and what MQTT promises."""

import hashlib
import subprocess

import pytest

from harness import DEADLINE, eventually
from driven import pattern
from nodeclient import PROGRAMS, environment

VERSIONS = {
    "3.1": {"protocolId": "MQIsdp", "protocolVersion": 3},
    "3.1.1": {"protocolVersion": 4},
    "5.0": {"protocolVersion": 5},
}
SCHEMES = ("ws", "wss")
LARGE = 16_000_000


def url(gateway, scheme="ws", path="/mqtt"):
    return f"{scheme}://localhost:{gateway.tls_port if scheme == 'wss' else gateway.port}{path}"


def pattern_hash(size, seed):
    """The hash of what driver.js publishes for `publishPattern`."""
    return hashlib.sha256(pattern(size, seed)).hexdigest()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tutorial(rig, scheme):
    """Promise 1: the program of every tutorial runs unchanged."""
    gateway = rig.tls_gateway([rig.mosquitto()])
    result = subprocess.run(
        ["node", PROGRAMS / "tutorial.js", url(gateway, scheme)],
        env=environment(rig.certificate.authority), capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (0, "Connected\nsensors/temperature: Hello World\n"), result.stderr
    line = gateway.ended(status_reason="client_disconnect")
    assert line["mqtt_version"] == "3.1.1"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_and_qos(rig, version, scheme):
    broker = rig.mosquitto()
    gateway = rig.tls_gateway([broker])
    client = rig.node(url(gateway, scheme), clientId="js", **VERSIONS[version])
    client.subscribe("t/#", qos=2)
    for qos in (0, 1, 2):
        client.publish(f"t/{qos}", f"payload {qos}", qos=qos)
        message = client.message()
        assert (message["topic"], message["text"], message["qos"]) == (f"t/{qos}", f"payload {qos}", qos)
    client.end()
    line = gateway.ended(mqtt_client_id="js")
    assert line["status_reason"] == "client_disconnect"
    assert line["mqtt_version"] == version
    assert line["scheme"] == scheme


@pytest.mark.parametrize("version", VERSIONS)
def test_published_through_gateway_arrives_at_broker_and_back(rig, version):
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    client = rig.node(url(gateway), **VERSIONS[version])
    client.subscribe("down")
    direct = rig.keep(broker.subscribe("up"))
    client.publish("up", "through the gateway", qos=1)
    assert direct.messages() == [("up", b"through the gateway")]
    broker.publish("down", b"past the gateway")
    assert client.message()["text"] == "past the gateway"


@pytest.mark.parametrize("version", VERSIONS)
def test_retained_message(rig, version):
    gateway = rig.gateway([rig.mosquitto()])
    rig.node(url(gateway), **VERSIONS[version]).publish("state", "kept", qos=1, retain=True)
    late = rig.node(url(gateway), **VERSIONS[version])
    late.subscribe("state")
    message = late.message()
    assert (message["text"], message["retain"]) == ("kept", True)


@pytest.mark.parametrize("version", VERSIONS)
def test_will_of_a_killed_client(rig, version):
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    watcher = rig.keep(broker.subscribe("wills"))
    will = {"topic": "wills", "payload": "gone", "qos": 1, "retain": False}
    client = rig.node(url(gateway), clientId="mortal", will=will, **VERSIONS[version])
    client.kill()
    assert watcher.messages() == [("wills", b"gone")]
    assert gateway.ended(mqtt_client_id="mortal")["status_reason"] == "client_lost"


@pytest.mark.parametrize("version", VERSIONS)
def test_no_will_after_disconnect(rig, version):
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    watcher = rig.keep(broker.subscribe("wills"))
    will = {"topic": "wills", "payload": "gone", "qos": 1, "retain": False}
    client = rig.node(url(gateway), clientId="mortal", will=will, **VERSIONS[version])
    client.end()
    gateway.ended(mqtt_client_id="mortal", status_reason="client_disconnect")
    eventually(lambda: "Client mortal disconnected" in broker.output(), "the end at the broker")
    broker.publish("wills", b"fence")
    assert watcher.messages() == [("wills", b"fence")]


@pytest.mark.parametrize("version", VERSIONS)
def test_persistent_session_keeps_messages(rig, version):
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    options = {"clientId": "durable", "clean": False, **VERSIONS[version]}
    if version == "5.0":
        options["properties"] = {"sessionExpiryInterval": 300}
    client = rig.node(url(gateway), **options)
    client.subscribe("inbox", qos=1)
    client.end()
    eventually(lambda: "Client durable disconnected" in broker.output(), "the end at the broker")
    for index in range(5):
        broker.publish("inbox", f"waiting {index}".encode(), qos=1)
    again = rig.node(url(gateway), **options)
    if version != "3.1":  # 3.1 has no Session Present
        assert again.connack["packet"]["sessionPresent"]
    assert [again.message()["text"] for _ in range(5)] == [f"waiting {index}" for index in range(5)]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_large_payload_both_ways(rig, scheme):
    """Promise 1: payloads of any size. What comes back is what went out."""
    gateway = rig.tls_gateway([rig.mosquitto()])
    client = rig.node(url(gateway, scheme), protocolVersion=4, clientId="large")
    client.subscribe("large")
    client.command("publishPattern", topic="large", size=LARGE, seed="large", options={"qos": 1})
    sent = client.event("published", timeout=DEADLINE * 3)
    received = client.message(DEADLINE * 3)
    assert received["size"] == LARGE
    assert sent["hash"] == received["hash"] == pattern_hash(LARGE, "large")
    client.end()
    line = gateway.ended(mqtt_client_id="large")
    assert line["bytes_in"] > LARGE and line["bytes_out"] > LARGE


@pytest.mark.parametrize("version", ["3.1.1", "5.0"])
def test_many_small_messages_stay_in_order(rig, version):
    gateway = rig.gateway([rig.mosquitto()])
    count = 5000
    client = rig.node(url(gateway), clientId="many", **VERSIONS[version])
    client.subscribe("many", qos=1)
    client.command("publishMany", topic="many", count=count, options={"qos": 1})
    received = [int(client.message(DEADLINE * 3)["text"]) for _ in range(count)]
    assert received == list(range(count))
    client.event("published")
    client.end()
    line = gateway.ended(mqtt_client_id="many")
    assert line["packets_in"] >= 2 * count and line["packets_out"] >= 2 * count


def test_properties_of_5_0_pass_unchanged(rig):
    gateway = rig.gateway([rig.mosquitto()])
    client = rig.node(url(gateway), protocolVersion=5)
    client.subscribe("request")
    properties = {
        "contentType": "text/plain",
        "responseTopic": "answers",
        "correlationData": {"type": "Buffer", "data": [1, 2, 3]},
        "userProperties": {"colour": "blue"},
        "messageExpiryInterval": 3600,
    }
    sent = {name: value for name, value in properties.items() if name != "correlationData"}
    client.publish("request", "body", properties=sent)
    received = client.message()["properties"]
    assert received["contentType"] == "text/plain"
    assert received["responseTopic"] == "answers"
    assert received["userProperties"] == {"colour": "blue"}
    assert received["messageExpiryInterval"] <= 3600


def test_bridged_brokers(rig):
    """Two brokers of one pool, bridged: clients of one meet clients of the other."""
    first = rig.mosquitto(name="first")
    second = rig.mosquitto(name="second", bridge_to=first)
    gateway = rig.gateway([first, second], worker_threads=1)
    eventually(lambda: "CONNACK" in second.output(), "the bridge")
    clients = [rig.node(url(gateway), clientId=f"member{index}") for index in range(2)]
    for client in clients:
        client.subscribe("shared/+")
    # A subscription at a broker reaches its bridge first thing: one probe each way until it passes.
    for sender, receiver in (clients, reversed(clients)):
        sender.publish("shared/topic", "over the bridge", qos=1)
        assert receiver.message()["text"] == "over the bridge"
    for client in clients:
        client.end()
    peers = {line["upstream_addr"] for line in gateway.ended_count(2)}
    assert peers == {first.address, second.address}


def test_refused_password_reaches_the_application(rig):
    """users.md 11: the CONNACK that refuses is flushed before the close."""
    passwords = rig.path("passwords") / "file"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "ada", "right"], check=True, capture_output=True)
    broker = rig.mosquitto(extra=f"password_file {passwords}\nallow_anonymous false")
    gateway = rig.gateway([broker])
    for version, code in (("3.1.1", 5), ("5.0", 0x87)):
        client = rig.node(url(gateway), connect=False, username="ada", password="wrong", **VERSIONS[version])
        assert client.event("error")["code"] in (code, 4, 0x86)
    assert {line["status_reason"] for line in gateway.ended_count(2)} == {"refused_by_broker"}
    accepted = rig.node(url(gateway), username="ada", password="right", clientId="ada-1")
    accepted.end()
    assert gateway.ended(mqtt_client_id="ada-1")["mqtt_username"] == "ada"


def test_keepalive_pings_of_the_client_pass(rig):
    """The client's PINGREQ is answered by the broker: a session outlives its keep alive."""
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    client = rig.node(url(gateway), keepalive=1, clientId="pinger")
    eventually(lambda: broker.output().count("Sending PINGRESP to pinger") >= 3, "three pings")
    client.subscribe("alive")
    client.publish("alive", "yes")
    assert client.message()["text"] == "yes"
