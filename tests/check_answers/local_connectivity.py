"""Answers to the exercises of "Local connectivity"."""

import numpy as np
import torch

from lenet_utils import checks

from .forged import Forged


def by_steps(layers):
    size = jump = 1
    for window, stride in layers:
        size += (window - 1) * jump
        jump *= stride
    return size, jump


def backwards(layers):
    size = 1
    for window, stride in reversed(layers):
        size = (size - 1) * stride + window
    return [size, int(np.prod([stride for _, stride in layers]))]


def field(grow, jump_by=lambda jump, stride: jump * stride):
    """Make a receptive field that grows in another way."""

    def function(layers):
        size, jump = 1, 1
        for window, stride in layers:
            size += grow(window, stride, jump)
            jump = jump_by(jump, stride)
        return size, jump

    return function


RIGHT = [
    (checks.layers_to_see, (16, 5)),
    (checks.layers_to_see, (torch.tensor(16), 5.0)),
    (checks.layers_to_see, (np.ceil((32 - 1) / 2), np.ceil(np.log2(33)) - 1)),
    (checks.layer_sides, ([24, 28, 16, 55],)),
    (checks.layer_sides, ((24.0, 28.0, 16.0, 55.0),)),
    (checks.layer_sides, (torch.tensor([24, 28, 16, 55]),)),
    (checks.layer_sides, (np.array([24, 28, 16, 55]),)),
    (checks.receptive_field, (by_steps,)),
    (checks.receptive_field, (backwards,)),
    (checks.receptive_field, (lambda layers: torch.tensor(by_steps(layers)),)),
    (checks.what_c3_sees, ((8, 21), (14, 27))),
    (checks.what_c3_sees, ([8, 21], np.array([14, 27]))),
    (checks.what_c3_sees, (torch.tensor([8, 21]), (2 * 7, 2 * 7 + 13))),
]
WRONG = [
    (checks.layers_to_see, (11, 5), "one upon another"),
    (checks.layers_to_see, (15, 5), "sees 31 pixels: one more"),
    (checks.layers_to_see, (32, 5), "on both sides"),
    (checks.layers_to_see, (10, 5), "alone is not 10"),
    (checks.layers_to_see, (16, 4), "one too few"),
    (checks.layers_to_see, (16, 16), "the jump doubles"),
    (checks.layers_to_see, (16, 6), "more than it takes"),
    (checks.layers_to_see, (16, 3), "3, 7, 15"),
    (checks.layers_to_see, (15.5, 5), "expected a whole number"),
    (checks.layers_to_see, (Forged(), 5), "expected a whole number"),
    (checks.layers_to_see, (..., ...), "no answer yet"),
    (checks.layer_sides, ([23, 28, 16, 55],), "A: 23 counts the steps"),
    (checks.layer_sides, ([24, 26, 16, 55],), "B: 26 pads one side"),
    (checks.layer_sides, ([24, 24, 16, 55],), "B: 24 leaves the padding out"),
    (checks.layer_sides, ([24, 28, 15, 55],), "C: 15 counts the steps"),
    (checks.layer_sides, ([24, 28, 32, 55],), "C: 32 forgets the stride: only every second"),
    (checks.layer_sides, ([24, 28, 17, 55],), "C: 17 rounds up"),
    (checks.layer_sides, ([24, 28, 16, 218],), "every 4th place"),
    (checks.layer_sides, ([24, 28, 16, 57],), "D: 57 is not it"),
    (checks.layer_sides, ([24, 28, 16],), "expected 4 whole numbers"),
    (checks.layer_sides, ([24, 28, 16, float("nan")],), "expected a whole number"),
    (checks.layer_sides, (Forged(),), "expected 4 whole numbers"),
    (checks.layer_sides, (...,), "no answer yet"),
    (checks.receptive_field, (lambda c: by_steps(c)[::-1],), "are exchanged"),
    (checks.receptive_field, (field(lambda k, s, j: k - 1),), "single pixels"),
    (
        checks.receptive_field,
        (lambda c: (sum(k for k, _ in c), by_steps(c)[1]),),
        "add k - 1",
    ),
    (checks.receptive_field, (field(lambda k, s, j: (k - 1) * j * s),), "size before the jump"),
    (checks.receptive_field, (lambda c: (by_steps(c)[0], sum(s for _, s in c)),), "multiply"),
    (checks.receptive_field, (lambda c: (by_steps(c)[0], 1),), "jump is 1 only before"),
    (checks.receptive_field, (lambda c: (14, 2),), "are not it"),
    (checks.receptive_field, (lambda c: by_steps(c)[0],), "expected 2 whole numbers"),
    (checks.receptive_field, (lambda c: (np.nan, 1),), "expected a whole number"),
    (checks.receptive_field, (lambda c: ...,), "no answer yet"),
    (checks.receptive_field, (14,), "expected a function"),
    (checks.receptive_field, (lambda c: Forged(),), "expected 2 whole numbers"),
    (checks.what_c3_sees, ((14, 27), (8, 21)), "exchanged"),
    (checks.what_c3_sees, ((8, 22), (14, 28)), "last one is included"),
    (checks.what_c3_sees, ((4, 17), (7, 20)), "2 pixels apart"),
    (checks.what_c3_sees, ((4, 8), (7, 11)), "units of S2"),
    (checks.what_c3_sees, ((8, 17), (14, 23)), "5 pixels more"),
    (checks.what_c3_sees, ((8, 12), (14, 18)), "sees 14 pixels"),
    (checks.what_c3_sees, ((0, 13), (0, 13)), "begin at jump x place"),
    (checks.what_c3_sees, (8, 14), "expected 2 whole numbers"),
    (checks.what_c3_sees, ((8, 21), ("14", "27")), "expected a whole number"),
    (checks.what_c3_sees, (..., ...), "no answer yet"),
]
