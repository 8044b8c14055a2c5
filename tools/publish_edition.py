"""Put the lessons to run on their branch, which Colab, Kaggle and Binder open.

    python tools/publish_edition.py [--remote NAME] [--check]

The branch gets exactly what lies in `_build/edition`: a commit on top of what is there, or none
where that is the same. With `--check` nothing is written; what differs on the remote is named.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from check_release import disagreements, faults_of_tag
from contents import ROOT
from edition_sources import OUT, STAMP, digest
from edition_text import BRANCH


class GitError(Exception):
    """What git said when it refused."""


def git(*words: str, **environment: str) -> str:
    """Return what git answers.

    Raises:
        GitError: git refused.
    """
    done = subprocess.run(
        ["git", *words], cwd=ROOT, env={**os.environ, **environment},
        capture_output=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    if done.returncode:
        raise GitError(f"git {words[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def tree(folder: Path) -> str:
    """Store a folder in git, beside all branches; return the name of its tree."""
    with tempfile.TemporaryDirectory() as temporary:
        apart = {"GIT_INDEX_FILE": f"{temporary}/index", "GIT_WORK_TREE": str(folder)}
        apart["GIT_DIR"] = str(ROOT / git("rev-parse", "--git-dir"))
        git("add", "--all", "--force", ".", **apart)
        return git("write-tree", **apart)


def published(remote: str) -> str:
    """Return the commit of the branch on a remote, nothing where there is no such branch."""
    listed = git("ls-remote", remote, f"refs/heads/{BRANCH}")
    if not listed:
        return ""
    git("fetch", "--quiet", remote, f"refs/heads/{BRANCH}")
    return listed.split()[0]


def commit(folder: Path, parent: str) -> str:
    """Return a commit with just the content of a folder; the parent, where that has it already."""
    made = tree(folder)
    if parent and git("rev-parse", f"{parent}^{{tree}}") == made:
        return parent
    sources = git("rev-parse", "HEAD")
    on_top = ["-p", parent] if parent else []
    return git("commit-tree", made, *on_top, "-m", f"Make the lessons from {sources}")


def faults_of_sources() -> list[str]:
    """Say why the edition that lies here should not be published."""
    changed = git("status", "--porcelain", "--untracked-files=no")
    if changed:
        return [f"not committed: {', '.join(line[2:].strip() for line in changed.splitlines())}"]
    if not STAMP.exists() or STAMP.read_text(encoding="utf-8") != digest():
        return [f"{OUT.name} was made from other sources: make edition"]
    return []


def differences(remote: str) -> list[str]:
    """Return the files of the branch on a remote that are not those that the sources give."""
    there = published(remote)
    if not there:
        return [f"{remote} has no branch {BRANCH}"]
    return git("diff", "--name-only", there, tree(OUT)).splitlines()


def main() -> int:
    """Publish, or check; return whether something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--remote", default="origin")
    parser.add_argument("--check", action="store_true", help="only compare")
    given = parser.parse_args()
    try:
        wrong = faults_of_sources()
        if given.check:
            wrong = wrong or differences(given.remote)
            print(*wrong or [f"{BRANCH} on {given.remote} is what the sources give"], sep="\n")
            return int(bool(wrong))
        if wrong := [*wrong, *disagreements(), *faults_of_tag(None)]:
            print(*wrong, sep="\n")
            return 1
        before = published(given.remote)
        made = commit(OUT, before)
        if made != before:
            git("push", "--quiet", given.remote, f"{made}:refs/heads/{BRANCH}")
    except GitError as error:
        print(error)
        return 1
    print(f"{BRANCH} on {given.remote}: {made}, {'new' if made != before else 'as before'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
