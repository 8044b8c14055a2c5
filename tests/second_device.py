"""A second device for tests on a computer without a GPU: `second`.

Its tensors hold a tensor of the CPU, on which everything is computed. What CUDA refuses it
refuses too: tensors of two devices in one operation, numpy(), a generator of the CPU; and, like
Apple's MPS, float64 while `knows_float64` is False. It says nothing about speed or rounding, and
a network that is moved to it or from it gets new parameters, where on CUDA they stay the same.

Registering a device cannot be undone: only a process of its own imports this module.
"""

from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

_setup_privateuseone_for_python_backend("second")

DEVICE = torch.device("second", 0)
knows_float64 = True

aten = torch.ops.aten
COPIES = (aten._to_copy, aten.copy_)
INDEXED = (aten.index, aten.index_put, aten.index_put_, aten._index_put_impl_)
FILLS = (aten.fill, aten.fill_, aten.masked_fill, aten.masked_fill_)


class Remote(Tensor):
    """A tensor on the second device; `held` is the CPU's that it stands for."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held: Tensor) -> "Remote":
        if held.dtype == torch.float64 and not knows_float64:
            raise TypeError("the second device knows no float64")
        kind: dict[str, Any] = {"dtype": held.dtype, "layout": held.layout, "device": DEVICE}
        return Tensor._make_wrapper_subclass(
            cls, held.size(), held.stride(), held.storage_offset(), **kind
        )

    def __init__(self, held: Tensor) -> None:
        self.held = held

    @classmethod
    def __torch_dispatch__(cls, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(op, args, kwargs or {})

    def numpy(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("can't convert second:0 device type tensor to numpy. Use Tensor.cpu()")

    __array__ = numpy

    # What PyTorch does for its own devices, and not for a subclass.
    def __repr__(self, **_: object) -> str:
        return f"{self.held!r} on {self.device}"

    def __format__(self, spec: str) -> str:
        return format(self.detach().cpu(), spec)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.held.__reduce_ex__(protocol)

    def tolist(self) -> Any:
        return self.cpu().tolist()


class Everywhere(TorchDispatchMode):
    """Also runs what makes a tensor on the second device without having one."""

    def __torch_dispatch__(self, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(op, args, kwargs or {})


def run(op: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Run an operation on what its tensors hold, and give the result to its device."""
    values, form = tree_flatten((args, kwargs))
    tensors = [value for value in values if isinstance(value, Tensor)]
    ours = [tensor for tensor in tensors if isinstance(tensor, Remote)]
    asked = kwargs.get("device")
    stays = bool(ours) if asked is None else torch.device(asked).type == "second"
    if not ours and not stays:
        return op(*args, **kwargs)
    if op.overloadpacket not in COPIES:
        _refuse(op, args, tensors, values)
    args, kwargs = tree_unflatten([_held(value) for value in values], form)
    result = op(*args, **kwargs)
    if any(tensor.size() != tensor.held.size() for tensor in ours):
        raise NotImplementedError(f"the second device cannot change a shape in place: {op}")
    # An operation in place returns its own argument.
    own = {id(_held(tensor)): tensor for tensor in tensors if op._schema.is_mutable}

    def place(x: Any) -> Any:
        if not isinstance(x, Tensor) or id(x) in own:
            return own.get(id(x), x)
        return Remote(x) if stays else x

    return tree_map(place, result)


def _held(value: Any) -> Any:
    if isinstance(value, torch.device):
        return torch.device("cpu") if value.type == "second" else value
    return value.held if isinstance(value, Remote) else value


def _refuse(op: Any, args: Any, tensors: list[Tensor], values: list[Any]) -> None:
    """Refuse what CUDA refuses."""
    if any(isinstance(value, torch.Generator) for value in values):
        raise RuntimeError("Expected a 'second' device type for generator but found 'cpu'")
    others = [tensor for tensor in tensors if not isinstance(tensor, Remote)]
    ours_first = isinstance(args[0] if args else None, Remote)
    if op.overloadpacket in INDEXED and ours_first:  # indices may be on the CPU
        others = [tensor for tensor in args[2:3] if not isinstance(tensor, Remote)]
    numbers = torch.Tag.pointwise in op.tags or op.overloadpacket in (*FILLS, *INDEXED)
    if numbers and (ours_first or not op._schema.is_mutable):  # and so may be single numbers
        others = [tensor for tensor in others if tensor.dim() > 0]
    if others:
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found at least two devices, "
            f"second:0 and cpu ({op})"
        )


def _copy_from(source: Tensor, target: Tensor, non_blocking: bool = False) -> Any:
    return run(aten.copy_.default, (target, source), {})


def _empty_strided(*args: Any, **kwargs: Any) -> Any:
    return run(aten.empty_strided.default, args, kwargs)


def switch_on() -> None:
    """Make the device known to this thread."""
    Everywhere().__enter__()
    # What replaces a parameter's data leaves `held` as it was: have it make a new parameter.
    torch.__future__.set_overwrite_module_params_on_conversion(True)


# These two are reached past every mode, by torch.tensor(..., device="second").
_library = torch.library.Library("aten", "IMPL")
_library.impl("_copy_from", _copy_from, "PrivateUse1")
_library.impl("empty_strided", _empty_strided, "PrivateUse1")
