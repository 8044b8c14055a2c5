"""Train LeNet-5 of 1998 one pattern at a time, one network or several side by side.

One pattern per update leaves a processor almost idle: every operation is tiny. NativeNetworks that
differ in seed or in setting are independent of each other, so their numbers are laid side by
side and every operation is done for all at once, by a compiled kernel, one network in each lane
of the vector unit. `train_epoch_pytorch` is the same training of one network in plain PyTorch:
the definition of what the kernel must give, and the fallback where there is no C++ compiler.
"""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from lenet_utils._native.loader import KernelUnavailable, warn_once
from lenet_utils._native.networks_1998 import NativeNetworks, class_count, kernel, why_unsupported
from lenet_utils.criteria import Criterion, require_range
from lenet_utils.models import LeNet5

Backend = Literal["auto", "native", "pytorch"]
Progress = Callable[[int, int], None]

GREY_1998: Tensor = torch.arange(256) / 255 * 1.275 - 0.1
"""The input value of each grey level: -0.1 for the background, 1.175 for ink. Source: p. 7."""

CHUNK = 2000


class EpochResult(NamedTuple):
    """What K networks did in one epoch, measured on each pattern before its update."""

    losses: Tensor
    """Mean loss, float64 (K,)."""
    errors: Tensor
    """Fraction of patterns that were wrong, float64 (K,)."""
    seconds: float
    backend: str
    """How it was computed, in words."""


def train_epoch(
    models: Sequence[LeNet5],
    criteria: Sequence[Criterion],
    images: Tensor,
    labels: Tensor,
    orders: Tensor,
    rates: Sequence[Sequence[Tensor]],
    *,
    grey: Tensor = GREY_1998,
    backend: Backend = "auto",
    threads: int | None = None,
    progress: Progress | None = None,
) -> EpochResult:
    """Train K networks on n patterns each, one pattern per update, and change them in place.

    Network k sees pattern orders[k, 0], then orders[k, 1], and so on, and moves each parameter by
    minus its own rate times the gradient of its own criterion. It gets the same result, up to
    rounding, as `train_epoch_pytorch` gives it alone.

    Args:
        models: K networks of one architecture, on one device in float32. Side by side go those
            with scaled tanh, trainable subsampling and no padding: any C3, either output.
        criteria: one a network: MSE or MAP for the RBF output, CrossEntropy for the linear one.
        images: uint8 (N, 32, 32), see `pad_to_32`.
        labels: int64 (N,).
        orders: integers (K, n) below N.
        rates: for each network the rate of each parameter, as `SDLM.effective_rates` returns.
        grey: float32 (256,), the input value of each grey level.
        backend: "native" (the kernel), "pytorch" (`train_epoch_pytorch`, one network after
            another), or "auto": native where the kernel can be built and knows the networks.
            The kernel runs on the CPU, wherever the networks are.
        threads: how many groups of networks run at once; by default one a processor.
        progress: called with (patterns done, patterns in all) of each network, now and then.

    Returns:
        EpochResult: losses and errors of each network, seconds, and the backend used.

    Raises:
        ValueError: arguments that do not fit together.
        KernelUnavailable: backend="native" where the kernel cannot be built.

    Source: the training of Section III-B, p. 10.
    """
    _require_images(images, grey)
    _require_training(models, criteria, images, labels, orders, rates)
    start = time.perf_counter()
    if resolve_backend(models, backend) == "pytorch":
        results = [
            train_epoch_pytorch(model, criterion, images, labels, order, rate, grey=grey)
            for model, criterion, order, rate in zip(models, criteria, orders, rates, strict=True)
        ]
        losses = torch.cat([r.losses for r in results])
        errors = torch.cat([r.errors for r in results])
        return EpochResult(losses, errors, time.perf_counter() - start, "plain PyTorch")
    width = kernel().lanes
    parts = [slice(i, i + width) for i in range(0, len(models), width)]
    groups = [NativeNetworks(models[p], criteria[p], orders[p], rates[p]) for p in parts]
    images, grey = images.cpu().contiguous(), grey.cpu().contiguous()
    labels = labels.to("cpu", torch.uint8)
    count = orders.shape[1]
    with _pool(threads, len(groups)) as pool:
        for first in range(0, count, CHUNK):
            n = min(CHUNK, count - first)
            jobs = [pool.submit(g.train, images, labels, grey, first, n) for g in groups]
            for job in jobs:
                job.result()
            if progress is not None:
                progress(first + n, count)
    for group in groups:
        group.write_back()
    losses = torch.cat([g.losses[: len(g.models)] for g in groups]) / count
    errors = torch.cat([g.wrong[: len(g.models)] for g in groups]).double() / count
    seconds = time.perf_counter() - start
    return EpochResult(losses, errors, seconds, f"native, {width} networks at once")


def train_epoch_pytorch(
    model: nn.Module,
    criterion: Criterion,
    images: Tensor,
    labels: Tensor,
    order: Tensor,
    rates: Sequence[Tensor],
    *,
    grey: Tensor = GREY_1998,
) -> EpochResult:
    """Train one network by the published loop in plain PyTorch: what `train_epoch` must equal.

    Args and result: as `train_epoch` with K = 1; `order` is (n,) and any model and float type do.
    """
    start = time.perf_counter()
    parameters = list(model.parameters())
    like = parameters[0]
    grey, labels = grey.to(like), labels.to(like.device)
    total, wrong = 0.0, 0
    for index in order.tolist():
        target = labels[index : index + 1]
        outputs = model(grey[images[index].long()][None, None])
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
    return EpochResult(mean_loss, errors, time.perf_counter() - start, "plain PyTorch")


@torch.no_grad()
def outputs(
    models: Sequence[LeNet5],
    images: Tensor,
    *,
    grey: Tensor = GREY_1998,
    backend: Backend = "auto",
    threads: int | None = None,
) -> Tensor:
    """Return what K networks give for the same images: distances or scores.

    Args:
        models: K networks of one architecture, see `train_epoch`.
        images: uint8 (N, 32, 32).
        grey, backend, threads: see `train_epoch`.

    Returns:
        float32 (K, N, classes).

    Raises:
        ValueError: see `train_epoch`.
    """
    if not models:
        raise ValueError("models are empty; expected one network or more.")
    _require_images(images, grey)
    if resolve_backend(models, backend) == "pytorch":
        device = next(models[0].parameters()).device
        batches = [grey[batch.long()][:, None].to(device) for batch in images.split(500)]
        return torch.stack([torch.cat([model(x).cpu() for x in batches]) for model in models])
    width = kernel().lanes
    groups = [NativeNetworks(models[i : i + width]) for i in range(0, len(models), width)]
    grey, images = grey.cpu().contiguous(), images.cpu().contiguous()
    with _pool(threads, len(groups)) as pool:
        return torch.cat(list(pool.map(lambda group: group.outputs(images, grey), groups)))


def _pool(threads: int | None, groups: int) -> ThreadPoolExecutor:
    # The kernel runs without Python's global lock, so that threads fill the processors.
    return ThreadPoolExecutor(min(threads or os.cpu_count() or 1, groups))


def resolve_backend(models: Sequence[LeNet5], backend: Backend = "auto") -> Backend:
    """Return what trains these networks: "native" or "pytorch", see `train_epoch`."""
    if backend not in ("auto", "native", "pytorch"):
        raise ValueError(f"backend is {backend!r}; expected 'auto', 'native' or 'pytorch'.")
    if backend == "pytorch":
        return backend
    reason = why_unsupported(models)
    if reason is not None:
        if backend == "native":
            raise ValueError(
                f"these networks cannot be trained side by side: {reason}. Use backend='pytorch'."
            )
        return "pytorch"
    try:
        kernel()
    except KernelUnavailable as error:
        if backend == "native":
            raise
        warn_once(error)
        return "pytorch"
    return "native"


def _require_training(
    models: Sequence[LeNet5],
    criteria: Sequence[Criterion],
    images: Tensor,
    labels: Tensor,
    orders: Tensor,
    rates: Sequence[Sequence[Tensor]],
) -> None:
    """Refuse arguments of `train_epoch` that do not fit together."""
    k = len(models)
    if k == 0 or len(criteria) != k or len(rates) != k or orders.dim() != 2 or len(orders) != k:
        raise ValueError(
            f"{k} networks, {len(criteria)} criteria, orders of shape {tuple(orders.shape)}, "
            f"rates for {len(rates)}; expected one of each a network, orders as (K, n)."
        )
    if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
        raise ValueError(
            f"labels are {labels.dtype} of shape {tuple(labels.shape)}; expected int64 "
            f"({len(images)},), one an image."
        )
    if orders.is_floating_point() or orders.dtype == torch.bool or orders.numel() == 0:
        raise ValueError(
            f"orders are {orders.dtype} of shape {tuple(orders.shape)}; expected integers (K, n), "
            "n at least 1: the images' places in the order in which each network sees them."
        )
    require_range("orders", orders, len(images), f"there are {len(images)} images")
    classes = class_count(models[0])
    require_range("labels", labels, classes, f"the networks have {classes} classes")
    if len(set(models)) < k:
        raise ValueError(f"{k} networks, of which {len(set(models))} differ: name each once.")
    for i, (model, criterion, rate) in enumerate(zip(models, criteria, rates, strict=True)):
        frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
        if frozen:
            raise ValueError(
                f"{frozen[0]} of network {i} has requires_grad=False, and every parameter is "
                "trained here: give it a rate of 0 instead."
            )
        if model.smallest_wins != criterion.smallest_wins:
            raise ValueError(
                f"network {i} ends in {type(model.output).__name__} and its criterion is "
                f"{criterion}; use MSE or MAP for an RBF output, CrossEntropy for a linear one."
            )
        mine = [(p.shape, p.dtype, p.device) for p in model.parameters()]
        if [(r.shape, r.dtype, r.device) for r in rate] != mine:
            raise ValueError(
                f"the rates of network {i} do not have its parameters' shapes, type and device; "
                "take them from SDLM(...).effective_rates()."
            )


def _require_images(images: Tensor, grey: Tensor) -> None:
    """Refuse images that are not uint8 (N, 32, 32), and grey values that are not 256."""
    if images.dtype != torch.uint8 or images.shape[1:] != (32, 32):
        raise ValueError(
            f"images are {images.dtype} of shape {tuple(images.shape)}; expected uint8 "
            "(N, 32, 32). Pad 28x28 digits with pad_to_32, before any normalising."
        )
    if grey.dtype != torch.float32 or grey.shape != (256,):
        raise ValueError(
            f"grey is {grey.dtype} of shape {tuple(grey.shape)}; expected float32 (256,): the "
            "input value of each grey level."
        )
