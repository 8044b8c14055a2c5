"""Networks of today side by side: each gets what plain PyTorch gives it alone."""

import copy
import os

import pytest
import torch
from torch import nn

from lenet_research.parallel import Member, NativeTraining, kernel, supports
from lenet_research.parallel_pytorch import PyTorchTraining
from lenet_research.preprocessing import PREPROCESSING
from lenet_research.trainer_minibatches import one_cycle_factor
from lenet_utils._native.loader import KernelUnavailable
from lenet_utils.layers import ScaledTanh
from lenet_utils.mnist import load_mnist, normalise_1998, normalise_modern, pad_to_32
from lenet_utils.models import LeNet5, lenet5_1998, lenet5_modern

try:
    kernel()
except KernelUnavailable as error:  # pragma: no cover
    if os.environ.get("CI"):
        raise
    pytest.skip(str(error), allow_module_level=True)

DIGITS = load_mnist(sample=True).train
PICTURES, LABELS = DIGITS.images[:200].contiguous(), DIGITS.labels[:200]


def network(seed: int, **parts) -> LeNet5:
    torch.manual_seed(seed)
    return LeNet5(output="linear", **parts)


def train(training, updates=6, size=10, dropout=False):
    generator = torch.Generator().manual_seed(0)
    count = len(training.members)
    for _ in range(updates):
        orders = torch.randint(0, len(LABELS), (count, size), generator=generator)
        keep = [None] * count
        if dropout:
            keep[1] = (torch.rand(size, 204, generator=generator) < 0.5).float() * 2
        rates = torch.linspace(0.01, 0.02, count)
        measured = training.step(PICTURES, LABELS, orders, rates, keep)
    return *measured, training.outputs(PICTURES[:7])


def same(a, b):
    for x, y in zip(a, b, strict=True):
        torch.testing.assert_close(x, y, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("activation", [ScaledTanh, nn.ReLU])
@pytest.mark.parametrize("pooling", ["subsampling", "average", "max"])
@pytest.mark.parametrize("c3", ["table1", "full"])
@pytest.mark.parametrize("dropout", [False, True])
def test_the_kernel_does_what_pytorch_does(activation, pooling, c3, dropout):
    models = [network(s, activation=activation, pooling=pooling, c3=c3) for s in range(2)]
    settings = ("momentum", 0.0, 0.2), ("momentum", 0.1, 0.0)  # decay, smoothing
    members, copies = (
        [
            Member(model, PREPROCESSING[look], *how)
            for model, look, how in zip(group, ("1998", "modern"), settings, strict=True)
        ]
        for group in (models, copy.deepcopy(models))
    )
    same(
        train(NativeTraining(members), dropout=dropout),
        train(PyTorchTraining(copies), dropout=dropout),
    )


def test_a_step_of_adam_is_pytorchs():
    # Adam divides by the size of a gradient: where it is nearly 0, rounding decides its sign.
    training = NativeTraining([Member(network(0), PREPROCESSING["1998"], "adam", 0.1)])
    reference = nn.Parameter(training.parameters[:, 0].clone())
    optimiser = torch.optim.AdamW([reference], lr=0.01, weight_decay=0.1)
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        gradient = torch.randn(len(reference), generator=generator)
        training.gradients.copy_(gradient[:, None].expand_as(training.gradients))
        training._update(torch.full((training.kernel.lanes,), 0.01))
        reference.grad = gradient
        optimiser.step()
    torch.testing.assert_close(training.parameters[:, 0], reference.detach(), rtol=1e-5, atol=1e-6)


def test_optimizers_side_by_side_do_not_touch_each_other():
    alone = train(
        NativeTraining([Member(network(0), PREPROCESSING["1998"], "momentum")]), updates=1
    )
    both = [Member(network(s), PREPROCESSING["1998"], o) for s, o in ((0, "momentum"), (1, "adam"))]
    training = NativeTraining(both)
    before = training.parameters.clone()
    order = torch.randint(0, 200, (1, 10), generator=torch.Generator().manual_seed(0))
    training.step(PICTURES, LABELS, order.expand(2, -1), torch.tensor([0.01, 0.003]), [None, None])
    torch.testing.assert_close(training.outputs(PICTURES[:7])[0], alone[2][0])
    # The first step of Adam moves each weight by its rate, or not at all.
    moved = (training.parameters - before)[:, 1].abs()
    assert moved.max().item() == pytest.approx(0.003, rel=1e-3)


def test_a_training_goes_on_from_its_state():
    def training():
        members = [Member(network(s), PREPROCESSING["1998"], "adam", 0.01) for s in range(2)]
        return NativeTraining(members)

    whole = training()
    train(whole, 3)
    saved = copy.deepcopy(whole.state_dict())
    resumed = training()
    resumed.load_state_dict(saved)
    same(train(whole, 3), train(resumed, 3))
    assert saved["models"][0]["c5.weight"].shape == (120, 16, 5, 5)


def test_preprocessing_is_that_of_the_networks():
    torch.testing.assert_close(
        PREPROCESSING["1998"].inputs(PICTURES), normalise_1998(pad_to_32(PICTURES))
    )
    wide, narrow = network(0, activation=nn.ReLU, pooling="max", c3="full"), lenet5_modern()
    narrow.load_state_dict(wide.state_dict())
    torch.testing.assert_close(
        wide(PREPROCESSING["modern"].inputs(PICTURES[:5])), narrow(normalise_modern(PICTURES[:5]))
    )


def test_what_the_kernel_does_not_know_is_left_to_pytorch():
    assert supports(network(0))
    assert not supports(lenet5_1998()) and not supports(lenet5_modern())
    assert not supports(network(0, activation=nn.Tanh)) and not supports(
        network(0, batch_norm=True)
    )
    assert not supports(nn.Sequential())
    with pytest.raises(ValueError, match="expected 1 to"):
        NativeTraining([Member(network(0), PREPROCESSING["1998"], "adam")] * 65)


def test_one_cycle_rises_and_falls_to_nothing():
    shape = [one_cycle_factor(step, 100) for step in range(101)]
    assert shape[30] == max(shape) == 1 and shape[0] == 0.04 and shape[100] < 1e-9
    assert shape[:31] == sorted(shape[:31]) and shape[30:] == sorted(shape[30:], reverse=True)
