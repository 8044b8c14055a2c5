"""Many strings at once: columns of penalties that meet a graph, in tensors for a whole batch.

`forward_penalty(compose(from_columns(columns), graph))` visits one node after the other. Here a
step takes all nodes of a column, of all strings. What it gives is the same.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lenet_utils.graphs.graph import EPSILON, Graph

FORBIDDEN = 1e30
"""Stands for an infinite penalty, since infinity minus infinity is not a number."""


class Machine(NamedTuple):
    """Graphs that read one label a column, each as the arcs that arrive at its S nodes.

    Attributes:
        sources: int64 (M, S, D), the nodes that D arcs come from; M is 1 for all strings, or N.
        labels: int64 (M, S, D), the class that each of them reads.
        penalties: float (M, S, D), FORBIDDEN where there is no arc.
        starts, ends: float (M, S), 0 where a path may begin or end, and FORBIDDEN elsewhere.
    """

    sources: Tensor
    labels: Tensor
    penalties: Tensor
    starts: Tensor
    ends: Tensor


def machine(graph: Graph) -> Machine:
    """Prepare a graph that every string of a batch meets, such as a grammar behind CTC's topology.

    Args:
        graph: its arcs read classes 0, 1, 2, ... Cycles are welcome: each arc takes a column.

    Raises:
        ValueError: an arc that reads epsilon or another label.
    """
    arriving: list[list[int]] = [[] for _ in range(graph.nodes)]
    for i, arc in enumerate(graph.arcs):
        if not isinstance(arc.label, int) or arc.label < 0:
            word = "epsilon" if arc.label is EPSILON else repr(arc.label)
            raise ValueError(
                f"an arc reads {word}; expected a class, 0, 1, 2, ..., since each arc takes one "
                "column. Use forward_penalty(compose(...)) for such a graph."
            )
        arriving[arc.target].append(i)
    width = max(1, *map(len, arriving)) if arriving else 1
    index = torch.tensor([arcs + [-1] * (width - len(arcs)) for arcs in arriving])
    # Index -1 is this last one, no arc at all.
    sources = torch.tensor([*(arc.source for arc in graph.arcs), 0])
    labels = torch.tensor([*(arc.label for arc in graph.arcs), 0], dtype=torch.long)
    p = graph.penalties
    penalties = torch.cat([p, p.new_full((1,), FORBIDDEN)]).clamp(max=FORBIDDEN)
    nodes = torch.arange(graph.nodes)
    starts, ends = (
        torch.where(torch.isin(nodes, torch.tensor(sorted(at))), 0.0, FORBIDDEN).to(p.dtype)
        for at in ({graph.start}, graph.ends)
    )
    tensors = (sources[index], labels[index], penalties[index], starts, ends)
    return Machine(*(tensor[None] for tensor in tensors))


def ctc_machine(strings: Sequence[Sequence[int]], blank: int) -> Machine:
    """Prepare CTC's graph of each string: blanks may stand between labels, and labels may last.

    Args:
        strings: N strings of classes, none of them the blank; lengths may differ.
        blank: the class that says nothing.

    Raises:
        ValueError: no strings, or one that holds the blank.
    """
    lengths = torch.tensor([len(string) for string in strings])
    if not len(strings) or any(blank in string for string in strings):
        raise ValueError(f"strings are {list(strings)}; expected one or more without {blank}.")
    longest = int(lengths.max())
    padded = torch.tensor([[*s] + [blank] * (longest - len(s)) for s in strings], dtype=torch.long)
    # Node 0 is the start; then blank, first label, blank, ..., last label, blank.
    said = torch.full((len(strings), 2 * longest + 2), blank)
    said[:, 2::2] = padded.view(len(strings), longest)
    nodes = torch.arange(2 * longest + 2)
    sources = (nodes[:, None] - torch.arange(3)).clamp(min=0)
    # Stay, go on, or leave a blank out: unless it keeps two equal labels apart.
    allowed = torch.stack([nodes > 0, nodes > 0, (nodes > 1) & (nodes % 2 == 0)], 1)
    allowed = allowed.expand(len(strings), -1, 3).clone()
    allowed[:, 3:, 2] &= said[:, 3:] != said[:, 1:-2]
    # After the last blank, or the last label; an empty string has neither, and may be over at once.
    end = (nodes == 2 * lengths[:, None] + 1) | (nodes == 2 * lengths[:, None])
    zero = torch.zeros(())
    return Machine(
        sources.expand(len(strings), -1, 3),
        said[:, :, None].expand(-1, -1, 3),
        torch.where(allowed, zero, FORBIDDEN),
        torch.where(nodes == 0, zero, FORBIDDEN)[None],
        torch.where(end, zero, FORBIDDEN),
    )


def forward_penalties(columns: Tensor, graphs: Machine, lengths: Tensor | None = None) -> Tensor:
    """Add up all paths of each string through its graph.

    Args:
        columns: float (N, T, K), each class's penalty in each column, such as -log_softmax.
        graphs: of `machine` or `ctc_machine`.
        lengths: int64 (N,), how many of the columns count; by default all.

    Returns:
        (N,), infinite where a string has no path: its gradient is 0.

    Raises:
        ValueError: columns of another shape, NaN in them, other numbers of strings or classes.

    Source: the forward penalty, Section VI.
    """
    total: Tensor = _AllPaths.apply(*_scores(columns, graphs, lengths))
    return torch.where(total < FORBIDDEN / 2, total, math.inf)


def viterbi_penalties(columns: Tensor, graphs: Machine, lengths: Tensor | None = None) -> Tensor:
    """Find the best path of each string through its graph, see `forward_penalties`.

    Returns:
        (N,), infinite where a string has no path: its gradient is 0. Else its gradient is 1 at the
        classes that the path reads.

    Source: the Viterbi transformer, Section V.
    """
    total = -_scan(*_scores(columns, graphs, lengths), add=lambda x, dim: x.max(dim).values)[0]
    return torch.where(total < FORBIDDEN / 2, total, math.inf)


def _scores(columns: Tensor, graphs: Machine, lengths: Tensor | None) -> tuple[Tensor, ...]:
    """Return what `_scan` takes: the scores of the arcs in each column are (N, T, S, D)."""
    lengths = _require(columns, graphs, lengths)
    n, count, _ = columns.shape
    sources, labels, penalties, starts, ends = (part.to(columns.device) for part in graphs)
    read, sources = (part.expand(n, -1, -1).flatten(1) for part in (labels, sources))
    arcs = columns.clamp(max=FORBIDDEN).gather(2, read[:, None].expand(-1, count, -1))
    arcs = arcs.view(n, count, *labels.shape[1:]) + penalties[:, None]
    return -arcs, sources, -starts, -ends, lengths


def _scan(
    scores: Tensor, *graphs: Tensor, add: Callable[[Tensor, int], Tensor] = torch.logsumexp
) -> tuple[Tensor, Tensor]:
    """Return the totals (N,) and those of all nodes after each column, (T + 1, N, S).

    All are scores, negative penalties, since logsumexp takes them so; `add` joins what meets.
    """
    sources, starts, ends, lengths = graphs
    n, _, nodes, width = scores.shape
    after = [starts.to(scores.dtype).expand(n, -1)]
    for column in scores.unbind(1):
        arriving = after[-1].gather(1, sources).view(n, nodes, width)
        after.append(add(arriving + column, 2))
    history = torch.stack(after)
    return add(history[lengths, torch.arange(n)] + ends, 1), history


class _AllPaths(torch.autograd.Function):
    """The penalty of all paths, with its gradient by a recursion of its own.

    PyTorch finds the same gradient and walks back through each operation of each step. Here the
    share that an arc has in its node is computed for all columns at once. Second derivatives are
    left to PyTorch.
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, *graphs: Tensor) -> Tensor:
        total, history = _scan(scores, *graphs)
        ctx.save_for_backward(scores, *graphs, total, history)
        return -total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        scores, sources, starts, ends, lengths, total, history = ctx.saved_tensors
        if torch.is_grad_enabled():
            total, _ = _scan(scores, sources, starts, ends, lengths)
            (found,) = torch.autograd.grad(-total, scores, gradient, create_graph=True)
            return found, None, None, None, None
        n, count, nodes, width = scores.shape
        before = history[:-1].gather(2, sources.expand(count, -1, -1))
        shares = before.view(count, n, nodes, width) + scores.transpose(0, 1)
        shares = (shares - history[1:, :, :, None]).exp_()
        # What the ends give goes back to the nodes of the last column, and from there on.
        given = torch.zeros_like(history)
        last = lengths, torch.arange(n)
        given[last] = -gradient[:, None] * (history[last] + ends - total[:, None]).exp()
        found = torch.empty_like(shares)
        g = given[count]
        for t in range(count - 1, -1, -1):
            torch.mul(shares[t], g[:, :, None], out=found[t])
            g = given[t].scatter_add(1, sources, found[t].view(n, -1))
        return found.transpose(0, 1), None, None, None, None


def _require(columns: Tensor, graphs: Machine, lengths: Tensor | None) -> Tensor:
    if columns.dim() != 3 or columns.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"columns are {columns.dtype} {tuple(columns.shape)}; expected float32 or float64 "
            "(N, T, K): strings, columns, classes."
        )
    n, count, classes = columns.shape
    if len(graphs.sources) not in (1, n):
        raise ValueError(f"got {len(graphs.sources)} graphs for {n} strings; expected 1 or {n}.")
    if (highest := int(graphs.labels.max())) >= classes:
        raise ValueError(
            f"a graph reads class {highest}; expected at most {classes - 1}, since the columns "
            f"have {classes} classes."
        )
    if bool((columns.isnan() | (columns == -math.inf)).any()):
        raise ValueError("columns hold NaN or -infinity, no numbers. Did the network diverge?")
    if lengths is None:
        return torch.full((n,), count, device=columns.device)
    if lengths.shape != (n,) or not bool(((lengths >= 0) & (lengths <= count)).all()):
        raise ValueError(
            f"lengths are {lengths.tolist()}; expected {n} whole numbers from 0 to {count}, the "
            "columns of each string."
        )
    return lengths.to(columns.device)
