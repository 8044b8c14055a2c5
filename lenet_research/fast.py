"""How soon does `lenet5_modern` reach 99.2% on the test digits? The experiment `fast`.

Each recipe was chosen on 5,000 digits held out, all but the first after those before it had missed
the goal on the test digits. A run reads these once, after its clock has stopped. Run it on a
machine that does nothing else: it measures seconds.
"""

import time
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from lenet_research.experiment import Experiment, Job, Settings
from lenet_utils._native.c1_to_s4 import compiled
from lenet_utils.evaluation import evaluate
from lenet_utils.mnist import MNIST, normalise_modern
from lenet_utils.models import lenet5_modern
from lenet_utils.training import fit

GOAL = 0.008


class FastTrainer:
    """Trains one network after another by `fit`, each by itself on the clock, see `Trainer`."""

    epochs = 1

    def __init__(self, jobs: list[Job], data: MNIST, device: torch.device) -> None:
        self.jobs, self.device = jobs, device
        native = device.type == "cpu" and compiled(lenet5_modern()) is not None
        self.backend = "native" if native else "pytorch"
        self.train = normalise_modern(data.train.images), data.train.labels
        self.test = normalise_modern(data.test.images), data.test.labels
        self.models: list[nn.Module] = []

    def advance(self) -> list[dict[str, float]]:
        """Train every network; return its seconds from the digits in memory to the last update."""
        measured = []
        for job in self.jobs:
            settings = job.settings
            torch.manual_seed(job.seed)
            model = lenet5_modern()
            start = time.perf_counter()
            fit(
                model,
                *self.train,
                epochs=settings["epochs"],
                batch_size=settings["batch_size"],
                optimizer=partial(
                    torch.optim.AdamW,
                    weight_decay=settings["weight_decay"],
                    fused=self.device.type != "mps",
                ),
                schedule=partial(one_cycle, settings["lr"]),
                criterion=partial(F.cross_entropy, label_smoothing=settings["smoothing"]),
                validation=0,
                seed=job.seed,
                device=self.device,
                progress=False,
            )
            if self.device.type == "cuda":
                torch.cuda.synchronize()
            measured.append({"fit_seconds": time.perf_counter() - start})
            self.models.append(model)
        return measured

    def finish(self) -> list[dict[str, Any]]:
        """Measure on the test digits, and say whether the goal is reached."""
        errors = [evaluate(model, *self.test).error for model in self.models]
        return [{"test_error": error, "reached": error <= GOAL} for error in errors]

    def state_dict(self) -> dict[str, Any]:
        """Return the networks."""
        return {"models": [model.state_dict() for model in self.models]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.models = [lenet5_modern() for _ in state["models"]]
        for model, parameters in zip(self.models, state["models"], strict=True):
            model.load_state_dict(parameters)


def one_cycle(rate: float, optimizer: torch.optim.Optimizer, steps: int) -> Any:
    """Return a schedule that rises to `rate` and falls to nothing, for `fit`."""
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps)


RECIPE: Settings = {
    "epochs": 4,
    "batch_size": 256,
    "lr": 0.01,
    "optimizer": "adam, one-cycle",
    "smoothing": 0.0,
    "weight_decay": 0.0,
}

EXPERIMENTS = [
    Experiment(
        name="fast",
        title="Seconds from nothing to 99.2% on the test digits, "
        "by recipes chosen on held-out digits",
        source="not in the paper",
        # The first recipe reached the goal with less than half of the seeds. The second and the
        # third were added after that was known, and did little better; the last one was added
        # after them, and is the only one of seventeen whose mean of five seeds is below 0.7% on
        # held-out digits, a tenth of a percent less than the goal.
        variants={
            "256 digits an update, 4 epochs": RECIPE,
            "256 digits an update, 5 epochs": {**RECIPE, "epochs": 5},
            "128 digits an update, 6 epochs": {
                **RECIPE,
                "epochs": 6,
                "batch_size": 128,
                "lr": 0.008,
            },
            "256 digits an update, 8 epochs, smoothed labels, weight decay": {
                **RECIPE,
                "epochs": 8,
                "lr": 0.016,
                "smoothing": 0.1,
                "weight_decay": 0.1,
            },
        },
        seeds=10,
        trainer=FastTrainer,
        side_by_side=1,
    )
]
