"""C1 to S4 of the network of today in compiled code, for `fit` and `evaluate` on a CPU.

PyTorch runs each layer over the whole batch before it begins the next one, and its convolutions
are made for many channels; C1 has one. The kernel takes as many images as the vector unit has
lanes through four layers at once (c1_to_s4.cpp), and C5, F6 and the output are computed as the
matrix products that they are on an image of the nominal size. Values and gradients are
PyTorch's, up to rounding. Wherever something would notice that layers were not called, PyTorch
computes the network.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils._native.calls import Kernel
from lenet_utils._native.loader import KernelUnavailable, load, warn_once
from lenet_utils._native.untouched import untouched, watched
from lenet_utils.models import LeNet5
from lenet_utils.sequence import rows_of_one_position

Network = Callable[[Tensor], Tensor]


def kernel() -> Kernel:
    """Return the kernel; see `loader.load`."""
    found = Kernel(load("c1_to_s4"))
    found.library.kept_bytes.restype = ctypes.c_int64
    return found


def compiled(model: nn.Module) -> Network | None:
    """Return what computes a network's outputs on a CPU with C1 to S4 compiled, or None.

    None where C1 to S4 are not those of `lenet5_modern` on the CPU in float32, where a hook waits
    for a layer or a layer's `forward` was replaced, and where the kernel cannot be built. What
    happens to the network later is noticed at the next call.

    Shapes: (N, 1, H, W) to (N, classes). A wider input goes through the network itself.
    """
    if not _suits(model) or watched():
        return None
    try:
        return _Compiled(model, kernel())
    except KernelUnavailable as error:
        warn_once(error)
        return None


@cache
def _wanted(padding: int) -> dict[str, nn.Module]:
    # Without numbers: to draw weights would move the caller's random state.
    return {
        "c1": nn.Conv2d(1, 6, 5, padding=padding, device="meta", dtype=torch.float32),
        "c1_act": nn.ReLU(),
        "s2": nn.MaxPool2d(2),
        "c3": nn.Conv2d(6, 16, 5, device="meta", dtype=torch.float32),
        "c3_act": nn.ReLU(),
        "s4": nn.MaxPool2d(2),
    }


def _suits(model: nn.Module) -> TypeGuard[LeNet5]:
    if type(model) is not LeNet5 or not untouched(model):
        return False
    wanted = _wanted((32 - model.nominal_size) // 2)
    parts = dict(list(model.named_children())[: len(wanted)])
    return list(parts) == list(wanted) and all(
        untouched(part) and _equal(part, wanted[name]) for name, part in parts.items()
    )


def _equal(part: nn.Module, wanted: nn.Module) -> bool:
    if type(part) is not type(wanted):
        return False
    settings = ((n, v) for n, v in vars(wanted).items() if n[0] != "_" and n != "training")
    if any(getattr(part, name, None) != value for name, value in settings):
        return False
    mine, theirs = (dict(m.named_parameters(recurse=False)) for m in (part, wanted))
    return mine.keys() == theirs.keys() and all(
        type(p) is nn.Parameter
        and (p.shape, p.dtype, p.device.type) == (theirs[name].shape, torch.float32, "cpu")
        for name, p in mine.items()
    )


_PARAMETERS = ("c1.weight", "c1.bias", "c3.weight", "c3.bias")


class _Compiled:
    def __init__(self, model: LeNet5, kernel: Kernel) -> None:
        self.model, self.kernel = model, kernel

    def __call__(self, x: Tensor) -> Tensor:
        model = self.model
        plain = type(x) is Tensor and x.dtype == torch.float32 and x.device.type == "cpu"
        usual = plain and not x.requires_grad and x.shape[2:] == (model.nominal_size,) * 2
        if not usual or not len(x) or watched() or not _suits(model):
            y: Tensor = model(x)
            return y
        model.require_input(x)
        parameters = [model.get_parameter(name) for name in _PARAMETERS]
        y = _C1ToS4.apply(self.kernel, x.contiguous(), *parameters)
        for name, part in list(model.named_children())[6:]:
            y = _product(part, y) if _is_product(part, y) else part(y)
            if name == "output":
                y = rows_of_one_position(y)
        return rows_of_one_position(y)


def _is_product(part: nn.Module, x: Tensor) -> TypeGuard[nn.Conv2d]:
    return (
        type(part) is nn.Conv2d
        and untouched(part)
        and x.dim() == 4
        and x.shape[1:] == part.weight.shape[1:]
        and (part.padding, part.dilation) == ((0, 0), (1, 1))
    )


def _product(part: nn.Conv2d, x: Tensor) -> Tensor:
    """Return what a convolution gives whose kernel covers the whole input: (N, C, 1, 1)."""
    return F.linear(x.flatten(1), part.weight.flatten(1), part.bias)[..., None, None]


class _C1ToS4(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernel: Kernel, x: Tensor, *parameters: Tensor) -> Tensor:
        count = len(x)
        flat = torch.cat([p.reshape(-1) for p in parameters])
        states = x.new_empty(count, 16, 5, 5)
        blocks = -(-count // kernel.lanes)
        kept = x.new_empty(blocks, kernel.library.kept_bytes(), dtype=torch.uint8)
        kernel("forward", x[:, 0], flat, states.flatten(1), kept, torch.get_num_threads())
        ctx.kernel = kernel
        ctx.save_for_backward(x, kept, *parameters)
        return states

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, kept, *parameters = ctx.saved_tensors
        if torch.is_grad_enabled() or not _in_memory(grad) or watched():
            # These gradients are to be differentiated once more, or are taken many at a time.
            return None, None, *_plain_gradients(x, parameters, ctx.needs_input_grad[2:], grad)
        flat = torch.cat([p.reshape(-1) for p in parameters])
        sums = x.new_empty(torch.get_num_threads(), len(flat))
        ctx.kernel("backward", grad.contiguous().flatten(1), flat, kept, sums)
        parts = sums.sum(0).split([p.numel() for p in parameters])
        return None, None, *(g.view(p.shape) for g, p in zip(parts, parameters, strict=True))


def _in_memory(x: Tensor) -> bool:
    try:
        return type(x) is Tensor and x.data_ptr() is not None
    except RuntimeError:  # it stands for many, as in torch.autograd.grad(is_grads_batched=True)
        return False


def _plain_gradients(
    x: Tensor, parameters: list[Tensor], needed: tuple[bool, ...], grad: Tensor
) -> list[Tensor | None]:
    """Return the gradients of C1 to S4 by PyTorch's own layers, as a part of the graph."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        w1, b1, w3, b3 = parameters
        s2 = F.max_pool2d(F.relu(F.conv2d(x, w1, b1, padding=(32 - x.shape[-1]) // 2)), 2)
        s4 = F.max_pool2d(F.relu(F.conv2d(s2, w3, b3)), 2)
        wanted = [p for p, need in zip(parameters, needed, strict=True) if need]
        found = iter(torch.autograd.grad(s4, wanted, grad, create_graph=again))
    return [next(found) if need else None for need in needed]
