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
    layer_table,
    lenet5_1998,
    load_mnist,
    load_trained,
    normalise_1998,
    pad_to_32,
    scaled_tanh,
)
from lenet_utils.distortions import warp

sys.path.append(str(ROOT / "tests" / "live"))
from harness import INSTRUMENTS, NAMES, PAGE, assemble, serve

TRAINED = ROOT / "lenet_utils" / "trained"
IMAGES = load_mnist(sample=True).test.images[::97]
BYTES = [base64.b64encode(image.numpy().tobytes()).decode() for image in IMAGES]
MINUS = "\N{MINUS SIGN}"
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


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serve(assemble(tmp_path_factory.mktemp("book"), TRAINED)) as page:
        yield page


@pytest.fixture
def page(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    page.goto(address.replace(PAGE, INSTRUMENTS))
    for name in NAMES:
        page.locator(f"[data-instrument={name}] .instrument-panel").wait_for()
    yield page
    context.close()
    assert wrong == []


def draw(page, place, points):
    """Draw a line with the mouse, through points in units of a field."""
    for i, (x, y) in enumerate(points):
        page.mouse.move(place["x"] + x * place["width"], place["y"] + y * place["height"], steps=12)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


@pytest.mark.browser
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
