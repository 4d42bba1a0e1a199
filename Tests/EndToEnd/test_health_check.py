"""Active health checks: probes that speak MQTT, TCP or HTTP, against real brokers and stand-ins."""

import http.server
import re
import threading

import pytest

import fakebroker
import harness
import mqttbytes
from fakebroker import answer, byte_by_byte
from harness import eventually
from mqttbytes import connack
from test_failover import check_all, clients
from test_pool import server

QUICK = "interval=200ms timeout=150ms fails=2 passes=2"
UNHEALTHY = re.compile(r"\[warn\] upstream brokers: server (\S+) is unhealthy, (.*)")


def check(kind="mqtt", more=""):
    return f"health_check type={kind} {QUICK} {more};"


def unhealthy(gateway, broker):
    """Waits until the gateway says that a broker is unhealthy; returns the reason."""

    def find():
        return next((why for who, why in UNHEALTHY.findall(gateway.output()) if who == broker.address), None)

    return eventually(find, lambda: f"{broker.address} unhealthy:\n{gateway.output()}")


def healthy(gateway, broker):
    """Waits until it says that the broker is healthy again."""
    text = f"server {broker.address} is healthy again"
    eventually(lambda: text in gateway.output(), lambda: f"{text}:\n{gateway.output()}")


def probes(broker, count):
    """Waits for so many connections to a stand-in, each at its end; returns them."""
    eventually(lambda: sum(c.ended is not None for c in broker.connections) >= count, f"{count} probes")
    return [connection for connection in broker.connections if connection.ended]


def serve_probe(connection):
    """What a broker does for a probe."""
    if connection.accept_connect() is None:
        return
    while (packet := connection.read_packet()) is not None:
        if packet[0] == 0xC0:
            connection.send(mqttbytes.PINGRESP)


# What a probe says


@pytest.mark.parametrize("version, level", [("3.1", 3), ("3.1.1", 4), ("5.0", 5)])
def test_what_an_mqtt_probe_says(rig, version, level):
    broker = rig.fake(serve_probe)
    rig.gateway([broker], upstream=check("mqtt", f"version={version} client_id=probe-"))
    for connection in probes(broker, 3)[:3]:
        connect, ping, goodbye = connection.packets()
        assert mqttbytes.version_of(connect) == level
        assert mqttbytes.client_id(connect).startswith("probe-")
        assert connect == mqttbytes.connect(level, mqttbytes.client_id(connect), keepalive=30)
        assert (ping, goodbye) == (mqttbytes.PINGREQ, b"\xe0\x00")
        assert connection.ended == "eof"
    names = {mqttbytes.client_id(connection.packets()[0]) for connection in broker.connections if connection.packets()}
    assert len(names) == 1, "one name, so that nothing piles up at the broker"


def test_user_name_and_password(rig):
    """From a file, so that no password stands in the configuration."""
    broker = rig.fake(serve_probe)
    secret = rig.path("secret") / "password"
    secret.write_text("s3cret\nsecond line\n")
    gateway = rig.gateway([broker], upstream=check("mqtt", f"username=probe password_file={secret}"))
    connect = probes(broker, 1)[0].packets()[0]
    name = mqttbytes.client_id(connect)
    assert connect == mqttbytes.connect(4, name, keepalive=30, username="probe", password="s3cret")
    assert "s3cret" not in gateway.output()


def test_probes_leave_orderly_lines_in_the_log_of_mosquitto(rig):
    broker = rig.mosquitto()
    rig.gateway([broker], upstream=check())
    eventually(lambda: broker.output().count("Received DISCONNECT from sluice-health-") >= 5, "five probes")
    assert "closed its connection" not in broker.output() and "error" not in broker.output().lower()


def test_a_tcp_probe_says_nothing(rig):
    broker = rig.fake(fakebroker.silent)
    rig.gateway([broker], upstream=check("tcp"))
    assert all(connection.received == b"" for connection in probes(broker, 3))


# What it finds out


def test_a_silent_broker_is_green_for_tcp_and_red_for_mqtt(rig):
    """It accepts and says nothing: what a broker that hangs looks like."""
    silent, well = rig.mosquitto(), rig.mosquitto()
    silent.freeze()
    by_tcp = rig.gateway([silent, well], upstream=check("tcp"))
    by_mqtt = rig.gateway([silent, well], upstream=check("mqtt"))
    assert "no CONNACK within 150 ms" in unhealthy(by_mqtt, silent)
    eventually(lambda: well.output().count("New connection") > 10, "more probes")
    assert "unhealthy" not in by_tcp.output()
    # Clients go where somebody answers, at once.
    check_all(clients(by_mqtt, rig).connect(20))
    silent.thaw()
    healthy(by_mqtt, silent)


@pytest.mark.parametrize(
    "behaviour, reason",
    [
        (fakebroker.silent, "no CONNACK within 150 ms"),
        (fakebroker.serve, "no PINGRESP within 150 ms"),
        (fakebroker.close_after_connect, "closed the connection before the probe was through"),
        (answer(connack(4, 5)), "refused the probe's CONNECT with code 0x05; configure a user that is allowed to connect"),
        (answer(connack(4, 3)), "refused the probe's CONNECT with code 0x03"),
        (answer(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "'HTTP/1.1 400 Bad Request…', which looks like HTTP"),
        (answer(b"\x20\x7f" + bytes(200)), "its CONNACK is malformed: its length does not match"),
        (answer(b"\x20\x03\x00\x84\x00"), "refused the probe's CONNECT with code 0x84; choose a version"),
        (fakebroker.reset_after_connect, "reset the connection before the probe was through; TLS and WebSocket ports"),
        (answer(connack(4) + b"\xe0\x00"), "DISCONNECT 0x00"),
        (answer(connack(4) + b"\x30\xff\xff\xff\x7f" + bytes(1000)), "is not MQTT"),
        (answer(connack(4) + b"\x30\xff\xff\xff\xff\xff"), "is not MQTT"),
    ],
)
def test_what_makes_a_broker_unhealthy(rig, behaviour, reason):
    bad, well = rig.fake(behaviour), rig.fake(serve_probe)
    gateway = rig.gateway([bad, well], upstream=check())
    assert reason in unhealthy(gateway, bad)
    before = len(bad.connections)
    eventually(lambda: len(bad.connections) >= before + 3, "more probes")
    assert gateway.output().count("is unhealthy") == 1, "it is said once"
    assert len(UNHEALTHY.findall(gateway.output())) == 1


def test_nobody_listens(rig):
    dead, well = rig.fake(), rig.fake(serve_probe)
    dead.close()
    gateway = rig.gateway([dead, well], upstream=check())
    assert "Connection refused" in unhealthy(gateway, dead)


def test_a_broker_that_answers_byte_by_byte_is_healthy(rig):
    broker = rig.fake(byte_by_byte(connack(4) + mqttbytes.PINGRESP))
    gateway = rig.gateway([broker], upstream=check())
    probes(broker, 4)
    assert "unhealthy" not in gateway.output()


def test_no_session_goes_to_an_unhealthy_broker(rig):
    """Not even as the last one: the client is told at once."""
    broker = rig.fake(fakebroker.serve)  # no PINGRESP, but it would serve
    gateway = rig.gateway([broker], upstream=check())
    unhealthy(gateway, broker)
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(5, "nobody"))
    peer.expect_close(1013, before=connack(5, 0x88))
    assert gateway.ended(mqtt_client_id="nobody")["status_reason"] == "no_upstream"


def test_a_killed_broker_comes_back(rig):
    brokers = [rig.mosquitto(name=f"broker{index}") for index in range(3)]
    gateway = rig.gateway(brokers, upstream=check())
    brokers[0].kill()
    unhealthy(gateway, brokers[0])
    crowd = clients(gateway, rig)
    check_all(crowd.connect(40))
    brokers[0].start()
    healthy(gateway, brokers[0])
    check_all(crowd.connect(40, prefix="later"))
    eventually(lambda: "as later" in brokers[0].output(), "clients at the broker that came back")


def test_a_flapping_broker_is_counted_in_a_row(rig):
    """One failure between passes does not count."""
    turn = []

    def flapping(connection):
        turn.append(None)
        (serve_probe if len(turn) % 2 else fakebroker.close_after_connect)(connection)

    broker = rig.fake(flapping)
    gateway = rig.gateway([broker], upstream=check())
    eventually(lambda: len(turn) > 10, "ten probes")
    assert "unhealthy" not in gateway.output()


def test_down_servers_are_not_probed_and_drained_ones_are(rig):
    down, drained, well = rig.fake(serve_probe), rig.fake(serve_probe), rig.fake(serve_probe)
    rig.gateway([server(down, "down"), server(drained, "drain"), server(well)], upstream=check())
    probes(well, 3)
    probes(drained, 3)
    assert not down.connections


def test_probes_are_spread_over_time(rig):
    """Many peers: not all at once, and each within the interval and its jitter."""
    brokers = [rig.fake(serve_probe) for _ in range(10)]
    rig.gateway(brokers, upstream="health_check interval=1s jitter=50%;")
    eventually(lambda: all(broker.connections for broker in brokers), "a probe of each", interval=0.001)
    first = len(brokers[0].connections)
    assert first >= 1 and sum(len(broker.connections) for broker in brokers) < 30


# HTTP


class Availability:
    """What EMQX has for load balancers: 200, or 503 while it is being taken out."""

    def __init__(self):
        self.status = 200
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.requests.append(self.path)
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", harness.free_port()), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def test_http_asks_another_port(rig):
    service = rig.keep(Availability())
    broker = rig.fake()
    uri = "/api/v5/load_rebalance/availability_check"
    gateway = rig.gateway([broker], upstream=check("http", f"port={service.port} uri={uri} status=200"))
    eventually(lambda: len(service.requests) >= 3, "three requests")
    assert set(service.requests) == {uri}
    rig.opened(gateway, client_id="before")
    service.status = 503
    assert f"{uri} answered with status 503" in unhealthy(gateway, broker)
    service.status = 200
    healthy(gateway, broker)
    rig.opened(gateway, client_id="after")


def test_http_that_nobody_answers(rig):
    broker, service = rig.fake(), rig.fake(fakebroker.silent)
    gateway = rig.gateway([broker], upstream=check("http", f"port={service.port}"))
    unhealthy(gateway, broker)


# The end


def test_the_gateway_stops_at_once_while_probes_hang(rig):
    broker = rig.fake(fakebroker.silent)
    gateway = rig.gateway([broker], upstream="health_check interval=1h timeout=60s;")
    broker.connection()
    assert gateway.stop(timeout=harness.DEADLINE) == 0


def test_many_unhealthy_peers_do_not_leak(rig):
    dead = [rig.fake() for _ in range(20)]
    for broker in dead:
        broker.close()
    well = rig.fake(serve_probe)
    gateway = rig.gateway([*dead, well], upstream="health_check interval=100ms timeout=100ms fails=1 passes=1;")
    probes(well, 5)
    before = harness.descriptors(gateway.pid)
    probes(well, 25)
    assert harness.descriptors(gateway.pid) <= before + 5
