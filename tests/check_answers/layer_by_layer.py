"""Answers to the exercises of "Layer by layer"."""

import numpy as np
import torch
from torch.nn import functional as F

from lenet_utils import Subsampling, checks

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


def by_einsum(x, coefficient, bias):
    windows = x.unfold(2, 2, 2).unfold(3, 2, 2)
    return torch.einsum("nchwij,c->nchw", windows, coefficient) + bias[:, None, None]


def by_grouped_convolution(x, coefficient, bias):
    weight = coefficient[:, None, None, None].expand(-1, 1, 2, 2)
    return F.conv2d(x, weight, bias, stride=2, groups=len(bias))


def by_module(x, coefficient, bias):
    layer = Subsampling(len(bias))
    layer.coefficient.data, layer.bias.data = coefficient, bias
    return layer(x)


def by_numpy(x, coefficient, bias):
    four = np.add.reduceat(np.add.reduceat(x.numpy(), range(0, x.shape[2], 2), 2),
                           range(0, x.shape[3], 2), 3)  # fmt: skip
    return torch.from_numpy(four * coefficient.numpy()[:, None, None]) + column(bias)


def counts_in_loops(table, kernel, side):
    parameters = 0
    for row in table:
        parameters += 1 + sum(kernel * kernel for crossed in row if crossed)
    return parameters, parameters * side * side


def counts_by_layers(table, kernel, side):
    """Asks a layer of PyTorch for each output map."""
    layers = [torch.nn.Conv2d(int(row.sum()), 1, kernel) for row in table]
    parameters = sum(p.numel() for layer in layers for p in layer.parameters())
    return np.array([parameters, parameters * side**2])


def counts_but(parameters=lambda p, t, k, s: p, links=lambda p, t, k, s: p * s**2):
    """Make counts that are right but for one of the two."""

    def spoilt(table, kernel, side):
        count = int(table.sum()) * kernel**2 + len(table)
        count = parameters(count, table, kernel, side)
        return count, links(count, table, kernel, side)

    return spoilt


def in_bytes(table, kernel, side):
    pairs = table.sum().byte()
    parameters = pairs * kernel * kernel + len(table)
    return parameters, parameters.long() * side**2


def clearing(table, kernel, side):
    answer = counts_in_loops(table, kernel, side)
    table.zero_()
    return answer


def adding_in_place(x, coefficient, bias):
    x[..., ::2, :] += x[..., 1::2, :]
    return (x[..., ::2, ::2] + x[..., ::2, 1::2]) * column(coefficient) + column(bias)


def four_in_a_row(x, coefficient, bias):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, w // 2, 4).sum(4) * column(coefficient) + column(bias)


def only_the_first(x, coefficient, bias):
    return by_views(x[:1], coefficient, bias).expand(len(x), -1, -1, -1)


def some_of(*cells):
    def spoilt(x, coefficient, bias):
        some = sum(x[..., i::2, j::2] for i, j in cells)
        return some * column(coefficient) + column(bias)

    return spoilt


def for_three_maps(x, coefficient, bias):
    return torch.stack([by_views(x, coefficient, bias)[:, c] for c in range(3)], 1)


def with_float64_on(x, coefficient, bias):
    torch.set_default_dtype(torch.float64)
    return by_loops(x, coefficient, bias)


RIGHT = [
    (checks.seven_by_seven, ((6, 26, 26), 300, 202_800)),
    (checks.seven_by_seven, ([6, 26, 26], 300.0, np.int64(202_800))),
    (checks.seven_by_seven, (torch.Size([6, 26, 26]), torch.tensor(300), 6 * 26 * 26 * 50)),
    (checks.seven_by_seven, (np.array([6.0, 26.0, 26.0]), np.float32(300), torch.tensor(2.028e5))),
    (checks.seven_by_seven, (torch.zeros(6, 26, 26).shape, 50 * 6, 300 * 26**2)),
    (checks.c3_counts, (counts_in_loops,)),
    (checks.c3_counts, (counts_by_layers,)),
    (checks.c3_counts, (lambda t, k, s: torch.stack(counts(t.float(), k, s)),)),
    (checks.subsampling, (by_einsum,)),
    (checks.subsampling, (by_grouped_convolution,)),
    (checks.subsampling, (by_numpy,)),
    (checks.subsampling, (lambda *a: by_views(*(part.double() for part in a)),)),
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
    (checks.seven_by_seven, ((6, 26, 26), 50, 202_800), "50 counts one map"),
    (checks.seven_by_seven, ((6, 26, 26), 156, 202_800), "156 is the number with 5x5 kernels"),
    (checks.seven_by_seven, ((6, 26, 26), 300, 198_744), "leaves out the bias"),
    (checks.seven_by_seven, ((6, 26, 26), 300, 300), "300 counts the parameters"),
    (checks.seven_by_seven, ("6x26x26", 300, 202_800), "expected 3 whole numbers"),
    (checks.seven_by_seven, ((6, 26), 300, 202_800), "expected 3 whole numbers"),
    (checks.seven_by_seven, ((6, 26, 26), float("nan"), 202_800), "expected a whole number"),
    (checks.seven_by_seven, ((6, 26, 26), True, 202_800), "expected a whole number"),
    (checks.seven_by_seven, ((6, 26, 26), Forged(), 202_800), "expected a whole number"),
    (checks.seven_by_seven, (Forged(), 300, 202_800), "expected 3 whole numbers"),
    (checks.seven_by_seven, (..., ..., ...), "no answer yet"),
    (
        checks.c3_counts,
        (lambda t, k, s: (t.numel() * k * k + len(t), 0),),
        "belong to the full convolution",
    ),
    (
        checks.c3_counts,
        (lambda t, k, s: (t.sum() * k * k, 0),),
        "leave out the bias of each output map",
    ),
    (checks.c3_counts, (lambda t, k, s: (t.sum() * (k * k + 1), 0),), "a map has only one"),
    (
        checks.c3_counts,
        (lambda t, k, s: (1516, 151_600),),
        "for a table of 16 output maps, 6 input maps and 96 crosses",
    ),
    (
        checks.c3_counts,
        (lambda t, k, s: (counts(t, k, s)[0],) * 2,),
        "each is used at every position",
    ),
    (checks.c3_counts, (lambda t, k, s: (counts(t, k, s)[0], 7),), "parameters x positions"),
    (checks.c3_counts, (lambda t, k, s: None,), "returned nothing"),
    (checks.c3_counts, (lambda t, k: (1, 2),), "raised TypeError"),
    (checks.c3_counts, ((1516, 151_600),), "expected a function"),
    (checks.c3_counts, (lambda t, k, s: Forged(),), "expected 2 whole numbers"),
    (
        checks.subsampling,
        (lambda x, a, b: sums(x) / 4 * column(a) + column(b),),
        "the paper adds them",
    ),
    (checks.subsampling, (lambda x, a, b: sums(x) * column(a),), "bias is missing"),
    (checks.subsampling, (lambda x, a, b: (sums(x) + column(b)) * column(a),), "scaled too"),
    (
        checks.subsampling,
        (lambda x, a, b: 1.7159 * torch.tanh(2 / 3 * by_views(x, a, b)),),
        "gone through the activation function",
    ),
    (
        checks.subsampling,
        (lambda x, a, b: F.max_pool2d(x, 2) * column(a) + column(b),),
        "maximum of the four",
    ),
    (checks.subsampling, (lambda x, a, b: torch.zeros(2, 3, 4, 5),), "Compare one unit by hand"),
    (checks.subsampling, (lambda x, a, b: x,), "expected (2, 3, 4, 5)"),
    (checks.subsampling, (lambda x, a, b: torch.full((2, 3, 4, 5), torch.nan),), "NaN"),
    (checks.subsampling, (lambda x, a, b: Forged(),), "expected a tensor"),
    (
        checks.subsampling,
        (lambda x, a, b: torch.zeros(2, 3, 4, 5).as_subclass(ForgedTensor),),
        "expected a tensor",
    ),
    (checks.seven_by_seven, ((26, 26, 6), 300, 202_800), "the maps come first"),
    (checks.seven_by_seven, ((6, 32, 32), 300, 202_800), "32x32 is the input"),
    (checks.seven_by_seven, ((6, 13, 13), 300, 202_800), "the shape is not (6, 13, 13)"),
    (checks.seven_by_seven, ({6, 26}, 300, 202_800), "expected 3 whole numbers"),
    (checks.seven_by_seven, ((6, 26, 26), 295, 202_800), "one bias for all maps"),
    (checks.seven_by_seven, ((6, 26, 26), 202_800, 300), "weights of its own"),
    (checks.seven_by_seven, ((6, 26, 26), 48, 202_800), "It has 7 x 7"),
    (checks.seven_by_seven, ((6, 26, 26), 301, 202_800), "301 parameters: expected six"),
    (checks.seven_by_seven, ((6, 26, 26), 300, 33_800), "33,800 counts one map"),
    (checks.seven_by_seven, ((6, 26, 26), 300, 4_056), "4,056 counts the units"),
    (checks.seven_by_seven, ((6, 26, 26), 300, 7_800), "7,800 counts one row"),
    (checks.seven_by_seven, ((6, 26, 26), 300, 235_200), "28 x 28 positions"),
    (checks.seven_by_seven, ((6, 26, 26), 300, 307_200), "a position for every pixel"),
    (checks.seven_by_seven, ((6, 26, 26), 300, 122_304), "122,304 is the number with 5x5"),
    (checks.seven_by_seven, ((6, 26, 26), 300, np.array(202_800).astype(np.int16)), "6,192 conn"),
    (checks.seven_by_seven, ((6, 26, 26), "300", 202_800), "expected a whole number"),
    (checks.c3_counts, (lambda t, k, s: counts(t, k, s)[::-1],), "connections are exchanged"),
    (checks.c3_counts, (counts_but(lambda p, t, k, s: p - len(t) + t.shape[1]),), "each input map"),
    (checks.c3_counts, (counts_but(lambda p, t, k, s: p - len(t) + 1),), "have a single bias"),
    (checks.c3_counts, (counts_but(lambda p, t, k, s: t.sum() * k + len(t)),), "it has k x k"),
    (
        checks.c3_counts,
        (counts_but(lambda p, t, k, s: p - len(t) + 16),),
        "for a table of 2 output",
    ),
    (checks.c3_counts, (counts_but(lambda p, t, k, s: t.sum() * 25 + len(t)),), "kernels of 3x3"),
    (checks.c3_counts, (counts_but(links=lambda p, t, k, s: p * 100),), "maps of 4x4, 3,800 conn"),
    (checks.c3_counts, (counts_but(links=lambda p, t, k, s: p * s),), "one row of units"),
    (checks.c3_counts, (counts_but(links=lambda p, t, k, s: p * k * k),), "k x k positions"),
    (
        checks.c3_counts,
        (counts_but(links=lambda p, t, k, s: (p - len(t)) * s * s),),
        "leave out the bias, which is one more connection",
    ),
    (
        checks.c3_counts,
        (counts_but(links=lambda p, t, k, s: (p - len(t)) * s * s + len(t)),),
        "count each bias once",
    ),
    (checks.c3_counts, (clearing,), "changed the table that it was given"),
    (checks.c3_counts, (in_bytes,), "236 parameters; expected crosses x k x k"),
    (checks.c3_counts, (lambda t, k, s: {*counts_in_loops(t, k, s)},), "expected 2 whole numbers"),
    (checks.subsampling, (lambda x, a, b: sums(x) + column(b),), "The coefficient is missing"),
    (checks.subsampling, (lambda x, a, b: by_views(x, a, 4 * b),), "add it once"),
    (checks.subsampling, (some_of((0, 0)),), "one of the four inputs"),
    (checks.subsampling, (some_of((0, 0), (0, 1)),), "a square has two rows"),
    (checks.subsampling, (some_of((0, 0), (1, 0)),), "a square has two columns"),
    (checks.subsampling, (some_of((0, 0), (1, 1)),), "Compare one unit by hand"),
    (checks.subsampling, (by_module,), "by_module calls lenet_utils.layers, which has this ready"),
    (checks.subsampling, (four_in_a_row,), "view both sides as pairs"),
    (checks.subsampling, (only_the_first,), "The first picture of the batch is right"),
    (checks.subsampling, (adding_in_place,), "changed the x that it was given"),
    (checks.subsampling, (with_float64_on,), "left torch.set_default_dtype changed"),
    (checks.subsampling, (for_three_maps,), "expected (4, 5, 3, 1)"),
    (checks.subsampling, (lambda x, a, b: a * sums(x) + b,), "raised RuntimeError"),
    (
        checks.subsampling,
        (lambda x, a, b: F.avg_pool2d(x, 2, 1) * column(a),),
        "has shape (2, 3, 7",
    ),
    (checks.subsampling, (lambda *a: by_views(*a).mT,), "has shape (2, 3, 5, 4)"),
    (checks.subsampling, (lambda *a: by_views(*a).round(),), "Compare one unit by hand"),
    (checks.subsampling, (lambda *a: by_views(*a).bfloat16(),), "torch.bfloat16"),
]
