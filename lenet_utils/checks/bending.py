"""Checks of the lesson "How far it bends"."""

from typing import Any

import torch
from torch import Tensor

from lenet_utils.checks.verdict import call, check, close, shape, tensor, wrong


@check
def shifted(function: Any) -> str:
    """Check exercise 13.1: move a picture, background coming in.

    Args:
        function: called with a picture uint8 (H, W), dx and dy; returns it moved dx pixels to the
            right and dy down, same shape and type, 0 where nothing was.
    """
    generator = torch.Generator().manual_seed(13)
    picture = torch.randint(1, 256, (6, 7), generator=generator, dtype=torch.uint8)
    for dx, dy in ((2, 0), (0, 1), (-1, 3), (0, 0)):
        truth = torch.zeros_like(picture)
        target = (slice(max(dy, 0), 6 + min(dy, 0)), slice(max(dx, 0), 7 + min(dx, 0)))
        source = (slice(max(-dy, 0), 6 + min(-dy, 0)), slice(max(-dx, 0), 7 + min(-dx, 0)))
        truth[target] = picture[source]
        found = tensor(call(function, picture.clone(), dx, dy), (6, 7), "the result")
        if close(found, truth.double()):
            continue
        which = f"For dx = {dx} and dy = {dy}: "
        if close(found, picture.roll((dy, dx), (0, 1)).double()):
            wrong(which + "what leaves on one side comes in on the other. Background comes in.")
        if close(found, picture.double()):
            wrong(which + "nothing has moved.")
        if (found != 0).sum() == (truth != 0).sum() and (dx == 0 or dy == 0):
            wrong(which + "it moves the other way. x grows to the right, y grows downwards.")
        if close(found.sum(), truth.double().sum()):
            wrong(which + "the right pixels are kept, but they are in other places.")
        wrong(which + "take the part that stays, and put it into a picture of zeros.")
    return "A shift loses what leaves the frame: that is why the margin around a digit matters."


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
    for message, values in plausible.items():
        if close(found, values):
            wrong(message)
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
