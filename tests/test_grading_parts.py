"""The parts of grading: what crosses, the pre-check, whose file it is, columns and pages."""

import os
import subprocess
import sys
from contextlib import nullcontext
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import torch
from grading_corpus import RIGHT, answers, find, student_version
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parents[1] / "assignments" / "grading"))

import isolation
import precheck
import tables
from batch import Batch
from course import Course
from inside.values import Unpacker, pack
from isolation import Limits, Sandbox, sandbox
from prepared import prepared
from run_apart import Tests
from student import NotebookStopped, Student
from submissions import Submission


@pytest.fixture(scope="module")
def release() -> NotebookNode:
    return student_version()


def across(value: Any) -> Any:
    """Send a value, and read it on the other side."""
    stay: list[Any] = []

    def keep(item: Any) -> int:
        stay.append(item)
        return len(stay) - 1

    unpacker = Unpacker(
        kept=lambda number, names, can_be_called: ("kept", names[0], can_be_called),
        graph=lambda tensor, number: tensor,
        leaf=lambda tensor, number: tensor,
    )
    return unpacker.unpack(pack(value, keep))


@pytest.mark.parametrize(
    "value",
    [
        None, ..., True, 7, 2**80, -1.5, 1 + 2j, "é", b"\0\xff", range(1, 9, 2), slice(None, 3),
        [1, [2.5, (None, {3})]], {"a": (1, 2), 3: frozenset({4})}, {},
    ],
)  # fmt: skip
def test_plain_values_cross_as_they_are(value: Any) -> None:
    there = across(value)
    assert there == value
    assert type(there) is type(value)


@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f4", "f8", "c16", "U5"])
def test_arrays_and_their_numbers_cross(dtype: str) -> None:
    array = np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)
    there = across({"all": array, "one": array[1, 2]})
    assert there["all"].dtype == array.dtype
    assert (there["all"] == array).all()
    assert there["one"] == array[1, 2]
    assert type(there["one"]) is type(array[1, 2])


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.bfloat16])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_tensors_cross(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    tensor = torch.ones(shape).to(dtype)
    there = across([tensor, tensor.dtype])
    assert there[0].dtype == there[1] == dtype
    assert there[0].shape == tensor.shape
    assert there[0].tolist() == tensor.tolist()


def test_what_is_more_than_data_stays() -> None:
    class Mine:
        def __eq__(self, other: object) -> bool:
            return True

    class AnyNumber(int):
        def __eq__(self, other: object) -> bool:
            return True

    kind, name, can_be_called = across([Mine()])[0]
    assert (kind, can_be_called) == ("kept", False)
    assert name.endswith("Mine")
    assert across(len)[2]
    assert across(AnyNumber(3)) == 3
    assert type(across(AnyNumber(3))) is int
    assert across(np.array([{}], dtype=object))[0] == "kept"


@pytest.mark.parametrize(
    "message", [b"", b"\0" * 8, b"\0" * 7 + b"\x02{}", b"\0" * 7 + b"\x09[1, 2, 3]", b"\xff" * 30]
)
def test_a_message_that_is_none_is_refused(message: bytes) -> None:
    unpacker = Unpacker(kept=print, graph=print, leaf=print)
    with pytest.raises(ValueError):
        unpacker.unpack(message)


NETWORK = """
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = torch.nn.Linear(3, 2)
    def forward(self, x):
        return self.c1(x)
def train(net, images):
    with torch.no_grad():
        net.weight.fill_(0.5)
        images[0] = 9
def fail(x):
    raise KeyError("missing")
class Plain:
    def __eq__(self, other):
        return True
plain = Plain()
def loss(out):
    return (out ** 3).sum()
def twice(f, x):
    return f(f(x))
"""
NETWORK_TEST = """
import torch
net = Net()
assert isinstance(net, torch.nn.Module) and isinstance(net.c1, torch.nn.Linear)
assert not isinstance(net, torch.nn.Conv2d)
assert sum(p.numel() for p in net.parameters()) == 8
with torch.no_grad():
    for p in net.parameters():
        p.copy_(torch.ones(p.shape))
x = torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
out = net(x)
assert out.tolist() == [[7.0, 7.0]], out
(out ** 2).sum().backward()
assert x.grad.tolist() == [[28.0, 28.0, 28.0]]
assert net.c1.bias.grad.tolist() == [14.0, 14.0]
optimiser = torch.optim.SGD(net.parameters(), lr=0.5)
optimiser.step()
optimiser.zero_grad()
assert net.c1.bias.tolist() == [-6.0, -6.0]
assert net.c1.bias.grad is None
mine, images = torch.nn.Linear(2, 1), torch.zeros(2)
train(mine, images)
assert mine.weight.tolist() == [[0.5, 0.5]] and images.tolist() == [9, 0]
try:
    fail(1)
except KeyError as error:
    assert "missing" in str(error)
else:
    raise AssertionError("no error came through")
assert plain != 3 and plain == plain
out = torch.tensor([2.0, 1.0], requires_grad=True)
loss(out).backward()
assert out.grad.tolist() == [12.0, 3.0]
assert twice(lambda v: v + 1, 5) == 7
"""


@pytest.fixture(scope="module", params=["afresh", "forked"])
def around(request: pytest.FixtureRequest) -> Any:
    with prepared(sandbox(), ["torch"]) if request.param == "forked" else nullcontext() as found:
        yield found or sandbox()


@pytest.fixture
def student(around: Sandbox) -> Any:
    student = Student(around, Limits(cell_seconds=20, notebook_seconds=60))
    yield student
    student.close()


def test_a_test_sees_a_network_through_its_stand_in(student: Student) -> None:
    assert not student.run(NETWORK).get("error")
    Tests(student).test(NETWORK_TEST)


def test_a_cell_that_ends_the_process_costs_itself_only(student: Student) -> None:
    student.run("a = 1")
    assert student.run("b = 2\nimport os\nos._exit(1)")["error"]["name"] == "NotebookStopped"
    student.run("c = a + 2")
    assert [student.fetch(name)[1] for name in "abc"] == [1, None, 3]
    for _ in range(9):
        last = student.run("import os\nos._exit(1)")
    assert "ended its process" in last["error"]["message"]
    with pytest.raises(NotebookStopped):
        student.fetch("a")


def test_the_sandbox_shows_nothing_of_the_course(student: Student) -> None:
    if not student.sandbox.namespaces:
        pytest.skip("needs namespaces")
    student.run(
        "import os\n"
        "seen = [os.path.join(d, f) for top in ('/work', '/root', '/home', '/tmp', '/etc')\n"
        "        for d, _, files in os.walk(top) for f in files if 'site-packages' not in d]\n"
        "who, processes = os.getuid(), [p for p in os.listdir('/proc') if p.isdigit()]\n"
        "here = [name for name in os.listdir('.') if not name.startswith('.')]"
    )
    seen = student.fetch("seen")[1]
    assert not [path for path in seen if path.endswith((".ipynb", ".db", "shadow", "passwd"))]
    assert student.fetch("here")[1] == []
    assert student.fetch("processes")[1] == ["1"]
    if os.getuid() == 0:
        assert student.fetch("who")[1] != 0


GUARDED = """
import os, socket, subprocess
def refused(do, *arguments):
    try:
        do(*arguments)
    except PermissionError as error:
        return str(error)
    return "done"
said = [
    refused(open, "@FILE@"),
    refused(open, "/usr/written", "w"),
    refused(os.listdir, "@FOLDER@"),
    refused(os.remove, "@FILE@"),
    refused(socket.create_connection, ("127.0.0.1", 9)),
    refused(subprocess.run, ["cat", "@FILE@"]),
    refused(os.system, "cat @FILE@"),
    refused(os.kill, os.getppid(), 0),
]
open("mine", "w").write("text")
mine = open("mine").read()
"""


def test_the_weak_sandbox_refuses_what_python_can_refuse(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    student = Student(Sandbox(namespaces=False, own_user=False), Limits(60, 60))
    try:
        student.run(
            GUARDED.replace("@FILE@", str(tmp_path / "secret")).replace("@FOLDER@", str(tmp_path))
        )
        assert student.fetch("mine") == (True, "text")
        assert [text for text in student.fetch("said")[1] if "while a notebook" not in text] == []
    finally:
        student.close()


def test_a_sandbox_that_does_not_start_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*command: object, **options: object) -> None:
        raise PermissionError("this user may not start this Python")

    monkeypatch.setattr(isolation.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(isolation.subprocess, "Popen", refuse)
    with pytest.raises(PermissionError):
        Sandbox(namespaces=False, own_user=False).start(Limits())
    assert not list(tmp_path.iterdir())


WRITABLE = {"/tmp", "/submission", "/dev/shm", "/proc", "/dev/pts"}
DEVICES = {f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")}


def mounted(student: Student) -> dict[str, set[str]]:
    """What a submission finds mounted, and how."""
    student.run("mounts = open('/proc/self/mounts').read()")
    lines = [line.split() for line in student.fetch("mounts")[1].splitlines()]
    return {place: set(how.split(",")) for _, place, _, how, *_ in lines}


def test_a_submission_can_write_into_its_own_folders_only(student: Student) -> None:
    if not student.sandbox.namespaces:
        pytest.skip("needs namespaces")
    found = mounted(student)
    assert {place for place, how in found.items() if "ro" not in how} == WRITABLE | DEVICES
    assert {place for place, how in found.items() if "nosuid" not in how} <= DEVICES | {"/dev/pts"}
    places = [*isolation.readable(), "/", "/dev", "/dev/null/x"]
    student.run(
        f"import os\nwritten = []\nfor place in {places!r}:\n"
        "    file = os.path.join(place, 'mine') if os.path.isdir(place) else place\n"
        "    try:\n        open(file, 'ab').close()\n        written.append(file)\n"
        "    except OSError as error:\n        pass"
    )
    assert student.fetch("written")[1] == []


def test_what_is_mounted_below_a_readable_folder_is_read_only_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "library" / "a place"
    inner.mkdir(parents=True)
    if (
        not sandbox().namespaces
        or subprocess.run(
            ["mount", "-t", "tmpfs", "tmpfs", inner], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("needs namespaces, and the right to mount")
    try:
        paths = [*isolation.readable(), str(tmp_path / "library")]
        monkeypatch.setattr(isolation, "readable", lambda: paths)
        student = Student(sandbox(), Limits(60, 60))
        try:
            found = mounted(student)
        finally:
            student.close()
    finally:
        subprocess.run(["umount", inner], check=True)
    assert "ro" in found[str(tmp_path / "library")]
    assert "ro" in found[str(inner).replace(" ", "\\040")]


def test_python_may_lie_where_the_sandbox_has_its_own_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not sandbox().namespaces:
        pytest.skip("needs namespaces")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "module.py").write_text("x = 1", encoding="utf-8")
    (tmp_path / "beside").write_text("secret", encoding="utf-8")
    paths = [*isolation.readable(), str(tmp_path / "library")]
    monkeypatch.setattr(isolation, "readable", lambda: paths)
    student = Student(Sandbox(namespaces=True, own_user=os.getuid() == 0), Limits(60, 60))
    try:
        student.run(
            f"import os\nlibrary = os.listdir({str(tmp_path / 'library')!r})\n"
            f"beside = os.listdir({str(tmp_path)!r})\nopen('mine', 'w').close()\n"
            "open('/tmp/mine', 'w').close()\nok = True"
        )
        assert student.fetch("library")[1] == ["module.py"]
        assert student.fetch("beside")[1] == ["library"]
        assert student.fetch("ok")[1]
    finally:
        student.close()


def test_an_unchanged_submission_needs_nothing(release: NotebookNode) -> None:
    submission = deepcopy(release)
    answers()(submission)
    checked = precheck.check(submission, release)
    assert checked.notes == []
    assert [c.source for c in checked.notebook.cells] == [c.source for c in submission.cells]
    for name, text in RIGHT.items():
        assert find(checked.notebook, name).source == text


def test_every_cell_is_there_once_and_in_its_place(release: NotebookNode) -> None:
    submission = deepcopy(release)
    answers()(submission)
    submission.cells.insert(0, nbformat.v4.new_code_cell("mine = 1"))
    del submission.cells[submission.cells.index(find(submission, "given"))]
    submission.cells.append(deepcopy(find(submission, "q1_counts_test")))
    find(submission, "q2_side_test").source = "pass"
    checked = precheck.check(submission, release)
    names = [precheck.grade_id(cell) for cell in checked.notebook.cells]
    assert [n for n in names if n] == [precheck.grade_id(c) for c in release.cells][1:]
    assert checked.notebook.cells[0].source == "mine = 1"
    assert find(checked.notebook, "q2_side_test").source == find(release, "q2_side_test").source
    said = " ".join(checked.notes)
    assert "given: was deleted" in said
    assert "q1_counts_test: was there 2 times" in said
    assert "q2_side_test: was changed" in said
    nbformat.validate(checked.notebook)


def test_answers_are_found_without_marks_or_ids(release: NotebookNode) -> None:
    submission = deepcopy(release)
    answers()(submission)
    for number, cell in enumerate(submission.cells):
        cell.metadata, cell["id"] = NotebookNode(), f"x{number}"
    checked = precheck.check(submission, release)
    for name, text in RIGHT.items():
        assert find(checked.notebook, name).source == text
    assert "marks were missing" in checked.notes[0]


def test_an_answer_in_a_cell_of_their_own_is_found(release: NotebookNode) -> None:
    submission = deepcopy(release)
    answers()(submission)
    old = find(submission, "q2_side")
    place = submission.cells.index(old)
    submission.cells[place] = nbformat.v4.new_code_cell(old.source)
    assert find(precheck.check(submission, release).notebook, "q2_side").source == old.source


def test_a_missing_answer_is_said(release: NotebookNode) -> None:
    submission = deepcopy(release)
    answers()(submission)
    submission.cells.remove(find(submission, "q2_side"))
    checked = precheck.check(submission, release)
    assert find(checked.notebook, "q2_side").source == find(release, "q2_side").source
    assert any("answer cell is missing" in note for note in checked.notes)


def test_a_name_cannot_become_a_formula(tmp_path: Path) -> None:
    rows = [["=HYPERLINK(1)"], ["-1"], ["Ada"]]
    assert not tables.write(tmp_path / "x.csv", lambda: (["name"], rows))
    assert (tmp_path / "x.csv").read_text(encoding="utf-8").splitlines() == [
        "name",
        "'=HYPERLINK(1)",
        "-1",
        "Ada",
    ]


def test_students_are_entered_before_workers_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers that both entered the student of two files failed for one of them."""
    course = Course(tmp_path)
    work = Batch(course, tmp_path, Sandbox(False, False), Limits(), 2)
    handed = [Submission(tmp_path / f"{n}.ipynb", who, who) for n, who in enumerate(("ann",) * 2)]
    known: list[str] = []

    def fill(*_: object) -> None:
        with course.gradebook() as book:
            known.extend(student.id for student in book.students)

    monkeypatch.setattr(Batch, "_fill", fill)
    monkeypatch.setattr(Batch, "_done", lambda *_: False)
    monkeypatch.setattr(Batch, "_load", lambda *_: None)
    work.run(handed, print)
    assert known == ["ann"]
