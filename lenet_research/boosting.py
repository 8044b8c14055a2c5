"""Boosted LeNet-4: three networks, each taught by the mistakes of those before it.

The first learns all digits. The second learns a set of which the first gets half wrong; the third
learns digits on which the first two disagree. Their scores are added. A network that misreads one
digit in a hundred leaves too few mistakes among 60,000, so the digits are distorted anew until
there are enough. Source: Section III-C9, p. 13, after Drucker, Schapire and Simard (1993).
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from lenet_research.experiment import Job
from lenet_research.fast import one_cycle
from lenet_research.related_networks import lenet4
from lenet_utils.accounting import layer_table
from lenet_utils.distortions import PlanarRanges, distort
from lenet_utils.mnist import MNIST, Digits, normalise_1998, pad_to_32
from lenet_utils.training import fit, split_validation

MEMBERS = 3
Filter = Callable[[Tensor, Tensor], Tensor]


class BoostingTrainer:
    """Trains three networks in turn, one in each epoch, see `Trainer`.

    Settings: `pool`, distorted copies of the digits that the first network learns beside them;
    `epochs`, of the first network; `patterns`, how many the second and the third learn, and
    `later_epochs`, how often; `copies`, after how many distorted copies the search for patterns
    ends with what it has.
    """

    epochs = MEMBERS
    backend = "pytorch"

    def __init__(self, jobs: list[Job], data: MNIST, device: torch.device) -> None:
        self.jobs, self.device = jobs, device
        train, held = split_validation(
            len(data.train.labels), min(5_000, len(data.train.labels) // 10)
        )
        self.train = Digits(data.train.images[train], data.train.labels[train])
        self.held = Digits(data.train.images[held], data.train.labels[held])
        self.test = data.test
        self.ensembles: list[list[nn.Module]] = [[] for _ in jobs]

    def advance(self) -> list[dict[str, float]]:
        """Train the next network of each ensemble; measure these on the validation digits."""
        return [
            self._next_member(job, ensemble)
            for job, ensemble in zip(self.jobs, self.ensembles, strict=True)
        ]

    def finish(self) -> list[dict[str, Any]]:
        """Measure each ensemble on the test digits, and count all its networks."""
        table = layer_table(lenet4(), (1, 32, 32))
        size = {"macs": MEMBERS * table.macs, "memory": MEMBERS * table.parameters}
        return [{"test_error": _error(ensemble, self.test), **size} for ensemble in self.ensembles]

    def state_dict(self) -> dict[str, Any]:
        """Return the networks that are trained."""
        saved = [[member.state_dict() for member in members] for members in self.ensembles]
        return {"ensembles": saved}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        saved = state["ensembles"]
        self.ensembles = [[lenet4().to(self.device) for _ in members] for members in saved]
        for ensemble, saved in zip(self.ensembles, state["ensembles"], strict=True):
            for member, parameters in zip(ensemble, saved, strict=True):
                member.load_state_dict(parameters)

    def _next_member(self, job: Job, ensemble: list[nn.Module]) -> dict[str, float]:
        settings, number = job.settings, len(ensemble)
        copies = self._copies(job, number)
        if number == 0:
            parts = [self.train, *(next(copies) for _ in range(settings["pool"]))]
            epochs = settings["epochs"]
        else:
            hard = _mistakes(ensemble[0]) if number == 1 else _disagreements(*ensemble)
            parts = list(collect(copies, hard, settings["patterns"], half=number == 1))
            epochs = settings["later_epochs"]
        images = torch.cat([part.images for part in parts])
        labels = torch.cat([part.labels for part in parts])
        torch.manual_seed(job.seed * MEMBERS + number)
        member = lenet4().to(self.device)
        history = fit(
            member,
            normalise_1998(pad_to_32(images)),
            labels,
            epochs=epochs,
            batch_size=settings["batch_size"],
            optimizer=torch.optim.Adam,
            schedule=partial(one_cycle, settings["lr"]),
            validation=0,
            seed=job.seed,
            device=self.device,
            progress=False,
        )
        ensemble.append(member)
        return {
            "patterns": float(len(labels)),
            "train_error": history.train_error[-1],
            "validation_error": _error(ensemble, self.held),
        }

    def _copies(self, job: Job, number: int) -> Iterator[Digits]:
        """Yield distorted copies of the training digits, others for each seed and member."""
        ranges = PlanarRanges(**job.settings["distortions"])
        limit = job.settings["copies"]
        for copy in range(limit):
            seed = (job.seed * MEMBERS + number) * limit + copy
            yield Digits(distort(self.train.images, ranges, seed=seed), self.train.labels)


def collect(copies: Iterator[Digits], hard: Filter, count: int, *, half: bool) -> Iterator[Digits]:
    """Yield the hard digits of distorted copies, until there are `count` in all.

    Args:
        copies: sets of digits.
        hard: says of images (N, 28, 28) and labels (N,) which are hard: bool (N,).
        count: how many to yield, or fewer where the copies end before.
        half: yield for each hard digit one that is not hard, and count both.
    """
    for images, labels in copies:
        is_hard = hard(images, labels)
        chosen = is_hard.nonzero()[:, 0][: count // 2 if half else count]
        if half:
            chosen = torch.cat([chosen, (~is_hard).nonzero()[:, 0][: len(chosen)]])
        yield Digits(images[chosen], labels[chosen])
        count -= len(chosen)
        if count < 1 + half:
            return


def _mistakes(first: nn.Module) -> Filter:
    return lambda images, labels: _scores(first, images).argmax(1) != labels


def _disagreements(first: nn.Module, second: nn.Module) -> Filter:
    return lambda images, labels: (
        _scores(first, images).argmax(1) != _scores(second, images).argmax(1)
    )


@torch.no_grad()
def _scores(model: nn.Module, images: Tensor) -> Tensor:
    """Return log-probabilities (N, 10), which can be added."""
    device = next(model.parameters()).device
    parts = [normalise_1998(pad_to_32(part)).to(device) for part in images.split(1_000)]
    return torch.cat([model.eval()(part).log_softmax(1).cpu() for part in parts])


def _error(ensemble: list[nn.Module], digits: Digits) -> float:
    scores = torch.stack([_scores(member, digits.images) for member in ensemble]).sum(0)
    return (scores.argmax(1) != digits.labels).double().mean().item()
