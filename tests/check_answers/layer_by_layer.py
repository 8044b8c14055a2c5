"""Answers to the exercises of "Layer by layer"."""

import numpy as np
import torch
from torch.nn import functional as F

from lenet_utils import checks

from .forged import Forged, ForgedTensor


def sums(x):
    return F.avg_pool2d(x, 2) * 4


def by_views(x, coefficient, bias):
    n, c, h, w = x.shape
    blocks = x.view(n, c, h // 2, 2, w // 2, 2).sum((3, 5))
    return coefficient.view(1, -1, 1, 1) * blocks + bias.view(1, -1, 1, 1)


def by_slices(x, coefficient, bias):
    four = sum(x[..., i::2, j::2] for i in (0, 1) for j in (0, 1))
    return four * coefficient[:, None, None] + bias[:, None, None]


def by_loops(x, coefficient, bias):
    y = torch.empty(x.shape[0], x.shape[1], x.shape[2] // 2, x.shape[3] // 2)
    for c in range(x.shape[1]):
        for i in range(y.shape[2]):
            for j in range(y.shape[3]):
                block = x[:, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].sum((1, 2))
                y[:, c, i, j] = coefficient[c] * block + bias[c]
    return y


def counts(table, kernel, side):
    parameters = table.sum() * kernel**2 + len(table)
    return parameters, parameters * side**2


def column(values):
    return values[:, None, None]


RIGHT = [
    (checks.seven_by_seven, ((6, 26, 26), 300, 202_800)),
    (checks.seven_by_seven, ([6, 26, 26], 300.0, np.int64(202_800))),
    (checks.seven_by_seven, (torch.Size([6, 26, 26]), torch.tensor(300), 6 * 26 * 26 * 50)),
    (checks.c3_counts, (counts,)),
    (checks.c3_counts, (lambda t, k, s: [int(p) for p in counts(t, k, s)],)),
    (checks.c3_counts, (lambda t, k, s: tuple(np.array([int(p) for p in counts(t, k, s)])),)),
    (checks.subsampling, (by_views,)),
    (checks.subsampling, (by_slices,)),
    (checks.subsampling, (by_loops,)),
]
WRONG = [
    (checks.seven_by_seven, ((6, 25, 25), 300, 202_800), "32 - k + 1"),
    (checks.seven_by_seven, ((6, 28, 28), 300, 202_800), "fewer positions"),
    (checks.seven_by_seven, ((1, 26, 26), 300, 202_800), "six maps"),
    (checks.seven_by_seven, ((6, 26, 26), 294, 202_800), "bias as well"),
    (checks.seven_by_seven, ((6, 26, 26), 50, 202_800), "one map's share"),
    (checks.seven_by_seven, ((6, 26, 26), 156, 202_800), "expected six kernels"),
    (checks.seven_by_seven, ((6, 26, 26), 300, 198_744), "leaves out the bias"),
    (checks.seven_by_seven, ((6, 26, 26), 300, 300), "7 x 7 + 1"),
    (checks.seven_by_seven, ("6x26x26", 300, 202_800), "expected 3 whole numbers"),
    (checks.seven_by_seven, ((6, 26), 300, 202_800), "expected 3 whole numbers"),
    (checks.seven_by_seven, ((6, 26, 26), float("nan"), 202_800), "expected a whole number"),
    (checks.seven_by_seven, ((6, 26, 26), True, 202_800), "expected a whole number"),
    (checks.seven_by_seven, ((6, 26, 26), Forged(), 202_800), "expected a whole number"),
    (checks.seven_by_seven, (Forged(), 300, 202_800), "expected 3 whole numbers"),
    (checks.seven_by_seven, (..., ..., ...), "no answer yet"),
    (checks.c3_counts, (lambda t, k, s: (t.numel() * k * k + len(t), 0),), "Count only the cros"),
    (checks.c3_counts, (lambda t, k, s: (t.sum() * k * k, 0),), "leave out the bias"),
    (checks.c3_counts, (lambda t, k, s: (t.sum() * (k * k + 1), 0),), "a map has only one"),
    (checks.c3_counts, (lambda t, k, s: (1516, 151_600),), "crosses x k x k"),
    (checks.c3_counts, (lambda t, k, s: (counts(t, k, s)[0],) * 2,), "at each position"),
    (checks.c3_counts, (lambda t, k, s: (counts(t, k, s)[0], 7),), "parameters x positions"),
    (checks.c3_counts, (lambda t, k, s: None,), "returned nothing"),
    (checks.c3_counts, (lambda t, k: (1, 2),), "raised TypeError"),
    (checks.c3_counts, ((1516, 151_600),), "expected a function"),
    (checks.c3_counts, (lambda t, k, s: Forged(),), "expected 2 whole numbers"),
    (checks.subsampling, (lambda x, a, b: sums(x) / 4 * column(a) + column(b),), "adds them"),
    (checks.subsampling, (lambda x, a, b: sums(x) * column(a),), "bias is missing"),
    (checks.subsampling, (lambda x, a, b: (sums(x) + column(b)) * column(a),), "scaled too"),
    (
        checks.subsampling,
        (lambda x, a, b: 1.7159 * torch.tanh(2 / 3 * by_views(x, a, b)),),
        "squashed already",
    ),
    (
        checks.subsampling,
        (lambda x, a, b: F.max_pool2d(x, 2) * column(a) + column(b),),
        "maximum of the four",
    ),
    (checks.subsampling, (lambda x, a, b: torch.zeros(2, 3, 2, 3),), "Compare one unit by hand"),
    (checks.subsampling, (lambda x, a, b: x,), "expected (2, 3, 2, 3)"),
    (checks.subsampling, (lambda x, a, b: torch.full((2, 3, 2, 3), torch.nan),), "NaN"),
    (checks.subsampling, (lambda x, a, b: Forged(),), "expected a tensor"),
    (
        checks.subsampling,
        (lambda x, a, b: torch.zeros(2, 3, 2, 3).as_subclass(ForgedTensor),),
        "expected a tensor",
    ),
]
