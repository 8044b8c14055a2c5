"""A small folder of plates with faults, another one for each seed: for assignment 7."""

import random
import re
import tarfile
from functools import cache
from typing import NamedTuple

from lenet_utils.plates.characters import NAMES, RARE
from lenet_utils.plates.sample import SAMPLE

CLASSES, WRONG = 10, 10
"""So many classes of the sample, and so many wrong labels."""

Places = dict[tuple[str, str], list[tuple[bytes, bool]]]
"""Of each split and class the contents of files, and whether the label of each is wrong."""


class Spoiled(NamedTuple):
    """A folder, in memory."""

    files: dict[str, bytes]
    """From the name of a file, such as `train/A/03`, to its content."""
    wrong: frozenset[str]
    """Names of the files in `train` that lie in the folder of another class."""


def spoiled_folder(seed: int) -> Spoiled:
    """Return ten classes of the sample with faults of all kinds, drawn by the seed.

    In `train` are wrong labels, copies, files that do not open, and a class with few pictures; in
    `validation` are copies from `train`. Names of files tell nothing.
    """
    chance = random.Random(seed)
    common = [name for name in NAMES if name not in RARE]
    places = _sample(sorted(chance.sample(common, CLASSES)))
    train = [place for place in places if place[0] == "train"]
    del places[chance.choice(train)][:30]
    for place in train:
        chance.shuffle(places[place])
    for k in range(WRONG):
        here, there = train[k], chance.choice([place for place in train if place != train[k]])
        places[there].append((places[here].pop(0)[0], True))
    for _ in range(chance.randint(4, 9)):
        place = chance.choice(train)
        content = places[place].pop(0)
        places[place] += [content, content]
    for _ in range(chance.randint(6, 15)):
        place = chance.choice(train)
        sound = [picture for picture in places[place] if not picture[1]]
        places["validation", place[1]].append(chance.choice(sound))
    for k in range(chance.randint(3, 7)):
        place = chance.choice(train)
        whole = places[place].pop(1)[0]
        places[place].append((whole[: len(whole) // 2] if k else b"", False))
    return _named(places, chance)


def _sample(classes: list[str]) -> Places:
    places: Places = {(split, k): [] for split in ("train", "validation") for k in classes}
    for split, name, content in _sound():
        if (split, name) in places:
            places[split, name].append((content, False))
    return places


@cache
def _sound() -> tuple[tuple[str, str, bytes], ...]:
    """Return split, class and content of each file of the sample that is what its folder says."""
    found = []
    with tarfile.open(SAMPLE, "r:xz") as archive:
        for member in archive:
            # Other names are those of what is planted in the sample.
            place = re.fullmatch(r"(\w+)/([\w-]+)/0\d{3}\.\w+", member.name)
            file = archive.extractfile(member)
            if place and file:
                found.append((place[1], place[2], file.read()))
    return tuple(found)


def _named(places: Places, chance: random.Random) -> Spoiled:
    """Give the files of each class numbers in an order that tells nothing."""
    files, wrong = {}, []
    for (split, name), contents in places.items():
        chance.shuffle(contents)
        for i, (content, is_wrong) in enumerate(contents):
            files[f"{split}/{name}/{i:02d}"] = content
            if is_wrong:
                wrong.append(f"{split}/{name}/{i:02d}")
    return Spoiled(files, frozenset(wrong))
