"""Checks of the lesson "Looking inside"."""

from typing import Any

import torch
from torch import Tensor

from lenet_utils.checks.verdict import call, check, close, recognise, shape, tensor, wrong


@check
def strongest_patch(function: Any) -> str:
    """Check exercise 12.1: the window that excites a map most.

    Args:
        function: called with the states of one map for some pictures, float (N, h, w), the
            pictures, float (N, H, W), and the side and the step of a unit's window; returns the
            window, (side, side), that belongs to the largest state.
    """
    generator = torch.Generator().manual_seed(12)
    for places, side, step in ((10, 14, 2), (28, 5, 1), (5, 16, 4)):
        pictures = torch.rand(3, 32, 32, generator=generator)
        states = torch.rand(3, places, places, generator=generator)
        n, r, c = 1, places - 1, 1
        states[n, r, c], states[2, 0, 3], states[0, 2, 3] = 2.0, -3.0, 1.5
        answer = call(function, states.clone(), pictures.clone(), side, step)
        if shape(answer) == (1, side, side):
            wrong(f"the result has shape {(1, side, side)}: index the picture with one number, "
                  "not with a slice of one.")  # fmt: skip
        found = tensor(answer, (side, side), "the result")

        def window(n: int, r: int, c: int, p: Tensor = pictures, s: int = side) -> Tensor:
            return p[n, r : r + s, c : c + s].double()

        if close(found, window(n, r * step, c * step)):
            continue
        plausible = {
            "this is the window of the most negative state. Take the largest, not the largest "
            "without its sign.": window(2, 0, 3 * step),
            "rows and columns are exchanged.": window(n, c * step, r * step),
            "this is the right place in the wrong picture: the largest state of all pictures "
            "says which one.": window(0, r * step, c * step),
            "this is the strongest window of the first picture: look through all of them.": (
                window(0, 2 * step, 3 * step)
            ),
            "the window starts at the unit's own row and column: neighbouring units look "
            f"{step} pixels apart.": window(n, r, c),
        }
        recognise(found, plausible)
        wrong(f"for the unit in row {r} and column {c} and a step of {step} the window's first "
              f"pixel is in row {r * step} and column {c * step} of picture {n}.")  # fmt: skip
    return "A unit's window is where its paths lead: side and step are all that one needs."


@check
def climb_step(function: Any) -> str:
    """Check exercise 12.2: a step uphill that stays within the range of grey.

    Args:
        function: called with a picture x and a gradient of the same shape, the step's length, and
            the lowest and highest grey; returns the picture after the step.
    """
    generator = torch.Generator().manual_seed(12)
    x = torch.rand(1, 1, 6, 6, generator=generator) * 1.275 - 0.1
    gradient = torch.randn(1, 1, 6, 6, generator=generator) * 3
    length, low, high = 2.0, -0.1, 1.175
    answer = call(function, x, gradient, length, low, high)
    found = tensor(answer, tuple(x.shape), "the result")
    way = gradient / gradient.norm()
    if close(found, (x + length * way).clamp(low, high).double()):
        return "However steep the slope, each step has the same length, and the grey stays grey."
    plausible = {
        "this goes downhill: add the step.": (x - length * way).clamp(low, high),
        "the step is not of the length asked for: divide the gradient by its norm.": (
            (x + length * gradient).clamp(low, high)
        ),
        "the step has the right direction and length, but leaves the range of grey: clamp.": (
            x + length * way
        ),
        "the signs of the gradient are another direction: every pixel would move equally far.": (
            (x + length * gradient.sign()).clamp(low, high)
        ),
        "the largest entry was divided by, not the norm: the root of the sum of squares.": (
            (x + length * gradient / gradient.abs().max()).clamp(low, high)
        ),
        "the range is kept as 0 to 1: use the two limits given.": (x + length * way).clamp(0, 1),
        "this is the step alone: add it to x.": (length * way).clamp(low, high),
    }
    recognise(found, plausible)
    wrong("the shape is right, the values are not: x + length * gradient / norm, then clamp.")


@check
def covered(function: Any) -> str:
    """Check exercise 12.3: a square of the picture covered with background.

    Args:
        function: called with a picture, float (H, W), the row and the column of the square's first
            pixel, its side, and the background; returns a covered copy.
    """
    generator = torch.Generator().manual_seed(12)
    picture = torch.rand(9, 11, generator=generator) + 0.1
    background = -0.1
    for row, column, side in ((2, 5, 3), (6, 1, 4), (0, 0, 1)):
        answer = call(function, picture, row, column, side, background)
        found = tensor(answer, (9, 11), "the result")

        def square(rows: slice, columns: slice, value: float = background) -> Tensor:
            copy = picture.clone()
            copy[rows, columns] = value
            return copy.double()

        rows, columns = slice(row, row + side), slice(column, column + side)
        if close(found, square(rows, columns)):
            continue
        half = side // 2
        over, across = (slice(max(at - half, 0), at - half + side) for at in (row, column))
        plausible = {
            "nothing is covered.": picture.double(),
            "the square is filled with 0. In a normalised picture that is grey: use the "
            "background given.": square(rows, columns, 0.0),
            "rows and columns are exchanged: the row comes first.": square(
                slice(column, column + side), slice(row, row + side)
            ),
            "the square is one pixel too large: a slice ends before its second number.": square(
                slice(row, row + side + 1), slice(column, column + side + 1)
            ),
            "row and column name the square's first pixel, not its middle.": square(over, across),
        }
        recognise(found, plausible)
        wrong(f"expected rows {row} to {min(row + side, 9) - 1} and columns {column} to "
              f"{min(column + side, 11) - 1} covered, and all else as it was.")  # fmt: skip
    return "Covering needs nothing but the picture: it works on any network, without a look inside."


@check
def class_share(function: Any) -> str:
    """Check exercise 12.4: the share of a unit's variance that lies between the classes.

    Args:
        function: called with states, float (N, units), and labels, int64 (N,); returns the shares,
            (units,), each from 0 to 1.
    """
    generator = torch.Generator().manual_seed(12)
    labels = torch.tensor([0] * 12 + [1] * 5 + [2] * 3)
    centres = torch.tensor([[0.0, 1.0, 0.0], [2.0, 1.0, 0.5], [-1.0, 1.0, 3.0]])
    states = centres[labels] + torch.randn(20, 3, generator=generator) * torch.tensor(
        [0.5, 1.0, 1.0]
    )
    answer = call(function, states.clone(), labels.clone())
    found = tensor(answer, (3,), "the result")
    states = states.double()
    means = torch.stack([states[labels == k].mean(0) for k in range(3)])
    mean, total = states.mean(0), states.var(0, unbiased=False)
    weights = torch.bincount(labels)[:, None] / len(labels)
    between = ((means - mean).square() * weights).sum(0)
    if close(found, between / total):
        return "0: the unit says nothing about the class. 1: it says nothing else."
    plausible = {
        "this is the share within the classes: subtract it from 1.": 1 - between / total,
        "each class counts the same here. A class of twelve pictures weighs four times one of "
        "three.": (means - means.mean(0)).square().mean(0) / total,
        "the classes are weighted equally: weight them by their number of pictures.": (
            (means - mean).square().mean(0) / total
        ),
        "this is between over within. The share is between over all.": (
            between / (total - between)
        ),
        "the variance is divided by N - 1 in one place and by N in the other: use the same.": (
            between / states.var(0)
        ),
        "this is the share's square root: compare squares with squares.": (between / total).sqrt(),
        "this is the variance between the classes: divide it by the variance of all.": between,
    }
    recognise(found, plausible)
    wrong("look at one unit: the variance of (each picture's class mean) over the variance of "
          "(each picture's state).")  # fmt: skip
