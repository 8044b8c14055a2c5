"""What `parallel` does, in plain PyTorch: the definition of what its kernel must give."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_research.parallel import HIDDEN, MOMENTUM, Member


class PyTorchTraining:
    """The same in plain PyTorch, one network after another, of any layers."""

    def __init__(self, members: Sequence[Member], device: torch.device | str = "cpu") -> None:
        self.members, self.device = members, device
        self.optimizers: list[torch.optim.Optimizer] = []
        for model, _, kind, decay, _ in members:
            parameters = model.to(device).parameters()
            if kind == "adam":
                self.optimizers.append(torch.optim.AdamW(parameters, weight_decay=decay))
            else:
                self.optimizers.append(
                    torch.optim.SGD(parameters, lr=0.0, momentum=MOMENTUM, weight_decay=decay)
                )

    def step(
        self,
        images: Tensor,
        labels: Tensor,
        orders: Tensor,
        rates: Tensor,
        keep: list[Tensor | None],
    ) -> tuple[Tensor, Tensor]:
        """Do one update of each network, see `ParallelTraining.step`."""
        losses, wrong = [], []
        for i, member in enumerate(self.members):
            model, optimizer = member.model.train(), self.optimizers[i]
            targets = labels[orders[i]].to(self.device)
            hooks = _dropout(model, keep[i], self.device)
            scores = model(member.preprocessing.inputs(images[orders[i]]).to(self.device))
            for hook in hooks:
                hook.remove()
            loss = F.cross_entropy(scores, targets, label_smoothing=member.smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.param_groups[0]["lr"] = float(rates[i])
            optimizer.step()
            losses.append(loss.detach().cpu().double() * len(targets))
            wrong.append((scores.detach().argmax(1) != targets).sum().cpu().double())
        return torch.stack(losses), torch.stack(wrong)

    @torch.no_grad()
    def outputs(self, images: Tensor) -> Tensor:
        """Return the scores of all images: float32 (K, N, classes)."""
        answers = []
        for member in self.members:
            model = member.model.eval()
            inputs = (member.preprocessing.inputs(part) for part in images.split(500))
            answers.append(torch.cat([model(x.to(self.device)).cpu() for x in inputs]))
        return torch.stack(answers)

    def state_dict(self) -> dict[str, Any]:
        """Return the networks under "models", and the optimizers' states."""
        return {
            "models": [m.model.state_dict() for m in self.members],
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        for member, parameters in zip(self.members, state["models"], strict=True):
            member.model.load_state_dict(parameters)
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)


def _dropout(model: nn.Module, keep: Tensor | None, device: torch.device | str) -> list[Any]:
    """Multiply the states of C5 and F6 by their factors while the hooks are there."""
    if keep is None:
        return []
    factors = keep.to(device).split(HIDDEN, 1)
    layers = (model.get_submodule("c5_act"), model.get_submodule("f6_act"))
    return [
        layer.register_forward_hook(lambda m, x, y, f=f: y * f[:, :, None, None])
        for layer, f in zip(layers, factors, strict=True)
    ]
