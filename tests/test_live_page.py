"""The live page in a real browser, under a strict policy: drawing, choosing, failing."""

import base64
import itertools
import re
import sys

import pytest
from conftest import ROOT
from playwright.sync_api import expect

from lenet_utils.layers import TABLE_I
from lenet_utils.models import lenet5_1998, lenet5_modern
from lenet_utils.weights import load_model, save_model

sys.path.append(str(ROOT / "tests" / "live"))
from handwriting import strokes
from harness import assemble, serve
from test_live import TRAINED, base64_of, some_digits, states_of

pytestmark = pytest.mark.browser

FIELD = 28
MINUS = "\u2212"
FORWARD_BUDGET = 8  # milliseconds
LARGE = {"left": 6, "top": 4, "height": 20}
SMALL = {"left": 2, "top": 20, "height": 6}
WHITE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The shipped networks; what is not shipped yet is random."""
    folder = tmp_path_factory.mktemp("weights")
    for build in (lenet5_1998, lenet5_modern):
        name = f"{build.__name__}.safetensors"
        shipped = TRAINED / name
        model = load_model(build(), shipped) if shipped.exists() else build()
        save_model(model, folder / name)
    return folder


@pytest.fixture(scope="module")
def reads_digits():
    if not (TRAINED / "lenet5_1998.safetensors").exists():
        pytest.skip("no trained weights in the package yet")


@pytest.fixture(scope="module")
def address(tmp_path_factory, weights):
    with serve(assemble(tmp_path_factory.mktemp("site"), weights)) as address:
        yield address


class Live:
    """The page and what went wrong in it."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.requests, self.errors = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda message: message.type == "error" and self.errors.append(message.text),
        )

    def open(self):
        self.page.goto(self.address)
        self.page.wait_for_selector(".live-best")
        self.page.wait_for_selector("[data-live=digits] button >> nth=9")
        return self

    def part(self, name):
        return self.page.locator(f'[data-live="{name}"]')

    def draw(self, lines):
        box = self.part("pad").bounding_box()
        for line in lines:
            points = [(box["x"] + x / FIELD * box["width"], box["y"] + y / FIELD * box["height"])
                      for x, y in line]  # fmt: skip
            self.page.mouse.move(*points[0])
            self.page.mouse.down()
            for point in points[1:]:
                self.page.mouse.move(*point, steps=2)
            self.page.mouse.up()
        self.settle()

    def settle(self):
        """Wait until two frames have been drawn."""
        self.page.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def read(self):
        return self.part("digit").inner_text()

    def message(self):
        return self.page.locator(".live-message").inner_text()

    def values(self):
        return [float(v.replace(MINUS, "-")) for v in
                self.page.locator(".live-value").all_inner_texts() if v]  # fmt: skip


@pytest.fixture
def live(browser, address, request):
    options = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
    options |= getattr(request, "param", {})
    context = browser.new_context(**options)
    page = Live(context.new_page(), address)
    yield page
    context.close()
    assert page.errors == []


def test_it_asks_its_own_host_only_and_the_second_network_when_chosen(live):
    live.open()
    host = re.match(r"http://[^/]+/", live.address)[0]
    assert all(url.startswith((host, "data:")) for url in live.requests)
    fetched = [url.rsplit("/")[-1] for url in live.requests if "weights" in url]
    assert fetched == ["lenet5_1998.safetensors"]
    assert live.page.locator(".live-still").is_hidden()
    assert live.message() == ""
    live.part("lenet5_modern").check()
    live.page.wait_for_selector('[data-network="lenet5_modern"]')
    assert any("lenet5_modern" in url for url in live.requests)
    live.part("lenet5_1998").check()
    live.page.wait_for_selector('[data-network="lenet5_1998"]')
    assert sum("lenet5_1998" in url for url in live.requests) == 1


@pytest.mark.parametrize("kind", ["lenet5_1998", "lenet5_modern"])
def test_every_layer_equals_pytorch_in_the_browser_and_in_time(live, weights, kind):
    import torch

    live.open()
    build = lenet5_1998 if kind == "lenet5_1998" else lenet5_modern
    model = load_model(build(), weights / f"{kind}.safetensors").double()
    images = some_digits()[:3]
    got = live.page.evaluate(
        """async ([kind, digits]) => {
            const from = (name) => new URL(`../_static/live/${name}`, location);
            const { buildNetwork, forward, readSafetensors } = await import(from("network.js"));
            const file = await fetch(from(`weights/${kind}.safetensors`));
            const network = buildNetwork(kind, readSafetensors(await file.arrayBuffer()));
            const states = digits.map((digit) => {
                forward(network, Uint8Array.from(atob(digit), (c) => c.charCodeAt(0)));
                return network.layers.map((layer) => [...layer.states]);
            });
            const times = Array.from({ length: 60 }, () => {
                const begin = performance.now();
                forward(network, new Uint8Array(784).fill(90));
                return performance.now() - begin;
            });
            return { states, time: Math.min(...times) };
        }""",
        [kind, base64_of(images)],
    )
    for layer, expected in enumerate(states_of(kind, model, images)):
        found = torch.tensor([states[layer] for states in got["states"]], dtype=torch.float64)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    assert got["time"] < FORWARD_BUDGET


def test_a_drawing_is_read_at_every_stroke(live, reads_digits):
    live.open()
    assert live.read() == "5"  # what the page draws by itself
    live.draw(strokes(1, **LARGE))
    assert live.read() == "1"
    assert min(live.values()) == live.values()[1]
    live.part("clear").click()
    live.settle()
    assert live.read() == "?"
    assert live.values() == []
    first, second = strokes(4, **LARGE)
    live.draw([first])
    before = live.values()
    live.draw([second])
    assert live.read() == "4"
    live.part("undo").click()
    live.settle()
    assert live.values() == before


def test_a_small_digit_in_a_corner_needs_the_preparation(live, reads_digits):
    live.open()
    live.draw(strokes(2, **SMALL))
    assert live.read() == "2"
    near = live.values()[2]
    live.part("prepared").uncheck()
    live.settle()
    assert live.values()[2] > near + 12
    live.part("prepared").check()
    live.settle()
    assert live.values()[2] == near


PHONE = {"viewport": {"width": 390, "height": 700}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("live", [PHONE], indirect=True)
def test_a_finger_draws_and_does_not_scroll(live, reads_digits):
    live.open()
    live.part("pad").scroll_into_view_if_needed()
    box = live.part("pad").bounding_box()
    touch = live.page.context.new_cdp_session(live.page)

    def send(kind, *point):
        points = [{"x": box["x"] + point[0] / FIELD * box["width"],
                   "y": box["y"] + point[1] / FIELD * box["height"]}] if point else []  # fmt: skip
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = live.page.evaluate("scrollY")
    send("touchStart", 14, 4)
    for y in range(5, 25):
        send("touchMove", 14, y)
    send("touchEnd")
    live.settle()
    assert live.page.evaluate("scrollY") == before
    assert live.read() == "1"
    assert live.page.evaluate("document.documentElement.scrollWidth") <= 390
    # Beside the field, the same movement scrolls.
    send("touchStart", 14, 32)
    for y in range(31, 12, -1):
        send("touchMove", 14, y)
    send("touchEnd")
    live.page.wait_for_function("before => scrollY > before + 20", arg=before)


def test_everything_works_by_keyboard(live, reads_digits):
    live.open()
    pad = live.part("pad")
    pad.focus()
    live.page.keyboard.press("Space")
    for _ in range(14):
        live.page.keyboard.press("ArrowDown")
    live.page.keyboard.press("Space")
    live.page.keyboard.press("ArrowLeft")
    live.settle()
    assert live.read() == "1"
    expect(live.part("spoken")).to_have_text(re.compile("^Read as 1, .+ confident"))
    live.page.keyboard.press("Backspace")
    live.settle()
    assert live.read() == "?"
    live.page.keyboard.press("7")
    live.settle()
    assert live.read() == "7"
    live.page.keyboard.press("Delete")
    live.settle()
    assert live.read() == "?"


def test_two_arrows_together_draw_a_diagonal(live):
    live.open()
    live.part("pad").focus()
    live.part("prepared").uncheck()
    live.part("pad").focus()
    ink = """() => {
        const { width, height } = document.querySelector("[data-live=pad]");
        const data = document.querySelector("[data-live=pad]").getContext("2d")
            .getImageData(0, 0, width, height).data;
        return data[4 * (Math.floor(height * 13 / 28) * width + Math.floor(width * 20 / 28))];
    }"""
    live.page.keyboard.press("Space")
    assert live.page.evaluate(ink) == 0
    live.page.keyboard.down("ArrowRight")
    for _ in range(8):
        live.page.keyboard.press("ArrowDown")
    live.page.keyboard.up("ArrowRight")
    live.settle()
    assert live.page.evaluate(ink) == 255


def test_a_chosen_unit_shows_its_field_kernel_and_arithmetic(live):
    live.open()
    c1 = live.part("C1")
    c1.focus()
    live.page.keyboard.press("Enter")
    assert live.part("unit-name").inner_text() == "C1 map 0, row 14, column 14"
    assert "rows 14 to 18 and columns 14 to 18" in live.part("unit-field").inner_text()
    live.page.keyboard.press("ArrowRight")
    live.page.keyboard.press("ArrowUp")
    live.page.keyboard.press("PageUp")
    assert live.part("unit-name").inner_text() == "C1 map 5, row 13, column 15"
    text = live.part("arithmetic").inner_text().replace(MINUS, "-").replace("- ", "-")
    total, bias, added = map(
        float, re.search(r"Sum (-?\d+\.\d\d), .* [+]? ?(-?\d+\.\d\d): (-?\d+\.\d\d)", text).groups()
    )
    assert total + bias == pytest.approx(added, abs=0.016)
    spoken = live.part("unit-spoken")
    assert spoken.text_content().startswith("C1 map 5, row 13, column 15: It sees rows")
    live.part("before").click()
    live.part("down").click()
    assert live.part("unit-name").inner_text() == "C1 map 4, row 14, column 15"
    live.page.keyboard.press("Escape")
    assert live.part("unit").is_hidden()
    live.part("S4").click(position={"x": 60, "y": 20})
    assert "S4 map" in live.part("unit-name").inner_text()
    assert "The four add up to" in live.part("arithmetic").inner_text()


def test_a_map_of_c3_shows_its_column_of_table_i(live):
    live.open()
    live.part("C3").focus()
    live.page.keyboard.press("Enter")
    for which in range(16):
        reads = TABLE_I[which].nonzero()[:, 0].tolist()
        assert live.page.locator(".live-wires path").count() == len(reads)
        named = live.part("arithmetic").locator("figcaption").all_inner_texts()[::2]
        assert named == [f"S2 map {source}" for source in reads]
        live.page.keyboard.press("PageDown")
    live.part("lenet5_modern").check()
    live.page.wait_for_selector('[data-network="lenet5_modern"]')
    assert live.page.locator(".live-wires path").count() == 6  # the same unit, all of S2


def test_an_output_shows_the_squares_of_its_distance(live):
    live.open()
    live.page.locator(".live-card").nth(3).click()
    assert live.part("unit-name").inner_text() == "Output 3"
    told = f"distance {live.page.locator('.live-value').nth(3).inner_text()}"
    assert told in live.part("arithmetic").inner_text()
    assert live.page.locator(".live-card").nth(3).get_attribute("aria-pressed") == "true"


def test_test_digits_can_be_chosen(live, reads_digits):
    live.open()
    for digit in (0, 4, 9):
        live.page.get_by_role("button", name=f"Test digit {digit}").click()
        live.settle()
        assert live.read() == str(digit)


def picture_of_a_seven():
    from io import BytesIO

    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (640, 480), (245, 240, 230))
    for line in strokes(7, left=60, top=90, height=150):
        ImageDraw.Draw(picture).line([tuple(p) for p in line], (30, 40, 90), 22, "curve")
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_a_picture_is_read_and_a_bad_one_refused(live, reads_digits):
    live.open()
    upload = live.part("upload")
    upload.set_input_files(
        {"name": "7.png", "mimeType": "image/png", "buffer": picture_of_a_seven()}
    )
    expect(live.part("digit")).to_have_text("7")
    for buffer, reason in (
        (b"not a picture", "not a picture that this browser can read"),
        (WHITE_PIXEL, "nothing in it stands out"),
    ):
        upload.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": buffer})
        expect(live.page.locator(".live-message")).to_contain_text(reason)
        assert live.read() == "7"
    live.page.evaluate("""() => {
        const files = new DataTransfer();
        files.items.add(new File([new Uint8Array(11 * 2 ** 20)], "a.png"));
        const field = document.querySelector("[data-live=upload]");
        field.files = files.files;
        field.dispatchEvent(new Event("change"));
    }""")
    expect(live.page.locator(".live-message")).to_contain_text("larger than 10 MB")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"status": 404, "body": "no"}, "could not be loaded"),
        ({"status": 200, "body": "<!doctype html>"}, "is damaged"),
        ({"abort": True}, "could not be loaded"),
    ],
)
def test_without_weights_the_page_says_so_and_keeps_the_still(live, answer, message):
    def refuse(route):
        route.abort() if answer.get("abort") else route.fulfill(**answer)

    live.page.route("**/*.safetensors", refuse)
    live.page.goto(live.address)
    expect(live.page.locator(".live-message")).to_contain_text(message)
    assert live.page.locator(".live-still img").first.is_visible()
    live.errors.clear()  # the browser's own words about the missing file


def test_a_second_network_that_is_missing_leaves_the_first(live):
    live.open()
    live.page.route("**/lenet5_modern.safetensors", lambda route: route.abort())
    live.part("lenet5_modern").click()
    expect(live.page.locator(".live-message")).to_contain_text("could not be loaded")
    assert live.part("lenet5_1998").is_checked()
    live.errors.clear()
    live.page.unroute("**/lenet5_modern.safetensors")
    live.part("lenet5_modern").check()
    live.page.wait_for_selector('[data-network="lenet5_modern"]')
    assert live.message() == ""


@pytest.mark.parametrize("live", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_there_is_a_picture_and_a_word(live):
    live.page.goto(live.address)
    assert "it needs scripts" in " ".join(live.message().split())
    picture = live.page.locator(".live-still img").first
    assert picture.is_visible()
    assert "six maps of C1" in picture.get_attribute("alt")
    assert all(not url.endswith((".safetensors", ".js")) for url in live.requests)


@pytest.mark.parametrize(
    ("live", "moves"),
    [({"reduced_motion": "no-preference"}, True), ({"reduced_motion": "reduce"}, False)],
    indirect=["live"],
)
def test_the_demonstration_moves_unless_the_reader_wants_less(live, moves):
    live.page.add_init_script("""
        window.shown = new Set();
        new MutationObserver(() => {
            const value = document.querySelector(".live-value")?.textContent;
            if (value) shown.add(value);
        }).observe(document, { childList: true, subtree: true, characterData: true });
    """)
    live.open()
    live.page.wait_for_timeout(2000)
    assert (live.page.evaluate("shown.size") > 1) == moves
    assert live.part("hint").is_visible()
    live.draw([[[5, 5], [20, 20]]])
    assert live.part("hint").is_hidden()
    live.part("undo").click()
    live.settle()
    assert live.read() == "?"  # nothing was left of what the page had drawn


def test_clearing_in_the_middle_of_a_stroke_begins_another(live):
    live.open()
    box = live.part("pad").bounding_box()
    live.page.mouse.move(box["x"] + 50, box["y"] + 50)
    live.page.mouse.down()
    live.page.mouse.move(box["x"] + 90, box["y"] + 90)
    live.part("pad").press("Delete")
    live.page.mouse.move(box["x"] + 60, box["y"] + 120)
    live.page.mouse.move(box["x"] + 60, box["y"] + 160)
    live.page.mouse.up()
    live.settle()
    assert live.values() != []


def test_drawing_keeps_the_pace_of_the_screen(live):
    live.open()
    live.page.evaluate("""() => {
        window.times = [];
        const tick = (now) => { times.push(now); requestAnimationFrame(tick); };
        requestAnimationFrame(tick);
    }""")
    for _ in range(3):
        live.draw(strokes(8, **LARGE))
    times = live.page.evaluate("times")
    gaps = sorted(b - a for a, b in itertools.pairwise(times))
    assert gaps[len(gaps) // 2] < 20  # milliseconds; the screen has 60 frames a second
