"""Answers to the exercises of the lesson "Practice: train your own"."""

import math

import numpy as np
import torch
from torch.nn import functional as F

from lenet_utils import checks

from .forged import Forged

NAN = float("nan")

# 10.2 -------------------------------------------------------------------------------------


def step(model, optimizer, images, labels, loss_of=F.cross_entropy):
    optimizer.zero_grad()
    loss = loss_of(model(images), labels)
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


def step_with_a_closure(model, optimizer, images, labels):
    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        return loss

    return optimizer.step(closure)


def step_with_given_gradients(model, optimizer, images, labels):
    loss = -model(images).log_softmax(1).gather(1, labels[:, None]).mean()
    parameters = list(model.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimizer.step()
    return loss


def step_of_one_hot(model, optimizer, images, labels):
    model.train()
    outputs = model(images.requires_grad_(False))
    loss = F.cross_entropy(outputs, F.one_hot(labels, outputs.shape[1]).float())
    model.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    return np.float32(loss.item())


def forgetful_step(model, optimizer, images, labels):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss


def step_without_update(model, optimizer, images, labels):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    return loss


def step_cleared_too_late(model, optimizer, images, labels):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss


def step_through_softmax(model, optimizer, images, labels):
    return step(model, optimizer, images, labels, lambda y, t: F.cross_entropy(y.softmax(1), t))


def step_that_lies(model, optimizer, images, labels):
    return step(model, optimizer, images, labels) * 0


def step_of(loss_of):
    return lambda *given: step(*given, loss_of)


def step_of_its_own(model, optimizer, images, labels):
    """By luck the optimizer of the check's first case."""
    return step(model, torch.optim.SGD(model.parameters(), lr=0.5), images, labels)


def step_by_hand(model, optimizer, images, labels):
    model.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= optimizer.param_groups[0]["lr"] * parameter.grad
    return loss


def step_in_evaluation(model, optimizer, images, labels):
    model.eval()
    loss = step(model, optimizer, images, labels)
    model.train()
    return loss


def step_left_in_evaluation(model, optimizer, images, labels):
    loss = step(model, optimizer, images, labels)
    model.eval()
    return loss


def step_without_gradients(model, optimizer, images, labels):
    with torch.no_grad():
        return step(model, optimizer, images, labels)


def step_twice(model, optimizer, images, labels):
    loss = step(model, optimizer, images, labels)
    step(model, optimizer, images, labels)
    return loss


def loss_after_the_step(model, optimizer, images, labels):
    step(model, optimizer, images, labels)
    return F.cross_entropy(model(images), labels)


def accuracy_of_the_step(model, optimizer, images, labels):
    outputs = model(images)
    step(model, optimizer, images, labels)
    return (outputs.argmax(1) == labels).float().mean()


def step_on_normalised_images(model, optimizer, images, labels):
    images -= images.mean()
    return step(model, optimizer, images, labels)


def step_on_a_seed(model, optimizer, images, labels):
    torch.manual_seed(0)
    return step(model, optimizer, images, labels)


def step_clipped(model, optimizer, images, labels):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss


def step_with_a_smaller_rate(model, optimizer, images, labels):
    loss = step(model, optimizer, images, labels)
    optimizer.param_groups[0]["lr"] *= 0.9
    return loss


# 10.3 -------------------------------------------------------------------------------------


def confused(confusion):
    off = confusion.clone().fill_diagonal_(0)
    return divmod(off.argmax().item(), len(off))


def confused_by_numpy(confusion):
    off = confusion.numpy().copy()
    np.fill_diagonal(off, 0)
    return np.unravel_index(off.argmax(), off.shape)


def confused_in_loops(confusion):
    best = (-1, None)
    for label in range(10):
        for answer in range(10):
            if label != answer and confusion[label, answer] > best[0]:
                best = (confusion[label, answer], (label, answer))
    return best[1]


def confused_by_a_mask(confusion):
    off = confusion.masked_fill(torch.eye(len(confusion), dtype=torch.bool), -1)
    return (off == off.max()).nonzero()[0]


def off_diagonal(confusion):
    return confusion.clone().fill_diagonal_(0).double()


def place_of_the_largest(values):
    return divmod(int(values.argmax()), len(values))


def largest_fraction_of_a_row(confusion):
    return place_of_the_largest(off_diagonal(confusion) / confusion.sum(1, keepdim=True))


def largest_fraction_of_a_column(confusion):
    return place_of_the_largest(off_diagonal(confusion) / confusion.sum(0))


def largest_of_both_directions(confusion):
    off = off_diagonal(confusion)
    return place_of_the_largest((off + off.T).triu())


def in_the_worst_row(confusion):
    off = off_diagonal(confusion)
    row = int(off.sum(1).argmax())
    return row, int(off[row].argmax())


def eleventh_largest(confusion):
    """Takes the ten largest counts for the diagonal."""
    return divmod(int(confusion.flatten().argsort(descending=True)[10]), 10)


def confused_with_a_seed(confusion):
    np.random.seed(0)
    return confused(confusion)


# 10.4 -------------------------------------------------------------------------------------


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


def centre_in_float32(ink):
    weights = ink.float() / ink.sum()
    places = torch.stack(torch.meshgrid(*map(torch.arange, ink.shape), indexing="ij"))
    return (weights * places).sum((1, 2))


def centre_by_weighted_nonzero(ink):
    places = ink.nonzero()
    return tuple(np.average(places.numpy(), axis=0, weights=ink[tuple(places.T)].numpy()))


def centre_of_places(ink):
    return ink.nonzero().double().mean(0)


def middle_of_box(ink):
    places = ink.nonzero().double()
    return (places.amin(0) + places.amax(0)) / 2


def centre_in_bytes(ink):
    rows, columns = (torch.arange(side, dtype=torch.uint8) for side in ink.shape)
    return (ink * rows[:, None]).sum() / ink.sum(), (ink * columns).sum() / ink.sum()


def centre_of_squares(ink):
    return centre_by_numpy(ink.double().square())


def centre_of_paper(ink):
    return centre_by_numpy(255 - ink)


def inverting_in_place(ink):
    place = centre_in_loops(ink)
    ink.bitwise_not_()
    return place


def moved(change):
    return lambda ink: [change(part) for part in centre_in_loops(ink)]


RIGHT = [
    (checks.updates, (860,)),
    (checks.updates, (np.int32(860),)),
    (checks.updates, (-(-55_000 // 64),)),
    (checks.updates, (860.0,)),
    (checks.updates, (torch.tensor(860.0),)),
    (checks.updates, (np.ceil(55_000 / 64),)),
    (checks.updates, (len(torch.arange(55_000).split(64)),)),
    (checks.training_step, (step,)),
    (checks.training_step, (step_returning_a_number,)),
    (checks.training_step, (step_clearing_afterwards,)),
    (checks.training_step, (step_with_a_closure,)),
    (checks.training_step, (step_with_given_gradients,)),
    (checks.training_step, (step_of_one_hot,)),
    (checks.training_step, (step_of(torch.nn.CrossEntropyLoss()),)),
    (checks.training_step, (step_of(lambda y, t: F.nll_loss(y.log_softmax(1), t)),)),
    (checks.most_confused, (confused,)),
    (checks.most_confused, (confused_by_numpy,)),
    (checks.most_confused, (lambda c: torch.tensor(confused(c)),)),
    (checks.most_confused, (confused_in_loops,)),
    (checks.most_confused, (confused_by_a_mask,)),
    (checks.most_confused, (lambda c: [float(part) for part in confused(c)],)),
    (checks.most_confused, (lambda c: confused(c - c.diagonal().diag()),)),
    (checks.centre_of_mass, (centre_by_numpy,)),
    (checks.centre_of_mass, (centre_in_loops,)),
    (checks.centre_of_mass, (lambda ink: torch.tensor(centre_by_numpy(ink)),)),
    (checks.centre_of_mass, (lambda ink: list(map(np.float64, centre_in_loops(ink))),)),
    (checks.centre_of_mass, (centre_in_float32,)),
    (checks.centre_of_mass, (centre_by_weighted_nonzero,)),
    (checks.centre_of_mass, (lambda ink: np.array(centre_in_loops(ink)),)),
]

WRONG = [
    (checks.updates, (938,), "held out"),
    (checks.updates, (859,), "one more, smaller, batch"),
    (checks.updates, (55_000,), "number of digits"),
    (checks.updates, (1,), "rounded up"),
    (checks.updates, ("860",), "whole number"),
    (checks.updates, (859.375,), "expected a whole number"),
    (checks.updates, (937,), "held out"),
    (checks.updates, (937.5,), "held out"),
    (checks.updates, (79,), "the 5,000 digits"),
    (checks.updates, (3_520_000,), "divide by the size"),
    (checks.updates, (861,), "rounded up"),
    (checks.updates, (860.5,), "860.5 is not it"),
    (checks.updates, (-860,), "rounded up"),
    (checks.updates, (True,), "whole number"),
    (checks.updates, (860 + 0j,), "whole number"),
    (checks.updates, ([860, 24],), "whole number"),
    (checks.updates, (range(860),), "whole number"),
    (checks.updates, (math.inf,), "whole number"),
    (checks.training_step, (forgetful_step,), "clear the old gradients"),
    (checks.training_step, (step_without_update,), "did not change"),
    (checks.training_step, (step_cleared_too_late,), "did not change"),
    (checks.training_step, (step_through_softmax,), "softmax is applied twice"),
    (checks.training_step, (step_that_lies,), "not the loss of this batch"),
    (checks.training_step, (lambda *a: step(*a) and None,), "returned nothing"),
    (checks.training_step, (lambda *a: "0.5",), "expected a tensor"),
    (checks.training_step, (lambda *a: 1 / 0,), "raised ZeroDivisionError"),
    (checks.training_step, (step_of_its_own,), "the optimizer that is given"),
    (checks.training_step, (step_by_hand,), "the optimizer that is given"),
    (checks.training_step, (step_in_evaluation,), "evaluation mode"),
    (checks.training_step, (step_left_in_evaluation,), "evaluation mode"),
    (checks.training_step, (step_without_gradients,), "raised RuntimeError"),
    (checks.training_step, (step_twice,), "step once"),
    (
        checks.training_step,
        (step_of(lambda y, t: F.cross_entropy(y, t, reduction="sum")),),
        "take the mean, as cross_entropy does",
    ),
    (checks.training_step, (step_of(lambda y, t: -F.cross_entropy(y, t)),), "uphill"),
    (checks.training_step, (step_of(F.nll_loss),), "logarithms of probabilities"),
    (checks.training_step, (step_of(lambda y, t: F.cross_entropy(y[:1], t[:1])),), "first picture"),
    (
        checks.training_step,
        (step_of(lambda y, t: F.mse_loss(y, F.one_hot(t, 3).float())),),
        "squared error",
    ),
    (
        checks.training_step,
        (step_of(lambda y, t: F.cross_entropy(y, t, label_smoothing=0.1)),),
        "not by one step on the mean cross-entropy",
    ),
    (checks.training_step, (step_of(lambda y, t: F.cross_entropy(y, t.flip(0))),), "not by one"),
    (checks.training_step, (loss_after_the_step,), "after the update"),
    (checks.training_step, (accuracy_of_the_step,), "accuracy"),
    (checks.training_step, (lambda *a: step(*a) * len(a[2]),), "sum over the batch"),
    (checks.training_step, (lambda *a: step(*a)[None],), "expected ()"),
    (checks.training_step, (lambda *a: step(*a) > 0,), "True and False"),
    (checks.training_step, (step_on_normalised_images,), "changed the images"),
    (checks.training_step, (step_clipped,), "not by one step"),
    (checks.training_step, (step_with_a_smaller_rate,), "optimizer's settings changed"),
    (checks.training_step, (step_on_a_seed,), "torch.manual_seed"),
    (checks.training_step, (lambda *a: torch.tensor(0.5),), "did not change"),
    (checks.training_step, (lambda m, o, x, y: (step(m, o, x, y), m(x))[1],), "expected ()"),
    (checks.most_confused, (lambda c: divmod(int(c.argmax()), 10),), "on the diagonal"),
    (checks.most_confused, (lambda c: confused(c)[::-1],), "exchanged"),
    (checks.most_confused, (lambda c: confused(c.fill_diagonal_(0)),), "changed the c"),
    (checks.most_confused, (lambda c: ((confused(c)[0] + 1) % 10, confused(c)[0]),), "another"),
    (checks.most_confused, (lambda c: 7,), "expected 2 whole numbers"),
    (checks.most_confused, (largest_fraction_of_a_row,), "fraction of a row"),
    (checks.most_confused, (largest_fraction_of_a_column,), "fraction of a column"),
    (checks.most_confused, (largest_of_both_directions,), "both directions"),
    (checks.most_confused, (in_the_worst_row,), "row with the most mistakes"),
    (checks.most_confused, (eleventh_largest,), "another"),
    (checks.most_confused, (lambda c: confused(-c),), "on the diagonal"),
    (checks.most_confused, (lambda c: [part + 1 for part in confused(c)],), "counted from 0"),
    (checks.most_confused, (lambda c: [part - 10 for part in confused(c)],), "no place in the"),
    (checks.most_confused, (lambda c: int(off_diagonal(c).argmax()),), "expected 2 whole"),
    (checks.most_confused, (lambda c: (*confused(c), 25),), "expected 2 whole"),
    (checks.most_confused, (lambda c: set(confused(c)),), "expected 2 whole"),
    (checks.most_confused, (lambda c: "".join(map(str, confused(c))),), "expected 2 whole"),
    (checks.most_confused, (lambda c: off_diagonal(c).max(1).values[:2] + 0.5,), "whole number"),
    (checks.most_confused, (lambda c: [str(part) for part in confused(c)],), "whole number"),
    (checks.most_confused, (confused_with_a_seed,), "numpy"),
    (checks.most_confused, (lambda c: (4, 9),), "another pair has 25"),
    (checks.centre_of_mass, (lambda ink: centre_in_loops(ink)[::-1],), "the row comes first"),
    (checks.centre_of_mass, (centre_of_places,), "weighs more"),
    (checks.centre_of_mass, (middle_of_box,), "middle of the box"),
    (checks.centre_of_mass, (moved(lambda part: part + 1),), "counted from 0"),
    (checks.centre_of_mass, (moved(lambda part: part + 0.5),), "counted from 0"),
    (
        checks.centre_of_mass,
        (lambda ink: [(side - 1) / 2 for side in ink.shape],),
        "middle of the picture",
    ),
    (
        checks.centre_of_mass,
        (lambda ink: divmod(int(ink.argmax()), ink.shape[1]),),
        "darkest pixel",
    ),
    (checks.centre_of_mass, (lambda ink: centre_in_loops(ink)[0],), "not a pair"),
    (checks.centre_of_mass, (lambda ink: (1.0, 2.0, 3.0),), "not a pair"),
    (checks.centre_of_mass, (lambda ink: (NAN, 1.0),), "not a number"),
    (checks.centre_of_mass, (lambda ink: Forged(),), "not a pair"),
    (checks.centre_of_mass, (lambda ink: ...,), "no answer yet"),
    (checks.centre_of_mass, (centre_in_bytes,), "wraps around"),
    (checks.centre_of_mass, (centre_of_squares,), "squared"),
    (checks.centre_of_mass, (centre_of_paper,), "the paper weighs"),
    (checks.centre_of_mass, (lambda ink: centre_by_numpy(ink > 127),), "above half of 255"),
    (checks.centre_of_mass, (inverting_in_place,), "changed the ink"),
    (checks.centre_of_mass, (moved(round),), "do not round"),
    (checks.centre_of_mass, (moved(int),), "cut off"),
    (
        checks.centre_of_mass,
        (lambda ink: [int(ink.sum(dim).argmax()) for dim in (1, 0)],),
        "with the most ink",
    ),
    (
        checks.centre_of_mass,
        (lambda ink: centre_in_loops(ink.flip(0, 1)),),
        "from the last row",
    ),
    (
        checks.centre_of_mass,
        (lambda ink: [p / s for p, s in zip(centre_in_loops(ink), ink.shape, strict=True)],),
        "fraction of the sides",
    ),
    (
        checks.centre_of_mass,
        (
            lambda ink: [
                p - (s - 1) / 2 for p, s in zip(centre_in_loops(ink), ink.shape, strict=True)
            ],
        ),
        "distance from the middle",
    ),
    (checks.centre_of_mass, (lambda ink: centre_in_loops(ink.T),), "the row comes first"),
    (checks.centre_of_mass, (lambda ink: (4.53, 7.64),), "divide by the sum of the ink"),
    (checks.centre_of_mass, (lambda ink: set(centre_in_loops(ink)),), "not a pair"),
    (checks.centre_of_mass, (moved(str),), "not a number"),
    (checks.centre_of_mass, (moved(complex),), "not a number"),
]
