#!/usr/bin/env bash
# awscrt 0.38.0 (PyPI): its MQTT 3.1.1 client does not tell the program why a server refused it. Whatever the
# CONNACK's return code, connect() ends with AWS_ERROR_MQTT_PROTOCOL_ERROR; on_connection_failure gets no more. Its
# MQTT 5 client does tell the reason code. A wrong password looks like a broken server to the user. The reason is in
# the log of whoever refused.
#
# Seen on 2026-11-28:
#   code 1: connect AWS_ERROR_MQTT_PROTOCOL_ERROR, callback AWS_ERROR_MQTT_PROTOCOL_ERROR
#   … and the same for the codes 2 to 5
. "$(dirname "$0")/lib.sh"

python_with awscrt==0.38.0
python - <<'PYTHON'
import threading
from awscrt import io, mqtt
from peer import *

group = io.EventLoopGroup(1)
bootstrap = io.ClientBootstrap(group, io.DefaultHostResolver(group))


def refused(code):
    told, event = [], threading.Event()
    listener = listen()
    host, port = listener.getsockname()
    connection = mqtt.Connection(
        mqtt.Client(bootstrap), host, port, "a",
        on_connection_failure=lambda connection, callback_data: (told.append(callback_data.error.name), event.set()),
    )
    connected = connection.connect()
    peer, _ = listener.accept()
    read_packet(peer)
    peer.sendall(bytes([0x20, 2, 0, code]))
    error = connected.exception(20)
    event.wait(20)
    peer.close()
    return f"connect {error.name}, callback {told[0]}"


for code in range(1, 6):
    saw(f"code {code}", refused(code), "connect {0}, callback {0}".format("AWS_ERROR_MQTT_PROTOCOL_ERROR"))
PYTHON
