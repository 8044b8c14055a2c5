"""Many networks at once in PyTorch's own batched operations: the way on a GPU.

`torch.func.vmap` turns the step of one network into the step of all. One pattern at a time is
still dozens of tiny operations; on CUDA they are captured once in a graph and replayed for every
pattern, so that Python and the launches cost next to nothing. On the CPU the same code runs
without a graph: it is there to be tested, the compiled kernel is much faster.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap

from lenet_utils.criteria import Criterion
from lenet_utils.layers import SparseConv2d
from lenet_utils.many_seeds.lanes import c3_table, class_count, codes_of, criterion_setting
from lenet_utils.models import LeNet5


class Batched:
    """K networks as one: every parameter with a dimension more, (K, ...). Used like `Lanes`.

    Args:
        models: networks for which `refusal` gives None, on any one device.
        criteria: one a network.
        orders: int (K, n): which pattern each network sees when.
        rates: for each network the rate of each parameter.
    """

    def __init__(
        self,
        models: Sequence[LeNet5],
        criteria: Sequence[Criterion],
        orders: Tensor,
        rates: Sequence[Sequence[Tensor]],
    ) -> None:
        self.models = models
        first = models[0]
        self.device = next(first.parameters()).device
        self.names = [name for name, _ in first.named_parameters()]
        self.table = c3_table(first)
        # A C3 wired by a table is held as a full one whose absent kernels are 0 and have rate 0.
        self.network = LeNet5(
            num_classes=class_count(first),
            c3="full",
            output="rbf" if first.smallest_wins else "linear",
            codes=codes_of(first),
        )
        self.network.to(self.device)
        self.sparse = isinstance(first.c3, SparseConv2d)
        self.parameters = self._stack([list(m.parameters()) for m in models])
        self.rates = self._stack(rates)
        self.settings = torch.stack([criterion_setting(c) for c in criteria]).to(self.device)
        self.orders = orders.to(self.device)
        self.position = torch.zeros(1, dtype=torch.int64, device=self.device)
        self.losses = torch.zeros(len(models), dtype=torch.float64, device=self.device)
        self.wrong = torch.zeros(len(models), dtype=torch.int64, device=self.device)
        self.gradients = vmap(grad(self._loss, has_aux=True))
        self.graph: torch.cuda.CUDAGraph | None = None

    def _stack(self, values: Sequence[Sequence[Tensor]]) -> dict[str, Tensor]:
        columns = zip(*values, strict=True)
        stacked = {
            name: torch.stack([v.detach() for v in column]).to(self.device)
            for name, column in zip(self.names, columns, strict=True)
        }
        if self.sparse:
            packed = stacked["c3.weight"]
            full = packed.new_zeros(len(packed), 16, 6, 5, 5)
            full[:, self.table] = packed
            stacked["c3.weight"] = full
        return stacked

    def _loss(
        self, parameters: dict[str, Tensor], x: Tensor, target: Tensor, setting: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One network's loss on one pattern, and whether it was wrong."""
        scale, competition, j = setting
        y = functional_call(self.network, parameters, (x[None],))[0]
        y = y * scale if self.network.smallest_wins else -y
        exponents = torch.cat([-y, -j[None]])
        right = y.gather(0, target[None])[0]
        loss = right + competition * torch.logsumexp(exponents, 0)
        return loss, (loss, y.argmin(0) != target)

    def _step(self, pictures: Tensor, labels: Tensor, grey: Tensor) -> None:
        rows = self.orders.index_select(1, self.position)[:, 0]
        inputs = grey[pictures[rows].long()][:, None]
        gradients, (losses, wrong) = self.gradients(
            self.parameters, inputs, labels[rows].long(), self.settings
        )
        for name, parameter in self.parameters.items():
            parameter.addcmul_(self.rates[name], gradients[name], value=-1)
        self.losses += losses
        self.wrong += wrong
        self.position += 1

    @torch.no_grad()
    def train(self, pictures: Tensor, labels: Tensor, grey: Tensor, start: int, count: int) -> None:
        """Train on patterns start .. start + count of each order; adds to losses and wrong."""
        self.position.fill_(start)
        if self.device.type != "cuda":
            for _ in range(count):
                self._step(pictures, labels, grey)
            return
        if self.graph is None:
            self._capture(pictures, labels, grey)
        assert self.graph is not None
        self.position.fill_(start)
        for _ in range(count):
            self.graph.replay()

    def _capture(self, pictures: Tensor, labels: Tensor, grey: Tensor) -> None:
        """Record one step. It is run first to warm up, and what that changed is put back."""
        state = [*self.parameters.values(), self.losses, self.wrong, self.position]
        before = [t.clone() for t in state]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self._step(pictures, labels, grey)
                self.position.zero_()
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self._step(pictures, labels, grey)
        for tensor, value in zip(state, before, strict=True):
            tensor.copy_(value)

    @torch.no_grad()
    def write_back(self) -> None:
        """Copy the trained parameters into the networks."""
        for name in self.names:
            value = self.parameters[name]
            if name == "c3.weight" and self.sparse:
                value = value[:, self.table]
            for model, own in zip(self.models, value, strict=True):
                model.get_parameter(name).copy_(own)
