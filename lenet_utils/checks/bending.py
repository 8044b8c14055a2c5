"""Checks of the lesson "How far it bends"."""

from typing import Any

import torch
from torch import Tensor

from lenet_utils.checks.verdict import call, check, close, integers, recognise, shape, tensor, wrong


@check
def moved_maps(steps: Any) -> str:
    """Check exercise 13.1: how far the maps move when the digit moves by four pixels.

    Args:
        steps: four whole numbers: by how many units the maps of C1, S2, C3 and S4 move.
    """
    answer = integers(steps, 4, "steps", "[8, 7, 6, 5]")
    if answer == (4, 2, 2, 1):
        return "Every map moves along, S4 by one place. What does not move: the weights of C5."
    if answer == (1, 2, 2, 4):
        wrong("1, 2, 2, 4 are the pixels from one unit to the next. How many such steps are four?")
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
def turns(function: Any) -> str:
    """Check exercise 13.2: the affine maps of turns.

    Args:
        function: called with angles in degrees, float (N,); returns the maps that turn clockwise
            by them about the middle, float (N, 2, 3), where y grows downwards.
    """
    degrees = torch.tensor([0.0, 90.0, 30.0, -20.0])
    answer = call(function, degrees.clone())
    if shape(answer) == (4, 2, 2):
        wrong("the third column is missing: the shift, which is 0 here. Expected (4, 2, 3).")
    if shape(answer) == (2, 3, 4):
        wrong("the angles stand in the last dimension: expected (4, 2, 3), one map for each.")
    found = tensor(answer, (4, 2, 3), "the result")

    def maps(angle: Tensor, sign: float = 1.0) -> Tensor:
        cos, sin = angle.double().cos(), sign * angle.double().sin()
        zero = torch.zeros_like(cos)
        return torch.stack([cos, -sin, zero, sin, cos, zero], 1).view(-1, 2, 3)

    angle = torch.deg2rad(degrees)
    if close(found, maps(angle)):
        return "A point to the right, (1, 0), goes to (cos, sin): downwards, and so clockwise."
    plausible = {
        "the angles were taken for radians: multiply them by pi / 180 first.": maps(degrees),
        "this turns anticlockwise: y grows downwards, which turns the usual signs round.": (
            maps(angle, -1.0)
        ),
        "the angles were taken for radians, and they turn the other way.": (maps(degrees, -1.0)),
    }
    recognise(found, plausible)
    if found[:, :, 2].abs().max() > 1e-4:
        wrong("the third column shifts the picture: it should be 0.")
    if not close(found[0, :, :2], torch.eye(2).double()):
        wrong("a turn by 0 degrees should leave every point where it is.")
    if found[:, 0, 1].sign().equal(found[:, 1, 0].sign()):
        wrong("this is a mirror, not a turn: the two sines have opposite signs.")
    wrong("for 90 degrees (1, 0) goes to (0, 1) and (0, 1) to (-1, 0).")


@check
def reach(function: Any) -> str:
    """Check exercise 13.3: how far one can go before the error passes a limit.

    Args:
        function: called with amounts, rising from 0, the errors at them, and a limit; returns the
            largest amount up to which no error is above the limit.
    """
    amounts = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    cases = (
        ([0.01, 0.02, 0.05, 0.2, 0.5, 0.9], 0.1, 2.0),
        ([0.01, 0.02, 0.15, 0.08, 0.5, 0.9], 0.1, 1.0),
        ([0.01, 0.02, 0.03, 0.04, 0.05, 0.06], 0.1, 5.0),
        ([0.01, 0.1, 0.2, 0.3, 0.4, 0.5], 0.1, 1.0),
    )
    for errors, limit, truth in cases:
        result = call(function, list(amounts), list(errors), limit)
        if isinstance(result, int | float) and not isinstance(result, bool):
            result = torch.tensor(float(result))
        found = tensor(result, (), "the result").item()
        if found == truth:
            continue
        if found == truth + 1 and errors[1] < limit:
            wrong("This is the first amount above the limit; return the last one before it.")
        if found == 3.0 and truth == 1.0:
            wrong("The error passes the limit at 2 and comes back at 3: what counts is the first "
                  "time.")  # fmt: skip
        if truth == 5.0:
            wrong("Where no error is above the limit, the answer is the last amount.")
        if errors[1] == limit:
            wrong("An error equal to the limit is not above it.")
        wrong(f"for errors {errors} and a limit of {limit} the answer is {truth:g}, not {found:g}.")
    return "One number for a whole curve: it hides how the error rises, so look at both."
