#!/usr/bin/env bash
# Mosquitto 2.1.2 (Debian sid), enable_proxy_protocol: headers without addresses are refused. Version 2 with command
# LOCAL or family UNSPEC, and version 1 with UNKNOWN, get a reset, though the protocol's text (§2.1, §2.2) has a
# receiver take them, as a proxy's health check and a client of a unix socket have no addresses to tell. So a proxy's
# own checks fail while its clients' connections work, unless they name some address.
#
# Seen on 2026-11-28:
#   v2 PROXY with addresses: 20 02 00 00, open
#   v2 LOCAL with addresses: 20 02 00 00, open
#   v2 LOCAL without: nothing, reset
#   v2 PROXY, UNSPEC: nothing, reset
#   v1 TCP4: 20 02 00 00, open
#   v1 UNKNOWN: nothing, reset
. "$(dirname "$0")/lib.sh"

mosquitto 2.1.2-3 "enable_proxy_protocol 2" "listener 0 $WORK/v1.sock" "allow_anonymous true" "enable_proxy_protocol 1"
python3 - "$port" <<'PYTHON'
import socket
import sys
from peer import *

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")
ADDRESSES = bytes([127, 0, 0, 1, 127, 0, 0, 1, 0, 1, 0, 2])


def answer(connection, header):
    connection.sendall(header + connect("a"))
    return after(connection, 3)


def version_2(command, family, addresses=b""):
    return answer(dial(int(sys.argv[1])), SIGNATURE + bytes([command, family, 0, len(addresses)]) + addresses)


def version_1(line):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect("v1.sock")
    return answer(connection, line)


ACCEPTED, REFUSED = "20 02 00 00, open", "nothing, reset"
saw("v2 PROXY with addresses", version_2(0x21, 0x11, ADDRESSES), ACCEPTED)
saw("v2 LOCAL with addresses", version_2(0x20, 0x11, ADDRESSES), ACCEPTED)
saw("v2 LOCAL without", version_2(0x20, 0), REFUSED)
saw("v2 PROXY, UNSPEC", version_2(0x21, 0), REFUSED)
saw("v1 TCP4", version_1(b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"), ACCEPTED)
saw("v1 UNKNOWN", version_1(b"PROXY UNKNOWN\r\n"), REFUSED)
PYTHON
