"""Lesson 10, cut off: its kernel is ended in the middle of training, and a new one goes on."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
import torch
from conftest import ROOT
from jupyter_client import KernelManager
from jupyter_client.blocking import BlockingKernelClient

# A sample, so that an epoch takes moments, and so many epochs that the first is not the last.
EPOCHS = 12
SMALLER = {
    "load_mnist()": "load_mnist(sample=True)",
    "5_000, seed=0": "100, seed=0",
    "EPOCHS = 5\n": f"EPOCHS = {EPOCHS}\n",
    "    seed=0,\n": "    seed=0,\n    validation=100,\n    device='cpu',\n    progress=False,\n",
}
CHECKPOINT = Path("lenet5-practice") / "practice.pt"


def cells() -> tuple[list[str], str]:
    """Return the lesson's code before its training, and the cell that trains."""
    notebook = nbformat.read(ROOT / "notebooks" / "10_practice.ipynb", 4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    place = next(i for i, source in enumerate(code) if source.startswith("EPOCHS = "))
    wanted = ("import math", "device = ", "digits = ", "mean, std", "train, held")
    before = [source for source in code[:place] if source.startswith(wanted)]
    assert len(before) == len(wanted)
    text = "\0".join([*before, code[place]])
    for old, new in SMALLER.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    *before, training = text.split("\0")
    return before, training


@contextmanager
def kernel(folder: Path) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    """Start a kernel in a folder, and end it at once when all is done."""
    manager = KernelManager(kernel_name="python3")
    paths = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    manager.start_kernel(cwd=str(folder), env={**os.environ, **paths})
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client: BlockingKernelClient, sources: list[str]) -> None:
    for source in sources:
        reply = client.execute_interactive(source, timeout=300, output_hook=lambda _: None)
        assert reply["content"]["status"] == "ok", reply["content"]


def trained(folder: Path, before: list[str], training: str) -> dict[str, torch.Tensor]:
    """Run the lesson up to its training in a new kernel; return the weights."""
    with kernel(folder) as (_, client):
        save = "from lenet_utils import save_model; save_model(net, 'weights.safetensors')"
        run(client, [*before, training, save])
    from safetensors.torch import load_file

    return load_file(folder / "weights.safetensors")


@pytest.mark.slow
def test_a_new_kernel_goes_on_where_the_old_one_was_ended(tmp_path):
    before, training = cells()
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    cut.mkdir()
    with kernel(cut) as (manager, client):
        run(client, before)
        client.execute(training)
        while not (cut / CHECKPOINT).exists():
            assert manager.is_alive()
            time.sleep(0.002)
        manager.signal_kernel(9)
        while manager.is_alive():
            time.sleep(0.01)
    done = torch.load(cut / CHECKPOINT, weights_only=True)["history"]["train_loss"]
    assert 1 <= len(done) < EPOCHS
    resumed, uninterrupted = (trained(folder, before, training) for folder in (cut, whole))
    assert resumed.keys() == uninterrupted.keys()
    for name, weights in uninterrupted.items():
        assert torch.equal(resumed[name], weights), name
