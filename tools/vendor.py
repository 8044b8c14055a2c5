"""Fetch what the pages need in the browser, so that the built book asks no other host.

MathJax, the player of ipywidgets and the letters come from npm, in versions and with hashes that
are fixed here, into `book/_static/vendor/`. MathJax runs while the book is built; a browser gets
its letters only. Without npm, or without a network, nothing is fetched: the book then loads
MathJax and the player from their usual hosts and takes the letters of the reader's system, and
this program says so.
"""

import argparse
import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "book" / "_static" / "vendor"
ASKING, FETCHING = 30, 300  # seconds


@dataclass(frozen=True)
class Package:
    """An npm package, the SHA-512 of its archive, and what of it goes where."""

    name: str
    version: str
    sha512: str
    members: dict[str, str]  # file, or folder ending in a slash -> place in FOLDER
    # Place in FOLDER -> what is written there once, and what stands instead.
    mended: dict[str, tuple[str, str]] = field(default_factory=dict)


PACKAGES = (
    # 3, not 4: the version that Sphinx 7 configures.
    Package(
        "mathjax",
        "3.2.2",
        "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
        {
            "es5/output/chtml/fonts/woff-v2/": "mathjax/",
            # Sphinx leaves a folder with a dot out of the book: this part runs in node.
            "es5/node-main.js": ".mathjax/node-main.js",
            "es5/input/tex-full.js": ".mathjax/input/tex-full.js",
            "es5/output/chtml.js": ".mathjax/output/chtml.js",
            "es5/output/chtml/fonts/tex.js": ".mathjax/output/chtml/fonts/tex.js",
            "es5/adaptors/liteDOM.js": ".mathjax/adaptors/liteDOM.js",
            "es5/a11y/assistive-mml.js": ".mathjax/a11y/assistive-mml.js",
            "LICENSE": "mathjax/LICENSE",
        },
    ),
    Package(
        "@jupyter-widgets/html-manager",
        "1.0.15",
        "5thBIV6ymNgmPVOHvzx+gGy8ZSKmSazhtGw4/c4xJDVzRhG9PTeQsRjF3FUTopvFi//SABeNz1yp47bCrJ3CQA==",
        {
            "dist/embed.js": "widgets/embed.js",
            # The fonts that embed.js names; browsers of today take woff2.
            "dist/1551f4f60c37af51121f.woff2": "widgets/1551f4f60c37af51121f.woff2",
            "dist/7a3337626410ca2f4071.woff2": "widgets/7a3337626410ca2f4071.woff2",
            "dist/d878b0a6a1144760244f.woff2": "widgets/d878b0a6a1144760244f.woff2",
            "dist/embed.js.LICENSE.txt": "widgets/embed.js.LICENSE.txt",
        },
        # The player compiles two checks of its data into functions, which a strict
        # Content-Security-Policy forbids; the data is the book's own.
        {
            "widgets/embed.js": (
                "mt=gt.compile(pt),bt=gt.compile(At)",
                "mt=()=>!0,bt=()=>!0",
            )
        },
    ),
    Package(
        # Three weights that are used, rather than all: 40 kB less on each page.
        "@fontsource/source-serif-4",
        "5.3.1",
        "cWcTCXjYYrgF9A67fThVir1VSc0lPEYmwQ6jA4pPt01s2MSCi/maINUcZoCzaqnU8fyUReDO97eGcBUkHgOeug==",
        {
            "files/source-serif-4-latin-400-normal.woff2": "fonts/serif.woff2",
            "files/source-serif-4-latin-600-normal.woff2": "fonts/serif-bold.woff2",
            "files/source-serif-4-latin-400-italic.woff2": "fonts/serif-italic.woff2",
            "LICENSE": "fonts/LICENSE-serif",
        },
    ),
    Package(
        "@fontsource-variable/source-sans-3",
        "5.3.1",
        "u0p5Z/PM2e1uxYOMiodLM6NVzxHwULcB6Oi7QSr2WU/sdoLBFP/BeOZ3YYHeJ6rHsjPZA1nZweZVaV7sf2MAyQ==",
        {
            "files/source-sans-3-latin-wght-normal.woff2": "fonts/sans.woff2",
            "LICENSE": "fonts/LICENSE-sans",
        },
    ),
    Package(
        "reveal.js",
        "5.2.1",
        "r7//6mIM5p34hFiDMvYfXgyjXqGRta+/psd9YtytsgRlrpRzFv4RbH76TXd2qD+7ZPZEbpBDhdRhJaFgfQ7zNQ==",
        {
            "dist/reveal.css": "reveal/reveal.css",
            "dist/reveal.js": "reveal/reveal.js",
            "plugin/notes/notes.js": "reveal/notes.js",
            "LICENSE": "reveal/LICENSE",
        },
    ),
)


def fetch(package: Package, folder: Path) -> Path:
    """Download a package's archive into a folder and check it.

    Raises:
        OSError, subprocess.SubprocessError: npm is missing, or did not deliver.
        ValueError: the archive is not the one that is expected.
    """
    spec = f"{package.name}@{package.version}"
    # First a question, since each build tries again: a network that swallows all is soon found.
    ask = ["npm", "view", spec, "version", "--fetch-retries=0"]
    subprocess.run(ask, check=True, capture_output=True, timeout=ASKING)
    command = ["npm", "pack", spec, "--silent", "--pack-destination", str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=FETCHING)
    (archive,) = folder.glob("*.tgz")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != package.sha512:
        raise ValueError(
            f"{spec} arrived with SHA-512 {digest}; expected {package.sha512}. Nothing of it was "
            "used. If the network is trusted, somebody changed the package: tell the maintainers."
        )
    return archive


def unpack(package: Package, archive: Path, folder: Path) -> None:
    """Write the wanted members of an archive into a folder.

    Raises:
        ValueError: a wanted member, or what is to be mended in it, is not in the archive.
    """
    wanted = dict.fromkeys(package.members, 0)
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            name = member.name.removeprefix("package/")
            for source, target in package.members.items():
                inside = source.endswith("/") and name.startswith(source)
                if not member.isfile() or not (inside or name == source):
                    continue
                place = folder / (target + name.removeprefix(source) if inside else target)
                place.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(member)
                assert content is not None  # it is a file
                place.write_bytes(content.read())
                wanted[source] += 1
    missing = [source for source, count in wanted.items() if count == 0]
    if missing:
        raise ValueError(f"{package.name} {package.version} holds no {', '.join(missing)}.")
    for target, (old, new) in package.mended.items():
        text = (folder / target).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(
                f"{package.name} {package.version}: expected {old!r} once in {target}."
            )
        (folder / target).write_text(text.replace(old, new), encoding="utf-8")


def is_whole(versions: str) -> bool:
    """Return whether all that is wanted lies in the folder, in these versions."""
    stamp = FOLDER / "versions.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != versions:
        return False
    return all((FOLDER / target).exists() for p in PACKAGES for target in p.members.values())


def fill(versions: str) -> bool:
    """Fill the folder with all packages, or leave it as it is; return whether it was filled.

    Raises:
        ValueError: a package is not the one that is expected.
    """
    with tempfile.TemporaryDirectory(dir=FOLDER.parent, prefix=".vendor-") as name:
        new = Path(name) / "vendor"
        for i, package in enumerate(PACKAGES):
            folder = Path(name) / str(i)
            folder.mkdir()
            try:
                archive = fetch(package, folder)
            except (OSError, subprocess.SubprocessError) as error:
                print(f"npm did not deliver {package.name} ({error}).", file=sys.stderr)
                return False
            unpack(package, archive, new)
        (new / "versions.txt").write_text(versions, encoding="utf-8")
        shutil.rmtree(FOLDER, ignore_errors=True)
        new.rename(FOLDER)  # which fails, rather than mixing two, where another make was quicker
    return True


def main() -> str | None:
    """Fill the folder if it is not full yet; return what went wrong, if that is a danger."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    versions = "".join(f"{p.name} {p.version}\n" for p in PACKAGES)
    stamp = versions + hashlib.sha256(repr(PACKAGES).encode()).hexdigest() + "\n"
    if is_whole(stamp):
        return None
    try:
        if fill(stamp):
            print(f"Fetched {', '.join(versions.splitlines())} into {FOLDER}.")
        elif not FOLDER.exists():
            print(
                "The book will load MathJax and widgets from their usual hosts: formulas and "
                "live figures then need a network.",
                file=sys.stderr,
            )
    except (OSError, ValueError) as error:
        return None if is_whole(stamp) else str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
