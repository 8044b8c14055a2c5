"""Write golden.txt: what plain PyTorch gives in float64 for the numbers that driver.cpp makes.

python tests/native/golden.py
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils.criteria import MAP
from lenet_utils.layers import TABLE_I
from lenet_utils.models import LeNet5, lenet5_1998, lenet5_modern

FILE = Path(__file__).with_name("golden.txt")
DOUBLE = torch.float64
EVERY = 97
"""Of parameters and gradients every so many are compared."""


def number(count: int, k: int, size: float) -> Tensor:
    """Return the k-th series of numbers, rounded to float32 as the driver has them."""
    return (size * torch.sin(0.7 * torch.arange(count, dtype=DOUBLE) + 1.3 * k)).float().double()


def place(count: int, k: int, below: int) -> Tensor:
    """Return the k-th series of whole numbers below a limit."""
    return (torch.arange(count) * 7919 + k * 104729 + 31) % below


def images(n: int, side: int) -> Tensor:
    """Return images, uint8 (n, side, side)."""
    count = n * side * side
    values = place(count, 1, 256).masked_fill(place(count, 0, 5) != 0, 0)
    return values.view(n, side, side)


def inputs(pixels: Tensor) -> Tensor:
    """Return the input values of grey levels, as in 1998."""
    return (torch.arange(256, dtype=DOUBLE) / 255 * 1.275 - 0.1).float().double()[pixels][:, None]


def set_parameters(model: nn.Module, k: int, size: float) -> nn.Module:
    """Give a network the k-th series as parameters, in float64."""
    model.double()
    count = sum(p.numel() for p in model.parameters())
    nn.utils.vector_to_parameters(number(count, k, size), model.parameters())
    return model


def columns(values: list[Tensor], every: int = 1) -> Tensor:
    """Return the numbers of three networks side by side, every so many of each."""
    return torch.stack([v.detach().flatten()[::every] for v in values], 1)


def networks_1998() -> dict[str, Tensor]:
    """Return what three networks of 1998 do in five updates."""
    n, updates, labels = 7, 5, place(7, 2, 10)
    codes = torch.where(number(840, 3, 1.0) > 0, 1.0, -1.0).view(10, 84).double()
    x = inputs(images(n, 32))
    losses, wrong, parameters, outputs = [], [], [], []
    for k in range(3):
        model = set_parameters(lenet5_1998(codes=codes), k, 0.1)
        vector = nn.utils.parameters_to_vector(model.parameters()).detach()
        rates = (1e-4 * (1.5 + number(len(vector), 5, 1.0))).float().double()
        criterion, total, misses = MAP(j=10.0, distance_scale=0.5), 0.0, 0
        for which in place(updates, k, n).tolist():
            y = model(x[which : which + 1])
            loss = criterion(y, labels[which : which + 1])
            gradient = torch.autograd.grad(loss, list(model.parameters()))
            vector = vector - rates * nn.utils.parameters_to_vector(gradient)
            nn.utils.vector_to_parameters(vector, model.parameters())
            total, misses = total + loss.item(), misses + int(y.argmin() != labels[which])
        losses.append(torch.tensor([total]))
        wrong.append(torch.tensor([misses]))
        parameters.append(vector)
        outputs.append(model(x))
    return {
        "1998 size": torch.tensor([len(parameters[0])]),
        "1998 losses": columns(losses),
        "1998 wrong": columns(wrong),
        "1998 parameters": columns(parameters, EVERY),
        "1998 outputs": columns(outputs),
    }


def c1_to_s4() -> dict[str, Tensor]:
    """Return states of S4 and gradients of C1 and C3 of today's network."""
    model = lenet5_modern().double()
    first = [model.c1.weight, model.c1.bias, model.c3.weight, model.c3.bias]
    nn.utils.vector_to_parameters(number(2572, 1, 0.2), first)
    layers = nn.Sequential(*list(model.children())[:6])
    y = layers(number(2352, 0, 1.0).view(3, 1, 28, 28)).flatten(1)
    gradients = torch.autograd.grad(y, first, number(1200, 2, 1.0).view(3, 400))
    return {
        "c1 to s4 states": y.flatten()[::7],
        "c1 to s4 gradients": nn.utils.parameters_to_vector(gradients)[::11],
    }


def parallel() -> dict[str, Tensor]:
    """Return gradients of three networks on a batch, and three updates of two optimizers."""
    found: dict[str, Tensor] = {}
    n, batch, labels = 7, 6, place(7, 2, 10)
    x = F.pad(inputs(images(n, 28)), (2, 2, 2, 2), value=float(torch.tensor(-0.1)))
    for name, parts in {
        "tanh subsampling": {},
        "relu max": {"activation": nn.ReLU, "pooling": "max"},
    }.items():
        losses, gradients, outputs = [], [], []
        for k in range(3):
            model = set_parameters(LeNet5(output="linear", **parts), k, 0.1)
            order = place(batch, k, n)
            loss = F.cross_entropy(model(x[order]), labels[order], label_smoothing=0.1)
            gradient = torch.autograd.grad(loss, list(model.parameters()))
            losses.append(loss[None] * batch)
            gradients.append(nn.utils.parameters_to_vector(gradient))
            outputs.append(model(x))
        found[f"{name} size"] = torch.tensor([len(gradients[0])])
        found[f"{name} losses"] = columns(losses)
        found[f"{name} gradients"] = columns(gradients, EVERY)
        found[f"{name} outputs"] = columns(outputs)
    settings = {"lr": 0.01, "weight_decay": 0.1}
    for name, optimizer in (
        ("adam", lambda p: torch.optim.AdamW(p, **settings)),
        ("momentum", lambda p: torch.optim.SGD(p, momentum=0.9, **settings)),
    ):
        moved = []
        for k in range(3):
            w = nn.Parameter(number(50, k, 0.1))
            step = optimizer([w])
            for _ in range(3):
                w.grad = number(50, 7 + k, 1.0)
                step.step()
            moved.append(w)
        found[name] = columns(moved)
    return found


def golden() -> dict[str, Tensor]:
    """Return all golden numbers by name."""
    return {"table": TABLE_I, **networks_1998(), **c1_to_s4(), **parallel()}


if __name__ == "__main__":
    lines = [
        f"{name}: " + " ".join(f"{value:.9g}" for value in numbers.flatten().tolist())
        for name, numbers in golden().items()
    ]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
