"""Train several of today's LeNet-5 side by side, in batches, each as if it were alone.

What `passes` does for one pattern per update, for batches: networks that differ in seed,
rate or weights, but share their layers, lie side by side in the lanes of a compiled kernel
(teams.cpp), and each gets the result that it has alone. A network that the kernel does not know,
or a machine without a C++ compiler, is trained in plain PyTorch by the same steps.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils.layers import ScaledTanh, Subsampling
from lenet_utils.many_seeds.kernel import load_teams
from lenet_utils.many_seeds.lanes import MAX_CLASSES, c3_table, class_count
from lenet_utils.many_seeds.passes import GREY_1998
from lenet_utils.mnist import MNIST_MEAN, MNIST_STD
from lenet_utils.models import LeNet5

MOMENTUM = 0.9
HIDDEN = 120, 84

Optimiser = Literal["momentum", "adam"]
MEMORIES = {"momentum": 1, "adam": 2}


class Look(NamedTuple):
    """How a digit enters a network.

    grey: float32 (256,), the input value of each grey level; frame: how many pixels are put around
    the digit, and border: their input value. The kernel knows frames of 2 around 28x28.
    """

    grey: Tensor
    border: float
    frame: int = 2


LOOKS = {
    "1998": Look(GREY_1998, -0.1),
    "modern": Look((torch.arange(256) / 255 - MNIST_MEAN) / MNIST_STD, 0.0),
}
"""As in the paper, and as `lenet5_modern` with `normalise_modern`, whose C1 pads with zeros."""


def framed(pictures: Tensor, look: Look) -> Tensor:
    """Return inputs: uint8 (N, H, W) to float32 (N, 1, H + 2 frame, W + 2 frame)."""
    return F.pad(look.grey[pictures.long()], (look.frame,) * 4, value=look.border)[:, None]


class Member(NamedTuple):
    """A network of a team and how it is trained.

    optimiser: "momentum" (SGD with momentum 0.9) or "adam" (AdamW); decay: weight decay of SGD's
    kind or AdamW's; smoothing: the part of each target that is spread over all classes.
    """

    model: nn.Module
    look: Look
    optimiser: Optimiser
    decay: float = 0.0
    smoothing: float = 0.0


class Team(Protocol):
    """Networks that are trained side by side."""

    def step(
        self,
        pictures: Tensor,
        labels: Tensor,
        orders: Tensor,
        rates: Tensor,
        keep: list[Tensor | None],
    ) -> tuple[Tensor, Tensor]:
        """Do one update of each network; return summed losses and errors, float64 (K,).

        Args:
            pictures: uint8 (N, 28, 28).
            labels: int64 (N,).
            orders: int64 (K, B), each network's batch.
            rates: float32 (K,).
            keep: for each network None, or float32 (B, 204), factors of C5's and F6's states.
        """
        ...

    def outputs(self, pictures: Tensor) -> Tensor:
        """Return the scores of all pictures: float32 (K, N, classes)."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return the networks under "models", and the optimisers' memories."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        ...


def knows(model: nn.Module) -> TypeGuard[LeNet5]:
    """Whether the kernel can train this network: LeNet5 of known parts with a linear output."""
    if type(model) is not LeNet5 or model.smallest_wins or model.nominal_size != 32:
        return False
    parts = dict(model.named_children())
    if class_count(model) > MAX_CLASSES:
        return False
    if not isinstance(parts["c1_act"], ScaledTanh | nn.ReLU):
        return False
    return not any(isinstance(part, nn.BatchNorm2d | nn.Dropout) for part in parts.values())


class KernelTeam:
    """Networks of equal layers in the lanes of the kernel, see `Team`.

    Args:
        members: at most as many as there are lanes; `knows` each model.

    Raises:
        ValueError: more networks than lanes; a network that it does not know.
        KernelUnavailable: the kernel cannot be built.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.kernel = load_teams()
        self.lanes: int = self.kernel.lanes()
        if len(members) > self.lanes:
            raise ValueError(f"got {len(members)} networks; expected at most {self.lanes}.")
        self.members = members
        first = members[0].model
        if not knows(first):
            raise ValueError(f"the kernel does not know this network; use PlainTeam:\n{first}")
        self.table = c3_table(first).to(torch.uint8).contiguous()
        self.network = (self.table.data_ptr(), class_count(first), *_kind(first))
        # A lane left over trains a copy of the last network, and nobody reads it.
        filled = [*members, *[members[-1]] * (self.lanes - len(members))]
        self.grey = torch.stack([m.look.grey for m in filled]).float().contiguous()
        self.border = torch.tensor([m.look.border for m in filled])
        self.decays = torch.tensor([m.decay for m in filled])
        self.smoothings = torch.tensor([m.smoothing for m in filled])
        self.mine = {
            kind: torch.tensor([float(m.optimiser == kind) for m in filled])
            for kind in dict.fromkeys(m.optimiser for m in members)
        }
        self._read_models()
        self.gradients = torch.zeros_like(self.parameters)
        self.memories = {
            kind: [torch.zeros_like(self.parameters) for _ in range(MEMORIES[kind])]
            for kind in self.mine
        }
        self.updates = 0

    def _read_models(self) -> None:
        models = [m.model for m in self.members]
        vectors = [nn.utils.parameters_to_vector(m.parameters()).detach() for m in models]
        self.parameters = self._spread(vectors)

    def _spread(self, columns: Sequence[Tensor]) -> Tensor:
        rows = [*columns, *[columns[-1]] * (self.lanes - len(columns))]
        return torch.stack(rows, -1).contiguous()

    def step(
        self,
        pictures: Tensor,
        labels: Tensor,
        orders: Tensor,
        rates: Tensor,
        keep: list[Tensor | None],
    ) -> tuple[Tensor, Tensor]:
        """Do one update of each network, see `Team.step`."""
        own, count = orders.shape
        rows = torch.cat([orders, orders[-1:].expand(self.lanes - own, -1)])
        rows = rows.to(torch.int32).contiguous()
        factors = None
        if any(k is not None for k in keep):
            ones = torch.ones(count, sum(HIDDEN))
            factors = self._spread([ones if k is None else k for k in keep])
        losses = torch.zeros(self.lanes, dtype=torch.float64)
        wrong = torch.zeros(self.lanes, dtype=torch.int64)
        narrow = labels.to(torch.uint8)
        self.kernel.batch_gradients(
            *(t.data_ptr() for t in (pictures, narrow, self.grey, self.border)),
            *self.network,
            *(rows.data_ptr(), count, count),
            factors.data_ptr() if factors is not None else None,
            *(t.data_ptr() for t in (self.smoothings, self.parameters, self.gradients)),
            *(t.data_ptr() for t in (losses, wrong)),
        )
        self._update(self._spread(list(rates.float())))
        return losses[:own], wrong[:own].double()

    def _update(self, rates: Tensor) -> None:
        self.updates += 1
        count = len(self.parameters)
        for kind, mine in self.mine.items():
            # At a rate of 0 a step leaves the lanes of the other optimiser as they are.
            rate = rates * mine
            tensors = [self.parameters, self.gradients, *self.memories[kind], rate, self.decays]
            pointers = [t.data_ptr() for t in tensors]
            if kind == "adam":
                self.kernel.adam_step(count, *pointers, self.updates)
            else:
                self.kernel.momentum_step(count, *pointers, MOMENTUM)

    def outputs(self, pictures: Tensor) -> Tensor:
        """Return the scores of all pictures: float32 (K, N, classes)."""
        pictures = pictures.contiguous()
        out = torch.empty(len(pictures), self.network[1], self.lanes)
        self.kernel.batch_outputs(
            *(t.data_ptr() for t in (pictures, self.grey, self.border)),
            *self.network,
            len(pictures),
            *(t.data_ptr() for t in (self.parameters, out)),
        )
        return out.permute(2, 0, 1)[: len(self.members)].contiguous()

    def state_dict(self) -> dict[str, Any]:
        """Return the networks under "models", and the optimisers' memories."""
        own = len(self.members)
        for vector, member in zip(self.parameters.T[:own], self.members, strict=True):
            nn.utils.vector_to_parameters(vector.contiguous(), member.model.parameters())
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
            kind: [self._spread(list(memory.T)) for memory in memories]
            for kind, memories in state["memories"].items()
        }
        self.updates = state["updates"]


def _kind(model: LeNet5) -> tuple[int, int]:
    """Return the kernel's numbers for the squashing and the pooling."""
    squashing = 0 if isinstance(model.c1_act, ScaledTanh) else 1
    pooling = (Subsampling, nn.AvgPool2d, nn.MaxPool2d)
    return squashing, next(i for i, kind in enumerate(pooling) if isinstance(model.s2, kind))


class PlainTeam:
    """The same training in plain PyTorch, one network after another, of any layers: see `Team`."""

    def __init__(self, members: Sequence[Member], device: torch.device | str = "cpu") -> None:
        self.members, self.device = members, device
        self.optimisers: list[torch.optim.Optimizer] = []
        for model, _, kind, decay, _ in members:
            parameters = model.to(device).parameters()
            if kind == "adam":
                self.optimisers.append(torch.optim.AdamW(parameters, weight_decay=decay))
            else:
                self.optimisers.append(
                    torch.optim.SGD(parameters, lr=0.0, momentum=MOMENTUM, weight_decay=decay)
                )

    def step(
        self,
        pictures: Tensor,
        labels: Tensor,
        orders: Tensor,
        rates: Tensor,
        keep: list[Tensor | None],
    ) -> tuple[Tensor, Tensor]:
        """Do one update of each network, see `Team.step`."""
        losses, wrong = [], []
        for i, member in enumerate(self.members):
            model, optimiser = member.model.train(), self.optimisers[i]
            targets = labels[orders[i]].to(self.device)
            hooks = _dropping(model, keep[i], self.device)
            scores = model(framed(pictures[orders[i]], member.look).to(self.device))
            for hook in hooks:
                hook.remove()
            loss = F.cross_entropy(scores, targets, label_smoothing=member.smoothing)
            optimiser.zero_grad()
            loss.backward()
            optimiser.param_groups[0]["lr"] = float(rates[i])
            optimiser.step()
            losses.append(loss.detach().cpu().double() * len(targets))
            wrong.append((scores.detach().argmax(1) != targets).sum().cpu().double())
        return torch.stack(losses), torch.stack(wrong)

    @torch.no_grad()
    def outputs(self, pictures: Tensor) -> Tensor:
        """Return the scores of all pictures: float32 (K, N, classes)."""
        answers = []
        for member in self.members:
            model = member.model.eval()
            parts = [framed(part, member.look).to(self.device) for part in pictures.split(500)]
            answers.append(torch.cat([model(part).cpu() for part in parts]))
        return torch.stack(answers)

    def state_dict(self) -> dict[str, Any]:
        """Return the networks under "models", and the optimisers' memories."""
        return {
            "models": [m.model.state_dict() for m in self.members],
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        for member, parameters in zip(self.members, state["models"], strict=True):
            member.model.load_state_dict(parameters)
        for optimiser, memories in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(memories)


def _dropping(model: nn.Module, keep: Tensor | None, device: torch.device | str) -> list[Any]:
    """Multiply the states of C5 and F6 by their factors while the hooks are there."""
    if keep is None:
        return []
    factors = keep.to(device).split(HIDDEN, 1)
    layers = (model.get_submodule("c5_act"), model.get_submodule("f6_act"))
    return [
        layer.register_forward_hook(lambda m, x, y, f=f: y * f[:, :, None, None])
        for layer, f in zip(layers, factors, strict=True)
    ]


def one_cycle(step: int, steps: int, warm: float = 0.3) -> float:
    """Return the share of the largest rate at a step: a linear rise, then half a cosine down."""
    rise = warm * steps
    if step < rise:
        return 0.04 + 0.96 * step / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))
