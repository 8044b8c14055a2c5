"""The trusted end of a submission's process: asks it to run cells, and for what they defined."""

import builtins
import io
import os
import secrets
import sys
import time
from functools import partial
from typing import Any

from inside.values import LONGEST, Unpacker
from isolation import Limits, Sandbox, SandboxedProcess
from stand_ins import Arguments, Kept, stand_in

GRACE = 2.0
TICK = 0.2
# Time is that of the processor, so that a busy computer costs nobody points. One that waits
# instead of computing is stopped by the clock, after so many times its limit.
PATIENCE = 4
PROCESSORS = os.cpu_count() or 1
RESTARTS = 3
NAME, MESSAGE = 100, 2_000


class NotebookStopped(RuntimeError):
    """The process of the submission was ended, or ended itself."""


class Student:
    """A submission while it is graded.

    A cell that ends its process, or has to be ended, costs what it defined: a new process is
    started and the cells before it are run again, at most three times.

    Args:
        sandbox: how submissions are kept in.
        limits: what this one may use up.
        slot: its place among those graded side by side.
    """

    def __init__(self, sandbox: Sandbox, limits: Limits, slot: int = 0):
        self.sandbox, self.limits, self.slot = sandbox, limits, slot
        self.ends = time.monotonic() + PATIENCE * limits.notebook_seconds
        self.cell_began = self.spent = self.seen = 0.0
        self.looked = time.monotonic()
        self.process: SandboxedProcess | None = None
        self.mirrors: Any = None
        self.done: list[str] = []
        self.starts = 0

    def begin_cell(self) -> None:
        """Start the clock of a cell."""
        self.cell_ends = time.monotonic() + PATIENCE * self.limits.cell_seconds
        self.cell_began = self._spent()
        self.mirrors = None

    def _spent(self) -> float:
        """Return the processor time of the submission so far, earlier processes included."""
        self.looked = time.monotonic()
        self.seen = self.spent + (self.process.seconds() if self.process else 0.0)
        return self.seen

    def _most_spent(self) -> float:
        """Return what that can be at most since it was last looked at, which takes long."""
        return self.seen + (time.monotonic() - self.looked) * PROCESSORS

    def _used_up(self) -> NotebookStopped | None:
        """Return what is to be said when a limit of time is reached, else None."""
        limits = self.limits.notebook_seconds, self.cell_began + self.limits.cell_seconds
        now, spent = time.monotonic(), self._most_spent()
        if spent > min(limits):
            spent = self._spent()
        if now > self.ends or spent > self.limits.notebook_seconds:
            limit = self.limits.notebook_seconds
            return NotebookStopped(f"the time for the whole notebook, {limit:g} s, is used up")
        if now > self.cell_ends or spent > self.cell_began + self.limits.cell_seconds:
            limit = self.limits.cell_seconds
            return NotebookStopped(f"stopped after {limit:g} s, the limit of a cell")
        return None

    def run(self, source: str) -> dict[str, Any]:
        """Run a cell; the answer has `error`, `printed` and `shown`."""
        self.begin_cell()
        try:
            answer = self._ask({"run": source})
        except NotebookStopped as stop:
            return {"error": _error(stop), "printed": "", "shown": []}
        error = answer["error"] = _bounded(answer.get("error"))
        if error and (stop := self._used_up()):
            answer["error"] = _error(stop)
        elif error and error["name"] == "MemoryError":
            error["message"] = f"it takes more than {self.limits.megabytes} MB"
            self.close()  # what filled the memory is still there
        else:
            self.done.append(source)
        return answer

    def fetch(self, name: str) -> tuple[bool, Any]:
        """Return whether the notebook defines `name`, and its value or a stand-in for it."""
        answer = self._ask({"name": name})
        if "error" in answer:
            _raise(_bounded(answer["error"]), f"reading {name}")
        return answer["found"], answer["value"]

    def ask(self, function: str, *arguments: Any, **keywords: Any) -> Any:
        """Let the notebook's process apply one of its operations, and return what comes out.

        Raises:
            Exception: what the notebook's code raised, as the built-in error nearest to it.
            NotebookStopped: it took too long or too much, or ended its process.
        """
        inputs = [*arguments, *keywords.values()]
        wanting = [v for v in inputs if _is_tensor(v) and v.requires_grad]
        request = {"function": function, "arguments": list(arguments), "keywords": keywords}
        answer = self._ask({"apply": request}, wanting)
        if "error" in answer:
            if stop := self._used_up():
                raise stop
            _raise(_bounded(answer["error"]), "your code")
        for place, value in answer["changed"].items():
            _change(inputs[place], value)
        return answer["value"]

    def _ask(self, request: dict[str, Any], wanting: list[Any] | None = None) -> dict[str, Any]:
        if stop := self._used_up():
            raise stop
        leaves: list[Kept] = []
        unpacker = Unpacker(
            kept=partial(stand_in, self),
            graph=lambda *of: self._with_mirrors().join(self, wanting or [], leaves, *of),
            leaf=self._mirror,
        )
        try:
            if self.process is None:
                self._start()
            updates = self.mirrors.changes() if self.mirrors else {}
            answer = unpacker.unpack(self._exchange({**request, "updates": updates}))
            leaves += [Kept(self, number) for number in answer.get("leaves", [])]
        except (OSError, EOFError):
            self.close()
            raise NotebookStopped("this ended the process of the notebook") from None
        except (ValueError, AttributeError, TypeError) as error:
            self.close()
            raise NotebookStopped(f"this garbled what the notebook sends: {error}") from None
        return answer

    def _mirror(self, tensor: Any, number: int) -> Any:
        self._with_mirrors()
        return self.mirrors.of(tensor, number)

    def _with_mirrors(self) -> Any:
        """Import what needs torch only where a notebook uses it."""
        import gradients

        self.mirrors = self.mirrors or gradients.Mirrors()
        return gradients

    def _start(self) -> None:
        if self.starts > RESTARTS:
            raise NotebookStopped(f"not run: the notebook ended its process {self.starts} times")
        self.starts += 1
        self.process = self.sandbox.start(self.limits, self.slot)
        self.cell_ends, self.cell_began = self.ends, self.limits.notebook_seconds
        for source in self.done:
            self._exchange({"run": source})
        self.begin_cell()

    def _exchange(self, request: dict[str, Any]) -> bytes:
        """Send a request, and return the reply to it: the one that carries its number.

        The number cannot be guessed, so that nothing that is written before it, or twice, is
        taken for the reply.
        """
        number = secrets.randbits(63)
        self._send({**request, "number": number})
        size, replied = (int.from_bytes(self._read(8), "big") for _ in range(2))
        if replied != number:
            raise ValueError("a reply that nobody has asked for")
        if size > LONGEST:
            self.close()
            raise NotebookStopped("a value is too large to be read")
        return self._read(size)

    def _send(self, request: dict[str, Any]) -> None:
        stream = io.BytesIO()
        Arguments(stream).dump(request)
        body = stream.getvalue()
        self.process.socket.settimeout(max(TICK, self.cell_ends - time.monotonic()))
        self.process.socket.sendall(len(body).to_bytes(8, "big") + body)

    def _read(self, size: int) -> bytes:
        parts, missing, interrupted = [], size, None
        looked = time.monotonic()
        while missing:
            self.process.socket.settimeout(TICK)
            try:
                part = self.process.socket.recv(min(missing, 2**20))
                if not part:
                    raise EOFError
                parts.append(part)
                missing -= len(part)
            except TimeoutError:
                pass
            # Not only where nothing comes: a reply may come letter by letter.
            if missing and time.monotonic() > looked + TICK:
                interrupted, looked = self._watch(interrupted), time.monotonic()
        return b"".join(parts)

    def _watch(self, interrupted: float | None) -> float | None:
        """Look at time and memory while the notebook works; end it when it does not stop."""
        if self.process.megabytes() > self.limits.megabytes:
            self.close()
            raise NotebookStopped(f"stopped: it took more than {self.limits.megabytes} MB")
        stop = self._used_up()
        if stop and interrupted is None:
            self.process.interrupt()
            return time.monotonic()
        if stop and time.monotonic() > interrupted + GRACE:
            self.close()
            raise stop
        return interrupted

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self.spent += self.process.seconds()
            self.process.kill()
            self.process = self.mirrors = None


def _error(error: Exception) -> dict[str, Any]:
    return {"name": type(error).__name__, "message": str(error), "line": None}


def _bounded(error: Any) -> dict[str, Any] | None:
    """Return what the notebook's process says of an error, of which it may say anything."""
    if not error:
        return None
    if not isinstance(error, dict):
        return {"name": "garbled", "message": "no error that can be read", "line": None}
    line = error.get("line")
    return {
        "name": cut(error.get("name"), NAME),
        "builtin": cut(error.get("builtin"), NAME),
        "message": cut(error.get("message"), MESSAGE),
        "line": line if type(line) is int and 0 < line < 10**6 else None,
    }


def cut(text: Any, longest: int) -> str:
    """Return a text that is not too long and that every file can hold; "" for what is none."""
    text = text if isinstance(text, str) else ""
    return text[:longest].encode(errors="backslashreplace").decode()


def _raise(error: dict[str, Any], where: str) -> None:
    """Raise the built-in error that the notebook's error is a kind of."""
    kind = getattr(builtins, str(error.get("builtin")), None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = RuntimeError
    line = f", line {error['line']} of its cell" if error.get("line") else ""
    message = f"{where} raised {error['name']}{line}: {error['message']}".removesuffix(": ")
    try:
        raised = kind(message)
    except TypeError:  # such as UnicodeDecodeError, which wants five arguments
        raised = RuntimeError(message)
    raise raised


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _change(mine: Any, theirs: Any) -> None:
    """Repeat here what the notebook's code did in place to an argument."""
    if hasattr(mine, "load_state_dict"):
        mine.load_state_dict(theirs)
    elif _is_tensor(mine):
        mine.data.copy_(theirs)
    elif getattr(mine, "shape", None) == getattr(theirs, "shape", ()):
        mine[...] = theirs
