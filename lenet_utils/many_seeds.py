"""Train many LeNet-5 of 1998 side by side, one pattern at a time, each as if it were alone.

One pattern per update leaves a processor almost idle: every operation is tiny. Networks that
differ in seed or in setting are independent of each other, so their numbers are laid side by
side and every operation is done for all at once. On a CPU a small compiled kernel does it
(many_seeds.cpp), one network to each lane of the vector unit. `plain_pass` is the same training
of one network in plain PyTorch: the definition of what the kernel must give, and the fallback
where there is no C++ compiler.
"""

import os
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from lenet_utils.criteria import Criterion
from lenet_utils.kernel import KernelUnavailable, load_kernel
from lenet_utils.lanes import Lanes, refusal
from lenet_utils.models import LeNet5

Path = Literal["auto", "kernel", "plain"]
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
        models: K networks of one architecture, on the CPU in float32. The kernel trains those
            with scaled tanh, trainable subsampling and no padding: any C3, either output.
        criteria: one a network: MSE or MAP for the RBF output, CrossEntropy for the linear one.
        pictures: uint8 (N, 32, 32), see `pad_to_32`.
        labels: int64 (N,).
        orders: integers (K, n) below N.
        rates: for each network the rate of each parameter, as `SDLM.effective_rates` returns.
        grey: float32 (256,), the input value of each grey level.
        path: "kernel", "plain" (`plain_pass`, one network after another), or "auto": the kernel
            where it can be built and knows the architecture.
        threads: how many groups of networks run at once; by default one a processor.
        progress: called with (patterns done, patterns in all) of each network, now and then.

    Returns:
        PassResult: losses and errors of each network, seconds, and the path used.

    Raises:
        ValueError: arguments that do not fit together.
        KernelUnavailable: path="kernel" where the kernel cannot be built.

    Source: the training of Section III-B, p. 10.
    """
    _require_pictures(pictures, grey)
    _require(models, criteria, pictures, labels, orders, rates)
    start = time.perf_counter()
    if _choose(models, path) == "plain":
        results = [
            plain_pass(model, criterion, pictures, labels, order, rate, grey=grey)
            for model, criterion, order, rate in zip(models, criteria, orders, rates, strict=True)
        ]
        losses = torch.cat([r.losses for r in results])
        errors = torch.cat([r.errors for r in results])
        return PassResult(losses, errors, time.perf_counter() - start, "plain PyTorch")
    labels, grey, pictures = labels.to(torch.uint8), grey.contiguous(), pictures.contiguous()
    width = load_kernel().lanes()
    parts = [slice(i, i + width) for i in range(0, len(models), width)]
    groups = [Lanes(models[p], criteria[p], orders[p], rates[p]) for p in parts]
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
    losses = torch.cat([g.losses[: len(g.models)] for g in groups]) / count
    errors = torch.cat([g.wrong[: len(g.models)] for g in groups]).double() / count
    return PassResult(
        losses, errors.double(), time.perf_counter() - start, f"kernel, {width} lanes"
    )


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
    grey = grey.to(like)
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
    _require_pictures(pictures, grey)
    if _choose(models, path) == "plain":
        batches = [grey[batch.long()][:, None] for batch in pictures.split(500)]
        return torch.stack([torch.cat([model(x) for x in batches]) for model in models])
    width = load_kernel().lanes()
    groups = [Lanes(models[i : i + width]) for i in range(0, len(models), width)]
    grey, pictures = grey.contiguous(), pictures.contiguous()
    with _pool(threads, len(groups)) as pool:
        return torch.cat(list(pool.map(lambda group: group.outputs(pictures, grey), groups)))


def _pool(threads: int | None, groups: int) -> ThreadPoolExecutor:
    # The kernel runs without Python's global lock, so that threads fill the processors.
    return ThreadPoolExecutor(min(threads or os.cpu_count() or 1, groups))


def _choose(models: Sequence[LeNet5], path: Path) -> Path:
    """Return "kernel" or "plain"; refuse a kernel that was asked for and cannot serve."""
    if path not in ("auto", "kernel", "plain"):
        raise ValueError(f"path is {path!r}; expected 'auto', 'kernel' or 'plain'.")
    if path == "plain":
        return path
    reason = refusal(models)
    if reason is not None:
        if path == "kernel":
            raise ValueError(f"the kernel cannot train these networks: {reason}. Use path='plain'.")
        return "plain"
    try:
        load_kernel()
    except KernelUnavailable as error:
        if path == "kernel":
            raise
        warnings.warn(f"training will be slow, in plain PyTorch: {error}", stacklevel=3)
        return "plain"
    return "kernel"


def _require(
    models: Sequence[LeNet5],
    criteria: Sequence[Criterion],
    pictures: Tensor,
    labels: Tensor,
    orders: Tensor,
    rates: Sequence[Sequence[Tensor]],
) -> None:
    k = len(models)
    if k == 0 or len(criteria) != k or len(rates) != k or orders.dim() != 2 or len(orders) != k:
        raise ValueError(
            f"{k} networks, {len(criteria)} criteria, orders of shape {tuple(orders.shape)}, "
            f"rates for {len(rates)}; expected one of each a network, orders as (K, n)."
        )
    if labels.dtype != torch.int64 or labels.shape != pictures.shape[:1]:
        raise ValueError(
            f"labels are {labels.dtype} of shape {tuple(labels.shape)}; expected int64 "
            f"({len(pictures)},), one a picture."
        )
    if orders.is_floating_point() or orders.numel() == 0:
        raise ValueError(f"orders are {orders.dtype} {tuple(orders.shape)}; expected integers.")
    low, high = int(orders.min()), int(orders.max())
    if low < 0 or high >= len(pictures):
        raise ValueError(f"orders run from {low} to {high}; expected 0 to {len(pictures) - 1}.")
    classes = _classes(models[0])
    if int(labels.min()) < 0 or int(labels.max()) >= classes:
        raise ValueError(
            f"labels run from {int(labels.min())} to {int(labels.max())}; the networks have "
            f"{classes} classes, so expected 0 to {classes - 1}."
        )
    for i, (model, criterion, rate) in enumerate(zip(models, criteria, rates, strict=True)):
        if model.smallest_wins != criterion.smallest_wins:
            raise ValueError(
                f"network {i} ends in {type(model.output).__name__} and its criterion is "
                f"{criterion}; use MSE or MAP for an RBF output, CrossEntropy for a linear one."
            )
        if [r.shape for r in rate] != [p.shape for p in model.parameters()]:
            raise ValueError(f"the rates of network {i} do not have its parameters' shapes.")


def _require_pictures(pictures: Tensor, grey: Tensor) -> None:
    if pictures.dtype != torch.uint8 or pictures.shape[1:] != (32, 32):
        raise ValueError(
            f"pictures are {pictures.dtype} of shape {tuple(pictures.shape)}; expected uint8 "
            "(N, 32, 32). Pad 28x28 digits with pad_to_32, before any normalising."
        )
    if grey.dtype != torch.float32 or grey.shape != (256,):
        raise ValueError(
            f"grey is {grey.dtype} of shape {tuple(grey.shape)}; expected float32 (256,): the "
            "input value of each grey level."
        )


def _classes(model: LeNet5) -> int:
    return len(model.output.codes if model.smallest_wins else model.output.weight)
