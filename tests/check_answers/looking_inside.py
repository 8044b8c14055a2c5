"""Answers to the exercises of the lesson "Looking inside"."""

import numpy as np
import torch
from torch.nn import functional as F

from lenet_utils import checks

from .forged import Forged

NAN = float("nan")

# 14.1 -------------------------------------------------------------------------------------


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


def patch_by_nonzero(states, pictures, side, step):
    n, r, c = (states == states.max()).nonzero()[0].tolist()
    return pictures[n].narrow(0, r * step, side).narrow(1, c * step, side).clone()


def patch_by_pixels(states, pictures, side, step):
    n, r, c = torch.unravel_index(states.argmax(), states.shape)
    return torch.tensor(
        [[pictures[n, r * step + y, c * step + x] for x in range(side)] for y in range(side)]
    )


def spoilt_patch(
    *, rank=lambda s: s, picture=None, swap=False, move=lambda at, step, side: at * step
):
    def spoilt(states, pictures, side, step):
        n, r, c = np.unravel_index(int(rank(states).argmax()), tuple(states.shape))
        r, c = (c, r) if swap else (r, c)
        r, c = move(r, step, side), move(c, step, side)
        return pictures[n if picture is None else picture, r : r + side, c : c + side]

    return spoilt


def patch_from_zero(states, pictures, side, step):
    """Looks for states above 0 only."""
    best, place = 0.0, (0, 0, 0)
    for at, value in np.ndenumerate(states.numpy()):
        if value > best:
            best, place = value, at
    n, r, c = place
    return pictures[n, r * step : r * step + side, c * step : c * step + side]


def patch_of_the_average(states, *given):
    return patch(states.mean(0).expand_as(states), *given)


def patch_of_the_second(states, *given):
    second = states.flatten().topk(2).indices[1]
    return patch(F.one_hot(second, states.numel()).view_as(states), *given)


def patch_and_forget(states, *given):
    found = patch(states, *given)
    states[states == states.max()] = -1
    return found


# 14.4 -------------------------------------------------------------------------------------


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


def share_of_ten_classes(states, labels):
    replaced = states.clone()
    for digit in range(10):
        replaced[labels == digit] = states[labels == digit].mean(dim=0)
    return replaced.var(0, unbiased=False) / states.var(0, unbiased=False)


def share_by_numpy(states, labels):
    x, y = states.numpy(), labels.numpy()
    between = sum((y == k).mean() * (x[y == k].mean(0) - x.mean(0)) ** 2 for k in np.unique(y))
    return torch.from_numpy(between / x.var(0))


def share_unit_by_unit(states, labels):
    return torch.stack([share(unit[:, None], labels)[0] for unit in states.T])


def class_means(states, labels):
    return torch.stack([states[labels == k].mean(0) for k in labels.unique()])


def equal_classes(states, labels):
    return class_means(states, labels).var(0, correction=0) / states.var(0, correction=0)


def equal_classes_about_all(states, labels):
    gaps = class_means(states, labels) - states.mean(0)
    return gaps.square().mean(0) / states.var(0, correction=0)


def share_in_place(states, labels):
    total = states.var(0)
    for k in labels.unique():
        states[labels == k] = states[labels == k].mean(0)
    return states.var(0) / total


def share_without_centring(states, labels):
    means = class_means(states, labels)[labels]
    return means.square().mean(0) / states.square().mean(0)


def share_of_the_first(count):
    def spoilt(states, labels):
        replaced = states.clone()
        for k in range(count):
            replaced[labels == k] = states[labels == k].mean(0)
        return replaced.var(0) / states.var(0)

    return spoilt


def share_of_sorted_labels(states, labels):
    """By luck the digits are often sorted."""
    parts = states.split(labels.bincount().tolist())
    means = torch.cat([part.mean(0).expand_as(part) for part in parts])
    return means.var(0) / states.var(0)


def share_of_a_line(states, labels):
    both = torch.cat([states.T, labels[None].float()])
    return both.corrcoef()[-1, :-1].square()


def f_statistic(states, labels):
    part, classes = share(states, labels), len(labels.unique())
    return part / (1 - part) * (len(labels) - classes) / (classes - 1)


def share_with_averaged_variances(states, labels):
    within = torch.stack([states[labels == k].var(0, correction=0) for k in labels.unique()])
    return 1 - within.mean(0) / states.var(0, correction=0)


def share_of_deviations(states, labels):
    return class_means(states, labels)[labels].std(0) / states.std(0)


def share_for_good(states, labels):
    torch.set_default_dtype(torch.float64)
    return share(states, labels)


def share_of_all_units(states, labels):
    means = class_means(states, labels)[labels]
    return (means.var(0).sum() / states.var(0).sum()).expand(states.shape[1])


RIGHT = [
    (checks.strongest_patch, (patch,)),
    (checks.strongest_patch, (patch_by_unfold,)),
    (checks.strongest_patch, (patch_picture_by_picture,)),
    (checks.strongest_patch, (patch_by_nonzero,)),
    (checks.strongest_patch, (patch_by_pixels,)),
    (checks.correlation_ratio, (share,)),
    (checks.correlation_ratio, (share_from_within,)),
    (checks.correlation_ratio, (share_by_numbers,)),
    (checks.correlation_ratio, (share_of_ten_classes,)),
    (checks.correlation_ratio, (share_by_numpy,)),
    (checks.correlation_ratio, (share_unit_by_unit,)),
]

WRONG = [
    (checks.strongest_patch, (spoilt_patch(rank=torch.abs),), "most negative"),
    (checks.strongest_patch, (spoilt_patch(swap=True),), "exchanged"),
    (checks.strongest_patch, (spoilt_patch(picture=0),), "the wrong picture"),
    (checks.strongest_patch, (lambda s, p, a, b: patch(s[:1], p, a, b),), "first picture"),
    (checks.strongest_patch, (spoilt_patch(move=lambda at, step, side: at),), "2 pixels apart"),
    (
        checks.strongest_patch,
        (spoilt_patch(move=lambda at, step, side: min(at * step + 1, 32 - side)),),
        "the window's first",
    ),
    (checks.strongest_patch, (lambda *a: patch(*a)[None],), "a slice of one"),
    (checks.strongest_patch, (lambda *a: patch(*a)[1:],), "expected (14, 14)"),
    (checks.strongest_patch, (lambda *a: patch(*a) * NAN,), "NaN"),
    (checks.strongest_patch, (lambda *a: patch(*a).numpy(),), "expected a tensor"),
    (checks.strongest_patch, (lambda *a: Forged(),), "expected a tensor"),
    (checks.strongest_patch, (lambda states: states,), "raised TypeError"),
    (checks.strongest_patch, (spoilt_patch(picture=1),), "the wrong picture"),
    (checks.strongest_patch, (patch_from_zero,), "no state is above 0"),
    (checks.strongest_patch, (patch_of_the_average,), "the average of all pictures"),
    (checks.strongest_patch, (patch_of_the_second,), "second"),
    (checks.strongest_patch, (spoilt_patch(rank=torch.neg),), "most negative"),
    (
        checks.strongest_patch,
        (spoilt_patch(move=lambda at, step, side: max(at * step - side // 2, 0)),),
        "the window's first",
    ),
    (checks.strongest_patch, (lambda s, p, a, b: patch(s, p, 14, 2),), "expected (5, 5)"),
    (
        checks.strongest_patch,
        (lambda s, p, a, b: patch(s, p, a, 2),),
        "row 4 and column 10 of picture 3",
    ),
    (checks.strongest_patch, (lambda *a: patch(*a).T,), "on its side"),
    (checks.strongest_patch, (lambda *a: patch(*a).flip(0),), "turned round"),
    (checks.strongest_patch, (lambda *a: patch(*a) / patch(*a).max(),), "as they are"),
    (checks.strongest_patch, (lambda s, p, a, b: s.flatten(1).amax(1),), "expected (14, 14)"),
    (checks.strongest_patch, (lambda s, p, a, b: p.mean(0)[:a, :a],), "the window's first"),
    (checks.strongest_patch, (patch_and_forget,), "changed the states"),
    (checks.strongest_patch, (lambda *a: (patch(*a), 0),), "expected a tensor"),
    (checks.correlation_ratio, (lambda s, y: 1 - share(s, y),), "within the classes"),
    (checks.correlation_ratio, (equal_classes,), "weighs four times"),
    (checks.correlation_ratio, (equal_classes_about_all,), "weighted equally"),
    (checks.correlation_ratio, (lambda s, y: share(s, y) / (1 - share(s, y)),), "over within"),
    (
        checks.correlation_ratio,
        (lambda s, y: share(s, y) * (len(s) - 1) / len(s),),
        "use the same",
    ),
    (checks.correlation_ratio, (lambda s, y: share(s, y).sqrt(),), "square root"),
    (
        checks.correlation_ratio,
        (lambda s, y: share(s, y) * s.var(0, correction=0),),
        "divide it by",
    ),
    (checks.correlation_ratio, (lambda s, y: share(s, y) * 0,), "one number for all units"),
    (checks.correlation_ratio, (lambda s, y: share(s, y).mean(),), "expected (3,)"),
    (checks.correlation_ratio, (lambda s, y: share(s, y) * NAN,), "NaN"),
    (checks.correlation_ratio, (lambda *a: Forged(),), "expected a tensor"),
    (checks.correlation_ratio, (0.5,), "expected a function"),
    (checks.correlation_ratio, (share_in_place,), "changed the states"),
    (checks.correlation_ratio, (share_without_centring,), "about the mean"),
    (checks.correlation_ratio, (share_of_the_first(3),), "look at one unit"),
    (checks.correlation_ratio, (share_of_the_first(9),), "look at one unit"),
    (checks.correlation_ratio, (share_of_sorted_labels,), "not sorted"),
    (checks.correlation_ratio, (share_of_a_line,), "the digit's name"),
    (checks.correlation_ratio, (f_statistic,), "F statistic"),
    (checks.correlation_ratio, (share_with_averaged_variances,), "weighted equally"),
    (checks.correlation_ratio, (share_of_deviations,), "square root"),
    (checks.correlation_ratio, (lambda s, y: equal_classes(s, y) * 10 / 9,), "weighs four times"),
    (checks.correlation_ratio, (share_of_all_units,), "one number for all units"),
    (
        checks.correlation_ratio,
        (lambda s, y: share(s, y).mean().expand(3),),
        "one number for all units",
    ),
    (checks.correlation_ratio, (lambda s, y: 100 * share(s, y),), "percentage"),
    (checks.correlation_ratio, (lambda s, y: s.var(1),), "one for each picture"),
    (checks.correlation_ratio, (lambda s, y: class_means(s, y),), "expected (3,)"),
    (checks.correlation_ratio, (lambda s, y: share(s, y)[:, None],), "expected (3,)"),
    (checks.correlation_ratio, (share_for_good,), "torch.set_default_dtype"),
]
