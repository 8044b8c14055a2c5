"""Time of the forward penalty and its gradient: PyTorch's CTC loss, our batched form, our graphs.

Run by itself with `python -m benchmarks.graphs`, or as a section of `make bench`. The three give
the same numbers, which is asserted before they are timed.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.graphs import (
    compose,
    ctc_machine,
    ctc_topology,
    forward_penalties,
    forward_penalty,
    from_columns,
    select,
)

STRINGS, COLUMNS, CLASSES, LENGTH = 32, 40, 11, 5
BLANK = CLASSES - 1
ROUNDS = 100
AIM = 10.0


def graphs_section() -> str:
    """Return a small table: milliseconds for each way, and how many times CTC loss takes them."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(STRINGS, COLUMNS, CLASSES, generator=generator).requires_grad_()
    strings = torch.randint(BLANK, (STRINGS, LENGTH), generator=generator)
    ways = {"ctc_loss": _by_pytorch, "batched form": _batched, "graph by graph": _graphs}
    gradients = {name: _gradient(way, logits, strings) for name, way in ways.items()}
    for gradient in gradients.values():
        torch.testing.assert_close(gradient, gradients["ctc_loss"], rtol=0, atol=1e-4)
    best = dict.fromkeys(ways, float("inf"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # tensors as small as these are quicker so, all three ways
    for number in range(ROUNDS):  # in turns, so that a busy spell of the machine hits all
        for name, way in ways.items():
            if name != "graph by graph" or number < 2:
                start = time.perf_counter()
                _gradient(way, logits, strings)
                best[name] = min(best[name], time.perf_counter() - start)
    torch.set_num_threads(threads)
    lines = [
        f"Forward penalty and its gradient: {STRINGS} strings of {COLUMNS} columns, {CLASSES} "
        f"classes (one thread; best of {ROUNDS}, the last one of 2)"
    ]
    for name, took in best.items():
        ratio = took / best["ctc_loss"]
        aim = f", aim within {AIM:.0f}: {'met' if ratio <= AIM else 'MISSED'}"
        lines.append(
            f"  {name:28} {1000 * took:10.2f} ms   {ratio:7.1f} times ctc_loss"
            f"{aim if name == 'batched form' else ''}"
        )
    return "\n".join(lines)


Way = Callable[[Tensor, Tensor], Tensor]


def _gradient(way: Way, logits: Tensor, strings: Tensor) -> Tensor:
    return torch.autograd.grad(way(logits.log_softmax(2), strings), logits)[0]


def _by_pytorch(log_probabilities: Tensor, strings: Tensor) -> Tensor:
    lengths = (torch.full((STRINGS,), COLUMNS), torch.full((STRINGS,), LENGTH))
    columns = log_probabilities.transpose(0, 1)
    return F.ctc_loss(columns, strings, *lengths, blank=BLANK, reduction="sum")


def _batched(log_probabilities: Tensor, strings: Tensor) -> Tensor:
    # What depends on the strings is built each time, as it is in training.
    return forward_penalties(-log_probabilities, ctc_machine(strings.tolist(), BLANK)).sum()


def _graphs(log_probabilities: Tensor, strings: Tensor) -> Tensor:
    topology = ctc_topology(range(BLANK), BLANK)
    pairs = zip(-log_probabilities, strings.tolist(), strict=True)
    return torch.stack(
        [
            forward_penalty(compose(from_columns(columns), select(topology, string)))
            for columns, string in pairs
        ]
    ).sum()


if __name__ == "__main__":
    print(graphs_section())
