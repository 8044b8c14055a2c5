"""Checks of the lesson "Subsampling"."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.checks.verdict import (
    call,
    check,
    close,
    number,
    recognise,
    require,
    shape,
    tensor,
    wrong,
)

# Up to the rounding of float32: a unit's 1 may be 0.9999999.
_FULL = 1 - 1e-6


@check
def one_square(subsampled: Any, average: Any, maximum: Any, strided: Any) -> str:
    """Check exercise 4.1: the square [[2, 1], [8, 5]] pooled in four ways.

    Args:
        subsampled: with coefficient 0.5 and bias -1, before the activation function.
        average: of the square.
        maximum: of the square.
        strided: with the kernel [[1, -1], [0, 2]], no bias.
    """
    # No two ways, right or wrong, to come to the same number.
    value = _rounded(subsampled, "subsampled")
    if abs(value - 1.7159 * math.tanh(2 / 3 * 7)) < 0.01:
        wrong(f"{value:g} has gone through the activation function; the question stops before.")
    require(
        value,
        7,
        {
            "takes the mean of the four. The paper adds them: 2 + 1 + 8 + 5": 0.5 * 4 - 1,
            "scales the bias too. Multiply the sum first, then add the bias": 0.5 * (16 - 1),
            "leaves out the bias of -1": 0.5 * 16,
            "leaves out the coefficient of 0.5": 16.0 - 1,
            "subtracts the bias of -1, which is added": 0.5 * 16 + 1,
            "takes the maximum of the four. The paper adds them: 2 + 1 + 8 + 5": 0.5 * 8 - 1,
        },
        f"subsampled is not {value:g}: coefficient x sum + bias.",
    )
    value = _rounded(average, "average")
    require(
        value,
        4,
        {
            "is the sum. Divide by the four cells": 16.0,
            "divides the sum by three, and there are four cells": round(16 / 3, 4),
            "divides the sum by two. It is the mean of four cells": 8.0,
            "is the median, the middle of the cells in their order": 3.5,
            "is the mean of the largest and the smallest cell. All four count": 4.5,
        },
        f"average is not {value:g}: the sum of four cells, divided by four.",
    )
    value = _rounded(maximum, "maximum")
    if value != 8:
        wrong(f"maximum is not {value:g}: the largest of 2, 1, 8, 5.")
    value = _rounded(strided, "strided")
    require(
        value,
        11,
        {
            "uses the kernel turned round. PyTorch lays it down as it is": 1.0,
            "exchanges rows and columns of the kernel": 4.0,
            "forgets the minus of -1": 13.0,
            "forgets the kernel: multiply each cell by its weight": 16.0,
            "is the upper left cell. The kernel reads all four": 2.0,
            "divides by four. A convolution adds its products": 11 / 4,
            "multiplies the sum of the cells by the sum of the kernel. Multiply cell by cell": 32.0,
        },
        f"strided is not {value:g}: multiply cell by cell with [[1, -1], [0, 2]] and add.",
    )
    return "7, 4, 8, 11: four summaries of the same square, and each forgets something else."


@check
def as_convolution(function: Any) -> str:
    """Check exercise 4.3: subsampling as a convolution with stride 2.

    Args:
        function: called with coefficient (C,) and bias (C,); returns (weight, bias) of shapes
            (C, 1, 2, 2) and (C,), for `F.conv2d(x, weight, bias, stride=2, groups=C)`.
    """
    for coefficient, bias in (
        (torch.tensor([0.5, -1.5, 2.0]), torch.tensor([0.3, -0.7, 1.1])),
        (torch.tensor([0.2, 3.0, -0.4, 0.9, -1.1]), torch.tensor([1.3, 0.6, -0.8, -2.0, 0.1])),
    ):
        maps = len(coefficient)
        answer = call(function, coefficient, bias)
        if type(answer) not in (tuple, list) or len(answer) != 2:
            wrong("expected two tensors, (weight, bias): return weight, bias.")
        first, second = (shape(part) for part in answer)
        if first == (maps,) and second == (maps, 1, 2, 2):
            wrong("the two are exchanged: return weight, bias.")
        if first == (maps, maps, 2, 2):
            wrong(f"this weight lets every map read all {maps}. With groups=C it is (C, 1, 2, 2).")
        if first in ((maps, 2, 2), (maps,)):
            wrong(f"weight has shape {first}; conv2d wants (C, 1, 2, 2): a 2x2 kernel a map.")
        weight = tensor(answer[0], (maps, 1, 2, 2), "weight")
        shift = tensor(answer[1], (maps,), "bias")
        _explain_kernels(weight, shift, coefficient.double(), bias.double())
    return "Four equal weights and a stride of 2: a convolution with two numbers a map."


def _explain_kernels(weight: Tensor, shift: Tensor, coefficient: Tensor, bias: Tensor) -> None:
    def kernels(values: Tensor) -> Tensor:
        return values[:, None, None, None].expand_as(weight)

    if close(weight, kernels(coefficient)):
        recognise(
            shift,
            {
                "the weights are right, the bias is missing.": torch.zeros_like(bias),
                "the weights are right. The bias is added after scaling: pass it on as it is.": (
                    bias * coefficient
                ),
                "the weights are right. The four inputs share one bias: do not multiply it.": (
                    4 * bias
                ),
                "the weights are right. The four inputs share one bias: do not divide it.": (
                    bias / 4
                ),
                "the weights are right, the sign of the bias is not.": -bias,
            },
        )
        if not close(shift, bias):
            wrong("the weights are right, the bias is not: pass it on as it is.")
        return
    recognise(
        weight,
        {
            "these weights average the four inputs. The paper adds them: do not divide.": (
                kernels(coefficient / 4)
            ),
            "these weights add the four inputs, but the coefficient is missing.": (
                torch.ones_like(weight)
            ),
            "these weights are four times too large: each input is added once.": (
                kernels(4 * coefficient)
            ),
            "these weights hold the bias, not the coefficient.": kernels(bias),
        },
    )
    if not bool((weight == weight[:, :, :1, :1]).all()):
        wrong("the four weights of a map differ. Subsampling treats its four inputs alike.")
    if close(weight[:, 0, 0, 0].sort().values, coefficient.sort().values):
        wrong("these are the coefficients, but of other maps: keep their order.")
    wrong("the shapes are right, the values are not: each of a map's four weights is coefficient.")


@check
def same_after_pooling(one: Any, other: Any) -> str:
    """Check exercise 4.4: different pictures with equal average and equal maximum.

    Args:
        one: a picture, (4, 4).
        other: another one.
    """
    a, b = tensor(one, (4, 4), "one"), tensor(other, (4, 4), "other")
    # Equal up to rounding in float32, whatever the scale of the pictures.
    scale = max(float(a.abs().max()), float(b.abs().max()))
    if not bool(((a - b).abs() > 1e-3 * scale).any()):
        wrong("these two pictures are the same, or nearly: let some pixel differ clearly.")

    def differ(pool: Any) -> bool:
        gap = pool(a[None, None], 2) - pool(b[None, None], 2)
        return bool((gap.abs() > 1e-6 * scale).any())

    if differ(F.avg_pool2d) and differ(F.max_pool2d):
        if math.isclose(float(a.mean()), float(b.mean())) and a.max() == b.max():
            wrong("average and maximum agree for the whole pictures. They must for each square.")
        wrong("neither agrees. Look at one 2x2 square: how can it change, and its values stay?")
    if differ(F.avg_pool2d):
        wrong("the maxima agree, the averages do not. Let the squares have equal sums as well.")
    if differ(F.max_pool2d):
        wrong("the averages agree, the maxima do not. Keep the largest value of each square.")
    return "Two pictures, one pooled map: no layer behind can ever tell them apart."


@check
def any_and_all(any_ink: Any, all_ink: Any) -> str:
    """Check exercise 4.2: subsampling units that say whether any or all of four cells hold 1.

    Args:
        any_ink: (coefficient, bias) of a unit that gives 1 or more where at least one of its
            four inputs, each -1 or 1, is 1, and otherwise -1 or less.
        all_ink: of one that gives 1 or more where all four are, and otherwise -1 or less.

    Source: Section II-A: a "noisy OR" and a "noisy AND".
    """
    pairs = {"any_ink": _pair(any_ink, "any_ink"), "all_ink": _pair(all_ink, "all_ink")}
    for (name, pair), enough in zip(pairs.items(), (1, 4), strict=True):
        units = [pair[0] * (2 * ones - 4) + pair[1] for ones in range(5)]
        signs = [unit > 0 for unit in units]
        missed = _missed(units, enough)
        if not missed:
            continue
        if signs == [ones >= 5 - enough for ones in range(5)]:
            wrong(f"{name} answers the other question: the sign of the bias is the other way.")
        if pair[0] == 0:
            wrong(f"{name} has a coefficient of 0: it does not read its inputs.")
        if pair[0] < 0:
            wrong(f"{name} falls when an input rises: take a positive coefficient.")
        if not _missed([pair[0] * ones + pair[1] for ones in range(5)], enough):
            wrong(f"{name} would be right if not found were 0. It is -1, so the sum begins at -4.")
        if signs in ([True] * 5, [False] * 5):
            wrong(f"{name} always answers the same: the bias of {pair[1]:g} outweighs the inputs.")
        if signs == [ones >= enough for ones in range(5)] and all(units):
            wrong(f"{name} answers with the right sign, but too faintly: make both larger.")
        ones = missed[0]
        wrong(
            f"{name}: where {ones} of four hold 1, c x sum + b is {units[ones]:g}, and it should "
            f"be {'1 or more' if ones >= enough else '-1 or less'}. The sum is {2 * enough - 6} "
            f"with one less than enough and {2 * enough - 4} with enough: cross 0 between."
        )
    return "A large coefficient makes the unit decide, and the bias says how many votes it takes."


def _missed(units: list[float], enough: int) -> list[int]:
    """Return for which numbers of ones a unit gives less than 1 for yes or more than -1 for no."""
    wanted = (unit if ones >= enough else -unit for ones, unit in enumerate(units))
    return [ones for ones, value in enumerate(wanted) if value < _FULL]


def _pair(answer: Any, name: str) -> tuple[float, float]:
    coefficient, bias = _two(answer, name)
    return number(coefficient, f"the coefficient of {name}"), number(bias, f"the bias of {name}")


def _two(answer: Any, name: str) -> tuple[Any, Any]:
    try:
        first, second = iter(() if isinstance(answer, set | dict | str | bytes) else answer)
    except Exception:
        wrong(f"{name} is not a pair; expected (coefficient, bias), such as (0.25, 0).")
    return first, second


def _rounded(answer: Any, name: str) -> float:
    """Take a number without the rounding errors of float32."""
    return round(number(answer, name), 4)
