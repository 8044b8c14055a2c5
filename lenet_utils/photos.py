"""A photograph or scan of one digit, prepared as MNIST's digits were, or the reason why not.

Source of the preparation: Section III-A.
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO, NamedTuple, NoReturn

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils.distortions import deslant
from lenet_utils.ink import (
    NoDigit,
    at_working_size,
    darkness_of,
    ink_of,
    normalise_stroke_width,
    one_digit,
)
from lenet_utils.mnist import load_mnist, normalise_1998, normalise_modern, pad_to_32
from lenet_utils.picture_files import read_brightness
from lenet_utils.preparation import centre, fit_into_box, told
from lenet_utils.results.trained import load_trained

FARTHEST = 20.0
"""The distance to the nearest code beyond which Eq. 9, with j = 10 and the half distances of the
network's training, finds it more likely that it is no digit."""
LEAST_ALIKE = 0.81
"""The least cosine of a picture and the digit of MNIST most like it; chosen on made pictures of
another seed than those that are reported."""


class Step(NamedTuple):
    """A picture on the way from the file to the input, uint8 (H, W), and what was done to it."""

    name: str
    picture: Tensor
    says: str


@dataclass(frozen=True)
class Photo:
    """A photographed digit as a network reads it.

    Attributes:
        image: uint8 (28, 28), background 0, as MNIST's.
        steps: what was done, from the picture as it came to `image`.
    """

    image: Tensor
    steps: tuple[Step, ...]

    def digit(self) -> int:
        """Return the digit on which the two trained networks of this package agree.

        Each answers for the mean of two pictures: as it is, and with its slant removed. A network
        names a digit for anything, so two doubts come after it: the distance to the nearest code,
        and the most similar of 4,000 training digits.

        Raises:
            NoDigit: the networks disagree, or it is like no digit that they know.

        Source: the rejection class of Eq. 9, p. 9.
        """
        upright = deslant(self.image[None] / 255)
        pictures = torch.cat([self.image[None], (255 * upright).round().byte()])
        of_1998, modern, digits, labels = _known()
        with torch.no_grad():
            distances = of_1998(normalise_1998(pad_to_32(pictures))).mean(0)
            scores = modern(normalise_modern(pictures)).softmax(1).mean(0)
        answer, other = int(distances.argmin()), int(scores.argmax())
        alike = float((digits[labels == answer] @ F.normalize(upright.flatten(1)).T).max())
        if answer != other:
            self._refuse(f"is it a {answer} or a {other}? The two trained networks disagree.")
        if distances[answer] > FARTHEST:
            far = f"{distances[answer]:.0f}; expected {FARTHEST:.0f} or less"
            self._refuse(f"like no digit: the distance to the nearest code, of {answer}, is {far}.")
        if alike < LEAST_ALIKE:
            least = f"{alike:.2f}; expected {LEAST_ALIKE:.2f} or more"
            self._refuse(f"like no {answer} of MNIST: the cosine to the most similar is {least}.")
        return answer

    def _refuse(self, reason: str) -> NoReturn:
        raise NoDigit(reason, self.steps)


def read_photo(file: str | os.PathLike[str] | BinaryIO) -> Photo:
    """Read a photograph or a scan of one digit, as an input and with all that was done to it.

    The picture is turned upright, paper's brightness is divided out, so that shadows vanish, ink
    is rescaled, a thin pen is thickened, and the digit is fitted and centred as MNIST's are.

    Args:
        file: a path, or a file opened in binary mode: JPEG, PNG, TIFF, WebP and what else Pillow
            reads; of any depth, with colours, palette or transparency.

    Raises:
        NoDigit: a picture without exactly one thing that can be a digit; `reason` says why, and
            `steps` shows how far it went. It is a ValueError.
        ValueError: not one picture that Pillow reads, such as HEIC; the message says what to do.
        OSError: the file cannot be opened.

    Source: Section III-A.
    """
    values, done = read_brightness(file)
    return _prepared(values, done)


def prepare_photo(grey: Tensor) -> Tensor:
    """Turn the brightness of a photograph into a digit as MNIST has them; see `read_photo`.

    Args:
        grey: (H, W), brightness from 0 to 255, uint8 or float, one digit, not touching the border.

    Returns:
        uint8 (28, 28), background 0.

    Raises:
        NoDigit: see `read_photo`.
        ValueError: another shape or type, or values outside 0 to 255.

    Source: Section III-A.
    """
    _require_grey(grey)
    values = grey.detach().cpu().numpy().astype(np.float32)[..., None] / 255
    return _prepared(values, "brightness").image


@cache
def _known() -> tuple[nn.Module, nn.Module, Tensor, Tensor]:
    """Return the two networks, and deslanted training digits of length 1 with their labels."""
    digits, labels = load_mnist(sample=True).train
    upright = F.normalize(deslant(digits / 255).flatten(1))
    return load_trained("lenet5_1998"), load_trained("lenet5_modern"), upright, labels


def _prepared(values: np.ndarray, done: str) -> Photo:
    steps: list[Step] = []

    def keep(name: str, picture: np.ndarray, says: str) -> np.ndarray:
        grey = np.clip(255 * picture + 0.5, 0, 255).astype(np.uint8)
        steps.append(Step(name, torch.from_numpy(grey), says))
        return picture

    try:
        values = at_working_size(values)
        keep("picture", values.mean(-1), done)
        darkness, noise, says = darkness_of(values)
        keep("paper removed", darkness, says)
        ink = keep("ink", *ink_of(darkness, noise))
        digit = keep("one digit", *one_digit(ink))
        keep("strokes", *normalise_stroke_width(digit))
    except NoDigit as refusal:
        refusal.steps = tuple(steps)
        raise
    box = fit_into_box(steps[-1].picture)
    steps.append(Step("20 by 20 box", box, "scaled to 20 pixels on the longer side"))
    image = centre(box)
    steps.append(Step("centre of mass", image, "moved to the middle of 28 by 28 pixels"))
    return Photo(image, tuple(steps))


def _require_grey(grey: Tensor) -> None:
    real = isinstance(grey, Tensor) and (grey.dtype == torch.uint8 or grey.is_floating_point())
    if not real or grey.dim() != 2 or 0 in grey.shape:
        shape = f"expected uint8 or float of shape (H, W). {_advice(grey)}"
        raise ValueError(f"the picture is {told(grey)}; {shape}")
    if not bool(((grey >= 0) & (grey <= 255)).all()):
        raise ValueError(
            f"brightness goes from {grey.min():g} to {grey.max():g}; expected 0 to 255."
        )
    if grey.is_floating_point() and grey.max() <= 1:
        raise ValueError(
            f"brightness goes up to {grey.max():g}; expected 0 to 255: multiply it by 255."
        )


def _advice(picture: object) -> str:
    """Say how to make (H, W) of it, by where its channels or its batch are."""
    if not isinstance(picture, Tensor):
        return "Of a NumPy array: torch.from_numpy(array)."
    shape = picture.shape
    if len(shape) == 3 and shape[0] == 1:
        return "Drop the first dimension: picture[0]."
    if len(shape) == 3 and shape[2] == 1:
        return "Drop the last dimension: picture[..., 0]."
    if len(shape) == 3 and shape[2] in (3, 4) and shape[0] not in (3, 4):
        return "Take the mean over the colours, which come last: picture[..., :3].float().mean(2)."
    if len(shape) == 3 and shape[0] in (3, 4):
        return "Take the mean over the colours, which come first: picture[:3].float().mean(0)."
    if len(shape) > 2:
        return "Give one picture at a time, without colours."
    if len(shape) < 2 or 0 in shape:
        return "Give rows and columns of pixels."
    return "Of whole numbers: picture.byte() if they go from 0 to 255."
