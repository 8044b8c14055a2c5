"""Trained weights that ship with the package: of each network the run of the median seed."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from torch import nn

from lenet_utils.models import lenet5_1998, lenet5_modern
from lenet_utils.weights import load_model

FOLDER = Path(__file__).resolve().parent.parent / "trained"
HERE = "lenet_utils"  # where the modules of Part V are: imported when their networks are wanted


def trained_path(name: str) -> Path:
    """Return where the package keeps the weights of a trained network."""
    return FOLDER / f"{name}.safetensors"


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
        "modern, one-cycle, distortions, weight decay 0.1, half the rate, 30 epochs",
    ),
    "sdnn_modern": Shipped(lambda: import_module(".sdnn", HERE).sdnn_modern(), "strings", "modern"),
    "amounts": Shipped(lambda: import_module(".amounts", HERE).amount_net(), "amounts", "modern"),
}


def load_trained(name: str) -> nn.Module:
    """Return a trained network, ready to answer.

    Args:
        name: "lenet5_1998" (N, 1, 32, 32), of `normalise_1998`; "lenet5_modern" (N, 1, 28, 28),
            "sdnn_modern", for fields, or "amounts" (N, 1, 32, 32), of `normalise_modern`.

    Raises:
        ValueError: an unknown name; the message lists those that exist.

    Source: the network of Section II-B, trained as in Section III-B, pp. 7-11.
    """
    return load_model(find(name).build(), trained_path(name))


def find(name: str) -> Shipped:
    """Return where the weights of a name come from, or refuse the name."""
    if name not in SHIPPED:
        raise ValueError(f"there is no trained {name!r}; there are: {', '.join(SHIPPED)}.")
    return SHIPPED[name]
