"""Marks that were given on pages: read from files, checked, and merged where several marked."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from changes import kept_object
from marking import KIND, Line
from names import written
from sanitise import plain

LARGEST, MOST_MARKS, LONGEST = 20 * 2**20, 20_000, 5_000
TAKEN = ".taken.json"
Key = tuple[str, str]  # a student and a question


@dataclass(frozen=True)
class Mark:
    """What one person gave for one answer.

    Args:
        marker: initials.
        points: for each line of the rubric.
        remark: for the student.
        text: the fingerprint of the answer that was read.
        saved: when, as the page wrote it.
    """

    marker: str
    points: tuple[float, ...]
    remark: str
    text: str
    saved: str = ""

    @property
    def total(self) -> float:
        """The points in all."""
        return sum(self.points)


@dataclass
class Marks:
    """The marks in a folder.

    Args:
        by: for each student and question the marks, one for each marker.
        refused: what was not taken, and why.
    """

    by: dict[Key, list[Mark]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


class Refused(ValueError):
    """A file or a mark that is not taken; the message says why."""


def read(
    folder: Path,
    assignment: str,
    rubrics: Mapping[str, list[Line]],
    students: Mapping[str, str],
) -> Marks:
    """Read the files of marks in a folder.

    Args:
        folder: with files that pages have saved, `*.json`.
        assignment: its name.
        rubrics: by question, of those that are read.
        students: by the code that stands for them on pages.
    """
    marks, newest = Marks(), defaultdict(dict)
    for path in sorted(folder.glob("*.json")):
        if path.name.startswith("."):
            continue
        name = written(path.name, 100)
        try:
            data = _file(path, assignment, rubrics)
            lines = rubrics[data["question"]]
            for entry in data["marks"]:
                try:
                    code, mark = _mark(entry, data, lines)
                    if code not in students:
                        raise Refused(f"nobody has the code {code!r} in this folder")
                except Refused as error:
                    marks.refused.append(f"{name}, {data['question']}: {error}")
                    continue
                same = newest[students[code], data["question"]]
                if mark.marker not in same or same[mark.marker].saved <= mark.saved:
                    same[mark.marker] = mark
        except Refused as error:
            marks.refused.append(f"{name}: {error}")
    marks.by = {key: [same[m] for m in sorted(same)] for key, same in sorted(newest.items())}
    return marks


def _file(path: Path, assignment: str, rubrics: Mapping[str, Any]) -> dict[str, Any]:
    """Read a file, and see whether it is for this assignment."""
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST:
            raise Refused(f"a link, or larger than {LARGEST // 2**20} MB")
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(f"cannot be read ({type(error).__name__})") from None
    if not isinstance(data, dict) or data.get("kind") != KIND or data.get("version") != 1:
        raise Refused("not a file that a marking page has saved")
    theirs, question = str(data.get("assignment")), str(data.get("question"))
    if theirs != assignment:
        raise Refused(f"its marks are for {written(theirs, 60)}, not for {assignment}")
    if question not in rubrics:
        raise Refused(f"{assignment} has no question {written(question, 60)!r} that a person reads")
    if not isinstance(data.get("marks"), list) or len(data["marks"]) > MOST_MARKS:
        raise Refused(f"it has no list of at most {MOST_MARKS} marks")
    marker = written(str(data.get("marker", "")).strip(), 40) or "no initials"
    return data | {"marker": marker, "saved": written(str(data.get("saved", "")), 40)}


def _mark(entry: Any, data: Mapping[str, Any], lines: list[Line]) -> tuple[str, Mark]:
    """Check one mark of a file."""
    if not isinstance(entry, dict):
        raise Refused("an entry is no mark")
    code, points = written(str(entry.get("code")), 40), entry.get("lines")
    if not isinstance(points, list) or len(points) != len(lines):
        raise Refused(f"{code}: the rubric has {len(lines)} lines, the mark other ones")
    for number, (given, line) in enumerate(zip(points, lines, strict=True), 1):
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        if not is_number or not math.isfinite(given):
            raise Refused(f"{code}: {written(str(given), 40)!r} on line {number} is no number")
        if not 0 <= given <= line.points:
            raise Refused(
                f"{code}: {given:g} of {line.points:g} points on line {number} is refused: give "
                f"0 to {line.points:g}"
            )
    total = sum(points)
    if "points" in entry and entry["points"] != total:
        raise Refused(f"{code}: {entry['points']!r} points are not the sum of its lines, {total:g}")
    remark = plain(entry.get("remark") or "", LONGEST)
    text = written(str(entry.get("text", "")), 40)
    return code, Mark(data["marker"], tuple(map(float, points)), remark, text, data["saved"])


def agree(marks: list[Mark]) -> bool:
    """Whether all who marked an answer gave the same points on every line."""
    return len({(mark.points, mark.text) for mark in marks}) == 1


def comment(marks: list[Mark], lines: list[Line]) -> str:
    """Return what the student is told: the points of each line, and the remarks."""
    told = [
        f"{points:g} of {line.points:g}: {line.text}"
        for points, line in zip(marks[0].points, lines, strict=True)
    ]
    return "\n".join([*told, *dict.fromkeys(mark.remark for mark in marks if mark.remark)])


class Taken:
    """Which marks have been settled before, so that what a person decided later stays.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path):
        self.path = path
        self.known = kept_object(path)

    @staticmethod
    def _of(marks: list[Mark]) -> list[Any]:
        return [[m.marker, list(m.points), m.remark, m.text] for m in marks]

    def has(self, key: Key, marks: list[Mark]) -> bool:
        """Whether just these marks were settled."""
        return bool(self.known.get("/".join(key)) == self._of(marks))

    def add(self, key: Key, marks: list[Mark]) -> None:
        """Note that these are settled."""
        self.known["/".join(key)] = self._of(marks)

    def write(self) -> None:
        """Write it down."""
        if self.known:
            partial = self.path.with_suffix(".part")
            partial.write_text(json.dumps(self.known), encoding="utf-8")
            partial.replace(self.path)


def disagreements(
    marks: Mapping[Key, list[Mark]], counts: Mapping[Key, str]
) -> tuple[list[str], list[list[str]]]:
    """Return a table of the answers on which markers disagree.

    Args:
        marks: the answers in question.
        counts: the points that count for each now; "" for none.
    """

    def rows() -> Iterator[list[str]]:
        for key, given in sorted(marks.items()):
            for mark in given:
                points = " + ".join(f"{p:g}" for p in mark.points)
                total = f"{mark.total:g}"
                yield [*key, counts.get(key, ""), mark.marker, total, points, mark.remark]

    header = ["student", "question", "counts now", "marker", "points", "lines", "remark"]
    return header, list(rows())
