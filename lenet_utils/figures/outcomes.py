"""What readers do with a hundred fields: right, wrong, or left to a person."""

from collections.abc import Mapping, Sequence

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

_KINDS = (("right", BLUE, ""), ("wrong", ORANGE, "xxx"), ("rejected", GREEN, "///"))
_LEAST = 4.0
"""Per cent that a number needs to stand inside its bar; a smaller one stands above it."""


@styled
def outcomes(rows: Mapping[str, Sequence[float]], *, caption: str = "") -> Figure:
    """Draw a bar for each reader, divided into what is right, wrong and rejected.

    Args:
        rows: by the reader's name the three parts in per cent, 100 together.
        caption: what to notice.

    Raises:
        ValueError: no readers, or parts that are negative, not three, or not 100 together.
    """
    for name, parts in rows.items():
        if len(parts) != 3 or min(parts) < 0 or abs(sum(parts) - 100) > 0.5:
            raise ValueError(
                f"{name!r} has the parts {list(parts)}; expected right, wrong and rejected in per "
                "cent, 100 together."
            )
    if not rows:
        raise ValueError("there are no readers; expected one or more.")
    figure, axes = subplots(1, 1, WIDTH, 0.42 * len(rows) + 0.9)
    axis = axes[0, 0]
    for k, (kind, colour, hatch) in enumerate(_KINDS):
        widths = [parts[k] for parts in rows.values()]
        lefts = [sum(parts[:k]) for parts in rows.values()]
        axis.barh(
            range(len(rows)), widths, left=lefts, height=0.55, color=colour, alpha=0.55,
            hatch=hatch, edgecolor=colour, lw=0.8, label=kind,
        )  # fmt: skip
        for place, (left, width) in enumerate(zip(lefts, widths, strict=True)):
            inside = width >= _LEAST
            y = place if inside else place - 0.42
            axis.text(
                left + width / 2, y, f"{round(width, 1):g}", ha="center", va="center", fontsize=8
            )
    axis.set_yticks(range(len(rows)), list(rows))
    axis.set(xlim=(0, 100), ylim=(len(rows) - 0.4, -0.75), xlabel="of a hundred amounts")
    axis.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=3)
    open_axes(axis)
    told = "; ".join(
        f"{name}: "
        + ", ".join(
            f"{round(part, 1):g} {kind}" for part, (kind, *_) in zip(parts, _KINDS, strict=True)
        )
        for name, parts in rows.items()
    )
    return render(figure, f"Bars of a hundred amounts. {told}.", caption, rows=dict(rows))
