"""The road from the best configuration of 1998 to `lenet5_modern`, one change at a time.

`road-rates` finds the rate of each step on the validation digits; `road-to-today`
walks: first the changes that lead from one network to the other, each on top of those before it;
then, from `MODERN`, what came later, each by itself; last, all that helped together, and longer.
Every step has the same digits and five epochs, in which the rate falls as in the first ten of 1998,
unless that is what the step changes: a small budget, equal for all, and not the best that each
kind of training can do.
"""

from lenet_research.experiment import Experiment, Settings
from lenet_research.trainer_minibatches import MinibatchTrainer, group

START: Settings = {
    "output": "rbf",
    "optimizer": "sdlm",
    "lr": 5e-4,
    "curvature": 4.0,
    "batch_size": 1,
    "activation": "scaled tanh",
    "pooling": "subsampling",
    "c3": "table1",
    "init": "1998",
    "coefficient": 1.0,
    "preprocessing": "1998",
    "batch_norm": False,
    "dropout": 0.0,
    "weight_decay": 0.0,
    "schedule": "published",
    "distortions": None,
    "epochs": 5,
    "training": 55_000,
    "validation": 5_000,
}
"""The best configuration of the paper, `configurations.BEST`.

output: "rbf" goes with MAP, "linear" with cross-entropy.
optimizer: "sdlm", "sgd" (one rate for all), "momentum" or "adam"; lr: the learning rate in the
    first epoch, of SDLM the global one; curvature: where SDLM's recursion starts.
batch_size: patterns per update; init: "1998" (the best configuration's), "pytorch" or "he";
    coefficient: of subsampling, at the start.
preprocessing: a key of `parallel.PREPROCESSING`; dropout: of the states of C5 and F6;
    weight_decay: of all parameters.
smoothing: 0 if not given, the part of each target that is spread over all classes.
schedule: how the rate moves, "published" (falls as in the first ten epochs of 1998, stretched or
    squeezed) or "one-cycle".
distortions: None, or the ranges of `PlanarRanges`.
"""

HALVES: Settings = {**START, "coefficient": 0.5}
"""Where the rates of the steps to come were found; what it costs by itself."""
SDLM_LINEAR_OUTPUT: Settings = {**HALVES, "output": "linear", "curvature": 0.3, "lr": 1.5e-4}
SGD: Settings = {**SDLM_LINEAR_OUTPUT, "optimizer": "sgd", "curvature": None, "lr": 0.01}
MOMENTUM: Settings = {**SGD, "optimizer": "momentum", "batch_size": 64, "lr": 0.05}
ADAM: Settings = {**MOMENTUM, "optimizer": "adam", "lr": 3e-3}
RELU: Settings = {**ADAM, "activation": "relu", "lr": 6e-3}
HE_INITIALISATION: Settings = {**RELU, "init": "he"}
AVERAGE: Settings = {**HE_INITIALISATION, "pooling": "average"}
MAX: Settings = {**HE_INITIALISATION, "pooling": "max"}
FULL: Settings = {**MAX, "c3": "full", "lr": 8e-3}
MODERN: Settings = {**FULL, "preprocessing": "modern", "lr": 4e-3}
"""`lenet5_modern` with Adam, cross-entropy and `normalise_modern`."""


STEPS = (1.5e-3, 2e-3, 3e-3, 4e-3, 6e-3, 8e-3, 0.012)
"""Rates of Adam that are tried with each network from ReLU on, with three seeds."""


STEPPED = {
    "ReLU": RELU,
    "He init": HE_INITIALISATION,
    "average pooling": AVERAGE,
    "max pooling": MAX,
    "full C3": FULL,
    "modern": MODERN,
}


def _rates(
    name: str, base: Settings, rates: tuple[float, ...], **change: object
) -> dict[str, Settings]:
    return {f"{name}, {r:g}": {**base, **change, "lr": r, "epochs": 3} for r in rates}


RATES: dict[str, Settings] = {
    **_rates("linear, SDLM from 0.1", SDLM_LINEAR_OUTPUT, (5e-5, 1.5e-4, 5e-4), curvature=0.1),
    **_rates("linear, SDLM from 0.3", SDLM_LINEAR_OUTPUT, (5e-5, 1.5e-4, 5e-4), curvature=0.3),
    **_rates("linear, SDLM from 1", SDLM_LINEAR_OUTPUT, (1.5e-4, 5e-4), curvature=1.0),
    **_rates("SGD", SGD, (1e-3, 2e-3, 3e-3, 5e-3, 7e-3, 0.01, 0.015, 0.02)),
    **_rates("momentum", MOMENTUM, (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3)),
    **_rates("Adam", ADAM, (3e-4, 5e-4, 1e-3, 1.5e-3, 2e-3, 3e-3, 5e-3, 0.01)),
    **{k: v for name, base in STEPPED.items() for k, v in _rates(name, base, STEPS).items()},
    **_rates("modern", MODERN, (3e-4, 5e-4, 1e-3)),
    **_rates(
        "modern, one-cycle", MODERN, (1e-3, 2e-3, 3e-3, 4e-3, 6e-3, 8e-3, 0.012, 0.02),
        schedule="one-cycle",
    ),
}  # fmt: skip

DISTORTED = {"shift": 2.0, "scale": 0.1, "squeeze": 0.1, "shear": 0.2}
"""The ranges that the record `distortions` chose, by validation."""

ROAD: dict[str, Settings] = {
    "best configuration of 1998": START,
    "+ coefficients of 0.5": HALVES,
    "+ cross-entropy": SDLM_LINEAR_OUTPUT,
    "+ one rate (SGD)": SGD,
    "+ batches of 64, momentum": MOMENTUM,
    "+ Adam": ADAM,
    "+ ReLU": RELU,
    "+ He init": HE_INITIALISATION,
    "+ average pooling": AVERAGE,
    "+ max pooling": MAX,
    "+ full C3": FULL,
    "+ standardised inputs (modern)": MODERN,
}
"""Each with all changes above it; max pooling instead of average."""

SINCE: dict[str, Settings] = {
    "modern, weight decay": {**MODERN, "weight_decay": 0.05},
    "modern, dropout": {**MODERN, "dropout": 0.3},
    "modern, one-cycle": {**MODERN, "schedule": "one-cycle", "lr": 0.012},
    "modern, distortions": {**MODERN, "distortions": DISTORTED},
    "modern, distortions of 1 pixel": {**MODERN, "distortions": {**DISTORTED, "shift": 1.0}},
    "modern, batch normalisation": {**MODERN, "batch_norm": True},
    "modern, smoothed labels": {**MODERN, "smoothing": 0.1},
}
"""Each with one change from `MODERN`; one-cycle with the rate that was found for it."""

TOGETHER: Settings = {
    **MODERN,
    "schedule": "one-cycle",
    "lr": 0.012,
    "distortions": DISTORTED,
    "epochs": 20,
}
SLOW: Settings = {**TOGETHER, "weight_decay": 0.2, "lr": 0.003, "epochs": 40}
NEAR: Settings = {**SLOW, "distortions": {**DISTORTED, "shift": 1.0}}
_NAME = "modern, one-cycle, distortions"
LONGER: dict[str, Settings] = {
    f"{_NAME}, 20 epochs": TOGETHER,
    f"{_NAME}, weight decay, 20 epochs": {**TOGETHER, "weight_decay": 0.05},
    f"{_NAME}, weight decay 0.1, 30 epochs": {**TOGETHER, "weight_decay": 0.1, "epochs": 30},
    f"{_NAME}, weight decay 0.1, half the rate, 30 epochs": {
        **TOGETHER,
        "weight_decay": 0.1,
        "epochs": 30,
        "lr": 0.006,
    },
    f"{_NAME}, weight decay 0.2, a quarter of the rate, 40 epochs": SLOW,
    f"{_NAME}, weight decay 0.4, a quarter of the rate, 40 epochs": {**SLOW, "weight_decay": 0.4},
    f"{_NAME} of 1 pixel, weight decay 0.2, a quarter of the rate, 40 epochs": {
        **NEAR,
    },
    f"{_NAME} of 1 pixel, weight decay 0.1, a quarter of the rate, 40 epochs": {
        **NEAR,
        "weight_decay": 0.1,
    },
    f"{_NAME} of 1 pixel, weight decay 0.1, half the rate, 40 epochs": {
        **NEAR,
        "weight_decay": 0.1,
        "lr": 0.006,
    },
    f"{_NAME} of 1 pixel, weight decay 0.1, a quarter of the rate, 60 epochs": {
        **NEAR,
        "weight_decay": 0.1,
        "epochs": 60,
    },
    f"{_NAME} of 1 pixel, weight decay 0.1, half the rate, 60 epochs": {
        **NEAR,
        "weight_decay": 0.1,
        "lr": 0.006,
        "epochs": 60,
    },
    f"{_NAME}, weight decay 0.4, an eighth of the rate, 40 epochs": {
        **SLOW,
        "weight_decay": 0.4,
        "lr": 0.0015,
    },
}
"""What helped most, together, and in more epochs; validation chooses among them."""

CHOSEN = f"{_NAME} of 1 pixel, weight decay 0.1, half the rate, 40 epochs"
WHOLE: dict[str, Settings] = {
    f"{CHOSEN}, all digits": {**LONGER[CHOSEN], "training": 60_000, "validation": 0}
}
"""The recipe that validation chose, with the held-out digits back."""

ALONE = ("+ average pooling", "+ max pooling")

EXPERIMENTS = [
    Experiment(
        name="road-rates",
        title="The rate of each kind of training on the road, by validation error",
        source="Section III-B, p. 10, and what came later",
        variants=RATES,
        seeds=1,
        seeds_of={f"{name}, {rate:g}": 3 for name in STEPPED for rate in STEPS},
        trainer=MinibatchTrainer,
        group=group,
    ),
    Experiment(
        name="road-to-today",
        title="From the best configuration of 1998 to today, one change at a time",
        source="Sections II and III-B, pp. 5-11, and what came later",
        variants={**ROAD, **SINCE, **LONGER, **WHOLE},
        seeds=8,
        trainer=MinibatchTrainer,
        group=group,
        # The kernel has room for sixteen networks of one kind; these have no neighbours.
        seeds_of={
            **dict.fromkeys((*ALONE, *WHOLE), 16),
            "modern, batch normalisation": 5,
            CHOSEN: 32,  # the weights that ship
        },
    ),
]
