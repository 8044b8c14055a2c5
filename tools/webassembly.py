"""Build the training that runs in the page, from the package's own kernel, for WebAssembly.

    python tools/webassembly.py

On Debian and Ubuntu it needs clang and lld; no emscripten. What is built is stored with the book,
for who builds the book needs no compiler: `book/_static/live/training.wasm`, and beside the source
`built.json`, the digest of the sources and the version of the compiler that made it of them.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lenet_utils._native.loader import FOLDER

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "book" / "_wasm" / "training.cpp"
BUILT = SOURCE.with_name("built.json")
TARGET = ROOT / "book" / "_static" / "live" / "training.wasm"
COMPILER = "clang++"
FLAGS = (
    "--target=wasm32",
    "-std=c++17",
    "-O3",
    # Vectors of four numbers, and filling of memory, which every browser since 2021 has, but for
    # Safari, which has them since 2023.
    "-msimd128",
    "-mbulk-memory",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-exceptions",
    "-fno-rtti",
    "-ffreestanding",
    "-nostdlib",
    "-Wl,--no-entry,--strip-all,--export-dynamic",
)


def sources() -> list[Path]:
    """Return the files that it is built from, in an order that does not change."""
    shared = [FOLDER / name for name in ("c1_to_s4.h", "layers.h", "vectors.h")]
    return [SOURCE, *sorted((SOURCE.parent / "include").iterdir()), *shared]


def digest() -> str:
    """Return what changes when the sources or the flags do."""
    found = hashlib.sha256(" ".join(FLAGS).encode())
    for path in sources():
        found.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


def version() -> str | None:
    """Return what the compiler says it is, or None where it or its linker is missing."""
    if shutil.which(COMPILER) is None or shutil.which("wasm-ld") is None:
        return None
    said = subprocess.run(
        [COMPILER, "--version"], capture_output=True, encoding="utf-8", check=True
    )
    return said.stdout.partition("\n")[0].strip()


def compiled() -> bytes:
    """Compile the sources.

    Raises:
        subprocess.CalledProcessError: the compiler refused them; its `stderr` says why.
    """
    folders = [f"-I{SOURCE.parent / 'include'}", f"-I{FOLDER}"]
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "built.wasm"
        command = [COMPILER, *FLAGS, *folders, str(SOURCE), "-o", str(built)]
        subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
        return built.read_bytes()


def main() -> str | None:
    """Build and store; return what went wrong."""
    compiler = version()
    if compiler is None:
        return "It needs clang++ and wasm-ld: on Debian and Ubuntu, install clang and lld."
    try:
        TARGET.write_bytes(compiled())
    except subprocess.CalledProcessError as error:
        return str(error.stderr)
    about = {"compiler": compiler, "sources": digest()}
    BUILT.write_text(json.dumps(about, indent=0) + "\n", encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes, by {compiler}")
    return None


if __name__ == "__main__":
    sys.exit(main())
