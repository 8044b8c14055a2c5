"""The assignments: what is released, the numbers of a term, and what answers earn."""

import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import drawing
import nbformat
import numpy as np
import pytest
import torch
from assignment_answers import MODULES, code
from assignment_cells import (
    COURSE,
    NAMES,
    earned,
    grade_id,
    is_answer,
    notebook_path,
    passed,
    points,
    questions,
    solved,
)
from conftest import ROOT
from drawing import DRAWN, TERM, choices, draw
from test_notebooks import SETUP

assignments = pytest.mark.parametrize("name", NAMES)
EVERY = [(name, question) for name in NAMES for question in questions(name)]
each_question = pytest.mark.parametrize(("name", "question"), EVERY)


def make(root: Path, *variables: str, **environment: str) -> None:
    """Run `make assignments` in a copy of the repository, with the packages that are here."""
    venv = Path(sys.executable).parents[1]
    # Without -o, make might install into an environment that is not its own.
    command = ["make", "-o", "environment", f"VENV={venv}", "assignments", *variables]
    subprocess.run(
        command, cwd=root, check=True, capture_output=True, env={**os.environ, **environment}
    )


def copied(folder: Path) -> Path:
    """Copy what `make assignments` needs, without the release; return the course folder."""
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copytree(ROOT / "tools", folder / "tools")
    shutil.copytree(COURSE, folder / "assignments", ignore=shutil.ignore_patterns("release"))
    return folder / "assignments"


def released(course: Path) -> dict[str, str]:
    return {
        p.parent.name: p.read_text(encoding="utf-8")
        for p in sorted((course / "release").glob("*/*.ipynb"))
    }


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    course = copied(tmp_path_factory.mktemp("copy"))
    # The terminal's TERM, which every shell exports, is no name of a term.
    make(course.parent, TERM="xterm-256color")
    assert (course / "term.txt").exists() == TERM.exists()
    return released(course)


def test_there_are_eight():
    assert [name[:3] for name in NAMES] == [f"a{i}_" for i in range(1, 9)]


def test_the_release_is_what_the_masters_give(generated):
    assert released(COURSE) == generated, "run `make assignments` and commit the release"


def test_another_term_has_other_numbers_and_the_same_cells(generated, tmp_path):
    course = copied(tmp_path)
    make(tmp_path, "TERM=2027-spring heron")
    assert (course / "term.txt").read_text(encoding="utf-8") == "2027-spring heron\n"
    other = released(course)
    assert set(other) == set(generated)
    for name, text in other.items():
        ours, theirs = (nbformat.reads(t, 4).cells for t in (generated[name], text))
        assert [c.id for c in ours] == [c.id for c in theirs]
    changed = {name for name in other if other[name] != generated[name]}
    assert changed >= {"a1_shapes_and_counts", "a2_convolution_and_sharing"}


def test_the_name_of_a_term_is_not_in_the_repository(tmp_path, monkeypatch):
    ignored = subprocess.run(["git", "check-ignore", "-q", TERM], cwd=ROOT, check=False)
    if shutil.which("git") and (ROOT / ".git").exists():
        assert ignored.returncode == 0
    monkeypatch.setattr(drawing, "TERM", tmp_path / "term.txt")
    assert drawing.term() == "open"
    (tmp_path / "term.txt").write_text("2027-spring heron\n", encoding="utf-8")
    assert drawing.term() == "2027-spring heron"


def test_a_draw_is_the_same_on_every_machine():
    # Numbers from the definition: SHA-256 of "2027-spring/a1/SIDE", as a number, modulo 3.
    assert draw("2027-spring", "a1", "SIDE", (28, 32, 36)) == 32
    drawn = [draw(f"term {i}", "a1", "SEED", range(1000)) for i in range(200)]
    assert len(set(drawn)) > 150


@assignments
def test_a_name_is_drawn_from_one_list(name):
    source = "\n".join(c.source for c in nbformat.read(notebook_path(name), 4).cells)
    drawn = DRAWN.findall(source)
    assert len(set(drawn)) == len(dict(drawn))
    values = re.findall(r"^(\w+) = (.+?)  # drawn: (.+)$", source, re.MULTILINE)
    for variable, value, listed in values:
        assert eval(value) in choices(listed), f"{variable}: the master's own is not in its list"


@assignments
def test_cells_are_marked_as_the_readme_says(name):
    cells = nbformat.read(notebook_path(name), 4).cells
    nbformat.validate(nbformat.read(notebook_path(name), 4))
    assert sum(points(c) for c in cells) == 20
    code_cells = [c for c in cells if c.cell_type == "code"]
    assert code_cells[0].source == SETUP
    assert grade_id(code_cells[0]) == "setup" and code_cells[0].metadata.nbgrader.locked
    ids = [grade_id(c) for c in cells if grade_id(c)]
    assert len(ids) == len(set(ids))
    for cell in cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None
        assert cell.id == (grade_id(cell) or cell.id)
        if is_answer(cell) and points(cell):
            assert f"{grade_id(cell)}_rubric" in ids
        elif is_answer(cell):
            assert "### BEGIN SOLUTION" in cell.source
            assert f"{grade_id(cell)}_test" in ids
        elif points(cell):
            assert "### BEGIN HIDDEN TESTS" in cell.source
            assert re.fullmatch(r"q\d_\w+_test\d?", grade_id(cell))


@pytest.fixture(scope="module")
def same():
    """The function by which all hidden tests compare."""
    found = set()
    for name in NAMES:
        for cell in nbformat.read(notebook_path(name), 4).cells:
            found |= set(re.findall(r"def same\(.+?\n\n\n", cell.source, re.DOTALL))
            if "same(" in cell.source:
                # In each cell anew: a student may have used the name for something else.
                assert "### BEGIN HIDDEN TESTS\nimport torch\n\n\ndef same(" in cell.source
    (source,) = found
    names: dict = {"torch": torch}
    exec(source, names)
    return names["same"]


@pytest.mark.parametrize(
    "answer",
    [
        6,
        6.0,
        6 + 1e-9,
        np.int32(6),
        np.float32(6),
        np.array([6]),
        torch.tensor(6),
        torch.tensor([6.0]),
        torch.nn.Parameter(torch.tensor(6.0, dtype=torch.float64)),
        [6],
        Fraction(6),
    ],
    ids=repr,
)
def test_any_honest_form_of_a_number_is_the_number(same, answer):
    assert same(answer, 6)


def test_any_honest_form_of_a_matrix_is_the_matrix(same):
    wanted = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    for answer in (wanted.int(), wanted.numpy(), wanted.tolist(), ((1, 2), (3, 4))):
        assert same(answer, wanted)
    assert same(wanted.shape, (2, 2))
    for answer in (wanted.flatten(), wanted[None], wanted.T, wanted[:1], 1.0, []):
        assert not same(answer, wanted)


class Everything:
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0

    def __bool__(self):
        return True


class ForgedTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return [6.0] if getattr(func, "__name__", "") == "tolist" else True


class ForgedFloat(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0


@pytest.mark.parametrize(
    "answer",
    [
        5,
        None,
        ...,
        "6",
        float("nan"),
        float("inf"),
        [],
        [6, 6],
        Everything(),
        [Everything()],
        ForgedFloat(5),
        torch.tensor(5.0).as_subclass(ForgedTensor),
        torch.tensor(5.0, dtype=torch.float64).as_subclass(ForgedTensor),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_nothing_else_is(same, answer):
    assert not same(answer, 6)


@assignments
@pytest.mark.parametrize("term", ["open", "2027-spring", "2027-spring B", "2031"])
def test_the_masters_own_answers_pass_in_every_term(name, term):
    solved(name, term)


@each_question
def test_right_answers_earn_all_points(name, question):
    answers = MODULES[name].RIGHT[question]
    assert len(answers) >= 2, "besides the master's own"
    for answer in answers:
        got, total, said = earned(name, question, code(name, question, answer))
        assert got == total > 0, f"{said}\n{code(name, question, answer)}"


@each_question
def test_wrong_answers_do_not(name, question):
    answers = MODULES[name].WRONG[question]
    assert len({code(name, question, answer) for answer in answers}) >= 5
    for answer in answers:
        got, total, said = earned(name, question, code(name, question, answer))
        assert got < total, f"all points for\n{code(name, question, answer)}"
        # A student must be told something: not a bare assert.
        assert said not in ("", "AssertionError: "), code(name, question, answer)


@each_question
def test_hidden_tests_hand_over_what_students_see(name, question):
    """Students see float32 on the processor: a right answer may count on it."""
    seen = {torch.float32, torch.int64, torch.uint8, torch.bool}
    assert passed(name, question) <= {(dtype, "cpu") for dtype in seen}
