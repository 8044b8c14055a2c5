"""Interpretations of the paper by its published values: which of them gives which.

The paper leaves open how it was trained. Each interpretation is a variant of the experiment
`interpretations`; each published value is in one column; each cell says where the published value
lies among our runs. Source: Section III, pp. 10-11.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from lenet_utils.results.agreement import LEVEL, NOT_RUN, Verdict, holm, locate
from lenet_utils.results.intervals import Mean, mean_interval
from lenet_utils.results.records import Record, load_record, record_path

LEAST = 8
"""Of fewer runs no distribution can be seen: the cell stays empty."""
RECORDS = ("interpretations", "best-configuration", "paper", "training-size", "distortions")
"""Where runs are looked for, in this order, by their settings."""

PLOT = 0.0003
"""How far a value read from Figs. 5 and 6 may be off: 0.03 percentage points, the thickness of
the plotted lines."""
DISTORTED: Final = "distorted"


class Published(NamedTuple):
    """A value that the paper publishes of LeNet-5, and where ours is measured.

    Errors are fractions. `tolerance` is for rounding and for reading a plot. `at_epoch` picks an
    epoch of a curve, None a final measurement. `training` is the number of digits, or
    `DISTORTED`.
    """

    group: str
    short: str
    what: str
    where: str
    value: float
    tolerance: float
    measure: str
    at_epoch: int | None = None
    training: int | Literal["distorted"] = 60_000

    @property
    def is_rate(self) -> bool:
        """Whether it is a learning rate, known up to a factor."""
        return self.measure.startswith("rate")


def _published() -> tuple[Published, ...]:
    rates, test, train, few = "first rates", "test error", "training error", "fewer digits"
    found = [
        Published(rates, "low", "smallest effective rate of the first epoch", "p. 10",
                  7e-5, 5e-6, "rate_min", 1),
        Published(rates, "high", "largest effective rate of the first epoch", "p. 10",
                  0.016, 0.0005, "rate_max", 1),
    ]  # fmt: skip
    plotted = (2.64, 2.23, 1.47, 1.42, 1.42, 1.08, 1.03, 1.05, 0.98, 0.95)
    found += [
        Published(test, str(epoch), f"test error after epoch {epoch}", "Fig. 5, p. 11",
                  error / 100, PLOT, "test_error", epoch)
        for epoch, error in enumerate(plotted, 1)
    ]  # fmt: skip
    found.append(
        Published(test, "end", "test error at the end", "p. 10", 0.0095, 5e-5, "test_error")
    )
    for epoch, error in ((1, 4.88), (5, 1.21), (10, 0.48), (19, 0.35)):
        where, tolerance = ("p. 10", 5e-5) if epoch == 19 else ("Fig. 5, p. 11", PLOT)
        what = f"training error, measured while learning, of epoch {epoch}"
        found.append(
            Published(train, str(epoch), what, where, error / 100, tolerance, "train_error", epoch)
        )
    for digits, *errors in ((15_000, 1.69, 0.05), (30_000, 1.14, 0.31)):
        for name, measure, error in zip(("test", "train"), ("test_error", "train_error"), errors,
                                        strict=True):  # fmt: skip
            what = f"{name.replace('train', 'training')} error with {digits:,} training digits"
            short = f"{digits // 1000}k {name}"
            found.append(
                Published(few, short, what, "Fig. 6, p. 11", error / 100, PLOT, measure,
                          training=digits)
            )  # fmt: skip
    found.append(
        Published("distorted", "test", "test error with distortions", "p. 11", 0.008, 0.0005,
                  "test_error", training=DISTORTED)
    )  # fmt: skip
    return tuple(found)


PUBLISHED = _published()
"""Each value once: the 60,000 digits of Fig. 6 are the errors at the end."""


class Cell(NamedTuple):
    """A published value beside our runs of one interpretation."""

    published: Published
    ours: Mean | None
    """None where it was not run, or where a run has no finite value."""
    verdict: Verdict
    corrected: float | None
    """The probability, corrected after Holm for the number of values that this row compares."""
    record: str

    @property
    def excluded(self) -> bool:
        """Whether the value lies outside after the correction, too."""
        return self.verdict.outside and self.corrected is not None and self.corrected <= LEVEL


class Row(NamedTuple):
    """An interpretation with its cells, in the order of `PUBLISHED`."""

    name: str
    cells: tuple[Cell, ...]
    record: Record | None
    """Where its runs on all digits are, and `variant` their name there; None where none were."""
    variant: str

    @property
    def compared(self) -> list[Cell]:
        """The cells that were run and can be compared."""
        return [cell for cell in self.cells if cell.corrected is not None]

    @property
    def inside(self) -> int:
        """How many published values lie inside."""
        return sum(cell.verdict.word == "inside" for cell in self.compared)

    @property
    def probability(self) -> float | None:
        """The probability of a row of our own kind whose worst cell is as far out as this one's.

        It is corrected for the number of cells. Where it is 5% or less, the interpretation as a
        whole is excluded: that happens to the one that the authors used in at most 5% of cases.
        """
        return min((cell.corrected for cell in self.compared if cell.corrected is not None),
                   default=None)  # fmt: skip


def matrix(folder: Path | None = None) -> list[Row]:
    """Return every interpretation with every published value, those that were run first.

    Args:
        folder: of records, by default the package's own.
    """
    records = [load_record(name, folder) for name in RECORDS if record_path(name, folder).exists()]
    interpretations = next((r for r in records if r.experiment == RECORDS[0]), None)
    if interpretations is None:
        return []
    rows = [row(name, settings, records) for name, settings in interpretations.variants.items()]
    return sorted(rows, key=lambda row: (not row.compared, -row.inside))


def row(name: str, settings: dict[str, Any], records: Sequence[Record]) -> Row:
    """Return one interpretation: its published values beside the runs that have its settings."""
    sources = {n: find(settings, n, records) for n in dict.fromkeys(p.training for p in PUBLISHED)}
    runs = [_measured(published, sources[published.training]) for published in PUBLISHED]
    verdicts = [
        locate(p.value, found, p.tolerance, logarithmic=p.is_rate) if found else NOT_RUN
        for p, found in zip(PUBLISHED, runs, strict=True)
    ]
    # A cell that cannot be compared could not have been outside: it is none of the comparisons.
    family = [i for i, v in enumerate(verdicts) if v.word in ("inside", "above", "below")]
    probabilities = holm([verdicts[i].probability or 0.0 for i in family])
    corrected = dict(zip(family, probabilities, strict=True))
    cells = []
    for i, published in enumerate(PUBLISHED):
        source = sources[published.training]
        name_of_record = source[0].experiment if source else RECORDS[0]
        mean = mean_interval(runs[i]) if runs[i] and None not in runs[i] else None
        cells.append(Cell(published, mean, verdicts[i], corrected.get(i), name_of_record))
    record, variant = sources[60_000] or (None, "")
    return Row(name, tuple(cells), record, variant)


def find(
    settings: dict[str, Any], training: int | str, records: Sequence[Record]
) -> tuple[Record, str] | None:
    """Return the first record, and its variant, that has these settings and enough runs."""
    for record in records:
        for variant, other in record.variants.items():
            if _same(settings, other, training) and len(record.finished(variant)) >= LEAST:
                return record, variant
    return None


def _same(settings: dict[str, Any], other: dict[str, Any], training: int | str) -> bool:
    if training == DISTORTED:
        distorted = other.get("distortions") is not None
        return distorted and {**settings, "distortions": other["distortions"]} == other
    return {**settings, "training": training} == other


def _measured(published: Published, source: tuple[Record, str] | None) -> list[Any]:
    """Return one value a seed; an empty list where it was not run."""
    if source is None:
        return []
    record, variant = source
    if published.at_epoch is None:
        return record.values(published.measure, variant)
    curves = record.curves(published.measure, variant)
    return [curve[published.at_epoch - 1] for curve in curves]
