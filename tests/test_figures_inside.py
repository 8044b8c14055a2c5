"""Figures of a look inside: the numbers behind them and their texts."""

import re

import pytest
import torch

from lenet_utils import figures

STATES = {"c1": torch.rand(6, 8, 8) - 0.5, "c5": torch.rand(120, 1, 1)}


def test_maps_are_drawn_band_by_band():
    picture = torch.rand(12, 12)
    figure = figures.feature_maps(picture, STATES, alt="A digit and its maps.")
    assert torch.equal(figure.arrays["c5"], STATES["c5"])
    assert torch.equal(figure.arrays["picture"], picture)
    assert figure.svg.count("<image") == 3
    for name in ("input", "C1", "C5"):
        assert f">{name}</text>" in figure.svg
    assert not re.search(r"#0{6}|#f{6}(?![0-9a-f])|fill: white", figure.svg)


@pytest.mark.parametrize("states", [{}, {"c1": torch.rand(8, 8)}])
def test_states_that_are_no_maps_are_refused(states):
    with pytest.raises(ValueError, match="expected \\(maps, height, width\\)"):
        figures.feature_maps(torch.rand(12, 12), states, alt="none")


def test_maps_stand_side_by_side_with_gaps_that_are_not_drawn():
    from lenet_utils.figures.inside import _side_by_side

    sheet = _side_by_side(torch.arange(18.0).view(18, 1, 1).expand(18, 8, 8))
    assert sheet.shape == (17, 143)
    assert sheet[0, 0] == 0 and sheet[0, 9] == 1 and sheet[9, 0] == 16 and sheet[16, 16] == 17
    assert sheet[8].isnan().all() and sheet[:, 8].isnan().all()
    assert _side_by_side(torch.zeros(120, 1, 1)).shape == (3, 40)


def test_layers_are_told_with_all_values():
    series = {"trained": [0.1, 0.8], "untrained": [0.1, 0.3]}
    figure = figures.by_layer(["input", "F6"], series, ylabel="between the classes")
    assert figure.arrays == series
    assert "trained: input 10%, F6 80%; untrained: input 10%, F6 30%" in figure.alt
    assert "currentColor" in figure.svg


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({}, "got 0 networks"),
        ({name: [0.1] for name in "abcd"}, "got 4 networks"),
        ({"a": [0.1, 0.2]}, "a has 2 values; expected 1, one for each layer"),
    ],
)
def test_values_that_do_not_fit_the_layers_are_refused(series, message):
    with pytest.raises(ValueError, match=message):
        figures.by_layer(["c1"], series, ylabel="share")


def test_a_reading_names_the_smallest_distance():
    distances = torch.tensor([90.0, 80, 70, 60, 3.2, 50, 40, 30, 20, 10])
    figure = figures.answer_and_distances(
        torch.rand(5, 5), distances, what="A 4, upright", highest=100
    )
    assert figure.alt.startswith("A 4, upright. It is read as 4. Distances: 0: 90")
    assert figure.arrays["distances"] == distances.tolist()
    assert figure.svg.count("#d55e00") == 1  # the answer's bar alone


@pytest.mark.parametrize("shapes", [((1, 5, 5), (10,)), ((5, 5), (1, 10)), ((5, 5), (9,))])
def test_a_reading_of_another_shape_is_refused(shapes):
    picture, distances = map(torch.zeros, shapes)
    with pytest.raises(ValueError, match=r"expected \(H, W\) and \(10,\)"):
        figures.answer_and_distances(picture, distances, what="nothing", highest=1)
