"""Time of one pattern of one network: the plain loop, many networks at once, and the floor.

Run by itself with `python -m benchmarks.online`, or as a section of `make bench`.
"""

import time

import torch
from torch import Tensor

from lenet_utils.criteria import MAP
from lenet_utils.initialisation import initialise_1998
from lenet_utils.models import lenet5_1998
from lenet_utils.online import Backend, train_epoch

SEEDS = (10, 16, 32)
REPEATS = 3
TARGET = 25.0

# Multiply-adds of one update of one network: C1, C3, C5, F6 and the output.
FORWARD = 117_600 + 150_000 + 48_000 + 10_080 + 840
BACKWARD_STATES = FORWARD - 117_600
BACKWARD_WEIGHTS = FORWARD - 840
UPDATE = 60_000
MULTIPLY_ADDS = FORWARD + BACKWARD_STATES + BACKWARD_WEIGHTS + UPDATE


def online_section() -> str:
    """Return a small table: microseconds for each pattern and network, and ratios."""
    threads = torch.get_num_threads()
    plain = float("inf")
    for number in {1, threads}:  # PyTorch's tiny operations are often quicker on one thread
        torch.set_num_threads(number)
        plain = min(plain, _microseconds(1, 300, "pytorch")[0])
    torch.set_num_threads(threads)
    floor = 2 * MULTIPLY_ADDS / _peak_flops() * 1e6
    lines = [
        "LeNet-5 of 1998, one pattern per update, microseconds per pattern and network",
        f"(best of {REPEATS}; {torch.get_num_threads()} threads)",
        f"  plain PyTorch, 1 network       {plain:8.1f}",
    ]
    for seeds in SEEDS:
        one, words = _microseconds(seeds, 2_000, "auto")
        ratio = plain / one
        verdict = f", aim {TARGET:.0f}: {'met' if ratio >= TARGET else 'MISSED'}"
        lines.append(
            f"  side by side, {seeds} networks     {one:8.1f}   {ratio:5.1f} times less"
            f"{verdict if seeds == 10 else ''}   [{words}]"
        )
    lines.append(
        f"  arithmetic floor               {floor:8.1f}   {MULTIPLY_ADDS:,} multiply-adds at "
        f"the speed of a large matrix product"
    )
    return "\n".join(lines)


def _microseconds(seeds: int, patterns: int, backend: Backend) -> tuple[float, str]:
    images, labels = _digits(patterns)
    models = [lenet5_1998() for _ in range(seeds)]
    for seed, model in enumerate(models):
        initialise_1998(model, seed, gain=1, power=0.5, coefficient=0.5, bias=0)
    rates = [[torch.full_like(p, 1e-5) for p in model.parameters()] for model in models]
    orders = torch.stack([torch.randperm(patterns) for _ in range(seeds)])
    criteria = [MAP(distance_scale=0.5)] * seeds
    seconds, words = [], ""
    for number in range(REPEATS + 1):  # the first one builds the kernel and warms up
        n = patterns if number else 20
        start = time.perf_counter()
        result = train_epoch(
            models, criteria, images, labels, orders[:, :n], rates, backend=backend
        )
        words = result.backend
        if number:
            seconds.append(time.perf_counter() - start)
    return min(seconds) / patterns / seeds * 1e6, words


def _digits(n: int) -> tuple[Tensor, Tensor]:
    """Return images of the right kind; what is on them does not change the time."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (n, 32, 32), generator=generator).to(torch.uint8)
    return images, torch.randint(10, (n,), generator=generator)


def _peak_flops() -> float:
    """Measure multiply-adds per second, times two, in a matrix product on all threads."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    best = float("inf")
    for _ in range(8):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * 1024**3 / best


if __name__ == "__main__":
    print(online_section())
