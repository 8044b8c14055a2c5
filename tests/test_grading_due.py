"""Extensions and times that cannot be used, and class lists that are not in English."""

import sys
from pathlib import Path

import pytest
from conftest import ROOT
from test_grading_report import MOST, policy_of, result

sys.path.insert(0, str(ROOT / "assignments" / "grading"))

import class_report
import due
import late
import roster
from class_report import Class
from submissions import Submission

LATER = "2027-03-08 12:00"
GERMAN = [
    "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Zuletzt geändert (Abgabe)",
    'Teilnehmer/in 71025,Bea Damm,bea@x.org,Abgegeben,-,"Montag, 1. März 2027, 23:10"',
    'Teilnehmer/in 71026,Ann Lee,ann@x.org,Abgegeben,-,"Montag, 1. März 2027, 23:11"',
]


@pytest.mark.parametrize(
    ("who", "is_late"),
    [("2001", False), ("participant 2001", False), ("001", True), ("bea damm", False)],
)
def test_an_extension_by_the_number_of_a_platform_holds(
    who: str, is_late: bool, tmp_path: Path
) -> None:
    policy = policy_of(tmp_path)
    policy = late.Policy(**{**vars(policy), "extensions": {who: policy.extensions["2001"]}})
    identity = {"Identifier": "Participant 2001", "Full name": "Bea Damm"}
    row = result(1, [3, 4, 2], moment=LATER, identity=identity)
    assert (late.of(row, policy).percent > 0) == is_late
    seat = result(1, [3, 4, 2], moment=LATER, identity={"Room": "Room 2001"})
    assert late.of(seat, policy).percent > 0


def test_an_extension_that_is_nobodys_is_said(tmp_path: Path) -> None:
    policy = policy_of(tmp_path)
    row = result(1, [3, 4, 2], moment=LATER, identity={"Identifier": "Participant 2002"})
    absent = {"Identifier": "Participant 9", "Email address": "ada@example.org"}
    (said,) = due.notes([row], policy, [absent])  # who has handed in nothing can have one
    assert "'2001' matches nobody and has no effect" in said
    assert "did you mean '2002'?" in said
    twins = [result(n, [3, 4, 2], moment=LATER, identity={"ID": "2001"}) for n in (1, 2)]
    assert "holds for several: s1, s2" in due.notes(twins, policy, [absent])[0]
    about = Class("a1", [row], MOST, policy=policy, notes=[said])
    assert class_report.write(tmp_path, about) == []
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "<h2>To look at</h2>" in page and "matches nobody and has no effect" in page


def test_times_that_no_platform_says_are_counted_and_not_drawn(tmp_path: Path) -> None:
    policy = policy_of(tmp_path)
    ada = {"Identifier": "Participant 2001", "Email": "ada@example.org"}
    rows = [
        result(1, [3, 4, 2], moment=LATER, identity=ada),
        result(2, [3, 4, 2], changed=1.0),
        result(3, [3, 4, 2], moment="Montag, 1. März 2027, 23:10"),
        result(4, [3, 4, 2]),
    ]
    (said,) = due.notes(rows, policy, [])
    for words in (
        "a platform says when 1 of 4 were handed in", "for 1 its time is not understood",
        "März", "only the date of the file, which deducts nothing", "for 1 nobody says when",
        "'Last modified (submission)'", "set its language to English",
    ):  # fmt: skip
        assert words in said
    assert due.notes(rows[:1], policy, []) == [] == due.notes(rows, None, [])
    assert class_report.write(tmp_path, Class("a1", rows, MOST, policy=policy)) == []
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Histogram of the times of 1 submission around" in page
    assert "3 more have no time from a platform, and are left out." in page
    class_report.write(tmp_path, Class("a1", rows[1:2], MOST, policy=policy))
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "by the dates of the files, which show when they were saved" in page


def test_a_mean_of_what_is_not_all_read_says_so(tmp_path: Path) -> None:
    rows = [result(1, [3, 4, 2]), result(2, [3, 0, None]), result(3, [3, 4, None])]
    class_report.write(tmp_path, Class("a1", rows, MOST))
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "<td>1.00 (of 1; 2 still to read)</td>" in page
    assert "Of q3_why only the answers that a person has read." in page


def class_list(folder: Path, *lines: str) -> Path:
    path = folder / "class.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def handed_in(number: str) -> Submission:
    identity = {"Identifier": f"Participant {number}"}
    return Submission(Path("x"), f"Bea-Damm-{number}", "Bea Damm", "a1", identity=identity)


@pytest.mark.parametrize(
    "lines",
    [
        GERMAN,
        ["Identifiant,Nom complet,Statut", "Participant 71025,Bea Damm,Remis"],
        ["識別子,氏名", "参加者 71025,Bea Damm"],
    ],
    ids=["de", "fr", "ja"],
)
def test_a_worksheet_in_any_language_is_read_by_its_shape(lines: list[str], tmp_path: Path) -> None:
    told: list[str] = []
    listed = roster.read(class_list(tmp_path, *lines), told)
    matched = roster.match([handed_in("71025")], listed)
    person = matched.people["Bea-Damm-71025"]
    assert (person["Identifier"], person["Full name"]) == ("Participant 71025", "Bea Damm")
    assert "not in English; read by the shape" in told[0]
    assert roster.nobody([handed_in("71025")], listed, matched) == []


@pytest.mark.parametrize(
    "lines",
    [
        ["Username,Name", "s71025,Bea Damm"],  # a login, no participant
        ["ID,Name", "Group 1,Bea Damm", "Group 1,Ann Lee"],  # not each one's own
        ["ID,Room,Name", "Seat 71025,Room 1,Bea Damm", "Seat 2,Room 2,Ann Lee"],  # which?
        ["Identifier,Name", "Participant 71025,Bea Damm"],  # as it is in English
    ],
)
def test_what_is_not_certain_is_left_as_it_is(lines: list[str], tmp_path: Path) -> None:
    told: list[str] = []
    listed = roster.read(class_list(tmp_path, *lines), told)
    assert list(listed[0]) == lines[0].split(",") and told == []


def test_a_class_list_that_fits_nobody_is_said(tmp_path: Path) -> None:
    listed = roster.read(class_list(tmp_path, "ID,Name", "77,Zoe Poe"))
    matched = roster.match([handed_in("71025")], listed)
    (said,) = roster.nobody([handed_in("71025")], listed, matched)
    for words in ("No submission matches the class list of 1 row,", "columns ID, Name",
                  "Identifier 'Participant 71025'", "set its language to English"):  # fmt: skip
        assert words in said
    with pytest.raises(ValueError, match="set its language to English"):
        roster.read(class_list(tmp_path, "Statut,Note", "Remis,3"))
