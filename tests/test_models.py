"""The three variants: shapes, parts, and wrong inputs that must be refused with a way out."""

import pytest
import torch
from torch import nn

from lenet_utils import LeNet5, digit_codes, lenet5_1998, lenet5_modern, lenet5_tutorial

BUILDERS = [lenet5_1998, lenet5_tutorial, lenet5_modern]


@pytest.mark.parametrize("build", BUILDERS)
def test_one_picture_gives_one_row_and_a_wide_one_a_map(build):
    model = build().eval()
    size = model.nominal_size
    wide = torch.randn(2, 1, size, size + 12)
    with torch.no_grad():
        outputs = model(wide)
        assert outputs.shape == (2, 10, 1, 4)
        assert model.predict(wide).shape == (2, 1, 4)
        assert model(torch.zeros(1, 1, size + 4, size + 8)).shape == (1, 10, 2, 3)
        if build is lenet5_modern:  # its padding stands at the border of the whole picture
            return
        for position in range(4):
            part = model(wide[..., 4 * position : 4 * position + 32])
            assert torch.allclose(outputs[:, :, 0, position], part, atol=1e-4)


def test_parameters_of_the_three_variants():
    def count(model):
        return sum(p.numel() for p in model.parameters() if p.requires_grad)

    assert [count(build()) for build in BUILDERS] == [60_000, 61_706, 61_706]
    assert count(lenet5_tutorial(65)) == 66_381


def test_1998_answers_with_the_nearest_code():
    model = lenet5_1998()
    x = torch.randn(5, 1, 32, 32)
    states = x
    for name, part in model.named_children():
        if name == "output":
            break
        states = part(states)
    distances = (states.flatten(1)[:, None] - digit_codes()).square().sum(2)
    assert torch.allclose(model(x), distances, rtol=1e-5)
    assert torch.equal(model.predict(x), distances.argmin(1))
    assert not any("codes" in name for name, _ in model.named_parameters())


def test_modern_answers_with_the_largest_score():
    model, x = lenet5_modern(), torch.randn(5, 1, 28, 28)
    assert torch.equal(model.predict(x), model(x).argmax(1))


def test_an_ablation_changes_one_part_and_nothing_else():
    base = dict(LeNet5().named_children())
    changed = dict(LeNet5(c3="full").named_children())
    assert list(base) == list(changed)
    different = {name for name in base if str(base[name]) != str(changed[name])}
    assert different == {"c3"}
    relu = LeNet5(activation=nn.ReLU)
    kinds = {name for name, part in relu.named_children() if isinstance(part, nn.ReLU)}
    assert kinds == {"c1_act", "s2_act", "c3_act", "s4_act", "c5_act", "f6_act"}


def test_batch_normalisation_follows_each_layer_of_weights():
    model = LeNet5(output="linear", batch_norm=True)
    names = list(dict(model.named_children()))
    for layer, maps in (("c1", 6), ("c3", 16), ("c5", 120), ("f6", 84)):
        norm = names[names.index(layer) + 1]
        assert str(model.get_submodule(norm)).startswith(f"BatchNorm2d({maps}, ")
        assert names[names.index(norm) + 1] == f"{layer}_act"
    assert model(torch.randn(3, 1, 32, 32)).shape == (3, 10)


def test_codes_for_other_numbers_of_classes():
    assert torch.equal(lenet5_1998(4).output.codes, digit_codes()[:4])
    codes = torch.randn(65, 84).sign()
    assert lenet5_1998(65, codes=codes)(torch.zeros(1, 1, 32, 32)).shape == (1, 65)
    with pytest.raises(ValueError, match=r"num_classes is 65.*Give codes="):
        lenet5_1998(65)
    with pytest.raises(ValueError, match=r"expected \(12, 84\)"):
        lenet5_1998(12, codes=codes)
    with pytest.raises(ValueError, match=r"expected \(70, 84\)"):
        lenet5_1998(70, codes=codes)
    with pytest.raises(ValueError, match="codes are .*expected a float matrix"):
        lenet5_1998(65, codes=codes.tolist())
    for wrong in (0, 2.5, "10"):
        with pytest.raises(ValueError, match=f"num_classes is {wrong!r}"):
            lenet5_tutorial(wrong)


@pytest.mark.parametrize(
    ("build", "x", "message"),
    [
        (lenet5_1998, torch.zeros(1, 1, 28, 28), "pad_to_32"),
        (lenet5_modern, torch.zeros(1, 1, 33, 32), "expected 28x28, or wider in steps of 4"),
        (lenet5_modern, torch.zeros(1, 1, 32, 33), "expected 28x28, or wider in steps of 4"),
        (lenet5_1998, torch.zeros(1, 3, 32, 32), r"expected \(N, 1, 32, 32\)"),
        (lenet5_1998, torch.zeros(32, 32), r"x\[None\]"),
        (lenet5_1998, torch.zeros(1, 1, 32, 32, dtype=torch.uint8), "Normalise the digits first"),
        (lenet5_1998, [[0.0]], "got list"),
        (lenet5_modern, torch.zeros(1, 1, 28, 28).double(), r"x.to\(torch.float32\)"),
    ],
)
def test_wrong_inputs_are_told_what_to_do(build, x, message):
    with pytest.raises(ValueError, match=message):
        build()(x)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"pooling": "mean"}, "expected 'subsampling', 'average' or 'max'"),
        ({"c3": "sparse"}, "expected 'table1' or 'full'"),
        ({"output": "softmax"}, "expected 'rbf' or 'linear'"),
        ({"output": "linear", "codes": digit_codes()}, "drop them"),
        ({"padding": -1}, "padding is -1"),
        ({"activation": nn.ReLU()}, "expected what makes one: ReLU"),
    ],
)
def test_unknown_parts_are_named(parts, message):
    with pytest.raises(ValueError, match=message):
        LeNet5(**parts)
