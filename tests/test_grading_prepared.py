"""The process that is prepared once: what it forks is kept in as what is started afresh."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

GRADING = Path(__file__).parents[1] / "assignments" / "grading"
sys.path.insert(0, str(GRADING))

import isolation  # noqa: E402
from isolation import Limits, Sandbox, SandboxedProcess  # noqa: E402
from prepared import ForkedProcess, prepared  # noqa: E402
from student import Student  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="grading needs Linux or macOS")
LIMITS = Limits(cell_seconds=20, notebook_seconds=60, megabytes=1500)


@pytest.fixture(scope="module")
def afresh() -> Sandbox:
    found = isolation.sandbox()
    if not found.namespaces:
        pytest.skip("needs namespaces")
    return found


@pytest.fixture(scope="module")
def around(afresh: Sandbox) -> Iterator[Sandbox]:
    with prepared(afresh, ["numpy"]) as sandbox:
        yield sandbox


def run(sandbox: Sandbox, source: str, name: str = "found") -> Any:
    """Run a cell in a sandbox, and return what it found."""
    student = Student(sandbox, LIMITS)
    try:
        answer = student.run(source)
        assert not answer["error"], answer
        kind = ForkedProcess if sandbox.prepared else SandboxedProcess
        assert type(student.process) is kind
        return student.fetch(name)[1]
    finally:
        student.close()


# Whatever could let a submission do more, or see more, than another.
PROBE = """
import os, resource, signal, socket, sys
status = dict(l.rstrip("\\n").split(":\\t", 1) for l in open("/proc/self/status") if ":\\t" in l)
wanted = ["Umask", "Uid", "Gid", "Groups", "NSpid", "CapInh", "CapPrm", "CapEff", "CapBnd",
          "CapAmb", "NoNewPrivs", "Seccomp", "SigBlk", "SigIgn", "SigCgt", "Threads", "PPid", "Pid"]
mounts = {}
for line in open("/proc/self/mountinfo"):
    before, _, after = line.partition(" - ")
    mounts[before.split()[4]] = [before.split()[5], *after.split()[::2]]
files = {n: os.path.basename(os.readlink(f"/proc/self/fd/{n}")).partition("[")[0]
         for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")}
listed = {f: sorted(os.listdir(f)) for f in ("/", "/dev", "/tmp", "/dev/shm", "/dev/pts")}
listed["/proc"] = sorted(name for name in os.listdir("/proc") if name.isdigit())
spaces = sorted(os.listdir("/proc/self/ns"))
limits = {n: resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n[:7] == "RLIMIT_"}
network = [line.split()[0] for line in open("/proc/net/dev")][2:]
allowed = {}
for place in ("/", "/dev", "/usr", "/tmp", "/submission", sys.prefix):
    allowed[place] = os.access(place, os.W_OK)
found = [
    {n: status[n] for n in wanted}, mounts, listed, spaces, limits, network, allowed,
    {**os.environ, "PWD": ""}, os.getcwd(), os.listdir(), os.getpgrp(), os.nice(0), sys.flags,
    open("/proc/self/oom_score_adj").read(), sorted(set(files.values())),
    sorted(set(os.listdir("/submission"))), open("/proc/self/coredump_filter").read(),
    socket.gethostname(), [str(signal.getsignal(s)) for s in signal.valid_signals()],
]
found = [str(one) for one in found]
"""


def test_it_is_like_one_that_was_started_afresh(afresh: Sandbox, around: Sandbox) -> None:
    fresh, forked = (run(sandbox, PROBE) for sandbox in (afresh, around))
    for one, other in zip(fresh, forked, strict=True):
        assert one == other


def test_it_gives_up_all_rights(around: Sandbox) -> None:
    found = run(around, PROBE)
    assert "'CapEff': '0000000000000000'" in found[0]
    assert "'CapBnd': '0000000000000000'" in found[0]
    assert "'NoNewPrivs': '1'" in found[0]
    if os.getuid() == 0:
        user = "\\t".join([str(isolation.FIRST_USER)] * 4)
        assert f"'Uid': '{user}', 'Gid': '{user}', 'Groups': ' '" in found[0]


LEAVE = """
import os, socket, subprocess, sys, threading
import numpy
for place in ("/tmp", "/submission", "/dev/shm", "/", "/dev"):
    try:
        open(f"{place}/mine", "w").close()
    except OSError:
        pass
kept = socket.socket(socket.AF_UNIX)
kept.bind("\\0mine")
os.environ["MINE"] = "1"
numpy.mine = True
os.setsid = None
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
found = True
"""
LOOK = """
import os, socket
import numpy
places = ("/", "/dev", "/tmp", "/submission", "/dev/shm")
found = [f"{place}/{name}" for place in places for name in os.listdir(place) if name == "mine"]
try:
    socket.socket(socket.AF_UNIX).connect("\\0mine")
    found.append("socket")
except OSError:
    pass
found += ["variable"] * ("MINE" in os.environ) + ["module"] * hasattr(numpy, "mine")
found += ["function"] * (os.setsid is None)
found += [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
"""


def test_nothing_passes_from_one_to_the_next_or_to_one_beside_it(around: Sandbox) -> None:
    beside = Student(around, LIMITS, slot=1)
    try:
        assert not beside.run(LEAVE)["error"]
        assert run(around, LEAVE) is True
        assert run(around, LOOK) == []
    finally:
        beside.close()


def test_each_has_random_numbers_of_its_own(around: Sandbox) -> None:
    source = "import random, numpy\nfound = [random.random(), float(numpy.random.rand())]"
    (one, two), (three, four) = run(around, source), run(around, source)
    assert one != three
    assert two != four


def gone(processes: list[psutil.Process]) -> bool:
    """Whether processes end within some seconds."""
    return not psutil.wait_procs(processes, timeout=20)[1]


STUBBORN = """
import ctypes, os, signal
ctypes.CDLL(None).prctl(1, 0)  # not to end with the one that started it
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
os.fork()
while True:
    pass
"""


def stubborn(sandbox: Sandbox) -> tuple[Student, list[psutil.Process]]:
    """Return a submission that does not end by itself, and its processes."""
    student = Student(sandbox, LIMITS)
    student.run("pass")
    student._send({"run": STUBBORN, "number": 1})
    until = time.monotonic() + 20
    while len(student.process.members()) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    return student, student.process.members()


def test_it_ends_when_the_other_side_hangs_up(around: Sandbox) -> None:
    student, members = stubborn(around)
    student.process.socket.close()  # as when the worker is killed
    assert gone(members)


def test_it_ends_with_what_has_forked_it(afresh: Sandbox) -> None:
    with prepared(afresh, []) as sandbox:
        _, members = stubborn(sandbox)
    assert gone(members)


def test_without_it_one_is_started_afresh(afresh: Sandbox) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        theirs.close()
        student = Student(replace(afresh, prepared=ours.fileno()), LIMITS)
        student.run("found = 1")
        assert type(student.process) is SandboxedProcess
        assert student.fetch("found")[1] == 1
        student.close()


def test_a_process_that_sees_others_does_not_become_one() -> None:
    code = "import prepare\ntry:\n    prepare._give_up(None)\nexcept OSError as e:\n    print(e)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=GRADING / "inside", capture_output=True, encoding="utf-8"
    )
    # Who has no right to give any up has failed before that.
    assert done.stdout.endswith("rights are left\n"), done.stderr
