"""Mutated notebooks under odd names: none may stop the grading of the others.

`python tests/fuzz_grading.py 10000` tries that many, and prints how many and what became of them.
A failure is shrunk by hypothesis and printed; --seed starts elsewhere.
"""

import argparse
import csv
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import hypothesis
import nbformat
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "assignments" / "grading"))

import names
import precheck
import reading
import reports
import submissions
from grading_corpus import EDITORS, answers, student_version
from reading import Reader
from roles import grade_id

RELEASE = student_version()
LOCKED = {"given", "q1_counts_test", "q2_side_test", "q3_layer_test"}
GOOD = deepcopy(RELEASE)
answers()(GOOD)
ODD = [
    None, True, 0, -1, 1e999, float("nan"), "", "code", "\ud800", "\0", "x" * 3000, [], {}, [[]],
    ["a\n", 3], {"a": {"b": []}}, "a b", "\r\n", "\u202e", "é", "e\u0301", 10**30,
]  # fmt: skip
PEOPLE = [
    "ann", "Ann", "Ann Lee", "ann-lee", "王小明", "José", "Jose\u0301", "=1+1", "-rf", "+49", "@x",
    "a" * 100, "..x", "CON", "tiny", "Martiny", "()", "🙂", "a\nb", "\x1b[31m", "O'Neil", "a;b",
    "<b>", "Jos\udce9", "Jos\udce8", "&", "%00", "*?[a]", "Test", "2027_03_01", "İ", "ß", "ﬁ",
]  # fmt: skip
SHAPES = [
    "{0}.ipynb", "{0}_tiny.ipynb", "tiny ({1}).ipynb", "{0}/tiny.ipynb", "{0}/tiny ({1}).ipynb",
    "{0}/{2}.ipynb", "{2}/{0}/tiny.ipynb", "{2}/{0}.ipynb", "{0}/tiny/tiny.ipynb",
    "{0}/{2}/x.ipynb",
    "{0}_{1}_77_tiny.ipynb", "{0}_LATE_{1}_77_tiny.ipynb", "anon_{1}_77_tiny.ipynb",
    "{0}_{1}_assignsubmission_file_/tiny.ipynb", "{0}_{1}_assignsubmission_file_tiny.ipynb",
    "submission_{1}/tiny.ipynb", "tiny-{0}/tiny.ipynb", "{0}.ipynb.json", "{0}.json", "{0}.pdf",
    "{0}", "{0}/.hidden/{2}.ipynb", "{0}.IPYNB", "assignment_{1}_export/submission_{1}/{0}.ipynb",
    "submission_metadata.yml", "{0}/submission_metadata.yml",
]  # fmt: skip


def saved(change: Any) -> str | bytes:
    """Return a notebook as an editor saves it: its JSON, or the bytes of the file."""
    notebook = deepcopy(RELEASE)
    return change(notebook) or json.dumps(notebook)


SAVED = [saved(case.change) for case in EDITORS.values()]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252"]


@st.composite
def paths(draw: st.DrawFn) -> str:
    """The path of a file: a platform's shape, with odd names in it."""
    name = st.sampled_from(PEOPLE) | st.text(min_size=1, max_size=12)
    number = st.sampled_from(["1", "2", "2001", "x7Yq2", "0" * 30])
    path = draw(st.sampled_from(SHAPES)).format(draw(name), draw(number), draw(name))
    parts = [part for part in path.replace("\0", "").split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "x.ipynb"


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place in a JSON: what holds it, and its key there."""
    for key in node if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from places(node[key])


@st.composite
def notebooks(draw: st.DrawFn) -> bytes:
    """The bytes of a notebook that an editor has written and something has changed."""
    content = draw(st.sampled_from(SAVED))
    if isinstance(content, str):
        notebook = json.loads(content)
        for _ in range(draw(st.integers(0, 5))):
            mutate(draw, notebook)
        text = json.dumps(notebook, ensure_ascii=draw(st.booleans()))
        encoding = draw(st.sampled_from(ENCODINGS))
        content = text.encode(encoding, "surrogatepass" if "utf" in encoding else "replace")
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2]))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        more = draw(st.binary(max_size=3) | st.sampled_from([b"[" * 5000, b'{"a":' * 5000, b'"']))
        kept = draw(st.sampled_from([place, place + 1, place + 40, len(content)]))
        content = content[:place] + more + content[kept:]
    return content


def mutate(draw: st.DrawFn, notebook: Any) -> None:
    """Change one thing in a notebook, where it hurts more often than elsewhere."""
    found = [*places(notebook)]
    if not found:
        return
    holder, key = found[draw(st.integers(0, len(found) - 1))]
    how = draw(st.sampled_from(["replace", "delete", "double", "swap", "nest", "many", "rename"]))
    if how == "replace":
        holder[key] = draw(st.sampled_from(ODD) | st.text(max_size=5) | st.integers())
    elif how == "delete":
        del holder[key]
    elif how == "nest":
        for _ in range(draw(st.sampled_from([1, 50]))):
            holder[key] = [holder[key]]
    elif how == "rename" and isinstance(holder, dict):
        holder[draw(st.sampled_from(["id", "source", "cells", "worksheets", "metadata"]))] = (
            holder.pop(key)
        )
    elif isinstance(holder, list):
        if how == "double":
            holder.insert(draw(st.integers(0, len(holder))), deepcopy(holder[key]))
        elif how == "many" and len(holder) < 40:
            holder += [deepcopy(holder[key]) for _ in range(200)]
        elif how == "swap":
            other = draw(st.integers(0, len(holder) - 1))
            holder[key], holder[other] = holder[other], holder[key]


FOLDERS = st.lists(st.tuples(paths(), notebooks(), st.integers(0, 3)), min_size=1, max_size=5)


class Ungraded:
    """A batch, and its course, in which nothing was run: what is reported is what was found."""

    def __init__(self, output: Path):
        self.output, self.course = output, self

    def result(self, submission: Any) -> dict[str, Any]:
        notes, doubts = list(submission.notes), list(submission.doubts)
        return {"reason": submission.refused, "notes": notes, "to_check": doubts}

    def questions(self, assignment: str) -> list[Any]:
        return []

    def master(self, assignment: str) -> Any:
        return RELEASE

    @property
    def releases(self) -> dict[str, Any]:
        return {"tiny": RELEASE}

    def __getattr__(self, name: str) -> Any:
        return lambda *_: {} if name != "graded" else None


class Trial:
    """Folders that are found, checked and reported as `make grade` does, all but the running."""

    def __init__(self, folder: Path):
        self.folder, self.seen = folder, Counter()
        self.reader = Reader({"tiny": RELEASE}, folder / "out" / "read")

    def write(self, files: list[tuple[str, bytes, int]]) -> Path:
        """Write a folder of submissions, as far as this disk can hold such names."""
        inside = self.folder / "in"
        shutil.rmtree(inside, ignore_errors=True)
        inside.mkdir()
        (inside / "plain.ipynb").write_text(json.dumps(GOOD), encoding="utf-8")
        for path, content, when in files:
            file = inside / path
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
                os.utime(file, (when, when))
                self.seen["notebooks"] += 1
            except (OSError, UnicodeEncodeError):
                self.seen["names that no file can have"] += 1
        return inside

    def run(self, files: list[tuple[str, bytes, int]]) -> None:
        """Try one folder; an AssertionError or anything else is a find."""
        inside = self.write(files)
        found = submissions.find(inside, {"tiny": RELEASE}, self.reader)
        self.account(inside, found)
        for submission in found.submissions:
            self.seen["refused" if submission.refused else "ready to be graded"] += 1
            if not submission.refused:
                self.check(submission)
        problems = reports.write(Ungraded(self.folder / "out"), found, [{"Student": "Lee, Ann"}])
        assert not [p for p in problems if "could not" in p], problems
        with (self.folder / "out" / "tiny" / "grades.csv").open(
            newline="", encoding="utf-8"
        ) as file:
            assert len(list(csv.DictReader(file))) == len(found.submissions)
        self.seen["folders"] += 1

    def account(self, inside: Path, found: Any) -> None:
        """Every file is listed once; nobody shares a key; the one who did all right is graded."""
        listed = Counter(file.path for file in found.files)
        there = [path for path in inside.rglob("*") if not path.is_dir()]
        for path in there:
            parts = path.relative_to(inside).parts
            above = [names.written("/".join(parts[: n + 1])) for n in range(len(parts))]
            assert sum(bool(listed[name]) for name in above) == 1, above
        assert all(file.submissions or file.reason for file in found.files)
        for shown in [*listed, *(s.name for s in found.submissions)]:
            assert shown.encode() and not names.UNSHOWN.search(shown), ascii(shown)
        keys = Counter(names.on_disk(s.student) for s in found.submissions)
        assert keys.most_common(1)[0][1] == 1, keys
        for key in keys:
            assert key.isprintable() and "/" not in key and key[0] not in ".-", key
            assert len(key.encode()) < 200, key
        right = [s for s in found.submissions if s.path == inside / "plain.ipynb"]
        assert [s.refused for s in right] == [""]

    def check(self, submission: Any) -> None:
        """After the pre-check each cell is there once, and the locked ones are as they were."""
        kept = reading.kept(self.reader.folder, submission.digest)
        checked = precheck.check(kept, RELEASE)
        nbformat.validate(checked.notebook)
        json.dumps(checked.notebook, ensure_ascii=False).encode()
        expected = [grade_id(cell) for cell in RELEASE.cells if grade_id(cell)]
        assert [n for n in map(grade_id, checked.notebook.cells) if n] == expected
        for cell in checked.notebook.cells:
            if grade_id(cell) in LOCKED:
                given = next(c for c in RELEASE.cells if grade_id(c) == grade_id(cell))
                assert cell.source == given.source


@contextmanager
def trial() -> Iterator[Trial]:
    with tempfile.TemporaryDirectory() as folder:
        one = Trial(Path(folder))
        try:
            yield one
        finally:
            one.reader.close()


def fuzz(one: Trial, folders: int, seed: int) -> None:
    """Try so many folders."""
    check = settings(
        max_examples=folders, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
    )(hypothesis.seed(seed)(hypothesis.given(FOLDERS)(one.run)))  # fmt: skip
    check()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with trial() as one:
        seed = given.seed
        while one.seen["notebooks"] < given.notebooks:
            fuzz(one, 100, seed)
            seed += 1
            print(f"\r{one.seen['notebooks']} notebooks", end="", flush=True)
        print(f"\r{one.seen['notebooks']} mutated notebooks, and no batch was stopped")
        for what, count in one.seen.most_common():
            print(f"  {what:30} {count:6}")


if __name__ == "__main__":
    main()
