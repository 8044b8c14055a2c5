"""What the checks are made of: a verdict, and ways to take an answer without trusting it."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from html import escape
from typing import Any, NoReturn

import torch
from torch import Tensor, nn


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


def check(find: Callable[..., str]) -> Callable[..., Verdict]:
    """Turn a function that returns praise or raises `_Wrong` into one that returns a verdict."""

    @wraps(find)
    def verdict(*answers: Any, **named: Any) -> Verdict:
        if any(answer is None or answer is ... for answer in (*answers, *named.values())):
            return Verdict(False, "There is no answer yet: replace the dots and run the cell.")
        try:
            return Verdict(True, find(*answers, **named))
        except _Wrong as found:
            return Verdict(False, str(found))

    return verdict


def wrong(message: str) -> NoReturn:
    """Refuse the answer, saying how it is wrong."""
    raise _Wrong(message)


def integer(answer: Any, name: str) -> int:
    """Take a whole number in any honest form, or refuse the answer."""
    if isinstance(answer, bool):
        wrong(f"{name} is {answer}; expected a whole number.")
    if isinstance(answer, float) and answer.is_integer():
        return int(answer)
    try:
        return operator.index(answer)
    except Exception:
        wrong(f"{name} is {_brief(answer)}; expected a whole number, such as 156.")


def integers(answer: Any, count: int, name: str, example: str) -> tuple[int, ...]:
    """Take several whole numbers in any honest form, or refuse the answer."""
    try:
        parts = list(answer)
    except Exception:
        parts = []
    if len(parts) != count or isinstance(answer, str):
        wrong(f"{name} is {_brief(answer)}; expected {count} whole numbers, such as {example}.")
    return tuple(integer(part, f"one part of {name}") for part in parts)


def tensor(answer: Any, shape: tuple[int, ...], name: str) -> Tensor:
    """Take a real tensor of that shape as float64 on the CPU, or refuse the answer."""
    if type(answer) not in (Tensor, nn.Parameter) or answer.is_meta:
        wrong(f"{name} is {_brief(answer)}; expected a tensor of numbers.")
    if tuple(answer.shape) != shape:
        wrong(f"{name} has shape {tuple(answer.shape)}; expected {shape}.")
    answer = answer.detach().cpu()
    if not bool(answer.isfinite().all()):
        wrong(f"{name} holds NaN or infinite values. Look for a division by zero or a log of 0.")
    return answer.double()


def shape(answer: Any) -> tuple[int, ...] | None:
    """Return the shape of a real tensor, and None of anything else, such as one without numbers."""
    real = type(answer) in (Tensor, nn.Parameter) and not answer.is_meta
    return tuple(answer.shape) if real else None


def call(function: Any, *arguments: Any) -> Any:
    """Call the reader's function; whatever goes wrong there is told, not raised."""
    name = getattr(function, "__name__", "your function")
    if not callable(function):
        wrong(f"expected a function, got {_brief(function)}: pass its name, without calling it.")
    try:
        result = function(*arguments)
    except NotImplementedError:
        wrong("There is no answer yet: write the body of the function.")
    except Exception as error:
        wrong(f"{name} raised {type(error).__name__}: {error}")
    if result is ... or (isinstance(result, tuple) and any(part is ... for part in result)):
        wrong("There is no answer yet: replace the dots in the function.")
    if result is None:
        wrong(f"{name} returned nothing: end it with a return statement.")
    return result


def _brief(answer: Any) -> str:
    try:
        text = repr(answer)
    except Exception:
        text = "an object that cannot be shown"
    return text if len(text) <= 60 else text[:57] + "..."


def close(one: Tensor, other: Tensor) -> bool:
    """Say whether two tensors are equal up to rounding in float32."""
    return torch.allclose(one, other, rtol=1e-4, atol=1e-5)


def recognise(found: Tensor, mistakes: dict[str, Tensor]) -> None:
    """Refuse an answer that one of these mistakes gives, with that one's message."""
    for message, values in mistakes.items():
        if values.shape == found.shape and close(found, values.double()):
            wrong(message)
