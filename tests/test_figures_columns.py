"""The figure of a field and of the answers in its columns."""

import re

import pytest
import torch

from lenet_utils import figures


def test_a_field_stands_above_its_answers():
    field = torch.zeros(32, 48, dtype=torch.uint8)
    field[8:20, 20:24] = 255
    penalties = -torch.log_softmax(torch.randn(5, 11), 1)
    figure = figures.columns_of_answers(
        field, penalties, [10, 1, 1, 10, 10], window=1, alt="a bar, and five columns below it"
    )
    assert torch.equal(figure.arrays["field"], field)
    torch.testing.assert_close(figure.arrays["probabilities"], (-penalties).exp())
    assert "currentColor" in figure.svg and 'aria-label="' in figure.svg
    assert not re.search(r"#0{6}|#f{6}(?![0-9a-f])|fill: white", figure.svg)
    for name in ("none", "class", "pixels"):
        assert f">{name}<" in figure.svg


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(ValueError, match=r"expected \(5, 11\) and 5"):
        figures.columns_of_answers(torch.zeros(32, 48), torch.zeros(4, 11), alt="too few")
    with pytest.raises(ValueError, match="a path of 3 for a field of 48 pixels"):
        figures.columns_of_answers(torch.zeros(32, 48), torch.zeros(5, 11), [1, 2, 3], alt="short")


def test_fields_stand_two_a_row_with_their_titles():
    images = torch.randint(0, 256, (3, 32, 100), dtype=torch.uint8)
    figure = figures.fields(images, ["12", "345", "6"], alt="three fields with digits")
    assert torch.equal(figure.arrays["images"], images)
    assert figure.svg.count("<image") == 3
    assert all(f">{title}<" in figure.svg for title in ("12", "345", "6"))
    for wrong in (images[:0], images[:2]):
        with pytest.raises(ValueError, match="expected a title for each"):
            figures.fields(wrong, ["12", "345", "6"], alt="too few")
