"""Which files of the folder `source` are masters, and what is given out with them."""

import shutil
from collections.abc import Iterator
from pathlib import Path


def masters(source: Path) -> list[Path]:
    """Return the masters in a folder: of each assignment NAME the notebook `NAME/NAME.ipynb`."""
    return sorted(path for path in source.glob("*/*.ipynb") if path.stem == path.parent.name)


def others(source: Path) -> Iterator[Path]:
    """Yield what lies there besides: copies and scratch notebooks, which nobody should get."""
    known = {path.parent for path in masters(source)}
    for path in sorted([*source.iterdir(), *source.glob("*/*.ipynb")]):
        if path not in known and path not in masters(source) and path.name[0] != ".":
            yield path


def copy_masters(source: Path, folder: Path) -> None:
    """Copy the masters, and the files that lie beside them, for nbgrader to work on."""
    for master in masters(source):

        def left_out(where: str, names: list[str], master: Path = master) -> set[str]:
            hidden = {name for name in names if name[0] == "." or name == "__pycache__"}
            return hidden | {n for n in names if n.endswith(".ipynb") and n != master.name}

        shutil.copytree(master.parent, folder / master.parent.name, ignore=left_out)
