"""The trainer of readers of amounts, see `amounts`."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_research.amount_errors import Read, budget, rates, strictest, tested
from lenet_research.amount_examples import distorted, single_characters
from lenet_research.experiment import Job
from lenet_utils._native.c1_to_s4 import compiled
from lenet_utils.amounts import (
    CHARACTERS,
    RUBBISH,
    Fields,
    Glyphs,
    Pieces,
    amount_net,
    character_penalties,
    cut_field,
    draw_fields,
    load_glyphs,
    true_classes,
    worth,
)
from lenet_utils.amounts.lattices import acceptors, lattices, path_penalties
from lenet_utils.amounts.reading import ANY
from lenet_utils.distortions import PlanarRanges, distort
from lenet_utils.graphs import Graph, from_string
from lenet_utils.mnist import MNIST, Digits, normalise_modern
from lenet_utils.training import split_validation

KINDS = ("printed", "handwritten")
STAGES = ("isolated", "global")


class AmountTrainer:
    """Trains readers, one after the other, see `Trainer`."""

    def __init__(self, jobs: list[Job], data: MNIST, device: torch.device) -> None:
        self.readers = [AmountReader(job, data, device) for job in jobs]
        self.epochs = self.readers[0].epochs
        self.backend = "native" if compiled(self.readers[0].model) else "pytorch"

    def advance(self) -> list[dict[str, float]]:
        """Do one epoch, of characters or of fields; measure the loss and the held-out fields."""
        return [reader.advance() for reader in self.readers]

    def finish(self) -> list[dict[str, Any]]:
        """Choose limits of doubt on held-out fields, and measure the networks on test fields."""
        return [reader.finish() for reader in self.readers]

    def state_dict(self) -> dict[str, Any]:
        """Return networks, optimisers, and what is done."""
        return {
            "models": [reader.model.state_dict() for reader in self.readers],
            "kept": [reader.kept for reader in self.readers],
            "optimizers": [reader.optimizer.state_dict() for reader in self.readers],
            "done": [reader.done for reader in self.readers],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        for i, reader in enumerate(self.readers):
            reader.kept, reader.done = state["kept"][i], state["done"][i]
            reader.model.load_state_dict(state["models"][i])
            reader.optimizer.load_state_dict(state["optimizers"][i])


class Cut(NamedTuple):
    """Fields with their pieces."""

    fields: Fields
    pieces: list[Pieces]


class AmountReader:
    """One network: how it learns and how it is measured."""

    def __init__(self, job: Job, data: MNIST, device: torch.device) -> None:
        self.job, self.data, self.device = job, data, device
        self.settings = job.settings
        train, held = split_validation(len(data.train.labels), self.settings["validation"])
        pool, self.held = (Digits(*(p[part] for p in data.train)) for part in (train, held))
        ranges = PlanarRanges(**self.settings["distortions"])
        self.glyphs = distorted(load_glyphs("train"), ranges, seed=self._seed(0))
        self.pool = Digits(distort(pool.images, ranges, seed=self._seed(0)), pool.labels)
        torch.manual_seed(job.seed)
        self.model = amount_net().to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.kept: dict[str, dict[str, Tensor]] = {}
        self.done = 0
        self.examples: Digits | None = None
        self.wanted: list[tuple[Pieces, Graph]] | None = None
        self.chosen_on: dict[str, Cut] = {}

    @property
    def epochs(self) -> int:
        """How many epochs characters and fields take."""
        single: int = self.settings["epochs"]
        whole: int = self.settings["global_epochs"]
        return single + whole

    def advance(self) -> dict[str, float]:
        """Do the next epoch."""
        if self.done == self.settings["epochs"]:
            self._keep("isolated")
            self.optimizer = torch.optim.Adam(self.model.parameters())
        self.model.train()
        single = self.done < self.settings["epochs"]
        losses = self._character_epoch() if single else self._field_epoch()
        self.done += 1
        read = self._read(self._held("printed"))
        wrong = rates(read, math.inf)["wrong"]
        return {"train_loss": sum(losses) / len(losses), "validation_error": wrong}

    def _character_epoch(self) -> list[float]:
        if self.examples is None:
            self.examples = self._draw_examples()
        images, labels = self.examples
        network = compiled(self.model) or self.model
        batches = torch.randperm(len(labels), generator=self._generator()).split(
            self.settings["batch"]
        )
        losses = []
        for i, batch in enumerate(batches):
            scores = network(normalise_modern(images[batch]).to(self.device))
            loss = F.cross_entropy(scores, labels[batch].to(self.device))
            progress = (self.done + i / len(batches)) / self.settings["epochs"]
            losses.append(self._update(loss, self.settings["rate"], progress))
        return losses

    def _draw_examples(self) -> Digits:
        """Return characters that stand alone, and all pieces of fields, half of the rubbish."""
        settings, seed = self.settings, self._seed(0)
        images, labels = single_characters(
            self.glyphs, self.pool, settings["characters"], seed=seed
        )
        parts = [(images, labels)]
        for kind in KINDS:
            fields, pieces = self._cut(kind, settings["fields"], 1)
            for text, boxes, piece in zip(fields.texts, fields.boxes, pieces, strict=True):
                parts.append((piece.windows, true_classes(piece, text, boxes, CHARACTERS)))
        images, labels = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
        draw = torch.rand(len(labels), generator=torch.Generator().manual_seed(seed))
        few = (labels != RUBBISH) | (draw < 0.5)
        return Digits(images[few], labels[few])

    def _field_epoch(self) -> list[float]:
        settings = self.settings
        number = self.done - settings["epochs"]
        if self.wanted is None:
            drawn = [self._cut(kind, settings["global_fields"], 2) for kind in KINDS]
            self.wanted = [
                (piece, _wanted(text, cents))
                for fields, pieces in drawn
                for piece, text, cents in zip(pieces, fields.texts, fields.cents, strict=True)
            ]
        wanted = self.wanted
        order = torch.randperm(len(wanted), generator=self._generator())
        batches = order.split(settings["global_batch"])
        losses = []
        for i, batch in enumerate(batches):
            loss = self._field_loss([wanted[k] for k in batch.tolist()])
            progress = (number + i / len(batches)) / settings["global_epochs"]
            losses.append(self._update(loss, settings["global_rate"], progress))
        return losses

    def _field_loss(self, batch: list[tuple[Pieces, Graph]]) -> Tensor:
        """Return the discriminative forward criterion, of the fields whose text has a path."""
        network = compiled(self.model) or self.model
        graphs = lattices([piece.cuts for piece, _ in batch])
        windows = torch.cat([piece.windows for piece, _ in batch])
        penalties = character_penalties(network, windows.to(self.device)).cpu()
        right = path_penalties(graphs, penalties, acceptors([g for _, g in batch], CHARACTERS))
        every = path_penalties(graphs, penalties, acceptors([ANY], CHARACTERS))
        cut_right = right < 1_000
        return ((right - every) * cut_right).sum() / max(1, int(cut_right.sum()))

    def _update(self, loss: Tensor, rate: float, progress: float) -> float:
        # Up during the first twentieth, then down along half a cosine.
        factor = min(progress * 20, 1.0) * (1 + math.cos(math.pi * progress)) / 2
        self.optimizer.param_groups[0]["lr"] = rate * factor
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def _keep(self, stage: str) -> None:
        self.kept[stage] = {name: t.clone() for name, t in self.model.state_dict().items()}

    def _cut(self, kind: str, count: int, which: int) -> Cut:
        digits = self.pool if kind == "handwritten" else None
        return cut_fields(self.glyphs, digits, count, self.settings, self._seed(which))

    def _held(self, kind: str) -> Cut:
        if kind not in self.chosen_on:
            digits = self.held if kind == "handwritten" else None
            glyphs, count = load_glyphs("validation"), self.settings["held_fields"]
            seed = 500_000 + self.job.seed
            self.chosen_on[kind] = cut_fields(glyphs, digits, count, self.settings, seed)
        return self.chosen_on[kind]

    def _seed(self, which: int) -> int:
        return 1_000 + self.job.seed * 1_000 + which

    def _generator(self) -> torch.Generator:
        return torch.Generator().manual_seed(self._seed(self.done))

    @torch.no_grad()
    def _read(self, cut: Cut) -> Read:
        network = compiled(self.model.eval()) or self.model
        windows = torch.cat([piece.windows for piece in cut.pieces])
        found = [
            character_penalties(network, part.to(self.device)).cpu()
            for part in windows.split(1_000)
        ]
        sizes = [len(piece.cuts) for piece in cut.pieces]
        return tested(cut.fields, cut.pieces, list(torch.cat(found).split(sizes)))

    def finish(self) -> dict[str, Any]:
        """Measure the network as it was after the characters, and as it is, on the test fields."""
        if "isolated" not in self.kept:
            raise RuntimeError("the fields have not been learnt from; advance to the end first.")
        self._keep("global")
        final: dict[str, Any] = {}
        for kind in KINDS:
            digits = self.data.test if kind == "handwritten" else None
            count, seed = self.settings["test_fields"], self.job.seed
            test = cut_fields(load_glyphs("test"), digits, count, self.settings, seed)
            for stage in STAGES:
                self.model.load_state_dict(self.kept[stage])
                held, read = self._read(self._held(kind)), self._read(test)
                for measure, value in self._measured(held, read).items():
                    final[f"{stage}_{kind}_{measure}"] = value
        return final

    def _measured(self, held: Read, read: Read) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, rule in (("", False), ("among_", True)):
            limit = strictest(held, self.settings["most_wrong"], among=rule)
            found[f"{name}limit"] = limit
            found |= {f"{name}{k}": v for k, v in rates(read, limit, among=rule).items()}
        return found | budget(read)


def cut_fields(
    glyphs: Glyphs, digits: Digits | None, count: int, settings: dict[str, Any], seed: int
) -> Cut:
    """Draw fields and cut them."""
    fields = draw_fields(glyphs, count, digits=digits, others=settings["others"], seed=seed)
    return Cut(fields, [cut_field(image) for image in fields.images])


def _wanted(text: str, cents: int | None) -> Graph:
    """Return what the network should read: an amount in any way to write it, or the very text."""
    return from_string(text) if cents is None else worth(cents)
