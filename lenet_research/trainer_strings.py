"""The trainer of networks that sweep over strings of digits.

A network learns twice: first from windows of single characters, or none; then the same network
from whole strings, with the loss of connectionist temporal classification, which is the paper's
discriminative forward criterion without its unconstrained half, since probabilities sum to 1. It is
measured after either, on the same test strings.
Source: LeCun, Bottou, Bengio and Haffner (1998), Sections VI and VII.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_research.experiment import Job, Settings
from lenet_utils.criteria import MAP
from lenet_utils.distortions import PlanarRanges, distort
from lenet_utils.mnist import MNIST, Digits, normalise_1998, normalise_modern
from lenet_utils.sdnn import best_path, column_penalties, sdnn_1998, sdnn_modern, spelled
from lenet_utils.strings import NONE, Layout, Strings, draw_strings, draw_windows, texts
from lenet_utils.training import split_validation

NETWORKS = {"modern": (sdnn_modern, normalise_modern), "1998": (sdnn_1998, normalise_1998)}
ENTRIES = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0, 50.0)
"""Penalties of beginning a character, among which the held-out strings choose."""

MARGIN = 14
LENGTHS = tuple(range(1, 11))
GAPS = (-6, -4, -2, -1, 0, 2, 4, 8, 12)
NOISES = (0.0, 0.02, 0.05, 0.1, 0.15)
SIZES = (0.6, 0.7, 0.85, 1.0, 1.2, 1.4)


def conditions() -> dict[str, list[dict[str, Any]]]:
    """Return the layouts of the test strings, by what is measured."""
    five = {"length": (5, 5)}
    return {
        "": [{}],
        "five_spaced_": [{**five, "gap": (4, 4)}],
        "by_length_": [{"length": (n, n)} for n in LENGTHS],
        "by_gap_": [{**five, "gap": (gap, gap)} for gap in GAPS],
        "by_noise_": [{**five, "noise": noise} for noise in NOISES],
        "by_size_": [{**five, "size": (size, size)} for size in SIZES],
    }


class StringTrainer:
    """Trains networks to read strings, one after the other, see `Trainer`."""

    backend = "pytorch"

    def __init__(self, jobs: list[Job], data: MNIST, device: torch.device) -> None:
        self.readers = [self._reader(job, data, device) for job in jobs]
        self.epochs = self.readers[0].epochs

    def _reader(self, job: Job, data: MNIST, device: torch.device) -> "Reader":
        return Reader(job, data, device)

    def advance(self) -> list[dict[str, float]]:
        """Do one epoch, of windows or of strings; measure the loss and the held-out strings."""
        return [reader.advance() for reader in self.readers]

    def finish(self) -> list[dict[str, Any]]:
        """Measure the networks on the test strings."""
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
            reader.resume()
            reader.model.load_state_dict(state["models"][i])
            reader.optimizer.load_state_dict(state["optimizers"][i])


class Reader:
    """One network: how it learns and how it is measured."""

    def __init__(self, job: Job, data: MNIST, device: torch.device) -> None:
        self.job, self.data, self.device = job, data, device
        self.settings = job.settings
        train, held = split_validation(len(data.train.labels), self.settings["validation"])
        self.pool, self.held = (Digits(*(p[part] for p in data.train)) for part in (train, held))
        torch.manual_seed(job.seed)
        build, self.normalise = NETWORKS[self.settings["network"]]
        self.model = build().to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.kept: dict[str, dict[str, Tensor]] = {}
        self.done = 0
        self.windows: Digits | None = None
        self.layouts = [_layout(layout) for layout in self.settings["layouts"]]
        self.chosen_on = draw_strings(
            self.held, self.settings["held_strings"], layout=self.layouts[0], seed=1
        )

    @property
    def epochs(self) -> int:
        """How many epochs windows and strings take."""
        windows: int = self.settings["window_epochs"]
        strings: int = self.settings["string_epochs"]
        return windows + strings

    def resume(self) -> None:
        """Put up what is trained after `done` epochs, to take a saved state."""
        if self.done > self.settings["window_epochs"]:
            self.optimizer = torch.optim.Adam(self.model.parameters())

    def advance(self) -> dict[str, float]:
        """Do the next epoch."""
        epoch, windows = self.done, self.settings["window_epochs"]
        if epoch == windows:
            # The strings begin with the network of the windows, and with a new optimiser.
            self.kept["isolated"] = copied(self.model)
            self.optimizer = torch.optim.Adam(self.model.parameters())
        self.model.train()
        losses = self._window_epoch(epoch) if epoch < windows else self._string_epoch(epoch)
        self.done += 1
        penalties = self._penalties(self.chosen_on)
        error = wrong(best_path(penalties), self.chosen_on)
        return {"train_loss": sum(losses) / len(losses), "validation_error": error}

    def _window_epoch(self, epoch: int) -> list[float]:
        settings = self.settings
        if self.windows is None:
            self.windows = self._draw_windows()
        images, labels = self.windows
        order = torch.randperm(len(labels), generator=self._generator(epoch))
        batches = order.split(settings["window_batch"])
        criterion = F.cross_entropy if settings["network"] == "modern" else MAP()
        losses: list[float] = []
        for i, batch in enumerate(batches):
            outputs = self.model(self.normalise(images[batch]).to(self.device))
            loss = criterion(outputs, labels[batch].to(self.device))
            progress = (epoch + i / len(batches)) / settings["window_epochs"]
            losses.append(self._update(loss, settings["window_rate"], progress))
        return losses

    def _string_epoch(self, epoch: int) -> list[float]:
        settings = self.settings
        number = epoch - settings["window_epochs"]
        pool = self._distorted(epoch)
        batches: list[Strings] = []
        for i, layout in enumerate(self.layouts):
            count = settings["strings"] // len(self.layouts)
            seed = self._seed(epoch) * 10 + i
            drawn = draw_strings(pool, count, layout=layout, seed=seed)
            batches += by_width(drawn, settings["string_batch"])
        losses: list[float] = []
        for i in torch.randperm(len(batches), generator=self._generator(epoch)).tolist():
            progress = (number + len(losses) / len(batches)) / settings["string_epochs"]
            loss = self._string_loss(batches[i])
            losses.append(self._update(loss, settings["string_rate"], progress))
        return losses

    def _string_loss(self, strings: Strings) -> Tensor:
        fields = self.normalise(strings.images).to(self.device)
        penalties = column_penalties(self.model, fields)
        count, columns, _ = penalties.shape
        return F.ctc_loss(
            -penalties.transpose(0, 1),
            strings.labels.clamp(min=0),
            torch.full((count,), columns),
            strings.lengths,
            blank=NONE,
            zero_infinity=True,  # more digits than columns: no path, and nothing to learn
        )

    def _update(self, loss: Tensor, rate: float, progress: float) -> float:
        # Up during the first twentieth, then down along half a cosine.
        factor = min(progress * 20, 1.0) * (1 + math.cos(math.pi * progress)) / 2
        for group in self.optimizer.param_groups:
            group["lr"] = rate * factor * group.get("times", 1.0)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def _draw_windows(self) -> Digits:
        pool, share = self._distorted(0), self.settings["windows"] // len(self.layouts)
        drawn = [
            draw_windows(pool, share, layout=layout, seed=self._seed(0) * 10 + i)
            for i, layout in enumerate(self.layouts)
        ]
        return Digits(*(torch.cat(parts) for parts in zip(*drawn, strict=True)))

    def _distorted(self, epoch: int) -> Digits:
        ranges = self.settings["distortions"]
        if ranges is None:
            return self.pool
        moved = distort(self.pool.images, PlanarRanges(**ranges), seed=self._seed(epoch))
        return Digits(moved, self.pool.labels)

    def _seed(self, epoch: int) -> int:
        return 1_000 + self.job.seed * 1_000 + epoch

    def _generator(self, epoch: int) -> torch.Generator:
        return torch.Generator().manual_seed(self._seed(epoch))

    @torch.no_grad()
    def _penalties(self, strings: Strings) -> Tensor:
        self.model.eval()
        parts = self.normalise(strings.images).split(100)
        return torch.cat([column_penalties(self.model, x.to(self.device)).cpu() for x in parts])

    def finish(self) -> dict[str, Any]:
        """Measure the network as it was after the windows, and as it is, on the test strings."""
        if "isolated" not in self.kept:
            raise RuntimeError("the strings have not been learnt from; advance to the end first.")
        trained = copied(self.model)
        final: dict[str, Any] = {}
        for name, state in (("isolated", self.kept["isolated"]), ("global", trained)):
            self.model.load_state_dict(state)
            penalties = self._penalties(self.chosen_on)
            errors = [wrong(best_path(penalties, entry=e), self.chosen_on) for e in ENTRIES]
            entry = ENTRIES[errors.index(min(errors))]
            final |= {f"{name}_entry": entry, f"{name}_window_error": self._window_error()}
            final |= {f"{name}_{measure}": value for measure, value in self._tests(entry)}
        return final

    def _tests(self, entry: float) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        first = self.job.seed * 1_000  # other strings for each seed
        for measure, layouts in conditions().items():
            alone = len(layouts) == 1
            count = self.settings["test_strings" if alone else "test_strings_each"]
            column, path = [], []
            for i, layout in enumerate(layouts):
                strings = draw_strings(
                    self.data.test, count, layout=Layout(**layout), seed=first + i
                )
                penalties = self._penalties(strings)
                column.append(wrong(best_path(penalties), strings))
                path.append(wrong(best_path(penalties, entry=entry), strings))
            for decoder, errors in (("column", column), ("path", path)):
                found.append((f"{measure}{decoder}_error", errors[0] if alone else errors))
        return found

    @torch.no_grad()
    def _window_error(self) -> float:
        """Return how many test windows of a digit, or of none, are misread."""
        count = self.settings["test_strings"]
        windows = draw_windows(self.data.test, count, seed=self.job.seed)
        answers = self.model.predict(self.normalise(windows.images).to(self.device)).cpu()
        return (answers != windows.labels).double().mean().item()


def by_width(strings: Strings, size: int) -> list[Strings]:
    """Return batches of strings of similar width, each field cut off after its batch's widest."""
    ends = strings.boxes[:, :, 1].amax(1) + MARGIN
    batches = []
    for batch in ends.argsort(stable=True).split(size):
        width = max(32, -(-int(ends[batch].max()) // 4) * 4)
        images, *others = (part[batch] for part in strings)
        batches.append(Strings(images[:, :, :width], *others))
    return batches


def wrong(path: Tensor, strings: Strings) -> float:
    """Return how many of the strings paths do not spell: int64 (N, T) to a fraction."""
    pairs = zip(spelled(path), texts(strings.labels), strict=True)
    return sum(read != truth for read, truth in pairs) / len(path)


def _layout(settings: Settings) -> Layout:
    # A record's settings are JSON, which has lists for pairs.
    pairs: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    return Layout(**pairs)


def copied(model: torch.nn.Module) -> dict[str, Tensor]:
    """Return a copy of a network's state."""
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}
