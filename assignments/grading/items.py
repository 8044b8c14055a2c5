"""What a class did with each question: how hard it was, what it tells apart, what went wrong."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graded import Graded

from lenet_utils.results import Mean, mean_interval

FEWEST = 10  # students for a correlation: with fewer the interval says nothing


@dataclass(frozen=True)
class Item:
    """A question in a class.

    Args:
        name: of the question.
        most: points.
        share: of the points that was earned, its mean and 95% interval; None if nobody is counted.
        discrimination: correlation with the points in all other questions, with its 95% interval;
            None where it cannot be computed.
        unread: how many wait for a person.
        message: what the check said most often, "" if none has failed.
        failed: to how many.
    """

    name: str
    most: float
    share: Mean | None
    discrimination: tuple[float, float, float] | None
    unread: int
    message: str
    failed: int


def items(rows: Sequence[Graded], most: Mapping[str, float]) -> list[Item]:
    """Return the questions of an assignment, over all submissions that could be graded."""
    rows = [row for row in rows if not row.record["reason"]]
    return [_item(name, points, rows) for name, points in most.items()]


def _item(name: str, points: float, rows: Sequence[Graded]) -> Item:
    known = [row for row in rows if not row.scores[name]["needs_reading"]]
    mine = [row.scores[name]["score"] for row in known]
    rest = [row.total - own for row, own in zip(known, mine, strict=True)]
    share = mean_interval([own / points for own in mine]) if mine and points else None
    says = Counter(
        message for row in rows if (message := row.record.get("failed", {}).get(name, ""))
    )
    (message, failed), *_ = [*says.most_common(1), ("", 0)]
    unread = len(rows) - len(known)
    return Item(name, points, share, correlation(mine, rest), unread, message, failed)


def correlation(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float] | None:
    """Return Pearson's correlation and its 95% interval after Fisher.

    None for fewer than `FEWEST` pairs, or where one of the two does not vary.
    """
    n = len(x)
    if n < FEWEST:
        return None
    mean_x, mean_y = math.fsum(x) / n, math.fsum(y) / n
    xx = math.fsum((a - mean_x) ** 2 for a in x)
    yy = math.fsum((b - mean_y) ** 2 for b in y)
    if min(xx, yy) < 1e-12:
        return None
    xy = math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    r = max(-1.0, min(1.0, xy / math.sqrt(xx * yy)))
    z, half = math.atanh(max(-0.999999, min(0.999999, r))), 1.959964 / math.sqrt(n - 3)
    return r, math.tanh(z - half), math.tanh(z + half)
