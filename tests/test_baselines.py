"""The baselines of Fig. 9 on digits of the sample and on numbers whose answer is known."""

from copy import deepcopy

import pytest
import torch

from lenet_research.baselines import (
    BASELINE_NETWORKS,
    BASELINES,
    BOOSTED,
    BaselineTrainer,
    trainer,
)
from lenet_research.boosting import collect
from lenet_research.classifiers import METHODS, least_squares
from lenet_research.experiment import Job
from lenet_research.tangent_distance import _distances, _tangent_planes
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
    "V-SVM poly 9": 0.15,
    "tangent distance": 0.12,
}


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_a_rival_learns(name, digits):
    settings = dict(BASELINES[name])
    if settings["method"] == "radial_basis":
        pytest.importorskip("sklearn")
        settings["units"] = 100
    if settings["method"] in ("polynomial_svm", "virtual_svm"):
        pytest.importorskip("sklearn")
    if settings["method"] == "virtual_svm":
        settings["training"] = 400
    if settings["method"] == "tangent_distance":
        settings.update(candidates=20, choices=[0.4])
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


def test_along_the_tangents_a_digit_moves_for_nothing(digits):
    picture = digits.train.images[:1].float() / 255
    moved = warp(picture, torch.tensor([[[1.0, 0.0, 0.4], [0.0, 1.0, 0.2]]]), background=0.0)
    other = digits.train.images[1:2].float() / 255
    x, planes = _tangent_planes(picture, 0.5)
    ratios = []
    for picture_there in (picture, moved, other):
        y, their = _tangent_planes(picture_there, 0.5)
        tangent = _distances(x, planes, y[None], their[None]).item()
        # Symmetric, never negative, and never above the Euclidean one.
        assert tangent == pytest.approx(
            _distances(y, their, x[None], planes[None]).item(), abs=1e-4
        )
        euclidean = (x - y).square().sum().item()
        assert -1e-4 < tangent <= euclidean + 1e-4
        ratios.append(tangent / euclidean if euclidean else tangent)
    assert ratios[0] == pytest.approx(0, abs=1e-6)
    assert ratios[1] < 0.25 and ratios[2] > 0.6


def test_the_tangent_distance_is_that_of_two_planes(digits):
    pictures = digits.train.images[:2].float() / 255
    x, planes = _tangent_planes(pictures, 0.5)
    found = _distances(x[:1], planes[:1], x[None, 1:], planes[None, 1:]).item()
    # The least of |x + P a - y - Q b|^2 + r (|a|^2 + |b|^2), by least squares.
    both = torch.cat([planes[0], -planes[1]], 1).double()
    ridge = torch.eye(14).double() * 1e-2**0.5
    left = torch.cat([both, ridge])
    right = torch.cat([(x[1] - x[0]).double(), torch.zeros(14).double()])
    best = torch.linalg.lstsq(left, right[:, None]).solution
    assert found == pytest.approx((left @ best - right[:, None]).square().sum().item(), rel=1e-4)


def test_a_virtual_svm_knows_moved_digits(digits):
    pytest.importorskip("sklearn")
    pictures = digits.train.images[:300].float() / 255
    settings = {"training": 300, "degree": 9, "gamma": 0.01}
    plain, virtual = (
        METHODS[name](pictures, digits.train.labels[:300], settings, 1.0)
        for name in ("polynomial_svm", "virtual_svm")
    )
    moved = pictures.roll(1, 2)
    wrong = [(m.answer(moved) != digits.train.labels[:300]).sum() for m in (plain, virtual)]
    assert wrong[1] < wrong[0]
    assert virtual.memory > plain.memory


def test_neighbours_of_the_last_layer_answer(digits):
    small = {"training": 600, "validation": 200, "epochs": 2}
    jobs = [Job("LeNet-4, K-NN", {**BASELINE_NETWORKS["LeNet-4, K-NN"], **small}, 0)]
    whole = trainer(jobs, digits, torch.device("cpu"))
    for _ in range(2):
        whole.advance()
    (final,) = whole.finish()
    assert final["neighbours"] in (1, 3, 5, 9)
    assert final["memory"] == 600 * 120
    assert final["test_error"] < 0.4


def test_boosting_goes_on_from_a_saved_state(digits):
    small = {"pool": 1, "epochs": 4, "patterns": 400, "later_epochs": 3, "copies": 2}
    jobs = [Job("LeNet-4, boosted", {**BOOSTED, **small}, 0)]
    whole = trainer(jobs, digits, torch.device("cpu"))
    whole.advance()
    saved = deepcopy(whole.state_dict())
    measured = [whole.advance()[0] for _ in range(2)]
    resumed = trainer(jobs, digits, torch.device("cpu"))
    resumed.load_state_dict(saved)
    assert [resumed.advance()[0] for _ in range(2)] == measured
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
