"""Behind nginx, HAProxy, Envoy and Caddy, as docs/fronts.md configures them: clients, browsers, addresses, silence."""

import time
import urllib.request

import pytest

import haproxy
import harness
import netlog
from browsers import PROGRAMS, Browser
from fronts import KINDS, PAGE, Front, Setting, block
from harness import PATIENCE, REPOSITORY, eventually
from haproxy import HAProxy
from pahoclient import PahoClient
from test_browsers_mqttjs import exchange, protocol, site, visit  # noqa: F401 (fixture)

IDLE = 70
CLIENT = "127.0.0.7"  # not where the fronts connect from
FORGED = {"X-Forwarded-For": "203.0.113.66"}


def parameters():
    return [pytest.param(kind, id=str(kind), marks=[pytest.mark.sid] if kind.is_in_matrix else []) for kind in KINDS]


class Row:
    """A broker behind a listener that takes PROXY headers and logs them, the gateway, and a front of this kind."""

    def __init__(self, rig, site, kind):
        self.kind = kind
        self.broker = rig.mosquitto()
        patient = "    timeout client 5m\n    timeout server 5m\n"
        self.receiver = rig.keep(HAProxy(rig.path("receiver"), haproxy.receiver(self.broker.port) + patient))
        setting = Setting(rig, site, self.receiver.port)
        config = "worker_threads 2;\nerror_log stderr debug;\naccess_log access.log json;\n" + setting(block("sluice"))
        self.gateway = rig.gateway(config=config)
        self.front = rig.keep(Front(rig.path("front"), kind, setting))
        self.port = self.front.port

    @property
    def address(self):
        return f"wss://localhost:{self.port}/mqtt"

    def paho(self, rig, name, **options):
        client = rig.keep(PahoClient(self.port, 5, name, tls=rig.certificate.client_context(), connect=False, **options))
        client._target = ("localhost", self.port, options.get("keepalive", 60), CLIENT)
        return client.connect()


@pytest.mark.parametrize("kind", parameters())
def test_a_client_and_its_address(rig, site, kind):  # noqa: F811
    """The gateway's log and the broker see the client's own address, whatever the client claims."""
    row = Row(rig, site, kind)
    context = rig.certificate.client_context()
    for _ in range(3):  # of another client; what the front keeps open for it must not name it for others
        with urllib.request.urlopen(f"https://localhost:{row.port}/", context=context, timeout=harness.DEADLINE) as answer:
            assert b"MQTT.js" in answer.read()
    client = row.paho(rig, "device", headers=lambda fields: fields | FORGED)
    client.subscribe("t", qos=1)
    for payload in (b"hello", b"x" * 1_000_000):
        client.publish("t", payload, qos=1)
        assert client.message().payload == payload
    client.close()
    line = row.gateway.ended(mqtt_client_id="device")
    assert line["status_reason"] == "client_disconnect"
    seen = eventually(row.receiver.ended, "the broker's connection")[-1]["client"][0]
    if kind.program == "envoy" and kind.names_clients:
        # Envoy names a client from 127.0.0.0/8 by an address of this machine.
        assert line["remote_addr"] == seen and not seen.startswith("203.")
    else:
        assert (line["remote_addr"], seen) == (CLIENT, CLIENT)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
@pytest.mark.parametrize("kind", parameters())
def test_a_browser(rig, site, kind, name):  # noqa: F811
    """Over RFC 8441 where the front has it, which the browser's own log shows."""
    row = Row(rig, site, kind)
    browser = rig.keep(Browser(name, rig.path(name), authority=rig.certificate.authority, net_log=True))
    visit(browser, row.port)
    assert protocol(browser) == ("http/1.1" if kind.config == "haproxy-proxy" else "h2")
    for number in range(3):
        assert browser.js(f"open({{protocolVersion: 5, clientId: 'page-{number}'}})") == number
        exchange(browser, number, f"t/{number}", "x" * 200_000)
        browser.js(f"end({number})")
        assert row.gateway.ended(mqtt_client_id=f"page-{number}")["status_reason"] == "client_disconnect"
    assert browser.troubles() == []
    found = netlog.streams(browser)
    assert len(found) == (3 if kind.rfc8441 else 0), found
    assert len({connection for connection, _ in found}) <= 1


@pytest.mark.parametrize("where", ["debian", pytest.param("matrix", marks=pytest.mark.sid)])
def test_silence(rig, site, tmp_path, where):  # noqa: F811
    """All at once: a session in which nothing happens for 70 s works afterwards, of paho and of both browsers."""
    rows = [Row(rig, site, kind) for kind in KINDS if kind.is_in_matrix == (where == "matrix")]
    pahos = [row.paho(rig, "device", keepalive=600).subscribe("t") for row in rows]
    browsers = [Browser(name, rig.path(name), authority=rig.certificate.authority) for name in sorted(PROGRAMS)]
    for browser in browsers:
        rig.keep(browser)
        visit(browser, rows[0].port)
        for number, row in enumerate(rows):
            # MQTT's own keep alive would be traffic.
            browser.js(f"open({{clientId: '{browser.name}', keepalive: 600}}, '{row.address}')")
            browser.js(f"subscribe({number}, 't', 0)")
    end = time.monotonic() + IDLE

    def over():
        assert not any(client.disconnected for client in pahos), [str(row.kind) for row, one in zip(rows, pahos) if one.disconnected]
        return time.monotonic() >= end

    eventually(over, "the end of the silence", timeout=IDLE + 10 * PATIENCE, interval=0.5)
    for number, (row, client) in enumerate(zip(rows, pahos)):
        client.publish("t", b"after", qos=1)
        assert client.message().payload == b"after", row.kind
        for browser in browsers:
            browser.until(f"clients[{number}].received.length === 1")
            assert browser.js(f"clients[{number}].connected"), (browser.name, str(row.kind))


@pytest.mark.sid
def test_firefox_has_more_than_a_hundred_sockets_through_haproxy(rig, site):  # noqa: F811
    """It leaves its half of each stream open, and HAProxy 3.2 counts them."""
    kind = next(kind for kind in KINDS if str(kind) == "haproxy-http-3.2")
    row = Row(rig, site, kind)
    browser = rig.keep(Browser("firefox", rig.path("firefox"), authority=rig.certificate.authority))
    visit(browser, row.port)
    assert browser.js("openAndClose(120)") == 120
    exchange(browser, browser.js("open()"), "t")


def test_the_page_has_no_other_configurations():
    text = PAGE.read_text()
    shown = {kind.config for kind in KINDS} | {"sluice"}
    assert text.count("<!-- front: ") == len(shown) == sum(text.count(f"<!-- front: {name} -->") for name in shown)
    assert text.count("\n```") == 2 * len(shown)
    assert "fronts.md" in (REPOSITORY / "README.md").read_text()
