"""Where a run is made: device, compiler, versions, and which code computes."""

import hashlib
import platform
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import torch

from lenet_utils._native.loader import compiler_version

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    "lenet_utils/*.py",
    "lenet_utils/results/*.py",
    "lenet_utils/_native/*",
    "lenet_research/*",
)
"""What computes: not checks and figures, which no run reads."""


def environment(device: torch.device, backend: str) -> dict[str, str]:
    """Say where a run is made, in words that a record keeps.

    Args:
        device: where it is made.
        backend: what computes, such as "native" or "pytorch".
    """
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    else:
        name = f"{_processor()}, {torch.get_num_threads()} threads"
    return {
        "device": f"{device.type}: {name}",
        "backend": backend,
        "compiler": compiler_version() if backend == "native" else "none",
        "python": platform.python_version(),
        "torch": str(torch.__version__),  # a class of its own, which no safe load takes
        "numpy": np.__version__,
        "commit": commit(),
        "sources": digest(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "CPU")


@cache
def digest() -> str:
    """Return a digest of the sources that compute, the same wherever they are the same."""
    found = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in ROOT.glob(pattern)}):
        if path.suffix in (".py", ".cpp", ".h"):
            text = path.read_text(encoding="utf-8")  # whatever the line ends are here
            found.update(f"{path.relative_to(ROOT).as_posix()}\n{text}".encode())
    return found.hexdigest()[:16]


@cache
def commit() -> str:
    """Return the commit of the code, with a + where sources differ from it or are not in it."""
    try:
        head = _git("rev-parse", "--short=10", "HEAD")
        if head.returncode != 0:
            return "not a clone"
        changed = _git("status", "--porcelain", "--untracked-files=all", "--", *SOURCES)
        return head.stdout.strip() + ("+" if changed.stdout.strip() else "")
    except OSError:
        return "no git"


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def require_clean() -> None:
    """Refuse to run code that no commit has.

    Raises:
        ValueError: sources that differ from the commit; it names them.
    """
    if not commit().endswith("+"):
        return
    changed = _git("status", "--porcelain", "--untracked-files=all", "--", *SOURCES).stdout
    files = ", ".join(line[3:] for line in changed.splitlines()[:5])
    raise ValueError(
        f"the sources differ from commit {commit()[:-1]}: {files}. Commit them, so that the record "
        "names the code that made it; or give --allow-dirty and --records FOLDER, to try something."
    )
