"""Checks of the lesson "Weight sharing"."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.checks.verdict import (
    call,
    check,
    close,
    integer,
    recognise,
    require,
    shape,
    tensor,
    wrong,
)


@check
def rgb_parameters(shared: Any, unshared: Any) -> str:
    """Check exercise 3.1: sixteen maps, 3x3 kernels, a colour picture of 3@64x64.

    Args:
        shared: trainable parameters when each map shares its weights.
        unshared: trainable parameters when each unit has its own.
    """
    positions, each = 62 * 62, 3 * 9 + 1
    counts = (integer(shared, "shared"), integer(unshared, "unshared"))
    if counts == (positions * 16 * each, 16 * each):
        wrong("the two are exchanged: sharing leaves fewer parameters.")
    count = counts[0]
    require(
        count,
        16 * each,
        {
            "counts a grey picture. A unit reads its window in all three colours": 16 * 10,
            "counts the weights. Each map has one bias as well": 16 * 27,
            "counts three biases a map, one a colour. It has one: the colours are added": 16 * 30,
            "counts one map. There are sixteen": each,
            "counts one bias for all maps together. Each map has one": 16 * 27 + 1,
            "counts three biases for all maps together. Each map has one": 16 * 27 + 3,
            "counts 5 by 5 kernels. They are 3 by 3 here": 16 * 76,
        },
        f"{count:,} is not it: sixteen maps, each with 3 x 3 x 3 weights and one bias.",
    )
    count = counts[1]
    if count == 16 * each:
        wrong("unshared is as large as shared. Without sharing, every unit has 28 of its own.")
    require(
        count,
        positions * 16 * each,
        {
            "counts a unit for every pixel. A window of 3 has 64 - 3 + 1 places in a row": 64**2
            * 448,
            "counts 64 - 3 places in a row. There is one more place than steps": 61**2 * 448,
            "counts weights alone: now every unit has a bias of its own": positions * 16 * 27,
            "counts a bias for each map: now every unit has one of its own": positions * 432 + 16,
            "counts one map. There are sixteen": positions * each,
            "counts a grey picture. A unit reads its window in all three colours": positions * 160,
            "counts units. Each has 28 parameters": positions * 16,
            "counts one row of units. A map has 62 rows": 62 * 448,
        },
        f"{count:,} is not it: 62 x 62 units in each of 16 maps, 28 parameters a unit.",
    )
    return "448 against 1,722,112: one set of 28 numbers a map, or one for each of its 3,844 units."


@check
def unfolded(function: Any) -> str:
    """Check exercise 3.2: a whole convolutional layer by unfold and one product.

    Args:
        function: called with x (N, C, H, W), weight (M, C, k, k) and bias (M,); returns
            (N, M, H-k+1, W-k+1).
    """
    generator = torch.Generator().manual_seed(11)
    # No two of these numbers are equal, so that no dimension can pass for another.
    for n, c, m, k, height, width in ((2, 3, 5, 4, 9, 11), (3, 1, 4, 2, 8, 6)):
        x = torch.randn(n, c, height, width, generator=generator)
        weight = torch.randn(m, c, k, k, generator=generator)
        bias = torch.randn(m, generator=generator)
        answer = call(function, x, weight, bias, without={"conv": "F.conv2d"})
        rows, columns = height - k + 1, width - k + 1
        _explain_layer_shape(shape(answer), n, m, rows, columns)
        y = tensor(answer, (n, m, rows, columns), "the result")
        if not close(y, F.conv2d(x, weight, bias).double()):
            _explain_layer(y, x, weight, bias)
    return "One product of a matrix does all maps, all colours and all places at once."


def _explain_layer_shape(
    found: tuple[int, ...] | None, n: int, m: int, rows: int, columns: int
) -> None:
    if found == (n, m, rows * columns):
        wrong(
            f"the {rows * columns} places still stand in one row: give them back their {rows} rows "
            f"and {columns} columns."
        )
    if found == (m, n, rows, columns):
        wrong("pictures and maps are exchanged: the shape is (N, M, rows, columns).")
    if found == (n, rows, columns, m):
        wrong("the maps come last: the shape is (N, M, rows, columns).")
    if found == (n, m, columns, rows):
        wrong("rows and columns are exchanged: H and W differ here.")


def _explain_layer(y: Tensor, x: Tensor, weight: Tensor, bias: Tensor) -> None:
    truth = F.conv2d(x, weight, bias).double()
    column = bias.double()[:, None, None]
    n, m, rows, columns = truth.shape
    plausible = {
        "The bias is missing: add one number to each map.": truth - column,
        "The bias is added more than once.": truth + column,
        "The bias is subtracted.": truth - 2 * column,
        "The kernels are turned round: this is the textbook's convolution, which comes next.": (
            F.conv2d(x, weight.flip(2, 3), bias).double()
        ),
        "Rows and columns of the kernels are exchanged.": F.conv2d(x, weight.mT, bias).double(),
        "Input maps and kernel cells are in another order than in unfold, which goes through "
        "the first input map first: weight.flatten(1) has that order.": (
            F.conv2d(x, weight.permute(0, 2, 3, 1).reshape(weight.shape), bias).double()
        ),
        "The places are in another order than in unfold, which goes along the rows: make rows of "
        "them first, then columns.": truth.flatten(2).view(n, m, columns, rows).mT,
        "This is a mean over the window: the products are added.": (
            (truth - column) / weight[0].numel() + column
        ),
        "An activation function was applied: the layer stops at the sum.": truth.tanh(),
        "Negative sums are cut off: the layer stops at the sum.": truth.relu(),
    }
    if x.shape[1] > 1:
        plausible["This reads the first input map only: flatten all C x k x k weights."] = F.conv2d(
            x[:, :1], weight[:, :1], bias
        ).double()
    recognise(y, plausible)
    wrong(
        "The shape is right, the values are not. Compare one unit by hand: "
        "(x[n, :, i:i+k, j:j+k] * weight[m]).sum() + bias[m]."
    )


@check
def textbook_convolution(function: Any) -> str:
    """Check exercise 3.3: convolution with the kernel turned round.

    Args:
        function: called with a picture (H, W) and a kernel (k, k); returns the places where the
            whole kernel fits, (H-k+1, W-k+1).
    """
    generator = torch.Generator().manual_seed(12)
    for height, width, k in ((7, 9, 3), (8, 6, 4)):
        x = torch.randn(height, width, generator=generator)
        kernel = torch.randn(k, k, generator=generator)
        answer = call(function, x, kernel)
        fits = (height - k + 1, width - k + 1)
        if shape(answer) in ((1, 1, *fits), (1, *fits)):
            wrong("the result still has conv2d's dimensions for pictures and maps: take [0, 0].")
        if shape(answer) in ((height, width), (height + k - 1, width + k - 1)):
            wrong(
                f"the result has shape {shape(answer)}: leave out the places where the kernel "
                f"sticks out of the picture; {fits} is left."
            )
        y = tensor(answer, fits, "the result")
        if not close(y, _correlate(x, kernel.flip(0, 1))):
            _explain_convolution(y, x, kernel)
    return "Turn the kernel round, up and down and left and right, and conv2d convolves."


def _explain_convolution(y: Tensor, x: Tensor, kernel: Tensor) -> None:
    truth = _correlate(x, kernel.flip(0, 1))
    kernels = {
        "This is conv2d as it is, a correlation: turn the kernel round first.": kernel,
        "The kernel is upside down, but left and right are not exchanged.": kernel.flip(0),
        "Left and right of the kernel are exchanged, but not up and down.": kernel.flip(1),
        "The kernel is mirrored at its diagonal. Turning it round is two flips.": kernel.mT,
        "The kernel is mirrored at its other diagonal: leave out the transposition.": (
            kernel.mT.flip(0, 1)
        ),
        "The kernel is turned by a quarter, not by a half.": kernel.rot90(1),
        "The kernel is turned by a quarter, not by a half. ": kernel.rot90(-1),
    }
    recognise(y, {message: _correlate(x, cells) for message, cells in kernels.items()})
    recognise(
        y,
        {
            "The result is turned round. Is the picture turned? Turn the kernel alone.": (
                truth.flip(0, 1)
            ),
            "The result is turned round instead of the kernel.": (_correlate(x, kernel).flip(0, 1)),
            "The sign is the other way: turning the kernel round does not negate it.": -truth,
            "This is a mean over the kernel's cells: the products are added.": (
                truth / kernel.numel()
            ),
        },
    )
    wrong("The shape is right, the values are not. Try a picture with a single 1 in it.")


@check
def kernel_gradient(function: Any) -> str:
    """Check exercise 3.4: the gradient of a shared kernel.

    Args:
        function: called with a picture (H, W) and, for each unit of the map, the derivative of
            the loss by its sum, (H-k+1, W-k+1); returns the derivatives by the weights, (k, k).
    """
    generator = torch.Generator().manual_seed(13)
    for height, width, k in ((7, 9, 3), (6, 5, 2)):
        x = torch.randn(height, width, generator=generator)
        units = (height - k + 1, width - k + 1)
        slopes = torch.randn(*units, generator=generator)
        answer = call(function, x, slopes)
        if shape(answer) in ((1, 1, k, k), (1, k, k)):
            wrong("the result still has conv2d's dimensions for pictures and maps: take [0, 0].")
        if shape(answer) == units:
            wrong(f"this is one number for each unit. Asked for is one for each weight: {(k, k)}.")
        if shape(answer) == (height, width):
            wrong(f"this is one number for each pixel. Asked for is one for each weight: {(k, k)}.")
        if shape(answer) == (*units, k, k):
            wrong("these are the gradients of all units by themselves. The weights are shared: "
                  "add up the units.")  # fmt: skip
        found = tensor(answer, (k, k), "the result")
        if not close(found, _correlate(x, slopes)):
            _explain_gradient(found, x, slopes)
    return "The gradient of a shared weight is the sum of the gradients at all its places."


def _explain_gradient(found: Tensor, x: Tensor, slopes: Tensor) -> None:
    truth, k = _correlate(x, slopes), len(found)
    plausible = {
        "This is the mean over the places. The derivative of a sum is a sum.": (
            truth / slopes.numel()
        ),
        "The sign is the other way: this is the way downhill, asked for is the derivative.": -truth,
        "The result is turned round: weight (u, v) lies on pixel (i + u, j + v).": (
            truth.flip(0, 1)
        ),
        "The derivatives are turned round before conv2d: give them to it as they are.": (
            _correlate(x, slopes.flip(0, 1))
        ),
        "Rows and columns of the result are exchanged.": truth.mT,
        "This is the gradient of one unit, the first. The weights are shared: add up all units.": (
            (slopes[0, 0] * x[:k, :k]).double()
        ),
        "This is the gradient of one unit, the last. Add to the result instead of replacing it.": (
            (slopes[-1, -1] * x[-k:, -k:]).double()
        ),
        "This adds up the windows without their units' derivatives: multiply by g[i, j].": (
            _correlate(x, torch.ones_like(slopes))
        ),
        "This adds up the units' derivatives without their windows: multiply by x[i+u, j+v].": (
            slopes.sum().double().expand(k, k)
        ),
        "This multiplies two sums. Multiply at each place first, then add up.": (
            _correlate(x, torch.ones_like(slopes)) * slopes.sum().double()
        ),
    }
    recognise(found, plausible)
    wrong("The shape is right, the values are not: add up g[i, j] * x[i+u, j+v] over i, j.")


def _correlate(picture: Tensor, cells: Tensor) -> Tensor:
    return F.conv2d(picture[None, None], cells[None, None])[0, 0].double()
