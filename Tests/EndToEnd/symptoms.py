"""What goes wrong most often, made to happen: each function returns what the gateway says about it.

docs/troubleshooting.md shows these lines; test_troubleshooting.py compares.
"""

import os
import re
import socket
import ssl
import subprocess

import fakebroker
import harness
import mqttbytes
from bytepeer import request
from gateway import site
from harness import eventually, free_port
from mqttbytes import connack, connect


def started(rig, config, **options):
    """What a start that is refused says."""
    folder = rig.path("refused")
    (folder / "sluice.conf").write_text(config)
    result = subprocess.run(
        [harness.BINARY, "-c", folder / "sluice.conf", "-p", folder], capture_output=True, text=True, timeout=60, cwd=folder,
        **options,
    )  # fmt: skip
    assert result.returncode == 1, result
    return result.stderr


def gone_wrong(gateway, count=1, **fields):
    """The error log once a line of the access log has these fields."""
    gateway.ended(**fields)
    return gateway.output()


def port_is_taken(rig):
    with socket.create_server(("127.0.0.1", 0)) as other:
        return started(rig, site([free_port()], listen=[f"127.0.0.1:{other.getsockname()[1]}"]))


def certificate_is_missing(rig):
    return started(rig, "server { listen 8443 ssl; ssl_certificate a.crt; ssl_certificate_key a.key; root /; }")


def key_of_another_certificate(rig):
    other = rig.authority.issue("other")
    pair = f"ssl_certificate {rig.certificate.certificate}; ssl_certificate_key {other.key};"
    return started(rig, f"server {{ listen 8443 ssl; {pair} root /; }}")


def name_does_not_resolve(rig):
    return started(rig, site(["broker.invalid:1883"]))


def libcurl_is_missing(rig):
    folder = rig.path("libraries")
    (folder / "libcurl.so.4").write_text("no library")
    search = f"{folder}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    config = site([free_port()], location="auth_http http://127.0.0.1:8080/mqtt/auth;")
    return started(rig, config, env={**os.environ, "LD_LIBRARY_PATH": search})


def semicolon_is_missing(rig):
    return started(rig, "server {\n    listen 8083\n    root www;\n}\n")


def asked(rig, head, status, **options):
    gateway = rig.gateway([rig.fake()], **options)
    assert rig.peer(gateway).ask(head).status == status
    return gone_wrong(gateway, http_status=status)


def path_without_location(rig):
    return asked(rig, request("/ws"), 404)


def no_upgrade(rig):
    head = b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\n\r\n"
    return asked(rig, head, 426)


def wrong_subprotocol(rig):
    return asked(rig, request("/mqtt", protocols="mqttv5"), 400)


def no_subprotocol(rig):
    return asked(rig, request("/mqtt", protocols=None), 400)


def wrong_origin(rig):
    head = request("/mqtt", extra=("Origin: https://other.example",))
    return asked(rig, head, 403, location="websocket_origins https://app.example.com;")


def plain_to_tls(rig):
    gateway = rig.tls_gateway([rig.fake()])
    peer = rig.peer(gateway.tls_address)
    assert peer.ask(request("/mqtt")).status == 400
    return gone_wrong(gateway, status_reason="http_to_tls_port")


def client_does_not_trust(rig):
    gateway = rig.tls_gateway([rig.fake()])
    try:
        with socket.create_connection(gateway.tls_address, timeout=harness.DEADLINE) as connection:
            ssl.create_default_context().wrap_socket(connection, server_hostname="localhost")
    except ssl.SSLError:
        pass
    return gone_wrong(gateway, status_reason="tls_failed")


def old_tls(rig):
    gateway = rig.tls_gateway([rig.fake()])
    command = f"openssl s_client -connect 127.0.0.1:{gateway.tls_port} -tls1_1 -cipher DEFAULT@SECLEVEL=0".split()
    subprocess.run(command, input=b"", capture_output=True, timeout=60)
    return gone_wrong(gateway, status_reason="tls_failed")


def certificate_is_required(rig):
    gateway = rig.tls_gateway(
        [rig.fake()], server=f"ssl_client_certificate {rig.authority.certificate}; ssl_verify_client on;"
    )
    context = rig.certificate.client_context()
    try:
        rig.peer(gateway.tls_address, tls=context).ask(request("/mqtt"))
    except (OSError, AssertionError, ssl.SSLError):
        pass
    return gone_wrong(gateway, status_reason="tls_failed")


def tunnelled(rig, packet, reason, brokers=None, **options):
    gateway = rig.gateway(brokers or [rig.fake()], **options)
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_mqtt(packet)
    peer.read_to_end()
    return gone_wrong(gateway, status_reason=reason)


def broker_is_down(rig):
    return tunnelled(rig, connect(5, "c"), "no_upstream", [free_port()])


def tls_port_of_the_broker(rig):
    broker = rig.fake(fakebroker.answer(b"\x15\x03\x03\x00\x02\x02\x46"))
    return tunnelled(rig, connect(5, "c"), "no_upstream", [broker])


def websocket_port_of_the_broker(rig):
    broker = rig.fake(fakebroker.answer(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n"))
    return tunnelled(rig, connect(5, "c"), "no_upstream", [broker])


def broker_closes_at_once(rig):
    return tunnelled(rig, connect(5, "c"), "no_upstream", [rig.fake(fakebroker.close_after_connect)])


def broker_refuses_the_user(rig):
    return tunnelled(rig, connect(5, "c"), "refused_by_broker", [rig.fake(fakebroker.answer(connack(5, 0x86)))])


def probe_is_refused(rig):
    broker = rig.fake(fakebroker.answer(connack(4, 5)))
    gateway = rig.gateway([broker], upstream="health_check interval=200ms;")
    eventually(lambda: "is unhealthy" in gateway.output(), "unhealthy")
    return gateway.output()


def no_password(rig):
    folder = rig.path("users")
    (folder / "users").write_text("a:$2y$05$zTjbFFv4CFNPZpzzfcpIDuLMQXz9pFMKhv3jpyuFIyFyrsxMTdVYm\n")
    return tunnelled(rig, connect(5, "c"), "credentials_missing", server=f"auth_password_file {folder}/users;")


def old_version(rig):
    return tunnelled(rig, connect(3, "c"), "version_refused", location="mqtt_versions 3.1.1 5.0;")


def not_mqtt(rig):
    return tunnelled(rig, b"GET / HTTP/1.1\r\n\r\n", "connect_malformed")


def large_packet(rig):
    gateway = rig.gateway([rig.fake()], location="mqtt_max_packet_size 1k;")
    peer = rig.opened(gateway, 5, "c")
    peer.send_mqtt(mqttbytes.publish("t", bytes(5000), version=5))
    peer.read_to_end()
    return gone_wrong(gateway, status_reason="packet_too_large")


def text_frame(rig):
    gateway = rig.gateway([rig.fake()])
    peer = rig.peer(gateway)
    peer.upgrade()
    peer.send_frame(1, b"hello")
    peer.read_to_end()
    return gone_wrong(gateway, status_reason="text_frame")


def proxy_header_is_missing(rig):
    gateway = rig.gateway(
        config=site([rig.fake()], listen=[f"127.0.0.1:{free_port()} proxy_protocol"], server="set_real_ip_from 127.0.0.1;")
    )
    peer = rig.peer(gateway)
    peer.send(request("/mqtt"))
    peer.read_to_end()
    return gone_wrong(gateway, status_reason="proxy_header_invalid")


def proxy_header_is_not_trusted(rig):
    gateway = rig.gateway(
        config=site([rig.fake()], listen=[f"127.0.0.1:{free_port()} proxy_protocol"], server="set_real_ip_from 10.0.0.0/8;")
    )
    rig.peer(gateway).read_to_end()
    return gone_wrong(gateway, status_reason="proxy_header_untrusted")


def reload_is_refused(rig):
    gateway = rig.gateway([rig.fake()])
    gateway.config_path.write_text(gateway.config.replace("mqtt_pass brokers", "mqtt_pas brokers"))
    gateway.send_signal(1)
    eventually(lambda: "[error]" in gateway.output(), "the error")
    return gateway.output()


ALL = {name: value for name, value in globals().items() if callable(value) and getattr(value, "__module__", "") == __name__}
for _helper in ("started", "gone_wrong", "asked", "tunnelled"):
    del ALL[_helper]
