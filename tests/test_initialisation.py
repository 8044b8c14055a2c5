"""The first weights of 1998: bounds by fan-in, seeds, and the open choices."""

import pytest
import torch
from torch import nn

from lenet_utils.initialisation import initialise_1998
from lenet_utils.layers import TABLE_I
from lenet_utils.models import lenet5_1998, lenet5_tutorial


def test_weights_fill_the_printed_range_of_their_fan_in():
    model = lenet5_1998()
    initialise_1998(model, seed=0)
    rows = TABLE_I.nonzero()[:, 0]
    for weight, fan_in in [
        (model.c1.weight, 25),
        *[(model.c3.weight[rows == m], 25 * int(TABLE_I[m].sum())) for m in range(16)],
        (model.c5.weight, 400),
        (model.f6.weight, 120),
    ]:
        reached = float(weight.detach().abs().max()) * fan_in / 2.4
        assert 0.9 < reached <= 1, fan_in
        assert abs(float(weight.detach().mean())) < 0.3 * 2.4 / fan_in
    assert float(model.s2.coefficient.detach().abs().max()) <= 2.4 / 4
    assert float(model.c5.bias.detach().abs().max()) <= 2.4 / 400


def test_open_choices():
    model = lenet5_1998()
    initialise_1998(model, seed=0, gain=1, power=0.5, coefficient=0.5, bias=0)
    assert 0.98 / 20 < float(model.c5.weight.detach().abs().max()) <= 1 / 20
    assert model.s4.coefficient.tolist() == [0.5] * 16
    assert all(not p.any() for name, p in model.named_parameters() if name.endswith("bias"))


def test_the_seed_decides_everything():
    models = [lenet5_1998() for _ in range(3)]
    torch.manual_seed(9)
    for model, seed in zip(models, (7, 7, 8), strict=True):
        initialise_1998(model, seed)
        torch.rand(1)
    flat = [nn.utils.parameters_to_vector(m.parameters()) for m in models]
    assert torch.equal(flat[0], flat[1])
    assert not torch.isclose(flat[0], flat[2]).any(0).all()


def test_no_parameter_of_another_variant_is_left_out():
    model = lenet5_tutorial()
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(100)
    initialise_1998(model, seed=0)
    assert all(float(p.detach().abs().max()) < 3 for p in model.parameters())


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="gain is 0"):
        initialise_1998(lenet5_1998(), 0, gain=0)
    model = lenet5_1998()
    before = model.c1.weight.clone()
    for wrong in ("zero", None, torch.nan):
        with pytest.raises(ValueError, match=f"bias is {wrong!r}; expected a number"):
            initialise_1998(model, 0, bias=wrong)
    assert torch.equal(model.c1.weight, before)
