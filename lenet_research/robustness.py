"""How far LeNet-5 of 1998 bends, trained with and without the paper's noise: `robustness`.

The paper estimates what its network tolerates beside one that was trained with noise: a tenth of
the pixels inverted. The network is trained so, and without, and measured on test digits that are
moved, turned, scaled or noisy.
Source: LeCun, Bottou, Bengio and Haffner (1998), Section III-E, p. 16.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lenet_research.configurations import ALL_DIGITS, BEST
from lenet_research.experiment import Experiment, Settings
from lenet_research.trainer_1998 import Trainer1998, group
from lenet_utils.distortions import warp
from lenet_utils.mnist import Digits
from lenet_utils.typesetting import invert_some

DOWN = tuple(range(7))
"""Pixels. The digits stand six from the edge."""
ANGLES = (-60, -50, -40, -30, -20, -10, 0, 10, 20, 30, 40, 50, 60)
"""Degrees, clockwise."""
FACTORS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
NOISE = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
"""Fractions of the pixels that are inverted."""


def _affine(a: float, b: float, c: float, d: float, down: float = 0.0) -> Callable[..., Tensor]:
    matrix = torch.tensor([[a, b, 0.0], [c, d, down]])
    return lambda images: warp(images, matrix.expand(len(images), 2, 3))


def _rotation(degrees: float) -> Callable[..., Tensor]:
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return _affine(cos, -sin, sin, cos)


def _noise(fraction: float) -> Callable[..., Tensor]:
    return lambda images: invert_some(images, fraction, torch.Generator().manual_seed(0))


CHANGES: dict[str, list[Callable[..., Tensor]]] = {
    "down_error": [_affine(1, 0, 0, 1, down) for down in DOWN],
    "rotated_error": [_rotation(angle) for angle in ANGLES],
    "scaled_error": [_affine(factor, 0, 0, factor) for factor in FACTORS],
    "noise_error": [_noise(fraction) for fraction in NOISE],
}


class RobustnessTrainer(Trainer1998):
    """Trains as `Trainer1998`, and measures on changed test digits too."""

    def finish(self) -> list[dict[str, Any]]:
        """Add to each row a list of test errors for every kind of change in `CHANGES`."""
        final = super().finish()
        for name, changes in CHANGES.items():
            errors = [
                self._errors(Digits(change(self.test.images), self.test.labels))
                for change in changes
            ]
            for row, of_network in zip(final, zip(*errors, strict=True), strict=True):
                row[name] = list(of_network)
        return final


CLEAN: Settings = {**BEST, **ALL_DIGITS, "test_curve": False}

EXPERIMENTS = [
    Experiment(
        name="robustness",
        title="How far LeNet-5 of 1998 bends, trained without and with the paper's noise",
        source="Section III-E, p. 16",
        variants={"clean": CLEAN, "noise": {**CLEAN, "distortions": {"noise": 0.1}}},
        seeds=8,
        trainer=RobustnessTrainer,
        group=group,
    )
]
