"""Training in the page beside ConvNetJS and TensorFlow.js: the same network in the same browser.

    python -m benchmarks.page_training

It needs Chromium, and npm, which brings the two into a folder that is thrown away. Ways take turns,
so that a busy spell of the machine hits all of them, and the best round of each counts. Then the
page's own worker trains on the digits of the page, and PyTorch says of its weights, as they come,
what they read right of MNIST's 10,000 test digits.
"""

import base64
import functools
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch
from playwright.sync_api import Page, sync_playwright
from torch.nn.utils import vector_to_parameters

from lenet_utils import evaluate, lenet5_modern, load_mnist, normalise_modern

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book" / "_ext"))
import lenet_tables  # noqa: E402 (the book's own extension)

PACKAGES = {
    "convnetjs@0.3.0": {"build/convnet.js": "convnet.js"},
    "@tensorflow/tfjs@4.22.0": {"dist/tf.min.js": "tf.js"},
    "@tensorflow/tfjs-backend-wasm@4.22.0": {
        f"{folder}{name}": name
        for folder, name in (
            ("dist/", "tf-backend-wasm.min.js"),
            ("dist/", "tfjs-backend-wasm.wasm"),
            ("dist/", "tfjs-backend-wasm-simd.wasm"),
        )
    },
}
SCRIPTS = ("vendor/convnet.js", "vendor/tf.js", "vendor/tf-backend-wasm.min.js", "page_training.js")
CONTENDERS = {
    "ours": (64, 256),
    "ConvNetJS": (64,),
    "TensorFlow.js, cpu": (64,),
    "TensorFlow.js, wasm": (64, 256),
    "TensorFlow.js, webgl": (64, 256, 512),
}
"""Each with the sizes of batches that it is tried with, of which the best counts."""
ROUNDS, SECONDS = 3, 3
OVER_CONVNETJS, OVER_TENSORFLOW = 20, 3
RUNS = (
    (0.97, 5.0, {"optimiser": "adam", "rate": 0.008, "batch": 64, "cycle": 1}),
    (0.985, 20.0, {"optimiser": "adam", "rate": 0.006, "batch": 64, "cycle": 5}),
)
"""What is asked of the test digits, within how many seconds of learning, and how it is trained:
chosen on the page's held-out digits. A cycle is of so many epochs."""


def site(folder: Path) -> None:
    """Fill a folder with the page, its program and digits, and the other two from npm."""
    live = folder / "_static" / "live"
    live.mkdir(parents=True)
    for name in lenet_tables.TRAINING:
        shutil.copy(lenet_tables.LIVE / name, live)
    shutil.copy(Path(__file__).with_suffix(".js"), folder)
    modules = folder / "npm"
    modules.mkdir()
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES]
    subprocess.run(command, cwd=modules, check=True, capture_output=True)
    (folder / "vendor").mkdir()
    for package, files in PACKAGES.items():
        for source, target in files.items():
            found = modules / "node_modules" / package.rpartition("@")[0] / source
            shutil.copy(found, folder / "vendor" / target)
    scripts = "".join(f'<script src="{script}"></script>' for script in SCRIPTS)
    page = f'<!doctype html><meta charset="utf-8"><title>Training</title>{scripts}'
    (folder / "index.html").write_text(page, encoding="utf-8")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/index.html"
    finally:
        server.shutdown()


def rates(page: Page) -> dict[str, float]:
    """Return the examples a second of each way; print what does not run, and why."""
    found: dict[str, float] = {}
    failed: set[str] = set()
    for _ in range(ROUNDS):
        for name, batches in CONTENDERS.items():
            for batch in batches if name not in failed else ():
                asked = "([name, ...more]) => CONTENDERS[name](...more)"
                try:
                    answer = page.evaluate(asked, [name, batch, SECONDS])
                except Exception as error:  # whatever another library throws
                    failed.add(name)
                    print(f"  {name}: does not train here ({str(error).splitlines()[0][:110]})")
                    break
                assert answer["parameters"] == 61_706, (name, answer)
                found[name] = max(found.get(name, 0.0), answer["rate"])
    return found


def rates_section(page: Page) -> str:
    """Return the examples a second of each way, and the ratios."""
    found = rates(page)
    ours = found.pop("ours")
    best = max((n for n in found if n.startswith("TensorFlow")), key=lambda name: found[name])
    aims = {"ConvNetJS": OVER_CONVNETJS, best: OVER_TENSORFLOW}
    lines = [f"Examples a second, one thread of JavaScript (best of {ROUNDS} rounds)"]
    lines.append(f"  {'in the page of lesson 10':26}{ours:9,.0f}")
    for name, each in found.items():
        ratio = ours / each
        met = "met" if name in aims and ratio >= aims[name] else "MISSED"
        aim = f", aim {aims[name]}: {met}" if name in aims else ""
        lines.append(f"  {name:26}{each:9,.0f}   {ratio:6.1f} times fewer{aim}")
    return "\n".join(lines)


@torch.no_grad()
def accuracy_section(page: Page) -> str:
    """Return after how many seconds of learning the test digits are read as well as asked."""
    test = load_mnist(progress=False).test
    x, model = normalise_modern(test.images), lenet5_modern()
    lines = ["Digits of the test set, read by the weights of the page's worker as they come"]
    for wanted, aim, settings in RUNS:
        asked = {"about": lenet_tables.training(), "settings": settings}
        reports: list[dict[str, Any]] = page.evaluate("(asked) => learned(asked)", asked)
        curve = []
        for report in reports:
            weights = bytearray(base64.b64decode(report["weights"]))
            vector_to_parameters(torch.frombuffer(weights, dtype=torch.float32), model.parameters())
            accuracy = evaluate(model, x, test.labels, device="cpu").accuracy
            curve.append((report["seconds"], report["seen"], accuracy))
        seconds, seen, accuracy = curve[-1]
        at = next((s for s, _, found in curve if found >= wanted), None)
        told = f"{wanted:.1%} after {at:.1f} s" if at is not None else f"{wanted:.1%} not reached"
        met = "met" if at is not None and at <= aim else "MISSED"
        lines.append(
            f"  cycle of {settings['cycle']}, rate {settings['rate']}, batch {settings['batch']}: "
            f"{told}, aim {aim:.0f} s: {met}; in the end {accuracy:.2%} after {seen:,} digits, "
            f"{seconds:.1f} s"
        )
    return "\n".join(lines)


def page_training_section() -> str:
    """Return both sections, or what is missing for them."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or shutil.which("npm") is None:
        return "Training in the page: needs Chromium and npm, which are not both here"
    options = ["--no-sandbox", "--enable-unsafe-swiftshader", "--use-angle=swiftshader"]
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        site(Path(name))
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        with served(Path(name)) as address:
            page = browser.new_page()
            page.set_default_timeout(600_000)
            page.goto(address)
            sections = [rates_section(page), accuracy_section(page)]
        browser.close()
    return "\n".join(sections)


if __name__ == "__main__":
    print(page_training_section())
