"""The page of metrics: what it says is right, and real readers understand it."""

import json
import re
import ssl
import subprocess
import threading

import pytest

import fakebroker
import mqttbytes
from bytepeer import PING, PONG, request
from harness import DEADLINE, REPOSITORY, eventually
from prometheus import DEPLOY, METRICS, Page, Prometheus, families, fetch, promtool
from refusals import expect_refused
from reloads import refused, reload
from test_auth_password import sluice_passwd


def documented():
    """Name and type of each metric in docs/metrics.md."""
    text = (REPOSITORY / "docs/metrics.md").read_text()
    return dict(re.findall(r"^\| `((?:sluice|process)_\w+)` \| (\w+) \|", text, re.MULTILINE))


def page_when(gateway, check):
    """The first page for which `check` is true."""
    return eventually(lambda: next((page for page in [Page(gateway)] if check(page)), None), "the page")


# Readers


def test_promtool_finds_nothing_wrong(rig):
    gateway = rig.tls_gateway([rig.fake()], server=METRICS)
    rig.opened(gateway)
    rig.peer(gateway, tls=True).open_mqtt()
    text, content_type = fetch(gateway)
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert promtool("check", "metrics", input=text) == ""


def test_every_family_is_there_in_both_formats(rig):
    gateway = rig.gateway([rig.fake()], server=METRICS)
    names = documented()
    text = fetch(gateway)[0]
    assert dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)) == names
    text, content_type = fetch(gateway, accept="application/openmetrics-text; version=1.0.0, text/plain;q=0.5")
    assert content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert text.endswith("\n# EOF\n") and "_created" not in text
    read = {name: family.type for name, family in families(gateway, openmetrics=True).items()}
    kinds = {re.sub("_(total|info)$", "", name): "info" if name.endswith("_info") else kind for name, kind in names.items()}
    assert read == kinds


@pytest.mark.parametrize("method, path, status", [("POST", "/metrics", 405), ("HEAD", "/metrics", 200), ("GET", "/metrics/x", 404)])
def test_other_requests(rig, method, path, status):
    gateway = rig.gateway([rig.fake()], server="location /metrics { metrics; }")
    peer = rig.peer(gateway)
    peer.send(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode())
    assert peer.response(is_head=method == "HEAD").status == status


def test_a_real_prometheus_scrapes_it(rig):
    """With the files of deploy/: every rule and every panel can be evaluated, and the numbers arrive."""
    gateway = rig.gateway([rig.mosquitto()], server=METRICS)
    for number in range(3):
        rig.opened(gateway, client_id=f"c{number}")
    prometheus = rig.keep(Prometheus(rig.path("prometheus"), gateway))
    prometheus.eventually("sum(sluice_sessions)", 3)
    prometheus.eventually('sum(sluice_connections{job="sluice", state="open"})', 3)
    prometheus.eventually('sluice_upstream_peer_up{upstream="brokers"}', 1)
    prometheus.eventually('up{job="sluice"}', 1)
    prometheus.eventually("count(sluice_upstream_connack_duration_seconds_bucket)", 15)

    def rules():
        found = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
        return found if all(rule["lastEvaluation"] > "0001-01-02" for rule in found) else None

    found = eventually(rules, "the rules were evaluated", timeout=DEADLINE * 3)
    assert {rule["health"] for rule in found} == {"ok"}, found
    assert [rule["name"] for rule in found if rule["alerts"]] == []
    for expression in panel_expressions():
        prometheus.query(expression)


def panel_expressions():
    """Those of the dashboard, with its variables filled in."""
    dashboard = json.loads((DEPLOY / "grafana/sluice-dashboard.json").read_text())
    found = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    found += [note["expr"] for note in dashboard["annotations"]["list"]]
    for name, value in {"$job": "sluice", "$instance": ".+", "$upstream": ".+", "$__rate_interval": "1m"}.items():
        found = [expression.replace(name, value) for expression in found]
    assert len(found) > 40 and not any("$" in expression for expression in found)
    return found


def test_deployed_files_are_valid(tmp_path):
    folder = DEPLOY / "prometheus"
    promtool("check", "rules", folder / "sluice-alerts.yml")
    promtool("check", "config", folder / "sluice-scrape.yml")


def test_alerts_fire_when_they_should():
    promtool("test", "rules", REPOSITORY / "Tests/EndToEnd/alerts.yml")


# Numbers


def test_sessions_and_connections(rig):
    """Over ws and wss, by version, listener, TLS version and broker; and again when they have ended."""
    broker = rig.mosquitto()
    gateway = rig.tls_gateway([broker], server=METRICS)
    plain = [rig.opened(gateway, version=version, client_id=f"plain{version}") for version in (3, 4, 5)]
    only = rig.certificate.client_context()
    only.maximum_version = ssl.TLSVersion.TLSv1_2
    secure = [rig.peer(gateway, tls=context) for context in (True, True, only)]
    for number, peer in enumerate(secure):
        peer.open_mqtt(5, f"secure{number}")
    page = Page(gateway)
    listeners = [f"{host}:{port}" for host, port in gateway.listeners if ":" not in host]
    expiry = "sluice_certificate_expiry_timestamp_seconds"
    end = ssl.cert_time_to_seconds(secure[0].socket.getpeercert()["notAfter"])
    assert page.value(expiry, server_name="", file=str(rig.certificate.certificate)) == end
    assert page.value("sluice_connections", listener=listeners[0], state="open") == 3
    assert page.value("sluice_connections", listener=listeners[0], state="answering") == 1
    assert page.value("sluice_connections", listener=listeners[1], state="open") == 3
    assert page.sum("sluice_connections") == 7
    assert page.value("sluice_connections_accepted_total", listener=listeners[1]) == 3
    assert page.by("sluice_tls_handshakes_total", "version") == {"TLSv1.3": 2, "TLSv1.2": 1}
    assert page.by("sluice_connects_total", "version") == {"3.1": 1, "3.1.1": 1, "5.0": 4}
    assert page.by("sluice_http_responses_total", "code") == {"101": 6}
    assert page.value("sluice_sessions") == 6
    peer = {"upstream": "brokers", "peer": broker.address}
    for name in ("peer_sessions", "sessions_opened_total", "attempts_total"):
        assert page.value(f"sluice_upstream_{name}", **peer) == 6, name
    assert page.value("sluice_upstream_connack_duration_seconds_count", upstream="brokers") == 6
    for client in plain:
        client.send_mqtt(mqttbytes.disconnect())
        client.expect_close(1000)
    for client in secure:
        client.close()
    page = page_when(
        gateway, lambda page: page.value("sluice_sessions") == page.value("sluice_upstream_peer_sessions", **peer) == 0
    )
    assert page.value("sluice_ends_total", cause="client_disconnect") == 3
    assert page.value("sluice_ends_total", cause="client_lost") == 3
    assert page.value("sluice_upstream_sessions_opened_total", **peer) == 6
    assert page.value("sluice_connections_accepted_total", listener=listeners[0]) >= 5  # 3 clients, and who has asked


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_packets(rig, tls):
    """A publisher and a subscriber: every packet and its bytes by type, both ways, as the two have counted them."""
    gateway = rig.tls_gateway([rig.mosquitto()], server=METRICS)
    publisher, subscriber = [rig.peer(gateway, tls=tls or None) for _ in range(2)]
    publisher.open_mqtt(4, "publisher")
    subscriber.open_mqtt(4, "subscriber")
    subscriber.subscribe("t", qos=1)
    sent = {0: 7, 1: 5, 2: 3}
    for qos, count in sent.items():
        for number in range(count):
            publisher.send_mqtt(mqttbytes.publish("t", b"x" * 100, qos=qos, packet_id=1 + number))
            if qos == 2:
                assert publisher.read_packet()[0] == 0x50
                publisher.send_mqtt(mqttbytes.packet(0x62, (1 + number).to_bytes(2, "big")))
            if qos:
                assert publisher.read_packet()[0] == (0x40 if qos == 1 else 0x70)
    got = {0: 0, 1: 0}
    while sum(got.values()) < 15:
        packet = subscriber.read_packet()
        got[packet[0] >> 1 & 3] += 1
        if packet[0] >> 1 & 3:
            subscriber.send_mqtt(mqttbytes.packet(0x40, packet[5:7]))
    assert got == {0: 7, 1: 8}
    publisher.send_mqtt(mqttbytes.packet(0xC0))
    assert publisher.read_packet()[0] == 0xD0
    received = {
        "connect": 2, "subscribe": 1, "publish_qos0": 7, "publish_qos1": 5, "publish_qos2": 3, "pubrel": 3, "puback": 8,
        "pingreq": 1,
    }
    page = page_when(gateway, lambda page: page.value("sluice_packets_total", direction="received", type="puback") == 8)

    def counts(name, direction):
        return {key: page.value(name, direction=direction, type=key) for key in page.by(name, "type")}

    def occurred(found):
        return {key: value for key, value in found.items() if value}

    assert occurred(counts("sluice_packets_total", "received")) == received
    assert occurred(counts("sluice_packets_total", "sent")) == {
        "connack": 2, "suback": 1, "publish_qos0": 7, "publish_qos1": 8, "puback": 5, "pubrec": 3, "pubcomp": 3, "pingresp": 1
    }
    size = counts("sluice_packet_bytes_total", "received")
    assert (size["publish_qos0"], size["publish_qos1"], size["publish_qos2"]) == (7 * 105, 5 * 107, 3 * 107)
    assert page.value("sluice_publish_payload_bytes_total", direction="received") == 1500
    assert page.value("sluice_publish_payload_bytes_total", direction="sent") == 1500


def test_pings(rig):
    gateway = rig.gateway([rig.fake()], server=METRICS, location="websocket_ping 1s;")
    peer = rig.opened(gateway)
    peer.send_frame(PING, b"mine")
    assert peer.read_frame().payload == b"mine"
    ping = peer.read_frame()
    assert ping.opcode == PING
    peer.send_frame(PONG, ping.payload)
    page = page_when(gateway, lambda page: page.value("sluice_websocket_ping_duration_seconds_count"))
    assert page.value("sluice_websocket_pings_total", direction="received") == 1
    assert page.value("sluice_websocket_pings_total", direction="sent") >= 1
    assert 0 < page.value("sluice_websocket_ping_duration_seconds_sum") < DEADLINE


def test_backpressure(rig):
    """A broker that reads nothing: its client is not read either, and its bytes wait."""
    gateway = rig.gateway([rig.fake(fakebroker.accept_then_stop_reading, receive_buffer=4096)], server=METRICS)
    peer = rig.opened(gateway)
    sending = threading.Thread(target=send_all, args=(peer, mqttbytes.publish("t", b"x" * 60_000), 400), daemon=True)
    sending.start()
    page = page_when(gateway, lambda page: page.value("sluice_backpressure_total", direction="received"))
    page = page_when(gateway, lambda page: page.value("sluice_waiting_bytes", direction="received"))
    assert page.value("sluice_backpressure_total", direction="sent") == 0
    assert page.value("sluice_waiting_bytes", direction="sent") == 0


def send_all(peer, packet, count):
    try:
        for _ in range(count):
            peer.send_mqtt(packet)
    except OSError:
        pass  # the test is over


def test_refusals_and_authentication(rig):
    users = sluice_passwd(rig.path("passwords"), {"ann": "secret"})
    gateway = rig.gateway([rig.fake()], server=METRICS, location=f"auth_password_file {users};")
    expect_refused(rig, gateway, "credentials_refused", 5, username="ann", password=b"wrong")
    expect_refused(rig, gateway, "credentials_refused", 4, username="ann", password=b"wrong")
    expect_refused(rig, gateway, "credentials_missing", 4)
    rig.opened(gateway, username="ann", password=b"secret")
    page = Page(gateway)
    refusals = {
        (labels["cause"], labels["code"]): value
        for (name, pairs), value in page.samples.items()
        if name == "sluice_connects_refused_total" and (labels := dict(pairs))
    }
    assert refusals == {
        ("credentials_refused", "0x86"): 1, ("credentials_refused", "0x04"): 1, ("credentials_missing", "0x05"): 1
    }
    assert page.by("sluice_auth_verdicts_total", "result") == {"allow": 1, "deny": 2, "missing": 1}
    assert page.value("sluice_auth_duration_seconds_count", method="password_file") == 3
    assert page.value("sluice_auth_duration_seconds_sum", method="password_file") > 0


def test_attempts_and_failovers(rig):
    dead, full, good = rig.fake(), rig.fake(fakebroker.answer(mqttbytes.connack(5, 0x97))), rig.fake()
    dead.close()
    gateway = rig.gateway([dead, full, good], server=METRICS, worker_threads=1)
    for number in range(3):
        rig.opened(gateway, version=5, client_id=f"c{number}")
    page = Page(gateway)
    assert page.by("sluice_upstream_sessions_opened_total", "peer") == {good.address: 3}
    failures = {dict(pairs)["reason"]: dict(pairs)["peer"] for name, pairs in page.samples if name.endswith("failures_total") and "upstream" in name}
    assert failures == {"connect_refused": dead.address, "server_busy": full.address}
    failed = page.sum("sluice_upstream_attempt_failures_total")
    assert failed > 1 and page.sum("sluice_upstream_attempts_total") == failed + 3
    assert page.value("sluice_upstream_failovers_total", upstream="brokers") == failed
    assert page.value("sluice_upstream_peer_up", upstream="brokers", peer=dead.address) == 0
    assert page.value("sluice_upstream_peer_available_ratio", upstream="brokers", peer=dead.address) == 0
    assert page.value("sluice_upstream_peer_wanted", upstream="brokers", peer=dead.address) == 1


def test_handshakes_that_fail(rig):
    """By what an operator can tell apart; the words of OpenSSL are others in each version."""
    gateway = rig.tls_gateway([rig.fake()], server=METRICS + " ssl_protocols TLSv1.2; ssl_handshake_timeout 1s;")

    def s_client(*arguments):
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.tls_port}", *arguments]
        subprocess.run(command, input=b"", capture_output=True, timeout=DEADLINE, check=False)

    s_client("-tls1_3")
    s_client("-cipher", "AES128-SHA", "-tls1_2")  # needs an RSA key
    s_client("-alpn", "h3", "-tls1_2")
    with pytest.raises(ssl.SSLError):
        rig.peer(gateway, tls=ssl.create_default_context())  # does not know the authority
    for first in (b"GET / HTTP/1.1\r\n\r\n", b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"):
        rig.peer(gateway.tls_address).send(first)
    rig.peer(gateway.tls_address).close()
    rig.peer(gateway.tls_address)  # says nothing
    page = page_when(gateway, lambda page: page.value("sluice_tls_handshake_failures_total", reason="timeout"))
    assert page.by("sluice_tls_handshake_failures_total", "reason") == {
        "unsupported_version": 1, "nothing_in_common": 1, "no_application_protocol": 1,
        "certificate_refused_by_client": 1, "not_tls": 2, "lost": 1, "timeout": 1,
    }


def test_upgrades_and_answers(rig):
    gateway = rig.gateway([rig.fake()], server=METRICS, location="websocket_origins https://example.com;")
    assert rig.peer(gateway).ask(request("/mqtt", extra=["Origin: https://evil.example"])).status == 403
    assert rig.peer(gateway).ask(request("/nowhere")).status == 404
    assert rig.peer(gateway).ask(b"GET /mqtt HTTP/1.1\r\nHost: a\r\n\r\n").status == 426
    page = Page(gateway)
    assert page.by("sluice_upgrades_refused_total", "reason") == {"origin": 1, "not_websocket": 1}
    assert page.by("sluice_http_responses_total", "code") == {"403": 1, "404": 1, "426": 1}


# The process


def test_nothing_falls_over_a_reload(rig):
    gateway = rig.gateway([rig.mosquitto()], server=METRICS)
    for number in range(4):
        rig.opened(gateway, client_id=f"c{number}")
    before = Page(gateway)
    assert before.value("sluice_configuration_generation") == 1
    reload(gateway, gateway.config.replace("location /mqtt {", "location /mqtt { mqtt_max_packet_size 10k;"))
    refused(gateway, "nonsense;", "nonsense")
    after = Page(gateway)
    fallen = {key: (value, after.samples.get(key)) for key, value in before.counters().items() if after.samples.get(key, -1) < value}
    assert fallen == {}
    assert after.value("sluice_configuration_generation") == 2
    assert after.by("sluice_reloads_total", "result") == {"success": 1, "failure": 1}
    assert after.value("sluice_configuration_last_reload_successful") == 0
    loaded = "sluice_configuration_loaded_timestamp_seconds"
    assert after.value(loaded) > before.value(loaded) >= before.value("process_start_time_seconds") > 1.7e9
    assert after.value("sluice_sessions") == 4
    assert after.value("process_open_fds") < after.value("process_max_fds")
    assert after.value("process_resident_memory_bytes") > 1e6


def test_labels_have_nothing_that_a_client_chose(rig):
    gateway = rig.tls_gateway([rig.fake()], server=METRICS)
    names = ["evil-client", "evil-user", "evil-host", "evil-path", "evil-topic"]
    peer = rig.peer(gateway, tls=True)
    peer.upgrade("/mqtt?evil-path", extra=["X-Evil: evil-host"])
    peer.send_mqtt(mqttbytes.connect(4, "evil-client", username="evil-user"), mqttbytes.publish("evil-topic"))
    rig.peer(gateway).ask(b"GET /evil-path HTTP/1.1\r\nHost: evil-host\r\n\r\n")
    page = page_when(gateway, lambda page: page.value("sluice_sessions") == 1)
    assert page.sum("sluice_connects_total") == 1
    text = fetch(gateway)[0]
    assert not any(name in text for name in names)
