"""Strings of digits in a field, and windows of a single character, made from MNIST.

A string is drawn from a pool of digits: its characters, the gaps between their boxes, its size and
its slope, then noise. All is computed in whole numbers, so that a seed gives the same strings on
every machine. Strings to test with come from MNIST's test digits, whose writers did not write the
training digits.
Source of the spacing and of the noise: LeCun, Bottou, Bengio and Haffner (1998), Section VII.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.evaluation import require_whole
from lenet_utils.mnist import Digits

HEIGHT = 32
"""Rows of a field, as many as a window has."""
NONE = 10
"""The class of a window with no character in its centre."""

_UNIT = 64
"""Sizes, and positions between pixels, are whole numbers of 1/64."""
_CANVAS = 48
"""Side of the square in which a digit of any size has room."""
_MARGIN = 14
"""The least margin: the window of the first column then has the first character in its centre."""
_STRIDE = 4


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


def texts(labels: Tensor) -> list[str]:
    """Return strings as text: int64 (N, L), -1 after the last digit, to N texts such as "407"."""
    return ["".join(str(digit) for digit in row if digit >= 0) for row in labels.tolist()]


def draw_strings(digits: Digits, count: int, *, layout: Layout | None = None, seed: int) -> Strings:
    """Draw strings of digits.

    Digits are drawn from the pool with replacement and independently of each other; ink that
    overlaps is joined by the larger value. A field begins 14 to 17 pixels left of the first box,
    each equally often, and ends at least 14 right of the last one. No ink leaves the field.

    Args:
        digits: the pool, uint8 (M, 28, 28) and their labels, 0 to 9; each has ink.
        count: N.
        layout: how they are set; by default 3 to 6 digits with the paper's spacing.
        seed: the same seed, pool and layout give the same strings.

    Returns:
        `Strings`; the fields are as wide as the widest string needs.

    Raises:
        ValueError: a pool of another type or shape, other labels than 0 to 9, a picture without
            ink, or a count that is not a whole number of 1 or more.

    Source: Section VII.
    """
    layout = layout or Layout()
    _require_pool(digits)
    require_whole("count", count)
    generator = torch.Generator().manual_seed(seed)
    strings, _ = _set(digits, count, layout, generator)
    return strings._replace(images=_invert(strings.images, layout.noise, generator))


def draw_windows(
    digits: Digits,
    count: int,
    *,
    layout: Layout | None = None,
    none: float = 0.25,
    jitter: int = 2,
    seed: int,
) -> Digits:
    """Draw windows of 32x32 out of strings, each around one character, or around none.

    A window of a digit has the middle of its box in its centre, up to `jitter` pixels; its
    neighbours are where the string has them. A window of the class `NONE` has in its centre, as
    often each: the middle between two neighbours, or the end of the string and what lies up to 20
    pixels beyond it; or a digit that was left out, its place being blank.

    Args:
        digits: the pool, as for `draw_strings`.
        count: N.
        layout: of the strings.
        none: the fraction of windows with no character in the centre.
        jitter: how far the centre may be off, in pixels.
        seed: the same seed gives the same windows.

    Returns:
        uint8 (N, 32, 32) and int64 (N,): 0 to 9, or `NONE`.

    Raises:
        ValueError: see `draw_strings`; a fraction outside 0 and 1; a jitter that is not a whole
            number from 0 to 8.

    Source: Section VII.
    """
    layout = layout or Layout()
    _require_pool(digits)
    require_whole("count", count)
    if not 0 <= none <= 1:
        raise ValueError(f"none is {none!r}; expected a fraction from 0 to 1.")
    if jitter not in range(9):
        raise ValueError(f"jitter is {jitter!r}; expected a whole number from 0 to 8.")
    generator = torch.Generator().manual_seed(seed)
    draw = torch.rand(count, 4, generator=generator)
    empty, left_out = draw[:, 0] < none, draw[:, 1] < 0.5
    strings, target = _set(digits, count, layout, generator, draw[:, 2], empty & left_out)
    rows = torch.arange(count)
    middle = strings.boxes[rows, target].sum(1) // 2
    # The place between a digit and its right neighbour, or what lies beyond the end.
    last = target == strings.lengths - 1
    after = (target + 1).clamp(max=strings.labels.shape[1] - 1)
    ends = strings.boxes[rows, target, 1]
    between = (ends + strings.boxes[rows, after, 0]) // 2
    beyond = ends + (draw[:, 3] * 21).long()
    between = torch.where(last, beyond, between)
    shift = torch.randint(-jitter, jitter + 1, (count,), generator=generator)
    aligned = empty & ~left_out
    centre = torch.where(aligned, between, middle + shift)
    images = F.pad(strings.images, (HEIGHT // 2, HEIGHT // 2 + 24))
    columns = (centre[:, None] + torch.arange(HEIGHT))[:, None].expand(-1, HEIGHT, -1)
    windows = images.gather(2, columns)
    labels = strings.labels[rows, target].masked_fill(empty, NONE)
    return Digits(_invert(windows, layout.noise, generator), labels)


def _set(
    digits: Digits,
    count: int,
    layout: Layout,
    generator: torch.Generator,
    where: Tensor | None = None,
    left_out: Tensor | None = None,
) -> tuple[Strings, Tensor]:
    """Set digits into fields, without noise; return them, and the digit at `where` in each.

    `where` says how far along the string, from 0 to 1; `left_out`, in which strings that digit's
    ink is missing.
    """

    def whole(low: int, high: int, *shape: int) -> Tensor:
        return torch.randint(low, high + 1, shape, generator=generator)

    longest = layout.length[1]
    lengths = whole(*layout.length, count)
    chosen = whole(0, len(digits.labels) - 1, count, longest)
    gaps = whole(*layout.gap, count, longest)
    margins = whole(_MARGIN, _MARGIN + _STRIDE - 1, count)
    sizes = whole(*(round(size * _UNIT) for size in layout.size), count)
    steepest = round(layout.slope * 1024)
    slopes = whole(-steepest, steepest, count)
    exists = torch.arange(longest) < lengths[:, None]
    target = torch.zeros_like(lengths) if where is None else (where * lengths).long()

    glyphs, (left, right, top, bottom) = _glyphs(digits, chosen, sizes)
    widths = right - left
    starts = margins[:, None] + (widths + gaps).cumsum(1) - widths - gaps
    boxes = torch.stack([starts, starts + widths], 2) * exists[:, :, None]
    middle = (margins + boxes.amax((1, 2))) // 2
    rise = slopes[:, None] * (boxes.sum(2) // 2 - middle[:, None]) // 1024
    # The canvas lies 8 rows above the field; ink that would leave it stays at its edge.
    rise = rise.clamp(min=8 - top, max=HEIGHT + 8 - bottom) - 8
    if left_out is not None:
        hidden = left_out[:, None] & (torch.arange(longest) == target[:, None])
        glyphs[hidden.T] = 0

    width = int(boxes.max()) + _MARGIN
    width = max(HEIGHT, -(-width // _STRIDE) * _STRIDE)
    images = torch.zeros(count, HEIGHT, _CANVAS + width + _CANVAS, dtype=torch.uint8)
    for j in range(longest):
        rows = torch.arange(HEIGHT) - rise[:, j, None]
        seen = glyphs[j].gather(1, rows.clamp(0, _CANVAS - 1)[:, :, None].expand(-1, -1, _CANVAS))
        seen *= (((rows >= 0) & (rows < _CANVAS)) & exists[:, j, None])[:, :, None]
        first = (starts[:, j] - left[:, j] + _CANVAS) * exists[:, j]
        columns = (first[:, None] + torch.arange(_CANVAS))[:, None].expand(-1, HEIGHT, -1)
        images.scatter_(2, columns, torch.maximum(images.gather(2, columns), seen))
    labels = digits.labels[chosen].masked_fill(~exists, -1)
    images = images[:, :, _CANVAS : _CANVAS + width].contiguous()
    return Strings(images, labels, lengths, boxes), target


def _glyphs(digits: Digits, chosen: Tensor, sizes: Tensor) -> tuple[Tensor, Tensor]:
    """Return digits in their size, uint8 (L, N, 48, 48), and their boxes, int64 (4, N, L)."""
    edge = (_CANVAS - 28) // 2
    unchanged = bool((sizes == _UNIT).all())
    glyphs = torch.empty(chosen.shape[1], len(chosen), _CANVAS, _CANVAS, dtype=torch.uint8)
    for j, one in enumerate(chosen.T):
        images = digits.images[one]
        if unchanged:
            glyphs[j] = F.pad(images, (edge, edge, edge, edge))
            continue
        sums = _resample(_resample(images.int(), sizes).mT, sizes).mT
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


def _invert(images: Tensor, noise: float, generator: torch.Generator) -> Tensor:
    if noise:
        hit = torch.rand(images.shape, generator=generator) < noise
        images = torch.where(hit, 255 - images, images)
    return images


def _require_pool(digits: Digits) -> None:
    images, labels = digits
    if images.dtype != torch.uint8 or images.dim() != 3 or images.shape[1:] != (28, 28):
        raise ValueError(
            f"the digits are {images.dtype} of shape {tuple(images.shape)}; expected uint8 "
            "(M, 28, 28), as load_mnist().train has them, before any normalisation."
        )
    if len(images) == 0 or labels.shape != (len(images),) or labels.is_floating_point():
        raise ValueError(
            f"got {len(images)} pictures and labels of shape {tuple(labels.shape)}; expected at "
            "least one picture, and a whole number for each."
        )
    if int(labels.min()) < 0 or int(labels.max()) > 9:
        raise ValueError(
            f"labels lie between {int(labels.min())} and {int(labels.max())}; expected the digits "
            "0 to 9."
        )
    blank = (images.amax((1, 2)) == 0).nonzero()
    if len(blank):
        raise ValueError(f"picture {int(blank[0])} has no ink; leave it out.")
