"""The checks of Part I: right answers in several honest forms, wrong ones with their messages."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lenet_utils import checks


class Forged:
    """Says that it equals everything."""

    def __eq__(self, other):
        return True

    __hash__ = None


class ForgedTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *_, **__):
        return True


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


SHARING_RIGHT = [
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

RIGHT = [*SHARING_RIGHT, *LOCAL_RIGHT]
WRONG = [*SHARING_WRONG, *LOCAL_WRONG]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_right_answers_pass(check, answer):
    verdict = check(*answer)
    assert verdict, verdict.message


@pytest.mark.parametrize(("check", "answer", "message"), WRONG)
def test_wrong_answers_are_refused_with_their_own_message(check, answer, message):
    verdict = check(*answer)
    assert not verdict
    assert message in verdict.message
