#!/usr/bin/env bash
# ejabberd 26.07 (Debian sid), mod_mqtt: a CONNECT whose user is of a domain that ejabberd does not serve is refused
# with "server unavailable" (0x03; 0x88 in MQTT 5), not as a bad user name or not authorized, though the fault is the
# client's alone and stays. Clients try again forever; a gateway or balancer that reads these codes as "this broker
# is down" takes it from everybody because one client has a wrong user name.
#
# Seen on 2026-11-28:
#   joe@localhost, 3.1.1: 20 02 00 00, open
#   joe@nowhere, 3.1.1: 20 02 00 03, closed
#   joe@nowhere, 5: 20 03 00 88 00, closed
. "$(dirname "$0")/lib.sh"

debian sid ejabberd=26.07-1 bash coreutils dash sed
port=$(free_port)
mkdir -p debian/{tmp/mnesia,etc}
echo '127.0.0.1 localhost' >debian/etc/hosts
cat >debian/tmp/ejabberd.yml <<YAML
hosts: [localhost]
auth_method: [anonymous]
anonymous_protocol: login_anon
listen:
  - { port: $port, ip: 127.0.0.1, module: mod_mqtt }
modules:
  mod_mqtt: {}
YAML
start broker.log in_debian ERL_LIBS="$(cd debian && echo /usr/lib/*-linux-gnu)" EJABBERD_CONFIG_PATH=/tmp/ejabberd.yml \
    EJABBERD_LOG_PATH=/tmp/ejabberd.log /usr/bin/erl -noinput -mnesia dir '"/tmp/mnesia"' -s ejabberd
listening "$port"
python3 - "$port" <<'PYTHON'
import sys
from peer import *


def answer(user, level):
    connection = dial(int(sys.argv[1]))
    connection.sendall(connect("a", level, user=user, password="x"))
    return after(connection, 3)


saw("joe@localhost, 3.1.1", answer("joe@localhost", 4), "20 02 00 00, open")
saw("joe@nowhere, 3.1.1", answer("joe@nowhere", 4), "20 02 00 03, closed")
saw("joe@nowhere, 5", answer("joe@nowhere", 5), "20 03 00 88 00, closed")
PYTHON
