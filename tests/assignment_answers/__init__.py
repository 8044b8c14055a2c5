"""Answers that students could give: right ones in several styles, and plausible wrong ones.

A module for each assignment with `RIGHT` and `WRONG`, lists of answers for each question. An
answer is the code of the cell, or pairs (old, new) that change the master's own.
"""

from importlib import import_module

from assignment_cells import NAMES, solution

MODULES = {name: import_module(f"assignment_answers.{name[:2]}") for name in NAMES}


def code(name: str, question: str, answer: str | tuple[str, str]) -> str:
    """Return the code of an answer."""
    if isinstance(answer, str):
        return answer
    own = solution(name, question)
    for old, new in [answer] if isinstance(answer[0], str) else answer:
        assert old in own, f"{name}, {question}: {old!r} is not in the master's answer"
        own = own.replace(old, new)
    return own
