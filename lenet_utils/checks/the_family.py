"""Checks of the lesson "The family"."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils.checks.verdict import (
    call,
    check,
    close,
    recognise,
    rounds_to,
    shape,
    tensor,
    unrounded,
    wrong,
)

INPUTS, OUTPUTS = 512 * 7 * 7, 4096


@check
def alexnet_sides(after_convolution: Any, after_pooling: Any) -> str:
    """Check exercise 13.1: the first two layers of AlexNet on 224x224.

    Args:
        after_convolution: side of the maps after kernels of 11, a stride of 4, a padding of 2.
        after_pooling: side after windows of 3, a stride of 2.
    """
    side = unrounded(after_convolution, "the side after the convolution")
    half = unrounded(after_pooling, "the side after the pooling")
    if (side, half) == (27, 55):
        wrong("the two are exchanged: the pooling comes after the convolution.")
    early = "positions at a stride of 1. The kernel moves four pixels at a time."
    sides: dict[float, str] = {
        214: f"214 are the {early}",
        218: f"218 are the {early}",
        54: "54: either the border of 2 was left out, or the place where the kernel starts, which "
        "counts as well as the 54 steps.",
        56: "56 is 224 / 4, or 54.25 steps rounded up. Count places: padded side less kernel, in "
        "steps of 4, rounded down, plus 1.",
        224: "224 is the side of the picture: the kernel moves by 4, so there are fewer places.",
        228: "228 is the side of the picture with its border: the kernel moves by 4.",
        55 * 55: "3,025 is the number of units of a map: give its side.",
    }
    if side in sides:
        wrong(sides[side])
    if side % 1:
        wrong(f"{side:g} is not whole: where the next step of four pixels does not fit, the kernel "
              "stops. Divide, round it down, and add 1.")  # fmt: skip
    if side != 55:
        wrong(f"{_written(side)} is not it: (224 + 2 x 2 - 11) / 4, rounded down, plus 1.")
    halves = {
        28: "28 is half of 55, rounded up. Windows of 3 that move by 2 overlap: count places.",
        27.5: "27.5 is half of 55. Windows of 3 that move by 2 overlap: count places.",
        26: "26 steps of two fit, and the place where the window starts counts too.",
        18: "18 is for windows that do not overlap: these are 3 wide and move by 2.",
        53: "53 are the places at a stride of 1. The window moves by 2.",
        27 * 27: "729 is the number of units of a map: give its side.",
    }
    if half in halves:
        wrong(halves[half])
    if half != 27:
        wrong(f"{_written(half)} is not it: (55 - 3) / 2, rounded down, plus 1.")
    return "The formula is LeNet-5's, with a stride: (n + 2p - k) / s, rounded down, plus 1."


@check
def first_full_layer(parameters: Any) -> str:
    """Check exercise 13.2: parameters of VGG's first fully connected layer."""
    count = unrounded(parameters, "the answer")
    weights = INPUTS * OUTPUTS
    one_a_map = "this has one input a map. Each of the 512 maps has 7 x 7 units, and all are read."
    seven = "this has 7 inputs a map. A map is 7 by 7."
    mistakes: dict[float, str] = {
        weights: "these are the weights. Each of the 4,096 units has a bias as well.",
        512 * OUTPUTS: one_a_map,
        512 * OUTPUTS + OUTPUTS: one_a_map,
        512 * 7 * OUTPUTS: seven,
        512 * 7 * OUTPUTS + OUTPUTS: seven,
        INPUTS: "25,088 is the number of inputs. Each of the 4,096 units has a weight for each.",
        OUTPUTS: "4,096 is the number of units. Each has a weight for every input, and a bias.",
        INPUTS + OUTPUTS: "inputs and units were added. Each unit has a weight for every input.",
        weights + INPUTS: "this has a bias for each input. A bias belongs to a unit.",
        weights + 1: "this has one bias for all units. Each of the 4,096 has its own.",
        4 * weights + OUTPUTS: "this reads maps of 14 by 14, before the last pooling.",
        138_357_544: "these are all parameters of VGG-16. How many has its first full layer?",
        123_642_856: "these are the parameters of all three fully connected layers.",
        OUTPUTS * OUTPUTS + OUTPUTS: "this is the second fully connected layer, from 4,096 units.",
        512 * 512 * 9 + 512: "this is a convolution of 512 maps. The layer is fully connected.",
    }
    if count in mistakes:
        wrong(mistakes[count])
    if rounds_to(count, (weights + OUTPUTS) / 1e6):
        wrong(f"{count:g} may be right in millions: give the number itself, all of its digits.")
    if count != weights + OUTPUTS:
        wrong(f"{_written(count)} is not it: inputs x units, and a bias for each unit.")
    return "More than a hundred million parameters in one layer, three quarters of the network."


def _written(count: float) -> str:
    return f"{count:,}" if count % 1 else f"{count:,.0f}"


class _Block(nn.Module):
    """A block that keeps what it was given, and hears whether it was called."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor, self.heard = factor, False
        self.register_forward_hook(lambda *_: setattr(self, "heard", True))

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.factor + 0.3).flip(-1)


@check
def residual(function: Any) -> str:
    """Check exercise 13.3: a block with a shortcut.

    Args:
        function: called with a block and its input x; returns the ReLU of their sum.
    """
    generator = torch.Generator().manual_seed(15)
    for factor, sides in ((-0.7, (2, 3, 4, 4)), (1.6, (5, 8))):
        # Some sums lie above 6, where one kind of ReLU ends.
        x = 4 * torch.randn(sides, generator=generator)
        block = _Block(factor)
        answer = call(function, block, x)
        if shape(answer) in _side_by_side(sides):
            wrong("x and the block's output stand side by side, as in GoogLeNet. Add them.")
        y = tensor(answer, sides, "the result")
        if not close(y, F.relu(x + block.forward(x)).double()):
            _explain_residual(y, x, block)
        if not block.heard:
            wrong("block.forward(x) passes by the hooks of the block: call block(x).")
    _require_gradients(function, nn.Parameter(x), block)
    return "Behind a ReLU, a block that answers 0 lets the signal pass unchanged."


def _side_by_side(sides: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the shapes of two tensors of these sides that are joined along a dimension."""
    return [(*sides[:i], 2 * side, *sides[i + 1 :]) for i, side in enumerate(sides)]


def _explain_residual(y: Tensor, x: Tensor, block: _Block) -> None:
    inner, early = block.forward(x), block.forward(F.relu(x))
    total = x + inner
    late = "the ReLU comes too early: first add x, then cut off what is negative."
    into = "the block gets x as it is, without a ReLU before it."
    missing = "this is made of x alone: the block is missing."
    shortcut = "this is the block alone: the shortcut is missing."
    plausible = [
        ("this is the sum, without the ReLU after it.", total),
        (shortcut, inner),
        ("this is the ReLU of the block alone: the shortcut is missing.", F.relu(inner)),
        (missing, x),
        (missing, F.relu(x)),
        (missing, F.relu(2 * x)),
        (late, x + F.relu(inner)),
        (late, F.relu(x) + inner),
        ("both were cut off before they were added: add first.", F.relu(x) + F.relu(inner)),
        (into, F.relu(x + early)),
        (into, x + early),
        ("the block is applied twice: once is enough.", F.relu(x + block.forward(inner))),
        ("the block was subtracted.", F.relu(x - inner)),
        ("the two were multiplied: add them.", F.relu(x * inner)),
        ("the sum is halved: add, without a mean.", F.relu(total / 2)),
        ("this is the larger of the two: add them.", torch.maximum(x, inner)),
        ("this is the absolute value: the ReLU gives 0 for what is negative.", total.abs()),
        ("the sum has the wrong sign.", F.relu(-total)),
    ]
    for message, value in plausible:
        recognise(y, {message: value})
    if close(y[total > 0], total[total > 0].double()):
        wrong("what is positive is right; all that is negative becomes 0.")
    small = total < 6
    if close(y[small], F.relu(total)[small].double()):
        wrong("what is small is right; a ReLU does not change what is large, above 6 either.")
    wrong("the shape is right, the values are not: relu(x + block(x)).")


def _require_gradients(function: Any, x: nn.Parameter, block: _Block) -> None:
    """Refuse a sum that is right, but hands no gradient back on one of the two ways."""
    y = call(function, block, x)
    gradient = None
    if isinstance(y, Tensor) and y.requires_grad:
        (gradient,) = torch.autograd.grad(y.sum(), x, allow_unused=True)
    (wanted,) = torch.autograd.grad(F.relu(x + block.forward(x)).sum(), x)
    if gradient is None or not close(gradient, wanted):
        wrong("the values are right, but no gradient passes through x, the block or both: leave "
              "out detach and no_grad, for the layers before have to learn as well.")  # fmt: skip
