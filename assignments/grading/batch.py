"""Grade many submissions, each in a process of its own, and go on where a run was cut off."""

import contextlib
import ctypes
import hashlib
import importlib
import json
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import precheck
import psutil
from course import Course
from isolation import Enclosure, Limits
from student import PATIENCE
from submissions import Submission

# Loading, writing the gradebook and ending, beside what the submission itself may take.
OVERHEAD = 120
FIX = "give the points by hand, in marks.csv, or grade it again"


@dataclass(frozen=True)
class Batch:
    """How a batch is graded: where to, and within which limits."""

    course: Course
    output: Path
    enclosure: Enclosure
    limits: Limits
    workers: int

    def record(self, submission: Submission) -> Path:
        """Return the file that says how a submission was graded."""
        return self.output / "records" / submission.assignment / f"{submission.student}.json"

    def run(self, submissions: list[Submission], say: Callable[[str], None]) -> None:
        """Grade what has not been graded; what has and is unchanged is left as it is."""
        todo = [s for s in submissions if not self._done(s)]
        if len(todo) < len(submissions):
            say(f"{len(submissions) - len(todo)} graded before and unchanged")
        if todo:
            self._load(todo)
        waiting, running = iter(todo), {}
        try:
            while (room := self.workers - len(running)) or running:
                self._fill(waiting, running, room)
                if not running:
                    break
                wait([p.sentinel for p, *_ in running.values()], 1)
                for slot, (process, submission, began) in list(running.items()):
                    late = time.monotonic() > began + self._longest()
                    if process.is_alive() and not late:
                        continue
                    _end(process)
                    del running[slot]
                    say(self._finished(submission))
        finally:
            for process, *_ in running.values():
                _end(process)

    def _load(self, todo: list[Submission]) -> None:
        """Import what the tests import: once here, not once in every worker."""
        for assignment in {s.assignment for s in todo}:
            for name in self.course.imported(assignment):
                with contextlib.suppress(Exception):
                    importlib.import_module(name)

    def _fill(self, waiting: Iterator[Submission], running: dict[int, Any], room: int) -> None:
        for submission in (s for _, s in zip(range(room), waiting, strict=False)):
            slot = next(n for n in range(self.workers) if n not in running)
            process = _context().Process(target=self._grade, args=(submission, slot))
            process.start()
            running[slot] = (process, submission, time.monotonic())

    def _longest(self) -> float:
        return PATIENCE * self.limits.notebook_seconds + OVERHEAD

    def _digest(self, submission: Submission) -> str:
        """Return what changes when the submission or what it is graded by changes."""
        digest = hashlib.sha256()
        if not submission.path.is_symlink():
            digest.update(submission.path.read_bytes())
        digest.update(self.course.digest(submission.assignment).encode())
        return digest.hexdigest()

    def _done(self, submission: Submission) -> bool:
        record = self.result(submission)
        return bool(record) and record["digest"] == self._digest(submission)

    def result(self, submission: Submission) -> dict[str, Any]:
        """Return how a submission was graded; empty if it was not."""
        with contextlib.suppress(OSError, ValueError):
            return json.loads(self.record(submission).read_text())
        return {}

    def _finished(self, submission: Submission) -> str:
        if not self._done(submission):
            reason = f"it took too long or too much, and was ended; {FIX}"
            self.course.nothing(submission.assignment, submission.student)
            self._write(submission, {"reason": reason, "notes": [], "seconds": self._longest()})
        result = self.result(submission)
        seconds = f"{result['seconds']:.1f} s"
        return f"{submission.assignment}  {submission.student}  {result['reason'] or seconds}"

    def _write(self, submission: Submission, result: dict[str, Any]) -> None:
        path = self.record(submission)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps({"digest": self._digest(submission), **result}, indent=1))
        partial.replace(path)

    def _grade(self, submission: Submission, slot: int) -> None:
        """Grade one submission; the body of a worker."""
        _leave_terminal(self.output / "log.txt")
        began = time.monotonic()
        result: dict[str, Any] = {"reason": "", "notes": list(submission.notes)}
        try:
            result |= self._checked(submission, slot)
        except precheck.Unreadable as unreadable:
            result["reason"] = str(unreadable)
        except Exception:
            traceback.print_exc()
            result["reason"] = f"the grading failed, see log.txt; {FIX}"
        if result["reason"]:
            self.course.nothing(submission.assignment, submission.student)
        self._write(submission, {**result, "seconds": time.monotonic() - began})

    def _checked(self, submission: Submission, slot: int) -> dict[str, Any]:
        assignment, student = submission.assignment, submission.student
        release = self.course.releases[assignment]
        checked = precheck.check(precheck.read(submission.path), release)
        self.course.forget(assignment, student)
        error = self.course.autograde(
            assignment, student, checked, self.enclosure, self.limits, slot
        )
        if error:
            print(error)
        reason = f"nbgrader could not grade it, see log.txt; {FIX}" if error else ""
        look = self.course.to_check(assignment, checked.notebook)
        return {"notes": [*submission.notes, *checked.notes], "reason": reason, **look}


def _context() -> Any:
    """Return how workers start: from this process where that is safe, which saves the imports."""
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _leave_terminal(log: Path) -> None:
    """Let a worker end with its parent, ignore Ctrl-C, and write to the log."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    number = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(number, 1)
    os.dup2(number, 2)


def _end(process: Any) -> None:
    """End a worker, and everything that it started."""
    with contextlib.suppress(psutil.Error):
        for below in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                below.kill()
    process.kill()
    process.join()
