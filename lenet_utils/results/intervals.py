"""Means over seeds, proportions and differences of two means, with their intervals."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Mean(NamedTuple):
    """A mean over seeds with its 95% interval, mean - half_width to mean + half_width."""

    mean: float
    half_width: float
    """NaN for a single value."""
    n: int

    def percent(self, digits: int = 2) -> str:
        """Return it in per cent: "0.95 ± 0.03 % (n = 16)"."""
        if math.isnan(self.half_width):
            return f"{100 * self.mean:.{digits}f} % (n = {self.n})"
        return f"{100 * self.mean:.{digits}f} ± {100 * self.half_width:.{digits}f} % (n = {self.n})"


class Difference(NamedTuple):
    """A difference of two means over seeds, the second less the first."""

    mean: float
    standard_error: float
    freedom: float
    """The degrees of freedom of Student's t, not always a whole number."""

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the interval that contains the true difference with probability `level`."""
        half = student_t(self.freedom, level) * self.standard_error
        return self.mean - half, self.mean + half

    @property
    def seen(self) -> bool:
        """Whether the 95% interval leaves out 0."""
        low, high = self.interval()
        return low > 0 or high < 0

    @property
    def probability(self) -> float:
        """The probability of a difference at least as large, on either side, if there is none."""
        if self.standard_error == 0:
            return float(self.mean == 0)
        return student_probability(self.mean / self.standard_error, self.freedom)

    def within(self, margin: float) -> bool:
        """Say whether the means are equal but for `margin`: two one-sided tests at 5%.

        That is so where the 90% interval lies between -margin and margin. Means that are not seen
        to differ need not be equal: the interval may be wide.

        Raises:
            ValueError: a margin that is not above 0.
        """
        if not margin > 0:
            raise ValueError(f"margin is {margin}; expected what may pass for equal, above 0.")
        low, high = self.interval(0.9)
        return -margin < low and high < margin

    def points(self, digits: int = 2) -> str:
        """Return it in percentage points: "-0.03, 95% interval -0.08 to 0.02"."""
        mean, low, high = (100 * value for value in (self.mean, *self.interval()))
        return f"{mean:+.{digits}f}, 95% interval {low:+.{digits}f} to {high:+.{digits}f}"


def mean_interval(values: Iterable[float]) -> Mean:
    """Return the mean of one value a seed, with its 95% interval after Student.

    Raises:
        ValueError: no values.
    """
    sample = list(values)
    n = len(sample)
    if n == 0:
        raise ValueError("values are empty; expected one number a seed.")
    if n == 1:
        return Mean(sample[0], math.nan, 1)
    mean, variance = moments(sample)
    return Mean(mean, student_t(n - 1) * math.sqrt(variance / n), n)


def difference(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Return the mean of `second` less that of `first`, of runs that share nothing, after Welch.

    The two may have different numbers of runs and different variances.

    Raises:
        ValueError: fewer than two finite values on a side.
    """
    (a, u), (b, v) = moments(first), moments(second)
    n, m = len(first), len(second)
    error = u / n + v / m
    if error == 0:
        return Difference(b - a, 0.0, n + m - 2)
    freedom = error**2 / ((u / n) ** 2 / (n - 1) + (v / m) ** 2 / (m - 1))
    return Difference(b - a, math.sqrt(error), freedom)


def paired_difference(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Return the mean of `second` less that of `first`, paired: one pair for each shared seed.

    What the two runs of a pair have in common, such as the first weights and the order of the
    digits, drops out.

    Raises:
        ValueError: not as many on both sides, or fewer than two finite pairs.
    """
    if len(first) != len(second):
        raise ValueError(
            f"{len(first)} and {len(second)} values make no pairs; expected one of each a seed. "
            "Runs of different seeds are compared by `difference`."
        )
    moments(first)  # says which side has a value that is missing
    moments(second)
    mean, variance = moments([b - a for a, b in zip(first, second, strict=True)])
    return Difference(mean, math.sqrt(variance / len(first)), len(first) - 1)


def moments(values: Sequence[float | None]) -> tuple[float, float]:
    """Return the mean and the variance with n - 1 of one value a seed.

    Raises:
        ValueError: fewer than two values, or one that is not finite.
    """
    sample = [value for value in values if value is not None and math.isfinite(value)]
    if len(sample) < len(values) or len(sample) < 2:
        raise ValueError(
            f"{len(sample)} of {len(values)} values are finite numbers; expected two or more, and "
            "all of them. A run without one has diverged."
        )
    mean = math.fsum(sample) / len(sample)
    return mean, math.fsum((x - mean) ** 2 for x in sample) / (len(sample) - 1)


def proportion_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the 95% interval of a proportion, hits of n, after Wilson: it holds for small ones.

    Raises:
        ValueError: nothing was tried, or there are more hits than trials.
    """
    if not 0 <= hits <= n or n == 0:
        raise ValueError(f"{hits} of {n} is no share; expected 0 <= hits <= n and n of 1 or more.")
    z2 = 1.959964**2
    middle = (hits + z2 / 2) / (n + z2)
    half_width = math.sqrt(z2 * (hits * (n - hits) / n + z2 / 4)) / (n + z2)
    return max(0.0, middle - half_width), min(1.0, middle + half_width)


def student_t(freedom: float, level: float = 0.95) -> float:
    """Return the t that Student's distribution exceeds on either side with 1 - level in all."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2))


def student_probability(t: float, freedom: float) -> float:
    """Return the probability of a value at least as far from 0 as t, on either side."""
    from scipy.special import stdtr

    return float(2 * stdtr(freedom, -abs(t)))
