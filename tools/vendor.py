"""Fetch what the pages need in the browser, so that the built book asks no other host.

MathJax, the player of ipywidgets, the slides' program and the letters come from npm, in the
versions and with the digests of `book/package-lock.json`, into `book/_static/vendor/`. MathJax runs
while the book is built; a browser gets its letters only. Without npm, or without a network, nothing
is fetched: the book then loads MathJax and the player from their usual hosts and takes the letters
of the reader's system, and this program says so.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BOOK = Path(__file__).parents[1] / "book"
FOLDER = BOOK / "_static" / "vendor"
ASKING, FETCHING = 30, 300  # seconds

FILES = {
    # 3, not 4: the version that Sphinx 7 configures.
    "mathjax": {
        "es5/output/chtml/fonts/woff-v2": "mathjax",
        # Sphinx leaves a folder with a dot out of the book: this part runs in node.
        "es5/node-main.js": ".mathjax/node-main.js",
        "es5/input/tex-full.js": ".mathjax/input/tex-full.js",
        "es5/output/chtml.js": ".mathjax/output/chtml.js",
        "es5/output/chtml/fonts/tex.js": ".mathjax/output/chtml/fonts/tex.js",
        "es5/adaptors/liteDOM.js": ".mathjax/adaptors/liteDOM.js",
        "es5/a11y/assistive-mml.js": ".mathjax/a11y/assistive-mml.js",
        "LICENSE": "mathjax/LICENSE",
    },
    "@jupyter-widgets/html-manager": {
        "dist/embed.js": "widgets/embed.js",
        # The fonts that embed.js names; browsers of today take woff2.
        "dist/1551f4f60c37af51121f.woff2": "widgets/1551f4f60c37af51121f.woff2",
        "dist/7a3337626410ca2f4071.woff2": "widgets/7a3337626410ca2f4071.woff2",
        "dist/d878b0a6a1144760244f.woff2": "widgets/d878b0a6a1144760244f.woff2",
        "dist/embed.js.LICENSE.txt": "widgets/embed.js.LICENSE.txt",
    },
    # Three weights that are used, rather than all: 40 kB less on each page.
    "@fontsource/source-serif-4": {
        "files/source-serif-4-latin-400-normal.woff2": "fonts/serif.woff2",
        "files/source-serif-4-latin-600-normal.woff2": "fonts/serif-bold.woff2",
        "files/source-serif-4-latin-400-italic.woff2": "fonts/serif-italic.woff2",
        "LICENSE": "fonts/LICENSE-serif",
    },
    "@fontsource-variable/source-sans-3": {
        "files/source-sans-3-latin-wght-normal.woff2": "fonts/sans.woff2",
        "LICENSE": "fonts/LICENSE-sans",
    },
    "reveal.js": {
        "dist/reveal.css": "reveal/reveal.css",
        "dist/reveal.js": "reveal/reveal.js",
        "plugin/notes/notes.js": "reveal/notes.js",
        "LICENSE": "reveal/LICENSE",
    },
}
"""Of each package, which file or folder goes where in FOLDER."""

MENDED = {
    # The player compiles two checks of its data into functions, which a strict
    # Content-Security-Policy forbids; the data is the book's own.
    "widgets/embed.js": ("mt=gt.compile(pt),bt=gt.compile(At)", "mt=()=>!0,bt=()=>!0"),
}
"""Place in FOLDER: what is written there once, and what stands instead."""


def install(folder: Path) -> Path:
    """Let npm install the packages into a folder, and return where they lie.

    Raises:
        OSError, subprocess.SubprocessError: npm is missing, or did not deliver.
        ValueError: what arrived is not what the lock file expects.
    """
    for name in ("package.json", "package-lock.json"):
        shutil.copy(BOOK / name, folder)
    # First a question, since each build tries again: a network that swallows all is soon found.
    ask = ["npm", "view", next(iter(FILES)), "version", "--fetch-retries=0"]
    subprocess.run(ask, check=True, capture_output=True, timeout=ASKING)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=FETCHING
    )
    if "EINTEGRITY" in done.stderr:
        raise ValueError(
            f"{done.stderr.strip()}\nNothing of it was used. If the network is trusted, somebody "
            "changed the package: tell the maintainers."
        )
    done.check_returncode()
    return folder / "node_modules"


def take(modules: Path, folder: Path) -> None:
    """Copy what is wanted of the packages into a folder.

    Raises:
        ValueError: a wanted file, or what is to be mended in it, is not in its package.
    """
    for package, files in FILES.items():
        for source, target in files.items():
            found, place = modules / package / source, folder / target
            if not found.exists():
                raise ValueError(f"{package} {versions()[package]} holds no {source}.")
            place.parent.mkdir(parents=True, exist_ok=True)
            if found.is_dir():
                shutil.copytree(found, place, dirs_exist_ok=True)
            else:
                shutil.copy(found, place)
    for target, (old, new) in MENDED.items():
        text = (folder / target).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(f"expected {old!r} once in {target}, from {BOOK / 'package.json'}.")
        (folder / target).write_text(text.replace(old, new), encoding="utf-8")


def versions() -> dict[str, str]:
    """Return the packages' versions."""
    return dict(json.loads((BOOK / "package.json").read_text(encoding="utf-8"))["dependencies"])


def stamp() -> str:
    """Return what stands in a folder in which all that is wanted lies: versions and digests."""
    lock = (BOOK / "package-lock.json").read_text(encoding="utf-8")
    digest = hashlib.sha256(f"{lock}{FILES}{MENDED}".encode()).hexdigest()
    return "".join(f"{name} {version}\n" for name, version in versions().items()) + f"{digest}\n"


def is_whole() -> bool:
    """Return whether all that is wanted lies in the folder, in these versions."""
    written = FOLDER / "versions.txt"
    if not written.exists() or written.read_text(encoding="utf-8") != stamp():
        return False
    return all((FOLDER / target).exists() for files in FILES.values() for target in files.values())


def fill() -> bool:
    """Fill the folder with all packages, or leave it as it is; return whether it was filled.

    Raises:
        ValueError: a package is not the one that is expected.
    """
    with tempfile.TemporaryDirectory(dir=FOLDER.parent, prefix=".vendor-") as name:
        new = Path(name) / "vendor"
        try:
            take(install(Path(name)), new)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"npm did not deliver {', '.join(FILES)} ({error}).", file=sys.stderr)
            return False
        (new / "versions.txt").write_text(stamp(), encoding="utf-8")
        shutil.rmtree(FOLDER, ignore_errors=True)
        new.rename(FOLDER)  # which fails, rather than mixing two, where another make was quicker
    return True


def main() -> str | None:
    """Fill the folder if it is not full yet; return what went wrong, if that is a danger."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    if is_whole():
        return None
    try:
        if fill():
            fetched = ", ".join(f"{name} {version}" for name, version in versions().items())
            print(f"Fetched {fetched} into {FOLDER}.")
        elif not FOLDER.exists():
            print(
                "The book will load MathJax and widgets from their usual hosts: formulas and "
                "live figures then need a network.",
                file=sys.stderr,
            )
    except (OSError, ValueError) as error:
        return None if is_whole() else str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
