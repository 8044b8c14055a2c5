"""Stochastic diagonal Levenberg-Marquardt: a learning rate of its own for every parameter.

Each parameter moves by rate / (mu + h) times its gradient, where h estimates the second derivative
of the criterion by that parameter.
Source: LeCun, Bottou, Bengio and Haffner (1998), Appendix C, pp. 41-42.
"""

from typing import Any

import torch
from torch import Tensor, nn

from lenet_utils.criteria import Criterion, require_positive
from lenet_utils.curvature import Start, diagonal_curvature, require_known_layers
from lenet_utils.layers import RBFOutput

PUBLISHED_SCHEDULE: tuple[float, ...] = (
    *(5e-4,) * 2,
    *(2e-4,) * 3,
    *(1e-4,) * 3,
    *(5e-5,) * 4,
    *(1e-5,) * 8,
)
"""The global rate of each of the 20 epochs, which the paper calls passes. Source: p. 10."""

PUBLISHED_MU = 0.02
"""The paper's mu, which bounds a parameter's rate where the criterion is flat. Source: p. 10."""


class SDLM(torch.optim.Optimizer):
    """Gradient descent in which parameter k moves by -rate / (mu + h_k) times its gradient.

    Before each epoch set its global rate and estimate the curvature on a few hundred
    patterns; during the epoch it stays frozen:

        optimizer = SDLM(model, MAP())
        for rate in PUBLISHED_SCHEDULE:
            optimizer.rate = rate
            optimizer.estimate_curvature(inputs[:500], targets[:500])
            ...  # criterion(model(x), y).backward(); optimizer.step()

    Args:
        model: an nn.Sequential of layers that have a curvature rule, which
            `diagonal_curvature` lists.
        criterion: what is minimised; used by `estimate_curvature`.
        rate: the global rate eta, 5e-4 in the paper's first two epochs.
        mu: added to every h, 0.02 in the paper.
        start: where the curvature's recursion begins: "constant", "exact" or a number, see
            `diagonal_curvature`.

    Raises:
        ValueError: a layer without a rule, by its name; a rate or mu that is not positive;
            "constant" for a linear output, which it does not define; a criterion of the other
            kind of output; a `step` before the first `estimate_curvature`.

    Source: Eq. 21, p. 42; global rates and mu, p. 10.
    """

    def __init__(
        self,
        model: nn.Sequential,
        criterion: Criterion,
        *,
        rate: float = PUBLISHED_SCHEDULE[0],
        mu: float = PUBLISHED_MU,
        start: Start = "constant",
    ) -> None:
        require_positive("mu", mu, "0.02")
        layers = require_known_layers(model, start)
        super().__init__(model.parameters(), {"lr": rate, "mu": mu})
        self.rate = rate
        rbf = isinstance(layers[-1], RBFOutput)
        if not isinstance(criterion, Criterion) or criterion.smallest_wins != rbf:
            raise ValueError(
                f"criterion is {criterion} and the last layer {type(layers[-1]).__name__}; use MSE "
                "or MAP for an RBF output, CrossEntropy of lenet_utils.criteria for a linear one."
            )
        self.criterion = criterion
        self.start: Start = start
        self._model = model

    @property
    def rate(self) -> float:
        """The global rate eta of the current epoch. Source: p. 10."""
        return float(self.param_groups[0]["lr"])

    @rate.setter
    def rate(self, value: float) -> None:
        require_positive("rate", value, "5e-4")
        for group in self.param_groups:
            group["lr"] = value

    def estimate_curvature(self, inputs: Tensor, targets: Tensor) -> None:
        """Measure h for every parameter on these patterns and keep it until the next call.

        Args:
            inputs: what the model takes, (N, ...); the paper uses 500 patterns of the training
                set.
            targets: int64 (N,).

        Raises:
            ValueError: inputs and targets that do not fit the model and the criterion.

        Source: Eqs. 22 to 27, p. 42.
        """
        found = diagonal_curvature(self._model, self.criterion, inputs, targets, self.start)
        for parameter, curvature in found.items():
            self.state[parameter]["curvature"] = curvature

    def effective_rates(self) -> list[Tensor]:
        """Return rate / (mu + h) of every parameter, each in its parameter's shape.

        The paper's lay between 7e-5 and 0.016 in the first epoch.

        Source: p. 10.
        """
        return [
            group["lr"] / (group["mu"] + self._curvature_of(parameter))
            for group in self.param_groups
            for parameter in group["params"]
        ]

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Move every parameter that has a gradient. Source: Eq. 21, p. 42."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    scale = group["mu"] + self._curvature_of(parameter)
                    parameter.addcdiv_(parameter.grad, scale, value=-group["lr"])
        return loss

    def _curvature_of(self, parameter: Tensor) -> Tensor:
        state = self.state[parameter]
        if "curvature" not in state:
            raise ValueError(
                "SDLM has no curvature yet: call estimate_curvature(inputs, targets) before the "
                "first step and then before each epoch."
            )
        curvature: Tensor = state["curvature"]
        return curvature
