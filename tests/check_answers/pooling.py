"""Answers to the exercises of "Subsampling"."""

from fractions import Fraction

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from lenet_utils import checks

from .forged import Forged, ForgedTensor


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


SQUARE = torch.tensor([[2.0, 1.0], [8.0, 5.0]])
KERNEL = torch.tensor([[1.0, -1.0], [0.0, 2.0]])


def by_pooling():
    """Lets PyTorch compute the four ways."""
    x = SQUARE[None, None]
    return (
        0.5 * F.avg_pool2d(x, 2, divisor_override=1) - 1,
        F.avg_pool2d(x, 2),
        F.max_pool2d(x, 2),
        F.conv2d(x, KERNEL[None, None], stride=2),
    )


def by_outer(coefficient, bias):
    return torch.einsum("c,xij->cxij", coefficient, torch.ones(1, 2, 2)), bias


def by_kron(coefficient, bias):
    weight = torch.kron(coefficient.view(-1, 1, 1, 1), torch.ones(1, 1, 2, 2))
    return weight.double().requires_grad_(), torch.from_numpy(bias.numpy())


def by_layer(coefficient, bias):
    layer = nn.Conv2d(len(bias), len(bias), 2, stride=2, groups=len(bias))
    layer.weight.data, layer.bias.data = equal_weights(coefficient, bias)
    return layer.weight, layer.bias


def three_maps(coefficient, bias):
    weight = torch.zeros(3, 1, 2, 2)
    for i in range(3):
        weight[i] = coefficient[i]
    return weight, bias


def doubling_in_place(coefficient, bias):
    bias *= 2
    return equal_weights(coefficient, bias / 2)


def picture(*rows):
    return torch.tensor(rows, dtype=torch.float32)


RIGHT = [
    (checks.any_and_all, ((1, 3), (1, -3))),
    (checks.any_and_all, ([2.0, 5.0], torch.tensor([10.0, -30.0]))),
    (checks.any_and_all, ((torch.tensor(1.5), np.float32(4.5)), (1, -3.0))),
    (checks.any_and_all, (np.array([1.0, 3.0]), (100, -300))),
    (checks.any_and_all, ((1 - 1e-7, 3), (1.2, -3.6))),
    (checks.any_and_all, ((2, 5), torch.tensor([2, -6]))),
    (checks.one_square, by_pooling()),
    (checks.one_square, (Fraction(7), 16 * 0.25, np.int16(8), 0.1 * 110)),
    (checks.as_convolution, (by_outer,)),
    (checks.as_convolution, (by_kron,)),
    (checks.as_convolution, (by_layer,)),
    (checks.same_after_pooling, (1e-4 * dot(0, 0), 1e-4 * dot(0, 1))),
    (checks.same_after_pooling, (dot(0, 0, 100) - 50, dot(1, 0, 100) - 50)),
    (checks.same_after_pooling, (dot(0, 0).long(), nn.Parameter(dot(0, 1)))),
    (checks.one_square, (7, 4, 8, 11)),
    (checks.one_square, (torch.tensor(7.0), np.float32(4), 8.0, torch.tensor([11]))),
    (checks.one_square, (0.5 * 16 - 1, 16 / 4, max(2, 1, 8, 5), 2 - 1 + 2 * 5)),
    (checks.as_convolution, (equal_weights,)),
    (checks.as_convolution, (weights_by_loop,)),
    (
        checks.as_convolution,
        (lambda c, b: (c[:, None, None, None].expand(-1, 1, 2, 2), nn.Parameter(b)),),
    ),
    (checks.same_after_pooling, (dot(0, 0), dot(1, 1))),
    (checks.same_after_pooling, (dot(2, 3, 0.5).double(), dot(3, 2, 0.5))),
    (
        checks.same_after_pooling,
        (torch.tensor([[1, 2], [3, 4]]).repeat(2, 2), torch.tensor([[4, 3], [2, 1]]).repeat(2, 2)),
    ),
]
WRONG = [
    (checks.any_and_all, ((1, -3), (1, 3)), "any_ink answers the other question"),
    (checks.any_and_all, ((1, 3), (1, 3)), "all_ink answers the other question"),
    (checks.any_and_all, ((0.25, 0.75), (1, -3)), "too faintly"),
    (checks.any_and_all, ((1, 3), (0.5, -1.5)), "all_ink answers with the right sign"),
    (
        checks.any_and_all,
        ((1, 0.5), (1, -3)),
        "where 1 of four hold 1, c x sum + b is -1.5, and it should be 1 or more",
    ),
    (
        checks.any_and_all,
        ((1, 3), (1, -1)),
        "where 3 of four hold 1, c x sum + b is 1, and it should be -1 or less",
    ),
    (checks.any_and_all, ((0, 1), (1, -3)), "does not read its inputs"),
    (checks.any_and_all, ((1, 3), (1, -9)), "the bias of -9 outweighs the inputs"),
    (checks.any_and_all, ((-1, 3), (1, -3)), "falls when an input rises"),
    (checks.any_and_all, (3, (1, -3)), "is not a pair"),
    (checks.any_and_all, ((1, 3, 0), (1, -3)), "is not a pair"),
    (checks.any_and_all, ((float("nan"), 3), (1, -3)), "is not a number"),
    (checks.any_and_all, ((1, "3"), (1, -3)), "is not a number"),
    (checks.any_and_all, (Forged(), (1, -3)), "is not a pair"),
    (checks.any_and_all, (..., ...), "no answer yet"),
    (checks.one_square, (1, 4, 8, 11), "1 takes the mean of the four. The paper adds them"),
    (checks.one_square, (7.5, 4, 8, 11), "7.5 scales the bias too"),
    (checks.one_square, (8, 4, 8, 11), "8 leaves out the bias"),
    (checks.one_square, (1.711, 4, 8, 11), "has gone through the activation function"),
    (checks.one_square, (5, 4, 8, 11), "coefficient x sum + bias"),
    (checks.one_square, (7, 16, 8, 11), "16 is the sum"),
    (checks.one_square, (7, 16 / 3, 8, 11), "divides the sum by three"),
    (checks.one_square, (7, 2, 8, 11), "divided by four"),
    (checks.one_square, (7, 4, 5, 11), "the largest of"),
    (checks.one_square, (7, 4, 8, 2), "upper left cell"),
    (checks.one_square, (7, 4, 8, 13), "forgets the minus"),
    (checks.one_square, (7, 4, 8, 9), "multiply cell by cell"),
    (checks.one_square, (float("nan"), 4, 8, 11), "not a number"),
    (checks.one_square, ("7", 4, 8, 11), "not a number"),
    (checks.one_square, (Forged(), 4, 8, 11), "not a number"),
    (checks.one_square, (7, True, 8, 11), "not a number"),
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
    (checks.same_after_pooling, (dot(0, 0), dot(3, 3)), "agree for the whole pictures"),
    (checks.same_after_pooling, (torch.zeros(2, 2), dot(0, 0)), "expected (4, 4)"),
    (checks.same_after_pooling, (dot(0, 0) / 0, dot(1, 1)), "NaN"),
    (checks.same_after_pooling, ([[1, 0], [0, 0]], dot(0, 0)), "expected a tensor"),
    (
        checks.same_after_pooling,
        (dot(0, 0).as_subclass(ForgedTensor), dot(1, 1)),
        "expected a tensor",
    ),
    (checks.any_and_all, ((0.25, 0), (0.25, 0)), "where 1 of four hold 1, c x sum + b is -0.5"),
    (
        checks.any_and_all,
        ((1, 3), (0.25, 0)),
        "all_ink: where 1 of four hold 1, c x sum + b is -0.5",
    ),
    (checks.any_and_all, ((1, 4), (1, -3)), "where 0 of four hold 1, c x sum + b is 0"),
    (checks.any_and_all, ((0.9995, 2.9985), (1, -3)), "too faintly"),
    (checks.any_and_all, ((2, -1), (1, -3)), "would be right if not found were 0"),
    (checks.any_and_all, ((1, 3), (2, -10)), "the bias of -10 outweighs the inputs"),
    (checks.any_and_all, ((4, 3), (1, -3)), "where 1 of four hold 1, c x sum + b is -5"),
    (checks.any_and_all, ((3, 1), (1, -3)), "where 1 of four hold 1, c x sum + b is -5"),
    (checks.any_and_all, ((1, 3), (-1, 3)), "all_ink falls when an input rises"),
    (checks.any_and_all, ({1, 3}, (1, -3)), "is not a pair"),
    (checks.any_and_all, ({1: 0, 3: 0}, (1, -3)), "is not a pair"),
    (checks.any_and_all, ("13", (1, -3)), "is not a pair"),
    (checks.any_and_all, ((1, 3 + 0j), (1, -3)), "is not a number"),
    (checks.any_and_all, ((1, 3), (True, -3)), "is not a number"),
    (checks.any_and_all, ((1, 3), (1, float("-inf"))), "is not a number"),
    (checks.one_square, (15, 4, 8, 11), "15 leaves out the coefficient"),
    (checks.one_square, (9, 4, 8, 11), "9 subtracts the bias"),
    (checks.one_square, (3, 4, 8, 11), "3 takes the maximum of the four"),
    (checks.one_square, (7, 3.5, 8, 11), "3.5 is the median"),
    (checks.one_square, (7, 4.5, 8, 11), "largest and the smallest"),
    (checks.one_square, (7, 8, 4, 11), "8 divides the sum by two"),
    (checks.one_square, (7, 4, 16, 11), "the largest of 2, 1, 8, 5"),
    (checks.one_square, (7, 4, 8, 1), "1 uses the kernel turned round"),
    (checks.one_square, (7, 4, 8, 4), "4 exchanges rows and columns"),
    (checks.one_square, (7, 4, 8, 16), "16 forgets the kernel"),
    (checks.one_square, (7, 4, 8, 2.75), "2.75 divides by four"),
    (checks.one_square, (7, 4, 8, 32), "Multiply cell by cell"),
    (checks.one_square, (7, 4, 8, SQUARE * KERNEL), "not a number"),
    (checks.one_square, (7, 4, torch.tensor(8 > 5), 11), "not a number"),
    (checks.as_convolution, (lambda c, b: equal_weights(c, b)[::-1],), "the two are exchanged"),
    (checks.as_convolution, (changed(lambda w: w * 4),), "four times too large"),
    (checks.as_convolution, (changed(lambda w: w.flip(0)),), "of other maps"),
    (checks.as_convolution, (lambda c, b: equal_weights(b, b),), "hold the bias"),
    (checks.as_convolution, (changed(change_bias=lambda b, c: 4 * b),), "do not multiply it"),
    (checks.as_convolution, (changed(change_bias=lambda b, c: b / 4),), "do not divide it"),
    (checks.as_convolution, (changed(change_bias=lambda b, c: -b),), "the sign of the bias"),
    (checks.as_convolution, (changed(change_bias=lambda b, c: b.flip(0)),), "pass it on as it is"),
    (checks.as_convolution, (changed(change_bias=lambda b, c: b[:, None]),), "expected (3,)"),
    (checks.as_convolution, (changed(lambda w: w.abs()),), "the values are not"),
    (checks.as_convolution, (changed(lambda w: w.int()),), "the values are not"),
    (checks.as_convolution, (changed(lambda w: w.half()),), "torch.float16"),
    (checks.as_convolution, (three_maps,), "expected (5, 1, 2, 2)"),
    (checks.as_convolution, (doubling_in_place,), "changed the bias that it was given"),
    (checks.as_convolution, (lambda c, b: {"weight": c, "bias": b},), "expected two tensors"),
    (checks.same_after_pooling, (dot(0, 1), dot(0, 2)), "agree for the whole pictures"),
    (checks.same_after_pooling, (1000 + 0 * dot(0, 0), 1000 + dot(0, 0, 0.02)), "or nearly"),
    (checks.same_after_pooling, (1000 * dot(0, 0), 1000 * dot(0, 0) + 4 * dot(1, 1)), "averages"),
    (checks.same_after_pooling, (dot(0, 0), -dot(0, 0)), "neither agrees"),
    (checks.same_after_pooling, (dot(0, 0), dot(0, 1).double()[None, None]), "expected (4, 4)"),
    (checks.same_after_pooling, (dot(0, 0), (dot(0, 1) > 0)), "True and False"),
    (checks.same_after_pooling, (dot(0, 0), dot(0, 1) + 0j), "complex numbers"),
    (checks.same_after_pooling, (dot(0, 0).numpy(), dot(0, 1).numpy()), "expected a tensor"),
    (
        checks.same_after_pooling,
        (
            picture([0, 2, 0, 0], [2, 0, 0, 0], [0] * 4, [0] * 4),
            picture([1, 1, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4),
        ),
        "the averages agree, the maxima do not",
    ),
    (
        checks.same_after_pooling,
        (
            picture([3, 0, 0, 0], [0, 0, 0, 0], [0] * 4, [0] * 4),
            picture([3, 1, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4),
        ),
        "the maxima agree, the averages do not",
    ),
    (checks.same_after_pooling, (dot(0, 0), dot(0, 0)[None, 0]), "expected (4, 4)"),
]
