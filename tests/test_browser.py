"""The built book in a real browser that finds no other host."""

import json
from collections.abc import Iterator

import pytest
from test_site import documents
from visits import Visit

pytestmark = pytest.mark.browser

LESSONS = ("notebooks/05_layer_by_layer", "notebooks/10_practice")


@pytest.fixture
def visit(browser, address) -> Iterator[Visit]:
    visit = Visit(browser, address, reduced_motion="reduce")
    yield visit
    visit.close()
    assert visit.outside == []
    assert visit.errors == []


@pytest.mark.parametrize("name", [*documents(), "genindex", "search", "404"])
def test_page_is_whole_at_every_size_and_mode(seen, name):
    assert seen(name).faults == []


@pytest.mark.parametrize("name", LESSONS)
def test_outputs_have_no_box_of_their_own_in_the_dark(visit, name):
    visit.page.emulate_media(color_scheme="dark")
    visit.open(f"{name}.html")
    backgrounds = visit.page.eval_on_selector_all(
        ".cell_output .text_html, .cell_output .lenet-figure, .cell_output pre",
        "all => all.map(one => getComputedStyle(one).backgroundColor)",
    )
    assert backgrounds
    assert set(backgrounds) == {"rgba(0, 0, 0, 0)"}


@pytest.mark.parametrize("name", LESSONS)
def test_figures_are_drawn_and_described(visit, name):
    visit.open(f"{name}.html")
    figures = visit.page.locator(".lenet-figure svg >> visible=true")
    assert figures.count() >= 3
    for i in range(figures.count()):
        assert len(figures.nth(i).get_attribute("aria-label")) > 30
        box = figures.nth(i).bounding_box()
        assert box["width"] > 200
        assert box["height"] > 40


def test_search_finds_a_word(visit):
    visit.open("search.html?q=subsampling")
    hits = visit.page.locator("#search-results li a")
    hits.first.wait_for(timeout=15_000)
    found = [hits.nth(i).get_attribute("href") for i in range(hits.count())]
    assert any("05_layer_by_layer" in href for href in found)


def test_search_field_takes_a_word(visit):
    visit.open("book/welcome.html")
    visit.page.keyboard.press("Control+k")
    visit.page.keyboard.type("confusion")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/search.html?q=confusion*")
    visit.page.locator("#search-results li a").first.wait_for(timeout=15_000)


def test_mode_can_be_switched_and_is_kept(visit):
    visit.open("book/welcome.html")
    theme = "document.documentElement.dataset.theme"
    seen = set()
    for _ in range(3):
        visit.page.locator("button.theme-switch-button").first.click()
        seen.add(visit.page.evaluate(theme))
    assert seen == {"light", "dark"}
    kept = visit.page.evaluate(theme)
    visit.open("book/part1.html")
    assert visit.page.evaluate(theme) == kept


def test_solutions_are_folded_until_opened(visit):
    visit.open(f"{LESSONS[0]}.html")
    solutions = visit.page.locator("details.hide", has_text="Show a solution")
    assert solutions.count() >= 2
    code = solutions.first.locator("pre").first
    assert not code.is_visible()
    solutions.first.locator("summary").click()
    assert code.is_visible()


def test_widgets_play_without_a_kernel(visit):
    """Two linked widgets whose state is stored move together, with the player of the book."""
    from ipywidgets import IntSlider, IntText, jslink
    from ipywidgets.embed import embed_data

    slider, number = IntSlider(3), IntText(3)
    link = jslink((slider, "value"), (number, "value"))
    data = embed_data(views=[slider, number], state=None)
    assert link.model_id in data["manager_state"]["state"]
    kind = "application/vnd.jupyter.widget"
    scripts = [(f"{kind}-state+json", data["manager_state"])]
    scripts += [(f"{kind}-view+json", view) for view in data["view_specs"]]
    body = "<!doctype html><body>"
    body += "".join(f'<script type="{t}">{json.dumps(content)}</script>' for t, content in scripts)
    body += '<script src="_static/vendor/widgets/embed.js"></script>'
    visit.page.route(
        f"{visit.address}/widgets.html",
        lambda route: route.fulfill(content_type="text/html", body=body),
    )
    visit.page.goto(f"{visit.address}/widgets.html")
    handle = visit.page.locator("[role=slider]")
    handle.wait_for(timeout=15_000)
    handle.press("ArrowRight")
    expect_value = "() => document.querySelector('input[type=number]').value === '4'"
    visit.page.wait_for_function(expect_value, timeout=5_000)
