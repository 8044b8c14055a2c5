"""Call a kernel's functions with tensors; what they do not take is refused, never read.

Each function states its parameters in its source, by reading them one after another
(arguments.h). Here every tensor becomes a pointer with type and shape, whatever the function.
"""

import ctypes
from typing import Any

import torch
from torch import Tensor

DTYPE_NUMBERS = {torch.uint8: 0, torch.int32: 1, torch.int64: 2, torch.float32: 3, torch.float64: 4}
"""As in arguments.h."""

LONGEST = 4
"""Dimensions of an array at most, as in arguments.h."""


class _Array(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("type", ctypes.c_int64),
        ("rank", ctypes.c_int64),
        ("size", ctypes.c_int64 * LONGEST),
    )


class Kernel:
    """A loaded kernel: `kernel("name", *arguments)` calls one of its functions.

    Attributes:
        lanes: how many numbers go side by side.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        library.lanes.restype = ctypes.c_int
        self.lanes = int(library.lanes())

    def __call__(self, name: str, *arguments: Tensor | int | None) -> None:
        """Call a function of the kernel; it writes into the tensors that are its results.

        Args:
            name: of the function.
            arguments: as its source lists them: tensors on the CPU, dense in memory; whole
                numbers; None for an optional one that is absent.

        Raises:
            ValueError: an argument of another type, shape or range than the function states.
        """
        function = getattr(self.library, name)
        function.argtypes = [ctypes.POINTER(_Array), ctypes.c_int64]
        function.restype = ctypes.c_char_p
        # The list keeps alive what the pointers point to.
        tensors = [torch.tensor(a) if isinstance(a, int) else a for a in arguments]
        arrays = (_Array * len(tensors))(*(_described(name, t) for t in tensors))
        problem = function(arrays, len(tensors))
        if problem is not None:
            raise ValueError(f"{name}: {problem.decode()}.")


def _described(name: str, tensor: Any) -> _Array:
    if tensor is None:
        return _Array()
    usual = isinstance(tensor, Tensor) and tensor.layout == torch.strided
    if not usual or tensor.device.type != "cpu" or tensor.dtype not in DTYPE_NUMBERS:
        told = f"{tensor.dtype} on {tensor.device}" if isinstance(tensor, Tensor) else repr(tensor)
        raise ValueError(
            f"{name} got {told[:80]}; expected a dense tensor on the CPU, of one of the types "
            f"{', '.join(str(t).removeprefix('torch.') for t in DTYPE_NUMBERS)}."
        )
    if not tensor.is_contiguous() or tensor.dim() > LONGEST:
        raise ValueError(
            f"{name} got a tensor of shape {tuple(tensor.shape)} with strides {tensor.stride()}; "
            f"expected a contiguous one of at most {LONGEST} dimensions: call .contiguous()."
        )
    size = (ctypes.c_int64 * LONGEST)(*tensor.shape)
    return _Array(tensor.data_ptr(), DTYPE_NUMBERS[tensor.dtype], tensor.dim(), size)
