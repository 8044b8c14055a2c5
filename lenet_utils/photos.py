"""A photograph or scan of one digit, prepared as MNIST's digits were, or the reason why not."""

import os
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lenet_utils.picture_files import SIDE, read_brightness
from lenet_utils.preparation import BOX, centre, fit_into_box

FAINTEST = 0.10
LOUDEST = 4.0
SMALLEST = 14
PEN = 0.115
LARGE = 160


class Step(NamedTuple):
    name: str
    picture: Tensor
    says: str


@dataclass(frozen=True)
class Photo:
    image: Tensor
    steps: tuple[Step, ...]


class NoDigit(ValueError):
    def __init__(self, reason: str, steps: tuple[Step, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.steps = steps


def read_photo(file: str | os.PathLike[str] | BinaryIO) -> Photo:
    values, said = read_brightness(file)
    return _prepared(values, "; ".join(said))


def _prepared(values: np.ndarray, said: str) -> Photo:
    steps: list[Step] = []

    def keep(name: str, picture: np.ndarray, says: str) -> None:
        steps.append(Step(name, torch.from_numpy(np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)), says))

    try:
        keep("picture", values.mean(-1), said)
        darkness, noise, says = _without_paper(values)
        keep("paper removed", darkness, says)
        mask, full, says = _ink(darkness, noise)
        keep("ink", mask, says)
        rows, columns, mask, says = _one_digit(mask, full, noise)
        cut = mask[rows, columns]
        keep("digit", cut, says)
        strokes, says = _strokes(cut)
        keep("strokes", strokes, says)
        boxed = fit_into_box(steps[-1].picture)
        steps.append(Step("box", boxed, "20"))
        image = centre(boxed)
        steps.append(Step("centred", image, "centre"))
    except NoDigit as none:
        raise NoDigit(none.reason, tuple(steps)) from None
    return Photo(image, tuple(steps))


def _without_paper(values):
    """Darkness relative to the paper, 0 paper to 1 black."""
    from scipy import ndimage

    half = ndimage.uniform_filter(values, (2, 2, 0))[1::2, 1::2]
    grey = half.mean(-1)
    sign = _polarity(ndimage.gaussian_filter(grey, 0.7))
    layers = [grey, *np.moveaxis(half, -1, 0)] if values.shape[-1] == 3 else [grey]
    widest = 0.28 * min(grey.shape)
    best = None
    for i, layer in enumerate(layers):
        dark, noise = _darkness(layer, sign, widest)
        strength = np.sort(dark.ravel())[-max(10, dark.size // 1000) :].mean()
        score = strength / (noise + 0.02)
        if best is None or score > 1.3 * best[0]:
            best = score, dark, noise, i
    _, dark, noise, i = best
    full = values.mean(-1) if i == 0 else values[..., i - 1]
    width = _stroke_width(dark, noise)
    window = min(max(2.5 * 2 * width, 0.06 * min(full.shape)), 2 * widest)
    dark, noise = _darkness(full, sign, window)
    return dark, noise, f"channel {i}, {'dark on light' if sign > 0 else 'light on dark'}, noise {noise:.3f} window {window:.0f}"


def _darkness(layer, sign, window):
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(layer if sign > 0 else 1 - layer, 0.7)
    size = max(5, int(window) | 1)
    wide = min(size, min(smooth.shape) - 1)
    even = np.pad(ndimage.gaussian_filter(smooth, 1.2), wide, mode="reflect", reflect_type="odd")
    paper = ndimage.grey_closing(even, size)[wide:-wide, wide:-wide]
    ratio = smooth / np.maximum(ndimage.gaussian_filter(paper, 1.5), 0.02)
    ratio /= max(np.median(ratio), 0.02)
    return np.clip(1 - ratio, 0, 1), 1.4826 * np.median(np.abs(ratio - 1))


def _stroke_width(dark, noise):
    """Twice the depth of the largest thing that doesn't touch the border."""
    from scipy import ndimage

    floor = max(0.06, 4 * noise)
    above = dark[dark > floor]
    if len(above) < 12:
        return 0.0
    labels, count = ndimage.label(dark > max(floor, 0.5 * np.percentile(above, 97)), np.ones((3, 3)))
    inner = np.bincount(labels.ravel(), minlength=count + 1)
    inner[0] = 0
    edge = np.unique(np.r_[labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    free = inner.copy()
    free[edge] = 0
    main = free.argmax() if free.max() > 0.05 * inner.max() else inner.argmax()
    return 2 * ndimage.distance_transform_edt(labels == main).max()


def _polarity(smooth):
    """+1 dark on light. Edges of shadows differ from a local median to both sides, ink to one."""
    from scipy import ndimage

    step = max(1, max(smooth.shape) // 96)
    small = ndimage.uniform_filter(smooth, step)[step // 2 :: step, step // 2 :: step]
    local = ndimage.median_filter(small, max(5, int(0.3 * min(small.shape)) | 1))
    local = np.kron(local, np.ones((step, step)))
    rows, columns = (min(a, b) for a, b in zip(local.shape, smooth.shape))
    away = smooth[:rows, :columns] - local[:rows, :columns]
    return 1 if (away**3).sum() <= 0 else -1


def _ink(dark, noise):
    floor = max(0.06, 4 * noise)
    above = dark[dark > floor]
    peak = np.percentile(above, 97) if len(above) >= 12 else 0.0
    if peak < FAINTEST:
        raise NoDigit(f"too little contrast: {peak:.0%}")
    if peak < LOUDEST * noise:
        raise NoDigit(f"too noisy: {peak:.0%} at noise {noise:.0%}")
    ink = np.clip(3 * dark / peak - 1, 0, 1)
    return ink, dark / peak, f"peak {peak:.2f}"


def _one_digit(ink, full, noise):
    from scipy import ndimage

    labels, count = ndimage.label(ink > 0.25, np.ones((3, 3)))
    if count == 0:
        raise NoDigit("nothing")
    boxes = ndimage.find_objects(labels)
    mass = np.bincount(labels.ravel(), ink.ravel())[1:]
    H, W = ink.shape
    sides = np.array([(b[0].stop - b[0].start, b[1].stop - b[1].start) for b in boxes])
    edge = np.array([b[0].start == 0 or b[1].start == 0 or b[0].stop == H or b[1].stop == W for b in boxes])
    longest = sides.max(1)
    weight = np.where(edge, 0.1 * mass, mass)
    main = int(weight.argmax())
    size = longest[main]
    if size < SMALLEST:
        raise NoDigit(f"too small: {size}")
    # What lies close to the digit belongs to it
    gap = max(1, int(0.06 * size))
    near = np.unique(labels[ndimage.binary_dilation(labels == main + 1, iterations=gap)])
    kept, others = [main], []
    for i in range(count):
        if i == main:
            continue
        if mass[i] < max(4, 0.004 * mass[main]) or longest[i] < 0.06 * size:
            continue  # speck
        if i + 1 in near:
            kept.append(i)
        else:
            others.append(i)
    big = [i for i in others if longest[i] >= (0.6 if edge[i] else 0.25) * size or mass[i] > (.5 if edge[i] else 0.1) * mass[main]]
    if len(others) > 6:
        raise NoDigit(f"{len(others)} other things")
    if big:
        raise NoDigit(f"more than one thing: {len(big) + 1}")
    chosen = np.isin(labels, np.array(kept) + 1)
    box = ndimage.find_objects(chosen.astype(int))[0]
    rows, columns = box
    if rows.start == 0 or columns.start == 0 or rows.stop == H or columns.stop == W:
        raise NoDigit("touches the border")
    height, width = rows.stop - rows.start, columns.stop - columns.start
    tall = [i for i in kept if sides[i][0] > 0.6 * height]
    for i in tall:
        for j in tall:
            if boxes[i][1].stop <= boxes[j][1].start + 0.15*min(sides[i][1], sides[j][1]):
                raise NoDigit("two tall pieces side by side")
    if width > 1.4 * height:
        raise NoDigit(f"wider than a digit: {width} by {height}")
    # the grey edge of what was chosen
    grown = ndimage.binary_dilation(chosen, iterations=2)
    pad = 3
    cut = tuple(slice(max(0, s.start - pad), s.stop + pad) for s in box)
    return cut[0], cut[1], np.where(grown, ink, 0), f"{height} by {width}, {count - len(kept)} specks left out, {len(others)}"


def _strokes(cut):
    """Enlarge to a common size, and thicken thin strokes."""
    from scipy import ndimage
    zoom = LARGE / max(cut.shape)
    large = np.clip(ndimage.zoom(np.pad(cut, 2), zoom, order=1 if zoom < 1 else 3), 0, 1)
    if zoom < 1: large = large
    inside = large > 0.5
    size = max(np.ptp(np.nonzero(inside.any(1))[0]), np.ptp(np.nonzero(inside.any(0))[0])) + 1
    depth = ndimage.distance_transform_edt(inside)
    pen = 4 * depth[inside].mean() - 1
    wanted = PEN * size
    if pen < wanted:
        grow = (wanted - pen) / 2
        out = ndimage.distance_transform_edt(~inside)
        large = np.clip(grow + 0.5 - out + 0.5, 0, 1)
    return large, f"pen {pen / size:.1%}"
