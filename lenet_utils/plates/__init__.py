"""Characters of number plates: a folder of pictures that is made, not collected, for lesson 12.

`python -m lenet_utils.plates --out folder` renders it from free typefaces; `unpack_sample` gives
the small one that ships. Real plates have one typeface, real dirt and real cameras: what is
learnt here was never tried on them.
"""

from lenet_utils.plates.characters import CHARACTERS, DIGITS, LETTERS, NAMES, PROVINCES, RARE
from lenet_utils.plates.codes import one_hot_codes, random_codes, typeface_codes
from lenet_utils.plates.reading import (
    Pictures,
    Survey,
    open_picture,
    prepare,
    read_classes,
    read_flat,
    survey,
)
from lenet_utils.plates.sample import unpack_sample

__all__ = [
    "CHARACTERS",
    "DIGITS",
    "LETTERS",
    "NAMES",
    "PROVINCES",
    "RARE",
    "Pictures",
    "Survey",
    "one_hot_codes",
    "open_picture",
    "prepare",
    "random_codes",
    "read_classes",
    "read_flat",
    "survey",
    "typeface_codes",
    "unpack_sample",
]
