"""Find the submissions in a folder, as it comes from students or from a learning platform."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from nbformat import NotebookNode
from precheck import Unreadable, read
from roles import grade_id

MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)")
CANVAS = re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)")
GRADESCOPE = "submission_metadata.yml"
NO_WORK = {".yml", ".yaml", ".csv", ".json", ".log"}


@dataclass
class Submission:
    """One file of one student, and whom a learning platform knows the student as."""

    path: Path
    student: str
    name: str
    assignment: str = ""
    identity: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find(folder: Path, releases: Mapping[str, NotebookNode]) -> list[Submission]:
    """Return the submissions below a folder, the newest for each student and assignment.

    Known are the folders that Canvas, Moodle, Gradescope and nbgrader make, and a flat folder with
    a file for each student.

    Raises:
        ValueError: there is nothing to grade in the folder.
    """
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if (path.is_file() or path.is_symlink())
        and not any(part.startswith((".", "__")) for part in path.relative_to(folder).parts)
        and path.suffix.lower() not in NO_WORK
    ]
    people = _gradescope(folder)
    found = [_submission(path, folder, releases, people) for path in files]
    with_notebook = {s.student for s in found if s.path.suffix == ".ipynb"}
    found = [s for s in found if s.path.suffix == ".ipynb" or s.student not in with_notebook]
    if not found:
        raise ValueError(f"{folder} holds no notebook to grade")
    usual = Counter(s.assignment for s in found if s.assignment).most_common(1)
    if not usual and len(releases) == 1:
        usual = [(next(iter(releases)), 0)]
    if not usual:
        raise ValueError(f"nothing in {folder} belongs to one of {', '.join(releases)}")
    for submission in found:
        submission.assignment = submission.assignment or usual[0][0]
    return _newest(found)


def _submission(
    path: Path, folder: Path, releases: Mapping[str, NotebookNode], people: Mapping[str, Any]
) -> Submission:
    parts = path.relative_to(folder).parts
    identity: dict[str, str] = {}
    if person := next((people[part] for part in parts if part in people), None):
        name, identity = person["name"], {"SID": person["sid"], "Email": person["email"]}
    elif known := next((m for part in parts if (m := MOODLE.fullmatch(part))), None):
        name, identity = known["name"], {"Identifier": f"Participant {known['id']}"}
    elif known := CANVAS.fullmatch(parts[-1]):
        name, identity = known["name"], {"ID": known["id"]}
    else:
        name = parts[0] if len(parts) > 1 else path.stem
        for assignment in releases:
            name = re.sub(rf"[\W_]*{re.escape(assignment)}[\W_]*", "", name) or name
    number = next(iter(re.findall(r"\d+", identity.get("ID", identity.get("Identifier", "")))), "")
    student = re.sub(r"[^\w.@-]+", "-", " ".join([name, number]).strip()).strip("-.") or "unnamed"
    assignment = _assignment(path, releases)
    return Submission(path, student, name, assignment, {k: v for k, v in identity.items() if v})


def _assignment(path: Path, releases: Mapping[str, NotebookNode]) -> str:
    """Return the assignment that a file belongs to, by its cells or its path; else ""."""
    try:
        cells = read(path).cells
    except Unreadable:
        cells = []
    has = {grade_id(cell) for cell in cells} | {cell.source.strip() for cell in cells}
    shared = {
        name: sum(
            (grade_id(cell) in has) + (cell.source.strip() in has)
            for cell in release.cells
            if grade_id(cell)
        )
        for name, release in releases.items()
    }
    if shared and max(shared.values()) > 0:
        return max(shared, key=lambda name: (shared[name], name in str(path)))
    return next((name for name in releases if name in str(path)), "")


def _gradescope(folder: Path) -> dict[str, Any]:
    """Read who handed in what from Gradescope's export of submissions."""
    path = folder / GRADESCOPE
    if not path.is_file():
        return {}
    people = {}
    for name, about in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
        first = next(iter(about.get(":submitters") or []), {})
        found = {key: str(first.get(f":{key}") or "") for key in ("name", "sid", "email")}
        people[name] = found | {"name": found["name"] or name}
    return people


def _newest(found: Iterable[Submission]) -> list[Submission]:
    newest: dict[tuple[str, str], Submission] = {}
    for submission in sorted(found, key=lambda s: (s.path.lstat().st_mtime, s.path)):
        key = (submission.student, submission.assignment)
        if key in newest:
            submission.notes = [f"several files; the newest, {submission.path.name}, is graded"]
        newest[key] = submission
    return [newest[key] for key in sorted(newest)]
