"""Answers to the exercises of the lesson "How far it bends"."""

import bisect
import math
from itertools import takewhile

import numpy as np
import torch
from torch.nn import functional as F

from lenet_utils import checks

from .forged import Forged

NAN = float("nan")

# 15.2 -------------------------------------------------------------------------------------


def rotations(degrees):
    angle = torch.deg2rad(degrees)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return torch.stack([cos, -sin, zero, sin, cos, zero], dim=1).view(-1, 2, 3)


def rotations_one_by_one(degrees):
    maps = torch.zeros(len(degrees), 2, 3)
    for matrix, angle in zip(maps, degrees.tolist(), strict=True):
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        matrix[:, :2] = torch.tensor([[cos, -sin], [sin, cos]])
    return maps


def rotations_by_exponential(degrees):
    generator = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    squares = torch.linalg.matrix_exp(degrees[:, None, None] * math.pi / 180 * generator)
    return F.pad(squares, (0, 1))


def rotations_by_numpy(degrees):
    angle = np.radians(degrees.numpy())
    maps = np.zeros((len(angle), 2, 3), np.float32)
    maps[:, 0, 0] = maps[:, 1, 1] = np.cos(angle)
    maps[:, 0, 1], maps[:, 1, 0] = -np.sin(angle), np.sin(angle)
    return torch.from_numpy(maps)


def rotations_by_complex_numbers(degrees):
    z = torch.polar(torch.ones_like(degrees), torch.deg2rad(degrees))
    columns = torch.stack([torch.view_as_real(z), torch.view_as_real(1j * z)], dim=2)
    return torch.cat([columns, torch.zeros(len(degrees), 2, 1)], dim=2)


def rotations_stacked_first(degrees):
    angle = torch.deg2rad(degrees)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return torch.stack([cos, -sin, zero, sin, cos, zero]).view(-1, 2, 3)


def rotations_in_place(degrees):
    degrees *= math.pi / 180
    return rotations(degrees.rad2deg())


def rotations_with_a_positive_sine(degrees):
    cos = torch.deg2rad(degrees).cos()
    sin, zero = (1 - cos**2).sqrt(), torch.zeros_like(cos)
    return torch.stack([cos, -sin, zero, sin, cos, zero], dim=1).view(-1, 2, 3)


def rotations_for_small_angles(degrees):
    angle = torch.deg2rad(degrees)
    one, zero = torch.ones_like(angle), torch.zeros_like(angle)
    return torch.stack([one, -angle, zero, angle, one, zero], dim=1).view(-1, 2, 3)


def rotations_about_the_corner(degrees):
    maps = rotations(degrees)
    middle = torch.full((2, 1), 15.5)
    maps[:, :, 2:] = middle - maps[:, :, :2] @ middle
    return maps


def rotations_for_good(degrees):
    torch.set_default_dtype(torch.float64)
    return rotations(degrees)


def with_a_last_row(degrees):
    row = torch.tensor([0.0, 0.0, 1.0]).expand(len(degrees), 1, 3)
    return torch.cat([rotations(degrees), row], dim=1)


# 15.3 -------------------------------------------------------------------------------------


def first_time(amounts, errors, limit):
    for i, error in enumerate(errors):
        if error > limit:
            return amounts[i - 1]
    return amounts[-1]


def by_cumulation(amounts, errors, limit):
    ok = torch.tensor(errors).cummax(0).values <= limit + 1e-9
    return torch.tensor(amounts)[ok].max()


def by_takewhile(amounts, errors, limit):
    pairs = zip(amounts, errors, strict=True)
    return [amount for amount, _ in takewhile(lambda pair: pair[1] <= limit, pairs)][-1]


def by_maximum_so_far(amounts, errors, limit):
    return max(a for i, a in enumerate(amounts) if max(errors[: i + 1]) <= limit)


def by_numpy(amounts, errors, limit):
    above = np.array(errors) > limit
    return np.array(amounts)[above.argmax() - 1 if above.any() else -1]


def index_reached(amounts, errors, limit):
    return amounts.index(first_time(amounts, errors, limit))


def reached_again(amounts, errors, limit):
    return max(a for a, e in zip(amounts, errors, strict=True) if e <= limit)


def reached_by_bisection(amounts, errors, limit):
    """Takes the errors for sorted."""
    return amounts[bisect.bisect_right(errors, limit) - 1]


def reached_between(amounts, errors, limit):
    i = index_reached(amounts, errors, limit)
    if i + 1 == len(amounts):
        return amounts[-1]
    part = (limit - errors[i]) / (errors[i + 1] - errors[i])
    return amounts[i] + part * (amounts[i + 1] - amounts[i])


def reached_until_it_rises(amounts, errors, limit):
    for i in range(1, len(errors)):
        if errors[i] > limit or errors[i] < errors[i - 1]:
            return amounts[i - 1]
    return amounts[-1]


def reached_nearest(amounts, errors, limit):
    return min(zip(amounts, errors, strict=True), key=lambda pair: abs(pair[1] - limit))[0]


def reached_above_the_first(amounts, errors, limit):
    return first_time(amounts, [error - errors[0] for error in errors], limit)


def reached_by_popping(amounts, errors, limit):
    reached = amounts[0]
    while errors and errors.pop(0) <= limit:
        reached = amounts.pop(0)
    return reached


def reached_or_none(amounts, errors, limit):
    for i, error in enumerate(errors):
        if error > limit:
            return amounts[i - 1]
    return None


RIGHT = [
    (checks.moved_maps, ([4, 2, 2, 1],)),
    (checks.moved_maps, (torch.tensor([4, 2, 2, 1]),)),
    (checks.moved_maps, ([4.0, np.int64(2), 2, 4 / 4],)),
    (checks.moved_maps, ((4, 2, 2, 1),)),
    (checks.moved_maps, (4 / np.array([1, 2, 2, 4]),)),
    (checks.moved_maps, ({"C1": 4, "S2": 2, "C3": 2, "S4": 1}.values(),)),
    (checks.rotations, (rotations,)),
    (checks.rotations, (rotations_one_by_one,)),
    (checks.rotations, (rotations_by_exponential,)),
    (checks.rotations, (rotations_by_numpy,)),
    (checks.rotations, (rotations_by_complex_numbers,)),
    (checks.rotations, (lambda d: rotations(d.double()),)),
    (checks.reach, (first_time,)),
    (checks.reach, (by_cumulation,)),
    (checks.reach, (lambda a, e, limit: np.float64(first_time(a, e, limit)),)),
    (checks.reach, (by_takewhile,)),
    (checks.reach, (by_maximum_so_far,)),
    (checks.reach, (by_numpy,)),
]

WRONG = [
    (checks.moved_maps, (...,), "no answer yet"),
    (checks.moved_maps, ([4, 2, 2, ...],), "no answer yet"),
    (checks.moved_maps, ([1, 2, 2, 4],), "from one unit to the next"),
    (checks.moved_maps, ([4, 4, 4, 4],), "half as many units"),
    (checks.moved_maps, ([4, 2, 1, 1],), "C3 halves nothing"),
    (checks.moved_maps, ([4, 2, 2, 2],), "halves once more"),
    (checks.moved_maps, ([0, 0, 0, 0],), "C1: 0"),
    (checks.moved_maps, ([4, 3, 2, 1],), "S2: 3"),
    (checks.moved_maps, ([4, 2, 0, 1],), "C3: 0"),
    (checks.moved_maps, ([4, 2, 2, 0],), "S4: 0"),
    (checks.moved_maps, ([4, 2, 2],), "expected 4 whole numbers"),
    (checks.moved_maps, ([4, 2, 2, NAN],), "expected a whole number"),
    (checks.moved_maps, (Forged(),), "expected 4 whole numbers"),
    (checks.moved_maps, ([4, 8, 8, 16],), "S2: 8"),
    (checks.moved_maps, ([-4, -2, -2, -1],), "without a sign"),
    (checks.moved_maps, ([28, 14, 10, 5],), "sides of the maps"),
    (checks.moved_maps, ([5, 6, 14, 16],), "what a unit sees"),
    (checks.moved_maps, ([1, 1, 1, 1],), "C1: 1"),
    (checks.moved_maps, ([4, 4, 2, 1],), "S2 has"),
    (checks.moved_maps, ([4, 1, 1, 1],), "S2: 1"),
    (checks.moved_maps, ([4, 2, 2, 0.5],), "expected a whole number"),
    (checks.moved_maps, ([4, 2, 2, 1, 0],), "expected 4 whole numbers"),
    (checks.moved_maps, ({4, 2, 1},), "expected 4 whole numbers"),
    (checks.moved_maps, ("4221",), "expected 4 whole numbers"),
    (checks.moved_maps, ({"C1": 4, "S2": 2, "C3": 2, "S4": 1},), "expected 4 whole numbers"),
    (checks.moved_maps, (["4", "2", "2", "1"],), "expected a whole number"),
    (checks.moved_maps, (torch.tensor([[4], [2], [2], [1]]).T,), "expected 4 whole numbers"),
    (checks.rotations, (lambda d: rotations(d.rad2deg()),), "multiply them by pi / 180"),
    (checks.rotations, (lambda d: rotations(-d),), "turns anticlockwise"),
    (checks.rotations, (lambda d: rotations(-d.rad2deg()),), "and they turn the other way"),
    (checks.rotations, (lambda d: rotations(d)[..., :2],), "third column is missing"),
    (checks.rotations, (lambda d: rotations(d).permute(1, 2, 0),), "one map for each"),
    (
        checks.rotations,
        (lambda d: rotations(d) + torch.tensor([0.0, 0.0, 1.0]),),
        "third column shifts",
    ),
    (checks.rotations, (lambda d: rotations(d + 10),), "by 0 degrees"),
    (checks.rotations, (lambda d: rotations(d) * torch.tensor([[1.0], [-1.0]]),), "by 0 degrees"),
    (checks.rotations, (lambda d: rotations(d).abs(),), "a mirror"),
    (checks.rotations, (lambda d: rotations(2 * d),), "for 90 degrees"),
    (checks.rotations, (lambda d: rotations(d)[0],), "expected (5, 2, 3)"),
    (checks.rotations, (lambda d: rotations(d) * NAN,), "NaN"),
    (checks.rotations, (lambda d: Forged(),), "expected a tensor"),
    (checks.rotations, (rotations_stacked_first,), "dim=1"),
    (checks.rotations, (lambda d: rotations(d).flip(1),), "rows are exchanged"),
    (checks.rotations, (lambda d: rotations(d).mT,), "stands on its side"),
    (checks.rotations, (with_a_last_row,), "leave the last row out"),
    (checks.rotations, (rotations_about_the_corner,), "third column shifts"),
    (checks.rotations, (rotations_with_a_positive_sine,), "for -20 degrees"),
    (checks.rotations, (lambda d: rotations(d.abs()),), "for -20 degrees"),
    (checks.rotations, (lambda d: rotations(d.clamp(-90, 90)),), "for 200 degrees"),
    (checks.rotations, (rotations_for_small_angles,), "for 90 degrees"),
    (checks.rotations, (lambda d: rotations(d * 3.14 / math.pi),), "for 90 degrees"),
    (checks.rotations, (lambda d: rotations(d * 0.9),), "for 90 degrees"),
    (checks.rotations, (lambda d: rotations(d).round(),), "for 30.5 degrees"),
    (checks.rotations, (lambda d: rotations(d.int()),), "for 30.5 degrees"),
    (checks.rotations, (lambda d: rotations(d % 180),), "for -20 degrees"),
    (checks.rotations, (lambda d: 1.01 * rotations(d),), "by 0 degrees"),
    (checks.rotations, (lambda d: rotations(d).squeeze(),), "expected (1, 2, 3)"),
    (checks.rotations, (lambda d: rotations(d).numpy(),), "expected a tensor"),
    (checks.rotations, (lambda d: list(rotations(d)),), "expected a tensor"),
    (checks.rotations, (lambda d: rotations(d).half(),), "torch.float16"),
    (checks.rotations, (rotations_in_place,), "changed the degrees"),
    (checks.rotations, (rotations_for_good,), "torch.set_default_dtype"),
    (
        checks.reach,
        (lambda a, e, limit: a[[x > limit for x in [*e, 9]].index(True) % 6],),
        "first",
    ),
    (checks.reach, (reached_again,), "first time"),
    (checks.reach, (lambda a, e, limit: first_time(a, e, limit) % a[-1],), "last amount"),
    (checks.reach, (lambda a, e, limit: first_time(a, e, limit * 0.999),), "not above it"),
    (checks.reach, (lambda a, e, limit: 99,), "the answer is 4.5"),
    (checks.reach, (lambda a, e, limit: float("nan"),), "nan"),
    (checks.reach, (lambda a, e, limit: "2",), "not a number"),
    (checks.reach, (index_reached,), "the place in the list"),
    (
        checks.reach,
        (lambda a, e, limit: index_reached(a, e, limit) + 1,),
        "how many amounts",
    ),
    (checks.reach, (lambda a, e, limit: e[index_reached(a, e, limit)],), "the error at"),
    (checks.reach, (lambda a, e, limit: limit,), "the limit itself"),
    (checks.reach, (reached_by_bisection,), "first time"),
    (checks.reach, (reached_between,), "nothing was measured"),
    (checks.reach, (reached_until_it_rises,), "falls for a while"),
    (checks.reach, (reached_nearest,), "comes back at 7"),
    (checks.reach, (reached_above_the_first,), "the first error"),
    (checks.reach, (lambda a, e, limit: first_time(a, e, 0.1),), "the limit that is given"),
    (checks.reach, (lambda a, e, limit: first_time(a, e, 100 * limit),), "the last amount, but"),
    (checks.reach, (lambda a, e, limit: a[0],), "the answer is"),
    (checks.reach, (lambda a, e, limit: a[-1],), "the last amount, but"),
    (checks.reach, (lambda a, e, limit: int(first_time(a, e, limit)),), "the answer is 4.5"),
    (checks.reach, (lambda a, e, limit: first_time(a, e, limit) - 1,), "the answer is 4.5"),
    (checks.reach, (lambda a, e, limit: first_time(a, sorted(e), limit),), "the first amount"),
    (checks.reach, (reached_or_none,), "returned nothing"),
    (checks.reach, (reached_by_popping,), "changed the amounts"),
    (checks.reach, (lambda a, e, limit: [first_time(a, e, limit)] * 2,), "not a number"),
    (checks.reach, (lambda a, e, limit: first_time(a, e, limit) > 2,), "not a number"),
]
