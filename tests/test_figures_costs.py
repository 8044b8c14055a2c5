"""Figures of Part III: the numbers behind them and their texts."""

import re

import pytest
from torch import nn

from lenet_utils import figures, layer_table, lenet5_1998

ERRORS = {"repaired": [0.11, 0.12], "(j) sorted": [0.85, 0.9], "(m) rate": (0.08, 0.1)}


def test_costs_are_told_in_words_and_drawn_in_the_colour_of_the_text():
    figure = figures.costs(ERRORS, caption="What each fault costs.")
    assert figure.arrays == ERRORS
    assert "repaired: 11% to 12%; (j) sorted: 85% to 90%" in figure.alt
    assert "currentColor" in figure.svg
    assert not re.search(r"#0{6}|#f{6}(?![0-9a-f])|fill: white", figure.svg)
    assert figure.svg.count("(j) sorted") >= 1
    assert figure.svg == figures.costs(ERRORS, caption="What each fault costs.").svg


@pytest.mark.parametrize("errors", [{}, {"a": []}, {"a": [0.1], "b": [0.0]}])
def test_costs_that_a_logarithm_cannot_show_are_refused(errors):
    with pytest.raises(ValueError, match="all above 0"):
        figures.costs(errors)


def test_size_and_work_are_those_of_the_tables():
    small = nn.Sequential(nn.Conv2d(1, 2, 3))
    tables = {
        "LeNet-5": layer_table(lenet5_1998(), (1, 32, 32)),
        "small": layer_table(small, (1, 8, 8)),
    }
    figure = figures.size_and_work(tables, caption="Two networks.")
    assert figure.arrays == {"parameters": [60_000, 20], "macs": [328_096, 648]}
    assert "LeNet-5: 60,000 parameters, 328,096 multiply-accumulates" in figure.alt
    assert "currentColor" in figure.svg


def test_networks_that_do_nothing_are_refused():
    table = layer_table(nn.Sequential(nn.MaxPool2d(2)), (1, 8, 8))
    with pytest.raises(ValueError, match="with parameters and multiply-accumulates"):
        figures.size_and_work({"pooling": table})
    with pytest.raises(ValueError, match="with parameters"):
        figures.size_and_work({})
