"""MQTT.js in a Node process of its own, driven by lines of JSON (node/driver.js)."""

import os
import pathlib

from driven import Driven

PROGRAMS = pathlib.Path(__file__).resolve().parent / "node"


def environment(authority):
    """Debian's Node packages, and a trusted test authority as an operator would install it."""
    return {**os.environ, "NODE_PATH": "/usr/share/nodejs", "NODE_EXTRA_CA_CERTS": str(authority)}


class NodeClient(Driven):
    """One MQTT.js client."""

    def __init__(self, directory, url, authority, *, connect=True, **options):
        super().__init__(["node", PROGRAMS / "driver.js"], directory / "node.log", environment(authority))
        self.command("connect", url=url, options=options)
        self.connack = self.event("connect") if connect else None

    def subscribe(self, topic, qos=0):
        granted = super().subscribe(topic, qos)["granted"]
        assert granted[0]["qos"] == qos, granted

    def publish(self, topic, payload, **options):
        """Returns when it is sent and, above QoS 0, acknowledged."""
        self.command("publish", topic=topic, payload=payload, options=options)
        self.event("published")
