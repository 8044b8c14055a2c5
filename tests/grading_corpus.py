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
from typing import Any

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


def student_version() -> NotebookNode:
    """The assignment as students get it: answers and hidden tests taken out, as nbgrader does."""
    notebook = master()
    for cell in notebook.cells:
        kept, hidden = [], False
        for line in cell.source.splitlines():
            hidden = (hidden or "### BEGIN" in line) and "### END" not in line
            if not hidden and "###" not in line:
                kept.append(line)
        cell.source = "\n".join(kept)
    return notebook


def write_course(folder: Path) -> Path:
    """Write the course folder of the assignment, and return it."""
    path = folder / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(master(), path)
    return folder


# Changes the notebook, or returns the bytes of the file instead.
Change = Callable[[NotebookNode], bytes | None]


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
    def change(notebook: NotebookNode) -> bytes | None:
        return [one(notebook) for one in changes][-1]

    return change


def _each_test(do: Callable[[NotebookNode, NotebookNode], None]) -> Change:
    def change(notebook: NotebookNode) -> None:
        for name in list(QUESTIONS)[:3]:
            do(notebook, find(notebook, name))

    return change


def _strip(notebook: NotebookNode) -> None:
    """Take away all that a text editor would not keep: marks, ids, and the version that has ids."""
    notebook.nbformat_minor = 2
    for cell in notebook.cells:
        cell.metadata = NotebookNode()
        cell.pop("id", None)


# What editors write, from files of theirs in public repositories. All keep nbgrader's marks.
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "version": "3.11.9", "mimetype": "text/x-python"}
RAN = [{"output_type": "stream", "name": "stdout", "text": ["28\n"]}]


def _saved(notebook: NotebookNode, minor: int, metadata: dict, cell: Callable[[int], dict]) -> None:
    """Save a notebook as an editor does: its version, its metadata, lines apart, cells run."""
    notebook.nbformat_minor, notebook.metadata = minor, metadata
    for number, one in enumerate(notebook.cells):
        if minor < 5:
            one.pop("id")
        one.metadata = {**cell(number), **one.metadata}
        one.source = one.source.splitlines(keepends=True)
        if one.cell_type == "code":
            one.execution_count, one.outputs = number + 1, RAN


def colab(notebook: NotebookNode) -> None:
    """Google Colab, File, Download: no ids but in the metadata, who ran it and when."""
    kernel = {"name": "python3", "display_name": "Python 3"}
    about = {"colab": {"provenance": [], "name": "tiny.ipynb"}, "kernelspec": kernel}
    ran = {"status": "ok", "timestamp": 1653739128995, "user_tz": -60, "elapsed": 1153}
    user = {"displayName": "Ann", "userId": "12457121566292976244"}

    def cell(number: int) -> dict:
        base = {"base_uri": "https://localhost:8080/"}
        return {"id": f"ONOY5LvWd4s{number}", "colab": base, "executionInfo": {**ran, "user": user}}

    _saved(notebook, 0, {**about, "language_info": {"name": "python"}, "accelerator": "GPU"}, cell)
    notebook.cells = [
        {key: cell[key] for key in sorted(cell, key=["metadata", "source"].count)}
        for cell in notebook.cells
    ]


def kaggle(notebook: NotebookNode) -> None:
    """Kaggle, a version that was saved and run: papermill's times in every cell."""
    settings = {"accelerator": "none", "dataSources": [], "isInternetEnabled": True}
    mill = {"default_parameters": {}, "duration": 7.1, "exception": None, "version": "2.5.0"}
    about = {"kernelspec": KERNEL, "language_info": LANGUAGE, "kaggle": settings, "papermill": mill}

    def cell(number: int) -> dict:
        ids = {
            "_uuid": f"8f2839f25d086af736a60e9eeb907d3b93b6e0e{number}",
            "_cell_guid": "b1076dfc",
        }
        times = {"iopub.execute_input": "2027-03-01T10:00:00Z", "shell.execute_reply": "x"}
        done = {"duration": 0.01, "exception": False, "status": "completed"}
        return {**ids, "trusted": True, "execution": times, "papermill": done, "tags": []}

    _saved(notebook, 4, about, cell)


def vs_code(notebook: NotebookNode) -> None:
    """Visual Studio Code: version 4.2, and its own key for the version that was opened."""
    interpreter = {"interpreter": {"hash": "31f2aee4e71d21fbe5cf8b01ff0e069b9275f58929596ceb"}}
    about = {"kernelspec": KERNEL, "language_info": LANGUAGE, "orig_nbformat": 4}
    _saved(
        notebook, 2, {**about, "vscode": interpreter},
        lambda number: {"vscode": {"languageId": "python"}},
    )  # fmt: skip


def classic(notebook: NotebookNode) -> None:
    """Jupyter's classic notebook with extensions: version 4.4 has no ids."""
    more = {"toc": {"base_numbering": 1, "nav_menu": {}}, "varInspector": {"cols": {}}}
    _saved(
        notebook, 4, {"kernelspec": KERNEL, "language_info": LANGUAGE, **more},
        lambda number: {
            "collapsed": True, "scrolled": False, "ExecuteTime": {"end_time": "2027-03-01"},
        },
    )  # fmt: skip


def jupyterlab(notebook: NotebookNode) -> None:
    """JupyterLab: version 4.5, ids, and what cells may be done with."""
    _saved(
        notebook, 5, {"kernelspec": KERNEL, "language_info": LANGUAGE},
        lambda number: {"editable": True, "slideshow": {"slide_type": ""}, "tags": []},
    )  # fmt: skip


def old_nbgrader(notebook: NotebookNode) -> None:
    """An nbgrader of 2016: its first version of marks, and a sum of each cell."""
    classic(notebook)
    for cell in notebook.cells:
        if marks := cell.metadata.get("nbgrader"):
            cell.metadata["nbgrader"] = {**marks, "schema_version": 1, "checksum": "5e02c84f"}


def ipython(notebook: NotebookNode) -> bytes:
    """IPython 2, of 2014: worksheets, and `input` in place of `source`."""
    old = nbformat.convert(notebook, 3)
    return nbformat.v3.writes_json(old).encode()


def _new_ids(make: Callable[[int], Any]) -> Change:
    def change(notebook: NotebookNode) -> None:
        for number, cell in enumerate(notebook.cells):
            cell["id"] = make(number)

    return change


def _line_ends(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        cell.source = "\ufeff" * (cell.cell_type == "markdown") + cell.source.replace("\n", " \r\n")


def _bytes(encode: Callable[[str], bytes]) -> Change:
    return lambda notebook: encode(json.dumps(notebook))


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
    is_quiet: bool = False  # there must be no remark


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
EDITORS = {
    "colab": Case(_both(answers(), colab), is_quiet=True),
    "kaggle": Case(_both(answers(), kaggle), is_quiet=True),
    "vs-code": Case(_both(answers(), vs_code), is_quiet=True),
    "classic-jupyter": Case(_both(answers(), classic), is_quiet=True),
    "jupyterlab": Case(_both(answers(), jupyterlab), is_quiet=True),
    "old-nbgrader": Case(_both(answers(), old_nbgrader), is_quiet=True),
    "ipython-2": Case(_both(answers(), ipython)),
    "colab-half-right": Case(_both(side("return 28"), colab), (2, 0, 3), "stride 1"),
    "ids-with-blanks": Case(_both(answers(), _new_ids(lambda n: f"a {n}")), is_quiet=True),
    "ids-that-are-numbers": Case(_both(answers(), _new_ids(lambda n: n)), is_quiet=True),
    "ids-all-alike": Case(_both(answers(), _new_ids(lambda n: "same")), is_quiet=True),
    "windows-line-ends": Case(_both(answers(), _line_ends), is_quiet=True),
    "byte-order-mark": Case(_both(answers(), _bytes(lambda t: b"\xef\xbb\xbf" + t.encode())), is_quiet=True),
    "utf-16": Case(_both(answers(), _bytes(lambda t: t.encode("utf-16"))), is_quiet=True),
    "half-a-character": Case(_both(answers(q1_counts=RIGHT["q1_counts"] + "  # \ud83d"), _bytes(lambda t: t.encode())), says="was replaced"),
    "a-stray-byte": Case(_both(answers(q1_counts=RIGHT["q1_counts"] + "  # @"), _bytes(lambda t: t.encode().replace(b"@", b"\xe9"))), says="not UTF-8"),
    "one-cell-of-nonsense": Case(_both(answers(), lambda nb: nb.cells.insert(2, {"cell_type": "poem", "source": 3})), says="cell 3 is left out"),
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
CORPUS = RIGHT_ONES | EDITORS | HALF_RIGHT | WRONG | HOSTILE


def write_submissions(
    folder: Path, release: NotebookNode, names: list[str], **replaced: object
) -> Path:
    """Write submissions as students hand them in, a file for each; @COURSE@ and others are named."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        change = CORPUS[name].change
        notebook = deepcopy(release)
        content = change if isinstance(change, bytes) else change(notebook)
        # Not by nbformat, which would mend what is to be graded as it comes.
        if content is None:
            content = json.dumps(notebook, indent=1).encode()
        for key, value in replaced.items():
            content = content.replace(f"@{key}@".encode(), str(value).encode())
        (folder / f"{name}.ipynb").write_bytes(content)
    return folder
