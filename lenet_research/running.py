"""Run an experiment: group its jobs, train them epoch by epoch, keep its record and its state."""

import hashlib
import io
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tqdm import tqdm

from lenet_research.environment import environment, require_clean
from lenet_research.experiment import Experiment, Job, Trainer
from lenet_utils.results.records import Record, Run, load_record, record_path, save_record
from lenet_utils.system import cache_folder
from lenet_utils.weights import write_atomically

if TYPE_CHECKING:
    from lenet_utils.mnist import MNIST

Report = Callable[[str], None]


def run_experiment(
    experiment: Experiment,
    data: "MNIST",
    *,
    seeds: range | None = None,
    variants: list[str] | None = None,
    device: torch.device | str = "cpu",
    records: Path | None = None,
    cache: Path | None = None,
    report: Report | None = None,
    allow_dirty: bool = False,
    cluster: str | None = None,
) -> Record:
    """Run what is missing of an experiment and return its record.

    The record is written after every epoch. A run that was cut off goes on from its last finished
    epoch and gives what an uninterrupted run gives; jobs that the record holds are not run again.

    Args:
        experiment: what to run.
        data: the digits.
        seeds: by default those of the experiment.
        variants: by default all.
        device: where to train.
        records: folder of the record; by default the package's.
        cache: folder of the trainers' state; by default the user's cache folder.
        report: called with a line where something has to be said; by default written to stderr,
            where a bar shows the epochs, too.
        allow_dirty: run although the sources differ from their commit. The record says so, and
            has to lie in another folder than the package's.
        cluster: address of a scheduler of dask.distributed, whose workers run the jobs.

    Raises:
        ValueError: an unknown variant, a record of other settings, a damaged record or state, or
            sources that no commit has; the message names which.
    """
    device = torch.device(device)
    report = report or partial(tqdm.write, file=sys.stderr)
    if not allow_dirty:
        require_clean()
    elif records is None:
        raise ValueError(
            "allow_dirty is for trying something: name another folder of records than the "
            "package's (--records FOLDER), so that what ships names the code that made it."
        )
    record = _open_record(experiment, records)
    done = {(run.variant, run.seed) for run in record.finished()}
    unknown = set(variants or ()) - set(experiment.variants)
    if unknown:
        raise ValueError(
            f"{experiment.name} has no variant {min(unknown)!r}; "
            f"it has {', '.join(experiment.variants)}."
        )
    jobs = [job for job in experiment.jobs(seeds) if variants is None or job.variant in variants]
    groups = _groups(experiment, [job for job in jobs if (job.variant, job.seed) not in done])
    if cluster is not None:
        from lenet_research.cluster import run_on_cluster

        run_on_cluster(
            cluster, experiment, groups, data, record, records, report, clean=not allow_dirty
        )
        return record
    for i, group in enumerate(groups):
        state = RunState(experiment.name, group, cache)

        def keep(runs: list[Run], where: dict[str, str]) -> None:
            add_runs(record, runs, where, records)

        name = f"{experiment.name} {i + 1}/{len(groups)}"
        train_jobs(experiment, group, data, device, keep, state=state, report=report, name=name)
    return record


def add_runs(record: Record, runs: list[Run], where: dict[str, str], records: Path | None) -> None:
    """Put runs into a record, in place of what it has of the same jobs, and write it."""
    if where not in record.environments:
        record.environments.append(where)
    own = {(run.variant, run.seed) for run in runs}
    others = [run for run in record.runs if (run.variant, run.seed) not in own]
    for run in runs:
        run.environment = record.environments.index(where)
    record.runs = others + runs
    save_record(record, records)


def state_folder(name: str, cache: Path | None = None) -> Path:
    """Return where the states of an experiment's trainers are kept."""
    return (cache or cache_folder() / "experiments") / name


def require_same_settings(record: Record, experiment: Experiment) -> None:
    """Refuse a record whose variants have other settings than the experiment's.

    Raises:
        ValueError: naming the variant and the setting.
    """
    where = f"the record of {record.experiment!r}"
    remedy = "Move the old record away, or write to another folder with --records."
    for variant, theirs in record.variants.items():
        if variant not in experiment.variants:
            raise ValueError(f"{where} has a variant {variant!r}, the experiment has not. {remedy}")
        # JSON has lists for tuples.
        ours = json.loads(json.dumps(experiment.variants[variant]))
        for name in sorted({*ours, *theirs}):
            if ours.get(name) != theirs.get(name):
                raise ValueError(
                    f"{where} was made with other settings: in variant {variant!r}, {name} is "
                    f"{theirs.get(name)!r} there and {ours.get(name)!r} here. {remedy}"
                )


def _open_record(experiment: Experiment, folder: Path | None) -> Record:
    if not record_path(experiment.name, folder).exists():
        settings = json.loads(json.dumps(experiment.variants))
        return Record(experiment.name, experiment.title, experiment.source, settings)
    record = load_record(experiment.name, folder)
    require_same_settings(record, experiment)
    record.title, record.source = experiment.title, experiment.source
    record.variants = json.loads(json.dumps(experiment.variants))
    return record


def _groups(experiment: Experiment, jobs: list[Job]) -> list[list[Job]]:
    by_key: dict[Any, list[Job]] = {}
    for job in jobs:
        by_key.setdefault(experiment.group(job), []).append(job)
    width = experiment.side_by_side
    return [part[i : i + width] for part in by_key.values() for i in range(0, len(part), width)]


def train_jobs(
    experiment: Experiment,
    group: list[Job],
    data: "MNIST",
    device: torch.device,
    keep: Callable[[list[Run], dict[str, str]], None],
    *,
    state: "RunState | None" = None,
    report: Report | None = None,
    name: str = "",
) -> None:
    """Train jobs side by side to their end.

    Args:
        experiment: whose trainer it is.
        group: the jobs.
        data: the digits.
        device: where to train.
        keep: called after each epoch with the runs as they are and where they are made.
        state: keeps the trainer's state, to go on from.
        report: told where a kept state was taken up.
        name: of the group, before the bar of its epochs; without it there is no bar.

    Raises:
        ValueError: a state that is damaged, or not of these jobs.
    """
    trainer = experiment.trainer(group, data, device)
    curves: list[dict[str, list[float]]] = [{} for _ in group]
    seconds, where = 0.0, environment(device, trainer.backend)
    path = state.path if state else None
    if path is not None and os.path.exists(path):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
            curves, seconds = saved["curves"], saved["seconds"]
            trainer.load_state_dict(saved["trainer"])
        except Exception as error:
            raise ValueError(
                f"{path} does not hold the state of this run ({error}). Move it away, and these "
                "jobs begin anew."
            ) from error
        # A run belongs to the code that began it, not to that which takes it up again.
        where = saved.get("environment", where)
        if report:
            report(
                f"{name}: goes on from {path}, begun at commit {where['commit']}; "
                "remove that file to begin anew."
            )

    def write(final: list[dict[str, Any]] | None) -> None:
        each = round(seconds / len(group), 2)
        runs = [
            Run(job.variant, job.seed, curves[i], final[i] if final else None, each, 0)
            for i, job in enumerate(group)
        ]
        keep(runs, where)

    done = max((len(c) for curve in curves for c in curve.values()), default=0)
    left = range(done, trainer.epochs)
    bar = tqdm(left, name, trainer.epochs, initial=done, unit="epoch", disable=not name)
    for _ in bar:
        start = time.perf_counter()
        for curve, measured in zip(curves, trainer.advance(), strict=True):
            for measure, value in measured.items():
                curve.setdefault(measure, []).append(value)
        seconds += time.perf_counter() - start
        if state:
            state.save(group, trainer, curves, seconds, where)
        write(None)
        bar.set_postfix_str(", ".join(_summary(measure, curves) for measure in curves[0]))
    start = time.perf_counter()
    final = trainer.finish()
    seconds += time.perf_counter() - start
    write(final)


def _summary(name: str, curves: list[dict[str, list[float]]]) -> str:
    last = sorted(c[name][-1] for c in curves if c.get(name))
    low, high = last[0], last[-1]
    if name.endswith("error"):
        return f"{name} {100 * low:.2f} .. {100 * high:.2f} %"
    return f"{name} {low:.4g} .. {high:.4g}"


class RunState:
    """Keeps the state of a group; where that cannot be written, says so and lets the group run."""

    def __init__(self, name: str, group: list[Job], cache: Path | None) -> None:
        identity = json.dumps(group, sort_keys=True).encode()
        self.path: Path | None = None
        try:
            folder = state_folder(name, cache)
            self.path = folder / f"{hashlib.sha256(identity).hexdigest()[:16]}.pt"
        except OSError as error:
            self._give_up(error)

    def save(
        self,
        group: list[Job],
        trainer: Trainer,
        curves: list[Any],
        seconds: float,
        where: dict[str, str],
    ) -> None:
        """Write the state after an epoch, whole or not at all."""
        if self.path is None:
            return
        content = {
            "environment": where,
            "jobs": [list(job) for job in group],
            "curves": curves,
            "seconds": seconds,
            "trainer": trainer.state_dict(),
        }
        buffer = io.BytesIO()
        torch.save(content, buffer)
        try:
            write_atomically(self.path, buffer.getvalue())
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.path = None
        warnings.warn(
            f"the state of this run cannot be kept ({error}), so that it begins anew when it is "
            "cut off; name a folder that can be written in the variable XDG_CACHE_HOME.",
            stacklevel=4,
        )
