"""Pack networks into the lanes of the compiled kernel, run it, and unpack them."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from lenet_utils.criteria import MAP, MSE, Criterion, CrossEntropy
from lenet_utils.layers import RBFOutput, SparseConv2d
from lenet_utils.many_seeds.kernel import load_kernel
from lenet_utils.models import LeNet5

MAX_CLASSES = 128
"""As in many_seeds.cpp."""


class Lanes:
    """Up to `lanes` networks side by side: parameters and rates (P, lanes), settings (3, lanes).

    A lane left over trains a copy of the last network, and nobody reads it.

    Args:
        models: networks for which `refusal` gives None, in float32 on the CPU.
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
        self.kernel = load_kernel()
        self.lanes = self.kernel.lanes()
        self.models = models
        first = models[0]
        self.linear = not first.smallest_wins
        self.table = c3_table(first).to(torch.uint8).contiguous()
        codes = codes_of(first)
        self.codes = torch.zeros(1) if codes is None else codes.contiguous()
        self.classes = class_count(first)
        self.parameters = self._spread(_vector(model.parameters()) for model in models)
        neutral: Sequence[Criterion] = [CrossEntropy() if self.linear else MSE()] * len(models)
        self.settings = self._spread(criterion_setting(c) for c in criteria or neutral)
        if orders is not None and rates is not None:
            rows = [*orders, *[orders[-1]] * (self.lanes - len(models))]
            self.orders = torch.stack(rows).to(torch.int32).contiguous()
            self.rates = self._spread(_vector(r) for r in rates)
        self.unscaled = torch.ones(self.lanes)
        self.losses = torch.zeros(self.lanes, dtype=torch.float64)
        self.wrong = torch.zeros(self.lanes, dtype=torch.int64)

    def _spread(self, columns: Iterable[Tensor]) -> Tensor:
        chosen = list(columns)
        chosen += [chosen[-1]] * (self.lanes - len(chosen))
        return torch.stack(chosen, 1).contiguous()

    def train(self, pictures: Tensor, labels: Tensor, grey: Tensor, start: int, count: int) -> None:
        """Train on patterns start .. start + count of each order; adds to losses and wrong."""
        scale, competition, j = self.settings
        self.kernel.train(
            pictures.data_ptr(),
            labels.data_ptr(),
            grey.data_ptr(),
            self.table.data_ptr(),
            self.codes.data_ptr(),
            self.classes,
            int(self.linear),
            self.orders[:, start:].data_ptr(),
            self.orders.shape[1],
            count,
            self.parameters.data_ptr(),
            self.rates.data_ptr(),
            scale.data_ptr(),
            competition.data_ptr(),
            j.data_ptr(),
            self.losses.data_ptr(),
            self.wrong.data_ptr(),
        )

    def write_back(self) -> None:
        """Copy the trained parameters into the networks."""
        with torch.no_grad():
            for lane, model in enumerate(self.models):
                nn.utils.vector_to_parameters(self.parameters[:, lane], model.parameters())

    def outputs(self, pictures: Tensor, grey: Tensor) -> Tensor:
        """Return what each network gives for the same pictures: (networks, N, classes)."""
        out = torch.empty(len(pictures), self.classes, self.lanes)
        self.kernel.outputs(
            pictures.data_ptr(),
            grey.data_ptr(),
            self.table.data_ptr(),
            self.codes.data_ptr(),
            self.classes,
            int(self.linear),
            len(pictures),
            self.parameters.data_ptr(),
            self.unscaled.data_ptr(),
            out.data_ptr(),
        )
        own = out.permute(2, 0, 1)[: len(self.models)].contiguous()
        return -own if self.linear else own


def criterion_setting(criterion: Criterion) -> Tensor:
    """Return the kernel's reading of a criterion: distance scale, competition, j.

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
        "Use path='plain'."
    )


def _vector(parameters: Iterable[Tensor]) -> Tensor:
    return torch.cat([p.detach().reshape(-1) for p in parameters])


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
