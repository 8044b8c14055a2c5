"""Checks of the lesson "How far it bends"."""

import itertools
import math
from typing import Any

import torch
from torch import Tensor

from lenet_utils.checks.verdict import (
    call,
    check,
    close,
    integers,
    number,
    recognise,
    shape,
    tensor,
    wrong,
)


@check
def moved_maps(steps: Any) -> str:
    """Check exercise 15.1: how far the maps move when the digit moves by four pixels.

    Args:
        steps: four whole numbers: by how many units the maps of C1, S2, C3 and S4 move.
    """
    answer = integers(steps, 4, "steps", "[8, 7, 6, 5]")
    if answer == (4, 2, 2, 1):
        return "Every map moves along, S4 by one place. What does not move: the weights of C5."
    if answer == (1, 2, 2, 4):
        wrong("1, 2, 2, 4 are the pixels from one unit to the next. How many such steps are four?")
    if answer == (-4, -2, -2, -1):
        wrong("how far is a number without a sign: the maps move the way of the digit.")
    if answer == (28, 14, 10, 5):
        wrong("these are the sides of the maps. By how many units does what they show move?")
    if answer == (5, 6, 14, 16):
        wrong("this is what a unit sees, in pixels. How far apart are two neighbouring units?")
    c1, s2, c3, s4 = answer
    if c1 != 4:
        wrong(f"C1: {c1} is not it. Its windows lie one pixel apart, so a unit is a pixel.")
    if s2 == c1:
        wrong("S2 has half as many units a row as C1: each stands for two of them.")
    if s2 != 2:
        wrong(f"S2: {s2} is not it. Its squares lie two pixels apart.")
    if c3 == 1:
        wrong("C3 halves nothing: its windows lie as far apart as the units of S2.")
    if c3 != 2:
        wrong(f"C3: {c3} is not it. Its stride is 1, so it moves as S2 does.")
    if s4 == c3:
        wrong("S4 halves once more: its units lie four pixels apart.")
    wrong(f"S4: {s4} is not it. Its units lie four pixels apart, and the digit moves by four.")


@check
def rotations(function: Any) -> str:
    """Check exercise 15.2: the affine maps of rotations.

    Args:
        function: called with angles in degrees, float (N,); returns the maps that turn clockwise
            by them about the middle, float (N, 2, 3), where y grows downwards.
    """
    for degrees in (torch.tensor([0.0, 90.0, 30.5, -20.0, 200.0]), torch.tensor([45.0])):
        answer, count = call(function, degrees), len(degrees)
        shapes = {
            (count, 2, 2): "the third column is missing: the shift, which is 0 here.",
            (2, 3, count): "the angles stand in the last dimension: one map for each.",
            (count, 3, 3): "leave the last row out, (0, 0, 1), which is the same in every map.",
            (count, 3, 2): "each map stands on its side: two rows of three numbers.",
        }
        found_shape = shape(answer)
        if found_shape in shapes:
            wrong(f"{shapes[found_shape]} Expected {(count, 2, 3)}.")
        found, truth = tensor(answer, (count, 2, 3), "the result"), _rotated(degrees.deg2rad())
        if not close(found, truth):
            _explain_rotations(found, truth, degrees)
    return "A point to the right, (1, 0), goes to (cos, sin): downwards, and so clockwise."


def _rotated(angle: Tensor, sign: float = 1.0) -> Tensor:
    cos, sin = angle.double().cos(), sign * angle.double().sin()
    zero = torch.zeros_like(cos)
    return torch.stack([cos, -sin, zero, sin, cos, zero], 1).view(-1, 2, 3)


def _explain_rotations(found: Tensor, truth: Tensor, degrees: Tensor) -> None:
    plausible = {
        "the angles were taken for radians: multiply them by pi / 180 first.": _rotated(degrees),
        "this turns anticlockwise: y grows downwards, which turns the usual signs round.": (
            _rotated(degrees.deg2rad(), -1.0)
        ),
        "the angles were taken for radians, and they turn the other way.": _rotated(degrees, -1.0),
        "the numbers of all maps are mixed: stack them with dim=1, so that each map's six stand "
        "together.": truth.view(-1, 6).T.reshape(-1, 2, 3),
        "the rows are exchanged: the first gives x', the second y'.": truth.flip(1),
    }
    recognise(found, plausible)
    if found[:, :, 2].abs().max() > 1e-4:
        wrong("the third column shifts the picture: it should be 0.")
    square = found[:, :, :2]
    if degrees[0] == 0 and not close(square[0], torch.eye(2).double()):
        wrong("a turn by 0 degrees should leave every point where it is.")
    if found[:, 0, 1].sign().equal(found[:, 1, 0].sign()):
        wrong("this is a mirror, not a turn: the two sines have opposite signs.")
    for angle, one, other in zip(degrees.tolist(), square, truth[:, :, :2], strict=True):
        if not close(one, other):
            right, down = (_point(other[:, column]) for column in (0, 1))
            wrong(f"for {angle:g} degrees (1, 0) goes to {right} and (0, 1) to {down}; by your map "
                  f"they go to {_point(one[:, 0])} and {_point(one[:, 1])}.")  # fmt: skip


def _point(values: Tensor) -> str:
    # Adding 0 turns -0 into 0.
    return f"({', '.join(f'{round(value, 4) + 0:g}' for value in values.tolist())})"


@check
def reach(function: Any) -> str:
    """Check exercise 15.3: how far one can go before the error passes a limit.

    Args:
        function: called with amounts, rising from 0, the errors at them, and a limit; returns the
            largest amount up to which no error is above the limit.
    """
    cases = (
        ([0.0, 1.5, 4.5, 5.0, 8.0, 12.0], [0.01, 0.02, 0.05, 0.2, 0.5, 0.9], 0.1),
        # The error passes the limit and comes back.
        ([0.0, 2.0, 4.0, 7.0, 9.0, 20.0], [0.01, 0.02, 0.15, 0.08, 0.5, 0.9], 0.1),
        ([0.0, 0.5, 2.5, 6.0], [0.01, 0.02, 0.03, 0.04], 0.1),
        ([0.0, 6.0, 7.0, 9.0, 14.0], [0.01, 0.05, 0.15, 0.22, 0.4], 0.2),
        # An error equals the limit.
        ([0.0, 10.0, 20.0, 40.0], [0.01, 0.25, 0.3, 0.4], 0.25),
        # The error falls below the limit.
        ([0.0, 3.0, 6.0, 9.0, 15.0], [0.05, 0.03, 0.04, 0.06, 0.3], 0.07),
        ([0.0, 4.0, 8.0, 12.0, 16.0], [0.04, 0.05, 0.12, 0.13, 0.3], 0.1),
    )
    for amounts, errors, limit in cases:
        found = number(call(function, amounts, errors, limit), "the result")
        truth = amounts[_within(errors, limit) - 1]
        if not math.isclose(found, truth, rel_tol=1e-6, abs_tol=1e-6):
            _explain_reach(found, amounts, errors, limit)
    return "One number for a whole curve: it hides how the error rises, so look at both."


def _within(errors: list[float], limit: float) -> int:
    """Return how many errors there are before the first one above the limit."""
    return next((i for i, error in enumerate(errors) if error > limit), len(errors))


def _explain_reach(found: float, amounts: list[float], errors: list[float], limit: float) -> None:
    count = _within(errors, limit)
    truth, above = amounts[count - 1], [*amounts, math.inf][count]
    under = [amount for amount, error in zip(amounts, errors, strict=True) if error <= limit]
    falls = next((i for i, (a, b) in enumerate(itertools.pairwise(errors)) if b < a), count - 1)
    below = next((i for i, error in enumerate(errors) if error >= limit), len(errors))
    mistakes = {
        "This is the first amount above the limit; return the last one before it.": above,
        f"The error passes the limit at {above:g} and comes back at {under[-1]:g}: what counts is "
        "the first time.": under[-1],
        "This is the place in the list; return the amount that stands there.": count - 1,
        "This says how many amounts are within the limit; return the last of them.": count,
        "This is the error at that amount; return the amount.": errors[count - 1],
        "This is the limit itself; return an amount.": limit,
        "An error equal to the limit is not above it.": amounts[max(below - 1, 0)],
        "The error falls for a while, and is below the limit: go on until it is above.": (
            amounts[falls]
        ),
        "Here the first error is not 0, and it was subtracted: take the errors as they are.": (
            amounts[_within([error - errors[0] for error in errors], limit) - 1]
        ),
        f"This is right for a limit of 0.1, and the limit is {limit}: use the limit that is "
        "given.": amounts[_within(errors, 0.1) - 1],
        f"This is the last amount, but the error passes the limit at {above:g}.": amounts[-1],
    }
    for message, value in mistakes.items():
        if found == value != truth:
            wrong(message)
    if truth < found < above < math.inf:
        wrong(f"This lies between {truth:g} and {above:g}, where nothing was measured: return one "
              "of the amounts.")  # fmt: skip
    if above == math.inf:
        wrong("Where no error is above the limit, the answer is the last amount.")
    wrong(f"for errors {errors} at {amounts} and a limit of {limit} the answer is {truth:g}, not "
          f"{found:g}.")  # fmt: skip
