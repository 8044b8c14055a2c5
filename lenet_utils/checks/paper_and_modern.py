"""Checks of the lesson "Paper against modern"."""

from typing import Any

from lenet_utils.checks.verdict import call, check, integer, wrong
from lenet_utils.models import LeNet5


@check
def one_part(model: Any) -> str:
    """Check exercise 9.1: the network of 1998 in which only the output is another.

    Args:
        model: a `LeNet5` with scaled tanh, trainable subsampling, C3 by Table I and a linear
            output of ten classes.
    """
    if not isinstance(model, LeNet5):
        wrong(f"expected a LeNet5, got {type(model).__name__}: build it with LeNet5(...).")
    parts = {name: str(part) for name, part in model.named_children()}
    wanted = {name: str(part) for name, part in LeNet5(output="linear").named_children()}
    if parts == {name: str(part) for name, part in LeNet5().named_children()}:
        wrong("this is the network of 1998 unchanged: its output is still the distances.")
    if parts.get("output") != wanted["output"]:
        wrong("the output is not ten scores of a linear layer: output='linear'.")
    kinds = (
        ("c1", "C1 pads the picture: the network of 1998 has padding=0."),
        ("c1_act", "the squashing was changed too: leave activation as it is."),
        ("s2", "the subsampling was changed too: leave pooling as it is."),
        ("c3", "C3 was changed too: leave it wired by Table I."),
    )
    for name, message in kinds:
        if parts.get(name) != wanted[name]:
            wrong(message)
    if parts != wanted:
        wrong("some other part was changed too: give output='linear' and nothing else.")
    return "60,850 parameters: the 60,000 of 1998, and 850 in place of fixed codes."


@check
def clear(function: Any) -> str:
    """Check exercise 9.2: whether two means differ by more than their intervals allow.

    Args:
        function: called with two means and their half widths, (mean_a, half_a, mean_b, half_b);
            returns True when the difference is larger than the root of the sum of the squared
            half widths.
    """
    cases = (
        ((1.30, 0.05, 1.10, 0.05), True),
        ((1.10, 0.05, 1.30, 0.05), True),
        ((1.00, 0.05, 1.06, 0.05), False),
        ((1.00, 0.30, 1.35, 0.30), False),
        ((1.00, 0.04, 1.06, 0.03), True),
    )
    for arguments, truth in cases:
        found = call(function, *arguments)
        if type(found).__name__ not in ("bool", "bool_"):
            wrong(f"the result is a {type(found).__name__}; return True or False.")
        if bool(found) == truth:
            continue
        if arguments[0] < arguments[2] and truth and arguments[1] == 0.05:
            wrong("it is clear in one order and not in the other: take the absolute difference.")
        if arguments == cases[-1][0]:
            wrong("adding the half widths asks too much: their squares add up, 0.04 and 0.03 "
                  "give 0.05.")  # fmt: skip
        if truth:
            wrong(f"{arguments} differ by more than their intervals, but it says no.")
        wrong(f"{arguments} differ by less than their intervals allow, but it says yes.")
    return "A difference within the noise is no result, however good the story."


@check
def by_luck(percent: Any, comparisons: Any) -> str:
    """Check exercise 9.3: how probable a clear difference is where there is none.

    Args:
        percent: the probability, in whole percent, that of eleven comparisons with 5% each at
            least one comes out as clear.
        comparisons: how many it takes until that is more probable than not.
    """
    chance = integer(percent, "the probability")
    if chance == 55:
        wrong("55 adds up eleven times 5%: that is how many to expect, 0.55, and no probability.")
    if chance == 57:
        wrong("57 is the probability of none at all, 0.95 to the power of 11. One is left of 100.")
    if chance == 5:
        wrong("5 is the probability of one comparison. There are eleven occasions.")
    if chance != 43:
        wrong(f"{chance} is not it: take the probability of none, 0.95 x 0.95 x ..., from one.")
    count = integer(comparisons, "the number of comparisons")
    if count == 10:
        wrong("10 comparisons of 5% add up to a half, but probabilities do not add up.")
    if count == 13:
        wrong("13 comparisons give 48.7%: almost, and one more is needed.")
    if count != 14:
        wrong(f"{count} is not it: the smallest n with 1 - 0.95 to the power of n above a half.")
    return "Who compares often enough always finds something: say how many comparisons there were."
