"""Draw the printed characters of amounts from free typefaces, and pack them for the package.

    python -m lenet_research.amount_glyphs --list
    python -m lenet_research.amount_glyphs [--fonts FOLDER]

A family of typefaces is in one split alone, so that the test fields show none that was trained on.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lenet_utils.amounts.glyphs import CHARACTERS, PACK, SPLITS
from lenet_utils.plates.typefaces import FOLDERS, Family

FAMILIES = (
    Family("Vera", "train", "fonts-dejavu-core fonts-hack", "Bitstream Vera; MIT", (
        "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf",
        "Hack-Regular.ttf",
    )),
    Family("Liberation", "train", "fonts-liberation", "GPL 2 with font exception", (
        "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LiberationSerif-Regular.ttf",
        "LiberationMono-Regular.ttf", "LiberationMono-Bold.ttf", "LiberationSansNarrow-Bold.ttf",
    )),
    Family("Roboto", "train", "fonts-roboto-unhinted fonts-roboto-slab", "Apache 2.0", (
        "Roboto-Regular.ttf", "RobotoCondensed-Bold.ttf", "RobotoSlab-Regular.otf",
    )),
    Family("Noto", "train", "fonts-noto-core fonts-open-sans", "OFL 1.1; Apache 2.0", (
        "NotoSans-Bold.ttf", "NotoSerif-Regular.ttf", "OpenSans-Regular.ttf",
        "OpenSans-CondBold.ttf",
    )),
    Family("Go", "train", "fonts-go", "BSD 3", ("Go-Regular.ttf", "Go-Mono-Bold.ttf")),
    Family("Mononoki", "train", "fonts-mononoki", "OFL 1.1", ("mononoki-Regular.ttf",)),
    Family("Caladea", "train", "fonts-crosextra-caladea", "OFL 1.1", ("Caladea-Regular.ttf",)),
    Family("Cantarell", "train", "fonts-cantarell", "OFL 1.1", (
        "Cantarell-Regular.otf", "Cantarell-ExtraBold.otf",
    )),
    Family("Quicksand", "train", "fonts-quicksand", "OFL 1.1", (
        "Quicksand-Regular.ttf", "Quicksand-Bold.ttf",
    )),
    Family("Junicode", "train", "fonts-junicode", "OFL 1.1", (
        "JunicodeTwoBeta-Regular.otf", "JunicodeTwoBeta-Condensed.otf",
    )),
    Family("Charis", "train", "fonts-sil-charis", "OFL 1.1", (
        "CharisSIL-Regular.ttf", "CharisSIL-Bold.ttf",
    )),
    Family("Play", "train", "fonts-play", "OFL 1.1", ("Play-Regular.ttf", "Play-Bold.ttf")),
    Family("League Mono", "train", "fonts-league-mono", "OFL 1.1", (
        "LeagueMono-Regular.otf", "LeagueMono-NarrowBold.otf",
    )),
    Family("Lato", "train", "fonts-lato fonts-crosextra-carlito", "OFL 1.1", (
        "Lato-Regular.ttf", "Lato-Bold.ttf", "Carlito-Bold.ttf",
    )),
    Family("PT", "train", "fonts-paratype", "ParaType Free Font License", (
        "PTS55F.ttf", "PTS75F.ttf", "PTF75F.ttf",
    )),
    Family("JetBrains Mono", "train", "fonts-jetbrains-mono", "Apache 2.0", (
        "JetBrainsMono-Regular.ttf", "JetBrainsMono-Bold.ttf",
    )),
    Family("Computer Modern", "train", "fonts-cmu", "OFL 1.1", ("cmuntt.ttf",)),
    Family("FreeFont", "train", "fonts-freefont-ttf", "GPL 3 with font exception", (
        "FreeMonoBold.ttf", "FreeSans.ttf", "FreeSerif.ttf",
    )),
    Family("OCR-A", "train", "fonts-ocr-a", "public domain", ("OCRA.ttf",)),
    Family("Inconsolata", "train", "fonts-inconsolata", "OFL 1.0", ("Inconsolata.otf",)),
    Family("Routed Gothic", "train", "fonts-routed-gothic", "OFL 1.1", ("routed-gothic.ttf",)),
    Family("Manrope", "validation", "fonts-manrope", "OFL 1.1", (
        "Manrope-Regular.ttf", "Manrope-Bold.ttf",
    )),
    Family("National Park", "validation", "fonts-national-park", "OFL 1.1", (
        "NationalPark-Heavy.otf", "NationalPark-Regular.otf",
    )),
    Family("Anonymous Pro", "validation", "fonts-anonymous-pro", "OFL 1.1", (
        "Anonymous Pro.ttf", "Anonymous Pro B.ttf",
    )),
    Family("Cabin", "validation", "fonts-cabin", "OFL 1.1", (
        "Cabin-Regular.otf", "Cabin-Bold.otf",
    )),
    Family("Dosis", "validation", "fonts-dosis", "OFL 1.1", ("Dosis-Medium.otf",)),
    Family("Inter", "test", "fonts-inter", "OFL 1.1", ("Inter-Regular.otf", "Inter-Bold.otf")),
    Family("B612", "test", "fonts-b612", "OFL 1.1", ("B612-Regular.otf", "B612Mono-Bold.otf")),
    Family("Libertine", "test", "fonts-linuxlibertine", "OFL 1.1 or GPL 2 with font exception", (
        "LinBiolinum_R.otf", "LinLibertine_R.otf",
    )),
    Family("Courier Prime", "test", "fonts-courier-prime", "OFL 1.1", (
        "Courier Prime.otf", "Courier Prime Bold.otf",
    )),
    Family("OCR-B", "test", "fonts-ocr-b", "free, without limitation", ("OCRB.otf",)),
    Family("osifont", "test", "fonts-osifont", "LGPL 3 with font exception", ("osifont.ttf",)),
)  # fmt: skip
"""All are packages of Debian 12."""

LARGE = 240
"""The size at which a character is drawn before it is made small."""
DIGIT, SIDE, BASE_LINE = 18, 28, 22
"""Pixels of a digit's height, of a picture's side, and the row below the base line."""


def draw_face(path: Path) -> NDArray[np.uint8]:
    """Return the characters of a typeface, uint8 (16, 28, 28).

    Raises:
        ValueError: it has not all of them, or one that is too large for the picture.
    """
    font = ImageFont.truetype(str(path), LARGE)
    origin = 2 * LARGE
    shapes = []
    for character in CHARACTERS:
        shape = Image.new("L", (2 * origin, 2 * origin))
        ImageDraw.Draw(shape).text((origin, origin), character, fill=255, font=font, anchor="ls")
        shapes.append(shape)
    inks = [shape.getbbox() for shape in shapes]
    zero = inks[0]
    pixel = 0.0 if zero is None else (origin - zero[1]) / DIGIT
    top, most = origin - BASE_LINE * pixel, (SIDE + 0.5) * pixel
    small = []
    for character, shape, ink in zip(CHARACTERS, shapes, inks, strict=True):
        if ink is None or ink[1] < top - pixel / 2 or max(ink[3] - top, ink[2] - ink[0]) > most:
            raise ValueError(f"{path} draws {character!r} at {ink}: take another typeface.")
        left = (ink[0] + ink[2] - SIDE * pixel) / 2
        box = (left, top, left + SIDE * pixel, top + SIDE * pixel)
        small.append(np.asarray(shape.resize((SIDE, SIDE), Image.Resampling.BOX, box)))
    return np.stack(small)


def find_files(folders: Iterable[str]) -> dict[str, Path]:
    """Return the files below folders by their names."""
    paths = (path for folder in folders for path in sorted(Path(folder).expanduser().rglob("*")))
    return {path.name: path for path in paths}


def pack(folders: Sequence[str], file: Path = PACK) -> None:
    """Draw all typefaces and write them into one file: the same typefaces give the same bytes.

    Raises:
        FileNotFoundError: a typeface is missing; the message names its packages.
    """
    files = find_files(folders)
    rows = [(face, family) for family in FAMILIES for face in family.faces]
    if missing := [(face, family.packages) for face, family in rows if face not in files]:
        packages = " ".join(sorted({name for _, names in missing for name in names.split()}))
        raise FileNotFoundError(
            f"{len(missing)} typefaces are missing, such as {missing[0][0]}. On Debian: apt-get "
            f"install {packages}. Elsewhere, name the folder that has them with --fonts."
        )
    np.savez_compressed(
        file,
        images=np.stack([draw_face(files[face]) for face, _ in rows]),
        faces=np.array([face.rpartition(".")[0] for face, _ in rows]),
        families=np.array([family.name for _, family in rows]),
        splits=np.array([family.split for _, family in rows]),
    )


def main() -> None:
    """Pack the characters, or list the typefaces."""
    parser = argparse.ArgumentParser(prog="python -m lenet_research.amount_glyphs")
    parser.add_argument("--fonts", action="append", help="folder of typefaces; may be repeated")
    parser.add_argument("--list", action="store_true", help="list typefaces, packages, licences")
    options = parser.parse_args()
    if options.list:
        for family in sorted(FAMILIES, key=lambda family: SPLITS.index(family.split)):
            print(f"{family.split:11}{family.name:16}{family.packages:32}{family.licence}")
        return
    try:
        pack(options.fonts or FOLDERS)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(str(error))
    print(f"{PACK}: {PACK.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
