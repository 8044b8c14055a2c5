"""Checks of the lesson "From pixels"."""

from typing import Any

import torch
from torch import Tensor

from lenet_utils.checks.verdict import call, check, close, integer, integers, tensor, wrong


@check
def parameters_by_layer(counts: Any) -> str:
    """Check exercise 1.1: parameters of the fully connected network 784-500-150-10.

    Args:
        counts: three whole numbers, one for each layer of weights.
    """
    sizes = (784, 500, 150, 10)
    answers = integers(counts, 3, "counts", "[7850, 110, 1010]")
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
    images = torch.rand(2, 5, 6, generator=generator) + 0.5
    for rows, columns in ((0, 2), (1, 0), (2, 1), (0, -2), (-1, 0), (-1, 2), (0, 0)):
        answer = call(function, images, rows, columns)
        which = f"for rows = {rows}, columns = {columns}, "
        y = tensor(answer, (2, 5, 6), "the result")
        if close(y, _moved(images, rows, columns)):
            continue
        if close(y, images.roll((rows, columns), (1, 2)).double()):
            wrong(which + "what leaves on one side comes in on the other. Let 0 come in.")
        if close(y, _moved(images, -rows, -columns)):
            wrong(which + "the pictures move the other way: positive is down and to the right.")
        if close(y, _moved(images, columns, rows)):
            wrong(which + "rows and columns are exchanged.")
        if close(y, images.double()):
            wrong(which + "the pictures did not move.")
        if min(rows, columns) < 0:
            wrong(which + "the result is wrong, though positive shifts are right. Up and left?")
        wrong(which + "the result is wrong. Cell [i, j] should come from [i - rows, j - columns].")
    return "Down, up, left and right, and background comes in."


@check
def shifted_copies(answer: Any) -> str:
    """Check exercise 1.3: 60,000 digits in all shifts of up to 2 pixels both ways."""
    count = integer(answer, "the answer")
    if count == 60_000 * 4:
        wrong("240,000 moves by one distance in four directions. Distances of 1 and 2 combine.")
    if count == 60_000 * 5:
        wrong("300,000 moves in one direction only: 5 places in a row, and 5 in a column.")
    if count == 60_000 * 9:
        wrong("540,000 is right for one pixel. Two pixels make -2, -1, 0, 1, 2 each way.")
    if count == 60_000 * 16:
        wrong("960,000 leaves out the shift by 0: -2, -1, 0, 1, 2 are five.")
    if count == 60_000 * 24:
        wrong("1,440,000 leaves out the digits as they are.")
    if count == 25:
        wrong("25 for each digit, yes. And for 60,000 of them?")
    if count != 60_000 * 25:
        wrong(f"{count:,} is not it: how many places has one digit? Multiply by 60,000.")
    return "1,500,000: twenty-five times the digits, for two pixels."


def _moved(images: Tensor, rows: int, columns: int) -> Tensor:
    height, width = images.shape[1:]
    moved = torch.zeros_like(images, dtype=torch.float64)
    for i in range(height):
        for j in range(width):
            if 0 <= i - rows < height and 0 <= j - columns < width:
                moved[:, i, j] = images[:, i - rows, j - columns]
    return moved
