"""Checks of the lesson "Layer by layer"."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.checks.verdict import (
    call,
    check,
    close,
    integer,
    integers,
    reasons,
    recognise,
    require,
    tensor,
    wrong,
)
from lenet_utils.layers import TABLE_I


@check
def seven_by_seven(shape: Any, parameters: Any, connections: Any) -> str:
    """Check exercise 5.1: C1 with 7x7 kernels.

    Args:
        shape: (maps, height, width) of the output on a 32x32 input.
        parameters: trainable parameters of the layer.
        connections: connections of the layer, biases included.
    """
    sides = integers(shape, 3, "shape", "(6, 28, 28)")
    if sides == (26, 26, 6):
        wrong("the numbers of the shape are right; the maps come first: (maps, height, width).")
    if sides[1:] == (25, 25):
        wrong("25 is 32 - 7. A kernel of side k has 32 - k + 1 positions in a row: count them.")
    if sides[1:] == (28, 28):
        wrong("28x28 is the output of the 5x5 kernels. A larger kernel has fewer positions.")
    if sides[1:] == (32, 32):
        wrong("32x32 is the input. A kernel that must fit has fewer positions.")
    if sides != (6, 26, 26):
        wrong(f"the shape is not {sides}: six maps, each side 32 - 7 + 1.")
    count = integer(parameters, "parameters")
    require(
        count,
        6 * 50,
        {
            "counts the weights. Each map has one bias as well": 6 * 49,
            "counts one map. There are six": 50,
            "counts the weights of one map. There are six, each with a bias": 49,
            "has one bias for all maps together. Each map has one": 6 * 49 + 1,
            "is the number with 5x5 kernels": 156,
            "counts 7 weights a kernel. It has 7 x 7": 6 * 8,
            "gives every unit weights of its own. The units of a map share theirs": (
                6 * 26 * 26 * 50
            ),
        },
        f"{count:,} parameters: expected six kernels of 7 x 7 weights and one bias each.",
    )
    links = integer(connections, "connections")
    require(
        links,
        6 * 26 * 26 * 50,
        {
            "leaves out the bias: it is one more connection into every unit": 6 * 26**2 * 49,
            "counts one map. There are six": 26**2 * 50,
            "counts the parameters. Each is used at every position of a map": 6 * 50,
            "counts the units. Each has 7 x 7 + 1 connections": 6 * 26**2,
            "counts one row of each map. A map has 26 rows": 26 * 6 * 50,
            "takes 28 x 28 positions, those of the 5x5 kernels": 28**2 * 6 * 50,
            "takes a position for every pixel. The kernel fits at 26 x 26": 32**2 * 6 * 50,
            "is the number with 5x5 kernels": 122_304,
        },
        f"{links:,} connections: every unit of the output has 7 x 7 + 1 of them.",
    )
    return "Fewer units with wider views: more parameters and more connections than 5x5 kernels."


@check
def c3_counts(function: Any) -> str:
    """Check exercise 5.3: parameters and connections of a sparse convolution.

    Args:
        function: called with a bool table (output maps, input maps), the kernel's side and the
            side of the output maps; returns (parameters, connections).
    """
    other = torch.tensor([[True, False, True], [True, True, False]])
    tables = (TABLE_I, torch.ones_like(TABLE_I), other, other.mT)
    for table, kernel, side in zip(tables, (5, 5, 3, 2), (10, 10, 4, 7), strict=True):
        pairs, (maps, inputs) = int(table.sum()), table.shape
        answer = call(function, table, kernel, side)
        parameters, links = integers(answer, 2, "the result", "(156, 122304)")
        truth = pairs * kernel**2 + maps
        which = (
            f"for a table of {maps} output maps, {inputs} input maps and {pairs} crosses, kernels "
            f"of {kernel}x{kernel} and maps of {side}x{side}, "
        )
        if (parameters, links) == (truth * side**2, truth):
            wrong(which + "parameters and connections are exchanged.")
        why = reasons(
            parameters,
            {
                "belong to the full convolution: count only the crosses": table.numel() * kernel**2
                + maps,
                "leave out the bias of each output map": pairs * kernel**2,
                "have a bias for every cross; a map has only one": pairs * (kernel**2 + 1),
                "have a bias for each input map; the output maps have one": (
                    pairs * kernel**2 + inputs
                ),
                "have a single bias; each output map has one": pairs * kernel**2 + 1,
                "take k weights a kernel; it has k x k": pairs * kernel + maps,
            },
        )
        if parameters != truth and why:
            wrong(which + f"{parameters:,} parameters {why}.")
        if parameters != truth:
            wrong(which + f"{parameters:,} parameters; expected crosses x k x k + output maps.")
        why = reasons(
            links,
            {
                "are the parameters; each is used at every position of the output map": truth,
                "leave out the bias, which is one more connection into every unit": (
                    pairs * kernel**2 * side**2
                ),
                "count each bias once; it is one more connection into every unit": pairs
                * kernel**2
                * side**2
                + maps,
                "belong to one row of units; there are side x side positions": truth * side,
                "take k x k positions; there are side x side": truth * kernel**2,
                "count the output maps twice; the parameters are those of all maps": (
                    truth * side**2 * maps
                ),
            },
        )
        if links != truth * side**2 and why:
            wrong(which + f"{links:,} connections {why}.")
        if links != truth * side**2:
            wrong(which + f"{links:,} connections; expected parameters x positions.")
    return "The same function gives 1,516 for Table I and 2,416 for the full table."


@check
def subsampling(function: Any) -> str:
    """Check exercise 5.2: the paper's subsampling written out.

    Args:
        function: called with x (N, C, H, W), coefficient (C,) and bias (C,); returns the sums
            of 2x2 neighbourhoods, scaled and shifted, (N, C, H/2, W/2).
    """
    generator = torch.Generator().manual_seed(7)
    # No two of these numbers are equal, so that no dimension can pass for another.
    for n, c, height, width in ((2, 3, 8, 10), (4, 5, 6, 2)):
        x = torch.randn(n, c, height, width, generator=generator)
        coefficient = torch.randn(c, generator=generator)
        bias = torch.randn(c, generator=generator)
        answer = call(function, x, coefficient, bias, unaided=True)
        y = tensor(answer, (n, c, height // 2, width // 2), "the result")
        if not close(y, _subsampled(x, coefficient, bias)):
            _explain_subsampling(y, x, coefficient, bias)
    return "Four inputs added, one coefficient and one bias a map: 12 parameters in S2."


def _subsampled(x: Tensor, coefficient: Tensor, bias: Tensor) -> Tensor:
    sums = F.avg_pool2d(x.double(), 2) * 4
    return sums * coefficient.double()[:, None, None] + bias.double()[:, None, None]


def _explain_subsampling(y: Tensor, x: Tensor, coefficient: Tensor, bias: Tensor) -> None:
    truth = _subsampled(x, coefficient, bias)
    shift, factor = bias.double()[:, None, None], coefficient.double()[:, None, None]
    n, c, height, width = x.shape
    in_a_row = x.double().reshape(n, c, height // 2, width // 2, 4).sum(4)
    recognise(
        y,
        {
            "This is the mean of four inputs: the paper adds them, so the result is four times "
            "larger before the bias.": (truth - shift) / 4 + shift,
            "The bias is missing.": truth - shift,
            "The coefficient is missing.": (truth - shift) / factor + shift,
            "The bias is scaled too: multiply by the coefficient first, then add the bias.": (
                truth - shift + shift * factor
            ),
            "The bias is added for each of the four inputs: add it once.": truth + 3 * shift,
            "This has gone through the activation function, which comes after, in a module of "
            "its own.": 1.7159 * torch.tanh(2 / 3 * truth),
            "This is the maximum of the four inputs, not their sum.": (
                F.max_pool2d(x, 2).double() * factor + shift
            ),
            "This takes one of the four inputs, as a stride alone does: add all four.": (
                x[:, :, ::2, ::2].double() * factor + shift
            ),
            "This adds two of the four inputs, side by side: a square has two rows.": (
                (x[:, :, ::2, ::2] + x[:, :, ::2, 1::2]).double() * factor + shift
            ),
            "This adds two of the four inputs, one below the other: a square has two columns.": (
                (x[:, :, ::2, ::2] + x[:, :, 1::2, ::2]).double() * factor + shift
            ),
            "This adds four inputs that lie in a row in memory: view both sides as pairs, "
            "(H/2, 2, W/2, 2).": in_a_row * factor + shift,
        },
    )
    if close(y[0], truth[0]):
        wrong("The first picture of the batch is right, but the others are not.")
    wrong(
        "The shape is right, the values are not. Compare one unit by hand: "
        "coefficient[c] * (sum of x[n, c, 2i:2i+2, 2j:2j+2]) + bias[c]."
    )
