"""Checks for the exercises: they say what is wrong and where to look.

A check never raises for a wrong answer; it returns a `Verdict`, which a notebook shows and
which is true when the answer is right.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from html import escape
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from lenet_utils.layers import TABLE_I, Subsampling


@dataclass(frozen=True)
class Verdict:
    """What a check found: `right`, and a message that explains."""

    right: bool
    message: str

    def __bool__(self) -> bool:
        """Return whether the answer is right."""
        return self.right

    def __repr__(self) -> str:
        return f"{'Right.' if self.right else 'Not yet.'} {self.message}"

    def _repr_html_(self) -> str:
        kind = "right" if self.right else "wrong"
        head = "Right." if self.right else "Not yet."
        return (
            f'<div class="lenet-check lenet-check-{kind}" role="status">'
            f"<strong>{head}</strong> {escape(self.message)}</div>"
        )


class _Wrong(Exception):
    """An answer is wrong; the text says how."""


def _check(check: Callable[..., str]) -> Callable[..., Verdict]:
    """Turn a function that returns praise or raises `_Wrong` into one that returns a verdict."""

    @wraps(check)
    def verdict(*answers: Any, **named: Any) -> Verdict:
        if any(answer is None or answer is ... for answer in (*answers, *named.values())):
            return Verdict(False, "There is no answer yet: replace the dots and run the cell.")
        try:
            return Verdict(True, check(*answers, **named))
        except _Wrong as wrong:
            return Verdict(False, str(wrong))

    return verdict


def _wrong(message: str) -> NoReturn:
    raise _Wrong(message)


def _integer(answer: Any, name: str) -> int:
    if isinstance(answer, bool):
        _wrong(f"{name} is {answer}; expected a whole number.")
    if isinstance(answer, float) and answer.is_integer():
        return int(answer)
    try:
        return operator.index(answer)
    except Exception:
        _wrong(f"{name} is {_brief(answer)}; expected a whole number, such as 156.")


def _integers(answer: Any, count: int, name: str, example: str) -> tuple[int, ...]:
    try:
        parts = list(answer)
    except Exception:
        parts = []
    if len(parts) != count or isinstance(answer, str):
        _wrong(f"{name} is {_brief(answer)}; expected {count} whole numbers, such as {example}.")
    return tuple(_integer(part, f"one part of {name}") for part in parts)


def _tensor(answer: Any, shape: tuple[int, ...], name: str) -> Tensor:
    if type(answer) not in (Tensor, nn.Parameter):
        _wrong(f"{name} is {_brief(answer)}; expected a tensor.")
    if tuple(answer.shape) != shape:
        _wrong(f"{name} has shape {tuple(answer.shape)}; expected {shape}.")
    if not bool(answer.isfinite().all()):
        _wrong(f"{name} holds NaN or infinite values. Look for a division by zero or a log of 0.")
    return answer.detach().double()


def _call(function: Any, *arguments: Any) -> Any:
    name = getattr(function, "__name__", "your function")
    if not callable(function):
        _wrong(f"expected a function, got {_brief(function)}: pass its name, without calling it.")
    try:
        result = function(*arguments)
    except NotImplementedError:
        _wrong("There is no answer yet: write the body of the function.")
    except Exception as error:
        _wrong(f"{name} raised {type(error).__name__}: {error}")
    if result is None or result is ...:
        _wrong(f"{name} returned nothing: write its body, and end it with a return statement.")
    return result


def _brief(answer: Any) -> str:
    try:
        text = repr(answer)
    except Exception:
        text = "an object that cannot be shown"
    return text if len(text) <= 60 else text[:57] + "..."


@_check
def seven_by_seven(shape: Any, parameters: Any, connections: Any) -> str:
    """Check exercise 5.1: C1 with 7x7 kernels.

    Args:
        shape: (maps, height, width) of the output on a 32x32 input.
        parameters: trainable parameters of the layer.
        connections: connections of the layer, biases included.
    """
    maps, height, width = _integers(shape, 3, "shape", "(6, 28, 28)")
    if (height, width) == (25, 25):
        _wrong("25 is 32 - 7. A kernel of side k has 32 - k + 1 positions in a row: count them.")
    if (height, width) == (28, 28):
        _wrong("28x28 is the output of the 5x5 kernels. A larger kernel has fewer positions.")
    if (maps, height, width) != (6, 26, 26):
        _wrong(f"the shape is not {shape}: six maps, each side 32 - 7 + 1.")
    count = _integer(parameters, "parameters")
    if count == 6 * 49:
        _wrong("294 counts the weights. Each map has one bias as well.")
    if count == 7 * 7 + 1:
        _wrong("50 is one map's share. There are six maps.")
    if count != 6 * 50:
        _wrong(f"{count:,} parameters: expected six kernels of 7 x 7 weights and one bias each.")
    links = _integer(connections, "connections")
    if links == 6 * 26 * 26 * 49:
        _wrong(f"{links:,} leaves out the bias: it is one more connection into every unit.")
    if links != 6 * 26 * 26 * 50:
        _wrong(f"{links:,} connections: every unit of the output has 7 x 7 + 1 of them.")
    return "Fewer units with wider views: more parameters and more connections than 5x5 kernels."


@_check
def c3_counts(function: Any) -> str:
    """Check exercise 5.2: parameters and connections of a sparse convolution.

    Args:
        function: called with a bool table (output maps, input maps), the kernel's side and the
            side of the output maps; returns (parameters, connections).
    """
    tables = (TABLE_I, torch.ones_like(TABLE_I), torch.tensor([[True, False], [True, True]]))
    for table, kernel, side in zip(tables, (5, 5, 3), (10, 10, 4), strict=True):
        pairs, maps = int(table.sum()), table.shape[0]
        answer = _call(function, table.clone(), kernel, side)
        parameters, links = _integers(answer, 2, "the result", "(156, 122304)")
        which = f"For a table of {maps} output maps and {pairs} crosses: "
        if parameters == table.numel() * kernel**2 + maps and pairs < table.numel():
            _wrong(which + f"{parameters:,} is the full convolution. Count only the crosses.")
        if parameters == pairs * kernel**2:
            _wrong(which + f"{parameters:,} parameters leave out the bias of each output map.")
        if parameters == pairs * (kernel**2 + 1):
            _wrong(which + f"{parameters:,} gives every kernel a bias; a map has only one.")
        if parameters != pairs * kernel**2 + maps:
            _wrong(which + f"{parameters:,} parameters; expected crosses x k x k + output maps.")
        if links == parameters:
            _wrong(which + "every parameter is used at each position of the output map.")
        if links != parameters * side**2:
            _wrong(which + f"{links:,} connections; expected parameters x positions.")
    return "The same function gives 1,516 for Table I and 2,416 for the full table."


@_check
def subsampling(function: Any) -> str:
    """Check exercise 5.3: the paper's subsampling written out.

    Args:
        function: called with x (N, C, H, W), coefficient (C,) and bias (C,); returns the sums
            of 2x2 neighbourhoods, scaled and shifted, (N, C, H/2, W/2).
    """
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(2, 3, 4, 6, generator=generator)
    layer = Subsampling(3)
    with torch.no_grad():
        layer.coefficient.copy_(torch.tensor([0.5, -1.5, 2.0]))
        layer.bias.copy_(torch.tensor([0.3, -0.7, 1.1]))
        truth = layer(x).double()
    coefficient, bias = layer.coefficient.detach().clone(), layer.bias.detach().clone()
    y = _tensor(_call(function, x.clone(), coefficient, bias), (2, 3, 2, 3), "the result")
    scaled = truth - bias.double()[:, None, None]
    plausible = {
        "this is the mean of four inputs: the paper adds them, so the result is four times "
        "larger before the bias.": scaled / 4 + bias.double()[:, None, None],
        "the bias is missing.": scaled,
        "the bias is scaled too: multiply by the coefficient first, then add the bias.": (
            scaled + (bias * coefficient).double()[:, None, None]
        ),
        "this is squashed already: the squashing comes after, in a module of its own.": (
            1.7159 * torch.tanh(2 / 3 * truth)
        ),
        "this is the maximum of the four inputs, not their sum.": (
            torch.nn.functional.max_pool2d(x, 2).double() * coefficient.double()[:, None, None]
            + bias.double()[:, None, None]
        ),
    }
    if _close(y, truth):
        return "Four inputs added, one coefficient and one bias a map: 12 parameters in S2."
    for message, values in plausible.items():
        if _close(y, values):
            _wrong(message[0].upper() + message[1:])
    _wrong(
        "The shape is right, the values are not. Compare one unit by hand: "
        "coefficient[c] * (sum of x[n, c, 2i:2i+2, 2j:2j+2]) + bias[c]."
    )


@_check
def updates(answer: Any) -> str:
    """Check exercise 10.1: updates in one epoch of 60,000 digits, 5,000 held out, by 64."""
    count = _integer(answer, "the answer")
    if count == 938:
        _wrong("938 batches hold all 60,000 digits, but 5,000 of them are held out.")
    if count == 859:
        _wrong("859 batches are full, and 24 digits are left: they make one more, smaller, batch.")
    if count == 55_000:
        _wrong("55,000 is the number of digits. One update takes 64 of them.")
    if count != 860:
        _wrong(f"{count:,} is not it: (60,000 - 5,000) / 64, rounded up.")
    return "860 updates: 859 full batches and one of 24 digits."


@_check
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
        answer = _call(function, model, optimizer, images.clone(), labels.clone())
        if isinstance(answer, float):
            answer = torch.tensor(answer)
        value = _tensor(answer, (), "the returned loss")
        if _same(model, _small_network()):
            _wrong("the weights did not change: call loss.backward() and then optimizer.step().")
        if number == 2 and not _same(model, twin):
            _wrong(
                "the first update is right, the second is not: clear the old gradients with "
                "optimizer.zero_grad() before loss.backward() adds new ones."
            )
        if not _same(model, twin):
            _wrong(
                "the weights changed, but not by one step on the mean cross-entropy of this "
                "batch. Give cross_entropy the raw outputs (no softmax), and step once."
            )
        if not _close(value, loss.detach().double()):
            _wrong("the weights are right, the returned loss is not the loss of this batch.")
    return "Forward, loss, clear, backward, step: the loop that all training is made of."


@_check
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
        before = confusion.clone()
        pair = _integers(_call(function, confusion), 2, "the result", "(4, 9)")
        if not torch.equal(confusion, before):
            _wrong("your function changed the matrix it was given: work on confusion.clone().")
        if pair[0] == pair[1]:
            _wrong("this is on the diagonal, where the right answers are: leave the diagonal out.")
        if pair == (column, row):
            _wrong("label and answer are exchanged: rows are labels, columns are answers.")
        if pair != (row, column):
            _wrong(f"{pair} has {int(confusion[pair])} mistakes, but another pair has 25.")
    return "Rows are what was there, columns what was answered."


def _small_network() -> nn.Module:
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.linspace(-0.3, 0.3, parameter.numel()).view_as(parameter))
    return model


def _same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(_close(a.detach().double(), b.detach().double()) for a, b in pairs)


def _close(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=1e-4, atol=1e-5)
