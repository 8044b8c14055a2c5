"""Points and comments that persons give, in `marks.csv` or on the marking pages, taken in.

`marks.csv` is filled in by hand and decides: what was typed there since the last run counts before
what pages say.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import instead
from course import Course, Question
from marked import Key, Mark, Taken, agree, comment
from marking import Line, fingerprint
from sanitise import from_cell, to_cell

# The last tells whether the answer is still the one that was read.
COLUMNS = ("student", "question", "points", "out of", "comment", "answer")
Rows = dict[Key, dict[str, str]]


@dataclass
class Pages:
    """The marks that were given on pages for an assignment, and what became of them.

    Args:
        by: for each student and question, the marks.
        rubrics: by question.
        taken: those that were settled before.
        split: afterwards, where markers disagree and nobody has decided.
        count: afterwards, how many were taken in, on pages or in the table.
    """

    by: Mapping[Key, list[Mark]]
    rubrics: Mapping[str, list[Line]]
    taken: Taken
    split: dict[Key, list[Mark]] = field(default_factory=dict)
    count: int = 0

    def offer(self, key: Key) -> dict[str, str]:
        """Return the row of `marks.csv` that new marks make; empty if there are none."""
        marks = self.by.get(key, [])
        if not marks or self.taken.has(key, marks):
            return {}
        if not agree(marks):
            self.split[key] = marks
            return {}
        said = comment(marks, self.rubrics[key[1]])
        return {"points": f"{marks[0].total:g}", "comment": said, "answer": marks[0].text}

    def settle(self, key: Key) -> None:
        """Note that the marks for an answer were taken, or that somebody decided otherwise."""
        self.count += 1
        if key in self.by:
            self.taken.add(key, self.by[key])
            self.split.pop(key, None)


def exchange(
    path: Path,
    course: Course,
    assignment: str,
    records: Mapping[str, dict[str, Any]],
    pages: Pages,
) -> list[str]:
    """Take the marks in a file into the gradebook, and write it anew with all that is to be read.

    Args:
        path: of the file, which need not exist.
        course: with the gradebook.
        assignment: its name.
        records: how each student's submission was graded.
        pages: what was marked on pages.

    Returns:
        What was not taken, and why. Such rows stay in the file as they are.
    """
    try:
        typed = _read(path)
    except (OSError, ValueError, csv.Error) as error:
        return [f"{path} was not read, nor changed ({error}): save it as CSV in UTF-8"]
    said: list[str] = []
    rows: Rows = {}
    typed = _named(typed, course, assignment, said)
    known = course.all_scores(assignment)
    for student, record in sorted(records.items()):
        try:
            rows |= _of(course, assignment, student, record, typed, pages, known, said)
        except Exception as error:
            said.append(f"{assignment}, {student}: no marks ({type(error).__name__}: {error})")
    for (student, name), row in typed.items():
        if (student, name) not in rows and _is_filled(row) and not instead.is_idle(row):
            said.append(f"{path.name}: {_why_not(student, name, course, assignment, records)}")
            rows[student, name] = row
    _write(path, rows)
    return said


def _named(typed: Rows, course: Course, assignment: str, said: list[str]) -> Rows:
    """Return the rows under the names of their tests, where they name the answer before one."""
    found: Rows = {}
    read = {q.name for q in course.questions(assignment)} - course.tests(assignment)
    for (student, name), row in typed.items():
        test, why = ("", "") if name in read else instead.find(course, assignment, name)
        if why:
            said.append(f"{assignment}, {student}, {name}: {why}")
        key = (student, test or name)
        if key not in found or _is_filled(row):
            found[key] = row
    return found


def _why_not(
    student: str, name: str, course: Course, assignment: str, records: Mapping[str, Any]
) -> str:
    """Say why a row is nobody's."""
    if student not in records:
        return (
            f"nobody called {student!r} has handed in: take the name from `student` in grades.csv"
        )
    if name not in {q.name for q in course.questions(assignment)}:
        return f"{student!r}: {assignment} has no question {name!r}"
    return f"{student!r} has no answer {name!r} to read"


def _of(
    course: Course,
    assignment: str,
    student: str,
    record: dict[str, Any],
    typed: Rows,
    pages: Pages,
    known: Mapping[str, Any],
    said: list[str],
) -> Rows:
    """Take the marks of a student, and return the rows as they are now."""
    answers = course.answers(assignment, student)
    # What could not be graded can be given points for all the same.
    read = [q for q in course.questions(assignment) if q.name in answers or record["reason"]]
    refused: dict[str, dict[str, str]] = {}
    scores, has_changed = known[student] if read else {}, False
    tested: Rows = {}
    if not record["reason"] and student in known:
        tested = _tested(course, assignment, student, typed, pages, known[student], said)
    for question in read:
        key, mark = (student, question.name), fingerprint(answers.get(question.name))
        row, offer = typed.get(key, {}), pages.offer(key)
        is_stale = bool(offer) and row.get("answer") not in ("", mark)
        is_new = not is_stale and _is_typed(row, _row(scores[question.name]))
        is_new &= not (instead.is_idle(row) and row["answer"] != mark)
        row = row if is_new else offer
        if problem := _take(course, assignment, key, question, row, mark):
            said.append(f"{assignment}, {student}, {question.name}: {problem}")
            refused[question.name] = row
        elif is_new or offer:
            pages.settle(key)
            has_changed = True
    rows: Rows = {}
    scores = course.scores(assignment, student) if has_changed else scores
    for question in read:
        score = scores[question.name]
        # Nobody has given the 0 of a file that could not be graded.
        is_given = not record["reason"] or score["by_person"]
        rows[student, question.name] = {
            **(_row(score) if is_given else {"points": "", "comment": score["comment"]}),
            **refused.get(question.name, {}),
            "out of": f"{question.points:g}",
            "answer": fingerprint(answers.get(question.name)),
        }
    return rows | tested


def _tested(
    course: Course, assignment: str, student: str, typed: Rows, pages: Pages,
    known: Mapping[str, Any], said: list[str],
) -> Rows:  # fmt: skip
    """Take what a person gave a student instead of tests' points, and return the rows of it."""
    tests = course.tests(assignment)
    asked = [
        question
        for question in course.questions(assignment)
        if question.name in tests
        and ((student, question.name) in typed or known[question.name]["by_person"])
    ]
    answers = instead.answers(course, assignment, student) if asked else {}
    kept: Rows = {}
    for question in asked:
        name, score = question.name, known[question.name]
        row = typed.pop((student, name), {})
        before = _row(score) if score["by_person"] else {"points": "", "comment": ""}
        if not _is_typed(row, before):
            continue
        problem, stays = instead.take(
            course, assignment, student, question, row, score, answers[name]
        )
        if problem:
            said.append(f"{assignment}, {student}, {name}: {problem}")
            kept |= {(student, name): row} if stays else {}
        else:
            pages.count += stays
    now = course.scores(assignment, student) if asked else {}
    rows = {
        (student, q.name): _row(now[q.name])
        | {"out of": f"{q.points:g}", "answer": answers[q.name]}
        for q in asked
        if now[q.name]["by_person"]
    }
    return rows | kept


def _row(score: Mapping[str, Any]) -> dict[str, str]:
    points = "" if score["needs_reading"] else f"{score['score']:g}"
    return {"points": points, "comment": score["comment"]}


def _is_typed(row: Mapping[str, str], known: Mapping[str, str]) -> bool:
    """Whether a row says something else than what counts already, as it was written last time."""
    seen = from_cell(to_cell(known["comment"])).split()
    points = row.get("points", "").replace(",", ".")
    return _is_filled(row) and (points, row["comment"].split()) != (known["points"], seen)


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
    comment = row.get("comment", "")
    instead.put(course, assignment, student, name, points, comment, only_comment=points is None)
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
