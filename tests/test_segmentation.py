"""Cuts in ink, and the groups of pieces between them."""

import itertools

import pytest
import torch

from lenet_utils import load_mnist
from lenet_utils.preparation import centre, fit_into_box
from lenet_utils.segmentation import (
    INK,
    LEAST_PIECE,
    MOST_INK,
    WIDEST,
    Cut,
    between,
    find_cuts,
    group,
    hit_and_deflect,
)


def picture(text):
    """`#` is ink."""
    rows = text.split()
    return torch.tensor([[255 * (cell == "#") for cell in row] for row in rows], dtype=torch.uint8)


TOUCHING = picture("""
    .###....###.
    #...#..#...#
    #...#..#...#
    #....##....#
    #...#..#...#
    #...#..#...#
    .###....###.
""")


def path(text, column, **options):
    cut = hit_and_deflect(picture(text) > 0, column, **options)
    return cut.columns.tolist(), cut.ink


def test_a_line_falls_straight_over_paper():
    assert path(".... .... ....", 2) == ([2, 2, 2], 0)


def test_a_line_slides_down_along_a_contour():
    slope = """
        ......
        #.....
        ##....
        ###...
        ####..
    """
    assert path(slope, 0) == ([0, 1, 2, 3, 4], 0)
    assert path("\n".join(row[::-1] for row in slope.split()), 5) == ([5, 4, 3, 2, 1], 0)


def test_a_line_goes_through_where_it_lies_in_a_valley():
    valley = """
        #....#
        ##..##
        ######
        ######
        ......
    """
    assert path(valley, 2) == ([2, 2, 2, 2, 2], 2)
    # It comes in at the side, slides into the valley, and goes on from there.
    assert path(valley, 1) == ([1, 2, 2, 2, 2], 2)


def test_a_line_from_below_rises():
    arch = """
        ......
        ######
        ##..##
        #....#
    """
    assert path(arch, 3, upwards=True) == ([3, 3, 3, 3], 1)
    assert path(arch, 1, upwards=True) == ([2, 2, 2, 1], 1)


def test_a_line_does_not_jump_over_a_wall():
    # The free pixels on the right lie behind a wall one row higher.
    wall = """
        ..#...
        ####..
        ####..
    """
    assert path(wall, 1) == ([1, 1, 1], 2)


def test_of_two_touching_circles_the_bridge_is_cut():
    left, bridge, right = find_cuts(TOUCHING)
    assert (left.columns.tolist(), right.columns.tolist()) == ([0] * 7, [12] * 7)
    # Not into the circle on the right, between two of its pixels that touch at a corner.
    assert bridge.columns.tolist() in ([5] * 7, [6] * 7)
    assert (left.ink, bridge.ink, right.ink) == (0, 1, 0)


def strings_of_digits(count=12):
    """Digits of the sample side by side, the boxes of ink 0 to 2 pixels apart, and where."""
    digits = load_mnist(sample=True).train.images
    generator = torch.Generator().manual_seed(4)
    for _ in range(count):
        field, edges = torch.zeros(28, 150, dtype=torch.uint8), [6]
        for digit in digits[torch.randint(len(digits), (5,), generator=generator)]:
            inside = digit.any(0).nonzero()[:, 0]
            drawn = digit[:, int(inside[0]) : int(inside[-1]) + 1]
            start = edges[-1] + int(torch.randint(0, 3, (), generator=generator))
            field[:, start : start + drawn.shape[1]] = drawn
            edges.append(start + drawn.shape[1])
        yield field, edges


def test_cuts_are_in_order_share_out_all_ink_and_separate_the_digits():
    missed = 0
    for field, edges in strings_of_digits():
        cuts = find_cuts(field)
        ink = field >= INK
        for left, right in itertools.pairwise(cuts):
            assert bool((left.columns <= right.columns).all())
            assert int((ink & between(left, right, 150)).sum()) >= LEAST_PIECE
        assert all(cut.ink <= MOST_INK for cut in cuts)
        parts = sum(between(a, b, 150).long() for a, b in itertools.pairwise(cuts))
        assert bool((parts == 1).all())
        assert len(cuts) >= 6
        means = torch.tensor([float(cut.columns.double().mean()) for cut in cuts])
        missed += sum(bool((means - edge).abs().min() > 3) for edge in edges[1:-1])
    assert missed <= 1  # of 48


def test_groups_are_all_runs_that_are_not_too_many_and_not_too_wide():
    field = torch.zeros(30, 60, dtype=torch.uint8)
    for start in (2, 12, 22, 32, 42):
        field[5:25, start : start + 6] = 255
    cuts = find_cuts(field)
    assert len(cuts) == 6
    found = group(field, cuts, most=3)
    # Two blocks are 16 wide, three 26; the limit is 1.3 times a height of 20.
    assert WIDEST * 20 == 26
    wanted = [(i, j) for i in range(5) for j in range(i + 1, min(i + 3, 5) + 1)]
    assert found.cuts == wanted
    assert group(field, cuts, most=1).cuts == [(i, i + 1) for i in range(5)]
    field[5:25, 48] = 255  # the last block is one pixel wider, and so is each group with it
    assert group(field, cuts, most=3).cuts == [pair for pair in wanted if pair != (2, 5)]
    assert found.pictures.shape == (len(wanted), 28, 28)
    block = centre(fit_into_box(field[:, :10]))
    torch.testing.assert_close(found.pictures[0], block)


def test_a_digit_of_mnist_that_is_cut_right_comes_back_as_it_was():
    digits = load_mnist(sample=True).train.images
    tall = digits[(digits.amax(2) > 0).sum(1) == 20][:2]
    field = torch.cat([torch.nn.functional.pad(digit, (0, 6)) for digit in tall], 1)
    cuts = [Cut(torch.full((28,), column), 0) for column in (0, 34, 68)]
    found = group(field, cuts)
    assert found.cuts == [(0, 1), (1, 2)]
    torch.testing.assert_close(found.pictures, torch.stack([centre(digit) for digit in tall]))


def test_a_fragment_stays_as_small_as_it_is_in_the_string():
    field = torch.zeros(40, 60, dtype=torch.uint8)
    field[0:40, 2:22] = 255
    field[30:38, 40:48] = 255
    found = group(field, find_cuts(field))
    fragment = found.pictures[found.cuts.index((1, 2))]
    # The string is 40 high and becomes 20.
    assert int((fragment > 0).any(0).sum()) == int((fragment > 0).any(1).sum()) == 4


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: find_cuts(torch.zeros(5, 5)), "float32.*expected uint8"),
        (lambda: find_cuts(torch.zeros(5, 5, dtype=torch.uint8)), "no ink"),
        (lambda: find_cuts(TOUCHING[None]), r"\(1, 7, 12\)"),
        (lambda: hit_and_deflect(TOUCHING, 3), "uint8.*expected bool"),
        (lambda: hit_and_deflect(TOUCHING > 0, 12), "column is 12; expected 0 to 11"),
        (lambda: group(TOUCHING, find_cuts(TOUCHING)[:1]), "got 1 cuts"),
        (lambda: group(TOUCHING, find_cuts(TOUCHING), most=0), "most = 0"),
        (
            lambda: group(TOUCHING, [Cut(torch.full((7,), x), 0) for x in (0, 12, 12)]),
            "no ink between cuts 1 and 2",
        ),
    ],
)
def test_wrong_input_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
