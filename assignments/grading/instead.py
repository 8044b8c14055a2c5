"""Points that a person gives instead of a test's: rows of a lecturer's own in `marks.csv`."""

from collections.abc import Mapping
from typing import Any

from course import Course, Question
from marking import fingerprint
from nbgrader.api import Comment
from regrading import answer_of
from roles import grade_id

WITHDRAWN = "test"  # typed as points: those of the test count again


def find(course: Course, assignment: str, name: str) -> tuple[str, str]:
    """Return the test that a row means, which may name the answer; else "" and why."""
    tests = course.tests(assignment)
    if name in tests:
        return name, ""
    mine = sorted(test for test in tests if answer_of(test) == name)
    if len(mine) == 1:
        return mine[0], ""
    return "", f"has the tests {', '.join(mine)}: name one of them" if mine else ""


def answers(course: Course, assignment: str, student: str) -> dict[str, str]:
    """Return the fingerprint of the answer to each question of a student's, by test."""
    notebook = course.submitted(assignment, student)
    cells = {grade_id(c): c for c in notebook.cells} if notebook is not None else {}
    return {
        test: fingerprint(cells.get(answer_of(test))) for test in sorted(course.tests(assignment))
    }


def is_idle(row: Mapping[str, str]) -> bool:
    """Whether a row is one that the tool wrote for a damaged file: nobody gave its points."""
    is_empty = row.get("points", "") in ("", "0") and not row.get("comment")
    return is_empty and row.get("answer") == fingerprint(None)


def take(
    course: Course, assignment: str, student: str, question: Question, row: dict[str, str],
    score: Mapping[str, Any], mark: str,
) -> tuple[str, bool]:  # fmt: skip
    """Put the points of a row in the place of a test's.

    Args:
        course: with the gradebook.
        assignment: its name.
        student: the key.
        question: the test.
        row: as it was typed.
        score: what counts now.
        mark: the fingerprint of the answer.

    Returns:
        Why they were not taken, "" if they were or nothing was asked; whether the row stays.
    """
    typed, comment = row.get("points", "").replace(",", "."), row.get("comment", "")
    if row.get("answer") not in ("", None, mark):
        if is_idle(row):
            return "", False
        given = f"{typed or 'no'} points ({comment or 'without a comment'})"
        return f"there is a new answer; the row with {given} is dropped: the test counts", False
    if typed.casefold() == WITHDRAWN:
        put(course, assignment, student, question.name, None, "")
        return "", False
    if not typed and not comment:
        return "", bool(score["by_person"])
    if not typed:
        return f"no points: type what counts instead of the test's, or {WITHDRAWN!r}", True
    try:
        points = float(typed)
    except ValueError:
        return f"{typed!r} is no number", True
    if not 0 <= points <= question.points:
        most = f"{question.points:g}"
        return f"{typed} of {most} points is refused: give 0 to {most}", True
    if not comment:
        return "say in `comment` why these points count instead of the test's", True
    put(course, assignment, student, question.name, points, comment)
    return "", True


def put(
    course: Course, assignment: str, student: str, name: str, points: float | None, comment: str,
    *, only_comment: bool = False,
) -> None:  # fmt: skip
    """Write points of a person into the gradebook, or take them back, with the comment."""
    with course.gradebook() as book:
        grade = book.find_grade(name, assignment, assignment, student)
        if not only_comment:
            grade.manual_score, grade.extra_credit = points, None
            grade.needs_manual_grade = False
        notebook = book.find_submission_notebook(assignment, assignment, student)
        mine = next((one for one in notebook.comments if one.name == name), None)
        if mine is None and comment:  # nbgrader has none for tests
            mine = Comment(cell=grade.cell, notebook=notebook)
            book.db.add(mine)
        if mine is not None:
            mine.manual_comment = comment
        book.db.commit()


def notes(scores: Mapping[str, Mapping[str, Any]], tests: set[str]) -> list[str]:
    """Return for each test whose points a person replaced what `to check` says of it."""
    return [
        f"{name}: {score['score']:g} points by a person; the test gave "
        f"{'none' if score.get('auto') is None else format(score['auto'], 'g')}"
        + (f" ({comment})" if (comment := score["comment"]) else "")
        for name, score in scores.items()
        if name in tests and score.get("by_person")
    ]
