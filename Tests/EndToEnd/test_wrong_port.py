"""What the log says when `server` names a port that is none for plain MQTT, or one side alone speaks the PROXY protocol."""

import re

import pytest

import fakebroker
import mqttbytes
import proxyheader
from harness import eventually, free_port, is_listening
from mqttbytes import connack, connect
from test_health_check import UNHEALTHY
from test_pool import UNAVAILABLE

PATIENT = "health_check interval=200ms timeout=5s fails=1;"
WANTED = "server must name the broker's plain MQTT port"
# What other servers say to a CONNECT, or before it.
FOREIGN = {
    "WebSocket or web": (b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", "'HTTP/1.1 400 Bad Request…', which looks like HTTP"),
    "TLS": (b"\x15\x03\x03\x00\x02\x02\x46", "15 03 03 00 02 02 46, which looks like TLS"),
    "AMQP": (b"AMQP\x00\x00\x09\x01", "41 4d 51 50 00 00 09 01, which looks like AMQP"),
    "SMTP": (b"220 mail.example.com ESMTP Postfix\r\n", "'220 mail.example.com ESM…', which looks like SMTP"),
    "SSH": (b"SSH-2.0-OpenSSH_9.2p1\r\n", "'SSH-2.0-OpenSSH_9.2p1…', which looks like SSH"),
    "Redis": (b"-ERR unknown command\r\n", "'-ERR unknown command…', which looks like Redis"),
    "control codes": (b"\x1b[2J\x07\x00\x1b", "1b 5b 32 4a 07 00 1b, which is not a CONNACK"),
    "MQTT": (b"\xe0\x02\x82\x00", "e0 02 82 00, an MQTT packet other than CONNACK"),
}


def refused(rig, gateway, **options):
    """A client that nobody takes; returns what the log says of the attempt."""
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(5, "nobody", **options))
    peer.expect_close(1013, before=UNAVAILABLE[5])
    return eventually(lambda: re.findall(r"upstream server \S+ failed: (.*)", gateway.output()), "the reason")[0]


def probed(rig, broker, upstream=""):
    """What a probe says of the broker."""
    gateway = rig.gateway([broker], upstream=f"{upstream} {PATIENT}")
    return eventually(lambda: UNHEALTHY.findall(gateway.output()), "unhealthy")[0][1]


@pytest.mark.parametrize("name", FOREIGN)
def test_what_came_and_what_the_port_seems_to_be(rig, name):
    answer, words = FOREIGN[name]
    broker = rig.fake(fakebroker.answer(answer))
    for text in (refused(rig, rig.gateway([broker])), probed(rig, broker)):
        assert f"it answered the CONNECT with {words}" in text
        assert WANTED in text or name == "MQTT"


def test_an_echo_shows_no_password(rig):
    def echo(connection):
        while connection.fill():
            connection.send(connection.received)
            connection.received.clear()

    gateway = rig.gateway([rig.fake(echo)])
    assert "sent the CONNECT back, as an echo service does" in refused(rig, gateway, username="joe", password="s3cret")
    assert "s3cret" not in gateway.output() and "73 33" not in gateway.output()


@pytest.mark.parametrize("version", [4, 5])
def test_no_name_of_the_source_is_in_the_log(rig, version):
    """Whatever a broker answers: English, and no name in camel case but those of protocols and packets."""
    answers = [b"\x20\x02\x01\x05", b"\x20\x7f\x00\x00", b"\x20\x04\x00\x00\x80\x00", b"\x20\x02\x04\x00", b"\x20\x01\x00"]
    answers += [b"\x20\xff\xff\xff\x7f", b"\x20\xff\xff\xff\xff", b"x", b"\x20\x04\x00\x87\x09\x00"]
    brokers = [rig.fake(fakebroker.answer(answer)) for answer in answers]
    location = f"upstream_tries {len(answers)}; upstream_connack_timeout 300ms;"
    gateway = rig.gateway(brokers, location=location, worker_threads=1)
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(version, "camel"))
    peer.read_close()
    peer.close()
    gateway.ended(mqtt_client_id="camel")
    words = [line for line in gateway.output().splitlines() if "failed: " in line]
    assert len(words) >= 4, words
    assert not re.search(r"\b[a-z]+[A-Z]", "".join(line.split("failed: ")[1] for line in words)), words


# Real ports that say nothing, or something else


@pytest.mark.parametrize("kind", ["TLS", "WebSocket"])
def test_other_ports_of_mosquitto(rig, kind):
    """Its TLS port resets a CONNECT; that for WebSocket answers with HTTP."""
    port = free_port()
    lines = {
        "TLS": f"certfile {rig.certificate.certificate}\nkeyfile {rig.certificate.key}",
        "WebSocket": "protocol websockets",
    }
    words = {"TLS": "before its CONNACK; TLS and WebSocket ports do this", "WebSocket": "which looks like HTTP"}
    rig.mosquitto(extra=f"listener {port} 127.0.0.1\n{lines[kind]}")
    eventually(lambda: is_listening(port), f"mosquitto at port {port}")
    assert words[kind] in refused(rig, rig.gateway([port]))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_header_that_mosquitto_2_0_does_not_read(rig, version):
    broker = rig.mosquitto()
    words = f"do not support PROXY protocol {version}: enable it in the broker, or change proxy_protocol in the upstream"
    assert words in refused(rig, rig.gateway([broker], upstream=f"proxy_protocol {version};"))
    assert words in probed(rig, broker, f"proxy_protocol {version};")


def test_a_header_that_is_missing(rig):
    def behaviour(connection):
        connection.fill()
        if not bytes(connection.received).startswith(proxyheader.SIGNATURE):
            connection.reset()

    broker = rig.fake(behaviour)
    words = "brokers that expect a PROXY header: set proxy_protocol in the upstream, or disable it in the broker"
    assert words in refused(rig, rig.gateway([broker]))
    assert words in probed(rig, broker)


def test_a_broker_that_is_known_to_answer_is_not_suspected(rig):
    """Then it is what this client has sent."""

    def behaviour(connection):
        packet = connection.read_packet()
        if packet and mqttbytes.client_id(packet) == "welcome":
            connection.send(connack(mqttbytes.version_of(packet)))
            connection.drain()

    gateway = rig.gateway([rig.fake(behaviour)], worker_threads=1)
    rig.opened(gateway, client_id="welcome")
    assert refused(rig, gateway) == "it closed the connection before its CONNACK"


# A unix socket has no address


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_broker_on_a_unix_socket_gets_addresses(rig, version):
    """Mosquitto 2.1 resets LOCAL, UNKNOWN and port 0: probes, clients of TCP and those of a unix socket."""
    headers = []
    broker = rig.fake(proxyheader.serve(headers), unix=rig.path("unix") / "broker.sock")
    own = rig.path("unix") / "gateway.sock"
    upstream = f"proxy_protocol {version}; health_check interval=200ms timeout=5s;"
    gateway = rig.gateway([broker], upstream=upstream, listen=[f"unix:{own}"])
    eventually(lambda: len(headers) >= 2, "two probes")
    nobody = ("127.0.0.1", 1)
    peer = rig.peer(str(own))
    peer.open_mqtt(4, "unix")
    assert {(h.command, h.source, h.destination) for h in headers} == {("PROXY", nobody, nobody)}
    assert "unhealthy" not in gateway.output()


@pytest.mark.parametrize("version, port", [("v1", 1), ("v2", 0)])
def test_the_port_of_a_client_that_a_front_does_not_name(rig, version, port):
    """X-Forwarded-For has none, and Mosquitto 2.1 resets port 0 in v1."""
    headers = []
    broker = rig.fake(proxyheader.serve(headers))
    server = "set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;"
    gateway = rig.gateway([broker], upstream=f"proxy_protocol {version};", server=server)
    peer = rig.peer(gateway)
    peer.upgrade(extra=["X-Forwarded-For: 192.0.2.7"])
    peer.send_mqtt(connect(4, "behind"))
    assert peer.read_packet() == connack(4)
    assert headers[0].source == ("192.0.2.7", port)
