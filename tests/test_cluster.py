"""An experiment on a cluster: a worker dies, a client is lost, and the record is the same."""

import os
import signal
import sys
import threading
import time
from unittest.mock import patch

import pytest
import torch

from lenet_research import Experiment, environment, load_record
from lenet_research.running import run_experiment

distributed = pytest.importorskip("distributed")


class Walk:
    """Random walks that take a while, so that a worker can be killed on the way."""

    backend = "pytorch"

    def __init__(self, jobs, data, device):
        self.jobs, self.epochs, self.done = jobs, 6, 0
        self.numbers = [float(job.seed) for job in jobs]

    def advance(self):
        time.sleep(0.05)
        self.done += 1
        for i, job in enumerate(self.jobs):
            generator = torch.Generator().manual_seed(job.seed * 1_000 + self.done)
            self.numbers[i] += torch.rand((), generator=generator).item()
        return [{"train_error": number / 100} for number in self.numbers]

    def finish(self):
        return [{"test_error": number / 99} for number in self.numbers]

    def state_dict(self):
        return {"numbers": self.numbers, "done": self.done}

    def load_state_dict(self, state):
        self.numbers, self.done = state["numbers"], state["done"]


class Failing(Walk):
    """One that cannot be run."""

    def advance(self):
        if any(job.seed == 1 for job in self.jobs):
            raise RuntimeError("no walk today")
        return super().advance()


def experiment(trainer=Walk, seeds=6) -> Experiment:
    return Experiment("walk", "", "", {"a": {}}, seeds, trainer, side_by_side=1)


def go(folder, one=None, **options):
    options.setdefault("report", lambda line: None)
    return run_experiment(
        one or experiment(), None, records=folder, cache=folder / "c", allow_dirty=True, **options
    )


def numbers(record) -> list[tuple]:
    return sorted((r.variant, r.seed, str(r.curves), str(r.final)) for r in record.runs)


@pytest.fixture
def cluster():
    """Two workers, in processes of their own."""
    settings = {"distributed.worker.daemon": False}
    with (
        patch.dict(os.environ, {"PYTHONPATH": os.pathsep.join(sys.path)}),  # dask sets some, too
        __import__("dask").config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
    ):
        yield cluster


def test_a_worker_is_killed_and_the_record_is_that_of_one_process(tmp_path, cluster):
    expected = numbers(go(tmp_path / "alone"))
    pids = [worker.pid for worker in cluster.workers.values()]
    killed = threading.Timer(0.3, os.kill, (pids[0], signal.SIGKILL))
    killed.start()
    lines: list[str] = []
    record = go(tmp_path / "cluster", cluster=cluster.scheduler_address, report=lines.append)
    killed.join()
    assert numbers(record) == expected
    stored = [numbers(load_record("walk", tmp_path / where)) for where in ("alone", "cluster")]
    assert stored[0] == stored[1]
    assert len([line for line in lines if " done on " in line]) == 6


def test_what_the_record_has_is_not_run_again(tmp_path, cluster):
    go(tmp_path, seeds=range(4), cluster=cluster.scheduler_address)
    lines: list[str] = []
    record = go(tmp_path, cluster=cluster.scheduler_address, report=lines.append)
    assert len(lines) == 2 and len(record.finished()) == 6


def test_one_job_that_fails_does_not_stop_the_others(tmp_path, cluster):
    with pytest.raises(RuntimeError, match="1 of 6 groups failed.*a, seed 1.*no walk today"):
        go(tmp_path, experiment(Failing), cluster=cluster.scheduler_address)
    assert [run.seed for run in load_record("walk", tmp_path).finished()] == [0, 2, 3, 4, 5]


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("lenet_research.cluster.TIMEOUT", "1s")
    with pytest.raises(ValueError, match=r"no scheduler of dask answers at 'tcp://127\.0\.0\.1:9'"):
        go(tmp_path, cluster="tcp://127.0.0.1:9")


def test_a_dirty_tree_is_refused_and_a_marked_record_does_not_ship(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "commit", lambda: "0123456789+")
    with pytest.raises(ValueError, match="differ from commit 0123456789: .*--allow-dirty"):
        run_experiment(experiment(seeds=1), None, records=tmp_path, report=print)
    with pytest.raises(ValueError, match="--records FOLDER"):
        run_experiment(experiment(seeds=1), None, allow_dirty=True, report=print)
    record = go(tmp_path, experiment(seeds=1))
    assert record.environments[0]["commit"] == "0123456789+"
