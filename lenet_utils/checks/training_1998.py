"""Checks of the lesson "Training as in 1998"."""

from typing import Any

import torch
from torch import Tensor

from lenet_utils.checks.verdict import (
    call,
    check,
    close,
    recognise,
    rounds_to,
    tensor,
    unrounded,
    wrong,
)


@check
def bound(printed: Any, rooted: Any) -> str:
    """Check exercise 7.1: bounds of C5's initial weights, in thousandths.

    Args:
        printed: 2.4 / F in thousandths, to the nearest whole number.
        rooted: 1 / sqrt(F) in thousandths, to the nearest whole number.
    """
    first = unrounded(printed, "the printed bound")
    second = unrounded(rooted, "the other bound")
    if rounds_to(first, 50) and rounds_to(second, 6):
        wrong("The two are exchanged: 2.4 / F is the smaller one here.")
    for value in (first, second):
        if 0 < value < 1:
            wrong(f"{value:g} is not in thousandths; expected a whole number: multiply it by 1,000 "
                  "and round.")  # fmt: skip
    inputs = "A unit of C5 has 16 maps of 25."
    firsts = {
        f"96 is for C1, whose units have 25 inputs. {inputs}": 96,
        f"20 is for F6, which has 120 inputs. {inputs}": 20,
        f"This is for the output, which has 84 inputs. {inputs}": 2400 / 84,
        "150 is 2,400 / 16: each of the 16 maps gives 25 inputs.": 150,
        "120 is 2,400 / sqrt(400). The printed rule divides by F itself, not by its root.": 120,
        "60 is in ten-thousandths: 2.4 / 400 is 0.006.": 60,
    }
    seconds = {
        "20 is the root of 400. The bound is 1 / sqrt(F).": 20,
        f"200 is for 25 inputs. {inputs}": 200,
        "250 is 1 / sqrt(16) in thousandths: each of the 16 maps gives 25 inputs.": 250,
        f"91 is for F6, which has 120 inputs. {inputs}": 1000 * 120**-0.5,
        "500 is in ten-thousandths: 1 / sqrt(400) is 0.05.": 500,
        "This is 1 / F in thousandths: take the root of 400 first.": 2.5,
    }
    for value, right, mistakes, rule in (
        (first, 6, firsts, "2.4 / F in thousandths: F is 16 x 25, the inputs of a unit of C5."),
        (second, 50, seconds, "1 / sqrt(F) in thousandths: take the root of 400 first."),
    ):
        for message, mistake in mistakes.items():
            if rounds_to(value, mistake):
                wrong(message)
        if not rounds_to(value, right):
            wrong(f"{value:g} is not {rule}")
    return "2.4 / 400 = 0.006 against 1 / 20 = 0.05: the printed rule starts eight times smaller."


@check
def per_parameter_rates(function: Any) -> str:
    """Check exercise 7.2: the rate of each weight, Eq. 21.

    Args:
        function: called with a curvature tensor of any shape, the global rate eta and mu;
            returns the rate of each weight, in the curvature's shape.
    """
    matrix = torch.tensor([[0.0, 0.011, 0.5], [1.0, 7.1, 40.0]])
    kernels = torch.rand(2, 1, 3, 3, generator=torch.Generator().manual_seed(7))
    for curvatures, eta, mu in ((matrix, 5e-4, 0.02), (kernels, 1e-5, 0.1)):
        result = call(function, curvatures, eta, mu)
        rates = tensor(result, tuple(curvatures.shape), "the result") / eta
        h = curvatures.double()
        if close(rates, 1 / (mu + h)):
            continue
        recognise(rates, _wrong_rates(h, eta, mu))
        wrong("The shape is right, the values are not: Eq. 21 is eta / (mu + h), for each weight.")
    return "mu keeps a weight without curvature from running away: its rate is at most eta / mu."


def _wrong_rates(h: Tensor, eta: float, mu: float) -> dict[str, Tensor]:
    """Return what plausible mistakes in Eq. 21 give, divided by eta, by their messages."""
    return {
        "The root is Adam's. SDLM divides by the curvature itself.": 1 / (mu + h.sqrt()),
        "There is no root in Eq. 21: divide by mu + h itself.": (mu + h).rsqrt(),
        "This is eta (1 / mu + h): mu and h belong together in the denominator.": 1 / mu + h,
        "This is eta / mu + h: mu and h belong together in the denominator.": 1 / mu + h / eta,
        "This multiplies: a weight with much curvature must move less, not more.": mu + h,
        "This is upside down: the rate is eta / (mu + h).": (mu + h) / eta**2,
        "The paper adds mu to h; it does not take the larger of the two.": 1 / h.clamp(min=mu),
        "eta is missing: these are 1 / (mu + h).": 1 / (mu + h) / eta,
        "The curvature is squared: Eq. 21 divides by mu + h.": 1 / (mu + h.square()),
        "mu is subtracted: Eq. 21 adds it to the curvature.": 1 / (h - mu),
        "There is a minus sign too many: a rate is positive.": -1 / (mu + h),
        "All weights get one rate, from the mean curvature. Each weight has its own curvature.": (
            (1 / (mu + h.mean())).expand_as(h)
        ),
        "All weights get one rate, from the largest curvature. Each weight has its own.": (
            (1 / (mu + h.amax())).expand_as(h)
        ),
    }


@check
def curvature(function: Any) -> str:
    """Check exercise 7.3: second derivatives by the weights of a linear unit, Eq. 25.

    Args:
        function: called with x (N, F), the inputs of N patterns, and h (N, U), the second
            derivatives by the sums of U units; returns (U, F), a mean over the patterns.
    """
    generator = torch.Generator().manual_seed(7)
    for n, inputs, units in ((6, 4, 3), (5, 3, 3), (1, 2, 4)):
        x = torch.randn(n, inputs, generator=generator) + 0.5
        h = torch.rand(n, units, generator=generator)
        found = tensor(call(function, x, h, unaided=True), (units, inputs), "the result")
        truth = (h.T @ x.square() / n).double()
        if close(found, truth):
            continue
        recognise(found, _wrong_curvatures(x.double(), h.double()))
        wrong("The shape is right, the values are not: mean over n of h[n, u] * x[n, f] ** 2.")
    return "A weight that carries large inputs bends the loss more, and gets a smaller rate."


def _wrong_curvatures(x: Tensor, h: Tensor) -> dict[str, Tensor]:
    """Return what plausible mistakes in Eq. 25 give, by their messages."""
    n, units = h.shape
    inputs = x.shape[1]
    truth = h.T @ x.square() / n
    mistakes = {
        "This is the sum over the patterns; the curvature is a mean over them.": truth * n,
        "The inputs are not squared: second derivatives carry x squared.": h.T @ x / n,
        "The inputs are not squared: the absolute value is not enough.": h.T @ x.abs() / n,
        "This multiplies two means. Multiply for each pattern first, then take the mean.": (
            h.mean(0)[:, None] * x.square().mean(0)
        ),
        "h is a second derivative already: do not square it.": h.square().T @ x.square() / n,
        "This squares the mean. Square the inputs first, then take the mean.": (
            (h.T @ x / n).square()
        ),
        "There is a minus sign too many: mean over n of h[n, u] * x[n, f] ** 2.": -truth,
        "There is a factor of 1/2 too many: mean over n of h[n, u] * x[n, f] ** 2.": truth / 2,
        "This divides by the number of inputs. The mean is over the patterns.": truth * n / inputs,
        "This divides by the number of units. The mean is over the patterns.": truth * n / units,
        "h is left out: multiply x[n, f] ** 2 by h[n, u].": (
            x.square().mean(0).expand(units, inputs)
        ),
        "All zeros: add h[n, u] * x[n, f] ** 2 over the patterns n.": torch.zeros_like(truth),
    }
    if n > 1:
        unbiased = "This divides by N - 1. The mean over N patterns divides by N."
        mistakes[unbiased] = truth * n / (n - 1)
    if units == inputs:
        mistakes["The result is transposed: one row a unit, one column an input."] = truth.T
    return mistakes
