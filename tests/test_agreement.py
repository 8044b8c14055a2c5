"""The rule of the comparison with the paper, and differences of means, by known answers."""

import math

import numpy as np
import pytest
from scipy import stats

from lenet_utils.results.agreement import LEVEL, holm, locate, locate_exact
from lenet_utils.results.intervals import (
    Difference,
    difference,
    paired_difference,
    student_probability,
    student_t,
)

RUNS = [0.0098, 0.0091, 0.0095, 0.0101, 0.0094, 0.0089, 0.0097, 0.0093]


def test_the_interval_of_one_run_is_the_prediction_interval():
    verdict = locate(0.0095, RUNS)
    n, mean, s = len(RUNS), np.mean(RUNS), np.std(RUNS, ddof=1)
    half = stats.t.ppf(0.975, n - 1) * s * math.sqrt(1 + 1 / n)
    assert (verdict.low, verdict.high) == pytest.approx((mean - half, mean + half))
    t = (0.0110 - mean) / (s * math.sqrt(1 + 1 / n))
    assert locate(0.0110, RUNS).probability == pytest.approx(2 * stats.t.sf(t, n - 1))
    assert verdict.word == "inside" and not verdict.outside and verdict.n == n


def test_outside_is_said_from_the_papers_side():
    assert locate(0.0200, RUNS).word == "above"
    assert locate(0.0010, RUNS).word == "below"
    low, high = locate(0.0095, RUNS)[1:3]
    assert locate(high + 1e-9, RUNS).outside and not locate(high - 1e-9, RUNS).outside
    assert locate(low - 1e-9, RUNS).outside and not locate(low + 1e-9, RUNS).outside


def test_a_value_that_is_read_from_a_plot_has_a_wider_interval():
    exact, read = locate(0.0110, RUNS), locate(0.0110, RUNS, tolerance=0.0003)
    assert read.low == pytest.approx(exact.low - 0.0003)
    assert read.high == pytest.approx(exact.high + 0.0003)
    assert read.probability == pytest.approx(locate(0.0107, RUNS).probability)
    assert locate(np.mean(RUNS) + 0.0002, RUNS, 0.0003).probability == pytest.approx(1)
    assert locate(0.0080, RUNS, 0.0003).probability == pytest.approx(
        locate(0.0083, RUNS).probability
    )


def test_rates_are_judged_by_their_logarithms():
    runs = [7e-5 * factor for factor in (0.9, 1.0, 1.1, 1.3)]
    verdict = locate(7e-5, runs, logarithmic=True)
    same = locate(20 + math.log(7e-5), [20 + math.log(run) for run in runs])
    ends = math.exp(same.low - 20), math.exp(same.high - 20)
    assert (verdict.low, verdict.high) == pytest.approx(ends)
    assert verdict.probability == pytest.approx(same.probability)
    wider = locate(7e-5, runs, 7e-6, logarithmic=True)
    # The true value lies between 6.3e-5 and 7.7e-5: the printed one may be too small by a tenth ...
    assert wider.low == pytest.approx(verdict.low / 1.1)
    assert wider.high == pytest.approx(verdict.high / 0.9)  # ... or too large
    assert locate(1e-9, runs, 1e-9, logarithmic=True).high == math.inf
    with pytest.raises(ValueError, match="not above 0"):
        locate(0.0, runs, logarithmic=True)


@pytest.mark.parametrize("lost", [None, 0.9, 0.021, 0.004])
def test_where_runs_diverge_the_rank_decides(lost):
    runs = [*RUNS, lost]
    among, beyond = locate(0.0095, runs), locate(0.0001, runs)
    assert among.by_rank and beyond.by_rank
    assert (among.word, beyond.word) == ("inside", "not comparable")
    assert beyond.probability == pytest.approx(2 / 10)
    assert among.low == min(r for r in runs if r is not None)
    assert among.high == (math.inf if lost is None else max(runs))


def test_with_enough_runs_the_rank_excludes():
    runs = [*(0.01 + i / 1e5 for i in range(38)), 0.9]
    assert locate(0.005, runs).word == "below"
    assert locate(0.005, runs).probability == pytest.approx(2 / 40)
    assert locate(0.005, runs[1:]).word == "not comparable"  # 38 runs: 2 / 39 is above 5%
    assert locate(0.0099, runs, tolerance=0.001).word == "inside"
    assert locate(0.95, [*runs, None]).word == "inside"  # a run without a value is beyond all


def test_nearly_all_as_it_should_be_is_no_divergence():
    assert not locate(0.0095, [*RUNS, 0.0189]).by_rank  # a wide heap is a heap
    assert locate(0.0095, [*RUNS, 0.0195]).by_rank


def test_one_run_or_none_cannot_tell():
    assert locate(0.01, [0.01]).word == "not comparable"
    assert locate(0.01, []).word == "not run"
    with pytest.raises(ValueError, match="tolerance is -1"):
        locate(0.01, RUNS, -1)


def test_runs_that_are_all_alike():
    assert locate(0.01, [0.01, 0.01]).word == "inside"
    found = locate(0.02, [0.01, 0.01])
    assert (found.word, found.probability) == ("above", 0.0)


def test_without_chance_only_rounding_is_left():
    assert locate_exact(0.05, 0.0504, 0.0005).word == "inside"
    assert locate_exact(0.05, 0.0505, 0.0005).word == "inside"  # just the tolerance
    assert locate_exact(0.05, 0.0309, 0.0005).word == "above"
    assert locate_exact(0.076, 0.0973, 0.0005).word == "below"
    assert locate_exact(0.05, 0.0309, 0.0005).probability is None


def test_holm_by_hand_and_by_brute_force():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    rng = np.random.default_rng(1)
    for p in rng.uniform(0, 0.05, (50, 6)):
        rejected, left = set(), set(range(6))
        while left and min(p[i] for i in left) <= LEVEL / len(left):
            least = min(left, key=lambda i: p[i])
            rejected.add(least)
            left.remove(least)
        assert {i for i, q in enumerate(holm(list(p))) if q <= LEVEL} == rejected


SIMULATIONS, CELLS = 2000, 17


def draws(seed: int, n: int = 16, shared: float = 0.6) -> np.ndarray:
    """Return runs (SIMULATIONS, n + 1, CELLS) whose cells share a part, as epochs of a run do."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(SIMULATIONS, n + 1, 1))
    own = rng.normal(size=(SIMULATIONS, n + 1, CELLS))
    return 10 + math.sqrt(shared) * common + math.sqrt(1 - shared) * own


def test_the_rule_is_wrong_as_often_as_it_says():
    """One of n + 1 runs of the same kind plays the paper: 5% of cells, at most 5% of rows."""
    cells = rows = 0
    for runs in draws(0):
        verdicts = [locate(runs[0, k], list(runs[1:, k])) for k in range(CELLS)]
        cells += sum(verdict.outside for verdict in verdicts)
        rows += min(holm([verdict.probability for verdict in verdicts])) <= LEVEL
    # Cells of a row depend on each other, so their share varies more than independent ones would.
    assert abs(cells / (SIMULATIONS * CELLS) - 0.05) < 0.008
    assert 0.005 < rows / SIMULATIONS < 0.05 + 3 * math.sqrt(0.05 * 0.95 / SIMULATIONS)


def test_without_the_correction_many_rows_would_be_called_outside():
    alone = sum(
        any(locate(runs[0, k], list(runs[1:, k])).outside for k in range(CELLS))
        for runs in draws(1)[:500]
    )
    assert alone / 500 > 0.15


def test_a_difference_is_welchs():
    rng = np.random.default_rng(2)
    a, b = rng.normal(1.0, 0.1, 9), rng.normal(1.05, 0.3, 14)
    found = difference(list(a), list(b))
    known = stats.ttest_ind(b, a, equal_var=False)
    interval = known.confidence_interval(0.95)
    assert found.interval() == pytest.approx((interval.low, interval.high))
    assert found.freedom == pytest.approx(known.df)
    assert found.probability == pytest.approx(known.pvalue)
    narrow = known.confidence_interval(0.9)
    assert found.interval(0.9) == pytest.approx((narrow.low, narrow.high))


def test_a_paired_difference_is_that_of_the_pairs():
    rng = np.random.default_rng(3)
    shared = rng.normal(size=10)
    a, b = shared + rng.normal(0, 0.1, 10), shared + 0.2 + rng.normal(0, 0.1, 10)
    found = paired_difference(list(a), list(b))
    interval = stats.ttest_rel(b, a).confidence_interval(0.95)
    assert found.interval() == pytest.approx((interval.low, interval.high))
    low, high = difference(list(a), list(b)).interval()
    assert found.seen and low < 0 < high  # the pairs show what the two groups do not


def test_equal_needs_a_margin():
    wide, narrow = Difference(0.0001, 0.001, 30), Difference(0.0001, 0.0002, 30)
    assert not wide.seen and not narrow.seen
    assert not wide.within(0.001) and narrow.within(0.001)
    assert not Difference(0.002, 0.0002, 30).within(0.001)
    assert not Difference(-0.002, 0.0002, 30).within(0.001)
    # Two one-sided tests at 5%: t of the margin's ends beyond the 95% quantile.
    edge = 0.0001 + stats.t.ppf(0.95, 30) * 0.001
    assert wide.within(edge * 1.001) and not wide.within(edge * 0.999)
    with pytest.raises(ValueError, match="margin is 0"):
        wide.within(0)


def test_a_difference_in_words():
    words = Difference(-0.0003, 0.0001, 1e6).points()
    assert words == "-0.03, 95% interval -0.05 to -0.01"


def test_no_difference_at_all():
    found = difference([1.0, 1.0], [1.0, 1.0])
    assert found.interval() == (0, 0) and not found.seen and found.probability == 1
    assert difference([1.0, 1.0], [2.0, 2.0]).probability == 0


@pytest.mark.parametrize("compare", [difference, paired_difference])
@pytest.mark.parametrize(
    ("first", "second"), [([1.0, None], [1.0, 2.0]), ([1.0, 2.0], [math.nan, 1.0]), ([1.0], [2.0])]
)
def test_what_makes_no_difference_is_refused(compare, first, second):
    with pytest.raises(ValueError, match="are finite numbers"):
        compare(first, second)


def test_what_makes_no_pairs_is_refused():
    with pytest.raises(ValueError, match="3 and 2 values make no pairs"):
        paired_difference([1.0, 2.0, 3.0], [1.0, 2.0])


@pytest.mark.parametrize("freedom", [1, 2.7, 15, 400])
def test_students_t(freedom):
    assert student_t(freedom) == pytest.approx(stats.t.ppf(0.975, freedom))
    assert student_t(freedom, 0.8) == pytest.approx(stats.t.ppf(0.9, freedom))
    assert student_probability(-2.2, freedom) == pytest.approx(2 * stats.t.sf(2.2, freedom))
