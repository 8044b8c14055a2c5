"""Checks of the third part's lessons: honest answers pass, plausible wrong ones are refused."""

import math
import pickle

import numpy as np
import pytest
import torch
from check_answers.forged import Forged
from torch.nn import functional as F

from lenet_utils import checks, normalise_modern, pad_to_32, save_model

FAULTS = "adfhijmnoqrtuv"


def prepare(images, mean, std):
    pixels = F.pad(images, (2, 2, 2, 2)).float() / 255
    return ((pixels - mean) / std)[:, None]


def prepare_with_background(images, mean, std):
    pixels = (images[:, None].float() / 255 - mean) / std
    return F.pad(pixels, (2, 2, 2, 2), value=-mean / std)


def epoch(model, optimizer, images, labels, batch_size):
    model.train()
    total = 0.0
    for batch in torch.randperm(len(images)).split(batch_size):
        loss = F.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(images)


def epoch_with_a_loader(model, optimizer, images, labels, batch_size):
    from torch.utils.data import DataLoader, TensorDataset

    model.train()
    losses = []
    for x, y in DataLoader(TensorDataset(images, labels), batch_size, shuffle=True):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses += [loss.detach()] * len(y)
    return torch.stack(losses).mean()


def epoch_in_one_constant_order(model, optimizer, images, labels, batch_size):
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(4))
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    model.train()
    losses = 0
    for batch in batches:
        loss = F.nll_loss(model(images[batch]).log_softmax(1), labels[batch])
        model.zero_grad()
        loss.backward()
        optimizer.step()
        losses += loss.detach() * len(batch)
    return losses / len(images)


@torch.no_grad()
def fraction(model, images, labels, batch_size):
    model.eval()
    parts = zip(images.split(batch_size), labels.split(batch_size), strict=True)
    return sum((model(x).argmax(1) == y).sum().item() for x, y in parts) / len(labels)


def fraction_in_one_go(model, images, labels, batch_size):
    model.train(False)
    with torch.inference_mode():
        return (model(images).argmax(1) == labels).float().mean()


def choose(held, test):
    best = min(range(len(held)), key=held.__getitem__)
    return best + 1, test[best]


def keep_state(model, path):
    torch.save(model.state_dict(), path)
    return path


def keep_plain_numbers(model, path):
    torch.save({name: t.clone() for name, t in model.state_dict().items()}, path)
    return str(path)


def detect(parameters):
    for c3 in (0, 900):
        for pooling in (0, -44):
            for output in (0, 850):
                if 60_000 + c3 + pooling + output == parameters:
                    pairs = (("c3", c3), ("pooling", pooling), ("output", output))
                    return {name for name, change in pairs if change}
    return set()


def turns(degrees):
    angle = torch.deg2rad(degrees)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return torch.stack([cos, -sin, zero, sin, cos, zero], dim=1).view(-1, 2, 3)


def turns_one_by_one(degrees):
    maps = torch.zeros(len(degrees), 2, 3)
    for matrix, angle in zip(maps, degrees.tolist(), strict=True):
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        matrix[:, :2] = torch.tensor([[cos, -sin], [sin, cos]])
    return maps


def turns_by_exponential(degrees):
    generator = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    squares = torch.linalg.matrix_exp(degrees[:, None, None] * math.pi / 180 * generator)
    return F.pad(squares, (0, 1))


def residual(block, x):
    return torch.relu(x + block(x))


RIGHT = [
    (checks.faults, FAULTS),
    (checks.faults, FAULTS[::-1].upper()),
    (checks.faults, list(FAULTS)),
    (checks.faults, set(FAULTS)),
    (checks.preparation, prepare),
    (checks.preparation, prepare_with_background),
    (checks.preparation, lambda x, m, s: normalise_modern(pad_to_32(x), m, s)),
    (checks.training_epoch, epoch),
    (checks.training_epoch, epoch_with_a_loader),
    (checks.training_epoch, epoch_in_one_constant_order),
    (checks.fraction_right, fraction),
    (checks.fraction_right, fraction_in_one_go),
    (checks.fraction_right, lambda *a: np.float64(fraction(*a))),
    (checks.choice_of_epoch, choose),
    (checks.choice_of_epoch, lambda h, t: [np.argmin(h) + 1, np.array(t)[np.argmin(h)]]),
    (checks.choice_of_epoch, lambda h, t: (torch.tensor(choose(h, t)[0]), choose(h, t)[1])),
    (checks.kept_weights, keep_state),
    (checks.kept_weights, keep_plain_numbers),
    (checks.kept_weights, save_model),
    (checks.suspects, detect),
    (checks.suspects, lambda n: sorted(detect(n))),
    (checks.suspects, lambda n: frozenset(detect(n))),
    (checks.first_full_layer, 102_764_544),
    (checks.first_full_layer, (512 * 7 * 7 + 1) * 4096.0),
    (checks.first_full_layer, np.int64(102_764_544)),
    (checks.turns, turns),
    (checks.turns, turns_one_by_one),
    (checks.turns, turns_by_exponential),
    (checks.residual, residual),
    (checks.residual, lambda block, x: F.relu(block(x) + x)),
    (checks.residual, lambda block, x: (block(x.clone()) + x).clamp(min=0)),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_right_answers_pass(check, answer):
    torch.manual_seed(0)
    verdict = check(answer)
    assert verdict, verdict.message


def spoilt_epoch(
    *,
    order=torch.randperm,
    mode=True,
    clear="first",
    loss_of=F.cross_entropy,
    forward=False,
    drop_last=False,
    mean=True,
    labels_too=True,
):
    def spoilt(model, optimizer, images, labels, batch_size):
        model.train(mode)
        losses, sizes = [], []
        batches = order(len(images)).split(batch_size)
        start = 0
        for batch in batches[:-1] if drop_last else batches:
            target = labels[batch] if labels_too else labels[start : start + len(batch)]
            start += len(batch)
            outputs = model.forward(images[batch]) if forward else model(images[batch])
            loss = loss_of(outputs, target)
            if clear == "first":
                optimizer.zero_grad()
            loss.backward()
            if clear == "before the step":
                optimizer.zero_grad()
            optimizer.step()
            losses.append(loss.item())
            sizes.append(len(batch))
        optimizer.zero_grad()
        if mean:
            return sum(a * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes)
        return sum(losses) / len(losses)

    return spoilt


def spoilt_fraction(*, mode=False, record=False, divide=lambda right, x, n: right / len(x)):
    def spoilt(model, images, labels, batch_size):
        model.train(mode)
        with torch.set_grad_enabled(record):
            right = int((model(images).argmax(1) == labels).sum())
        return divide(right, images, batch_size)

    return spoilt


def fraction_of_fractions(model, images, labels, batch_size):
    model.eval()
    with torch.no_grad():
        parts = zip(images.split(batch_size), labels.split(batch_size), strict=True)
        return torch.stack([(model(x).argmax(1) == y).float().mean() for x, y in parts]).mean()


def fraction_by_forward(model, images, labels, batch_size):
    model.eval()
    with torch.no_grad():
        return (model.forward(images).argmax(1) == labels).float().mean()


def own_statistics(images, mean, std):
    x = F.pad(images, (2, 2, 2, 2)).float()
    return ((x - x.mean()) / x.std())[:, None]


def keep_pickle(model, path):
    path.write_bytes(pickle.dumps({"a": object}))
    return path


def keep_a_list(model, path):
    torch.save(list(model.state_dict().values()), path)
    return path


def keep_zeros(model, path):
    torch.save({k: torch.zeros_like(v) for k, v in model.state_dict().items()}, path)
    return path


def keep_optimizer_too(model, path):
    torch.save({"model": model.state_dict()}, path)
    return path


NAN = float("nan")
WRONG = [
    (checks.faults, FAULTS + "b", "dropout is a layer"),
    (checks.faults, FAULTS + "k", "order of the test digits"),
    (checks.faults, "l", "this loss is the right one"),
    (checks.faults, FAULTS[1:], "1 in the network"),
    (checks.faults, "ahmr", "2 in the network, 2 in the digits, 3 in the training, 3 in the"),
    (checks.faults, "xyz", "from a to v"),
    (checks.faults, 7, "from a to v"),
    (checks.faults, [["a"], "b"], "from a to v"),
    (checks.faults, Forged(), "from a to v"),
    (checks.faults, "", "There are more"),
    (
        checks.preparation,
        lambda x, m, s: F.pad(prepare(x, m, s)[..., 2:-2, 2:-2], (2,) * 4),
        "bord",
    ),
    (checks.preparation, lambda x, m, s: prepare(x, 0, 1), "not normalised"),
    (checks.preparation, lambda x, m, s: prepare(x, m / 255, s / 255), "divide the bytes by 255"),
    (checks.preparation, own_statistics, "mean of 0 whatever"),
    (checks.preparation, lambda x, m, s: prepare(x, m, s)[:, 0], "the channel is missing"),
    (checks.preparation, lambda x, m, s: prepare(x, m, s)[..., 2:-2, 2:-2], "(3, 1, 32, 32)"),
    (checks.preparation, lambda x, m, s: prepare(x, m, s * 2), "values are not"),
    (checks.preparation, lambda x, m, s: prepare(x, m, s) * NAN, "NaN"),
    (checks.preparation, lambda x, m, s: Forged(), "expected a tensor"),
    (checks.preparation, lambda x: x, "raised TypeError"),
    (checks.preparation, lambda x, m, s: None, "returned nothing"),
    (checks.training_epoch, spoilt_epoch(order=torch.arange), "in the order in which"),
    (checks.training_epoch, spoilt_epoch(mode=False), "evaluation mode"),
    (checks.training_epoch, spoilt_epoch(clear="at the end"), "clear them for every batch"),
    (checks.training_epoch, spoilt_epoch(clear="before the step"), "did not change"),
    (
        checks.training_epoch,
        spoilt_epoch(loss_of=lambda y, t: F.cross_entropy(y.softmax(1), t)),
        "softmax is applied twice",
    ),
    (
        checks.training_epoch,
        spoilt_epoch(loss_of=lambda y, t: F.cross_entropy(y, t, reduction="sum")),
        "sum over the batch",
    ),
    (checks.training_epoch, spoilt_epoch(loss_of=lambda y, t: (y**2).mean()), "not by one step"),
    (checks.training_epoch, spoilt_epoch(forward=True), "passes by the hooks"),
    (checks.training_epoch, spoilt_epoch(drop_last=True), "left out"),
    (checks.training_epoch, spoilt_epoch(labels_too=False), "their labels are not"),
    (checks.training_epoch, spoilt_epoch(mean=False), "mean of the batches' means"),
    (checks.training_epoch, lambda *a: epoch(*a) + 1, "not the mean loss"),
    (checks.training_epoch, lambda *a: [epoch(*a), epoch(*a)][0], "more than once"),
    (checks.training_epoch, lambda m, o, x, y, b: epoch(m, o, x, y, 5), "the batch size is 4"),
    (checks.training_epoch, lambda m, o, x, y, b: epoch(m, o, x + 1, y, b), "not among"),
    (checks.training_epoch, lambda m, o, x, y, b: 0.5, "never asked"),
    (checks.training_epoch, lambda *a: epoch(*a) * NAN, "NaN"),
    (checks.training_epoch, lambda *a: (epoch(*a), Forged())[1], "expected a tensor"),
    (checks.fraction_right, spoilt_fraction(mode=True), "training mode"),
    (checks.fraction_right, spoilt_fraction(record=True), "no_grad"),
    (checks.fraction_right, spoilt_fraction(divide=lambda r, x, n: r / 12), "3 batches of 4"),
    (checks.fraction_right, spoilt_fraction(divide=lambda r, x, n: 10 * r), "a percentage"),
    (checks.fraction_right, spoilt_fraction(divide=lambda r, x, n: 1 - r / 10), "wrong answers"),
    (checks.fraction_right, spoilt_fraction(divide=lambda r, x, n: r), "divide it by"),
    (
        checks.fraction_right,
        spoilt_fraction(divide=lambda r, x, n: r / 3),
        "number of digits asked",
    ),
    (checks.fraction_right, spoilt_fraction(divide=lambda r, x, n: NAN), "NaN"),
    (checks.fraction_right, spoilt_fraction(divide=lambda r, x, n: Forged()), "expected a tensor"),
    (checks.fraction_right, spoilt_fraction(divide=lambda r, x, n: r > 3), "expected a tensor"),
    (checks.fraction_right, fraction_of_fractions, "batches' fractions"),
    (checks.fraction_right, fraction_by_forward, "passes by the hooks"),
    (checks.fraction_right, lambda *a: 0.8, "never asked"),
    (checks.choice_of_epoch, lambda h, t: choose(t, t), "They must not choose"),
    (checks.choice_of_epoch, lambda h, t: (choose(h, t)[0] - 1, choose(h, t)[1]), "counts from 0"),
    (checks.choice_of_epoch, lambda h, t: (len(h), t[-1]), "smallest validation error"),
    (checks.choice_of_epoch, lambda h, t: choose(h, h), "that did the choosing"),
    (checks.choice_of_epoch, lambda h, t: (choose(h, t)[0], min(t)), "of any epoch"),
    (checks.choice_of_epoch, lambda h, t: (choose(h, t)[0], 0.5), "expected the test error"),
    (checks.choice_of_epoch, lambda h, t: 3, "expected two things"),
    (checks.choice_of_epoch, lambda h, t: (choose(h, t)[0], NAN), "NaN"),
    (checks.choice_of_epoch, lambda h, t: (Forged(), 0.1), "expected a whole number"),
    (checks.choice_of_epoch, lambda h, t: (choose(h, t)[0], "low"), "not a number"),
    (checks.kept_weights, lambda m, p: (torch.save(m, p), p)[1], "Python objects"),
    (checks.kept_weights, keep_pickle, "Python objects"),
    (checks.kept_weights, lambda m, p: p, "no file at the path"),
    (checks.kept_weights, keep_a_list, "holds a list"),
    (checks.kept_weights, keep_zeros, "not the model's"),
    (checks.kept_weights, keep_optimizer_too, "expected the model's state_dict"),
    (checks.suspects, lambda n: set(), "nothing changed"),
    (checks.suspects, lambda n: detect(n) or {"c3"}, "the paper's own number"),
    (checks.suspects, lambda n: detect(n) - {"pooling"}, "with nothing changed there are 60,000"),
    (checks.suspects, lambda n: {"F6"} if n > 60_000 else detect(n), "the names are c3"),
    (checks.suspects, lambda n: "c3", "expected a set of names"),
    (checks.suspects, lambda n: [Forged()], "the names are c3"),
    (checks.suspects, lambda n: {1: 2}, "expected a set of names"),
    (checks.first_full_layer, 102_760_448, "a bias as well"),
    (checks.first_full_layer, 512 * 4096 + 4096, "one input a map"),
    (checks.first_full_layer, 512 * 7 * 4096, "7 by 7"),
    (checks.first_full_layer, 25_088, "number of inputs"),
    (checks.first_full_layer, 1, "inputs x units"),
    (checks.first_full_layer, "102,764,544", "expected a whole number"),
    (checks.first_full_layer, NAN, "expected a whole number"),
    (checks.first_full_layer, Forged(), "expected a whole number"),
    (checks.turns, lambda d: turns(d.rad2deg()), "multiply them by pi / 180"),
    (checks.turns, lambda d: turns(-d), "turns anticlockwise"),
    (checks.turns, lambda d: turns(-d.rad2deg()), "and they turn the other way"),
    (checks.turns, lambda d: turns(d)[..., :2], "third column is missing"),
    (checks.turns, lambda d: turns(d).permute(1, 2, 0), "one map for each"),
    (checks.turns, lambda d: turns(d) + torch.tensor([0.0, 0.0, 1.0]), "third column shifts"),
    (checks.turns, lambda d: turns(d + 10), "by 0 degrees"),
    (checks.turns, lambda d: turns(d) * torch.tensor([[1.0], [-1.0]]), "by 0 degrees"),
    (checks.turns, lambda d: turns(d).abs(), "a mirror"),
    (checks.turns, lambda d: turns(2 * d), "for 90 degrees"),
    (checks.turns, lambda d: turns(d)[0], "expected (4, 2, 3)"),
    (checks.turns, lambda d: turns(d) * NAN, "NaN"),
    (checks.turns, lambda d: Forged(), "expected a tensor"),
    (checks.residual, lambda b, x: x + b(x), "without the ReLU"),
    (checks.residual, lambda b, x: b(x), "the shortcut is missing"),
    (checks.residual, lambda b, x: F.relu(b(x)), "ReLU of the block alone"),
    (checks.residual, lambda b, x: x + F.relu(b(x)), "comes too early"),
    (checks.residual, lambda b, x: F.relu(x) + F.relu(b(x)), "before they were added"),
    (checks.residual, lambda b, x: F.relu(x - b(x)), "subtracted"),
    (checks.residual, lambda b, x: F.relu(x * b(x)), "multiplied"),
    (checks.residual, lambda b, x: torch.cat([x, b(x)], 1), "side by side"),
    (checks.residual, lambda b, x: F.relu(x.add_(b(x))), "changed the x that it was given"),
    (checks.residual, lambda b, x: x * 0, "values are not"),
    (checks.residual, lambda b, x: x[0], "expected (2, 3, 4, 4)"),
    (checks.residual, lambda b, x: x * NAN, "NaN"),
    (checks.residual, lambda b, x: Forged(), "expected a tensor"),
]


@pytest.mark.parametrize(("check", "answer", "message"), WRONG)
def test_wrong_answers_are_refused_with_their_own_message(check, answer, message):
    torch.manual_seed(0)
    verdict = check(answer)
    assert not verdict
    assert message in verdict.message


def test_no_answer_yet():
    for check in {check for check, _ in RIGHT}:
        assert "no answer yet" in check(...).message
        if check not in (checks.faults, checks.first_full_layer):
            assert "no answer yet" in check(lambda *a: ...).message


@pytest.mark.parametrize("sides", [(55, 27), (55.0, np.int32(27)), (torch.tensor(55), 27)])
def test_sides_of_alexnet_pass(sides):
    assert checks.alexnet_sides(*sides)


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ((218, 27), "stride of 1"),
        ((54, 27), "where the kernel starts"),
        ((56, 27), "224 / 4"),
        ((11, 27), "(224 + 2 x 2 - 11) / 4"),
        ((55, 28), "rounded up"),
        ((55, 26), "where the window starts"),
        ((55, 18), "do not overlap"),
        ((55, 55), "(55 - 3) / 2"),
        ((54.25, 27), "expected a whole number"),
        (((64, 55, 55), 27), "expected a whole number"),
        ((55, Forged()), "expected a whole number"),
        ((55, NAN), "expected a whole number"),
        ((55, ...), "no answer yet"),
    ],
)
def test_other_sides_of_alexnet_are_refused(sides, message):
    verdict = checks.alexnet_sides(*sides)
    assert not verdict
    assert message in verdict.message


def test_the_letters_of_the_check_are_those_of_the_script():
    import re

    import nbformat
    from conftest import ROOT

    from lenet_utils.checks.find_the_bugs import FAULTS as PARTS
    from lenet_utils.checks.find_the_bugs import SOUND

    cells = nbformat.read(ROOT / "notebooks" / "11_find_the_bugs.ipynb", 4).cells
    script = next(cell.source for cell in cells if "```python" in cell.source)
    letters = re.findall(r"^\(([a-z])\) ", script, re.M)
    assert letters == sorted("".join(PARTS.values()) + "".join(SOUND))
