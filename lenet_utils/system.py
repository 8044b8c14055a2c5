"""What the package asks of the system: a folder of the user's, other programs, and memory."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LARGEST_BLOCK_BYTES = 2**25  # glibc's DEFAULT_MMAP_THRESHOLD_MAX on 64 bits
MOST_OUTPUT = 2**20  # bytes that a program may print: one that prints more prints garbage


def cache_folder() -> Path:
    """Return lenet_utils in the user's cache folder: $XDG_CACHE_HOME, or ~/.cache.

    Raises:
        FileNotFoundError: the user has no home folder, and the variable names none.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):  # the specification of that variable ignores relative paths
        return Path(named) / "lenet_utils"
    try:
        home = Path.home()
    except RuntimeError:
        home = Path()
    if not home.is_absolute():
        raise FileNotFoundError("there is no home folder, and XDG_CACHE_HOME names no folder")
    return home / ".cache" / "lenet_utils"


def run_program(
    command: Sequence[str],
    seconds: float,
    *,
    environment: Mapping[str, str] | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> tuple[int, str]:
    """Run another program to its end; return its exit status and what it printed.

    Args:
        command: the program and its arguments.
        seconds: how long it may take. Then it is ended, with all that it has started.
        environment: its environment variables; by default those of this process.
        folder: where it runs; by default where this process does.

    Raises:
        TimeoutError: it did not finish in time.
        OSError: it cannot be started, or prints without end.
    """
    late = threading.Event()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=folder,
        start_new_session=True,
    ) as process:

        def end() -> None:
            late.set()
            _kill(process)

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            assert process.stdout is not None
            output = process.stdout.read(MOST_OUTPUT)
            if len(output) < MOST_OUTPUT:
                process.wait()
        finally:
            timer.cancel()
            _kill(process)
    if late.is_set():
        raise TimeoutError(f"{command[0]} did not finish within {seconds:.0f} seconds")
    if len(output) == MOST_OUTPUT:
        raise OSError(f"{command[0]} printed more than {MOST_OUTPUT:,} bytes")
    return process.returncode, output.decode(errors="replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a program with all that it has started; nothing happens where it has ended."""
    if process.returncode is not None:
        return
    with suppress(OSError):  # it may end just now
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def telling_line(output: str) -> str:
    """Return the line of a program's output that says best why it failed."""
    lines = output.strip().splitlines() or ["it said nothing"]
    return next((line for line in lines if "error" in line.lower()), lines[-1]).strip()[:200]


def keep_memory() -> None:
    """Have glibc keep the blocks of up to 32 MB that this process frees, to use them again.

    Every update of training frees the blocks that the next one asks for. Whether glibc returns
    them to the system in between depends on the largest block it has seen freed; where it does,
    an epoch takes up to 1.8 times as long, for the system clears each page anew. So one block of
    nearly 32 MB is taken and freed, after which glibc keeps blocks up to that size, and 64 MB of
    free memory at most, as it does in any process that once used such a block. Nothing is set:
    limits that the user has named in the environment stay, and other C libraries do as they did.
    """
    import torch

    torch.empty(LARGEST_BLOCK_BYTES - 2**16, dtype=torch.uint8, device="cpu")
