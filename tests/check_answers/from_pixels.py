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


def by_clipped_slices(images, rows, columns):
    height, width = images.shape[1:]
    moved = torch.zeros_like(images)
    inside = images[:, max(0, -rows) : max(0, height - rows)]
    inside = inside[:, :, max(0, -columns) : max(0, width - columns)]
    top, left = max(0, rows), max(0, columns)
    moved[:, top : top + inside.shape[1], left : left + inside.shape[2]] = inside
    return moved


def by_matrices(images, rows, columns):
    height, width = images.shape[1:]
    down = torch.diag(torch.ones(max(0, height - abs(rows))), -rows)[:height, :height]
    across = torch.diag(torch.ones(max(0, width - abs(columns))), columns)[:width, :width]
    if not down.numel() or not across.numel() or height <= abs(rows) or width <= abs(columns):
        return torch.zeros_like(images)
    return torch.einsum("ij,njk,kl->nil", down, images, across)


def by_negative_padding(images, rows, columns):
    """Pads with what is negative on one side, which crops."""
    rows = max(-images.shape[1], min(images.shape[1], rows))
    columns = max(-images.shape[2], min(images.shape[2], columns))
    return F.pad(images, (columns, -columns, rows, -rows))


def by_slices(images, rows, columns):
    """Fails where a picture is moved out of sight: its slices have other sizes."""
    height, width = images.shape[1:]
    moved = torch.zeros_like(images)
    from_rows = slice(max(0, -rows), height - max(0, rows))
    from_columns = slice(max(0, -columns), width - max(0, columns))
    to_rows = slice(max(0, rows), height - max(0, -rows))
    to_columns = slice(max(0, columns), width - max(0, -columns))
    moved[:, to_rows, to_columns] = images[:, from_rows, from_columns]
    return moved


def by_small_padding(images, rows, columns):
    """Moves back what left the picture: its padding is too small for far shifts."""
    padded = F.pad(images, (3, 3, 3, 3)).roll((rows, columns), (1, 2))
    return padded[:, 3:-3, 3:-3]


def with_the_edge_repeated(images, rows, columns):
    padded = F.pad(images, (9, 9, 9, 9), mode="replicate")
    return padded.roll((rows, columns), (1, 2))[:, 9:-9, 9:-9]


def with_background_of(value):
    return lambda x, r, c: by_padding(x - value, r, c) + value


def only_the_first(images, rows, columns):
    moved = images.clone()
    moved[:1] = by_padding(images[:1], rows, columns)
    return moved


LAYERS = ((784, 500), (500, 150), (150, 10))

RIGHT = [
    (checks.parameters_by_layer, ([392_500, 75_150, 1_510],)),
    (checks.parameters_by_layer, (np.array([785 * 500, 501 * 150, 151 * 10]),)),
    (checks.parameters_by_layer, ((392_500.0, torch.tensor(75_150), 1_510),)),
    (checks.parameters_by_layer, (torch.tensor([392_500.0, 75_150.0, 1_510.0]),)),
    (checks.parameters_by_layer, ([units * (inputs + 1) for inputs, units in LAYERS],)),
    (checks.shift, (by_clipped_slices,)),
    (checks.shift, (by_matrices,)),
    (checks.shift, (by_negative_padding,)),
    (checks.shift, (lambda *a: by_padding(*a).mT.contiguous().mT.requires_grad_(),)),
    (checks.shifted_copies, (np.float32(1_500_000),)),
    (checks.shifted_copies, (torch.tensor(1.5e6),)),
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
    (checks.shifted_copies, (240_000,), "gives each digit 4 places. Five in a row"),
    (checks.shifted_copies, (300_000,), "gives each digit 5 places"),
    (checks.shifted_copies, (540_000,), "one pixel away and not two"),
    (checks.shifted_copies, (960_000,), "the shift by 0 is left out in each"),
    (checks.shifted_copies, (1_440_000,), "as they are"),
    (checks.shifted_copies, (25,), "And for 60,000 of them?"),
    (checks.shifted_copies, (60_000,), "gives each digit 1 places"),
    (checks.shifted_copies, ("1500000",), "expected a whole number"),
    (checks.parameters_by_layer, ([1_510, 75_150, 392_500],), "in the wrong order"),
    (checks.parameters_by_layer, ([785 * 501, 75_150, 1_510],), "one unit too many"),
    (checks.parameters_by_layer, ([500, 150, 10],), "first layer: 500 counts the units"),
    (checks.parameters_by_layer, ([1025 * 500, 75_150, 1_510],), "each with 784 weights"),
    (checks.parameters_by_layer, ([392_500, 150 * 785, 1_510],), "each with 500 weights"),
    (
        checks.parameters_by_layer,
        (np.array([392_500, 75_150, 1_510]).astype(np.int16),),
        "-716 is not it",
    ),
    (checks.parameters_by_layer, ({392_500, 75_150, 1_510},), "expected 3 whole numbers"),
    (checks.parameters_by_layer, (["392500", 75_150, 1_510],), "expected a whole number"),
    (checks.parameters_by_layer, ([392_500, 75_150, 1_510 + 0j],), "expected a whole number"),
    (checks.shift, (by_slices,), "raised RuntimeError"),
    (checks.shift, (by_small_padding,), "is moved out of sight: all is 0"),
    (checks.shift, (with_the_edge_repeated,), "what comes in at the edge is not 0"),
    (checks.shift, (with_background_of(-0.1),), "what comes in at the edge is not 0"),
    (checks.shift, (only_the_first,), "the first picture is right, but the others"),
    (checks.shift, (lambda x, r, c: by_padding(x, 2 * r, 2 * c),), "twice as far"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, -c),), "move the other way"),
    (checks.shift, (lambda x, r, c: by_padding(x, r * (c == 0), c),), "but not by rows"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, c * (r == 0)),), "but not by columns"),
    (checks.shift, (lambda x, r, c: x.roll((r, c), (0, 1)),), "should come from"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, c).clamp(min=0),), "should come from"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, c).long(),), "should come from"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, c).mT,), "expected (2, 5, 6)"),
    (checks.shift, (lambda x, r, c: x[:, max(0, r) :, max(0, c) :],), "has shape (2, 5, 4)"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, c).numpy(),), "expected a tensor"),
    (checks.shift, (lambda x, r, c: by_padding(x, r, c) + 0j,), "complex numbers"),
    (checks.shift, (lambda x: x,), "raised TypeError"),
    (checks.shifted_copies, (1_560_000,), "not moved twice"),
    (checks.shifted_copies, (1_750_000,), "takes the test digits too"),
    (checks.shifted_copies, (480_000,), "uncombined and without the digit itself"),
    (checks.shifted_copies, (540_000,), "or four directions at two distances"),
    (checks.shifted_copies, (600_000,), "in a column are added"),
    (checks.shifted_copies, (60_025,), "60,025 is not it"),
    (checks.shifted_copies, (-1_500_000,), "-1,500,000 is not it"),
    (checks.shifted_copies, (1_500_000.5,), "expected a whole number"),
    (checks.shifted_copies, ([1_500_000],), "expected a whole number"),
    (checks.shifted_copies, (True,), "expected a whole number"),
]
