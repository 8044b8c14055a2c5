"""Checks of the lesson "The family"."""

from typing import Any

import torch
from torch.nn import functional as F

from lenet_utils.checks.verdict import call, check, close, integer, recognise, shape, tensor, wrong

INPUTS, OUTPUTS = 512 * 7 * 7, 4096


@check
def alexnet_sides(after_convolution: Any, after_pooling: Any) -> str:
    """Check exercise 15.1: the first two layers of AlexNet on 224x224.

    Args:
        after_convolution: side of the maps after kernels of 11, a stride of 4, a padding of 2.
        after_pooling: side after windows of 3, a stride of 2.
    """
    side = integer(after_convolution, "the side after the convolution")
    if side in (214, 218):
        wrong(f"{side} are the positions at a stride of 1. The kernel moves four pixels at a time.")
    if side == 54:
        wrong("54 steps of four pixels fit, and the place where the kernel starts counts too.")
    if side == 56:
        wrong("56 is 224 / 4. Count places: padded side less kernel, in steps of 4, plus 1.")
    if side != 55:
        wrong(f"{side} is not it: (224 + 2 x 2 - 11) / 4, rounded down, plus 1.")
    half = integer(after_pooling, "the side after the pooling")
    if half == 28:
        wrong("28 is half of 55, rounded up. Windows of 3 that move by 2 overlap: count places.")
    if half == 26:
        wrong("26 steps of two fit, and the place where the window starts counts too.")
    if half == 18:
        wrong("18 is for windows that do not overlap: these are 3 wide and move by 2.")
    if half != 27:
        wrong(f"{half} is not it: (55 - 3) / 2, rounded down, plus 1.")
    return "The formula is LeNet-5's, with a stride: (n + 2p - k) / s, rounded down, plus 1."


@check
def first_full_layer(parameters: Any) -> str:
    """Check exercise 15.2: parameters of VGG's first fully connected layer."""
    count = integer(parameters, "the answer")
    if count == INPUTS * OUTPUTS:
        wrong("these are the weights. Each of the 4,096 units has a bias as well.")
    if count in (512 * OUTPUTS, 512 * OUTPUTS + OUTPUTS):
        wrong("this has one input a map. Each of the 512 maps has 7 x 7 units, and all are read.")
    if count in (512 * 7 * OUTPUTS, 512 * 7 * OUTPUTS + OUTPUTS):
        wrong("this has 7 inputs a map. A map is 7 by 7.")
    if count == INPUTS:
        wrong("25,088 is the number of inputs. Each of the 4,096 units has a weight for each.")
    if count != INPUTS * OUTPUTS + OUTPUTS:
        wrong(f"{count:,} is not it: inputs x units, and a bias for each unit.")
    return "More than a hundred million parameters in one layer, three quarters of the network."


@check
def residual(function: Any) -> str:
    """Check exercise 15.3: a block with a shortcut.

    Args:
        function: called with a block and its input x; returns the ReLU of their sum.
    """
    generator = torch.Generator().manual_seed(15)
    for factor in (-0.7, 1.6):
        x = torch.randn(2, 3, 4, 4, generator=generator)
        inner = (x * factor + 0.3).flip(3)
        answer = call(function, lambda y, f=factor: (y * f + 0.3).flip(3), x)
        if shape(answer) == (2, 6, 4, 4):
            wrong("x and the block's output stand side by side, as in GoogLeNet. Add them.")
        y = tensor(answer, (2, 3, 4, 4), "the result")
        plausible = {
            "this is the sum, without the ReLU after it.": x + inner,
            "this is the block alone: the shortcut is missing.": inner,
            "this is the ReLU of the block alone: the shortcut is missing.": F.relu(inner),
            "the ReLU comes too early: first add x, then cut off what is negative.": (
                x + F.relu(inner)
            ),
            "both were cut off before they were added: add first.": F.relu(x) + F.relu(inner),
            "the block was subtracted.": F.relu(x - inner),
            "the two were multiplied: add them.": F.relu(x * inner),
        }
        if close(y, F.relu(x + inner).double()):
            continue
        recognise(y, plausible)
        wrong("the shape is right, the values are not: relu(x + block(x)).")
    return "With a block that answers 0 the signal passes unchanged: depth can do no harm."
