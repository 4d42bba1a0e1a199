"""Brokers from PyPI, each in its virtual environment (clients/venvs.txt): aMQTT, and iotcore, which has rumqttd inside."""

import harness
from programs import VENVS
from service import Service


class Amqtt(Service):
    """Speaks MQTT 3.1.1 alone. `anonymous=False`: it refuses who does not log in, and there is nobody who can."""

    kind = "amqtt"
    patience = harness.DEADLINE * 2

    def __init__(self, directory, *, anonymous=True, name="amqtt"):
        super().__init__(directory, name)
        self.port = harness.free_port()
        self.config = self.directory / "amqtt.yaml"
        self.config.write_text(_AMQTT.format(port=self.port, anonymous=str(anonymous).lower()))
        python = VENVS / "amqtt-0.12.1/bin/python"
        command = [python, "-m", "amqtt.scripts.broker_script", "-c", self.config]
        self.run(command, lambda: harness.is_listening(self.port), cwd=self.directory)


class Iotcore(Service):
    """Speaks MQTT 3.1.1 alone, and takes no payload above 20 KiB."""

    kind = "iotcore"

    def __init__(self, directory, *, name="iotcore"):
        super().__init__(directory, name)
        self.port = harness.free_port()
        programme = (
            "from iotcore.iotcore import IotCoreBroker\n"
            f"IotCoreBroker(config_path=None, listen='127.0.0.1', port={self.port}).run_forever()"
        )
        command = [VENVS / "iotcore-0.4.0/bin/python", "-c", programme]
        self.run(command, lambda: harness.is_listening(self.port), cwd=self.directory)


_AMQTT = """\
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:{port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: {anonymous}
"""
