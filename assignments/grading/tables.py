"""Tables as CSV."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sanitise import to_cell


def write(path: Path, make: Callable[..., Any], *of: Any) -> list[str]:
    """Write a CSV in which a spreadsheet finds no formula; return what went wrong.

    Args:
        path: of the file.
        make: gives the header and the rows.
        of: what it is called with.
    """
    try:
        header, rows = make(*of)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
            writer = csv.writer(file)
            writer.writerows([to_cell(cell) for cell in row] for row in [header, *rows])
    except Exception as error:
        return [f"{path} could not be written ({type(error).__name__}: {error})"]
    return []
