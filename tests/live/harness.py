"""The live page as it stands in the book, in a folder of its own and under a strict policy."""

import functools
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "tests")]
import lenet_tables  # noqa: E402 (the book's own extension)
from lenet_instruments import BLOCK  # noqa: E402 (the book's own extension)
from visits import MODES, violations  # noqa: E402

PAGE = "book/live.html"
INSTRUMENTS = "book/instruments.html"
NAMES = (
    "bend",
    "configuration",
    "cover",
    "criteria",
    "descent",
    "family",
    "faults",
    "field",
    "grow",
    "kernel",
    "paths",
    "pixels",
    "plates",
    "reading",
    "road",
    "shift",
    "shuffle",
    "symbol",
    "train",
    "units",
    "wires",
)
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'"
)


def assemble(folder: Path, weights: Path) -> Path:
    """Write the page with its modules, the book's style and weights; returns the folder."""
    static = folder / "_static"
    shutil.copytree(ROOT / "book" / "_static" / "live", static / "live")
    for name in ("lenet.css", "lenet-fonts.css"):
        shutil.copy(ROOT / "book" / "_static" / name, static)
    fonts = ROOT / "book" / "_static" / "vendor" / "fonts"
    if fonts.exists():
        shutil.copytree(fonts, static / "vendor" / "fonts")
    lenet_tables.write(static / "live")
    shutil.rmtree(static / "live" / "weights", ignore_errors=True)
    shutil.copytree(weights, static / "live" / "weights")
    (static / "harness.css").write_text(
        "body { max-width: 60rem; margin: 0 auto; padding: 1rem; background: "
        "var(--pst-color-background); color: var(--pst-color-text-base); }"
        "html[data-theme=light] .only-dark, html[data-theme=dark] .only-light { display: none; }",
        encoding="utf-8",
    )
    block = (static / "live" / "block.html").read_text(encoding="utf-8")
    text = (ROOT / "book" / "live.md").read_text(encoding="utf-8")
    block += re.search(r"<script.*?</script>", text)[0]
    (folder / "book").mkdir()
    _write(folder / PAGE, block)
    wake = '<script src="../_static/live/wake.js" defer></script>'
    blocks = [BLOCK.format(up="../", name=name, pictures="") for name in NAMES]
    _write(folder / INSTRUMENTS, "".join(blocks) + wake)
    for name, alone in zip(NAMES, blocks, strict=True):
        _write(folder / "book" / f"{name}.html", alone + wake)
    return folder


def _write(page: Path, block: str) -> None:
    page.write_text(
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>LeNet-5, live</title>'
        '<link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="../_static/lenet.css">'
        '<link rel="stylesheet" href="../_static/lenet-fonts.css">'
        '<link rel="stylesheet" href="../_static/harness.css"></head><body>'
        f"<h1>LeNet-5, live</h1>{block}<p>{'Text below. ' * 400}</p></body></html>",
        encoding="utf-8",
    )


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder with a policy that forbids inline scripts and styles and other hosts."""

    class Strict(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", POLICY)
            super().end_headers()

    handler = functools.partial(Strict, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{PAGE}"
    finally:
        server.shutdown()


@contextmanager
def opened(browser: Any, address: str, *names: str) -> Iterator[Any]:
    """Open a phone's page of one instrument or of all; nothing may fail or be too wide on it."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    page.goto(address.replace(PAGE, f"book/{names[0]}.html" if names else INSTRUMENTS))
    for name in names or NAMES:
        page.locator(f"[data-instrument={name}] .instrument-panel").wait_for()
    yield page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
    assert wrong == []


def look(page: Any, name: str) -> None:
    """Look at an instrument with axe-core, in light and dark."""
    for mode in MODES:
        page.evaluate("mode => document.documentElement.dataset.theme = mode", mode)
        assert violations(page, part=f"[data-instrument={name}]") == [], mode
