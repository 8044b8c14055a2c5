"""What publishes the lessons, and what makes a release, on a repository made for the test."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, without
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

pytestmark = pytest.mark.slow
CONFIG = """\
repository: {url: "https://github.com/x/y", branch: main}
html: {baseurl: "https://x.github.io/y/"}
"""
PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "lenet-utils"
version = "1.2.3"
[tool.setuptools.packages.find]
include = ["lenet_utils*"]
"""
FILES = {
    "pyproject.toml": PROJECT,
    "CITATION.cff": "version: 1.2.3\n",
    "_config.yml": CONFIG,
    "_toc.yml": "root: book/welcome\nparts: [{caption: One, chapters: [{file: notebooks/01_a}]}]\n",
    "book/welcome.md": "# Welcome\n",
    "book/references.bib": "",
    "requirements.txt": "",
    "lenet_utils/__init__.py": "",
    "lenet_utils/layers.py": "import torch\n",
    "README.md": 'pip install "x @ git+https://host/x@v1.2.3"\n',
    ".gitignore": "_build\n__pycache__\n",
}
Run = Callable[..., tuple[int, str]]


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    return done.stdout.strip()


def lesson(text: str) -> str:
    notebook = new_notebook(
        cells=[
            new_markdown_cell(f"# {text}", id="a"),
            new_code_cell('%pip install -q "lenet-utils @ git+https://host/x@v1.2.3"', id="b"),
        ]
    )
    return nbformat.writes(notebook) + "\n"


@pytest.fixture(scope="module")
def pattern(tmp_path_factory):
    """A course with one lesson, its package, its book, and a remote that has its branch main."""
    if not shutil.which("git"):
        without("no git on this computer")
    folder = tmp_path_factory.mktemp("release") / "course"
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "assignments").mkdir()
    shutil.copy(ROOT / "assignments" / "masters.py", folder / "assignments")
    for name, text in {**FILES, "notebooks/01_a.ipynb": lesson("A lesson")}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet", "--bare", "../remote.git")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "One")
    git(folder, "remote", "add", "origin", "../remote.git")
    git(folder, "push", "--quiet", "origin", "main")
    book(folder)
    return folder.parent


@pytest.fixture
def course(pattern, tmp_path, monkeypatch):
    """A copy of it, to release or to spoil."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "x")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "x@example.org")
    shutil.copytree(pattern, tmp_path / "copy")
    return tmp_path / "copy" / "course"


@pytest.fixture
def run(course) -> Run:
    """Run a tool of that course; return its code and what it says."""

    def tool(name: str, *arguments: str) -> tuple[int, str]:
        code = "import sys; sys.path.insert(0, 'tools'); import runpy; sys.argv = sys.argv[1:]; "
        code += "runpy.run_path(sys.argv[0], run_name='__main__')"
        done = subprocess.run(
            [sys.executable, "-c", code, f"tools/{name}.py", *arguments], cwd=course,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        )  # fmt: skip
        assert "Traceback" not in done.stdout, done.stdout
        return done.returncode, done.stdout

    return tool


def book(course: Path) -> None:
    """Leave what a build of the book leaves, and make the lessons."""
    build = "import build_book as b; b.SITE.mkdir(parents=True, exist_ok=True); "
    build += "(b.SITE / 'index.html').touch(); b.STAMP.write_text(b.digest())"
    code = f"import sys; sys.path[:0] = ['tools', '.']; {build}; import edition; edition.renew()"
    subprocess.run([sys.executable, "-c", code], cwd=course, check=True)


def on_remote(course: Path) -> dict[str, str]:
    """Return the commits of branches and tags on the remote, by name."""
    lines = git(course, "ls-remote", "origin", "refs/heads/*", "refs/tags/*").splitlines()
    return {name: commit for commit, name in (line.split("\t") for line in lines)}


def test_a_release_brings_tag_lessons_and_package_of_one_commit(course, run):
    code, said = run("release", "v1.2.3")
    assert code == 0, said
    there, head = on_remote(course), git(course, "rev-parse", "HEAD")
    assert there["refs/tags/v1.2.3"] == there["refs/heads/main"] == head
    branch = there["refs/heads/edition"]
    assert head in git(course, "log", "-1", "--format=%B", branch)
    listed = git(course, "ls-tree", "-r", "--name-only", branch).splitlines()
    made = sorted(p for p in (course / "_build" / "edition").rglob("*") if p.is_file())
    assert listed == [p.relative_to(course / "_build" / "edition").as_posix() for p in made]
    for path in made:
        name = path.relative_to(course / "_build" / "edition").as_posix()
        content = subprocess.check_output(["git", "show", f"{branch}:{name}"], cwd=course)
        assert content == path.read_bytes(), name
    (wheel,) = (course / "_build" / "release").iterdir()
    assert wheel.name.startswith("lenet_utils-1.2.3-")
    # Nothing is new: the branch stays where it is, and the tag is where it should be.
    git(course, "fetch", "--quiet", "--tags", "origin")
    assert run("publish_edition") == (0, f"edition on origin: {branch}, as before\n")
    assert run("publish_edition", "--check")[0] == 0
    assert on_remote(course) == there


def change(course: Path, name: str, old: str, new: str, committed: bool = True) -> None:
    path = course / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    if committed:
        git(course, "commit", "--quiet", "--all", "-m", "Two")


def tagged(course: Path) -> None:
    git(course, "tag", "v1.2.3")
    git(course, "push", "--quiet", "origin", "v1.2.3")


def test_a_changed_lesson_is_published_on_top(course, run):
    tagged(course)
    assert run("publish_edition")[0] == 0
    first = on_remote(course)["refs/heads/edition"]
    change(course, "notebooks/01_a.ipynb", "# A lesson", "# A better lesson")
    assert run("publish_edition")[1] == "edition was made from other sources: make edition\n"
    book(course)
    code, said = run("publish_edition", "--check")
    assert (code, said) == (1, "01_a.ipynb\nREADME.md\n")
    assert run("publish_edition")[0] == 0
    second = on_remote(course)["refs/heads/edition"]
    assert git(course, "rev-parse", f"{second}^") == first
    assert "A better lesson" in git(course, "show", f"{second}:01_a.ipynb")
    assert run("publish_edition", "--check")[0] == 0


def test_lessons_wait_for_a_release_of_the_package_they_need(course, run):
    tagged(course)
    assert run("publish_edition")[0] == 0
    before = on_remote(course)
    change(course, "lenet_utils/layers.py", "import torch", "import torch\n")
    book(course)
    code, said = run("publish_edition")
    assert code == 1 and "lenet_utils has changed since v1.2.3" in said
    assert on_remote(course) == before


def spoil_book(course: Path) -> None:
    (course / "_build" / ".built").write_text("another", encoding="utf-8")


def spoil_lessons(course: Path) -> None:
    (course / "_build" / ".edition").write_text("another", encoding="utf-8")


def spoil_set_up(course: Path) -> None:
    path = course / "_build" / "edition" / "01_a.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("v1.2.3", "v1.2.2"), encoding="utf-8")


def spoil_tag(course: Path) -> None:
    git(course, "tag", "v1.2.3")
    git(course, "commit", "--quiet", "--allow-empty", "-m", "Two")


def spoil_remote(course: Path) -> None:
    git(course, "push", "--quiet", "origin", "HEAD:refs/tags/v1.2.3")


def spoil_commit(course: Path) -> None:
    change(course, "README.md", "pip", "pip  ", committed=False)


def spoil_version(course: Path) -> None:
    change(course, "CITATION.cff", "1.2.3", "1.2.4")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_book, "the book was built from other sources"),
        (spoil_lessons, "edition was made from other sources"),
        (spoil_set_up, "01_a.ipynb does not install v1.2.3"),
        (spoil_tag, "v1.2.3 is on another commit"),
        (spoil_remote, "origin has a v1.2.3 that is not here"),
        (spoil_commit, "not committed: README.md"),
        (spoil_version, "CITATION.cff names v1.2.4"),
    ],
)
def test_what_does_not_belong_together_is_not_released(course, run, spoil, says):
    spoil(course)
    before = on_remote(course)
    code, said = run("release", "v1.2.3")
    assert code == 1 and says in said
    assert on_remote(course) == before
    assert not (course / "_build" / "release").exists()


def test_another_tag_than_that_of_the_version_is_refused(course, run):
    code, said = run("release", "v1.2.4")
    assert code == 1 and "the tag is v1.2.4; pyproject.toml wants v1.2.3" in said


def test_where_the_remote_refuses_one_part_nothing_arrives(course, run):
    hook = course.parent / "remote.git" / "hooks" / "update"
    hook.write_text('#!/bin/sh\ntest "$1" != refs/heads/edition\n', encoding="utf-8")
    hook.chmod(0o755)
    before = on_remote(course)
    code, said = run("release", "v1.2.3")
    assert code == 1 and said.startswith("Nothing was released: git push")
    assert on_remote(course) == before
