"""The lecturer's desk, from one run of `make grade` to the next: what is typed and what is said."""

import csv
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from grading_corpus import ASSIGNMENT, answers, side
from test_grading_again import Desk

sys.path.insert(0, str(ROOT / "assignments" / "grading"))

COUNTS, SIDE, LAYER = "q1_counts_test", "q2_side_test", "q3_layer_test"


def typed(desk: Desk, *rows: tuple[str, str, str, str], without: str = "") -> None:
    """Add rows of a lecturer's own to `marks.csv`; leave out those of a question."""
    path = desk.output / ASSIGNMENT / "marks.csv"
    with path.open(newline="", encoding="utf-8") as file:
        old = [row for row in csv.DictReader(file) if row["question"] != without]
    names = ["student", "question", "points", "out of", "comment", "answer"]
    new = [dict(zip(("student", "question", "points", "comment"), r, strict=True)) for r in rows]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows([*old, *new])


def marks(desk: Desk) -> dict[tuple[str, str], tuple[str, str]]:
    path = desk.output / ASSIGNMENT / "marks.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {(r["student"], r["question"]): (r["points"], r["comment"]) for r in rows}


def test_a_person_gives_points_instead_of_a_test(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.hand_in("ann", answers())
    desk.hand_in("bob", side("return 28"))
    desk.grade()
    assert ("ann", COUNTS) not in marks(desk)  # such a row is a lecturer's own
    typed(
        desk,
        ("ann", COUNTS, "0", "Called conv2d."),
        ("bob", "q2_side", "1,5", "Nearly right."),  # the answer of one test stands for it
        ("bob", COUNTS, "2.5", "Very good."),
        ("bob", LAYER, "1", ""),
        ("zoe", COUNTS, "1", "Who?"),
        ("ann", "q9_test", "1", "What?"),
    )
    said = desk.grade()
    assert f"{ASSIGNMENT}: 2 marks taken in" in said
    assert f"bob, {COUNTS}: 2.5 of 2 points is refused: give 0 to 2" in said
    assert f"bob, {LAYER}: say in `comment` why" in said
    assert "nobody called 'zoe' has handed in" in said
    assert f"{ASSIGNMENT} has no question 'q9_test'" in said
    assert desk.points() == {"ann": ["0", "3", "", "6"], "bob": ["2", "1.5", "", "6.5"]}
    checks = {name: row["to check"] for name, row in desk.rows().items()}
    assert f"{COUNTS}: 0 points by a person; the test gave 2 (Called conv2d.)" in checks["ann"]
    assert f"{SIDE}: 1.5 points by a person; the test gave 0 (Nearly right.)" in checks["bob"]
    assert f"{ASSIGNMENT}: something to check in 2 submissions: see report.html" in said
    report = (desk.output / ASSIGNMENT / "report.html").read_text(encoding="utf-8")
    assert "<h2>To check</h2>" in report and "the test gave 2 (Called conv2d.)" in report
    assert "Changed: 2 scores of 2 students" in said
    assert desk.changed() == [
        ["ann", COUNTS, "2", "0", "by a person", "8", "6"],
        ["bob", SIDE, "0", "1.5", "by a person", "5", "6.5"],
    ]
    assert "A person says: Called conv2d." in desk.letters()["ann"]
    page = (desk.output / ASSIGNMENT / "feedback" / "ann.html").read_text(encoding="utf-8")
    assert "0 of 2" in page and "these points were given by a person" in page
    assert "Called conv2d." in page
    # What was refused stays as it was typed, what was taken stays in the table.
    assert marks(desk)["bob", COUNTS] == ("2.5", "Very good.")
    assert marks(desk)["bob", SIDE] == ("1.5", "Nearly right.")

    # Graded again, even without the rows in the table, they stay; one is taken back.
    typed(desk, without=COUNTS)
    typed(desk, ("bob", SIDE, "test", ""), without=SIDE)
    said = desk.grade("--again", "--question", "q3_layer")
    assert "Graded again for q3_layer alone: all other points are those of before" in said
    assert desk.points() == {"ann": ["0", "3", "", "6"], "bob": ["2", "0", "", "5"]}
    assert marks(desk)["ann", COUNTS] == ("0", "Called conv2d.")
    assert ("bob", SIDE) not in marks(desk)
    found = desk.rows()["ann"]["to check"].split("; ")
    assert found[-1] == "graded again for q3_layer alone" and len(found) > 1
    assert "something to check in 1 submission:" in said

    # For another answer they do not hold, which is said, and goes on being said.
    desk.hand_in("ann", answers(q1_counts="counts = {'weights': 150, 'biases': 3 * 2}"))
    said = desk.grade()
    dropped = f"{COUNTS}: 0 points of a person were for another answer"
    assert "the row with 0 points (Called conv2d.) is dropped" in said
    assert desk.points()["ann"] == ["2", "3", "", "8"]
    assert ("ann", COUNTS) not in marks(desk)
    assert dropped in desk.rows()["ann"]["to check"]
    said = desk.grade("--question", "q3_layer")
    assert dropped in desk.rows()["ann"]["to check"]
    assert "Not taken: tiny, ann" not in said


def test_a_damaged_file_that_is_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.hand_in("ann", answers())
    (desk.submissions / "bea.ipynb").write_text('{"cells": [', encoding="utf-8")
    desk.grade()
    page = (desk.output / ASSIGNMENT / "feedback" / "bea.html").read_text(encoding="utf-8")
    assert "it cannot be read as a notebook; hand in again" in page
    assert "Expecting" not in page
    assert "Expecting" in desk.rows()["bea"]["remarks"]
    assert "Expecting" in (desk.output / ASSIGNMENT / "report.html").read_text(encoding="utf-8")
    # Points can be given for it all the same; the tool gives none.
    assert {key: value for key, value in marks(desk).items() if key[0] == "bea"} == {
        ("bea", question): ("", "") for question in (COUNTS, SIDE, LAYER, "q4_why")
    }
    # An earlier version wrote 0 there.
    path = desk.output / ASSIGNMENT / "marks.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("_test,,", "_test,0,").replace("q4_why,,2,,e3", "q4_why,0,2,,e3"),
        encoding="utf-8",
    )
    desk.hand_in("bea", answers())
    for _ in range(2):
        said = desk.grade()
        assert "Not taken" not in said and "bea" not in said.partition("Points:")[2]
        assert desk.points()["bea"] == ["2", "3", "", "8"]
        assert [key for key in marks(desk) if key[0] == "bea"] == [("bea", "q4_why")]


def test_points_given_to_a_damaged_file_are_named_when_it_is_replaced(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    (desk.submissions / "bea.ipynb").write_text('{"cells": [', encoding="utf-8")
    desk.hand_in("ann", answers())
    desk.grade()
    typed(desk, ("bea", COUNTS, "2", "On paper."), without=COUNTS)
    assert "1 mark taken in" in desk.grade()
    assert desk.rows()["bea"]["total"] == "2"
    assert marks(desk)["bea", COUNTS] == ("2", "On paper.")
    desk.hand_in("bea", answers(q1_counts="counts = {}"))
    said = desk.grade()
    assert f"bea, {COUNTS}: there is a new answer; the row with 2 points (On paper.)" in said
    assert desk.rows()["bea"]["total"] == "6"
    assert "Not taken" not in desk.grade()


@pytest.mark.parametrize("group", ["Team 1", "Team-1"])
def test_partners_of_a_moodle_group_are_no_copies(group: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    work = answers(q4_why="Because a kernel is shared by all places of a map. " * 3)
    for name, number in (("Ann Lee", 71), ("Bea Damm", 72)):
        place = desk.submissions / f"{group}-{name}_{number}_assignsubmission_file_"
        place.mkdir()
        desk.hand_in(f"{place.name}/tiny", work)
    outside = desk.submissions / "Eve Roe_73_assignsubmission_file_"
    outside.mkdir()
    desk.hand_in(f"{outside.name}/tiny", work)
    said = desk.grade()
    rows = {row["name"]: row for row in desk.rows().values()}
    ann, bea, eve = (next(r for n, r in rows.items() if who in n) for who in ("Ann", "Bea", "Eve"))
    assert f"handed in together with {group}-Bea Damm, as the group {group}" in ann["remarks"]
    assert "Bea" not in ann["to check"] and "Ann" not in bea["to check"]
    # Who is in no group and has the same is still named, and names them.
    assert "all answers: the same as those of Eve-Roe-73" in ann["to check"]
    assert "Ann-Lee-71" in eve["to check"] and "Bea-Damm-72" in eve["to check"]
    assert "something to check in 3 submissions:" in said
    # The download does not say that groups were to hand in.
    assert f"({group}): if students were to hand in alone" in said
    page = (desk.output / ASSIGNMENT / "marking" / "q4_why.html").read_text(encoding="utf-8")
    assert page.count("<article") == 2 and "handed in by 2 together" in page
