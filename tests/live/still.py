"""Draw the still pictures of the live page, which readers without scripts see.

python tests/live/still.py [FOLDER OF WEIGHTS]
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

from harness import ROOT, assemble, serve
from PIL import Image
from playwright.sync_api import sync_playwright

TARGET = ROOT / "book" / "_static" / "live"
LEFT_OUT = (
    ".live-tools, .live-digits, .live-option, .live-hint, .live-legend { display: none !important }"
)


def main(weights: Path) -> None:
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
            shot = page.locator(".live-app").screenshot()
            picture = Image.open(io.BytesIO(shot)).convert("RGB")
            picture.save(TARGET / f"still-{mode}.webp", quality=50, method=6)
            print(TARGET / f"still-{mode}.webp", picture.size)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "lenet_utils" / "trained")
