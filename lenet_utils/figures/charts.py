"""Charts of measurements: curves over a variable, and means with their intervals."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lenet_utils.figures.style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    WIDTH,
    Figure,
    logarithmic,
    open_axes,
    render,
    styled,
    subplots,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STROKES: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "marker": "o", "ls": "-"},
    {"color": ORANGE, "marker": "s", "ls": "--"},
    {"color": GREEN, "marker": "^", "ls": "-."},
    {"color": PURPLE, "marker": "v", "ls": ":"},
)


class Series(NamedTuple):
    """A curve: y over x, with a band from low to high where these are given."""

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


@styled
def lines(
    series: dict[str, Series],
    *,
    xlabel: str,
    ylabel: str,
    alt: str,
    caption: str = "",
    log: bool = False,
    height: float = 3.0,
    limits: tuple[float, float, float, float] | None = None,
) -> Figure:
    """Draw up to four curves, told apart by colour, marker and dash.

    Args:
        series: curves by the name that the legend gives them.
        xlabel: what x is, with its unit.
        ylabel: what y is, with its unit.
        alt: what is to be seen.
        caption: what to notice.
        log: draw y on a logarithmic scale.
        height: in inches; the width is that of the page.
        limits: (first x, last x, least y, most y) of the axes, so that figures can be compared.

    Raises:
        ValueError: no curve, or more than can be told apart.
    """
    if not 1 <= len(series) <= len(_STROKES):
        raise ValueError(f"got {len(series)} curves; expected 1 to {len(_STROKES)}.")
    figure, axes = subplots(1, 1, WIDTH, height)
    axis = axes[0, 0]
    for (label, curve), stroke in zip(series.items(), _STROKES, strict=False):
        if curve.low is not None and curve.high is not None:
            axis.fill_between(curve.x, curve.low, curve.high, color=stroke["color"], alpha=0.25)
        axis.plot(curve.x, curve.y, ms=4, lw=1.5, label=label, **stroke)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    if log:
        logarithmic(axis, "y")
    if all(float(x).is_integer() for curve in series.values() for x in curve.x):
        axis.xaxis.get_major_locator().set_params(integer=True)
    if limits is not None:
        axis.set(xlim=limits[:2], ylim=limits[2:])
    if len(series) > 1:
        axis.legend(frameon=False, loc="best" if limits is None else "upper right")
    open_axes(axis)
    return render(figure, alt, caption, **{name: curve.y for name, curve in series.items()})


class Measured(NamedTuple):
    """A mean, half the width of its 95% interval, and the paper's number where there is one."""

    mean: float
    half_width: float
    paper: float | None = None


def _name_rows(axis: "Axes", names: list[str]) -> None:
    """Write names at the left of a chart, one a row."""
    axis.set_yticks(range(len(names)), ["" if "\n" in name else name for name in names])
    # Lines of one text would end raggedly, since a browser's letters have widths of their own.
    for at, name in enumerate(names):
        lines = name.split("\n")
        for i, line in enumerate(lines if len(lines) > 1 else []):
            axis.annotate(
                line, (0, at), (-7, 6 * (len(lines) - 1) - 12 * i),
                xycoords=("axes fraction", "data"), textcoords="offset points",
                ha="right", va="center_baseline", size=10,
            )  # fmt: skip


@styled
def interval_plot(
    rows: dict[str, Measured], *, xlabel: str, alt: str = "", caption: str = "", log: bool = False
) -> Figure:
    """Draw means with their intervals, one row each, and the paper's numbers as diamonds.

    Args:
        rows: measurements by the name that stands at the left; it may have several lines.
        xlabel: what is measured, with its unit.
        alt: what is to be seen; by default every row in words.
        caption: what to notice.
        log: draw on a logarithmic scale.
    """
    lines_of_names = sum(1 + name.count("\n") for name in rows)
    figure, axes = subplots(1, 1, WIDTH, 0.8 + 0.27 * lines_of_names)
    axis = axes[0, 0]
    compared = any(row.paper is not None for row in rows.values())
    for at, row in enumerate(rows.values()):
        width = 0.0 if math.isnan(row.half_width) else row.half_width
        axis.errorbar(
            row.mean, at, xerr=width, color=BLUE, fmt="o", ms=5, capsize=3, lw=1.5,
            label="ours, 95% interval" if at == 0 else None,
        )  # fmt: skip
        if row.paper is not None:
            first = next(i for i, r in enumerate(rows.values()) if r.paper is not None)
            axis.plot(
                row.paper, at, color=ORANGE, marker="D", ms=6, mfc="none", ls="",
                label="the paper" if at == first else None,
            )  # fmt: skip
    _name_rows(axis, list(rows))
    axis.invert_yaxis()
    axis.set(xlabel=xlabel)
    if log:
        logarithmic(axis, "x")
    axis.grid(axis="x", alpha=0.2)
    if compared:
        axis.legend(frameon=False, loc="best")
    open_axes(axis)
    words = "; ".join(
        f"{' '.join(name.split())} {row.mean:.2f}"
        + (f", paper {row.paper:.2f}" if row.paper is not None else "")
        for name, row in rows.items()
    )
    return render(figure, alt or f"{xlabel}: {words}.", caption, rows=rows)
