"""A Gradescope autograder that runs the same checks: made as a zip here, and run there.

`python assignments/grading/autograder.py make ASSIGNMENT FILE.zip` makes it; README.md says more.
"""

import argparse
import json
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARTS = ("lenet_utils", "assignments/grading")
FILES = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-content.md", "assignments/term.txt")
VISIBLE = ("hidden", "after_due_date", "after_published", "visible")


def parts(assignment: str) -> Iterator[tuple[Path, str]]:
    """Yield what goes into the zip, and its name there: the scripts stand at its root."""
    for name in ("setup.sh", "run_autograder"):
        yield HERE / "gradescope" / name, name
    files = [ROOT / name for name in FILES]
    files += sorted((ROOT / "assignments").glob("*.py"))
    for folder in (*PARTS, f"assignments/source/{assignment}"):
        files += sorted(path for path in (ROOT / folder).rglob("*") if path.is_file())
    for path in files:
        is_made = "__pycache__" in path.parts or ".ipynb_checkpoints" in path.parts
        if path.exists() and not is_made:
            yield path, path.relative_to(ROOT).as_posix()


def make(assignment: str, path: Path, visibility: str = "after_published") -> None:
    """Write the zip for an assignment.

    Raises:
        ValueError: there is no such assignment, or no such visibility.
    """
    known = sorted(p.name for p in (ROOT / "assignments" / "source").iterdir() if p.is_dir())
    if assignment not in known:
        raise ValueError(f"{assignment!r} is no assignment: there are {', '.join(known)}")
    if visibility not in VISIBLE:
        raise ValueError(f"{visibility!r}: expected one of {', '.join(VISIBLE)}")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, name in parts(assignment):
            about = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))  # the same zip at any time
            is_script = "." not in name or name.endswith(".sh")
            about.external_attr = (stat.S_IFREG | (0o755 if is_script else 0o644)) << 16
            about.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about, file.read_bytes())
        archive.writestr("settings.json", json.dumps({"visibility": visibility}))


def run(place: Path) -> None:
    """Grade what Gradescope has put into a folder, and write `results/results.json` there."""
    settings = json.loads((place / "source" / "settings.json").read_text(encoding="utf-8"))
    work = place / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)  # the hidden tests are copied there
    # In the shape of Gradescope's export, whose files in one folder are one submission.
    export = work / "in" / "assignment_1_export"
    shutil.copytree(place / "submission", export / "submission_1", symlinks=True)
    listed = "submission_1:\n  :submitters:\n  - :name: student\n    :sid: '1'\n"
    (export / "submission_metadata.yml").write_text(listed, encoding="utf-8")
    command = [sys.executable, str(HERE), str(work / "in"), "--output", str(work / "out")]
    done = subprocess.run(
        [*command, "--workers", "1", "--course", str(HERE.parent)], capture_output=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    print(done.stdout, done.stderr)
    try:
        found = _result(work / "out")
    except (OSError, ValueError, StopIteration) as error:
        print(error)
        last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        found = {"score": 0, "output": f"This could not be graded: {last[:500]}"}
    (place / "results").mkdir(exist_ok=True)
    about = {"visibility": settings["visibility"], "stdout_visibility": "hidden"}
    text = json.dumps({**about, **found}, indent=1)
    (place / "results" / "results.json").write_text(text, encoding="utf-8")


def _result(output: Path) -> dict[str, Any]:
    """Return what Gradescope is told, from the folder in which was graded."""
    from course import Course

    record_path = next((output / "records").glob("*/*.json"))
    record = json.loads(record_path.read_text(encoding="utf-8"))
    course, assignment = Course(output / "course"), record_path.parent.name
    scores = course.scores(assignment, record_path.stem)
    tests = course.tests(assignment)
    return results(record, scores, [q for q in course.questions(assignment) if q.name in tests],
                   [q for q in course.questions(assignment) if q.name not in tests])  # fmt: skip


def results(
    record: Mapping[str, Any], scores: Mapping[str, Any], tested: list[Any], read: list[Any]
) -> dict[str, Any]:
    """Return what Gradescope shows, after the documented format of `results.json`.

    Args:
        record: how it was graded.
        scores: of `Course.scores`.
        tested: the questions whose points tests give.
        read: those that a person reads, which get no points here.
    """
    from pages import plainly
    from sanitise import plain

    tests = [
        {
            "name": f"{question.title} ({question.name})" if question.title else question.name,
            "number": str(number),
            "score": scores[question.name]["score"],
            "max_score": question.points,
            "status": "passed" if scores[question.name]["score"] == question.points else "failed",
            "output": plain(record.get("failed", {}).get(question.name, ""), 2_000),
            "output_format": "text",
        }
        for number, question in enumerate(tested, 1)
    ]
    said = [f"Not graded: {plainly(record['reason'])}"] if record["reason"] else []
    said += [f"{q.name} ({q.points:g} points) is read by a person." for q in read]
    said += record["notes"]
    return {
        "execution_time": round(float(record["seconds"]), 1),
        "output": plain("\n".join(said), 10_000),
        "output_format": "text",
        "tests": tests,
    }


def main() -> str | None:
    """Make or run an autograder; return what went wrong, if anything did."""
    parser = argparse.ArgumentParser(prog="autograder", description=__doc__)
    kinds = parser.add_subparsers(required=True, dest="kind")
    making = kinds.add_parser("make", help="write the zip for an assignment")
    making.add_argument("assignment")
    making.add_argument("path", type=Path)
    making.add_argument("--visibility", default="after_published", choices=VISIBLE)
    running = kinds.add_parser("run", help="what Gradescope calls")
    running.add_argument("place", type=Path)
    given = parser.parse_args()
    try:
        if given.kind == "run":
            run(given.place)
        else:
            make(given.assignment, given.path, given.visibility)
            size = given.path.stat().st_size / 2**20
            print(f"Wrote {given.path} ({size:.1f} MB), the autograder of {given.assignment}.")
            print("Upload it in Gradescope under Configure Autograder. It holds the hidden tests")
            print("and the name of your term: keep it to yourself.")
    except (OSError, ValueError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
