"""Checks of the lesson "The output that measures distances"."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lenet_utils.checks.verdict import (
    as_tensor,
    call,
    check,
    close,
    integers,
    recognise,
    rounds_to,
    shape,
    tensor,
    unrounded,
    wrong,
)
from lenet_utils.criteria import MAP
from lenet_utils.layers import digit_codes


@check
def distances(function: Any) -> str:
    """Check exercise 6.1: the outputs of RBF units, Eq. 7.

    Args:
        function: called with states (N, 84) and codes (10, 84); returns squared distances
            (N, 10).
    """
    generator = torch.Generator().manual_seed(6)
    for count in (5, 1):
        states = torch.randn(count, 84, generator=generator)
        # The paper's codes all have a squared length of 84, which would hide a wrong formula.
        codes = torch.randn(10, 84, generator=generator)
        y = tensor(call(function, states, codes, unaided=True), (count, 10), "the result")
        x, w = states.double(), codes.double()
        away = x[:, None] - w
        truth = away.square().sum(2)
        recognise(
            y,
            {
                "These are distances; Eq. 7 does not take the root of the sum of squares.": (
                    truth.sqrt()
                ),
                "There is a factor of 1/2 too many: Eq. 7 has none.": truth / 2,
                "This is the mean of the 84 squares; Eq. 7 adds them.": truth / 84,
                "This is the largest of the 84 squares; Eq. 7 adds them.": away.square().amax(2),
                "These are dot products. An RBF unit subtracts its code, squares and adds.": (
                    x @ w.T
                ),
                "This adds absolute differences; Eq. 7 adds their squares.": away.abs().sum(2),
                "The codes are added to the states; Eq. 7 subtracts them.": (
                    (x[:, None] + w).square().sum(2)
                ),
                "This squares the sum of the differences. Square first, then add.": (
                    away.sum(2).square()
                ),
                "There is a minus sign too many: distances are not negative.": -truth,
                "There is an exponential too many: Eq. 7 is the squared distance itself.": (
                    (-truth).exp()
                ),
                "These are the distances to the codes of digit_codes(). Use the codes that are "
                "given.": (x[:, None] - digit_codes()).square().sum(2),
                "84 is the squared length of a code of -1 and +1. Other codes have another one: "
                "add up their squares.": truth + 84 - w.square().sum(1),
            },
        )
        if not torch.allclose(y, truth, rtol=1e-4, atol=1e-3):
            wrong(
                "The shape is right, the values are not: y[n, i] is the sum over j of "
                "(x[n, j] - w[i, j])^2."
            )
    return "Ten distances for each pattern; the smallest one names the digit."


@check
def loss_at_the_start(small: Any, large: Any) -> str:
    """Check exercise 6.2: Eq. 9 while every distance is 84, for j = 1 and for j = 10.

    Args:
        small: the loss for j = 1, to the nearest whole number.
        large: the loss for j = 10, to the nearest whole number.
    """
    exact = [84 + math.log(math.exp(-j) + 10 * math.exp(-84)) for j in (1, 10)]
    losses = unrounded(small, "the loss for j = 1"), unrounded(large, "the loss for j = 10")
    right = [rounds_to(loss, value) for loss, value in zip(losses, exact, strict=True)]
    if all(right):
        return "exp(-84) is nothing beside exp(-j): the loss is 84 - j until some code comes near."
    mistakes = {
        "84 is the first term, Eq. 8. The logarithm of exp(-j) is -j, not 0: add it.": (84, 84),
        "The sign of the second term: log(exp(-j)) is -j.": (85, 94),
        "The two are exchanged: the larger j takes more away.": exact[::-1],
        "86 is 84 + log 10: ten equal weights of 1. But the ten are exp(-84), beside exp(-j).": (
            (84 + math.log(10), 84 + math.log(10))
        ),
        "2 is the loss if the class 'none of these' is missing, 84 + log(10 exp(-84)). Eq. 9 adds "
        "exp(-j) to the ten.": (math.log(10), math.log(10)),
        "This is the logarithm alone. The first term, y_D = 84, is missing.": (-1, -10),
        "This is for half distances. Eq. 9 takes y itself: 84, not 42.": (41, 32),
        "This takes the logarithm to the base 10. Eq. 9 has the natural logarithm.": (
            (84 - math.log10(math.e), 84 - 10 * math.log10(math.e))
        ),
    }
    for message, values in mistakes.items():
        if all(map(rounds_to, losses, values)):
            wrong(message)
    if any(right):
        known, other = (1, 10) if right[0] else (10, 1)
        loss = losses[1] if right[0] else losses[0]
        wrong(f"The loss for j = {known} is right, but for j = {other} it is not {loss:g}: the "
              "logarithm of exp(-j) is -j.")  # fmt: skip
    wrong("Put y = 84 into y_D + log(exp(-j) + 10 exp(-84)); exp(-84) is about 3e-37.")


@check
def rejection(function: Any) -> str:
    """Check exercise 6.4: answer only when the nearest code is near enough.

    Args:
        function: called with distances (N, 10) and a limit; returns N whole numbers: the class,
            or -1 where even the smallest distance is above the limit.
    """
    y = 85 + 10 * torch.rand(5, 10, generator=torch.Generator().manual_seed(4))
    y[0, 3], y[1, 7], y[2, 2], y[3, 0] = 10.0, 39.5, 40.5, 80.0
    y[0, 8] = 15.0
    y[4] = torch.tensor([35.0, 30, 55, 62, 20, 48, 41, 33, 25, 0])
    nearest, answer = y.min(1)
    limits = (40.0, 60.0, 39.5, 100.0)
    truths = [torch.where(nearest > limit, -1, answer).tolist() for limit in limits]
    found = [_classes(call(function, y, limit), 5) for limit in limits]
    if found == truths:
        one = _classes(call(function, y[:1], 40.0), 1)
        if one != [3]:
            wrong(f"For the first pattern alone the answer is {one}; expected [3].")
        return "A distance means something by itself, so a single limit can say: no digit at all."
    for message, rule in _other_rules(y).items():
        if found == [rule(limit).tolist() for limit in limits]:
            wrong(message)
    if found == [truths[0]] * len(limits):
        wrong("The answers are right for a limit of 40, and the same for any other: use the limit "
              "that is given.")  # fmt: skip
    answers = zip(limits, found, truths, strict=True)
    limit, classes, right = next(one for one in answers if one[1] != one[2])
    wrong(f"For a limit of {limit:g} the answers are {classes}; expected {right}.")


def _other_rules(y: Tensor) -> dict[str, Callable[[float], Tensor]]:
    """Return the answers of plausible mistakes for a limit, by their messages."""
    nearest, answer = y.min(1)
    gap = y.sort(1).values.diff()[:, 0]
    return {
        "Nothing is rejected: compare the smallest distance with the limit.": lambda _: answer,
        "Everything is rejected: compare the smallest distance with the limit.": (
            lambda _: torch.full((5,), -1)
        ),
        "This takes the largest output. Outputs are distances: the smallest wins.": (
            lambda _: y.argmax(1)
        ),
        "The test is the wrong way round: near codes are rejected, far ones accepted.": (
            lambda limit: torch.where(nearest > limit, answer, -1)
        ),
        "This compares the gap between the two best with the limit, as the paper's Fig. 10 does. "
        "Here the smallest distance itself decides.": (
            lambda limit: torch.where(gap < limit, -1, answer)
        ),
        "This compares the largest distance with the limit. The smallest one decides.": (
            lambda limit: torch.where(y.amax(1) > limit, -1, answer)
        ),
        "This compares the mean of the ten distances with the limit. The smallest one decides.": (
            lambda limit: torch.where(y.mean(1) > limit, -1, answer)
        ),
        "For a limit of 39.5 a distance of 39.5 is rejected, but it is not above the limit.": (
            lambda limit: torch.where(nearest >= limit, -1, answer)
        ),
    }


def _classes(answer: Any, count: int) -> list[int]:
    if shape(answer) not in (None, (count,)):
        wrong(f"the result has shape {shape(answer)}; expected ({count},).")
    return list(integers(answer, count, "the result", str([3, -1, 0, 0, 9][:count])))


@check
def map_loss(function: Any) -> str:
    """Check exercise 6.3: Eq. 9, also where exp(-y) is zero in 32 or in 64 bits.

    Args:
        function: called with distances (N, 10), the right classes int64 (N,) and j; returns the
            mean loss of the N patterns, a single number.
    """
    generator = torch.Generator().manual_seed(9)
    # All ten lie close together, and j is among them or near, so that each term counts.
    near = 5 + (32 * torch.rand(4, 10, generator=generator)).round() / 4
    for count, away, j in ((4, 0, 1.0), (3, 0, 10.0), (4, 192, 200.0), (2, 792, 800.0)):
        y, labels = near[:count] + away, torch.tensor([3, 1, 4, 1])[:count]
        which = f"for j = {j:g} and distances from {y.min():.0f} to {y.max():.0f}, "
        loss = _loss(call(function, y, labels, j, unaided=True), y, which)
        truth = _eq_9(y, labels, j)
        if close(loss, truth):
            continue
        for message, value in _mistakes(y.double(), labels, j).items():
            if close(loss, value):
                wrong(which + message)
        wrong(
            which + f"the loss is {float(truth):.4f}, not {float(loss):.4f}: y_D plus the log of "
            "exp(-j) + sum of exp(-y_i), as a mean."
        )
    return "Near and far, and for any j: logarithms of sums are best never taken apart."


def _loss(answer: Any, y: Tensor, which: str) -> Tensor:
    if shape(answer) == (len(y),):
        wrong("this is one loss for each pattern. Eq. 9 takes their mean.")
    answer = as_tensor(answer)
    if shape(answer) == () and not bool(answer.isfinite()):
        if y.min() < 100:
            wrong(which + "the loss is not finite. Look for a division by zero or a log of 0.")
        wrong(
            which + "the loss is not finite: exp(-y) is 0 here, and log(0) is not a number to go "
            "on with. torch.logsumexp takes -y and -j without leaving the logs."
        )
    return tensor(answer, (), "the loss")


def _eq_9(y: Tensor, labels: Tensor, j: float) -> Tensor:
    return MAP(j=j)(y.double(), labels)


def _mistakes(y: Tensor, labels: Tensor, j: float) -> dict[str, Tensor]:
    """Return what plausible mistakes in Eq. 9 give, by their messages."""
    right = y.gather(1, labels[:, None])[:, 0]
    others = y.scatter(1, labels[:, None], math.inf)
    rest, both = _log_sum(-y), _log_sum(-y, -j)
    mistakes = {
        "the losses of the patterns are added: Eq. 9 takes their mean.": (right + both).sum(),
        "the first term, the distance to the right code, is missing.": both.mean(),
        "the second term is missing: this is Eq. 8.": right.mean(),
        "the class 'none of these' is missing: add exp(-j) in the logarithm.": (
            (right + rest).mean()
        ),
        "the right class is left out of the sum: Eq. 9 adds exp(-y_i) of all ten.": (
            (right + _log_sum(-others, -j)).mean()
        ),
        "the right class is left out of the sum, and so is the class 'none of these'.": (
            (right + _log_sum(-others)).mean()
        ),
        "the first term is the smallest distance, not the right class's.": (
            (y.amin(1) + both).mean()
        ),
        "the sign of the second term is wrong: Eq. 9 adds the logarithm.": (right - both).mean(),
        "the sign of the first term is wrong: Eq. 9 adds the distance.": (both - right).mean(),
        "there is a minus sign too many: a smaller loss is better.": -(right + both).mean(),
        "the signs in the exponents are wrong: far codes have little weight, exp(-y).": (
            (right + _log_sum(y, -j)).mean()
        ),
        "the sign of j is wrong: 'none of these' has the weight exp(-j).": (
            (right + _log_sum(-y, j)).mean()
        ),
        "j is missing in the exponent: exp(-j) is 1 here.": (right + _log_sum(-y, 0.0)).mean(),
        "these are half distances: Eq. 9 takes y itself.": (
            (right / 2 + _log_sum(-y / 2, -j)).mean()
        ),
        "the logarithm is that of the mean of its eleven terms: Eq. 9 adds them.": (
            (right + both).mean() - math.log(11)
        ),
        "the logarithm has the base 10: Eq. 9 has the natural one.": (
            (right + both / math.log(10)).mean()
        ),
        "this is the cross-entropy of scores, where larger is better. These are distances.": (
            (_log_sum(y) - right).mean()
        ),
    }
    for other in {1.0, 10.0} - {j}:
        message = f"this is the loss for j = {other:g}: use the j that is given."
        mistakes[message] = (right + _log_sum(-y, -other)).mean()
    return mistakes


def _log_sum(exponents: Tensor, none: float | None = None) -> Tensor:
    """Return the log of the summed exponentials of each row, and of `none` where it is given."""
    rest = exponents.logsumexp(1)
    return rest if none is None else torch.logaddexp(rest, torch.full_like(rest, none))
