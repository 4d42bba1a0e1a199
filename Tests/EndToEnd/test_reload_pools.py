"""A reload of pools: peers that stay keep their sessions and what is known of them, and take their new settings."""

import harness
import mqttbytes
from harness import eventually
from reloads import broker, pings, reload
from test_pool import UNAVAILABLE, server


def test_weights(rig):
    """Peers that stay take their new weights; counts survive, and sessions stay where they are."""
    one, other = broker(rig), broker(rig)
    gateway = rig.gateway([one, other], upstream="least_conn;", worker_threads=1)
    for index in range(10):
        rig.opened(gateway, client_id=f"a{index}")
    assert (len(one.connections), len(other.connections)) == (5, 5)
    reload(gateway, gateway.config.replace(f"{one.address};", f"{one.address} weight=3;"))
    for index in range(10):
        rig.opened(gateway, client_id=f"b{index}")
    assert (len(one.connections), len(other.connections)) == (15, 5), "the five from before count"


def test_another_balancer(rig):
    one, other = broker(rig), broker(rig)
    gateway = rig.gateway([one, other])
    reload(gateway, gateway.config.replace("upstream brokers {", "upstream brokers {\nhash $mqtt_client_id;"))
    for _ in range(6):
        peer = rig.opened(gateway, client_id="the-same")
        peer.send_mqtt(mqttbytes.disconnect())
        peer.expect_close(1000)
    assert sorted((len(one.connections), len(other.connections))) == [0, 6]


def test_max_conns_counts_sessions_from_before(rig):
    one, extra = broker(rig), broker(rig)
    gateway = rig.gateway([server(one, "max_conns=2")])
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
    moved = gateway.config.replace(f"server {one.address} max_conns=2", f"server {extra.address}")
    reload(gateway, moved)
    rig.opened(gateway, client_id="elsewhere")
    reload(gateway, gateway.config)
    expect_full()
    assert all(pings(peer) for peer in first)
    first[0].send_mqtt(mqttbytes.disconnect())
    first[0].expect_close(1000)
    gateway.ended(mqtt_client_id="client0")
    rig.opened(gateway, client_id="fits-again")
    assert (len(one.connections), len(extra.connections)) == (3, 1)


def test_a_removed_peer_gets_nothing_new_and_keeps_its_sessions(rig):
    one, other = broker(rig), broker(rig)
    gateway = rig.gateway([one, other], worker_threads=1)
    sessions = [rig.opened(gateway, client_id=f"a{index}") for index in range(4)]
    reload(gateway, gateway.config.replace(f"server {one.address};", ""))
    sessions += [rig.opened(gateway, client_id=f"b{index}") for index in range(4)]
    assert (len(one.connections), len(other.connections)) == (2, 6)
    assert all(pings(peer) for peer in sessions)


def test_what_probes_and_failures_have_found_out_survives(rig):
    """A dead peer is not tried again because of a reload; without probes it is one to be tried."""
    well = broker(rig)
    dead = harness.free_port()
    check = "health_check type=tcp interval=100ms timeout=1s fails=1 passes=1;"
    gateway = rig.gateway([well, dead], upstream=check, worker_threads=1)
    eventually(lambda: "is unhealthy" in gateway.output(), "the dead one found")
    for turn in range(2):
        reload(gateway, gateway.config.replace("interval=100ms", f"interval={turn + 2}00ms"))
        for index in range(4):
            rig.opened(gateway, client_id=f"{turn}-{index}")
    assert gateway.output().count("is unhealthy") == 1
    assert f"upstream server 127.0.0.1:{dead} failed" not in gateway.output()
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
    one = broker(rig)
    late = broker(rig)
    gateway = rig.gateway([server(one), server(late, "slow_start=1h down")], upstream="least_conn;", worker_threads=1)
    reload(gateway, gateway.config.replace(" down;", ";"))
    reload(gateway)
    for index in range(10):
        rig.opened(gateway, client_id=f"client{index}")
    assert len(late.connections) <= 1 and len(one.connections) >= 9
