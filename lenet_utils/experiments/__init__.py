"""Named experiments and their records: every number that the lessons quote comes from here.

    python -m lenet_utils.experiments list
    python -m lenet_utils.experiments run NAME [--seeds N] [--device D]
    python -m lenet_utils.experiments show NAME
    python -m lenet_utils.experiments ledger

`protocol` says what an experiment is, `running` runs one, `records` keeps what it found, `ledger`
sets the paper's numbers beside it, `trained` ships weights; the other modules hold the experiments
themselves. A run writes its record after every pass and, after a kill, goes on from there.

Choices are made on digits held out of the training set. Final test errors stand in the record of
every run, also of those that were not chosen; no choice is made by them.

How long they take, and elsewhere: the experiments of `readings` train 16 networks side by side in
about 20 s a pass on one core with AVX-512, so 16 seeds in 20 passes take about 7 minutes, and
`open-choices` five times that. `OMP_NUM_THREADS` says how many cores a run may use. On a GPU add
`--device cuda`. On a cluster give each task of a job array its own seeds and folder, and merge:

    python -m lenet_utils.experiments run NAME --seeds 3-3 --records part-3
    python -m lenet_utils.experiments merge NAME part-*
"""

from importlib import import_module

from lenet_utils.experiments.intervals import Mean, mean_interval
from lenet_utils.experiments.protocol import Experiment, Job, Runner, Settings
from lenet_utils.experiments.records import Record, Run, load_record

__all__ = [
    "Experiment",
    "Job",
    "Mean",
    "Record",
    "Run",
    "Runner",
    "Settings",
    "all_experiments",
    "load_record",
    "mean_interval",
]

MODULES = ("readings", "road", "networks", "rivals", "fast")
"""Modules of this package that define `EXPERIMENTS`, a list of Experiment."""


def all_experiments() -> dict[str, Experiment]:
    """Return the experiments by name."""
    modules = [import_module(f"{__name__}.{module}") for module in MODULES]
    return {e.name: e for module in modules for e in module.EXPERIMENTS}
