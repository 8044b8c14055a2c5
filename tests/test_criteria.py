"""Criteria: known values, exact derivatives, stability where training starts."""

import math

import pytest
import torch
from torch.nn import functional as F

from lenet_utils.criteria import MAP, MSE, Criterion, CrossEntropy

ALL: list[Criterion] = [
    MSE(),
    MSE(distance_scale=0.5),
    MAP(),
    MAP(j=10.0, distance_scale=0.5),
    MAP(j=math.inf),
    CrossEntropy(),
]


def near_start(n: int = 4, k: int = 10) -> tuple[torch.Tensor, torch.Tensor]:
    """Return float64 distances as an untrained network gives them: near 84."""
    generator = torch.Generator().manual_seed(0)
    outputs = 84 + 4 * torch.randn(n, k, generator=generator, dtype=torch.float64)
    return outputs, torch.randint(k, (n,), generator=generator)


def test_mse_is_the_mean_distance_to_the_right_class():
    outputs = torch.tensor([[1.0, 2.0], [5.0, 7.0]])
    assert MSE()(outputs, torch.tensor([1, 0])).item() == pytest.approx(3.5)
    assert MSE(distance_scale=0.5)(outputs, torch.tensor([1, 0])).item() == pytest.approx(1.75)


def test_map_is_equation_9():
    y, j = [1.0, 2.0, 0.5], 3.0
    by_hand = y[1] + math.log(math.exp(-j) + sum(math.exp(-v) for v in y))
    assert MAP(j=j)(torch.tensor([y]), torch.tensor([1])).item() == pytest.approx(by_hand)


def test_map_without_rejection_is_cross_entropy_on_minus_the_distances():
    outputs, targets = near_start()
    expected = F.cross_entropy(-outputs, targets)
    torch.testing.assert_close(MAP(j=math.inf)(outputs, targets), expected)
    torch.testing.assert_close(CrossEntropy()(-outputs, targets), expected)


def test_map_in_float32_keeps_its_value_where_every_exponential_vanishes():
    far = torch.full((2, 10), 600.0)
    # Only the rejection term is left: E = y_D - j.
    assert MAP(j=1.0)(far, torch.tensor([0, 9])).item() == pytest.approx(599.0)
    start = torch.full((1, 10), 84.0, requires_grad=True)
    MAP(j=1.0)(start, torch.tensor([3])).backward()
    assert start.grad is not None and start.grad[0, 3].item() == pytest.approx(1.0)


@pytest.mark.parametrize("criterion", ALL, ids=repr)
@pytest.mark.parametrize("scale", [1.0, 0.02], ids=["start", "fitted"])
def test_derivatives_equal_autograd_in_float64(criterion: Criterion, scale: float):
    outputs, targets = near_start()
    outputs = (outputs * scale).requires_grad_()
    assert torch.autograd.gradcheck(lambda y: criterion(y, targets), (outputs,))
    slopes, second = criterion.derivatives(outputs.detach(), targets)
    for n in range(len(outputs)):

        def one(y: torch.Tensor, n: int = n) -> torch.Tensor:
            return criterion(y[None], targets[n : n + 1])

        row = outputs[n].detach()
        torch.testing.assert_close(slopes[n], torch.autograd.functional.jacobian(one, row))
        torch.testing.assert_close(second[n], torch.autograd.functional.hessian(one, row))


@pytest.mark.parametrize("criterion", ALL, ids=repr)
def test_the_mean_over_the_batch_does_not_depend_on_its_size(criterion: Criterion):
    outputs, targets = near_start()
    twice = criterion(torch.cat([outputs, outputs]), torch.cat([targets, targets]))
    torch.testing.assert_close(twice, criterion(outputs, targets))
    torch.testing.assert_close(criterion.losses(outputs, targets).mean(), twice)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="j is 0"):
        MAP(j=0)
    with pytest.raises(ValueError, match="distance_scale is -1"):
        MSE(distance_scale=-1)
    with pytest.raises(ValueError, match="distance_scale is inf"):
        MAP(distance_scale=math.inf)
    outputs, targets = near_start()
    for criterion in ALL:
        with pytest.raises(ValueError, match=r"shape \(4, 10, 1\)"):
            criterion(outputs[:, :, None], targets)
        with pytest.raises(ValueError, match="targets are torch.int32"):
            criterion(outputs, targets.int())
        with pytest.raises(ValueError, match=r"of shape \(3,\)"):
            criterion(outputs, targets[:3])
        with pytest.raises(ValueError, match="N of 1 or more"):
            criterion(outputs[:0], targets[:0])
        # Of MAP's exponents the one behind the last class is that of the rejection.
        for wrong in (-1, 10):
            for function in (criterion, criterion.derivatives):
                with pytest.raises(ValueError, match=f"{wrong}.*so expected 0 to 9"):
                    function(outputs, targets.clone().index_fill_(0, torch.tensor(1), wrong))
