"""Plain and residual networks of growing depth: the experiment `depth`.

A convolution, pooling, pairs of convolutions of 3 by 3, and a full layer: small enough that
"The family" trains some of them live. Two things that are easily taken for one are kept apart: how
far the initial weights let the gradient through, and what shortcuts do where it comes through.
Source: He, Zhang, Ren and Sun, "Deep Residual Learning", 2016; initial weights: the same authors,
"Delving Deep into Rectifiers", 2015.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Start = Literal["pytorch", "he"]


class DeepNetwork(nn.Module):
    """C, P, `depth` convolutions in pairs, F, with a shortcut round each pair or without.

    Shapes: (N, 1, 28, 28) to (N, 10) scores.
    """

    def __init__(self, depth: int, *, shortcuts: bool, start: Start) -> None:
        """Draw the initial weights from PyTorch's global generator.

        Args:
            depth: even, convolutions between the first one and the output.
            shortcuts: add what came into a pair to what it gives.
            start: "pytorch", its default, or "he", variance 2/F and biases 0; with shortcuts the
                last convolution of each pair then starts at 0, and with it the pair.

        Raises:
            ValueError: depth is not even and positive.
        """
        if depth < 2 or depth % 2:
            raise ValueError(f"depth is {depth}; expected an even number from 2 on.")
        super().__init__()
        self.shortcuts = shortcuts
        self.first = nn.Conv2d(1, 8, 5, stride=2, padding=2)
        self.pairs = nn.ModuleList(_pair() for _ in range(depth // 2))
        self.last = nn.Linear(8 * 7 * 7, 10)
        if start == "he":
            self._start_as_he()

    @torch.no_grad()
    def _start_as_he(self) -> None:
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.get_parameter("bias"))
        if self.shortcuts:
            for pair in self.pairs:
                nn.init.zeros_(pair.get_parameter("2.weight"))

    def forward(self, x: Tensor) -> Tensor:
        """Return scores: (N, 1, 28, 28) to (N, 10)."""
        x = F.max_pool2d(F.relu(self.first(x)), 2)
        for pair in self.pairs:
            x = F.relu(x + pair(x) if self.shortcuts else pair(x))
        scores: Tensor = self.last(x.flatten(1))
        return scores


def _pair() -> nn.Sequential:
    one, two = (nn.Conv2d(8, 8, 3, padding=1) for _ in range(2))
    return nn.Sequential(one, nn.ReLU(), two)


DEPTHS = (2, 8, 16, 32)
ARMS: dict[str, tuple[bool, Start]] = {
    "plain": (False, "pytorch"),
    "plain, He": (False, "he"),
    "shortcuts": (True, "pytorch"),
    "shortcuts, He": (True, "he"),
}
RATES = (0.001, 0.003, 0.01)


def networks() -> dict[str, Callable[[], nn.Module]]:
    """Return the makers of all these networks by name, such as "16 layers, plain"."""
    return {
        f"{depth} layers, {arm}": partial(DeepNetwork, depth, shortcuts=shortcuts, start=start)
        for depth in DEPTHS
        for arm, (shortcuts, start) in ARMS.items()
    }
