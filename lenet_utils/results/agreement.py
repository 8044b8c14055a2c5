"""Where a published value lies among our runs: the rule of the whole comparison with the paper.

The paper has one run. So the question is not how sure our mean is, but whether the paper's run
could be one more of ours: whether its value lies where the next seed would.
"""

import math
from collections.abc import Sequence
from statistics import median
from typing import Literal, NamedTuple

from lenet_utils.results.intervals import moments, student_probability, student_t

Word = Literal["inside", "above", "below", "not comparable", "not run"]

LEVEL = 0.05
"""How often a value of our own kind may be called outside, in the long run."""
DIVERGED = 2.0
"""A run this many times above or below the median is of another kind: it has diverged, or it has
learnt where most have not. Then the runs are not one normal heap."""


class Verdict(NamedTuple):
    """Where a published value lies, and among what.

    `word` says where the published value lies: inside, above or below the interval from `low` to
    `high`, in which 95% of single runs lie (by rank: the smallest and the largest run). It is "not
    comparable" where the runs cannot tell. `probability` is that of a run of ours at least as far
    out; None where nothing is left to chance, or nothing was measured.
    """

    word: Word
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    probability: float | None = None
    by_rank: bool = False

    @property
    def outside(self) -> bool:
        """Whether the published value lies above or below."""
        return self.word in ("above", "below")


NOT_RUN = Verdict("not run")


def locate(
    published: float,
    runs: Sequence[float | None],
    tolerance: float = 0.0,
    *,
    logarithmic: bool = False,
) -> Verdict:
    """Say where a published value lies among runs of ours that differ in their seed.

    The interval for one run more is mean ± t s sqrt(1 + 1/n). Where a run has no finite value, or
    is more than `DIVERGED` times above or below the median, runs diverge and no such interval
    holds; then the rank of the published value among the runs decides. Of n runs and one more, each
    is equally often the smallest, so being beyond all of them has a probability of 2 / (n + 1) for
    both sides together. With fewer than 39 runs that is more than `LEVEL`, and the verdict there
    is "not comparable".

    Args:
        published: the paper's value, above 0.
        runs: one value a seed, above 0; None for a run that diverged.
        tolerance: how far `published` may be off by rounding and by reading a plot.
        logarithmic: judge the logarithms, for values that are known up to a factor.

    Raises:
        ValueError: a negative tolerance; values that have no logarithm.
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance is {tolerance}; expected 0 or more.")
    if len(runs) < 2:
        return Verdict("not comparable" if runs else "not run", n=len(runs))
    finite = [run for run in runs if run is not None and math.isfinite(run)]
    if logarithmic and min([published, *finite], default=1.0) <= 0:
        raise ValueError("logarithmic is True, but a value is not above 0.")
    if len(finite) < len(runs) or (not logarithmic and _diverging(finite)):
        return _by_rank(published, [r if r is not None else math.inf for r in runs], tolerance)
    if not logarithmic:
        return _by_t(published, tolerance, tolerance, finite)
    upper = math.log1p(tolerance / published)
    lower = -math.log1p(-tolerance / published) if tolerance < published else math.inf
    verdict = _by_t(math.log(published), upper, lower, [math.log(run) for run in finite])
    return verdict._replace(low=math.exp(verdict.low), high=math.exp(verdict.high))


def locate_exact(published: float, ours: float, tolerance: float) -> Verdict:
    """Say where a published value lies beside one of ours in which there is no chance."""
    # Published numbers are decimal: a difference of just the tolerance is inside.
    margin = tolerance * (1 + 1e-9)
    word = _word(published, ours - margin, ours + margin)
    return Verdict(word, ours - tolerance, ours + tolerance, 1)


def holm(probabilities: Sequence[float]) -> list[float]:
    """Return probabilities corrected for their number, after Holm.

    Of several published values that one run of ours should meet, the smallest probability is
    multiplied by their number, the next by one less, and so on. Whatever the values have to do
    with each other (those of a configuration come from the same networks), at least one corrected
    probability is 5% or less in at most 5% of cases in which there is no difference.
    """
    order = sorted(range(len(probabilities)), key=lambda i: probabilities[i])
    corrected, so_far = [0.0] * len(probabilities), 0.0
    for place, i in enumerate(order):
        so_far = max(so_far, min(1.0, (len(order) - place) * probabilities[i]))
        corrected[i] = so_far
    return corrected


def _by_t(published: float, upper: float, lower: float, runs: list[float]) -> Verdict:
    """Judge by Student's t; the true value lies between published - lower and + upper."""
    mean, variance = moments(runs)
    n = len(runs)
    scale = math.sqrt(variance * (1 + 1 / n))
    half = student_t(n - 1) * scale
    low, high = mean - half - upper, mean + half + lower
    gap = max(0.0, mean - published - upper, published - lower - mean)
    if scale == 0:
        probability = 0.0 if gap > 0 else 1.0
    else:
        probability = student_probability(gap / scale, n - 1)
    return Verdict(_word(published, low, high), low, high, n, probability)


def _by_rank(published: float, runs: list[float], tolerance: float) -> Verdict:
    at_least = sum(run >= published - tolerance for run in runs)
    at_most = sum(run <= published + tolerance for run in runs)
    probability = min(1.0, 2 * (1 + min(at_least, at_most)) / (len(runs) + 1))
    low, high = min(runs), max(runs)
    word = _word(published, low - tolerance, high + tolerance)
    if word != "inside" and probability > LEVEL:
        word = "not comparable"
    elif word == "inside" and probability <= LEVEL:
        word = "below" if at_most < at_least else "above"
    return Verdict(word, low, high, len(runs), probability, by_rank=True)


def _word(published: float, low: float, high: float) -> Word:
    return "below" if published < low else "above" if published > high else "inside"


def _diverging(runs: list[float]) -> bool:
    middle = median(runs)
    return max(runs) > DIVERGED * middle or min(runs) * DIVERGED < middle
