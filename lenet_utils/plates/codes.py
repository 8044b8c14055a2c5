"""Codes of 65 classes for the RBF output: drawn from a typeface, random, or one of N.

The paper draws the codes of the printable characters as pictures of 7x12, so that characters that
look alike have codes that lie close, and a language model can choose among them.
Source: Section II-B, p. 8.
"""

from pathlib import Path

import torch
from torch import Tensor

from lenet_utils.plates.characters import NAMES

CODES = Path(__file__).resolve().parent.parent / "data" / "plate_codes.txt"
HEIGHT, WIDTH = 12, 7


def typeface_codes() -> Tensor:
    """Return codes drawn from a typeface at 7x12 pixels: float (65, 84) of -1 and +1.

    Source: Section II-B, p. 8; the drawings are of Noto Sans CJK Bold.
    """
    lines = CODES.read_text(encoding="ascii").splitlines()
    drawings = [line.split()[1] for line in lines if line]
    return torch.tensor([[1.0 if dot == "#" else -1.0 for dot in row] for row in drawings])


def random_codes(seed: int = 0) -> Tensor:
    """Return codes of fair coins: float (65, 84) of -1 and +1."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 2, (len(NAMES), HEIGHT * WIDTH), generator=generator) * 2.0 - 1


def one_hot_codes() -> Tensor:
    """Return "place codes": +1 at the class's own place and -1 elsewhere, float (65, 84)."""
    return torch.eye(len(NAMES), HEIGHT * WIDTH) * 2 - 1
