"""MQTT without WebSocket (`listen … mqtt`): sessions of real clients, which server takes them, and what the operator sees."""

import signal
import ssl
import subprocess

import pytest

import fakebroker
import mqttbytes
import proxyheader
import tokens
from harness import DEADLINE, eventually, free_port, is_listening
from mqttbytes import VERSIONS
from operator_side import OperatorSide
from rawpeer import raw_gateway, raw_peer
from reloads import reload
from test_auth_password import htpasswd

both = pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])


def sent_after_connect(broker):
    """What the broker has got of a client whose connection has ended."""
    connection = broker.connection()
    eventually(lambda: connection.ended or connection.socket.fileno() < 0, "the end at the broker")
    received = bytes(connection.received)
    return received[mqttbytes.whole(received) :]


def log(gateway, **fields):
    line = gateway.ended(**fields)
    return {name: line[name] for name in ("scheme", "uri", "http_version", "http_status", "status_reason")}


# Real clients


@both
@pytest.mark.parametrize("version", ["mqttv31", "mqttv311", "mqttv5"])
def test_mosquitto_pub_and_sub(rig, tls, version):
    gateway = raw_gateway(rig)
    host, port = gateway.tls_address if tls else gateway.address
    options = ["-h", host, "-p", str(port), "-V", version, "-t", "a/b", "-q", "1"]
    if tls:
        options += ["--cafile", str(rig.certificate.authority)]
    with subprocess.Popen(["mosquitto_sub", *options, "-i", "sub", "-C", "3"], stdout=subprocess.PIPE) as subscriber:
        eventually(lambda: "Sending SUBACK to sub" in rig.witnesses[0].output(), "SUBACK")
        subprocess.run(["mosquitto_pub", *options, "-i", "pub", "-l"], input=b"1\n2\n3\n", check=True, timeout=DEADLINE)
        assert subscriber.communicate(timeout=DEADLINE)[0] == b"1\n2\n3\n"
    for name in ("sub", "pub"):
        assert log(gateway, mqtt_client_id=name) == {
            "scheme": "mqtts" if tls else "mqtt",
            "uri": "",
            "http_version": "",
            "http_status": 0,
            "status_reason": "client_disconnect",
        }
    assert ("ssl_protocol" in gateway.ended(mqtt_client_id="pub")) == tls


@both
@pytest.mark.parametrize("version", VERSIONS)
def test_paho(rig, tls, version):
    """With payloads around every size that frames would care about."""
    gateway = raw_gateway(rig)
    port = gateway.tls_port if tls else gateway.port
    context = rig.certificate.client_context() if tls else None
    client = rig.paho(port, version, "p", transport="tcp", tls=context, host="127.0.0.1")
    client.subscribe("echo", qos=1)
    for size in (0, 1, 125, 126, 65_535, 65_536, 1_048_576):
        payload = rig.random.randbytes(size)
        client.publish("echo", payload, qos=1)
        assert client.message().payload == payload
    client.close()
    assert log(gateway, mqtt_client_id="p")["status_reason"] == "client_disconnect"


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts"])
@pytest.mark.parametrize("version", [4, 5])
def test_mqttjs(rig, scheme, version):
    gateway = raw_gateway(rig)
    port = gateway.port if scheme == "mqtt" else gateway.tls_port
    client = rig.node(f"{scheme}://127.0.0.1:{port}", protocolVersion=version, clientId="js")
    client.subscribe("t", qos=1)
    client.publish("t", "hello", qos=1)
    assert client.event("message")["text"] == "hello"
    client.close()
    assert log(gateway, mqtt_client_id="js")["scheme"] == scheme


def test_paho_with_a_client_certificate(rig, authority):
    """Its name is the user name that the broker is told; without one the handshake fails."""
    server = f"ssl_client_certificate {authority.certificate}; ssl_verify_client on; auth_certificate cn as_username;"
    broker = rig.mosquitto()
    gateway = raw_gateway(rig, [broker], server=server)
    context = rig.certificate.client_context(authority.issue_client("device", subject="/CN=device-1"))
    rig.paho(gateway.tls_port, 4, "d", transport="tcp", tls=context).close()
    assert "u'device-1'" in broker.output()
    assert gateway.ended(mqtt_client_id="d")["ssl_client_dn"] == "CN=device-1"
    peer = raw_peer(rig, gateway, tls=True)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        peer.send_mqtt(mqttbytes.connect(4, "nobody"))
        peer.socket.recv(1)
    gateway.ended(status_reason="tls_failed", scheme="mqtts")


# Bytes


@both
def test_cut_at_every_byte(rig, tls):
    gateway = raw_gateway(rig, [rig.fake(fakebroker.echo)])
    peer = raw_peer(rig, gateway, tls=tls)
    packets = [mqttbytes.publish("t", b"x" * size) for size in (1, 130, 300)]
    peer.send_cut(mqttbytes.connect(4, "cut") + b"".join(packets))
    assert peer.read_packets(4) == [mqttbytes.connack(), *packets]
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_end()
    line = gateway.ended(mqtt_client_id="cut")
    assert (line["status_reason"], line["packets_in"], line["packets_out"]) == ("client_disconnect", 5, 4)


@both
def test_all_at_once(rig, tls):
    """Packets after the CONNECT wait for the broker; a client that ends its side has still said what it has said."""
    broker = rig.fake()
    gateway = raw_gateway(rig, [broker])
    peer = raw_peer(rig, gateway, tls=tls)
    message = mqttbytes.publish("t", "last words")
    peer.send_mqtt(mqttbytes.connect(4, "quick"), message, mqttbytes.disconnect())
    if not tls:
        peer.half_close()
    assert peer.read_packet() == mqttbytes.connack()
    peer.expect_end()
    assert sent_after_connect(broker) == message + mqttbytes.disconnect()
    assert gateway.ended(mqtt_client_id="quick")["status_reason"] == "client_disconnect"


def test_half_closed_without_disconnect(rig):
    """The end of a client's side is its end: the broker gets what it had sent, and publishes the Will."""
    broker = rig.fake()
    gateway = raw_gateway(rig, [broker])
    peer = raw_peer(rig, gateway)
    peer.open_mqtt(client_id="half")
    message = mqttbytes.publish("t", "last words")
    peer.send_mqtt(message)
    peer.half_close()
    peer.expect_end()
    assert sent_after_connect(broker) == message
    assert gateway.ended(mqtt_client_id="half")["status_reason"] == "client_lost"


# Which server


def test_sni_chooses_the_server(rig):
    """And ALPN is answered with mqtt; a client that offers others, or none, is served, too."""
    brokers = [rig.fake(), rig.fake()]
    port = free_port()
    config = "worker_threads 1; error_log stderr debug; access_log access.log json;" + "".join(
        f"""
        server {{
            listen 127.0.0.1:{port} ssl mqtt;
            server_name {name}; mqtt_pass {broker.address};
            ssl_certificate {rig.certificate.certificate}; ssl_certificate_key {rig.certificate.key}; }}"""
        for name, broker in zip(("one.example", "two.example"), brokers)
    )
    gateway = rig.gateway(config=config)
    offers = [(["mqtt"], "mqtt"), (["http/1.1", "mqtt"], "mqtt"), (["h2", "x-amzn-mqtt-ca"], None), ([], None)]
    for number, (offer, chosen) in enumerate(offers):
        for name, server in (("one.example", "one.example"), ("two.example", "two.example"), ("x.example", "one.example")):
            context = rig.certificate.client_context()
            context.check_hostname = False
            if offer:
                context.set_alpn_protocols(offer)
            peer = raw_peer(rig, gateway, context=context, name=name, address=gateway.listeners[0])
            assert peer.socket.selected_alpn_protocol() == chosen
            peer.open_mqtt(client_id=f"{name}{number}")
            peer.close()
            line = gateway.ended(mqtt_client_id=f"{name}{number}")
            assert (line["server_name"], line["ssl_server_name"]) == (server, name)
            assert line["upstream_addr"] == brokers[server == "two.example"].address


@both
@pytest.mark.parametrize("form", ["v1", "v2"])
def test_behind_a_load_balancer(rig, tls, form):
    """Its header comes first, and may come with what follows it."""
    gateway = raw_gateway(rig, parameters="proxy_protocol", server="set_real_ip_from 127.0.0.1;")
    make = getattr(proxyheader, form)
    header = make(("192.0.2.7", 4711), ("198.51.100.1", 1883))
    if tls:
        peer = raw_peer(rig, gateway, address=gateway.tls_address)
        peer.send(header)
        peer.socket = rig.certificate.client_context().wrap_socket(peer.socket, server_hostname="localhost")
        peer.open_mqtt(client_id="behind")
    else:
        peer = raw_peer(rig, gateway)
        peer.send(header + mqttbytes.connect(4, "behind"))
        assert peer.read_packet() == mqttbytes.connack()
    peer.close()
    line = gateway.ended(mqtt_client_id="behind")
    assert (line["remote_addr"], line["remote_port"]) == ("192.0.2.7", 4711)


# Who is allowed in


def test_refused_by_address(rig):
    gateway = raw_gateway(rig, server="deny 127.0.0.1;")
    peer = raw_peer(rig, gateway)
    peer.send_mqtt(mqttbytes.connect(5, "denied"))
    assert peer.read_packet()[:4] == bytes([0x20, 3, 0, 0x87])
    peer.expect_end()
    assert gateway.ended(mqtt_client_id="denied", mqtt_reason_code="0x87")["status_reason"] == "address_refused"


@both
def test_password_and_token(rig, tls):
    """The places that there are: user name, password and certificate."""
    folder = rig.path("secrets")
    (folder / "keys").write_text(tokens.key_set(tokens.jwk("ES256")))
    users = htpasswd(folder, {"joe": "right"})
    server = f"auth_password_file {users}; auth_jwt_key_file {folder}/keys; auth_jwt_token cookie:session password username;"
    gateway = raw_gateway(rig, server=server)
    for number, (name, password, code) in enumerate(
        [("joe", "right", 0), ("joe", "wrong", 4), ("any", tokens.token(), 0), (tokens.token(), "", 0), (None, None, 5)]
    ):
        peer = raw_peer(rig, gateway, tls=tls)
        peer.send_mqtt(mqttbytes.connect(4, f"c{number}", username=name, password=password))
        assert peer.read_packet() == mqttbytes.connack(4, code), (name, password)
        peer.close()
        gateway.ended(mqtt_client_id=f"c{number}")


# The end


@pytest.mark.parametrize("version", [4, 5])
def test_drain(rig, version):
    """A 5.0 client is told why; there is no Close."""
    gateway = raw_gateway(rig, main="worker_shutdown_timeout 1s;")
    peer = raw_peer(rig, gateway)
    peer.open_mqtt(version, "drained")
    gateway.send_signal(signal.SIGQUIT)
    if version == 5:
        answer = peer.read_packet()
        assert (answer[0], answer[2]) == (0xE0, 0x8B)
    peer.expect_end()
    line = gateway.ended(mqtt_client_id="drained")
    assert line["status_reason"] == "drained" and "websocket_close_code" not in line


def test_the_end_waits_for_the_packet_under_way(rig):
    """A DISCONNECT inside a packet would be taken for its payload."""
    packet = mqttbytes.publish("t", bytes(1000), version=5)
    broker = rig.fake(fakebroker.accept_then_send(packet[:500]))
    gateway = raw_gateway(rig, [broker], main="worker_shutdown_timeout 1s;")
    peer = raw_peer(rig, gateway)
    peer.open_mqtt(5, "inside")
    assert peer.read_exactly(500) == packet[:500]
    gateway.send_signal(signal.SIGQUIT)
    eventually(lambda: not is_listening(gateway.port), "the drain")
    broker.connection().send(packet[500:])
    assert peer.read_exactly(len(packet) - 500) == packet[500:]
    assert peer.read_packet()[0] == 0xE0
    peer.expect_end()


def test_silence(rig):
    """Without frames there are no pings: a client that keeps its promise is kept, one that does not is ended."""
    broker = rig.fake()
    gateway = raw_gateway(rig, [broker])
    quiet, alive = raw_peer(rig, gateway), raw_peer(rig, gateway)
    quiet.open_mqtt(5, "quiet", keepalive=1)
    alive.open_mqtt(5, "alive", keepalive=1)
    ping = b"\xc0\x00"

    def ends():
        alive.send_mqtt(ping)
        return any(line["mqtt_client_id"] == "quiet" for line in gateway.access())

    eventually(ends, "the end of the quiet one", timeout=2 * DEADLINE, interval=0.2)
    quiet.expect_end()
    assert gateway.ended(mqtt_client_id="quiet")["status_reason"] == "client_idle"
    assert [line["mqtt_client_id"] for line in gateway.access()] == ["quiet"]


# What the operator sees


def test_the_api_shows_it_and_ends_it(rig):
    port = free_port()
    main = f"server {{ listen 127.0.0.1:{port} mqtt; mqtt_pass brokers; }}"
    side = OperatorSide(rig, [rig.mosquitto()], main=main)
    peer = raw_peer(rig, side.gateway, address=("127.0.0.1", port))
    peer.open_mqtt(5, client_id="seen")
    (one,) = side.connections("?client_id=seen")
    assert (one["transport"], one["protocol"], one["websocket"], one["state"]) == ("mqtt", "", None, "open")
    assert (one["listener"], one["uri"], one["mqtt"]["version"]) == (f"127.0.0.1:{port}", "", "5.0")
    assert side.ask("DELETE", f"/api/connections/{one['id']}")[0] == 204
    assert peer.read_packet()[2] == 0x98  # Administrative action
    peer.expect_end()
    (end,) = side.connections("?state=closed&client_id=seen")
    assert end["end"]["cause"] == "kicked" and end["end"]["websocket_code"] is None


def test_reload(rig):
    """Open sessions stay; new ones go by the new configuration."""
    gateway = raw_gateway(rig, [rig.mosquitto()])
    old = raw_peer(rig, gateway)
    old.open_mqtt(client_id="old")
    reload(gateway, gateway.config.replace("mqtt_pass", "deny all; mqtt_pass"))
    new = raw_peer(rig, gateway)
    new.send_mqtt(mqttbytes.connect(4, "new"))
    assert new.read_packet() == mqttbytes.connack(4, 5)
    old.send_mqtt(b"\xc0\x00")
    assert old.read_packet() == b"\xd0\x00"
