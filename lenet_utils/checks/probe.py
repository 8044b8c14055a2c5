"""A small network that remembers how a reader's function called it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils.checks.verdict import close

MakeOptimizer = Callable[..., torch.optim.Optimizer]
Loss = Callable[[Tensor, Tensor], Tensor]

WRONG_LOSSES: dict[str, Loss] = {
    "softmax is applied twice: cross_entropy has its own. Give it the raw scores.": (
        lambda y, t: F.cross_entropy(y.softmax(1), t)
    ),
    "the loss is the sum over the batch: take the mean, as cross_entropy does.": (
        lambda y, t: F.cross_entropy(y, t, reduction="sum")
    ),
    "the weights went uphill: the loss has the wrong sign.": (lambda y, t: -F.cross_entropy(y, t)),
    "nll_loss takes logarithms of probabilities. Give the raw scores to cross_entropy.": F.nll_loss,
    "this is the squared error: the loss is the cross-entropy.": (
        lambda y, t: F.mse_loss(y, F.one_hot(t, 3).float())
    ),
}
"""Losses that a reader may train with instead, by the message that says so."""


class Probe(nn.Module):
    """A small network that remembers how it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 3)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(torch.linspace(-0.5, 0.4, p.numel()).sin().view_as(p))
        self.register_forward_hook(lambda *_: setattr(self, "hooked", True))
        self.reset()

    def reset(self) -> "Probe":
        """Forget the calls, and return the network."""
        self.seen: list[Tensor] = []
        self.training_modes: list[bool] = []
        self.gradients: list[bool] = []
        self.hooked = False
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (N, 3) of pictures (N, 1, 4, 4), and note the call."""
        if x.dim() != 4:
            raise ValueError(f"the model got {tuple(x.shape)}; expected (N, 1, 4, 4)")
        self.seen.append(x.detach().clone())
        # The mode of a layer: whoever sets only the network's own leaves its layers as they were.
        self.training_modes.append(self.linear.training)
        self.gradients.append(torch.is_grad_enabled())
        scores: Tensor = self.linear(x.flatten(1)) * 3
        return scores


plain_sgd = partial(torch.optim.SGD, lr=0.5)
# With another optimizer an answer that makes its own, or none, is found out.
with_momentum = partial(torch.optim.SGD, lr=0.2, momentum=0.9)


def settings(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Return what an optimizer is set to, such as lr, a dict for each group of parameters."""
    return [{k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups]


def places(batch: Tensor, images: Tensor) -> list[int]:
    """Say which of the images stand in a batch; -1 for a picture that is none of them."""
    same = (batch[:, None] == images[None]).flatten(2).all(2)
    return [int(row.nonzero()[0, 0]) if bool(row.any()) else -1 for row in same]


def replay(
    batches: list[list[int]],
    images: Tensor,
    labels: Tensor,
    make: MakeOptimizer = plain_sgd,
    *,
    loss: Loss = F.cross_entropy,
    clear: bool = True,
    in_order: bool = False,
) -> tuple[Probe, list[float]]:
    """Train a twin of the probe on the same batches; return it and the batches' losses.

    Args:
        batches: places of images in their order, batch by batch.
        images: (N, 1, 4, 4).
        labels: int64 (N,).
        make: makes the optimizer of the parameters.
        loss: called with scores and labels.
        clear: clear the gradients before each batch.
        in_order: take the labels as they are stored, whatever the order of the images.
    """
    twin, losses, start = Probe(), [], 0
    optimizer = make(twin.parameters())
    for batch in batches:
        target = labels[start : start + len(batch)] if in_order else labels[batch]
        start += len(batch)
        value = loss(twin(images[batch]), target)
        if clear:
            optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return twin, losses


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    """Say whether two networks have the same parameters, up to rounding."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(close(a.detach().double(), b.detach().double()) for a, b in pairs)
