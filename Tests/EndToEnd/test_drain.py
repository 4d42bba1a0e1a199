"""QUIT: those who ask are told first, then sessions end one by one, the idle ones first, and each is told why."""

import signal
import urllib.error
import urllib.request

import fakebroker
import harness
import mqttbytes
from bytepeer import request
from harness import eventually
from mqttbytes import publish

HEALTH = 'location = /health { return 200 "ok"; }'


def health(gateway):
    """The status that a probe gets, on a connection of its own; None: the port is closed."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{gateway.port}/health", timeout=harness.DEADLINE) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except (urllib.error.URLError, ConnectionError):
        return None


def test_probes_are_told_before_the_ports_close(rig):
    """As on Kubernetes: the probe fails while clients that are still sent here are served."""
    gateway = rig.gateway(
        [rig.fake(fakebroker.echo)], server=HEALTH, main="drain_delay 3s; worker_shutdown_timeout 500ms;"
    )
    kept = rig.peer(gateway)
    assert kept.ask(request("/health", drop=("Upgrade", "Connection"))).status == 200
    assert health(gateway) == 200
    gateway.send_signal(signal.SIGQUIT)
    eventually(lambda: health(gateway) == 503, "503 for a probe")
    assert kept.ask(request("/health", drop=("Upgrade", "Connection"))).status == 503
    late = rig.opened(gateway, 5)
    message = publish("t", "served", version=5)
    late.send_mqtt(message)
    assert late.read_packet() == message
    late.expect_close(1001, before=mqttbytes.goodbye(0x8B, "server shutting down"))
    assert gateway.process.wait() == 0
    assert health(gateway) is None
    assert "clients are accepted for another 3" in gateway.output()


def test_idle_sessions_end_first(rig):
    """The one that talks was there first, and stays until its turn comes."""
    gateway = rig.gateway([rig.fake(fakebroker.echo)], worker_threads=1, main="worker_shutdown_timeout 6s;")
    busy, idle = rig.opened(gateway, client_id="busy"), rig.opened(gateway, client_id="idle")
    gateway.send_signal(signal.SIGQUIT)
    message = publish("t", "talk")

    def talks():
        busy.send_mqtt(message)
        assert busy.read_packet() == message
        return any(line["mqtt_client_id"] == "idle" for line in gateway.access())

    idle.socket.setblocking(True)
    eventually(talks, "the end of the idle session", interval=0.05)
    assert [line["mqtt_client_id"] for line in gateway.access()] == ["idle"]
    idle.expect_close(1001)
    busy.expect_close(1001)
    assert gateway.process.wait() == 0


def test_an_exchange_is_finished(rig):
    """A message whose acknowledgement is on its way is acknowledged before its session ends."""
    gateway = rig.gateway([rig.mosquitto()], worker_threads=1, main="worker_shutdown_timeout 3s;")
    client = rig.paho(gateway.port, client_id="talker")
    sent = []
    gateway.send_signal(signal.SIGQUIT)

    def sends():
        if client.disconnected:
            return True
        sent.append(client.client.publish("t", "x", qos=2))
        return False

    eventually(sends, "the end of the session", interval=0.3)
    # paho keeps what it publishes after the end.
    assert all(message.is_published() for message in sent[:-1])
    client.client.loop_stop()
    assert gateway.process.wait() == 0


def test_clients_are_sent_to_another_server(rig):
    """DISCONNECT 0x9C with a Server Reference, as paho sees it; 3.1.1 has no such packet."""
    gateway = rig.gateway(
        [rig.mosquitto()], main="worker_shutdown_timeout 200ms; drain_server_reference mqtt2.example.com:443;"
    )
    five, three = rig.paho(gateway.port, 5, "five"), rig.opened(gateway, 4, "three")
    told = []
    five.client.on_disconnect = lambda *arguments: told.append((arguments[3], arguments[4]))
    gateway.send_signal(signal.SIGQUIT)
    three.expect_close(1001)
    eventually(lambda: told, "on_disconnect")
    five.client.loop_stop()
    reason, properties = told[0]
    assert reason.value == 0x9C and properties.ServerReference == "mqtt2.example.com:443"
    assert gateway.process.wait() == 0


def test_a_second_quit_stops_at_once(rig):
    gateway = rig.gateway([rig.fake()], main="drain_delay 1h; worker_shutdown_timeout 1h;")
    peer = rig.opened(gateway)
    for expected in ("accepted for another", "stopping"):
        gateway.send_signal(signal.SIGQUIT)
        eventually(lambda: expected in gateway.output(), expected)
    peer.expect_close(1001)
    assert gateway.process.wait() == 0
    assert gateway.access()[0]["status_reason"] == "shutdown"


def test_the_operator_sees_the_drain(rig):
    gateway = rig.gateway(
        [rig.fake()], server="location /metrics { metrics; allow all; }", main="drain_delay 1h;"
    )

    def metrics():
        with urllib.request.urlopen(f"http://127.0.0.1:{gateway.port}/metrics", timeout=harness.DEADLINE) as answer:
            return answer.read().decode()

    assert "\nsluice_draining 0\n" in metrics()
    gateway.send_signal(signal.SIGQUIT)
    eventually(lambda: "\nsluice_draining 1\n" in metrics(), "the metric")
    assert gateway.stop() == 0
