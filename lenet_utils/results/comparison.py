"""The ledger: each number of the paper that the course reproduces, beside ours.

It is computed from the records and from the networks themselves each time; nothing in it is
typed in but the paper's own numbers. Source: the pages that each claim names.
"""

from typing import Literal, NamedTuple

from lenet_utils.results.agreement import NOT_RUN, Verdict, locate, locate_exact
from lenet_utils.results.intervals import Mean
from lenet_utils.results.matrix import Cell, Row, matrix
from lenet_utils.results.records import load_record, record_path

Unit = Literal["error", "rate", "count"]
COUNTS, FIGURE_9 = "counts", "figure-9"


class Claim(NamedTuple):
    """A number that the paper has of another classifier, and the variant of ours in `figure-9`."""

    what: str
    where: str
    paper: float
    variant: str
    measure: str
    tolerance: float
    unit: Unit = "error"
    chance: bool = False
    """Whether another run would give another number."""


class Entry(NamedTuple):
    """One line of the ledger. Errors are fractions.

    `part` is "counts", "figure-9", or the interpretation of the paper that was run.
    """

    what: str
    where: str
    part: str
    paper: float
    ours: Mean | None
    """None where it was not run, or where a run has no finite value."""
    unit: Unit
    verdict: Verdict
    corrected: float | None
    """The probability, corrected for the number of values of this interpretation."""
    command: str

    def shown(self) -> tuple[str, str]:
        """Return the paper's number and the mean of ours as a reader wants them."""
        if self.unit == "error":
            return f"{100 * self.paper:.2f} %", self.ours.percent() if self.ours else "-"
        style = ",.0f" if self.unit == "count" else ".2g"
        return f"{self.paper:{style}}", f"{self.ours.mean:{style}}" if self.ours else "-"


WITH_CHANCE = {
    "1000 RBF + linear": 3.6,
    "784-300-10": 4.7,
    "784-300-100-10": 3.05,
    "LeNet-1": 1.7,
    "LeNet-4": 1.1,
    "LeNet-4, boosted": 0.7,
}
"""Test errors of Fig. 9 in per cent, of what is drawn or trained from a seed."""
WITHOUT_CHANCE = {
    "linear": 12.0,
    "linear, deslanted": 8.4,
    "pairwise linear": 7.6,
    "K-NN": 5.0,
    "K-NN, deslanted": 2.4,
    "40 PCA + quadratic": 3.3,
    "SVM poly 4, deslanted": 1.1,
}
THOUSANDS = {
    "linear": 4,
    "pairwise linear": 36,
    "40 PCA + quadratic": 39,
    "1000 RBF + linear": 794,
    "K-NN": 24_000,
    "SVM poly 4, deslanted": 14_000,
    "LeNet-1": 100,
    "LeNet-4": 260,
}
"""Multiply-accumulates of Fig. 11. A difference of a tenth counts as none: most of the paper's
classifiers read 20x20 pixels, all of ours 28x28."""
COUNTED = {
    "LeNet-5": (60_000, 340_908), "C1": (156, 122_304), "S2": (12, 5_880), "C3": (1_516, 151_600),
    "S4": (32, 2_000), "C5": (48_120, 48_120), "F6": (10_164,),
}  # fmt: skip
"""Trainable parameters and, where they are printed, connections."""

CLAIMS: tuple[Claim, ...] = (
    *(
        Claim(f"test error, {name}", "Fig. 9, p. 12", error / 100, name, "test_error", 0.0005,
              chance=name in WITH_CHANCE)
        for name, error in (WITHOUT_CHANCE | WITH_CHANCE).items()
    ),
    *(
        Claim(f"multiply-accumulates, {name}", "Fig. 11", 1000 * n, name, "macs", 100 * n, "count")
        for name, n in THOUSANDS.items()
    ),
)  # fmt: skip


def ledger() -> list[Entry]:
    """Return the ledger: what the paper says, what we found, and where the paper's number lies.

    Numbers of LeNet-5 stand in it for each interpretation of the paper that was run.
    """
    return [
        *_counted(),
        *(_interpreted(row, cell) for row in matrix() if row.compared for cell in row.cells),
        *map(_measured, CLAIMS),
    ]


def _interpreted(row: Row, cell: Cell) -> Entry:
    published, command = cell.published, f"python -m lenet_research run {cell.record}"
    return Entry(published.what, published.where, row.name, published.value, cell.ours,
                 "rate" if published.is_rate else "error", cell.verdict, cell.corrected,
                 command)  # fmt: skip


def _measured(claim: Claim) -> Entry:
    ours, verdict = None, NOT_RUN
    record = load_record(FIGURE_9) if record_path(FIGURE_9).exists() else None
    if record and claim.variant in record.variants and record.finished(claim.variant):
        ours = record.mean(claim.measure, claim.variant)
        values = record.values(claim.measure, claim.variant)
        exact = locate_exact(claim.paper, ours.mean, claim.tolerance)
        verdict = locate(claim.paper, values, claim.tolerance) if claim.chance else exact
    return Entry(claim.what, claim.where, FIGURE_9, claim.paper, ours, claim.unit, verdict, None,
                 f"python -m lenet_research run {FIGURE_9}")  # fmt: skip


def _counted() -> list[Entry]:
    """Return what is counted on the network itself."""
    from lenet_utils.accounting import layer_table
    from lenet_utils.models import lenet5_1998

    table = layer_table(lenet5_1998(), (1, 1, 32, 32))
    counted = {layer.name.upper(): layer for layer in table.layers} | {"LeNet-5": table}
    found = [
        (f"{what}, {name}", "pp. 7-8", n, getattr(counted[name], what))
        for name, printed in COUNTED.items()
        for what, n in zip(("parameters", "connections"), printed, strict=False)
    ]
    found.append(("multiply-accumulates, LeNet-5", "Fig. 11", 401_000, table.macs))
    command = "layer_table(lenet5_1998(), (1, 1, 32, 32))"
    return [
        Entry(what, where, COUNTS, paper, Mean(count, 0.0, 1), "count",
              locate_exact(paper, count, 0.0), None, command)
        for what, where, paper, count in found
    ]  # fmt: skip
