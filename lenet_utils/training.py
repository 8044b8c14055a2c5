"""Train a network whose digits stay on the device.

MNIST is small: prepared once and kept on the device, it needs no loader. `fit` can be cut off
and resumed with the result of an uninterrupted run.
"""

import math
import os
import random
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils._native.c1_to_s4 import Network, compiled
from lenet_utils.answers import AnswerRule
from lenet_utils.checkpoints import describe_run, require_writable, resume, save_checkpoint
from lenet_utils.criteria import require_mean
from lenet_utils.devices import get_device, on_device, resolve_device
from lenet_utils.evaluation import evaluate, require_examples, require_whole
from lenet_utils.system import keep_memory

Criterion = Callable[[Tensor, Tensor], Tensor]


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and PyTorch's generators.

    Args:
        seed: 0 to 2**32 - 1; the same seed on the same machine gives the same numbers.

    Raises:
        ValueError: a seed outside that range.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed}; expected an integer from 0 to 2**32 - 1.")
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def split_validation(count: int, validation: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Split the indices 0..count-1 into training and validation at random.

    Args:
        count: number of examples.
        validation: how many of them to hold out.
        seed: the same seed holds out the same examples.

    Returns:
        Indices to train on and indices held out: int64, (count - validation,), (validation,).

    Raises:
        ValueError: nothing would be left to train on.
    """
    if validation not in range(count):
        raise ValueError(
            f"validation is {validation} of {count} examples; expected a whole number, smaller, "
            "so that something is left to train on."
        )
    generator = torch.Generator("cpu").manual_seed(seed)
    order = torch.randperm(count, generator=generator, device="cpu")
    return order[validation:], order[:validation]


@dataclass
class History:
    """What `fit` measured, one entry an epoch.

    `train_loss` and `train_error` are measured while learning, as in Fig. 5;
    `validation_error` on the held-out digits after each epoch (empty when none are held out);
    errors are fractions, `seconds` are wall time. After a diverged epoch, which is the last one,
    loss and validation error are NaN.
    """

    train_loss: list[float] = field(default_factory=list)
    train_error: list[float] = field(default_factory=list)
    validation_error: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of finished epochs."""
        return len(self.seconds)

    @property
    def diverged(self) -> bool:
        """Whether the loss became NaN or infinite, so that training was stopped."""
        return not all(map(math.isfinite, self.train_loss))

    def __str__(self) -> str:
        lines = ["epoch  train loss  train error  validation error  seconds"]
        for i in range(len(self)):
            held = f"{self.validation_error[i]:16.2%}" if self.validation_error else " " * 16
            lines.append(
                f"{i + 1:5d}  {self.train_loss[i]:10.4f}  {self.train_error[i]:11.2%}  "
                f"{held}  {self.seconds[i]:7.1f}"
            )
        return "\n".join(lines)


def fit(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    epochs: int,
    batch_size: int = 64,
    optimizer: Callable[..., torch.optim.Optimizer] | None = None,
    schedule: Callable[[torch.optim.Optimizer, int], Any] | None = None,
    criterion: Criterion = F.cross_entropy,
    validation: int = 5_000,
    seed: int = 0,
    device: torch.device | str | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool = True,
    smallest_wins: bool | None = None,
) -> History:
    """Train a network in place and return what was measured on the way.

    The network that remains is that of the last epoch, on the device where it was before: a GPU
    is only borrowed, and what follows need not know of it. With `checkpoint`, every finished
    epoch is written to that file; the same call after an interruption goes on from there and
    gives what an uninterrupted run gives. Without a schedule, which depends on their number, more
    epochs than before continue a finished run. A checkpoint that cannot be written in the middle
    of a run, on a full disk for example, gives a warning, and training goes on.

    Where the loss becomes NaN or infinite, training stops with a warning: the history says so,
    and a checkpoint keeps the last epoch before.

    On a CPU, where a C++ compiler is found, C1 to S4 of `lenet5_modern` are computed by a kernel
    that is built on first use: the same numbers, up to rounding, in less time. There glibc keeps
    up to 64 MB of freed memory for the process from then on, as after any large block.

    Args:
        model: maps (N, 1, H, W) to the outputs that `criterion` takes, (N, classes).
        images: float (N, 1, H, W), normalised.
        labels: integers (N,), classes from 0; none is ignored, not even -100.
        epochs: passes through the training digits.
        batch_size: examples an update.
        optimizer: called with the parameters; by default Adam with a learning rate of 0.001.
        schedule: called with the optimizer and the total number of updates; returns a
            scheduler whose `step()` is called after each update.
        criterion: called with outputs and labels (int64); returns a scalar mean.
        validation: how many examples to hold out, drawn with `seed`; 0 holds out none.
        seed: draws the split, the order of the examples, and dropout.
        device: where to train; by default `get_device()`.
        checkpoint: file to write after each epoch and to resume from.
        progress: show a progress bar.
        smallest_wins: whether the smallest output is the answer. By default the criterion says
            it (MSE and MAP: yes; cross-entropy: no), or the network, see `evaluate`.

    Raises:
        ValueError: examples that do not fit together or are not finite, labels above the number
            of classes, a device that is not here, a criterion of another kind of output, or a
            checkpoint that cannot be written or belongs to another run.
    """
    from tqdm.auto import tqdm

    labels = require_examples(images, labels)
    require_whole("epochs", epochs)
    require_whole("batch_size", batch_size)
    require_mean(criterion)
    rule = AnswerRule(model, smallest_wins, criterion)
    device = resolve_device(device) if device is not None else get_device()
    path = Path(checkpoint) if checkpoint is not None else None
    if path is not None:
        require_writable(path)
    if device.type == "cpu":
        keep_memory()
    train, held = (part.to(device) for part in split_validation(len(labels), validation, seed))
    batches = -(-len(train) // batch_size)
    # Their random states, and the CPU's, are put back as the caller left them.
    devices = [device] if device.type == "cuda" else []
    with on_device(model, device), torch.random.fork_rng(devices):
        network = compiled(model) or model
        if network is model:
            # PyTorch pools and convolves faster on a CPU when a pixel's channels lie side by side.
            model.to(memory_format=torch.channels_last)
        fused = device.type != "mps"  # one call for all parameters
        make = optimizer or (lambda parameters: torch.optim.Adam(parameters, lr=0.001, fused=fused))
        optim = make(model.parameters())
        scheduler = schedule(optim, epochs * batches) if schedule else None
        state = {"model": model, "optimizer": optim}
        if scheduler is not None:
            state["scheduler"] = scheduler
        history, run = History(), {}
        if path is not None:
            numbers = dict(epochs=epochs, batch_size=batch_size, validation=validation, seed=seed)
            run = describe_run(model, images, labels, optim, scheduler, criterion, numbers)
            if path.exists():
                history = History(**resume(path, run, state, epochs))

        images, labels = images.to(device), labels.to(device)
        trainer = _Trainer(model, network, images, labels, optim, scheduler, criterion, rule)
        done = len(history) * batches
        with tqdm(total=epochs * batches, initial=done, disable=not progress, unit="batch") as bar:
            for epoch in range(len(history), epochs):
                bar.set_description(f"epoch {epoch + 1}/{epochs}")
                # A state for each epoch, so that a resumed run needs no saved generator.
                torch.manual_seed((seed * 1_000_003 + epoch) % 2**63)
                order = torch.randperm(len(train), device="cpu").to(device)
                started = time.perf_counter()
                loss, error = trainer.epoch(train[order].split(batch_size), bar)
                history.train_loss.append(loss)
                history.train_error.append(error)
                if validation:
                    score = math.nan if history.diverged else trainer.error_of(held)
                    history.validation_error.append(score)
                    bar.set_postfix(validation=f"{score:.2%}")
                history.seconds.append(time.perf_counter() - started)
                if history.diverged:
                    _warn_of_divergence(epoch + 1, loss, path)
                    break
                if path is not None:
                    save_checkpoint(path, run, state, asdict(history))
    model.eval()
    return history


@dataclass
class _Trainer:
    """What an epoch needs."""

    model: nn.Module
    network: Network
    images: Tensor
    labels: Tensor
    optim: torch.optim.Optimizer
    scheduler: Any
    criterion: Criterion
    rule: AnswerRule

    def epoch(self, batches: tuple[Tensor, ...], bar: Any) -> tuple[float, float]:
        """Train through the batches once; return mean loss and error measured while learning.

        Where the loss is not finite any more, the rest of the batches is left out.
        """
        self.model.train()
        # Sums stay on the device: reading them at every step would wait for the GPU.
        loss_sum = torch.zeros((), device=self.images.device)
        wrong = torch.zeros((), device=self.images.device, dtype=torch.int64)
        count = 0
        for number, batch in enumerate(batches, 1):
            target = self.labels[batch]
            outputs = self._outputs(self.images[batch])
            loss = self.criterion(outputs, target)
            self.optim.zero_grad(set_to_none=True)
            loss.backward()
            self.optim.step()
            if self.scheduler is not None:
                self.scheduler.step()
            loss_sum += loss.detach() * len(batch)
            wrong += (self.rule.predicted_class(outputs.detach()) != target).sum()
            count += len(batch)
            bar.update()
            if number % CHECKED == 0 and not math.isfinite(loss_sum.item()):
                break
        return loss_sum.item() / count, wrong.item() / count

    def _outputs(self, x: Tensor) -> Tensor:
        if self.rule.smallest_wins is not None:
            return self.network(x)
        # Nothing has been changed yet, and nothing is where what comes out does not fit: running
        # statistics are put back.
        buffers = {name: buffer.clone() for name, buffer in self.model.named_buffers()}
        try:
            return self.rule.outputs(self.network, x, self.labels)
        except ValueError:
            for name, buffer in self.model.named_buffers():
                buffer.copy_(buffers[name])
            raise

    def error_of(self, held: Tensor) -> float:
        """Return the error on the examples held out."""
        images, labels = self.images[held], self.labels[held]
        return evaluate(self.model, images, labels, smallest_wins=self.rule.smallest_wins).error


CHECKED = 50  # updates from one look at the loss to the next one


def _warn_of_divergence(epoch: int, loss: float, path: Path | None) -> None:
    kept = f" Checkpoint {path} holds the epoch before, if there was one." if path else ""
    warnings.warn(
        f"training diverged in epoch {epoch}: the loss is {loss}, and training stopped.{kept} The "
        "network's weights are of no use any more. Build it anew, and train it with a smaller "
        "learning rate; see that the images are normalised, too.",
        stacklevel=3,
    )
