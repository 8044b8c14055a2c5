"""The quizzes: each source is sound, each lesson shows what its source says, faults are seen."""

import copy

import nbformat
import pytest
import quizzes
import yaml
from contents import lessons

PATHS = lessons()
each_lesson = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def test_every_lesson_has_a_quiz_of_its_own():
    numbers = [path.name[:2] for path in PATHS]
    assert len(set(numbers)) == len(numbers)
    assert all((quizzes.SOURCES / f"{number}.yml").exists() for number in numbers)


@each_lesson
def test_the_source_is_sound(path):
    assert not quizzes.faults(quizzes.read(path.name[:2]))


@each_lesson
def test_the_lesson_shows_its_source(path):
    notebook = nbformat.read(path, 4)
    stored = nbformat.writes(notebook)
    quizzes.write(notebook, quizzes.read(path.name[:2]))
    assert nbformat.writes(notebook) == stored, "run tools/quizzes.py"


GOOD = """
- question: How many weights has a window of 5 by 5, and how many biases?
  choices:
    - {text: "25 weights, one bias", right: true, why: "Right: 25 + 1."}
    - {text: "25 weights, 25 biases", why: A window has a single bias.}
    - {text: "5 weights, 5 biases", why: It has five rows of five.}
"""


def good_quiz() -> list:
    quiz = [yaml.safe_load(GOOD)[0] for _ in range(5)]
    for number, question in enumerate(quiz):
        question["question"] += f" ({number})"
        first = question["choices"].pop(0)
        question["choices"].insert(number % 3, first)
    return quiz


def test_a_good_quiz_has_no_faults():
    assert quizzes.faults(good_quiz()) == []


def change(path, value):
    """Return a function that puts a value at a place of a quiz; None removes what is there."""

    def broken(quiz):
        *way, last = path
        for step in way:
            quiz = quiz[step]
        if value is None:
            del quiz[last]
        else:
            quiz[last] = copy.deepcopy(value)

    return broken


CHOICES = (0, "choices")
FIRST, SECOND = (*CHOICES, 0), (*CHOICES, 1)


def right_at_the_first_place(quiz):
    for question in quiz:
        question["choices"].sort(key=lambda choice: "right" not in choice)


def right_is_the_longest(quiz):
    for question in quiz:
        next(c for c in question["choices"] if "right" in c)["text"] += ", and that is all"


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (change([4], None), "has 4 questions, not 5"),
        (change([0], "What is a window?"), "question 1 needs `question` and `choices`"),
        (change([0, "hint"], "none"), "question 1 needs `question` and `choices`"),
        (change([0, "question"], " "), "empty"),
        (change([1, "question"], good_quiz()[0]["question"]), "the same question twice"),
        (change([*CHOICES, 2], None), "three or four choices"),
        (change([*CHOICES], good_quiz()[0]["choices"] * 2), "three or four choices"),
        (change([*SECOND, "why"], None), "has a choice that is not"),
        (change([*SECOND, "why"], ""), "empty"),
        (change([*SECOND, "text"], 25), "a number without quotes"),
        (change([*SECOND, "why"], "TODO"), "something left to do"),
        (change([*SECOND, "text"], "lorem ipsum"), "something left to do"),
        (change([*FIRST, "right"], None), "exactly one choice with `right: true`"),
        (change([*FIRST, "right"], False), "exactly one choice with `right: true`"),
        (change([*SECOND, "right"], True), "exactly one choice with `right: true`"),
        (change([*FIRST, "why"], "It has 25 + 1."), 'should begin with "Right"'),
        (change([*SECOND, "why"], "Right: 25 + 1."), 'should begin with "Right"'),
        (change([*SECOND, "text"], "25 Weights,  one bias"), "has the same `text` twice"),
        (change([*SECOND, "why"], "It has five rows of five."), "has the same `why` twice"),
        (change([*SECOND, "text"], "$5^2$ weights"), "a formula in a choice"),
        (right_at_the_first_place, "use each of the places 1, 2, 3"),
        (right_is_the_longest, "right choices that are the longest"),
    ],
)
def test_a_broken_source_is_refused(broken, message):
    quiz = good_quiz()
    broken(quiz)
    assert any(message in fault for fault in quizzes.faults(quiz))


@pytest.mark.parametrize("quiz", [None, {}, "a quiz", [None]])
def test_what_is_no_quiz_is_refused(quiz):
    assert quizzes.faults(quiz)


def test_choices_are_html_and_feedback_is_markdown():
    quiz = good_quiz()[:1]
    quiz[0]["choices"][1] = {"text": "`a < b` & c", "why": "See `a` and\n\n$b < c$."}
    text = quizzes.markdown(quiz)
    assert "<details><summary><code>a &lt; b</code> &amp; c</summary>\n\nSee `a` and" in text
    assert "$b < c$.\n\n</details>\n" in text
    assert text.count("<details>") == text.count("</details>") == 3


def test_only_the_quiz_is_replaced():
    source = "## Summary\n\n- a\n\n## Quiz\n\nold\n\n**Where next.** [There](there.ipynb)."
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source)])
    quizzes.write(notebook, good_quiz())
    written = notebook.cells[0].source
    assert written == source.replace("old\n\n", quizzes.markdown(good_quiz()))
    quizzes.write(notebook, good_quiz())
    assert notebook.cells[0].source == written


@pytest.mark.parametrize("count", [0, 2])
def test_a_lesson_without_one_place_for_the_quiz_is_refused(count):
    cells = [nbformat.v4.new_markdown_cell("## Quiz\n\n**Where next.**") for _ in range(count)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.raises(ValueError, match=f"{count} cells"):
        quizzes.write(notebook, good_quiz())
