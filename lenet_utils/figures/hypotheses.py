"""Graphs of hypotheses with penalties and gradients on their arcs, and cuts in a string."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from lenet_utils.figures.style import (
    BLUE,
    INK,
    ORANGE,
    WIDTH,
    Figure,
    render,
    show,
    styled,
    subplots,
)
from lenet_utils.graphs import EPSILON, Arc, Graph
from lenet_utils.segmentation import Cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINE = 0.18  # inches for a line of text
_MOST = 12  # nodes side by side


class _Drawn(NamedTuple):
    """An arc with its text, and how high it rises."""

    arc: Arc
    text: str
    height: float
    colour: str
    width: float


@styled
def graph(
    hypotheses: Graph,
    *,
    gradients: Tensor | None = None,
    best: Sequence[int] = (),
    shown: int = 3,
    caption: str = "",
) -> Figure:
    """Draw an acyclic graph: on each arc what it says, its penalty, and below it its gradient.

    Nodes stand in a line, each after those before it. Of the arcs between the same two nodes those
    of lowest penalty are drawn, and those on the best path. Lines are as thick as gradients are
    large; negative ones, which push a penalty up, are dashed.

    Args:
        hypotheses: at most 12 nodes; arcs that are on no path are left out.
        gradients: float (A,), such as `posteriors`, or of a loss.
        best: arcs to be drawn in orange, such as those of `viterbi(...).arcs`.
        shown: how many arcs between the same two nodes are drawn.
        caption: what to notice.

    Raises:
        ValueError: a cycle, too many nodes, no path, or gradients of another number.

    Source: the figures of Sections V and VI.
    """
    order = [node for node, _ in hypotheses.order]
    if not 2 <= len(order) <= _MOST:
        raise ValueError(
            f"the graph has {len(order)} nodes on its paths; expected 2 to {_MOST}. Draw a part of "
            "it, such as select(graph, string)."
        )
    if gradients is not None and gradients.shape != (len(hypotheses.arcs),):
        raise ValueError(
            f"gradients have shape {tuple(gradients.shape)}; expected ({len(hypotheses.arcs)},), "
            "one for each arc."
        )
    place = {node: i for i, node in enumerate(order)}
    slopes = None if gradients is None else gradients.detach().tolist()
    arcs, left_out = _chosen(hypotheses, set(best), shown)
    drawn = _laid_out(hypotheses, arcs, place, slopes, set(best))
    top = max(one.height for one in drawn)
    figure, axes = subplots(1, 1, min(WIDTH, 0.95 * len(order)), top + 0.75)
    axis = axes[0, 0]
    axis.set(xlim=(-0.35, len(order) - 0.65), ylim=(-0.35, top + 0.4))
    axis.axis("off")
    for one in drawn:
        _draw_arc(axis, place[one.arc.source], place[one.arc.target], one)
    for node, x in place.items():
        final = node in hypotheses.ends
        axis.plot([x], [0], "o", ms=9 if final else 6, color=INK, mfc="none" if final else INK)
        axis.text(x, -0.17, str(node), ha="center", va="center", fontsize=9)
    told = "; ".join(_told(hypotheses, i, slopes, set(best)) for i in arcs)
    rest = f" {left_out} arcs of higher penalty are left out." if left_out else ""
    return render(
        figure,
        f"A graph of {len(order)} nodes in a line, from node {hypotheses.start} to node "
        f"{max(hypotheses.ends, key=lambda node: place.get(node, -1))}. {told}.{rest}",
        caption,
        arcs=arcs,
        penalties=hypotheses.penalties.detach(),
        gradients=gradients,
    )


def _chosen(graph: Graph, best: set[int], shown: int) -> tuple[list[int], int]:
    """Return the arcs to draw, and how many are left out."""
    groups = defaultdict(list)
    for i in sorted(graph.useful, key=lambda i: graph.values[i]):
        groups[graph.arcs[i][:2]].append(i)
    chosen = [
        i for arcs in groups.values() for i in {*arcs[:shown], *(i for i in arcs if i in best)}
    ]
    return sorted(chosen), len(graph.useful) - len(chosen)


def _laid_out(
    graph: Graph,
    arcs: Sequence[int],
    place: dict[int, int],
    slopes: Sequence[float] | None,
    best: set[int],
) -> list[_Drawn]:
    """Stack arcs over the same two nodes; those that span more nodes stand above the others."""
    groups = defaultdict(list)
    for i in arcs:
        groups[graph.arcs[i][:2]].append(i)
    spans = {pair: place[pair[1]] - place[pair[0]] for pair in groups}
    step = (1 if slopes is None else 2) * _LINE + 0.06
    base, bottoms = 0.12, {}
    for span in sorted(set(spans.values())):
        bottoms[span] = base
        base += step * max(len(groups[pair]) for pair in groups if spans[pair] == span) + 0.1
    drawn = []
    for pair, members in groups.items():
        members.sort(key=lambda i: graph.values[i])
        for rank, i in enumerate(members):
            text = f"{_says(graph.arcs[i])}: {graph.values[i]:.1f}"
            slope = None if slopes is None else slopes[i]
            text += "" if slope is None or abs(slope) < 0.005 else f"\n{slope:+.2f}"
            colour = ORANGE if i in best else BLUE
            height = bottoms[spans[pair]] + rank * step
            drawn.append(
                _Drawn(graph.arcs[i], text, height, colour, 0.3 if slope is None else slope)
            )
    return drawn


def _draw_arc(axis: "Axes", left: int, right: int, one: _Drawn) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    side, peak = 0.2 * (right - left), one.height * 4 / 3  # a cubic curve peaks at 3/4 of these
    points = [(left + 0.03, 0.05), (left + side, peak), (right - side, peak), (right - 0.04, 0.06)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3]
    size = abs(one.width)
    axis.add_patch(
        FancyArrowPatch(
            path=Path(points, codes),
            arrowstyle="-|>",
            mutation_scale=8,
            color=one.colour,
            fill=False,
            lw=0.7 + 2.3 * min(1.0, size),
            ls="--" if one.width < 0 else "-",
            shrinkA=0,
            shrinkB=0,
        )
    )
    axis.text(
        (left + right) / 2, one.height + 0.04, one.text, ha="center", va="bottom", fontsize=8,
        linespacing=1.0, fontweight="bold" if one.colour == ORANGE else "normal",
    )  # fmt: skip


def _says(arc: Arc) -> str:
    read, written = (_word(label) for label in (arc.label, arc.output))
    # A piece of ink that became a class, or a label that stays what it is.
    return written if isinstance(arc.label, tuple) or read == written else f"{read}/{written}"


def _word(label: object) -> str:
    if isinstance(label, tuple):
        return "\N{EN DASH}".join(str(part) for part in label)
    return "ε" if label is EPSILON else str(label)


def _told(graph: Graph, i: int, slopes: Sequence[float] | None, best: set[int]) -> str:
    arc = graph.arcs[i]
    gradient = "" if slopes is None else f", gradient {slopes[i]:+.2f}"
    chosen = ", on the best path" if i in best else ""
    return f"{arc.source} to {arc.target}: {_says(arc)}, {graph.values[i]:.1f}{gradient}{chosen}"


@styled
def cuts(picture: Tensor, lines: Sequence[Cut], *, alt: str, caption: str = "") -> Figure:
    """Draw a string with the cuts through it, numbered from the left.

    Args:
        picture: (H, W), any number type.
        lines: of `find_cuts`; margins beyond the outermost ink are not drawn.
        alt: what is to be seen.
        caption: what to notice.

    Raises:
        ValueError: cuts of another height than the picture.
    """
    values = picture.detach().float().cpu()
    height, width = values.shape
    if any(len(line.columns) != height for line in lines):
        raise ValueError(f"cuts have {[len(c.columns) for c in lines]} rows; expected {height}.")
    inked = (values > 0).any(0).nonzero()[:, 0].tolist() or [0, width - 1]
    first, last = max(0, inked[0] - 4), min(width, inked[-1] + 5)
    values = values[:, first:last]
    figure, axes = subplots(1, 1, WIDTH, WIDTH * height / (last - first) + 0.25)
    axis = axes[0, 0]
    show(axis, values, 0.0, max(1.0, float(values.max())), False)
    for number, line in enumerate(lines):
        x = (line.columns.clamp(first + 1, last - 1) - first).double() - 0.5
        steps = [(at, y + edge) for y, at in enumerate(x.tolist()) for edge in (-0.5, 0.5)]
        axis.plot(*zip(*steps, strict=True), color=ORANGE, lw=2)
        axis.text(float(x[0]), -1.2, str(number), ha="center", va="bottom", fontsize=9)
    axis.set(xlim=(-0.5, last - first - 0.5), ylim=(height - 0.5, -0.5))
    axis.axis("off")
    return render(figure, alt, caption, picture=values, ink=torch.tensor([c.ink for c in lines]))
