"""Checks of the lesson "Training the whole"."""

import math
from collections.abc import Sequence
from typing import Any

from lenet_utils.checks.verdict import call, check, number, wrong


@check
def criteria_by_hand(discriminative_viterbi: Any, discriminative_forward: Any) -> str:
    """Check exercise 18.1: two criteria of a graph with three paths.

    Args:
        discriminative_viterbi: the best right path less the best path.
        discriminative_forward: all right paths less all paths.
    """
    viterbi = number(discriminative_viterbi, "discriminative_viterbi")
    forward = number(discriminative_forward, "discriminative_forward")
    twice, one = 2 * math.exp(-3), math.exp(-2)
    right, every = -math.log(twice), -math.log(twice + one)
    mistakes = {
        -1: "is the other way round: the right path comes first, so that the criterion is never "
        "negative",
        3: "is the best right path alone: take off the best path of all",
        2: "is the best path of all: it has to be taken off the best right one",
        0: "would mean that the right number wins already: 72 costs less",
        4: "adds up both paths to 12: the best path is one of them",
        5: "is the sum: take the difference",
    }
    for value, reason in mistakes.items():
        if viterbi == value:
            wrong(f"discriminative Viterbi: {value} {reason}.")
    if viterbi != 1:
        wrong(
            f"discriminative Viterbi: {viterbi:.6g} is not it. Take the penalty of the best path "
            "that says 12, less that of the best path."
        )
    forward_mistakes = {
        every - right: "is the other way round: the right paths come first",
        right: "is the right paths alone: take off the sum over all three paths",
        every: "is all three paths: they have to be taken off the right ones",
        1: "is the difference of the best paths: add up the weights exp(-penalty) of all of them",
        3 - every: "counts one of the two paths to 12 among the right ones",
        right + math.log(twice / 2 + one): "counts one of the two paths to 12 among all paths",
        right - 2: "leaves the right paths out of all paths: they belong to them",
        math.exp(every - right): "is the probability of 12: take minus its logarithm",
        4: "adds up penalties: add up the weights exp(-penalty), then take minus the logarithm",
        (right - every) / math.log(2): "is in bits: take the natural logarithm",
    }
    for mistaken, reason in forward_mistakes.items():
        if _near(forward, mistaken):
            wrong(f"discriminative forward: {forward:.6g} {reason}.")
    if not _near(forward, right - every):
        wrong(
            f"discriminative forward: {forward:.6g} is not it. The weights exp(-penalty) of the "
            "paths to 12 over those of all paths give a probability; take minus its logarithm."
        )
    return "The probability of 12 is 42%, although the best path says 72."


def _near(found: float, value: float) -> bool:
    """Say whether a number is that value, rounded to two digits after the point or to more."""
    return abs(found - value) < 0.0051


@check
def discriminative_forward(function: Any) -> str:
    """Check exercise 18.2: the discriminative forward criterion of paths.

    Args:
        function: called with the penalties of the right paths and of all others, two lists of
            numbers; returns a number.
    """
    cases: tuple[tuple[list[float], list[float]], ...] = (
        ([3.0, 3.0], [2.0]),
        ([0.5], [4.0, 1.5, 2.25]),
        ([2.0, 0.25, 7.0], []),
        ([-3.0, 1.0], [-2.5, 0.0]),
        ([1200.0, 1201.5], [1199.0, 1300.0]),
        ([40.0], [2.0]),
    )
    for right, others in cases:
        found = number(call(function, right, others, unaided=True), "the result")
        truth = _logadd(right) - _logadd([*right, *others])
        if not math.isclose(found, truth, rel_tol=1e-4, abs_tol=1e-5):
            _explain(found, right, others, truth)
    return "It is zero only where the other paths have no weight left."


def _logadd(penalties: Sequence[float]) -> float:
    least = min(penalties)
    return least - math.log(sum(math.exp(least - p) for p in penalties))


def _explain(found: float, right: list[float], others: list[float], truth: float) -> None:
    every = [*right, *others]
    mistakes = {
        _logadd(every) - _logadd(right): "the difference is the other way round.",
        _logadd(right): "that is the right paths alone; take off the sum over all paths.",
        min(right) - min(every): "that is discriminative Viterbi: all paths count here.",
        sum(right) - sum(every): "penalties are added up; add up the weights exp(-penalty).",
        math.exp(-truth): "that is the probability of the right number; take minus its logarithm.",
    }
    if others:
        without = "the right paths are missing among all paths: they belong to them."
        mistakes[_logadd(right) - _logadd(others)] = without
    case = f"for right = {right} and wrong = {others} the result is {found:.6g}"
    for value, reason in mistakes.items():
        if math.isclose(found, value, rel_tol=1e-4, abs_tol=1e-5):
            wrong(f"{case}: {reason}")
    wrong(f"{case}; expected {truth:.6g}.")


@check
def arc_gradients(wrong_arc: Any, right_arc: Any) -> str:
    """Check exercise 18.3: what discriminative forward tells two arcs.

    Args:
        wrong_arc: the gradient at an arc that only the path of 72 takes.
        right_arc: the gradient at an arc that only one of the two paths of 12 takes.
    """
    first, second = number(wrong_arc, "wrong_arc"), number(right_arc, "right_arc")
    total = 2 * math.exp(-3) + math.exp(-2)
    other, one = math.exp(-2) / total, math.exp(-3) / total
    mistakes = {
        other: "has the wrong sign: no right path takes this arc, so nothing is left but minus "
        "its probability among all paths",
        -1: "would be discriminative Viterbi: here an arc gets minus the probability of its paths",
        0: "would mean that it learns nothing; all paths together do take it",
        -math.exp(-2): "is the weight of the path: divide it by the weight of all three",
        -0.5: "is not a probability of these paths: 72 has more weight than both paths to 12",
    }
    for value, reason in mistakes.items():
        if _near(first, value):
            wrong(f"wrong_arc: {first:.6g} {reason}.")
    if not _near(first, -other):
        wrong(
            f"wrong_arc: {first:.6g} is not it. It is on no right path: 0, less the probability "
            "of 72 among all paths."
        )
    mistakes = {
        one - 0.5: "has the wrong sign: the right paths come first",
        0.5: "is its probability among the right paths alone: take off that among all paths",
        one: "is its probability among all paths: it comes off that among the right ones",
        -one: "leaves out its probability among the right paths, of which it is one of two",
        1 - one: "takes it for the only right path: there are two",
        1 - 2 * one: "takes both paths to 12 together: this arc is on one of them",
        1: "would be discriminative Viterbi",
    }
    for value, reason in mistakes.items():
        if _near(second, value):
            wrong(f"right_arc: {second:.6g} {reason}.")
    if not _near(second, 0.5 - one):
        wrong(
            f"right_arc: {second:.6g} is not it. It is on one of two equal right paths; take off "
            "the probability of that path among all three."
        )
    return "Both paths to 12 together gain what 72 loses: the gradients add up to 0."


@check
def relative_gain(gain: Any) -> str:
    """Check exercise 18.4: which part of the errors global training saved in the paper.

    Args:
        gain: per cent of the character errors of the swept network without a dictionary.
    """
    found = number(gain, "gain")
    exact = 100 * (12.4 - 8.2) / 12.4
    mistakes = {
        4.2: "is the difference in points: divide it by the error before",
        100 * 4.2 / 8.2: "is relative to the error after: divide by the error before",
        100 * 8.2 / 12.4: "is what is left of the errors: asked is what was saved",
        exact / 100: "is the fraction: give it in per cent",
        -exact: "has the wrong sign: errors were saved",
        100 * (38 - 26) / 38: "is that of the words: take the characters",
        100 * (8.5 - 6.3) / 8.5: "is that of over-segmentation: take the swept network",
        100 * (1 - (1 - 0.124) / (1 - 0.082)): "is relative to what was right: take the errors",
    }
    if abs(found - exact) < 0.51:
        return "A third of the misread characters came right, by training on whole words."
    for value, reason in mistakes.items():
        if abs(found - value) < 0.0501:
            wrong(f"{found:.6g} {reason}.")
    wrong(f"{found:.6g} is not it: (error before - error after) / error before, times 100.")
