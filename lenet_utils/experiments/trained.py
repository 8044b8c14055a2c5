"""Trained weights that ship with the package: the median network of an experiment.

A network is chosen by its validation error: the median of its variant's seeds, a typical one and
not the best. Its test error is the one that the record gives for that seed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from lenet_utils.experiments.records import Record, load_record
from lenet_utils.experiments.running import state_folder
from lenet_utils.models import lenet5_1998, lenet5_modern
from lenet_utils.weights import load_model, save_model

FOLDER = Path(__file__).resolve().parent.parent / "trained"


class Shipped(NamedTuple):
    """Where the weights of a name come from."""

    build: Callable[[], nn.Module]
    record: str
    variant: str


SHIPPED = {
    "lenet5_1998": Shipped(lenet5_1998, "open-choices", "curvature x 4, coefficients 1"),
    "lenet5_modern": Shipped(
        lenet5_modern,
        "road-to-today",
        "modern, one-cycle, distortions, weight decay 0.1, half the rate, 30 passes",
    ),
}


def load_trained(name: str) -> nn.Module:
    """Return a trained network, ready to answer.

    Args:
        name: "lenet5_1998", for pictures (N, 1, 32, 32) of `normalise_1998`, or "lenet5_modern",
            for pictures (N, 1, 28, 28) of `normalise_modern`.

    Raises:
        ValueError: an unknown name; the message lists those that exist.

    Source: the network of Section II-B, trained as in Section III-B, pp. 7-11.
    """
    return load_model(_find(name).build(), FOLDER / f"{name}.safetensors")


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
    shipped = _find(name)
    record = load_record(shipped.record)
    seed = median_seed(record, shipped.variant)
    wanted = [shipped.variant, record.variants[shipped.variant], seed]
    for path in sorted(state_folder(shipped.record, cache).glob("*.pt")):
        state = torch.load(path, map_location="cpu", weights_only=True)
        if wanted in state["jobs"]:
            model = shipped.build()
            model.load_state_dict(state["runner"]["models"][state["jobs"].index(wanted)])
            return save_model(model, FOLDER / f"{name}.safetensors")
    raise ValueError(
        f"no state of {shipped.variant!r}, seed {seed}, is left on this machine; make it again: "
        f"python -m lenet_utils.experiments run {shipped.record} --records FOLDER"
    )


def _find(name: str) -> Shipped:
    if name not in SHIPPED:
        raise ValueError(f"there is no trained {name!r}; there are: {', '.join(SHIPPED)}.")
    return SHIPPED[name]
