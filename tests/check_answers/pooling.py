"""Answers to the exercises of "Subsampling"."""

import numpy as np
import torch
from torch import nn

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


RIGHT = [
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
WRONG = [
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
