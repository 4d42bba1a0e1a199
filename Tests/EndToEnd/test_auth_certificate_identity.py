"""A client's certificate behind the handshake: names in logs and at the broker, resumed sessions, its end."""

import contextlib
import hashlib
import ssl

import pytest
from cryptography import x509

import fakebroker
import mqttbytes
import tokens
from authserver import AuthServer
from certificates import Authority, Certificate
from gateway import connect
from harness import DEADLINE, eventually, free_port
from mqttbytes import VERSIONS
from refusals import admitted, expect_refused

TLS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
both_versions = pytest.mark.parametrize("tls", TLS, ids=["1.2", "1.3"])


@pytest.fixture(scope="module")
def devices(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("devices"), "Devices")


@pytest.fixture(scope="module")
def device(devices):
    return devices.issue_client("good", subject="/O=Acme/CN=device-1", names="DNS:one.example,email:one@example.com")


def secured(rig, devices, location="", *, server="", broker=None, verify="on", **options):
    lines = f"ssl_client_certificate {devices.certificate}; ssl_verify_client {verify}; {server}"
    broker = broker or rig.fake(fakebroker.keep_open)
    return broker, rig.gateway([broker], tls=rig.certificate, server=lines, location=location, **options)


def context(rig, client=None, version=None):
    result = rig.certificate.client_context(client)
    result.check_hostname = False
    if version:
        result.maximum_version = result.minimum_version = version
    return result


def fingerprint(client):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(client.certificate.read_text())).hexdigest()


# Names

@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("field, name", [("cn", "device-1"), ("san:email", "one@example.com")])
def test_a_real_broker_sees_the_user_name(rig, devices, device, field, name, version):
    broker = rig.mosquitto()
    _, one = secured(rig, devices, f"auth_certificate {field} as_username;", broker=broker)
    paho = rig.paho(one.tls_port, version, "c", tls=context(rig, device), username="spoofed", password="p")
    assert not paho.reason.is_failure
    eventually(lambda: f"u'{name}'" in broker.output(), f"a client {name} in the broker's log")
    assert "spoofed" not in broker.output()


def test_variables_of_a_log(rig, devices, device):
    """Of a client with a certificate, and of one without."""
    _, one = secured(
        rig, devices, verify="optional", main="log_format certificates '$ssl_client_cn|$ssl_client_dn|"
        "$ssl_client_serial|$ssl_client_fingerprint|$ssl_client_verify|$scheme|$auth_method';",
        server="access_log certificates.log certificates;", location="auth_certificate cn; auth_anonymous on;",
    )  # fmt: skip
    for client in (device, None):
        peer = rig.peer(one, tls=context(rig, client))
        peer.open_mqtt()
        peer.close()
    path = one.directory / "certificates.log"
    eventually(lambda: path.exists() and path.read_text().count("\n") == 2, "two lines")
    serial = serial_number(device)
    assert sorted(path.read_text().splitlines()) == [
        "-|-|-|-|NONE|wss|anonymous",
        f"device-1|O=Acme,CN=device-1|{serial}|{fingerprint(device)}|SUCCESS|wss|certificate",
    ]


def serial_number(client):
    return f"{x509.load_pem_x509_certificate(client.certificate.read_bytes()).serial_number:X}"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_variable_reaches_the_broker(rig, devices, device, version):
    """In each field, and as user properties for 5.0."""
    broker, one = secured(
        rig, devices, "mqtt_set_connect clientid $ssl_client_serial; mqtt_set_connect username $ssl_client_dn;"
        " mqtt_set_connect password $ssl_client_fingerprint; mqtt_set_connect user_property:cn $ssl_client_cn;",
    )  # fmt: skip
    admitted(rig, one, version, tls=context(rig, device), username="u", password=b"p")
    properties = b"\x26" + mqttbytes.data("cn") + mqttbytes.data("device-1") if version == 5 else b""
    broker.received(
        mqttbytes.connect(
            version, serial_number(device), username="O=Acme,CN=device-1", password=fingerprint(device).encode(),
            properties=properties,
        )
    )  # fmt: skip


def test_names_of_other_scripts(rig, devices):
    """UTF-8 in the certificate is UTF-8 in MQTT; the log is valid JSON."""
    client = devices.issue_client("utf8", subject="/CN=gerät-日本")
    broker, one = secured(rig, devices, "auth_certificate cn as_username;")
    peer = admitted(rig, one, tls=context(rig, client))
    assert b"ger" in broker.connection().packets()[0]
    peer.close()
    line = one.ended(auth_method="certificate")
    broker.received(mqttbytes.connect(4, "c", username=line["mqtt_username"]))


# Beside other methods

def test_the_service_is_told_the_name(rig, devices, device):
    service = rig.keep(AuthServer(rig.path("service"), body={"result": "allow"}))
    _, one = secured(rig, devices, f"auth_http {service.url};", verify="optional")
    for client in (device, None):
        admitted(rig, one, tls=context(rig, client))
    assert [question["ssl_client_cn"] for question in service.asked] == ["device-1", None]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("satisfy", ["any", "all"])
def test_certificate_and_token(rig, devices, device, satisfy, version):
    keys = rig.path("keys") / "jwks.json"
    keys.write_text(tokens.key_set(tokens.jwk("ES256")))
    _, one = secured(
        rig, devices, f"satisfy {satisfy}; auth_certificate cn; auth_jwt_key_file {keys};", verify="optional"
    )
    token = {"username": "u", "password": tokens.token().encode()}
    known, stranger = context(rig, device), context(rig)
    admitted(rig, one, version, tls=known, **token).close()
    assert one.ended_count(1)[0]["auth_method"] == {"any": "certificate", "all": "certificate+jwt"}[satisfy]
    if satisfy == "any":
        admitted(rig, one, version, tls=known)
        admitted(rig, one, version, tls=stranger, **token)
    else:
        expect_refused(rig, one, "credentials_missing", version, tls=known)
        expect_refused(rig, one, "credentials_missing", version, tls=stranger, **token)
    # `all` asks for the token of those alone whose certificate is good.
    who = stranger if satisfy == "any" else known
    expect_refused(rig, one, "token_refused", version, tls=who, username="u", password=b"a.b.c")


def test_a_plain_listener_of_the_same_server(rig, devices, device):
    """Nobody has a certificate there: auth_certificate refuses, and the variables are empty."""
    _, one = secured(rig, devices, "auth_certificate cn;")
    expect_refused(rig, one, "credentials_missing", 5, username="device-1", password=b"p")
    broker, one = secured(rig, devices, "mqtt_set_connect username $ssl_client_cn$ssl_client_verify;")
    admitted(rig, one, username="spoofed")
    sent = broker.connection().packets()[0]
    assert b"spoofed" not in sent and b"SUCCESS" not in sent


# Chains

@pytest.fixture(scope="module")
def below(devices, tmp_path_factory):
    """A device whose authority is below that of the gateway, with the certificates that lead there."""
    middle = Authority(tmp_path_factory.mktemp("middle"), "Middle", devices)
    lower = Authority(tmp_path_factory.mktemp("lower"), "Lower", middle)
    made = {}
    for depth, chain in ((1, [middle]), (2, [lower, middle])):
        own = chain[0].issue_client(f"below{depth}")
        whole = own.certificate.with_suffix(".chain")
        whole.write_text("".join(path.read_text() for path in (own.certificate, *(one.certificate for one in chain))))
        made[depth] = Certificate(whole, own.key, devices.certificate)
    return made


@both_versions
@pytest.mark.parametrize("depth, allowed", [(1, 1), (2, 2), (1, 0), (2, 1)])
def test_depth(rig, devices, below, depth, allowed, tls):
    """How many authorities stand in between, and how many may (ssl_verify_depth)."""
    _, one = secured(rig, devices, "auth_certificate cn;", server=f"ssl_verify_depth {allowed};")
    own = context(rig, below[depth], tls)
    if depth <= allowed:
        admitted(rig, one, tls=own)
        return
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        with contextlib.closing(rig.peer(one, tls=own)) as peer:
            peer.open_mqtt()
    one.ended(status_reason="tls_failed")
    eventually(lambda: "chain too long" in one.output(), "the log line")


# Sessions of TLS

def hello(peer, host, client_id="c"):
    peer.upgrade(host=host)
    peer.send_mqtt(mqttbytes.connect(4, client_id))
    answer = peer.read_packet()
    assert answer == mqttbytes.connack(4), answer.hex(" ")


class Resumed:
    """Wraps sockets with a session that another connection has left."""

    def __init__(self, inner, session):
        self.inner, self.session = inner, session

    def wrap_socket(self, raw, server_hostname):
        return self.inner.wrap_socket(raw, server_hostname=server_hostname, session=self.session)


@both_versions
def test_a_resumed_session_keeps_its_identity(rig, devices, device, tls):
    broker, one = secured(rig, devices, "auth_certificate cn as_username;")
    own = context(rig, device, tls)
    first = rig.peer(one, tls=own)
    hello(first, "localhost")
    second = rig.peer(one, tls=Resumed(own, first.socket.session))
    assert second.socket.session_reused
    hello(second, "localhost", "d")
    broker.received(mqttbytes.connect(4, "d", username="device-1"), 1)
    second.close()
    assert one.ended(mqtt_client_id="d")["ssl_client_fingerprint"] == fingerprint(device)


@both_versions
def test_a_ticket_of_another_authority_does_not_help(rig, devices, device, tls, tmp_path_factory):
    """Two names on one address that trust different authorities: who is known to one is a stranger to the other."""
    others = Authority(tmp_path_factory.mktemp("others"), "Others")
    stranger = others.issue_client("device-1")
    port, broker = free_port(), rig.fake(fakebroker.keep_open)
    pair = f"ssl_certificate {rig.certificate.certificate}; ssl_certificate_key {rig.certificate.key};"
    servers = "".join(
        f"""server {{
        listen 127.0.0.1:{port} ssl; server_name {name}; {pair} ssl_client_certificate {ca.certificate};
        ssl_verify_client on; location /mqtt {{ mqtt_pass brokers; auth_certificate cn as_username; }} }}\n"""
        for name, ca in (("ours.example", devices), ("theirs.example", others))
    )
    text = f"error_log stderr debug; access_log access.log json; upstream brokers {{ server {broker.address}; }}\n"
    one = rig.gateway(config=text + servers)
    own = context(rig, stranger, tls)
    address = ("127.0.0.1", port)
    first = rig.peer(address, tls=own, name="theirs.example")
    hello(first, "theirs.example")
    assert first.socket.session.has_ticket
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        resumed = Resumed(own, first.socket.session)
        with contextlib.closing(rig.peer(address, tls=resumed, name="ours.example")) as peer:
            hello(peer, "ours.example")
    one.ended_before_request("tls_failed")
    # Nor by its Host, over the connection that is open already.
    peer = rig.peer(address, tls=own, name="theirs.example")
    peer.send(b"GET /mqtt HTTP/1.1\r\nHost: ours.example\r\n\r\n")
    assert peer.response().status == 421
    assert len(broker.connections) == 1


# Its end

@pytest.mark.parametrize("version, tls", [(3, TLS[0]), (4, TLS[1]), (5, TLS[1])], ids=["3.1", "3.1.1", "5.0"])
def test_a_session_ends_with_its_certificate(rig, devices, version, tls):
    """And a ticket made with it is worth no more than it."""
    short = devices.issue_client(f"short{version}{tls}", days=3 / 86_400)
    broker, one = secured(rig, devices, "auth_certificate cn;")
    own = context(rig, short, tls)
    peer = rig.peer(one, tls=own)
    peer.open_mqtt(version)
    session = peer.socket.session
    peer.expect_close(1008, before=mqttbytes.goodbye(0xA0, "the credentials have expired") if version == 5 else b"")
    one.ended(status_reason="token_expired")

    def refused():
        """The certificate is refused from the second on that follows its last one."""
        raw = connect(one.tls_address, DEADLINE)
        rig.keep(raw)
        try:
            wrapped = own.wrap_socket(raw, server_hostname="localhost", session=session)
            wrapped.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return not wrapped.recv(1)
        except (ssl.SSLError, ConnectionError):
            return True

    eventually(refused, "the refusal of a certificate that has expired", interval=0.2)
    eventually(lambda: "certificate has expired" in one.output(), "the reason in the log, which a thread writes")
    assert len(broker.connections) == 1
