"""Each check accepts right answers in several honest forms, and refuses wrong ones truthfully."""

import re
from collections import Counter

import pytest
from check_answers import CHECKS, MODULES, RIGHT, WRONG, forms

from lenet_utils import checks


def named(answers):
    """Give each answer a name that is the same in every process."""
    seen, parameters = Counter(), []
    for check, given, *message in answers:
        seen[check] += 1
        words = [check.__name__, f"{seen[check]:02}", *re.findall(r"\w+", "".join(message))]
        parameters.append(pytest.param(check, given, *message, id="-".join(words)))
    return parameters


@pytest.mark.parametrize(("check", "answers"), named(RIGHT))
def test_right_answers_pass(check, answers):
    verdict = check(*answers)
    assert verdict, verdict.message
    assert "lenet-check-right" in verdict._repr_html_()


@pytest.mark.parametrize(("check", "answers", "message"), named(WRONG))
def test_wrong_answers_are_refused_with_their_own_message(check, answers, message):
    verdict = check(*answers)
    assert not verdict
    assert message in verdict.message
    assert "lenet-check-wrong" in verdict._repr_html_()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_meets_enough_answers(check):
    assert check.__module__.removeprefix(f"{checks.__name__}.") in MODULES
    right, wrong = forms(check)
    assert right >= 4 and wrong >= 8
