"""Draw one character as it would look on a plate, photographed: light, dirt, blur, a turned phone.

All that is random comes from the generator, so a seed gives the same pixels on one machine.
FreeType and the JPEG library may differ between machines by a grey value here and there.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from lenet_utils.plates.typefaces import Face

__all__ = ["draw_character", "draw_mask", "draw_nothing"]

Pixels = NDArray[np.float64]

COLOURS = (
    ((24, 66, 148), (240, 240, 240), 0.6),  # cars: white on blue
    ((226, 176, 32), (25, 25, 25), 0.2),  # lorries: black on yellow
    ((110, 196, 140), (20, 20, 20), 0.2),  # electric cars: black on green
)
"""Background, character, and how many plates have these colours."""

SIDE = 96
"""Pixels of the square in which a character is drawn before it is photographed."""


@cache
def _font(face: Face) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(face.path), 120, index=face.number)


@cache
def draw_mask(character: str, face: Face) -> Image.Image:
    """Return a character's shape, cut to its ink: mode L, 255 where the ink is.

    Raises:
        ValueError: the typeface draws nothing for it.
    """
    font = _font(face)
    box = font.getbbox(character)
    image = Image.new("L", (int(box[2]) + 40, int(box[3]) + 40))
    ImageDraw.Draw(image).text((20, 20), character, fill=255, font=font)
    ink = image.getbbox()
    if ink is None:
        raise ValueError(f"{face.path} draws nothing for {character!r}; take another typeface.")
    return image.crop(ink)


def draw_character(character: str, face: Face, generator: np.random.Generator) -> Image.Image:
    """Return a picture of a character on a plate: RGB, 24 to 48 wide and 32 to 60 high."""
    mask = draw_mask(character, face)
    narrow = mask.width < 0.35 * mask.height  # a 1 stays one
    height = generator.uniform(62, 80)
    width = mask.width * height / mask.height if narrow else height * generator.uniform(0.5, 0.95)
    mask = mask.resize((max(4, round(width)), round(height)), Image.Resampling.BILINEAR)
    plate = Image.new("L", (SIDE, SIDE))
    plate.paste(mask, ((SIDE - mask.width) // 2, (SIDE - mask.height) // 2))
    thicker = int(generator.integers(0, 3))
    if thicker:
        plate = plate.filter(ImageFilter.MaxFilter(2 * thicker - 1))
    return _photograph(plate, mask.width, generator)


def draw_nothing(generator: np.random.Generator) -> Image.Image:
    """Return what is no character: a bolt, a stroke, a piece of a frame, dirt alone, or texture."""
    plate = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(plate)
    kind = int(generator.integers(0, 5))
    if kind == 0:
        x, y, r = generator.uniform([30, 30, 8], [66, 66, 22]).tolist()
        draw.ellipse((x - r, y - r, x + r, y + r), outline=255, width=int(generator.integers(3, 9)))
        draw.line((x - r, y, x + r, y), fill=255, width=3)
    elif kind == 1:
        for _ in range(int(generator.integers(1, 4))):
            ends = generator.uniform(8, SIDE - 8, 4).tolist()
            draw.line(ends, fill=255, width=int(generator.integers(4, 14)))
    elif kind == 2:
        edge = generator.uniform(14, 40)
        draw.rectangle((edge, edge, SIDE + 40, SIDE + 40), outline=255, width=8)
    elif kind == 3:
        for _ in range(int(generator.integers(3, 9))):
            x, y, r = generator.uniform([10, 10, 3], [86, 86, 16]).tolist()
            draw.ellipse((x - r, y - r * 0.7, x + r, y + r * 0.7), fill=255)
    else:
        coarse = generator.integers(0, 2, (6, 5)).astype(np.uint8) * 255
        plate = Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return _photograph(plate, int(generator.integers(30, 70)), generator)


def _photograph(plate: Image.Image, width: int, generator: np.random.Generator) -> Image.Image:
    """Return the plate's shape (L, SIDE x SIDE) in colours, seen by a phone."""
    shape, ground = _seen(plate, width, generator)
    picks = generator.choice(len(COLOURS), p=[share for *_, share in COLOURS])
    background, ink = (np.array(colour, float) for colour in COLOURS[picks][:2])
    contrast = generator.uniform(0.65, 1.0)
    ink = background + (ink - background) * contrast
    picture = ground[..., None] * background + shape[..., None] * (ink - background)
    picture += (1 - ground[..., None]) * generator.uniform(20, 230)
    picture = _soil(picture, generator) * _light(picture.shape[:2], generator)[..., None]
    image = Image.fromarray(picture.clip(0, 255).astype(np.uint8))
    size = int(generator.integers(32, 61))
    small = (max(20, round(size * image.width / image.height)), size)
    image = image.filter(ImageFilter.GaussianBlur(float(generator.uniform(0.4, 2.1))))
    if generator.random() < 0.2:  # the hand moved
        image = _moved(image, int(generator.integers(3, 7)))
    image = image.resize(small, Image.Resampling.BOX)
    noise = generator.normal(0, generator.uniform(0, 9), (small[1], small[0], 1))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def _seen(plate: Image.Image, width: int, generator: np.random.Generator) -> tuple[Pixels, Pixels]:
    """Return character and plate, each 0 to 1, in perspective, cut around the character."""
    half_w, half_h = width / 2 + 6, 44.0
    corners = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * (half_w, half_h)
    angle = np.deg2rad(generator.normal(0, 5))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = corners * (1 + generator.uniform(-0.10, 0.14, (4, 2)))
    corners = corners @ turn.T + generator.uniform(-5, 5, 2) + SIDE / 2
    size = (max(16, round(half_w * 2)), round(half_h * 2))
    quad = corners.flatten().tolist()
    ground = Image.new("L", (SIDE, SIDE), 255)
    if generator.random() < 0.3:  # the plate's frame comes into view
        edge = int(generator.integers(2, 12))
        ImageDraw.Draw(ground).rectangle((0, 0, SIDE, edge), fill=0)
        if generator.random() < 0.5:
            ground = ground.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    if generator.random() < 0.35:  # a neighbour does
        plate = plate.copy()
        x = int(SIDE / 2 + width / 2 + generator.uniform(6, 10))
        y, length = generator.uniform([10, 20], [50, 60])
        box = (x, int(y), x + 10, int(y + length))
        if generator.random() < 0.5:
            box = (SIDE - box[2], box[1], SIDE - box[0], box[3])
        ImageDraw.Draw(plate).rectangle(box, fill=255)
    seen = [
        np.asarray(
            image.transform(size, Image.Transform.QUAD, quad, Image.Resampling.BILINEAR), float
        )
        / 255
        for image in (plate, ground)
    ]
    return seen[0], seen[1]


def _light(size: tuple[int, int], generator: np.random.Generator) -> Pixels:
    """Return the brightness of each place: a slope, and sometimes the edge of a shadow."""
    rows, columns = (np.linspace(-1, 1, n) for n in size)
    slope = generator.normal(0, 0.22, 2)
    light: Pixels = generator.uniform(0.55, 1.15) + slope[0] * rows[:, None] + slope[1] * columns
    if generator.random() < 0.25:
        normal, offset = generator.normal(0, 1, 2), generator.uniform(-0.6, 0.6)
        shadow = normal[0] * rows[:, None] + normal[1] * columns < offset
        light = light * np.where(shadow, generator.uniform(0.4, 0.75), 1.0)
    return light.clip(0.15, 1.6)


def _soil(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """Return the picture with spots and scratches of mud."""
    layer = Image.new("L", (picture.shape[1], picture.shape[0]))
    draw = ImageDraw.Draw(layer)
    for _ in range(int(generator.poisson(1.6))):
        x, y = generator.uniform(0, 1, 2) * layer.size
        r = float(generator.gamma(2.0, 2.2))
        draw.ellipse(
            (x - r, y - r * 0.8, x + r, y + r * 0.8), fill=int(generator.integers(90, 230))
        )
    if generator.random() < 0.2:
        ends = (generator.uniform(0, 1, (2, 2)) * layer.size).flatten().tolist()
        draw.line(ends, fill=190, width=int(generator.integers(2, 5)))
    soft = layer.filter(ImageFilter.GaussianBlur(float(generator.uniform(0.5, 2.5))))
    cover = np.asarray(soft, float)[..., None] / 255
    mud = np.array((96, 82, 64)) * generator.uniform(0.5, 1.7)
    return picture * (1 - cover) + mud * cover


def _moved(image: Image.Image, length: int) -> Image.Image:
    """Return the mean of the image over a shift to the side."""
    pixels = np.asarray(image, float)
    mean = sum(np.roll(pixels, i - length // 2, 1) for i in range(length)) / length
    return Image.fromarray(np.asarray(mean).astype(np.uint8))
