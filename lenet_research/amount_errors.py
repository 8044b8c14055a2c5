"""How often readers of amounts are right, wrong or silent, and which stage a mistake comes from."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lenet_utils.amounts import (
    CHARACTERS,
    RUBBISH,
    Answers,
    Fields,
    Pieces,
    best_texts,
    cents_of,
    read_amounts,
    true_classes,
)
from lenet_utils.amounts.lattices import FORBIDDEN, acceptors, lattices, path_penalties
from lenet_utils.amounts.reading import ANY, GRAMMAR
from lenet_utils.graphs import from_string

LIMITS = (
    1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, math.inf,
)  # fmt: skip
"""Limits of doubt at which the curve of rejection is measured."""
AT_ONCE = 25


class Read(NamedTuple):
    """Fields, what was read in them, and what it was read from."""

    fields: Fields
    pieces: list[Pieces]
    penalties: list[Tensor]
    cents: list[int | None]
    doubt: list[float]
    doubt_among: list[float]


def tested(fields: Fields, pieces: list[Pieces], penalties: list[Tensor]) -> Read:
    """Read fields, some at a time."""
    answers: list[Answers] = [
        read_amounts(pieces[i : i + AT_ONCE], penalties[i : i + AT_ONCE])
        for i in range(0, len(pieces), AT_ONCE)
    ]
    cents = [value for answer in answers for value in answer.cents]
    doubt = [value for answer in answers for value in answer.doubt.tolist()]
    among = [value for answer in answers for value in answer.doubt_among_amounts.tolist()]
    return Read(fields, pieces, penalties, cents, doubt, among)


def rates(read: Read, limit: float, *, among: bool = False) -> dict[str, Any]:
    """Count what is answered where the doubt is at most the limit.

    Returns:
        Of the amounts the fractions that are read right, wrong, and rejected; of the other fields
        the fraction that is answered, and so taken for an amount; and how many of each there are.
    """
    right, wrong, accepted = 0, 0, 0
    doubts = read.doubt_among if among else read.doubt
    for truth, answer, doubt in zip(read.fields.cents, read.cents, doubts, strict=True):
        if answer is not None and doubt <= limit:
            right += truth is not None and answer == truth
            wrong += truth is not None and answer != truth
            accepted += truth is None
    amounts = sum(truth is not None for truth in read.fields.cents)
    others = len(read.cents) - amounts
    return {
        "right": right / max(1, amounts),
        "wrong": wrong / max(1, amounts),
        "rejected": (amounts - right - wrong) / max(1, amounts),
        "others_answered": accepted / max(1, others),
        "amounts": amounts,
        "others": others,
    }


def strictest(read: Read, most_wrong: float, *, among: bool = False) -> float:
    """Return the highest limit of doubt at which at most this fraction of all fields is wrong."""
    doubts = read.doubt_among if among else read.doubt
    answered = sorted(
        (doubt, answer != truth)
        for doubt, answer, truth in zip(doubts, read.cents, read.fields.cents, strict=True)
        if answer is not None
    )
    allowed, limit = math.floor(most_wrong * len(read.cents)), 0.0
    for doubt, wrong in answered:
        allowed -= wrong
        if allowed < 0:
            break
        limit = doubt
    return limit


def budget(read: Read) -> dict[str, Any]:
    """Say where mistakes come from when every amount is answered, and draw the curve of rejection.

    Returns:
        Fractions of the amounts. `budget_segmentation`: no groups of pieces are the characters;
        `budget_characters`: read in the right groups, another amount is the best; `budget_pieces`:
        there it is right, and wrong groups cost less; `budget_search`: the right path costs less
        than the one that was found. `free_right`: read right without the grammar. `curve_...`: what
        `rates` gives at each of `LIMITS`.
    """
    amounts = [i for i, cents in enumerate(read.fields.cents) if cents is not None]
    stages = dict.fromkeys(("segmentation", "characters", "pieces", "search"), 0)
    texts = _without_grammar(read)
    free = sum(cents_of(texts[i]) == read.fields.cents[i] for i in amounts)
    for i in amounts:
        if read.cents[i] != read.fields.cents[i]:
            stages[_stage(read, i)] += 1
    found: dict[str, Any] = {f"budget_{k}": v / len(amounts) for k, v in stages.items()}
    curve = [rates(read, limit) for limit in LIMITS]
    names = ("right", "wrong", "others_answered")
    found |= {f"curve_{name}": [point[name] for point in curve] for name in names}
    return found | {"free_right": free / len(amounts)}


def _without_grammar(read: Read) -> list[str]:
    """Return the best text of each field, whether it is an amount or not."""
    parts = [slice(i, i + AT_ONCE) for i in range(0, len(read.pieces), AT_ONCE)]
    found = [best_texts(read.pieces[p], torch.cat(read.penalties[p]), ANY) for p in parts]
    return [text for texts in found for text in texts]


def _stage(read: Read, i: int) -> str:
    """Return the stage that a mistake comes from."""
    pieces, penalties, text = read.pieces[i], read.penalties[i].double(), read.fields.texts[i]
    classes = true_classes(pieces, text, read.fields.boxes[i], CHARACTERS)
    others = torch.full_like(penalties, FORBIDDEN)
    known = classes != RUBBISH
    others[known, classes[known]] = 0
    graph = lattices([pieces.cuts])
    truth = acceptors([from_string(text)], CHARACTERS)
    right = path_penalties(graph, penalties + others, truth, best=True).item()
    if right >= FORBIDDEN / 2:
        return "segmentation"
    found = path_penalties(graph, penalties, acceptors([GRAMMAR], CHARACTERS), best=True).item()
    if right < found - 1e-6:
        return "search"
    in_place = penalties + torch.where(known, 0.0, FORBIDDEN)[:, None]
    answer = cents_of(best_texts([pieces], in_place, GRAMMAR)[0])
    return "pieces" if answer == read.fields.cents[i] else "characters"
