"""Stored outputs of lessons in a form that every viewer shows: pictures as PNG, with their words.

Viewers leave drawings out of the HTML of a notebook that they do not trust. So what figures and
sliders stored for the pages of the book is drawn as a PNG, and becomes what they show elsewhere.
"""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import matplotlib
import resvg_py
from nbformat import NotebookNode
from nbformat.v4 import new_output

from lenet_utils.figures import Figure
from lenet_utils.figures.frames import FrameSlider
from lenet_utils.figures.portable import Bundle
from lenet_utils.figures.style import DOTS, INK

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
VIEW = "application/vnd.jupyter.widget-view+json"
SHOWN = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")
UNSAFE = re.compile(r"<(?:svg|script|style|iframe|object|embed|img|canvas|form|input)\b")


def plain(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the outputs of a cell as every viewer shows them.

    Raises:
        ValueError: an output that some viewers leave out, and that is no figure of this course.
    """
    return [output for stored in outputs for output in _plain(stored)]


def is_slider(outputs: list[NotebookNode]) -> bool:
    """Return whether a cell shows figures behind a slider."""
    return any("lenet-still" in output.get("data", {}).get("text/html", "") for output in outputs)


def _plain(output: NotebookNode) -> Iterator[NotebookNode]:
    data = output.get("data")
    if data is None:
        yield output
        return
    page = data.get("text/html", "")
    if 'class="lenet-still-' in page:
        slider = slider_of(page)
        still = list(slider.figures.values())[slider.start]
        yield from map(_output, slider.bundles(png(still.svg)))
    elif '<figure class="lenet-figure"' in page:
        figure = figure_of(page)
        yield from map(_output, figure.bundles(png(figure.svg)))
    elif VIEW not in data:  # a widget is shown when the cell is run
        strange = [kind for kind in data if kind not in SHOWN]
        if strange or UNSAFE.search(page):
            what = strange[0] if strange else UNSAFE.search(page)[0]
            raise ValueError(
                f"an output with {what}, which viewers leave out of a notebook that they do not "
                "trust: show a lenet_utils.figures.Figure, or text."
            )
        yield output


def _output(bundle: Bundle) -> NotebookNode:
    data, metadata = bundle
    return new_output("display_data", data=data, metadata=metadata)


def figure_of(page: str) -> Figure:
    """Return the figure that was stored as HTML."""
    svg = DRAWING.search(page)[0]
    alt = re.search(r'aria-label="([^"]*)"', svg)[1]
    caption = re.search(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL)[1]
    return Figure(svg, unescape(alt), unescape(caption))


def slider_of(page: str) -> FrameSlider:
    """Return the slider that was stored as HTML: the frame shown first, and the words of all."""
    first = figure_of(page)
    summary = unescape(re.search(r"<summary>(.*?)</summary>", page, re.DOTALL)[1])
    description = re.fullmatch(r"(.*): all \d+ figures in words", summary, re.DOTALL)[1]
    told = re.findall(r"<li><strong>(.*?)\.</strong> (.*?)</li>", page, re.DOTALL)
    frames = {unescape(name): Figure("", unescape(alt), "") for name, alt in told}
    start = [figure.alt for figure in frames.values()].index(first.alt)
    frames[list(frames)[start]] = first
    return FrameSlider(frames, description, start)


def png(svg: str) -> bytes:
    """Draw an SVG of a figure on white, with matplotlib's letters and as large as it draws them."""
    width = float(re.search(r'viewBox="0 0 ([\d.]+) ', svg)[1])  # points
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg.replace("<svg ", f'<svg color="{INK}" ', 1),
            width=round(width / 72 * DOTS),
            background="white",
            skip_system_fonts=True,
            font_dirs=[str(FONTS)],
        )
    )
