"""`make grade`, with submissions that are right, half right, wrong and hostile."""

import csv
import os
import re
import runpy
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from grading_corpus import ASSIGNMENT, CORPUS, QUESTIONS, SECRET, write_course, write_submissions

REPOSITORY = Path(__file__).parents[1]
GRADING = REPOSITORY / "assignments" / "grading"
sys.path.insert(0, str(GRADING))

from course import Course  # noqa: E402
from isolation import sandbox  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="grading needs Linux or macOS")
LIMITS = "--cell-seconds 3 --notebook-seconds 30 --megabytes 1500 --workers 2"


@dataclass
class Graded:
    """A run of `make grade`."""

    course: Path
    output: Path
    said: str
    names: list[str]

    def rows(self, name: str = "grades.csv") -> list[dict[str, str]]:
        with (self.output / ASSIGNMENT / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def page(self, student: str) -> str:
        return (self.output / ASSIGNMENT / "feedback" / f"{student}.html").read_text(
            encoding="utf-8"
        )


def command(submissions: Path, course: Path, output: Path, more: str = "") -> list[str]:
    """The command of the documentation, in the environment that runs the tests."""
    options = f"--course {course} --output {output} {LIMITS} {more}"
    environment = Path(sys.prefix).resolve()
    venv = os.path.relpath(environment, REPOSITORY)
    return [
        "make", "--no-print-directory", "-C", str(REPOSITORY), f"VENV={venv}", "grade",
        f"SUBMISSIONS={submissions}", f"OPTIONS={options}",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    folder = tmp_path_factory.mktemp("grading")
    course = write_course(folder / "course")
    output = folder / "graded"
    release = Course.build(course, output / "course").releases[ASSIGNMENT]
    around = sandbox()
    names = [n for n, case in CORPUS.items() if around.namespaces or not case.needs_namespaces]
    with socket.create_server(("127.0.0.1", 0)) as server:
        submissions = write_submissions(
            folder / "submissions", release, names,
            COURSE=output / "course", OTHER=folder / "submissions" / "plain.ipynb",
            PORT=server.getsockname()[1],
        )  # fmt: skip
        link = submissions / "link.ipynb"
        link.symlink_to(course / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
        done = subprocess.run(
            command(submissions, course, output), capture_output=True, encoding="utf-8", timeout=600
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return Graded(course, output, done.stdout, names)


def test_the_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 25


@pytest.mark.parametrize("name", CORPUS)
def test_each_submission_gets_what_it_earned(graded: Graded, name: str) -> None:
    case = CORPUS[name]
    if name not in graded.names:
        pytest.skip("needs namespaces")
    row = next(row for row in graded.rows() if row["student"] == name)
    points = tuple(float(row[question]) for question in list(QUESTIONS)[:3])
    assert points == case.points, graded.page(name)
    assert case.says in row["remarks"] + graded.page(name)
    assert not (case.is_quiet and row["remarks"]), row["remarks"]


def test_a_link_is_not_followed(graded: Graded) -> None:
    row = next(row for row in graded.rows() if row["student"] == "link")
    assert row["total"] == "0"
    assert "link" in row["remarks"]


def test_the_answer_that_a_person_reads_waits_for_one(graded: Graded) -> None:
    row = next(row for row in graded.rows() if row["student"] == "plain")
    assert (row["q4_why"], row["to read"], row["total"], row["out of"]) == ("", "q4_why", "8", "10")
    untouched = next(row for row in graded.rows() if row["student"] == "untouched")
    assert (untouched["q4_why"], untouched["to read"]) == ("0", "")


def test_no_page_gives_a_hidden_test_away(graded: Graded) -> None:
    for name in graded.names:
        page = graded.page(name)
        # Students can print what they typed; what they did not type is the test's own text.
        assert "HIDDEN TESTS" not in page or name == "reads-files"
        assert "places = len(range" not in page
        assert f"secret = {SECRET}" not in page
        assert "<script" not in page


def test_pages_say_where_to_look(graded: Graded) -> None:
    page = graded.page("one-number")
    assert "biases: one for each map. See Weight sharing" in page
    assert "A tiny assignment<br><code>q1_counts_test</code>" in page
    assert "your code raised ValueError, line 2 of its cell: not yet" in graded.page("raises")
    assert "http" not in page.replace("http-equiv", "")


def test_masters_and_grades_are_untouched(graded: Graded) -> None:
    original = (graded.course / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes()
    copied = graded.output / "course" / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    assert copied.read_bytes() == original
    with sqlite3.connect(graded.output / "course" / "gradebook.db") as gradebook:
        assert gradebook.execute("pragma integrity_check").fetchone() == ("ok",)


def test_nothing_is_left_running(graded: Graded) -> None:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, encoding="utf-8").stdout
    assert str(graded.output) not in listed


def test_canvas_moodle_and_gradescope_get_their_columns(graded: Graded) -> None:
    canvas = graded.rows("canvas.csv")
    assert list(canvas[0]) == [
        "Student", "ID", "SIS User ID", "SIS Login ID", "Section", ASSIGNMENT,
    ]  # fmt: skip
    assert (canvas[0]["Student"], canvas[0][ASSIGNMENT]) == ("    Points Possible", "10")
    # What a person has not read is held back; the sheet for Gradescope's columns is no upload.
    totals = {row["Student"]: row[ASSIGNMENT] for row in canvas}
    assert (totals["plain"], totals["untouched"]) == ("", "0")
    moodle = graded.rows("moodle.csv")[0]
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(moodle)
    assert moodle["Maximum Grade"] == "10"
    grades = {row["Full name"]: row["Grade"] for row in graded.rows("moodle.csv")}
    assert (grades["plain"], grades["untouched"]) == ("", "0")
    assert "left out of the tables for platforms until all is read" in graded.said
    gradescope = {row["First Name"]: row for row in graded.rows("gradescope.csv")}
    assert gradescope["plain"]["Total Score"] == "8"
    assert gradescope["plain"]["2: q2_side_test (3.0 pts)"] == "3"
    assert gradescope["plain"]["Status"] == "Ungraded"


def test_points_that_a_person_gave_survive_a_second_run(graded: Graded, tmp_path: Path) -> None:
    output = tmp_path / "graded"
    shutil.copytree(graded.output, output)
    course = Course(output / "course")
    with course.gradebook() as book:
        grade = book.find_grade("q4_why", ASSIGNMENT, ASSIGNMENT, "plain")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        book.find_comment("q4_why", ASSIGNMENT, ASSIGNMENT, "plain").manual_comment = "Nearly."
        book.db.commit()
    submissions = tmp_path / "submissions"
    submissions.mkdir()
    shutil.copy(graded.output.parent / "submissions" / "plain.ipynb", submissions)
    done = subprocess.run(
        command(submissions, graded.course, output),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert "1 graded before and unchanged" in done.stdout, done.stdout + done.stderr
    again = Graded(graded.course, output, done.stdout, ["plain"])
    assert [row["total"] for row in again.rows()] == ["9.5"]
    assert "Nearly." in again.page("plain")


def test_a_run_that_was_killed_goes_on(
    graded: Graded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "graded"
    release = Course.build(graded.course, output / "course").releases[ASSIGNMENT]
    names = ["plain", "loops", "untouched", "words"]
    submissions = write_submissions(tmp_path / "submissions", release, names)
    run = command(submissions, graded.course, output, "--workers 1")
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # what a killed run leaves there goes with it
    with subprocess.Popen(
        run, stdout=subprocess.PIPE, encoding="utf-8", start_new_session=True
    ) as first:
        for line in first.stdout:
            if "loops  " in line:
                break
        os.killpg(first.pid, signal.SIGKILL)
    record = output / "records" / ASSIGNMENT / "loops.json"
    written = record.stat().st_mtime_ns
    time.sleep(1)
    assert not (output / ASSIGNMENT / "grades.csv").exists()
    second = subprocess.run(run, capture_output=True, encoding="utf-8", timeout=300)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "graded before and unchanged" in second.stdout
    assert record.stat().st_mtime_ns == written
    totals = {r["student"]: r["total"] for r in Graded(graded.course, output, "", []).rows()}
    assert totals == {"plain": "8", "loops": "8", "untouched": "0", "words": "6"}


def without_namespaces(submissions: Path, course: Path, output: Path) -> Any:
    """Grade where the system has no tools for namespaces."""
    tools = output.parent / "bin"
    tools.mkdir()
    grade = [sys.executable, str(GRADING), str(submissions), "--course", str(course)]
    return subprocess.run(
        [*grade, "--output", str(output), *LIMITS.split()],
        env=os.environ | {"PATH": str(tools)}, capture_output=True, encoding="utf-8", timeout=300,
    )  # fmt: skip


def test_without_namespaces_it_says_so_and_still_guards(graded: Graded, tmp_path: Path) -> None:
    output = tmp_path / "graded"
    release = Course.build(graded.course, output / "course").releases[ASSIGNMENT]
    names = ["plain", "magics", "reads-files", "writes-files", "network", "loops-in-the-function"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        submissions = write_submissions(
            tmp_path / "submissions", release, names,
            COURSE=output / "course", OTHER=tmp_path / "submissions" / "plain.ipynb",
            PORT=server.getsockname()[1],
        )  # fmt: skip
        done = without_namespaces(submissions, graded.course, output)
    if os.getuid() == 0 and done.returncode:
        assert "grade as an ordinary user" in done.stderr
        assert not (output / "records").exists()
        return
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WEAK" in done.stdout
    for row in Graded(graded.course, output, "", []).rows():
        points = tuple(float(row[question]) for question in list(QUESTIONS)[:3])
        assert points == CORPUS[row["student"]].points, row


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["/nowhere"], "is not a folder"),
        ([".", "--output", "inside"], "lies inside the submissions"),
        ([".", "--course", "/nowhere"], "no folder `source`"),
        ([".", "--output", f"{sys.prefix}/graded"], "which submissions can read"),
    ],
)
def test_what_cannot_be_graded_is_named(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["grading", *arguments])
    assert says in runpy.run_path(str(GRADING / "__main__.py"))["main"]()


PAGES = ("assignments/README.md", "assignments/grading/README.md", "book/teaching.md")


def test_options_on_the_pages_are_options_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = runpy.run_path(str(GRADING / "__main__.py"))["arguments"]
    text = "".join((REPOSITORY / page).read_text(encoding="utf-8") for page in PAGES)
    named = {quoted or word for quoted, word in re.findall(r'OPTIONS=(?:"([^"]+)"|(--\w+))', text)}
    assert {"--late late.toml", "--unread", "--names", "--again"} <= named
    for options in named:
        monkeypatch.setattr(sys, "argv", ["grading", *shlex.split(options), "folder"])
        assert arguments().submissions == Path("folder")
    monkeypatch.setattr(sys, "argv", ["grading", "folder"])
    defaults = vars(arguments())
    listed = dict(re.findall(r"^\| `--([\w-]+)` \| (\d+) \|", text, re.MULTILINE))
    assert {"cell-seconds", "notebook-seconds", "megabytes"} == set(listed)
    for name, number in listed.items():
        assert defaults[name.replace("-", "_")] == float(number), name


def test_make_asks_for_the_folder() -> None:
    venv = os.path.relpath(Path(sys.prefix).resolve(), REPOSITORY)
    done = subprocess.run(
        ["make", "-C", str(REPOSITORY), f"VENV={venv}", "grade"],
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode != 0
    assert "make grade SUBMISSIONS=folder" in done.stderr
