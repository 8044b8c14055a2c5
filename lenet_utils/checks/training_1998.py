"""Checks of the lesson "Training as in 1998"."""

import math
from typing import Any

import torch

from lenet_utils.checks.verdict import call, check, close, integer, tensor, wrong


@check
def bound(printed: Any, rooted: Any) -> str:
    """Check exercise 7.1: bounds of C5's initial weights, in thousandths.

    Args:
        printed: 2.4 / F in thousandths, to the nearest whole number.
        rooted: 1 / sqrt(F) in thousandths, to the nearest whole number.
    """
    first, second = integer(printed, "the printed bound"), integer(rooted, "the other bound")
    if first == 96:
        wrong("96 is for C1, whose units have 25 inputs. A unit of C5 has 16 maps of 25.")
    if (first, second) == (50, 6):
        wrong("The two are exchanged: 2.4 / F is the smaller one here.")
    if first == 20:
        wrong("20 is for F6, which has 120 inputs. A unit of C5 has 16 maps of 25.")
    if first != 6:
        wrong(f"{first} is not 2.4 / F in thousandths: F is 16 x 25, the inputs of a unit of C5.")
    if second != 50:
        wrong(f"{second} is not 1 / sqrt(F) in thousandths: take the root of 400 first.")
    return "2.4 / 400 = 0.006 against 1 / 20 = 0.05: the printed rule starts eight times smaller."


@check
def own_rates(function: Any) -> str:
    """Check exercise 7.2: the rate of each weight, Eq. 21.

    Args:
        function: called with a curvature tensor, the global rate eta and mu; returns the rate of
            each weight, in the curvature's shape.
    """
    h = torch.tensor([[0.0, 0.011, 0.5], [1.0, 7.1, 40.0]])
    for eta, mu in ((5e-4, 0.02), (1e-5, 0.1)):
        rates = tensor(call(function, h.clone(), eta, mu), (2, 3), "the result") / eta
        truth = 1 / (mu + h.double())
        if close(rates, truth):
            continue
        if close(rates, 1 / (mu + h.double().sqrt())):
            wrong("The root is Adam's. SDLM divides by the curvature itself.")
        if close(rates, 1 / mu + h.double()) or close(rates, 1 / mu + h.double() / eta):
            wrong("mu and h belong together in the denominator: eta / (mu + h).")
        if close(rates, mu + h.double()):
            wrong("This multiplies: a weight with much curvature must move less, not more.")
        if close(rates, 1 / h.double().clamp(min=mu)):
            wrong("The paper adds mu to h; it does not take the larger of the two.")
        wrong("The shape is right, the values are not: Eq. 21 is eta / (mu + h), for each weight.")
    return "mu keeps a weight without curvature from running away: its rate is at most eta / mu."


@check
def curvature(function: Any) -> str:
    """Check exercise 7.3: second derivatives by the weights of a linear unit, Eq. 25.

    Args:
        function: called with x (N, F), the inputs of N patterns, and h (N, U), the second
            derivatives by the sums of U units; returns (U, F), a mean over the patterns.
    """
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(6, 4, generator=generator) + 0.5
    h = torch.rand(6, 3, generator=generator)
    found = tensor(call(function, x.clone(), h.clone()), (3, 4), "the result")
    truth = (h.T @ x.square() / 6).double()
    if close(found, truth):
        return "A weight that carries large inputs bends the loss more, and gets a smaller rate."
    if close(found, truth * 6):
        wrong("This is the sum over the patterns; the curvature is a mean over them.")
    if close(found, (h.T @ x / 6).double()):
        wrong("The inputs are not squared: second derivatives carry x squared.")
    if close(found, (h.mean(0)[:, None] * x.square().mean(0)).double()):
        wrong("This multiplies two means. Multiply for each pattern first, then take the mean.")
    if close(found, (h.square().T @ x.square() / 6).double()):
        wrong("h is a second derivative already: do not square it.")
    if math.isclose(float(found.abs().sum()), 0.0):
        wrong("All zeros: add h[n, u] * x[n, f] ** 2 over the patterns n.")
    wrong("The shape is right, the values are not: mean over n of h[n, u] * x[n, f] ** 2.")
