"""Build every kernel with every compiler that is here, for every width of vectors, and run it.

    python tools/native.py [--all]

The driver in tests/native gives each kernel numbers that a formula makes, and compares what it
gives with plain PyTorch's, stored in golden.txt. A compiler that is not here is named and left
out; with --all it is a failure. ARM runs under emulation: on Debian and Ubuntu install
g++-aarch64-linux-gnu and qemu-user.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from lenet_utils._native.loader import FLAGS, FOLDER

ROOT = Path(__file__).resolve().parents[1]
DRIVER = ROOT / "tests" / "native" / "driver.cpp"
GOLDEN = DRIVER.with_name("golden.txt")
KERNELS = {
    "NETWORKS_1998": FOLDER / "networks_1998.cpp",
    "C1_TO_S4": FOLDER / "c1_to_s4.cpp",
    "PARALLEL": ROOT / "lenet_research" / "parallel.cpp",
}
COMMON = [f for f in FLAGS if f not in ("-shared", "-fPIC", "-march=native")]
SANITIZED = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover"]
REFUSE_UNDEFINED = "-Wl,-undefined,error" if sys.platform == "darwin" else "-Wl,-z,defs"


class Build(NamedTuple):
    """A way to build and run the kernels."""

    name: str
    command: list[str]
    runner: tuple[str, ...] = ()


BUILDS = [
    Build("g++, this processor", ["g++", "-march=native"]),
    Build("g++, AVX2", ["g++", "-mavx2", "-mfma"]),
    Build("g++, SSE2", ["g++"]),
    Build("g++, sanitized", ["g++", "-march=native", *SANITIZED]),
    Build("clang++, this processor", ["clang++", "-march=native"]),
    Build("clang++ with libomp", ["clang++", "-march=native", "-fopenmp"]),
    Build("ARM, emulated", ["aarch64-linux-gnu-g++", "-static"], ("qemu-aarch64",)),
]
APPLE = [Build("clang++ of Apple", ["clang++"])]


def main(arguments: list[str] | None = None) -> int:
    """Build and run all; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description="Build the kernels with every compiler here.")
    parser.add_argument("--all", action="store_true", help="fail where a compiler is missing")
    options = parser.parse_args(arguments)
    failed = 0
    for build in APPLE if sys.platform == "darwin" else BUILDS:
        tools = [build.command[0], *build.runner]
        missing = [tool for tool in tools if shutil.which(tool) is None]
        if missing:
            print(f"{build.name}: not here: {', '.join(missing)}")
            failed += options.all
            continue
        for macro, source in KERNELS.items():
            problem = attempt(build, macro, source)
            print(f"{build.name}: {source.name}: {problem or 'as PyTorch'}", flush=True)
            failed += bool(problem)
    print(f"{'0' if failed else '1'} passed, {failed} failed")
    return int(failed > 0)


def attempt(build: Build, macro: str, source: Path) -> str:
    """Build a kernel as a library that may leave nothing undefined, and as a program; run that."""
    compiler, *flags = build.command
    with tempfile.TemporaryDirectory() as folder:
        library, program = str(Path(folder) / "kernel.so"), str(Path(folder) / "driver")
        plain = [f for f in flags if f not in (*SANITIZED, "-static")]
        files = [f"-I{FOLDER}", str(source), "-o"]
        library_flags = [*COMMON, *plain, "-shared", "-fPIC", REFUSE_UNDEFINED]
        commands = [
            [compiler, *library_flags, *files, library],
            [compiler, *COMMON, *flags, f"-D{macro}", str(DRIVER), *files, program],
            [*build.runner, program, str(GOLDEN)],
        ]
        for command in commands:
            done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
            if done.returncode:
                return f"{' '.join(command)} ended with {done.returncode}:\n" + (
                    done.stdout + done.stderr
                )
    return ""


if __name__ == "__main__":
    sys.exit(main())
