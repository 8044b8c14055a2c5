"""Train many LeNet-5 of 1998 side by side, one pattern at a time, each as if it were alone.

One pattern per update leaves a processor almost idle: every operation is tiny. Networks that
differ in seed or in setting are independent of each other, so their numbers are laid side by
side and every operation is done for all at once. On the CPU a small compiled kernel does it
(many_seeds.cpp), one network to each lane of the vector unit; on a GPU batched operations do
(batched.py). `plain_pass` is the same training of one network in plain PyTorch: the definition of
what both must give, and the fallback where there is no C++ compiler.
"""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from lenet_utils.criteria import Criterion
from lenet_utils.many_seeds.arguments import refusal, require_pictures, require_training
from lenet_utils.many_seeds.batched import Batched
from lenet_utils.many_seeds.kernel import KernelUnavailable, load_kernel, warn_once
from lenet_utils.many_seeds.lanes import Lanes
from lenet_utils.models import LeNet5

Path = Literal["auto", "kernel", "batched", "plain"]
Progress = Callable[[int, int], None]

GREY_1998: Tensor = torch.arange(256) / 255 * 1.275 - 0.1
"""The input value of each grey level: -0.1 for the background, 1.175 for ink. Source: p. 7."""

CHUNK = 2000


class PassResult(NamedTuple):
    """What K networks did in one pass, measured on each pattern before its update."""

    losses: Tensor
    """Mean loss, float64 (K,)."""
    errors: Tensor
    """Share of patterns that were wrong, float64 (K,)."""
    seconds: float
    path: str
    """How it was computed, in words."""


def train_pass(
    models: Sequence[LeNet5],
    criteria: Sequence[Criterion],
    pictures: Tensor,
    labels: Tensor,
    orders: Tensor,
    rates: Sequence[Sequence[Tensor]],
    *,
    grey: Tensor = GREY_1998,
    path: Path = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
) -> PassResult:
    """Train K networks on n patterns each, one pattern per update, and change them in place.

    Network k sees pattern orders[k, 0], then orders[k, 1], and so on, and moves each parameter by
    minus its own rate times the gradient of its own criterion. It gets the same result, up to
    rounding, as `plain_pass` gives it alone.

    Args:
        models: K networks of one architecture, on one device in float32. Side by side go those
            with scaled tanh, trainable subsampling and no padding: any C3, either output.
        criteria: one a network: MSE or MAP for the RBF output, CrossEntropy for the linear one.
        pictures: uint8 (N, 32, 32), see `pad_to_32`.
        labels: int64 (N,).
        orders: integers (K, n) below N.
        rates: for each network the rate of each parameter, as `SDLM.effective_rates` returns.
        grey: float32 (256,), the input value of each grey level.
        path: "kernel", "batched", "plain" (`plain_pass`, one network after another), or "auto":
            on the CPU the kernel, if it can be built; elsewhere batched; plain for networks that
            cannot go side by side.
        threads: how many groups of networks run at once; by default one a processor.
        progress: called with (patterns done, patterns in all) of each network, now and then.

    Returns:
        PassResult: losses and errors of each network, seconds, and the path used.

    Raises:
        ValueError: arguments that do not fit together.
        KernelUnavailable: path="kernel" where the kernel cannot be built.

    Source: the training of Section III-B, p. 10.
    """
    require_pictures(pictures, grey)
    require_training(models, criteria, pictures, labels, orders, rates)
    start = time.perf_counter()
    way = _choose(models, path)
    if way == "plain":
        results = [
            plain_pass(model, criterion, pictures, labels, order, rate, grey=grey)
            for model, criterion, order, rate in zip(models, criteria, orders, rates, strict=True)
        ]
        losses = torch.cat([r.losses for r in results])
        errors = torch.cat([r.errors for r in results])
        return PassResult(losses, errors, time.perf_counter() - start, "plain PyTorch")
    groups: list[Lanes] | list[Batched]
    if way == "batched":
        groups = [Batched(models, criteria, orders, rates)]
        words = f"batched on {groups[0].device}"
    else:
        width = load_kernel().lanes()
        parts = [slice(i, i + width) for i in range(0, len(models), width)]
        groups = [Lanes(models[p], criteria[p], orders[p], rates[p]) for p in parts]
        words = f"kernel, {width} lanes"
    device = next(models[0].parameters()).device
    pictures, grey = pictures.to(device).contiguous(), grey.to(device).contiguous()
    labels = labels.to(device, torch.uint8)
    count = orders.shape[1]
    with _pool(threads, len(groups)) as pool:
        for first in range(0, count, CHUNK):
            n = min(CHUNK, count - first)
            jobs = [pool.submit(g.train, pictures, labels, grey, first, n) for g in groups]
            for job in jobs:
                job.result()
            if progress is not None:
                progress(first + n, count)
    for group in groups:
        group.write_back()
    losses = torch.cat([g.losses[: len(g.models)] for g in groups]).cpu() / count
    errors = torch.cat([g.wrong[: len(g.models)] for g in groups]).cpu().double() / count
    return PassResult(losses, errors, time.perf_counter() - start, words)


def plain_pass(
    model: nn.Module,
    criterion: Criterion,
    pictures: Tensor,
    labels: Tensor,
    order: Tensor,
    rates: Sequence[Tensor],
    *,
    grey: Tensor = GREY_1998,
) -> PassResult:
    """Train one network by the published loop in plain PyTorch: what `train_pass` must equal.

    Args and result: as `train_pass` with K = 1; `order` is (n,) and any model and float type do.
    """
    start = time.perf_counter()
    parameters = list(model.parameters())
    like = parameters[0]
    grey, labels = grey.to(like), labels.to(like.device)
    total, wrong = 0.0, 0
    for index in order.tolist():
        target = labels[index : index + 1]
        outputs = model(grey[pictures[index].long()][None, None])
        loss = criterion(outputs, target)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, rate, gradient in zip(parameters, rates, gradients, strict=True):
                parameter.addcmul_(rate, gradient, value=-1)
        total += loss.item()
        answer = outputs.argmin(1) if criterion.smallest_wins else outputs.argmax(1)
        wrong += int(answer != target)
    n = max(len(order), 1)
    mean_loss = torch.tensor([total / n], dtype=torch.float64)
    errors = torch.tensor([wrong / n], dtype=torch.float64)
    return PassResult(mean_loss, errors, time.perf_counter() - start, "plain PyTorch")


@torch.no_grad()
def outputs(
    models: Sequence[LeNet5],
    pictures: Tensor,
    *,
    grey: Tensor = GREY_1998,
    path: Path = "auto",
    threads: int | None = None,
) -> Tensor:
    """Return what K networks give for the same pictures: distances or scores.

    Args:
        models: K networks of one architecture, see `train_pass`.
        pictures: uint8 (N, 32, 32).
        grey, path, threads: see `train_pass`.

    Returns:
        float32 (K, N, classes).

    Raises:
        ValueError: see `train_pass`.
    """
    if not models:
        raise ValueError("models are empty; expected one network or more.")
    require_pictures(pictures, grey)
    if _choose(models, path) != "kernel":
        device = next(models[0].parameters()).device
        batches = [grey[batch.long()][:, None].to(device) for batch in pictures.split(500)]
        return torch.stack([torch.cat([model(x).cpu() for x in batches]) for model in models])
    width = load_kernel().lanes()
    groups = [Lanes(models[i : i + width]) for i in range(0, len(models), width)]
    grey, pictures = grey.contiguous(), pictures.contiguous()
    with _pool(threads, len(groups)) as pool:
        return torch.cat(list(pool.map(lambda group: group.outputs(pictures, grey), groups)))


def _pool(threads: int | None, groups: int) -> ThreadPoolExecutor:
    # The kernel runs without Python's global lock, so that threads fill the processors.
    return ThreadPoolExecutor(min(threads or os.cpu_count() or 1, groups))


def _choose(models: Sequence[LeNet5], path: Path) -> Path:
    """Return the way to go for "auto"; refuse one that was asked for and cannot serve."""
    if path not in ("auto", "kernel", "batched", "plain"):
        raise ValueError(f"path is {path!r}; expected 'auto', 'kernel', 'batched' or 'plain'.")
    if path == "plain":
        return path
    reason = refusal(models)
    device = next(models[0].parameters()).device.type
    if reason is None and path == "kernel" and device != "cpu":
        reason = f"the kernel runs on the CPU, and they are on {device}"
    if reason is not None:
        if path != "auto":
            raise ValueError(
                f"these networks cannot be trained side by side: {reason}. Use path='plain'."
            )
        return "plain"
    if path == "batched" or device != "cpu":
        return "batched"
    try:
        load_kernel()
    except KernelUnavailable as error:
        if path == "kernel":
            raise
        warn_once(error)
        return "plain"
    return "kernel"
