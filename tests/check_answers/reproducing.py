"""Answers to the exercises of the lesson "Reproducing the result"."""

import math
import statistics

import numpy as np
import torch

from lenet_utils import checks
from lenet_utils.results.intervals import mean_interval

from .forged import Forged

NAN = float("nan")

# 8.2 --------------------------------------------------------------------------------------


def by_statistics(values, t):
    return statistics.mean(values), t * statistics.stdev(values) / len(values) ** 0.5


def by_numpy(values, t):
    return np.mean(values), t * np.std(values, ddof=1) / np.sqrt(len(values))


def by_torch(values, t):
    sample = torch.tensor(values, dtype=torch.float64)
    return torch.stack([sample.mean(), t * sample.std() / len(values) ** 0.5])


def by_hand(values, t):
    n = len(values)
    mean = sum(values) / n
    variance = sum((value - mean) ** 2 for value in values) / (n - 1)
    return [mean, t * math.sqrt(variance / n)]


def in_float32(values, t):
    sample = torch.tensor(values)
    return sample.mean().item(), t * sample.std() / len(sample) ** 0.5


def with_own_t(values, t):
    table = {3: 4.3027, 4: 3.1824, 5: 2.7764}
    return by_hand(values, table[len(values)])


def by_the_librarys_function(values, t):
    found = mean_interval(values)
    return found.mean, found.half_width


def centring_in_place(values, t):
    mean = sum(values) / len(values)
    for i in range(len(values)):
        values[i] -= mean
    return mean, t * (sum(v * v for v in values) / (len(values) - 1) / len(values)) ** 0.5


def ends(values, t):
    mean, half = by_hand(values, t)
    return mean - half, mean + half


def half(change):
    return lambda values, t: (np.mean(values), change(values, t))


# 8.4 --------------------------------------------------------------------------------------


def unbeaten(errors, work):
    pairs = list(zip(errors, work, strict=True))
    return [i for i, (e, w) in enumerate(pairs) if not any(a < e and b < w for a, b in pairs)]


def unbeaten_by_arrays(errors, work):
    e, w = np.array(errors), np.array(work)
    beaten = (e[None] < e[:, None]) & (w[None] < w[:, None])
    return np.flatnonzero(~beaten.any(1))


def by_a_sweep(errors, work):
    """Go from the cheapest on, and keep what is better than all before."""
    best, front = math.inf, []
    for i in sorted(range(len(work)), key=lambda i: (work[i], errors[i])):
        if errors[i] < best:
            best = errors[i]
            front.append(i)
    return front


def by_a_sweep_from_the_best(errors, work):
    """Go from the best on, and keep what is not more work than all before."""
    least, front = math.inf, []
    for i in sorted(range(len(work)), key=lambda i: (errors[i], work[i])):
        if work[i] <= least:
            least = work[i]
            front.append(i)
    return front


def by_a_running_minimum(errors, work):
    order = np.lexsort((errors, work))
    sorted_errors = np.array(errors)[order]
    return order[sorted_errors <= np.minimum.accumulate(sorted_errors)].tolist()


def unbeaten_strictly(errors, work):
    """Takes an equal one for a better one."""
    pairs = list(zip(errors, work, strict=True))
    return [
        i
        for i, (e, w) in enumerate(pairs)
        if not any(a <= e and b <= w for j, (a, b) in enumerate(pairs) if j != i)
    ]


def beaten(errors, work):
    return [i for i in range(len(errors)) if i not in unbeaten(errors, work)]


def better_in_one_by_the_next(errors, work):
    """Compares with the neighbours in the list only."""
    pairs = list(zip(errors, work, strict=True))
    return [
        i
        for i, (e, w) in enumerate(pairs)
        if not any(a < e and b < w for a, b in pairs[max(0, i - 1) : i + 2])
    ]


def sorting_in_place(errors, work):
    front = unbeaten(errors, work)
    work.sort()
    return front


def ends_of_the_front(errors, work):
    return sorted({errors.index(min(errors)), work.index(min(work))})


def beaten_in_the_product(errors, work):
    products = [e * w for e, w in zip(errors, work, strict=True)]
    return [products.index(min(products))]


RIGHT = [
    (checks.luck, (95, 10)),
    (checks.luck, (95.0, np.int64(10))),
    (checks.luck, (torch.tensor(95), round((10_000 * 0.0095 * 0.9905) ** 0.5))),
    (checks.luck, (10_000 * 0.0095, math.sqrt(10_000 * 0.0095 * 0.9905))),
    (checks.luck, (np.float32(95), 9.7)),
    (
        checks.luck,
        (np.array([95]), torch.distributions.Binomial(10_000, torch.tensor(0.0095)).stddev),
    ),
    (checks.interval, (by_statistics,)),
    (checks.interval, (by_numpy,)),
    (checks.interval, (by_torch,)),
    (checks.interval, (by_hand,)),
    (checks.interval, (in_float32,)),
    (checks.interval, (lambda v, t: np.array(by_numpy(v, t)),)),
    (checks.interval, (lambda v, t: map(float, by_torch(v, t)),)),
    (checks.agree, ((1, 1, 0),)),
    (checks.agree, (np.array([1, 1, 0]),)),
    (checks.agree, (torch.tensor([1, 1, 0]),)),
    (checks.agree, ([True, True, False],)),
    (checks.agree, (torch.tensor([0.02, 0.05, 0.48]) <= torch.tensor([0.1, 0.1, 0.12]),)),
    (checks.agree, (np.array([0.02, 0.05, 0.48]) <= np.array([0.1, 0.1, 0.12]),)),
    (checks.agree, ([1.0, np.True_, torch.tensor(0)],)),
    (checks.pareto_optimal, (unbeaten,)),
    (checks.pareto_optimal, (unbeaten_by_arrays,)),
    (checks.pareto_optimal, (lambda e, w: tuple(reversed(unbeaten(e, w))),)),
    (checks.pareto_optimal, (lambda e, w: torch.tensor(unbeaten(e, w)),)),
    (checks.pareto_optimal, (by_a_sweep,)),
    (checks.pareto_optimal, (by_a_sweep_from_the_best,)),
    (checks.pareto_optimal, (by_a_running_minimum,)),
    (checks.pareto_optimal, (lambda e, w: set(unbeaten(e, w)),)),
    (checks.pareto_optimal, (lambda e, w: filter(unbeaten(e, w).__contains__, range(len(e))),)),
]

WRONG = [
    (checks.luck, (950, 10), "multiply 10,000"),
    (checks.luck, (95, 94), "variance"),
    (checks.luck, (95, 0), "forgets n"),
    (checks.luck, (95, 100), "root of n"),
    (checks.luck, (95, 7), "take the root"),
    (checks.luck, (NAN, 10), "whole number"),
    (checks.luck, (9_905, 10), "read correctly"),
    (checks.luck, (0.95, 10), "multiply 10,000"),
    (checks.luck, (95, 0.09700386590234932), "forgets n"),
    (checks.luck, (95, 94.0975), "variance"),
    (checks.luck, (95, 95), "expected count"),
    (checks.luck, (95, 19), "1.96 standard deviations"),
    (checks.luck, (95, 970.04), "root is taken of n as well"),
    (checks.luck, (95, 50), "p = 1/2"),
    (checks.luck, (95, 9), "9 is not it"),
    (checks.luck, (95, -10), "-10 is not it"),
    (checks.luck, ("95", "10"), "whole number"),
    (checks.luck, (95, True), "whole number"),
    (checks.luck, (95, 10j), "whole number"),
    (checks.luck, (95, Forged()), "whole number"),
    (checks.interval, (half(lambda v, t: t * np.std(v, ddof=1)),), "single seed"),
    (checks.interval, (half(lambda v, t: t * np.std(v) / len(v) ** 0.5),), "n - 1"),
    (checks.interval, (half(lambda v, t: np.std(v, ddof=1) / len(v) ** 0.5),), "multiply it by t"),
    (checks.interval, (half(lambda v, t: 2 * by_numpy(v, t)[1]),), "half of it"),
    (checks.interval, (lambda v, t: (np.median(v), 0.0),), "the mean of"),
    (checks.interval, (half(lambda v, t: 7.0),), "t * s / sqrt(n)"),
    (checks.interval, (lambda v, t: np.mean(v),), "not a pair"),
    (checks.interval, (half(lambda v, t: np.nan),), "not a number"),
    (checks.interval, (lambda v, t: Forged(),), "not a pair"),
    (checks.interval, (with_own_t,), "use the t that is given"),
    (checks.interval, (by_the_librarys_function,), "lenet_utils.results.intervals"),
    (checks.interval, (half(lambda v, t: 1.96 * np.std(v, ddof=1) / len(v) ** 0.5),), "1.96"),
    (checks.interval, (centring_in_place,), "changed the values"),
    (checks.interval, (lambda v, t: (v.sort(), by_hand(v, t))[1],), "changed the v"),
    (checks.interval, (ends,), "ends of the interval"),
    (checks.interval, (lambda v, t: by_hand(v, t)[::-1],), "exchanged"),
    (checks.interval, (half(lambda v, t: sum(by_hand(v, t))),), "upper end"),
    (checks.interval, (half(lambda v, t: np.std(v, ddof=1)),), "standard deviation"),
    (checks.interval, (half(lambda v, t: t * np.std(v, ddof=1) / len(v)),), "divides by n"),
    (
        checks.interval,
        (half(lambda v, t: t * np.std(v, ddof=1) / (len(v) - 1) ** 0.5),),
        "root of n - 1",
    ),
    (
        checks.interval,
        (half(lambda v, t: t * np.var(v, ddof=1) / len(v) ** 0.5),),
        "not t times the variance",
    ),
    (checks.interval, (half(lambda v, t: -by_hand(v, t)[1]),), "minus sign"),
    (checks.interval, (lambda v, t: set(by_hand(v, t)),), "not a pair"),
    (checks.interval, (lambda v, t: [str(part) for part in by_hand(v, t)],), "not a number"),
    (checks.interval, (lambda v, t: (sum(v), by_hand(v, t)[1]),), "the mean of"),
    (checks.interval, (lambda v, t: (0.96, 0.0392629),), "the mean of"),
    (checks.interval, (lambda v, t: (*by_hand(v, t), len(v)),), "not a pair"),
    (checks.agree, ((1, 0, 0),), "paper's own number may be off"),
    (checks.agree, ((1, 1, 1),), "neither"),
    (checks.agree, ((0, 1, 0),), "the larger of"),
    (checks.agree, ((2, 1, 0),), "something else"),
    (checks.agree, (1,), "expected 3 whole numbers"),
    (checks.agree, ((0, 0, 1),), "wrong way round"),
    (checks.agree, ((0, 0, 0),), "0.97 differs from 0.95 by 0.02"),
    (checks.agree, ((1, 0, 1),), "neither"),
    (checks.agree, ((0, 1, 1),), "neither"),
    (checks.agree, ([False, True, False],), "the larger of"),
    (checks.agree, ("110",), "expected 3 whole numbers"),
    (checks.agree, (["1", "1", "0"],), "whole number"),
    (checks.agree, (["yes", "yes", "no"],), "whole number"),
    (checks.agree, ((0.97, 1.00, 1.43),), "whole number"),
    (checks.agree, ((1, 1),), "expected 3 whole numbers"),
    (checks.agree, ({1, 0},), "expected 3 whole numbers"),
    (checks.agree, ((0, 1),), "expected 3 whole numbers"),
    (checks.agree, ((1, 1, -0.5),), "whole number"),
    (checks.agree, (Forged(),), "expected 3 whole numbers"),
    (checks.pareto_optimal, (beaten,), "return the others"),
    (checks.pareto_optimal, (unbeaten_strictly,), "Equal is not less"),
    (checks.pareto_optimal, (lambda e, w: list(range(len(e))),), "place 1 is beaten in both"),
    (checks.pareto_optimal, (lambda e, w: [i + 1 for i in unbeaten(e, w)],), "count from 0"),
    (checks.pareto_optimal, (lambda e, w: [e.index(min(e))],), "the cheapest and the best"),
    (checks.pareto_optimal, (lambda e, w: unbeaten(e, w)[:3],), "place 4 is missing"),
    (checks.pareto_optimal, (lambda e, w: 3,), "return a list"),
    (checks.pareto_optimal, (lambda e, w: [Forged()],), "whole number"),
    (checks.pareto_optimal, (lambda e, w: [NAN],), "whole number"),
    (checks.pareto_optimal, (lambda e, w: [w.index(min(w))],), "the cheapest and the best"),
    (checks.pareto_optimal, (lambda e, w: unbeaten(e, w) * 2,), "name each once"),
    (checks.pareto_optimal, (lambda e, w: [i - len(e) for i in unbeaten(e, w)],), "is negative"),
    (
        checks.pareto_optimal,
        (lambda e, w: [i in unbeaten(e, w) for i in range(len(e))],),
        "the places of the True ones",
    ),
    (
        checks.pareto_optimal,
        (lambda e, w: np.array(e) < np.mean(e),),
        "the places of the True ones",
    ),
    (checks.pareto_optimal, (lambda e, w: torch.tensor(e) < 2,), "the places of the True ones"),
    (checks.pareto_optimal, (lambda e, w: [e[i] for i in unbeaten(e, w)],), "whole number"),
    (checks.pareto_optimal, (lambda e, w: unbeaten(e, [-x for x in w]),), "beaten in both"),
    (checks.pareto_optimal, (better_in_one_by_the_next,), "beaten in both"),
    (checks.pareto_optimal, (sorting_in_place,), "changed the work"),
    (checks.pareto_optimal, (lambda e, w: (e.pop(), unbeaten(e, w[:-1]))[1],), "changed the e"),
    (checks.pareto_optimal, (ends_of_the_front,), "place 2 is missing"),
    (checks.pareto_optimal, (beaten_in_the_product,), "the cheapest and the best"),
    (checks.pareto_optimal, (lambda e, w: [],), "place 0 is missing"),
    (checks.pareto_optimal, (lambda e, w: [0, 2, 3, 4],), "does not exist"),
    (checks.pareto_optimal, (lambda e, w: "0234",), "return a list"),
    (checks.pareto_optimal, (lambda e, w: {i: e[i] for i in unbeaten(e, w)},), "return a list"),
    (checks.pareto_optimal, (lambda e, w: print(unbeaten(e, w)),), "returned nothing"),
]
