"""Many fields at once: their graphs of pieces that meet a grammar, in tensors.

`viterbi(compose(recognised(from_segments(cuts), penalties), grammar))` visits one node after the
other, of one field. Here a step takes the next cut of all fields, with all states of the grammar.
What it gives is the same.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lenet_utils.graphs import Graph

FORBIDDEN = 1e4
"""Stands for an infinite penalty."""


class Lattices(NamedTuple):
    """The graphs of pieces of N fields, each by the groups that end at its cuts.

    Attributes:
        sources: int64 (N, J, D), the cut at which D groups begin that end at cut 1, 2, ... J.
        groups: int64 (N, J, D), their numbers among the groups of all fields, or the number of
            groups where there is none.
        fields: int64 (A,), the field of each group.
        ends: int64 (N,), the last cut.
    """

    sources: Tensor
    groups: Tensor
    fields: Tensor
    ends: Tensor


def lattices(cuts: Sequence[Sequence[tuple[int, int]]]) -> Lattices:
    """Prepare the graphs of fields whose groups lie between these cuts."""
    ends = [max(right for _, right in pairs) for pairs in cuts]
    arriving: list[list[list[tuple[int, int]]]] = [[[] for _ in range(max(ends))] for _ in cuts]
    number = 0
    for field, pairs in zip(arriving, cuts, strict=True):
        for left, right in pairs:
            field[right - 1].append((left, number))
            number += 1
    width = max(len(node) for field in arriving for node in field)
    padded = [[node + [(0, number)] * (width - len(node)) for node in field] for field in arriving]
    sources, groups = torch.tensor(padded).unbind(3)
    fields = torch.repeat_interleave(torch.tensor([len(pairs) for pairs in cuts]))
    return Lattices(sources, groups, fields, torch.tensor(ends))


class Acceptors(NamedTuple):
    """Grammars with S states, for all fields (M is 1) or one for each (M is N).

    Attributes:
        steps: float (M, K, S, S): 0 where class k leads from a state to another, else FORBIDDEN.
        starts, ends: float (M, S): 0 where a path may begin or end, else FORBIDDEN.
    """

    steps: Tensor
    starts: Tensor
    ends: Tensor


def acceptors(grammars: Sequence[Graph], characters: str) -> Acceptors:
    """Prepare grammars whose arcs read characters, at no cost; what they write does not matter."""
    states = max(grammar.nodes for grammar in grammars)
    steps = torch.full((len(grammars), len(characters), states, states), FORBIDDEN)
    starts, ends = torch.full((2, len(grammars), states), FORBIDDEN)
    for m, grammar in enumerate(grammars):
        for source, target, label, _ in grammar.arcs:
            steps[m, characters.index(str(label)), source, target] = 0
        starts[m, grammar.start] = 0
        ends[m, list(grammar.ends)] = 0
    return Acceptors(steps, starts, ends)


def path_penalties(
    graphs: Lattices, penalties: Tensor, grammars: Acceptors, *, best: bool = False
) -> Tensor:
    """Add up all paths of each field that its grammar allows; or take the best one.

    Args:
        graphs: of N fields with A groups.
        penalties: float (A, K), of each group and character.
        grammars: one, or N.
        best: the Viterbi penalty instead of the forward penalty.

    Returns:
        (N,), FORBIDDEN or more where a field has no path. Differentiable.

    Source: Sections VI and VIII.
    """
    n, cuts, _ = graphs.groups.shape
    states = grammars.steps.shape[2]
    steps = grammars.steps[0] if len(grammars.steps) == 1 else grammars.steps[graphs.fields]
    arcs = _add(-penalties[:, :, None, None] - steps, (1,), best)
    none = arcs.new_full((1, states, states), -FORBIDDEN)
    arcs = torch.cat([arcs, none])
    after = [-grammars.starts.expand(n, states)]
    rows = torch.arange(n)[:, None]
    for cut in range(cuts):
        before = torch.stack(after, 1)[rows, graphs.sources[:, cut]]
        arriving = before[:, :, :, None] + arcs[graphs.groups[:, cut]]
        after.append(_add(arriving, (1, 2), best))
    last = torch.stack(after, 1)[torch.arange(n), graphs.ends]
    return -_add(last - grammars.ends, (1,), best)


def _add(scores: Tensor, dims: tuple[int, ...], best: bool) -> Tensor:
    if not best:
        return torch.logsumexp(scores, dims)
    # One of several equal paths: amax would give each of them a part of the gradient.
    return scores.flatten(dims[0], dims[-1]).max(dims[0]).values
