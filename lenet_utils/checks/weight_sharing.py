"""Checks of the lesson "Weight sharing"."""

from typing import Any

import torch
from torch.nn import functional as F

from lenet_utils.checks.verdict import call, check, close, integer, recognise, shape, tensor, wrong


@check
def colour_counts(shared: Any, unshared: Any) -> str:
    """Check exercise 3.1: sixteen maps, 3x3 kernels, a colour picture of 3@64x64.

    Args:
        shared: trainable parameters when each map shares its weights.
        unshared: trainable parameters when each unit has its own.
    """
    positions, each = 62 * 62, 3 * 9 + 1
    count = integer(shared, "shared")
    if count == 16 * 10:
        wrong("160 is right for a grey picture. A unit reads its window in all three colours.")
    if count == 16 * 27:
        wrong("432 counts the weights. Each map has one bias as well.")
    if count == 16 * 30:
        wrong("480 gives a map three biases, one a colour. It has one: the colours are added.")
    if count == each:
        wrong("28 is one map's share. There are sixteen maps.")
    if count != 16 * each:
        wrong(f"{count:,} is not it: sixteen maps, each with 3 x 3 x 3 weights and one bias.")
    count = integer(unshared, "unshared")
    if count == 16 * each:
        wrong("unshared is as large as shared. Without sharing, every unit has 28 of its own.")
    if count == 64 * 64 * 16 * each:
        wrong(f"{count:,} takes a unit for every pixel. A window of 3 has 64 - 3 + 1 places.")
    if count == positions * 16 * 27:
        wrong(f"{count:,} leaves out the biases: now every unit has one of its own.")
    if count == positions * each:
        wrong(f"{count:,} is one map. There are sixteen.")
    if count != positions * 16 * each:
        wrong(f"{count:,} is not it: 62 x 62 units in each of 16 maps, 28 parameters a unit.")
    return "448 against 1,722,112: one set of 28 numbers a map, or one for each of its 3,844 units."


@check
def unfolded(function: Any) -> str:
    """Check exercise 3.2: a whole convolutional layer by unfold and one product.

    Args:
        function: called with x (N, C, H, W), weight (M, C, k, k) and bias (M,); returns
            (N, M, H-k+1, W-k+1).
    """
    generator = torch.Generator().manual_seed(11)
    x = torch.randn(2, 3, 6, 8, generator=generator)
    weight = torch.randn(4, 3, 3, 3, generator=generator)
    bias = torch.randn(4, generator=generator)
    answer = call(function, x.clone(), weight.clone(), bias.clone())
    if shape(answer) == (2, 4, 24):
        wrong("the 24 places still stand in one row: give them back their 4 rows and 6 columns.")
    if shape(answer) == (4, 2, 4, 6):
        wrong("pictures and maps are exchanged: the shape is (N, M, rows, columns).")
    y = tensor(answer, (2, 4, 4, 6), "the result")
    truth = F.conv2d(x, weight, bias).double()
    if close(y, truth):
        return "One product of a matrix does all maps, all colours and all places at once."
    column = bias.double()[:, None, None]
    plausible = {
        "The bias is missing: add one number to each map.": truth - column,
        "The kernels are turned round: this is the textbook's convolution, which comes next.": (
            F.conv2d(x, weight.flip(2, 3), bias).double()
        ),
        "Rows and columns of the kernels are exchanged.": F.conv2d(x, weight.mT, bias).double(),
        "This reads the first input map only: flatten all C x k x k weights of a kernel.": (
            F.conv2d(x[:, :1], weight[:, :1], bias).double()
        ),
        "Input maps and kernel cells are in another order than in unfold, which goes through "
        "the first input map first: weight.flatten(1) has that order.": (
            F.conv2d(x, weight.permute(0, 2, 3, 1).reshape(weight.shape), bias).double()
        ),
    }
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
    x = torch.randn(7, 9, generator=generator)
    kernel = torch.randn(3, 3, generator=generator)
    answer = call(function, x.clone(), kernel.clone())
    if shape(answer) == (1, 1, 5, 7):
        wrong("the result still has conv2d's two dimensions for pictures and maps: take [0, 0].")
    y = tensor(answer, (5, 7), "the result")

    def correlate(picture: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
        return F.conv2d(picture[None, None], cells[None, None])[0, 0].double()

    if close(y, correlate(x, kernel.flip(0, 1))):
        return "Turn the kernel round, up and down and left and right, and conv2d convolves."
    plausible = {
        "This is conv2d as it is, a correlation: turn the kernel round first.": kernel,
        "The kernel is upside down, but left and right are not exchanged.": kernel.flip(0),
        "Left and right of the kernel are exchanged, but not up and down.": kernel.flip(1),
        "The kernel is mirrored at its diagonal. Turning it round is two flips.": kernel.mT,
        "The kernel is turned by a quarter, not by a half.": kernel.rot90(1),
        "The kernel is turned by a quarter, not by a half. ": kernel.rot90(-1),
    }
    for message, cells in plausible.items():
        if close(y, correlate(x, cells)):
            wrong(message.strip())
    if close(y, correlate(x.flip(0, 1), kernel)):
        wrong("You turned the picture round, so the result is turned too: turn the kernel.")
    wrong("The shape is right, the values are not. Try a picture with a single 1 in it.")


@check
def kernel_gradient(function: Any) -> str:
    """Check exercise 3.4: the gradient of a shared kernel.

    Args:
        function: called with a picture (H, W) and, for each unit of the map, the derivative of
            the loss by its sum, (H-k+1, W-k+1); returns the derivatives by the weights, (k, k).
    """
    generator = torch.Generator().manual_seed(13)
    x = torch.randn(7, 9, generator=generator)
    wanted = torch.randn(5, 7, generator=generator)
    answer = call(function, x.clone(), wanted.clone())
    if shape(answer) == (1, 1, 3, 3):
        wrong("the result still has conv2d's two dimensions for pictures and maps: take [0, 0].")
    if shape(answer) == (5, 7):
        wrong("this is one number for each unit. Asked for is one for each weight: (3, 3).")
    slopes = tensor(answer, (3, 3), "the result")
    truth = F.conv2d(x[None, None], wanted[None, None])[0, 0].double()
    if close(slopes, truth):
        return "Every place where a weight is used has its say, and the weight hears the sum."
    plausible = {
        "This is the mean over the places. The derivative of a sum is a sum.": truth / 35,
        "The result is turned round: weight (u, v) lies on pixel (i + u, j + v).": (
            truth.flip(0, 1)
        ),
        "Rows and columns of the result are exchanged.": truth.mT,
        "This is what one unit wants, the first. The weights are shared: add up all of them.": (
            wanted[0, 0] * x[:3, :3]
        ).double(),
        "This is what one unit wants, the last. Add to the result instead of replacing it.": (
            wanted[-1, -1] * x[-3:, -3:]
        ).double(),
        "This adds up the windows, whatever their units want: multiply by wanted[i, j].": (
            F.conv2d(x[None, None], torch.ones(1, 1, 5, 7))[0, 0].double()
        ),
    }
    recognise(slopes, plausible)
    wrong("The shape is right, the values are not: add up wanted[i, j] * x[i+u, j+v] over i, j.")
