"""What an answer must leave as it found it: its arguments, a model, and what is global."""

import copy
import inspect
import os
import pickle
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

# A seed that no answer takes, so that an answer that seeds is found out.
_SEED = 0x1E_5E_ED
_SEEDS = count(_SEED + 1)
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class _Setting(NamedTuple):
    """A global setting: how messages call it, how it is read, and how it is set."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], object]


def _device() -> torch.device:
    return torch.empty(0).device


def _set_device(device: torch.device) -> None:
    # None removes what a default device costs; on a CPU it means the same.
    torch.set_default_device(None if device.type == "cpu" else device)


def _cudnn(values: tuple[bool, bool, bool] | None = None) -> tuple[bool, ...]:
    names = ("enabled", "benchmark", "deterministic")
    if values is not None:
        for name, value in zip(names, values, strict=True):
            setattr(torch.backends.cudnn, name, value)
    return tuple(getattr(torch.backends.cudnn, name) for name in names)


def _autocast(values: list[bool] | None = None) -> list[bool]:
    if not hasattr(torch.amp, "is_autocast_available"):  # before PyTorch 2.4: none by device
        return []
    devices = ("cpu", "cuda")
    if values is not None:
        for device, value in zip(devices, values, strict=True):
            torch.set_autocast_enabled(device, value)
    return [torch.is_autocast_enabled(device) for device in devices]


def _hooks(values: list[dict[int, Any]] | None = None) -> list[dict[int, Any]]:
    everywhere = torch.nn.modules.module
    places = [getattr(everywhere, f"_global{name}") for name in _HOOKS]
    for place, value in zip(places, values or [], strict=False):
        place.clear()
        place.update(value)
    return [dict(place) for place in places]


_SETTINGS = (
    _Setting("torch.set_grad_enabled", torch.is_grad_enabled, torch.set_grad_enabled),
    _Setting("torch.set_default_dtype", torch.get_default_dtype, torch.set_default_dtype),
    _Setting("torch.set_default_device", _device, _set_device),
    _Setting("torch.set_num_threads", torch.get_num_threads, torch.set_num_threads),
    _Setting(
        "torch.use_deterministic_algorithms",
        lambda: (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        lambda value: torch.use_deterministic_algorithms(value[0], warn_only=value[1]),
    ),
    _Setting("torch.autocast", _autocast, _autocast),
    _Setting("torch.backends.cudnn", _cudnn, _cudnn),
    _Setting(
        "torch.set_float32_matmul_precision",
        torch.get_float32_matmul_precision,
        torch.set_float32_matmul_precision,
    ),
    _Setting(
        "torch.autograd.set_detect_anomaly",
        torch.is_anomaly_enabled,
        torch.autograd.set_detect_anomaly,
    ),
    _Setting("torch.nn.modules.module.register_module_forward_hook", _hooks, _hooks),
    _Setting("np.seterr", np.geterr, lambda value: np.seterr(**value)),
    _Setting("sys.setrecursionlimit", sys.getrecursionlimit, sys.setrecursionlimit),
    _Setting("the working folder (os.chdir)", os.getcwd, os.chdir),
    _Setting("sys.stdout", lambda: sys.stdout, lambda value: setattr(sys, "stdout", value)),
)
_GENERATORS = (
    _Setting(
        "numpy's random numbers (np.random)",
        lambda: pickle.dumps(np.random.get_state()),
        lambda state: np.random.set_state(pickle.loads(state)),
    ),
    _Setting(
        "Python's random numbers (random)",
        lambda: pickle.dumps(random.getstate()),
        lambda state: random.setstate(pickle.loads(state)),
    ),
)


@contextmanager
def standard() -> Iterator[None]:
    """Run with PyTorch's own defaults, whatever the notebook has set before."""
    device, dtype = _device(), torch.get_default_dtype()
    _set_device(torch.device("cpu"))
    torch.set_default_dtype(torch.float32)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        _set_device(device)
        torch.set_default_dtype(dtype)


def _warnings_are_off() -> bool:
    return any(kind[:4] == ("ignore", None, Warning, None) for kind in warnings.filters)


@contextmanager
def watched(models: Sequence[nn.Module], allowed: Sequence[str]) -> Iterator[list[str]]:
    """Put back what changes within, and say it in the list, a clause for each change.

    Args:
        models: networks that are handed to the answer.
        allowed: what may change: "draws" (random numbers), "weights" and "mode" of the models.
    """
    found: list[str] = []
    settings = [*_SETTINGS, *(() if "draws" in allowed else _GENERATORS)]
    before = [setting.read() for setting in settings]
    states = [_ModelState(model) for model in models]
    state = torch.get_rng_state()
    # Where it may draw, each call draws anew; and no seed is one that the session may have set.
    seed = next(_SEEDS) if "draws" in allowed else _SEED
    torch.default_generator.manual_seed(seed)
    try:
        with warnings.catch_warnings():
            silent = _warnings_are_off()
            yield found
            if _warnings_are_off() and not silent:
                found.append("switched off all warnings (warnings.filterwarnings)")
    finally:
        seeded = torch.initial_seed() != seed
        if seeded:
            found.append("set the seed of torch's random numbers (torch.manual_seed)")
        torch.set_rng_state(state)
        for setting, value in zip(settings, before, strict=True):
            if not same(setting.read(), value):
                setting.write(value)
                found.append(f"left {setting.name} changed")
        for model in states:
            found += model.restore(allowed)


class _ModelState:
    """Modes, numbers and hooks of a model."""

    def __init__(self, model: nn.Module) -> None:
        self.modules = list(model.modules())
        self.modes = [module.training for module in self.modules]
        self.hooks = [{n: dict(getattr(m, n)) for n in _HOOKS} for m in self.modules]
        self.parameters = list(model.parameters())
        self.trained = [p.requires_grad for p in self.parameters]
        self.gradients = [None if p.grad is None else p.grad.clone() for p in self.parameters]
        self.tensors = [*self.parameters, *model.buffers()]
        self.values = [tensor.detach().clone() for tensor in self.tensors]

    def restore(self, allowed: Sequence[str]) -> list[str]:
        found = []
        for module, hooks in zip(self.modules, self.hooks, strict=True):
            for name, kept in hooks.items():
                if dict(getattr(module, name)) != kept:
                    getattr(module, name).clear()
                    getattr(module, name).update(kept)
                    found.append("left a hook on the model (remove it with handle.remove())")
        modes = [module.training for module in self.modules]
        if modes != self.modes and "mode" not in allowed:
            left, came = (
                "training" if mode else "evaluation" for mode in (modes[0], self.modes[0])
            )
            found.append(f"left the model in {left} mode, in which it did not come")
            if left == came:
                found[-1] = "left a layer of the model in another mode than it had"
            for module, mode in zip(self.modules, self.modes, strict=True):
                module.training = mode
        if [p.requires_grad for p in self.parameters] != self.trained:
            found.append("left requires_grad of the model's parameters changed")
            for parameter, trained in zip(self.parameters, self.trained, strict=True):
                parameter.requires_grad_(trained)
        if "weights" not in allowed:
            found += self._restore_numbers()
        return list(dict.fromkeys(found))

    def _restore_numbers(self) -> list[str]:
        found = []
        for tensor, value in zip(self.tensors, self.values, strict=True):
            if not same(tensor.detach(), value):
                tensor.data = value
                found.append("changed the model's parameters or buffers")
        for parameter, gradient in zip(self.parameters, self.gradients, strict=True):
            if not same(parameter.grad, gradient):
                parameter.grad = gradient
                found.append("left gradients on the model's parameters")
        return found


class Forbidden(TorchDispatchMode):
    """Notes whether an operation of PyTorch runs within whose name has one of these parts.

    The operations are those that every way to call them ends in, so `F.conv2d`, `nn.Conv2d` and
    the gradient of either are all "conv".
    """

    def __init__(self, parts: Sequence[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # PyTorch gives it no types
        self.parts = parts
        self.used = ""

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run the operation, after its name was looked at."""
        name = func._schema.name
        self.used = self.used or next((part for part in self.parts if part in name), "")
        return func(*args, **(kwargs or {}))


@contextmanager
def package_calls() -> Iterator[list[str]]:
    """List the modules of this package whose functions are called within, checks left out."""
    found: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        module = str(frame.f_globals.get("__name__"))
        if event == "call" and module.startswith("lenet_utils.") and ".checks" not in module:
            found.append(module)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)


def duplicate(argument: Any) -> Any:
    """Return a copy of data, and what is not data (a model, a function, a path) as it is."""
    if type(argument) is Tensor:
        return argument.detach().clone().requires_grad_(argument.requires_grad)
    data = isinstance(argument, np.ndarray | list | tuple | dict | set)
    return copy.deepcopy(argument) if data else argument


def same(one: Any, other: Any) -> bool:
    """Say whether two pieces of data are equal, number by number, in type and in shape."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Tensor):
        alike = one.shape == other.shape and one.dtype == other.dtype
        alike = alike and one.requires_grad == other.requires_grad
        return alike and bool(
            torch.eq(one, other).logical_or((one != one) & (other != other)).all()
        )
    if isinstance(one, np.ndarray):
        return one.shape == other.shape and one.dtype == other.dtype and bool((one == other).all())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one is other or bool(one == other)


def parameter_name(function: Callable[..., Any], place: int) -> str:
    """Return how a function calls its argument at that place, counted from 0."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names[place] if place < len(names) else f"argument number {place + 1}"
