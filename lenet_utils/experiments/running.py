"""Run an experiment: group its jobs, train them pass by pass, keep its record and its state."""

import hashlib
import io
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from lenet_utils.experiments.environment import environment
from lenet_utils.experiments.protocol import Experiment, Job, Runner
from lenet_utils.experiments.records import Record, Run, load_record, record_path, save_record
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
) -> Record:
    """Run what is missing of an experiment and return its record.

    The record is written after every pass. A run that was cut off goes on from its last finished
    pass and gives what an uninterrupted run gives; jobs that the record holds are not run again.

    Args:
        experiment: what to run.
        data: the digits.
        seeds: by default those of the experiment.
        variants: by default all.
        device: where to train.
        records: folder of the record; by default the package's.
        cache: folder of the runners' state; by default the user's cache folder.
        report: called with a line of progress after each pass; by default written to stderr.

    Raises:
        ValueError: an unknown variant, a record of other settings, or a damaged record or state;
            the message names which.
    """
    device = torch.device(device)
    report = report or (lambda line: print(line, file=sys.stderr, flush=True))
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
    for i, group in enumerate(groups):
        progress = _Progress(report, f"{experiment.name} {i + 1}/{len(groups)}", len(groups) - i)
        _run_group(experiment, group, data, device, record, records, cache, progress)
    return record


def state_folder(name: str, cache: Path | None = None) -> Path:
    """Return where the states of an experiment's runners are kept."""
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


def _run_group(
    experiment: Experiment,
    group: list[Job],
    data: "MNIST",
    device: torch.device,
    record: Record,
    records: Path | None,
    cache: Path | None,
    progress: "_Progress",
) -> None:
    runner = experiment.runner(group, data, device)
    keep = _Keeper(experiment.name, group, cache)
    path = keep.path
    curves: list[dict[str, list[float]]] = [{} for _ in group]
    seconds, where = 0.0, environment(device)
    if path is not None and os.path.exists(path):
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            curves, seconds = state["curves"], state["seconds"]
            runner.load_state_dict(state["runner"])
        except Exception as error:
            raise ValueError(
                f"{path} does not hold the state of this run ({error}). Move it away, and these "
                "jobs begin anew."
            ) from error
        # A run belongs to the code that began it, not to that which takes it up again.
        where = state.get("environment", where)
        progress.report(
            f"{progress.name}: goes on from {path}, begun at commit {where['commit']}; "
            "remove that file to begin anew."
        )
    index = _environment_index(record, where)
    own = {(job.variant, job.seed) for job in group}
    others = [run for run in record.runs if (run.variant, run.seed) not in own]

    def write(final: list[dict[str, Any]] | None) -> None:
        share = round(seconds / len(group), 2)
        record.runs = others + [
            Run(job.variant, job.seed, curves[i], final[i] if final else None, share, index)
            for i, job in enumerate(group)
        ]
        save_record(record, records)

    done = max((len(c) for curve in curves for c in curve.values()), default=0)
    for number in range(done, runner.passes):
        start = time.perf_counter()
        for curve, measured in zip(curves, runner.advance(), strict=True):
            for name, value in measured.items():
                curve.setdefault(name, []).append(value)
        took = time.perf_counter() - start
        seconds += took
        keep.save(group, runner, curves, seconds, where)
        write(None)
        progress(group, number + 1, runner.passes, took, curves)
    start = time.perf_counter()
    final = runner.finish()
    seconds += time.perf_counter() - start
    write(final)


class _Keeper:
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
        runner: Runner,
        curves: list[Any],
        seconds: float,
        where: dict[str, str],
    ) -> None:
        if self.path is None:
            return
        state = {
            "environment": where,
            "jobs": [list(job) for job in group],
            "curves": curves,
            "seconds": seconds,
            "runner": runner.state_dict(),
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
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


class _Progress:
    """Say after each pass what was measured and how long the rest will take."""

    def __init__(self, report: Report, name: str, groups: int) -> None:
        self.report, self.name, self.groups = report, name, groups
        self.times: list[float] = []

    def __call__(
        self, group: list[Job], done: int, passes: int, took: float, curves: list[Any]
    ) -> None:
        self.times.append(took)
        a_pass = sum(self.times) / len(self.times)
        here = (passes - done) * a_pass
        # The other groups are taken to be like this one.
        all_left = here + (self.groups - 1) * passes * a_pass
        measures = ", ".join(_summary(name, curves) for name in curves[0])
        variants = ", ".join(dict.fromkeys(job.variant for job in group))
        self.report(
            f"{self.name} [{variants}] {len(group)} networks, pass {done}/{passes}: {measures}; "
            f"{took:.0f} s, about {here / 60:.1f} min left here, {all_left / 60:.1f} min in all"
        )


def _summary(name: str, curves: list[dict[str, list[float]]]) -> str:
    last = sorted(c[name][-1] for c in curves if c.get(name))
    low, high = last[0], last[-1]
    if name.endswith("error"):
        return f"{name} {100 * low:.2f} .. {100 * high:.2f} %"
    return f"{name} {low:.4g} .. {high:.4g}"


def _environment_index(record: Record, where: dict[str, str]) -> int:
    if where not in record.environments:
        record.environments.append(where)
    return record.environments.index(where)
