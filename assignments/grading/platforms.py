"""Whose a file is, where a learning platform has said so in the names of files or beside them.

Each shape is read from the code or the documentation of what makes it:

- Canvas, "Download Submissions": lib/content_zipper.rb in instructure/canvas-lms. The name without
  all that is no letter, the word LATE, the student's number, the attachment's number, the file.
  A group's file bears the group's name; an anonymous one "anon_" and a short identifier.
- Moodle, "Download all submissions": mod/assign/locallib.php in moodle/moodle. A folder, or with
  the setting off a file, for each participant: a group's name and a hyphen where there are
  groups, the full name, the participant's number, the kind of submission.
- Gradescope, "Export Submissions": submission_metadata.yml names the submitters of each folder.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from names import key, written

MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>[0-9]+)_assign(?:submission|feedback)_[a-z]+_?(?P<file>.*)",
    re.DOTALL,
)
CANVAS = re.compile(
    r"(?:(?P<name>.+?)_)?(?:LATE_)?(?P<number>[0-9]+)_(?:(?P<piece>[0-9]+)_.+|(?:text|link)\.html)",
    re.DOTALL,
)
CANVAS_ANONYMOUS = re.compile(r"(?:LATE_)?(?P<name>anon_(?P<number>\w+?))_[0-9]+_.+", re.DOTALL)
CANVAS_LATE = re.compile(r"(?:[^_\W\d]+_)*?LATE_(?:anon_[^_]+|[0-9]+)_[0-9]+_.+", re.DOTALL)
GRADESCOPE = "submission_metadata.yml"
GRADESCOPE_EXPORT = re.compile(r"assignment_[0-9]+_export.*")
LONGEST = 50 * 2**20  # bytes of Gradescope's list, which also has the results of its own tests


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads YAML from Ruby, whose classes count for nothing here."""

    def plain(self, _: str, node: yaml.Node) -> Any:
        """Return a mapping or a text that has a class as itself, and all else as nothing."""
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        is_mapping = isinstance(node, yaml.MappingNode)
        return self.construct_mapping(node, deep=True) if is_mapping else None


Loader.add_multi_constructor("!", Loader.plain)


@dataclass(frozen=True)
class Person:
    """A student, or whoever has to be taken for one.

    Args:
        name: as the platform or the folder writes it.
        who: what tells students apart; two files are one student's only where it is equal.
        number: the platform's number, or what it has instead.
        identity: the columns of the platform's own lists that are known.
        piece: Canvas's number of the file, which no other file has.
        moment: when it was handed in, as the platform writes it.
    """

    name: str
    who: tuple[str, ...]
    number: str = ""
    identity: Mapping[str, str] = field(default_factory=dict, compare=False)
    piece: str = ""
    moment: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        """The name of the student's files, and the student's id for nbgrader."""
        return key(self.name, self.number, self.who)

    def shown(self) -> str:
        """Return the name as it can be printed."""
        return written(self.name, 200)


def people(parts: tuple[str, ...], lists: Mapping[tuple[str, ...], Any]) -> list[Person]:
    """Return whom a platform says a file is by; nobody if its path has no platform's shape.

    Args:
        parts: the file's path, from the folder of submissions.
        lists: the submitters in Gradescope's lists, by the path of what they handed in.
    """
    for depth in range(1, len(parts) + 1):
        if found := lists.get(parts[:depth]):
            return found
    if known := next((m for part in parts if (m := MOODLE.fullmatch(part))), None):
        number = known["number"]
        identity = {"Identifier": f"Participant {number}"}
        return [Person(known["name"], ("moodle", number), number, identity)]
    if known := CANVAS_ANONYMOUS.fullmatch(parts[-1]):
        return [Person(known["name"], ("canvas", "anonymous", known["number"]), known["number"])]
    if known := CANVAS.fullmatch(parts[-1]):
        number = known["number"]
        name = known["name"] or number
        piece = known["piece"] or ""
        return [Person(name, ("canvas", number), number, {"ID": number}, piece)]
    return []


def gradescope(path: Path, place: tuple[str, ...]) -> dict[tuple[str, ...], list[Person]]:
    """Return the submitters that a list of Gradescope's names, for each thing handed in.

    Raises:
        ValueError: it is not such a list.
    """
    if path.is_symlink() or path.stat().st_size > LONGEST:
        raise ValueError(f"a link, or larger than {LONGEST // 2**20} MB")
    try:
        entries = Loader(path.read_bytes()).get_single_data()
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"no YAML ({str(error).splitlines()[0]})") from None
    entries = entries if isinstance(entries, dict) else {}
    if not entries:
        raise ValueError("it has no entry for any submission")
    return {
        (*place, str(name)): _submitters(str(name), about)
        for name, about in entries.items()
        if isinstance(about, dict)
    }


def _submitters(submission: str, about: Mapping[str, Any]) -> list[Person]:
    """Return everybody who handed it in together: each gets a row."""
    listed = about.get(":submitters")
    found = []
    for entry in listed if isinstance(listed, list) else []:
        if not isinstance(entry, dict):
            continue
        name, sid, email = (
            str(entry.get(f":{what}") or "").strip() for what in ("name", "sid", "email")
        )
        kind = "sid" if sid else "email" if email else "name in " + submission
        number = sid or email.casefold() or (submission if name else "")
        if not number:
            continue
        identity = {"SID": sid, "Email": email}
        found.append(
            Person(
                name or number,
                ("gradescope", kind, number, *([] if sid or email else [name])),
                number,
                {what: value for what, value in identity.items() if value},
                moment=_moment(about),
            )
        )
    return found or [Person(submission, ("gradescope", submission), submission)]


def _moment(about: Mapping[str, Any]) -> str:
    """Return when something was handed in; Gradescope's list has a time of Ruby's or of Rails'."""
    made = about.get(":created_at")
    made = made.get("utc") if isinstance(made, dict) else made
    return written(str(made), 60) if made else ""
