#!/usr/bin/env bash
# RabbitMQ 4.3.6 (Debian sid), MQTT plugin: its CONNACK of MQTT 5 says that there are no shared subscriptions (property
# 2A is 0), but a SUBSCRIBE to "$share/group/t" is granted, where MQTT 5.0 §3.9.3 has 0x9E for a refusal. It is taken
# as a filter of that very name: nothing that is published to t comes. Programs that share work among several
# clients through any gateway see all in order, and get no message.
#
# Seen on 2026-11-28:
#   first property of the CONNACK: 2a 00
#   SUBACK: 90 04 00 01 00 00
#   after a PUBLISH to t: nothing, open
#   after a PUBLISH to $share/group/t: 30 12 00 0e 24 73 68 61 72 65 2f 67 72 6f 75 70 2f 74 00 78, open
. "$(dirname "$0")/lib.sh"

rabbitmq 4.3.6-1
python3 - "$port" <<'PYTHON'
import sys
from peer import *


def session(name):
    connection = dial(int(sys.argv[1]))
    connection.sendall(connect(name, 5, user="guest", password="guest"))
    return connection, read_packet(connection)


worker, connack = session("worker")
saw("first property of the CONNACK", connack[5:7], b"\x2a\0")
worker.sendall(subscribe("$share/group/t", 5))
saw("SUBACK", read_packet(worker), b"\x90\4\0\1\0\0")
publisher, _ = session("publisher")
for topic, delivered in (("t", "nothing"), ("$share/group/t", packet(0x30, text("$share/group/t") + b"\0x").hex(" "))):
    publisher.sendall(packet(0x30, text(topic) + b"\0x"))
    saw(f"after a PUBLISH to {topic}", after(worker, 2), f"{delivered}, open")
PYTHON
