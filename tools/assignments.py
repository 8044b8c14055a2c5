"""Make the students' notebooks of a term from their masters.

    python tools/assignments.py [TERM]

TERM is the name of a new term, from which its numbers follow; without it the numbers stay those
of the name in `assignments/term.txt`, or of `open`, before there is one. The notebooks are made
aside: the name and the notebooks that were there are replaced only when all are made.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from contents import ROOT  # with the folder of the masters on the path
from drawing import name_of_term
from drawing import term as term_here
from masters import copy_masters, masters, others

COURSE = ROOT / "assignments"


def generate(term: str, folder: Path) -> None:
    """Make the notebooks in a folder, a course of its own.

    Raises:
        SystemExit: nbgrader refused a master.
    """
    copy_masters(COURSE / "source", folder / "source")
    for file in COURSE.glob("*.py"):
        shutil.copy(file, folder)
    (folder / "term.txt").write_text(f"{term}\n", encoding="utf-8")
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "--force", "--no-db"]
    options = ["--assignment", "*", "--log-level", "ERROR"]
    done = subprocess.run([*command, *options], cwd=folder, check=False)
    wanted = {path.name for path in masters(folder / "source")}
    if done.returncode or {path.name for path in folder.glob("release/*/*.ipynb")} != wanted:
        sys.exit("The notebooks were not made, see above; those that were there stay as they were.")


def main() -> None:
    """Make the notebooks, and put them in the place of those that were there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("term", nargs="?", help="default: that in assignments/term.txt, or open")
    given = parser.parse_args().term
    try:
        # As it was typed, whatever the locale takes its bytes for.
        term = term_here() if given is None else name_of_term(os.fsencode(given))
    except ValueError as error:
        sys.exit(str(error))
    for path in others(COURSE / "source"):
        where = path.relative_to(ROOT).as_posix()
        print(f"Left out: {where} is no NAME/NAME.ipynb", file=sys.stderr)
    with tempfile.TemporaryDirectory() as temporary:
        generate(term, Path(temporary))
        for made in sorted(Path(temporary).glob("release/*")):
            place = COURSE / "release" / made.name
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(made, place)
        if given is not None:
            shutil.copy(Path(temporary) / "term.txt", COURSE)
    print(f'For students, with the numbers of the term "{term}":')
    for path in masters(COURSE / "source"):
        print(f"assignments/release/{path.parent.name}/{path.name}")


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    main()
