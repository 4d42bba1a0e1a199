#!/usr/bin/env bash
# Mosquitto 2.1.2 (Debian sid), its own WebSocket listener: a request that offers a list of subprotocols, "mqtt,
# mqttv3.1", is closed without any HTTP answer; "mqtt" alone gets 101. RFC 6455 §4.1 lets a client offer several and
# the server choose. A page that offers both works through a gateway that chooses, and fails at the broker's own
# listener without a reason.
#
# Seen on 2026-11-28:
#   mqtt: HTTP/1.1 101 Switching Protocols
#   mqtt, mqttv3.1: closed without a byte
#   mqttv3.1, mqtt: closed without a byte
. "$(dirname "$0")/lib.sh"

mosquitto 2.1.2-3 "protocol websockets"
python3 - "$port" <<'PYTHON'
import sys
from peer import *


def answer(protocols):
    try:
        return read_head(ask(int(sys.argv[1]), protocols)).split("\r\n")[0]
    except EOFError:
        return "closed without a byte"


saw("mqtt", answer("mqtt"), "HTTP/1.1 101 Switching Protocols")
saw("mqtt, mqttv3.1", answer("mqtt, mqttv3.1"), "closed without a byte")
saw("mqttv3.1, mqtt", answer("mqttv3.1, mqtt"), "closed without a byte")
PYTHON
