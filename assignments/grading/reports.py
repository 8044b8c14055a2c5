"""What comes out: points per question, files for learning platforms, a page for each student."""

import csv
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import marks
import rules
from batch import FIX, Batch
from course import Course
from pages import page
from sanitise import plain, to_cell
from submissions import Submission

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


def write(
    batch: Batch, submissions: Sequence[Submission], roster: list[dict[str, str]]
) -> list[str]:
    """Write the files of every assignment that was graded; return what was refused."""
    said = []
    for assignment in sorted({s.assignment for s in submissions}):
        records = {s.student: batch.result(s) for s in submissions if s.assignment == assignment}
        marks_file = batch.output / assignment / "marks.csv"
        marks_file.parent.mkdir(parents=True, exist_ok=True)
        said += marks.exchange(marks_file, batch.course, assignment, records)
        rows = [
            Graded(
                s,
                batch.result(s),
                batch.course.scores(assignment, s.student),
                known(s, roster),
            )
            for s in submissions
            if s.assignment == assignment
        ]
        _compare(rows, batch.course, assignment)
        folder = batch.output / assignment
        (folder / "feedback").mkdir(parents=True, exist_ok=True)
        questions = batch.course.questions(assignment)
        most = {q.name: q.points for q in questions}
        _table(folder / "grades.csv", *_grades(rows, most))
        _table(folder / "canvas.csv", *_canvas(rows, most, assignment))
        _table(folder / "moodle.csv", *_moodle(rows, most))
        _table(folder / "gradescope.csv", *_gradescope(rows, most))
        for row in rows:
            student = row.submission.student
            text = page(
                assignment,
                row.submission.name,
                row.record | {"reason": row.reason},
                row.scores,
                questions,
                batch.course.graded(assignment, student),
                batch.course.answers(assignment, student),
            )
            path = folder / "feedback" / f"{student}.html"
            path.write_text(text, encoding="utf-8")
        said += [
            f"{assignment}, {r.submission.student}, {what}" for r in rows for what in r.refused
        ]
    return said


def _compare(rows: list[Graded], course: Course, assignment: str) -> None:
    """Add to each row with whom its answers are shared, the published master among them."""
    models = rules.answers(course.master(assignment), course.releases[assignment])
    given = {r.submission.student: (r.submission.path, r.record.get("answers", {})) for r in rows}
    alike = rules.alike(given | {rules.MASTER: (None, models)})
    for row in rows:
        found = [*row.record.get("to_check", []), *alike.get(row.submission.student, [])]
        row.record["to_check"] = found


def known(submission: Submission, roster: list[dict[str, str]]) -> dict[str, str]:
    """Return what the file's name and a class list tell about a student.

    A platform's own number decides; without it a name, a login or an address that only one person
    in the list has.
    """
    mine = submission.identity
    for person in roster:
        if any(person.get(key) == value for key, value in mine.items()):
            return person | mine
    alike = [person for person in roster if _orders(submission.name) & _called(person)]
    return alike[0] | mine if len(alike) == 1 else dict(mine)


def _called(person: dict[str, str]) -> set[str]:
    """Return all that a file of a person in a class list may be called."""
    full = f"{person.get('First Name', '')} {person.get('Last Name', '')}"
    logins = [person.get(key, "") for key in ("SIS User ID", "SIS Login ID", "SID")]
    mail = [person.get(key, "") for key in ("Email", "Email address")]
    mail += [address.partition("@")[0] for address in mail]
    names = [person.get("Student", ""), person.get("Full name", ""), full]
    return set().union(*map(_orders, [*names, *logins, *mail]))


def _orders(name: str) -> set[str]:
    """Make "Turing, Alan", "Alan Turing" and "turingalan" alike."""
    words = re.findall(r"[^\W_]+", name.casefold())
    return {"".join(words[n:] + words[:n]) for n in range(len(words))}


def _number(value: float) -> str:
    return f"{value:g}"


def _table(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a CSV in which a spreadsheet finds no formula."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([to_cell(cell) for cell in row] for row in [header, *rows])


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
