"""Networks of 1998 side by side: each network does what it does alone in plain PyTorch."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from lenet_utils import online
from lenet_utils._native import loader, networks_1998
from lenet_utils._native.loader import KernelUnavailable
from lenet_utils.criteria import MAP, MSE, Criterion, CrossEntropy
from lenet_utils.layers import Subsampling
from lenet_utils.models import LeNet5, lenet5_1998, lenet5_modern
from lenet_utils.online import (
    GREY_1998,
    outputs,
    resolve_backend,
    train_epoch,
    train_epoch_pytorch,
)

N = 60


@pytest.fixture(autouse=True)
def one_thread():
    """Keep PyTorch's tiny operations on one thread, where they are quickest."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def digits(n: int = N) -> tuple[Tensor, Tensor]:
    """Return random images with ink and background, and labels."""
    generator = torch.Generator().manual_seed(3)
    images = torch.randint(256, (n, 32, 32), generator=generator)
    images = images * (torch.rand(n, 32, 32, generator=generator) < 0.2)
    return images.to(torch.uint8), torch.randint(10, (n,), generator=generator)


def networks(k: int, seed: int = 0, **parts: object) -> list[LeNet5]:
    """Return k networks that differ in all parameters, with coefficients that are not equal."""
    torch.manual_seed(seed)
    models = [LeNet5(**parts) for _ in range(k)]  # type: ignore[arg-type]
    for model in models:
        with torch.no_grad():
            for name, p in model.named_parameters():
                if "coefficient" in name or name.startswith("s"):
                    p.add_(0.1 * torch.randn_like(p))
    return models


def some_rates(models: list[LeNet5], size: float = 1e-4) -> list[list[Tensor]]:
    """Return another rate for every parameter of every network."""
    return [[size * (0.5 + torch.rand_like(p)) for p in model.parameters()] for model in models]


def orders(k: int, n: int) -> Tensor:
    """Return another order with repetitions for every network."""
    return torch.randint(N, (k, n), generator=torch.Generator().manual_seed(5))


RBF: list[Criterion] = [
    MSE(),
    MSE(0.5),
    MAP(),
    MAP(j=10, distance_scale=0.5),
    MAP(j=math.inf),
]


def largest_gap(a: list[LeNet5], b: list[LeNet5]) -> float:
    return max(
        float((p - q).detach().abs().max())
        for x, y in zip(a, b, strict=True)
        for p, q in zip(x.parameters(), y.parameters(), strict=True)
    )


@pytest.mark.parametrize(
    ("parts", "criteria"),
    [
        ({}, RBF),
        ({"c3": "full"}, [MAP(), MSE()]),
        ({"num_classes": 7}, [MAP(j=20)]),
        ({"output": "linear"}, [CrossEntropy()] * 2),
    ],
    ids=["rbf", "full-c3", "seven-classes", "linear"],
)
def test_100_updates_equal_each_network_alone(parts: dict[str, object], criteria: list[Criterion]):
    images, labels = digits()
    labels = labels % int(parts.get("num_classes", 10))  # type: ignore[call-overload]
    models = networks(len(criteria), **parts)
    start, alone = copy.deepcopy(models), copy.deepcopy(models)
    # Scores have smaller gradients than distances.
    rates = some_rates(models, 1e-2 if "output" in parts else 1e-4)
    order = orders(len(models), 100)
    result = train_epoch(models, criteria, images, labels, order, rates, backend="native")
    plain = train_epoch(alone, criteria, images, labels, order, rates, backend="pytorch")
    assert result.backend.startswith("native") and plain.backend == "plain PyTorch"
    assert largest_gap(models, alone) < 2e-6
    assert largest_gap(models, start) > 1e-2
    torch.testing.assert_close(result.losses, plain.losses, rtol=1e-5, atol=1e-5)
    assert torch.equal(result.errors, plain.errors)


def test_one_update_is_autograds_gradient_in_float64():
    images, labels = digits()
    criteria = RBF
    models = networks(len(criteria), seed=4)
    exact = [copy.deepcopy(m).double() for m in models]
    # A rate of 1 and one pattern: the parameters move by the gradient itself.
    rates = [[torch.ones_like(p) for p in m.parameters()] for m in models]
    before = copy.deepcopy(exact)
    train_epoch(models, criteria, images, labels, orders(len(models), 1), rates, backend="native")
    for model, old, m64, c, order in zip(
        models, before, exact, criteria, orders(len(models), 1), strict=True
    ):
        x = GREY_1998.double()[images[order].long()][:, None]
        gradients = torch.autograd.grad(c(m64(x), labels[order]), list(m64.parameters()))
        for p, q, g in zip(model.parameters(), old.parameters(), gradients, strict=True):
            moved = q.detach() - p.detach().double()
            torch.testing.assert_close(moved, g, rtol=2e-4, atol=2e-5 * float(g.abs().max()))


def test_more_networks_than_lanes_and_a_chunk_that_is_not_full(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(online, "CHUNK", 4)
    k = networks_1998.kernel().lanes + 1
    images, labels = digits()
    models = networks(k)
    alone = copy.deepcopy(models)
    rates, order, seen = some_rates(models), orders(k, 10), []
    train_epoch(
        models,
        [MAP()] * k,
        images,
        labels,
        order,
        rates,
        backend="native",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(4, 10), (8, 10), (10, 10)]
    for i in (0, k - 2, k - 1):
        train_epoch_pytorch(alone[i], MAP(), images, labels, order[i], rates[i])
        assert largest_gap([models[i]], [alone[i]]) < 1e-6


def test_a_network_that_diverges_does_not_touch_its_neighbours():
    images, labels = digits()
    models = networks(3)
    alone = copy.deepcopy(models)
    rates, order = some_rates(models), orders(3, 20)
    rates[1] = [torch.full_like(r, math.inf) for r in rates[1]]
    result = train_epoch(models, [MSE()] * 3, images, labels, order, rates, backend="native")
    assert not result.losses[1].isfinite()
    for i in (0, 2):
        train_epoch_pytorch(alone[i], MSE(), images, labels, order[i], rates[i])
        assert largest_gap([models[i]], [alone[i]]) < 1e-6


@pytest.mark.parametrize("parts", [{}, {"output": "linear"}])
def test_outputs_are_the_networks_own(parts: dict[str, object]):
    models = networks(3, **parts)
    images = digits()[0]
    found = outputs(models, images, backend="native")
    assert found.shape == (3, N, 10)
    with torch.no_grad():
        own = torch.stack([m(GREY_1998[images.long()][:, None]) for m in models])
    torch.testing.assert_close(found, own, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(outputs(models, images, backend="pytorch"), own)


def test_the_activation_function_is_accurate_over_its_whole_range():
    # A network whose F6 is one number: C5's bias passed on, all else zero.
    model = lenet5_1998(num_classes=1, codes=torch.zeros(1, 84))
    worst = 0.0
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
        # Far out too, where the ratio of polynomials needs its clamps.
        for a in [*torch.linspace(-14, 14, 57).tolist(), -1e6, -100, -30, 30, 100, 1e6]:
            model.f6.bias.fill_(a)
            y = outputs([model], torch.zeros(1, 32, 32, dtype=torch.uint8), backend="native")
            state = math.sqrt(float(y) / 84)
            worst = max(worst, abs(state - abs(1.7159 * math.tanh(2 / 3 * a))))
    # The sum of 84 squares rounds too.
    assert worst < 2e-6


def test_the_activation_function_is_odd():
    model = lenet5_1998(num_classes=2, codes=torch.tensor([[1.7159], [-1.7159]]).expand(2, 84))
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
        for a in (2.0, 30.0, 1e6):
            distances = []
            for sign in (1, -1):
                model.f6.bias.fill_(sign * a)
                pixels = torch.zeros(1, 32, 32, dtype=torch.uint8)
                distances.append(outputs([model], pixels, backend="native")[0, 0])
            torch.testing.assert_close(distances[0], distances[1].flip(0))
            assert distances[0][0] < 0.5 * distances[0][1]


def test_without_a_compiler_pytorch_serves(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # where no kernel is
    monkeypatch.setattr(loader, "_process", loader._Process())
    images, labels = digits()
    arguments = ([MAP()], images, labels, orders(1, 2))
    models = networks(1)
    with pytest.warns(UserWarning, match="plain PyTorch: .*no-such-compiler"):
        result = train_epoch(models, *arguments, some_rates(models))
    assert result.backend == "plain PyTorch"
    with pytest.raises(KernelUnavailable, match="install one"):
        train_epoch(models, *arguments, some_rates(models), backend="native")


def test_the_kernel_takes_no_argument_that_does_not_fit() -> None:
    """What would read or write where it must not comes back as a sentence."""
    images, labels = digits()
    models = networks(2)
    group = online.NativeNetworks(models, [MAP(), MSE()], orders(2, 5), some_rates(models))
    good = {
        "table": group.network[0],
        "classes": 10,
        "codes": group.network[2],
        "images": images,
        "labels": labels.to(torch.uint8),
        "grey": GREY_1998,
        "order": group.orders,
        "first": 0,
        "count": 5,
        "parameters": group.parameters,
        "rates": group.rates,
        "scale": group.settings[0],
        "competition": group.settings[1],
        "j": group.settings[2],
        "losses": group.losses,
        "wrong": group.wrong,
    }
    group.kernel("train", *good.values())
    lanes = group.kernel.lanes
    bad = {
        "table": (torch.ones(16, 5, dtype=torch.uint8), torch.ones(16, 6), None),
        "classes": (0, 129, -1, 9),
        "codes": (torch.zeros(10, 83), torch.zeros(10, 84).double(), torch.zeros(84, 10).T),
        "images": (images[:, 1:], images.float(), images[:, ::2], images[:0]),
        "labels": (labels.to(torch.uint8) + 5, labels, labels.to(torch.uint8)[1:]),
        "grey": (GREY_1998[1:], GREY_1998.double()),
        "order": (group.orders + N, group.orders - N, group.orders.long(), group.orders[1:]),
        "first": (-1, 6),
        "count": (6, -1, 2**40),
        "parameters": (group.parameters[1:], group.parameters.T, group.parameters.double()),
        "rates": (group.rates[:-1], torch.empty(lanes * len(group.rates) + 1)[1:]),
        "scale": (torch.ones(lanes + 1), torch.ones(lanes, dtype=torch.int32)),
        "j": (torch.ones(lanes - 1), "1", object()),
        "losses": (torch.zeros(lanes), torch.zeros(lanes + 1, dtype=torch.float64)[1:][:0]),
        "wrong": (torch.zeros(lanes, dtype=torch.int32), torch.zeros(0, dtype=torch.int64)),
    }
    for name, values in bad.items():
        for value in values:
            with pytest.raises(ValueError):
                group.kernel("train", *{**good, name: value}.values())
    for count in (0, 3, len(good) - 1):
        with pytest.raises(ValueError, match="is missing|absent"):
            group.kernel("train", *list(good.values())[:count])
    with pytest.raises(ValueError, match="expected 16"):
        group.kernel("train", *good.values(), 1)
    # One of another alignment: a view that begins one number later.
    shifted = torch.empty(group.parameters.numel() + 1)[1:].view_as(group.parameters)
    with pytest.raises(ValueError, match="multiple of"):
        group.kernel("train", *{**good, "parameters": shifted}.values())


class Halved(MSE):
    """A criterion that is not the package's own."""

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return super().losses(outputs, targets) / 2


def test_more_classes_than_the_kernel_has_room_for_go_without_it():
    images, labels = digits(4)
    many = networks(1, output="linear", num_classes=300)
    order, criteria = torch.tensor([[0, 1]]), [CrossEntropy()]
    result = train_epoch(many, criteria, images, labels + 290, order, some_rates(many))
    assert result.backend == "plain PyTorch"
    full = networks(1, output="linear", num_classes=128)
    result = train_epoch(full, criteria, images, labels + 118, order, some_rates(full))
    assert result.backend.startswith("native")


def doubled(part: nn.Module, inputs: object, output: torch.Tensor) -> torch.Tensor:
    return 2 * output


TOUCHED: dict[str, Callable[[LeNet5], object]] = {
    "a hook of a layer": lambda model: model.f6.register_forward_hook(doubled),
    "a hook of the network": lambda model: model.register_forward_hook(doubled),
    "another forward": lambda model: setattr(
        model.s2, "forward", lambda x: 2 * Subsampling.forward(model.s2, x)
    ),
    "a parametrization": lambda model: nn.utils.parametrizations.weight_norm(model.c5),
    "another activation": lambda model: setattr(model, "c1_act", nn.Tanh()),
}


@pytest.mark.parametrize("change", TOUCHED)
def test_a_network_that_was_changed_is_not_for_the_kernel(change):
    # The second of two: each is looked at, not the first alone.
    models = networks(2)
    TOUCHED[change](models[1])
    images, labels = digits()
    assert resolve_backend(models) == "pytorch"
    with pytest.raises(ValueError, match="cannot be trained side by side"):
        resolve_backend(models, "native")
    expected = models[1](GREY_1998[images[:3].long()][:, None])
    torch.testing.assert_close(outputs(models, images[:3])[1], expected)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert resolve_backend(networks(1)) == "pytorch"
    rates = [[torch.full_like(p, 1e-4) for p in model.parameters()] for model in models]
    result = train_epoch(models, [MAP()] * 2, images, labels, orders(2, 3), rates)
    assert result.backend == "plain PyTorch"


def test_wrong_arguments_are_refused():
    images, labels = digits()
    models = networks(2)
    rates, order = some_rates(models), orders(2, 3)

    def refused(match: str, **changes: object) -> None:
        arguments: dict[str, object] = {
            "models": models,
            "criteria": [MAP(), MSE()],
            "images": images,
            "labels": labels,
            "orders": order,
            "rates": rates,
        }
        with pytest.raises(ValueError, match=match):
            train_epoch(**{**arguments, **changes})  # type: ignore[arg-type]

    refused("pad_to_32", images=images[:, 2:30, 2:30])
    refused("images are torch.float32", images=images.float())
    refused("labels are torch.int32", labels=labels.int())
    refused("labels run from", labels=labels + 5)
    refused("n at least 1", orders=order[:, :0])
    refused("1 criteria", criteria=[MAP()])
    refused("expected 0 to 59", orders=order + 59)
    refused("orders are torch.float32", orders=order.float())
    refused("CrossEntropy for a linear one", criteria=[MAP(), CrossEntropy()])
    refused("network 1", rates=[rates[0], rates[1][:-1]])
    refused("network 0 .* type", rates=[[r.double() for r in rate] for rate in rates])
    refused("orders are torch.bool", orders=order > 2)
    refused("know MSE, MAP and CrossEntropy only", criteria=[MAP(), Halved()])
    refused("grey is", grey=torch.zeros(255))
    refused("backend is 'gpu'", backend="gpu")
    refused("2 networks, of which 1 differ", models=[models[0]] * 2)
    models[1].c5.weight.requires_grad_(False)
    refused("c5.weight of network 1 has requires_grad=False")
    models[1].c5.weight.requires_grad_(True)
    modern = [lenet5_modern(), lenet5_modern()]
    with pytest.raises(ValueError, match="knows the layers of lenet5_1998 only"):
        outputs(modern, images, backend="native")
    with pytest.raises(ValueError, match="models are empty"):
        outputs([], images)
    mixed = [lenet5_1998(), LeNet5(c3="full")]
    with pytest.raises(ValueError, match="the networks differ"):
        outputs(mixed, images, backend="native")
