"""The trainer of the plates: on few made-up pictures, and its kernel at 32x32."""

import pytest
import torch

from lenet_research import plate_page, trainer_plates
from lenet_research.experiment import Job
from lenet_research.parallel import Member, NativeTraining
from lenet_research.parallel_pytorch import PyTorchTraining
from lenet_research.plate_engines import LEVELS, STANDARDISED
from lenet_research.plate_measures import (
    expected_calibration_error,
    fit_temperature,
    measures,
)
from lenet_research.plate_outliers import NONE, cut, with_outliers
from lenet_research.plates import BASE, EXPERIMENTS, NORMALISED, OLD
from lenet_research.trainer_plates import PlateData, PlateTrainer, augment, group, standardise
from lenet_utils._native.loader import KernelUnavailable
from lenet_utils.mnist import Digits
from lenet_utils.models import LeNet5
from lenet_utils.plates.characters import NAMES


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


def test_what_is_no_character_is_drawn_and_named():
    characters = trainer({**BASE, **SHORT}).pools[0]
    scripts = standardise(some(60, seed=7).images)
    drawn = torch.Generator().manual_seed(2)
    pool = with_outliers(characters, scripts, 40, drawn)
    assert pool.labels[-40:].eq(NONE).all() and pool.labels[:-40].equal(characters.labels)
    glyphs, *others = pool.images[-40:].split(10)
    assert all((glyph == scripts).all((1, 2)).any() for glyph in glyphs)
    for images in others:
        levels = (images.float() - 128) / 40
        assert levels.mean((1, 2)).abs().max() < 0.05
        assert (levels.std((1, 2)) - 1).abs().max() < 0.1


def test_a_cut_shows_the_ends_of_two_characters():
    images = torch.zeros(1, 32, 32)
    images[0, :, :4] = 1.0  # a stroke at the left edge
    (both,) = cut(standardise(255 * images.byte()), 1, torch.Generator().manual_seed(0))
    bright = (both.float() > 128).all(0).nonzero()[:, 0].tolist()
    # The stroke begins the character on the right; the one on the left has none at its end.
    assert bright == list(range(bright[0], bright[0] + 4)) and 12 <= bright[0] <= 20


def test_a_network_with_a_class_of_none_is_trained_and_measured():
    settings = {**NORMALISED, "epochs": 1, "part": 1.0, "outliers": 0.5}
    learner = trainer(settings)
    assert learner.models[0].output.out_channels == NONE + 1
    order = trainer_plates._order(learner.jobs[0], learner.pools[0].labels, 0)
    part = (learner.pools[0].labels[order] == NONE).double().mean()
    assert part == pytest.approx(0.5, abs=0.05)
    learner.advance()
    found = learner.finish()[0]
    assert 0 <= found["class_refused"] <= 1 and 0 <= found["class_refused_bolt"] <= 1


def test_the_page_computes_with_8_bits_what_the_network_answers(monkeypatch):
    learner = trainer({**NORMALISED, "epochs": 1, "part": 1.0, "outliers": 0.5})
    learner.advance()
    model = learner.models[0].eval()
    x = LEVELS[standardise(some(20).images).long()][:, None]
    with torch.no_grad():
        exact, rounded = model(x), plate_page.restored(model)(x)
    assert (rounded - exact).abs().max() < 0.05 * exact.abs().max()
    monkeypatch.setattr(plate_page, "SHOWN", ("A",))
    page = plate_page.page_data(model, trainer_plates.plate_data())
    assert page["names"] == list(NAMES) and len(page["layers"]["output"]["bias"]) == NONE + 1
    assert 0 <= page["refused"] <= 1 and len(page["pictures"]) == 1 + plate_page.NOTHING
