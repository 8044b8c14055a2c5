"""Whose a file is, where no platform has said so: by the names of its folders and its own.

What cannot be decided makes two students, never one, and is said.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from names import folded
from platforms import Person

Folders = tuple[str, ...]

LISTS = {".yml", ".yaml", ".csv", ".json", ".log", ".md"}  # what may lie beside submissions
WRAPPERS = {"submitted", "submissions"}
# Google Drive packs a large folder into several archives of such names.
DRIVE = re.compile(r"drive-download-\d{8}T\d{6}Z(-\d+)+")
# A file or a folder of such a name says nothing of whose it is.
GENERIC = {
    "answer", "answers", "assignment", "attempt", "backup", "checkpoint", "code", "completed",
    "copy", "done", "draft", "final", "first", "fixed", "handin", "homework", "hw", "jupyter",
    "lab", "nb", "new", "notebook", "notebooks", "of", "old", "project", "resubmission", "scratch",
    "second", "solution", "solutions", "source", "src", "submission", "submit", "submitted",
    "task", "test", "tests", "untitled", "update", "updated", "v", "ver", "version", "work",
}  # fmt: skip
BETWEEN = r"[\s_.,()\[\]\u2013\u2014-]*"
SEVERAL = "its folder has files of several names: of students, or one student's?"


def by_folder(handed: Iterable[Any], titles: Sequence[str]) -> None:
    """Say for each file whose it is, in its `people`; nobody's for a list or a note.

    Files with cells of an assignment decide what a student's folder is; the others belong to the
    student in whose folder they lie.
    """
    handed = list(handed)
    folders = _folders(handed, titles)
    _by_file([one for one in handed if not folders[one]], (), titles)
    inside = [one for one in handed if folders[one]]
    together = defaultdict(list)
    for one in inside:
        if one.assignment:
            together[folders[one]].append(one)
    shared = {folder for folder, files in together.items() if _is_shared(folder, files, titles)}
    alone = set(together) - shared
    above = shared | {folder[:n] for folder in together for n in range(1, len(folder))} - alone
    depths: dict[str, int] = defaultdict(lambda: 1)
    for folder in together:
        depths[folder[0]] = max(depths[folder[0]], len(folder))
    in_shared = defaultdict(list)
    for one in inside:
        folder = folders[one]
        owner = next((folder[:n] for n in range(len(folder), 0, -1) if folder[:n] in alone), None)
        owner = owner or folder[: depths[folder[0]]]
        if owner in above:
            in_shared[owner].append(one)
        else:
            one.people = [Person("/".join(owner), ("folder", *owner))]
            beside = one.is_named and not one.assignment and _person(one, owner, titles)
            for other in together[owner] if beside else ():
                if _person(other, owner, titles):
                    other.doubts.append(f"{one.shown} beside it may be another student's")
    for folder, files in in_shared.items():
        _by_file(files, folder, titles)


def _folders(handed: Iterable[Any], titles: Sequence[str]) -> dict[Any, Folders]:
    """Return the folders above each file that may say whose it is."""
    same = {folded(title) for title in titles} | WRAPPERS
    found = {
        one: tuple(
            unicodedata.normalize("NFC", part)
            for part in one.parts[:-1]
            if folded(part) not in same and not DRIVE.fullmatch(part)
        )
        for one in handed
    }
    for one, folders in found.items():
        while len(folders) > 1 and folders[-1].isalpha() and _is_generic(folders[-1]):
            folders = folders[:-1]  # "old", but not "lab 2", which may be a group's
        found[one] = folders
    while len(tops := {f[0] if len(f) > 1 else "" for f in _of_work(found)}) == 1 and any(tops):
        found = {one: f[1:] if {*f[:1]} == tops else f for one, f in found.items()}
    return _without_titles(found, titles)


def _of_work(folders: dict[Any, Folders]) -> list[Folders]:
    """Return the folders of files with cells of an assignment; if there are none, of all."""
    inside = {one: folder for one, folder in folders.items() if folder}
    return [f for one, f in inside.items() if one.assignment] or list(inside.values())


def _without_titles(found: dict[Any, Folders], titles: Sequence[str]) -> dict[Any, Folders]:
    """Take the assignment out of names such as "a1-ada".

    Two folders become one student's only if each has the work for another assignment.
    """
    names: dict[Any, Folders] = {}
    origins: dict[Folders, dict[Folders, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one, folders in found.items():
        names[one] = tuple(_without(part, titles) or part for part in folders)
        origins[names[one]][folders] |= {one.assignment} - {""}
    for one, name in names.items():
        work = list(origins[name].values())
        is_clear = all(work) and len(set().union(*work)) == sum(map(len, work))
        if len(work) > 1 and not is_clear:
            one.doubts.append(f"several folders bear the name {'/'.join(name)}")
            names[one] = found[one]
    return names


def _by_file(files: Iterable[Any], folder: Folders, titles: Sequence[str]) -> None:
    """Take each file of a folder that is no student's for the work of a student of its name."""
    called = defaultdict(list)
    for one in files:
        stem, rest = _called(one, titles)
        called[stem if _is_generic(rest) or not _words(rest) else rest].append(one)
    for name, same in called.items():
        notebooks = [one for one in same if one.is_named or one.assignment]
        for one in same:
            others = {one.assignment, ""} if one.assignment else {n.assignment for n in notebooks}
            shown = name
            if one in notebooks and sum(n.assignment in others for n in notebooks) > 1:
                shown = unicodedata.normalize("NFC", one.parts[-1])
                one.doubts.append("several files bear this student's name")
            if folder and one.assignment:
                one.doubts.append(SEVERAL)
            if one in notebooks or not _lies_beside(one.path):
                who = (*folder, shown)
                one.people = [Person("/".join(who), ("file", *who))]


def _lies_beside(path: Path) -> bool:
    """Whether a file is of a kind that lies beside submissions, and is none itself."""
    return path.suffix.lower() in LISTS or path.stem.casefold() in {"readme", "license"}


def _is_shared(folder: Folders, files: Sequence[Any], titles: Sequence[str]) -> bool:
    """Whether a folder has files of several students, as far as their names say."""
    return len({rest for one in files if (rest := _person(one, folder, titles))}) > 1


def _person(one: Any, folder: Folders, titles: Sequence[str]) -> str:
    """Return what in a file's name may be a person's other than the folder's, else ""."""
    stem, rest = _called(one, titles)
    said = not _is_generic(rest) if _words(rest) else rest == stem and rest.isdigit()
    return rest if said and folded(rest) not in map(folded, folder) else ""


def _called(one: Any, titles: Sequence[str]) -> tuple[str, str]:
    """Return a file's name, and what is left of it without the assignment's."""
    stem = unicodedata.normalize("NFC", _stem(one.parts[-1]))
    return stem, _without(stem, titles)


def can_be(name: str, titles: Iterable[str]) -> bool:
    """Whether a name can be a person's."""
    rest = _without(name, titles)
    return bool(rest) and not _is_generic(rest)


def _stem(name: str) -> str:
    """Return a file's name without what says that it is a notebook."""
    place = name.casefold().find(".ipynb")
    return name[:place] if place > 0 else name.rpartition(".")[0] or name


def _without(name: str, titles: Iterable[str]) -> str:
    """Return a name without the assignment's, and what joined the two."""
    for title in titles:
        words = r"[\W_]*".join(map(re.escape, re.findall(r"[^\W_]+", title)))
        found = rf"{BETWEEN}(?<![^\W_]){words}(?![^\W_]){BETWEEN}"
        rest = re.sub(found, " ", name, flags=re.IGNORECASE)
        if rest != name:
            name = rest.strip()
    return name


def _words(name: str) -> list[str]:
    """Return the words of a name, long numbers and signs such as emoji among them."""
    words = re.findall(r"[^\W\d_]+|\d+|[^\w\s.,()\[\]\u2013\u2014-]", name.casefold())
    return [word for word in words if not (word.isdigit() and len(word) < 4)]


def _is_generic(name: str) -> bool:
    """Whether a name has words, and none that could be a person's."""
    words = _words(name)
    return bool(words) and all(word in GENERIC for word in words)
