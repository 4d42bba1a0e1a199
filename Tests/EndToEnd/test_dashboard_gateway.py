"""The dashboard as the gateway serves it, with real brokers and clients, in real browsers."""

import re

import pytest

from dashboardstub import HOSTILE, page_parts
from harness import eventually
from operator_side import TOKEN, OperatorSide
from test_dashboard import LIVE, browser, click_text, go  # noqa: F401 (fixture)
from test_dashboard_changes import dialog


@pytest.fixture
def side(rig, browser):
    """A gateway with two brokers and its dashboard, which the browser shows; nothing may go wrong in the page."""
    side = OperatorSide(rig, [rig.mosquitto(), rig.mosquitto()])
    side.brokers = [f"127.0.0.1:{port}" for port in re.findall(r"server 127\.0\.0\.1:(\d+)", side.gateway.config)]
    browser.renew()
    browser.open(f"http://127.0.0.1:{side.port}/")
    browser.until(LIVE)
    yield side
    troubles = browser.troubles()
    browser.open("about:blank")
    assert troubles == []


def test_it_is_the_page_of_the_sources_with_a_policy_for_nothing_else(rig):
    side = OperatorSide(rig, [rig.mosquitto()])
    status, fields, content = side.ask("GET", "/", token=None)
    document = content.decode()
    assert status == 200 and fields["Content-Type"] == "text/html; charset=utf-8"
    assert page_parts()["script"] in document and page_parts()["style"] in document
    assert '<meta name="sluice-api" content="/api/">' in document
    policy = fields["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert fields["Cache-Control"] == "no-store"


def test_clients_come_and_are_seen_and_go(rig, side, browser):
    client = rig.paho(side.gateway.port, 5, client_id="observed")
    for number in range(20):
        client.publish(f"a/{number}", b"x" * 1000, qos=1)
    browser.until("document.querySelector('#head-sessions').textContent === '1'")
    go(browser, "connections?q=observed")
    browser.until("document.querySelectorAll('#connections tbody tr').length === 1")
    browser.keys("/")
    browser.js("void document.querySelector('#connections td.name a').click()")
    browser.until("document.querySelector('.mix')?.innerText.includes('PUBLISH QoS 1')")
    row = browser.js("[...document.querySelectorAll('.mix li')].find(one => one.innerText.startsWith('PUBLISH QoS 1')).innerText")
    assert "20" in row.split("\n")
    for text in ("observed", "5.0", "Keep Alive", "mqtt", "http/1.1", side.brokers[0].split(":")[0]):
        assert text in browser.text("#detail")
    client.close()
    browser.until("document.querySelector('.ending').textContent.includes('client disconnect')")
    browser.keys("Escape")
    go(browser, "")
    browser.until("document.querySelector('.ends-list')?.innerText.includes('observed')")


def test_hostile_names_of_real_clients_are_text(rig, side, browser):
    names = [name for name in HOSTILE if "\x01" not in name]
    for name in names:
        rig.opened(side.gateway, client_id=name)
    go(browser, "connections?state=open")
    browser.until(f"document.querySelectorAll('#connections tbody tr').length === {len(names)}")
    shown = browser.js("[...document.querySelectorAll('#connections td.name a')].map(one => one.textContent)")
    assert sorted(shown) == sorted(name.replace("\u202e", "U+202E") for name in names)
    assert browser.js("typeof window.injected") == "undefined"


def test_an_operator_drains_a_server_closes_a_connection_and_reloads(rig, side, browser):
    first = rig.opened(side.gateway, client_id="to be closed")
    go(browser, "connections?q=to+be+closed")
    click_text(browser, "#connections tbody button", "Close")
    dialog(browser)
    browser.js("void document.querySelector('dialog.question .danger').click()")
    browser.until("document.querySelector('dialog [name=token]') !== null")
    browser.type(TOKEN)
    browser.keys("Enter")
    first.expect_close(1008)
    assert side.gateway.ended(mqtt_client_id="to be closed")["status_reason"] == "kicked"

    go(browser, "upstreams")
    click_text(browser, "#upstreams button", "Drain")
    dialog(browser)
    browser.js("void document.querySelector('dialog.question [type=submit]').click()")
    browser.until("document.querySelector('#upstreams tbody tr').innerText.includes('Draining')")
    peers = side.get("/api/upstreams")["upstreams"][0]["peers"]
    assert [peer["drain"] for peer in peers] == [True, False] and [peer["share"] for peer in peers] == [0, 1]

    go(browser, "configuration")
    browser.until("document.querySelector('.configuration').textContent.includes('mqtt_pass')")
    side.gateway.config_path.write_text(side.gateway.config + "nonsense;\n")
    click_text(browser, "#configuration button", "Reload")
    dialog(browser)
    browser.js("void document.querySelector('dialog.question [type=submit]').click()")
    browser.until("document.querySelector('.problem pre').textContent.includes('nonsense')")
    side.gateway.config_path.write_text(side.gateway.config)
    click_text(browser, "#configuration button", "Reload")
    dialog(browser)
    browser.js("void document.querySelector('dialog.question [type=submit]').click()")
    eventually(lambda: side.get("/api/status")["generation"]["number"] == 2, "the second generation")
    browser.until("document.querySelector('#generation').textContent === '2'")
