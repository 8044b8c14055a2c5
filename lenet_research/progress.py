"""What a run says while it is under way."""

from collections.abc import Callable
from typing import Any

from lenet_research.experiment import Job

Report = Callable[[str], None]


class Progress:
    """Say after each epoch what was measured and how long the rest will take."""

    def __init__(self, report: Report, name: str, groups: int) -> None:
        self.report, self.name, self.groups = report, name, groups
        self.times: list[float] = []

    def __call__(
        self, group: list[Job], done: int, epochs: int, took: float, curves: list[Any]
    ) -> None:
        """Report an epoch of a group, of which `done` of `epochs` are done."""
        self.times.append(took)
        an_epoch = sum(self.times) / len(self.times)
        here = (epochs - done) * an_epoch
        # The other groups are taken to be like this one.
        all_left = here + (self.groups - 1) * epochs * an_epoch
        measures = ", ".join(_summary(name, curves) for name in curves[0])
        variants = ", ".join(dict.fromkeys(job.variant for job in group))
        self.report(
            f"{self.name} [{variants}] {len(group)} networks, epoch {done}/{epochs}: {measures}; "
            f"{took:.0f} s, about {here / 60:.1f} min left here, {all_left / 60:.1f} min in all"
        )


def _summary(name: str, curves: list[dict[str, list[float]]]) -> str:
    last = sorted(c[name][-1] for c in curves if c.get(name))
    low, high = last[0], last[-1]
    if name.endswith("error"):
        return f"{name} {100 * low:.2f} .. {100 * high:.2f} %"
    return f"{name} {low:.4g} .. {high:.4g}"
