"""Put trained weights into `lenet_utils`: the median network of an experiment.

A network is chosen by its validation error: the median of its variant's seeds, a typical one and
not the best. Its test error is the one that the record gives for that seed.
"""

from pathlib import Path

import torch

from lenet_research.running import state_folder
from lenet_utils.results.records import Record, load_record
from lenet_utils.results.trained import find, trained_path
from lenet_utils.weights import save_model


def median_seed(record: Record, variant: str) -> int:
    """Return the seed whose validation error is the median of a variant's finished runs.

    Of an even number, the lower of the two in the middle; of equal errors, the lower seed.
    """
    errors = record.values("validation_error", variant)
    runs = record.finished(variant)
    ranked = sorted(zip(errors, (run.seed for run in runs), strict=True))
    return ranked[(len(ranked) - 1) // 2][1]


def ship(name: str, cache: Path | None = None) -> Path:
    """Write a trained network into the package, from the states that its experiment left here.

    Raises:
        ValueError: an unknown name, or no finished state of the median seed on this machine.
    """
    shipped = find(name)
    record = load_record(shipped.record)
    seed = median_seed(record, shipped.variant)
    wanted = [shipped.variant, record.variants[shipped.variant], seed]
    for path in sorted(state_folder(shipped.record, cache).glob("*.pt")):
        state = torch.load(path, map_location="cpu", weights_only=True)
        if wanted in state["jobs"]:
            model = shipped.build()
            model.load_state_dict(state["trainer"]["models"][state["jobs"].index(wanted)])
            return save_model(model, trained_path(name))
    raise ValueError(
        f"no state of {shipped.variant!r}, seed {seed}, is left on this machine; make it again: "
        f"python -m lenet_research run {shipped.record} --records FOLDER"
    )
