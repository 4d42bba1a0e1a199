"""Driver of gmqtt, which has no WebSocket transport: `mqtt://` addresses only."""

import asyncio
import logging

import gmqtt
from gmqtt.mqtt.constants import MQTTv50, MQTTv311

from driver import serve_async, target, tell, tell_message

logging.disable(logging.CRITICAL)


class Adapter:
    async def connect(self, url, options):
        _, host, port, _ = target(url)
        will = options.get("will")
        self.subscribed = asyncio.Event()
        self.client = gmqtt.Client(
            options["clientId"], will_message=gmqtt.Message(will["topic"], will["payload"]) if will else None
        )
        self.client.on_message = lambda _client, topic, payload, *_: tell_message(topic, payload)
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_disconnect = lambda _client, _packet, error=None: tell("close", message=str(error), code=None)
        if "username" in options:
            self.client.set_auth_credentials(options["username"], options["password"])
        try:
            await self.client.connect(host, port, version={4: MQTTv311, 5: MQTTv50}[options["protocolVersion"]])
        except gmqtt.mqtt.handler.MQTTConnectError as error:
            tell("error", message=f"{type(error).__name__}: {error}", code=error._code)
            return
        tell("connect")

    async def subscribe(self, topic, qos):
        self.client.subscribe(topic, qos)
        await self.subscribed.wait()
        tell("subscribed")

    async def publish(self, topic, payload, qos):
        self.client.publish(topic, payload, qos)

    async def end(self):
        await self.client.disconnect()


asyncio.run(serve_async(Adapter()))
