"""Real brokers with clients of the gateway: every one of `programs.BROKERS` × scenario.

The scenarios of all brokers run at once, each broker's in turn. paho-mqtt is the client, over wss.
"""

import json
import re

import pytest

from cells import Cells, rigs, selected
from driven import pattern
from ejabberd import Ejabberd
from harness import DEADLINE, PATIENCE, eventually
from mosquitto import Mosquitto
from programs import BROKERS, MIB, NAMES, SID, in_sid
from pybroker import AMQTT, IotCore
from rabbitmq import RabbitMQ
from test_health_check import healthy, unhealthy

SIZES = (0, 1, 125, 126, 127, 20_000, 65_535, 65_536, MIB, 1_900_000, 5 * MIB)
AT_ONCE = 4
LONGEST = 600 * PATIENCE


def start(broker, folder, proxy):
    """Starts it; with `proxy` (v1 or v2) it expects the PROXY protocol."""
    within = in_sid() if broker.is_in_sid else ()
    if broker.name == "Mosquitto":
        users = folder / "users"
        users.write_text(_GUEST)
        users.chmod(0o600)
        extra = f"password_file {users}"
        extra += f"\nenable_proxy_protocol {proxy[1]}" if proxy else ""
        return Mosquitto(folder, extra=extra, anonymous=False, within=within)
    if broker.name == "RabbitMQ":
        root = SID if broker.is_in_sid else "/"
        return RabbitMQ(folder, proxy_protocol=bool(proxy), within=within, root=root)
    if broker.name == "ejabberd":
        return Ejabberd(folder, proxy_protocol=bool(proxy), within=within)
    return {"aMQTT": AMQTT, "iotcore": IotCore}[broker.name](folder)


# guest with the password guest, as mosquitto_passwd writes it.
_GUEST = "guest:$7$101$gAdhfWpED7Ptlrg8$6VODwPGzVqw+jOsRqq4qUi/z7NlMgF3JmfAGvxzRkcVFFqetm/319D8yB1daqt/yUoo3bSTN3+0VT96rqvdcLQ==\n"


class Bench:
    """One broker, started when it is needed, with and without the PROXY protocol."""

    def __init__(self, rig, broker):
        self.rig, self.broker, self.running = rig, broker, {}

    def started(self, proxy=None):
        # RabbitMQ and ejabberd read either version of the header, and are started once for both.
        kind = proxy if self.broker.name == "Mosquitto" else proxy and "any"
        if kind not in self.running:
            self.running[kind] = self.rig.keep(start(self.broker, self.rig.path(self.broker.name.lower()), proxy))
        return self.running[kind]


class Run:
    """A scenario's own gateway and clients."""

    def __init__(self, rig, bench):
        self.rig, self.bench, self.broker = rig, bench, bench.broker

    def gateway(self, proxy=None, upstream=""):
        if proxy:
            upstream += f" proxy_protocol {proxy};"
        return self.rig.tls_gateway([self.bench.started(proxy)], upstream=upstream)

    def client(self, gateway, version, label, **options):
        identifier = f"{label}{version}{self.broker.key}".replace(" ", "").replace(".", "")
        context = self.rig.certificate.client_context()
        return self.rig.paho(gateway.tls_port, version, identifier, tls=context, **(self.broker.login | options))


# Scenarios: each returns what the table says of it.


def messages(run, version):
    """Every size there and back; a client of a version that the broker does not speak is told so."""
    gateway = run.gateway()
    client = run.client(gateway, version, "messages")
    if version not in run.broker.versions:
        return _refused(client, run.broker.other_versions[version], version)
    assert client.reason == 0
    client.subscribe("sizes", 1)
    for size in SIZES:
        if size <= run.broker.most:
            payload = pattern(size, f"{size}")
            client.publish("sizes", payload, 1)
            assert client.message(3 * DEADLINE).payload == payload
    return "yes"


def will(run, version):
    gateway = run.gateway()
    watcher = run.client(gateway, version, "watcher").subscribe("wills", 1)
    run.client(gateway, version, "mortal", will=("wills", "gone", 1)).cut()
    assert watcher.message().payload == b"gone"
    return "yes"


def refusal(run, version):
    """The broker's own, for somebody that it does not know: passed on as it is."""
    gateway = run.gateway()
    client = run.client(gateway, version, "wrong", **run.broker.wrong)
    return _refused(client, run.broker.refused[version], version)


def _refused(client, code, version):
    """paho-mqtt shows the codes of MQTT 5 for those of 3.1.1. A client of MQTT 5 is told them by the gateway, too, where the
    broker answers in the old form."""
    shown = {1: 0x84, 3: 0x88, 4: 0x86, 5: 0x87}.get(code, code)
    assert client.reason.value == shown
    return f"0x{shown if version == 5 else code:02X}"


def health(run, version):
    """`health_check type=mqtt` finds it well, finds out when it is frozen, and when it is back."""
    login, upstream = run.broker.login, "health_check type=mqtt interval=300ms timeout=2s fails=2 passes=2"
    if login:
        secret = run.rig.path("secret") / "password"
        secret.write_text(login["password"] + "\n")
        upstream += f" username={login['username']} password_file={secret}"
    gateway, running = run.gateway(upstream=upstream + ";"), run.bench.started()
    assert run.client(gateway, 4, "healthy").reason == 0
    running.freeze()
    try:
        unhealthy(gateway, running)
    finally:
        running.thaw()
    healthy(gateway, running)
    assert run.client(gateway, 4, "again").reason == 0
    return "yes"


def proxy_v1(run, version):
    return _proxy(run, "v1")


def proxy_v2(run, version):
    return _proxy(run, "v2")


def _proxy(run, proxy):
    """The header is read: clients get in, and the broker has the client's address."""
    gateway, running = run.gateway(proxy), run.bench.started(proxy)
    client = run.client(gateway, 4, f"proxy{proxy}").subscribe("proxied")
    client.publish("proxied", b"payload", 1)
    assert client.message().payload == b"payload"
    client.close()
    line = gateway.ended(status_reason="client_disconnect")  # of localhost's two addresses the client has taken one
    client_address = rf"{re.escape(line['remote_addr'])}\]?:{line['remote_port']}\b"
    eventually(lambda: re.search(client_address, running.output()), lambda: running.output()[-2000:])
    return "yes"


SCENARIOS = (messages, will, refusal, health, proxy_v1, proxy_v2)


def versions(broker, scenario):
    """The MQTT versions that a scenario is run with."""
    if scenario is messages:
        return (3, 4, 5)
    if scenario is will:
        return broker.versions
    if scenario is refusal:
        return tuple(broker.refused or ())
    return (4,) if scenario is health or scenario.__name__[-2:] in broker.proxy else ()


CELLS = {
    f"{broker.key}-{scenario.__name__}-{NAMES[version]}": (scenario, broker, version)
    for broker in BROKERS
    for scenario in SCENARIOS
    for version in versions(broker, scenario)
}


@pytest.fixture(scope="module")
def cells(request, authority, certificate, tmp_path_factory):
    make_rig = rigs(tmp_path_factory.mktemp("brokers"), authority, certificate)
    shared = make_rig("shared")
    benches = {broker.key: Bench(shared, broker) for broker in BROKERS}
    wanted = selected(request, "broker_cell")

    def bound(cell):
        scenario, broker, version = CELLS[cell]
        return lambda rig: scenario(Run(rig, benches[broker.key]), version)

    lanes = [[(cell, bound(cell)) for cell in wanted if CELLS[cell][1] is broker] for broker in BROKERS]
    running = Cells(lanes, AT_ONCE, make_rig)
    yield running
    running.close()
    shared.close()


@pytest.mark.parametrize(
    "broker_cell",
    [pytest.param(key, id=key, marks=[pytest.mark.sid] if CELLS[key][1].is_in_sid else []) for key in CELLS],
)
def test_broker(cells, broker_cell, record_property):
    scenario, broker, version = CELLS[broker_cell]
    record_property("case", json.dumps({"broker": broker.key, "scenario": scenario.__name__, "version": version}))
    record_property("shown", cells.result(broker_cell, LONGEST))
