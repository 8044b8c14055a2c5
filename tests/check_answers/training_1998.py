"""Answers to the exercises of the lesson "Training as in 1998"."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import torch

from lenet_utils import checks

from .forged import Forged

NAN = float("nan")

# 7.2 --------------------------------------------------------------------------------------


def in_place(h, eta, mu):
    return h.add_(mu).reciprocal_().mul_(eta)


def weight_by_weight(h, eta, mu):
    rates = torch.empty_like(h)
    for rate, curvature in zip(rates.view(-1), h.reshape(-1), strict=True):
        rate.copy_(eta / (mu + curvature.item()))
    return rates


def in_a_matrix(h, eta, mu):
    """Takes every curvature for a matrix."""
    rows, columns = h.shape
    return torch.tensor([[eta / (mu + h[i, j]) for j in range(columns)] for i in range(rows)])


def without_gradients_for_good(h, eta, mu):
    torch.set_grad_enabled(False)
    return eta / (mu + h)


# 7.3 --------------------------------------------------------------------------------------


def by_outer_products(x, h):
    return (h[:, :, None] * x[:, None].square()).mean(0)


def pattern_by_pattern(x, h):
    total = torch.zeros(h.shape[1], x.shape[1])
    for n in range(len(x)):
        total += torch.outer(h[n], x[n] ** 2)
    return total / len(x)


def by_two_derivatives(x, h):
    """Differentiate twice, as Eq. 25 is derived: E = h a^2 / 2, a = w x."""
    weight = torch.zeros(h.shape[1], x.shape[1])
    hessian = torch.autograd.functional.hessian(
        lambda w: (h * (x @ w.T) ** 2 / 2).mean(0).sum(), weight
    )
    return torch.einsum("ufuf->uf", hessian)


def squaring_in_place(x, h):
    return h.T @ x.square_() / len(x)


RIGHT = [
    (checks.bound, (6, 50)),
    (checks.bound, (6.0, np.int64(50))),
    (checks.bound, (round(1000 * 2.4 / 400), round(1000 * 400**-0.5))),
    (checks.bound, (torch.tensor(6), torch.tensor(50.0))),
    (checks.bound, (1000 * (2.4 / (16 * 25)), 1000 / np.sqrt(400))),
    (checks.bound, (1000 * torch.tensor(2.4) / 400, 1000 * torch.rsqrt(torch.tensor(400.0)))),
    (checks.bound, (Fraction(2400, 400), Decimal(50))),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta / (mu + h),)),
    (checks.per_parameter_rates, (lambda h, eta, mu: torch.full_like(h, eta).div(h + mu),)),
    (checks.per_parameter_rates, (lambda h, eta, mu: (h.double() + mu).reciprocal() * eta,)),
    (checks.per_parameter_rates, (weight_by_weight,)),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta * (mu + h) ** -1,)),
    (checks.per_parameter_rates, (lambda h, eta, mu: torch.nn.Parameter(eta / (mu + h)),)),
    (
        checks.per_parameter_rates,
        (lambda h, eta, mu: torch.exp(np.log(eta) - torch.log(mu + h)),),
    ),
    (checks.curvature, (by_outer_products,)),
    (checks.curvature, (lambda x, h: h.T @ x**2 / len(x),)),
    (checks.curvature, (lambda x, h: torch.einsum("nu,nf->uf", h, x * x) / x.shape[0],)),
    (checks.curvature, (pattern_by_pattern,)),
    (checks.curvature, (by_two_derivatives,)),
    (checks.curvature, (lambda x, h: (x.double().square().T @ h.double()).T / len(h),)),
    (checks.curvature, (lambda x, h: torch.from_numpy(h.numpy().T @ x.numpy() ** 2) / len(x),)),
]

WRONG = [
    (checks.bound, (96, 50), "96 is for C1"),
    (checks.bound, (50, 6), "exchanged"),
    (checks.bound, (20, 91), "20 is for F6"),
    (checks.bound, (24, 50), "16 x 25"),
    (checks.bound, (6, 20), "root of 400"),
    (checks.bound, (0.006, 50), "0.006 is not in thousandths"),
    (checks.bound, (6, 0.05), "0.05 is not in thousandths"),
    (checks.bound, (6, 2.5), "1 / F"),
    (checks.bound, (6, 200), "for 25 inputs"),
    (checks.bound, (6, 91), "91 is for F6"),
    (checks.bound, (150, 250), "2,400 / 16"),
    (checks.bound, (6, 250), "1 / sqrt(16)"),
    (checks.bound, (120, 50), "not by its root"),
    (checks.bound, (28.57, 50), "84 inputs"),
    (checks.bound, (60, 500), "ten-thousandths"),
    (checks.bound, (-6, -50), "-6 is not 2.4 / F"),
    (checks.bound, (6, 49), "49 is not 1 / sqrt(F)"),
    (checks.bound, ("6", "50"), "whole number"),
    (checks.bound, (True, 50), "whole number"),
    (checks.bound, (6 + 0j, 50), "whole number"),
    (checks.bound, ((6, 50), (6, 50)), "whole number"),
    (checks.bound, (NAN, 50), "whole number"),
    (checks.bound, (6, Forged()), "whole number"),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta / (mu + h.sqrt()),), "Adam's"),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta * (1 / mu + h),), "denominator"),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta / mu + h,), "This is eta / mu + h"),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta * (mu + h),), "multiplies"),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta / h.clamp(min=mu),), "adds mu"),
    (checks.per_parameter_rates, (lambda h, eta, mu: 5e-4 / (0.02 + h),), "values are not"),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta / h,), "infinite"),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta,), "expected a tensor"),
    (checks.per_parameter_rates, (in_place,), "changed the h"),
    (checks.per_parameter_rates, (without_gradients_for_good,), "torch.set_grad_enabled"),
    (checks.per_parameter_rates, (in_a_matrix,), "raised ValueError"),
    (checks.per_parameter_rates, (lambda h, eta, mu: 1 / (mu + h),), "eta is missing"),
    (checks.per_parameter_rates, (lambda h, eta, mu: (mu + h) / eta,), "upside down"),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta / (mu + h).sqrt(),), "no root"),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta / (mu + h.square()),), "squared"),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta / (h - mu),), "mu is subtracted"),
    (checks.per_parameter_rates, (lambda h, eta, mu: -eta / (mu + h),), "minus sign"),
    (
        checks.per_parameter_rates,
        (lambda h, eta, mu: (eta / (mu + h.mean())).expand_as(h),),
        "from the mean curvature",
    ),
    (
        checks.per_parameter_rates,
        (lambda h, eta, mu: (eta / (mu + h.max())).expand_as(h),),
        "from the largest curvature",
    ),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta / (mu + h.mean()),), "expected (2, 3)"),
    (checks.per_parameter_rates, (lambda h, eta, mu: (eta / (mu + h)).T,), "expected (2, 3)"),
    (
        checks.per_parameter_rates,
        (lambda h, eta, mu: (eta / (mu + h)).flatten(),),
        "expected (2, 3)",
    ),
    (checks.per_parameter_rates, (lambda h, eta, mu: (eta / (mu + h)).half(),), "float16"),
    (checks.per_parameter_rates, (lambda h, eta, mu: eta / (mu + h) + 0j,), "complex"),
    (checks.per_parameter_rates, (lambda h, mu: 1 / (mu + h),), "raised TypeError"),
    (checks.curvature, (lambda x, h: h.T @ x.square(),), "sum over the patterns"),
    (checks.curvature, (lambda x, h: h.T @ x / len(x),), "not squared"),
    (checks.curvature, (lambda x, h: h.mean(0)[:, None] * x.square().mean(0),), "two means"),
    (checks.curvature, (lambda x, h: h.square().T @ x.square() / len(x),), "do not square it"),
    (checks.curvature, (lambda x, h: torch.zeros(3, 4),), "All zeros"),
    (checks.curvature, (lambda x, h: by_outer_products(x, h).T,), "expected (3, 4)"),
    (checks.curvature, (lambda x, h: Forged(),), "expected a tensor"),
    (checks.curvature, (lambda x, h: h.T @ x.square() / 6,), "values are not"),
    (checks.curvature, (squaring_in_place,), "changed the x"),
    (checks.curvature, (lambda x, h: h.T @ x.abs() / len(x),), "absolute value"),
    (checks.curvature, (lambda x, h: (h.T @ x / len(x)).square(),), "squares the mean"),
    (checks.curvature, (lambda x, h: -h.T @ x.square() / len(x),), "minus sign"),
    (checks.curvature, (lambda x, h: h.T @ x.square() / len(x) / 2,), "1/2"),
    (checks.curvature, (lambda x, h: h.T @ x.square() / x.shape[1],), "number of inputs"),
    (checks.curvature, (lambda x, h: h.T @ x.square() / h.shape[1],), "number of units"),
    (checks.curvature, (lambda x, h: h.T @ x.square() / (len(x) - 1),), "N - 1"),
    (
        checks.curvature,
        (lambda x, h: x.square().mean(0).repeat(h.shape[1], 1),),
        "h is left out",
    ),
    (checks.curvature, (lambda x, h: (h.sqrt().T @ x).square() / len(x),), "values are not"),
    (
        checks.curvature,
        (lambda x, h: by_outer_products(x, h).T.reshape(h.shape[1], -1),),
        "values are not",
    ),
    (checks.curvature, (lambda x, h: h.T @ x.square() / len(x) + NAN,), "NaN"),
    (checks.curvature, (lambda x, h: (h * x.square()).mean(0),), "raised RuntimeError"),
    (checks.curvature, (lambda x, h: by_outer_products(x, h)[None],), "expected (3, 4)"),
    (checks.curvature, (lambda x, h: (h.T @ x.square() / len(x)).tolist(),), "expected a tensor"),
]
