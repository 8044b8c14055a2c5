"""The ledger: each number of the paper that the course reproduces, beside ours.

It is computed from the records and from the networks themselves each time; nothing in it is
typed in but the paper's own numbers. Source: the pages that each claim names.
"""

from typing import Literal, NamedTuple

from lenet_utils.experiments.records import Mean, load_record, record_path

Verdict = Literal["within", "better", "not reached", "not run"]

ERROR_UNCERTAINTY = 0.001
"""How far a test error of the paper may be off: about 0.1%. Source: Section III-C, p. 12."""


class Claim(NamedTuple):
    """A number of the paper and where ours comes from.

    `variant` and `measure` name ours in `record`; `at_pass` picks a pass from a curve.
    """

    what: str
    where: str
    paper: float
    record: str
    variant: str
    measure: str
    at_pass: int | None = None
    uncertainty: float = ERROR_UNCERTAINTY


class Entry(NamedTuple):
    """One line of the ledger; errors are fractions."""

    what: str
    where: str
    paper: float
    ours: Mean | None
    """None where the experiment was not run."""
    verdict: Verdict
    command: str


CLAIMS: tuple[Claim, ...] = ()


def ledger() -> list[Entry]:
    """Return the ledger: what the paper says, what we found, and whether they agree.

    The verdict is "within" where our mean differs from the paper's number by no more than the
    larger of the paper's uncertainty and our own 95% interval; else "better" (a smaller error) or
    "not reached".
    """
    return [*_counted(), *map(_entry, CLAIMS)]


def _entry(claim: Claim) -> Entry:
    command = f"python -m lenet_utils.experiments run {claim.record}"
    ours = _ours(claim)
    verdict = "not run" if ours is None else judge(claim.paper, ours, claim.uncertainty)
    return Entry(claim.what, claim.where, claim.paper, ours, verdict, command)


def _ours(claim: Claim) -> Mean | None:
    if not record_path(claim.record).exists():
        return None
    record = load_record(claim.record)
    if claim.variant not in record.variants or not record.finished(claim.variant):
        return None
    return record.mean(claim.measure, claim.variant, claim.at_pass)


def judge(paper: float, ours: Mean, uncertainty: float) -> Verdict:
    """Say how our mean stands to the paper's number, of which less is better."""
    # A single run has no interval of its own: NaN compares as smaller.
    tolerance = max(uncertainty, ours.half_width) if ours.n > 1 else uncertainty
    difference = ours.mean - paper
    if abs(difference) <= tolerance:
        return "within"
    return "better" if difference < 0 else "not reached"


def _counted() -> list[Entry]:
    """Return what is counted on the network itself, not measured."""
    from lenet_utils.accounting import layer_table
    from lenet_utils.models import lenet5_1998

    table = layer_table(lenet5_1998(), (1, 1, 32, 32))
    command = "layer_table(lenet5_1998(), (1, 1, 32, 32))"
    found = [
        ("trainable parameters of LeNet-5", "p. 8", 60_000, table.total_parameters),
        ("connections of LeNet-5", "p. 8", 340_908, table.total_connections),
    ]
    return [
        Entry(
            what,
            where,
            paper,
            Mean(ours, 0.0, 1),
            "within" if ours == paper else "not reached",
            command,
        )
        for what, where, paper, ours in found
    ]
