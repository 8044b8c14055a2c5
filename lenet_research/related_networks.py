"""Networks related to LeNet-5, with which the paper compares it: LeNet-1 and LeNet-4.

Source: LeCun, Bottou, Bengio and Haffner (1998), Section III-C, pp. 12-13.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from lenet_utils.accounting import layer_counts
from lenet_utils.layers import ScaledTanh, SparseConv2d, Subsampling


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


@layer_counts.register
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
