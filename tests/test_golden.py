"""Every trainer gives the numbers that are stored: short runs on the shipped sample.

    python tests/test_golden.py     # after a change that is meant to change numbers

writes GOLDEN anew, and the commit that changes it says why. The numbers were made with the compiled
kernels; plain PyTorch has to give the same.

Processors differ in the width of their vectors and in whether they round once or twice in a
multiply-add, compilers and libraries in the order of their sums. That moves float32 numbers in the
seventh digit, and training amplifies it from update to update. Here are few updates at mild rates,
after which losses agree to 1e-5 or better, so that a relative tolerance of 1e-4 leaves room and is
far below what a change of seeds, rates or order makes. Errors count digits, and are equal.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from lenet_research import Experiment, Job
from lenet_research.amounts import BASE as AMOUNTS
from lenet_research.baselines import BASELINES, BOOSTED, BaselineTrainer
from lenet_research.boosting import BoostingTrainer
from lenet_research.configurations import BASE, PAPER
from lenet_research.experiment import Settings, Trainer
from lenet_research.fast import RECIPE, FastTrainer
from lenet_research.networks import MODERN_NETWORKS, NetworkTrainer
from lenet_research.reading_strings import BASE as STRINGS
from lenet_research.reading_strings import OLD as STRINGS_1998
from lenet_research.reading_strings import ROUGH as NOISY_STRINGS
from lenet_research.road import ADAM, MODERN, MOMENTUM, SDLM_LINEAR_OUTPUT, SGD, START
from lenet_research.running import train_jobs
from lenet_research.trainer_1998 import Trainer1998
from lenet_research.trainer_amounts import AmountTrainer
from lenet_research.trainer_minibatches import MinibatchTrainer
from lenet_research.trainer_strings import StringTrainer
from lenet_utils import fit, lenet5_modern
from lenet_utils._native.loader import KernelUnavailable
from lenet_utils.mnist import MNIST, Digits, load_mnist, normalise_modern
from lenet_utils.results.records import Run

GOLDEN = Path(__file__).with_suffix(".json")
CPU = torch.device("cpu")
RELATIVE = 1e-4
PLANAR = {"shift": 2.0, "scale": 0.1, "squeeze": 0.1, "shear": 0.2}

# Of 70 digits 40 are drawn to train on, and 30 held out. The rates of three epochs are 5e-4, 1e-4
# and 1e-5, all different.
OLD = {**BASE, "epochs": 3, "training": 40, "validation": 30, "curvature_patterns": 20}
# 40 digits in batches of 16: the last batch is short. Four epochs have rates 1, 0.4, 0.2, 0.2.
ROAD = {"epochs": 4, "training": 40, "validation": 30}
BATCHES = {**MODERN, **ROAD, "batch_size": 16, "optimizer": "momentum", "lr": 0.01}

# 40 digits as the pool; two epochs of windows and two of strings, five updates each.
FEW: Settings = {"validation": 30, "windows": 40, "window_batch": 9, "window_epochs": 2}
FEW |= {"strings": 20, "string_batch": 4, "string_epochs": 2, "held_strings": 6}
FEW |= {"test_strings": 6, "test_strings_each": 1}

# Fields need a pool that has every digit.
FEW_FIELDS = {**AMOUNTS, "validation": 200, "characters": 60, "fields": 2, "epochs": 2, "batch": 32}
FEW_FIELDS |= {"global_fields": 3, "global_batch": 4, "held_fields": 3, "test_fields": 3}

Jobs = list[tuple[str, Settings, int]]
CASES: dict[str, tuple[type[Trainer], Jobs]] = {
    "1998, with validation": (
        Trainer1998,
        [
            ("base", OLD, 0),
            ("base", OLD, 1),
            ("mse, exact curvature", {**OLD, "criterion": "mse", "curvature": "exact"}, 0),
            ("reshuffled, scaled", {**OLD, "order": "reshuffled", "lr_scale": 0.5, "mu": 0.1}, 1),
            ("random start", {**OLD, "coefficient": "random", "bias": "random"}, 0),
            ("distorted", {**OLD, "distortions": PLANAR, "j": 1.0}, 2),
            ("distorted", {**OLD, "distortions": PLANAR, "j": 1.0}, 3),
            ("diverged", {**OLD, "lr_scale": 1e40, "j": None}, 0),
        ],
    ),
    "1998, all digits": (
        Trainer1998,
        [
            (
                "subset",
                {**PAPER, **OLD, "training": 40, "validation": 0, "test_curve": True},
                seed,
            )
            for seed in (0, 1)
        ],
    ),
    "one pattern, distances": (
        MinibatchTrainer,
        [
            ("sdlm", {**START, **ROAD}, 0),
            ("distorted", {**START, **ROAD, "distortions": PLANAR}, 1),
            ("diverged", {**START, **ROAD, "lr": 1e37}, 0),
        ],
    ),
    "one pattern, scores": (
        MinibatchTrainer,
        [("sdlm", {**SDLM_LINEAR_OUTPUT, **ROAD}, 0), ("sgd", {**SGD, **ROAD}, 1)],
    ),
    "batches": (
        MinibatchTrainer,
        [
            ("momentum", BATCHES, 0),
            ("momentum", BATCHES, 1),
            ("dropout", {**BATCHES, "dropout": 0.5}, 0),
            ("dropout", {**BATCHES, "dropout": 0.3}, 2),
        ],
    ),
    "batches, ways to train": (
        MinibatchTrainer,
        [
            ("decay", {**BATCHES, "weight_decay": 0.1}, 0),
            ("smoothed", {**BATCHES, "smoothing": 0.1}, 0),
            ("one-cycle", {**BATCHES, "schedule": "one-cycle"}, 0),
            ("distorted", {**BATCHES, "distortions": PLANAR}, 1),
        ],
    ),
    "batches, where they start": (
        MinibatchTrainer,
        [
            ("1998's preprocessing", {**BATCHES, "preprocessing": "1998"}, 0),
            ("pytorch's start", {**BATCHES, "init": "pytorch"}, 0),
            (
                "adam",
                {**BATCHES, "optimizer": "adam", "lr": 1e-3, "weight_decay": 0.1},
                0,
            ),
            ("diverged", {**BATCHES, "lr": 1e9}, 0),
        ],
    ),
    "batches, the layers of 1998": (
        MinibatchTrainer,
        [
            ("momentum", {**MOMENTUM, **ROAD, "batch_size": 16, "lr": 0.01}, 0),
            ("adam", {**ADAM, **ROAD, "batch_size": 16, "lr": 1e-3}, 1),
        ],
    ),
    "batch normalisation": (MinibatchTrainer, [("normed", {**BATCHES, "batch_norm": True}, 0)]),
    "other networks": (
        NetworkTrainer,
        [
            (
                "moved",
                {**MODERN_NETWORKS, **ROAD, "network": "LeNet-5, average", "batch_size": 16}
                | {"shifts": 2, "features": "s4"},
                0,
            )
        ],
    ),
    "fast": (
        FastTrainer,
        [
            (
                "fast",
                {**RECIPE, "batch_size": 32, "lr": 1e-3, "smoothing": 0.1, "weight_decay": 0.1},
                1,
            )
        ],
    ),
    "strings": (
        StringTrainer,
        [
            ("modern", {**STRINGS, **FEW}, 0),
            ("modern", {**STRINGS, **FEW}, 1),
            ("1998", {**STRINGS_1998, **FEW}, 0),
            ("with noise", {**NOISY_STRINGS, **FEW}, 0),
        ],
    ),
    "amounts": (AmountTrainer, [("modern", FEW_FIELDS, 0), ("modern", FEW_FIELDS, 1)]),
    "boosting": (
        BoostingTrainer,
        [
            (
                "boosted",
                {**BOOSTED, "batch_size": 16, "pool": 1, "patterns": 60, "copies": 4}
                | {"later_epochs": 3},
                1,
            )
        ],
    ),
    # Without the method whose centres are k-means of scikit-learn: those change with its version.
    **{
        name: (BaselineTrainer, [(name, settings, 0)])
        for name, settings in BASELINES.items()
        if settings["method"] != "radial_basis"
    },
}


def digits(trainer: type[Trainer]) -> MNIST:
    """Return the first digits of the sample, a few more for what is quick."""
    train, test = load_mnist(sample=True)
    if trainer in (BaselineTrainer, AmountTrainer):
        return MNIST(Digits(*(x[:500] for x in train)), Digits(*(x[:300] for x in test)))
    return MNIST(*(Digits(d.images[:70].contiguous(), d.labels[:70]) for d in (train, test)))


def measured(case: str) -> dict[str, Any]:
    """Train the jobs of a case and return what each measured, but for seconds."""
    trainer, jobs = CASES[case]
    made: list[Trainer] = []

    def build(*arguments: Any) -> Trainer:
        made.append(trainer(*arguments))
        return made[0]

    experiment = Experiment("golden", "", "", {}, 0, build)
    runs: list[Run] = []

    def keep(now: list[Run], where: dict[str, str]) -> None:
        runs[:] = now

    group = [Job(*job) for job in jobs]
    train_jobs(experiment, group, digits(trainer), CPU, keep)
    found: dict[str, Any] = {}
    for run in runs:
        # When the first number is not finite depends on how sums are made.
        if run.variant == "diverged":
            run.curves.clear()
        run.curves.pop("fit_seconds", None)
        found[f"{run.variant}, seed {run.seed}"] = {**run.curves, "final": run.final}
    if isinstance(made[0], FastTrainer):
        images, labels = made[0].test
        scores = made[0].models[0](images)
        found["fast, seed 1"]["test_loss"] = F.cross_entropy(scores, labels).item()
    return found


def fitted() -> dict[str, Any]:
    """Train by `fit`, with digits held out, a schedule and a short last batch."""
    images, labels = digits(Trainer1998).train
    torch.manual_seed(1)
    history = fit(
        lenet5_modern(),
        normalise_modern(images),
        labels,
        epochs=3,
        batch_size=16,
        optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9),
        schedule=lambda optimizer, steps: torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=0.02, total_steps=steps
        ),
        validation=20,
        seed=2,
        device=CPU,
        progress=False,
    )
    return {name: values for name, values in vars(history).items() if name != "seconds"}


def golden(case: str) -> dict[str, Any]:
    """Return a case's numbers as JSON has them: to seven digits, what is not finite being null."""

    def plain(value: Any) -> Any:
        if isinstance(value, float):
            return float(f"{value:.7g}") if abs(value) < float("inf") else None
        if isinstance(value, dict):
            return {name: plain(inner) for name, inner in value.items()}
        return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value

    return plain(fitted() if case == "fit" else measured(case))


def flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every number with its name."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value, 1)
        for key, inner in pairs:
            yield from flat(inner, f"{name}, {key}" if name else str(key))
    else:
        yield name, value


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sum in one order, whatever the number of processors."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have everything computed by plain PyTorch."""

    def unavailable() -> None:
        raise KernelUnavailable("not in this test")

    monkeypatch.setattr("lenet_utils.online.kernel", unavailable)
    monkeypatch.setattr("lenet_utils.online.warn_once", lambda error: None)
    monkeypatch.setattr("lenet_research.trainer_minibatches.supports", lambda model: False)
    monkeypatch.setattr("lenet_utils.training.compiled", lambda model: None)


HAVE_KERNELS = [
    name for name, (kind, _) in CASES.items() if kind in (Trainer1998, MinibatchTrainer)
]
RUNS = [(case, "as it comes") for case in (*CASES, "fit")]
RUNS += [(case, "plain PyTorch") for case in (*HAVE_KERNELS, "fast", "fit")]


@pytest.mark.parametrize(("case", "how"), RUNS)
def test_a_trainer_gives_the_stored_numbers(case, how, monkeypatch):
    if case.startswith("SVM"):
        pytest.importorskip("sklearn")
    if how == "plain PyTorch":
        without_kernels(monkeypatch)
    stored = dict(flat(json.loads(GOLDEN.read_text(encoding="utf-8"))[case]))
    found = dict(flat(golden(case)))
    assert found.keys() == stored.keys()
    wrong = {
        name: f"{found[name]} here, {value} stored"
        for name, value in stored.items()
        if found[name] != pytest.approx(value, rel=RELATIVE, abs=1e-7)
    }
    assert not wrong


def test_what_diverged_is_wrong_everywhere():
    stored = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for case in ("1998, with validation", "one pattern, distances", "batches, where they start"):
        diverged = stored[case]["diverged, seed 0"]
        assert diverged["final"]["test_error"] == 1


if __name__ == "__main__":
    torch.set_num_threads(1)
    lines = (f"{json.dumps(case)}: {json.dumps(golden(case))}" for case in (*CASES, "fit"))
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
