"""Fork the process of each submission from one that has imported what they import.

This process runs nothing of a student's. For each request it forks twice: first a watcher, which
goes into new namespaces, and then, as the first process there, that of the submission. The latter
hides what it has inherited below empty folders, gives up every right for good, and looks whether it
has, before it reads a word from the other side.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any, NoReturn

LIBRARY = ctypes.CDLL(None, use_errno=True)
SPACES = 0x0002_0000 | 0x0400_0000 | 0x0800_0000 | 0x2000_0000 | 0x4000_0000  # CLONE_NEW...
NOSUID, NODEV, NOEXEC = 2, 4, 8  # MS_...
DUMPABLE, DROP, NO_NEW_PRIVILEGES, AMBIENT = 4, 24, 38, 47  # PR_...
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
READY = b"ready"
EMPTY = ("/tmp", "/submission", "/dev/shm")
MOUNTED = (
    *(("tmpfs", place, NOSUID | NODEV, b"size=128m,mode=777") for place in EMPTY),
    ("proc", "/proc", NOSUID | NODEV | NOEXEC, None),
    ("devpts", "/dev/pts", 0, b"newinstance,ptmxmode=666"),
)


def fork_for_each(packages: list[str]) -> dict[str, Any]:
    """Import the packages, and fork when asked to; return in the process of a submission.

    Returns:
        The limits of that submission.
    """
    for name in ("IPython.core.interactiveshell", "IPython.utils.capture", *packages):
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # else the next collection would copy all of it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for watchers
    asked = socket.socket(fileno=os.dup(0))
    while True:
        request, descriptors, *_ = socket.recv_fds(asked, 2**16, 1)
        if not request:
            os._exit(0)
        with contextlib.suppress(OSError):
            if os.fork() == 0:
                asked.detach()
                return _become(json.loads(request), descriptors[0])
        for number in descriptors:
            os.close(number)


def _become(limits: dict[str, Any], descriptor: int) -> dict[str, Any]:
    """Be the watcher, and return in the process of the submission; any failure ends both."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.dup2(descriptor, 0)
        os.dup2(descriptor, 1)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        _called(LIBRARY.unshare, SPACES)
        if child := os.fork():
            _watch(child)
        for kind, place, flags, options in MOUNTED:
            name = kind.encode()
            _called(LIBRARY.mount, name, place.encode(), name, ctypes.c_ulong(flags), options)
        os.chdir("/submission")
        _give_up(limits.pop("user"))
        if numpy := sys.modules.get("numpy"):
            numpy.random.seed()  # Python's own generator does so after each fork
        os.write(1, READY)
    except BaseException as error:
        os.write(1, repr(error).encode()[:1000])
        os._exit(1)
    return limits


def _watch(child: int) -> NoReturn:
    """Wait for the end of a submission, and end it when the other side has hung up."""
    look, longest = select.poll(), None
    look.register(0, 0)
    try:
        look.register(os.pidfd_open(child), select.POLLIN)
    except OSError:
        longest = 200
    while True:
        hung_up = any(number == 0 for number, _ in look.poll(longest))
        if hung_up:
            os.kill(child, signal.SIGKILL)
        if os.waitpid(child, 0 if hung_up else os.WNOHANG)[0]:
            os._exit(0)


def _give_up(user: int | None) -> None:
    """Give up all rights for good, and become another user if there is one.

    Raises:
        OSError: the process has rights left, or sees other processes.
    """
    capability = 0
    while LIBRARY.prctl(DROP, capability, 0, 0, 0) == 0:
        capability += 1
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _called(LIBRARY.prctl, AMBIENT, 4, 0, 0, 0)  # clear all
    header, none = (ctypes.c_uint32 * 2)(0x2008_0522, 0), (ctypes.c_uint32 * 6)()
    _called(LIBRARY.capset, header, none)
    _called(LIBRARY.prctl, NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _called(LIBRARY.prctl, DUMPABLE, 1, 0, 0, 0)  # as after exec; else /proc/self is root's
    with open("/proc/self/status", encoding="utf-8") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    identity = "\t".join([str(user or 0)] * 4)
    processes = [name for name in os.listdir("/proc") if name.isdigit()]
    if (
        any(int(status[name], 16) for name in CAPABILITIES)
        or {status["Uid"], status["Gid"]} != {identity}
        or status["NoNewPrivs"] != "1"
        or processes != ["1"]
    ):
        raise OSError("rights are left")


def _called(function: Any, *arguments: Any) -> None:
    """Call a function of the C library.

    Raises:
        OSError: it says that it failed.
    """
    if function(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), function.__name__)
