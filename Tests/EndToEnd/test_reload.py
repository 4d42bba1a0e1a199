"""A reload, by HUP and by `-s reload`: new connections are served by the new configuration, open sessions go on."""

import os
import pathlib
import signal
import ssl
import subprocess
import threading

import harness
import mqttbytes
from gateway import connect, server_argument, site
from harness import DEADLINE, eventually
from test_auth_password import sluice_passwd
from test_pool import UNAVAILABLE, server
from refusals import admitted, expect_refused


def generation(gateway):
    """The number of the generation in use."""
    return 1 + gateway.output().count(" is in use: ")


def reload(gateway, config=None):
    """Has the gateway read a configuration, or the one it has, and waits until all loops use it."""
    if config is not None:
        gateway.config_path.write_text(config)
    number = generation(gateway) + 1
    gateway.send_signal(signal.SIGHUP)
    eventually(lambda: f"generation {number} is in use" in gateway.output(), lambda: f"the reload:\n{gateway.output()}")


def refused(gateway, config, reason):
    """A reload that changes nothing; the log says why."""
    gateway.config_path.write_text(config)
    before = gateway.output().count("the running configuration stays")
    gateway.send_signal(signal.SIGHUP)
    eventually(lambda: gateway.output().count("the running configuration stays") > before, "the refusal")
    line = [line for line in gateway.output().splitlines() if "the running configuration stays" in line][-1]
    assert "[error] reload: " in line and reason in line, line


def order(gateway, *arguments):
    command = [harness.BINARY, "-c", gateway.config_path, "-p", gateway.directory, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)


def descriptors(gateway):
    return len(os.listdir(f"/proc/{gateway.pid}/fd"))


def pings(peer):
    """Whether a session is alive, from end to end."""
    peer.send_mqtt(mqttbytes.PINGREQ)
    return peer.read_packet() == mqttbytes.PINGRESP


def path_answer(rig, gateway, path):
    """The status of an upgrade at a path."""
    peer = rig.peer(gateway)
    return peer.ask(upgrade_request(path)).status


def upgrade_request(path):
    from bytepeer import request

    return request(path)


# Sessions go on


def test_open_sessions_go_on(rig):
    """Messages before and after, over the same connection, plain and TLS; the broker sees no second one."""
    broker = rig.mosquitto()
    gateway = rig.tls_gateway([broker])
    plain = rig.paho(gateway.port, client_id="plain").subscribe("t")
    secure = rig.paho(gateway.tls_port, client_id="secure", tls=rig.certificate.client_context()).subscribe("t")
    for text in (b"before", b"after", b"after that"):
        if text != b"before":
            reload(gateway)
        plain.publish("t", text, qos=1)
        assert [client.message().payload for client in (plain, secure)] == [text, text]
    for client, name in ((plain, "plain"), (secure, "secure")):
        assert client.disconnected == []
        assert broker.output().count(f" as {name} (") == 1
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
    refuses.expect_close(1002, before=mqttbytes.connack(5, 0x84))
    assert pings(old)
    old.send_mqtt(big)
    old.expect_close(1009)
    # Each session's line goes where its own configuration says.
    assert gateway.ended(mqtt_client_id="old")["status_reason"]
    other = gateway.directory / "other.log"
    eventually(lambda: other.exists() and "five" in other.read_text(), "the line in the new log")
    assert "old" not in other.read_text() and "five" not in gateway.access_path.read_text()
    # The last that wrote to the old log is gone: it is closed.
    eventually(lambda: str(gateway.access_path) not in open_files(gateway), lambda: f"{open_files(gateway)}")
    assert str(other) in open_files(gateway)


def open_files(gateway):
    folder = pathlib.Path(f"/proc/{gateway.pid}/fd")
    found = []
    for name in os.listdir(folder):
        try:
            found.append(os.readlink(folder / name))
        except OSError:
            pass
    return found


def test_locations_and_upstreams_come_and_go(rig):
    first, second = rig.fake(), rig.fake()
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
    gateway = rig.tls_gateway([rig.fake()])
    old = rig.opened(gateway, client_id="old")
    secure = rig.peer(gateway, tls=True)
    secure.open_mqtt(client_id="secure")
    reload(gateway, gateway.config.replace(" ssl;", ";"))
    rig.peer(gateway.tls_address).open_mqtt(client_id="plain-now")
    reload(gateway, gateway.config.replace(" ssl;", " ssl proxy_protocol;"))
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
    config = site([rig.fake()], tls=live, server="server_name a.example;") + _second_server(rig)
    gateway = rig.gateway(config=config)
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


def _second_server(rig):
    """A second name on the TLS port: names are then chosen among."""
    return ""


def test_half_a_client_hello_before_a_reload_and_half_after(rig):
    """The names that the handshake began with are there until it is over."""
    first, second = rig.certificate, rig.authority.issue(f"{rig.directory.name}-b", "DNS:b.example")
    port = harness.free_port()
    lines = "listen 127.0.0.1:{port} ssl; ssl_certificate {c.certificate}; ssl_certificate_key {c.key}; server_name {name};"
    location = "location /mqtt {{ mqtt_pass {address}; }}".format(address=rig.fake().address)
    config = "error_log stderr debug;\n" + "".join(
        "server {\n%s %s\n}\n" % (lines.format(port=port, c=c, name=name).replace(" ssl_c", "\nssl_c", 1), location)
        for c, name in ((first, "localhost"), (second, "b.example"))
    )
    gateway = rig.gateway(config=config)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = rig.certificate.client_context().wrap_bio(incoming, outgoing, server_hostname="b.example")
    raw = connect(gateway.tls_address)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        hello = outgoing.read()
    raw.sendall(hello[:50])
    for _ in range(3):
        reload(gateway)
    raw.sendall(hello[50:])
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            raw.sendall(outgoing.read())
            incoming.write(raw.recv(65536))
    assert dict(pair[0] for pair in tls.getpeercert()["subject"])["commonName"] == f"{rig.directory.name}-b"
    raw.close()


# Access


def test_a_changed_password_file_counts_at_once(rig):
    folder = rig.path("users")
    path = sluice_passwd(folder, {"alice": "old"})
    gateway = rig.gateway([rig.fake()], location=f"auth_password_file {path};")
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
    gateway = rig.gateway([rig.fake()])
    rig.opened(gateway, client_id="before")
    reload(gateway, gateway.config.replace("mqtt_pass brokers;", f"mqtt_pass brokers;\nauth_password_file {path};"))
    admitted(rig, gateway, username="alice", password=b"secret")
    expect_refused(rig, gateway, "credentials_missing")
    reload(gateway, gateway.config)
    rig.opened(gateway, client_id="after")


# Pools


def test_weights(rig):
    """Peers that stay take their new weights; counts survive, and sessions stay where they are."""
    one, other = rig.fake(), rig.fake()
    gateway = rig.gateway([one, other], upstream="least_conn;", worker_threads=1)
    for index in range(10):
        rig.opened(gateway, client_id=f"a{index}")
    assert (len(one.connections), len(other.connections)) == (5, 5)
    reload(gateway, gateway.config.replace(f"{one.address};", f"{one.address} weight=3;"))
    for index in range(10):
        rig.opened(gateway, client_id=f"b{index}")
    assert (len(one.connections), len(other.connections)) == (15, 5), "the five from before count"


def test_another_balancer(rig):
    one, other = rig.fake(), rig.fake()
    gateway = rig.gateway([one, other])
    reload(gateway, gateway.config.replace("upstream brokers {", "upstream brokers {\nhash $mqtt_client_id;"))
    for _ in range(6):
        peer = rig.opened(gateway, client_id="the-same")
        peer.send_mqtt(mqttbytes.disconnect())
        peer.expect_close(1000)
    assert sorted((len(one.connections), len(other.connections))) == [0, 6]


def test_max_conns_counts_sessions_from_before(rig):
    broker, extra = rig.fake(), rig.fake()
    gateway = rig.gateway([server(broker, "max_conns=2")])
    first = [rig.opened(gateway, client_id=f"client{index}") for index in range(2)]

    def expect_full():
        peer = rig.peer(gateway)
        peer.upgrade()
        peer.send_mqtt(mqttbytes.connect(4, "one-too-many"))
        peer.expect_close(1013, before=UNAVAILABLE[4])

    expect_full()
    # In another place of the list, and with another peer that is down.
    config = gateway.config.replace("upstream brokers {", f"upstream brokers {{\nserver {extra.address} down;")
    reload(gateway, config)
    expect_full()
    # Gone and back: its sessions went on all the while.
    moved = gateway.config.replace(f"server {broker.address} max_conns=2", f"server {extra.address}")
    reload(gateway, moved)
    rig.opened(gateway, client_id="elsewhere")
    reload(gateway, gateway.config)
    expect_full()
    assert all(pings(peer) for peer in first)
    first[0].send_mqtt(mqttbytes.disconnect())
    first[0].expect_close(1000)
    gateway.ended(mqtt_client_id="client0")
    rig.opened(gateway, client_id="fits-again")
    assert (len(broker.connections), len(extra.connections)) == (3, 1)


def test_a_removed_peer_gets_nothing_new_and_keeps_its_sessions(rig):
    one, other = rig.fake(), rig.fake()
    gateway = rig.gateway([one, other], worker_threads=1)
    sessions = [rig.opened(gateway, client_id=f"a{index}") for index in range(4)]
    reload(gateway, gateway.config.replace(f"server {one.address};", ""))
    sessions += [rig.opened(gateway, client_id=f"b{index}") for index in range(4)]
    assert (len(one.connections), len(other.connections)) == (2, 6)
    assert all(pings(peer) for peer in sessions)


def test_what_probes_and_failures_have_found_out_survives(rig):
    """A dead peer is not tried again because of a reload; without probes it is one to be tried."""
    well = rig.fake()
    dead = harness.free_port()
    check = "health_check type=tcp interval=100ms timeout=1s fails=1 passes=1;"
    gateway = rig.gateway([well, dead], upstream=check)
    eventually(lambda: "is unhealthy" in gateway.output(), "the dead one found")
    for turn in range(2):
        reload(gateway, gateway.config.replace("interval=100ms", f"interval={turn + 2}00ms"))
        for index in range(4):
            rig.opened(gateway, client_id=f"{turn}-{index}")
    assert gateway.output().count("is unhealthy") == 1
    assert "failed: connect" not in gateway.output()
    reload(gateway, gateway.config.replace(check, ""))
    for index in range(4):
        rig.opened(gateway, client_id=f"tried-{index}")
    assert f"upstream server 127.0.0.1:{dead} failed" in gateway.output()
    # And failures are not forgotten either.
    count = gateway.output().count(f"upstream server 127.0.0.1:{dead} failed")
    reload(gateway)
    for index in range(6):
        rig.opened(gateway, client_id=f"spared-{index}")
    assert gateway.output().count(f"upstream server 127.0.0.1:{dead} failed") == count


def test_slow_start_goes_on(rig):
    """A peer that starts slowly is not sent its full share because of a reload."""
    one = rig.fake()
    late = rig.fake()
    gateway = rig.gateway([server(one), server(late, "slow_start=1h down")], upstream="least_conn;", worker_threads=1)
    reload(gateway, gateway.config.replace(" down;", ";"))
    reload(gateway)
    for index in range(10):
        rig.opened(gateway, client_id=f"client{index}")
    assert len(late.connections) <= 1 and len(one.connections) >= 9


# What does not work changes nothing


def test_a_bad_configuration_changes_nothing(rig):
    gateway = rig.gateway([rig.fake()], main="pid_file run.pid;")
    peer = rig.opened(gateway, client_id="old")
    good = gateway.config
    line = 1 + good[: good.index("upstream brokers")].count("\n")
    unreadable = good.replace("mqtt_pass brokers;", "mqtt_pass brokers; auth_password_file missing;")
    for config, reason in (
        (good.replace("upstream brokers {", "upstraem brokers {"), f"sluice.conf:{line}:1: unknown directive"),
        (good.replace("access_log access.log", "access_log missing/access.log"), "missing/access.log: No such file"),
        (good.replace("mqtt_pass brokers", "mqtt_pass name.invalid:1883"), "cannot resolve name.invalid"),
        (unreadable, "auth_password_file"),
    ):
        refused(gateway, config, reason)
        result = order(gateway, "-s", "reload")
        assert result.returncode == 1 and reason in result.stderr, result
        assert path_answer(rig, gateway, "/mqtt") == 101
    assert pings(peer)
    assert generation(gateway) == 1 and gateway.output().count("the running configuration stays") == 4


def test_a_password_file_that_cannot_be_read_any_more(rig):
    """Each time it is asked for: the file, not what is left of it in memory, decides."""
    path = sluice_passwd(rig.path("users"), {"alice": "secret"})
    gateway = rig.gateway([rig.fake()], location=f"auth_password_file {path};")
    path.rename(path.with_suffix(".away"))
    for _ in range(2):
        refused(gateway, gateway.config, f"auth_password_file {path}: cannot be read")
    admitted(rig, gateway, username="alice", password=b"secret")
    path.with_suffix(".away").rename(path)
    reload(gateway)


def test_other_addresses_take_a_restart(rig):
    gateway = rig.gateway([rig.fake()])
    port = harness.free_port()
    added = gateway.config.replace("    location", f"    listen 127.0.0.1:{port};\n    location")
    refused(gateway, added, f"listen adds 127.0.0.1:{port}: other addresses take a restart")
    moved = gateway.config.replace(f"127.0.0.1:{gateway.port}", f"127.0.0.1:{port}")
    refused(
        gateway, moved, f"listen adds 127.0.0.1:{port} and removes 127.0.0.1:{gateway.port}: other addresses take a restart"
    )
    rig.opened(gateway)


def test_what_takes_a_restart_is_named_and_the_rest_is_in_use(rig):
    gateway = rig.gateway([rig.fake()], main="pid_file run.pid;")
    config = gateway.config.replace("worker_threads 2;", "worker_threads 3; hash_threads 2;")
    reload(gateway, config.replace("run.pid", "other.pid").replace("location /mqtt", "location /new"))
    for directive in ("worker_threads", "hash_threads", "pid_file"):
        text = f"[warn] reload: {directive} has changed: that takes a restart, the rest is in use"
        eventually(lambda: text in gateway.output(), text)
    assert path_answer(rig, gateway, "/new") == 101
    assert (gateway.directory / "run.pid").exists() and not (gateway.directory / "other.pid").exists()
    gateway.config_path.write_text(gateway.config)  # for whoever stops it by its pid file


def test_the_error_log_moves_and_its_level_changes(rig):
    gateway = rig.gateway([rig.fake()])
    gateway.config_path.write_text(gateway.config.replace("error_log stderr debug", "error_log error.log notice"))
    gateway.send_signal(signal.SIGHUP)
    log = gateway.directory / "error.log"
    eventually(lambda: log.exists() and "generation 2 is in use" in log.read_text(), "the line in the new log")
    rig.opened(gateway).close()
    gateway.ended_count(1)
    assert "[debug]" not in log.read_text() and "generation 2" not in gateway.output()
    log.rename(log.with_suffix(".1"))
    gateway.send_signal(signal.SIGUSR1)
    eventually(log.exists, "the log opened again")


# The command


def test_reload_by_command(rig):
    gateway = rig.gateway([rig.fake()], main="pid_file run.pid;")
    eventually((gateway.directory / "run.pid").exists, "the pid file")
    result = order(gateway, "-s", "reload")
    assert (result.returncode, result.stderr) == (0, "")
    eventually(lambda: generation(gateway) == 2, "the reload")


def test_a_gateway_that_ends_reloads_nothing(rig):
    gateway = rig.gateway([rig.fake()])
    rig.opened(gateway)
    gateway.send_signal(signal.SIGQUIT)
    eventually(lambda: not harness.is_listening(gateway.port), "the listener closed")
    gateway.send_signal(signal.SIGHUP)
    eventually(lambda: "the gateway is about to end" in gateway.output(), "the warning")
    assert gateway.stop() == 0


# Again and again


def test_fifty_reloads_under_traffic(rig):
    """No connection is dropped, no descriptor stays open, memory does not grow."""
    broker = rig.mosquitto()
    users = sluice_passwd(rig.path("users"), {"alice": "secret"})
    check = "health_check type=mqtt interval=1s timeout=1s;"
    lines = f"auth_password_file {users}; auth_anonymous on;"
    gateway = rig.gateway(
        [broker], tls=rig.certificate, upstream=check, location=lines, main="pid_file run.pid;"
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
        variants = [gateway.config, gateway.config.replace("access.log", "second.log").replace("cache", "cache")]
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
    assert broker.output().count(" as plain (") == 1 and broker.output().count(" as secure (") == 1


def _guarded(work, failures):
    def run():
        try:
            work()
        except BaseException as error:  # shown by the test
            failures.append(error)

    return run


def resident(gateway):
    """KiB that the process has in memory."""
    for line in pathlib.Path(f"/proc/{gateway.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
