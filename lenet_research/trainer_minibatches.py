"""The trainer of the road from 1998 to today: any step of it, several networks side by side.

Early steps train one pattern per update, later ones in batches; all share the validation digits,
the number of epochs and the shape of the rate over the epochs, unless that is what a step changes.
The settings are those of `road.START`.
"""

import json
import math
from typing import Any

import torch
from torch import Tensor, nn

from lenet_research.experiment import Job, Settings
from lenet_research.parallel import (
    HIDDEN,
    Member,
    NativeTraining,
    NativeTrainingGroups,
    ParallelTraining,
    kernel,
    supports,
)
from lenet_research.parallel_pytorch import PyTorchTraining
from lenet_research.preprocessing import PREPROCESSING, Preprocessing
from lenet_research.trainer_1998 import distorted
from lenet_utils._native.loader import KernelUnavailable, warn_once
from lenet_utils.accounting import layer_table
from lenet_utils.criteria import MAP, Criterion, CrossEntropy
from lenet_utils.initialisation import initialise_1998
from lenet_utils.layers import ScaledTanh, SparseConv2d
from lenet_utils.mnist import MNIST, Digits, pad_to_32
from lenet_utils.models import LeNet5
from lenet_utils.online import GREY_1998, outputs, resolve_backend, train_epoch
from lenet_utils.sdlm import PUBLISHED_SCHEDULE, SDLM
from lenet_utils.training import split_validation

CURVATURE_PATTERNS = 500
STABLE = 10
"""The epoch after which the test error was stable. Source: p. 10."""
ACTIVATIONS = {"scaled tanh": ScaledTanh, "relu": nn.ReLU}


def group(job: Job) -> str:
    """Return what networks that are trained side by side must share."""
    names = ("network", "activation", "pooling", "c3", "output", "batch_norm")
    shared = ("batch_size", "epochs", "training", "validation")
    return json.dumps([job.settings.get(name) for name in (*names, *shared)])


def build(settings: Settings, seed: int) -> LeNet5:
    """Return the network that settings name, with its initial weights."""
    torch.manual_seed(seed)
    model = LeNet5(
        activation=ACTIVATIONS[settings["activation"]],
        pooling=settings["pooling"],
        c3=settings["c3"],
        output=settings["output"],
        batch_norm=settings["batch_norm"],
    )
    if settings["init"] == "1998":
        start = settings["coefficient"]
        initialise_1998(model, seed, gain=1.0, power=0.5, coefficient=start, bias=0.0)
    elif settings["init"] == "he":
        _initialise_he(model)
    elif settings["init"] != "pytorch":
        raise ValueError(f"init is {settings['init']!r}; expected '1998', 'pytorch' or 'he'.")
    return model


@torch.no_grad()
def _initialise_he(model: LeNet5) -> None:
    """Draw weights from a normal distribution of variance 2/F; biases 0."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.get_parameter("bias"))
        elif isinstance(layer, SparseConv2d):
            fan_in = layer.fan_in()[layer.table.nonzero()[:, 0], None, None]
            layer.weight.normal_().mul_((2 / fan_in).sqrt())
            layer.bias.zero_()


class MinibatchTrainer:
    """Trains LeNet-5 of any step of the road, several side by side, see `Trainer`."""

    def __init__(self, jobs: list[Job], data: MNIST, device: torch.device) -> None:
        self.jobs = jobs
        first = jobs[0].settings
        self.epochs: int = first["epochs"]
        self.batch: int = first["batch_size"]
        self.done = 0
        train, held = split_validation(len(data.train.labels), first["validation"])
        self.train = self._digits(data.train, train[: first["training"]])
        self.held = self._digits(data.train, held)
        self.test = self._digits(data.test, torch.arange(len(data.test.labels)))
        self.models = [self._build(job) for job in jobs]
        falling = [rate / PUBLISHED_SCHEDULE[0] for rate in PUBLISHED_SCHEDULE[:STABLE]]
        self.shape = [falling[i * STABLE // self.epochs] for i in range(self.epochs)]
        self.training = None if self.batch == 1 else self._new_training(device)
        if self.training is None:
            self.backend: str = resolve_backend(self._lenets())
        else:
            self.backend = "pytorch" if isinstance(self.training, PyTorchTraining) else "native"

    def _digits(self, digits: Digits, chosen: Tensor) -> Digits:
        return Digits(digits.images[chosen].contiguous(), digits.labels[chosen])

    def _build(self, job: Job) -> nn.Module:
        return build(job.settings, job.seed)

    def _preprocessing(self, job: Job) -> Preprocessing:
        return PREPROCESSING[job.settings["preprocessing"]]

    def _members(self) -> list[Member]:
        return [
            Member(
                model,
                self._preprocessing(job),
                job.settings["optimizer"],
                job.settings["weight_decay"],
                job.settings.get("smoothing", 0.0),
            )
            for model, job in zip(self.models, self.jobs, strict=True)
        ]

    def _new_training(self, device: torch.device) -> ParallelTraining:
        members = self._members()
        if device.type == "cpu" and all(supports(model) for model in self.models):
            try:
                many = len(members) > kernel().lanes
                return NativeTrainingGroups(members) if many else NativeTraining(members)
            except KernelUnavailable as error:
                warn_once(error)
        return PyTorchTraining(members, device)

    def advance(self) -> list[dict[str, float]]:
        """Do one epoch; measure while learning, then on the validation digits."""
        images, offsets = distorted(self.jobs, self.train.images, self.done)
        count = len(self.train.labels)
        labels = self.train.labels.repeat(len(images) // count)
        orders = torch.stack(
            [
                torch.randperm(count, generator=_generator(job, self.done)) + offset
                for job, offset in zip(self.jobs, offsets, strict=True)
            ]
        )
        if self.training is None:
            losses, errors = self._single_patterns(images, labels, orders)
        else:
            losses, errors = self._batches(self.training, images, labels, orders)
        self.done += 1
        held = self._errors(self.held) if len(self.held.labels) else []
        return [
            {
                "train_loss": losses[i].item() / count,
                "train_error": errors[i].item() / count,
                **({"validation_error": held[i]} if held else {}),
            }
            for i in range(len(self.jobs))
        ]

    def finish(self) -> list[dict[str, Any]]:
        """Measure on the test digits; count parameters and operations."""
        final = []
        for job, model, error in zip(self.jobs, self.models, self._errors(self.test), strict=True):
            side = self.train.images.shape[-1] + 2 * self._preprocessing(job).frame
            table = layer_table(model, (1, side, side))
            final.append({"test_error": error, "parameters": table.parameters, "macs": table.macs})
        return final

    def state_dict(self) -> dict[str, Any]:
        """Return the networks, the optimizers' memories and the number of epochs done."""
        if self.training is None:
            return {"done": self.done, "models": [model.state_dict() for model in self.models]}
        return {"done": self.done, **self.training.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.done = state["done"]
        if self.training is not None:
            self.training.load_state_dict(state)
            return
        for model, parameters in zip(self.models, state["models"], strict=True):
            model.load_state_dict(parameters)

    def _lenets(self) -> list[LeNet5]:
        return [model for model in self.models if isinstance(model, LeNet5)]

    def _single_patterns(
        self, images: Tensor, labels: Tensor, orders: Tensor
    ) -> tuple[Tensor, Tensor]:
        padded = pad_to_32(images)
        result = train_epoch(
            self._lenets(),
            [_criterion(job.settings) for job in self.jobs],
            padded,
            labels,
            orders,
            [self._rates(i, padded, labels, order) for i, order in enumerate(orders)],
            threads=torch.get_num_threads(),
        )
        count = orders.shape[1]
        return result.losses * count, result.errors * count

    def _rates(self, i: int, padded: Tensor, labels: Tensor, order: Tensor) -> list[Tensor]:
        """Return the rate of each parameter in this epoch: one for all, or SDLM's."""
        model, settings = self._lenets()[i], self.jobs[i].settings
        factor = self.shape[self.done]
        if settings["optimizer"] == "sgd":
            return [torch.full_like(p, settings["lr"] * factor) for p in model.parameters()]
        optimizer = SDLM(
            model,
            _criterion(settings),
            rate=settings["lr"] * factor,
            start=settings["curvature"],
        )
        chosen = order[:CURVATURE_PATTERNS]
        optimizer.estimate_curvature(GREY_1998[padded[chosen].long()][:, None], labels[chosen])
        return optimizer.effective_rates()

    def _batches(
        self,
        training: ParallelTraining,
        images: Tensor,
        labels: Tensor,
        orders: Tensor,
    ) -> tuple[Tensor, Tensor]:
        batches = orders.split(self.batch, 1)
        steps = self.epochs * len(batches)
        randomness = [_generator(job, self.done, dropout=True) for job in self.jobs]
        losses = errors = torch.zeros(len(self.jobs), dtype=torch.float64)
        for number, batch in enumerate(batches):
            step = self.done * len(batches) + number
            rates = torch.tensor([self._rate(job, step, steps) for job in self.jobs])
            keep = [
                _factors(job.settings["dropout"], batch.shape[1], generator)
                for job, generator in zip(self.jobs, randomness, strict=True)
            ]
            loss, wrong = training.step(images, labels, batch, rates, keep)
            losses, errors = losses + loss, errors + wrong
        return losses, errors

    def _rate(self, job: Job, step: int, steps: int) -> float:
        lr: float = job.settings["lr"]
        one = job.settings["schedule"] == "one-cycle"
        return lr * (one_cycle_factor(step, steps) if one else self.shape[self.done])

    def _errors(self, digits: Digits) -> list[float]:
        if self.training is not None:
            scores = self.training.outputs(digits.images)
        else:
            padded = pad_to_32(digits.images)
            scores = outputs(self._lenets(), padded, threads=torch.get_num_threads())
            scores = -scores if self._lenets()[0].smallest_wins else scores
        wrong = (scores.argmax(2) != digits.labels) | ~scores.isfinite().all(2)
        return wrong.double().mean(1).tolist()


def one_cycle_factor(step: int, steps: int, warm_up: float = 0.3) -> float:
    """Return the fraction of the largest rate at a step: a linear rise, then half a cosine down."""
    rise = warm_up * steps
    if step < rise:
        return 0.04 + 0.96 * step / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))


def _criterion(settings: Settings) -> Criterion:
    return MAP(j=10.0, distance_scale=0.5) if settings["output"] == "rbf" else CrossEntropy()


def _factors(dropout: float, count: int, generator: torch.Generator) -> Tensor | None:
    """Return 0 for each state of C5 and F6 that is dropped, 1 / (1 - dropout) for the others."""
    if not dropout:
        return None
    kept = torch.rand(count, sum(HIDDEN), generator=generator) >= dropout
    return kept / (1 - dropout)


def _generator(job: Job, number: int, *, dropout: bool = False) -> torch.Generator:
    """Return a generator that depends on seed, epoch and purpose only: nothing to save."""
    return torch.Generator().manual_seed((job.seed * 1_000 + number) * 10 + dropout)
