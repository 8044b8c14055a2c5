"""Initial weights of 1998, with the choices that the paper leaves open as arguments.

Source: LeCun, Bottou, Bengio and Haffner (1998), Appendix A, p. 41.
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn

from lenet_utils.layers import SparseConv2d, Subsampling

Value = float | Literal["random"]


@torch.no_grad()
def initialise_1998(
    model: nn.Module,
    seed: int,
    *,
    gain: float = 2.4,
    power: float = 1.0,
    coefficient: Value = "random",
    bias: Value = "random",
) -> None:
    """Draw the parameters of every convolution, linear layer and subsampling in place.

    Weights are uniform in [-gain / F^power, gain / F^power], where F is the fan-in, the inputs of
    one unit. The paper's printed rule is gain 2.4, power 1, the defaults; 1 and 0.5 are what
    nn.Conv2d does. The paper says nothing of coefficients and biases.

    Args:
        model: its nn.Conv2d, SparseConv2d, nn.Linear and Subsampling layers are drawn, in order.
        seed: of the generator; the same seed gives the same parameters.
        gain, power: of the bound on the weights.
        coefficient: what each subsampling coefficient starts at, or "random": the rule of the
            weights with F = 4, the units that it adds. 0.25 makes a plain average.
        bias: what each bias starts at, or "random": the rule of the weights of its unit.

    Raises:
        ValueError: a gain that is not positive; a value that is neither a number nor "random".

    Source: the rule, p. 41.
    """
    if not (gain > 0 and math.isfinite(gain) and math.isfinite(power)):
        raise ValueError(
            f"gain is {gain} and power is {power}; expected a positive and a finite number, such "
            "as 2.4 and 1."
        )
    # Before the first draw: a refusal leaves the model as it was.
    for name, value in (("coefficient", coefficient), ("bias", bias)):
        if value != "random" and not (isinstance(value, int | float) and math.isfinite(value)):
            raise ValueError(f"{name} is {value!r}; expected a number or 'random'.")
    generator = torch.Generator().manual_seed(seed)

    def draw(parameter: Tensor, fan_in: Tensor, value: Value = "random") -> None:
        if isinstance(value, str):
            bound = gain / fan_in.to(parameter) ** power
            sample = torch.rand(parameter.shape, generator=generator).to(parameter)
            parameter.copy_((2 * sample - 1) * bound)
        else:
            parameter.fill_(value)

    for layer in model.modules():
        if isinstance(layer, Subsampling):
            draw(layer.coefficient, torch.tensor(4), coefficient)
            draw(layer.bias, torch.tensor(4), bias)
        elif isinstance(layer, SparseConv2d):
            fan_in = layer.fan_in()
            draw(layer.weight, fan_in[layer.table.nonzero()[:, 0], None, None])
            draw(layer.bias, fan_in, bias)
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            fan_in = torch.tensor(layer.weight[0].numel())
            draw(layer.weight, fan_in)
            if layer.bias is not None:
                draw(layer.bias, fan_in, bias)
