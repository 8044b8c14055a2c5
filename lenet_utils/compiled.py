"""C1 to S4 of the network of today in compiled code, for `fit` and `evaluate` on a CPU.

PyTorch runs each layer over the whole batch before it begins the next one, and its convolutions
are made for many channels; C1 has one. The kernel takes as many pictures as the vector unit has
lanes through four layers at once (pictures.cpp). Values and gradients are PyTorch's, up to
rounding.
"""

from collections.abc import Callable
from ctypes import CDLL
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from lenet_utils.many_seeds.kernel import KernelUnavailable, load_pictures
from lenet_utils.models import LeNet5
from lenet_utils.quick import MaxPool2d

Network = Callable[[Tensor], Tensor]


def compiled(model: nn.Module) -> Network | None:
    """Return what computes a network's outputs on a CPU with C1 to S4 compiled, or None.

    None where C1 to S4 are not those of `lenet5_modern` on the CPU in float32, where a hook waits
    for a layer, and where the kernel cannot be built.

    Shapes: (N, 1, H, W) to (N, classes). A wider input goes through the network itself.
    """
    if type(model) is not LeNet5 or not _suits(model) or any(map(_hooked, model.modules())):
        return None
    try:
        return _Compiled(model)
    except KernelUnavailable:
        return None


@cache
def _wanted(padding: int) -> dict[str, nn.Module]:
    # Without numbers: to draw weights would move the caller's random state.
    return {
        "c1": nn.Conv2d(1, 6, 5, padding=padding, device="meta"),
        "c1_act": nn.ReLU(),
        "s2": MaxPool2d(),
        "c3": nn.Conv2d(6, 16, 5, device="meta"),
        "c3_act": nn.ReLU(),
        "s4": MaxPool2d(),
    }


def _suits(model: LeNet5) -> bool:
    wanted = _wanted((32 - model.nominal_size) // 2)
    parts = dict(list(model.named_children())[: len(wanted)])
    if list(parts) != list(wanted):
        return False
    for name, part in parts.items():
        # What such a module prints says all that it does.
        if type(part) is not type(wanted[name]) or str(part) != str(wanted[name]):
            return False
        if any(p.dtype != torch.float32 or p.device.type != "cpu" for p in part.parameters()):
            return False
    return True


def _hooked(part: nn.Module) -> bool:
    """Whether something waits for a module's inputs, outputs or gradients."""
    ends = ("forward_hooks", "forward_pre_hooks", "backward_hooks", "backward_pre_hooks")
    return any(hooks for name, hooks in vars(part).items() if name.endswith(ends))


class _Compiled:
    def __init__(self, model: LeNet5) -> None:
        self.model = model
        self.kernel = load_pictures()

    def __call__(self, x: Tensor) -> Tensor:
        size = self.model.nominal_size
        self.model.require_input(x)
        plain = x.dtype == torch.float32 and x.device.type == "cpu" and not x.requires_grad
        if not plain or x.shape[2:] != (size, size):
            return self.model(x)
        c1, c3 = self.model.c1, self.model.c3
        y = _C1ToS4.apply(self.kernel, x.contiguous(), c1.weight, c1.bias, c3.weight, c3.bias)
        for part in list(self.model.children())[6:]:
            y = part(y)
        return y.flatten(1)


class _C1ToS4(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernel: CDLL, x: Tensor, *parameters: Tensor) -> Tensor:
        count = len(x)
        flat = torch.cat([p.reshape(-1) for p in parameters])
        states = torch.empty(count, 16, 5, 5)
        kept = torch.empty(-(-count // kernel.lanes()), kernel.kept_bytes(), dtype=torch.uint8)
        kernel.forward_pictures(
            x.data_ptr(),
            x.shape[-1],
            count,
            flat.data_ptr(),
            states.data_ptr(),
            kept.data_ptr(),
            torch.get_num_threads(),
        )
        ctx.kernel, ctx.shapes = kernel, [p.shape for p in parameters]
        ctx.save_for_backward(flat, kept)
        return states

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        flat, kept = ctx.saved_tensors
        grad = grad.contiguous()
        threads = torch.get_num_threads()
        sums = torch.zeros(threads, len(flat))  # fewer threads may come
        ctx.kernel.backward_pictures(
            grad.data_ptr(),
            len(grad),
            flat.data_ptr(),
            kept.data_ptr(),
            sums.data_ptr(),
            threads,
        )
        parts = sums.sum(0).split([shape.numel() for shape in ctx.shapes])
        return None, None, *(p.view(s) for p, s in zip(parts, ctx.shapes, strict=True))
