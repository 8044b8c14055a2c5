"""The cells of a notebook, whatever editor wrote it, as far as they count."""

import json
import re
from typing import Any

import nbformat
from nbformat import NotebookNode

MOST_CELLS = 2_000
MOST_TEXT = 2 * 2**20  # characters in all its cells
BEGINNINGS = {
    b"PK\x03\x04": "a ZIP archive: unpack it",
    b"\x1f\x8b": "an archive: unpack it",
    b"7z\xbc\xaf": "an archive: unpack it",
    b"Rar!": "an archive: unpack it",
    b"%PDF": "a PDF, not a notebook",
    b"<": "a web page, not a notebook",
}
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Unreadable(ValueError):
    """The file is not a notebook that can be graded; the message says why."""


def kind(beginning: bytes) -> str:
    """Say what a file is that begins like this, when it is no notebook."""
    found = (said for mark, said in BEGINNINGS.items() if beginning.startswith(mark))
    return next(found, "not a notebook")


def parse(content: bytes) -> tuple[list[NotebookNode], list[str]]:
    """Return the cells of a notebook as far as they count, and what had to be done for that.

    Nothing is asked of a notebook but a list of cells with a kind and a text: editors differ in
    the rest. What is no cell costs itself only.

    Raises:
        Unreadable: it is not a notebook.
    """
    data, notes = _json(content)
    if not isinstance(data, dict):
        raise Unreadable(_not_json(content, "no object"))
    if "cells" not in data and "worksheets" in data:  # written before 2015
        data = nbformat.reads(json.dumps(data), as_version=4)
    cells = data.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("not a notebook (it has no list of cells)")
    if not cells:
        raise Unreadable("a notebook without a cell")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"{len(cells)} cells, more than {MOST_CELLS}")
    kept, said = [], []
    for number, cell in enumerate(cells, 1):
        try:
            kept.append(_cell(cell))
            if "\ufffd" in kept[-1].source and "\ufffd" not in str(cell.get("source")):
                said.append(f"cell {number}: half a character was replaced")
        except (TypeError, ValueError) as error:
            said.append(f"cell {number} is left out: {error}")
    if not kept:
        raise Unreadable(f"not a notebook ({said[0]})")
    if sum(len(cell.source) for cell in kept) > MOST_TEXT:
        raise Unreadable(f"more than {MOST_TEXT // 2**20} million characters in its cells")
    if len(said) > 5:
        said[5:] = [f"and {len(said) - 5} more cells"]
    return kept, notes + said


def _json(content: bytes) -> tuple[Any, list[str]]:
    encoding = json.detect_encoding(content)
    try:
        text, notes = content.decode(encoding, "surrogatepass"), []
    except UnicodeDecodeError:
        text = content.decode(encoding, "replace")
        notes = [f"what is not {encoding.upper()} in it was replaced"]
    try:
        return json.loads(text, strict=False), notes
    except RecursionError:
        raise Unreadable("not a notebook (nested too deep)") from None
    except ValueError as error:
        raise Unreadable(_not_json(content, str(error))) from None


def _not_json(content: bytes, why: str) -> str:
    what = kind(content[:512])
    return what if what != "not a notebook" else f"not a notebook ({why})"


def _cell(cell: Any) -> NotebookNode:
    """Keep of a cell what counts: its kind, its text and its names.

    Raises:
        TypeError, ValueError: it is not a cell; the message says why.
    """
    if not isinstance(cell, dict):
        raise TypeError(f"a {type(cell).__name__} is no cell")
    what, source, marks = cell.get("cell_type"), cell.get("source", ""), cell.get("metadata")
    if not isinstance(what, str) or what not in ("code", "markdown", "raw"):
        raise ValueError(f"of the kind {str(what)[:40]!r}")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise TypeError("its source is no text")
    marks = marks.get("nbgrader") if isinstance(marks, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return node(what, _text(source), _str(cell.get("id")), _str(name))


def _str(name: Any) -> str:
    return name if isinstance(name, str) and CELL_ID.fullmatch(name) else ""


def _text(source: str) -> str:
    """Give a text the line ends of Python, and replace halves of characters."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    try:
        source.encode()
    except UnicodeEncodeError:
        return source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return source


def node(what: str, source: str, cell_id: str, name: str) -> NotebookNode:
    """Make a cell as nbformat does, but without its check, which takes a millisecond for each."""
    cell = NotebookNode(cell_type=what, id=cell_id, metadata=NotebookNode(), source=source)
    if what == "code":
        cell.update(execution_count=None, outputs=[])
    if name:
        cell.metadata["nbgrader"] = NotebookNode(grade_id=name)
    return cell
