"""Checks of the lesson "Find the bugs" that try a repaired function out."""

import itertools
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.checks.probe import (
    WRONG_LOSSES,
    MakeOptimizer,
    Probe,
    places,
    plain_sgd,
    replay,
    same_weights,
    settings,
    with_momentum,
)
from lenet_utils.checks.verdict import (
    as_tensor,
    call,
    check,
    close,
    recognise,
    shape,
    tensor,
    wrong,
)
from lenet_utils.mnist import normalise_modern, pad_to_32


@check
def preparation(function: Any) -> str:
    """Check exercise 11.2: one preparation for training and test digits.

    Args:
        function: called with images uint8 (N, 28, 28), a mean and a standard deviation of
            pixels scaled to [0, 1]; returns float (N, 1, 32, 32).
    """
    generator = torch.Generator().manual_seed(2)
    # The second digits are pale: their largest pixel is not 255.
    for count, mean, std, largest in ((3, 0.13, 0.31, 255), (2, 0.4, 0.2, 180)):
        images = torch.randint(0, largest + 1, (count, 28, 28), generator=generator).byte()
        answer = call(function, images, mean, std)
        if shape(answer) == (count, 32, 32):
            wrong("the dimension of the channel is missing: (N, 1, 32, 32), as conv layers need.")
        y = tensor(answer, (count, 1, 32, 32), "the result")
        if not answer.is_floating_point():
            wrong("the result holds whole numbers: compute in float.")
        truth = normalise_modern(pad_to_32(images), mean, std).double()
        if not close(y, truth):
            _explain_preparation(y, truth, images, mean, std)
    return "Pad the bytes, then normalise, with the same two numbers for every set of digits."


def _explain_preparation(y: Tensor, truth: Tensor, images: Tensor, mean: float, std: float) -> None:
    digits, background = truth[..., 2:-2, 2:-2], -mean / std
    if close(y[..., 2:-2, 2:-2], digits):
        corner = float(y[0, 0, 0, 0])
        frame = y[:, :, [0, 1, -2, -1]]
        which = f"is {corner:.2f}" if bool((frame == corner).all()) else "is not background"
        wrong(
            f"the digits are right, their border {which}. Background is {background:.2f} after "
            "normalising: pad the bytes, then normalise."
        )
    for row, column in itertools.product(range(5), repeat=2):
        if close(y[..., row : row + 28, column : column + 28], digits):
            wrong("the digits are not in the middle: the border is two pixels on each side.")
    scaled = pad_to_32(images)[:, None].double() / 255
    enlarged = F.interpolate(images[:, None].float(), size=32, mode="bilinear") / 255
    if abs(float(y.mean())) < 1e-3:
        wrong(
            "the result has a mean of 0 whatever it is given: use the mean and std of the "
            "training digits, which are handed in, for every set."
        )
    recognise(
        y,
        {
            "this is scaled to [0, 1], not normalised: subtract mean, divide by std.": scaled,
            "mean and std belong to pixels from 0 to 1: divide the bytes by 255 first.": (
                (scaled * 255 - mean) / std
            ),
            "the mean is subtracted; divide by std as well.": scaled - mean,
            "mean and std are exchanged.": (scaled - std) / mean,
            "divide by the standard deviation, not by its square.": (scaled - mean) / std**2,
            "paper and ink are exchanged: a pixel says how much ink there is, 0 is none.": (
                normalise_modern(pad_to_32(255 - images), mean, std)
            ),
            "rows and columns are exchanged.": truth.mT,
            "the digits are enlarged to 32 by 32. Keep them as they are, with a border.": (
                (enlarged - mean) / std
            ),
            "the largest pixel of these digits is not 255, but the divisor has to be.": (
                (scaled / scaled.max() - mean) / std
            ),
        },
    )
    _explain_other_numbers(y, scaled)
    wrong("shape and type are right, the values are not: (pixel / 255 - mean) / std.")


def _explain_other_numbers(y: Tensor, scaled: Tensor) -> None:
    """Refuse pixels that were normalised, but with another mean or standard deviation."""
    columns = torch.stack([scaled.flatten(), torch.ones(scaled.numel(), dtype=scaled.dtype)], 1)
    factor, start = torch.linalg.lstsq(columns, y.flatten()[:, None]).solution.flatten().tolist()
    if factor > 0 and close(y, scaled * factor + start):
        wrong(
            f"these pixels are normalised with a mean of {-start / factor:.3g} and a standard "
            f"deviation of {1 / factor:.3g}: use the two numbers that are handed in."
        )


@check
def training_epoch(function: Any) -> str:
    """Check exercise 11.3: one epoch of training.

    Args:
        function: called with a model, an optimizer, images, labels and a batch size; trains
            through all images once, in batches of that size and a new random order, and returns
            the mean loss over them. The model comes in evaluation mode.
    """
    generator = torch.Generator().manual_seed(5)
    orders, together = [], []
    for count, size, make in ((10, 4, plain_sgd), (10, 3, plain_sgd), (8, 2, with_momentum)):
        images = torch.randn(count, 1, 4, 4, generator=generator)
        labels = torch.arange(count) % 3
        probe = Probe().eval()
        optimizer = make(probe.parameters())
        given = (probe, optimizer, images, labels, size)
        answer = call(function, *given, allowed=("draws", "weights", "mode"), unaided=True)
        if settings(optimizer) != settings(make(probe.parameters())):
            wrong("the optimizer's settings changed, such as lr: leave them as they were.")
        batches = [places(x, images) for x in probe.seen]
        _examine_batches(batches, probe, count, size)
        orders.append(list(itertools.chain(*batches)))
        together.append(all(max(batch) - min(batch) < len(batch) for batch in batches))
        _examine_weights(batches, probe, images, labels, make)
        losses = replay(batches, images, labels, make)[1]
        _examine_mean(answer, losses, [len(batch) for batch in batches])
    _examine_orders(orders, together)
    return "Shuffled, in training mode, cleared before each batch, raw scores to the loss."


@check
def fraction_right(function: Any) -> str:
    """Check exercise 11.4: the fraction of right answers.

    Args:
        function: called with a model, images, labels and a batch size; returns the fraction.
    """
    generator = torch.Generator().manual_seed(6)
    for count, size, mistakes in ((10, 4, (1, 9)), (7, 3, ()), (11, 5, (0, 1, 2, 3, 8))):
        images = torch.randn(count, 1, 4, 4, generator=generator)
        probe = Probe()
        with torch.no_grad():
            labels = probe(images).argmax(1)
        labels[list(mistakes)] = (labels[list(mistakes)] + 1) % 3
        probe.reset()
        answer = call(function, probe, images, labels, size, allowed=("mode",), unaided=True)
        value = float(tensor(as_tensor(answer), (), "the fraction"))
        _require_called(probe)
        if any(probe.training_modes):
            wrong("the model is in training mode during the test: model.eval() first.")
        if any(probe.gradients):
            wrong("each step is recorded for gradients that nobody needs: with torch.no_grad().")
        asked = set(itertools.chain(*(places(x, images) for x in probe.seen)))
        if -1 in asked:
            wrong("the model was given pictures that are not among the images.")
        if len(asked) < count:
            wrong(f"{count - len(asked)} of {count} images were never shown: the last batch too.")
        truth = (count - len(mistakes)) / count
        if abs(value - truth) > 1e-5:
            _explain_fraction(value, truth, mistakes, count, size)
    return "Evaluation mode, no gradients, and divided by the number of digits that were asked."


def _require_called(probe: Probe) -> None:
    if not probe.seen:
        wrong("the model was never asked: outputs = model(images).")
    if not probe.hooked:
        wrong("model.forward(x) passes by the hooks of the model: call model(x).")


def _examine_batches(batches: list[list[int]], probe: Probe, count: int, size: int) -> None:
    _require_called(probe)
    if not all(probe.training_modes):
        wrong("the model came in evaluation mode, from the last test: model.train() first.")
    order = list(itertools.chain(*batches))
    if -1 in order:
        wrong("the model was given pictures that are not among the images.")
    if len(set(order)) < count:
        wrong(f"{count - len(set(order))} of {count} images were left out: the last batch too.")
    if len(order) > count:
        wrong("some images were shown more than once in the epoch.")
    sizes = [len(batch) for batch in batches]
    wanted = [min(size, count - start) for start in range(0, count, size)]
    if sorted(sizes) != sorted(wanted):
        one, other = (", ".join(map(str, numbers)) for numbers in (sizes, wanted))
        wrong(f"for {count} images and a batch size of {size} the batches hold {one} images; "
              f"expected {other}.")  # fmt: skip


def _examine_orders(orders: list[list[int]], together: list[bool]) -> None:
    """Refuse orders of the epochs, the first two of as many images, that are not random.

    Args:
        orders: an epoch's images, by their places in the store.
        together: whether the images of each batch are stored side by side.
    """
    if all(order in (sorted(order), sorted(order)[::-1]) for order in orders):
        wrong("the images come in the order in which they are stored, or backwards: shuffle, "
              "torch.randperm.")  # fmt: skip
    # In a random order about one image is followed by its neighbour.
    followed = [
        sum((b - a) % len(order) == 1 for a, b in itertools.pairwise(order)) / len(order)
        for order in orders
    ]
    if all(together) or min(followed) >= 0.5:
        wrong("images that are stored side by side stay together: shuffle the images, not only "
              "the batches, within them, or where they begin.")  # fmt: skip
    if orders[0] == orders[1]:
        wrong("two epochs took the images in the same order: draw a new one for each.")


def _examine_weights(
    batches: list[list[int]], probe: Probe, images: Tensor, labels: Tensor, make: MakeOptimizer
) -> None:
    def as_if(batches: list[list[int]] = batches, **fault: Any) -> bool:
        twin = replay(batches, images, labels, make, **fault)[0]
        return same_weights(probe, twin)

    if as_if():
        return
    if as_if([]):
        wrong(
            "the weights did not change. Between loss.backward() and optimizer.step() nothing "
            "may clear the gradients, and both must be called."
        )
    faults: dict[str, dict[str, Any]] = {
        "each batch adds its gradients to the last one's: clear them for every batch.": (
            {"clear": False}
        ),
        "the images are shuffled, their labels are not: one order for both.": {"in_order": True},
        **{message: {"loss": loss} for message, loss in WRONG_LOSSES.items()},
    }
    for message, fault in faults.items():
        if as_if(**fault):
            wrong(message)
    if make is not plain_sgd:
        wrong("with plain SGD the updates are right, with momentum they are not: call the step() "
              "of the optimizer that is given.")  # fmt: skip
    wrong("the weights changed, but not by one step on the mean cross-entropy of each batch.")


def _examine_mean(answer: Any, losses: list[float], sizes: list[int]) -> None:
    value = tensor(as_tensor(answer), (), "the mean loss")
    total = sum(loss * size for loss, size in zip(losses, sizes, strict=True))
    truth, others = total / sum(sizes), {
        "The returned loss is a mean of the batches' means: the last batch is smaller, so weigh "
        "each by its number of digits.": sum(losses) / len(losses),
        "The returned loss is the last batch's: return the mean over all images.": losses[-1],
        "The returned loss is the sum of the batches' losses: return the mean.": sum(losses),
        "The returned loss is the sum over all images: divide by their number.": total,
    }  # fmt: skip
    if close(value, torch.tensor(truth).double()):
        return
    recognise(value, {f"the weights are right. {m}": torch.tensor(v) for m, v in others.items()})
    wrong("the weights are right, the returned number is not the mean loss of the epoch.")


def _explain_fraction(
    value: float, truth: float, mistakes: tuple[int, ...], count: int, size: int
) -> None:
    batches = -(-count // size)
    right = count - len(mistakes)
    if abs(value - 100 * truth) < 1e-3:
        wrong(f"{value:g} is a percentage; expected a fraction, from 0 to 1.")
    if abs(value - right / (batches * size)) < 1e-5:
        wrong(
            f"{right} right of {count} gave {value:.3f}: that is divided by {batches} batches of "
            f"{size}, but the last batch has {count - (batches - 1) * size}."
        )
    parts = torch.ones(count)
    parts[list(mistakes)] = 0
    means = torch.stack([part.mean() for part in parts.split(size)]).mean().item()
    if abs(value - means) < 1e-5:
        wrong(f"{value:.3f} is the mean of the batches' fractions; the last batch is smaller.")
    if abs(value - (1 - truth)) < 1e-5:
        wrong(f"{value:.3f} is the fraction of wrong answers.")
    if abs(value - right) < 1e-5:
        wrong(f"{value:g} is the number of right answers: divide it by the number of digits.")
    if value == 0:
        wrong("the result is 0, as // cuts the fraction off: divide with /.")
    wrong(f"{right} right of {count} are {truth:.6g}, not {value:.6g}: count where "
          "outputs.argmax(1) is the label, and divide by the number of labels.")  # fmt: skip
