"""Run lessons in place and store their outputs, so that a rerun without a change gives no diff.

    python tools/run_notebooks.py [--time] [NOTEBOOK ...]

Without names, every lesson of the book is run. A notebook whose run fails, or that somebody
edits meanwhile, is left as it was. Widget state is kept, and metadata and cell ids are brought
into one form. An output that differs from the stored one only in what `tests/nbval_sanitize.cfg`
names, such as a time, is left as it was stored.

A notebook keeps, in its metadata, how long its run took and with which versions; the page
"Execution status" shows it. It is written when the notebook changes, or with `--time` on a quiet
machine, and else stays as it was.
"""

import argparse
import configparser
import json
import os
import platform
import re
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import nbformat
from contents import ROOT, lessons
from nbclient import NotebookClient
from nbformat import NotebookNode

TIMEOUT = 600  # seconds a cell
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"


def varying() -> list[tuple[str, str]]:
    """Return what varies between runs: regular expressions and what to put in their place."""
    parser = configparser.RawConfigParser()
    parser.read(ROOT / "tests" / "nbval_sanitize.cfg", encoding="utf-8")
    return [(parser[name]["regex"], parser[name]["replace"]) for name in parser.sections()]


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run a notebook in a folder, and bring the result into one form.

    Raises:
        CellExecutionError: a cell raised an error.
    """
    notebook.metadata = NotebookNode(METADATA)
    NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
    ).execute(env={**os.environ, "LENET_FIGURES": "book"})
    widgets = notebook.metadata.get("widgets")
    notebook.metadata = NotebookNode(METADATA)
    views = [output["data"][VIEW]["model_id"] for output in _shown(notebook) if _is_view(output)]
    # A page that shows no widget need not load their player.
    if widgets and views:
        widgets[STATE]["state"] = reachable(widgets[STATE]["state"], views)
        notebook.metadata["widgets"] = widgets
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"


def run(notebook: NotebookNode, stored: NotebookNode, folder: Path, time_it: bool) -> NotebookNode:
    """Return a notebook with new outputs, but with what is stored where that says the same.

    Args:
        notebook: to be run.
        stored: the same with its old outputs.
        folder: in which it runs.
        time_it: note the time of the run even if nothing else has changed.

    Raises:
        CellExecutionError: a cell raised an error.
    """
    start = time.perf_counter()
    execute(notebook, folder)
    seconds = time.perf_counter() - start
    notebook = number_widgets(notebook)
    keep_what_only_varies(notebook, stored)
    if before := stored.metadata.get("executed"):
        notebook.metadata["executed"] = before
    if time_it or not before or nbformat.writes(notebook) != nbformat.writes(stored):
        notebook.metadata["executed"] = run_of(seconds)
    return notebook


def run_of(seconds: float) -> dict[str, object]:
    """Say how long a run took, in steps of five seconds, and where it was made."""
    return {
        "seconds": 5 * max(1, round(seconds / 5)),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": version("torch").partition("+")[0],
    }


def reachable(state: dict[str, NotebookNode], views: list[str]) -> dict[str, NotebookNode]:
    """Return the models that views consist of, and the links between them.

    The rest, such as progress bars whose output is removed, would weigh on the page, and differ
    from run to run.
    """
    kept, new = set(), set(views)
    while new:
        kept |= new
        new = {name for one in kept & state.keys() for name in _named(state[one])} - kept
    for name, model in state.items():
        if "source" in model["state"] and set(_named(model)) & kept:
            kept |= {name, *_named(model)}
    return {name: model for name, model in state.items() if name in kept}


def _named(model: NotebookNode) -> list[str]:
    return re.findall(r"IPY_MODEL_([0-9a-f]{32})", json.dumps(model["state"]))


def number_widgets(notebook: NotebookNode) -> NotebookNode:
    """Name the models of widgets by numbers, in the order in which they were made."""
    made = list(notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {}))
    text = nbformat.writes(notebook)
    named = re.findall(r'"model_id": "([0-9a-f]{32})"', text)
    for number, name in enumerate(dict.fromkeys(made + named)):
        text = text.replace(name, f"{number:032x}")
    return nbformat.reads(text, as_version=4)


def keep_what_only_varies(new: NotebookNode, old: NotebookNode) -> None:
    """Put stored outputs in the place of new ones that say the same."""
    rules = varying()

    def core(part: object) -> object:
        if isinstance(part, dict):
            return {key: core(value) for key, value in part.items()}
        if isinstance(part, list):
            return [core(value) for value in part]
        if isinstance(part, str):
            for pattern, replacement in rules:
                part = re.sub(pattern, replacement, part)
        return part

    before = {cell.source: cell for cell in old.cells if cell.cell_type == "code"}
    for cell in new.cells:
        stored = before.get(cell.source)
        if cell.cell_type == "code" and stored and core(cell.outputs) == core(stored.outputs):
            cell.outputs = stored.outputs
    widgets = old.metadata.get("widgets")
    if widgets and core(widgets) == core(new.metadata.get("widgets")):
        new.metadata["widgets"] = widgets


def _is_view(output: NotebookNode) -> bool:
    return VIEW in output.get("data", {})


def _shown(notebook: NotebookNode) -> list[NotebookNode]:
    return [
        output
        for cell in notebook.cells
        if "remove-output" not in cell.metadata.get("tags", [])
        for output in cell.get("outputs", [])
    ]


def renew(path: Path, time_it: bool) -> bool:
    """Run a notebook and store its outputs, or leave it as it was; return whether it ran."""
    print(f"{path.name} ... ", end="", flush=True)
    try:
        stored = path.read_text(encoding="utf-8")
        notebook, before = (nbformat.reads(stored, as_version=4) for _ in range(2))
        with tempfile.TemporaryDirectory() as empty:  # what a lesson saves is not left behind
            notebook = run(notebook, before, Path(empty), time_it)
        edited = path.read_text(encoding="utf-8") != stored
    except Exception as error:  # whatever it is, the other notebooks are run
        print(f"failed, and was left as it was\n{type(error).__name__}: {error}")
        return False
    text = nbformat.writes(notebook) + "\n"
    if edited:
        print("was edited meanwhile, and was left as it is: run it again")
        return False
    if text == stored:
        print("as before")
    else:
        aside = path.with_name(f".{path.name}")
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
        print("changed")
    return True


def main() -> int:
    """Run the notebooks named on the command line; return whether one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all lessons")
    parser.add_argument("--time", action="store_true", help="note the time of this run in any case")
    options = parser.parse_args()
    ran = [renew(path.resolve(), options.time) for path in options.notebooks or lessons()]
    return int(not all(ran))


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
