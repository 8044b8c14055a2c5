"""Write the quiz of each lesson from its source, `notebooks/quizzes/NN.yml`.

    python tools/quizzes.py [NOTEBOOK ...]

A source is a list of five questions. Each has a `question` and three or four `choices`; a choice
has its `text`, its feedback `why`, and one of them `right: true`. Code stands in backticks. In
the notebook the quiz is plain HTML that opens and closes without a script.
"""

import argparse
import re
import sys
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import yaml
from contents import ROOT, lessons
from nbformat import NotebookNode

SOURCES = ROOT / "notebooks" / "quizzes"
QUESTIONS = 5
QUIZ = re.compile(r"(?<=^## Quiz\n\n).*?(?=^\*\*Where next\.\*\*)", re.MULTILINE | re.DOTALL)
UNFINISHED = re.compile(r"\?\?|\bTODO\b|\bFIXME\b|\bXXX\b|\blorem\b|placeholder|<[A-Z_ ]+>")


def read(lesson: str) -> Any:
    """Read the source of a lesson's quiz, the lesson given by its number, such as "05"."""
    return yaml.safe_load((SOURCES / f"{lesson}.yml").read_text(encoding="utf-8"))


def faults(quiz: Any) -> list[str]:
    """Say what is wrong with a quiz; of a good one there is nothing to say."""
    if not isinstance(quiz, list):
        return ["a quiz is a list of questions"]
    found = [f"has {len(quiz)} questions, not {QUESTIONS}"] if len(quiz) != QUESTIONS else []
    for number, question in enumerate(quiz, 1):
        found += [f"question {number} {fault}" for fault in _faults_of_question(question)]
    if found:
        return found
    asked = [_plain(question["question"]) for question in quiz]
    if len(set(asked)) < len(asked):
        found.append("asks the same question twice")
    places, longest = _places(quiz), _longest(quiz)
    if not {1, 2, 3} <= set(places):
        found.append(f"has its right choices at {places}: use each of the places 1, 2, 3")
    if longest > 3:
        found.append(f"has {longest} right choices that are the longest: at most three")
    return found


def _faults_of_question(question: Any) -> list[str]:
    if not isinstance(question, dict) or set(question) != {"question", "choices"}:
        return ["needs `question` and `choices`, and nothing else"]
    choices = question["choices"]
    if not isinstance(choices, list) or len(choices) not in (3, 4):
        return ["needs three or four choices"]
    for choice in choices:
        if not isinstance(choice, dict) or not {"text", "why"} <= set(choice) <= set(_CHOICE):
            return ["has a choice that is not `text`, `why` and, once, `right: true`"]
    texts = [question["question"], *(c[key] for c in choices for key in ("text", "why"))]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        return ["has a text that is empty, or a number without quotes"]
    found = [f"has something left to do: {t!r}" for t in texts if UNFINISHED.search(t)]
    if [choice.get("right") for choice in choices if "right" in choice] != [True]:
        found.append("needs exactly one choice with `right: true`")
    for key in ("text", "why"):
        if len({_plain(choice[key]) for choice in choices}) < len(choices):
            found.append(f"has the same `{key}` twice")
    for choice in choices:
        if ("right" in choice) != choice["why"].startswith("Right"):
            found.append(f'has feedback that should begin with "Right", or not: {choice["why"]!r}')
        if "$" in choice["text"]:
            found.append(f"has a formula in a choice, where it is not set: {choice['text']!r}")
    return found


_CHOICE = ("text", "why", "right")


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _places(quiz: list[dict[str, Any]]) -> list[int]:
    return [1 + [c.get("right") for c in q["choices"]].index(True) for q in quiz]


def _longest(quiz: list[dict[str, Any]]) -> int:
    """Count the questions whose right choice is longer than all others."""
    count = 0
    for question, place in zip(quiz, _places(quiz), strict=True):
        lengths = [len(_plain(choice["text"])) for choice in question["choices"]]
        right = lengths.pop(place - 1)
        count += right > max(lengths)
    return count


def markdown(quiz: list[dict[str, Any]]) -> str:
    """Write a quiz as Markdown with HTML that a page opens and closes by itself."""
    parts = ["Choose an answer by opening it.\n"]
    for number, question in enumerate(quiz, 1):
        parts.append(f"**{number}. {' '.join(question['question'].split())}**\n")
        for choice in question["choices"]:
            # A browser takes this line as HTML, in which Markdown is not read.
            text = escape(" ".join(choice["text"].split()), quote=False)
            text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
            parts.append(f"<details><summary>{text}</summary>\n\n{choice['why'].strip()}\n")
            parts.append("</details>" + "\n" * (choice is question["choices"][-1]))
    return "\n".join(parts) + "\n"


def write(notebook: NotebookNode, quiz: list[dict[str, Any]]) -> None:
    """Put a quiz into a notebook, between its heading and the words "Where next."."""
    cells = [cell for cell in notebook.cells if QUIZ.search(cell.source)]
    if len(cells) != 1:
        raise ValueError(
            f'{len(cells)} cells have "## Quiz" and after it "**Where next.**"; expected one.'
        )
    cells[0].source = QUIZ.sub(lambda _: markdown(quiz), cells[0].source)


def renew(path: Path) -> list[str]:
    """Put the quiz of a lesson into it, unless something is wrong; say what is."""
    source = f"quizzes/{path.name[:2]}.yml"
    try:
        quiz = read(path.name[:2])
        if found := faults(quiz):
            return [f"{source} {fault}" for fault in found]
        notebook = nbformat.read(path, 4)
        before = nbformat.writes(notebook)
        write(notebook, quiz)
    except (OSError, ValueError, LookupError, AttributeError, yaml.YAMLError) as error:
        return [f"{path.name} with {source}: {error}"]
    if nbformat.writes(notebook) != before:
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
        print(f"{path.name} changed")
    return []


def main() -> int:
    """Renew the lessons named on the command line; return whether something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all lessons")
    wrong = [fault for path in parser.parse_args().notebooks or lessons() for fault in renew(path)]
    for fault in wrong:
        print(fault)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
