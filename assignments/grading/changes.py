"""What changed since the last run: a table before and after, and a letter for each student."""

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tables
from graded import Graded, number
from names import counted

LETTER = """{assignment}: graded again

Dear {name},

{assignment} was graded again. You had {before} of {most} points; you now have {after}{so_far}.
{why}
{lines}
"""


@dataclass(frozen=True)
class Change:
    """The points of a student for a question, before and after."""

    row: Graded
    question: str
    before: float | None
    after: float | None
    cause: str


def _state(row: Graded) -> dict[str, Any]:
    points = {
        name: None if score["needs_reading"] else score["score"]
        for name, score in row.scores.items()
    }
    return {"digest": row.submission.digest, "points": points}


def kept_object(path: Path) -> dict[str, Any]:
    """Return the object that an earlier run left in a JSON file, empty where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class History:
    """The points at the end of the last run.

    Args:
        path: of the file that holds them.
    """

    def __init__(self, path: Path):
        self.path = path
        self.last: Mapping[str, Any] = kept_object(path)

    def changes(self, rows: Sequence[Graded], tests: set[str]) -> list[Change]:
        """Return whose known points are other ones now; a first mark is none."""
        found = []
        for row in rows:
            old = self.last.get(row.submission.student, {})
            for name, after in _state(row)["points"].items():
                before = old.get("points", {}).get(name)
                if before is None or before == after:
                    continue
                if old["digest"] != row.submission.digest:
                    cause = "handed in again"
                elif after is None:
                    cause = "to be read again"
                elif name not in tests or row.scores[name].get("by_person"):
                    cause = "by a person"
                else:
                    cause = "by tests"
                found.append(Change(row, name, before, after, cause))
        return found

    def total(self, row: Graded) -> float:
        """Return the points that a student had in all."""
        points = self.last.get(row.submission.student, {}).get("points", {})
        return sum(value for value in points.values() if value is not None)

    def write(self, rows: Sequence[Graded]) -> None:
        """Keep the points for the next run, also of those who are not in this one."""
        state = {**self.last, **{row.submission.student: _state(row) for row in rows}}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".part")
        partial.write_text(json.dumps(state), encoding="utf-8")
        partial.replace(self.path)


def write(
    folder: Path, history: History, changes: Sequence[Change], rows: Sequence[Graded],
    most: Mapping[str, float], why: str = "",
) -> list[str]:  # fmt: skip
    """Write what changed since the last run; return a line on it, and what went wrong.

    Args:
        folder: of the assignment.
        history: with the points of the last run.
        changes: from it.
        rows: the results now.
        most: the points that each question can give.
        why: a sentence for the letters.
    """
    problems: list[str] = []
    if changes:
        made = datetime.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
        place = folder / "changes" / made
        problems = tables.write(place / "changes.csv", _table, changes, history)
        letters = {c.row.submission.student for c in changes if c.cause.startswith("by ")}
        for student in sorted(letters):
            mine = [c for c in changes if c.row.submission.student == student]
            path = place / "letters" / f"{student}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = letter(mine, history, most, why)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        students = len({c.row.submission.student for c in changes})
        counts = (counted(len(changes), "score"), counted(students, "student"))
        problems.append(f"Changed: {' of '.join(counts)}, {place}")
    history.write(rows)
    return problems


def _table(changes: Sequence[Change], history: History) -> Any:
    header = ["student", "name", "question", "before", "after", "cause", "total before", "total"]

    def cells() -> Iterator[list[str]]:
        for c in changes:
            yield [
                c.row.submission.student, c.row.submission.name, c.question,
                number(c.before or 0.0), "" if c.after is None else number(c.after), c.cause,
                number(history.total(c.row)), number(c.row.total),
            ]  # fmt: skip

    return header, list(cells())


def letter(changes: Sequence[Change], history: History, most: Mapping[str, float], why: str) -> str:
    """Return a letter to a student on what changed; it names nobody else."""
    row = changes[0].row
    lines = []
    for c in changes:
        after = "not read yet" if c.after is None else f"now {c.after:g}"
        lines.append(f"- {c.question}: {c.before:g} of {most[c.question]:g} before, {after}")
        if says := row.record.get("failed", {}).get(c.question):
            lines.append(f"  The check says: {says}")
        if c.cause == "by a person" and (told := row.scores[c.question]["comment"]):
            lines.append("  A person says: " + told.replace("\n", "\n  "))
    waiting = " and ".join(row.to_read)
    return LETTER.format(
        assignment=row.submission.assignment,
        name=row.submission.name,
        before=number(history.total(row)),
        after=number(row.total),
        most=number(sum(most.values())),
        so_far=f", before {waiting} {'are' if len(row.to_read) > 1 else 'is'} read"
        if waiting
        else "",
        why=f"\n{why}\n" if why else "",
        lines="\n".join(lines),
    )
