"""What every driver of a client library shares: commands come as lines of JSON on standard input, events go out likewise.

Commands: `connect` (url, options: protocolVersion, clientId, username, password, will, ca), `subscribe` (topic,
options: qos), `publishPattern` (topic, size, seed, options: qos), `end`. Events: `connect`; `error` (message, code)
where the connection was refused or failed; `subscribed`; `published` (hash); `message` (topic, size, hash, text);
`disconnect` (reason) where the library shows the server's DISCONNECT; `close` (message, code) when the connection was
lost; `ended`. `node/driver.js` keeps the same contract for MQTT.js.

Runs in the library's own virtual environment, so it uses nothing but Python itself.
"""

import asyncio
import hashlib
import json
import sys
import threading
import urllib.parse

_lock = threading.Lock()


def tell(event, **more):
    with _lock:
        print(json.dumps({"event": event, **more}), flush=True)


def pattern(size, seed):
    """A payload that both sides can make: printable, as command line tools print payloads as text."""
    block = hashlib.sha256(seed.encode()).hexdigest().encode()
    return (block * (size // len(block) + 1))[:size]


def digest(payload):
    return hashlib.sha256(payload).hexdigest()


def tell_message(topic, payload, **more):
    payload = bytes(payload or b"")
    text = payload.decode(errors="replace") if len(payload) <= 4096 else None
    tell("message", topic=topic, size=len(payload), hash=digest(payload), text=text, **more)


def target(url):
    """Scheme, host, port and path of an address."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port, parts.path


def commands():
    """Name and arguments of every command, until standard input ends."""
    for line in sys.stdin:
        arguments = json.loads(line)
        yield arguments.pop("command"), arguments


def serve(adapter):
    """Drives an object whose methods block, or whose library has a thread of its own."""
    for name, arguments in commands():
        if name == "connect":
            adapter.connect(arguments["url"], arguments["options"])
        elif name == "subscribe":
            adapter.subscribe(arguments["topic"], arguments.get("options", {}).get("qos", 0))
        elif name == "publishPattern":
            payload = pattern(arguments["size"], arguments["seed"])
            adapter.publish(arguments["topic"], payload, arguments.get("options", {}).get("qos", 0))
        elif name == "end":
            adapter.end()
            tell("ended")
            return


async def serve_async(adapter):
    """The same for an adapter whose methods are coroutines."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()

    def read():
        for command in commands():
            loop.call_soon_threadsafe(queue.put_nowait, command)

    threading.Thread(target=read, daemon=True).start()
    while True:
        name, arguments = await queue.get()
        qos = arguments.get("options", {}).get("qos", 0)
        if name == "connect":
            await adapter.connect(arguments["url"], arguments["options"])
        elif name == "subscribe":
            await adapter.subscribe(arguments["topic"], qos)
        elif name == "publishPattern":
            payload = pattern(arguments["size"], arguments["seed"])
            await adapter.publish(arguments["topic"], payload, qos)
            tell("published", hash=digest(payload))
        elif name == "end":
            await adapter.end()
            tell("ended")
            return
