"""What a graph of hypotheses is: nodes, arcs that say something, and what they cost."""

import math
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from torch import Tensor

Label = Hashable
EPSILON = None
"""The label of an arc that reads, or writes, nothing."""


class Arc(NamedTuple):
    """An arc from one node to another that reads a label and writes one."""

    source: int
    target: int
    label: Label
    output: Label


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph of hypotheses.

    Attributes:
        arcs: from node to node, with what they read and write.
        penalties: float (A,), one for each arc; infinite where an arc must not be taken.
        nodes: how many there are, 0, 1, 2, ...
        start: the node where every path begins.
        ends: the nodes where a path may end.

    Raises:
        ValueError: penalties of another number or type, NaN or -infinity; an arc, a start or an
            end that is none of the nodes. Cycles are refused only where paths are counted, since
            a grammar may have them.
    """

    arcs: tuple[Arc, ...]
    penalties: Tensor
    nodes: int
    start: int
    ends: frozenset[int]

    def __post_init__(self) -> None:
        p = self.penalties
        if not isinstance(p, Tensor) or not p.is_floating_point() or p.shape != (len(self.arcs),):
            found = f"{p.dtype} {tuple(p.shape)}" if isinstance(p, Tensor) else type(p).__name__
            raise ValueError(
                f"penalties are {found}; expected a float tensor ({len(self.arcs)},), one for each "
                "arc."
            )
        for number, value in enumerate(self.values):
            if math.isnan(value) or value == -math.inf:
                raise ValueError(
                    f"the penalty of arc {number}, {_told(self.arcs[number])}, is {value}; "
                    "expected a number, or infinity where an arc must not be taken. Did the "
                    "network diverge?"
                )
        for arc in self.arcs:
            if not (0 <= arc.source < self.nodes and 0 <= arc.target < self.nodes):
                raise ValueError(
                    f"the arc {_told(arc)} leads to or from nowhere: the nodes are 0 to "
                    f"{self.nodes - 1}. Mend its numbers, or make the graph larger."
                )
        if strange := {self.start, *self.ends} - set(range(self.nodes)):
            raise ValueError(
                f"start or end is node {min(strange)}; expected one of 0 to {self.nodes - 1}."
            )

    @cached_property
    def values(self) -> list[float]:
        """The penalties as plain numbers."""
        found: list[float] = self.penalties.detach().tolist()
        return found

    @cached_property
    def useful(self) -> tuple[int, ...]:
        """The arcs that lie on a path of finite penalty from the start to an end."""
        allowed = [i for i, value in enumerate(self.values) if value < math.inf]
        pairs = [(self.arcs[i].source, self.arcs[i].target) for i in allowed]
        before = _reached([self.start], pairs)
        after = _reached(self.ends, [(target, source) for source, target in pairs])
        return tuple(
            i for i, (a, b) in zip(allowed, pairs, strict=True) if a in before and b in after
        )

    @cached_property
    def order(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """The nodes on paths, each after those before it, with the useful arcs that arrive.

        Raises:
            ValueError: a cycle, named by its nodes.
        """
        arriving, leaving = defaultdict(list), defaultdict(list)
        for i in self.useful:
            arriving[self.arcs[i].target].append(i)
            leaving[self.arcs[i].source].append(self.arcs[i].target)
        waiting = {node: len(arcs) for node, arcs in arriving.items()}
        ready, found = deque([] if self.start in waiting else [self.start]), []
        while ready:
            node = ready.popleft()
            found.append((node, tuple(arriving[node])))
            for target in leaving[node]:
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
        if stuck := {node for node, left in waiting.items() if left}:
            raise ValueError(
                f"the graph has a cycle, {_cycle(self, stuck)}, so that its paths have no end; "
                "expected an acyclic graph. Compose it first with one of columns or segments."
            )
        return tuple(found)


def _told(arc: Arc) -> str:
    return f"{arc.source} -> {arc.target} ({arc.label!r})"


def _reached(nodes: Iterable[int], pairs: Iterable[tuple[int, int]]) -> set[int]:
    following, found = defaultdict(list), set(nodes)
    for source, target in pairs:
        following[source].append(target)
    new = list(found)
    while new:
        more = {target for target in following[new.pop()] if target not in found}
        found |= more
        new.extend(more)
    return found


def _cycle(graph: Graph, stuck: set[int]) -> str:
    before = {graph.arcs[i].target: graph.arcs[i].source for i in graph.useful
              if graph.arcs[i].source in stuck and graph.arcs[i].target in stuck}  # fmt: skip
    way = [next(iter(before))]
    while way[-1] not in way[:-1]:
        way.append(before[way[-1]])
    return " -> ".join(str(node) for node in reversed(way[way.index(way[-1]) :]))
