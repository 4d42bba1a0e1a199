#!/usr/bin/env bash
# azure-iot-device 2.14.0 (PyPI), over WebSocket: it speaks TLS 1.2 and nothing newer, although Python and OpenSSL
# below it can do 1.3. A gateway or front with TLS 1.3 alone shuts it out.
#
# Seen on 2026-11-28:
#   a server of 1.2 and 1.3: TLSv1.2, GET /$iothub/websocket HTTP/1.1
#   a server of 1.3 alone: UNSUPPORTED_PROTOCOL
. "$(dirname "$0")/lib.sh"

python_with azure-iot-device==2.14.0
openssl req -x509 -newkey rsa:2048 -nodes -keyout site.key -out site.crt -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2>openssl.log
cat >run.py <<'PYTHON'
import base64
import contextlib
import os
import ssl
import threading
from azure.iot.device import IoTHubDeviceClient
from peer import *

listener = socket.create_server(("127.0.0.1", 443))  # the client takes no other port
listener.settimeout(20)


def connect_in_vain(client):
    with contextlib.suppress(Exception):  # nobody answers the request
        client.connect()


def first_connection(minimum):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("site.crt", "site.key")
    context.minimum_version = minimum
    key = base64.b64encode(b"x").decode()
    client = IoTHubDeviceClient.create_from_connection_string(
        f"HostName=localhost;DeviceId=a;SharedAccessKey={key}", websockets=True, connection_retry=False,
        server_verification_cert=open("site.crt").read(),
    )
    threading.Thread(target=connect_in_vain, args=(client,), daemon=True).start()
    plain, _ = listener.accept()
    try:
        connection = context.wrap_socket(plain, server_side=True)
        return f"{connection.version()}, {read_head(connection).splitlines()[0]}"
    except ssl.SSLError as error:
        return error.reason
    finally:
        plain.close()


request = "GET /$iothub/websocket HTTP/1.1"
saw("a server of 1.2 and 1.3", first_connection(ssl.TLSVersion.TLSv1_2), f"TLSv1.2, {request}")
saw("a server of 1.3 alone", first_connection(ssl.TLSVersion.TLSv1_3), "UNSUPPORTED_PROTOCOL")
os._exit(0)  # the client's threads go on
PYTHON
# A network of its own, where port 443 is free; needs root.
unshare --net bash -c 'ip link set lo up; exec python run.py'
