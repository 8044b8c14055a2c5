"""Means over seeds, and shares, with their 95% intervals."""

import math
from collections.abc import Iterable
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


def mean_interval(values: Iterable[float]) -> Mean:
    """Return the mean of one value a seed, with its 95% interval after Student.

    Raises:
        ValueError: no values.
    """
    sample = list(values)
    n = len(sample)
    if n == 0:
        raise ValueError("values are empty; expected one number a seed.")
    mean = math.fsum(sample) / n
    if n == 1:
        return Mean(mean, math.nan, 1)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in sample) / (n - 1))
    return Mean(mean, student_t(n - 1) * deviation / math.sqrt(n), n)


def proportion_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the 95% interval of a share, hits of n, after Wilson: it holds for small shares too.

    Raises:
        ValueError: nothing was tried, or there are more hits than trials.
    """
    if not 0 <= hits <= n or n == 0:
        raise ValueError(f"{hits} of {n} is no share; expected 0 <= hits <= n and n of 1 or more.")
    z2 = 1.959964**2
    middle = (hits + z2 / 2) / (n + z2)
    half_width = math.sqrt(z2 * (hits * (n - hits) / n + z2 / 4)) / (n + z2)
    return max(0.0, middle - half_width), min(1.0, middle + half_width)


_STUDENT = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622)


def student_t(freedom: int) -> float:
    """Return the 97.5% quantile of Student's t, to about four digits."""
    if freedom <= len(_STUDENT):
        return _STUDENT[freedom - 1]
    # Cornish-Fisher: an expansion around the normal quantile z in 1/freedom.
    z, v = 1.959964, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )
