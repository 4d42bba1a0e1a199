#!/usr/bin/env bash
# paho-mqtt for Python, 2.1.0: it drops the reason code of a DISCONNECT of MQTT 5 unless more than two bytes follow
# its head. So both forms without a property (MQTT 5.0 §3.14.2: a reason code alone, or with an empty property length)
# tell the program "Normal disconnection"; with a property, a Reason String for example, it is right. 2.2.0 is always
# right. To these clients a server that says no more than "shutting down" looks as if all were well.
#
# Seen on 2026-11-28:
#   2.1.0 at e0 01 8b: Normal disconnection
#   2.1.0 at e0 02 8b 00: Normal disconnection
#   2.1.0 at e0 06 8b 04 1f 00 01 78: Server shutting down
#   2.2.0 at e0 01 8b: Server shutting down
#   2.2.0 at e0 02 8b 00: Server shutting down
#   2.2.0 at e0 06 8b 04 1f 00 01 78: Server shutting down
. "$(dirname "$0")/lib.sh"

for version in 2.1.0 2.2.0; do
    python_with "paho-mqtt==$version"
    python - "$version" <<'PYTHON'
import sys
import threading
import paho.mqtt.client as mqtt
from peer import *

version = sys.argv[1]


def reason(disconnect):
    """What on_disconnect is told when a server sends `disconnect`."""
    told, event = [], threading.Event()
    listener = listen()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="a", protocol=mqtt.MQTTv5)
    client.on_disconnect = lambda client, data, flags, reason, properties: (told.append(str(reason)), event.set())
    client.connect_async(*listener.getsockname())
    client.loop_start()
    connection, _ = listener.accept()
    read_packet(connection)
    connection.sendall(bytes.fromhex("2003000000") + disconnect)
    event.wait(10)
    client.disconnect()
    connection.close()
    client.loop_stop()
    return told[0]


right, wrong = "Server shutting down", "Normal disconnection"
for bytes_, expected in (
    ("e0018b", wrong if version == "2.1.0" else right),
    ("e0028b00", wrong if version == "2.1.0" else right),
    ("e0068b041f000178", right),
):
    disconnect = bytes.fromhex(bytes_)
    saw(f"{version} at {disconnect.hex(' ')}", reason(disconnect), expected)
PYTHON
done
