"""Let a network answer labelled digits: error, confusion, and which ones it got wrong."""

import warnings
from dataclasses import dataclass
from numbers import Integral

import torch
from torch import Tensor, nn

from lenet_utils._native.c1_to_s4 import compiled
from lenet_utils.answers import AnswerRule
from lenet_utils.devices import on_device


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
    smallest_wins: bool | None = None,
) -> Evaluation:
    """Let a network answer labelled digits, in evaluation mode.

    The answer is the largest output, or the smallest where the outputs are distances: where they
    come from an `RBFOutput` unchanged, also inside DataParallel, a compiled or another module. On a
    CPU `lenet5_modern` is computed as in `fit`. Outputs that are NaN give a warning.

    Args:
        model: maps (N, 1, H, W) to (N, classes).
        images: float (N, 1, H, W), normalised.
        labels: integers (N,), classes from 0.
        batch_size: examples at a time; it changes memory, not results.
        device: where to compute; by default where the network is. It is then brought back.
        smallest_wins: whether the smallest output is the answer. Needed only where a network
            changes what an `RBFOutput` inside it gives, or has distances of another origin.

    Raises:
        ValueError: examples that do not fit together or are not finite, labels above the number
            of classes, batches of none, a device that is not here, or outputs of which it is not
            certain how to read them.
    """
    labels = require_examples(images, labels)
    require_whole("batch_size", batch_size)
    rule = AnswerRule(model, smallest_wins)
    modes = {part: part.training for part in model.modules()}
    with on_device(model, device) as where:
        model.eval()
        network = compiled(model) or model
        try:
            batches = (batch.to(where) for batch in images.split(batch_size))
            outputs = torch.cat([rule.outputs(network, x, labels).cpu() for x in batches])
        finally:
            # One by one: a part may be in another mode than the network.
            for part, mode in modes.items():
                part.training = mode
    lost = int(outputs.isnan().any(1).sum())
    if lost:
        warnings.warn(
            f"the outputs of {lost} of {len(outputs)} images are NaN, so their answers mean "
            "nothing: the network has diverged, or its weights are damaged.",
            stacklevel=2,
        )
    truth = labels.cpu()
    predictions = rule.predicted_class(outputs)
    classes = outputs.shape[1]
    pairs = torch.bincount(truth * classes + predictions, minlength=classes**2)
    wrong = (predictions != truth).nonzero()[:, 0]
    error = len(wrong) / len(truth)
    return Evaluation(error, predictions, outputs, pairs.view(classes, classes), wrong)


def require_examples(images: Tensor, labels: Tensor) -> Tensor:
    """Refuse examples that do not fit together; return the labels as int64."""
    for name, value in (("images", images), ("labels", labels)):
        if not isinstance(value, Tensor):
            raise ValueError(  # noqa: TRY004
                f"{name} are of type {type(value).__name__}; expected a tensor: torch.as_tensor."
            )
    if images.dim() == 0 or labels.dim() == 0 or len(images) != len(labels) or len(labels) == 0:
        raise ValueError(
            f"got images of shape {tuple(images.shape)} and labels of shape "
            f"{tuple(labels.shape)}; expected as many labels as images, and at least one."
        )
    whole = not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
    if labels.dim() != 1 or not whole:
        raise ValueError(
            f"labels are {labels.dtype} of shape {tuple(labels.shape)}; expected integers (N,), "
            f"the class of each image: {_way_to_classes(labels)}."
        )
    labels = labels.long()
    if int(labels.min()) < 0:
        raise ValueError(
            f"labels begin at {int(labels.min())}; expected classes from 0. No label is ignored, "
            "not even -100: leave such images out, images[labels >= 0] and labels[labels >= 0]."
        )
    if not bool(images.isfinite().all()):
        raise ValueError("images hold NaN or infinite values; expected finite numbers.")
    return labels


def _way_to_classes(labels: Tensor) -> str:
    if labels.dim() == 2 and labels.shape[1] == 1:
        return "labels[:, 0].long()"
    if labels.dim() == 2:
        return (
            "labels.argmax(1), if each row is a one-hot code or the probabilities of the classes, "
            "which are not taken as targets"
        )
    return "labels.long()"


def require_whole(name: str, value: int, least: int = 1) -> None:
    """Refuse what is no whole number of `least` or more."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is {value!r}; expected a whole number of {least} or more.")
