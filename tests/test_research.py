"""Experiments: records, resuming, refusals, on a trainer of a few numbers."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lenet_research import Experiment, Job, load_record, mean_interval, running
from lenet_research.__main__ import describe, main
from lenet_research.running import run_experiment
from lenet_utils.results.records import (
    Record,
    Run,
    merge_records,
    record_path,
    rounded,
    save_record,
)


class Toy:
    """Random walks: each job's number moves at every epoch."""

    backend = "pytorch"
    fail_at: int | None = None
    created = 0

    def __init__(self, jobs, data, device):
        Toy.created += 1
        self.jobs, self.epochs = jobs, jobs[0].settings["epochs"]
        self.numbers = [torch.tensor(float(job.seed)) for job in jobs]
        self.generators = [torch.Generator().manual_seed(job.seed) for job in jobs]
        self.done = 0

    def advance(self):
        if self.done == Toy.fail_at:
            raise KeyboardInterrupt
        self.done += 1
        for i, (job, generator) in enumerate(zip(self.jobs, self.generators, strict=True)):
            step = torch.rand((), generator=generator)
            self.numbers[i] = self.numbers[i] + job.settings["step"] * step
        return [{"train_error": number.item() / 100} for number in self.numbers]

    def finish(self):
        return [{"test_error": number.item() / 99, "kind": "walk"} for number in self.numbers]

    def state_dict(self):
        states = [g.get_state() for g in self.generators]
        return {"numbers": self.numbers, "states": states, "done": self.done}

    def load_state_dict(self, state):
        self.numbers, self.done = state["numbers"], state["done"]
        for generator, saved in zip(self.generators, state["states"], strict=True):
            generator.set_state(saved)


@pytest.fixture(autouse=True)
def _fresh():
    Toy.fail_at, Toy.created = None, 0


def toy(**changes) -> Experiment:
    variants = {"slow": {"step": 0.1, "epochs": 4}, "fast": {"step": 1, "epochs": 4, "x": [1]}}
    return Experiment("toy", "How far a walk goes", "none", variants, 5, Toy)._replace(**changes)


def go(folder, experiment=None, **options) -> Record:
    options.setdefault("report", lambda line: None)
    options.setdefault("cache", folder / "c")
    options.setdefault("allow_dirty", True)
    return run_experiment(experiment or toy(), None, records=folder / "r", **options)


def numbers(record: Record) -> list[tuple]:
    return sorted((r.variant, r.seed, str(r.curves), str(r.final)) for r in record.runs)


def test_a_record_holds_settings_curves_and_where_it_was_made(tmp_path):
    made = go(tmp_path)
    record = load_record("toy", tmp_path / "r")
    assert record.variants == toy().variants
    assert [len(c) for c in record.curves("train_error", "fast")] == [4] * 5
    assert record.mean("test_error", "fast").n == 5
    assert record.mean("train_error", "fast", 4).n == 5
    for at_epoch in (0, 5):
        with pytest.raises(ValueError, match=f"at_epoch is {at_epoch}; 'fast' has epochs 1 to 4"):
            record.mean("train_error", "fast", at_epoch)
    assert record.values("kind", "slow") == ["walk"] * 5
    assert set(record.environments[0]) == {
        "device",
        "backend",
        "compiler",
        "python",
        "torch",
        "numpy",
        "commit",
        "sources",
    }
    assert [r.seed for r in record.finished("slow")] == [0, 1, 2, 3, 4]
    assert made.mean("test_error", "slow").mean == pytest.approx(
        record.mean("test_error", "slow").mean, rel=1e-4
    )


@pytest.mark.parametrize("fail_at", [0, 1, 3])
def test_a_killed_run_goes_on_to_the_same_result(tmp_path, fail_at):
    expected = numbers(go(tmp_path / "whole"))
    Toy.fail_at = fail_at
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path / "cut")
    if fail_at:
        half = load_record("toy", tmp_path / "cut" / "r")
        assert half.finished() == [] and len(half.runs[0].curves["train_error"]) == fail_at
    Toy.fail_at = None
    assert numbers(go(tmp_path / "cut")) == expected


def test_what_is_taken_up_again_says_which_code_began_it(tmp_path, monkeypatch):
    began, now = (dict.fromkeys(("device", "python", "torch"), "") for _ in range(2))
    began["commit"], now["commit"] = "aaa", "bbb"
    monkeypatch.setattr(running, "environment", lambda *_: began)
    go(tmp_path)
    record_path("toy", tmp_path / "r").unlink()
    monkeypatch.setattr(running, "environment", lambda *_: now)
    lines: list[str] = []
    assert go(tmp_path, report=lines.append).environments == [began]
    assert "begun at commit aaa; remove that file to begin anew" in lines[0]


def test_finished_jobs_are_not_run_again_and_more_seeds_are_added(tmp_path):
    go(tmp_path, seeds=range(2))
    first = load_record("toy", tmp_path / "r")
    Toy.created = 0
    go(tmp_path, seeds=range(2))
    assert Toy.created == 0
    go(tmp_path)
    assert load_record("toy", tmp_path / "r").values("test_error", "fast")[:2] == (
        first.values("test_error", "fast")
    )
    fresh = go(tmp_path / "other", toy(side_by_side=1))
    assert numbers(load_record("toy", tmp_path / "r")) == numbers(
        load_record("toy", tmp_path / "other" / "r")
    )
    assert len(fresh.runs) == 10


def test_other_settings_are_refused_by_name(tmp_path):
    go(tmp_path, seeds=range(1))
    changed = {"slow": {"step": 0.2, "epochs": 4}, "fast": toy().variants["fast"]}
    with pytest.raises(ValueError, match=r"variant 'slow', step is 0\.1 there and 0\.2 here"):
        go(tmp_path, toy(variants=changed))
    with pytest.raises(ValueError, match="'fast', the experiment has not"):
        go(tmp_path, toy(variants={"slow": toy().variants["slow"]}))
    with pytest.raises(ValueError, match="no variant 'medium'"):
        go(tmp_path, variants=["medium"])


def test_a_new_variant_may_be_added(tmp_path):
    go(tmp_path, seeds=range(1))
    more = {**toy().variants, "new": {"step": 3, "epochs": 2}}
    record = go(tmp_path, toy(variants=more))
    assert len(record.finished("new")) == 5 and len(record.finished("slow")) == 5


def test_a_bar_says_how_far_a_run_is(tmp_path, capsys):
    go(tmp_path)
    said = capsys.readouterr().err
    for words in ("toy 1/2: 100%", "4/4", "epoch", "train_error", "toy 2/2: 100%"):
        assert words in said


def test_records_of_a_job_array_are_merged(tmp_path):
    for seed in range(5):
        go(tmp_path / str(seed), seeds=range(seed, seed + 1))
    folders = [tmp_path / str(seed) / "r" for seed in range(5)]
    merged = merge_records("toy", folders, tmp_path / "all")
    assert numbers(merged) == numbers(load_record("toy", tmp_path / "all"))
    go(tmp_path / "once")
    assert numbers(merged) == numbers(load_record("toy", tmp_path / "once" / "r"))
    assert len(merge_records("toy", folders[:1], tmp_path / "all").runs) == 10

    changed = toy(variants={"slow": {"step": 7, "epochs": 1}})
    go(tmp_path / "bad", changed, seeds=range(1))
    with pytest.raises(ValueError, match="other settings for 'slow'"):
        merge_records("toy", [tmp_path / "bad" / "r"], tmp_path / "all")


def test_merged_runs_name_the_environment_that_made_them(tmp_path):
    def made(folder, seeds, *where):
        runs = [
            Run("slow", seed, {}, {"test_error": 0.1}, 1.0, number)
            for number, seed in enumerate(seeds)
        ]
        environments = [{"commit": name} for name in where]
        save_record(Record("toy", "t", "s", {"slow": {}}, environments, runs), tmp_path / folder)
        return tmp_path / folder

    made("all", [0], "a")
    merged = merge_records(
        "toy",
        [made("one", [1, 2], "b", "a"), made("two", [3, 2, 4], "b", "a", "c")],
        tmp_path / "all",
    )
    found = {run.seed: merged.environments[run.environment]["commit"] for run in merged.runs}
    assert found == {0: "a", 1: "b", 2: "a", 3: "b", 4: "c"}
    assert [where["commit"] for where in merged.environments] == ["a", "b", "c"]
    assert load_record("toy", tmp_path / "all") == merged


def test_the_interval_is_students():
    assert mean_interval([1.0, 2.0, 3.0]) == pytest.approx((2, 4.3027 / math.sqrt(3), 3), rel=1e-4)
    stats = pytest.importorskip("scipy.stats")
    for n in (2, 5, 10, 11, 16, 33):
        values = torch.randn(n, generator=torch.Generator().manual_seed(n)).tolist()
        low, high = stats.t.interval(0.95, n - 1, loc=sum(values) / n, scale=stats.sem(values))
        found = mean_interval(values)
        assert (found.mean - found.half_width, found.mean + found.half_width) == pytest.approx(
            (low, high), abs=1e-4 * (high - low)
        )
    assert mean_interval([0.01]).percent() == "1.00 % (n = 1)"
    assert mean_interval([0.01, 0.02]).percent() == "1.50 ± 6.35 % (n = 2)"
    with pytest.raises(ValueError, match="empty"):
        mean_interval([])


def test_what_diverged_is_null_and_has_no_mean(tmp_path):
    assert rounded({"a": [math.nan, 0.123456789], "b": 3}) == {"a": [None, 0.12346], "b": 3}
    run = Run("slow", 0, {"train_loss": [math.inf]}, {"test_error": 0.9}, 1.0, 0)
    record = Record("toy", "t", "s", {"slow": {}}, [{}], [run])
    save_record(record, tmp_path)
    read = load_record("toy", tmp_path)
    assert read.values("train_loss", "slow") == [None]
    with pytest.raises(ValueError, match="diverged"):
        read.mean("train_loss", "slow")
    assert "1 of 1 not finite" in describe(read)
    with pytest.raises(ValueError, match="no variant 'quick'"):
        read.values("train_loss", "quick")
    with pytest.raises(ValueError, match="no measurement 'speed'"):
        read.values("speed", "slow")


@pytest.mark.parametrize("cache", ["a file", "no home"])
def test_a_run_whose_state_cannot_be_kept_says_so_and_ends_the_same(tmp_path, monkeypatch, cache):
    expected = numbers(go(tmp_path / "whole", seeds=range(1)))
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    if cache == "no home":

        def unknown(_: int) -> None:
            raise KeyError

        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.delenv("HOME")
        monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.warns(UserWarning, match="cannot be kept .*XDG_CACHE_HOME") as said:
        record = go(tmp_path, seeds=range(1), cache=None)
    assert numbers(record) == expected
    assert len(said) <= 2  # one for each group of jobs, not one for each epoch


def test_an_unknown_record_is_refused_with_those_that_exist(tmp_path):
    go(tmp_path, seeds=range(1))
    with pytest.raises(ValueError, match="'nothing'.*there are: toy"):
        load_record("nothing", tmp_path / "r")


def test_what_is_damaged_is_named_and_left_as_it_is(tmp_path):
    go(tmp_path, seeds=range(1))
    state, record = next((tmp_path / "c").rglob("*.pt")), tmp_path / "r" / "toy.json"
    state.write_bytes(state.read_bytes()[:-50])
    whole = record.read_bytes()
    record.unlink()
    with pytest.raises(ValueError, match=rf"{state.name} does not hold the state"):
        go(tmp_path, seeds=range(1))
    record.write_bytes(whole[:-50])
    with pytest.raises(ValueError, match="toy.json is not a whole record"):
        go(tmp_path, seeds=range(1))
    assert record.read_bytes() == whole[:-50]


def test_seeds_of_a_variant(tmp_path):
    jobs = toy(seeds_of={"fast": 2}).jobs()
    assert [job.variant for job in jobs].count("fast") == 2
    assert jobs[0] == Job("slow", {"step": 0.1, "epochs": 4}, 0)


def test_the_command_line_lists_and_refuses(capsys, tmp_path):
    assert main(["list", "--records", str(tmp_path)]) == 0
    assert "open-choices" in capsys.readouterr().out
    assert main(["show", "unheard-of", "--records", str(tmp_path)]) == 2
    assert "unheard-of" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["run", "paper", "--seeds", "none"])
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["run", "paper", "--records", str(tmp_path), "--device", "gpu"])
    assert "'gpu' cannot be used here" in capsys.readouterr().err


def test_a_reader_may_have_seen_enough():
    command = [sys.executable, "-m", "lenet_research", "list"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, encoding="utf-8") as listing:
        listing.stdout.close()
        assert listing.stderr.read() == ""
    assert listing.returncode == 1


def test_the_welcome_page_and_the_readme_quote_the_record():
    root = Path(__file__).resolve().parent.parent
    welcome = (root / "book" / "welcome.md").read_text(encoding="utf-8")
    readme = " ".join((root / "README.md").read_text(encoding="utf-8").split())
    found = load_record("best-configuration").mean("test_error", "all digits")
    words = f"{100 * found.mean:.2f}% of the test digits misread, a mean over {found.n} seeds"
    assert words in readme
    assert f"misreads {100 * found.mean:.2f}% of the test" in " ".join(welcome.split())
    assert f"a mean over {found.n} seeds" in welcome
    assert f"(p. 10), {100 * found.mean:.2f}% here" in welcome
