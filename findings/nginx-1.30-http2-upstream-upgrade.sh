#!/usr/bin/env bash
# nginx 1.30.6 (Debian sid), proxy_http_version 2 with the usual two lines for WebSockets (proxy_set_header Upgrade
# and Connection): it sends them as fields of the HTTP/2 request, which RFC 9113 §8.2.2 forbids, in a GET that ends
# its stream: no WebSocket can come of it. It does not use the extended CONNECT of RFC 8441. The client gets 502 from
# a server that keeps to the rule. In front of a gateway, also one that speaks HTTP/2, nginx has to be left at
# proxy_http_version 1.1.
#
# Seen on 2026-11-28:
#   request :method: GET
#   request upgrade: websocket
#   request connection: upgrade
#   the request ends its stream: True
#   the client gets: HTTP/1.1 502 Bad Gateway
. "$(dirname "$0")/lib.sh"

debian sid nginx=1.30.6-2
python_with h2==4.4.1
port=$(free_port) backend=$(free_port)
cat >nginx.conf <<CONF
daemon off;
pid nginx.pid;
error_log stderr;
user $(id -un);
events {}
http {
    access_log off;
    client_body_temp_path $WORK/a; proxy_temp_path $WORK/b; fastcgi_temp_path $WORK/c; uwsgi_temp_path $WORK/d;
    scgi_temp_path $WORK/e;
    server {
        listen 127.0.0.1:$port;
        location / {
            proxy_pass http://127.0.0.1:$backend;
            proxy_http_version 2;
            proxy_set_header Upgrade \$http_upgrade;
            proxy_set_header Connection upgrade;
        }
    }
}
CONF
start nginx.log unpacked usr/sbin/nginx -p "$WORK" -c nginx.conf -e stderr
listening "$port"
python - "$port" "$backend" <<'PYTHON'
import socket
import sys
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamEnded
from peer import *

port, backend = map(int, sys.argv[1:])
listener = socket.create_server(("127.0.0.1", backend))
listener.settimeout(20)
client = ask(port, "mqtt")
connection, _ = listener.accept()
server = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8", validate_inbound_headers=False))
server.initiate_connection()
connection.sendall(server.data_to_send())
events = []
while not any(isinstance(event, RequestReceived) for event in events):
    events += server.receive_data(connection.recv(65536))
request = next(event for event in events if isinstance(event, RequestReceived))
fields = dict(request.headers)
for name, value in ((":method", "GET"), ("upgrade", "websocket"), ("connection", "upgrade")):
    saw(f"request {name}", fields.get(name), value)
saw("the request ends its stream", any(isinstance(event, StreamEnded) for event in events), True)
server.reset_stream(request.stream_id, 1)  # PROTOCOL_ERROR: the request is malformed (RFC 9113 §8.1.1)
connection.sendall(server.data_to_send())
saw("the client gets", read_head(client).split("\r\n")[0], "HTTP/1.1 502 Bad Gateway")
PYTHON
