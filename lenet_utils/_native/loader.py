"""Find, build and load the compiled kernels.

One is compiled on first use with the system's C++ compiler, for the processor at hand, into the
user's cache folder, and found there afterwards. All of this is optional: where it fails, callers
go on in plain PyTorch, and this process does not try again.
"""

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import stat
import tempfile
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lenet_utils.system import cache_folder, run_program, telling_line

FOLDER = Path(__file__).parent
FLAGS = (
    "-std=c++17",
    "-O3",
    "-march=native",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-shared",
    "-fPIC",
)
TIME_LIMIT = 300.0  # seconds for a build, of which the longest takes 10 on a quick processor
LARGEST = 2**26  # bytes of a library; they have 2**18 and less


class KernelUnavailable(RuntimeError):
    """The kernel cannot be built or loaded here; the message says why and what to do."""


@dataclass
class _Process:
    """What this process has found out, so that it tries nothing twice."""

    libraries: dict[str, ctypes.CDLL] = field(default_factory=dict)
    refusals: dict[str, KernelUnavailable] = field(default_factory=dict)
    compiler: tuple[list[str], str] | None = None  # the command, what it says of its version
    failure: KernelUnavailable | None = None  # to find a compiler, or to build with it
    warned: bool = False


_process = _Process()
_lock = threading.Lock()


def warn_once(error: KernelUnavailable) -> None:
    """Say that there is no kernel, why, and what to do; the next time in a process say nothing."""
    if not _process.warned:
        _process.warned = True
        warnings.warn(
            f"Training and evaluating on the CPU takes longer, in plain PyTorch: {error}",
            stacklevel=3,
        )


def load(name: str | Path) -> ctypes.CDLL:
    """Return a kernel as a library, building it if this source was never built here.

    Args:
        name: of a source in this folder, such as "c1_to_s4", or the path of another one.

    Raises:
        KernelUnavailable: no C++ compiler was found, or it failed, or the cache folder cannot be
            used, or the library does not load. What was raised once in a process is raised again
            without another try.
    """
    source = name if isinstance(name, Path) else FOLDER / f"{name}.cpp"
    return _load(source, *sorted(FOLDER.glob("*.h")))


def compiler_version() -> str:
    """Return what the compiler says it is, such as "g++ (Debian 12.2.0-14) 12.2.0", or "none"."""
    with _lock:
        return _compiler()[1].partition("\n")[0].strip() or "none"


def _load(source: Path, *included: Path) -> ctypes.CDLL:
    name = str(source)
    with _lock:
        if name not in _process.libraries and name not in _process.refusals:
            try:
                _process.libraries[name] = _find_or_build(source, *included)
            except KernelUnavailable as error:
                _process.refusals[name] = error
            except OSError as error:
                _process.refusals[name] = KernelUnavailable(
                    f"{source.name} cannot be read ({error})."
                )
    if name in _process.refusals:
        raise _process.refusals[name].with_traceback(None)
    return _process.libraries[name]


def _find_or_build(source: Path, *included: Path) -> ctypes.CDLL:
    """Return a whole library from the cache, or build one.

    The name of a library holds three digests: of sources, flags and processor, for a folder may be
    shared by different machines; of the compiler; and of the library's own content, so that one
    renaming sets both in place.
    """
    texts = [path.read_bytes() for path in (source, *included)]
    folder = _own_folder()
    kind = _digest(*texts, *FLAGS, platform.machine(), _processor())
    command, version = _compiler()
    # Without a compiler a library serves that any compiler made, such as an image's own.
    maker = _digest(*command, version) if command else "*"
    for found in sorted(folder.glob(f"{source.stem}-{kind}-{maker}-*.so")):
        try:
            return _open(found)
        except (OSError, AttributeError):
            _remove(found)
    if _process.failure is None:
        try:
            built = _build(command, source, folder, f"{source.stem}-{kind}-{maker}")
            try:
                return _open(built)
            except (OSError, AttributeError) as error:
                _remove(built)
                raise _failed(command, f"what it made does not load: {error}") from error
        except KernelUnavailable as error:
            _process.failure = error
    raise _process.failure


def _digest(*parts: bytes | str) -> str:
    whole = b"\0".join(os.fsencode(part) for part in parts)
    return hashlib.sha256(whole).hexdigest()[:16]


def _own_folder() -> Path:
    """Return the folder of the libraries: to load one runs it, so nobody else may write there."""
    try:
        folder = cache_folder() / "kernels"
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise _unusable("the cache folder", error) from error
    if hasattr(os, "geteuid"):
        if found.st_uid not in (os.geteuid(), 0):
            raise _unusable(folder, "it belongs to another user")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise _unusable(folder, "others can write to it")
    return folder


def _open(library: Path) -> ctypes.CDLL:
    """Load a library that is whole: a damaged one would end the process, or do anything else."""
    about = library.lstat()
    plain = stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST
    if not plain or not library.stem.endswith(_digest(library.read_bytes())):
        raise OSError(f"{library} is damaged")
    kernel = ctypes.CDLL(str(library))
    kernel.lanes.restype = ctypes.c_int  # every kernel has it
    return kernel


def _remove(library: Path) -> None:
    with suppress(OSError):
        library.unlink()


def _compiler() -> tuple[list[str], str]:
    """Return the compiler's command and what it says of its version; nothing where none runs."""
    if _process.compiler is None:
        _process.compiler = [], ""
        try:
            command = _command()
            _process.compiler = command, run_program([*command, "--version"], 20)[1]
        except KernelUnavailable as error:
            _process.failure = error
        except OSError as error:
            _process.failure = _failed(command, error)
    return _process.compiler


def _command() -> list[str]:
    wanted = os.environ.get("CXX", "").strip()
    if wanted and not shutil.which(wanted):  # "ccache g++", or a path in quotes
        with suppress(ValueError):
            first, *rest = shlex.split(wanted)
            found = shutil.which(first)
            if found:
                return [found, *rest]
    for name in (wanted,) if wanted else ("c++", "g++", "clang++"):
        found = shutil.which(name)
        if found:
            return [found]
    raise KernelUnavailable(
        f"no C++ compiler was found ({wanted or 'c++, g++, clang++'}); install one (Debian and "
        "Ubuntu: g++; macOS: xcode-select --install), or name it in the variable CXX, and start "
        "Python anew."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _build(command: list[str], source: Path, folder: Path, name: str) -> Path:
    """Compile aside, and rename when done: of two processes the later replaces an equal file."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix="build-") as aside:
            built = Path(aside) / "built.so"
            try:
                status, output = run_program(
                    [*command, *FLAGS, f"-I{FOLDER}", str(source), "-o", str(built)],
                    TIME_LIMIT,
                    environment={**os.environ, "LC_ALL": "C"},
                )
            except OSError as error:
                raise _failed(command, error) from error
            if status or not built.is_file():
                raise _failed(command, _end(status, output))
            built.chmod(0o755)
            return built.replace(folder / f"{name}-{_digest(built.read_bytes())}.so")
    except OSError as error:
        raise _unusable(folder, error) from error


def _end(status: int, output: str) -> str:
    """Say in a few words how a compiler ended without a library."""
    if status < 0:
        return f"it was ended by signal {-status}"
    return f"exit status {status}: {telling_line(output)}"


def _failed(command: list[str], what: object) -> KernelUnavailable:
    return KernelUnavailable(
        f"the C++ compiler {shlex.join(command)} failed ({what}); name another one in the variable "
        "CXX, or in XDG_CACHE_HOME a folder that may hold programs, and start Python anew."
    )


def _unusable(folder: Path | str, what: object) -> KernelUnavailable:
    return KernelUnavailable(
        f"compiled kernels cannot be kept in {folder} ({what}); name a folder of your own in the "
        "variable XDG_CACHE_HOME, and start Python anew."
    )
