"""What each fault costs, and networks by their size and work."""

from collections.abc import Mapping, Sequence

from lenet_utils.accounting import LayerTable
from lenet_utils.figures.style import (
    BLUE,
    ORANGE,
    WIDTH,
    Figure,
    open_axes,
    render,
    styled,
    subplots,
)


@styled
def costs(errors: Mapping[str, Sequence[float]], *, caption: str = "") -> Figure:
    """Draw the error of one run for each seed, variant by variant, beside that of the first.

    Args:
        errors: by variant, one fraction a seed; the first variant is the one to compare with.
        caption: what to notice.

    Raises:
        ValueError: no variant, a variant without runs, or an error that is not above 0.
    """
    if not errors or any(not runs or min(runs) <= 0 for runs in errors.values()):
        raise ValueError(
            f"errors are {dict(errors)}; expected for each variant one error a seed, all above 0."
        )
    figure, axes = subplots(1, 1, WIDTH, 0.34 * len(errors) + 0.7)
    axis = axes[0, 0]
    first = next(iter(errors.values()))
    axis.axvspan(100 * min(first), 100 * max(first), color=BLUE, alpha=0.25, lw=0)
    for place, runs in enumerate(errors.values()):
        percent = [100 * error for error in runs]
        colour = BLUE if place == 0 else ORANGE
        axis.plot(percent, [place] * len(runs), "o", color=colour, ms=6, alpha=0.85)
    axis.set_yticks(range(len(errors)), list(errors))
    axis.set_ylim(len(errors) - 0.5, -0.5)
    axis.set(xscale="log", xlabel="error, % (logarithmic scale)")
    axis.xaxis.set_minor_formatter("")
    axis.set_xticks([5, 10, 20, 50, 100], ["5", "10", "20", "50", "100"])
    axis.grid(axis="y", alpha=0.25)
    open_axes(axis)
    told = "; ".join(f"{name}: {min(runs):.0%} to {max(runs):.0%}" for name, runs in errors.items())
    return render(
        figure,
        f"Errors, a dot for each seed. {told}.",
        caption,
        **{k: v for k, v in errors.items()},
    )


@styled
def size_and_work(tables: Mapping[str, LayerTable], *, caption: str = "") -> Figure:
    """Draw networks by their parameters and their multiply-accumulates for one picture.

    Args:
        tables: by network, its layer table.
        caption: what to notice.

    Raises:
        ValueError: no network, or one without parameters or multiply-accumulates.
    """
    idle = [name for name, table in tables.items() if table.parameters == 0 or table.macs == 0]
    if idle or not tables:
        raise ValueError(
            f"got {len(tables)} networks, of which {idle} do nothing; expected networks with "
            "parameters and multiply-accumulates."
        )
    figure, axes = subplots(1, 1, WIDTH, 3.8)
    axis = axes[0, 0]
    parameters = [table.parameters for table in tables.values()]
    macs = [table.macs for table in tables.values()]
    low = min(min(parameters), min(macs)) / 3
    high = max(max(parameters), max(macs)) * 3
    at = (min(parameters) ** 2 * max(parameters)) ** (1 / 3)
    for uses in (1, 10, 100, 1000):
        axis.plot([low, high], [low * uses, high * uses], color="gray", alpha=0.4, lw=0.6)
        label = f"{uses:,} uses" if uses > 1 else "1 use"
        axis.text(at, at * uses * 0.9, label, fontsize=8, va="top")
    points = list(zip(parameters, macs, strict=True))
    for place, (name, (x, y)) in enumerate(zip(tables, points, strict=True)):
        # A name goes to the left where a point close by would stand in its way.
        left = any(x < a < 4 * x and y / 1.6 < b < y * 1.6 for a, b in points)
        axis.plot(x, y, "o", color=BLUE if place else ORANGE, ms=7)
        axis.annotate(
            name,
            (x, y),
            (-7 if left else 7, -3),
            textcoords="offset points",
            fontsize=9,
            ha="right" if left else "left",
        )
    axis.set(xscale="log", yscale="log", xlabel="parameters", ylabel="multiply-accumulates")
    axis.set_xlim(min(parameters) / 2, max(parameters) * 5)
    axis.set_ylim(min(macs) / 2.5, max(macs) * 3)
    open_axes(axis)
    told = "; ".join(
        f"{name}: {table.parameters:,} parameters, {table.macs:,} multiply-accumulates"
        for name, table in tables.items()
    )
    return render(
        figure,
        f"Networks by parameters and by multiply-accumulates for one picture. {told}.",
        caption,
        parameters=parameters,
        macs=macs,
    )
