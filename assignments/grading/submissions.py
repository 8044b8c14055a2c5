"""Find the submissions in a folder, as it comes from students or from a learning platform.

Nothing in the folder is passed over in silence: each file is one that is graded, one that is
refused, or none that was handed in, and the last two with the reason.
"""

import os
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import choosing
import platforms
import whose
from names import digits, folded, on_disk, written
from nbformat import NotebookNode
from platforms import Person
from reading import Read, Reader

MADE_BY_SYSTEMS = {"__macosx", "__pycache__", "thumbs.db", "desktop.ini"}


@dataclass
class Submission:
    """What is graded of one student for one assignment.

    Args:
        path: of the file.
        student: the key of the student on disk and for nbgrader.
        name: as the platform or the folder writes it.
        assignment: its name.
        identity: columns of the platform's lists that are known.
        notes: remarks for the student and for who grades.
        doubts: remarks for who grades alone, since they name other students.
        digest: of the bytes that were read.
        refused: why the file cannot be graded, else "".
        called: other names that the file's path gives.
        moment: when it was handed in, as the platform writes it; "" if it does not say.
        changed: when the file was changed, in seconds since 1970.
        group: stands for the file of a group whose members each have a copy; else "".
    """

    path: Path
    student: str
    name: str
    assignment: str = ""
    identity: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    digest: str = ""
    refused: str = ""
    called: tuple[str, ...] = ()
    moment: str = ""
    changed: float = 0.0
    group: str = ""


@dataclass
class File:
    """A file, or a folder that was not looked into, and what became of it."""

    path: str
    reason: str = ""
    is_refused: bool = False
    submissions: list[Submission] = field(default_factory=list)


@dataclass
class Found:
    """What a folder holds: what is to be graded, and all its files."""

    submissions: list[Submission]
    files: list[File]


@dataclass(eq=False)
class Handed:
    """A file on its way: where it lies, what was read in it, whose it may be."""

    path: Path
    parts: tuple[str, ...]
    changed: float
    read: Read = field(default_factory=Read)
    people: list[Person] = field(default_factory=list)
    titled: str = ""  # the assignment that its path names
    assignment: str = ""  # the one whose cells it has
    doubts: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """The path as it can be printed."""
        return written("/".join(self.parts))

    @property
    def is_named(self) -> bool:
        """Whether it is called a notebook."""
        return ".ipynb" in self.parts[-1].casefold()

    @property
    def shares(self) -> int:
        """How much it has of its assignment."""
        return self.read.shares.get(self.assignment, 0)


def find(folder: Path, releases: Mapping[str, NotebookNode], reader: Reader) -> Found:
    """Return the submissions below a folder, one for each student and assignment.

    Known are the folders that Canvas, Moodle, Gradescope, GitHub Classroom and nbgrader make, a
    folder with a folder or a file for each student, and sections of such.

    Raises:
        ValueError: there is nothing to grade in the folder.
    """
    files, handed = [], []
    for path, changed, reason in _walk(folder):
        parts = path.relative_to(folder).parts
        if reason:
            files.append(File(written("/".join(parts)), reason))
        else:
            handed.append(Handed(path, parts, changed))
    lists = _lists(folder, handed, files)
    handed = [h for h in handed if h.parts[-1] != platforms.GRADESCOPE]
    for one in handed:
        one.read = reader.read(one.path, is_named=one.is_named)
        one.titled = next((n for n in releases if n.casefold() in one.shown.casefold()), "")
        one.assignment = _assignment(one)
        one.people = platforms.people(one.parts, lists)
    _settle_numbers(handed, list(releases))
    whose.by_folder([h for h in handed if not h.people], list(releases))
    files += [File(h.shown, f"a list or a note; {h.read.refused}") for h in handed if not h.people]
    handed = [h for h in handed if h.people]
    submissions = _chosen(handed, files, _usual(folder, handed, releases))
    _distinct(submissions)
    found = sorted((s for _, s in submissions), key=lambda s: (s.student, s.assignment))
    return Found(found, sorted(files, key=lambda f: f.path))


def _walk(folder: Path) -> Iterator[tuple[Path, float, str]]:
    """Yield what lies below a folder, when it was changed, and why it is not looked at, else ""."""
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            if place == folder:
                raise ValueError(f"{folder} cannot be opened ({error.strerror})") from None
            yield place, 0.0, f"the folder cannot be opened ({error.strerror})"
            continue
        for entry in entries:
            path = place / entry.name
            try:
                about = entry.stat(follow_symlinks=False)
            except OSError as error:
                yield path, 0.0, f"cannot be looked at ({error.strerror})"
                continue
            if entry.name.startswith("."):
                yield path, about.st_mtime, "hidden"
            elif entry.name.casefold() in MADE_BY_SYSTEMS:
                yield path, about.st_mtime, "made by a system, not by a person"
            elif stat.S_ISDIR(about.st_mode):
                waiting.append(path)
            else:
                yield path, about.st_mtime, ""


def _lists(
    folder: Path, handed: Iterable[Handed], files: list[File]
) -> dict[tuple[str, ...], list[Person]]:
    """Read Gradescope's lists, where Gradescope puts them: students can hand in such a file too."""
    lists: dict[tuple[str, ...], list[Person]] = {}
    for one in handed:
        if one.parts[-1] != platforms.GRADESCOPE:
            continue
        *above, _ = one.parts
        reason = "Gradescope's list of submitters"
        if above and not platforms.GRADESCOPE_EXPORT.fullmatch(above[-1]):
            reason = "not where Gradescope puts its list"
        else:
            try:
                lists |= platforms.gradescope(one.path, tuple(above))
            except (OSError, ValueError) as error:
                reason = f"Gradescope's list cannot be read: {written(str(error), 200)}"
        files.append(File(one.shown, reason))
    return lists


def _assignment(one: Handed) -> str:
    """Return the assignment that a file belongs to by its cells; else ""."""
    most = max(one.read.shares.values(), default=0)
    best = [name for name, shares in one.read.shares.items() if shares == most > 0]
    return one.titled if one.titled in best else next(iter(best), "")


def _settle_numbers(handed: Iterable[Handed], titles: Iterable[str]) -> None:
    """Take no number for a student's that only looks like a platform's.

    Such as that of a date: it stands beside several names, or beside the assignment's, or two
    files have what Canvas would have given to one.
    """
    names, pieces = defaultdict(set), defaultdict(set)
    for one in handed:
        for person in one.people:
            names[person.who].add(folded(person.name))
            pieces[person.piece].add(one.parts[-1])
    for one in handed:
        for place, person in enumerate(one.people):
            if person.piece and (
                len(pieces[person.piece]) > 1 or not whose.can_be(person.name, titles)
            ):
                one.people = []
            elif person.who[0] != "gradescope" and len(names[person.who]) > 1:
                one.people[place] = Person(person.name, (*person.who, person.name))
                said = f"the number {person.number} stands beside several names: it is not used"
                one.doubts.append(said)


def _usual(folder: Path, handed: list[Handed], releases: Mapping[str, Any]) -> str:
    """Return the assignment of files that do not show it: what most are for."""
    if not handed:
        raise ValueError(f"{folder} holds no notebook to grade")
    found = Counter(one.assignment or one.titled for one in handed)
    found.pop("", None)
    if found or len(releases) == 1:
        return found.most_common(1)[0][0] if found else next(iter(releases))
    seen = "; ".join(f"{h.shown}: {h.read.refused or 'shares no cell'}" for h in handed[:3])
    raise ValueError(f"nothing in {folder} belongs to one of {', '.join(releases)} ({seen})")


def _chosen(
    handed: Iterable[Handed], files: list[File], usual: str
) -> list[tuple[Person, Submission]]:
    """Choose a file for each student and assignment, and say what the others are."""
    theirs: dict[tuple[str, ...], dict[Handed, None]] = defaultdict(dict)
    people: dict[tuple[str, ...], Person] = {}
    listed = {one: File(one.shown) for one in handed}
    for one in handed:
        for person in one.people:
            people.setdefault(person.who, person)
            theirs[person.who][one] = None
    found = []
    for who, ones in theirs.items():
        chosen = choosing.of_one(list(ones), listed, usual)
        for assignment, (one, notes) in chosen.items():
            submission = _submission(people[who], one, notes, assignment)
            listed[one].submissions.append(submission)
            found.append((people[who], submission))
    files += listed.values()
    return found


def _submission(person: Person, one: Handed, notes: list[str], assignment: str) -> Submission:
    refused = one.read.refused
    if refused and not one.is_named:
        refused = f"no notebook: {written(one.parts[-1], 100)} is {refused}"
    others = [other.shown() for other in one.people if other.who != person.who]
    partners = [f"handed in together with {', '.join(others)}"] if others else []
    return Submission(
        one.path,
        person.key,
        person.shown(),
        assignment,
        dict(person.identity),
        [*notes, *partners, *one.read.notes],
        list(one.doubts),
        one.read.digest,
        refused,
        tuple(written(part, 200) for part in (*one.parts[:-1], one.path.stem)),
        person.moment,
        one.changed,
    )


def _distinct(submissions: list[tuple[Person, Submission]]) -> None:
    """See to it that no two students share a key, and say whose names look alike."""
    keys, alike = defaultdict(dict), defaultdict(dict)
    for person, submission in submissions:
        keys[on_disk(submission.student)][person.who] = submission
        if name := _plain(person):
            alike[name][person.who] = (person, submission)
    for person, submission in submissions:
        if len(keys[on_disk(submission.student)]) > 1:
            submission.student += f"-{digits(person.who)}"
        others = [
            f"{s.name} ({written(s.path.name, 100)})"
            for who, (p, s) in alike[_plain(person)].items()
            if who != person.who and not (p.number and person.number)
        ]
        if others:
            submission.doubts.append(f"perhaps the same student as {', '.join(others)}")


def _plain(person: Person) -> str:
    """Return what is left of a name when all that may be chance is taken away."""
    return folded(re.sub(r"\.ipynb.*", "", person.name.rpartition("/")[2], flags=re.DOTALL))
