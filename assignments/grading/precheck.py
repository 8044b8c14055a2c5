"""Before nbgrader: put a submission into the form that it can grade, and say what was done.

Afterwards every cell of the assignment is there exactly once, in its place, with its marks; what
is locked is as it was handed out; everything else is the student's.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.utils import is_locked
from roles import grade_id


@dataclass
class Checked:
    """A submission ready for nbgrader, and what had to be done for that."""

    notebook: NotebookNode
    notes: list[str] = field(default_factory=list)


def comparable(source: str) -> str:
    """Return what of a cell's text counts when it is asked whether it was changed.

    Line ends, blanks at the end of lines and around the text, a byte order mark and the way in
    which accents are composed do not: editors and systems differ in them.
    """
    lines = unicodedata.normalize("NFC", source.replace("\ufeff", "")).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


def named(release: NotebookNode) -> list[tuple[str, str]]:
    """Return the names and the texts of the cells of an assignment."""
    return [(grade_id(c), comparable(c.source)) for c in release.cells if grade_id(c)]


def shared(cells: Iterable[NotebookNode], expected: Iterable[tuple[str, str]]) -> int:
    """Count the names and texts of an assignment, from `named`, that are among the cells."""
    has = {grade_id(c) for c in cells} | {c.id for c in cells}
    texts = {comparable(c.source) for c in cells} - {""}
    return sum((name in has) + (text in texts) for name, text in expected)


def check(submission: NotebookNode, release: NotebookNode) -> Checked:
    """Fit a student's cells to the assignment as it was handed out.

    Cells are found by nbgrader's name, else by the id of the cell, else by their unchanged text,
    else by their place between two cells that were found. Cells of the student's own stay
    where they are, after the cell of the assignment that they follow.
    """
    expected = [cell for cell in release.cells if grade_id(cell)]
    found = _find(submission.cells, expected)
    checked = Checked(new_notebook(metadata=deepcopy(release.metadata)))
    if any(grade_id(cell) is None for cells in found.values() for cell in cells):
        checked.notes.append("nbgrader's marks were missing; cells were found by their content")
    owner = {id(cell): place for place, cells in found.items() for cell in cells}
    followers: dict[int, list[NotebookNode]] = defaultdict(list)
    last = -1
    for cell in submission.cells:
        if id(cell) in owner:
            last = owner[id(cell)]
        else:
            followers[last].append(cell)
    checked.notebook.cells += map(_own, followers[-1])
    for place, cell in enumerate(expected):
        checked.notebook.cells += _settle(cell, found.get(place, []), checked.notes)
        checked.notebook.cells += map(_own, followers[place])
    for number, cell in enumerate(checked.notebook.cells):
        cell["id"] = f"cell-{number}"
    return checked


def _own(cell: NotebookNode) -> NotebookNode:
    """Return a cell of the student's own without marks of nbgrader's."""
    own = deepcopy(cell)
    own.metadata.pop("nbgrader", None)
    return own


def _settle(
    expected: NotebookNode, candidates: list[NotebookNode], notes: list[str]
) -> list[NotebookNode]:
    """Return what stands for an expected cell: itself, after earlier copies of an answer."""
    name, cell = grade_id(expected), deepcopy(expected)
    if is_locked(expected):
        if not candidates:
            notes.append(f"{name}: was deleted; put back")
        elif len(candidates) > 1:
            notes.append(f"{name}: was there {len(candidates)} times; one is kept")
        text = comparable(expected.source)
        if candidates and all(comparable(c.source) != text for c in candidates):
            notes.append(f"{name}: was changed; the original is used")
        return [cell]
    if not candidates:
        notes.append(f"{name}: the answer cell is missing; it counts as not answered")
        return [cell]
    if len(candidates) > 1:
        notes.append(f"{name}: was there {len(candidates)} times; all are run, the last counts")
    if candidates[-1].cell_type != expected.cell_type:
        notes.append(f"{name}: was turned into a {candidates[-1].cell_type} cell; turned back")
    cell.source = candidates[-1].source
    return [*map(_own, candidates[:-1]), cell]


def _find(cells: list[NotebookNode], expected: list[NotebookNode]) -> dict[int, list[Any]]:
    """Return the cells of a submission that stand for each expected cell."""
    found: dict[int, list[NotebookNode]] = defaultdict(list)
    taken: set[int] = set()
    for key in (grade_id, lambda cell: cell.get("id"), lambda cell: _text(cell)):
        places = {key(cell): place for place, cell in enumerate(expected) if key(cell)}
        already = set(found)
        for cell in cells:
            place = places.get(key(cell))
            if place is not None and place not in already and id(cell) not in taken:
                found[place].append(cell)
                taken.add(id(cell))
    _fill_gaps(cells, expected, found, taken)
    return found


def _text(cell: NotebookNode) -> str | None:
    text = comparable(cell.source)
    return f"{cell.cell_type}:{text}" if len(text) > 20 else None


def _fill_gaps(
    cells: list[NotebookNode],
    expected: list[NotebookNode],
    found: dict[int, list[NotebookNode]],
    taken: set[int],
) -> None:
    """Give an answer cell that was not found the cells that stand where it should."""
    position = {id(cell): n for n, cell in enumerate(cells)}
    for place, cell in enumerate(expected):
        if place in found or is_locked(cell):
            continue
        before = [position[id(c)] for p in found if p < place for c in found[p]]
        after = [position[id(c)] for p in found if p > place for c in found[p]]
        start, end = max(before, default=-1) + 1, min(after, default=len(cells))
        gap = [c for c in cells[start:end] if id(c) not in taken and c.cell_type == cell.cell_type]
        if gap and found:
            found[place] = gap
            taken.update(map(id, gap))
