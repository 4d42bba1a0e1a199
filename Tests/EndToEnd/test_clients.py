"""Real client libraries through the gateway: every one of `programs.CLIENTS` × scenario × transport × MQTT version.

All that was selected runs at once, some at a time, when the first result is asked for: most of them wait. What a client
shows where it is refused or drained stands in its row of `programs.py`.
"""

import json
import signal

import pytest

import harness
from cells import Cells, rigs, selected
from clientruns import connected, drive
from driven import digest, pattern
from harness import DEADLINE, PATIENCE
from programs import CLIENTS, MIB, NAMES
from test_auth_password import sluice_passwd

SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, MIB, 5 * MIB)
PING = 1 * PATIENCE
AT_ONCE = 8
LONGEST = 600 * PATIENCE


class Bench:
    """What all of them share: a broker, and gateways that are open, want a password, or have no broker."""

    def __init__(self, rig):
        self.broker = rig.mosquitto()
        stream = "location /stream { mqtt_pass brokers; websocket_frames stream; }"
        self.open = rig.tls_gateway([self.broker], server=stream)
        self.pinging = rig.tls_gateway([self.broker], location=f"websocket_ping {PING:g}s;")
        users = sluice_passwd(rig.path("users"), {"alice": "secret"})
        self.closed = rig.tls_gateway([self.broker], location=f"auth_password_file {users};")
        self.empty = rig.tls_gateway([harness.free_port()])


class Run:
    """One client, MQTT version and transport."""

    def __init__(self, rig, bench, client, version, transport):
        self.rig, self.bench = rig, bench
        self.client, self.version, self.transport = client, version, transport

    def url(self, gateway):
        port = gateway.tls_port if self.transport == "wss" else gateway.port
        path = "/stream" if self.client.frames == "stream" and gateway is self.bench.open else "/mqtt"
        return f"{self.transport}://localhost:{port}{path}"

    def start(self, gateway, label, **options):
        """A driver that was told to connect; and the identifier, which is its topic as well."""
        identifier = f"{label}-{self.version}-{self.transport}-{self.client.key}".replace(" ", "")
        return drive(self.rig, self.client, self.url(gateway), identifier, self.version, **options), identifier

    def subscribed(self, gateway, label, **options):
        driven, topic = self.start(gateway, label, **options)
        return connected(driven, topic, 1), topic

    def exchange(self, driven, topic, size):
        """There and back: the client gets what it publishes, or what the broker has from elsewhere where it cannot."""
        seed = f"{topic} {size}"
        if size <= self.client.most_up.get(self.transport, size):
            driven.command("publishPattern", topic=topic, size=size, seed=seed, options={"qos": 1})
            event = driven.event("published", "error", "close", timeout=3 * DEADLINE)
            assert event["event"] == "published", (size, event)
        else:
            self.bench.broker.publish(topic, pattern(size, seed), qos=1)
        message = driven.nothing("message", "close", timeout=3 * DEADLINE)
        assert message and message["event"] == "message", (size, message, driven.seen())
        assert (message["size"], message["hash"]) == (size, digest(pattern(size, seed)))


def shown(event):
    code = event.get("code")
    return event.get("message") if code is None else str(code)


# Scenarios: each returns what the table says of it.


def sizes(run):
    driven, topic = run.subscribed(run.bench.open, "sizes")
    most = run.client.most.get(run.transport, SIZES[-1])
    for size in SIZES:
        if size <= most:
            run.exchange(driven, topic, size)
    driven.end()
    return "all" if most == SIZES[-1] else "to 1 MiB"


def idle(run):
    """Silent through three pings, and still there."""
    driven, topic = run.subscribed(run.bench.pinging, "idle")
    lost = driven.nothing("close", "error", "disconnect", timeout=3.5 * PING)
    assert lost is None
    run.exchange(driven, topic, 10)
    driven.end()
    return "yes"


def will(run):
    topic = f"wills/{run.version}-{run.transport}-{run.client.key}".replace(" ", "")
    watcher = run.rig.keep(run.bench.broker.subscribe(topic))
    driven, _ = run.subscribed(run.bench.open, "will", will={"topic": topic, "payload": "gone", "qos": 1})
    driven.kill()
    assert watcher.messages() == [(topic, b"gone")]
    return "yes"


def password(run):
    """The right one lets it in; the wrong one shows what the row says."""
    right, _ = run.subscribed(run.bench.closed, "right", username="alice", password="secret")
    right.end()
    return _refused(run, run.bench.closed, "wrong", run.client.password, username="alice", password="wrong")


def no_broker(run):
    return _refused(run, run.bench.empty, "nobroker", run.client.no_broker)


def _refused(run, gateway, label, expected, **options):
    driven, topic = run.start(gateway, label, **options)
    if run.client.driver[0] == "tools.py":  # connects when it subscribes
        driven.command("subscribe", topic=topic)
    event = driven.event("error", "connect", timeout=3 * DEADLINE)
    assert event["event"] == "error", event
    assert shown(event) == expected[run.version]
    return shown(event)


def drain(run):
    gateway = run.rig.tls_gateway([run.bench.broker], main="worker_shutdown_timeout 400ms;")
    driven, topic = run.subscribed(gateway, "drain")
    gateway.send_signal(signal.SIGQUIT)
    expected = run.client.drain[run.version]
    if expected.isdigit():
        said = str(driven.event("disconnect")["reason"])
    elif expected == "comes back":  # it shows nothing, but tries again
        assert gateway.process.wait() == 0
        gateway.start()
        said = driven.event("connect") and expected
    else:
        event = driven.event("close")
        said = "closed" if expected == "closed" else event["message"]
    assert said == expected
    if expected != "comes back":
        assert gateway.process.wait() == 0
    return said


def beside(run):
    """Without WebSocket: at the broker itself, in exchange with MQTT.js behind the gateway."""
    identifier = f"beside-{run.version}"
    url = f"mqtt://localhost:{run.bench.broker.port}"
    driven = connected(drive(run.rig, run.client, url, identifier, run.version), identifier, 1)
    other = run.rig.node(f"ws://localhost:{run.bench.open.port}/mqtt", clientId=f"js-{identifier}")
    other.subscribe(f"js-{identifier}")
    other.publish(identifier, "down")
    assert driven.message()["text"] == "down"
    driven.command("publishPattern", topic=f"js-{identifier}", size=65_536, seed="up", options={"qos": 1})
    assert other.message()["hash"] == digest(pattern(65_536, "up"))
    driven.end()
    return "not run"


SCENARIOS = (sizes, idle, will, password, no_broker, drain)
CELLS = {
    f"{client.key}-{scenario.__name__}-{transport}-{NAMES[version]}".replace(" ", "-"): (
        scenario, client, version, transport,
    )
    for client in CLIENTS
    for transport in client.transports
    for scenario in ((beside,) if transport == "tcp" else SCENARIOS)
    for version in client.versions
}  # fmt: skip


@pytest.fixture(scope="module")
def cells(request, authority, certificate, tmp_path_factory):
    make_rig = rigs(tmp_path_factory.mktemp("clients"), authority, certificate)
    shared = make_rig("shared")
    bench = Bench(shared)

    def bound(cell):
        scenario, *which = CELLS[cell]
        return lambda rig: scenario(Run(rig, bench, *which))

    running = Cells([[(cell, bound(cell))] for cell in selected(request, "cell")], AT_ONCE, make_rig)
    yield running
    running.close()
    shared.close()


@pytest.mark.parametrize(
    "cell",
    [pytest.param(key, id=key, marks=[pytest.mark.sid] if CELLS[key][1].is_in_sid else []) for key in CELLS],
)
def test_client(cells, cell, record_property):
    scenario, client, version, transport = CELLS[cell]
    case = {"client": client.key, "scenario": scenario.__name__, "version": version, "transport": transport}
    record_property("case", json.dumps(case))
    record_property("shown", cells.result(cell, LONGEST))
