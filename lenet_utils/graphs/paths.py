"""What is done with graphs: compose two, find the best paths, add up all of them.

The two equations of this module are the paper's: the penalty of a node is taken over the arcs that
arrive, v = min(c + v of the source) for the best path, f = logadd(c + f of the source) for all.
"""

import math
import warnings
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from heapq import nsmallest
from typing import NamedTuple

import torch
from torch import Tensor

from lenet_utils.graphs.build import from_string
from lenet_utils.graphs.graph import EPSILON, Arc, Graph, Label


class NoPath(UserWarning):
    """No path leads from the start of a graph to an end, so that its penalty is infinite."""


def compose(first: Graph, second: Graph) -> Graph:
    """Pair the paths of two graphs: what the first one writes, the second one reads.

    Penalties add up. Two paths that agree give one path: where both could move by epsilon, the
    first one goes first, or else the forward penalty would count the same pair many times.

    Returns:
        A graph that reads what the first one reads and writes what the second one writes, without
        arcs that are on no path. Where nothing agrees, it has no arcs.

    Source: generalised transduction, Section VIII.
    """
    leaving, reading = defaultdict(list), defaultdict(list)
    for i, arc in enumerate(first.arcs):
        leaving[arc.source].append(i)
    for j, arc in enumerate(second.arcs):
        reading[arc.source, arc.label].append(j)

    def moves(a: int, b: int, late: bool) -> Iterator[tuple[int, int, tuple[int, int, bool]]]:
        # -1 is the arc of the one that stays; late: the second one has moved alone.
        for i in leaving[a]:
            _, target, _, written = first.arcs[i]
            if written is not EPSILON:
                for j in reading.get((b, written), ()):
                    yield i, j, (target, second.arcs[j].target, False)
            elif not late:
                yield i, -1, (target, b, False)
        for j in reading.get((b, EPSILON), ()):
            yield -1, j, (a, second.arcs[j].target, True)

    begin = (first.start, second.start, False)
    numbers, queue, pairs, arcs = {begin: 0}, deque([begin]), [], []
    while queue:
        here = queue.popleft()
        for i, j, there in moves(*here):
            if there not in numbers:
                numbers[there] = len(numbers)
                queue.append(there)
            label = first.arcs[i].label if i >= 0 else EPSILON
            output = second.arcs[j].output if j >= 0 else EPSILON
            arcs.append(Arc(numbers[here], numbers[there], label, output))
            pairs.append((i, j))
    ends = frozenset(n for (a, b, _), n in numbers.items() if a in first.ends and b in second.ends)
    return _trimmed(Graph(tuple(arcs), _sums(first, second, pairs), len(numbers), 0, ends))


def _sums(first: Graph, second: Graph, pairs: Sequence[tuple[int, int]]) -> Tensor:
    # The zero at the end is the penalty of staying, which index -1 takes.
    one, other = (torch.cat([g.penalties, g.penalties.new_zeros(1)]) for g in (first, second))
    index = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).to(one.device)
    return one[index[:, 0]] + other.to(one.device)[index[:, 1]]


def _trimmed(graph: Graph) -> Graph:
    arcs = [graph.arcs[i] for i in graph.useful]
    kept = sorted({graph.start}.union(*(arc[:2] for arc in arcs)))
    number = {node: i for i, node in enumerate(kept)}
    return Graph(
        tuple(Arc(number[a], number[b], label, output) for a, b, label, output in arcs),
        graph.penalties[list(graph.useful)],
        len(kept),
        number[graph.start],
        frozenset(number[node] for node in graph.ends if node in number),
    )


def select(graph: Graph, wanted: Sequence[Label]) -> Graph:
    """Keep the paths that write the wanted string: the constrained graph.

    Source: the path selector, Section VI.
    """
    return compose(graph, from_string(wanted))


class Path(NamedTuple):
    """A path through a graph.

    Attributes:
        penalty: the sum over its arcs, a tensor of one number; infinite where there is no path.
        arcs: their places in the graph.
        labels, outputs: what they read and write, epsilon left out.
    """

    penalty: Tensor
    arcs: tuple[int, ...]
    labels: tuple[Label, ...]
    outputs: tuple[Label, ...]


def viterbi(graph: Graph) -> Path:
    """Find the path of lowest penalty. Source: the Viterbi transformer, Section V.

    Its gradient is 1 on the arcs of the path and 0 on all others. Where there is no path, the
    penalty is infinite, and a warning (`NoPath`) says so.

    Raises:
        ValueError: a cycle.
    """
    return best_paths(graph, 1)[0]


def best_paths(graph: Graph, count: int) -> list[Path]:
    """Find the `count` paths of lowest penalty, the best one first; fewer where there are fewer.

    Raises:
        ValueError: a cycle, or a count below 1.
    """
    if count < 1:
        raise ValueError(f"count is {count}; expected 1 or more.")
    if _blocked(graph):
        return [Path(_infinite(graph), (), (), ())]
    best: dict[int, list[tuple[float, tuple[int, ...]]]] = {}
    for node, arriving in graph.order:
        ways = [
            (penalty + graph.values[i], (*arcs, i))
            for i in arriving
            for penalty, arcs in best[graph.arcs[i].source]
        ]
        best[node] = nsmallest(count, [(0.0, ())] if node == graph.start else ways)
    ended = [way for end in graph.ends for way in best.get(end, ())]
    return [_path(graph, arcs) for _, arcs in nsmallest(count, ended)]


def _path(graph: Graph, arcs: tuple[int, ...]) -> Path:
    said = [(graph.arcs[i].label, graph.arcs[i].output) for i in arcs]
    labels = tuple(label for label, _ in said if label is not EPSILON)
    outputs = tuple(output for _, output in said if output is not EPSILON)
    return Path(graph.penalties[list(arcs)].sum(), arcs, labels, outputs)


def forward_penalty(graph: Graph) -> Tensor:
    """Add up all paths: -log of the sum of exp(-penalty), a tensor of one number.

    Never above the penalty of the best path. Its gradient is each arc's posterior. Where there is
    no path, it is infinite with a gradient of 0, and a warning (`NoPath`) says so.

    Raises:
        ValueError: a cycle.

    Source: Section VI.
    """
    if _blocked(graph):
        return _infinite(graph)
    f = {graph.start: graph.penalties[:0].sum()}  # 0, on the way to the penalties
    for node, arriving in graph.order:
        if arriving:
            before = torch.stack([f[graph.arcs[i].source] for i in arriving])
            f[node] = logadd(before + graph.penalties[list(arriving)])
    return logadd(torch.stack([f[end] for end in sorted(graph.ends) if end in f]))


def logadd(penalties: Tensor, dim: int = -1) -> Tensor:
    """Return -log of the sum of exp(-penalty) along a dimension. Source: Section VI."""
    return -torch.logsumexp(-penalties, dim)


def posteriors(graph: Graph) -> Tensor:
    """Return the probability that a path goes over each arc: (A,), without a gradient.

    A path has the probability exp(-penalty), divided by the sum over all paths. What the arcs get
    is the gradient of the forward penalty. Without any path, all are 0.
    """
    with torch.enable_grad():
        penalties = graph.penalties.detach().requires_grad_()
        total = forward_penalty(replace(graph, penalties=penalties))
        return torch.autograd.grad(total, penalties)[0]


def _blocked(graph: Graph) -> bool:
    blocked = not graph.useful and graph.start not in graph.ends
    if blocked:
        warnings.warn(
            f"no path of finite penalty leads from node {graph.start} to an end "
            f"({sorted(graph.ends) or 'there is none'}), so the penalty is infinite. Does the "
            "string fit into the columns, and does the grammar allow it?",
            NoPath,
            stacklevel=3,
        )
    return blocked


def _infinite(graph: Graph) -> Tensor:
    # From no arcs at all, so that the gradient is 0 and not NaN.
    return graph.penalties[:0].sum() + math.inf
