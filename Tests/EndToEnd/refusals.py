"""What a client that is not allowed in is told, by version (docs/authentication.md), and how a test meets it."""

import mqttbytes

# Cause in the access log: the code for 5.0 and that for 3.1 and 3.1.1.
CODES = {
    "credentials_refused": (0x86, 0x04),
    "token_refused": (0x86, 0x04),
    "credentials_missing": (0x87, 0x05),
    "not_authorized": (0x87, 0x05),
    "address_refused": (0x87, 0x05),
    "auth_unavailable": (0x88, 0x03),
    "auth_timeout": (0x88, 0x03),
    "auth_busy": (0x89, 0x03),
}


def code(cause, version):
    return CODES[cause][0 if version == 5 else 1]


def connack(cause, version):
    """The refusing CONNACK, byte for byte."""
    return mqttbytes.connack(version, code(cause, version))


def expect_refused(rig, gateway, cause, version=4, client_id="c", *, path="/mqtt", tls=None, extra=(), protocols="mqtt",
                   **options):
    """A byte-exact client is refused for this cause: CONNACK, then Close, then the end, and the log names it."""
    peer = rig.peer(gateway, tls=tls)
    # The client of a unix socket has none, and is logged with 0.
    port = 0 if isinstance(peer.socket.getsockname(), (str, bytes)) else peer.socket.getsockname()[1]
    peer.upgrade(path, extra=extra, protocols=protocols)
    peer.send_mqtt(mqttbytes.connect(version, client_id, **options))
    closed = peer.read_close()
    assert bytes(peer.mqtt).hex(" ") == connack(cause, version).hex(" ")
    peer.send_frame(8, closed.payload[:2])
    peer.expect_end()
    line = gateway.ended(remote_port=port)
    assert line["status_reason"] == cause
    return line


def admitted(rig, gateway, version=4, client_id="c", *, path="/mqtt", tls=None, extra=(), protocols="mqtt", **options):
    """A byte-exact client that is let in; returns it with its session open."""
    peer = rig.peer(gateway, tls=tls)
    peer.upgrade(path, extra=extra, protocols=protocols)
    peer.send_mqtt(mqttbytes.connect(version, client_id, **options))
    answer = peer.read_packet()
    assert answer[0] == 0x20 and answer[3] == 0, f"CONNACK {answer.hex(' ')}"
    return peer
