"""How long a lesson takes, measured on the notebook rather than guessed."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

WORDS_PER_MINUTE = 200
"""For prose with formulas; plain text is read somewhat faster."""
LINES_PER_MINUTE = 10
"""Of code that one reads to understand it."""
MINUTES_A_FIGURE = 0.5
MINUTES_AN_EXERCISE = 5
MINUTES_A_QUIZ = 3
STEP = 5
"""Minutes are given in steps of five: the assumptions carry no more."""


class Measured(NamedTuple):
    """What there is to read and to do in a lesson."""

    words: int
    code_cells: int
    code_lines: int
    figures: int
    exercises: int
    quizzes: int

    @property
    def reading(self) -> float:
        """Minutes for text, code and figures."""
        return (
            self.words / WORDS_PER_MINUTE
            + self.code_lines / LINES_PER_MINUTE
            + self.figures * MINUTES_A_FIGURE
        )

    @property
    def working(self) -> float:
        """Minutes for the exercises and the quiz."""
        return self.exercises * MINUTES_AN_EXERCISE + self.quizzes * MINUTES_A_QUIZ

    @property
    def minutes(self) -> int:
        """Minutes in all, as the head of the lesson should state them."""
        return STEP * round((self.reading + self.working) / STEP)


def measure(path: Path) -> Measured:
    """Count what a reader of the page sees: hidden code and solutions are left out."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join(_source(cell) for cell in cells if cell["cell_type"] == "markdown")
    body, quiz, _ = text.partition("\n## Quiz")
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    shown = [cell for cell in code if not _tags(cell) & HIDDEN]
    return Measured(
        words=len(re.findall(r"\w[\w'.,-]*", _prose(body))),
        code_cells=len(shown),
        code_lines=sum(len(re.findall(r"^.*\S", _source(cell), re.M)) for cell in shown),
        figures=sum("lenet-figure" in json.dumps(cell["outputs"]) for cell in code),
        exercises=len(re.findall(r"^:::+\{exercise\}", body, re.M)),
        quizzes=int(bool(quiz)),
    )


def stated(path: Path) -> int:
    """Return the minutes in the head of a lesson.

    Raises:
        ValueError: the lesson states none.
    """
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = re.search(r"^\| (\d+) minutes", _source(cells[0]), re.M)
    if found is None:
        raise ValueError(f"{path.name} states no minutes; its head needs a row '| 40 minutes'.")
    return int(found[1])


HIDDEN = {"hide-input", "hide-cell", "remove-cell", "remove-input"}


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _tags(cell: dict[str, Any]) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def _prose(text: str) -> str:
    """Return the words that one reads: no link targets, roles, options or HTML."""
    text = re.sub(r"<[^>]*>|\]\([^)]*\)|\{[\w:]+\}`[^`]*`", " ", text)
    return re.sub(r"^:(label|class|name):.*$", " ", text, flags=re.M)
