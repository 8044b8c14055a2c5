"""Pack the digits that the network in the page learns from: `book/_static/live/training.gz`.

    python tools/training_digits.py

They are drawn at random from the 60,000 training digits of MNIST; none is of the test set. So that
as many as possible fit into what a phone may be asked to load, a pixel has 16 shades: half a byte.
First come the numbers of `HEAD`, then all labels, then all pictures.
"""

import gzip
import struct
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from lenet_utils import load_mnist
from lenet_utils.mnist import Digits

TARGET = Path(__file__).parents[1] / "book" / "_static" / "live" / "training.gz"
TRAINING, HELD = 18_000, 2_000
SHADES = 16
HEAD = struct.Struct("<III")
"""Of the file: digits to train on, digits held out, shades."""
LARGEST = 2_000_000  # bytes


class Packed(NamedTuple):
    """The digits of the page: to train on, and held out."""

    train: Digits
    held: Digits


def chosen() -> torch.Tensor:
    """Return the places of the digits in MNIST's training set: int64 (TRAINING + HELD,)."""
    generator = torch.Generator().manual_seed(0)
    return torch.randperm(60_000, generator=generator)[: TRAINING + HELD]


def shaded(images: torch.Tensor) -> torch.Tensor:
    """Return pictures, uint8 (N, 28, 28), with the nearest of the 16 shades from 0 to 255."""
    step = 255 // (SHADES - 1)
    return ((images.int() + step // 2) // step * step).byte()


def pack(digits: Digits, held: int) -> bytes:
    """Pack digits, of which the last `held` are held out."""
    shades = (shaded(digits.images) // (255 // (SHADES - 1))).numpy().reshape(-1, 2)
    halves = (shades[:, 0] << 4 | shades[:, 1]).astype(np.uint8)
    counts = HEAD.pack(len(digits.labels) - held, held, SHADES)
    labels = digits.labels.byte().numpy().tobytes()
    return gzip.compress(counts + labels + halves.tobytes(), 9, mtime=0)


def unpack(data: bytes) -> Packed:
    """Return the digits of a packed file, as the page reads it."""
    content = gzip.decompress(data)
    train, held, _ = HEAD.unpack(content[: HEAD.size])
    values = torch.frombuffer(bytearray(content[HEAD.size :]), dtype=torch.uint8)
    labels, halves = values[: train + held].long(), values[train + held :]
    shades = torch.stack([halves >> 4, halves & 15], 1) * (255 // (SHADES - 1))
    images = shades.view(-1, 28, 28)
    return Packed(Digits(images[:train], labels[:train]), Digits(images[train:], labels[train:]))


def main() -> str | None:
    """Pack them; return what went wrong."""
    try:
        images, labels = load_mnist().train
    except RuntimeError as error:
        return str(error)
    places = chosen()
    data = pack(Digits(images[places], labels[places]), HELD)
    if len(data) > LARGEST:
        return f"{len(data):,} bytes are more than {LARGEST:,}: pack fewer digits."
    TARGET.write_bytes(data)
    print(f"{TARGET}: {TRAINING:,} digits and {HELD:,} held out, {len(data):,} bytes")
    return None


if __name__ == "__main__":
    sys.exit(main())
