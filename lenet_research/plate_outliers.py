"""Pictures of no character to train with: glyphs of other scripts, cut characters, and pieces.

What a network then refuses is measured on other kinds (`draw_nothing`): bolts, strokes, frames,
dirt, texture. None of these is in the training set.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_research.plate_engines import Pool
from lenet_utils.plates.characters import NAMES

NONE = len(NAMES)
"""The number of the class of what is no character."""


def with_outliers(pool: Pool, scripts: Tensor, count: int, generator: torch.Generator) -> Pool:
    """Return a pool with `count` pictures of no character, a quarter of each kind.

    Args:
        pool: the characters.
        scripts: uint8 (N, 32, 32), standardised: glyphs of other scripts.
        count: how many pictures.
        generator: draws which.
    """
    part = count // 4
    which = torch.randint(len(scripts), (count - 3 * part,), generator=generator)
    kinds = [made(pool.images, part, generator) for made in (cut, pieces, shuffled)]
    images = torch.cat([pool.images, scripts[which], *kinds])
    return Pool(images, torch.cat([pool.labels, torch.full((count,), NONE)]))


def cut(images: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return what a window between two characters sees: the end of one, the beginning of another.

    Args:
        images: uint8 (N, 32, 32), standardised characters.
        count: how many.
        generator: draws which characters, and where they are cut.
    """
    left, right = (
        images[torch.randint(len(images), (count,), generator=generator)].float() - 128
        for _ in range(2)
    )
    # Both on one plate: bright on dark, or dark on bright.
    same = torch.sign(_border(left) * _border(right))
    right *= torch.where(same == 0, 1, same)[:, None, None]
    at = torch.randint(12, 21, (count, 1, 1), generator=generator)
    columns = torch.arange(32).expand(count, 32, 32)
    source = torch.where(columns < at, columns + 32 - at, 32 + columns - at)
    both = torch.cat([left, right], 2).gather(2, source)
    return _restandardised(both)


def _border(images: Tensor) -> Tensor:
    return torch.cat([images[:, 0], images[:, -1]], 1).mean(1)


def pieces(images: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return quarters of characters, as large as a character: uint8 (count, 32, 32)."""
    chosen = images[torch.randint(len(images), (count,), generator=generator)].float() - 128
    place = torch.randint(0, 2, (count, 2), generator=generator).float() - 0.5
    grid = torch.zeros(count, 2, 3)
    grid[:, 0, 0] = grid[:, 1, 1] = 0.5
    grid[:, :, 2] = place
    where = F.affine_grid(grid, [count, 1, 32, 32], align_corners=False)
    return _restandardised(F.grid_sample(chosen[:, None], where, align_corners=False)[:, 0])


def shuffled(images: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return pictures whose quarters are those of four characters: uint8 (count, 32, 32)."""
    chosen = images[torch.randint(len(images), (4, count), generator=generator)].float() - 128
    bright = torch.sign(_border(chosen.flatten(0, 1))).view(4, count)
    same = bright[:1] * bright
    chosen = chosen * torch.where(same == 0, 1, same)[:, :, None, None]
    (a, b), (c, d) = chosen[:2], chosen[2:]
    upper = torch.cat([a[:, :16, :16], b[:, :16, 16:]], 2)
    lower = torch.cat([c[:, 16:, :16], d[:, 16:, 16:]], 2)
    return _restandardised(torch.cat([upper, lower], 1))


def _restandardised(images: Tensor) -> Tensor:
    deviation, mean = torch.std_mean(images, (1, 2), keepdim=True, unbiased=False)
    return ((images - mean) / deviation.clamp(min=1.0) * 40).round().add(128).clamp(0, 255).byte()
