"""Test the package with the lowest versions that pyproject.toml declares.

    python tools/lowest.py      with numpy 1, then with numpy 2
    python tools/lowest.py 2    with numpy 2 alone

Each has an environment of its own, .venv-lowest-numpy1 and .venv-lowest-numpy2: some GB and some
minutes. What only the book, its pages or grading need is not installed and not tested there.
"""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
DECLARED = ROOT / "pyproject.toml", ROOT / "requirements.txt"
TEST_TOOLS = "pytest", "pytest-xdist", "hypothesis", "scikit-learn"
# Tests of what is not the package: tests/test_NAME.py.
LEFT_OUT = (
    "access",
    "assignments*",
    "book_steps",
    "browser",
    "docs",
    "elsewhere",
    "environment",
    "grading*",
    "hosted",
    "instruments*",
    "live*",
    "notebooks",
    "offline",
    "other_browsers",
    "page_training",
    "pages",
    "pdf",
    "quizzes",
    "reproduction",
    "site",
    "slides",
    "tools",
)
VERSIONS = (
    "import sys; from importlib.metadata import version; "
    "names = sys.argv[1:]; "
    "print('Python', sys.version.split()[0], *(f'{name} {version(name)}' for name in names))"
)


def main() -> None:
    asked = sys.argv[1:] or ["1", "2"]
    if not set(asked) <= {"1", "2"}:
        sys.exit(f"Which numpy? Got {' '.join(asked)}; expected 1, 2 or nothing.")
    failed = [major for major in asked if not passes(major)]
    if failed:
        sys.exit(f"The lowest versions fail with numpy {' and '.join(failed)}.")


def passes(major: str) -> bool:
    python = install(ROOT / f".venv-lowest-numpy{major}", f"numpy=={major}.*")
    run(python, "-c", VERSIONS, *map(name_of, declared()))
    run(python, "-c", "import lenet_utils; lenet_utils.load_mnist()")
    left_out = [f"--ignore-glob=*/test_{name}.py" for name in LEFT_OUT]
    tests = "-m", "pytest", "-q", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"
    return run(python, *tests, "-m", "not browser", *left_out, "tests", check=False) == 0


def install(folder: Path, numpy: str) -> Path:
    """Make an environment with the lowest versions, unless it was made from these declarations."""
    python = folder / "bin" / "python"
    wanted = [*declared(), *test_tools(), numpy]
    identity = hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()
    done = folder / ".installed"
    if not done.exists() or done.read_text(encoding="utf-8") != identity:
        print(f"Installing the lowest versions into {folder}", flush=True)
        run(Path(sys.executable), "-m", "venv", "--clear", folder)
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv")
        lowest = "pip", "install", "--quiet", "--resolution", "lowest-direct"
        run(folder / "bin" / "uv", *lowest, "--python", python, *wanted)
        done.write_text(identity, encoding="utf-8")
    return python


def declared() -> list[str]:
    """What the package needs."""
    return tomllib.loads(DECLARED[0].read_text(encoding="utf-8"))["project"]["dependencies"]


def test_tools() -> list[str]:
    """What its tests need beside that, with the bounds of the course's requirements."""
    lines = DECLARED[1].read_text(encoding="utf-8").splitlines()
    return [line for line in lines if name_of(line) in TEST_TOOLS]


def name_of(requirement: str) -> str:
    return re.match(r"[\w-]*", requirement)[0]


def run(program: Path, *arguments: str | Path, check: bool = True) -> int:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [program, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=check).returncode


if __name__ == "__main__":
    main()
