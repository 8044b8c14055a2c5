"""The road from 1998 to today and the other networks, on a few digits."""

import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lenet_research import Job, all_experiments, load_record
from lenet_research.deep_networks import ARMS, DeepNetwork
from lenet_research.fast import RECIPE, FastTrainer
from lenet_research.networks import MODERN_NETWORKS, NETWORKS, NetworkTrainer
from lenet_research.parallel import NativeTraining, kernel
from lenet_research.parallel_pytorch import PyTorchTraining
from lenet_research.road import (
    ADAM,
    MODERN,
    MOMENTUM,
    ROAD,
    SDLM_LINEAR_OUTPUT,
    SGD,
    SINCE,
    START,
)
from lenet_research.trainer_minibatches import MinibatchTrainer, build, group
from lenet_utils.layers import Subsampling
from lenet_utils.mnist import MNIST, Digits, load_mnist
from lenet_utils.models import lenet5_modern

SMALL = {"epochs": 2, "training": 60, "validation": 30}
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits() -> MNIST:
    train, test = load_mnist(sample=True)
    return MNIST(*(Digits(d.images[:100].contiguous(), d.labels[:100]) for d in (train, test)))


def run(trainer, passes=2):
    return [trainer.advance() for _ in range(passes)], trainer.finish()


@pytest.mark.parametrize("settings", [START, SDLM_LINEAR_OUTPUT, SGD, MOMENTUM, ADAM, MODERN])
def test_a_step_of_the_road_trains(settings, digits):
    settings = {**settings, **SMALL, "epochs": 8}
    curves, final = run(MinibatchTrainer([Job("a", settings, 0)], digits, CPU), 8)
    assert curves[-1][0]["train_loss"] < 0.9 * curves[0][0]["train_loss"]
    assert 0 <= final[0]["test_error"] <= 1


def test_jobs_do_not_depend_on_their_neighbours_and_resume(digits):
    ranges = {"shift": 2.0, "scale": 0.1, "squeeze": 0.1, "shear": 0.2}
    base = {**MODERN, **SMALL, "batch_size": 16, "optimizer": "momentum", "lr": 0.01}
    jobs = [
        Job("plain", base, 0),
        Job("dropped", {**base, "dropout": 0.5, "weight_decay": 0.01}, 0),
        Job("distorted", {**base, "distortions": ranges, "schedule": "one-cycle"}, 1),
    ]
    assert len({group(job) for job in jobs}) == 1
    together, final = run(MinibatchTrainer(jobs, digits, CPU))
    for i, job in enumerate(jobs):
        alone, final_alone = run(MinibatchTrainer([job], digits, CPU))
        assert alone[1][0] == pytest.approx(together[1][i], rel=1e-4)
        assert final_alone[0] == final[i]
    cut = MinibatchTrainer(jobs, digits, CPU)
    cut.advance()
    resumed = MinibatchTrainer(jobs, digits, CPU)
    resumed.load_state_dict(cut.state_dict())
    measured = resumed.advance()
    for i, row in enumerate(measured):
        assert row == pytest.approx(together[1][i], rel=1e-5)


def test_more_networks_than_the_kernel_has_lanes_train_in_groups(digits):
    # Records have sixteen networks side by side, which is more than AVX2 and ARM have lanes.
    count = kernel().lanes
    base = {**MODERN, **SMALL, "batch_size": 16, "optimizer": "momentum", "lr": 0.01}
    jobs = [Job("a", {**base, "dropout": 0.2 * (seed % 2)}, seed) for seed in range(count + 1)]
    many, few = (MinibatchTrainer(part, digits, CPU) for part in (jobs, jobs[:count]))
    assert many.backend == few.backend == "native"
    many.advance()
    few.advance()
    alone = MinibatchTrainer(jobs[count:], digits, CPU)
    alone.advance()
    resumed = MinibatchTrainer(jobs, digits, CPU)
    resumed.load_state_dict(many.state_dict())
    expected = [*few.advance(), *alone.advance()]
    for trainer in (many, resumed):
        for row, one in zip(trainer.advance(), expected, strict=True):
            assert row == pytest.approx(one, rel=1e-5)
    assert resumed.finish() == [*few.finish(), *alone.finish()]


def test_the_end_of_the_road_is_lenet5_modern():
    torch.manual_seed(3)
    built = build({**MODERN, "init": "pytorch"}, 3)
    torch.manual_seed(3)
    modern = lenet5_modern()
    assert all(map(torch.equal, built.parameters(), modern.parameters()))


def test_initial_weights_by_name():
    he = build({**MODERN, "c3": "table1"}, 0)
    assert he.c5.weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert he.c3.weight.std().item() == pytest.approx((2 / 93.75) ** 0.5, rel=0.15)
    assert not he.c3.bias.any()
    old = build(START, 0)
    assert isinstance(old.s2, Subsampling) and old.s2.coefficient.eq(1).all()
    with pytest.raises(ValueError, match="'1998', 'pytorch' or 'he'"):
        build({**START, "init": "xavier"}, 0)


def test_batch_normalisation_goes_without_the_kernel(digits):
    plain, normed = (
        MinibatchTrainer([Job("a", {**MODERN, **SMALL, "batch_norm": b}, 0)], digits, CPU)
        for b in (False, True)
    )
    assert isinstance(plain.training, NativeTraining) and isinstance(
        normed.training, PyTorchTraining
    )
    assert run(normed)[1][0]["parameters"] == 61_706 + 2 * (6 + 16 + 120 + 84)


DEEPER = re.compile(r"(2|16|32) layers")  # these differ from those of 8 in their depth alone


@pytest.mark.parametrize("name", sorted(name for name in NETWORKS if not DEEPER.match(name)))
def test_other_networks_learn_and_are_moved(name, digits):
    side = 28 if name.startswith(("784", "LeNet-1")) or "layers" in name else 32
    features = {"LeNet-5, max": "s4"}.get(name)
    settings = {
        **MODERN_NETWORKS,
        **SMALL,
        "network": name,
        "side": side,
        "epochs": 1,
        "batch_size": 30,
    }
    settings.update(shifts=2, features=features)
    trainer = NetworkTrainer([Job(name, settings, 0)], digits, CPU)
    final = run(trainer, 1)[1][0]
    assert len(final["shifted_error"]) == 3
    assert final["shifted_error"][0] == final["test_error"]
    if features:
        change = final["shifted_features"]
        assert 0 == change[0] < change[1] < change[2] < 2


@pytest.mark.parametrize("depth", [2, 8])
def test_a_deep_network_begins_as_its_arm_says(depth):
    x = torch.rand(3, 1, 28, 28)
    for name, (shortcuts, start) in ARMS.items():
        torch.manual_seed(0)
        model = DeepNetwork(depth, shortcuts=shortcuts, start=start)
        assert sum(isinstance(m, nn.Conv2d) for m in model.modules()) == depth + 1, name
        before = F.max_pool2d(F.relu(model.first(x)), 2)
        # With shortcuts and He's weights each pair starts from doing nothing.
        unchanged = torch.equal(model(x), model.last(before.flatten(1)))
        assert unchanged == (name == "shortcuts, He")
        inner = torch.cat([pair[0].weight.flatten() for pair in model.pairs])
        variance = 2 / 72 if start == "he" else 1 / (3 * 72)
        assert inner.var().item() == pytest.approx(variance, rel=0.15)
    with pytest.raises(ValueError, match="depth is 3; expected an even number"):
        DeepNetwork(3, shortcuts=False, start="he")


def test_a_network_that_pools_everything_does_not_feel_a_shift(digits, monkeypatch):
    class Ink(torch.nn.Module):
        """Reads how much ink there is, and nothing of where."""

        def __init__(self):
            super().__init__()
            self.output = torch.nn.Linear(1, 10)

        def forward(self, x):
            return self.output((x + 0.1).sum((1, 2, 3))[:, None])

    monkeypatch.setitem(NETWORKS, "ink", Ink)
    monkeypatch.setattr("lenet_research.trainer_minibatches.layer_table", lambda *_: FakeTable)
    settings = {**MODERN_NETWORKS, **SMALL, "network": "ink", "shifts": 6}
    final = NetworkTrainer([Job("ink", settings, 0)], digits, CPU).finish()[0]
    assert max(final["shifted_error"]) - min(final["shifted_error"]) <= 0.02


class FakeTable:
    parameters = macs = 0


def test_the_experiments_are_consistent():
    experiments = all_experiments()
    for name in ("road-rates", "road-to-today", "why-convolution", "figure-9"):
        experiment = experiments[name]
        jobs = experiment.jobs()
        assert len({(job.variant, job.seed) for job in jobs}) == len(jobs)
        for job in jobs:
            experiment.group(job)


SEARCHED = [*list(ROAD)[2:], "modern, one-cycle"]


@pytest.mark.parametrize("step", SEARCHED)
def test_each_step_has_the_rate_that_held_out_digits_chose_for_it(step):
    def kind(settings):
        return {k: v for k, v in settings.items() if k not in ("lr", "curvature", "epochs")}

    mine, record = {**ROAD, **SINCE}[step], load_record("road-rates")
    tried = [v for v, settings in record.variants.items() if kind(settings) == kind(mine)]
    best = min(tried, key=lambda v: record.mean("validation_error", v).mean)
    chosen = record.variants[best]
    assert (mine["lr"], mine["curvature"]) == (chosen["lr"], chosen["curvature"])
    rates = [record.variants[v]["lr"] for v in tried]
    assert len(set(rates)) > 2 and min(rates) < mine["lr"] < max(rates)


def test_the_fast_recipe_is_timed_and_resumes(digits):
    settings = {**RECIPE, "epochs": 1, "batch_size": 50}
    trainer = FastTrainer([Job("a", settings, 0)], digits, CPU)
    assert trainer.advance()[0]["fit_seconds"] > 0
    resumed = FastTrainer([Job("a", settings, 0)], digits, CPU)
    resumed.load_state_dict(trainer.state_dict())
    (final,) = resumed.finish()
    assert final == trainer.finish()[0] and final["reached"] is (final["test_error"] <= 0.008)
