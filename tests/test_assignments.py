"""The assignments: what is released, the numbers of a term, and what answers earn."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from assignment_answers import MODULES, code
from assignment_cells import (
    COURSE,
    NAMES,
    earned,
    grade_id,
    is_answer,
    notebook_path,
    points,
    questions,
    solved,
)
from drawing import DRAWN, TERM, choices, draw
from test_notebooks import SETUP

assignments = pytest.mark.parametrize("name", NAMES)
EVERY = [(name, question) for name in NAMES for question in questions(name)]
each_question = pytest.mark.parametrize(("name", "question"), EVERY)


def generate(course: Path) -> None:
    nbgrader = Path(sys.executable).with_name("nbgrader")
    command = [str(nbgrader), "generate_assignment", "--force", "--no-db", "--assignment", "*"]
    subprocess.run(command, cwd=course, check=True, capture_output=True)


def course_of(term: str, folder: Path) -> Path:
    """Return a copy of the course folder, generated for a term."""
    shutil.copytree(COURSE / "source", folder / "source")
    for file in ("drawing.py", "nbgrader_config.py"):
        shutil.copy(COURSE / file, folder)
    (folder / "term.txt").write_text(f"{term}\n")
    generate(folder)
    return folder


def released(course: Path) -> dict[str, str]:
    return {p.parent.name: p.read_text() for p in sorted((course / "release").glob("*/*.ipynb"))}


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    return released(course_of(TERM.read_text(), tmp_path_factory.mktemp("course")))


def test_there_are_six():
    assert [name[:3] for name in NAMES] == [f"a{i}_" for i in range(1, 7)]


def test_the_release_is_what_the_masters_give(generated):
    assert released(COURSE) == generated, "run `make assignments` and commit the release"


def test_another_term_has_other_numbers_and_the_same_cells(generated, tmp_path):
    other = released(course_of("2027-spring", tmp_path))
    for name, text in other.items():
        ours, theirs = (nbformat.reads(t, 4).cells for t in (generated[name], text))
        assert [c.id for c in ours] == [c.id for c in theirs]
    changed = {name for name in other if other[name] != generated[name]}
    assert changed >= {"a1_shapes_and_counts", "a2_convolution_and_sharing"}


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


def test_hidden_tests_compare_by_one_function():
    found = set()
    for name in NAMES:
        for cell in nbformat.read(notebook_path(name), 4).cells:
            found |= set(re.findall(r"def same\(.+?\n\n\n", cell.source, re.DOTALL))
            if "same(" in cell.source:
                assert "import torch\n\n\ndef same(" in cell.source
    assert len(found) == 1


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
