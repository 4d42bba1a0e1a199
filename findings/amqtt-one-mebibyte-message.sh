#!/usr/bin/env bash
# aMQTT 0.12.1 (PyPI): over WebSocket its client takes no message of more than 1 MiB, the default of the library
# below, and sets no other. A PUBLISH that is larger and comes in one WebSocket message ends the session with Close
# 1009; the same bytes in two messages are delivered. A gateway that keeps each MQTT packet in a message of its own
# cannot bring this client a packet of more than 1 MiB; one that passes the stream on as it comes can.
#
# Seen on 2026-11-28:
#   in two messages: 1048576 bytes delivered
#   in one message: nothing delivered
#   what the client answers: opcode 8, code 1009
. "$(dirname "$0")/lib.sh"

python_with amqtt==0.12.1
python - <<'PYTHON'
import asyncio
import threading
from amqtt.client import MQTTClient
from peer import *

LARGE = publish("a", bytes(1 << 20))
HALF = len(LARGE) // 2


def serve(listener, frames, answers):
    connection = accept(listener)
    read_frame(connection)
    connection.sendall(frame(BINARY, CONNACK))
    connection.sendall(frames)
    answers.append(read_frame(connection))
    connection.close()


async def deliver(frames):
    """What the client hands to its program, and the frame that it sends then."""
    listener, answers = listen(), []
    server = threading.Thread(target=serve, args=(listener, frames, answers))
    server.start()
    client = MQTTClient(client_id="a", config={"auto_reconnect": False})
    await client.connect(f"ws://127.0.0.1:{listener.getsockname()[1]}/mqtt")
    message = await client.deliver_message(timeout_duration=20)
    await client.disconnect()
    await asyncio.to_thread(server.join)
    return f"{len(message.data)} bytes delivered" if message else "nothing delivered", answers[0]


delivered, _ = asyncio.run(deliver(frame(BINARY, LARGE[:HALF]) + frame(BINARY, LARGE[HALF:])))
saw("in two messages", delivered, "1048576 bytes delivered")
delivered, (opcode, _, payload) = asyncio.run(deliver(frame(BINARY, LARGE)))
saw("in one message", delivered, "nothing delivered")
saw("what the client answers", f"opcode {opcode}, code {int.from_bytes(payload[:2], 'big')}", "opcode 8, code 1009")
PYTHON
