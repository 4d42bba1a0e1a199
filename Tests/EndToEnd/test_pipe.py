"""The open session: slow and lost sides, keep alive."""

import hashlib
import signal

import pytest

import fakebroker
import harness
import mqttbytes
from bytepeer import BINARY, PING, PONG, frame
from fakebroker import accept_then_send
from harness import DEADLINE, IS_SANITIZED, eventually, stalled
from mqttbytes import connect, publish

# Growth in MiB that is no leak of payloads: buffers of the loops, allocator; shadow memory in sanitizer builds.
FLAT = 200 if IS_SANITIZED else 24


# Slow sides


def test_drained_slow_client_gets_its_tail_and_the_reason(rig):
    """The five seconds of a close begin when everything has been taken, not before. A second client, which never answers
    its Close, tells when those have passed."""
    packet = publish("t", rig.random.randbytes(1000), version=5)
    broker = rig.fake(fakebroker.flood(packet, 64 << 20))
    gateway = rig.gateway([broker, rig.fake(port=None)], main="worker_shutdown_timeout 1ms;")
    slow = rig.peer(gateway, receive_buffer=65_536, timeout=DEADLINE * 2)
    slow.open_mqtt(5)
    stalled(lambda: broker.connection().sent)
    silent = rig.peer(gateway, timeout=DEADLINE * 2)
    silent.open_mqtt(5, "silent")
    gateway.send_signal(signal.SIGQUIT)
    silent.read_to_end()  # five seconds after its Close was sent
    slow.expect_close(1001, before=None)
    whole, rest = mqttbytes.split(bytes(slow.mqtt))
    assert rest == b"" and whole[-1] == mqttbytes.goodbye(0x8B, "server shutting down")
    assert set(whole[:-1]) == {packet} and len(whole) > 100
    assert gateway.process.wait() == 0
    assert [line["status_reason"] for line in gateway.access()] == ["drained", "drained"]


def test_client_that_stops_reading(rig):
    """The broker's sender blocks, the gateway's memory stays flat, and nothing is lost."""
    total = 64 << 20
    packet = publish("t", rig.random.randbytes(1000))
    broker = rig.fake(fakebroker.flood(packet, total))
    gateway = rig.gateway([broker])
    peer = rig.peer(gateway, receive_buffer=65_536)
    before = harness.resident_mebibytes(gateway.pid)
    peer.open_mqtt()
    connection = broker.connection()
    blocked_at = stalled(lambda: connection.sent)
    assert blocked_at < total / 2, "the broker could send without anybody reading"
    assert harness.resident_mebibytes(gateway.pid) - before < FLAT
    expected = hashlib.sha256()
    count = 2000
    for _ in range(count):
        expected.update(packet)
    received = hashlib.sha256()
    for _ in range(count):
        received.update(peer.read_packet())
    assert received.digest() == expected.digest()
    peer.close()


def test_broker_that_stops_reading(rig):
    """The client's sender blocks, the gateway's memory stays flat, and everything arrives once the broker reads on."""
    broker = rig.fake(fakebroker.accept_then_stop_reading, receive_buffer=65_536)
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway)
    before = harness.resident_mebibytes(gateway.pid)
    block = frame(BINARY, publish("t", rig.random.randbytes(10_000))) * 6
    total = 64 << 20
    peer.socket.setblocking(False)
    sent, pending = 0, b""

    def push():
        nonlocal sent, pending
        try:
            while sent < total:
                pending = pending or block
                size = peer.socket.send(pending)
                sent += size
                pending = pending[size:]
        except BlockingIOError:
            pass
        return sent

    blocked_at = stalled(push)
    assert blocked_at < total / 2, "the client could send without anybody reading"
    assert harness.resident_mebibytes(gateway.pid) - before < FLAT
    broker.connections[0].released.set()
    peer.socket.settimeout(DEADLINE)
    peer.send(pending)
    count = (sent + len(pending)) // len(block) * 6
    expected = connect(4, "byte-peer")
    eventually(
        lambda: len(broker.connections[0].received) >= len(expected) + count * 10_006, "everything at the broker"
    )
    assert len(broker.connections[0].packets()) == count + 1


def test_one_slow_client_does_not_hold_up_others(rig):
    broker = rig.fake(fakebroker.echo)
    flooding = rig.fake(fakebroker.flood(publish("t", bytes(1000)), 64 << 20))
    extra = f"location /flood {{ mqtt_pass 127.0.0.1:{flooding.port}; }}"
    gateway = rig.gateway([broker], server=extra, worker_threads=1)
    slow = rig.peer(gateway, receive_buffer=65_536)
    slow.open_mqtt(path="/flood")
    stalled(lambda: flooding.connections[0].sent)
    quick = rig.opened(gateway)
    for index in range(50):
        message = publish("t", str(index))
        quick.send_mqtt(message)
        assert quick.read_packet() == message


def test_slow_client_still_gets_all_that_a_closing_broker_sent(rig):
    """Bytes behind which the broker closes are delivered first."""
    packets = [publish("t", rig.random.randbytes(5000)) for _ in range(200)]

    def send_and_close(connection):
        connection.accept_connect()
        connection.send(b"".join(packets))

    gateway = rig.gateway([rig.fake(send_and_close)])
    peer = rig.peer(gateway, receive_buffer=32_768)
    peer.open_mqtt()
    assert peer.read_packets(len(packets)) == packets
    assert peer.read_close().close_code in (1000, 1012)
    peer.expect_end()


# Lost sides


def test_half_open_client(rig):
    """FIN from a client without Close or DISCONNECT: what it sent arrives, then the broker sees the end."""
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway)
    message = publish("t", "last")
    peer.send_mqtt(message)
    peer.half_close()
    eventually(lambda: broker.connections[0].ended, "the end at the broker")
    assert bytes(broker.connections[0].received) == connect(4, "byte-peer") + message
    assert gateway.ended_count(1)[0]["status_reason"] == "client_lost"


@pytest.mark.parametrize("version", [4, 5])
def test_half_open_broker(rig, version):
    """FIN from a broker ends the session; why, only the broker knows: the gateway adds no DISCONNECT."""
    gateway = rig.gateway([rig.fake(lambda connection: connection.accept_connect())])
    peer = rig.opened(gateway, version)
    peer.expect_close(1012)
    assert gateway.ended_count(1)[0]["status_reason"] == "broker_lost"


def test_disconnect_of_a_5_0_broker_passes(rig):
    """5.0 §3.14: what the broker says goes to the client; the gateway adds nothing."""
    goodbye = bytes([0xE0, 2, 0x8E, 0])

    def dismiss(connection):
        connection.accept_connect()
        connection.send(goodbye)

    gateway = rig.gateway([rig.fake(dismiss)])
    peer = rig.opened(gateway, 5)
    peer.expect_close(1000, before=goodbye)
    assert gateway.ended_count(1)[0]["status_reason"] == "broker_disconnect"


def test_broker_that_sends_nonsense(rig):
    gateway = rig.gateway([rig.fake(accept_then_send(b"\x00\x00garbage"))])
    peer = rig.opened(gateway, 5)
    peer.expect_close(1011, before=mqttbytes.goodbye(0x80, "the broker violated the MQTT protocol"))
    assert gateway.ended_count(1)[0]["status_reason"] == "broker_protocol_error"


@pytest.mark.parametrize("stage", ["connected", "request", "upgraded", "half a CONNECT", "open", "half a packet"])
@pytest.mark.parametrize("way", ["reset", "close"])
def test_client_lost_at_every_stage(rig, stage, way):
    """The session ends, the broker's connection goes with it, and no descriptor stays behind."""
    broker = rig.fake()
    gateway = rig.gateway([broker])
    rig.opened(gateway, client_id="first").close()
    gateway.ended(mqtt_client_id="first")
    before = harness.sockets(gateway.pid)
    peer = rig.peer(gateway)
    if stage == "request":
        peer.send(b"GET /mqtt HT")
    if stage not in ("connected", "request"):
        peer.upgrade()
    if stage == "half a CONNECT":
        peer.send_mqtt(connect(4, "half")[:-2])
    if stage in ("open", "half a packet"):
        peer.send_mqtt(connect(4, "half"))
        peer.read_packet()
    if stage == "half a packet":
        peer.send_mqtt(publish("t", "half")[:-2])
    if stage in ("connected", "request"):
        eventually(lambda: harness.sockets(gateway.pid) == before + 1, "the connection accepted")
    getattr(peer, way)()
    eventually(lambda: harness.sockets(gateway.pid) == before, "all sockets closed")
    eventually(lambda: all(connection.ended for connection in broker.connections), "the ends at the broker")


@pytest.mark.parametrize("way", ["reset", "close"])
def test_will_fires_when_the_client_is_lost(rig, way):
    broker = rig.mosquitto()
    gateway = rig.gateway([broker])
    watcher = rig.keep(broker.subscribe("wills"))
    peer = rig.opened(gateway, client_id="mortal", will=("wills", way))
    getattr(peer, way)()
    assert watcher.messages() == [("wills", way.encode())]
    assert gateway.ended(mqtt_client_id="mortal")["status_reason"] == "client_lost"


def test_broker_reset(rig):
    def accept_and_reset(connection):
        connection.accept_connect()
        connection.released.wait(DEADLINE)
        connection.reset()

    broker = rig.fake(accept_and_reset)
    gateway = rig.gateway([broker])
    peer = rig.opened(gateway)
    broker.connections[0].released.set()
    peer.expect_close(1012)
    assert gateway.ended_count(1)[0]["status_reason"] == "broker_lost"


# Keep alive and pings


def test_silent_clients_are_ended(rig):
    """[MQTT-3.1.2-22] and ten seconds more: CONNECT's keep alive, or the broker's Server Keep Alive. The Will fires.

    All cases run side by side, as each takes eleven and a half seconds.
    """
    broker = rig.mosquitto()
    watcher = rig.keep(broker.subscribe("wills"))
    # A broker of its own that never ends a session by itself, so that it is the gateway that does.
    patient = rig.fake()
    imposing = rig.fake(lambda connection: (connection.accept_connect(properties=b"\x13\x00\x01"), connection.drain()))
    extra = "".join(f"location /{n} {{ mqtt_pass 127.0.0.1:{b.port}; }}" for n, b in (("p", patient), ("i", imposing)))
    gateway = rig.gateway([broker], server=extra)
    silent, imposed, mortal, talking, answering = (rig.peer(gateway, timeout=11.5 + DEADLINE) for _ in range(5))
    silent.open_mqtt(client_id="silent", keepalive=1, path="/p")
    imposed.upgrade("/i")
    imposed.send_mqtt(connect(5, "imposed", keepalive=600))
    imposed.read_packet()
    talking.open_mqtt(client_id="talking", keepalive=1, path="/p")
    answering.open_mqtt(client_id="answering", keepalive=1, path="/p")
    mortal.open_mqtt(client_id="mortal", keepalive=1, will=("wills", "silent"))
    # Asked in time, and there: never ended by the gateway, whatever its keep alive.
    received = answering.read_frame()
    assert received.opcode == PING
    answering.send_frame(PONG, received.payload)
    mortal.read_close()
    mortal.close()
    talking.send_frame(PONG)  # one sign of life, later than the others' last
    for peer in (silent, imposed):
        assert peer.read_close().close_code == 1008
        peer.close()
    for peer, payload in ((talking, b"here"), (answering, b"so am I")):
        peer.send_frame(PING, payload)
        while (received := peer.read_frame()).opcode == PING:
            peer.send_frame(PONG, received.payload)
        assert received.payload == payload
    gateway.ended_count(3)
    lines = {line["mqtt_client_id"]: line for line in gateway.access()}
    assert lines["silent"]["status_reason"] == lines["imposed"]["status_reason"] == "client_idle"
    assert "talking" not in lines and "answering" not in lines
    assert lines["mortal"]["status_reason"] in ("broker_lost", "client_idle"), "the broker's own limit is shorter"
    assert watcher.messages() == [("wills", b"silent")]
    for ended in (patient.connections[0], imposing.connections[0]):
        eventually(lambda ended=ended: ended.ended, "the end at the broker")
        assert b"\xe0\x00" not in ended.received, "a DISCONNECT would suppress the Will"


def test_pings_on_silence(rig):
    """websocket_ping: middle boxes see traffic."""
    gateway = rig.gateway([rig.fake()], location="websocket_ping 200ms;")
    peer = rig.opened(gateway, keepalive=0)
    for _ in range(3):
        received = peer.read_frame()
        assert received.opcode == PING
        peer.send_frame(PONG, received.payload)


def test_ping_to_a_client_that_only_listens(rig):
    """The client's silence counts, whatever its broker sends: a keep alive of 0 with data every few milliseconds."""

    def talk(connection):
        connection.accept_connect()
        while not connection.released.wait(0.02):
            connection.send(publish("t", "news"))

    broker = rig.fake(talk)
    peer = rig.opened(rig.gateway([broker], location="websocket_ping 200ms;"), keepalive=0)
    pings = 0
    while pings < 3:
        received = peer.read_frame()
        if received.opcode == PING:
            pings += 1
            peer.send_frame(PONG, received.payload, mask=None)  # as paho-mqtt does
    broker.connections[0].released.set()


def test_no_ping_when_switched_off(rig):
    """The next thing the client reads is the answer to its own ping."""
    broker = rig.fake()
    gateway = rig.gateway([broker], location="websocket_ping 0;", server="location /p { mqtt_pass brokers; "
                          "websocket_ping 200ms; }")  # fmt: skip
    quiet = rig.opened(gateway)
    clock = rig.peer(gateway)
    clock.open_mqtt(path="/p")
    for _ in range(4):
        assert clock.read_frame().opcode == PING
    quiet.send_frame(PING, b"mine")
    assert quiet.read_frame().opcode == PONG
