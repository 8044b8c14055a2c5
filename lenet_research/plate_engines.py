"""What trains the networks of the plates: two kernels for LeNet-5, and PyTorch for all else.

All take images as grey levels of standardised pictures (`LEVELS`), and fall back to plain PyTorch
where there is no compiler.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_research.experiment import Job
from lenet_research.parallel import Member, NativeTraining, ParallelTraining
from lenet_research.parallel_pytorch import PyTorchTraining
from lenet_research.preprocessing import Preprocessing
from lenet_utils._native.loader import KernelUnavailable, warn_once
from lenet_utils.criteria import MAP
from lenet_utils.models import LeNet5
from lenet_utils.online import outputs, resolve_backend, train_epoch
from lenet_utils.sdlm import SDLM

LEVELS = torch.arange(256).sub(128) / 40
"""What a grey level stands for, after a picture has been standardised: -3.2 to 3.175."""

STANDARDISED = Preprocessing(LEVELS, 0.0, frame=0)


CURVATURE_PATTERNS = 500
"""On so many the curvature is estimated before each epoch. Source: p. 10."""


class Pool(NamedTuple):
    """What a network learns from: uint8 (N, 32, 32), standardised, and int64 (N,)."""

    images: Tensor
    labels: Tensor


class Engine(Protocol):
    """Trains networks side by side."""

    backend: str

    def __init__(
        self, jobs: list[Job], models: Sequence[nn.Module], pools: Sequence[Pool]
    ) -> None: ...

    def epoch(self, images: Tensor, labels: Tensor, orders: Tensor, done: int) -> list[float]:
        """Train one epoch in the given orders, int64 (K, n); return each network's mean loss."""
        ...

    def scores(self, images: Tensor) -> Tensor:
        """Return scores, the largest of which is the answer: (K, N, classes)."""
        ...

    def state(self, i: int) -> dict[str, Tensor]:
        """Return a copy of network i's parameters."""
        ...

    def load(self, states: Sequence[dict[str, Tensor]]) -> None:
        """Give each network these parameters."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return the optimisers' states."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        ...


def rate_factor(progress: float) -> float:
    """Return the fraction of the rate: up during the first tenth, then down half a cosine."""
    return max(1e-3, min(progress * 10, 1.0) * (1 + math.cos(math.pi * progress)) / 2)


def copied(model: nn.Module) -> dict[str, Tensor]:
    """Return a copy of a network's state."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


class _Separate:
    """Networks that are modules of their own, each with its own state."""

    models: Sequence[nn.Module]

    def state(self, i: int) -> dict[str, Tensor]:
        """Return a copy of network i's parameters and statistics."""
        return copied(self.models[i])

    def load(self, states: Sequence[dict[str, Tensor]]) -> None:
        """Give each network its state."""
        for model, state in zip(self.models, states, strict=True):
            model.load_state_dict(state)


class Parallel:
    """LeNet-5 of today in the lanes of a kernel, in batches with AdamW."""

    def __init__(self, jobs: list[Job], models: Sequence[nn.Module], pools: Sequence[Pool]) -> None:
        self.jobs, self.models, self.settings = jobs, models, jobs[0].settings
        members = [
            Member(m, STANDARDISED, "adam", j.settings["weight_decay"], j.settings["smoothing"])
            for m, j in zip(models, jobs, strict=True)
        ]
        self.training: ParallelTraining
        try:
            self.training, self.backend = NativeTraining(members), "native"
        except KernelUnavailable as error:
            warn_once(error)
            self.training, self.backend = PyTorchTraining(members), "pytorch"

    def epoch(self, images: Tensor, labels: Tensor, orders: Tensor, done: int) -> list[float]:
        """Train one epoch, see `Engine.epoch`."""
        batches = orders.split(self.settings["batch_size"], 1)
        losses = torch.zeros(len(self.jobs), dtype=torch.float64)
        for i, batch in enumerate(batches):
            factor = rate_factor((done + i / len(batches)) / self.settings["epochs"])
            rates = torch.tensor([job.settings["lr"] * factor for job in self.jobs])
            loss, _ = self.training.step(images, labels, batch, rates, [None] * len(self.jobs))
            losses += loss
        return [loss / orders.shape[1] for loss in losses.tolist()]

    def scores(self, images: Tensor) -> Tensor:
        """Return scores, see `Engine.scores`."""
        return self.training.outputs(images)

    def state(self, i: int) -> dict[str, Tensor]:
        """Return a copy of network i's parameters."""
        self.training.state_dict()  # writes the kernel's numbers into the networks
        return copied(self.models[i])

    def load(self, states: Sequence[dict[str, Tensor]]) -> None:
        """Give each network these parameters."""
        self.training.load_state_dict({**self.training.state_dict(), "models": states})

    def state_dict(self) -> dict[str, Any]:
        """Return the optimisers' states."""
        return self.training.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.training.load_state_dict(state)


class Online(_Separate):
    """LeNet-5 of 1998 in the lanes of a kernel, one pattern per update.

    The loss is Eq. 9, and each parameter has its own rate (SDLM, Appendix C).
    """

    models: Sequence[LeNet5]

    def __init__(self, jobs: list[Job], models: Sequence[nn.Module], pools: Sequence[Pool]) -> None:
        self.jobs = jobs
        self.models = [model for model in models if isinstance(model, LeNet5)]
        self.backend: str = resolve_backend(self.models)

    def epoch(self, images: Tensor, labels: Tensor, orders: Tensor, done: int) -> list[float]:
        """Train one epoch, see `Engine.epoch`."""
        criteria = [MAP(j=job.settings["j"], distance_scale=0.5) for job in self.jobs]
        rates = []
        for job, model, criterion, order in zip(
            self.jobs, self.models, criteria, orders, strict=True
        ):
            factor = rate_factor((done + 0.5) / job.settings["epochs"])
            optimizer = SDLM(model, criterion, rate=job.settings["lr"] * factor, start=4.0)
            chosen = order[:CURVATURE_PATTERNS]
            x = LEVELS[images[chosen].long()][:, None]
            optimizer.estimate_curvature(x, labels[chosen])
            rates.append(optimizer.effective_rates())
        result = train_epoch(
            self.models, criteria, images, labels, orders, rates, grey=LEVELS, threads=1
        )
        return [float(loss) for loss in result.losses]

    def scores(self, images: Tensor) -> Tensor:
        """Return half the negative distances, see `Engine.scores`."""
        return -0.5 * outputs(self.models, images, grey=LEVELS, threads=1)

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: without momentum there is no state."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Do nothing."""


class PyTorch(_Separate):
    """Any network, one after the other, in batches with AdamW; class weights where asked."""

    backend = "pytorch"

    def __init__(self, jobs: list[Job], models: Sequence[nn.Module], pools: Sequence[Pool]) -> None:
        self.jobs, self.models = jobs, models
        self.optimizers = [
            torch.optim.AdamW(
                [p for p in m.parameters() if p.requires_grad],
                weight_decay=j.settings["weight_decay"],
            )
            for m, j in zip(models, jobs, strict=True)
        ]
        self.weights = [
            _class_weights(pool.labels) if job.settings["imbalance"] == "weights" else None
            for job, pool in zip(jobs, pools, strict=True)
        ]

    def epoch(self, images: Tensor, labels: Tensor, orders: Tensor, done: int) -> list[float]:
        """Train one epoch, see `Engine.epoch`."""
        return [self._epoch(i, images, labels, order, done) for i, order in enumerate(orders)]

    def _epoch(self, k: int, images: Tensor, labels: Tensor, order: Tensor, done: int) -> float:
        model, settings = self.models[k], self.jobs[k].settings
        # Frozen layers keep the batch statistics that they have learnt.
        model.train(settings["pretrained"] != "frozen")
        batches = order.split(settings["batch_size"])
        losses = []
        for i, batch in enumerate(batches):
            factor = rate_factor((done + i / len(batches)) / settings["epochs"])
            self.optimizers[k].param_groups[0]["lr"] = settings["lr"] * factor
            loss = F.cross_entropy(
                model(LEVELS[images[batch].long()][:, None]),
                labels[batch],
                self.weights[k],
                label_smoothing=settings["smoothing"],
            )
            self.optimizers[k].zero_grad()
            loss.backward()
            self.optimizers[k].step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    @torch.no_grad()
    def scores(self, images: Tensor) -> Tensor:
        """Return scores, see `Engine.scores`."""
        parts = images.split(500)
        return torch.stack(
            [
                torch.cat([model.eval()(LEVELS[part.long()][:, None]) for part in parts])
                for model in self.models
            ]
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the optimisers' states."""
        return {"optimizers": [optimizer.state_dict() for optimizer in self.optimizers]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)


def _class_weights(labels: Tensor) -> Tensor:
    counts = torch.bincount(labels).float()
    return counts.mean() / counts.clamp(min=1)


ENGINES: dict[str, Callable[..., Engine]] = {
    "parallel": Parallel,
    "online": Online,
    "pytorch": PyTorch,
}
