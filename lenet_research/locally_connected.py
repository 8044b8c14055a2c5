"""A layer with the receptive fields of a convolution and without its shared weights."""

import torch
from torch import Tensor, nn
from torch.jit import is_scripting  # type: ignore[attr-defined]  # not in its __all__
from torch.nn import functional as F

from lenet_utils.accounting import layer_counts
from lenet_utils.layers import Device, recorded


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


@layer_counts.register
def _(module: LocallyConnected2d, x: Tensor, y: Tensor) -> tuple[int, int]:
    return module.weight.numel() + module.bias.numel(), module.weight.numel()
