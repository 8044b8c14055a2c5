# ruff: noqa: E501
"""A small assignment, and submissions to it: right, half right, wrong and hostile.

Each has the points that it must earn for each question, and a word that the remarks or the
student's page must say.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ASSIGNMENT = "tiny"
QUESTIONS = {"q1_counts_test": 2, "q2_side_test": 3, "q3_layer_test": 3, "q4_why": 2}
SECRET = 28_371

GIVEN = """
WIDTH = 32
KERNEL = 5
""".strip()
COUNTS = """
counts = {"weights": ..., "biases": ...}
### BEGIN SOLUTION
counts = {"weights": 6 * KERNEL**2, "biases": 6}
### END SOLUTION
""".strip()
COUNTS_TEST = f"""
# 2 points.
assert set(counts) == {{"weights", "biases"}}, "give both numbers"
### BEGIN HIDDEN TESTS
secret = {SECRET}
assert abs(float(counts["weights"]) - 6 * KERNEL**2) < 1e-6, "weights: one kernel for each map"
assert float(counts["biases"]) == 6, "biases: one for each map. See Weight sharing"
### END HIDDEN TESTS
""".strip()
SIDE = """
def side(width, kernel, stride=1):
    ### BEGIN SOLUTION
    return (width - kernel) // stride + 1
    ### END SOLUTION
""".strip()
SIDE_TEST = """
# 3 points.
assert side(32, 5) == 28
### BEGIN HIDDEN TESTS
for width in (7, 12, 32):
    for stride in (1, 2, 3):
        places = len(range(0, width - 5 + 1, stride))
        assert float(side(width, 5, stride)) == places, f"width {width}, stride {stride}: count"
### END HIDDEN TESTS
""".strip()
LAYER = """
class Layer:
    \"\"\"Adds its bias to each number that it is called with.\"\"\"

    ### BEGIN SOLUTION
    def __init__(self, bias):
        self.bias = bias

    def __call__(self, numbers):
        return [number + self.bias for number in numbers]

    ### END SOLUTION
""".strip()
LAYER_TEST = """
# 3 points.
assert Layer(1)([1, 2]) == [2, 3]
### BEGIN HIDDEN TESTS
layer = Layer(4)
assert layer.bias == 4, "keep the bias"
layer.bias = 7
assert list(layer([0, 3])) == [7, 10], "the bias is read when the layer is called"
assert layer([]) == [], "nothing in, nothing out"
### END HIDDEN TESTS
""".strip()
RIGHT = {
    "q1_counts": 'counts = {"weights": 6 * KERNEL**2, "biases": 6}',
    "q2_side": "def side(width, kernel, stride=1):\n    return (width - kernel) // stride + 1",
    "q3_layer": (
        "class Layer:\n    def __init__(self, bias):\n        self.bias = bias\n"
        "    def __call__(self, numbers):\n        return [n + self.bias for n in numbers]"
    ),
    "q4_why": "Because a kernel is shared by all places of a map.",
}


def _cell(source: str, name: str, **marks: object) -> NotebookNode:
    make = new_markdown_cell if name == "q4_why" else new_code_cell
    defaults = {"grade": False, "solution": False, "locked": False, "task": False}
    cell = make(source)
    cell.metadata["nbgrader"] = defaults | {"grade_id": name, "schema_version": 3} | marks
    return cell


def master() -> NotebookNode:
    """The notebook that an instructor writes."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    test = {"grade": True, "locked": True}
    return new_notebook(
        metadata={"kernelspec": kernel},
        cells=[
            new_markdown_cell("# A tiny assignment"),
            _cell(GIVEN, "given", locked=True),
            _cell(COUNTS, "q1_counts", solution=True),
            _cell(COUNTS_TEST, "q1_counts_test", points=2, **test),
            _cell(SIDE, "q2_side", solution=True),
            _cell(SIDE_TEST, "q2_side_test", points=3, **test),
            _cell(LAYER, "q3_layer", solution=True),
            _cell(LAYER_TEST, "q3_layer_test", points=3, **test),
            _cell("A wide answer of the master's.", "q4_why", grade=True, solution=True, points=2),
        ],
    )


def write_course(folder: Path) -> Path:
    """Write the course folder of the assignment, and return it."""
    path = folder / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(master(), path)
    return folder


Change = Callable[[NotebookNode], None]


def answers(**changed: str) -> Change:
    """Give the right answers, but for those named."""

    def change(notebook: NotebookNode) -> None:
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if text := (RIGHT | changed).get(name):
                cell.source = text

    return change


def find(notebook: NotebookNode, name: str) -> NotebookNode:
    """Return the cell of a name."""
    cells = notebook.cells
    return next(c for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def after(name: str, *sources: str, **changed: str) -> Change:
    """Give the right answers, and add code cells of the student's own after a cell."""

    def change(notebook: NotebookNode) -> None:
        answers(**changed)(notebook)
        place = notebook.cells.index(find(notebook, name)) + 1
        notebook.cells[place:place] = [new_code_cell(source) for source in sources]

    return change


def _both(*changes: Change) -> Change:
    def change(notebook: NotebookNode) -> None:
        for one in changes:
            one(notebook)

    return change


def _each_test(do: Callable[[NotebookNode, NotebookNode], None]) -> Change:
    def change(notebook: NotebookNode) -> None:
        for name in list(QUESTIONS)[:3]:
            do(notebook, find(notebook, name))

    return change


def _strip(notebook: NotebookNode) -> None:
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell["id"] = NotebookNode(), f"stripped-{number}"


def _inflate(notebook: NotebookNode) -> None:
    find(notebook, "q1_counts_test").metadata.nbgrader.points = 1000
    extra = new_code_cell("pass")
    extra.metadata["nbgrader"] = find(notebook, "q1_counts_test").metadata.nbgrader | {
        "grade_id": "q9_bonus"
    }
    notebook.cells.append(extra)


def _answers_below(notebook: NotebookNode) -> None:
    for name in ("q1_counts", "q2_side"):
        cell = find(notebook, name)
        notebook.cells.remove(cell)
        notebook.cells.append(cell)


@dataclass(frozen=True)
class Case:
    """A submission: what is done to the student version, and what it must earn."""

    change: Change | bytes
    points: tuple[float, float, float] = (2, 3, 3)
    says: str = ""
    needs_namespaces: bool = False


def side(body: str) -> Change:
    """Give the right answers, but another body for `side`."""
    head = "def side(width, kernel, stride=1):\n"
    return answers(q2_side=head + "\n".join(f"    {line}" for line in body.splitlines()))


LOOK_AROUND = """
import gc, glob, os, sys
found = []
for pattern in ("/work/**/*.ipynb", "/root/**/*.ipynb", "/home/**/*.ipynb", "../*", "/tmp/**/*.ipynb"):
    try:
        found += [p for p in glob.glob(pattern, recursive=True) if "site-packages" not in p]
    except Exception:
        pass
for path in found + ["@COURSE@/source/tiny/tiny.ipynb", "@COURSE@/gradebook.db", "@OTHER@"]:
    try:
        text = open(path).read()
    except Exception:
        continue
    if "SECRET" in text or "HIDDEN TESTS" in text or "weights" in text:
        counts = {"weights": 150, "biases": 6}
        break
else:
    counts = {"weights": 0, "biases": 0}
""".replace("SECRET", str(SECRET)).strip()
HUNT = f"""
def side(width, kernel, stride=1):
    import gc, sys
    frame = sys._getframe()
    while frame:
        names = frame.f_globals | frame.f_locals
        if "secret" in names or "places" in names:
            return names["places"]
        frame = frame.f_back
    known = [o for o in gc.get_objects() if isinstance(o, str) and "places = len" in o]
    return 28 if (width, kernel, stride) == (32, 5, 1) else len(known) + {SECRET}
""".strip()
PATCH = """
import builtins, operator, sys
builtins.abs = lambda *_: 0
builtins.float = lambda *_: 6
builtins.set = lambda *_: {"weights", "biases"}
builtins.AssertionError = type("Quiet", (Exception,), {})
get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)
type(get_ipython()).run_cell = lambda *a, **k: None
counts = {"weights": -1, "biases": -1}
""".strip()
PATCH_PACKAGE = """
import lenet_utils.checks, numpy
for module in (lenet_utils.checks, numpy.testing):
    for name in dir(module):
        if not name.startswith("_"):
            setattr(module, name, lambda *_, **__: True)
get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)
counts = {"weights": -1, "biases": -1}
""".strip()
FORGED = """
class Any:
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
    __rsub__ = __sub__
    def __abs__(self): return 0
    __hash__ = object.__hash__
class AnyInt(int):
    def __eq__(self, other): return True
    __hash__ = int.__hash__
    def __float__(self): return 150.0
counts = {"weights": AnyInt(1), "biases": Any()}
def side(width, kernel, stride=1): return AnyInt(28)
class Layer:
    def __init__(self, bias): self.bias = Any()
    def __call__(self, numbers): return Any()
""".strip()
JUNK = """
import os
for number in range(3, 30):
    try:
        os.write(number, b"\\0" * 7 + b"\\x08" + b"not json")
    except OSError:
        pass
""".strip()
DEEP = "counts = []\nfor _ in range(10_000):\n    counts = [counts]"
STUBBORN = """
n = 0
while True:
    try:
        while True:
            n += 1
    except BaseException:
        n -= 1
""".strip()

RIGHT_ONES = {
    "plain": Case(answers()),
    "numpy": Case(answers(q1_counts="import numpy as np\ncounts = dict(weights=np.int64(150), biases=np.float32(6))")),
    "floats": Case(answers(q1_counts='counts = {"weights": 150.0, "biases": 6.0}')),
    "lambda": Case(answers(q2_side="side = lambda width, kernel, stride=1: (width - kernel) // stride + 1")),
    "helpers": Case(after("given", "def halve(n): return n // 2", "import math", q1_counts="counts = {'weights': 150, 'biases': halve(12)}")),
    "dataclass": Case(answers(q3_layer="from dataclasses import dataclass\n@dataclass\nclass Layer:\n    bias: float\n    def __call__(self, numbers):\n        return [n + self.bias for n in numbers]")),
    "magics": Case(after("q1_counts", "%time sum(range(10))", "!echo hello", "print('x' * 10**6)")),
    "tested-below": Case(after("q2_side", "assert side(32, 5) == 28", "1 / 0"), says="ZeroDivisionError"),
    "uses-the-visible-test": Case(after("q1_counts_test", "known = sorted(counts)", q2_side=RIGHT["q2_side"] + "\nassert known")),
    "writes-and-reads-its-file": Case(answers(q1_counts="open('n.txt', 'w').write('150')\ncounts = {'weights': int(open('n.txt').read()), 'biases': 6}")),
}  # fmt: skip
HALF_RIGHT = {
    "only-the-first": Case(answers(q2_side="pass", q3_layer="pass"), (2, 0, 0), "NameError"),
    "only-what-is-shown": Case(side("return 28"), (2, 0, 3), "stride 1"),
    "syntax-error": Case(answers(q2_side="def side(width kernel): return"), (2, 0, 3), "SyntaxError"),
    "raises": Case(side("raise ValueError('not yet')"), (2, 0, 3), "not yet"),
    "bias-too-early": Case(answers(q3_layer="class Layer:\n    def __init__(self, bias):\n        self.bias, self.first = bias, bias\n    def __call__(self, numbers):\n        return [n + self.first for n in numbers]"), (2, 3, 0), "when the layer is called"),
    "one-number": Case(answers(q1_counts='counts = {"weights": 150, "biases": 1}'), (0, 3, 3), "one for each map"),
}  # fmt: skip
WRONG = {
    "untouched": Case(lambda notebook: None, (0, 0, 0)),
    "nothing-comes-back": Case(answers(q1_counts="counts = None", q2_side="def side(*_): pass", q3_layer="def Layer(b): return print"), (0, 0, 0)),
    "words": Case(answers(q1_counts='counts = {"weights": "many", "biases": "six"}'), (0, 3, 3), "many"),
}  # fmt: skip
HOSTILE = {
    "loops": Case(after("q1_counts", "while True: pass"), says="the limit of a cell"),
    "loops-in-the-function": Case(side("while True: pass"), (2, 0, 3), "the limit of a cell"),
    "loops-and-holds-on": Case(after("q1_counts", STUBBORN), says="the limit of a cell"),
    "sleeps": Case(after("q3_layer", "import time; time.sleep(1000)"), says="the limit of a cell"),
    "eats-memory": Case(after("q1_counts", "held = []\nwhile True: held.append(bytes(10**7))"), says="MemoryError"),
    "forks": Case(after("q1_counts", "import os, time\nassert os.getpid() == 1\nfor _ in range(500):\n    if os.fork() == 0:\n        time.sleep(1000)"), says="BlockingIOError", needs_namespaces=True),
    "kills-everything": Case(after("q1_counts", "import os\nassert os.getpid() == 1  # else it would end more than itself\nos.kill(-1, 9)"), needs_namespaces=True),
    "leaves": Case(after("q1_counts", "import os\nos._exit(0)"), says="ended the process"),
    "leaves-in-the-function": Case(side("import os\nos._exit(0)"), (2, 0, 3), "ended the process"),
    "exits": Case(after("q1_counts", "exit()", "import sys; sys.exit(0)")),
    "reads-files": Case(answers(q1_counts=LOOK_AROUND), (0, 3, 3), "one kernel"),
    "writes-files": Case(after("q1_counts", "for path in ('@COURSE@/gradebook.db', '@OTHER@', '/etc/passwd', '/usr/x'):\n    try: open(path, 'w').write('mine')\n    except OSError: pass", "with open('big', 'wb') as f:\n    while True: f.write(bytes(10**7))"), says="Error"),
    "network": Case(answers(q1_counts="import socket\ntry:\n    socket.create_connection(('127.0.0.1', @PORT@), 2)\n    counts = {'weights': 150, 'biases': 6}\nexcept OSError: pass"), (0, 3, 3)),
    "deletes-tests": Case(_both(answers(q1_counts="counts = {}"), _each_test(lambda nb, cell: nb.cells.remove(cell))), (0, 3, 3), "was deleted"),
    "edits-tests": Case(_both(answers(q1_counts="counts = {}"), _each_test(lambda nb, cell: cell.update(source="pass"))), (0, 3, 3), "was changed"),
    "duplicates-cells": Case(_both(answers(), lambda nb: nb.cells.extend(map(deepcopy, nb.cells[2:6]))), says="2 times"),
    "strips-metadata": Case(_both(answers(), _strip), says="marks were missing"),
    "splits-and-strips": Case(_both(after("q1_counts", "spare = 1"), _strip), says="marks were missing"),
    "answers-below-the-tests": Case(_both(answers(), _answers_below)),
    "code-made-text": Case(_both(answers(), lambda nb: find(nb, "q1_counts").update(cell_type="markdown")), says="turned back"),
    "raises-its-points": Case(_both(answers(), _inflate)),
    "forges-equality": Case(answers(q1_counts=FORGED, q2_side="pass", q3_layer="pass"), (0, 0, 0)),
    "patches-what-tests-use": Case(answers(q1_counts=PATCH), (0, 3, 3)),
    "patches-the-package": Case(answers(q1_counts=PATCH_PACKAGE), (0, 3, 3), "one kernel"),
    "changes-what-is-given": Case(after("given", "KERNEL = 1", q1_counts='counts = {"weights": 6, "biases": 6}'), (0, 3, 3)),
    "hunts-for-the-tests": Case(answers(q2_side=HUNT), (2, 0, 3)),
    "writes-into-the-pipes": Case(after("q1_counts", JUNK)),
    "nests-too-deep": Case(answers(q1_counts=DEEP), (0, 3, 3), "nested"),
    "returns-too-much": Case(side("return 'x' * 400_000_000"), (2, 0, 3)),
    "marks-in-its-error": Case(side("raise ValueError('<script>alert(1)</script>')"), (2, 0, 3), "&lt;script&gt;"),
    "text": Case(b"I could not open the notebook, sorry.", (0, 0, 0), "not a notebook"),
    "empty": Case(b"", (0, 0, 0), "not a notebook"),
    "pdf": Case(b"%PDF-1.7\n\xff\xfe", (0, 0, 0), "not a notebook"),
    "no-cells": Case(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode(), (0, 0, 0), "without a cell"),
    "cells-of-nonsense": Case(json.dumps({"cells": [{"cell_type": 7}, 3], "metadata": [], "nbformat": 4, "nbformat_minor": 5}).encode(), (0, 0, 0), "not a notebook"),
}  # fmt: skip
CORPUS = RIGHT_ONES | HALF_RIGHT | WRONG | HOSTILE


def write_submissions(
    folder: Path, release: NotebookNode, names: list[str], **replaced: object
) -> Path:
    """Write submissions as students hand them in, a file for each; @COURSE@ and others are named."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        change = CORPUS[name].change
        path = folder / f"{name}.ipynb"
        if isinstance(change, bytes):
            path.write_bytes(change)
            continue
        notebook = deepcopy(release)
        change(notebook)
        text = nbformat.writes(notebook)
        for key, value in replaced.items():
            text = text.replace(f"@{key}@", str(value))
        path.write_text(text, encoding="utf-8")
    return folder
