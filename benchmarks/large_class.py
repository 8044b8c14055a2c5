"""Grade a large class: whether it stays flat in memory, goes on after a kill, and ends.

`python benchmarks/large_class.py --students 1000` takes most of an hour on two idle cores. The
grader is killed when a third is graded, and started again. With `--folder` the class and its
grades stay there, and the next call goes on; a busy computer makes seconds longer, so it says how
busy it was.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from grading import ASSIGNMENTS, running, verdict

NAME = "a1_shapes_and_counts"
MOST_MEDIAN, MOST_REPORT, MOST_GROWTH = 2.5, 10.0, 20.0
GRADER = ASSIGNMENTS / "grading"


def write_class(folder: Path, students: int) -> None:
    """Write a class of which each has answered a part of the questions as the master does."""
    folder.mkdir(parents=True)
    rng = random.Random(1)
    released = nbformat.read(ASSIGNMENTS / "release" / NAME / f"{NAME}.ipynb", 4)
    master = nbformat.read(ASSIGNMENTS / "source" / NAME / f"{NAME}.ipynb", 4)
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in master.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    for number in range(students):
        notebook, skill = nbformat.from_dict(released), rng.random()
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in answers and rng.random() < skill:
                own = f"# {number}\n" if cell.cell_type == "code" else f"Student {number}: "
                cell.source = own + answers[name]
        nbformat.write(notebook, folder / f"student{number:04}.ipynb")


def grade(folder: Path, graded: Path, stop_after: int = 0) -> tuple[list[float], float]:
    """Grade on two workers; return the grader's memory each second, in MB, and the seconds.

    Args:
        folder: of the submissions.
        graded: for the output.
        stop_after: kill it once so many have a record; 0 for never.
    """
    command = [sys.executable, str(GRADER), str(folder), "--output", str(graded), "--workers", "2"]
    began, memory = time.perf_counter(), []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    while process.poll() is None:
        try:
            memory.append(psutil.Process(process.pid).memory_info().rss / 2**20)
            process.wait(1)
        except (psutil.Error, subprocess.TimeoutExpired):
            pass
        if stop_after and len(records(graded)) >= stop_after:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return memory, time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return memory, time.perf_counter() - began


def records(graded: Path) -> list[Path]:
    """Return the files that say how each submission was graded."""
    return list(graded.glob(f"records/{NAME}/*.json"))


def report_seconds(graded: Path) -> float:
    """Return the processor time that the report alone takes, over what is graded."""
    sys.path.insert(0, str(GRADER))
    import class_report
    from course import Course
    from graded import Graded
    from submissions import Submission

    course = Course(graded / "course")
    most = {question.name: question.points for question in course.questions(NAME)}
    began = time.process_time()
    scores = course.all_scores(NAME)
    rows = [
        Graded(
            Submission(path, path.stem, path.stem, NAME),
            json.loads(path.read_text(encoding="utf-8")),
            scores[path.stem],
            {},
        )
        for path in records(graded)
    ]
    problems = class_report.write(graded / NAME, class_report.Class(NAME, rows, most))
    assert not problems, problems
    return time.process_time() - began


def section(students: int, kept_folder: Path | None = None) -> str:
    """Return what was measured, beside what it should be."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = kept_folder or Path(temporary)
        submissions, graded = folder / "submissions", folder / "graded"
        if not submissions.exists():
            write_class(submissions, students)
        first = 0.0
        if len(records(graded)) < students // 3:
            _, first = grade(submissions, graded, students // 3)
        kept = {path.name: path.stat().st_mtime_ns for path in records(graded)}
        memory, second = grade(submissions, graded)
        again = sum(
            path.stat().st_mtime_ns != kept.get(path.name, path.stat().st_mtime_ns)
            for path in records(graded)
        )
        _, third = grade(submissions, graded)
        found = [json.loads(path.read_text(encoding="utf-8")) for path in records(graded)]
        failed = sum(bool(record["reason"]) for record in found) + students - len(found)
        seconds = statistics.median(record["seconds"] for record in found)
        report = report_seconds(graded)
    quarter = max(1, len(memory) // 4)
    growth = statistics.median(memory[-quarter:]) - statistics.median(memory[quarter : 2 * quarter])
    left = sum(str(GRADER) in " ".join(one) for one in running())
    return "\n".join(
        [
            f"{students} submissions of {NAME}, 2 workers, killed after {len(kept)}, begun again",
            f"  all of it                      {first + second:8.1f} s",
            f"  failed or stuck                {failed:8}     {verdict(failed, 0, '')}",
            f"  graded twice                   {again:8}     {verdict(again, 0, '')}",
            f"  processes left afterwards      {left:8}     {verdict(left, 0, '')}",
            f"  memory, 2nd to last quarter    {growth:+8.1f} MB  "
            f"{verdict(growth, MOST_GROWTH, 'MB')}",
            f"  a submission, median           {seconds:8.1f} s   {verdict(seconds, MOST_MEDIAN)}",
            f"  the report alone               {report:8.1f} s   {verdict(report, MOST_REPORT)}",
            f"  again, with nothing to grade   {third:8.1f} s",
            f"  load of {os.cpu_count()} processors, ours too     {os.getloadavg()[2]:8.1f}",
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--folder", type=Path, help="keep everything here, and go on")
    given = parser.parse_args()
    print(section(given.students, given.folder))
