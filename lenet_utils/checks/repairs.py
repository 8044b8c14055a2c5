"""Checks of the lesson "Find the bugs" that try a repaired function out."""

import itertools
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.checks.probe import Probe, places, replay
from lenet_utils.checks.verdict import call, check, close, tensor, wrong
from lenet_utils.mnist import normalise_modern, pad_to_32


@check
def preparation(function: Any) -> str:
    """Check exercise 11.2: one preparation for training and test digits.

    Args:
        function: called with images uint8 (N, 28, 28), a mean and a standard deviation of
            pixels scaled to [0, 1]; returns float (N, 1, 32, 32).
    """
    generator = torch.Generator().manual_seed(2)
    for count, mean, std in ((3, 0.13, 0.31), (2, 0.4, 0.2)):
        images = torch.randint(0, 256, (count, 28, 28), generator=generator, dtype=torch.uint8)
        answer = call(function, images.clone(), mean, std)
        if isinstance(answer, Tensor) and answer.shape == (count, 32, 32):
            wrong("the dimension of the channel is missing: (N, 1, 32, 32), as conv layers need.")
        y = tensor(answer, (count, 1, 32, 32), "the result")
        truth = normalise_modern(pad_to_32(images), mean, std).double()
        if close(y, truth):
            continue
        scaled = pad_to_32(images)[:, None].double() / 255
        if close(y[..., 2:-2, 2:-2], truth[..., 2:-2, 2:-2]):
            wrong(
                f"the digits are right, their border is {float(y[0, 0, 0, 0]):.2f}. Background "
                f"is {-mean / std:.2f} after normalising: pad the bytes, then normalise."
            )
        if close(y, scaled):
            wrong("this is scaled to [0, 1], not normalised: subtract mean, divide by std.")
        if close(y, (scaled * 255 - mean) / std):
            wrong("mean and std belong to pixels from 0 to 1: divide the bytes by 255 first.")
        if abs(float(y.mean())) < 1e-3:
            wrong(
                "the result has a mean of 0 whatever it is given: use the mean and std of the "
                "training digits, which are handed in, for every set."
            )
        wrong("shape and type are right, the values are not: (pixel / 255 - mean) / std.")
    return "Pad the bytes, then normalise, with the same two numbers for every set of digits."


@check
def training_epoch(function: Any) -> str:
    """Check exercise 11.3: one epoch of training.

    Args:
        function: called with a model, an optimizer, images, labels and a batch size; trains
            through all images once and returns the mean loss over them.
    """
    count, size = 10, 4
    images = torch.randn(count, 1, 4, 4, generator=torch.Generator().manual_seed(5))
    labels = torch.arange(count) % 3
    orders = []
    for _ in range(2):
        probe = Probe()
        before = [p.detach().clone() for p in probe.parameters()]
        optimizer = torch.optim.SGD(probe.parameters(), lr=0.5)
        allowed = ("draws", "weights", "mode")
        answer = call(function, probe, optimizer, images, labels, size, allowed=allowed)
        batches = [places(x, images) for x in probe.seen]
        _examine_batches(batches, probe, count, size)
        orders.append(list(itertools.chain(*batches)))
        _examine_weights(batches, probe, before, images, labels)
        if isinstance(answer, float):
            answer = torch.tensor(answer)
        value, losses = tensor(answer, (), "the mean loss"), replay(batches, images, labels)[1]
        weights = [len(batch) for batch in batches]
        mean = sum(a * w for a, w in zip(losses, weights, strict=True)) / count
        if not close(value, torch.tensor(mean).double()):
            if close(value, torch.tensor(sum(losses) / len(losses)).double()):
                wrong(
                    "the weights are right. The returned loss is a mean of the batches' means: "
                    "the last batch is smaller, so weigh each by its number of digits."
                )
            wrong("the weights are right, the returned number is not the mean loss of the epoch.")
    if all(order == list(range(count)) for order in orders):
        wrong("the images come in the order in which they are stored: shuffle, torch.randperm.")
    return "Shuffled, in training mode, cleared before each batch, raw scores to the loss."


@check
def fraction_right(function: Any) -> str:
    """Check exercise 11.4: the fraction of right answers.

    Args:
        function: called with a model, images, labels and a batch size; returns the fraction.
    """
    count, size = 10, 4
    images = torch.randn(count, 1, 4, 4, generator=torch.Generator().manual_seed(6))
    for mistakes in ((1, 9), (), (0, 1, 2, 3, 8)):
        probe = Probe()
        probe.train()
        with torch.no_grad():
            labels = probe.eval().forward(images).argmax(1)
        for place in mistakes:
            labels[place] = (labels[place] + 1) % 3
        probe.reset().train()
        answer = call(function, probe, images, labels, size, allowed=("mode",))
        if isinstance(answer, float | int) and not isinstance(answer, bool):
            answer = torch.tensor(float(answer))
        value = float(tensor(answer, (), "the fraction"))
        _require_called(probe)
        if any(probe.training_modes):
            wrong("the model is in training mode during the test: model.eval() first.")
        if any(probe.gradients):
            wrong("each step is recorded for gradients that nobody needs: with torch.no_grad().")
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
    if any(len(batch) > size for batch in batches):
        wrong(f"a batch has {max(map(len, batches))} images; the batch size is {size}.")
    order = list(itertools.chain(*batches))
    if -1 in order:
        wrong("the model was given pictures that are not among the images.")
    if len(set(order)) < count:
        wrong(f"{count - len(set(order))} of {count} images were left out: the last batch too.")
    if len(order) > count:
        wrong("some images were shown more than once in the epoch.")


def _examine_weights(
    batches: list[list[int]], probe: Probe, before: list[Tensor], images: Tensor, labels: Tensor
) -> None:
    after = [p.detach() for p in probe.parameters()]

    def as_if(**fault: Any) -> bool:
        twin = replay(batches, images, labels, **fault)[0]
        pairs = zip(after, twin.parameters(), strict=True)
        return all(close(a.double(), b.detach().double()) for a, b in pairs)

    if as_if():
        return
    if all(torch.equal(a, b) for a, b in zip(after, before, strict=True)):
        wrong(
            "the weights did not change. Between loss.backward() and optimizer.step() nothing "
            "may clear the gradients, and both must be called."
        )
    if as_if(clear=False):
        wrong("each batch adds its gradients to the last one's: clear them for every batch.")
    if as_if(loss=lambda y, t: F.cross_entropy(y.softmax(1), t)):
        wrong("softmax is applied twice: cross_entropy has its own. Give it the raw scores.")
    if as_if(loss=lambda y, t: F.cross_entropy(y, t, reduction="sum")):
        wrong("the loss is the sum over the batch: take the mean, as cross_entropy does.")
    if as_if(in_order=True):
        wrong("the images are shuffled, their labels are not: one order for both.")
    wrong("the weights changed, but not by one step on the mean cross-entropy of each batch.")


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
    wrong(f"{right} right of {count} gave {value:.3f}: divide by the number of digits asked.")
