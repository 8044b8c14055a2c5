"""One visit to a page of the built book in a real browser, and all that is looked at on the way."""

import os
from dataclasses import dataclass, field
from itertools import product

from axe_playwright_python.base import AXE_SCRIPT
from conftest import ROOT

LETTERS = (ROOT / "tests" / "letters.js").read_text(encoding="utf-8")
ARTEFACTS = ROOT / "artefacts"
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
MODES = ("light", "dark")
VIEWS = list(product(SIZES, MODES))
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
# Colours take most of the time; they depend on the mode, hardly on the width.
COLOURS = {("wide", "light"), ("phone", "dark")}
SETTLED = 400  # milliseconds, as the theme looks at the size of the window after 300

SCRIPTED = "() => document.documentElement.dataset.theme !== 'auto'"
# The players of sliders and of the live network come some time after the page, the latter on the
# welcome page when it is asked to. A reader who scrolls through the page sees all its pictures.
# (Under the policy of the book, no `wait_for_function` can look twice.)
LOADED = """async () => {
    const count = (selector) => document.querySelectorAll(selector).length;
    const pictures = [...document.images].filter((one) => one.checkVisibility());
    pictures.forEach((one) => (one.loading = "eager"));
    const isWhole = () => pictures.every((one) => one.complete)
        && count("[type$='widget-view+json']") <= count(".lenet-frames[data-described]")
        && (!count(".live-app[hidden]") || count(".live-wake"));
    const end = performance.now() + 15_000;
    while (!isWhole()) {
        if (performance.now() > end) throw new Error("The page has not come as a whole.");
        await new Promise(requestAnimationFrame);
    }
}"""
FORMULAS = "() => document.querySelectorAll('mjx-container').length"
UNFORMED = """() => [...document.querySelectorAll(".math")]
    .filter((one) => !one.querySelector("mjx-container")).length"""
PLACES_OF_TEX = r"""() => {
    const text = document.body.cloneNode(true);
    text.querySelectorAll("pre, code, script").forEach((one) => one.remove());
    return text.textContent.match(/\\[([]|\$\$/g)?.length ?? 0;
}"""
COLOURED = """() => [
    getComputedStyle(document.documentElement).colorScheme,
    getComputedStyle(document.body).backgroundColor,
]"""
# As a reader who opens everything. Of code, one piece of each colour is enough, and much quicker.
OPEN = """() => {
    document.querySelectorAll("details").forEach((part) => (part.open = true));
    const seen = new Set();
    for (const piece of document.querySelectorAll("pre span[class]")) {
        const kind = piece.className + (piece.closest(".cell_output") ? " output" : "");
        if (seen.has(kind)) piece.replaceWith(...piece.childNodes);
        seen.add(kind);
    }
}"""
DRAWN = """() =>
    new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"""
SET_MODE = """(mode) => {
    document.documentElement.dataset.mode = document.documentElement.dataset.theme = mode;
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
EMPTY = "() => document.querySelectorAll('svg[role=img]').forEach((one) => one.replaceChildren())"
AXE = """async ([rules, enabled, part]) => {
    const found = await axe.run(part, {
        runOnly: rules,
        rules: {"color-contrast": {enabled}, "link-in-text-block": {enabled}},
        resultTypes: ["violations"],
    });
    return found.violations.flatMap(({id, nodes}) =>
        nodes.map(({html, failureSummary}) => `${id}: ${html.slice(0, 200)} ${failureSummary}`));
}"""


class Visit:
    """A page in a browser that has nothing of the book yet, and what went wrong in it."""

    def __init__(self, browser, address: str, **options):
        self.address = address
        self.bytes = self.requests = 0
        self.outside: list[str] = []
        self.errors: list[str] = []
        context = browser.new_context(
            **{"viewport": SIZES["wide"], "color_scheme": "light", **options}
        )
        self.page = context.new_page()
        self.page.on("request", self._asked)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("response", lambda r: r.status >= 400 and self.errors.append(r.url))
        network = context.new_cdp_session(self.page)
        network.on("Network.loadingFinished", self._received)
        network.send("Network.enable")

    def _asked(self, request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.outside.append(request.url)

    def _received(self, event) -> None:
        self.bytes += event["encodedDataLength"]
        self.requests += 1

    def open(self, name: str) -> None:
        """Open a page of the book, and wait until its scripts have run."""
        answer = self.page.goto(f"{self.address}/{name}", wait_until="load")
        assert answer.ok, f"{name}: {answer.status}"
        assert self.page.evaluate(SCRIPTED)

    def close(self) -> None:
        self.page.context.close()


@dataclass
class Seen:
    """What one visit to a page saw."""

    bytes: int
    requests: int
    formulas: int
    unformed: int
    raw: int  # places where a formula stands as it was written
    outside: list[str]
    errors: list[str]
    faults: list[str]  # of size and mode
    pale: list[str] = field(default_factory=list)  # letters in figures
    violations: list[str] = field(default_factory=list)  # of the rules for every reader


def look(browser, address: str, name: str) -> Seen:
    """Visit a page: look at it in each view, then open what is folded and look with axe-core."""
    visit = Visit(browser, address, reduced_motion="reduce")
    page = visit.page
    visit.open(f"{name}.html")
    page.evaluate(LOADED)
    formulas = [page.evaluate(count) for count in (FORMULAS, UNFORMED, PLACES_OF_TEX)]
    page.wait_for_load_state("networkidle")  # what is late comes, too
    seen = Seen(visit.bytes, visit.requests, *formulas, visit.outside, visit.errors, [])
    if not name.startswith("slides/"):
        for view in VIEWS:
            seen.faults += faults_of(page, name, *view)
        page.evaluate(OPEN)
        visit.outside, visit.errors = [], []  # axe-core asks for sheets at wrong addresses
        look_as_every_reader(page, seen)
    visit.close()
    return seen


def faults_of(page, name: str, size: str, mode: str) -> list[str]:
    """Return what is wrong with a page in a mode that the system asks for.

    A picture of it is kept; with $PICTURES in the environment one of what is right, too.
    """
    page.set_viewport_size(SIZES[size])
    page.emulate_media(color_scheme=mode)
    page.evaluate(DRAWN)
    faults = wider(page)
    scheme, background = page.evaluate(COLOURED)
    brightness = sum(int(part) for part in background.strip("rgba()").split(",")[:3]) / 3
    if scheme != mode or not (brightness > 200 if mode == "light" else brightness < 60):
        faults.append(f"{scheme} on {background}")
    if faults or "PICTURES" in os.environ:  # they take a quarter of the time
        ARTEFACTS.mkdir(exist_ok=True)
        picture = ARTEFACTS / f"{name.replace('/', '-')}-{size}-{mode}.jpg"
        page.screenshot(path=picture, type="jpeg", quality=85, full_page=True)
    return [f"{size}, {mode}: {fault}" for fault in faults]


def wider(page) -> list[str]:
    """What is wrong with the width of a page."""
    more = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    return [f"the page is {more} px wider than the window"] if more > 0 else []


def look_as_every_reader(page, seen: Seen) -> None:
    """Look at letters in figures, then with axe-core at each size and mode."""
    for mode in MODES:
        page.evaluate(SET_MODE, mode)
        seen.pale += [f"{mode}: {one}" for one in page.evaluate(LETTERS)]
    page.evaluate(EMPTY)  # for axe-core a figure is one thing, with or without its parts
    for size, mode in reversed(VIEWS):  # from the last picture back to the first
        if page.viewport_size != SIZES[size]:
            page.set_viewport_size(SIZES[size])
            page.wait_for_timeout(SETTLED)
        page.evaluate(SET_MODE, mode)
        where = f"{size}, {mode}, opened: "
        seen.faults += [where + fault for fault in wider(page)]
        seen.violations += [where + one for one in violations(page, (size, mode) in COLOURS)]


def violations(page, colours: bool = True, part: str = "html") -> list[str]:
    """What axe-core finds wrong with a part of the page, with or without its colours."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(AXE, [RULES, colours, part])
