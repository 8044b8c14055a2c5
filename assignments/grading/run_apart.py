"""nbgrader's step that runs a submission, in place of its own: the tests run apart from the work.

The student's cells run in a sandboxed process. The cells of tests, with the hidden ones, run in
this one, on plain copies of what the student's names hold there. So a submission can neither read
a hidden test nor change what a test does, compares or prints.
"""

import ast
import builtins
import io
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from isolation import Limits, Sandbox
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from roles import is_given, is_test, visible
from student import MESSAGE, NAME, NotebookStopped, Student, cut
from traitlets import Instance, Integer

TEST = "<test>"
PRINTED, LARGEST_PICTURE, MOST_SHOWN = 20_000, 2 * 2**20, 20


class RunApart(NbGraderPreprocessor):
    """Runs the cells of one submission and stores what nbgrader reads the points from."""

    sandbox = Instance(Sandbox).tag(config=True)
    limits = Instance(Limits).tag(config=True)
    slot = Integer(0).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Run the notebook from top to bottom."""
        student = Student(self.sandbox, self.limits, self.slot)
        tests = Tests(student)
        try:
            for cell in nb.cells:
                if cell.cell_type == "code":
                    cell.outputs = tests.outputs(cell)
        finally:
            student.close()
        return nb, resources


class Tests:
    """The trusted side: what the given cells define, and the tests of one submission."""

    def __init__(self, student: Student):
        self.student = student
        self.given: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}

    def outputs(self, cell: NotebookNode) -> list[NotebookNode]:
        """Run a cell where it belongs; what this process does for it has a limit of time too."""
        try:
            with at_most(self.student.limits.cell_seconds):
                return self._outputs(cell)
        except NotebookStopped as stop:
            return [_failure(stop, cell.source)]

    def _outputs(self, cell: NotebookNode) -> list[NotebookNode]:
        if not is_test(cell):
            if is_given(cell):
                with redirect_stdout(io.StringIO()):
                    exec(_compiled(cell.source), self.given)
            return self.work(cell.source)
        # As in the student's own Jupyter, where later cells may use what a test left behind.
        if seen := visible(cell.source).strip():
            self.work(seen)
        try:
            self.test(cell.source)
        except BaseException as error:
            return [_failure(error, cell.source)]
        return []

    def work(self, source: str) -> list[NotebookNode]:
        """Run a cell of the student's, whose process may answer anything."""
        answer = self.student.run(source)
        try:
            return _shown(answer)
        except NotebookStopped:
            raise
        except Exception:
            return [new_output("error", ename="garbled", evalue="no answer", traceback=[])]

    def test(self, source: str) -> None:
        """Run a test on copies of the names of the notebook that it uses."""
        self.student.begin_cell()
        names = dict(self.given)
        tree = ast.parse(source)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        for name in sorted(used - names.keys() - vars(builtins).keys()):
            found, value = self.student.fetch(name)
            if found:
                names[name] = value
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            exec(_compiled(source), names)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop what takes more of this process's time: values can be made to take for ever.

    Raises:
        NotebookStopped: in the middle of it, when the time is up.
    """

    def stop(*_: object) -> None:
        raise NotebookStopped(f"stopped after {seconds:g} s, the limit of a test")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)  # again, as a test may catch the first
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _compiled(source: str) -> Any:
    try:
        return compile(source, TEST, "exec")
    except SyntaxError:  # with what only Jupyter understands, which takes longer to look for
        return compile(TransformerManager().transform_cell(source), TEST, "exec")


def _failure(error: BaseException, source: str) -> NotebookNode:
    """Return the output of a failed test: what it says, or the line if students can see it."""
    message = str(error)
    if isinstance(error, AssertionError) and not message:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == TEST]
        line = source.splitlines()[frames[-1].lineno - 1].strip() if frames else ""
        message = line if line and line in visible(source) else "a hidden check failed"
    name = "stopped" if isinstance(error, NotebookStopped) else type(error).__name__
    return _error(name, message)


def _error(name: str, message: str) -> NotebookNode:
    name, message = cut(name, NAME), cut(message, MESSAGE)
    return new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"])


def _shown(answer: dict[str, Any]) -> list[NotebookNode]:
    """Return the outputs of a student's cell, as a notebook stores them."""
    outputs = []
    if printed := cut(answer.get("printed"), PRINTED):
        outputs.append(new_output("stream", name="stdout", text=printed))
    for data in answer.get("shown", [])[:MOST_SHOWN]:
        shown = {"text/plain": cut(data.get("text/plain"), PRINTED)}
        picture = data.get("image/png", "")
        if isinstance(picture, str) and len(picture) <= LARGEST_PICTURE:
            shown["image/png"] = picture
        outputs.append(new_output("display_data", data=shown))
    if error := answer.get("error"):
        line = f" (line {error['line']})" if error.get("line") else ""
        outputs.append(_error(error["name"], f"{error['message']}{line}"))
    return outputs
