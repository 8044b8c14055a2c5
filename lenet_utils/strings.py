"""Strings of digits in a field, and windows of a single character, made from MNIST.

A string is drawn from a pool of digits: its characters, the gaps between their boxes, its size and
its slope, then noise. All is computed in whole numbers, so that a seed gives the same strings on
every machine. Strings to test with come from MNIST's test digits, whose writers did not write the
training digits.
Source of the spacing and of the noise: LeCun, Bottou, Bengio and Haffner (1998), Section VII.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.evaluation import require_examples, require_whole
from lenet_utils.mnist import Digits
from lenet_utils.typesetting import HEIGHT, Layout, Strings, invert_some, set_digits

__all__ = ["HEIGHT", "NONE", "Layout", "Strings", "draw_strings", "draw_windows", "texts"]

NONE = 10
"""The class of a window with no character in its centre."""


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
    strings, _ = set_digits(digits, count, layout, generator)
    return strings._replace(images=invert_some(strings.images, layout.noise, generator))


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
    strings, target = set_digits(
        digits, count, layout, generator, where=draw[:, 2], left_out=empty & left_out
    )
    shift = torch.randint(-jitter, jitter + 1, (count,), generator=generator)
    beyond = (draw[:, 3] * 21).long()
    rows = torch.arange(count)
    middle = strings.boxes[rows, target].sum(1) // 2 + shift
    centre = torch.where(empty & ~left_out, _after(strings, target, beyond), middle)
    # As far beyond the field as a window in its centre can see.
    images = F.pad(strings.images, (HEIGHT // 2, HEIGHT // 2 + 24))
    columns = (centre[:, None] + torch.arange(HEIGHT))[:, None].expand(-1, HEIGHT, -1)
    windows = images.gather(2, columns)
    labels = strings.labels[rows, target].masked_fill(empty, NONE)
    return Digits(invert_some(windows, layout.noise, generator), labels)


def _after(strings: Strings, target: Tensor, beyond: Tensor) -> Tensor:
    """Return the middle between a digit and the next, or `beyond` the last one's end: (N,)."""
    rows = torch.arange(len(target))
    following = (target + 1).clamp(max=strings.labels.shape[1] - 1)
    ends = strings.boxes[rows, target, 1]
    between = (ends + strings.boxes[rows, following, 0]) // 2
    return torch.where(target == strings.lengths - 1, ends + beyond, between)


def _require_pool(digits: Digits) -> None:
    images, labels = digits
    if images.dtype != torch.uint8 or images.dim() != 3 or images.shape[1:] != (28, 28):
        raise ValueError(
            f"the digits are {images.dtype} of shape {tuple(images.shape)}; expected uint8 "
            "(M, 28, 28), as load_mnist().train has them, before any normalisation."
        )
    require_examples(images, labels)
    if int(labels.max()) > 9:
        raise ValueError(f"labels go up to {int(labels.max())}; expected the digits 0 to 9.")
    blank = (images.amax((1, 2)) == 0).nonzero()
    if len(blank):
        raise ValueError(f"picture {int(blank[0])} has no ink; leave it out.")
