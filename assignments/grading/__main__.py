"""Grade a folder of notebooks: `make grade SUBMISSIONS=folder`. README.md says more."""

import argparse
import os
import sys
import warnings
from pathlib import Path

# Workers run side by side: threads within each would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import late
import reports
import roster
from batch import READ, Batch
from course import Course, CourseError
from isolation import Limits, readable, sandbox
from names import counted
from reading import Reader
from regrading import Again
from sanitise import plain
from submissions import find

HERE = Path(__file__).resolve().parent
LINE = 1_000  # characters of what students wrote, on the terminal


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="grading", description=__doc__)
    parser.add_argument("submissions", type=Path, help="folder of notebooks")
    parser.add_argument("--output", type=Path, help="default: SUBMISSIONS-graded, beside it")
    parser.add_argument("--course", type=Path, default=HERE.parent, help="folder with source/")
    parser.add_argument("--roster", type=Path, help="CSV of the class, from a learning platform")
    parser.add_argument("--late", type=Path, help="TOML with due dates; README.md shows one")
    parser.add_argument("--again", action="store_true", help="grade all again")
    parser.add_argument("--student", action="append", default=[], help="again, this one alone")
    parser.add_argument("--question", action="append", default=[], help="again, for its points")
    parser.add_argument("--why", default="", help="a sentence for those whose points change")
    parser.add_argument("--unread", action="store_true", help="upload before all is read")
    parser.add_argument("--names", action="store_true", help="show names on the marking pages")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    limits = Limits()
    parser.add_argument("--cell-seconds", type=float, default=limits.cell_seconds)
    parser.add_argument("--notebook-seconds", type=float, default=limits.notebook_seconds)
    parser.add_argument("--megabytes", type=int, default=limits.megabytes)
    return parser.parse_args()


def main() -> str | None:
    """Grade; return what went wrong, if anything did."""
    given = arguments()
    if not given.submissions.is_dir():
        return f"{given.submissions} is not a folder: name the folder that holds the notebooks"
    folder = given.submissions.resolve()
    output = (given.output or folder.with_name(f"{folder.name}-graded")).resolve()
    if output.is_relative_to(folder):
        return f"{output} lies inside the submissions: give --output another place"
    for path in (folder, output, given.course.resolve()):
        if seen := next((r for r in readable() if path.is_relative_to(r)), None):
            return f"{path} lies in {seen}, which submissions can read: move it elsewhere"
    warnings.filterwarnings("ignore")
    sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may know fewer letters
    print(f"Grading {folder}", flush=True)
    try:
        course = Course.build(given.course, output / "course")
        told: list[str] = []
        listed = roster.read(given.roster, told) if given.roster else []
        with Reader(course.releases, output / READ) as reader:
            found = find(folder, course.releases, reader)
        again = None
        if given.again or given.student or given.question:
            again = Again(frozenset(given.student), frozenset(given.question))
            again.check(found.submissions, course)
        around = sandbox()
        due = late.read(given.late, course.releases) if given.late else {}
    except (CourseError, ValueError, RuntimeError, OSError) as error:
        return str(error)
    count = counted(len(found.submissions), "submission")
    print(f"{count}; each in a sandbox: {around.describe()}")
    for line in told:
        print(plain(line, LINE))
    limits = Limits(given.cell_seconds, given.notebook_seconds, given.megabytes)
    batch = Batch(course, output, around, limits, max(1, given.workers), again)
    batch.run(found.submissions, lambda line: print(plain(line, LINE), flush=True))
    wishes = reports.Wishes(given.names, given.why, given.unread, due)
    if again and again.said:
        print(f"{again.said[0].upper()}{again.said[1:]}: all other points are those of before")
    for problem in reports.write(batch, found, listed, wishes):
        print(plain(problem, LINE))
    print(f"Every file: {output / 'files.csv'}")
    for assignment in sorted({s.assignment for s in found.submissions}):
        print(f"Points: {output / assignment / 'grades.csv'}")
        print(f"Report on the class: {output / assignment / 'report.html'}")
        print(f"Pages for students: {output / assignment / 'feedback'}")
        print(f"To mark: {output / assignment / 'marking'}, or {output / assignment / 'marks.csv'}")
    return None


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # names of students, in any locale
    sys.exit(main())
