"""How made photographs of digits were read, as `benchmarks/photos.py` measured it."""

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

PHOTO_RESULTS = Path(__file__).resolve().parent.parent / "data" / "photographs.json"


class Measured(NamedTuple):
    """How made photographs were read: counts of "right", "refused" and "wrong" by kind."""

    seed: int
    readable: tuple[str, ...]
    """The kinds that show one digit; to the others any answer is wrong."""
    counts: dict[str, Counter[str]]


def measured_photos() -> Measured:
    """Return what `python -m benchmarks.photos`, in the repository of this course, measured."""
    stored = json.loads(PHOTO_RESULTS.read_text(encoding="utf-8"))
    counts = {kind: Counter(outcomes) for kind, outcomes in stored["outcomes"].items()}
    return Measured(stored["seed"], tuple(stored["readable"]), counts)
