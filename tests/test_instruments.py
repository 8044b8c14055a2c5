"""The instruments of the lessons: their arithmetic against PyTorch, and readers' hands on them."""

import base64
import json
import math
import re
import sys

import pytest
import torch
from conftest import ROOT
from playwright.sync_api import expect
from torch.nn import functional as F

from lenet_utils import (
    TABLE_I,
    LeNet5,
    SparseConv2d,
    checks,
    layer_table,
    lenet5_1998,
    load_mnist,
    load_record,
    load_trained,
    normalise_1998,
    normalise_modern,
    pad_to_32,
    scaled_tanh,
)
from lenet_utils.distortions import warp
from lenet_utils.results.intervals import difference
from lenet_utils.results.matrix import matrix

sys.path.append(str(ROOT / "tests" / "live"))
import family
from harness import INSTRUMENTS, PAGE, assemble, lenet_tables, look, opened, serve

TRAINED = ROOT / "lenet_utils" / "trained"
IMAGES = load_mnist(sample=True).test.images[::97]
BYTES = [base64.b64encode(image.numpy().tobytes()).decode() for image in IMAGES]
MINUS = "\N{MINUS SIGN}"
STEPS = 12  # later, near the best picture, steps overshoot, and rounding decides where to
WAYS = [{}, {"turn": 30}, {"turn": -75, "size": 0.7}, {"slant": 0.5}, {"right": 3.5, "down": -2}]


def maps_of(ways):
    """Return the affine maps, (N, 2, 3), by matrices of their own: moved · turned · slanted."""
    maps = []
    for way in ways:
        angle = math.radians(way.get("turn", 0))
        turned = torch.tensor(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        )
        slanted = torch.tensor([[1.0, way.get("slant", 0)], [0, 1]])
        linear = way.get("size", 1) * turned @ slanted
        moved = torch.tensor([[way.get("right", 0.0)], [way.get("down", 0.0)]])
        maps.append(torch.cat([linear, moved], 1))
    return torch.stack(maps)


def answers(pictures):
    """Return what LeNet-5 of 1998 reads, by PyTorch: (N, 28, 28) bytes to (N,)."""
    return load_trained("lenet5_1998")(normalise_1998(pad_to_32(pictures))).argmin(1)


def test_a_digit_is_bent_as_the_package_bends_it(ask):
    expected = maps_of(WAYS)
    found = torch.tensor(ask("affine", ways=WAYS))
    assert torch.allclose(found, expected, atol=1e-6)
    mine = torch.tensor(ask("warp", digits=BYTES, maps=found.tolist())).view(-1, 28, 28)
    images = IMAGES.repeat_interleave(len(WAYS), 0)
    theirs = warp(images, expected.repeat(len(IMAGES), 1, 1))
    assert (mine - theirs.long()).abs().max() <= 1


def test_pen_and_noise(ask):
    plain, thick, thin, noisy, again = torch.tensor(
        ask(
            "bent",
            digits=BYTES[:1],
            ways=[{}, {"pen": 1}, {"pen": -1}, {"noise": 20}, {"noise": 20}],
        )
    )[0]
    assert torch.equal(plain, IMAGES[0].flatten().long())
    cross = F.unfold(F.pad(IMAGES[0].float()[None, None], (1, 1, 1, 1)), 3)[0, [1, 3, 4, 5, 7]]
    assert torch.equal(thick, cross.amax(0).long())
    assert torch.equal(thin, cross.amin(0).long())
    changed = noisy != plain
    assert torch.equal(noisy, again)
    assert set(noisy[changed].tolist()) <= {0, 255}
    assert 0.05 < changed.double().mean() < 0.2  # half of the 20% are what they were, black


def test_limits_are_where_the_answer_changes(ask):
    weights, kind = TRAINED / "lenet5_1998.safetensors", "lenet5_1998"
    names = ["turn", "size", "noise"]
    found = ask("limits", digits=BYTES[:4], names=names, weights=weights, kind=kind)
    steps, zero, bounds = {"turn": 1, "size": 0.02, "noise": 2}, {"size": 1}, {"turn": 90}
    for digit, image, limits in zip(BYTES, IMAGES, found, strict=False):
        right = answers(image[None])
        for way, (_, most) in zip(names, limits, strict=True):
            count = round((most - zero.get(way, 0)) / steps[way])
            held = [zero.get(way, 0) + i * steps[way] for i in range(count + 2)]
            ways = [{way: value} for value in held]
            pictures = torch.tensor(ask("bent", digits=[digit], ways=ways))[0]
            read = answers(pictures.view(-1, 28, 28).byte())
            assert (read[:-1] == right).all(), way
            assert most >= bounds.get(way, math.inf) or way != "turn" or read[-1] != right


def test_a_cover_takes_the_ink_away(ask):
    covers = [(4, 6, 7), (-3, 20, 5), (25, 25, 13)]
    for (row, column, side), found in zip(
        covers, ask("covered", digits=BYTES, covers=covers), strict=True
    ):
        expected = IMAGES[0].clone()
        expected[max(0, row) : row + side, max(0, column) : column + side] = 0
        assert found == expected.flatten().tolist()


def test_a_kernel_gives_pytorchs_map(ask):
    generator = torch.Generator().manual_seed(3)
    picture, weights = (torch.randn(n, n, generator=generator).double() for n in (32, 5))
    found = ask(
        "sums", picture=picture.flatten().tolist(), size=32, weights=weights.flatten().tolist()
    )
    expected = F.conv2d(picture[None, None], weights[None, None])[0, 0]
    assert torch.allclose(torch.tensor(found, dtype=torch.float64), expected.flatten())


@pytest.mark.parametrize("kind", ["lenet5_1998", "lenet5_modern"])
def test_the_gradient_of_a_picture_is_pytorchs(ask, kind):
    net = load_trained(kind)
    picture = pad_to_32(IMAGES[:1])
    x = normalise_1998(picture) if kind == "lenet5_1998" else normalise_modern(IMAGES[:1])
    x.requires_grad_()
    until_c3 = [part for name, part in net.named_children() if name[:2] in ("c1", "s2", "c3")][:-1]
    units = [("C3", 12 * 100 + 44), ("C3", 3 * 100 + 7), ("Output", 3)]
    found = ask("gradients", weights=TRAINED / f"{kind}.safetensors", kind=kind, digits=BYTES[:1],
                units=units)  # fmt: skip
    for (title, place), mine in zip(units, found, strict=True):
        states = x
        for part in until_c3 if title == "C3" else net.children():
            states = part(states)
        (theirs,) = torch.autograd.grad(states.flatten()[place], x)
        mine = torch.tensor(mine).view(32, 32)
        if kind == "lenet5_modern":  # whose C1 pads the 28x28 pixels itself
            mine = mine[2:-2, 2:-2]
        assert torch.allclose(mine, theirs[0, 0], atol=1e-4 * float(theirs.abs().max())), title


@pytest.mark.parametrize("wanted", ["C3-12", "C3-4", "Output-7"])
def test_a_picture_grows_as_in_the_lesson(ask, wanted):
    net, (kind, which) = load_trained("lenet5_1998"), wanted.split("-")
    until_c3 = net[: list(dict(net.named_children())).index("c3") + 1]
    x, expected = torch.full((1, 1, 32, 32), -0.1), []

    def score(x):
        return until_c3(x)[0, int(which), 4, 4] if kind == "C3" else -net(x)[0, int(which)]

    for _ in range(STEPS):
        (slope,) = torch.autograd.grad(score(x.requires_grad_()), x)
        x = (x.detach() + 0.5 * slope / slope.norm()).clamp(-0.1, 1.175)
        expected.append(float(score(x).detach()))
    weights = TRAINED / "lenet5_1998.safetensors"
    found = ask("climbed", weights=weights, kind="lenet5_1998", wanted=wanted, steps=STEPS)
    assert found == pytest.approx(expected, rel=1e-2, abs=1e-2)
    assert found[-1] > found[0]


def test_lines_at_fault_are_those_that_the_check_wants(ask):
    table = lenet_tables.faults()
    assert [line["letter"] for line in table["lines"]] == list("abcdefghijklmnopqrstuv")
    assert checks.faults("".join(table["faults"]))
    for letters in (letter for letter in table["sound"]):
        assert not checks.faults("".join(table["faults"]) + letters)
    all_found, none, mixed = ask(
        "judgedFaults", table=table, choices=[list(table["faults"]), [], ["a", "f", "p"]]
    )
    assert len(all_found["found"]) == 14 and not all_found["missed"] + all_found["alarms"]
    assert len(none["missed"]) == 14 and not none["found"] + none["alarms"]
    assert (mixed["found"], mixed["alarms"], len(mixed["missed"])) == (["a", "f"], ["p"], 12)
    costs = {letter for letter, fault in table["faults"].items() if fault["costs"]}
    assert costs == set("dfijmqr")


def of_page(layers):
    """Return a page's fully connected or convolutional layers as PyTorch's."""
    for layer in layers:
        whole = torch.frombuffer(bytearray(base64.b64decode(layer["weight"])), dtype=torch.int8)
        weight = whole.view(layer["shape"]) * torch.tensor(layer["scale"]).view(
            -1, *[1] * (len(layer["shape"]) - 1)
        )
        yield weight, torch.tensor(layer["bias"])


def full(layers, x):
    """Return the scores of a fully connected network with the paper's tanh, by PyTorch."""
    *hidden, last = of_page(layers)
    for weight, bias in hidden:
        x = scaled_tanh(F.linear(x, weight, bias))
    return F.linear(x, *last)


def test_networks_of_shuffled_digits_are_those_of_pytorch(ask):
    path = ROOT / "book" / "_static" / "live" / "shuffled.json"
    page = json.loads(path.read_text("utf-8"))
    generator = torch.Generator().manual_seed(2)
    assert page["order"] == torch.randperm(32 * 32, generator=generator).tolist()
    x = normalise_1998(pad_to_32(IMAGES)).flatten(1)[:, page["order"]]
    lenet = LeNet5(activation=torch.nn.ReLU, pooling="max", c3="full", output="linear")
    names = ("c1", "c3", "c5", "f6", "output")
    for name, (weight, bias) in zip(names, of_page(page["networks"]["LeNet-5"]), strict=True):
        layer = lenet.get_submodule(name)
        layer.weight.data, layer.bias.data = weight, bias
    expected = {
        "fully connected": full(page["networks"]["fully connected"], x),
        "LeNet-5": lenet(x.view(-1, 1, 32, 32)),
    }
    found = ask("shuffledScores", page=path, digits=BYTES)
    truth = load_mnist(sample=True).test.labels[::97]
    for name, scores in expected.items():
        assert torch.allclose(torch.tensor(found[name]), scores, atol=1e-3), name
        assert (scores.argmax(1) == truth).double().mean() > 0.7  # they do read shuffled digits


def test_a_digit_of_pixels_has_its_answer_and_neighbour(ask):
    path = ROOT / "book" / "_static" / "live" / "pixels.json"
    page = json.loads(path.read_text("utf-8"))
    sample = load_mnist(sample=True).train
    count = len(page["labels"])
    assert page["labels"] == sample.labels[:count].tolist()
    greys = sample.images[:count].double().flatten(1)
    found = ask("pixelAnswers", page=path, digits=BYTES)
    scores = full(page["network"], normalise_1998(IMAGES).flatten(1))
    distances = torch.cdist(IMAGES.double().flatten(1), greys) / 255
    for mine, theirs, far in zip(found, scores, distances, strict=True):
        assert torch.allclose(torch.tensor(mine["scores"]), theirs, atol=1e-3)
        # The page has 16 greys: half a step of them for each pixel with ink moves a digit so far.
        assert far[mine["at"]] <= far.min() + 0.5
        assert mine["distance"] == pytest.approx(float(far[mine["at"]]), abs=0.3)
    right = (scores.argmax(1) == load_mnist(sample=True).test.labels[::97]).double().mean()
    assert right > 0.8


def test_a_step_of_teaching_is_a_step_of_pytorch(ask):
    net = load_trained("lenet5_1998")
    code = torch.randint(0, 2, (84,), generator=torch.Generator().manual_seed(1)) * 2.0 - 1
    weights = TRAINED / "lenet5_1998.safetensors"
    found = ask("taught", weights=weights, kind="lenet5_1998", digits=BYTES[:1], code=code.tolist(),
                rate=1e-3)  # fmt: skip
    optimizer = torch.optim.SGD([*net.c5.parameters(), *net.f6.parameters()], 1e-3)
    old = net.f6.weight.detach().flatten().clone()
    x = normalise_1998(pad_to_32(IMAGES[:1]))
    loss = (net[:-1](x).flatten() - code).square().sum()
    loss.backward()
    optimizer.step()
    assert found["before"] == pytest.approx(loss.item(), rel=1e-4)
    assert torch.allclose(torch.tensor(found["same"]), old)  # the page's own network stays
    for mine, theirs in (
        (found["f6"], net.f6.weight),
        (found["c5"], net.c5.weight),
        (found["biases"], torch.cat([net.c5.bias, net.f6.bias])),
        (found["states"], net[:-1](x)),
    ):
        assert torch.allclose(torch.tensor(mine), theirs.flatten(), atol=1e-4)


def test_a_symbol_is_taught_by_five_examples(ask):
    digits = [int((load_mnist(sample=True).test.labels == d).nonzero()[0]) for d in range(10)]
    shown = [base64.b64encode(load_mnist(sample=True).test.images[i].numpy().tobytes()).decode()
             for i in digits]  # fmt: skip
    crosses = []
    for i in range(6):  # five to learn from, and one more
        cross = torch.zeros(28, 28, dtype=torch.uint8)
        cross[5 + i % 3 : 23, 12 + i % 4 : 15 + i % 4] = cross[12 + i % 2 : 15 + i % 2, 5:23] = 255
        crosses.append(base64.b64encode(cross.numpy().tobytes()).decode())
    code = torch.ones(12, 7).neg()
    code[2:10, 3] = code[5] = 1
    found = ask(
        "lesson",
        weights=TRAINED / "lenet5_1998.safetensors",
        kind="lenet5_1998",
        digits=shown,
        labels=list(range(10)),
        examples=crosses[:5],
        asked=[*shown, crosses[5]],
        code=code.flatten().tolist(),
        epochs=30,
        rate=0.0005,
    )
    assert found["count"] == 5 * 9 + 10
    assert found["far"][-1] < found["far"][0] / 5
    answers = torch.tensor(found["answers"]).argmin(1).tolist()
    assert answers == [*range(10), 10]


def test_a_digit_is_moved_with_background_coming_in(ask):
    moves = [(0, 0), (2, -3), (-1, 4), (40, 0)]
    found = ask("moved", digits=BYTES[:1], moves=moves)
    for move, mine in zip(moves, found, strict=True):
        expected = warp(IMAGES[:1], torch.tensor([[[1.0, 0, move[1]], [0, 1, move[0]]]]))
        assert torch.equal(torch.tensor(mine), expected.flatten().long()), move


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serve(assemble(tmp_path_factory.mktemp("book"), TRAINED)) as page:
        yield page


@pytest.fixture
def page(browser, address, request):
    """All instruments on one page; with a parameter that one alone, which is there sooner."""
    names = [request.param] if hasattr(request, "param") else []
    with opened(browser, address, *names) as page:
        yield page


def draw(page, place, points):
    """Draw a line with the mouse, through points in units of a field."""
    for i, (x, y) in enumerate(points):
        page.mouse.move(place["x"] + x * place["width"], place["y"] + y * place["height"], steps=12)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


@pytest.mark.browser
@pytest.mark.parametrize("page", ["bend"], indirect=True)
def test_bending_begins_with_a_guess(page):
    tool = page.locator("[data-instrument=bend]")
    expect(tool.get_by_label("Turn", exact=True)).to_be_hidden()
    tool.get_by_label("Your guess").fill("20")
    tool.get_by_role("button", name="That is my guess").press("Enter")
    expect(tool.locator(".instrument-limits")).to_contain_text(
        "Of the 20 test digits", timeout=60_000
    )
    text = tool.locator(".instrument-limits").text_content()
    most = int(re.search(r"You guessed 20°\. It is read as 7 up to (\d+)°", text)[1])
    turn = tool.get_by_label("Turn", exact=True)
    turn.fill(str(most))
    old = tool.locator(".instrument-answer").first
    expect(old).to_contain_text("LeNet-5 of 1998: 7,")
    turn.press("ArrowRight")
    expect(old).not_to_contain_text("LeNet-5 of 1998: 7,")
    expect(tool.get_by_role("status").last).to_contain_text("LeNet-5 of today")
    tool.get_by_role("button", name="As it was").tap()
    expect(old).to_contain_text("LeNet-5 of 1998: 7,")
    tool.get_by_role("button", name="Test digit 3").tap()
    expect(old).to_contain_text("LeNet-5 of 1998: 3,")


@pytest.mark.browser
@pytest.mark.parametrize("page", ["cover"], indirect=True)
def test_the_cover_is_dragged_and_moved_by_keys(page):
    tool = page.locator("[data-instrument=cover]")
    canvas = tool.get_by_role("application").first
    place = canvas.bounding_box()
    canvas.scroll_into_view_if_needed()
    place = canvas.bounding_box()
    page.mouse.move(place["x"] + 5, place["y"] + 5)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.75, place["y"] + place["height"] * 0.5, steps=4)
    page.mouse.up()
    expect(canvas).to_have_attribute("aria-label", re.compile("row 11, column 18"))
    canvas.press("ArrowLeft")
    expect(canvas).to_have_attribute("aria-label", re.compile("row 11, column 17"))
    tool.get_by_role("button", name="That is my guess").tap()
    result = tool.locator(".instrument-limits")
    expect(result).to_contain_text("The worst place is row", timeout=60_000)
    image = load_mnist(sample=True).test
    seven = base64.b64decode(
        page.evaluate("fetch('../_static/live/digits.json').then(a => a.json())")["7"][0]
    )
    image = torch.frombuffer(bytearray(seven), dtype=torch.uint8).view(28, 28)
    covers = []
    for row in range(22):
        for column in range(22):
            covers.append(image.clone())
            covers[-1][row : row + 7, column : column + 7] = 0
    pictures = normalise_1998(pad_to_32(torch.stack([image, *covers])))
    distances = load_trained("lenet5_1998")(pictures)[:, 7]
    rises = (distances[1:] - distances[0]).view(22, 22)
    row, column = divmod(int(rises.argmax()), 22)
    expect(result).to_contain_text(f"row {row}, column {column}: {rises.max():.1f}")
    expect(result).to_contain_text(
        f"changes the distance by {rises[11, 17]:+.1f}".replace("-", MINUS)
    )


@pytest.mark.browser
@pytest.mark.parametrize("page", ["kernel"], indirect=True)
def test_the_sum_is_guessed_before_it_is_shown(page):
    tool = page.locator("[data-instrument=kernel]")
    answer = tool.locator(".instrument-answer")
    expect(answer).to_have_text("The window begins at row 8, column 12.")
    tool.get_by_role("button", name="One pixel").tap()
    canvas = tool.get_by_role("application").first
    canvas.press("ArrowDown")
    tool.get_by_label(re.compile("add up to")).fill("2")
    tool.get_by_role("button", name="That is my guess").tap()
    expect(answer).to_contain_text("You guessed 2.0. The sum is")
    found = page.evaluate("fetch('../_static/live/digits.json').then((a) => a.json())")
    seven = torch.frombuffer(bytearray(base64.b64decode(found["7"][0])), dtype=torch.uint8)
    pixel = float(normalise_1998(pad_to_32(seven.view(1, 28, 28)))[0, 0, 9 + 2, 12 + 2])
    expect(answer).to_contain_text(f"The sum is {pixel:.2f}.".replace("-", MINUS))
    canvas.press("ArrowRight")
    expect(answer).to_have_text("The window begins at row 9, column 13.")


@pytest.mark.browser
def test_a_digit_drawn_once_is_read_everywhere(page, address):
    page.goto(address)
    page.locator(".live-best").wait_for()
    pad = page.locator("[data-live=pad]")
    place = pad.bounding_box()
    draw(page, place, [(0.5, 0.15), (0.5, 0.85)])
    expect(page.locator("[data-live=spoken]")).to_contain_text("Read as 1", timeout=10_000)
    page.goto(address.replace(PAGE, INSTRUMENTS))
    cover = page.locator("[data-instrument=cover]")
    expect(cover.locator(".instrument-answer")).to_have_text("Uncovered it is read as 1.")
    cover.get_by_text("Draw your own").tap()
    field = cover.get_by_role("application", name="Drawing field")
    field.scroll_into_view_if_needed()
    place = field.bounding_box()
    draw(page, place, [(0.2, 0.2), (0.8, 0.2), (0.45, 0.9)])
    expect(cover.locator(".instrument-answer")).to_have_text("Uncovered it is read as 7.")


@pytest.mark.browser
def test_nothing_is_wider_than_a_phone(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_change_is_relative_and_a_map_is_halved_in_four_ways(ask):
    generator = torch.Generator().manual_seed(5)
    size, coefficient, bias = 28, 0.3, -0.2
    before, now = torch.randn(2, size, size, generator=generator, dtype=torch.float64)
    found = ask(
        "halved",
        before=before.flatten().tolist(),
        now=now.flatten().tolist(),
        size=size,
        coefficient=coefficient,
        bias=bias,
    )
    assert found["change"] == pytest.approx(float((now - before).norm() / before.norm()))
    four = F.avg_pool2d(before[None], 2)[0]
    expected = [
        scaled_tanh(4 * coefficient * four + bias),
        four,
        F.max_pool2d(before[None], 2)[0],
        before[::2, ::2],
    ]
    for mine, theirs in zip(found["ways"], expected, strict=True):
        assert torch.allclose(torch.tensor(mine, dtype=torch.float64), theirs.flatten())


@pytest.mark.parametrize("table", [TABLE_I, torch.ones_like(TABLE_I)], ids=["Table I", "full"])
def test_wires_are_counted_as_the_package_counts_layers(ask, table):
    model = lenet5_1998()
    model.c3 = SparseConv2d(table)
    counted = layer_table(model, (1, 32, 32))
    (found,) = ask("counts", crosses=[int(table.sum())])
    assert found == {
        "c3": counted["c3"].parameters,
        "parameters": counted.parameters,
        "connections": counted.connections,
    }


@pytest.mark.browser
@pytest.mark.parametrize("page", ["shift"], indirect=True)
def test_the_digit_is_moved_and_every_layer_says_how_much_it_changed(page):
    tool = page.locator("[data-instrument=shift]")
    expect(tool.locator(".instrument-bars")).to_be_hidden()
    tool.get_by_role("button", name="That is my guess").tap()
    line = tool.locator(".instrument-answer")
    expect(line).to_contain_text("Moved by 1 to the right and 0 down")
    found = page.evaluate("fetch('../_static/live/digits.json').then((a) => a.json())")
    seven = torch.frombuffer(bytearray(base64.b64decode(found["7"][0])), dtype=torch.uint8)
    before = normalise_1998(pad_to_32(seven.view(1, 28, 28)))
    now = before.roll(1, 3)
    network = load_trained("lenet5_1998")
    for name, part in network.named_children():
        before, now = part(before), part(now)
        if name in ("c1_act", "s2_act", "f6_act"):
            changed = float((now - before).detach().norm() / before.detach().norm())
            expect(line).to_contain_text(f"{name[:2].upper()} {100 * changed:.0f} %")
    canvas = tool.get_by_role("application").first
    canvas.press("ArrowLeft")
    expect(line).to_contain_text("of C1 0 % changes")
    figure = tool.locator(".instrument-four figcaption").first
    expect(figure).to_have_text("Sum, coefficient, bias: changed by 0 %")
    canvas.press("ArrowDown")
    expect(figure).not_to_have_text("Sum, coefficient, bias: changed by 0 %")


@pytest.mark.browser
@pytest.mark.parametrize("page", ["wires"], indirect=True)
def test_wires_are_switched_after_a_guess(page):
    tool = page.locator("[data-instrument=wires]")
    line = tool.locator(".instrument-answer")
    expect(line).to_have_text("60 wires.")
    tool.get_by_label(re.compile("how many parameters")).fill("61706")
    tool.get_by_role("button", name="That is my guess").tap()
    expect(tool.locator(".instrument-limits")).to_contain_text("You guessed 61,706. It is 60,900")
    expect(line).to_contain_text("96 wires: C3 has 2,416 parameters, the network 60,900")
    tool.get_by_role("button", name="Table I", exact=True).tap()
    expect(line).to_contain_text(
        "60 wires: C3 has 1,516 parameters, the network 60,000, and 340,908"
    )
    box = tool.get_by_role("checkbox", name="Map 0 of C3 reads map 0 of S2")
    box.press("Space")
    expect(line).to_contain_text("59 wires: C3 has 1,491 parameters, the network 59,975")


@pytest.fixture(scope="module")
def counted():
    return family.count()


@pytest.mark.parametrize("name", family.NETWORKS)
def test_a_network_is_walked_through_as_the_package_counts_it(ask, counted, name):
    assert json.loads(family.TARGET.read_text(encoding="utf-8")) == counted
    with torch.device("meta"):
        network = family.NETWORKS[name]()
    for side in (224, 280):
        layers = layer_table(network, (3, side, side))
        found = ask("walk", table=counted, name=name, side=side)
        assert found["parameters"] == layers.parameters
        assert found["work"] == layers.macs
        full = [layer for layer in layers if layer.output_shape[1:] == ()]
        assert found["convolutions"] == len(found["layers"]) - len(full)
        before = 1 - sum(layer.parameters for layer in full) / layers.parameters
        convolution = found["layers"][found["convolutions"] - 1]
        assert convolution["upTo"]["parameters"] == pytest.approx(before)
        assert sum(layer["own"]["work"] for layer in found["layers"]) == pytest.approx(1)


@pytest.mark.browser
@pytest.mark.parametrize("page", ["family"], indirect=True)
def test_the_family_is_walked_through_by_finger_and_by_key(page):
    tool = page.locator("[data-instrument=family]")
    line = tool.locator(".instrument-answer")
    expect(line).to_be_hidden()
    tool.get_by_label("Your guess").fill("90")
    tool.get_by_role("button", name="That is my guess").press("Enter")
    expect(tool.locator(".instrument-limits")).to_contain_text("You guessed 90 %. It is 11 %:")
    expect(line).to_contain_text("VGG-16, layer 13 of 16, features.28: 1.7 % of the parameters")
    expect(line).to_contain_text("Up to here 11 % and 99 %.")
    tool.get_by_label("Layer", exact=True).press("ArrowRight")
    expect(line).to_contain_text("classifier.0: 74 % of the parameters, 0.7 % of the work")
    tool.get_by_role("button", name="GoogLeNet").tap()
    expect(line).to_contain_text("GoogLeNet, layer 1 of 58")
    chart = tool.locator("svg")
    chart.scroll_into_view_if_needed()
    place = chart.bounding_box()
    page.touchscreen.tap(place["x"] + place["width"] * 0.93, place["y"] + 60)
    expect(line).to_contain_text(re.compile(r"layer 5\d of 58"))
    row = tool.locator("tr", has_text="VGG-16")
    expect(row).to_have_text("VGG-161613815.5")
    tool.get_by_label("Picture side").press("End")
    expect(row).to_have_text("VGG-161613861.5")
    look(page, "family")


def shown(change):
    """A difference in percentage points, as the page writes it."""
    return change.points().replace("-", MINUS).replace(", 95%", " points, 95%")


def test_what_the_lessons_show_comes_from_the_records(ask):
    found = lenet_tables.configurations()
    record = load_record("interpretations")
    name = found["asked"][0]
    errors = [curve[9] for curve in record.curves("test_error", name)]
    mean, half, n = record.mean("test_error", name, 10)
    mean_found, low, high = found["rows"][name]["curves"]["test_error"][9]
    assert mean_found == pytest.approx(100 * mean)
    assert found["rows"][name]["seeds"] == n == len(errors) == 32
    wider = (n + 1) ** 0.5  # one run more, not the mean of all
    assert (high - low) / 2 == pytest.approx(100 * half * wider)
    assert found["paper"]["test_error"][0] == [1, pytest.approx(2.64)]
    assert [at for at, _ in found["paper"]["train_error"]] == [1, 5, 10, 19]
    assert found["left"] + len(found["rows"]) == len(record.variants)
    rows = {row.name: row for row in matrix()}
    for name, row in found["rows"].items():
        words = [word for of in row["words"].values() for word in of.values()]
        cells = [
            c for c in rows[name].cells if c.published.at_epoch and "error" in c.published.what
        ]
        assert words == [cell.verdict.word for cell in cells]
    assert ask("axis", values=[0.3, 58])["ticks"] == [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]


def test_the_road_says_of_each_exchange_what_the_record_says(ask):
    steps = lenet_tables.road()
    record = load_record("road-to-today")
    names = [name for name in record.variants if not name.startswith("modern,")]
    assert [step["name"] for step in steps] == [name.removeprefix("+ ") for name in names]
    words = ask("judged", steps=steps)
    before = names[0]
    for name, said in zip(names[1:], words, strict=True):
        change = difference(*(record.values("test_error", v) for v in (before, name)))
        assert said.startswith(f"You guessed {name.removeprefix('+ ')}: {shown(change)}.")
        assert ("That is the largest fall" in said) == (name == "+ ReLU")
        assert "seen for 2, and for 1 it stays" in said
        before = before if name == "+ average pooling" else name


@pytest.mark.browser
@pytest.mark.parametrize("page", ["configuration"], indirect=True)
def test_a_configuration_is_chosen_and_followed(page):
    tool = page.locator("[data-instrument=configuration]")
    line = tool.locator(".instrument-answer")
    expect(line).to_be_hidden()
    tool.get_by_label("Your guess").fill("0.3")
    tool.get_by_role("button", name="That is my guess").tap()
    asked = [row for row in matrix() if row.name in lenet_tables.ASKED]
    small, large = sorted(asked, key=lambda row: lenet_tables.ASKED.index(row.name))
    ends = [row.record.values("test_error", row.variant) for row in (small, large)]
    said = tool.locator(".instrument-limits")
    expect(said).to_contain_text(f"You guessed 0.30. It is {shown(difference(*ends))}, j = 10")
    mean = small.record.mean("test_error", small.variant, 10).mean
    expect(line).to_contain_text(f"Epoch 10, rate 0.00005: a mean of {100 * mean:.2f} % over 32")
    expect(line).to_contain_text("The paper's 0.95 % is inside.")
    tool.get_by_label("Errors on").select_option("train_error")
    tool.get_by_label("Epoch", exact=True).press("ArrowRight")
    expect(line).to_contain_text("The paper has no value here.")
    tool.get_by_label("Configuration").select_option("by the letter")
    expect(line).to_contain_text("over 16 seeds")
    tool.get_by_label("Epoch", exact=True).press("ArrowLeft")
    expect(line).to_contain_text("the runs 8.20 to 90.44 %. The paper's 0.48 % is not")
    expect(tool.get_by_role("img")).to_have_attribute(
        "aria-label",
        re.compile("^Training digits, while learning: errors of by the letter over 20"),
    )
    look(page, "configuration")


@pytest.mark.browser
@pytest.mark.parametrize("page", ["road"], indirect=True)
def test_the_road_is_walked_after_a_guess(page):
    tool = page.locator("[data-instrument=road]")
    line = tool.locator(".instrument-answer")
    expect(line).to_be_hidden()
    tool.get_by_label("Which exchange").select_option("Adam")
    tool.get_by_role("button", name="That is my guess").tap()
    expect(tool.locator(".instrument-limits")).to_contain_text("You guessed Adam: +0.00 points")
    walk = tool.get_by_label("Step", exact=True)
    walk.press("ArrowRight")
    record = load_record("road-to-today")
    mean = record.mean("test_error", "+ ReLU").mean
    expect(line).to_contain_text(f"Step 6, ReLU: {100 * mean:.2f} % of the test digits (mean of 8")
    expect(line).to_contain_text("against Adam.")
    walk.press("Home")
    expect(line).to_contain_text("Step 0, best configuration of 1998:")
    expect(tool.locator(".chart-dot")).to_have_count(1)
    look(page, "road")


def test_a_field_is_what_the_gradient_reaches(ask):
    places = [(1, 3, 20), (2, 0, 13), (3, 4, 7), (4, 2, 1), (5, 0, 0)]
    weights, kind = TRAINED / "lenet5_1998.safetensors", "lenet5_1998"
    found = ask("fields", places=places, weights=weights, kind=kind)
    states = [normalise_1998(pad_to_32(IMAGES[:1])).requires_grad_()]
    for name, layer in list(load_trained(kind).named_children())[:-1]:
        if name.endswith("_act"):
            states.append(layer(states.pop()))
        else:
            states.append(layer(states[-1]))
    for (at, y, x), field in zip(places, found, strict=True):
        for below, square in zip(states[: at + 1], field["below"], strict=True):
            (slope,) = torch.autograd.grad(states[at][0, :, y, x].sum(), below, retain_graph=True)
            rows, columns = ((slope[0] != 0).any(0).any(k).nonzero()[:, 0] for k in (1, 0))
            assert [int(rows[0]), int(columns[0])] == [square["y"], square["x"]]
            assert len(rows) == len(columns) == square["side"]
    assert found[2]["words"] == (
        "The unit of C3 in row 4, column 7 sees 5 by 5 units of S2, 10 by 10 units of C1, "
        "14 by 14 pixels, rows 8 to 21 and columns 14 to 27. In each map, 1 of S4, 1 of C5 see "
        "this unit."
    )


def test_who_sees_a_unit_sees_it(ask):
    """What a layer says of those above it is what these say of the layers below them."""
    sizes = [32, 28, 14, 10, 5, 1]
    weights, kind = TRAINED / "lenet5_1998.safetensors", "lenet5_1998"
    every = [(at, i, i) for at in range(1, 6) for i in range(sizes[at])]
    fields = ask("fields", places=every, weights=weights, kind=kind)
    asked = [(at, y, x) for at in range(6) for y, x in [(0, 0), (sizes[at] - 1, sizes[at] // 2)]]
    for (at, *place), found in zip(
        asked, ask("fields", places=asked, weights=weights, kind=kind), strict=True
    ):
        for above, square in enumerate(found["above"][1:], at + 1):
            for where, first, count in zip(place, "yx", ("tall", "side"), strict=True):
                seers = []
                for (layer, i, _), field in zip(every, fields, strict=True):
                    if layer == above:
                        start = field["below"][at]["y"]
                        if start <= where < start + field["below"][at]["side"]:
                            seers.append(i)
                assert seers == list(range(square[first], square[first] + square[count]))


@pytest.mark.browser
@pytest.mark.parametrize("page", ["field"], indirect=True)
def test_a_field_follows_the_pointer(page):
    tool = page.locator("[data-instrument=field]")
    line = tool.locator(".instrument-answer")
    expect(line).to_be_hidden()
    tool.get_by_label("Your guess").fill("10")
    tool.get_by_role("button", name="That is my guess").press("Enter")
    expect(tool.locator(".instrument-limits")).to_contain_text("You guessed 10 pixels. It is 14")
    expect(line).to_contain_text("The unit of C3 in row 5, column 5 sees 5 by 5 units of S2")
    maps = tool.get_by_role("application")
    maps.nth(3).press("ArrowRight")
    expect(line).to_contain_text("C3 in row 5, column 6")
    maps.nth(2).scroll_into_view_if_needed()
    place = maps.nth(2).bounding_box()
    page.mouse.move(place["x"] + 2, place["y"] + place["height"] - 2)
    expect(line).to_contain_text("The unit of S2 in row 13, column 0 sees 2 by 2 units of C1")
    maps.first.scroll_into_view_if_needed()
    place = maps.first.bounding_box()
    page.touchscreen.tap(place["x"] + 0.52 * place["width"], place["y"] + 0.52 * place["height"])
    expect(line).to_contain_text("The pixel in row 16, column 16. In each map, 25 of C1, 9 of S2")
    look(page, "field")


@pytest.mark.parametrize("rates", [[0.036, 0.036], [0.5, 0.01], [0.041, 0.041]])
def test_a_valley_is_descended_as_pytorch_descends_it(ask, rates):
    found = ask("descend", start=[-10, 1], rates=rates, steps=STEPS)
    point = torch.tensor([-10.0, 1.0], dtype=torch.float64, requires_grad=True)
    rates = torch.tensor(rates, dtype=torch.float64)
    for mine, mine_loss in zip(found["path"], found["losses"], strict=True):
        loss = (point[0] ** 2 + 50 * point[1] ** 2) / 2
        assert mine_loss == pytest.approx(loss.item(), rel=1e-9)
        assert mine == pytest.approx(point.tolist(), rel=1e-9)
        (slope,) = torch.autograd.grad(loss, point)
        point = (point - rates * slope).detach().requires_grad_()
    ends = {
        rate / 1000: (10 * (1 - rate / 1000) ** 20) ** 2 / 2 + 25 * (1 - rate / 20) ** 40
        for rate in range(1, 61)
    }
    assert found["best"] == min(ends, key=ends.get)


@pytest.mark.browser
@pytest.mark.parametrize("page", ["descent"], indirect=True)
def test_a_rate_too_large_climbs_and_own_rates_arrive(page):
    tool = page.locator("[data-instrument=descent]")
    line = tool.locator(".instrument-answer")
    expect(line).to_be_hidden()
    tool.get_by_label("Your guess").fill("0.041")
    tool.get_by_role("button", name="That is my guess").tap()
    said = tool.locator(".instrument-limits")
    expect(said).to_contain_text("You guessed 0.041, which ends at a loss of 185")
    expect(said).to_contain_text("The best is 0.038")
    expect(line).to_contain_text("higher than at the start. A step multiplies u by 0.96 and v by")
    tool.get_by_label("A rate for each weight").check()
    tool.get_by_role("button", name="One step").tap()
    expect(line).to_contain_text("1 step: u = 0.00, v = 0.00, the loss 0.00.")
    valley = tool.get_by_role("application")
    valley.press("ArrowUp")
    expect(line).to_contain_text(f"0 steps: u = {MINUS}10.00, v = 1.10")
    valley.press("Enter")
    expect(line).to_contain_text("1 step: ")
    valley.scroll_into_view_if_needed()
    place = valley.bounding_box()
    page.touchscreen.tap(place["x"] + place["width"] * 0.75, place["y"] + place["height"] * 0.25)
    expect(line).to_contain_text("0 steps: u = 6")
    look(page, "descent")


def test_a_unit_is_missed_as_much_as_pytorch_misses_it(ask):
    weights, kind = TRAINED / "lenet5_1998.safetensors", "lenet5_1998"
    places = [
        (1, 4, 10, 12),
        (2, 0, 6, 6),
        (3, 15, 5, 2),
        (4, 7, 2, 2),
        (5, 100, 0, 0),
        (6, 3, 0, 0),
    ]
    digit = int(answers(IMAGES[:1]))
    asked = {"digits": BYTES[:1], "digit": digit, "weights": weights, "kind": kind}
    found = ask("without", units=places, **asked)
    parts = dict(load_trained(kind).named_children())
    counted = layer_table(lenet5_1998(), (1, 32, 32))

    def distance(at=0, *place):
        state = normalise_1998(pad_to_32(IMAGES[:1])).double()
        for i, name in enumerate(("c1", "s2", "c3", "s4", "c5", "f6"), 1):
            state = parts[f"{name}_act"](parts[name].double()(state)).detach()
            if i == at:
                state[0][place] = 0
        return float(parts["output"].double()(state)[0, digit].detach())

    whole = distance()
    for (at, *place), unit in zip(places, found, strict=True):
        assert unit["change"] == pytest.approx(distance(at, *place) - whole, abs=1e-5)
        layer = [*counted][at - 1]
        maps, size, _ = layer.output_shape
        assert unit["units"] == size**2
        if layer.name != "c3":  # whose maps differ in what they read
            assert unit["connections"] == layer.connections / (maps * size**2)
            assert unit["parameters"] == layer.parameters / maps
    assert found[2]["connections"] == found[2]["parameters"] == 6 * 25 + 1


@pytest.mark.browser
@pytest.mark.parametrize("page", ["units"], indirect=True)
def test_any_unit_is_pointed_at_and_silenced(page):
    tool = page.locator("[data-instrument=units]")
    line, said = tool.locator(".instrument-answer"), tool.locator(".instrument-limits")
    expect(line).to_have_text(
        "C3 map 0, row 5, column 5. It has 76 connections and 76 parameters, "
        "which the 100 units of its map share."
    )
    maps = tool.get_by_role("application")
    maps.nth(2).press("PageDown")
    expect(line).to_contain_text("S2 map 1, row 7, column 7. It has 5 connections and 2 parameters")
    tool.get_by_label("In which layer").select_option("C3")
    tool.get_by_role("button", name="That is my guess").tap()
    expect(said).to_contain_text("You guessed C3. The largest changes", timeout=60_000)
    expect(said).to_contain_text("C5 1.36, F6 1.00. The frame shows the one in C5.")
    expect(line).to_contain_text(re.compile(r"^C5 unit \d+\. It has 401 connections"))
    expect(line).to_contain_text(re.compile(r"the distance to the code of 7 .*changes by .?1\.36"))
    maps.nth(1).scroll_into_view_if_needed()
    place = maps.nth(1).bounding_box()
    page.touchscreen.tap(place["x"] + place["width"] / 12, place["y"] + place["height"] / 2)
    expect(line).to_contain_text("C1 map 0, row 1")
    look(page, "units")


PLATES_PAGE = ROOT / "book" / "_static" / "live" / "plates.json"
PLATES = json.loads(PLATES_PAGE.read_text("utf-8"))


def plates_in_pytorch():
    """Return the network of lesson 12 with the page's weights of 8 bits."""
    names, layers = PLATES["names"], PLATES["layers"]
    count = len(layers["output"]["bias"])
    assert count in (len(names), len(names) + 1)
    model = LeNet5(
        num_classes=count, activation=torch.nn.ReLU, pooling="max", c3="full", output="linear"
    )
    state = {}
    for name, layer in layers.items():
        whole = torch.frombuffer(bytearray(base64.b64decode(layer["weight"])), dtype=torch.int8)
        scale = torch.tensor(layer["scale"]).view(-1, 1, 1, 1)
        state[f"{name}.weight"] = (whole.view(layer["shape"]) * scale).view(layer["shape"])
        state[f"{name}.bias"] = torch.tensor(layer["bias"])
    model.load_state_dict(state)
    return model.eval()


def test_characters_are_read_as_pytorch_reads_them(ask):
    found = ask("plates", page=PLATES_PAGE)
    pictures = torch.tensor([picture["bytes"] for picture in found]).view(-1, 1, 32, 32)
    deviation, mean = torch.std_mean(pictures.float(), (2, 3), keepdim=True, unbiased=False)
    prepared = ((pictures - mean) / deviation.clamp(min=1) * 40).round().clamp(-128, 127) / 40
    with torch.no_grad():
        scores = plates_in_pytorch()(prepared)
    mine = torch.tensor([picture["scores"] for picture in found])
    assert torch.allclose(mine, scores, atol=2e-3)
    classes = len(PLATES["names"])
    sure = scores[:, :classes].logsumexp(1)
    sure -= scores[:, classes] if scores.shape[1] > classes else 0
    assert torch.allclose(torch.tensor([p["sure"] for p in found]), sure, atol=2e-3)
    # Weights of 8 bits answer as those of 32 did, on nearly all of the test set.
    assert PLATES["agree"] > 0.99


def test_a_drawing_fills_its_picture_as_a_character_does(ask):
    letter = [[[10, 8], [10, 20], [17, 20]]]
    bar = [[[14, 4], [14, 24]]]
    found = ask("onPlate", drawings=[letter, bar], digits=BYTES)
    for picture, wide in zip(map(torch.tensor, found["strokes"]), (0.81, 0.43), strict=True):
        rows, columns = (picture.view(32, 32).amax(d) > 127 for d in (1, 0))
        assert rows.sum() == pytest.approx(32 * 71 / 88, abs=2)
        assert columns.sum() == pytest.approx(32 * wide, abs=3)
        assert rows.nonzero().float().mean() == pytest.approx(15.5, abs=1)
    for digit in map(torch.tensor, found["digits"]):
        assert (digit.view(32, 32).amax(1) > 127).sum() == pytest.approx(26, abs=3)


@pytest.mark.browser
def test_the_threshold_is_guessed_and_moved_and_a_drawing_is_read(page):
    tool = page.locator("[data-instrument=plates]")
    line = tool.locator(".instrument-answer")
    limit = tool.get_by_label("Threshold", exact=True)
    expect(limit).to_be_hidden()
    tool.get_by_label("Your guess").fill("40")
    tool.get_by_role("button", name="That is my guess").tap()
    result = tool.locator(".instrument-limits")
    expect(result).to_contain_text("You guessed 40")
    tool.get_by_role("button", name="Test picture A", exact=True).tap()
    expect(line).to_contain_text("Read as A")
    none = torch.tensor(PLATES["sure"]["none"])
    limit.fill(limit.get_attribute("max"))
    expect(line).to_contain_text("None of these")
    expect(result).to_contain_text("refuses 100.0 of 100 pictures of no character")
    limit.fill(str(PLATES["limit"]))
    refused = 100 * (none < PLATES["limit"]).double().mean()
    expect(result).to_contain_text(f"it refuses {refused:.1f} of 100 pictures")
    tool.get_by_text("Draw a letter").tap()
    field = tool.get_by_role("application", name="Drawing field")
    field.scroll_into_view_if_needed()
    draw(page, field.bounding_box(), [(0.3, 0.15), (0.3, 0.8), (0.7, 0.8)])
    expect(line).to_contain_text("L")
    expect(tool.get_by_role("status").last).to_contain_text("pictures of no character")


@pytest.mark.browser
@pytest.mark.parametrize("page", ["faults"], indirect=True)
def test_lines_are_pointed_at_and_judged(page):
    tool = page.locator("[data-instrument=faults]")
    lines, answer = tool.locator(".instrument-line button"), tool.locator(".instrument-answer")
    lines.nth(0).tap()
    lines.nth(1).click()
    lines.nth(5).press("Space")
    lines.nth(1).press("Enter")  # taken back
    lines.nth(15).press("Enter")
    expect(answer).to_have_text("3 chosen.")
    look(page, "faults")
    tool.get_by_role("button", name="That is my guess").tap()
    expect(answer).to_have_text("You chose 3: 2 of the 14 faults, 12 missed, and 1 false alarm.")
    expect(tool).to_contain_text("In order: gradients first, then the step.")
    expect(tool.locator(".instrument-hit")).to_have_count(2)
    expect(tool.locator(".instrument-miss")).to_have_count(13)
    expect(tool).to_contain_text(re.compile(r"At fault, in the digits\. Measured below, .*sorted"))
    lines.nth(1).tap(force=True)  # a line is no choice any more
    expect(answer).to_contain_text("You chose 3")
    look(page, "faults")
    tool.get_by_role("button", name="Begin again").press("Enter")
    expect(answer).to_have_text("0 chosen.")


@pytest.mark.browser
@pytest.mark.parametrize("page", ["grow"], indirect=True)
def test_a_picture_is_grown_for_a_unit(page):
    tool = page.locator("[data-instrument=grow]")
    line = tool.locator(".instrument-answer")
    expect(line).to_be_empty()
    expect(tool).to_contain_text("gives its middle unit a sum of 5.4")  # as the still's text says
    tool.get_by_label("Your guess").fill("20")
    tool.get_by_role("button", name="That is my guess").tap()
    expect(tool).to_contain_text(re.compile(r"You guessed 20\.0\. It reaches 1[34]\.\d: watch"))
    expect(line).to_contain_text(re.compile(r"^100 steps, map 12 of C3, .*: sum 1[34]\.\d\.$"))
    tool.get_by_label("Excite").select_option("the answer 7")
    expect(line).to_contain_text("0 steps, the answer 7: distance to its code ")
    tool.get_by_role("button", name="One step").press("Enter")
    expect(line).to_contain_text("1 step, the answer 7")
    before = float(re.search(r"code (\d+\.\d)", line.inner_text())[1])
    tool.get_by_role("button", name="Grow", exact=True).tap()
    expect(line).to_contain_text("100 steps, the answer 7")
    assert float(re.search(r"code (\d+\.\d)", line.inner_text())[1]) < before / 5
    tool.get_by_role("button", name="From the digit").tap()
    expect(line).to_contain_text("0 steps, the answer 7")
    tool.get_by_role("button", name="Test digit 3").tap()
    expect(line).to_contain_text("0 steps, the answer 7: distance to its code ")
    look(page, "grow")


@pytest.mark.browser
@pytest.mark.parametrize("page", ["shuffle"], indirect=True)
def test_shuffled_digits_are_read(page):
    tool = page.locator("[data-instrument=shuffle]")
    answer = tool.locator(".instrument-answer")
    expect(tool).to_contain_text("How many per cent does LeNet-5 misread then?")
    expect(answer).to_be_empty()
    tool.get_by_label("Your guess").fill("3")
    tool.get_by_role("button", name="That is my guess").tap()
    record, errors = load_record("shuffled-pixels"), lenet_tables.shuffling()
    # What lesson 02 says of them: five each, 10,000 digits, one learning rate.
    assert {len(record.values("test_error", name)) for name in record.variants} == {5}
    settings = [(v["training"], v["lr"]) for v in record.variants.values()]
    assert settings[0][0] == 10_000 and len(set(settings)) == 1
    expect(tool).to_contain_text(f"LeNet-5 misreads {errors['LeNet-5, shuffled'][0]:.1f} % (")
    assert errors["LeNet-5, shuffled"][1] > 2 * errors["LeNet-5"][2]  # several times more
    expect(answer).to_contain_text(
        re.compile(r"fully connected network reads \d, .*LeNet-5 reads \d")
    )
    expect(tool).to_contain_text("Of the 20 digits to choose from")
    before = answer.inner_text()
    tool.get_by_role("button", name="Test digit 0").press("Enter")
    expect(answer).not_to_have_text(before)
    tool.get_by_text("Draw your own").click()
    pad = tool.get_by_role("application", name="Drawing field")
    pad.scroll_into_view_if_needed()
    draw(page, pad.bounding_box(), [(0.5, 0.2), (0.5, 0.8)])
    expect(answer).to_contain_text("reads")
    look(page, "shuffle")


@pytest.mark.browser
@pytest.mark.parametrize("page", ["pixels"], indirect=True)
def test_a_digit_is_changed_pixel_by_pixel(page):
    tool = page.locator("[data-instrument=pixels]")
    answer, field = tool.locator(".instrument-answer"), tool.get_by_role("application").first
    tool.get_by_label("Your guess").fill("12")
    tool.get_by_role("button", name="That is my guess").tap()
    expect(answer).to_contain_text(
        re.compile(r"784-300-10 reads 7, probability .* 0 pixels changed")
    )
    expect(tool).to_contain_text("The nearest of 500 training digits, a ")
    expect(tool).to_contain_text("Untouched it is read as 7.")
    field.focus()
    field.press("Space")
    expect(answer).to_contain_text("1 pixel changed")
    field.press("ArrowRight")
    field.press("Space")
    expect(answer).to_contain_text("2 pixels changed")
    field.scroll_into_view_if_needed()
    place = field.bounding_box()
    page.touchscreen.tap(place["x"] + 4, place["y"] + 4)
    expect(answer).to_contain_text("3 pixels changed")
    for row in (0.55, 0.6, 0.78, 0.82, 0.86):  # broad lines below: a 7 no more
        draw(page, place, [(0.2, row), (0.8, row)])
    expect(tool).to_contain_text("you guessed 12")
    tool.get_by_role("button", name="The digit as it was").tap()
    expect(answer).to_contain_text("0 pixels changed")
    look(page, "pixels")


@pytest.mark.browser
@pytest.mark.parametrize("page", ["symbol"], indirect=True)
def test_a_symbol_of_ones_own_is_taught(page):
    tool = page.locator("[data-instrument=symbol]")
    codes = tool.get_by_role("application", name=re.compile("^The code"))
    answers = tool.locator(".instrument-answer")
    expect(codes).to_be_hidden()
    tool.get_by_label("Your guess").fill("8")
    tool.get_by_role("button", name="That is my guess").tap()
    expect(tool).to_contain_text("You guessed 8. Draw a code for your symbol")
    before = answers.first.inner_text()
    assert before == "Your code differs from that of 1, the nearest, in 23 cells."  # as the still
    codes.press("Space")
    expect(answers.first).not_to_have_text(before)
    codes.press("Space")
    expect(answers.first).to_have_text(before)
    place = codes.bounding_box()
    page.touchscreen.tap(place["x"] + 3, place["y"] + 3)
    expect(answers.first).not_to_have_text(before)
    pad = tool.get_by_role("application", name="Drawing field")
    teach = tool.get_by_role("button", name="Teach it")
    for i in range(5):
        expect(teach).to_be_disabled()
        cross(page, pad, 0.02 * i)
        tool.get_by_role("button", name="Keep as an example").press("Enter")
        expect(tool).to_contain_text("Five examples" if i == 4 else f"{i + 1} of 5 examples kept.")
    teach.tap()
    expect(tool).to_contain_text(
        re.compile(r"digits it reads \d+ right; you guessed 8"), timeout=20_000
    )
    forgotten = 20 - int(re.search(r"it reads (\d+) right", tool.inner_text())[1])
    tool.get_by_label("Let it practise").check()
    teach.press("Enter")
    expect(tool).to_contain_text(re.compile(r"practised, it reads \d+ right"), timeout=20_000)
    assert 20 - int(re.search(r"it reads (\d+) right", tool.inner_text())[1]) <= min(2, forgotten)
    cross(page, pad, 0.05)
    expect(answers.nth(1)).to_contain_text("It reads your symbol, distance")
    tool.get_by_role("button", name="Clear").tap()
    pad.scroll_into_view_if_needed()
    draw(page, pad.bounding_box(), [(0.5, 0.15), (0.5, 0.85)])
    expect(answers.nth(1)).to_contain_text("It reads 1, distance")
    look(page, "symbol")


def cross(page, pad, by):
    """Draw a cross with the mouse, moved by a part of the field."""
    pad.scroll_into_view_if_needed()
    place = pad.bounding_box()
    draw(page, place, [(0.5 + by, 0.2), (0.5 + by, 0.8)])
    draw(page, place, [(0.2, 0.5 + by), (0.8, 0.5 + by)])
