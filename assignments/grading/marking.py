"""The pages on which a person marks: one for each question that is read, with all answers."""

import hmac
import re
import secrets
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import groups
from course import Course, Question
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from nbformat import NotebookNode
from precheck import comparable
from roles import grade_id
from sanitise import LONGEST_ANSWER, plain, rendered
from submissions import Submission

KIND = "lenet5-marks"
ROW = re.compile(r"^\|\s*(\d+(?:\.\d+)?)\s*\|\s*(.+?)\s*\|\s*$", re.MULTILINE)
MOST = 200  # answers on a page: more make a browser slow
HERE = Path(__file__).parent
TEMPLATE = Environment(
    loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
).get_template("marking.html.jinja")


@dataclass(frozen=True)
class Line:
    """A line of a rubric: what gives points, and how many at most."""

    points: float
    text: str

    @property
    def steps(self) -> list[str]:
        """What can be given, in halves of a point, the most first."""
        halves = [n / 2 for n in range(int(2 * self.points) + 1)]
        return [f"{n:g}" for n in sorted({*halves, self.points}, reverse=True)]


def fingerprint(answer: NotebookNode | None) -> str:
    """Return what tells an answer from the next that a student hands in."""
    text = answer.source if answer else ""
    return sha256(text.encode(errors="backslashreplace")).hexdigest()[:8]


def rubric(release: NotebookNode, question: Question) -> list[Line]:
    """Return the rubric of a question: the table in the cell `..._rubric`, else one line."""
    text = _text(release, f"{question.name}_rubric")
    lines = [Line(float(points), said) for points, said in ROW.findall(text)]
    if sum(line.points for line in lines) != question.points:
        return [Line(question.points, "The whole question")]
    return lines


def _text(notebook: NotebookNode, name: str) -> str:
    return next((str(c.source) for c in notebook.cells if grade_id(c) == name), "")


class Codes:
    """What stands for students on pages: short codes, which only the secret file can resolve.

    Args:
        path: of the secret, made when it is missing.
    """

    def __init__(self, path: Path):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(16), encoding="ascii")
        self.secret = path.read_bytes()

    def of(self, *parts: str) -> str:
        """Return the code of a student for an assignment."""
        raw = "\0".join(parts).encode(errors="surrogatepass")
        return hmac.new(self.secret, raw, "sha256").hexdigest()[:10]


def write(
    folder: Path,
    course: Course,
    assignment: str,
    submissions: Sequence[Submission],
    codes: Codes,
    *,
    named: bool = False,
) -> list[Path]:
    """Write the pages of an assignment, and return them.

    Args:
        folder: for the pages.
        course: with the notebooks as they were handed in.
        assignment: its name.
        submissions: of the assignment; who handed in one file together is marked once.
        codes: that stand for the students.
        named: whether the names of students are shown.
    """
    release, master = course.releases[assignment], course.master(assignment)
    known = course.all_scores(assignment)
    cards: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for submission in submissions:
        code = codes.of(assignment, submission.student)
        for name, cell in course.answers(assignment, submission.student).items():
            if comparable(cell.source) == comparable(_text(release, name)):
                continue  # nothing was answered
            same = cards.setdefault(name, {}).setdefault(
                (groups.file_of(submission), cell.source), {}
            )
            same.setdefault("codes", []).append(code)
            same.setdefault("names", []).append(submission.name)
            counts = _counts(known.get(submission.student, {}).get(name, {}))
            same.setdefault("counts", []).append(counts)
            same["cell"] = cell
    written = []
    folder.mkdir(parents=True, exist_ok=True)
    for question in course.questions(assignment):
        answers = sorted(cards.get(question.name, {}).values(), key=lambda c: min(c["codes"]))
        for part, some in enumerate(_parts(answers), 1):
            path = folder / f"{question.name}{f'-{part}' if len(answers) > MOST else ''}.html"
            shown = _page(assignment, question, rubric(release, question), some, named)
            shown |= {
                "part": path.stem,
                "page": codes.of(assignment, path.stem),
                "asked": rendered(_text(release, f"{question.name}_rubric")),
                "model": rendered(_text(master, question.name)),
            }
            text = TEMPLATE.render(shown, **_static())
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
            written.append(path)
    return written


def _counts(score: Mapping[str, Any]) -> str:
    """Return the points that a person has given and that count, "" if there are none."""
    return f"{score['score']:g}" if score.get("by_person") else ""


def _told(counts: Sequence[str]) -> str:
    """Return what is said of an answer that has points already, "" if it has none."""
    if not any(counts):
        return ""
    if len(set(counts)) > 1:
        return f"the partners differ: {', '.join(one or 'none' for one in counts)} points count"
    return f"{counts[0]} points count"


def _parts(answers: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(answers), MOST):
        yield answers[start : start + MOST]


def _static() -> dict[str, Any]:
    """Return the script and the style, and the script's digest, without which it does not run."""
    script = (HERE / "marking.js").read_text(encoding="utf-8")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    style = (HERE / "marking.css").read_text(encoding="utf-8")
    return {"script": Markup(script), "digest": digest, "style": Markup(style)}


def _page(
    assignment: str, question: Question, lines: list[Line], answers: Iterable[Mapping[str, Any]],
    named: bool,
) -> dict[str, Any]:  # fmt: skip
    return {
        "kind": KIND,
        "assignment": assignment,
        "question": question.name,
        "title": question.title,
        "most": f"{question.points:g}",
        "lines": [{"most": f"{ln.points:g}", "steps": ln.steps, "shown": ln.text} for ln in lines],
        "named": named,
        "answers": [
            {
                "codes": " ".join(answer["codes"]),
                "text": fingerprint(answer["cell"]),
                "who": ", ".join(plain(n, 200) for n in answer["names"]) if named else "",
                "count": len(answer["codes"]),
                "told": _told(answer["counts"]),
                "counts": len(set(answer["counts"])) == 1 and answer["counts"][0] != "",
                "shown": _shown(answer["cell"]),
                "written": plain(answer["cell"].source, LONGEST_ANSWER),
            }
            for answer in answers
        ],
    }


def _shown(cell: NotebookNode) -> Markup | str:
    return rendered(cell.source) if cell.cell_type == "markdown" else ""
