"""Taking a broker out and bringing it back: sessions move at a pace, and stop inside the threshold."""

import re
import time

import pytest

import fakebroker
import mqttbytes
from harness import eventually
from test_failover import check_all, clients
from test_health_check import QUICK, healthy, unhealthy
from test_pool import server

CHECK = f"health_check {QUICK};"


def returning(rig, rebalance, *, balancer="", count=60, version=5, clean=True, servers=None):
    """Two brokers, of which the first was away while `count` clients came; now it is back."""
    brokers = [rig.mosquitto(name="returning"), rig.mosquitto(name="steady")]
    gateway = rig.gateway(servers(brokers) if servers else brokers, upstream=CHECK + balancer + rebalance)
    brokers[0].kill()
    unhealthy(gateway, brokers[0])
    crowd = clients(gateway, rig, version=version)
    check_all(crowd.connect(count, clean=clean))
    brokers[0].start()
    healthy(gateway, brokers[0])
    return brokers, gateway, crowd


def moved(gateway):
    return [line for line in gateway.access() if line["status_reason"] == "rebalanced"]


def is_done(gateway, count):
    """Waits until every loop has said how many it has moved, and returns the sum."""

    def found():
        total = sum(int(n) for n in re.findall(r"upstream brokers: (\d+) sessions were moved", gateway.output()))
        return total >= count and len(moved(gateway)) == total and total

    return eventually(found, lambda: f"{count} sessions moved:\n{gateway.output()[-2000:]}", timeout=30)


@pytest.mark.parametrize("reason, code", [("", 0x9C), ("reason=administrative_action", 0x98)])
def test_surplus_moves_and_stops_inside_the_threshold(rig, reason, code):
    brokers, gateway, crowd = returning(rig, f"rebalance rate=100/s idle=0s threshold=10% {reason};")
    total = is_done(gateway, 27)
    # 60 sessions, half of them is 30, 10 % more may stay: 27 go, and at most one more for the second loop.
    assert total in (27, 28), total
    gone = [client for client in crowd.clients if client.is_over]
    assert len(gone) == total
    told = mqttbytes.goodbye(code, "moved to another broker: connect again")
    assert all(client.packets == [told] and client.close_code == 1012 for client in gone)


def test_clients_of_3_1_1_get_a_close(rig):
    _, gateway, crowd = returning(rig, "rebalance rate=100/s idle=0s;", version=4)
    is_done(gateway, 27)
    gone = [client for client in crowd.clients if client.is_over]
    assert gone and all(client.packets == [] and client.close_code == 1012 for client in gone)


def test_those_who_come_again_find_the_empty_broker(rig):
    """Whatever the balancer: while sessions move, new ones go where there are too few."""
    brokers, gateway, crowd = returning(rig, "rebalance rate=100/s idle=0s;")
    eventually(lambda: len(moved(gateway)) >= 5, "the first five")
    back = 0

    def all_are_back():
        nonlocal back
        gone = len(moved(gateway))
        if gone > back:
            check_all(crowd.connect(gone - back, prefix=f"again{back}-"))
            back = gone
        return back >= 27 or "sessions were moved" in gateway.output() and len(moved(gateway)) == back

    eventually(all_are_back, "everyone back")
    counts = [sum(" as again" in line for line in broker.output().splitlines()) for broker in brokers]
    assert counts[0] >= 0.8 * sum(counts), counts


def test_the_pace_holds(rig):
    """20 a second."""
    _, gateway, _ = returning(rig, "rebalance rate=20/s idle=0s;")
    eventually(lambda: len(moved(gateway)) >= 1, "the first")
    begun = time.monotonic()
    is_done(gateway, 27)
    assert time.monotonic() - begun > 0.8, "27 sessions at 20/s, and a second's worth at once at most"


def test_idle_clean_sessions_go_first(rig):
    """Of 20 clean-start and 20 persistent sessions, the first 18 that go are clean ones."""
    brokers = [rig.mosquitto(name="returning"), rig.mosquitto(name="steady")]
    gateway = rig.gateway(brokers, upstream=CHECK + "rebalance rate=100/s idle=0s;", worker_threads=1)
    brokers[0].kill()
    unhealthy(gateway, brokers[0])
    crowd = clients(gateway, rig, version=5)
    check_all(crowd.connect(20, prefix="persistent", clean=False))
    check_all(crowd.connect(20, prefix="clean"))
    brokers[0].start()
    is_done(gateway, 18)
    assert {line["mqtt_client_id"][:5] for line in moved(gateway)} == {"clean"}


def test_sessions_hashed_by_client_id_go_home(rig):
    """Those whose key leads to the returning broker, and no others."""
    brokers, gateway, crowd = returning(
        rig, "rebalance rate=100/s idle=0s;", balancer="hash $mqtt_client_id consistent;"
    )
    total = is_done(gateway, 10)
    gone = {client.name for client in crowd.clients if client.is_over}
    assert len(gone) == total
    check_all(crowd.connect(60))  # the same names again, as new sessions
    at_home = {name for name in (f"client{index}" for index in range(60)) if f" as {name} " in brokers[0].output()}
    assert at_home == gone


def test_off_by_default(rig):
    brokers, gateway, crowd = returning(rig, "")
    eventually(lambda: brokers[0].output().count("Received DISCONNECT from sluice-health") >= 5, "a second of quiet")
    assert not moved(gateway) and not any(client.is_over for client in crowd.clients)


def test_weights_are_kept(rig):
    """The returning broker has a share of 3 in 4."""
    _, gateway, crowd = returning(
        rig, "rebalance rate=200/s idle=0s;", count=80, servers=lambda b: [server(b[0], "weight=3"), server(b[1])]
    )
    assert is_done(gateway, 58) in (58, 59)  # 20 and 10 % of it stay


def test_a_backup_gives_its_sessions_back(rig):
    _, gateway, _ = returning(
        rig, "rebalance rate=200/s idle=0s;", count=40, servers=lambda b: [b[0], server(b[1], "backup")]
    )
    assert is_done(gateway, 40) == 40


def test_a_broker_that_was_found_out_by_sessions_alone(rig):
    """Without health checks, the first session that gets through again shows that it is back."""
    brokers = [rig.mosquitto(name="returning"), rig.mosquitto(name="steady")]
    servers = [server(broker, "fail_timeout=1s") for broker in brokers]
    gateway = rig.gateway(servers, upstream="rebalance rate=200/s idle=0s;", worker_threads=1)
    brokers[0].kill()
    crowd = clients(gateway, rig, version=5)
    check_all(crowd.connect(40))
    brokers[0].start()

    def is_back():
        check_all(crowd.connect(1, prefix=f"probe{len(crowd.clients)}-"))
        return f"upstream server {brokers[0].address} is back" in gateway.output()

    eventually(is_back, "the broker is back", interval=0.3)
    is_done(gateway, 10)


def test_busy_sessions_go_last(rig):
    """One that talks all the time stays while idle ones are enough."""
    brokers = [rig.mosquitto(name="returning"), rig.mosquitto(name="steady")]
    gateway = rig.gateway(brokers, upstream=CHECK + "rebalance rate=10/s idle=1s;", worker_threads=1)
    brokers[0].kill()
    unhealthy(gateway, brokers[0])
    busy = rig.opened(gateway, 5, "busy")
    crowd = clients(gateway, rig, version=5)
    check_all(crowd.connect(9))
    brokers[0].start()
    healthy(gateway, brokers[0])

    def talk():
        busy.send_mqtt(mqttbytes.PINGREQ)
        assert busy.read_packet() == mqttbytes.PINGRESP
        return "sessions were moved" in gateway.output()

    eventually(talk, "the move", interval=0.1)
    assert "busy" not in {line["mqtt_client_id"] for line in moved(gateway)}


def test_a_failure_of_the_own_broker_moves_nobody(rig):
    """With a hash, while sessions go home to a broker that starts slowly: those of a broker that is found unhealthy stay."""
    brokers = [rig.mosquitto(name="returning"), rig.mosquitto(name="steady"), rig.mosquitto(name="ill")]
    servers = [server(brokers[0], "slow_start=60s"), *brokers[1:]]
    hashed = "hash $mqtt_client_id consistent; rebalance rate=100/s idle=0s;"
    gateway = rig.gateway(servers, upstream=CHECK + hashed)
    brokers[0].kill()
    unhealthy(gateway, brokers[0])
    crowd = clients(gateway, rig)
    check_all(crowd.connect(60))
    brokers[2].freeze()
    unhealthy(gateway, brokers[2])
    brokers[0].start()
    healthy(gateway, brokers[0])
    eventually(lambda: brokers[0].output().count("Received DISCONNECT from sluice-health") >= 8, "some steps")
    gone = [line for line in moved(gateway) if line["upstream_addr"] == brokers[2].address]
    assert not gone, gone
    brokers[2].thaw()


def test_for_one_free_place_one_session_is_sent(rig):
    """Hashed sessions go home only as far as home has room for them."""
    _, gateway, _ = returning(
        rig,
        "rebalance rate=100/s idle=0s;",
        balancer="hash $mqtt_client_id consistent;",
        servers=lambda b: [server(b[0], "max_conns=4"), b[1]],
    )
    assert 1 <= is_done(gateway, 1) <= 4
