"""Which broker a session goes to: every balancer, through the gateway, with its weights and limits."""

import pytest

import fakebroker
import mqttbytes
from test_failover import check_all, clients
from test_pool import server

BALANCERS = ["", "least_conn;", "random two;", "hash $mqtt_client_id;", "hash $mqtt_client_id consistent;"]


def sessions(brokers):
    return [len(broker.connections) for broker in brokers]


def names_of(broker):
    return {mqttbytes.client_id(connection.packets()[0]) for connection in broker.connections}


@pytest.mark.parametrize("balancer", BALANCERS)
def test_weights_hold(rig, balancer):
    """600 sessions by 3, 2 and 1. Turns and loads come out nearly exact, chance and hashes within 5 standard deviations."""
    brokers = [rig.fake(fakebroker.keep_open) for _ in range(3)]
    servers = [server(broker, f"weight={weight}") for broker, weight in zip(brokers, (3, 2, 1))]
    gateway = rig.gateway(servers, upstream=balancer)
    check_all(clients(gateway, rig).connect(600))
    slack = 60 if "hash" in balancer else 30
    assert all(abs(count - share) <= slack for count, share in zip(sessions(brokers), (300, 200, 100))), sessions(brokers)


@pytest.mark.parametrize("balancer", BALANCERS)
def test_limits_hold_for_all(rig, balancer):
    """max_conns, backup, down and drain, over two loops."""
    full, well, backup, down, drained = [rig.fake(fakebroker.keep_open) for _ in range(5)]
    servers = [
        server(full, "max_conns=5 weight=10"),
        server(well, "max_conns=100"),
        server(backup, "backup"),
        server(down, "down"),
        server(drained, "drain"),
    ]
    gateway = rig.gateway(servers, upstream=balancer)
    check_all(clients(gateway, rig).connect(120))
    assert sessions([full, well, backup, down, drained]) == [5, 100, 15, 0, 0]


def test_least_conn_fills_the_emptiest(rig):
    """Where sessions have ended, the next ones go."""
    brokers = [rig.fake(fakebroker.serve) for _ in range(2)]
    gateway = rig.gateway(brokers, upstream="least_conn;")
    crowd = clients(gateway, rig)
    check_all(crowd.connect(40))
    gone = [client for client in crowd.clients if client.name in names_of(brokers[0])]
    crowd.leave(gone)
    gateway.ended_count(len(gone))
    before = sessions(brokers)
    check_all(crowd.connect(20, prefix="next"))
    assert [after - was for after, was in zip(sessions(brokers), before)] == [20, 0]


@pytest.mark.parametrize("balancer", BALANCERS[3:])
def test_a_key_always_leads_to_the_same_broker(rig, balancer):
    """From two gateways that know nothing of each other, with the servers in the same order."""
    brokers = [rig.fake() for _ in range(4)]
    gateways = [rig.gateway(brokers, upstream=balancer) for _ in range(2)]
    homes = []
    for gateway in gateways:
        for broker in brokers:
            broker.connections.clear()
        check_all(clients(gateway, rig).connect(100))
        homes.append([names_of(broker) for broker in brokers])
    assert homes[0] == homes[1]
    assert all(homes[0]), "every broker has some"


def test_consistent_does_not_look_at_the_order(rig):
    brokers = [rig.fake() for _ in range(4)]
    homes = []
    for order in (brokers, brokers[::-1]):
        for broker in brokers:
            broker.connections.clear()
        gateway = rig.gateway(order, upstream="hash $mqtt_client_id consistent;")
        check_all(clients(gateway, rig).connect(100))
        homes.append([names_of(broker) for broker in brokers])
    assert homes[0] == homes[1]


def test_a_lost_broker_moves_its_own_keys_alone(rig):
    brokers = [rig.fake(fakebroker.keep_open) for _ in range(4)]
    gateway = rig.gateway(brokers, upstream="hash $mqtt_client_id consistent;")
    check_all(clients(gateway, rig).connect(200))
    before = [names_of(broker) for broker in brokers]
    rest = rig.gateway(brokers[:3], upstream="hash $mqtt_client_id consistent;")
    for broker in brokers:
        broker.connections.clear()
    check_all(clients(rest, rig).connect(200))
    after = [names_of(broker) for broker in brokers]
    assert all(was <= now for was, now in zip(before[:3], after[:3]))
    assert set().union(*after[:3]) - set().union(*before[:3]) == before[3]


@pytest.mark.parametrize("key, lines", [
    ("$remote_addr", []), ("$http_x_device$arg_none", ["X-Device: seven"]), ("$mqtt_username/$scheme", []),
    ("$cookie_device", ["Cookie: device=seven"]),
])
def test_any_variable_can_be_the_key(rig, key, lines):
    """All clients of this test have the same key: all go to one broker."""
    brokers = [rig.fake(fakebroker.keep_open) for _ in range(4)]
    gateway = rig.gateway(brokers, upstream=f"hash {key} consistent;")
    check_all(clients(gateway, rig).connect(30, lines=lines))
    assert sorted(sessions(brokers)) == [0, 0, 0, 30]


def test_sessions_without_a_key_are_spread(rig):
    brokers = [rig.fake(fakebroker.keep_open) for _ in range(3)]
    gateway = rig.gateway(brokers, upstream="hash $http_x_device consistent;")
    check_all(clients(gateway, rig).connect(120))
    assert min(sessions(brokers)) > 15, sessions(brokers)


@pytest.mark.parametrize("version", [4, 5])
def test_a_client_without_an_identifier_gets_one(rig, version):
    """Else it could not be hashed; a client of 5.0 is told."""
    broker = rig.fake()
    gateway = rig.gateway([broker], upstream="hash $mqtt_client_id consistent;")
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(version, ""))
    answer = peer.read_packet()
    name = mqttbytes.client_id(broker.connection().packets()[0])
    assert name.startswith("sluice") and len(name) == 22
    assert (name.encode() in answer) == (version == 5)


def test_hash_balance_factor_bounds_the_load(rig):
    """One key for all: without a bound they would all go to one broker."""
    brokers = [rig.fake(fakebroker.keep_open) for _ in range(4)]
    gateway = rig.gateway(brokers, upstream="hash $remote_addr consistent; hash_balance_factor 1.25;")
    check_all(clients(gateway, rig).connect(200))
    # Each may have 1.25 of a quarter; two loops may each be one ahead.
    assert max(sessions(brokers)) <= 65 and sum(sessions(brokers)) == 200, sessions(brokers)


def test_slow_start_fills_a_broker_little_by_little(rig):
    """A broker that comes back gets few sessions at first, and its share in the end."""
    broker, other = rig.mosquitto(name="returning"), rig.mosquitto(name="steady")
    servers = [server(broker, "slow_start=4s fail_timeout=1s"), server(other)]
    gateway = rig.gateway(servers, upstream="health_check interval=200ms timeout=150ms fails=1 passes=1;")
    crowd = clients(gateway, rig)
    broker.kill()
    from test_health_check import healthy, unhealthy

    unhealthy(gateway, broker)
    broker.start()
    healthy(gateway, broker)
    count = lambda: broker.output().count(" as client")
    check_all(crowd.connect(40))
    early = count()
    from harness import eventually

    def is_full():
        before = count()
        check_all(crowd.connect(40))
        return count() - before >= 18

    eventually(is_full, "its full share", interval=0.5)
    assert early <= 15, f"{early} of 40 at once"
