"""Checks of the lesson "The output that measures distances"."""

from typing import Any

import torch

from lenet_utils.checks.verdict import call, check, close, integers, shape, tensor, wrong
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
    states = torch.randn(5, 84, generator=generator)
    codes = digit_codes()
    y = tensor(call(function, states.clone(), codes.clone()), (5, 10), "the result")
    truth = (states[:, None] - codes).double().square().sum(2)
    if close(y, truth):
        return "Ten distances for each pattern; the smallest one names the digit."
    if close(y, truth.sqrt()):
        wrong("These are distances; Eq. 7 does not take the root of the sum of squares.")
    if close(y, truth / 2):
        wrong("There is a factor of 1/2 too many: Eq. 7 has none.")
    if close(y, truth / 84):
        wrong("This is the mean of the 84 squares; Eq. 7 adds them.")
    if close(y, (states @ codes.T).double()):
        wrong("These are dot products. An RBF unit subtracts its code, squares and adds.")
    wrong(
        "The shape is right, the values are not: y[n, i] is the sum over j of "
        "(x[n, j] - w[i, j])^2."
    )


@check
def loss_at_the_start(small: Any, large: Any) -> str:
    """Check exercise 6.2: Eq. 9 while every distance is 84, for j = 1 and for j = 10.

    Args:
        small: the loss for j = 1, to the nearest whole number.
        large: the loss for j = 10, to the nearest whole number.
    """
    y = torch.full((1, 10), 84.0, dtype=torch.float64)
    target = torch.zeros(1, dtype=torch.int64)
    truth = tuple(round(float(MAP(j=j)(y, target))) for j in (1.0, 10.0))
    answers = integers((small, large), 2, "the pair of losses", "(84, 84)")
    if answers == truth:
        return "exp(-84) is nothing beside exp(-j): the loss is 84 - j until some code comes near."
    if answers == (84, 84):
        wrong("84 is the first term, Eq. 8. The logarithm of exp(-j) is -j, not 0: add it.")
    if answers == (85, 94):
        wrong("The sign of the second term: log(exp(-j)) is -j.")
    if answers == truth[::-1]:
        wrong("The two are exchanged: the larger j takes more away.")
    if answers == (86, 86):
        wrong(
            "86 is 84 + log 10: ten equal weights of 1. But the ten are exp(-84), beside exp(-j)."
        )
    wrong("Put y = 84 into y_D + log(exp(-j) + 10 exp(-84)); exp(-84) is about 3e-37.")


@check
def rejection(function: Any) -> str:
    """Check exercise 6.4: answer only when the nearest code is near enough.

    Args:
        function: called with distances (N, 10) and a limit; returns int64 (N,): the class, or
            -1 where even the smallest distance is above the limit.
    """
    y = torch.full((5, 10), 90.0)
    y[0, 3], y[1, 7], y[2, 2], y[3, 0], y[4, 9] = 10.0, 39.5, 40.5, 80.0, 0.0
    for limit, truth in ((40.0, [3, 7, -1, -1, 9]), (60.0, [3, 7, 2, -1, 9])):
        found = call(function, y.clone(), limit)
        answers = tensor(found, (5,), "the result").long().tolist()
        if answers == truth:
            continue
        if answers == y.argmin(1).tolist():
            wrong("Nothing is rejected: compare the smallest distance with the limit.")
        if answers == y.argmax(1).tolist() or answers == [0, 0, 0, 1, 0]:
            wrong("This takes the largest output. Outputs are distances: the smallest wins.")
        if [a == -1 for a in answers] == [t != -1 for t in truth]:
            wrong("The test is the wrong way round: near codes are rejected, far ones accepted.")
        if limit == 60.0:
            wrong("It works for a limit of 40 but not of 60: use the limit that is given.")
        wrong(f"For a limit of {limit:g} the answers are {answers}; expected {truth}.")
    return "A distance means something by itself, so a single limit can say: no digit at all."


@check
def map_loss(function: Any) -> str:
    """Check exercise 6.3: Eq. 9, also where exp(-y) is zero in 32 bits.

    Args:
        function: called with distances (N, 10), the right classes int64 (N,) and j; returns the
            mean loss of the N patterns, a single number.
    """
    generator = torch.Generator().manual_seed(9)
    labels = torch.tensor([3, 1, 4, 1])
    near = 20 * torch.rand(4, 10, generator=generator)
    for y, j in ((near, 1.0), (near, 10.0), (near + 150, 200.0)):
        answer = call(function, y.clone(), labels.clone(), j)
        if type(answer) is float:
            answer = torch.tensor(answer, dtype=torch.float64)
        which = f"for j = {j:g} and distances from {y.min():.0f} to {y.max():.0f}, "
        if shape(answer) == (4,):
            wrong("this is one loss for each pattern. Eq. 9 takes their mean.")
        if shape(answer) == () and not bool(answer.isfinite()):
            wrong(
                which + "the loss is not finite: exp(-y) is 0 in 32 bits, and log(0) is not a "
                "number to go on with. torch.logsumexp takes -y and -j without leaving the logs."
            )
        loss = tensor(answer, (), "the loss")
        right = y.gather(1, labels[:, None])[:, 0].double()
        rest = (-y).double().logsumexp(1)
        both = torch.logaddexp(rest, torch.tensor(-j, dtype=torch.float64))
        if close(loss, (right + both).mean()):
            continue
        plausible = {
            "the losses of the patterns are added: Eq. 9 takes their mean.": (right + both).sum(),
            "the first term, the distance to the right code, is missing.": both.mean(),
            "the second term is missing: this is Eq. 8.": right.mean(),
            "the class 'none of these' is missing: add exp(-j) in the logarithm.": (
                (right + rest).mean()
            ),
            "the sign of the second term is wrong: Eq. 9 adds the logarithm.": (
                (right - both).mean()
            ),
            "the signs in the exponents are wrong: far codes have little weight, exp(-y).": (
                (right + y.double().logsumexp(1)).mean()
            ),
        }
        for message, value in plausible.items():
            if close(loss, value):
                wrong(which + message)
        wrong(
            which + f"the loss is {(right + both).mean():.4f}, not {float(loss):.4f}: y_D plus "
            "the log of exp(-j) + sum of exp(-y_i), as a mean."
        )
    return "Near and far, and for any j: logarithms of sums are best never taken apart."
