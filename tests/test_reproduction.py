"""The report: its numbers are those of the records, and what its sentences say is so."""

import json
import re
import sys
from statistics import mean

import pytest
from bs4 import BeautifulSoup
from conftest import ROOT

from lenet_utils.results.matrix import matrix

sys.path.append(str(ROOT / "book" / "_ext"))
import lenet_report

SOURCE = (ROOT / "book" / "reproduction.md").read_text(encoding="utf-8")
EQ_9, EQ_8 = lenet_report.CURVES.values()
ROWS = {row.name: row for row in matrix()}
NUMBERS = re.findall(r"\{(cell|row|record|less)\}`([^`]+)`", SOURCE)


def runs_of(record: str, variant: str) -> list[dict]:
    """Read the runs without the package."""
    text = (ROOT / "lenet_utils" / "records" / f"{record}.json").read_text(encoding="utf-8")
    return [run for run in json.loads(text)["runs"] if run["variant"] == variant]


def test_the_page_shows_each_number_of_its_source(site):
    page = BeautifulSoup((site / "book" / "reproduction.html").read_text("utf-8"), "html.parser")
    shown = [
        one.get_text().replace("\N{NO-BREAK SPACE}", " ") for one in page.select(".lenet-number")
    ]
    find = {"cell": lenet_report.of_cell, "row": lenet_report.of_row,
            "record": lenet_report.of_record, "less": lenet_report.of_difference}  # fmt: skip
    assert len(shown) > 40
    assert shown == [find[kind](*(p.strip() for p in text.split(";"))) for kind, text in NUMBERS]


def test_means_are_those_of_the_runs():
    found = runs_of("training-size", "15,000, Eq. 8")
    expected = 100 * mean(run["final"]["fitted_error"] for run in found)
    assert lenet_report.of_record("training-size", "15,000, Eq. 8", "fitted_error").startswith(
        f"{expected:.2f} ± "
    )
    ends = 100 * mean(run["curves"]["test_error"][-1] for run in runs_of("interpretations", EQ_8))
    assert lenet_report.of_cell("mean", "test error at the end", EQ_8).startswith(f"{ends:.2f} ± ")
    first, second = (
        mean(run["final"]["test_error"] for run in runs_of(*one))
        for one in (("interpretations", EQ_9), ("distortions", "all digits, j = 1"))
    )
    words = lenet_report.of_difference(
        "interpretations", EQ_9, "distortions", "all digits, j = 1", "test_error"
    )
    assert words.startswith(f"{100 * (second - first):+.2f}, 95% interval -")


@pytest.mark.parametrize(
    "asked", [("mean", "no such value", EQ_8), ("mean", "test error at the end", "no such row")]
)
def test_what_was_not_measured_is_no_number(asked):
    with pytest.raises((KeyError, ValueError)):
        lenet_report.of_cell(*asked)


def excluded(name: str) -> list[str]:
    return [cell.published.what for cell in ROWS[name].cells if cell.excluded]


def test_sentences_of_the_abstract_and_the_conclusion_hold():
    run = [row for row in ROWS.values() if row.compared]
    assert len(run) >= 12 and all(row.inside < len(row.compared) for row in run)
    (left,) = (row for row in run if row.probability > 0.05)
    assert "no rejection" in left.name and left.inside <= 0.6 * len(left.compared)
    for name in (EQ_9, EQ_8):
        of_all = [cell for cell in ROWS[name].cells if cell.published.training == 60_000]
        assert len(of_all) == 17 and {cell.verdict.word for cell in of_all} == {"inside"}
        assert excluded(name) == ["training error with 15,000 training digits"]
        assert all(cell.verdict.n >= 16 for cell in of_all)
    others = [row.name for row in run if row not in (left, ROWS[EQ_9], ROWS[EQ_8])]
    assert all(len(excluded(name)) > 1 for name in others)


def test_sentences_on_fewer_and_distorted_digits_hold():
    words = {
        name: [c.verdict.word for c in ROWS[name].cells if c.published.group == "fewer digits"]
        for name in (EQ_9, EQ_8)
    }
    assert words[EQ_9] == words[EQ_8] == ["inside", "below", "inside", "inside"]
    for name in (EQ_9, EQ_8, "coefficients 1, curvature x 4, j = 10"):
        assert ROWS[name].cells[-1].verdict.word == "inside"


def test_every_number_of_a_table_of_the_paper_is_the_papers():
    """Of the numbers that are typed into the page, those with a unit are the paper's."""
    text = re.sub(r"\{\w+\}`[^`]*`", "", SOURCE)
    typed = {float(n) for n in re.findall(r"(\d+\.\d+)(?: and [\d.]+)?%", text)}
    published = {round(100 * cell.published.value, 4) for cell in ROWS[EQ_9].cells}
    figure_9 = {1.7, 1.1, 0.7, 4.7, 7.6, 0.8}
    assert typed <= published | figure_9
