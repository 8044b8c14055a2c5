"""The units of 1998 against the paper's own numbers and against independent arithmetic."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional as F

from lenet_utils import (
    TABLE_I,
    RBFOutput,
    ScaledTanh,
    SparseConv2d,
    Subsampling,
    digit_codes,
    scaled_tanh,
)


def test_scaled_tanh_maps_one_to_one():
    ends = scaled_tanh(torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64))
    assert torch.allclose(ends, torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64), atol=1e-4)
    assert torch.equal(ScaledTanh()(ends), scaled_tanh(ends))


def test_scaled_tanh_curves_most_at_the_targets():
    a = torch.linspace(0, 3, 3001, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(scaled_tanh(a).sum(), a, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), a)
    assert a[second.abs().argmax()].item() == pytest.approx(1.0, abs=0.02)


def test_subsampling_adds_four_inputs_then_scales_and_shifts():
    layer = Subsampling(2)
    with torch.no_grad():
        layer.coefficient.copy_(torch.tensor([0.5, -2.0]))
        layer.bias.copy_(torch.tensor([1.0, 3.0]))
    x = torch.arange(16.0).view(1, 2, 2, 4)
    # first map: 0+1+4+5 = 10 and 2+3+6+7 = 18; second map: 8 more a pixel, so 42 and 50
    expected = torch.tensor([[[[6.0, 10.0]], [[-81.0, -97.0]]]])
    assert torch.equal(layer(x), expected)


@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (1, 2, 5, 4), (1, 2, 4, 5), (3, 4, 4), (2, 4)])
def test_subsampling_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"Subsampling got"):
        Subsampling(2)(torch.zeros(shape))


def test_table_one_has_the_papers_groups():
    sizes = TABLE_I.sum(1).tolist()
    assert sizes == [3] * 6 + [4] * 9 + [6]
    assert int(TABLE_I.sum()) == 60
    # the first six take contiguous triples, the next six contiguous quadruples, both cyclic
    for first in range(6):
        assert set(TABLE_I[first].nonzero()[:, 0].tolist()) == {(first + k) % 6 for k in range(3)}
        four = set(TABLE_I[6 + first].nonzero()[:, 0].tolist())
        assert four == {(first + k) % 6 for k in range(4)}


def test_sparse_convolution_equals_separate_convolutions_of_the_maps_it_reads():
    layer, x = SparseConv2d().double(), torch.randn(2, 6, 14, 14, dtype=torch.float64)
    y, start = layer(x), 0
    for map_, row in enumerate(TABLE_I):
        pairs = int(row.sum())
        kernels = layer.weight[start : start + pairs][None]
        expected = F.conv2d(x[:, row], kernels, layer.bias[map_ : map_ + 1])
        assert torch.allclose(y[:, map_ : map_ + 1], expected)
        start += pairs


def test_sparse_convolution_does_not_see_unconnected_maps():
    layer, x = SparseConv2d(), torch.randn(1, 6, 14, 14, requires_grad=True)
    for map_, row in enumerate(TABLE_I):
        (gradient,) = torch.autograd.grad(layer(x)[0, map_].sum(), x)
        assert torch.equal(gradient[0].abs().sum((1, 2)) > 0, row)


@given(st.integers(1, 5), st.integers(1, 5), st.data())
@settings(max_examples=25, deadline=None)
def test_sparse_convolution_holds_only_kernels_that_exist(outputs, inputs, data):
    bits = data.draw(st.lists(st.booleans(), min_size=outputs * inputs, max_size=outputs * inputs))
    table = torch.tensor(bits).view(outputs, inputs)
    if not bool(table.any(1).all()):
        with pytest.raises(ValueError, match="at least one true entry in each row"):
            SparseConv2d(table)
        return
    layer = SparseConv2d(table, kernel_size=3)
    dense = layer.dense_weight()
    assert layer.weight.shape == (int(table.sum()), 3, 3)
    assert torch.equal((dense != 0).all(-1).all(-1), table)
    assert torch.equal(dense[table], layer.weight)


def test_sparse_convolution_starts_within_its_fan_in():
    torch.manual_seed(0)
    layer = SparseConv2d()
    assert layer.fan_in().tolist() == [75] * 6 + [100] * 9 + [150]
    maps = TABLE_I.nonzero()[:, 0]
    for map_, inputs in enumerate(layer.fan_in().tolist()):
        weights = layer.weight[maps == map_] * inputs**0.5
        assert 0.75 < weights.max() <= 1 and -1 <= weights.min() < -0.75
    limits = layer.fan_in().rsqrt()
    assert (layer.bias.abs() <= limits).all() and layer.bias.unique().numel() == 16
    biases = torch.stack([SparseConv2d().bias for _ in range(20)]) / limits
    assert biases.max() > 0.8 and biases.min() < -0.8


def test_sparse_convolution_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="expected a bool matrix"):
        SparseConv2d(torch.ones(16, 6))
    with pytest.raises(ValueError, match=r"expected \(N, 6, height, width\)"):
        SparseConv2d()(torch.zeros(1, 16, 14, 14))


DRAWINGS = """
.#####. ...##.. .#####. ####### .#####. .#####. ..####. ####### .#####. .#####.
....... ..###.. ....... .....## ....... ....... .##.... .....## ##...## ##..###
..###.. .####.. .#####. ....##. ....... ####### ##..... .....## ##...## ##...##
.##.##. ...##.. ##...## ...##.. .##..## ##..... ##..... ....##. ##...## ##...##
##...## ...##.. #....## ..####. .##..## ##..... ######. ...##.. .#####. ##..###
##...## ...##.. ....##. .....## ###..## .####.. ###..## ...##.. ##...## .######
##...## ...##.. ..###.. .....## ##...## ..####. ##...## ..##... ##...## .....##
##...## ...##.. .##.... .....## ##...## .....## ##...## ..##... ##...## .....##
.##.##. ...##.. ##..... ##...## ##..### ##...## ###..## ..##... ##...## ....##.
..###.. .###### ####### .#####. .###### .#####. .#####. ..##... .#####. .####..
....... ....... ....... ....... .....## ....... ....... ....... ....... .......
....... ....... ....... ....... .....## ....... ....... ....... ....... .......
"""  # Fig. 3, p. 9


def test_digit_codes_are_drawings_of_plus_and_minus_one():
    codes = digit_codes()
    assert codes.shape == (10, 84)
    assert set(codes.unique().tolist()) == {-1.0, 1.0}
    rows = codes.view(10, 12, 7).transpose(0, 1)
    lines = (["".join(".#"[int(p > 0)] for p in row) for row in digits] for digits in rows)
    assert [" ".join(line) for line in lines] == DRAWINGS.split("\n")[1:-1]


def test_rbf_takes_codes_that_have_no_values_yet():
    with torch.device("meta"):
        assert RBFOutput(torch.empty(10, 84)).codes.is_meta
    with FakeTensorMode():
        assert RBFOutput(torch.empty(10, 84)).codes.shape == (10, 84)
    with pytest.raises(ValueError, match="of finite numbers"):
        RBFOutput(torch.full((10, 84), torch.nan))


def test_closest_two_codes_are_six_and_eight_at_48():
    codes = digit_codes()
    distances = (codes[:, None] - codes).square().sum(2).fill_diagonal_(torch.inf)
    assert distances.min() == 48
    assert divmod(int(distances.argmin()), 10) == (6, 8)


def test_rbf_gives_squared_distances_without_a_half():
    codes = digit_codes()
    layer = RBFOutput(codes)
    y = layer(codes[:, :, None, None])[:, :, 0, 0]
    assert torch.equal(y.diagonal(), torch.zeros(10))
    assert y[6, 8] == 48
    assert torch.equal(layer(torch.zeros(1, 84, 1, 1)).flatten(), torch.full((10,), 84.0))
    x = torch.randn(3, 84, dtype=torch.float64)
    expected = torch.stack([((x - code) ** 2).sum(1) for code in codes.double()], 1)
    assert torch.allclose(layer.double()(x[:, :, None, None]).flatten(1), expected)


def test_rbf_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="expected a float matrix"):
        RBFOutput(torch.ones(84))
    with pytest.raises(ValueError, match=r"expected \(N, 84, height, width\)"):
        RBFOutput(digit_codes())(torch.zeros(1, 10, 1, 1))
