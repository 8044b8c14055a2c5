"""Layers and networks are what the same thing in PyTorch's own functions is, in every use."""

import copy
import pickle
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vmap
from torch.nn import functional as F
from torch.nn.utils import prune

from lenet_research.locally_connected import LocallyConnected2d
from lenet_utils import (
    TABLE_I,
    RBFOutput,
    ScaledTanh,
    SparseConv2d,
    Subsampling,
    digit_codes,
    lenet5_1998,
    lenet5_modern,
    lenet5_tutorial,
    load_mnist,
    normalise_1998,
    normalise_modern,
    pad_to_32,
)
from lenet_utils._native.c1_to_s4 import compiled

Parameters = dict[str, Tensor]
TABLE = torch.tensor([[1, 0, 1], [0, 1, 0], [1, 1, 1], [0, 1, 1]], dtype=torch.bool)
CODES = digit_codes()[:3, :5].double()


def subsampling(p: Parameters, x: Tensor) -> Tensor:
    adds = torch.ones(x.shape[-3], 1, 2, 2, dtype=x.dtype)
    sums = F.conv2d(x, adds, stride=2, groups=x.shape[-3])
    return sums * p["coefficient"].view(-1, 1, 1) + p["bias"].view(-1, 1, 1)


def sparse(p: Parameters, x: Tensor, table: Tensor = TABLE) -> Tensor:
    maps, start = [], 0
    for row, bias in zip(table, p["bias"], strict=True):
        kernels = p["weight"][start : start + int(row.sum())]
        maps.append(F.conv2d(x[..., row, :, :], kernels[None], bias[None]))
        start += len(kernels)
    return torch.cat(maps, -3)


def rbf(p: Parameters, x: Tensor, codes: Tensor = CODES) -> Tensor:
    codes = codes.to(x.dtype)
    squares = x.square().sum(-3, keepdim=True) + codes.square().sum(1).view(-1, 1, 1)
    return squares - 2 * F.conv2d(x, codes[:, :, None, None])


def local(p: Parameters, x: Tensor) -> Tensor:
    rows = [
        [
            torch.einsum(
                "...chw,ochw->...o",
                x[..., i : i + 2, j : j + 2],
                p["weight"][3 * i + j].view(-1, 2, 2, 2),
            )
            for j in range(3)
        ]
        for i in range(3)
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], -2) + p["bias"]


LAYERS = {
    "Subsampling": (Subsampling(3), subsampling, (2, 3, 4, 4)),
    "SparseConv2d": (SparseConv2d(TABLE, 3), sparse, (2, 3, 4, 4)),
    "RBFOutput": (RBFOutput(CODES), rbf, (2, 5, 1, 2)),
    "LocallyConnected2d": (LocallyConnected2d(2, 3, 4, 2), local, (2, 2, 4, 4)),
    "ScaledTanh": (ScaledTanh(), lambda p, x: 1.7159 * (2 * x / 3).tanh(), (2, 3)),
}
each_layer = pytest.mark.parametrize("name", LAYERS)


def made(name: str) -> tuple[nn.Module, Callable, Parameters, Tensor]:
    layer, plain, shape = LAYERS[name]
    layer = copy.deepcopy(layer).double()
    generator = torch.Generator().manual_seed(1)
    for p in layer.parameters():
        p.data = torch.randn(p.shape, generator=generator, dtype=torch.float64)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    return layer, plain, {n: p.detach() for n, p in layer.named_parameters()}, x


def by_backward(f: Callable, x: Tensor) -> list[Tensor]:
    x = x.clone().requires_grad_()
    f(x).sin().sum().backward()
    return [x.grad]


def by_grad_of_grad(f: Callable, x: Tensor) -> list[Tensor]:
    x = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(f(x).sin().sum(), x, create_graph=True)
    return [first, *torch.autograd.grad((first * first.detach().cos()).sum(), x)]


IDIOMS: dict[str, Callable[[Callable, Tensor], list[Tensor]]] = {
    "backward": by_backward,
    "grad of grad": by_grad_of_grad,
    "func.grad": lambda f, x: [grad(lambda x: f(x).sin().sum())(x)],
    "vmap": lambda f, x: [vmap(f)(x[:, None])],
    "per example": lambda f, x: [vmap(grad(lambda x: f(x[None]).sin().sum()))(x)],
    "jacrev": lambda f, x: [jacrev(f)(x)],
    "jacfwd": lambda f, x: [jacfwd(f)(x)],
    "hessian": lambda f, x: [hessian(lambda x: f(x).sin().sum())(x)],
    "jvp": lambda f, x: list(jvp(f, (x,), (x.cos(),))),
    "many gradients": lambda f, x: [
        torch.autograd.functional.jacobian(f, x, vectorize=True, strategy="reverse-mode")
    ],
}


@each_layer
@pytest.mark.parametrize("idiom", IDIOMS)
def test_derivatives_by_inputs_and_parameters(name: str, idiom: str) -> None:
    layer, plain, parameters, x = made(name)
    pairs = [(lambda x: functional_call(layer, parameters, x), lambda x: plain(parameters, x), x)]
    for wanted, value in parameters.items():
        # The first dimension is there for vmap: several settings of a parameter.
        def ours(values: Tensor, wanted: str = wanted) -> Tensor:
            return torch.stack(
                [functional_call(layer, parameters | {wanted: v}, x) for v in values]
            )

        def theirs(values: Tensor, wanted: str = wanted) -> Tensor:
            return torch.stack([plain(parameters | {wanted: v}, x) for v in values])

        pairs.append((ours, theirs, torch.stack([value, value.flip(0)])))
    for ours, theirs, at in pairs:
        for a, b in zip(IDIOMS[idiom](ours, at), IDIOMS[idiom](theirs, at), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@each_layer
def test_what_comes_in_any_form(name: str) -> None:
    layer, plain, parameters, x = made(name)
    y = plain(parameters, x)

    def same(result: Tensor, expected: Tensor = y, **tolerance: float) -> None:
        torch.testing.assert_close(result, expected, **tolerance)

    same(layer(x))
    same(layer(x[0]), y[0])
    same(layer(x[:0]), y[:0])
    same(layer(x.transpose(-1, -2).contiguous().transpose(-1, -2)))
    if x.dim() == 4:
        same(layer(x.contiguous(memory_format=torch.channels_last)))
    broken = x.clone()
    broken[0] = torch.nan
    same(layer(broken), plain(parameters, broken), equal_nan=True)
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.bfloat16, 0.1)):
        result = copy.deepcopy(layer).to(dtype)(x.to(dtype))
        assert result.dtype == dtype
        same(result.double(), y, rtol=tolerance, atol=tolerance)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        same(copy.deepcopy(layer).float()(x.float()).double(), y, rtol=0.1, atol=0.1)


@each_layer
def test_what_is_made_of_a_layer(name: str) -> None:
    layer, _, _, x = made(name)
    y = layer(x)
    others = [
        copy.deepcopy(layer),
        pickle.loads(pickle.dumps(layer)),
        torch.jit.trace(layer, x),
        torch.jit.script(layer),
        torch.fx.symbolic_trace(layer),
        torch.compile(layer, backend="aot_eager", fullgraph=True),
        torch.export.export(layer, (x,)).module(),
    ]
    for other in others:
        torch.testing.assert_close(other(x), y)
    with torch.device("meta"):
        assert copy.deepcopy(layer).to("meta")(x.to("meta")).shape == y.shape


@each_layer
def test_hooks_and_replaced_forwards_are_followed(name: str, monkeypatch) -> None:
    layer, _, _, x = made(name)
    y, seen = layer(x), []
    hook = nn.modules.module.register_module_forward_hook(lambda m, _x, _y: seen.append(m))
    layer(x)
    hook.remove()
    assert seen == [layer]
    hook = layer.register_forward_hook(lambda _m, _x, y: 2 * y)
    assert torch.equal(layer(x), 2 * y)
    hook.remove()
    layer.forward = lambda x: -x
    assert torch.equal(layer(x), -x)
    del layer.forward
    monkeypatch.setattr(type(layer), "forward", lambda self, x: 3 * x)
    assert torch.equal(layer(x), 3 * x)


def test_parametrised_and_pruned_layers_use_their_new_weights() -> None:
    layer, plain, parameters, x = made("SparseConv2d")

    class Half(nn.Module):
        def forward(self, w: Tensor) -> Tensor:
            return w / 2

    nn.utils.parametrize.register_parametrization(layer, "weight", Half())
    half = parameters | {"weight": parameters["weight"] / 2}
    torch.testing.assert_close(layer(x), plain(half, x))
    nn.utils.parametrize.remove_parametrizations(layer, "weight")
    prune.random_unstructured(layer, "weight", 0.5)
    assert layer.weight.count_nonzero() == round(parameters["weight"].numel() / 2)
    torch.testing.assert_close(layer(x), plain(parameters | {"weight": layer.weight}, x))


def plain_network(name: str) -> Callable[[Parameters, Tensor], Tensor]:
    def conv(p: Parameters, part: str, x: Tensor, **options: int) -> Tensor:
        return F.conv2d(x, p[f"{part}.weight"], p[f"{part}.bias"], **options)

    def of(p: Parameters, part: str) -> Parameters:
        return {n.split(".")[1]: v for n, v in p.items() if n.split(".")[0] == part}

    def act(x: Tensor) -> Tensor:
        return {"modern": torch.relu, "tutorial": torch.tanh}.get(name, ScaledTanh())(x)

    def pool(p: Parameters, part: str, x: Tensor) -> Tensor:
        if name == "1998":
            return act(subsampling(of(p, part), x))
        return F.max_pool2d(x, 2) if name == "modern" else F.avg_pool2d(x, 2)

    def network(p: Parameters, x: Tensor) -> Tensor:
        x = pool(p, "s2", act(conv(p, "c1", x, padding=2 * (name == "modern"))))
        x = sparse(of(p, "c3"), x, TABLE_I) if name == "1998" else conv(p, "c3", x)
        x = pool(p, "s4", act(x))
        x = act(conv(p, "f6", act(conv(p, "c5", x))))
        return (rbf({}, x, digit_codes()) if name == "1998" else conv(p, "output", x)).flatten(1)

    return network


NETWORKS = {"1998": lenet5_1998, "tutorial": lenet5_tutorial, "modern": lenet5_modern}


@pytest.mark.parametrize("name", [*NETWORKS, "compiled"])
def test_hessian_vector_products_of_the_networks(name: str) -> None:
    torch.manual_seed(0)
    model = NETWORKS.get(name, lenet5_modern)()
    digits = load_mnist(sample=True).train
    images, labels = digits.images[:30], digits.labels[:30]
    x = normalise_modern(images)
    x = normalise_1998(pad_to_32(images)) if model.nominal_size == 32 else x
    network = compiled(model) if name == "compiled" else model
    if network is None:
        pytest.skip("the kernel cannot be built here")
    parameters = dict(model.named_parameters())
    directions = [torch.randn_like(p) for p in parameters.values()]

    def product(f: Callable[[Tensor], Tensor]) -> list[Tensor]:
        loss = F.cross_entropy(f(x) / 10, labels)
        first = torch.autograd.grad(loss, list(parameters.values()), create_graph=True)
        along = sum((a * b).sum() for a, b in zip(first, directions, strict=True))
        return [*first, *torch.autograd.grad(along, list(parameters.values()))]

    plain = plain_network(name if name in NETWORKS else "modern")
    theirs = product(lambda x: plain(parameters, x))
    for a, b in zip(product(network), theirs, strict=True):
        assert (a - b).norm() <= 1e-4 * b.norm()
