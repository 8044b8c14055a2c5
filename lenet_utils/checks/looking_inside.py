"""Checks of the lesson "Looking inside" on what a unit's states say."""

from typing import Any

import torch
from torch import Tensor

from lenet_utils.checks.verdict import call, check, close, recognise, shape, tensor, wrong


@check
def strongest_patch(function: Any) -> str:
    """Check exercise 14.1: the window that excites a map most.

    Args:
        function: called with the states of one map for some pictures, float (N, h, w), the
            pictures, float (N, H, W), and the side and the step of a unit's window; returns the
            window, (side, side), that belongs to the largest state.
    """
    generator = torch.Generator().manual_seed(12)
    # places, side, step, number of pictures, where the largest state is, and what is taken away
    # from all: in the second case no state is above 0.
    cases = (
        (10, 14, 2, 3, (1, 9, 1), 0.0),
        (28, 5, 1, 5, (3, 4, 10), 3.0),
        (5, 16, 4, 2, (1, 4, 1), 0.0),
    )
    for places, side, step, count, (n, r, c), less in cases:
        pictures = torch.rand(count, 32, 32, generator=generator)
        states = torch.rand(count, places, places, generator=generator) / 2
        states[:, 1, 2] = 0.9
        states[n, r, c], states[0, 2, 3], states[-1, 3, 0], states[-1, 0, 3] = 2, 1.1, 1.15, -3
        answer = call(function, states - less, pictures, side, step)
        if shape(answer) == (1, side, side):
            wrong(f"the result has shape {(1, side, side)}: index the picture with one number, "
                  "not with a slice of one.")  # fmt: skip
        found = tensor(answer, (side, side), "the result")

        def window(n: int, r: int, c: int, p: Tensor = pictures, s: int = side) -> Tensor:
            return p[n, r : r + s, c : c + s].double()

        truth = window(n, r * step, c * step)
        if close(found, truth):
            continue
        last = count - 1
        plausible = {
            "this is the window of the most negative state. Take the largest, not the largest "
            "without its sign.": window(last, 0, 3 * step),
            "rows and columns are exchanged.": window(n, c * step, r * step),
            "this is the strongest window of the first picture: look through all of them.": (
                window(0, 2 * step, 3 * step)
            ),
            "this is the window of the second largest state.": window(last, 3 * step, 0),
            "this is where the average of all pictures is largest: take one picture's state.": (
                window(0, step, 2 * step)
            ),
            "no state is above 0 here. Start the search with the first state, not with 0.": (
                window(0, 0, 0)
            ),
            "the window starts at the unit's own row and column: neighbouring units look "
            f"{step} pixels apart.": window(n, r, c),
            "the right window stands on its side: keep its rows and columns.": truth.T,
            "the right window is turned round: the first row is on top.": truth.flip(0),
            "the right window has other greys: return the pixels as they are.": (
                truth / truth.max()
            ),
        }
        recognise(found, plausible)
        if any(close(found, window(other, r * step, c * step)) for other in range(count)):
            wrong("this is the right place in the wrong picture: the largest state of all "
                  "pictures says which one.")  # fmt: skip
        wrong(f"for the unit in row {r} and column {c} and a step of {step} the window's first "
              f"pixel is in row {r * step} and column {c * step} of picture {n}.")  # fmt: skip
    return "A unit's window is where its paths lead: side and step are all that one needs."


@check
def correlation_ratio(function: Any) -> str:
    """Check exercise 14.4: the share of a unit's variance that lies between the classes.

    Args:
        function: called with states, float (N, units), and labels, int64 (N,); returns the shares,
            (units,), each from 0 to 1.
    """
    generator = torch.Generator().manual_seed(12)
    counts = torch.tensor([2, 3, 12, 5, 4, 9, 2, 7, 3, 8])
    for units in (3, 2):
        # All ten classes, in no order, of several sizes; a unit's mean is not 0.
        labels = torch.arange(10).repeat_interleave(counts)
        labels = labels[torch.randperm(len(labels), generator=generator)]
        centres = torch.randn(10, units, generator=generator) + 2
        widths = torch.linspace(0.5, 2, units)
        states = centres[labels] + widths * torch.randn(len(labels), units, generator=generator)
        answer = call(function, states, labels)
        if shape(answer) == (len(labels),):
            wrong(f"the result has {len(labels)} numbers, one for each picture. Expected {units}, "
                  "one for each unit: take means over dimension 0.")  # fmt: skip
        found = tensor(answer, (units,), "the result")
        means = torch.stack([states[labels == k].double().mean(0) for k in range(10)])
        truth = means[labels].var(0) / states.double().var(0)
        if not close(found, truth):
            _explain_ratio(found, states.double(), labels, means)
    return "0: the unit says nothing about the class. 1: it says nothing else."


def _explain_ratio(found: Tensor, states: Tensor, labels: Tensor, means: Tensor) -> None:
    number, counts = len(labels), labels.bincount()
    mean, total = states.mean(0), states.var(0, unbiased=False)
    between = means[labels].var(0, unbiased=False)
    share = between / total
    equal = means.var(0, unbiased=False)
    within = torch.stack([states[labels == k].var(0, unbiased=False) for k in range(10)])
    in_order = torch.cat([part.mean(0).expand_as(part) for part in states.split(counts.tolist())])
    line = torch.cat([states.T, labels[None].double()]).corrcoef()[-1, :-1].square()
    unequal = (
        "each class counts the same here. A class of twelve pictures weighs four times one of "
        "three."
    )
    recognise(found, {unequal: equal / total})
    plausible = {
        "this is the share within the classes: subtract it from 1.": 1 - share,
        unequal: equal / total * 10 / 9,
        "the classes are weighted equally: weight them by their number of pictures.": (
            (means - mean).square().mean(0) / total
        ),
        "the variances within the classes are weighted equally: weight them by the number of "
        "pictures.": 1 - within.mean(0) / total,
        "this is between over within. The share is between over all.": between / (total - between),
        "this is the F statistic, with degrees of freedom. The share is between over all.": (
            between / 9 / ((total - between) / (number - 10))
        ),
        "the variance is divided by N - 1 in one place and by N in the other: use the same.": (
            share * (number - 1) / number
        ),
        "this is the share's square root: compare squares with squares.": share.sqrt(),
        "this is the variance between the classes: divide it by the variance of all.": between,
        "this is a percentage; expected a share, from 0 to 1.": 100 * share,
        "the squares are not taken about the mean: subtract it first.": (
            means[labels].square().mean(0) / states.square().mean(0)
        ),
        "the labels are not sorted: pick a class's pictures with labels == k.": (
            in_order.var(0, unbiased=False) / total
        ),
        "this is how well a line fits, but the digit's name is no quantity: take class means.": (
            line
        ),
    }
    recognise(found, plausible)
    if close(found, found[:1].expand_as(found)):
        wrong("this is one number for all units: take means and variances over dimension 0 only.")
    wrong("look at one unit: the variance of (each picture's class mean) over the variance of "
          "(each picture's state).")  # fmt: skip
