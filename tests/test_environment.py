"""Environments: made once, made anew whatever became of them, and no failure passes for success."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import build_book
import environment
import pytest
from conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the Makefile needs a Unix shell")


def ask(folder: Path, requirements: Path, *course: Path) -> subprocess.CompletedProcess[str]:
    """Run the tool from another folder."""
    command = [sys.executable, ROOT / "tools" / "environment.py", folder, requirements, *course]
    pip = {"PIP_NO_INDEX": "1"}  # nothing that is needed here comes from an index
    return subprocess.run(
        command, env=os.environ | pip, cwd=folder.parent, capture_output=True, encoding="utf-8"
    )


def test_an_environment_is_mended_whatever_became_of_it(tmp_path: Path) -> None:
    venv, requirements = tmp_path / "an env 书", tmp_path / "requirements.txt"
    requirements.write_text("pip  # is there\nnowhere; sys_platform == 'none'\n", "utf-8")
    stamp, python = venv / environment.STAMP, venv / "bin" / "python"
    pip = [python, "-m", "pip", "--version"]

    first = ask(venv, requirements)
    assert first.returncode == 0 and "Installing" in first.stdout, first.stderr
    assert stamp.exists()
    assert ask(venv, requirements).stdout == "", "asked again, it had something to do"

    requirements.write_text("pip\n./nowhere\n", "utf-8")
    failed = ask(venv, requirements)
    assert failed.returncode and "Not everything is installed" in failed.stderr
    assert not stamp.exists(), "a failure passes for success"
    requirements.write_text("pip\n", "utf-8")
    assert "Installing" in ask(venv, requirements).stdout

    for name in venv.glob("lib/python*/site-packages/pip*"):
        shutil.rmtree(name)
    assert ask(venv, requirements).returncode == 0
    assert subprocess.run(pip, capture_output=True).returncode == 0, "what has gone stays away"

    moved = venv.rename(tmp_path / "moved")
    (moved / "left").touch()
    assert ask(moved, requirements).returncode == 0
    assert not (moved / "left").exists(), "programs of a moved environment name the old place"
    assert stamp.name in os.listdir(moved)

    (moved / "bin" / "python").unlink()
    (moved / "bin" / "python").symlink_to("/nowhere/python")
    # This time as the one for grading, which sees the packages of the course.
    assert ask(moved, requirements, Path(sys.prefix)).returncode == 0
    code = "import pytest; print(pytest.__file__)"
    command = [moved / "bin" / "python", "-c", code]
    seen = subprocess.check_output(command, cwd=tmp_path, encoding="utf-8")
    assert seen.strip() == pytest.__file__


def test_a_python_that_is_too_old_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(environment.sys, "version_info", (3, 9, 6, "final", 0))
    with pytest.raises(SystemExit, match=r"needs Python 3.11 or newer; .* is 3.9.6. Try: make PYT"):
        environment.prepare(tmp_path, str(tmp_path / "bin" / "python"))


def test_a_python_without_venv_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(environment.subprocess, "call", lambda command: 1)
    with pytest.raises(SystemExit, match="install python3-venv; or name another Python"):
        environment.prepare(tmp_path, str(tmp_path / "bin" / "python"))


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "book/_static/vendor/versions.txt").write_text("new", "utf-8"),
        lambda root: (root / "book/_static/vendor/versions.txt").unlink(),
        lambda root: (root / "slides/part1.md").write_text("# Other", "utf-8"),
        lambda root: (root / "slides/part1.md").rename(root / "slides/part2.md"),
        lambda root: (root / "lenet_utils/records/paper.json").unlink(),
        lambda root: (root / "notebooks/05_layer_by_layer.ipynb").write_text("{}", "utf-8"),
    ],
)
def test_the_book_is_built_again_when_what_it_is_made_from_changes(
    tmp_path: Path, monkeypatch, change
) -> None:
    monkeypatch.setattr(build_book, "ROOT", tmp_path)
    for name in ("book/_static/vendor/versions.txt", "slides/part1.md"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("a", "utf-8")
    shutil.copytree(ROOT / "lenet_utils" / "records", tmp_path / "lenet_utils" / "records")
    (tmp_path / "notebooks").mkdir()
    before = build_book.digest()
    for own in ("notebooks/Untitled.ipynb", "book/_static/.DS_Store", "book/notes.md"):
        (tmp_path / own).write_text("mine", "utf-8")
        os.utime(tmp_path / own, (2**32, 2**32))
    assert build_book.digest() == before
    change(tmp_path)
    assert build_book.digest() != before


def test_without_node_the_book_is_another_one(monkeypatch) -> None:
    digests = set()
    for node in ("/usr/bin/node", None):
        monkeypatch.setattr(build_book.shutil, "which", lambda name, node=node: node)
        digests.add(build_book.digest())
    assert len(digests) == 2 and all(len(d) == len(hashlib.sha256().hexdigest()) for d in digests)
