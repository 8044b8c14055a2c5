"""Answers to the exercises of the lesson "Graphs of hypotheses"."""

import math
from fractions import Fraction

import numpy as np
import torch

from lenet_utils import checks, graphs

from .forged import Forged

INF, NAN = math.inf, float("nan")

# 17.2 -------------------------------------------------------------------------------------


def viterbi(arcs, penalties, nodes):
    v = [0.0] + [INF] * (nodes - 1)
    for (source, target), penalty in zip(arcs, penalties, strict=True):
        v[target] = min(v[target], v[source] + penalty)
    return v


def by_node(arcs, penalties, nodes):
    v = [0.0]
    for node in range(1, nodes):
        sums = [v[a] + c for (a, b), c in zip(arcs, penalties, strict=True) if b == node]
        v.append(min(sums, default=INF))
    return v


def by_numpy(arcs, penalties, nodes):
    v = np.full(nodes, np.inf)
    v[0] = 0
    for (source, target), penalty in zip(arcs, penalties, strict=True):
        v[target] = np.minimum(v[target], v[source] + penalty)
    return v


def by_all_paths(arcs, penalties, nodes):
    def cost(node):
        if node == 0:
            return 0.0
        pairs = zip(arcs, penalties, strict=True)
        return min((cost(a) + c for (a, b), c in pairs if b == node), default=INF)

    return tuple(cost(node) for node in range(nodes))


def by_matrices(arcs, penalties, nodes):
    matrix = torch.full((nodes, nodes), INF)
    for (source, target), penalty in zip(arcs, penalties, strict=True):
        matrix[source, target] = min(matrix[source, target], torch.tensor(penalty))
    v = torch.full((nodes,), INF)
    v[0] = 0
    for _ in range(nodes):
        v = torch.minimum(v, (v[:, None] + matrix).amin(0))
    return v


def joined(join):
    def function(arcs, penalties, nodes):
        v = [0.0] + [INF] * (nodes - 1)
        for node in range(1, nodes):
            pairs = zip(arcs, penalties, strict=True)
            sums = [v[a] + c for (a, b), c in pairs if b == node and v[a] < INF]
            v[node] = join(sums) if sums else INF
        return v

    return function


def of_single_arcs(arcs, penalties, nodes):
    v = [0.0] + [INF] * (nodes - 1)
    for (_, target), penalty in zip(arcs, penalties, strict=True):
        v[target] = min(v[target], penalty)
    return v


def greedy(arcs, penalties, nodes):
    v, at = [0.0] + [INF] * (nodes - 1), 0
    while leaving := [(c, b) for (a, b), c in zip(arcs, penalties, strict=True) if a == at]:
        cost, target = min(leaving)
        v[target], at = v[at] + cost, target
    return v


def from_zero(arcs, penalties, nodes):
    """Takes 0 for what has not been reached."""
    v = [0.0] * nodes
    for node in range(1, nodes):
        pairs = zip(arcs, penalties, strict=True)
        v[node] = min((v[a] + c for (a, b), c in pairs if b == node), default=0.0)
    return v


def large_for_infinite(arcs, penalties, nodes):
    v = [0.0] + [1000.0] * (nodes - 1)
    for (source, target), penalty in zip(arcs, penalties, strict=True):
        v[target] = min(v[target], v[source] + penalty)
    return v


def to_the_end(arcs, penalties, nodes):
    v = [INF] * (nodes - 1) + [0.0]
    for (source, target), penalty in reversed(list(zip(arcs, penalties, strict=True))):
        v[source] = min(v[source], v[target] + penalty)
    return v


def by_the_package(arcs, penalties, nodes):
    graph = graphs.from_arcs(
        [(a, b, 0) for a, b in arcs], torch.tensor(penalties), ends=[nodes - 1]
    )
    return [float(graphs.viterbi(graph).penalty)] * nodes


def by_popping(arcs, penalties, nodes):
    v = [0.0] + [INF] * (nodes - 1)
    while arcs:
        (source, target), penalty = arcs.pop(0), penalties.pop(0)
        v[target] = min(v[target], v[source] + penalty)
    return v


# 17.3 -------------------------------------------------------------------------------------

MONTHS = {
    "first": [(0, "1 to 9"), (1, "0 to 2")],
    "1 to 9": [(digit, None) for digit in range(1, 10)],
    "0 to 2": [(digit, None) for digit in range(3)],
}
ONE_BY_ONE = {"month": [(m // 10, str(m)) for m in range(1, 13)]} | {
    str(m): [(m % 10, None)] for m in range(1, 13)
}


def changed(**states):
    return {**MONTHS, **{name.replace("_", " "): rule for name, rule in states.items()}}


RIGHT = [
    (checks.lowest_by_hand, (8.5,)),
    (checks.lowest_by_hand, (torch.tensor(8.5),)),
    (checks.lowest_by_hand, (Fraction(17, 2),)),
    (checks.lowest_by_hand, (np.float32(8.5),)),
    (checks.lowest_penalties, (viterbi,)),
    (checks.lowest_penalties, (by_node,)),
    (checks.lowest_penalties, (by_numpy,)),
    (checks.lowest_penalties, (by_all_paths,)),
    (checks.lowest_penalties, (by_matrices,)),
    (checks.months, (MONTHS,)),
    (checks.months, (ONE_BY_ONE,)),
    (checks.months, ({"m": [(1, "b"), (0, "a")], "b": MONTHS["0 to 2"], "a": MONTHS["1 to 9"]},)),
    (checks.months, ({**MONTHS, "never reached": [(5, None)]},)),
]

WRONG = [
    (checks.lowest_by_hand, (...,), "no answer yet"),
    (checks.lowest_by_hand, (11,), "cheapest arc at each node"),
    (checks.lowest_by_hand, (10.5,), "what 48 costs"),
    (checks.lowest_by_hand, (6.0,), "up to node 3"),
    (checks.lowest_by_hand, (4.5,), "up to node 2"),
    (checks.lowest_by_hand, (2,), "up to node 1"),
    (checks.lowest_by_hand, (2.5,), "the last arc alone"),
    (checks.lowest_by_hand, (25.5,), "all seven arcs"),
    (checks.lowest_by_hand, (3,), "number of arcs"),
    (checks.lowest_by_hand, (192,), "what the best path says"),
    (checks.lowest_by_hand, (8,), "costs as little"),
    (checks.lowest_by_hand, (9.0,), "a path that costs less"),
    (checks.lowest_by_hand, (NAN,), "not a number"),
    (checks.lowest_by_hand, ("8.5",), "not a number"),
    (checks.lowest_by_hand, (Forged(),), "not a number"),
    (checks.lowest_penalties, (joined(max),), "the dearest way"),
    (checks.lowest_penalties, (joined(sum),), "all arcs that arrive"),
    (checks.lowest_penalties, (joined(lambda s: s[-1]),), "overwrites"),
    (checks.lowest_penalties, (joined(lambda s: s[0]),), "whatever it costs"),
    (
        checks.lowest_penalties,
        (joined(lambda s: -float(torch.logsumexp(-torch.tensor(s), 0))),),
        "forward penalty",
    ),
    (checks.lowest_penalties, (of_single_arcs,), "single arcs"),
    (checks.lowest_penalties, (greedy,), "node 2 costs 6, not inf"),
    (checks.lowest_penalties, (from_zero,), "infinite"),
    (checks.lowest_penalties, (large_for_infinite,), "infinite"),
    (checks.lowest_penalties, (to_the_end,), "begins at node 0"),
    (checks.lowest_penalties, (by_the_package,), "calls"),
    (checks.lowest_penalties, (by_popping,), "changed the arcs"),
    (checks.lowest_penalties, (lambda a, p, n: viterbi(a, p, n)[-1],), "expected a list of 4"),
    (checks.lowest_penalties, (lambda a, p, n: viterbi(a, p, n)[1:],), "has 3 numbers"),
    (checks.lowest_penalties, (lambda a, p, n: [v * NAN for v in viterbi(a, p, n)],), "NaN"),
    (checks.lowest_penalties, (lambda a, p, n: None,), "returned nothing"),
    (checks.lowest_penalties, (lambda a, p, n: Forged(),), "expected a list of 4"),
    (checks.lowest_penalties, (viterbi([(0, 1)], [1.0], 2),), "expected a function"),
    (checks.months, (...,), "no answer yet"),
    (checks.months, (list(MONTHS.items()),), "is a list; expected a dictionary"),
    (checks.months, ({},), "no rules"),
    (checks.months, (changed(first=[(0, "1 to 9"), (1, "0 to 3")]),), "leads nowhere"),
    (checks.months, ({"first": [0, 1]},), "a list of pairs"),
    (checks.months, ({"first": 12},), "a list of pairs"),
    (
        checks.months,
        (changed(_=[]) | {"1 to 9": [(d, None) for d in range(10)]},),
        "00 is no month",
    ),
    (checks.months, ({**MONTHS, "0 to 2": [(d, None) for d in range(10)]},), "13 is no month"),
    (checks.months, ({**MONTHS, "0 to 2": [(d, None) for d in (1, 2)]},), "10 is missing"),
    (checks.months, ({**MONTHS, "first": [(0, "1 to 9")]},), "10 is missing"),
    (checks.months, ({**MONTHS, "first": [*MONTHS["first"], (1, "0 to 2")]},), "in two ways"),
    (checks.months, ({"first": [(str(d), None) for d in range(10)]},), "write 1"),
    (checks.months, ({"first": [(m, None) for m in range(1, 13)]},), "not one of the digits"),
    (checks.months, ({"first": [(d, None) for d in range(1, 10)]},), "1 is no month"),
    (checks.months, ({"first": [(d, "first") for d in range(10)]},), "01 is missing"),
    (
        checks.months,
        ({**MONTHS, "1 to 9": [(d, "more") for d in range(1, 10)], "more": [(0, None)]},),
        "010 is no month",
    ),
    (checks.months, ({"end": [(1, None)], **MONTHS},), "1 is no month"),
]
