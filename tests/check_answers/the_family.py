"""Answers to the exercises of the lesson "The family"."""

from fractions import Fraction

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from lenet_utils import checks

from .forged import Forged

NAN = float("nan")

# 13.1 -------------------------------------------------------------------------------------

with torch.device("meta"):
    MAPS = nn.Conv2d(3, 64, 11, 4, 2)(torch.zeros(1, 3, 224, 224))
    POOLED = nn.MaxPool2d(3, 2)(MAPS)
    LAYER = nn.Linear(512 * 7 * 7, 4096)

# 13.3 -------------------------------------------------------------------------------------


def residual(block, x):
    return torch.relu(x + block(x))


def residual_into_the_block(block, x):
    """As torchvision's ResNet does it."""
    y = block(x)
    y += x
    return F.relu_(y)


def residual_on_the_spot(block, x):
    x += block(x)
    return F.relu(x)


def residual_without_gradients(block, x):
    with torch.no_grad():
        return residual(block, x)


def residual_in_evaluation(block, x):
    block.eval()
    return residual(block, x)


def residual_for_good(block, x):
    torch.set_grad_enabled(False)
    return residual(block, x)


def residual_of_wider_maps(block, x):
    """By luck there are as many dimensions as in the first case."""
    n, c, h, w = x.shape
    return residual(block, x).view(n, c, h, w)


RIGHT = [
    (checks.alexnet_sides, (55, 27)),
    (checks.alexnet_sides, (55.0, np.int32(27))),
    (checks.alexnet_sides, (torch.tensor(55), 27)),
    (checks.alexnet_sides, (MAPS.shape[-1], POOLED.shape[-1])),
    (checks.alexnet_sides, (np.floor((224 + 4 - 11) / 4) + 1, Fraction(54, 2))),
    (checks.alexnet_sides, (len(range(0, 228 - 10, 4)), len(range(0, 55 - 2, 2)))),
    (checks.first_full_layer, (102_764_544,)),
    (checks.first_full_layer, ((512 * 7 * 7 + 1) * 4096.0,)),
    (checks.first_full_layer, (np.int64(102_764_544),)),
    (checks.first_full_layer, (sum(p.numel() for p in LAYER.parameters()),)),
    (checks.first_full_layer, (torch.tensor(512 * 49 * 4096 + 4096),)),
    (checks.first_full_layer, (Fraction(102_764_544),)),
    (checks.residual, (residual,)),
    (checks.residual, (lambda block, x: F.relu(block(x) + x),)),
    (checks.residual, (lambda block, x: (block(x.clone()) + x).clamp(min=0),)),
    (checks.residual, (residual_into_the_block,)),
    (checks.residual, (lambda block, x: nn.ReLU()(torch.add(x, block(x))),)),
    (checks.residual, (lambda block, x: torch.stack([x, block(x)]).sum(0).relu(),)),
    (
        checks.residual,
        (lambda block, x: torch.maximum(x + block(x), torch.zeros(())),),
    ),
]

WRONG = [
    (checks.first_full_layer, (...,), "no answer yet"),
    (checks.alexnet_sides, (218, 27), "stride of 1"),
    (checks.alexnet_sides, (54, 27), "where the kernel starts"),
    (checks.alexnet_sides, (56, 27), "224 / 4"),
    (checks.alexnet_sides, (11, 27), "(224 + 2 x 2 - 11) / 4"),
    (checks.alexnet_sides, (55, 28), "rounded up"),
    (checks.alexnet_sides, (55, 26), "where the window starts"),
    (checks.alexnet_sides, (55, 18), "do not overlap"),
    (checks.alexnet_sides, (55, 55), "(55 - 3) / 2"),
    (checks.alexnet_sides, (54.25, 27), "round it down"),
    (checks.alexnet_sides, ((64, 55, 55), 27), "expected a whole number"),
    (checks.alexnet_sides, (55, Forged()), "expected a whole number"),
    (checks.alexnet_sides, (55, NAN), "expected a whole number"),
    (checks.alexnet_sides, (55, ...), "no answer yet"),
    (checks.alexnet_sides, (27, 55), "exchanged"),
    (checks.alexnet_sides, (55.25, 27), "round it down"),
    (checks.alexnet_sides, (54, 26), "the border of 2 was left out"),
    (checks.alexnet_sides, (57, 28), "(224 + 2 x 2 - 11) / 4"),
    (checks.alexnet_sides, (224, 112), "224 is the side of the picture"),
    (checks.alexnet_sides, (228, 113), "with its border"),
    (checks.alexnet_sides, (55 * 55, 27 * 27), "the number of units of a map"),
    (checks.alexnet_sides, (55, 27 * 27), "the number of units of a map"),
    (checks.alexnet_sides, (55, 27.5), "27.5"),
    (checks.alexnet_sides, (55, 53), "stride of 1"),
    (checks.alexnet_sides, (55, 29), "(55 - 3) / 2"),
    (checks.alexnet_sides, (-55, 27), "(224 + 2 x 2 - 11) / 4"),
    (checks.alexnet_sides, ("55", 27), "expected a whole number"),
    (checks.alexnet_sides, (True, True), "expected a whole number"),
    (checks.first_full_layer, (102_760_448,), "a bias as well"),
    (checks.first_full_layer, (512 * 4096 + 4096,), "one input a map"),
    (checks.first_full_layer, (512 * 7 * 4096,), "7 by 7"),
    (checks.first_full_layer, (25_088,), "number of inputs"),
    (checks.first_full_layer, (1,), "inputs x units"),
    (checks.first_full_layer, ("102,764,544",), "expected a whole number"),
    (checks.first_full_layer, (NAN,), "expected a whole number"),
    (checks.first_full_layer, (Forged(),), "expected a whole number"),
    (checks.first_full_layer, (25_088 * 4097,), "a bias for each input"),
    (checks.first_full_layer, (25_088 * 4096 + 1,), "one bias for all"),
    (checks.first_full_layer, (25_089 * 4097,), "inputs x units"),
    (checks.first_full_layer, (25_088 + 4096,), "added"),
    (checks.first_full_layer, (4096,), "number of units"),
    (checks.first_full_layer, (512 * 14 * 14 * 4096 + 4096,), "before the last pooling"),
    (checks.first_full_layer, (138_357_544,), "all parameters of VGG-16"),
    (checks.first_full_layer, (123_642_856,), "three fully connected layers"),
    (checks.first_full_layer, (4096 * 4096 + 4096,), "the second"),
    (checks.first_full_layer, (512 * 512 * 9 + 512,), "a convolution"),
    (checks.first_full_layer, (102.764544,), "in millions"),
    (checks.first_full_layer, (102.8,), "in millions"),
    (checks.first_full_layer, (102_764_544.5,), "is not it"),
    (checks.first_full_layer, (-102_764_544,), "inputs x units"),
    (checks.first_full_layer, ([102_760_448, 4096],), "expected a whole number"),
    (checks.first_full_layer, (LAYER,), "expected a whole number"),
    (checks.residual, (lambda b, x: x + b(x),), "without the ReLU"),
    (checks.residual, (lambda b, x: b(x),), "the shortcut is missing"),
    (checks.residual, (lambda b, x: F.relu(b(x)),), "ReLU of the block alone"),
    (checks.residual, (lambda b, x: x + F.relu(b(x)),), "comes too early"),
    (checks.residual, (lambda b, x: F.relu(x) + F.relu(b(x)),), "before they were added"),
    (checks.residual, (lambda b, x: F.relu(x - b(x)),), "subtracted"),
    (checks.residual, (lambda b, x: F.relu(x * b(x)),), "multiplied"),
    (checks.residual, (lambda b, x: torch.cat([x, b(x)], 1),), "side by side"),
    (checks.residual, (residual_on_the_spot,), "changed the x that it was given"),
    (checks.residual, (lambda b, x: x * 0,), "values are not"),
    (checks.residual, (lambda b, x: x[0],), "expected (2, 3, 4, 4)"),
    (checks.residual, (lambda b, x: x * NAN,), "NaN"),
    (checks.residual, (lambda b, x: Forged(),), "expected a tensor"),
    (checks.residual, (lambda b, x: F.relu(x) + b(x),), "comes too early"),
    (checks.residual, (lambda b, x: F.relu(x + b(F.relu(x))),), "the block gets x as it is"),
    (checks.residual, (lambda b, x: b(F.relu(x)) + x,), "the block gets x as it is"),
    (checks.residual, (lambda b, x: F.relu(x + b(b(x))),), "twice"),
    (checks.residual, (lambda b, x: F.relu((x + b(x)) / 2),), "halved"),
    (checks.residual, (lambda b, x: F.relu(x + x),), "the block is missing"),
    (checks.residual, (lambda b, x: F.relu(x),), "the block is missing"),
    (checks.residual, (lambda b, x: torch.maximum(x, b(x)),), "the larger of the two"),
    (checks.residual, (lambda b, x: F.leaky_relu(x + b(x)),), "all that is negative becomes 0"),
    (checks.residual, (lambda b, x: F.gelu(x + b(x)),), "values are not"),
    (checks.residual, (lambda b, x: F.relu6(x + b(x)),), "above"),
    (checks.residual, (lambda b, x: (x + b(x)).abs(),), "absolute value"),
    (checks.residual, (lambda b, x: torch.tanh(x + b(x)),), "values are not"),
    (checks.residual, (lambda b, x: F.relu(-x - b(x)),), "wrong sign"),
    (checks.residual, (lambda b, x: torch.cat([x, b(x)]),), "side by side"),
    (checks.residual, (lambda b, x: torch.stack([x, b(x)]),), "expected (2, 3, 4, 4)"),
    (checks.residual, (lambda b, x: lambda: residual(b, x),), "expected a tensor"),
    (checks.residual, (residual_of_wider_maps,), "raised ValueError"),
    (checks.residual, (lambda b, x: F.relu(x + b.forward(x)),), "passes by the hooks"),
    (checks.residual, (lambda b, x: F.relu(x.detach() + b(x)),), "no gradient passes"),
    (checks.residual, (lambda b, x: F.relu(x + b(x).detach()),), "no gradient passes"),
    (checks.residual, (residual_without_gradients,), "no gradient passes"),
    (checks.residual, (residual_in_evaluation,), "evaluation mode"),
    (checks.residual, (residual_for_good,), "torch.set_grad_enabled"),
]
