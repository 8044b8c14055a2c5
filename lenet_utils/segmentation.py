"""Over-segmentation: cut the ink of a string in more places than needed, and group the pieces.

Where digits touch, nobody can say where one ends before it is read. So every plausible place is
cut, neighbouring pieces are joined in every plausible way, and a recogniser says which of the
groups are digits. Source: heuristic over-segmentation, Section V.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lenet_utils.preparation import centre, fit_into_box, told

INK = 96
"""The least grey value, of 255, that a cut takes for ink."""
MOST_INK = 9
"""The most pixels of ink that a cut may go through: more than a stroke is wide."""
REACH = 3
"""How far a cut may give way in one row, in pixels."""
LEAST_PIECE = 10
"""The least ink between two cuts, in pixels."""
WIDEST = 1.3
"""The largest width of a group in units of the string's height: a digit is not much wider."""


class Cut(NamedTuple):
    """A line from top to bottom.

    Attributes:
        columns: int64 (H,), in each row the first column to the right of the line.
        ink: how many pixels of ink the line goes through.
    """

    columns: Tensor
    ink: int


def hit_and_deflect(ink: Tensor, column: int, *, upwards: bool = False) -> Cut:
    """Let a line fall: it slides along the contour of the ink, and goes through where it cannot.

    Args:
        ink: bool (H, W).
        column: where the line starts, at the upper edge.
        upwards: let it rise from the lower edge instead.

    Raises:
        ValueError: ink of another type or shape, or a column outside.

    Source: Sections V and X.
    """
    if not isinstance(ink, Tensor) or ink.dtype != torch.bool or ink.dim() != 2:
        raise ValueError(
            f"ink is {told(ink)}; expected bool (H, W): picture >= {INK}, for example."
        )
    if not 0 <= column < ink.shape[1]:
        raise ValueError(f"column is {column}; expected 0 to {ink.shape[1] - 1}.")
    rows: list[list[bool]] = (ink.flip(0) if upwards else ink).tolist()
    at, through, columns = column, 0, []
    for y, row in enumerate(rows):
        if row[at]:
            aside = _aside(row, rows[y - 1] if y else [False] * len(row), at)
            through += aside is None
            at = at if aside is None else aside
        columns.append(at)
    found = torch.tensor(columns)
    return Cut(found.flip(0) if upwards else found, through)


def _aside(row: list[bool], before: list[bool], at: int) -> int | None:
    """Return the nearest free column of a row that the line can reach, or None."""
    for distance in range(1, REACH + 1):
        for column in (at - distance, at + distance):
            if 0 <= column < len(row) and not row[column]:
                passed = range(min(at, column), max(at, column) + 1)
                # It slides over paper; out of ink, which it has cut, it comes by one column.
                if distance == 1 if before[at] else not any(before[x] for x in passed):
                    return column
    return None


def find_cuts(picture: Tensor, *, least: int = LEAST_PIECE) -> list[Cut]:
    """Cut a string in every plausible place.

    Cuts are dropped into the gaps, into the valleys of the upper contour, and from below into those
    of the lower one. Those that go through too much ink are left out, and of two with next to
    nothing between them the one that goes through more.

    Args:
        picture: uint8 (H, W), 255 is ink.
        least: the least ink between two cuts, in pixels.

    Returns:
        The cuts from left to right, none of them crossing; the first one is left of all ink, the
        last one right of it.

    Raises:
        ValueError: another type or shape, or no ink.

    Source: Section V.
    """
    if not isinstance(picture, Tensor) or picture.dtype != torch.uint8 or picture.dim() != 2:
        raise ValueError(f"the picture is {told(picture)}; expected uint8 (H, W), 255 is ink.")
    ink = picture >= INK
    if not bool(ink.any()):
        raise ValueError("the picture has no ink; expected a string of characters, 255 is ink.")
    height = len(ink)
    inside = ink.any(0).nonzero()[:, 0]
    rows = torch.arange(height)[:, None]
    upper = torch.where(ink, rows, height).amin(0).tolist()
    lower = torch.where(ink, height - 1 - rows, height).amin(0).tolist()
    found = [
        hit_and_deflect(ink, column, upwards=upwards)
        for profile, upwards in ((upper, False), (lower, True))
        for column in _valleys(profile, int(inside[0]), int(inside[-1]))
    ]
    inner = [cut for cut in found if cut.ink <= MOST_INK]
    inner.sort(key=lambda cut: float(cut.columns.double().mean()))
    return _thinned(ink, inner, least)


def _valleys(profile: Sequence[int], first: int, last: int) -> list[int]:
    """Return where a contour is deepest: the middle of each run that is deeper than both sides."""
    found, start = [], first
    for x in range(first + 1, last + 1):
        if profile[x] != profile[start]:
            if start > first and profile[start - 1] < profile[start] > profile[x]:
                found.append((start + x) // 2)
            start = x
    return found


def _thinned(ink: Tensor, inner: list[Cut], least: int) -> list[Cut]:
    left, right = (Cut(torch.full((len(ink),), x), 0) for x in (0, ink.shape[1]))
    kept = [left]
    for cut in inner:
        cut = cut._replace(columns=torch.maximum(cut.columns, kept[-1].columns))
        if int((ink & between(kept[-1], cut, ink.shape[1])).sum()) >= least:
            kept.append(cut)
        elif len(kept) > 1 and cut.ink < kept[-1].ink:
            kept[-1] = cut
    if len(kept) > 1 and int((ink & between(kept[-1], right, ink.shape[1])).sum()) < least:
        kept.pop()
    return [*kept, right]


def between(left: Cut, right: Cut, width: int) -> Tensor:
    """Return which pixels lie between two cuts: bool (H, width)."""
    columns = torch.arange(width)
    return (columns >= left.columns[:, None]) & (columns < right.columns[:, None])


class Segments(NamedTuple):
    """Groups of neighbouring pieces.

    Attributes:
        cuts: of each group, the numbers of its left and of its right cut, A pairs.
        pictures: uint8 (A, 28, 28), each centred as the digits of MNIST are, all at one scale.
    """

    cuts: list[tuple[int, int]]
    pictures: Tensor


def group(picture: Tensor, cuts: Sequence[Cut], *, most: int = 4) -> Segments:
    """Join neighbouring pieces in every plausible way: at most `most`, and not too wide.

    All groups are drawn at the scale that makes the tallest piece 20 pixels high, so that a
    fragment does not become as large as a digit; a group that is wider is made to fit.

    Args:
        picture: uint8 (H, W), 255 is ink.
        cuts: of `find_cuts`.
        most: pieces in a group.

    Returns:
        The groups, from left to right; a single piece is one whatever its width.

    Raises:
        ValueError: fewer than two cuts, a piece without ink, or most below 1.

    Source: Section V.
    """
    if len(cuts) < 2 or most < 1:
        raise ValueError(f"got {len(cuts)} cuts and most = {most}; expected 2 cuts and 1, or more.")
    pieces = [_piece(picture, cuts, i, i + 1) for i in range(len(cuts) - 1)]
    sizes = [_size(piece) for piece in pieces]
    if (0, 0) in sizes:
        empty = sizes.index((0, 0))
        raise ValueError(
            f"there is no ink between cuts {empty} and {empty + 1}; leave one of them out."
        )
    tallest = max(height for height, _ in sizes)
    found, pictures = [], []
    for left in range(len(pieces)):
        for right in range(left + 1, min(left + most, len(pieces)) + 1):
            piece = _piece(picture, cuts, left, right)
            if right == left + 1 or _size(piece)[1] <= WIDEST * tallest:
                found.append((left, right))
                pictures.append(centre(fit_into_box(piece, tallest)))
    return Segments(found, torch.stack(pictures))


def _piece(picture: Tensor, cuts: Sequence[Cut], left: int, right: int) -> Tensor:
    return picture * between(cuts[left], cuts[right], picture.shape[1])


def _size(piece: Tensor) -> tuple[int, int]:
    """Return height and width of the ink."""
    ink = piece >= INK
    spans = [ink.any(dim).nonzero()[:, 0].tolist() for dim in (1, 0)]
    height, width = (span[-1] - span[0] + 1 if span else 0 for span in spans)
    return height, width
