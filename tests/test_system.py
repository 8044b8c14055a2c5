"""Freed memory is used again, without a lasting setting."""

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="glibc returns memory; others do otherwise")
def test_freed_memory_is_used_again() -> None:
    code = """
import resource, sys, torch
from lenet_utils.system import keep_memory

def update():
    blocks = [torch.ones(1_000_000) for _ in range(3)]  # 12 MB

if sys.argv[1] == "keep":
    keep_memory()
for _ in range(3):
    update()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    update()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    free = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    limit = {**free, "MALLOC_MMAP_THRESHOLD_": str(2**17)}  # each large block goes back

    def cleared(word: str, environment: dict[str, str]) -> int:
        return int(subprocess.check_output([sys.executable, "-c", code, word], env=environment))

    # Where the heap of a program begins differs from run to run; seldom, blocks do not fit.
    kept = min(cleared("keep", free) for _ in range(4))
    returned, told = cleared("return", limit), cleared("keep", limit)
    # Pages that the system had to clear; now and then the heap grows by a block.
    assert 10 * kept < returned
    assert 2 * told > returned  # what the user has set stays
