"""The notebooks of an assignment compared: `alike.csv`, and `alike.html` with them side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import alike
import groups
import tables
from course import Course
from graded import Graded
from rules import MASTER


def write(
    folder: Path, course: Course, assignment: str, rows: Sequence[Graded]
) -> tuple[list[list[str]], list[str]]:
    """Compare the code of a class; return rows for the report, and what went wrong."""
    for name in ("alike.csv", "alike.html"):
        (folder / name).unlink(missing_ok=True)
    try:
        return _write(folder, course, assignment, rows)
    except Exception as error:
        said = f"{assignment}: code could not be compared ({type(error).__name__}: {error})"
        return [], [said]


def _write(
    folder: Path, course: Course, assignment: str, rows: Sequence[Graded]
) -> tuple[list[list[str]], list[str]]:
    given = alike.code(course.releases[assignment])
    solution = alike.code(course.master(assignment))
    written = {row.submission.student: row.record.get("code", "") for row in rows}
    files = {row.submission.student: groups.file_of(row.submission) for row in rows}
    found = alike.pairs(
        written, alike.normalised(given), alike.normalised(solution), files | {MASTER: None}
    )
    if not found:
        return [], []
    table = [
        [pair.one, pair.other, f"{100 * pair.of_one:.0f}%", f"{100 * pair.of_other:.0f}%"]
        for pair in found
    ]
    problems = tables.write(folder / "alike.csv", _table, table)
    texts = {MASTER: solution}
    for pair in found[: alike.MOST_SHOWN]:
        for name in {pair.one, pair.other} - texts.keys():
            notebook = course.submitted(assignment, name)
            texts[name] = alike.code(notebook) if notebook is not None else ""
    text = alike.page(assignment, found, texts, given)
    (folder / "alike.html").write_text(text, encoding="utf-8", errors="backslashreplace")
    return table, problems


def _table(rows: list[list[str]]) -> Any:
    return ["student", "and", "of the first's code", "of the second's"], rows
