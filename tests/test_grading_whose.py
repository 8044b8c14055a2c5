"""Whose a file is, what became of each, and who of the class is missing."""

import csv
import json
import os
import sys
import unicodedata
from pathlib import Path
from typing import Any

import nbformat
import pytest
from grading_corpus import student_version
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parents[1] / "assignments" / "grading"))

import names
import reports
import roster
import submissions
from reading import Reader
from submissions import Found, Submission

GOOD = json.dumps(student_version())
OTHER = json.dumps(
    {"cells": [{"cell_type": "code", "source": "another_assignment = 1", "id": "q1_other"}]}
)
SCRATCH = json.dumps({"cells": [{"cell_type": "code", "source": "1 + 1"}], "nbformat": 4})
PARTNERS = """
submission_77:
  :submitters:
  - :name: Ada Lovelace
    :sid: s1
    :email: ada@example.org
  - :name: Charles Babbage
    :sid: s2
    :email: charles@example.org
  :created_at: !ruby/object:Time 2027-01-22 22:40:42.000000000 -05:00
submission_78:
  :submitters:
  - :name: Ada Lovelace
    :sid: s3
    :email: other@example.org
  - :name: Ada Lovelace
    :sid:
    :email: third@example.org
  - :name: Only Name
    :sid:
    :email:
  - nonsense
submission_79:
  :submitters: []
submission_80: nonsense
"""


@pytest.fixture(scope="module")
def releases() -> dict[str, NotebookNode]:
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("another_assignment = 1")])
    other.cells[0].metadata["nbgrader"] = {"grade_id": "q1_other"}
    return {"tiny": student_version(), "other": other}


@pytest.fixture(scope="module")
def reader(releases: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Reader(releases, tmp_path_factory.mktemp("out") / "read") as reader:
        yield reader


@pytest.fixture
def find(tmp_path: Path, releases: Any, reader: Reader) -> Any:
    """Write a folder and find what is in it; a file without a text is a good submission."""

    def find(*paths: str, **texts: str) -> Found:
        folder = tmp_path / "in"
        for path in [*paths, *texts]:
            file = folder / path.rstrip("?!")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(
                texts.get(path, {"?": OTHER, "!": "{"}.get(path[-1], GOOD)), encoding="utf-8"
            )
            os.utime(file, (1000, 1000))
        found = submissions.find(folder, releases, reader)
        account(folder, found)
        return found

    return find


def account(folder: Path, found: Found) -> None:
    """Every file is listed once, or lies in a folder that is; and nobody shares a key."""
    listed = [file.path for file in found.files]
    assert len(listed) == len(set(listed))
    for path in folder.rglob("*"):
        above = [names.written("/".join(path.relative_to(folder).parts[:n])) for n in range(1, 99)]
        assert path.is_dir() or set(above) & set(listed), path
    assert all(file.submissions or file.reason for file in found.files)
    keys = [(names.on_disk(s.student), s.assignment) for s in found.submissions]
    assert len(keys) == len(set(keys))
    assert {id(s) for f in found.files for s in f.submissions} == set(map(id, found.submissions))


def people(found: Found) -> list[str]:
    return sorted(s.name for s in found.submissions)


PLATFORMS = {
    "ann.ipynb": ("ann", "ann", {}),
    "ann_tiny.ipynb": ("ann", "ann", {}),
    "tiny - Ann Lee.ipynb": ("Ann-Lee-", "Ann Lee", {}),
    "ann/tiny.ipynb": ("ann", "ann", {}),
    "ann/tiny/tiny.ipynb": ("ann", "ann", {}),
    "submitted/ann/tiny/tiny.ipynb": ("ann", "ann", {}),
    "tiny-submissions/tiny-ann/work.ipynb": ("ann", "ann", {}),
    "Tiny-ann/src/work.ipynb": ("ann", "ann", {}),
    "lovelaceada_2001_30007_tiny-1.ipynb": ("lovelaceada-2001", "lovelaceada", {"ID": "2001"}),
    "lovelaceada_LATE_2001_30007_x.ipynb": ("lovelaceada-2001", "lovelaceada", {"ID": "2001"}),
    "de_la_cruz_2001_30007_tiny.ipynb": ("de_la_cruz-2001", "de_la_cruz", {"ID": "2001"}),
    "王小明_2001_30007_tiny.ipynb": ("王小明-2001", "王小明", {"ID": "2001"}),
    "2001_30007_tiny.ipynb": ("2001-2001", "2001", {"ID": "2001"}),
    "anon_x7Yq2_30007_tiny.ipynb": ("anon_x7Yq2-x7Yq2", "anon_x7Yq2", {}),
    "LATE_anon_x7Yq2_30007_tiny.ipynb": ("anon_x7Yq2-x7Yq2", "anon_x7Yq2", {}),
    "Ada Lovelace_47_assignsubmission_file_/a/tiny.ipynb": (
        "Ada-Lovelace-47", "Ada Lovelace", {"Identifier": "Participant 47"}),
    "Ada Lovelace_47_assignsubmission_file_tiny.ipynb": (
        "Ada-Lovelace-47", "Ada Lovelace", {"Identifier": "Participant 47"}),
    "Group 3-Ada_47_assignsubmission_file_/x.ipynb": (
        "Group-3-Ada-47", "Group 3-Ada", {"Identifier": "Participant 47"}),
    "Section B/Participant_47_assignsubmission_file_/x.ipynb": (
        "Participant-47", "Participant", {"Identifier": "Participant 47"}),
    "[a*]?.ipynb": ("a-", "[a*]?", {}),
    "=HYPERLINK(1).ipynb": ("HYPERLINK-1-", "=HYPERLINK(1)", {}),
    "-rf.ipynb": ("rf-", "-rf", {}),
    "Martiny.ipynb": ("Martiny", "Martiny", {}),
    "王小明.ipynb": ("王小明", "王小明", {}),
    "carol.ipynb.json": ("carol", "carol", {}),
    "carol.ipynb.txt": ("carol", "carol", {}),
    "carol.json": ("carol", "carol", {}),
    "Carol (1).ipynb": ("Carol-1-", "Carol (1)", {}),
    "Carol.IPYNB": ("Carol", "Carol", {}),
}  # fmt: skip


@pytest.mark.parametrize("path", PLATFORMS)
def test_whose_file_it_is(path: str, find: Any) -> None:
    key, name, identity = PLATFORMS[path]
    (found,) = find(path).submissions
    assert found.student.startswith(key)
    assert len(found.student) == len(key) + (8 if key.endswith("-") else 0)
    assert (found.name, found.identity, found.assignment) == (name, identity, "tiny")
    assert not (found.refused or found.notes or found.doubts)


# What each folder holds, and the names of the students that must have a row. "?" stands for a
# file of the other assignment, "!" for one that cannot be read.
FOLDERS = {
    "sections": (
        ["A/ann.ipynb", "A/bob.ipynb", "B/cleo/tiny.ipynb", "B/dan/tiny.ipynb", "B/dan/x.ipynb"],
        ["A/ann", "A/bob", "B/cleo", "B/dan"],
    ),
    "sections with the same names": (["A/ann/t.ipynb", "B/ann/t.ipynb"], ["A/ann", "B/ann"]),
    "sections with several assignments": (["A/ann.ipynb", "A/bob.ipynb?"], ["A/ann", "A/bob"]),
    "one name, one broken": (["ann.ipynb", "ann_tiny.ipynb!"], ["ann.ipynb", "ann_tiny.ipynb"]),
    "a folder without work": (["ann/x.ipynb!", "tiny-ann/x.ipynb"], ["ann", "tiny-ann"]),
    "one student's assignments": (
        ["tiny-ann/x.ipynb", "other-ann/x.ipynb?", "bob_tiny.ipynb", "bob_other.ipynb?"],
        ["ann", "ann", "bob", "bob"],
    ),
    "numbered groups": (["G/lab1/tiny.ipynb", "G/lab2/tiny.ipynb"], ["lab1", "lab2"]),
    "numbered files": (["A/1.ipynb", "A/2.ipynb"], ["A/1", "A/2"]),
    "numbers of students": (["A/tiny_20271.ipynb", "A/tiny_20272.ipynb"], ["A/20271", "A/20272"]),
    "one student's versions": (
        ["ann/tiny.ipynb", "ann/tiny (1).ipynb", "ann/Copy of tiny.ipynb", "ann/old/tiny.ipynb"],
        ["ann"],
    ),
    "only case, blanks and signs differ": (
        ["Ann Lee.ipynb", "ann lee.ipynb", "AnnLee.ipynb", "Ann-Lee.ipynb", "Ann  Lee.ipynb"],
        ["Ann  Lee", "Ann Lee", "Ann-Lee", "AnnLee", "ann lee"],
    ),
    "the same safe name": (["a?b.ipynb", "a*b.ipynb", "a-b.ipynb"], ["a*b", "a-b", "a?b"]),
    "the same name twice": (["ann.ipynb", "ann_tiny.ipynb"], ["ann.ipynb", "ann_tiny.ipynb"]),
    "two folders for a name": (["ann/x.ipynb", "tiny-ann/x.ipynb"], ["ann", "tiny-ann"]),
    "a download beside the original": (["carol.ipynb", "Carol (1).ipynb"], ["Carol (1)", "carol"]),
    "numbers that are dates": (["ann_2027_11_a.ipynb", "bob_2027_12_a.ipynb"], ["ann", "bob"]),
    "dates before names": (
        ["hw_1_2_ann.ipynb", "hw_1_3_bob.ipynb", "x_1_2_cleo.ipynb", "x_1_2_dan.ipynb",
         "tiny_2027_03_eve.ipynb", "tiny_2027_04_fay.ipynb"],
        ["2027_03_eve", "2027_04_fay", "hw_1_2_ann", "hw_1_3_bob", "x_1_2_cleo", "x_1_2_dan"],
    ),
    "one download twice": (["A/lee_1_8_a.ipynb", "B/lee_1_8_a.ipynb"], ["lee"]),
    "the same name, two numbers": (["ann_1_8_a.ipynb", "ann_2_9_a.ipynb"], ["ann", "ann"]),
    "a number in two names": (["ann_1_8_a.ipynb", "bob_1_9_a.ipynb"], ["ann", "bob"]),
    "very long names": (["x" * 240 + "a.ipynb", "x" * 240 + "b.ipynb"], None),
    "emoji": (["A/🙂.ipynb", "A/🙃.ipynb"], ["A/🙂", "A/🙃"]),
    "partners": (
        ["submission_77/tiny.ipynb", "submission_78/tiny.ipynb", "submission_79/tiny.ipynb"],
        ["Ada Lovelace", "Ada Lovelace", "Ada Lovelace", "Charles Babbage", "Only Name",
         "submission_79"],
    ),
    "a whole export": (
        ["assignment_5_export/submission_77/tiny.ipynb", "ann.ipynb"],
        ["Ada Lovelace", "Charles Babbage", "ann"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FOLDERS)
def test_doubt_makes_two_students_and_never_one(kind: str, find: Any) -> None:
    paths, expected = FOLDERS[kind]
    where = "assignment_5_export/" if "export" in kind else ""
    lists = {f"{where}submission_metadata.yml": PARTNERS}
    found = find(*paths, **(lists if expected and "Ada Lovelace" in expected else {}))
    if expected is None:
        assert len(found.submissions) == len(paths)
    else:
        assert people(found) == sorted(expected)


@pytest.mark.parametrize(
    "kind",
    [
        "numbered files", "only case, blanks and signs differ", "the same name twice",
        "two folders for a name", "a download beside the original", "a number in two names",
    ],
)  # fmt: skip
def test_doubt_is_said(kind: str, find: Any) -> None:
    assert all(s.doubts for s in find(*FOLDERS[kind][0]).submissions)


def test_partners_are_known_by_number_and_address(find: Any) -> None:
    found = find("submission_77/tiny.ipynb", **{"submission_metadata.yml": PARTNERS})
    assert [(s.student, s.identity, s.notes) for s in found.submissions] == [
        ("Ada-Lovelace-s1", {"SID": "s1", "Email": "ada@example.org"},
         ["handed in together with Charles Babbage"]),
        ("Charles-Babbage-s2", {"SID": "s2", "Email": "charles@example.org"},
         ["handed in together with Ada Lovelace"]),
    ]  # fmt: skip


def test_who_may_vanish_beside_another_is_named(find: Any) -> None:
    found = find("A/ann.ipynb", "A/bob.ipynb!", "B/tiny.ipynb", "B/playground.ipynb!")
    assert [s.doubts for s in found.submissions] == [
        ["A/bob.ipynb beside it may be another student's"], []
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "a: [", "- 3", "&a [*a]", "\0", "submission_77: 3"])
def test_a_broken_list_of_gradescope_costs_the_names_only(text: str, find: Any) -> None:
    found = find("submission_77/tiny.ipynb", **{"submission_metadata.yml": text})
    assert people(found) == ["submission_77"]


def test_a_student_cannot_hand_in_a_list_of_submitters(find: Any) -> None:
    forged = {"ann/submission_metadata.yml": PARTNERS}
    found = find("ann/submission_77/tiny.ipynb", "bob/tiny.ipynb", **forged)
    assert "Ada Lovelace" not in people(found)
    assert len(found.submissions) == 2


def test_accents_are_one_letter_however_they_are_written(find: Any) -> None:
    one, two = (unicodedata.normalize(form, "José") for form in ("NFC", "NFD"))
    (found,) = find(f"{one}/tiny.ipynb", f"{two}/tiny (1).ipynb").submissions
    assert (found.student, found.name) == (one, one)
    assert names.key("José") != names.key("Jose")


def test_bytes_that_are_no_text_name_students_too(tmp_path: Path, find: Any) -> None:
    (tmp_path / "in").mkdir()
    try:
        for raw in (b"Jos\xe9.ipynb", b"Jos\xe8.ipynb", b"\x1b[31m\n\r.ipynb"):
            with open(os.fsencode(tmp_path / "in") + b"/" + raw, "w", encoding="utf-8") as file:
                file.write(GOOD)
    except OSError:
        pytest.skip("this disk has names in UTF-8 only")
    found = find("x.ipynb")
    assert len(found.submissions) == 4
    for submission in found.submissions:
        assert (submission.name + submission.student).isprintable()
        (submission.name + submission.student).encode()


def test_keys_are_safe_and_do_not_depend_on_others(find: Any) -> None:
    before = {s.name: s.student for s in find("Ann Lee.ipynb", "b.ipynb").submissions}
    after = {s.name: s.student for s in find("ann lee.ipynb", "Ann-Lee.ipynb").submissions}
    assert before.items() <= after.items()
    for name in ["..", "-", "", " ", "a/b", "CON", "a" * 500, "é" * 500, "\ud800", "x\0y", "🙂"]:
        key = names.key(name)
        assert key.isprintable() and "/" not in key and key[0] not in ".-" and len(key) > 0
        assert len(key.encode()) <= 120
    assert len({names.key(f"{'x' * 300}{n}") for n in range(50)}) == 50


OLD, NEW = (1000, 1000), (2000, 2000)


@pytest.mark.parametrize(
    ("files", "graded", "says"),
    [
        ({"a.ipynb": (GOOD, OLD), "b.ipynb": (SCRATCH, NEW)}, "a.ipynb", ""),
        ({"old/x.ipynb": (GOOD, OLD), "new.ipynb": (GOOD, NEW)}, "new.ipynb", "the newest"),
        ({"tiny.ipynb": (GOOD, OLD), "tiny (1).ipynb": (GOOD, OLD)}, "tiny.ipynb", "is as new"),
        ({"tiny-9.ipynb": (GOOD, OLD), "tiny-10.ipynb": (GOOD, OLD)}, "tiny-10.ipynb", "as new"),
        ({"a.ipynb": (GOOD, OLD), "b.ipynb": ("{", NEW)}, "a.ipynb", ""),
        ({"a.ipynb.txt": (GOOD, OLD), "b.pdf": ("%PDF", NEW)}, "a.ipynb.txt", ""),
        ({"a.ipynb": (SCRATCH, OLD), "b.pdf": ("%PDF", NEW)}, "a.ipynb", "shares no cell"),
    ],
)  # fmt: skip
def test_which_of_several_files_is_graded(
    files: dict[str, Any], graded: str, says: str, tmp_path: Path, find: Any
) -> None:
    for name, (text, when) in files.items():
        path = tmp_path / "in" / "ann" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, when)
    found = find("bob/tiny.ipynb")
    (ann,) = (s for s in found.submissions if s.name == "ann")
    assert ann.path == tmp_path / "in" / "ann" / graded
    assert says in " ".join(ann.notes)
    assert bool(says) == bool(ann.notes)
    for file in found.files:
        assert bool(file.submissions) == (file.path in (f"ann/{graded}", "bob/tiny.ipynb"))


def test_a_newer_notebook_with_a_cell_of_the_assignment_does_not_win(
    tmp_path: Path, find: Any
) -> None:
    cells = json.loads(GOOD)["cells"]
    scratch = json.dumps({"cells": cells[:2], "nbformat": 4})
    found = find("ann/tiny.ipynb", "bob/tiny.ipynb", **{"ann/notes.ipynb": scratch})
    os.utime(tmp_path / "in/ann/notes.ipynb", NEW)
    assert [s.path.name for s in find("bob/tiny.ipynb").submissions] == ["tiny.ipynb"] * 2
    (reason,) = (f.reason for f in found.files if f.path == "ann/notes.ipynb")
    assert "fewer of the assignment's cells" in reason


def test_every_file_is_accounted_for(tmp_path: Path, find: Any) -> None:
    inside = tmp_path / "in"
    (inside / "ann").mkdir(parents=True)
    (inside / "link").symlink_to(tmp_path)
    (inside / "link.ipynb").symlink_to(inside / "ann.ipynb")
    os.mkfifo(inside / "pipe.ipynb")
    found = find(
        ".DS_Store", "__MACOSX/x.ipynb", ".git/config", "ann/.ipynb_checkpoints/tiny.ipynb",
        "ann/tiny.ipynb", "ann/._tiny.ipynb", "Thumbs.db",
        **{
            "ann/photo.png": "\x89PNG", "ann/data.json": "{}", "ann/broken.ipynb": "{",
            "eve/essay.pdf": "%PDF", "fay/fay.zip": "PK\x03\x04", "gus.pdf": "%PDF",
            "hal.ipynb": "", "class.csv": "Student", "README.md": "# Hello",
        },
    )  # fmt: skip
    rows = {s.name: s.refused for s in found.submissions}
    assert set(rows) == {"ann", "eve", "fay", "gus", "hal", "link", "pipe"}
    assert rows["ann"] == ""
    assert rows["eve"] == "no notebook: essay.pdf is a PDF, not a notebook"
    assert "unpack it" in rows["fay"]
    assert "not a file" in rows["link"]
    assert "not a notebook" in rows["hal"]
    said = {file.path: (file.is_refused, file.reason) for file in found.files}
    assert said[".DS_Store"] == said[".git"] == (False, "hidden")
    assert "system" in said["__MACOSX"][1]
    assert said["ann/broken.ipynb"][0]
    assert said["ann/broken.ipynb"][1].endswith("ann/tiny.ipynb is what counts")
    assert said["ann/data.json"] == (
        False, "not a notebook (it has no list of cells); ann/tiny.ipynb is what counts",
    )  # fmt: skip
    assert "a list or a note" in said["class.csv"][1]


def test_a_folder_that_cannot_be_opened_is_listed(
    tmp_path: Path, find: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    find("ann/tiny.ipynb", "bob/tiny.ipynb")
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path).name == "bob":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(submissions.os, "scandir", refuse)
    found = find("ann/tiny.ipynb")
    assert people(found) == ["ann"]
    assert ("bob", "the folder cannot be opened (Permission denied)") in [
        (file.path, file.reason) for file in found.files
    ]


def test_an_empty_folder_is_named(tmp_path: Path, releases: Any, reader: Reader) -> None:
    with pytest.raises(ValueError, match="no notebook"):
        submissions.find(tmp_path, releases, reader)
    (tmp_path / "x.ipynb").write_text(SCRATCH, encoding="utf-8")
    with pytest.raises(ValueError, match="belongs to one of tiny, other"):
        submissions.find(tmp_path, releases, reader)


def student(name: str, **identity: str) -> Submission:
    return Submission(Path(f"{name}.ipynb"), names.key(name), name, "tiny", identity)


@pytest.mark.parametrize(
    ("who", "found"),
    [
        (student("turingalan"), "1"), (student("Alan Turing"), "1"), (student("at12"), "1"),
        (student("mayamy"), "3"), (student("amy"), None), (student("alan"), None),
        (student("1"), None), (student("=?"), None), (student("Zoë Noël"), "4"),
        (student(unicodedata.normalize("NFD", "Zoë Noël")), "4"), (student("Zoe Noel"), None),
        (student("王小明"), "5"), (student("x", ID="2"), "2"), (student("Al Turing", ID="2"), "2"),
        (student("Alan Turing", ID="99"), None), (student("x", Email="AL@example.org"), "4"),
        (student("x", Identifier="Participant 7"), "5"), (student("ivo"), "6"),
    ],
)  # fmt: skip
def test_only_one_person_can_be_meant(who: Submission, found: str | None) -> None:
    listed = [
        {"Student": "Turing, Alan", "ID": "1", "SIS Login ID": "at12"},
        {"Student": "Turing, Maya", "ID": "2", "SIS Login ID": "amy"},
        {"Student": "May, Amy", "ID": "3", "SIS User ID": "amy"},
        {"First name": "Zoë", "Surname": "Noël", "ID": "4", "Email address": "al@example.org"},
        {"Full name": "王小明", "ID": "5", "Identifier": "Participant 7"},
        {"identifier": "i6", "github_username": "ivo", "ID": "6"},
    ]
    person = roster.match([who], listed).people.get(who.student, {})
    assert person.get("ID") == found


def test_two_students_for_one_person_are_a_doubt() -> None:
    listed = [{"Student": "Lee, Ann", "ID": "1"}, {"Student": "Ray, Bob", "ID": "2"}]
    handed = [student("Ann Lee"), student("ann lee"), student("Zed")]
    matched = roster.match(handed, listed)
    assert matched.people == {}
    assert "Lee, Ann" in matched.doubts[handed[0].student]
    header, rows = roster.table(handed, listed, matched)
    assert header == ["name", "status", "student", "remark"]
    assert [(row[0], row[1]) for row in rows] == [
        ("Lee, Ann", "missing"), ("Ray, Bob", "missing"),
        ("Ann Lee", "unknown"), ("Zed", "unknown"), ("ann lee", "unknown"),
    ]  # fmt: skip
    handed[0].identity["ID"] = "1"
    matched = roster.match(handed, listed)
    assert matched.people == {handed[0].student: listed[0]}
    assert [row[:2] for row in roster.table(handed, listed, matched)[1]] == [
        ["Ray, Bob", "missing"], ["Lee, Ann", "submitted"], ["Zed", "unknown"],
        ["ann lee", "unknown"],
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_a_class_list_is_read_as_platforms_write_it(
    tmp_path: Path, encoding: str, comma: str
) -> None:
    rows = [["Student", "ID"], ["    Points Possible", ""], ["Zoë", "4"], ["Student, Test", "9"]]
    with open(tmp_path / "x.csv", "w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=comma).writerows([*rows, []])
    assert roster.read(tmp_path / "x.csv") == [{"Student": "Zoë", "ID": "4"}]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"Student\nZo\xeb", "is not UTF-8: save it"),
        (b"colour,size\nred,3", "has the columns colour, size"),
        (b"Student\n" + b'"' + b"x" * 200_000, "is not a CSV"),
    ],
)
def test_a_class_list_that_is_none_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(ValueError, match=says):
        roster.read(tmp_path / "x.csv")


class Gone:
    """A batch and a course in which whatever is asked for is missing."""

    def __init__(self, output: Path):
        self.output, self.course = output, self

    def result(self, submission: Submission) -> dict[str, Any]:
        return {"reason": "", "notes": list(submission.notes), "to_check": []}

    def questions(self, assignment: str) -> list[Any]:
        return []

    def all_scores(self, assignment: str) -> dict[str, Any]:
        return {"ann": {}, "worse": {}, "zoe\ud800": {}}

    def graded(self, assignment: str, student: str) -> None:
        if "worse" in student:
            raise RuntimeError("not this one")

    def __getattr__(self, name: str) -> Any:
        return lambda *_: {}


def test_what_goes_wrong_with_one_costs_that_one_only(tmp_path: Path) -> None:
    handed = [student("ann"), student("bad"), student("worse"), student("zoe\ud800")]
    found = Found(handed, [submissions.File("a.ipynb", "", False, handed[:1])])
    problems = reports.write(Gone(tmp_path), found, [{"Student": "ann"}, {"Student": "bob"}])
    assert any("worse" in problem and "not this one" in problem for problem in problems)
    assert "tiny, the class: 1 submitted, 1 missing, 3 unknown" in problems
    with (tmp_path / "tiny" / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert len(rows) == 4
    assert "the gradebook has no points for it" in rows["bad"]["remarks"]
    assert (tmp_path / "tiny" / "feedback" / "ann.html").exists()
    with (tmp_path / "files.csv").open(newline="", encoding="utf-8") as file:
        assert [row["what"] for row in csv.DictReader(file)] == ["graded"]
    with (tmp_path / "tiny" / "roster.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["name"]: row["status"] for row in csv.DictReader(file)}
    assert (rows["ann"], rows["bob"], rows["worse"]) == ("submitted", "missing", "unknown")
