"""Let a network answer labelled digits: error, confusion, and which ones it got wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lenet_utils.compiled import compiled


@dataclass(frozen=True)
class Evaluation:
    """How a network did on labelled digits, without training on them.

    Attributes:
        error: fraction of wrong answers.
        predictions: int64 (N,), on the CPU.
        outputs: float (N, classes), on the CPU.
        confusion: int64 (classes, classes); row is the label, column the answer.
        wrong: int64 indices of the wrong ones.
    """

    error: float
    predictions: Tensor
    outputs: Tensor
    confusion: Tensor
    wrong: Tensor

    @property
    def accuracy(self) -> float:
        """Fraction of right answers."""
        return 1 - self.error


@torch.no_grad()
def evaluate(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    batch_size: int = 1_000,
    device: torch.device | str | None = None,
) -> Evaluation:
    """Let a network answer labelled digits, in evaluation mode.

    The answer is the largest output, or the smallest where the outputs are distances (RBF). On a
    CPU `lenet5_modern` is computed as in `fit`.

    Args:
        model: maps (N, 1, H, W) to (N, classes).
        images: float (N, 1, H, W), normalised.
        labels: int64 (N,).
        batch_size: examples at a time; it changes memory, not results.
        device: where to compute; by default where the network is. It is then brought back.

    Raises:
        ValueError: examples that do not fit together or are not finite, batches of none, or a
            device that is not here.
    """
    require_examples(images, labels)
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; expected 1 or more.")
    was_training = model.training
    with lent(model, device) as where:
        model.eval()
        network = compiled(model) or model
        try:
            parts = [network(part.to(where)).cpu() for part in images.split(batch_size)]
        finally:
            model.train(was_training)
    outputs = torch.cat(parts)
    truth = labels.cpu()
    predictions = decide(model, outputs)
    classes = max(outputs.shape[1], int(truth.max()) + 1)
    pairs = torch.bincount(truth * classes + predictions, minlength=classes**2)
    wrong = (predictions != truth).nonzero()[:, 0]
    error = len(wrong) / len(truth)
    return Evaluation(error, predictions, outputs, pairs.view(classes, classes), wrong)


@contextmanager
def lent(model: nn.Module, device: torch.device | str | None) -> Iterator[torch.device]:
    """Keep a network on a device, by default its own, and bring it back, also after an error."""
    home = next((p.device for p in model.parameters()), torch.device("cpu"))
    device = home if device is None else usable(device)
    model.to(device)
    try:
        yield device
    finally:
        model.to(home)


def usable(device: torch.device | str) -> torch.device:
    """Return a device that can be used here, or refuse it by name.

    Raises:
        ValueError: there is no such device; it says what PyTorch says.
    """
    try:
        return torch.zeros(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device is {str(device)!r}, which cannot be used here: {error} Leave device out, or "
            "name another one, such as 'cpu'."
        ) from error


def decide(model: nn.Module, outputs: Tensor) -> Tensor:
    """Return the class of each row of outputs: the smallest distance or the largest score."""
    return outputs.argmin(1) if getattr(model, "smallest_wins", False) else outputs.argmax(1)


def require_examples(images: Tensor, labels: Tensor) -> None:
    """Refuse examples that do not fit together."""
    for name, value in (("images", images), ("labels", labels)):
        if not isinstance(value, Tensor):
            raise ValueError(  # noqa: TRY004
                f"{name} are of type {type(value).__name__}; expected a tensor: torch.as_tensor."
            )
    if len(images) != len(labels) or len(labels) == 0:
        raise ValueError(
            f"got {len(images)} images and {len(labels)} labels; expected as many labels as "
            "images, and at least one."
        )
    if labels.dtype != torch.int64 or labels.dim() != 1:
        raise ValueError(
            f"labels are {labels.dtype} of shape {tuple(labels.shape)}; expected int64 (N,), "
            "the class of each image: labels.long()."
        )
    if int(labels.min()) < 0:
        raise ValueError(f"labels begin at {int(labels.min())}; expected classes from 0.")
    if not bool(images.isfinite().all()):
        raise ValueError("images hold NaN or infinite values; expected finite numbers.")
