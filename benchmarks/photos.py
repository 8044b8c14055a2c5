"""How many made photographs are read right, refused with a reason, or misread in silence.

    python -m benchmarks.photos                    the set that lesson 10 reports, and stores it
    python -m benchmarks.photos --seed 2 --count 60    another one, which is printed only
"""

import argparse
import io
import json
from pathlib import Path

from benchmarks.photographs import READABLE, UNREADABLE, Made, photograph
from lenet_utils.experiments.intervals import share_interval
from lenet_utils.photos import NoDigit, read_photo

TUNED_ON, REPORTED = 2, 1998
COUNT = 600
STORED = Path(__file__).parents[1] / "lenet_utils" / "data" / "photographs.json"
OUTCOMES = ("right", "refused", "wrong")


def outcome(made: Made) -> str:
    """Return "right", "refused" or "wrong", where any answer to no digit is wrong."""
    try:
        return "right" if read_photo(io.BytesIO(made.content)).digit() == made.label else "wrong"
    except NoDigit:
        return "refused"


def measure(seed: int, count: int) -> dict[str, dict[str, int]]:
    """Count the outcomes by the kind of picture."""
    counts = {kind: dict.fromkeys(OUTCOMES, 0) for kind in (*READABLE, *UNREADABLE)}
    for number in range(count):
        made = photograph(seed, number)
        counts[made.kind][outcome(made)] += 1
    return counts


def shares(counts: dict[str, dict[str, int]]) -> list[str]:
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
        low, high = share_interval(hits, n)
        lines.append(f"{name:28} {hits:4} of {n:4} {hits / n:7.1%}  ({low:.1%} to {high:.1%})")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=REPORTED)
    parser.add_argument("--count", type=int, default=COUNT)
    options = parser.parse_args()
    counts = measure(options.seed, options.count)
    print(f"{'kind':24}" + "".join(f"{o:>10}" for o in OUTCOMES))
    for kind, row in counts.items():
        print(f"{kind:24}" + "".join(f"{row[o]:10}" for o in OUTCOMES))
    print(*shares(counts), sep="\n")
    if (options.seed, options.count) == (REPORTED, COUNT):
        told = {"seed": options.seed, "readable": list(READABLE), "counts": counts}
        STORED.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
