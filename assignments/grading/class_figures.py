"""The figures of a class report, in the book's style."""

from collections.abc import Sequence
from statistics import median

from items import Item
from names import counted

from lenet_utils.figures.style import BLUE, ORANGE, Figure, open_axes, render, styled, subplots


@styled
def distribution(totals: Sequence[float], most: float) -> Figure:
    """Draw how many students have how many points, in bins of a point or a twentieth."""
    figure, axes = subplots(1, 1, 6.9, 2.4)
    axis, width = axes[0, 0], max(1.0, most / 20)
    bins = [n * width - width / 2 for n in range(int(most / width) + 2)]
    counts, *_ = axis.hist(totals, bins=bins, color=BLUE, rwidth=0.9)
    middle = median(totals)
    axis.axvline(middle, color=ORANGE)
    axis.set(xlabel="points", ylabel="students", xlim=(-width, most + width))
    for side in (axis.xaxis, axis.yaxis):
        side.get_major_locator().set_params(integer=True)
    open_axes(axis)
    return render(
        figure,
        f"Histogram of {len(totals)} totals from 0 to {most:g} points; the median is {middle:g}",
        "Points in all; the line is the median.",
        counts=counts,
    )


@styled
def difficulty(items: Sequence[Item]) -> Figure:
    """Draw the share of the points that each question gave, with its 95% interval."""
    known = [item for item in items if item.share]
    figure, axes = subplots(1, 1, 6.9, 0.6 + 0.28 * len(known))
    axis = axes[0, 0]
    for place, item in enumerate(reversed(known)):
        mean, half, _ = item.share
        half = half if half == half else 0.0
        low, high = max(0.0, mean - half), min(1.0, mean + half)
        axis.plot([low, high], [place, place], color=BLUE, linewidth=2)
        axis.plot([mean], [place], "o", color=BLUE)
    axis.set_yticks(range(len(known)), [item.name for item in reversed(known)])
    axis.set(xlabel="share of the points that was earned", xlim=(-0.02, 1.02))
    axis.set_ylim(-0.6, len(known) - 0.4)
    open_axes(axis)
    said = ", ".join(f"{item.name} {item.share.mean:.2f}" for item in known)
    waiting = [item.name for item in known if item.unread]
    so_far = f" Of {', '.join(waiting)} only the answers that a person has read." if waiting else ""
    return render(
        figure,
        f"The mean share of the points of each question: {said}",
        f"How hard each question was: the mean, and its 95% interval.{so_far}",
    )


@styled
def times(hours: Sequence[float], others: int = 0, *, by_files: bool = False) -> Figure:
    """Draw when was handed in, in hours from the date that held for each student.

    Args:
        hours: after the date.
        others: how many submissions are not among them.
        by_files: whether the times are the dates of files.
    """
    figure, axes = subplots(1, 1, 6.9, 2.2)
    axis = axes[0, 0]
    days = [min(max(hour / 24, -7), 7) for hour in hours]
    bins = [n / 2 for n in range(-14, 15)]
    axis.hist([day for day in days if day <= 0], bins=bins, color=BLUE, rwidth=0.9)
    axis.hist([day for day in days if day > 0], bins=bins, color=ORANGE, rwidth=0.9)
    axis.axvline(0, color=ORANGE)
    axis.set(xlabel="days after it was due (beyond a week: at the edge)", ylabel="students")
    axis.yaxis.get_major_locator().set_params(integer=True)
    open_axes(axis)
    late = sum(hour > 0 for hour in hours)
    return render(
        figure,
        f"Histogram of the times of {counted(len(hours), 'submission')} around the date; "
        f"later: {late}",
        "When it was handed in, against the date that held for each student"
        + (", by the dates of the files, which show when they were saved" if by_files else "")
        + "."
        + (f" {others} more have no time from a platform, and are left out." if others else ""),
    )
