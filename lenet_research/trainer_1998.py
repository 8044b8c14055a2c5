"""The trainer that trains LeNet-5 of 1998 as in 1998: one pattern per update, SDLM, many at once.

Its settings are those of `configurations.PAPER`.
Source: LeCun, Bottou, Bengio and Haffner (1998), Section III, pp. 10-12, and Appendix C.
"""

import json
import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from lenet_research.experiment import Job, Settings
from lenet_utils.criteria import MAP, MSE, Criterion
from lenet_utils.distortions import PlanarRanges, distort
from lenet_utils.initialisation import initialise_1998
from lenet_utils.mnist import MNIST, Digits, pad_to_32
from lenet_utils.models import LeNet5, lenet5_1998
from lenet_utils.online import GREY_1998, outputs, resolve_backend, train_epoch
from lenet_utils.sdlm import PUBLISHED_SCHEDULE, SDLM
from lenet_utils.training import split_validation
from lenet_utils.typesetting import invert_some


def schedule(epochs: int) -> list[float]:
    """Return the global rate of each epoch: the published one, stretched where epochs is not 20."""
    published = len(PUBLISHED_SCHEDULE)
    return [PUBLISHED_SCHEDULE[i * published // epochs] for i in range(epochs)]


def group(job: Job) -> str:
    """Return what networks that are trained side by side must share."""
    names = ("training", "validation", "epochs", "test_curve")
    return json.dumps([job.settings[name] for name in names])


class Trainer1998:
    """Trains networks of 1998 side by side, see `Trainer`; the jobs share what `group` names."""

    def __init__(self, jobs: list[Job], data: MNIST, device: torch.device) -> None:
        self.jobs = jobs
        first = jobs[0].settings
        self.epochs: int = first["epochs"]
        self.rates = schedule(self.epochs)
        self.done = 0
        train, held = split_validation(len(data.train.labels), first["validation"])
        self.train = _padded(data.train, train)
        self.held = _padded(data.train, held) if len(held) else None
        self.test = _padded(data.test)
        self.models = [_new_model(job) for job in jobs]
        self.backend: str = resolve_backend(self.models)
        self.criteria = [criterion(job.settings) for job in jobs]
        self.subsets = [_subset(job, len(train)) for job in jobs]

    def advance(self) -> list[dict[str, float]]:
        """Do one epoch; measure while learning, then on the validation digits."""
        images, offsets = distorted(self.jobs, self.train.images, self.done)
        orders = [
            self.subsets[i][_order(job, len(self.subsets[i]), self.done)] + offsets[i]
            for i, job in enumerate(self.jobs)
        ]
        rates = [self._rates(i, images, order) for i, order in enumerate(orders)]
        copies = len(images) // len(self.train.labels)
        result = train_epoch(
            self.models,
            self.criteria,
            images,
            self.train.labels.repeat(copies),
            torch.stack(orders),
            rates,
            threads=torch.get_num_threads(),
        )
        self.done += 1
        measured = [
            {"train_loss": loss, "train_error": error}
            for loss, error in zip(result.losses.tolist(), result.errors.tolist(), strict=True)
        ]
        for row, rate in zip(measured, rates, strict=True):
            row.update(_rate_bounds(rate))
        if self.held is not None:
            _add(measured, "validation_error", self._errors(self.held))
        if self.jobs[0].settings["test_curve"]:
            _add(measured, "test_error", self._errors(self.test))
        return measured

    def finish(self) -> list[dict[str, Any]]:
        """Measure on the test digits, and on those trained on, as they are without distortion."""
        final: list[dict[str, Any]] = [{} for _ in self.jobs]
        _add(final, "test_error", self._errors(self.test))
        wrong = self._wrong(self.train)
        fitted = [row[own].mean().item() for row, own in zip(wrong, self.subsets, strict=True)]
        _add(final, "fitted_error", fitted)
        if self.held is not None:
            _add(final, "validation_error", self._errors(self.held))
        return final

    def state_dict(self) -> dict[str, Any]:
        """Return the networks and the number of epochs done; all else follows from the jobs."""
        return {"done": self.done, "models": [model.state_dict() for model in self.models]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.done = state["done"]
        for model, parameters in zip(self.models, state["models"], strict=True):
            model.load_state_dict(parameters)

    def _rates(self, i: int, images: Tensor, order: Tensor) -> list[Tensor]:
        """Estimate one network's curvature on patterns drawn from those of this epoch."""
        job = self.jobs[i]
        settings = job.settings
        optimizer = SDLM(
            self.models[i],
            self.criteria[i],
            rate=self.rates[self.done] * settings["lr_scale"],
            mu=settings["mu"],
            start=settings["curvature"],
        )
        drawn = torch.randperm(len(order), generator=_generator(job, "curvature", self.done))
        chosen = order[drawn[: settings["curvature_patterns"]]]
        inputs = GREY_1998[images[chosen].long()][:, None]
        targets = self.train.labels[chosen % len(self.train.labels)]
        optimizer.estimate_curvature(inputs, targets)
        return optimizer.effective_rates()

    def _errors(self, digits: Digits) -> list[float]:
        return self._wrong(digits).mean(1).tolist()

    def _wrong(self, digits: Digits) -> Tensor:
        """Return 1 for each digit that a network misreads, else 0: (networks, digits)."""
        distances = outputs(self.models, digits.images, threads=torch.get_num_threads())
        wrong = distances.argmin(2) != digits.labels
        # A network that diverged gives no number, and so no answer.
        return (wrong | ~distances.isfinite().all(2)).double()


def criterion(settings: Settings) -> Criterion:
    """Return the criterion that settings name. Source: Eqs. 8 and 9, p. 9."""
    scale = settings["distance_scale"]
    if settings["criterion"] == "mse":
        return MSE(distance_scale=scale)
    j = settings["j"]
    return MAP(j=math.inf if j is None else j, distance_scale=scale)


def distorted(jobs: list[Job], images: Tensor, number: int) -> tuple[Tensor, list[int]]:
    """Return an epoch's images, and where each job's begin.

    Jobs without distortions share the images as they are; each other has copies of its own, which
    depend on its seed and on the epoch.
    """
    kinds = [json.dumps(job.settings["distortions"]) for job in jobs]
    keys = [
        (kind, None if kind == "null" else job.seed) for kind, job in zip(kinds, jobs, strict=True)
    ]
    distinct = list(dict.fromkeys(keys))
    parts = [
        images if seed is None else _distort(images, json.loads(kind), seed, number)
        for kind, seed in distinct
    ]
    return torch.cat(parts), [distinct.index(key) * len(images) for key in keys]


def _distort(images: Tensor, ranges: Settings, seed: int, number: int) -> Tensor:
    noise = ranges.pop("noise", 0.0)
    if ranges:
        images = distort(images, PlanarRanges(**ranges), seed=(seed * 1_000 + number) * 10 + 4)
    generator = torch.Generator().manual_seed((seed * 1_000 + number) * 10 + 5)
    return invert_some(images, noise, generator)


def _new_model(job: Job) -> LeNet5:
    model = lenet5_1998()
    names = ("gain", "power", "coefficient", "bias")
    initialise_1998(model, job.seed, **{name: job.settings[name] for name in names})
    return model


def _padded(digits: Digits, chosen: Tensor | None = None) -> Digits:
    images, labels = digits
    if chosen is not None:
        images, labels = images[chosen], labels[chosen]
    return Digits(pad_to_32(images), labels)


def _subset(job: Job, available: int) -> Tensor:
    wanted = job.settings["training"]
    if not 0 < wanted <= available:
        raise ValueError(
            f"training is {wanted} in {job.variant!r}; {available} digits are left to train on."
        )
    if wanted == available:
        return torch.arange(available)
    return torch.randperm(available, generator=_generator(job, "subset"))[:wanted]


def _order(job: Job, count: int, number: int) -> Tensor:
    kind = job.settings["order"]
    if kind == "constant":
        return torch.randperm(count, generator=_generator(job, "order"))
    if kind == "reshuffled":
        return torch.randperm(count, generator=_generator(job, "order", number))
    raise ValueError(f"order is {kind!r}; expected 'constant' or 'reshuffled'.")


def _generator(job: Job, purpose: str, number: int = 0) -> torch.Generator:
    """Return a generator that depends on seed, purpose and epoch only: nothing to save."""
    salt = {"order": 1, "curvature": 2, "subset": 3}[purpose]
    return torch.Generator().manual_seed((job.seed * 1_000 + number) * 10 + salt)


def _rate_bounds(rates: Iterable[Tensor]) -> dict[str, float]:
    """Say between what bounds the effective rates of the parameters lie, as p. 10 does."""
    flat = torch.cat([rate.reshape(-1) for rate in rates]).cpu()
    at = torch.tensor([0.0, 0.01, 0.5, 0.99, 1.0])
    names = ("rate_min", "rate_1%", "rate_50%", "rate_99%", "rate_max")
    return dict(zip(names, flat.quantile(at).tolist(), strict=True))


def _add(measured: list[dict[str, Any]], name: str, values: list[float]) -> None:
    for row, value in zip(measured, values, strict=True):
        row[name] = value
