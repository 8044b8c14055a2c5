"""LeNet-5 three times: of 1998, as most tutorials print it, and as it is built today.

All three are one class, `LeNet5`, put together from parts, so that an experiment can change one
part and nothing else. Source: Section II-B and Fig. 2, pp. 7-9.
"""

from collections import OrderedDict
from collections.abc import Callable
from numbers import Integral
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.jit import is_scripting  # type: ignore[attr-defined]  # not in its __all__

from lenet_utils.answers import IN_ORDER, derived, holds_distances
from lenet_utils.layers import (
    RBFOutput,
    ScaledTanh,
    SparseConv2d,
    Subsampling,
    digit_codes,
    recorded,
)
from lenet_utils.sequence import NamedSequential

Pooling = Literal["subsampling", "average", "max"]
Wiring = Literal["table1", "full"]
Output = Literal["rbf", "linear"]

CODE_LENGTH = 84


class LeNet5(NamedSequential):
    """LeNet-5 from parts: C1, S2, C3, S4, C5, F6 and the output, each a named child.

    C5, F6 and the linear output are written as convolutions (5x5, 1x1, 1x1). On the nominal
    input they have one position and are fully connected layers; on a wider input they give a
    map of outputs, one for every four pixels, as Section VII needs.

    Args:
        num_classes: number of outputs.
        activation: makes the activation function that follows C1, C3, C5, F6, and the trainable
            subsampling. Parameter-free pooling is followed by none.
        pooling: "subsampling" (trainable, of 1998), "average" or "max".
        c3: "table1" (each map reads some of S2's, 60 kernels) or "full" (all, 96 kernels).
        output: "rbf" (squared distances to fixed codes, smallest wins) or "linear" (scores).
        padding: zeros added around the input by C1, which on normalised digits are not quite the
            background. With 0 the nominal input is 32x32; with 2 it is 28x28.
        batch_norm: normalise the sums of C1, C3, C5 and F6 over the batch before they are
            activated (children c1_norm, c3_norm, c5_norm, f6_norm). Not of 1998.
        codes: float (num_classes, 84), the targets of F6 for output="rbf".
            By default the paper's ten digits.

    Shapes: (N, 1, 32, 32) to (N, num_classes), less 2 * padding in height and width.
        (N, 1, 32 + 4a, 32 + 4b) to (N, num_classes, 1 + a, 1 + b).

    Raises:
        ValueError: an unknown part; codes that are missing or do not fit; an input of another
            shape or type.

    Source: Section II-B and Fig. 2, pp. 7-9.
    """

    def __init__(
        self,
        *,
        num_classes: int = 10,
        activation: Callable[[], nn.Module] = ScaledTanh,
        pooling: Pooling = "subsampling",
        c3: Wiring = "table1",
        output: Output = "rbf",
        padding: int = 0,
        batch_norm: bool = False,
        codes: Tensor | None = None,
    ) -> None:
        if not isinstance(num_classes, Integral) or num_classes < 1:
            raise ValueError(
                f"num_classes is {num_classes!r}; expected a whole number of 1 or more."
            )
        if padding not in range(16):
            raise ValueError(f"padding is {padding!r}; expected a whole number from 0 to 15.")
        if isinstance(activation, nn.Module):
            raise ValueError(  # noqa: TRY004
                f"activation is the module {activation}; expected what makes one: "
                f"{type(activation).__name__}, without brackets."
            )
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        # Name, layer, its maps, and the pooling after it.
        layers: tuple[tuple[str, nn.Module, int, str], ...] = (
            ("c1", nn.Conv2d(1, 6, 5, padding=padding), 6, "s2"),
            ("c3", _c3(c3), 16, "s4"),
            ("c5", nn.Conv2d(16, 120, 5), 120, ""),
            ("f6", nn.Conv2d(120, CODE_LENGTH, 1), CODE_LENGTH, ""),
        )
        for name, layer, maps, pool in layers:
            parts[name] = layer
            if batch_norm:
                parts[f"{name}_norm"] = nn.BatchNorm2d(maps)
            parts[f"{name}_act"] = activation()
            if pool:
                parts[pool] = _pooling(pooling, maps)
            if pool and pooling == "subsampling":
                parts[f"{pool}_act"] = activation()
        parts["output"] = _output(output, num_classes, codes)
        super().__init__(parts)
        self.nominal_size: int = 32 - 2 * padding

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (N, classes), or (N, classes, H, W) for a wider input."""
        if not is_scripting():
            self.require_input(x)
        return self.in_order(x)

    __jit_unused_properties__: ClassVar = ["smallest_wins"]

    @derived
    def smallest_wins(self) -> bool:
        """Whether the outputs are distances (RBF), so that the smallest one is the answer.

        Raises:
            ValueError: an RBF output that is not the last part.
        """
        last = isinstance(self[-1], RBFOutput) if len(self) else False
        if not last and holds_distances(self):
            raise ValueError(
                f"after the RBF output comes {self[-1]}, and whether its smallest or its largest "
                "output is the answer is not known: take argmin(1) or argmax(1) yourself."
            )
        return last

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """Return the class of each input: int64 (N,), or (N, H, W) for a wider input."""
        y: Tensor = self(x)
        return y.argmin(1) if self.smallest_wins else y.argmax(1)

    def require_input(self, x: Tensor) -> None:
        """Refuse what the network does not take.

        Raises:
            ValueError: another type or shape; it says what was expected, and how to get it.
        """
        if recorded(x):
            return
        size = self.nominal_size
        if not isinstance(x, Tensor) or not x.is_floating_point():
            kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(
                f"LeNet5 got {kind}; expected a float tensor. Normalise the digits first: "
                "normalise_1998(...) or normalise_modern(...)."
            )
        mine = next(self.parameters()).dtype
        if (x.dtype == torch.float64) != (mine == torch.float64):
            raise ValueError(
                f"LeNet5 got {x.dtype}, but its parameters are {mine}: convert with x.to({mine})."
            )
        if x.dim() != 4 or x.shape[1] != 1:
            raise ValueError(
                f"LeNet5 got a tensor of shape {tuple(x.shape)}; expected (N, 1, {size}, {size}): "
                "a batch of pictures with one channel. Add missing dimensions with x[None], "
                "x[:, None], and turn colour into grey with x.mean(1, keepdim=True)."
            )
        height, width = x.shape[-2:]
        if min(height, width) < size or (height - size) % 4 or (width - size) % 4:
            pad = " Pad 28x28 digits with pad_to_32 before normalising." if size == 32 else ""
            raise ValueError(
                f"LeNet5 got pictures of {height}x{width}; expected {size}x{size}, or wider in "
                f"steps of 4.{pad}"
            )


IN_ORDER.add(LeNet5.forward)


def lenet5_1998(num_classes: int = 10, *, codes: Tensor | None = None) -> LeNet5:
    """Build LeNet-5 as the paper describes it: 60,000 trainable parameters.

    Scaled tanh, trainable subsampling, C3 wired by Table I, RBF output with fixed codes.
    The output is the ten squared distances; the smallest one is the answer.

    Args:
        num_classes: up to 10 the paper's digit codes serve.
        codes: float (num_classes, 84) of -1 and +1; needed beyond ten classes.

    Shapes: (N, 1, 32, 32) to (N, num_classes).

    Source: Section II-B and Fig. 2, pp. 7-9.
    """
    return LeNet5(num_classes=num_classes, codes=codes)


def lenet5_tutorial(num_classes: int = 10) -> LeNet5:
    """Build the simplified network that most tutorials call a reproduction of the paper.

    Plain tanh, average pooling without parameters, C3 fully connected, linear output:
    61,706 parameters for ten classes.

    Shapes: (N, 1, 32, 32) to (N, num_classes) scores.
    """
    return LeNet5(
        num_classes=num_classes, activation=nn.Tanh, pooling="average", c3="full", output="linear"
    )


def lenet5_modern(num_classes: int = 10) -> LeNet5:
    """Build LeNet-5 as it is written today: ReLU, max pooling, linear output.

    C1 pads the 28x28 digits itself: 61,706 parameters for ten classes.

    Shapes: (N, 1, 28, 28) to (N, num_classes) scores, for cross-entropy.
    """
    return LeNet5(
        num_classes=num_classes,
        activation=nn.ReLU,
        pooling="max",
        c3="full",
        output="linear",
        padding=2,
    )


def _pooling(kind: str, channels: int) -> nn.Module:
    if kind == "subsampling":
        return Subsampling(channels)
    if kind == "average":
        return nn.AvgPool2d(2)
    if kind == "max":
        return nn.MaxPool2d(2)
    raise ValueError(f"pooling is {kind!r}; expected 'subsampling', 'average' or 'max'.")


def _c3(wiring: str) -> nn.Module:
    if wiring == "table1":
        return SparseConv2d()
    if wiring == "full":
        return nn.Conv2d(6, 16, 5)
    raise ValueError(f"c3 is {wiring!r}; expected 'table1' or 'full'.")


def _output(kind: str, num_classes: int, codes: Tensor | None) -> nn.Module:
    if kind == "linear":
        if codes is not None:
            raise ValueError("codes were given with output='linear', which has none: drop them.")
        return nn.Conv2d(CODE_LENGTH, num_classes, 1)
    if kind != "rbf":
        raise ValueError(f"output is {kind!r}; expected 'rbf' or 'linear'.")
    if codes is None:
        codes = digit_codes().to(torch.get_default_dtype())
        if num_classes > len(codes):
            raise ValueError(
                f"num_classes is {num_classes}, and the paper's digit codes name only "
                f"{len(codes)} classes. Give codes=, a float tensor ({num_classes}, "
                f"{CODE_LENGTH}) of -1 and +1, one row a class."
            )
        codes = codes[:num_classes]
    units = RBFOutput(codes)
    if codes.shape != (num_classes, CODE_LENGTH):
        raise ValueError(
            f"codes have shape {tuple(codes.shape)}; expected ({num_classes}, {CODE_LENGTH}), "
            "one row a class."
        )
    return units
