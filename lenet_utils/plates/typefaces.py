"""The free typefaces that the characters are drawn with, by family, and which split each is in.

A family is what has one origin: Noto and Source Han are one, and so are the fonts that took glyphs
from Arphic's. No family is in two splits, so the test set shows typefaces never trained on.
All are packages of Debian 12, named here with their licences.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

SPLITS = ("train", "validation", "test")


class Family(NamedTuple):
    """Typefaces of one origin: whose they are, where they come from, and their files."""

    name: str
    split: str
    packages: str
    licence: str
    faces: tuple[str, ...]
    """Names of files; `name#2` is the third typeface in the file."""


CHINESE = (
    Family("Noto CJK", "train", "fonts-noto-cjk", "OFL 1.1", (
        "NotoSansCJK-Regular.ttc#2", "NotoSansCJK-Bold.ttc#2",
        "NotoSerifCJK-Regular.ttc#2", "NotoSerifCJK-Bold.ttc#2",
    )),
    Family("Arphic", "train",
        "fonts-arphic-gbsn00lp fonts-arphic-gkai00mp fonts-wqy-zenhei fonts-babelstone-han",
        "Arphic Public License; Zen Hei: GPL 2 with font exception", (
        "gbsn00lp.ttf", "gkai00mp.ttf", "wqy-zenhei.ttc#0", "BabelStoneHan.ttf",
    )),
    Family("Hanazono", "train", "fonts-hanazono", "OFL 1.1", ("HanaMinA.ttf",)),
    Family("Klee", "train", "fonts-lxgw-wenkai", "OFL 1.1", (
        "LXGWWenKai-Regular.ttf", "LXGWWenKai-Bold.ttf",
    )),
    Family("Smiley", "train", "fonts-smiley-sans", "OFL 1.1", ("SmileySans-Oblique.ttf",)),
    Family("CNS 11643", "validation", "fonts-cns11643-sung fonts-cns11643-kai", "OGDL Taiwan 1.0", (
        "TW-Sung-98_1.ttf", "TW-Kai-98_1.ttf",
    )),
    Family("Fandol", "test", "texlive-lang-chinese", "GPL 3 with font exception", (
        "FandolHei-Regular.otf", "FandolHei-Bold.otf", "FandolSong-Regular.otf",
        "FandolSong-Bold.otf", "FandolKai-Regular.otf", "FandolFang-Regular.otf",
    )),
    Family("Droid", "test", "fonts-droid-fallback", "Apache 2.0", ("DroidSansFallbackFull.ttf",)),
)  # fmt: skip
"""What the signs of the provinces are drawn with."""

LATIN = (
    Family("Noto Sans", "train", "fonts-noto-core", "OFL 1.1", (
        "NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSerif-Bold.ttf",
    )),
    Family("Vera", "train", "fonts-dejavu-core fonts-hack", "Bitstream Vera; MIT", (
        "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif-Bold.ttf", "Hack-Regular.ttf",
    )),
    Family("Liberation", "train", "fonts-liberation", "OFL 1.1", (
        "LiberationSans-Bold.ttf", "LiberationSansNarrow-Bold.ttf", "LiberationSerif-Regular.ttf",
    )),
    Family("Roboto", "train", "fonts-roboto-unhinted", "Apache 2.0", (
        "Roboto-Regular.ttf", "Roboto-Bold.ttf", "RobotoCondensed-Bold.ttf",
    )),
    Family("Lato", "train", "fonts-lato", "OFL 1.1", ("Lato-Regular.ttf", "Lato-Bold.ttf")),
    Family("PT", "train", "fonts-paratype", "ParaType Free Font License", (
        "PTS55F.ttf", "PTS75F.ttf", "PTN77F.ttf", "PTF75F.ttf",
    )),
    Family("Fira Code", "train", "fonts-firacode", "OFL 1.1", ("FiraCode-Medium.ttf",)),
    Family("Roadgeek", "train", "fonts-roadgeek", "MIT", (
        "RG2014C.ttf", "RG2014E.ttf",
    )),
    Family("Routed Gothic", "train", "fonts-routed-gothic", "OFL 1.1", ("routed-gothic.ttf",)),
    Family("JetBrains Mono", "train", "fonts-jetbrains-mono", "Apache 2.0", (
        "JetBrainsMono-Regular.ttf", "JetBrainsMono-Bold.ttf",
    )),
    Family("Yanone", "train", "fonts-yanone-kaffeesatz", "OFL 1.1", ("YanoneKaffeesatz-Bold.otf",)),
    Family("Manrope", "validation", "fonts-manrope", "OFL 1.1", (
        "Manrope-Regular.ttf", "Manrope-Bold.ttf",
    )),
    Family("National Park", "validation", "fonts-national-park", "OFL 1.1", (
        "NationalPark-Heavy.otf", "NationalPark-Regular.otf",
    )),
    Family("Inter", "test", "fonts-inter", "OFL 1.1", ("Inter-Regular.otf", "Inter-Bold.otf")),
    Family("B612", "test", "fonts-b612", "OFL 1.1", ("B612-Regular.otf", "B612Mono-Bold.otf")),
    Family("Bebas Neue", "test", "fonts-bebas-neue", "OFL 1.1", ("BebasNeue-Regular.otf",)),
    Family("Libertine", "test", "fonts-linuxlibertine", "OFL 1.1", (
        "LinBiolinum_R.otf", "LinLibertine_RB.otf",
    )),
    Family("osifont", "test", "fonts-osifont", "LGPL 3 with font exception", ("osifont.ttf",)),
)  # fmt: skip
"""What the letters and digits are drawn with."""

FOLDERS = (
    "/usr/share/fonts",
    "/usr/share/texlive/texmf-dist/fonts/opentype/public/fandol",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
)
"""Where Debian's packages and people put fonts."""


class Face(NamedTuple):
    """One typeface in a file."""

    family: str
    path: Path
    number: int


def find_faces(folders: Iterable[str | os.PathLike[str]] = FOLDERS) -> dict[str, Face]:
    """Return the typefaces that are on this machine, by their names in `CHINESE` and `LATIN`.

    Args:
        folders: where to look, with what is below; folders that are not there have nothing.
    """
    files: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(Path(folder).expanduser().rglob("*")):
            if path.suffix.lower() in (".ttf", ".otf", ".ttc") and path.name not in files:
                files[path.name] = path
    found = {}
    for family in CHINESE + LATIN:
        for face in family.faces:
            name, _, index = face.partition("#")
            if name in files:
                found[face] = Face(family.name, files[name], int(index or 0))
    return found


def require_faces(faces: dict[str, Face]) -> None:
    """Refuse to go on where a typeface is missing.

    Raises:
        FileNotFoundError: it names the files and the packages that have them.
    """
    missing = [face for f in CHINESE + LATIN for face in f.faces if face not in faces]
    if missing:
        packages = sorted(
            {p for f in CHINESE + LATIN if set(f.faces) & set(missing) for p in f.packages.split()}
        )
        raise FileNotFoundError(
            f"{len(missing)} typefaces are missing, such as {missing[0].partition('#')[0]}. On "
            f"Debian: apt-get install {' '.join(packages)}. Elsewhere, name the folder that has "
            "them with --fonts, or use the packed sample: --sample."
        )


def faces_of(faces: dict[str, Face], split: str, chinese: bool) -> list[list[Face]]:
    """Return the typefaces of a split, family by family, for signs or for letters and digits.

    Raises:
        ValueError: another split.
    """
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; expected one of {', '.join(SPLITS)}.")
    return [
        [faces[face] for face in family.faces]
        for family in (CHINESE if chinese else LATIN)
        if family.split == split
    ]
