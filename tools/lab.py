"""Open the lessons in JupyterLab, in a folder of the reader's own.

    python tools/lab.py FOLDER [OPTION OF JUPYTERLAB ...]

The folder gets the lessons of `tools/edition.py`. One that the reader changed stays; one that
nobody changed follows the course. The sources in notebooks/ are never opened.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

from contents import ROOT

EDITION = ROOT / "_build" / "edition"
GIVEN = ".given.json"


def digest(content: bytes) -> str:
    """Return what tells two contents apart."""
    return hashlib.sha256(content).hexdigest()


def deliver(folder: Path, edition: Path) -> list[str]:
    """Put the lessons into a folder; return those that changed there and in the course.

    Raises:
        ValueError: the folder holds the sources, or there are no lessons to give.
    """
    lessons = sorted(edition.glob("*.ipynb"))
    if not lessons:
        raise ValueError(f"{edition} holds no lessons: make edition")
    if folder.resolve() in (ROOT, ROOT / "notebooks", edition.resolve()):
        raise ValueError(f"{folder} belongs to the course: name a folder of your own.")
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / GIVEN
    given = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    conflicts = []
    for lesson in lessons:
        content, place = lesson.read_bytes(), folder / lesson.name
        before, new = given.get(lesson.name), digest(content)
        if place.exists() and digest(place.read_bytes()) not in (before, new):
            conflicts += [lesson.name] if before != new else []
            continue
        place.write_bytes(content)
        given[lesson.name] = new
    record.write_text(json.dumps(given, indent=1) + "\n", encoding="utf-8")
    return conflicts


def main() -> None:
    """Put the lessons there, and become JupyterLab."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    given, options = parser.parse_known_args()
    folder = Path(os.path.abspath(given.folder.expanduser()))
    try:
        for name in deliver(folder, EDITION):
            print(f"{name} is newer in the course. Yours stays; rename it to get the new one too.")
    except (OSError, ValueError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
    print(f"Your lessons are in {folder}", flush=True)
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command = [sys.executable, "-m", "jupyterlab", *root, *options, str(folder)]
    os.execv(sys.executable, command)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    main()
