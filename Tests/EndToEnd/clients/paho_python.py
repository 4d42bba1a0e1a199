"""Driver of paho-mqtt, 1.3 to 2.x: its own thread, callbacks."""

import paho.mqtt.client as paho

from driver import digest, serve, target, tell, tell_message

_PROTOCOLS = {3: paho.MQTTv31, 4: paho.MQTTv311, 5: getattr(paho, "MQTTv5", None)}


def _show(reason):
    """A number in 1.x with MQTT 3, else an object with a name."""
    return {"message": str(reason), "code": getattr(reason, "value", reason)}


class Adapter:
    def connect(self, url, options):
        scheme, host, port, path = target(url)
        version = options["protocolVersion"]
        leading = [paho.CallbackAPIVersion.VERSION2] if hasattr(paho, "CallbackAPIVersion") else []
        self.client = paho.Client(
            *leading, client_id=options["clientId"], protocol=_PROTOCOLS[version], transport="websockets"
        )
        self.modern = bool(leading)
        self.client.ws_set_options(path=path)
        if scheme == "wss":
            self.client.tls_set(options["ca"])
        if "username" in options:
            self.client.username_pw_set(options["username"], options["password"])
        if "will" in options:
            will = options["will"]
            self.client.will_set(will["topic"], will["payload"], will.get("qos", 0))
        self.client.on_connect = self.connected
        self.client.on_disconnect = self.disconnected
        self.client.on_subscribe = lambda *_: tell("subscribed")
        self.client.on_message = lambda _client, _data, message: tell_message(message.topic, message.payload)
        self.client.on_publish = self.published
        self.sent = {}
        try:
            self.client.connect(host, port, options.get("keepalive", 60))
        except Exception as error:
            tell("error", message=f"{type(error).__name__}: {error}", code=None)
            return
        self.client.loop_start()

    def connected(self, _client, _data, _flags, reason, *_):
        shown = _show(reason)
        tell(*["connect" if shown["code"] == 0 else "error"], **shown)

    def disconnected(self, _client, _data, *rest):
        """2.x: flags, reason, properties. 1.x: reason, and properties with MQTT 5."""
        tell("close", **_show(rest[1] if self.modern else rest[0]))

    def subscribe(self, topic, qos):
        self.client.subscribe(topic, qos)

    def published(self, _client, _data, identifier, *_):
        tell("published", hash=self.hash)

    def publish(self, topic, payload, qos):
        self.hash = digest(payload)
        self.client.publish(topic, payload, qos)

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


serve(Adapter())
