"""What allowed a client in can be taken away while its session is open."""

import pytest

import fakebroker
import mqttbytes
from certificates import Authority
from gateway import server_argument
from h2client import Client
from harness import eventually
from reloads import broker, pings, reload
from test_auth_password import sluice_passwd


def without(user, path):
    """What a file of users is without one."""
    return "".join(line for line in path.read_text().splitlines(True) if not line.startswith(f"{user}:"))


def test_a_user_that_is_removed(rig):
    """Within a second, without a reload; others stay, also those that came in by another way, and a changed password ends
    nothing."""
    path = sluice_passwd(rig.path("users"), {"alice": "secret", "bob": "secret"})
    other = sluice_passwd(rig.path("other"), {"alice": "secret"})
    gateway = rig.gateway(
        [broker(rig)],
        location=f"auth_password_file {path}; auth_anonymous on; mqtt_set_connect username changed;",
        server=f"location /other {{ mqtt_pass brokers; auth_password_file {other}; }}",
    )
    alice = rig.opened(gateway, 5, "alice", username="alice", password=b"secret")
    bob = rig.opened(gateway, 4, "bob", username="bob", password=b"secret")
    nobody = rig.opened(gateway, 4, "nobody")
    elsewhere = rig.opened(gateway, 4, "elsewhere", path="/other", username="alice", password=b"secret")
    path.write_text(without("alice", path))
    alice.expect_close(1008, before=mqttbytes.goodbye(0x87, "access has been revoked"))
    assert gateway.ended(mqtt_client_id="alice")["status_reason"] == "access_revoked"
    assert f"its user is no longer in auth_password_file {path}" in gateway.output()
    assert all(pings(peer) for peer in (bob, nobody, elsewhere))
    sluice_passwd(path.parent, {"bob": "another"})
    reload(gateway)
    assert pings(bob)


def test_a_file_that_is_seen_while_it_is_written(rig):
    """Empty for a moment: everybody stays who is in it in the end."""
    path = sluice_passwd(rig.path("users"), {"alice": "secret", "bob": "secret"})
    gateway = rig.gateway([broker(rig)], location=f"auth_password_file {path};")
    alice, bob = (rig.opened(gateway, 4, name, username=name, password=b"secret") for name in ("alice", "bob"))
    text = without("bob", path)
    path.write_text("")
    eventually(lambda: ": 0 users" in gateway.output(), "the file as it is for a moment", interval=0.001)
    path.write_text(text)
    eventually(lambda: gateway.output().count(": 1 users") >= 1, "the file as it is")
    assert bob.read_close().close_code == 1008
    assert pings(alice)


def test_a_user_that_is_removed_while_the_broker_takes_its_time(rig):
    """It is in when its CONNACK comes, and out at once."""
    path = sluice_passwd(rig.path("users"), {"alice": "secret", "bob": "secret"})
    slow = rig.fake(fakebroker.silent)
    gateway = rig.gateway(
        [slow], location=f"auth_password_file {path}; upstream_connack_timeout 30s;",
        server=f"location /quick {{ mqtt_pass {server_argument(broker(rig))}; auth_password_file {path}; }}")  # fmt: skip
    bob = rig.opened(gateway, 4, "bob", path="/quick", username="bob", password=b"secret")
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(4, "alice", username="alice", password=b"secret"))
    connection = slow.connection()
    eventually(lambda: connection.packets(), "the CONNECT")
    path.write_text("")
    assert bob.read_close().close_code == 1008  # nobody is looked for any longer
    connection.send(mqttbytes.connack(4))
    assert peer.read_close().close_code == 1008
    assert gateway.ended(mqtt_client_id="alice")["status_reason"] == "access_revoked"


@pytest.mark.parametrize("kind", ["h2", "keep-alive"])
def test_a_revoked_certificate_on_a_connection_of_before(rig, kind):
    """Another session on the same connection is refused, too."""
    devices = Authority(rig.path("devices"))
    bad = devices.issue_client("bad")
    lists = devices.revoke()
    server = f"ssl_client_certificate {devices.certificate}; ssl_verify_client on; ssl_crl {lists};"
    gateway = rig.tls_gateway([broker(rig)], server=server)
    if kind == "h2":
        context = rig.certificate.client_context(bad)
        context.set_alpn_protocols(["h2"])
        client = rig.keep(Client(gateway.tls_port, context=context))
        client.mqtt("first")
    else:
        peer = rig.peer(gateway, tls=rig.certificate.client_context(bad))
        peer.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert peer.response().status == 404
    devices.revoke(bad)
    reload(gateway)
    if kind == "h2":
        stream = client.websocket()
        stream.send_packet(mqttbytes.connect(5, "second"))
        stream.wait(lambda one: one.size > 0, "the refusal")
        client.close()
    else:
        peer.upgrade()
        peer.send_mqtt(mqttbytes.connect(5, "second"))
    assert gateway.ended(mqtt_client_id="second")["status_reason"] == "access_revoked"


def test_a_certificate_that_is_revoked(rig):
    """By a reload with another revocation list."""
    devices = Authority(rig.path("devices"))
    good, bad = devices.issue_client("good"), devices.issue_client("bad")
    lists = devices.revoke()
    gateway = rig.tls_gateway(
        [broker(rig)], server=f"ssl_client_certificate {devices.certificate}; ssl_verify_client on; ssl_crl {lists};"
    )
    peers = [rig.peer(gateway, tls=rig.certificate.client_context(one)) for one in (good, bad)]
    for index, peer in enumerate(peers):
        peer.open_mqtt(client_id=f"device{index}")
    reload(gateway)
    assert all(pings(peer) for peer in peers)
    devices.revoke(bad)
    reload(gateway)
    assert peers[1].read_close().close_code == 1008
    eventually(lambda: "its certificate has been revoked" in gateway.output(), "the reason")
    assert pings(peers[0])
