"""The report on a class, and how late somebody was."""

import csv
import datetime
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from test_grading_output import ATTACKS

sys.path.insert(0, str(ROOT / "assignments" / "grading"))

import class_report
import items
import late
import reports
import tables
from changes import Change
from class_report import Class
from graded import Graded
from platforms import gradescope
from submissions import Submission

MOST = {"q1_test": 3.0, "q2_test": 4.0, "q3_why": 2.0}


def result(number: int, points: list[float | None], **more: Any) -> Graded:
    scores = {
        name: {"score": value or 0.0, "needs_reading": value is None, "refused": "", "comment": "",
               "by_person": False}
        for name, value in zip(MOST, points, strict=True)
    }  # fmt: skip
    identity = more.pop("identity", {})
    about = {"student": f"s{number}", "name": f"Student {number}", "assignment": "a1", **more}
    submission = Submission(Path(f"{number}.ipynb"), **about)
    failed = {} if points[1] else {"q2_test": ATTACKS[0] if number % 3 else "count the biases"}
    record = {"reason": "", "notes": [], "failed": failed}
    return Graded(submission, record, scores, identity)


@pytest.fixture(scope="module")
def rows() -> list[Graded]:
    rng = random.Random(3)
    made = []
    for number in range(1000):
        skill = rng.random()
        q1 = 3.0 * (rng.random() < skill)
        q2 = 4.0 * (rng.random() < skill)
        made.append(result(number, [q1, q2, None if number < 100 else rng.choice([0, 1, 2])]))
    return made


def test_items_are_what_numpy_says(rows: list[Graded]) -> None:
    by_name = {item.name: item for item in items.items(rows, MOST)}
    q1 = np.array([row.scores["q1_test"]["score"] for row in rows])
    rest = np.array([row.total for row in rows]) - q1
    item = by_name["q1_test"]
    assert item.share.mean == pytest.approx(q1.mean() / 3)
    assert item.share.n == 1000
    r, low, high = item.discrimination
    assert r == pytest.approx(np.corrcoef(q1, rest)[0, 1])
    half = 1.959964 / 997**0.5
    assert (low, high) == pytest.approx(
        (np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half))
    )
    assert by_name["q3_why"].unread == 100 and by_name["q3_why"].share.n == 900
    failed = [row for row in rows if not row.scores["q2_test"]["score"]]
    assert by_name["q2_test"].message == ATTACKS[0]
    assert by_name["q2_test"].failed == sum(
        int(row.submission.student[1:]) % 3 > 0 for row in failed
    )


@pytest.mark.parametrize(
    ("x", "y"), [([1.0] * 20, list(range(20))), ([1.0, 2.0] * 4, [2.0, 1.0] * 4), ([], [])]
)
def test_a_correlation_without_meaning_is_none(x: list[float], y: list[float]) -> None:
    assert items.correlation(x, y) is None


def test_a_perfect_correlation_has_an_interval() -> None:
    x = [float(n) for n in range(12)]
    r, low, high = items.correlation(x, [-v for v in x])
    assert r == pytest.approx(-1) and -1 <= low < high < -0.99


def test_a_report_is_harmless_and_whole(rows: list[Graded], browser: Any, tmp_path: Path) -> None:
    evil = ATTACKS[2] + "\u202e"
    policy = policy_of(tmp_path, "file_dates = true")
    about = Class(
        "a1", rows, MOST,
        status=[[evil, "missing", "", ""], ["Bob", "unknown", "bob", "who?"]],
        files=[[evil, "not a notebook"]],
        changed=[Change(rows[0], "q1_test", 1.0, None, "to be read again")],
        policy=policy,
    )  # fmt: skip
    rows[5].submission.moment = "2027-03-04 12:00:00 +0100"
    rows[5].submission.name = evil
    try:
        assert class_report.write(tmp_path, about) == []
    finally:
        rows[5].submission.moment, rows[5].submission.name = "", "Student 5"
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        table = {row["question"]: row for row in csv.DictReader(file)}
    assert table["q3_why"]["to read"] == "100"
    assert float(table["q1_test"]["share low"]) < float(table["q1_test"]["mean share"])
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "report.html").as_uri())
    ran = "() => [window.hit ?? null, document.querySelectorAll('script, img').length]"
    assert page.evaluate(ran) == [None, 0]
    assert asked == [page.url]
    assert page.locator("figure svg").count() == 3
    text = page.inner_text("main")
    for words in ("0 submitted, 1 missing, 1 unknown", "not a notebook", "to read", "who?",
                  "1000 submissions, 1000 graded, of which 100", "2 d 12.0 h"):  # fmt: skip
        assert words in text
    wide = "() => document.documentElement.scrollWidth - window.innerWidth"
    assert page.evaluate(wide) <= 0
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    assert not found, [(v["id"], v["nodes"][0]["html"][:200]) for v in found]
    context.close()


def test_an_empty_class_has_a_report(tmp_path: Path) -> None:
    one = result(1, [0, 0, 0])
    one.record["reason"] = "not a notebook"
    assert class_report.write(tmp_path, Class("a1", [one], MOST)) == []
    assert "1 submission, 0 graded" in (tmp_path / "report.html").read_text("utf-8")


def policy_of(folder: Path, more: str = "", due: str = "2027-03-01T23:59:00") -> late.Policy:
    path = folder / "late.toml"
    path.write_text(
        f'timezone = "Europe/Berlin"\n[a1]\ndue = {due}\ngrace_minutes = 15\n'
        f'percent_per_day = 10\nmost_percent = 50\n{more}\n[a1.extensions]\n"2001" = 2027-03-08\n'
        '"Ada@Example.org" = 2027-03-02T10:00:00Z\n',
        encoding="utf-8",
    )  # fmt: skip
    return late.read(path, ["a1"])["a1"]


@pytest.mark.parametrize(
    ("moment", "identity", "percent", "hours"),
    [
        ("2027-03-01T23:59:00+01:00", {}, 0, 0),
        ("2027-03-02 00:13:00", {}, 0, 0),  # within the grace
        ("2027-03-02 00:15:00 +0100", {}, 10, 0.2667),
        ("2027-03-02T22:59:00Z", {}, 10, 24),
        ("2027-03-02T23:00:00.000000000Z", {}, 20, 24.0167),
        ("2027-04-01 12:00", {}, 50, 30 * 24 + 11.0167),  # summer time in between
        ("Tuesday, 2 March 2027, 1:59 AM", {}, 10, 2),
        ("2027-03-08 23:00", {"ID": "2001"}, 0, 0),
        ("2027-03-09 23:00", {"ID": "2001"}, 10, 23.0003),
        ("2027-03-02T11:00:00Z", {"Email": "ada@example.org"}, 10, 1),
        ("2027-03-08 23:00", {"ID": "2002"}, 50, 7 * 24 - 0.9833),
    ],
)
def test_how_late(
    moment: str, identity: dict[str, str], percent: float, hours: float, tmp_path: Path
) -> None:
    row = result(1, [3, 4, 2], moment=moment, identity=identity)
    found = late.of(row, policy_of(tmp_path))
    assert found.percent == percent
    assert found.late.total_seconds() / 3600 == pytest.approx(hours, abs=1e-3)
    assert found.extended == bool(identity.get("ID") != "2002" and identity)
    assert found.source == "platform"


def test_deductions_are_columns_and_raw_points_stay(tmp_path: Path) -> None:
    row = result(1, [3, 4, 2], identity={"Last modified (submission)": "2027-03-03 12:00"})
    found = dict(zip(late.HEADER, late.cells(row, policy_of(tmp_path)), strict=True))
    assert found["deduction %"] == "20" and found["less deduction"] == "7.2"
    assert found["late"] == "1 d 12.0 h" and row.total == 9
    tables.write(tmp_path / "x.csv", lambda: (late.HEADER, [list(found.values())]))
    assert "2027-03-03 12:00,platform,2027-03-01 23:59" in (tmp_path / "x.csv").read_text("utf-8")


def test_what_is_not_known_costs_nothing(tmp_path: Path) -> None:
    strange = result(1, [3, 4, 2], moment="lundi, 8 mars 2027")
    found = late.of(strange, policy_of(tmp_path))
    assert (found.percent, found.moment) == (0, None)
    assert "is no time that is understood" in found.remark
    after = datetime.datetime(2027, 4, 1, tzinfo=datetime.UTC).timestamp()
    dated = result(1, [3, 4, 2], changed=after)
    found = late.of(dated, policy_of(tmp_path))
    assert found.percent == 0 and found.late and "no proof" in found.remark
    assert late.of(dated, policy_of(tmp_path, "file_dates = true")).percent == 50
    assert late.of(result(1, [3, 4, 2]), policy_of(tmp_path)).remark == "nobody says when"


@pytest.mark.parametrize(
    ("name", "says_late"),
    [
        ("lovelaceada_LATE_2001_30007_a1.ipynb", True),
        ("LATE_anon_x7Yq2_30007_a1.ipynb", True),
        ("lovelaceada_2001_30007_LATE_1_2_a1.ipynb", False),
        ("LATE_1.ipynb", False),
        ("lovelaceada_2001_30007_a1.ipynb", False),
    ],
)
def test_that_canvas_says_late_is_said(name: str, says_late: bool, tmp_path: Path) -> None:
    row = result(1, [3, 4, 2], changed=1.0)  # before it was due
    row.submission.path = Path(name)
    found = late.of(row, policy_of(tmp_path))
    assert (found.percent, "Canvas says that it was late" in found.remark) == (0, says_late)


def test_the_points_name_a_student_as_the_list_does() -> None:
    listed = result(1, [3, 4, 2], identity={"Student": "Lovelace, Ada", "ID": "2001"})
    header, rows = reports._grades([listed, result(2, [3, 4, 2])], MOST, None)
    names = [row[header.index("name")] for row in rows]
    assert names[0] == "Lovelace, Ada" and names[1] == result(2, [3, 4, 2]).submission.name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("due = ", "cannot be read as TOML"),
        ("[a2]\ndue = 2027-03-01", "a2 is no assignment of"),
        ("[a1]", "due: None; expected a date like"),
        ("[a1]\ndue = 3", "due: 3; expected a date"),
        ("[a1]\ndue = 2027-03-01\npercent = 3", "unknown ['percent']"),
        ("[a1]\ndue = 2027-03-01\npercent_per_day = 101", "expected a number from 0 to 100"),
        ("[a1]\ndue = 2027-03-01\ngrace_minutes = nan", "grace_minutes: nan"),
        ("[a1]\ndue = 2027-03-01\ngrace_minutes = true", "grace_minutes: True"),
        ("[a1]\ndue = 2027-03-01\nextensions = 3", "expected lines such as"),
        ("a1 = 3", "unknown 3"),
        ('timezone = "Nowhere"', "expected one like Europe/Berlin"),
    ],
)
def test_a_policy_that_says_nothing_clear_is_refused(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "late.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError) as raised:
        late.read(tmp_path / "late.toml", ["a1"])
    assert says in str(raised.value)


def test_gradescope_says_when(tmp_path: Path) -> None:
    path = tmp_path / "submission_metadata.yml"
    submitter = "  :submitters:\n  - :name: Ada\n    :sid: s1\n"
    path.write_text(
        f"submission_1:\n{submitter}  :created_at: !ruby/object:Time 2027-01-22 22:40:42.0 -05:00\n"
        f"submission_2:\n{submitter}  :created_at: !ruby/object:ActiveSupport::TimeWithZone\n"
        "    utc: 2027-01-23 03:40:42.000000000 Z\n    zone: x\n"
        f"submission_3:\n{submitter}  :created_at: [1]\n",
        encoding="utf-8",
    )
    moments = [people[0].moment for people in gradescope(path, ()).values()]
    zone = datetime.UTC
    assert late.parse(moments[0], zone) == late.parse(moments[1], zone) is not None
    assert late.parse(moments[2], zone) is None


def test_the_policy_on_the_page_can_be_used(tmp_path: Path) -> None:
    page = (ROOT / "assignments" / "grading" / "README.md").read_text(encoding="utf-8")
    path = tmp_path / "late.toml"
    path.write_text(page.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
    (policy,) = late.read(path, ["a1_shapes_and_counts"]).values()
    assert (policy.per_day, policy.most, len(policy.extensions)) == (10, 50, 2)
