"""One client takes no broker from all others: what it encounters after its CONNECT counts only when several others encounter it."""

import pytest

import fakebroker
import mqttbytes
from ejabberd import Ejabberd
from harness import DEADLINE, eventually
from mqttbytes import connack, connect, data
from test_health_check import probes, serve_probe
from test_other_brokers import USER, password_file
from test_pool import server

QUICK = "upstream_connack_timeout 200ms;"
# All that a CONNECT can bring about.
MET = {
    "reset": fakebroker.reset_after_connect,
    "closed": fakebroker.close_after_connect,
    "silent": fakebroker.silent,
    "no CONNACK": fakebroker.answer(b"\x90\x03\x00\x01\x00"),
    "unavailable": fakebroker.answer(connack(5, 0x88)),
}


def session(rig, gateway, source, name, version=5, **options):
    """An open session from this address of the loopback."""
    peer = rig.peer(gateway, source=source)
    peer.upgrade()
    peer.send_mqtt(connect(version, name, **options))
    answer = peer.read_packet()
    assert answer[3] == 0, answer.hex(" ")
    return peer


def pool(rig, behaviour, upstream=""):
    """A broker that behaves so, and a backup that serves."""
    broker, backup = rig.fake(behaviour), rig.fake(serve_probe)
    servers = [server(broker, "fail_timeout=60s"), server(backup, "backup")]
    return broker, rig.gateway(servers, upstream=upstream, location=QUICK, worker_threads=1)


@pytest.mark.parametrize("name", MET)
def test_one_address_has_one_voice(rig, name):
    """However many identifiers it uses; three addresses take the broker out."""
    broker, gateway = pool(rig, MET[name])
    for index in range(5):
        session(rig, gateway, "127.0.0.1", f"same{index}")
    eventually(lambda: len(broker.connections) == 5, "five tries")
    assert "left alone" not in gateway.output()
    session(rig, gateway, "127.0.0.2", "second")
    session(rig, gateway, "127.0.0.3", "third")
    eventually(lambda: "left alone for its fail_timeout" in gateway.output(), "the broker left alone")
    session(rig, gateway, "127.0.0.4", "fourth")
    eventually(lambda: len(broker.connections) == 7, "seven tries, and not eight")


@pytest.mark.parametrize("name", MET)
def test_where_probes_pass_clients_count_for_nothing(rig, name):
    """The broker serves, as its probes see: what clients meet is about them."""

    def behaviour(connection):
        packet = connection.read_packet()
        if packet and mqttbytes.client_id(packet).startswith("sluice-health-"):
            connection.send(connack(mqttbytes.version_of(packet)))
            while (packet := connection.read_packet()) is not None:
                if packet[0] == 0xC0:
                    connection.send(mqttbytes.PINGRESP)
        elif packet:
            connection._position = 0
            MET[name](connection)

    broker, gateway = pool(rig, behaviour, "health_check interval=200ms timeout=5s;")
    probes(broker, 2)
    for index in range(1, 7):
        session(rig, gateway, f"127.0.0.{index}", f"client{index}")
    tried = [c for c in broker.connections if c.packets() and mqttbytes.client_id(c.packets()[0]).startswith("client")]
    assert len(tried) == 6
    assert "left alone" not in gateway.output()


def test_ejabberd_keeps_its_clients_when_one_names_a_domain_it_does_not_serve(rig):
    """It answers 0x88, server unavailable, to such a user; its probes pass all the while."""
    broker, backup = rig.keep(Ejabberd(rig.path("ejabberd"))), rig.mosquitto()
    secret = password_file(rig, "anything")
    upstream = f"health_check interval=300ms timeout=5s username=probe password_file={secret};"
    servers = [server(broker, "fail_timeout=60s"), server(backup, "backup")]
    gateway = rig.gateway(servers, upstream=upstream, worker_threads=1)
    eventually(lambda: broker.output().count("Accepted connection") >= 2, "probes")
    stranger = {"username": "joe@nowhere.example", "password": "anything"}
    for index in range(1, 5):
        session(rig, gateway, f"127.0.0.{index}", f"stranger{index}", **stranger).close()
    eventually(lambda: "0x88: not now" in gateway.output(), "the log line")
    for index in range(3):
        session(rig, gateway, "127.0.0.9", f"good{index}", **USER).close()
    ended = [gateway.ended(mqtt_client_id=f"good{index}") for index in range(3)]
    assert {line["upstream_addr"] for line in ended} == {broker.address}
    assert {gateway.ended(mqtt_client_id="stranger1")["upstream_addr"]} == {backup.address}


# Refusals in the form of another version

TRANSLATED = [
    (5, bytes([0x20, 2, 0, code]), connack(5, told))
    for code, told in [(1, 0x84), (2, 0x85), (4, 0x86), (5, 0x87), (6, 0x80), (0x87, 0x87)]
]
TRANSLATED += [
    (version, answer, told)
    for version in (3, 4)
    for answer, told in [
        (bytes([0x20, 3, 0, 0x84, 0]), connack(4, 1)),
        (bytes([0x20, 3, 0, 0x87, 0]), connack(4, 5)),
        (bytes([0x20, 8, 0, 0x86, 5, 0x1F]) + data("no"), connack(4, 4)),
        (bytes([0x20, 2, 0, 0x87]), connack(4, 5)),
        (bytes([0x20, 2, 0, 6]), b""),
        (bytes([0x20, 3, 0, 0x95, 0]), b""),
    ]
]
TRANSLATED += [(5, bytes([0x20, 3, 0, 1, 0]), connack(5, 0x84)), (5, bytes([0x20, 3, 0, 0xAA, 0]), connack(5, 0x80))]


@pytest.mark.parametrize("version, answer, told", TRANSLATED)
def test_a_refusal_of_another_version_is_a_refusal(rig, version, answer, told):
    """It goes to the client in the words of its own version; no other broker is asked, and none is taken out."""
    brokers = [rig.fake(fakebroker.answer(answer)) for _ in range(2)]
    gateway = rig.gateway([server(broker, "fail_timeout=60s") for broker in brokers], worker_threads=1)
    for index in range(1, 5):
        peer = rig.peer(gateway, source=f"127.0.0.{index}")
        peer.upgrade()
        peer.send_mqtt(connect(version, f"refused{index}"))
        peer.expect_close(1008, before=told)
        assert gateway.ended(mqtt_client_id=f"refused{index}")["status_reason"] == "refused_by_broker"
    assert [len(broker.connections) for broker in brokers] == [2, 2]
    assert "failed" not in gateway.output() and "left alone" not in gateway.output()


def test_unavailable_in_the_form_of_3_1_1_goes_to_the_next_broker(rig):
    """And to the client as 0x88 when there is none."""
    first, second = (rig.fake(fakebroker.answer(bytes([0x20, 2, 0, 3]))) for _ in range(2))
    gateway = rig.gateway([first, second], worker_threads=1)
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(5, "nobody"))
    peer.expect_close(1008, before=connack(5, 0x88))
    assert (len(first.connections), len(second.connections)) == (1, 1)


# Both at once


@pytest.mark.parametrize("is_open", [True, False])
def test_both_legs_break_in_the_same_turn(rig, is_open):
    """The broker's event comes first, and the client is gone all the same: it is the client that was lost."""

    def behaviour(connection):
        packet = connection.accept_connect() if is_open else connection.read_packet()
        if packet:
            connection.released.wait(DEADLINE)
            connection.reset()

    broker, other = rig.fake(behaviour), rig.fake()
    gateway = rig.gateway([server(broker, "weight=1000"), server(other, "backup")], worker_threads=1)
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(4, "both"))
    if is_open:
        assert peer.read_packet() == connack(4)
    broker.received(connect(4, "both"))
    gateway.freeze()
    broker.connections[0].released.set()
    eventually(lambda: broker.connections[0].socket.fileno() < 0, "the broker's reset")
    peer.reset()
    gateway.thaw()
    assert gateway.ended(mqtt_client_id="both")["status_reason"] == "client_lost"
    assert "failed" not in gateway.output() and not other.connections
