"""What an amount may look like, as a graph."""

from dataclasses import replace

from lenet_utils.graphs import EPSILON, Graph, Label, from_grammar

_DIGITS = "0123456789"
_SILENT = ("$", "*", ",")


def amount_grammar() -> Graph:
    """Build the transducer that reads an amount and writes what it is worth.

    It reads an optional currency sign, any number of stars, digits in groups of three with commas
    between them, a point, two digits, and any number of stars. It writes the digits and the point:
    "$**1,234.56" becomes "1234.56". No digit but a single 0 may begin with 0.

    Source: the grammar of amounts, Sections VIII and X.
    """

    def each(digits: str, state: str | None) -> list[tuple[Label, str | None]]:
        return [(digit, state) for digit in digits]

    begin = [*each("0", "zero"), *each(_DIGITS[1:], "one")]
    after: list[tuple[Label, str | None]] = [(",", "comma"), (".", "point")]
    graph = from_grammar(
        {
            "start": [("$", "sign"), ("*", "stars"), *begin],
            "sign": [("*", "stars"), *begin],
            "stars": [("*", "stars"), *begin],
            "zero": [(".", "point")],
            "one": [*each(_DIGITS, "two"), *after],
            "two": [*each(_DIGITS, "three"), *after],
            "three": after,
            "comma": each(_DIGITS, "first of three"),
            "first of three": each(_DIGITS, "second of three"),
            "second of three": each(_DIGITS, "three"),
            "point": each(_DIGITS, "tenths"),
            "tenths": [*each(_DIGITS, None), *each(_DIGITS, "end")],
            "end": [("*", None), ("*", "end")],
        }
    )
    arcs = (arc._replace(output=EPSILON) if arc.label in _SILENT else arc for arc in graph.arcs)
    return replace(graph, arcs=tuple(arcs))


def any_text(characters: str) -> Graph:
    """Build the graph that says every text of these characters."""
    rules: dict[str, list[tuple[Label, str | None]]] = {
        "any": [(character, state) for character in characters for state in (None, "any")]
    }
    return from_grammar(rules)
