"""The dashboard's page in real browsers, against a stub of the API: what it shows, what it asks, what it survives."""

import json

import pytest

from browsers import PROGRAMS, Browser
from dashboardstub import HOSTILE, Stub, World
from harness import eventually

VIEWS = ["", "connections", "upstreams", "certificates", "configuration"]
LIVE = "document.querySelector('#link').dataset.link === 'live'"
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.fixture(scope="module", params=sorted(PROGRAMS))
def browser(request, tmp_path_factory):
    browser = Browser(request.param, tmp_path_factory.mktemp(request.param))
    yield browser
    browser.close()


@pytest.fixture
def stage(request, browser):
    """`stage(connections=…, write=…)`: a stub, and the browser at its page, of the usual size; nothing may go wrong in it."""
    stubs = []

    def start(at="", **options):
        stub = Stub(World(**options))
        stubs.append(stub)
        browser.renew()
        browser.open(f"{stub.url}#/{at}")
        browser.until(LIVE)
        return stub

    yield start
    troubles = browser.troubles() if stubs else []
    browser.open("about:blank")
    for stub in stubs:
        stub.close()
    assert troubles == []


def click_text(browser, selector, text):
    browser.until(f"(() => {{ const found = [...document.querySelectorAll({json.dumps(selector)})].find(one => one.offsetParent !== null"
                  f" && one.textContent.includes({json.dumps(text)})); found?.click(); return Boolean(found) }})()")


def go(browser, view):
    browser.js(f"void (location.hash = '#/{view}')")
    name = view.split("/")[0].split("?")[0] or "overview"
    browser.until(f"!document.querySelector('#{name}').hidden")


def shown_rows(browser):
    return browser.js("document.querySelectorAll('#connections tbody tr').length")


def test_every_view_shows_what_the_api_says(stage, browser):
    stub = stage(age=7500)
    assert browser.text("#version") == "0.1.0"
    assert browser.text("#uptime").startswith("2 h 05 min")
    browser.until("document.querySelector('#head-connections').textContent === '1,200'")
    # Curves: a line needs two rates, so three readings.
    browser.until("[...document.querySelectorAll('path.line')].every(one => (one.getAttribute('d') ?? '').includes('L'))")
    assert "MB/s" in browser.text(".tile.received")
    overview = browser.text("#overview")
    for text in ("Credentials refused", "10.0.0.13:1883 in brokers is unhealthy", "old.example.net expires in 3 days", "Broker lost"):
        assert text in overview
    go(browser, "upstreams")
    browser.until("document.querySelectorAll('#upstreams tbody tr').length === 5")
    assert "Unhealthy" in browser.text("#upstreams") and "refused 9, timeout 3" in browser.text("#upstreams")
    assert browser.js("[...document.querySelectorAll('#upstreams .share .number')].map(one => one.textContent)")[2] == "0 %"
    go(browser, "certificates")
    browser.until("document.querySelectorAll('#certificates tbody tr').length === 4")
    tones = browser.js("[...document.querySelectorAll('#certificates .badge')].map(one => one.dataset.tone)")
    assert tones == ["bad", "bad", "warn", "good"]
    go(browser, "configuration")
    browser.until("document.querySelector('.configuration').textContent.includes('upstream brokers')")
    go(browser, "connections/" + stub.world.ids[33])
    browser.until("document.querySelector('#detail').open && document.querySelectorAll('.mix li').length > 3")
    detail = browser.text("#detail")
    for text in ("sensor-000033", "PUBLISH QoS 1", "TLS_AES_256_GCM_SHA384", "password", "Round-trip time", "Backpressure"):
        assert text in detail


def test_what_clients_chose_is_text(stage, browser):
    stub = stage("connections?sort=age&limit=25")
    browser.until("document.querySelectorAll('#connections tbody tr').length === 25")
    names = browser.js("[...document.querySelectorAll('#connections tbody td.name a')].map(one => one.textContent)")
    assert names[0] == HOSTILE[0] and names[1] == HOSTILE[1]
    assert names[2] == "right-to-left U+202Egnp.exe"
    assert names[3] == "controls U+0001U+001B[31mU+007FU+200BU+2028end"
    assert names[4] == HOSTILE[4] and names[5] == HOSTILE[5]
    for width in (1280, 360):
        browser.resize(width, 800)
        assert browser.js(FITS)
        for index in range(len(HOSTILE)):
            go(browser, "connections/" + stub.world.ids[index])
            browser.until(f"document.querySelector('#detail').open && document.querySelector('#detail h2').textContent.startsWith({json.dumps(HOSTILE[index][:6])})")
            assert browser.js("(body => body.scrollWidth <= body.clientWidth)(document.querySelector('.panel-body'))")
            assert browser.js("document.querySelector('.panel-head').offsetHeight") < 300
            browser.js("void document.querySelector('#detail').close()")
            browser.until("!location.hash.includes('connections/')")  # the address follows in a turn of its own
    assert browser.js("typeof window.injected") == "undefined"
    assert browser.js("document.querySelectorAll('img, td script, iframe').length") == 0


def test_a_hundred_thousand_connections_are_searched_sorted_and_paged_by_the_gateway(stage, browser):
    stub = stage("connections", connections=100_000)
    browser.until("document.querySelector('.range').textContent === '1–50 of 100,000'")
    assert shown_rows(browser) == 50
    browser.click("[aria-label='Last page']")
    browser.until("document.querySelector('.range').textContent === '99,951–100,000 of 100,000'")
    assert browser.js("document.querySelector(\"[aria-label='Next page']\").disabled")
    browser.click("[aria-label='Previous page']")
    browser.until("document.querySelector('.range').textContent === '99,901–99,950 of 100,000'")
    assert browser.js("location.hash") == "#/connections?offset=99900"

    click_text(browser, "th .sort", "Client id")
    browser.until("document.querySelector('#connections th[aria-sort=ascending]').textContent === 'Client id'")
    browser.until("document.querySelector('.range').textContent.startsWith('1–50 ')")  # from the first page again
    click_text(browser, "th .sort", "Client id")
    browser.until("document.querySelector('#connections td.name').textContent.startsWith('שלום')")
    assert browser.js("document.querySelectorAll('#connections th[aria-sort]').length") == 1

    browser.click("#connections input[type=search]")
    browser.type("sensor-09999")
    browser.until("document.querySelector('.range').textContent === '1–10 of 10'")
    assert "q=sensor-09999" in browser.js("location.hash")
    assert browser.text("#announcer").startswith("Connections ")
    assert {"q": "sensor-09999", "sort": "-client_id", "limit": "50", "offset": "0"} in [query for _, _, query in stub.world.requests]
    browser.type("zzz")
    browser.until("document.querySelector('#connections .notice').textContent.includes('No connection matches')")
    click_text(browser, ".filters button", "Clear")
    browser.until("document.querySelector('.range').textContent === '1–50 of 100,000'")


def test_filters_are_part_of_the_address(stage, browser):
    stage("connections?peer=10.0.0.11%3A1883&upstream=brokers")
    browser.until("document.querySelector('.range').textContent === '1–50 of 600'")
    assert browser.js("document.querySelector('select[name=peer]').value") == "10.0.0.11:1883"
    browser.js("void (location.hash = '#/connections?state=closed')")
    browser.until("document.querySelector('#connections tbody .badge').textContent === 'Client disconnect'")
    assert browser.js("document.querySelector('select[name=state]').value") == "closed"


def test_a_gateway_that_is_gone_is_said_to_be_and_found_again(stage, browser):
    stub = stage()
    stub.close()
    browser.until("document.querySelector('#link').dataset.link === 'down'")
    assert "does not answer" in browser.text("#banner-text")
    stub.open()
    browser.until(LIVE)
    assert browser.js("document.querySelector('#banner').hidden")
    stub.world.failing = True
    browser.until("document.querySelector('#link').dataset.link === 'down'")
    assert "The stub has been told to fail" in browser.text("#banner-text")
    stub.world.failing = False
    browser.until(LIVE)


def test_a_new_process_makes_no_wild_figures(stage, browser):
    stub = stage(age=90_000)
    browser.until("document.querySelector('.tile.received .tile-value').textContent.includes('MB/s')")
    stub.world.start = stub.world.now - 1
    browser.until("document.querySelector('#uptime').textContent.length < 5")
    assert browser.text(".tile.received .tile-value") == "–"
    browser.until("document.querySelector('.tile.received .tile-value').textContent.includes('MB/s')")
    assert "−" not in browser.text(".tiles")


def test_nothing_is_asked_while_nobody_looks(stage, browser):
    stub = stage()
    browser.js("void (Object.defineProperty(document, 'hidden', {get: () => window.isAway ?? false, configurable: true}), window.isAway = true,"
               " document.dispatchEvent(new Event('visibilitychange')))")
    browser.js("new Promise(done => setTimeout(done, 500))")
    before = len(stub.world.requests)
    browser.js("new Promise(done => setTimeout(done, 4500))")  # two rounds would have been due
    assert len(stub.world.requests) == before
    browser.js("void (window.isAway = false, document.dispatchEvent(new Event('visibilitychange')))")
    eventually(lambda: len(stub.world.requests) > before, "it goes on")
    browser.click("#link")
    browser.until("document.querySelector('#link').dataset.link === 'paused'")
    browser.click("#link")
    browser.until(LIVE)


def test_the_page_fits_a_phone(stage, browser):
    stub = stage(write=True)
    browser.resize(360, 760)
    for view in [*VIEWS, "connections/" + stub.world.ids[4]]:
        go(browser, view)
        browser.until("document.querySelector('main > section:not([hidden]) .spinner') === null")
        assert browser.js(FITS), view
        boxes = browser.js("[...document.querySelectorAll('main > section:not([hidden]) :is(button, a, input, select)')]"
                           ".filter(one => one.offsetParent).map(one => one.getBoundingClientRect().right)")
        assert max(boxes, default=0) <= 360, view
