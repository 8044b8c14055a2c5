"""Planar distortions against answers known beforehand."""

import math
from dataclasses import FrozenInstanceError

import pytest
import torch

from lenet_utils.distortions import PlanarRanges, distort, warp


def block(size: int = 32, side: int = 8) -> torch.Tensor:
    """A white square in the middle of a black picture."""
    images = torch.zeros(1, size, size, dtype=torch.uint8)
    edge = (size - side) // 2
    images[:, edge : edge + side, edge : edge + side] = 200
    return images


def affine(a: float, b: float, c: float, d: float, tx: float = 0, ty: float = 0) -> torch.Tensor:
    return torch.tensor([[[a, b, tx], [c, d, ty]]], dtype=torch.float32)


def test_identity_changes_nothing():
    images = torch.randint(0, 256, (5, 28, 28), dtype=torch.uint8)
    assert torch.equal(warp(images, affine(1, 0, 0, 1).expand(5, 2, 3)), images)
    assert torch.equal(distort(images, PlanarRanges(), seed=3), images)


@pytest.mark.parametrize("height, width", [(28, 28), (32, 20)])
def test_a_shift_of_whole_pixels_moves_right_and_down(height, width):
    images = torch.randint(0, 256, (1, height, width), dtype=torch.uint8)
    moved = warp(images, affine(1, 0, 0, 1, tx=1, ty=2))
    assert torch.equal(moved[:, 2:, 1:], images[:, :-2, :-1])
    assert moved[:, :2].eq(0).all() and moved[:, :, 0].eq(0).all()


def test_scaling_multiplies_the_area_and_squeezing_keeps_it():
    start = block().float().sum()
    assert warp(block(), affine(2, 0, 0, 2)).float().sum() / start == pytest.approx(4, rel=0.02)
    squeezed = warp(block(), affine(2, 0, 0, 0.5))
    assert squeezed.float().sum() / start == pytest.approx(1, rel=0.02)
    rows, columns = (squeezed[0] > 100).nonzero().T
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (4, 16)


def test_shearing_shifts_rows_by_their_height():
    images = torch.zeros(1, 31, 31, dtype=torch.uint8)
    images[0, :, 15] = 255
    sheared = warp(images, affine(1, 0.5, 0, 1))[0]
    # The centre stays, ten pixels below it the column has moved by five.
    assert sheared[15].argmax() == 15 and sheared[25].argmax() == 20 and sheared[5].argmax() == 10


def test_drawn_maps_stay_in_their_ranges_and_have_no_rotation():
    maps = PlanarRanges(shift=2, scale=0.2, squeeze=0.1, shear=0.3).draw(4000, seed=0)
    assert maps[:, 1, 0].eq(0).all()
    assert maps[:, :, 2].abs().max() <= 2 and maps[:, :, 2].abs().max() > 1.9
    area = (maps[:, 0, 0] * maps[:, 1, 1]).sqrt()
    assert 1 / 1.2 <= area.min() < 0.85 and 1.18 < area.max() <= 1.2 + 1e-6
    aspect = (maps[:, 0, 0] / maps[:, 1, 1]).sqrt()
    assert aspect.max() <= 1.1 + 1e-6 and aspect.log().mean().abs() < math.log(1.1) / 20
    shear = maps[:, 0, 1] / maps[:, 0, 0]
    assert shear.abs().max() <= 0.3 + 1e-6
    # Each by itself: none follows from another one.
    drawn = torch.stack([area.log(), aspect.log(), shear, maps[:, 0, 2], maps[:, 1, 2]])
    assert (torch.corrcoef(drawn) - torch.eye(5)).abs().max() < 0.06


def test_ranges_do_not_change():
    with pytest.raises(FrozenInstanceError):
        PlanarRanges().shift = 1.0


def test_the_seed_decides_and_every_picture_gets_its_own():
    images = block().repeat(3, 1, 1)
    ranges = PlanarRanges(shift=3, shear=0.3)
    first = distort(images, ranges, seed=1)
    assert torch.equal(first, distort(images, ranges, seed=1))
    assert not torch.equal(first, distort(images, ranges, seed=2))
    assert not torch.equal(first[0], first[1])


def test_float_pictures_are_filled_with_their_background():
    images = block()
    normalised = images[:, None] / 255 * 1.275 - 0.1
    maps = affine(0.9, 0.1, 0, 1, tx=9.3)
    moved = warp(normalised, maps, background=-0.1)
    expected = warp(images, maps)[:, None] / 255 * 1.275 - 0.1
    assert moved.shape == normalised.shape
    assert torch.allclose(moved, expected, atol=0.6 / 255 * 1.275)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="shear is -0.1"):
        PlanarRanges(shear=-0.1)
    with pytest.raises(ValueError, match="background"):
        distort(torch.zeros(2, 28, 28), PlanarRanges(), seed=0)
    with pytest.raises(ValueError, match=r"\(2, 3, 28, 28\)"):
        distort(torch.zeros(2, 3, 28, 28), PlanarRanges(), seed=0, background=0)
    with pytest.raises(ValueError, match=r"\(1, 2, 3\)"):
        warp(torch.zeros(2, 28, 28, dtype=torch.uint8), affine(1, 0, 0, 1))
    for wrong in (0, torch.nan):
        with pytest.raises(ValueError, match=f"areas by {wrong}"):
            warp(torch.zeros(1, 28, 28, dtype=torch.uint8), affine(wrong, 0, 0, 1))
