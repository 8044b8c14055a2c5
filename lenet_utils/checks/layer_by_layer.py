"""Checks of the lesson "Layer by layer"."""

from typing import Any

import torch

from lenet_utils.checks.verdict import call, check, close, integer, integers, tensor, wrong
from lenet_utils.layers import TABLE_I, Subsampling


@check
def seven_by_seven(shape: Any, parameters: Any, connections: Any) -> str:
    """Check exercise 5.1: C1 with 7x7 kernels.

    Args:
        shape: (maps, height, width) of the output on a 32x32 input.
        parameters: trainable parameters of the layer.
        connections: connections of the layer, biases included.
    """
    maps, height, width = integers(shape, 3, "shape", "(6, 28, 28)")
    if (height, width) == (25, 25):
        wrong("25 is 32 - 7. A kernel of side k has 32 - k + 1 positions in a row: count them.")
    if (height, width) == (28, 28):
        wrong("28x28 is the output of the 5x5 kernels. A larger kernel has fewer positions.")
    if (maps, height, width) != (6, 26, 26):
        wrong(f"the shape is not {shape}: six maps, each side 32 - 7 + 1.")
    count = integer(parameters, "parameters")
    if count == 6 * 49:
        wrong("294 counts the weights. Each map has one bias as well.")
    if count == 7 * 7 + 1:
        wrong("50 is one map's share. There are six maps.")
    if count != 6 * 50:
        wrong(f"{count:,} parameters: expected six kernels of 7 x 7 weights and one bias each.")
    links = integer(connections, "connections")
    if links == 6 * 26 * 26 * 49:
        wrong(f"{links:,} leaves out the bias: it is one more connection into every unit.")
    if links != 6 * 26 * 26 * 50:
        wrong(f"{links:,} connections: every unit of the output has 7 x 7 + 1 of them.")
    return "Fewer units with wider views: more parameters and more connections than 5x5 kernels."


@check
def c3_counts(function: Any) -> str:
    """Check exercise 5.3: parameters and connections of a sparse convolution.

    Args:
        function: called with a bool table (output maps, input maps), the kernel's side and the
            side of the output maps; returns (parameters, connections).
    """
    tables = (TABLE_I, torch.ones_like(TABLE_I), torch.tensor([[True, False], [True, True]]))
    for table, kernel, side in zip(tables, (5, 5, 3), (10, 10, 4), strict=True):
        pairs, maps = int(table.sum()), table.shape[0]
        answer = call(function, table.clone(), kernel, side)
        parameters, links = integers(answer, 2, "the result", "(156, 122304)")
        which = f"For a table of {maps} output maps and {pairs} crosses: "
        if parameters == table.numel() * kernel**2 + maps and pairs < table.numel():
            wrong(which + f"{parameters:,} is the full convolution. Count only the crosses.")
        if parameters == pairs * kernel**2:
            wrong(which + f"{parameters:,} parameters leave out the bias of each output map.")
        if parameters == pairs * (kernel**2 + 1):
            wrong(which + f"{parameters:,} gives every kernel a bias; a map has only one.")
        if parameters != pairs * kernel**2 + maps:
            wrong(which + f"{parameters:,} parameters; expected crosses x k x k + output maps.")
        if links == parameters:
            wrong(which + "every parameter is used at each position of the output map.")
        if links != parameters * side**2:
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
    x = torch.randn(2, 3, 4, 6, generator=generator)
    layer = Subsampling(3)
    with torch.no_grad():
        layer.coefficient.copy_(torch.tensor([0.5, -1.5, 2.0]))
        layer.bias.copy_(torch.tensor([0.3, -0.7, 1.1]))
        truth = layer(x).double()
    coefficient, bias = layer.coefficient.detach().clone(), layer.bias.detach().clone()
    y = tensor(call(function, x.clone(), coefficient, bias), (2, 3, 2, 3), "the result")
    scaled = truth - bias.double()[:, None, None]
    plausible = {
        "this is the mean of four inputs: the paper adds them, so the result is four times "
        "larger before the bias.": scaled / 4 + bias.double()[:, None, None],
        "the bias is missing.": scaled,
        "the bias is scaled too: multiply by the coefficient first, then add the bias.": (
            scaled + (bias * coefficient).double()[:, None, None]
        ),
        "this is squashed already: the squashing comes after, in a module of its own.": (
            1.7159 * torch.tanh(2 / 3 * truth)
        ),
        "this is the maximum of the four inputs, not their sum.": (
            torch.nn.functional.max_pool2d(x, 2).double() * coefficient.double()[:, None, None]
            + bias.double()[:, None, None]
        ),
    }
    if close(y, truth):
        return "Four inputs added, one coefficient and one bias a map: 12 parameters in S2."
    for message, values in plausible.items():
        if close(y, values):
            wrong(message[0].upper() + message[1:])
    wrong(
        "The shape is right, the values are not. Compare one unit by hand: "
        "coefficient[c] * (sum of x[n, c, 2i:2i+2, 2j:2j+2]) + bias[c]."
    )
