"""The course's own masters, graded by `make grade` and by nbgrader alone."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from assignment_cells import COURSE, NAMES, fill, grade_id, is_answer, notebook_path, points
from conftest import ROOT
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import PyFileConfigLoader

pytestmark = pytest.mark.slow


def answered(name: str, folder: Path) -> Path:
    """Write a student's file with the master's own answers in it."""
    master = nbformat.read(notebook_path(name), 4)
    answers = {grade_id(cell): cell.source for cell in master.cells if is_answer(cell)}
    path = folder / f"ann_{name}.ipynb"
    nbformat.write(fill(nbformat.read(notebook_path(name, "release"), 4), answers), path)
    return path


def test_the_masters_own_answers_earn_all_that_tests_give(tmp_path: Path) -> None:
    folder = tmp_path / "submissions"
    folder.mkdir()
    for name in NAMES:
        answered(name, folder)
    venv = os.path.relpath(Path(sys.prefix).resolve(), ROOT)
    done = subprocess.run(
        ["make", "-C", str(ROOT), f"VENV={venv}", "grade", f"SUBMISSIONS={folder}"],
        capture_output=True, encoding="utf-8", timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for name in NAMES:
        with (tmp_path / "submissions-graded" / name / "grades.csv").open(encoding="utf-8") as file:
            row = next(csv.DictReader(file))
        # What the student is told, should a right answer lose its points.
        page = (tmp_path / "submissions-graded" / name / "feedback" / "ann.html").read_text("utf-8")
        for cell in nbformat.read(notebook_path(name), 4).cells:
            if points(cell):
                expected = "" if is_answer(cell) else str(points(cell))
                assert row[grade_id(cell)] == expected, f"{name}, {grade_id(cell)}: {page}"
        assert not row["remarks"]


def test_nbgrader_alone_grades_the_course_folder_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = NAMES[0]
    for path in [*COURSE.glob("*.py"), *COURSE.glob("term.txt")]:
        shutil.copy(path, tmp_path)
    shutil.copytree(COURSE / "source" / name, tmp_path / "source" / name)
    submitted = tmp_path / "submitted" / "ann" / name
    submitted.mkdir(parents=True)
    shutil.move(answered(name, tmp_path), submitted / f"{name}.ipynb")
    # What the formgrader of a JupyterHub does, with the course's settings; it starts `alembic`.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(tmp_path)).load_config()
    config.CourseDirectory.root = str(tmp_path)
    grader = NbGraderAPI(config=config)
    for do in (grader.generate_assignment, grader.autograde, grader.generate_feedback):
        done = do(name) if do == grader.generate_assignment else do(name, "ann")
        assert done["success"], done
    with grader.gradebook as book:
        submission = book.find_submission(name, "ann")
        assert (submission.score, submission.max_score) == (18, 20)
        assert submission.needs_manual_grade
    page = (tmp_path / "feedback" / "ann" / name / f"{name}.html").read_text(encoding="utf-8")
    assert "HIDDEN TESTS" not in page
