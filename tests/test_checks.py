"""Checks with right answers in several honest forms, and with wrong ones they must refuse."""

import math

import numpy as np
import pytest
import torch
from check_answers.forged import Forged

from lenet_utils import checks


def first_time(amounts, errors, limit):
    for i, error in enumerate(errors):
        if error > limit:
            return amounts[i - 1]
    return amounts[-1]


def by_cumulation(amounts, errors, limit):
    ok = torch.tensor(errors).cummax(0).values <= limit + 1e-9
    return torch.tensor(amounts)[ok].max()


RIGHT = [
    (checks.moved_maps, ([4, 2, 2, 1],)),
    (checks.moved_maps, (torch.tensor([4, 2, 2, 1]),)),
    (checks.moved_maps, ([4.0, np.int64(2), 2, 4 / 4],)),
    (checks.reach, (first_time,)),
    (checks.reach, (by_cumulation,)),
    (checks.reach, (lambda a, e, limit: np.float64(first_time(a, e, limit)),)),
]

WRONG = [
    (checks.moved_maps, ([1, 2, 2, 4],), "from one unit to the next"),
    (checks.moved_maps, ([4, 4, 4, 4],), "half as many units"),
    (checks.moved_maps, ([4, 2, 1, 1],), "C3 halves nothing"),
    (checks.moved_maps, ([4, 2, 2, 2],), "halves once more"),
    (checks.moved_maps, ([0, 0, 0, 0],), "C1: 0"),
    (checks.moved_maps, ([4, 3, 2, 1],), "S2: 3"),
    (checks.moved_maps, ([4, 2, 0, 1],), "C3: 0"),
    (checks.moved_maps, ([4, 2, 2, 0],), "S4: 0"),
    (checks.moved_maps, ([4, 2, 2],), "expected 4 whole numbers"),
    (checks.moved_maps, ([4, 2, 2, math.nan],), "expected a whole number"),
    (checks.moved_maps, (Forged(),), "expected 4 whole numbers"),
    (checks.reach, (lambda a, e, limit: a[[x > limit for x in [*e, 9]].index(True) % 6],), "first"),
    (
        checks.reach,
        (lambda a, e, limit: max(x for x, y in zip(a, e, strict=True) if y <= limit),),
        "first time",
    ),
    (checks.reach, (lambda a, e, limit: first_time(a, e, limit) % 5,), "last amount"),
    (checks.reach, (lambda a, e, limit: first_time(a, e, limit * 0.999),), "not above it"),
    (checks.reach, (lambda a, e, limit: 99,), "the answer is 2"),
    (checks.reach, (lambda a, e, limit: float("nan"),), "NaN"),
    (checks.reach, (lambda a, e, limit: "2",), "expected a tensor"),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_right_answers_pass(check, answer):
    verdict = check(*answer)
    assert verdict, verdict.message
    assert "lenet-check-right" in verdict._repr_html_()


@pytest.mark.parametrize(("check", "answer", "message"), WRONG)
def test_wrong_answers_are_refused_with_their_own_message(check, answer, message):
    verdict = check(*answer)
    assert not verdict
    assert message in verdict.message
    assert "lenet-check-wrong" in verdict._repr_html_()
