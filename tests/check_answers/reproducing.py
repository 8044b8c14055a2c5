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


# 8.3 --------------------------------------------------------------------------------------


def one_more_by_statistics(values, t):
    n, mean = len(values), statistics.mean(values)
    half = t * statistics.stdev(values) * (1 + 1 / n) ** 0.5
    return mean - half, mean + half


def one_more_by_numpy(values, t):
    half = t * np.std(values, ddof=1) * np.sqrt(1 + 1 / len(values))
    return np.mean(values) + np.array([-half, half])


def one_more_by_torch(values, t):
    sample = torch.tensor(values, dtype=torch.float64)
    spread = (sample.var() + sample.var() / len(sample)).sqrt()
    return torch.stack([sample.mean() - t * spread, sample.mean() + t * spread])


def ends_with(half):
    """Return a function whose interval is the mean and `half` of (values, t) on either side."""
    return lambda v, t: (np.mean(v) - half(v, t), np.mean(v) + half(v, t))


def one_more_half(values, t):
    low, high = one_more_by_statistics(values, t)
    return (high - low) / 2


def with_own_t_of(values):
    return {3: 4.3027, 4: 3.1824, 5: 2.7764}[len(values)]


def s(values):
    return np.std(values, ddof=1)


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
    (checks.one_more_run, (one_more_by_statistics,)),
    (checks.one_more_run, (one_more_by_numpy,)),
    (checks.one_more_run, (one_more_by_torch,)),
    (checks.one_more_run, (lambda v, t: list(one_more_by_statistics(v, t)),)),
    (checks.one_more_run, (ends_with(lambda v, t: t * (s(v) ** 2 * (1 + 1 / len(v))) ** 0.5),)),
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
    (checks.one_more_run, (ends,), "interval of the mean"),
    (checks.one_more_run, (ends_with(lambda v, t: t * s(v)),), "uncertain, too"),
    (checks.one_more_run, (ends_with(lambda v, t: t * s(v) * (1 + 1 / len(v))),), "take its root"),
    (
        checks.one_more_run,
        (ends_with(lambda v, t: t * s(v) * (1 + len(v) ** -0.5)),),
        "add s^2 and s^2 / n",
    ),
    (
        checks.one_more_run,
        (ends_with(lambda v, t: t * np.std(v) * (1 + 1 / len(v)) ** 0.5),),
        "n - 1, not by n",
    ),
    (
        checks.one_more_run,
        (ends_with(lambda v, t: s(v) * (1 + 1 / len(v)) ** 0.5),),
        "that is given",
    ),
    (checks.one_more_run, (ends_with(lambda v, t: 1.96 * s(v) * (1 + 1 / len(v)) ** 0.5),), "1.96"),
    (
        checks.one_more_run,
        (lambda v, t: one_more_by_statistics(v, with_own_t_of(v)),),
        "of its own",
    ),
    (checks.one_more_run, (ends_with(lambda v, t: 2 * one_more_half(v, t)),), "twice as wide"),
    (checks.one_more_run, (ends_with(lambda v, t: one_more_half(v, t) / 2),), "half as wide"),
    (checks.one_more_run, (ends_with(lambda v, t: s(v) * one_more_half(v, t)),), "the variance"),
    (checks.one_more_run, (ends_with(lambda v, t: 7.0),), "the ends are mean - t s"),
    (checks.one_more_run, (lambda v, t: one_more_by_statistics(v, t)[::-1],), "exchanged"),
    (checks.one_more_run, (lambda v, t: (np.mean(v), one_more_half(v, t)),), "return the two ends"),
    (checks.one_more_run, (lambda v, t: (min(v), max(v)),), "is not the mean"),
    (checks.one_more_run, (lambda v, t: one_more_half(v, t),), "not a pair"),
    (checks.one_more_run, (lambda v, t: (np.nan, 1.0),), "not a number"),
    (checks.one_more_run, (lambda v, t: Forged(),), "not a pair"),
    (checks.one_more_run, (lambda v, t: (v.sort(), one_more_by_numpy(v, t))[1],), "changed the v"),
    (checks.one_more_run, (lambda v, t: print(v),), "returned nothing"),
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
