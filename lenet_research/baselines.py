"""The paper's other classifiers on the same digits: the experiment `figure-9`.

What Fig. 9 compares LeNet-5 with, made again with today's tools. A choice within a method, such as
the number of neighbours, is made on 5,000 digits held out of the training set; then the method
learns from all 60,000.
Source: LeCun, Bottou, Bengio and Haffner (1998), Section III-C and Figs. 9, 11 and 12, pp. 11-15.
"""

from typing import Any

import torch
from torch import Tensor

from lenet_research import trainer_minibatches
from lenet_research.boosting import BoostingTrainer
from lenet_research.classifiers import METHODS, Fitted, nearest_neighbours
from lenet_research.experiment import Experiment, Job, Settings, Trainer
from lenet_research.networks import MODERN_NETWORKS, NetworkTrainer
from lenet_research.road import DISTORTED
from lenet_utils.distortions import deslant
from lenet_utils.mnist import MNIST
from lenet_utils.training import split_validation

VALIDATION_SIZE = 5_000


class BaselineTrainer:
    """Fits one classifier, see `Trainer`; its settings are a method's name and its own."""

    epochs = 1
    backend = "pytorch"

    def __init__(self, jobs: list[Job], data: MNIST, device: torch.device) -> None:
        self.jobs, self.data = jobs, data
        self.chosen: list[dict[str, Any]] = []

    def advance(self) -> list[dict[str, float]]:
        """Measure every choice on the validation digits."""
        train, held = split_validation(len(self.data.train.labels), self._held())
        labels = self.data.train.labels
        for job in self.jobs:
            images = self._images(job, self.data.train.images)
            method = METHODS[job.settings["method"]]
            errors = []
            for choice in job.settings["choices"]:
                fitted = method(images[train], labels[train], job.settings, choice)
                errors.append(_error(fitted, images[held], labels[held]))
            best = min(range(len(errors)), key=errors.__getitem__)
            self.chosen.append({"choice": best, "errors": errors})
        return [{"validation_error": min(c["errors"])} for c in self.chosen]

    def finish(self) -> list[dict[str, Any]]:
        """Fit the best choice to all training digits and measure it on the test digits."""
        final = []
        for job, chosen in zip(self.jobs, self.chosen, strict=True):
            choice = job.settings["choices"][chosen["choice"]]
            images = self._images(job, self.data.train.images)
            method = METHODS[job.settings["method"]]
            fitted = method(images, self.data.train.labels, job.settings, choice)
            test = self._images(job, self.data.test.images)
            error = _error(fitted, test, self.data.test.labels)
            row = {"test_error": error, "macs": fitted.macs, "memory": fitted.memory}
            final.append(row if choice is None else {**row, "choice": choice})
        return final

    def state_dict(self) -> dict[str, Any]:
        """Return what the validation digits chose."""
        return {"chosen": self.chosen}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.chosen = state["chosen"]

    def _held(self) -> int:
        return min(VALIDATION_SIZE, len(self.data.train.labels) // 10)

    def _images(self, job: Job, images: Tensor) -> Tensor:
        images = images.float() / 255
        return deslant(images) if job.settings["deslanted"] else images


def _error(fitted: Fitted, images: Tensor, labels: Tensor) -> float:
    return (fitted.answer(images) != labels).double().mean().item()


def _settings(method: str, *, deslanted: bool = False, choices: list[Any], **own: Any) -> Settings:
    return {"method": method, "deslanted": deslanted, "choices": choices, **own}


BASELINES: dict[str, Settings] = {
    "linear": _settings("linear", choices=[None], ridge=1.0),
    "linear, deslanted": _settings("linear", deslanted=True, choices=[None], ridge=1.0),
    "pairwise linear": _settings("pairwise", choices=[None], ridge=1.0),
    "pairwise linear, deslanted": _settings("pairwise", deslanted=True, choices=[None], ridge=1.0),
    "K-NN": _settings("nearest_neighbours", choices=[1, 3, 5]),
    "K-NN, deslanted": _settings("nearest_neighbours", deslanted=True, choices=[1, 3, 5]),
    "40 PCA + quadratic": _settings("pca_quadratic", choices=[None], components=40, ridge=1.0),
    "1000 RBF + linear": _settings(
        "radial_basis", choices=[1.0, 2.0, 4.0], units=1_000, ridge=1e-3
    ),
    "SVM poly 4, deslanted": _settings(
        "polynomial_svm", deslanted=True, choices=[1.0], degree=4, gamma=0.02, training=60_000
    ),
    "V-SVM poly 9": _settings("virtual_svm", choices=[1.0], degree=9, gamma=0.005, training=60_000),
    "tangent distance": _settings("tangent_distance", choices=[0.3, 0.4, 0.5], candidates=200),
}

_FIVE = {"epochs": 5}
BASELINE_NETWORKS: dict[str, Settings] = {
    "784-300-10": {**MODERN_NETWORKS, "network": "784-300-10", "side": 28, **_FIVE},
    "784-300-100-10": {**MODERN_NETWORKS, "network": "784-300-100-10", "side": 28, **_FIVE},
    "784-1000-10": {**MODERN_NETWORKS, "network": "784-1000-10", "side": 28, **_FIVE},
    "784-500-150-10": {**MODERN_NETWORKS, "network": "784-500-150-10", "side": 28, **_FIVE},
    "LeNet-1": {**MODERN_NETWORKS, "network": "LeNet-1", "side": 28},
    "LeNet-4": {**MODERN_NETWORKS, "network": "LeNet-4"},
    "LeNet-4, K-NN": {**MODERN_NETWORKS, "network": "LeNet-4", "neighbours": "c5_act"},
}
"""Trained as today, in epochs of 55,000 digits; the paper's learnt from 60,000, as then."""

BOOSTED: Settings = {
    "boosted": 3,
    "distortions": DISTORTED,
    "batch_size": 64,
    "lr": 2e-3,
    "pool": 4,
    "epochs": 2,
    "patterns": 20_000,
    "later_epochs": 10,
    "copies": 40,
}
"""Three LeNet-4, see `BoostingTrainer`."""


class NeighboursTrainer(NetworkTrainer):
    """Trains networks, then replaces their output by nearest neighbours of its inputs.

    `neighbours` names the module whose states are compared; how many neighbours vote is chosen on
    the validation digits. Source: Section III-C8, p. 13.
    """

    def finish(self) -> list[dict[str, Any]]:
        """Measure each network so on the test digits."""
        return [{**row, **self._measure(i)} for i, row in enumerate(super().finish())]

    def _measure(self, i: int) -> dict[str, Any]:
        train, held, test = (self._states(i, d.images) for d in (self.train, self.held, self.test))
        fitted = {k: nearest_neighbours(train, self.train.labels, {}, k) for k in (1, 3, 5, 9)}
        errors = {k: _error(one, held, self.held.labels) for k, one in fitted.items()}
        k = min(errors, key=errors.__getitem__)
        return {
            "test_error": _error(fitted[k], test, self.test.labels),
            "neighbours": k,
            "memory": fitted[k].memory,
        }

    @torch.no_grad()
    def _states(self, i: int, images: Tensor) -> Tensor:
        job, model = self.jobs[i], self.models[i].eval()
        states: list[Tensor] = []
        layer = model.get_submodule(job.settings["neighbours"])
        hook = layer.register_forward_hook(lambda m, x, y: states.append(y.flatten(1).cpu()))
        device = next(model.parameters()).device
        for part in images.split(500):
            model(self._preprocessing(job).inputs(part).to(device))
        hook.remove()
        return torch.cat(states)


def trainer(jobs: list[Job], data: MNIST, device: torch.device) -> Trainer:
    """Return the trainer for these jobs: of networks, or of other classifiers."""
    settings = jobs[0].settings
    if "boosted" in settings:
        return BoostingTrainer(jobs, data, device)
    if "neighbours" in settings:
        return NeighboursTrainer(jobs, data, device)
    kind = NetworkTrainer if "network" in settings else BaselineTrainer
    return kind(jobs, data, device)


def group(job: Job) -> str:
    """Return what jobs that share a trainer have in common."""
    if "neighbours" in job.settings or "network" not in job.settings:
        return job.variant
    return trainer_minibatches.group(job)


EXPERIMENTS = [
    Experiment(
        name="figure-9",
        title="The paper's other classifiers on the same digits",
        source="Figs. 9, 11 and 12, pp. 12-15",
        variants={**BASELINES, **BASELINE_NETWORKS, "LeNet-4, boosted": BOOSTED},
        seeds=1,
        trainer=trainer,
        group=group,
        seeds_of=dict.fromkeys([*BASELINE_NETWORKS, "LeNet-4, boosted"], 5),
    )
]
