"""Checks of the lesson "From pixels"."""

from typing import Any

import torch
from torch import Tensor

from lenet_utils.checks.verdict import (
    call,
    check,
    close,
    integer,
    integers,
    reasons,
    recognise,
    tensor,
    wrong,
)

# Of both signs and all parts, and as far as out of the picture, since each hides other mistakes.
_SHIFTS = ((0, 2), (1, 0), (2, 1), (0, -2), (-1, 0), (-1, 2), (2, -3), (-2, -1), (0, 0))
_FAR = ((9, 1), (-1, 9), (-9, -9))


@check
def parameters_by_layer(counts: Any) -> str:
    """Check exercise 1.1: parameters of the fully connected network 784-500-150-10.

    Args:
        counts: three whole numbers, one for each layer of weights.
    """
    sizes = (784, 500, 150, 10)
    answers = integers(counts, 3, "counts", "[7850, 110, 1010]")
    if answers == (1_510, 75_150, 392_500):
        wrong("the three numbers are right, but in the wrong order: the first layer comes first.")
    for place, answer in enumerate(answers):
        inputs, outputs = sizes[place : place + 2]
        which = f"{('first', 'second', 'third')[place]} layer: {answer:,} "
        if answer == inputs * outputs:
            wrong(which + f"counts the weights. Each of the {outputs} units has a bias as well.")
        if answer == (outputs + 1) * inputs:
            wrong(which + f"has a bias for each of the {inputs} inputs. The units own the biases.")
        if answer == inputs * outputs + 1:
            wrong(which + f"has a single bias. There is one for each of the {outputs} units.")
        if answer == inputs + outputs:
            wrong(which + "adds. Every unit is linked to every input: multiply.")
        if answer == (inputs + 1) * (outputs + 1):
            wrong(which + f"has one unit too many: the bias belongs to the {inputs} inputs.")
        if answer == outputs:
            wrong(which + "counts the units. How many parameters has each of them?")
        if answer != (inputs + 1) * outputs:
            wrong(which + f"is not it: {outputs} units, each with {inputs} weights and a bias.")
    return "392,500 + 75,150 + 1,510 = 469,160, and more than four fifths of it in the first layer."


@check
def shift(function: Any) -> str:
    """Check exercise 1.2: moving pictures, with background coming in.

    Args:
        function: called with images (N, H, W), rows and columns; returns the images moved down
            by rows and right by columns (up and left if negative), 0 coming in.
    """
    generator = torch.Generator().manual_seed(31)
    for count, height, width in ((2, 5, 6), (3, 7, 4)):
        images = torch.randn(count, height, width, generator=generator)
        for rows, columns in (*_SHIFTS, *_FAR):
            answer = call(function, images, rows, columns)
            y = tensor(answer, (count, height, width), "the result")
            if not close(y, _moved(images, rows, columns)):
                _explain_shift(y, images, rows, columns)
    return "Down, up, left and right, and background comes in."


def _explain_shift(y: Tensor, images: Tensor, rows: int, columns: int) -> None:
    which = f"for rows = {rows}, columns = {columns}, "
    if (rows, columns) in _FAR:
        height, width = images.shape[1:]
        wrong(which + f"a picture of {height} by {width} is moved out of sight: all is 0.")
    mistakes = {
        "the pictures did not move.": images,
        "what leaves on one side comes in on the other. Let 0 come in.": (
            images.roll((rows, columns), (1, 2))
        ),
        "the pictures move the other way: positive is down and to the right.": (
            _moved(images, -rows, -columns)
        ),
        "rows and columns are exchanged.": _moved(images, columns, rows),
        "the rows move the other way: positive is down.": _moved(images, -rows, columns),
        "the columns move the other way: positive is to the right.": (
            _moved(images, rows, -columns)
        ),
        "the pictures move twice as far.": _moved(images, 2 * rows, 2 * columns),
        "the pictures move by rows, but not by columns.": _moved(images, rows, 0),
        "the pictures move by columns, but not by rows.": _moved(images, 0, columns),
    }
    recognise(y, {which + message: picture for message, picture in mistakes.items()})
    truth = _moved(images, rows, columns)
    comes_in = _moved(torch.ones_like(images), rows, columns) == 0
    if close(y[~comes_in], truth[~comes_in]):
        wrong(which + "what stays in sight is right, but what comes in at the edge is not 0.")
    if close(y[0], truth[0]):
        wrong(which + "the first picture is right, but the others are not.")
    if min(rows, columns) < 0:
        wrong(which + "the result is wrong, though positive shifts are right. Up and left?")
    wrong(which + "the result is wrong. Cell [i, j] should come from [i - rows, j - columns].")


@check
def shifted_copies(answer: Any) -> str:
    """Check exercise 1.3: 60,000 digits in all shifts of up to 2 pixels both ways."""
    count = integer(answer, "the answer")
    if count == 60_000 * 25:
        return "1,500,000: twenty-five times the digits, for two pixels."
    if count == 25:
        wrong("25 for each digit, yes. And for 60,000 of them?")
    if count == 60_000 * 26:
        wrong("1,560,000 counts the digits that were not moved twice: the shift by 0 is one of 25.")
    if count == 70_000 * 25:
        wrong("1,750,000 takes the test digits too. There are 60,000 training digits.")
    why = reasons(
        count,
        {
            "four directions at two distances, uncombined and without the digit itself": 60_000 * 8,
            "the eight neighbours and the digit itself, one pixel away and not two": 60_000 * 9,
            "four directions at two distances and the digit itself, uncombined": 60_000 * 9,
            "the shift by 0 is left out in each direction: -2, -1, 0, 1, 2 are five": 60_000 * 16,
            "the digits as they are, the shift by 0, are left out": 60_000 * 24,
            "five places in a row and five in a column are added; each goes with each": 600_000,
        },
    )
    if count > 0 and count % 60_000 == 0:
        wrong(
            f"{count:,} gives each digit {count // 60_000:,} places"
            + (f": {why}." if why else ". Five in a row, -2 to 2, go with five in a column.")
        )
    wrong(f"{count:,} is not it: how many places has one digit? Multiply by 60,000.")


def _moved(images: Tensor, rows: int, columns: int) -> Tensor:
    height, width = images.shape[1:]
    moved = torch.zeros_like(images, dtype=torch.float64)
    for i in range(height):
        for j in range(width):
            if 0 <= i - rows < height and 0 <= j - columns < width:
                moved[:, i, j] = images[:, i - rows, j - columns]
    return moved
