"""What one does with an nn.Sequential works with LeNet5, and gives the same numbers."""

import copy
import io
import pickle
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torchvision.models.feature_extraction import create_feature_extractor

from lenet_research.locally_connected import LocallyConnected2d
from lenet_research.related_networks import lenet1, lenet4
from lenet_utils import (
    LeNet5,
    RBFOutput,
    SparseConv2d,
    Subsampling,
    digit_codes,
    evaluate,
    fit,
    layer_table,
    lenet5_1998,
    lenet5_modern,
    lenet5_tutorial,
    split_validation,
)

NETWORKS = {"1998": lenet5_1998, "tutorial": lenet5_tutorial, "modern": lenet5_modern}
ALL = NETWORKS | {"LeNet-1": lenet1, "LeNet-4": lenet4}
each = pytest.mark.parametrize("name", NETWORKS)
every = pytest.mark.parametrize("name", ALL)


def made(name: str) -> tuple[nn.Sequential, Tensor, Tensor]:
    torch.manual_seed(0)
    model = ALL[name]().eval()
    size = 28 if name in ("modern", "LeNet-1") else 32
    x = torch.randn(3, 1, size, size)
    return model, x, model(x)


@each
def test_slices_give_what_the_parts_give(name: str) -> None:
    model, x, y = made(name)
    states = [x]
    for part in model:
        states.append(part(states[-1]))
    for k in range(1, len(model)):
        assert torch.equal(model[:k](x), states[k])
        assert torch.equal(model[k:](states[k]), y)
        assert model[k - 1] is list(model.children())[k - 1]
    assert torch.equal(model[-1:](model[:-1](x)), y) and torch.equal(model[:](x), y)
    assert torch.equal(model[2:5](states[2]), states[5])
    assert list(dict(model[:3].named_children())) == list(dict(model.named_children()))[:3]
    assert type(model[:6]) is nn.Sequential and len(model[20:]) == 0


@each
def test_parts_are_put_in_and_taken_out(name: str) -> None:
    model, x, y = made(name)
    names = list(dict(model.named_children()))
    assert torch.equal((model + nn.Sequential(nn.Softmax(1), nn.Identity()))(x), y.softmax(1))
    last = nn.Linear(10, 5)
    assert torch.equal(model.append(last)(x), last(y)) and model.pop(-1) is last
    assert torch.equal(model(x), y) and list(dict(model.named_children())) == names
    model.insert(1, nn.Identity())
    assert type(model[1]) is nn.Identity and torch.equal(model(x), y)
    del model[1]
    model.extend([nn.ReLU(), nn.Identity()])
    assert torch.equal(model(x), y.relu())
    del model[-2:]
    model += nn.Sequential(nn.Identity())
    del model[0], model[-1]
    assert list(dict(model.named_children())) == names[1:]
    with pytest.raises(IndexError, match="index is 99"):
        model.insert(99, nn.Identity())


@each
def test_a_network_without_its_output_gives_rows_of_features(name: str) -> None:
    model, x, _ = made(name)
    features = model[:-1](x).flatten(1)
    del model[-1]
    assert torch.equal(model(x), features)
    model, x, _ = made(name)
    model.output = nn.Identity()
    assert torch.equal(model(x), features)


@every
def test_recorded_traced_exported_and_compiled_networks_answer_the_same(name: str) -> None:
    model, x, y = made(name)
    torch.testing.assert_close(torch.fx.symbolic_trace(model)(x), y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("error", torch.jit.TracerWarning)
        traced, scripted = torch.jit.trace(model, x), torch.jit.script(model)
        file = io.BytesIO()
        torch.jit.save(traced, file)
        file.seek(0)
        loaded = torch.jit.load(file)
    batch = {0: torch.export.Dim("batch")}
    exported = torch.export.export(model, (x,), dynamic_shapes=(batch,)).module()
    for other in (traced, scripted, loaded, exported, torch.compile(model, backend="eager")):
        torch.testing.assert_close(other(x), y)
        torch.testing.assert_close(other(x[:2]), y[:2])
    if name in NETWORKS:
        wide = torch.randn(2, 1, x.shape[2] + 8, x.shape[3] + 4)
        for other in (traced, scripted, loaded, torch.fx.symbolic_trace(model)):
            torch.testing.assert_close(other(wide), model(wide))


@every
def test_features_are_extracted_by_name(name: str) -> None:
    model, x, _ = made(name)
    found = create_feature_extractor(model, ["s2", "c3_act"])(x)
    names = list(dict(model.named_children()))
    for part in ("s2", "c3_act"):
        assert torch.equal(found[part], model[: names.index(part) + 1](x))


@every
def test_built_without_memory_and_filled_later(name: str) -> None:
    model, x, y = made(name)
    with torch.device("meta"):
        empty = ALL[name]()
        assert empty(x.to("meta")).shape == y.shape
    assert all(t.is_meta for t in empty.state_dict().values())
    empty.to_empty(device="cpu").load_state_dict(model.state_dict())
    assert torch.equal(empty.eval()(x), y)
    with torch.device("meta"):
        assigned = ALL[name]()
    assigned.load_state_dict(model.state_dict(), assign=True)
    assert torch.equal(assigned.eval()(x), y)
    with FakeTensorMode():
        assert ALL[name]()(torch.randn(3, 1, *x.shape[2:])).shape == y.shape


@every
def test_default_types_and_devices_are_those_of_all_tensors(name: str) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        model, _, y = made(name)
        assert y.dtype == torch.float64
        floats = [t.dtype for t in model.state_dict().values() if t.is_floating_point()]
        assert set(floats) == {torch.float64}
    finally:
        torch.set_default_dtype(torch.float32)
    torch.set_default_device("meta")
    try:
        assert {t.device.type for t in ALL[name]().state_dict().values()} == {"meta"}
    finally:
        torch.set_default_device(None)


def test_fit_and_evaluate_mind_the_device_they_were_given_and_not_the_default() -> None:
    model, x, y = made("modern")
    labels = y.argmax(1)
    torch.set_default_device("meta")
    try:
        assert evaluate(model, x, labels).error == 0
        fit(model, x, labels, epochs=1, validation=1, device="cpu", progress=False)
        assert split_validation(5, 2)[0].device.type == "cpu"
    finally:
        torch.set_default_device(None)


@every
def test_copies_and_subclasses(name: str) -> None:
    model, x, y = made(name)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(x), y)
    other = ALL[name]()
    other.load_state_dict(model.state_dict(), strict=True)
    assert torch.equal(other(x), y)

    class Mine(LeNet5):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) * 2

    torch.manual_seed(0)
    mine = Mine()
    torch.manual_seed(0)
    assert torch.equal(mine(torch.ones(1, 1, 32, 32)), 2 * LeNet5()(torch.ones(1, 1, 32, 32)))
    assert torch.equal(mine[:3](x[..., :28, :28]), mine.s2(mine.c1_act(mine.c1(x[..., :28, :28]))))


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (Subsampling, (3,)),
        (SparseConv2d, ()),
        (LocallyConnected2d, (1, 2, 4, 2)),
    ],
)
def test_layers_can_skip_their_initial_values(kind: Callable, arguments: tuple) -> None:
    layer = nn.utils.skip_init(kind, *arguments, dtype=torch.float64)
    assert {p.dtype for p in layer.parameters()} == {torch.float64}
    if kind is Subsampling:
        layer.reset_parameters()
        assert torch.equal(layer.coefficient, torch.full((3,), 0.25, dtype=torch.float64))


def test_what_is_printed_is_what_is_there() -> None:
    model = lenet5_modern()
    assert [type(part) for part in model] == [
        *(nn.Conv2d, nn.ReLU, nn.MaxPool2d) * 2,
        *(nn.Conv2d, nn.ReLU) * 2,
        nn.Conv2d,
    ]
    assert layer_table(model, (1, 28, 28)).parameters == 61_706
    with torch.device("meta"):
        assert RBFOutput(digit_codes()).codes.is_meta
