#!/usr/bin/env bash
# awscrt 0.38.0 (PyPI), MQTT 5 client: stop() without a packet of its own sends no DISCONNECT.
# So a program that ends in good order has its Will published, and looks to a gateway or broker like one that
# was lost. stop(mqtt5.DisconnectPacket()) ends the session as MQTT 5.0 §3.14 means it.
#
# Seen on 2026-11-28:
#   after stop(): nothing, closed
#   after stop(DisconnectPacket()): e0 02 00 00, closed
. "$(dirname "$0")/lib.sh"

python_with awscrt==0.38.0
python - <<'PYTHON'
import threading
from awscrt import io, mqtt5
from peer import *

group = io.EventLoopGroup(1)
bootstrap = io.ClientBootstrap(group, io.DefaultHostResolver(group))


def end(*packet):
    """What the client sends from stop() on."""
    connected = threading.Event()
    listener = listen()
    host, port = listener.getsockname()
    client = mqtt5.Client(mqtt5.ClientOptions(
        host, port, bootstrap, connect_options=mqtt5.ConnectPacket(client_id="a"),
        on_lifecycle_event_connection_success_fn=lambda data: connected.set(),
    ))
    client.start()
    connection, _ = listener.accept()
    read_packet(connection)
    connection.sendall(bytes.fromhex("2003000000"))
    connected.wait(20)
    client.stop(*packet)
    return after(connection, 10)


saw("after stop()", end(), "nothing, closed")
saw("after stop(DisconnectPacket())", end(mqtt5.DisconnectPacket()), "e0 02 00 00, closed")
PYTHON
