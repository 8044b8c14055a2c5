"""Answers to the exercises of "From pixels"."""

import numpy as np
import torch
from torch.nn import functional as F

from lenet_utils import checks

from .forged import Forged, ForgedTensor


def by_padding(images, rows, columns):
    padded = F.pad(images, (9, 9, 9, 9))
    height, width = images.shape[1:]
    return padded[:, 9 - rows : 9 - rows + height, 9 - columns : 9 - columns + width]


def by_rolling(images, rows, columns):
    moved = images.roll((rows, columns), (1, 2))
    if rows > 0:
        moved[:, :rows] = 0
    if rows < 0:
        moved[:, rows:] = 0
    if columns > 0:
        moved[:, :, :columns] = 0
    if columns < 0:
        moved[:, :, columns:] = 0
    return moved


def by_pixels(images, rows, columns):
    moved = torch.zeros_like(images)
    for i in range(images.shape[1]):
        for j in range(images.shape[2]):
            if 0 <= i + rows < images.shape[1] and 0 <= j + columns < images.shape[2]:
                moved[:, i + rows, j + columns] = images[:, i, j]
    return moved


def in_place(images, rows, columns):
    return images.copy_(by_padding(images, rows, columns))


def only_forward(images, rows, columns):
    return by_padding(images, max(rows, 0), max(columns, 0))


RIGHT = [
    (checks.parameters_by_layer, ([392_500, 75_150, 1_510],)),
    (checks.parameters_by_layer, (np.array([785 * 500, 501 * 150, 151 * 10]),)),
    (checks.parameters_by_layer, ((392_500.0, torch.tensor(75_150), 1_510),)),
    (checks.shift, (by_padding,)),
    (checks.shift, (by_rolling,)),
    (checks.shift, (by_pixels,)),
    (checks.shift, (lambda *a: by_padding(*a).double(),)),
    (checks.shifted_copies, (1_500_000,)),
    (checks.shifted_copies, (6e4 * 25,)),
    (checks.shifted_copies, (torch.tensor(60_000) * 5**2,)),
]
WRONG = [
    (checks.parameters_by_layer, ([392_000, 75_150, 1_510],), "first layer: 392,000 counts the"),
    (checks.parameters_by_layer, ([392_784, 75_150, 1_510],), "The units own the biases"),
    (checks.parameters_by_layer, ([392_500, 75_001, 1_510],), "second layer: 75,001 has a single"),
    (checks.parameters_by_layer, ([392_500, 75_150, 160],), "third layer: 160 adds"),
    (checks.parameters_by_layer, ([392_500, 75_150, 7],), "10 units, each with 150 weights"),
    (checks.parameters_by_layer, ([469_160],), "expected 3 whole numbers"),
    (checks.parameters_by_layer, (469_160,), "expected 3 whole numbers"),
    (checks.parameters_by_layer, ([392_500, float("nan"), 1_510],), "expected a whole number"),
    (checks.parameters_by_layer, (Forged(),), "expected 3 whole numbers"),
    (checks.parameters_by_layer, (...,), "no answer yet"),
    (checks.shift, (lambda x, r, c: x.roll((r, c), (1, 2)),), "comes in on the other"),
    (checks.shift, (lambda x, r, c: by_padding(x, -r, -c),), "move the other way"),
    (checks.shift, (lambda x, r, c: by_padding(x, c, r),), "are exchanged"),
    (checks.shift, (lambda x, r, c: x.clone(),), "did not move"),
    (checks.shift, (only_forward,), "did not move"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, abs(c)),), "move the other way"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, c) * (c >= 0),), "Up and left?"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, c) + 1,), "should come from"),
    (checks.shift, (in_place,), "changed the images that it was given"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, c)[0],), "expected (2, 5, 6)"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, c) * torch.nan,), "NaN"),
    (checks.shift, (lambda x, r, c: Forged(),), "expected a tensor"),
    (checks.shift, (lambda x, r, c: x.as_subclass(ForgedTensor),), "expected a tensor"),
    (checks.shift, (lambda x, r, c: ...,), "no answer yet"),
    (checks.shifted_copies, (240_000,), "combine"),
    (checks.shifted_copies, (300_000,), "one direction only"),
    (checks.shifted_copies, (540_000,), "right for one pixel"),
    (checks.shifted_copies, (960_000,), "leaves out the shift by 0"),
    (checks.shifted_copies, (1_440_000,), "as they are"),
    (checks.shifted_copies, (25,), "And for 60,000 of them?"),
    (checks.shifted_copies, (60_000,), "how many places"),
    (checks.shifted_copies, ("1500000",), "expected a whole number"),
]
