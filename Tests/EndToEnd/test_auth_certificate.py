"""Client certificates: who is refused in the handshake and who at the CONNECT, and what the name is taken from."""

import hashlib
import ssl

import pytest

import fakebroker
import mqttbytes
from bytepeer import request
from certificates import Authority
from gateway import connect
from harness import eventually, free_port
from mqttbytes import VERSIONS
from refusals import admitted, code, expect_refused


@pytest.fixture(scope="module")
def devices(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("devices"), "Devices")


@pytest.fixture(scope="module")
def clients(devices, tmp_path_factory):
    """One certificate of each kind."""
    other = Authority(tmp_path_factory.mktemp("others"), "Others")
    made = {
        "good": devices.issue_client(
            "good", subject="/O=Acme/CN=device-1", names="DNS:one.example,DNS:two.example,email:one@example.com"
        ),
        "bare": devices.issue_client("bare", subject="/O=Acme"),
        "expired": devices.issue_client("expired", days=-1),
        "revoked": devices.issue_client("revoked"),
        "wrong authority": other.issue_client("stranger"),
    }
    made["list"] = devices.revoke(made["revoked"])
    return made


def secured(rig, devices, clients, verify, location="", server="", brokers=None):
    lines = f"ssl_client_certificate {devices.certificate}; ssl_crl {clients['list']}; {server}"
    lines += f"ssl_verify_client {verify};"
    return rig.gateway(
        brokers or [rig.fake(fakebroker.keep_open)], tls=rig.certificate, server=lines, location=location
    )


def context(rig, client=None, version=None):
    result = rig.certificate.client_context(client)
    if version:
        result.maximum_version = result.minimum_version = version
    return result


TLS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
REFUSED = {
    "expired": "certificate has expired",
    "revoked": "certificate revoked",
    "wrong authority": "certificate",
    "missing": "no certificate was sent",
}


def expect_tls_refusal(one, kind):
    """The error log names the reason, the access log the cause."""
    one.ended_before_request("tls_failed")
    assert one.ended(status_reason="tls_failed")["http_status"] == 0
    eventually(lambda: REFUSED[kind] in one.output(), "the log line")


@pytest.mark.parametrize("tls", TLS, ids=["1.2", "1.3"])
@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("verify", ["on", "optional"])
def test_refused_in_the_handshake(rig, devices, clients, kind, verify, tls):
    """By TLS's own alert, and the log says why. `optional` lets in who has none, not who has a bad one."""
    one = secured(rig, devices, clients, verify)
    own = context(rig, clients.get(kind), tls)
    if kind == "missing" and verify == "optional":
        rig.peer(one, tls=own).open_mqtt()
        return
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        peer = rig.peer(one, tls=own)
        try:
            peer.open_mqtt()
        finally:
            peer.close()
    expect_tls_refusal(one, kind)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["good", *REFUSED])
def test_from_node(rig, devices, clients, kind, version):
    """MQTT.js with a key and certificate, as devices in Node.js use it."""
    one = secured(rig, devices, clients, "on", brokers=[rig.mosquitto()])
    options = {}
    if kind != "missing":
        options = {"key": clients[kind].key.read_text(), "cert": clients[kind].certificate.read_text()}
    url = f"wss://localhost:{one.tls_port}/mqtt"
    # Its WebSocket takes the options of TLS from here.
    protocol = {"protocolVersion": version, **({"protocolId": "MQIsdp"} if version == 3 else {})}
    node = rig.node(url, connect=kind == "good", wsOptions=options, **options, **protocol)
    if kind == "good":
        assert node.connack["packet"]["reasonCode" if version == 5 else "returnCode"] == 0
    else:
        node.event("close")
        expect_tls_refusal(one, kind)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["good", *REFUSED])
def test_from_paho(rig, devices, clients, kind, version):
    one = secured(rig, devices, clients, "on", brokers=[rig.mosquitto()])
    own = context(rig, clients.get(kind))
    if kind == "good":
        assert not rig.paho(one.tls_port, version, "p", tls=own).reason.is_failure
    else:
        with pytest.raises((ssl.SSLError, OSError, ValueError)):
            rig.paho(one.tls_port, version, "p", tls=own)
        expect_tls_refusal(one, kind)


@pytest.mark.parametrize("version", VERSIONS)
def test_applications_see_that_it_is_missing(rig, devices, clients, version):
    """Where it is optional: the CONNACK says so, as MQTT.js and paho show it."""
    one = secured(rig, devices, clients, "optional", "auth_certificate cn;", brokers=[rig.mosquitto()])
    protocol = {"protocolVersion": version, **({"protocolId": "MQIsdp"} if version == 3 else {})}
    node = rig.node(f"wss://localhost:{one.tls_port}/mqtt", connect=False, **protocol)
    assert node.event("error")["code"] == code("credentials_missing", version)
    # paho shows the codes of 3.x as their 5.0 namesakes.
    assert rig.paho(one.tls_port, version, "p", tls=context(rig)).reason.value == code("credentials_missing", 5)
    assert not rig.paho(one.tls_port, version, "p", tls=context(rig, clients["good"])).reason.is_failure


def fingerprint(client):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(client.certificate.read_text())).hexdigest()


NAMES = {
    "cn": lambda client: "device-1",
    "dn": lambda client: "O=Acme,CN=device-1",
    "san:dns": lambda client: "one.example",
    "san:email": lambda client: "one@example.com",
    "fingerprint": fingerprint,
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("field", NAMES)
def test_the_name_becomes_the_user_name(rig, devices, clients, field, version):
    broker = rig.fake(fakebroker.keep_open)
    one = secured(rig, devices, clients, "on", f"auth_certificate {field} as_username;", brokers=[broker])
    own = context(rig, clients["good"])
    admitted(rig, one, version, tls=own, username="whoever", password=b"p").close()
    name = NAMES[field](clients["good"])
    broker.received(mqttbytes.connect(version, "c", username=name, password=b"p"))
    line = one.ended(auth_method="certificate")
    assert line["mqtt_username"] == name
    assert line["ssl_client_fingerprint"] == fingerprint(clients["good"])


@pytest.mark.parametrize("version", VERSIONS)
def test_refused_at_the_connect(rig, devices, clients, version):
    """Where a certificate is optional, its lack is told by the CONNACK; so is one without the name."""
    one = secured(rig, devices, clients, "optional", "auth_certificate cn;")
    expect_refused(rig, one, "credentials_missing", version, tls=context(rig), username="u", password=b"p")
    expect_refused(rig, one, "not_authorized", version, tls=context(rig, clients["bare"]))
    admitted(rig, one, version, tls=context(rig, clients["good"]))


def test_variables(rig, devices, clients):
    broker = rig.fake(fakebroker.keep_open)
    location = (
        'mqtt_set_connect username "$ssl_client_cn|$ssl_client_dn|$ssl_client_verify|$ssl_client_fingerprint";'
        'mqtt_set_connect clientid "$ssl_client_serial";'
    )
    one = secured(rig, devices, clients, "optional", location, brokers=[broker])
    rig.peer(one, tls=context(rig, clients["good"])).open_mqtt()
    rig.peer(one, tls=context(rig)).open_mqtt()
    names = f"device-1|O=Acme,CN=device-1|SUCCESS|{fingerprint(clients['good'])}"
    broker.received(mqttbytes.connect(4, "1000", username=names))
    broker.received(mqttbytes.connect(4, "", username="||NONE|"), 1)


# Several names on one address

def two_names(rig, devices, clients):
    """`open.example` asks for nothing, `closed.example` verifies."""
    port = free_port()
    pair = f"ssl_certificate {rig.certificate.certificate}; ssl_certificate_key {rig.certificate.key};"
    broker = rig.keep(fakebroker.FakeBroker(fakebroker.keep_open))
    return rig.gateway(
        config=f"""
        error_log stderr debug;
        access_log access.log json;
        upstream brokers {{ server {broker.address}; }}
        server {{
            listen 127.0.0.1:{port} ssl; server_name open.example; {pair} location /mqtt {{ mqtt_pass brokers; }}
        }}
        server {{
            listen 127.0.0.1:{port} ssl; server_name closed.example; {pair}
            ssl_client_certificate {devices.certificate}; ssl_verify_client on;
            location /mqtt {{ mqtt_pass brokers; auth_certificate cn; }}
        }}
        """
    )


def lenient(rig, version, client=None):
    result = context(rig, client, version)
    result.check_hostname = False
    return result


@pytest.mark.parametrize("tls", TLS, ids=["1.2", "1.3"])
def test_a_host_that_verifies_over_a_connection_for_another(rig, devices, clients, tls):
    """421: nobody was verified for it."""
    one = two_names(rig, devices, clients)
    peer = rig.peer(one, tls=lenient(rig, tls), name="open.example")
    peer.send(request(host="closed.example"))
    assert peer.response().status == 421
    peer.close()
    assert one.ended(http_status=421)["status_reason"] == "request_refused"


@pytest.mark.parametrize("tls", TLS, ids=["1.2", "1.3"])
def test_a_ticket_of_another_name_does_not_help(rig, devices, clients, tls):
    """CVE-2025-23419: the ticket of a server that asks for nothing, shown to one that verifies."""
    one = two_names(rig, devices, clients)
    own = lenient(rig, tls)
    first = rig.peer(one, tls=own, name="open.example")
    first.upgrade(host="open.example")  # the ticket of 1.3 comes with the first bytes
    session = first.socket.session
    assert session is not None and session.has_ticket
    raw = connect(one.tls_address)
    rig.keep(raw)
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        wrapped = rig.keep(own.wrap_socket(raw, server_hostname="closed.example", session=session))
        try:
            wrapped.sendall(request(host="closed.example"))
            assert b"101" in wrapped.recv(1000), "no answer"
        finally:
            wrapped.close()
    one.ended_before_request("tls_failed")
    eventually(lambda: "no certificate was sent" in one.output(), "the log line")


@pytest.mark.parametrize("tls", TLS, ids=["1.2", "1.3"])
def test_each_name_has_its_own_rules(rig, devices, clients, tls):
    one = two_names(rig, devices, clients)
    for name, client in (("open.example", None), ("closed.example", clients["good"])):
        peer = rig.peer(one, tls=lenient(rig, tls, client), name=name)
        peer.upgrade(host=name)
        peer.send_mqtt(mqttbytes.connect(4, "c"))
        assert peer.read_packet()[3] == 0
