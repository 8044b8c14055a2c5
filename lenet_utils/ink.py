"""The ink of one digit in a photograph: paper's brightness removed, other things told apart.

Reflected light is what falls on the paper times what the paper or the ink reflects, so brightness
is divided by that of the paper around it: what remains does not know the shadow. The paper under
the strokes is found by a grey closing, which fills in what is narrower than its window and leaves
the straight edge of a shadow where it is.
"""

import itertools
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

SHORT, LONG = 240, 480
"""Pictures are scaled until their longer side lies between these, in pixels."""
FAINTEST = 0.10
"""The least that ink must be darker than paper, as a fraction of the paper's brightness."""
LOUDEST = 4.0
"""The least contrast of ink in standard deviations of the noise."""
SMALLEST = 14
"""The longer side of the smallest digit, in pixels of the scaled picture."""
WIDEST = 1.4
"""The largest width of a digit in units of its height: a few of MNIST's are as wide."""
PEN = 0.115
"""The least width of a stroke in units of the digit's longer side, about that of MNIST's."""
FINE = 160
"""The longer side, in pixels, at which strokes are thickened."""

_TOUCHING = np.ones((3, 3))


class NoDigit(ValueError):
    """There is not one digit to be read: `reason` says why, `steps` shows how far it went."""

    def __init__(self, reason: str, steps: tuple[Any, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.steps = steps


def at_working_size(values: np.ndarray) -> np.ndarray:
    """Scale brightness (H, W, channels) until the longer side has 240 to 480 pixels.

    Raises:
        NoDigit: the shorter side is left with less than a digit's height.
    """
    longer = max(values.shape[:2])
    factor = min(max(1.0, SHORT / longer), LONG / longer)
    size = [max(1, round(side * factor)) for side in values.shape[:2]]
    if min(size) <= SMALLEST or min(values.shape[:2]) < 8:
        height, width = values.shape[:2]
        raise NoDigit(f"the picture has {width} by {height} pixels: too few, or too long a strip.")
    if factor == 1:
        return values
    # A view that torch can read: a flipped picture has negative strides.
    planes = torch.from_numpy(np.ascontiguousarray(np.moveaxis(values, -1, 0)))[None]
    planes = F.interpolate(planes.float(), size, mode="bilinear", antialias=True)
    return np.moveaxis(planes[0].numpy(), 0, -1)


def darkness_of(values: np.ndarray) -> tuple[np.ndarray, float, str]:
    """Divide by the paper's brightness, in the channel in which ink stands out most.

    Args:
        values: brightness from 0 to 1, (H, W, 1) or (H, W, 3).

    Returns:
        0 for paper to 1, (H, W); the standard deviation of its noise; and what was done.
    """
    from scipy import ndimage

    half = ndimage.uniform_filter(values, (2, 2, 0))[1::2, 1::2]
    dark_on_light = _dark_on_light(half.mean(-1))
    if not dark_on_light:
        values, half = 1 - values, 1 - half
    widest = 0.28 * min(half.shape[:2])
    layers = [("brightness", -1)]
    if values.shape[-1] == 3:
        layers += [("red", 0), ("green", 1), ("blue", 2)]
    found: list[tuple[float, str, int, float]] = []
    for name, channel in layers:
        darkness, noise = _without_paper(_layer(half, channel), widest)
        strongest = np.sort(darkness.ravel())[-max(10, darkness.size // 1000) :].mean()
        found.append((strongest / (noise + 0.02), name, channel, _width(darkness, noise)))
    # Brightness averages the noise of three channels: another one has to be clearly better.
    best = max(found, key=lambda one: one[0] / (1.3 if one[2] >= 0 else 1))
    window = min(max(5 * best[3], 0.06 * min(values.shape[:2])), 2 * widest)
    darkness, noise = _without_paper(_layer(values, best[2]), window)
    kind = "dark on light" if dark_on_light else "light on dark, turned over"
    return darkness, noise, f"{kind}; {best[1]} divided by that of the paper around it"


def ink_of(darkness: np.ndarray, noise: float) -> tuple[np.ndarray, str]:
    """Scale darkness so that a third of the pen's is paper and two thirds are ink, 0 to 1.

    Raises:
        NoDigit: too little contrast.
    """
    peak = _peak(darkness, noise)
    if peak < FAINTEST:
        raise NoDigit(
            f"too little contrast: nothing is darker than its paper by {FAINTEST:.0%} or more. "
            "Is there a digit? Then take a darker pen."
        )
    if peak < LOUDEST * noise:
        raise NoDigit(
            f"too little contrast: ink differs from paper by {peak:.0%}, and the grain by "
            f"{noise:.0%}. Take the photograph in more light."
        )
    return np.clip(3 * darkness / peak - 1, 0, 1), f"{peak:.0%} darker than its paper"


def one_digit(ink: np.ndarray) -> tuple[np.ndarray, str]:
    """Cut out the one thing that can be a digit, without the specks around it.

    Raises:
        NoDigit: it is too small, touches the border, is too wide, or is not alone.
    """
    from scipy import ndimage

    labels, count = ndimage.label(ink > 0.25, _TOUCHING)
    boxes = ndimage.find_objects(labels)
    mass = np.bincount(labels.ravel(), ink.ravel(), count + 1)[1:]
    spans = np.array([[(part.start, part.stop) for part in box] for box in boxes])
    sides = spans[:, :, 1] - spans[:, :, 0]
    edge = ((spans[:, :, 0] == 0) | (spans[:, :, 1] == ink.shape)).any(1)
    # What touches the border is a table or a shadow more often than a digit.
    main = int(np.where(edge, 0.1 * mass, mass).argmax())
    longest, size = sides.max(1), sides[main].max()
    if size < SMALLEST:
        raise NoDigit(f"the largest thing has {size} pixels of {max(ink.shape)}: too small.")
    around = ndimage.binary_dilation(labels == main + 1, _TOUCHING, max(1, int(0.06 * size)))
    near = np.isin(np.arange(count), labels[around] - 1)
    speck = (mass < max(4, 0.004 * mass[main])) | (longest < 0.06 * size)
    other = ~near & ~speck
    least = np.where(edge, 5, 1)
    large = (longest > np.where(edge, 0.6, 0.25) * size) | (mass > 0.1 * least * mass[main])
    if (other & large).any():
        raise NoDigit(f"{1 + (other & large).sum()} things lie on the paper; expected one digit.")
    if other.sum() > 6:
        raise NoDigit(f"{other.sum()} small things lie around; expected a digit on plain paper.")
    pieces = near & ~speck
    if (edge & pieces).any():
        raise NoDigit("the ink reaches the border: a digit that is cut off, or no digit.")
    digit = np.isin(labels, np.flatnonzero(pieces) + 1)
    (box,) = ndimage.find_objects(digit.astype(int))
    _require_one([boxes[i] for i in np.flatnonzero(pieces)], box)
    # With the grey edge around it, which is below the threshold.
    grown = ndimage.binary_dilation(digit, _TOUCHING, 2)
    cut = tuple(slice(max(0, part.start - 3), part.stop + 3) for part in box)
    left_out = int(count - pieces.sum())
    return np.where(grown, ink, 0)[cut], f"{left_out} specks left out"


def normalise_stroke_width(digit: np.ndarray) -> tuple[np.ndarray, str]:
    """Enlarge or shrink to a common size, and thicken a thin pen to that of MNIST.

    Scaled down as it is, a thin line would come out as a pale one.
    """
    from scipy import ndimage

    # With room for strokes to grow.
    large = np.pad(ndimage.zoom(digit, FINE / max(digit.shape), order=1), FINE // 10)
    inside = large > 0.5
    rows, columns = (np.flatnonzero(inside.any(axis)) for axis in (1, 0))
    size = 1 + max(np.ptp(rows), np.ptp(columns))
    # Across a stroke the distance to its edge rises to half the width: its mean is a quarter.
    pen = 4 * ndimage.distance_transform_edt(inside)[inside].mean() - 1
    says = f"{pen / size:.1%} of the longer side wide"
    if pen >= PEN * size:
        return large, says
    away = ndimage.distance_transform_edt(~inside)
    return np.clip((PEN * size - pen) / 2 + 1 - away, 0, 1), f"{says}, thickened to {PEN:.1%}"


def _layer(values: np.ndarray, channel: int) -> np.ndarray:
    return values.mean(-1) if channel < 0 else values[..., channel]


def _dark_on_light(grey: np.ndarray) -> bool:
    """Tell whether ink is darker than paper.

    At the edge of a shadow brightness lies above and below a local median alike; ink lies on one
    side of it.
    """
    from scipy import ndimage

    step = max(1, max(grey.shape) // 48)
    small = ndimage.uniform_filter(grey, step)[step // 2 :: step, step // 2 :: step]
    local = ndimage.median_filter(small, max(5, int(0.3 * min(small.shape)) | 1))
    rows, columns = (
        np.minimum(np.arange(n) // step, m - 1)
        for n, m in zip(grey.shape, local.shape, strict=True)
    )
    return bool(((grey - local[np.ix_(rows, columns)]) ** 3).sum() <= 0)


def _without_paper(layer: np.ndarray, window: float) -> tuple[np.ndarray, float]:
    """Return darkness relative to the paper, and its noise; strokes are narrower than the window.

    Beyond the border brightness goes on as it rose or fell, so that uneven light ends nowhere.
    """
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(layer, 0.7)
    size = max(5, int(window) | 1)
    wide = min(size, min(smooth.shape) - 1)
    even = np.pad(ndimage.gaussian_filter(smooth, 1.2), wide, mode="reflect", reflect_type="odd")
    paper = ndimage.grey_closing(even, size)[wide:-wide, wide:-wide]
    ratio = smooth / np.maximum(ndimage.gaussian_filter(paper, 1.5), 0.02)
    # Grain lifts the closing everywhere; half of a sheet and more is paper.
    ratio /= max(np.median(ratio), 0.02)
    return np.clip(1 - ratio, 0, 1), 1.4826 * float(np.median(np.abs(ratio - 1)))


def _peak(darkness: np.ndarray, noise: float) -> float:
    above = darkness[darkness > max(0.06, 4 * noise)]
    return float(np.percentile(above, 97)) if len(above) >= 12 else 0.0


def _width(darkness: np.ndarray, noise: float) -> float:
    """Return the width of the widest stroke of the largest thing, one off the border if any."""
    from scipy import ndimage

    peak = _peak(darkness, noise)
    if peak == 0:
        return 0.0
    labels, count = ndimage.label(darkness > max(0.06, 4 * noise, peak / 2), _TOUCHING)
    mass = np.bincount(labels.ravel(), minlength=count + 1)
    mass[0] = 0
    free = mass.copy()
    free[np.unique(np.r_[labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = 0
    main = free.argmax() if free.max() > 0.05 * mass.max() else mass.argmax()
    return 2 * float(ndimage.distance_transform_edt(labels == main).max())


def _require_one(pieces: list[tuple[slice, slice]], box: tuple[slice, slice]) -> None:
    """Refuse pieces that stand side by side, each as tall as a digit, and what is too wide."""
    height, width = (part.stop - part.start for part in box)
    tall = [columns for rows, columns in pieces if rows.stop - rows.start > 0.6 * height]
    tall.sort(key=lambda columns: columns.start)
    for left, right in itertools.pairwise(tall):
        narrower = min(left.stop - left.start, right.stop - right.start)
        if right.start - left.stop > -0.15 * narrower:
            raise NoDigit("two pieces of a digit's height stand side by side; expected one digit.")
    if width > WIDEST * height:
        raise NoDigit(f"the ink is {width} wide and {height} tall; expected the shape of a digit.")
