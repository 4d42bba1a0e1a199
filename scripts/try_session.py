#!/usr/bin/env python3
"""try_session.py PORT [CA]: one message to oneself through the gateway on this port of localhost, over WebSocket, with TLS
if the certificate of an authority is named. Status 0 only if it came back."""

import os
import ssl
import struct
import sys

from demo_check import PUBLISH, Client, Failure


def main(port: str, authority: str | None = None) -> int:
    tls = ssl.create_default_context(cafile=authority) if authority else None
    topic, payload = f"try/{os.getpid()}", b"Hello World"
    try:
        client = Client(int(port), tls, f"try-{os.getpid()}")
        client.subscribe(topic)
        client.publish(topic, payload)
        body = client.expect(PUBLISH)
        client.close()
    except (Failure, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    if body != struct.pack(">H", len(topic)) + topic.encode() + payload:
        print(f"error: another message arrived: {body!r}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
