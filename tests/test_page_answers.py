"""Exercises that are answered in the page say there what they say in a notebook."""

import ast
import inspect
import itertools
import json
import math
import random
import subprocess
import sys

import pytest
from check_answers import CHECKS, RIGHT, WRONG
from conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from javascript import NoTranslation, translated
from lenet_answers import fields

RUN = """
const code = require("fs").readFileSync(process.argv[1], "utf-8");
const lenetAnswers = new Function(code + "; return lenetAnswers;")();
const { checks, asked } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const functions = new Function("py", "return {" + checks + "};")(lenetAnswers.py);
console.log(JSON.stringify(asked.map(([name, answers]) =>
    lenetAnswers.verdict(functions[name], answers))));
"""


def translations():
    """Return the checks that have a translation, by name, as JavaScript."""
    found = {}
    for check in CHECKS:
        try:
            found[check.__name__] = translated(check)
        except NoTranslation:
            continue
    return found


def in_javascript(asked, checks=None):
    """Return the verdicts of JavaScript on pairs of a check's name and its answers."""
    checks = checks or translations()
    source = ", ".join(f"{name}: {text}" for name, text in checks.items())
    command = ["node", "-e", RUN, str(ROOT / "book" / "_static" / "answers.js")]
    run = subprocess.run(
        command,
        input=json.dumps({"checks": source, "asked": asked}),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return [(one["right"], one["message"]) for one in json.loads(run.stdout)]


def as_field(answer):
    """Return an answer as a field of the page gives it, or None where it has another form."""
    if type(answer) in (list, tuple):
        parts = [as_field(part) for part in answer]
        return None if None in parts else parts
    if type(answer) is str:
        return answer
    plain = type(answer) in (int, float) and math.isfinite(answer) and abs(answer) < 2**53
    return answer if plain else None


def numbers_of(check):
    """Return the numbers in a check's source and their neighbours: what mistakes lie near to."""
    tree = ast.parse(inspect.getsource(inspect.unwrap(check)))
    found = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    }
    return sorted({n + d for n in found for d in (-1, 0, 1, 0.5)} | {-n for n in found})


def asked_of(check, shape, generator, count=250):
    """Draw answers of a shape: whole and broken numbers, near to those in the check's source."""
    numbers = numbers_of(check)

    def one():
        if generator.random() < 0.02:
            return generator.choice(["abc", "7 apples", "1,5"])
        if generator.random() < 0.2:
            return round(generator.uniform(-10, 1000), generator.choice([0, 1, 3]))
        return generator.choice(numbers)

    for _ in range(count):
        yield [[one() for _ in range(n)] if n else one() for n in shape]


def shape_of(answers):
    """Return how many numbers each answer holds, 0 for a single one."""
    return tuple(len(answer) if isinstance(answer, list) else 0 for answer in answers)


def kind_of(answers):
    """Return the shape, and which of the numbers are written as text that is not empty."""
    listed = (answer if isinstance(answer, list) else [answer] for answer in answers)
    parts = [part for answers in listed for part in answers]
    deeper = any(isinstance(part, list) for part in parts)
    return shape_of(answers), [type(part) is str and bool(part) for part in parts], deeper


def right_answer(check):
    """Return a right answer of a check, as fields of the page give it."""
    return next(filter(None, (as_field(list(a)) for one, a in RIGHT if one is check)))


def cells():
    """Return (lesson, check, HTML of its fields) of every cell that the page asks by fields."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            code = "".join(cell["source"])
            if cell["cell_type"] == "code" and "checks." in code and "= ..." in code:
                found = fields(code)
                if found:
                    yield path.stem, found[0], found[1]


FORMS = list(cells())


@pytest.fixture(scope="module")
def answered():
    """Return all answers that were given to the checks in Python and in JavaScript, and verdicts.

    Those of `check_answers`, pairs of them (a part of one with a part of another), and drawn ones.
    """
    checks = translations()
    asked = []
    for check in CHECKS:
        if check.__name__ not in checks:
            continue
        mine = [as_field(list(answers)) for one, answers, *_ in RIGHT + WRONG if one is check]
        right = right_answer(check)
        mine = [given for given in mine if given and kind_of(given) == kind_of(right)]
        pairs = itertools.product(*zip(*mine, strict=True))
        mixed = [list(parts) for parts in itertools.islice(pairs, 400)]
        generator = random.Random(check.__name__)
        drawn = [] if check.__name__ == "faults" else asked_of(check, shape_of(right), generator)
        asked += [(check, given) for given in (*mine, *mixed, *drawn)]
    theirs = in_javascript([(check.__name__, given) for check, given in asked], checks)
    ours = [check(*given) for check, given in asked]
    return asked, [(verdict.right, verdict.message) for verdict in ours], theirs


def test_the_page_says_what_the_notebook_says(answered):
    asked, ours, theirs = answered
    different = [
        (check.__name__, given, mine, other)
        for (check, given), mine, other in zip(asked, ours, theirs, strict=True)
        if mine != other
    ]
    assert not different, f"{len(different)} of {len(asked)}: {different[:5]}"


def test_right_and_wrong_answers_of_every_check_were_asked(answered):
    asked, ours, _ = answered
    messages = {}
    for (check, _), (right, message) in zip(asked, ours, strict=True):
        messages.setdefault(check.__name__, {True: set(), False: set()})[right].add(message)
    assert len(messages) >= 18
    for name, found in messages.items():
        assert len(found[True]) == 1, name
        assert len(found[False]) >= 5, name


def test_lessons_ask_in_the_page_what_can_be_asked_there():
    asked = [name for _, name, _ in FORMS]
    assert len(set(asked)) == len(asked) >= 18
    assert set(asked) == set(translations())


@pytest.mark.parametrize(("lesson", "name", "parts"), FORMS, ids=lambda part: str(part)[:20])
def test_there_is_a_field_for_each_part_of_an_answer(lesson, name, parts):
    check = next(check for check in CHECKS if check.__name__ == name)
    boxes = tuple(part.count("<input") if part.startswith("<fieldset") else 0 for part in parts)
    assert boxes == shape_of(right_answer(check)), f"{lesson}: name the parts, # [A, B]"
    is_text = [type(answer) is str for answer in right_answer(check)]
    assert is_text == ['data-kind="text"' in part for part in parts]
