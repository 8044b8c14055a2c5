"""Right and wrong answers to the exercises of "Looking inside"."""

import numpy as np
import pytest
import torch
from check_answers.forged import Forged
from torch.nn import functional as F

from lenet_utils import checks


def patch(states, pictures, side, step):
    n, r, c = np.unravel_index(int(states.argmax()), tuple(states.shape))
    return pictures[n, r * step : r * step + side, c * step : c * step + side]


def patch_by_unfold(states, pictures, side, step):
    windows = pictures.unfold(1, side, step).unfold(2, side, step).flatten(0, 2)
    return windows[states.flatten().argmax()]


def patch_picture_by_picture(states, pictures, side, step):
    best, found = -float("inf"), None
    for plane, picture in zip(states, pictures, strict=True):
        value, at = plane.flatten().max(0)
        if value > best:
            row, column = divmod(at.item(), plane.shape[1])
            best = value
            found = picture[step * row :, step * column :][:side, :side]
    return found


def spoilt_patch(
    *, rank=lambda s: s, picture=None, swap=False, move=lambda at, step, side: at * step
):
    def spoilt(states, pictures, side, step):
        n, r, c = np.unravel_index(int(rank(states).argmax()), tuple(states.shape))
        r, c = (c, r) if swap else (r, c)
        r, c = move(r, step, side), move(c, step, side)
        return pictures[n if picture is None else picture, r : r + side, c : c + side]

    return spoilt


def climb(x, gradient, length, low, high):
    return (x + length * gradient / gradient.norm()).clamp(low, high)


def climb_by_minimum(x, gradient, length, low, high):
    moved = x + F.normalize(gradient.flatten(), dim=0).view_as(x) * length
    return torch.minimum(torch.maximum(moved, torch.tensor(low)), torch.tensor(high))


def climb_a_copy(x, gradient, length, low, high):
    y = x.clone()
    y += gradient * (length / gradient.square().sum().sqrt())
    y[y < low], y[y > high] = low, high
    return y


def climb_in_place(x, gradient, length, low, high):
    x += length * gradient / gradient.norm()
    return x.clamp_(low, high)


def cover(picture, row, column, side, background):
    copy = picture.clone()
    copy[row : row + side, column : column + side] = background
    return copy


def cover_by_where(picture, row, column, side, background):
    rows, columns = torch.arange(picture.shape[0]), torch.arange(picture.shape[1])
    inside = ((rows >= row) & (rows < row + side))[:, None]
    inside = inside & (columns >= column) & (columns < column + side)
    return torch.where(inside, torch.tensor(background), picture)


def cover_pixel_by_pixel(picture, row, column, side, background):
    copy = picture.detach().clone()
    for r in range(row, min(row + side, len(picture))):
        for c in range(column, min(column + side, picture.shape[1])):
            copy[r, c] = background
    return copy


def cover_in_place(picture, row, column, side, background):
    picture[row : row + side, column : column + side] = background
    return picture


def share(states, labels):
    means = torch.stack([states[labels == k].mean(0) for k in labels])
    return means.var(0) / states.var(0)


def share_from_within(states, labels):
    within = torch.zeros(states.shape[1])
    for k in labels.unique():
        part = states[labels == k]
        within += (part - part.mean(0)).square().sum(0)
    return 1 - within / (states - states.mean(0)).square().sum(0)


def share_by_numbers(states, labels):
    one_hot = F.one_hot(labels).double()
    means = one_hot.T @ states.double() / one_hot.sum(0)[:, None]
    between = (one_hot.mean(0)[:, None] * (means - states.double().mean(0)) ** 2).sum(0)
    return between / states.double().var(0, correction=0)


RIGHT = [
    (checks.strongest_patch, patch),
    (checks.strongest_patch, patch_by_unfold),
    (checks.strongest_patch, patch_picture_by_picture),
    (checks.climb_step, climb),
    (checks.climb_step, climb_by_minimum),
    (checks.climb_step, climb_a_copy),
    (checks.covered, cover),
    (checks.covered, cover_by_where),
    (checks.covered, cover_pixel_by_pixel),
    (checks.class_share, share),
    (checks.class_share, share_from_within),
    (checks.class_share, share_by_numbers),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_right_answers_pass(check, answer):
    verdict = check(answer)
    assert verdict, verdict.message


NAN = float("nan")
WRONG = [
    (checks.strongest_patch, spoilt_patch(rank=torch.abs), "most negative"),
    (checks.strongest_patch, spoilt_patch(swap=True), "exchanged"),
    (checks.strongest_patch, spoilt_patch(picture=0), "the wrong picture"),
    (checks.strongest_patch, lambda s, p, a, b: patch(s[:1], p, a, b), "first picture"),
    (checks.strongest_patch, spoilt_patch(move=lambda at, step, side: at), "2 pixels apart"),
    (
        checks.strongest_patch,
        spoilt_patch(move=lambda at, step, side: min(at * step + 1, 32 - side)),
        "the window's first",
    ),
    (checks.strongest_patch, lambda *a: patch(*a)[None], "a slice of one"),
    (checks.strongest_patch, lambda *a: patch(*a)[1:], "expected (14, 14)"),
    (checks.strongest_patch, lambda *a: patch(*a) * NAN, "NaN"),
    (checks.strongest_patch, lambda *a: patch(*a).numpy(), "expected a tensor"),
    (checks.strongest_patch, lambda *a: Forged(), "expected a tensor"),
    (checks.strongest_patch, lambda states: states, "raised TypeError"),
    (checks.climb_step, lambda x, g, s, low, high: climb(x, -g, s, low, high), "downhill"),
    (
        checks.climb_step,
        lambda x, g, s, low, high: (x + s * g).clamp(low, high),
        "divide the gradient by its norm",
    ),
    (checks.climb_step, lambda x, g, s, *r: x + s * g / g.norm(), "leaves the range"),
    (
        checks.climb_step,
        lambda x, g, s, low, high: (x + s * g.sign()).clamp(low, high),
        "another direction",
    ),
    (
        checks.climb_step,
        lambda x, g, s, low, high: (x + s * g / g.abs().max()).clamp(low, high),
        "largest entry",
    ),
    (checks.climb_step, lambda x, g, s, *r: climb(x, g, s, 0, 1), "0 to 1"),
    (checks.climb_step, lambda x, g, s, *r: climb(0 * x, g, s, *r), "the step alone"),
    (checks.climb_step, climb_in_place, "changed the x"),
    (checks.climb_step, lambda x, *r: x, "the values are not"),
    (checks.climb_step, lambda x, *r: x[0], "expected (1, 1, 6, 6)"),
    (checks.climb_step, lambda x, *r: x * NAN, "NaN"),
    (checks.climb_step, lambda *a: Forged(), "expected a tensor"),
    (checks.covered, cover_in_place, "changed the picture that it was given"),
    (checks.covered, lambda picture, *r: picture, "nothing is covered"),
    (checks.covered, lambda p, r, c, s, b: cover(p, r, c, s, 0.0), "that is grey"),
    (checks.covered, lambda p, r, c, s, b: cover(p, c, r, s, b), "the row comes first"),
    (checks.covered, lambda p, r, c, s, b: cover(p, r, c, s + 1, b), "one pixel too large"),
    (checks.covered, lambda p, r, c, s, b: cover(p, r - 1, c - 1, s, b), "not its middle"),
    (checks.covered, lambda p, r, c, s, b: cover(p, r, c, s - 1, b), "rows 2 to 4"),
    (checks.covered, lambda *a: cover(*a)[None], "expected (9, 11)"),
    (checks.covered, lambda *a: cover(*a) * NAN, "NaN"),
    (checks.covered, lambda *a: Forged(), "expected a tensor"),
    (checks.class_share, lambda s, y: 1 - share(s, y), "within the classes"),
    (
        checks.class_share,
        lambda s, y: (
            torch.stack([s[y == k].mean(0) for k in range(3)]).var(0, correction=0)
            / s.var(0, correction=0)
        ),
        "weighs four times",
    ),
    (
        checks.class_share,
        lambda s, y: (
            (torch.stack([s[y == k].mean(0) for k in range(3)]) - s.mean(0)).square().mean(0)
            / s.var(0, correction=0)
        ),
        "weighted equally",
    ),
    (checks.class_share, lambda s, y: share(s, y) / (1 - share(s, y)), "over within"),
    (checks.class_share, lambda s, y: share(s, y) * 19 / 20, "use the same"),
    (checks.class_share, lambda s, y: share(s, y).sqrt(), "square root"),
    (checks.class_share, lambda s, y: share(s, y) * s.var(0, correction=0), "divide it by"),
    (checks.class_share, lambda s, y: share(s, y) * 0, "look at one unit"),
    (checks.class_share, lambda s, y: share(s, y).mean(), "expected (3,)"),
    (checks.class_share, lambda s, y: share(s, y) * NAN, "NaN"),
    (checks.class_share, lambda *a: Forged(), "expected a tensor"),
    (checks.class_share, 0.5, "expected a function"),
]


@pytest.mark.parametrize(("check", "answer", "message"), WRONG)
def test_wrong_answers_are_refused_with_their_own_message(check, answer, message):
    verdict = check(answer)
    assert not verdict
    assert message in verdict.message


@pytest.mark.parametrize("check", dict.fromkeys(check for check, _ in RIGHT))
def test_no_answer_yet(check):
    assert "no answer yet" in check(...).message
    assert "no answer yet" in check(lambda *a: ...).message
    assert "returned nothing" in check(lambda *a: None).message
