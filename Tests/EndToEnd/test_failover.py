"""CONNACK-aware failover: the client learns nothing of brokers that cannot take it now, and everything that is about itself."""

import collections

import pytest

import fakebroker
import mqttbytes
from crowd import Crowd
from fakebroker import answer
from harness import eventually
from mqttbytes import VERSIONS, connack, connect
from test_pool import UNAVAILABLE, server

# It says that it is unavailable: another broker may take the client.
NOT_NOW = [(3, 0x03), (4, 0x03), (5, 0x88), (5, 0x89), (5, 0x97), (5, 0x9F)]
# About the client: another broker would say the same.
ABOUT_CLIENT = [(3, 0x02), (4, 0x02), (3, 0x04), (4, 0x04), (3, 0x05), (4, 0x05), (4, 0x01)]
ABOUT_CLIENT += [(5, code) for code in (0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C, 0x90, 0x95)]
ABOUT_CLIENT += [(5, code) for code in (0x99, 0x9A, 0x9B)]


def refusing(rig, version, code, properties=b""):
    return rig.fake(answer(connack(version, code, properties=properties)))


def refused_with(rig, gateway, version, packet, close_code=1008):
    """A client that gets exactly this CONNACK, then a Close."""
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(version, "refused"))
    peer.expect_close(close_code, before=packet)


def server_reference(text):
    """The property Server Reference (5.0 §3.2.2.3.16)."""
    return b"\x1c" + mqttbytes.data(text)


@pytest.mark.parametrize("version, code", NOT_NOW)
def test_not_now_goes_to_the_next_broker(rig, version, code):
    busy, well = refusing(rig, version, code), rig.fake()
    gateway = rig.gateway([server(busy, "weight=1000"), server(well)], worker_threads=1)
    rig.opened(gateway, version, "client")
    assert (len(busy.connections), len(well.connections)) == (1, 1)
    assert busy.connection().packets() == well.connection().packets()
    eventually(lambda: f"0x{code:02X} (unavailable or busy)" in gateway.output(), "the log line")


@pytest.mark.parametrize("version, code", NOT_NOW)
def test_when_nobody_can_the_broker_s_own_words_pass(rig, version, code):
    """The last refusal says more than the gateway could."""
    busy = refusing(rig, version, code)
    dead = rig.fake()
    dead.close()
    gateway = rig.gateway([server(busy), server(dead)], worker_threads=1)
    refused_with(rig, gateway, version, connack(version, code))
    assert gateway.ended(mqtt_client_id="refused")["status_reason"] == "refused_by_broker"


@pytest.mark.parametrize("version, code", ABOUT_CLIENT)
def test_what_is_about_the_client_passes_unchanged(rig, version, code):
    first, second = refusing(rig, version, code), refusing(rig, version, code)
    gateway = rig.gateway([first, second], worker_threads=1)
    refused_with(rig, gateway, version, connack(version, code))
    assert len(first.connections) + len(second.connections) == 1
    assert gateway.ended(mqtt_client_id="refused")["status_reason"] == "refused_by_broker"


def test_a_refusal_keeps_its_properties(rig):
    properties = b"\x1f" + mqttbytes.data("too many of you")  # Reason String
    gateway = rig.gateway([refusing(rig, 5, 0x97, properties)])
    refused_with(rig, gateway, 5, connack(5, 0x97, properties=properties))


def test_a_long_refusal_passes_whole(rig):
    """A Reason String of 5,000 bytes, kept while the other broker is tried."""
    properties = b"\x1f" + mqttbytes.data("x" * 5000)
    dead = rig.fake()
    dead.close()
    gateway = rig.gateway([server(refusing(rig, 5, 0x89, properties), "weight=9"), server(dead)], worker_threads=1)
    refused_with(rig, gateway, 5, connack(5, 0x89, properties=properties))


def test_a_broker_that_says_unavailable_is_left_alone(rig):
    """0x88 is about the server once several clients have met it: others are asked first for its fail_timeout. Busy, quota and
    3.x's one code for all may be about each of them."""
    for version, code, connections in ((5, 0x88, 3), (5, 0x97, 5), (4, 0x03, 5)):
        broker, well = refusing(rig, version, code), rig.fake()
        gateway = rig.gateway([server(broker, "fail_timeout=60s"), server(well, "backup")], worker_threads=1)
        for index in range(5):
            rig.peer(gateway, source=f"127.0.0.{index + 1}").open_mqtt(version, f"client{index}")
        assert (len(broker.connections), len(well.connections)) == (connections, 5)


def test_tries_are_limited(rig):
    brokers = [refusing(rig, 5, 0x89) for _ in range(5)]
    gateway = rig.gateway(brokers, location="upstream_tries 3;", worker_threads=1)
    refused_with(rig, gateway, 5, connack(5, 0x89))
    assert sum(len(broker.connections) for broker in brokers) == 3


def test_the_time_for_all_tries_is_limited(rig):
    """Silent brokers: each try would take 60 s."""
    brokers = [rig.fake(fakebroker.silent) for _ in range(3)]
    gateway = rig.gateway(
        brokers, location="upstream_connack_timeout 60s; upstream_tries_timeout 700ms;", worker_threads=1
    )
    refused_with(rig, gateway, 4, UNAVAILABLE[4], 1013)
    assert sum(len(broker.connections) for broker in brokers) == 1
    line = gateway.ended(mqtt_client_id="refused")
    assert line["status_reason"] == "no_upstream" and 0.6 < float(line["duration"]) < 5
    eventually(lambda: "before upstream_tries_timeout passed" in gateway.output(), "the log line")
    gateway.stop()
    assert "server: tries_timeout 1" in gateway.output()


# Use another server, server moved


@pytest.mark.parametrize("code", [0x9C, 0x9D])
@pytest.mark.parametrize("reference", ["127.0.0.1:{port}", "elsewhere.example 127.0.0.1:{port}", "[::1]:1 127.0.0.1:{port}"])
def test_a_server_reference_to_a_peer_is_followed(rig, code, reference):
    target = rig.fake()
    text = reference.format(port=target.port)
    sender = refusing(rig, 5, code, server_reference(text))
    other = rig.fake()
    servers = [server(sender, "weight=1000"), server(other), server(target)]
    gateway = rig.gateway(servers, worker_threads=1)
    rig.opened(gateway, 5, "client")
    assert (len(sender.connections), len(other.connections), len(target.connections)) == (1, 0, 1)
    eventually(lambda: "redirected the client to another server of the pool" in gateway.output(), "the log line")
    assert gateway.output().count("redirected the client to another server of the pool") == 1


@pytest.mark.parametrize("text", ["elsewhere.example:1883", "", "127.0.0.1:1", "[::1"])
def test_a_reference_to_anything_else_passes(rig, text):
    properties = server_reference(text) if text else b""
    sender, other = refusing(rig, 5, 0x9C, properties), rig.fake()
    gateway = rig.gateway([server(sender), server(other, "backup")], worker_threads=1)
    refused_with(rig, gateway, 5, connack(5, 0x9C, properties=properties))
    assert len(other.connections) == 0


def test_brokers_that_send_a_client_round_in_circles(rig):
    """Each is asked once; then the client hears it from the last one."""
    ports = [fakebroker.harness.free_port() for _ in range(2)]
    brokers = [
        rig.fake(answer(connack(5, 0x9C, properties=server_reference(f"127.0.0.1:{ports[1 - index]}"))), port=port)
        for index, port in enumerate(ports)
    ]
    gateway = rig.gateway(brokers, location="upstream_tries 10;", worker_threads=1)
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(5, "circle"))
    packet = peer.read_packet()
    assert packet[:1] == b"\x20" and packet[3] == 0x9C
    assert [len(broker.connections) for broker in brokers] == [1, 1]


def test_a_reference_to_a_full_or_drained_peer_is_not_followed(rig):
    drained = rig.fake()
    sender = refusing(rig, 5, 0x9C, server_reference(f"127.0.0.1:{drained.port}"))
    other = rig.fake()
    servers = [server(sender, "weight=1000"), server(drained, "drain"), server(other)]
    gateway = rig.gateway(servers, worker_threads=1)
    rig.opened(gateway, 5, "client")
    assert (len(drained.connections), len(other.connections)) == (0, 1)


# With real brokers, under load


@pytest.fixture
def three(rig):
    return [rig.mosquitto(name=f"broker{index}") for index in range(3)]


def clients(gateway, rig, **options):
    crowd = Crowd(gateway.address, **options)
    rig._stack.callback(crowd.close)
    return crowd


def check_all(found):
    faults = [client for client in found if not client.is_accepted]
    assert not faults, f"{len(faults)} of {len(found)} were refused: {faults[:5]}"


def spread_of(gateway):
    """Sessions by broker, of those that have ended."""
    return collections.Counter(line["upstream_addr"] for line in gateway.access())


QUICK = "upstream_connect_timeout 1s; upstream_connack_timeout 1s;"


def test_the_spread_comes_out_by_weight(rig, three):
    weights = (5, 3, 2)
    servers = [server(broker, f"weight={weight}") for broker, weight in zip(three, weights)]
    gateway = rig.gateway(servers)
    crowd = clients(gateway, rig)
    check_all(crowd.connect(300))
    crowd.leave(crowd.clients)
    gateway.ended_count(300)
    counts = spread_of(gateway)
    assert [abs(counts[broker.address] - 30 * weight) <= 6 for broker, weight in zip(three, weights)] == [True] * 3, counts


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("balancer", ["", "least_conn;", "random two;", "hash $mqtt_client_id consistent;", "hash $mqtt_client_id;"])
def test_a_killed_broker_is_not_noticed(rig, three, balancer, version):
    """kill -9 while hundreds connect: not one of them sees a failed connect."""
    gateway = rig.gateway(three, upstream=balancer, location=QUICK)
    crowd = clients(gateway, rig, version=version)
    arriving = crowd.begin(300, rate=400)
    eventually(lambda: len(crowd.clients) > 100, "a third of the clients")
    three[0].kill()
    check_all(arriving.result(60))


def test_a_frozen_broker_is_not_noticed(rig, three):
    """SIGSTOP: the kernel accepts for it, and nothing answers; later it goes on."""
    gateway = rig.gateway(three, location=QUICK)
    crowd = clients(gateway, rig)
    arriving = crowd.begin(300, rate=300)
    eventually(lambda: len(crowd.clients) > 100, "a third of the clients")
    three[1].freeze()
    check_all(arriving.result(60))
    three[1].thaw()
    check_all(crowd.connect(30, prefix="later"))


def test_a_restarted_broker_gets_clients_again(rig, three):
    gateway = rig.gateway([server(broker, "fail_timeout=1s") for broker in three], location=QUICK)
    crowd = clients(gateway, rig)
    for number, broker in enumerate(three):
        arriving = crowd.begin(100, rate=200, prefix=f"round{number}-")
        eventually(lambda: len(crowd.clients) >= number * 100 + 50, "half of the clients")
        broker.kill()
        check_all(arriving.result(60))
        broker.start()
        before = broker.output().count("New client connected")

        def is_back():
            check_all(crowd.connect(6, prefix=f"back{len(crowd.clients)}-"))
            return broker.output().count("New client connected") > before

        eventually(is_back, f"{broker.name} takes clients again", interval=0.2)


@pytest.mark.parametrize("version, code", [(4, 0x03), (5, 0x88), (5, 0x89)])
def test_a_broker_that_refuses_among_healthy_ones(rig, three, version, code):
    bad = refusing(rig, version, code)
    gateway = rig.gateway([*three[:2], bad])
    crowd = clients(gateway, rig, version=version)
    check_all(crowd.connect(300))
    crowd.leave(crowd.clients)
    gateway.ended_count(300)
    counts = spread_of(gateway)
    assert set(counts) == {three[0].address, three[1].address}
    assert min(counts.values()) > 100, counts


def test_everything_at_once(rig):
    """One broker dead, one silent, one that refuses, one that resets, and one that is well: all clients get in there."""
    well = rig.mosquitto()
    dead = rig.fake()
    dead.close()
    brokers = [dead, rig.fake(fakebroker.silent), refusing(rig, 4, 3), rig.fake(fakebroker.reset_after_connect), well]
    gateway = rig.gateway(brokers, location=QUICK + "upstream_tries 5;")
    crowd = clients(gateway, rig)
    check_all(crowd.connect(200))
    check_all(crowd.connect(50, prefix="later"))
