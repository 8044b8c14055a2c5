"""Many seeds side by side: each network does what it does alone in plain PyTorch."""

import copy
import math

import pytest
import torch
from torch import Tensor

from lenet_utils.criteria import MAP, MSE, Criterion, CrossEntropy
from lenet_utils.many_seeds import GREY_1998, outputs, passes, plain_pass, train_pass
from lenet_utils.many_seeds import kernel as kernel_module
from lenet_utils.many_seeds.kernel import KernelUnavailable, load_kernel
from lenet_utils.models import LeNet5, lenet5_1998, lenet5_modern

N = 60


@pytest.fixture(autouse=True)
def one_thread():
    """Keep PyTorch's tiny operations on one thread, where they are quickest."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def digits(n: int = N) -> tuple[Tensor, Tensor]:
    """Return blurred random pictures with ink and background, and labels."""
    generator = torch.Generator().manual_seed(3)
    pictures = torch.randint(256, (n, 32, 32), generator=generator)
    pictures = pictures * (torch.rand(n, 32, 32, generator=generator) < 0.2)
    return pictures.to(torch.uint8), torch.randint(10, (n,), generator=generator)


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


@pytest.mark.parametrize("path", ["kernel", "batched"])
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
def test_100_updates_equal_each_network_alone(
    parts: dict[str, object], criteria: list[Criterion], path: passes.Path
):
    pictures, labels = digits()
    labels = labels % int(parts.get("num_classes", 10))  # type: ignore[call-overload]
    models = networks(len(criteria), **parts)
    start, alone = copy.deepcopy(models), copy.deepcopy(models)
    # Scores have smaller gradients than distances.
    rates = some_rates(models, 1e-2 if "output" in parts else 1e-4)
    order = orders(len(models), 100)
    result = train_pass(models, criteria, pictures, labels, order, rates, path=path)
    plain = train_pass(alone, criteria, pictures, labels, order, rates, path="plain")
    assert result.path.startswith(path) and plain.path == "plain PyTorch"
    assert largest_gap(models, alone) < 2e-6
    assert largest_gap(models, start) > 1e-2
    torch.testing.assert_close(result.losses, plain.losses, rtol=1e-5, atol=1e-5)
    assert torch.equal(result.errors, plain.errors)


def test_one_update_is_autograds_gradient_in_float64():
    pictures, labels = digits()
    criteria = RBF
    models = networks(len(criteria), seed=4)
    exact = [copy.deepcopy(m).double() for m in models]
    # A rate of 1 and one pattern: the parameters move by the gradient itself.
    rates = [[torch.ones_like(p) for p in m.parameters()] for m in models]
    before = copy.deepcopy(exact)
    train_pass(models, criteria, pictures, labels, orders(len(models), 1), rates, path="kernel")
    for model, old, m64, c, order in zip(
        models, before, exact, criteria, orders(len(models), 1), strict=True
    ):
        x = GREY_1998.double()[pictures[order].long()][:, None]
        gradients = torch.autograd.grad(c(m64(x), labels[order]), list(m64.parameters()))
        for p, q, g in zip(model.parameters(), old.parameters(), gradients, strict=True):
            moved = q.detach() - p.detach().double()
            torch.testing.assert_close(moved, g, rtol=2e-4, atol=2e-5 * float(g.abs().max()))


def test_more_networks_than_lanes_and_a_chunk_that_is_not_full(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(passes, "CHUNK", 4)
    k = load_kernel().lanes() + 1
    pictures, labels = digits()
    models = networks(k)
    alone = copy.deepcopy(models)
    rates, order, seen = some_rates(models), orders(k, 10), []
    train_pass(
        models,
        [MAP()] * k,
        pictures,
        labels,
        order,
        rates,
        path="kernel",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(4, 10), (8, 10), (10, 10)]
    for i in (0, k - 2, k - 1):
        plain_pass(alone[i], MAP(), pictures, labels, order[i], rates[i])
        assert largest_gap([models[i]], [alone[i]]) < 1e-6


def test_a_network_that_diverges_does_not_touch_its_neighbours():
    pictures, labels = digits()
    models = networks(3)
    alone = copy.deepcopy(models)
    rates, order = some_rates(models), orders(3, 20)
    rates[1] = [torch.full_like(r, math.inf) for r in rates[1]]
    result = train_pass(models, [MSE()] * 3, pictures, labels, order, rates, path="kernel")
    assert not result.losses[1].isfinite()
    for i in (0, 2):
        plain_pass(alone[i], MSE(), pictures, labels, order[i], rates[i])
        assert largest_gap([models[i]], [alone[i]]) < 1e-6


@pytest.mark.parametrize("parts", [{}, {"output": "linear"}])
def test_outputs_are_the_networks_own(parts: dict[str, object]):
    models = networks(3, **parts)
    pictures = digits()[0]
    found = outputs(models, pictures, path="kernel")
    assert found.shape == (3, N, 10)
    with torch.no_grad():
        own = torch.stack([m(GREY_1998[pictures.long()][:, None]) for m in models])
    torch.testing.assert_close(found, own, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(outputs(models, pictures, path="plain"), own)


def test_squashing_is_accurate_over_its_whole_range():
    # A network whose F6 is one number: C5's bias passed on, all else zero.
    model = lenet5_1998(num_classes=1, codes=torch.zeros(1, 84))
    worst = 0.0
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
        for a in torch.linspace(-14, 14, 57).tolist():
            model.f6.bias.fill_(a)
            y = outputs([model], torch.zeros(1, 32, 32, dtype=torch.uint8), path="kernel")
            state = math.sqrt(float(y) / 84)
            worst = max(worst, abs(state - abs(1.7159 * math.tanh(2 / 3 * a))))
    # The sum of 84 squares rounds too.
    assert worst < 2e-6


def test_without_a_compiler_the_plain_path_serves(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # where no kernel is
    monkeypatch.setattr(kernel_module, "_process", kernel_module._Process())
    pictures, labels = digits()
    arguments = ([MAP()], pictures, labels, orders(1, 2))
    models = networks(1)
    with pytest.warns(UserWarning, match="plain PyTorch: .*no-such-compiler"):
        result = train_pass(models, *arguments, some_rates(models))
    assert result.path == "plain PyTorch"
    with pytest.raises(KernelUnavailable, match="install one"):
        train_pass(models, *arguments, some_rates(models), path="kernel")


class Halved(MSE):
    """A criterion that is not the package's own."""

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return super().losses(outputs, targets) / 2


def test_more_classes_than_the_kernel_has_room_for_go_without_it():
    pictures, labels = digits(4)
    many = networks(1, output="linear", num_classes=300)
    order, criteria = torch.tensor([[0, 1]]), [CrossEntropy()]
    result = train_pass(many, criteria, pictures, labels + 290, order, some_rates(many))
    assert result.path == "plain PyTorch"
    full = networks(1, output="linear", num_classes=128)
    result = train_pass(full, criteria, pictures, labels + 118, order, some_rates(full))
    assert result.path.startswith("kernel")


def test_wrong_arguments_are_refused():
    pictures, labels = digits()
    models = networks(2)
    rates, order = some_rates(models), orders(2, 3)

    def refused(match: str, **changes: object) -> None:
        arguments: dict[str, object] = {
            "models": models,
            "criteria": [MAP(), MSE()],
            "pictures": pictures,
            "labels": labels,
            "orders": order,
            "rates": rates,
        }
        with pytest.raises(ValueError, match=match):
            train_pass(**{**arguments, **changes})  # type: ignore[arg-type]

    refused("pad_to_32", pictures=pictures[:, 2:30, 2:30])
    refused("pictures are torch.float32", pictures=pictures.float())
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
    refused("path is 'gpu'", path="gpu")
    modern = [lenet5_modern(), lenet5_modern()]
    with pytest.raises(ValueError, match="knows the layers of lenet5_1998 only"):
        outputs(modern, pictures, path="kernel")
    with pytest.raises(ValueError, match="models are empty"):
        outputs([], pictures)
    mixed = [lenet5_1998(), LeNet5(c3="full")]
    with pytest.raises(ValueError, match="the networks differ"):
        outputs(mixed, pictures, path="kernel")
