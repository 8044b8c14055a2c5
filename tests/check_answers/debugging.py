"""Answers to the exercises of the lesson "Find the bugs" that repair a function."""

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from lenet_utils import checks, evaluate, fit, normalise_modern, pad_to_32

from .forged import Forged

NAN = float("nan")

# 11.2 -------------------------------------------------------------------------------------


def prepare(images, mean, std):
    pixels = F.pad(images, (2, 2, 2, 2)).float() / 255
    return ((pixels - mean) / std)[:, None]


def prepare_with_background(images, mean, std):
    pixels = (images[:, None].float() / 255 - mean) / std
    return F.pad(pixels, (2, 2, 2, 2), value=-mean / std)


def prepare_by_numpy(images, mean, std):
    pixels = np.pad(images.numpy(), ((0, 0), (2, 2), (2, 2))) / np.float32(255)
    return torch.from_numpy(((pixels - mean) / std).astype(np.float32)).unsqueeze(1)


def prepare_into_zeros(images, mean, std):
    x = torch.zeros(len(images), 1, 32, 32)
    x[:, 0, 2:30, 2:30] = images
    x /= 255
    return x.sub_(mean).div_(std)


def prepare_one_by_one(images, mean, std):
    return torch.stack([prepare(image[None], mean, std)[0] for image in images])


def prepare_by_torchvision(images, mean, std):
    from torchvision.transforms.v2 import functional as TF

    pixels = TF.to_dtype(TF.pad(images[:, None], [2]), torch.float32, scale=True)
    return TF.normalize(pixels, [mean], [std])


def own_statistics(images, mean, std):
    x = F.pad(images, (2, 2, 2, 2)).float()
    return ((x - x.mean()) / x.std())[:, None]


def padded(images, mean, std, pad=F.pad, by=(2, 2, 2, 2), **how):
    """Prepare with another border; the padding gets pixels of a batch of maps."""
    return (pad(images[:, None].float(), by, **how) / 255 - mean) / std


def prepare_enlarged(images, mean, std):
    pixels = F.interpolate(images[:, None].float(), size=32, mode="bilinear")
    return (pixels / 255 - mean) / std


def prepare_by_the_largest(images, mean, std):
    """By luck the largest pixel is often 255."""
    x = F.pad(images, (2, 2, 2, 2)).float()
    return ((x / x.max() - mean) / std)[:, None]


def prepare_in_bytes(images, mean, std):
    """Drops the fraction of a pixel."""
    return prepare(images // 255 * 255, mean, std)


def prepare_on_the_spot(images, mean, std):
    x = prepare(images, mean, std)
    images.zero_()
    return x


# 11.3 -------------------------------------------------------------------------------------


def epoch(model, optimizer, images, labels, batch_size, each=lambda m: m.train(), start=None):
    model.train() if start is None else start(model)
    total = 0.0
    for batch in torch.randperm(len(images)).split(batch_size):
        each(model)
        loss = F.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(images)


def epoch_with_a_loader(model, optimizer, images, labels, batch_size):
    model.train()
    losses = []
    for x, y in DataLoader(TensorDataset(images, labels), batch_size, shuffle=True):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses += [loss.detach()] * len(y)
    return torch.stack(losses).mean()


def epoch_in_one_constant_order(model, optimizer, images, labels, batch_size):
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(4))
    return epoch_in(order)(model, optimizer, images, labels, batch_size)


def epoch_shuffled_by_numpy(model, optimizer, images, labels, batch_size):
    order = torch.from_numpy(np.random.permutation(len(images)))
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    model.train()
    losses = 0
    for batch in batches:
        loss = F.nll_loss(model(images[batch]).log_softmax(1), labels[batch])
        model.zero_grad()
        loss.backward()
        optimizer.step()
        losses += loss.detach() * len(batch)
    return losses / len(images)


def epoch_with_a_closure(model, optimizer, images, labels, batch_size):
    model.train()
    order, total = torch.rand(len(images)).argsort(), 0
    images, labels = images[order], labels[order]
    for x, y in zip(images.split(batch_size), labels.split(batch_size), strict=True):

        def closure(x=x, y=y):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y, reduction="sum") / len(y)
            loss.backward()
            return loss

        total += optimizer.step(closure) * len(y)
    return total / len(images)


def epoch_that_ends_in_evaluation(*given):
    mean = epoch(*given)
    given[0].eval()
    return np.float64(mean)


def spoilt_epoch(
    *,
    order=torch.randperm,
    mode=True,
    clear="first",
    loss_of=F.cross_entropy,
    forward=False,
    drop_last=False,
    mean=True,
    labels_too=True,
):
    def spoilt(model, optimizer, images, labels, batch_size):
        model.train(mode)
        losses, sizes = [], []
        batches = order(len(images)).split(batch_size)
        start = 0
        for batch in batches[:-1] if drop_last else batches:
            target = labels[batch] if labels_too else labels[start : start + len(batch)]
            start += len(batch)
            outputs = model.forward(images[batch]) if forward else model(images[batch])
            loss = loss_of(outputs, target)
            if clear == "first":
                optimizer.zero_grad()
            loss.backward()
            if clear == "before the step":
                optimizer.zero_grad()
            optimizer.step()
            losses.append(loss.item())
            sizes.append(len(batch))
        optimizer.zero_grad()
        if mean:
            return sum(a * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes)
        return sum(losses) / len(losses)

    return spoilt


def epoch_in(order):
    """Train in a given order."""
    return spoilt_epoch(order=lambda count: order)


def epoch_by(batches_of):
    """Train on other batches."""

    def spoilt(model, optimizer, images, labels, batch_size):
        model.train()
        total = 0
        for batch in batches_of(len(images), batch_size):
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        return total / len(images)

    return spoilt


def shuffled_batches(count, size):
    batches = torch.arange(count).split(size)
    return [batches[i] for i in (*(torch.randperm(len(batches) - 1) + 1), 0)]


def shuffled_in_batches(count, size):
    batches = torch.arange(count).split(size)
    return [batch[torch.randperm(len(batch))] for batch in batches]


def begun_somewhere(count):
    return torch.arange(count).roll(int(torch.randint(1, count, ())))


def epoch_of_its_own(model, optimizer, images, labels, batch_size):
    """By luck the optimizer of the check's first case."""
    return epoch(model, torch.optim.SGD(model.parameters(), lr=0.5), images, labels, batch_size)


def epoch_by_hand(model, optimizer, images, labels, batch_size):
    def step():
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.5 * parameter.grad

    steps = type("", (), {"zero_grad": optimizer.zero_grad, "step": staticmethod(step)})
    return epoch(model, steps, images, labels, batch_size)


def epoch_by_the_package(model, optimizer, images, labels, batch_size):
    history = fit(
        model,
        images,
        labels,
        epochs=1,
        batch_size=batch_size,
        optimizer=lambda _: optimizer,
        validation=0,
        progress=False,
    )
    return history.train_loss[-1]


def epoch_with_a_smaller_rate(model, optimizer, *given):
    mean = epoch(model, optimizer, *given)
    optimizer.param_groups[0]["lr"] *= 0.9
    return mean


def epoch_on_a_seed(*given):
    torch.manual_seed(4711)
    return epoch(*given)


def epoch_on_normalised_images(model, optimizer, images, *given):
    images -= images.mean()
    return epoch(model, optimizer, images, *given)


def epoch_measured_afterwards(model, optimizer, images, labels, batch_size):
    epoch(model, optimizer, images, labels, batch_size)
    return F.cross_entropy(model(images), labels)


def returned(change):
    """Train rightly, and return something that is made of the batches' losses."""

    def spoilt(model, optimizer, images, labels, batch_size):
        losses = []

        def noted(outputs, target):
            losses.append(F.cross_entropy(outputs, target))
            return losses[-1]

        mean = spoilt_epoch(loss_of=noted)(model, optimizer, images, labels, batch_size)
        return change(mean, [loss.item() for loss in losses], len(images))

    return spoilt


# 11.4 -------------------------------------------------------------------------------------


@torch.no_grad()
def fraction(model, images, labels, batch_size):
    model.eval()
    parts = zip(images.split(batch_size), labels.split(batch_size), strict=True)
    return sum((model(x).argmax(1) == y).sum().item() for x, y in parts) / len(labels)


def fraction_in_one_go(model, images, labels, batch_size):
    model.train(False)
    with torch.inference_mode():
        return (model(images).argmax(1) == labels).float().mean()


def fraction_with_a_loader(model, images, labels, batch_size):
    was, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for x, y in DataLoader(TensorDataset(images, labels), batch_size):
            right += int(model(x).softmax(1).max(1).indices.eq(y).sum())
    model.train(was)
    return torch.tensor(right / len(images))


def fraction_from_wrong_ones(model, images, labels, batch_size):
    model.eval()
    with torch.no_grad():
        answers = torch.cat([model(x).argmax(1) for x in images.split(batch_size)])
    return 1 - int((answers != labels).sum()) / len(labels)


def spoilt_fraction(*, mode=False, record=False, divide=lambda right, x, n: right / len(x)):
    def spoilt(model, images, labels, batch_size):
        model.train(mode)
        with torch.set_grad_enabled(record):
            right = int((model(images).argmax(1) == labels).sum())
        return divide(right, images, batch_size)

    return spoilt


def fraction_of_fractions(model, images, labels, batch_size):
    model.eval()
    with torch.no_grad():
        parts = zip(images.split(batch_size), labels.split(batch_size), strict=True)
        return torch.stack([(model(x).argmax(1) == y).float().mean() for x, y in parts]).mean()


def fraction_by_forward(model, images, labels, batch_size):
    model.eval()
    with torch.no_grad():
        return (model.forward(images).argmax(1) == labels).float().mean()


def fraction_of(score):
    """Compare the model's outputs with the labels in another way."""

    def spoilt(model, images, labels, batch_size):
        model.eval()
        with torch.no_grad():
            return score(model(images), labels)

    return spoilt


def fraction_for_good(model, images, labels, batch_size):
    torch.set_grad_enabled(False)
    return fraction(model, images, labels, batch_size)


def fraction_of_full_batches(model, images, labels, batch_size):
    full = len(images) // batch_size * batch_size
    return fraction(model, images[:full], labels[:full], batch_size)


def fraction_of_some(model, images, labels, batch_size):
    """Divides by all, but leaves the last batch out."""
    full = len(images) // batch_size * batch_size
    return fraction(model, images[:full], labels[:full], batch_size) * full / len(images)


def fraction_after_training(model, images, labels, batch_size):
    model.eval()
    value = fraction(model, images, labels, batch_size)
    with torch.no_grad():
        next(model.parameters()).mul_(1.1)
    return value


def fraction_of_a_frozen_model(model, *given):
    model.requires_grad_(False)
    return fraction(model, *given)


def fraction_with_only_the_outer_mode(model, images, labels, batch_size):
    model.training = False
    with torch.no_grad():
        return (model(images).argmax(1) == labels).float().mean()


def fraction_from_the_second_batch_on(model, images, labels, batch_size):
    right = 0
    with torch.no_grad():
        for x, y in zip(images.split(batch_size), labels.split(batch_size), strict=True):
            right += (model(x).argmax(1) == y).sum().item()
            model.eval()
    return right / len(labels)


def fraction_by_the_package(model, images, labels, batch_size):
    return 1 - evaluate(model, images, labels).error


RIGHT = [
    (checks.preparation, (prepare,)),
    (checks.preparation, (prepare_with_background,)),
    (checks.preparation, (lambda x, m, s: normalise_modern(pad_to_32(x), m, s),)),
    (checks.preparation, (prepare_by_numpy,)),
    (checks.preparation, (prepare_into_zeros,)),
    (checks.preparation, (prepare_one_by_one,)),
    (checks.preparation, (prepare_by_torchvision,)),
    (checks.training_epoch, (epoch,)),
    (checks.training_epoch, (epoch_with_a_loader,)),
    (checks.training_epoch, (epoch_shuffled_by_numpy,)),
    (checks.training_epoch, (epoch_with_a_closure,)),
    (checks.training_epoch, (epoch_that_ends_in_evaluation,)),
    (checks.training_epoch, (epoch_by(lambda n, size: torch.randperm(n).split(size)),)),
    (checks.training_epoch, (spoilt_epoch(),)),
    (checks.fraction_right, (fraction,)),
    (checks.fraction_right, (fraction_in_one_go,)),
    (checks.fraction_right, (lambda *a: np.float64(fraction(*a)),)),
    (checks.fraction_right, (fraction_with_a_loader,)),
    (checks.fraction_right, (fraction_from_wrong_ones,)),
    (checks.fraction_right, (spoilt_fraction(),)),
    (
        checks.fraction_right,
        (fraction_of(lambda y, t: (y.topk(1).indices[:, 0] == t).double().mean()),),
    ),
]

WRONG = [
    (
        checks.preparation,
        (lambda x, m, s: F.pad(prepare(x, m, s)[..., 2:-2, 2:-2], (2,) * 4),),
        "border is 0.00",
    ),
    (checks.preparation, (lambda x, m, s: prepare(x, 0, 1),), "not normalised"),
    (checks.preparation, (lambda x, m, s: prepare(x, m / 255, s / 255),), "by 255"),
    (checks.preparation, (own_statistics,), "mean of 0 whatever"),
    (checks.preparation, (lambda x, m, s: prepare(x, m, s)[:, 0],), "the channel is missing"),
    (
        checks.preparation,
        (lambda x, m, s: prepare(x, m, s)[..., 2:-2, 2:-2],),
        "(3, 1, 32, 32)",
    ),
    (checks.preparation, (lambda x, m, s: prepare(x, m, s * 2),), "deviation of 0.62"),
    (checks.preparation, (lambda x, m, s: prepare(x, m, s) * NAN,), "NaN"),
    (checks.preparation, (lambda x, m, s: Forged(),), "expected a tensor"),
    (checks.preparation, (lambda x: x,), "raised TypeError"),
    (checks.preparation, (lambda x, m, s: None,), "returned nothing"),
    (checks.preparation, (lambda *a: padded(*a, mode="replicate"),), "border is not background"),
    (checks.preparation, (lambda *a: padded(*a, mode="reflect"),), "border is not background"),
    (checks.preparation, (lambda *a: padded(*a, by=(4, 0, 4, 0)),), "two pixels on each side"),
    (checks.preparation, (lambda *a: padded(*a, by=(0, 4, 0, 4)),), "two pixels on each side"),
    (checks.preparation, (prepare_enlarged,), "enlarged"),
    (checks.preparation, (prepare_by_the_largest,), "the largest pixel"),
    (checks.preparation, (prepare_in_bytes,), "values are not"),
    (checks.preparation, (lambda x, m, s: prepare(x, 0.1307, 0.3081),), "handed in"),
    (checks.preparation, (lambda x, m, s: prepare(x, s, m),), "exchanged"),
    (checks.preparation, (lambda x, m, s: prepare(x, m, s**2),), "not by its square"),
    (checks.preparation, (lambda x, m, s: prepare(x, m, 1),), "divide by std"),
    (checks.preparation, (lambda x, m, s: prepare(255 - x, m, s),), "paper and ink"),
    (checks.preparation, (lambda x, m, s: prepare(x.mT, m, s),), "rows and columns"),
    (checks.preparation, (lambda x, m, s: prepare(x, m, s).squeeze(1),), "the channel is missing"),
    (checks.preparation, (lambda x, m, s: prepare(x, m, s).permute(1, 0, 2, 3),), "(1, 3, 32, 32)"),
    (checks.preparation, (lambda x, m, s: prepare(x, m, s).half(),), "torch.float16"),
    (checks.preparation, (lambda x, m, s: prepare(x, m, s).long(),), "whole numbers"),
    (checks.preparation, (lambda x, m, s: prepare(x, m, s).numpy(),), "expected a tensor"),
    (checks.preparation, (prepare_on_the_spot,), "changed the images"),
    (checks.training_epoch, (spoilt_epoch(order=torch.arange),), "in the order in which"),
    (checks.training_epoch, (spoilt_epoch(mode=False),), "evaluation mode"),
    (checks.training_epoch, (spoilt_epoch(clear="at the end"),), "clear them for every batch"),
    (checks.training_epoch, (spoilt_epoch(clear="before the step"),), "did not change"),
    (
        checks.training_epoch,
        (spoilt_epoch(loss_of=lambda y, t: F.cross_entropy(y.softmax(1), t)),),
        "softmax is applied twice",
    ),
    (
        checks.training_epoch,
        (spoilt_epoch(loss_of=lambda y, t: F.cross_entropy(y, t, reduction="sum")),),
        "sum over the batch",
    ),
    (checks.training_epoch, (spoilt_epoch(loss_of=lambda y, t: (y**2).mean()),), "not by one step"),
    (checks.training_epoch, (spoilt_epoch(forward=True),), "passes by the hooks"),
    (checks.training_epoch, (spoilt_epoch(drop_last=True),), "left out"),
    (checks.training_epoch, (spoilt_epoch(labels_too=False),), "their labels are not"),
    (checks.training_epoch, (spoilt_epoch(mean=False),), "mean of the batches' means"),
    (checks.training_epoch, (lambda *a: epoch(*a) + 1,), "not the mean loss"),
    (checks.training_epoch, (lambda *a: [epoch(*a), epoch(*a)][0],), "more than once"),
    (checks.training_epoch, (lambda m, o, x, y, b: epoch(m, o, x, y, 5),), "expected 4, 4, 2"),
    (checks.training_epoch, (lambda m, o, x, y, b: epoch(m, o, x + 1, y, b),), "not among"),
    (checks.training_epoch, (lambda m, o, x, y, b: 0.5,), "never asked"),
    (checks.training_epoch, (lambda *a: epoch(*a) * NAN,), "NaN"),
    (checks.training_epoch, (lambda *a: (epoch(*a), Forged())[1],), "expected a tensor"),
    (checks.training_epoch, (lambda *a: epoch(*a, each=type, start=type),), "model.train() first"),
    (
        checks.training_epoch,
        (lambda *a: epoch(*a, each=lambda m: setattr(m, "training", True), start=type),),
        "model.train() first",
    ),
    (
        checks.training_epoch,
        (lambda *a: epoch(*a, each=lambda m: m.eval()),),
        "evaluation mode",
    ),
    (checks.training_epoch, (epoch_in_one_constant_order,), "same order"),
    (checks.training_epoch, (spoilt_epoch(order=lambda n: torch.arange(n).flip(0)),), "backwards"),
    (checks.training_epoch, (epoch_on_a_seed,), "torch.manual_seed"),
    (checks.training_epoch, (epoch_by(shuffled_in_batches),), "stored side by side"),
    (
        checks.training_epoch,
        (spoilt_epoch(order=lambda n: torch.arange(n).flip([0] * int(torch.rand(()) < 0.5))),),
        "or backwards",
    ),
    (checks.training_epoch, (epoch_by(shuffled_batches),), "stored side by side"),
    (checks.training_epoch, (spoilt_epoch(order=begun_somewhere),), "stored side by side"),
    (
        checks.training_epoch,
        (spoilt_epoch(order=lambda n: torch.randint(n, (n,))),),
        "left out",
    ),
    (
        checks.training_epoch,
        (epoch_by(lambda n, size: torch.randperm(n).chunk(size)),),
        "expected 4, 4, 2",
    ),
    (checks.training_epoch, (lambda m, o, x, y, b: epoch(m, o, x, y, 1),), "expected 4, 4, 2"),
    (checks.training_epoch, (lambda m, o, x, y, b: epoch(m, o, x, y, 4),), "expected 3, 3, 3, 1"),
    (checks.training_epoch, (epoch_of_its_own,), "the optimizer that is given"),
    (checks.training_epoch, (epoch_by_hand,), "the optimizer that is given"),
    (checks.training_epoch, (epoch_by_the_package,), "calls lenet_utils"),
    (checks.training_epoch, (epoch_with_a_smaller_rate,), "optimizer's settings changed"),
    (checks.training_epoch, (epoch_on_normalised_images,), "changed the images"),
    (checks.training_epoch, (epoch_measured_afterwards,), "more than once"),
    (
        checks.training_epoch,
        (spoilt_epoch(loss_of=lambda y, t: -F.cross_entropy(y, t)),),
        "uphill",
    ),
    (checks.training_epoch, (spoilt_epoch(loss_of=F.nll_loss),), "logarithms"),
    (
        checks.training_epoch,
        (spoilt_epoch(loss_of=lambda y, t: F.mse_loss(y, F.one_hot(t, 3).float())),),
        "squared error",
    ),
    (checks.training_epoch, (returned(lambda mean, losses, n: losses[-1]),), "the last batch's"),
    (
        checks.training_epoch,
        (returned(lambda mean, losses, n: sum(losses)),),
        "sum of the batches'",
    ),
    (checks.training_epoch, (returned(lambda mean, losses, n: mean * n),), "sum over all images"),
    (checks.training_epoch, (returned(lambda mean, losses, n: sum(losses) / n),), "not the mean"),
    (checks.training_epoch, (returned(lambda mean, losses, n: losses),), "expected a tensor"),
    (checks.training_epoch, (returned(lambda mean, losses, n: True),), "expected a tensor"),
    (checks.training_epoch, (returned(lambda mean, losses, n: None),), "returned nothing"),
    (checks.fraction_right, (spoilt_fraction(mode=True),), "training mode"),
    (checks.fraction_right, (spoilt_fraction(record=True),), "no_grad"),
    (
        checks.fraction_right,
        (spoilt_fraction(divide=lambda r, x, n: r / (-(-len(x) // n) * n)),),
        "3 batches of 4",
    ),
    (
        checks.fraction_right,
        (spoilt_fraction(divide=lambda r, x, n: 100 * r / len(x)),),
        "a percentage",
    ),
    (
        checks.fraction_right,
        (spoilt_fraction(divide=lambda r, x, n: 1 - r / len(x)),),
        "wrong answers",
    ),
    (checks.fraction_right, (spoilt_fraction(divide=lambda r, x, n: r),), "divide it by"),
    (checks.fraction_right, (spoilt_fraction(divide=lambda r, x, n: r / 3),), "8 right of 10 are"),
    (checks.fraction_right, (spoilt_fraction(divide=lambda r, x, n: NAN),), "NaN"),
    (checks.fraction_right, (spoilt_fraction(divide=lambda r, x, n: Forged()),), "a tensor"),
    (checks.fraction_right, (spoilt_fraction(divide=lambda r, x, n: r > 3),), "a tensor"),
    (checks.fraction_right, (fraction_of_fractions,), "batches' fractions"),
    (checks.fraction_right, (fraction_by_forward,), "passes by the hooks"),
    (checks.fraction_right, (lambda *a: 0.8,), "never asked"),
    (checks.fraction_right, (spoilt_fraction(divide=lambda r, x, n: r / 10),), "of 7"),
    (checks.fraction_right, (spoilt_fraction(divide=lambda r, x, n: r / n),), "8 right of 10 are"),
    (checks.fraction_right, (spoilt_fraction(divide=lambda r, x, n: r // len(x)),), "cuts"),
    (
        checks.fraction_right,
        (spoilt_fraction(divide=lambda r, x, n: round(r / len(x), 1)),),
        "of 11",
    ),
    (checks.fraction_right, (spoilt_fraction(divide=lambda r, x, n: f"{r / len(x)}"),), "a tensor"),
    (checks.fraction_right, (fraction_with_only_the_outer_mode,), "training mode"),
    (checks.fraction_right, (fraction_from_the_second_batch_on,), "training mode"),
    (checks.fraction_right, (fraction_for_good,), "torch.set_grad_enabled"),
    (checks.fraction_right, (fraction_of_full_batches,), "2 of 10 images were never shown"),
    (checks.fraction_right, (fraction_of_some,), "2 of 10 images were never shown"),
    (
        checks.fraction_right,
        (lambda m, x, y, b: fraction(m, x - x.mean(), y, b),),
        "not among the images",
    ),
    (
        checks.fraction_right,
        (fraction_of(lambda y, t: (y.argmin(1) == t).float().mean()),),
        "argmax",
    ),
    (
        checks.fraction_right,
        (fraction_of(lambda y, t: (y.argmax(0) == t).float().mean()),),
        "raised",
    ),
    (
        checks.fraction_right,
        (fraction_of(lambda y, t: (y.topk(2).indices == t[:, None]).sum() / len(t)),),
        "argmax",
    ),
    (
        checks.fraction_right,
        (fraction_of(lambda y, t: y.softmax(1).gather(1, t[:, None]).mean()),),
        "argmax",
    ),
    (checks.fraction_right, (fraction_of(F.cross_entropy),), "argmax"),
    (checks.fraction_right, (fraction_of(lambda y, t: y.argmax(1) == t),), "True and False"),
    (checks.fraction_right, (fraction_after_training,), "changed the model's parameters"),
    (checks.fraction_right, (fraction_of_a_frozen_model,), "requires_grad"),
    (checks.fraction_right, (fraction_by_the_package,), "calls lenet_utils"),
]
