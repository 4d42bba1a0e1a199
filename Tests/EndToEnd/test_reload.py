"""A reload: new connections are served by the new configuration, open sessions go on."""

import contextlib
import ssl
import threading

import pytest

import harness
import mqttbytes
from gateway import connect, server_argument
from harness import eventually
from refusals import admitted, expect_refused
from reloads import broker, descriptors, open_files, path_answer, pings, reload, resident
from test_auth_password import sluice_passwd


# Sessions go on


def test_open_sessions_go_on(rig):
    """Messages before and after, over the same connection, plain and TLS; the broker sees no second one."""
    mosquitto = rig.mosquitto()
    gateway = rig.tls_gateway([mosquitto])
    plain = rig.paho(gateway.port, client_id="plain").subscribe("t")
    secure = rig.paho(gateway.tls_port, client_id="secure", tls=rig.certificate.client_context()).subscribe("t")
    for text in (b"before", b"after", b"after that"):
        if text != b"before":
            reload(gateway)
        plain.publish("t", text, qos=1)
        assert [client.message().payload for client in (plain, secure)] == [text, text]
    for client, name in ((plain, "plain"), (secure, "secure")):
        assert client.disconnected == []
        assert mosquitto.output().count(f" as {name} (") == 1
    assert gateway.access() == []
    rig.paho(gateway.port, client_id="new").publish("t", b"new", qos=1)
    assert plain.message().payload == b"new"


def test_new_sessions_get_the_new_settings_and_old_ones_keep_theirs(rig):
    gateway = rig.gateway([rig.mosquitto()], location="mqtt_max_packet_size 1k; mqtt_versions 3.1.1 5.0;")
    old = rig.opened(gateway, client_id="old")
    config = gateway.config.replace("size 1k; mqtt_versions 3.1.1 5.0", "size 4k; mqtt_versions 3.1.1")
    config = config.replace("access.log json", "other.log json")
    reload(gateway, config)
    new = rig.opened(gateway, client_id="new")
    new.subscribe("big")
    big = mqttbytes.publish("big", b"x" * 2000)
    new.send_mqtt(big)
    assert new.read_packet() == big
    refuses = rig.peer(gateway)
    refuses.upgrade()
    refuses.send_mqtt(mqttbytes.connect(5, "five"))
    refuses.expect_close(1008, before=mqttbytes.connack(5, 0x84))
    new.send_mqtt(mqttbytes.disconnect())
    new.expect_close(1000)
    assert pings(old)
    old.send_mqtt(big)
    old.expect_close(1009)
    # Each session's line goes where its own configuration says.
    assert gateway.ended(mqtt_client_id="old")["status_reason"]
    other = gateway.directory / "other.log"
    eventually(lambda: other.exists() and '"new"' in other.read_text(), "the line in the new log")
    assert '"old"' not in other.read_text() and '"new"' not in gateway.access_path.read_text()
    # The last that wrote to the old log is gone: it is closed.
    eventually(lambda: str(gateway.access_path) not in open_files(gateway), lambda: f"{open_files(gateway)}")
    assert str(other) in open_files(gateway)


def test_locations_and_upstreams_come_and_go(rig):
    first, second = broker(rig), broker(rig)
    gateway = rig.gateway([first])
    old = rig.opened(gateway, client_id="old")
    config = gateway.config.replace("upstream brokers", "upstream others").replace("mqtt_pass brokers", "mqtt_pass others")
    config = config.replace(server_argument(first), server_argument(second)).replace("location /mqtt", "location /new")
    reload(gateway, config)
    assert path_answer(rig, gateway, "/mqtt") == 404
    new = rig.peer(gateway)
    new.open_mqtt(client_id="new", path="/new")
    assert pings(old) and pings(new)
    reload(gateway, gateway.config)
    assert path_answer(rig, gateway, "/new") == 404
    rig.opened(gateway, client_id="third")
    assert pings(old) and pings(new)
    assert (len(first.connections), len(second.connections)) == (2, 1)


def test_tls_and_the_proxy_protocol_of_an_address_can_change(rig):
    gateway = rig.tls_gateway([broker(rig)])
    old = rig.opened(gateway, client_id="old")
    secure = rig.peer(gateway, tls=True)
    secure.open_mqtt(client_id="secure")
    reload(gateway, gateway.config.replace(" ssl;", ";"))
    rig.peer(gateway.tls_address).open_mqtt(client_id="plain-now")
    reload(gateway, gateway.config.replace(" ssl;", " ssl proxy_protocol; set_real_ip_from 10.0.0.0/8;"))
    rejected = rig.peer(gateway.tls_address)
    rejected.expect_end()
    reload(gateway, gateway.config)
    rig.peer(gateway, tls=True).open_mqtt(client_id="secure-again")
    assert pings(old) and pings(secure)


# TLS


def test_a_new_certificate_is_served_while_old_sessions_go_on(rig):
    """The files are replaced, as a renewal does; a handshake that had begun before is carried to its end."""
    authority = rig.authority
    certificates = [authority.issue(f"{rig.directory.name}-{index}") for index in range(2)]
    live = authority.issue(f"{rig.directory.name}-live")
    gateway = rig.gateway([broker(rig)], tls=live)
    context = rig.certificate.client_context()

    def served():
        with context.wrap_socket(connect(gateway.tls_address), server_hostname="localhost") as tls:
            return dict(pair[0] for pair in tls.getpeercert()["subject"])["commonName"]

    old = rig.peer(gateway, tls=True)
    old.open_mqtt(client_id="old")
    waiting = connect(gateway.tls_address)
    rig.opened(gateway, client_id="behind")  # the connection before was accepted as well, by now or in its loop's next turn
    for number, certificate in enumerate(certificates):
        live.certificate.write_bytes(certificate.certificate.read_bytes())
        live.key.write_bytes(certificate.key.read_bytes())
        reload(gateway)
        assert served() == f"{rig.directory.name}-{number}"
    with context.wrap_socket(waiting, server_hostname="localhost") as tls:
        assert tls.version() == "TLSv1.3"
    assert pings(old)


def test_half_a_client_hello_before_a_reload_and_half_after(rig):
    """The names that the handshake began with are there until it is over."""
    port = harness.free_port()
    second = rig.authority.issue(f"{rig.directory.name}-b", "DNS:b.example")
    location = f"location /mqtt {{ mqtt_pass {broker(rig).address}; }}"
    config = "error_log stderr debug;\n"
    for name, one in (("localhost", rig.certificate), ("b.example", second)):
        files = f"ssl_certificate {one.certificate}; ssl_certificate_key {one.key};"
        config += f"server {{\n  listen 127.0.0.1:{port} ssl;\n  server_name {name}; {files} {location}\n}}\n"
    gateway = rig.gateway(config=config)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = rig.certificate.client_context().wrap_bio(incoming, outgoing, server_hostname="b.example")
    raw = connect(gateway.tls_address)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    hello = outgoing.read()
    raw.sendall(hello[:50])
    for _ in range(3):
        reload(gateway)
    raw.sendall(hello[50:])
    is_done = False
    while not is_done:
        incoming.write(raw.recv(65_536))
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.do_handshake()
            is_done = True
    assert dict(pair[0] for pair in tls.getpeercert()["subject"])["commonName"] == f"{rig.directory.name}-b"
    raw.close()


# Access


def test_a_changed_password_file_counts_at_once(rig):
    folder = rig.path("users")
    path = sluice_passwd(folder, {"alice": "old"})
    gateway = rig.gateway([broker(rig)], location=f"auth_password_file {path};")
    session = admitted(rig, gateway, username="alice", password=b"old")
    path.unlink()
    sluice_passwd(folder, {"alice": "new", "bob": "also"})
    reload(gateway)
    admitted(rig, gateway, client_id="a", username="alice", password=b"new")
    admitted(rig, gateway, client_id="b", username="bob", password=b"also")
    expect_refused(rig, gateway, "credentials_refused", username="alice", password=b"old")
    assert pings(session)


def test_access_can_be_switched_on_and_off(rig):
    path = sluice_passwd(rig.path("users"), {"alice": "secret"})
    gateway = rig.gateway([broker(rig)])
    rig.opened(gateway, client_id="before")
    reload(gateway, gateway.config.replace("mqtt_pass brokers;", f"mqtt_pass brokers;\nauth_password_file {path};"))
    admitted(rig, gateway, username="alice", password=b"secret")
    expect_refused(rig, gateway, "credentials_missing")
    reload(gateway, gateway.config)
    rig.opened(gateway, client_id="after")


# Again and again


def test_fifty_reloads_under_traffic(rig):
    """No connection is dropped, no descriptor stays open, memory does not grow."""
    mosquitto = rig.mosquitto()
    users = sluice_passwd(rig.path("users"), {"alice": "secret"})
    check = "health_check type=mqtt interval=1s timeout=1s;"
    lines = f"auth_password_file {users}; auth_anonymous on;"
    gateway = rig.gateway(
        [mosquitto], tls=rig.certificate, upstream=check, location=lines, main="pid_file run.pid;"
    )
    clients = [
        rig.paho(gateway.port, client_id="plain").subscribe("t"),
        rig.paho(gateway.tls_port, client_id="secure", tls=rig.certificate.client_context()).subscribe("t"),
    ]
    stop = threading.Event()
    sent = []
    opened = []

    def traffic():
        while not stop.is_set():
            sent.append(f"message {len(sent)}".encode())
            clients[0].publish("t", sent[-1], qos=1)

    def come_and_go():
        while not stop.is_set():
            peer = rig.peer(gateway, tls=True if len(opened) % 2 else None)
            peer.open_mqtt(client_id=f"visitor{len(opened)}")
            peer.send_mqtt(mqttbytes.disconnect())
            peer.expect_close(1000)
            peer.close()
            opened.append(peer)

    failures = []
    threads = [threading.Thread(target=_guarded(work, failures)) for work in (traffic, come_and_go)]
    for thread in threads:
        thread.start()
    try:
        variants = [gateway.config, gateway.config.replace("access.log", "second.log")]
        used, memory = [], []
        for turn in range(50):
            reload(gateway, variants[turn % 2])
            if turn % 2:
                used.append(descriptors(gateway))
                memory.append(resident(gateway))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures, failures
    for client in clients:
        assert [client.message().payload for _ in sent] == sent
        assert client.disconnected == []
    assert len(opened) > 10
    gateway.config_path.write_text(gateway.config)
    # Visitors come and go while it is counted.
    assert max(used[-5:]) <= max(used[:5]) + 4, used
    assert max(memory[-5:]) <= max(memory[:10]) + 8 * 1024, memory
    assert mosquitto.output().count(" as plain (") == 1 and mosquitto.output().count(" as secure (") == 1


def _guarded(work, failures):
    def run():
        try:
            work()
        except BaseException as error:  # shown by the test
            failures.append(error)

    return run
