"""Checkpoints: the same run by value, also in a new process, and no training lost to a disk."""

import errno
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lenet_utils import LeNet5, evaluate, fit, lenet5_1998, weights
from lenet_utils.checkpoints import identity
from lenet_utils.criteria import MAP

IMAGES = torch.randn(30, 1, 4, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(30) % 3
OPTIONS = {"epochs": 2, "batch_size": 8, "validation": 6, "device": "cpu", "progress": False}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 3))


RATE = 0.1

# Written twice, as a new process would: in each pair the values are the same.
CRITERIA = """
from functools import partial
import torch
from torch import nn
from torch.nn import functional as F
from lenet_utils.criteria import MAP

SMOOTHING = 0.1

def closure(amount):
    return lambda y, t: F.cross_entropy(y, t, label_smoothing=amount)

def by_global(y, t):
    return F.cross_entropy(y, t, label_smoothing=SMOOTHING)

class Own:
    def __init__(self, amount):
        self.amount = amount
    def __call__(self, y, t):
        return F.cross_entropy(y, t) * self.amount

made = {
    "partial": partial(F.cross_entropy, label_smoothing=0.1),
    "module": nn.CrossEntropyLoss(label_smoothing=0.1),
    "weights": nn.CrossEntropyLoss(weight=torch.tensor([1.0, 0.1, 1.0])),
    "lambda": lambda y, t: F.cross_entropy(y, t, label_smoothing=0.1),
    "closure": closure(0.1),
    "global": by_global,
    "object": Own(0.1),
    "ours": MAP(j=0.1),
    "schedule": lambda o, n: torch.optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=n),
}
"""


def made(text: str) -> dict[str, object]:
    names: dict[str, dict[str, object]] = {"__name__": "mine"}
    exec(text, names)
    return names["made"]


@pytest.mark.parametrize("name", made(CRITERIA))
def test_what_is_equal_by_value_is_the_same_and_nothing_else(name: str) -> None:
    first, again = made(CRITERIA)[name], made(CRITERIA)[name]
    assert identity(first) == identity(again)
    other = made(CRITERIA.replace("0.1", "0.2"))[name]
    assert identity(first) != identity(other)


def test_a_new_process_says_the_same() -> None:
    code = CRITERIA + (
        "\nfrom lenet_utils.checkpoints import identity\n"
        "print('\\n'.join(identity(value) for value in made.values()))"
    )
    texts = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
        ).stdout
        for _ in range(2)
    ]
    assert texts[0] == texts[1] and " at 0x" not in texts[0]


def test_what_a_criterion_counts_is_no_setting(tmp_path: Path) -> None:
    calls = 0

    def counting(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return F.cross_entropy(outputs, targets)

    options = OPTIONS | {"criterion": counting, "checkpoint": tmp_path / "run.pt"}
    history = fit(network(), IMAGES, LABELS, **options)
    assert calls == 6
    assert fit(network(), IMAGES, LABELS, **options).seconds == history.seconds


def cosine(optimizer, steps, least=0.0):
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, least)


def constant(optimizer, steps, factor=1.0):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor)


@pytest.mark.parametrize(
    ("first", "other", "name"),
    [
        ({"criterion": nn.CrossEntropyLoss()}, {"criterion": F.cross_entropy}, "criterion"),
        (
            {"criterion": nn.CrossEntropyLoss(label_smoothing=0.1)},
            {"criterion": nn.CrossEntropyLoss(label_smoothing=0.9)},
            "criterion",
        ),
        ({}, {"optimizer": partial(torch.optim.Adam, lr=0.01)}, "optimizer"),
        ({}, {"optimizer": partial(torch.optim.SGD, lr=0.001)}, "optimizer"),
        ({"schedule": cosine}, {"schedule": partial(cosine, least=0.1)}, "schedule"),
        (
            {"schedule": constant},
            {"schedule": partial(constant, factor=0.5)},
            "(optimizer|schedule)",
        ),
        ({"schedule": constant}, {"schedule": constant, "epochs": 3}, "epochs"),
        ({}, {"batch_size": 9}, "batch_size"),
    ],
)
def test_another_run_is_refused_by_name(
    tmp_path: Path, first: dict, other: dict, name: str
) -> None:
    path = tmp_path / "run.pt"
    history = fit(network(), IMAGES, LABELS, **OPTIONS | first, checkpoint=path)
    again = fit(network(), IMAGES, LABELS, **OPTIONS | first, checkpoint=path)
    assert again.seconds == history.seconds
    with pytest.raises(ValueError, match=f"its {name} is"):
        fit(network(), IMAGES, LABELS, **OPTIONS | other, checkpoint=path)


def test_other_pictures_of_the_same_mean_and_other_codes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    fit(network(), IMAGES, LABELS, **OPTIONS, checkpoint=path)
    with pytest.raises(ValueError, match="its images is"):
        fit(network(), IMAGES.flip(0), LABELS, **OPTIONS, checkpoint=path)
    x, labels = torch.zeros(10, 1, 32, 32), torch.arange(10) % 3
    codes = torch.ones(3, 84)
    path = tmp_path / "distances.pt"
    options = OPTIONS | {"criterion": MAP(), "checkpoint": path}
    fit(lenet5_1998(3, codes=codes), x, labels, **options)
    with pytest.raises(ValueError, match="its codes and tables is"):
        fit(lenet5_1998(3, codes=-codes), x, labels, **options)


def test_more_epochs_continue_where_no_schedule_depends_on_them(tmp_path: Path) -> None:
    whole, parts = network(), network()
    expected = fit(whole, IMAGES, LABELS, **OPTIONS | {"epochs": 5})
    path = tmp_path / "run.pt"
    fit(parts, IMAGES, LABELS, **OPTIONS, checkpoint=path)
    parts = network()
    history = fit(parts, IMAGES, LABELS, **OPTIONS | {"epochs": 5}, checkpoint=path)
    assert history.train_loss == expected.train_loss
    assert all(map(torch.equal, parts.parameters(), whole.parameters()))
    with pytest.raises(ValueError, match="holds 5 epochs, and epochs is 2: ask for 5"):
        fit(network(), IMAGES, LABELS, **OPTIONS, checkpoint=path)


def test_what_cannot_be_written_is_refused_before_the_first_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = network()
    before = model[1].weight.clone()
    (tmp_path / "file").touch()

    def refused(path: Path, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            fit(model, IMAGES, LABELS, **OPTIONS, checkpoint=path)
        assert torch.equal(model[1].weight, before)

    refused(tmp_path, "a folder; expected a file")
    refused(tmp_path / "file" / "run.pt", "cannot be written")

    def read_only(**_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(weights.tempfile, "TemporaryFile", read_only)
    refused(tmp_path / "run.pt", "Permission denied.*Name a file in a folder")


def test_a_full_disk_costs_the_checkpoint_and_not_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, replace = [], os.replace

    def full(*paths: object) -> None:
        calls.append(paths)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(*paths)

    expected, model, path = network(), network(), tmp_path / "run.pt"
    fit(expected, IMAGES, LABELS, **OPTIONS)
    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(UserWarning, match=r"after epoch 2 .*No space left.*Training goes on"):
        history = fit(model, IMAGES, LABELS, **OPTIONS, checkpoint=path)
    assert len(history) == 2 and len(calls) == 2
    assert all(map(torch.equal, model.parameters(), expected.parameters()))
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]
    monkeypatch.undo()
    resumed = network()
    fit(resumed, IMAGES, LABELS, **OPTIONS, checkpoint=path)
    assert all(map(torch.equal, resumed.parameters(), expected.parameters()))


def test_a_diverged_training_stops_and_says_so(tmp_path: Path) -> None:
    path, updates = tmp_path / "run.pt", []

    def breaks(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        updates.append(len(targets))
        return F.cross_entropy(outputs, targets) * (torch.nan if len(updates) > 30 else 1)

    options = OPTIONS | {"epochs": 9, "batch_size": 1, "criterion": breaks}
    with pytest.warns(UserWarning, match=r"diverged in epoch 2: the loss is nan.*smaller"):
        history = fit(network(), IMAGES, LABELS, **options, checkpoint=path)
    assert history.diverged and len(history) == len(history.validation_error) == 2
    assert history.train_loss[0] > 0
    assert len(updates) == 48  # two epochs of 24, no third
    assert len(torch.load(path)["history"]["seconds"]) == 1
    healthy = fit(network(), IMAGES, LABELS, **OPTIONS)
    assert not healthy.diverged


def test_a_long_epoch_stops_soon_after_it_diverged() -> None:
    images, labels = torch.randn(400, 1, 4, 4), torch.zeros(400).long()
    updates = []

    def breaks(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        updates.append(1)
        return F.cross_entropy(outputs, targets) / 0

    options = OPTIONS | {"batch_size": 1, "criterion": breaks}
    with pytest.warns(UserWarning, match="diverged in epoch 1"):
        fit(network(), images, labels, **options)
    assert len(updates) == 50


def test_batch_norm_and_frozen_parts_are_of_the_run(tmp_path: Path) -> None:
    model = LeNet5(output="linear", batch_norm=True)
    x, labels = torch.randn(12, 1, 32, 32), torch.arange(12) % 10
    options = OPTIONS | {"checkpoint": tmp_path / "run.pt"}
    fit(model, x, labels, **options)
    again = LeNet5(output="linear", batch_norm=True)
    fit(again, x, labels, **options)
    assert torch.equal(evaluate(again, x, labels).outputs, evaluate(model, x, labels).outputs)
    again.c1.requires_grad_(False)
    with pytest.raises(ValueError, match="(?s)its model is .*frozen: .'c1.weight'"):
        fit(again, x, labels, **options)
