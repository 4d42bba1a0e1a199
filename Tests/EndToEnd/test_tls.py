"""TLS towards the client."""

import socket
import ssl
import subprocess

import pytest

import fakebroker
import harness
import mqttbytes
from bytepeer import BINARY, PING, frame, request
from harness import DEADLINE, eventually
from mqttbytes import connect, publish


def context(rig, **options):
    """A client context that trusts the run's authority; options become attributes."""
    result = rig.certificate.client_context()
    for name, value in options.items():
        setattr(result, name, value)
    return result


VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


@pytest.mark.parametrize("version", VERSIONS)
def test_versions(rig, version):
    gateway = rig.tls_gateway([rig.fake()])
    only = context(rig, minimum_version=VERSIONS[version], maximum_version=VERSIONS[version])
    peer = rig.peer(gateway, tls=only)
    assert peer.socket.version() == version
    cipher = peer.socket.cipher()[0]
    peer.open_mqtt(client_id="secure")
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    line = gateway.ended(mqtt_client_id="secure")
    assert line["ssl_protocol"] == version
    assert line["ssl_cipher"] == cipher


@pytest.mark.parametrize("allowed", VERSIONS)
def test_ssl_protocols(rig, allowed):
    gateway = rig.tls_gateway([rig.fake()], server=f"ssl_protocols {allowed};")
    for name, version in VERSIONS.items():
        only = context(rig, minimum_version=version, maximum_version=version)
        if name == allowed:
            rig.peer(gateway, tls=only).open_mqtt()
        else:
            with pytest.raises((ssl.SSLError, ConnectionResetError)):
                rig.peer(gateway, tls=only)
    gateway.ended_before_request("tls_failed")


def test_old_versions_are_refused(rig):
    gateway = rig.tls_gateway([rig.fake()])
    result = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.tls_port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        input=b"", capture_output=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert result.returncode != 0
    gateway.ended_before_request("tls_failed")


def test_ssl_ciphers(rig):
    gateway = rig.tls_gateway([rig.fake()], server="ssl_ciphers ECDHE-ECDSA-CHACHA20-POLY1305; ssl_protocols TLSv1.2;")
    assert rig.peer(gateway, tls=True).socket.cipher()[0] == "ECDHE-ECDSA-CHACHA20-POLY1305"


def test_ecdsa_and_rsa_side_by_side(rig):
    ecdsa, rsa = rig.certificate, rig.authority.issue("rsa", rsa=True)
    second = f"ssl_certificate {rsa.certificate}; ssl_certificate_key {rsa.key};"
    gateway = rig.tls_gateway([rig.fake()], server=second)
    for algorithm in ("ECDSA", "RSA"):
        only = context(rig, maximum_version=ssl.TLSVersion.TLSv1_2)
        only.set_ciphers(f"ECDHE+a{algorithm}")
        peer = rig.peer(gateway, tls=only)
        assert algorithm in peer.socket.cipher()[0]
        peer.open_mqtt()
    assert ecdsa.certificate != rsa.certificate


def test_certificate_by_server_name(rig):
    """SNI, RFC 6066 §3: exact and wildcard names; without a match the first server's."""
    port = harness.free_port()
    names = {"one.test": "one.test", "*.two.test": "sub.two.test"}
    servers, broker = "", rig.fake()
    for index, name in enumerate(names):
        certificate = rig.authority.issue(f"sni{index}", f"DNS:{name}")
        servers += f"""
server {{
listen 127.0.0.1:{port} ssl;
server_name {name};
ssl_certificate {certificate.certificate};
ssl_certificate_key {certificate.key};
location /mqtt {{ mqtt_pass 127.0.0.1:{broker.port}; }}
}}
"""
    gateway = rig.gateway(config=servers)
    for name in names.values():
        peer = rig.peer(gateway, tls=True, name=name)
        peer.upgrade(host=name)
    stranger = context(rig, check_hostname=False)
    peer = rig.peer(gateway, tls=stranger, name="stranger.test")
    assert ("DNS", "one.test") in peer.socket.getpeercert()["subjectAltName"]


def resumed(rig, gateway, version):
    client = context(rig, minimum_version=version, maximum_version=version)
    first = rig.peer(gateway, tls=client)
    first.open_mqtt()  # in 1.3 the tickets come with the first data
    session = first.socket.session
    first.close()
    raw = socket.create_connection(("127.0.0.1", gateway.tls_port), DEADLINE)
    second = client.wrap_socket(raw, server_hostname="localhost", session=session)
    result = second.session_reused
    second.close()
    return result


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS.keys())
def test_sessions_are_resumed(rig, version):
    """On any loop: they share the ticket keys."""
    gateway = rig.tls_gateway([rig.fake()], worker_threads=2)
    assert [resumed(rig, gateway, version) for _ in range(6)] == [True] * 6


def test_session_tickets_switched_off(rig):
    gateway = rig.tls_gateway([rig.fake()], server="ssl_session_tickets off;")
    client = context(rig, maximum_version=ssl.TLSVersion.TLSv1_2)
    peer = rig.peer(gateway, tls=client)
    peer.open_mqtt()
    assert peer.socket.session is None or not peer.socket.session.has_ticket


def test_plain_http_to_the_tls_port(rig):
    """The answer can be read, and says what is wrong, as nginx's 400 does."""
    gateway = rig.tls_gateway([rig.fake()])
    peer = rig.peer(gateway.tls_address)
    response = peer.ask(request())
    assert response.status == 400
    assert b"HTTPS" in response.body.upper() or b"TLS" in response.body.upper()
    peer.expect_end()
    gateway.ended_before_request("http_to_tls_port")


@pytest.mark.parametrize(
    "data", [b"\x00" * 100, b"\x10\x0d\x00\x04MQTT", bytes(range(256)) * 4], ids=["zeros", "MQTT", "any"]
)
def test_garbage_to_the_tls_port(rig, data):
    gateway = rig.tls_gateway([rig.fake()])
    peer = rig.peer(gateway.tls_address)
    peer.send(data)
    peer.half_close()
    peer.read_to_end()
    peer.close()
    gateway.ended_before_request("tls_failed")
    rig.peer(gateway, tls=True).open_mqtt()


def test_handshake_timeout(rig):
    gateway = rig.tls_gateway([rig.fake()], server="ssl_handshake_timeout 300ms;")
    peer = rig.peer(gateway.tls_address)
    peer.send(b"\x16\x03\x01\x00\xc8\x01")
    peer.read_to_end()
    peer.close()
    gateway.ended_before_request("handshake_timeout")


def test_handshake_a_byte_at_a_time(rig):
    """Records and handshake messages may be cut anywhere."""
    gateway = rig.tls_gateway([rig.fake()])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = rig.certificate.client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    peer = rig.peer(gateway.tls_address)
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            peer.send_cut(outgoing.read())
            assert peer.fill()
            incoming.write(bytes(peer.buffer))
            peer.buffer.clear()
    tls.write(request())
    peer.send_cut(outgoing.read())
    answer = b""
    while b"\r\n\r\n" not in answer:
        try:
            answer += tls.read(65536)
        except ssl.SSLWantReadError:
            assert peer.fill()
            incoming.write(bytes(peer.buffer))
            peer.buffer.clear()
    assert answer.startswith(b"HTTP/1.1 101")


def test_many_frames_in_one_record_and_one_frame_in_many(rig):
    broker = rig.fake()
    peer = rig.peer(rig.tls_gateway([broker]), tls=True)
    peer.open_mqtt()
    small = [publish("t", str(index)) for index in range(1000)]
    large = publish("t", rig.random.randbytes(1_000_000))
    peer.send(b"".join(frame(BINARY, packet) for packet in small))
    peer.send_cut(frame(BINARY, large), 999)
    broker.received(connect(4, "byte-peer") + b"".join(small) + large)


def test_end_is_a_close_notify(rig):
    """RFC 8446 §6.1: the client can tell an end from a truncation. Python raises on a missing close_notify."""
    peer = rig.peer(rig.tls_gateway([rig.fake()]), tls=context(rig))
    peer.open_mqtt()
    peer.send_mqtt(mqttbytes.disconnect())
    assert peer.read_close().close_code == 1000
    peer.socket.suppress_ragged_eofs = False
    assert peer.socket.recv(100) == b""


@pytest.mark.parametrize("way", ["reset", "close"])
def test_client_lost_over_tls(rig, way):
    broker = rig.fake()
    gateway = rig.tls_gateway([broker])
    peer = rig.peer(gateway, tls=True)
    peer.open_mqtt(client_id="lost")
    getattr(peer, way)()
    assert gateway.ended(mqtt_client_id="lost")["status_reason"] == "client_lost"
    eventually(lambda: broker.connections[0].ended, "the end at the broker")


@pytest.mark.parametrize("offered, status", [(["h2"], None), (["h2", "http/1.1"], "http/1.1"), ([], None)])
def test_alpn(rig, offered, status):
    """RFC 7301 §3.2: no protocol in common is an alert that says so; a client that offers none is not asked."""
    gateway = rig.tls_gateway([rig.fake()], server="http2 off;")
    context = rig.certificate.client_context()
    if offered:
        context.set_alpn_protocols(offered)
    if offered == ["h2"]:
        with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
            rig.peer(gateway, tls=context)
        eventually(lambda: "does not offer http/1.1" in gateway.output(), "the reason in the log")
        assert gateway.ended_count(1)[0]["status_reason"] == "tls_failed"
        return
    peer = rig.peer(gateway, tls=context)
    assert peer.socket.selected_alpn_protocol() == status
    peer.open_mqtt()


def test_renegotiation_is_refused(rig):
    """It is a cheap way to burn a server's time."""
    gateway = rig.tls_gateway([rig.fake()])
    child = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.tls_port}", "-tls1_2"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = child.communicate(b"R\n", timeout=DEADLINE)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    assert b"no renegotiation" in output or b"handshake failure" in output or child.returncode != 0
    rig.peer(gateway, tls=True).open_mqtt()


def test_broken_record_behind_a_ping_does_not_reach_others(rig):
    """The alert for one client's broken record must not go out in front of another client's next record."""
    gateway = rig.tls_gateway([rig.fake(fakebroker.echo)], worker_threads=1)
    victim = rig.peer(gateway, tls=True)
    victim.open_mqtt(client_id="victim")
    raw = socket.create_connection(gateway.tls_address, DEADLINE)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    attacker = context(rig).wrap_bio(incoming, outgoing, server_hostname="localhost")
    while True:
        try:
            attacker.do_handshake()
            break
        except ssl.SSLWantReadError:
            raw.sendall(outgoing.read())
            incoming.write(raw.recv(65536))
    attacker.write(request())
    raw.sendall(outgoing.read())
    answer = b""
    while len(answer) < 12:
        incoming.write(raw.recv(65536))
        try:
            answer += attacker.read(65536)
        except ssl.SSLWantReadError:  # a session ticket alone
            pass
    assert answer.startswith(b"HTTP/1.1 101")
    attacker.write(frame(PING, b"x"))
    good = outgoing.read()
    attacker.write(frame(PING, b"y"))
    broken = bytearray(outgoing.read())
    broken[-1] ^= 1
    raw.sendall(good + bytes(broken))
    while raw.recv(65536):
        pass
    for text in (b"one", b"two"):
        victim.send_mqtt(publish("t", text))
        assert victim.read_packet() == publish("t", text)
    raw.close()
