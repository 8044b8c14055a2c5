"""LeNet-5 over wide fields: the same as cut windows, counted work, paths by brute force."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from lenet_utils import layer_table, lenet5_modern
from lenet_utils.layers import digit_codes
from lenet_utils.mnist import load_mnist, normalise_1998, normalise_modern
from lenet_utils.sdnn import (
    best_path,
    column_penalties,
    cut_windows,
    sdnn_1998,
    sdnn_modern,
    spelled,
)
from lenet_utils.strings import NONE, Layout, draw_strings


@pytest.fixture(scope="module")
def images():
    digits = load_mnist(sample=True).test
    return draw_strings(digits, 6, layout=Layout(length=(1, 7), noise=0.02), seed=0).images


@pytest.mark.parametrize(
    ("build", "normalise"), [(sdnn_modern, normalise_modern), (sdnn_1998, normalise_1998)]
)
def test_a_sweep_gives_what_cut_windows_give(images, build, normalise):
    torch.manual_seed(0)
    model = build().double()
    fields = normalise(images).double()
    swept = model(fields)
    windows = cut_windows(fields)
    apart = torch.stack([model(windows[:, t]) for t in range(windows.shape[1])], 2)
    assert swept.shape == (6, 11, 1, 1 + (images.shape[2] - 32) // 4)
    torch.testing.assert_close(swept[:, :, 0], apart, rtol=1e-12, atol=1e-12)
    assert torch.equal(
        model.predict(fields)[:, 0],
        torch.stack([model.predict(windows[:, t]) for t in range(windows.shape[1])], 1),
    )


def test_a_sweep_gives_it_to_the_last_bit_where_nothing_is_rounded(images):
    """Weights and pixels are small whole numbers, whose sums floats hold exactly."""
    generator = torch.Generator().manual_seed(0)
    model = sdnn_modern().double()
    for parameter in model.parameters():
        whole = torch.randint(-2, 3, parameter.shape, generator=generator)
        parameter.data = whole.to(parameter.dtype)
    fields = (images // 128).double()[:, None]
    swept = model(fields)
    apart = [model(window) for window in cut_windows(fields).unbind(1)]
    assert torch.equal(swept[:, :, 0], torch.stack(apart, 2))
    assert len(swept.unique()) > 100


def test_windows_lie_four_pixels_apart():
    fields = torch.arange(32 * 44).float().view(1, 1, 32, 44)
    windows = cut_windows(fields)
    assert windows.shape == (1, 4, 1, 32, 32)
    assert torch.equal(windows[0, 3, 0], fields[0, 0, :, 12:44])


def test_the_work_of_a_sweep_is_counted():
    """Of the layers a column needs what its four pixels add: C1 4 columns of 28, C3 2 of 10."""
    model = sdnn_modern()
    window = layer_table(model, (1, 32, 32)).macs
    added = layer_table(model, (1, 32, 36)).macs - window
    c1, c3, rest = 4 * 28 * 6 * 25, 2 * 10 * 16 * 150, 48_000 + 120 * 84 + 84 * 11
    assert added == c1 + c3 + rest
    assert layer_table(model, (1, 32, 160)).macs == window + 32 * added
    assert (window, added) == (416_604, 123_804)


def test_the_networks_have_their_numbers_of_parameters():
    assert layer_table(sdnn_1998(), (1, 32, 32)).parameters == 60_000
    assert layer_table(sdnn_modern(), (1, 32, 32)).parameters == 61_791


def test_the_code_of_none_is_blank_and_far_from_the_others():
    codes = sdnn_1998().output.codes
    assert torch.equal(codes[:10], digit_codes()) and (codes[NONE] == -1).all()
    assert (codes[:10] != codes[NONE]).sum(1).min() == 25


def test_penalties_are_minus_the_logarithm_of_probabilities(images):
    torch.manual_seed(0)
    for model, sign in ((sdnn_modern(), 1), (sdnn_1998(), -1)):
        fields = normalise_modern(images)
        penalties = column_penalties(model, fields)
        outputs = sign * model(fields)[:, :, 0]
        wanted = outputs.logsumexp(1, keepdim=True) - outputs
        torch.testing.assert_close(penalties, wanted.mT, rtol=1e-4, atol=1e-4)
    one = column_penalties(model, fields[:, :, :, :32])
    torch.testing.assert_close(one, penalties[:, :1], rtol=1e-4, atol=1e-4)


def penalty(path, penalties, entry):
    """Return the penalty of a path by its definition."""
    total = sum(float(penalties[t, c]) for t, c in enumerate(path))
    begins = sum(c != NONE and (t == 0 or path[t - 1] != c) for t, c in enumerate(path))
    return total + entry * begins


def test_penalties_may_be_what_the_network_says(images):
    for build, normalise, sign in (
        (sdnn_modern, normalise_modern, -1),
        (sdnn_1998, normalise_1998, 1),
    ):
        torch.manual_seed(0)
        model = build()
        fields = normalise(images[:2])
        found = column_penalties(model, fields, normalise=False)
        assert torch.equal(found, sign * model(fields)[:, :, 0].mT)
        assert torch.allclose(
            found.mul(-1).log_softmax(2), -column_penalties(model, fields), atol=1e-4
        )


@pytest.mark.parametrize("entry", [0.0, 0.3, 1.0, 4.0])
def test_the_best_path_is_the_best_of_all_paths(entry):
    generator = torch.Generator().manual_seed(1)
    penalties = 2 * torch.rand(4, 4, 11, generator=generator).double()
    found = best_path(penalties, entry=entry)
    for one, path in zip(penalties, found.tolist(), strict=True):
        least = min(penalty(every, one, entry) for every in itertools.product(range(11), repeat=4))
        assert penalty(path, one, entry) == pytest.approx(least, abs=1e-12)


def test_without_a_penalty_for_beginnings_each_column_has_its_best_class():
    penalties = torch.rand(5, 30, 11, generator=torch.Generator().manual_seed(2))
    assert torch.equal(best_path(penalties), penalties.argmin(2))


def test_a_penalty_for_beginnings_leaves_out_what_stands_in_one_column_only():
    penalties = torch.full((1, 5, 11), 5.0)
    for t, c in enumerate((NONE, 7, 1, 7, NONE)):
        penalties[0, t, c] = 0.0
    penalties[0, 2, 7] = 1.0
    assert spelled(best_path(penalties)) == ["717"]
    assert spelled(best_path(penalties, entry=2.0)) == ["7"]
    assert spelled(best_path(penalties, entry=100.0)) == [""]


def test_repeats_are_merged_unless_none_stands_between():
    rows = [[10, 4, 4, 10, 4, 10, 0, 0, 7], [10] * 9, [1, 2, 1, 1, 10, 10, 1, 1, 1]]
    assert spelled(torch.tensor(rows)) == ["4407", "", "1211"]


def test_the_paths_of_a_string_have_the_probability_that_ctc_gives():
    """Of two columns: the paths that spell 3 are 3 3, 3 none, none 3."""
    penalties = -F.log_softmax(torch.randn(1, 2, 11, dtype=torch.float64), 2)
    p = (-penalties[0]).exp()
    wanted = -torch.log(p[0, 3] * p[1, 3] + p[0, 3] * p[1, NONE] + p[0, NONE] * p[1, 3])
    found = F.ctc_loss(
        -penalties.transpose(0, 1),
        torch.tensor([[3]]),
        torch.tensor([2]),
        torch.tensor([1]),
        blank=NONE,
        reduction="sum",
    )
    torch.testing.assert_close(found, wanted)


def test_what_does_not_fit_is_refused(images):
    fields = normalise_modern(images)
    for wrong in (fields[0], fields[:, :, :28], fields[..., :30], fields[..., :34]):
        for use in (lambda x: column_penalties(sdnn_modern(), x), cut_windows):
            with pytest.raises(ValueError, match="the fields have shape"):
                use(wrong)
    small = lenet5_modern()
    with pytest.raises(ValueError, match="the network has 10 classes; expected 11"):
        column_penalties(small, fields)
    penalties = torch.rand(2, 3, 11)
    for wrong in (penalties[0], penalties[:, :0], penalties[:, :, :10]):
        with pytest.raises(ValueError, match=r"the penalties have shape"):
            best_path(wrong)
    with pytest.raises(ValueError, match="penalties are NaN"):
        best_path(penalties * float("nan"))
    for entry in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="entry is"):
            best_path(penalties, entry=entry)
