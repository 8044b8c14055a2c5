"""Records of experiments: what was measured, how, where, and by which code.

A record is a small JSON file in `lenet_utils/records/`. Errors are fractions. A measurement that
is not finite (a network that diverged) is null.
"""

import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lenet_utils.results.intervals import Mean, mean_interval
from lenet_utils.weights import write_atomically

FOLDER = Path(__file__).resolve().parent.parent / "records"
"""Where the package keeps its records."""

DIGITS = 5


@dataclass
class Run:
    """One job's result; `final` is None while it is under way.

    `curves` holds one list a measurement, one number an epoch; `seconds` is this job's share of
    the wall time of the jobs that ran side by side; `environment` is an index into the record's.
    """

    variant: str
    seed: int
    curves: dict[str, list[Any]]
    final: dict[str, Any] | None
    seconds: float
    environment: int


@dataclass
class Record:
    """All runs of one experiment, each variant with its settings."""

    experiment: str
    title: str
    source: str
    variants: dict[str, dict[str, Any]]
    environments: list[dict[str, str]] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    @property
    def command(self) -> str:
        """The command that makes this record."""
        return f"python -m lenet_research run {self.experiment}"

    def finished(self, variant: str | None = None) -> list[Run]:
        """Return the finished runs, of one variant or all, in order of seed.

        Raises:
            ValueError: a variant that the record has not.
        """
        if variant is not None and variant not in self.variants:
            raise ValueError(
                f"record {self.experiment!r} has no variant {variant!r}; "
                f"it has {', '.join(self.variants)}."
            )
        chosen = [r for r in self.runs if r.final is not None and variant in (None, r.variant)]
        return sorted(chosen, key=lambda r: r.seed)

    def values(self, measure: str, variant: str) -> list[Any]:
        """Return a final measurement of each finished run of a variant, in order of seed.

        A measurement that is only in the curves gives its last epoch.

        Raises:
            ValueError: a variant or measurement that the record has not.
        """
        found = []
        for run in self.finished(variant):
            final = run.final or {}
            if measure in final:
                found.append(final[measure])
            elif run.curves.get(measure):
                found.append(run.curves[measure][-1])
            else:
                names = ", ".join(sorted({*final, *run.curves}))
                raise ValueError(
                    f"record {self.experiment!r} has no measurement {measure!r} of {variant!r}; "
                    f"it has {names}."
                )
        return found

    def mean(self, measure: str, variant: str, at_epoch: int | None = None) -> Mean:
        """Return the mean over seeds of a measurement, with its 95% interval.

        Args:
            measure: its name; of final measurements unless `at_epoch` is given.
            variant: of the experiment.
            at_epoch: 1 for the first epoch of its curve.

        Raises:
            ValueError: see `values` and `curves`; no finished runs; a run that diverged; an epoch
                that a run has not.
        """
        if at_epoch is None:
            values = self.values(measure, variant)
        else:
            curves = self.curves(measure, variant)
            epochs = min(map(len, curves), default=0)
            if curves and not 1 <= at_epoch <= epochs:
                raise ValueError(f"at_epoch is {at_epoch}; {variant!r} has epochs 1 to {epochs}.")
            values = [curve[at_epoch - 1] for curve in curves]
        if None in values:
            raise ValueError(
                f"{values.count(None)} of {len(values)} runs of {variant!r} have no finite "
                f"{measure!r}: they diverged."
            )
        return mean_interval(values)

    def curves(self, measure: str, variant: str) -> list[list[Any]]:
        """Return a measurement's curve of each finished run: one list a seed, one number an epoch.

        Raises:
            ValueError: a variant or measurement that the record has not.
        """
        runs = self.finished(variant)
        for run in runs:
            if measure not in run.curves:
                raise ValueError(
                    f"record {self.experiment!r} has no curve {measure!r} of {variant!r}; "
                    f"it has {', '.join(sorted(run.curves))}."
                )
        return [run.curves[measure] for run in runs]


def rounded(value: Any) -> Any:
    """Round floats to five significant digits, inside lists and dicts too; not finite is None."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    return value


def save_record(record: Record, folder: Path | None = None) -> Path:
    """Write a record, whole or not at all, one line a run; return its path."""
    head = {
        "experiment": record.experiment,
        "title": record.title,
        "source": record.source,
        "command": record.command,
        "variants": record.variants,
        "environments": record.environments,
    }
    text = json.dumps(head, indent=1, ensure_ascii=False, allow_nan=False)
    lines = [
        json.dumps(rounded(vars(run)), ensure_ascii=False, allow_nan=False) for run in record.runs
    ]
    text = text[: text.rindex("\n}")] + ',\n "runs": [\n' + ",\n".join(lines) + "\n ]\n}\n"
    return write_atomically(record_path(record.experiment, folder), text.encode())


def record_path(name: str, folder: Path | None = None) -> Path:
    """Return where the record of an experiment is kept."""
    return (folder or FOLDER) / f"{name}.json"


def load_record(name: str, folder: str | os.PathLike[str] | None = None) -> Record:
    """Read the record of an experiment, by default from those that the package ships.

    Args:
        name: of the experiment, such as "paper".
        folder: another folder of records.

    Raises:
        ValueError: no such record; the message lists those that exist. A record that is damaged.
    """
    where = Path(folder) if folder is not None else FOLDER
    path = record_path(name, where)
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in where.glob("*.json"))) or "none yet"
        raise ValueError(
            f"there is no record {name!r} in {where}; there are: {known}. "
            f"To make one: python -m lenet_research run {name}"
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        runs = [Run(**run) for run in data.pop("runs")]
        data.pop("command")
        return Record(**data, runs=runs)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is not a whole record ({error}). Bring it back as it was, or move it away; "
            "the experiment then begins anew."
        ) from error


def merge_records(name: str, folders: Iterable[Path], into: Path | None = None) -> Record:
    """Add the finished runs of an experiment's records in other folders to its own record.

    Raises:
        ValueError: a folder without the record, or one of other settings.
    """
    parts = [load_record(name, folder) for folder in folders]
    target = load_record(name, into) if record_path(name, into).exists() else None
    if target is None:
        target = Record(name, parts[0].title, parts[0].source, {})
    known = {(run.variant, run.seed) for run in target.finished()}
    for part in parts:
        for variant, settings in part.variants.items():
            if target.variants.setdefault(variant, settings) != settings:
                raise ValueError(
                    f"the records of {name!r} have other settings for {variant!r}: "
                    f"{target.variants[variant]} and {settings}."
                )
        for run in part.finished():
            if (run.variant, run.seed) in known:
                continue
            known.add((run.variant, run.seed))
            made = part.environments[run.environment]
            if made not in target.environments:
                target.environments.append(made)
            run.environment = target.environments.index(made)
            target.runs.append(run)
    save_record(target, into)
    return target
