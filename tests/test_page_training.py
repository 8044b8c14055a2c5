"""Training in the page: its program against PyTorch, its digits, and a reader's hands on it."""

import base64
import functools
import itertools
import json
import re
import sys

import pytest
import torch
from conftest import ROOT
from playwright.sync_api import expect
from torch.nn import functional as F
from visits import MODES, violations, wider

from lenet_utils import (
    lenet5_modern,
    lenet5_tutorial,
    load_mnist,
    load_model,
    normalise_modern,
    save_model,
)

sys.path.append(str(ROOT / "tests" / "live"))
sys.path.append(str(ROOT / "tools"))
import training_digits
import webassembly
from harness import PAGE, assemble, lenet_tables, serve
from lenet_live import bundle

TRAINED = ROOT / "lenet_utils" / "trained"
ASK = (ROOT / "tests" / "live" / "training.js").read_text(encoding="utf-8")
DIGITS = load_mnist(sample=True)
GUESS = "That is my guess"


def text_of(values):
    return base64.b64encode(values.contiguous().numpy().tobytes()).decode()


def floats_of(text):
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float32)


def flat(model):
    return torch.cat([values.detach().flatten() for values in model.parameters()])


def random_network():
    torch.manual_seed(5)
    return lenet5_modern()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = assemble(tmp_path_factory.mktemp("book"), TRAINED)
    bundle(folder / "_static" / "live")
    return folder


@pytest.fixture(scope="module")
def address(site):
    with serve(site) as page:
        yield page.replace(PAGE, "book/train.html")


class Reader:
    """A page with the instrument, a reader's hands, and what went wrong."""

    def __init__(self, browser, address, **options):
        self.context = browser.new_context(
            viewport={"width": 390, "height": 844}, has_touch=True, **options
        )
        self.page = self.context.new_page()
        self.wrong, self.asked = [], []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda m: m.type == "error" and self.wrong.append(m.text))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)
        self.tool = self.page.locator("[data-instrument=train]")
        self.tool.locator(".instrument-panel").wait_for()
        self.line, self.trouble, self.read = self.tool.locator(".instrument-answer").all()
        self.said = self.tool.locator(".instrument-limits")

    def guess(self):
        self.tool.get_by_label("Your guess").fill("4000")
        self.tool.get_by_role("button", name=GUESS).press("Enter")
        expect(self.line).to_contain_text(re.compile("Learning: [1-9]"), timeout=30_000)

    def press(self, name):
        self.tool.get_by_role("button", name=name).tap()

    def pause(self):
        self.press("Pause")
        expect(self.line).to_contain_text("Paused: ")

    def choose(self, name, value):
        self.tool.get_by_label(name).select_option(value)

    def seen(self):
        return int(re.search(r"([\d,]+) digits seen", self.line.text_content())[1].replace(",", ""))


@pytest.fixture
def reader(browser, address):
    reader = Reader(browser, address)
    yield reader
    reader.context.close()
    assert reader.wrong == []


@pytest.fixture(scope="module")
def program(browser, address):
    """Ask the built program, in the browser."""
    page = browser.new_page()
    page.goto(address)
    yield functools.partial(ask_program, page)
    page.close()


def ask_program(page, images, labels, model, *, count, steps=0, built=None):
    built = built or webassembly.TARGET.read_bytes()
    asked = {"program": base64.b64encode(built).decode(), "labels": labels.tolist()}
    asked |= {"images": text_of(images), "weights": text_of(flat(model))}
    return page.evaluate(f"({ASK.partition('async')[1]}{ASK.partition('async')[2].rstrip()})",
                         asked | {"count": count, "steps": steps})  # fmt: skip


def test_the_built_program_is_that_of_the_sources():
    about = json.loads(webassembly.BUILT.read_text(encoding="utf-8"))
    assert about["sources"] == webassembly.digest(), "run tools/webassembly.py"


@pytest.mark.browser
def test_the_sources_make_the_built_program(program):
    version = webassembly.version()
    if version is None:
        pytest.skip("no clang with wasm-ld on this computer")
    built, stored = webassembly.compiled(), webassembly.TARGET.read_bytes()
    about = json.loads(webassembly.BUILT.read_text(encoding="utf-8"))
    if version == about["compiler"]:
        assert built == stored
    images, labels = DIGITS.train.images[:64], DIGITS.train.labels[:64]
    mine, theirs = (
        floats_of(program(images, labels, random_network(), count=64, built=b)["gradients"])
        for b in (built, stored)
    )
    assert torch.allclose(mine, theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.browser
@pytest.mark.parametrize("count", [1, 50, 64, 512])
def test_gradients_are_pytorchs(program, count):
    images, labels = DIGITS.train.images[:count], DIGITS.train.labels[:count]
    model = random_network()
    found = program(images, labels, model, count=count)
    model = model.double()
    loss = F.cross_entropy(model(normalise_modern(images).double()), labels)
    loss.backward()
    assert found["loss"] == pytest.approx(loss.item(), rel=1e-5)
    gradients = floats_of(found["gradients"]).double()
    parts = gradients.split([p.numel() for p in model.parameters()])
    for (name, parameter), mine in zip(model.named_parameters(), parts, strict=True):
        theirs = parameter.grad.flatten()
        assert (mine - theirs).abs().max() <= 1e-5 * theirs.abs().max(), name


@pytest.mark.browser
def test_updates_are_pytorchs(program):
    images, labels = DIGITS.train.images[:160], DIGITS.train.labels[:160]
    found = program(images, labels, random_network(), count=32, steps=5)["after"]
    optimisers = {
        "adam": functools.partial(torch.optim.Adam, lr=0.001),
        "descend": functools.partial(torch.optim.SGD, lr=0.05, momentum=0.9),
    }
    for name, make in optimisers.items():
        model = random_network()
        optimiser = make(model.parameters())
        for i in range(0, 160, 32):
            optimiser.zero_grad()
            outputs = model(normalise_modern(images[i : i + 32]))
            F.cross_entropy(outputs, labels[i : i + 32]).backward()
            optimiser.step()
        # Adam's first steps divide a gradient by its own size: where it is tiny, by rounding.
        gap = (floats_of(found[name]) - flat(model)).abs()
        assert gap.quantile(0.999) < 1e-5 and gap.max() < 2e-3, name


def test_the_packed_digits_are_mnists():
    packed = training_digits.unpack(training_digits.TARGET.read_bytes())
    assert training_digits.TARGET.stat().st_size <= 2_000_000
    assert len(packed.train.labels) >= 10_000 and len(packed.held.labels) >= 1_000
    assert (
        packed.train.labels.unique().tolist()
        == packed.held.labels.unique().tolist()
        == [*range(10)]
    )
    try:
        images, labels = load_mnist(progress=False).train
    except RuntimeError as error:
        pytest.skip(f"MNIST is not here: {error}")
    places = training_digits.chosen()
    assert len(places.unique()) == len(places)
    assert torch.equal(torch.cat([packed.train.labels, packed.held.labels]), labels[places])
    mine = torch.cat([packed.train.images, packed.held.images])
    assert (mine.int() - images[places].int()).abs().max() <= 8


def test_digits_are_packed_and_unpacked():
    digits = DIGITS.test
    train, held = training_digits.unpack(training_digits.pack(digits, held=100))
    assert len(train.labels) == 900 and torch.equal(held.labels, digits.labels[900:])
    assert torch.equal(
        torch.cat([train.images, held.images]), training_digits.shaded(digits.images)
    )


def test_marks_and_axes(ask):
    ends = [1000, 1234, 59_999, 3_000_000]
    found = ask("learning", ends=ends, losses=[[0, 2.3], [1, 0.004], [2, 4e7]])
    for end, marks in zip(ends, found["marks"], strict=True):
        steps = {b - a for a, b in itertools.pairwise(marks)}
        assert len(steps) == 1 and marks[0] == 0
        assert 3 <= len(marks) <= 5 and marks[-1] <= end < marks[-1] + steps.pop()
    axis = found["axis"]
    assert axis["low"] <= 0.004 and axis["high"] >= 4e7 and len(axis["ticks"]) <= 6
    assert found["reached"] == {"seen": 20, "seconds": 2}
    assert found["never"] is None
    assert found["thinned"] == [0, 2, 4, 5]


def test_weights_go_out_as_load_model_takes_them(ask, tmp_path):
    model = random_network()
    table = lenet_tables.training()
    found = ask("tensors", table=table, weights=flat(model).tolist())
    path = tmp_path / "weights.safetensors"
    path.write_bytes(base64.b64decode(found["file"]))
    again = load_model(lenet5_modern(), path)
    assert torch.equal(flat(again), flat(model))
    assert torch.tensor(found["back"]).equal(flat(model))
    with pytest.raises(ValueError, match=r"MaxPool|AvgPool|in the file"):
        load_model(lenet5_tutorial(), path)


@pytest.mark.browser
def test_a_guess_starts_it_and_it_can_be_paused_stepped_and_reset(reader):
    large = ("training.wasm", "training.gz", "training-worker.js")
    assert not any(url.endswith(large) for url in reader.asked)
    expect(reader.line).to_be_hidden()
    reader.guess()
    expect(reader.said).to_contain_text("You guessed 4,000 digits. Nine of ten", timeout=60_000)
    reader.pause()
    seen = reader.seen()
    after = int(re.search(r"after ([\d,]+),", reader.said.text_content())[1].replace(",", ""))
    assert 640 <= after <= seen
    reader.page.wait_for_timeout(400)
    assert reader.seen() == seen
    reader.press("One batch")
    expect(reader.line).to_contain_text(f"{seen + 64:,} digits seen")
    reader.choose("Batch", "16")
    reader.press("One batch")
    expect(reader.line).to_contain_text(f"{seen + 80:,} digits seen")
    assert float(re.search(r"digits ([\d.]+) % are", reader.line.text_content())[1]) <= 10
    assert reader.tool.get_by_role("img", name="The worst errors: a ").is_visible()
    expect(reader.tool.get_by_role("status").last).to_contain_text("Paused: ")
    for mode in MODES:
        reader.page.evaluate("mode => document.documentElement.dataset.theme = mode", mode)
        assert violations(reader.page, part="[data-instrument=train]") == [], mode
    assert wider(reader.page) == []
    reader.press("Start anew")
    expect(reader.line).to_contain_text(re.compile("Learning: [1-9]"))
    reader.pause()
    assert reader.seen() < seen


@pytest.mark.browser
def test_a_rate_too_high_is_said_and_a_lower_one_learns(reader, tmp_path):
    reader.guess()
    reader.choose("Learning rate", "1")
    expect(reader.trouble).to_contain_text("training diverges", timeout=30_000)
    reader.choose("Learning rate", "0.002")
    reader.press("Start anew")
    expect(reader.said).to_contain_text("Nine of ten", timeout=60_000)
    expect(reader.trouble).to_be_hidden()
    reader.pause()
    model = random_network()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 1e30
    path = save_model(model, tmp_path / "huge.safetensors")
    reader.tool.get_by_label("Load weights").set_input_files(path)
    expect(reader.line).to_contain_text("Not begun")
    reader.press("Go on")
    expect(reader.trouble).to_contain_text("training has diverged")
    expect(reader.read).to_contain_text("is not read")
    expect(reader.line).to_contain_text("Paused: ")


@pytest.mark.browser
def test_a_digit_is_taught_with_a_wrong_label(reader):
    reader.guess()
    expect(reader.read).to_contain_text("The chosen digit is read as 7", timeout=60_000)
    reader.tool.get_by_text("Teach it the chosen digit").tap()
    reader.choose("It is a", "3")
    reader.tool.get_by_label("Weight, in digits").fill("2000")
    reader.press("Learn this digit, too")
    expect(reader.tool.get_by_text("learned as a 3, and counts as 2,000")).to_be_visible()
    expect(reader.read).to_contain_text("The chosen digit is read as 3", timeout=60_000)


@pytest.mark.browser
def test_a_page_that_nobody_sees_does_not_learn(reader):
    reader.guess()
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    reader.page.evaluate(hide, True)
    expect(reader.line).to_contain_text("Paused: ")
    seen = reader.seen()
    reader.page.evaluate(hide, False)
    expect(reader.line).to_contain_text("Learning: ")
    reader.page.wait_for_timeout(500)
    assert reader.seen() > seen


@pytest.mark.browser
def test_weights_are_saved_loaded_and_answer_as_pytorch_does(reader, program, tmp_path):
    reader.guess()
    reader.page.wait_for_timeout(1500)
    reader.pause()
    with reader.page.expect_download() as download:
        reader.press("Save the weights")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    model = load_model(lenet5_modern(), path)
    images, labels = DIGITS.test
    mine = floats_of(program(images, labels, model, count=1)["probabilities"]).view(1000, 10)
    with torch.no_grad():
        theirs = model(normalise_modern(images)).softmax(1)
    assert (mine - theirs).abs().max() < 1e-4
    assert (theirs.argmax(1) == labels).double().mean() > 0.5  # it has learned
    error = re.search(r"held-out digits [\d.]+ %", reader.line.text_content())[0]
    reader.press("Start anew")
    expect(reader.line).not_to_contain_text(error)
    loader = reader.tool.get_by_label("Load weights")
    loader.set_input_files(path)
    expect(reader.tool.get_by_text("training goes on from it")).to_be_visible()
    expect(reader.line).to_contain_text(error)
    other = save_model(lenet5_tutorial(), tmp_path / "other.safetensors")
    loader.set_input_files(other)
    expect(reader.tool.get_by_text("was not loaded: it holds another network")).to_be_visible()


@pytest.mark.browser
def test_it_learns_in_a_page_that_lies_in_a_file(browser, site):
    reader = Reader(browser, (site / "book" / "train.html").as_uri(), offline=True)
    reader.guess()
    expect(reader.said).to_contain_text("Nine of ten", timeout=60_000)
    reader.context.close()
    assert reader.wrong == []


@pytest.mark.browser
def test_what_does_not_load_or_run_is_said(browser, address):
    for name, body, words in (
        ("training.gz", None, "training.gz could not be loaded: check the connection"),
        ("training.wasm", b"no program", "The training does not run here"),
        ("training.gz", b"no digits", "The training does not run here"),
    ):
        reader = Reader(browser, address)
        answer = {"status": 404} if body is None else {"body": body}
        reader.page.route(f"**/{name}", lambda route, _, answer=answer: route.fulfill(**answer))
        reader.press(GUESS)
        expect(reader.tool.get_by_text(words)).to_be_visible()
        expect(reader.line).to_be_hidden()
        reader.context.close()


@pytest.mark.browser
def test_the_page_stays_responsive(reader):
    reader.guess()
    reader.page.evaluate(
        "() => { window.tasks = []; new PerformanceObserver((list) => window.tasks.push("
        "...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' }); }"
    )
    # Another process may have had the processor meanwhile: a task of our own would be in each.
    for _ in range(3):
        reader.page.evaluate("() => { window.tasks = []; }")
        reader.page.wait_for_timeout(1500)
        if not (tasks := reader.page.evaluate("() => window.tasks")):
            break
    assert tasks == []


CYCLE = """async ([address, about, updates]) => {
    const worker = new Worker(`${address}/training-worker.js`);
    const load = async (name) => (await fetch(`${address}/${name}`)).arrayBuffer();
    const answer = () => new Promise((done) => (worker.onmessage = ({ data }) => done(data)));
    const [wasm, digits] = [await load("training.wasm"), await load("training.gz")];
    worker.postMessage({ type: "load", wasm, digits, about });
    const { weights } = await answer();
    const { train } = await answer();
    const values = { optimiser: "adam", rate: 0.01, batch: 512, cycle: 1 };
    worker.postMessage({ type: "settings", values });
    const rates = [];
    for (let i = 0; i < updates; i++) {
        worker.postMessage({ type: "step" });
        rates.push((await answer()).rate);
    }
    worker.terminate();
    return { train, rates, weights: [...weights] };
}"""


@pytest.mark.browser
def test_one_cycle_and_the_first_weights_are_as_in_pytorch(browser, address):
    page = browser.new_page()
    page.goto(address)
    live = address.replace("book/train.html", "_static/live")
    found = page.evaluate(CYCLE, [live, lenet_tables.training(), 20])
    page.close()
    total = -(-found["train"] // 512)
    optimiser = torch.optim.Adam([torch.zeros(1, requires_grad=True)])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=0.01, total_steps=total)
    for rate in found["rates"]:  # what is told is the rate of the next update
        optimiser.step()
        schedule.step()
        assert rate == pytest.approx(optimiser.param_groups[0]["lr"], rel=1e-9)
    mine = torch.tensor(found["weights"]).split([p.numel() for p in lenet5_modern().parameters()])
    for values, parameter in zip(mine, lenet5_modern().parameters(), strict=True):
        if parameter.dim() > 1:
            bound = parameter[0].numel() ** -0.5
            assert values.std() == pytest.approx(bound / 3**0.5, rel=0.1)
        assert values.abs().max() <= bound
