"""Write the lessons as the plain notebooks that people run, in any folder.

    python tools/edition.py [--out FOLDER [LESSON ...]]

The notebooks in notebooks/ are written for the book. Here they lose what only the book knows: its
Markdown (`edition_text.py`), and outputs that other viewers leave out (`edition_outputs.py`). Code
that draws is folded, like solutions. The same sources give the same bytes.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from contents import ROOT, lessons
from edition_sources import OUT, STAMP, digest
from edition_text import BRANCH, Lesson, colab, heading, page, project
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

FOLDED = {
    "setup": "Set-up",
    "remove-cell": "Set-up",
    "hide-cell": "A solution",
    "hide-input": "Code of the figure",
}
OPEN = re.compile(r"^\[Open this lesson in Colab\]\(\S+\)$", re.MULTILINE)
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
    "colab": {"provenance": [], "toc_visible": True},
}


def launches(name: str) -> str:
    """Return links that open a lesson elsewhere."""
    at = f"{project()}/blob/{BRANCH}/{name}.ipynb"
    places = {
        "Colab": colab(name),
        "Kaggle": f"https://kaggle.com/kernels/welcome?src=https://github.com/{at}",
        "Binder": f"https://mybinder.org/v2/gh/{project()}/{BRANCH}?labpath={name}.ipynb",
        "the book": page(f"notebooks/{name}"),
    }
    return "This lesson in " + " · ".join(f"[{where}]({to})" for where, to in places.items())


def edition(path: Path) -> NotebookNode:
    """Return a lesson as a plain notebook.

    Raises:
        ValueError: something in it has no plain form; the message says in which cell.
    """
    lesson = Lesson(path.stem)
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = NotebookNode(METADATA)
    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        try:
            cells += (
                [text_cell(cell, lesson)] if cell.cell_type == "markdown" else code(cell, lesson)
            )
        except (ValueError, LookupError) as error:
            raise ValueError(f"{path.name}, {cell.id}: {error}") from error
    notebook.cells = cells
    return notebook


def text_cell(cell: NotebookNode, lesson: Lesson) -> NotebookNode:
    """Return a cell of text in plain Markdown, with more ways to open the lesson."""
    text = OPEN.sub(lambda _: launches(lesson.name), lesson.plain(cell.source))
    return new_markdown_cell(text, id=cell.id)


def code(cell: NotebookNode, lesson: Lesson) -> list[NotebookNode]:
    """Return a cell of code, folded where the book folds it; beside a slider, the way to it."""
    tags = cell.metadata.get("tags", [])
    titles = [title for tag, title in FOLDED.items() if tag in tags]
    kept = [tag for tag in tags if tag.startswith("nbval-")]
    slider = False
    metadata: dict[str, object] = {}
    if titles:
        metadata = {"cellView": "form", "jupyter": {"source_hidden": True}}
        if not cell.source.lstrip().startswith(("# @title", "#@title")):
            cell.source = f"# @title {titles[0]}\n{cell.source}"
    if "hide-cell" in tags:
        metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}
    if "remove-output" in tags:
        cell.outputs = []
        kept = sorted({*kept, "nbval-ignore-output"})
    if cell.outputs:
        import edition_outputs  # with PyTorch, which takes seconds, so only where it is needed

        slider = edition_outputs.is_slider(cell.outputs)
        cell.outputs = edition_outputs.plain(cell.outputs)
    cell.metadata = NotebookNode({**metadata, **({"tags": kept} if kept else {})})
    if not slider:
        return [cell]
    link = (
        f"[The same slider in the book, where it moves at once]({page(f'notebooks/{lesson.name}')})"
    )
    return [cell, new_markdown_cell(link, id=f"{cell.id}-book")]


def requirements() -> str:
    """Return what Binder installs: PyTorch without CUDA, and the package by its tag."""
    first = nbformat.read(lessons()[0], as_version=4)
    setup = next(cell.source for cell in first.cells if cell.cell_type == "code")
    package = setup.split('"')[-2]
    return (
        "--extra-index-url https://download.pytorch.org/whl/cpu\n"
        f"torch>=2.6,<3; platform_system == 'Linux'\ntorchvision\n{package}\n"
    )


def readme(names: list[str]) -> str:
    """Return the page that GitHub shows in front of the notebooks."""
    rows = [
        f"| [{heading(ROOT / 'notebooks' / f'{name}.ipynb')}]({name}.ipynb) | "
        f"{launches(name).removeprefix('This lesson in ')} |"
        for name in names
    ]
    return "\n".join(
        [
            "# The lessons, to run",
            "",
            f"Made from [the sources](https://github.com/{project()}) by `tools/edition.py`.",
            "Change those, since the next build replaces this branch.",
            "",
            "| Lesson | Open it in |",
            "| --- | --- |",
            *rows,
            "",
            "Code: MIT. Text and figures: CC BY 4.0. The digits of MNIST: CC BY-SA 3.0.",
            "",
        ]
    )


def build(folder: Path, paths: list[Path] | None = None) -> None:
    """Write the edition into a folder, in the place of what was there.

    Raises:
        ValueError: a lesson has no plain form; the folder stays as it was.
    """
    chosen = paths or lessons()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        new = Path(temporary) / "new"
        (new / "binder").mkdir(parents=True)
        for path in chosen:
            text = nbformat.writes(edition(path)) + "\n"
            (new / path.name).write_text(text, encoding="utf-8", newline="\n")
        for name, text in {
            "README.md": readme([path.stem for path in chosen]),
            "binder/requirements.txt": requirements(),
            "binder/runtime.txt": "python-3.12\n",
            "binder/postBuild": "python -c 'import lenet_utils; lenet_utils.load_mnist()'\n",
        }.items():
            (new / name).write_text(text, encoding="utf-8", newline="\n")
        os.chmod(new / "binder" / "postBuild", 0o755)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)


def renew() -> None:
    """Write all lessons into `_build/edition`, unless those there come from the same sources."""
    made = digest()
    if OUT.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == made:
        for path in OUT.iterdir():  # what a run of a lesson has left there
            if path.is_dir() and path.name != "binder":
                shutil.rmtree(path)
        return
    build(OUT)
    STAMP.write_text(made, encoding="utf-8")


def main() -> None:
    """Write the lessons named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", type=Path, help="default: all lessons")
    parser.add_argument("--out", type=Path, help="the folder, which is replaced")
    given = parser.parse_args()
    if given.lessons and not given.out:
        parser.error("some of the lessons need a folder of their own: --out FOLDER")
    try:
        if given.out:
            build(Path(os.path.abspath(given.out)), [path.resolve() for path in given.lessons])
        else:
            renew()
    except (OSError, ValueError) as error:
        sys.exit(f"The edition was not written: {error}")
    print(f"The lessons to run are in {given.out or OUT}")


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    main()
