"""Answers to the exercises of "Looking inside" that change pictures."""

import numpy as np
import torch
from torch.nn import functional as F

from lenet_utils import checks

from .forged import Forged

NAN = float("nan")

# 14.2 -------------------------------------------------------------------------------------


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


def climb_by_numpy(x, gradient, length, low, high):
    g = gradient.numpy()
    return torch.from_numpy(np.clip(x.numpy() + length * g / np.sqrt((g**2).sum()), low, high))


def climb_pixel_by_pixel(x, gradient, length, low, high):
    size = sum(g * g for g in gradient.flatten().tolist()) ** 0.5
    pixels = zip(x.flatten().tolist(), gradient.flatten().tolist(), strict=True)
    return torch.tensor([min(max(a + length * g / size, low), high) for a, g in pixels]).view_as(x)


def climb_in_place(x, gradient, length, low, high):
    x += length * gradient / gradient.norm()
    return x.clamp_(low, high)


def climb_on_the_gradient(x, gradient, length, low, high):
    gradient /= gradient.norm()
    return (x + length * gradient).clamp(low, high)


def climb_for_good(x, *given):
    torch.set_grad_enabled(False)
    return climb(x, *given)


def climb_by(way):
    """Climb along something else that is made of the gradient."""
    return lambda x, g, length, low, high: (x + length * way(g)).clamp(low, high)


def climb_and_stretch(x, gradient, length, low, high):
    y = x + length * gradient / gradient.norm()
    return low + (high - low) * (y - y.min()) / (y.max() - y.min())


# 14.3 -------------------------------------------------------------------------------------


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


def cover_by_numpy(picture, row, column, side, background):
    copy = picture.numpy().copy()
    copy[row:][:side, column:][:, :side] = background
    return torch.from_numpy(copy)


def cover_by_a_mask(picture, row, column, side, background):
    mask = torch.zeros_like(picture)
    mask[row : row + side, column : column + side] = 1
    return picture * (1 - mask) + background * mask


def cover_in_place(picture, row, column, side, background):
    picture[row : row + side, column : column + side] = background
    return picture


def cover_through_numpy(picture, row, column, side, background):
    picture.numpy()[row : row + side, column : column + side] = background
    return picture.clone()


def cover_pushed_inside(picture, row, column, side, background):
    row, column = min(row, picture.shape[0] - side), min(column, picture.shape[1] - side)
    return cover(picture, row, column, side, background)


def cover_around_the_edge(picture, row, column, side, background):
    rows, columns = picture.shape
    copy = picture.clone()
    for r in range(row, row + side):
        for c in range(column, column + side):
            copy[r % rows, c % columns] = background
    return copy


def cover_beyond_the_edge(picture, row, column, side, background):
    copy = picture.clone()
    for r in range(row, row + side):
        for c in range(column, column + side):
            copy[r, c] = background
    return copy


def cover_the_rest(picture, row, column, side, background):
    copy = torch.full_like(picture, background)
    square = slice(row, row + side), slice(column, column + side)
    copy[square] = picture[square]
    return copy


def cover_a_frame(picture, row, column, side, background):
    copy = cover(picture, row, column, side, background)
    inside = slice(row + 1, row + side - 1), slice(column + 1, column + side - 1)
    copy[inside] = picture[inside]
    return copy


def cover_a_patch(picture, row, column, side, background):
    patch = torch.full((side, side), background)
    copy = picture.clone()
    copy[row : row + side, column : column + side] = patch
    return copy


def cover_with_more(picture, row, column, side, background):
    copy = picture.clone()
    copy[row : row + side, column : column + side] += background
    return copy


def cover_whole_rows(picture, row, column, side, background):
    copy = picture.clone()
    copy[row : row + side] = background
    return copy


def cover_from_to(picture, row, column, side, background):
    copy = picture.clone()
    copy[row:side, column:side] = background
    return copy


RIGHT = [
    (checks.gradient_step, (climb,)),
    (checks.gradient_step, (climb_by_minimum,)),
    (checks.gradient_step, (climb_a_copy,)),
    (checks.gradient_step, (climb_by_numpy,)),
    (checks.gradient_step, (climb_pixel_by_pixel,)),
    (checks.gradient_step, (climb_by(lambda g: g / (g.norm() + 1e-12)),)),
    (checks.occlusion, (cover,)),
    (checks.occlusion, (cover_by_where,)),
    (checks.occlusion, (cover_pixel_by_pixel,)),
    (checks.occlusion, (cover_by_numpy,)),
    (checks.occlusion, (cover_by_a_mask,)),
]

WRONG = [
    (
        checks.gradient_step,
        (lambda x, g, s, low, high: climb(x, -g, s, low, high),),
        "downhill",
    ),
    (checks.gradient_step, (climb_by(lambda g: g),), "divide the gradient by its norm"),
    (checks.gradient_step, (lambda x, g, s, *r: x + s * g / g.norm(),), "leaves the range"),
    (checks.gradient_step, (climb_by(torch.sign),), "another direction"),
    (checks.gradient_step, (climb_by(lambda g: g / g.abs().max()),), "largest entry"),
    (checks.gradient_step, (lambda x, g, s, *r: climb(x, g, s, 0, 1),), "0 to 1"),
    (checks.gradient_step, (lambda x, g, s, *r: climb(0 * x, g, s, *r),), "the step alone"),
    (checks.gradient_step, (climb_in_place,), "changed the x"),
    (checks.gradient_step, (lambda x, *r: x,), "nothing moved"),
    (checks.gradient_step, (lambda x, *r: x[0],), "expected (1, 1, 6, 6)"),
    (checks.gradient_step, (lambda x, *r: x * NAN,), "NaN"),
    (checks.gradient_step, (lambda *a: Forged(),), "expected a tensor"),
    (checks.gradient_step, (climb_on_the_gradient,), "changed the gradient"),
    (checks.gradient_step, (climb_by(lambda g: g / g.abs().sum()),), "sum of the sizes"),
    (checks.gradient_step, (climb_by(lambda g: g / g.square().sum()),), "the root is missing"),
    (checks.gradient_step, (climb_by(lambda g: g / g.square().mean().sqrt()),), "mean of squares"),
    (checks.gradient_step, (climb_by(lambda g: g / g.std()),), "standard deviation"),
    (checks.gradient_step, (climb_by(lambda g: F.normalize(g, dim=3)),), "each row"),
    (checks.gradient_step, (climb_by(F.normalize),), "another direction"),
    (checks.gradient_step, (climb_by(lambda g: g / (g.norm() + 0.01)),), "values are not"),
    (checks.gradient_step, (climb_by(lambda g: g.abs() / g.norm()),), "sign"),
    (
        checks.gradient_step,
        (lambda x, g, s, low, high: x + (s * g / g.norm()).clamp(low, high),),
        "clamp the picture",
    ),
    (
        checks.gradient_step,
        (lambda x, g, s, low, high: x.clamp(low, high) + s * g / g.norm(),),
        "leaves the range",
    ),
    (
        checks.gradient_step,
        (lambda x, g, s, low, high: climb(x, g, s, low, 99),),
        "only from below",
    ),
    (
        checks.gradient_step,
        (lambda x, g, s, low, high: climb(x, g, s, -99, high),),
        "only from above",
    ),
    (
        checks.gradient_step,
        (lambda x, g, s, *r: climb(x, g, s, -0.1, 1.175),),
        "limits that are given",
    ),
    (checks.gradient_step, (lambda x, g, s, *r: climb(x, g, 2.0, *r),), "values are not"),
    (checks.gradient_step, (climb_and_stretch,), "stretched"),
    (checks.gradient_step, (lambda *a: climb(*a) > 0.5,), "True and False"),
    (checks.gradient_step, (climb_for_good,), "torch.set_grad_enabled"),
    (checks.occlusion, (cover_in_place,), "changed the picture that it was given"),
    (checks.occlusion, (lambda picture, *r: picture,), "nothing is covered"),
    (checks.occlusion, (lambda p, r, c, s, b: cover(p, r, c, s, 0.0),), "that is grey"),
    (checks.occlusion, (lambda p, r, c, s, b: cover(p, c, r, s, b),), "the row comes first"),
    (checks.occlusion, (lambda p, r, c, s, b: cover(p, r, c, s + 1, b),), "one pixel too large"),
    (checks.occlusion, (lambda p, r, c, s, b: cover(p, r - 1, c - 1, s, b),), "not its middle"),
    (checks.occlusion, (lambda p, r, c, s, b: cover(p, r, c, s - 1, b),), "rows 1 to 3"),
    (checks.occlusion, (lambda *a: cover(*a)[None],), "expected (9, 11)"),
    (checks.occlusion, (lambda *a: cover(*a) * NAN,), "NaN"),
    (checks.occlusion, (lambda *a: Forged(),), "expected a tensor"),
    (checks.occlusion, (cover_through_numpy,), "changed the picture that it was given"),
    (checks.occlusion, (cover_pushed_inside,), "cut off"),
    (checks.occlusion, (cover_around_the_edge,), "comes back on the other side"),
    (checks.occlusion, (cover_beyond_the_edge,), "raised IndexError"),
    (checks.occlusion, (cover_a_patch,), "raised RuntimeError"),
    (checks.occlusion, (cover_the_rest,), "the other way round"),
    (checks.occlusion, (cover_a_frame,), "only the edge of the square"),
    (checks.occlusion, (cover_with_more,), "added"),
    (checks.occlusion, (cover_from_to,), "A slice ends at row + side"),
    (checks.occlusion, (lambda p, r, c, s, b: cover(p, r, c, s, -0.1),), "the background given"),
    (checks.occlusion, (lambda p, r, c, s, b: cover(p, r, c, s, 1.0),), "the background given"),
    (checks.occlusion, (lambda p, r, c, s, b: cover(p, r, c, 2 * s, b),), "rows 1 to 3"),
    (checks.occlusion, (cover_whole_rows,), "the whole row"),
    (checks.occlusion, (lambda p, r, c, s, b: cover(p, r + 1, c + 1, s, b),), "counted from 0"),
    (checks.occlusion, (lambda p, r, c, s, b: p[r : r + s, c : c + s],), "expected (9, 11)"),
    (checks.occlusion, (lambda *a: cover(*a) != a[0],), "True and False"),
    (checks.occlusion, (lambda *a: cover(*a).clamp(0, 1),), "all else as it was"),
]
