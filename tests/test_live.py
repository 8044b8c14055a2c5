"""The page's own LeNet-5 against PyTorch, and what it does to a drawing."""

import base64
import gzip
import json
import re
import sys

import pytest
import torch
from conftest import ROOT

from lenet_research.shipping import median_seed
from lenet_utils import load_mnist, normalise_1998, normalise_modern, pad_to_32
from lenet_utils.layers import TABLE_I
from lenet_utils.mnist import MNIST_MEAN, MNIST_STD
from lenet_utils.models import lenet5_1998, lenet5_modern
from lenet_utils.results.records import load_record
from lenet_utils.results.trained import SHIPPED
from lenet_utils.weights import load_model, save_model

sys.path.append(str(ROOT / "tests" / "live"))
from digits import choose
from handwriting import strokes

LIVE = ROOT / "book" / "_static" / "live"
TRAINED = ROOT / "lenet_utils" / "trained"
BUILDERS = {"lenet5_1998": lenet5_1998, "lenet5_modern": lenet5_modern}
BUDGET = 320_000  # bytes transferred: the code and the first network
CORNER = {"left": 1.5, "top": 19.0, "height": 7.0}  # of a field of 28
PLACES = [CORNER, {"left": 4, "top": 3, "height": 22}, {"left": 16, "top": 2, "height": 11}]


def random_network(kind):
    torch.manual_seed(3)
    model = BUILDERS[kind]()
    with torch.no_grad():
        for name, values in model.named_parameters():
            if "s2" in name or "s4" in name:
                values.uniform_(-1, 1)
    return model.eval()


@pytest.fixture(scope="module", params=BUILDERS)
def saved(request, tmp_path_factory):
    """A network of each kind with random weights, and the file that holds it."""
    model = random_network(request.param)
    path = tmp_path_factory.mktemp("weights") / "network.safetensors"
    return request.param, model, save_model(model, path)


@pytest.fixture(scope="module")
def first():
    """The weights that the page loads first, as the package ships them."""
    path = TRAINED / "lenet5_1998.safetensors"
    if not path.exists():
        pytest.skip("no trained weights in the package yet")
    return {"weights": path, "kind": "lenet5_1998"}


def base64_of(images):
    return [base64.b64encode(image.numpy().tobytes()).decode() for image in images]


def states_of(kind, model, images):
    """Input, C1, S2, C3, S4, C5, F6, output of PyTorch, after the activation function."""
    if kind == "lenet5_1998":
        x = pad_to_32(images).to(model.c5.weight.dtype)[:, None] / 255 * 1.275 - 0.1
        ends = ("c1_act", "s2_act", "c3_act", "s4_act", "c5_act", "f6_act", "output")
        seen = [x]
    else:
        x = (images.to(model.c5.weight.dtype)[:, None] / 255 - MNIST_MEAN) / MNIST_STD
        ends = ("c1_act", "s2", "c3_act", "s4", "c5_act", "f6_act", "output")
        seen = [torch.nn.functional.pad(x, (2, 2, 2, 2))]
    for name, part in model.named_children():
        x = part(x)
        if name in ends:
            seen.append(x)
    return [states.flatten(1).detach() for states in seen]


def some_digits():
    images = load_mnist(sample=True).test.images[:6]
    return torch.cat([images, torch.zeros(1, 28, 28, dtype=torch.uint8)])


def assert_layers_equal(ask, kind, model, path):
    images = some_digits()
    got = ask("layers", weights=path, kind=kind, digits=base64_of(images))
    exact = states_of(kind, model.double(), images)
    single = states_of(kind, model.float(), images)
    for layer in range(8):
        found = torch.tensor([states[layer] for states in got], dtype=torch.float64)
        torch.testing.assert_close(found, exact[layer], rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(found.float(), single[layer], rtol=1e-5, atol=1e-5)


def test_every_layer_equals_pytorch(ask, saved):
    assert_layers_equal(ask, *saved)


@pytest.mark.parametrize("kind", BUILDERS)
def test_every_layer_of_the_shipped_networks_equals_pytorch(ask, kind):
    path = TRAINED / f"{kind}.safetensors"
    if not path.exists():
        pytest.skip("no trained weights in the package yet")
    assert_layers_equal(ask, kind, load_model(BUILDERS[kind](), path), path)


def test_the_input_is_that_of_the_package():
    images = some_digits()
    for kind, expected in (
        ("lenet5_1998", normalise_1998(pad_to_32(images))),
        ("lenet5_modern", normalise_modern(images)),
    ):
        size = expected.shape[-1]
        found = states_of(kind, BUILDERS[kind](), images)[0].view(-1, 1, 32, 32)
        edge = (32 - size) // 2
        inner = found[:, :, edge : 32 - edge, edge : 32 - edge]
        torch.testing.assert_close(inner, expected, rtol=0, atol=1e-6)


def test_a_unit_is_explained_as_pytorch_computes_it(ask, saved):
    kind, model, path = saved
    model.double()
    image = some_digits()[2:3]
    # layer, map, row, column: in a corner, in the middle, at the end
    units = [(1, 0, 0, 0), (1, 5, 27, 3), (2, 4, 6, 7), (3, 9, 4, 4), (3, 15, 9, 0), (4, 12, 2, 3)]
    units += [(5, 119, 0, 0), (6, 83, 0, 0)]
    answers = ask("units", weights=path, kind=kind, digits=base64_of(image), units=units)
    seen = states_of(kind, model, image)
    sides = (32, 28, 14, 10, 5, 1, 1)
    for (layer, which, y, x), told in zip(units, answers, strict=True):
        state = seen[layer].view(-1, sides[layer], sides[layer])[which, y, x].item()
        assert told["state"] == pytest.approx(state, abs=1e-9)
        activated = 1.7159 * torch.tanh(torch.tensor(told["sum"] * 2 / 3, dtype=torch.float64))
        again = activated.item() if kind == "lenet5_1998" else max(0, told["sum"])
        assert again == pytest.approx(state, abs=1e-9)
        if layer == 3:
            reads = TABLE_I[which] if kind == "lenet5_1998" else torch.ones(6, dtype=torch.bool)
            assert told["reads"] == reads.nonzero()[:, 0].tolist()


def test_receptive_fields_are_where_gradients_are(ask, tmp_path):
    model = random_network("lenet5_1998")
    path = save_model(model, tmp_path / "network.safetensors")
    units = [(1, 2, 3, 27), (2, 1, 13, 0), (3, 7, 9, 2), (4, 3, 4, 1), (5, 9, 0, 0)]
    image = some_digits()[:1]
    answers = ask("units", weights=path, kind="lenet5_1998", digits=base64_of(image), units=units)
    ends = ("c1_act", "s2_act", "c3_act", "s4_act", "c5_act")
    for (layer, which, y, x), told in zip(units, answers, strict=True):
        pixels = normalise_1998(pad_to_32(image)).requires_grad_()
        states = pixels
        for name, part in model.named_children():
            states = part(states)
            if name == ends[layer - 1]:
                break
        (slope,) = torch.autograd.grad(states[0, which, y, x], pixels)
        rows, columns = slope[0, 0].nonzero().T
        field = told["field"]
        assert (field["y"], field["y"] + field["side"] - 1) == (rows.min(), rows.max())
        assert (field["x"], field["x"] + field["side"] - 1) == (columns.min(), columns.max())


def test_it_answers_as_the_package_on_the_shipped_digits(ask, first):
    images = load_mnist(sample=True).test.images
    model = load_model(lenet5_1998(), first["weights"])
    expected = model.predict(normalise_1998(pad_to_32(images))).tolist()
    assert ask("classes", **first, digits=base64_of(images)) == expected


@pytest.mark.slow
def test_its_error_on_the_test_set_is_the_record_s(ask, first):
    try:
        test = load_mnist(progress=False).test
    except RuntimeError as error:
        pytest.skip(f"MNIST is not here: {error}")
    model = load_model(lenet5_1998(), first["weights"])
    found = torch.tensor(ask("classes", **first, digits=base64_of(test.images)))
    wrong = int((found != test.labels).sum())
    with torch.no_grad():
        batches = normalise_1998(pad_to_32(test.images)).split(1000)
        expected = torch.cat([model.predict(batch) for batch in batches])
    assert wrong == int((expected != test.labels).sum())
    shipped = SHIPPED["lenet5_1998"]
    record = load_record(shipped.record)
    seed = median_seed(record, shipped.variant)
    (run,) = [run for run in record.finished(shipped.variant) if run.seed == seed]
    # One digit of 10,000 may fall on the other side, single precision against double.
    assert wrong / len(test.labels) == pytest.approx(run.final["test_error"], abs=1.5e-4)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "cut off"),
        (lambda data: data[:1000], "cut off"),
        (lambda data: data[:-4], "cut off"),
        (lambda data: b"<!doctype html><title>404</title>", "cut off"),
        (lambda data: data[:8] + b"x" + data[9:], "does not begin"),
        (lambda data: data[:-1000] + b"\x00\x00\xc0\x7f" + data[-996:], "no number"),
        (lambda data: data.replace(b'"c5.bias"', b'"c5.bios"'), "c5.bias is missing"),
        (lambda data: data.replace(b'"F32"', b'"F16"', 1), "not stored as it should be"),
    ],
)
def test_damaged_weights_are_refused_with_a_reason(ask, tmp_path, damage, message):
    path = save_model(random_network("lenet5_1998"), tmp_path / "network.safetensors")
    path.write_bytes(damage(path.read_bytes()))
    assert message in ask("load", weights=path, kind="lenet5_1998")["error"]


def test_weights_of_the_other_network_are_refused(ask, tmp_path):
    path = save_model(random_network("lenet5_modern"), tmp_path / "network.safetensors")
    assert "is missing" in ask("load", weights=path, kind="lenet5_1998")["error"]


def test_confidence_is_the_competition_that_the_network_was_trained_in(ask, first):
    shipped = SHIPPED["lenet5_1998"]
    trained = load_record(shipped.record).variants[shipped.variant]
    image = load_mnist(sample=True).test.images[:1]
    told = ask("verdict", **first, digits=base64_of(image))
    with torch.no_grad():
        outputs = load_model(lenet5_1998(), first["weights"])(normalise_1998(pad_to_32(image)))
    exponents = torch.cat([-trained["distance_scale"] * outputs[0], -torch.tensor([trained["j"]])])
    expected = exponents.softmax(0)
    assert [*told["probabilities"], told["none"]] == pytest.approx(expected.tolist(), abs=1e-5)


def prepare(ask, *drawings):
    answers = ask("prepare", drawings=list(drawings))
    return [torch.tensor(answer, dtype=torch.uint8).view(28, 28) for answer in answers]


def centre_of_mass(image):
    mass = image.double()
    along = torch.arange(28, dtype=torch.float64)
    return (mass.sum(1) @ along / mass.sum()).item(), (mass.sum(0) @ along / mass.sum()).item()


@pytest.mark.parametrize("digit", range(10))
def test_a_drawing_is_prepared_as_mnist_was(ask, digit):
    drawings = [{"strokes": strokes(digit, **place)} for place in PLACES]
    large, *others = prepare(ask, *drawings)
    rows, columns = large.nonzero().T
    height, width = rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
    assert 20 <= max(height, width) <= 22  # a shade at each edge
    assert all(13.5 <= c <= 14.5 for c in centre_of_mass(large))
    for other in others:
        assert (other.int() - large.int()).abs().max() <= 1


def test_a_large_picture_of_a_digit_gives_the_digit_back(ask):
    images = load_mnist(sample=True).test.images[:20]
    drawings = []
    for i, image in enumerate(images):
        picture = torch.zeros(160, 160, dtype=torch.uint8)
        picture[i : i + 112, 2 * i : 2 * i + 112] = image.repeat_interleave(4, 0).repeat_interleave(
            4, 1
        )
        (text,) = base64_of([picture])
        drawings.append({"picture": {"bytes": text, "size": 160}})
    assert torch.equal(torch.stack(prepare(ask, *drawings)), images)


def test_a_test_digit_is_not_touched_and_can_be_drawn_on(ask):
    image = load_mnist(sample=True).test.images[0]
    picture = {"bytes": base64_of([image])[0], "size": 28, "prepared": True}
    same, raw, more = prepare(
        ask,
        {"picture": picture},
        {"picture": picture, "normalise": False},
        {"picture": picture, "strokes": [[[3, 3], [25, 25]]], "normalise": False},
    )
    assert torch.equal(same, image)
    assert torch.equal(raw, image)
    assert torch.equal(torch.maximum(more, image), more)
    assert more[8, 8] == 255


def test_without_preparation_a_drawing_stays_where_it_is(ask):
    (image,) = prepare(ask, {"strokes": strokes(1, **CORNER), "normalise": False})
    rows, columns = image.nonzero().T
    assert (rows.min(), columns.max()) >= (17, 0)
    assert columns.max() <= 7


def test_nothing_a_dot_and_a_line_are_prepared(ask):
    nothing, dot, line = prepare(ask, {}, {"strokes": [[[2, 2]]]}, {"strokes": [[[2, 9], [26, 9]]]})
    assert not nothing.any()
    assert 0 < (dot > 0).sum() < 25
    assert (line > 0).any(0).sum() >= 20


def test_ink_is_what_differs_from_the_border(ask):
    torch.manual_seed(0)
    dark_on_light = torch.full((8, 12), 230, dtype=torch.uint8)
    dark_on_light += torch.randint(0, 9, (8, 12), dtype=torch.uint8)  # paper is not even
    dark_on_light[2:6, 5] = 20
    found = [
        torch.tensor(ask("ink", grey=base64_of([grey])[0], width=12, height=8))
        for grey in (dark_on_light, 255 - dark_on_light)
    ]
    expected = torch.zeros(12, 12, dtype=torch.long)
    expected[4:8, 5] = 255  # in the middle of a square
    for ink in found:
        assert torch.equal(ink.view(12, 12), expected)
    flat = torch.full((8, 12), 128, dtype=torch.uint8)
    told = ask("ink", grey=base64_of([flat])[0], width=12, height=8)
    assert "nothing in it stands out" in told["error"]


def test_digits_drawn_small_or_in_a_corner_are_read(ask, first):
    drawings = [{"strokes": strokes(d, **place)} for place in PLACES for d in range(10)]
    images = prepare(ask, *drawings)
    assert ask("classes", **first, digits=base64_of(images)) == [*range(10)] * len(PLACES)


def test_the_test_digits_are_those_of_the_sample():
    assert json.loads((LIVE / "digits.json").read_text(encoding="utf-8")) == choose()


def test_code_and_first_network_fit_the_budget(tmp_path):
    shipped = TRAINED / "lenet5_1998.safetensors"
    if not shipped.exists():
        shipped = save_model(lenet5_1998(), tmp_path / "network.safetensors")
    code = [path for path in LIVE.iterdir() if path.suffix in (".js", ".css", ".json")]
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in [*code, shipped]}
    # Fetched in one lesson alone, at a guess.
    for name, most in {"plates.json": 100, "pixels.json": 300, "shuffled.json": 130}.items():
        assert sizes.pop(name) <= 1_000 * most, name
    apart = ("training.js", "training.css", "training-worker.js", "tensors.js")
    assert sum(map(sizes.pop, apart)) <= 20_000  # in lesson 10 alone
    assert sum(sizes.values()) <= BUDGET


def test_the_code_names_no_other_host():
    for path in LIVE.iterdir():
        if path.suffix in (".js", ".css"):
            named = re.findall(r"(?:https?:|url[(])//[^\"]+", path.read_text(encoding="utf-8"))
            assert named in ([], ["http://www.w3.org/2000/svg"]), path  # a name, not an address
