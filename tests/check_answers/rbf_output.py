"""Answers to the exercises of the lesson "The output that measures distances"."""

import math
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from lenet_utils import checks, digit_codes
from lenet_utils.criteria import MAP
from lenet_utils.layers import RBFOutput

from .forged import Forged

NAN = float("nan")

# 6.1 --------------------------------------------------------------------------------------


def by_expansion(states, codes):
    squares = states.square().sum(1, keepdim=True) + codes.square().sum(1)
    return squares - 2 * states @ codes.T


def by_loops(states, codes):
    y = torch.zeros(len(states), len(codes))
    for n, x in enumerate(states):
        for i, w in enumerate(codes):
            for j in range(84):
                y[n, i] += (x[j] - w[j]) ** 2
    return y


def one_code_at_a_time(states, codes):
    return torch.stack([(states - w).pow(2).sum(1) for w in codes], dim=1)


def in_place_of_states(states, codes):
    y = by_expansion(states, codes)
    states -= codes[0]
    return y


def squared_codes_in_place(states, codes):
    cross = states @ codes.T
    return states.square().sum(1, keepdim=True) + codes.square_().sum(1) - 2 * cross


CODES = digit_codes()


def of_own_codes(states, codes):
    return by_expansion(states, CODES)


def by_the_librarys_layer(states, codes):
    return RBFOutput(codes)(states[:, :, None, None]).flatten(1)


def with_84_for_the_codes(states, codes):
    return states.square().sum(1, keepdim=True) + 84 - 2 * states @ codes.T


def in_changed_default_type(states, codes):
    torch.set_default_dtype(torch.float64)
    return by_expansion(states, codes)


# 6.3 --------------------------------------------------------------------------------------


def right_distances(y, labels):
    return y.gather(1, labels[:, None])[:, 0]


def eq_9(y, labels, j):
    none = torch.full((len(y), 1), -j)
    return (right_distances(y, labels) + torch.cat([none, -y], 1).logsumexp(1)).mean()


def eq_9_in_a_loop(y, labels, j):
    losses = [
        row[k] + torch.logaddexp(torch.tensor(-j), (-row).logsumexp(0))
        for row, k in zip(y, labels, strict=True)
    ]
    return sum(losses) / len(losses)


def eq_9_from_the_nearest(y, labels, j):
    """Take the largest exponent out by hand."""
    nearest = torch.minimum(y.amin(1), torch.tensor(j))
    terms = torch.exp(nearest - j) + torch.exp(nearest[:, None] - y).sum(1)
    return torch.mean(right_distances(y, labels) - nearest + terms.log())


def eq_9_by_cross_entropy(y, labels, j):
    scores = torch.cat([-y, torch.full((len(y), 1), -j)], 1)
    return F.cross_entropy(scores, labels)


def eq_9_in_numpy(y, labels, j):
    y, labels = y.numpy().astype(float), labels.numpy()
    both = np.logaddexp(np.logaddexp.reduce(-y, axis=1), -j)
    return (y[np.arange(len(y)), labels] + both).mean()


def eq_9_naively(y, labels, j):
    return (right_distances(y, labels) + torch.log(math.exp(-j) + torch.exp(-y).sum(1))).mean()


def eq_9_with_a_small_number(y, labels, j):
    terms = math.exp(-j) + torch.exp(-y).sum(1)
    return (right_distances(y, labels) + torch.log(terms + 1e-30)).mean()


def eq_9_without(y, labels, j, right=1.0, log=1.0, none=True, sign=-1.0):
    first = right_distances(y, labels)
    terms = [sign * y] + ([torch.full((len(y), 1), -j)] if none else [])
    return (right * first + log * torch.cat(terms, 1).logsumexp(1)).mean()


def eq_9_of_the_wrong_classes(y, labels, j, none=True):
    """Leave the right class out of the sum."""
    wrong = y.scatter(1, labels[:, None], math.inf)
    terms = torch.cat([-wrong] + ([torch.full((len(y), 1), -j)] if none else []), 1)
    return (right_distances(y, labels) + terms.logsumexp(1)).mean()


def eq_9_in_place(y, labels, j):
    right = right_distances(y, labels)
    none = torch.full((len(y), 1), -j)
    return (right + torch.cat([none, y.neg_()], 1).logsumexp(1)).mean()


def eq_9_of_the_nearest(y, labels, j):
    none = torch.full((len(y), 1), -j)
    return (y.amin(1) + torch.cat([none, -y], 1).logsumexp(1)).mean()


def eq_9_of_the_first(y, labels, j):
    none = torch.full((len(y), 1), -j)
    return (y[:, labels[0]] + torch.cat([none, -y], 1).logsumexp(1)).mean()


def eq_9_over_the_batch(y, labels, j):
    """Take the sum over the patterns, not over the classes."""
    none = torch.full((1, 10), -j)
    return right_distances(y, labels).mean() + torch.cat([none, -y]).logsumexp(0).mean()


# 6.4 --------------------------------------------------------------------------------------


def refusing(y, limit):
    nearest, answer = y.min(1)
    return torch.where(nearest > limit, -1, answer)


def refusing_in_a_loop(y, limit):
    return torch.tensor([int(row.argmin()) if row.min() <= limit else -1 for row in y])


def refusing_by_numpy(y, limit):
    y = y.numpy()
    return np.where(y.min(1) > limit, -1, y.argmin(1))


def refusing_by_index(y, limit):
    answer = y.argmin(dim=1)
    answer[y.min(dim=1).values > limit] = -1
    return answer


def refusing_from_beyond(y, limit):
    """An eleventh unit for none of these: wins where all are above the limit."""
    padded = torch.cat([y, torch.full((len(y), 1), float(limit))], 1)
    answer = padded.argmin(1)
    return torch.where(answer == 10, -1, answer)


def refusing_in_place(y, limit):
    y[y > limit] = torch.inf
    nearest, answer = y.min(1)
    return torch.where(nearest.isinf(), -1, answer)


def refusing_by_the_gap(y, limit):
    """The paper's rule: the two best must lie apart."""
    two = y.sort(1).values[:, :2]
    return torch.where(two[:, 1] - two[:, 0] < limit, -1, y.argmin(1))


def refusing_by(statistic):
    return lambda y, limit: torch.where(statistic(y) > limit, -1, y.argmin(1))


RIGHT = [
    (checks.distances, (by_expansion,)),
    (checks.distances, (lambda x, w: (x[:, None] - w).square().sum(2),)),
    (checks.distances, (lambda x, w: torch.cdist(x, w) ** 2,)),
    (checks.distances, (by_loops,)),
    (checks.distances, (one_code_at_a_time,)),
    (checks.distances, (lambda x, w: by_expansion(x.double(), w.double()),)),
    (checks.distances, (lambda x, w: one_code_at_a_time(x, w).T.contiguous().T,)),
    (checks.distances, (lambda x, w: by_expansion(x, w).requires_grad_(),)),
    (checks.distances, (lambda x, w: torch.einsum("nij->ni", (x[:, None] - w) ** 2),)),
    (checks.loss_at_the_start, (83, 74)),
    (checks.loss_at_the_start, (83.0, np.int64(74))),
    (checks.loss_at_the_start, (torch.tensor(83), torch.tensor(74))),
    (checks.loss_at_the_start, (torch.tensor(83.0), np.float32(74))),
    (checks.loss_at_the_start, (np.array(83), torch.tensor(74, dtype=torch.uint8))),
    (checks.loss_at_the_start, (84 + math.log(math.exp(-1)), 84 + math.log(math.exp(-10)))),
    (
        checks.loss_at_the_start,
        tuple(MAP(j=j)(torch.full((1, 10), 84.0), torch.tensor([0])) for j in (1, 10)),
    ),
    (checks.map_loss, (eq_9,)),
    (checks.map_loss, (eq_9_in_a_loop,)),
    (checks.map_loss, (lambda y, t, j: eq_9(y.double(), t, j).item(),)),
    (checks.map_loss, (eq_9_from_the_nearest,)),
    (checks.map_loss, (eq_9_by_cross_entropy,)),
    (checks.map_loss, (eq_9_in_numpy,)),
    (checks.map_loss, (lambda y, t, j: np.float32(eq_9(y, t, j)),)),
    (checks.map_loss, (lambda y, t, j: eq_9(y.clone().requires_grad_(), t, j),)),
    (checks.rejection, (refusing,)),
    (checks.rejection, (refusing_in_a_loop,)),
    (checks.rejection, (lambda y, limit: refusing(y, limit).float(),)),
    (checks.rejection, (lambda y, limit: refusing(y, limit).to(torch.int8),)),
    (checks.rejection, (lambda y, limit: refusing(y, limit).tolist(),)),
    (checks.rejection, (refusing_by_numpy,)),
    (checks.rejection, (refusing_by_index,)),
    (checks.rejection, (refusing_from_beyond,)),
]

WRONG = [
    (checks.distances, (lambda x, w: torch.cdist(x, w),), "root"),
    (checks.distances, (lambda x, w: by_expansion(x, w) / 2,), "1/2 too many"),
    (checks.distances, (lambda x, w: by_expansion(x, w) / 84,), "adds them"),
    (checks.distances, (lambda x, w: x @ w.T,), "dot products"),
    (checks.distances, (lambda x, w: by_expansion(x, w) + 1,), "the values are not"),
    (checks.distances, (lambda x, w: by_expansion(x, w).T,), "expected (5, 10)"),
    (checks.distances, (lambda x, w: by_expansion(x, w) * torch.nan,), "NaN"),
    (checks.distances, (lambda x, w: Forged(),), "expected a tensor"),
    (checks.distances, (lambda x, w: ...,), "no answer yet"),
    (checks.distances, (of_own_codes,), "codes of digit_codes()"),
    (checks.distances, (with_84_for_the_codes,), "84"),
    (checks.distances, (in_place_of_states,), "changed"),
    (checks.distances, (squared_codes_in_place,), "changed"),
    (checks.distances, (in_changed_default_type,), "default"),
    (checks.distances, (by_the_librarys_layer,), "lenet_utils.layers"),
    (checks.distances, (lambda x, w: (x[:, None] - w).abs().sum(2),), "absolute"),
    (checks.distances, (lambda x, w: (x[:, None] + w).square().sum(2),), "codes are added"),
    (checks.distances, (lambda x, w: (x[:, None] - w).sum(2).square(),), "Square first"),
    (checks.distances, (lambda x, w: -by_expansion(x, w),), "minus sign"),
    (checks.distances, (lambda x, w: torch.exp(-by_expansion(x, w)),), "exponential"),
    (checks.distances, (lambda x, w: (x[:, None] - w).square().amax(2),), "largest of the 84"),
    (checks.distances, (lambda x, w: (x[:, None] - w).square().sum(1),), "expected (5, 10)"),
    (checks.distances, (lambda x, w: by_expansion(x, w)[:1],), "expected (5, 10)"),
    (checks.distances, (lambda x, w: by_expansion(x, w).squeeze(),), "expected (1, 10)"),
    (checks.distances, (lambda x, w: by_expansion(x, w) + 1j,), "real numbers"),
    (checks.distances, (lambda x, w: by_expansion(x, w).round(),), "the values are not"),
    (checks.distances, (lambda x, w: x - w,), "raised RuntimeError"),
    (checks.loss_at_the_start, (84, 84), "first term"),
    (checks.loss_at_the_start, (85, 94), "sign"),
    (checks.loss_at_the_start, (74, 83), "exchanged"),
    (checks.loss_at_the_start, (86, 86), "84 + log 10"),
    (checks.loss_at_the_start, (1, 2), "3e-37"),
    (checks.loss_at_the_start, (NAN, 74), "whole number"),
    (checks.loss_at_the_start, (Forged(), 74), "whole number"),
    (checks.loss_at_the_start, (2, 2), "'none of these' is missing"),
    (checks.loss_at_the_start, (-1, -10), "first term"),
    (checks.loss_at_the_start, (41, 32), "half distances"),
    (checks.loss_at_the_start, (84, 80), "natural logarithm"),
    (checks.loss_at_the_start, (83, 83), "for j = 10"),
    (checks.loss_at_the_start, (74, 74), "for j = 1 "),
    (checks.loss_at_the_start, ("83", "74"), "whole number"),
    (checks.loss_at_the_start, (83 + 0j, 74 + 0j), "whole number"),
    (checks.loss_at_the_start, ([83, 74], [83, 74]), "whole number"),
    (checks.loss_at_the_start, (True, True), "whole number"),
    (checks.map_loss, (eq_9_naively,), "for j = 200 and distances from 198 to 205"),
    (checks.map_loss, (eq_9_naively,), "torch.logsumexp"),
    (checks.map_loss, (lambda y, t, j: eq_9_naively(y.double(), t, j),), "for j = 800"),
    (checks.map_loss, (eq_9_with_a_small_number,), "for j = 200"),
    (checks.map_loss, (partial(eq_9_without, right=0),), "distance to the right code, is missing"),
    (checks.map_loss, (partial(eq_9_without, log=0),), "this is Eq. 8"),
    (checks.map_loss, (partial(eq_9_without, none=False),), "'none of these' is missing"),
    (checks.map_loss, (partial(eq_9_without, log=-1),), "adds the logarithm"),
    (checks.map_loss, (partial(eq_9_without, sign=1.0),), "signs in the exponents"),
    (checks.map_loss, (lambda y, t, j: 4 * eq_9(y, t, j),), "takes their mean"),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, j).repeat(len(y)),), "one loss for each pattern"),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, j) + 1,), "as a mean"),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, 10.0),), "for j = 1 "),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, 10.0),), "this is the loss for j = 10"),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, j)[None],), "expected ()"),
    (checks.map_loss, (lambda y, t, j: NAN,), "not finite"),
    (checks.map_loss, (lambda y, t, j: Forged(),), "expected a tensor"),
    (checks.map_loss, (lambda y, t, j: ...,), "no answer yet"),
    (checks.map_loss, (lambda y, t: 0,), "raised TypeError"),
    (checks.map_loss, (lambda y, t, j: MAP(j=j)(y, t),), "lenet_utils.criteria"),
    (checks.map_loss, (eq_9_of_the_wrong_classes,), "right class is left out of the sum"),
    (
        checks.map_loss,
        (partial(eq_9_of_the_wrong_classes, none=False),),
        "and so is the class 'none of these'",
    ),
    (checks.map_loss, (eq_9_in_place,), "changed"),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, -j),), "the sign of j"),
    (checks.map_loss, (lambda y, t, j: eq_9(y / 2, t, j),), "half distances"),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, j) - math.log(11),), "mean of its eleven"),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, j) * len(y) / 4,), "as a mean"),
    (checks.map_loss, (eq_9_of_the_nearest,), "the smallest distance, not the right"),
    (checks.map_loss, (eq_9_of_the_first,), "as a mean"),
    (checks.map_loss, (eq_9_over_the_batch,), "as a mean"),
    (checks.map_loss, (lambda y, t, j: F.cross_entropy(y, t),), "larger is better"),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, 0.0),), "exp(-j) is 1 here"),
    (checks.map_loss, (lambda y, t, j: -eq_9(y, t, j),), "minus sign"),
    (checks.map_loss, (lambda y, t, j: str(eq_9(y, t, j).item()),), "expected a tensor"),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, j) > 0,), "expected a tensor"),
    (checks.rejection, (lambda y, limit: y.argmin(1),), "Nothing is rejected"),
    (checks.rejection, (lambda y, limit: y.argmax(1),), "smallest wins"),
    (
        checks.rejection,
        (lambda y, limit: torch.where(y.amin(1) > limit, y.argmin(1), -1),),
        "wrong way",
    ),
    (checks.rejection, (lambda y, limit: refusing(y, 40.0),), "use the limit that is given"),
    (checks.rejection, (lambda y, limit: refusing(y, limit) + 1,), "expected [3, 7"),
    (checks.rejection, (lambda y, limit: refusing(y, limit)[0],), "expected (5,)"),
    (checks.rejection, (lambda y, limit: 3,), "expected 5 whole numbers"),
    (
        checks.rejection,
        (lambda y, limit: torch.where(y.amin(1) >= limit, -1, y.argmin(1)),),
        "not above the limit",
    ),
    (checks.rejection, (refusing_in_place,), "changed"),
    (checks.rejection, (lambda y, limit: torch.full((len(y),), -1),), "Everything is rejected"),
    (checks.rejection, (refusing_by_the_gap,), "gap between the two best"),
    (checks.rejection, (refusing_by(lambda y: y.amax(1)),), "the largest distance"),
    (checks.rejection, (refusing_by(lambda y: y.mean(1)),), "the mean of the ten"),
    (checks.rejection, (lambda y, limit: refusing(y.T, limit),), "expected (5,)"),
    (checks.rejection, (lambda y, limit: refusing(y, limit) + 0.4,), "expected a whole number"),
    (checks.rejection, (lambda y, limit: refusing(y, limit) % 10,), "expected [3, 7"),
    (checks.rejection, (lambda y, limit: refusing(y, limit).byte(),), "expected [3, 7"),
    (checks.rejection, (lambda y, limit: y.amin(1) > limit,), "expected a whole number"),
    (checks.rejection, (lambda y, limit: y.amin(1),), "expected a whole number"),
    (checks.rejection, (lambda y, limit: torch.tensor([3, 7, -1, -1, 9]),), "use the limit"),
    (checks.rejection, (lambda y, limit: refusing(y, limit)[:, None],), "expected (5,)"),
    (checks.rejection, (lambda y, limit: refusing(y, limit).squeeze(),), "expected (1,)"),
]
