"""SDLM: the curvature against a reference that unshares every connection, and the step."""

import math

import pytest
import torch
from torch import Tensor, nn

from lenet_utils.criteria import MAP, MSE, Criterion, CrossEntropy
from lenet_utils.curvature import diagonal_curvature
from lenet_utils.layers import RBFOutput, ScaledTanh, SparseConv2d, Subsampling, digit_codes
from lenet_utils.models import LeNet5, lenet5_1998, lenet5_modern, lenet5_tutorial
from lenet_utils.sdlm import PUBLISHED_SCHEDULE, SDLM

torch.manual_seed(0)
CODES = digit_codes()[:3, :4].contiguous()


def tiny_conv(output: str = "rbf") -> nn.Sequential:
    """Return a network with one of each shared layer, small enough to unshare by hand."""
    torch.manual_seed(1)
    table = torch.tensor([[True, False], [True, True], [False, True]])
    layers: list[nn.Module] = [
        nn.Conv2d(1, 2, 3),
        ScaledTanh(),
        Subsampling(2),
        ScaledTanh(),
        SparseConv2d(table, 2),
        nn.ReLU(),
        nn.Conv2d(3, 4, 1),
        nn.Tanh(),
    ]
    layers += [RBFOutput(CODES)] if output == "rbf" else [nn.Flatten(), nn.Linear(4, 3)]
    return nn.Sequential(*layers).double()


def unshared(model: nn.Sequential, x: Tensor, h_out: Tensor) -> dict[str, Tensor]:
    """Carry h back one pattern and one connection at a time, in plain loops.

    Every weighted layer is taken as the matrix of its connections, which the Jacobian of the
    layer gives; a connection's own second derivative is h_a x^2, and a parameter collects
    those of the connections that carry it.
    """
    states = [x]
    for layer in model:
        states.append(layer(states[-1]))
    found: dict[str, Tensor] = {}
    h = h_out.flatten()
    for name, layer in reversed(list(model.named_children())):
        a = states[int(name)]
        if isinstance(layer, RBFOutput):
            continue
        matrix = torch.autograd.functional.jacobian(layer, a).reshape(-1, a.numel())
        parameters = dict(layer.named_parameters())
        for key, parameter in parameters.items():

            def sums(p: Tensor, layer: nn.Module = layer, key: str = key, a: Tensor = a) -> Tensor:
                return torch.func.functional_call(layer, {key: p}, (a,)).flatten()

            # Row a_i, column w_k: the sum of the states that w_k weighs in a_i. In all these
            # layers a weight meets each unit at most once, so this is that one state.
            met = torch.autograd.functional.jacobian(sums, parameter.detach())
            met = met.reshape(len(h), -1)
            total = torch.zeros(parameter.numel(), dtype=h.dtype)
            for i in range(len(h)):
                for k in range(parameter.numel()):
                    total[k] += h[i] * met[i, k] ** 2
            found[f"{name}.{key}"] = total.view_as(parameter)
        below = torch.zeros(a.numel(), dtype=h.dtype)
        for i in range(len(h)):
            for k in range(a.numel()):
                below[k] += matrix[i, k] ** 2 * h[i]
        h = below
    return found


@pytest.mark.parametrize("output", ["rbf", "linear"])
def test_curvature_equals_a_reference_that_unshares_every_connection(output: str):
    model = tiny_conv(output)
    inputs, targets = torch.randn(3, 1, 6, 6).double(), torch.tensor([0, 2, 1])
    criterion: Criterion = MAP(j=2.0) if output == "rbf" else CrossEntropy()
    expected: dict[str, Tensor] = {}
    for x, target in zip(inputs, targets, strict=True):
        if output == "rbf":
            states = model[:-1](x[None]).detach().flatten()
            second = torch.autograd.functional.hessian(
                lambda s, t=target: criterion(
                    (s - model[-1].codes).square().sum(1)[None], t.view(1)
                ),
                states,
            )
        else:
            second = torch.autograd.functional.hessian(
                lambda y, t=target: criterion(y[None], t.view(1)), model(x[None])[0].detach()
            )
        for name, value in unshared(model, x[None], second.diagonal()).items():
            expected[name] = expected.get(name, 0) + value / 3
    found = diagonal_curvature(model, criterion, inputs, targets, "exact")
    assert len(found) == len(expected)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(found[parameter], expected[name])


def test_one_layer_under_eq_8_is_the_exact_second_derivative():
    # With a linear layer alone, Gauss-Newton is exact: the diagonal of the true Hessian.
    model = nn.Sequential(nn.Flatten(), nn.Linear(5, 4), nn.Unflatten(1, (4, 1, 1)))
    layer = model[1]
    x, targets = torch.randn(6, 5), torch.tensor([0, 1, 2, 0, 1, 2])

    def loss(weight: Tensor) -> Tensor:
        states = x @ weight.T + layer.bias
        return MSE()((states[:, None] - CODES).square().sum(2), targets)

    hessian = torch.autograd.functional.hessian(loss, layer.weight.detach())
    conv = nn.Sequential(nn.Conv2d(5, 4, 1), RBFOutput(CODES))
    with torch.no_grad():
        conv[0].weight.copy_(layer.weight[:, :, None, None])
        conv[0].bias.copy_(layer.bias)
    for start in ("constant", "exact"):
        found = diagonal_curvature(conv, MSE(), x[:, :, None, None], targets, start)
        expected = torch.einsum("oioi->oi", hessian)
        torch.testing.assert_close(found[conv[0].weight][:, :, 0, 0], expected)
        torch.testing.assert_close(found[conv[0].bias], torch.full((4,), 2.0))


@pytest.mark.parametrize("pool", [nn.AvgPool2d(2), nn.AvgPool2d((2, 4)), nn.MaxPool2d(2)])
def test_pooling_carries_squares(pool: nn.Module):
    model = nn.Sequential(nn.Conv2d(1, 1, 1), pool, nn.Flatten(), nn.Linear(4, 2)).double()
    if isinstance(pool, nn.AvgPool2d) and pool.kernel_size == (2, 4):
        model[3] = nn.Linear(2, 2).double()
    x = torch.randn(1, 1, 4, 4).double()
    second = CrossEntropy().derivatives(model(x), torch.tensor([1]))[1]
    expected = unshared(model, x, second.diagonal(dim1=1, dim2=2))
    found = diagonal_curvature(model, CrossEntropy(), x, torch.tensor([1]), "exact")
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(found[parameter], expected[name])


def test_a_relu_that_is_off_hands_nothing_on():
    model = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
        model[0].bias.zero_()
        model[2].weight.copy_(torch.tensor([[3.0, 5.0]]))
    pattern, target = torch.tensor([[2.0]]), torch.tensor([0])
    found = diagonal_curvature(model, CrossEntropy(), pattern, target, 1.0)
    assert found[model[0].weight].tolist() == [[3**2 * 2**2], [0]]
    assert found[model[0].bias].tolist() == [3**2, 0]


@pytest.mark.parametrize("criterion", [MSE(), MSE(0.5), MAP(), MAP(10, 0.5), MAP(math.inf)])
def test_exact_start_is_the_second_derivative_by_each_state(criterion: Criterion):
    states = torch.randn(2, 4, dtype=torch.float64)
    targets = torch.tensor([0, 2])
    model = nn.Sequential(nn.Conv2d(4, 4, 1), RBFOutput(CODES)).double()
    with torch.no_grad():  # an identity, whose biases collect the start itself
        model[0].weight.copy_(torch.eye(4)[:, :, None, None])
        model[0].bias.zero_()

    def loss(s: Tensor) -> Tensor:
        return criterion((s[:, None] - CODES.double()).square().sum(2), targets)

    hessian = torch.autograd.functional.hessian(loss, states)
    expected = torch.einsum("nfnf->f", hessian)
    found = diagonal_curvature(model, criterion, states[:, :, None, None], targets, "exact")
    torch.testing.assert_close(found[model[0].bias], expected)
    assert all((h >= 0).all() for h in found.values())


def test_a_number_scales_the_constant_start():
    x, y = torch.randn(3, 1, 32, 32), torch.tensor([0, 1, 2])
    model = lenet5_1998()
    one, constant, four = (
        diagonal_curvature(model, MAP(distance_scale=0.5), x, y, start)
        for start in (1.0, "constant", 4.0)
    )
    for p in model.parameters():
        torch.testing.assert_close(one[p], constant[p])
        torch.testing.assert_close(four[p], 4 * one[p])
    linear = LeNet5(output="linear")
    found = diagonal_curvature(linear, CrossEntropy(), x, y, 0.25)
    torch.testing.assert_close(found[linear.output.bias], torch.full((10,), 0.25))


def test_the_step_is_equation_21_and_the_curvature_stays_frozen():
    model = lenet5_1998()
    x, y = torch.randn(4, 1, 32, 32), torch.tensor([0, 1, 2, 3])
    optimiser = SDLM(model, MAP(), rate=5e-4, mu=0.02)
    optimiser.estimate_curvature(x, y)
    curvature = diagonal_curvature(model, MAP(), x, y)
    before = [p.detach().clone() for p in model.parameters()]
    for _ in range(2):
        optimiser.zero_grad()
        MAP()(model(x[:1]), y[:1]).backward()
        before = [p.detach().clone() for p in model.parameters()]
        optimiser.step()
        for old, p in zip(before, model.parameters(), strict=True):
            assert p.grad is not None
            expected = old - 5e-4 / (0.02 + curvature[p]) * p.grad
            torch.testing.assert_close(p.detach(), expected)
    optimiser.rate = 1e-5
    for p, rate in zip(model.parameters(), optimiser.effective_rates(), strict=True):
        torch.testing.assert_close(rate, 1e-5 / (0.02 + curvature[p]))


def test_a_checkpoint_keeps_the_curvature():
    model = lenet5_1998()
    first, second = SDLM(model, MSE()), SDLM(model, MSE())
    first.estimate_curvature(torch.randn(2, 1, 32, 32), torch.tensor([0, 1]))
    second.load_state_dict(first.state_dict())
    for a, b in zip(first.effective_rates(), second.effective_rates(), strict=True):
        torch.testing.assert_close(a, b)


def test_the_published_schedule_has_20_passes():
    assert len(PUBLISHED_SCHEDULE) == 20
    assert [PUBLISHED_SCHEDULE[i] for i in (0, 2, 5, 8, 12)] == [5e-4, 2e-4, 1e-4, 5e-5, 1e-5]


def test_every_variant_of_the_package_has_its_rules():
    for model in (lenet5_tutorial(), lenet5_modern(), LeNet5(pooling="max", c3="full")):
        start = "constant" if model.smallest_wins else "exact"
        criterion: Criterion = MSE() if model.smallest_wins else CrossEntropy()
        x = torch.randn(2, 1, model.nominal_size, model.nominal_size)
        found = diagonal_curvature(model, criterion, x, torch.tensor([1, 2]), start)
        assert set(found) == set(model.parameters())
        assert all(h.shape == p.shape and (h >= 0).all() for p, h in found.items())


def test_what_has_no_rule_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'1.0' is BatchNorm2d"):
        SDLM(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.BatchNorm2d(2))), MSE())
    with pytest.raises(ValueError, match="padding"):
        SDLM(nn.Sequential(nn.AvgPool2d(2, padding=1)), CrossEntropy(), start="exact")
    with pytest.raises(ValueError, match="Use 'exact'"):
        SDLM(lenet5_modern(), CrossEntropy())
    with pytest.raises(ValueError, match="not the last"):
        SDLM(nn.Sequential(RBFOutput(CODES), nn.Flatten()), MSE())
    with pytest.raises(ValueError, match="start is 'half'"):
        SDLM(lenet5_1998(), MSE(), start="half")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="start is 0"):
        SDLM(lenet5_1998(), MSE(), start=0)
    with pytest.raises(ValueError, match="mu is 0"):
        SDLM(lenet5_1998(), MSE(), mu=0)
    with pytest.raises(ValueError, match="rate is -1"):
        SDLM(lenet5_1998(), MSE(), rate=-1)
    model = lenet5_1998()
    MSE()(model(torch.randn(1, 1, 32, 32)), torch.tensor([0])).backward()
    with pytest.raises(ValueError, match="estimate_curvature"):
        SDLM(model, MSE()).step()
    with pytest.raises(ValueError, match="CrossEntropy.* for a linear one"):
        SDLM(model, CrossEntropy())
    with pytest.raises(ValueError, match="use MSE or MAP for an RBF output"):
        SDLM(model, nn.functional.cross_entropy)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (torch.zeros(2, 1, 32, 36), torch.tensor([0, 1]), "one position"),
        (torch.zeros(2, 1, 28, 28), torch.tensor([0, 1]), "pad_to_32"),
        (torch.zeros(2, 1, 32, 32).double(), torch.tensor([0, 1]), "torch.float64"),
        (torch.zeros(0, 1, 32, 32), torch.tensor([]).long(), "N of 1 or more"),
        (torch.zeros(2, 1, 32, 32), torch.tensor([0, 1, 2]), r"expected int64 \(2,\)"),
        (torch.zeros(2, 1, 32, 32), torch.tensor([0, 10]), "expected 0 to 9"),
    ],
)
def test_patterns_that_do_not_fit_are_refused(inputs, targets, message):
    with pytest.raises(ValueError, match=message):
        SDLM(lenet5_1998(), MSE()).estimate_curvature(inputs, targets)
