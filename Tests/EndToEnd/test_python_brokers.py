"""In front of aMQTT and iotcore, which know MQTT 3.1.1 alone."""

import pytest

import mqttbytes
from harness import eventually
from mqttbytes import connack, connect
from pybroker import AMQTT, IotCore
from test_health_check import unhealthy
from test_other_brokers import passes_a_message
from test_pool import UNAVAILABLE

BROKERS = {"amqtt": AMQTT, "iotcore": IotCore}
CHECK = "health_check interval=300ms timeout=5s fails=2"


def answer(rig, gateway, version, name):
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(connect(version, name))
    return peer


@pytest.mark.parametrize("kind", BROKERS)
def test_messages_and_probes(rig, kind):
    broker = rig.keep(BROKERS[kind](rig.path(kind)))
    gateway = rig.gateway([broker], upstream=f"{CHECK};", location="mqtt_versions 3.1.1;")
    passes_a_message(rig, gateway)
    answer(rig, gateway, 5, "five").expect_close(1008, before=connack(5, 0x84))
    answer(rig, gateway, 3, "three").expect_close(1008, before=connack(3, 1))
    assert "unhealthy" not in gateway.output()


def test_amqtt_refuses_5_0_in_words_that_the_client_can_read(rig):
    """`20 02 00 01`, and nobody holds it against the broker; 3.1 it closes without a byte."""
    broker = rig.keep(AMQTT(rig.path("amqtt")))
    gateway = rig.gateway([broker])
    for index in range(3):
        answer(rig, gateway, 5, f"five{index}").expect_close(1008, before=connack(5, 0x84))
    assert gateway.ended(mqtt_client_id="five0")["status_reason"] == "refused_by_broker"
    answer(rig, gateway, 3, "three").expect_close(1013, before=UNAVAILABLE[3])
    passes_a_message(rig, gateway)


def test_a_probe_of_5_0_says_which_version_to_name(rig):
    broker = rig.keep(AMQTT(rig.path("amqtt")))
    gateway = rig.gateway([broker], upstream=f"{CHECK} version=5.0;")
    assert "code 0x01; choose a version of MQTT that it supports: health_check version=" in unhealthy(gateway, broker)


def test_iotcore_and_its_limits(rig):
    """5.0 is closed without a byte; 20,480 bytes are the most, and the gate can say so."""
    broker = rig.keep(IotCore(rig.path("iotcore")))
    gateway = rig.gateway([broker], location="mqtt_max_packet_size 20k; mqtt_max_connect_size 20k;")
    answer(rig, gateway, 5, "five").expect_close(1013, before=UNAVAILABLE[5])
    eventually(lambda: "closed the connection before its CONNACK" in gateway.output(), "the reason")
    peer = rig.opened(gateway, 4, "large")
    peer.send_mqtt(mqttbytes.publish("t", bytes(30_000)))
    peer.expect_close(1009)
    bare = rig.gateway([broker])
    peer = rig.opened(bare, 4, "lost")
    peer.send_mqtt(mqttbytes.publish("t", bytes(30_000)))
    assert peer.read_close().close_code == 1012
    assert bare.ended(mqtt_client_id="lost")["status_reason"] == "broker_lost"
