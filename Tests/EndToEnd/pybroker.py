"""Brokers that PyPI has, each in its virtual environment (clients/venvs.txt): what they need does not agree."""

import harness
from programs import VENVS
from service import Service


class PyBroker(Service):
    """A broker on a free port of 127.0.0.1 that lets everybody in. A subclass says which, and how it starts."""

    patience = harness.DEADLINE * 3
    package = None

    def __init__(self, directory, *, name=None):
        super().__init__(directory, name or self.kind)
        self.port = harness.free_port()
        self.start()

    def start(self):
        command = [VENVS / self.package / "bin/python", *self.arguments()]
        self.run(command, lambda: harness.is_listening(self.port), cwd=self.directory)


class AMQTT(PyBroker):
    """aMQTT: MQTT 3.1.1 alone."""

    kind = "amqtt"
    package = "amqtt-0.12.1"

    def arguments(self):
        config = self.directory / "amqtt.yaml"
        config.write_text(_AMQTT.format(port=self.port))
        return ["-m", "amqtt.scripts.broker_script", "-c", config]


class IotCore(PyBroker):
    """iotcore, which is rumqttd: MQTT 3.1.1 alone, and packets of at most 20,480 bytes."""

    kind = "iotcore"
    package = "iotcore-0.4.0"

    def arguments(self):
        program = "from iotcore.iotcore import IotCoreBroker; "
        program += f"IotCoreBroker(listen='127.0.0.1', port={self.port}).run_forever()"
        return ["-c", program]


_AMQTT = """\
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:{port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
"""
