"""What comes out: points per question, files for learning platforms, a page for each student."""

import csv
import html
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import roster
from batch import FIX, Batch
from jinja2 import Environment, FileSystemLoader
from names import written
from roles import grade_id, is_test
from submissions import Found, Submission

SHOWN_LINES = 12

# Canvas looks for these, and reads each other column as an assignment; the row "Points Possible"
# comes before the students: lib/gradebook_importer.rb in instructure/canvas-lms, and the guide
# "How do I import grades in the Gradebook?".
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
# Moodle's grading worksheet. Its import needs Identifier, Grade and Last modified (grade):
# mod/assign/feedback/offline/importgradeslib.php in moodle/moodle; docs.moodle.org, "Assignment
# grading", offline grading worksheet.
MOODLE = (
    "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
    "Grade can be changed", "Last modified (submission)", "Last modified (grade)",
    "Feedback comments",
)  # fmt: skip
# The columns that Gradescope's "Download Grades" of one assignment has, then one per question.
GRADESCOPE = (
    "First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status",
    "Submission ID", "Submission Time", "Lateness (H:M:S)", "View Count", "Submission Count",
)  # fmt: skip


@dataclass
class Graded:
    """One student's result."""

    submission: Submission
    record: dict[str, Any]
    scores: dict[str, dict[str, Any]]
    identity: dict[str, str]

    @property
    def total(self) -> float:
        """The points so far."""
        return sum(score["score"] for score in self.scores.values())

    @property
    def to_read(self) -> list[str]:
        """The questions that a person still has to read."""
        return [name for name, score in self.scores.items() if score["needs_reading"]]

    @property
    def remarks(self) -> str:
        """What is to be known about how it was graded, in a line."""
        return "; ".join(filter(None, [self.record["reason"], *self.record["notes"]]))


def write(batch: Batch, found: Found, listed: Sequence[roster.Row]) -> list[str]:
    """Write the files of every assignment that was graded; return what is to be looked at.

    What goes wrong with one student's page, or with one table, costs that one only.
    """
    matched = roster.match(found.submissions, listed)
    problems = []
    for assignment in sorted({s.assignment for s in found.submissions}):
        rows = [
            _graded(batch, submission, matched)
            for submission in found.submissions
            if submission.assignment == assignment
        ]
        folder = batch.output / assignment
        (folder / "feedback").mkdir(parents=True, exist_ok=True)
        questions = batch.course.questions(assignment)
        problems += _pages(batch, rows, folder / "feedback")
        most = {q.name: q.points for q in questions}
        problems += _table(folder / "grades.csv", _grades, rows, most)
        problems += _table(folder / "canvas.csv", _canvas, rows, most, assignment)
        problems += _table(folder / "moodle.csv", _moodle, rows, most)
        problems += _table(folder / "gradescope.csv", _gradescope, rows, most)
        if listed:
            mine = [row.submission for row in rows]
            problems += _table(folder / "roster.csv", roster.table, mine, listed, matched)
            status = Counter(row[1] for row in roster.table(mine, listed, matched)[1])
            counts = ", ".join(f"{status[s]} {s}" for s in ("submitted", "missing", "unknown"))
            problems.append(f"{assignment}, the class: {counts}")
    problems += _table(batch.output / "files.csv", _files, batch, found)
    doubts = [f"{s.name}: {doubt}" for s in found.submissions for doubt in s.doubts]
    doubts += [f"{key}: {doubt}" for key, doubt in matched.doubts.items()]
    return [*dict.fromkeys(["Whose is it? " + doubt for doubt in doubts]), *problems]


def _graded(batch: Batch, submission: Submission, matched: roster.Matched) -> Graded:
    """Return a student's result; one that the gradebook does not have, without points."""
    record, scores = batch.result(submission), {}
    try:
        scores = batch.course.scores(submission.assignment, submission.student)
    except Exception as error:
        said = f"the gradebook has no points for it ({type(error).__name__}); {FIX}"
        record["reason"] = record["reason"] or said
    for question in batch.course.questions(submission.assignment):
        empty = {"score": 0.0, "max": question.points, "needs_reading": False, "comment": ""}
        scores.setdefault(question.name, empty)
    person = matched.people.get(submission.student, {})
    return Graded(submission, record, scores, person | submission.identity)


def _pages(batch: Batch, rows: Sequence[Graded], folder: Path) -> list[str]:
    """Write a page for each student; return what went wrong."""
    problems = []
    for row in rows:
        assignment, student = row.submission.assignment, row.submission.student
        questions = batch.course.questions(assignment)
        most = {q.name: q.points for q in questions}
        titles = {q.name: q.title for q in questions}
        try:
            page = _page(row, most, titles, batch.course.graded(assignment, student))
            path = folder / f"{student}.html"
            path.write_text(page, encoding="utf-8", errors="backslashreplace")
        except Exception as error:
            said = f"its page could not be written ({type(error).__name__}: {error})"
            row.record["notes"].append(written(said, 200))
            problems.append(f"{assignment}  {student}  {row.record['notes'][-1]}")
    return problems


def _files(batch: Batch, found: Found) -> Any:
    """Account for every file of the folder."""
    header = ["file", "what", "assignment", "student", "reason", "whose"]
    rows = []
    for file in found.files:
        for submission in file.submissions:
            reason = batch.result(submission)["reason"]
            rows.append(
                [
                    file.path, "refused" if reason else "graded", submission.assignment,
                    submission.student, reason, "; ".join(submission.doubts),
                ]
            )  # fmt: skip
        if not file.submissions:
            what = "refused" if file.is_refused else "not a submission"
            rows.append([file.path, what, "", "", file.reason, ""])
    return header, rows


def _number(value: float) -> str:
    return f"{value:g}"


def _table(path: Path, make: Callable[..., Any], *of: Any) -> list[str]:
    """Write a CSV; return what went wrong.

    What a spreadsheet would take for a formula is made text.
    """
    try:
        header, rows = make(*of)
        with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
            writer = csv.writer(file)
            for row in [header, *rows]:
                writer.writerow(
                    ["'" + cell if cell[:1] in "=+@\t\r" and cell else cell for cell in row]
                )
    except Exception as error:
        return [f"{path} could not be written ({type(error).__name__}: {error})"]
    return []


def _points(row: Graded, questions: dict[str, float]) -> list[str]:
    return [
        "" if row.scores[name]["needs_reading"] else _number(row.scores[name]["score"])
        for name in questions
    ]


def _grades(rows: list[Graded], most: dict[str, float]) -> Any:
    header = ["student", "name", *most, "total", "out of", "to read", "remarks"]
    return header, [
        [
            row.submission.student, row.submission.name, *_points(row, most), _number(row.total),
            _number(sum(most.values())), " ".join(row.to_read), row.remarks,
        ]
        for row in rows
    ]  # fmt: skip


def _canvas(rows: list[Graded], most: dict[str, float], assignment: str) -> Any:
    possible = ["    Points Possible", "", "", "", "", _number(sum(most.values()))]
    return [*CANVAS, assignment], [
        possible,
        *(
            [
                row.identity.get("Student") or row.submission.name,
                *(row.identity.get(key, "") for key in CANVAS[1:]),
                _number(row.total),
            ]
            for row in rows
        ),
    ]


def _moodle(rows: list[Graded], most: dict[str, float]) -> Any:
    def cells(row: Graded) -> list[str]:
        name = row.identity.get("Full name") or row.submission.name
        about = row.identity | {
            "Full name": name,
            "Email address": row.identity.get("Email address") or row.identity.get("Email", ""),
            "Grade": _number(row.total),
            "Maximum Grade": _number(sum(most.values())),
            "Grade can be changed": "Yes",
            "Last modified (grade)": "-",
            "Feedback comments": html.escape(row.remarks),
        }
        return [about.get(column, "") for column in MOODLE]

    return MOODLE, [cells(row) for row in rows]


def _gradescope(rows: list[Graded], most: dict[str, float]) -> Any:
    header = [f"{n}: {name} ({most[name]:.1f} pts)" for n, name in enumerate(most, 1)]

    def cells(row: Graded) -> list[str]:
        first, _, last = row.submission.name.rpartition(" ")
        about = {"First Name": first or last, "Last Name": last if first else ""} | row.identity
        about |= {
            "Email": about.get("Email") or about.get("Email address", ""),
            "Total Score": _number(row.total),
            "Max Points": _number(sum(most.values())),
            "Status": "Ungraded" if row.to_read else "Graded",
        }
        return [*(about.get(column, "") for column in GRADESCOPE), *_points(row, most)]

    return [*GRADESCOPE, *header], [cells(row) for row in rows]


def _page(row: Graded, most: dict[str, float], titles: dict[str, str], notebook: Any) -> str:
    """Return a student's page: what failed and where to look, nothing of the hidden tests."""
    cells = notebook.cells if notebook is not None else []
    errors = {}
    stopped = []
    for number, cell in enumerate(cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type != "error":
                continue
            says = f"{output.ename}: {output.evalue}"
            if is_test(cell):
                plain = output.ename in ("AssertionError", "stopped")
                plain |= output.evalue.startswith("your code raised")
                errors[grade_id(cell)] = output.evalue if plain else says
            else:
                shown = "\n".join(cell.source.splitlines()[:SHOWN_LINES])
                where = grade_id(cell) or f"cell {number}"
                stopped.append({"where": where, "error": says, "source": shown})
    questions = [
        {
            **score,
            "name": name,
            "title": titles[name],
            "most": _number(most[name]),
            "score": _number(score["score"]),
            "says": errors.get(name) or _fine(score, row),
        }
        for name, score in row.scores.items()
    ]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    )
    return environment.get_template("feedback.html.jinja").render(
        assignment=row.submission.assignment,
        name=row.submission.name,
        total=_number(row.total),
        most=_number(sum(most.values())),
        to_read=row.to_read,
        reason=row.record["reason"],
        questions=questions,
        stopped=stopped,
        notes=row.record["notes"],
    )


def _fine(score: dict[str, Any], row: Graded) -> str:
    if row.record["reason"]:
        return "not run"
    if score["needs_reading"]:
        return "will be read by a person"
    return "all checks passed" if score["score"] == score["max"] else ""
