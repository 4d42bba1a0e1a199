#!/usr/bin/env bash
# paho-mqtt for Python, 2.2.0: a WebSocket Close from the server is answered with a Close, and nothing else happens.
# on_disconnect is not called, is_connected() stays true, and what is published next goes out in a frame after its own
# Close (RFC 6455 §5.5.1: no more data after a Close), until the TCP connection ends. A gateway has to end TCP right
# after its own Close, which RFC 6455 §7.1.1 asks of a server anyway. Where it, or a proxy in between, is slow to do
# so, the program believes to be connected and loses what it publishes.
#
# Seen on 2026-11-28:
#   the answer's opcode: 8
#   opcode of a frame after its own Close: 2
#   its MQTT packet: 32 06 00 01 61 00 01 78
#   is_connected(): True
#   on_disconnect before TCP ends: []
#   on_disconnect once TCP has ended: ['Unspecified error']
. "$(dirname "$0")/lib.sh"

python_with paho-mqtt==2.2.0
python - <<'PYTHON'
import threading
import time
import paho.mqtt.client as mqtt
from peer import *

ended, told = [], threading.Event()
listener = listen()
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="a", transport="websockets")
client.on_disconnect = lambda client, data, flags, reason, properties: (ended.append(str(reason)), told.set())
ready = threading.Event()
client.on_connect = lambda *arguments: ready.set()
client.connect_async(*listener.getsockname())
client.loop_start()
connection = accept(listener)
read_frame(connection)
connection.sendall(frame(BINARY, CONNACK))
ready.wait(10)
connection.sendall(frame(CLOSE, (1001).to_bytes(2, "big")))
saw("the answer's opcode", read_frame(connection)[0], CLOSE)
time.sleep(1)  # room for it to notice
client.publish("a", "x", qos=1)
opcode, _, packet = read_frame(connection)
saw("opcode of a frame after its own Close", opcode, BINARY)
saw("its MQTT packet", packet, bytes.fromhex("3206000161000178"))
saw("is_connected()", client.is_connected(), True)
saw("on_disconnect before TCP ends", list(ended), [])
connection.close()
told.wait(10)
client.disconnect()
client.loop_stop()
saw("on_disconnect once TCP has ended", ended[:1], ["Unspecified error"])
PYTHON
