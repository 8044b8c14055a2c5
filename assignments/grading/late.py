"""When something was handed in, and what is deducted for being late: columns of their own.

The policy is a small file; README.md shows one. Raw points are never changed by it.
"""

import datetime
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from graded import Graded, number
from names import written
from platforms import CANVAS_LATE
from worksheet import number as participant

DAY = datetime.timedelta(days=1)
# What platforms call it: Gradescope's list and Moodle's grading worksheet, GitHub Classroom's
# grades.csv.
COLUMNS = ("Submission Time", "Last modified (submission)", "submission_timestamp")
ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z|UTC|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
# Moodle in English; in other languages it is not understood, which is said.
MOODLE = ("%A, %d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M", "%d %B %Y, %I:%M %p", "%d %B %Y, %H:%M")
KNOWN = {"due", "grace_minutes", "percent_per_day", "most_percent", "file_dates", "extensions"}


@dataclass(frozen=True)
class Policy:
    """What holds for an assignment.

    Args:
        due: when it was due.
        grace: how much later it is still in time.
        per_day: per cent of the points for each day that has begun since it was due.
        most: per cent at most.
        file_dates: whether the dates of files count, where no platform has said when.
        extensions: other dates, by a number, address, login or name of a student's, case folded.
        zone: of times that have none.
    """

    due: datetime.datetime
    grace: datetime.timedelta
    per_day: float
    most: float
    file_dates: bool
    extensions: Mapping[str, datetime.datetime] = field(default_factory=dict)
    zone: datetime.tzinfo = datetime.UTC


@dataclass(frozen=True)
class Lateness:
    """How late somebody was.

    Args:
        moment: when it was handed in, None if nobody knows.
        source: who says so.
        due: when it was due for this student.
        extended: whether that is an extension.
        late: after the date, grace not counted; nothing if in time.
        percent: that are deducted.
        remark: why nothing is.
    """

    moment: datetime.datetime | None
    source: str
    due: datetime.datetime
    extended: bool
    late: datetime.timedelta
    percent: float
    remark: str = ""


def read(path: Path, assignments: Iterable[str]) -> dict[str, Policy]:
    """Read a policy: for each assignment that it names, what holds.

    Raises:
        ValueError: it is no such file; the message says what was expected.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} cannot be read as TOML ({error})") from None
    try:
        zone = ZoneInfo(str(data.pop("timezone", "UTC")))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{path}, timezone: {error}; expected one like Europe/Berlin") from None
    known = set(assignments)
    if other := set(data) - known:
        raise ValueError(f"{path}: {', '.join(sorted(other))} is no assignment of {sorted(known)}")
    return {name: _policy(f"{path}, {name}", about, zone) for name, about in data.items()}


def _policy(where: str, about: Any, zone: datetime.tzinfo) -> Policy:
    if not isinstance(about, dict) or (other := set(about) - KNOWN):
        raise ValueError(f"{where}: unknown {sorted(other) if isinstance(about, dict) else about}")
    values = {}
    for name, default, most in (("grace_minutes", 0, 1e6), ("percent_per_day", 0, 100),
                                ("most_percent", 100, 100)):  # fmt: skip
        value = about.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise ValueError(f"{where}, {name}: {value!r}; expected a number from 0 to {most:g}")
        values[name] = float(value)
    listed = about.get("extensions", {})
    if type(listed) is not dict:
        raise ValueError(f'{where}, extensions: expected lines such as "2001" = 2027-03-08')
    return Policy(
        due=_date(f"{where}, due", about.get("due"), zone),
        grace=datetime.timedelta(minutes=values["grace_minutes"]),
        per_day=values["percent_per_day"],
        most=values["most_percent"],
        file_dates=about.get("file_dates") is True,
        extensions={
            str(who).strip().casefold(): _date(f"{where}, extension of {who}", date, zone)
            for who, date in listed.items()
        },
        zone=zone,
    )


def _date(where: str, value: Any, zone: datetime.tzinfo) -> datetime.datetime:
    if type(value) is datetime.date:  # until the end of the day
        value = datetime.datetime.combine(value, datetime.time(23, 59, 59))
    if type(value) is not datetime.datetime:
        raise ValueError(f"{where}: {value!r}; expected a date like 2027-03-01T23:59:00")
    return value if value.tzinfo else value.replace(tzinfo=zone)


def parse(text: str, zone: datetime.tzinfo) -> datetime.datetime | None:
    """Return the time that a platform writes, None if it is not understood."""
    if found := ISO.fullmatch(text.strip()):
        day, time, offset = found.groups()
        offset = (offset or "").upper().replace("UTC", "Z")
        try:
            moment = datetime.datetime.fromisoformat(f"{day}T{time}{offset}")
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    for form in MOODLE:
        try:
            return datetime.datetime.strptime(text.strip(), form).replace(tzinfo=zone)
        except ValueError:
            continue
    return None


def after(moment: datetime.datetime, due: datetime.datetime) -> datetime.timedelta:
    """Return how long after a date a moment was; summer time may have begun in between."""
    return moment.astimezone(datetime.UTC) - due.astimezone(datetime.UTC)


def names(identity: Mapping[str, str]) -> set[str]:
    """Return by what an extension can name somebody: each cell, and the number of a participant."""
    cells = {value.strip().casefold() for value in identity.values()}
    return (cells | {participant(identity.get("Identifier", ""))}) - {""}


def called(row: Graded) -> set[str]:
    """Return by what an extension can name a student who has handed in."""
    about = row.submission
    return names(row.identity) | {about.student.casefold(), about.name.casefold()}


def of(row: Graded, policy: Policy) -> Lateness:
    """Return how late a student was."""
    mine = called(row)
    extensions = [date for who, date in policy.extensions.items() if who in mine]
    due = max([policy.due, *extensions])
    said = next((text for column in COLUMNS if (text := row.identity.get(column, "").strip())), "")
    said = row.submission.moment or said
    nothing = datetime.timedelta()
    if said and said != "-":
        moment, source = parse(said, policy.zone), "platform"
        if moment is None:
            remark = f"{written(said, 60)!r} is no time that is understood"
            return Lateness(None, source, due, due != policy.due, nothing, 0.0, remark)
    elif row.submission.changed:
        moment = datetime.datetime.fromtimestamp(row.submission.changed, policy.zone)
        source = "date of the file"
    else:
        return Lateness(None, "", due, due != policy.due, nothing, 0.0, "nobody says when")
    late = max(after(moment, due), nothing)
    late = late if late > policy.grace else nothing
    percent = min(policy.most, policy.per_day * math.ceil(late / DAY))
    remark = ""
    if late and source != "platform" and not policy.file_dates:
        percent, remark = 0.0, "the date of a file is no proof: nothing is deducted"
    if source != "platform" and CANVAS_LATE.fullmatch(row.submission.path.name):
        said = "Canvas says that it was late, and not how late: see there"
        remark = "; ".join(filter(None, [said, remark]))
    return Lateness(moment, source, due, due != policy.due, late, percent, remark)


HEADER = [
    "handed in",
    "says",
    "due",
    "extended",
    "late",
    "deduction %",
    "less deduction",
    "late remark",
]


def cells(row: Graded, policy: Policy) -> list[str]:
    """Return the cells of `HEADER` for a student, in the policy's time zone."""
    about = of(row, policy)
    hours = about.late.total_seconds() / 3600
    days, hours = divmod(hours, 24)
    shown = [
        f"{moment.astimezone(policy.zone):%Y-%m-%d %H:%M}" if moment else ""
        for moment in (about.moment, about.due)
    ]
    return [
        shown[0], about.source, shown[1], "yes" if about.extended else "",
        f"{days:.0f} d {hours:.1f} h" if about.late else "",
        number(about.percent) if about.percent else "",
        number(round(row.total * (1 - about.percent / 100), 2)), about.remark,
    ]  # fmt: skip
