"""Answers to the exercises of the lesson "Your own problem"."""

import numpy as np
import torch

from lenet_utils import checks

from .forged import Forged

NAN = float("nan")

# 12.2 -------------------------------------------------------------------------------------


def by_formula(counts):
    return counts.sum() / (len(counts) * counts.float())


def by_means(counts):
    inverse = 1 / counts.double()
    return inverse / (inverse * counts).sum() * counts.sum()


def by_numpy(counts):
    counts = np.asarray(counts)
    return torch.from_numpy(counts.mean() / counts)


def by_a_loop(counts):
    total = sum(c.item() for c in counts)
    return torch.tensor([total / len(counts) / c.item() for c in counts])


def changed(counts):
    counts *= 2
    return by_formula(counts)


def remembered(counts):
    return by_formula(torch.tensor([40, 10, 25, 5, 20]))[: len(counts)]


# 12.3 -------------------------------------------------------------------------------------


def by_quantile(sure, lost):
    return sure.quantile(lost)


def by_sorting(sure, lost):
    return sure.sort().values[int(lost * len(sure))].item()


def by_percentile(sure, lost):
    return np.percentile(np.asarray(sure), 100 * lost)


def by_smallest(sure, lost):
    return sure.topk(round(lost * len(sure)), largest=False).values.max() + 1e-6


def of_the_range(sure, lost):
    return sure.min() + lost * (sure.max() - sure.min())


def of_a_bell(sure, lost):
    return sure.mean() - 1.0 * sure.std()


RIGHT = [
    (checks.more_parameters, (4_675,)),
    (checks.more_parameters, (4_675.0,)),
    (checks.more_parameters, (np.int64(4_675),)),
    (checks.more_parameters, (torch.tensor(55 * 85),)),
    (checks.class_weights, (by_formula,)),
    (checks.class_weights, (by_means,)),
    (checks.class_weights, (by_numpy,)),
    (checks.class_weights, (by_a_loop,)),
    (checks.threshold, (by_quantile,)),
    (checks.threshold, (by_sorting,)),
    (checks.threshold, (by_percentile,)),
    (checks.threshold, (by_smallest,)),
]

WRONG = [
    (checks.more_parameters, (...,), "no answer yet"),
    (checks.more_parameters, (4_620,), "leaves out the biases"),
    (checks.more_parameters, (5_525,), "counts all 65 classes"),
    (checks.more_parameters, (5_460,), "biases are missing"),
    (checks.more_parameters, (85,), "is one class"),
    (checks.more_parameters, (55,), "the biases only"),
    (checks.more_parameters, (6_655,), "the 84 of F6"),
    (checks.more_parameters, (61_706,), "with ten classes"),
    (checks.more_parameters, (66_381,), "with 65 classes"),
    (checks.more_parameters, (4_676,), "4,676 is not it"),
    (checks.more_parameters, ("4675",), "expected a whole number"),
    (checks.more_parameters, (NAN,), "expected a whole number"),
    (checks.more_parameters, (Forged(),), "expected a whole number"),
    (checks.class_weights, (lambda c: ...,), "no answer yet"),
    (checks.class_weights, (lambda c: c.float(),), "grow with the counts"),
    (checks.class_weights, (lambda c: torch.ones(len(c)),), "all weights are the same"),
    (checks.class_weights, (lambda c: 1 / c.float().sqrt(),), "square root"),
    (checks.class_weights, (lambda c: 1 - c / c.sum(),), "one less the fraction"),
    (checks.class_weights, (lambda c: 1 / c.float().log(),), "logarithm"),
    (checks.class_weights, (lambda c: 1 / c.float(),), "mean over all pictures is 0.05"),
    (checks.class_weights, (lambda c: 5 / c / (1 / c).sum(),), "number of classes"),
    (checks.class_weights, (lambda c: -1 / c,), "0 or negative"),
    (checks.class_weights, (lambda c: c.max() - c,), "0 or negative"),
    (checks.class_weights, (lambda c: 1 / (c + 10),), "weight times count differs"),
    (checks.class_weights, (lambda c: (1 / c).sum(),), "has shape ()"),
    (checks.class_weights, (remembered,), "with other counts"),
    (checks.class_weights, (changed,), "changed the counts"),
    (checks.class_weights, (lambda c: by_formula(c).tolist(),), "expected a tensor"),
    (checks.class_weights, (lambda c: None,), "returned nothing"),
    (checks.class_weights, (lambda c: NAN * c,), "NaN"),
    (checks.threshold, (lambda s, q: ...,), "no answer yet"),
    (checks.threshold, (lambda s, q: s.quantile(1 - q),), "loses the others"),
    (checks.threshold, (lambda s, q: s.quantile(10 * q * 0.999),), "ten times too many"),
    (checks.threshold, (lambda s, q: s.quantile(q / 2),), "two ends"),
    (checks.threshold, (of_the_range,), "count pictures instead"),
    (checks.threshold, (lambda s, q: q,), "is the fraction itself"),
    (checks.threshold, (of_a_bell,), "of the pictures; expected 2%"),
    (checks.threshold, (lambda s, q: s.min(),), "lie 0.0%"),
    (checks.threshold, (lambda s, q: s < s.quantile(q),), "not a number"),
    (checks.threshold, (lambda s, q: NAN,), "not a number"),
    (checks.threshold, (lambda s, q: Forged(),), "not a number"),
    (checks.threshold, (lambda s, q: None,), "returned nothing"),
]
