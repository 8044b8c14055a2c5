"""What happens inside a trained network: all its maps for one digit, and measures by layer."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from lenet_utils.figures.style import (
    BLUE,
    GREEN,
    ORANGE,
    WIDTH,
    Figure,
    open_axes,
    render,
    show,
    styled,
    subplots,
)
from lenet_utils.layers import AMPLITUDE

_ROW, _ROW_OF_UNITS = 16, 40
_PICTURE = 1.3  # inches


@styled
def feature_maps(
    picture: Tensor, states: Mapping[str, Tensor], *, alt: str, caption: str = ""
) -> Figure:
    """Draw a digit and the maps that it makes, a band for each layer.

    Negative states are blue, positive ones red, zero dark, from -1.7159 to 1.7159.

    Args:
        picture: (H, W), drawn in grey.
        states: by layer, (maps, h, w) after the activation; maps of one unit stand in rows of 40.
        alt: what is to be seen.
        caption: what to notice.

    Raises:
        ValueError: no layer, or states of another shape.
    """
    if not states or any(maps.dim() != 3 for maps in states.values()):
        shapes = {name: tuple(maps.shape) for name, maps in states.items()}
        raise ValueError(f"states have shapes {shapes}; expected (maps, height, width) of each.")
    bands = {name: _side_by_side(maps.detach().float().cpu()) for name, maps in states.items()}
    heights = [_PICTURE, *(WIDTH * band.shape[0] / band.shape[1] for band in bands.values())]
    figure, axes = subplots(len(heights), 1, WIDTH, sum(heights) + 0.28 * len(heights))
    axes[0, 0].get_gridspec().set_height_ratios(heights)
    grey = picture.detach().float().cpu()
    show(axes[0, 0], grey, grey.min().item(), grey.max().item(), False)
    for axis, band in zip(axes[1:, 0], bands.values(), strict=True):
        show(axis, band, -AMPLITUDE, AMPLITUDE, True)
    for axis, name in zip(axes[:, 0], ("input", *states), strict=True):
        axis.set_title(name.upper() if len(name) == 2 else name, fontsize=9, pad=3, loc="left")
        axis.set_anchor("W")
        axis.axis("off")
    return render(figure, alt, caption, picture=grey, **states)


def _side_by_side(maps: Tensor) -> Tensor:
    """Lay maps (N, h, w) side by side, with gaps of NaN, which are not drawn."""
    count, height, width = maps.shape
    columns = min(count, _ROW_OF_UNITS if height == width == 1 else _ROW)
    rows = -(-count // columns)
    gap = max(height // 8, 1) if height > 1 else 0
    sheet = maps.new_full((rows * (height + gap) - gap, columns * (width + gap) - gap), torch.nan)
    for i, plane in enumerate(maps):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        sheet[top : top + height, left : left + width] = plane
    return sheet


@styled
def by_layer(
    layers: Sequence[str], series: Mapping[str, Sequence[float]], *, ylabel: str, caption: str = ""
) -> Figure:
    """Draw a measure from layer to layer, for up to three networks, with all values in the text.

    Args:
        layers: their names, from the input on.
        series: by network, a fraction for each layer; drawn as per cent.
        ylabel: what is measured.
        caption: what to notice.

    Raises:
        ValueError: no network or more than three, or values of another number than layers.
    """
    strokes = ((BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", ":"))
    if not 1 <= len(series) <= len(strokes):
        raise ValueError(f"got {len(series)} networks; expected 1 to {len(strokes)}.")
    for name, values in series.items():
        if len(values) != len(layers):
            raise ValueError(
                f"{name} has {len(values)} values; expected {len(layers)}, one for each layer."
            )
    figure, axes = subplots(1, 1, WIDTH, 3.0)
    axis = axes[0, 0]
    for (name, values), (colour, mark, dash) in zip(series.items(), strokes, strict=False):
        heights = [100 * value for value in values]
        axis.plot(heights, color=colour, marker=mark, ls=dash, ms=5, lw=1.6, label=name)
    axis.set_xticks(range(len(layers)), layers)
    axis.set(ylabel=f"{ylabel}, %", ylim=(min(0.0, axis.get_ylim()[0]), None))
    axis.grid(axis="y", alpha=0.25)
    if len(series) > 1:
        axis.legend(frameon=False)
    open_axes(axis)
    told = "; ".join(
        f"{name}: "
        + ", ".join(f"{at} {value:.0%}" for at, value in zip(layers, values, strict=True))
        for name, values in series.items()
    )
    return render(figure, f"{ylabel}, layer by layer. {told}.", caption, **series)


@styled
def answer_and_distances(
    picture: Tensor, distances: Tensor, *, what: str, highest: float, caption: str = ""
) -> Figure:
    """Draw a picture beside its distances to the ten codes; the smallest one stands out.

    Args:
        picture: (H, W).
        distances: (10,), the outputs of `lenet5_1998`.
        what: what the picture shows, the beginning of the text.
        highest: right end of the axis, so that several figures can be compared.
        caption: what to notice.

    Raises:
        ValueError: a picture or distances of another shape.
    """
    if picture.dim() != 2 or distances.shape != (10,):
        raise ValueError(
            f"got a picture of shape {tuple(picture.shape)} and distances of shape "
            f"{tuple(distances.shape)}; expected (H, W) and (10,)."
        )
    grey, values = picture.detach().float().cpu(), distances.detach().cpu().tolist()
    answer = values.index(min(values))
    figure, axes = subplots(1, 2, WIDTH, 2.6)
    show(axes[0, 0], grey, grey.min().item(), grey.max().item(), False)
    axes[0, 0].axis("off")
    colours = [ORANGE if digit == answer else BLUE for digit in range(10)]
    axes[0, 1].barh(range(10), values, color=colours)
    axes[0, 1].set_yticks(range(10), [str(digit) for digit in range(10)])
    axes[0, 1].set(xlabel="distance to the code", xlim=(0, highest))
    axes[0, 1].invert_yaxis()
    open_axes(axes[0, 1])
    told = ", ".join(f"{digit}: {value:.0f}" for digit, value in enumerate(values))
    return render(
        figure,
        f"{what}. It is read as {answer}. Distances: {told}.",
        caption,
        picture=grey,
        distances=values,
    )
