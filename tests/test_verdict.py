"""What every check does with an answer, whatever the exercise."""

import asyncio
import inspect
import os
import random
import sys
import warnings
from decimal import Decimal
from fractions import Fraction
from functools import wraps

import numpy as np
import pytest
import torch
from check_answers import CHECKS, RIGHT
from check_answers.forged import Forged
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.module import register_module_forward_hook

from lenet_utils import checks, criteria
from lenet_utils.checks import surroundings
from lenet_utils.checks.verdict import (
    as_tensor,
    call,
    check,
    integer,
    integers,
    number,
    rounds_to,
    tensor,
    unrounded,
)

# A right function for every check that asks for one.
FUNCTIONS = {
    tested: answers[0]
    for tested, answers in reversed(RIGHT)
    if callable(answers[0]) and not isinstance(answers[0], nn.Module)
}
of_functions = pytest.mark.parametrize("tested", FUNCTIONS, ids=lambda check: check.__name__)


def doing(action, function):
    """Return the function, but for something that it does after it has its answer."""

    @wraps(function)
    def answer(*arguments):
        result = function(*arguments)
        action()
        return result

    return answer


@check
def doubled(function):
    """Check an exercise that asks for twice x."""
    x = torch.tensor([1.0, -2.0])
    y = tensor(call(function, x), (2,), "the result")
    return "right" if torch.equal(y, 2.0 * x.double()) else "wrong"


GLOBALS = {
    "torch.set_grad_enabled": lambda: torch.set_grad_enabled(False),
    "torch.set_default_dtype": lambda: torch.set_default_dtype(torch.float64),
    "torch.set_default_device": lambda: torch.set_default_device("meta"),
    "torch.set_num_threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "torch.use_deterministic_algorithms": lambda: torch.use_deterministic_algorithms(True),
    "torch.autocast": lambda: torch.autocast("cpu").__enter__(),
    "torch.backends.cudnn": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "torch.set_float32_matmul_precision": lambda: torch.set_float32_matmul_precision("medium"),
    "torch.autograd.set_detect_anomaly": lambda: torch.autograd.set_detect_anomaly(True),
    "the seed of torch's random numbers": lambda: torch.manual_seed(0),
    "register_module_forward_hook": lambda: register_module_forward_hook(print),
    "np.seterr": lambda: np.seterr(all="raise"),
    "numpy's random numbers": lambda: np.random.seed(0),
    "Python's random numbers": lambda: random.seed(0),
    "sys.setrecursionlimit": lambda: sys.setrecursionlimit(10_000),
    "the working folder": lambda: os.chdir("/"),
    "sys.stdout": lambda: setattr(sys, "stdout", sys.stderr),
    "all warnings": lambda: warnings.filterwarnings("ignore"),
}


@pytest.mark.parametrize("name", GLOBALS)
def test_a_global_setting_left_changed_is_named_and_put_back(name):
    def settings():
        kept = [*surroundings._SETTINGS, *surroundings._GENERATORS]
        return [setting.read() for setting in kept], warnings.filters[:]

    before, state = settings(), torch.get_rng_state()
    verdict = doubled(doing(GLOBALS[name], lambda x: 2 * x))
    after = settings()
    assert not verdict
    assert name in verdict.message
    assert surroundings.same(before, after)
    assert torch.equal(state, torch.get_rng_state())


def test_a_function_may_print_and_draw_for_a_layer_that_it_uses(capsys):
    state = torch.get_rng_state()

    def by_layer(x):
        layer = nn.Linear(2, 2, bias=False)
        layer.weight.data = 2 * torch.eye(2)
        print("here")
        return layer(x)

    assert doubled(by_layer)
    assert torch.equal(state, torch.get_rng_state())
    assert "here" in capsys.readouterr().out


def test_settings_of_the_notebook_do_not_matter():
    function = FUNCTIONS[checks.shift]
    with warnings.catch_warnings(action="ignore"):
        assert checks.shift(function)
    with torch.inference_mode():
        assert checks.shift(function)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    try:
        assert checks.shift(function)
        assert torch.get_default_dtype() == torch.float64
        assert torch.empty(0).is_meta
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)


@of_functions
def test_a_right_function_that_changes_a_setting_is_refused(tested):
    verdict = tested(doing(GLOBALS["torch.set_grad_enabled"], FUNCTIONS[tested]))
    assert "torch.set_grad_enabled" in verdict.message
    assert torch.is_grad_enabled()


@of_functions
def test_a_right_function_that_sets_the_seed_is_refused(tested):
    torch.manual_seed(0)  # the same that the answer sets
    verdict = tested(doing(GLOBALS["the seed of torch's random numbers"], FUNCTIONS[tested]))
    assert "seed of torch" in verdict.message


@of_functions
def test_an_unwritten_function_is_no_answer(tested):
    assert "no answer yet" in tested(...).message
    assert "no answer yet" in tested(lambda *_: ...).message
    assert "no answer yet" in tested(lambda *_: (..., ...)).message
    assert "returned nothing" in tested(lambda *_: None).message


def yielding(x):
    yield 2 * x


async def waiting(x):
    return 2 * x


def endless(x):
    return endless(x)


class Doubling:
    def __init__(self, x):
        self.y = 2 * x


def throwing(error):
    def answer(x):
        raise error

    return answer


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (yielding, "yielding is a generator"),
        (waiting, "waiting is defined with async def"),
        (endless, "endless raised RecursionError: it calls itself without end"),
        (Doubling, "Doubling is a class"),
        (torch.ones(2), "expected a function"),
        (throwing(SystemExit(0)), "ended the program"),
        (throwing(KeyboardInterrupt()), "was interrupted"),
        (throwing(GeneratorExit()), "ended the program"),
        (throwing(BaseException("odd")), "raised BaseException: odd"),
        (throwing(asyncio.CancelledError()), "raised CancelledError"),
        (throwing(NotImplementedError()), "no answer yet"),
        (throwing(ValueError("x" * 10_000)), "xxx..."),
        (throwing(Unspeakable()), "an error that cannot be shown"),
        (lambda: 2, "raised TypeError"),
        (lambda x: print(x), "your function returned nothing"),
        (lambda x: x.mul_(2), "your function changed the x that it was given"),
        (lambda x: x.resize_(3).zero_(), "changed the x that it was given"),
        (lambda x: 2 * x.requires_grad_(), "changed the x that it was given"),
        (lambda *every: every[0].mul_(2), "changed the argument number 1 that it was given"),
        (lambda x: (2 * x).tolist(), "expected a tensor of numbers"),
        (lambda x: (2 * x).numpy(), "expected a tensor of numbers"),
        (lambda x: 2 * x + 0j, "holds complex numbers"),
        (lambda x: x > 0, "holds True and False"),
        (lambda x: (2 * x).to_sparse(), "expected a dense tensor"),
        (lambda x: (2 * x).bfloat16(), "has type torch.bfloat16"),
        (lambda x: (2 * x)[None], "has shape (1, 2); expected (2,)"),
        (lambda x: 2 * x / 0, "NaN or infinite"),
        (lambda x: Forged(), "expected a tensor of numbers"),
    ],
)
def test_a_function_that_is_none_or_fails_is_told_as_what_it_is(function, message):
    verdict = doubled(function)
    assert not verdict
    assert message in verdict.message
    assert len(verdict.message) < 500


@pytest.mark.parametrize(
    "function",
    [
        lambda x: nn.Parameter(2 * x),
        lambda x: 2 * x.double(),
        lambda x: (2 * x).long(),
        lambda x: (2 * x).requires_grad_(),
        lambda x: torch.stack([2 * x, x], 1)[:, 0],
        lambda x, times=2: times * x,
        nn.Sequential(
            nn.Identity(), type("Twice", (nn.Module,), {"forward": lambda s, x: 2 * x})()
        ),
        torch.tensor(2.0).mul,
    ],
)
def test_honest_forms_of_a_function_pass(function):
    assert doubled(function)


def leaving(**change):
    def answer(model, x):
        for name, value in change.items():
            getattr(model, name)(value)
        return model(x)

    return answer


def hooking(model, x):
    model[0].register_forward_hook(lambda *_: None)
    return model(x)


def stepping(model, x):
    with torch.no_grad():
        model[0].weight += 1
    return model(x)


def going_back(model, x):
    model(x).sum().backward()
    return model(x)


def normalising(model, x):
    return model.train()(x)


@pytest.mark.parametrize(
    ("function", "allowed", "message"),
    [
        (leaving(train=True), (), "left the model in training mode"),
        (lambda m, x: m[1].train() and m(x), (), "a layer of the model in another mode"),
        (leaving(requires_grad_=False), (), "left requires_grad of the model's parameters"),
        (hooking, ("weights", "mode"), "left a hook on the model"),
        (stepping, ("mode",), "changed the model's parameters or buffers"),
        (normalising, ("mode",), "changed the model's parameters or buffers"),
        (going_back, ("mode",), "left gradients on the model's parameters"),
        (leaving(train=True), ("weights", "mode"), None),
        (going_back, ("weights",), None),
        (leaving(), (), None),
    ],
)
def test_what_an_answer_leaves_of_a_model(function, allowed, message):
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}

    @check
    def asked(function):
        call(function, model, torch.ones(3, 2), allowed=allowed)
        return "fine"

    verdict = asked(function)
    assert bool(verdict) is (message is None)
    if message:
        assert message in verdict.message
        assert not model[0]._forward_hooks and model[0].weight.requires_grad
    if "mode" not in allowed:
        assert not any(module.training for module in model.modules())
    if "weights" not in allowed:
        assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
        assert model[0].weight.grad is None


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: F.conv2d(x, w),
        lambda x, w: torch.conv2d(x, w),
        lambda x, w: torch.ops.aten.convolution(x, w, None, [1] * 2, [0] * 2, [1] * 2, 0, [0], 1),
        lambda x, w: torch.func.vmap(lambda one: F.conv2d(one[None], w)[0])(x),
        lambda x, w: F.conv_transpose2d(x, w),
        lambda x, w: F.conv3d(x[None], w[None])[0],
    ],
)
def test_a_forbidden_operation_is_found_by_every_way_to_it(function):
    @check
    def by_hand(function):
        call(function, torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2), without={"conv": "F.conv2d"})
        return "by hand"

    verdict = by_hand(function)
    assert not verdict and "calls F.conv2d, or what does its work" in verdict.message
    assert by_hand(lambda x, w: F.unfold(x, 2).sum(1))


def test_lists_and_arrays_are_handed_over_as_copies():
    pairs, values = [(5, 1), (2, 2)], np.arange(3)

    @check
    def asked(function):
        call(function, pairs, values)
        return "fine"

    assert "changed the pairs" in asked(lambda pairs, values: pairs.pop()).message
    assert (
        "changed the values" in asked(lambda pairs, values: values.sort() or values.fill(0)).message
    )
    assert pairs == [(5, 1), (2, 2)] and values.tolist() == [0, 1, 2]


WHOLE = [7, 7.0, np.int8(7), np.float32(7), np.array([7]), torch.tensor(7), torch.tensor([7.0])]
WHOLE += [Fraction(14, 2), Decimal(7), nn.Parameter(torch.tensor(7.0))]


@pytest.mark.parametrize("value", WHOLE, ids=repr)
def test_whole_numbers_of_every_library_pass(value):
    assert integer(value, "it") == 7 and number(value, "it") == 7.0


@check
def whole(answer):
    """Check for a whole number."""
    return str(integer(answer, "it"))


@check
def three(answer):
    """Check for three whole numbers."""
    return str(integers(answer, 3, "they", "(1, 2, 3)"))


@check
def real(answer):
    """Check for a number."""
    return str(number(answer, "it"))


NEITHER = ["7", b"7", True, np.True_, torch.tensor(True), 7j, torch.tensor(7j), float("nan")]
NEITHER += [float("inf"), [7], torch.tensor([7, 7]), Forged(), object(), Decimal("NaN")]


@pytest.mark.parametrize("value", NEITHER, ids=lambda value: type(value).__name__)
def test_what_is_no_number_is_refused(value):
    assert "expected a whole number" in whole(value).message
    assert "is not a number" in real(value).message


def test_a_number_between_two_whole_ones_is_a_number():
    assert not whole(7.5) and not whole(torch.tensor(7.5))
    assert real(7.5) and real(torch.tensor(7.5)) and real(Fraction(15, 2))


@pytest.mark.parametrize(
    "values",
    [(1, 2, 3), [1.0, 2, 3], np.arange(3), torch.arange(3.0), range(3), iter((1, 2, 3))],
)
def test_several_whole_numbers_pass_in_any_form_that_has_an_order(values):
    assert three(values)


def endlessly():
    while True:
        yield 1


@pytest.mark.parametrize("values", [{1, 2, 3}, {1: 1, 2: 2, 3: 3}, "123", b"123", endlessly(), 7])
def test_what_has_no_order_or_no_end_is_refused(values):
    assert "expected 3 whole numbers" in three(values).message


@pytest.mark.parametrize("tested", CHECKS, ids=lambda check: check.__name__)
def test_a_check_called_with_other_answers_says_what_it_takes(tested):
    count = len(inspect.signature(tested).parameters)
    for answers in ((), (1,) * (count + 1)):
        assert "The check takes other answers" in tested(*answers).message
    assert "no answer yet" in tested(*[...] * count).message


def test_messages_are_escaped_in_html():
    html = whole("<script>alert(1)</script>")._repr_html_()
    assert "<script>" not in html


def test_a_fault_of_an_answer_that_no_check_foresees_is_told():
    @check
    def fragile(answer):
        return answer.name

    assert "cannot be compared: AttributeError" in fragile(7).message


@pytest.mark.parametrize(
    "function",
    [
        lambda y, t: criteria.MSE()(y, t),
        lambda y, t: criteria.MSE().losses(y, t).mean(),
        lambda y, t: doing(lambda: None, criteria.MSE())(y, t),
    ],
)
def test_a_function_that_calls_this_package_is_told_from_one_that_does_not(function):
    @check
    def unaided(function):
        call(function, torch.ones(2, 3), torch.tensor([0, 2]), unaided=True)
        return "written"

    before = sys.getprofile()
    assert "calls lenet_utils.criteria, which has this ready" in unaided(function).message
    assert unaided(lambda y, t: y.gather(1, t[:, None]).mean())
    assert sys.getprofile() is before


@pytest.mark.parametrize("value", [43, 43.0, 43.1, 43.12, torch.tensor(43.12), 43.119990772])
def test_a_number_may_be_given_to_any_digit(value):
    assert rounds_to(unrounded(value, "it"), 43.119990772)


@pytest.mark.parametrize("value", [42, 44, 43.2, 43.11, 43.15, -43.12, 0])
def test_another_number_does_not_round_to_the_exact_one(value):
    assert not rounds_to(unrounded(value, "it"), 43.119990772)


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), Fraction(2), torch.tensor(2)])
def test_a_number_of_any_library_counts_as_a_tensor(value):
    assert tensor(as_tensor(value), (), "it") == 2
