#!/usr/bin/env bash
# RabbitMQ 4.3.6 (Debian sid), MQTT plugin: a CONNECT with a wrong password, an unknown user or no password is refused
# only 3 seconds later; a good one is answered at once. A health check or a client that waits 3 seconds or less gives up
# first, and takes a wrong password for a broker that hangs. Limits for the CONNACK have to be above 3 seconds.
#
# Seen on 2026-11-28:
#   guest, 3.1.1: 20 02 00 00, at once
#   guest, wrong password, 3.1.1: 20 02 00 04, after 3.0 s
#   guest, wrong password, 5: 20 03 00 86 00, after 3.0 s
#   nobody, wrong password, 3.1.1: 20 02 00 04, after 3.0 s
#   guest, no password, 3.1.1: 20 02 00 04, after 3.0 s
. "$(dirname "$0")/lib.sh"

rabbitmq 4.3.6-1
python3 - "$port" <<'PYTHON'
import sys
import time
from peer import *


def answer(level, user, password):
    began = time.monotonic()
    connection = dial(int(sys.argv[1]))
    connection.sendall(connect("a", level, user=user, password=password))
    packet = read_packet(connection).hex(" ")
    seconds = time.monotonic() - began
    # Only 3.0 to 3.4 is the 3 seconds that this is about; a slow machine may take long over an answer "at once".
    return f"{packet}, {'at once' if seconds < 2 else 'after 3.0 s' if 3 <= seconds < 3.5 else f'after {seconds:.1f} s'}"


saw("guest, 3.1.1", answer(4, "guest", "guest"), "20 02 00 00, at once")
saw("guest, wrong password, 3.1.1", answer(4, "guest", "wrong"), "20 02 00 04, after 3.0 s")
saw("guest, wrong password, 5", answer(5, "guest", "wrong"), "20 03 00 86 00, after 3.0 s")
saw("nobody, wrong password, 3.1.1", answer(4, "nobody", "wrong"), "20 02 00 04, after 3.0 s")
saw("guest, no password, 3.1.1", answer(4, "guest", None), "20 02 00 04, after 3.0 s")
PYTHON
