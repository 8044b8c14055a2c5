"""Quicker on a CPU for the sizes of LeNet-5, with the same numbers: two layers, and memory."""

import ctypes
import sys
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Conv2d(nn.Conv2d):
    """`nn.Conv2d`, computed as a matrix product where the kernel covers the whole input map.

    So C5, F6 and a linear output cost what fully connected layers cost, and still give a map
    of outputs on a wider input.

    Shapes: as `nn.Conv2d`.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the map of sums."""
        whole = x.dim() == 4 and x.shape[-2:] == self.kernel_size and self.padding == (0, 0)
        if not whole or self.groups != 1:
            return super().forward(x)
        return F.linear(x.flatten(1), self.weight.flatten(1), self.bias)[..., None, None]

    def _get_name(self) -> str:
        return "Conv2d"  # what it is to a reader; a stored description stays the same


class MaxPool2d(nn.MaxPool2d):
    """`nn.MaxPool2d` with windows of 2x2: values and gradients are equal, ties included.

    Its gradient cannot be differentiated once more: PyTorch says so where that is tried.

    Shapes: (N, C, H, W) to (N, C, H // 2, W // 2).
    """

    def __init__(self) -> None:
        super().__init__(2)

    def forward(self, x: Tensor) -> Tensor:
        """Return the largest of each four."""
        whole = x.dim() == 4 and x.shape[-1] % 2 == 0 and x.shape[-2] % 2 == 0
        if not whole or x.device.type != "cpu" or not x.requires_grad:
            return super().forward(x)
        return _LargestOfFour.apply(x)

    def _get_name(self) -> str:
        return "MaxPool2d"


class _LargestOfFour(torch.autograd.Function):
    """Left against right, then upper against lower: of equal numbers the first one is taken."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        pairs = torch.maximum(x[..., ::2], x[..., 1::2])
        ctx.save_for_backward(x, pairs)
        return torch.maximum(pairs[..., ::2, :], pairs[..., 1::2, :])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        # The masks are floats written in place: quicker here than `where` or an index.
        x, pairs = ctx.saved_tensors
        of_pairs, of_x = torch.empty_like(pairs), torch.empty_like(x)
        upper, left = of_pairs[..., ::2, :], of_x[..., ::2]
        torch.ge(pairs[..., ::2, :], pairs[..., 1::2, :], out=upper).mul_(grad)
        torch.sub(grad, upper, out=of_pairs[..., 1::2, :])
        torch.ge(x[..., ::2], x[..., 1::2], out=left).mul_(of_pairs)
        torch.sub(of_pairs, left, out=of_x[..., 1::2])
        return of_x


def keep_memory() -> None:
    """Have Linux's C library keep the memory that this process frees, to use it again.

    Every update of training frees the blocks that the next one asks for. Whether the library
    returns them to the system in between depends on the sizes it has seen before; where it
    does, an epoch takes up to 1.8 times as long, for the system clears each page anew. The
    process then stays as large as it once was. Elsewhere than with glibc this does nothing.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
    library.mallopt(trim_threshold, 2**30)
    library.mallopt(mmap_threshold, 2**25)  # the most that it takes
