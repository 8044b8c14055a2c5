"""Drawn graphs: which arcs, with which words and numbers; and cuts in a string."""

import re

import pytest
import torch

from lenet_utils import figures, graphs
from lenet_utils.graphs import Arc, Graph
from lenet_utils.segmentation import Cut

SMALL = graphs.from_arcs(
    [(0, 1, "3"), (0, 1, "8"), (1, 2, "1"), (0, 2, "4")],
    torch.tensor([1.5, 4.0, 2.0, 3.0]),
    ends=[2],
)


def letters(figure):
    return re.findall(r"<(?:text|tspan)[^>]*>([^<]+)<", figure.svg)


def test_every_arc_says_its_label_its_penalty_and_its_gradient():
    shares = graphs.posteriors(SMALL)
    figure = figures.graph(SMALL, gradients=shares, best=graphs.viterbi(SMALL).arcs)
    for words in ("3: 1.5", "8: 4.0", "1: 2.0", "4: 3.0", "+0.60", "+0.40", "+0.37", "+0.03"):
        assert words in letters(figure)
    assert figure.alt == (
        "A graph of 3 nodes in a line, from node 0 to node 2. "
        "0 to 1: 3, 1.5, gradient +0.37; 0 to 1: 8, 4.0, gradient +0.03; "
        "1 to 2: 1, 2.0, gradient +0.40; 0 to 2: 4, 3.0, gradient +0.60, on the best path."
    )
    assert figure.arrays["arcs"] == [0, 1, 2, 3]
    assert figure.svg.count("#d55e00") >= 1
    assert torch.equal(figure.arrays["gradients"], shares)


def test_of_parallel_arcs_the_best_are_drawn_and_those_on_the_path():
    columns = graphs.from_columns(torch.tensor([[3.0, 1.0, 2.0, 9.0], [0.0, 5.0, 6.0, 7.0]]))
    figure = figures.graph(columns, shown=1)
    assert figure.arrays["arcs"] == [1, 4]
    assert "6 arcs of higher penalty are left out" in figure.alt
    figure = figures.graph(columns, shown=2, best=[3, 4])
    assert figure.arrays["arcs"] == [1, 2, 3, 4, 5]
    assert "left out" not in figures.graph(columns, shown=4).alt


def test_thick_lines_have_large_gradients_and_dashed_ones_negative_ones():
    line = graphs.from_string("abc")
    figure = figures.graph(line, gradients=torch.tensor([0.1, -0.9, 0.001]))
    assert "-0.90" in letters(figure) and "+0.00" not in letters(figure)
    drawn = re.findall(r"stroke-dasharray|stroke-width: [\d.]+", figure.svg)
    thick = [float(word.split()[-1]) for word in drawn if "width" in word]
    assert max(thick) == pytest.approx(0.7 + 2.3 * 0.9, abs=0.01)
    assert "stroke-dasharray" in figure.svg
    assert "stroke-dasharray" not in figures.graph(line, gradients=torch.rand(3)).svg


def test_words_of_transducers_and_of_pieces():
    arcs = (
        Arc(0, 1, "a", None),
        Arc(1, 2, None, "b"),
        Arc(2, 3, (0, 2), 7),
        Arc(3, 4, (2, 3), (2, 3)),
    )
    figure = figures.graph(Graph(arcs, torch.zeros(4), 5, 0, frozenset({4})))
    for words in ("a/ε: 0.0", "ε/b: 0.0", "7: 0.0", "2\N{EN DASH}3: 0.0"):
        assert words in letters(figure)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: figures.graph(graphs.from_string("a" * 12)), "13 nodes on its paths; expected 2"),
        (lambda: figures.graph(graphs.from_string("")), "1 nodes"),
        (lambda: figures.graph(graphs.ctc_topology("a", "-")), "cycle"),
        (lambda: figures.graph(SMALL, gradients=torch.zeros(3)), r"\(3,\); expected \(4,\)"),
        (
            lambda: figures.cuts(torch.zeros(4, 4), [Cut(torch.zeros(3).long(), 0)], alt=""),
            r"cuts have \[3\] rows; expected 4",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()


def test_cuts_are_numbered_and_margins_left_out():
    picture = torch.zeros(6, 100, dtype=torch.uint8)
    picture[1:5, 40:60] = 255
    lines = [Cut(torch.full((6,), x), ink) for x, ink in ((0, 0), (50, 4), (100, 0))]
    figure = figures.cuts(picture, lines, alt="a block, cut in the middle")
    assert letters(figure) == ["0", "1", "2"]
    assert figure.arrays["picture"].shape == (6, 28)
    assert figure.arrays["ink"].tolist() == [0, 4, 0]
