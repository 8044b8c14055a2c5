"""Outputs are read as what they are: known answers, and no network of distances upside down."""

import copy
import math
import warnings

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import prune
from torch.optim.swa_utils import AveragedModel

from lenet_utils import (
    RBFOutput,
    evaluate,
    fit,
    lenet5_1998,
    lenet5_modern,
    lenet5_tutorial,
    load_mnist,
    normalise_1998,
    pad_to_32,
)
from lenet_utils.criteria import MAP, MSE
from lenet_utils.models import LeNet5

QUIET = {"device": "cpu", "progress": False, "validation": 0}


class Fixed(nn.Module):
    """Answers with what it is given."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)


def test_evaluate_counts_errors_and_confusions() -> None:
    outputs = torch.eye(4)[torch.tensor([0, 1, 1, 3, 2])].view(5, 1, 2, 2)
    labels = torch.tensor([0, 1, 2, 3, 3])
    for batch_size in (1, 2, 5):
        result = evaluate(Fixed(), outputs, labels, batch_size=batch_size)
        assert result.error == pytest.approx(0.4) and result.accuracy == pytest.approx(0.6)
        assert result.predictions.tolist() == [0, 1, 1, 3, 2]
        assert result.wrong.tolist() == [2, 4]
        confusion = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]]
        assert result.confusion.tolist() == confusion
        assert torch.equal(result.outputs, outputs.flatten(1))


def test_evaluate_takes_the_smallest_distance() -> None:
    distances = torch.tensor([[4.0, 1, 9, 9], [0, 5, 5, 5]]).view(2, 1, 2, 2)
    result = evaluate(Fixed(), distances, torch.tensor([1, 0]), smallest_wins=True)
    assert result.error == 0 and result.confusion.diagonal().tolist() == [1, 1, 0, 0]
    model = Fixed()
    model.smallest_wins = True
    assert evaluate(model, distances, torch.tensor([1, 0])).error == 0
    assert evaluate(nn.DataParallel(model), distances, torch.tensor([1, 0])).error == 0


def still(parameters):
    return torch.optim.SGD(parameters, lr=0.0)


@pytest.mark.parametrize("batch_size", [1, 2, 3])
def test_the_loss_of_an_epoch_is_the_mean_over_its_examples(batch_size: int) -> None:
    # Scores (0, x): the softmax probabilities are 1/2 for x = 0, 1/4 and 3/4 for x = log 3.
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False))
    model[1].weight.data = torch.tensor([[0.0], [1.0]])
    images = torch.tensor([0.0, math.log(3), math.log(3)]).view(3, 1, 1, 1)
    labels = torch.tensor([0, 1, 0])
    options = QUIET | {"epochs": 2, "batch_size": batch_size, "optimizer": still}
    history = fit(model, images, labels, **options)
    mean = (math.log(2) + math.log(4 / 3) + math.log(4)) / 3
    assert history.train_loss == pytest.approx([mean, mean])
    assert history.train_error == pytest.approx([1 / 3, 1 / 3])  # 0 wins over an equal number


def test_the_distances_of_an_epoch_are_read_as_distances() -> None:
    # Codes -1 and 1 of one feature: a state of 1/2 is 9/4 and 1/4 away.
    unit = RBFOutput(torch.tensor([[-1.0], [1.0]]))
    model = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), unit, nn.Flatten())
    model[0].weight.data.fill_(1.0)
    images = torch.tensor([0.5, 0.5, -1.0]).view(3, 1, 1, 1)
    labels = torch.tensor([1, 0, 0])
    options = QUIET | {"epochs": 1, "batch_size": 2, "optimizer": still}
    history = fit(model, images, labels, criterion=MSE(), **options)
    assert history.train_loss == pytest.approx([(0.25 + 2.25 + 0) / 3])
    assert history.train_error == pytest.approx([1 / 3])
    result = evaluate(model, images, labels)
    assert result.predictions.tolist() == [1, 1, 0] and result.wrong.tolist() == [1]
    own = fit(
        model, images, labels, criterion=lambda y, t: y.gather(1, t[:, None]).mean(), **options
    )
    assert own.train_error == pytest.approx([1 / 3])  # the network says it, the criterion does not
    held = fit(model, images, labels, criterion=MAP(), **(options | {"validation": 2, "seed": 3}))
    assert held.validation_error[0] in (0, 0.5)


def test_an_epoch_takes_every_training_example_once_in_an_order_of_its_own() -> None:
    seen: list[float] = []
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 2))
    model.register_forward_pre_hook(lambda m, x: seen.extend(x[0].flatten().tolist() * m.training))
    images = torch.arange(40.0).view(40, 1, 1, 1)
    options = QUIET | {"epochs": 2, "batch_size": 7, "validation": 10, "optimizer": still}
    fit(model, images, torch.zeros(40).long(), **options)
    first, second = seen[:30], seen[30:]
    assert len(set(first)) == 30 and sorted(first) == sorted(second) and first != second
    once, seen[:] = list(seen), []
    fit(model, images, torch.zeros(40).long(), **options)
    assert seen == once


class Inside(nn.Module):
    """A network as a part of another one, which may change what it gives."""

    def __init__(self, network: nn.Module, change=lambda y: y) -> None:
        super().__init__()
        self.anything, self.change = nn.ModuleList([network]), change

    def forward(self, x: Tensor) -> Tensor:
        return self.change(self.anything[0](x))


class Negated(LeNet5):
    def forward(self, x: Tensor) -> Tensor:
        return -super().forward(x)


def hooked(model: nn.Module, change) -> nn.Module:
    model.register_forward_hook(lambda _m, _x, y: change(y))
    return model


CERTAIN = {
    "itself": lambda m: m,
    "Sequential": nn.Sequential,
    "DataParallel": nn.DataParallel,
    "AveragedModel": AveragedModel,
    "all three": lambda m: nn.Sequential(AveragedModel(nn.DataParallel(m)), nn.Identity()),
    "own": Inside,
    "own twice": lambda m: Inside(nn.Sequential(Inside(m))),
    "own in DataParallel": lambda m: nn.DataParallel(Inside(m)),
    "slice": lambda m: m[:],
    "compiled": lambda m: torch.compile(m, backend="eager"),
    "traced": lambda m: torch.jit.trace(m, torch.zeros(2, 1, 32, 32)),
    "scripted": torch.jit.script,
    "seen by a hook": lambda m: hooked(m, lambda y: None),
    "pruned": lambda m: prune.l1_unstructured(m.c5, "weight", 1) and m,
    "parametrised": lambda m: nn.utils.parametrizations.weight_norm(m.c5) and m,
}
DOUBTFUL = {
    "softmax": lambda m: nn.Sequential(m, nn.Softmax(1)),
    "softmax appended": lambda m: m.append(nn.Softmax(1)),
    "negated": lambda m: Inside(m, torch.neg),
    "negated by a subclass": lambda m: Negated(),
    "negated by a hook": lambda m: hooked(m, torch.neg),
    "negated by the unit's hook": lambda m: hooked(m.output, torch.neg) and m,
    "negated in DataParallel": lambda m: nn.DataParallel(Inside(m, torch.neg)),
    "traced with softmax": lambda m: torch.jit.trace(
        nn.Sequential(m, nn.Softmax(1)), torch.zeros(2, 1, 32, 32)
    ),
    "recorded": torch.fx.symbolic_trace,
}


@pytest.fixture(scope="module")
def answers() -> tuple[LeNet5, Tensor, Tensor]:
    """A network of distances, pictures, and as labels what it answers."""
    torch.manual_seed(0)
    model = lenet5_1998()
    x = normalise_1998(pad_to_32(load_mnist(sample=True).test.images[:4]))
    return model, x, model(x).argmin(1)


def wrapped(model: nn.Module, make) -> nn.Module:
    warnings.simplefilter("ignore", DeprecationWarning)
    return make(copy.deepcopy(model))


@pytest.mark.parametrize("name", CERTAIN)
def test_distances_are_read_as_distances_through_what_leaves_them(name: str, answers) -> None:
    model, x, labels = answers
    model = wrapped(model, CERTAIN[name])
    assert evaluate(model, x, labels).error == 0
    if name in ("traced", "scripted"):
        return
    history = fit(model, x, labels, **QUIET, epochs=1, optimizer=still, criterion=MAP())
    assert history.train_error == [0]
    with pytest.raises(ValueError, match="outputs are distances"):
        fit(model, x, labels, **QUIET, epochs=1)


@pytest.mark.parametrize("name", DOUBTFUL)
def test_in_doubt_the_caller_says_it(name: str, answers) -> None:
    model, x, labels = answers
    model = wrapped(model, DOUBTFUL[name])
    with pytest.raises(ValueError, match="Say how to read them: smallest_wins=True"):
        evaluate(model, x, labels)
    y = model(x)
    error = evaluate(model, x, y.argmin(1), smallest_wins=True).error
    assert error == evaluate(model, x, y.argmax(1), smallest_wins=False).error == 0
    if name == "recorded" or "traced" in name:
        return
    own = {"criterion": lambda y, t: F.cross_entropy(y, t), "optimizer": still, "epochs": 1}
    with pytest.raises(ValueError, match="Say how to read them"):
        fit(model, x, labels, **QUIET, **own)
    assert fit(model, x, y.argmax(1), **QUIET, **own, smallest_wins=False).train_error == [0]


def test_scores_need_no_word() -> None:
    x, labels = torch.randn(6, 1, 28, 28), torch.arange(6)
    plain = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    plain.register_buffer("codes", torch.ones(3, 4))
    for model in (plain, Inside(plain), nn.DataParallel(plain), Inside(lenet5_modern())):
        result = evaluate(model, x, labels)
        assert torch.equal(result.predictions, result.outputs.argmax(1))
        fit(model, x, labels, **QUIET, epochs=1)


def test_what_does_not_agree_is_refused() -> None:
    x, labels = torch.zeros(2, 1, 32, 32), torch.zeros(2).long()
    with pytest.raises(ValueError, match="outputs are scores"):
        fit(lenet5_tutorial(), x, labels, **QUIET, epochs=1, criterion=MAP())
    with pytest.raises(ValueError, match="the smallest wins: leave it out"):
        evaluate(lenet5_1998(), x, labels, smallest_wins=False)
    with pytest.raises(ValueError, match="smallest_wins is 'no'"):
        evaluate(lenet5_1998(), x, labels, smallest_wins="no")
    with pytest.raises(ValueError, match=r"take argmin\(1\)"):
        lenet5_1998().append(nn.Softmax(1)).predict(x)
    with pytest.raises(ValueError, match="reduction='sum'"):
        fit(lenet5_tutorial(), x, labels, epochs=1, criterion=nn.CrossEntropyLoss(reduction="sum"))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int16])
def test_labels_of_any_integer_type(dtype: torch.dtype) -> None:
    x, labels = torch.randn(6, 1, 28, 28), torch.arange(6)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    error = evaluate(model, x, labels).error
    assert evaluate(model, x, labels.to(dtype)).error == error
    fit(model, x, labels.to(dtype), **QUIET, epochs=1)


def test_labels_above_the_classes_are_refused_before_anything_changes() -> None:
    torch.manual_seed(0)
    model = LeNet5(output="linear", batch_norm=True)
    before = copy.deepcopy(model.state_dict())
    x, labels = torch.randn(40, 1, 32, 32), torch.arange(40) % 10
    for place in range(0, 40, 13):  # in training and in what is held out
        wrong = labels.clone()
        wrong[place] = 10
        options = QUIET | {"epochs": 1, "validation": 20, "batch_size": 8}
        with pytest.raises(ValueError, match=r"go up to 10.*10 classes.*expected 0 to 9.*=11\."):
            fit(model, x, wrong, **options)
        with pytest.raises(ValueError, match="labels go up to 10"):
            evaluate(model, x, wrong, batch_size=4)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize("call", [evaluate, lambda *a: fit(*a, **QUIET, epochs=1)])
def test_outputs_that_are_no_rows_are_refused(call) -> None:
    x, labels = torch.zeros(2, 1, 32, 36), torch.zeros(2).long()
    with pytest.raises(ValueError, match=r"outputs of shape \(2, 10, 1, 2\) for 2 images"):
        call(lenet5_tutorial(), x, labels)
    with pytest.raises(ValueError, match="outputs of type dict"):
        call(Inside(lenet5_tutorial(), lambda y: {"scores": y}), x, labels)
    with pytest.raises(ValueError, match="expected an nn.Module"):
        call(lambda x: x, x, labels)


def test_outputs_that_are_nan_are_not_passed_over() -> None:
    images = torch.tensor([[1.0, 2], [3, 1], [1, 1]]).view(3, 1, 1, 2)
    with pytest.warns(UserWarning, match="outputs of 1 of 3 images are NaN"):
        evaluate(
            Inside(Fixed(), lambda y: y / (y[:, :1] != 3) * (y[:, :1] != 3)),
            images,
            torch.tensor([1, 0, 0]),
        )
