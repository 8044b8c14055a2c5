"""Checks of the lesson "Reproducing the result"."""

import math
from typing import Any

import torch

from lenet_utils.checks.verdict import call, check, integer, integers, tensor, wrong
from lenet_utils.experiments.intervals import mean_interval, student_t


@check
def luck(errors: Any, spread: Any) -> str:
    """Check exercise 8.1: how far luck moves a count of errors.

    Args:
        errors: test digits out of 10,000 that an error of 0.95% stands for.
        spread: the standard deviation of that count, to the nearest whole number.
    """
    count = integer(errors, "the count")
    if count != 95:
        wrong(f"0.95% of 10,000 digits are not {count:,}: multiply 10,000 by 0.0095.")
    deviation = integer(spread, "the spread")
    if deviation == 94:
        wrong("94 is the variance, n p (1 - p). The standard deviation is its root.")
    if deviation == 0:
        wrong("This forgets n: the count of n independent trials has a variance of n p (1 - p).")
    if deviation == 100:
        wrong("100 is the root of n. The variance is n p (1 - p), much smaller than n here.")
    if deviation != 10:
        wrong(f"{deviation} is not it: take the root of 10,000 x 0.0095 x 0.9905.")
    return "Ten errors are a tenth of a percent: the uncertainty that the paper states itself."


@check
def interval(function: Any) -> str:
    """Check exercise 8.2: the 95% interval of a mean over seeds.

    Args:
        function: called with a list of numbers, one a seed, and Student's t for as many;
            returns (mean, half the width of the interval).
    """
    for values in ([0.98, 0.91, 0.95, 0.99, 0.97], [1.0, 2.0, 8.0]):
        n, t = len(values), student_t(len(values) - 1)
        found = call(function, list(values), t)
        try:
            pair = torch.tensor([float(part) for part in found], dtype=torch.float64)
        except Exception:
            wrong("the result is not a pair of numbers: return mean, half_width.")
        mean, half = tensor(pair, (2,), "the result").tolist()
        truth = mean_interval(values)
        deviation = truth.half_width / t * math.sqrt(n)
        if not math.isclose(mean, truth.mean, rel_tol=1e-6):
            wrong(f"the mean of {values} is {truth.mean:g}, not {mean:g}.")
        if math.isclose(half, truth.half_width, rel_tol=1e-3):
            continue
        if math.isclose(half, t * deviation, rel_tol=1e-3):
            wrong("This is for a single seed. The mean of n seeds varies less, by the root of n.")
        if math.isclose(half, truth.half_width * math.sqrt((n - 1) / n), rel_tol=1e-3):
            wrong("Divide the squared deviations by n - 1, not by n: the mean is estimated too.")
        if math.isclose(half, deviation / math.sqrt(n), rel_tol=1e-3):
            wrong("This is the standard error; multiply it by t.")
        if math.isclose(half, 2 * truth.half_width, rel_tol=1e-3):
            wrong("This is the whole width; return half of it.")
        wrong("half_width = t * s / sqrt(n), with s the root of the sum of squares over n - 1.")
    return "A mean without its interval says little; with few seeds the interval is wide."


@check
def agree(answers: Any) -> str:
    """Check exercise 8.3: which of three results agree with the paper's 0.95%.

    Args:
        answers: three of 0 (no) and 1 (yes) for means of 0.97, 1.00 and 1.43 with half widths
            0.03, 0.03 and 0.12, if the paper's own number may be off by 0.1.
    """
    found = integers(answers, 3, "the answer", "(0, 1, 0)")
    if any(part not in (0, 1) for part in found):
        wrong(f"{found} holds something else than 0 and 1.")
    if found == (1, 0, 0):
        wrong("1.00 differs from 0.95 by 0.05: more than our interval, but less than the 0.1 "
              "by which the paper's own number may be off.")  # fmt: skip
    if found[2] == 1:
        wrong("1.43 differs by 0.48: neither 0.12 nor 0.1 covers that.")
    if found != (1, 1, 0):
        wrong("Compare each difference from 0.95 with the larger of the half width and 0.1.")
    return "Within, within, not reached: the ledger of this book judges by this rule."


@check
def worth_it(function: Any) -> str:
    """Check exercise 8.4: which classifiers no other one beats in both error and work.

    Args:
        function: called with two lists of numbers, errors and work; returns the places of those
            for which no other has both a smaller error and less work.
    """
    cases = (
        ([12.0, 5.0, 3.3, 1.7, 0.95], [4, 24_000, 39, 100, 401], (0, 2, 3, 4)),
        ([1.0, 3.0, 2.0, 2.5], [9, 1, 4, 6], (0, 1, 2)),
        ([2.0, 2.0, 1.0], [3, 3, 5], (0, 1, 2)),
    )
    for errors, work, truth in cases:
        given = f"For errors {errors} and work {work}: "
        answer = call(function, list(errors), list(work))
        try:
            found = tuple(sorted(integer(part, "a place") for part in answer))
        except TypeError:
            wrong(f"the result is a {type(answer).__name__}; return a list of places.")
        if found == truth:
            continue
        if found and max(found) >= len(errors):
            wrong(f"{given}place {max(found)} does not exist: count from 0.")
        if found == tuple(i for i in range(len(errors)) if i not in truth):
            wrong(f"{given}you return those that are beaten; return the others.")
        if len(found) == 1 and errors is cases[0][0]:
            wrong(f"{given}you return one place, but the cheapest and the best are both worth it.")
        if set(found) < set(truth):
            lost = min(set(truth) - set(found))
            wrong(f"{given}place {lost} is missing: no other has less of both. Equal is not less.")
        beaten = min(set(found) - set(truth))
        wrong(f"{given}place {beaten} is beaten in both by another one.")
    return "What is left is the border of the possible; all else is beaten twice."
