#!/usr/bin/env bash
# aMQTT 0.12.1 (PyPI), broker: a second client with the client id of a connected one does not end the first (MQTT
# 3.1.1 [MQTT-3.1.4-2] wants that). The first stays connected and gets PINGRESP, but no further message. Behind a
# gateway, too, a page that comes back after a broken network leaves its old session beside the new one until the old
# one's keep alive is over; and two clients with one id by mistake are not noticed.
#
# Seen on 2026-11-28:
#   CONNACK of the second: 20 02 00 00
#   the first, after its PINGREQ: d0 00, open
#   the second, after a PUBLISH to its topic: 30 04 00 01 61 78, open
#   the first, after the same: nothing, open
. "$(dirname "$0")/lib.sh"

python_with amqtt==0.12.1
port=$(free_port)
cat >broker.yaml <<YAML
listeners:
  default: { type: tcp, bind: "127.0.0.1:$port" }
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin: { allow_anonymous: true }
YAML
start broker.log amqtt -c broker.yaml
listening "$port"
python - "$port" <<'PYTHON'
import sys
from peer import *

port = int(sys.argv[1])


def session():
    connection = dial(port)
    connection.sendall(connect("same"))
    connack = read_packet(connection)
    connection.sendall(subscribe("a"))
    read_packet(connection)
    return connection, connack


first, _ = session()
second, connack = session()
saw("CONNACK of the second", connack, CONNACK)
first.sendall(b"\xc0\0")
saw("the first, after its PINGREQ", after(first, 2), "d0 00, open")
third = dial(port)
third.sendall(connect("third") + publish("a", b"x"))
saw("the second, after a PUBLISH to its topic", after(second, 2), "30 04 00 01 61 78, open")
saw("the first, after the same", after(first, 2), "nothing, open")
PYTHON
