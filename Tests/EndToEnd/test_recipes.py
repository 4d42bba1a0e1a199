"""docs/recipes.md, run: both sides of the recipes whose brokers Debian has, from the page."""

import re
import subprocess

import rabbitmq
from harness import REPOSITORY, eventually, free_port

PAGE = REPOSITORY / "docs/recipes.md"


def recipe(name):
    found = re.findall(rf"<!-- recipe: {name} -->\n```\w+\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{PAGE} has {len(found)} recipes {name}"
    return found[0]


def gateway(rig, name, **others):
    """The gateway's half, with the addresses, ports and files of this run."""
    password = rig.path("probe") / "probe"
    password.write_text("secret\n")
    words = {
        "443 ssl": f"127.0.0.1:{free_port()} ssl",
        "certs/server.crt": rig.certificate.certificate,
        "certs/server.key": rig.certificate.key,
        "/etc/sluice/probe": password,
        "interval=5s": "interval=200ms",
        **others,
    }
    text = recipe(name)
    for word, value in words.items():
        text = text.replace(word, str(value))
    return rig.gateway(config=f"error_log stderr info;\naccess_log access.log json;\nworker_threads 1;\n{text}")


def message_passes(rig, gateway, versions):
    context = rig.certificate.client_context()
    login = {"username": "user", "password": "word"}
    first, second = (rig.paho(gateway.tls_port, version, tls=context, **login) for version in versions)
    first.subscribe("t", 1)
    second.publish("t", b"across", 1)
    assert first.message().payload == b"across"


def test_mosquitto(rig):
    folder = rig.path("broker")
    passwords, socket, port = folder / "passwd", folder / "mosquitto.sock", free_port()
    passwords.touch()
    for user, password in (("user", "word"), ("probe", "secret")):
        subprocess.run(["mosquitto_passwd", "-b", passwords, user, password], check=True, capture_output=True)
    text = recipe("mosquitto-broker").replace("/run/mosquitto/mosquitto.sock", str(socket))
    text = text.replace("/etc/mosquitto/passwd", str(passwords)).replace("1883 127", f"{port} 127")
    extra = "\n".join(line for line in text.splitlines() if not line.startswith("allow_anonymous"))
    rig.mosquitto(extra=extra, anonymous=False)
    running = gateway(rig, "mosquitto-gateway", **{"/run/mosquitto/mosquitto.sock": socket, "127.0.0.1:1883": f"127.0.0.1:{port}"})
    message_passes(rig, running, (4, 5))
    assert "unhealthy" not in running.output()


def test_rabbitmq(rig, monkeypatch):
    plain = rabbitmq._configuration

    def configured(port, proxy_protocol, generation):
        """The node's own lines, and those of the page for MQTT."""
        own = [line for line in plain(port, proxy_protocol, generation).splitlines() if not line.startswith("mqtt.")]
        page = recipe("rabbitmq-broker").replace("default = 1883", f"default = 127.0.0.1:{port}")
        return "\n".join([*own, page]) + "\n"

    monkeypatch.setattr(rabbitmq, "_configuration", configured)
    broker = rig.keep(rabbitmq.RabbitMQ(rig.path("rabbitmq")))
    for user, password, rights in (("user", "word", ".*"), ("probe", "secret", "")):
        broker.control("add_user", user, password)
        broker.control("set_permissions", user, rights, rights, rights)
    running = gateway(
        rig, "rabbitmq-gateway", **{"server 10.10.1.1:1883;": f"server 127.0.0.1:{broker.port};", "server 10.10.1.2:1883;": ""}
    )
    message_passes(rig, running, (4, 3))
    eventually(lambda: "unhealthy" not in running.output(), "health")
    assert all(host == "127.0.0.1" for host, _ in broker.connections().values())
