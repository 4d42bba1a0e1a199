"""Where connections to the brokers come from: `proxy_bind`, IPv6, and what happens when ports run out."""

import pytest

import fakebroker
import harness
import mqttbytes
from gateway import Gateway, site
from harness import eventually
from test_failover import check_all, clients
from test_health_check import healthy, unhealthy


def peers_of(rig):
    """A stand-in that keeps the address of each connection."""
    seen = []

    def behaviour(connection):
        seen.append(connection.socket.getpeername()[0])
        fakebroker.keep_open(connection)

    return rig.fake(behaviour), seen


def test_several_in_turns(rig):
    broker, seen = peers_of(rig)
    gateway = rig.gateway([broker], upstream="proxy_bind 127.0.0.2 127.0.0.3 127.0.0.4;")
    check_all(clients(gateway, rig).connect(60))
    counts = [seen.count(f"127.0.0.{last}") for last in (2, 3, 4)]
    assert sum(counts) == 60 and min(counts) >= 15, counts


def test_probes_come_from_there_too(rig):
    broker, seen = peers_of(rig)
    rig.gateway([broker], upstream="proxy_bind 127.0.0.7; health_check type=mqtt interval=100ms timeout=50ms;")
    eventually(lambda: len(seen) >= 3, "three probes")
    assert set(seen) == {"127.0.0.7"}


def test_only_those_of_the_peer_s_family(rig):
    """An IPv6 source is of no use to an IPv4 peer."""
    broker, seen = peers_of(rig)
    gateway = rig.gateway([broker], upstream="proxy_bind ::1 127.0.0.5;")
    check_all(clients(gateway, rig).connect(10))
    assert set(seen) == {"127.0.0.5"}


def test_no_source_of_the_peer_s_family(rig):
    """Then the system chooses, for probes and for sessions alike."""
    broker, seen = peers_of(rig)
    gateway = rig.gateway([broker], upstream="proxy_bind ::1;")
    check_all(clients(gateway, rig).connect(4))
    assert set(seen) == {"127.0.0.1"}


def test_an_address_of_another_machine(rig):
    """Said at the start."""
    gateway = Gateway(rig.path("gateway"), site([1883], upstream="proxy_bind 192.0.2.1;"), start=False)
    gateway.start(wait=False)
    assert gateway.process.wait() == 1
    assert "proxy_bind 192.0.2.1: not an address of this machine" in gateway.output()


def test_a_unix_socket_needs_no_address(rig):
    path = str(rig.path("unix") / "broker.sock")
    broker = rig.mosquitto(unix=path)
    gateway = rig.gateway([broker], upstream="proxy_bind 127.0.0.2; health_check interval=200ms;")
    check_all(clients(gateway, rig).connect(10))
    assert "unhealthy" not in gateway.output()


# When ports run out: in a network of the test's own, with 20 of them for each source address

PORTS = 20


def crowded(rig, brokers, count, **options):
    """`count` clients of a gateway in a network with few ports; the clients come by a unix socket, which needs none."""
    namespace = rig.namespace()
    with namespace.entered():
        brokers = [start() for start in brokers]
        path = rig.path("unix") / "gateway.sock"
        gateway = rig.gateway(brokers, listen=[f"unix:{path}"], **options)
        namespace.limit_ports(PORTS)
        peers = []
        for index in range(count):
            peer = rig.peer(str(path))
            peer.upgrade()
            peer.send_mqtt(mqttbytes.connect(5, f"client{index}"))
            peers.append((peer, peer.read_packet()))
    return gateway, brokers, peers


def codes(peers):
    return [answer[3] for _, answer in peers]


def keep(rig):
    return rig.fake(fakebroker.keep_open)


def test_exhaustion_is_an_error_of_its_own(rig):
    """The 21st session finds no port: 0x88, a cause and a count of its own, and no fault of the broker."""
    gateway, _, peers = crowded(rig, [lambda: keep(rig)], PORTS + 2)
    assert codes(peers) == [0] * PORTS + [0x88] * 2
    peers[-1][0].expect_close(1013)
    assert gateway.ended(mqtt_client_id=f"client{PORTS}")["status_reason"] == "source_ports_exhausted"
    eventually(lambda: "no source port is left for it: add addresses to proxy_bind" in gateway.output(), "the log line")
    assert "skipped for its fail_timeout" not in gateway.output()
    peers[0][0].send_mqtt(mqttbytes.disconnect())
    assert gateway.stop() == 0
    assert "server: source_ports_exhausted 2" in gateway.output()


def test_it_moves_to_the_next_source_address(rig):
    gateway, _, peers = crowded(
        rig, [lambda: keep(rig)], 3 * PORTS + 1, upstream="proxy_bind 127.0.0.2 127.0.0.3 127.0.0.4;", worker_threads=1
    )
    assert codes(peers) == [0] * (3 * PORTS) + [0x88]


def test_it_moves_to_the_next_broker(rig):
    """Ports are counted for each destination."""
    gateway, brokers, peers = crowded(rig, [lambda: keep(rig)] * 2, 2 * PORTS + 1)
    assert codes(peers) == [0] * (2 * PORTS) + [0x88]
    assert [len(broker.connections) for broker in brokers] == [PORTS, PORTS]


def test_a_port_serves_for_each_broker_anew(rig):
    """IP_BIND_ADDRESS_NO_PORT: without it, bind would take the port for all destinations."""
    gateway, _, peers = crowded(rig, [lambda: keep(rig)] * 3, 3 * PORTS, upstream="proxy_bind 127.0.0.2;")
    assert codes(peers) == [0] * (3 * PORTS)


# A firewall that drops packets


def test_a_blackhole_is_not_noticed(rig):
    """Packets to one of three brokers vanish while hundreds connect: nobody sees a failed connect."""
    namespace = rig.namespace()
    with namespace.entered():
        brokers = [rig.mosquitto(name=f"broker{index}") for index in range(3)]
        location = "upstream_connect_timeout 1s; upstream_connack_timeout 1s;"
        gateway = rig.gateway(brokers, location=location)
        crowd = clients(gateway, rig)
        arriving = crowd.begin(300, rate=300)
        eventually(lambda: len(crowd.clients) > 100, "a third of the clients")
        namespace.blackhole("127.0.0.1", brokers[0].port)
        check_all(arriving.result(60))
        eventually(lambda: "no answer within upstream_conn" in gateway.output(), "the log line")
        namespace.heal("127.0.0.1", brokers[0].port)


@pytest.mark.parametrize("kind", ["tcp", "mqtt"])
def test_probes_see_a_blackhole(rig, kind):
    namespace = rig.namespace()
    with namespace.entered():
        brokers = [rig.mosquitto(name=f"broker{index}") for index in range(2)]
        gateway = rig.gateway(brokers, upstream=f"health_check type={kind} interval=200ms timeout=150ms fails=2 passes=2;")
        namespace.blackhole("127.0.0.1", brokers[0].port)
        assert "no connection within 150 ms" in unhealthy(gateway, brokers[0])
        check_all(clients(gateway, rig).connect(20))
        namespace.heal("127.0.0.1", brokers[0].port)
        healthy(gateway, brokers[0])


def test_brokers_on_ipv6(rig):
    broker = rig.mosquitto(extra=f"listener {(port := harness.free_port())} ::1")
    gateway = rig.gateway([f"[::1]:{port}"], upstream="proxy_bind ::1; health_check interval=200ms;")
    check_all(clients(gateway, rig).connect(10))
    assert gateway.output().count("unhealthy") == 0
    eventually(lambda: "New client connected from ::1" in broker.output(), "a client from ::1")
