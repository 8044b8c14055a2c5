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


def by_counting_pixels(layers):
    """Follows two neighbours back to the picture, as sets of pixels."""
    seen = [{0}, {1}]
    for window, stride in reversed(layers):
        seen = [{place * stride + k for place in unit for k in range(window)} for unit in seen]
    return len(seen[0]), min(seen[1]) - min(seen[0])


def by_recursion(layers):
    if not layers:
        return np.array([1, 1])
    size, jump = by_recursion(layers[:-1])
    window, stride = layers[-1]
    return np.array([size + (window - 1) * jump, jump * stride])


def emptying(layers):
    size = jump = 1
    while layers:
        window, stride = layers.pop(0)
        size, jump = size + (window - 1) * jump, jump * stride
    return size, jump


def in_bytes(layers):
    size, jump = torch.ones(2, dtype=torch.uint8)
    for window, stride in layers:
        size = size + (window - 1) * jump
        jump = jump * stride
    return size, jump


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
    (checks.receptive_field, (by_counting_pixels,)),
    (checks.receptive_field, (by_recursion,)),
    (checks.receptive_field, (lambda layers: torch.tensor(by_steps(layers)).float(),)),
    (checks.layers_to_see, (np.float32(16), np.array(5))),
    (checks.layers_to_see, (torch.tensor(16.0), torch.tensor([5]))),
    (checks.layer_sides, (torch.tensor([24.0, 28.0, 16.0, 55.0]),)),
    (checks.layer_sides, (map(len, (range(24), range(28), range(16), range(55))),)),
    (checks.what_c3_sees, (np.array([8, 21]), np.array([14.0, 27.0]))),
    (checks.what_c3_sees, (range(8, 22, 13), range(14, 28, 13))),
    (checks.what_c3_sees, ((8, 21), (14, 27))),
    (checks.what_c3_sees, ([8, 21], np.array([14, 27]))),
    (checks.what_c3_sees, (torch.tensor([8, 21]), (2 * 7, 2 * 7 + 13))),
]
WRONG = [
    (checks.layers_to_see, (11, 5), "one upon another"),
    (checks.layers_to_see, (15, 5), "after 15 layers a unit sees 31 pixels, which is less"),
    (checks.layers_to_see, (32, 5), "on both sides"),
    (checks.layers_to_see, (10, 5), "after 10 layers a unit sees 21 pixels, which is less"),
    (checks.layers_to_see, (16, 4), "after 4 layers a unit sees 31 pixels, which is less"),
    (checks.layers_to_see, (16, 16), "but fewer are enough: the jump doubles"),
    (checks.layers_to_see, (16, 6), "after 6 layers a unit sees 127 pixels, but fewer"),
    (checks.layers_to_see, (16, 3), "after 3 layers a unit sees 15 pixels"),
    (checks.layers_to_see, (15.5, 5), "expected a whole number"),
    (checks.layers_to_see, (Forged(), 5), "expected a whole number"),
    (checks.layers_to_see, (..., ...), "no answer yet"),
    (checks.layer_sides, ([23, 28, 16, 55],), "A: 23 comes from counting the steps"),
    (checks.layer_sides, ([24, 26, 16, 55],), "B: 26 comes from padding one side"),
    (checks.layer_sides, ([24, 24, 16, 55],), "B: 24 comes from leaving the padding out"),
    (
        checks.layer_sides,
        ([24, 28, 15, 55],),
        "more place than steps), or leaving the padding out.",
    ),
    (
        checks.layer_sides,
        ([24, 28, 32, 55],),
        "C: 32 comes from forgetting the stride (only every second",
    ),
    (checks.layer_sides, ([24, 28, 17, 55],), "not used), or leaving the window out"),
    (checks.layer_sides, ([24, 28, 16, 218],), "every 4th place"),
    (
        checks.layer_sides,
        ([24, 28, 16, 60],),
        "D: 60 windows need 247 pixels; with its padding a row has 228",
    ),
    (checks.layer_sides, ([24, 28, 16],), "expected 4 whole numbers"),
    (checks.layer_sides, ([24, 28, 16, float("nan")],), "expected a whole number"),
    (checks.layer_sides, (Forged(),), "expected 4 whole numbers"),
    (checks.layer_sides, (...,), "no answer yet"),
    (checks.receptive_field, (lambda c: by_steps(c)[::-1],), "are exchanged"),
    (
        checks.receptive_field,
        (field(lambda k, s, j: k - 1),),
        "the size of 9 comes from adding windows as if every layer",
    ),
    (
        checks.receptive_field,
        (lambda c: (sum(k for k, _ in c), by_steps(c)[1]),),
        "the size of 11 comes from adding whole windows",
    ),
    (
        checks.receptive_field,
        (field(lambda k, s, j: (k - 1) * j * s),),
        "update the size before the jump",
    ),
    (
        checks.receptive_field,
        (lambda c: (by_steps(c)[0], sum(s for _, s in c)),),
        "the jump of 12 comes from adding the strides",
    ),
    (
        checks.receptive_field,
        (lambda c: (by_steps(c)[0], 1),),
        "1 is the jump before the first layer",
    ),
    (checks.receptive_field, (lambda c: (14, 2),), "size 14 and jump 2 are not it"),
    (checks.receptive_field, (lambda c: by_steps(c)[0],), "expected 2 whole numbers"),
    (checks.receptive_field, (lambda c: (np.nan, 1),), "expected a whole number"),
    (checks.receptive_field, (lambda c: ...,), "no answer yet"),
    (checks.receptive_field, (14,), "expected a function"),
    (checks.receptive_field, (lambda c: Forged(),), "expected 2 whole numbers"),
    (checks.what_c3_sees, ((14, 27), (8, 21)), "exchanged"),
    (checks.what_c3_sees, ((8, 22), (14, 28)), "last one is included"),
    (checks.what_c3_sees, ((4, 17), (7, 20)), "2 pixels apart"),
    (checks.what_c3_sees, ((4, 8), (7, 11)), "units of S2"),
    (checks.what_c3_sees, ((8, 17), (14, 23)), "reaches 4 pixels further"),
    (checks.what_c3_sees, ((8, 12), (14, 18)), "sees 14 pixels"),
    (checks.what_c3_sees, ((0, 13), (0, 13)), "rows 0 to 13 are 14 pixels, but begin wrongly"),
    (checks.what_c3_sees, (8, 14), "expected 2 whole numbers"),
    (checks.what_c3_sees, ((8, 21), ("14", "27")), "expected a whole number"),
    (checks.what_c3_sees, (..., ...), "no answer yet"),
    (checks.layers_to_see, (5, 16), "exchanged"),
    (checks.layers_to_see, (31, 5), "on both sides"),
    (checks.layers_to_see, (17, 5), "alone: after 17 layers a unit sees 35 pixels, but fewer"),
    (checks.layers_to_see, (0, 5), "expected a number of layers"),
    (checks.layers_to_see, (16, -5), "expected a number of layers"),
    (checks.layers_to_see, (16, 8), "the jump does not stay 2"),
    (checks.layers_to_see, (16, 10**9), "but fewer are enough"),
    (checks.layers_to_see, (16, "5"), "expected a whole number"),
    (checks.layers_to_see, (16, True), "expected a whole number"),
    (checks.layers_to_see, ([16], 5), "expected a whole number"),
    (checks.layer_sides, ([24, 28, 16, 54],), "steps), or padding one side only, or leaving"),
    (checks.layer_sides, ([24, 28, 16, 56],), "D: 56 comes from rounding up"),
    (checks.layer_sides, ([576, 28, 16, 55],), "A: 576 comes from counting the units of a whole"),
    (checks.layer_sides, ([55, 16, 28, 24],), "A: 55 windows need 59 pixels"),
    (checks.layer_sides, ([23, 27, 15, 54],), "A: 23 comes from counting the steps"),
    (checks.layer_sides, ([24, 28, 16.5, 55.25],), "expected a whole number"),
    (checks.layer_sides, ({24, 28, 16, 55},), "expected 4 whole numbers"),
    (checks.layer_sides, ("24 28 16 55",), "expected 4 whole numbers"),
    (checks.layer_sides, ([[24, 28], [28, 28], [16, 16], [55, 55]],), "expected a whole number"),
    (checks.layer_sides, ([24, 28, 16, 1],), "D: 1 is not it"),
    (checks.receptive_field, (emptying,), "changed the layers that it was given"),
    (checks.receptive_field, (in_bytes,), "for layers [(3, 2), (3, 2)"),
    (checks.receptive_field, (field(lambda k, s, j: (k - 1) * j, lambda j, s: s),), "last layer's"),
    (checks.receptive_field, (field(lambda k, s, j: k * j),), "not by window - 1"),
    (checks.receptive_field, (lambda c: by_steps(c[::-1]),), "taking the last layer first"),
    (checks.receptive_field, (lambda c: by_steps(c[:-1]),), "leaving out the last layer"),
    (checks.receptive_field, (lambda c: by_steps(c[1:]),), "leaving out the first layer"),
    (checks.receptive_field, (lambda c: (by_steps(c)[0] - 1, by_steps(c)[1]),), "with size 0"),
    (checks.receptive_field, (lambda c: (by_steps(c)[0], max(s for _, s in c)),), "largest"),
    (checks.receptive_field, (lambda c: (np.prod([k for k, _ in c]), 60),), "multiplying the win"),
    (checks.receptive_field, (lambda c: by_steps([(s, k) for k, s in c]),), "are not it"),
    (checks.receptive_field, (lambda c: set(by_steps(c)),), "expected 2 whole numbers"),
    (checks.receptive_field, (lambda c: dict([by_steps(c)]),), "expected 2 whole numbers"),
    (checks.receptive_field, (lambda a, b, c: (31, 60),), "raised TypeError"),
    (checks.what_c3_sees, ((8, 14), (21, 27)), "the first row and the first column"),
    (checks.what_c3_sees, ((9, 22), (15, 28)), "counted from 1"),
    (checks.what_c3_sees, ((6, 19), (12, 25)), "in the digit of 28 by 28"),
    (checks.what_c3_sees, ((16, 29), (28, 41)), "rows 16 to 29 are 14 pixels, but begin wrongly"),
    (checks.what_c3_sees, ((8, 21), (28, 41)), "columns 28 to 41: give"),
    (checks.what_c3_sees, ((21, 8), (27, 14)), "give the first, then the last"),
    (checks.what_c3_sees, ((8, 21), (7, 20)), "columns 7 to 20 are 14 pixels"),
    (checks.what_c3_sees, ((8, 23), (14, 29)), "rows 8 to 23 are 16 pixels; the unit sees 14"),
    (checks.what_c3_sees, ((-1, 12), (14, 27)), "from 0 to 31"),
    (checks.what_c3_sees, ({8, 21}, {14, 27}), "expected 2 whole numbers"),
    (checks.what_c3_sees, (range(8, 22), range(14, 28)), "expected 2 whole numbers"),
    (checks.what_c3_sees, ((8, 21), ...), "no answer yet"),
]
