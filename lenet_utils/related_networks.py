"""Networks related to LeNet-5: LeNet-1, LeNet-4, and layers without weight sharing.

What the paper compares LeNet-5 with, and what Part I takes apart: local connections with and
without shared weights. Source: LeCun, Bottou, Bengio and Haffner (1998), Section III-C, pp. 12-13.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.jit import is_scripting  # type: ignore[attr-defined]  # not in its __all__
from torch.nn import functional as F

from lenet_utils.accounting import count_layer
from lenet_utils.layers import Device, ScaledTanh, SparseConv2d, Subsampling, recorded


class LocallyConnected2d(nn.Module):
    """A convolution without weight sharing: every position has kernels of its own.

    Args:
        in_channels, out_channels: numbers of maps.
        size: height and width of the input.
        kernel_size: side of the receptive fields.
        stride: pixels between neighbouring receptive fields.
        device, dtype: of the parameters, as in PyTorch's layers.

    Shapes: (N, in_channels, size, size) to (N, out_channels, out, out), with
        out = (size - kernel_size) // stride + 1. `weight` is (out * out, out_channels,
        in_channels * kernel_size**2), `bias` (out_channels, out, out).

    Raises:
        ValueError: a kernel larger than the input, or a stride below 1; an input of another shape.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        size: int,
        kernel_size: int,
        stride: int = 1,
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if not 0 < kernel_size <= size or stride < 1:
            raise ValueError(
                f"kernel_size is {kernel_size} and stride {stride}; expected 1 to {size}, the "
                "side of the input, and 1 or more."
            )
        self.shape = (in_channels, size, size)
        self.kernel_size, self.stride = kernel_size, stride
        self.side = (size - kernel_size) // stride + 1
        fan_in = in_channels * kernel_size**2
        shape = self.side**2, out_channels, fan_in
        self.weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        shape = out_channels, self.side, self.side
        self.bias = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and biases from U(-1/sqrt(F), 1/sqrt(F)), as nn.Conv2d does."""
        with torch.no_grad():
            for parameter in (self.weight, self.bias):
                parameter.uniform_(-1, 1).mul_(self.weight.shape[-1] ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Apply each position's own kernels."""
        if not is_scripting():
            self._require_input(x)
        channels, height, width = self.shape
        batch = x.reshape(-1, channels, height, width)
        fields = F.unfold(batch, self.kernel_size, stride=self.stride).permute(2, 0, 1)
        sums = torch.bmm(fields, self.weight.transpose(1, 2)).permute(1, 2, 0)
        maps: Tensor = sums.unflatten(2, (self.side, self.side)) + self.bias
        return maps.reshape(x.shape[:-3] + maps.shape[1:])

    def _require_input(self, x: Tensor) -> None:
        if not recorded(x) and (x.dim() not in (3, 4) or x.shape[-3:] != self.shape):
            raise ValueError(
                f"LocallyConnected2d got a tensor of shape {tuple(x.shape)}; expected "
                f"(N, {', '.join(map(str, self.shape))}): its weights belong to positions."
            )

    def extra_repr(self) -> str:
        """Show maps, size, kernel and stride when the module is printed."""
        maps = f"{self.shape[0]}, {self.weight.shape[1]}, size={self.shape[1]}"
        return f"{maps}, kernel_size={self.kernel_size}, stride={self.stride}"


@count_layer.register
def _(module: LocallyConnected2d, x: Tensor, y: Tensor) -> tuple[int, int]:
    return module.weight.numel() + module.bias.numel(), module.weight.numel()


class Repeat(nn.Module):
    """Gives every map several times: (N, C, H, W) to (N, times * C, H, W), copies side by side."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def forward(self, x: Tensor) -> Tensor:
        """Repeat the maps."""
        return x.repeat_interleave(self.times, 1)

    def extra_repr(self) -> str:
        """Show how often when the module is printed."""
        return str(self.times)


@count_layer.register
def _(module: Repeat, x: Tensor, y: Tensor) -> tuple[int, int]:
    return 0, 0


_HALF = torch.tensor([[1, 0], [1, 1], [1, 1], [1, 1], [1, 1], [0, 1]], device="cpu")
_LENET1_TABLE = torch.block_diag(_HALF, _HALF).bool()
_LENET4_TABLE = torch.tensor(
    [[(s2 - c3) % 8 < 3 for s2 in range(8)] for c3 in range(16)], device="cpu"
)


def lenet1() -> nn.Sequential:
    """Build LeNet-1: 2,578 parameters and 98,442 connections.

    C1 has 4 maps, C3 12, and the output reads S4. Twenty pairs of maps are connected between S2
    and C3, which the published counts demand; which twenty this paper does not say: here each
    half of C3 reads one half of S2, two maps of it a single map and four both.

    Shapes: (N, 1, 28, 28) to (N, 10) scores.

    Source: Section III-C7, p. 12: about 2,600 parameters, about 100,000 multiply-adds.
    """
    parts = [
        ("c1", nn.Conv2d(1, 4, 5)),
        ("c1_act", ScaledTanh()),
        ("s2", Subsampling(4)),
        ("s2_act", ScaledTanh()),
        ("c3", SparseConv2d(_LENET1_TABLE)),
        ("c3_act", ScaledTanh()),
        ("s4", Subsampling(12)),
        ("s4_act", ScaledTanh()),
        ("flat", nn.Flatten()),
        ("output", nn.Linear(192, 10)),
    ]
    return nn.Sequential(OrderedDict(parts))


def lenet4() -> nn.Sequential:
    """Build LeNet-4: 50,698 parameters and 262,306 connections.

    C1 has 4 maps, each read by two of S2's 8, C3 16, C5 120. The paper's 260,000 connections
    demand 48 pairs between S2 and C3: here each C3 map reads three neighbouring S2 maps. Its
    17,000 parameters cannot be: C5 alone has 48,120.

    Shapes: (N, 1, 32, 32) to (N, 10) scores.

    Source: Section III-C8, p. 13.
    """
    parts = [
        ("c1", nn.Conv2d(1, 4, 5)),
        ("c1_act", ScaledTanh()),
        ("pairs", Repeat(2)),
        ("s2", Subsampling(8)),
        ("s2_act", ScaledTanh()),
        ("c3", SparseConv2d(_LENET4_TABLE)),
        ("c3_act", ScaledTanh()),
        ("s4", Subsampling(16)),
        ("s4_act", ScaledTanh()),
        ("c5", nn.Conv2d(16, 120, 5)),
        ("c5_act", ScaledTanh()),
        ("flat", nn.Flatten()),
        ("output", nn.Linear(120, 10)),
    ]
    return nn.Sequential(OrderedDict(parts))
