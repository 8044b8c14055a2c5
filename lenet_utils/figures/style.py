"""What all figures share: colours, the drawing surface, and the way to an SVG for any page."""

import hashlib
import io
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from html import escape
from typing import TYPE_CHECKING, Any, Literal, ParamSpec

import numpy as np
from torch import Tensor

from lenet_utils.figures.portable import Bundle, image, prose, show_bundles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Told apart by the colour-blind, and at least 3:1 against a white and against a dark page.
BLUE, ORANGE, GREEN, PURPLE = "#3b82c4", "#d55e00", "#009e73", "#b05aa0"
# Matplotlib wants a colour; this one, used nowhere else, is replaced by `currentColor`.
INK = "#010203"
P = ParamSpec("P")
WIDTH = 6.9  # inches at 100 dots: the text column of the book
DOTS = 150  # an inch of a PNG


def for_the_book() -> bool:
    """Return whether outputs are made for the pages of the book."""
    return os.environ.get("LENET_FIGURES") == "book"


@dataclass(frozen=True)
class Figure:
    """A figure that a notebook shows, with what it shows.

    A notebook gets a picture that every viewer draws, and its caption: many leave out HTML with a
    drawing in it when they do not trust the notebook. The book asks for that HTML with
    `LENET_FIGURES=book` in the environment.

    Attributes:
        svg: the drawing.
        alt: what is to be seen, for readers who do not see it.
        caption: what to notice.
        arrays: the numbers behind it, by name.
        canvas: matplotlib's figure, from which `png` draws it again.
    """

    svg: str
    alt: str
    caption: str
    arrays: dict[str, Any] = field(repr=False, default_factory=dict)
    canvas: Any = field(repr=False, compare=False, default=None)

    def __repr__(self) -> str:
        return f"Figure. {self.alt}"

    def _repr_html_(self) -> str:
        return (
            f'<figure class="lenet-figure" role="group">'
            f"{self.svg}<figcaption>{escape(self.caption)}</figcaption></figure>"
        )

    def _ipython_display_(self) -> None:
        if for_the_book():
            raise NotImplementedError  # IPython then asks for text and HTML
        show_bundles(self.bundles(self.png()))

    def png(self) -> bytes:
        """Return the drawing as a PNG on white, three pixels for two of the page."""
        from matplotlib import style

        buffer = io.BytesIO()
        self.canvas.set_layout_engine("none")  # what the SVG was laid out with stays
        with style.context(STYLE, after_reset=True):
            self.canvas.savefig(buffer, format="png", dpi=DOTS, facecolor="white")
        return buffer.getvalue()

    def bundles(self, png: bytes) -> list[Bundle]:
        """Return what a notebook holds of the figure: the picture, then its words."""
        words = (
            f"<details><summary>The figure in words</summary>\n\n{prose(self.alt)}\n\n</details>"
        )
        caption = f"*{prose(self.caption)}*\n\n" if self.caption else ""
        return [
            image(png, self.alt, repr(self)),
            ({"text/markdown": caption + words, "text/plain": self.caption}, {}),
        ]


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Make what draws a figure do so in the book's style, whatever the reader's settings are.

    Matplotlib reads its settings at every step, from the first line to the file. So defaults come
    first, then the book's style, around the whole of it; afterwards the reader's are back.
    """

    @wraps(draw)
    def drawn(*args: P.args, **options: P.kwargs) -> Figure:
        from matplotlib import style

        with style.context(STYLE, after_reset=True):
            return draw(*args, **options)

    return drawn


def subplots(rows: int, columns: int, width: float, height: float) -> tuple[Any, Any]:
    """Make an empty drawing of width by height inches, with rows by columns of axes."""
    from matplotlib.figure import Figure as Canvas
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
    figure = Canvas(figsize=(width, height), layout=layout)
    return figure, figure.subplots(rows, columns, squeeze=False)


def show(axis: "Axes", picture: Tensor, low: float, high: float, signed: bool) -> None:
    """Draw a picture (H, W) in grey, or in blue and red around zero."""
    cmap = "berlin" if signed else "gray"
    axis.imshow(picture.numpy(), cmap=cmap, vmin=low, vmax=high, interpolation="none")


def letters_on(axis: "Axes", value: float) -> str:
    """Return nearly black or white, which is read at 4.5 to 1 or more on a value of the picture."""
    (picture,) = axis.get_images()
    parts = picture.to_rgba(np.array([value]))[0, :3].tolist()
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#010101" if luminance > 0.179 else "#fefefe"


def logarithmic(axis: "Axes", which: Literal["x", "y"]) -> None:
    """Draw on a logarithmic scale with ticks at 1, 2 and 5 times a power of ten.

    Over four decades and more at powers of ten: matplotlib would leave all of them out.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    getattr(axis, f"set_{which}scale")("log")
    ticks = axis.xaxis if which == "x" else axis.yaxis
    low, high = ticks.get_view_interval()
    ticks.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1e4 * low else (1,)))
    ticks.set_minor_locator(NullLocator())
    ticks.set_major_formatter("{x:g}")


def open_axes(axis: "Axes") -> None:
    """Take away the frame's upper and right side."""
    axis.spines[["top", "right"]].set_visible(False)


STYLE: dict[Any, Any] = {
    "figure.dpi": 100,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.fonttype": "none",
}


def render(figure: Any, alt: str, caption: str, **arrays: Any) -> Figure:
    """Turn a drawing into an SVG that can stand in a page beside others."""
    from matplotlib import rc_context
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        if text.get_color() == "black":
            text.set_color(INK)
    buffer = io.StringIO()
    # The salt makes the names of marks the same in every run, and other in every figure.
    with rc_context({"svg.hashsalt": alt}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style .*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    svg = re.sub(r' id="(image[0-9a-f]+|[a-zA-Z0-9.]+_\d+)"', "", svg)
    svg = re.sub(r'(<svg [^>]*?)width="([\d.]+)pt" height="([\d.]+)pt"', _sized, svg, count=1)
    svg = _name_clips(svg.replace(INK, "currentColor"))
    label = f'<svg role="img" aria-label="{escape(alt)}" '
    return Figure(svg.replace("<svg ", label, 1).strip(), alt, caption, arrays, figure)


def _name_clips(svg: str) -> str:
    """Name clip paths after the drawing: matplotlib's names hang on the last bit of a layout."""
    names = re.findall(r'<clipPath id="([^"]+)"', svg)
    nameless = svg
    for name in names:
        nameless = nameless.replace(name, "")
    drawing = hashlib.sha256(nameless.encode()).hexdigest()[:10]
    for i, name in enumerate(names):
        svg = svg.replace(name, f"p{drawing}-{i}")
    return svg


def _sized(match: re.Match[str]) -> str:
    # At most the size drawn, and narrower where the page is.
    return f'{match[1]}style="width:100%;max-width:{float(match[2]) * 4 / 3:.0f}px;height:auto"'
