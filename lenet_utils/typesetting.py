"""Digits set into a field: sizes, places, heights and noise, all in whole numbers.

The last bit of a float depends on the machine; whole numbers do not. See `strings`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.mnist import Digits

HEIGHT = 32
"""Rows of a field, as many as a window has."""
MARGIN = 14
"""The least margin: the window of the first column then has the first character in its centre."""
STRIDE = 4
"""Pixels from one column of answers to the next."""

_UNIT = 64
"""Sizes, and positions between pixels, are whole numbers of 1/64."""
_CANVAS = 48
"""Side of the square in which a digit of any size has room."""


@dataclass(frozen=True)
class Layout:
    """How digits are set into a field; a range is (lowest, highest), and both occur.

    Args:
        length: range of the number of digits.
        gap: range of the pixels between the boxes of neighbours, boxes that hold all ink;
            negative where they overlap.
        size: range of the factor on the size of all digits of a string, within 0.5 and 1.5.
        slope: largest rise or fall of the base line, in pixels a pixel.
        noise: probability with which a pixel is inverted, "salt and pepper".

    Raises:
        ValueError: a range that is empty or too wide, a number that is not finite.

    Source: Section VII, which names gaps of -1 to 4 pixels and noise of 10%.
    """

    length: tuple[int, int] = (3, 6)
    gap: tuple[int, int] = (-1, 4)
    size: tuple[float, float] = (1.0, 1.0)
    slope: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        for name, low, high in (("length", 1, 30), ("gap", -12, 60), ("size", 0.5, 1.5)):
            value = getattr(self, name)
            if not (isinstance(value, tuple) and len(value) == 2):
                raise ValueError(
                    f"{name} is {value!r}; expected a pair (lowest, highest), such as "
                    f"{getattr(Layout, name)}."
                )
            if name != "size" and not all(type(bound) is int for bound in value):
                raise ValueError(f"{name} is {value!r}; expected two whole numbers.")
            if not low <= value[0] <= value[1] <= high:
                raise ValueError(
                    f"{name} is {value!r}; expected lowest <= highest, both within {low} and "
                    f"{high}."
                )
        for name, limit in (("slope", 0.5), ("noise", 0.5)):
            if not 0 <= getattr(self, name) <= limit:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; expected a number from 0 to {limit}."
                )


class Strings(NamedTuple):
    """Fields with a string each, and what is known of it.

    Attributes:
        images: uint8 (N, 32, W), 255 is ink; W is 32 and a multiple of 4 more.
        labels: int64 (N, L), the digits from left to right, and -1 after the last one.
        lengths: int64 (N,).
        boxes: int64 (N, L, 2), of each digit the first column with ink, before the noise, and the
            column after the last one; 0 after the last digit.
    """

    images: Tensor
    labels: Tensor
    lengths: Tensor
    boxes: Tensor


def set_digits(
    digits: Digits,
    count: int,
    layout: Layout,
    generator: torch.Generator,
    *,
    where: Tensor | None = None,
    left_out: Tensor | None = None,
) -> tuple[Strings, Tensor]:
    """Draw strings and set them into fields, without noise.

    Args:
        digits: the pool.
        count: N.
        layout: how they are set, but for the noise.
        generator: draws.
        where: float (N,) in [0, 1): how far along each string one of its digits is pointed at.
        left_out: bool (N,): the strings in which that digit's ink is missing.

    Returns:
        The strings, and the index of that digit in each, int64 (N,).
    """

    def whole(low: int, high: int, *shape: int) -> Tensor:
        return torch.randint(low, high + 1, shape, generator=generator)

    longest = layout.length[1]
    lengths = whole(*layout.length, count)
    chosen = whole(0, len(digits.labels) - 1, count, longest)
    gaps = whole(*layout.gap, count, longest)
    margins = whole(MARGIN, MARGIN + STRIDE - 1, count)
    sizes = whole(*(round(size * _UNIT) for size in layout.size), count)
    steepest = round(layout.slope * 1024)
    slopes = whole(-steepest, steepest, count)
    exists = torch.arange(longest) < lengths[:, None]

    glyphs, inks = resized(digits.images, chosen, sizes)
    widths = inks[1] - inks[0]
    starts = margins[:, None] + (widths + gaps).cumsum(1) - widths - gaps
    boxes = torch.stack([starts, starts + widths], 2) * exists[:, :, None]
    middle = (margins + boxes.amax((1, 2))) // 2
    rise = slopes[:, None] * (boxes.sum(2) // 2 - middle[:, None]) // 1024
    target = torch.zeros_like(lengths) if where is None else (where * lengths).long()
    if left_out is not None:
        hidden = left_out[:, None] & (torch.arange(longest) == target[:, None])
        glyphs[hidden.T] = 0
    images = paste(glyphs, inks, boxes, rise)
    labels = digits.labels[chosen].masked_fill(~exists, -1)
    return Strings(images, labels, lengths, boxes), target


def paste(glyphs: Tensor, inks: Tensor, boxes: Tensor, rise: Tensor) -> Tensor:
    """Put glyphs into fields: their ink at its box, moved down by `rise` but not out of the field.

    Shapes: (L, N, 48, 48), (4, N, L), (N, L, 2) and (N, L) to (N, 32, W).
    """
    left, _, top, bottom = inks
    # The canvas lies 8 rows above the field.
    rise = rise.clamp(min=8 - top, max=HEIGHT + 8 - bottom) - 8
    width = int(boxes.max()) + MARGIN
    width = max(HEIGHT, -(-width // STRIDE) * STRIDE)
    shape = len(boxes), HEIGHT, _CANVAS + width + _CANVAS
    images = torch.zeros(shape, dtype=torch.uint8)
    for j, glyph in enumerate(glyphs):
        exists = boxes[:, j, 1] > 0
        rows = torch.arange(HEIGHT) - rise[:, j, None]
        seen = glyph.gather(1, rows.clamp(0, _CANVAS - 1)[:, :, None].expand(-1, -1, _CANVAS))
        seen *= (((rows >= 0) & (rows < _CANVAS)) & exists[:, None])[:, :, None]
        first = (boxes[:, j, 0] - left[:, j] + _CANVAS) * exists
        columns = (first[:, None] + torch.arange(_CANVAS))[:, None].expand(-1, HEIGHT, -1)
        images.scatter_(2, columns, torch.maximum(images.gather(2, columns), seen))
    return images[:, :, _CANVAS : _CANVAS + width].contiguous()


def resized(images: Tensor, chosen: Tensor, sizes: Tensor) -> tuple[Tensor, Tensor]:
    """Resize chosen digits, centre on centre.

    Args:
        images: uint8 (M, 28, 28).
        chosen: int64 (N, L), which of them.
        sizes: int64 (N,), the factor in 64ths.

    Returns:
        uint8 (L, N, 48, 48), and where their ink is, int64 (4, N, L): first column, column after
        the last, first row, row after the last.
    """
    edge = (_CANVAS - 28) // 2
    unchanged = bool((sizes == _UNIT).all())
    glyphs = torch.empty(chosen.shape[1], len(chosen), _CANVAS, _CANVAS, dtype=torch.uint8)
    for j, one in enumerate(chosen.T):
        picked = images[one]
        if unchanged:
            glyphs[j] = F.pad(picked, (edge, edge, edge, edge))
            continue
        sums = _resample(_resample(picked.int(), sizes).mT, sizes).mT
        glyphs[j] = ((sums + _UNIT**2 // 2) // _UNIT**2).to(torch.uint8)
    boxes = [side for axis in (2, 3) for side in _extent(glyphs.amax(axis) > 0)]
    return glyphs, torch.stack(boxes).mT


def _resample(lines: Tensor, sizes: Tensor) -> Tensor:
    """Interpolate between lines: int32 (N, 28, C) to (N, 48, C), 64 times the values.

    In whole numbers, since the last bit of a float depends on the machine.
    """
    # Where a line of the canvas lies between two of the picture; the middles of both agree.
    places = (2 * torch.arange(_CANVAS) + 1 - _CANVAS) * (_UNIT * _UNIT // 2) // sizes[:, None]
    places = places + 14 * _UNIT - _UNIT // 2
    before, part = places // _UNIT, (places % _UNIT).int()[:, :, None]
    framed = F.pad(lines, (0, 0, 1, 1))
    first, second = (
        framed.gather(1, line.clamp(0, 29)[:, :, None].expand(-1, -1, lines.shape[2]))
        for line in (before + 1, before + 2)
    )
    return (_UNIT - part) * first + part * second


def _extent(ink: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first true place and the place after the last one: bool (..., n) to (...)."""
    marks = ink.to(torch.uint8)
    return marks.argmax(-1), ink.shape[-1] - marks.flip(-1).argmax(-1)


def invert_some(images: Tensor, noise: float, generator: torch.Generator) -> Tensor:
    """Invert each pixel with the probability `noise`: salt and pepper; uint8, any shape."""
    if noise:
        hit = torch.rand(images.shape, generator=generator) < noise
        images = torch.where(hit, 255 - images, images)
    return images
