"""The paper's other classifiers on the same digits: the experiment `figure-9`.

What Fig. 9 compares LeNet-5 with, made again with today's tools. A choice within a method, such as
the number of neighbours, is made on 5,000 digits held out of the training set; then the method
learns from all 60,000.
Source: LeCun, Bottou, Bengio and Haffner (1998), Section III-C and Figs. 9, 11 and 12, pp. 11-15.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.distortions import warp
from lenet_utils.experiments import batched
from lenet_utils.experiments.networks import TODAY, NetworkRunner
from lenet_utils.experiments.protocol import Experiment, Job, Runner, Settings
from lenet_utils.mnist import MNIST
from lenet_utils.training import split_validation

CLASSES = 10
VALIDATION = 5_000


class Fitted(NamedTuple):
    """A classifier that has learnt, and what an answer costs."""

    answer: Callable[[Tensor], Tensor]
    """Pictures float (N, 28, 28) in [0, 1] to classes int64 (N,)."""
    macs: int
    """Multiply-accumulates for one answer, as Fig. 11 counts them."""
    memory: int
    """Numbers kept, as Fig. 12 counts them."""


def deslant(pictures: Tensor) -> Tensor:
    """Shear every picture so that its principal axis stands upright, and centre it.

    The slant is the covariance of x and y over the variance of y, ink being the weight.

    Args:
        pictures: float (N, H, W), background 0; each has ink.

    Source: Section III-A names deslanted versions of the digits, p. 11.
    """
    height, width = pictures.shape[1:]
    ink = pictures.double()
    total = ink.sum((1, 2))
    y, x = torch.meshgrid(
        torch.arange(height).double() - (height - 1) / 2,
        torch.arange(width).double() - (width - 1) / 2,
        indexing="ij",
    )
    centre_x, centre_y = (ink * x).sum((1, 2)) / total, (ink * y).sum((1, 2)) / total
    below = y - centre_y[:, None, None]
    right = x - centre_x[:, None, None]
    spread = (ink * below**2).sum((1, 2)).clamp_min(1e-9)
    slant = (ink * below * right).sum((1, 2)) / spread
    maps = torch.zeros(len(pictures), 2, 3)
    maps[:, 0, 0] = maps[:, 1, 1] = 1
    maps[:, 0, 1] = -slant
    maps[:, 0, 2] = slant * centre_y - centre_x
    maps[:, 1, 2] = -centre_y
    return warp(pictures, maps, background=0.0)


def with_bias(features: Tensor) -> Tensor:
    """Append a column of ones."""
    return F.pad(features, (0, 1), value=1.0)


def least_squares(features: Tensor, targets: Tensor, ridge: float) -> Tensor:
    """Return the weights (features, outputs) that bring features @ weights nearest to targets."""
    gram, moment = features.T @ features, features.T @ targets
    # The border pixels are always 0: without the ridge their weights would be undetermined.
    gram = gram.double() + ridge * torch.eye(len(gram), dtype=torch.double)
    return torch.linalg.solve(gram, moment.double()).float()


def linear(pictures: Tensor, labels: Tensor, settings: Settings, choice: Any) -> Fitted:
    """Ten weighted sums of the pixels, least squares on targets of -1 and +1. Fig. 9, line 1."""
    x = with_bias(pictures.flatten(1))
    w = least_squares(x, 2 * F.one_hot(labels, CLASSES).float() - 1, settings["ridge"])
    return Fitted(lambda p: (with_bias(p.flatten(1)) @ w).argmax(1), w.numel(), w.numel())


def pairwise(pictures: Tensor, labels: Tensor, settings: Settings, choice: Any) -> Fitted:
    """One linear unit for each pair of classes; evidence is added. Section III-C2, p. 12."""
    x = with_bias(pictures.flatten(1))
    pairs = torch.combinations(torch.arange(CLASSES))
    columns = []
    for a, b in pairs.tolist():
        own = (labels == a) | (labels == b)
        target = (labels[own] == a).float()[:, None] * 2 - 1
        columns.append(least_squares(x[own], target, settings["ridge"]))
    w = torch.cat(columns, 1)
    votes = F.one_hot(pairs[:, 0], CLASSES) - F.one_hot(pairs[:, 1], CLASSES)

    def answer(p: Tensor) -> Tensor:
        says = (with_bias(p.flatten(1)) @ w).clamp(-1, 1)
        return (says @ votes.float()).argmax(1)

    return Fitted(answer, w.numel(), w.numel())


def nearest_neighbours(pictures: Tensor, labels: Tensor, settings: Settings, k: int) -> Fitted:
    """Vote of the k nearest training digits, Euclidean. Section III-C3, p. 12."""
    x = pictures.flatten(1)
    norms = x.square().sum(1)

    def answer(p: Tensor) -> Tensor:
        answers = []
        for part in p.flatten(1).split(500):
            # The part's own norm would shift a whole row.
            near = (norms - 2 * part @ x.T).topk(k, 1, largest=False).indices
            votes = F.one_hot(labels[near], CLASSES).float()
            # Of classes with equal votes the one whose digit is nearest wins.
            nearness = torch.linspace(1e-3, 0, k)[:, None]
            answers.append((votes + votes * nearness).sum(1).argmax(1))
        return torch.cat(answers)

    return Fitted(answer, x.numel(), x.numel())


def pca_quadratic(pictures: Tensor, labels: Tensor, settings: Settings, choice: Any) -> Fitted:
    """Principal components, their products of two, and a linear unit. Section III-C4, p. 12."""
    flat = pictures.flatten(1)
    mean = flat.mean(0)
    count = settings["components"]
    axes = torch.linalg.eigh((flat - mean).T @ (flat - mean)).eigenvectors[:, -count:]
    scale = ((flat - mean) @ axes).std(0)
    one, two = torch.triu_indices(count, count)

    def features(p: Tensor) -> Tensor:
        z = (p.flatten(1) - mean) @ axes / scale
        return with_bias(torch.cat([z, z[:, one] * z[:, two]], 1))

    x = features(pictures)
    w = least_squares(x, 2 * F.one_hot(labels, CLASSES).float() - 1, settings["ridge"])
    macs = axes.numel() + len(one) + w.numel()
    return Fitted(lambda p: (features(p) @ w).argmax(1), macs, axes.numel() + w.numel())


def radial_basis(pictures: Tensor, labels: Tensor, settings: Settings, width: float) -> Fitted:
    """Gaussian units around k-means centres of each class, and a linear unit. p. 12."""
    from sklearn.cluster import MiniBatchKMeans

    each = settings["units"] // CLASSES
    flat = pictures.flatten(1)
    centres = torch.cat(
        [
            torch.from_numpy(
                MiniBatchKMeans(each, n_init=1, batch_size=1024, random_state=0)
                .fit(flat[labels == c].numpy())
                .cluster_centers_
            )
            for c in range(CLASSES)
        ]
    ).float()
    spacing = torch.cdist(centres, centres).topk(2, 1, largest=False).values[:, 1].mean()

    def features(p: Tensor) -> Tensor:
        gaps = torch.cdist(p.flatten(1), centres) / (width * spacing)
        return with_bias(torch.exp(-0.5 * gaps.square()))

    x = features(pictures)
    w = least_squares(x, 2 * F.one_hot(labels, CLASSES).float() - 1, settings["ridge"])
    numbers = centres.numel() + w.numel()
    return Fitted(lambda p: (features(p) @ w).argmax(1), numbers, numbers)


def polynomial_svm(pictures: Tensor, labels: Tensor, settings: Settings, c: float) -> Fitted:
    """Support vectors with the kernel (x.y / scale + 1)^degree. Section III-C11, p. 13."""
    from sklearn.svm import SVC

    keep = settings["training"]
    machine = SVC(
        kernel="poly", degree=settings["degree"], C=c, gamma=settings["gamma"], coef0=1.0,
        cache_size=2_000,
    )  # fmt: skip
    machine.fit(pictures[:keep].flatten(1).numpy(), labels[:keep].numpy())
    numbers = machine.support_vectors_.size

    def answer(p: Tensor) -> Tensor:
        return torch.from_numpy(machine.predict(p.flatten(1).numpy())).long()

    return Fitted(answer, numbers, numbers + machine.dual_coef_.size)


METHODS = {
    f.__name__: f
    for f in (linear, pairwise, nearest_neighbours, pca_quadratic, radial_basis, polynomial_svm)
}


class RivalRunner:
    """Fits one classifier, see `Runner`; its settings are a method's name and its own."""

    passes = 1

    def __init__(self, jobs: list[Job], data: MNIST, device: torch.device) -> None:
        self.jobs, self.data = jobs, data
        self.chosen: list[dict[str, Any]] = []

    def advance(self) -> list[dict[str, float]]:
        """Measure every choice on the validation digits."""
        train, held = split_validation(len(self.data.train.labels), self._held())
        labels = self.data.train.labels
        for job in self.jobs:
            pictures = self._pictures(job, self.data.train.images)
            method = METHODS[job.settings["method"]]
            errors = []
            for choice in job.settings["choices"]:
                fitted = method(pictures[train], labels[train], job.settings, choice)
                errors.append(_error(fitted, pictures[held], labels[held]))
            best = min(range(len(errors)), key=errors.__getitem__)
            self.chosen.append({"choice": best, "errors": errors})
        return [{"validation_error": min(c["errors"])} for c in self.chosen]

    def finish(self) -> list[dict[str, Any]]:
        """Fit the best choice to all training digits and measure it on the test digits."""
        final = []
        for job, chosen in zip(self.jobs, self.chosen, strict=True):
            choice = job.settings["choices"][chosen["choice"]]
            pictures = self._pictures(job, self.data.train.images)
            method = METHODS[job.settings["method"]]
            fitted = method(pictures, self.data.train.labels, job.settings, choice)
            test = self._pictures(job, self.data.test.images)
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
        return min(VALIDATION, len(self.data.train.labels) // 10)

    def _pictures(self, job: Job, images: Tensor) -> Tensor:
        pictures = images.float() / 255
        return deslant(pictures) if job.settings["deslanted"] else pictures


def _error(fitted: Fitted, pictures: Tensor, labels: Tensor) -> float:
    return (fitted.answer(pictures) != labels).double().mean().item()


def _settings(method: str, *, deslanted: bool = False, choices: list[Any], **own: Any) -> Settings:
    return {"method": method, "deslanted": deslanted, "choices": choices, **own}


RIVALS: dict[str, Settings] = {
    "linear": _settings("linear", choices=[None], ridge=1.0),
    "linear, deslanted": _settings("linear", deslanted=True, choices=[None], ridge=1.0),
    "pairwise linear": _settings("pairwise", choices=[None], ridge=1.0),
    "K-NN": _settings("nearest_neighbours", choices=[1, 3, 5]),
    "K-NN, deslanted": _settings("nearest_neighbours", deslanted=True, choices=[1, 3, 5]),
    "40 PCA + quadratic": _settings("pca_quadratic", choices=[None], components=40, ridge=1.0),
    "1000 RBF + linear": _settings(
        "radial_basis", choices=[1.0, 2.0, 4.0], units=1_000, ridge=1e-3
    ),
    "SVM poly 4, deslanted": _settings(
        "polynomial_svm", deslanted=True, choices=[1.0], degree=4, gamma=0.02, training=60_000
    ),
}

_FIVE = {"passes": 5}
RIVAL_NETWORKS: dict[str, Settings] = {
    "784-300-10": {**TODAY, "network": "784-300-10", "side": 28, **_FIVE},
    "784-300-100-10": {**TODAY, "network": "784-300-100-10", "side": 28, **_FIVE},
    "LeNet-1": {**TODAY, "network": "LeNet-1", "side": 28, **_FIVE},
    "LeNet-4": {**TODAY, "network": "LeNet-4", **_FIVE},
}
"""Trained as today, in five passes of 55,000 digits; the paper's learnt from 60,000, as then."""


def runner(jobs: list[Job], data: MNIST, device: torch.device) -> Runner:
    """Return the runner for these jobs: of networks, or of other classifiers."""
    kind = NetworkRunner if "network" in jobs[0].settings else RivalRunner
    return kind(jobs, data, device)


def group(job: Job) -> str:
    """Return what jobs that share a runner have in common."""
    return batched.group(job) if "network" in job.settings else job.variant


EXPERIMENTS = [
    Experiment(
        name="figure-9",
        title="The paper's other classifiers on the same digits",
        source="Figs. 9, 11 and 12, pp. 12-15",
        variants={**RIVALS, **RIVAL_NETWORKS},
        seeds=1,
        runner=runner,
        group=group,
        seeds_of=dict.fromkeys(RIVAL_NETWORKS, 5),
    )
]
