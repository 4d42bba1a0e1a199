"""Driver of aiomqtt: coroutines over paho-mqtt."""

import asyncio
import ssl

import aiomqtt

from driver import serve_async, target, tell, tell_message

_PROTOCOLS = {3: aiomqtt.ProtocolVersion.V31, 4: aiomqtt.ProtocolVersion.V311, 5: aiomqtt.ProtocolVersion.V5}


class Adapter:
    async def connect(self, url, options):
        scheme, host, port, path = target(url)
        will = options.get("will")
        self.client = aiomqtt.Client(
            host,
            port,
            identifier=options["clientId"],
            username=options.get("username"),
            password=options.get("password"),
            protocol=_PROTOCOLS[options["protocolVersion"]],
            transport="websockets",
            websocket_path=path,
            tls_context=ssl.create_default_context(cafile=options["ca"]) if scheme == "wss" else None,
            will=aiomqtt.Will(will["topic"], will["payload"], will.get("qos", 0)) if will else None,
        )
        try:
            await self.client.__aenter__()
        except aiomqtt.MqttError as error:
            code = getattr(error, "rc", None)
            tell("error", message=f"{type(error).__name__}: {error}", code=getattr(code, "value", code))
            return
        tell("connect")
        self.reader = asyncio.create_task(self.read())

    async def read(self):
        try:
            async for message in self.client.messages:
                tell_message(str(message.topic), message.payload)
        except aiomqtt.MqttError as error:
            tell("close", message=f"{type(error).__name__}: {error}", code=getattr(error, "rc", None))

    async def subscribe(self, topic, qos):
        await self.client.subscribe(topic, qos)
        tell("subscribed")

    async def publish(self, topic, payload, qos):
        await self.client.publish(topic, payload, qos, timeout=60)

    async def end(self):
        self.reader.cancel()
        await self.client.__aexit__(None, None, None)


asyncio.run(serve_async(Adapter()))
