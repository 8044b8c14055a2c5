"""The commands where a reader has them: a ZIP without .git, in a folder that is hard to quote.

Under a locale that knows no letter but ASCII's and a umask that shuts others out, beside files of
the reader's own in every folder that the commands look into.
"""

import ast
import csv
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, belonging
from contents import lessons, pages
from masters import masters
from pypdf import PdfReader

LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
FOLDER = "a folder 书, it's $HOME"
A1 = "a1_shapes_and_counts"
LESSON = "notebooks/05_layer_by_layer.ipynb"
BROKEN = "{'no notebook"
OWN = {
    "notebooks/Untitled.ipynb": "",
    "notebooks/Untitled 1.ipynb": BROKEN,
    "notebooks/quizzes/99.yml": "- [",
    "notebooks/notes.md": "[nowhere](nowhere.md)",
    "book/notes.md": "[nowhere](nowhere.md)",
    "slides/notes.md": "![No figure](../notebooks/nowhere.ipynb)",
    "slides/part1 copy.md": "![No figure](../notebooks/nowhere.ipynb)",
    f"assignments/source/{A1}/Untitled.ipynb": BROKEN,
    "assignments/source/Untitled.ipynb": BROKEN,
    "assignments/source/.DS_Store": "",
}
COPIES = {
    LESSON: ["notebooks/05_layer_by_layer-Copy1.ipynb", "notebooks/.ipynb_checkpoints/05.ipynb"],
    "book/part1.md": ["book/part1 copy.md", "book/.ipynb_checkpoints/part1-checkpoint.md"],
    f"assignments/source/{A1}/{A1}.ipynb": [f"assignments/source/{A1}/{A1}-Copy1.ipynb"],
}


# What takes minutes: `make elsewhere`, for which a workflow has a job.
dear = pytest.mark.skipif("ELSEWHERE" not in os.environ, reason="make elsewhere runs it")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the course; of seven assignments one."""
    umask = os.umask(0o077)
    folder = tmp_path_factory.mktemp("elsewhere") / FOLDER
    for name in belonging():
        if not name.startswith(tuple(f"assignments/source/a{i}" for i in range(2, 8))):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for name, text in OWN.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, copies in COPIES.items():
        for copy in copies:
            (folder / copy).parent.mkdir(exist_ok=True)
            shutil.copy(folder / name, folder / copy)
    for made in ("book/_static/vendor", "_build/edition"):
        if (ROOT / made).exists():
            shutil.copytree(ROOT / made, folder / made)
    os.umask(umask)
    return folder


def surroundings(**more: str) -> dict[str, str]:
    ours = ("MAKE", "MFLAGS", "GIVEN_", "PYTHONPATH", "SOURCE_DATE_EPOCH", "LANG", "LC_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | LOCALE | more


def make(
    course: Path, *words: str, fails: bool = False, made: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run make in the folder of the course, from another one, with the packages that are here."""
    # The environment is that of the tests: make should not install into it from here.
    old = [part for name in ("environment", *made) for part in ("-o", name)]
    done = subprocess.run(
        ["make", "-C", course, f"VENV={sys.prefix}", *old, *words],
        cwd=course.parent, env=surroundings(), umask=0o077, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=1200,
    )  # fmt: skip
    assert bool(done.returncode) == fails, done.stdout
    return done


@dear
def test_the_book_is_what_the_contents_name(course: Path) -> None:
    make(course, "book")
    html = course / "_build" / "html"
    for folder in ("book", "notebooks"):
        wanted = {f"{name}.html" for name in pages() if name.startswith(folder)}
        assert {p.relative_to(html).as_posix() for p in html.glob(f"{folder}/**/*.html")} == wanted
    decks = {name.replace("book", "slides") for name in pages() if name.startswith("book/part")}
    assert {f"slides/{path.stem}" for path in html.glob("slides/*.html")} == decks
    status = (html / "book" / "status.html").read_text(encoding="utf-8")
    assert status.count("../notebooks/") > len(lessons()) and "Untitled" not in status
    assert "Copy1" not in status
    # Without a history there is the day that an archive names, or none: not that of the build.
    archived = (course / "book" / "_ext" / "archived.txt").read_text(encoding="utf-8")
    assert ("Last updated" in status) == archived[0].isdigit()


@dear
def test_it_is_built_again_only_when_it_would_change(course: Path) -> None:
    index = course / "_build" / "html" / "index.html"
    built = index.stat().st_mtime_ns
    (course / "notebooks" / "Untitled 2.ipynb").write_text(BROKEN, encoding="utf-8")
    make(course, "slides")
    assert index.stat().st_mtime_ns == built
    page = course / "book" / "history.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(f"{text}\n[nowhere](nowhere.md)\n", encoding="utf-8")
    for _ in range(2):
        assert "The book was not built" in make(course, "slides", fails=True).stdout
        assert index.stat().st_mtime_ns == built, "a book with a fault replaced the one that stood"
    page.write_text(text, encoding="utf-8")
    make(course, "slides")
    assert index.stat().st_mtime_ns == built


@pytest.mark.slow
def test_a_page_that_is_not_there_is_named_at_once(course: Path) -> None:
    index = course / "_build" / "html" / "index.html"
    before = index.exists()
    toc = course / "_toc.yml"
    text = toc.read_text(encoding="utf-8")
    toc.write_text(f"{text}      - file: book/nowhere\n", encoding="utf-8")
    said = make(course, "slides", fails=True, made=("edition",)).stdout
    toc.write_text(text, encoding="utf-8")
    assert "The book was not built: _toc.yml names book/nowhere" in said
    assert index.exists() == before


@dear
@pytest.mark.browser
def test_it_is_printed(course: Path, browser: object) -> None:
    pdf = course / "_build" / "lenet5-rebuilt.pdf"
    make(course, "pdf")
    assert len(PdfReader(pdf).pages) > 100


@dear
def test_tests_take_what_belongs_to_the_course(course: Path) -> None:
    lesson = LESSON.replace("notebooks", "_build/edition")
    done = make(course, "test", f"TESTS=tests/test_quizzes.py {lesson} -k 'not renew'")
    assert "passed" in done.stdout and "Untitled" not in done.stdout


@dear
def test_a_term_has_the_same_numbers_however_it_is_written(course: Path) -> None:
    term = 'prof\'s Frühling $(rm) `x` $HOME "2027"'
    done = make(course, "assignments", f"TERM={term}")
    assert "Left out: assignments/source/Untitled.ipynb" in done.stdout
    assert (course / "assignments" / "term.txt").read_text(encoding="utf-8") == f"{term}\n"
    first = notebooks(course)
    assert set(first) == {f"{path.stem}.ipynb" for path in masters(course / "assignments/source")}
    tool = [sys.executable, str(course / "tools" / "assignments.py")]
    (course / "assignments" / "term.txt").write_bytes(
        b"\xef\xbb\xbf" + unicodedata.normalize("NFD", term).encode() + b"\r\n"
    )
    subprocess.run(tool, env=surroundings(), check=True, stdout=subprocess.DEVNULL)
    assert notebooks(course) == first
    subprocess.run([*tool, f"{term}."], env=surroundings(), check=True, stdout=subprocess.DEVNULL)
    assert notebooks(course) != first


def notebooks(course: Path) -> dict[str, bytes]:
    """Return the students' notebooks of the assignment."""
    return {name: text for name, text in released(course).items() if name.startswith("a1_")}


def released(course: Path) -> dict[str, bytes]:
    """Return what a term has made: its notebooks, and its name where there is one."""
    found = (course / "assignments").glob("release/*/*"), (course / "assignments").glob("term.txt")
    return {path.name: path.read_bytes() for paths in found for path in paths}


@pytest.mark.slow
@pytest.mark.parametrize("term", ["", "  ", "two\nlines", "a\tb", b"fr\xfchling"])
def test_what_is_no_name_changes_nothing(course: Path, term: str | bytes) -> None:
    before = released(course)
    done = make(course, "assignments", os.fsdecode(b"TERM=" + os.fsencode(term)), fails=True)
    assert "the name of the term" in done.stdout and "Traceback" not in done.stdout
    assert released(course) == before


@pytest.mark.slow
def test_a_broken_master_changes_nothing(course: Path) -> None:
    before = released(course)
    master = course / "assignments" / "source" / A1 / f"{A1}.ipynb"
    kept = master.read_bytes()
    master.write_text(BROKEN, encoding="utf-8")
    make(course, "assignments", "TERM=another", fails=True)
    master.write_bytes(kept)
    assert released(course) == before


@dear
@pytest.mark.skipif(sys.platform == "win32", reason="grading needs Linux or macOS")
def test_submissions_are_graded(course: Path) -> None:
    homework = course.parent / 'it\'s "home" work $HOME 书'
    homework.mkdir()
    for name in ("zoé", "ann"):
        shutil.copy(course / f"assignments/source/{A1}/{A1}.ipynb", homework / f"{name}.ipynb")
    roster = homework.parent / "the class's roster.csv"
    roster.write_text("Student,ID\nann,17\n", encoding="utf-8")
    output = homework.parent / "out put"
    make(course, "grade", f"SUBMISSIONS={homework}", f"ROSTER={roster}",
         f"OPTIONS=--workers 2 --output '{output}'")  # fmt: skip
    with (output / A1 / "grades.csv").open(newline="", encoding="utf-8") as file:
        assert [row["total"] for row in csv.DictReader(file)] == ["18", "18"]
    assert "17" in (output / A1 / "canvas.csv").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_port_that_is_taken_is_named(course: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = f"PORT={taken.getsockname()[1]}"
        done = make(course, "serve", port, made=("_build/html/index.html", "vendor"), fails=True)
    assert "is in use" in done.stdout and "Traceback" not in done.stdout


@pytest.mark.slow
def test_the_lessons_open_in_jupyterlab(course: Path, tmp_path: Path, edition: Path) -> None:
    old = ["-o", "environment", "-o", "edition"]
    command = ["make", "-C", course, f"VENV={sys.prefix}", *old, "lab", "FOLDER=my 'own' work"]
    settings = '{"ServerApp": {"open_browser": false, "port": 0}}'
    (tmp_path / "jupyter_server_config.json").write_text(settings, encoding="utf-8")
    lab = subprocess.Popen(
        command, env=surroundings(JUPYTER_CONFIG_DIR=str(tmp_path)), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8", start_new_session=True,
    )  # fmt: skip
    assert lab.stdout is not None  # a pipe
    said = []
    for line in lab.stdout:
        said.append(line)
        if "http://" in line:
            break
    os.killpg(lab.pid, signal.SIGKILL)  # it may wait for ever after a milder one
    lab.communicate()
    assert "http://" in said[-1], "".join(said)
    given = {path.name for path in (course / "my 'own' work").glob("*.ipynb")}
    assert given == {path.name for path in lessons()}


def test_what_a_locale_cannot_print_stops_no_program() -> None:
    command = [sys.executable, "-m", "lenet_research", "show", "paper"]
    shown = subprocess.check_output(command, cwd=ROOT, env=surroundings(), encoding="ascii")
    assert r"\xb1" in shown


def python_sources() -> Iterator[tuple[str, str]]:
    """Yield all code of the repository, cells of notebooks among it."""
    for name in belonging():
        if name.endswith(".py"):
            yield name, (ROOT / name).read_text(encoding="utf-8")
    for path in [*lessons(), *masters(ROOT / "assignments" / "source")]:
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "code" and not re.search(r"^\s*[%!]", cell.source, re.M):
                yield path.name, cell.source


def unnamed(source: str) -> list[str]:
    """Return the calls that read or write text in the encoding of the locale."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        function = call.func
        name = getattr(function, "attr", None) or getattr(function, "id", "")
        values = {key.arg: key.value for key in call.keywords}
        binary = any(isinstance(a, ast.Constant) and a.value in BINARY for a in
                     [*call.args, *values.values()])  # fmt: skip
        is_text = (
            (name == "read_text" and not call.args)
            or (name == "write_text" and len(call.args) < 2)
            or (name == "open" and isinstance(function, ast.Name) and not binary)
            or (name == "open" and ("newline" in values or _opens_path(call)) and not binary)
            or (name.endswith("TemporaryFile") and "mode" in values and not binary)
            or any(getattr(values.get(key), "value", False) is True for key in TEXT)
        )
        if is_text and "encoding" not in values:
            found.append(ast.unparse(call))
    return found


BINARY = {"rb", "wb", "ab", "xb", "r+b", "rb+", "w+b", "wb+"}
TEXT = ("text", "universal_newlines")
MODES = {"r", "w", "a", "x", "r+", "w+"}


def _opens_path(call: ast.Call) -> bool:
    """Return whether a method `open` has no argument but the mode of a text file."""
    words = [a.value for a in call.args if isinstance(a, ast.Constant)]
    return (
        isinstance(call.func, ast.Attribute)
        and len(call.args) == 1
        and set(words) <= MODES
        and bool(words)
    )


@pytest.mark.parametrize(
    "source",
    [
        "p.read_text()", "p.write_text(t)", "open(p)", "open(p, 'w')", "p.open('w')",
        "p.open(newline='')", "run(c, text=True)", "check_output(c, universal_newlines=True)",
        "NamedTemporaryFile(mode='w')",
    ],
)  # fmt: skip
def test_a_call_that_names_no_encoding_is_seen(source: str) -> None:
    named = f"{source[:-1]}{'' if source[-2] == '(' else ', '}encoding='utf-8')"
    assert unnamed(source) and not unnamed(named)


def test_every_text_is_read_and_written_in_a_named_encoding() -> None:
    missing = [(name, call) for name, source in python_sources() for call in unnamed(source)]
    assert not missing
