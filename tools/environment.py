"""Make an environment and install what it needs, unless it has that already.

    python tools/environment.py FOLDER REQUIREMENTS [COURSE]

FOLDER/.installed says what is installed there and where the folder stands. It is written last, and
goes when something is installed: so an installation that was cut off is noticed, and so are an
environment that was moved or copied, whose programs name another place, and a package that has
gone. With COURSE, the folder of another environment, the new one sees the packages of that one.

Any Python may start this; the environment is made with the one that does.
"""

import argparse
import ast
import fcntl
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
STAMP = ".installed"
PRESENT = "import sys, importlib.metadata as m; [m.version(name) for name in sys.argv[1:]]"


def packages(requirements: Path) -> "list[str]":
    """Return the packages that a file of requirements names for every computer."""
    lines = requirements.read_text(encoding="utf-8").replace("-e .", "lenet-utils").splitlines()
    found = [re.match(r"[A-Za-z0-9][\w.-]*", line) for line in lines if ";" not in line]
    return [name[0] for name in found if name]


def stamp(folder: Path, requirements: Path) -> str:
    """Return what stands in an environment in which all is installed."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    # The rest of pyproject.toml sets tools, and installs nothing.
    wanted = requirements.read_text(encoding="utf-8") + project.partition("\n[tool.ruff]")[0]
    return f"{hashlib.sha256(wanted.encode()).hexdigest()}\n{place(folder)}\n"


def place(folder: Path) -> str:
    """Return where a folder stands, in letters that every locale has."""
    return ascii(str(folder.resolve()))


def runs(command: "list[str]") -> bool:
    """Return whether a program does what it is asked."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def prepare(folder: Path, python: str) -> None:
    """Make the environment; one that was moved, or whose Python has gone, is made afresh.

    Raises:
        SystemExit: the Python that runs this is too old, or cannot make environments.
    """
    before = (folder / STAMP).read_text(encoding="utf-8") if (folder / STAMP).exists() else ""
    moved = before.splitlines()[1:] not in ([], [place(folder)])
    broken = (folder / "pyvenv.cfg").exists() and not runs([python, "-c", ""])
    (folder / STAMP).unlink(missing_ok=True)
    if not moved and runs([python, "-m", "pip", "--version"]):
        return
    if sys.version_info < OLDEST:
        oldest, version = (".".join(map(str, v)) for v in (OLDEST, sys.version_info[:3]))
        sys.exit(
            f"This course needs Python {oldest} or newer; {sys.executable} is {version}. "
            "Try: make PYTHON=python3.12 book"
        )
    afresh = ["--clear"] if moved or broken else []
    if subprocess.call([sys.executable, "-m", "venv", *afresh, str(folder)]):
        sys.exit(
            f"{sys.executable} made no environment in {folder}: see above. On Debian and Ubuntu, "
            "install python3-venv; or name another Python: make PYTHON=python3.12 book"
        )


def show(course: Path, python: str) -> None:
    """Let an environment see the packages of another one."""
    ask = "import site; print(ascii(site.getsitepackages()[0]))"
    theirs, ours = (
        subprocess.run([one, "-c", ask], stdout=subprocess.PIPE, check=True, encoding="utf-8")
        for one in (str(course / "bin" / "python"), python)
    )
    path = Path(ast.literal_eval(ours.stdout)) / "course.pth"
    path.write_text(f"import site; site.addsitedir({theirs.stdout.strip()})\n", encoding="utf-8")


def main() -> None:
    """Do what is left to do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("requirements", type=Path)
    parser.add_argument("course", type=Path, nargs="?")
    given = parser.parse_args()
    folder, requirements = Path(os.path.abspath(given.folder)), given.requirements.resolve()
    python = str(folder / "bin" / "python")
    os.umask(0o022)  # when root grades, submissions run as another user, in this environment
    folder.mkdir(parents=True, exist_ok=True)
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX)  # two makes may be at it
    done, wanted = folder / STAMP, stamp(folder, requirements)
    check = [python, "-c", PRESENT, *packages(requirements)]
    if done.exists() and done.read_text(encoding="utf-8") == wanted and runs(check):
        return
    print(f"Installing what the course needs into {given.folder}: minutes and some GB at first")
    sys.stdout.flush()
    prepare(folder, python)
    if given.course:
        show(given.course, python)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Else pip takes what lies in this folder for what is installed.
    others = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if subprocess.call([*pip, "-r", str(requirements)], cwd=ROOT, env=others):
        sys.exit(f"Not everything is installed in {given.folder}: see above, and make again.")
    done.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"{Path(__file__).name}: {error}")
