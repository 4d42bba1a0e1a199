"""The client libraries and brokers that the matrix runs: what each is, where it is from, and what it shows.

A new client is one driver in `clients/` and one row here. `docs/clients.md` and `docs/brokers.md` have a row for each;
`matrix.py` writes them.
"""

import dataclasses
import os
import pathlib

from harness import REPOSITORY

HERE = pathlib.Path(__file__).resolve().parent
VENVS = pathlib.Path(os.environ.get("SLUICE_VENVS", REPOSITORY / ".venv-clients"))
SID = pathlib.Path(os.environ.get("SLUICE_SID", REPOSITORY / ".sid"))
MIB = 1 << 20
NAMES = {3: "3.1", 4: "3.1.1", 5: "5.0"}

# What the events of a driver must show, by MQTT version: a code where the library shows one, else its words.
Shown = dict


def _shown(three, five=None):
    return {3: three, 4: three, 5: three if five is None else five}


def in_sid(*command):
    """A command that runs in the unpacked Debian sid; its process id is the command's own."""
    return (str(REPOSITORY / "scripts/sid.sh"), "run", str(SID), *command)


@dataclasses.dataclass(frozen=True)
class Client:
    name: str
    version: str
    source: str  # "PyPI", "Debian 12" or "Debian sid"
    driver: tuple  # a Python file of clients/ with its arguments, or a whole command
    versions: tuple = (3, 4, 5)
    password: Shown = dataclasses.field(default_factory=lambda: _shown("4", "134"))
    no_broker: Shown = dataclasses.field(default_factory=lambda: _shown("3", "136"))
    drain: Shown = dataclasses.field(default_factory=lambda: _shown("closed"))
    frames: str = ""  # the `websocket_frames` it needs, if not the default
    most_up: dict = dataclasses.field(default_factory=dict)  # by transport, the largest payload that it surely sends
    most: dict = dataclasses.field(default_factory=dict)  # by transport, the largest that it surely receives
    transports: tuple = ("ws", "wss")
    note: str = ""

    @property
    def key(self):
        return f"{self.name}-{self.version}"

    @property
    def is_in_sid(self):
        return self.source == "Debian sid"

    def command(self):
        if not self.driver[0].endswith(".py"):
            return list(self.driver)
        python = VENVS / self.key / "bin/python" if self.source == "PyPI" else "/usr/bin/python3"
        return [str(python), str(HERE / "clients" / self.driver[0]), *self.driver[1:]]


def _paho(version, **more):
    return Client("paho-mqtt", version, "PyPI", ("paho_python.py",), **more)


# From 1.6 on paho-mqtt forgets over ws what the socket did not take at once.
_LOSES = {"most_up": {"ws": MIB}, "note": "over ws it publishes to 1 MiB"}
# paho-mqtt 2 shows the codes of MQTT 5 for every version.
_TWO = {"password": _shown("134"), "no_broker": _shown("136"), **_LOSES}
_PAHO_TWO = _TWO | {"drain": _shown("Unspecified error", "Server shutting down")}
_PROTOCOL_ERROR = "AWS_ERROR_MQTT_PROTOCOL_ERROR"

CLIENTS = (
    Client("MQTT.js", "4.3.7", "Debian 12", ("node", str(HERE / "node/driver.js")), drain=_shown("closed", "139")),
    _paho("1.3.1", versions=(3, 4)),
    _paho("1.5.0"),
    _paho("1.6.1", **_LOSES),
    _paho("2.1.0", **_PAHO_TWO),
    _paho("2.2.0", **_PAHO_TWO),
    Client("aiomqtt", "2.5.1", "PyPI", ("aiomqtt_.py",), **_TWO),
    Client(
        "awscrt", "0.38.1", "PyPI", ("awscrt_.py",), (4, 5), password=_shown(_PROTOCOL_ERROR, "134"),
        no_broker=_shown(_PROTOCOL_ERROR, "136"), drain=_shown("closed", "139"),
    ),
    Client("amqtt", "0.12.1", "PyPI", ("amqtt_.py",), (4,), frames="stream", note="with `websocket_frames stream`"),
    Client(
        "gmqtt", "0.8.0", "PyPI", ("gmqtt_.py",), (4, 5), transports=("tcp",),
        note="it has no WebSocket; beside the gateway, at the broker, it and MQTT.js exchange messages",
    ),
    Client("Paho C", "1.3.12", "Debian 12", ("tools.py", "paho")),
    Client("Paho C", "1.3.16", "Debian sid", ("tools.py", "paho", *in_sid()), most={"wss": MIB}),
    Client(
        "libmosquitto", "2.1.2", "Debian sid", ("tools.py", "mosquitto", *in_sid()),
        drain=_shown("comes back", "139"),
    ),
    Client(
        "autopaho", "0.23.0", "Debian sid", in_sid("/usr/local/lib/sluice-matrix/autopaho"), (5,),
        drain=_shown("closed", "139"),
    ),
)

NOT_RUN = (
    ("azure-iot-device 2.14.0", "it wants port 443; by hand it passed, see below"),
    ("moat-lib-mqtt 0.8.7", "it has no driver here; by hand it passed, see below"),
    ("hbmqtt 0.9.6", "it does not run on Python 3.9 or newer"),
    ("moat-mqtt 0.42.20", "pip finds no set of its requirements that fits"),
    ("Qt MQTT", "it is not in Debian"),
)


def by_key(key):
    return next(client for client in CLIENTS if client.key == key)


@dataclasses.dataclass(frozen=True)
class Broker:
    """A row of docs/brokers.md. What it answers to versions and users is that of its configuration in test_brokers.py."""

    name: str
    version: str
    source: str
    versions: tuple  # of MQTT, that it speaks
    other_versions: Shown  # what a client of another version gets: the CONNACK's code, or "0x03" for "no broker"
    login: dict = dataclasses.field(default_factory=dict)
    wrong: dict = dataclasses.field(default_factory=dict)  # what makes that login a wrong one
    refused: Shown | None = None  # the code that then comes, by version; None: it asks for no login
    most: int = 5 * MIB
    proxy: tuple = ()
    note: str = ""

    @property
    def key(self):
        return f"{self.name}-{self.version}"

    @property
    def is_in_sid(self):
        return self.source == "Debian sid"


_GUEST = {"username": "guest", "password": "guest"}
_SOMEBODY = {"username": "somebody", "password": "anything"}

_WRONG = {"password": "wrong"}

BROKERS = (
    Broker("Mosquitto", "2.0", "Debian 12", (3, 4, 5), {}, _GUEST, _WRONG, {3: 5, 4: 5, 5: 0x87}),
    Broker(
        "Mosquitto", "2.1", "Debian sid", (3, 4, 5), {}, _GUEST, _WRONG, {3: 5, 4: 5, 5: 0x87}, 1_900_000,
        ("v1", "v2"), "its own limit is 2,000,000 bytes",
    ),
    Broker("RabbitMQ", "3.10", "Debian 12", (3, 4), {5: 0x88}, _GUEST, _WRONG, {3: 4, 4: 4}, proxy=("v1", "v2")),
    Broker(
        "RabbitMQ", "4.3", "Debian sid", (3, 4, 5), {}, _GUEST, _WRONG, {3: 4, 4: 4, 5: 0x86}, proxy=("v1", "v2"),
    ),
    Broker(
        "ejabberd", "23.01", "Debian 12", (4, 5), {3: 1}, _SOMEBODY, {"username": None}, {4: 5, 5: 0x87},
        proxy=("v1", "v2"), note="refused: a client without a user",
    ),
    Broker(
        "ejabberd", "26.07", "Debian sid", (4, 5), {3: 1}, _SOMEBODY, {"username": "joe@nowhere"}, {4: 3, 5: 0x88},
        proxy=("v1", "v2"), note="refused: a user of a domain that it does not serve",
    ),
    Broker("aMQTT", "0.12.1", "PyPI", (4,), {3: 3, 5: 1}),
    Broker("iotcore", "0.4.0", "PyPI", (4,), {3: 3, 5: 0x88}, most=20_000, note="its own limit is 20,480 bytes"),
)  # fmt: skip
