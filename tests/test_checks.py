"""Each check with right answers in several honest forms, and with wrong ones it must refuse."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from check_answers.forged import Forged
from torch.nn import functional as F

from lenet_utils import LeNet5, ScaledTanh, checks
from lenet_utils.criteria import MAP


def step(model, optimizer, images, labels):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss


def step_returning_a_number(model, optimizer, images, labels):
    return step(model, optimizer, images, labels).item()


def step_clearing_afterwards(model, optimizer, images, labels):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


def confused(confusion):
    off = confusion.clone().fill_diagonal_(0)
    return divmod(off.argmax().item(), len(off))


def confused_by_numpy(confusion):
    off = confusion.numpy().copy()
    np.fill_diagonal(off, 0)
    return np.unravel_index(off.argmax(), off.shape)


RIGHT = [
    (checks.updates, (860,)),
    (checks.updates, (np.int32(860),)),
    (checks.updates, (-(-55_000 // 64),)),
    (checks.training_step, (step,)),
    (checks.training_step, (step_returning_a_number,)),
    (checks.training_step, (step_clearing_afterwards,)),
    (checks.most_confused, (confused,)),
    (checks.most_confused, (confused_by_numpy,)),
    (checks.most_confused, (lambda c: torch.tensor(confused(c)),)),
]


def forgetful_step(model, optimizer, images, labels):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss


def step_without_update(model, optimizer, images, labels):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    return loss


def step_through_softmax(model, optimizer, images, labels):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images).softmax(1), labels)
    loss.backward()
    optimizer.step()
    return loss


def step_that_lies(model, optimizer, images, labels):
    return step(model, optimizer, images, labels) * 0


WRONG = [
    (checks.updates, (938,), "held out"),
    (checks.updates, (859,), "one more, smaller, batch"),
    (checks.updates, (55_000,), "number of digits"),
    (checks.updates, (1,), "rounded up"),
    (checks.updates, ("860",), "expected a whole number"),
    (checks.updates, (859.375,), "expected a whole number"),
    (checks.training_step, (forgetful_step,), "clear the old gradients"),
    (checks.training_step, (step_without_update,), "did not change"),
    (checks.training_step, (step_through_softmax,), "no softmax"),
    (checks.training_step, (step_that_lies,), "not the loss of this batch"),
    (checks.training_step, (lambda *a: step(*a) and None,), "returned nothing"),
    (checks.training_step, (lambda *a: "0.5",), "expected a tensor"),
    (checks.training_step, (lambda *a: 1 / 0,), "raised ZeroDivisionError"),
    (checks.most_confused, (lambda c: divmod(int(c.argmax()), 10),), "on the diagonal"),
    (checks.most_confused, (lambda c: confused(c)[::-1],), "exchanged"),
    (
        checks.most_confused,
        (lambda c: confused(c.fill_diagonal_(0)),),
        "changed the c that",
    ),
    (checks.most_confused, (lambda c: ((confused(c)[0] + 1) % 10, confused(c)[0]),), "another"),
    (checks.most_confused, (lambda c: 7,), "expected 2 whole numbers"),
]


def test_messages_are_escaped_in_html():
    html = checks.updates("<script>alert(1)</script>")._repr_html_()
    assert "<script>" not in html


def by_expansion(states, codes):
    squares = states.square().sum(1, keepdim=True) + codes.square().sum(1)
    return squares - 2 * states @ codes.T


def refusing(y, limit):
    nearest, answer = y.min(1)
    return torch.where(nearest > limit, -1, answer)


def refusing_in_a_loop(y, limit):
    return torch.tensor([int(row.argmin()) if row.min() <= limit else -1 for row in y])


def eq_9(y, labels, j):
    right = y.gather(1, labels[:, None])[:, 0]
    none = torch.full((len(y), 1), -j)
    return (right + torch.cat([none, -y], 1).logsumexp(1)).mean()


def eq_9_in_a_loop(y, labels, j):
    losses = [
        row[k] + torch.logaddexp(torch.tensor(-j), (-row).logsumexp(0))
        for row, k in zip(y, labels, strict=True)
    ]
    return sum(losses) / len(losses)


def eq_9_naively(y, labels, j):
    right = y.gather(1, labels[:, None])[:, 0]
    return (right + torch.log(math.exp(-j) + torch.exp(-y).sum(1))).mean()


def eq_9_without(y, labels, j, right=1.0, log=1.0, none=True, sign=-1.0):
    first = y.gather(1, labels[:, None])[:, 0]
    terms = [sign * y] + ([torch.full((len(y), 1), -j)] if none else [])
    return (right * first + log * torch.cat(terms, 1).logsumexp(1)).mean()


RIGHT += [
    (checks.map_loss, (eq_9,)),
    (checks.map_loss, (eq_9_in_a_loop,)),
    (checks.map_loss, (lambda y, t, j: MAP(j=j)(y, t),)),
    (checks.map_loss, (lambda y, t, j: eq_9(y.double(), t, j).item(),)),
    (checks.distances, (by_expansion,)),
    (checks.distances, (lambda x, w: (x[:, None] - w).square().sum(2),)),
    (checks.distances, (lambda x, w: torch.cdist(x, w) ** 2,)),
    (checks.loss_at_the_start, (83, 74)),
    (checks.loss_at_the_start, (83.0, np.int64(74))),
    (checks.loss_at_the_start, (torch.tensor(83), torch.tensor(74))),
    (checks.rejection, (refusing,)),
    (checks.rejection, (refusing_in_a_loop,)),
    (checks.rejection, (lambda y, limit: refusing(y, limit).float(),)),
]

WRONG += [
    (checks.map_loss, (eq_9_naively,), "for j = 200 and distances from 151 to 169"),
    (checks.map_loss, (eq_9_naively,), "torch.logsumexp"),
    (checks.map_loss, (partial(eq_9_without, right=0),), "distance to the right code, is missing"),
    (checks.map_loss, (partial(eq_9_without, log=0),), "this is Eq. 8"),
    (checks.map_loss, (partial(eq_9_without, none=False),), "'none of these' is missing"),
    (checks.map_loss, (partial(eq_9_without, log=-1),), "adds the logarithm"),
    (checks.map_loss, (partial(eq_9_without, sign=1.0),), "signs in the exponents"),
    (checks.map_loss, (lambda y, t, j: 4 * eq_9(y, t, j),), "takes their mean"),
    (checks.map_loss, (lambda y, t, j: MAP(j=j).losses(y, t),), "one loss for each pattern"),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, j) + 1,), "as a mean"),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, 10.0),), "for j = 1 "),
    (checks.map_loss, (lambda y, t, j: eq_9(y, t, j)[None],), "expected ()"),
    (checks.map_loss, (lambda y, t, j: float("nan"),), "not finite"),
    (checks.map_loss, (lambda y, t, j: Forged(),), "expected a tensor"),
    (checks.map_loss, (lambda y, t, j: ...,), "no answer yet"),
    (checks.map_loss, (lambda y, t: 0,), "raised TypeError"),
    (checks.distances, (lambda x, w: torch.cdist(x, w),), "root"),
    (checks.distances, (lambda x, w: by_expansion(x, w) / 2,), "1/2 too many"),
    (checks.distances, (lambda x, w: by_expansion(x, w) / 84,), "adds them"),
    (checks.distances, (lambda x, w: x @ w.T,), "dot products"),
    (checks.distances, (lambda x, w: by_expansion(x, w) + 1,), "the values are not"),
    (checks.distances, (lambda x, w: by_expansion(x, w).T,), "expected (5, 10)"),
    (checks.distances, (lambda x, w: by_expansion(x, w) * torch.nan,), "NaN"),
    (checks.distances, (lambda x, w: Forged(),), "expected a tensor"),
    (checks.distances, (lambda x, w: ...,), "no answer yet"),
    (checks.loss_at_the_start, (84, 84), "first term"),
    (checks.loss_at_the_start, (85, 94), "sign"),
    (checks.loss_at_the_start, (74, 83), "exchanged"),
    (checks.loss_at_the_start, (86, 86), "84 + log 10"),
    (checks.loss_at_the_start, (1, 2), "3e-37"),
    (checks.loss_at_the_start, (float("nan"), 74), "whole number"),
    (checks.loss_at_the_start, (Forged(), 74), "whole number"),
    (checks.rejection, (lambda y, limit: y.argmin(1),), "Nothing is rejected"),
    (checks.rejection, (lambda y, limit: y.argmax(1),), "smallest wins"),
    (
        checks.rejection,
        (lambda y, limit: torch.where(y.amin(1) > limit, y.argmin(1), -1),),
        "wrong way",
    ),
    (checks.rejection, (lambda y, limit: refusing(y, 40.0),), "use the limit that is given"),
    (checks.rejection, (lambda y, limit: refusing(y, limit) + 1,), "expected [3, 7"),
    (checks.rejection, (lambda y, limit: refusing(y, limit)[0],), "expected (5,)"),
    (checks.rejection, (lambda y, limit: 3,), "expected a tensor"),
]


def by_outer_products(x, h):
    return (h[:, :, None] * x[:, None].square()).mean(0)


RIGHT += [
    (checks.bound, (6, 50)),
    (checks.bound, (6.0, np.int64(50))),
    (checks.bound, (round(1000 * 2.4 / 400), round(1000 * 400**-0.5))),
    (checks.own_rates, (lambda h, eta, mu: eta / (mu + h),)),
    (checks.own_rates, (lambda h, eta, mu: torch.full_like(h, eta).div(h + mu),)),
    (checks.own_rates, (lambda h, eta, mu: (h.double() + mu).reciprocal() * eta,)),
    (checks.curvature, (by_outer_products,)),
    (checks.curvature, (lambda x, h: h.T @ x**2 / len(x),)),
    (checks.curvature, (lambda x, h: torch.einsum("nu,nf->uf", h, x * x) / x.shape[0],)),
]

WRONG += [
    (checks.bound, (96, 50), "96 is for C1"),
    (checks.bound, (50, 6), "exchanged"),
    (checks.bound, (20, 91), "20 is for F6"),
    (checks.bound, (24, 50), "16 x 25"),
    (checks.bound, (6, 20), "root of 400"),
    (checks.bound, (0.006, 50), "whole number"),
    (checks.own_rates, (lambda h, eta, mu: eta / (mu + h.sqrt()),), "Adam's"),
    (checks.own_rates, (lambda h, eta, mu: eta * (1 / mu + h),), "denominator"),
    (checks.own_rates, (lambda h, eta, mu: eta * (mu + h),), "multiplies"),
    (checks.own_rates, (lambda h, eta, mu: eta / h.clamp(min=mu),), "adds mu"),
    (checks.own_rates, (lambda h, eta, mu: 5e-4 / (0.02 + h),), "values are not"),
    (checks.own_rates, (lambda h, eta, mu: eta / h,), "infinite"),
    (checks.own_rates, (lambda h, eta, mu: eta,), "expected a tensor"),
    (checks.curvature, (lambda x, h: h.T @ x.square(),), "sum over the patterns"),
    (checks.curvature, (lambda x, h: h.T @ x / len(x),), "not squared"),
    (checks.curvature, (lambda x, h: h.mean(0)[:, None] * x.square().mean(0),), "two means"),
    (checks.curvature, (lambda x, h: h.square().T @ x.square() / len(x),), "do not square it"),
    (checks.curvature, (lambda x, h: torch.zeros(3, 4),), "All zeros"),
    (checks.curvature, (lambda x, h: by_outer_products(x, h).T,), "expected (3, 4)"),
    (checks.curvature, (lambda x, h: Forged(),), "expected a tensor"),
]


def by_statistics(values, t):
    import statistics

    return statistics.mean(values), t * statistics.stdev(values) / len(values) ** 0.5


def by_numpy(values, t):
    return np.mean(values), t * np.std(values, ddof=1) / np.sqrt(len(values))


def by_torch(values, t):
    sample = torch.tensor(values, dtype=torch.float64)
    return torch.stack([sample.mean(), t * sample.std() / len(values) ** 0.5])


def unbeaten(errors, work):
    pairs = list(zip(errors, work, strict=True))
    return [i for i, (e, w) in enumerate(pairs) if not any(a < e and b < w for a, b in pairs)]


def unbeaten_by_arrays(errors, work):
    e, w = np.array(errors), np.array(work)
    beaten = (e[None] < e[:, None]) & (w[None] < w[:, None])
    return np.flatnonzero(~beaten.any(1))


def unbeaten_strictly(errors, work):
    """Takes an equal one for a better one."""
    pairs = list(zip(errors, work, strict=True))
    return [
        i
        for i, (e, w) in enumerate(pairs)
        if not any(a <= e and b <= w for j, (a, b) in enumerate(pairs) if j != i)
    ]


def beaten(errors, work):
    return [i for i in range(len(errors)) if i not in unbeaten(errors, work)]


RIGHT += [
    (checks.worth_it, (unbeaten,)),
    (checks.worth_it, (unbeaten_by_arrays,)),
    (checks.worth_it, (lambda e, w: tuple(reversed(unbeaten(e, w))),)),
    (checks.worth_it, (lambda e, w: torch.tensor(unbeaten(e, w)),)),
    (checks.luck, (95, 10)),
    (checks.luck, (95.0, np.int64(10))),
    (checks.luck, (torch.tensor(95), round((10_000 * 0.0095 * 0.9905) ** 0.5))),
    (checks.interval, (by_statistics,)),
    (checks.interval, (by_numpy,)),
    (checks.interval, (by_torch,)),
    (checks.agree, ((1, 1, 0),)),
    (checks.agree, (np.array([1, 1, 0]),)),
    (checks.agree, (torch.tensor([1, 1, 0]),)),
]

WRONG += [
    (checks.worth_it, (beaten,), "return the others"),
    (checks.worth_it, (unbeaten_strictly,), "Equal is not less"),
    (checks.worth_it, (lambda e, w: list(range(len(e))),), "place 1 is beaten in both"),
    (checks.worth_it, (lambda e, w: [i + 1 for i in unbeaten(e, w)],), "count from 0"),
    (checks.worth_it, (lambda e, w: [e.index(min(e))],), "the cheapest and the best"),
    (checks.worth_it, (lambda e, w: unbeaten(e, w)[:3],), "place 4 is missing"),
    (checks.worth_it, (lambda e, w: 3,), "return a list"),
    (checks.worth_it, (lambda e, w: [Forged()],), "whole number"),
    (checks.worth_it, (lambda e, w: [float("nan")],), "whole number"),
    (checks.luck, (950, 10), "multiply 10,000"),
    (checks.luck, (95, 94), "variance"),
    (checks.luck, (95, 0), "forgets n"),
    (checks.luck, (95, 100), "root of n"),
    (checks.luck, (95, 7), "take the root"),
    (checks.luck, (float("nan"), 10), "whole number"),
    (checks.interval, (lambda v, t: (np.mean(v), t * np.std(v, ddof=1)),), "single seed"),
    (checks.interval, (lambda v, t: (np.mean(v), t * np.std(v) / len(v) ** 0.5),), "n - 1"),
    (
        checks.interval,
        (lambda v, t: (np.mean(v), np.std(v, ddof=1) / len(v) ** 0.5),),
        "multiply it by t",
    ),
    (checks.interval, (lambda v, t: (np.mean(v), t * np.std(v, ddof=1)),), "single seed"),
    (checks.interval, (lambda v, t: (by_numpy(v, t)[0], 2 * by_numpy(v, t)[1]),), "half of it"),
    (checks.interval, (lambda v, t: (np.median(v), 0.0),), "the mean of"),
    (checks.interval, (lambda v, t: (np.mean(v), 7.0),), "t * s / sqrt(n)"),
    (checks.interval, (lambda v, t: np.mean(v),), "not a pair"),
    (checks.interval, (lambda v, t: (np.mean(v), np.nan),), "NaN"),
    (checks.interval, (lambda v, t: Forged(),), "not a pair"),
    (checks.agree, ((1, 0, 0),), "paper's own number may be off"),
    (checks.agree, ((1, 1, 1),), "neither"),
    (checks.agree, ((0, 1, 0),), "the larger of"),
    (checks.agree, ((2, 1, 0),), "something else"),
    (checks.agree, (1,), "expected 3 whole numbers"),
]


def first_time(amounts, errors, limit):
    for i, error in enumerate(errors):
        if error > limit:
            return amounts[i - 1]
    return amounts[-1]


def by_cumulation(amounts, errors, limit):
    ok = torch.tensor(errors).cummax(0).values <= limit + 1e-9
    return torch.tensor(amounts)[ok].max()


RIGHT += [
    (checks.moved_maps, ([4, 2, 2, 1],)),
    (checks.moved_maps, (torch.tensor([4, 2, 2, 1]),)),
    (checks.moved_maps, ([4.0, np.int64(2), 2, 4 / 4],)),
    (checks.reach, (first_time,)),
    (checks.reach, (by_cumulation,)),
    (checks.reach, (lambda a, e, limit: np.float64(first_time(a, e, limit)),)),
]

WRONG += [
    (checks.moved_maps, ([1, 2, 2, 4],), "from one unit to the next"),
    (checks.moved_maps, ([4, 4, 4, 4],), "half as many units"),
    (checks.moved_maps, ([4, 2, 1, 1],), "C3 halves nothing"),
    (checks.moved_maps, ([4, 2, 2, 2],), "halves once more"),
    (checks.moved_maps, ([0, 0, 0, 0],), "C1: 0"),
    (checks.moved_maps, ([4, 3, 2, 1],), "S2: 3"),
    (checks.moved_maps, ([4, 2, 0, 1],), "C3: 0"),
    (checks.moved_maps, ([4, 2, 2, 0],), "S4: 0"),
    (checks.moved_maps, ([4, 2, 2],), "expected 4 whole numbers"),
    (checks.moved_maps, ([4, 2, 2, math.nan],), "expected a whole number"),
    (checks.moved_maps, (Forged(),), "expected 4 whole numbers"),
    (checks.reach, (lambda a, e, limit: a[[x > limit for x in [*e, 9]].index(True) % 6],), "first"),
    (
        checks.reach,
        (lambda a, e, limit: max(x for x, y in zip(a, e, strict=True) if y <= limit),),
        "first time",
    ),
    (checks.reach, (lambda a, e, limit: first_time(a, e, limit) % 5,), "last amount"),
    (checks.reach, (lambda a, e, limit: first_time(a, e, limit * 0.999),), "not above it"),
    (checks.reach, (lambda a, e, limit: 99,), "the answer is 2"),
    (checks.reach, (lambda a, e, limit: float("nan"),), "NaN"),
    (checks.reach, (lambda a, e, limit: "2",), "expected a tensor"),
]


RIGHT += [
    (checks.by_luck, (43, 14)),
    (checks.by_luck, (43.0, np.int64(14))),
    (checks.by_luck, (round(100 * (1 - 0.95**11)), torch.tensor(14))),
    (checks.one_part, (LeNet5(output="linear"),)),
    (checks.one_part, (LeNet5(activation=ScaledTanh, pooling="subsampling", output="linear"),)),
    (checks.one_part, (LeNet5(c3="table1", output="linear", num_classes=10).eval(),)),
    (checks.clear, (lambda a, x, b, y: abs(a - b) > (x * x + y * y) ** 0.5,)),
    (checks.clear, (lambda a, x, b, y: (a - b) ** 2 > x**2 + y**2,)),
    (checks.clear, (lambda a, x, b, y: np.abs(a - b) > np.hypot(x, y),)),
]

WRONG += [
    (checks.by_luck, (55, 14), "no probability"),
    (checks.by_luck, (57, 14), "none at all"),
    (checks.by_luck, (5, 14), "eleven occasions"),
    (checks.by_luck, (50, 14), "from one"),
    (checks.by_luck, (43, 10), "do not add up"),
    (checks.by_luck, (43, 13), "one more is needed"),
    (checks.by_luck, (43, 20), "smallest n"),
    (checks.by_luck, (0.43, 14), "whole number"),
    (checks.by_luck, (43, Forged()), "whole number"),
    (checks.one_part, (LeNet5(),), "unchanged"),
    (checks.one_part, (LeNet5(output="linear", c3="full"),), "C3 was changed"),
    (checks.one_part, (LeNet5(output="linear", pooling="max"),), "subsampling was changed"),
    (checks.one_part, (LeNet5(output="linear", activation=torch.nn.ReLU),), "squashing"),
    (checks.one_part, (LeNet5(output="linear", padding=2),), "pads"),
    (checks.one_part, (LeNet5(output="linear", num_classes=9),), "ten scores"),
    (checks.one_part, (torch.nn.Linear(2, 2),), "expected a LeNet5"),
    (checks.one_part, (Forged(),), "expected a LeNet5"),
    (checks.clear, (lambda a, x, b, y: a - b > (x * x + y * y) ** 0.5,), "absolute"),
    (checks.clear, (lambda a, x, b, y: abs(a - b) > x + y,), "squares add up"),
    (checks.clear, (lambda a, x, b, y: a != b,), "less than their intervals"),
    (checks.clear, (lambda a, x, b, y: False,), "but it says no"),
    (checks.clear, (lambda a, x, b, y: "yes",), "return True or False"),
    (checks.clear, (lambda a, x, b, y: float("nan"),), "return True or False"),
]


def centre_by_numpy(ink):
    values = ink.numpy().astype(float)
    rows, columns = np.indices(values.shape)
    return (rows * values).sum() / values.sum(), (columns * values).sum() / values.sum()


def centre_in_loops(ink):
    total = row = column = 0
    for y in range(ink.shape[0]):
        for x in range(ink.shape[1]):
            weight = int(ink[y, x])
            total, row, column = total + weight, row + weight * y, column + weight * x
    return row / total, column / total


def centre_of_places(ink):
    return ink.nonzero().double().mean(0)


def middle_of_box(ink):
    places = ink.nonzero().double()
    return (places.amin(0) + places.amax(0)) / 2


RIGHT += [
    (checks.centre_of_mass, (centre_by_numpy,)),
    (checks.centre_of_mass, (centre_in_loops,)),
    (checks.centre_of_mass, (lambda ink: torch.tensor(centre_by_numpy(ink)),)),
    (checks.centre_of_mass, (lambda ink: list(map(np.float64, centre_in_loops(ink))),)),
]

WRONG += [
    (checks.centre_of_mass, (lambda ink: centre_in_loops(ink)[::-1],), "the row comes first"),
    (checks.centre_of_mass, (centre_of_places,), "weighs more"),
    (checks.centre_of_mass, (middle_of_box,), "middle of the box"),
    (
        checks.centre_of_mass,
        (lambda ink: [part + 1 for part in centre_in_loops(ink)],),
        "counted from 0",
    ),
    (
        checks.centre_of_mass,
        (lambda ink: [part + 0.5 for part in centre_in_loops(ink)],),
        "counted from 0",
    ),
    (
        checks.centre_of_mass,
        (lambda ink: [(side - 1) / 2 for side in ink.shape],),
        "middle of the picture",
    ),
    (
        checks.centre_of_mass,
        (lambda ink: divmod(int(ink.argmax()), ink.shape[1]),),
        "2.40, 2.08 was expected",
    ),
    (checks.centre_of_mass, (lambda ink: centre_in_loops(ink)[0],), "not a pair"),
    (checks.centre_of_mass, (lambda ink: (1.0, 2.0, 3.0),), "expected (2,)"),
    (checks.centre_of_mass, (lambda ink: (float("nan"), 1.0),), "NaN"),
    (checks.centre_of_mass, (lambda ink: Forged(),), "not a pair"),
    (checks.centre_of_mass, (lambda ink: ...,), "no answer yet"),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_right_answers_pass(check, answer):
    verdict = check(*answer)
    assert verdict, verdict.message
    assert "lenet-check-right" in verdict._repr_html_()


@pytest.mark.parametrize(("check", "answer", "message"), WRONG)
def test_wrong_answers_are_refused_with_their_own_message(check, answer, message):
    verdict = check(*answer)
    assert not verdict
    assert message in verdict.message
    assert "lenet-check-wrong" in verdict._repr_html_()
