"""Train a network whose digits stay on the device.

MNIST is small: prepared once and kept on the device, it needs no loader. `fit` can be cut off
and resumed with the result of an uninterrupted run.
"""

import os
import random
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils.compiled import Network, compiled
from lenet_utils.evaluation import decide, evaluate, lent, require_examples, usable
from lenet_utils.quick import keep_memory
from lenet_utils.weights import write_atomically

Criterion = Callable[[Tensor, Tensor], Tensor]


def get_device() -> torch.device:
    """Return the best device here: CUDA, then Apple's MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


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
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return order[validation:], order[:validation]


@dataclass
class History:
    """What `fit` measured, one entry an epoch.

    `train_loss` and `train_error` are measured while learning, as in Fig. 5;
    `validation_error` on the held-out digits after each epoch (empty when none are held out);
    errors are fractions, `seconds` are wall time.
    """

    train_loss: list[float] = field(default_factory=list)
    train_error: list[float] = field(default_factory=list)
    validation_error: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of finished epochs."""
        return len(self.seconds)

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
) -> History:
    """Train a network in place and return what was measured on the way.

    The network that remains is that of the last epoch, on the device where it was before: a GPU
    is only borrowed, and what follows need not know of it. With `checkpoint`, every finished
    epoch is written to that file; the same call after an interruption goes on from there and
    gives what an uninterrupted run gives.

    On a CPU, where a C++ compiler is found, C1 to S4 of `lenet5_modern` are computed by a kernel
    that is built on first use: the same numbers, up to rounding, in less time.

    Args:
        model: maps (N, 1, H, W) to the outputs that `criterion` takes.
        images: float (N, 1, H, W), normalised.
        labels: int64 (N,).
        epochs: passes through the training digits.
        batch_size: examples an update.
        optimizer: called with the parameters; by default Adam with a learning rate of 0.001.
        schedule: called with the optimizer and the total number of updates; returns a
            scheduler whose `step()` is called after each update.
        criterion: called with outputs and labels; returns a scalar mean.
        validation: how many examples to hold out, drawn with `seed`; 0 holds out none.
        seed: draws the split, the order of the examples, and dropout.
        device: where to train; by default `get_device()`.
        checkpoint: file to write after each epoch and to resume from.
        progress: show a progress bar.

    Raises:
        ValueError: examples that do not fit together or are not finite, a device that is not
            here, a criterion of another kind of output, or a checkpoint of another run.
    """
    require_examples(images, labels)
    if epochs < 1 or batch_size < 1:
        raise ValueError(
            f"epochs is {epochs} and batch_size is {batch_size}; expected 1 or more of each."
        )
    wins = getattr(model, "smallest_wins", None)
    theirs = False if criterion is F.cross_entropy else getattr(criterion, "smallest_wins", wins)
    if wins is not None and wins != theirs:
        raise ValueError(
            f"criterion is {criterion}, and the outputs are {'distances' if wins else 'scores'}; "
            "use MSE or MAP for distances (RBF), cross-entropy for scores."
        )
    device = usable(device) if device is not None else get_device()
    if checkpoint is not None:  # before any work: a folder that cannot be written is said now
        Path(checkpoint).parent.mkdir(parents=True, exist_ok=True)
    if device.type == "cpu":
        keep_memory()
    train, held = (part.to(device) for part in split_validation(len(labels), validation, seed))
    batches = -(-len(train) // batch_size)
    with lent(model, device), _own_randomness(device):
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
        history = History()
        run = _describe(
            model, images, labels, optim, criterion, epochs, batch_size, validation, seed
        )
        run["schedule"] = type(scheduler).__name__
        if checkpoint is not None and Path(checkpoint).exists():
            history = _resume(Path(checkpoint), run, state)

        images, labels = images.to(device), labels.to(device)
        with _bar(epochs * batches, len(history) * batches, progress) as bar:
            for epoch in range(len(history), epochs):
                bar.set_description(f"epoch {epoch + 1}/{epochs}")
                torch.manual_seed(_mix(seed, epoch))
                order = train[torch.randperm(len(train)).to(device)].split(batch_size)
                started = time.perf_counter()
                loss, error = _epoch(
                    model, network, images, labels, order, optim, scheduler, criterion, bar
                )
                history.train_loss.append(loss)
                history.train_error.append(error)
                if validation:
                    score = evaluate(model, images[held], labels[held]).error
                    history.validation_error.append(score)
                    bar.set_postfix(validation=f"{score:.2%}")
                history.seconds.append(time.perf_counter() - started)
                if checkpoint is not None:
                    _save_checkpoint(Path(checkpoint), run, state, history)
    model.eval()
    return history


def _epoch(
    model: nn.Module,
    network: Network,
    images: Tensor,
    labels: Tensor,
    batches: tuple[Tensor, ...],
    optim: torch.optim.Optimizer,
    scheduler: Any,
    criterion: Criterion,
    bar: Any,
) -> tuple[float, float]:
    """Train through the batches once; return mean loss and error measured while learning."""
    model.train()
    # Sums stay on the device: reading them at every step would wait for the GPU.
    loss_sum = torch.zeros((), device=images.device)
    wrong = torch.zeros((), device=images.device, dtype=torch.int64)
    count = 0
    for batch in batches:
        target = labels[batch]
        outputs = network(images[batch])
        loss = criterion(outputs, target)
        optim.zero_grad(set_to_none=True)
        loss.backward()
        optim.step()
        if scheduler is not None:
            scheduler.step()
        loss_sum += loss.detach() * len(batch)
        wrong += (decide(model, outputs.detach()) != target).sum()
        count += len(batch)
        bar.update()
    return loss_sum.item() / count, wrong.item() / count


def _describe(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    optim: torch.optim.Optimizer,
    criterion: Criterion,
    epochs: int,
    batch_size: int,
    validation: int,
    seed: int,
) -> dict[str, str]:
    """Say what makes a run what it is, to refuse a checkpoint of another one."""
    return {
        "model": str(model),
        "optimizer": str(optim),
        "criterion": getattr(criterion, "__qualname__", str(criterion)),
        # On the CPU: Apple's GPUs know no float64.
        "images": f"{tuple(images.shape)} with mean {images.cpu().double().mean().item():.9f}",
        "labels": f"checksum {zlib.crc32(labels.cpu().numpy().tobytes())}",
        "epochs": str(epochs),
        "batch_size": str(batch_size),
        "validation": str(validation),
        "seed": str(seed),
    }


def _save_checkpoint(path: Path, run: dict[str, str], state: dict, history: History) -> None:
    import io

    buffer = io.BytesIO()
    states = {name: part.state_dict() for name, part in state.items()}
    torch.save({"run": run, "history": asdict(history), **states}, buffer)
    write_atomically(path, buffer.getvalue())


def _resume(path: Path, run: dict[str, str], state: dict) -> History:
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        theirs, history = saved["run"], History(**saved["history"])
    except Exception as error:
        raise ValueError(
            f"{path} is not a checkpoint of fit ({error}). Move it away, or give another path."
        ) from error
    for name, here in run.items():
        if theirs.get(name) != here:
            raise ValueError(
                f"checkpoint {path} belongs to another run: its {name} is {theirs.get(name)}, "
                f"this run's is {here}. Repeat the call as it was, or give another path."
            )
    for name, part in state.items():
        part.load_state_dict(saved[name])
    # A fused optimiser takes numbers as they lie in memory, and on another device, or with the
    # kernel, parameters may lie otherwise than where the checkpoint was written.
    for parameter, kept in state["optimizer"].state.items():
        for name, value in kept.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                kept[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
    return history


@contextmanager
def _bar(total: int, done: int, progress: bool) -> Iterator[Any]:
    from tqdm.auto import tqdm

    with tqdm(total=total, initial=done, disable=not progress, unit="batch") as bar:
        yield bar


@contextmanager
def _own_randomness(device: torch.device) -> Iterator[None]:
    """Leave the caller's random state as it was."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        yield


def _mix(seed: int, epoch: int) -> int:
    # Each epoch has a state of its own, so that a resumed run needs no saved generator.
    return (seed * 1_000_003 + epoch) % 2**63
