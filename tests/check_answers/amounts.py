"""Answers to the exercises of the lesson "A reader of amounts"."""

import math
from fractions import Fraction

import numpy as np
import torch

from lenet_utils import checks

from .forged import Forged

NAN = float("nan")
DIGITS = "0123456789"
AMONG, TEXTS = 0.90999, 0.32394

# 19.1 -------------------------------------------------------------------------------------


def each(digits, state):
    return [(digit, state) for digit in digits]


END = {"point": [(".", "tenths")], "tenths": each(DIGITS, "cents"), "cents": each(DIGITS, None)}
USUAL = {"start": [("$", "dollars"), *each(DIGITS, "point")], "dollars": each(DIGITS, "point")}
TWICE = {
    "start": [("$", "a"), *each(DIGITS, "b")],
    "a": each(DIGITS, "b"),
    "b": [(".", "c")],
    "c": [pair for digit in DIGITS for pair in ((digit, "d"),)],
    "d": [(digit, None) for digit in reversed(DIGITS)],
}
SPLIT = {
    "start": [("$", "low"), ("$", "high"), *each(DIGITS, "point")],
    "low": each(DIGITS[:5], "point"),
    "high": each(DIGITS[5:], "point"),
}
TUPLES = {name: tuple(pairs) for name, pairs in {**USUAL, **END}.items()}
UNUSED = {**USUAL, **END, "nobody comes here": [("5", "cents")]}

# 19.3 -------------------------------------------------------------------------------------


def by_trying(doubts, right, most_wrong):
    best = 0.0
    for limit in doubts:
        mistakes = sum(d <= limit and not r for d, r in zip(doubts, right, strict=True))
        if mistakes <= most_wrong * len(doubts):
            best = max(best, limit)
    return best


def by_sorting(doubts, right, most_wrong):
    allowed = int(most_wrong * len(doubts) + 1e-9)
    bad = sorted(d for d, r in zip(doubts, right, strict=True) if not r)
    first = bad[allowed] if len(bad) > allowed else math.inf
    return max([d for d in doubts if d < first], default=0)


def by_numpy(doubts, right, most_wrong):
    d, bad = np.array(doubts), ~np.array(right)
    counts = ((d[:, None] <= d) & bad[:, None]).mean(0)
    fine = d[counts <= most_wrong]
    return fine.max() if len(fine) else np.float64(0)


def by_torch(doubts, right, most_wrong):
    d, bad = torch.tensor(doubts, dtype=torch.float64), ~torch.tensor(right)
    counts = ((d[:, None] <= d) & bad[:, None]).double().mean(0)
    return torch.where(counts <= most_wrong, d, 0.0).max()


def ties_apart(doubts, right, most_wrong):
    order = sorted(zip(doubts, [not r for r in right], strict=True))
    limit, mistakes = 0.0, 0
    for doubt, bad in order:
        mistakes += bad
        if mistakes > most_wrong * len(doubts):
            break
        limit = doubt
    return limit


def of_the_answered(doubts, right, most_wrong):
    fine = [0.0]
    for limit in doubts:
        answered = [r for d, r in zip(doubts, right, strict=True) if d <= limit]
        if answered.count(False) <= most_wrong * len(answered):
            fine.append(limit)
    return max(fine)


def strictly_fewer(doubts, right, most_wrong):
    fine = [0.0]
    for limit in doubts:
        if sum(d <= limit and not r for d, r in zip(doubts, right, strict=True)) < max(
            most_wrong * len(doubts), 1e-9
        ):
            fine.append(limit)
    return max(fine)


def first_mistake(doubts, right, most_wrong):
    bad = [d for d, r in zip(doubts, right, strict=True) if not r]
    return min(bad, default=max(doubts))


def sorted_in_place(doubts, right, most_wrong):
    found = by_trying(doubts, right, most_wrong)
    doubts.sort()
    return found


RIGHT = [
    (checks.small_amounts, ({**USUAL, **END},)),
    (checks.small_amounts, (TWICE,)),
    (checks.small_amounts, ({**SPLIT, **END},)),
    (checks.small_amounts, (TUPLES,)),
    (checks.small_amounts, (UNUSED,)),
    (checks.confidence_by_hand, (0.91, 0.324)),
    (checks.confidence_by_hand, (AMONG, TEXTS)),
    (checks.confidence_by_hand, (torch.tensor(AMONG), np.float64(TEXTS))),
    (checks.confidence_by_hand, (Fraction(91, 100), Fraction(32, 100))),
    (checks.highest_limit, (by_trying,)),
    (checks.highest_limit, (by_sorting,)),
    (checks.highest_limit, (by_numpy,)),
    (checks.highest_limit, (by_torch,)),
]
WRONG = [
    (checks.small_amounts, (...,), "no answer yet"),
    (checks.small_amounts, ([("$", "a")],), "expected a dictionary"),
    (checks.small_amounts, ({"start": 5},), "cannot take these rules"),
    (checks.small_amounts, ({**USUAL},), "from_grammar says"),
    (checks.small_amounts, ({"start": each(DIGITS, "point"), **END},), "$0.00 is missing"),
    (
        checks.small_amounts,
        ({"start": [("$", "dollars")], "dollars": each(DIGITS, "point"), **END},),
        "0.00 is missing",
    ),
    (
        checks.small_amounts,
        ({**USUAL, **END, "dollars": [("$", "dollars"), *each(DIGITS, "point")]},),
        "$$0.00 is no amount",
    ),
    (
        checks.small_amounts,
        ({**USUAL, **END, "tenths": [*each(DIGITS, "cents"), *each(DIGITS, None)]},),
        "0.0 is no amount",
    ),
    (
        checks.small_amounts,
        ({**USUAL, **END, "point": [(".", "tenths"), *each(DIGITS, "point")]},),
        "is no amount",
    ),
    (
        checks.small_amounts,
        ({**USUAL, **END, "dollars": [*each(DIGITS, "point"), *each("5", "point")]},),
        "in two ways",
    ),
    (
        checks.small_amounts,
        ({**USUAL, **END, "cents": [(digit, None) for digit in range(10)]},),
        "characters, not numbers",
    ),
    (checks.small_amounts, ({**USUAL, **END, "point": [(",", "tenths")]},), "none of the char"),
    (checks.small_amounts, ({**USUAL, **END, "start": each(DIGITS[1:], "point")},), "is missing"),
    (checks.confidence_by_hand, (..., ...), "no answer yet"),
    (checks.confidence_by_hand, (TEXTS, TEXTS), "the one among all texts"),
    (checks.confidence_by_hand, (AMONG, AMONG), "the one among amounts"),
    (checks.confidence_by_hand, (0.881, TEXTS), "counts one of the two"),
    (checks.confidence_by_hand, (0.665, TEXTS), "above, and both below"),
    (checks.confidence_by_hand, (0.185, TEXTS), "the weight of 7.50"),
    (checks.confidence_by_hand, (0.094, TEXTS), "the doubt"),
    (checks.confidence_by_hand, (5 / 9, TEXTS), "divides penalties"),
    (checks.confidence_by_hand, (0.0822, TEXTS), "is not it"),
    (checks.confidence_by_hand, (91, TEXTS), "in per cent"),
    (checks.confidence_by_hand, ("0.91", TEXTS), "not a number"),
    (checks.confidence_by_hand, (AMONG, 0.335), "leaves out 1.50"),
    (checks.confidence_by_hand, (AMONG, 0.644), "the probability of 7-50"),
    (checks.confidence_by_hand, (AMONG, 0.259), "counts one of the two"),
    (checks.confidence_by_hand, (AMONG, 0.237), "above, and both below"),
    (checks.confidence_by_hand, (AMONG, 0.676), "that it is not 7.50"),
    (checks.confidence_by_hand, (AMONG, 1.127), "the doubt"),
    (checks.confidence_by_hand, (AMONG, NAN), "not a number"),
    (checks.highest_limit, (lambda d, r, m: ...,), "no answer yet"),
    (checks.highest_limit, (lambda d, r, m: None,), "returned nothing"),
    (checks.highest_limit, (lambda d, r, m: max(d),), "too many"),
    (checks.highest_limit, (lambda d, r, m: 0.0,), "nothing is answered"),
    (checks.highest_limit, (lambda d, r, m: m,), "nothing is answered"),
    (checks.highest_limit, (first_mistake,), "too many"),
    (checks.highest_limit, (of_the_answered,), "answers more fields"),
    (checks.highest_limit, (strictly_fewer,), "answers more fields"),
    (checks.highest_limit, (ties_apart,), "answered together"),
    (checks.highest_limit, (lambda d, r, m: by_trying(d, r, m) + 0.01,), "one of the doubts"),
    (checks.highest_limit, (sorted_in_place,), "changed the doubts"),
    (checks.highest_limit, (lambda d, r, m: NAN,), "not a number"),
    (checks.highest_limit, (lambda d, r, m: Forged(),), "not a number"),
    (checks.highest_limit, (0.25,), "expected a function"),
]
