"""Checks of the lesson "Graphs of hypotheses"."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from lenet_utils.checks.verdict import call, check, number, wrong
from lenet_utils.graphs import Graph, from_grammar


@check
def lowest_by_hand(penalty: Any) -> str:
    """Check exercise 17.1: the penalty of the best path through a small graph.

    Args:
        penalty: the lowest sum of penalties from node 0 to node 4.
    """
    found = number(penalty, "penalty")
    mistakes = {
        11: "11 is what 1712 costs, the cheapest arc at each node, and 178. A cheap first step may "
        "lead to dear ones: compare sums.",
        10.5: "10.5 is what 48 costs, and 412. There is a path that costs less.",
        6: "6 is the best sum up to node 3. One more arc leads to node 4.",
        4.5: "4.5 is the best sum up to node 2. Go on to node 4.",
        2: "2 is the best sum up to node 1. Go on to node 4.",
        2.5: "2.5 is the last arc alone: add what the path has cost before it.",
        25.5: "25.5 is the sum of all seven arcs. A path takes only some of them.",
        3: "3 is the number of arcs on the best path. Add up their penalties.",
        192: "192 is what the best path says. What does it cost?",
    }
    if found == 8.5:
        return "The path says 192. Seven additions and three comparisons were enough for it."
    for value, message in mistakes.items():
        if found == value:
            wrong(message)
    if found < 8.5:
        wrong("no path from node 0 to node 4 costs as little: did you leave an arc out?")
    wrong("there is a path that costs less. Write the lowest sum beside each node, from the left.")


Arcs = Sequence[tuple[int, int]]


@check
def lowest_penalties(function: Any) -> str:
    """Check exercise 17.2: Viterbi's recursion.

    Args:
        function: called with arcs, a list of (source, target) that is ordered by the source and in
            which each source is smaller than its target; their penalties, a list of numbers; and
            the number of nodes. Returns a list with the lowest penalty from node 0 to each node,
            infinity where no path leads.
    """
    cases: tuple[tuple[list[tuple[int, int]], list[float], int], ...] = (
        # At node 3 the cheapest of three ways is neither the first nor the last one.
        ([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], [2.0, 6.0, 9.0, 5.0, 4.5, 0.75], 4),
        # The cheapest arc leads the wrong way.
        ([(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)], [0.5, 2.0, 6.0, 1.0, 0.25], 5),
        # Several arcs between the same two nodes, the cheapest neither first nor last.
        ([(0, 1), (0, 1), (0, 1), (1, 2), (1, 2)], [4.0, 1.5, 3.0, 2.0, 8.0], 3),
        # Penalties may be negative, and large.
        ([(0, 1), (0, 2), (1, 2), (2, 3)], [900.0, 1500.0, -2.5, -300.0], 4),
        # No path leads to nodes 2 and 4.
        ([(0, 1), (0, 3), (1, 3), (2, 3), (2, 4)], [1.0, 5.0, 2.0, -9.0, 1.0], 5),
        ([], [], 1),
    )
    for arcs, penalties, nodes in cases:
        answer = call(function, arcs, penalties, nodes, unaided=True)
        found = _numbers(answer, nodes)
        truth = _recursion(arcs, penalties, nodes, min)
        if not _same(found, truth):
            _explain(found, truth, arcs, penalties, nodes)
    return "Each arc is looked at once, however many paths go over it."


def _recursion(
    arcs: Arcs, penalties: Sequence[float], nodes: int, join: Callable[..., float]
) -> list[float]:
    found = [0.0] + [math.inf] * (nodes - 1)
    for target in range(1, nodes):
        sums = [
            found[a] + c
            for (a, b), c in zip(arcs, penalties, strict=True)
            if b == target and found[a] < math.inf
        ]
        found[target] = join(sums) if sums else math.inf
    return found


def _numbers(answer: Any, nodes: int) -> list[float]:
    try:
        values = [float(value) for value in answer]
    except (TypeError, ValueError):
        wrong(f"the result is a {type(answer).__name__}; expected a list of {nodes} numbers, one "
              "for each node.")  # fmt: skip
    if len(values) != nodes:
        wrong(f"the result has {len(values)} numbers; expected {nodes}, one for each node.")
    if any(math.isnan(value) for value in values):
        wrong("the result holds NaN. Infinity minus infinity gives it.")
    return values


def _same(found: Sequence[float], truth: Sequence[float]) -> bool:
    pairs = zip(found, truth, strict=True)
    return all(a == b or math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-6) for a, b in pairs)


def _explain(
    found: list[float], truth: list[float], arcs: Arcs, penalties: list[float], nodes: int
) -> None:
    def alone(join: Callable[..., float]) -> list[float]:
        arriving = [
            [c for (_, b), c in zip(arcs, penalties, strict=True) if b == node]
            for node in range(nodes)
        ]
        return [0.0] + [join(costs) if costs else math.inf for costs in arriving[1:]]

    def logadd(sums: Sequence[float]) -> float:
        return min(sums) - math.log(sum(math.exp(min(sums) - s) for s in sums))

    mistakes: dict[str, Callable[..., float]] = {
        "this takes the dearest way to each node: take the smallest sum.": max,
        "this adds the sums of all arcs that arrive: take the smallest of them.": sum,
        "the last arc that arrives overwrites the others: compare before you store.": (
            lambda sums: sums[-1]
        ),
        "the first arc that arrives is kept, whatever it costs: compare the sums.": (
            lambda sums: sums[0]
        ),
        "this is the forward penalty, over all paths. Here only the best one counts.": logadd,
    }
    for message, join in mistakes.items():
        if _same(found, _recursion(arcs, penalties, nodes, join)):
            wrong(message)
    if _same(found, alone(min)):
        wrong("these are the penalties of single arcs: add what the way to their source costs.")
    if found[0] != 0:
        wrong("every path begins at node 0, so that its penalty is 0.")
    if any(a < math.inf == b for a, b in zip(found, truth, strict=True)):
        wrong("no path leads to some of the nodes: their penalty is infinite, math.inf.")
    place = next(i for i in range(nodes) if not _same(found[i : i + 1], truth[i : i + 1]))
    wrong(f"for arcs {arcs} with penalties {penalties} node {place} costs {truth[place]:g}, not "
          f"{found[place]:g}.")  # fmt: skip


@check
def months(rules: Any) -> str:
    """Check exercise 17.3: a grammar of the months, 01 to 12.

    Args:
        rules: for `from_grammar`: for each state a list of (digit, next state), None at the end.
    """
    if not isinstance(rules, dict):
        wrong(f"rules is a {type(rules).__name__}; expected a dictionary: state to list of pairs.")
    try:
        graph = from_grammar(rules)
    except ValueError as error:
        wrong(f"from_grammar says: {error}")
    except (TypeError, AttributeError):
        wrong("from_grammar cannot take these rules: for each state give a list of pairs, (digit, "
              "next state), and None for the next state at the end.")  # fmt: skip
    labels = {arc.label for arc in graph.arcs}
    if strange := [label for label in labels if type(label) is not int or not 0 <= label <= 9]:
        wrong(f"{strange[0]!r} is not one of the digits 0 to 9, which the network gives: write 1, "
              "not '1' or 12.")  # fmt: skip
    said = Counter(_said(graph, graph.start, ()))
    wanted = {f"{month:02d}" for month in range(1, 13)}
    for message, words in (
        ("{} is no month, and the grammar says it.", said.keys() - wanted),
        ("{} is missing.", wanted - said.keys()),
        ("{} can be said in two ways: its paths would be counted twice.",
         {word for word, ways in said.items() if ways > 1}),
    ):  # fmt: skip
        if words:
            wrong(
                message.format(min(words, key=lambda word: (len(word), word)) or "Nothing at all")
            )
    return "Twelve strings and no other. What the grammar does not say, no path says."


def _said(graph: Graph, node: int, digits: tuple[Any, ...]) -> list[str]:
    """Return what a graph says from a node on, strings of up to three digits; cycles end there."""
    found = ["".join(str(digit) for digit in digits)] if node in graph.ends else []
    if len(digits) < 3:
        for arc in graph.arcs:
            if arc.source == node:
                found += _said(graph, arc.target, (*digits, arc.label))
    return found
