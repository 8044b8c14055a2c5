"""Figures of the network: pictures, Table I as wiring, codes, shares of layers."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.accounting import LayerTable
from lenet_utils.figures.style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    WIDTH,
    Figure,
    open_axes,
    render,
    show,
    styled,
    subplots,
)


@styled
def pictures(
    images: Tensor,
    titles: Sequence[str] | None = None,
    *,
    alt: str,
    caption: str = "",
    columns: int = 8,
    signed: bool = False,
) -> Figure:
    """Draw pictures side by side, ink white on black; all share one grey scale.

    Args:
        images: (N, H, W), any number type.
        titles: a line above each picture.
        alt: what is to be seen.
        caption: what to notice.
        columns: pictures in a row.
        signed: draw negative values blue and positive ones red, zero dark.

    Raises:
        ValueError: pictures of another shape, or titles of another number.
    """
    if images.dim() != 3 or len(images) == 0:
        raise ValueError(f"images have shape {tuple(images.shape)}; expected (N, H, W), N > 0.")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"got {len(titles)} titles; expected {len(images)}, one for each picture.")
    values = images.detach().float().cpu()
    columns = min(columns, len(values))
    rows = -(-len(values) // columns)
    flat = min(1.0, values.shape[1] / values.shape[2])  # wide pictures need less height
    size = WIDTH / max(columns, 4 * flat)
    figure, axes = subplots(
        rows, columns, size * columns, rows * (flat * size + (0.3 if titles else 0.02))
    )
    limit = values.abs().max().item() or 1.0
    low, high = (-limit, limit) if signed else (values.min().item(), values.max().item())
    for i, axis in enumerate(axes.flat):
        axis.axis("off")
        if i < len(values):
            show(axis, values[i], low, high, signed)
            if titles is not None:
                axis.set_title(titles[i], fontsize=9, pad=3)
    return render(figure, alt, caption, images=values)


@styled
def wiring(table: Tensor) -> Figure:
    """Draw which S2 maps feed each C3 map: Table I as wires.

    Args:
        table: bool, (C3 maps, S2 maps), such as `TABLE_I`.

    Source: Table I, p. 8.
    """
    outputs, inputs = table.shape
    figure, axes = subplots(1, 1, WIDTH, 3.0)
    axis = axes[0, 0]
    top = [(i + 0.5) * outputs / inputs for i in range(inputs)]
    sizes = table.sum(1).tolist()
    colours = dict(zip(sorted(set(sizes)), (BLUE, GREEN, ORANGE, PURPLE), strict=False))
    for c3 in range(outputs):
        for s2 in table[c3].nonzero()[:, 0].tolist():
            axis.plot([top[s2], c3 + 0.5], [1, 0], color=colours[sizes[c3]], lw=1.2, alpha=0.9)
        axis.text(c3 + 0.5, -0.12, str(c3), ha="center", va="center", fontsize=9)
    for s2 in range(inputs):
        axis.text(top[s2], 1.12, str(s2), ha="center", va="center", fontsize=9)
    axis.text(-0.2, 1.12, "S2 map", ha="right", va="center", fontsize=9)
    axis.text(-0.2, -0.12, "C3 map", ha="right", va="center", fontsize=9)
    for i, (size, colour) in enumerate(colours.items()):
        axis.plot([i * 5 - 0.3, i * 5 + 0.3], [-0.31, -0.31], color=colour, lw=2)
        axis.text(i * 5 + 0.5, -0.34, f"reads {size} maps", fontsize=9)
    axis.set(xlim=(-1.8, outputs), ylim=(-0.42, 1.2))
    axis.axis("off")
    groups = ", ".join(f"{sizes.count(size)} read {size}" for size in colours)
    return render(
        figure,
        f"{inputs} S2 maps above, {outputs} C3 maps below, joined by {int(table.sum())} wires: "
        f"{groups} of the S2 maps.",
        "Table I as wires. Each wire is one 5x5 kernel, slid over a whole map.",
        table=table,
    )


@styled
def glyphs(codes: Tensor, titles: Sequence[str] | None = None, *, caption: str = "") -> Figure:
    """Draw vectors of 84 states as 7x12 pictures, as Fig. 3 does.

    Args:
        codes: float, (N, 84); +1 is ink.
        titles: a line above each; by default 0, 1, 2, ...
        caption: what to notice.

    Source: Fig. 3, p. 9.
    """
    names = list(titles) if titles is not None else [str(i) for i in range(len(codes))]
    rows = [
        f"{name}: {int((code > 0).sum())} of {code.numel()} cells are ink"
        for name, code in zip(names, codes, strict=True)
    ]
    # A margin, since some drawings reach the edge and white ink would melt into a white page.
    return pictures(
        F.pad(codes.view(-1, 12, 7), (1, 1, 1, 1), value=-1),
        names,
        columns=10,
        alt="Seven by twelve drawings. " + "; ".join(rows) + ".",
        caption=caption,
    )


@styled
def shares(table: LayerTable) -> Figure:
    """Draw each layer's share of the parameters and of the connections, as bars."""
    names = [layer.name for layer in table]
    parameters = torch.tensor([layer.parameters for layer in table]) / table.parameters
    connections = torch.tensor([layer.connections for layer in table]) / table.connections
    figure, axes = subplots(1, 1, WIDTH, max(2.8, 0.4 * len(names)))
    axis = axes[0, 0]
    y = torch.arange(len(names)).numpy()
    for offset, share, colour, label in (
        (-0.19, parameters, BLUE, "of the parameters"),
        (0.19, connections, ORANGE, "of the connections"),
    ):
        axis.barh(y + offset, share.numpy() * 100, 0.36, color=colour, label=label)
        for at, value in zip(y, share.tolist(), strict=True):
            axis.text(value * 100 + 0.8, at + offset, f"{value:.1%}", va="center", fontsize=8)
    axis.set_yticks(y, [name.upper() if len(name) == 2 else name for name in names])
    axis.invert_yaxis()
    axis.set(xlim=(0, 92), xlabel="fraction of the whole network, %")
    axis.legend(frameon=False, loc="lower right")
    open_axes(axis)
    each = "; ".join(
        f"{name} {p:.1%} of the parameters and {c:.1%} of the connections"
        for name, p, c in zip(names, parameters.tolist(), connections.tolist(), strict=True)
    )
    return render(
        figure,
        f"Bars for each layer: {each}.",
        "Parameters sit at the end of the network, connections at its beginning.",
        parameters=parameters,
        connections=connections,
    )
