"""The checks of Part I: right answers in several honest forms, wrong ones with their messages."""

import numpy as np
import pytest
import torch
from test_checks import Forged, ForgedTensor
from torch import nn
from torch.nn import functional as F

from lenet_utils import checks

# Weight sharing ---------------------------------------------------------------------------


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


SHARING_RIGHT = [
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
SHARING_WRONG = [
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

# Local connectivity -----------------------------------------------------------------------


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


LOCAL_RIGHT = [
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
LOCAL_WRONG = [
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

# Subsampling ------------------------------------------------------------------------------


def equal_weights(coefficient, bias):
    return coefficient.view(-1, 1, 1, 1).repeat(1, 1, 2, 2), bias


def weights_by_loop(coefficient, bias):
    weight = torch.empty(len(coefficient), 1, 2, 2)
    for i, c in enumerate(coefficient):
        weight[i] = c
    return [weight, bias.clone()]


def changed(change_weight=lambda w: w, change_bias=lambda b, c: b):
    """Make an answer with other weights or biases."""

    def function(coefficient, bias):
        weight, _ = equal_weights(coefficient, bias)
        return change_weight(weight), change_bias(bias, coefficient)

    return function


def dot(row, column, height=1.0):
    picture = torch.zeros(4, 4)
    picture[row, column] = height
    return picture


POOLING_RIGHT = [
    (checks.any_and_all, ((1, 3), (1, -3))),
    (checks.any_and_all, ([2.0, 5.0], torch.tensor([10.0, -30.0]))),
    (checks.any_and_all, ((torch.tensor(1.5), np.float32(4.5)), (1, -3.0))),
    (checks.one_square, (5, 3, 6, 10)),
    (checks.one_square, (torch.tensor(5.0), np.float32(3), 6.0, torch.tensor([10]))),
    (checks.one_square, (0.5 * 12 - 1, 12 / 4, max(2, 0, 6, 4), 2 - 0 + 2 * 4)),
    (checks.as_convolution, (equal_weights,)),
    (checks.as_convolution, (weights_by_loop,)),
    (
        checks.as_convolution,
        (lambda c, b: (c[:, None, None, None].expand(3, 1, 2, 2), nn.Parameter(b)),),
    ),
    (checks.same_after_pooling, (dot(0, 0), dot(1, 1))),
    (checks.same_after_pooling, (dot(2, 3, 0.5).double(), dot(3, 2, 0.5))),
    (
        checks.same_after_pooling,
        (torch.tensor([[1, 2], [3, 4]]).repeat(2, 2), torch.tensor([[4, 3], [2, 1]]).repeat(2, 2)),
    ),
]
POOLING_WRONG = [
    (checks.any_and_all, ((1, -3), (1, 3)), "any_ink answers the other question"),
    (checks.any_and_all, ((1, 3), (1, 3)), "all_ink answers the other question"),
    (checks.any_and_all, ((0.25, 0.75), (1, -3)), "too faintly"),
    (checks.any_and_all, ((1, 3), (0.5, -1.5)), "all_ink answers with the right sign"),
    (checks.any_and_all, ((1, 0.5), (1, -3)), "yes from 2 of four on; wanted is from 1"),
    (checks.any_and_all, ((1, 3), (1, -1)), "yes from 3 of four on; wanted is from 4"),
    (checks.any_and_all, ((0, 1), (1, -3)), "always answers the same"),
    (checks.any_and_all, ((1, 3), (1, -9)), "drowns the inputs"),
    (checks.any_and_all, ((-1, 3), (1, -3)), "falls when an input rises"),
    (checks.any_and_all, (3, (1, -3)), "is not a pair"),
    (checks.any_and_all, ((1, 3, 0), (1, -3)), "is not a pair"),
    (checks.any_and_all, ((float("nan"), 3), (1, -3)), "is not a number"),
    (checks.any_and_all, ((1, "3"), (1, -3)), "is not a number"),
    (checks.any_and_all, (Forged(), (1, -3)), "is not a pair"),
    (checks.any_and_all, (..., ...), "no answer yet"),
    (checks.one_square, (0.5, 3, 6, 10), "The paper adds them"),
    (checks.one_square, (5.5, 3, 6, 10), "scales the bias too"),
    (checks.one_square, (6, 3, 6, 10), "leaves out the bias"),
    (checks.one_square, (1.711, 3, 6, 10), "squashed already"),
    (checks.one_square, (7, 3, 6, 10), "coefficient x sum + bias"),
    (checks.one_square, (5, 12, 6, 10), "12 is the sum"),
    (checks.one_square, (5, 4, 6, 10), "mean of three"),
    (checks.one_square, (5, 2, 6, 10), "divided by four"),
    (checks.one_square, (5, 3, 4, 10), "the largest of"),
    (checks.one_square, (5, 3, 6, 2), "upper left cell"),
    (checks.one_square, (5, 3, 6, 12), "forgets the minus"),
    (checks.one_square, (5, 3, 6, 9), "multiply cell by cell"),
    (checks.one_square, (float("nan"), 3, 6, 10), "not a number"),
    (checks.one_square, ("5", 3, 6, 10), "not a number"),
    (checks.one_square, (Forged(), 3, 6, 10), "not a number"),
    (checks.one_square, (5, True, 6, 10), "not a number"),
    (checks.one_square, (..., ..., ..., ...), "no answer yet"),
    (checks.as_convolution, (changed(lambda w: w / 4),), "average the four inputs"),
    (checks.as_convolution, (changed(torch.ones_like),), "coefficient is missing"),
    (
        checks.as_convolution,
        (changed(change_bias=lambda b, c: torch.zeros_like(b)),),
        "the bias is missing",
    ),
    (checks.as_convolution, (changed(change_bias=lambda b, c: b * c),), "added after scaling"),
    (checks.as_convolution, (changed(lambda w: w * torch.eye(2)),), "four weights of a map differ"),
    (checks.as_convolution, (changed(lambda w: w * 2),), "the values are not"),
    (checks.as_convolution, (changed(lambda w: w.repeat(1, 3, 1, 1)),), "every map read all"),
    (checks.as_convolution, (changed(lambda w: w[:, 0]),), "a 2x2 kernel a map"),
    (checks.as_convolution, (changed(lambda w: w * torch.nan),), "NaN"),
    (checks.as_convolution, (changed(lambda w: w[:2]),), "expected (3, 1, 2, 2)"),
    (checks.as_convolution, (lambda c, b: equal_weights(c, b)[0],), "expected two tensors"),
    (checks.as_convolution, (lambda c, b: Forged(),), "expected two tensors"),
    (checks.as_convolution, (lambda c, b: (Forged(), b),), "expected a tensor"),
    (checks.as_convolution, (lambda c, b: ...,), "no answer yet"),
    (checks.same_after_pooling, (dot(0, 0), dot(0, 0)), "are the same"),
    (checks.same_after_pooling, (dot(0, 0), dot(0, 0, 1.001)), "are the same"),
    (checks.same_after_pooling, (dot(0, 0), dot(0, 0) + dot(1, 1)), "the averages do not"),
    (
        checks.same_after_pooling,
        (dot(0, 0), dot(0, 0, 0.5) + dot(1, 1, 0.5)),
        "the maxima do not",
    ),
    (checks.same_after_pooling, (dot(0, 0), dot(3, 3)), "neither agree"),
    (checks.same_after_pooling, (torch.zeros(2, 2), dot(0, 0)), "expected (4, 4)"),
    (checks.same_after_pooling, (dot(0, 0) / 0, dot(1, 1)), "NaN"),
    (checks.same_after_pooling, ([[1, 0], [0, 0]], dot(0, 0)), "expected a tensor"),
    (
        checks.same_after_pooling,
        (dot(0, 0).as_subclass(ForgedTensor), dot(1, 1)),
        "expected a tensor",
    ),
]

# From pixels ------------------------------------------------------------------------------


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


PIXELS_RIGHT = [
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
PIXELS_WRONG = [
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

RIGHT = [*SHARING_RIGHT, *LOCAL_RIGHT, *POOLING_RIGHT, *PIXELS_RIGHT]
WRONG = [*SHARING_WRONG, *LOCAL_WRONG, *POOLING_WRONG, *PIXELS_WRONG]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_right_answers_pass(check, answer):
    verdict = check(*answer)
    assert verdict, verdict.message


@pytest.mark.parametrize(("check", "answer", "message"), WRONG)
def test_wrong_answers_are_refused_with_their_own_message(check, answer, message):
    verdict = check(*answer)
    assert not verdict
    assert message in verdict.message
