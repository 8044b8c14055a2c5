"""Figures behind a slider: what stands there without widgets, the links, and what is refused."""

import re

import ipywidgets
import pytest

from lenet_utils import figures
from lenet_utils.figures.frames import FrameSlider, frames


def curve(passes: int) -> figures.Figure:
    return figures.lines(
        {"test": figures.Series(list(range(passes)), [3.0 - p for p in range(passes)])},
        xlabel="pass",
        ylabel="error, %",
        alt=f"The error of {passes} passes, to {3 - passes + 1} < 4 percent.",
    )


needs_stack = pytest.mark.skipif(
    not hasattr(ipywidgets, "Stack"), reason="ipywidgets 7 has no Stack"
)
CURVES = {f"{passes} passes": curve(passes) for passes in (1, 2, 3)}


@pytest.fixture
def framed() -> FrameSlider:
    return frames(CURVES, description="Trained for", start=2)


def parts(box: ipywidgets.VBox) -> list[ipywidgets.Widget]:
    return list(box.children)


def test_without_widgets_one_figure_stands_there_with_all_the_others_in_words(framed):
    html = framed._repr_html_()
    assert html.count("<svg") == 1
    assert CURVES["3 passes"].svg in html
    for label in CURVES:
        assert f"<strong>{label}.</strong>" in html
    assert "to 3 &lt; 4 percent" in html
    assert repr(framed).splitlines() == [
        "Trained for, 3 figures.",
        "1 passes: The error of 1 passes, to 3 < 4 percent.",
        "2 passes: The error of 2 passes, to 2 < 4 percent.",
        "3 passes: The error of 3 passes, to 1 < 4 percent.",
    ]


@needs_stack
def test_the_widget_starts_where_the_still_figure_stands_and_hides_it(framed):
    style, slider, stack = parts(framed.widget())
    assert (slider.label, slider.description) == ("3 passes", "Trained for")
    assert stack.selected_index == 2
    (hidden,) = re.findall(r"\.(lenet-still-\w+) \{display: none\}", style.value)
    assert f'class="{hidden}"' in framed._repr_html_()
    other = frames(dict(list(CURVES.items())[:2]), description="Trained for")
    assert hidden not in other._repr_html_()


@needs_stack
def test_slider_and_frames_are_linked_in_the_browser(framed):
    before = set(ipywidgets.widgets.widget._instances)
    _, slider, stack = parts(framed.widget())
    made = [w for k, w in ipywidgets.widgets.widget._instances.items() if k not in before]
    (link,) = [w for w in made if isinstance(w, ipywidgets.widgets.widget_link.Link)]
    assert link.source == (slider, "index")
    assert link.target == (stack, "selected_index")


@needs_stack
def test_frames_name_no_part_of_the_still_figure(framed):
    """A browser does not draw what is cut out by a path that stands in a hidden drawing."""
    frame = parts(framed.widget())[2].children[2].value
    names = set(re.findall(r' id="([^"]+)"', frame))
    assert names
    assert not names & set(re.findall(r' id="([^"]+)"', framed._repr_html_()))
    used = {a or b for a, b in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', frame)}
    assert used
    assert used <= names


def test_without_stack_as_on_colab_a_kernel_turns_the_pages(framed, monkeypatch):
    monkeypatch.delattr(ipywidgets, "Stack", raising=False)
    _, slider, page = parts(framed.widget())
    assert "to 1 &lt; 4 percent" in page.value
    slider.index = 0
    assert "to 3 &lt; 4 percent" in page.value


@pytest.mark.parametrize(
    ("given", "options", "error", "message"),
    [
        ({"1": curve(1)}, {}, ValueError, "got 1 frames; expected 2 to 20"),
        ({str(n): curve(1) for n in range(21)}, {}, ValueError, "got 21 frames"),
        ({"1": curve(1), "2": "<svg>"}, {}, TypeError, "frame '2' is a str"),
        ({"1": curve(1), "2": curve(1)}, {}, ValueError, "the same alt"),
        (CURVES, {"description": " "}, ValueError, "description is empty"),
        (CURVES, {"start": 3}, ValueError, "start is 3; expected 0 to 2"),
        (CURVES, {"start": -1}, ValueError, "start is -1"),
    ],
)
def test_what_cannot_be_shown_is_refused(given, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        frames(given, **{"description": "Trained for", **options})


SLIDER = ".lenet-frames [role=slider]"
PICTURE = ".lenet-frames .lenet-frame svg"


@pytest.mark.browser
def test_a_slider_of_the_book_moves_by_keyboard_and_says_where_it_is(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/notebooks/08_reproducing.html")
    slider = page.locator(SLIDER).first
    slider.wait_for(timeout=15_000)
    page.locator(f"{SLIDER}[aria-valuetext]").first.wait_for()
    assert slider.get_attribute("aria-label")
    seen = set()
    for key in ("Home", "ArrowRight", "End"):
        slider.press(key)
        last = page.locator(f"{SLIDER} >> nth=0").get_attribute("aria-valuetext")
        seen.add((last, page.locator(PICTURE).first.get_attribute("aria-label")))
    assert len({text for text, _ in seen}) == 3
    assert len({picture for _, picture in seen}) == 3
    # The plain figure has gone, and nothing else.
    assert page.locator("[class^=lenet-still]").first.is_hidden()
    page.close()


@pytest.mark.browser
def test_without_scripts_the_still_figure_is_seen(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/notebooks/08_reproducing.html")
    still = page.locator("[class^=lenet-still]").first
    assert still.locator("svg").is_visible()
    still.locator("summary").click()
    assert still.locator("li").count() >= 2
    context.close()
