"""What the instruments of lessons 02 and 08 to 11 show, taken from records, lessons and networks.

Errors in per cent, so that a page only has to write them down.
"""

import json
import re
from pathlib import Path
from typing import Any

import nbformat

from lenet_utils.checks.find_the_bugs import FAULTS, SOUND
from lenet_utils.mnist import MNIST_MEAN, MNIST_STD
from lenet_utils.models import lenet5_modern
from lenet_utils.results.agreement import holm, locate
from lenet_utils.results.intervals import Difference, difference, mean_interval
from lenet_utils.results.matrix import PUBLISHED, matrix
from lenet_utils.results.records import load_record
from lenet_utils.sdlm import PUBLISHED_SCHEDULE

MEASURES = ("test_error", "train_error")
ASKED = tuple(f"coefficients 0.5, curvature x 4, j = {j}" for j in (1, 10))
"""The two interpretations that lesson 08 asks about."""
LIVE = Path(__file__).parents[1] / "_static" / "live"
TRAINING = ("training.wasm", "training.gz", "training-worker.js")
"""What a page loads when its reader wants to train: the program, the digits, what runs both."""
BUGS = Path(__file__).parents[2] / "notebooks" / "11_find_the_bugs.ipynb"
LINE = re.compile(r"^\((\w)\) +(.+)$", re.MULTILINE)
COST = re.compile(r"^\((\w)\) (.+?) {2,}(\S+, 95% interval \S+ to \S+)$", re.MULTILINE)
ROAD_LEAST = 5
"""Seeds, as in lesson 09."""


def configurations() -> dict[str, Any]:
    """Return the curves of each interpretation that was run, and the paper's.

    A point of a curve is the mean over seeds, and the interval in which 95% of single runs lie;
    `words` say at which epochs the paper's value lies inside, above or below.
    """
    every = matrix()
    rows = {row.name: row for row in every if row.record}
    published = {
        measure: [
            p for p in PUBLISHED if p.measure == measure and p.at_epoch and p.training == 60_000
        ]
        for measure in MEASURES
    }
    found = {}
    for name, row in rows.items():
        assert row.record
        curves = {}
        for measure in MEASURES:
            runs = zip(*row.record.curves(measure, row.variant), strict=True)
            curves[measure] = [one_run(values) for values in runs]
        words = {
            measure: {
                cell.published.at_epoch: cell.verdict.word
                for cell in row.cells
                if cell.published in published[measure]
            }
            for measure in MEASURES
        }
        seeds = len(row.record.finished(row.variant))
        found[name] = {"seeds": seeds, "curves": curves, "words": words}
    ends = [rows[name].record.values("test_error", rows[name].variant) for name in ASKED]
    return {
        "rows": found,
        "left": len(every) - len(rows),
        "paper": {m: [[p.at_epoch, 100 * p.value] for p in of] for m, of in published.items()},
        "rates": PUBLISHED_SCHEDULE,
        "asked": ASKED,
        "apart": points(difference(*ends)),
    }


def one_run(values: tuple[float, ...]) -> list[float]:
    """Return the mean, and between what one run more lies with a probability of 95%.

    Where runs diverge there is no such interval: then between what these runs lie, and a 1.
    """
    mean = sum(values) / len(values)
    verdict = locate(mean, values)
    ends = [100 * part for part in (mean, max(verdict.low, 0.0), verdict.high)]
    return [*ends, 1] if verdict.by_rank else ends


def road() -> list[dict[str, Any]]:
    """Return the steps from 1998 to the modern variant, each with its change and its curve.

    `before` is the step that a step changes. A point of the curve, on held-out digits, is the
    mean over seeds with its 95% interval.
    """
    record = load_record("road-to-today")
    names = [
        name
        for name, settings in record.variants.items()
        if not name.startswith("modern,")
        and settings["epochs"] == 5
        and len(record.finished(name)) >= ROAD_LEAST
    ]
    errors = {name: record.values("test_error", name) for name in names}
    steps, before = [], None
    for name in names:
        curve = zip(*record.curves("validation_error", name), strict=True)
        step = {
            "name": name.removeprefix("+ "),
            "seeds": len(errors[name]),
            "rate": record.variants[name]["lr"],
            "error": interval(errors[name]),
            "curve": [interval(values) for values in curve],
        }
        if before is not None:
            step |= {
                "before": names.index(before),
                "change": points(difference(errors[before], errors[name])),
            }
        if name != "+ average pooling":  # which was tried in the place of subsampling, then undone
            before = name
        steps.append(step)
    changes = [step["change"] for step in steps[1:]]
    corrected = holm([change["probability"] for change in changes])
    for change, probability in zip(changes, corrected, strict=True):
        change["holds"] = probability <= 0.05
    return steps


def interval(values: Any) -> list[float]:
    """Return the mean over seeds and both ends of its 95% interval."""
    mean, half, _ = mean_interval(values)
    return [100 * part for part in (mean, mean - half, mean + half)]


def points(change: Difference) -> dict[str, Any]:
    """Return a difference in percentage points, with its 95% interval."""
    low, high = change.interval()
    return {
        "mean": 100 * change.mean,
        "low": 100 * low,
        "high": 100 * high,
        "seen": change.seen,
        "equal": change.within(0.001),
        "probability": change.probability,
    }


def training() -> dict[str, Any]:
    """Return what a page has to know to train the network of lesson 10, and to save it.

    `tensors` are its names and shapes in order, `model` is what `save_model` stores beside them.
    """
    model = lenet5_modern()
    return {
        "tensors": [[name, list(values.shape)] for name, values in model.state_dict().items()],
        "model": str(model),
        "mean": MNIST_MEAN,
        "deviation": MNIST_STD,
        "bytes": sum((LIVE / name).stat().st_size for name in TRAINING),
    }


def faults() -> dict[str, Any]:
    """Return the marked lines of lesson 11's script, which are at fault, and what that costs.

    The costs are those that the lesson measured and printed when it was run.
    """
    cells = nbformat.read(BUGS, 4).cells
    script = next(cell.source for cell in cells if "```python" in cell.source)
    printed = "".join(
        output.get("text", "") for cell in cells for output in cell.get("outputs", ())
    )
    costs = COST.findall(printed)
    return {
        "lines": [{"letter": letter, "code": code} for letter, code in LINE.findall(script)],
        "faults": {
            letter: {
                "part": part,
                "costs": [{"name": n, "points": p} for of, n, p in costs if of == letter],
            }
            for part, letters in FAULTS.items()
            for letter in letters
        },
        "sound": SOUND,
    }


def shuffling() -> dict[str, list[float]]:
    """Return the test errors of networks of digits as they are and shuffled, with intervals."""
    record = load_record("shuffled-pixels")
    return {name: interval(record.values("test_error", name)) for name in record.variants}


def write(folder: Path) -> None:
    """Write all tables into a folder."""
    tables = {
        "configurations": configurations(),
        "faults": faults(),
        "road": road(),
        "shuffling": shuffling(),
        "training": training(),
    }
    for name, found in tables.items():
        # All digits, so that a page rounds to what a lesson prints.
        text = json.dumps(found, ensure_ascii=False, allow_nan=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
