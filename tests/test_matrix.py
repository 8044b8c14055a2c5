"""The matrix of interpretations and the ledger: what they show is what the records say."""

import json
import math

import numpy as np
import pytest

from lenet_research import all_experiments
from lenet_utils import figures
from lenet_utils.figures.agreement import agreement
from lenet_utils.results.agreement import holm, locate, locate_exact
from lenet_utils.results.comparison import CLAIMS, ledger
from lenet_utils.results.intervals import mean_interval
from lenet_utils.results.matrix import DISTORTED, PUBLISHED, RECORDS, matrix
from lenet_utils.results.records import FOLDER, Record, Run, load_record, save_record

SETTINGS = {"j": 1.0, "training": 60_000, "distortions": None, "epochs": 20}


def value(published, seed: int, factor: float = 1.0) -> float:
    """Return a measurement of one seed: the published one, give or take 3%."""
    return published.value * factor * (1 + 0.03 * math.sin(7 * seed + len(published.what)))


def run(variant: str, seed: int, factor: float = 1.0, training: object = 60_000) -> Run:
    curves: dict = {}
    final = {}
    for p in (p for p in PUBLISHED if p.training == training):
        if p.at_epoch is None:
            final[p.measure] = value(p, seed, factor)
        else:
            curves.setdefault(p.measure, [0.5] * 20)[p.at_epoch - 1] = value(p, seed, factor)
    return Run(variant, seed, curves, final, 1.0, 0)


@pytest.fixture
def folder(tmp_path):
    """Records in which one interpretation has the paper's values, one twice as large ones."""
    other = {**SETTINGS, "j": 10.0}
    variants = {"never run": {**SETTINGS, "j": 3.0}, "twice": other, "same": SETTINGS}
    runs = [run(v, seed, 2.0 if v == "twice" else 1.0) for v in variants for seed in range(12)]
    runs = [r for r in runs if r.variant != "never run"]
    save_record(Record(RECORDS[0], "", "", variants, [{}], runs), tmp_path)
    fewer = {f"{n:,}": {**SETTINGS, "training": n} for n in (15_000, 30_000)}
    runs = [run(v, s, training=settings["training"]) for v, settings in fewer.items()
            for s in range(12)]  # fmt: skip
    save_record(Record("training-size", "", "", fewer, [{}], runs), tmp_path)
    wide = {"wide": {**SETTINGS, "distortions": {"shift": 2.0}}}
    runs = [run("wide", s, 3.0, DISTORTED) for s in range(12)]
    save_record(Record("distortions", "", "", wide, [{}], runs), tmp_path)
    return tmp_path


def test_each_published_value_once_as_the_paper_prints_it():
    errors = {p.what: round(100 * p.value, 4) for p in PUBLISHED if not p.is_rate}
    assert len(errors) + 2 == len(PUBLISHED) == 22
    test = [2.64, 2.23, 1.47, 1.42, 1.42, 1.08, 1.03, 1.05, 0.98, 0.95]
    assert [errors[f"test error after epoch {p}"] for p in range(1, 11)] == test
    train = {1: 4.88, 5: 1.21, 10: 0.48, 19: 0.35}
    for epoch, error in train.items():
        assert errors[f"training error, measured while learning, of epoch {epoch}"] == error
    assert errors["test error at the end"] == 0.95
    few = [p for p in PUBLISHED if p.where.startswith("Fig. 6")]
    assert [round(100 * p.value, 2) for p in few] == [1.69, 0.05, 1.14, 0.31]
    assert errors["test error with distortions"] == 0.8
    assert [p.value for p in PUBLISHED if p.is_rate] == [7e-5, 0.016]
    # Half a unit of the last printed digit, or 0.03 points where a plot was read.
    printed = {"p. 10": [5e-6, 5e-4, 5e-5, 5e-5], "p. 11": [5e-4]}
    for where, tolerances in printed.items():
        assert [p.tolerance for p in PUBLISHED if p.where == where] == tolerances
    assert {p.tolerance for p in PUBLISHED if p.where.startswith("Fig.")} == {3e-4}


def test_a_cell_is_filled_from_the_runs_that_have_its_settings(folder):
    rows = {row.name: row for row in matrix(folder)}
    same, twice, never = rows["same"], rows["twice"], rows["never run"]
    assert same.inside == len(same.compared) - 1 == 21
    assert [c.published.group for c in same.cells if c.excluded] == ["distorted"]
    assert same.cells[-1].verdict.word == "below" and same.cells[-1].record == "distortions"
    assert {c.record for c in same.cells[-5:-1]} == {"training-size"}
    assert len(twice.compared) == 17 and twice.inside == 0
    assert all(cell.verdict.word == "below" for cell in twice.compared)
    assert not never.compared and never.probability is None and never.record is None
    assert {cell.verdict.word for cell in never.cells} == {"not run"}
    assert [row.name for row in matrix(folder)] == ["same", "twice", "never run"]
    assert (same.record.experiment, same.variant) == (RECORDS[0], "same")


def test_the_probability_of_a_row_is_holms(folder):
    for row in matrix(folder)[:2]:
        alone = [
            locate(p.value, [value(p, s, 3.0 if p.training == DISTORTED else factor)
                             for s in range(12)], p.tolerance, logarithmic=p.is_rate)
            for factor in [2.0 if row.name == "twice" else 1.0]
            for p in PUBLISHED[: len(row.compared)]
        ]  # fmt: skip
        corrected = holm([verdict.probability for verdict in alone])
        # Records keep five digits.
        assert [c.corrected for c in row.compared] == pytest.approx(corrected, rel=0.02)
        assert row.probability == min(cell.corrected for cell in row.cells if cell.corrected)


def test_few_runs_leave_a_cell_empty_and_older_records_fill_it(folder):
    path = folder / f"{RECORDS[0]}.json"
    record = load_record(RECORDS[0], folder)
    record.runs = [r for r in record.runs if r.variant == "same" and r.seed < 7]
    save_record(record, folder)
    assert [len(row.compared) for row in matrix(folder)] == [5, 0, 0]  # Fig. 6 and distortions
    older = Record(RECORDS[1], "", "", {"old name": SETTINGS}, [{}])
    older.runs = [run("old name", seed) for seed in range(8)]
    save_record(older, folder)
    row = matrix(folder)[0]
    assert (row.name, row.variant, len(row.compared)) == ("same", "old name", 22)
    path.unlink()
    assert matrix(folder) == []


def test_a_run_that_diverged_is_no_number(folder):
    record = load_record(RECORDS[0], folder)
    for r in record.runs:
        if r.variant == "same" and r.seed == 0:
            r.curves["test_error"][4] = None
    save_record(record, folder)
    cell = next(c for c in matrix(folder)[0].cells if c.published.what.endswith("epoch 5"))
    assert cell.ours is None and cell.verdict.by_rank and cell.verdict.word == "inside"
    assert cell.verdict.high == math.inf


def test_the_picture_has_a_mark_for_each_cell(folder):
    rows = matrix(folder)
    figure = agreement(rows, caption="Both.")
    assert figure.arrays["words"] == {
        row.name: [cell.verdict.word for cell in row.cells] for row in rows[:2]
    }
    assert "same: 21 of 22 inside; twice: 0 of 17 inside" in figure.alt
    assert "21 of 22" in figure.svg and "never run" not in figure.svg
    assert figure.svg.count(figures.BLUE) > 21  # and one in the legend
    with pytest.raises(ValueError, match="none of 1 interpretations was run"):
        agreement(rows[2:])


def by_hand(record: str, variant: str, measure: str, at_epoch: int | None) -> list:
    """Return one number a seed, read from the record's file without the package's help."""
    stored = json.loads((FOLDER / f"{record}.json").read_text(encoding="utf-8"))
    runs = [r for r in stored["runs"] if r["variant"] == variant and r["final"] is not None]
    runs.sort(key=lambda r: r["seed"])
    if at_epoch is not None:
        return [r["curves"][measure][at_epoch - 1] for r in runs]
    return [r["final"].get(measure) or r["curves"][measure][-1] for r in runs]


def test_the_matrix_is_what_the_records_say():
    rows = [row for row in matrix() if row.record is not None]
    assert rows, "no interpretation was run"
    for row in rows:
        for cell in (c for c in row.cells if c.published.training == 60_000):
            p = cell.published
            runs = by_hand(cell.record, row.variant, p.measure, p.at_epoch)
            assert cell.verdict == locate(p.value, runs, p.tolerance, logarithmic=p.is_rate)
            if cell.verdict.probability is not None and not cell.verdict.by_rank:
                x = np.log(runs) if p.is_rate else np.array(runs)
                low, high = cell.verdict[1:3]
                middle = math.log(low * high) / 2 if p.is_rate else (low + high) / 2
                assert middle == pytest.approx(x.mean(), abs=0.02 * abs(x.mean()))


def test_the_ledger_has_each_part_once():
    entries = ledger()
    rows = [row for row in matrix() if row.compared]
    assert len(entries) == 14 + len(CLAIMS) + len(PUBLISHED) * len(rows)
    assert len({(entry.part, entry.what) for entry in entries}) == len(entries)
    for entry in entries:
        assert (entry.ours is None) <= (
            entry.verdict.word in ("not run", "not comparable", "inside")
        )


def test_counts_must_be_equal():
    counts = {entry.what: entry for entry in ledger() if entry.part == "counts"}
    assert counts["parameters, LeNet-5"].ours.mean == 60_000
    assert counts.pop("multiply-accumulates, LeNet-5").verdict.word == "above"
    assert {entry.verdict.word for entry in counts.values()} == {"inside"}
    layers = {name: counts[f"connections, {name}"].paper for name in ("C1", "S2", "C3", "S4", "C5")}
    assert 340_908 - sum(layers.values()) == 10_164 + 840  # F6, and the distances
    assert locate_exact(60_000, 59_999, 0).word == "above"


def test_other_classifiers_have_the_papers_numbers():
    errors = [12.0, 8.4, 7.6, 5.0, 2.4, 3.3, 1.1, 3.6, 4.7, 3.05, 1.7, 1.1, 0.7]
    work = [4, 36, 39, 794, 24_000, 14_000, 100, 260]
    assert [100 * c.paper for c in CLAIMS if c.unit == "error"] == pytest.approx(errors)
    assert [c.paper / 1000 for c in CLAIMS if c.unit == "count"] == pytest.approx(work)
    for claim in CLAIMS:
        assert claim.tolerance == (0.0005 if claim.unit == "error" else claim.paper / 10)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.what)
def test_the_ledger_is_what_the_record_says(claim):
    assert claim.variant in all_experiments()["figure-9"].variants
    entry = next(entry for entry in ledger() if entry.what == claim.what)
    runs = by_hand("figure-9", claim.variant, claim.measure, None)
    assert tuple(entry.ours) == pytest.approx(tuple(mean_interval(runs)), nan_ok=True)
    if claim.chance:
        assert entry.verdict == locate(claim.paper, runs, claim.tolerance)
    else:
        # What has no chance in it was run once; so were the counts of work, in every run the same.
        assert len(set(runs)) == 1
        assert entry.verdict.word == locate_exact(claim.paper, runs[0], claim.tolerance).word
