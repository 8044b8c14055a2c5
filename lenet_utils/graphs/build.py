"""Graphs from columns of scores, from pieces of ink, from a string, from a grammar; CTC's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from lenet_utils.graphs.graph import EPSILON, Arc, Graph, Label


def from_arcs(
    arcs: Sequence[tuple[int, int, Label]], penalties: Tensor | None = None, *, ends: Sequence[int]
) -> Graph:
    """Build a graph from (source, target, label), penalties (A,), 0 by default; node 0 starts."""
    made = tuple(Arc(source, target, label, label) for source, target, label in arcs)
    p = torch.zeros(len(made)) if penalties is None else penalties
    nodes = 1 + max([0, *ends, *(node for arc in made for node in arc[:2])])
    return Graph(made, p, nodes, 0, frozenset(ends))


def from_columns(penalties: Tensor, labels: Sequence[Label] | None = None) -> Graph:
    """Build the linear graph of a sliding window: in each column an arc for each class.

    Args:
        penalties: float (T, K), such as -log_softmax of a network's scores, or its distances.
        labels: what the K classes are called; by default 0, 1, 2, ...

    Source: Section VII.
    """
    if penalties.dim() != 2:
        raise ValueError(f"penalties have shape {tuple(penalties.shape)}; expected (T, K).")
    columns, classes = penalties.shape
    names = _names(labels, classes)
    arcs = [(t, t + 1, name) for t in range(columns) for name in names]
    return from_arcs(arcs, penalties.reshape(-1), ends=[columns])


def from_string(labels: Sequence[Label]) -> Graph:
    """Build the graph that says one string and nothing else, at no cost."""
    arcs = [(i, i + 1, label) for i, label in enumerate(labels)]
    return from_arcs(arcs, ends=[len(arcs)])


def from_segments(segments: Sequence[tuple[int, int]], penalties: Tensor | None = None) -> Graph:
    """Build the segmentation graph: nodes are cuts, arcs are the pieces of ink between two.

    Args:
        segments: the two cuts of each piece, the left one first, numbered from the left; the first
            cut is 0, and the last one ends the string.
        penalties: float (A,), what a piece costs before it is read; 0 by default.

    Raises:
        ValueError: no pieces, or one whose cuts are not in order.

    Source: Section V.
    """
    if not segments or any(not 0 <= left < right for left, right in segments):
        wrong = next((s for s in segments if not 0 <= s[0] < s[1]), "none")
        raise ValueError(
            f"a segment is {wrong}; expected (left cut, right cut), 0 <= left < right."
        )
    arcs = [(left, right, (left, right)) for left, right in segments]
    return from_arcs(arcs, penalties, ends=[max(right for _, right in segments)])


def recognised(graph: Graph, penalties: Tensor, labels: Sequence[Label] | None = None) -> Graph:
    """Turn each arc of a segmentation graph into one arc for each class that it may be.

    Args:
        graph: A arcs.
        penalties: float (A, K), what the recogniser says: a distance, or -log of a probability.
        labels: what the classes are called; by default 0, 1, 2, ...

    Returns:
        A * K arcs that read the segment's label and write the class's.

    Source: the recognition transformer, Section V.
    """
    if penalties.dim() != 2 or len(penalties) != len(graph.arcs):
        raise ValueError(
            f"penalties have shape {tuple(penalties.shape)}; expected ({len(graph.arcs)}, K), one "
            "row for each arc."
        )
    names = _names(labels, penalties.shape[1])
    arcs = tuple(arc._replace(output=name) for arc in graph.arcs for name in names)
    return replace(graph, arcs=arcs, penalties=(graph.penalties[:, None] + penalties).reshape(-1))


def from_grammar(rules: Mapping[str, Sequence[tuple[Label, str | None]]]) -> Graph:
    """Build a graph from the rules of a regular grammar; it may have cycles.

    Args:
        rules: for each state what may be said there, and the state that follows, None at the end.
            The first state is the start: {"sign": [("$", "digits")], "digits": [...]}.

    Raises:
        ValueError: no rules, or a state that no rule describes.
    """
    states: dict[str | None, int] = {name: i for i, name in enumerate(rules)}
    for name, choices in rules.items():
        for label, following in choices:
            if following is not None and following not in rules:
                raise ValueError(
                    f"after {label!r} the rule {name!r} goes on with {following!r}, which leads "
                    f"nowhere; expected one of {list(rules)}, or None at the end."
                )
    if not rules:
        raise ValueError("there are no rules; expected at least one state with what it may say.")
    states[None] = len(rules)
    arcs = [(states[a], states[b], label) for a, each in rules.items() for label, b in each]
    return from_arcs(arcs, ends=[len(rules)])


def ctc_topology(labels: Sequence[Label], blank: Label) -> Graph:
    """Build the transducer of CTC: it drops blanks, and writes a run of one label once.

    Composed with a graph of columns it says which strings the columns may mean. A label that
    stands twice in the string needs a blank in between.
    """
    arcs = [Arc(0, 0, blank, EPSILON)]
    for i, label in enumerate(labels, 1):
        arcs += [Arc(i, i, label, EPSILON), Arc(i, 0, blank, EPSILON)]
        arcs += [Arc(j, i, label, label) for j in range(len(labels) + 1) if j != i]
    nodes = len(labels) + 1
    return Graph(tuple(arcs), torch.zeros(len(arcs)), nodes, 0, frozenset(range(nodes)))


def _names(labels: Sequence[Label] | None, classes: int) -> Sequence[Label]:
    names = range(classes) if labels is None else labels
    if len(names) != classes:
        raise ValueError(f"got {len(names)} labels; expected {classes}, one for each class.")
    return names
