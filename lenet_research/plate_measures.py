"""What is measured of a network that reads characters of plates: errors, calibration, refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.plates.characters import NAMES, PROVINCES, RARE

LOST = 0.02
"""The fraction of characters that "none of these" may refuse."""

KINDS = ("bolt", "stroke", "frame", "dirt", "texture")
"""What `draw_nothing` draws, in its order."""


def none_kinds(count: int) -> Tensor:
    """Return the kind of each picture of no character in the test set that seed 0 makes: (count,).

    The kind is the first that its generator draws, see `make_folder` and `draw_nothing`.
    """
    drawn = [np.random.default_rng([0, 6, i]).integers(0, len(KINDS)) for i in range(count)]
    return torch.tensor(drawn)


def measures(
    held: Tensor, held_labels: Tensor, test: Tensor, labels: Tensor, none: Tensor
) -> dict[str, Any]:
    """Return errors, calibration, "none of these" and the commonest confusions.

    Args:
        held, held_labels: scores (N, K) and labels of the validation set, on which the temperature
            and the thresholds are chosen. A score more than there are characters is that of none.
        test, labels: of the test set.
        none: scores of pictures of no character.
    """
    has_none = held.shape[1] > len(NAMES)
    refusing = {k: score for k, score in CONFIDENCE.items() if has_none or k != "class"}
    limits = {name: score(held).quantile(LOST) for name, score in refusing.items()}
    refused = {
        f"{name}_{what}": (score(scores) < limits[name]).double().mean().item()
        for name, score in refusing.items()
        for what, scores in (("lost", test), ("refused", none))
    }
    kinds = none_kinds(len(none))
    by_kind = {
        f"{name}_refused_{kind}": (score(none[kinds == k]) < limits[name]).double().mean().item()
        for name, score in refusing.items()
        for k, kind in enumerate(KINDS)
    }
    held, test = held[:, : len(NAMES)], test[:, : len(NAMES)]
    answers = test.argmax(1)
    wrong = answers != labels
    groups = {
        "province_error": torch.tensor([name in PROVINCES for name in NAMES]),
        "rare_error": torch.tensor([name in RARE for name in NAMES]),
    }
    found: dict[str, Any] = {
        "validation_error": error(held, held_labels),
        "test_error": wrong.double().mean().item(),
        **{k: wrong[member[labels]].double().mean().item() for k, member in groups.items()},
    }
    temperature = fit_temperature(held, held_labels)
    found |= {
        "temperature": temperature,
        "ece": expected_calibration_error(test, labels),
        "ece_scaled": expected_calibration_error(test / temperature, labels),
    }
    found |= refused | by_kind
    pairs = torch.bincount(labels[wrong] * len(NAMES) + answers[wrong], minlength=len(NAMES) ** 2)
    top = pairs.topk(12)
    found["confusions"] = [
        [NAMES[i // len(NAMES)], NAMES[i % len(NAMES)], n]
        for n, i in zip(top.values.tolist(), top.indices.tolist(), strict=True)
    ]
    return found


def probability(scores: Tensor) -> Tensor:
    """Return the largest softmax probability: (N, K) to (N,)."""
    return scores[:, : len(NAMES)].softmax(1).amax(1)


def energy(scores: Tensor) -> Tensor:
    """Return the negative free energy: (N, K) to (N,); the larger, the more like a character."""
    return scores[:, : len(NAMES)].logsumexp(1)


def against_none(scores: Tensor) -> Tensor:
    """Return the log-odds of a character against the last class, which is none: (N,)."""
    return energy(scores) - scores[:, len(NAMES)]


CONFIDENCE: dict[str, Callable[[Tensor], Tensor]] = {
    "probability": probability,
    "energy": energy,
    "class": against_none,
}
"""How much a picture looks like a character; "class" for networks that have a class of none."""


def fit_temperature(scores: Tensor, labels: Tensor) -> float:
    """Return the number by which scores are divided so that their loss is lowest."""
    grid = torch.logspace(-1, 1, 81)
    losses = torch.stack([F.cross_entropy(scores / t, labels) for t in grid])
    return grid[losses.argmin()].item()


def expected_calibration_error(scores: Tensor, labels: Tensor, bins: int = 15) -> float:
    """Return the mean distance of confidence and accuracy over bins of confidence, weighted."""
    confidence, answers = scores.softmax(1).max(1)
    right = (answers == labels).float()
    which = (confidence * bins).long().clamp(max=bins - 1)
    gaps = [(confidence[which == b] - right[which == b]).sum().abs() for b in range(bins)]
    return (torch.stack(gaps).sum() / len(labels)).item()


def error(scores: Tensor, labels: Tensor) -> float:
    """Return the fraction of wrong answers among the characters."""
    return (scores[:, : len(NAMES)].argmax(1) != labels).double().mean().item()
