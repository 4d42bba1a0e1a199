"""The dashboard's page where changes are allowed: drain, weight, close, reload, and the token they need."""

import pytest

from harness import eventually
from test_dashboard import LIVE, browser, click_text, go, stage  # noqa: F401 (fixtures)

PEER = ("brokers", "10.0.0.11:1883")


def dialog(browser):
    return browser.until("document.querySelector('dialog.question[open]')?.innerText")


def submit(browser):
    browser.js("void document.querySelector('dialog.question [type=submit]').click()")
    browser.until("document.querySelector('dialog.question[open]') === null")


def toast(browser, text):
    browser.until(f"document.querySelector('#toasts').innerText.includes({text!r})")


def test_a_view_that_may_only_read_offers_no_change(stage, browser):
    stage("upstreams")
    browser.until("document.querySelectorAll('#upstreams tbody tr').length === 5")
    assert browser.text("#write") == "read-only"
    assert browser.js("[...document.querySelectorAll('#upstreams tbody button')].every(one => one.offsetParent === null)")
    go(browser, "configuration")
    assert browser.js("document.querySelector('#configuration button').hidden")


def test_a_server_is_drained_and_taken_back(stage, browser):
    world = stage("upstreams", write=True).world
    click_text(browser, "#upstreams button", "Drain")
    assert "Drain 10.0.0.11:1883?" in dialog(browser)
    browser.keys("Escape")
    browser.until("document.querySelector('dialog.question[open]') === null")
    assert world.changed == {}
    click_text(browser, "#upstreams button", "Drain")
    dialog(browser)
    submit(browser)
    eventually(lambda: world.changed.get(PEER) == {"drain": True}, lambda: f"the drain: {world.changed}")
    browser.until("document.querySelector('#upstreams tbody tr').innerText.includes('Draining')")
    click_text(browser, "#upstreams button", "Undrain")
    eventually(lambda: world.changed.get(PEER) == {"drain": False}, lambda: f"the end of it: {world.changed}")
    click_text(browser, "#upstreams button", "As configured")
    dialog(browser)
    submit(browser)
    eventually(lambda: world.changed.get(PEER) == {}, lambda: f"as configured: {world.changed}")


def test_a_weight_is_changed(stage, browser):
    world = stage("upstreams", write=True).world
    click_text(browser, "#upstreams button", "Change")
    dialog(browser)
    browser.js("void (document.querySelector('dialog [name=weight]').value = '')")
    browser.click("dialog [name=weight]")
    browser.type("7")
    browser.keys("Enter")
    eventually(lambda: world.changed.get(PEER) == {"weight": 7}, lambda: f"the weight, alone: {world.changed}")
    browser.until("document.querySelector('#upstreams tbody tr').innerText.includes('by hand: weight 7')")


def test_a_connection_is_closed(stage, browser):
    world = stage("connections?q=sensor-000042", write=True).world
    click_text(browser, "#connections tbody button", "Close")
    assert "sensor-000042" in dialog(browser)
    submit(browser)
    eventually(lambda: list(world.kicked) == [world.ids[42]], lambda: f"closed: {world.kicked}")
    browser.until("document.querySelector('#connections .notice').textContent.includes('No connection matches')")
    # Its detail tells how it ended.
    go(browser, f"connections/{world.ids[42]}")
    browser.until("document.querySelector('.ending').textContent.includes('kicked')")
    assert browser.js("document.querySelector('.panel-head .danger').hidden")


def test_all_that_match_are_closed(stage, browser):
    world = stage("connections?q=sensor-00001", write=True).world
    click_text(browser, "#connections button", "Close all that match")
    assert "Close 10 connections?" in dialog(browser)
    submit(browser)
    toast(browser, "10 connections closed.")
    assert len(world.kicked) == 10


def test_a_configuration_that_is_wrong_is_shown_with_its_error(stage, browser):
    world = stage("configuration", write=True).world
    world.reload_problem = 'sluice.conf:12:5: "keepalive_requests" must be a number, not "<b>0</b>"'
    click_text(browser, "#configuration button", "Reload")
    dialog(browser)
    submit(browser)
    browser.until("document.querySelector('.problem pre').textContent.includes('sluice.conf:12:5')")
    assert '"<b>0</b>"' in browser.text(".problem")
    world.reload_problem = world.last_failure = None
    click_text(browser, "#configuration button", "Reload")
    dialog(browser)
    submit(browser)
    toast(browser, "Generation 2 is in use.")
    browser.until("document.querySelector('.problem').hidden")


def test_a_token_is_asked_for_once_and_again_when_it_is_wrong(stage, browser):
    world = stage("connections?q=sensor-00004", write=True, token="correct-horse").world

    def close_first():
        click_text(browser, "#connections tbody button", "Close")
        dialog(browser)
        submit_close()

    def submit_close():
        browser.js("void document.querySelector('dialog.question .danger').click()")

    close_first()
    browser.until("document.querySelector('dialog [name=token]') !== null")
    browser.type("wrong")
    browser.keys("Enter")
    browser.until("document.querySelector('dialog .wrong')?.textContent.includes('did not accept')")
    browser.type("correct-horse")
    browser.keys("Enter")
    eventually(lambda: len(world.kicked) == 1, "the first is closed")
    browser.until("document.querySelector('.range').textContent === '1–9 of 9'")
    close_first()
    eventually(lambda: len(world.kicked) == 2, "the second is closed, and no token asked for")
    assert browser.js("JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie + document.documentElement.outerHTML").find("correct-horse") == -1


def test_a_page_that_may_not_even_read_asks_for_a_token(browser, stage):
    stub = stage(token="t0ken")
    stub.world.reads_need_token = True
    browser.until("document.querySelector('dialog [name=token]') !== null")
    browser.keys("Escape")
    browser.until("document.querySelector('#link').dataset.link === 'locked'")
    count = len(stub.world.requests)
    click_text(browser, "#banner button", "Enter a token")
    browser.until("document.querySelector('dialog [name=token]') !== null")
    assert len(stub.world.requests) <= count + 1, "a page without a token does not ask again by itself"
    browser.type("t0ken")
    browser.keys("Enter")
    browser.until(LIVE)
