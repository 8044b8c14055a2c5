"""Groups of Moodle, of which every member gets a folder with the same file."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import roster
from names import written
from platforms import MOODLE
from submissions import Submission


def settle(submissions: Sequence[Submission], people: Mapping[str, roster.Row]) -> list[str]:
    """Note for each submission of a group whose file it is, and with whom it was handed in.

    Args:
        submissions: all that were found.
        people: for each student's key, the row of the class list that is theirs.

    Returns:
        What a lecturer has to know: a download does not say whether groups handed in.
    """
    same = defaultdict(list)
    for one in submissions:
        if one.digest and any(MOODLE.fullmatch(part) for part in one.path.parts):
            same[one.assignment, one.digest].append(one)
    for (_, digest), ones in same.items():
        for group, members in _groups(ones, people).items():
            for one in members:
                one.group = f"{group} {digest}"
                others = ", ".join(sorted(m.name for m in members if m is not one))
                called = written(group, 100)
                one.notes.append(f"handed in together with {others}, as the group {called}")
    names = sorted({one.group.rpartition(" ")[0] for one in submissions if one.group})
    if not names:
        return []
    return [
        f"Equal files within a group of Moodle's are taken for the work of partners and are not "
        f"compared ({', '.join(written(name, 60) for name in names[:9])}): if students "
        f"were to hand in alone, look at these, in the column remarks"
    ]


def file_of(submission: Submission) -> str:
    """Return what is equal for all who handed in together: they share a file, or their group's."""
    return submission.group or str(submission.path)


def _groups(
    ones: Iterable[Submission], people: Mapping[str, roster.Row]
) -> dict[str, list[Submission]]:
    """Return the groups that names begin with, each with at least two members."""
    found = defaultdict(list)
    for one in ones:
        for group in _before(one.name, roster.full_name(people.get(one.student, {}))):
            found[group].append(one)
    shared = {group: members for group, members in found.items() if len(members) > 1}
    taken: set[str] = set()
    groups = {}
    for group in sorted(shared, key=lambda name: -len(name)):  # the most that names have in common
        members = [one for one in shared[group] if one.student not in taken]
        if len(members) > 1:
            groups[group] = members
            taken |= {one.student for one in members}
    return groups


def _before(name: str, full: str) -> list[str]:
    """Return what can be the group before a student's name, by the class list if it has them."""
    if full:
        group = name.removesuffix(full)
        return [group[:-1]] if group != name and group.endswith("-") and group != "-" else []
    places = [place for place, letter in enumerate(name) if letter == "-" and place]
    return [name[:place] for place in places if name[place + 1 :].strip()]
