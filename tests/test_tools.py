"""The tools: reruns that give no diff, and packages that are checked before they are used."""

import importlib.util
import io
import subprocess
import tarfile
from types import ModuleType

import nbformat
import pytest
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_notebook, new_output


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run_notebooks, vendor = load("run_notebooks"), load("vendor")


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
def archive(tmp_path):
    path = tmp_path / "thing-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name in ("a.js", "fonts/b.woff", "fonts/deep/c.woff", "unwanted.js"):
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(name)
            tar.addfile(info, io.BytesIO(name.encode()))
    return path


def test_only_the_wanted_members_are_unpacked(archive, tmp_path):
    package = vendor.Package("thing", "1.0.0", "", {"a.js": "x/a.js", "fonts/": "x/f/"})
    vendor.unpack(package, archive, tmp_path / "out")
    found = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert found == {"x/a.js", "x/f/b.woff", "x/f/deep/c.woff"}
    assert (tmp_path / "out/x/f/b.woff").read_text(encoding="utf-8") == "fonts/b.woff"


def test_a_member_that_is_missing_is_named(archive, tmp_path):
    package = vendor.Package("thing", "1.0.0", "", {"gone.js": "gone.js"})
    with pytest.raises(ValueError, match="thing 1.0.0 holds no gone.js"):
        vendor.unpack(package, archive, tmp_path / "out")


def test_an_archive_that_was_changed_is_refused(archive, tmp_path, monkeypatch):
    # npm has "delivered" the archive into the folder already.
    monkeypatch.setattr(vendor.subprocess, "run", lambda *args, **options: None)
    package = vendor.Package("thing", "1.0.0", "AAAA", {})
    with pytest.raises(ValueError, match="expected AAAA"):
        vendor.fetch(package, tmp_path)


def test_without_npm_nothing_is_fetched_and_said_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(vendor, "FOLDER", tmp_path / "vendor")
    assert vendor.main() == 0
    assert "usual hosts" in capsys.readouterr().err
    assert not (tmp_path / "vendor").exists()


def test_grading_asks_for_a_folder_before_it_installs_anything():
    command = ["make", "--dry-run", "VENV=nowhere", "grade"]
    asked = subprocess.check_output(command, cwd=ROOT, encoding="utf-8")
    assert "Which folder?" in asked and "pip install" not in asked
    given = subprocess.check_output([*command, "SUBMISSIONS=folder"], cwd=ROOT, encoding="utf-8")
    assert "pip install" in given
