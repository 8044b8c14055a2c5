"""The trainer of 1998 and the shipped weights, on a few digits."""

import math

import pytest
import torch

from lenet_research import Experiment, Job, all_experiments, load_record
from lenet_research.configurations import BASE, BEST, DISTORTIONS, PAPER
from lenet_research.running import require_same_settings, run_experiment
from lenet_research.shipping import median_seed, ship
from lenet_research.trainer_1998 import Trainer1998, criterion, group, schedule
from lenet_utils.criteria import MAP, MSE
from lenet_utils.download import CHECKSUMS
from lenet_utils.evaluation import evaluate
from lenet_utils.mnist import (
    MNIST,
    Digits,
    default_root,
    load_mnist,
    normalise_1998,
    normalise_modern,
    pad_to_32,
)
from lenet_utils.models import lenet5_1998
from lenet_utils.results.records import FOLDER, Record, Run
from lenet_utils.results.trained import SHIPPED, load_trained
from lenet_utils.sdlm import PUBLISHED_SCHEDULE
from lenet_utils.weights import load_model

SMALL = {**BASE, "epochs": 3, "training": 60, "validation": 40, "curvature_patterns": 20}
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits() -> MNIST:
    train, test = load_mnist(sample=True)
    return MNIST(*(Digits(d.images[::7][:100], d.labels[::7][:100]) for d in (train, test)))


def curves(jobs, digits, epochs=2):
    trainer = Trainer1998(jobs, digits, CPU)
    return [trainer.advance() for _ in range(epochs)], trainer.finish()


def test_a_job_does_not_depend_on_its_neighbours(digits):
    mixed = [
        Job("a", SMALL, 0),
        Job("b", {**SMALL, "criterion": "mse", "curvature": 4.0}, 0),
        Job("c", {**SMALL, "distortions": {"shift": 2.0}, "order": "reshuffled"}, 1),
        Job("a", SMALL, 1),
    ]
    together, final = curves(mixed, digits)
    for i, job in enumerate(mixed):
        alone, final_alone = curves([job], digits)
        for number in range(2):
            assert together[number][i] == pytest.approx(alone[number][0], rel=1e-4)
        assert final[i] == pytest.approx(final_alone[0], rel=1e-4)


def test_seeds_and_settings_matter(digits):
    jobs = [
        Job("a", SMALL, 0),
        Job("a", SMALL, 1),
        Job("distorted", {**SMALL, "distortions": {"shift": 2.0}}, 0),
        Job("rates", {**SMALL, "lr_scale": 0.5}, 0),
    ]
    measured, _ = curves(jobs, digits, 1)
    assert len({row["train_loss"] for row in measured[0]}) == 4


def test_a_multiple_of_the_curvature_divides_the_rates(digits):
    jobs = [Job("a", {**SMALL, "curvature": c, "mu": 1e-9}, 0) for c in ("constant", 4.0)]
    (first,), _ = curves(jobs, digits, 1)
    assert first[1]["rate_50%"] == pytest.approx(first[0]["rate_50%"] / 4, rel=1e-3)


def test_a_constant_order_repeats_and_a_reshuffled_one_does_not(digits, monkeypatch):
    seen = []

    def spy(models, criteria, images, labels, orders, rates, **options):
        from lenet_utils.online import train_epoch

        seen.append(orders.clone())
        return train_epoch(models, criteria, images, labels, orders, rates, **options)

    monkeypatch.setattr("lenet_research.trainer_1998.train_epoch", spy)
    jobs = [Job(kind, {**SMALL, "order": kind}, 0) for kind in ("constant", "reshuffled")]
    curves(jobs, digits)
    (constant, new), (constant_again, new_again) = seen
    assert torch.equal(constant, constant_again) and not torch.equal(new, new_again)
    assert all(sorted(order.tolist()) == list(range(60)) for order in (constant, new, new_again))
    with pytest.raises(ValueError, match="order is 'sorted'"):
        curves([Job("a", {**SMALL, "order": "sorted"}, 0)], digits)


def test_smaller_training_sets_are_drawn_by_the_seed(digits):
    jobs = [Job("a", {**SMALL, "training": 30}, seed) for seed in (0, 0, 1)]
    subsets = Trainer1998(jobs, digits, CPU).subsets
    assert torch.equal(subsets[0], subsets[1]) and not torch.equal(subsets[0], subsets[2])
    assert len(subsets[0].unique()) == 30
    with pytest.raises(ValueError, match="training is 61"):
        Trainer1998([Job("a", {**SMALL, "training": 61}, 0)], digits, CPU)


def test_the_fitted_error_is_that_of_the_digits_trained_on(digits):
    trainer = Trainer1998([Job("a", {**SMALL, "training": 30, "validation": 0}, 0)], digits, CPU)
    for _ in range(trainer.epochs):
        trainer.advance()
    own, (model,), (images, labels) = trainer.subsets[0], trainer.models, trainer.train
    x = normalise_1998(images)
    on_own, on_all = (
        evaluate(model, x[part], labels[part]).error for part in (own, torch.arange(len(labels)))
    )
    assert trainer.finish()[0]["fitted_error"] == pytest.approx(on_own) != pytest.approx(on_all)


def test_a_killed_run_goes_on_to_the_same_result(digits, tmp_path, monkeypatch):
    experiment = Experiment("tiny", "", "", {"a": SMALL, "b": SMALL}, 2, Trainer1998)
    experiment = experiment._replace(group=group)

    def go(folder):
        return run_experiment(
            experiment, digits, records=folder, cache=folder, report=print, allow_dirty=True
        )

    whole = go(tmp_path / "whole")
    advance, calls = Trainer1998.advance, []

    def cut(self):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(1)
        return advance(self)

    monkeypatch.setattr(Trainer1998, "advance", cut)
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path / "cut")
    monkeypatch.setattr(Trainer1998, "advance", advance)
    resumed = go(tmp_path / "cut")
    assert [(r.curves, r.final) for r in resumed.runs] == [(r.curves, r.final) for r in whole.runs]
    # The two variants are the same, so their results are.
    assert whole.curves("train_loss", "a") == whole.curves("train_loss", "b")


def test_the_schedule_is_the_published_one_and_stretches():
    assert schedule(20) == list(PUBLISHED_SCHEDULE)
    assert schedule(40)[:6] == [5e-4] * 4 + [2e-4] * 2 and schedule(40)[-1] == 1e-5


def test_criteria_by_name():
    assert criterion({**PAPER, "j": None}) == MAP(j=math.inf)
    assert criterion({**PAPER, "criterion": "mse", "distance_scale": 0.5}) == MSE(0.5)


def test_the_median_network_is_shipped_with_its_weights(digits, tmp_path, monkeypatch):
    experiment = Experiment("tiny", "", "", {"a": SMALL}, 4, Trainer1998)
    record = run_experiment(experiment, digits, records=tmp_path, cache=tmp_path, allow_dirty=True)
    monkeypatch.setattr("lenet_utils.results.trained.FOLDER", tmp_path)
    monkeypatch.setattr(
        "lenet_research.shipping.load_record", lambda name: load_record(name, tmp_path)
    )
    monkeypatch.setitem(
        SHIPPED, "lenet5_1998", SHIPPED["lenet5_1998"]._replace(record="tiny", variant="a")
    )
    with pytest.raises(ValueError, match="no state of 'a'"):
        ship("lenet5_1998", tmp_path / "elsewhere")
    path = ship("lenet5_1998", tmp_path)
    model = load_trained("lenet5_1998")
    assert str(model) == str(load_model(lenet5_1998(), path))
    chosen = record.finished("a")[median_seed(record, "a")]
    trainer = Trainer1998([Job("a", SMALL, 0)], digits, CPU)
    trainer.models = [model]
    assert trainer.finish()[0] == chosen.final
    with pytest.raises(ValueError, match="no trained 'lenet6'"):
        load_trained("lenet6")


def test_the_median_is_the_lower_middle():
    errors = [0.3, 0.1, 0.2, 0.2]
    runs = [Run("a", s, {}, {"validation_error": e}, 1.0, 0) for s, e in enumerate(errors)]
    assert median_seed(Record("tiny", "", "", {"a": {}}, [{}], runs), "a") == 2


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_every_record_belongs_to_an_experiment_as_it_is_now(path):
    record = load_record(path.stem)
    require_same_settings(record, all_experiments()[path.stem])
    assert record.finished(), "a record of nothing"
    assert path.stat().st_size < 500_000


def test_without_validation_all_digits_are_trained_on(digits):
    job = Job("a", {**SMALL, "training": 100, "validation": 0, "test_curve": True}, 0)
    (first,), (final,) = curves([job], digits, 1)
    assert "validation_error" not in first[0] and "test_error" in first[0]
    assert set(final) == {"test_error", "fitted_error"}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_are_small(name):
    path = FOLDER.parent / "trained" / f"{name}.safetensors"
    assert path.stat().st_size <= 300_000
    model = load_trained(name)
    classes = model(torch.zeros(1, 1, 32, 32)).shape[1]
    # An output more than ten digits need is 84 weights and a bias.
    assert sum(p.numel() for p in model.parameters()) <= 61_706 + 85 * (classes - 10)


@pytest.mark.parametrize("name", ["lenet5_1998", "lenet5_modern"])
def test_shipped_weights_give_the_error_of_their_record(name):
    folder = default_root()
    if not all((folder / file).exists() for file in CHECKSUMS):
        pytest.skip(f"MNIST is not in {folder}; fetch it with lenet_utils.load_mnist()")
    images, labels = load_mnist().test
    shipped = SHIPPED[name]
    record = load_record(shipped.record)
    run = record.finished(shipped.variant)[median_seed(record, shipped.variant)]
    old = name == "lenet5_1998"
    inputs = normalise_1998(pad_to_32(images)) if old else normalise_modern(images)
    found = evaluate(load_trained(name), inputs, labels).error
    # The record counts with the compiled kernel, whose rounding differs in the last bits.
    assert found == pytest.approx(run.final["test_error"], abs=1.5e-4)


def test_the_best_configuration_is_the_one_that_validation_names():
    record = load_record("open-choices")
    means = {
        variant: record.mean("validation_error", variant).mean
        for variant in record.variants
        if record.finished(variant)
    }
    assert record.variants[min(means, key=means.__getitem__)] == BEST


def test_the_ranges_of_distortions_are_those_that_validation_names():
    record = load_record("distortions")
    means = {name: record.mean("validation_error", name).mean for name in DISTORTIONS}
    chosen = DISTORTIONS[min(means, key=means.__getitem__)]
    assert record.variants["all digits"]["distortions"] == chosen
