"""The report on a class: a page, and the same numbers of the questions as CSV."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import changes
import late
import tables
from class_figures import difficulty, distribution, times
from graded import Graded, number
from items import Item, items
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from names import counted
from sanitise import plain

TEMPLATE = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True,
    lstrip_blocks=True,
).get_template("report.html.jinja")  # fmt: skip
LONGEST, MOST = 300, 500


@dataclass
class Class:
    """What a report is about.

    Args:
        assignment: its name.
        rows: the results.
        most: the points that each question can give.
        status: of the roster: rows of name, status, student and remark; empty without one.
        files: rows of name and reason, of files that could not be graded.
        changed: what changed since the run before.
        policy: when it was due; None if nobody said.
        similar: rows of two students and how alike they are.
        notes: what a lecturer has to know of the class list and of the dates.
    """

    assignment: str
    rows: Sequence[Graded]
    most: Mapping[str, float]
    status: Sequence[Sequence[str]] = ()
    files: Sequence[Sequence[str]] = ()
    changed: Sequence[changes.Change] = ()
    policy: late.Policy | None = None
    similar: Sequence[Sequence[str]] = field(default=())
    notes: Sequence[str] = ()


def write(folder: Path, about: Class) -> list[str]:
    """Write `report.html` and `report.csv`; return what went wrong."""
    found = items(about.rows, about.most)
    problems = tables.write(folder / "report.csv", _table, found)
    try:
        path = folder / "report.html"
        path.write_text(page(about, found), encoding="utf-8", errors="backslashreplace")
    except Exception as error:
        problems.append(f"{folder}: no report could be written ({type(error).__name__}: {error})")
    return problems


def _table(found: Sequence[Item]) -> Any:
    header = [
        "question", "out of", "mean share", "share low", "share high", "discrimination",
        "discrimination low", "discrimination high", "counted", "to read", "failed check", "times",
    ]  # fmt: skip

    def cells() -> Iterator[list[str]]:
        for item in found:
            share: list[str] = ["", "", ""]
            if item.share:
                mean, half, _ = item.share
                share = [f"{value:.3f}" for value in (mean, mean - half, mean + half)]
                share = [text if text != "nan" else "" for text in share]
            r = [f"{value:.2f}" for value in item.discrimination or ()] or ["", "", ""]
            counted = item.share.n if item.share else 0
            yield [
                item.name, number(item.most), *share, *r, str(counted), str(item.unread),
                item.message, str(item.failed) if item.failed else "",
            ]  # fmt: skip

    return header, list(cells())


def page(about: Class, found: Sequence[Item]) -> str:
    """Return the page of a report."""
    graded = [row for row in about.rows if not row.record["reason"]]
    totals = [row.total for row in graded]
    whole = sum(about.most.values())
    figures = [distribution(totals, whole), difficulty(found)] if graded else []
    lateness = [(row, late.of(row, about.policy)) for row in about.rows] if about.policy else []
    known = [(row, one) for row, one in lateness if one.moment]
    if known:
        # The date of a file says when it was saved or unpacked: nothing beside a platform's time.
        sure = [one for _, one in known if one.source == "platform"]
        shown = sure or [one for _, one in known]
        hours = [
            late.after(one.moment, one.due).total_seconds() / 3600 for one in shown if one.moment
        ]
        figures.append(times(hours, len(about.rows) - len(hours), by_files=not sure))
    return TEMPLATE.render(
        assignment=about.assignment,
        counts={
            "submissions": counted(len(about.rows), "submission"),
            "graded": len(graded),
            "waiting": sum(bool(row.to_read) for row in graded),
            "most": number(whole),
            "mean": f"{statistics.fmean(totals):.1f}" if totals else "",
            "median": f"{statistics.median(totals):g}" if totals else "",
        },
        status={
            name: [[plain(cell, LONGEST) for cell in row] for row in about.status if row[1] == name]
            for name in ("submitted", "missing", "unknown")
        }
        if about.status
        else {},
        files=[[plain(cell, LONGEST) for cell in row] for row in about.files[:MOST]],
        figures=[(Markup(one.svg), one.caption) for one in figures],
        items=[_item(item) for item in found],
        notes=[plain(note, 2 * LONGEST) for note in about.notes],
        checks=[
            [plain(row.submission.name, LONGEST), plain(row.checks, 2 * LONGEST)]
            for row in about.rows
            if row.checks
        ][:MOST],
        policy=about.policy,
        due=f"{about.policy.due:%Y-%m-%d %H:%M %Z}" if about.policy else "",
        late=[_late(row, about.policy) for row, one in lateness if about.policy and _is_said(one)],
        changed=[_change(change) for change in about.changed[:MOST]],
        similar=[[plain(cell, LONGEST) for cell in row] for row in about.similar[:MOST]],
    )


def _item(item: Item) -> dict[str, str]:
    r = item.discrimination
    return {
        "name": item.name,
        "most": number(item.most),
        "share": _share(item),
        "discrimination": f"{r[0]:.2f} ({r[1]:.2f} to {r[2]:.2f})" if r else "",
        "message": plain(item.message, LONGEST),
        "failed": counted(item.failed, "time"),
    }


def _share(item: Item) -> str:
    """Return the mean share, and how much of the class it is not of."""
    if not item.share:
        return "not read"
    of = f" (of {item.share.n}; {item.unread} still to read)" if item.unread else ""
    return f"{item.share.mean:.2f}{of}"


def _is_said(one: late.Lateness) -> bool:
    return bool(one.late or one.remark or one.extended)


def _late(row: Graded, policy: late.Policy) -> list[str]:
    moment, _, due, _, after, percent, _, remark = late.cells(row, policy)
    return [plain(row.submission.name, LONGEST), moment, due, after, percent, remark]


def _change(change: changes.Change) -> list[str]:
    after = "to read" if change.after is None else number(change.after)
    before = number(change.before or 0.0)
    return [
        plain(change.row.submission.name, LONGEST),
        change.question,
        before,
        after,
        change.cause,
    ]
