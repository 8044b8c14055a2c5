"""Refuse a release whose files name different versions, or a tag that is not there.

    python tools/check_release.py [TAG]

The set-up cells of lessons and assignments install the package by a tag, so a version that is
named too early, a tag that was forgotten, or a package that has changed since, breaks them in
Colab. With TAG, that of a release, the tag must be that of the version, on the commit that is
checked out.
"""

import argparse
import re
import subprocess
import sys
import tomllib

from contents import ROOT, assignments, lessons, pages

TAG = re.compile(r"(?:@|\+|\btag(?: --force)? )(v\d+(?:\.\d+)+[\w.]*\w)")
CITED = re.compile(r"^version: *[\"']?([^\"'\s]+)", re.MULTILINE)


def version(text: str) -> str:
    """Return the version that a pyproject.toml states, if it does."""
    return tomllib.loads(text).get("project", {}).get("version", "")


def naming() -> list[str]:
    """Return the files that must name the tag: those with a set-up cell, and the README."""
    notebooks = [*lessons(), *assignments()]
    return ["README.md", *(path.relative_to(ROOT).as_posix() for path in notebooks)]


def disagreements() -> list[str]:
    """Say which files name another version than pyproject.toml, or none."""
    read = {path: (ROOT / path).read_text(encoding="utf-8") for path in naming()}
    wanted = version((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = {path: TAG.findall(text) for path, text in read.items()}
    for path in (f"{name}.md" for name in pages()):  # these need not name it
        if (ROOT / path).exists():
            tags = TAG.findall((ROOT / path).read_text(encoding="utf-8"))
            found |= {path: tags} if tags else {}
    cited = CITED.findall((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    found["CITATION.cff"] = [f"v{number}" for number in cited]
    return [
        f"{path} names {', '.join(sorted(set(tags))) or 'no version'}; pyproject.toml has {wanted}"
        for path, tags in found.items()
        if set(tags) != {f"v{wanted}"}
    ]


def git(*words: str) -> str:
    """Return what git answers, and nothing where it has no answer."""
    try:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, encoding="utf-8", errors="replace"
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def faults_of_tag(released: str | None) -> list[str]:
    """Say what is wrong with the tag of the version."""
    tag = "v" + version((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if released not in (None, tag):
        return [f"the tag is {released}; pyproject.toml wants {tag}"]
    commit = git("rev-parse", "--verify", "--quiet", f"refs/tags/{tag}^{{commit}}")
    if not commit:
        return [f"there is no tag {tag}, which the set-up cells install: make it, and push it"]
    if f"v{version(git('show', f'{commit}:pyproject.toml'))}" != tag:
        return [f"the commit of {tag} has another version in its pyproject.toml"]
    if not released and git("diff", "--name-only", commit, "HEAD", "--", "lenet_utils"):
        return [f"lenet_utils has changed since {tag}, which the set-up cells install: release it"]
    if released and commit != git("rev-parse", "HEAD"):
        return [f"{tag} is on another commit than the one that is checked out"]
    return []


def main() -> int:
    """Say what is wrong; return whether anything is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tag", nargs="?", help="of the release, such as v0.2.0")
    wrong = [*disagreements(), *faults_of_tag(parser.parse_args().tag)]
    print(*wrong or [f"{len(naming())} files name the version, and its tag is there"], sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
