"""The trainer of the plates: on few made-up pictures, and its kernel at 32x32."""

import pytest
import torch

from lenet_research import trainer_plates
from lenet_research.experiment import Job
from lenet_research.parallel import Member, NativeTraining
from lenet_research.parallel_pytorch import PyTorchTraining
from lenet_research.plate_engines import STANDARDISED
from lenet_research.plate_measures import (
    expected_calibration_error,
    fit_temperature,
    measures,
)
from lenet_research.plates import BASE, EXPERIMENTS, NORMALISED, OLD
from lenet_research.trainer_plates import PlateData, PlateTrainer, augment, group, standardise
from lenet_utils._native.loader import KernelUnavailable
from lenet_utils.mnist import Digits
from lenet_utils.models import LeNet5


def some(count, classes=65, seed=0):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 32, 32), generator=generator, dtype=torch.uint8)
    return Digits(images, torch.arange(count) % classes)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    none = some(20, seed=4).images
    data = PlateData(some(130), some(65, seed=1), some(65, seed=2), some(60, 20), none, none)
    monkeypatch.setattr(trainer_plates, "plate_data", lambda: data)


def trainer(*settings, seeds=(0,)):
    jobs = [Job(str(i), each, seed) for i, each in enumerate(settings) for seed in seeds]
    return PlateTrainer(jobs, None, torch.device("cpu"))


SHORT = {"epochs": 2, "part": 1.0}


@pytest.mark.parametrize(
    "settings",
    [BASE, NORMALISED, {**OLD, "codes": "typeface"}, {**NORMALISED, "imbalance": "weights"}],
    ids=["parallel", "pytorch", "online", "weights"],
)
def test_a_run_that_was_cut_off_goes_on_as_if_it_had_not_been(settings):
    settings = {**settings, **SHORT}
    whole, first, second = (trainer(settings) for _ in range(3))
    together = [whole.advance(), whole.advance()]
    assert first.advance() == together[0]
    second.load_state_dict(first.state_dict())
    assert second.advance()[0] == pytest.approx(together[1][0], rel=1e-4)
    assert 0 <= whole.finish()[0]["test_error"] <= 1


def test_a_network_does_not_depend_on_those_beside_it():
    settings = {**BASE, **SHORT}
    alone = trainer(settings, seeds=(1,)).advance()
    beside = trainer(settings, seeds=(0, 1)).advance()
    assert beside[1]["train_loss"] == pytest.approx(alone[0]["train_loss"], rel=1e-4)


def test_part_and_most_of_each_class():
    third = trainer({**BASE, **SHORT, "part": 0.5}).pools[0]
    assert torch.bincount(third.labels).eq(1).all()
    assert len(trainer({**BASE, **SHORT, "per_class": 1}).pools[0].labels) == 65


def test_features_are_taken_over_and_frozen(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer_plates, "cache_folder", lambda: tmp_path)
    settings = {**BASE, **SHORT, "pretrained": "frozen"}
    learner = trainer(settings)
    before = learner.models[0].c1.weight.clone()
    learner.advance()
    assert learner.models[0].c1.weight.equal(before)
    assert (tmp_path / "plates" / "scripts-4.pt").is_file()
    tuned = trainer({**settings, "pretrained": "fine-tuned"})
    assert tuned.models[0].c1.weight.equal(before)


def test_pictures_are_standardised_and_changed():
    images = some(10).images
    levels = (standardise(images).float() - 128) / 40
    assert levels.mean((1, 2)).abs().max() < 0.02
    assert (levels.std((1, 2)) - 1).abs().max() < 0.05
    one, two = (augment(standardise(images), torch.Generator().manual_seed(1)) for _ in range(2))
    assert one.equal(two) and not one.equal(standardise(images))


def test_the_kernel_takes_pictures_of_32x32():
    def member():
        torch.manual_seed(3)
        model = LeNet5(
            num_classes=65, activation=torch.nn.ReLU, pooling="max", c3="full", output="linear"
        )
        return Member(model, STANDARDISED, "adam")

    images, labels = some(40)
    try:
        ours = NativeTraining([member()])
    except KernelUnavailable as error:
        pytest.skip(str(error))
    theirs = PyTorchTraining([member()])
    step = images, labels, torch.arange(40)[None], torch.tensor([1e-3]), [None]
    for _ in range(2):
        (a, wrong_a), (b, wrong_b) = ours.step(*step), theirs.step(*step)
        assert a.item() == pytest.approx(b.item(), rel=1e-4)
        assert wrong_a.equal(wrong_b)
    assert torch.allclose(ours.outputs(images), theirs.outputs(images), atol=1e-3)
    with pytest.raises(ValueError, match="side of 30; expected 28 or 32"):
        ours.outputs(images[:, :30, :30].contiguous())


def test_measures():
    labels = torch.arange(65).repeat(4)
    scores = torch.eye(65)[labels] * 8
    scores[0] = scores[1]  # one of 260 is wrong
    none = torch.zeros(50, 65)
    found = measures(scores, labels, scores, labels, none)
    assert found["test_error"] == pytest.approx(1 / 260)
    assert found["energy_refused"] == 1.0
    assert found["confusions"][0][2] == 1
    assert expected_calibration_error(torch.zeros(65, 65), torch.arange(65)) < 0.01
    sure = torch.eye(65)[labels] * 20
    assert fit_temperature(sure, labels.roll(1)) == pytest.approx(10, rel=1e-3)


def test_what_trains_side_by_side():
    for experiment in EXPERIMENTS:
        for jobs in experiment.jobs():
            assert isinstance(group(jobs), str)
    a, b = Job("a", BASE, 0), Job("b", {**BASE, "augmentation": False}, 1)
    assert group(a) == group(b)
    assert group(a) != group(Job("c", {**BASE, "part": 1.0}, 0))
