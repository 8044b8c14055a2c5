"""The figures of Part I: their texts, their numbers, and that they suit light and dark pages."""

import re

import pytest
import torch

from lenet_utils import figures
from lenet_utils.figures import Figure


@pytest.fixture(scope="module")
def all_figures() -> list[Figure]:
    digit, kernel = torch.rand(32, 32), torch.linspace(-0.1, 0.1, 25).view(5, 5)
    return [
        figures.panels(
            [digit, kernel], ["digit", "kernel"], alt="a digit, a kernel", signed=[1], numbers=[1]
        ),
        figures.windows(
            digit, {"C1": (3, 7, 4, 8), "C3": (0, 13, 2, 15)}, alt="two frames on a digit"
        ),
        figures.curves(
            [0, 1, 2],
            {"average": [0.0, 0.125, 0.25], "max": [0.0, 0.2, 0.3]},
            xlabel="shift, pixels",
            ylabel="change",
            percent=True,
        ),
    ]


def test_figures_say_what_they_show_in_the_colour_of_the_text(all_figures):
    for figure in all_figures:
        assert "currentColor" in figure.svg
        assert not re.search(r"#0{6}|#f{6}(?![0-9a-f])|fill: white", figure.svg)
        assert 'role="img" aria-label="' in figure.svg
        assert len(figure.alt) > 10


def test_panels_write_the_numbers_of_the_pictures_named(all_figures):
    panels = all_figures[0]
    assert panels.arrays["kernel"].shape == (5, 5)
    assert panels.svg.count(">-0.1<") == 1
    assert len(re.findall(r"<text", panels.svg)) == 25 + 2


def test_windows_are_named_with_their_sizes(all_figures):
    assert "C1: 5 by 5" in all_figures[1].svg
    assert "C3: 14 by 14" in all_figures[1].svg
    assert all_figures[1].arrays["C3"].tolist() == [0, 13, 2, 15]


def test_curves_are_told_in_words(all_figures):
    assert "average: 0.0%, 12.5%, 25.0%" in all_figures[2].alt
    assert all_figures[2].arrays["max"] == [0.0, 0.2, 0.3]


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="2 titles for 1 pictures"):
        figures.panels([torch.zeros(2, 2)], ["a", "b"], alt="")
    with pytest.raises(ValueError, match=r"expected \(H, W\) of each"):
        figures.panels([torch.zeros(1, 2, 2)], ["a"], alt="")
    with pytest.raises(ValueError, match="expected 5 or fewer"):
        figures.windows(torch.zeros(4, 4), {str(i): (0, 1, 0, 1) for i in range(6)}, alt="")
    with pytest.raises(ValueError, match="2 values; expected 3"):
        figures.curves([1, 2, 3], {"a": [1, 2]}, xlabel="x", ylabel="y")
    with pytest.raises(ValueError, match="got 0 series"):
        figures.curves([1], {}, xlabel="x", ylabel="y")


def test_signed_panels_share_a_scale_when_it_is_given():
    weak, strong = torch.full((2, 2), 0.5), torch.full((2, 2), -2.0)

    def drawn(picture, limit):
        svg = figures.panels([picture], ["a"], alt="a", signed=[0], limit=limit).svg
        return re.search(r'base64,([^"]+)"', svg)[1]

    assert drawn(weak, None) == drawn(-strong, None)
    assert drawn(weak, 2.0) != drawn(-strong, 2.0)


def test_a_step_of_a_convolution_shows_its_arithmetic():
    picture = torch.arange(20.0).view(4, 5)
    kernel = torch.tensor([[0.0, -1.0], [1.0, 2.0]])
    step = figures.convolution_step(picture, kernel, (1, 2))
    # Rows 1 and 2, columns 2 and 3: 7, 8 above 12, 13.
    assert step.arrays["products"].tolist() == [[0, -8], [12, 26]]
    assert "gives 0, -8, 12, 26. Their sum, 30, is the unit in row 1 and column 2" in step.alt
    so_far = step.arrays["so_far"]
    assert so_far.shape == (3, 4)
    assert so_far[1, 2] == 30
    assert so_far.isnan().sum() == 5
    assert len(re.findall(r"<text", step.svg)) == 20 + 4 + 4 + 7 + 4


@pytest.mark.parametrize("place", [(3, 0), (0, -1), (0, 4)])
def test_a_step_outside_the_map_is_refused(place):
    with pytest.raises(ValueError, match=r"expected one of the map's 3 by 4 units"):
        figures.convolution_step(torch.zeros(4, 5), torch.zeros(2, 2), place)


def test_a_step_of_something_else_than_matrices_is_refused():
    with pytest.raises(ValueError, match=r"expected \(H, W\) and \(k, k\)"):
        figures.convolution_step(torch.zeros(1, 4, 5), torch.zeros(2, 2), (0, 0))
