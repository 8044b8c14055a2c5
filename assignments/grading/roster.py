"""The list of the class: who is who, who is missing, and who is not in it."""

import csv
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import worksheet
from names import counted, written
from sanitise import from_cell
from submissions import Submission

Row = dict[str, str]

# What the lists of platforms call things: Canvas's gradebook, Moodle's worksheet and list of
# participants, Gradescope's roster, GitHub Classroom's classroom_roster.csv, and one's own.
NUMBERS = {
    "ID": ("id",),
    "Identifier": ("identifier",),
    "SID": ("sid", "student id"),
    "Email": ("email", "email address"),
}
NAMES = ("student", "full name", "name", "student name")
FIRST, LAST = ("first name", "given name"), ("last name", "surname", "family name")
LOGINS = (
    "sis user id", "sis login id", "sid", "student id", "id number", "username", "identifier",
    "github_username", "email", "email address",
)  # fmt: skip
NO_PERSON = {"points possible", "student, test", "test student"}


@dataclass
class Matched:
    """A class list beside what was handed in.

    Args:
        people: for each student's key, the row of the list that is theirs.
        doubts: for a student's key, why none is.
    """

    people: dict[str, Row] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)


def read(path: Path, said: list[str] | None = None) -> list[Row]:
    """Read a class list; Moodle's grading worksheet in any language, as far as that is certain.

    Args:
        path: of the list.
        said: gets what was done with it, to be told.

    Raises:
        ValueError: it is not a CSV, or has no column that tells who is who.
    """
    raw = path.read_bytes()
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8: save it as CSV UTF-8") from None
    first = text.split("\n", 1)[0]
    comma = max(",;\t", key=first.count)
    try:
        rows = [
            {name.strip(): from_cell(value or "") for name, value in row.items() if name}
            for row in csv.DictReader(text.splitlines(keepends=True), delimiter=comma)
        ]
    except csv.Error as error:
        raise ValueError(f"{path} is not a CSV ({error}): export the class list again") from None
    rows, done = worksheet.named(rows)
    if done and said is not None:
        said.append(f"{path}: {done}")
    known = {*NAMES, *FIRST, *LAST, *LOGINS, "id"}
    if rows and not known & {name.casefold() for name in rows[0]}:
        raise ValueError(
            f"{path} has the columns {_columns(rows)}, but none such as Student, Name or ID; "
            f"{worksheet.ADVICE}"
        )
    return [row for row in rows if label(row) and label(row).casefold() not in NO_PERSON]


def _columns(rows: Sequence[Row]) -> str:
    return ", ".join(written(name, 40) for name in rows[0])


def label(person: Row) -> str:
    """Return what a person of the list is called."""
    return full_name(person) or _value(person, (*LOGINS, "id")).strip()


def full_name(person: Row) -> str:
    """Return the name that a list has of a person, "" if it has none."""
    full = " ".join(filter(None, [_value(person, FIRST), _value(person, LAST)]))
    return (_value(person, NAMES) or full).strip()


def _value(person: Row, columns: Iterable[str]) -> str:
    found = {name.casefold(): value.strip() for name, value in person.items()}
    return next((found[column] for column in columns if found.get(column)), "")


def match(submissions: Sequence[Submission], roster: Sequence[Row]) -> Matched:
    """Find for each student the person of the list.

    A platform's own number decides. Without it a name, a login or an address does that only one
    person in the list has, and that only one student bears; anything else is a doubt.
    """
    matched = Matched()
    numbers, names = _indexed(roster)
    claims: dict[int, dict[str, bool]] = defaultdict(dict)
    for key, student in {s.student: s for s in submissions}.items():
        mine = [(what, value.casefold()) for what, value in student.identity.items()]
        by_number = set().union(*(numbers[one] for one in mine))
        places = sorted(by_number or _by_name(student, roster, names))
        if len(places) == 1:
            claims[places[0]][key] = bool(by_number)
        elif places:
            named = ", ".join(written(label(roster[place]), 60) for place in places[:9])
            matched.doubts[key] = f"could be any of {named} in the class list"
    for place, keys in claims.items():
        sure = [key for key, by_number in keys.items() if by_number] or list(keys)
        for key in keys:
            if sure == [key]:
                matched.people[key] = roster[place]
            else:
                name = written(label(roster[place]), 60)
                matched.doubts[key] = f"not the only one who could be {name} in the class list"
    return matched


def nobody(submissions: Sequence[Submission], roster: Sequence[Row], matched: Matched) -> list[str]:
    """Say that no submission is anybody's of the list, and what it would take."""
    if not roster or not submissions or matched.people:
        return []
    one = submissions[0]
    known = [f"{what} {value!r}" for what, value in one.identity.items() if value]
    says = " or ".join([*known, f"the name {written(one.name, 60)!r}"])
    return [
        f"No submission matches the class list of {counted(len(roster), 'row')}, so that all "
        f"are missing or unknown. The list has the columns {_columns(roster)}; a submission has "
        f"{says}. Expected was that in a column Identifier (Moodle), ID (Canvas), SID or Email "
        f"(Gradescope), or Name. Is it the list of this class? If it is {worksheet.ADVICE}"
    ]


def _indexed(roster: Sequence[Row]) -> tuple[dict[tuple[str, str], set[int]], dict[str, set[int]]]:
    """Return where in the list a number, and where a name, a login or an address stands."""
    numbers, names = defaultdict(set), defaultdict(set)
    for place, person in enumerate(roster):
        for what, columns in NUMBERS.items():
            if value := _value(person, columns):
                numbers[what, value.casefold()].add(place)
        called = [f"{_value(person, FIRST)} {_value(person, LAST)}"]
        called += [_value(person, [column]) for column in (*NAMES, *LOGINS)]
        called += [name.partition("@")[0] for name in called if "@" in name]
        for name in set().union(*map(orders, called)):
            names[name].add(place)
    return numbers, names


def _by_name(
    student: Submission, roster: Sequence[Row], names: Mapping[str, set[int]]
) -> list[int]:
    """Return the people of the list of that name, if no number of theirs is another."""
    for called in ([student.name], student.called):
        found = set().union(*(names[one] for name in called for one in orders(name)))
        found = [
            place
            for place in found
            if not any(_value(roster[place], NUMBERS[what]) for what in student.identity)
        ]
        if found:
            return found
    return []


def orders(name: str) -> set[str]:
    """Make "Turing, Alan", "Alan Turing" and "turingalan" alike."""
    plain = unicodedata.normalize("NFC", name.casefold())
    letters = (c if unicodedata.category(c)[0] in "LMN" else " " for c in plain)
    words = "".join(letters).split()
    return {"".join(words[n:] + words[:n]) for n in range(len(words))}


def table(
    submissions: Sequence[Submission], roster: Sequence[Row], matched: Matched
) -> tuple[list[str], list[list[str]]]:
    """Return the class for one assignment: who has submitted, is missing, or is unknown."""
    rows, there = [], set()
    for submission in submissions:
        person = matched.people.get(submission.student)
        there.add(id(person))
        name = written(label(person), 200) if person else submission.name
        status = "submitted" if person else "unknown"
        doubt = matched.doubts.get(submission.student, "")
        rows.append([name, status, submission.student, doubt])
    rows += [
        [written(label(person), 200), "missing", "", ""]
        for person in roster
        if id(person) not in there
    ]
    return ["name", "status", "student", "remark"], sorted(rows, key=lambda row: (row[1], row[0]))
