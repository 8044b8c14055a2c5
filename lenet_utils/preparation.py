"""One's own pictures: IDX files, and ink fitted and centred as the digits of MNIST were.

Source of the preparation: Section III-A: digits fitted into a box of 20x20 with their
proportions kept, grey at the edges, and centred in 28x28 by their centre of mass. The page in
which LeNet-5 reads what is drawn does the same (`book/_static/live/preparation.js`).
"""

import gzip
import os
import zlib
from pathlib import Path

import torch
from torch import Tensor

FIELD = 28
BOX = 20

_IDX_BYTES = 8
"""The type of an IDX file of unsigned bytes."""


def read_idx(path: str | os.PathLike[str]) -> Tensor:
    """Read a file in the format of MNIST: of bytes, of any shape, packed by gzip or not.

    Args:
        path: the file; a name that ends in .gz is unpacked.

    Returns:
        uint8, in the shape that the file names: (N, H, W) of pictures, (N,) of labels.

    Raises:
        ValueError: not an IDX file of bytes, or longer or shorter than its header says.
        OSError: the file cannot be read.
    """
    file = Path(path)
    content = file.read_bytes()
    if file.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(
                f"{file} cannot be unpacked ({error}). Was it fetched to its end?"
            ) from error
    return idx_values(content, file)


def idx_values(content: bytes, file: object) -> Tensor:
    """Return what an IDX file of unsigned bytes holds, in the shape that it names.

    Raises:
        ValueError: see `read_idx`; it names the file.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _IDX_BYTES:
        raise ValueError(
            f"{file} begins with {content[:4].hex(' ') or 'nothing'}; expected 00 00 08 and the "
            "number of dimensions. Is it packed? Then its name must end in .gz."
        )
    start = 4 + 4 * content[3]
    shape = [int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4)]
    count = torch.Size(shape).numel()
    if len(content) != start + count:
        raise ValueError(
            f"{file} holds {max(0, len(content) - start):,} values; expected {count:,} for the "
            f"shape {tuple(shape)} that its header names. Was it fetched to its end?"
        )
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)[start:].view(shape)


def fit_into_box(ink: Tensor, side: int = 0) -> Tensor:
    """Scale what is drawn so that it just fits into 20x20, and put it amid 28x28.

    Args:
        ink: uint8 (H, W), background 0.
        side: the length that becomes 20 pixels, where that of the drawing itself is not longer.

    Returns:
        uint8 (28, 28); each pixel is the mean of the area that it covers.

    Raises:
        ValueError: another shape or type, or no ink.
    """
    drawn = ink[_extent(ink)].double()
    scale = BOX / max(side, *drawn.shape)
    height, width = (max(1, int(side * scale + 0.5)) for side in drawn.shape)
    small = _areas(drawn.shape[0], height) @ drawn @ _areas(drawn.shape[1], width).T
    field = torch.zeros(FIELD, FIELD, dtype=torch.uint8)
    top, left = (FIELD - height) // 2, (FIELD - width) // 2
    field[top : top + height, left : left + width] = (small + 0.5).floor().byte()
    return field


def centre(ink: Tensor) -> Tensor:
    """Shift by whole pixels until the centre of mass lies at pixel (14, 14), counted from 0.

    A shift ends where the drawing reaches the border.

    Args:
        ink: uint8 (28, 28), background 0.

    Returns:
        uint8 (28, 28).

    Raises:
        ValueError: another shape or type, or no ink.
    """
    extent, mass = _extent(ink), ink.double()
    if ink.shape != (FIELD, FIELD):
        raise ValueError(f"ink is {told(ink)}; expected ({FIELD}, {FIELD}), of fit_into_box.")
    shifts = []
    for dim, part in enumerate(extent):
        middle = (mass.sum(1 - dim) * torch.arange(ink.shape[dim])).sum() / mass.sum()
        wanted = int(torch.floor(FIELD / 2 - middle + 0.5))
        shifts.append(max(-part.start, min(ink.shape[dim] - part.stop, wanted)))
    return ink.roll(shifts, (0, 1))


def _areas(length: int, count: int) -> Tensor:
    """Return each pixel's share of each of `count` equal parts of a line, (count, length)."""
    edges = torch.arange(count + 1, dtype=torch.float64) * (length / count)
    pixels = torch.arange(length, dtype=torch.float64)
    upper = torch.minimum(edges[1:, None], pixels + 1)
    return (upper - torch.maximum(edges[:-1, None], pixels)).clamp(min=0) * (count / length)


def _extent(ink: Tensor) -> tuple[slice, slice]:
    if not isinstance(ink, Tensor) or ink.dtype != torch.uint8 or ink.dim() != 2:
        raise ValueError(f"ink is {told(ink)}; expected uint8 (H, W).")
    if not bool(ink.any()):
        raise ValueError(f"ink of shape {tuple(ink.shape)} is 0 everywhere; expected a digit.")
    rows, columns = (ink.amax(dim).nonzero()[:, 0].tolist() for dim in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def told(thing: object) -> str:
    """Say what a thing is that was given for a tensor of another kind."""
    if isinstance(thing, Tensor):
        return f"{thing.dtype} of shape {tuple(thing.shape)}"
    return f"a {type(thing).__name__}"
