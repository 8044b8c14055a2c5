"""Answers to the exercises of the lesson "Training the whole"."""

import math
from fractions import Fraction

import numpy as np
import torch
from scipy.special import logsumexp

from lenet_utils import checks, graphs

from .forged import Forged

NAN = float("nan")
LIKELY = 0.8583

# 18.2 -------------------------------------------------------------------------------------


def by_math(right, wrong):
    def logadd(penalties):
        least = min(penalties)
        return least - math.log(sum(math.exp(least - p) for p in penalties))

    return logadd(right) - logadd([*right, *wrong])


def by_torch(right, wrong):
    every = torch.tensor(right + wrong, dtype=torch.float64)
    return torch.logsumexp(-every, 0) - torch.logsumexp(-every[: len(right)], 0)


def by_scipy(right, wrong):
    return logsumexp(-np.array(right + wrong)) - logsumexp(-np.array(right))


def by_softmax(right, wrong):
    every = torch.softmax(-torch.tensor([*right, *wrong], dtype=torch.float64), 0)
    return -math.log(every[: len(right)].sum())


def one_by_one(right, wrong):
    def both(a, b):
        return min(a, b) - math.log1p(math.exp(-abs(a - b)))

    def total(penalties):
        found = penalties[0]
        for p in penalties[1:]:
            found = both(found, p)
        return found

    return total(right) - total(right + wrong)


def naive(right, wrong):
    total = sum(math.exp(-p) for p in right + wrong)
    return -math.log(sum(math.exp(-p) for p in right) / total)


def extended(right, wrong):
    before = graphs_logadd(right)
    right += wrong
    return before - graphs_logadd(right)


def graphs_logadd(penalties):
    return -float(logsumexp(-np.array(penalties)))


def by_the_package(right, wrong):
    total = graphs.logadd(torch.tensor(right + wrong))
    return graphs.logadd(torch.tensor(right)) - total


RIGHT = [
    (checks.criteria_by_hand, (1, LIKELY)),
    (checks.criteria_by_hand, (1.0, 0.86)),
    (checks.criteria_by_hand, (torch.tensor(1), np.float64(LIKELY))),
    (checks.criteria_by_hand, (Fraction(1), -math.log(0.42388))),
    (checks.discriminative_forward, (by_math,)),
    (checks.discriminative_forward, (by_torch,)),
    (checks.discriminative_forward, (by_scipy,)),
    (checks.discriminative_forward, (by_softmax,)),
    (checks.discriminative_forward, (one_by_one,)),
    (checks.arc_gradients, (-0.58, 0.29)),
    (checks.arc_gradients, (-0.5761, 0.288)),
    (checks.arc_gradients, (torch.tensor(-0.5761), np.float32(0.2881))),
    (checks.arc_gradients, (Fraction(-72, 125), Fraction(36, 125))),
    (checks.relative_gain, (34,)),
    (checks.relative_gain, (33.87,)),
    (checks.relative_gain, (np.float64(33.9),)),
    (checks.relative_gain, (torch.tensor(33.871),)),
    (checks.relative_gain, (Fraction(4200, 124),)),
]
WRONG = [
    (checks.criteria_by_hand, (..., ...), "no answer yet"),
    (checks.criteria_by_hand, (-1, LIKELY), "the other way round"),
    (checks.criteria_by_hand, (3, LIKELY), "the best right path alone"),
    (checks.criteria_by_hand, (2, LIKELY), "the best path of all"),
    (checks.criteria_by_hand, (0, LIKELY), "72 costs less"),
    (checks.criteria_by_hand, (4, LIKELY), "one of them"),
    (checks.criteria_by_hand, (5, LIKELY), "take the difference"),
    (checks.criteria_by_hand, (7, LIKELY), "7 is not it"),
    (checks.criteria_by_hand, ("1", LIKELY), "not a number"),
    (checks.criteria_by_hand, (1, -LIKELY), "the right paths come first"),
    (checks.criteria_by_hand, (1, 2.307), "the right paths alone"),
    (checks.criteria_by_hand, (1, 1.449), "all three paths"),
    (checks.criteria_by_hand, (1, 1), "the difference of the best paths"),
    (checks.criteria_by_hand, (1, 1.551), "one of the two paths to 12 among the right ones"),
    (checks.criteria_by_hand, (1, 0.62), "one of the two paths to 12 among all paths"),
    (checks.criteria_by_hand, (1, 0.307), "leaves the right paths out"),
    (checks.criteria_by_hand, (1, 0.424), "the probability of 12"),
    (checks.criteria_by_hand, (1, 4), "adds up penalties"),
    (checks.criteria_by_hand, (1, 1.238), "in bits"),
    (checks.criteria_by_hand, (1, 12), "12 is not it"),
    (checks.criteria_by_hand, (1, NAN), "not a number"),
    (checks.discriminative_forward, (lambda r, w: ...,), "no answer yet"),
    (checks.discriminative_forward, (lambda r, w: None,), "returned nothing"),
    (checks.discriminative_forward, (lambda r, w: -by_math(r, w),), "the other way round"),
    (checks.discriminative_forward, (lambda r, w: graphs_logadd(r),), "the right paths alone"),
    (checks.discriminative_forward, (lambda r, w: min(r) - min(r + w),), "discriminative Viterbi"),
    (checks.discriminative_forward, (lambda r, w: sum(r) - sum(r + w),), "penalties are added up"),
    (
        checks.discriminative_forward,
        (lambda r, w: math.exp(-by_math(r, w)),),
        "the probability of the right number",
    ),
    (
        checks.discriminative_forward,
        (lambda r, w: graphs_logadd(r) - graphs_logadd(w or r),),
        "the right paths are missing",
    ),
    (checks.discriminative_forward, (lambda r, w: by_math(r, w) + 1,), "expected"),
    (checks.discriminative_forward, (naive,), "raised ZeroDivisionError"),
    (checks.discriminative_forward, (extended,), "changed the right"),
    (checks.discriminative_forward, (by_the_package,), "calls"),
    (checks.discriminative_forward, (lambda r, w: NAN,), "not a number"),
    (checks.discriminative_forward, (lambda r, w: Forged(),), "not a number"),
    (checks.discriminative_forward, (LIKELY,), "expected a function"),
    (checks.arc_gradients, (..., ...), "no answer yet"),
    (checks.arc_gradients, (0.576, 0.288), "no right path takes this arc"),
    (checks.arc_gradients, (-1, 0.288), "would be discriminative Viterbi"),
    (checks.arc_gradients, (0, 0.288), "it learns nothing"),
    (checks.arc_gradients, (-0.135, 0.288), "the weight of the path"),
    (checks.arc_gradients, (-0.5, 0.288), "72 has more weight"),
    (checks.arc_gradients, (-0.9, 0.288), "on no right path"),
    (checks.arc_gradients, (-0.576, -0.288), "the right paths come first"),
    (checks.arc_gradients, (-0.576, 0.5), "among the right paths alone"),
    (checks.arc_gradients, (-0.576, 0.212), "comes off that among the right ones"),
    (checks.arc_gradients, (-0.576, -0.212), "leaves out its probability"),
    (checks.arc_gradients, (-0.576, 0.788), "there are two"),
    (checks.arc_gradients, (-0.576, 0.576), "both paths to 12 together"),
    (checks.arc_gradients, (-0.576, 1), "would be discriminative Viterbi"),
    (checks.arc_gradients, (-0.576, 0.1), "one of two equal right paths"),
    (checks.arc_gradients, (-0.576, "0.288"), "not a number"),
    (checks.arc_gradients, (NAN, 0.288), "not a number"),
    (checks.relative_gain, (...,), "no answer yet"),
    (checks.relative_gain, (4.2,), "the difference in points"),
    (checks.relative_gain, (51.2,), "relative to the error after"),
    (checks.relative_gain, (66.1,), "what is left"),
    (checks.relative_gain, (0.339,), "in per cent"),
    (checks.relative_gain, (-33.9,), "the wrong sign"),
    (checks.relative_gain, (31.6,), "that of the words"),
    (checks.relative_gain, (25.9,), "that of over-segmentation"),
    (checks.relative_gain, (4.6,), "relative to what was right"),
    (checks.relative_gain, (12,), "12 is not it"),
    (checks.relative_gain, ("34 %",), "not a number"),
    (checks.relative_gain, (NAN,), "not a number"),
]
