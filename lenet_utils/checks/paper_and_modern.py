"""Checks of the lesson "Paper against modern"."""

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils.checks.verdict import call, check, close, rounds_to, unrounded, wrong
from lenet_utils.models import LeNet5

_KINDS = (
    ("c1", "C1 pads the picture: the network of 1998 has padding=0."),
    (
        "c1_act",
        "the activation function, the paper's squashing function, was changed too: leave "
        "activation as it is.",
    ),
    ("s2", "the subsampling was changed too: leave pooling as it is."),
    ("c3", "C3 was changed too: leave it wired by Table I."),
)


@check
def one_part(model: Any) -> str:
    """Check exercise 9.1: the network of 1998 in which only the output is another.

    Args:
        model: a `LeNet5` with scaled tanh, trainable subsampling, C3 by Table I and a linear
            output of ten classes.
    """
    if isinstance(model, type):
        wrong(f"{model.__name__} is a class, not a network: build one with LeNet5(...).")
    if not isinstance(model, LeNet5):
        wrong(f"expected a LeNet5, got {type(model).__name__}: build it with LeNet5(...).")
    parts = _parts(model)
    if parts == _parts(LeNet5()):
        wrong("this is the network of 1998 unchanged: its output is still the distances.")
    reference = LeNet5(output="linear")
    wanted = _parts(reference)
    for name, message in _KINDS:
        if parts.get(name) != wanted[name]:
            wrong(message)
    parts.pop("output", None)
    wanted.pop("output")
    if parts != wanted:
        wrong("some other part was changed too: give output='linear' and nothing else.")
    if not torch.equal(model.get_buffer("c3.table").cpu(), reference.get_buffer("c3.table")):
        wrong("C3 was changed too: leave it wired by Table I.")
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
    if frozen:
        wrong(f"{frozen[0]} is frozen: a new network trains all its parameters.")
    _require_linear_scores(copy.deepcopy(model).cpu().float().eval(), reference.eval())
    return "60,850 parameters: the 60,000 of 1998, and 850 in place of fixed codes."


def _parts(model: nn.Module) -> dict[str, str]:
    return {name: str(part) for name, part in model.named_children()}


@torch.no_grad()
def _require_linear_scores(model: LeNet5, reference: LeNet5) -> None:
    """Refuse a model whose outputs are not ten weighted sums of the states of F6."""
    if model.smallest_wins:
        wrong("the output is still the distances to codes. Give output='linear'.")
    output = model.get_submodule("output")
    sizes = sorted(p.numel() for p in output.parameters())
    if sizes != [10, 840]:
        wrong(f"the output has {sum(sizes)} parameters: ten scores of a linear layer have 840 "
              "weights and 10 biases. Give output='linear'.")  # fmt: skip
    bias, weight = sorted(output.parameters(), key=Tensor.numel)
    x = torch.randn(3, 1, 32, 32, generator=torch.Generator().manual_seed(9))
    try:
        scores = model(x)
    except Exception as error:
        wrong(f"the network cannot compute: {error}. F6 gives (N, 84, 1, 1); output='linear' makes "
              "a layer that fits.")  # fmt: skip
    states = x
    for name, part in reference.named_children():
        if name == "output":
            break
        part.load_state_dict(model.get_submodule(name).state_dict())
        states = part(states)
    if not isinstance(scores, Tensor) or scores.shape != (3, 10):
        wrong("the network does not give ten scores for each picture: give output='linear'.")
    truth = F.linear(states.flatten(1), weight.view(10, 84), bias)
    if not close(scores.double(), truth.double()):
        wrong("the outputs are not ten weighted sums of the states that F6 has in the network of "
              "1998: give output='linear' and change nothing else.")  # fmt: skip


@check
def differ(function: Any) -> str:
    """Check exercise 9.2: whether two means differ by more than their intervals allow.

    Args:
        function: called with two means and their half widths, (mean_a, half_a, mean_b, half_b);
            returns True when the difference is larger than the root of the sum of the squared
            half widths.
    """
    cases = (
        (1.30, 0.05, 1.10, 0.05),
        (1.10, 0.05, 1.30, 0.05),
        (1.00, 0.05, 1.06, 0.05),
        (1.00, 0.30, 1.35, 0.30),
        (1.00, 0.04, 1.06, 0.03),
        (97.0, 3.0, 90.0, 4.0),
        (94.0, 3.0, 90.5, 4.0),
        (94.0, 4.0, 90.5, 3.0),
        (90.0, 3.0, 95.0, 4.0),
        (80.0, 12.0, 94.0, 1.0),
        (80.0, 1.0, 94.0, 12.0),
        (50.0, 2.0, 54.0, 10.0),
        (50.0, 10.0, 54.0, 2.0),
        (56.5, 2.0, 50.0, 10.0),
        (58.0, 10.0, 50.0, 2.0),
        (50.0, 2.0, 60.1, 10.0),
        (0.50, 0.20, 0.55, 0.10),
        (0.50, 0.20, 0.50, 0.10),
    )
    found = tuple(_yes(call(function, *case)) for case in cases)
    right = tuple(abs(a - b) > math.hypot(x, y) for a, x, b, y in cases)
    if found == right:
        return "A difference within the noise is no result, however good the story."
    rules: dict[str, tuple[Callable[[float, float, float], bool], ...]] = {
        "it is clear in one order and not in the other: take the absolute difference.": (
            lambda d, a, b: d > math.hypot(a, b),
            lambda d, a, b: -d > math.hypot(a, b),
        ),
        "adding the half widths asks too much: their squares add up, 0.04 and 0.03 give 0.05.": (
            lambda d, a, b: abs(d) > a + b + 1e-9,
        ),
        "it says True where the difference lies within the intervals, and False where it does "
        "not: exchange the two.": (lambda d, a, b: abs(d) <= math.hypot(a, b),),
        "the root is missing: a difference is compared with a sum of squares.": (
            lambda d, a, b: abs(d) > a * a + b * b,
        ),
        "one half width alone decides. Both means are uncertain: add the squares of both.": (
            lambda d, a, b: abs(d) > max(a, b),
            lambda d, a, b: abs(d) > min(a, b),
            lambda d, a, b: abs(d) > a,
            lambda d, a, b: abs(d) > b,
        ),
        "the mean of the half widths asks too little: take the root of the sum of their squares.": (
            lambda d, a, b: abs(d) > (a + b) / 2,
        ),
        "a difference of 5 with half widths of 3 and 4 is just the root, 5, and not more.": (
            lambda d, a, b: abs(d) >= math.hypot(a, b),
        ),
        "it says yes to any difference, and so to means that differ by less than their intervals "
        "allow.": (lambda d, a, b: d != 0,),
        "equal means do not differ, but it says yes, whatever it is given.": (
            lambda d, a, b: True,
        ),
        "two means differ by more than their intervals, but it says no, whatever it is given.": (
            lambda d, a, b: False,
        ),
    }
    for message, kinds in rules.items():
        for rule in kinds:
            if found == tuple(bool(rule(a - b, x, y)) for a, x, b, y in cases):
                wrong(message)
    answers = zip(cases, found, right, strict=True)
    case, answer = next((case, answer) for case, answer, clear in answers if answer != clear)
    if answer:
        wrong(f"{case} differ by less than their intervals allow, but it says yes.")
    wrong(f"{case} differ by more than their intervals, but it says no.")


def _yes(answer: Any) -> bool:
    """Take True or False of Python, numpy or PyTorch, or refuse the answer."""
    dtype = str(getattr(answer, "dtype", type(answer).__name__))
    if dtype not in ("bool", "torch.bool") or getattr(answer, "shape", ()) != ():
        wrong(f"the result is of type {type(answer).__name__}; return True or False.")
    return bool(answer)


@check
def by_luck(percent: Any, comparisons: Any) -> str:
    """Check exercise 9.3: how probable a clear difference is where there is none.

    Args:
        percent: the probability, in whole percent, that of eleven comparisons with 5% each at
            least one comes out as clear.
        comparisons: how many it takes until that is more probable than not.
    """
    chance = unrounded(percent, "the probability")
    none = 100 * 0.95**11
    if 0 < chance < 1:
        wrong(f"{chance:g} is not in percent; expected a whole number: multiply by 100 and round.")
    mistakes = {
        "55 adds up eleven times 5%: that is how many to expect, 0.55, and no probability.": 55,
        "This is the probability of none at all, 0.95 to the power of 11. Take it from 100.": none,
        "5 is the probability of one comparison. There are eleven occasions.": 5,
        "This is the probability of exactly one. At least one is one minus none.": (
            11 * 5 * 0.95**10
        ),
        "This is for ten comparisons. There are eleven.": 100 * (1 - 0.95**10),
        "This is for twelve comparisons. There are eleven.": 100 * (1 - 0.95**12),
        "100% would be certain. Take the probability of none from 100.": 100,
    }
    for message, value in mistakes.items():
        if rounds_to(chance, value):
            wrong(message)
    if not rounds_to(chance, 100 - none):
        wrong(f"{chance:g} is not it: take the probability of none, 0.95 x 0.95 x ..., from one.")
    count = unrounded(comparisons, "the number of comparisons")
    exact = math.log(0.5) / math.log(0.95)
    if count == 10:
        wrong("10 comparisons of 5% add up to a half, but probabilities do not add up.")
    if count == 13:
        wrong("13 comparisons give 48.7%: almost, and one more is needed.")
    if count == 15:
        wrong("15 comparisons give 53.7%, but one fewer is enough.")
    if count != 14 and math.isclose(count, exact, rel_tol=1e-3):
        wrong(f"{count:g} is where it would be even. Comparisons come whole: round up.")
    if count != 14:
        wrong(f"{count:g} is not it: the smallest n with 1 - 0.95 to the power of n above a half.")
    return "Who compares often enough always finds something: say how many comparisons there were."
