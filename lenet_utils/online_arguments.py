"""What `train_epoch` and `outputs` accept."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lenet_utils._native.networks_1998 import class_count
from lenet_utils.criteria import Criterion
from lenet_utils.models import LeNet5


def require_training(
    models: Sequence[LeNet5],
    criteria: Sequence[Criterion],
    images: Tensor,
    labels: Tensor,
    orders: Tensor,
    rates: Sequence[Sequence[Tensor]],
) -> None:
    """Refuse arguments of `train_epoch` that do not fit together.

    Raises:
        ValueError: says which, what was expected, and what to do.
    """
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
    low, high = int(orders.min()), int(orders.max())
    if low < 0 or high >= len(images):
        raise ValueError(f"orders run from {low} to {high}; expected 0 to {len(images) - 1}.")
    classes = class_count(models[0])
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
        mine = [(p.shape, p.dtype, p.device) for p in model.parameters()]
        if [(r.shape, r.dtype, r.device) for r in rate] != mine:
            raise ValueError(
                f"the rates of network {i} do not have its parameters' shapes, type and device; "
                "take them from SDLM(...).effective_rates()."
            )


def require_images(images: Tensor, grey: Tensor) -> None:
    """Refuse images that are not uint8 (N, 32, 32), and grey values that are not 256.

    Raises:
        ValueError: says what was expected, and what to do.
    """
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
