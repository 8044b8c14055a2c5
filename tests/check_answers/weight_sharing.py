"""Answers to the exercises of "Weight sharing"."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from lenet_utils import checks

from .forged import Forged, ForgedTensor


def by_unfold(x, weight, bias):
    n, _, height, width = x.shape
    m, _, k, _ = weight.shape
    sums = weight.reshape(m, -1) @ F.unfold(x, k)
    return sums.view(n, m, height - k + 1, width - k + 1) + bias.view(1, -1, 1, 1)


def by_einsum(x, weight, bias):
    windows = x.unfold(2, weight.shape[2], 1).unfold(3, weight.shape[3], 1)
    return torch.einsum("nchwij,mcij->nmhw", windows, weight) + bias[:, None, None]


def by_loops(x, weight, bias):
    k = weight.shape[-1]
    y = torch.empty(len(x), len(weight), x.shape[2] - k + 1, x.shape[3] - k + 1)
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            window = x[:, None, :, i : i + k, j : j + k]
            y[:, :, i, j] = (window * weight).sum((2, 3, 4)) + bias
    return y


def turned(x, kernel):
    return F.conv2d(x[None, None], kernel.flip(0, 1)[None, None])[0, 0]


def by_minus(x, kernel):
    k = len(kernel)
    y = torch.zeros(x.shape[0] - k + 1, x.shape[1] - k + 1)
    for u in range(k):
        for v in range(k):
            rows, columns = k - 1 - u, k - 1 - v
            y += kernel[u, v] * x[rows : rows + len(y), columns : columns + y.shape[1]]
    return y


def correlate(x, kernel):
    return F.conv2d(x[None, None], kernel[None, None])[0, 0]


def layer(change, bias=lambda b: b):
    """Make a layer that is right but for its weights or biases."""
    return lambda x, w, b: F.conv2d(x, change(w), bias(b))


def by_windows(x, wanted):
    k = len(x) - len(wanted) + 1
    total = torch.zeros(k, k)
    for i in range(wanted.shape[0]):
        for j in range(wanted.shape[1]):
            total += wanted[i, j] * x[i : i + k, j : j + k]
    return total


def by_autograd(x, wanted):
    kernel = torch.zeros(3, 3, requires_grad=True)
    (correlate(x, kernel) * wanted).sum().backward()
    return kernel.grad


def only_the_last(x, wanted):
    for i in range(wanted.shape[0]):
        for j in range(wanted.shape[1]):
            total = wanted[i, j] * x[i : i + 3, j : j + 3]
    return total


RIGHT = [
    (checks.kernel_gradient, (correlate,)),
    (checks.kernel_gradient, (by_windows,)),
    (checks.kernel_gradient, (by_autograd,)),
    (checks.colour_counts, (448, 1_722_112)),
    (checks.colour_counts, (np.int64(448), 1_722_112.0)),
    (checks.colour_counts, (torch.tensor(16 * 28), torch.tensor(62 * 62 * 16 * 28))),
    (checks.unfolded, (by_unfold,)),
    (checks.unfolded, (by_einsum,)),
    (checks.unfolded, (by_loops,)),
    (checks.unfolded, (lambda *a: nn.Parameter(by_unfold(*a)),)),
    (checks.textbook_convolution, (turned,)),
    (checks.textbook_convolution, (by_minus,)),
    (checks.textbook_convolution, (lambda x, k: correlate(x, k.rot90(2)),)),
]
WRONG = [
    (checks.kernel_gradient, (lambda x, w: correlate(x, w) / w.numel(),), "is a sum"),
    (checks.kernel_gradient, (turned,), "The shape is right"),
    (checks.kernel_gradient, (lambda x, w: correlate(x, w).flip(0, 1),), "turned round"),
    (checks.kernel_gradient, (lambda x, w: correlate(x, w).T,), "are exchanged"),
    (checks.kernel_gradient, (lambda x, w: w[0, 0] * x[:3, :3],), "wants, the first"),
    (checks.kernel_gradient, (only_the_last,), "instead of replacing it"),
    (checks.kernel_gradient, (lambda x, w: by_windows(x, w**0),), "whatever their units want"),
    (checks.kernel_gradient, (lambda x, w: w * x[:5, :7],), "one for each weight"),
    (checks.kernel_gradient, (lambda x, w: correlate(x, w)[None, None],), "take [0, 0]"),
    (checks.kernel_gradient, (lambda x, w: x,), "expected (3, 3)"),
    (checks.kernel_gradient, (lambda x, w: correlate(x, w) / 0,), "NaN or infinite"),
    (checks.kernel_gradient, (lambda x, w: Forged(),), "expected a tensor"),
    (checks.kernel_gradient, (lambda x, w: ...,), "no answer yet"),
    (checks.colour_counts, (160, 0), "all three colours"),
    (checks.colour_counts, (432, 0), "one bias as well"),
    (checks.colour_counts, (480, 0), "three biases"),
    (checks.colour_counts, (28, 0), "one map's share"),
    (checks.colour_counts, (156, 0), "3 x 3 x 3 weights"),
    (checks.colour_counts, (448, 448), "28 of its own"),
    (checks.colour_counts, (448, 64 * 64 * 448), "64 - 3 + 1"),
    (checks.colour_counts, (448, 62 * 62 * 432), "leaves out the biases"),
    (checks.colour_counts, (448, 62 * 62 * 28), "one map"),
    (checks.colour_counts, (448, 7), "28 parameters a unit"),
    (checks.colour_counts, (..., ...), "no answer yet"),
    (checks.colour_counts, (float("nan"), 7), "expected a whole number"),
    (checks.colour_counts, (448, "1722112"), "expected a whole number"),
    (checks.colour_counts, (Forged(), Forged()), "expected a whole number"),
    (checks.unfolded, (layer(lambda w: w, torch.zeros_like),), "bias is missing"),
    (checks.unfolded, (layer(lambda w: w.flip(2, 3)),), "turned round"),
    (checks.unfolded, (layer(lambda w: w.mT),), "Rows and columns"),
    (checks.unfolded, (lambda x, w, b: F.conv2d(x[:, :1], w[:, :1], b),), "first input map only"),
    (
        checks.unfolded,
        (lambda x, w, b: by_unfold(x, w.permute(0, 2, 3, 1).reshape(w.shape), b),),
        "another order",
    ),
    (checks.unfolded, (lambda x, w, b: by_unfold(x, w, b).flatten(2),), "stand in one row"),
    (checks.unfolded, (lambda x, w, b: by_unfold(x, w, b).transpose(0, 1),), "are exchanged"),
    (checks.unfolded, (lambda x, w, b: by_unfold(x, w, b).mT,), "expected (2, 4, 4, 6)"),
    (checks.unfolded, (lambda x, w, b: by_unfold(x, w, b) * 2,), "Compare one unit by hand"),
    (checks.unfolded, (lambda x, w, b: by_unfold(x, w, b) / 0,), "NaN or infinite"),
    (checks.unfolded, (lambda x, w, b: ...,), "no answer yet"),
    (checks.unfolded, (lambda x, w, b: Forged(),), "expected a tensor"),
    (checks.unfolded, (lambda *a: by_unfold(*a).as_subclass(ForgedTensor),), "expected a tensor"),
    (checks.unfolded, (lambda x: x,), "raised TypeError"),
    (checks.textbook_convolution, (correlate,), "conv2d as it is"),
    (checks.textbook_convolution, (lambda x, k: correlate(x, k.flip(0)),), "upside down"),
    (checks.textbook_convolution, (lambda x, k: correlate(x, k.flip(1)),), "not up and down"),
    (checks.textbook_convolution, (lambda x, k: correlate(x, k.T),), "its diagonal"),
    (checks.textbook_convolution, (lambda x, k: correlate(x, k.rot90(1)),), "by a quarter"),
    (checks.textbook_convolution, (lambda x, k: correlate(x, k.rot90(-1)),), "by a quarter"),
    (checks.textbook_convolution, (lambda x, k: correlate(x.flip(0, 1), k),), "turn the kernel"),
    (checks.textbook_convolution, (lambda x, k: turned(x, k)[None, None],), "take [0, 0]"),
    (checks.textbook_convolution, (lambda x, k: turned(x, k) + 1,), "a single 1"),
    (checks.textbook_convolution, (lambda x, k: x,), "expected (5, 7)"),
    (checks.textbook_convolution, (lambda x, k: turned(x, k).log(),), "NaN or infinite"),
    (checks.textbook_convolution, (lambda x, k: Forged(),), "expected a tensor"),
]
