"""Brokers that PyPI has, each in an environment of its own: what they need does not agree with what the tests need."""

import fcntl
import pathlib
import subprocess
import sys
import venv

import harness
from service import Service

_ENVIRONMENTS = pathlib.Path(sys.prefix) / "brokers"


def _python(package):
    """The interpreter of an environment with this package, made when it is not there yet."""
    folder = _ENVIRONMENTS / package.replace("==", "-")
    _ENVIRONMENTS.mkdir(exist_ok=True)
    with open(_ENVIRONMENTS / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            venv.create(folder, clear=True, with_pip=True)
            command = [folder / "bin/python", "-m", "pip", "install", "-q", package]
            run = subprocess.run(command, capture_output=True, text=True, timeout=harness.DEADLINE * 30, check=False)
            assert run.returncode == 0, f"pip install {package}: {run.stdout}{run.stderr}"
            (folder / "complete").touch()
    return folder / "bin/python"


class PyBroker(Service):
    """A broker on a free port of 127.0.0.1 that lets everybody in. A subclass says which, and how it starts."""

    patience = harness.DEADLINE * 3
    package = None

    def __init__(self, directory, *, name=None):
        super().__init__(directory, name or self.kind)
        self.port = harness.free_port()
        self.start()

    def start(self):
        command = [_python(self.package), *self.arguments()]
        self.run(command, lambda: harness.is_listening(self.port), cwd=self.directory)


class AMQTT(PyBroker):
    """aMQTT: MQTT 3.1.1 alone."""

    kind = "amqtt"
    package = "amqtt==0.12.1"

    def arguments(self):
        config = self.directory / "amqtt.yaml"
        config.write_text(_AMQTT.format(port=self.port))
        return ["-m", "amqtt.scripts.broker_script", "-c", config]


class IotCore(PyBroker):
    """iotcore, which is rumqttd: MQTT 3.1.1 alone, and packets of at most 20,480 bytes."""

    kind = "iotcore"
    package = "iotcore==0.4.0"

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
