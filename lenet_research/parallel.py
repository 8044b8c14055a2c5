"""Train several of today's LeNet-5 in parallel, in batches, each as if it were alone.

What `lenet_utils.online` does for one pattern per update, for batches: networks that differ in
seed, learning rate or weights, but share their layers, lie side by side in the lanes of a compiled
kernel (parallel.cpp), and each gets the result that it has alone. A network that the kernel does
not support, or a machine without a C++ compiler, is trained in plain PyTorch by the same steps.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, TypeGuard

import torch
from torch import Tensor, nn

from lenet_research.preprocessing import Preprocessing
from lenet_utils._native.calls import Kernel
from lenet_utils._native.loader import load
from lenet_utils._native.networks_1998 import (
    MAX_CLASSES,
    c3_table,
    class_count,
    load_flat_parameters,
)
from lenet_utils._native.untouched import untouched, watched
from lenet_utils.layers import ScaledTanh, Subsampling
from lenet_utils.models import LeNet5

MOMENTUM = 0.9
"""As in parallel.cpp."""
HIDDEN = 120, 84

Optimizer = Literal["momentum", "adam"]
MEMORIES = {"momentum": 1, "adam": 2}


class Member(NamedTuple):
    """A network that is trained beside others, and how.

    optimizer: "momentum" (SGD with momentum 0.9) or "adam" (AdamW); decay: weight decay of SGD's
    kind or AdamW's; smoothing: the part of each target that is spread over all classes.
    """

    model: nn.Module
    preprocessing: Preprocessing
    optimizer: Optimizer
    decay: float = 0.0
    smoothing: float = 0.0


class ParallelTraining(Protocol):
    """Networks that are trained side by side."""

    def step(
        self,
        images: Tensor,
        labels: Tensor,
        orders: Tensor,
        rates: Tensor,
        keep: list[Tensor | None],
    ) -> tuple[Tensor, Tensor]:
        """Do one update of each network; return summed losses and errors, float64 (K,).

        Args:
            images: uint8 (N, 28, 28), or (N, 32, 32), which get no frame.
            labels: int64 (N,).
            orders: int64 (K, B), each network's batch.
            rates: float32 (K,), learning rates.
            keep: for each network None, or float32 (B, 204), dropout's factors of C5's and F6's
                states.
        """
        ...

    def outputs(self, images: Tensor) -> Tensor:
        """Return the scores of all images: float32 (K, N, classes)."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return the networks under "models", and the optimizers' states."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        ...


def kernel() -> Kernel:
    """Return the kernel; see `loader.load`."""
    return Kernel(load(Path(__file__).with_suffix(".cpp")))


def supports(model: nn.Module) -> TypeGuard[LeNet5]:
    """Whether the kernel can train this network: LeNet5 of known parts with a linear output."""
    if type(model) is not LeNet5 or model.smallest_wins or model.nominal_size != 32:
        return False
    if watched() or not all(map(untouched, model.modules())):
        return False  # batch normalisation and dropout among them
    return class_count(model) <= MAX_CLASSES and isinstance(model.c1_act, ScaledTanh | nn.ReLU)


class NativeTraining:
    """Networks of equal layers in the lanes of the kernel, see `ParallelTraining`.

    Args:
        members: at most as many as there are lanes; `supports` each model.

    Raises:
        ValueError: more networks than lanes; a network that it does not support.
        KernelUnavailable: the kernel cannot be built.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.kernel = kernel()
        lanes = self.kernel.lanes
        if not 1 <= len(members) <= lanes:
            raise ValueError(f"got {len(members)} networks; expected 1 to {lanes}: split them.")
        self.members = members
        first = members[0].model
        if not supports(first):
            raise ValueError(
                f"the kernel does not support this network; use parallel_pytorch:\n{first}"
            )
        table = c3_table(first).to(torch.uint8).contiguous()
        self.network = (table, class_count(first), *_kind(first))
        # A lane left over trains a copy of the last network, and nobody reads it.
        filled = [*members, *[members[-1]] * (lanes - len(members))]
        self.grey = torch.stack([m.preprocessing.grey for m in filled]).float().contiguous()
        self.border = torch.tensor([m.preprocessing.border for m in filled])
        self.decays = torch.tensor([m.decay for m in filled])
        self.smoothings = torch.tensor([m.smoothing for m in filled])
        self.mine = {
            kind: torch.tensor([float(m.optimizer == kind) for m in filled])
            for kind in dict.fromkeys(m.optimizer for m in members)
        }
        self._read_models()
        self.gradients = torch.zeros_like(self.parameters)
        self.memories = {
            kind: [torch.zeros_like(self.parameters) for _ in range(MEMORIES[kind])]
            for kind in self.mine
        }
        self.updates = 0

    def _read_models(self) -> None:
        vectors = (nn.utils.parameters_to_vector(m.model.parameters()) for m in self.members)
        self.parameters = self._columns([vector.detach() for vector in vectors])

    def _columns(self, columns: Sequence[Tensor]) -> Tensor:
        rows = [*columns, *[columns[-1]] * (self.kernel.lanes - len(columns))]
        return torch.stack(rows, -1).contiguous()

    def step(
        self,
        images: Tensor,
        labels: Tensor,
        orders: Tensor,
        rates: Tensor,
        keep: list[Tensor | None],
    ) -> tuple[Tensor, Tensor]:
        """Do one update of each network, see `ParallelTraining.step`."""
        own, count = orders.shape
        lanes = self.kernel.lanes
        rows = torch.cat([orders, orders[-1:].expand(lanes - own, -1)])
        factors = None
        if any(k is not None for k in keep):
            ones = torch.ones(count, sum(HIDDEN))
            factors = self._columns([ones if k is None else k for k in keep])
        losses = torch.zeros(lanes, dtype=torch.float64)
        wrong = torch.zeros(lanes, dtype=torch.int64)
        self.kernel(
            "batch_gradients",
            *self.network,
            *(images, labels.to(torch.uint8), self.grey, self.border),
            *(rows.to(torch.int32).contiguous(), factors, self.smoothings),
            *(self.parameters, self.gradients, losses, wrong),
        )
        self._update(self._columns(list(rates.float())))
        return losses[:own], wrong[:own].double()

    def _update(self, rates: Tensor) -> None:
        self.updates += 1
        for kind, mine in self.mine.items():
            # At a rate of 0 a step leaves the lanes of the other optimizer as they are.
            step = [self.updates] if kind == "adam" else []
            states = self.parameters, self.gradients, *self.memories[kind]
            self.kernel(f"{kind}_step", *states, rates * mine, self.decays, *step)

    def outputs(self, images: Tensor) -> Tensor:
        """Return the scores of all images: float32 (K, N, classes)."""
        out = torch.empty(len(images), self.network[1], self.kernel.lanes)
        given = images.contiguous(), self.grey, self.border, self.parameters
        self.kernel("batch_outputs", *self.network, *given, out)
        return out.permute(2, 0, 1)[: len(self.members)].contiguous()

    def state_dict(self) -> dict[str, Any]:
        """Return the networks under "models", and the optimizers' states."""
        own = len(self.members)
        for vector, member in zip(self.parameters.T[:own], self.members, strict=True):
            load_flat_parameters(member.model, vector)
        return {
            "models": [m.model.state_dict() for m in self.members],
            "memories": {
                kind: [memory[:, :own].clone() for memory in memories]
                for kind, memories in self.memories.items()
            },
            "updates": self.updates,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        for member, parameters in zip(self.members, state["models"], strict=True):
            member.model.load_state_dict(parameters)
        self._read_models()
        self.memories = {
            kind: [self._columns(list(memory.T)) for memory in memories]
            for kind, memories in state["memories"].items()
        }
        self.updates = state["updates"]


class NativeTrainingGroups:
    """More networks than the kernel has lanes: `NativeTraining` of each group in turn."""

    def __init__(self, members: Sequence[Member]) -> None:
        lanes = kernel().lanes
        self.parts = [slice(i, i + lanes) for i in range(0, len(members), lanes)]
        self.groups = [NativeTraining(members[part]) for part in self.parts]

    def step(
        self,
        images: Tensor,
        labels: Tensor,
        orders: Tensor,
        rates: Tensor,
        keep: list[Tensor | None],
    ) -> tuple[Tensor, Tensor]:
        """Do one update of each network, see `ParallelTraining.step`."""
        measured = [
            group.step(images, labels, orders[part], rates[part], keep[part])
            for group, part in zip(self.groups, self.parts, strict=True)
        ]
        losses, errors = zip(*measured, strict=True)
        return torch.cat(losses), torch.cat(errors)

    def outputs(self, images: Tensor) -> Tensor:
        """Return the scores of all images: float32 (K, N, classes)."""
        return torch.cat([group.outputs(images) for group in self.groups])

    def state_dict(self) -> dict[str, Any]:
        """Return the networks under "models", and each group's state."""
        states = [group.state_dict() for group in self.groups]
        return {"models": [m for state in states for m in state["models"]], "groups": states}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        for group, saved in zip(self.groups, state["groups"], strict=True):
            group.load_state_dict(saved)


def _kind(model: LeNet5) -> tuple[int, int]:
    """Return the kernel's numbers for the activation function and the pooling."""
    activation = 0 if isinstance(model.c1_act, ScaledTanh) else 1
    pooling = (Subsampling, nn.AvgPool2d, nn.MaxPool2d)
    return activation, next(i for i, kind in enumerate(pooling) if isinstance(model.s2, kind))
