"""MQTT.js in real browsers, bundled for the test from Debian's node-mqtt: over HTTP/1.1 and over RFC 8441."""

import json
import shutil
import subprocess

import pytest

import harness
import netlog
from browsers import PROGRAMS, Browser
from harness import REPOSITORY
from test_auth_password import htpasswd

SOURCES = REPOSITORY / "Tests/EndToEnd/browser"
PACKAGES = "/usr/share/nodejs"
VERSIONS = {"3.1.1": 4, "5.0": 5}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A folder with a page that has MQTT.js."""
    return bundled(tmp_path_factory.mktemp("site"))


def bundled(folder):
    for name in ("index.html", "page.js"):
        shutil.copy(SOURCES / name, folder)
    replaced = {"util": "./util.js", "stream": "readable-stream", **{name: "./none.js" for name in ("ws", "tls", "net")}}
    subprocess.run(
        ["esbuild", f"{PACKAGES}/mqtt/lib/connect/index.js", "--bundle", "--format=iife", "--global-name=mqtt",
         "--inject:shims.js", f"--outfile={folder}/bundle.js", *(f"--alias:{name}={file}" for name, file in replaced.items())],
        cwd=SOURCES, env={"NODE_PATH": PACKAGES, "PATH": "/usr/bin:/bin"}, check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module", params=sorted(PROGRAMS))
def browser(request, tmp_path_factory, certificate):
    browser = Browser(request.param, tmp_path_factory.mktemp(request.param), authority=certificate.authority)
    yield browser
    browser.close()


def gateway_with_page(rig, site, brokers, *, over="h2", server="", **options):
    """`over`: what a browser gets by ALPN."""
    http2 = "" if over == "h2" else "http2 off;"
    return rig.tls_gateway(brokers, server=f"{http2}\nlocation / {{ root {site}; index index.html; }}\n{server}", **options)


def visit(browser, gateway_or_port, over=None):
    port = gateway_or_port if isinstance(gateway_or_port, int) else gateway_or_port.tls_port
    browser.open(f"https://localhost:{port}/")
    browser.until("typeof mqtt !== 'undefined' && typeof openAndClose === 'function'")
    assert over is None or protocol(browser) == over


def protocol(browser):
    """What the page came over."""
    return browser.js("performance.getEntriesByType('navigation')[0].nextHopProtocol")


def exchange(browser, number, topic, payload="hello", qos=1):
    """A client of the page publishes to itself."""
    browser.js(f"subscribe({number}, '{topic}', {qos})")
    browser.js(f"publish({number}, '{topic}', {json.dumps(payload)}, {qos})")
    browser.until(f"clients[{number}].received.length > 0")
    assert browser.js(f"clients[{number}].received.shift()") == [topic, payload, len(payload.encode())]


both = pytest.mark.parametrize("over", ["http/1.1", "h2"])


@both
@pytest.mark.parametrize("version", VERSIONS)
def test_messages_go_both_ways(rig, site, browser, version, over):
    gateway = gateway_with_page(rig, site, [rig.mosquitto()], over=over)
    browser.renew()
    visit(browser, gateway, over)
    number = browser.js(f"open({{protocolVersion: {VERSIONS[version]}, clientId: 'page'}})")
    for qos in (0, 1, 2):
        exchange(browser, number, f"t/{qos}", "grüße " * 50, qos)
    exchange(browser, number, "t/large", "x" * 1_000_000)
    browser.js(f"end({number})")
    line = gateway.ended(mqtt_client_id="page")
    assert (line["mqtt_version"], line["status_reason"], line["scheme"]) == (version, "client_disconnect", "wss")
    assert line["http_version"] == {"http/1.1": "1.1", "h2": "2.0"}[over]
    assert browser.troubles() == []


@both
@pytest.mark.parametrize("version", VERSIONS)
def test_the_reason_of_a_refusal_is_visible(rig, site, browser, version, over):
    users = htpasswd(rig.path("users"), {"joe": "secret"})
    gone = rig.mosquitto()
    gone.kill()
    gateway = gateway_with_page(
        rig, site, [gone], over=over, location=f"auth_password_file {users};", server="location /gone { mqtt_pass brokers; }")
    browser.renew()
    visit(browser, gateway, over)
    options = f"protocolVersion: {VERSIONS[version]}, username: 'joe', password: 'wrong'"
    for path, words in (("/mqtt", "Bad username or password"), ("/gone", "Server unavailable")):
        said = browser.js(f"refusal({{{options}}}, origin + '{path}')")
        assert said.replace("User Name", "username").lower() == f"Connection refused: {words}".lower()
        assert browser.text("#said") == said


@both
def test_clients_of_many_tabs(rig, site, browser, over):
    gateway = gateway_with_page(rig, site, [rig.mosquitto()], over=over)
    browser.renew()
    visit(browser, gateway, over)
    many(browser, gateway, 20)


def many(browser, gateway, count):
    """So many clients at once, each with its own messages, and their end."""
    browser.js(f"Promise.all(Array.from({{length: {count}}}, (_, number) => open({{clientId: `tab-${{number}}`}}))).then(() => true)")
    for number in range(count):
        exchange(browser, number, f"t/{number}")
    browser.js("Promise.all(clients.map((_, number) => end(number))).then(() => true)")
    for number in range(count):
        assert gateway.ended(mqtt_client_id=f"tab-{number}")["status_reason"] == "client_disconnect"


@both
def test_a_hundred_sockets_one_after_the_other_and_the_next(rig, site, browser, over):
    """Firefox leaves its half of a stream open: the gateway must not count it."""
    gateway = gateway_with_page(rig, site, [rig.mosquitto()], over=over, server="http2_max_concurrent_streams 40;")
    browser.renew()
    visit(browser, gateway, over)
    assert browser.js("openAndClose(100)") == 100
    exchange(browser, browser.js("open({clientId: 'next'})"), "t")


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_sessions_share_one_connection_of_http2(rig, site, name):
    """As the browser's own log of its network has it: 20 sessions, 20 streams, one connection, which is the page's."""
    gateway = gateway_with_page(rig, site, [rig.mosquitto()])
    browser = rig.keep(Browser(name, rig.path(name), authority=rig.certificate.authority, net_log=True))
    visit(browser, gateway, "h2")
    many(browser, gateway, 20)
    assert browser.js("openAndClose(10)") == 10
    found = netlog.streams(browser)
    assert len(found) == len(set(found)) == 30, found
    assert len({connection for connection, _ in found}) == 1
    lines = [line for line in gateway.access() if line["uri"] == "/mqtt"]
    assert {line["http_version"] for line in lines} == {"2.0"} and len({line["remote_port"] for line in lines}) == 1


@both
def test_messages_are_compressed_both_ways(rig, site, browser, over):
    gateway = gateway_with_page(rig, site, [rig.mosquitto()], over=over, location="websocket_deflate on;")
    browser.renew()
    visit(browser, gateway, over)
    agreed = browser.js("new Promise(done => { const socket = new WebSocket(origin + '/mqtt', 'mqtt');"
                        " socket.onopen = () => { done(socket.extensions); socket.close() }; socket.onerror = () => done('failed') })")
    assert agreed.startswith("permessage-deflate")
    number = browser.js("open({protocolVersion: 5, clientId: 'page'})")
    for size in (1, 1000, 200_000):
        exchange(browser, number, f"t/{size}", "measurement " * (size // 12 + 1))
    exchange(browser, number, "t/random", rig.random.randbytes(100_000).hex())
    browser.js(f"end({number})")
    assert gateway.ended(mqtt_client_id="page")["status_reason"] == "client_disconnect"
