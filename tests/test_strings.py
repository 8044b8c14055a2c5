"""Strings of digits: known answers, true boxes, the same for a seed everywhere, bad input."""

import hashlib

import pytest
import torch

from lenet_utils.mnist import Digits, load_mnist
from lenet_utils.strings import HEIGHT, NONE, Layout, _glyphs, draw_strings, draw_windows, texts


@pytest.fixture(scope="module")
def sample():
    return load_mnist(sample=True)


def one_of_each(digits):
    """Return a pool in which the label names the picture."""
    return Digits(
        *(part[[int((digits.labels == d).nonzero()[0]) for d in range(10)]] for part in digits)
    )


def block(left=10, right=14, top=8, bottom=20, value=200, label=3):
    image = torch.zeros(1, 28, 28, dtype=torch.uint8)
    image[0, top:bottom, left:right] = value
    return Digits(image, torch.tensor([label]))


def cut_out(image):
    """Return a picture without the empty columns at its sides."""
    columns = image.amax(0).nonzero()[:, 0]
    return image[:, columns[0] : columns[-1] + 1]


def test_two_blocks_stand_where_they_must():
    s = draw_strings(block(), 50, layout=Layout(length=(2, 2), gap=(3, 3)), seed=0)
    assert texts(s.labels) == ["33"] * 50
    for image, box in zip(s.images, s.boxes, strict=True):
        (a, b), (c, d) = box.tolist()
        assert b - a == d - c == 4 and c - b == 3
        wanted = torch.zeros_like(image)
        wanted[10:22, a:b] = wanted[10:22, c:d] = 200
        assert torch.equal(image, wanted)
    assert set(s.boxes[:, 0, 0].tolist()) == {14, 15, 16, 17}
    width = s.images.shape[2]
    assert width == HEIGHT + 4 * -(-(int(s.boxes.max()) + 14 - HEIGHT) // 4)


@pytest.mark.parametrize("gap", [(-1, 4), (-6, -2), (0, 0), (9, 12)])
def test_boxes_and_labels_are_true(sample, gap):
    """Set the digits again, by loops, at the boxes that the string names."""
    pool = one_of_each(sample.train)
    s = draw_strings(pool, 60, layout=Layout(length=(1, 7), gap=gap), seed=1)
    assert set(s.lengths.tolist()) == set(range(1, 8))
    gaps = set()
    for image, labels, length, boxes in zip(*s, strict=True):
        wanted = torch.zeros_like(image)
        assert (labels[length:] == -1).all() and (boxes[length:] == 0).all()
        for label, (left, right) in zip(labels[:length], boxes[:length].tolist(), strict=True):
            ink = cut_out(pool.images[label])
            place = wanted[2:30, left:right]
            place.copy_(torch.maximum(place, ink))
        assert torch.equal(image, wanted)
        gaps |= set((boxes[1:length, 0] - boxes[: length - 1, 1]).tolist())
    assert gaps == set(range(gap[0], gap[1] + 1))


def test_a_size_of_one_is_a_copy_on_either_way(sample):
    chosen = torch.arange(40).view(20, 2)
    copied, boxes = _glyphs(sample.train, chosen, torch.full((20,), 64))
    sizes = torch.tensor([64, 80] * 10)
    resized, others = _glyphs(sample.train, chosen, sizes)
    assert torch.equal(copied[:, ::2], resized[:, ::2])
    assert torch.equal(boxes[:, ::2], others[:, ::2])
    assert not torch.equal(copied[:, 1::2], resized[:, 1::2])


@pytest.mark.parametrize(("size", "side"), [(0.5, 4), (1.0, 8), (1.25, 10), (1.5, 12)])
def test_a_block_has_the_size_that_was_asked_for(size, side):
    pool = block(10, 18, 10, 18)
    s = draw_strings(pool, 1, layout=Layout(length=(1, 1), size=(size, size)), seed=0)
    ink = s.images[0].double() / 200
    # The edge may lie within a pixel; the ink in the middle row and column counts in parts.
    assert ink.amax(0).sum() == pytest.approx(side, abs=0.05)
    assert ink.amax(1).sum() == pytest.approx(side, abs=0.05)
    rows = ink.amax(1).nonzero()
    assert float(rows.double().mean()) == pytest.approx(15.5)


def test_sizes_vary_between_strings_and_not_within_one():
    s = draw_strings(block(), 200, layout=Layout(size=(0.5, 1.5)), seed=2)
    widths = s.boxes[:, :, 1] - s.boxes[:, :, 0]
    assert len(set(widths[:, 0].tolist())) > 3
    assert all(len(set(w[:n].tolist())) == 1 for w, n in zip(widths, s.lengths, strict=True))


def test_no_ink_leaves_the_field(sample):
    pool = one_of_each(sample.train)
    layout = Layout(length=(6, 6), gap=(0, 4), slope=0.5)
    s = draw_strings(pool, 100, layout=layout, seed=3)
    ink = pool.images.long().sum((1, 2))
    assert torch.equal(s.images.long().sum((1, 2)), ink[s.labels].sum(1))
    large = draw_strings(block(4, 24, 4, 24), 50, layout=Layout(size=(1.5, 1.5), slope=0.5), seed=3)
    assert (large.images.amax(2) > 0).sum(1).min() >= 30


def test_a_slope_lifts_one_end_and_lowers_the_other():
    level = Layout(length=(5, 5), gap=(2, 2))
    steep = Layout(length=(5, 5), gap=(2, 2), slope=0.2)
    for layout in (level, steep):
        s = draw_strings(block(), 100, layout=layout, seed=4)
        tops = torch.tensor(
            [
                [int(image[:, a:b].amax(1).nonzero()[0]) for a, b in boxes.tolist()]
                for image, boxes in zip(s.images, s.boxes, strict=True)
            ]
        )
        rise = tops[:, 0] - tops[:, -1]
        if layout is level:
            assert (tops == 10).all()
        else:
            assert rise.max() in (4, 5) and rise.min() in (-5, -4)  # 24 pixels by at most 0.2
            assert ((tops - 10).abs() <= 3).all()


def test_noise_inverts_pixels_after_all_else():
    clean = draw_strings(block(), 300, layout=Layout(), seed=5)
    noisy = draw_strings(block(), 300, layout=Layout(noise=0.1), seed=5)
    for a, b in zip(clean[1:], noisy[1:], strict=True):
        assert torch.equal(a, b)
    changed = clean.images != noisy.images
    assert torch.equal(noisy.images[changed], 255 - clean.images[changed])
    assert changed.double().mean().item() == pytest.approx(0.1, abs=0.002)


def digest(*tensors):
    found = hashlib.sha256()
    for tensor in tensors:
        found.update(str((tensor.dtype, tuple(tensor.shape))).encode())
        found.update(tensor.numpy().tobytes())
    return found.hexdigest()[:16]


LAYOUT = Layout(length=(1, 8), gap=(-3, 6), size=(0.7, 1.4), slope=0.1, noise=0.05)


def test_a_seed_gives_the_same_everywhere(sample):
    assert digest(*draw_strings(sample.test, 40, seed=0)) == STRINGS
    assert digest(*draw_strings(sample.test, 40, layout=LAYOUT, seed=7)) == VARIED
    assert digest(*draw_windows(sample.test, 40, layout=LAYOUT, seed=7)) == WINDOWS


STRINGS, VARIED, WINDOWS = "bca43b180264d1af", "ee3ecf8966e15a07", "f7554f68637327c9"


def test_another_seed_gives_others_and_leaves_the_global_state_alone(sample):
    before = torch.get_rng_state()
    a, b = (draw_strings(sample.test, 20, seed=seed) for seed in (0, 1))
    assert not torch.equal(a.labels, b.labels)
    assert torch.equal(torch.get_rng_state(), before)


def test_only_digits_of_the_pool_are_used():
    """Both ways to draw: each pool has its own grey."""
    for value in (90, 170):
        pool = block(value=value)
        found = draw_strings(pool, 30, seed=0).images
        windows = draw_windows(pool, 30, seed=0).images
        assert set(found.unique().tolist()) == set(windows.unique().tolist()) == {0, value}


def test_every_digit_of_the_pool_and_every_place_is_drawn(sample):
    pool = Digits(sample.test.images[:50], sample.test.labels[:50])
    s = draw_strings(pool, 400, seed=0)
    share = torch.bincount(s.labels[s.labels >= 0], minlength=10) / (s.labels >= 0).sum()
    wanted = torch.bincount(pool.labels, minlength=10) / 50
    assert (share - wanted).abs().max() < 0.04


def test_a_window_has_its_digit_in_the_centre():
    w = draw_windows(block(), 300, none=0.0, jitter=0, seed=0)
    assert (w.labels == 3).all()
    wanted = torch.zeros(32, dtype=torch.uint8)
    wanted[14:18] = 200
    assert (w.images[:, 10:22, 14:18] == 200).all()
    # The nearest neighbour stands -1 to 4 pixels away.
    nearest = [int((row[:14] == 0).nonzero().max()) for row in w.images[:, 15] if row[:14].any()]
    assert nearest and min(nearest) >= 0
    shifted = draw_windows(block(9, 15), 300, none=0.0, jitter=2, seed=0)
    assert (shifted.images[:, 15, 15:17] == 200).all()  # six wide, at most two off


def test_a_window_of_none_has_no_digit_in_the_centre(sample):
    layout = Layout(gap=(4, 4))
    w = draw_windows(block(), 400, layout=layout, none=1.0, jitter=0, seed=1)
    assert (w.labels == NONE).all()
    assert (w.images[:, :, 16] == 0).float().mean() > 0.95  # but for the very edge of a last digit
    some = draw_windows(sample.train, 2_000, none=0.3, seed=2)
    assert (some.labels == NONE).double().mean().item() == pytest.approx(0.3, abs=0.03)
    assert some.labels.unique().tolist() == list(range(11))


def test_texts_are_what_the_labels_say():
    assert texts(torch.tensor([[4, 0, 7, -1], [1, -1, -1, -1]])) == ["407", "1"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"length": (0, 3)}, "length is (0, 3); expected lowest <= highest, both within 1 and 30"),
        ({"length": (4, 3)}, "length is (4, 3)"),
        ({"length": 5}, "length is 5; expected a pair (lowest, highest), such as (3, 6)"),
        ({"gap": (0.5, 2)}, "gap is (0.5, 2); expected two whole numbers"),
        ({"gap": (-20, 4)}, "both within -12 and 60"),
        ({"size": (0.7, 2.0)}, "size is (0.7, 2.0)"),
        ({"size": (float("nan"), 1.0)}, "size is (nan, 1.0)"),
        ({"slope": -0.1}, "slope is -0.1; expected a number from 0 to 0.5"),
        ({"noise": 10}, "noise is 10; expected a number from 0 to 0.5"),
        ({"noise": float("nan")}, "noise is nan"),
    ],
)
def test_a_layout_that_cannot_be_is_refused(settings, told):
    with pytest.raises(ValueError) as caught:
        Layout(**settings)
    assert told in str(caught.value)


@pytest.mark.parametrize("draw", [draw_strings, draw_windows])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: Digits(d.images.float(), d.labels), "the digits are torch.float32 of shape"),
        (lambda d: Digits(d.images[:, None], d.labels), "of shape (3, 1, 28, 28); expected uint8"),
        (lambda d: Digits(d.images[:0], d.labels[:0]), "at least one picture"),
        (lambda d: Digits(d.images, d.labels[:2]), "got 3 pictures and labels of shape (2,)"),
        (lambda d: Digits(d.images, d.labels + 10), "expected the digits 0 to 9"),
        (
            lambda d: Digits(d.images * torch.tensor([1, 0, 1])[:, None, None], d.labels),
            "expected uint8",
        ),
        (
            lambda d: Digits(torch.stack([d.images[0], 0 * d.images[1], d.images[2]]), d.labels),
            "picture 1 has no ink",
        ),
    ],
)
def test_a_pool_that_cannot_be_used_is_refused(sample, draw, change, told):
    pool = Digits(sample.train.images[:3], sample.train.labels[:3])
    with pytest.raises(ValueError) as caught:
        draw(change(pool), 4, seed=0)
    assert told in str(caught.value)


def test_numbers_that_cannot_be_are_refused(sample):
    with pytest.raises(ValueError, match="count is 0"):
        draw_strings(sample.train, 0, seed=0)
    with pytest.raises(ValueError, match="count is 2.5"):
        draw_windows(sample.train, 2.5, seed=0)
    with pytest.raises(ValueError, match="none is 1.5"):
        draw_windows(sample.train, 2, none=1.5, seed=0)
    with pytest.raises(ValueError, match="jitter is 9"):
        draw_windows(sample.train, 2, jitter=9, seed=0)
