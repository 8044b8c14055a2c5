"""The nbgrader course in which submissions are graded: a copy of the course folder of masters."""

import contextlib
import os
import re
import shutil
import sys
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import alike
import nbformat
import rules
from isolation import Limits, Sandbox
from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)  # fmt: skip
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from precheck import Checked
from roles import grade_id, is_counted, is_test
from run_apart import RunApart
from traitlets.config import Config, PyFileConfigLoader

# With the steps for nbgrader that the course has where nbgrader alone grades it.
sys.path.append(str(Path(__file__).resolve().parents[1]))
from harmless import Harmless
from masters import copy_masters
from masters import masters as masters_in

CONFIG = "nbgrader_config.py"
# nbgrader starts `alembic` by its bare name to make a gradebook.
SCRIPTS = Path(find_spec("alembic").origin).parents[4] / "bin"
os.environ["PATH"] = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"


@dataclass(frozen=True)
class Question:
    """A cell that gives points: by its tests, or by a person who reads it."""

    name: str
    points: float
    title: str


class CourseError(RuntimeError):
    """The masters cannot be used; the message says what nbgrader said."""


class Course:
    """An nbgrader course with its gradebook, and the questions of its assignments.

    Args:
        folder: of the course; made by `Course.build`.
    """

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.database = f"sqlite:///{self.folder / 'gradebook.db'}?timeout=60"
        self.releases = {
            path.stem: nbformat.read(path, as_version=4)
            for path in sorted(self.folder.glob("release/*/*.ipynb"))
        }

    @classmethod
    def build(cls, masters: Path, folder: Path) -> "Course":
        """Copy the masters, and let nbgrader make the student versions and the gradebook.

        Raises:
            CourseError: nbgrader refused a master.
        """
        source = masters / "source"
        if not source.is_dir():
            raise CourseError(f"{masters} has no folder `source` with masters in it")
        settings = [*masters.glob("*.py"), *masters.glob("term.txt")]
        files = sorted([*settings, *masters_in(source)])
        stamp, built = sha256(b"".join(f.read_bytes() for f in files)), folder / ".built"
        if built.exists() and built.read_text(encoding="utf-8") == stamp.hexdigest():
            return cls(folder)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder / "source", ignore_errors=True)
        copy_masters(source, folder / "source")
        (folder / "term.txt").unlink(missing_ok=True)
        for name in settings:
            shutil.copy(name, folder)
        course = cls(folder)
        api = NbGraderAPI(config=course._config())
        for assignment in sorted(path.name for path in (folder / "source").iterdir()):
            done = api.generate_assignment(assignment)
            if not done["success"]:
                raise CourseError(f"{assignment}: {done.get('log') or done.get('error')}")
        built.write_text(stamp.hexdigest(), encoding="utf-8")
        return cls(folder)

    def _config(self) -> Config:
        config = Config()
        if (self.folder / CONFIG).exists():
            config.merge(PyFileConfigLoader(CONFIG, path=str(self.folder)).load_config())
        config.CourseDirectory.root = str(self.folder)
        config.CourseDirectory.db_url = self.database
        return config

    def questions(self, assignment: str) -> list[Question]:
        """Return what gives points in an assignment, in order, with the heading above it."""
        found, title = [], ""
        for cell in self.releases[assignment].cells:
            if cell.cell_type == "markdown":
                title = [title, *re.findall(r"^#+ (.+)", cell.source, re.MULTILINE)][-1]
            if is_counted(cell):
                found.append(Question(grade_id(cell), float(cell.metadata.nbgrader.points), title))
        return found

    def tests(self, assignment: str) -> set[str]:
        """Return the questions of an assignment whose points tests give."""
        return {str(grade_id(c)) for c in self.releases[assignment].cells if is_test(c)}

    def master(self, assignment: str) -> NotebookNode:
        """Return an assignment as its author wrote it, with solutions and hidden tests."""
        path = self.folder / "source" / assignment / f"{assignment}.ipynb"
        return nbformat.read(path, as_version=4)

    def digest(self, assignment: str) -> str:
        """Return what changes when an assignment or its hidden tests change."""
        master = self.folder / "source" / assignment / f"{assignment}.ipynb"
        release = nbformat.writes(self.releases[assignment])
        return sha256(master.read_bytes() + release.encode()).hexdigest()

    def imported(self, assignment: str) -> set[str]:
        """Return the packages that an assignment's code imports."""
        code = "\n".join(c.source for c in self.releases[assignment].cells if c.cell_type == "code")
        return set(re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE))

    def place(self, stage: str, assignment: str, student: str) -> Path:
        """Return where nbgrader keeps a student's notebook: `submitted` or `autograded`."""
        return self.folder / stage / student / assignment / f"{assignment}.ipynb"

    def autograde(
        self, assignment: str, student: str, checked: Checked, sandbox: Sandbox,
        limits: Limits, slot: int,
    ) -> str | None:  # fmt: skip
        """Grade one submission; return what nbgrader said if it could not."""
        path = self.place("submitted", assignment, student)
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(checked.notebook, path)
        config = self._config()
        steps = Autograde.autograde_preprocessors.default_args[0]
        config.Autograde.autograde_preprocessors = [
            *(RunApart if step is Execute else step for step in steps),
            Harmless,
        ]
        config.RunApart.sandbox, config.RunApart.limits = sandbox, limits
        config.RunApart.slot = slot
        config.ClearMetadataPreprocessor.enabled = False
        done = NbGraderAPI(config=config).autograde(assignment, student)
        return None if done["success"] else str(done.get("log") or done.get("error"))

    def to_check(self, assignment: str, checked: NotebookNode) -> dict[str, Any]:
        """Return what a person should look at in a submission, whatever points it gets."""
        try:
            forbidden = rules.uses(checked, rules.forbidden(self.master(assignment)))
        except Exception as error:
            forbidden = [f"could not be searched for what is forbidden ({type(error).__name__})"]
        return {
            "to_check": forbidden, "answers": rules.answers(checked, self.releases[assignment]),
            "code": alike.normalised(alike.code(checked)),
        }  # fmt: skip

    def gradebook(self) -> Any:
        """Open the gradebook, for a `with`."""
        return Gradebook(self.database)

    def know(self, students: set[str]) -> None:
        """Enter students into the gradebook.

        Left to nbgrader's workers, two with files of one student would both try, and one fail.
        """
        with self.gradebook() as book:
            for student in sorted(students):
                book.update_or_create_student(student)

    def forget(self, assignment: str, student: str) -> None:
        """Remove a submission and what was written for it, so that it can be graded afresh."""
        for stage in ("submitted", "autograded", "feedback"):
            shutil.rmtree(self.place(stage, assignment, student).parent, ignore_errors=True)

    def nothing(self, assignment: str, student: str) -> None:
        """Record a submission that cannot be graded: no points, and nothing left to read."""
        self.forget(assignment, student)
        with self.gradebook() as book:
            book.update_or_create_student(student)
            submission = book.update_or_create_submission(assignment, student)
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    grade.auto_score, grade.needs_manual_grade = 0, False
            book.db.commit()

    def grades(self, book: Any, assignment: str, student: str) -> list[Any]:
        """Return what an open gradebook holds for a submission; nothing if there is none."""
        try:
            notebook = book.find_submission_notebook(assignment, assignment, student)
        except MissingEntry:
            return []
        return list(notebook.grades)

    def scores(self, assignment: str, student: str) -> dict[str, dict[str, Any]]:
        """Return for each question: score, needs_reading, comment, and what was refused.

        Raises:
            KeyError: the gradebook has nothing of this student's.
        """
        return self.all_scores(assignment, student)[student]

    def all_scores(
        self, assignment: str, student: str | None = None
    ) -> dict[str, dict[str, dict[str, Any]]]:
        """Return the same of every student, or of one, in one look at the gradebook."""
        grades, comments = defaultdict(dict), defaultdict(dict)
        with self.gradebook() as book:
            for found, cell, whose in (
                (grades, Grade, Grade.notebook_id), (comments, Comment, Comment.notebook_id)
            ):  # fmt: skip
                query = (
                    book.db.query(SubmittedAssignment.student_id, BaseCell.name, cell)
                    .select_from(SubmittedAssignment)
                    .join(
                        SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id
                    )
                    .join(cell, whose == SubmittedNotebook.id)
                    .join(BaseCell, cell.cell_id == BaseCell.id)
                    .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
                    .filter(Assignment.name == assignment)
                )
                if student is not None:
                    query = query.filter(SubmittedAssignment.student_id == student)
                for name, question, one in query:
                    found[name][question] = one.comment if cell is Comment else one
            return {
                name: {
                    question.name: _score(question, mine.get(question.name))
                    | {"comment": comments[name].get(question.name) or ""}
                    for question in self.questions(assignment)
                }
                for name, mine in grades.items()
            }

    def graded(self, assignment: str, student: str) -> NotebookNode | None:
        """Return the notebook with the outputs of its grading, None if there is none."""
        return _read(self.place("autograded", assignment, student))

    def submitted(self, assignment: str, student: str) -> NotebookNode | None:
        """Return the notebook as it was graded, None if there is none."""
        return _read(self.place("submitted", assignment, student))

    def answers(self, assignment: str, student: str) -> dict[str, NotebookNode]:
        """Return the cells that a person reads, by name, as the student wrote them."""
        notebook = self.submitted(assignment, student)
        cells = notebook.cells if notebook is not None else []
        return {str(grade_id(c)): c for c in cells if is_counted(c) and not is_test(c)}


def _read(path: Path) -> NotebookNode | None:
    with contextlib.suppress(OSError, ValueError):
        return nbformat.read(path, as_version=4)
    return None


def _score(question: Question, grade: Any) -> dict[str, Any]:
    """Return the points of a question, of which the gradebook may say anything."""
    if grade is None:
        missing = f"{question.name}: is missing in the gradebook"
        return {"score": 0.0, "needs_reading": True, "refused": missing}
    tests, extra = grade.auto_score, grade.extra_credit or 0.0
    given = tests if grade.manual_score is None else grade.manual_score
    total, refused = (given or 0.0) + extra, ""
    if not 0 <= total <= question.points:  # what is no number is not in between either
        refused = (
            f"{question.name}: {total:g} of {question.points:g} points in the gradebook are "
            f"refused; give 0 to {question.points:g}"
        )
        given = tests if tests is not None and 0 <= tests <= question.points else None
        total = given or 0.0
    needs_reading = given is None if refused else bool(grade.needs_manual_grade)
    by_person = not refused and grade.manual_score is not None
    return {
        "score": float(total), "needs_reading": needs_reading, "refused": refused,
        "by_person": by_person, "auto": tests,
    }  # fmt: skip
