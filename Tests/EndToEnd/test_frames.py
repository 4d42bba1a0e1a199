"""`websocket_frames`: how MQTT packets meet WebSocket messages towards the client."""

import signal

import pytest

import harness
import mqttbytes
from bytepeer import BINARY, PING, PONG
from fakebroker import accept_then_send
from harness import DEADLINE, eventually
from mqttbytes import publish


def some_packets(rig, count=400):
    sizes = [rig.random.choice([0, 1, 10, 100, 120, 126, 130, 1000, 4000, 4200, 20_000]) for _ in range(count)]
    return [publish("t", rig.random.randbytes(size)) for size in sizes]


def check_messages(peer, mode):
    """Every message is one frame; `packet`: with one packet in it, `packets`: with whole ones."""
    for received in peer.frames:
        assert received.opcode == BINARY and received.fin, "a message in fragments"
        if mode != "stream":
            whole, rest = mqttbytes.split(received.payload)
            assert rest == b"", "a message that ends inside a packet"
            assert len(whole) == 1 if mode == "packet" else len(whole) >= 1


@pytest.mark.parametrize("mode", ["packet", "packets", "stream"])
def test_frames(rig, mode):
    """packet: exactly one packet in each message. packets: whole ones. stream: any cut. All of them: the same bytes."""
    packets = some_packets(rig)
    broker = rig.fake(accept_then_send(b"".join(packets)))
    peer = rig.opened(rig.gateway([broker], location=f"websocket_frames {mode};"))
    assert peer.read_packets(len(packets)) == packets
    check_messages(peer, mode)


@pytest.mark.parametrize("mode", ["packet", "packets", "stream"])
def test_frames_when_the_broker_writes_odd_pieces(rig, mode):
    """users.md 6: packets that a read cuts in two still reach the client whole."""
    packets = some_packets(rig, 150)
    stream = b"".join(packets)
    pieces, position = [], 0
    while position < len(stream):
        size = rig.random.choice([1, 2, 3, 50, 1000, 5000, 30_000])
        pieces.append(stream[position : position + size])
        position += size
    peer = rig.opened(rig.gateway([rig.fake(accept_then_send(*pieces))], location=f"websocket_frames {mode};"))
    assert peer.read_packets(len(packets)) == packets
    check_messages(peer, mode)


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_by_default_each_packet_is_one_frame(rig, tls):
    """Paho C takes the first packet of a message and no fragments. Borders of WebSocket lengths, two packets in one
    read, and 16 MB."""
    sizes = [125, 126, 127, 128, 65_535, 65_536, 65_537, 16_000_000]
    packets = [publish("t", bytes(5)), publish("t", bytes(6))]
    packets += [packet for size in sizes for packet in (mqttbytes.publish_of(size), b"\xd0\x00")]
    broker = rig.fake(accept_then_send(b"".join(packets)))
    gateway = rig.tls_gateway([broker])
    peer = rig.peer(gateway, tls=tls)
    peer.open_mqtt()
    assert peer.read_packets(len(packets)) == packets
    check_messages(peer, "packet")
    assert [len(received.payload) for received in peer.frames[1:]] == [len(packet) for packet in packets]


def halved(packet, at, on_pingreq=False):
    """A broker that sends `packet` in two halves: the second when it is released, or when its client has sent PINGREQ."""

    def behaviour(connection):
        connection.accept_connect()
        connection.send(packet[:at])
        if on_pingreq:
            connection.read_packet()
        else:
            connection.released.wait(DEADLINE)
        connection.send(packet[at:])
        connection.drain()

    return behaviour


@pytest.mark.parametrize("mode", ["packet", "packets"])
def test_packet_in_pieces_is_one_frame_of_its_length(rig, mode):
    """It is never held: its beginning is there before its end is sent. A pong cannot pass inside a frame (RFC 6455 §5.2):
    the latest comes right behind it."""
    packet = publish("t", rig.random.randbytes(3_000_000))
    broker = rig.fake(halved(packet, 1_500_000, on_pingreq=True))
    peer = rig.opened(rig.gateway([broker], location=f"websocket_frames {mode};"))
    head = b"\x82\x7f" + len(packet).to_bytes(8, "big")
    assert peer.read_exactly(len(head) + 1_500_000) == head + packet[:1_500_000]
    peer.send_frame(PING, b"first")
    peer.send_frame(PING, b"latest")
    peer.send_mqtt(mqttbytes.PINGREQ)  # behind the pings
    assert peer.read_exactly(len(packet) - 1_500_000) == packet[1_500_000:]
    answer = peer.read_frame()
    assert (answer.opcode, answer.payload) == (PONG, b"latest")


def test_broker_lost_inside_a_packet(rig):
    """No Close can be said inside a frame: the connection ends, and the log says why."""
    packet = publish("t", bytes(1000))

    def half(connection):
        connection.accept_connect()
        connection.send(packet[:500])

    gateway = rig.gateway([rig.fake(half)])
    peer = rig.opened(gateway, 5)
    assert peer.read_to_end() == b"\x82\x7e" + len(packet).to_bytes(2, "big") + packet[:500]
    assert not peer.was_reset
    assert gateway.ended_count(1)[0]["status_reason"] == "broker_lost"


@pytest.mark.parametrize("version", [4, 5])
def test_drain_inside_a_packet_waits_for_its_end(rig, version):
    """What the gateway wants it can put off: the client gets the whole packet, then is told."""
    packet = publish("t", rig.random.randbytes(1_000_000), version=version)
    broker = rig.fake(halved(packet, 400_000))
    gateway = rig.gateway([broker], main="worker_shutdown_timeout 1ms;")
    peer = rig.opened(gateway, version)
    head = b"\x82\x7f" + len(packet).to_bytes(8, "big")
    assert peer.read_exactly(len(head) + 400_000) == head + packet[:400_000]
    gateway.send_signal(signal.SIGQUIT)
    eventually(lambda: not harness.is_listening(gateway.port), "the listener closed")
    broker.connections[0].released.set()
    assert peer.read_exactly(len(packet) - 400_000) == packet[400_000:]
    peer.expect_close(1001, before=mqttbytes.goodbye(0x8B, "server shutting down") if version == 5 else b"")
    assert gateway.process.wait() == 0
    assert gateway.access()[0]["status_reason"] == "drained"
