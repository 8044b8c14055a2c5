"""The classifiers that Fig. 9 compares LeNet-5 with, but for the networks.

Each learns in one go from images, labels, settings and one choice among those that its settings
list. Source: LeCun, Bottou, Bengio and Haffner (1998), Section III-C and Figs. 9, 11 and 12,
pp. 11-15.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_research.experiment import Settings
from lenet_research.tangent_distance import TangentNeighbours

CLASSES = 10


class Fitted(NamedTuple):
    """A classifier that has learnt, and what an answer costs."""

    answer: Callable[[Tensor], Tensor]
    """Images float (N, 28, 28) in [0, 1] to classes int64 (N,)."""
    macs: int
    """Multiply-accumulates for one answer, as Fig. 11 counts them."""
    memory: int
    """Numbers kept, as Fig. 12 counts them."""


def with_bias(features: Tensor) -> Tensor:
    """Append a column of ones."""
    return F.pad(features, (0, 1), value=1.0)


def least_squares(features: Tensor, targets: Tensor, ridge: float) -> Tensor:
    """Return the weights (features, outputs) that bring features @ weights nearest to targets."""
    gram, moment = features.T @ features, features.T @ targets
    # The border pixels are always 0: without the ridge their weights would be undetermined.
    gram = gram.double() + ridge * torch.eye(len(gram), dtype=torch.double)
    weights: Tensor = torch.linalg.solve(gram, moment.double())
    return weights.float()


def linear(images: Tensor, labels: Tensor, settings: Settings, choice: Any) -> Fitted:
    """Ten weighted sums of the pixels, least squares on targets of -1 and +1. Fig. 9, line 1."""
    x = with_bias(images.flatten(1))
    w = least_squares(x, 2 * F.one_hot(labels, CLASSES).float() - 1, settings["ridge"])
    return Fitted(lambda p: (with_bias(p.flatten(1)) @ w).argmax(1), w.numel(), w.numel())


def pairwise(images: Tensor, labels: Tensor, settings: Settings, choice: Any) -> Fitted:
    """One linear unit for each pair of classes; evidence is added. Section III-C1, p. 12."""
    x = with_bias(images.flatten(1))
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


def nearest_neighbours(images: Tensor, labels: Tensor, settings: Settings, k: int) -> Fitted:
    """Vote of the k nearest training digits, Euclidean. Section III-C2, p. 12."""
    x = images.flatten(1)
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


def pca_quadratic(images: Tensor, labels: Tensor, settings: Settings, choice: Any) -> Fitted:
    """Principal components, their products of two, and a linear unit. Section III-C3, p. 12."""
    flat = images.flatten(1)
    mean = flat.mean(0)
    count = settings["components"]
    axes = torch.linalg.eigh((flat - mean).T @ (flat - mean)).eigenvectors[:, -count:]
    scale = ((flat - mean) @ axes).std(0)
    one, two = torch.triu_indices(count, count)

    def features(p: Tensor) -> Tensor:
        z = (p.flatten(1) - mean) @ axes / scale
        return with_bias(torch.cat([z, z[:, one] * z[:, two]], 1))

    x = features(images)
    w = least_squares(x, 2 * F.one_hot(labels, CLASSES).float() - 1, settings["ridge"])
    macs = axes.numel() + len(one) + w.numel()
    return Fitted(lambda p: (features(p) @ w).argmax(1), macs, axes.numel() + w.numel())


def radial_basis(images: Tensor, labels: Tensor, settings: Settings, width: float) -> Fitted:
    """Gaussian units around k-means centres of each class, and a linear unit. p. 12."""
    from sklearn.cluster import MiniBatchKMeans

    each = settings["units"] // CLASSES
    flat = images.flatten(1)
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

    x = features(images)
    w = least_squares(x, 2 * F.one_hot(labels, CLASSES).float() - 1, settings["ridge"])
    numbers = centres.numel() + w.numel()
    return Fitted(lambda p: (features(p) @ w).argmax(1), numbers, numbers)


def tangent_distance(images: Tensor, labels: Tensor, settings: Settings, width: float) -> Fitted:
    """The nearest neighbour by tangent distance. Section III-C10, p. 13."""
    neighbours = TangentNeighbours(images, labels, settings, width)
    return Fitted(neighbours.answer, neighbours.macs, neighbours.memory)


def polynomial_svm(images: Tensor, labels: Tensor, settings: Settings, c: float) -> Fitted:
    """Support vectors with the kernel (x.y / scale + 1)^degree. Section III-C11, p. 13."""
    keep = settings["training"]
    machine = _svm(images[:keep], labels[:keep], settings, c)
    return _of_svm(machine)


def virtual_svm(images: Tensor, labels: Tensor, settings: Settings, c: float) -> Fitted:
    """Support vectors of a first machine, moved by a pixel each way, train a second one. p. 13."""
    keep = settings["training"]
    images, labels = images[:keep], labels[:keep]
    first = _svm(images, labels, settings, c)
    x, y = images[first.support_], labels[first.support_]
    # Beside the digit all is background, so that what rolls around is nothing.
    moves = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]
    moved = torch.cat([x.roll(move, (1, 2)) for move in moves])
    return _of_svm(_svm(moved, y.repeat(len(moves)), settings, c))


def _svm(images: Tensor, labels: Tensor, settings: Settings, c: float) -> Any:
    from sklearn.svm import SVC

    machine = SVC(
        kernel="poly", degree=settings["degree"], C=c, gamma=settings["gamma"], coef0=1.0,
        cache_size=2_000,
    )  # fmt: skip
    return machine.fit(images.flatten(1).numpy(), labels.numpy())


def _of_svm(machine: Any) -> Fitted:
    numbers = machine.support_vectors_.size

    def answer(p: Tensor) -> Tensor:
        return torch.from_numpy(machine.predict(p.flatten(1).numpy())).long()

    return Fitted(answer, numbers, numbers + machine.dual_coef_.size)


METHODS = {
    f.__name__: f
    for f in (
        linear,
        pairwise,
        nearest_neighbours,
        pca_quadratic,
        radial_basis,
        tangent_distance,
        polynomial_svm,
        virtual_svm,
    )
}
