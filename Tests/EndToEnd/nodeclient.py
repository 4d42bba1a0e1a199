"""MQTT.js in a Node process of its own, driven by lines of JSON (node/driver.js)."""

import json
import os
import pathlib
import queue
import subprocess
import threading
import time

import harness
from harness import DEADLINE

PROGRAMMES = pathlib.Path(__file__).resolve().parent / "node"


def environment(authority):
    """Debian's Node packages, and a trusted test authority as an operator would install it."""
    return {**os.environ, "NODE_PATH": "/usr/share/nodejs", "NODE_EXTRA_CA_CERTS": str(authority)}


class NodeClient:
    """One MQTT.js client. Events come as dictionaries with the key `event`; see driver.js."""

    def __init__(self, directory, url, authority, *, connect=True, **options):
        self.process = harness.Process(
            ["node", PROGRAMMES / "driver.js"],
            directory / "node.log",
            env=environment(authority),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            merge=False,
        )
        self._events = queue.Queue()
        self._kept = []
        threading.Thread(target=self._read, daemon=True).start()
        self.command("connect", url=url, options=options)
        self.connack = self.event("connect") if connect else None

    def _read(self):
        for line in self.process.child.stdout:
            self._events.put(json.loads(line))

    def command(self, name, **arguments):
        line = json.dumps({"command": name, **arguments}) + "\n"
        self.process.child.stdin.write(line.encode())
        self.process.child.stdin.flush()

    def event(self, name, timeout=DEADLINE):
        """Waits for the next event of this name; others are kept for later."""
        for index, kept in enumerate(self._kept):
            if kept["event"] == name:
                return self._kept.pop(index)
        end = time.monotonic() + timeout
        while True:
            try:
                event = self._events.get(timeout=max(0.001, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no event {name}; there were {self._kept}") from None
            if event["event"] == name:
                return event
            self._kept.append(event)

    def subscribe(self, topic, qos=0):
        self.command("subscribe", topic=topic, options={"qos": qos})
        granted = self.event("subscribed")["granted"]
        assert granted[0]["qos"] == qos, granted

    def publish(self, topic, payload, **options):
        """Returns when it is sent and, above QoS 0, acknowledged."""
        self.command("publish", topic=topic, payload=payload, options=options)
        self.event("published")

    def message(self, timeout=DEADLINE):
        return self.event("message", timeout)

    def end(self):
        """DISCONNECT, and the end of the process."""
        self.command("end")
        self.event("ended")
        assert self.process.wait() == 0

    def kill(self):
        """kill -9: the kernel closes its sockets."""
        self.process.kill()

    def close(self):
        if self.process.is_running:
            self.process.kill()

    def evidence(self):
        return [("node", self.process.output())]
