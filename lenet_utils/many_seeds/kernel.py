"""Find, build and load the compiled kernels: many_seeds.cpp, teams.cpp and pictures.cpp.

One is compiled on first use with the system's C++ compiler, for the processor at hand, into the
user's cache folder, and found there afterwards.
"""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from ctypes import c_float, c_int, c_int64, c_void_p
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_name("many_seeds.cpp")
TEAMS = Path(__file__).with_name("teams.cpp")
PICTURES = Path(__file__).with_name("pictures.cpp")
LANES = Path(__file__).with_name("lanes.h")
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


class KernelUnavailable(RuntimeError):
    """The kernel cannot be built here; the message says why and what to do."""


def cache_folder() -> Path:
    """Return where built kernels are kept: lenet_utils in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lenet_utils"


@cache
def load_kernel() -> ctypes.CDLL:
    """Return the kernel as a library, building it if this source was never built here.

    Raises:
        KernelUnavailable: no C++ compiler was found, or it failed, or the library does not load.
    """
    kernel = _load(SOURCE, LANES)
    pointer = c_void_p
    kernel.lanes.argtypes, kernel.lanes.restype = [], c_int
    kernel.train.argtypes = [
        *(pointer,) * 5,
        *(c_int, c_int),
        *(pointer, c_int64, c_int64),
        *(pointer,) * 7,
    ]
    kernel.train.restype = None
    kernel.outputs.argtypes = [*(pointer,) * 4, c_int, c_int, c_int64, *(pointer,) * 3]
    kernel.outputs.restype = None
    return kernel


@cache
def load_teams() -> ctypes.CDLL:
    """Return the kernel of teams as a library, building it if this source was never built here.

    Raises:
        KernelUnavailable: see `load_kernel`.
    """
    kernel = _load(TEAMS, SOURCE, LANES)
    pointer = c_void_p
    network = (pointer, pointer, c_int, c_int, c_int)
    kernel.lanes.argtypes, kernel.lanes.restype = [], c_int
    kernel.batch_gradients.argtypes = [
        *(pointer,) * 3,
        *network,
        *(pointer, c_int64, c_int64),
        *(pointer,) * 6,
    ]
    kernel.batch_outputs.argtypes = [*(pointer,) * 2, *network, c_int64, *(pointer,) * 2]
    kernel.momentum_step.argtypes = [c_int64, *(pointer,) * 5, c_float]
    kernel.adam_step.argtypes = [c_int64, *(pointer,) * 6, c_int64]
    for function in ("batch_gradients", "batch_outputs", "momentum_step", "adam_step"):
        getattr(kernel, function).restype = None
    return kernel


@cache
def load_pictures() -> ctypes.CDLL:
    """Return the kernel of pictures as a library, building it if this source was never built here.

    Raises:
        KernelUnavailable: see `load_kernel`.
    """
    kernel = _load(PICTURES, LANES)
    pointer = c_void_p
    kernel.lanes.argtypes, kernel.lanes.restype = [], c_int
    kernel.kept_bytes.argtypes, kernel.kept_bytes.restype = [], c_int64
    kernel.forward_pictures.argtypes = [pointer, c_int64, c_int64, *(pointer,) * 3, c_int]
    kernel.backward_pictures.argtypes = [pointer, c_int64, *(pointer,) * 3, c_int]
    for function in ("forward_pictures", "backward_pictures"):
        getattr(kernel, function).restype = None
    return kernel


def _load(source: Path, *included: Path) -> ctypes.CDLL:
    compiler = _compiler()
    texts = b"".join(path.read_bytes() for path in (source, *included))
    # A folder may be shared by machines of different processors.
    identity = "\n".join([compiler, *FLAGS, platform.machine(), _processor()]).encode()
    name = f"{source.stem}-{hashlib.sha256(texts + identity).hexdigest()[:16]}.so"
    library = cache_folder() / name
    if not library.exists():
        _build(compiler, source, library)
    try:
        return ctypes.CDLL(str(library))
    except OSError as error:
        raise KernelUnavailable(f"the built kernel does not load: {error}") from error


def _compiler() -> str:
    wanted = os.environ.get("CXX")
    for name in (wanted,) if wanted else ("c++", "g++", "clang++"):
        found = shutil.which(name)
        if found:
            return found
    raise KernelUnavailable(
        f"no C++ compiler was found ({wanted or 'c++, g++, clang++'}). Install one (Debian and "
        "Ubuntu: g++; macOS: xcode-select --install), or name it in the variable CXX."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _build(compiler: str, source: Path, library: Path) -> None:
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as folder:
            built = Path(folder) / library.name
            command = [compiler, *FLAGS, str(source), "-o", str(built)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise KernelUnavailable(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
            # Two processes may build at once: the last one to finish replaces an equal file.
            built.replace(library)
    except OSError as error:
        raise KernelUnavailable(
            f"the kernel could not be built in {library.parent}: {error}. Name a folder that can "
            "be written in the variable XDG_CACHE_HOME."
        ) from error
