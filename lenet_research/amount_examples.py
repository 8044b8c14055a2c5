"""What readers of amounts learn first: distorted typefaces, and characters that stand alone."""

import torch
from torch.nn import functional as F

from lenet_utils.amounts import CHARACTERS, Glyphs
from lenet_utils.distortions import PlanarRanges, distort
from lenet_utils.mnist import Digits
from lenet_utils.typesetting import HEIGHT, resized


def distorted(glyphs: Glyphs, ranges: PlanarRanges, *, seed: int, copies: int = 4) -> Glyphs:
    """Return typefaces as drawn, and `copies` of each whose characters are distorted at random."""
    images = glyphs.images.repeat(copies, 1, 1, 1).flatten(0, 1)
    more = distort(images, ranges, seed=seed).view(-1, *glyphs.images.shape[1:])
    names = (names * (copies + 1) for names in glyphs[1:])
    return Glyphs(torch.cat([glyphs.images, more]), *names)


def single_characters(glyphs: Glyphs, digits: Digits, count: int, *, seed: int) -> Digits:
    """Draw characters that stand alone in a window: half of them handwritten digits.

    Args:
        glyphs: the typefaces of the other half, each character equally often.
        digits: the pool.
        count: N.
        seed: the same seed gives the same windows.

    Returns:
        uint8 (N, 32, 32), up to 3 pixels higher or lower than drawn, and int64 (N,).
    """
    generator = torch.Generator().manual_seed(seed)
    printed = glyphs.images.flatten(0, 1)
    pool = torch.cat([printed, digits.images])
    classes = torch.cat([torch.arange(len(CHARACTERS)).repeat(len(glyphs.faces)), digits.labels])
    half = count // 2
    chosen = torch.cat(
        [
            torch.randint(0, len(printed), (count - half,), generator=generator),
            torch.randint(len(printed), len(pool), (half,), generator=generator),
        ]
    )
    sizes = torch.randint(54, 75, (count,), generator=generator)
    drawn, inks = resized(pool, chosen[:, None], sizes)
    left = (inks[0] + inks[1])[:, 0] // 2 - HEIGHT // 2
    top = torch.randint(5, 12, (count,), generator=generator)
    # The canvas ends beside the ink of a narrow character.
    around = F.pad(drawn[0], (HEIGHT, HEIGHT, 0, 0))
    columns = (left[:, None] + HEIGHT + torch.arange(HEIGHT))[:, None]
    rows = (top[:, None] + torch.arange(HEIGHT))[:, :, None]
    windows = around.gather(1, rows.expand(-1, -1, around.shape[2]))
    return Digits(windows.gather(2, columns.expand(-1, HEIGHT, -1)), classes[chosen])
