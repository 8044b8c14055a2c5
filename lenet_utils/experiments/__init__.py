"""Named experiments and their records: every number that the lessons quote comes from here.

    python -m lenet_utils.experiments list
    python -m lenet_utils.experiments run NAME [--seeds N] [--device D]
    python -m lenet_utils.experiments show NAME

`protocol` says what an experiment is, `running` runs one, `records` keeps what it found; the other
modules hold the experiments themselves.
"""

from importlib import import_module

from lenet_utils.experiments.protocol import Experiment, Job, Runner, Settings
from lenet_utils.experiments.records import Mean, Record, Run, load_record, mean_interval

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

MODULES = ("readings",)
"""Modules of this package that define `EXPERIMENTS`, a list of Experiment."""


def all_experiments() -> dict[str, Experiment]:
    """Return the experiments by name."""
    modules = [import_module(f"{__name__}.{module}") for module in MODULES]
    return {e.name: e for module in modules for e in module.EXPERIMENTS}
