"""Grading takes a bounded amount of what a student's process sends, and only what was asked for."""

import ast
import json
import pickle
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

GRADING = Path(__file__).parents[1] / "assignments" / "grading"
sys.path.insert(0, str(GRADING))

import student as trusted  # noqa: E402
from inside.values import DEEPEST, LONGEST_RANGE, LONGEST_TREE, Unpacker, pack  # noqa: E402
from isolation import Limits  # noqa: E402
from run_apart import Tests, at_most  # noqa: E402
from student import NotebookStopped, Student  # noqa: E402

AMPLE = Limits(cell_seconds=60, notebook_seconds=120)
QUICK = Limits(cell_seconds=0.1, notebook_seconds=5)
DONE = {"error": None, "printed": "", "shown": []}


def framed(number: int, value: Any) -> bytes:
    """A reply as the student's process sends it."""
    message = value if isinstance(value, bytes) else pack(value, id)
    return len(message).to_bytes(8, "big") + number.to_bytes(8, "big") + message


class Peer:
    """Stands for a sandboxed process; `answer` gets each request's number and the socket."""

    def __init__(self, answer: Callable[[int, socket.socket], None], first: bytes = b""):
        self.socket, self.theirs = socket.socketpair()
        self.answer, self.alive = answer, True
        self.theirs.sendall(first)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            while size := self.theirs.recv(8, socket.MSG_WAITALL):
                body = self.theirs.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
                self.answer(pickle.loads(body)["number"], self.theirs)
        except OSError:
            return

    def seconds(self) -> float:
        return 0.0

    megabytes = seconds

    def interrupt(self) -> None:
        return None

    def kill(self) -> None:
        self.alive = False
        self.socket.close()
        self.theirs.close()


def student(
    answer: Callable[[int, socket.socket], None], first: bytes = b"", limits: Limits = AMPLE
) -> tuple[Student, list[Peer]]:
    """A submission whose process answers by `answer`, and the processes that it has had."""
    peers: list[Peer] = []

    def start(*_: object) -> Peer:
        peers.append(Peer(answer, first))
        return peers[-1]

    return Student(SimpleNamespace(start=start), limits), peers


def test_a_reply_with_its_number_is_taken() -> None:
    asked: list[int] = []

    def answer(number: int, line: socket.socket) -> None:
        asked.append(number)
        line.sendall(framed(number, DONE))

    mine, peers = student(answer)
    assert [mine.run("a"), mine.run("b")] == [DONE, DONE]
    assert len(peers) == 1
    assert len(set(asked)) == 2
    assert min(asked) > 2**40  # none that could be guessed by counting


@pytest.mark.parametrize(
    "answer",
    [
        lambda number, line: line.sendall(framed(number ^ 1, DONE)),
        lambda number, line: line.sendall(framed(0, DONE)),
        lambda number, line: line.sendall(framed(number, pickle.dumps(DONE))),
        lambda number, line: line.sendall(framed(number, b"")),
        lambda number, line: line.sendall(framed(number, b"\0" * 7 + b"\x02[]")),
        lambda number, line: line.sendall(bytes(range(256)) * 10),
    ],
    ids=["another", "none", "pickle", "empty", "list", "junk"],
)
def test_another_reply_ends_the_process(answer: Any) -> None:
    mine, peers = student(answer)
    assert mine.run("a")["error"]["name"] == "NotebookStopped"
    assert not peers[0].alive


def test_a_reply_before_the_request_is_none() -> None:
    mine, peers = student(lambda *_: None, first=framed(1, DONE))
    assert "nobody has asked" in mine.run("a")["error"]["message"]
    assert not peers[0].alive


def test_a_second_reply_is_not_taken_for_that_to_the_next_request() -> None:
    forged = {"found": True, "value": 150}

    def twice(number: int, line: socket.socket) -> None:
        line.sendall(framed(number, DONE) + framed(number, forged))

    mine, _ = student(twice)
    assert mine.run("a") == DONE
    with pytest.raises(NotebookStopped, match="nobody has asked"):
        mine.fetch("x")


def _part(number: int, line: socket.socket) -> None:
    line.sendall(framed(number, DONE)[:-1])


def _drops(number: int, line: socket.socket) -> None:
    for byte in framed(number, {**DONE, "printed": "x" * 10_000}):
        line.sendall(bytes([byte]))
        time.sleep(0.05)


def _flood(number: int, line: socket.socket) -> None:
    line.sendall((2**27).to_bytes(8, "big") + number.to_bytes(8, "big"))
    while True:
        line.sendall(b"x")
        time.sleep(0.01)


@pytest.mark.parametrize("answer", [_part, _drops, _flood])
def test_a_reply_that_does_not_end_is_stopped(answer: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(trusted, "GRACE", 0.1)
    mine, peers = student(answer, limits=QUICK)
    assert "the limit of a cell" in mine.run("a")["error"]["message"]
    assert not peers[0].alive


def test_a_size_beyond_the_limit_is_not_waited_for() -> None:
    mine, peers = student(
        lambda number, line: line.sendall((2**62).to_bytes(8, "big") + number.to_bytes(8, "big"))
    )
    assert "too large" in mine.run("a")["error"]["message"]
    assert not peers[0].alive


def test_cells_that_end_the_process_when_they_are_run_again_cost_no_more_than_that() -> None:
    count = 0

    def once(number: int, line: socket.socket) -> None:
        nonlocal count
        count += 1
        if count > 1:
            line.close()
            raise OSError
        line.sendall(framed(number, DONE))

    mine, _ = student(once)
    assert mine.run("a") == DONE
    assert mine.run("b")["error"]["name"] == "NotebookStopped"
    assert mine.run("c")["error"]["name"] == "NotebookStopped"


def message(tree: Any, sizes: Any = (), numbers: bytes = b"") -> bytes:
    """A message of the student's own making."""
    header = json.dumps({"tree": tree, "sizes": list(sizes)}).encode()
    return len(header).to_bytes(8, "big") + header + numbers


def deep(levels: int) -> Any:
    tree: Any = 1
    for _ in range(levels):
        tree = ["list", [tree]]
    return tree


@pytest.mark.parametrize(
    "sent",
    [
        # Slices of one another: a small message would take a large memory.
        message(1, [300, -300] * 1000, b"x" * 300),
        message(["array", "u1", [3]], [2], b"xxx"),
        message(["array", "u1", [3]], [3], b"xx"),
        message(["array", "u1", [3]], [True], b"x"),
        message(["array", "u1", [3]], [3.0], b"xxx"),
        message(["array", "O", [1]], [8], b"x" * 8),
        message(["array", "u1", [-1, -1]], [4], b"xxxx"),
        message(["tensor", "float32", [2**40], {}], [4], b"xxxx"),
        message(["tensor", "int64", [1], {"leaf": 1, "parameter": True}], [8], bytes(8)),
        message(["tensor", "load", [1], {}], [4], b"xxxx"),
        message(deep(DEEPEST + 1)),
        message(deep(400)),
        b"\xff" * 8 + b"{}",
        (LONGEST_TREE + 1).to_bytes(8, "big") + b" " * (LONGEST_TREE + 1),
        b"\0" * 4 + (100_002).to_bytes(4, "big") + b"[" * 50_001 + b"]" * 50_001,
        message(["range", 0, 10**12, 1]),
        message(["range", 0, 10**30, 1]),
        message({"kept": 1}),
        message(["dict", [[["list", []], 1]]]),
        message(1).replace(b"1,", b"1" * 5000 + b","),
        pickle.dumps({"tree": 1, "sizes": []}),
    ],
    ids=range(21),
)  # fmt: skip
def test_a_message_that_asks_for_too_much_is_refused(sent: bytes) -> None:
    unpacker = Unpacker(kept=print, graph=lambda *_: 1, leaf=lambda *_: 1)
    with pytest.raises(ValueError, match="cannot be read"):
        unpacker.unpack(sent)


@pytest.mark.parametrize(
    "value",
    [range(LONGEST_RANGE + 1), range(10**30), 10**5000, ["x" * 1000] * 20_000],
    ids=["range", "huge range", "huge number", "long list"],
)
def test_what_is_too_much_is_said_on_the_other_side(value: Any) -> None:
    with pytest.raises(ValueError):
        pack(value, id)


@pytest.mark.parametrize("value", [deep(DEEPEST - 1), range(LONGEST_RANGE), 10**4000], ids=range(3))
def test_what_is_not_crosses(value: Any) -> None:
    unpacker = Unpacker(kept=print, graph=print, leaf=print)
    tree = value if isinstance(value, list) else None
    assert unpacker.unpack(message(tree) if tree else pack(value, id)) is not None


@pytest.mark.parametrize(
    ("error", "name", "said"),
    [
        ({"name": "E" * 5_000_000, "message": "m" * 5_000_000, "line": 3}, "E" * 100, "mmm"),
        ({"name": "\ud800E", "message": "\udfff", "line": float("nan")}, "\\ud800E", "\\udfff"),
        ({"name": ["E"], "message": {"a": 1}, "line": 10**400}, "", ""),
        ({}, None, None),
        ("an error", "garbled", "no error"),
        ([1], "garbled", "no error"),
    ],
    ids=["long", "half letters", "lists", "empty", "text", "list"],
)
def test_an_error_is_cut_and_every_file_can_hold_it(error: Any, name: Any, said: Any) -> None:
    mine, _ = student(lambda number, line: line.sendall(_raw(number, {**DONE, "error": error})))
    outputs = Tests(mine).work("a")
    if name is None:
        assert outputs == []
        return
    assert outputs[0].ename == name
    assert said in outputs[0].evalue
    assert len(json.dumps(outputs).encode()) < 10_000


def _raw(number: int, answer: dict[str, Any]) -> bytes:
    """A reply with its error as it is, in JSON of the student's own making."""
    pairs = [[key, _plain(value)] for key, value in answer.items()]
    return framed(number, message(["dict", pairs]))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return ["dict", [[key, _plain(item)] for key, item in value.items()]]
    return ["list", [_plain(item) for item in value]] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "shown",
    [{"printed": 7}, {"shown": {"a": 1}}, {"shown": [3]}, {"shown": [{"image/png": 5}]}],
)
def test_outputs_of_another_form_cost_no_points(shown: dict[str, Any]) -> None:
    mine, _ = student(lambda number, line: line.sendall(_raw(number, {**DONE, **shown})))
    assert len(Tests(mine).work("a")) <= 1


def test_outputs_are_cut() -> None:
    data = {"text/plain": "t" * 10**6, "image/png": "A" * 3_000_000}
    flood = {**DONE, "printed": "p" * 10**6, "shown": [data] * 3}
    mine, _ = student(lambda number, line: line.sendall(framed(number, flood)))
    outputs = Tests(mine).work("a")
    assert len(outputs) == 4
    assert len(json.dumps(outputs)) < 100_000


def test_a_value_that_takes_for_ever_is_stopped_on_this_side() -> None:
    # Whole numbers that all fall into the same place of a dictionary.
    clash = ["dict", [[n * (2**61 - 1), 0] for n in range(1, 60_000)]]
    mine, _ = student(
        lambda number, line: line.sendall(framed(number, message(clash))), limits=Limits(1, 60)
    )
    cell = SimpleNamespace(source="x = 1", cell_type="code", metadata={})
    began = time.process_time()
    (output,) = Tests(mine).outputs(cell)
    assert "limit of a test" in output.evalue
    assert time.process_time() - began < 10


def test_a_test_that_catches_everything_is_stopped_too() -> None:
    caught = 0
    with pytest.raises(NotebookStopped), at_most(0.1):
        while True:
            try:
                while True:
                    pass
            except NotebookStopped:
                caught += 1
                if caught == 2:
                    raise


def test_the_trusted_side_reads_no_pickle() -> None:
    for path in GRADING.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "attr", getattr(node, "id", ""))
            text = re.match(r"(json|tomllib)\.", ast.unparse(node))
            assert name not in ("load", "loads", "Unpickler") or text, path
