"""The masters of the assignments, cell by cell: run them, answer them, see what an answer earns."""

import contextlib
import copy
import io
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbformat
import torch
from conftest import ROOT
from drawing import draw_parameters
from IPython.core.inputtransformer2 import TransformerManager
from masters import masters
from nbformat import NotebookNode

COURSE = ROOT / "assignments"
NAMES = [path.stem for path in masters(COURSE / "source")]
SOLUTION = re.compile(r"^ *### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)


def notebook_path(name: str, version: str = "source") -> Path:
    return COURSE / version / name / f"{name}.ipynb"


# Fewer digits than a student trains on: the same cells in a fraction of the time.
FEWER = {"order[:1_000]": "order[:400]", "[1_000:2_000]": "[1_000:1_400]", "[2_000:]": "[3_500:]"}


@cache
def _master(name: str, term: str) -> NotebookNode:
    notebook = draw_parameters(nbformat.read(notebook_path(name), 4), name, term)
    for cell in notebook.cells:
        for many, few in FEWER.items():
            cell.source = cell.source.replace(many, few)
    return notebook


def master(name: str, term: str = "open") -> NotebookNode:
    """Return a master with the numbers of a term, and few digits to train on."""
    return copy.deepcopy(_master(name, term))


def grade_id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def points(cell: NotebookNode) -> int:
    return cell.metadata.get("nbgrader", {}).get("points", 0)


def is_answer(cell: NotebookNode) -> bool:
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def questions(name: str) -> list[str]:
    """Return the questions that tests grade, in order."""
    return [grade_id(c) for c in _master(name, "open").cells if is_answer(c) and not points(c)]


def solution(name: str, question: str) -> str:
    """Return the master's own answer to a question."""
    cell = next(c for c in master(name).cells if grade_id(c) == question)
    return SOLUTION.sub("", cell.source)


def fill(notebook: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """Write answers, by grade id, into a copy of a notebook."""
    filled = copy.deepcopy(notebook)
    for cell in filled.cells:
        if grade_id(cell) in answers:
            cell.source = answers[grade_id(cell)]
    return filled


def _run(source: str, names: dict) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(TransformerManager().transform_cell(source), "<cell>", "exec"), names)


def _remembered(run: Callable[[dict, int], float]) -> Callable[[dict, int], float]:
    """Return assignment 5's `run` with a memory: many answers ask for the same runs."""
    errors: dict[tuple[str, int], float] = {}

    def again(parts: dict, seed: int) -> float:
        key = (str(parts), seed)
        if key not in errors:
            errors[key] = run(parts, seed)
        return errors[key]

    return again


@cache
def solved(name: str, term: str) -> tuple[dict, dict[str, dict]]:
    """Run a master and its tests; return its names, and those that stand before each answer."""
    names: dict = {"__name__": "__main__"}
    before = {}
    for cell in master(name, term).cells:
        if cell.cell_type == "code":
            if is_answer(cell):
                before[grade_id(cell)] = dict(names)
            _run(cell.source, names)
        if grade_id(cell) == "experiment":
            names["run"] = _remembered(names["run"])
    return names, before


def earned(name: str, question: str, code: str, term: str = "open") -> tuple[int, int, str]:
    """Return the points that an answer earns, of how many, and the first thing that went wrong.

    The questions before are answered as in the master.
    """
    names, before = solved(name, term)
    # The very dictionary in which the functions of earlier cells look up their names.
    names.clear()
    names.update(before[question])
    got = total = 0
    said = ""
    try:
        _run(code, names)
    except Exception as error:
        said = repr(error)
    for cell in master(name, term).cells:
        if re.fullmatch(rf"{question}_test\d?", grade_id(cell)):
            total += points(cell)
            try:
                _run(cell.source, names)
            except Exception as error:
                said = said or f"{type(error).__name__}: {error}"
            else:
                got += points(cell)
    return got, total, said


def passed(name: str, question: str) -> set[tuple[torch.dtype, str]]:
    """Return types and devices of the tensors that the tests of a question hand to its answer."""
    names, before = solved(name, "open")
    names.clear()
    names.update(before[question])
    _run(solution(name, question), names)
    seen: set[tuple[torch.dtype, str]] = set()

    def look(value: object) -> None:
        if isinstance(value, torch.Tensor):
            seen.add((value.dtype, value.device.type))
        elif isinstance(value, dict):
            look(list(value.values()))
        elif isinstance(value, list | tuple):
            for one in value:
                look(one)

    def watched(function: Callable) -> Callable:
        def call(*arguments: object, **named: object) -> object:
            look([arguments, named])
            return function(*arguments, **named)

        return call

    for key, value in list(names.items()):
        if value is before[question].get(key) or not callable(value):
            continue
        if isinstance(value, type) and issubclass(value, torch.nn.Module):
            value.__init__, value.forward = watched(value.__init__), watched(value.forward)
        elif not isinstance(value, type):
            names[key] = watched(value)
    for cell in master(name).cells:
        if re.fullmatch(rf"{question}_test\d?", grade_id(cell)):
            _run(cell.source, names)
    return seen
