"""Reading what was handed in: what counts of a file, and that none stops the others."""

import json
import os
import socket
import sys
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from grading_corpus import CORPUS, EDITORS, answers, student_version, write_submissions
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parents[1] / "assignments" / "grading"))

import cells
import precheck
import reading
from cells import Unreadable
from reading import Read, Reader

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="grading needs Linux or macOS")


@pytest.fixture(scope="module")
def release() -> NotebookNode:
    return student_version()


@pytest.fixture
def reader(release: NotebookNode, tmp_path: Path) -> Any:
    with Reader({"tiny": release}, tmp_path / "out" / "read") as reader:
        yield reader


def cells_of(*cells: Any) -> bytes:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4}).encode()


def code(source: Any = "x = 1", **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, **more}


@pytest.mark.parametrize("name", EDITORS)
def test_what_editors_write_is_read_in_full(
    name: str, release: NotebookNode, reader: Reader, tmp_path: Path
) -> None:
    path = write_submissions(tmp_path / "in", release, [name]) / f"{name}.ipynb"
    read = reader.read(path)
    assert (read.refused, read.shares) == ("", {"tiny": 12})
    checked = precheck.check(reading.kept(reader.folder, read.digest), release)
    assert checked.notes == []
    assert not (CORPUS[name].is_quiet and read.notes)
    nbformat.validate(checked.notebook)


@pytest.mark.parametrize(
    "cell",
    [
        None, 3, "text", [], {}, {"cell_type": "code", "source": 3}, {"cell_type": "poem"},
        {"cell_type": ["code"], "source": ""}, code(["x", 3]), code({"a": 1}), code(None),
    ],
)  # fmt: skip
def test_a_cell_that_is_none_costs_itself(cell: Any) -> None:
    kept, notes = cells.parse(cells_of(code("a = 1"), cell, code("b = 2")))
    assert [c.source for c in kept] == ["a = 1", "b = 2"]
    assert len(notes) == 1
    assert notes[0].startswith("cell 2 is left out: ")


@pytest.mark.parametrize(
    "more",
    [
        {}, {"id": 3}, {"id": "a b"}, {"id": ""}, {"id": "x" * 10_000}, {"id": None},
        {"metadata": None}, {"metadata": []}, {"metadata": {"nbgrader": 3}},
        {"metadata": {"nbgrader": {"grade_id": ["q"]}}}, {"metadata": {"nbgrader": {}}},
        {"outputs": 3}, {"execution_count": "many"}, {"attachments": [[[]]]},
    ],
)  # fmt: skip
def test_nothing_but_its_kind_and_text_is_asked_of_a_cell(
    more: dict[str, Any], release: NotebookNode
) -> None:
    kept, notes = cells.parse(cells_of(code(**more), code("y = 2", **more)))
    assert ([c.source for c in kept], notes) == (["x = 1", "y = 2"], [])
    nbformat.validate(precheck.check(NotebookNode(cells=kept), release).notebook)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a notebook"),
        (b"\0" * 50, "not a notebook"),
        (b"null", "not a notebook"),
        (b"[" * 200_000, "too deep"),
        (b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deep"),
        (b'{"cells": {"a": 1}}', "no list of cells"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"cells": []}', "without a cell"),
        (b'{"worksheets": 3}', "not a notebook"),
        (b'{"worksheets": [], "nbformat": 3, "metadata": {}}', "without a cell"),
        (b"\xff\xfe\x00", "not a notebook"),
        (b"PK\x03\x04more", "unpack it"),
        (b"<!doctype html>", "a web page"),
        (cells_of(3, 4), "cell 1 is left out"),
        (cells_of(*[code()] * (cells.MOST_CELLS + 1)), "cells, more than"),
        (cells_of(code("x" * (cells.MOST_TEXT + 1))), "million characters"),
        (b'{"cells": [' + b"1" * 5000 + b"]}", "not a notebook"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_refused_in_words(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "x.ipynb").write_bytes(content)
    read = reading.look(tmp_path / "x.ipynb", True, {}, tmp_path / "read")
    assert says in read.refused
    assert read.refused.isprintable()
    assert len(read.refused) <= 200
    assert not list(tmp_path.glob("read/*"))


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        (lambda text: text.replace("\n", "\r\n"), False),
        (lambda text: text.replace("\n", "\r"), False),
        (lambda text: text.replace("\n", "  \t\n"), False),
        (lambda text: "\ufeff\n" + text + "\n\n", False),
        (lambda text: text.replace("é", "e\u0301"), False),
        (lambda text: text.replace("é", "e"), True),
        (lambda text: text.replace("    ", "  "), True),
        (lambda text: text.replace("32", "33"), True),
        (lambda text: text + "\npass", True),
        (lambda text: "", True),
    ],
)
def test_what_counts_as_changed(changed: Any, counts: bool) -> None:
    text = "# Une idée\nif True:\n    WIDTH = 32"
    assert (precheck.comparable(changed(text)) != precheck.comparable(text)) == counts


def test_only_files_are_read(
    tmp_path: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = tmp_path / "good.ipynb"
    good.write_bytes(cells_of(code()))
    (tmp_path / "link.ipynb").symlink_to(good)
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")
    with open(tmp_path / "sparse.ipynb", "wb") as file:
        file.truncate(2**40)
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.ipynb")
    began = time.monotonic()
    for name in ("link", "folder", "pipe", "socket"):
        assert "not a file" in reader.read(tmp_path / f"{name}.ipynb").refused
    assert "not a file" in reader.read(Path("/dev/zero")).refused
    assert "larger than 20 MB" in reader.read(tmp_path / "sparse.ipynb").refused
    assert "cannot be read" in reader.read(tmp_path / "gone.ipynb").refused
    assert "cannot be read" in reader.read(tmp_path / ("x" * 300)).refused
    assert time.monotonic() - began < reading.SECONDS
    assert not reader.read(good).refused


def test_a_file_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.ipynb").write_bytes(cells_of(code()))

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(reading.os, "open", refuse)
    with pytest.raises(Unreadable, match="Permission denied"):
        reading.contents(tmp_path / "x.ipynb")


def test_a_file_that_grows_while_it_is_read_ends_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.ipynb").write_bytes(b"{" * 3000)
    monkeypatch.setattr(reading, "LARGEST", 2000)
    monkeypatch.setattr(reading.os, "fstat", lambda number: os.stat_result([0o100644] + [0] * 9))
    with pytest.raises(Unreadable, match="larger than"):
        reading.contents(tmp_path / "x.ipynb")


def test_a_file_of_another_name_is_read_if_it_begins_like_a_notebook(
    tmp_path: Path, reader: Reader
) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf \n" + cells_of(code()))
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7")
    with open(tmp_path / "c.bin", "wb") as file:
        file.truncate(2**40)
    assert not reader.read(tmp_path / "a.txt", is_named=False).refused
    assert reader.read(tmp_path / "b.pdf", is_named=False).refused == "a PDF, not a notebook"
    assert reader.read(tmp_path / "c.bin", is_named=False).refused == "not a notebook"


def leave(*_: object) -> Read:
    os._exit(3)


def sleep(*_: object) -> Read:
    time.sleep(60)
    raise AssertionError


def spin(*_: object) -> Read:
    while True:
        pass


def eat(*_: object) -> Read:
    held = []
    while True:
        held.append(bytes(10**7))


@pytest.mark.skipif(sys.platform != "linux", reason="the process would not have these changes")
@pytest.mark.parametrize(
    ("during", "says"),
    [
        (leave, "ended the process"),
        (sleep, "longer than 1 s"),
        (spin, "longer than 1 s"),
        (eat, "more than 1000 MB"),
    ],
)
def test_a_file_that_ends_the_process_costs_itself(
    during: Any, says: str, tmp_path: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = reading.parse
    monkeypatch.setattr(reading, "SECONDS", 20.0 if during is eat else 1.0)
    monkeypatch.setattr(
        reading, "parse", lambda content: (during if b"evil" in content else parse)(content)
    )
    for name in ("evil", "good"):
        (tmp_path / f"{name}.ipynb").write_bytes(cells_of(code(name)))
        read = reader.read(tmp_path / f"{name}.ipynb")
        assert says in read.refused if name == "evil" else not read.refused


def test_what_was_read_is_graded_whatever_becomes_of_the_file(
    tmp_path: Path, release: NotebookNode, reader: Reader
) -> None:
    notebook = deepcopy(release)
    answers()(notebook)
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    read = reader.read(path)
    path.unlink()
    kept = reading.kept(reader.folder, read.digest)
    assert [c.source for c in kept.cells] == [c.source for c in notebook.cells]
    assert precheck.check(kept, release).notes == []


def test_nothing_is_left_running(tmp_path: Path, release: NotebookNode) -> None:
    with Reader({"tiny": release}, tmp_path / "read") as reader:
        reader.read(tmp_path)
        process = reader.process
        assert process.is_alive()
    assert not process.is_alive()
