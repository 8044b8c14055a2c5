"""What is to be said of due dates: extensions that match nobody, and times that nobody knows."""

from collections.abc import Sequence
from difflib import get_close_matches

import late
from graded import Graded
from late import Policy
from names import written
from worksheet import ADVICE


def notes(
    rows: Sequence[Graded], policy: Policy | None, listed: Sequence[dict[str, str]]
) -> list[str]:
    """Return what a lecturer has to know of the dates of an assignment.

    Args:
        rows: the results.
        policy: when it was due; None if nobody said.
        listed: the class list, whose people may have handed in nothing.
    """
    if policy is None:
        return []
    return [*_extensions(rows, policy, listed), *_times(rows, policy)]


def _extensions(
    rows: Sequence[Graded], policy: Policy, listed: Sequence[dict[str, str]]
) -> list[str]:
    """Name each extension that is nobody's, or several students'."""
    handed = {row.submission.student: late.called(row) for row in rows}
    known = set().union(*handed.values(), *map(late.names, listed))
    said = []
    for who in policy.extensions:
        mine = [student for student, names in handed.items() if who in names]
        if len(mine) > 1:
            named = ", ".join(written(student, 60) for student in mine[:9])
            said.append(f"the extension of {written(who, 60)!r} holds for several: {named}")
        elif who not in known:
            near = get_close_matches(who, known, 1)
            guess = f"; did you mean {written(near[0], 60)!r}?" if near else ""
            said.append(
                f"the extension of {written(who, 60)!r} matches nobody and has no effect: give a "
                f"platform's number, an address, a login or a name as it is written there{guess}"
            )
    return said


def _times(rows: Sequence[Graded], policy: Policy) -> list[str]:
    """Say for how many no platform's time is known, what that means, and what to do."""
    found = [late.of(row, policy) for row in rows]
    strange = [one for one in found if one.source == "platform" and not one.moment]
    dated = sum(one.source == "date of the file" for one in found)
    unknown = sum(not one.source for one in found)
    sure = len(found) - len(strange) - dated - unknown
    if sure == len(found):
        return []
    parts = [f"a platform says when {sure} of {len(found)} were handed in"]
    if strange:
        parts.append(
            f"for {len(strange)} its time is not understood, and nothing is deducted "
            f"({strange[0].remark})"
        )
    if dated:
        effect = "counts by your policy" if policy.file_dates else "deducts nothing"
        parts.append(f"for {dated} there is only the date of the file, which {effect}")
    if unknown:
        parts.append(f"for {unknown} nobody says when")
    columns = ", ".join(repr(column) for column in late.COLUMNS)
    return [f"{'; '.join(parts)}. Expected one of the columns {columns} in ROSTER; {ADVICE}"]
