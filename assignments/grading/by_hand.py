"""What persons mark: their marks are taken in, and what is to be marked is laid out."""

import shutil

import marked
import marking
import marks
import tables
from batch import Batch
from course import Course
from names import counted
from submissions import Submission

SECRET = "secret"


def exchange(
    batch: Batch, submissions: list[Submission], assignment: str, *, named: bool = False
) -> list[str]:
    """Take in the marks for an assignment, and write `marks.csv` and the marking pages.

    Args:
        batch: with the course and the output folder.
        submissions: of the assignment.
        assignment: its name.
        named: whether the pages show names.

    Returns:
        What was not taken or went wrong, and on how many answers markers disagree.
    """
    folder = batch.output / assignment
    try:
        return _exchange(batch, submissions, assignment, named)
    except Exception as error:
        return [f"{folder}: no marks were exchanged ({type(error).__name__}: {error})"]


def _exchange(
    batch: Batch, submissions: list[Submission], assignment: str, named: bool
) -> list[str]:
    course, folder = batch.course, batch.output / assignment
    given = folder / "marks"
    given.mkdir(parents=True, exist_ok=True)
    codes = marking.Codes(batch.output / SECRET)
    students = {codes.of(assignment, s.student): s.student for s in submissions}
    release = course.releases[assignment]
    rubrics = {q.name: marking.rubric(release, q) for q in read(course, assignment)}
    found = marked.read(given, assignment, rubrics, students)
    taken = marked.Taken(given / marked.TAKEN)
    pages = marks.Pages(found.by, rubrics, taken)
    records = {s.student: batch.result(s) for s in submissions}
    said = marks.exchange(folder / "marks.csv", course, assignment, records, pages)
    said = [f"Not taken: {line}" for line in [*found.refused, *said]]
    if pages.count:
        said.insert(0, f"{assignment}: {counted(pages.count, 'mark')} taken in")
    taken.write()
    said += _split(batch, assignment, pages)
    shutil.rmtree(folder / "marking", ignore_errors=True)
    marking.write(folder / "marking", course, assignment, submissions, codes, named=named)
    return said


def read(course: Course, assignment: str) -> list[marking.Question]:
    """Return the questions of an assignment that a person reads."""
    tests = course.tests(assignment)
    return [q for q in course.questions(assignment) if q.name not in tests]


def _split(batch: Batch, assignment: str, pages: marks.Pages) -> list[str]:
    """Write down on which answers markers disagree."""
    path = batch.output / assignment / "disagreements.csv"
    path.unlink(missing_ok=True)
    if not pages.split:
        return []
    counts = {}
    for student, question in pages.split:
        score = batch.course.scores(assignment, student)[question]
        counts[student, question] = "" if score["needs_reading"] else f"{score['score']:g}"
    problems = tables.write(path, marked.disagreements, pages.split, counts)
    answers = counted(len(pages.split), "answer")
    return [
        f"Markers disagree on {answers}: see {path}, and type what counts into marks.csv",
        *problems,
    ]
