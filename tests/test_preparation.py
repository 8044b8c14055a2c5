"""One's own pictures: IDX files read and refused, ink fitted and centred as MNIST's digits were."""

import base64
import gzip
import re

import pytest
import torch
from torch.nn import functional as F

from lenet_utils import load_mnist
from lenet_utils.preparation import centre, fit_into_box, read_idx

HEADER = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3])
DIGITS = load_mnist(sample=True).test.images


def photograph(digit, *, factor=5, top=30, left=60, paper=210.0, ink=40.0, shade=0.0):
    """A dark digit on a light sheet of 240x240, off the middle, its light falling to the right."""
    sheet = torch.zeros(240, 240)
    large = digit.float().repeat_interleave(factor, 0).repeat_interleave(factor, 1) / 255
    sheet[top : top + large.shape[0], left : left + large.shape[1]] = large
    return paper - (paper - ink) * sheet - shade * torch.linspace(0, 1, 240)


@pytest.mark.parametrize("packed", [False, True])
def test_an_idx_file_is_read_in_the_shape_of_its_header(tmp_path, packed):
    path = tmp_path / ("labels.gz" if packed else "labels")
    content = HEADER + bytes([1, 2, 3, 4, 5, 255])
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read_idx(path).tolist() == [[1, 2, 3], [4, 5, 255]]
    assert read_idx(str(path)).dtype == torch.uint8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + bytes(5), "holds 5 values; expected 6 for the shape (2, 3)"),
        (HEADER + bytes(7), "holds 7 values"),
        (HEADER[:9], "holds 0 values"),
        (gzip.compress(HEADER + bytes(6), mtime=0), "its name must end in .gz"),
        (b"\0\0\x0d" + HEADER[3:] + bytes(24), "begins with 00 00 0d 02"),
        (b"<html>403", "begins with 3c 68 74 6d"),
        (b"", "begins with nothing; expected 00 00 08"),
    ],
)
def test_what_is_no_idx_file_of_bytes_is_refused(tmp_path, content, message):
    (tmp_path / "images").write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(message)):
        read_idx(tmp_path / "images")


def test_a_packed_file_that_is_damaged_is_named(tmp_path):
    whole = gzip.compress(HEADER + bytes(range(6)))
    for content in (whole[:-9], whole[:12] + b"\xff" + whole[13:], b"<html>403"):
        (tmp_path / "images.gz").write_bytes(content)
        with pytest.raises(ValueError, match="images.gz cannot be unpacked"):
            read_idx(tmp_path / "images.gz")


def test_a_file_of_no_pictures_is_empty(tmp_path):
    (tmp_path / "none").write_bytes(b"\0\0\x08\x01\0\0\0\0")
    assert read_idx(tmp_path / "none").shape == (0,)


def test_digits_of_mnist_come_out_as_they_are_stored():
    """They were made that way: enlarged and prepared again, they are the same pixels."""
    tall = [d for d in DIGITS[:60] if d.any(1).sum() == 20]
    assert len(tall) > 40
    same = []
    for digit in tall:
        large = F.pad(digit, (7, 1, 0, 9)).repeat_interleave(3, 0).repeat_interleave(3, 1)
        same.append(torch.equal(centre(fit_into_box(large)), digit))
    assert sum(same) > 0.9 * len(same)


def test_proportions_are_kept():
    stroke = torch.zeros(90, 90, dtype=torch.uint8)
    stroke[10:70, 40:46] = 255
    fitted = fit_into_box(stroke)
    assert (fitted.amax(1).count_nonzero(), fitted.amax(0).count_nonzero()) == (20, 2)
    assert fitted.unique().tolist() == [0, 255]


def test_shrinking_takes_the_mean_of_the_area():
    ink = torch.zeros(40, 40, dtype=torch.uint8)
    ink[0::2] = 200
    ink[39] = 200
    assert fit_into_box(ink)[4:23, 4:24].unique().tolist() == [100]


def test_centring_does_not_push_ink_off_the_field():
    ink = torch.zeros(28, 28, dtype=torch.uint8)
    ink[:, 5], ink[0, 5:27] = 9, 255
    moved = centre(ink)
    assert moved.sum() == ink.sum()
    assert moved[0].sum() == ink[0].sum()


def test_a_field_without_ink_is_refused():
    for function in (fit_into_box, centre):
        with pytest.raises(ValueError, match="0 everywhere"):
            function(torch.zeros(28, 28, dtype=torch.uint8))
        with pytest.raises(ValueError, match="expected uint8"):
            function(torch.ones(28, 28))
    with pytest.raises(ValueError, match=r"expected \(28, 28\)"):
        centre(torch.ones(40, 40, dtype=torch.uint8))


@pytest.mark.parametrize("options", [{}, {"factor": 3, "top": 90}, {"paper": 15.0, "ink": 230.0}])
def test_the_page_prepares_ink_alike(ask, options):
    """What is dropped on the page is fitted and centred as in the lesson."""

    def packed(tensor):
        return base64.b64encode(bytes(tensor.flatten().tolist())).decode()

    for digit in DIGITS[:2]:
        grey = photograph(digit, **options)[:200].round().byte()
        bytes_ = ask("ink", grey=packed(grey), width=240, height=200)
        ink = torch.tensor(bytes_, dtype=torch.uint8).view(240, 240)
        # Paper is no ink, and what is as dark as the darkest is nothing but ink.
        away = (grey.int() - grey[0, 0].int()).abs()
        assert ink[20:220][3 * away < away.max()].max() == 0
        assert ink[20:220][3 * away > 2 * away.max()].min() == 255
        (page,) = ask("prepare", drawings=[{"picture": {"bytes": packed(ink), "size": 240}}])
        differences = torch.tensor(page) - centre(fit_into_box(ink)).flatten().int()
        # Half a grey step is rounded up or down by the last bit of a sum.
        assert differences.abs().max() <= 1
        assert differences.count_nonzero() < 5
