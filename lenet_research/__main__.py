"""The command line: python -m lenet_research list | run NAME | show NAME | ..."""

import argparse
import io
import os
import sys
from pathlib import Path

import torch

from lenet_research import all_experiments
from lenet_research.experiment import Experiment
from lenet_research.running import run_experiment
from lenet_research.shipping import ship
from lenet_utils.results.comparison import ledger
from lenet_utils.results.intervals import mean_interval
from lenet_utils.results.records import Record, Run, load_record, merge_records, record_path


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.do(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return 1
    except (ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last finished epoch", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lenet_research")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("list", help="the experiments, and what is done of each")
    command.set_defaults(do=_list)
    _add_records(command)
    command = commands.add_parser("run", help="run what is missing of an experiment")
    command.set_defaults(do=_run)
    command.add_argument("name")
    command.add_argument(
        "--seeds", type=_seeds, help="how many (0 .. N-1), or which: 3-5; by default as listed"
    )
    command.add_argument("--device", type=_device, help="cpu or cuda; by default the best")
    command.add_argument("--variants", nargs="+", help="only these")
    command.add_argument("--on", metavar="ADDRESS", help="of a dask scheduler")
    command.add_argument(
        "--allow-dirty",
        action="store_true",
        help="run sources that no commit has; needs --records, since such a record does not ship",
    )
    _add_records(command)
    command = commands.add_parser("show", help="what an experiment found")
    command.set_defaults(do=_show)
    command.add_argument("name")
    _add_records(command)
    command = commands.add_parser("merge", help="add the runs that other machines made")
    command.set_defaults(do=_merge)
    command.add_argument("name")
    command.add_argument("folders", nargs="+", type=Path, help="folders with its record")
    _add_records(command)
    command = commands.add_parser("ledger", help="the paper's numbers beside ours")
    command.set_defaults(do=_ledger)
    command = commands.add_parser("ship", help="put a trained network into the package")
    command.set_defaults(do=lambda options: print(ship(options.name)))
    command.add_argument("name", help="such as lenet5_1998")
    return parser


def _add_records(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--records", type=Path, help="folder of records; by default the package's own"
    )


def _seeds(text: str) -> range:
    first, dash, last = text.partition("-")
    try:
        seeds = range(int(first), int(last) + 1) if dash else range(int(first))
    except ValueError:
        seeds = range(0)
    if not seeds:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number such as 5 or a span like 3-5")
    return seeds


def _device(text: str) -> torch.device:
    try:
        return torch.zeros(1, device=text).device
    except (RuntimeError, AssertionError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be used here: {error}") from error


def _find(name: str) -> Experiment:
    experiments = all_experiments()
    if name not in experiments:
        raise ValueError(f"there is no experiment {name!r}; there are: {', '.join(experiments)}.")
    return experiments[name]


def _list(options: argparse.Namespace) -> None:
    for experiment in all_experiments().values():
        runs: list[Run] = []
        if record_path(experiment.name, options.records).exists():
            runs = load_record(experiment.name, options.records).finished()
        share = f"{len(runs)}/{len(experiment.jobs())}"
        took = f"{sum(run.seconds for run in runs) / 60:.0f} min" if runs else ""
        print(f"{experiment.name:16} {share:>8} {took:>8}  {experiment.title}")


def _run(options: argparse.Namespace) -> None:
    from lenet_utils.devices import get_device
    from lenet_utils.mnist import load_mnist

    experiment = _find(options.name)
    record = run_experiment(
        experiment,
        load_mnist(),
        seeds=options.seeds,
        variants=options.variants,
        device=options.device or get_device(),
        records=options.records,
        allow_dirty=options.allow_dirty,
        cluster=options.on,
    )
    print(describe(record))


def _show(options: argparse.Namespace) -> None:
    print(describe(load_record(options.name, options.records)))


def _ledger(options: argparse.Namespace) -> None:
    for entry in ledger():
        paper, ours = entry.shown()
        word = f"{entry.verdict.word:14}  {entry.part}"
        print(f"{entry.what:52} {entry.where:14} {paper:>9} {ours:>26}  {word}")


def _merge(options: argparse.Namespace) -> None:
    print(describe(merge_records(options.name, options.folders, options.records)))


def describe(record: Record) -> str:
    """Return a record as a table: each variant's final measurements, mean and interval."""
    lines = [f"{record.experiment}: {record.title} ({record.source})"]
    for variant in record.variants:
        runs = record.finished(variant)
        lines.append(f"  {variant}: {len(runs)} finished")
        names = dict.fromkeys(k for r in runs for k in [*r.curves, *(r.final or {})])
        for name in names:
            values = record.values(name, variant)
            if not all(isinstance(v, int | float) for v in values):
                bad = sum(v is None for v in values)
                if bad:
                    lines.append(f"    {name:20} {bad} of {len(values)} not finite")
                continue
            mean = record.mean(name, variant)
            width = f" ± {mean.half_width:.2g}" if mean.n > 1 else ""  # one seed has no interval
            shown = (
                mean.percent(3)
                if name.endswith("error")
                else f"{mean.mean:.5g}{width} (n = {mean.n})"
            )
            lines.append(f"    {name:20} {shown}")
        if runs:
            took = mean_interval([run.seconds for run in runs]).mean
            lines.append(f"    {'seconds of a run':20} {took:.3g}")
    return "\n".join(lines)


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # some locales have no ±
    sys.exit(main())
