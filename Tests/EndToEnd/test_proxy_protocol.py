"""The PROXY protocol: to the brokers, from fronts, and with HAProxy on either side."""

import socket
import ssl

import pytest

import mqttbytes
import proxyheader
from crowd import Crowd
from fakebroker import FakeBroker
from harness import eventually, free_port
from proxyheader import AUTHORITY, SSL_CIPHER, SSL_CN, SSL_VERSION, UNIQUE_ID, v1, v2
from test_failover import check_all

# To the brokers


def gateway_with(rig, version, **options):
    headers = []
    broker = rig.fake(proxyheader.serve(headers))
    upstream = options.pop("upstream", "")
    gateway = rig.gateway([broker], upstream=f"proxy_protocol {version}; {upstream}", **options)
    return gateway, broker, headers


def header_of(headers):
    eventually(lambda: headers, "a header")
    return headers[-1]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_broker_sees_the_client(rig, version):
    gateway, broker, headers = gateway_with(rig, version)
    peer = rig.opened(gateway, client_id="seen")
    header = header_of(headers)
    assert (header.version, header.command) == (int(version[1]), "PROXY")
    assert header.source == peer.socket.getsockname()
    assert header.destination == peer.socket.getpeername()
    # Header and CONNECT in one write: the stand-in's first read has them both.
    assert broker.connection().packets is not None and len(broker.connection().received) > header.size


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_over_ipv6(rig, version):
    gateway, _, headers = gateway_with(rig, version, listen=[f"[::1]:{free_port()}"])
    peer = rig.peer(("::1", gateway.listeners[0][1]))
    peer.open_mqtt(4, "six")
    header = header_of(headers)
    assert header.source[0] == "::1" and header.source[1] == peer.socket.getsockname()[1]
    assert header.destination[0] == "::1"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_clients_of_a_unix_socket(rig, version):
    """They have no address, and some brokers refuse a header without: they see the gateway's."""
    path = rig.path("unix") / "gateway.sock"
    gateway, broker, headers = gateway_with(rig, version, listen=[f"unix:{path}"])
    peer = rig.peer(str(path))
    peer.open_mqtt(4, "unix")
    header = header_of(headers)
    assert (header.command, header.source[0], header.destination) == ("PROXY", "127.0.0.1", ("127.0.0.1", broker.port))


def test_the_unique_id_is_that_of_the_log(rig):
    gateway, _, headers = gateway_with(rig, "v2")
    peer = rig.opened(gateway, client_id="logged")
    identifier = header_of(headers).tlvs[UNIQUE_ID].decode()
    peer.close()
    assert gateway.ended(mqtt_client_id="logged")["connection_id"] == identifier


def test_no_ssl_over_plain_websocket(rig):
    gateway, _, headers = gateway_with(rig, "v2")
    rig.opened(gateway)
    header = header_of(headers)
    assert header.ssl is None and AUTHORITY not in header.tlvs


def test_tls_version_cipher_and_name(rig):
    gateway, _, headers = gateway_with(rig, "v2", tls=rig.certificate)
    peer = rig.peer(gateway, tls=True)
    peer.open_mqtt(4, "tls")
    header = header_of(headers)
    assert header.tlvs[AUTHORITY] == b"localhost"
    assert header.ssl["client"] == 0x01 and header.ssl["verify"] != 0
    assert header.ssl[SSL_VERSION].decode() == peer.socket.version()
    assert header.ssl[SSL_CIPHER].decode() == peer.socket.cipher()[0]
    assert SSL_CN not in header.ssl


def test_alpn(rig):
    gateway, _, headers = gateway_with(rig, "v2", tls=rig.certificate)
    context = rig.certificate.client_context()
    context.set_alpn_protocols(["http/1.1"])
    peer = rig.peer(gateway, tls=context)
    peer.open_mqtt(4, "alpn")
    assert header_of(headers).tlvs[proxyheader.ALPN] == b"http/1.1"


@pytest.mark.parametrize("parameter, name", [("v2", None), ("v2 cn", b"device-7")])
def test_the_certificate_s_name_only_on_request(rig, parameter, name):
    client = rig.authority.issue_client("device-7")
    server = f"ssl_client_certificate {rig.certificate.authority}; ssl_verify_client on;"
    gateway, _, headers = gateway_with(rig, parameter, tls=rig.certificate, server=server)
    context = rig.certificate.client_context()
    context.load_cert_chain(client.certificate, client.key)
    peer = rig.peer(gateway, tls=context)
    peer.open_mqtt(4, "device")
    header = header_of(headers)
    assert header.ssl["client"] == 0x07 and header.ssl["verify"] == 0
    assert header.ssl.get(SSL_CN) == name


def test_every_try_has_its_header(rig):
    headers = []
    refusing = rig.fake(lambda connection: (connection.fill(), headers.append(proxyheader.read(connection)),
                                            connection.send(mqttbytes.connack(4, 3)), connection.drain()))
    broker = rig.fake(proxyheader.serve(headers))
    gateway = rig.gateway([f"{refusing.address} weight=100", broker], upstream="proxy_protocol v2;", worker_threads=1)
    rig.opened(gateway)
    assert len(headers) == 2 and headers[0] == headers[1]


def test_probes_send_it_with_the_gateway_s_own_address(rig):
    gateway, broker, headers = gateway_with(rig, "v2", upstream="health_check interval=200ms;")
    eventually(lambda: len(headers) >= 2, "two probes")
    assert {header.command for header in headers} == {"PROXY"}
    assert all(h.source[0] == "127.0.0.1" and h.destination == ("127.0.0.1", broker.port) for h in headers)
    assert "unhealthy" not in gateway.output()


# From a front

SOURCE, DESTINATION = ("192.0.2.33", 4711), ("198.51.100.1", 443)
SIX = ("2001:db8::33", 4711), ("2001:db8::1", 443)
TRUST = "set_real_ip_from 127.0.0.1 ::1;"


def behind_front(rig, broker=None, *, tls=False, server=TRUST, **options):
    listen = f"127.0.0.1:{free_port()} proxy_protocol" + (" ssl" if tls else "")
    certificate = {"tls": rig.certificate} if tls else {}
    return rig.gateway([broker or rig.fake()], listen=[listen], server=server, **certificate, **options)


def front(rig, gateway, header, *, tls=None, cut=None):
    """A client whose connection starts with this header."""
    peer = rig.peer(gateway.listeners[0])
    if cut:
        peer.send_cut(header, cut)
    else:
        peer.send(header)
    if tls:
        peer.socket = tls.wrap_socket(peer.socket, server_hostname="localhost")
    return peer


HEADERS = [
    (v1(SOURCE, DESTINATION), SOURCE),
    (v2(SOURCE, DESTINATION), SOURCE),
    (v1(*SIX), SIX[0]),
    (v2(*SIX), SIX[0]),
    (v2(SOURCE, DESTINATION, tlvs=proxyheader.tlv(4, bytes(300))), SOURCE),
]


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("header, source", HEADERS)
def test_the_client_s_address_comes_from_the_header(rig, header, source, tls):
    gateway = behind_front(rig, tls=tls)
    peer = front(rig, gateway, header, tls=rig.certificate.client_context() if tls else None)
    peer.open_mqtt(4, "behind")
    peer.close()
    line = gateway.ended(mqtt_client_id="behind")
    assert (line["remote_addr"], line["remote_port"]) == source


@pytest.mark.parametrize("header", [HEADERS[0][0], HEADERS[1][0]])
def test_a_header_in_pieces(rig, header):
    gateway = behind_front(rig)
    peer = front(rig, gateway, header, cut=1)
    peer.open_mqtt(4, "pieces")
    peer.close()
    assert gateway.ended(mqtt_client_id="pieces")["remote_addr"] == SOURCE[0]


def test_header_and_request_in_one_segment(rig):
    from bytepeer import BINARY, frame, request

    gateway = behind_front(rig)
    peer = rig.peer(gateway.listeners[0])
    peer.send(HEADERS[1][0] + request("/mqtt") + frame(BINARY, mqttbytes.connect(4, "together")))
    assert peer.read_exactly(12) == b"HTTP/1.1 101"
    peer.close()
    assert gateway.ended(mqtt_client_id="together")["remote_addr"] == SOURCE[0]


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", v2(command=0x20), v2(command=0x21)])
def test_a_header_without_addresses_leaves_those_of_the_connection(rig, header):
    """A front's own health check."""
    gateway = behind_front(rig)
    peer = front(rig, gateway, header)
    peer.open_mqtt(4, "local")
    name = peer.socket.getsockname()
    peer.close()
    line = gateway.ended(mqtt_client_id="local")
    assert (line["remote_addr"], line["remote_port"]) == name


@pytest.mark.parametrize("header, source", HEADERS[:4])
def test_it_passes_on_to_the_broker(rig, header, source):
    headers = []
    gateway = behind_front(rig, rig.fake(proxyheader.serve(headers)), upstream="proxy_protocol v2;")
    peer = front(rig, gateway, header)
    peer.open_mqtt(4, "through")
    assert header_of(headers).source == source
    assert header_of(headers).destination == (DESTINATION if source is SOURCE else SIX[1])


def test_allow_and_deny_see_the_client(rig):
    gateway = behind_front(rig, location="deny 192.0.2.0/24; allow all;")
    peer = front(rig, gateway, v2(SOURCE, DESTINATION))
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(4, "denied"))
    peer.expect_close(1008, before=mqttbytes.connack(4, 5))
    assert gateway.ended(mqtt_client_id="denied")["status_reason"] == "address_refused"


BAD = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    b"PROXY TCP4 192.0.2.1 192.0.2.2 70000 1\r\n",
    b"PROXY TCP4 192.0.2.1\r\n",
    b"PROXY TCP9 1 2 3 4\r\n",
    b"PROXY " + b"x" * 200,
    proxyheader.SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12),
    proxyheader.SIGNATURE + b"\x21\x11\x00\x04" + bytes(4),
    proxyheader.SIGNATURE + b"\x21\x11\xff\xff" + bytes(100),
]


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("header", BAD)
def test_what_is_no_header_ends_the_connection(rig, header, tls):
    """It never guesses."""
    gateway = behind_front(rig, tls=tls)
    peer = rig.peer(gateway.listeners[0])
    peer.send(header)
    assert peer.read_to_end() == b""
    peer.close()
    gateway.ended_before_request("proxy_header_invalid")
    eventually(lambda: "PROXY header" in gateway.output(), "the log line")


def test_a_header_that_does_not_come(rig):
    gateway = behind_front(rig, server=TRUST + "client_header_timeout 300ms;")
    peer = rig.peer(gateway.listeners[0])
    peer.send(b"PROXY TC")
    peer.expect_end()
    gateway.ended_before_request("proxy_header_timeout")


def test_whoever_is_not_trusted_is_not_heard(rig):
    gateway = behind_front(rig, server="set_real_ip_from 192.0.2.0/24;")
    peer = rig.peer(gateway.listeners[0])
    peer.socket.settimeout(5)
    assert peer.read_to_end() == b""
    peer.close()
    gateway.ended_before_request("proxy_header_untrusted")
    eventually(lambda: "set_real_ip_from" in gateway.output(), "the log line")


def test_a_listener_without_it_takes_no_header(rig):
    gateway = rig.gateway([rig.fake()], server=TRUST)
    peer = rig.peer(gateway)
    peer.send(v1(SOURCE, DESTINATION))
    assert peer.read_exactly(12) == b"HTTP/1.1 400"


def test_headers_made_wrong_never_crash_it(rig):
    """A thousand mutations; then a sound one still works."""
    gateway = behind_front(rig)
    for _ in range(1000):
        header = bytearray(rig.random.choice(HEADERS)[0])
        for _ in range(rig.random.randrange(1, 4)):
            header[rig.random.randrange(len(header))] = rig.random.randrange(256)
        with socket.create_connection(gateway.listeners[0]) as peer:
            peer.sendall(header[: rig.random.randrange(len(header) + 1)])
    peer = front(rig, gateway, HEADERS[0][0])
    peer.open_mqtt(4, "after all")


# real_ip_header

REAL = "set_real_ip_from 127.0.0.1 10.0.0.0/8; "


@pytest.mark.parametrize(
    "settings, lines, address",
    [
        ("real_ip_header X-Forwarded-For;", ["X-Forwarded-For: 192.0.2.7"], "192.0.2.7"),
        ("real_ip_header X-Forwarded-For;", ["X-Forwarded-For: 6.6.6.6, 192.0.2.7"], "192.0.2.7"),
        ("real_ip_header X-Forwarded-For;", ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 192.0.2.7"], "192.0.2.7"),
        ("real_ip_header X-Forwarded-For;", ["X-Forwarded-For: 192.0.2.7, 10.1.1.1"], "10.1.1.1"),
        ("real_ip_header X-Forwarded-For; real_ip_recursive on;", ["X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.1.1"],
         "192.0.2.7"),
        ("real_ip_header X-Forwarded-For; real_ip_recursive on;", ["X-Forwarded-For: 10.2.2.2, 10.1.1.1"], "10.2.2.2"),
        ("real_ip_header X-Real-IP;", ["X-Real-IP: 2001:db8::7"], "2001:db8::7"),
        ("real_ip_header X-Real-IP;", ["X-Real-IP: [2001:db8::7]:4711"], "2001:db8::7"),
        ("real_ip_header X-Real-IP;", ["X-Real-IP: 192.0.2.7:4711"], "192.0.2.7"),
        ("real_ip_header X-Real-IP;", ["X-Forwarded-For: 192.0.2.7"], "127.0.0.1"),
        ("real_ip_header X-Real-IP;", ["X-Real-IP: localhost"], "127.0.0.1"),
        ("real_ip_header X-Real-IP;", ["X-Real-IP: 192.0.2.7 1"], "127.0.0.1"),
        ("real_ip_header X-Real-IP;", ["X-Real-IP: 300.1.1.1"], "127.0.0.1"),
        ("real_ip_header X-Real-IP;", ["X-Real-IP: "], "127.0.0.1"),
        ("", ["X-Forwarded-For: 192.0.2.7", "X-Real-IP: 192.0.2.7"], "127.0.0.1"),
    ],
)
def test_the_address_that_a_trusted_front_names(rig, settings, lines, address):
    gateway = rig.gateway([rig.fake()], server=REAL + settings)
    peer = rig.peer(gateway)
    peer.upgrade(extra=lines)
    peer.send_mqtt(mqttbytes.connect(4, "forwarded"))
    assert peer.read_packet() == mqttbytes.connack(4)
    peer.close()
    assert gateway.ended(mqtt_client_id="forwarded")["remote_addr"] == address


def test_a_front_that_is_not_trusted_names_nobody(rig):
    gateway = rig.gateway([rig.fake()], server="set_real_ip_from 10.0.0.0/8; real_ip_header X-Forwarded-For;")
    peer = rig.peer(gateway)
    peer.upgrade(extra=["X-Forwarded-For: 192.0.2.7"])
    peer.send_mqtt(mqttbytes.connect(4, "liar"))
    peer.read_packet()
    peer.close()
    assert gateway.ended(mqtt_client_id="liar")["remote_addr"] == "127.0.0.1"
