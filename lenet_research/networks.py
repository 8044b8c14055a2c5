"""Other networks than LeNet-5, trained in batches, for several experiments.

They are `why-convolution`, `shuffled-pixels`, `depth`, and rows of Fig. 9.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from lenet_research import deep_networks
from lenet_research.experiment import Experiment, Job, Settings
from lenet_research.locally_connected import LocallyConnected2d
from lenet_research.parallel_pytorch import PyTorchTraining
from lenet_research.preprocessing import PREPROCESSING, Preprocessing
from lenet_research.related_networks import lenet1, lenet4
from lenet_research.trainer_minibatches import MinibatchTrainer, group
from lenet_utils.accounting import layer_counts
from lenet_utils.layers import ScaledTanh
from lenet_utils.mnist import Digits, pad_to_32
from lenet_utils.models import LeNet5, Pooling

MODERN_NETWORKS: Settings = {
    "side": 32,
    "preprocessing": "1998",
    "optimizer": "adam",
    "lr": 2e-3,
    "batch_size": 64,
    "dropout": 0.0,
    "weight_decay": 0.0,
    "schedule": "one-cycle",
    "distortions": None,
    "epochs": 10,
    "training": 55_000,
    "validation": 5_000,
    "shifts": 0,
    "features": None,
}
"""How a network is trained today, see `MinibatchTrainer` and `NetworkTrainer`."""


class NetworkTrainer(MinibatchTrainer):
    """Trains other networks in batches, and measures what shifts do to them, see `Trainer`.

    Settings name a network of `NETWORKS` and the `side` of its inputs, 28 or 32. Where `shifts` is
    not 0, the final measurements are lists, one number for each shift of 0 to `shifts` pixels:
    `shifted_error`, and `shifted_features`, the change of the states after the last module that
    reads space, relative to their size; the means over up, down, left and right.
    """

    def _digits(self, digits: Digits, chosen: Tensor) -> Digits:
        images, labels = super()._digits(digits, chosen)
        return Digits(pad_to_32(images) if self.jobs[0].settings["side"] == 32 else images, labels)

    def _build(self, job: Job) -> nn.Module:
        torch.manual_seed(job.seed)
        return NETWORKS[job.settings["network"]]()

    def _preprocessing(self, job: Job) -> Preprocessing:
        return PREPROCESSING[job.settings["preprocessing"]]._replace(frame=0)

    def _new_training(self, device: torch.device) -> PyTorchTraining:
        # The kernel supports frames around 28x28, and not images that are 32x32 already.
        return PyTorchTraining(self._members(), device)

    def finish(self) -> list[dict[str, Any]]:
        """Measure on the test digits, as they are and moved."""
        final = super().finish()
        for job, model, row in zip(self.jobs, self.models, final, strict=True):
            if job.settings["shifts"]:
                row.update(self._measure_shifts(model.eval(), job))
        return final

    @torch.no_grad()
    def _measure_shifts(self, model: nn.Module, job: Job) -> dict[str, Any]:
        settings, preprocessing = job.settings, self._preprocessing(job)
        device = next(model.parameters()).device
        states: list[Tensor] = []
        hook = None
        if settings["features"]:
            layer = model.get_submodule(settings["features"])
            hook = layer.register_forward_hook(lambda m, x, y: states.append(y.flatten(1).cpu()))
        errors, changes, at_rest = [], [], torch.empty(0)
        for shift in range(settings["shifts"] + 1):
            moves = [(shift, 0), (-shift, 0), (0, shift), (0, -shift)] if shift else [(0, 0)]
            wrong, change = [], []
            for move in moves:
                # A digit has 6 empty pixels on each side: what rolls around is background.
                moved = self.test.images.roll(move, (1, 2))
                states.clear()
                parts = [preprocessing.inputs(part).to(device) for part in moved.split(500)]
                answers = torch.cat([model(part).argmax(1).cpu() for part in parts])
                wrong.append((answers != self.test.labels).double().mean().item())
                if states:
                    now = torch.cat(states)
                    at_rest = now if shift == 0 else at_rest
                    change.append(((now - at_rest).norm(dim=1) / at_rest.norm(dim=1)).mean().item())
            errors.append(sum(wrong) / len(wrong))
            changes.append(sum(change) / len(change) if change else None)
        if hook is not None:
            hook.remove()
        return {"shifted_error": errors, "shifted_features": changes}


def fully_connected(
    widths: Sequence[int], activation: Callable[[], nn.Module] = ScaledTanh
) -> nn.Sequential:
    """Build a fully connected network.

    Args:
        widths: numbers of units from input to output, such as (784, 300, 10).
        activation: makes the activation function between layers.

    Shapes: (N, ...) with widths[0] numbers each to (N, widths[-1]) scores.

    Raises:
        ValueError: fewer than two widths.

    Source: Sections III-C5 and III-C6, p. 12.
    """
    if len(widths) < 2:
        raise ValueError(f"widths are {widths}; expected at least inputs and outputs.")
    parts: list[nn.Module] = [nn.Flatten()]
    for i, (inputs, units) in enumerate(pairwise(widths)):
        parts += [activation()] * (i > 0)
        parts.append(nn.Linear(inputs, units))
    return nn.Sequential(*parts)


def _strided(
    first: int, second: int, shared: bool, hidden: tuple[int, ...] = (84,)
) -> nn.Sequential:
    """Two local layers that move by 2 pixels, with or without shared weights, then full ones."""
    if shared:
        local: list[nn.Module] = [nn.Conv2d(1, first, 5, 2), nn.Conv2d(first, second, 5, 2)]
    else:
        local = [
            LocallyConnected2d(1, first, 32, 5, 2),
            LocallyConnected2d(first, second, 14, 5, 2),
        ]
    head = fully_connected((second * 25, *hidden, 10))
    parts: list[tuple[str, nn.Module]] = [
        ("c1", local[0]),
        ("c1_act", ScaledTanh()),
        ("c3", local[1]),
        ("c3_act", ScaledTanh()),
    ]
    return nn.Sequential(OrderedDict([*parts, ("head", head)]))


def _pooled(pooling: Pooling) -> LeNet5:
    return LeNet5(pooling=pooling, c3="full", output="linear")


class Shuffled(nn.Module):
    """Sends each pixel to another place, the same place in all pictures.

    Shapes: (N, 1, 32, 32) to (N, 1, 32, 32).
    """

    order: Tensor

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(SHUFFLE_SEED)
        self.register_buffer("order", torch.randperm(32 * 32, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        """Return the shuffled pictures."""
        return x.flatten(1)[:, self.order].view_as(x)


@layer_counts.register
def _(module: Shuffled, x: Tensor, y: Tensor) -> tuple[int, int]:
    return 0, 0


SHUFFLE_SEED = 2
"""As in lesson 02."""


def _relu_max() -> LeNet5:
    return LeNet5(activation=nn.ReLU, pooling="max", c3="full", output="linear")


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "784-300-10": lambda: fully_connected((784, 300, 10)),
    "784-300-100-10": lambda: fully_connected((784, 300, 100, 10)),
    "784-1000-10": lambda: fully_connected((784, 1000, 10)),
    "784-500-150-10": lambda: fully_connected((784, 500, 150, 10)),
    "LeNet-1": lenet1,
    "LeNet-4": lenet4,
    "1024-58-10": lambda: fully_connected((1024, 58, 10)),
    "local": lambda: _strided(4, 8, shared=False),
    "local, shared": lambda: _strided(4, 8, shared=True),
    "LeNet-5, strides": lambda: _strided(6, 16, shared=True, hidden=(120, 84)),
    "LeNet-5, subsampling": lambda: _pooled("subsampling"),
    "LeNet-5, average": lambda: _pooled("average"),
    "LeNet-5, max": lambda: _pooled("max"),
    "LeNet-5, ReLU, max": _relu_max,
    "1024-58-10, shuffled": lambda: nn.Sequential(Shuffled(), fully_connected((1024, 58, 10))),
    "LeNet-5, ReLU, max, shuffled": lambda: nn.Sequential(Shuffled(), _relu_max()),
    **deep_networks.networks(),
}

WHY: Settings = {**MODERN_NETWORKS, "training": 10_000, "shifts": 6}

SHUFFLE: Settings = {**WHY, "shifts": 0}

DEPTH: Settings = {
    **MODERN_NETWORKS,
    "side": 28,
    "preprocessing": "modern",
    "batch_size": 60,
    "epochs": 5,
    "training": 3_000,
    "validation": 2_000,
}

EXPERIMENTS = [
    Experiment(
        name="why-convolution",
        title="What local connections, shared weights and pooling are worth",
        source="Section II-A, pp. 5-6",
        variants={
            "fully connected": {**WHY, "network": "1024-58-10"},
            "local": {**WHY, "network": "local"},
            "local, shared": {**WHY, "network": "local, shared"},
            "LeNet-5, strides": {**WHY, "network": "LeNet-5, strides", "features": "c3_act"},
            "LeNet-5, subsampling": {
                **WHY,
                "network": "LeNet-5, subsampling",
                "features": "s4_act",
            },
            "LeNet-5, average": {**WHY, "network": "LeNet-5, average", "features": "s4"},
            "LeNet-5, max": {**WHY, "network": "LeNet-5, max", "features": "s4"},
        },
        seeds=5,
        trainer=NetworkTrainer,
        group=group,
    ),
    Experiment(
        name="shuffled-pixels",
        title="What it costs to send each pixel to another place, the same in all digits",
        source="Section II, p. 5",
        variants={
            "fully connected": {**SHUFFLE, "network": "1024-58-10"},
            "fully connected, shuffled": {**SHUFFLE, "network": "1024-58-10, shuffled"},
            "LeNet-5": {**SHUFFLE, "network": "LeNet-5, ReLU, max"},
            "LeNet-5, shuffled": {**SHUFFLE, "network": "LeNet-5, ReLU, max, shuffled"},
        },
        seeds=5,
        trainer=NetworkTrainer,
        group=group,
    ),
    Experiment(
        name="depth",
        title="What initial weights and shortcuts are worth as plain networks grow deeper",
        source="not in the paper; He, Zhang, Ren and Sun, 2016",
        variants={
            f"{name}, rate {rate:g}": {**DEPTH, "network": name, "lr": rate}
            for name in deep_networks.networks()
            for rate in deep_networks.RATES
        },
        seeds=5,
        trainer=NetworkTrainer,
    ),
]
