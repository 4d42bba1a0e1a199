"""Driver of awscrt: its MQTT 3.1.1 connection and its MQTT 5 client.

The option `metrics` leaves the library's text in the user name, which it adds by default.
"""

import concurrent.futures

from awscrt import io, mqtt, mqtt5

from driver import digest, serve, target, tell, tell_message

_PATIENCE = 60


def _name(error):
    return getattr(error, "name", None) or str(error)


class Adapter:
    def connect(self, url, options):
        scheme, host, port, path = target(url)
        context = None
        if scheme == "wss":
            tls = io.TlsContextOptions()
            tls.override_default_trust_store_from_path(ca_filepath=options["ca"])
            context = io.ClientTlsContext(tls)
        version = {4: Version4, 5: Version5}[options["protocolVersion"]]
        self.chosen = version(context, host, port, options)

    def subscribe(self, topic, qos):
        self.chosen.subscribe(topic, qos)
        tell("subscribed")

    def publish(self, topic, payload, qos):
        self.chosen.publish(topic, payload, qos)
        tell("published", hash=digest(payload))

    def end(self):
        self.chosen.end()


class Version4:
    def __init__(self, context, host, port, options):
        will = options.get("will")
        self.connection = mqtt.Connection(
            mqtt.Client(tls_ctx=context),
            host,
            port,
            options["clientId"],
            on_connection_interrupted=lambda connection, error, **_: tell("close", message=_name(error), code=None),
            username=options.get("username"),
            password=options.get("password"),
            will=mqtt.Will(will["topic"], mqtt.QoS(will.get("qos", 0)), will["payload"].encode(), False)
            if will
            else None,
            use_websockets=True,
            disable_metrics=not options.get("metrics", False),
        )
        try:
            self.connection.connect().result(_PATIENCE)
        except Exception as error:
            tell("error", message=_name(error), code=None)
        else:
            tell("connect")

    def subscribe(self, topic, qos):
        future, _ = self.connection.subscribe(
            topic, mqtt.QoS(qos), callback=lambda topic, payload, **_: tell_message(topic, payload)
        )
        future.result(_PATIENCE)

    def publish(self, topic, payload, qos):
        future, _ = self.connection.publish(topic, payload, mqtt.QoS(qos))
        future.result(_PATIENCE)

    def end(self):
        self.connection.disconnect().result(_PATIENCE)


class Version5:
    def __init__(self, context, host, port, options):
        will = options.get("will")
        self.stopped = concurrent.futures.Future()
        self.client = mqtt5.Client(
            mqtt5.ClientOptions(
                host_name=host,
                port=port,
                tls_ctx=context,
                connect_options=mqtt5.ConnectPacket(
                    client_id=options["clientId"],
                    username=options.get("username"),
                    password=options.get("password"),
                    will=mqtt5.PublishPacket(
                        topic=will["topic"], payload=will["payload"], qos=mqtt5.QoS(will.get("qos", 0))
                    )
                    if will
                    else None,
                ),
                websocket_handshake_transform=lambda transform_args, **_: transform_args.set_done(),
                on_publish_callback_fn=self.received,
                on_lifecycle_event_connection_success_fn=lambda _: tell("connect"),
                on_lifecycle_event_connection_failure_fn=self.failed,
                on_lifecycle_event_disconnection_fn=self.disconnected,
                on_lifecycle_event_stopped_fn=lambda _: self.stopped.set_result(None),
                disable_metrics=not options.get("metrics", False),
            )
        )
        self.client.start()

    def received(self, data):
        tell_message(data.publish_packet.topic, data.publish_packet.payload)

    def failed(self, data):
        packet = data.connack_packet
        tell("error", message=_name(data.exception), code=int(packet.reason_code) if packet else None)

    def disconnected(self, data):
        if data.disconnect_packet:
            tell("disconnect", reason=int(data.disconnect_packet.reason_code))
        tell("close", message=_name(data.exception), code=None)

    def subscribe(self, topic, qos):
        packet = mqtt5.SubscribePacket(subscriptions=[mqtt5.Subscription(topic, mqtt5.QoS(qos))])
        self.client.subscribe(packet).result(_PATIENCE)

    def publish(self, topic, payload, qos):
        packet = mqtt5.PublishPacket(topic=topic, payload=payload, qos=mqtt5.QoS(qos))
        self.client.publish(packet).result(_PATIENCE)

    def end(self):
        self.client.stop()
        self.stopped.result(_PATIENCE)


serve(Adapter())
