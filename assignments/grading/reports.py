"""What comes out: points per question, files for learning platforms, a page for each student."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import by_hand
import changes
import class_report
import due
import groups
import instead
import late
import likeness
import returns
import roster
import rules
import tables
import uploads
from batch import FIX, Batch
from class_report import Class
from course import Course
from graded import Graded, number, points
from late import Policy
from names import counted, written
from pages import page, plainly
from submissions import Found, Submission


@dataclass(frozen=True)
class Wishes:
    """What may be asked of the reports.

    Args:
        names: the marking pages show who wrote what.
        why: a sentence for the letters to students whose points changed.
        unread: platforms get points although a person still has to read an answer.
        late: when each assignment was due.
    """

    names: bool = False
    why: str = ""
    unread: bool = False
    late: Mapping[str, Policy] = field(default_factory=dict)


def write(
    batch: Batch, found: Found, listed: Sequence[roster.Row], wishes: Wishes = Wishes()
) -> list[str]:
    """Write the files of every assignment that was graded; return what is to be looked at.

    What goes wrong with one student's page, or with one table, costs that one only.
    """
    matched = roster.match(found.submissions, listed)
    problems = groups.settle(found.submissions, matched.people)
    problems += roster.nobody(found.submissions, listed, matched)
    notes = list(problems)
    for assignment in sorted({s.assignment for s in found.submissions}):
        mine = [s for s in found.submissions if s.assignment == assignment]
        problems += by_hand.exchange(batch, mine, assignment, named=wishes.names)
        scores = batch.course.all_scores(assignment)
        rows = [_graded(batch, submission, matched, scores) for submission in mine]
        problems += _compare(rows, batch, assignment)
        folder = batch.output / assignment
        (folder / "feedback").mkdir(parents=True, exist_ok=True)
        problems += _pages(batch, rows, folder / "feedback")
        most = {q.name: q.points for q in batch.course.questions(assignment)}
        about = Class(assignment, rows, most, policy=wishes.late.get(assignment))
        about.files = _not_graded(rows, found)
        about.notes = [*notes, *due.notes(rows, about.policy, listed)]
        problems += [f"{assignment}: {note}" for note in about.notes[len(notes) :]]
        problems += _to_check(about)
        if listed:
            header, about.status = roster.table(mine, listed, matched)
            problems += tables.write(folder / "roster.csv", lambda of: of, (header, about.status))
        problems += _about_class(batch, about, wishes)
        problems += _for_platforms(folder, about, wishes.unread)
        problems += [
            f"Not taken: {assignment}, {row.submission.student}, {what}"
            for row in rows
            for what in row.refused
        ]
    problems += tables.write(batch.output / "files.csv", _files, batch, found)
    doubts = [f"{s.name}: {doubt}" for s in found.submissions for doubt in s.doubts]
    doubts += [f"{key}: {doubt}" for key, doubt in matched.doubts.items()]
    return [*dict.fromkeys(["Whose is it? " + doubt for doubt in doubts]), *problems]


def _to_check(about: Class) -> list[str]:
    """Say how many submissions a person should look at, and where it stands why."""
    count = sum(bool(row.checks) for row in about.rows)
    if not count:
        return []
    them = counted(count, "submission")
    return [f"{about.assignment}: something to check in {them}: see report.html, or grades.csv"]


def _about_class(batch: Batch, about: Class, wishes: Wishes) -> list[str]:
    """Write what a lecturer reads of an assignment; return what to look at."""
    assignment, rows, folder = about.assignment, about.rows, batch.output / about.assignment
    history = changes.History(batch.output / "records" / f"{assignment}.json")
    about.changed = history.changes(rows, batch.course.tests(assignment))
    problems = changes.write(folder, history, about.changed, rows, about.most, wishes.why)
    problems += tables.write(folder / "grades.csv", _grades, rows, about.most, about.policy)
    if about.status:
        status = Counter(row[1] for row in about.status)
        counts = ", ".join(f"{status[s]} {s}" for s in ("submitted", "missing", "unknown"))
        problems.append(f"{assignment}, the class: {counts}")
    about.similar, said = likeness.write(folder, batch.course, assignment, rows)
    return problems + said + class_report.write(folder, about)


def _for_platforms(folder: Path, about: Class, unread: bool) -> list[str]:
    """Write what platforms take in; return whose points are held back."""
    rows, most = about.rows, about.most
    problems = tables.write(
        folder / "canvas.csv", uploads.canvas, rows, most, about.assignment, unread
    )
    problems += tables.write(folder / "moodle.csv", uploads.moodle, rows, most, unread)
    problems += tables.write(folder / "gradescope.csv", uploads.gradescope, rows, most)
    problems += returns.write(folder, rows, unread)
    if waiting := sum(uploads.held_back(row, unread) for row in rows):
        problems.append(
            f"{about.assignment}: left out of the tables for platforms until all is read: "
            f"{counted(waiting, 'student')}; OPTIONS=--unread puts them in"
        )
    return problems


def _compare(rows: list[Graded], batch: Batch, assignment: str) -> list[str]:
    """Add to each row with whom its answers are shared, the master among them; say what failed."""
    try:
        _alike(rows, batch.course, assignment)
    except Exception as error:
        return [f"{assignment}: answers could not be compared ({type(error).__name__}: {error})"]
    return []


def _alike(rows: list[Graded], course: Course, assignment: str) -> None:
    models = rules.answers(course.master(assignment), course.releases[assignment])
    given = {
        row.submission.student: (groups.file_of(row.submission), row.record.get("answers", {}))
        for row in rows
    }
    alike = rules.alike(given | {rules.MASTER: (None, models)})
    for row in rows:
        found = [*row.record.get("to_check", []), *alike.get(row.submission.student, [])]
        row.record["to_check"] = found


def _graded(
    batch: Batch, submission: Submission, matched: roster.Matched, known: Mapping[str, Any]
) -> Graded:
    """Return a student's result; one that the gradebook does not have, without points."""
    record = batch.result(submission)
    scores = dict(known.get(submission.student, {}))
    if submission.student not in known:
        record["reason"] = record["reason"] or f"the gradebook has no points for it; {FIX}"
    for question in batch.course.questions(submission.assignment):
        empty = {"score": 0.0, "needs_reading": False, "comment": "", "refused": ""}
        scores.setdefault(question.name, empty)
    record["to_check"] += instead.notes(scores, batch.course.tests(submission.assignment))
    person = matched.people.get(submission.student, {})
    moment = {"Submission Time": submission.moment} if submission.moment else {}
    return Graded(submission, record, scores, person | submission.identity | moment)


def _pages(batch: Batch, rows: Sequence[Graded], folder: Path) -> list[str]:
    """Write a page for each student; return what went wrong."""
    problems = []
    for row in rows:
        assignment, student = row.submission.assignment, row.submission.student
        try:
            text = page(
                assignment,
                row.submission.name,
                row.record | {"reason": plainly(row.reason)},
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


def _not_graded(rows: Sequence[Graded], found: Found) -> list[list[str]]:
    """Return which submissions and which other files could not be graded, and why."""
    mine = [[row.submission.name, row.reason] for row in rows if row.reason]
    return mine + [[file.path, file.reason] for file in found.files if file.is_refused]


def _grades(rows: list[Graded], most: dict[str, float], policy: Policy | None) -> Any:
    header = ["student", "name", *most, "total", "out of", "to read", "to check", "remarks"]
    header += late.HEADER if policy else []
    return header, [
        [
            row.submission.student, roster.full_name(row.identity) or row.submission.name,
            *points(row, most), number(row.total),
            number(sum(most.values())), " ".join(row.to_read), row.to_check, row.remarks,
            *(late.cells(row, policy) if policy else ()),
        ]
        for row in rows
    ]  # fmt: skip
