#!/usr/bin/env bash
# awscrt 0.38.0 (PyPI; the Python SDKs of AWS IoT sit on it): its MQTT clients add "?SDK=…&Platform=…&Metadata=…" to
# the program's user name, and send that alone where the program gave none. disable_metrics=True stops it. A server
# that is not AWS IoT knows no such user, and meets no anonymous client: with a password file it refuses both.
#
# Seen on 2026-11-28:
#   MQTT 3.1.1, user alice: alice?SDK=IoTDeviceSDK/Python&Platform=…
#   MQTT 3.1.1, no user: ?SDK=IoTDeviceSDK/Python&Platform=…
#   MQTT 3.1.1, user alice, disable_metrics: alice
#   MQTT 5, user alice: alice?SDK=IoTDeviceSDK/Python&Platform=…
#   MQTT 5, no user: ?SDK=IoTDeviceSDK/Python&Platform=…
#   MQTT 5, user alice, disable_metrics: alice
. "$(dirname "$0")/lib.sh"

python_with awscrt==0.38.0
python - <<'PYTHON'
from awscrt import io, mqtt, mqtt5
from peer import *

ADDED = "?SDK=IoTDeviceSDK/Python&Platform=…"
group = io.EventLoopGroup(1)
bootstrap = io.ClientBootstrap(group, io.DefaultHostResolver(group))


def connect_packet(listener, answer):
    """The CONNECT of the client that comes, which is refused so that it ends."""
    connection, _ = listener.accept()
    packet = read_packet(connection)
    connection.sendall(answer)
    connection.close()
    return packet


def with_3_1_1(user, **options):
    listener = listen()
    host, port = listener.getsockname()
    connection = mqtt.Connection(mqtt.Client(bootstrap), host, port, "a", username=user, **options)
    connected = connection.connect()
    packet = connect_packet(listener, b"\x20\x02\x00\x05")
    connected.exception(20)
    return packet


def with_5(user, **options):
    listener = listen()
    host, port = listener.getsockname()
    packet = mqtt5.ConnectPacket(client_id="a", username=user)
    client = mqtt5.Client(mqtt5.ClientOptions(host, port, bootstrap, connect_options=packet, **options))
    client.start()
    packet = connect_packet(listener, b"\x20\x03\x00\x87\x00")
    client.stop()
    return packet


def user_name(packet):
    """The last field of a CONNECT whose client id is "a" and which has no password."""
    field = packet[packet.rindex(b"\0\1a") + 3 :]
    name = field[2:].decode()
    assert len(field) == 2 + int.from_bytes(field[:2], "big")
    return name.split("&Platform=")[0] + "&Platform=…" if "&Platform=" in name else name


for version, first in (("3.1.1", with_3_1_1), ("5", with_5)):
    saw(f"MQTT {version}, user alice", user_name(first("alice")), "alice" + ADDED)
    saw(f"MQTT {version}, no user", user_name(first(None)), ADDED)
    saw(f"MQTT {version}, user alice, disable_metrics", user_name(first("alice", disable_metrics=True)), "alice")
PYTHON
