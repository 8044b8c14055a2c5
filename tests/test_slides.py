"""The slides: what they are made of, and how they stand in a browser without another host."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from conftest import ROOT
from contents import pages
from nbformat.v4 import new_code_cell, new_notebook, new_output
from visits import Visit

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import lenet_slides

DECKS = lenet_slides.sources(pages())
FIGURE = (
    '<figure class="lenet-figure"><svg viewBox="0 0 {} 100"><clipPath id="a"/>'
    '<g clip-path="url(#a)"/></svg><figcaption>{}</figcaption></figure>'
)


def lesson(folder: Path, *captions: str, width: int = 100) -> Path:
    outputs = [
        new_output("display_data", data={"text/html": FIGURE.format(width, caption)})
        for caption in captions
    ]
    path = folder / "lesson.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(outputs=outputs)]), path)
    return path


def test_there_is_a_deck_for_each_part():
    parts = [name for name in pages() if name.startswith("book/part")]
    assert [f"book/{path.stem}" for path in DECKS] == parts and parts


def test_a_figure_is_taken_from_the_executed_lesson(tmp_path):
    path = lesson(tmp_path, "One thing.", "Another thing.")
    assert "Another thing." in lenet_slides.figure(path, "Another")


@pytest.mark.parametrize("beginning", ["thing", "A"])
def test_a_figure_that_is_not_there_or_not_the_only_one_is_refused(tmp_path, beginning):
    path = lesson(tmp_path, "A thing.", "A thing, again.")
    with pytest.raises(ValueError, match=r"lesson.ipynb have a caption .*A thing, again"):
        lenet_slides.figure(path, beginning)


def test_ids_of_figures_do_not_meet():
    one, other = (lenet_slides.own_ids(FIGURE.format(1, ""), i) for i in (1, 2))
    assert 'id="f1-a"' in one and "url(#f1-a)" in one
    assert "f1-a" not in other


def test_a_deck_has_slides_notes_and_links(tmp_path):
    text = "# Deck\n\n---\n## Slide\n\n[a lesson](../notebooks/x.ipynb#part)\n\nNote:\nSay this.\n"
    page = lenet_slides.deck(text)
    assert page.count("<section") == 2
    assert "<title>Deck - LeNet-5, Rebuilt</title>" in page
    assert '<a href="../notebooks/x.html#part">' in page
    assert re.search(r'<aside class="notes"><p>Say this.</p>\s*</aside></section>', page)


def test_wide_figures_stand_below_the_text(tmp_path):
    kinds = []
    for width in (100, 300):
        path = lesson(tmp_path, "A thing.", width=width)
        found = lenet_slides.slide(lenet_slides.markdown(False), f"## S\n\n![A thing]({path})\n")
        kinds.append(re.search('section class="(.*?)"', found)[1])
        assert "<p><figure" not in found
    assert kinds == ["beside", "wide"]


def test_numbers_come_from_the_ledger():
    shown = lenet_slides.deck("# D\n\n{ledger: parameters, LeNet-5}")
    assert "<p>60,000</p>" in shown
    with pytest.raises(ValueError, match="no claim 'nonsense'"):
        lenet_slides.deck("# D\n\n{ledger: nonsense}")


@pytest.mark.browser
@pytest.mark.parametrize("path", DECKS, ids=lambda path: path.stem)
def test_a_deck_is_whole_in_the_browser(browser, address, path):
    size = {"width": 1280, "height": 720}
    visit = Visit(browser, address, viewport=size)
    page = visit.page
    page.goto(f"{address}/slides/{path.stem}.html")
    page.evaluate(READY)
    page.evaluate(AXE_SCRIPT)
    source = path.read_text(encoding="utf-8")
    slides = page.evaluate("Reveal.getTotalSlides()")
    assert slides == source.count("\n---\n") + 1

    drawn = 0
    for number in range(slides):
        page.evaluate(f"Reveal.slide({number})")
        figures = page.locator("section.present .lenet-figure svg")
        drawn += figures.count()
        for i in range(figures.count()):
            assert len(figures.nth(i).get_attribute("aria-label")) > 30
            assert figures.nth(i).bounding_box()["height"] > 60
        assert page.evaluate(LOST) == [], f"slide {number + 1} is larger than the screen"
        assert page.evaluate(AXE) == [], f"slide {number + 1}"
    assert drawn == source.count("![")
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode)
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness = sum(int(part) for part in background.strip("rgba()").split(",")[:3]) / 3
        assert brightness > 200 if mode == "light" else brightness < 60
        assert page.evaluate(AXE) == [], mode
    visit.close()
    assert visit.outside == []
    assert visit.errors == []


READY = """async () => {
    if (!Reveal.isReady()) await new Promise((done) => Reveal.on("ready", done));
}"""
AXE = """async () => {
    const parts = {include: ["section.present"], exclude: ["svg"]};
    const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
    const found = await axe.run(parts, {runOnly: rules, resultTypes: ["violations"]});
    return found.violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html}`));
}"""

# What of the slide that is shown lies outside the window.
LOST = """() => [...Reveal.getCurrentSlide().querySelectorAll("h1, h2, p, li, td, svg, figcaption")]
    .filter((one) => !one.closest(".notes"))
    .filter((one) => {
        const box = one.getBoundingClientRect();
        return box.right > innerWidth || box.bottom > innerHeight;
    })
    .map((one) => one.textContent.slice(0, 40))"""


@pytest.mark.browser
def test_keys_move_and_open_notes_and_links_lead_into_the_book(browser, address, site):
    page = browser.new_page()
    page.goto(f"{address}/slides/part1.html")
    page.evaluate(READY)
    page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.getState().indexh") == 1
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    popup.value.get_by_text("How would you read this from the numbers alone?").wait_for()
    for deck in DECKS:
        text = (site / "slides" / f"{deck.stem}.html").read_text(encoding="utf-8")
        targets = re.findall(r'<a href="([^"#]+)', text)
        assert targets
        assert all((site / "slides" / target).resolve().exists() for target in targets)
    page.close()
