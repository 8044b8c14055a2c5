"""Every page for every reader: axe-core, the keyboard alone, and pictures in words."""

import re
from html.parser import HTMLParser

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from conftest import ROOT
from test_site import documents

PAGES = [*documents(), "genindex", "search", "404"]
LESSON = "notebooks/05_layer_by_layer"
WIDTHS = (1280, 390)
MODES = ("light", "dark")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
AXE = """async (rules) => {
    const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
    return found.violations.flatMap(({id, nodes}) =>
        nodes.map(({html, failureSummary}) => `${id}: ${html.slice(0, 200)} ${failureSummary}`));
}"""
# As a reader who opens everything. Of code, one piece of each colour is enough, and much quicker.
OPEN = """() => {
    document.querySelectorAll("details").forEach((part) => (part.open = true));
    document.querySelectorAll("[loading=lazy]").forEach((one) => (one.loading = "eager"));
    const seen = new Set();
    for (const piece of document.querySelectorAll("pre span[class]")) {
        const kind = piece.className + (piece.closest(".cell_output") ? " output" : "");
        if (seen.has(kind)) piece.replaceWith(...piece.childNodes);
        seen.add(kind);
    }
}"""
SET_MODE = """async (mode) => {
    document.documentElement.dataset.mode = document.documentElement.dataset.theme = mode;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
# The players of sliders and of the live network come some time after the page, the latter on the
# welcome page when it is asked to.
PLAYED = """() => {
    const count = (selector) => document.querySelectorAll(selector).length;
    return count("[type$='widget-view+json']") <= count(".lenet-frames[data-described]")
        && (!count(".live-app[hidden]") || count(".live-wake"));
}"""
SETTLED = 400  # milliseconds, as the theme looks at the size of the window after 300


@pytest.fixture(scope="module")
def page(browser, address):
    context = browser.new_context(reduced_motion="reduce")
    # The page for unknown addresses names all by the path at which the book is published.
    published = re.compile(f"{address}/[^/]*(?=/_static/|/book/)")
    context.route(
        published, lambda route: route.continue_(url=published.sub(address, route.request.url))
    )
    yield context.new_page()
    context.close()


def violations(page):
    """What axe-core finds wrong with the page as it stands."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(AXE, RULES)


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_page_suits_every_reader(page, address, name):
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto(f"{address}/{name}.html", wait_until="load")
    page.evaluate(OPEN)
    page.wait_for_function(PLAYED, timeout=15_000)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(SETTLED)
        for mode in MODES:
            page.evaluate(SET_MODE, mode)
            where = f"{name} at {width} px, {mode}"
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{where}: {wide} px wider than the window"
            found = violations(page)
            assert not found, f"{where}: {len(found)}\n" + "\n".join(found[:10])


@pytest.mark.browser
@pytest.mark.parametrize("mode", MODES)
def test_menus_suit_every_reader(page, address, mode):
    """What opens on demand: the menus of a lesson, its two sidebars on a phone, the search."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{address}/{LESSON}.html", wait_until="load")
    page.evaluate(OPEN)
    page.evaluate(SET_MODE, mode)
    menus = page.locator(".article-header-buttons .dropdown-toggle")
    assert menus.count() >= 3
    for i in range(menus.count()):
        menus.nth(i).click()
        assert not violations(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    assert page.locator("#pst-search-dialog").is_visible()
    assert not violations(page)
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 844})
    for side in ("primary", "secondary"):
        page.locator(f".sidebar-toggle.{side}-toggle").first.click()
        assert page.locator(f"#pst-{side}-sidebar-modal").is_visible()
        assert not violations(page)
        page.keyboard.press("Escape")
