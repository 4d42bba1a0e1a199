"""What connections of a loop share: the room in which frames are gathered, and the time for compressed messages."""

import signal
import subprocess
import zlib

import pytest

import fakebroker
import mqttbytes
from bytepeer import BINARY
from h2client import Client, ws
from harness import eventually
from operator_side import OperatorSide
from reloads import reload


@pytest.mark.parametrize("end", ["kick", "drain"])
def test_an_end_in_the_middle_of_a_packet(rig, end):
    """The end waits for the rest of a large packet, which leaves past what is put off; a client of another connection, whose
    message comes in the same turn, gets its own bytes only."""
    broker = rig.fake(fakebroker.serve)
    side = OperatorSide(rig, [broker], worker_threads=1, main="worker_shutdown_timeout 1ms;")
    first, second = rig.keep(Client(side.gateway.port)), rig.keep(Client(side.gateway.port))
    one, beside, victim = first.mqtt("one"), first.mqtt("beside"), second.mqtt("victim")
    brokers = {mqttbytes.client_id(each.packets()[0]): each for each in broker.connections}
    packet = mqttbytes.publish("t", b"SECRET" * 4000, version=5)
    brokers["one"].send(packet[:2000])
    one.wait(lambda stream: stream.size >= 2000, "the first part")
    if end == "kick":
        (it,) = side.connections("?client_id=one")
        side.ask("DELETE", f"/api/connections/{it['id']}")
    else:
        brokers["victim"].send(packet[:2000])
        victim.wait(lambda stream: stream.size >= 2000, "the first part")
        side.gateway.send_signal(signal.SIGQUIT)
        eventually(lambda: "draining" in side.gateway.output(), "the drain")
    side.gateway.freeze()
    brokers["one"].send(packet[2000:])
    mine = mqttbytes.publish("t", b"mine", version=5) if end == "kick" else packet[2000:].replace(b"SECRET", b"public")
    brokers["victim"].send(mine)
    side.gateway.thaw()
    tail = mine[-4:] if end == "kick" else b"public"
    victim.wait(lambda stream: tail in bytes(stream.data), "its own message")
    got = bytes(victim.data)
    assert got.count(b"SECRET") <= (0 if end == "kick" else 2000 // 6 + 1)
    one.wait(lambda stream: bytes(stream.data).count(b"SECRET") >= 3990, "the rest of the packet")


def test_compressed_messages_of_many_streams(rig):
    """Each becomes a thousand times as large. They have a share of each turn; all arrive, whole and in order."""
    broker = rig.fake(fakebroker.serve)
    gateway = rig.gateway([broker], worker_threads=1, location="websocket_deflate on;")
    client = rig.keep(Client(gateway.port))
    offer = ("sec-websocket-extensions", "permessage-deflate")
    streams = [client.mqtt(f"c{index}", "/mqtt", offer) for index in range(6)]
    engine = zlib.compressobj(9, wbits=-15)
    packet = mqttbytes.publish("t", bytes(5_000_000), version=5)
    small = mqttbytes.publish("last", b"word", version=5)
    message = bytearray(ws(BINARY, (engine.compress(packet) + engine.flush(zlib.Z_SYNC_FLUSH))[:-4]))
    message[0] |= 0x40
    for _ in range(2):
        for stream in streams:
            client.h2.send_data(stream.number, bytes(message))
    for stream in streams:
        client.h2.send_data(stream.number, ws(BINARY, small))
    client.flush()
    for each in broker.connections:
        eventually(lambda: len(each.packets()) >= 4, lambda: f"{len(each.packets())} packets", timeout=60)
        assert [len(one) for one in each.packets()[1:]] == [len(packet), len(packet), len(small)]


def test_renegotiation_stays_off_whatever_a_command_says(rig):
    gateway = rig.tls_gateway(
        [rig.fake()], server="ssl_conf_command Options -NoRenegotiation,ClientRenegotiation;"
    )
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.tls_port}", "-tls1_2"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        reload(gateway)
        process.stdin.write(b"R\n")
        process.stdin.flush()
        output = process.communicate(timeout=20)[0].decode(errors="replace")
    finally:
        process.kill()
    assert "RENEGOTIATING" in output and "no renegotiation" in output, output[-2000:]
