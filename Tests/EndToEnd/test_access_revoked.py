"""What allowed a client in can be taken away while its session is open."""

import mqttbytes
from certificates import Authority
from harness import eventually
from reloads import broker, pings, reload
from test_auth_password import sluice_passwd


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
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("alice:")))
    alice.expect_close(1008, before=mqttbytes.goodbye(0x87, "access has been revoked"))
    assert gateway.ended(mqtt_client_id="alice")["status_reason"] == "access_revoked"
    assert f"its user is no longer in auth_password_file {path}" in gateway.output()
    assert all(pings(peer) for peer in (bob, nobody, elsewhere))
    sluice_passwd(path.parent, {"bob": "another"})
    reload(gateway)
    assert pings(bob)


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
