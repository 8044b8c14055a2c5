"""Run the lessons as a reader does elsewhere, each from an empty folder, with the package alone.

    python tools/run_edition.py [--edition FOLDER] [--installed] [LESSON ...]

It names every cell that raises an error, writes to stderr, shows fewer figures than were stored, or
says something else than is stored, but for what `tests/nbval_sanitize.cfg` names. The package is
built as pip would, and pip is asked whether it would replace anything that is here. With
`--installed` the package is the one that was installed.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from run_notebooks import ROOT, TIMEOUT, VIEW, varying

EDITION = ROOT / "_build" / "edition"
STACK = ("ipython", "ipykernel", "ipywidgets", "matplotlib", "numpy", "torch")
PICTURES = ("image/png", "image/jpeg", VIEW)


def run(notebook: NotebookNode, package: Path | None) -> list[str]:
    """Run a notebook in an empty folder; return what is wrong.

    Args:
        notebook: the lesson; it keeps its outputs.
        package: the folder that holds the package, unless it is installed.
    """
    new = nbformat.from_dict(notebook)
    paths = {"PYTHONPATH": str(package)} if package else {}
    with tempfile.TemporaryDirectory() as empty:
        client = NotebookClient(
            new, timeout=TIMEOUT, kernel_name="python3", resources={"metadata": {"path": empty}}
        )
        try:
            client.execute(env={**os.environ, **paths, "MPLBACKEND": "agg"})
        except CellExecutionError as error:
            return [str(error)]
    pairs = zip(notebook.cells, new.cells, strict=True)
    return [fault for old, cell in pairs if old.cell_type == "code" for fault in faults(old, cell)]


def faults(old: NotebookNode, new: NotebookNode) -> list[str]:
    """Say in what the outputs of a cell differ from those that were stored."""
    found = [
        f"{old.id} writes to stderr: {output.text.strip()}"
        for output in new.outputs
        if output.get("name") == "stderr"
    ]
    if pictures(new) < pictures(old):
        found.append(f"{old.id} shows {pictures(new)} figures of {pictures(old)}")
    ignored = "nbval-ignore-output" in old.metadata.get("tags", [])
    if not ignored and texts(old) != texts(new):
        found.append(f"{old.id} says\n{texts(new)}\ninstead of\n{texts(old)}")
    return found


def pictures(cell: NotebookNode) -> int:
    """Count the outputs with a picture, or with a widget that shows one."""
    return sum(any(kind in o.get("data", {}) for kind in PICTURES) for o in cell.outputs)


def texts(cell: NotebookNode) -> dict[str, str]:
    """Return what a cell says, by kind, without what varies between runs."""
    said: dict[str, str] = {}
    for output in cell.outputs:
        parts = {output.name: output.text} if output.output_type == "stream" else output.data
        for kind, text in parts.items():
            if kind not in PICTURES:
                said[kind] = said.get(kind, "") + text
    for pattern, replacement in varying():
        said = {kind: re.sub(pattern, replacement, text) for kind, text in said.items()}
    return said


def install(folder: Path) -> None:
    """Put the package into a folder, as pip installs it.

    Raises:
        SystemExit: pip would replace, or add, something else.
    """
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Else pip takes the sources for what is installed.
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    asked = subprocess.run(
        [*pip, "--dry-run", "--report", "-", str(ROOT)],
        cwd=folder, env=clean, stdout=subprocess.PIPE, check=True, encoding="utf-8",
    )  # fmt: skip
    names = [one["metadata"]["name"] for one in json.loads(asked.stdout)["install"]]
    if others := set(names) - {"lenet-utils"}:
        sys.exit(f"Installing the package brings or replaces {', '.join(sorted(others))}.")
    target = ["--no-deps", "--target", str(folder), str(ROOT)]
    subprocess.run([*pip, *target], cwd=folder, env=clean, check=True)


def main() -> int:
    """Run the lessons; return whether something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="names such as 05_layer_by_layer; default: all")
    parser.add_argument("--edition", type=Path, default=EDITION, help="made by tools/edition.py")
    parser.add_argument("--installed", action="store_true", help="test the installed package")
    given = parser.parse_args()
    names = given.lessons or sorted(path.stem for path in given.edition.glob("*.ipynb"))
    if not names:
        sys.exit(f"{given.edition} holds no lessons: python tools/edition.py")
    print("Python", sys.version.split()[0], *(f"{name} {version(name)}" for name in STACK))
    wrong = False
    with tempfile.TemporaryDirectory() as temporary:
        package = None if given.installed else Path(temporary)
        if package:
            install(package)
        for name in names:
            start = time.perf_counter()
            notebook = nbformat.read(given.edition / f"{name}.ipynb", as_version=4)
            found = run(notebook, package)
            print(
                f"{name}: {time.perf_counter() - start:.0f} s", *found or ["as stored"], flush=True
            )
            wrong |= bool(found)
    return int(wrong)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
