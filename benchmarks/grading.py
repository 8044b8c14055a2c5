"""Make and grade the assignments: seconds for all of them, and for each of 100 submissions."""

import json
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
        submissions.mkdir()
        write_submissions(submissions)
        began = time.perf_counter()
        grade = [sys.executable, str(ASSIGNMENTS / "grading"), str(submissions)]
        options = ["--output", str(graded), "--workers", "2"]
        subprocess.run([*grade, *options], check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - began
        records = [json.loads(path.read_text()) for path in graded.glob("records/*/*.json")]
    seconds = [record["seconds"] for record in records]
    failed = sum(bool(record["reason"]) for record in records)
    left = sum(str(ASSIGNMENTS / "grading") in " ".join(p) for p in running())
    return "\n".join(
        [
            f"Assignments: made, and {len(seconds)} right submissions graded on 2 workers",
            f"  making all of them             {making:8.1f} s   {verdict(making, MOST_TO_MAKE)}",
            f"  grading, everything            {whole:8.1f} s   "
            f"{failed} failed, {left} processes left",
            f"  a submission, median           {statistics.median(seconds):8.1f} s",
            f"  the longest of them            {max(seconds):8.1f} s   "
            f"{verdict(max(seconds), MOST_TO_GRADE)}",
        ]
    )


def verdict(seconds: float, most: float) -> str:
    return f"aim at most {most} s: {'met' if seconds <= most else 'MISSED'}"


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
