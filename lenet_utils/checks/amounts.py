"""Checks of the lesson "A reader of amounts"."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from lenet_utils.checks.verdict import call, check, number, wrong
from lenet_utils.graphs import Graph, from_grammar

_LONGEST = 6


@check
def small_amounts(rules: Any) -> str:
    """Check exercise 19.1: a grammar of the amounts below ten dollars.

    Args:
        rules: for `from_grammar`: for each state a list of (character, next state), None at the
            end.
    """
    graph = _graph(rules)
    labels = {arc.label for arc in graph.arcs}
    if strange := [label for label in labels if label not in tuple("0123456789.$")]:
        wrong(f"{strange[0]!r} is none of the characters that are wanted here, the digits '0' to "
              "'9', '.' and '$': characters, not numbers, and one at a time.")  # fmt: skip
    said = Counter(_said(graph, graph.start, ""))
    plain = {f"{dollars}.{cents:02d}" for dollars in range(10) for cents in range(100)}
    wanted = plain | {f"${text}" for text in plain}
    for message, words in (
        ("{} is no amount below ten dollars, and the grammar says it.", said.keys() - wanted),
        ("{} is missing.", wanted - said.keys()),
        ("{} can be said in two ways: its paths would be counted twice.",
         {word for word, ways in said.items() if ways > 1}),
    ):  # fmt: skip
        if words:
            first = min(words, key=lambda word: (len(word), word))
            wrong(message.format(first or "Nothing at all"))
    return "2,000 texts and no other, from few states."


def _graph(rules: Any) -> Graph:
    if not isinstance(rules, dict):
        wrong(f"rules is a {type(rules).__name__}; expected a dictionary: state to list of pairs.")
    try:
        return from_grammar(rules)
    except ValueError as error:
        wrong(f"from_grammar says: {error}")
    except (TypeError, AttributeError):
        wrong("from_grammar cannot take these rules: for each state give a list of pairs, "
              "(character, next state), and None for the next state at the end.")  # fmt: skip


def _said(graph: Graph, node: int, text: str) -> list[str]:
    """Return what a graph says from a node on, texts of up to six characters."""
    found = [text] if node in graph.ends else []
    if len(text) < _LONGEST:
        for arc in graph.arcs:
            if arc.source == node:
                found += _said(graph, arc.target, f"{text}{arc.label}")
    return found


@check
def confidence_by_hand(among_amounts: Any, among_texts: Any) -> str:
    """Check exercise 19.2: how sure a reader is of 7.50.

    Args:
        among_amounts: the probability of 7.50 if the field is known to be an amount.
        among_texts: its probability among all texts.
    """
    first = number(among_amounts, "among_amounts")
    second = number(among_texts, "among_texts")
    best, answer = math.exp(-2), math.exp(-2) + math.exp(-3)
    other, text = math.exp(-4), math.exp(-1)
    amounts, every = answer / (answer + other), answer / (answer + other + text)
    mistakes = {
        every: "is the one among all texts: 7-50 is no amount",
        best / (best + other): "counts one of the two paths to 7.50: both say it",
        best / (answer + other): "counts one of the two paths to 7.50 above, and both below",
        answer / (answer + text): "leaves out 1.50, which is an amount, and takes 7-50",
        answer: "is the weight of 7.50: divide it by the weight of all amounts",
        -math.log(amounts): "is E, the doubt: the confidence is exp(-E)",
        5 / 9: "divides penalties: the weight of a path is exp(-penalty)",
        1 - amounts: "is the probability of 1.50",
        100 * amounts: "is in per cent: give the probability itself",
    }
    _require("among_amounts", first, amounts, mistakes, "all paths that say an amount")
    mistakes = {
        amounts: "is the one among amounts: 7-50 is a text, too",
        best / (best + other + text): "counts one of the two paths to 7.50: both say it",
        best / (answer + other + text): "counts one of the two paths to 7.50 above, and both below",
        answer / (answer + text): "leaves out 1.50",
        text / (answer + other + text): "is the probability of 7-50",
        answer: "is the weight of 7.50: divide it by the weight of all paths",
        -math.log(every): "is E, the doubt: the confidence is exp(-E)",
        1 - every: "is the probability that it is not 7.50",
        100 * every: "is in per cent: give the probability itself",
    }
    _require("among_texts", second, every, mistakes, "all four paths")
    return "As an amount it is 7.50 with 91%. But the field rather says 7-50, which is no amount."


def _require(name: str, found: float, right: float, mistakes: dict[float, str], below: str) -> None:
    for value, reason in mistakes.items():
        if _near(found, value):
            wrong(f"{name}: {found:.6g} {reason}.")
    if not _near(found, right):
        wrong(
            f"{name}: {found:.6g} is not it. Add the weights exp(-penalty) of the paths that say "
            f"7.50, and divide by the weights of {below}."
        )


def _near(found: float, value: float) -> bool:
    """Say whether a number is that value, rounded to two digits after the point or to more."""
    return abs(found - value) < 0.0051


@check
def highest_limit(function: Any) -> str:
    """Check exercise 19.3: the limit of doubt up to which a reader answers.

    Args:
        function: called with the doubts of held-out fields, a list; with a list that says of each
            whether its answer is right; and with the largest fraction of the fields that may be
            answered wrong. Returns the limit.
    """
    cases: tuple[tuple[list[float], list[bool], float], ...] = (
        ([0.1, 0.2, 0.3, 0.4], [True, True, True, False], 0.0),
        ([0.4, 0.1, 0.3, 0.2], [False, True, True, True], 0.25),
        ([0.5, 3.0, 0.25, 1.5, 0.75], [True, True, True, False, False], 0.2),
        ([2.0, 1.0, 4.0, 3.0, 5.0, 6.0, 7.0, 8.0], [True] * 3 + [False] * 5, 0.25),
        ([0.3, 0.7], [False, True], 0.1),
        ([0.5, 0.5, 0.25, 0.125], [True, False, True, True], 0.2),
        ([0.125, 0.25, 0.5, 0.0625], [False, True, False, True], 0.49),
    )
    for doubts, right, most in cases:
        found = number(call(function, doubts, right, most), "the result")
        truth = _limit(doubts, right, most)
        if not math.isclose(found, truth, abs_tol=1e-9):
            _explain(found, doubts, right, most, truth)
    return "The reader is right where it answers, or says nothing."


def _limit(doubts: Sequence[float], right: Sequence[bool], most: float) -> float:
    return max(
        (d for d in doubts if _wrong_up_to(d, doubts, right) <= most * len(doubts)), default=0.0
    )


def _wrong_up_to(limit: float, doubts: Sequence[float], right: Sequence[bool]) -> int:
    return sum(d <= limit and not r for d, r in zip(doubts, right, strict=True))


def _explain(
    found: float, doubts: list[float], right: list[bool], most: float, truth: float
) -> None:
    case = f"for doubts {doubts}, right {right} and most_wrong {most} the result is {found:.6g}"
    count = len(doubts)
    answered = [d for d in doubts if d <= found]
    mistaken = _wrong_up_to(found, doubts, right)
    if mistaken > most * count:
        wrong(
            f"{case}: up to there {mistaken} of {count} fields are answered wrong, too many. "
            "Fields of equal doubt are answered together, whatever order they stand in."
        )
    if not answered and truth:
        wrong(f"{case}: then nothing is answered, and {truth:.6g} would answer some.")
    if found not in (*doubts, 0):
        wrong(f"{case}: return one of the doubts, or 0 where nothing may be answered.")
    wrong(f"{case}: {truth:.6g} answers more fields, with few enough of all {count} wrong.")
