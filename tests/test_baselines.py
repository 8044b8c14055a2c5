"""The baselines of Fig. 9 on digits of the sample and on numbers whose answer is known."""

import pytest
import torch

from lenet_research.baselines import BASELINES, BOOSTED, BaselineTrainer, trainer
from lenet_research.boosting import collect
from lenet_research.classifiers import METHODS, least_squares
from lenet_research.experiment import Job
from lenet_utils.distortions import deslant, warp
from lenet_utils.mnist import MNIST, Digits, load_mnist


@pytest.fixture(scope="module")
def digits() -> MNIST:
    train, test = load_mnist(sample=True)
    return MNIST(train, Digits(test.images[:300], test.labels[:300]))


def test_deslanting_undoes_a_slant_and_centres():
    upright = torch.zeros(1, 28, 28)
    upright[:, 5:23, 13:15] = 1
    maps = torch.eye(3)[None, :2].clone()
    maps[:, 0] = torch.tensor([1, 0.3, 2.0])
    slanted = warp(upright, maps, background=0.0)
    # Moving a picture twice blurs its edges.
    assert (deslant(slanted) - upright).abs().mean() < 0.25 * (slanted - upright).abs().mean()
    torch.testing.assert_close(deslant(upright), upright, atol=1e-4, rtol=0)


def test_least_squares_finds_the_weights():
    generator = torch.Generator().manual_seed(0)
    features, weights = torch.randn(50, 4, generator=generator), torch.tensor([[1.0, 2, -3, 0]]).T
    found = least_squares(features, features @ weights, 1e-9)
    torch.testing.assert_close(found, weights, atol=1e-4, rtol=0)


# Errors that a method that works stays under, with 1,000 digits to learn from.
LIMITS = {
    "linear": 0.35,
    "linear, deslanted": 0.30,
    "pairwise linear": 0.35,
    "pairwise linear, deslanted": 0.30,
    "K-NN": 0.20,
    "K-NN, deslanted": 0.12,
    "40 PCA + quadratic": 0.25,
    "1000 RBF + linear": 0.20,
    "SVM poly 4, deslanted": 0.12,
}


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_a_rival_learns(name, digits):
    settings = dict(BASELINES[name])
    if settings["method"] == "radial_basis":
        pytest.importorskip("sklearn")
        settings["units"] = 100
    if settings["method"] == "polynomial_svm":
        pytest.importorskip("sklearn")
    trainer = BaselineTrainer([Job(name, settings, 0)], digits, torch.device("cpu"))
    (measured,) = trainer.advance()
    again = BaselineTrainer([Job(name, settings, 0)], digits, torch.device("cpu"))
    again.load_state_dict(trainer.state_dict())
    (final,) = again.finish()
    assert measured["validation_error"] < LIMITS[name]
    assert final["test_error"] < LIMITS[name]
    assert final.get("choice") in settings["choices"]


def test_costs_are_counted(digits):
    pictures = digits.train.images.float()[:100] / 255
    labels = digits.train.labels[:100]
    linear = METHODS["linear"](pictures, labels, {"ridge": 1.0}, None)
    assert linear.macs == 785 * 10
    neighbours = METHODS["nearest_neighbours"](pictures, labels, {}, 1)
    assert neighbours.macs == neighbours.memory == 100 * 784
    # A digit's nearest neighbour is itself.
    assert torch.equal(neighbours.answer(pictures), labels)


def test_boosting_goes_on_from_a_saved_state(digits):
    small = {"pool": 1, "epochs": 6, "patterns": 400, "later_epochs": 3, "copies": 3}
    jobs = [Job("LeNet-4, boosted", {**BOOSTED, **small}, 0)]
    whole = trainer(jobs, digits, torch.device("cpu"))
    measured = [whole.advance()[0] for _ in range(3)]
    cut = trainer(jobs, digits, torch.device("cpu"))
    cut.advance()
    resumed = trainer(jobs, digits, torch.device("cpu"))
    resumed.load_state_dict(cut.state_dict())
    assert [resumed.advance()[0] for _ in range(2)] == measured[1:]
    (final,) = resumed.finish()
    assert final == whole.finish()[0]
    assert final["test_error"] < 0.15
    assert final["memory"] == 3 * 50_698


def test_hard_digits_are_collected_half_and_half():
    labels = torch.arange(100) % 10
    copies = [Digits(torch.zeros(100, 28, 28, dtype=torch.uint8), labels)] * 4

    def hard(images, labels):
        return labels == 3

    parts = list(collect(iter(copies), hard, 50, half=True))
    assert [len(part.labels) for part in parts] == [20, 20, 10]
    for part in parts:
        assert (part.labels == 3).sum() * 2 == len(part.labels)
    parts = list(collect(iter(copies), hard, 1_000, half=False))
    assert [len(part.labels) for part in parts] == [10] * 4
    assert all((part.labels == 3).all() for part in parts)
