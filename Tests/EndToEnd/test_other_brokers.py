"""In front of RabbitMQ and ejabberd, and with HAProxy on either side of the PROXY protocol."""

import socket

import pytest

import mqttbytes
from crowd import Crowd
from ejabberd import Ejabberd
from haproxy import HAProxy, receiver, sender
from harness import eventually, free_port
from rabbitmq import RabbitMQ
from test_failover import check_all, clients
from test_health_check import QUICK, healthy, unhealthy

USER = {"username": "somebody", "password": "anything"}
PATIENT_CHECK = "interval=300ms timeout=2s fails=2 passes=2"


def passes_a_message(rig, gateway, version=4, **options):
    """A client subscribes and publishes through the gateway, and gets its own message."""
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(mqttbytes.connect(version, f"messenger{version}", **options))
    assert peer.read_packet()[3] == 0
    peer.send_mqtt(mqttbytes.subscribe("there/and/back", version=version))
    assert peer.read_packet()[0] == 0x90
    peer.send_mqtt(mqttbytes.publish("there/and/back", b"payload", version=version))
    packet = peer.read_packet()
    assert mqttbytes.published(packet, version) == ("there/and/back", b"payload")
    return peer


def password_file(rig, text):
    path = rig.path("secret") / "password"
    path.write_text(text + "\n")
    return path


# RabbitMQ


def test_rabbitmq_sees_the_client_s_address(rig):
    """The PROXY protocol on: probes and clients get in, and each client is seen with its own address and port."""
    broker = rig.keep(RabbitMQ(rig.path("rabbitmq"), proxy_protocol=True))
    gateway = rig.gateway([broker], upstream=f"proxy_protocol v2; health_check type=mqtt {PATIENT_CHECK};")
    peers = [rig.opened(gateway, 4, f"client{index}") for index in range(3)]
    ends = {f"client{index}": peer.socket.getsockname() for index, peer in enumerate(peers)}

    def seen():
        return {name: end for name, end in broker.connections().items() if name.startswith("client")}

    eventually(lambda: seen() == ends, lambda: f"{ends} at the broker: {broker.connections()}")
    assert "unhealthy" not in gateway.output()
    broker.kill()
    unhealthy(gateway, broker)
    broker.start()
    healthy(gateway, broker)
    passes_a_message(rig, gateway)


def test_rabbitmq_sees_it_over_tls_and_v1(rig):
    broker = rig.keep(RabbitMQ(rig.path("rabbitmq"), proxy_protocol=True))
    for version in ("v1", "v2"):
        gateway = rig.tls_gateway([broker], upstream=f"proxy_protocol {version};")
        peer = rig.peer(gateway, tls=True)
        peer.open_mqtt(4, f"tls-{version}")
        end = peer.socket.getsockname()
        eventually(lambda: broker.connections().get(f"tls-{version}") == end, lambda: f"{broker.connections()}")


@pytest.mark.parametrize("kind", [RabbitMQ, Ejabberd])
def test_one_side_alone_is_named_by_the_probe(rig, kind):
    """The broker expects a header that the gateway does not send: RabbitMQ closes, ejabberd resets."""
    broker = rig.keep(kind(rig.path("broker"), proxy_protocol=True))
    gateway = rig.gateway([broker], upstream=f"health_check type=mqtt {PATIENT_CHECK};")
    reason = unhealthy(gateway, broker)
    assert "the connection before the probe was complete; " in reason
    assert "expect a PROXY header: set proxy_protocol in the upstream" in reason


def test_rabbitmq_and_mosquitto_in_one_pool(rig):
    """Clients move over to Mosquitto while RabbitMQ is frozen, killed and started again: none sees a failed connect."""
    rabbit, mosquitto = rig.keep(RabbitMQ(rig.path("rabbitmq"))), rig.mosquitto()
    location = "upstream_connect_timeout 1s; upstream_connack_timeout 2s;"
    upstream = f"health_check type=mqtt {PATIENT_CHECK}; least_conn;"
    gateway = rig.gateway([rabbit, mosquitto], upstream=upstream, location=location)
    crowd = clients(gateway, rig)
    check_all(crowd.connect(60))
    assert len(rabbit.connections()) >= 20
    for fault in (rabbit.freeze, rabbit.kill):
        arriving = crowd.begin(100, rate=100, prefix=f"{fault.__name__}-")
        fault()
        check_all(arriving.result(60))
    rabbit.start()
    healthy(gateway, rabbit)
    check_all(crowd.connect(20, prefix="later"))


# ejabberd


@pytest.mark.parametrize("version", [4, 5])
def test_ejabberd_with_messages_and_probes(rig, version):
    """It wants a user name: probes need one, too."""
    broker = rig.keep(Ejabberd(rig.path("ejabberd")))
    secret = password_file(rig, "anything")
    level = {4: "3.1.1", 5: "5.0"}[version]
    check = f"health_check version={level} {PATIENT_CHECK} username=probe password_file={secret};"
    gateway = rig.gateway([broker], upstream=check)
    passes_a_message(rig, gateway, version, **USER)
    refused = rig.peer(gateway)
    refused.upgrade()
    refused.send_mqtt(mqttbytes.connect(version, "nobody"))
    assert refused.read_packet()[3] == {4: 0x05, 5: 0x87}[version], "its own refusal passes"
    assert "unhealthy" not in gateway.output()


def test_a_probe_without_a_user_says_what_to_do(rig):
    broker = rig.keep(Ejabberd(rig.path("ejabberd")))
    gateway = rig.gateway([broker], upstream=f"health_check {PATIENT_CHECK};")
    reason = unhealthy(gateway, broker)
    assert "code 0x05" in reason and "health_check username=" in reason


def test_ejabberd_sees_the_client_s_address(rig):
    broker = rig.keep(Ejabberd(rig.path("ejabberd"), proxy_protocol=True))
    gateway = rig.gateway([broker], upstream="proxy_protocol v2;")
    peer = passes_a_message(rig, gateway, 5, **USER)
    eventually(lambda: peer.socket.getsockname() in broker.accepted(), lambda: f"{broker.accepted()}")


def test_three_kinds_of_brokers_by_weight(rig):
    """RabbitMQ, ejabberd and Mosquitto side by side, one killed while clients arrive."""
    rabbit, ejabberd = rig.keep(RabbitMQ(rig.path("rabbitmq"))), rig.keep(Ejabberd(rig.path("ejabberd")))
    mosquitto = rig.mosquitto()
    guest = {"username": "guest", "password": "guest"}
    gateway = rig.gateway([f"{rabbit.address} weight=2", f"{ejabberd.address} weight=1", f"{mosquitto.address} weight=1"])
    crowd = clients(gateway, rig)
    check_all(crowd.connect(80, **guest))
    assert abs(len(rabbit.connections()) - 40) <= 4
    arriving = crowd.begin(100, rate=100, prefix="later", **guest)
    eventually(lambda: len(crowd.clients) > 110, "some of them")
    ejabberd.kill()
    check_all(arriving.result(60))


# HAProxy in front


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("tls", [False, True])
def test_haproxy_as_the_front(rig, version, tls):
    """A TCP load balancer that says whom it speaks for, with its health check (LOCAL, or UNKNOWN) on."""
    port = free_port()
    listen = f"127.0.0.1:{port} proxy_protocol" + (" ssl" if tls else "")
    gateway = rig.gateway(
        [rig.mosquitto()],
        listen=[listen],
        server="set_real_ip_from 127.0.0.1;",
        **({"tls": rig.certificate} if tls else {}),
    )
    options = "proxy-v2-options ssl,unique-id check" if version == 2 else "check"
    front = rig.keep(HAProxy(rig.path("haproxy"), sender(port, version, options=options)))
    peer = rig.peer(("127.0.0.1", front.port), tls=rig.certificate.client_context() if tls else None)
    peer.open_mqtt(4, "through-haproxy")
    name = peer.socket.getsockname()
    peer.close()
    line = gateway.ended(mqtt_client_id="through-haproxy")
    assert (line["remote_addr"], line["remote_port"]) == name
    assert "proxy_header_invalid" not in gateway.output()


# HAProxy behind


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_haproxy_as_the_receiver(rig, version):
    """Its log shows the client, the server name and the connection's id."""
    broker = rig.mosquitto()
    back = rig.keep(HAProxy(rig.path("haproxy"), receiver(broker.port)))
    gateway = rig.tls_gateway([back], upstream=f"proxy_protocol {version}; health_check {QUICK};")
    peer = rig.peer(gateway, tls=True)
    peer.open_mqtt(4, "to-haproxy")
    name = peer.socket.getsockname()
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    identifier = gateway.ended(mqtt_client_id="to-haproxy")["connection_id"]
    line = eventually(lambda: next((one for one in back.ended() if one["client"] == name), None), "the log's line")
    if version == "v2":
        assert (line["authority"], line["unique_id"]) == ("localhost", identifier)
    assert "unhealthy" not in gateway.output()
    # The probes come from the gateway itself.
    assert any(one["client"][0] == "127.0.0.1" and one["client"] != name for one in back.ended())


def test_through_haproxy_on_both_sides(rig):
    """Front, gateway, back: the client's address goes all the way."""
    broker = rig.mosquitto()
    port = free_port()
    back = rig.keep(HAProxy(rig.path("haproxy"), receiver(broker.port), name="back"))
    rig.gateway(
        [back],
        listen=[f"127.0.0.1:{port} proxy_protocol"],
        server="set_real_ip_from 127.0.0.1;",
        upstream="proxy_protocol v2;",
    )
    front = rig.keep(HAProxy(rig.path("haproxy"), sender(port, 2), name="front"))
    peer = rig.peer(("127.0.0.1", front.port))
    peer.open_mqtt(4, "all-the-way")
    name = peer.socket.getsockname()
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    eventually(lambda: name in [one["client"] for one in back.ended()], lambda: f"{name} in {back.ended()}")
