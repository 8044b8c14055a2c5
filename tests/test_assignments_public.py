"""What reading the published masters is worth in a term with numbers of its own."""

import ast
from typing import Any

import pytest
from assignment_cells import earned, questions, solution, solved
from conftest import ROOT

TERMS = ("2027-spring-9f3c07d1a4b86e52", "2027-autumn-0b1d6a97c3e45f28")
A1, A2 = "a1_shapes_and_counts", "a2_convolution_and_sharing"
A6, A7 = "a6_audit_a_tutorial", "a7_your_own_problem"
# Where the numbers of another term earn nothing; the page "Teaching with this book" lists these.
WORTHLESS = [
    (A1, "q1_shapes"), (A1, "q2_parameters"), (A1, "q3_connections"), (A1, "q6_dense"),
    (A2, "q1_two_units"), (A2, "q4_entries"), (A6, "q1_claims"), (A6, "q2_counts"),
    (A6, "q4_smallest"), (A7, "q1_survey"),
]  # fmt: skip


def values(name: str, question: str) -> str:
    """Return the answer to a question with the public numbers typed in."""
    source = solution(name, question)
    assigned = [
        target.id
        for statement in ast.parse(source).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    ]
    assert earned(name, question, source)[0] > 0
    names = solved(name, "open")[0]
    given = [one for one in assigned if not callable(names[one])]  # such as a network, to count it
    return "\n".join(f"{one} = {_plain(names[one])!r}" for one in given)


def _plain(value: Any) -> Any:
    value = value.tolist() if hasattr(value, "tolist") else value
    assert ast.literal_eval(repr(value)) == value
    return value


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize(("name", "question"), WORTHLESS)
def test_the_numbers_of_another_term_earn_nothing(name: str, question: str, term: str) -> None:
    typed = values(name, question)
    got, total, _ = earned(name, question, typed)
    assert got == total > 0  # in the public term they are right
    assert earned(name, question, typed, term)[0] == 0


@pytest.mark.parametrize("name", [A1, A2])
def test_a_published_program_earns_its_points_in_any_term(name: str) -> None:
    # Which is why the page says it, `alike.html` names the master, and a person reads a question.
    for question in questions(name):
        got, total, said = earned(name, question, solution(name, question), TERMS[0])
        assert got == total > 0, f"{question}: {said}"


def test_the_page_lists_the_questions() -> None:
    page = (ROOT / "book" / "teaching.md").read_text(encoding="utf-8")
    for name, question in WORTHLESS:
        assert f"`{question}`" in page, f"{name}, {question}"
