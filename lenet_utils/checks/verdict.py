"""What the checks are made of: a verdict, and ways to take an answer without trusting it."""

import inspect
import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import wraps
from html import escape
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from lenet_utils.checks import surroundings
from lenet_utils.checks.wording import name_of, shorten, told


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
        try:
            inspect.signature(find).bind(*answers, **named)
        except TypeError:
            wanted = ", ".join(inspect.signature(find).parameters)
            return Verdict(False, f"The check takes other answers: {find.__name__}({wanted}).")
        if any(answer is None or _unwritten(answer) for answer in (*answers, *named.values())):
            return Verdict(False, "There is no answer yet: replace the dots and run the cell.")
        try:
            with surroundings.standard():
                return Verdict(True, find(*answers, **named))
        except _Wrong as found:
            return Verdict(False, str(found))
        except (Exception, SystemExit) as error:
            return Verdict(False, f"The answer cannot be compared: {told(error)}")

    return verdict


def wrong(message: str) -> NoReturn:
    """Refuse the answer, saying how it is wrong."""
    raise _Wrong(message)


def integer(answer: Any, name: str) -> int:
    """Take a whole number in any honest form, or refuse the answer."""
    value = _scalar(answer)
    try:
        return value if type(value) is int else operator.index(value)
    except Exception:
        wrong(f"{name} is {shorten(answer)}; expected a whole number, such as 7.")


def number(answer: Any, name: str) -> float:
    """Take a finite real number in any honest form, or refuse the answer."""
    try:
        value = float(_scalar(answer))
    except Exception:
        value = math.nan
    if not math.isfinite(value):
        wrong(f"{name} is {shorten(answer)}, which is not a number; expected one, such as 2.5.")
    return value


def unrounded(answer: Any, name: str) -> float:
    """Take a real number where a whole one is asked for, for a check to say how it is off."""
    value = _scalar(answer)
    fraction = isinstance(value, float | np.floating | Fraction | Decimal)
    return float(value) if fraction and math.isfinite(value) else integer(answer, name)


def as_tensor(answer: Any) -> Any:
    """Return a finite or infinite number of any library as a tensor, and the rest as it is."""
    if shape(answer) is None:
        try:
            return torch.tensor(float(_scalar(answer)), dtype=torch.float64)
        except Exception:
            return answer
    return answer


def _scalar(answer: Any) -> Any:
    """Return a real number of any library as Python's, whole ones as int; None of the rest."""
    if type(answer) in (Tensor, nn.Parameter, np.ndarray):
        if math.prod(answer.shape) != 1:
            return None
        answer = answer.item()
    if isinstance(answer, bool | np.bool_ | str | bytes | complex | np.complexfloating):
        return None
    if isinstance(answer, float | np.floating | Fraction | Decimal):
        # NaN and infinity have no int.
        return int(answer) if math.isfinite(answer) and answer == int(answer) else answer
    return answer


def integers(answer: Any, count: int, name: str, example: str) -> tuple[int, ...]:
    """Take several whole numbers in any honest form, or refuse the answer."""
    parts = _parts(answer, count)
    if len(parts) != count:
        wrong(f"{name} is {shorten(answer)}; expected {count} whole numbers, such as {example}.")
    return tuple(integer(part, f"one part of {name}") for part in parts)


def _parts(answer: Any, count: int) -> list[Any]:
    """Return the parts of an ordered answer, one more than the count at most; none of the rest."""
    ordered = not isinstance(answer, str | bytes | set | frozenset | dict)
    try:
        return list(itertools.islice(answer, count + 1)) if ordered else []
    except Exception:
        return []


def pair(answer: Any, first: str, second: str) -> tuple[float, float]:
    """Take a pair of finite real numbers in any honest form, or refuse the answer."""
    parts = _parts(answer, 2)
    if len(parts) != 2:
        wrong(f"the result is {shorten(answer)}, not a pair of numbers: return {first}, {second}.")
    return number(parts[0], f"the {first}"), number(parts[1], f"the {second}")


def rounds_to(value: float, exact: float) -> bool:
    """Say whether a number is the exact one, as it is computed or rounded to some digits."""
    return any(math.isclose(value, round(exact, digits), rel_tol=1e-6) for digits in range(9))


def tensor(answer: Any, shape: tuple[int, ...], name: str) -> Tensor:
    """Take a real tensor of that shape as float64 on the CPU, or refuse the answer."""
    if type(answer) not in (Tensor, nn.Parameter) or answer.is_meta:
        wrong(f"{name} is {shorten(answer)}; expected a tensor of numbers.")
    if answer.layout is not torch.strided:
        wrong(f"{name} has the layout {answer.layout}; expected a dense tensor: to_dense().")
    if answer.is_complex() or answer.dtype == torch.bool:
        kind = "complex numbers" if answer.is_complex() else "True and False"
        wrong(f"{name} holds {kind}; expected a tensor of real numbers.")
    if tuple(answer.shape) != shape:
        wrong(f"{name} has shape {tuple(answer.shape)}; expected {shape}.")
    if answer.dtype in (torch.float16, torch.bfloat16):
        wrong(f"{name} has type {answer.dtype}, which keeps 3 digits: compute in float32.")
    numbers: Tensor = answer.detach().cpu()
    if not bool(numbers.isfinite().all()):
        wrong(f"{name} holds NaN or infinite values. Look for a division by zero or a log of 0.")
    return numbers.double()


def shape(answer: Any) -> tuple[int, ...] | None:
    """Return the shape of a real tensor, and None of anything else, such as one without numbers."""
    real = type(answer) in (Tensor, nn.Parameter) and not answer.is_meta
    return tuple(answer.shape) if real else None


def call(
    function: Any,
    *arguments: Any,
    allowed: Sequence[str] = (),
    without: Mapping[str, str] = {},
    unaided: bool = False,
) -> Any:
    """Call the reader's function; whatever goes wrong there is told, not raised.

    The function gets copies of the data. What it changes, arguments and global settings, is put
    back and refused. It may draw random numbers as long as it sets no seed: PyTorch draws them for
    a layer that a right answer may use, and they are drawn from a generator of the check.

    Args:
        function: the answer.
        arguments: what it is called with; models are handed over as they are.
        allowed: what it may change: "draws" (it has to draw from the global generators),
            "weights" and "mode" of the models among its arguments.
        without: operations of PyTorch that the exercise forbids: a part of their names in ATen,
            such as "conv", and how the message calls them.
        unaided: refuse an answer that calls this package, which has the wanted function itself.
    """
    name = name_of(function)
    _require_function(function, name)
    given = [surroundings.duplicate(argument) for argument in arguments]
    before = [surroundings.duplicate(argument) for argument in arguments]
    models = [argument for argument in given if isinstance(argument, nn.Module)]
    nobody: AbstractContextManager[list[str]] = nullcontext([])
    calling = surroundings.package_calls() if unaided else nobody
    with surroundings.watched(models, allowed) as left, calling as calls:
        result, used = _run(function, given, name, without)
    if _unwritten(result):
        wrong("There is no answer yet: replace the dots in the function.")
    for place, (one, other) in enumerate(zip(given, before, strict=True)):
        if not surroundings.same(one, other):
            which = surroundings.parameter_name(function, place)
            wrong(f"{name} changed the {which} that it was given: work on a copy.")
    if left:
        wrong(f"{name} {' and '.join(left)}: what others use should be left as it was.")
    if used:
        wrong(f"{name} calls {without[used]}, or what does its work; the exercise asks for the "
              "answer without it.")  # fmt: skip
    if calls:
        wrong(f"{name} calls {calls[0]}, which has this ready; the exercise asks to write it.")
    if result is None:
        wrong(f"{name} returned nothing: end it with a return statement.")
    if inspect.isgenerator(result):
        wrong(f"{name} is a generator, because of its yield: end it with a return statement.")
    return result


def _require_function(function: Any, name: str) -> None:
    if not callable(function):
        wrong(f"expected a function, got {shorten(function)}: pass its name, without calling it.")
    if isinstance(function, type):
        wrong(f"expected a function, but {name} is a class: pass a function.")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        wrong(f"{name} is defined with async def, so calling it computes nothing: leave out async.")


def _run(
    function: Callable[..., Any], given: list[Any], name: str, without: Mapping[str, str]
) -> tuple[Any, str]:
    try:
        if not without:
            return function(*given), ""
        with surroundings.Forbidden(tuple(without)) as watch:
            result = function(*given)
        return result, watch.used
    except NotImplementedError:
        wrong("There is no answer yet: write the body of the function.")
    except RecursionError:
        wrong(f"{name} raised RecursionError: it calls itself without end.")
    except (SystemExit, GeneratorExit):
        wrong(f"{name} ended the program (exit or quit): end it with a return statement.")
    except KeyboardInterrupt:
        wrong(f"{name} was interrupted before it returned.")
    except BaseException as error:
        wrong(f"{name} raised {told(error)}")


def _unwritten(answer: Any) -> bool:
    return answer is ... or (type(answer) in (tuple, list) and any(part is ... for part in answer))


def close(one: Tensor, other: Tensor) -> bool:
    """Say whether two tensors are equal up to rounding in float32."""
    return torch.allclose(one, other, rtol=1e-4, atol=1e-5)


def recognise(found: Tensor, mistakes: dict[str, Tensor]) -> None:
    """Refuse an answer that one of these mistakes gives, with that one's message."""
    for message, values in mistakes.items():
        if values.shape == found.shape and close(found, values.double()):
            wrong(message)


def require(found: float, right: float, mistakes: Mapping[str, float], otherwise: str) -> None:
    """Refuse a number that is not the right one with the mistakes that give it, or otherwise."""
    if found != right:
        why = reasons(found, mistakes)
        wrong(f"{found:,.12g} {why}." if why else otherwise)


def reasons(found: Any, mistakes: Mapping[str, Any]) -> str:
    """Name the mistakes that give what was found, all of them, since several may."""
    return ", or ".join(reason for reason, value in mistakes.items() if value == found)
