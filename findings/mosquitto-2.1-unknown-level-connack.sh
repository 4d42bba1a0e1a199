#!/usr/bin/env bash
# Mosquitto 2.1.2 (Debian sid): a CONNECT of a protocol level that it does not know is refused with a CONNACK of MQTT
# 5, whatever the level: 2 and 6 alike. 2.0.11 answered in the form of 3.1.1, "20 02 00 01". MQTT 3.1.1 §3.1.2.2 wants
# return code 1 in two bytes there. Whoever reads the answer must expect five bytes from a broker of which it knows
# only that it refused.
#
# Seen on 2026-11-28:
#   level 6: 20 03 00 84 00, closed
#   level 7: 20 03 00 84 00, closed
#   level 2: 20 03 00 84 00, closed
. "$(dirname "$0")/lib.sh"

mosquitto 2.1.2-3
python3 - "$port" <<'PYTHON'
import sys
from peer import *

for level in (6, 7, 2):
    connection = dial(int(sys.argv[1]))
    connection.sendall(connect("a", level))
    saw(f"level {level}", after(connection, 5), "20 03 00 84 00, closed")
PYTHON
