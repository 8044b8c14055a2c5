"""Every page for every reader: axe-core, the keyboard alone, and pictures in words."""

import re

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from bs4 import BeautifulSoup
from test_site import documents

PAGES = [*documents(), "genindex", "search", "404"]
LESSON = "notebooks/05_layer_by_layer"
WIDTHS = (1280, 390)
MODES = ("light", "dark")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
AXE = """async ([rules, colours, part]) => {
    const found = await axe.run(part, {
        runOnly: rules,
        rules: {"color-contrast": {enabled: colours}},
        resultTypes: ["violations"],
    });
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
COLOURS = {(1280, "light"), (390, "dark")}
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


def violations(page, colours=True, part="html"):
    """What axe-core finds wrong with a part of the page, with or without its colours."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(AXE, [RULES, colours, part])


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_page_suits_every_reader(page, address, name):
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto(f"{address}/{name}.html", wait_until="load")
    page.evaluate(OPEN)
    page.wait_for_function(PLAYED, timeout=15_000)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(SETTLED if width < WIDTHS[0] else 0)
        for mode in MODES:
            page.evaluate(SET_MODE, mode)
            where = f"{name} at {width} px, {mode}"
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{where}: {wide} px wider than the window"
            # Contrast takes most of the time; it depends on the mode, hardly on the width.
            colours = (width, mode) in COLOURS
            found = violations(page, colours)
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
        assert not violations(page, part=".article-header-buttons")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    assert page.locator("#pst-search-dialog").is_visible()
    assert not violations(page, part="#pst-search-dialog")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 844})
    for side in ("primary", "secondary"):
        page.locator(f".sidebar-toggle.{side}-toggle").first.click()
        assert page.locator(f"#pst-{side}-sidebar-modal").is_visible()
        assert not violations(page, part=f"#pst-{side}-sidebar-modal")
        page.keyboard.press("Escape")


FOCUSED = """() => {
    const one = document.activeElement;
    if (one === document.body) return null;
    const style = getComputedStyle(one);
    const after = !window.last || window.last.compareDocumentPosition(one) & 4;  // following
    window.last = one;
    return {
        what: one.outerHTML.slice(0, 120),
        inside: Boolean(one.closest("main")),
        after: Boolean(after),
        marked: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1)
            || style.boxShadow !== "none",
        box: one.getBoundingClientRect().toJSON(),
    };
}"""


def opened(page, address, name):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{address}/{name}.html", wait_until="load")
    return page


@pytest.mark.browser
def test_first_stop_of_the_keyboard_leads_past_the_contents(page, address):
    opened(page, address, LESSON)
    page.keyboard.press("Tab")
    first = page.evaluate(FOCUSED)
    assert "Skip to main content" in first["what"]
    assert first["box"]["top"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["inside"]


@pytest.mark.browser
def test_keyboard_walks_through_a_lesson_and_one_sees_where_it_is(page, address):
    opened(page, address, LESSON)
    stops = []
    for _ in range(500):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None:
            break
        stops.append(stop)
    else:
        pytest.fail(f"the keyboard never leaves the page: it is at {stops[-1]}")
    assert len(stops) > 60
    assert [stop["what"] for stop in stops if not stop["after"]] == []
    assert [stop["what"] for stop in stops if not stop["marked"]] == []
    assert any("<summary" in stop["what"] for stop in stops)


@pytest.mark.browser
@pytest.mark.parametrize("folded", ["#quiz details", "details.hide:has-text('Show a solution')"])
def test_keyboard_opens_and_shuts_what_is_folded(page, address, folded):
    opened(page, address, LESSON)
    part = page.locator(folded).first
    content = part.locator(":scope > :not(summary)").first
    assert not content.is_visible()
    part.locator("summary").focus()
    page.keyboard.press("Enter")
    assert content.is_visible()
    page.keyboard.press("Space")
    assert not content.is_visible()


@pytest.mark.browser
def test_keyboard_finds_a_page(page, address):
    opened(page, address, LESSON)
    page.keyboard.press("Control+k")
    page.keyboard.type("subsampling")
    page.keyboard.press("Enter")
    found = page.locator("#search-results li a")
    found.first.wait_for(timeout=15_000)
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("() => Boolean(document.activeElement.closest('#search-results li'))"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/(notebooks|book)/"))


@pytest.mark.browser
def test_nothing_moves_for_who_wants_no_motion(page, address):
    opened(page, address, LESSON)
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((one) => {
            const {animationDuration, transitionDuration, scrollBehavior} = getComputedStyle(one);
            return parseFloat(animationDuration) || parseFloat(transitionDuration)
                || scrollBehavior === "smooth";
        }).map((one) => one.outerHTML.slice(0, 100))"""
    )
    assert moving == []


@pytest.mark.parametrize("name", PAGES)
def test_pictures_are_in_words_and_ids_differ(site, name):
    page = BeautifulSoup((site / f"{name}.html").read_text("utf-8"), "html.parser")
    ids = [tag["id"] for tag in page.select("[id]")]
    assert sorted(ids) == sorted(set(ids))
    wordless = []
    for picture in page.select("article img, article svg, article canvas"):
        if picture.find_parent(attrs={"aria-hidden": "true"}) or picture.get("aria-hidden"):
            continue
        text = picture.get("alt") or picture.get("aria-label") or ""
        if picture.name == "svg" and picture.get("role") != "img":
            text = ""
        # A sentence that says what is to be seen, and no name of a file.
        if len(text.split()) < 5 or re.search(r"\.(png|svg|webp)\b", text):
            wordless.append(str(picture)[:200])
    assert wordless == []
    assert all(frame.get("title") for frame in page.select("iframe"))
