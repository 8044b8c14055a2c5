"""What belongs to the book, as `_toc.yml` says: whatever else lies in its folders is the reader's.

    python tools/contents.py

prints the notebooks of the lessons, a line each.
"""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


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


if __name__ == "__main__":
    print(*(path.relative_to(ROOT).as_posix() for path in lessons()), sep="\n")
