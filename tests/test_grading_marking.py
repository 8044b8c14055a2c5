"""Marking on a page: 30 answers by keyboard, and the file of marks back into the gradebook."""

import csv
import json
import re
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import ROOT
from grading_corpus import ASSIGNMENT, answers, find, student_version, write_course
from test_grading_output import ATTACKS, CLICK, ESSAY

sys.path.insert(0, str(ROOT / "assignments" / "grading"))

import by_hand
import marked
import marking
from batch import Batch
from course import Course, Question
from isolation import Limits, Sandbox
from marking import Codes, Line, fingerprint
from submissions import Submission

QUESTION = "q4_why"
LINES = [Line(1, "Local windows"), Line(1, "Shared weights")]
NAMES = [f"Person{n:02}" for n in range(30)]


def hand_in(batch: Batch, student: str, answer: str, seen: str = "") -> Submission:
    """Hand in an answer, as if it had been graded."""
    notebook = student_version()
    answers(q4_why=answer)(notebook)
    course = batch.course
    path = course.place("submitted", ASSIGNMENT, student)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    with course.gradebook() as book:
        book.update_or_create_student(student)
        for one in book.update_or_create_submission(ASSIGNMENT, student).notebooks:
            for grade in one.grades:
                is_read = grade.cell.name == QUESTION
                grade.auto_score = None if is_read else grade.cell.max_score
                grade.needs_manual_grade = is_read
        book.db.commit()
    submission = Submission(path, student, student, ASSIGNMENT, digest=seen or student)
    batch._write(submission, {"reason": "", "notes": [], "seconds": 1.0})
    return submission


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("marking")
    course = write_course(folder / "masters")
    master = course / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(master, 4)
    rubric = deepcopy(notebook.cells[1])
    rubric.cell_type, rubric.source = "markdown", (
        "## Why?\n\n| Points | Rubric |\n| --- | --- |\n"
        + "\n".join(f"| {line.points:g} | {line.text} |" for line in LINES)
    )  # fmt: skip
    for key in ("outputs", "execution_count"):
        rubric.pop(key)
    rubric.metadata["nbgrader"] = rubric.metadata["nbgrader"] | {"grade_id": "q4_why_rubric"}
    rubric["id"] = "rubric"
    notebook.cells.insert(-1, rubric)
    nbformat.write(notebook, master)
    Course.build(course, folder / "graded" / "course")
    return folder / "graded"


@pytest.fixture(scope="module")
def batch(built: Path) -> Batch:
    return Batch(Course(built / "course"), built, Sandbox(False, False), Limits(), 1)


@pytest.fixture(scope="module")
def handed(batch: Batch) -> list[Submission]:
    texts = [f"Answer of number {n}. {' '.join(['A *kernel* is shared.'] * (n % 7))}" for n in
             range(28)]  # fmt: skip
    texts += [ESSAY, "</article><script>window.hit = 40</script>"]
    return [hand_in(batch, name, text) for name, text in zip(NAMES, texts, strict=True)]


def begin_anew(folder: Path) -> None:
    """Forget the marks of other tests."""
    for path in [*folder.glob("marks*"), *folder.glob("marks/*"), *folder.glob("disagree*")]:
        if path.is_file():
            path.unlink()


@pytest.fixture
def page(batch: Batch, handed: list[Submission], browser: Any) -> Iterator[Any]:
    folder = batch.output / ASSIGNMENT
    begin_anew(folder)
    with batch.course.gradebook() as book:
        for name in NAMES:
            grade = book.find_grade(QUESTION, ASSIGNMENT, ASSIGNMENT, name)
            grade.manual_score, grade.needs_manual_grade = None, True
        book.db.commit()
    assert by_hand.exchange(batch, handed, ASSIGNMENT) == []
    context = browser.new_context(accept_downloads=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto((folder / "marking" / f"{QUESTION}.html").as_uri())
    yield page
    context.close()


def saved(page: Any, folder: Path, name: str = "") -> Path:
    with page.expect_download() as download:
        page.keyboard.press("d")
    path = folder / (name or download.value.suggested_filename)
    download.value.save_as(path)
    return path


def points(batch: Batch, student: str) -> tuple[float, bool, str]:
    score = batch.course.scores(ASSIGNMENT, student)[QUESTION]
    return score["score"], score["needs_reading"], score["comment"]


def test_thirty_answers_are_marked_by_keyboard(
    page: Any, batch: Batch, handed: list[Submission]
) -> None:
    assert page.locator("#count").inner_text() == "0 of 30 marked"
    assert not [name for name in NAMES if name in page.content()]
    page.locator("#marker").fill("AB")
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 3, "y": 3})
    page.keyboard.press("Enter")  # to the first answer
    for number in range(30):
        page.keyboard.press("1")
        page.keyboard.press("2")
        if number % 3:
            page.keyboard.press("2")  # a step less
        if number == 4:
            page.keyboard.press("r")
            page.keyboard.type("Which weights? 1 a 0 d <b>")
            page.keyboard.press("Escape")
        page.keyboard.press("Enter")
    assert page.locator("#count").inner_text() == "30 of 30 marked"
    path = saved(page, batch.output / ASSIGNMENT / "marks")
    assert path.name == f"{ASSIGNMENT}-{QUESTION}-AB.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    assert [mark["points"] for mark in data["marks"]] == [2.0 if n % 3 == 0 else 1.5 for n in
                                                          range(30)]  # fmt: skip
    assert not [name for name in NAMES if name in path.read_text(encoding="utf-8")]
    assert by_hand.exchange(batch, handed, ASSIGNMENT) == [f"{ASSIGNMENT}: 30 marks taken in"]
    assert by_hand.exchange(batch, handed, ASSIGNMENT) == []
    codes = Codes(batch.output / by_hand.SECRET)
    order = sorted(NAMES, key=lambda name: codes.of(ASSIGNMENT, name))
    for number, name in enumerate(order):
        score, is_open, comment = points(batch, name)
        assert (score, is_open) == (2.0 if number % 3 == 0 else 1.5, False)
        assert comment.startswith("1 of 1: Local windows\n")
        assert ("Which weights? 1 a 0 d <b>" in comment) == (number == 4)
    rows = list(csv.DictReader((batch.output / ASSIGNMENT / "marks.csv").open(encoding="utf-8")))
    assert sorted(float(row["points"]) for row in rows) == [1.5] * 20 + [2.0] * 10


def test_enter_gives_no_points_that_nobody_gave(page: Any, tmp_path: Path) -> None:
    first, second = (page.locator("article").nth(n) for n in (0, 1))
    first.focus()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    assert first.evaluate("card => card === document.activeElement")
    says = page.locator("#said").inner_text()
    assert says.startswith("Answer 1: line 2 has no points yet; 0 gives nought")
    assert first.locator("input:checked").count() == 1
    assert page.locator("#count").inner_text() == "0 of 30 marked"
    page.keyboard.press("n")  # later
    assert second.evaluate("card => card === document.activeElement")
    page.keyboard.press("Enter")
    assert "Answer 2: lines 1, 2 have no points yet" in page.locator("#said").inner_text()
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    assert not second.evaluate("card => card === document.activeElement")
    assert page.locator("#said").inner_text() == ""
    assert page.locator("#count").inner_text() == "1 of 30 marked"
    data = json.loads(saved(page, tmp_path, "one.json").read_text(encoding="utf-8"))
    assert [mark["lines"] for mark in data["marks"]] == [[0, 0]]


def test_another_browser_says_how_many_marks_count_already(
    page: Any, batch: Batch, handed: list[Submission]
) -> None:
    codes = Codes(batch.output / by_hand.SECRET)
    order = sorted(NAMES, key=lambda name: codes.of(ASSIGNMENT, name))
    file(batch, "AB", *(mark(batch, name, [1, 0.5]) for name in order[:26]))
    by_hand.exchange(batch, handed, ASSIGNMENT)
    page.reload()
    says = page.locator("#count").inner_text()
    assert says == "0 of 30 marked here; 26 more count already, from files that were taken in"
    assert "1.5 points count" in page.locator("article h2").first.inner_text()
    page.locator("article").first.focus()
    page.keyboard.press("n")  # the next one is one that nobody has marked
    assert page.locator("article").nth(26).evaluate("card => card === document.activeElement")


def test_what_was_begun_is_kept_and_forgotten(page: Any, tmp_path: Path) -> None:
    page.locator("article").nth(3).locator("input").nth(1).check()
    page.locator("article").nth(3).locator("textarea").fill("Half.")
    page.reload()
    assert page.locator("article").nth(3).locator("input").nth(1).is_checked()
    page.locator("article").nth(3).focus()
    page.keyboard.press("a")
    path = saved(page, tmp_path, "half.json")
    page.locator("#forget").click()
    assert page.locator("#count").inner_text() == "0 of 30 marked"
    page.reload()
    assert page.locator("article").nth(3).locator("textarea").input_value() == ""
    page.locator("#load").set_input_files(path)
    page.get_by_text("1 marks read").wait_for()
    assert page.locator("article").nth(3).locator("textarea").input_value() == "Half."
    other = json.loads(path.read_text(encoding="utf-8")) | {"question": "q9"}
    path.write_text(json.dumps(other), encoding="utf-8")
    page.locator("#load").set_input_files(path)
    page.get_by_text(f"not read: it is for {ASSIGNMENT}, q9").wait_for()


def test_no_answer_runs_or_asks_anything(page: Any, batch: Batch) -> None:
    page.evaluate(
        "() => { for (const one of document.querySelectorAll('details')) one.open = true }"
    )
    page.wait_for_timeout(200)
    assert page.evaluate(CLICK.replace("a, button, ", "a, "))[0] is None
    assert page.asked == [page.url]
    html = page.content()
    assert html.count("<script") == 1 and page.locator("article").count() == 30
    text = (batch.output / ASSIGNMENT / "marking" / f"{QUESTION}.html").read_text(encoding="utf-8")
    # What gets past the sanitiser is stopped by the policy.
    hurt = text.replace("</main>", "".join(ATTACKS[:2]) + "</main>")
    path = batch.output / "hurt.html"
    path.write_text(hurt, encoding="utf-8")
    page.goto(path.as_uri())
    assert page.evaluate("() => window.hit ?? null") is None
    assert not [url for url in page.asked if "evil" in url]


def test_a_page_can_be_used_by_everybody(page: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    # Some of the answers are enough.
    page.evaluate("() => [...document.querySelectorAll('article')].slice(6).map(a => a.remove())")
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        found = Axe().run(page).response["violations"]
        assert not found, [(v["id"], v["nodes"][0]["html"][:200]) for v in found]
        wide = "() => document.documentElement.scrollWidth - window.innerWidth"
        assert page.evaluate(wide) <= 0, width


def mark(batch: Batch, student: str, given: list[Any], **more: Any) -> dict[str, Any]:
    code = Codes(batch.output / by_hand.SECRET).of(ASSIGNMENT, student)
    answer = batch.course.answers(ASSIGNMENT, student)[QUESTION]
    return {"code": code, "text": fingerprint(answer), "lines": given, "remark": "", **more}


def file(batch: Batch, name: str, *marks: Any, **more: Any) -> None:
    data = {
        "kind": "lenet5-marks", "version": 1, "assignment": ASSIGNMENT, "question": QUESTION,
        "marker": name, "saved": "2027-03-01T10:00:00Z", "marks": list(marks), **more,
    }  # fmt: skip
    path = batch.output / ASSIGNMENT / "marks" / f"{name}.json"
    path.write_text(json.dumps(data), encoding="utf-8")


def typed(batch: Batch, student: str, value: str) -> None:
    """Type points into marks.csv."""
    path = batch.output / ASSIGNMENT / "marks.csv"
    rows = list(csv.DictReader(path.open(newline="", encoding="utf-8")))
    for row in rows:
        row["points"] = value if row["student"] == student else row["points"]
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_two_markers_are_merged_and_disagreements_listed(
    batch: Batch, handed: list[Submission]
) -> None:
    ann, bob, eve = (hand_in(batch, name, f"I am {name}.") for name in ("ann", "bob", "eve"))
    three = [ann, bob, eve]
    begin_anew(batch.output / ASSIGNMENT)
    by_hand.exchange(batch, three, ASSIGNMENT)
    file(batch, "AB", mark(batch, "ann", [1, 0.5], remark="Good."), mark(batch, "bob", [1, 1]))
    file(batch, "CD", mark(batch, "ann", [1, 0.5], remark="Fine."), mark(batch, "bob", [1, 0]))
    said = by_hand.exchange(batch, three, ASSIGNMENT)
    assert said[0] == f"{ASSIGNMENT}: 1 mark taken in"
    assert [line.partition(":")[0] for line in said[1:]] == ["Markers disagree on 1 answer"]
    assert points(batch, "ann") == (1.5, False, "1 of 1: Local windows\n0.5 of 1: Shared weights\n"
                                    "Good.\nFine.")  # fmt: skip
    assert points(batch, "bob")[1]  # nobody has decided
    path = batch.output / ASSIGNMENT / "disagreements.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    assert [(r["student"], r["marker"], r["points"], r["lines"]) for r in rows] == [
        ("bob", "AB", "2", "1 + 1"), ("bob", "CD", "1", "1 + 0"),
    ]  # fmt: skip
    typed(batch, "bob", "1.5")
    assert by_hand.exchange(batch, three, ASSIGNMENT) == [f"{ASSIGNMENT}: 1 mark taken in"]
    assert points(batch, "bob")[:2] == (1.5, False)
    assert not path.exists()
    typed(batch, "ann", "2")  # a person's later word counts, and pages do not undo it
    by_hand.exchange(batch, three, ASSIGNMENT)
    by_hand.exchange(batch, three, ASSIGNMENT)
    assert points(batch, "ann")[0] == 2
    file(batch, "AB", mark(batch, "ann", [0, 0]), mark(batch, "bob", [1, 1]))
    assert "on 1 answer:" in by_hand.exchange(batch, three, ASSIGNMENT)[0]
    hand_in(batch, "eve", "Another answer.")
    old = mark(batch, "eve", [1, 1]) | {"text": fingerprint(None)}
    file(batch, "EF", old)
    assert any("eve, q4_why: there is a new answer" in s for s in
               by_hand.exchange(batch, three, ASSIGNMENT))  # fmt: skip
    assert points(batch, "eve")[1]


BAD = [
    ({"lines": [2, 0]}, "2 of 1 points on line 1 is refused: give 0 to 1"),
    ({"lines": [-0.5, 0]}, "-0.5 of 1 points on line 1 is refused"),
    ({"lines": [1, 1, 1]}, "the rubric has 2 lines"),
    ({"lines": [True, 0]}, "'True' on line 1 is no number"),
    ({"lines": [float("nan"), 0]}, "'nan' on line 1 is no number"),
    ({"points": 936}, "936 points are not the sum of its lines, 2"),
    ({"code": "ffffffffff"}, "nobody has the code 'ffffffffff'"),
    ({"code": ["x" * 5000]}, "nobody has the code"),
]


@pytest.mark.parametrize(("change", "says"), BAD)
def test_a_mark_that_cannot_be_is_refused_by_name(change: Any, says: str, tmp_path: Path) -> None:
    entry = {"code": "0123456789", "text": "a", "lines": [1, 1], "points": 2} | change
    data = {"kind": "lenet5-marks", "version": 1, "assignment": "a", "question": "q",
            "marker": "AB", "marks": [entry, 3]}  # fmt: skip
    (tmp_path / "AB.json").write_text(json.dumps(data), encoding="utf-8")
    found = marked.read(tmp_path, "a", {"q": LINES}, {"0123456789": "ann"})
    assert found.by == {}
    assert found.refused[0].startswith("AB.json, q: ") and says in found.refused[0]
    assert "an entry is no mark" in found.refused[1]
    assert all(len(line) < 300 for line in found.refused)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"assignment": "a2"}, "its marks are for a2, not for a"),
        ({"question": "q9"}, "a has no question 'q9' that a person reads"),
        ({"kind": "x"}, "not a file that a marking page has saved"),
        ({"version": 2}, "not a file that a marking page has saved"),
        ({"marks": {}}, "no list of at most"),
    ],
)
def test_a_file_for_something_else_is_refused_by_name(
    change: Any, says: str, tmp_path: Path
) -> None:
    data = {"kind": "lenet5-marks", "version": 1, "assignment": "a", "question": "q", "marks": []}
    (tmp_path / "AB.json").write_text(json.dumps(data | change), encoding="utf-8")
    (tmp_path / "CD.json").write_text("[" * 100_000, encoding="utf-8")
    (tmp_path / "EF.json").symlink_to(tmp_path / "AB.json")
    found = marked.read(tmp_path, "a", {"q": LINES}, {})
    assert says in found.refused[0]
    assert "CD.json: cannot be read" in found.refused[1]
    assert "EF.json: a link" in found.refused[2]


def test_of_one_markers_files_the_newest_counts(tmp_path: Path) -> None:
    for hour, given in ((9, [0, 0]), (11, [1, 1]), (10, [1, 0])):
        entry = {"code": "c", "text": "a", "lines": given}
        data = {"kind": "lenet5-marks", "version": 1, "assignment": "a", "question": "q",
                "marker": "AB", "saved": f"2027-03-01T{hour:02}:00Z", "marks": [entry]}  # fmt: skip
        (tmp_path / f"{hour}.json").write_text(json.dumps(data), encoding="utf-8")
    found = marked.read(tmp_path, "a", {"q": LINES}, {"c": "ann"})
    assert [m.points for m in found.by["ann", "q"]] == [(1.0, 1.0)]


def test_the_masters_rubrics_are_read() -> None:
    for path in sorted((ROOT / "assignments" / "release").glob("*/*.ipynb")):
        release = nbformat.read(path, 4)
        read = [c for c in release.cells if c.cell_type == "markdown"
                and c.metadata.get("nbgrader", {}).get("grade")]  # fmt: skip
        (cell,) = read
        question = Question(cell.metadata.nbgrader.grade_id, cell.metadata.nbgrader.points, "")
        lines = marking.rubric(release, question)
        assert len(lines) >= 2 and sum(line.points for line in lines) == question.points
        other = Question(question.name, question.points + 1, "")
        assert marking.rubric(release, other) == [Line(other.points, "The whole question")]
    assert Line(1.25, "").steps == ["1.25", "1", "0.5", "0"]


def test_partners_are_marked_once_and_names_are_shown_when_asked(
    batch: Batch, tmp_path: Path
) -> None:
    ann, bob = (hand_in(batch, name, "Ours.") for name in ("Ann", "Bob"))
    bob.path = ann.path
    blank = hand_in(batch, "Blank", find(batch.course.releases[ASSIGNMENT], QUESTION).source)
    codes = Codes(batch.output / by_hand.SECRET)
    given = [ann, bob, blank]
    (path,) = marking.write(tmp_path, batch.course, ASSIGNMENT, given, codes, named=True)
    text = path.read_text(encoding="utf-8")
    assert text.count("<article") == 1
    assert "Ann, Bob" in text and "handed in by 2 together" in text and "count)" not in text
    with batch.course.gradebook() as book:
        for name, given_points in (("Ann", 1), ("Bob", 2)):
            grade = book.find_grade(QUESTION, ASSIGNMENT, ASSIGNMENT, name)
            grade.manual_score, grade.needs_manual_grade = given_points, False
        book.db.commit()
    marking.write(tmp_path, batch.course, ASSIGNMENT, given, codes)
    assert "(the partners differ: 1, 2 points count)" in path.read_text(encoding="utf-8")
    listed = re.search('data-codes="(.*?)"', text)[1].split()
    assert listed == [codes.of(ASSIGNMENT, name) for name in ("Ann", "Bob")]
    assert codes.of(ASSIGNMENT, "Ann") != Codes(tmp_path / "other").of(ASSIGNMENT, "Ann")
    assert (tmp_path / "other").stat().st_mode & 0o777 == 0o600
