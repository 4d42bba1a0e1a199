"""The dashboard's page for everybody: with keys alone, with enough contrast in light and dark, without motion."""

import json
import pathlib

import pytest

from test_dashboard import VIEWS, browser, go, stage  # noqa: F401 (fixtures)

# The contrast of every text on the screen with what is behind it: those that miss WCAG 2.2 AA (1.4.3).
CONTRAST = """(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgb = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const part = value => (value /= 255) <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
    const ground = element => {
        for (; element; element = element.parentElement) { const color = rgb(getComputedStyle(element).backgroundColor); if (color[3] === 255) return color; }
        return rgb(getComputedStyle(document.body).backgroundColor);
    };
    const found = [];
    const walker = document.createTreeWalker(document.querySelector("dialog[open]") ?? document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());) {
        const element = node.parentElement;
        if (!node.data.trim() || !element.checkVisibility?.() || element.closest("script, style, option, .unseen, .skip, :disabled")) continue;
        const style = getComputedStyle(element);
        const color = element instanceof SVGElement ? style.fill : style.color;
        const [a, b] = [light(rgb(color)), light(ground(element))].sort((x, y) => y - x);
        const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
        const ratio = (a + .05) / (b + .05);
        if (ratio < (isLarge ? 3 : 4.5)) found.push(`${node.data.trim().slice(0, 30)}: ${ratio.toFixed(2)} (${element.className} ${color})`);
    }
    return found;
})()"""

# What can be reached by keys, and where the focus is.
FOCUSABLE = """[...(document.querySelector("dialog[open]") ?? document.body).querySelectorAll("a[href], button, input, select, [tabindex='0']")]
    .filter(one => one.checkVisibility() && !one.disabled).length"""
FOCUS = """(() => {
    const one = document.activeElement;
    const style = getComputedStyle(one);
    one.focusNumber ??= (window.focusCount = (window.focusCount ?? 0) + 1);
    return { number: one.focusNumber, outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
             name: one.getAttribute("aria-label") || one.innerText || one.textContent || one.id, tag: one.tagName };
})()"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(stage, browser, theme):
    stub = stage(write=True)
    browser.js(f"void (document.documentElement.dataset.theme = {theme!r})")
    for view in [*VIEWS, f"connections/{stub.world.ids[2]}"]:
        go(browser, view)
        browser.until("document.querySelector('main > section:not([hidden]) .spinner') === null")
        assert browser.js(CONTRAST) == [], view


def test_the_theme_is_chosen_and_kept(stage, browser):
    stage()
    grounds = set()
    for _ in range(3):
        browser.click("#theme")
        grounds.add(browser.js("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2
    browser.click("#theme")
    browser.click("#theme")
    browser.call("browsingContext.reload", context=browser.context, wait="complete")
    assert browser.js("document.documentElement.dataset.theme") == "dark"
    browser.click("#theme")
    assert browser.js("document.documentElement.dataset.theme ?? null") is None


def walk(browser, most=400):
    """Goes through the page with Tab until it comes round; the elements that had the focus."""
    seen = {}
    for _ in range(most):
        browser.keys("Tab")
        focus = browser.js(FOCUS)
        if focus["tag"] in ("BODY", "HTML"):
            if seen:
                break
            continue
        if focus["number"] in seen and focus["number"] != list(seen)[-1]:
            break
        seen[focus["number"]] = focus
    return list(seen.values())


@pytest.mark.parametrize("view", ["", "connections?limit=5", "upstreams", "configuration"])
def test_everything_is_reached_with_the_tab_key(stage, browser, view):
    stage(view, write=True)
    browser.until("document.querySelector('main > section:not([hidden]) .spinner') === null")
    browser.until("document.querySelector('main > section:not([hidden])').innerText.length > 100")
    browser.keys("p")  # what comes and goes while we walk would be counted
    browser.until("document.querySelector('#link').dataset.link === 'paused'")
    count = browser.js(FOCUSABLE)
    seen = walk(browser)
    assert len(seen) == count, [one["name"] for one in seen]
    assert [one for one in seen if not one["outline"]] == []
    assert [one for one in seen if not one["name"].strip()] == []


def test_keys(stage, browser):
    stub = stage()
    browser.keys("/")
    browser.until("document.activeElement.type === 'search'")
    browser.type("sensor-000031")
    browser.until("document.querySelectorAll('#connections tbody tr').length === 1")
    browser.keys("Escape")
    browser.until("document.querySelectorAll('#connections tbody tr').length === 50")

    # A row opens with Enter, the panel has the focus, Escape gives it back.
    browser.js("void document.querySelector('#connections td.name a').focus()")
    browser.keys("Enter")
    browser.until("document.querySelector('#detail').open && document.activeElement.closest('#detail') !== null")
    assert browser.js("location.hash") == f"#/connections/{stub.world.ids[0]}"
    browser.keys("Escape")
    browser.until("!document.querySelector('#detail').open")
    browser.until("document.activeElement.matches('#connections td.name a')")
    assert browser.js("location.hash").startswith("#/connections") and stub.world.ids[0] not in browser.js("location.hash")

    # A heading sorts.
    browser.js("void document.querySelector('th .sort').focus()")
    browser.keys("Enter")
    browser.until("document.querySelector('th').getAttribute('aria-sort') === 'ascending'")

    # The curves are read with the arrow keys.
    go(browser, "")
    browser.until("document.querySelector('path.line').getAttribute('d')?.includes('L')")
    browser.js("void document.querySelector('.plot').focus()")
    browser.keys("Left")
    browser.until("document.querySelector('.when').textContent.includes(':')")
    assert "Received" in browser.js("document.querySelector('.plot').getAttribute('aria-valuetext')")
    browser.keys("Escape")
    browser.until("document.querySelector('.when').textContent === 'now'")


def test_numbers_that_change_do_not_move_the_page(stage, browser):
    stage()
    browser.until("document.querySelector('path.line').getAttribute('d')?.includes('L')")
    places = "JSON.stringify([...document.querySelectorAll('.tile, .chart, .facts div, #link')].map(one => (box => [box.x, box.width])(one.getBoundingClientRect())))"
    first = browser.js(places)
    value = browser.text(".tile.received .tile-value")
    browser.until(f"document.querySelector('.tile.received .tile-value').textContent !== {json.dumps(value)}")
    assert browser.js(places) == first


def test_the_file_of_styles_asks_for_less_motion():
    style = (pathlib.Path(__file__).parents[2] / "Sources/CDashboard/page/base.css").read_text()
    assert "prefers-reduced-motion: reduce" in style
