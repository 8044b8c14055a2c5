"""Figures that a slider moves through, with a kernel and without one.

Every position of the slider is drawn beforehand. Slider and frames are widgets linked in the
browser, so that a page without a kernel moves as well. Where no widget runs (no scripts, a page
on paper), one frame stands there as a plain figure, with all the others in words.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any

from lenet_utils.figures import Figure
from lenet_utils.figures.portable import Bundle, image, prose, show_bundles
from lenet_utils.figures.style import for_the_book

if TYPE_CHECKING:
    from ipywidgets import VBox

MAX_FRAMES = 20
"""FrameSlider that a reader still steps through; more make the page heavy."""


class FrameSlider:
    """Figures behind a slider; a notebook shows it as the last value of a cell.

    Attributes:
        figures: the frames by the label that the slider shows.
        description: what the slider changes.
        start: the place of the frame shown first.
    """

    def __init__(self, figures: Mapping[str, Figure], description: str, start: int) -> None:
        self.figures = dict(figures)
        self.description = description
        self.start = start

    def __repr__(self) -> str:
        lines = [f"{label}: {figure.alt}" for label, figure in self.figures.items()]
        return "\n".join([f"{self.description}, {len(lines)} figures.", *lines])

    def _repr_html_(self) -> str:
        """Return the frame shown first and the texts of all: what is seen without widgets."""
        first = list(self.figures.values())[self.start]
        texts = "".join(
            f"<li><strong>{escape(label)}.</strong> {escape(figure.alt)}</li>"
            for label, figure in self.figures.items()
        )
        return (
            f'<div class="{self._still}">{first._repr_html_()}<details><summary>'
            f"{escape(self.description)}: all {len(self.figures)} figures in words</summary>"
            f"<ul>{texts}</ul></details></div>"
        )

    @property
    def _still(self) -> str:
        return "lenet-still-" + sha256(repr(self).encode()).hexdigest()[:8]

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if for_the_book():
            display({"text/plain": repr(self), "text/html": self._repr_html_()}, raw=True)
            display(self.widget())
            return
        box = self.widget()
        still, words = self.bundles(list(self.figures.values())[self.start].png())
        view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
        still[0]["application/vnd.jupyter.widget-view+json"] = view
        show_bundles([still, words])

    def bundles(self, png: bytes) -> list[Bundle]:
        """Return what a notebook holds without widgets: the frame shown first, and all in words.

        Args:
            png: the picture of that frame.
        """
        label, first = list(self.figures.items())[self.start]
        texts = "\n".join(
            f"- **{prose(name)}.** {prose(figure.alt)}" for name, figure in self.figures.items()
        )
        count = len(self.figures)
        words = (
            f"*A slider with {count} figures: run the cell to move it. It starts at "
            f"{prose(label)}. {prose(first.caption)}*\n\n"
            f"<details><summary>{prose(self.description)}: all {count} figures in words</summary>"
            f"\n\n{texts}\n\n</details>"
        )
        return [
            image(png, first.alt, repr(self)),
            ({"text/markdown": words, "text/plain": first.caption}, {}),
        ]

    def widget(self) -> "VBox":
        """Return the slider above the frames, as widgets."""
        import ipywidgets

        slider = ipywidgets.SelectionSlider(
            options=list(self.figures),
            index=self.start,
            description=self.description,
            continuous_update=True,
            style={"description_width": "initial"},
            layout={"width": "auto"},
        )
        pages = [_renamed(figure)._repr_html_() for figure in self.figures.values()]
        # Where this runs, the still figure has done its duty.
        style = ipywidgets.HTML(f"<style>.{self._still} {{display: none}}</style>")
        style.layout.display = "none"
        box = ipywidgets.VBox([style, slider, _linked(slider, pages, self.start)])
        box.add_class("lenet-frames")
        return box


def _renamed(figure: Figure) -> Figure:
    """Give the parts of a drawing other names than those of the same drawing in the still figure.

    A browser takes the first part of that name in the page, and draws nothing where that one is
    not displayed.
    """
    svg = figure.svg
    for name in set(re.findall(r' id="([^"]+)"', svg)):
        svg = re.sub(rf'(?<=[#"]){re.escape(name)}(?=[)"])', f"frame-{name}", svg)
    return replace(figure, svg=svg)


def _linked(slider: Any, pages: list[str], start: int) -> Any:
    import ipywidgets

    if hasattr(ipywidgets, "Stack"):
        children = [ipywidgets.HTML(page, layout={"width": "100%"}) for page in pages]
        stack = ipywidgets.Stack(children, selected_index=start)
        stack.add_class("lenet-frame")
        ipywidgets.jslink((slider, "index"), (stack, "selected_index"))
        return stack
    # Version 7, which Colab has, knows no Stack; there a kernel turns the pages.
    page = ipywidgets.HTML(pages[start])
    slider.observe(lambda change: setattr(page, "value", pages[change["new"]]), "index")
    return page


def frames(figures: Mapping[str, Figure], *, description: str, start: int = 0) -> FrameSlider:
    """Put figures behind a slider that the arrow keys move as well.

    Args:
        figures: 2 to 20 frames by the short label that stands beside the slider, in order. Draw
            all of them with the same size and the same axes, so that only what is to be noticed
            moves; each has its own alternative text.
        description: what the slider changes, one or two words, such as "After pass".
        start: the place of the frame shown first, which is also the one on paper.

    Raises:
        ValueError: too few or too many frames, two with the same text, no description, or a start
            outside the frames.
        TypeError: a frame that is not a `Figure`.
    """
    if not 2 <= len(figures) <= MAX_FRAMES:
        raise ValueError(f"got {len(figures)} frames; expected 2 to {MAX_FRAMES}: leave some out.")
    for label, figure in figures.items():
        if not isinstance(figure, Figure):
            raise TypeError(
                f"frame {label!r} is a {type(figure).__name__}; expected a Figure, such as "
                "lenet_utils.figures.lines(...)."
            )
    if len({figure.alt for figure in figures.values()}) < len(figures):
        raise ValueError("two frames have the same alt; expected of each what it alone shows.")
    if not description.strip():
        raise ValueError("description is empty; expected what the slider changes.")
    if not 0 <= start < len(figures):
        raise ValueError(f"start is {start}; expected 0 to {len(figures) - 1}.")
    return FrameSlider(figures, description, start)
