"""One process that has imported what submissions import, and forks the process of each.

To import PyTorch takes longer than to grade most submissions. So it is done once, in a sandbox, by
a process that runs nothing of a student's. What it forks goes into namespaces of its own, with an
empty folder, and gives up its rights, before it is told anything: `inside/prepare.py`. The tests
compare it with a sandbox that was started afresh.
"""

import contextlib
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace

import psutil
from inside.prepare import READY
from isolation import Limits, Sandbox, SandboxedProcess, enter, package

STARTING = 120  # seconds, with the imports
CREDENTIALS = struct.Struct("3i")  # process, user, group


@contextlib.contextmanager
def prepared(sandbox: Sandbox, packages: Iterable[str]) -> Iterator[Sandbox]:
    """Prepare a process for submissions that import `packages`, and end it afterwards.

    Where there are no namespaces, and where it cannot be started, each submission has a process
    that is started afresh, as without this.
    """
    if not sandbox.namespaces:
        yield sandbox
        return
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    folder = tempfile.mkdtemp(prefix="grading-")
    told = {"package": package(), "prepare": sorted(packages)}
    command, environment = enter(sandbox, folder, None, told)
    process = None
    try:
        with ours:
            with theirs, contextlib.suppress(OSError):
                process = subprocess.Popen(
                    command, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    start_new_session=True, env=environment, cwd=folder,
                )  # fmt: skip
            yield replace(sandbox, prepared=ours.fileno()) if process else sandbox
    finally:
        if process:
            process.kill()  # and with it, since it is the first of its namespace, all it forked
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


class ForkedProcess(SandboxedProcess):
    """A submission's process that was forked, and the socket that it answers on.

    Raises:
        OSError: none was forked.
        psutil.Error: it has ended again.
    """

    def __init__(self, sandbox: Sandbox, limits: Limits, user: int):
        self.limits = limits
        self.socket, theirs = socket.socketpair()
        told = limits.inside(sandbox) | {"user": user if sandbox.own_user else None}
        try:
            with theirs, socket.socket(fileno=os.dup(sandbox.prepared)) as control:
                # The kernel says who has written, in numbers of this namespace.
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
                control.settimeout(STARTING)
                socket.send_fds(control, [json.dumps(told).encode()], [theirs.fileno()])
            self.socket.settimeout(STARTING)
            said, about, *_ = self.socket.recvmsg(1000, socket.CMSG_SPACE(CREDENTIALS.size))
            if said != READY:
                raise OSError(said.decode() or "nothing was forked")
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
            self.process = psutil.Process(CREDENTIALS.unpack(about[0][2])[0])
        except (OSError, psutil.Error):
            self.socket.close()
            raise

    def members(self) -> list[psutil.Process]:
        """Return the processes of the submission, the first one first."""
        try:
            return [self.process, *self.process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _clear(self) -> None:
        self.socket.close()
