"""What a person is told to look at: what the masters forbid, and answers that are the same."""

import sys
from pathlib import Path

import nbformat
import pytest
from assignment_answers import MODULES, code
from assignment_cells import NAMES, fill, grade_id, is_answer, notebook_path
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

sys.path.insert(0, str(Path(__file__).parents[1] / "assignments" / "grading"))

import rules

A2, A3, A4, A5 = NAMES[1:5]


def master(name: str) -> NotebookNode:
    return nbformat.read(notebook_path(name), 4)


def release(name: str) -> NotebookNode:
    return nbformat.read(notebook_path(name, "release"), 4)


def solved(name: str) -> dict[str, str]:
    return {grade_id(c): rules.MARKS.sub("", c.source) for c in master(name).cells if is_answer(c)}


def remarks(name: str, question: str, answer: str, *own: str) -> list[str]:
    """The remarks on an answer, with cells of the student's own before it."""
    notebook = fill(release(name), solved(name) | {question: answer})
    place = next(n for n, c in enumerate(notebook.cells) if grade_id(c) == question)
    notebook.cells[place:place] = [new_code_cell(source) for source in own]
    return rules.uses(notebook, rules.forbidden(master(name)))


def test_what_the_texts_forbid_is_marked_in_the_masters() -> None:
    marked = {name: set(rules.forbidden(master(name))) for name in NAMES}
    assert marked[A2] == {"q2_whole_map", "q5_gradient"}
    assert marked[A3] == {
        "q1_scaled_tanh", "q2_subsample", "q3_sparse", "q4_distances", "q5_network", "q6_read",
    }  # fmt: skip
    assert marked[A4] == {"q3_slopes"}
    assert marked[A5] == {"q4_run"}
    assert not any(marked[name] for name in (NAMES[0], NAMES[5]))


@pytest.mark.parametrize("name", [A2, A3, A4, A5])
def test_honest_answers_have_no_remark(name: str) -> None:
    assert rules.uses(fill(release(name), solved(name)), rules.forbidden(master(name))) == []
    for question in rules.forbidden(master(name)):
        for answer in MODULES[name].RIGHT[question]:
            assert remarks(name, question, code(name, question, answer)) == [], (question, answer)


GRADIENT = "def picture_gradient(kernel, slopes):\n    "
MAP = "def correlate(picture, kernel, bias=0.0):\n    "


@pytest.mark.parametrize(
    ("name", "question", "answer", "own", "says"),
    [
        (A2, "q2_whole_map", MAP + "return torch.nn.functional.conv2d(picture)", (), "conv2d"),
        (A2, "q2_whole_map", MAP + "return F.conv2d(picture)",
         ("import torch.nn.functional as F",), "torch.nn.functional.conv2d"),
        (A2, "q2_whole_map", MAP + "return f(picture)",
         ("from torch.nn.functional import conv2d as f",), "conv2d"),
        (A2, "q2_whole_map", MAP + "from scipy import signal\n    return signal.correlate2d(1)", (),
         "scipy.signal.correlate2d"),
        (A2, "q2_whole_map", MAP + "return helper(picture)",
         ("def inner(p):\n    return torch.nn.Conv2d(1, 1, 3)(p)", "helper = lambda p: inner(p)"),
         "nn.Conv2d"),
        (A2, "q2_whole_map", MAP + "return Mine().go(picture)",
         ("class Mine:\n    def go(self, p):\n        import numpy as np\n        "
          "return np.convolve(p)",), "numpy.convolve"),
        (A2, "q5_gradient", GRADIENT + "y.backward()", (), "backward"),
        (A2, "q5_gradient", GRADIENT + "return torch.func.vjp(correlate, kernel)", (), "vjp"),
        (A2, "q5_gradient", GRADIENT + "return torch.autograd.grad(kernel)", (), "autograd"),
        (A2, "q2_whole_map", MAP + "return getattr(torch, 'con' + 'v2d')(picture)", (), "getattr"),
        (A2, "q2_whole_map", MAP + "exec('x')", (), "exec"),
        (A2, "q2_whole_map", "%time correlate = torch.conv2d", (), "conv2d"),
        (A2, "q2_whole_map", "correlate = torch.conv2d(", (), "conv2d"),
        (A3, "q1_scaled_tanh", "from lenet_utils import ScaledTanh\nscaled_tanh = ScaledTanh()", (),
         "lenet_utils.ScaledTanh"),
        (A3, "q2_subsample", "Subsample = L.Subsampling", ("import lenet_utils.layers as L",),
         "lenet_utils.layers.Subsampling"),
        (A3, "q3_sparse", "SparseConv = Sparse", ("from lenet_utils.layers import *", "Sparse = 1",
         "from lenet_utils import SparseConv2d as Sparse"), "SparseConv2d"),
        (A3, "q1_scaled_tanh", "scaled_tanh = ScaledTanh()", ("from lenet_utils import *",),
         "ScaledTanh"),
        (A4, "q3_slopes", "def eq9_slopes(y, labels, j):\n    y.requires_grad_()", (), "requires"),
        (A5, "q4_run", "base = {0: run(BASE, 0), 1: 0.0831}\nchanged = dict(base)", (), "0.0831"),
        (A5, "q4_run", "base = changed = made", ("made = {n: 0.08 + n / 1e3 for n in range(5)}",),
         "0.08"),
    ],
)  # fmt: skip
def test_what_is_forbidden_is_remarked(
    name: str, question: str, answer: str, own: tuple[str, ...], says: str
) -> None:
    (remark,) = remarks(name, question, answer, *own)
    assert remark.startswith(f"{question}: ")
    assert says in remark


@pytest.mark.parametrize(
    "own",
    [
        # The text allows a check in a cell of one's own.
        "wanted = torch.nn.functional.conv2d(picture, kernel)\nassert correlate(1, 2) == wanted",
        "def check():\n    out = torch.conv2d(1)\n    return out",
        "out = torch.conv2d(1)\nrow = out",
    ],
)
def test_a_check_of_ones_own_is_no_use(own: str) -> None:
    answer = MAP + "out = picture\n    for row in out:\n        pass\n    return out  # no conv2d"
    assert remarks(A2, "q2_whole_map", answer, own) == []


def test_what_cannot_be_searched_is_said() -> None:
    assert "too long" in remarks(A2, "q2_whole_map", "x = 1\n" * 60_000)[0]


def case(name: str, **changed: str) -> dict[str, list]:
    notebook = fill(release(name), solved(name) | changed)
    return rules.answers(notebook, release(name))


def test_the_same_answers_are_remarked() -> None:
    mine = case(A2, q7_moves="In my own words. " * 8)
    spaced = {n: text.replace("    ", "\t") + "\n\n" for n, text in solved(A2).items()}
    spaced["q7_moves"] = "In my  own words.\n" * 8
    given = {
        "ann": ("a", mine),
        "bob": ("b", case(A2, **spaced)),
        "cem": ("c", case(A2, q7_moves="In my own words. " * 8, q1_two_units="first = 3")),
        "dot": ("d", case(A2, q7_moves="In my other words. " * 8)),
        "eve": ("a", mine),  # ann's partner: the same file
        "fay": ("f", rules.answers(release(A2), release(A2))),
        "gus": ("g", rules.answers(release(A2), release(A2))),
        rules.MASTER: (None, case(A2)),
        "hal": ("h", case(A2)),
    }
    found = rules.alike(given)
    assert found["ann"] == ["all answers: the same as those of bob"]
    assert found["bob"] == ["all answers: the same as those of ann, eve"]
    assert found["cem"] == ["q7_moves: the same as those of ann, bob, eve"]
    assert found["hal"] == [f"all answers: the same as those of {rules.MASTER}"]
    assert not {"dot", "fay", "gus"} & set(found)


def test_short_answers_are_alike_by_chance() -> None:
    few = {"q1": ["digest", 40, False], "q2": ["other", 60, True]}
    assert rules.alike({"ann": ("a", few), "bob": ("b", few)}) == {}
