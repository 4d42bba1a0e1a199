#!/usr/bin/env bash
# paho-mqtt for Python, 2.2.0 and 2.1.0: it answers a WebSocket Ping with a Pong that is not masked, and a Close with
# a Close that is not masked. RFC 6455 §5.1 wants every frame of a client masked, and a server to end a connection
# that brings one without. A gateway that pings and keeps to that rule throws such a client out at the first Ping, as
# soon as it has been idle.
#
# Seen on 2026-11-28:
#   2.2.0 Pong: 8a 03 61 62 63
#   2.2.0 Close: 88 02 03 e8
#   2.1.0 Pong: 8a 03 61 62 63
#   2.1.0 Close: 88 02 03 e8
. "$(dirname "$0")/lib.sh"

for version in 2.2.0 2.1.0; do
    python_with "paho-mqtt==$version"
    python - "$version" <<'PYTHON'
import sys
import paho.mqtt.client as mqtt
from peer import *

version = sys.argv[1]
listener = listen()
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="a", transport="websockets")
client.connect_async(*listener.getsockname())
client.loop_start()
connection = accept(listener)
read_frame(connection)
connection.sendall(frame(BINARY, CONNACK) + frame(PING, b"abc"))
saw(f"{version} Pong", exactly(connection, 5), b"\x8a\x03abc")
connection.sendall(frame(CLOSE, (1000).to_bytes(2, "big")))
saw(f"{version} Close", exactly(connection, 4), b"\x88\x02\x03\xe8")
client.disconnect()
connection.close()
client.loop_stop()
PYTHON
done
