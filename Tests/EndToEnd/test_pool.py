"""Promise 3: a client never learns that a broker was down, as long as one is up when it connects."""

import collections
import socket

import pytest

import fakebroker
import harness
import mqttbytes
from bytepeer import PING, PONG
from fakebroker import FakeBroker
from gateway import server_argument
from harness import eventually
from mqttbytes import VERSIONS, connack, connect, publish

UNAVAILABLE = {3: bytes([0x20, 2, 0, 3]), 4: bytes([0x20, 2, 0, 3]), 5: bytes([0x20, 3, 0, 0x88, 0])}


def server(broker, arguments=""):
    return f"{server_argument(broker)} {arguments}"


def spread(rig, gateway, count, version=4):
    """How many of `count` open sessions each peer has, by address; the sessions stay open."""
    for index in range(count):
        rig.opened(gateway, version, f"client{index}")


# Choice


def test_weights(rig):
    """Smooth weighted round robin: 3 to 1."""
    heavy, light = rig.fake(), rig.fake()
    gateway = rig.gateway([server(heavy, "weight=3"), server(light)], worker_threads=1)
    spread(rig, gateway, 40)
    assert (len(heavy.connections), len(light.connections)) == (30, 10)


def test_weights_over_all_loops(rig):
    """Each loop chooses for itself: off by less than one turn a loop."""
    heavy, light = rig.fake(), rig.fake()
    gateway = rig.gateway([server(heavy, "weight=3"), server(light)], worker_threads=2)
    spread(rig, gateway, 80)
    assert abs(len(heavy.connections) - 60) <= 4 and len(heavy.connections) + len(light.connections) == 80


def test_equal_brokers_share_equally(rig):
    brokers = [rig.fake() for _ in range(3)]
    gateway = rig.gateway(brokers, worker_threads=1)
    spread(rig, gateway, 30)
    assert [len(broker.connections) for broker in brokers] == [10, 10, 10]


@pytest.mark.parametrize("worker_threads", [1, 2])
def test_max_conns(rig, worker_threads):
    """No broker gets more sessions at a time than it may, over all loops; an ended one makes room."""
    small, large = rig.fake(), rig.fake()
    servers = [server(small, "max_conns=3"), server(large, "max_conns=5")]
    gateway = rig.gateway(servers, worker_threads=worker_threads)
    peers = [rig.opened(gateway, client_id=f"client{index}") for index in range(8)]
    assert (len(small.connections), len(large.connections)) == (3, 5)
    refused = rig.peer(gateway)
    refused.upgrade()
    refused.send_mqtt(connect(5, "one-too-many"))
    refused.expect_close(1013, before=UNAVAILABLE[5])
    peers[0].send_mqtt(mqttbytes.disconnect())
    peers[0].expect_close(1000)
    gateway.ended(mqtt_client_id="client0")
    rig.opened(gateway, client_id="fits-again")


def test_backup_only_when_the_others_are_gone(rig):
    primary, backup = rig.fake(), rig.fake()
    gateway = rig.gateway([server(primary, "max_fails=1 fail_timeout=60s"), server(backup, "backup")])
    spread(rig, gateway, 6)
    assert (len(primary.connections), len(backup.connections)) == (6, 0)
    primary.close()
    spread(rig, gateway, 6)
    assert (len(primary.connections), len(backup.connections)) == (6, 6)


def test_down_gets_nothing(rig):
    switched_off, used = rig.fake(), rig.fake()
    gateway = rig.gateway([server(switched_off, "weight=100 down"), server(used)])
    spread(rig, gateway, 8)
    assert (len(switched_off.connections), len(used.connections)) == (0, 8)


def test_names_are_resolved(rig):
    broker = rig.mosquitto()
    gateway = rig.gateway([f"localhost:{broker.port}"])
    peer = rig.opened(gateway, client_id="by-name")
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    assert gateway.ended(mqtt_client_id="by-name")["upstream_addr"].endswith(f":{broker.port}")


def test_unix_socket_broker(rig):
    path = str(rig.path("socket") / "broker.sock")
    broker = rig.mosquitto(unix=path)
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway, client_id="over-unix")
    peer.subscribe("t")
    peer.send_mqtt(publish("t", "x"))
    assert peer.read_packet() == publish("t", "x")
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    assert gateway.ended(mqtt_client_id="over-unix")["upstream_addr"] == f"unix:{path}"


@pytest.mark.parametrize("form", ["host and port", "unix"])
def test_location_names_a_broker_without_an_upstream_block(rig, form):
    path = str(rig.path("socket") / "broker.sock")
    broker = rig.mosquitto(unix=path) if form == "unix" else rig.mosquitto()
    port = harness.free_port()
    config = f"""
        access_log access.log json;
        server {{ listen 127.0.0.1:{port}; location /mqtt {{ mqtt_pass {broker.address}; }} }}
    """.replace("listen", "\nlisten")
    peer = rig.opened(rig.gateway(config=config))
    peer.subscribe("t")


def test_two_locations_two_pools(rig):
    first, second = rig.fake(), rig.fake()
    extra = f"location /other {{ mqtt_pass 127.0.0.1:{second.port}; }}"
    gateway = rig.gateway([first], server=extra)
    rig.peer(gateway).open_mqtt(client_id="a")
    rig.peer(gateway).open_mqtt(client_id="b", path="/other")
    first.received(connect(4, "a"))
    second.received(connect(4, "b"))


# Failures before CONNACK

FAULTS = {
    "closes at once": fakebroker.close_on_accept,
    "closes after CONNECT": fakebroker.close_after_connect,
    "resets after CONNECT": fakebroker.reset_after_connect,
    "answers something else": fakebroker.answer(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "answers SUBACK": fakebroker.answer(b"\x90\x03\x00\x01\x00"),
    "answers CONNACK of a wrong length": fakebroker.answer(b"\x20\x05\x00\x00\x00\x00\x00"),
    "half a CONNACK, then closes": fakebroker.answer(b"\x20\x02\x00", then_close=True),
    "accepts and stays silent": fakebroker.silent,
    "half a CONNACK, then silence": fakebroker.answer(b"\x20\x02"),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", FAULTS)
def test_next_broker_gets_the_same_connect(rig, name, version):
    """And everything pipelined behind it, once, in order."""
    bad, good = rig.fake(FAULTS[name]), rig.fake()
    gateway = rig.gateway([server(bad, "weight=1000"), server(good)], location="upstream_connack_timeout 300ms;")
    peer = rig.peer(gateway)
    peer.upgrade()
    message = publish("t", "pipelined", version=version)
    peer.send_mqtt(connect(version, "patient"), message)
    assert peer.read_packet() == connack(version)
    good.received(connect(version, "patient") + message)
    assert len(bad.connections) == 1
    assert bytes(bad.connections[0].received) in (b"", connect(version, "patient"))


@pytest.mark.parametrize("version", VERSIONS)
def test_dead_broker_is_never_noticed(rig, version):
    """Nothing listens there: refused, skipped, and after max_fails not tried for fail_timeout."""
    good = rig.fake()
    gateway = rig.gateway([server(harness.free_port(), "weight=10"), server(good)])
    spread(rig, gateway, 10, version)
    assert len(good.connections) == 10


def test_missing_unix_socket_is_skipped(rig):
    good = rig.fake()
    gateway = rig.gateway([f"unix:{rig.directory}/none.sock weight=10", server(good)])
    spread(rig, gateway, 5)
    assert len(good.connections) == 5


def test_connack_byte_by_byte(rig):
    peer = rig.peer(rig.gateway([rig.fake(fakebroker.byte_by_byte(connack(5, properties=b"\x13\x00\x1e")))]))
    peer.upgrade()
    peer.send_mqtt(connect(5, "c"))
    assert peer.read_packet() == connack(5, properties=b"\x13\x00\x1e")


def test_frozen_broker_is_given_up_for_the_next(rig):
    """users.md 19: the kernel accepts for it, so only the missing CONNACK tells."""
    frozen, good = rig.mosquitto(), rig.mosquitto()
    gateway = rig.gateway([server(frozen, "weight=100"), server(good)], location="upstream_connack_timeout 500ms;")
    frozen.freeze()
    peer = rig.opened(gateway)
    peer.subscribe("t")
    frozen.thaw()


@pytest.mark.parametrize("version", VERSIONS)
def test_all_dead(rig, version):
    """3.1.1 §3.2.2.3: 0x03; 5.0 §3.2.2.2: 0x88."""
    gateway = rig.gateway([server(harness.free_port()), server(harness.free_port())])
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(version, "unlucky"))
    peer.expect_close(1013, before=UNAVAILABLE[version])
    line = gateway.ended(mqtt_client_id="unlucky")
    assert line["status_reason"] == "no_upstream"


def test_tries_are_limited(rig):
    """upstream_tries: no more peers than that for one CONNECT."""
    brokers = [rig.fake(fakebroker.close_after_connect) for _ in range(4)]
    gateway = rig.gateway(brokers, location="upstream_tries 2;")
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(4, "c"))
    peer.expect_close(1013, before=UNAVAILABLE[4])
    assert sum(len(broker.connections) for broker in brokers) == 2


def test_failed_broker_rests_for_fail_timeout(rig):
    bad, good = rig.fake(fakebroker.reset_after_connect), rig.fake()
    gateway = rig.gateway([server(bad, "max_fails=1 fail_timeout=60s"), server(good)], worker_threads=1)
    for index in range(12):
        rig.peer(gateway, source=f"127.0.0.{index + 1}").open_mqtt(4, f"client{index}")
    assert (len(bad.connections), len(good.connections)) == (3, 12)


def test_close_without_a_word_is_not_held_against_a_broker(rig):
    """mosquitto closes so when it does not like a client id: one client must not take the pool from all others."""
    brokers = [rig.mosquitto() for _ in range(2)]
    gateway = rig.gateway([server(broker, "max_fails=1 fail_timeout=60s") for broker in brokers], worker_threads=1)
    for _ in range(5):
        peer = rig.peer(gateway)
        peer.upgrade()
        peer.send_mqtt(connect(4, "\x01x"))
        peer.expect_close(1013, before=UNAVAILABLE[4])
    used = set()
    for index in range(2):
        rig.opened(gateway, client_id=f"good{index}").send_mqtt(mqttbytes.disconnect())
        used.add(gateway.ended(mqtt_client_id=f"good{index}")["upstream_addr"])
    assert len(used) == 2


def test_broker_returns_after_fail_timeout(rig):
    port = harness.free_port()
    good = rig.fake()
    servers = [server(port, "weight=5 max_fails=1 fail_timeout=1s"), server(good)]
    gateway = rig.gateway(servers, worker_threads=1)
    spread(rig, gateway, 3)
    assert len(good.connections) == 3
    returned = rig.keep(FakeBroker(fakebroker.serve, port=port))

    def found():
        rig.opened(gateway).close()
        return returned.connections

    eventually(found, "the returned broker in use", interval=0.1)


def test_killed_broker_ends_its_sessions_and_new_ones_go_elsewhere(rig):
    first, second = rig.mosquitto(), rig.mosquitto()
    gateway = rig.gateway([first, second], worker_threads=1)
    peers = {f"client{index}": rig.opened(gateway, 5, f"client{index}") for index in range(4)}
    lost = {name for name in peers if f"as {name} " in first.output()}
    assert len(lost) == 2
    first.kill()
    for name, peer in peers.items():
        if name in lost:
            peer.expect_close(1012)
        else:
            peer.subscribe("t", version=5)
    ended = {(line["mqtt_client_id"], line["status_reason"]) for line in gateway.ended_count(2)}
    assert ended == {(name, "broker_lost") for name in lost}
    for index in range(4):
        rig.opened(gateway, client_id=f"later{index}")


def test_refusal_of_a_broker_is_an_answer_and_not_a_failure(rig):
    """A broker that says no is alive: no other one is asked, and it is not taken out."""
    refusing, other = rig.fake(fakebroker.answer(connack(4, 5))), rig.fake()
    gateway = rig.gateway([server(refusing, "weight=1000"), server(other)])
    for _ in range(3):
        peer = rig.peer(gateway)
        peer.upgrade()
        peer.send_mqtt(connect(4, "c"))
        peer.read_close()
        assert bytes(peer.mqtt) == connack(4, 5)
    assert (len(refusing.connections), len(other.connections)) == (3, 0)


def test_client_that_leaves_while_the_broker_is_silent(rig):
    """The broker's connection is closed, and nobody else gets the CONNECT."""
    silent, other = rig.fake(fakebroker.silent), rig.fake()
    gateway = rig.gateway([server(silent, "weight=1000"), server(other)])
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(4, "impatient"))
    silent.received(connect(4, "impatient"))
    peer.reset()
    eventually(lambda: silent.connections[0].ended, "the end of the broker's connection")
    assert gateway.ended(mqtt_client_id="impatient")["status_reason"] == "client_lost"
    assert other.connections == []


def test_unreachable_broker_is_given_up_after_connect_timeout(rig):
    """A full accept queue drops SYNs, as a host behind a silent firewall does."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", port := harness.free_port()))
        full.listen(0)
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        good = rig.fake()
        servers = [server(port, "weight=1000"), server(good)]
        gateway = rig.gateway(servers, location="upstream_connect_timeout 300ms;")
        rig.opened(gateway)
        assert len(good.connections) == 1
        for filler in fillers:
            filler.close()


def test_spread_is_what_the_access_log_says(rig):
    """Promise 4: the operator sees which client used which broker."""
    brokers = [rig.fake() for _ in range(2)]
    gateway = rig.gateway(brokers, worker_threads=1)
    for index in range(10):
        peer = rig.opened(gateway, client_id=f"client{index}")
        peer.send_mqtt(mqttbytes.disconnect())
        peer.expect_close(1000)
    lines = gateway.ended_count(10)
    counted = collections.Counter(line["upstream_addr"] for line in lines)
    assert counted == {f"127.0.0.1:{broker.port}": len(broker.connections) for broker in brokers}
    assert {line["upstream_name"] for line in lines} == {"brokers"}


def test_full_queue_of_a_unix_socket_is_waited_for(rig):
    """connect(2) on a unix socket fails at once with EAGAIN while the broker's queue is full: that is no failure."""
    path = f"{rig.path('queue')}.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        listener.settimeout(harness.DEADLINE)
        waiting = []
        while True:
            filler = socket.socket(socket.AF_UNIX)
            filler.setblocking(False)
            waiting.append(filler)
            try:
                filler.connect(path)
            except BlockingIOError:
                break
        gateway = rig.gateway([f"unix:{path}"])
        peer = rig.peer(gateway)
        peer.upgrade()
        peer.send_mqtt(connect(4, "patient"))
        peer.send_frame(PING, b"x")
        assert peer.read_frame().opcode == PONG, "the gateway has read the CONNECT"
        for _ in waiting[:-1]:
            listener.accept()[0].close()
        broker, _ = listener.accept()
        broker.settimeout(harness.DEADLINE)
        assert broker.recv(1024) == connect(4, "patient")
        broker.sendall(connack(4))
        assert peer.read_packet() == connack(4)
        broker.close()
        for filler in waiting:
            filler.close()
