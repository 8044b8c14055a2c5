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

from lenet_utils.accounting import layer_table
from lenet_utils.distortions import PlanarRanges, distort
from lenet_utils.experiments.fast import one_cycle
from lenet_utils.experiments.protocol import Job
from lenet_utils.mnist import MNIST, Digits, normalise_1998, pad_to_32
from lenet_utils.relatives import lenet4
from lenet_utils.training import fit, split_validation

MEMBERS = 3
Filter = Callable[[Tensor, Tensor], Tensor]


class BoostedRunner:
    """Trains three networks in turn, one in each pass, see `Runner`.

    Settings: `pool`, distorted copies of the digits that the first network learns beside them;
    `passes`, of the first network; `patterns`, how many the second and the third learn, and
    `later_passes`, how often; `copies`, after how many distorted copies the search for patterns
    ends with what it has.
    """

    passes = MEMBERS

    def __init__(self, jobs: list[Job], data: MNIST, device: torch.device) -> None:
        self.jobs, self.device = jobs, device
        train, held = split_validation(
            len(data.train.labels), min(5_000, len(data.train.labels) // 10)
        )
        self.train = Digits(data.train.images[train], data.train.labels[train])
        self.held = Digits(data.train.images[held], data.train.labels[held])
        self.test = data.test
        self.teams: list[list[nn.Module]] = [[] for _ in jobs]

    def advance(self) -> list[dict[str, float]]:
        """Train the next network of each team; measure the team on the validation digits."""
        return [
            self._next_member(job, team) for job, team in zip(self.jobs, self.teams, strict=True)
        ]

    def finish(self) -> list[dict[str, Any]]:
        """Measure each team on the test digits, and count all its networks."""
        table = layer_table(lenet4(), (1, 32, 32))
        size = {"macs": MEMBERS * table.macs, "memory": MEMBERS * table.parameters}
        return [{"test_error": _error(team, self.test), **size} for team in self.teams]

    def state_dict(self) -> dict[str, Any]:
        """Return the networks that are trained."""
        return {"teams": [[member.state_dict() for member in team] for team in self.teams]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.teams = [[lenet4().to(self.device) for _ in team] for team in state["teams"]]
        for team, saved in zip(self.teams, state["teams"], strict=True):
            for member, parameters in zip(team, saved, strict=True):
                member.load_state_dict(parameters)

    def _next_member(self, job: Job, team: list[nn.Module]) -> dict[str, float]:
        settings, number = job.settings, len(team)
        copies = self._copies(job, number)
        if number == 0:
            parts = [self.train, *(next(copies) for _ in range(settings["pool"]))]
            passes = settings["passes"]
        else:
            hard = _mistakes(team[0]) if number == 1 else _disagreements(*team)
            parts = list(collect(copies, hard, settings["patterns"], half=number == 1))
            passes = settings["later_passes"]
        images = torch.cat([part.images for part in parts])
        labels = torch.cat([part.labels for part in parts])
        torch.manual_seed(job.seed * MEMBERS + number)
        member = lenet4().to(self.device)
        history = fit(
            member,
            normalise_1998(pad_to_32(images)),
            labels,
            epochs=passes,
            batch_size=settings["batch"],
            optimizer=torch.optim.Adam,
            schedule=partial(one_cycle, settings["rate"]),
            validation=0,
            seed=job.seed,
            device=self.device,
            progress=False,
        )
        team.append(member)
        return {
            "patterns": float(len(labels)),
            "train_error": history.train_error[-1],
            "validation_error": _error(team, self.held),
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
        hard: says of pictures (N, 28, 28) and labels (N,) which are hard: bool (N,).
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


def _error(team: list[nn.Module], digits: Digits) -> float:
    scores = torch.stack([_scores(member, digits.images) for member in team]).sum(0)
    return (scores.argmax(1) != digits.labels).double().mean().item()
