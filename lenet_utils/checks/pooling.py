"""Checks of the lesson "Subsampling"."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.checks.verdict import call, check, close, shape, tensor, wrong


@check
def one_square(subsampled: Any, average: Any, maximum: Any, strided: Any) -> str:
    """Check exercise 4.1: the square [[2, 0], [6, 4]] pooled in four ways.

    Args:
        subsampled: with coefficient 0.5 and bias -1, before squashing.
        average: of the square.
        maximum: of the square.
        strided: with the kernel [[1, -1], [0, 2]], no bias.
    """
    value = _number(subsampled, "subsampled")
    if value == 0.5:
        wrong("0.5 uses the mean of the four. The paper adds them: 2 + 0 + 6 + 4.")
    if value == 5.5:
        wrong("5.5 scales the bias too. Multiply the sum first, then add the bias.")
    if value == 6:
        wrong("6 leaves out the bias of -1.")
    if math.isclose(value, 1.7159 * math.tanh(10 / 3), abs_tol=0.01):
        wrong("this is squashed already; the question stops before.")
    if value != 5:
        wrong(f"subsampled is not {value:g}: coefficient x sum + bias.")
    value = _number(average, "average")
    if value == 12:
        wrong("12 is the sum. Divide by the four cells.")
    if value == 4:
        wrong("4 is the mean of three cells. The cell that holds 0 counts too.")
    if value != 3:
        wrong(f"average is not {value:g}: the sum of four cells, divided by four.")
    value = _number(maximum, "maximum")
    if value != 6:
        wrong(f"maximum is not {value:g}: the largest of 2, 0, 6, 4.")
    value = _number(strided, "strided")
    if value == 2:
        wrong("2 is the upper left cell, or the kernel turned round. Lay it down as it is.")
    if value == 12:
        wrong("12 forgets the minus, or the kernel altogether.")
    if value != 10:
        wrong(f"strided is not {value:g}: multiply cell by cell with [[1, -1], [0, 2]] and add.")
    return "5, 3, 6, 10: four summaries of the same square, and each forgets something else."


@check
def as_convolution(function: Any) -> str:
    """Check exercise 4.3: subsampling as a convolution with stride 2.

    Args:
        function: called with coefficient (C,) and bias (C,); returns (weight, bias) of shapes
            (C, 1, 2, 2) and (C,), for `F.conv2d(x, weight, bias, stride=2, groups=C)`.
    """
    generator = torch.Generator().manual_seed(21)
    x = torch.randn(2, 3, 4, 6, generator=generator)
    coefficient, bias = torch.tensor([0.5, -1.5, 2.0]), torch.tensor([0.3, -0.7, 1.1])
    answer = call(function, coefficient.clone(), bias.clone())
    if type(answer) not in (tuple, list) or len(answer) != 2:
        wrong("expected two tensors, (weight, bias): return weight, bias.")
    if shape(answer[0]) == (3, 3, 2, 2):
        wrong("this weight lets every map read all three. With groups=C it is (C, 1, 2, 2).")
    if shape(answer[0]) in ((3, 2, 2), (3,)):
        wrong(
            f"weight has shape {shape(answer[0])}; conv2d wants (C, 1, 2, 2): a 2x2 kernel a map."
        )
    weight = tensor(answer[0], (3, 1, 2, 2), "weight")
    shift = tensor(answer[1], (3,), "bias")
    if close(weight, (coefficient / 4).double()[:, None, None, None].expand(3, 1, 2, 2)):
        wrong("these weights average the four inputs. The paper adds them: do not divide.")
    if close(weight, torch.ones(3, 1, 2, 2, dtype=torch.float64)):
        wrong("these weights add the four inputs, but the coefficient is missing.")
    y = F.conv2d(x.double(), weight, shift, stride=2, groups=3)
    sums = F.avg_pool2d(x, 2, divisor_override=1).double()
    scaled = sums * coefficient.double()[:, None, None]
    if close(y, scaled + bias.double()[:, None, None]):
        return "Four equal weights and a stride of 2: a convolution with two numbers a map."
    if close(y, scaled):
        wrong("the weights are right, the bias is missing.")
    if close(y, scaled + (bias * coefficient).double()[:, None, None]):
        wrong("the weights are right. The bias is added after scaling: pass it on as it is.")
    if not bool((weight == weight[:, :, :1, :1]).all()):
        wrong("the four weights of a map differ. Subsampling treats its four inputs alike.")
    wrong("the shapes are right, the values are not: each of a map's four weights is coefficient.")


@check
def same_after_pooling(one: Any, other: Any) -> str:
    """Check exercise 4.4: different pictures with equal average and equal maximum.

    Args:
        one: a picture, (4, 4).
        other: another one.
    """
    a, b = tensor(one, (4, 4), "one"), tensor(other, (4, 4), "other")
    if not bool(((a - b).abs() > 0.01).any()):
        wrong("these two pictures are the same: some pixel must differ by more than 0.01.")

    def pooled(pool: Any, picture: Tensor) -> Tensor:
        return pool(picture[None, None], 2)[0, 0]

    averages = close(pooled(F.avg_pool2d, a), pooled(F.avg_pool2d, b))
    maxima = close(pooled(F.max_pool2d, a), pooled(F.max_pool2d, b))
    if maxima and not averages:
        wrong("the maxima agree, the averages do not. Let the squares have equal sums as well.")
    if averages and not maxima:
        wrong("the averages agree, the maxima do not. Keep the largest value of each square.")
    if not averages:
        wrong("neither agree. Look at one 2x2 square: how can it change, and its values stay?")
    return "Two pictures, one pooled map: no layer behind can ever tell them apart."


@check
def any_and_all(any_ink: Any, all_ink: Any) -> str:
    """Check exercise 4.2: subsampling units that say whether any or all of four cells hold 1.

    Args:
        any_ink: (coefficient, bias) of a unit that gives 1 or more where at least one of its
            four inputs, each -1 or 1, is 1, and otherwise -1 or less.
        all_ink: of one that does so where all four are.

    Source: Section II-A: a "noisy OR" and a "noisy AND".
    """
    pairs = {"any_ink": _pair(any_ink, "any_ink"), "all_ink": _pair(all_ink, "all_ink")}
    for (name, (coefficient, bias)), enough in zip(pairs.items(), (1, 4), strict=True):
        signs, faint = [], False
        for ones in range(5):
            unit = coefficient * (2 * ones - 4) + bias
            signs.append(unit > 0)
            faint |= abs(unit) < 0.999
        if signs == [ones >= enough for ones in range(5)]:
            if faint:
                wrong(f"{name} answers with the right sign, but too faintly: make both larger.")
            continue
        if signs == [ones >= 5 - enough for ones in range(5)]:
            wrong(f"{name} answers the other question: the sign of the bias is the other way.")
        if signs in ([True] * 5, [False] * 5):
            wrong(f"{name} always answers the same: the bias of {bias:g} drowns the inputs.")
        if coefficient < 0:
            wrong(f"{name} falls when an input rises: take a positive coefficient.")
        if not signs[4] or signs[0]:
            wrong(f"{name} gets it wrong where all four are alike: their sum is 4 or -4.")
        lowest = signs.index(True)
        wrong(
            f"{name} answers yes from {lowest} of four on; wanted is from {enough} on. The sum is "
            f"{2 * enough - 6} with one less and {2 * enough - 4} with enough: cross 0 between."
        )
    return "A large coefficient makes the unit decide, and the bias says how many votes it takes."


def _pair(answer: Any, name: str) -> tuple[float, float]:
    try:
        coefficient, bias = answer
    except Exception:
        wrong(f"{name} is not a pair; expected (coefficient, bias), such as (0.25, 0).")
    return _number(coefficient, f"the coefficient of {name}"), _number(bias, f"the bias of {name}")


def _number(answer: Any, name: str) -> float:
    if type(answer) is Tensor and answer.numel() == 1:
        answer = answer.item()
    try:
        number = float(answer) if not isinstance(answer, bool | str) else math.nan
    except Exception:
        number = math.nan
    if not math.isfinite(number):
        wrong(f"{name} is not a number; expected one, such as 2.5.")
    return number
