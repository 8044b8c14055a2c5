"""Checks of the lesson "A window that slides"."""

import itertools
import math
from typing import Any

import torch
from torch import Tensor

from lenet_utils.checks.verdict import call, check, integer, number, require, wrong
from lenet_utils.checks.wording import shorten

_NONE = 10


@check
def columns(count: Any) -> str:
    """Check exercise 16.1: the columns of answers of a field.

    Args:
        count: how many columns a field of 200 pixels has.
    """
    found = integer(count, "count")
    require(
        found,
        43,
        {
            "is the steps of 4 pixels that the window can take: it stands somewhere before the "
            "first one, too": 42,
            "counts a window at each pixel: they are 4 pixels apart": 169,
            "counts steps of one pixel: they are 4 pixels wide, and the window stands somewhere "
            "before the first one": 168,
            "is a quarter of the width: but the last 32 pixels have room for one window only": 50,
            "is one too many: the first window takes 32 pixels, and each further one 4": 44,
            "is how many windows stand side by side without overlap": 6,
        },
        f"{found} is not it. The first window takes 32 pixels; each further one takes 4 more.",
    )
    return "One window, and (200 - 32) / 4 = 42 steps of it."


_WINDOW, _COLUMN = 416_604, 123_804


@check
def saving(factor: Any) -> str:
    """Check exercise 16.2: how much work a sweep saves on a very wide field.

    Args:
        factor: how many times more multiply-accumulates a cut window takes than one more column.
    """
    found = number(factor, "factor")
    exact = _WINDOW / _COLUMN
    if any(math.isclose(found, round(exact, digits), rel_tol=1e-6) for digits in range(1, 9)):
        return (
            "Neighbouring windows share seven tenths of their work; C3 and C5 do most of the rest."
        )
    mistakes = {
        "is rounded to a whole number: give one digit after the point": 3,
        "is the other way round: a window's work over a column's": 1 / exact,
        "is the fraction that is saved: asked is how many times less it is": 1 - 1 / exact,
        "is the factor for this field; in a very wide one the first window no longer counts": (
            33 * _WINDOW / (_WINDOW + 32 * _COLUMN)
        ),
        "is what one more column adds: divide a window's work by it": _COLUMN,
        "is the work of a window: divide it by what one more column adds": _WINDOW,
        "would be the saving if windows shared all but 4 of their 32 pixel columns in each layer: "
        "C5 shares nothing": 8,
        "counts how many windows cover a pixel in both directions: the field is one window high": (
            64
        ),
    }
    for reason, value in mistakes.items():
        if any(math.isclose(found, round(value, n), rel_tol=1e-6) for n in range(1, 9)):
            wrong(f"{found:,.6g} {reason}.")
    wrong(
        f"{found:,.6g} is not it: {_WINDOW:,} for a window, over what a field needs more when it "
        "is 4 pixels wider."
    )


@check
def spell(function: Any) -> str:
    """Check exercise 16.3: what the classes of the columns spell.

    Args:
        function: called with a list of classes, one a column, 10 being "none"; returns the text.
    """
    cases = (
        ([1, 2, 1, 1, 10, 10, 1, 9, 9, 8], "121198"),
        ([10, 4, 4, 10, 4, 10, 0, 0, 7], "4407"),
        ([3, 3, 3], "3"),
        ([10, 10, 10, 10], ""),
        ([5, 10, 5, 10, 5, 5], "555"),
        ([0, 10, 10, 1, 0], "010"),
        ([6, 6, 7, 7, 10, 10, 7], "677"),
    )
    for classes, truth in cases:
        answer = call(function, classes)
        if not isinstance(answer, str):
            wrong(f"the result is {shorten(answer)}; expected a text, such as '407'.")
        if answer != truth:
            _explain_spelling(answer, classes, truth)
    return "First merged, then dropped: 'none' between two equal digits keeps both."


def _explain_spelling(answer: str, classes: list[int], truth: str) -> None:
    kept = [c for c in classes if c != _NONE]
    merged = [c for i, c in enumerate(classes) if i == 0 or c != classes[i - 1]]

    def joined(values: list[int]) -> str:
        return "".join(map(str, values))

    mistakes = {
        "'none' was dropped first, so that equal digits on both sides of it became one: merge "
        "first.": joined([c for i, c in enumerate(kept) if i == 0 or c != kept[i - 1]]),
        "repeats were not merged: a digit may last several columns.": joined(kept),
        "'none' is written as 10: leave it out.": joined(merged),
        "nothing was merged, and 'none' is written as 10.": joined(classes),
        "each digit stands once only: only neighbours are merged.": joined(
            list(dict.fromkeys(kept))
        ),
        "it is the right text, backwards.": truth[::-1],
        "the first column is missing.": joined([c for c in merged[1:] if c != _NONE]),
        "the digits are sorted: keep their order.": "".join(sorted(truth)),
        "there are spaces or commas between the digits.": ", ".join(truth),
    }
    for message, value in mistakes.items():
        if answer == value != truth:
            wrong(f"for {classes}: {message}")
    if answer.replace(" ", "") == truth:
        wrong("there are spaces between the digits, or around them: leave them out.")
    wrong(f"for {classes} the text is {truth!r}, not {shorten(answer)}.")


@check
def path_penalty(function: Any) -> str:
    """Check exercise 16.4: the penalty of one path.

    Args:
        function: called with a path, a list of classes, with penalties, float (T, 11), and with
            the penalty for each beginning of a digit; returns the sum.
    """
    generator = torch.Generator().manual_seed(16)
    paths = (
        [3, 3, 3, 10, 4, 4, 10, 7],
        [10, 4, 4, 10, 4],
        [1, 2, 2, 1],
        [10, 10],
        [10, 7, 10, 10, 7, 7, 8],
        [0],
    )
    for entry in (2.5, 0.0, 1.25):
        for path in paths:
            penalties = torch.rand(len(path), 11, generator=generator) * 4
            found = number(call(function, path, penalties, entry), "the result")
            every = {reason: total for reason, total in _plausible(path, penalties, entry).items()}
            truth = every.pop("")
            if math.isclose(found, truth, rel_tol=1e-4, abs_tol=1e-4):
                continue
            for reason, value in every.items():
                if math.isclose(found, value, rel_tol=1e-4, abs_tol=1e-4):
                    wrong(f"for the path {path}: {reason}.")
            wrong(
                f"for the path {path}, with an entry of {entry}, the penalty is {truth:.4f}, not "
                f"{found:.4f}."
            )
    return (
        "A path has one number. The best of 11 to the power of T paths is found column by column."
    )


def _plausible(path: list[int], penalties: Tensor, entry: float) -> dict[str, float]:
    rows = torch.arange(len(path))
    each = penalties[rows, torch.tensor(path)].double()
    total = float(each.sum())
    before = [_NONE, *path]
    begins = sum(c not in (_NONE, p) for p, c in zip(before, path, strict=False))
    changes = sum(c != p for p, c in itertools.pairwise(path))
    later = sum(c not in (_NONE, p) for p, c in itertools.pairwise(path))
    digits = sum(c != _NONE for c in path)
    runs = 1 + changes
    return {
        "": total + entry * begins,
        "the entry is missing: add it for each digit that begins": total,
        "the entry was added in each column with a digit: only where one begins": (
            total + entry * digits
        ),
        "the entry was added at each change: to begin 'none' costs nothing, and the first column "
        "may begin a digit": total + entry * changes,
        "the entry was added for each run, that of 'none' too": total + entry * runs,
        "a digit in the first column begins as well": total + entry * later,
        "the entry was taken away: it is a penalty, so add it": total - entry * begins,
        "the mean over the columns was taken: add them up": total / len(path) + entry * begins,
        "the smallest penalty of each column was added up, whatever the path says": (
            float(penalties.double().amin(1).sum()) + entry * begins
        ),
        "the penalties were multiplied: they are logarithms, so add them": (
            float(each.prod()) + entry * begins
        ),
        "the entry was added once, not once for each digit": total + entry * (begins > 0),
    }
