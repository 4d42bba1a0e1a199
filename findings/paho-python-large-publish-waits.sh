#!/usr/bin/env bash
# paho-mqtt for Python, 2.2.0, over WebSocket without TLS: of a PUBLISH that is larger than what the socket takes at
# once, the end stays in the client until it sends its next packet; and that next packet is lost, an empty message
# comes in its place. So a large message comes late, a small one after it never, and where the next packet is the
# PINGREQ of the keep alive no PINGRESP comes and the client ends the session. 1 MiB passes here, 5 MiB does not; a
# gateway can do nothing about it.
#
# Seen on 2026-11-28:
#   3 s after a PUBLISH of 5 MiB: the end is missing
#   want_write(): False
#   after a second PUBLISH: the first is whole, then a message of 0 bytes
#   after a third: 30 04 00 01 63 78
. "$(dirname "$0")/lib.sh"

python_with paho-mqtt==2.2.0
python - <<'PYTHON'
import threading
import paho.mqtt.client as mqtt
from peer import *

SIZE = 5 << 20
listener = listen()
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="a", transport="websockets")
ready = threading.Event()
client.on_connect = lambda *arguments: ready.set()
client.connect_async(*listener.getsockname())
client.loop_start()
connection = accept(listener)
read_frame(connection)
connection.sendall(frame(BINARY, CONNACK))
ready.wait(10)

client.publish("a", bytes(SIZE))
head = exactly(connection, 14)
left = int.from_bytes(head[2:10], "big")
connection.settimeout(3)
try:
    while left:
        left -= len(connection.recv(min(left, 1 << 20)))
except TimeoutError:
    pass
saw("3 s after a PUBLISH of 5 MiB", "the end is missing" if left else "all of it came", "the end is missing")
saw("want_write()", client.want_write(), False)
client.publish("b", b"x")
exactly(connection, left)
message = read_frame(connection)[2]
saw("after a second PUBLISH", f"the first is whole, then a message of {len(message)} bytes",
    "the first is whole, then a message of 0 bytes")
client.publish("c", b"x")
saw("after a third", read_frame(connection)[2], publish("c", b"x"))
connection.close()
client.disconnect()
client.loop_stop()
PYTHON
