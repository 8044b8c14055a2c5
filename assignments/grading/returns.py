"""Students' pages in folders that learning platforms take back, each beside its own upload file."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from graded import Graded
from names import written
from platforms import CANVAS, MOODLE


def place(row: Graded) -> Path | None:
    """Return where a platform looks for a student's page, None where it has no way to take one.

    - Canvas, "Upload Submissions" of the gradebook: `infer_comment_context_from_filename` in
      app/models of instructure/canvas-lms finds the student's and the attachment's number in the
      file's name, and wants an attachment that was handed in.
    - Moodle, "Upload multiple feedback files in a zip": mod/assign/feedback/file/importziplib.php
      in moodle/moodle splits a folder's name into name, number, kind and plugin.
    """
    path = row.submission.path
    for part in path.parts:
        if known := MOODLE.fullmatch(part):
            # Its number ends the first part of the name: an underscore before it would be another.
            folder = f"{_called(known['name'])}_{known['number']}_assignsubmission_file"
            return Path("moodle") / folder / "feedback.html"
    if (known := CANVAS.fullmatch(path.name)) and known["piece"]:
        name = _called(known["name"] or "student")
        return Path("canvas") / f"{name}_{known['number']}_{known['piece']}_feedback.html"
    return None


def _called(name: str) -> str:
    """Return a name as every archive can hold it, without an underscore."""
    return re.sub(r"[_/\\]+", " ", written(name, 80)).strip() or "student"


def write(folder: Path, rows: Sequence[Graded], unread: bool) -> list[str]:
    """Lay out the pages of an assignment for platforms, and pack them; return what went wrong.

    Args:
        folder: of the assignment, with its pages in `feedback`.
        rows: the results.
        unread: whether also of those whose answers nobody has read yet.
    """
    problems = []
    shutil.rmtree(folder / "returns", ignore_errors=True)
    for row in rows:
        where = place(row)
        if where is None or (row.to_read and not unread):
            continue
        try:
            path = folder / "returns" / where
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / "feedback" / f"{row.submission.student}.html", path)
        except OSError as error:
            problems.append(f"{row.submission.student}: no page for the platform ({error})")
    for platform in ("canvas", "moodle"):
        archive = folder / "returns" / platform
        try:
            if archive.is_dir():
                shutil.make_archive(str(archive), "zip", archive)
        except (OSError, ValueError) as error:
            problems.append(f"{archive} could not be packed ({type(error).__name__})")
    return problems
