"""Checks of the lesson "Your own problem"."""

from typing import Any

import torch
from torch import Tensor

from lenet_utils.checks.verdict import (
    as_tensor,
    call,
    check,
    integer,
    number,
    require,
    tensor,
    wrong,
)


@check
def more_parameters(count: Any) -> str:
    """Check exercise 12.1: what 55 classes more cost.

    Args:
        count: how many parameters the output layer has more with 65 classes than with 10.
    """
    found = integer(count, "count")
    require(
        found,
        4_675,
        {
            "leaves out the biases: each class has one, too": 4_620,
            "counts all 65 classes: ten of them were there before": 5_525,
            "counts the weights of all 65 classes: ten of them were there before, and biases are "
            "missing": 5_460,
            "is one class: there are 55 more": 85,
            "counts the biases only": 55,
            "takes the 120 states of C5: the output layer reads the 84 of F6": 6_655,
            "is what all of today's LeNet-5 has with ten classes": 61_706,
            "is what all of it has with 65 classes": 66_381,
        },
        f"{found:,} is not it. Each of the 55 further classes has 84 weights and a bias.",
    )
    return "55 classes of 84 weights and a bias. Nothing before the last layer changes."


_COUNTS = torch.tensor([40, 10, 25, 5, 20])


@check
def class_weights(function: Any) -> str:
    """Check exercise 12.2: weights that make every class count as much as any other.

    Args:
        function: called with how many pictures each class has, int64 (K,); returns float (K,).
    """
    weights = tensor(as_tensor(call(function, _COUNTS)), (5,), "the answer")
    counts = _COUNTS.double()
    if bool((weights <= 0).any()):
        wrong("some weights are 0 or negative: their classes would not be learnt at all.")
    each = weights * counts
    if bool(((each - each[0]).abs() > 1e-3 * each[0].abs()).any()):
        _say_why(weights, counts)
    mean = float(each.sum() / counts.sum())
    if abs(mean - 1) > 1e-3:
        mistakes = {
            "the weights add up to 1": float(weights.sum()) == 1,
            "the mean over the classes is 1": abs(float(weights.mean()) - 1) < 1e-3,
            "they add up to the number of classes": abs(float(weights.sum()) - 5) < 1e-3,
        }
        found = "; ".join(text for text, true in mistakes.items() if true)
        told = f" ({found})" if found else ""
        wrong(
            f"each class counts the same, but the mean over all pictures is {mean:.3g}{told}; "
            "expected 1: multiply by the number of pictures, divide by that of classes."
        )
    other = tensor(as_tensor(call(function, _COUNTS[:2] * 3)), (2,), "the answer for two classes")
    if not torch.allclose(other, torch.tensor([0.625, 2.5]).double(), rtol=1e-3):
        wrong("with other counts the weights are wrong: compute them from what the function gets.")
    return "Each class counts as much as any other, and the loss stays as large as it was."


def _say_why(weights: Tensor, counts: Tensor) -> None:
    ratio = weights / weights[0]
    mistakes = {
        "the weights grow with the counts: the rare classes need the large ones": counts,
        "the weights are those of the square root: then rare classes still count less": (
            1 / counts.sqrt()
        ),
        "all weights are the same, so common classes count more": torch.ones(5),
        "the weights fall with the logarithm of the counts; expected: by their inverse": (
            1 / counts.log()
        ),
        "the weights are one less the fraction of a class: divide by the count instead": (
            1 - counts / counts.sum()
        ),
    }
    for message, values in mistakes.items():
        if torch.allclose(ratio, (values / values[0]).double(), rtol=1e-3):
            wrong(f"{message}.")
    wrong("weight times count differs between the classes; expected the same for all.")


@check
def threshold(function: Any) -> str:
    """Check exercise 12.3: the number below which a given fraction lies.

    Args:
        function: called with how sure the network is, float (N,), and a fraction; returns a number.
    """
    generator = torch.Generator().manual_seed(3)
    sure = torch.randn(1_000, generator=generator) * 3 + 5
    for lost in (0.02, 0.1):
        limit = number(call(function, sure, lost), "the threshold")
        below = float((sure < limit).double().mean())
        if abs(below - lost) <= 0.0021:
            continue
        mistakes = {
            "it keeps that fraction and loses the others": 1 - lost,
            "that is ten times too many": 10 * lost,
            "it is half of it, as if there were two ends": lost / 2,
        }
        for message, share in mistakes.items():
            if abs(below - share) <= 0.0021:
                wrong(f"below {limit:.3g} lie {below:.1%}, not {lost:.0%}: {message}.")
        span = float(sure.min() + lost * (sure.max() - sure.min()))
        if abs(limit - span) < 1e-3:
            wrong(
                f"{limit:.3g} is {lost:.0%} of the way from the least to the largest: count "
                "pictures instead."
            )
        if abs(limit - lost) < 1e-6:
            wrong(f"{limit:.3g} is the fraction itself: expected a value of `sure`.")
        wrong(f"below {limit:.3g} lie {below:.1%} of the pictures; expected {lost:.0%}.")
    return "A quantile: just that fraction of the characters lies below it."
