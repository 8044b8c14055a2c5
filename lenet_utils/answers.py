"""How a network's outputs are read: as scores, largest wins, or as distances, smallest wins.

Nothing else tells the two apart but where the outputs come from: an RBF output gives distances
(Eq. 7), and to take the largest one turns an error of 1% into 99%. So what is certain is derived,
and what is in doubt is refused.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils.layers import RBFOutput, squared_distances

IN_ORDER: set[Callable[..., Any]] = {nn.Sequential.forward}
"""The `forward` functions that give what the last part gives."""

_DISTANCES = RBFOutput.forward
_PASSING = (nn.Identity, nn.Flatten, nn.Unflatten)
_WRAPPERS = ("DataParallel", "DistributedDataParallel", "AveragedModel", "OptimizedModule")
_KINDS_IN_ORDER = ("LeNet5", "NamedSequential", "Sequential")
_SCORES = (F.cross_entropy, F.nll_loss, F.multi_margin_loss)
_SCORES_MODULES = (nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss)


class AnswerRule:
    """How to read a network's outputs, found out at the latest at its first batch.

    Args:
        model: the network.
        given: what the caller says: whether the smallest output wins.
        criterion: what the network is trained with, if it is.

    Attributes:
        smallest_wins: whether the smallest output is the answer; None before the first batch.

    Raises:
        ValueError: what the caller, the criterion and the network say does not agree. `outputs`
            raises it where the outputs of the first batch do not agree, or where none of them
            says how to read them.
    """

    smallest_wins: bool | None = None

    def __init__(
        self,
        model: nn.Module,
        given: bool | None = None,
        criterion: Callable[..., Any] | None = None,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise ValueError(f"model is {model!r}; expected an nn.Module.")  # noqa: TRY004
        if given not in (None, True, False):
            raise ValueError(f"smallest_wins is {given!r}; expected True, False or None.")
        self.model, self.criterion = unwrapped(model), criterion
        self.told = given if given is not None else of_criterion(criterion)
        self.source = "smallest_wins" if given is not None else "criterion"
        self.found = of_model(self.model)
        self.doubt = self.found is None and holds_distances(self.model)
        self.units = [m for m in self.model.modules() if _gives_distances(m)] if self.doubt else []
        self._compare()

    def outputs(self, network: Callable[[Tensor], Tensor], x: Tensor, labels: Tensor) -> Tensor:
        """Return what a network gives for a batch; the first batch settles how to read it.

        Args:
            network: computes the model.
            x: the batch.
            labels: int64, of all examples.
        """
        if self.smallest_wins is not None:
            return network(x)
        with self._watching() as seen:
            outputs = network(x)
        _require_classes(outputs, len(x), labels)
        self.smallest_wins = self._choose(outputs, seen)
        return outputs

    def predicted_class(self, outputs: Tensor) -> Tensor:
        """Return the class of each row of outputs: the smallest distance or the largest score."""
        return outputs.argmin(1) if self.smallest_wins else outputs.argmax(1)

    @contextmanager
    def _watching(self) -> Iterator[list[Tensor]]:
        """Keep what the RBF units give, where it is not certain what becomes of it."""
        seen: list[Tensor] = []
        # Before other hooks, which may change what the unit gave.
        hooks = [
            unit.register_forward_hook(lambda _m, _x, y: seen.append(y), prepend=True)
            for unit in self.units
        ]
        try:
            yield seen
        finally:
            for hook in hooks:
                hook.remove()

    def _choose(self, outputs: Tensor, seen: list[Tensor]) -> bool:
        """Return whether the smallest output wins, given the first batch's outputs."""
        if self.doubt and len(seen) == 1:
            same = seen[0].detach().flatten(1)
            if same.shape == outputs.shape and torch.equal(same, outputs.detach()):
                self.found = True
                self._compare()
        if self.told is not None:
            return self.told
        if self.found is None and self.doubt:
            raise ValueError(
                f"{type(self.model).__name__} holds an RBFOutput, whose outputs are distances, and "
                "it is not certain that they reach its own outputs unchanged. Say how to read "
                "them: smallest_wins=True for distances, smallest_wins=False for scores."
            )
        return bool(self.found)

    def _compare(self) -> None:
        if None in (self.told, self.found) or self.told == self.found:
            return
        kind = "distances" if self.found else "scores"
        if self.source == "criterion":
            raise ValueError(
                f"criterion is {self.criterion}, and the outputs are {kind}; "
                "use MSE or MAP for distances (RBF), cross-entropy for scores."
            )
        raise ValueError(
            f"smallest_wins is {self.told}, and the outputs of {type(self.model).__name__} are "
            f"{kind}, of which the {'smallest' if self.found else 'largest'} wins: leave it out."
        )


def _require_classes(outputs: Tensor, count: int, labels: Tensor) -> None:
    """Refuse outputs that are not one row an image, and labels above the number of classes."""
    if not isinstance(outputs, Tensor) or outputs.dim() != 2 or len(outputs) != count:
        shape = isinstance(outputs, Tensor) and f"shape {tuple(outputs.shape)}"
        raise ValueError(
            f"the network gives outputs of {shape or f'type {type(outputs).__name__}'} for "
            f"{count} images; expected a tensor (N, classes), ({count}, classes) here. Give "
            "pictures of the size that it has one output for, or wrap it so that it gives rows."
        )
    highest = int(labels.max())
    if highest >= outputs.shape[1]:
        raise ValueError(
            f"labels go up to {highest}, and the network has {outputs.shape[1]} classes, so "
            f"expected 0 to {outputs.shape[1] - 1}. Number the classes from 0, or build the "
            f"network with num_classes={highest + 1}."
        )


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the network inside PyTorch's own wrappers, which give on what it gives."""
    while type(model).__module__.startswith("torch.") and type(model).__name__ in _WRAPPERS:
        if _changed(model):
            break
        compiled = type(model).__name__ == "OptimizedModule"
        model = getattr(model, "_orig_mod" if compiled else "module")
    return model


def of_criterion(criterion: Callable[..., Any] | None) -> bool | None:
    """Return whether the smallest output wins under a criterion, or None where it is unknown."""
    while isinstance(criterion, partial):
        criterion = criterion.func
    if criterion in _SCORES or isinstance(criterion, _SCORES_MODULES):
        return False
    wins = getattr(criterion, "smallest_wins", None)
    return wins if isinstance(wins, bool) else None


def of_model(model: nn.Module) -> bool | None:
    """Return whether a network's smallest output wins, or None where it does not say for certain.

    A network says it by an attribute `smallest_wins` of its own, or by its last part.
    """
    said = inspect.getattr_static(model, "smallest_wins", None)
    lenet = isinstance(said, property) and getattr(said.fget, "derived", False)
    if isinstance(said, property) and not lenet:
        said = model.smallest_wins
    if isinstance(said, bool):
        return said
    if _changed(model):
        return None
    if _gives_distances(model) or _kind(model) == "RBFOutput":
        return True
    kind = _kind(model)
    if kind not in _KINDS_IN_ORDER if kind else type(model).forward not in IN_ORDER:
        return None
    parts = list(model.children())
    while parts and type(parts[-1]) in _PASSING and not _changed(parts[-1]):
        parts.pop()
    if parts and of_model(parts[-1]):
        return True
    return False if lenet and not holds_distances(model) else None


def derived(getter: Callable[[Any], bool]) -> property:
    """Make a property `smallest_wins` that only repeats what `of_model` finds."""
    getter.derived = True  # type: ignore[attr-defined]
    return property(getter)


def _gives_distances(part: nn.Module) -> bool:
    unchanged = isinstance(part, RBFOutput) and type(part).forward is _DISTANCES
    return unchanged and "forward" not in vars(part)


def holds_distances(model: nn.Module) -> bool:
    """Whether there is an RBF output anywhere in a network."""
    if any(isinstance(m, RBFOutput) or _kind(m) == "RBFOutput" for m in model.modules()):
        return True
    # Recorded by torch.fx, layers are gone.
    graphs = [m.graph for m in model.modules() if isinstance(m, torch.fx.GraphModule)]
    return any(node.target is squared_distances for graph in graphs for node in graph.nodes)


def _kind(part: nn.Module) -> str | None:
    """Return the name of the class of which TorchScript made a part."""
    scripted = isinstance(part, torch.jit.ScriptModule)
    return getattr(part, "original_name", None) if scripted else None


def _changed(part: nn.Module) -> bool:
    """Whether what a module gives may be changed on the way out."""
    if nn.modules.module._global_forward_hooks or getattr(part, "_forward_hooks", None):
        return True
    scripted = isinstance(part, torch.jit.ScriptModule)
    return not scripted and not vars(part).keys().isdisjoint(("forward", "in_order"))
