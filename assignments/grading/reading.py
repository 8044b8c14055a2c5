"""Read what was handed in: each file once, within limits, in a process of its own."""

import contextlib
import hashlib
import json
import os
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
from cells import Unreadable, kind, parse
from names import written
from nbformat import NotebookNode

LARGEST = 20 * 2**20  # bytes of a file
SECONDS = 20.0  # of the processor, for one file; by the clock PATIENCE times that
PATIENCE = 4
MEGABYTES = 1_000  # for one file, beside what the process holds at its start
MOST_ANSWER = 2**20  # bytes that the process may say about a file


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
                raise Unreadable(kind(beginning))
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
