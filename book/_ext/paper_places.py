"""Which places of the paper a lesson names: sections, equations, figures, pages."""

import re
from pathlib import Path

import nbformat

NUMBERS = r"\d+(?:(?:-|, | and )\d+)*"
# Several may follow each other: "Eq. 7, 8 and 9", "pp. 40-43".
PLACES = {
    "Section": r"\b(Section)s? ([IVX]+(?:-[A-Z])?\b)",
    "Eq.": rf"\b(Eq)s?\. ({NUMBERS})",
    "Fig.": rf"\b(Table|Fig)s?\.? ({NUMBERS}|I\b)",
    "p.": rf"\b(pp?)\. ({NUMBERS})",
}
ROMAN = ["0", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"]


def mentions(path: Path, kind: str) -> list[str]:
    """Return the places of the paper that a lesson names, each once: "Eq. 8", "p. 41".

    Args:
        path: of the lesson.
        kind: "Section", "Eq.", "Fig." or "p."; tables go with the figures.

    Raises:
        ValueError: another kind.
    """
    if kind not in PLACES:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(PLACES)}.")
    cells = nbformat.read(path, as_version=4).cells
    text = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = " ".join(text.replace("\N{EN DASH}", "-").split())
    places = []
    for name, numbers in re.findall(PLACES[kind], text):
        if kind == "Section":
            places.append(f"Section {numbers}")
            continue
        numbers = re.sub(r"(\d+)-(\d+)", _all_between, numbers)
        name = "Table" if name == "Table" else kind
        places += [f"{name} {number}" for number in re.split(r", | and ", numbers)]
    return list(dict.fromkeys(places))


def order(place: str) -> tuple[str, int, str]:
    """Return what puts places of the paper into its order."""
    name, number = place.split(" ")
    digits, _, letter = number.partition("-")
    return name, int(digits) if digits.isdigit() else ROMAN.index(digits), letter


def _all_between(span: re.Match[str]) -> str:
    return ", ".join(map(str, range(int(span[1]), int(span[2]) + 1)))
