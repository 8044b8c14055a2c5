"""nbgrader's step that makes a graded submission harmless for whoever looks at it in formgrader.

Formgrader draws notebooks into a page of a Jupyter server, with their Markdown as raw HTML: a
script in an answer would run there with the rights of the lecturer, terminals included. After this
step the texts of a student's own stand as they were typed, and of outputs text and pictures.
"""

import re
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode, from_dict
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_locked

PICTURE = re.compile(r"[A-Za-z0-9+/=\s]+")
LONGEST = 100_000
PYTHON = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def typed(text: str) -> str:
    """Return Markdown that shows a text as it was typed.

    Everything but letters and digits is a number of HTML's, so that no reading of Markdown, of
    formulas or of HTML finds anything in it.
    """
    shown = "".join(c if c.isalnum() or c == " " else f"&#{ord(c)};" for c in text[:LONGEST])
    cut = f" and {len(text) - LONGEST} characters more" if len(text) > LONGEST else ""
    return f'<pre style="white-space: pre-wrap">{shown}{cut}</pre>'


def safe_outputs(outputs: list[Any]) -> list[Any]:
    """Return of what a cell has shown the texts and the pictures; streams and errors are text."""
    kept = []
    for output in outputs:
        if "data" in output:
            data = {"text/plain": _text(output.data.get("text/plain", ""))}
            if PICTURE.fullmatch(picture := _text(output.data.get("image/png", ""))):
                data["image/png"] = picture
            output.data, output.metadata = NotebookNode(data), NotebookNode()
        kept.append(output)
    return kept


def _text(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


class Harmless(NbGraderPreprocessor):
    """The step for nbgrader's list of preprocessors; see nbgrader_config.py."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Make one graded notebook harmless."""
        nb.metadata = from_dict(PYTHON)
        for cell in nb.cells:
            # The name of a language becomes the name of a class in the page.
            cell.metadata = NotebookNode(
                {k: v for k, v in cell.metadata.items() if k == "nbgrader"}
            )
            if cell.cell_type == "code":
                cell.outputs = safe_outputs(cell.get("outputs", []))
            elif not is_locked(cell):
                cell.cell_type, cell.source = "markdown", typed(cell.source)
                cell.pop("attachments", None)
        return nb, resources
