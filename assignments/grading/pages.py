"""The page that a student gets: points, what the checks say, and what stopped."""

from pathlib import Path
from typing import Any

from course import Question
from jinja2 import Environment, FileSystemLoader
from nbformat import NotebookNode
from roles import grade_id, is_test
from sanitise import LONGEST_ANSWER, plain, rendered

# Nothing that a student controls can make a page long.
SHOWN_LINES, LINE, NAME, MESSAGE, MOST = 12, 200, 200, 2_000, 40

TEMPLATE = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
).get_template("feedback.html.jinja")


def page(
    assignment: str,
    name: str,
    record: dict[str, Any],
    scores: dict[str, dict[str, Any]],
    questions: list[Question],
    graded: NotebookNode | None,
    answers: dict[str, NotebookNode],
) -> str:
    """Return a student's page; nothing of the hidden tests is in it.

    Args:
        assignment: its name.
        name: of the student.
        record: `reason` and `notes` of the grading.
        scores: of `Course.scores`.
        questions: of the assignment.
        graded: the notebook with the outputs of its grading.
        answers: the cells that a person reads, as the student wrote them.
    """
    errors, stopped = said(graded)
    shown = [
        {
            "name": question.name,
            "title": question.title,
            "most": f"{question.points:g}",
            "score": f"{score['score']:g}",
            "needs_reading": score["needs_reading"],
            "comment": plain(score["comment"], 10 * MESSAGE),
            "says": errors.get(question.name) or _fine(score, question, record["reason"]),
            "answer": _answer(answers.get(question.name)),
        }
        for question in questions
        if (score := scores.get(question.name))
    ]
    notes = [plain(note, MESSAGE) for note in record["notes"][:MOST]]
    return TEMPLATE.render(
        assignment=assignment,
        name=plain(name, NAME),
        total=f"{sum(s['score'] for s in scores.values() if not s['needs_reading']):g}",
        most=f"{sum(question.points for question in questions):g}",
        to_read=[q["name"] for q in shown if q["needs_reading"]],
        reason=plain(record["reason"], MESSAGE),
        questions=shown,
        stopped=stopped[:MOST],
        more_stopped=len(stopped[MOST:]),
        notes=notes,
        more_notes=len(record["notes"][MOST:]),
    )


def said(graded: NotebookNode | None) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return what failed tests say, by question, and the other cells that stopped."""
    failed: dict[str, str] = {}
    stopped = []
    for number, cell in enumerate(graded.cells if graded is not None else [], 1):
        for output in cell.get("outputs", []):
            if output.output_type != "error":
                continue
            name, says = plain(output.ename, NAME), plain(output.evalue, MESSAGE)
            if is_test(cell):
                is_clear = name in ("AssertionError", "stopped")
                is_clear |= says.startswith("your code raised")
                failed[str(grade_id(cell))] = says if is_clear else f"{name}: {says}"
            else:
                lines = cell.source.split("\n")
                source = "\n".join(plain(line, LINE) for line in lines[:SHOWN_LINES])
                where = grade_id(cell) or f"cell {number}"
                stopped.append({"where": where, "error": f"{name}: {says}", "source": source})
    return failed, stopped


def plainly(reason: str) -> str:
    """Return why a file could not be graded in words for a student, without what a program said."""
    is_damaged = reason == "not a notebook" or "not a notebook (" in reason
    damaged = "the file is damaged: it cannot be read as a notebook; hand in again"
    return damaged if is_damaged else reason


def _answer(cell: NotebookNode | None) -> dict[str, Any] | None:
    """Return an answer in words as it is shown, and as it was written: nothing is left out."""
    if cell is None:
        return None
    is_text = cell.cell_type == "markdown"
    written = plain(cell.source, LONGEST_ANSWER)
    return {"shown": rendered(cell.source) if is_text else "", "written": written}


def _fine(score: dict[str, Any], question: Question, reason: str) -> str:
    if reason:
        return "not run"
    if score.get("by_person") and score.get("auto") is not None:
        return "these points were given by a person"
    if score["needs_reading"]:
        return "will be read by a person"
    return "all checks passed" if score["score"] == question.points else ""
