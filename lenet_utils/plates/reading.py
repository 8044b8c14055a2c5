"""Read a folder of pictures, one folder a class, and say what is wrong with it.

`survey` looks without training: what opens, what does not, sizes, how many of each class, copies.
`read_classes` gives tensors to train on. `prepare` is the preprocessing, the same in training and
in use.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

__all__ = ["Pictures", "Survey", "open_picture", "prepare", "read_classes", "read_flat", "survey"]

SIDE = 32


class Pictures(NamedTuple):
    """Pictures that were read, and what could not be."""

    images: Tensor
    """uint8 (N, 32, 32)."""
    labels: Tensor
    """int64 (N,)."""
    names: tuple[str, ...]
    """The classes: names of folders, sorted."""
    files: tuple[Path, ...]
    """The file of each picture."""
    skipped: dict[Path, str]
    """Files that are no pictures, and why."""


class Survey(NamedTuple):
    """What lies in a folder of classes."""

    counts: dict[str, int]
    """Pictures of each class that open."""
    sizes: list[tuple[int, int]]
    """Width and height of each."""
    modes: dict[str, int]
    """How many are grey, in colour, with alpha."""
    skipped: dict[Path, str]
    """Files that do not open, and why."""
    copies: list[tuple[Path, ...]]
    """Files with the same bytes."""


def open_picture(path: str | os.PathLike[str]) -> Image.Image:
    """Return a picture in RGB: turned as the phone's EXIF says, on white where it is transparent.

    Raises:
        ValueError: no picture, or only a part of one; the message says which and what to do.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path} is not there; expected a file with a picture.")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty (0 bytes); copy it again, or leave it out.")
    try:
        with Image.open(path) as image:
            image.load()
            turned = ImageOps.exif_transpose(image)
    except UnidentifiedImageError:
        raise ValueError(f"{path} is no picture that Pillow knows; expected JPEG or PNG.") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is damaged ({error}); copy it again, or leave it out.") from error
    if "A" in turned.getbands() or "transparency" in turned.info:
        turned = turned.convert("RGBA")
        white = Image.new("RGBA", turned.size, (255, 255, 255, 255))
        turned = Image.alpha_composite(white, turned)
    return turned.convert("RGB")


def prepare(image: Image.Image) -> Tensor:
    """Return the picture in grey, 32x32: uint8 (32, 32). Its height and width are scaled apart."""
    small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(small))


def survey(folder: str | os.PathLike[str]) -> Survey:
    """Look at a folder of classes: what opens, what sizes, how many of each, which are copies.

    Raises:
        ValueError: no such folder, or no folder of a class in it.
    """
    counts: dict[str, int] = {}
    modes: dict[str, int] = {}
    sizes: list[tuple[int, int]] = []
    skipped: dict[Path, str] = {}
    by_bytes: dict[str, list[Path]] = {}
    for name in _classes(folder):
        counts[name] = 0
        for path in _files(Path(folder) / name):
            try:
                open_picture(path)
            except ValueError as error:
                skipped[path] = str(error)
                continue
            counts[name] += 1
            with Image.open(path) as image:
                sizes.append(image.size)
                modes[image.mode] = modes.get(image.mode, 0) + 1
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            by_bytes.setdefault(digest, []).append(path)
    copies = [tuple(paths) for paths in by_bytes.values() if len(paths) > 1]
    return Survey(counts, sizes, modes, skipped, copies)


def read_classes(folder: str | os.PathLike[str], names: Sequence[str] | None = None) -> Pictures:
    """Read the pictures of a folder of classes, leaving out what does not open.

    Args:
        folder: it holds a folder for each class, whose names may be in any script.
        names: the classes and their order; by default the names of the folders, sorted. Give those
            of the training set for every other split, so that numbers mean the same.

    Returns:
        `Pictures`; `skipped` says what was left out.

    Raises:
        ValueError: no such folder, fewer than two classes, a class of fewer than two pictures where
            the names are not given, or a folder that the names do not have.
    """
    folder = Path(folder)
    found = _classes(folder)
    if names is None:
        names = found
        if len(names) < 2:
            raise ValueError(
                f"{folder} holds one class only, {names[0]!r}; expected two or more, each in a "
                "folder of its own."
            )
        least = 2
    else:
        unknown = sorted(set(found) - set(names))
        if unknown:
            raise ValueError(
                f"{folder} holds the class {unknown[0]!r}, which is none of the {len(names)} that "
                "were trained on; rename or remove that folder."
            )
        least = 0
    images: list[Tensor] = []
    labels: list[int] = []
    files: list[Path] = []
    skipped: dict[Path, str] = {}
    for label, name in enumerate(names):
        before = len(images)
        for path in _files(folder / name) if name in found else []:
            try:
                images.append(prepare(open_picture(path)))
            except ValueError as error:
                skipped[path] = str(error)
                continue
            labels.append(label)
            files.append(path)
        if len(images) - before < least:
            raise ValueError(
                f"class {name!r} has {len(images) - before} pictures that open; expected 2 or "
                "more: one to train on and one to hold out. Collect more, or remove the folder."
            )
    if not images:
        raise ValueError(f"{folder} holds no picture that opens; expected JPEG or PNG files.")
    return Pictures(torch.stack(images), torch.tensor(labels), tuple(names), tuple(files), skipped)


def read_flat(folder: str | os.PathLike[str]) -> Tensor:
    """Read the pictures of a folder without classes, sorted by name: uint8 (N, 32, 32).

    Raises:
        ValueError: no picture there, or one that does not open.
    """
    files = _files(Path(folder))
    if not files:
        raise ValueError(f"{folder} holds no picture; expected JPEG or PNG files.")
    return torch.stack([prepare(open_picture(path)) for path in files])


def _classes(folder: str | os.PathLike[str]) -> list[str]:
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; expected one that holds a folder for each class.")
    names = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not names:
        raise ValueError(
            f"{folder} holds no folders; expected one for each class, such as {folder}/cat and "
            f"{folder}/dog, with the pictures in them."
        )
    return names


def _files(folder: Path) -> list[Path]:
    """Return a class's files, sorted, without those that file managers hide."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
