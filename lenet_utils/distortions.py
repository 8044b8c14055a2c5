"""The paper's planar distortions of digits, drawn at random, batched, on the device.

Translation, scaling, squeezing (compression one way and elongation the other) and horizontal
shearing. The paper names them and publishes no ranges; rotation is not among them.
Source: LeCun, Bottou, Bengio and Haffner (1998), Section III-B, p. 11.
"""

import math
from dataclasses import astuple, dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

CHUNK = 2000


@dataclass(frozen=True)
class PlanarRanges:
    """How far each distortion goes; 0 leaves it out.

    Args:
        shift: largest translation in each direction, in pixels.
        scale: sizes lie between 1 / (1 + scale) and 1 + scale.
        squeeze: widths are multiplied, and heights divided, by 1 / (1 + squeeze) to 1 + squeeze.
        shear: largest horizontal shift per pixel of height.

    Raises:
        ValueError: a range that is negative or not finite.

    Source: p. 11 names the distortions; the ranges are ours, see the record `distortions`.
    """

    shift: float = 0.0
    scale: float = 0.0
    squeeze: float = 0.0
    shear: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (value >= 0 and math.isfinite(value)):
                raise ValueError(f"{name} is {value}; expected a number of 0 or more.")

    def draw(self, count: int, seed: int) -> Tensor:
        """Draw affine maps uniformly (sizes: uniformly in their logarithm).

        Args:
            count: how many.
            seed: the same seed draws the same maps, on every device.

        Returns:
            float32 (count, 2, 3), for `warp`.
        """
        generator = torch.Generator().manual_seed(seed)
        uniform = 2 * torch.rand(count, 5, generator=generator) - 1
        shift, scale, squeeze, shear = astuple(self)
        size = torch.exp(uniform[:, 0] * math.log1p(scale))
        width = torch.exp(uniform[:, 1] * math.log1p(squeeze))
        maps = torch.zeros(count, 2, 3)
        maps[:, 0, 0] = size * width
        maps[:, 0, 1] = size * width * uniform[:, 2] * shear
        maps[:, 1, 1] = size / width
        maps[:, :, 2] = uniform[:, 3:] * shift
        return maps


def distort(
    images: Tensor, ranges: PlanarRanges, *, seed: int, background: float | None = None
) -> Tensor:
    """Distort every image in its own random way.

    Args:
        images: uint8 or float, (N, H, W) or (N, 1, H, W), on any device.
        ranges: how far.
        seed: the same seed gives the same distortions.
        background: what comes in from outside: by default 0 for uint8; for float images the
            value that their normalisation gives to 0, such as -0.1 for `normalise_1998`.

    Returns:
        As `images`: type, shape and device.

    Raises:
        ValueError: another type or shape; float images without a background.

    Source: p. 11.
    """
    return warp(images, ranges.draw(len(images), seed), background=background)


def warp(images: Tensor, maps: Tensor, *, background: float | None = None) -> Tensor:
    """Move every image by its own affine map, bilinearly.

    A point at (x, y) pixels from the image's centre, x to the right and y downwards, goes to
    map @ (x, y, 1).

    Args:
        images: uint8 or float, (N, H, W) or (N, 1, H, W).
        maps: float (N, 2, 3), invertible.
        background: see `distort`.

    Returns:
        As `images`: type, shape and device.

    Raises:
        ValueError: see `distort`; maps of another number or shape, or that cannot be inverted.
    """
    _require(images, maps, background)
    if background is None:
        background = 0.0
    height, width = images.shape[-2:]
    # Sampling asks where a pixel came from, in units of half an image.
    back = torch.linalg.inv(maps[:, :, :2].double())
    origin = -back @ maps[:, :, 2:].double()
    half = torch.tensor([width / 2, height / 2], dtype=torch.float64, device=maps.device)
    theta = torch.cat([back * half / half[:, None], origin / half[:, None]], 2)
    theta = theta.float().to(images.device)
    moved = torch.empty_like(images)
    for first in range(0, len(images), CHUNK):
        part = slice(first, first + CHUNK)
        inputs = images[part].reshape(-1, 1, height, width).float() - background
        grid = F.affine_grid(theta[part], list(inputs.shape), align_corners=False)
        result = F.grid_sample(inputs, grid, align_corners=False) + background
        if images.dtype == torch.uint8:
            result = result.round().clamp(0, 255)
        moved[part] = result.reshape(images[part].shape).to(images.dtype)
    return moved


def deslant(images: Tensor) -> Tensor:
    """Shear every image so that its principal axis stands upright, and centre it.

    The slant is the covariance of x and y over the variance of y, ink being the weight.

    Args:
        images: float (N, H, W), background 0; each has ink.

    Source: Section III-A names deslanted versions of the digits.
    """
    height, width = images.shape[1:]
    ink = images.double()
    total = ink.sum((1, 2))
    y, x = torch.meshgrid(
        torch.arange(height).double() - (height - 1) / 2,
        torch.arange(width).double() - (width - 1) / 2,
        indexing="ij",
    )
    centre_x, centre_y = (ink * x).sum((1, 2)) / total, (ink * y).sum((1, 2)) / total
    below = y - centre_y[:, None, None]
    right = x - centre_x[:, None, None]
    second_moment = (ink * below**2).sum((1, 2)).clamp_min(1e-9)
    slant = (ink * below * right).sum((1, 2)) / second_moment
    maps = torch.zeros(len(images), 2, 3)
    maps[:, 0, 0] = maps[:, 1, 1] = 1
    maps[:, 0, 1] = -slant
    maps[:, 0, 2] = slant * centre_y - centre_x
    maps[:, 1, 2] = -centre_y
    return warp(images, maps, background=0.0)


def _require(images: Tensor, maps: Tensor, background: float | None) -> None:
    shaped = images.dim() == 3 or (images.dim() == 4 and images.shape[1] == 1)
    if not shaped or not (images.dtype == torch.uint8 or images.is_floating_point()):
        raise ValueError(
            f"images are {images.dtype} of shape {tuple(images.shape)}; expected uint8 or float, "
            "(N, H, W) or (N, 1, H, W)."
        )
    if images.is_floating_point() and background is None:
        raise ValueError(
            "images are float and background is None; name the value of an empty pixel, such as "
            "background=-0.1 for images of normalise_1998."
        )
    if maps.shape != (len(images), 2, 3) or not maps.is_floating_point():
        raise ValueError(
            f"maps are {maps.dtype} of shape {tuple(maps.shape)}; expected float "
            f"({len(images)}, 2, 3), one an image."
        )
    areas = torch.linalg.det(maps[:, :, :2].double())
    if not bool(maps.isfinite().all() and areas.all()):
        raise ValueError(
            f"a map multiplies areas by {areas[areas.abs().argmin()]:g}; expected maps of finite "
            "numbers that can be inverted."
        )
