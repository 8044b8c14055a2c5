"""Fields of a cheque, made: amounts, and dates and numbers, which look like amounts and are not.

A field is printed throughout, or its digits are handwritten and its signs printed. All is drawn in
whole numbers, see `typesetting`, so that a seed gives the same fields on every machine.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from lenet_utils.amounts.glyphs import CHARACTERS, Glyphs
from lenet_utils.evaluation import require_whole
from lenet_utils.mnist import Digits
from lenet_utils.typesetting import MARGIN, STRIDE, invert_some, paste, resized

SPECKS = 0.001
"""Probability with which a pixel is inverted."""
TOUCHING = 8
"""Of so many printed fields one has characters that touch or overlap."""

_PREFIXES = ("", "", "$", "$", "**", "***", "$**", "$*")
_SUFFIXES = ("", "", "", "**")

Draw = Callable[[int, int], int]


class Fields(NamedTuple):
    """Fields, and what is known of them.

    Attributes:
        images: uint8 (N, 32, W), 255 is ink.
        texts: what stands in each field, such as "$**1,234.56".
        cents: what it is worth, or None where it is no amount.
        boxes: int64 (N, L, 2), of each character the first column with ink, before the specks, and
            the column after the last one; 0 after the last character.
    """

    images: Tensor
    texts: list[str]
    cents: list[int | None]
    boxes: Tensor


def cents_of(text: str) -> int | None:
    """Return what an amount is worth, such as 123456 for "$**1,234.56"; None for another text."""
    digits = text.removeprefix("$").strip("*").replace(",", "")
    whole, point, part = digits.partition(".")
    if not (point and whole.isdigit() and len(part) == 2 and part.isdigit()):
        return None
    return int(whole + part)


def draw_fields(
    glyphs: Glyphs, count: int, *, digits: Digits | None = None, others: float = 0.0, seed: int
) -> Fields:
    """Draw fields.

    A field has one typeface, one size, 0.85 to 1.15 of the drawn one, and a base line that rises or
    falls by at most 3 pixels in a hundred. Neighbours of a printed field lie 1 to 4 pixels apart,
    up to 2 more at random; or -1 to 1 where they touch. Handwritten digits lie as in Section VII,
    -1 to 4 pixels apart. After the currency sign there may be a blank.

    Args:
        glyphs: the typefaces, each drawn equally often.
        count: N.
        digits: a pool of handwritten digits; without it all is printed.
        others: the fraction of fields that are no amounts: dates and cheque numbers.
        seed: the same seed, typefaces and pool give the same fields.

    Returns:
        `Fields`, as wide as the widest one needs.

    Raises:
        ValueError: a count that is not a whole number of 1 or more, a fraction outside 0 and 1, a
            pool that lacks one of the ten digits.
    """
    require_whole("count", count)
    if not 0 <= others <= 1:
        raise ValueError(f"others is {others!r}; expected a fraction from 0 to 1.")
    generator = torch.Generator().manual_seed(seed)

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=generator))

    texts = [
        _other(draw) if draw(0, 999) < round(1000 * others) else _amount(draw) for _ in range(count)
    ]
    longest = max(map(len, texts))
    written = {} if digits is None else _by_digit(digits, 16 * len(glyphs.faces))
    chosen, gaps = torch.zeros(2, count, longest, dtype=torch.long)
    for i, text in enumerate(texts):
        face, touching = draw(0, len(glyphs.faces) - 1), draw(1, TOUCHING) == 1
        least, most = (-1, 1) if touching else (draw(1, 4), 6)
        for j, character in enumerate(text):
            printed = [16 * face + CHARACTERS.index(character)]
            choice = written.get(character, printed)
            chosen[i, j] = choice[draw(0, len(choice) - 1)]
            gap = draw(-1, 4) if written else draw(least, min(most, least + 2))
            gaps[i, j] = gap + (draw(4, 12) if character == "$" and draw(0, 3) == 0 else 0)
    pool = [glyphs.images.flatten(0, 1)] + ([] if digits is None else [digits.images])
    exists = torch.arange(longest) < torch.tensor([[len(text)] for text in texts])
    images, boxes = _set(torch.cat(pool), chosen, gaps, exists, generator)
    return Fields(invert_some(images, SPECKS, generator), texts, [*map(cents_of, texts)], boxes)


def _amount(draw: Draw) -> str:
    """Return an amount of 1 to 6 digits before the point, as a machine prints it."""
    length = draw(1, 6)
    whole = draw(10 ** (length - 1), 10**length - 1) if length > 1 else draw(0, 9)
    prefix, suffix = _PREFIXES[draw(0, 7)], _SUFFIXES[draw(0, 3)]
    return f"{prefix}{whole:,}.{draw(0, 99):02}{suffix}"


def _other(draw: Draw) -> str:
    """Return a date, or the number of a cheque."""
    kind = draw(0, 3)
    if kind == 0:
        return str(draw(1_000, 9_999_999))
    if kind == 1:
        return f"{draw(0, 9_999):04}-{draw(0, 999):03}"
    month, day, year = draw(1, 12), draw(1, 28), draw(60, 98)
    return f"{month}/{day}/{1900 + year}" if kind == 2 else f"{month:02}-{day:02}-{year}"


def _by_digit(digits: Digits, first: int) -> dict[str, list[int]]:
    """Return where the pictures of each digit lie in a pool in which they begin at `first`."""
    found = {str(d): (first + (digits.labels == d).nonzero()[:, 0]).tolist() for d in range(10)}
    if missing := [digit for digit, places in found.items() if not places]:
        raise ValueError(f"the pool has no {missing[0]}; expected all ten digits.")
    return found


def _set(
    pool: Tensor, chosen: Tensor, gaps: Tensor, exists: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Set pictures side by side: (M, 28, 28), (N, L) each, to fields (N, 32, W) and boxes."""
    count = len(chosen)
    sizes = torch.randint(54, 75, (count,), generator=generator)  # of 64
    slopes = torch.randint(-30, 31, (count, 1), generator=generator)  # of 1024
    margins = torch.randint(MARGIN, MARGIN + STRIDE, (count, 1), generator=generator)
    glyphs, inks = resized(pool, chosen, sizes)
    widths = inks[1] - inks[0]
    starts = margins + (widths + gaps).cumsum(1) - widths - gaps
    boxes = torch.stack([starts, starts + widths], 2) * exists[:, :, None]
    middle = (margins + boxes.amax((1, 2))[:, None]) // 2
    rise = slopes * (boxes.sum(2) // 2 - middle) // 1024
    return paste(glyphs, inks, boxes, rise), boxes
