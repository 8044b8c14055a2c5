"""Answers to the exercises of the lesson "Paper against modern"."""

import math
from fractions import Fraction

import numpy as np
import torch
from torch import nn

from lenet_utils import (
    LeNet5,
    ScaledTanh,
    checks,
    lenet5_1998,
    lenet5_modern,
    lenet5_tutorial,
)
from lenet_utils.layers import SparseConv2d

from .forged import Forged

NAN = float("nan")


def hybrid(change=lambda net: None, **parts):
    """Build the right network, and change it."""
    net = LeNet5(output="linear", **parts)
    change(net)
    return net


def with_output(output):
    """Build the network of 1998, and exchange its output by hand."""
    net = lenet5_1998()
    net.output = output
    return net


def dense_table(net):
    net.c3 = SparseConv2d(torch.arange(96).view(16, 6) % 8 > 2)


def other_slope(net):
    class ScaledTanh(nn.Module):
        def forward(self, a):
            return 1.7159 * torch.tanh(a)

    net.f6_act = ScaledTanh()


class Halved(LeNet5):
    """Prints as LeNet5's parts do, and computes something else."""

    def forward(self, x):
        return super().forward(x) / 2


RIGHT = [
    (checks.one_part, (LeNet5(output="linear"),)),
    (checks.one_part, (LeNet5(activation=ScaledTanh, pooling="subsampling", output="linear"),)),
    (checks.one_part, (LeNet5(c3="table1", output="linear", num_classes=10).eval(),)),
    (checks.one_part, (with_output(nn.Conv2d(84, 10, 1)),)),
    (checks.one_part, (with_output(lenet5_tutorial().output),)),
    (checks.one_part, (with_output(nn.Sequential(nn.Flatten(), nn.Linear(84, 10))),)),
    (checks.one_part, (hybrid(lambda net: net.double()),)),
    (checks.one_part, (hybrid(lambda net: nn.init.zeros_(net.output.bias)),)),
    (checks.differ, (lambda a, x, b, y: abs(a - b) > (x * x + y * y) ** 0.5,)),
    (checks.differ, (lambda a, x, b, y: (a - b) ** 2 > x**2 + y**2,)),
    (checks.differ, (lambda a, x, b, y: np.abs(a - b) > np.hypot(x, y),)),
    (checks.differ, (lambda a, x, b, y: max(a - b, b - a) > math.hypot(x, y),)),
    (
        checks.differ,
        (lambda a, x, b, y: torch.tensor(abs(a - b)) > math.dist((x, y), (0, 0)),),
    ),
    (checks.differ, (lambda a, x, b, y: not abs(a - b) <= abs(complex(x, y)),)),
    (checks.differ, (lambda a, x, b, y: abs(a - b) / math.sqrt(x**2 + y**2) > 1,)),
    (checks.by_luck, (43, 14)),
    (checks.by_luck, (43.0, np.int64(14))),
    (checks.by_luck, (round(100 * (1 - 0.95**11)), torch.tensor(14))),
    (checks.by_luck, (100 * (1 - 0.95**11), math.ceil(math.log(0.5) / math.log(0.95)))),
    (checks.by_luck, (43.1, 14.0)),
    (checks.by_luck, (torch.tensor(43.12), np.float32(14))),
    (checks.by_luck, (100 * (1 - Fraction(19, 20) ** 11), np.array(14))),
]

WRONG = [
    (checks.one_part, (LeNet5(),), "unchanged"),
    (checks.one_part, (LeNet5(output="linear", c3="full"),), "C3 was changed"),
    (checks.one_part, (LeNet5(output="linear", pooling="max"),), "subsampling was changed"),
    (checks.one_part, (LeNet5(output="linear", activation=nn.ReLU),), "squashing"),
    (checks.one_part, (LeNet5(output="linear", padding=2),), "pads"),
    (checks.one_part, (LeNet5(output="linear", num_classes=9),), "ten scores"),
    (checks.one_part, (nn.Linear(2, 2),), "expected a LeNet5"),
    (checks.one_part, (Forged(),), "expected a LeNet5"),
    (checks.one_part, (LeNet5,), "is a class"),
    (checks.one_part, ("linear",), "expected a LeNet5"),
    (checks.one_part, (LeNet5(output="linear", batch_norm=True),), "some other part"),
    (checks.one_part, (LeNet5(output="linear", pooling="average"),), "subsampling was changed"),
    (checks.one_part, (LeNet5(output="linear", activation=nn.Tanh),), "squashing"),
    (checks.one_part, (lenet5_tutorial(),), "changed too"),
    (checks.one_part, (lenet5_modern(),), "pads"),
    (checks.one_part, (lenet5_1998(9),), "still the distances"),
    (checks.one_part, (hybrid(dense_table),), "C3 was changed"),
    (checks.one_part, (hybrid(other_slope),), "not ten weighted sums"),
    (checks.one_part, (Halved(output="linear"),), "not ten weighted sums"),
    (checks.one_part, (hybrid(lambda net: net.requires_grad_(False)),), "frozen"),
    (checks.one_part, (hybrid(lambda net: net.append(nn.Softmax(1))),), "some other part"),
    (
        checks.one_part,
        (with_output(nn.Sequential(nn.Conv2d(84, 10, 1), nn.Softmax(1))),),
        "not ten weighted sums",
    ),
    (checks.one_part, (with_output(nn.Linear(84, 10)),), "cannot compute"),
    (checks.one_part, (with_output(nn.Conv2d(84, 10, 1, bias=False)),), "10 biases"),
    (checks.one_part, (with_output(nn.Identity()),), "0 parameters"),
    (
        checks.one_part,
        (hybrid(lambda net: net.register_forward_hook(lambda m, x, y: y.softmax(1))),),
        "not ten weighted sums",
    ),
    (checks.one_part, (hybrid()(torch.zeros(1, 1, 32, 32)),), "expected a LeNet5"),
    (checks.differ, (lambda a, x, b, y: a - b > (x * x + y * y) ** 0.5,), "absolute"),
    (checks.differ, (lambda a, x, b, y: abs(a - b) > x + y,), "squares add up"),
    (checks.differ, (lambda a, x, b, y: a != b,), "less than their intervals"),
    (checks.differ, (lambda a, x, b, y: False,), "but it says no"),
    (checks.differ, (lambda a, x, b, y: "yes",), "return True or False"),
    (checks.differ, (lambda a, x, b, y: NAN,), "return True or False"),
    (checks.differ, (lambda a, x, b, y: b - a > math.hypot(x, y),), "absolute"),
    (
        checks.differ,
        (lambda a, x, b, y: abs(a - b) > x**2 + y**2,),
        "the root is missing",
    ),
    (checks.differ, (lambda a, x, b, y: abs(a - b) > max(x, y),), "one half width alone"),
    (checks.differ, (lambda a, x, b, y: abs(a - b) > min(x, y),), "one half width alone"),
    (checks.differ, (lambda a, x, b, y: abs(a - b) > x,), "one half width alone"),
    (checks.differ, (lambda a, x, b, y: abs(a - b) > (x + y) / 2,), "asks too little"),
    (checks.differ, (lambda a, x, b, y: abs(a - b) >= math.hypot(x, y),), "not more"),
    (
        checks.differ,
        (lambda a, x, b, y: abs(a - b) <= math.hypot(x, y),),
        "exchange the two",
    ),
    (checks.differ, (lambda a, x, b, y: True,), "but it says yes, whatever"),
    (
        checks.differ,
        (lambda a, x, b, y: abs(a - b) > 1.96 * math.hypot(x, y),),
        "differ by more than their intervals",
    ),
    (
        checks.differ,
        (lambda a, x, b, y: abs(a - b) > math.hypot(x, y) / 2**0.5,),
        "differ by less than their intervals",
    ),
    (
        checks.differ,
        (lambda a, x, b, y: round(abs(a - b)) > math.hypot(x, y),),
        "differ by",
    ),
    (
        checks.differ,
        (lambda a, x, b, y: int(abs(a - b) > math.hypot(x, y)),),
        "of type int",
    ),
    (checks.differ, (lambda a, x, b, y: abs(a - b) - math.hypot(x, y),), "of type float"),
    (
        checks.differ,
        (lambda a, x, b, y: (abs(a - b) > math.hypot(x, y),),),
        "of type tuple",
    ),
    (checks.differ, (lambda a, x, b, y: np.array([a > b]),), "of type ndarray"),
    (checks.differ, (lambda a, b, x, y: abs(a - b) > math.hypot(x, y),), "differ by"),
    (checks.differ, (lambda a, b: a > b,), "raised TypeError"),
    (checks.differ, (lambda a, x, b, y: print(a > b),), "returned nothing"),
    (checks.by_luck, (55, 14), "no probability"),
    (checks.by_luck, (57, 14), "none at all"),
    (checks.by_luck, (5, 14), "eleven occasions"),
    (checks.by_luck, (50, 14), "from one"),
    (checks.by_luck, (43, 10), "do not add up"),
    (checks.by_luck, (43, 13), "one more is needed"),
    (checks.by_luck, (43, 20), "smallest n"),
    (checks.by_luck, (0.43, 14), "0.43 is not in percent"),
    (checks.by_luck, (43, Forged()), "whole number"),
    (checks.by_luck, (56.88, 14), "none at all"),
    (checks.by_luck, (0.5688, 14), "not in percent"),
    (checks.by_luck, (33, 14), "exactly one"),
    (checks.by_luck, (40, 14), "ten comparisons"),
    (checks.by_luck, (46, 14), "twelve comparisons"),
    (checks.by_luck, (100, 14), "certain"),
    (checks.by_luck, (-43, 14), "from one"),
    (checks.by_luck, (42.6, 14), "42.6 is not it"),
    (checks.by_luck, (43.15, 14), "43.15 is not it"),
    (checks.by_luck, (43, 13.513), "round up"),
    (checks.by_luck, (43, 15), "one fewer is enough"),
    (checks.by_luck, (43, 14.4), "14.4 is not it"),
    (checks.by_luck, ("43", 14), "whole number"),
    (checks.by_luck, ("43%", 14), "whole number"),
    (checks.by_luck, (43, True), "whole number"),
    (checks.by_luck, ((43, 14), 14), "whole number"),
    (checks.by_luck, (43 + 0j, 14), "whole number"),
    (checks.by_luck, (math.inf, 14), "whole number"),
]
