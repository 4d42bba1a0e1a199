#!/usr/bin/env bash
# Node.js 18.20.4 (Debian 12): a connection to "localhost" takes the first address of the resolver and tries no other.
# With Debian's /etc/hosts that is ::1, so a server on 127.0.0.1 alone is refused to MQTT.js and all else in it, while
# curl, Python and newer releases of Node.js go on to 127.0.0.1. A gateway for programs on the same machine listens on
# both.
#
# Seen on 2026-11-28:
#   localhost and Python: ::1 127.0.0.1: connected
#   Node.js: ECONNREFUSED ::1
#   Node.js with autoSelectFamily: connected
. "$(dirname "$0")/lib.sh"

debian bookworm nodejs=18.20.4+dfsg-1~deb12u3 python3-minimal bash coreutils
mkdir -p debian/etc
printf '%s\n' '127.0.0.1 localhost' '::1 localhost ip6-localhost ip6-loopback' >debian/etc/hosts
cat >debian/client.js <<'JS'
const [port, all] = process.argv.slice(2)
const socket = require('net').connect({ host: 'localhost', port, autoSelectFamily: all === 'all' })
socket.on('connect', () => {
  console.log('connected')
  socket.end()
})
socket.on('error', error => console.log(error.code, error.address))
JS
cat >debian/client.py <<'PY'
import socket
import sys
addresses = dict.fromkeys(found[4][0] for found in socket.getaddrinfo("localhost", 1))
socket.create_connection(("localhost", int(sys.argv[1])))
print(*addresses, end=": connected")
PY
port=$(free_port)
start server.log python3 -m http.server --bind 127.0.0.1 "$port"
listening "$port"
saw "localhost and Python" "$(in_debian /usr/bin/python3 /client.py "$port")" "::1 127.0.0.1: connected"
saw "Node.js" "$(in_debian /usr/bin/node /client.js "$port")" "ECONNREFUSED ::1"
saw "Node.js with autoSelectFamily" "$(in_debian /usr/bin/node /client.js "$port" all)" "connected"
