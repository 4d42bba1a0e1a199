"""`health`: whether a load balancer is to send clients here, by brokers that die and come back, and by drains."""

import signal
import urllib.error
import urllib.request

import pytest

import fakebroker
import h2client
import harness
import mqttbytes
from bytepeer import request
from harness import eventually
from mqttbytes import publish
from operator_side import OperatorSide
from test_health_check import check, serve_probe

HEALTH = "location = /health { health; }"
READY, DRAINING, DEAD = (200, b"ready\n"), (503, b"draining\n"), (503, b"no healthy upstream\n")


def ask(port, path="/health"):
    """Status and text, on a connection of its own: any loop may answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=harness.DEADLINE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def becomes(port, expected):
    """Waits until all loops say so: each of several connections comes to one of them by chance."""
    eventually(lambda: all(ask(port) == expected for _ in range(8)), lambda: f"{expected}, not {ask(port)}")


def probe(method="GET", path="/health"):
    return request(path, drop=("Upgrade", "Connection"), method=method)


def test_brokers_die_and_come_back(rig):
    brokers = [rig.mosquitto(), rig.mosquitto()]
    gateway = rig.gateway(brokers, upstream=check(), server=HEALTH)
    becomes(gateway.port, READY)
    brokers[0].stop()
    eventually(lambda: "is unhealthy" in gateway.output(), "one that is found dead")
    becomes(gateway.port, READY)
    brokers[1].stop()
    becomes(gateway.port, DEAD)
    assert not [line for line in gateway.output().splitlines() if "request refused" in line or "[error]" in line]
    brokers[1].start()
    becomes(gateway.port, READY)


def test_failed_attempts_without_probes(rig):
    """All brokers have failed: for their fail_timeout the loop that has seen it says so."""
    brokers = [f"127.0.0.1:{harness.free_port()} fail_timeout=3s" for _ in range(2)]
    gateway = rig.gateway(brokers, server=HEALTH, worker_threads=1)
    assert ask(gateway.port) == READY
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect())
    eventually(lambda: ask(gateway.port) == DEAD, "both are set aside")
    eventually(lambda: ask(gateway.port) == READY, "both may be tried again")


def test_a_drain_is_announced(rig):
    """Sessions go on, and new ones are served, while the load balancer is told to send none."""
    gateway = rig.gateway(
        [rig.fake(fakebroker.echo)], server=HEALTH, main="drain_delay 1h; worker_shutdown_timeout 500ms;"
    )
    early = rig.opened(gateway, client_id="early")
    assert ask(gateway.port) == READY
    gateway.send_signal(signal.SIGQUIT)
    becomes(gateway.port, DRAINING)
    message = publish("t", "served")
    for peer in (early, rig.opened(gateway, client_id="late")):
        peer.send_mqtt(message)
        assert peer.read_packet() == message
    gateway.stop()


def test_the_answer(rig):
    """Also to HEAD, again on the same connection, with add_header as nginx adds it; other methods get 405."""
    broker = rig.mosquitto()
    fields = "add_header X-Ready 1; add_header X-Always 1 always;"
    gateway = rig.gateway(
        [broker], upstream=check(), server=f"location = /health {{ health; {fields} }} expires 1h; default_type text/css;"
    )
    peer = rig.peer(gateway)

    def both(status, text):
        for method, body in (("GET", text), ("HEAD", b"")):
            peer.send(probe(method))
            answer = peer.response(is_head=method == "HEAD")
            assert (answer.status, answer.body) == (status, body)
            assert answer["Content-Length"] == str(len(text))
            assert answer["Content-Type"].partition(";")[0] == "text/plain"
            assert answer["Cache-Control"] == "no-store"
            assert answer["Connection"] is None and answer["Expires"] is None
            assert answer["X-Ready"] == ("1" if status == 200 else None) and answer["X-Always"] == "1"

    both(*READY)
    for method in ("POST", "DELETE", "OPTIONS"):
        answer = peer.ask(probe(method))
        assert (answer.status, answer["Allow"]) == (405, "GET, HEAD")
    broker.stop()
    becomes(gateway.port, DEAD)
    both(*DEAD)
    line = gateway.ended(http_status=503)
    assert line["status_reason"] == "served" and line["uri"] == "/health"


@pytest.mark.parametrize("is_tls", [True, False], ids=["tls", "plain"])
def test_over_http_2(rig, is_tls):
    site = h2client.Site(rig, serve_probe, is_tls=is_tls, upstream=check(), server=HEALTH)
    client = site.client()

    def answer(method="GET"):
        stream = client.get("/health", method=method)
        return stream.status, bytes(stream.data)

    assert answer() == READY
    assert answer("HEAD") == (200, b"")
    assert answer("POST")[0] == 405
    site.broker.close()
    eventually(lambda: answer() == DEAD, "the broker's end")
    assert answer("HEAD") == (503, b"")


def test_tls_and_who_may_ask(rig):
    gateway = rig.tls_gateway(
        [rig.fake()], server="location /health { health; access_log off; }\nlocation /closed { health; deny all; }"
    )
    peer = rig.peer(gateway, tls=True)
    answer = peer.ask(probe())
    assert (answer.status, answer.body) == READY
    assert peer.ask(probe(path="/closed")).status == 403
    assert ask(gateway.port)[0] == 200 and ask(gateway.port, "/closed")[0] == 403
    gateway.ended(uri="/closed")
    assert not [line for line in gateway.access() if line["uri"] == "/health"]


def server_block(port, *passes):
    """A server with locations for these upstreams, and `health`; on lines as `Gateway` reads them."""
    locations = " ".join(f"location /{name} {{ mqtt_pass {name}; }}" for name in passes)
    return f"server {{\n    listen 127.0.0.1:{port};\n    {locations} {HEALTH}\n}}\n"


def test_several_upstreams(rig):
    """A server speaks for its own, one without any for all that clients can come to; one that is left is enough."""
    brokers = {"a": rig.mosquitto(), "b": rig.mosquitto()}
    ports = [harness.free_port() for _ in range(3)]
    pools = [f"upstream {name} {{ server {broker.address}; {check()} }}\n" for name, broker in brokers.items()]
    servers = [server_block(ports[0], "a"), server_block(ports[1], "a", "b"), server_block(ports[2])]
    unused = "upstream unused { server 127.0.0.1:1; }\n"
    rig.gateway(config="".join(["worker_threads 2;\nerror_log stderr info;\n", *pools, unused, *servers]))

    def become(*expected):
        for port, one in zip(ports, expected):
            becomes(port, one)

    become(READY, READY, READY)
    brokers["a"].stop()
    become(DEAD, READY, READY)
    brokers["b"].stop()
    become(DEAD, DEAD, DEAD)
    brokers["b"].start()
    become(DEAD, READY, READY)


def test_the_operator_drains_every_broker(rig):
    """Nobody can come, although all are well."""
    side = OperatorSide(rig, [rig.fake()], admin=HEALTH)
    peer = side.get("/api/upstreams")["upstreams"][0]["peers"][0]["address"]
    assert ask(side.port) == READY
    for drain, expected in ((True, DEAD), (None, READY)):
        status, _, content = side.ask("PATCH", f"/api/upstreams/brokers/peers/{peer}", {"drain": drain})
        assert status == 200, content
        becomes(side.port, expected)
