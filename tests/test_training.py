"""Training, resuming, evaluating, saving and loading."""

from functools import partial

import pytest
import torch
from torch import nn

from lenet_utils import (
    LeNet5,
    evaluate,
    fit,
    get_device,
    lenet5_1998,
    lenet5_modern,
    lenet5_tutorial,
    load_model,
    save_model,
    seed_everything,
    split_validation,
)
from lenet_utils.criteria import MAP


def stripes(count: int = 240) -> tuple[torch.Tensor, torch.Tensor]:
    """Ten classes that can be told apart: a bright row whose height is the class."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 10
    images = 0.2 * torch.randn(count, 1, 28, 28, generator=generator)
    images[torch.arange(count), 0, 2 + 2 * labels] += 2
    return images, labels


def network() -> nn.Module:
    seed_everything(3)
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(784, 10))


OPTIONS = {"epochs": 4, "batch_size": 16, "validation": 40, "device": "cpu", "progress": False}


def one_cycle(optimizer, steps):
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=steps)


def test_fit_learns_and_says_what_it_measured():
    model = network()
    images, labels = stripes()
    history = fit(model, images, labels, **OPTIONS)
    assert len(history) == len(history.train_error) == len(history.validation_error) == 4
    assert history.validation_error[-1] < 0.1
    assert history.train_loss[-1] < history.train_loss[0]
    assert not model.training
    assert str(history).count("\n") == 4


def test_errors_while_learning_are_those_of_the_smallest_distance():
    images, labels = torch.randn(20, 1, 32, 32), torch.arange(20) % 10
    torch.manual_seed(0)
    model = lenet5_1998()
    options = OPTIONS | {"epochs": 1, "batch_size": 8, "validation": 0}
    still = partial(torch.optim.SGD, lr=0.0)
    history = fit(model, images, labels, **options, criterion=MAP(), optimizer=still)
    assert history.train_error == pytest.approx([evaluate(model, images, labels).error])
    assert history.train_loss == pytest.approx([MAP()(model(images), labels).item()], rel=1e-5)


def test_an_update_takes_64_examples_by_default():
    images, labels = stripes(130)
    asked = []

    def schedule(optimizer, steps):
        asked.append(steps)
        return torch.optim.lr_scheduler.ConstantLR(optimizer)

    for count in (128, 129):
        options = {"epochs": 3, "validation": 0, "device": "cpu", "progress": False}
        fit(network(), images[:count], labels[:count], **options, schedule=schedule)
    assert asked == [3 * 2, 3 * 3]


def test_validation_digits_are_never_trained_on():
    images, labels = stripes()
    _, held = split_validation(240, 40, seed=0)
    others = images.clone()
    others[held] = 9.0
    one, other = network(), network()
    fit(one, images, labels, **OPTIONS)
    fit(other, others, labels, **OPTIONS)
    assert all(map(torch.equal, one.parameters(), other.parameters()))


def test_split_is_a_partition_drawn_by_seed():
    train, held = split_validation(100, 20, seed=5)
    assert sorted(torch.cat([train, held]).tolist()) == list(range(100))
    assert torch.equal(held, split_validation(100, 20, seed=5)[1])
    assert not torch.equal(held, split_validation(100, 20, seed=6)[1])
    with pytest.raises(ValueError, match="validation is 100 of 100"):
        split_validation(100, 100)


class Interrupted(Exception):
    pass


def test_resuming_gives_what_an_uninterrupted_run_gives(tmp_path):
    images, labels = stripes()
    options = OPTIONS | {"schedule": one_cycle}
    whole = network()
    expected = fit(whole, images, labels, **options)

    calls = 0

    def pull_the_plug_in_epoch_three(*_):
        nonlocal calls
        calls += 1
        if calls == 2 * 13 + 3 + 5:  # and one batch of each validation
            raise Interrupted

    path, part = tmp_path / "run.pt", network()
    part.register_forward_hook(pull_the_plug_in_epoch_three)
    with pytest.raises(Interrupted):
        fit(part, images, labels, **options, checkpoint=path)
    torch.rand(7)  # the resumed run must not depend on the random state it meets
    again = network()
    history = fit(again, images, labels, **options, checkpoint=path)
    assert history.train_loss == expected.train_loss
    assert history.validation_error == expected.validation_error
    for a, b in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    third = network()
    assert fit(third, images, labels, **options, checkpoint=path).seconds == history.seconds
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


@pytest.mark.parametrize(
    ("change", "name"),
    [({"batch_size": 8}, "batch_size"), ({"seed": 9}, "seed"), ({"validation": 30}, "validation")],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, name):
    images, labels = stripes()
    path = tmp_path / "run.pt"
    fit(network(), images, labels, **OPTIONS, checkpoint=path)
    with pytest.raises(ValueError, match=f"its {name} is"):
        fit(network(), images, labels, **(OPTIONS | change), checkpoint=path)
    constant = partial(torch.optim.lr_scheduler.LambdaLR, lr_lambda=lambda step: 1.0)
    other = {"schedule": lambda optimizer, steps: constant(optimizer)}
    with pytest.raises(ValueError, match="its (optimizer|schedule) is"):
        fit(network(), images, labels, **OPTIONS, **other, checkpoint=path)
    with pytest.raises(ValueError, match="its labels is"):
        fit(network(), images, labels.flip(0), **OPTIONS, checkpoint=path)
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match="not a checkpoint of fit"):
        fit(network(), images, labels, **OPTIONS, checkpoint=path)
    assert path.read_bytes() == b"not a checkpoint"


def test_the_same_seed_gives_the_same_run_and_leaves_the_callers_randomness_alone():
    images, labels = stripes()
    torch.manual_seed(1)
    expected = torch.rand(3)
    first = network()
    torch.manual_seed(1)
    fit(first, images, labels, **OPTIONS)
    assert torch.equal(torch.rand(3), expected)
    second = network()
    fit(second, images, labels, **OPTIONS)
    assert torch.equal(first[2].weight, second[2].weight)
    third = network()
    fit(third, images, labels, **(OPTIONS | {"seed": 1}))
    assert not torch.equal(first[2].weight, third[2].weight)


@pytest.mark.parametrize(
    ("images", "labels", "change", "message"),
    [
        (torch.zeros(3, 1, 28, 28), torch.zeros(2).long(), {}, r"shape \(3, .* of shape \(2,\)"),
        (torch.zeros(0, 1, 28, 28), torch.zeros(0).long(), {}, "at least one"),
        (torch.zeros(2, 1, 28, 28), torch.zeros(2), {}, r"labels\.long\(\)"),
        (torch.zeros(2, 1, 28, 28), torch.zeros(2, 1), {}, r"labels\[:, 0\]\.long\(\)"),
        (torch.zeros(2, 1, 28, 28), torch.zeros(2, 10), {}, r"one-hot.*not taken as targets"),
        (torch.zeros(2, 1, 28, 28), torch.tensor([3, -100]), {}, "not even -100"),
        (torch.zeros(2, 1, 28, 28), torch.zeros(2).long(), {"epochs": 1.5}, "epochs is 1.5"),
        (torch.zeros(2, 1, 28, 28), torch.zeros(2).long(), {"epochs": 0}, "epochs is 0"),
        (torch.zeros(2, 1, 28, 28), torch.zeros(2).long(), {"validation": 2}, "left to train on"),
        (torch.zeros(2, 1, 28, 28), torch.zeros(2).long(), {"validation": 0.5}, "whole number"),
        (torch.zeros(2, 1, 28, 28), torch.zeros(2).long() - 1, {}, "labels begin at -1"),
        (torch.zeros(2, 1, 28, 28), [0, 1], {}, "labels are of type list"),
        (torch.full((2, 1, 28, 28), torch.nan), torch.zeros(2).long(), {}, "NaN"),
        (torch.zeros(2, 1, 28, 28), torch.zeros(2).long(), {"device": "gpu"}, "device is 'gpu'"),
    ],
)
def test_examples_that_do_not_fit_are_refused(images, labels, change, message):
    with pytest.raises(ValueError, match=message):
        fit(network(), images, labels, **(OPTIONS | change))


def test_distances_are_not_trained_as_scores():
    images, labels = torch.zeros(2, 1, 32, 32), torch.zeros(2).long()
    with pytest.raises(ValueError, match="outputs are distances"):
        fit(lenet5_1998(), images, labels, **(OPTIONS | {"validation": 0}))
    with pytest.raises(ValueError, match="outputs are scores"):
        fit(lenet5_tutorial(), images, labels, **OPTIONS, criterion=MAP())


def test_evaluate_uses_evaluation_mode_and_restores_the_other():
    model = network().train()
    images, labels = stripes(20)
    assert torch.equal(
        evaluate(model, images, labels).outputs, evaluate(model, images, labels).outputs
    )
    assert model.training
    model[1].eval()  # as one freezes batch norm
    evaluate(model, images, labels)
    assert model.training and not model[1].training


def test_weights_survive_saving_and_loading(tmp_path):
    model, other = lenet5_1998(), lenet5_1998()
    path = save_model(model, tmp_path / "deep" / "lenet.safetensors")
    load_model(other, path)
    x = torch.randn(2, 1, 32, 32)
    assert torch.equal(model(x), other(x))
    assert path.stat().st_size < 300_000
    assert [p.name for p in path.parent.iterdir()] == ["lenet.safetensors"]


@pytest.mark.parametrize(
    ("saved", "wanted", "message"),
    [
        (lenet5_modern, lenet5_1998, r"c3.weight: \(16, 6, 5, 5\) in the file, \(60, 5, 5\)"),
        (lenet5_modern, lenet5_1998, "s2.coefficient: missing in the file"),
        (lenet5_1998, lenet5_modern, "s2.coefficient: not in the network"),
        (lenet5_tutorial, partial(lenet5_tutorial, 65), r"output.bias: \(10,\) in the file"),
        # the same tensors, another network: only the structure tells them apart
        (lenet5_tutorial, lenet5_modern, r"c1_act\): Tanh\(\) in the file"),
        (lambda: LeNet5(activation=nn.ReLU), lenet5_1998, r"ReLU\(\) in the file"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path, saved, wanted, message):
    path = save_model(saved(), tmp_path / "w.safetensors")
    model = wanted()
    before = {name: t.clone() for name, t in model.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        load_model(model, path)
    assert all(torch.equal(t, before[name]) for name, t in model.state_dict().items())


def test_damaged_and_missing_files_are_named(tmp_path):
    path = save_model(lenet5_1998(), tmp_path / "w.safetensors")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        load_model(lenet5_1998(), path)
    with pytest.raises(FileNotFoundError, match="save_model"):
        load_model(lenet5_1998(), tmp_path / "none.safetensors")


def test_device_and_seed():
    assert get_device().type in {"cuda", "mps", "cpu"}
    if torch.cuda.is_available():
        assert get_device().type == "cuda"
    with pytest.raises(ValueError, match="seed is -1"):
        seed_everything(-1)
    seed_everything(11)
    first = torch.rand(2)
    seed_everything(11)
    assert torch.equal(first, torch.rand(2))
