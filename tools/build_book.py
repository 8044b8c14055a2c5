"""Build the book into _build/html, unless the one that stands there comes from the same sources.

    python tools/build_book.py

From nothing each time, since Sphinx does not repeat a warning about a page that it read before;
and aside, so that the book that stands there is replaced only by a whole one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from contents import ROOT, pages

BUILD = ROOT / "_build"
SITE = BUILD / "html"
STAMP = BUILD / ".built"
# Folders of which all belongs to the book, and what is no source there.
WHOLE = ("book/_ext", "book/_static", "slides", "lenet_utils")
NO_SOURCE = ("__pycache__", "vendor")


def sources() -> Iterator[Path]:
    """Yield the files that the book is made from."""
    for name in ("_config.yml", "_toc.yml", "requirements.txt", "book/references.bib"):
        yield ROOT / name
    yield ROOT / "book" / "_headers"
    yield ROOT / "book" / "_static" / "vendor" / "versions.txt"
    for page in pages():
        yield from (ROOT / f"{page}{kind}" for kind in (".md", ".ipynb"))
    for folder in WHOLE:
        for path in sorted((ROOT / folder).rglob("*")):
            inside = path.relative_to(ROOT).parts
            if not any(part in NO_SOURCE or part.startswith(".") for part in inside):
                yield path


def digest() -> str:
    """Return what changes when the book would."""
    found = hashlib.sha256(str(shutil.which("node") is None).encode())
    for path in sources():
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found.update(f"{path.relative_to(ROOT).as_posix()} {content}\n".encode())
    return found.hexdigest()


def build() -> None:
    """Build the book.

    Raises:
        SystemExit: it has a fault, or a warning.
    """
    shutil.rmtree(BUILD / "new", ignore_errors=True)  # of a build that was cut off
    new = BUILD / "new"
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    book = "from jupyter_book.cli.main import main; main()"
    options = ["--path-output", str(new), "-W", "-n", "--keep-going", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", book, "build", str(ROOT), *options],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PATH": programs},
        check=False,
    )
    if done.returncode or not (new / "_build" / "html" / "index.html").exists():
        shutil.rmtree(new, ignore_errors=True)
        sys.exit("The book was not built: see above. What stood in _build/html is still there.")
    STAMP.unlink(missing_ok=True)
    shutil.rmtree(SITE, ignore_errors=True)
    (new / "_build" / "html").rename(SITE)
    shutil.rmtree(new)


def main() -> None:
    """Build the book if it is not the one that stands there."""
    BUILD.mkdir(exist_ok=True)
    fcntl.flock(os.open(BUILD, os.O_RDONLY), fcntl.LOCK_EX)  # two makes may be at it
    made = digest()
    stands = SITE / "index.html"
    if stands.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == made:
        return
    missing = [name for name in pages() if not any(ROOT.glob(f"{name}.*"))]
    if missing:  # Sphinx would say so too, after minutes
        sys.exit(
            f"The book was not built: _toc.yml names {', '.join(missing)}, which is not there."
        )
    build()
    STAMP.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
