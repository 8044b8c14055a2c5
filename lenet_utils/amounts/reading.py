"""From pieces of ink to an amount, and how sure the reader is of it."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils.amounts.fields import cents_of
from lenet_utils.amounts.glyphs import CHARACTERS, RUBBISH
from lenet_utils.amounts.grammar import amount_grammar, any_text
from lenet_utils.amounts.lattices import FORBIDDEN, acceptors, lattices, path_penalties
from lenet_utils.amounts.pieces import Pieces
from lenet_utils.graphs import Graph, from_segments, recognised, select
from lenet_utils.mnist import normalise_modern
from lenet_utils.models import LeNet5

GRAMMAR = amount_grammar()
ANY = any_text(CHARACTERS)


def amount_net() -> LeNet5:
    """Build today's LeNet-5 for the 16 characters of amounts and "rubbish": 62,301 parameters.

    Shapes: (N, 1, 32, 32) to scores (N, 17).
    """
    return LeNet5(
        num_classes=RUBBISH + 1, activation=nn.ReLU, pooling="max", c3="full", output="linear"
    )


def character_penalties(net: Callable[[Tensor], Tensor], windows: Tensor) -> Tensor:
    """Return what each group costs as each character: uint8 (A, 32, 32) to float (A, 16).

    Minus the logarithm of the probability, of which "rubbish" takes its part: a fragment is
    expensive as any character.
    """
    scores = net(normalise_modern(windows))
    return -F.log_softmax(scores, 1)[:, :RUBBISH]


def interpretation_graph(pieces: Pieces, penalties: Tensor) -> Graph:
    """Return the graph of all readings of a field: of each group an arc for each character."""
    return recognised(from_segments(pieces.cuts), penalties, CHARACTERS)


def money(cents: int) -> str:
    """Write cents as the grammar does: 123456 is "1234.56"."""
    return f"{cents // 100}.{cents % 100:02}"


class Answers(NamedTuple):
    """What was read in N fields.

    Attributes:
        texts: the characters of the best path that is an amount; "" where there is none.
        cents: what it is worth, or None.
        doubt: float (N,), E of the discriminative forward criterion with this worth as the wanted
            one, against all texts: exp(-E) is the probability of the answer. Infinite without one.
        doubt_among_amounts: the same against all amounts.
    """

    texts: list[str]
    cents: list[int | None]
    doubt: Tensor
    doubt_among_amounts: Tensor


def read_amounts(pieces: Sequence[Pieces], penalties: Sequence[Tensor]) -> Answers:
    """Read fields: the best path through the grammar, and how sure that is.

    Args:
        pieces: of N fields.
        penalties: of each field float (A, 16), of `character_penalties`.

    Source: Section X, where the confidence is exp(-E) with the answer as the wanted string.
    """
    graphs = lattices([piece.cuts for piece in pieces])
    every = torch.cat([p.detach().double() for p in penalties])
    texts = best_texts(pieces, every, GRAMMAR)
    cents = [cents_of(text) for text in texts]
    wanted = acceptors([worth(value or 0) for value in cents], CHARACTERS)
    answer = path_penalties(graphs, every, wanted)
    nothing = torch.tensor([value is None for value in cents])
    doubts = [
        (answer - path_penalties(graphs, every, acceptors([grammar], CHARACTERS)))
        .clamp(min=0)
        .masked_fill(nothing, math.inf)
        for grammar in (ANY, GRAMMAR)
    ]
    return Answers(texts, cents, *doubts)


def best_texts(pieces: Sequence[Pieces], penalties: Tensor, grammar: Graph) -> list[str]:
    """Return what the best path of each field reads, "" where the grammar allows none.

    Args:
        pieces: of N fields.
        penalties: float (A, 16), of all groups of all fields.
        grammar: its arcs read characters.
    """
    every = penalties.detach().requires_grad_()
    with torch.enable_grad():
        graphs = lattices([piece.cuts for piece in pieces])
        best = path_penalties(graphs, every, acceptors([grammar], CHARACTERS), best=True)
        # The gradient is 1 on the arcs of the best path.
        (taken,) = torch.autograd.grad(best.sum(), every)
    parts = taken.split([len(piece.cuts) for piece in pieces])
    return [
        _spelled(piece.cuts, part) if total < FORBIDDEN / 2 else ""
        for piece, part, total in zip(pieces, parts, best.tolist(), strict=True)
    ]


def worth(cents: int) -> Graph:
    """Return the graph of all ways to write an amount: it reads them."""
    return select(GRAMMAR, money(cents))


def _spelled(cuts: Sequence[tuple[int, int]], taken: Tensor) -> str:
    """Return what the arcs of a path say, from left to right: (A, 16), 1 where it goes."""
    arcs = sorted((cuts[a][0], k) for a, k in (taken > 0.5).nonzero().tolist())
    return "".join(CHARACTERS[k] for _, k in arcs)
