"""Every page for every reader: axe-core, the keyboard alone, and pictures in words."""

import re

import pytest
from bs4 import BeautifulSoup
from test_site import documents
from visits import MODES, OPEN, SET_MODE, violations

PAGES = [*documents(), "genindex", "search", "404"]
LESSON = "notebooks/05_layer_by_layer"


@pytest.fixture(scope="module")
def page(browser, address):
    context = browser.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_page_suits_every_reader(seen, name):
    found = seen(name).violations
    assert not found, f"{len(found)}:\n" + "\n".join(found[:10])


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_letters_in_figures_can_be_read(seen, name):
    assert seen(name).pale == []


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
