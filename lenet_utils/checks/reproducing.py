"""Checks of the lesson "Reproducing the result"."""

import math
from typing import Any

from lenet_utils.checks.verdict import (
    call,
    check,
    integer,
    pair,
    rounds_to,
    unrounded,
    wrong,
)
from lenet_utils.results.intervals import Mean, mean_interval, student_t


@check
def luck(errors: Any, deviation: Any) -> str:
    """Check exercise 8.1: how far chance moves a count of errors.

    Args:
        errors: test digits out of 10,000 that an error of 0.95% stands for.
        deviation: the standard deviation of that count, to the nearest whole number.
    """
    count = unrounded(errors, "the count")
    if count == 9_905:
        wrong("9,905 digits are read correctly. 0.95% are the others.")
    if not math.isclose(count, 95, rel_tol=1e-6):
        wrong(f"0.95% of 10,000 digits are not {count:,g}: multiply 10,000 by 0.0095.")
    found, exact = unrounded(deviation, "the standard deviation"), math.sqrt(95 * 0.9905)
    mistakes = {
        "This is the variance, n p (1 - p). The standard deviation is its root.": exact**2,
        "This forgets n: the count of n independent trials has a variance of n p (1 - p).": (
            exact / 100
        ),
        "100 is the root of n. The variance is n p (1 - p), much smaller than n here.": 100,
        "95 is the expected count. Its standard deviation is the root of n p (1 - p).": 95,
        "This is 1.96 standard deviations, half of a 95% interval.": 1.96 * exact,
        "This is two standard deviations.": 2 * exact,
        "This is n times the root of p (1 - p). The root is taken of n as well.": 100 * exact,
        "50 is for p = 1/2. Here p is 0.0095.": 50,
    }
    for message, value in mistakes.items():
        if rounds_to(found, value):
            wrong(message)
    if not rounds_to(found, exact):
        wrong(f"{found:g} is not it: take the root of 10,000 x 0.0095 x 0.9905.")
    return "Ten errors are a tenth of a percent: the uncertainty that the paper states itself."


@check
def interval(function: Any) -> str:
    """Check exercise 8.2: the 95% interval of a mean over seeds.

    Args:
        function: called with a list of numbers, one a seed, and a value of Student's t; returns
            (mean, half the width of the interval).
    """
    # The last t is the 99.5% quantile: only a function that uses what it is given gets it right.
    for values, t in (
        ([0.98, 0.91, 0.95, 0.99, 0.97], student_t(4)),
        ([1.0, 2.0, 8.0], student_t(2)),
        ([1.31, 1.18, 1.46, 1.22], 5.8409),
    ):
        found = call(function, values, t, unaided=True)
        mean, half = pair(found, "mean", "half_width")
        n, truth = len(values), mean_interval(values)
        deviation = truth.half_width / student_t(n - 1) * math.sqrt(n)
        wanted = t * deviation / math.sqrt(n)
        if not math.isclose(mean, truth.mean, rel_tol=1e-5):
            if math.isclose(half, truth.mean, rel_tol=1e-5):
                wrong("the two are exchanged: return the mean first, then half the width.")
            if math.isclose(mean, truth.mean - wanted, rel_tol=1e-3):
                wrong("these are the ends of the interval: return the mean and half the width.")
            wrong(f"the mean of {values} is {truth.mean:g}, not {mean:g}.")
        if math.isclose(half, wanted, rel_tol=1e-3):
            continue
        for message, value in _wrong_half_widths(truth, deviation, t).items():
            if math.isclose(half, value, rel_tol=1e-3):
                wrong(message)
        wrong("half_width = t * s / sqrt(n), with s the root of the sum of squares over n - 1.")
    return "A mean without its interval says little; with few seeds the interval is wide."


def _wrong_half_widths(truth: Mean, deviation: float, t: float) -> dict[str, float]:
    """Return what plausible mistakes give for half the width of an interval, by their messages."""
    mean, n = truth.mean, truth.n
    wanted = t * deviation / math.sqrt(n)
    return {
        "This is for a single seed. The mean of n seeds varies less, by the root of n.": (
            t * deviation
        ),
        "Divide the squared deviations by n - 1, not by n: the mean is estimated too.": (
            wanted * math.sqrt((n - 1) / n)
        ),
        "This is the standard error; multiply it by t.": deviation / math.sqrt(n),
        "This is the whole width; return half of it.": 2 * wanted,
        "This takes a t of its own: use the t that is given.": truth.half_width,
        "1.96 is t for very many seeds. With few of them use the t that is given.": (
            1.96 * deviation / math.sqrt(n)
        ),
        "This is the standard deviation. The half width is t * s / sqrt(n).": deviation,
        "s is the root of the variance: t * s / sqrt(n), not t times the variance.": (
            t * deviation**2 / math.sqrt(n)
        ),
        "This divides by n. The half width is t * s / sqrt(n).": t * deviation / n,
        "The root of n - 1 is for the standard deviation with n. With n - 1 divide by the "
        "root of n.": t * deviation / math.sqrt(n - 1),
        "There is a minus sign too many: half a width is positive.": -wanted,
        "This is the upper end of the interval: return half the width.": mean + wanted,
    }


@check
def one_more_run(function: Any) -> str:
    """Check exercise 8.3: in which interval 95% of further runs lie.

    Args:
        function: called with a list of numbers, one a seed, and a value of Student's t; returns
            (lower end, upper end) of the interval for one run more.
    """
    for values, t in (
        ([0.98, 0.91, 0.95, 0.99, 0.97], student_t(4)),
        ([1.31, 1.18, 1.46, 1.22], 5.8409),
        ([1.0, 2.0, 8.0], student_t(2)),
    ):
        low, high = pair(call(function, values, t, unaided=True), "low", "high")
        n, truth = len(values), mean_interval(values)
        deviation = truth.half_width / student_t(n - 1) * math.sqrt(n)
        wanted = t * deviation * math.sqrt(1 + 1 / n)
        ends = truth.mean - wanted, truth.mean + wanted
        if all(map(_near, (low, high), ends)):
            continue
        if all(map(_near, (high, low), ends)):
            wrong("the ends are exchanged: return the lower one first.")
        if _near(low, truth.mean) and _near(high, wanted):
            wrong("these are the mean and half the width; return the two ends.")
        half = (high - low) / 2
        if _near((high + low) / 2, truth.mean):
            for message, value in _wrong_halves(deviation, t, n).items():
                if _near(half, value):
                    wrong(message)
        else:
            wrong(f"the middle of ({low:g}, {high:g}) is not the mean of {values}, "
                  f"which is {truth.mean:g}.")  # fmt: skip
        wrong("the ends are mean - t s sqrt(1 + 1/n) and mean + t s sqrt(1 + 1/n), with s the "
              "standard deviation with n - 1.")  # fmt: skip
    return "The paper's run is one run: this is where it should lie if it is one of ours."


def _near(found: float, value: float) -> bool:
    return math.isclose(found, value, rel_tol=1e-4, abs_tol=1e-9)


def _wrong_halves(deviation: float, t: float, n: int) -> dict[str, float]:
    """Return what plausible mistakes give for half the width of an interval, by their messages."""
    wanted = t * deviation * math.sqrt(1 + 1 / n)
    return {
        "This is the interval of the mean. One more run varies by s itself, and the mean of n runs "
        "is uncertain as well: sqrt(1 + 1/n).": t * deviation / math.sqrt(n),
        "The mean of n runs is uncertain, too: multiply by sqrt(1 + 1/n).": t * deviation,
        "1 + 1/n adds variances: take its root.": t * deviation * (1 + 1 / n),
        "The two parts are variances: add s^2 and s^2 / n, then take the root.": (
            t * deviation * (1 + 1 / math.sqrt(n))
        ),
        "Divide the squared deviations by n - 1, not by n.": wanted * math.sqrt((n - 1) / n),
        "Multiply by the t that is given.": wanted / t,
        "1.96 is t for very many seeds. Use the t that is given.": 1.96 * wanted / t,
        "This takes a t of its own: use the t that is given.": student_t(n - 1) * wanted / t,
        "This is twice as wide: t s sqrt(1 + 1/n) is half the width.": 2 * wanted,
        "This is half as wide: t s sqrt(1 + 1/n) is half the width.": wanted / 2,
        "s is the root of the variance.": wanted * deviation,
    }


@check
def pareto_optimal(function: Any) -> str:
    """Check exercise 8.4: which classifiers are Pareto-optimal in error and work.

    Args:
        function: called with two lists of numbers, errors and work; returns the places of those
            for which no other has both a smaller error and less work. Of classifiers that are
            equal in both, one place is enough. None is equal in one only.
    """
    cases = (
        ([12.0, 5.0, 3.3, 1.7, 0.95], [4, 24_000, 39, 100, 401], (0, 2, 3, 4)),
        ([1.0, 3.0, 2.0, 2.5], [9, 1, 4, 6], (0, 1, 2)),
        ([4.0, 1.5, 5.0, 2.0, 6.0, 4.5], [30, 70, 10, 60, 20, 40], (0, 1, 2, 3)),
        ([0.7], [3], (0,)),
        ([2.0, 2.0, 1.0], [3, 3, 5], (0, 1, 2)),
    )
    for errors, work, truth in cases:
        found = _places(call(function, errors, work), len(errors))
        pairs = list(zip(errors, work, strict=True))
        equal = {i for i in truth if pairs.count(pairs[i]) > 1}
        one_for_all = equal & set(found) and set(found) | equal == set(truth)
        if found == truth or one_for_all:
            continue
        given = f"For errors {errors} and work {work}: "
        if found and max(found) >= len(errors):
            wrong(f"{given}place {max(found)} does not exist: count from 0.")
        if found == tuple(i for i in range(len(errors)) if i not in truth):
            wrong(f"{given}you return those that are beaten; return the others.")
        lost = sorted(set(truth) - set(found))
        if lost and set(lost) <= equal:
            wrong(f"{given}place {lost[0]} is missing. Equal is not less: no other beats it.")
        ends = {min(truth, key=lambda i: row[i]) for row in (errors, work)}
        if len(found) == 1 and set(found) < ends:
            wrong(f"{given}you return one place, but the cheapest and the best are both worth it.")
        if set(found) < set(truth):
            wrong(f"{given}place {lost[0]} is missing: no other has less of both.")
        beaten = min(set(found) - set(truth))
        wrong(f"{given}place {beaten} is beaten in both by another one.")
    return "What is left is the Pareto front: all else is beaten in both by another one."


_TRUTHS = ("True", "False", "tensor(True)", "tensor(False)")


def _places(answer: Any, count: int) -> tuple[int, ...]:
    """Take places, in any order, or refuse the answer."""
    kind = type(answer).__name__
    try:
        parts = list(answer) if not isinstance(answer, str | bytes | dict) else None
    except Exception:
        parts = None
    if parts is None:
        wrong(f"the result is of type {kind}; return a list of places.")
    if len(parts) == count and all(str(part) in _TRUTHS for part in parts):
        wrong("the result says True or False for each place; return the places of the True ones.")
    found = [integer(part, "a place") for part in parts]
    if found and min(found) < 0:
        wrong(f"place {min(found)} is negative: count from 0.")
    twice = [place for place in found if found.count(place) > 1]
    if twice:
        wrong(f"place {twice[0]} is in the result {found.count(twice[0])} times: name each once.")
    return tuple(sorted(found))
