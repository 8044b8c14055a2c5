"""The training criteria: the paper's Eq. 8 and Eq. 9, and cross-entropy for today's networks.

All are called the same way: `criterion(outputs, targets)` takes outputs (N, K) and targets
int64 (N,), and gives the mean over the N patterns. `MSE` and `MAP` read the squared distances of
an RBF output, smallest wins; `CrossEntropy` reads the scores of a linear output, largest wins.
Source: LeCun, Bottou, Bengio and Haffner (1998), Section II-C, p. 9.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor


class Criterion:
    """What the three criteria share. A subclass gives `losses` and `derivatives`."""

    smallest_wins = True
    """Whether the outputs are distances, so that the smallest one is the answer."""

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss: outputs (N, K) and targets int64 (N,) to a scalar."""
        return self.losses(outputs, targets).mean()

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each pattern: (N, K) and int64 (N,) to (N,)."""
        raise NotImplementedError

    def derivatives(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return each pattern's first and second derivatives by the outputs.

        Args:
            outputs: (N, K).
            targets: int64 (N,).

        Returns:
            dE/dy, (N, K), and d2E/dy_i dy_k, (N, K, K), of the loss of each pattern by itself
            (not divided by N).
        """
        raise NotImplementedError


@dataclass(frozen=True)
class MSE(Criterion):
    """Eq. 8: the mean distance to the code of the right class, E = y_D.

    Args:
        distance_scale: factor on the distances. Eq. 7 is 1; 0.5 gives the half distances of the
            authors' later library.

    Raises:
        ValueError: a scale that is not positive; outputs or targets of another shape or type.

    Source: Eq. 8, p. 9.
    """

    distance_scale: float = 1.0

    def __post_init__(self) -> None:
        require_positive("distance_scale", self.distance_scale, "1 or 0.5")

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each pattern: (N, K) and int64 (N,) to (N,)."""
        require_outputs(outputs, targets)
        return self.distance_scale * outputs.gather(1, targets[:, None])[:, 0]

    def derivatives(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return dE/dy (N, K) and d2E/dy2 (N, K, K), which is zero: E is linear in y."""
        require_outputs(outputs, targets)
        slopes = self.distance_scale * _one_hot(outputs, targets)
        return slopes, outputs.new_zeros(*outputs.shape, outputs.shape[1])


@dataclass(frozen=True)
class MAP(Criterion):
    """Eq. 9: pull the right code closer and push the others away, with a rejection constant.

    E = y_D + log(exp(-j) + sum_i exp(-y_i)). At the start every distance is near 84 and exp(-84)
    is 3e-37, so the logarithm is taken by logsumexp.

    Args:
        j: the paper only calls it positive. Classes further away than about j are no longer
            pushed. `math.inf` leaves the rejection term out.
        distance_scale: factor on the distances. Eq. 7 is 1; 0.5 gives the half distances of the
            authors' later library.

    Raises:
        ValueError: j or a scale that is not positive; outputs or targets of another shape or
            type.

    Source: Eq. 9, p. 9.
    """

    j: float = 1.0
    distance_scale: float = 1.0

    def __post_init__(self) -> None:
        if not self.j > 0:
            raise ValueError(f"j is {self.j}; expected a positive number, such as 1 or math.inf.")
        require_positive("distance_scale", self.distance_scale, "1 or 0.5")

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each pattern: (N, K) and int64 (N,) to (N,)."""
        require_outputs(outputs, targets)
        right = self.distance_scale * outputs.gather(1, targets[:, None])[:, 0]
        return right + torch.logsumexp(self._exponents(outputs), 1)

    def derivatives(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return dE/dy (N, K) and d2E/dy2 (N, K, K)."""
        require_outputs(outputs, targets)
        probabilities = torch.softmax(self._exponents(outputs), 1)[:, :-1]
        slopes = self.distance_scale * (_one_hot(outputs, targets) - probabilities)
        return slopes, self.distance_scale**2 * _covariance(probabilities)

    def _exponents(self, outputs: Tensor) -> Tensor:
        reject = outputs.new_full((len(outputs), 1), -self.j)
        return torch.cat([-self.distance_scale * outputs, reject], 1)


@dataclass(frozen=True)
class CrossEntropy(Criterion):
    """Softmax and minus the logarithm of the right class's share, for a linear output.

    Raises:
        ValueError: outputs or targets of another shape or type.
    """

    smallest_wins = False

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each pattern: scores (N, K) and int64 (N,) to (N,)."""
        require_outputs(outputs, targets)
        return torch.logsumexp(outputs, 1) - outputs.gather(1, targets[:, None])[:, 0]

    def derivatives(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return dE/dy (N, K) and d2E/dy2 (N, K, K)."""
        require_outputs(outputs, targets)
        probabilities = torch.softmax(outputs, 1)
        return probabilities - _one_hot(outputs, targets), _covariance(probabilities)


def _one_hot(outputs: Tensor, targets: Tensor) -> Tensor:
    return torch.zeros_like(outputs).scatter(1, targets[:, None], 1.0)


def _covariance(probabilities: Tensor) -> Tensor:
    return torch.diag_embed(probabilities) - probabilities[:, :, None] * probabilities[:, None, :]


def require_positive(name: str, value: float, examples: str) -> None:
    """Refuse a value that is not a positive, finite number."""
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{name} is {value}; expected a positive number, such as {examples}.")


def require_mean(criterion: Callable[..., Tensor]) -> None:
    """Refuse a criterion that does not say the mean of a batch."""
    told = criterion.keywords if isinstance(criterion, partial) else {}
    reduction = told.get("reduction", getattr(criterion, "reduction", "mean"))
    if reduction != "mean":
        raise ValueError(
            f"criterion has reduction={reduction!r}; expected 'mean', of which `fit` makes the "
            "mean of an epoch."
        )


def require_outputs(outputs: Tensor, targets: Tensor) -> None:
    """Refuse outputs that are not (N, K), and targets that do not name one of K classes each."""
    if outputs.dim() != 2 or len(outputs) == 0 or not outputs.is_floating_point():
        raise ValueError(
            f"outputs are {outputs.dtype} of shape {tuple(outputs.shape)}; expected a float "
            "tensor (N, K), N of 1 or more. Pick a position of a wider network's outputs first."
        )
    if targets.dtype != torch.int64 or targets.shape != outputs.shape[:1]:
        raise ValueError(
            f"targets are {targets.dtype} of shape {tuple(targets.shape)}; expected int64 "
            f"({len(outputs)},): the class number of each pattern. Convert them with "
            "targets.long()."
        )
    # Elsewhere the values are not read, which would wait for the GPU.
    if targets.device.type == "cpu":
        classes = outputs.shape[1]
        require_range("targets", targets, classes, f"the outputs name {classes} classes")


def require_range(name: str, values: Tensor, count: int, because: str) -> None:
    """Refuse whole numbers that are not all from 0 to count - 1."""
    low, high, last = int(values.min()), int(values.max()), count - 1
    if low < 0 or high > last:
        raise ValueError(f"{name} run from {low} to {high}; {because}, so expected 0 to {last}.")
