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


def layer(change=lambda w: w, bias=lambda b: b):
    """Make a layer that is right but for its weights or biases."""
    return lambda x, w, b: by_unfold(x, change(w), bias(b))


def by_tensordot(x, weight, bias):
    windows = x.unfold(2, weight.shape[2], 1).unfold(3, weight.shape[3], 1)
    return torch.tensordot(weight, windows, ([1, 2, 3], [1, 4, 5])).transpose(0, 1) + bias.view(
        1, -1, 1, 1
    )


def by_fold(x, weight, bias):
    k = weight.shape[-1]
    sums = torch.einsum("mc,ncp->nmp", weight.flatten(1), F.unfold(x.double(), k).float())
    return F.fold(sums, (x.shape[2] - k + 1, x.shape[3] - k + 1), 1) + bias[:, None, None]


def by_module(x, weight, bias):
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2])
    layer.weight.data, layer.bias.data = weight, bias
    return layer(x)


def by_transposed(x, weight, bias):
    k = weight.shape[-1]
    full = F.conv_transpose2d(x, weight.flip(2, 3).transpose(0, 1), bias)
    return full[:, :, k - 1 : 1 - k, k - 1 : 1 - k]


def with_places_in_columns(x, weight, bias):
    y = by_unfold(x, weight, bias)
    return y.flatten(2).view(*y.shape[:2], y.shape[3], y.shape[2]).mT


def by_scipy(x, kernel):
    from scipy.signal import convolve2d

    return torch.from_numpy(convolve2d(x.numpy(), kernel.numpy(), mode="valid"))


def by_definition(x, kernel):
    k = len(kernel)
    rows, columns = x.shape[0] - k + 1, x.shape[1] - k + 1
    cells = [
        sum(
            kernel[u, v].item() * x[i + k - 1 - u, j + k - 1 - v].item()
            for u in range(k)
            for v in range(k)
        )
        for i in range(rows)
        for j in range(columns)
    ]
    return torch.tensor(cells, dtype=torch.float64).view(rows, columns)


def by_layer(x, kernel):
    layer = nn.Conv2d(1, 1, len(kernel), bias=False)
    layer.weight.data[0, 0] = kernel.rot90(2)
    return layer(x[None, None])[0, 0]


def by_turning_all(x, kernel):
    return correlate(x.flip(0, 1), kernel).flip(0, 1)


def with_room(room):
    return lambda x, k: F.conv2d(x[None, None], k.flip(0, 1)[None, None], padding=room(len(k)))[
        0, 0
    ]


def turning_in_place(x, kernel):
    kernel.copy_(kernel.flip(0, 1))
    return correlate(x, kernel)


def by_windows(x, slopes):
    k = len(x) - len(slopes) + 1
    total = torch.zeros(k, k)
    for i in range(slopes.shape[0]):
        for j in range(slopes.shape[1]):
            total += slopes[i, j] * x[i : i + k, j : j + k]
    return total


def by_autograd(x, slopes):
    kernel = torch.zeros(len(x) - len(slopes) + 1, len(x) - len(slopes) + 1, requires_grad=True)
    (correlate(x, kernel) * slopes).sum().backward()
    return kernel.grad


def by_weights(x, slopes):
    rows, columns = slopes.shape
    k = x.shape[0] - rows + 1
    cells = [
        [(slopes * x[u : u + rows, v : v + columns]).sum() for v in range(k)] for u in range(k)
    ]
    return torch.tensor(cells)


def by_contraction(x, slopes):
    return torch.einsum(
        "uvij,ij->uv", x.unfold(0, len(slopes), 1).unfold(1, slopes.shape[1], 1), slopes
    )


def by_numpy(x, slopes):
    windows = np.lib.stride_tricks.sliding_window_view(x.numpy(), tuple(slopes.shape))
    return torch.from_numpy((windows * slopes.numpy()).sum((2, 3)))


def only_the_last(x, slopes):
    k = len(x) - len(slopes) + 1
    for i in range(slopes.shape[0]):
        for j in range(slopes.shape[1]):
            total = slopes[i, j] * x[i : i + k, j : j + k]
    return total


def three_by_three(x, slopes):
    return by_windows(x, slopes) if len(x) == 7 else torch.zeros(3, 3)


def without_grad(x, slopes):
    torch.set_grad_enabled(False)
    return correlate(x, slopes)


def scaling_in_place(x, slopes):
    slopes /= 1
    x *= 2
    return correlate(x, slopes) / 2


def every_unit(x, slopes):
    k = len(x) - len(slopes) + 1
    return slopes[:, :, None, None] * x.unfold(0, k, 1).unfold(1, k, 1)


RIGHT = [
    (checks.kernel_gradient, (correlate,)),
    (checks.kernel_gradient, (by_windows,)),
    (checks.kernel_gradient, (by_autograd,)),
    (checks.kernel_gradient, (by_weights,)),
    (checks.kernel_gradient, (by_contraction,)),
    (checks.kernel_gradient, (by_numpy,)),
    (checks.kernel_gradient, (lambda x, g: by_windows(x, g).double().mT.contiguous().mT,)),
    (checks.rgb_parameters, (448, 1_722_112)),
    (checks.rgb_parameters, (np.float32(448), torch.tensor(1_722_112.0))),
    (checks.rgb_parameters, (np.array(448), torch.tensor([1_722_112]))),
    (checks.unfolded, (by_tensordot,)),
    (checks.unfolded, (by_fold,)),
    (checks.unfolded, (lambda *a: by_unfold(*(part.double() for part in a)),)),
    (checks.textbook_convolution, (by_scipy,)),
    (checks.textbook_convolution, (by_definition,)),
    (checks.textbook_convolution, (by_layer,)),
    (checks.textbook_convolution, (by_turning_all,)),
    (checks.rgb_parameters, (np.int64(448), 1_722_112.0)),
    (checks.rgb_parameters, (torch.tensor(16 * 28), torch.tensor(62 * 62 * 16 * 28))),
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
    (checks.kernel_gradient, (turned,), "turned round before conv2d"),
    (checks.kernel_gradient, (lambda x, w: correlate(x, w).flip(0, 1),), "turned round"),
    (checks.kernel_gradient, (lambda x, w: correlate(x, w).T,), "are exchanged"),
    (checks.kernel_gradient, (lambda x, w: w[0, 0] * x[:3, :3],), "of one unit, the first"),
    (checks.kernel_gradient, (only_the_last,), "instead of replacing it"),
    (
        checks.kernel_gradient,
        (lambda x, w: by_windows(x, w**0),),
        "without their units' derivatives",
    ),
    (checks.kernel_gradient, (lambda x, w: w * x[: len(w), : w.shape[1]],), "one for each weight"),
    (checks.kernel_gradient, (lambda x, w: correlate(x, w)[None, None],), "take [0, 0]"),
    (checks.kernel_gradient, (lambda x, w: x,), "one number for each pixel"),
    (checks.kernel_gradient, (lambda x, w: correlate(x, w) / 0,), "NaN or infinite"),
    (checks.kernel_gradient, (lambda x, w: Forged(),), "expected a tensor"),
    (checks.kernel_gradient, (lambda x, w: ...,), "no answer yet"),
    (checks.rgb_parameters, (160, 0), "160 counts a grey picture"),
    (checks.rgb_parameters, (432, 0), "one bias as well"),
    (checks.rgb_parameters, (480, 0), "three biases"),
    (checks.rgb_parameters, (28, 0), "28 counts one map"),
    (checks.rgb_parameters, (156, 0), "3 x 3 x 3 weights"),
    (checks.rgb_parameters, (448, 448), "28 of its own"),
    (checks.rgb_parameters, (448, 64 * 64 * 448), "64 - 3 + 1"),
    (checks.rgb_parameters, (448, 62 * 62 * 432), "counts weights alone"),
    (checks.rgb_parameters, (448, 62 * 62 * 28), "one map"),
    (checks.rgb_parameters, (448, 7), "28 parameters a unit"),
    (checks.rgb_parameters, (..., ...), "no answer yet"),
    (checks.rgb_parameters, (float("nan"), 7), "expected a whole number"),
    (checks.rgb_parameters, (448, "1722112"), "expected a whole number"),
    (checks.rgb_parameters, (Forged(), Forged()), "expected a whole number"),
    (checks.unfolded, (layer(bias=torch.zeros_like),), "bias is missing"),
    (checks.unfolded, (layer(lambda w: w.flip(2, 3)),), "turned round"),
    (checks.unfolded, (layer(lambda w: w.mT),), "Rows and columns"),
    (checks.unfolded, (lambda x, w, b: by_unfold(x[:, :1], w[:, :1], b),), "first input map only"),
    (
        checks.unfolded,
        (lambda x, w, b: by_unfold(x, w.permute(0, 2, 3, 1).reshape(w.shape), b),),
        "another order",
    ),
    (checks.unfolded, (lambda x, w, b: by_unfold(x, w, b).flatten(2),), "stand in one row"),
    (checks.unfolded, (lambda x, w, b: by_unfold(x, w, b).transpose(0, 1),), "are exchanged"),
    (checks.unfolded, (lambda x, w, b: by_unfold(x, w, b).mT,), "rows and columns are exchanged"),
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
    (
        checks.textbook_convolution,
        (lambda x, k: correlate(x.flip(0, 1), k),),
        "Is the picture turned? Turn the kernel",
    ),
    (checks.textbook_convolution, (lambda x, k: turned(x, k)[None, None],), "take [0, 0]"),
    (checks.textbook_convolution, (lambda x, k: turned(x, k) + 1,), "a single 1"),
    (checks.textbook_convolution, (lambda x, k: x,), "sticks out of the picture; (5, 7) is left"),
    (checks.textbook_convolution, (lambda x, k: turned(x, k).log(),), "NaN or infinite"),
    (checks.textbook_convolution, (lambda x, k: Forged(),), "expected a tensor"),
    (checks.kernel_gradient, (lambda x, g: -correlate(x, g),), "the way downhill"),
    (checks.kernel_gradient, (every_unit,), "the gradients of all units by themselves"),
    (checks.kernel_gradient, (lambda x, g: F.pad(g, (1, 1, 1, 1)) * x,), "for each pixel"),
    (checks.kernel_gradient, (lambda x, g: g.sum().expand(3, 3),), "without their windows"),
    (checks.kernel_gradient, (lambda x, g: by_windows(x, g**0) * g.sum(),), "multiplies two sums"),
    (checks.kernel_gradient, (lambda x, g: by_windows(x, g.abs()),), "the values are not"),
    (checks.kernel_gradient, (lambda x, g: correlate(x, g).round(),), "the values are not"),
    (checks.kernel_gradient, (three_by_three,), "expected (2, 2)"),
    (checks.kernel_gradient, (without_grad,), "left torch.set_grad_enabled changed"),
    (checks.kernel_gradient, (scaling_in_place,), "changed the x that it was given"),
    (checks.kernel_gradient, (lambda x, g: correlate(x, g).bfloat16(),), "torch.bfloat16"),
    (checks.kernel_gradient, (lambda x, g: correlate(x, g).tolist(),), "expected a tensor"),
    (checks.rgb_parameters, (1_722_112, 448), "exchanged"),
    (checks.rgb_parameters, (433, 0), "one bias for all maps"),
    (checks.rgb_parameters, (16 * 76, 0), "5 by 5 kernels"),
    (checks.rgb_parameters, (448, 62 * 62 * 432 + 16), "a bias for each map"),
    (checks.rgb_parameters, (448, 61 * 61 * 448), "64 - 3 places in a row"),
    (checks.rgb_parameters, (448, 62 * 62 * 160), "a grey picture"),
    (checks.rgb_parameters, (448, 62 * 62 * 16), "counts units"),
    (checks.rgb_parameters, (448, 62 * 448), "one row of units"),
    (
        checks.rgb_parameters,
        (448, np.array(1_722_112).astype(np.int16)),
        "18,176 is not it",
    ),
    (checks.rgb_parameters, (448.5, 1_722_112), "expected a whole number"),
    (checks.rgb_parameters, (True, 1_722_112), "expected a whole number"),
    (checks.unfolded, (lambda x, w, b: F.conv2d(x, w, b),), "calls F.conv2d, or what does its"),
    (checks.unfolded, (by_module,), "calls F.conv2d, or what does its work"),
    (checks.unfolded, (by_transposed,), "calls F.conv2d, or what does its work"),
    (checks.unfolded, (layer(bias=lambda b: 2 * b),), "more than once"),
    (checks.unfolded, (layer(bias=lambda b: -b),), "The bias is subtracted"),
    (checks.unfolded, (layer(bias=lambda b: b.flip(0)),), "Compare one unit by hand"),
    (checks.unfolded, (layer(lambda w: w.flip(1)),), "Compare one unit by hand"),
    (checks.unfolded, (layer(lambda w: w / w[0].numel()),), "a mean over the window"),
    (checks.unfolded, (with_places_in_columns,), "goes along the rows"),
    (checks.unfolded, (lambda *a: by_unfold(*a).tanh(),), "stops at the sum"),
    (checks.unfolded, (lambda *a: by_unfold(*a).relu(),), "Negative sums are cut off"),
    (checks.unfolded, (lambda *a: by_unfold(*a).permute(0, 2, 3, 1),), "the maps come last"),
    (checks.unfolded, (lambda x, w, b: by_unfold(x, w, b.mul_(1).add_(1)) - 1,), "changed the b"),
    (checks.unfolded, (lambda *a: by_unfold(*a)[:1].expand(2, -1, -1, -1),), "Compare one unit"),
    (checks.unfolded, (lambda *a: by_unfold(*a).long(),), "Compare one unit"),
    (checks.textbook_convolution, (lambda x, k: correlate(x, k.T.flip(0, 1)),), "other diagonal"),
    (checks.textbook_convolution, (lambda x, k: turned(x, k).flip(0, 1),), "Is the picture turned"),
    (
        checks.textbook_convolution,
        (lambda x, k: correlate(x, k).flip(0, 1),),
        "turned round instead of the kernel",
    ),
    (checks.textbook_convolution, (lambda x, k: -turned(x, k),), "The sign is the other way"),
    (checks.textbook_convolution, (lambda x, k: turned(x, k) / k.numel(),), "a mean over"),
    (checks.textbook_convolution, (lambda x, k: turned(x, k / k.sum()),), "a single 1"),
    (checks.textbook_convolution, (with_room(lambda k: k - 1),), "shape (9, 11): leave out"),
    (checks.textbook_convolution, (with_room(lambda k: k // 2),), "shape (7, 9): leave out"),
    (checks.textbook_convolution, (turning_in_place,), "changed the kernel that it was given"),
    (checks.textbook_convolution, (lambda x, k: turned(x, k[:3, :3]),), "expected (5, 3)"),
    (checks.textbook_convolution, (lambda x, k: turned(x, k).T,), "expected (5, 7)"),
    (checks.textbook_convolution, (lambda x, k: by_scipy(x, k).numpy(),), "expected a tensor"),
    (checks.textbook_convolution, (lambda x, k: turned(x, k[None]),), "raised"),
]
