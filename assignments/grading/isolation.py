"""The sandbox of a submission: what it can see, reach and use up.

On Linux, where namespaces are allowed: its own file system with nothing but Python, the course's
packages and an empty folder, no network, its own processes, and, for root, a user of its own.
Elsewhere only a process with limits and a guard inside Python, which stops accidents and not a
determined author; `Sandbox.describe` says which of the two it is.
"""

import json
import os
import pickle
import shutil
import signal
import site
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).resolve().parent
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32")
SETTINGS = ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives")
FIRST_USER = 61_000


@dataclass(frozen=True)
class Limits:
    """What one submission may use up."""

    cell_seconds: float = 120
    notebook_seconds: float = 600
    megabytes: int = 3000
    processes: int = 64

    def inside(self, sandbox: "Sandbox") -> dict[str, Any]:
        """Return what the process of a submission is told of them."""
        told = {
            "RLIMIT_DATA": self.megabytes * 2**20,
            "RLIMIT_FSIZE": 64 * 2**20,
            "RLIMIT_NOFILE": 256,
            "RLIMIT_CORE": 0,
            "guard": not sandbox.namespaces,
        }
        if sandbox.own_user or sandbox.namespaces:
            told["RLIMIT_NPROC"] = self.processes
        return told


def package() -> str | None:
    """Return the folder of the course's package: this repository's, or one that is installed."""
    found = find_spec("lenet_utils")
    return str(Path(found.origin).parent) if found else None


def readable() -> list[str]:
    """Return the files and folders that Python and the course need, outermost first."""
    folders = [Path(sys.base_prefix), Path(sys.prefix), *map(Path, site.getsitepackages())]
    folders += [Path(entry) for entry in sys.path if entry.endswith("site-packages")]
    if found := package():
        folders.append(Path(found))
    folders.append(HERE / "inside")
    paths = [*SYSTEM, *SETTINGS]
    for folder in sorted({*map(str, folders), *(str(f.resolve()) for f in folders)}):
        if not any(Path(folder).is_relative_to(known) for known in paths):
            paths.append(folder)
    return paths


def surroundings(home: str, temporary: str) -> dict[str, str]:
    """Return the environment of a submission."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": temporary,
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
        "LANG": "C.UTF-8",
    }


def inside(told: dict[str, Any]) -> list[str]:
    """Return the command that runs in a sandbox."""
    return [sys.executable, "-I", "-B", str(HERE / "inside"), json.dumps(told)]


def enter(
    sandbox: "Sandbox", folder: str, user: int | None, told: dict[str, Any]
) -> tuple[list[str], dict[str, str]]:
    """Return the command that runs in namespaces of its own, and its environment.

    Args:
        sandbox: with namespaces.
        folder: an empty one.
        user: as whom, if submissions have users of their own; None to stay who builds it.
        told: what the command is told.
    """
    spaces = ["--mount", "--net", "--pid", "--ipc", "--uts", "--propagation=private"]
    if not sandbox.own_user:
        spaces += ["--user", "--map-root-user"]
    outside = ["setpriv", "--pdeathsig=KILL", "unshare", *spaces, "--fork", "--kill-child=KILL"]
    identity = "stay" if user is None else str(user if sandbox.own_user else 0)
    script = ["sh", str(HERE / "sandbox.sh"), folder, identity, *readable(), "--"]
    environment = surroundings("/submission", "/tmp") | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    return [*outside, *script, "env", "-C", "/submission", *inside(told)], environment


@dataclass(frozen=True)
class Sandbox:
    """How submissions are kept in on this computer: made by `sandbox`.

    Args:
        namespaces: whether they have a file system, a network and processes of their own.
        own_user: whether they run as another user.
        prepared: the descriptor of what forks them, from `prepared.prepared`, if there is one.
    """

    namespaces: bool
    own_user: bool
    prepared: int | None = None

    def describe(self) -> str:
        """Say in a line what protects the computer and the grades."""
        user = "a user of its own" if self.own_user else "your own user"
        if self.namespaces:
            return f"own file system, no network, own processes, {user}"
        return (
            f"WEAK: only limits and a guard inside Python, {user}; a hostile submission could read "
            "files and use the network. See README.md, Limits"
        )

    def start(self, limits: Limits, slot: int = 0) -> "SandboxedProcess":
        """Start the process of a submission; `slot` tells apart those that run side by side."""
        user = FIRST_USER + slot if self.own_user else os.getuid()
        if self.prepared is not None:
            import prepared

            try:
                return prepared.ForkedProcess(self, limits, user)
            except (OSError, psutil.Error) as error:
                print(f"The process of a submission is started afresh: {error}", flush=True)
        return SandboxedProcess(self, limits, user)


class SandboxedProcess:
    """A submission's process, and the socket that it answers on."""

    def __init__(self, sandbox: Sandbox, limits: Limits, user: int):
        self.limits = limits
        self.folder = tempfile.mkdtemp(prefix="grading-")
        self.socket, theirs = socket.socketpair()
        command, options = self._command(sandbox, user)
        try:
            with theirs:
                self.process = subprocess.Popen(
                    command,
                    stdin=theirs,
                    stdout=theirs,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    **options,
                )
        except OSError:
            self._clear()
            raise

    def _command(self, sandbox: Sandbox, user: int) -> tuple[list[str], dict]:
        own = [os.path.realpath(self.folder), "/dev/"]
        guarded = {"readable": [*readable(), *own, "/proc/self"], "writable": own}
        limits = self.limits.inside(sandbox) | {"package": package(), **guarded}
        if sandbox.namespaces:
            command, environment = enter(sandbox, self.folder, user, limits)
            return command, {"env": environment, "cwd": self.folder}
        options = {"env": surroundings(self.folder, self.folder), "cwd": self.folder}
        if sandbox.own_user:
            os.chown(self.folder, user, user)
            options |= {"user": user, "group": user, "extra_groups": []}
        return inside(limits), options

    def members(self) -> list[psutil.Process]:
        """Return the processes of the submission, the first one first."""
        try:
            first = psutil.Process(self.process.pid)
            below = first.children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return below if self.process.args[0] == "setpriv" else [first, *below]

    def seconds(self) -> float:
        """Return the processor time that it has used, with that of processes that it waited for."""
        total = 0.0
        for member in self.members():
            try:
                total += sum(member.cpu_times()[:4])
            except psutil.Error:
                continue
        return total

    def megabytes(self) -> float:
        """Return the memory that all its processes hold together, shared pages counted once."""
        held = 0.0
        for kind in ("rss", "pss"):  # the second takes long, and only the first can be too high
            held = 0.0
            for member in self.members():
                try:
                    info = member.memory_info() if kind == "rss" else member.memory_full_info()
                    held += getattr(info, kind, info.rss) / 2**20
                except psutil.Error:
                    continue
            if held <= self.limits.megabytes:
                break
        return held

    def interrupt(self) -> None:
        """Ask it to stop what it does, as Ctrl-C."""
        for member in self.members()[:1]:
            try:
                member.send_signal(signal.SIGINT)
            except psutil.Error:
                continue

    def kill(self) -> None:
        """End it with everything it started, and clear away its folder."""
        for member in [*self.members(), self.process]:
            try:
                member.kill()
            except psutil.Error:
                continue
        self.process.wait()
        self._clear()

    def _clear(self) -> None:
        self.socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def sandbox() -> Sandbox:
    """Find out, by trying, what this computer allows.

    Raises:
        RuntimeError: submissions could only run as root, and do what they like.
    """
    root = os.getuid() == 0
    tried = [Sandbox(True, root), Sandbox(False, root)]
    if not all(map(shutil.which, ("unshare", "setpriv", "chroot", "mount"))):
        tried = tried[1:]
    for found in tried:
        if _starts(found):
            return found
    if root:
        raise RuntimeError(
            f"As root, submissions need Linux namespaces, or a Python that other users can start, "
            f"which {sys.executable} is not: grade as an ordinary user"
        )
    raise RuntimeError(f"{sys.executable} does not start as the process of a submission")


def _starts(sandbox: Sandbox) -> bool:
    """Try whether a process runs in such a sandbox, and answers."""
    body = pickle.dumps({"run": "pass", "number": 0})
    try:
        process = sandbox.start(Limits())
    except OSError:  # that user may not start this Python
        return False
    try:
        process.socket.settimeout(60)
        process.socket.sendall(len(body).to_bytes(8, "big") + body)
        return bool(process.socket.recv(8))
    except OSError:
        return False
    finally:
        process.kill()
