"""One student's result, as tables and pages show it."""

from dataclasses import dataclass
from typing import Any

from batch import FIX
from pages import plainly
from sanitise import plain
from submissions import Submission

LONGEST_REMARK = 500


@dataclass
class Graded:
    """One student's result."""

    submission: Submission
    record: dict[str, Any]
    scores: dict[str, dict[str, Any]]
    identity: dict[str, str]

    @property
    def total(self) -> float:
        """The points so far."""
        return sum(s["score"] for s in self.scores.values() if not s["needs_reading"])

    @property
    def to_read(self) -> list[str]:
        """The questions that a person still has to read."""
        return [name for name, score in self.scores.items() if score["needs_reading"]]

    @property
    def remarks(self) -> str:
        """What a lecturer is to know about how it was graded, in a line."""
        remarks = [self.record["reason"], *self.refused, *self.record["notes"]]
        return "; ".join(plain(remark, LONGEST_REMARK) for remark in remarks if remark)

    @property
    def refused(self) -> list[str]:
        """What the gradebook says and does not count."""
        return [score["refused"] for score in self.scores.values() if score["refused"]]

    @property
    def checks(self) -> str:
        """What a lecturer is to look at, and a student does not see: no points depend on it."""
        return "; ".join(plain(what, LONGEST_REMARK) for what in self.record.get("to_check", []))

    @property
    def to_check(self) -> str:
        """The same, and after it whether only some questions were graded again."""
        return "; ".join(filter(None, [self.checks, self.record.get("again", "")]))

    @property
    def reason(self) -> str:
        """Why there are no points, for a lecturer, without what to do about it."""
        return self.record["reason"].removesuffix(f"; {FIX}")

    @property
    def comments(self) -> str:
        """What the student is told beside the points: why there are none, and a person's words."""
        comments = [f"{n}: {s['comment']}" for n, s in self.scores.items() if s["comment"]]
        return "\n".join(filter(None, [plainly(self.reason), *comments]))


def number(value: float) -> str:
    """Return points as they are written."""
    return f"{value:g}"


def points(row: Graded, questions: dict[str, float]) -> list[str]:
    """Return the points of each question; "" for one that nobody has read yet."""
    return [
        "" if row.scores[name]["needs_reading"] else number(row.scores[name]["score"])
        for name in questions
    ]
