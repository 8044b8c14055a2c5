"""Numbers of a term: nbgrader's step that draws them, by its name in term.txt.

In a master, a line of code `SIDE = 32  # drawn: 28, 32, 36` or `SEED = 0  # drawn: 0..999` gets a
value from its right-hand list, and `{{SIDE}}` in a text shows it. The value follows from the
names of the term, the assignment and the variable, and from nothing else.
"""

import ast
import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

TERM = Path(__file__).with_name("term.txt")
PUBLIC = "open"  # the term of the notebooks in the repository, which have no secret to keep
DRAWN = re.compile(r"^(\w+) = .+?  # drawn: (.+)$", re.MULTILINE)
SHOWN = re.compile(r"\{\{(\w+)\}\}")


def name_of_term(written: bytes) -> str:
    """Return the name of a term as it was typed or as an editor wrote it into term.txt.

    A byte order mark, spaces at the ends and the two ways of writing an accent make no other name.

    Raises:
        ValueError: it is no name: not UTF-8, empty, or of several lines.
    """
    try:
        name = unicodedata.normalize("NFC", written.decode("utf-8-sig")).strip()
    except UnicodeDecodeError as error:
        raise ValueError(f"the name of the term, {written!r}, is not UTF-8") from error
    if not name or not name.isprintable():
        raise ValueError(
            f"the name of the term is {name!r}; expected one line of letters and digits, such as "
            "2027-spring-9f3c07d1a4b86e52"
        )
    return name


def term() -> str:
    """Return the name in term.txt, a lecturer's own and not in the repository; else `open`."""
    return name_of_term(TERM.read_bytes()) if TERM.exists() else PUBLIC


def choices(text: str) -> Sequence[Any]:
    """Return what `# drawn:` may choose from: numbers or strings, "5, 7, 9" or "0..999"."""
    if bounds := re.fullmatch(r"(\d+)\.\.(\d+)", text):
        return range(int(bounds[1]), int(bounds[2]) + 1)
    return ast.literal_eval(f"({text},)")


def draw(term: str, assignment: str, name: str, among: Sequence[Any]) -> Any:
    """Draw one of `among`: on every machine the same for the same three names."""
    digest = hashlib.sha256(f"{term}/{assignment}/{name}".encode()).digest()
    return among[int.from_bytes(digest) % len(among)]


def draw_parameters(notebook: NotebookNode, assignment: str, term: str) -> NotebookNode:
    """Draw the numbers of `term` for a master, in place, and return it.

    Raises:
        KeyError: a text shows a name that no line of code draws.
    """
    values: dict[str, Any] = {}

    def assign(line: re.Match[str]) -> str:
        name, listed = line.groups()
        values[name] = draw(term, assignment, name, choices(listed))
        return f"{name} = {json.dumps(values[name])}"

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = DRAWN.sub(assign, cell.source)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = SHOWN.sub(lambda shown: str(values[shown[1]]), cell.source)
    return notebook


class DrawParameters(NbGraderPreprocessor):
    """The step for nbgrader's list of preprocessors; see nbgrader_config.py."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Draw the numbers of one master."""
        return draw_parameters(nb, resources["nbgrader"]["assignment"], term()), resources
