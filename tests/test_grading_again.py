"""Grading again: persons' marks stay, what changed is written down, and nothing else changes."""

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import ROOT
from grading_corpus import ASSIGNMENT, RIGHT, answers, side, write_course
from nbformat.v4 import new_code_cell, new_notebook

sys.path.insert(0, str(ROOT / "assignments" / "grading"))

import changes
from course import Course
from graded import Graded
from regrading import Again, before, restore
from submissions import Submission

GRADING = ROOT / "assignments" / "grading"
ESSAY = "q4_why"


class Desk:
    """A class that is graded, and graded again."""

    def __init__(self, folder: Path):
        self.course, self.output = write_course(folder / "course"), folder / "graded"
        self.submissions = folder / "submissions"
        self.submissions.mkdir()
        self.master = self.course / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"

    def hand_in(self, name: str, change: Any) -> None:
        release = Course.build(self.course, self.output / "course").releases[ASSIGNMENT]
        notebook = nbformat.from_dict(release)
        change(notebook)
        nbformat.write(notebook, self.submissions / f"{name}.ipynb")

    def grade(self, *options: str) -> str:
        command = [sys.executable, str(GRADING), str(self.submissions)]
        where = ["--course", str(self.course), "--output", str(self.output)]
        done = subprocess.run(
            [*command, *where, *options], capture_output=True, encoding="utf-8", timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def edit_master(self, old: str, new: str) -> None:
        text = self.master.read_text(encoding="utf-8")
        assert old in text
        self.master.write_text(text.replace(old, new), encoding="utf-8")

    def rows(self, name: str = "grades.csv") -> dict[str, dict[str, str]]:
        path = self.output / ASSIGNMENT / name
        with path.open(newline="", encoding="utf-8") as file:
            return {row["student"]: row for row in csv.DictReader(file)}

    def points(self) -> dict[str, list[str]]:
        found = {}
        for name, row in self.rows().items():
            found[name] = [row[q] for q in ("q1_counts_test", "q2_side_test", ESSAY, "total")]
            known = [float(cell) for key, cell in row.items() if key[:2] in
                     ("q1", "q2", "q3", "q4") and cell]  # fmt: skip
            assert float(row["total"]) == sum(known)  # columns and total agree
        return found

    def mark(self, **points: str) -> None:
        path = self.output / ASSIGNMENT / "marks.csv"
        rows = list(self.rows("marks.csv").values())
        for row in rows:
            row["points"] = points.get(row["student"], row["points"])
            row["comment"] = "As I said." if row["student"] in points else row["comment"]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def changed(self) -> list[list[str]]:
        """Return the newest table of changes."""
        path = max((self.output / ASSIGNMENT / "changes").iterdir())
        with (path / "changes.csv").open(newline="", encoding="utf-8") as file:
            keys = ("student", "question", "before", "after", "cause", "total before", "total")
            return [[row[key] for key in keys] for row in csv.DictReader(file)]

    def letters(self) -> dict[str, str]:
        path = max((self.output / ASSIGNMENT / "changes").iterdir())
        return {p.stem: p.read_text("utf-8") for p in (path / "letters").glob("*")}


def test_a_class_is_graded_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.hand_in("ann", answers())
    desk.hand_in("bob", side("return 28"))
    desk.grade()
    assert not (desk.output / ASSIGNMENT / "changes").exists()
    # A test was wrong, and so was another. One student, one question; a first mark is no change.
    desk.mark(ann="1.5", bob="1")
    desk.edit_master("for stride in (1, 2, 3):", "for stride in ():")
    desk.edit_master('== 6, \\"biases', '== 7, \\"biases')
    said = desk.grade("--student", "bob", "--question", "q2_side", "--why", "My test was wrong.")
    assert "1 graded before and unchanged" in said
    assert desk.points() == {"ann": ["2", "3", "1.5", "9.5"], "bob": ["2", "3", "1", "9"]}
    assert desk.changed() == [["bob", "q2_side_test", "0", "3", "by tests", "5", "9"]]
    (letter,) = desk.letters().values()
    for words in ("Dear bob,", "You had 5 of 10 points; you now have 9.", "My test was wrong.",
                  "- q2_side_test: 0 of 3 before, now 3"):  # fmt: skip
        assert words in letter
    assert "ann" not in letter
    assert "graded again for q2_side alone" in desk.rows()["bob"]["to check"]

    # All: what the second test says now counts as well, a mark stays while its answer is the same.
    desk.hand_in("ann", answers(q4_why="Another reason, and a better one."))
    desk.grade("--again")
    assert desk.points() == {"ann": ["0", "3", "", "6"], "bob": ["0", "3", "1", "7"]}
    assert desk.changed() == [
        ["ann", "q1_counts_test", "2", "0", "handed in again", "9.5", "6"],
        ["ann", ESSAY, "1.5", "", "handed in again", "9.5", "6"],
        ["bob", "q1_counts_test", "2", "0", "by tests", "9", "7"],
    ]
    assert list(desk.letters()) == ["bob"]
    assert "biases: one for each map" in desk.letters()["bob"]
    assert "As I said." in desk.rows("marks.csv")["bob"]["comment"]
    assert len(list((desk.output / ASSIGNMENT / "changes").iterdir())) == 2


def known(course: Course, student: str, source: str) -> None:
    """Enter a submission with points of a person for a question that a test gives."""
    cell = new_code_cell(source)
    cell.metadata["nbgrader"] = {"grade_id": "q1_counts", "grade": False, "solution": True}
    path = course.place("submitted", ASSIGNMENT, student)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[cell]), path)
    with course.gradebook() as book:
        book.update_or_create_student(student)
        book.update_or_create_submission(ASSIGNMENT, student)
        book.db.commit()
        grade = book.find_grade("q1_counts_test", ASSIGNMENT, ASSIGNMENT, student)
        grade.auto_score, grade.manual_score, grade.needs_manual_grade = 0, 1.5, False
        book.db.commit()


def test_points_that_a_person_gave_instead_of_a_test_stay_with_their_answer(
    tmp_path: Path,
) -> None:
    course = Course.build(write_course(tmp_path / "course"), tmp_path / "built")
    for student, source, expected in (("ann", RIGHT["q1_counts"], 1.5), ("bob", "counts = 3", 2)):
        known(course, student, RIGHT["q1_counts"])
        earlier = before(course, ASSIGNMENT, student)
        known(course, student, source)
        with course.gradebook() as book:  # as nbgrader leaves it
            grade = book.find_grade("q1_counts_test", ASSIGNMENT, ASSIGNMENT, student)
            grade.auto_score, grade.needs_manual_grade = 2, True
            book.db.commit()
        now = course.submitted(ASSIGNMENT, student)
        said = restore(course, ASSIGNMENT, student, earlier, now, None)
        score = course.scores(ASSIGNMENT, student)["q1_counts_test"]
        assert (score["score"], score["needs_reading"]) == (expected, False)
        assert said == (
            [] if student == "ann"
            else ["q1_counts_test: 1.5 points of a person were for another answer"]
        )  # fmt: skip
    assert before(course, ASSIGNMENT, "nobody") == {}
    there = [Submission(Path("x"), "ann-1", "Ann Lee", ASSIGNMENT)]
    Again(frozenset({"Ann Lee"}), frozenset({"q1_counts", "q4_why"})).check(there, course)
    with pytest.raises(ValueError, match="nobody called zoe has handed in"):
        Again(frozenset({"zoe"})).check(there, course)
    with pytest.raises(ValueError, match="no question q9: there are q1_counts, q1_counts_test"):
        Again(questions=frozenset({"q9"})).check(there, course)


def test_a_choice_names_students_and_questions() -> None:
    one = Submission(Path("x"), "ann-1", "Ann Lee")
    assert Again().wants(one) and Again().takes("q1_test")
    assert Again(frozenset({"Ann Lee"})).wants(one) and Again(frozenset({"ann-1"})).wants(one)
    assert not Again(frozenset({"Ann"})).wants(one)
    for name in ("q1", "q1_test2"):
        assert Again(questions=frozenset({name})).takes("q1_test2")
    assert not Again(questions=frozenset({"q1_test"})).takes("q1_test2")


def result(**points: float | None) -> Graded:
    scores = {
        name: {"score": value or 0.0, "needs_reading": value is None, "refused": "", "comment": "",
               "by_person": name == "essay"}
        for name, value in points.items()
    }  # fmt: skip
    submission = Submission(Path("x"), "ann", "Ann Lee", "a1", digest="d")
    return Graded(submission, {"reason": "", "notes": []}, scores, {})


def test_the_cause_of_a_change_is_named(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text("{nonsense", encoding="utf-8")
    history = changes.History(path)
    first = result(q1=2, q2=0, essay=None)
    assert history.changes([first], {"q1", "q2"}) == []
    history.write([first])
    second = result(q1=1, q2=0, essay=1.5)
    found = changes.History(path).changes([second], {"q1", "q2"})
    assert [(c.question, c.before, c.after, c.cause) for c in found] == [("q1", 2, 1, "by tests")]
    history.write([second])
    third = result(q1=None, q2=0, essay=0.5)
    again = changes.History(path)
    found = again.changes([third], {"q1", "q2"})
    assert [c.cause for c in found] == ["to be read again", "by a person"]
    text = changes.letter(found[1:], again, {"q1": 2, "q2": 2, "essay": 2}, "")
    assert "You had 2.5 of 6 points; you now have 0.5, before q1 is read." in text
    assert "\n\n\n" not in text
