"""Where a run was made: device, versions, and the commit of the code."""

import platform
import subprocess
from pathlib import Path

import torch


def environment(device: torch.device) -> dict[str, str]:
    """Say where a run is made: device, versions, and the commit of the code."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    else:
        name = f"{_processor()}, {torch.get_num_threads()} threads"
    return {
        "device": f"{device.type}: {name}",
        "python": platform.python_version(),
        "torch": str(torch.__version__),  # a class of its own, which no safe load takes
        "commit": _commit(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "CPU")


def _commit() -> str:
    """Return the commit of the package's code, with a + where files differ from it."""

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        folder = Path(__file__).resolve().parent.parent
        return subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, encoding="utf-8", check=False
        )

    try:
        head = git("rev-parse", "--short=10", "HEAD")
        if head.returncode != 0:
            return "not a clone"
        return head.stdout.strip() + (
            "+" if git("diff", "--quiet", "HEAD", "--", "*.py", "*.cpp", "*.h").returncode else ""
        )
    except OSError:
        return "no git"
