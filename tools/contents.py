"""What belongs to the book, as `_toc.yml` says: whatever else lies in its folders is the reader's.

    python tools/contents.py [--assignments]

prints the notebooks of the lessons, a line each, and those of the assignments, too.
"""

import argparse
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "assignments"))

from masters import masters  # noqa: E402


def chapters() -> list[tuple[str, list[str]]]:
    """Return the parts of the book with the names of their pages, in reading order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = [(p["caption"], [c["file"] for c in p["chapters"]]) for p in toc["parts"]]
    return [("", [toc["root"]]), *parts]


def pages() -> list[str]:
    """Return the names of all pages, such as "notebooks/05_layer_by_layer", in reading order."""
    return [name for _, names in chapters() for name in names]


def lessons() -> list[Path]:
    """Return the notebooks of the lessons, in the order of their numbers."""
    return [ROOT / f"{name}.ipynb" for name in sorted(pages()) if name.startswith("notebooks/")]


def assignments() -> list[Path]:
    """Return the notebooks of the assignments, the masters and what students get."""
    return [p for kind in ("source", "release") for p in masters(ROOT / "assignments" / kind)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assignments", action="store_true")
    found = lessons() + (assignments() if parser.parse_args().assignments else [])
    print(*(path.relative_to(ROOT).as_posix() for path in found), sep="\n")
