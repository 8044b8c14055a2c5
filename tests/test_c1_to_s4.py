"""C1 to S4 in compiled code give what PyTorch gives, and are used only where they do."""

import copy
import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import prune
from torch.utils.flop_counter import FlopCounterMode

from lenet_utils import (
    evaluate,
    evaluation,
    fit,
    lenet5_1998,
    lenet5_tutorial,
    load_mnist,
    training,
)
from lenet_utils import normalise_modern as normalise
from lenet_utils._native import loader
from lenet_utils._native.c1_to_s4 import compiled, kernel
from lenet_utils._native.loader import KernelUnavailable
from lenet_utils.layers import ScaledTanh
from lenet_utils.models import LeNet5

try:
    LANES = kernel().lanes
except KernelUnavailable as error:  # pragma: no cover
    if os.environ.get("CI"):
        raise
    pytest.skip(str(error), allow_module_level=True)

DIGITS = load_mnist(sample=True).train
IMAGES, LABELS = normalise(DIGITS.images), DIGITS.labels
MODERN_NETWORKS = {"activation": nn.ReLU, "pooling": "max", "c3": "full", "output": "linear"}


def network(seed: int = 0, **parts) -> LeNet5:
    torch.manual_seed(seed)
    return LeNet5(**(MODERN_NETWORKS | {"padding": 2} | parts))


def gradients(outputs: Tensor, model: nn.Module, labels: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(F.cross_entropy(outputs, labels), list(model.parameters())))


@pytest.mark.parametrize("padding", [0, 2, 1])
@pytest.mark.parametrize("count", [1, LANES - 1, LANES, LANES + 1, 5 * LANES - 3])
def test_outputs_and_gradients_are_those_of_float64(count: int, padding: int) -> None:
    model = network(padding=padding, num_classes=12)
    x = F.pad(IMAGES[:count], (2 - padding,) * 4, value=-0.4)
    ours = compiled(model)(x)
    exact = copy.deepcopy(model).double()
    theirs = exact(x.double())
    torch.testing.assert_close(ours.double(), theirs, rtol=1e-5, atol=1e-6)
    pairs = zip(
        gradients(ours, model, LABELS[:count]),
        gradients(theirs, exact, LABELS[:count]),
        strict=True,
    )
    for a, b in pairs:
        assert (a.double() - b).norm() < 1e-5 * b.norm()


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_of_equal_sums_the_same_one_is_taken(levels: int) -> None:
    # Whole numbers are added without rounding, so that nothing may differ at all; few levels
    # make many equal sums.
    model = network(1)
    generator = torch.Generator().manual_seed(levels)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randint(-1, 2, p.shape, generator=generator))
    x = torch.randint(levels, (2 * LANES + 1, 1, 28, 28), generator=generator).float()
    ours, theirs = compiled(model)(x), model(x)
    assert torch.equal(ours, theirs)
    weights = torch.randint(-2, 3, ours.shape, generator=generator).float()
    for a, b in zip(
        torch.autograd.grad((ours * weights).sum(), list(model.parameters())),
        torch.autograd.grad((theirs * weights).sum(), list(model.parameters())),
        strict=True,
    ):
        assert torch.equal(a, b)


def test_what_is_no_number_stays_with_its_picture() -> None:
    model = network()
    x = IMAGES[: LANES + 2].clone()
    x[3, 0, 14, 14] = math.nan
    x[LANES, 0, 20, 9] = math.inf
    ours, theirs = compiled(model)(x), model(x)
    bad = theirs.isnan().any(1)
    assert bad.nonzero()[:, 0].tolist() == [3, LANES]
    assert torch.equal(ours.isnan().any(1), bad)
    torch.testing.assert_close(ours[~bad], theirs[~bad])


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_any_number_of_threads(threads: int) -> None:
    model, before = network(), torch.get_num_threads()
    expected = gradients(model(IMAGES[:70]), model, LABELS[:70])
    torch.set_num_threads(threads)
    try:
        ours = gradients(compiled(model)(IMAGES[:70]), model, LABELS[:70])
    finally:
        torch.set_num_threads(before)
    for a, b in zip(ours, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_the_random_state_stays_as_it_was() -> None:
    model = network(padding=3)  # no other test has asked for it before
    before = torch.get_rng_state()
    evaluate(model, IMAGES[:10, :, 1:-1, 1:-1], LABELS[:10])
    assert torch.equal(torch.get_rng_state(), before)


def test_parameters_that_have_moved_are_read_anew() -> None:
    model = network()
    answers = compiled(model)
    with torch.no_grad():
        answers(IMAGES[:3])
        model.c3.weight.mul_(-2)
        torch.testing.assert_close(answers(IMAGES[:3]), model(IMAGES[:3]))


def test_a_frozen_layer_stays_and_the_others_learn() -> None:
    model = network()
    model.c1.requires_grad_(False)
    F.cross_entropy(compiled(model)(IMAGES[:20]), LABELS[:20]).backward()
    assert model.c1.weight.grad is None and model.c1.bias.grad is None
    ours = model.c3.weight.grad.clone()
    model.zero_grad()
    F.cross_entropy(model(IMAGES[:20]), LABELS[:20]).backward()
    torch.testing.assert_close(ours, model.c3.weight.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        lenet5_1998(),
        lenet5_tutorial(),
        network(activation=ScaledTanh),
        network(pooling="average"),
        network(c3="table1"),
        network(batch_norm=True),
        network().double(),
        nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
    ],
    ids=["1998", "tutorial", "tanh", "average", "table1", "batch norm", "float64", "other"],
)
def test_other_networks_are_left_to_pytorch(model: nn.Module) -> None:
    assert compiled(model) is None


def change(model: LeNet5, what: str) -> None:
    if what == "stride":
        model.c1 = nn.Conv2d(1, 6, 5, padding=2, stride=2)
    elif what == "no bias":
        model.c3 = nn.Conv2d(6, 16, 5, bias=False)
    elif what == "border":
        model.c1 = nn.Conv2d(1, 6, 5, padding=2, padding_mode="reflect")
    elif what == "activation":
        model.c3_act = nn.LeakyReLU()
    elif what == "pooling":
        model.s4 = nn.MaxPool2d(2, ceil_mode=True)
    elif what == "hook":
        model.c3.register_forward_hook(lambda *_: None)
    elif what == "hook before":
        model.register_forward_pre_hook(lambda *_: None)
    elif what == "hook behind":
        model.s2.register_full_backward_hook(lambda *_: None)
    elif what == "forward":
        model.c3_act.forward = lambda x: x
    elif what == "forward of all":
        model.forward = lambda x: x
    elif what == "compiled":
        model.compile(backend="eager")
    elif what == "indices":
        model.s4 = nn.MaxPool2d(2, return_indices=True)
    elif what == "weights":
        model.c1.weight = nn.Parameter(torch.zeros(6, 1, 3, 3))
    elif what == "pruned":
        prune.l1_unstructured(model.c1, "weight", 3)
    elif what == "dropout":
        model.c1_act = nn.Sequential(nn.ReLU(), nn.Dropout(0.5))
    else:
        nn.utils.parametrizations.weight_norm(model.c3)


@pytest.mark.parametrize(
    "what",
    [
        *("stride", "no bias", "border", "activation", "pooling"),
        *("hook", "hook before", "hook behind", "dropout", "weight norm"),
        *("forward", "forward of all", "compiled", "indices", "weights", "pruned"),
    ],
)
def test_a_network_that_was_changed_is_left_to_pytorch(what: str) -> None:
    model = network()
    assert compiled(model) is not None
    before = compiled(model)
    change(model, what)
    assert compiled(model) is None
    # What was made before notices, too: it gives, or raises, what the network does.
    x, found = IMAGES[:2], []
    for network_ in (before, model):
        torch.manual_seed(0)  # for dropout
        try:
            found.append(network_(x))
        except (TypeError, RuntimeError) as error:
            found.append(str(error))
    ours, theirs = found
    assert torch.equal(ours, theirs) if isinstance(theirs, Tensor) else ours == theirs


def test_what_the_kernel_does_not_take_goes_through_the_network() -> None:
    model = network()
    answers = compiled(model)
    wide = torch.randn(2, 1, 28, 36)
    assert torch.equal(answers(wide), model(wide))
    x = IMAGES[:2].clone().requires_grad_()
    answers(x).sum().backward()
    assert x.grad.abs().sum() > 0
    with pytest.raises(ValueError, match="30x30"):
        answers(torch.randn(2, 1, 30, 30))


@pytest.mark.parametrize("kind", [LeNet5, nn.Conv2d, nn.ReLU, nn.MaxPool2d])
def test_a_class_whose_forward_was_replaced(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    model = network()
    answers = compiled(model)
    original = kind.forward
    monkeypatch.setattr(kind, "forward", lambda self, x: original(self, x) * 2)
    assert compiled(model) is None
    torch.testing.assert_close(answers(IMAGES[:3]), model(IMAGES[:3]), rtol=0, atol=0)


def test_what_watches_all_modules_sees_each_layer() -> None:
    model, seen = network(), []
    answers = compiled(model)
    hook = nn.modules.module.register_module_forward_hook(lambda m, _x, _y: seen.append(m))
    try:
        assert compiled(model) is None
        evaluate(model, IMAGES[:3], LABELS[:3])
        answers(IMAGES[:3])
    finally:
        hook.remove()
    assert len(seen) == 2 * (len(model) + 1)
    with FlopCounterMode(display=False) as counted:
        answers(IMAGES[:1])
    with FlopCounterMode(display=False) as plain:
        model(IMAGES[:1])
    assert counted.get_total_flops() == plain.get_total_flops() > 0


def test_modes_and_transforms_are_followed() -> None:
    model = network()
    answers, x = compiled(model), IMAGES[:3]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert answers(x).dtype == torch.bfloat16 and torch.equal(answers(x), model(x))
    torch.set_default_dtype(torch.float64)
    try:
        assert answers(x).dtype == torch.float32
        torch.testing.assert_close(answers(x), model(x))
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.device("meta"):
        torch.testing.assert_close(answers(x), model(x))
    with torch.inference_mode():
        torch.testing.assert_close(answers(x), model(x))
    torch.testing.assert_close(torch.func.vmap(answers)(x[:, None])[:, 0], model(x))
    torch.testing.assert_close(torch.func.jacrev(answers)(x), torch.func.jacrev(model)(x))
    ours, theirs = (torch.func.jvp(f, (x,), (x.cos(),))[1] for f in (answers, model))
    torch.testing.assert_close(ours, theirs)
    assert answers(x[:0]).shape == (0, 10)


def test_many_gradients_at_a_time_and_gradients_of_gradients() -> None:
    model = network()
    parameters = list(model.parameters())
    found = []
    for f in (compiled(model), model):
        outputs = f(IMAGES[:1])[0]
        many = torch.autograd.grad(outputs, parameters, torch.eye(10), is_grads_batched=True)
        loss = F.cross_entropy(f(IMAGES[:9]), LABELS[:9])
        norm = sum(
            g.square().sum() for g in torch.autograd.grad(loss, parameters, create_graph=True)
        )
        model.zero_grad()
        (loss + norm).backward()
        found.append([*many, *(p.grad.clone() for p in parameters)])
    for a, b in zip(*found, strict=True):
        assert (a - b).norm() <= 1e-4 * b.norm()


def test_a_criterion_with_a_gradient_inside_trains_as_without_the_kernel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = []
    for way in (compiled, lambda model: None):
        monkeypatch.setattr(training, "compiled", way)
        model = network()

        def penalised(outputs: Tensor, labels: Tensor, model: LeNet5 = model) -> Tensor:
            loss = F.cross_entropy(outputs, labels)
            (slopes,) = torch.autograd.grad(loss, model.c1.weight, create_graph=True)
            return loss + slopes.square().sum()

        options = {"epochs": 1, "validation": 0, "device": "cpu", "progress": False}
        sgd = {"optimizer": lambda p: torch.optim.SGD(p, lr=0.1)}
        fit(model, IMAGES[:200], LABELS[:200], **options, **sgd, criterion=penalised)
        results.append([p.detach() for p in model.parameters()])
    for p, q in zip(*results, strict=True):
        assert (p - q).norm() < 1e-3 * q.norm()


def test_fit_trains_with_it_as_without(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"epochs": 2, "batch_size": 50, "validation": 100, "device": "cpu", "progress": False}
    called = []

    def counted(model: nn.Module):
        answers = compiled(model)
        return lambda x: called.append(len(x)) or answers(x)

    results = []
    for way in (counted, lambda model: None):
        monkeypatch.setattr(training, "compiled", way)
        model = network()
        history = fit(model, IMAGES[:600], LABELS[:600], **options)
        results.append((history.train_loss, [p.detach() for p in model.parameters()]))
    assert called == [50] * 20
    (ours, a), (theirs, b) = results
    assert ours == pytest.approx(theirs, rel=1e-4)
    for p, q in zip(a, b, strict=True):
        assert (p - q).norm() < 1e-3 * q.norm()


@pytest.mark.parametrize("ways", [(compiled, None), (None, compiled)], ids=["lost", "found"])
def test_a_run_goes_on_where_the_kernel_is_lost_or_found(
    ways: tuple, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Parameters lie otherwise in memory with it and without, and the optimiser is fused.
    def cut_off(model: LeNet5) -> Callable[[Tensor], Tensor]:
        network = (ways[0] and ways[0](model)) or model

        def call(x: Tensor) -> Tensor:
            steps.append(0)
            if len(steps) == 15:
                raise KeyboardInterrupt
            return network(x)

        return call

    options = {"epochs": 2, "batch_size": 50, "validation": 100, "device": "cpu", "progress": False}
    digits = IMAGES[:600], LABELS[:600]
    steps: list[int] = []
    whole, part = network(), network()
    fit(whole, *digits, **options)
    options["checkpoint"] = tmp_path / "cut.pt"
    monkeypatch.setattr(training, "compiled", cut_off)
    with pytest.raises(KeyboardInterrupt):
        fit(part, *digits, **options)
    monkeypatch.setattr(training, "compiled", ways[1] or (lambda model: None))
    again = network(1)  # the checkpoint replaces its weights
    fit(again, *digits, **options)
    for p, q in zip(again.parameters(), whole.parameters(), strict=True):
        assert (p - q).norm() < 1e-3 * q.norm()


def test_evaluate_answers_with_it_as_without(monkeypatch: pytest.MonkeyPatch) -> None:
    model = network()
    results = []
    for way in (compiled, lambda model: None):
        monkeypatch.setattr(evaluation, "compiled", way)
        results.append(evaluate(model, IMAGES[:1100], LABELS[:1100]))
    ours, theirs = results
    torch.testing.assert_close(ours.outputs, theirs.outputs)
    assert torch.equal(ours.predictions, theirs.predictions)


def test_without_a_compiler_pytorch_serves(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # where no kernel is
    monkeypatch.setattr(loader, "_process", loader._Process())
    with pytest.warns(UserWarning, match="no-such-compiler"):
        assert compiled(network()) is None
