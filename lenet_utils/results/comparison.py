"""The ledger: each number of the paper that the course reproduces, beside ours.

It is computed from the records and from the networks themselves each time; nothing in it is
typed in but the paper's own numbers. Source: the pages that each claim names.
"""

from typing import Literal, NamedTuple

from lenet_utils.results.intervals import Mean
from lenet_utils.results.records import load_record, record_path

Verdict = Literal["within", "better", "not reached", "differs", "not run"]
Unit = Literal["error", "rate", "count"]

ERROR_UNCERTAINTY = 0.001
"""How far a test error of the paper may be off: about 0.1%. Source: Section III-C."""


class Claim(NamedTuple):
    """A number of the paper, and where ours comes from.

    `variant` and `measure` name ours in `record`; `at_epoch` picks a epoch from its curve.
    """

    what: str
    where: str
    paper: float
    record: str
    variant: str
    measure: str
    at_epoch: int | None = None
    uncertainty: float = ERROR_UNCERTAINTY
    unit: Unit = "error"


class Entry(NamedTuple):
    """One line of the ledger. Errors are fractions."""

    what: str
    where: str
    paper: float
    ours: Mean | None
    """None where the experiment was not run."""
    unit: Unit
    verdict: Verdict
    command: str

    def shown(self) -> tuple[str, str]:
        """Return the paper's number and ours as a reader wants them."""
        if self.unit == "error":
            return f"{100 * self.paper:.2f} %", self.ours.percent() if self.ours else "-"
        style = ",.0f" if self.unit == "count" else ".2g"
        return f"{self.paper:{style}}", f"{self.ours.mean:{style}}" if self.ours else "-"


TRAINING_ERRORS = {1: 4.88, 5: 1.21, 10: 0.48, 19: 0.35}
"""In per cent, measured while learning, by epoch. Source: Fig. 5, p. 11, and p. 10."""


def _fig5() -> list[Claim]:
    test = {1: 2.64, 2: 2.23, 3: 1.47, 5: 1.42, 8: 1.05, 10: 0.95}
    train = TRAINING_ERRORS
    where, record, variant = "Fig. 5, p. 11", "best-configuration", "all digits"
    return [
        *(
            Claim(f"test error after epoch {p}", where, e / 100, record, variant, "test_error", p)
            for p, e in test.items()
        ),
        *(
            Claim(
                f"training error, measured while learning, of epoch {p}",
                where if p < 19 else "p. 10",
                e / 100,
                record,
                variant,
                "train_error",
                p,
            )
            for p, e in train.items()
        ),
    ]


def _fig6() -> list[Claim]:
    points = {"15,000": (1.69, 0.05), "30,000": (1.14, 0.31), "60,000": (0.95, 0.35)}
    configurations = {
        "": points,
        ", j = 1": ("15,000", "30,000"),
        ", j = 1, 80 epochs": ("15,000",),
        ", j = 1, 40 epochs": ("30,000",),
    }
    names = {"test_error": "test", "train_error": "training"}
    return [
        Claim(f"{names[measure]} error with {n} training digits{suffix}", "Fig. 6, p. 11",
              points[n][i] / 100, "training-size", f"{n}{suffix}", measure)
        for suffix, sizes in configurations.items()
        for i, measure in enumerate(names)
        for n in sizes
    ]  # fmt: skip


def _fig9() -> list[Claim]:
    errors = {
        "linear": 12.0,
        "linear, deslanted": 8.4,
        "pairwise linear": 7.6,
        "K-NN": 5.0,
        "K-NN, deslanted": 2.4,
        "40 PCA + quadratic": 3.3,
        "1000 RBF + linear": 3.6,
        "SVM poly 4, deslanted": 1.1,
        "784-300-10": 4.7,
        "784-300-100-10": 3.05,
        "LeNet-1": 1.7,
        "LeNet-4": 1.1,
        "LeNet-4, boosted": 0.7,
    }
    return [
        Claim(f"test error, {name}", "Fig. 9, p. 12", e / 100, "figure-9", name, "test_error")
        for name, e in errors.items()
    ]


def _fig11() -> list[Claim]:
    thousands = {
        "linear": 4,
        "pairwise linear": 36,
        "40 PCA + quadratic": 39,
        "1000 RBF + linear": 794,
        "K-NN": 24_000,
        "SVM poly 4, deslanted": 14_000,
        "LeNet-1": 100,
        "LeNet-4": 260,
    }
    return [
        Claim(f"multiply-accumulates, {name}", "Fig. 11", 1000 * n, "figure-9", name, "macs",
              uncertainty=100 * n, unit="count")
        for name, n in thousands.items()
    ]  # fmt: skip


COEFFICIENTS_HALF = "all digits, coefficients 0.5"
SMALL_J = "all digits, coefficients 0.5, j = 1"

CLAIMS: tuple[Claim, ...] = (
    # "About" in the paper: a rate within a third of its own counts as the same.
    Claim("smallest effective rate of the first epoch, coefficients 0.5", "p. 10", 7e-5,
          "best-configuration", COEFFICIENTS_HALF, "rate_min", 1, 7e-5 / 3, "rate"),
    Claim("largest effective rate of the first epoch, coefficients 0.5", "p. 10", 0.016,
          "best-configuration", COEFFICIENTS_HALF, "rate_max", 1, 0.016 / 3, "rate"),
    Claim("test error, by the letter of the paper", "p. 10", 0.0095,
          "paper", "letter", "test_error"),
    Claim("test error, coefficients 0.5", "p. 10", 0.0095,
          "best-configuration", COEFFICIENTS_HALF, "test_error"),
    Claim("test error, best configuration", "p. 10", 0.0095,
          "best-configuration", "all digits", "test_error"),
    *_fig5(),
    Claim("test error, j = 1", "p. 10", 0.0095, "best-configuration", SMALL_J, "test_error"),
    *(
        Claim(f"training error of epoch {p}, j = 1", "Fig. 5, p. 11" if p < 19 else "p. 10",
              e / 100, "best-configuration", SMALL_J, "train_error", p)
        for p, e in TRAINING_ERRORS.items()
    ),
    *_fig6(),
    Claim("test error with distortions", "p. 11", 0.008,
          "distortions", "all digits", "test_error"),
    Claim("test error with distortions, j = 1", "p. 11", 0.008,
          "distortions", "all digits, j = 1", "test_error"),
    *_fig9(),
    # Many of the paper's classifiers read 20x20 pixels, all of ours 28x28. Ten per cent is "same".
    *_fig11(),
)  # fmt: skip


def ledger() -> list[Entry]:
    """Return the ledger: what the paper says, what we found, and whether they agree.

    The verdict on an error is "within" where our mean differs from the paper's number by no more
    than the larger of the paper's uncertainty and our 95% interval; else "better", where ours is
    smaller, or "not reached". Of counts and rates none is better: what is not "within" "differs".
    """
    return [*_counted(), *map(_measured, CLAIMS)]


def _measured(claim: Claim) -> Entry:
    command = f"python -m lenet_research run {claim.record}"
    ours = _ours(claim)
    verdict: Verdict = "not run"
    if ours is not None:
        verdict = judge(claim.paper, ours, claim.uncertainty, claim.unit)
    return Entry(claim.what, claim.where, claim.paper, ours, claim.unit, verdict, command)


def _ours(claim: Claim) -> Mean | None:
    if not record_path(claim.record).exists():
        return None
    record = load_record(claim.record)
    if claim.variant not in record.variants or not record.finished(claim.variant):
        return None
    return record.mean(claim.measure, claim.variant, claim.at_epoch)


def judge(paper: float, ours: Mean, uncertainty: float = 0.0, unit: Unit = "error") -> Verdict:
    """Say how our mean stands to the paper's number, see `ledger`."""
    tolerance = max(uncertainty, ours.half_width) if ours.n > 1 else uncertainty
    # The paper's numbers are decimal: a difference of just the tolerance is within it.
    if abs(ours.mean - paper) <= tolerance * (1 + 1e-9):
        return "within"
    if unit != "error":
        return "differs"
    return "better" if ours.mean < paper else "not reached"


def _counted() -> list[Entry]:
    """Return what is counted on the network itself."""
    from lenet_utils.accounting import layer_table
    from lenet_utils.models import lenet5_1998

    table = layer_table(lenet5_1998(), (1, 1, 32, 32))
    found = [
        ("trainable parameters", "pp. 7-8", 60_000, table.parameters),
        ("connections", "pp. 7-8", 340_908, table.connections),
        ("multiply-accumulates, LeNet-5", "Fig. 11", 401_000, table.macs),
    ]
    entries = []
    for what, where, paper, count in found:
        ours = Mean(count, 0.0, 1)
        verdict = judge(paper, ours, unit="count")
        command = "layer_table(lenet5_1998(), (1, 1, 32, 32))"
        entries.append(Entry(what, where, paper, ours, "count", verdict, command))
    return entries
