"""paho-mqtt as applications use it: WebSocket transport or TCP, its own thread, callbacks."""

import queue

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from harness import DEADLINE, eventually

PROTOCOLS = {3: paho.MQTTv31, 4: paho.MQTTv311, 5: paho.MQTTv5}


class PahoClient:
    """Connected when it is made, unless `connect=False`."""

    def __init__(
        self,
        port,
        version=4,
        client_id="",
        *,
        tls=None,
        path="/mqtt",
        clean=True,
        expiry=None,
        will=None,
        keepalive=60,
        connect=True,
        host="localhost",
        headers=None,
        username=None,
        password=None,
        transport="websockets",
    ):
        options = {} if version == 5 else {"clean_session": clean}
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id, protocol=PROTOCOLS[version], transport=transport, **options
        )
        if transport == "websockets":
            self.client.ws_set_options(path=path, headers=headers)
        if username is not None:
            self.client.username_pw_set(username, password)
        if tls:
            self.client.tls_set_context(tls)
        if will:
            self.client.will_set(*will)
        self.messages = queue.Queue()
        self.reason = None
        self.flags = None
        self.properties = None
        self.disconnected = []
        self.client.on_connect = self._connected
        self.client.on_disconnect = lambda *arguments: self.disconnected.append(arguments[3])
        self.client.on_message = lambda _client, _data, message: self.messages.put(message)
        self._subscribed = set()
        self.client.on_subscribe = lambda _client, _data, identifier, *_: self._subscribed.add(identifier)
        self._target = (host, port, keepalive)
        self._start = {}
        if version == 5:
            properties = Properties(PacketTypes.CONNECT)
            if expiry is not None:
                properties.SessionExpiryInterval = expiry
            self._start = {"clean_start": clean, "properties": properties}
        if connect:
            self.connect()

    def _connected(self, _client, _data, flags, reason, properties):
        self.flags, self.properties, self.reason = flags, properties, reason

    def connect(self):
        self.reason = None
        self.client.connect(*self._target, **self._start)
        self.client.loop_start()
        eventually(lambda: self.reason is not None, "CONNACK")
        return self

    def subscribe(self, topic, qos=0):
        _, identifier = self.client.subscribe(topic, qos)
        eventually(lambda: identifier in self._subscribed, "SUBACK")
        return self

    def publish(self, topic, payload, qos=0, retain=False):
        """Returns when it is sent and, above QoS 0, acknowledged."""
        self.client.publish(topic, payload, qos, retain).wait_for_publish(DEADLINE)

    def message(self, timeout=DEADLINE):
        return self.messages.get(timeout=timeout)

    def cut(self):
        """Drops the socket without DISCONNECT."""
        self.client._sock_close()
        self.client.loop_stop()

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()
