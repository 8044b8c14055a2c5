"""Grading again: what is chosen for it, and what persons gave, which stays."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from course import Course
from marking import fingerprint
from nbformat import NotebookNode
from roles import grade_id
from submissions import Submission


@dataclass(frozen=True)
class Again:
    """What is to be graded again although it has not changed.

    Args:
        students: by key or by name; all if empty.
        questions: whose points are taken from the new run; all if empty.
    """

    students: frozenset[str] = frozenset()
    questions: frozenset[str] = frozenset()

    def wants(self, submission: Submission) -> bool:
        """Whether a submission is meant."""
        return not self.students or bool({submission.student, submission.name} & self.students)

    def takes(self, question: str) -> bool:
        """Whether the new points of a question count."""
        return not self.questions or bool({question, answer_of(question)} & self.questions)

    @property
    def said(self) -> str:
        """What is to be known of a student of whom not all was graded again."""
        named = ", ".join(sorted(self.questions))
        return f"graded again for {named} alone" if named else ""

    def check(self, submissions: Iterable[Submission], course: Course) -> None:
        """See whether there is what was named.

        Raises:
            ValueError: no such student, or no such question.
        """
        submissions = list(submissions)
        known = {name for s in submissions for name in (s.student, s.name)}
        if missing := self.students - known:
            raise ValueError(f"nobody called {', '.join(sorted(missing))} has handed in")
        named = {q.name for s in {s.assignment for s in submissions} for q in course.questions(s)}
        named |= {answer_of(name) for name in named}
        if missing := self.questions - named:
            questions = ", ".join(sorted(named))
            raise ValueError(f"no question {', '.join(sorted(missing))}: there are {questions}")


@dataclass(frozen=True)
class Before:
    """What the gradebook held for a question, and for which answer."""

    auto: float | None
    manual: float | None
    extra: float | None
    is_open: bool
    answer: str


def answer_of(question: str) -> str:
    """Return the name of the cell that answers a question: of a test the one before it."""
    return re.sub(r"_test\d*$", "", question)


def _answers(notebook: NotebookNode | None) -> dict[str | None, str]:
    cells = notebook.cells if notebook is not None else []
    return {grade_id(cell): fingerprint(cell) for cell in cells if grade_id(cell)}


def before(course: Course, assignment: str, student: str) -> dict[str, Before]:
    """Return what there is of a submission before it is graded again; nothing the first time."""
    answers = _answers(course.submitted(assignment, student))
    with course.gradebook() as book:
        return {
            grade.name: Before(
                grade.auto_score, grade.manual_score, grade.extra_credit,
                bool(grade.needs_manual_grade), answers.get(answer_of(grade.name), ""),
            )
            for grade in course.grades(book, assignment, student)
        }  # fmt: skip


def restore(
    course: Course,
    assignment: str,
    student: str,
    earlier: Mapping[str, Before],
    notebook: NotebookNode,
    again: Again | None,
) -> list[str]:
    """Let stand what persons gave for answers that are the same, after nbgrader has graded.

    Args:
        course: with the gradebook.
        assignment: its name.
        student: the key.
        earlier: from `before`.
        notebook: that was graded now.
        again: which questions the new points are taken of.

    Returns:
        Remarks for the lecturer.
    """
    answers, tests = _answers(notebook), course.tests(assignment)
    said = []
    with course.gradebook() as book:
        for grade in course.grades(book, assignment, student):
            old = earlier.get(grade.name)
            if old is None:
                continue
            is_same = old.answer == answers.get(answer_of(grade.name), "")
            if is_same and again and not again.takes(grade.name):
                grade.auto_score = old.auto
            if old.manual is None and old.extra is None:
                continue
            if is_same:
                grade.manual_score, grade.extra_credit = old.manual, old.extra
                grade.needs_manual_grade = old.is_open
            elif grade.name in tests:  # what reads counts again when a person has read it
                grade.manual_score, grade.extra_credit = None, None
                grade.needs_manual_grade = False
                for comment in grade.notebook.comments:
                    if comment.name == grade.name:
                        comment.manual_comment = None
                points = (old.manual or 0.0) + (old.extra or 0.0)
                said.append(f"{grade.name}: {points:g} points of a person were for another answer")
        book.db.commit()
    return said
