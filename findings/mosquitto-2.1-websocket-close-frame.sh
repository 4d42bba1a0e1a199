#!/usr/bin/env bash
# Mosquitto 2.1.2 (Debian sid), its own WebSocket listener: a client's Close frame is not answered and does not end
# the session (RFC 6455 §5.5.1 wants a Close in answer). It stays, and with it the Will, until TCP ends or the keep
# alive is over. A browser whose page closes waits for that answer and keeps TCP open for it, for many seconds: so
# long the broker has the client as connected. Behind a gateway that answers, the Will comes at once.
#
# Seen on 2026-11-28:
#   CONNACK: 20 02 00 00
#   answer to Close: nothing, open
#   the Will, after as long: nothing, open
#   the Will, once TCP has ended: 30 07 00 04 77 69 6c 6c 78, open
. "$(dirname "$0")/lib.sh"

mosquitto 2.1.2-3 "protocol websockets" "listener 0 $WORK/plain.sock" "allow_anonymous true"
python3 - "$port" <<'PYTHON'
import socket
import sys
from peer import *

watcher = socket.socket(socket.AF_UNIX)
watcher.connect("plain.sock")
watcher.sendall(connect("watcher") + subscribe("will"))
read_packet(watcher)
read_packet(watcher)

client = ask(int(sys.argv[1]), "mqtt")
read_head(client)
with_will = text("MQTT") + bytes([4, 6, 0, 60]) + text("a") + text("will") + text("x")
client.sendall(frame(BINARY, packet(0x10, with_will), masked=True))
saw("CONNACK", read_frame(client)[2], CONNACK)
client.sendall(frame(CLOSE, (1000).to_bytes(2, "big"), masked=True))
saw("answer to Close", after(client, 3), "nothing, open")
saw("the Will, after as long", after(watcher, 0.2), "nothing, open")
client.close()
saw("the Will, once TCP has ended", after(watcher, 3), "30 07 00 04 77 69 6c 6c 78, open")
PYTHON
