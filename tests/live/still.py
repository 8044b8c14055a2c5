"""Draw the still pictures that stand where scripts do not run: the live page, the instruments.

python tests/live/still.py [NAME ...]    those instruments alone, by default all
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

from harness import INSTRUMENTS, NAMES, PAGE, ROOT, assemble, serve
from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

TARGET = ROOT / "book" / "_static" / "live"
LEFT_OUT = (
    ".live-tools, .live-digits, .live-option, .live-hint, .live-legend { display: none !important }"
)


# What appears some time after the guess.
AFTER = {
    "bend": "Of the 20",
    "cover": "The worst place",
    "grow": "100 steps, map",
    "pixels": "784-300-10 reads",
    "shuffle": "Shuffled, the",
    "train": "Nine of ten were read right",
    "units": "The largest changes",
}


def main(weights: Path, chosen: list[str]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(assemble(Path(folder), weights)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for mode in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": 992, "height": 1000},
                reduced_motion="reduce",
                device_scale_factor=1,
                bypass_csp=True,
            )
            page.goto(address)
            page.evaluate("mode => document.documentElement.dataset.theme = mode", mode)
            page.add_style_tag(content=LEFT_OUT)
            page.wait_for_selector(".live-best")
            page.evaluate("document.fonts.ready")
            keep(page.locator(".live-app").screenshot(), f"still-{mode}.webp")
            for width, kind in ((752, ""), (390, "-phone")):
                page.set_viewport_size({"width": width, "height": 1000})
                page.goto(address.replace(PAGE, INSTRUMENTS))
                page.evaluate("mode => document.documentElement.dataset.theme = mode", mode)
                for name in chosen or NAMES:
                    tool = page.locator(f"[data-instrument={name}]")
                    tool.locator(".instrument-panel").wait_for()
                    use(page, tool, name)
                    page.wait_for_timeout(300)
                    shot = tool.locator(".instrument-panel").screenshot()
                    keep(shot, f"still-{name}{kind}-{mode}.webp")


def use(page: Page, tool: Locator, name: str) -> None:
    """Bring an instrument into the state in which its picture shows it."""
    if name == "descent":
        tool.get_by_label("Your guess").fill("0.037")
    if name == "road":
        tool.get_by_label("Which exchange").select_option("ReLU")
    if name == "faults":
        for letter in "afp":
            tool.locator("button", has=page.locator(f"b:text-is('{letter}')")).click()
    if name not in ("kernel", "faults"):  # whose guess is the reader's work
        tool.get_by_role("button", name="That is my guess").click()
    if name in AFTER:
        tool.get_by_text(AFTER[name]).wait_for()
    if name == "train":
        tool.get_by_role("button", name="Pause").click()
        tool.get_by_text("Paused:").wait_for()
        # A picture keeps the room of what it stands for, and before the guess that is little.
        rest = ".instrument-guess, .instrument-eight, .instrument-teach, .instrument-files"
        hide = "all => all.forEach((one) => (one.style.display = 'none'))"
        tool.locator(f"{rest}, p:has(+ .instrument-eight)").evaluate_all(hide)
    if name == "pixels":
        for key in [*["ArrowDown"] * 3, *["Space", "ArrowRight"] * 8]:
            tool.get_by_role("application").first.press(key)
    if name == "bend":
        tool.get_by_label("Turn", exact=True).fill("40")
    if name == "configuration":
        tool.get_by_label("Errors on").select_option("train_error")


def keep(shot: bytes, name: str) -> None:
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    picture.save(TARGET / name, quality=50, method=6)
    print(TARGET / name, picture.size)


if __name__ == "__main__":
    main(ROOT / "lenet_utils" / "trained", sys.argv[1:])
