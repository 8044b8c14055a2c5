"""What a network answers in each column of a field, under the field."""

from collections.abc import Sequence

from torch import Tensor

from lenet_utils.figures.style import ORANGE, WIDTH, Figure, render, styled, subplots

_FIRST, _STEP, _WINDOW = 16, 4, 32
"""Where the centre of the first window is, how far apart they are, and how wide, in pixels."""


@styled
def fields(images: Tensor, titles: Sequence[str], *, alt: str, caption: str = "") -> Figure:
    """Draw wide fields, two a row, each with a line above it.

    Args:
        images: (N, 32, W), any number type, ink being the larger values.
        titles: N lines.
        alt: what is to be seen.
        caption: what to notice.

    Raises:
        ValueError: no fields, or another number of titles.
    """
    if not len(images) or len(titles) != len(images):
        raise ValueError(
            f"got {len(images)} fields and {len(titles)} titles; expected a title for each of at "
            "least one field."
        )
    rows = -(-len(images) // 2)
    height = WIDTH / 2 * images.shape[1] / images.shape[2] + 0.3
    figure, axes = subplots(rows, 2, WIDTH, rows * height)
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, title in zip(axes.flat, images.float().cpu(), titles, strict=False):
        axis.imshow(image.numpy(), cmap="gray", interpolation="none")
        axis.set_title(title, fontsize=9, pad=3)
    return render(figure, alt, caption, images=images)


@styled
def columns_of_answers(
    field: Tensor,
    penalties: Tensor,
    path: Sequence[int] | None = None,
    *,
    window: int | None = None,
    alt: str,
    caption: str = "",
) -> Figure:
    """Draw a field, and the probabilities of the classes in each column of answers below it.

    Args:
        field: (32, W), any number type, ink being the larger values.
        penalties: float (T, 11): minus the logarithm of each class's probability in each column.
        path: a class for each column, marked by dots.
        window: a column whose window is framed.
        alt: what is to be seen.
        caption: what to notice.

    Raises:
        ValueError: another number of columns than the field has, or a path of another length.
    """
    from matplotlib.patches import Rectangle

    height, width = field.shape
    columns = 1 + (width - _WINDOW) // _STEP
    if penalties.shape != (columns, 11) or (path is not None and len(path) != columns):
        raise ValueError(
            f"got penalties of shape {tuple(penalties.shape)} and a path of "
            f"{columns if path is None else len(path)} for a field of {width} pixels; expected "
            f"({columns}, 11) and {columns}."
        )
    probabilities = (-penalties.detach().float().cpu()).exp()
    figure, axes = subplots(2, 1, WIDTH, WIDTH * (height / width) + 2.0)
    above, below = axes[:, 0]
    above.imshow(field.float().cpu().numpy(), cmap="gray", extent=(0, width, height, 0))
    above.axis("off")
    centres = [_FIRST + _STEP * column for column in range(columns)]
    below.imshow(
        probabilities.T.numpy(), cmap="Blues", vmin=0, vmax=1, aspect="auto", interpolation="none",
        extent=(_FIRST - _STEP / 2, _FIRST + _STEP * columns - _STEP / 2, 10.5, -0.5),
    )  # fmt: skip
    below.set(xlim=(0, width), xlabel="pixels", ylabel="class")
    below.set_yticks(range(11), [*map(str, range(10)), "none"], fontsize=8)
    if path is not None:
        below.plot(centres, path, color=ORANGE, marker="o", ms=3.5, lw=0.8)
    if window is not None:
        left = _STEP * window
        frame = Rectangle((left, 0.5), _WINDOW, height - 1, fill=False, ec=ORANGE, lw=1.5)
        above.add_patch(frame)
        below.axvline(left + _FIRST, color=ORANGE, lw=1.5)
    return render(figure, alt, caption, field=field, probabilities=probabilities, path=path)
