"""The pieces of ink of a field, as the recogniser sees them.

As in `segmentation`, but a window keeps the rows of the field: a comma, a star and a hyphen are
told apart by where they stand, too.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.segmentation import INK, find_cuts
from lenet_utils.typesetting import HEIGHT

LEAST_INK = 4
"""The least ink between two cuts, in pixels: a point has hardly more."""
MOST_PIECES = 4
WIDEST = 28
"""Pixels: a group of several pieces that is wider is no character."""
SLACK = 2
"""By how many pixels a group may begin or end beside a character's box."""


class Pieces(NamedTuple):
    """Groups of neighbouring pieces of a field, from left to right.

    Attributes:
        cuts: of each group, the numbers of its left and of its right cut, A pairs.
        columns: int64 (A, 2), the first column with ink and the one after the last.
        windows: uint8 (A, 32, 32), the ink of the group alone, in the middle.
    """

    cuts: list[tuple[int, int]]
    columns: Tensor
    windows: Tensor


def without_specks(images: Tensor) -> Tensor:
    """Return pictures without the ink of which only one or two pixels touch: uint8 (..., H, W)."""
    ink = images >= INK
    core = ink & (_around(ink) >= 3)
    return images.masked_fill(ink & (_around(core) == 0), 0)


def _around(marks: Tensor) -> Tensor:
    """Return how many of the 3x3 pixels around each are marked: bool to int64 (..., H, W)."""
    height, width = marks.shape[-2:]
    framed = F.pad(marks.to(torch.uint8), (1, 1, 1, 1))
    shifted = [framed[..., y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return torch.stack(shifted).sum(0)


def cut_field(image: Tensor) -> Pieces:
    """Cut a field in every plausible place and form every plausible group of pieces.

    Args:
        image: uint8 (32, W), 255 is ink.

    Returns:
        `Pieces`, of the field without its specks.

    Raises:
        ValueError: another type or shape, or no ink.

    Source: Sections V and X.
    """
    if image.dtype != torch.uint8 or image.dim() != 2 or len(image) != HEIGHT:
        raise ValueError(
            f"the field is {image.dtype} of shape {tuple(image.shape)}; expected uint8 "
            f"({HEIGHT}, W), one of the images of draw_fields."
        )
    picture = without_specks(image)
    inside = (picture >= INK).any(0).nonzero()[:, 0]
    picture = picture[:, : int(inside[-1]) + 1 if len(inside) else None]
    cuts = find_cuts(picture, least=LEAST_INK)
    count, width = len(cuts) - 1, picture.shape[1]
    pairs = [(i, j) for i in range(count) for j in range(i + 1, min(i + MOST_PIECES, count) + 1)]
    left, right = torch.tensor(pairs)[:, :, None, None].unbind(1)
    # Of each pixel, how many cuts lie left of it: cuts do not cross.
    inner = torch.stack([cut.columns for cut in cuts[1:]])
    piece = (torch.arange(width) >= inner[:, :, None]).sum(0)
    inks = picture * ((piece >= left) & (piece < right))
    inked = (inks >= INK).any(1).to(torch.uint8)
    columns = torch.stack([inked.argmax(1), width - inked.flip(1).argmax(1)], 1)
    spans = (columns[:, 1] - columns[:, 0]).tolist()
    kept = [k for k, (i, j) in enumerate(pairs) if j == i + 1 or spans[k] <= WIDEST]
    middle = columns[kept].sum(1) // 2
    padded = F.pad(inks[kept], (HEIGHT // 2, HEIGHT // 2))
    seen = (middle[:, None] + torch.arange(HEIGHT))[:, None].expand(-1, HEIGHT, -1)
    return Pieces([pairs[k] for k in kept], columns[kept], padded.gather(2, seen))


def true_classes(pieces: Pieces, text: str, boxes: Tensor, characters: str) -> Tensor:
    """Say which character each group is, by the true boxes: int64 (A,), `len(characters)` for none.

    A group is a character where its ink begins and ends within two pixels of the character's.
    """
    found = torch.full((len(pieces.cuts),), len(characters))
    for character, box in zip(text, boxes, strict=False):
        fits = ((pieces.columns - box).abs() <= SLACK).all(1)
        found[fits] = characters.index(character)
    return found
