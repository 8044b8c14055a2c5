"""Processes beside this one: how they start, and how they end."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
from pathlib import Path
from typing import Any

import psutil


def context() -> Any:
    """Return how processes start: from this one where that is safe, which saves the imports."""
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def leave_terminal(log: Path) -> None:
    """Let this process end with its parent, ignore Ctrl-C, and write to the log."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(number, 1)
    os.dup2(number, 2)


def end(process: Any) -> None:
    """End a process, and everything that it started."""
    with contextlib.suppress(psutil.Error):
        for below in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                below.kill()
    process.kill()
    process.join()
