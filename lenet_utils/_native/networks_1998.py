"""Several LeNet-5 of 1998 in the compiled kernel, one network in each lane of a vector."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from lenet_utils._native.calls import Kernel
from lenet_utils._native.loader import load
from lenet_utils._native.untouched import untouched, watched
from lenet_utils.criteria import MAP, MSE, Criterion, CrossEntropy
from lenet_utils.layers import RBFOutput, ScaledTanh, SparseConv2d, Subsampling
from lenet_utils.models import LeNet5

MAX_CLASSES = 128
"""As in layers.h."""


def kernel() -> Kernel:
    """Return the kernel; see `loader.load`."""
    return Kernel(load("networks_1998"))


class NativeNetworks:
    """Up to `lanes` networks side by side: parameters and rates (P, lanes), settings (lanes,).

    A lane left over trains a copy of the last network, and nobody reads it.

    Args:
        models: networks that `why_unsupported` does not refuse, in float32.
        criteria: one a network.
        orders: int (networks, n): which pattern each network sees when.
        rates: for each network the rate of each parameter.
    """

    def __init__(
        self,
        models: Sequence[LeNet5],
        criteria: Sequence[Criterion] | None = None,
        orders: Tensor | None = None,
        rates: Sequence[Sequence[Tensor]] | None = None,
    ) -> None:
        self.kernel = kernel()
        self.models = models
        first = models[0]
        self.linear = not first.smallest_wins
        self.classes = class_count(first)
        codes = codes_of(first)
        table = c3_table(first).cpu().to(torch.uint8).contiguous()
        self.network = table, self.classes, None if codes is None else codes.cpu().contiguous()
        self.parameters = self._columns(_vector(model.parameters()) for model in models)
        neutral: Sequence[Criterion] = [CrossEntropy() if self.linear else MSE()] * len(models)
        self.settings = self._columns(criterion_setting(c) for c in criteria or neutral)
        if orders is not None and rates is not None:
            rows = [*orders, *[orders[-1]] * (self.kernel.lanes - len(models))]
            self.orders = torch.stack(rows).to("cpu", torch.int32).contiguous()
            self.rates = self._columns(_vector(r) for r in rates)
        self.losses = torch.zeros(self.kernel.lanes, dtype=torch.float64)
        self.wrong = torch.zeros(self.kernel.lanes, dtype=torch.int64)

    def _columns(self, columns: Iterable[Tensor]) -> Tensor:
        chosen = list(columns)
        chosen += [chosen[-1]] * (self.kernel.lanes - len(chosen))
        return torch.stack(chosen, 1).contiguous()

    def train(self, images: Tensor, labels: Tensor, grey: Tensor, start: int, count: int) -> None:
        """Train on patterns start .. start + count of each order; adds to losses and wrong.

        Args:
            images: uint8 (N, 32, 32).
            labels: uint8 (N,).
            grey: float32 (256,).
            start: the first pattern's place in `orders`.
            count: how many.
        """
        self.kernel(
            "train",
            *self.network,
            *(images, labels, grey, self.orders, start, count),
            *(self.parameters, self.rates, *self.settings, self.losses, self.wrong),
        )

    def write_back(self) -> None:
        """Copy the trained parameters into the networks, wherever these are."""
        for lane, model in enumerate(self.models):
            load_flat_parameters(model, self.parameters[:, lane])

    def outputs(self, images: Tensor, grey: Tensor) -> Tensor:
        """Return what each network gives for the same images: (networks, N, classes)."""
        out = torch.empty(len(images), self.classes, self.kernel.lanes)
        self.kernel("outputs", *self.network, images, grey, self.parameters, out)
        own = out.permute(2, 0, 1)[: len(self.models)].contiguous()
        return -own if self.linear else own


@torch.no_grad()
def load_flat_parameters(model: nn.Module, vector: Tensor) -> None:
    """Copy a vector (P,) into a network's parameters, in place, wherever these are."""
    own = list(model.parameters())
    parts = vector.split([p.numel() for p in own])
    for parameter, part in zip(own, parts, strict=True):
        parameter.copy_(part.view_as(parameter))


def criterion_setting(criterion: Criterion) -> Tensor:
    """Return the kernel's numbers for a criterion: distance scale, competition, j.

    Raises:
        ValueError: another criterion than those of the package.
    """
    if type(criterion) is MSE:
        return torch.tensor([criterion.distance_scale, 0.0, 1.0])
    if type(criterion) is MAP:
        return torch.tensor([criterion.distance_scale, 1.0, criterion.j])
    if type(criterion) is CrossEntropy:
        return torch.tensor([1.0, 1.0, math.inf])
    raise ValueError(
        f"criterion is {criterion}; networks side by side know MSE, MAP and CrossEntropy only. "
        "Use backend='pytorch'."
    )


def _vector(parameters: Iterable[Tensor]) -> Tensor:
    return torch.cat([p.detach().reshape(-1) for p in parameters]).cpu()


def codes_of(model: LeNet5) -> Tensor | None:
    """Return the codes of the RBF output, (classes, 84), or None for a linear one."""
    return model.output.codes if isinstance(model.output, RBFOutput) else None


def class_count(model: LeNet5) -> int:
    """Return the number of outputs."""
    codes = codes_of(model)
    return len(model.get_parameter("output.weight") if codes is None else codes)


def c3_table(model: LeNet5) -> Tensor:
    """Return which S2 maps feed each C3 map: bool (16, 6), all of them where C3 is full."""
    c3 = model.c3
    return c3.table if isinstance(c3, SparseConv2d) else torch.ones(16, 6, dtype=torch.bool)


_CHILDREN = (
    ("c1", nn.Conv2d),
    ("c1_act", ScaledTanh),
    ("s2", Subsampling),
    ("s2_act", ScaledTanh),
    ("c3", (nn.Conv2d, SparseConv2d)),
    ("c3_act", ScaledTanh),
    ("s4", Subsampling),
    ("s4_act", ScaledTanh),
    ("c5", nn.Conv2d),
    ("c5_act", ScaledTanh),
    ("f6", nn.Conv2d),
    ("f6_act", ScaledTanh),
    ("output", (nn.Conv2d, RBFOutput)),
)


def why_unsupported(models: Sequence[LeNet5]) -> str | None:
    """Say why these networks cannot be trained side by side, or return None where they can."""
    if watched():
        return "a mode, a transform or a hook of PyTorch's is active"
    for model in models:
        if reason := _unsupported(model):
            return reason
    first = models[0]
    if first.nominal_size != 32:
        return f"it knows images of 32x32 only, and C1 here takes {first.nominal_size}"
    if class_count(first) > MAX_CLASSES:
        return f"it knows {MAX_CLASSES} classes at most, and here are {class_count(first)}"
    for model in models:
        if not _same_network(model, first):
            return "the networks differ in C3's wiring, in their output or in its codes"
        if any(p.dtype != torch.float32 for p in model.parameters()):
            return "the networks are not all in float32"
    return None


def _unsupported(model: LeNet5) -> str | None:
    children = dict(model.named_children())
    if list(children) != [name for name, _ in _CHILDREN]:
        return "it knows the layers of lenet5_1998 only, trainable subsampling included"
    for name, kinds in _CHILDREN:
        if not isinstance(children[name], kinds):
            return f"it does not know {name} as {type(children[name]).__name__}"
    for name, part in [("the network", model), *children.items()]:
        if not untouched(part):
            return f"{name} has a hook or a method of its own"
    return None


def _same_network(a: LeNet5, b: LeNet5) -> bool:
    if [p.shape for p in a.parameters()] != [p.shape for p in b.parameters()]:
        return False
    if type(a.output) is not type(b.output) or not torch.equal(c3_table(a), c3_table(b)):
        return False
    codes = codes_of(a), codes_of(b)
    return codes[0] is None or codes[1] is None or torch.equal(codes[0], codes[1])
