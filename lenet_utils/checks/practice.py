"""Checks of the lesson "Practice: train your own"."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.checks.probe import (
    WRONG_LOSSES,
    MakeOptimizer,
    Probe,
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
    integers,
    pair,
    recognise,
    tensor,
    unrounded,
    wrong,
)


@check
def updates(answer: Any) -> str:
    """Check exercise 10.1: updates in one epoch of 60,000 digits, 5,000 held out, by 64."""
    count = unrounded(answer, "the answer")
    if count in (937, 937.5, 938):
        wrong(f"{count:g} batches hold all 60,000 digits, but 5,000 of them are held out.")
    if count in (78, 78.125, 79):
        wrong(f"{count:g} batches hold the 5,000 digits that are held out. The others are shown.")
    if count == 859:
        wrong("859 batches are full, and 24 digits are left: they make one more, smaller, batch.")
    if abs(count - 859.375) < 0.01:
        wrong(f"{count:g} is the quotient; expected a whole number: the last batch is smaller.")
    if count == 55_000:
        wrong("55,000 is the number of digits. One update takes 64 of them.")
    if count == 55_000 * 64:
        wrong("3,520,000 is 55,000 times 64: divide by the size of a batch.")
    if count != 860:
        wrong(f"{count:,g} is not it: (60,000 - 5,000) / 64, rounded up.")
    return "860 updates: 859 full batches and one of 24 digits."


@check
def training_step(function: Any) -> str:
    """Check exercise 10.2: one update, written out.

    Args:
        function: called with a model, an optimizer, images and labels; updates the model once
            and returns the loss of this batch.
    """
    generator = torch.Generator().manual_seed(3)
    pictures = torch.cat([2 * torch.randn(n, 1, 4, 4, generator=generator) for n in (8, 5)])
    classes = torch.cat([torch.arange(n).flip(0) % 3 for n in (8, 5)])
    batches = [list(range(8)), list(range(8, 13))]
    for make in (plain_sgd, with_momentum):
        model = Probe()
        optimizer = make(model.parameters())
        for count, batch in enumerate(batches):
            images, labels = pictures[batch], classes[batch]
            model.reset()
            answer = call(function, model, optimizer, images, labels, allowed=("weights",))
            if settings(optimizer) != settings(make(model.parameters())):
                wrong("the optimizer's settings changed, such as lr: leave them as they were.")
            value = tensor(as_tensor(answer), (), "the returned loss")
            before = replay(batches[:count], pictures, classes, make)[0]
            _require_step(model, batches[: count + 1], pictures, classes, make)
            if not all(model.training_modes):
                wrong("the model computed in evaluation mode: leave it in training mode.")
            if not close(value, F.cross_entropy(before(images), labels).detach().double()):
                _wrong_value(value, before, model, images, labels)
    return "Forward, loss, clear, backward, step: the loop that all training is made of."


def _require_step(
    model: Probe, batches: list[list[int]], images: Tensor, labels: Tensor, make: MakeOptimizer
) -> None:
    """Refuse a wrong step: one that a known mistake explains, or any other."""

    def as_if(batches: list[list[int]] = batches, **fault: Any) -> bool:
        return same_weights(model, replay(batches, images, labels, make, **fault)[0])

    if as_if():
        return
    if as_if(batches[:-1]):
        wrong("the weights did not change: call loss.backward() and then optimizer.step().")
    faults: dict[str, dict[str, Any]] = {
        "the first update is right, the second is not: clear the old gradients with "
        "optimizer.zero_grad() before loss.backward() adds new ones.": {"clear": False},
        "the weights changed by two steps: step once.": (
            {"batches": [batch for batch in batches for _ in range(2)]}
        ),
        "only the first picture counts: give the whole batch to cross_entropy.": (
            {"loss": lambda y, t: F.cross_entropy(y[:1], t[:1])}
        ),
        **{message: {"loss": loss} for message, loss in WRONG_LOSSES.items()},
    }
    for message, fault in faults.items():
        if as_if(**fault):
            wrong(message)
    if make is not plain_sgd:
        wrong("with plain SGD the update is right, with momentum it is not: call the step() of "
              "the optimizer that is given.")  # fmt: skip
    wrong(
        "the weights changed, but not by one step on the mean cross-entropy of this batch. Give "
        "cross_entropy the raw outputs (no softmax), and step once."
    )


@torch.no_grad()
def _wrong_value(
    value: Tensor, before: Probe, after: Probe, images: Tensor, labels: Tensor
) -> None:
    """Refuse a returned loss that is not the batch's."""
    outputs = before(images)
    recognise(
        value,
        {
            "the returned loss is the one after the update: return the one before.": (
                F.cross_entropy(after(images), labels)
            ),
            "the returned loss is the sum over the batch: return the mean.": (
                F.cross_entropy(outputs, labels, reduction="sum")
            ),
            "the returned number is the accuracy: return the loss.": (
                (outputs.argmax(1) == labels).float().mean()
            ),
        },
    )
    wrong("the weights are right, the returned loss is not the loss of this batch.")


@check
def most_confused(function: Any) -> str:
    """Check exercise 10.3: the commonest mistake in a confusion matrix.

    Args:
        function: called with a confusion matrix, int64 (10, 10), rows are labels; returns
            (label, answer) of the largest count off the diagonal.
    """
    for seed, places in enumerate(
        ((7, 2, 5, 0, 9, 3, 6), (3, 8, 1, 6, 4, 7, 0), (0, 6, 8, 3, 2, 9, 5))
    ):
        right, confusion = places[:2], _confusion(seed, *places)
        row, column = right
        answer = integers(call(function, confusion), 2, "the result", "(4, 9)")
        if answer == right:
            continue
        if answer == (column, row):
            wrong("label and answer are exchanged: rows are labels, columns are answers.")
        if answer == (row + 1, column + 1):
            wrong("classes are counted from 0: the first row is the digit 0.")
        if not all(0 <= place < 10 for place in answer):
            wrong(f"{answer} is no place in the matrix: rows and columns go from 0 to 9.")
        if answer[0] == answer[1]:
            wrong("this is on the diagonal, where the right answers are: leave the diagonal out.")
        off = confusion.clone().fill_diagonal_(0).double()
        worst = int(off.sum(1).argmax())
        mistakes = {
            "this is the largest fraction of a row. Take the counts as they are.": (
                _largest(off / confusion.sum(1, keepdim=True))
            ),
            "this is the largest fraction of a column. Take the counts as they are.": (
                _largest(off / confusion.sum(0))
            ),
            "this adds the mistakes of both directions. A pair is one label with one answer.": (
                _largest((off + off.T).triu())
            ),
            "this looks in the row with the most mistakes only. Another row has a larger count.": (
                (worst, int(off[worst].argmax()))
            ),
        }
        for message, place in mistakes.items():
            if answer == place:
                wrong(message)
        wrong(f"{answer} has {int(confusion[answer])} mistakes, but another pair has 25.")
    return "Rows are what was there, columns what was answered."


def _largest(values: Tensor) -> tuple[int, int]:
    return divmod(int(values.argmax()), len(values))


def _confusion(
    seed: int, row: int, column: int, rare: int, unsaid: int, one: int, other: int, many: int
) -> Tensor:
    """Return a confusion matrix whose largest count off the diagonal is 25, at (row, column).

    Other places have the largest fraction of a row (a rare digit), the largest fraction of a
    column (an answer that is seldom given), the largest sum of both directions, and a row with
    more mistakes. Two right answers are fewer than these mistakes.
    """
    generator = torch.Generator().manual_seed(seed)
    confusion = torch.randint(1, 5, (10, 10), generator=generator)
    confusion.fill_diagonal_(900)
    confusion[rare, rare], confusion[rare, one] = 3, 14
    confusion[unsaid, unsaid], confusion[other, unsaid] = 3, 13
    confusion[one, other], confusion[other, one] = 17, 16
    confusion[many, [row, column, one, other]] += 16
    confusion[row, column] = 25
    return confusion


@check
def centre_of_mass(function: Any) -> str:
    """Check exercise 10.4: the centre of mass of a picture.

    Args:
        function: called with ink, uint8 (H, W); returns (row, column), counted from 0.
    """
    generator = torch.Generator().manual_seed(10)
    for height, width in ((9, 14), (12, 5), (6, 6)):
        ink = torch.zeros(height, width, dtype=torch.uint8)
        ink[1:-2, 2:] = torch.randint(256, (height - 3, width - 2), generator=generator).byte()
        ink[1, 2:] //= 8
        found = call(function, ink)
        place = torch.tensor(pair(found, "row", "column"), dtype=torch.float64)
        truth = _mean_place(ink)
        if close(place, truth):
            continue
        recognise(place, _wrong_places(ink))
        row, column = truth.tolist()
        wrong(
            f"for ink of {height} by {width} pixels the centre is ({row:.2f}, {column:.2f}), not "
            f"({place[0]:.2f}, {place[1]:.2f}). Sum ink x place over all pixels, in numbers larger "
            "than bytes, and divide by the sum of the ink."
        )
    return "Shift this point to the middle, and the digit lies as MNIST's do."


def _mean_place(weights: Tensor) -> Tensor:
    rows, columns = weights.nonzero(as_tuple=True)
    mass = weights[rows, columns].double()
    return torch.stack([(mass * p).sum() / mass.sum() for p in (rows, columns)])


def _wrong_places(ink: Tensor) -> dict[str, Tensor]:
    """Return what plausible mistakes give for the centre of mass, by their messages."""
    truth, sides = _mean_place(ink), torch.tensor(ink.shape).double()
    places = ink.nonzero().double()
    heaviest = torch.tensor([int(ink.sum(dim).argmax()) for dim in (1, 0)]).double()
    darkest = torch.tensor(divmod(int(ink.argmax()), ink.shape[1])).double()
    bytes_ = [torch.arange(side).byte() for side in ink.shape]
    wrapped = torch.stack([(ink * bytes_[0][:, None]).sum(), (ink * bytes_[1]).sum()]) / ink.sum()
    zero = "places are counted from 0: the first pixel is row 0, column 0."
    return {
        "row and column are exchanged: the row comes first.": truth.flip(0),
        "every pixel with ink counts alike here; a dark one weighs more than a pale one.": (
            _mean_place(ink > 0)
        ),
        "only pixels above half of 255 count here, all alike. Each weighs as much as its ink.": (
            _mean_place(ink > 127)
        ),
        "the ink is squared: each pixel weighs as much as its ink.": (
            _mean_place(ink.double().square())
        ),
        "the paper weighs here, 255 minus the ink. Each pixel weighs as much as its ink.": (
            _mean_place(255 - ink)
        ),
        "this is the middle of the box around the ink, not the centre of its mass.": (
            (places.amin(0) + places.amax(0)) / 2
        ),
        f"half a pixel too much: {zero}": truth + 0.5,
        f"one too much: {zero}": truth + 1,
        "this is the middle of the picture; where the ink lies has no say in it.": (sides - 1) / 2,
        "this is the distance from the middle of the picture. Count from the first pixel.": (
            truth - (sides - 1) / 2
        ),
        "this is counted from the last row and column: row 0 is the first, on top.": (
            sides - 1 - truth
        ),
        "this is a fraction of the sides. Count in pixels.": truth / sides,
        "this is a whole number of pixels; the centre of mass lies between: do not round.": (
            truth.round()
        ),
        "this is cut off to whole pixels. Divide with /, not with //.": truth.floor(),
        "this is the darkest pixel. All pixels have a say.": darkest,
        "this is the row and the column with the most ink. All of them have a say.": heaviest,
        "ink x place does not fit into a byte, which wraps around after 255. Take larger "
        "numbers, such as ink.double().": wrapped.double(),
    }
