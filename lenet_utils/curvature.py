"""The diagonal of second derivatives that SDLM needs: one backward pass that carries squares.

The paper's Gauss-Newton recursion. From the criterion down, every weighted sum a_i hands
d2E/da_i^2 to the states it reads, through squared weights, and to its weights, through squared
states; an activation function multiplies by its squared slope. A weight that many connections
share gets the sum over the connections. This is neither the exact second derivative nor the
diagonal of J^T J of the shared weight.
Source: LeCun, Bottou, Bengio and Haffner (1998), Appendix C, Eqs. 22 to 27, p. 42.
"""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from lenet_utils.criteria import Criterion, require_outputs
from lenet_utils.layers import AMPLITUDE, SLOPE, RBFOutput, ScaledTanh, SparseConv2d, Subsampling
from lenet_utils.models import LeNet5

Start = Literal["constant", "exact"] | float


@torch.no_grad()
def diagonal_curvature(
    model: nn.Sequential,
    criterion: Criterion,
    inputs: Tensor,
    targets: Tensor,
    start: Start = "constant",
) -> dict[Tensor, Tensor]:
    """Estimate the second derivative of the criterion by every parameter.

    Args:
        model: an nn.Sequential (they may be nested) of nn.Conv2d, SparseConv2d, nn.Linear,
            Subsampling, ScaledTanh, nn.Tanh, nn.ReLU, nn.AvgPool2d, nn.MaxPool2d and nn.Flatten;
            RBFOutput may be its last layer.
        criterion: what is minimised.
        inputs: what the model takes, (N, ...).
        targets: int64 (N,).
        start: where the recursion begins. "constant": 2 distance_scale at each state that the
            RBF output reads, which is exact for Eq. 8 and, for Eq. 9, what the authors'
            later library does. A number: this constant at each of those states, or at each
            score of a linear output. "exact": the criterion's second derivative by each of them.

    Returns:
        h of each parameter, by parameter, in its shape: a mean over the N patterns, never
        negative.

    Raises:
        ValueError: a layer without a rule, by its name; "constant" for a model without an RBF
            output; inputs and targets that do not fit.

    Source: Eqs. 22 to 27, p. 42.
    """
    layers = list(require_known_layers(model, start))
    if isinstance(model, LeNet5):
        model.require_input(inputs)
    tape: Tape = []
    x = inputs
    for layer in layers:
        y = layer(x)
        tape.append((layer, x, y))
        x = y
    h = _start(tape, criterion, targets, start)
    found: dict[Tensor, Tensor] = {}
    for layer, x, y in reversed(tape):
        if isinstance(layer, RBFOutput):
            continue
        h, of_parameters = _propagate(layer, x, y, h)
        for parameter, value in of_parameters.items():
            found[parameter] = found.get(parameter, 0) + value / len(inputs)
    return found


Tape = list[tuple[nn.Module, Tensor, Tensor]]

_ELEMENTWISE = (ScaledTanh, nn.Tanh, nn.ReLU)
_KNOWN = (
    *_ELEMENTWISE,
    nn.Conv2d,
    SparseConv2d,
    nn.Linear,
    Subsampling,
    nn.AvgPool2d,
    nn.MaxPool2d,
    nn.Flatten,
    RBFOutput,
)


def require_known_layers(model: nn.Module, start: Start) -> list[nn.Module]:
    """Return the model's layers in order, or say which one has no curvature rule.

    Raises:
        ValueError: see `diagonal_curvature`.
    """
    layers = list(_layers(model))
    if not (start in ("constant", "exact") if isinstance(start, str) else start > 0):
        raise ValueError(
            f"the curvature's start is {start!r}; expected 'constant', 'exact' or a positive "
            "number."
        )
    rbf = [isinstance(layer, RBFOutput) for layer in layers]
    if any(rbf[:-1]):
        raise ValueError("RBFOutput is not the last layer of the model; SDLM needs it there.")
    if start == "constant" and not any(rbf):
        raise ValueError(
            "the curvature's start is 'constant', which is defined at the states that an "
            "RBFOutput reads, and this model has none. Use 'exact' or a number."
        )
    return layers


def _layers(model: nn.Module, prefix: str = "") -> Iterator[nn.Module]:
    """Unroll nested nn.Sequential into layers, and refuse what has no rule."""
    if not isinstance(model, nn.Sequential):
        kind = type(model).__name__
        raise ValueError(f"model is {kind}; expected an nn.Sequential.")  # noqa: TRY004
    for name, layer in model.named_children():
        where = f"{prefix}{name}"
        if isinstance(layer, nn.Sequential):
            yield from _layers(layer, f"{where}.")
        elif type(layer) not in _KNOWN:
            known = ", ".join(dict.fromkeys(kind.__name__ for kind in _KNOWN))
            raise ValueError(
                f"layer {where!r} is {type(layer).__name__}, for which SDLM has no curvature "
                f"rule; it knows {known}. Train this network with another optimizer."
            )
        elif isinstance(layer, nn.AvgPool2d) and (layer.padding != 0 or layer.ceil_mode):
            raise ValueError(f"layer {where!r}: SDLM knows AvgPool2d without padding only.")
        else:
            yield layer


def _start(tape: Tape, criterion: Criterion, targets: Tensor, start: Start) -> Tensor:
    """Return d2E/dx2 of the states that the RBF output reads, or of the scores."""
    last, states, outputs = tape[-1]
    if outputs.shape[2:].numel() != 1:
        raise ValueError(
            f"the outputs have shape {tuple(outputs.shape)}; SDLM needs one position a pattern. "
            "Train on images of the nominal size."
        )
    require_outputs(outputs.flatten(1), targets)
    if not isinstance(start, str):
        return torch.full_like(states if isinstance(last, RBFOutput) else outputs, start)
    if start == "constant":
        return torch.full_like(states, 2 * getattr(criterion, "distance_scale", 1.0))
    slopes, second = criterion.derivatives(outputs.flatten(1), targets)
    if not isinstance(last, RBFOutput):
        return second.diagonal(dim1=1, dim2=2).reshape(outputs.shape)
    # y_i = |x - w_i|^2: its slopes are 2 (x - w_i), its second derivative is 2.
    gaps = states.flatten(1)[:, None] - last.codes
    h = 4 * torch.einsum("nif,nik,nkf->nf", gaps, second, gaps) + 2 * slopes.sum(1, keepdim=True)
    # A variance and a rejection share are never negative; their rounding may be.
    return h.clamp(min=0).reshape(states.shape)


def _propagate(
    layer: nn.Module, x: Tensor, y: Tensor, h: Tensor
) -> tuple[Tensor, dict[Tensor, Tensor]]:
    """Carry h from a layer's output `y` to its input `x` and to its parameters (summed over N)."""
    if isinstance(layer, _ELEMENTWISE):
        return h * _slope(layer, y).square(), {}
    if isinstance(layer, nn.Flatten):
        return h.reshape(x.shape), {}
    if isinstance(layer, nn.MaxPool2d):
        return _transpose(layer, x, h), {}
    if isinstance(layer, nn.AvgPool2d):
        size = layer.kernel_size
        area = size**2 if isinstance(size, int) else size[0] * size[1]
        return _transpose(layer, x, h) / (layer.divisor_override or area), {}
    if isinstance(layer, Subsampling):
        # The coefficient multiplies the sum, once a unit: the sum is the state that it weighs.
        sums = F.avg_pool2d(x, 2, divisor_override=1)
        squares = layer.coefficient.square()[:, None, None]
        over_units = (0, 2, 3)
        return F.interpolate(h * squares, scale_factor=2), {
            layer.coefficient: (h * sums.square()).sum(over_units),
            layer.bias: h.sum(over_units),
        }
    return _propagate_weighted(layer, x, h)


def _propagate_weighted(
    layer: nn.Module, x: Tensor, h: Tensor
) -> tuple[Tensor, dict[Tensor, Tensor]]:
    """Carry h through weighted sums: one more linear layer, of squared weights and states."""
    parameters = dict(layer.named_parameters())
    with torch.enable_grad():
        states = x.square().requires_grad_()
        squares = {
            name: (p.square() if name == "weight" else p).detach().requires_grad_()
            for name, p in parameters.items()
        }
        sums = functional_call(layer, squares, (states,))
        h, *found = torch.autograd.grad(sums, [states, *squares.values()], h)
    return h, dict(zip(parameters.values(), found, strict=True))


def _slope(layer: nn.Module, y: Tensor) -> Tensor:
    """Return f'(a) from the state y = f(a)."""
    if isinstance(layer, nn.ReLU):
        return (y > 0).to(y.dtype)
    if isinstance(layer, nn.Tanh):
        return 1 - y.square()
    return SLOPE * (AMPLITUDE - y.square() / AMPLITUDE)


def _transpose(pool: nn.Module, x: Tensor, h: Tensor) -> Tensor:
    """Carry h back along a pooling layer's connections."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        return torch.autograd.grad(pool(x), x, h)[0]
