"""Tensors of the student's that are trained or differentiated, seen from a test.

A parameter of a student's network crosses as a copy, a mirror. What a test does to the mirror in
place is done to the original before it is used again, and a gradient that a test takes goes back
through the student's graph and arrives in `.grad` on both sides.
"""

from typing import Any

import torch
from stand_ins import Kept


class Mirrors:
    """The copies of the student's parameters that a test has, by the number of the original."""

    def __init__(self) -> None:
        self.tensors: dict[int, torch.Tensor] = {}
        self.known: dict[int, tuple[torch.Tensor, bool]] = {}

    def of(self, tensor: torch.Tensor, number: int) -> torch.Tensor:
        """Return the mirror of an original, of which `tensor` is the present copy."""
        mirror = self.tensors.setdefault(number, tensor)
        if mirror is not tensor:
            mirror.data, mirror.grad = tensor.data, tensor.grad
        self._note(number)
        return mirror

    def _note(self, number: int) -> None:
        mirror = self.tensors[number]
        self.known[number] = (mirror.detach().clone(), mirror.grad is None)

    def changes(self) -> dict[int, tuple[torch.Tensor | None, bool]]:
        """Return what a test changed since: new values or None, and whether it emptied `.grad`."""
        found = {}
        for number, mirror in self.tensors.items():
            value, had_none = self.known[number]
            same = value.shape == mirror.shape and torch.equal(value, mirror.detach())
            emptied = mirror.grad is None and not had_none
            if not same or emptied:
                found[number] = (None if same else mirror.detach(), emptied)
                self._note(number)
        return found

    def add_gradients(self, gradients: dict[int, torch.Tensor | None]) -> None:
        """Add what a backward pass over there gave."""
        for number, gradient in gradients.items():
            mirror = self.tensors[number]
            if gradient is not None:
                mirror.grad = gradient if mirror.grad is None else mirror.grad + gradient
            self._note(number)


class Through(torch.autograd.Function):
    """A result of the student's code, whose gradient goes on through the student's graph."""

    @staticmethod
    def forward(context: Any, ask: Any, mirrors: Mirrors, original: Kept, leaves: list[Any],
                value: torch.Tensor, *inputs: torch.Tensor) -> torch.Tensor:  # fmt: skip
        """Return the value as it came."""
        context.ask, context.mirrors, context.inputs = ask, mirrors, len(inputs)
        context.original, context.leaves = original, leaves
        return value.clone()

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> Any:
        """Let the other side take the gradient, and spread what comes back."""
        mirrored = list(context.mirrors.tensors)
        back, of_mirrors = context.ask(
            "backward", context.original, gradient.detach(), context.leaves, mirrored
        )
        context.mirrors.add_gradients(dict(zip(mirrored, of_mirrors, strict=True)))
        fill = [None] * (context.inputs - len(back))
        return (*[None] * 5, *back, *fill)


def join(student: Any, inputs: list[Any], leaves: list[Any], tensor: Any, original: int) -> Any:
    """Return `tensor` such that its gradient goes on to `inputs` and to the student's parameters.

    Args:
        student: whose process has the original.
        inputs: the tensors of the test that the call was given and that want a gradient.
        leaves: filled later with the stand-ins of their copies over there.
        tensor: the copy of the result.
        original: the number of the result.
    """
    kept = Kept(student, original)
    # The last one is there so that a result without such inputs has a graph too.
    anchor = torch.empty(0, requires_grad=True)
    return Through.apply(student.ask, student.mirrors, kept, leaves, tensor, *inputs, anchor)
