"""Photographs: what was done to one, and how many were read right, refused or misread."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lenet_utils.figures.panels import panels
from lenet_utils.figures.style import (
    BLUE,
    GREEN,
    ORANGE,
    WIDTH,
    Figure,
    open_axes,
    render,
    styled,
    subplots,
)

if TYPE_CHECKING:
    from lenet_utils.ink import NoDigit
    from lenet_utils.photos import Photo

OUTCOMES = {
    "right": (BLUE, "read right"),
    "refused": (GREEN, "refused, with a reason"),
    "wrong": (ORANGE, "wrong in silence"),
}


@styled
def photo_steps(photo: "Photo | NoDigit", caption: str = "") -> Figure:
    """Draw the pictures on the way from a photograph to the input; of a refusal, how far it went.

    Raises:
        ValueError: a refusal before the first step, which has nothing to draw.
    """
    steps = photo.steps
    if not steps:
        raise ValueError(f"there is no step to draw: {photo}")
    told = "; ".join(f"{step.name}: {step.says}" for step in steps)
    alt = f"{len(steps)} pictures of one thing, step by step. {told}."
    if isinstance(photo, Exception):
        alt += f" Refused: {photo}"
    pictures, names = [s.picture for s in steps], [s.name for s in steps]
    return panels(pictures, names, alt=alt, caption=caption or alt)


@styled
def photo_outcomes(
    counts: Mapping[str, Mapping[str, int]], readable: Sequence[str], caption: str = ""
) -> Figure:
    """Draw a bar for each kind of picture: the shares read right, refused and misread.

    Args:
        counts: by kind, how many were "right", "refused" and "wrong".
        readable: the kinds that show a digit; they stand above the others.
        caption: what to notice.

    Raises:
        ValueError: no kind, a kind without pictures, or a readable one that was not counted.
    """
    if not counts or not all(sum(row.values()) for row in counts.values()):
        raise ValueError(f"counts are {dict(counts)}; expected pictures of each kind.")
    if missing := set(readable) - set(counts):
        raise ValueError(f"there are no counts of {sorted(missing)}; expected {list(counts)}.")
    kinds = [*readable, *(kind for kind in counts if kind not in readable)]
    figure, axes = subplots(1, 1, WIDTH, 0.6 + 0.27 * len(kinds))
    axis = axes[0, 0]
    # A gap between what shows a digit and what does not.
    heights = [-i - 0.6 * (kind not in readable) for i, kind in enumerate(kinds)]
    start = [0.0] * len(kinds)
    for outcome, (colour, label) in OUTCOMES.items():
        widths = [100 * counts[k].get(outcome, 0) / sum(counts[k].values()) for k in kinds]
        axis.barh(heights, widths, 0.75, left=start, color=colour, label=label)
        start = [a + b for a, b in zip(start, widths, strict=True)]
    axis.set_yticks(heights, kinds)
    axis.set(xlim=(0, 100), xlabel="% of the pictures of a kind")
    axis.tick_params(axis="y", length=0)
    open_axes(axis)
    figure.legend(frameon=False, loc="outside upper center", ncols=3, fontsize=9)
    alt = "; ".join(
        f"{kind}: " + ", ".join(f"{counts[kind].get(o, 0)} {OUTCOMES[o][1]}" for o in OUTCOMES)
        for kind in kinds
    )
    return render(figure, f"Bars by kind of picture. {alt}.", caption, counts=counts)
