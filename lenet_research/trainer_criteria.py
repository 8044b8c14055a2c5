"""The trainer that compares the criteria of global training, each from the same network.

A network learns from windows; if the settings ask for it, another one without the class "none".
From the first, each criterion goes on by itself, with the same strings in the same order: with
fixed codes and, where the settings name it, with codes that are trained as well.
Source: LeCun, Bottou, Bengio and Haffner (1998), Sections VI and VII.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lenet_research.experiment import Job
from lenet_research.trainer_strings import ENTRIES as SMALL_ENTRIES
from lenet_research.trainer_strings import NETWORKS, Reader, StringTrainer, copied, wrong
from lenet_utils.graphs import Machine, ctc_machine, forward_penalties, logadd, viterbi_penalties
from lenet_utils.layers import RBFOutput
from lenet_utils.mnist import MNIST, Digits
from lenet_utils.sdnn import best_path, column_penalties, spelled
from lenet_utils.strings import NONE, Strings, draw_strings, draw_windows, texts

MOVING = "_moving"
ENTRIES = (*SMALL_ENTRIES, 75.0, 100.0, 150.0)
"""Distances are larger than logarithms of probabilities."""
FORBIDDEN = 1e4
"""The penalty of "none" for a network that has not learnt it."""


class Costs(NamedTuple):
    """What strings cost, each (N,).

    Attributes:
        right_best, right_all: the best path that spells the string, and all that do.
        best, every: the best path and all paths, whatever they spell.
    """

    right_best: Tensor
    right_all: Tensor
    best: Tensor
    every: Tensor


CRITERIA: dict[str, Callable[[Costs], Tensor]] = {
    "viterbi": lambda costs: costs.right_best,
    "discriminative_viterbi": lambda costs: costs.right_best - costs.best,
    "forward": lambda costs: costs.right_all,
    "discriminative_forward": lambda costs: costs.right_all - costs.every,
}


def costs_of(columns: Tensor, graphs: Machine) -> Costs:
    """Return what strings cost: columns (N, T, K), and the graph of each string.

    A path may take any class in any column, whatever it spells. So the best path takes the best
    class of each column, and the sum over all paths is a product of sums over one column.
    """
    return Costs(
        viterbi_penalties(columns, graphs),
        forward_penalties(columns, graphs),
        columns.amin(2).sum(1),
        logadd(columns).sum(1),
    )


class MovingCodes(RBFOutput):
    """RBF units whose codes are trained."""

    def __init__(self, codes: Tensor) -> None:
        super().__init__(codes)
        del self.codes
        self.codes = nn.Parameter(codes.clone())


class CriteriaReader(Reader):
    """One seed: two networks of windows, then a network for each criterion."""

    def __init__(self, job: Job, data: MNIST, device: torch.device) -> None:
        super().__init__(job, data, device)
        criteria = [*self.settings["criteria"]]
        moving = [f"{name}{MOVING}" for name in self.settings["moving"]]
        self.windowed = [*self.settings["window_stages"]]
        self.stages = [*self.windowed, *criteria, *moving]
        self.stage = self.windowed[0]

    def place(self, done: int) -> tuple[str, int]:
        """Return the stage, and the epoch in it, that follow `done` epochs."""
        windows: int = self.settings["window_epochs"]
        strings: int = self.settings["string_epochs"]
        first = len(self.windowed)
        before = first * windows
        if done < before:
            return self.windowed[done // windows], done % windows
        return self.stages[first + (done - before) // strings], (done - before) % strings

    def begin(self, stage: str) -> None:
        """Put up the network with which a stage begins, and an optimiser."""
        self.stage, self.windows = stage, None
        torch.manual_seed(self.job.seed)
        model: Any = NETWORKS[self.settings["network"]][0]().to(self.device)
        if stage not in self.windowed:
            model.load_state_dict(self.kept["isolated"])
        self.optimizer = torch.optim.Adam(model.parameters(), fused=True)
        if stage.endswith(MOVING):
            model.output = MovingCodes(model.output.codes)
            codes = {"params": [model.output.codes], "times": self.settings["code_factor"]}
            self.optimizer.add_param_group(codes)
        self.model = model

    def resume(self) -> None:
        """Put up what is trained after `done` epochs, to take a saved state."""
        self.begin(self.place(self.done - 1)[0])

    def advance(self) -> dict[str, float]:
        """Do the next epoch."""
        stage, epoch = self.place(self.done)
        if epoch == 0:
            self.begin(stage)
        self.model.train()
        if stage in self.windowed:
            losses = self._window_epoch(epoch)
        else:
            losses = self._string_epoch(self.settings["window_epochs"] + epoch)
        self.done += 1
        if self.done == self.epochs or self.place(self.done)[1] == 0:
            self.kept[stage] = copied(self.model)
        penalties = self._penalties(self.chosen_on)
        return {
            "train_loss": sum(losses) / len(losses),
            "validation_error": wrong(best_path(penalties), self.chosen_on),
            **self._levels(self.chosen_on),
        }

    @property
    def epochs(self) -> int:
        """How many epochs all stages take."""
        windows: int = self.settings["window_epochs"]
        strings: int = self.settings["string_epochs"]
        first = len(self.windowed)
        return first * windows + (len(self.stages) - first) * strings

    def _draw_windows(self) -> Digits:
        none = 0.0 if self.stage == "without_none" else self.settings["none"]
        return draw_windows(
            self.pool,
            self.settings["windows"],
            none=none,
            jitter=self.settings["jitter"],
            seed=self._seed(0),
        )

    def _columns(self, strings: Strings) -> Tensor:
        fields = self.normalise(strings.images).to(self.device)
        return column_penalties(self.model, fields, normalise=self.settings["normalise"])

    def _string_loss(self, strings: Strings) -> Tensor:
        costs = costs_of(self._columns(strings), _graphs(strings))
        losses = CRITERIA[self.stage.removesuffix(MOVING)](costs) / strings.lengths
        return losses[costs.right_all.isfinite()].mean()

    def _penalties(self, strings: Strings) -> Tensor:
        penalties = super()._penalties(strings)
        if self.stage == "without_none":
            penalties[:, :, NONE] += FORBIDDEN
        return penalties

    @torch.no_grad()
    def _levels(self, strings: Strings) -> dict[str, float]:
        """Measure how low penalties are, a column, and how far apart the two nearest codes."""
        self.model.eval()
        costs = costs_of(self._columns(strings), _graphs(strings))
        fits = costs.right_best.isfinite()
        columns = (strings.images.shape[2] - 28) // 4
        found = {
            "right_penalty": (costs.right_best[fits] / columns).mean().item(),
            "best_penalty": (costs.best[fits] / columns).mean().item(),
        }
        if isinstance(self.model.output, RBFOutput):
            found["code_distance"] = nn.functional.pdist(self.model.output.codes).min().item() ** 2
        return found

    def finish(self) -> dict[str, Any]:
        """Measure each network on the same test strings."""
        if len(self.kept) < len(self.stages):
            raise RuntimeError("not all networks have been trained; advance to the end first.")
        test = draw_strings(
            self.data.test, self.settings["test_strings"], seed=self.job.seed * 1_000
        )
        final: dict[str, Any] = {}
        for stage in self.stages:
            self.begin(stage)
            self.model.load_state_dict(self.kept[stage])
            penalties = self._penalties(self.chosen_on)
            errors = [wrong(best_path(penalties, entry=e), self.chosen_on) for e in ENTRIES]
            entry = ENTRIES[errors.index(min(errors))]
            penalties = self._penalties(test)
            path = best_path(penalties, entry=entry)
            found = {
                "entry": entry,
                "held_error": min(errors),
                "column_error": wrong(best_path(penalties), test),
                "path_error": wrong(path, test),
                "digit_error": digit_error(spelled(path), texts(test.labels)),
                **self._levels(self.chosen_on),
            }
            final |= {f"{stage}_{name}": value for name, value in found.items()}
        return final


class CriteriaTrainer(StringTrainer):
    """Trains the networks of its jobs, one job after the other, see `Trainer`."""

    def _reader(self, job: Job, data: MNIST, device: torch.device) -> CriteriaReader:
        return CriteriaReader(job, data, device)


def _graphs(strings: Strings) -> Machine:
    pairs = zip(strings.labels.tolist(), strings.lengths.tolist(), strict=True)
    return ctc_machine([row[:length] for row, length in pairs], NONE)


def digit_error(read: list[str], written: list[str]) -> float:
    """Return how many digits were misread, lost or added, for each digit that was written."""
    pairs = list(zip(read, written, strict=True))
    return sum(_edits(a, b) for a, b in pairs) / sum(len(b) for _, b in pairs)


def _edits(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
