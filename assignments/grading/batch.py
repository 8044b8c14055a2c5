"""Grade many submissions, each in a process of its own, and go on where a run was cut off."""

import contextlib
import hashlib
import importlib
import json
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import precheck
import reading
import regrading
from course import Course
from isolation import Limits, Sandbox
from pages import said
from prepared import prepared
from processes import context, end, leave_terminal
from student import PATIENCE
from submissions import Submission

# Loading, writing the gradebook and ending, beside what the submission itself may take.
OVERHEAD = 120
FIX = "give the points by hand, in marks.csv, or grade it again"
READ = "read"  # the folder below the output with what was read


@dataclass(frozen=True)
class Batch:
    """How a batch is graded: where to, and within which limits."""

    course: Course
    output: Path
    sandbox: Sandbox
    limits: Limits
    workers: int
    again: regrading.Again | None = None

    def record(self, submission: Submission) -> Path:
        """Return the file that says how a submission was graded."""
        return self.output / "records" / submission.assignment / f"{submission.student}.json"

    def run(self, submissions: list[Submission], say: Callable[[str], None]) -> None:
        """Grade what has not been graded; what has and is unchanged is left as it is."""
        todo = [s for s in submissions if self._is_asked(s)]
        if len(todo) < len(submissions):
            say(f"{len(submissions) - len(todo)} graded before and unchanged")
        if not todo:
            return
        assignments = self.course.releases.keys() & {s.assignment for s in todo}
        names = {name for one in assignments for name in self.course.imported(one)}
        several = len(todo) > 1
        with prepared(self.sandbox, names) if several else nullcontext(self.sandbox) as around:
            self._load(names)
            self.course.know({submission.student for submission in todo})
            self._run(todo, around, say)

    def _run(self, todo: list[Submission], around: Sandbox, say: Callable[[str], None]) -> None:
        waiting, running = iter(todo), {}
        try:
            while (room := self.workers - len(running)) or running:
                self._fill(waiting, running, room, around)
                if not running:
                    break
                wait([p.sentinel for p, *_ in running.values()], 1)
                for slot, (process, submission, began) in list(running.items()):
                    late = time.monotonic() > began + self._longest()
                    if process.is_alive() and not late:
                        continue
                    end(process)
                    del running[slot]
                    say(self._finished(submission))
        finally:
            for process, *_ in running.values():
                end(process)

    def _is_asked(self, submission: Submission) -> bool:
        """Whether it is to be graded; where some are to be again, others wait for another run."""
        if not self.again:
            return not self._done(submission)
        if wanted := self.again.wants(submission):
            with contextlib.suppress(FileNotFoundError):
                self.record(submission).replace(self._before(submission))
        return wanted or not self._recorded(submission)

    def _load(self, names: Iterable[str]) -> None:
        """Import what the tests import: once here, not once in every worker."""
        for name in names:
            with contextlib.suppress(Exception):
                importlib.import_module(name)

    def _fill(
        self, waiting: Iterator[Submission], running: dict[int, Any], room: int, around: Sandbox
    ) -> None:
        for submission in (s for _, s in zip(range(room), waiting, strict=False)):
            slot = next(n for n in range(self.workers) if n not in running)
            process = context().Process(target=self._grade, args=(submission, slot, around))
            try:
                process.start()
            except OSError as error:
                reason = f"no process could be started ({error.strerror}); grade it again"
                self._write(submission, _nothing(reason) | {"digest": ""})
                continue
            running[slot] = (process, submission, time.monotonic())

    def _longest(self) -> float:
        return PATIENCE * self.limits.notebook_seconds + OVERHEAD

    @cache  # noqa: B019 - one batch lives as long as the command
    def _of_course(self, assignment: str) -> str:
        return self.course.digest(assignment)

    def _digest(self, submission: Submission) -> str:
        """Return what changes when the submission or what it is graded by changes."""
        parts = [submission.digest, submission.refused, self._of_course(submission.assignment)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _recorded(self, submission: Submission) -> dict[str, Any]:
        """Return what is written of how a submission was graded; empty if it was not."""
        return self._written(self.record(submission))

    @staticmethod
    def _written(path: Path) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            record = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(record, dict) and {"digest", "reason", "notes", "seconds"} <= set(record):
                return record
        return {}

    def _before(self, submission: Submission) -> Path:
        return self.record(submission).with_suffix(".before")

    def _dropped(self, submission: Submission) -> list[str]:
        """Return what earlier runs said of persons' points, which a person has still to see."""
        earlier = self._recorded(submission) or self._written(self._before(submission))
        dropped = earlier.get("dropped", [])
        return [str(one) for one in dropped] if isinstance(dropped, list) else []

    def _done(self, submission: Submission) -> bool:
        return self._recorded(submission).get("digest") == self._digest(submission)

    def result(self, submission: Submission) -> dict[str, Any]:
        """Return how a submission was graded, with what was said when it was found.

        `notes` are for the student too; what is `to_check` may name other students.
        """
        record = self._recorded(submission) or _nothing(f"there is no record of it; {FIX}")
        return record | {
            "notes": [*submission.notes, *record["notes"]],
            "to_check": [
                *submission.doubts,
                *record.get("to_check", []),
                *record.get("dropped", []),
            ],
        }

    def _finished(self, submission: Submission) -> str:
        """Return a line on a submission whose worker has ended, in whichever way."""
        if not self._done(submission):
            reason = f"it took too long or too much, and was ended; {FIX}"
            try:
                self.course.nothing(submission.assignment, submission.student)
                self._write(submission, _nothing(reason) | {"seconds": self._longest()})
            except Exception as error:
                reason += f"; and its record could not be written ({type(error).__name__})"
                return f"{submission.assignment}  {submission.student}  {reason}"
        result = self.result(submission)
        seconds = f"{result['seconds']:.1f} s"
        return f"{submission.assignment}  {submission.student}  {result['reason'] or seconds}"

    def _write(self, submission: Submission, result: dict[str, Any]) -> None:
        path = self.record(submission)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        text = json.dumps({"digest": self._digest(submission), **result}, indent=1)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)

    def _grade(self, submission: Submission, slot: int, around: Sandbox) -> None:
        """Grade one submission; the body of a worker."""
        leave_terminal(self.output / "log.txt")
        began = time.monotonic()
        result = _nothing(submission.refused)
        try:
            if not submission.refused:
                result |= self._checked(submission, slot, around)
        except Exception:
            traceback.print_exc()
            result["reason"] = f"the grading failed, see log.txt; {FIX}"
        if result["reason"]:
            self.course.nothing(submission.assignment, submission.student)
        self._write(submission, {**result, "seconds": time.monotonic() - began})

    def _checked(self, submission: Submission, slot: int, around: Sandbox) -> dict[str, Any]:
        assignment, student = submission.assignment, submission.student
        release = self.course.releases[assignment]
        checked = precheck.check(reading.kept(self.output / READ, submission.digest), release)
        earlier = regrading.before(self.course, assignment, student)
        self.course.forget(assignment, student)
        error = self.course.autograde(assignment, student, checked, around, self.limits, slot)
        if error:
            print(error)
        reason = f"nbgrader could not grade it, see log.txt; {FIX}" if error else ""
        look = self.course.to_check(assignment, checked.notebook)
        dropped = self._dropped(submission)
        if not error:
            dropped += regrading.restore(
                self.course, assignment, student, earlier, checked.notebook, self.again
            )
        look["dropped"] = list(dict.fromkeys(dropped))
        look["again"] = self.again.said if self.again else ""
        failed, _ = said(self.course.graded(assignment, student))
        return {"notes": checked.notes, "reason": reason, "failed": failed, **look}


def _nothing(reason: str) -> dict[str, Any]:
    return {"reason": reason, "notes": [], "seconds": 0.0}
