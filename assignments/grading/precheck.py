"""Before nbgrader: put a submission into the form that it can grade, and say what was done.

Afterwards every cell of the assignment is there exactly once, in its place, with its marks; what
is locked is as it was handed out; everything else is the student's.
"""

from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.utils import is_locked
from roles import grade_id

LARGEST = 20 * 2**20


class Unreadable(ValueError):
    """The file is not a notebook that can be graded."""


@dataclass
class Checked:
    """A submission ready for nbgrader, and what had to be done for that."""

    notebook: NotebookNode
    notes: list[str] = field(default_factory=list)


def read(path: Path) -> NotebookNode:
    """Read a student's file.

    Raises:
        Unreadable: it is not a notebook; the message says why.
    """
    if path.is_symlink() or not path.is_file():
        raise Unreadable("not a file but a link or something else")
    if path.stat().st_size > LARGEST:
        raise Unreadable(f"larger than {LARGEST // 2**20} MB: clear its outputs first")
    try:
        text = path.read_bytes().decode("utf-8-sig")
        notebook = nbformat.reads(text, as_version=4)
        cells = [_cell(cell) for cell in notebook.cells]
    except Exception as error:  # nbformat raises whatever it stumbles over
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        raise Unreadable(f"not a notebook ({reason})") from None
    if not cells:
        raise Unreadable("a notebook without a cell")
    return new_notebook(cells=cells)


def _cell(cell: NotebookNode) -> NotebookNode:
    """Keep of a cell what counts: its kind, its text and its name."""
    source = cell["source"]
    source = source if isinstance(source, str) else "".join(source)
    kind = cell["cell_type"]
    if kind not in ("code", "markdown", "raw"):
        raise ValueError(f"a cell of the kind {kind!r}")
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    kept = make.get(kind, nbformat.v4.new_raw_cell)(source=source)
    kept["id"] = str(cell.get("id", ""))
    if name := grade_id(cell):
        kept.metadata["nbgrader"] = {"grade_id": name}
    return kept


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
        if candidates and all(c.source.strip() != expected.source.strip() for c in candidates):
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
    text = cell.source.strip()
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
