"""Choose the file that is graded of several that one student has handed in."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from submissions import File, Handed


def of_one(
    ones: list["Handed"], listed: Mapping["Handed", "File"], usual: str
) -> dict[str, tuple["Handed", list[str]]]:
    """Choose of one student's files one for each assignment; if none shows its cells, the best."""
    by_assignment = defaultdict(list)
    for one in ones:
        by_assignment[one.assignment].append(one)
    rest = by_assignment.pop("", [])
    chosen = {name: _best(same, listed) for name, same in by_assignment.items()}
    if not chosen:
        best = max(rest, key=lambda one: (not one.read.refused, one.is_named, one.changed))
        rest.remove(best)
        note = [] if best.read.refused else ["it shares no cell with the assignment"]
        chosen = {best.titled or usual: (best, note)}
    beside = next(one for one, _ in chosen.values())
    for one in rest:
        if not listed[one].reason:
            listed[one].is_refused = bool(one.is_named and one.read.refused)
            said = one.read.refused or "it shares no cell with an assignment"
            listed[one].reason = f"{said}; {beside.shown} is what counts"
    return chosen


def _best(same: list["Handed"], listed: Mapping["Handed", "File"]) -> tuple["Handed", list[str]]:
    """Return the file that is graded of several for an assignment, and what is said of it.

    That is the newest of those that have at least half as much of the assignment as the best.
    """
    most = max(h.shares for h in same)
    serious = [h for h in same if 2 * h.shares >= most]
    best = max(serious, key=lambda h: (h.changed, h.shares, _natural(h.shown)))
    notes = []
    if len(same) > 1:
        why = "the newest of those" if len(serious) > 1 else "the one"
        ties = [h.shown for h in serious if h.changed == best.changed and h is not best]
        tie = f"; {', '.join(sorted(ties))} is as new" if ties else ""
        notes = [f"several files: {best.shown}, {why} with the assignment's cells, is graded{tie}"]
    for one in same:
        if one is not best and not listed[one].reason:
            why = "not the newest" if one in serious else "it has fewer of the assignment's cells"
            listed[one].reason = f"{why}; {best.shown} is graded"
    return best, notes


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(n or 0), word) for n, word in re.findall(r"([0-9]{1,18})|([^0-9]+)", text)]
