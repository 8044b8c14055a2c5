"""Checks of the lesson "Practice: train your own"."""

from typing import Any

import torch
from torch import nn

from lenet_utils.checks.verdict import call, check, close, integer, integers, tensor, wrong


@check
def updates(answer: Any) -> str:
    """Check exercise 10.1: updates in one epoch of 60,000 digits, 5,000 held out, by 64."""
    count = integer(answer, "the answer")
    if count == 938:
        wrong("938 batches hold all 60,000 digits, but 5,000 of them are held out.")
    if count == 859:
        wrong("859 batches are full, and 24 digits are left: they make one more, smaller, batch.")
    if count == 55_000:
        wrong("55,000 is the number of digits. One update takes 64 of them.")
    if count != 860:
        wrong(f"{count:,} is not it: (60,000 - 5,000) / 64, rounded up.")
    return "860 updates: 859 full batches and one of 24 digits."


@check
def training_step(function: Any) -> str:
    """Check exercise 10.2: one update, written out.

    Args:
        function: called with a model, an optimizer, images and labels; updates the model once
            and returns the loss of this batch.
    """
    generator = torch.Generator().manual_seed(3)
    images = torch.randn(8, 1, 4, 4, generator=generator)
    labels = torch.arange(8) % 3
    model, twin = _small_network(), _small_network()
    optimizer, sgd = (torch.optim.SGD(m.parameters(), lr=0.5) for m in (model, twin))
    for number in (1, 2):
        loss = nn.functional.cross_entropy(twin(images), labels)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        answer = call(function, model, optimizer, images, labels, allowed=("weights",))
        if isinstance(answer, float):
            answer = torch.tensor(answer)
        value = tensor(answer, (), "the returned loss")
        if _same(model, _small_network()):
            wrong("the weights did not change: call loss.backward() and then optimizer.step().")
        if number == 2 and not _same(model, twin):
            wrong(
                "the first update is right, the second is not: clear the old gradients with "
                "optimizer.zero_grad() before loss.backward() adds new ones."
            )
        if not _same(model, twin):
            wrong(
                "the weights changed, but not by one step on the mean cross-entropy of this "
                "batch. Give cross_entropy the raw outputs (no softmax), and step once."
            )
        if not close(value, loss.detach().double()):
            wrong("the weights are right, the returned loss is not the loss of this batch.")
    return "Forward, loss, clear, backward, step: the loop that all training is made of."


@check
def most_confused(function: Any) -> str:
    """Check exercise 10.3: the commonest mistake in a confusion matrix.

    Args:
        function: called with a confusion matrix, int64 (classes, classes), rows are labels;
            returns (label, answer) of the largest count off the diagonal.
    """
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        confusion = torch.randint(0, 9, (10, 10), generator=generator)
        confusion.fill_diagonal_(900)
        row, column = torch.randperm(10, generator=generator)[:2].tolist()
        confusion[row, column] = 25
        pair = integers(call(function, confusion), 2, "the result", "(4, 9)")
        if pair[0] == pair[1]:
            wrong("this is on the diagonal, where the right answers are: leave the diagonal out.")
        if pair == (column, row):
            wrong("label and answer are exchanged: rows are labels, columns are answers.")
        if pair != (row, column):
            wrong(f"{pair} has {int(confusion[pair])} mistakes, but another pair has 25.")
    return "Rows are what was there, columns what was answered."


@check
def centre_of_mass(function: Any) -> str:
    """Check exercise 10.4: the centre of mass of a picture.

    Args:
        function: called with ink, uint8 (H, W); returns (row, column), counted from 0.
    """
    for height, width in ((9, 14), (12, 5)):
        ink = torch.zeros(height, width, dtype=torch.uint8)
        ink[2, 1], ink[2, 3], ink[7, 3], ink[8, 4] = 250, 240, 30, 10
        found = call(function, ink.clone())
        try:
            pair = torch.tensor([float(part) for part in found], dtype=torch.float64)
        except Exception:
            wrong("the result is not a pair of numbers: return row, column.")
        pair = tensor(pair, (2,), "the result")
        truth = _mean_place(ink)
        if close(pair, truth):
            continue
        if close(pair, truth.flip(0)):
            wrong("row and column are exchanged: the row comes first.")
        if close(pair, _mean_place(ink > 0)):
            wrong("every pixel with ink counts alike here; a dark one weighs more than a pale one.")
        if close(pair, torch.tensor([5.0, 2.5]).double()):
            wrong("this is the middle of the box around the ink, not the centre of its mass.")
        if close(pair, truth + 0.5) or close(pair, truth + 1):
            wrong("places are counted from 0: the first pixel is row 0, column 0.")
        if close(pair, torch.tensor([(height - 1) / 2, (width - 1) / 2]).double()):
            wrong("this is the middle of the picture; where the ink lies has no say in it.")
        expected = ", ".join(f"{part:.2f}" for part in truth.tolist())
        wrong(
            f"for four pixels of ink, {expected} was expected. Sum ink x place over all pixels, in "
            "numbers larger than bytes, and divide by the sum of the ink."
        )
    return "Shift this point to the middle, and the digit lies as MNIST's do."


def _mean_place(ink: torch.Tensor) -> torch.Tensor:
    rows, columns = ink.nonzero(as_tuple=True)
    weights = ink[rows, columns].double()
    return torch.stack([(weights * p).sum() / weights.sum() for p in (rows, columns)])


def _small_network() -> nn.Module:
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.linspace(-0.3, 0.3, parameter.numel()).view_as(parameter))
    return model


def _same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(close(a.detach().double(), b.detach().double()) for a, b in pairs)
