"""Moodle's grading worksheet in another language than English: read by the shape of its cells."""

import re
from collections.abc import Sequence

Row = dict[str, str]

# "Participant 71025", "Teilnehmer/in 71025": a word, a blank, and the number that is in the names
# of the downloaded folders. Without the blank it could be a login such as "s71025".
PARTICIPANT = re.compile(r"(?P<word>[^\d@]*[^\W\d_][^\d@]*\s)(?P<number>\d+)")
ADVICE = (
    "from Moodle: set its language to English (in the menu of your picture), download the grading "
    "worksheet again, and give that as ROSTER; points go back in English too"
)


def number(cell: str) -> str:
    """Return the number of a participant, "" if the cell has none."""
    found = PARTICIPANT.fullmatch(cell.strip())
    return found["number"] if found else ""


def named(rows: Sequence[Row]) -> tuple[list[Row], str]:
    """Give the columns of a worksheet their English names, as far as their cells tell.

    Returns:
        The rows, as they were where nothing is certain, and what was done.
    """
    unchanged = list(rows)
    if not rows or "identifier" in {name.casefold() for name in rows[0]}:
        return unchanged, ""
    numbered = [name for name in rows[0] if _is_number(rows, name)]
    if len(numbered) != 1:
        return unchanged, ""
    names = list(rows[0])
    called = {numbered[0]: "Identifier"}
    after = names[names.index(numbered[0]) + 1 :]
    if after and _is_name(rows, after[0]):
        called[after[0]] = "Full name"
    addresses = [name for name in after if _all(rows, name, r"[^@\s]+@[^@\s]+")]
    if len(addresses) == 1:
        called[addresses[0]] = "Email address"
    found = [{called.get(name, name): cell for name, cell in row.items()} for row in rows]
    for row in found:
        if known := number(row["Identifier"]):
            row["Identifier"] = f"Participant {known}"
    told = ", ".join(f"{old!r} as {new}" for old, new in called.items())
    return found, f"the class list is not in English; read by the shape of its cells: {told}"


def _cells(rows: Sequence[Row], name: str) -> list[str]:
    return [cell.strip() for row in rows if (cell := row.get(name, "")).strip()]


def _all(rows: Sequence[Row], name: str, pattern: str) -> bool:
    cells = _cells(rows, name)
    return bool(cells) and all(re.fullmatch(pattern, cell) for cell in cells)


def _is_number(rows: Sequence[Row], name: str) -> bool:
    """Whether every row has a number of its own there, after one and the same word."""
    found = [PARTICIPANT.fullmatch(row.get(name, "").strip()) for row in rows]
    known = [match for match in found if match]
    words = {match["word"] for match in known}
    numbers = {match["number"] for match in known}
    return len(known) == len(rows) == len(numbers) and len(words) == 1


def _is_name(rows: Sequence[Row], name: str) -> bool:
    """Whether a column can hold names: no numbers or addresses, and seldom the same twice."""
    cells = _cells(rows, name)
    return _all(rows, name, r"[^\d@]+") and len(set(cells)) >= max(0.9 * len(rows), 1)
