"""A client of MQTT without WebSocket that sends exactly the bytes a test wants; and a gateway for it."""

import mqttbytes
from bytepeer import BytePeer
from gateway import server_argument
from harness import free_port


class RawPeer(BytePeer):
    """As `BytePeer`, on a `listen … mqtt`."""

    def send_mqtt(self, *packets):
        self.send(b"".join(packets))

    def read_packet(self):
        while (size := mqttbytes.whole(self.buffer)) is None:
            assert self.fill(), f"the stream ended inside a packet: {bytes(self.buffer)!r}"
        return self.read_exactly(size)

    def open_mqtt(self, version=4, client_id="raw-peer", **options):
        self.send_mqtt(mqttbytes.connect(version, client_id, **options))
        answer = self.read_packet()
        assert answer[0] == 0x20 and answer[3] == 0, f"CONNACK {answer.hex(' ')}"
        return answer


def raw_site(rig, brokers, *, main="", upstream="", server="", parameters="", is_tls=True):
    """A configuration with `listen … mqtt` on a free port and, unless told otherwise, `listen … ssl mqtt` on another."""
    servers = " ".join(f"server {server_argument(broker)};" for broker in brokers)
    listens = [f"listen 127.0.0.1:{free_port()} mqtt {parameters};"]
    if is_tls:
        listens.append(f"listen 127.0.0.1:{free_port()} ssl mqtt {parameters};")
    lines = [
        "worker_threads 2;",
        "error_log stderr debug;",
        "access_log access.log json;",
        main,
        f"upstream brokers {{ {servers} {upstream} }}",
        "server {",
        *listens,
        f"ssl_certificate {rig.certificate.certificate}; ssl_certificate_key {rig.certificate.key};" if is_tls else "",
        "mqtt_pass brokers;",
        server,
        "}",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def raw_gateway(rig, brokers=None, **options):
    return rig.gateway(config=raw_site(rig, brokers or [rig.mosquitto()], **options))


def raw_peer(rig, gateway, *, tls=False, context=None, address=None, **options):
    """A connection to the gateway's first plain listener, or the first one with TLS."""
    if tls:
        context = context or rig.certificate.client_context()
    address = address or (gateway.tls_address if context else gateway.address)
    return rig.keep(RawPeer(address, tls=context, **options))
