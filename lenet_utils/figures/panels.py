"""Pictures beside kernels and maps, windows on a digit, curves against shift."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lenet_utils.figures.style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    WIDTH,
    Figure,
    letters_on,
    open_axes,
    render,
    show,
    styled,
    subplots,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = ("o", "s", "^", "D", "v")
_OCHRE = "#a07d10"
_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, _OCHRE)


@styled
def panels(
    pictures: Sequence[Tensor],
    titles: Sequence[str],
    *,
    alt: str,
    caption: str = "",
    columns: int = 4,
    signed: Sequence[int] = (),
    numbers: Sequence[int] = (),
    limit: float | None = None,
) -> Figure:
    """Draw pictures of different sizes side by side, each with a scale of its own.

    Args:
        pictures: each (H, W), any number type.
        titles: a line above each picture.
        alt: what is to be seen.
        caption: what to notice.
        columns: pictures in a row.
        signed: which of them have negative values blue, positive ones red, zero dark.
        numbers: which of them have their values written into the cells.
        limit: the value that signed pictures show at full colour; by default each its largest.

    Raises:
        ValueError: no pictures, another number of titles, or a picture that is not a matrix.
    """
    if len(pictures) == 0 or len(titles) != len(pictures):
        raise ValueError(
            f"got {len(titles)} titles for {len(pictures)} pictures; expected one picture or more, "
            "and a title for each."
        )
    values = [picture.detach().float().cpu() for picture in pictures]
    if any(value.dim() != 2 for value in values):
        shapes = [tuple(value.shape) for value in values]
        raise ValueError(f"pictures have shapes {shapes}; expected (H, W) of each.")
    columns = min(columns, len(values))
    rows = -(-len(values) // columns)
    size = WIDTH / max(columns, 3)
    figure, axes = subplots(rows, columns, size * columns, rows * (size + 0.3))
    for i, axis in enumerate(axes.flat):
        axis.axis("off")
        if i < len(values):
            low, high = values[i].min().item(), values[i].max().item()
            if i in signed:
                high = limit or max(-low, high) or 1.0
                low = -high
            show(axis, values[i], low, high, i in signed)
            axis.set_title(titles[i], fontsize=9, pad=3)
            if i in numbers:
                write_numbers(axis, values[i])
    arrays = dict(zip(titles, values, strict=True))
    return render(figure, alt, caption, **arrays)


@styled
def windows(
    image: Tensor,
    boxes: Mapping[str, tuple[int, int, int, int]],
    *,
    alt: str,
    caption: str = "",
) -> Figure:
    """Draw windows as frames on a picture.

    Args:
        image: (H, W).
        boxes: by name, (first row, last row, first column, last column), the last ones included.
        alt: what is to be seen.
        caption: what to notice.

    Raises:
        ValueError: more windows than there are colours.
    """
    from matplotlib.patches import Rectangle

    if len(boxes) > len(_COLOURS):
        raise ValueError(f"got {len(boxes)} windows; expected {len(_COLOURS)} or fewer.")
    figure, axes = subplots(1, 1, 4.4, 4.9)
    axis = axes[0, 0]
    show(axis, image.detach().float().cpu(), float(image.min()), float(image.max()), False)
    for (name, (top, bottom, left, right)), colour in zip(boxes.items(), _COLOURS, strict=False):
        size = (right - left + 1, bottom - top + 1)
        # A frame that lies on the picture's edge is drawn a little inside it.
        axis.add_patch(
            Rectangle(
                (left - 0.4, top - 0.4), size[0] - 0.2, size[1] - 0.2, fill=False, ec=colour, lw=2
            )
        )
        axis.plot([], [], color=colour, lw=2, label=f"{name}: {size[1]} by {size[0]}")
    axis.axis("off")
    figure.legend(frameon=False, loc="outside lower center", fontsize=9, ncols=2)
    return render(figure, alt, caption, **{name: torch.tensor(b) for name, b in boxes.items()})


@styled
def curves(
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    ylabel: str,
    caption: str = "",
    percent: bool = False,
) -> Figure:
    """Draw one line for each series, with its name and its values in the text.

    Args:
        x: what is varied.
        series: by name, a value for each x.
        xlabel: what x is, with its unit.
        ylabel: what is measured, with its unit.
        caption: what to notice.
        percent: values are fractions, shown as per cent.

    Raises:
        ValueError: a series of another length than x, or more series than colours.
    """
    if not 0 < len(series) <= len(_COLOURS):
        raise ValueError(f"got {len(series)} series; expected 1 to {len(_COLOURS)}.")
    for name, values in series.items():
        if len(values) != len(x):
            raise ValueError(
                f"{name} has {len(values)} values; expected {len(x)}, one for each of x."
            )
    figure, axes = subplots(1, 1, WIDTH, 3.1)
    axis = axes[0, 0]
    factor = 100 if percent else 1
    for (name, values), colour, mark in zip(series.items(), _COLOURS, _MARKS, strict=False):
        heights = [factor * value for value in values]
        axis.plot(x, heights, color=colour, marker=mark, ms=5, lw=1.6, label=name)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.set_ylim(bottom=min(0.0, axis.get_ylim()[0]))
    axis.set_xticks(list(x))
    axis.legend(frameon=False)
    open_axes(axis)
    form = "{:.1%}" if percent else "{:.2f}"
    told = "; ".join(
        f"{name}: " + ", ".join(form.format(value) for value in values)
        for name, values in series.items()
    )
    at = ", ".join(f"{value:g}" for value in x)
    return render(
        figure, f"Lines of {ylabel} against {xlabel}, at {at}. {told}.", caption, **series
    )


def write_numbers(axis: "Axes", values: Tensor) -> None:
    """Write the values of the picture of these axes into its cells; NaN stays empty."""
    for row, line in enumerate(values.tolist()):
        for column, value in enumerate(line):
            if math.isnan(value):
                continue
            axis.text(
                column,
                row,
                f"{value:.3g}",
                color=letters_on(axis, value),
                ha="center",
                va="center",
                fontsize=9 if values.shape[1] <= 6 else 7,
            )
