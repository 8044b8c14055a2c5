"""Checks of the lesson "Looking inside" in which a picture is changed to ask the network."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.checks.verdict import call, check, close, recognise, tensor, wrong


@check
def gradient_step(function: Any) -> str:
    """Check exercise 14.2: a step uphill that stays within the range of grey.

    Args:
        function: called with a picture x and a gradient of the same shape, the step's length, and
            the lowest and highest grey; returns the picture after the step.
    """
    generator = torch.Generator().manual_seed(12)
    cases = (((6, 6), 3.0, 2.0, -0.1, 1.175), ((5, 8), 0.05, 2.5, 0.2, 0.9))
    for sides, size, length, low, high in cases:
        x = torch.rand(1, 1, *sides, generator=generator) * (high - low) + low
        gradient = torch.randn(1, 1, *sides, generator=generator) * size
        answer = call(function, x, gradient, length, low, high)
        found = tensor(answer, tuple(x.shape), "the result")
        truth = (x + length * gradient / gradient.norm()).clamp(low, high)
        if not close(found, truth.double()):
            _explain_step(found, x, gradient, length, low, high)
    return "However steep the slope, each step has the same length, and the grey stays grey."


def _explain_step(
    found: Tensor, x: Tensor, gradient: Tensor, length: float, low: float, high: float
) -> None:
    way = gradient / gradient.norm()
    moved = x + length * way

    def along(other: Tensor) -> Tensor:
        return (x + length * other).clamp(low, high)

    plausible = {
        "nothing moved: this is x.": x,
        "this goes downhill: add the step.": along(-way),
        "the step is not of the length asked for: divide the gradient by its norm.": (
            along(gradient)
        ),
        "the step has the right direction and length, but leaves the range of grey: clamp.": moved,
        "the signs of the gradient are another direction: every pixel would move equally far.": (
            along(gradient.sign())
        ),
        "the largest entry was divided by, not the norm: the root of the sum of squares.": (
            along(gradient / gradient.abs().max())
        ),
        "the sum of the sizes was divided by, not the norm: the root of the sum of squares.": (
            along(gradient / gradient.abs().sum())
        ),
        "the sum of squares was divided by: the root is missing.": (
            along(gradient / gradient.square().sum())
        ),
        "the root of the mean of squares was divided by: take their sum.": (
            along(gradient / gradient.square().mean().sqrt())
        ),
        "the standard deviation was divided by, not the norm: the root of the sum of squares.": (
            along(gradient / gradient.std())
        ),
        "each row was divided by its own norm: there is one for the whole gradient.": (
            along(F.normalize(gradient, dim=3))
        ),
        "the gradient lost its sign: some pixels get darker, others brighter.": along(way.abs()),
        "the range is kept as 0 to 1: use the two limits given.": moved.clamp(0, 1),
        "the range is kept as -0.1 to 1.175: use the two limits that are given.": (
            moved.clamp(-0.1, 1.175)
        ),
        "the range is kept only from below: no pixel may be above high.": moved.clamp(min=low),
        "the range is kept only from above: no pixel may be below low.": moved.clamp(max=high),
        "the step was clamped: clamp the picture after it.": x + (length * way).clamp(low, high),
        "the picture was stretched to the range: cut off what is outside, with clamp.": (
            low + (high - low) * (moved - moved.min()) / (moved.max() - moved.min())
        ),
        "this is the step alone: add it to x.": (length * way).clamp(low, high),
    }
    recognise(found, plausible)
    wrong("the shape is right, the values are not: x + length * gradient / norm, then clamp.")


@check
def occlusion(function: Any) -> str:
    """Check exercise 14.3: a square of the picture covered with background.

    Args:
        function: called with a picture, float (H, W), the row and the column of the square's first
            pixel, its side, and the background; returns a covered copy.
    """
    generator = torch.Generator().manual_seed(12)
    picture = torch.rand(9, 11, generator=generator) + 0.1
    cases = ((1, 2, 3, -0.1), (6, 1, 4, -0.5), (0, 0, 1, 0.7), (5, 9, 4, -0.3))
    for row, column, side, background in cases:
        answer = call(function, picture, row, column, side, background)
        found = tensor(answer, (9, 11), "the result")
        truth = picture.double()
        truth[row : row + side, column : column + side] = background
        if not close(found, truth):
            _explain_cover(found, picture.double(), row, column, side, background)
    return "Covering needs nothing but the picture: it works on any network, without a look inside."


def _explain_cover(
    found: Tensor, picture: Tensor, row: int, column: int, side: int, background: float
) -> None:
    square = slice(row, row + side), slice(column, column + side)
    rows, columns = picture.shape

    def covered(*where: Any) -> Tensor:
        copy = picture.clone()
        copy[where] = background
        return copy

    def first(number: int) -> tuple[slice, slice]:
        """Return the square when its first row and column are moved by a number."""
        start = max(row + number, 0), max(column + number, 0)
        return slice(start[0], row + number + side), slice(start[1], column + number + side)

    around = [torch.arange(start, start + side) for start in (row, column)]
    pushed = min(row, rows - side), min(column, columns - side)
    edge = covered(*square)
    edge[row + 1 : row + side - 1, column + 1 : column + side - 1] = picture[
        row + 1 : row + side - 1, column + 1 : column + side - 1
    ]
    rest = torch.full_like(picture, background)
    rest[square] = picture[square]
    added = picture.clone()
    added[square] += background
    plausible = {
        "nothing is covered.": picture,
        "rows and columns are exchanged: the row comes first.": covered(
            slice(column, column + side), slice(row, row + side)
        ),
        "the square is one pixel too large: a slice ends before its second number.": covered(
            slice(row, row + side + 1), slice(column, column + side + 1)
        ),
        "row and column name the square's first pixel, not its middle.": covered(
            *first(-(side // 2))
        ),
        "one row and column too far: they are counted from 0.": covered(*first(1)),
        "the slices end at side. A slice ends at row + side.": covered(
            slice(row, side), slice(column, side)
        ),
        "the whole row is covered: the square has columns as well.": covered(square[0]),
        "the whole column is covered: the square has rows as well.": covered(
            slice(None), square[1]
        ),
        "the other way round: cover the square, and leave the rest.": rest,
        "only the edge of the square is covered.": edge,
        "the background is added to the square: put it in the place of what was there.": added,
        "the square was pushed inside: at the edge it is cut off.": covered(
            *(slice(start, start + side) for start in pushed)
        ),
        "what is cut off at the edge comes back on the other side: leave it out.": covered(
            around[0][:, None] % rows, around[1] % columns
        ),
    }
    recognise(found, plausible)
    other = found.clone()
    other[square] = picture[square]
    value = float(found[square].mean())
    if close(other, picture) and close(found[square], torch.full_like(found[square], value)):
        grey = " In a normalised picture that is grey." if value == 0 else ""
        wrong(f"the square is filled with {value:g}.{grey} Use the background given, here "
              f"{background}.")  # fmt: skip
    wrong(f"expected rows {row} to {min(row + side, rows) - 1} and columns {column} to "
          f"{min(column + side, columns) - 1} covered, and all else as it was.")  # fmt: skip
