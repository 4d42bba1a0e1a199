"""Driver of aMQTT's client."""

import asyncio
import logging

from amqtt.client import MQTTClient
from amqtt.errors import ConnectError

from driver import serve_async, tell, tell_message

logging.disable(logging.CRITICAL)


class Adapter:
    async def connect(self, url, options):
        scheme, _, address = url.partition("://")
        if "username" in options:
            url = f"{scheme}://{options['username']}:{options['password']}@{address}"
        config = {"auto_reconnect": False, "keep_alive": 60}
        if will := options.get("will"):
            config["will"] = {
                "topic": will["topic"], "message": will["payload"], "qos": will.get("qos", 0), "retain": False
            }  # fmt: skip
        self.client = MQTTClient(client_id=options["clientId"], config=config)
        try:
            await self.client.connect(url, cafile=options["ca"] if scheme == "wss" else None)
        except ConnectError as error:
            tell("error", message=f"{type(error).__name__}: {error}", code=getattr(error, "return_code", None))
            return
        tell("connect")
        self.reader = asyncio.create_task(self.read())

    async def read(self):
        try:
            while True:
                message = await self.client.deliver_message()
                if message is None:
                    break
                tell_message(message.topic, message.data)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            tell("close", message=f"{type(error).__name__}: {error}", code=None)
            return
        tell("close", message="no more messages", code=None)

    async def subscribe(self, topic, qos):
        await self.client.subscribe([(topic, qos)])
        tell("subscribed")

    async def publish(self, topic, payload, qos):
        await self.client.publish(topic, payload, qos)

    async def end(self):
        self.reader.cancel()
        await self.client.disconnect()


asyncio.run(serve_async(Adapter()))
