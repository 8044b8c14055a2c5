"""What comes out: points per question, files for learning platforms, a page for each student."""

import csv
import html
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import marks
import roster
import rules
from batch import FIX, Batch
from course import Course
from names import written
from pages import page
from sanitise import plain, to_cell
from submissions import Found, Submission

LONGEST_REMARK = 500

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
        return sum(s["score"] for s in self.scores.values() if not s["needs_reading"])

    @property
    def to_read(self) -> list[str]:
        """The questions that a person still has to read."""
        return [name for name, score in self.scores.items() if score["needs_reading"]]

    @property
    def remarks(self) -> str:
        """What a lecturer is to know about how it was graded, in a line."""
        remarks = [self.record["reason"], *self.refused, *self.record["notes"]]
        return "; ".join(plain(remark, LONGEST_REMARK) for remark in remarks if remark)

    @property
    def refused(self) -> list[str]:
        """What the gradebook says and does not count."""
        return [score["refused"] for score in self.scores.values() if score["refused"]]

    @property
    def to_check(self) -> str:
        """What a lecturer is to look at, and a student does not see: no points depend on it."""
        return "; ".join(plain(what, LONGEST_REMARK) for what in self.record.get("to_check", []))

    @property
    def reason(self) -> str:
        """Why there are no points, without what the lecturer is to do about it."""
        return self.record["reason"].removesuffix(f"; {FIX}")

    @property
    def comments(self) -> str:
        """What the student is told beside the points: why there are none, and a person's words."""
        comments = [f"{n}: {s['comment']}" for n, s in self.scores.items() if s["comment"]]
        return "\n".join(filter(None, [self.reason, *comments]))


def write(batch: Batch, found: Found, listed: Sequence[roster.Row]) -> list[str]:
    """Write the files of every assignment that was graded; return what is to be looked at.

    What goes wrong with one student's page, or with one table, costs that one only.
    """
    matched = roster.match(found.submissions, listed)
    problems = []
    for assignment in sorted({s.assignment for s in found.submissions}):
        problems += _marks(batch, found, assignment)
        rows = [
            _graded(batch, submission, matched)
            for submission in found.submissions
            if submission.assignment == assignment
        ]
        problems += _compare(rows, batch, assignment)
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
        problems += [
            f"Not taken: {assignment}, {row.submission.student}, {what}"
            for row in rows
            for what in row.refused
        ]
    problems += _table(batch.output / "files.csv", _files, batch, found)
    doubts = [f"{s.name}: {doubt}" for s in found.submissions for doubt in s.doubts]
    doubts += [f"{key}: {doubt}" for key, doubt in matched.doubts.items()]
    return [*dict.fromkeys(["Whose is it? " + doubt for doubt in doubts]), *problems]


def _marks(batch: Batch, found: Found, assignment: str) -> list[str]:
    """Take in and lay out the marks that persons give; return what was refused or failed."""
    mine = [s for s in found.submissions if s.assignment == assignment]
    path = batch.output / assignment / "marks.csv"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        records = {s.student: batch.result(s) for s in mine}
        return [f"Not taken: {s}" for s in marks.exchange(path, batch.course, assignment, records)]
    except Exception as error:
        return [f"{path} could not be exchanged ({type(error).__name__}: {error})"]


def _compare(rows: list[Graded], batch: Batch, assignment: str) -> list[str]:
    """Add to each row with whom its answers are shared, the master among them; say what failed."""
    try:
        _alike(rows, batch.course, assignment)
    except Exception as error:
        return [f"{assignment}: answers could not be compared ({type(error).__name__}: {error})"]
    return []


def _alike(rows: list[Graded], course: Course, assignment: str) -> None:
    models = rules.answers(course.master(assignment), course.releases[assignment])
    given = {r.submission.student: (r.submission.path, r.record.get("answers", {})) for r in rows}
    alike = rules.alike(given | {rules.MASTER: (None, models)})
    for row in rows:
        found = [*row.record.get("to_check", []), *alike.get(row.submission.student, [])]
        row.record["to_check"] = found


def _graded(batch: Batch, submission: Submission, matched: roster.Matched) -> Graded:
    """Return a student's result; one that the gradebook does not have, without points."""
    record, scores = batch.result(submission), {}
    try:
        scores = batch.course.scores(submission.assignment, submission.student)
    except Exception as error:
        said = f"the gradebook has no points for it ({type(error).__name__}); {FIX}"
        record["reason"] = record["reason"] or said
    for question in batch.course.questions(submission.assignment):
        empty = {"score": 0.0, "needs_reading": False, "comment": "", "refused": ""}
        scores.setdefault(question.name, empty)
    person = matched.people.get(submission.student, {})
    return Graded(submission, record, scores, person | submission.identity)


def _pages(batch: Batch, rows: Sequence[Graded], folder: Path) -> list[str]:
    """Write a page for each student; return what went wrong."""
    problems = []
    for row in rows:
        assignment, student = row.submission.assignment, row.submission.student
        try:
            text = page(
                assignment,
                row.submission.name,
                row.record | {"reason": row.reason},
                row.scores,
                batch.course.questions(assignment),
                batch.course.graded(assignment, student),
                batch.course.answers(assignment, student),
            )
            path = folder / f"{student}.html"
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
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
    """Write a CSV in which a spreadsheet finds no formula; return what went wrong."""
    try:
        header, rows = make(*of)
        with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
            writer = csv.writer(file)
            writer.writerows([to_cell(cell) for cell in row] for row in [header, *rows])
    except Exception as error:
        return [f"{path} could not be written ({type(error).__name__}: {error})"]
    return []


def _points(row: Graded, questions: dict[str, float]) -> list[str]:
    return [
        "" if row.scores[name]["needs_reading"] else _number(row.scores[name]["score"])
        for name in questions
    ]


def _grades(rows: list[Graded], most: dict[str, float]) -> Any:
    header = ["student", "name", *most, "total", "out of", "to read", "to check", "remarks"]
    return header, [
        [
            row.submission.student, row.submission.name, *_points(row, most), _number(row.total),
            _number(sum(most.values())), " ".join(row.to_read), row.to_check, row.remarks,
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
            "Feedback comments": html.escape(row.comments).replace("\n", "<br>"),
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
