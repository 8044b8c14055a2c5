"""How many made photographs are read right, refused with a reason, or misread in silence.

python -m benchmarks.photos                    the set that lesson 10 reports, and stores it
python -m benchmarks.photos --seed 2 --count 60    another one, which is printed only
"""

import argparse
import io
import json
from collections import Counter

from benchmarks.photographs import READABLE, UNREADABLE, Made, photograph
from lenet_utils.ink import NoDigit
from lenet_utils.photos import read_photo
from lenet_utils.results.intervals import proportion_interval
from lenet_utils.results.photographs import PHOTO_RESULTS

TUNED_ON, REPORTED = 2, 1998
COUNT = 600
OUTCOMES = ("right", "refused", "wrong")


def outcome(made: Made) -> str:
    """Return "right", "refused" or "wrong", where any answer to no digit is wrong."""
    try:
        return "right" if read_photo(io.BytesIO(made.content)).digit() == made.label else "wrong"
    except NoDigit:
        return "refused"


def measure(seed: int, count: int) -> dict[str, list[str]]:
    """Return the outcomes by kind of picture, in the order of the pictures' numbers."""
    outcomes: dict[str, list[str]] = {kind: [] for kind in (*READABLE, *UNREADABLE)}
    for number in range(count):
        made = photograph(seed, number)
        outcomes[made.kind].append(outcome(made))
    return outcomes


def shares(counts: dict[str, Counter[str]]) -> list[str]:
    """Return the shares that matter, each with its 95% interval."""
    sums = {
        name: {o: sum(counts[kind][o] for kind in kinds) for o in OUTCOMES}
        for name, kinds in (("readable", READABLE), ("unreadable", UNREADABLE))
    }
    both = {o: sum(part[o] for part in sums.values()) for o in OUTCOMES}
    asked = [
        ("of the readable: right", sums["readable"], "right"),
        ("of the readable: refused", sums["readable"], "refused"),
        ("of the unreadable: refused", sums["unreadable"], "refused"),
        ("of all: wrong in silence", both, "wrong"),
    ]
    lines = []
    for name, part, what in asked:
        hits, n = part[what], sum(part.values())
        low, high = proportion_interval(hits, n)
        lines.append(f"{name:28} {hits:4} of {n:4} {hits / n:7.1%}  ({low:.1%} to {high:.1%})")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=REPORTED)
    parser.add_argument("--count", type=int, default=COUNT)
    options = parser.parse_args()
    outcomes = measure(options.seed, options.count)
    counts = {kind: Counter(found) for kind, found in outcomes.items()}
    print(f"{'kind':24}" + "".join(f"{o:>10}" for o in OUTCOMES))
    for kind, row in counts.items():
        print(f"{kind:24}" + "".join(f"{row[o]:10}" for o in OUTCOMES))
    print(*shares(counts), sep="\n")
    if (options.seed, options.count) == (REPORTED, COUNT):
        told = {"seed": options.seed, "readable": list(READABLE), "outcomes": outcomes}
        PHOTO_RESULTS.write_text(json.dumps(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
