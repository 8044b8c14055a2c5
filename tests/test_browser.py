"""The built book in a real browser, with every other host blocked."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import yaml
from conftest import ROOT

pytestmark = pytest.mark.browser

ARTEFACTS = ROOT / "artefacts"
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
LESSONS = ("notebooks/05_layer_by_layer", "notebooks/10_practice")
# Typeset is what MathJax has replaced; before it has run, or without it, these differ.
TYPESET = """() => {
    const formulas = document.querySelectorAll(".math").length;
    return document.querySelectorAll(".math mjx-container").length >= formulas;
}"""


def documents() -> list[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    return [toc["root"]] + [c["file"] for part in toc["parts"] for c in part["chapters"]]


@dataclass
class Visit:
    """A browser's page, with what went wrong in it."""

    page: object
    address: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, name: str) -> None:
        """Open a page of the book and wait until its formulas are typeset."""
        self.page.goto(f"{self.address}/{name}", wait_until="load")
        self.page.wait_for_function(TYPESET, timeout=15_000)


@pytest.fixture
def visit(browser, address, request) -> Iterator[Visit]:
    size, mode = getattr(request, "param", ("wide", "light"))
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=mode, reduced_motion="reduce"
    )
    page = context.new_page()
    visit = Visit(page, address)

    def own_host_only(route):
        if route.request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            visit.outside.append(route.request.url)
            route.abort()

    context.route("**/*", own_host_only)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    page.on(
        "console",
        lambda message: visit.errors.append(message.text) if message.type == "error" else None,
    )
    page.on(
        "response",
        lambda answer: visit.errors.append(answer.url) if answer.status >= 400 else None,
    )
    yield visit
    context.close()


@pytest.mark.parametrize("name", documents())
def test_page_is_whole(visit, name):
    visit.open(f"{name}.html")
    page = visit.page
    ARTEFACTS.mkdir(exist_ok=True)
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for mode in ("light", "dark"):
            page.emulate_media(color_scheme=mode)
            page.wait_for_function(f"document.documentElement.dataset.theme === '{mode}'")
            picture = ARTEFACTS / f"{name.replace('/', '-')}-{size}-{mode}.png"
            page.screenshot(path=picture, full_page=True, animations="disabled")
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{size}: the page is {wide} px wider than the window"
            background = page.evaluate("getComputedStyle(document.body).backgroundColor")
            brightness = sum(int(part) for part in background.strip("rgba()").split(",")[:3]) / 3
            assert brightness > 200 if mode == "light" else brightness < 60
            assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == mode
    assert visit.outside == []
    assert visit.errors == []


@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.parametrize("visit", [("wide", "dark")], indirect=True)
def test_outputs_have_no_box_of_their_own_in_the_dark(visit, name):
    visit.open(f"{name}.html")
    backgrounds = visit.page.eval_on_selector_all(
        ".cell_output .text_html, .cell_output .lenet-figure, .cell_output pre",
        "all => all.map(one => getComputedStyle(one).backgroundColor)",
    )
    assert backgrounds
    assert set(backgrounds) == {"rgba(0, 0, 0, 0)"}


def test_formulas_are_typeset(visit):
    visit.open(f"{LESSONS[0]}.html")
    assert visit.page.locator("mjx-container").count() >= 10
    text = visit.page.locator("article").inner_text()
    assert "\\(" not in text
    assert "\\sum" not in text


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
    assert visit.errors == []
    assert visit.outside == []


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
    assert visit.outside == []
