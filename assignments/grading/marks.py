"""Points and comments that a person gives: `marks.csv`, filled in by hand, read at the next run."""

import csv
import io
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from course import Course, Question
from nbformat import NotebookNode
from sanitise import from_cell, to_cell

# The last tells whether the answer is still the one that was read.
COLUMNS = ("student", "question", "points", "out of", "comment", "answer")
Rows = dict[tuple[str, str], dict[str, str]]


def exchange(
    path: Path, course: Course, assignment: str, records: Mapping[str, dict[str, Any]]
) -> list[str]:
    """Take the marks in a file into the gradebook, and write it anew with all that is to be read.

    Args:
        path: of the file, which need not exist.
        course: with the gradebook.
        assignment: its name.
        records: how each student's submission was graded.

    Returns:
        What was not taken, and why. Such rows stay in the file as they are.
    """
    try:
        typed = _read(path)
    except (OSError, ValueError, csv.Error) as error:
        return [f"{path} was not read, nor changed ({error}): save it as CSV in UTF-8"]
    said: list[str] = []
    rows: Rows = {}
    for student, record in sorted(records.items()):
        try:
            rows |= _of(course, assignment, student, record, typed, said)
        except Exception as error:
            said.append(f"{assignment}, {student}: no marks ({type(error).__name__}: {error})")
    for (student, name), row in typed.items():
        if (student, name) not in rows and _is_filled(row):
            said.append(f"{path.name}: nobody called {student!r} has an answer {name!r} to read")
            rows[student, name] = row
    _write(path, rows)
    return said


def _of(
    course: Course,
    assignment: str,
    student: str,
    record: dict[str, Any],
    typed: Rows,
    said: list[str],
) -> Rows:
    """Take the marks of a student, and return the rows as they are now."""
    answers = course.answers(assignment, student)
    # What could not be graded can be given points for all the same.
    read = [q for q in course.questions(assignment) if q.name in answers or record["reason"]]
    refused: dict[str, dict[str, str]] = {}
    for question in read:
        row, mark = typed.get((student, question.name), {}), _mark(answers.get(question.name))
        key = (student, question.name)
        if problem := _take(course, assignment, key, question, row, mark):
            said.append(f"{assignment}, {student}, {question.name}: {problem}")
            refused[question.name] = row
    rows: Rows = {}
    scores = course.scores(assignment, student) if read else {}
    for question in read:
        score = scores[question.name]
        rows[student, question.name] = {
            "points": "" if score["needs_reading"] else f"{score['score']:g}",
            "comment": score["comment"],
            **refused.get(question.name, {}),
            "out of": f"{question.points:g}",
            "answer": _mark(answers.get(question.name)),
        }
    return rows


def _mark(answer: NotebookNode | None) -> str:
    text = answer.source if answer else ""
    return sha256(text.encode(errors="backslashreplace")).hexdigest()[:8]


def _is_filled(row: Mapping[str, str]) -> bool:
    return bool(row.get("points") or row.get("comment"))


def _take(
    course: Course,
    assignment: str,
    key: tuple[str, str],
    question: Question,
    row: dict[str, str],
    mark: str,
) -> str:
    """Put a mark into the gradebook; return why not, if it was refused."""
    if not _is_filled(row):
        return ""
    typed = row.get("points", "")
    if row.get("answer") not in ("", None, mark):
        row |= {"points": "", "comment": row["comment"]}
        return f"there is a new answer; it had {typed or 'no points'} before: mark it again"
    try:
        points = float(typed.replace(",", ".")) if typed else None
    except ValueError:
        return f"{typed!r} is no number"
    if points is not None and not 0 <= points <= question.points:
        return f"{typed} of {question.points:g} points is refused: give 0 to {question.points:g}"
    student, name = key
    with course.gradebook() as book:
        grade = book.find_grade(name, assignment, assignment, student)
        if points is not None:
            grade.manual_score, grade.extra_credit = points, None
            grade.needs_manual_grade = False
        notebook = book.find_submission_notebook(assignment, assignment, student)
        for comment in notebook.comments:
            if comment.name == name:
                comment.manual_comment = row.get("comment", "")
        book.db.commit()
    return ""


def _read(path: Path) -> Rows:
    """Read the file as spreadsheets save it: with commas or semicolons."""
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8-sig")
    comma = ";" if text.partition("\n")[0].count(";") > 1 else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=comma)
    if missing := {"student", "question", "points"} - set(reader.fieldnames or []):
        raise ValueError(f"it has no column {', '.join(sorted(missing))}")
    rows: Rows = {}
    for row in reader:
        cells = {name: from_cell(row.get(name) or "").strip() for name in COLUMNS}
        rows[cells["student"], cells["question"]] = cells
    return rows


def _write(path: Path, rows: Rows) -> None:
    partial = path.with_suffix(".part")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for (student, question), row in rows.items():
            cells = {"student": student, "question": question} | row
            writer.writerow([to_cell(cells.get(name, "")) for name in COLUMNS])
    partial.replace(path)
