"""What the internet sends: the gateway survives it, gives every descriptor back and keeps its memory flat."""

import socket
import ssl
import time

import pytest

import harness
import mqttbytes
from bytepeer import BINARY, CONTINUATION, PING, BytePeer, frame, request
from harness import IS_SANITIZED, SEED, eventually
from mqttbytes import connect, publish, subscribe

FLAT = 250 if IS_SANITIZED else 24


class Balance:
    """Descriptors and memory of a gateway before and after."""

    def __init__(self, gateway):
        self.gateway = gateway
        # It listens before its loops are up: only then does it hold all that it will.
        eventually(lambda: "sluice is running" in gateway.output(), "the gateway runs")
        self.sockets = harness.sockets(gateway.pid)
        self.descriptors = harness.descriptors(gateway.pid)
        self.memory = harness.resident_mebibytes(gateway.pid)

    def check(self, memory=FLAT):
        pid = self.gateway.pid
        before = (self.sockets, self.descriptors)
        eventually(
            # Fewer are right, too: a gateway that has just begun to listen still holds what it reads to start.
            lambda: harness.sockets(pid) <= self.sockets and harness.descriptors(pid) <= self.descriptors,
            lambda: f"at most {before} sockets and descriptors, not {harness.sockets(pid)} and {harness.descriptors(pid)}",
            timeout=harness.DEADLINE * 2,
        )
        growth = harness.resident_mebibytes(pid) - self.memory
        assert growth < memory, f"the memory grew by {growth:.1f} MiB"


def quietly(action):
    """The gateway may close at any time: that is no failure."""
    try:
        return action()
    except (OSError, AssertionError):
        return None


def warmed(rig, gateway):
    """A session there and back, so that what is allocated once is there."""
    peer = rig.opened(gateway)
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    gateway.ended(status_reason="client_disconnect")
    return Balance(gateway)


def still_serves(rig, gateway, broker):
    peer = rig.opened(gateway, client_id="after-all-that")
    peer.subscribe("alive")
    message = publish("alive", "yes")
    peer.send_mqtt(message)
    assert peer.read_packet() == message
    peer.close()


PHASES = ["connected", "upgraded", "open", "TLS"]


@pytest.mark.parametrize("phase", PHASES)
def test_garbage(rig, phase):
    broker = rig.mosquitto()
    gateway = rig.tls_gateway([broker])
    balance = warmed(rig, gateway)
    for _ in range(150):
        peer = BytePeer(gateway.tls_address if phase == "TLS" else gateway.address)
        if phase == "upgraded":
            peer.upgrade()
        elif phase == "open":
            peer.open_mqtt()
        quietly(lambda peer=peer: peer.send(rig.random.randbytes(rig.random.randrange(1, 20_000))))
        quietly(peer.half_close)
        quietly(peer.read_to_end)
        peer.close()
    balance.check()
    still_serves(rig, gateway, broker)


@pytest.mark.parametrize("broker_mode", ["real", "stand-in"])
def test_mutated_sessions(rig, broker_mode):
    """A good session with bytes changed, dropped, doubled and cut, from a seed that the run's header names."""
    broker = rig.mosquitto() if broker_mode == "real" else rig.fake()
    gateway = rig.gateway([broker])
    balance = warmed(rig, gateway)
    stream = (
        request() + frame(BINARY, connect(5, "mutant", username="u", password="p", will=("w", "x")))
        + frame(BINARY, subscribe("t", version=5), fin=False) + frame(PING, b"ping")
        + frame(CONTINUATION, publish("t", "hello", version=5, qos=1))
        + frame(BINARY, publish("t", bytes(300), version=5))
        + frame(BINARY, mqttbytes.disconnect(5, 4))
    )  # fmt: skip
    for _ in range(1000):
        data = bytearray(stream)
        # Some leave the request as it is, so that the deeper layers are reached.
        first = 0 if rig.random.random() < 0.2 else len(request())
        for _ in range(rig.random.randrange(1, 5)):
            place = rig.random.randrange(first, len(data))
            change = rig.random.randrange(4)
            if change == 0:
                data[place] = rig.random.randrange(256)
            elif change == 1:
                data[place] ^= 1 << rig.random.randrange(8)
            elif change == 2:
                del data[place : place + rig.random.randrange(1, 9)]
            else:
                data[place:place] = data[place : place + rig.random.randrange(1, 9)]
        peer = BytePeer(gateway.address)
        cut = rig.random.randrange(1, len(data))
        quietly(lambda peer=peer, data=data, cut=cut: (peer.send(data[:cut]), peer.send(data[cut:])))
        quietly(peer.half_close)
        quietly(peer.read_to_end)
        peer.close()
        assert gateway.process.is_running, f"seed {SEED}"
    balance.check()
    rig.opened(gateway)


def test_hostile_broker(rig):
    """Mutated answers of a broker: no less bytes from outside than a client's."""
    answer = (
        mqttbytes.connack(5, properties=b"\x13\x00\x1e\x12\x00\x03abc") + publish("t", bytes(5000), version=5)
        + publish("t", "x", version=5) + b"\xd0\x00" + bytes([0xE0, 2, 0x8B, 0])
    )  # fmt: skip

    def mutate(connection):
        if connection.read_packet() is None:
            return
        data = bytearray(answer)
        for _ in range(rig.random.randrange(0, 4)):
            data[rig.random.randrange(min(60, len(data)))] = rig.random.randrange(256)
        cut = rig.random.randrange(1, 40)
        connection.send(data[:cut])
        connection.send(data[cut:])

    gateway = rig.gateway([rig.fake(mutate)], location="upstream_connack_timeout 1s; upstream_tries 1;")
    balance = Balance(gateway)
    for _ in range(600):
        peer = BytePeer(gateway.address)
        peer.upgrade()
        peer.send_mqtt(connect(5, "victim"))
        quietly(peer.read_to_end)
        peer.close()
    balance.check()


def test_slow_loris(rig):
    """Heads that never end: each is ended by the time limit, and others are served meanwhile."""
    broker = rig.mosquitto()
    gateway = rig.gateway([broker], server="client_header_timeout 1s;")
    balance = warmed(rig, gateway)
    slow = [BytePeer(gateway.address) for _ in range(300)]
    for peer in slow:
        peer.send(b"GET /mqtt HTTP/1.1\r\nX-Slow: ")
    still_serves(rig, gateway, broker)
    for peer in slow:
        assert peer.response().status == 408
        peer.close()
    balance.check()


def test_thousands_of_connects_and_resets(rig):
    gateway = rig.gateway([rig.fake()])
    balance = warmed(rig, gateway)
    stages = [b"", b"GET /mqtt", request(), request() + frame(BINARY, connect(4, "brief"))]
    for index in range(4000):
        peer = BytePeer(gateway.address)
        data = stages[index % len(stages)]
        if data:
            quietly(lambda peer=peer, data=data: peer.send(data))
        quietly(peer.reset) if index % 3 else peer.close()
    balance.check()
    rig.opened(gateway)


def test_thousands_of_sessions(rig):
    """The memory of a session is given back."""
    gateway = rig.gateway([rig.fake()])
    balance = warmed(rig, gateway)
    for index in range(1500):
        peer = BytePeer(gateway.address)
        peer.open_mqtt(client_id=f"client{index}")
        peer.close()
    balance.check()


def test_tls_handshakes_broken_off(rig):
    gateway = rig.tls_gateway([rig.fake()])
    rig.peer(gateway, tls=True).open_mqtt()
    balance = Balance(gateway)
    hello = client_hello(rig)
    for index in range(400):
        peer = BytePeer(gateway.tls_address)
        if index % 2:
            peer.send(hello[: rig.random.randrange(1, len(hello))])
            peer.reset()
        else:
            peer.send(hello)
            assert peer.fill(), "no ServerHello"
            peer.close()
    balance.check()
    rig.peer(gateway, tls=True).open_mqtt()


def client_hello(rig):
    outgoing = ssl.MemoryBIO()
    tls = rig.certificate.client_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def test_descriptor_limit_and_recovery(rig):
    """At the limit connections wait or are closed; the process neither spins nor dies, and recovers."""
    broker = rig.mosquitto()
    gateway = rig.gateway([broker], main="worker_rlimit_nofile 64;")
    balance = warmed(rig, gateway)
    crowd = [socket.create_connection(gateway.address, harness.DEADLINE) for _ in range(200)]
    eventually(lambda: harness.descriptors(gateway.pid) >= 60, "the limit reached")
    before = harness.cpu_seconds(gateway.pid)
    settled = time.monotonic() + 1
    eventually(lambda: time.monotonic() >= settled, "a second at the limit", interval=0.1)
    assert harness.cpu_seconds(gateway.pid) - before < 0.5 * harness.PATIENCE, "the gateway spins at the limit"
    for connection in crowd:
        connection.close()
    balance.check()
    still_serves(rig, gateway, broker)


def test_request_smuggled_behind_a_refusal_is_not_served(rig):
    """Nothing is read after a request that was refused."""
    broker = rig.fake()
    gateway = rig.gateway([broker])
    peer = rig.peer(gateway)
    peer.send(request(path="/none") + request() + frame(BINARY, connect(4, "smuggled")))
    assert peer.response().status == 404
    peer.expect_end()
    gateway.ended_count(1)
    assert broker.connections == []


def test_endless_empty_frames_and_tiny_fragments(rig):
    """Cheap for the sender, so they must be cheap for the gateway."""
    broker = rig.fake()
    gateway = rig.gateway([broker])
    balance = warmed(rig, gateway)
    peer = rig.opened(gateway, client_id="tiny")
    for _ in range(20):
        peer.send(frame(BINARY, b"") * 5000)
    packet = publish("t", bytes(3000))
    peer.send(frame(BINARY, packet[:1], fin=False) + b"".join(frame(CONTINUATION, packet[i : i + 1], fin=False)
              for i in range(1, len(packet) - 1)) + frame(CONTINUATION, packet[-1:]))  # fmt: skip
    broker.received(connect(4, "tiny") + packet, 1)
    peer.close()
    balance.check()


def test_client_that_never_reads_pongs(rig):
    """Pings without end from a client that reads nothing must not fill the memory."""
    gateway = rig.gateway([rig.fake()])
    balance = warmed(rig, gateway)
    peer = rig.peer(gateway, receive_buffer=4096)
    peer.open_mqtt(client_id="deaf")
    peer.socket.settimeout(0.5)
    quietly(lambda: [peer.send(frame(PING, b"x" * 125) * 1000) for _ in range(300)])
    assert harness.resident_mebibytes(gateway.pid) - balance.memory < FLAT
    peer.reset()
    balance.check()
