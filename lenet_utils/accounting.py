"""Shapes, parameters, connections and multiply-accumulates of a network, counted.

Nothing is typed in: each number follows from the modules and from the shapes that pass through
them. Source of the terms: Section II-B, pp. 7-8.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch
from html import escape

import torch
from torch import Tensor, nn

from lenet_utils.layers import RBFOutput, ScaledTanh, SparseConv2d, Subsampling

# These change values, not counts: they get no row of their own.
ELEMENTWISE = (ScaledTanh, nn.Tanh, nn.ReLU, nn.Sigmoid, nn.Identity, nn.Dropout, nn.Dropout2d)
UNCOUNTED = (*ELEMENTWISE, nn.Flatten)


@dataclass(frozen=True)
class Layer:
    """One row of a layer table; shapes leave out the batch.

    `connections` counts every link into a unit, the bias link included, as the paper does;
    `macs` counts one multiply-accumulate for each multiplication by a weight.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    connections: int
    macs: int


@dataclass(frozen=True)
class LayerTable:
    """The layers of a network in the order in which an image passes them.

    Prints as text; in a notebook it shows as a table. `table["c3"]` is one row.
    """

    input_shape: tuple[int, ...]
    layers: tuple[Layer, ...]

    @property
    def parameters(self) -> int:
        """Trainable parameters of the whole network."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def connections(self) -> int:
        """Connections of the whole network, biases included."""
        return sum(layer.connections for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one forward pass for one image."""
        return sum(layer.macs for layer in self.layers)

    def __getitem__(self, name: str) -> Layer:
        """Return the row of the layer of that name."""
        found = {layer.name: layer for layer in self.layers}
        if name not in found:
            raise KeyError(f"no layer {name!r}; the layers are {', '.join(found)}")
        return found[name]

    def __iter__(self) -> Iterator[Layer]:
        """Walk through the rows, first layer first."""
        return iter(self.layers)

    def _cells(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [
            ("layer", "kind", "output", "parameters", "connections", "multiply-accumulates"),
            ("input", "", _shape(self.input_shape), "", "", ""),
        ]
        for layer in self.layers:
            counts = (layer.parameters, layer.connections, layer.macs)
            texts = (f"{count:,}" for count in counts)
            rows.append((layer.name, layer.kind, _shape(layer.output_shape), *texts))
        totals = (self.parameters, self.connections, self.macs)
        rows.append(("total", "", "", *(f"{count:,}" for count in totals)))
        return rows

    def __str__(self) -> str:
        rows = self._cells()
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = []
        for row in rows:
            left = (row[i].ljust(widths[i]) for i in range(3))
            right = (row[i].rjust(widths[i]) for i in range(3, len(row)))
            lines.append("  ".join((*left, *right)).rstrip())
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *body = self._cells()
        heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
        rows = []
        for first, *rest in body:
            cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
            rows.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
        return (
            f'<table class="lenet-table"><thead><tr>{heads}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table>"
        )


@torch.no_grad()
def layer_table(model: nn.Module, input_shape: tuple[int, ...]) -> LayerTable:
    """Count shapes, parameters, connections and multiply-accumulates of each layer.

    One image of zeros is passed through the network, and every module without children is
    counted as it is met. Pixels added by padding count as connected, like the background that
    the paper puts around its digits.

    Args:
        model: any network of known layers, called one after the other or not.
        input_shape: (channels, height, width), or (1, channels, height, width).

    Returns:
        A `LayerTable`.

    Raises:
        ValueError: a layer of unknown type, or parameters that no layer accounts for.

    Source: the rows of Section II-B, pp. 7-8: 60,000 parameters and 340,908 connections.
    """
    shape = tuple(input_shape)[1:] if len(input_shape) == 4 else tuple(input_shape)
    rows: list[Layer] = []
    leaves = {m: name for name, m in model.named_modules() if not list(m.children())}
    for module, name in leaves.items():
        known = layer_counts.dispatch(type(module)) is not layer_counts.dispatch(object)
        if not known and not isinstance(module, UNCOUNTED):
            raise _unknown(f"{name!r}, a {type(module).__name__}")

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(module, UNCOUNTED):
            return
        connections, macs = layer_counts(module, inputs[0], output)
        parameters = sum(p.numel() for p in module.parameters() if p.requires_grad)
        name, kind = leaves[module], module._get_name()
        rows.append(Layer(name, kind, tuple(output.shape[1:]), parameters, connections, macs))

    was_training = model.training
    hooks = [module.register_forward_hook(count) for module in leaves]
    try:
        parameter = next(model.parameters(), torch.zeros(()))
        model.eval()(torch.zeros(1, *shape, dtype=parameter.dtype, device=parameter.device))
    finally:
        for hook in hooks:
            hook.remove()
        model.train(was_training)

    table = LayerTable(shape, tuple(rows))
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    if table.parameters != trainable:
        raise ValueError(
            f"the layers hold {table.parameters:,} trainable parameters but the network has "
            f"{trainable:,}: a layer was not called, was called twice, or parameters stand "
            "outside a layer. Give a network whose parameters all belong to layers used once."
        )
    return table


@singledispatch
def layer_counts(module: nn.Module, x: Tensor, y: Tensor) -> tuple[int, int]:
    """Return (connections, multiply-accumulates) of one layer for one image.

    Teach it a new type of layer with `@layer_counts.register`.

    Args:
        module: the layer.
        x: its input, (1, ...).
        y: its output, (1, ...).

    Raises:
        ValueError: a layer of unknown type.
    """
    raise _unknown(type(module).__name__)


@layer_counts.register
def _(module: nn.Conv2d, x: Tensor, y: Tensor) -> tuple[int, int]:
    inputs = module.weight[0].numel()
    biases = 0 if module.bias is None else 1
    return y.numel() * (inputs + biases), y.numel() * inputs


@layer_counts.register
def _(module: SparseConv2d, x: Tensor, y: Tensor) -> tuple[int, int]:
    positions = y.shape[-2] * y.shape[-1]
    weights = module.weight.numel()
    return positions * (weights + module.bias.numel()), positions * weights


@layer_counts.register
def _(module: nn.Linear, x: Tensor, y: Tensor) -> tuple[int, int]:
    biases = 0 if module.bias is None else 1
    return y.numel() * (module.in_features + biases), y.numel() * module.in_features


@layer_counts.register
def _(module: Subsampling, x: Tensor, y: Tensor) -> tuple[int, int]:
    # Four inputs and a bias a unit; the four are added first and multiplied once.
    return y.numel() * 5, y.numel()


@layer_counts.register
def _(module: RBFOutput, x: Tensor, y: Tensor) -> tuple[int, int]:
    weights = y.numel() * module.codes.shape[1]
    return weights, weights


@layer_counts.register(nn.AvgPool2d)
@layer_counts.register(nn.MaxPool2d)
def _(module: nn.AvgPool2d | nn.MaxPool2d, x: Tensor, y: Tensor) -> tuple[int, int]:
    size = module.kernel_size
    side = size if isinstance(size, tuple) else (size, size)
    return y.numel() * side[0] * side[1], 0


@layer_counts.register
def _(module: nn.AdaptiveAvgPool2d, x: Tensor, y: Tensor) -> tuple[int, int]:
    # Windows differ by one in size, and overlap, where the sides do not divide.
    channels = y.numel() // (y.shape[-2] * y.shape[-1])
    height, width = (_window_sum(x.shape[i], y.shape[i]) for i in (-2, -1))
    return channels * height * width, 0


def _window_sum(inputs: int, outputs: int) -> int:
    return sum(-(-(i + 1) * inputs // outputs) - i * inputs // outputs for i in range(outputs))


@layer_counts.register
def _(module: nn.BatchNorm2d, x: Tensor, y: Tensor) -> tuple[int, int]:
    return y.numel() * 2, y.numel()


def _unknown(layer: str) -> ValueError:
    return ValueError(
        f"layer_table does not know how to count {layer}. Register a rule for it with "
        "@lenet_utils.accounting.layer_counts.register."
    )


def _shape(shape: tuple[int, ...]) -> str:
    if len(shape) == 3:
        return f"{shape[0]}@{shape[1]}x{shape[2]}"
    return "x".join(map(str, shape))
