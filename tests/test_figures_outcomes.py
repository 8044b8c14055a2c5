"""Bars of what is right, wrong and rejected."""

import pytest

from lenet_utils import figures


def test_the_bars_show_what_was_given_and_say_it():
    figure = figures.outcomes({"a bank": (50, 1, 49), "ours": (90.123, 0.5, 9.377)}, caption="c")
    assert "a bank: 50 right, 1 wrong, 49 rejected" in figure.alt
    assert "ours: 90.1 right, 0.5 wrong, 9.4 rejected" in figure.alt
    svg = figure.svg
    for word in ("right", "wrong", "rejected", "a bank", "ours", "90.1", "9.4"):
        assert f">{word}<" in svg
    assert figure.arrays["rows"]["ours"] == (90.123, 0.5, 9.377)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "no readers"),
        ({"a": (50, 50)}, "'a' has the parts"),
        ({"a": (50, 1, 48)}, "100 together"),
        ({"a": (101, -1, 0)}, "100 together"),
    ],
)
def test_impossible_parts_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        figures.outcomes(rows)
