"""One step of a convolution: the window, its products with the kernel, and the map so far."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.figures.panels import write_numbers
from lenet_utils.figures.style import ORANGE, Figure, render, show, styled, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def convolution_step(picture: Tensor, kernel: Tensor, place: tuple[int, int]) -> Figure:
    """Draw how one unit of a feature map comes about, the units before it already filled in.

    Args:
        picture: (H, W).
        kernel: (k, k), laid down as it is, without a bias.
        place: row and column of the unit; the map is filled row by row.

    Raises:
        ValueError: a picture or kernel that is not a matrix, or a place outside the map.

    Source: Section II-A, p. 6.
    """
    if picture.dim() != 2 or kernel.dim() != 2:
        shapes = tuple(picture.shape), tuple(kernel.shape)
        raise ValueError(f"picture and kernel have shapes {shapes}; expected (H, W) and (k, k).")
    row, column = place
    full = F.conv2d(picture.float()[None, None], kernel.float()[None, None])[0, 0]
    height, width = full.shape
    if not (0 <= row < height and 0 <= column < width):
        raise ValueError(f"place is {place}; expected one of the map's {height} by {width} units.")
    rows, columns = kernel.shape
    # Adding zero turns -0, which -1 times 0 gives, into 0.
    products = picture[row : row + rows, column : column + columns] * kernel + 0.0
    so_far = full.clone().flatten()
    so_far[row * width + column + 1 :] = torch.nan
    so_far = so_far.view(height, width)
    total = f"{full[place].item():g}"

    figure, axes = subplots(2, 2, 4.6, 5.0)
    _numbers(axes[0, 0], picture.float(), "the picture", float(picture.abs().max()))
    _numbers(axes[0, 1], kernel.float(), "the kernel", float(kernel.abs().max()))
    _numbers(axes[1, 0], products.float(), f"products, sum {total}", float(kernel.abs().max()))
    _numbers(axes[1, 1], so_far, "the map so far", float(full.abs().max()))
    _frame(axes[0, 0], row, column, rows, columns)
    _frame(axes[1, 1], row, column, 1, 1)
    last_row, last_column = row + rows - 1, column + columns - 1
    told = ", ".join(f"{value:g}" for value in products.flatten().tolist())
    return render(
        figure,
        f"The window in rows {row} to {last_row} and columns {column} to {last_column}, multiplied "
        f"cell by cell with the kernel, gives {told}. Their sum, {total}, is the unit in row {row} "
        f"and column {column} of the map.",
        f"Lay the kernel on the framed window, multiply, add up: {total} goes into the framed "
        "cell of the map.",
        products=products,
        so_far=so_far,
    )


def _numbers(axis: "Axes", values: Tensor, title: str, limit: float) -> None:
    limit = limit or 1.0
    show(axis, values, -limit, limit, True)
    write_numbers(axis, values)
    axis.set_title(title, fontsize=10, pad=4)
    axis.set_xticks([])
    axis.set_yticks([])


def _frame(axis: "Axes", row: int, column: int, rows: int, columns: int) -> None:
    from matplotlib.patches import Rectangle

    corner = (column - 0.46, row - 0.46)
    axis.add_patch(Rectangle(corner, columns - 0.08, rows - 0.08, fill=False, ec=ORANGE, lw=2.5))
