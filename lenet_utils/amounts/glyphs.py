"""The printed characters of amounts: drawn once from free typefaces, and shipped as pictures.

So a field is the same on every machine, whatever typefaces and whatever FreeType it has.
`python -m lenet_research.amount_glyphs` draws them, and lists the typefaces with their licences.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

CHARACTERS = "0123456789,.$*/-"
"""What a field may hold, in the order of the classes."""
RUBBISH = len(CHARACTERS)
"""The class of a piece of ink that is no character: a fragment, or several at once."""

SPLITS = ("train", "validation", "test")
PACK = Path(__file__).resolve().parent.parent / "data" / "amount_glyphs.npz"


class Glyphs(NamedTuple):
    """The characters of several typefaces.

    Attributes:
        images: uint8 (F, 16, 28, 28), 255 is ink: a digit is 18 pixels high, and
            the base line is the same for all characters.
        faces: F names such as "Inter-Bold".
        families: F names of their families; no family is in two splits.
    """

    images: Tensor
    faces: list[str]
    families: list[str]


def load_glyphs(split: str) -> Glyphs:
    """Return the typefaces of a split: "train", "validation" or "test".

    Raises:
        ValueError: another split.
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; expected one of {', '.join(SPLITS)}.")
    with np.load(PACK, allow_pickle=False) as pack:
        chosen = np.flatnonzero(pack["splits"] == split)
        images = torch.from_numpy(pack["images"][chosen])
        return Glyphs(images, pack["faces"][chosen].tolist(), pack["families"][chosen].tolist())
