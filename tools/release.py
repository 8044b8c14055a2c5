"""Make a release: tag, package, lessons to run and book, all from the commit that is checked out.

    python tools/release.py vX.Y.Z [--remote NAME]

Before, `make book` has made the book and the lessons. Where one of the four is of another commit or
version, nothing is pushed and the reason is said. Else the tag and the branch of the lessons arrive
on the remote together, or neither; the package lies in `_build/release`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

import build_book
from check_release import disagreements, faults_of_tag, version
from contents import ROOT
from edition_sources import OUT
from edition_text import BRANCH
from publish_edition import GitError, commit, faults_of_sources, git, published

RELEASE = ROOT / "_build" / "release"


def faults_of_book() -> list[str]:
    """Say whether the book that lies here was built from other sources."""
    stamp = build_book.STAMP
    built = (build_book.SITE / "index.html").exists() and stamp.exists()
    if built and stamp.read_text(encoding="utf-8") == build_book.digest():
        return []
    return ["the book was built from other sources, or not at all: make book"]


def faults_of_lessons(tag: str) -> list[str]:
    """Name the lessons to run whose set-up installs another version."""
    return [
        f"{path.name} does not install {tag}"
        for path in sorted(OUT.glob("*.ipynb"))
        if f"@{tag}\\" not in path.read_text(encoding="utf-8")
    ]


def package(tag: str) -> list[str]:
    """Build the package from the commit, whatever lies here; say whether it has another version."""
    shutil.rmtree(RELEASE, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    with tempfile.TemporaryDirectory() as temporary:
        git("archive", "--output", f"{temporary}/sources.tar", "HEAD")
        with tarfile.open(f"{temporary}/sources.tar") as file:
            file.extractall(f"{temporary}/sources", filter="data")
        # Else pip takes what lies in this folder for what is installed.
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        words = ["--wheel-dir", str(RELEASE), f"{temporary}/sources"]
        subprocess.run([*command, *words], cwd=temporary, env=clean, check=True)
    (wheel,) = RELEASE.glob("*.whl")
    return [] if f"-{tag[1:]}-" in wheel.name else [f"the package is {wheel.name}"]


def faults(tag: str, remote: str) -> list[str]:
    """Say in what the four do not belong together."""
    wanted = "v" + version((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if tag != wanted:
        return [f"the tag is {tag}; pyproject.toml wants {wanted}"]
    if git("tag", "--list", tag):
        wrong = faults_of_tag(tag)
    else:
        there = git("ls-remote", "--tags", remote, tag)
        wrong = [f"{remote} has a {tag} that is not here: git fetch --tags"] if there else []
    wrong += [*disagreements(), *faults_of_sources(), *faults_of_book(), *faults_of_lessons(tag)]
    return wrong or package(tag)


def main() -> int:
    """Release, or say why not; return whether something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tag", help="such as v0.2.0")
    parser.add_argument("--remote", default="origin")
    given = parser.parse_args()
    try:
        if wrong := faults(given.tag, given.remote):
            print("Nothing was released:", *wrong, sep="\n")
            return 1
        head = git("rev-parse", "HEAD")
        lessons = commit(OUT, published(given.remote))
        places = [f"{head}:refs/tags/{given.tag}", f"{lessons}:refs/heads/{BRANCH}"]
        git("push", "--quiet", "--atomic", given.remote, *places)
    except (GitError, subprocess.CalledProcessError) as error:
        print(f"Nothing was released: {error}")
        return 1
    (wheel,) = RELEASE.glob("*.whl")
    print(f"{given.tag} is {head}; {BRANCH} is {lessons}; the package is {wheel.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
