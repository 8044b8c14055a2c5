"""Make and grade the assignments: how long it takes, and what 100 submissions leave behind."""

import contextlib
import getpass
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil

ASSIGNMENTS = Path(__file__).parents[1] / "assignments"
SUBMISSIONS = 100
MOST_TO_MAKE, MOST_TO_GRADE = 60, 15
MOST_GROWTH = 20  # MB


def grading_section() -> str:
    """Seconds to generate all assignments, and to grade 100 submissions to them in one go."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        generate = [sys.executable, "-m", "nbgrader", "generate_assignment", "--force", "--no-db"]
        where = f"--CourseDirectory.release_directory={folder}"
        everything = ["--assignment", "*", where, "--log-level", "ERROR"]
        subprocess.run([*generate, *everything], cwd=ASSIGNMENTS, check=True)
    making = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        submissions, graded = Path(folder) / "submissions", Path(folder) / "graded"
        temporary = Path(folder) / "temporary"
        for made in (submissions, temporary):
            made.mkdir()
        write_submissions(submissions)
        began = time.perf_counter()
        memory = grade(submissions, graded, temporary)
        whole = time.perf_counter() - began
        records = [
            json.loads(path.read_text(encoding="utf-8")) for path in graded.glob("records/*/*.json")
        ]
        # torch makes an empty folder of its own there, one for each user.
        files = len({f.name for f in temporary.iterdir()} - {f"torchinductor_{getpass.getuser()}"})
    seconds = [record["seconds"] for record in records]
    failed = sum(bool(record["reason"]) for record in records) + SUBMISSIONS - len(records)
    left = sum(str(ASSIGNMENTS / "grading") in " ".join(p) for p in running())
    quarter = len(memory) // 4
    growth = statistics.median(memory[-quarter:]) - statistics.median(memory[quarter : 2 * quarter])
    return "\n".join(
        [
            f"Assignments: made, and {len(seconds)} right submissions graded on 2 workers",
            f"  making all of them             {making:8.1f} s   {verdict(making, MOST_TO_MAKE)}",
            f"  grading, everything            {whole:8.1f} s   {failed} failed or stuck",
            f"  processes left afterwards      {left:8}     {verdict(left, 0, '')}",
            f"  temporary files left           {files:8}     {verdict(files, 0, '')}",
            f"  memory, 2nd to last quarter    {growth:+8.1f} MB  "
            f"{verdict(growth, MOST_GROWTH, 'MB')}",
            f"  a submission, median           {statistics.median(seconds):8.1f} s",
            f"  the longest of them            {max(seconds):8.1f} s   "
            f"{verdict(max(seconds), MOST_TO_GRADE)}",
        ]
    )


def grade(submissions: Path, graded: Path, temporary: Path) -> list[float]:
    """Grade as `make grade` does, and return what the grader held in memory each second, in MB."""
    command = [sys.executable, str(ASSIGNMENTS / "grading"), str(submissions)]
    options = ["--output", str(graded), "--workers", "2"]
    surroundings = {**os.environ, "TMPDIR": str(temporary)}
    grader = subprocess.Popen([*command, *options], env=surroundings, stdout=subprocess.DEVNULL)
    memory = []
    while grader.poll() is None:
        with contextlib.suppress(psutil.Error):
            memory.append(psutil.Process(grader.pid).memory_info().rss / 2**20)
        with contextlib.suppress(subprocess.TimeoutExpired):
            grader.wait(1)
    if grader.returncode:
        raise subprocess.CalledProcessError(grader.returncode, command)
    return memory


def verdict(number: float, most: float, unit: str = "s") -> str:
    return f"aim at most {most} {unit}".rstrip() + f": {'met' if number <= most else 'MISSED'}"


def running() -> list[list[str]]:
    """Return the command lines of all processes that can be read."""
    return [p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"])]


def write_submissions(folder: Path) -> None:
    """Write the masters' own answers into the released notebooks, as many students would."""
    released = sorted((ASSIGNMENTS / "release").glob("*/*.ipynb"))
    for number in range(SUBMISSIONS):
        path = released[number % len(released)]
        master = nbformat.read(ASSIGNMENTS / "source" / path.parent.name / path.name, 4)
        answers = {
            cell.metadata.nbgrader.grade_id: cell.source
            for cell in master.cells
            if cell.metadata.get("nbgrader", {}).get("solution")
        }
        notebook = nbformat.read(path, 4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(name, cell.source)
        nbformat.write(notebook, folder / f"student{number:03}_{path.name}")
