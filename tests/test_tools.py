"""The tools: reruns that give no diff, and packages that are checked before they are used."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from unittest.mock import MagicMock

import lowest
import nbformat
import pdf
import pytest
import run_notebooks
import vendor
from conftest import ROOT, without
from nbformat.v4 import new_code_cell, new_notebook, new_output


def notebook_with(text: str, source: str = "print(history)") -> nbformat.NotebookNode:
    return new_notebook(cells=[new_code_cell(source, outputs=[new_output("stream", text=text)])])


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("took 3.2 s\n", "took 14 s\n"),
        ("    1      0.6486       17.31%      3.12%     3.4\n",) * 2,
        (
            "    1      0.6486       17.31%             3.12%      3.4\n",
            "    1      0.6486       17.31%             3.12%     12.9\n",
        ),
        ("device(type='cpu')", "device(type='cuda', index=0)"),
        ("550/550 [00:03<00:00, 180.1it/s]", "550/550 [00:12<00:00, 45.2it/s]"),
        ('<svg viewBox="0 0 1 1">a</svg> 5', '<svg viewBox="0 0 2 2">\nb</svg> 5'),
    ],
)
def test_output_that_only_varies_is_kept(stored, new):
    notebook = notebook_with(new)
    run_notebooks.keep_what_only_varies(notebook, notebook_with(stored))
    assert notebook.cells[0].outputs[0].text == stored


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("61,706 parameters", "61,707 parameters"),
        ("accuracy 99.26%: 74 of 10,000 wrong", "accuracy 99.25%: 75 of 10,000 wrong"),
        (
            "    1      0.6486       17.31%             3.12%      3.4\n",
            "    1      0.6487       17.31%             3.12%      3.4\n",
        ),
        ("C1 is (6, 28, 28)", "C1 is (6, 28, 27)"),
        ("<svg>a</svg> 5", "<svg>a</svg> 6"),
        ("distances: [84, 87]", "distances: [84, 88]"),
    ],
)
def test_output_that_says_something_else_is_replaced(stored, new):
    notebook = notebook_with(new)
    run_notebooks.keep_what_only_varies(notebook, notebook_with(stored))
    assert notebook.cells[0].outputs[0].text == new


def test_output_of_other_code_is_replaced():
    notebook = notebook_with("took 3 s", source="print(1)")
    run_notebooks.keep_what_only_varies(notebook, notebook_with("took 4 s", source="print(2)"))
    assert notebook.cells[0].outputs[0].text == "took 3 s"


@pytest.mark.slow
def test_rerun_gives_no_diff(tmp_path, monkeypatch):
    source = "import time, ipywidgets\nprint(time.perf_counter(), 's')\nipywidgets.IntSlider(3)"
    path = tmp_path / "lesson.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source), new_code_cell("6 * 7")]), path)
    monkeypatch.setattr("sys.argv", ["run_notebooks.py", str(path)])
    assert run_notebooks.main() == 0
    first = path.read_text(encoding="utf-8")
    assert '"42"' in first
    assert "IntSliderModel" in first
    assert run_notebooks.main() == 0
    assert path.read_text(encoding="utf-8") == first


@pytest.mark.slow
def test_the_time_of_a_run_changes_only_with_its_outputs(tmp_path, monkeypatch):
    path = tmp_path / "lesson.ipynb"
    monkeypatch.setattr("sys.argv", ["run_notebooks.py", str(path)])
    nbformat.write(new_notebook(cells=[new_code_cell("6 * 7")]), path)
    run_notebooks.main()
    notebook = nbformat.read(path, 4)
    assert notebook.metadata["executed"]["seconds"] >= 5
    assert notebook.metadata["executed"]["python"].startswith("3.")

    notebook.metadata["executed"]["seconds"] = 999
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    run_notebooks.main()
    assert nbformat.read(path, 4).metadata["executed"]["seconds"] == 999
    monkeypatch.setattr("sys.argv", ["run_notebooks.py", "--time", str(path)])
    run_notebooks.main()
    assert nbformat.read(path, 4).metadata["executed"]["seconds"] < 999
    monkeypatch.setattr("sys.argv", ["run_notebooks.py", str(path)])
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")

    notebook.cells[0].source = "6 * 8"
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    run_notebooks.main()
    assert nbformat.read(path, 4).metadata["executed"]["seconds"] < 999


@pytest.mark.slow
def test_a_lesson_that_is_edited_during_its_run_is_left_as_it_is(tmp_path, monkeypatch, capsys):
    path = tmp_path / "lesson.ipynb"
    edit = f"open({str(path)!r}, 'a').write(' ')"
    nbformat.write(new_notebook(cells=[new_code_cell(edit)]), path)
    before = path.read_text(encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["run_notebooks.py", str(path)])
    assert run_notebooks.main() == 1
    assert path.read_text(encoding="utf-8") == before + " "
    assert "edited meanwhile" in capsys.readouterr().out


def test_of_widgets_what_is_shown_is_kept_with_its_links():
    parts = ("box", "layout", "slider", "link", "bar")
    names = {part: f"{number:032x}" for number, part in enumerate(parts)}
    holds = {
        "box": {"children": [f"IPY_MODEL_{names['slider']}"]},
        "layout": {},
        "slider": {"layout": f"IPY_MODEL_{names['layout']}"},
        "link": {"source": [f"IPY_MODEL_{names['slider']}", "value"], "target": []},
        "bar": {"value": "3/3 [00:01<00:00]"},
    }
    state = {names[part]: {"state": held} for part, held in holds.items()}
    kept = run_notebooks.reachable(state, [names["box"]])
    assert set(kept) == {names[part] for part in ("box", "layout", "slider", "link")}


@pytest.mark.slow
def test_a_lesson_that_fails_is_left_as_it_was(tmp_path, monkeypatch, capsys):
    path = tmp_path / "lesson.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_text(encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["run_notebooks.py", str(path)])
    assert run_notebooks.main() == 1
    assert path.read_text(encoding="utf-8") == before
    assert "ZeroDivisionError" in capsys.readouterr().out


@pytest.fixture
def modules(tmp_path):
    """What npm installs: a package called thing."""
    folder = tmp_path / "node_modules"
    for name in ("a.js", "fonts/b.woff", "fonts/deep/c.woff", "unwanted.js"):
        (folder / "thing" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "thing" / name).write_text(name, encoding="utf-8")
    return folder


@pytest.fixture
def npm(modules, tmp_path, monkeypatch):
    """A package that is wanted, and a folder on the PATH that an npm may come into."""
    book = tmp_path / "book"
    book.mkdir()
    (book / "package.json").write_text('{"dependencies": {"thing": "1.0.0"}}', encoding="utf-8")
    (book / "package-lock.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(vendor, "BOOK", book)
    monkeypatch.setattr(vendor, "FILES", {"thing": {"a.js": "x/a.js", "fonts": "x/f"}})
    monkeypatch.setattr(vendor, "MENDED", {"x/a.js": ("a.", "the a.")})
    monkeypatch.setattr(vendor, "FOLDER", tmp_path / "vendor")
    monkeypatch.setattr("sys.argv", ["vendor.py"])
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("MODULES", str(modules))

    def comes(script: str) -> None:
        (programs / "npm").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (programs / "npm").chmod(0o755)

    comes("exit 1")
    return comes


DELIVERS = '[ "$1" = view ] || { test -f package-lock.json && cp -r "$MODULES" .; }'


def test_only_the_wanted_files_are_taken_and_mended(npm, modules, tmp_path):
    vendor.take(modules, tmp_path / "out")
    found = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert found == {"x/a.js", "x/f/b.woff", "x/f/deep/c.woff"}
    assert (tmp_path / "out/x/f/b.woff").read_text(encoding="utf-8") == "fonts/b.woff"
    assert (tmp_path / "out/x/a.js").read_text(encoding="utf-8") == "the a.js"


def test_a_file_that_is_missing_or_not_as_it_was_is_named(npm, modules, tmp_path):
    (modules / "thing" / "a.js").write_text("b.js", encoding="utf-8")
    with pytest.raises(ValueError, match=r"expected 'a\.' once in x/a\.js"):
        vendor.take(modules, tmp_path / "out")
    (modules / "thing" / "a.js").unlink()
    with pytest.raises(ValueError, match=r"thing 1\.0\.0 holds no a\.js"):
        vendor.take(modules, tmp_path / "out")


def test_the_lock_file_has_a_digest_of_each_package_and_names_no_host():
    book = ROOT / "book"
    lock = json.loads((book / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((book / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert lock["packages"][""]["dependencies"] == wanted and wanted.keys() == vendor.FILES.keys()
    for name, package in lock["packages"].items():
        assert not name or package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, f"{name}: write it with --omit-lockfile-registry-resolved"


def test_without_npm_nothing_is_fetched_and_said_so_until_it_comes(npm, capsys):
    for _ in range(2):
        assert vendor.main() is None
        said = capsys.readouterr().err
        assert "npm did not deliver thing" in said and "usual hosts" in said
        assert not vendor.FOLDER.exists()
    npm(DELIVERS)
    assert vendor.main() is None
    assert "Fetched thing 1.0.0" in capsys.readouterr().out
    assert (vendor.FOLDER / "x" / "a.js").exists() and (vendor.FOLDER / "versions.txt").exists()
    npm("exit 1")
    assert vendor.main() is None, "what is whole is not fetched again"
    assert capsys.readouterr().err == ""


def test_what_has_gone_of_the_packages_is_fetched_again(npm):
    npm(DELIVERS)
    vendor.main()
    for gone in ("x/a.js", "x/f", "versions.txt"):
        path = vendor.FOLDER / gone
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        assert vendor.main() is None
        assert path.exists()


def test_another_version_is_fetched(npm):
    npm(DELIVERS)
    vendor.main()
    (vendor.BOOK / "package-lock.json").write_text('{"new": 1}', encoding="utf-8")
    assert not vendor.is_whole()
    vendor.main()
    assert vendor.is_whole()


def test_a_package_that_was_changed_stops_the_build_with_a_sentence(npm):
    # As npm says it, for a digest that was changed in the lock file.
    npm('[ "$1" = view ] || { echo "npm error code EINTEGRITY" >&2; exit 1; }')
    assert "EINTEGRITY" in vendor.main() and "tell the maintainers" in vendor.main()
    assert not vendor.FOLDER.exists()


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("pdf.py", ["nowhere", "out.pdf"], "nowhere holds no built book"),
        ("pdf.py", ["a", "b", "c"], "unrecognized arguments: c"),
        ("vendor.py", ["folder"], "unrecognized arguments: folder"),
        ("quizzes.py", ["nowhere.ipynb", "05_no_notebook.ipynb"], "05_no_notebook.ipynb with"),
        ("run_notebooks.py", ["nowhere.ipynb", "05_no_notebook.ipynb"], "05_no_notebook.ipynb ..."),
        ("assignments.py", ["a", "b"], "unrecognized arguments: b"),
        ("assignments.py", [" "], "the name of the term is ''"),
        ("environment.py", [".", "nowhere.txt"], "No such file or directory"),
        ("check_release.py", ["v9.9.9"], "the tag is v9.9.9; pyproject.toml wants v"),
    ],
)
def test_a_wrong_argument_gets_a_sentence(tmp_path, tool, arguments, says):
    (tmp_path / "05_no_notebook.ipynb").write_text("[]", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / tool, *arguments],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode in (1, 2) and says in done.stdout
    assert "Traceback" not in done.stdout
    assert os.listdir(tmp_path) == ["05_no_notebook.ipynb"]


def test_places_are_those_of_the_folder_one_is_in(tmp_path, monkeypatch):
    printed = []
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site" / "book").mkdir(parents=True)
    (tmp_path / "site" / "book" / "welcome.html").touch()
    # Playwright itself refuses to start where another test of this process has it running.
    monkeypatch.setattr(pdf, "sync_playwright", MagicMock)
    monkeypatch.setattr(pdf, "chromium", lambda: sys.exit("no browser"))
    monkeypatch.setattr("sys.argv", ["pdf.py", "site", "out.pdf"])
    with pytest.raises(SystemExit, match="no browser"):
        pdf.main()
    monkeypatch.setattr(pdf, "chromium", lambda: "chromium")
    monkeypatch.setattr(pdf, "Book", MagicMock())
    monkeypatch.setattr(pdf, "print_book", lambda *given: printed.append(given[1:3]))
    assert pdf.main() is None
    assert printed == [(tmp_path / "site", tmp_path / "out.pdf")]


FILES = {
    "pyproject.toml": 'project = {version = "1.2.3"}\n',
    "CITATION.cff": "version: 1.2.3\n",
    "_toc.yml": "root: book/welcome\nparts: [{caption: One, chapters: [{file: notebooks/01_a}]}]\n",
    "book/welcome.md": "git tag --force v1.2.3\n",
    "notebooks/01_a.ipynb": '%pip install \\"x @ git+https://host/x@v1.2.3\\"',
    "assignments/source/a1/a1.ipynb": '%pip install \\"x @ git+https://host/x@v1.2.3\\"',
    "README.md": 'pip install "x @ git+https://host/x@v1.2.3"\n',
}


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A repository that is ready for version 1.2.3; returns a function that checks it."""
    if not shutil.which("git"):
        without("no git on this computer")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "x")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "x@example.org")
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copy(ROOT / "assignments" / "masters.py", tmp_path / "assignments")
    for words in ("init --quiet", "add .", "commit --quiet -m One", "tag v1.2.3"):
        subprocess.run(["git", *words.split()], cwd=tmp_path, check=True)

    def check(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "tools/check_release.py", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
        assert done.stderr == ""
        return done.returncode, done.stdout

    return check


def test_a_release_whose_parts_agree_passes(release):
    assert release() == release("v1.2.3") == (0, "3 files name the version, and its tag is there\n")


@pytest.mark.parametrize("name", [name for name in FILES if name != "_toc.yml"])
def test_a_file_with_another_version_is_named(release, tmp_path, name):
    path = tmp_path / name
    path.write_text(FILES[name].replace("1.2.3", "1.2.4"), encoding="utf-8")
    code, said = release()
    assert code == 1 and (name in said or name == "pyproject.toml")
    assert "1.2.4" in said


def test_a_set_up_cell_without_a_version_is_named(release, tmp_path):
    (tmp_path / "notebooks/01_a.ipynb").write_text("%pip install x", encoding="utf-8")
    assert release() == (
        1, "notebooks/01_a.ipynb names no version; pyproject.toml has 1.2.3\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("tag --delete v1.2.3", "there is no tag v1.2.3"),
        ("commit --quiet --allow-empty -m Two", "v1.2.3 is on another commit"),
    ],
)
def test_a_tag_that_is_not_there_is_named(release, tmp_path, words, says):
    subprocess.run(["git", *words.split()], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    code, said = release("v1.2.3")
    assert code == 1 and says in said


def test_a_tag_on_a_commit_of_another_version_is_named(release, tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.replace("1.2.3", "1.2.4"), encoding="utf-8")
    subprocess.run(["git", "tag", "v1.2.4"], cwd=tmp_path, check=True)
    assert release() == (1, "the commit of v1.2.4 has another version in its pyproject.toml\n")


def test_grading_asks_for_a_folder_before_it_installs_anything():
    command = ["make", "--dry-run", "VENV=nowhere", "grade"]
    asked = subprocess.check_output(command, cwd=ROOT, encoding="utf-8")
    assert "Which folder?" in asked and "environment.py" not in asked
    given = subprocess.check_output([*command, "SUBMISSIONS=folder"], cwd=ROOT, encoding="utf-8")
    assert "environment.py" in given


def test_what_drives_a_browser_is_not_run_at_the_lowest_versions():
    """Where no browser's driver is installed, a file that asks for one stops all tests."""
    driving = {
        path.stem.removeprefix("test_")
        for path in (ROOT / "tests").glob("test_*.py")
        if re.search(r"^(?:from|import) (?:playwright|selenium)\b", path.read_text("utf-8"), re.M)
    }
    assert "instruments" in driving
    left_out = lowest.LEFT_OUT
    assert {n for n in driving if not any(fnmatch.fnmatch(n, g) for g in left_out)} == set()
