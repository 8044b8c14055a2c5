"""Pictures of digits made for the purpose, as phones and scanners would write them, with labels.

Two thirds show one digit that a person reads at once: printed, from MNIST's test digits, or drawn
with a pen of 1% to 15% of its height. One third shows none: blank sheets, two digits, letters.
Each picture depends on the seed and its number alone, so that a part of a set is a part.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from lenet_utils import load_mnist

# Letters that no digit looks like, in any of the typefaces.
LETTERS = "AEFHKMNPRWX"
# A stroke is a list of points (x, y) in a unit square; curves and corners are told apart by length.
STROKES: dict[int, list[list[tuple[float, float]]]] = {
    0: [[(0.5, 0), (0.15, 0.3), (0.12, 0.7), (0.5, 1), (0.87, 0.7), (0.85, 0.3), (0.5, 0)]],
    1: [[(0.3, 0.2), (0.55, 0)], [(0.55, 0), (0.5, 1)]],
    2: [
        [(0.1, 0.25), (0.35, 0.02), (0.75, 0.06), (0.82, 0.35), (0.5, 0.65), (0.1, 1)],
        [(0.1, 1), (0.9, 0.98)],
    ],
    3: [
        [(0.12, 0.15), (0.45, 0), (0.8, 0.2), (0.65, 0.42), (0.38, 0.48)],
        [(0.38, 0.48), (0.8, 0.57), (0.85, 0.82), (0.5, 1), (0.1, 0.88)],
    ],
    4: [[(0.6, 0), (0.1, 0.65)], [(0.1, 0.65), (0.95, 0.65)], [(0.65, 0.25), (0.65, 1)]],
    5: [
        [(0.85, 0), (0.25, 0)],
        [(0.25, 0), (0.2, 0.45)],
        [(0.2, 0.45), (0.55, 0.36), (0.9, 0.65), (0.6, 1), (0.12, 0.9)],
    ],
    6: [
        [(0.75, 0.03), (0.35, 0.3), (0.15, 0.7), (0.45, 1), (0.8, 0.78), (0.55, 0.52), (0.18, 0.7)]
    ],
    7: [[(0.1, 0), (0.9, 0)], [(0.9, 0), (0.58, 0.5), (0.4, 1)]],
    8: [
        [(0.72, 0.12), (0.4, 0), (0.2, 0.2), (0.5, 0.46)],
        [(0.5, 0.46), (0.82, 0.76), (0.5, 1), (0.18, 0.76), (0.5, 0.46)],
        [(0.5, 0.46), (0.8, 0.22), (0.72, 0.12)],
    ],
    9: [
        [(0.8, 0.2), (0.5, 0), (0.18, 0.25), (0.45, 0.5), (0.8, 0.22)],
        [(0.8, 0.2), (0.78, 0.6), (0.6, 1)],
    ],
}
Mask = np.ndarray
"""float (H, W): how much of each pixel is covered by ink, 0 to 1."""


@dataclass(frozen=True)
class Made:
    """A picture's file: `label` is its digit, None where there is nothing to read."""

    kind: str
    label: int | None
    suffix: str
    content: bytes


def photograph(seed: int, number: int) -> Made:
    """Make the picture with this number of the set with this seed."""
    rng = np.random.default_rng([seed, number])
    readable = number % 3 < 2
    kinds = READABLE if readable else UNREADABLE
    kind = list(kinds)[number // 3 % len(kinds)]
    height, width = (int(side) for side in rng.integers(320, 640, 2))
    width = int(np.clip(width, 0.6 * height, 1.7 * height))
    label, ink = kinds[kind](rng, height, width)
    contrast = rng.uniform(0.005, 0.03) if kind == "too faint" else rng.uniform(0.3, 0.92)
    picture = _lit(rng, _coloured(rng, ink, contrast))
    drawn_by_program = rng.random() < 0.1 and kind != "too faint"
    file = _transparent(ink) if drawn_by_program else _written(rng, picture)
    return Made(kind, label if readable else None, *file)


def printed(rng: Generator, text: str, size: int) -> Mask:
    """Set text in one of the typefaces that matplotlib brings."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    kinds = ("DejaVu", "STIXGeneral", "cmb", "cmr", "cmss", "cmti", "cmtt")
    faces = [f for f in folder.glob("*.ttf") if f.stem.startswith(kinds)]
    faces = sorted(f for f in faces if "Display" not in f.stem)  # these have no digits
    face = faces[rng.integers(len(faces))]
    font = ImageFont.truetype(str(face), size)
    sheet = Image.new("L", (size * (len(text) + 2), size * 3))
    ImageDraw.Draw(sheet).text((size, size), text, 255, font)
    return _cropped(np.asarray(sheet) / 255)


def from_mnist(rng: Generator, digit: int, size: int) -> Mask:
    """Enlarge one of MNIST's test digits, smoothly, until its edges are sharp again."""
    digits = load_mnist(sample=True).test
    images = digits.images[digits.labels == digit].numpy()
    small = images[rng.integers(len(images))] / 255.0
    large = ndimage.zoom(small, size / 20, order=3)
    return _cropped(np.clip((large - 0.5) * 4 + 0.5, 0, 1))


def drawn(rng: Generator, digit: int, size: int) -> Mask:
    """Draw a digit with a round pen of 1% to 15% of its height."""
    pen = np.exp(rng.uniform(np.log(0.01), np.log(0.15))) * size
    width = rng.uniform(0.5, 0.85)
    strokes = []
    for stroke in STROKES[digit]:
        points = np.array(stroke) + rng.normal(0, 0.02, (len(stroke), 2))
        strokes.append(_smooth(points) * (width * size, size))
    return _stroked(strokes, max(pen, 1.5))


def _digit(source: Callable[[Generator, int, int], Mask]) -> Callable:
    def make(rng: Generator, height: int, width: int) -> tuple[int, Mask]:
        digit = int(rng.integers(10))
        size = int(min(height, width) * rng.uniform(0.15, 0.75))
        ink = _tilted(rng, source(rng, digit, max(size, 48)))
        return digit, _placed(rng, ink, height, width)

    return make


def _several(low: float, high: float) -> Callable:
    def make(rng: Generator, height: int, width: int) -> tuple[None, Mask]:
        size = int(min(height, width) * rng.uniform(0.15, 0.4))
        sources = [from_mnist, drawn, lambda g, d, s: printed(g, str(d), s)]
        source = sources[rng.integers(3)]
        parts = [source(rng, int(d), max(size, 48)) for d in rng.integers(0, 10, 2)]
        gap = np.zeros((1, int(size * rng.uniform(low, high))))
        tall = max(p.shape[0] for p in parts)
        parts = [np.pad(p, ((0, tall - p.shape[0]), (0, 0))) for p in (parts[0], gap, parts[1])]
        return None, _placed(rng, _tilted(rng, np.hstack(parts)), height, width)

    return make


def _cut(rng: Generator, height: int, width: int) -> tuple[None, Mask]:
    _, ink = _digit(from_mnist)(rng, height, width)
    box = ndimage.find_objects((ink > 0.5).astype(int))[0]
    rows, columns = ((s.start + s.stop) // 2 for s in box)
    return None, [ink[rows:], ink[:rows], ink[:, columns:], ink[:, :columns]][rng.integers(4)]


def _letter(rng: Generator, height: int, width: int) -> tuple[None, Mask]:
    size = int(min(height, width) * rng.uniform(0.2, 0.6))
    ink = printed(rng, str(rng.choice(list(LETTERS))), size)
    return None, _placed(rng, _tilted(rng, ink), height, width)


def _scribble(rng: Generator, height: int, width: int) -> tuple[None, Mask]:
    size = min(height, width) * rng.uniform(0.2, 0.6)
    points = rng.uniform(0, size, (rng.integers(9, 20), 2))
    return None, _placed(rng, _stroked([_smooth(points)], size * 0.03), height, width)


def _shape(rng: Generator, height: int, width: int) -> tuple[None, Mask]:
    size = min(height, width) * rng.uniform(0.2, 0.6)
    turns = np.linspace(0, 4 * np.pi, 6) + rng.uniform(0, 1)
    star = 0.5 + 0.5 * np.stack([np.cos(turns), np.sin(turns)], 1)
    cross = [np.array([(0.0, 0.5), (1.0, 0.5)]), np.array([(0.5, 0.0), (0.5, 1.0)])]
    triangle = np.array([(0.5, 0.0), (1, 1), (0, 1), (0.5, 0)])  # a square would be a zero
    strokes = [[star], cross, [triangle]][rng.integers(3)]
    ink = _stroked([s * size for s in strokes], size * rng.uniform(0.03, 0.1))
    return None, _placed(rng, _tilted(rng, ink), height, width)


def _blank(rng: Generator, height: int, width: int) -> tuple[None, Mask]:
    return None, np.zeros((height, width))


READABLE = {
    "printed": _digit(lambda rng, digit, size: printed(rng, str(digit), size)),
    "MNIST": _digit(from_mnist),
    "drawn": _digit(drawn),
}
UNREADABLE = {
    "blank": _blank,
    "two digits apart": _several(0.25, 0.8),
    "two digits close": _several(0.04, 0.2),
    "cut off": _cut,
    "too faint": _digit(from_mnist),
    "scribble": _scribble,
    "letter": _letter,
    "star, cross, triangle": _shape,
}


def _smooth(points: np.ndarray) -> np.ndarray:
    """Lead a curve through the points (Catmull and Rom); two points stay a line."""
    if len(points) == 2:
        return points
    around = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, 16)[:, None]
    pieces = []
    for a, b, c, d in zip(around, around[1:], around[2:], around[3:], strict=False):
        cubic = (3 * (b - c) + d - a) * t**3 + (2 * a - 5 * b + 4 * c - d) * t**2
        pieces.append(0.5 * (cubic + (c - a) * t) + b)
    return np.vstack(pieces)


def _stroked(strokes: list[np.ndarray], pen: float) -> Mask:
    finer = 3
    low = np.vstack(strokes).min(0) - pen
    size = (np.vstack(strokes).max(0) + pen - low) * finer
    sheet = Image.new("L", tuple(int(s) + finer for s in size))
    draw = ImageDraw.Draw(sheet)
    radius = pen * finer / 2
    for stroke in strokes:
        points = [tuple(p) for p in (stroke - low) * finer]
        draw.line(points, 255, max(1, round(2 * radius)))
        for x, y in points:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return _cropped(np.asarray(sheet.reduce(finer)) / 255)


def _cropped(ink: Mask) -> Mask:
    rows, columns = ((ink > 0.02).any(axis).nonzero()[0] for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _tilted(rng: Generator, ink: Mask) -> Mask:
    """Rotate by up to 15 degrees, and look at it a little from the side."""
    sheet = Image.fromarray((np.pad(ink, 8) * 255).astype(np.uint8))
    sheet = sheet.rotate(rng.uniform(-15, 15), Image.Resampling.BICUBIC, expand=True)
    w, h = sheet.size
    corners = np.array([(0, 0), (0, h), (w, h), (w, 0)]) + rng.uniform(-0.05, 0.05, (4, 2)) * (w, h)
    sheet = sheet.transform((w, h), Image.Transform.QUAD, corners.flatten().tolist(), 3)
    return _cropped(np.asarray(sheet) / 255)


def _placed(rng: Generator, ink: Mask, height: int, width: int) -> Mask:
    """Put ink somewhere on a sheet, clear of its border."""
    margin = 0.04 * min(height, width)
    scale = min(1, (height - 2 * margin) / ink.shape[0], (width - 2 * margin) / ink.shape[1])
    if scale < 1:
        ink = np.clip(ndimage.zoom(ink, 0.98 * scale, order=1), 0, 1)
    top, left = (
        int(rng.uniform(margin, side - margin - part))
        for side, part in zip((height, width), ink.shape, strict=True)
    )
    sheet = np.zeros((height, width))
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def _coloured(rng: Generator, ink: Mask, contrast: float) -> np.ndarray:
    """Return what the sheet reflects, (H, W, 3): paper, sometimes lined, and ink."""
    paper = rng.uniform(0.75, 0.97) * (1 - rng.uniform(0, 0.25) * (rng.random() < 0.3) * _hue(rng))
    pigment = 1 - contrast * (1 - rng.uniform(0, 0.7) * (rng.random() < 0.4) * _hue(rng))
    sheet = np.ones((*ink.shape, 1)) * paper
    if rng.random() < 0.2:
        pitch, strength = rng.uniform(0.04, 0.1) * min(ink.shape), rng.uniform(0.08, 0.25)
        angle = np.deg2rad(rng.uniform(-5, 5))
        rows, columns = np.indices(ink.shape)
        lines = (rows * np.cos(angle) + columns * np.sin(angle)) % pitch < rng.uniform(1, 2.5)
        if rng.random() < 0.4:
            lines |= (columns * np.cos(angle) - rows * np.sin(angle)) % pitch < 2
        sheet *= 1 - lines[..., None] * strength * np.array([1, 0.7, 0.3])
    sheet *= 1 - ink[..., None] * (1 - pigment)
    return 0.95 - 0.9 * sheet if rng.random() < 0.08 and contrast > 0.1 else sheet


def _hue(rng: Generator) -> np.ndarray:
    return rng.permutation([1.0, rng.uniform(0, 1), 0.0])


def _lit(rng: Generator, sheet: np.ndarray) -> np.ndarray:
    """Let light fall unevenly on it, and a camera see it: (H, W, 3) bytes."""
    rows, columns = (2 * grid / max(grid.max(), 1) - 1 for grid in np.indices(sheet.shape[:2]))
    angle = rng.uniform(0, 2 * np.pi)
    along = rows * np.sin(angle) + columns * np.cos(angle)
    light = 1 - rng.uniform(0, 0.25) * (1 + along)
    light *= 1 - rng.uniform(0, 0.2) * (rows**2 + columns**2)
    if rng.random() < 0.35:
        turned = rows * np.cos(angle * 3) + columns * np.sin(angle * 3)
        edge = np.clip((turned - rng.uniform(-0.6, 0.6)) / rng.uniform(0.02, 0.4) + 0.5, 0, 1)
        light *= 1 - rng.uniform(0.15, 0.5) * edge
    seen = ndimage.gaussian_filter(sheet * light[..., None], (*[rng.uniform(0, 1.2)] * 2, 0))
    grain = rng.normal(0, rng.uniform(0, 0.03), sheet.shape[:2])[..., None]
    return (np.clip(seen + grain, 0, 1) * 255).round().astype(np.uint8)


def _transparent(ink: Mask) -> tuple[str, bytes]:
    """Write ink on nothing, as drawing programs do: the sheet is whatever the viewer shows."""
    clear = np.zeros((*ink.shape, 4), np.uint8)
    clear[..., 3] = (ink * 255).round()
    file = io.BytesIO()
    Image.fromarray(clear).save(file, "PNG")
    return "png", file.getvalue()


def _written(rng: Generator, picture: np.ndarray) -> tuple[str, bytes]:
    """Write the file in one of the ways that cameras and scanners do."""
    image, file = Image.fromarray(picture), io.BytesIO()
    way = rng.choice(["jpeg"] * 6 + ["png", "png16", "grey", "palette", "cmyk", "tiff"])
    if way == "jpeg":
        turns = [None, *Image.Transpose]
        # The tag that says how to turn it back, for each way in which the camera lay.
        undo = {0: 2, 1: 4, 2: 6, 3: 3, 4: 8, 5: 5, 6: 7}
        turn = turns[rng.integers(len(turns))]
        exif = Image.Exif()
        exif[0x0112] = 1 if turn is None else undo[turn.value]
        image = image if turn is None else image.transpose(turn)
        image.save(file, "JPEG", quality=int(rng.integers(45, 96)), exif=exif)
    elif way == "cmyk":
        image.convert("CMYK").save(file, "JPEG", quality=85)
    elif way == "png16":
        grey = np.asarray(image.convert("L")).astype(np.uint16) * 257
        Image.fromarray(grey).save(file, "PNG")
    else:
        image = {"grey": image.convert("L"), "palette": image.quantize(64)}.get(way, image)
        image.save(file, "TIFF" if way == "tiff" else "PNG")
    suffix = {"jpeg": "jpg", "cmyk": "jpg", "tiff": "tif"}.get(way, "png")
    return suffix, file.getvalue()
