"""permessage-deflate (RFC 7692): what is agreed on, messages both ways, and what breaks its rules."""

import zlib

import pytest

import fakebroker
import mqttbytes
from bytepeer import BINARY, CONTINUATION, PING, PONG, BytePeer, Frame, frame, request
from harness import eventually, resident_mebibytes
from mqttbytes import connack, connect, publish

ON = "websocket_deflate on;"
PLAIN = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
RSV1 = 4


def deflated(data, bits=15):
    """A message as a client without context takeover sends it, §7.2.1."""
    packer = zlib.compressobj(wbits=-bits)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


class DeflatePeer(BytePeer):
    """A client that has agreed on it: what comes compressed is inflated, each message for itself."""

    compressed = 0
    bits = 15

    def agree(self, offer="permessage-deflate; client_max_window_bits", path="/mqtt"):
        return self.upgrade(path, extra=[f"Sec-WebSocket-Extensions: {offer}"])["Sec-WebSocket-Extensions"]

    def send_deflated(self, data, **options):
        self.send_frame(BINARY, deflated(data), rsv=RSV1, **options)

    def send_mqtt(self, *packets):
        self.send_deflated(b"".join(packets))

    def read_frame(self):
        first = self.read_exactly(1)[0]
        self.buffer[:0] = bytes([first & ~0x40])
        received = super().read_frame()
        if first & 0x40:
            assert received.opcode == BINARY and received.fin
            plain = zlib.decompressobj(wbits=-self.bits).decompress(received.payload + b"\x00\x00\xff\xff")
            assert len(plain) > len(received.payload)
            self.compressed += 1
            return Frame(True, 0, BINARY, plain)
        return received


def deflate_peer(rig, gateway, **options):
    return rig.keep(DeflatePeer(gateway.address, **options))


def opened(rig, gateway, client_id="deflate", version=4):
    peer = deflate_peer(rig, gateway)
    assert peer.agree() == PLAIN
    peer.send_mqtt(connect(version, client_id))
    assert peer.read_packet()[:1] == b"\x20"
    return peer


# The handshake


@pytest.mark.parametrize(
    "offer, answer",
    [
        ("permessage-deflate", PLAIN),
        ("permessage-deflate; client_max_window_bits", PLAIN),
        ("PERMESSAGE-DEFLATE;CLIENT_MAX_WINDOW_BITS", PLAIN),
        ('permessage-deflate; client_max_window_bits="10"', PLAIN),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", PLAIN),
        ("permessage-deflate; server_max_window_bits=10", PLAIN + "; server_max_window_bits=10"),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", PLAIN),
        ("x-webkit-deflate-frame, permessage-deflate", PLAIN),
        ("permessage-deflate; server_max_window_bits=8", None),
        ("permessage-deflate; server_max_window_bits", None),
        ("permessage-deflate; server_max_window_bits=16", None),
        ("permessage-deflate; server_max_window_bits=010", None),
        ("permessage-deflate; client_max_window_bits=7", None),
        ("permessage-deflate; client_no_context_takeover=1", None),
        ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", None),
        ("permessage-deflate; surprise", None),
        ("permessage-deflate;", None),
        ("permessage-bzip2", None),
    ],
)
def test_offers(rig, offer, answer):
    gateway = rig.gateway([rig.fake()], location=ON)
    peer = deflate_peer(rig, gateway)
    assert peer.agree(offer) == answer


def test_off_by_default(rig):
    gateway = rig.gateway([rig.fake()])
    peer = deflate_peer(rig, gateway)
    assert peer.agree() is None
    peer.send_mqtt(connect(4, "c"))
    peer.expect_close(1002)


def test_a_client_without_it_gets_plain_frames(rig):
    gateway = rig.gateway([rig.fake(fakebroker.echo)], location=ON)
    peer = rig.opened(gateway)
    packet = publish("t", b"a" * 10_000)
    peer.send_mqtt(packet)
    assert peer.read_packet() == packet  # BytePeer refuses RSV bits


# Messages


@pytest.mark.parametrize("frames", ["packet", "packets", "stream"])
def test_both_ways(rig, frames):
    gateway = rig.gateway([rig.fake(fakebroker.echo)], location=f"{ON} websocket_frames {frames};")
    peer = opened(rig, gateway)
    sizes = (0, 1, 100, 125, 126, 255, 256, 300, 5_000, 8_192, 70_000, 1_000_000)
    for size in sizes:
        packet = publish("t", bytes(i % 7 + 65 for i in range(size)))
        peer.send_mqtt(packet)
        assert peer.read_packet() == packet, size
    noise = publish("t", rig.random.randbytes(5_000))
    peer.send_mqtt(noise)
    assert peer.read_packet() == noise
    assert peer.compressed >= 5
    peer.send_mqtt(mqttbytes.disconnect())
    peer.expect_close(1000)
    assert gateway.ended(mqtt_client_id="deflate")["packets_in"] == len(sizes) + 3


def test_cut_and_mixed(rig):
    """Fragments, pings between them, plain and compressed messages in turn, cut at every byte, and all in one piece."""
    gateway = rig.gateway([rig.fake(fakebroker.echo)], location=ON)
    packets = [publish("t", bytes([65 + n]) * (40 * n + 3)) for n in range(6)]
    parts = []
    for number, packet in enumerate(packets):
        data = deflated(packet)
        middle = len(data) // 2
        parts += [
            frame(BINARY, data, rsv=RSV1),
            frame(BINARY, packet),
            frame(BINARY, data[:middle], rsv=RSV1, fin=False) + frame(PING, b"x") + frame(CONTINUATION, data[middle:]),
            frame(BINARY, packet[:5], fin=False) + frame(CONTINUATION, packet[5:]),
            frame(BINARY, b"\x00", rsv=RSV1),  # an empty message, §7.2.3.6
            frame(BINARY, data[:middle], rsv=RSV1, fin=False) + frame(CONTINUATION, b"", fin=False)
            + frame(CONTINUATION, data[middle:], fin=False) + frame(CONTINUATION, b""),
        ]
    expected = [packet for packet in packets for _ in range(5)]
    stream = b"".join(parts)
    for size in (1, 2, 3, 7, 50, len(stream)):
        peer = opened(rig, gateway, f"cut{size}")
        peer.send_cut(stream, size)
        assert peer.read_packets(len(expected)) == expected, size
        peer.close()


def test_several_packets_in_a_message_and_one_in_several(rig):
    gateway = rig.gateway([rig.fake(fakebroker.echo)], location=ON)
    peer = opened(rig, gateway)
    packets = [publish("t", bytes([65 + n]) * 500) for n in range(20)]
    stream = b"".join(packets)
    peer.send_deflated(stream)
    assert peer.read_packets(20) == packets
    for start in range(0, len(stream), 777):
        peer.send_deflated(stream[start : start + 777])
    assert peer.read_packets(20) == packets


def test_a_smaller_window(rig):
    gateway = rig.gateway([rig.fake(fakebroker.echo)], location=ON)
    peer = deflate_peer(rig, gateway)
    peer.bits = 9  # zlib refuses distances beyond it
    peer.agree("permessage-deflate; server_max_window_bits=9")
    peer.send_mqtt(connect(4, "c"))
    assert peer.read_packet() == connack()
    packet = publish("t", rig.random.randbytes(400) * 20)
    peer.send_mqtt(packet)
    assert peer.read_packet() == packet and peer.compressed == 1


def test_the_smallest_message_that_is_compressed(rig):
    gateway = rig.gateway([rig.fake(fakebroker.echo)], location=f"{ON} websocket_deflate_min_length 1k;")
    peer = opened(rig, gateway)
    for size, count in ((900, 0), (1100, 1)):
        peer.send_mqtt(publish("t", b"a" * size))
        peer.read_packet()
        assert peer.compressed == count


def test_large_packets_that_come_in_pieces_go_plain(rig):
    packet = publish("t", b"a" * 3_000_000)
    gateway = rig.gateway([rig.fake(fakebroker.accept_then_send(packet))], location=ON)
    peer = opened(rig, gateway)
    assert peer.read_packet() == packet and peer.compressed == 0


# What breaks the rules


def test_a_bomb(rig):
    """It ends before it is inflated, and costs no memory."""
    gateway = rig.gateway([rig.fake()], location=f"{ON} mqtt_max_packet_size 2m;")
    bomb = deflated(publish("t", bytes(200_000_000)))
    before = resident_mebibytes(gateway.pid)
    peer = opened(rig, gateway, "bomb")
    peer.send_frame(BINARY, bomb, rsv=RSV1)
    peer.expect_close(1009)
    assert gateway.ended(mqtt_client_id="bomb")["status_reason"] == "packet_too_large"
    assert resident_mebibytes(gateway.pid) - before < 20


def test_a_bomb_of_small_packets(rig):
    """Each of them may be sent, all in one message are too much."""
    gateway = rig.gateway([rig.fake()], location=f"{ON} mqtt_max_packet_size 1k;")
    peer = opened(rig, gateway, "bomb")
    peer.send_deflated(publish("t", b"a" * 50) * 100_000)
    peer.expect_close(1009)
    assert gateway.ended(mqtt_client_id="bomb")["status_reason"] == "packet_too_large"


def test_a_compressed_message_that_does_not_end(rig):
    gateway = rig.gateway([rig.fake()], location=f"{ON} mqtt_max_packet_size 1k;")
    peer = opened(rig, gateway, "endless")
    peer.send_frame(BINARY, rig.random.randbytes(500_000), rsv=RSV1, fin=False)
    peer.send_frame(CONTINUATION, rig.random.randbytes(700_000), fin=False)
    peer.expect_close(1009)
    assert gateway.ended(mqtt_client_id="endless")["status_reason"] == "packet_too_large"


def test_a_bomb_before_the_connect(rig):
    gateway = rig.gateway([rig.fake()], location=ON)
    peer = deflate_peer(rig, gateway)
    peer.agree()
    peer.send_deflated(b"\x10\xff\xff\xff\x7f" + bytes(50_000_000))
    peer.read_close()
    peer.close()
    gateway.ended(status_reason="connect_too_large")


PACKET = deflated(publish("t", b"hello, hello, hello"))


@pytest.mark.parametrize(
    "data, code",
    [
        (frame(BINARY, PACKET[:-3], rsv=RSV1), 1007),
        (frame(BINARY, b"\x07\x00", rsv=RSV1), 1007),
        (frame(BINARY, PACKET, rsv=2), 1002),
        (frame(BINARY, PACKET, rsv=6), 1002),
        (frame(PING, b"", rsv=RSV1), 1002),
        (frame(BINARY, PACKET[:4], rsv=RSV1, fin=False) + frame(CONTINUATION, PACKET[4:], rsv=RSV1), 1002),
        (frame(1, PACKET, rsv=RSV1), 1003),
    ],
    ids=["cut off", "no DEFLATE", "RSV2", "RSV1 and 2", "ping", "continuation", "text"],
)
def test_broken(rig, data, code):
    gateway = rig.gateway([rig.fake()], location=ON)
    peer = opened(rig, gateway, "broken")
    peer.send(data)
    peer.expect_close(code)
    cause = "text_frame" if code == 1003 else "websocket_error"
    assert gateway.ended(mqtt_client_id="broken")["status_reason"] == cause


def test_bfinal(rig):
    """§7.2.3.4: a block that says it is the last, and one more."""
    gateway = rig.gateway([rig.fake(fakebroker.echo)], location=ON)
    peer = opened(rig, gateway)
    packet = publish("t", b"final " * 50)
    packer = zlib.compressobj(wbits=-15)
    peer.send_frame(BINARY, packer.compress(packet) + packer.flush(zlib.Z_FINISH) + b"\x00", rsv=RSV1)
    assert peer.read_packet() == packet


def test_keeps_nothing_between_messages(rig):
    """A window is 32 KiB a side: of 300 sessions that have used it nothing may be left."""
    gateway = rig.gateway([rig.fake(fakebroker.echo)], location=ON, worker_threads=1)
    packet = publish("t", b"abc" * 1000)
    sizes = []
    for round in range(2):
        for number in range(150):
            peer = opened(rig, gateway, f"{round}-{number}")
            peer.send_mqtt(packet)
            assert peer.read_packet() == packet
        sizes.append(resident_mebibytes(gateway.pid))
    assert sizes[1] - sizes[0] < 6, sizes


def test_what_waits_for_a_broker_is_bounded_as_it_would_be_without_compression(rig):
    """After a CONNECT that nobody has answered yet: 16 KiB that would become 16 MiB, from many clients."""
    gateway = rig.gateway([rig.fake(fakebroker.silent)], location=ON, worker_threads=1)
    before = resident_mebibytes(gateway.pid)
    peers = []
    for number in range(20):
        peer = deflate_peer(rig, gateway)
        peer.agree()
        peer.send_mqtt(connect(4, f"held{number}"))
        peer.send_deflated(bytes(16_000_000))
        peers.append(peer)
    eventually(lambda: len(gateway.access()) == len(peers), "each session has ended")
    assert {line["websocket_close_code"] for line in gateway.access()} == {1009}
    assert resident_mebibytes(gateway.pid) < before + 30
