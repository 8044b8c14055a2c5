"""Notebooks whose code is alike, after names and comments have been taken away: hints for a person.

Winnowing by copydetect: what counts are overlapping pieces of the code, in any order, with each
name of a variable or a function replaced. Code that was handed out is taken out first, and what
much of the class has written too.
"""

import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from copydetect import CodeFingerprint, compare_files
from copydetect.utils import filter_code, get_document_fingerprints, highlight_overlap
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from nbformat import NotebookNode
from roles import is_given, is_test
from rules import MARKS, MASTER
from sanitise import plain
from scipy.sparse import csr_matrix

# Pieces of 20 signs count, each run of 24 is sure to be found: half a line after normalising.
PIECE, WINDOW = 20, 5
LONGEST = 100_000
# What so much of a class has is the way to write it, and says nothing.
COMMON, SMALL = 0.3, 10
LEAST, SHARE = 12, 0.6  # pieces that two have in common, and of all pieces of one of them
MOST_PAIRS, MOST_SHOWN = 300, 60
TEMPLATE = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
).get_template("alike.html.jinja")


@dataclass(frozen=True)
class Pair:
    """Two whose code is alike.

    Args:
        one: a student.
        other: another, or the published master.
        pieces: that both have.
        of_one: the share of all pieces of the first.
        of_other: the same of the second.
    """

    one: str
    other: str
    pieces: int
    of_one: float
    of_other: float


def code(notebook: NotebookNode) -> str:
    """Return the code that is a student's own: not what is given, nor tests."""
    cells = [c for c in notebook.cells if c.cell_type == "code" and not (is_test(c) or is_given(c))]
    return "\n\n".join(MARKS.sub("", cell.source) for cell in cells)[:LONGEST]


def normalised(text: str) -> str:
    """Return code without what is easily changed: names, comments, blanks, texts."""
    filtered, _ = filter_code(text + "\n", "student.py", "python")
    return str(filtered)


def pieces(text: str, given: frozenset[int] = frozenset()) -> frozenset[int]:
    """Return the fingerprints of normalised code; they hold for this process alone."""
    if len(text) < PIECE:
        return frozenset()
    found, _ = get_document_fingerprints(text, PIECE, WINDOW, list(given))
    return frozenset(map(int, found)) - given


def pairs(
    written: Mapping[str, str], given: str, master: str, files: Mapping[str, Any]
) -> list[Pair]:
    """Return who is alike, the most alike first.

    Args:
        written: the normalised code of each student.
        given: that of the assignment as it was handed out.
        master: that of the published solution.
        files: what each student's file is: partners share one.
    """
    known = pieces(given)
    mine = {name: pieces(text, known) for name, text in written.items()}
    solution = pieces(master, known)
    found = [
        _pair(name, MASTER, own, solution)
        for name, own in mine.items()
        if _is_much(len(own & solution), own, solution)
    ]
    often = Counter(piece for own in mine.values() for piece in own)
    most = max(COMMON * len(mine), 2) if len(mine) >= SMALL else len(mine)
    rare = {name: {p for p in own if often[p] <= most} for name, own in mine.items()}
    names = [name for name, own in rare.items() if len(own) >= LEAST]
    for one, other in _candidates([rare[name] for name in names]):
        first, second = names[one], names[other]
        if files.get(first) != files.get(second):
            found.append(_pair(first, second, rare[first], rare[second]))
    found.sort(key=lambda p: (-max(p.of_one, p.of_other), -p.pieces, p.one, p.other))
    return found[:MOST_PAIRS]


def _pair(one: str, other: str, first: Iterable[int], second: Iterable[int]) -> Pair:
    a, b = set(first), set(second)
    both = len(a & b)
    return Pair(one, other, both, both / len(a), both / len(b))


def _is_much(both: int, first: Iterable[int], second: Iterable[int]) -> bool:
    least = min(len(set(first)), len(set(second)))
    return both >= LEAST and both >= SHARE * least


def _candidates(sets: list[set[int]]) -> list[tuple[int, int]]:
    """Return the places of those who have much in common, by one product of sparse matrices."""
    if not sets:
        return []
    column = {piece: n for n, piece in enumerate(sorted(set().union(*sets)))}
    rows = np.repeat(np.arange(len(sets)), [len(one) for one in sets])
    columns = np.array([column[piece] for one in sets for piece in one])
    has = csr_matrix((np.ones(len(rows), dtype=np.int32), (rows, columns)))
    both = (has @ has.T).tocoo()
    return [
        (int(one), int(other))
        for one, other, count in zip(both.row, both.col, both.data, strict=True)
        if one < other and _is_much(int(count), sets[one], sets[other])
    ]


def page(assignment: str, found: list[Pair], texts: Mapping[str, str], given: str) -> str:
    """Return a page with the code of two side by side, what both have marked.

    Args:
        assignment: its name.
        found: the pairs.
        texts: the code of each of them, as it was written.
        given: the code that was handed out.
    """
    known = _print(given).hashes
    shown = []
    for pair in found[:MOST_SHOWN]:
        one, other = (_print(texts.get(name, ""), known) for name in (pair.one, pair.other))
        _, _, slices = compare_files(one, other)
        shown.append(
            {
                "pair": pair,
                "one": f"{100 * pair.of_one:.0f}%",
                "other": f"{100 * pair.of_other:.0f}%",
                "sides": [_marked(one.raw_code, slices[0]), _marked(other.raw_code, slices[1])],
            }
        )
    return TEMPLATE.render(assignment=assignment, pairs=shown, more=len(found[MOST_SHOWN:]))


def _print(text: str, given: Any = ()) -> CodeFingerprint:
    file = io.StringIO(plain(text, LONGEST) + "\n")
    return CodeFingerprint(
        "student.py", PIECE, WINDOW, boilerplate=list(given), fp=file, language="python"
    )


def _marked(text: str, slices: Any) -> Markup:
    if np.asarray(slices).size == 0:
        return Markup.escape(text)
    shown, _ = highlight_overlap(text, slices, "<mark>", "</mark>", escape_html=True)
    return Markup(shown)
