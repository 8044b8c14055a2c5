"""What is found wrong when lessons are run elsewhere, and what figures show there."""

import base64

import matplotlib
import pytest
import run_edition
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbformat.v4 import new_code_cell, new_output
from test_figures_frames import CURVES, curve

from lenet_utils.figures.frames import frames

PICTURE = {"image/png": "AAAA", "text/plain": "a figure"}


def cell(*outputs, **metadata):
    return new_code_cell("1", id="cell-07", outputs=list(outputs), metadata=metadata)


def shown(**data):
    return new_output("display_data", data={k.replace("_", "/"): v for k, v in data.items()})


def said(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def picture():
    return new_output("display_data", data=PICTURE)


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ([said("took 3 s\n")], [said("took 41.5 s\n")]),
        ([said("a\n"), said("b\n")], [said("a\nb\n")]),  # a stream may come in pieces
        ([picture()], [new_output("display_data", data={**PICTURE, "image/png": "BBBB"})]),
    ],
)
def test_what_only_varies_is_as_stored(stored, new):
    assert run_edition.faults(cell(*stored), cell(*new)) == []


@pytest.mark.parametrize(
    ("stored", "new", "says"),
    [
        ([said("156\n")], [said("157\n")], "cell-07 says"),
        ([said("156\n")], [], "cell-07 says"),
        ([], [said("careful\n", "stderr")], "cell-07 writes to stderr: careful"),
        ([picture()], [shown(text_plain="a figure")], "cell-07 shows 0 figures of 1"),
        ([shown(text_plain="a")], [shown(text_html="a")], "cell-07 says"),
    ],
)
def test_what_is_otherwise_is_named(stored, new, says):
    assert run_edition.faults(cell(*stored), cell(*new))[0].startswith(says)


def test_an_output_that_is_not_compared_still_needs_its_figure():
    tags = {"tags": ["nbval-ignore-output"]}
    assert run_edition.faults(cell(said("1"), **tags), cell(said("2"), **tags)) == []
    assert run_edition.faults(cell(picture(), **tags), cell(said("2"), **tags))


def displayed(value):
    """Return the outputs of a cell that ends with a value."""
    shell = InteractiveShell.instance()
    with capture_output() as captured:
        shell.display_formatter.ipython_display_formatter(value)
    InteractiveShell.clear_instance()
    return captured.outputs


def test_a_figure_shows_a_png_and_its_words(monkeypatch):
    monkeypatch.delenv("LENET_FIGURES", raising=False)
    figure = curve(2)
    first, words = displayed(figure)
    assert set(first.data) == {"image/png", "text/plain"}
    assert base64.b64decode(first.data["image/png"]).startswith(b"\x89PNG")
    assert first.metadata["image/png"] == {"alt": figure.alt, "width": 690}
    assert "to 2 \\< 4 percent" in words.data["text/markdown"]


def test_the_book_gets_html(monkeypatch):
    monkeypatch.setenv("LENET_FIGURES", "book")
    assert displayed(curve(2)) == []  # IPython asks for the other forms
    still, slider = displayed(frames(CURVES, description="Trained for"))
    assert "<svg" in still.data["text/html"] and run_edition.VIEW in slider.data


def test_a_slider_shows_its_first_frame_where_no_widget_is(monkeypatch):
    monkeypatch.delenv("LENET_FIGURES", raising=False)
    first, words = displayed(frames(CURVES, description="Trained for", start=1))
    assert {run_edition.VIEW, "image/png", "text/plain"} == set(first.data)
    for label in CURVES:
        assert f"**{label}.**" in words.data["text/markdown"]


def test_no_setting_of_the_reader_changes_a_png():
    usual = curve(3).png()
    with matplotlib.rc_context({"text.usetex": True, "savefig.dpi": 30, "savefig.bbox": "tight"}):
        assert curve(3).png() == usual
