"""Where the lessons to run are written, and from what: light enough for what only compares."""

import hashlib
from importlib.metadata import version

from contents import ROOT, pages

OUT = ROOT / "_build" / "edition"
STAMP = ROOT / "_build" / ".edition"


def digest() -> str:
    """Return what changes when the edition would."""
    versions = [f"{name} {version(name)}" for name in ("matplotlib", "nbformat", "resvg_py")]
    found = hashlib.sha256("\n".join(versions).encode())
    sources = [ROOT / name for name in ("_config.yml", "_toc.yml", "book/references.bib")]
    sources += [ROOT / f"{name}{kind}" for name in pages() for kind in (".md", ".ipynb")]
    sources += sorted((ROOT / "tools").glob("edition*.py"))
    sources += sorted((ROOT / "lenet_utils" / "figures").glob("*.py"))
    for path in sources:
        if path.is_file():
            found.update(f"{path.relative_to(ROOT).as_posix()}\n".encode() + path.read_bytes())
    return found.hexdigest()
