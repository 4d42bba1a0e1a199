"""The page of www/ in real browsers, as the gateway serves it, with real brokers behind it."""

import json
import re
import signal
import urllib.request

import pytest

import harness
from browsers import PROGRAMS, Browser
from harness import REPOSITORY
from test_auth_password import htpasswd

OPEN = "document.querySelector('#state').dataset.state === 'open'"
CLOSED = "document.querySelector('#state').dataset.state === 'closed'"
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
# As `make demo` serves it.
SITE = re.search(r"^    location / \{.*?^    \}$", (REPOSITORY / "conf/demo/sluice.conf").read_text(), re.MULTILINE | re.DOTALL).group()
SITE = SITE.replace("@ROOT@", str(REPOSITORY))


@pytest.fixture(scope="module", params=sorted(PROGRAMS))
def browser(request, tmp_path_factory, certificate):
    browser = Browser(request.param, tmp_path_factory.mktemp(request.param), authority=certificate.authority)
    yield browser
    browser.close()


@pytest.fixture
def visit(rig, browser):
    """`visit([broker])`: a gateway with the page, over TLS, and the browser at it; nothing may go wrong in the page,
    except what the test takes out of `browser.messages`."""

    def start(brokers, *, server="", **options):
        gateway = rig.tls_gateway(brokers, server=f"{SITE}\n{server}", **options)
        browser.renew()
        browser.open(f"https://localhost:{gateway.tls_port}/")
        browser.until("document.querySelector('#url').value.startsWith('wss://')")
        return gateway

    yield start
    troubles = browser.troubles()
    browser.open("about:blank")
    assert troubles == []


def put(browser, **values):
    """Fills fields, by their id with _ for -."""
    for name, value in values.items():
        key = "checked" if isinstance(value, bool) else "value"
        browser.js(f"void (document.querySelector('#{name.replace('_', '-')}').{key} = {json.dumps(value)})")


def connect(browser, **values):
    put(browser, **values)
    browser.click("#connect")
    browser.until(OPEN)


def subscribe(browser, topic):
    put(browser, filter=topic)
    browser.click("#subscription button")
    browser.until(f"document.querySelector('#subscriptions').innerText.includes({json.dumps(topic)})")


def refused(browser, **values):
    """Tries to connect; returns what the page says: its sentence, and the lines below it."""
    put(browser, **values)
    browser.click("#connect")
    browser.until(f"{CLOSED} && !document.querySelector('#problem').hidden")
    browser.messages.clear()  # the console tells of the failed WebSocket, too
    return browser.text("#problem-text"), browser.text("#problem-details").splitlines()


def shown(browser):
    return browser.js("[...document.querySelectorAll('#messages li')].map(one =>"
                      " [one.querySelector('b').textContent, one.querySelector('pre').textContent, one.querySelector('small').textContent])")


@pytest.mark.parametrize("version", ["4", "5"])
def test_messages_go_both_ways(rig, visit, browser, version):
    broker = rig.mosquitto()
    gateway = visit([broker])
    connect(browser, version=version, client_id="")
    subscribe(browser, "a/#")
    put(browser, topic="a/b", payload="grüße <b>", qos="1", retain=True)
    browser.click("#publication button")
    browser.until("document.querySelectorAll('#messages li').length === 1")
    browser.until("document.querySelector('#published').textContent === 'The broker has the message to a/b'")
    topic, text, facts = shown(browser)[0]
    assert (topic, text) == ("a/b", "grüße <b>") and "QoS 1 · 11 bytes" in facts
    broker.publish("a/<img src=x>", b"\x00\xff\x80binary")
    broker.publish("a/long", "ü".encode() * 3000)
    browser.until("document.querySelectorAll('#messages li').length === 3")
    assert shown(browser)[1][:2] == ["a/<img src=x>", "00 ff 80 62 69 6e 61 72 79"]
    assert shown(browser)[0][1] == "ü" * 1000 + "…" and "6,000 bytes" in shown(browser)[0][2]
    assert browser.js("document.querySelectorAll('img').length") == 0
    browser.until("document.querySelector('#announcer').textContent.includes('a/long')")
    browser.click("#subscriptions button")
    browser.click("#connect")
    browser.until(CLOSED)
    assert browser.js("document.querySelector('#problem').hidden")
    line = gateway.ended(status_reason="client_disconnect")
    assert line["mqtt_version"] == {"4": "3.1.1", "5": "5.0"}[version]
    # Another socket gets what was retained.
    connect(browser, version=version)
    subscribe(browser, "a/#")
    browser.until("document.querySelector('#messages small').textContent.includes('retained')")


@pytest.mark.parametrize("version", ["4", "5"])
def test_a_session_continues_without_clean_start(rig, visit, browser, version):
    visit([rig.mosquitto()])
    for state in ("", ", with the session of before"):
        connect(browser, version=version, clean_start=False, client_id="kept")
        assert browser.text("#state").endswith("/mqtt" + state)
        browser.click("#connect")
        browser.until(CLOSED)


def test_a_refusal_shows_code_and_reason(rig, visit, browser):
    """In words, and as documents and logs name it."""
    users = htpasswd(rig.path("users"), {"joe": "secret"})
    visit([rig.mosquitto()], location=f"auth_password_file {users};")
    for version, code in (("5", "0x86"), ("4", "0x04")):
        said, details = refused(browser, version=version, username="joe", password="wrong")
        assert said == "Not connected: the user name or password is wrong."
        assert details[0].startswith(f"CONNACK {code}") and details[1].startswith("WebSocket Close 1"), details
    said, _ = refused(browser, version="4", username="", password="wrong")
    assert said == "MQTT 3.1.1 allows a password only with a user name."
    connect(browser, version="5", username="joe", password="secret")


def test_a_reason_string_is_shown(rig, visit, browser):
    """The broker's own words: of CONNACK, SUBACK and DISCONNECT."""

    def behaviour(connection):
        packet = connection.read_packet()
        text = "closed for <today>".encode()
        reason = b"\x1f" + len(text).to_bytes(2, "big") + text
        if b"refuse-me" in packet:
            body = b"\x00\x9f" + bytes([len(reason)]) + reason
            connection.send(b"\x20" + bytes([len(body)]) + body)
            return
        connection.send(b"\x20\x03\x00\x00\x00")
        subscribe = connection.read_packet()
        body = subscribe[2:4] + bytes([len(reason)]) + reason + b"\x8f"
        connection.send(b"\x90" + bytes([len(body)]) + body)
        connection.read_packet()
        body = b"\x98" + bytes([len(reason)]) + reason
        connection.send(b"\xe0" + bytes([len(body)]) + body)

    visit([rig.fake(behaviour)])
    said, details = refused(browser, version="5", client_id="refuse-me")
    assert said == "Not connected: connections came too fast."
    assert details[0] == "CONNACK 0x9F, “closed for <today>”"
    connect(browser, client_id="other")
    browser.click("#subscription button")
    browser.until("document.querySelector('#problem-text').textContent ==="
                  " 'The subscription to sensors/# was refused: the topic filter is not allowed (SUBACK 0x8F, “closed for <today>”).'")
    browser.click("#publication button")
    browser.until(CLOSED)
    assert browser.text("#problem-text") == "Not connected: the operator ended the connection."
    assert browser.text("#problem-details").splitlines()[0] == "DISCONNECT 0x98, “closed for <today>”"


def test_no_broker_and_no_websocket_are_told_apart(rig, visit, browser):
    broker = rig.mosquitto()
    broker.kill()
    gateway = visit([broker], server="location /denied { mqtt_pass brokers; deny all; }\n"
                    "location /elsewhere { mqtt_pass brokers; websocket_origins https://example.com; }")
    for version, code in (("5", "0x88"), ("4", "0x03")):
        said, details = refused(browser, version=version)
        assert said == "Not connected: no broker is available right now."
        assert details[0].startswith(f"CONNACK {code}") and details[1].startswith("WebSocket Close 1013"), details
    address = f"wss://localhost:{gateway.tls_port}"
    said, details = refused(browser, url=address + "/denied")
    assert said == "Not connected: this client is not authorised." and details[0] == "CONNACK 0x05"
    for path, words, detail in (
        ("/nothing", "nothing is at this path", "HTTP 404"), ("/page.js", "something else than MQTT is at this path", "HTTP 200"),
        ("/elsewhere", "the origin of this page may not be allowed", "HTTP 426"),
    ):
        refused(browser, url=address + path)
        browser.until(f"document.querySelector('#problem-text').textContent.includes({json.dumps(words)})")
        assert browser.text("#problem-details").startswith(detail)
        browser.messages.clear()
    said, _ = refused(browser, url=f"ws://localhost:{gateway.port}/mqtt")
    assert "Use a wss: address" in said
    refused(browser, url="wss://localhost:1/mqtt")
    browser.until("document.querySelector('#problem-text').textContent.includes('nothing listens there')")
    browser.messages.clear()


def test_the_end_of_an_open_connection_is_told(rig, visit, browser):
    """By a drain, with the packet that MQTT 5.0 has for it."""
    gateway = visit([rig.mosquitto()], main="worker_shutdown_timeout 400ms;")
    connect(browser, version="5")
    gateway.send_signal(signal.SIGQUIT)
    browser.until(CLOSED)
    assert browser.text("#problem-text") == "Not connected: the server is shutting down."
    assert browser.text("#problem-details").splitlines()[1].startswith("WebSocket Close 1001")
    browser.messages.clear()


def test_messages_that_come_fast_leave_the_page_usable(rig, visit, browser):
    broker = rig.mosquitto()
    visit([broker])
    connect(browser)
    subscribe(browser, "fast")
    browser.js("void (window.longest = 0, window.last = performance.now(), setInterval(() => { const now = performance.now();"
               " window.longest = Math.max(window.longest, now - window.last); window.last = now }, 10))")
    broker.publish_lines("fast", [f"{number} {'x' * 100}" for number in range(20_000)])
    browser.until("document.querySelector('#count').textContent === '20,000'", timeout=harness.DEADLINE * 6)
    assert browser.js("document.querySelectorAll('#messages li').length") == 200
    assert shown(browser)[0][1].startswith("19999 ") and shown(browser)[199][1].startswith("19800 ")
    assert not browser.js("document.querySelector('#older').hidden")
    assert browser.js("window.longest") < 5000 * harness.PATIENCE  # milliseconds; on a machine that does much else, too
    browser.until("document.querySelector('#announcer').textContent.includes('19999')")
    browser.click("#clear")
    assert shown(browser) == [] and browser.text("#count") == "0"


def focused(browser):
    return browser.js("document.activeElement.id || document.activeElement.textContent")


def tab_to(browser, wanted, key="Tab"):
    for _ in range(30):
        browser.keys(key)
        if focused(browser) == wanted:
            return
    raise AssertionError(f"the key {key} does not lead to {wanted}")


def test_the_keyboard_is_enough(rig, visit, browser):
    broker = rig.mosquitto()
    visit([broker])
    tab_to(browser, "client-id")
    tab_to(browser, "clean-start")
    browser.keys("Space")
    assert not browser.js("document.querySelector('#clean-start').checked")
    browser.keys("Space")
    tab_to(browser, "connect")
    browser.keys("Enter")
    browser.until(OPEN)
    tab_to(browser, "filter")
    browser.keys("End", *["Backspace"] * len("sensors/#"))
    browser.type("sensors/+")
    browser.keys("Enter")
    browser.until("document.querySelector('#subscriptions').innerText.includes('sensors/+')")
    tab_to(browser, "payload")
    tab_to(browser, "Publish")
    browser.keys("Enter")
    browser.until("document.querySelectorAll('#messages li').length === 1")
    tab_to(browser, "messages")  # it can be scrolled by keys
    tab_to(browser, "clear", "Shift+Tab")
    browser.keys("Enter")
    assert shown(browser) == []
    tab_to(browser, "×", "Shift+Tab")
    browser.keys("Enter")
    browser.until("document.querySelectorAll('#subscriptions li').length === 0")
    assert focused(browser) == "filter"
    tab_to(browser, "connect", "Shift+Tab")
    browser.keys("Enter")
    browser.until(CLOSED)


def test_it_fits_a_phone_and_everything_has_a_name(rig, visit, browser):
    broker = rig.mosquitto()
    gateway = visit([broker])
    browser.resize(360, 760)
    connect(browser, client_id="c" * 200)
    subscribe(browser, "a/" + "long" * 100)
    broker.publish("a/" + "long" * 100, b"x" * 900)
    browser.until("document.querySelectorAll('#messages li').length === 1")
    assert browser.js(FITS)
    browser.click("#connect")
    browser.until(CLOSED)
    refused(browser, url=f"wss://localhost:{gateway.tls_port}/{'nothing' * 40}")
    browser.until("document.querySelector('#problem-text').textContent.includes('nothing is at this path')")
    browser.messages.clear()
    assert browser.js(FITS)
    small = browser.js("[...document.querySelectorAll('button, select, input:not([type=checkbox])')].map(one =>"
                       " [one.id || one.textContent, one.getBoundingClientRect().height]).filter(([, height]) => height < 24)")
    assert small == []  # WCAG 2.2, 2.5.8
    nameless = browser.js("[...document.querySelectorAll('button, input, select, textarea')].filter(one =>"
                          " !(one.labels?.length || one.getAttribute('aria-label') || one.textContent.trim())).map(one => one.outerHTML)")
    assert nameless == []


def test_other_sites_cannot_frame_it(rig):
    gateway = rig.tls_gateway([rig.mosquitto()], server=SITE)
    with urllib.request.urlopen(f"http://localhost:{gateway.port}/", timeout=harness.DEADLINE) as answer:
        fields = answer.headers
    assert fields["Content-Security-Policy"] == "frame-ancestors 'none'" and fields["X-Content-Type-Options"] == "nosniff"
    assert fields["Cache-Control"] == "no-cache"


def test_it_loads_nothing_from_elsewhere():
    for path in (REPOSITORY / "www").iterdir():
        text = path.read_text()
        assert "innerHTML" not in text and "eval(" not in text, path
        found = re.findall(r"https?://[^\s'\"]+", text)
        assert all(url.startswith("http://www.w3.org/2000/svg") for url in found), (path, found)
    page = (REPOSITORY / "www/index.html").read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page).group(1)
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert "<style" not in page and " style=" not in page and not re.search(r" on\w+=", page)
