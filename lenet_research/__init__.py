"""Named experiments and their records: every number that the lessons quote comes from here.

    python -m lenet_research list
    python -m lenet_research run NAME [--seeds N] [--device D]
    python -m lenet_research show NAME
    python -m lenet_research ledger

`experiment` says what an experiment is, `running` runs one, `shipping` puts trained weights
into the package; the other modules hold the experiments and their trainers. `lenet_utils.results`
keeps what was found and sets it beside the paper's numbers. A run writes its record after every
epoch and, after a kill, goes on from there.

Choices are made on digits held out of the training set. Final test errors stand in the record of
every run, also of those that were not chosen; no choice is made by them.

How long they take: `list` says what each took where its record was made, two cores that had other
work beside it, and `show` what a run of each variant took, side by side with others.

- `paper`, `open-choices`, `best-configuration`, `training-size`, `distortions` and `robustness`
  train one pattern at a time, sixteen networks in the lanes of a compiled kernel: a quiet core with
  AVX-512 needs about 20 s an epoch for all sixteen.
- `road-rates` and `road-to-today` do so in batches; an epoch takes the kernel about as long. Batch
  normalisation, which it does not know, and all of `why-convolution` and `depth` run in plain
  PyTorch, as do the networks of `figure-9`; its other classifiers are done in a few minutes, most
  of which the polynomial SVM takes.
- `strings`, `strings-1998`, `strings-noise` and `string-criteria` train one network after the
  other, in plain PyTorch.
- `amounts` does the same, with C1 to S4 in the compiled kernel. Its printed characters are packed;
  `python -m lenet_research.amount_glyphs` draws them anew from typefaces.
- `plates` and its relatives need typefaces once (`python -m lenet_utils.plates --typefaces`), from
  which they draw their pictures; `$LENET_PLATES` names another folder for these than the cache.
- `fast` measures seconds: run it on a machine that does nothing else.

`OMP_NUM_THREADS` says how many cores a run may use; on a GPU add `--device cuda`. README.md, beside
this file, says how to use several machines.
"""

from importlib import import_module

from lenet_research.experiment import Experiment, Job, Settings, Trainer
from lenet_utils.results.intervals import Mean, mean_interval
from lenet_utils.results.records import Record, Run, load_record

__all__ = [
    "Experiment",
    "Job",
    "Mean",
    "Record",
    "Run",
    "Trainer",
    "Settings",
    "all_experiments",
    "load_record",
    "mean_interval",
]

MODULES = (
    "configurations",
    "robustness",
    "road",
    "networks",
    "baselines",
    "fast",
    "reading_strings",
    "amounts",
    "plates",
)
"""Modules of this package that define `EXPERIMENTS`, a list of Experiment."""


def all_experiments() -> dict[str, Experiment]:
    """Return the experiments by name."""
    modules = [import_module(f"{__name__}.{module}") for module in MODULES]
    return {e.name: e for module in modules for e in module.EXPERIMENTS}
