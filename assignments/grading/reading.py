"""Read what was handed in: each file once, within limits, in a process of its own."""

import contextlib
import hashlib
import json
import os
import re
import stat
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import precheck
import processes
import psutil
from names import written
from nbformat import NotebookNode

LARGEST = 20 * 2**20  # bytes of a file
MOST_CELLS = 2_000
MOST_TEXT = 2 * 2**20  # characters in all its cells
SECONDS = 20.0  # of the processor, for one file; by the clock PATIENCE times that
PATIENCE = 4
MEGABYTES = 1_000  # for one file, beside what the process holds at its start
MOST_ANSWER = 2**20  # bytes that the process may say about a file
BEGINNINGS = {
    b"PK\x03\x04": "a ZIP archive: unpack it",
    b"\x1f\x8b": "an archive: unpack it",
    b"7z\xbc\xaf": "an archive: unpack it",
    b"Rar!": "an archive: unpack it",
    b"%PDF": "a PDF, not a notebook",
    b"<": "a web page, not a notebook",
}
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Unreadable(ValueError):
    """The file is not a notebook that can be graded; the message says why."""


@dataclass
class Read:
    """What is known of a file after reading it.

    Args:
        digest: SHA-256 of the bytes that were read; "" if they were not.
        refused: why it is not a notebook that can be graded; else "".
        shares: for each assignment, how much of it is there: names of cells and unchanged texts.
        notes: what was left out or replaced.
    """

    digest: str = ""
    refused: str = ""
    shares: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def contents(path: Path, *, is_named: bool = True) -> bytes:
    """Return the bytes of a file; of one not named like a notebook only if it begins like one.

    Raises:
        Unreadable: it is not a file, too large, or something else.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise Unreadable("not a file but a link or something else")
        with open(os.open(path, flags), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):  # it was replaced in between
                raise Unreadable("not a file but a link or something else")
            beginning = file.read(512)
            if not is_named and not _begins_like_json(beginning):
                raise Unreadable(_kind(beginning))
            if about.st_size > LARGEST:
                raise Unreadable(f"larger than {LARGEST // 2**20} MB: clear its outputs first")
            content = beginning + file.read(LARGEST)
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror or type(error).__name__})") from None
    if len(content) > LARGEST:  # it grew
        raise Unreadable(f"larger than {LARGEST // 2**20} MB: clear its outputs first")
    return content


def _begins_like_json(beginning: bytes) -> bool:
    return beginning.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"{")


def _kind(beginning: bytes) -> str:
    found = (said for mark, said in BEGINNINGS.items() if beginning.startswith(mark))
    return next(found, "not a notebook")


def parse(content: bytes) -> tuple[list[NotebookNode], list[str]]:
    """Return the cells of a notebook as far as they count, and what had to be done for that.

    Nothing is asked of a notebook but a list of cells with a kind and a text: editors differ in
    the rest. What is no cell costs itself only.

    Raises:
        Unreadable: it is not a notebook.
    """
    data, notes = _json(content)
    if not isinstance(data, dict):
        raise Unreadable(_not_json(content, "no object"))
    if "cells" not in data and "worksheets" in data:  # written before 2015
        data = nbformat.reads(json.dumps(data), as_version=4)
    cells = data.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("not a notebook (it has no list of cells)")
    if not cells:
        raise Unreadable("a notebook without a cell")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"{len(cells)} cells, more than {MOST_CELLS}")
    kept, said = [], []
    for number, cell in enumerate(cells, 1):
        try:
            kept.append(_cell(cell))
            if "\ufffd" in kept[-1].source and "\ufffd" not in str(cell.get("source")):
                said.append(f"cell {number}: half a character was replaced")
        except (TypeError, ValueError) as error:
            said.append(f"cell {number} is left out: {error}")
    if not kept:
        raise Unreadable(f"not a notebook ({said[0]})")
    if sum(len(cell.source) for cell in kept) > MOST_TEXT:
        raise Unreadable(f"more than {MOST_TEXT // 2**20} million characters in its cells")
    if len(said) > 5:
        said[5:] = [f"and {len(said) - 5} more cells"]
    return kept, notes + said


def _json(content: bytes) -> tuple[Any, list[str]]:
    encoding = json.detect_encoding(content)
    try:
        text, notes = content.decode(encoding, "surrogatepass"), []
    except UnicodeDecodeError:
        text = content.decode(encoding, "replace")
        notes = [f"what is not {encoding.upper()} in it was replaced"]
    try:
        return json.loads(text, strict=False), notes
    except RecursionError:
        raise Unreadable("not a notebook (nested too deep)") from None
    except ValueError as error:
        raise Unreadable(_not_json(content, str(error))) from None


def _not_json(content: bytes, why: str) -> str:
    kind = _kind(content[:512])
    return kind if kind != "not a notebook" else f"not a notebook ({why})"


def _cell(cell: Any) -> NotebookNode:
    """Keep of a cell what counts: its kind, its text and its names.

    Raises:
        TypeError, ValueError: it is not a cell; the message says why.
    """
    if not isinstance(cell, dict):
        raise TypeError(f"a {type(cell).__name__} is no cell")
    kind, source, marks = cell.get("cell_type"), cell.get("source", ""), cell.get("metadata")
    if not isinstance(kind, str) or kind not in ("code", "markdown", "raw"):
        raise ValueError(f"of the kind {str(kind)[:40]!r}")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise TypeError("its source is no text")
    marks = marks.get("nbgrader") if isinstance(marks, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return node(kind, _text(source), _str(cell.get("id")), _str(name))


def _str(name: Any) -> str:
    return name if isinstance(name, str) and CELL_ID.fullmatch(name) else ""


def _text(source: str) -> str:
    """Give a text the line ends of Python, and replace halves of characters."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    try:
        source.encode()
    except UnicodeEncodeError:
        return source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return source


def node(kind: str, source: str, cell_id: str, name: str) -> NotebookNode:
    """Make a cell as nbformat does, but without its check, which takes a millisecond for each."""
    cell = NotebookNode(cell_type=kind, id=cell_id, metadata=NotebookNode(), source=source)
    if kind == "code":
        cell.update(execution_count=None, outputs=[])
    if name:
        cell.metadata["nbgrader"] = NotebookNode(grade_id=name)
    return cell


def look(path: Path, is_named: bool, releases: Mapping[str, Any], folder: Path) -> Read:
    """Read one file, and keep its cells in a folder, under the digest of its bytes."""
    read = Read()
    try:
        content = contents(path, is_named=is_named)
        read.digest = hashlib.sha256(content).hexdigest()
        cells, read.notes = parse(content)
        read.shares = {name: precheck.shared(cells, cell) for name, cell in releases.items()}
        keep(folder, read.digest, cells)
    except Unreadable as unreadable:
        read.refused = written(str(unreadable), 200)
    except MemoryError:
        read.refused = f"reading it takes more than {MEGABYTES} MB"
    except Exception as error:
        read.refused = written(f"not a notebook ({type(error).__name__}: {error})", 200)
    return read


def keep(folder: Path, digest: str, cells: list[NotebookNode]) -> None:
    """Write down what counts of a notebook: that is graded, whatever becomes of the file."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{digest}.part"
    partial.write_text(json.dumps(cells), encoding="utf-8")
    partial.replace(folder / f"{digest}.json")


def kept(folder: Path, digest: str) -> NotebookNode:
    """Return what was kept of a file."""
    text = (folder / f"{digest}.json").read_text(encoding="utf-8")
    return NotebookNode(cells=nbformat.from_dict(json.loads(text)))


class Reader:
    """The process that reads, started when it is needed, and again when it was ended.

    Args:
        releases: the assignments as they were handed out.
        folder: where what was read is kept, and what goes wrong is logged.
    """

    def __init__(self, releases: Mapping[str, NotebookNode], folder: Path):
        self.releases, self.folder = releases, folder
        self.process: Any = None
        self.pipe: Any = None

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, path: Path, *, is_named: bool = True) -> Read:
        """Read a file; whatever goes wrong becomes the reason why it is refused."""
        try:
            return self._ask(path, is_named)
        except EOFError:
            said = "reading it ended the process that reads, perhaps for want of memory"
        except TimeoutError:
            said = f"reading it took longer than {SECONDS:g} s"
        except Exception as error:
            said = written(f"cannot be read ({type(error).__name__}: {error})", 200)
        self.close()
        return Read(refused=said)

    def _ask(self, path: Path, is_named: bool) -> Read:
        try:
            self._start()
            self.pipe.send((path, is_named))
        except OSError:  # it has ended since the last file
            self.close()
            self._start()
            self.pipe.send((path, is_named))
        began, spent = time.monotonic(), self._spent()
        while not self.pipe.poll(min(1, SECONDS)):
            late = time.monotonic() > began + PATIENCE * SECONDS
            if late or self._spent() > spent + SECONDS:
                raise TimeoutError
        return Read(**json.loads(self.pipe.recv_bytes(MOST_ANSWER)))

    def _spent(self) -> float:
        """Return the processor time of the process, 0 if it has ended."""
        with contextlib.suppress(psutil.Error):
            return sum(psutil.Process(self.process.pid).cpu_times()[:2])
        return 0.0

    def _start(self) -> None:
        if self.process is not None and self.process.is_alive():
            return
        self.close()
        self.pipe, theirs = processes.context().Pipe()
        with theirs:
            self.process = processes.context().Process(
                target=_serve, args=(theirs, self.releases, self.folder), daemon=True
            )
            self.process.start()

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            processes.end(self.process)
            self.pipe.close()
            self.process = self.pipe = None


def _serve(pipe: Any, releases: Mapping[str, NotebookNode], folder: Path) -> None:
    """Read file after file; the body of the process."""
    processes.leave_terminal(folder.parent / "log.txt")
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        most = psutil.Process().memory_info().vms + MEGABYTES * 2**20
        kind = resource.RLIMIT_AS if sys.platform == "linux" else resource.RLIMIT_DATA
        resource.setrlimit(kind, (most, most))
    expected = {name: precheck.named(release) for name, release in releases.items()}
    while True:
        try:
            path, is_named = pipe.recv()
        except EOFError:
            return
        pipe.send_bytes(json.dumps(asdict(look(path, is_named, expected, folder))).encode())
