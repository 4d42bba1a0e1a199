#!/usr/bin/env bash
# Paho C 1.3.12 (Debian 12), over WebSocket: of two MQTT packets in one WebSocket message it handles the first. The
# second waits in its buffer until more bytes come, whatever they are. MQTT 5.0 §6 (3.1.1, too) has a receiver take
# several packets in a message. A server or gateway that collects packets into one message brings this client's
# messages late, by as long as the connection is quiet; with one packet a message none waits.
#
# Seen on 2026-11-28:
#   one message, two packets: one
#   then a Ping: one, two
#   then two messages, a packet each: one, two, three, four
. "$(dirname "$0")/lib.sh"

debian bookworm paho.mqtt.c-examples=1.3.12-1
python3 - <<'PYTHON'
import subprocess
import threading
import time
from peer import *

listener = listen()
address = f"ws://127.0.0.1:{listener.getsockname()[1]}/mqtt"
command = ["bash", "-c", 'unpacked usr/bin/paho_c_sub_static -t a -c "$0"', address]
client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
got = []
threading.Thread(target=lambda: [got.append(line.strip()) for line in client.stdout], daemon=True).start()


def after_sending(data):
    """The messages that the client has printed 3 seconds later."""
    connection.sendall(data)
    time.sleep(3)
    return ", ".join(got)


try:
    connection = accept(listener)
    read_frame(connection)
    connection.sendall(frame(BINARY, CONNACK))
    _, _, request = read_frame(connection)
    connection.sendall(frame(BINARY, b"\x90\x03" + request[2:4] + b"\0"))
    saw("one message, two packets", after_sending(frame(BINARY, publish("a", b"one") + publish("a", b"two"))), "one")
    saw("then a Ping", after_sending(frame(PING)), "one, two")
    each = frame(BINARY, publish("a", b"three")) + frame(BINARY, publish("a", b"four"))
    saw("then two messages, a packet each", after_sending(each), "one, two, three, four")
finally:
    client.kill()
PYTHON
