"""Exercises whose answer is numbers or letters get fields in the page, and the others a way out.

The fields come from the cell that a reader fills in in a notebook, such as

    shape = ...  # (maps, height, width)
    parameters = ...
    checks.seven_by_seven(shape, parameters)

What is said of an answer comes from the check itself, see `javascript.py`. No output of a cell in
which nothing was answered is shown.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from javascript import NoTranslation, translated
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_exercise.nodes import exercise_enumerable_node

from lenet_utils import checks

SCRIPT = "answers-checks.js"
SEVERAL = re.compile(r"# [\[(](.*)[\])](.*)")
ELSEWHERE = (
    '<p class="lenet-check-elsewhere">This one is answered in code: open the lesson as a notebook '
    "by the rocket above, in Colab or on your own machine, and the check says what it finds.</p>"
)


@cache
def translation(name: str) -> str | None:
    """Return a check as JavaScript, or None where it asks for something else than numbers."""
    try:
        return translated(getattr(checks, name))
    except NoTranslation:
        return None


def fields(code: str) -> tuple[str, list[str]] | None:
    """Return the check that a cell calls and the HTML of a field for each answer.

    None where the cell asks for something else than numbers or letters.
    """
    *given, call = ast.parse(code).body
    match call:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name("checks"), name))):
            pass
        case _:
            return None
    empty = [isinstance(one, ast.Assign) and ast.unparse(one.value) == "..." for one in given]
    if not given or not all(empty) or translation(name) is None:
        return None
    lines = code.splitlines()
    return name, [field(lines[one.lineno - 1]) for one in given]


def field(line: str) -> str:
    """Return a field, or a group of fields, for a line such as `sides = ...  # [A, B]`."""
    name, _, note = (part.strip() for part in line.partition("= ..."))
    title = escape(name.replace("_", " "))
    if several := SEVERAL.match(note):
        parts = "".join(box(part.strip()) for part in several[1].split(","))
        return (
            f"<fieldset data-answer><legend>{title}{escape(several[2])}</legend>{parts}</fieldset>"
        )
    if "such as" in note:
        return box(f"{title}, {note.removeprefix('# ').strip()}", "text", "data-answer")
    return box(
        title + (f", {note.removeprefix('#').strip()}" if note else ""), "number", "data-answer"
    )


def box(title: str, kind: str = "number", more: str = "") -> str:
    """Return an input under a title."""
    size = 'inputmode="decimal" size="10"' if kind == "number" else 'size="16"'
    return (
        f'<label>{escape(title, quote=False)} <input data-kind="{kind}" {size} autocomplete="off" '
        f'autocapitalize="off" spellcheck="false" {more}></label>'
    )


def form(label: str, check: str, parts: list[str]) -> str:
    """Return the form of an exercise, which `answers.js` shows and answers."""
    return (
        f'<form class="lenet-answer" data-exercise="{label}" data-check="{check}" hidden>'
        f'<div class="lenet-fields">{"".join(parts)}<button>Check</button></div>'
        '<div role="status"></div></form>'
    )


def cells_of(
    doctree: nodes.document,
) -> Iterator[tuple[exercise_enumerable_node, nodes.container, str]]:
    """Find each exercise with the cell after it and the code in it."""
    for exercise in list(doctree.findall(exercise_enumerable_node)):
        siblings = exercise.parent.children
        for cell in siblings[siblings.index(exercise) + 1 :][:1]:
            code = next(cell.findall(nodes.literal_block), None)
            if isinstance(cell, nodes.container) and code is not None:
                yield exercise, cell, code.astext()


def answer_in_page(app: Sphinx, doctree: nodes.document) -> None:
    """Put fields in place of what a cell says to nobody's answer."""
    for exercise, cell, code in cells_of(doctree):
        if "checks." not in code:
            continue
        asked = fields(code)
        for output in list(cell.children):
            if "cell_output" in output.get("classes", ()):
                cell.remove(output)
        where = cell.parent.index(cell)
        if asked is None:
            cell.parent.insert(where + 1, nodes.raw("", ELSEWHERE, format="html"))
            continue
        text = form(exercise["label"], *asked)
        cell["classes"].append("lenet-in-notebook")
        before = "<details class='lenet-notebook-cell'><summary>The cell in the notebook</summary>"
        cell.parent.insert(where + 1, nodes.raw("", "</details>", format="html"))
        cell.parent.insert(where, nodes.raw("", text + before, format="html"))


def write_checks(app: Sphinx, env: BuildEnvironment | None = None) -> None:
    """Write the checks that have a translation as one script."""
    found = {name: translation(name) for name in checks.__all__ if name != "Verdict"}
    lines = [f"{name}: {text}," for name, text in found.items() if text is not None]
    start = "lenetAnswers.start(((py) => ({\n"
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    text = start + "\n".join(lines) + "\n}))(lenetAnswers.py));\n"
    (folder / SCRIPT).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the above."""
    app.connect("builder-inited", write_checks)
    app.connect("doctree-read", answer_in_page)
    app.add_js_file("answers.js", loading_method="defer")
    app.add_js_file(SCRIPT, loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
