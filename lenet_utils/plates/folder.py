"""Write a folder of pictures, one folder a class, as it would come from a camera: not quite clean.

Below the folder lie `train`, `validation` and `test`, each with 65 class folders, and `none` with
`validation` and `test`: pictures of no character. On purpose, `train` has a few wrong labels,
copies and files that are no pictures, and `validation` has copies of training pictures.
`planted.csv` lists them, `made.csv` says of each picture what it shows and in which typeface.
"""

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from lenet_utils.evaluation import require_whole
from lenet_utils.plates.characters import CHARACTERS, NAMES, PROVINCES, RARE
from lenet_utils.plates.drawing import draw_character, draw_nothing
from lenet_utils.plates.typefaces import SPLITS, Face, faces_of, require_faces

__all__ = ["FULL", "SMALL", "Sizes", "SCRIPTS", "make_folder", "make_scripts"]


class Sizes(NamedTuple):
    """How many pictures of each class each split has; the rare classes have a third in `train`."""

    train: int
    validation: int
    test: int
    none: int
    """Pictures of no character, in `validation` and in `test` each."""
    quality: tuple[int, int] = (30, 90)
    """Lowest and highest quality of the JPEGs."""
    png: float = 0.08
    """The fraction of pictures that are PNGs."""


FULL = Sizes(train=200, validation=30, test=50, none=1_000)
SMALL = Sizes(train=44, validation=10, test=12, none=150, quality=(25, 60), png=0.02)
"""What the packed sample holds."""

SCRIPTS = tuple(
    f"u+{ord(character):04x}"
    for character in "БДЖИЛФЦЧШЭЮЯΓΔΘΛΞΠΣΦΨΩ"
    "あいえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわを"
    "アウオカキクケサシスセソタチツテトナヌネノハヒフホマミムメモヤユヨラリルレロワヲ"
    "가나다라마바사아자차카타파하강국김남대동문박부산서선수"
)
"""Characters of other scripts, by their code points."""

WRONG_LABELS, COPIES, LEAKED = 0.01, 0.01, 0.02
"""Fractions of `train`, `train` and `validation` that are planted."""


class Drawn(NamedTuple):
    """One picture: where it lies, what it shows, and the bytes."""

    path: str
    name: str
    family: str
    content: bytes


def make_folder(
    out: str | os.PathLike[str], faces: dict[str, Face], *, sizes: Sizes = FULL, seed: int = 0
) -> Path:
    """Write the pictures of all splits, and what was planted, into a new folder.

    Args:
        out: the folder; it must not hold anything yet.
        faces: the typefaces, see `find_faces`.
        sizes: how many pictures.
        seed: the same seed gives the same bytes on one machine.

    Returns:
        The folder.

    Raises:
        FileExistsError: the folder is not empty.
        FileNotFoundError: a typeface is missing.
        ValueError: a number that is not a whole number of 1 or more, or a seed below 0.
    """
    folder = Path(out)
    for field in ("train", "validation", "test", "none"):
        require_whole(field, getattr(sizes, field))
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed is {seed!r}; expected a whole number of 0 or more.")
    require_faces(faces)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} holds files already; name a new or an empty folder.")
    made: list[tuple[str, str, str]] = []
    drawn: dict[str, list[Drawn]] = {split: [] for split in SPLITS}
    for split in SPLITS:
        for picture in _draw_split(split, faces, sizes, seed):
            drawn[split].append(picture)
            made.append((picture.path, picture.name, picture.family))
    planted = _plant(drawn, np.random.default_rng([seed, 9]))
    for picture in _draw_none(sizes, seed):
        drawn["test"].append(picture)
        made.append((picture.path, picture.name, picture.family))
    for pictures in drawn.values():
        for picture in pictures:
            _write(folder / picture.path, picture.content)
    for path, kind, content in _bad_files(drawn["train"]):
        _write(folder / path, content)
        planted.append((path, kind, ""))
    moved = {old: new for new, kind, old in planted if kind == "wrong label"}
    made = [(moved.get(path, path), name, family) for path, name, family in made]
    _table(folder / "made.csv", ("file", "shows", "family"), sorted(made))
    _table(folder / "planted.csv", ("file", "kind", "of"), sorted(planted))
    return folder


def _draw_split(split: str, faces: dict[str, Face], sizes: Sizes, seed: int) -> Iterator[Drawn]:
    for k, name in enumerate(NAMES):
        count: int = getattr(sizes, split)
        if split == "train" and name in RARE:
            count = max(2, count // 3)
        families = faces_of(faces, split, name in PROVINCES)
        for i in range(count):
            generator = np.random.default_rng([seed, SPLITS.index(split), k, i])
            family = families[generator.integers(len(families))]
            face = family[generator.integers(len(family))]
            image = draw_character(CHARACTERS[name], face, generator)
            content, ending = _encode(image, sizes, generator)
            yield Drawn(f"{split}/{name}/{i:04d}.{ending}", name, face.family, content)


def _draw_none(sizes: Sizes, seed: int) -> Iterator[Drawn]:
    for j, split in enumerate(("validation", "test")):
        for i in range(sizes.none):
            generator = np.random.default_rng([seed, 5 + j, i])
            content, ending = _encode(draw_nothing(generator), sizes, generator)
            yield Drawn(f"none/{split}/{i:04d}.{ending}", "none", "", content)


def _encode(image: Image.Image, sizes: Sizes, generator: np.random.Generator) -> tuple[bytes, str]:
    file = io.BytesIO()
    if generator.random() < sizes.png:
        image.save(file, "PNG", optimize=True)
        return file.getvalue(), "png"
    low, high = sizes.quality
    image.save(file, "JPEG", quality=int(generator.integers(low, high + 1)))
    return file.getvalue(), "jpg"


def _plant(
    drawn: dict[str, list[Drawn]], generator: np.random.Generator
) -> list[tuple[str, str, str]]:
    """Change labels, and add copies, in place; return file, kind, and where it came from."""
    planted = []
    train, validation = drawn["train"], drawn["validation"]
    count = len(train)
    picks = generator.permutation(count)
    wrong = max(1, round(WRONG_LABELS * count))
    for i in picks[:wrong]:
        picture = train[i]
        others = [name for name in NAMES if name != picture.name and name not in RARE]
        other = others[generator.integers(len(others))]
        ending = picture.path.rpartition(".")[2]
        path = f"train/{other}/{9000 + i}.{ending}"
        planted.append((path, "wrong label", picture.path))
        train[i] = picture._replace(path=path)
    copied = max(1, round(COPIES * count))
    for i in picks[wrong : wrong + copied]:
        folder, _, file = train[i].path.rpartition("/")
        path = f"{folder}/copy-{file}"
        planted.append((path, "copy", train[i].path))
        train.append(train[i]._replace(path=path))
    leaked = max(1, round(LEAKED * len(validation)))
    for i in picks[wrong + copied : wrong + copied + leaked]:
        _, folder, file = train[i].path.split("/")
        path = f"validation/{folder}/from-train-{file}"
        planted.append((path, "leaked", train[i].path))
        validation.append(train[i]._replace(path=path))
    return planted


def _bad_files(train: list[Drawn]) -> Iterator[tuple[str, str, bytes]]:
    """Return files that a loop over a folder trips over: path, kind, content."""
    jpeg = next(p for p in train if p.path.endswith(".jpg"))
    yield "train/A/truncated.jpg", "truncated", jpeg.content[: len(jpeg.content) // 2]
    yield "train/B/empty.png", "empty", b""
    yield "train/C/notes.jpg", "no picture", b"These are notes, and not a picture.\n"
    image = Image.open(io.BytesIO(jpeg.content))
    file = io.BytesIO()
    image.save(file, "PNG")
    yield f"{jpeg.path.rpartition('/')[0]}/really-a-png.jpg", "wrong extension", file.getvalue()
    grey = image.convert("L")
    grey.putalpha(Image.new("L", grey.size, 128))
    file = io.BytesIO()
    grey.save(file, "PNG")
    yield f"{jpeg.path.rpartition('/')[0]}/grey-with-alpha.png", "alpha", file.getvalue()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _table(path: Path, head: tuple[str, ...], rows: list[tuple[str, str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def make_scripts(
    out: str | os.PathLike[str], faces: dict[str, Face], *, count: int = 100, seed: int = 0
) -> Path:
    """Write pictures of other scripts, to pretrain on: kana, Hangul, Greek and Cyrillic.

    None of the 65 characters is among them, and only typefaces of the training set are used.

    Args:
        out: the folder; it must not hold anything yet.
        faces: the typefaces, see `find_faces`.
        count: pictures of each of the `SCRIPTS`.
        seed: the same seed gives the same bytes on one machine.

    Returns:
        The folder, with one folder for each character, named by its code point.

    Raises:
        FileExistsError, FileNotFoundError, ValueError: see `make_folder`.
    """
    folder = Path(out)
    require_whole("count", count)
    require_faces(faces)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} holds files already; name a new or an empty folder.")
    wide = [
        face for name, face in faces.items() if name.startswith(("NotoSansCJK", "NotoSerifCJK"))
    ]
    names = ("NotoSans-", "DejaVu", "Liberation", "Roboto", "PTS")
    narrow = [face for name, face in faces.items() if name.startswith(names)]
    for k, name in enumerate(SCRIPTS):
        character = chr(int(name[2:], 16))
        chosen = narrow if ord(character) < 0x3000 else wide
        for i in range(count):
            generator = np.random.default_rng([seed, 20, k, i])
            face = chosen[generator.integers(len(chosen))]
            image = draw_character(character, face, generator)
            content, ending = _encode(image, FULL, generator)
            _write(folder / name / f"{i:04d}.{ending}", content)
    return folder
