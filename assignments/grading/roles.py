"""What the cells of an assignment are for, by nbgrader's marks."""

import re
from typing import Any

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_locked, is_solution, is_task

HIDDEN = re.compile(r"[ \t]*### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS[ \t]*\n?", re.DOTALL)


def grade_id(cell: NotebookNode) -> str | None:
    """Return the name that nbgrader knows a cell by, None for a cell without one."""
    marks: Any = cell.metadata.get("nbgrader")
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) and name else None


def is_test(cell: NotebookNode) -> bool:
    """Whether it is a cell of tests, which gives points by itself."""
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)


def is_given(cell: NotebookNode) -> bool:
    """Whether it is code that comes with the assignment and is not changed."""
    return cell.cell_type == "code" and is_locked(cell) and not is_grade(cell)


def is_counted(cell: NotebookNode) -> bool:
    """Whether points are given for it."""
    return bool(is_grade(cell) or is_task(cell))


def visible(source: str) -> str:
    """Return the part of a test that students have."""
    return HIDDEN.sub("", source)
