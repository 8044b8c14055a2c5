"""The trainer of networks that read single characters of number plates, 65 classes.

The pictures come from the maker, `python -m lenet_utils.plates`, in full size, and are kept in the
user's cache folder. The epoch that is kept, the temperature and the threshold for "none of these"
are chosen on the validation set, whose typefaces are neither in the training nor in the test set.
"""

import csv
import itertools
import json
import math
import os
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_research.experiment import Job, Settings
from lenet_research.plate_engines import ENGINES, LEVELS, Engine, Pool, copied
from lenet_research.plate_measures import error, measures
from lenet_research.plate_networks import build
from lenet_research.plate_outliers import NONE, with_outliers
from lenet_utils.mnist import MNIST, Digits
from lenet_utils.plates.folder import make_folder, make_scripts
from lenet_utils.plates.reading import read_classes, read_flat
from lenet_utils.plates.typefaces import FOLDERS, find_faces
from lenet_utils.system import cache_folder

PRETRAINING: Settings = {
    "data": "scripts",
    "part": 1.0,
    "per_class": None,
    "pretrained": None,
    "imbalance": None,
    "lr": 4e-3,
    "batch_size": 64,
    "epochs": 6,
}
"""How the network that learns other scripts is trained: otherwise as the one that takes over."""

TOGETHER = 5
"""So many of these are trained side by side."""

OUTLIERS = 4_500
"""So many pictures of no character are there to draw from, where `outliers` says what part."""


class PlateData(NamedTuple):
    """All that is trained and measured on."""

    train: Digits
    validation: Digits
    test: Digits
    scripts: Digits
    """Glyphs of other scripts, to pretrain on."""
    none_validation: Tensor
    none_test: Tensor


def folder(kind: str) -> Path:
    """Return the folder of made pictures, below $LENET_PLATES or the cache; make it if needed."""
    root = Path(os.environ.get("LENET_PLATES") or cache_folder() / "plates")
    path = root / kind
    if not path.exists():
        fonts = os.environ.get("LENET_FONTS")
        faces = find_faces([fonts] if fonts else FOLDERS)
        unfinished = root / f"{kind}-unfinished"
        (make_folder if kind == "full" else make_scripts)(unfinished, faces)
        unfinished.rename(path)
    return path


@cache
def plate_data() -> PlateData:
    """Return the pictures, read once and kept beside their folders as tensors."""
    root = folder("full")
    kept = root.parent / "pictures.pt"
    if not kept.exists():
        torch.save(_read(root), kept)
    read: dict[str, Tensor] = torch.load(kept, weights_only=True)
    train, validation, test, scripts = (
        Digits(read[f"{name}_images"], read[f"{name}_labels"])
        for name in ("train", "validation", "test", "scripts")
    )
    none = read["none_validation"], read["none_test"]
    return PlateData(train, validation, test, scripts, *none)


def _read(root: Path) -> dict[str, Tensor]:
    """Read the pictures, without the copies that leaked into the validation set."""
    train = read_classes(root / "train")
    with (root / "planted.csv").open(encoding="utf-8") as file:
        leaked = {root / row["file"] for row in csv.DictReader(file) if row["kind"] == "leaked"}
    sets = {
        "train": train,
        "validation": read_classes(root / "validation", train.names),
        "test": read_classes(root / "test", train.names),
        "scripts": read_classes(folder("scripts")),
    }
    found = {}
    for name, pictures in sets.items():
        kept = torch.tensor([file not in leaked for file in pictures.files])
        found[f"{name}_images"] = pictures.images[kept]
        found[f"{name}_labels"] = pictures.labels[kept]
    for split in ("validation", "test"):
        found[f"none_{split}"] = read_flat(root / "none" / split)
    return found


def standardise(images: Tensor) -> Tensor:
    """Give each picture mean 0 and deviation 1, in steps of 1/40: uint8 (N, 32, 32) to the same."""
    x = images.float()
    deviation, mean = torch.std_mean(x, (1, 2), keepdim=True, unbiased=False)
    return as_levels((x - mean) / deviation.clamp(min=1.0))


def as_levels(x: Tensor) -> Tensor:
    """Return the nearest of the `LEVELS`: uint8."""
    return (x * 40).round().add(128).clamp(0, 255).to(torch.uint8)


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, scale, shear and shift each picture, and invert half of them: uint8 (N, 32, 32)."""
    return torch.cat([_augmented(part, generator) for part in images.split(1_000)])


def _augmented(images: Tensor, generator: torch.Generator) -> Tensor:
    n = len(images)
    x = LEVELS[images.long()][:, None]
    u = torch.rand(n, 7, generator=generator) * 2 - 1
    angle, shear = u[:, 0] * math.radians(9), u[:, 1] * 0.15
    wide, high = 1 + 0.15 * u[:, 2], 1 + 0.15 * u[:, 3]
    cos, sin = angle.cos(), angle.sin()
    rows = [cos * wide, (shear * cos - sin) * high, u[:, 4] * 0.15,
            sin * wide, (shear * sin + cos) * high, u[:, 5] * 0.15]  # fmt: skip
    grid = F.affine_grid(torch.stack(rows, 1).view(n, 2, 3), [n, 1, 32, 32], align_corners=False)
    moved = F.grid_sample(x, grid, padding_mode="border", align_corners=False)[:, 0]
    return as_levels(torch.where(u[:, 6, None, None] > 0, moved, -moved))


def group(job: Job) -> str:
    """Return what networks that are trained side by side must share."""
    names = ("network", "codes", "data", "part", "per_class", "batch_size", "epochs")
    shared = [job.settings[name] for name in names]
    # Nothing is gained where PyTorch trains one after the other.
    alone = [job.variant, job.seed] if engine(job.settings) == "pytorch" else []
    return json.dumps(shared + alone)


def engine(settings: Settings) -> str:
    """Return what trains a network: a kernel, for what it knows, or PyTorch."""
    if settings["network"] == "1998":
        return "online"
    known = settings["network"] == "modern" and settings["imbalance"] != "weights"
    return "parallel" if known and settings["pretrained"] != "frozen" else "pytorch"


class PlateTrainer:
    """Trains networks on characters of plates, side by side where a kernel can, see `Trainer`."""

    def __init__(self, jobs: list[Job], data: MNIST | None, device: torch.device) -> None:
        self.jobs = jobs
        self.settings = jobs[0].settings
        self.epochs: int = self.settings["epochs"]
        self.data = plate_data()
        pool = self.data.scripts if self.settings["data"] == "scripts" else self.data.train
        self.pools = [self._pool(pool, job) for job in jobs]
        self.models = [
            build(job.settings, int(own.labels.max()) + 1, job.seed)
            for job, own in zip(jobs, self.pools, strict=True)
        ]
        for model, job in zip(self.models, jobs, strict=True):
            if job.settings["pretrained"] is not None:
                take_over(model, job)
        self.engine: Engine = ENGINES[engine(self.settings)](jobs, self.models, self.pools)
        self.backend = self.engine.backend
        self.done = 0
        self.lowest = [math.inf] * len(jobs)
        self.best = [copied(model) for model in self.models]

    def _pool(self, pool: Digits, job: Job) -> Pool:
        chosen = _chosen(pool, job)
        if not job.settings.get("outliers"):
            return chosen
        scripts = standardise(self.data.scripts.images)
        return with_outliers(chosen, scripts, OUTLIERS, _generator(job, 60_000))

    def advance(self) -> list[dict[str, float]]:
        """Do one epoch; measure the loss and the validation error."""
        each = list(zip(self.jobs, self.pools, strict=True))
        parts = [self._epoch_images(job, pool) for job, pool in each]
        starts = [0, *itertools.accumulate(len(part) for part in parts)]
        orders = torch.stack(
            [
                _order(job, pool.labels, self.done) + start
                for (job, pool), start in zip(each, starts, strict=False)
            ]
        )
        labels = torch.cat([pool.labels for pool in self.pools])
        losses = self.engine.epoch(torch.cat(parts), labels, orders, self.done)
        self.done += 1
        measured = [{"train_loss": loss} for loss in losses]
        if self.settings["data"] == "plates":
            held = self.data.validation
            for i, scores in enumerate(self.engine.scores(standardise(held.images))):
                found = measured[i]["validation_error"] = error(scores, held.labels)
                if found < self.lowest[i]:
                    self.lowest[i], self.best[i] = found, self.engine.state(i)
        return measured

    def _epoch_images(self, job: Job, pool: Pool) -> Tensor:
        if not job.settings["augmentation"]:
            return pool.images
        return augment(pool.images, _generator(job, 10_000 + self.done))

    def finish(self) -> list[dict[str, Any]]:
        """Measure the best epoch of each on the test set."""
        self.engine.load(self.best)
        sets = (self.data.validation.images, self.data.test.images, self.data.none_test)
        held, test, none = (self.engine.scores(standardise(images)) for images in sets)
        labels = self.data.validation.labels, self.data.test.labels
        return [
            measures(held[i], labels[0], test[i], labels[1], none[i]) for i in range(len(self.jobs))
        ]

    def state_dict(self) -> dict[str, Any]:
        """Return the networks, the best of each, and what is done."""
        return {
            "models": [self.engine.state(i) for i in range(len(self.jobs))],
            "engine": self.engine.state_dict(),
            "best": self.best,
            "lowest": self.lowest,
            "done": self.done,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.engine.load(state["models"])
        self.engine.load_state_dict(state["engine"])
        self.best, self.lowest, self.done = state["best"], state["lowest"], state["done"]


def _chosen(pool: Digits, job: Job) -> Pool:
    """Return a part of each class's pictures, `per_class` at most, drawn by the seed."""
    order = torch.randperm(len(pool.labels), generator=_generator(job, 50_000))
    labels = pool.labels[order]
    # The place of each picture among those of its class, from 1.
    rank = F.one_hot(labels).cumsum(0).gather(1, labels[:, None])[:, 0]
    most = (torch.bincount(labels) * job.settings["part"]).ceil().long()
    if job.settings["per_class"] is not None:
        most = most.clamp(max=job.settings["per_class"])
    order = order[rank <= most[labels]]
    return Pool(standardise(pool.images[order]), pool.labels[order])


def _order(job: Job, labels: Tensor, epoch: int) -> Tensor:
    generator = _generator(job, epoch)
    if job.settings["imbalance"] != "sampler":
        return torch.randperm(len(labels), generator=generator)
    weight = 1 / torch.bincount(labels)[labels].float()
    if part := job.settings.get("outliers"):
        weight[labels == NONE] *= NONE * part / (1 - part)
    return torch.multinomial(weight, len(weight), replacement=True, generator=generator)


def _generator(job: Job, number: int) -> torch.Generator:
    return torch.Generator().manual_seed(1_000_000 + job.seed * 100_000 + number)


def take_over(model: nn.Module, job: Job) -> None:
    """Begin with the features of a network that learnt other scripts; freeze them if asked."""
    state = pretrained_state(job)
    for name, part in model.named_children():
        if name != "output":
            own = {k.partition(".")[2]: v for k, v in state.items() if k.startswith(f"{name}.")}
            part.load_state_dict(own)
            part.requires_grad_(job.settings["pretrained"] == "fine-tuned")


def pretrained_state(job: Job) -> dict[str, Tensor]:
    """Train networks on other scripts, or read what an earlier run left."""
    path = cache_folder() / "plates" / f"scripts-{job.seed}.pt"
    if not path.exists():
        settings = {**job.settings, **PRETRAINING}
        first = job.seed // TOGETHER * TOGETHER
        jobs = [Job("scripts", settings, seed) for seed in range(first, first + TOGETHER)]
        trainer = PlateTrainer(jobs, None, torch.device("cpu"))
        while trainer.done < trainer.epochs:
            trainer.advance()
        path.parent.mkdir(parents=True, exist_ok=True)
        for i, each in enumerate(jobs):
            torch.save(trainer.engine.state(i), path.with_name(f"scripts-{each.seed}.pt"))
    state: dict[str, Tensor] = torch.load(path, weights_only=True)
    return state
