"""Nothing that is released holds a solution, a model answer or a hidden test."""

import html
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from assignment_cells import COURSE, NAMES, is_answer, notebook_path, points
from conftest import ROOT
from contents import lessons, pages
from drawing import term

MARKERS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS", "# drawn:")
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)


def cells(name: str, version: str = "source") -> list[nbformat.NotebookNode]:
    return nbformat.read(notebook_path(name, version), 4).cells


def sources(path: Path) -> str:
    return "\n".join(cell.source for cell in nbformat.read(path, 4).cells)


def lines(text: str) -> set[str]:
    """Return the lines that are long enough to be nobody else's by chance."""
    return {line.strip() for line in text.splitlines() if len(line.strip()) > 40}


def names(text: str) -> set[str]:
    """Return names of several words: the pages may use any plain word by chance."""
    return set(re.findall(r"[a-z]+(?:_[a-z]+)+", text.lower()))


def hidden(name: str) -> str:
    """Return the hidden tests of a master, and its model answers to what a person reads."""
    written = [c.source for c in cells(name) if is_answer(c) and points(c)]
    return "\n".join([*HIDDEN.findall("\n".join(c.source for c in cells(name))), *written])


def visible(name: str) -> list[nbformat.NotebookNode]:
    return [c for c in cells(name) if not is_answer(c)]


PUBLIC = "\n".join(
    [
        *(sources(path) for path in lessons()),
        *(
            path.read_text(encoding="utf-8")
            for path in sorted((ROOT / "lenet_utils").rglob("*.py"))
        ),
        *(
            path.read_text(encoding="utf-8")
            for name in pages()
            if (path := ROOT / f"{name}.md").exists()
        ),
    ]
)
SECRET = {
    # Some tests repeat what the student sees: that is no secret.
    name: lines(hidden(name)) - lines(HIDDEN.sub("", "\n".join(c.source for c in visible(name))))
    for name in NAMES
}


def leaks(text: str) -> set[str]:
    """Return the markers and the lines of hidden tests and model answers in a text."""
    return {m for m in MARKERS if m in text} | {
        s for name in NAMES for s in SECRET[name] & lines(text)
    }


def test_a_leak_would_be_seen():
    for name in NAMES:
        assert len(SECRET[name]) > 20
        assert leaks(sources(notebook_path(name))) > SECRET[name]
        assert leaks("x\n    " + max(SECRET[name]) + "\ny") == {max(SECRET[name])}


@pytest.mark.parametrize("name", NAMES)
def test_students_notebooks_hold_neither_solutions_nor_hidden_tests(name):
    text = sources(notebook_path(name, "release"))
    assert not leaks(text)
    solved = "\n".join(SOLUTION.findall("\n".join(c.source for c in cells(name))))
    assert lines(solved) and not lines(solved) & lines(text)
    assert not re.search(rf"\bterm\W+{re.escape(term())}\b", text)


def test_only_notebooks_are_released():
    files = sorted(path.name for path in (COURSE / "release").rglob("*") if path.is_file())
    assert files == [f"{name}.ipynb" for name in NAMES]


def test_the_lessons_and_the_package_do_not_give_them_away():
    assert not leaks(PUBLIC)


def test_the_built_book_does_not(site):
    read = {".html", ".js", ".json", ".txt", ".md", ".ipynb"}
    seen = 0
    for path in site.rglob("*"):
        if path.suffix in read and "vendor" not in path.parts:
            text = html.unescape(
                re.sub(r"<[^>]+>", "", path.read_text(errors="replace", encoding="utf-8"))
            )
            assert not leaks(text), path
            seen += 1
    assert seen > 20
    assert not [path for path in site.rglob("*") if path.stem in NAMES]


def test_the_search_index_does_not(site):
    index = names((site / "searchindex.js").read_text(encoding="utf-8"))
    released = "\n".join(sources(notebook_path(name, "release")) for name in NAMES)
    secret = names("\n".join(map(hidden, NAMES))) - names(PUBLIC) - names(released)
    assert secret and names(PUBLIC) & index
    assert not secret & index


def test_the_wheel_does_not(tmp_path):
    # In a copy: setuptools builds where the sources are.
    copy = tmp_path / "copy"
    for folder in ("lenet_utils", "assignments", "notebooks"):
        shutil.copytree(ROOT / folder, copy / folder)
    for file in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-content.md"):
        shutil.copy(ROOT / file, copy)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", tmp_path, copy], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert {"lenet_utils/layers.py", "lenet_utils/py.typed"} <= set(names)
        assert not [n for n in names if not n.startswith(("lenet_utils/", "lenet_utils-"))]
        for name in names:
            assert not leaks(archive.read(name).decode(errors="replace")), name
