"""The checkpoints of `fit`: written whole or not at all, and resumed only by the same run.

What a run is, is compared by value, so that a new process can resume it: functions by their code
and by the numbers that they use, objects by what they hold.
"""

import dis
import io
import re
import types
import warnings
import zlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lenet_utils.layers import RBFOutput, SparseConv2d
from lenet_utils.weights import require_writable_folder, write_atomically

Run = dict[str, str]


def describe_run(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    optimizer: torch.optim.Optimizer,
    scheduler: Any,
    criterion: Any,
    numbers: Mapping[str, int],
) -> Run:
    """Say what makes a run what it is, to refuse a checkpoint of another one."""
    kinds = (RBFOutput, SparseConv2d)
    fixed = [buffer for m in model.modules() if isinstance(m, kinds) for buffer in m.buffers()]
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
    groups = [
        {name: value for name, value in group.items() if name != "params"}
        | {"parameters": [tuple(p.shape) for p in group["params"]]}
        for group in optimizer.param_groups
    ]
    return {
        "model": _ADDRESS.sub("", str(model)) + (f", frozen: {frozen}" if frozen else ""),
        "codes and tables": identity(fixed),
        "optimizer": f"{type(optimizer).__qualname__} {identity(groups)}",
        "schedule": identity(scheduler, model),
        "criterion": identity(criterion, model),
        "images": f"{tuple(images.shape)} {_checksum(images)}",
        "labels": f"{tuple(labels.shape)} {_checksum(labels)}",
        **{name: str(value) for name, value in numbers.items()},
    }


def identity(value: Any, *known: object) -> str:
    """Describe a value such that equal ones, also of different processes, read alike.

    A function of the reader's own is described by its code, its defaults, and what it takes from
    around it; one of a library by its name; an object by its class and what it holds. What is
    `known`, such as the network that a criterion looks at, and what was met before is left out.
    """
    return _describe(value, {id(thing): thing for thing in known})


def _describe(value: Any, seen: dict[int, Any]) -> str:
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return repr(value)
    if isinstance(value, type | types.BuiltinFunctionType | types.ModuleType):
        return getattr(value, "__qualname__", value.__name__)
    if id(value) in seen:
        return "..."
    seen[id(value)] = value  # kept, so that nothing else gets its number

    def inside(v: Any) -> str:
        return _describe(v, seen)

    if isinstance(value, Tensor):
        return f"tensor{tuple(value.shape)} {value.dtype} {_checksum(value)}"
    if isinstance(value, partial):
        return f"{inside(value.func)} with {inside(value.args)} {inside(value.keywords)}"
    if isinstance(value, types.MethodType):
        return f"{inside(value.__func__)} of {inside(value.__self__)}"
    if isinstance(value, types.FunctionType):
        return _function(value, seen)
    if isinstance(value, types.CodeType):
        return f"code {zlib.crc32(value.co_code):08x} {value.co_names} {inside(value.co_consts)}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inside(k)}: {inside(v)}" for k, v in value.items()) + "}"
    if isinstance(value, AbstractSet):
        return "{" + ", ".join(sorted(map(inside, value))) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(inside, value)) + "]"
    if isinstance(value, torch.optim.Optimizer):
        return type(value).__qualname__
    if hasattr(value, "__dict__"):
        methods = {} if _of_library(type(value)) else vars(type(value))
        own = [m for m in methods.values() if isinstance(m, types.FunctionType)]
        return f"{type(value).__qualname__} {inside(vars(value))}" + (inside(own) if own else "")
    return _ADDRESS.sub("", repr(value))


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_LIBRARIES = ("torch", "numpy", "lenet_utils", "functools", "math")


def _of_library(thing: type | types.FunctionType) -> bool:
    return (thing.__module__ or "").split(".")[0] in _LIBRARIES


def _function(function: types.FunctionType, seen: dict[int, Any]) -> str:
    name = function.__qualname__
    if _of_library(function):
        return name
    code = function.__code__
    read, written = _names(code)
    used = {n: function.__globals__[n] for n in read if n in function.__globals__}
    for cell_name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # not yet filled
            used[cell_name] = cell.cell_contents
    # What a function writes, such as a count of its calls, is no setting.
    used = {n: v for n, v in used.items() if n not in written}
    parts = [code, function.__defaults__, function.__kwdefaults__, used]
    return f"{name} {_describe(parts, seen)}"


def _names(code: types.CodeType) -> tuple[list[str], set[str]]:
    """Return the names that code and the functions inside it read, in order, and write."""
    read = list(code.co_names)
    stores = ("STORE_GLOBAL", "STORE_DEREF")
    written = {i.argval for i in dis.get_instructions(code) if i.opname in stores}
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            names, more = _names(inner)
            read, written = [*read, *names], written | more
    return list(dict.fromkeys(read)), written


def _checksum(numbers: Tensor) -> str:
    raw = numbers.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
    return f"checksum {zlib.crc32(raw.data):08x}"


def require_writable(path: Path) -> None:
    """Refuse a checkpoint that could not be written, before any work.

    Raises:
        ValueError: a folder in the place of the file, or a folder that takes no file.
    """
    if path.is_dir():
        raise ValueError(
            f"checkpoint is {path}, a folder; expected a file: {path / 'checkpoint.pt'}, say."
        )
    try:
        require_writable_folder(path.parent)
    except OSError as error:
        raise ValueError(
            f"checkpoint {path} cannot be written ({error}). Name a file in a folder that can be "
            "written, or leave checkpoint out."
        ) from error


def save_checkpoint(path: Path, run: Run, state: dict[str, Any], history: dict[str, Any]) -> None:
    """Write a checkpoint; where that fails, warn and keep the one before.

    The training is worth more than its checkpoint: it goes on with a full disk, too.
    """
    buffer = io.BytesIO()
    states = {name: part.state_dict() for name, part in state.items()}
    torch.save({"run": run, "history": history, **states}, buffer)
    try:
        write_atomically(path, buffer.getvalue())
    except OSError as error:
        warnings.warn(
            f"checkpoint {path} could not be written after epoch {len(history['seconds'])} "
            f"({error}). Training goes on, and the next epoch is tried again; what was written "
            "before is still there.",
            stacklevel=3,
        )


def resume(path: Path, run: Run, state: dict[str, Any], epochs: int) -> dict[str, list[float]]:
    """Load what a checkpoint holds into the parts of a run; return its history.

    Raises:
        ValueError: not a checkpoint, or one of another run.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        theirs, history = dict(saved["run"]), dict(saved["history"])
        done = len(history["seconds"])
    except Exception as error:
        raise ValueError(
            f"{path} is not a checkpoint of fit ({error}). Move it away, or give another path."
        ) from error
    for name in dict.fromkeys([*run, *theirs]):
        if name == "epochs" and run.get("schedule") == theirs.get("schedule") == "None":
            continue  # nothing depends on how many there are in all
        if theirs.get(name) != run.get(name):
            raise ValueError(
                f"checkpoint {path} belongs to another run: its {name} is {theirs.get(name)}, "
                f"this run's is {run.get(name)}. Repeat the call as it was, or give another path."
            )
    if done > epochs:
        raise ValueError(
            f"checkpoint {path} holds {done} epochs, and epochs is {epochs}: ask for {done} or "
            "more, or give another path."
        )
    for name, part in state.items():
        part.load_state_dict(saved[name])
    # A fused optimiser takes numbers as they lie in memory, and on another device, or with the
    # kernel, parameters may lie otherwise than where the checkpoint was written.
    for parameter, kept in state["optimizer"].state.items():
        for name, value in kept.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                kept[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
    return history
