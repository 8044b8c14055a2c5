"""What it costs to read a field: LeNet-5 swept over it, and the windows cut and read one by one.

Run by itself with `python -m benchmarks.sweep`, or as a section of `make bench`.
"""

import time
from collections.abc import Callable

import torch

from lenet_utils.accounting import layer_table
from lenet_utils.sdnn import cut_windows, sdnn_1998, sdnn_modern

WIDTH = 160
FIELDS = 20
ROUNDS = 7


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
    return "\n".join(lines)


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(sweep_section())
