"""What it costs to read a field: LeNet-5 swept over it, and the windows cut and read one by one.

With node on the machine also what the book's page takes for a stroke: the sweep and its readings.

Run by itself with `python -m benchmarks.sweep`, or as a section of `make bench`.
"""

import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from lenet_utils.accounting import layer_table
from lenet_utils.results.trained import trained_path
from lenet_utils.sdnn import cut_windows, sdnn_1998, sdnn_modern

ROOT = Path(__file__).parents[1]

WIDTH = 160
FIELDS = 20
ROUNDS = 7
FRAME = 16.0  # milliseconds from one picture of a screen to the next


@torch.no_grad()
def sweep_section() -> str:
    """Return multiply-accumulates and seconds of both ways, and their ratios."""
    columns = 1 + (WIDTH - 32) // 4
    fields = torch.rand(FIELDS, 1, 32, WIDTH)
    windows = cut_windows(fields).flatten(0, 1)
    lines = [f"A field of {WIDTH} pixels, {columns} columns of answers (best of {ROUNDS} rounds)"]
    for name, model in (("modern", sdnn_modern()), ("1998", sdnn_1998())):
        swept = layer_table(model, (1, 32, WIDTH)).macs
        cut = columns * layer_table(model, (1, 32, 32)).macs
        slow, quick = [], []
        for _ in range(ROUNDS):  # in turns, so that a busy spell of the machine hits both
            slow.append(_seconds(lambda model=model: model(windows)))
            quick.append(_seconds(lambda model=model: model(fields)))
        lines += [
            f"  {name:6} cut windows   {cut:11,} multiply-accumulates "
            f"{min(slow) / FIELDS * 1e3:7.2f} ms",
            f"  {name:6} swept         {swept:11,} multiply-accumulates "
            f"{min(quick) / FIELDS * 1e3:7.2f} ms   "
            f"{cut / swept:.1f} times fewer, {min(slow) / min(quick):.1f} times quicker",
        ]
    if node := shutil.which("node"):
        lines.append(f"  {_stroke(node)}")
    return "\n".join(lines)


def _stroke(node: str) -> str:
    """Return what the page takes for a stroke, the median of 30, in milliseconds."""
    field = base64.b64encode(torch.randint(256, (32 * WIDTH,), dtype=torch.uint8).numpy().tobytes())
    weights = str(trained_path("sdnn_modern"))
    asked = json.dumps({"weights": weights, "fields": [field.decode()], "width": WIDTH})
    with tempfile.TemporaryDirectory() as folder:
        for module in (ROOT / "book" / "_static" / "live").glob("*.js"):
            shutil.copy(module, folder)
        (Path(folder) / "package.json").write_text('{"type": "module"}', encoding="utf-8")
        command = [node, str(ROOT / "tests" / "live" / "ask.mjs"), folder, "sweepTime"]
        took = json.loads(subprocess.check_output(command, input=asked, encoding="utf-8"))
    median = sorted(took)[len(took) // 2]
    met = "met" if median <= FRAME else "MISSED"
    return f"modern in the page, sweep and readings {median:25.1f} ms   aim {FRAME:.0f}: {met}"


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(sweep_section())
