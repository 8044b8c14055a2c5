"""Interpretations of the paper by its published values, as a picture."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from lenet_utils.figures.style import (
    BLUE,
    ORANGE,
    WIDTH,
    Figure,
    render,
    styled,
    subplots,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lenet_utils.results.matrix import Cell, Row

MARKS = {"inside": "o", "above": "^", "below": "v", "not comparable": "$?$", "not run": "_"}
SHORTER = {"coefficients": "c", "curvature x ": "h x ", "random c and biases": "c, biases random"}


@styled
def agreement(rows: Sequence["Row"], *, caption: str = "") -> Figure:
    """Draw where each published value lies among our runs, an interpretation in each row.

    Args:
        rows: of `results.matrix`; one without runs is left out.
        caption: what to notice.

    Raises:
        ValueError: no row with runs.
    """
    shown = [row for row in rows if row.compared]
    if not shown:
        raise ValueError(f"none of {len(rows)} interpretations was run: there is nothing to draw.")
    figure, axes = subplots(1, 1, WIDTH, 1.7 + 0.27 * len(shown))
    axis = axes[0, 0]
    columns = _columns(shown[0].cells)
    for at, row in enumerate(shown):
        for x, cell in zip(columns, row.cells, strict=True):
            _mark(axis, x, at, cell)
        axis.text(columns[-1] + 1, at, f"{row.inside} of {len(row.compared)}", va="center", size=9)
    axis.set_yticks(range(len(shown)), [_short(row.name) for row in shown], size=9)
    axis.set_xticks(columns, [cell.published.short for cell in shown[0].cells], rotation=90, size=9)
    axis.set(xlim=(-0.8, columns[-1] + 4.5), ylim=(len(shown) - 0.4, -0.9))
    _name_groups(axis, columns, shown[0].cells)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    _legend(figure)
    told = "; ".join(f"{row.name}: {row.inside} of {len(row.compared)} inside" for row in shown)
    words = {row.name: [cell.verdict.word for cell in row.cells] for row in shown}
    return render(figure, f"Published values among our runs. {told}.", caption, words=words)


def _columns(cells: Sequence["Cell"]) -> list[float]:
    """Return where the columns stand, with a gap between groups."""
    places, at = [], 0.0
    for _, group in groupby(cells, key=lambda cell: cell.published.group):
        places += [at + i for i in range(len(list(group)))]
        at = places[-1] + 1.6
    return places


def _mark(axis: "Axes", x: float, y: float, cell: "Cell") -> None:
    word = cell.verdict.word
    colour = BLUE if word == "inside" else ORANGE if cell.verdict.outside else "gray"
    filled = word == "inside" or cell.excluded
    axis.plot(x, y, marker=MARKS[word], ls="", color=colour, mfc=colour if filled else "none",
              ms=4 if word == "not run" else 7)  # fmt: skip


def _name_groups(axis: "Axes", columns: list[float], cells: Sequence["Cell"]) -> None:
    for name, group in groupby(
        zip(columns, cells, strict=True), key=lambda pair: pair[1].published.group
    ):
        places = [x for x, _ in group]
        label = name.replace(" ", "\n") if len(places) < 8 else name
        if len(places) > 1:
            axis.text(sum(places) / len(places), -0.75, label, ha="center", va="bottom", size=9)
        else:
            axis.text(places[0] - 0.3, -0.75, label, ha="left", va="bottom", size=9)
        axis.plot([places[0] - 0.3, places[-1] + 0.3], [-0.65, -0.65], color="gray", lw=0.8)


def _legend(figure: Any) -> None:
    from matplotlib.lines import Line2D

    kinds = [
        ("inside", "o", BLUE, BLUE),
        ("the paper's value above ours", "^", ORANGE, ORANGE),
        ("below", "v", ORANGE, ORANGE),
        ("outside only uncorrected", "^", ORANGE, "none"),
        ("cannot be compared", "$?$", "gray", "gray"),
        ("not run", "_", "gray", "gray"),
    ]
    handles = [
        Line2D([], [], ls="", marker=marker, color=colour, mfc=fill, label=label)
        for label, marker, colour, fill in kinds
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)


def _short(name: str) -> str:
    for words, brief in SHORTER.items():
        name = name.replace(words, brief)
    return name
