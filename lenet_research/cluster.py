"""Run an experiment's jobs on a cluster of dask.distributed: on any machines, or under Slurm.

The scheduler of dask hands out groups of jobs, gives those of a worker that died to another one,
and has a page that shows what runs. Here the record is written as results come back, so that a
client that was cut off goes on with what is missing.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from lenet_research.environment import require_clean
from lenet_research.experiment import Experiment, Job
from lenet_research.running import Report, add_runs, train_jobs
from lenet_utils.results.records import Record, Run

if TYPE_CHECKING:
    from lenet_utils.mnist import MNIST

RETRIES = 3
"""How often a group is tried again after its worker died or failed."""
TIMEOUT = "20s"
"""How long to wait for the scheduler's answer."""


def run_on_cluster(
    address: str,
    experiment: Experiment,
    groups: list[list[Job]],
    data: "MNIST",
    record: Record,
    records: Path | None,
    report: Report,
    *,
    clean: bool,
) -> None:
    """Run groups of jobs on a cluster's workers, and add each to the record as it comes back.

    A group that fails is named at the end; it does not stop the others.

    Args:
        address: of the scheduler, such as "tcp://10.0.0.1:8786".
        experiment: whose jobs they are.
        groups: jobs that one worker trains side by side.
        data: the digits; they are sent to the workers once.
        record: what the runs are added to.
        records: its folder.
        report: called with a line for each group.
        clean: whether a worker refuses sources that no commit has.

    Raises:
        ValueError: dask.distributed is not installed, or no scheduler answers at the address.
        RuntimeError: groups that failed on every try; all others are in the record.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise ValueError(
            "--on needs dask.distributed: pip install 'lenet-utils[cluster]'."
        ) from error
    try:
        client = Client(address, timeout=TIMEOUT)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"no scheduler of dask answers at {address!r} ({error}). Start one with "
            "`dask scheduler`, and workers with `dask worker ADDRESS`."
        ) from error
    failed = []
    with client:
        digits = client.scatter(data, broadcast=True)
        futures = {
            client.submit(
                _train, experiment, group, digits, clean, pure=False, retries=RETRIES
            ): group
            for group in groups
        }
        for number, future in enumerate(as_completed(futures), 1):
            names = ", ".join(f"{job.variant}, seed {job.seed}" for job in futures[future])
            try:
                runs, where = future.result()
            except Exception as error:
                failed.append(f"{names} ({type(error).__name__}: {error})")
                report(f"{experiment.name} {number}/{len(groups)} failed: {failed[-1]}")
                continue
            add_runs(record, runs, where, records)
            report(f"{experiment.name} {number}/{len(groups)} done on {where['device']}: {names}")
    if failed:
        raise RuntimeError(
            f"{len(failed)} of {len(groups)} groups failed, the others are in the record: "
            + "; ".join(failed)
        )


def _train(
    experiment: Experiment, group: list[Job], data: "MNIST", clean: bool
) -> tuple[list[Run], Any]:
    """Train a group of jobs on a worker; return its runs and where they were made."""
    if clean:
        require_clean()
    found: list[Any] = []
    torch.set_num_threads(1)
    train_jobs(experiment, group, data, torch.device("cpu"), lambda *made: found.append(made))
    runs, where = found[-1]
    return runs, where
