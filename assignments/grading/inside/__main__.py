"""The student's process: runs cells, and calls what they define when the tests ask for it.

It reads pickled requests and answers in the plain form of `values`. Nothing in here is trusted by
the other side: the code of a submission can change all of it.
"""

import contextlib
import ctypes
import io
import json
import operator
import os
import pickle
import resource
import signal
import sys
import traceback
from importlib.util import spec_from_file_location
from typing import Any

import prepare
from values import pack

PRINTED = 20_000
NAME, MESSAGE = 100, 2_000
kept: dict[int, Any] = {}


def keep(value: Any) -> int:
    """Store what has to stay here, and return its number."""
    kept[id(value)] = value
    return id(value)


class Bounded(io.StringIO):
    """Takes what is printed, and forgets what is beyond a limit."""

    def write(self, text: str) -> int:
        """Write as long as there is room."""
        if self.tell() < PRINTED:
            super().write(text[: PRINTED - self.tell()])
        return len(text)


class Arguments(pickle.Unpickler):
    """Reads a request; what it names by number is the original that stayed here."""

    def persistent_load(self, pid: int) -> Any:
        """Return the original."""
        return kept[pid]


class Package:
    """Finds the course's package where the other side has it: no PYTHONPATH counts in here."""

    def __init__(self, folder: str):
        self.folder = folder

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        """Say where the package is; nothing about any other module."""
        if name != "lenet_utils":
            return None
        where = [self.folder]
        return spec_from_file_location(
            name, f"{self.folder}/__init__.py", submodule_search_locations=where
        )


def restrict(limits: dict[str, Any]) -> None:
    """Lower the limits of this process for good, and end with the process that started it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    for name in ("RLIMIT_DATA", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE"):
        if name in limits:
            with contextlib.suppress(OSError, ValueError, AttributeError):
                number = getattr(resource, name)
                resource.setrlimit(number, (limits[name], limits[name]))
    if limits["guard"]:
        sys.addaudithook(guard(tuple(limits["readable"]), tuple(limits["writable"])))


def guard(readable: tuple[str, ...], writable: tuple[str, ...]) -> Any:
    """Refuse sockets, programs, and files elsewhere, where the system offers nothing stronger."""
    network = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto")
    programs = ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn")
    changing = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.link")
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event in network:
            raise PermissionError("there is no network while a notebook is graded")
        if event in programs:
            raise PermissionError("no other program can be started while a notebook is graded")
        if event in ("os.kill", "os.killpg") and arguments[0] != os.getpid():
            raise PermissionError("other processes are out of reach while a notebook is graded")
        if event not in ("open", "os.listdir", "os.scandir", *changing):
            return
        path = arguments[0]
        if isinstance(path, str | bytes | os.PathLike):
            changes = event in changing or (event == "open" and arguments[2] & writing)
            full = os.path.realpath(os.fsdecode(path))
            if not full.startswith(writable if changes else readable):
                raise PermissionError(f"{full} is out of reach while a notebook is graded")

    return check


def described(error: BaseException) -> dict[str, Any]:
    """Name an error, and the line of a cell that it came from."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith("<ipython-input")
    ]
    builtin = next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    return {
        "name": type(error).__name__[:NAME],
        "builtin": builtin,
        "message": str(error)[:MESSAGE],
        "line": lines[-1] if lines else None,
    }


def run(shell: Any, source: str) -> dict[str, Any]:
    """Run a cell as Jupyter does."""
    from IPython.utils.capture import capture_output

    printed = Bounded()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        capture_output(stdout=False, stderr=False) as captured,
    ):
        result = shell.run_cell(source, store_history=True)
    error = result.error_before_exec or result.error_in_exec
    shown = [
        {kind: data[kind] for kind in ("text/plain", "image/png") if kind in data}
        for data in (output.data for output in captured.outputs[:20])
    ]
    return {
        "error": described(error) if error else None,
        "printed": "" if error else printed.getvalue(),
        "shown": json.loads(json.dumps(shown, default=lambda data: _base64(data))),
    }


def _base64(data: Any) -> str:
    import base64

    return base64.b64encode(data).decode() if isinstance(data, bytes) else str(data)


def backward(result: Any, gradient: Any, leaves: list[Any], mirrored: list[int]) -> Any:
    """Take a gradient back through what was computed here.

    Returns it for the copies of a test's own tensors, and for the parameters that a test looks at.
    """
    parameters = [kept[number] for number in mirrored]
    for leaf in [*leaves, *parameters]:
        leaf.grad = None
    result.backward(gradient, retain_graph=True)
    return [leaf.grad for leaf in leaves], [leaf.grad for leaf in parameters]


def update(changes: dict[int, tuple[Any, bool]]) -> None:
    """Do to parameters here what a test did to its copies of them."""
    for number, (value, emptied) in changes.items():
        if value is not None:
            kept[number].data.copy_(value)
        if emptied:
            kept[number].grad = None


ASKED = {
    name: getattr(operator, name)
    for name in ("getitem", "setitem", "delitem", "contains", "truth", "index", "call")
} | {f.__name__: f for f in (len, iter, next, float, int, getattr, setattr, backward)}


def versions(value: Any) -> Any:
    """Return what tells whether a tensor, a module or an array was changed in place."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch and isinstance(value, torch.nn.Module):
        return [t._version for t in value.state_dict(keep_vars=True).values()]
    if torch and isinstance(value, torch.Tensor):
        return value._version
    if numpy and isinstance(value, numpy.ndarray):
        return hash(value.tobytes())
    return None


def apply(function: str, arguments: list[Any], keywords: dict[str, Any]) -> dict[str, Any]:
    """Do what a test asks of a value that stayed here."""
    inputs = [*arguments, *keywords.values()]
    before = [versions(value) for value in inputs]
    with contextlib.redirect_stdout(Bounded()), contextlib.redirect_stderr(Bounded()):
        value = ASKED[function](*arguments, **keywords)
    changed = {}
    for place, (value_now, version) in enumerate(zip(inputs, before, strict=True)):
        if version is not None and versions(value_now) != version:
            state = getattr(value_now, "state_dict", None)
            changed[place] = state() if state else value_now
    torch = sys.modules.get("torch")
    leaves = [keep(v) for v in inputs if torch and isinstance(v, torch.Tensor) and v.requires_grad]
    return {"value": value, "changed": changed, "leaves": leaves}


def answer(shell: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Answer one request."""
    if "run" in request:
        return run(shell, request["run"])
    try:
        update(request["updates"])
        if "name" in request:
            names = shell.user_ns
            return {"found": request["name"] in names, "value": names.get(request["name"])}
        return apply(**request["apply"])
    except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's too
        return {"error": described(error)}


def read(stream: Any) -> dict[str, Any] | None:
    """Read a request; None at the end."""
    size = stream.read(8)
    if len(size) < 8:
        return None
    return Arguments(io.BytesIO(stream.read(int.from_bytes(size, "big")))).load()


def main() -> None:
    """Answer until the other side hangs up."""
    limits = json.loads(sys.argv[1])
    if limits["package"]:
        sys.meta_path.insert(0, Package(limits["package"]))
    if "prepare" in limits:
        limits = prepare.fork_for_each(limits["prepare"])
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    restrict(limits)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        number = 0
        try:
            request = read(requests)
            if request is None:
                os._exit(0)
            number = request.pop("number")
            signal.signal(signal.SIGINT, signal.default_int_handler)
            reply = answer(shell, request)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            message = pack(reply, keep)
        except BaseException as error:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            message = pack({"error": described(error)}, keep)
        head = len(message).to_bytes(8, "big") + number.to_bytes(8, "big")
        replies.write(head + message)
        replies.flush()


main()
