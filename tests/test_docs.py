"""The pages for instructors, taken at their word: each command in them is run, as it stands.

One after another, in a copy of the repository in which the environment and the book have been made.
A command that is new on a page is run too; only those in `RUN_BEFORE` are not.
"""

import csv
import os
import re
import shutil
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import environment
import pytest
from conftest import ROOT, belonging, without
from test_notebooks import ADDRESS, VERSION

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of a Unix shell"),
]
PAGES = ["assignments/README.md", "assignments/grading/README.md", "README.md", "book/teaching.md"]
FENCE = re.compile(r"^ *```(\S*)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PROGRAMS = ("make", "python", "pip", "jupyter", "nbgrader", "git", "pytest")
A1 = "a1_shapes_and_counts"
# What takes minutes or another host: the file that runs it in CI, and the words that do.
RUN_BEFORE = {
    "make test": (".ci/run", 'exec make "${1:-test}"'),
    "python -m venv .venv && . .venv/bin/activate": ("tools/environment.py", '"-m", "venv"'),
    "pip install -r requirements.txt": ("tools/environment.py", '"-m", "pip", "install"'),
    'python -c "import lenet_utils; lenet_utils.load_mnist()"': ("Makefile", "load_mnist()"),
    "python tools/vendor.py": ("Makefile", "$(PY) tools/vendor.py"),
    "jupyter-book build .": ("tools/build_book.py", "jupyter_book.cli.main"),
    "pytest": ("Makefile", "-m pytest"),
    "make notebooks": ("tests/test_tools.py", "run_notebooks.main()"),
    f'pip install "lenet-utils @ git+{ADDRESS}@v{VERSION}"': (
        ".github/workflows/colab.yml",
        "pip install -q /course",
    ),
    "make colab": (".github/workflows/colab.yml", "run: make colab"),
    "make bench": ("benchmarks/bench.py", "`make bench`"),  # a measurement, for a quiet machine
}
SHELL = r"""
set -meuo pipefail
served() {  # run a server until it names its address; some take no milder end
    "$@" >served.txt 2>&1 &
    for _ in $(seq 600); do
        ! grep -q http:// served.txt || { kill -KILL -- -$!; wait $! || true; return 0; }
        sleep 0.1
    done
    cat served.txt; kill -KILL -- -$!; return 1
}
pip() {  # without another host, and beside the environment
    local flags="--quiet --no-deps"
    if [ "$1" = wheel ]; then flags+=" --no-build-isolation"; else flags+=" --target installed"; fi
    python -m pip "$1" $flags "${@:2:$(($# - 2))}" # less jupyterlab
}
"""
SERVERS = re.compile(r"make (?:serve|lab)|\S*jupyter lab|python -m http\.server.*")


def commands(page: str) -> list[list[str]]:
    """Return the commands of a page: a list for each block, without comments and line breaks."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = [textwrap.dedent(code) for language, code in FENCE.findall(text) if language == "sh"]
    lines = [re.sub(r"\\\n\s*", "", re.sub(r"\s+# .*$", "", b, flags=re.MULTILINE)) for b in blocks]
    return [[line for line in block.splitlines() if line.strip()] for block in lines]


EVERY = [command for page in PAGES for block in commands(page) for command in block]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A clone as a reader has it after `make book`; of eight assignments only the first."""
    if not shutil.which("git"):
        without("no git on this computer, which the pages' commands for a fork need")
    folder = tmp_path_factory.mktemp("docs")
    copy = folder / "clone"
    for name in belonging():
        if not re.match(r"assignments/\w+/a[2-7]_", name):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    # A class list and due dates, which a lecturer has beside the clone.
    (folder / "class.csv").write_text("Name\nann\nbob\n", encoding="utf-8")
    policy = (ROOT / "assignments" / "grading" / "README.md").read_text(encoding="utf-8")
    policy = policy.partition("```toml\n")[2].partition("```")[0]
    (folder / "late.toml").write_text(policy, encoding="utf-8")
    venv = copy / ".venv"
    venv.mkdir()
    for part in Path(sys.prefix).iterdir():
        (venv / part.name).symlink_to(part)
    (venv / environment.STAMP).unlink(missing_ok=True)
    (venv / environment.STAMP).write_text(
        environment.stamp(venv, ROOT / "requirements.txt"), encoding="utf-8"
    )
    # Make reads this file first. tests/test_elsewhere.py builds a book. A fork changes its
    # pyproject.toml, so that make would install the fork, through the links, in this environment.
    (copy / "GNUmakefile").write_text(
        "include Makefile\n"
        "environment _build/html/index.html vendor mnist edition:\n\t@echo not here\n",
        encoding="utf-8",
    )
    for name in ("html/index.html", "html/slides/part1.html", "edition/05_layer_by_layer.ipynb"):
        (copy / "_build" / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / "_build" / name).touch()
    origin = folder / "origin.git"
    for command in (
        ["git", "init", "--quiet", "--bare", str(origin)],
        ["git", "init", "--quiet", "--initial-branch=main"],
        ["git", "add", "."],
        ["git", "commit", "--quiet", "--message", "The course"],
        ["git", "tag", f"v{VERSION}"],
        ["git", "remote", "add", "origin", str(origin)],
        ["git", "push", "--quiet", "origin", "main", f"v{VERSION}"],
    ):
        subprocess.run(command, cwd=copy, env=surroundings(folder), check=True)
    installed = where_installed()
    yield copy
    shutil.rmtree(copy / ".venv")  # links only
    assert where_installed() == installed


def where_installed() -> str | None:
    """Return what pip noted of the folder that `lenet_utils` is imported from."""
    return metadata.distribution("lenet-utils").read_text("direct_url.json")


def surroundings(folder: Path) -> dict[str, str]:
    """Return the environment of the reader's shell."""
    (folder / "jupyter_server_config.json").write_text(
        '{"ServerApp": {"allow_root": true, "open_browser": false, "port": 0}}', encoding="utf-8"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    people = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER")
              for what in ("NAME", "EMAIL")}  # fmt: skip
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    mine = {"PATH": path, "PORT": port, "PYTHONUNBUFFERED": "1", "JUPYTER_CONFIG_DIR": str(folder)}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "VENV", "TERM"))}
    return {**inherited, **people, **mine, "GIT_CONFIG_GLOBAL": os.devnull}


DONE: set[str] = set()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_works(page: str, copy: Path) -> None:
    for block in commands(page):
        new = [c for c in block if c not in RUN_BEFORE and not (c in DONE and c[:5] == "make ")]
        if not new:
            continue
        DONE.update(new)
        script = "\n".join(SERVERS.sub(r"served \g<0>", command) for command in new)
        script = script.replace("/path/to/this/repository", str(copy))
        script = script.replace("http.server", "http.server 0")  # any port that is free
        done = subprocess.run(
            ["bash", "-c", SHELL + script], cwd=copy, env=surroundings(copy.parent),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, f"{page}:\n{script}\n\n{done.stdout}"


def test_they_lead_from_a_clone_to_the_points(copy: Path) -> None:
    graded = copy.parent / "homework-graded" / A1
    with (graded / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert {name: row["total"] for name, row in rows.items()} == {"ann": "18", "bob": "0"}
    assert rows["ann"]["to read"] == "q6_reasons"
    assert "18 of 20 points" in (graded / "feedback" / "ann.html").read_text(encoding="utf-8")
    with (copy / "assignments" / "grades.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["student_id"], float(row["score"]), float(row["max_score"])) == ("ann", 18, 20)


def test_they_leave_no_old_address_in_a_fork(copy: Path) -> None:
    search = ["git", "grep", "-l", "lenet5-rebuilt/lenet5-rebuilt", "2027-spring"]
    found = subprocess.run(search, cwd=copy, capture_output=True, encoding="utf-8")
    assert (found.returncode, found.stdout) == (1, "")
    origin = subprocess.run(
        ["git", "ls-remote", "--tags", "origin"], cwd=copy, capture_output=True, encoding="utf-8"
    )
    tags = rf"^(\w+)\trefs/tags/(?:v{re.escape(VERSION)}|2027-spring)$"
    assert len(set(re.findall(tags, origin.stdout, re.M))) == 1


def test_what_is_not_run_here_is_on_a_page_and_runs_elsewhere() -> None:
    assert set(RUN_BEFORE) <= set(EVERY)
    for file, words in RUN_BEFORE.values():
        assert words in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_commands_stand_in_blocks(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    languages = {language for language, _ in FENCE.findall(text)}
    assert languages <= {"sh", "python", "toml", "text", "{lesson}"}
    # What needs a container engine, which no test has, and nothing else, is not run.
    for code in (code for language, code in FENCE.findall(text) if language == "text"):
        assert all(re.match(r"docker |    --", line) for line in code.splitlines()), code
    targets = "|".join(
        re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    for span in re.findall(r"`([^`\n]+)`", FENCE.sub("", text)):
        if span.split()[0] in PROGRAMS and " " in span:
            known = re.fullmatch(rf"make( [A-Z]+=\S+)* ({targets})( [A-Z]+=\S+)*", span)
            assert known or span in EVERY, f"{page}: put `{span}` into a block, so that it is run"
