"""Picture files as phones, scanners and drawing programs write them, as brightness.

Read with Pillow, by content and not by the file's name.
"""

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST = 120_000_000
"""Pixels in a picture: phones write up to 108 million."""

_FORMATS = ("JPEG", "MPO", "PNG", "GIF", "TIFF", "BMP", "WEBP", "AVIF", "JPEG2000", "PPM", "HEIF")
_OTHERS = {
    b"%PDF": "a PDF: export the page as PNG",
    b"%!PS": "a PostScript file: export the page as PNG",
    b"<svg": "an SVG drawing: export it as PNG",
    b"<?xml": "XML, perhaps an SVG drawing: export it as PNG",
    b"<!DOC": "a web page: save the picture itself",
    b"<html": "a web page: save the picture itself",
    b"8BPS": "a file of Photoshop: export it as PNG",
    b"\x93NUMPY": "an array of NumPy: give prepare_photo the array's values as a tensor",
    b"PK\3\4": "a ZIP archive or a document: save the picture in it as PNG",
}


def read_brightness(file: str | os.PathLike[str] | BinaryIO) -> tuple[np.ndarray, str]:
    """Read a picture file: turned upright, on white where it is transparent, 0 black to 1 white.

    Args:
        file: a path, or a file opened in binary mode.

    Returns:
        float32 (H, W, 1) or (H, W, 3), and what was done, in words.

    Raises:
        ValueError: not one whole picture in a format that Pillow reads; the message says what it
            is, as far as known, and what to do.
        OSError: the file cannot be opened.
    """
    from PIL import Image, UnidentifiedImageError

    if isinstance(file, str | os.PathLike):
        with Path(file).open("rb") as opened:
            return read_brightness(opened)
    name = getattr(file, "name", "the file")
    Image.init()
    known = [name for name in _FORMATS if name in Image.OPEN]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures and odd metadata
            with Image.open(file, formats=known) as picture:
                return _opened(picture)
    except UnidentifiedImageError:
        file.seek(0)
        raise ValueError(f"{name} is {_guess(file.read(32))}.") from None
    except _Refused as refusal:
        raise ValueError(f"{name} {refusal}") from None
    except Image.DecompressionBombError:
        raise ValueError(f"{name} has too many pixels; {_TOO_LARGE}") from None
    except Exception as error:  # a decoder raises whatever it stumbles over
        raise ValueError(
            f"{name} cannot be decoded ({error}). Was it copied to its end? Try to open it in a "
            "viewer, and to save it again as PNG."
        ) from error


_TOO_LARGE = f"expected at most {LARGEST:,}. Shrink it, or cut the digit out."


class _Refused(Exception):
    """What is wrong with a file that could be decoded."""


def _opened(picture: "Image") -> tuple[np.ndarray, str]:
    said = [f"{picture.format}, {picture.width} by {picture.height} pixels, mode {picture.mode}"]
    if picture.width * picture.height > LARGEST:
        raise _Refused(f"has {picture.width * picture.height:,} pixels; {_TOO_LARGE}")
    count = getattr(picture, "n_frames", 1)
    # An MPO is a photograph with a preview or a depth map behind it.
    if count > 1 and picture.format != "MPO":
        raise _Refused(f"holds {count} pictures; expected one. Save the one to be read as PNG.")
    picture.draft("RGB", (960, 960))  # a large JPEG is decoded smaller
    upright = _upright(picture, said)
    values = _values(upright, said)
    return values, "; ".join(said)


def _upright(picture: "Image", said: list[str]) -> "Image":
    from PIL import ImageOps

    picture.load()
    try:
        turn = picture.getexif().get(0x0112, 1)
        upright = ImageOps.exif_transpose(picture)
    except Exception:  # broken metadata do not make a picture unreadable
        said.append("EXIF data that cannot be read: taken as upright")
        return picture
    if turn != 1 and upright is not picture:
        said.append(f"turned upright, EXIF orientation {turn}")
    return upright


def _values(picture: "Image", said: list[str]) -> np.ndarray:
    """Return brightness from 0 to 1, (H, W, 1) or (H, W, 3), of a picture in any mode."""
    from PIL import Image

    if picture.mode.startswith(("I", "F")):
        return _scaled(np.asarray(picture, dtype=np.float64), said)[..., None]
    if picture.mode == "LAB":
        said.append("brightness taken from channel L")
        picture = picture.getchannel("L")
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        clear = picture.convert("RGBA")
        if np.asarray(clear.getchannel("A")).min() < 255:
            said.append("what is transparent shows white behind it")
        white = Image.new("RGBA", clear.size, "white")
        picture = Image.alpha_composite(white, clear)
    picture = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    values = np.asarray(picture, dtype=np.float32) / 255
    return values if values.ndim == 3 else values[..., None]


def _scaled(values: np.ndarray, said: list[str]) -> np.ndarray:
    """Scale numbers that are no bytes: white is 1, or the first power of two above the largest."""
    if not np.isfinite(values).all():
        raise _Refused("holds values that are not finite; expected brightness. Save it as PNG.")
    low, high = float(values.min()), float(values.max())
    tops = [2.0**bits - 1 for bits in (1, 8, 10, 12, 14, 16, 32)]
    white = next((top for top in tops if high <= top), None)
    if low < 0 or white is None:
        raise _Refused(
            f"holds values from {low:g} to {high:g}; expected brightness from 0 to 65535 or from "
            "0 to 1. Save it as a PNG of 8 bits."
        )
    said.append(f"values from {low:g} to {high:g}: white taken as {white:g}")
    return (values / white).astype(np.float32)


def _guess(beginning: bytes) -> str:
    if not beginning:
        return "empty: 0 bytes"
    if beginning[4:8] == b"ftyp":
        brand = beginning[8:12].decode("ascii", "replace").strip()
        if brand.startswith("avi"):
            kind = "AVIF that this version of Pillow cannot read"
        elif brand in ("heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"):
            kind = "HEIC, which Pillow cannot read"
        else:
            return f"a film or another file of kind {brand!r}: take a photograph"
        return (
            f"{kind}: export it as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible)"
        )
    for magic, kind in _OTHERS.items():
        if beginning.lstrip().startswith(magic):
            return kind
    return f"no picture that Pillow reads; it begins with {beginning[:8]!r}. Save it as PNG or JPEG"
