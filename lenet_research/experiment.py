"""What an experiment is: named variants times seeds, and a trainer that trains them."""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch

if TYPE_CHECKING:
    from lenet_utils.mnist import MNIST

Settings = dict[str, Any]
"""What makes a variant what it is: JSON values by name."""


class Job(NamedTuple):
    """One network to train: a variant's settings and a seed."""

    variant: str
    settings: Settings
    seed: int


class Trainer(Protocol):
    """Trains its jobs side by side, one epoch through the digits at a time.

    Everything random comes from the jobs' seeds, so that a job gives the same numbers whatever
    jobs are beside it. Errors are fractions.
    """

    epochs: int
    """How many epochs its jobs take; 1 for a method that does not learn in epochs."""
    backend: str
    """What computes: "native", a kernel of ours, or "pytorch", and what that calls."""

    def __init__(self, jobs: list[Job], data: "MNIST", device: torch.device) -> None: ...

    def advance(self) -> list[dict[str, float]]:
        """Do the next epoch; return for each job what it measured, such as `train_error`."""
        ...

    def finish(self) -> list[dict[str, Any]]:
        """Return each job's final measurements, such as `test_error`.

        The test set is read only here. Measurements are JSON values.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return all that a new trainer of the same jobs needs to go on: tensors and plain values.

        `torch.load(..., weights_only=True)` must be able to read it. Under "models", where there
        are networks, lies the state_dict of each job's network, from which weights are shipped.
        """
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        ...


def one_variant_at_a_time(job: Job) -> Hashable:
    """Group jobs by variant: the default of `Experiment.group`."""
    return job.variant


class Experiment(NamedTuple):
    """A named experiment: variants, seeds, and how to run them."""

    name: str
    title: str
    """One line: the question."""
    source: str
    """Where in the paper, such as "Fig. 5, p. 11"."""
    variants: dict[str, Settings]
    seeds: int
    trainer: Callable[..., Trainer]
    side_by_side: int = 16
    """At most so many jobs to one trainer."""
    group: Callable[[Job], Hashable] = one_variant_at_a_time
    """Jobs of equal key may share a trainer."""
    seeds_of: dict[str, int] = {}  # noqa: RUF012 (a NamedTuple's default, never changed)
    """Variants that take another number of seeds."""

    def jobs(self, seeds: range | None = None) -> list[Job]:
        """Return the jobs in order: each variant's seeds, 0 .. seeds - 1 by default."""
        return [
            Job(variant, settings, seed)
            for variant, settings in self.variants.items()
            for seed in (seeds or range(self.seeds_of.get(variant, self.seeds)))
        ]
