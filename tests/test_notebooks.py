"""The stored lessons: executed, without errors, listed, set up alike; and nbval sees a change."""

import re
import subprocess
import sys
from pathlib import Path

import edition_text
import nbformat
import pytest
import yaml
from conftest import ROOT
from contents import lessons, pages

PATHS = lessons()
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
VERSION = re.search(
    r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
)[1]
SETUP = f"""\
import os
import sys

if "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ:
    %pip install -q "lenet-utils @ git+{ADDRESS}@v{VERSION}\""""

each_lesson = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def test_there_are_lessons():
    assert {path.stem for path in PATHS} >= {"05_layer_by_layer", "10_practice"}


@each_lesson
def test_every_cell_was_executed_in_order_and_without_errors(path):
    # nbval passes over a cell that was never executed, so this is ours to see.
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    errors = [o for cell in cells for o in cell.outputs if o.output_type == "error"]
    assert not errors
    warnings = [o for cell in cells for o in cell.outputs if o.get("name") == "stderr"]
    assert not warnings


@each_lesson
def test_the_first_cell_sets_colab_up(path):
    assert code_cells(path)[0].source == SETUP


@each_lesson
def test_launch_link_is_the_notebooks_own(path):
    text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells)
    links = re.findall(r"https://colab\.research\.google\.com/[^\s)\"]*", text)
    assert set(links) == {edition_text.colab(path.stem)}


@each_lesson
def test_metadata_is_in_the_form_that_make_notebooks_writes(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) <= {"kernelspec", "language_info", "widgets", "executed"}
    assert [cell.id for cell in notebook.cells] == [
        f"cell-{i:02d}" for i in range(len(notebook.cells))
    ]


def test_the_contents_name_each_page_once_and_only_what_is_there():
    assert len(set(pages())) == len(pages())
    assert all((ROOT / f"{p}.md").exists() or (ROOT / f"{p}.ipynb").exists() for p in pages())


def nbval(folder: Path, notebook: nbformat.NotebookNode) -> subprocess.CompletedProcess[str]:
    nbformat.write(notebook, folder / "lesson.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env"]
    options = ["-p", "no:cacheprovider", "--rootdir", str(folder)]
    rules = ["--nbval-sanitize-with", str(ROOT / "tests" / "nbval_sanitize.cfg")]
    return subprocess.run(
        [*command, *options, *rules, "lesson.ipynb"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.slow
def test_one_wrong_stored_number_fails(tmp_path):
    # Three cells of a real lesson: they import, count the layers, and show the table.
    lesson = nbformat.read(ROOT / "notebooks" / "05_layer_by_layer.ipynb", 4)
    cells = [cell for cell in lesson.cells if cell.cell_type == "code"]
    shows = next(i for i, cell in enumerate(cells) if cell.source.startswith("table = layer_table"))
    imports = next(i for i, cell in enumerate(cells) if cell.source.startswith("import torch"))
    lesson.cells = [cells[imports], cells[shows]]
    assert nbval(tmp_path, lesson).returncode == 0

    output = lesson.cells[1].outputs[0].data
    assert "1,516" in output["text/plain"]
    output["text/plain"] = output["text/plain"].replace("1,516", "1,517")
    run = nbval(tmp_path, lesson)
    assert run.returncode == 1
    assert "1 failed" in run.stdout
