"""Checks of the lesson "Find the bugs"."""

import itertools
import math
import os
import tempfile
import warnings
import zipfile
from collections.abc import Set
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lenet_utils.checks.verdict import call, check, integer, pair, wrong

# The letters in the lesson's script, by the part in which they stand.
FAULTS = {"the network": "adf", "the digits": "hij", "the training": "mnoq", "the test": "rtuv"}
SOUND = {
    "b": "dropout is a layer like another; what matters is when it is switched off.",
    "c": "S4 hands on 16 maps of 5 by 5, and fc1 expects just these.",
    "e": "flatten(1) keeps the first dimension, the digits of the batch.",
    "g": "the script may run with and without a GPU.",
    "k": "the order of the test digits does not change how many are right.",
    "l": "this loss is the right one. Ask what it is given.",
    "p": "gradients first, then the step.",
    "s": "the answers come back to where the labels are, and argmax looks along the classes.",
}
PARAMETER_CHANGES = {"c3": 900, "pooling": -44, "output": 850}


@check
def faults(letters: Any) -> str:
    """Check exercise 11.1: which marked lines of the script are at fault.

    Args:
        letters: the letters, as one string or several.
    """
    found, everything = _letters(letters), "".join(FAULTS.values())
    if found == SOUND.keys():
        wrong("these are the eight lines that are in order: give the others.")
    for letter in sorted(found & SOUND.keys()):
        wrong(f"({letter}) is in order: {SOUND[letter]}")
    missing = {part: len(set(group) - found) for part, group in FAULTS.items()}
    if any(missing.values()):
        where = ", ".join(f"{count} in {part}" for part, count in missing.items() if count)
        wrong(f"{len(found)} found, and no false alarm. There are more: {where}.")
    return f"All {len(everything)}, and no false alarm. Now: what does each of them cost?"


def _letters(answer: Any) -> set[str]:
    """Take letters as one string or several, with or without commas and brackets."""
    found = {letter for letter in _text(answer).lower() if letter not in " \t\r\n,.;()"}
    if any(letter not in "".join(FAULTS.values()) and letter not in SOUND for letter in found):
        wrong('expected the letters of lines in the script, from a to v, such as "afk".')
    return found


def _text(answer: Any) -> str:
    try:
        return "".join(itertools.islice(answer, 100)) if not isinstance(answer, dict) else "?"
    except Exception:
        return "?"


@check
def choice_of_epoch(function: Any) -> str:
    """Check exercise 11.5: choose an epoch without the test digits.

    Args:
        function: called with validation errors and test errors, a list each, one entry an
            epoch; returns the chosen epoch, counted from 1, and the error to report.
    """
    cases = (
        ([0.050, 0.031, 0.020, 0.024, 0.026], [0.048, 0.029, 0.027, 0.022, 0.025]),
        # A local minimum comes first.
        ([0.08, 0.04, 0.05, 0.06, 0.03, 0.04, 0.07], [0.08, 0.05, 0.045, 0.07, 0.041, 0.02, 0.06]),
        ([0.09, 0.04, 0.06], [0.08, 0.07, 0.05]),
    )  # fmt: skip
    for held, test in cases:
        first, error = pair(call(function, held, test), "epoch", "error")
        best = held.index(min(held)) + 1
        if first == test[best - 1] and error == best:
            wrong("epoch and error are exchanged: return the epoch first.")
        epoch = integer(first, "the epoch")
        if epoch != best:
            _wrong_epoch(epoch, best, held, test)
        if not math.isclose(error, test[best - 1], rel_tol=1e-6):
            _wrong_error(error, best, held, test)
    return "Validation digits choose, test digits report."


def _wrong_epoch(epoch: int, best: int, held: list[float], test: list[float]) -> None:
    if epoch == test.index(min(test)) + 1:
        wrong("this is the epoch that suits the test digits best. They must not choose.")
    if epoch == best - 1:
        wrong(f"epoch {epoch}: Python counts from 0, the epochs from 1.")
    if epoch == held.index(max(held)) + 1:
        wrong(f"epoch {epoch} has the largest validation error: take the smallest.")
    if epoch == next(i for i in range(1, len(held)) if held[i] > held[i - 1]):
        wrong(f"the validation error rises after epoch {epoch}, but it falls again, and is "
              f"smallest after epoch {best}.")  # fmt: skip
    last = ", the last one," if epoch == len(held) else ""
    wrong(f"epoch {epoch}{last} has not the smallest validation error: that is epoch {best}.")


def _wrong_error(error: float, best: int, held: list[float], test: list[float]) -> None:
    def is_(value: float) -> bool:
        return math.isclose(error, value, rel_tol=1e-6)

    if is_(min(test)):
        wrong("the epoch is right, but the error is the best one of any epoch on the test.")
    if is_(min(held)):
        wrong("the error is the one that did the choosing; it flatters. Report the test's.")
    for epoch, value in enumerate(test, 1):
        if is_(value):
            wrong(f"the error is that on the test after epoch {epoch}; report that of {best}.")
    if is_(sum(test) / len(test)):
        wrong(f"the error is the mean over all epochs; report that of epoch {best}.")
    if is_(100 * test[best - 1]):
        wrong("the error is given as a percentage; report it as it is in the list.")
    if is_(1 - test[best - 1]):
        wrong("this is the accuracy, 1 minus the error: report the error.")
    wrong(f"the error is {error:g}; expected the test error after epoch {best}, as it is.")


@check
def saved_weights(function: Any) -> str:
    """Check exercise 11.6: keep a network's weights in a file.

    Args:
        function: called with a model and a path; writes the file and returns the path.
    """
    # Batch normalisation has numbers that are no parameters, but part of the network.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        models = [nn.Sequential(nn.BatchNorm1d(16), nn.Linear(16, 3)) for _ in range(2)]
        for norm, _ in models:
            nn.init.normal_(norm.get_buffer("running_mean"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.file"
        for model in models:
            returned = call(function, model, path)
            if not path.is_file():
                wrong("there is no file at the path that the function was given.")
            if model is models[1] and _is(_read(path), models[0]):
                wrong("given a second network and the same path, the file still holds the first "
                      "one: write the network that is given, over what was there.")  # fmt: skip
            _require_state(_read(path), model.state_dict())
            if len(list(path.parent.iterdir())) > 1:
                wrong("there is another file beside the one asked for: write one file only.")
            try:
                same = os.path.samefile(returned, path)
            except Exception:
                same = False
            if not same:
                wrong(f"the file is right, but the result, a {type(returned).__name__}, is not "
                      "its path. Return the path that was given.")  # fmt: skip
    return "Numbers and their names, nothing that runs: any program can read them back."


def _is(stored: dict[Any, Any], model: nn.Module) -> bool:
    mine = model.state_dict()
    return stored.keys() == mine.keys() and all(
        type(value) is Tensor and value.dtype == mine[name].dtype and value.equal(mine[name])
        for name, value in stored.items()
    )


def _require_state(stored: dict[Any, Any], mine: dict[str, Tensor]) -> None:
    """Refuse what is not the model's state_dict, number by number."""
    names = sorted(map(str, stored))
    missing, extra = mine.keys() - stored.keys(), stored.keys() - mine.keys()
    if extra and not missing:
        wrong(f"the file holds more than the weights: {', '.join(sorted(map(str, extra)))}.")
    if missing and not extra:
        wrong(f"{', '.join(sorted(missing))} is missing: keep the whole state_dict, which has "
              "more than the parameters.")  # fmt: skip
    if missing:
        wrong(f"the file holds {names}; expected the model's state_dict: {sorted(mine)}.")
    for name, value in stored.items():
        if type(value) not in (Tensor, nn.Parameter):
            wrong(f"{name} is a {type(value).__name__} in the file; expected tensors.")
        if value.dtype != mine[name].dtype:
            wrong(f"{name} is stored as {value.dtype}; the model's is {mine[name].dtype}.")
        if not torch.equal(value, mine[name]):
            wrong("the names are right, the numbers in the file are not the model's.")


@check
def suspects(function: Any) -> str:
    """Check exercise 11.7: which parts differ from the paper's, from the parameters alone.

    Args:
        function: called with a number of parameters; returns the names of the changed parts,
            among "c3", "pooling" and "output".
    """
    for size in range(len(PARAMETER_CHANGES) + 1):
        for names in itertools.combinations(PARAMETER_CHANGES, size):
            total = 60_000 + sum(PARAMETER_CHANGES[name] for name in names)
            answer = call(function, total)
            if isinstance(answer, dict) and not answer:
                wrong("{} is an empty dict. For the empty set write set().")
            if isinstance(answer, str) or not isinstance(answer, Set | list | tuple):
                wrong(f'the result is {answer!r}; expected a set of names, such as {{"c3"}}.')
            if any(type(name) is not str or name not in PARAMETER_CHANGES for name in answer):
                wrong("the names are c3, pooling and output; something else was returned.")
            if set(answer) == set(names):
                continue
            if total == 60_000:
                wrong("60,000 is the paper's own number: nothing is changed, an empty set.")
            sums = 60_000 + sum(PARAMETER_CHANGES[name] for name in set(answer))
            told = ", ".join(sorted(set(answer))) or "nothing"
            wrong(f"{total:,}: with {told} changed there are {sums:,} parameters.")
    return "Eight networks, eight different totals: the number alone gives the parts away."


def _read(path: Path) -> dict[Any, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    content = path.read_bytes()
    try:
        return load(content)
    except SafetensorError:
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored = torch.load(path, weights_only=True)
    except Exception:
        parts = zipfile.ZipFile(path).namelist() if zipfile.is_zipfile(path) else []
        ends = {Path(part).name for part in parts}
        if not content:
            wrong("the file is empty: save model.state_dict(), or use save_model.")
        if "constants.pkl" in ends:
            wrong("the file holds TorchScript, a program. Save model.state_dict(), the numbers.")
        if "data.pkl" in ends or content.startswith(b"\x80"):
            wrong(
                "the file holds Python objects, which only run with your class at hand, and run "
                "code when they are read. Save model.state_dict(), or use save_model."
            )
        wrong("neither torch.load nor load_model can read the file: use torch.save or save_model.")
    if not isinstance(stored, dict):
        wrong(f"the file holds a {type(stored).__name__}; expected the model's state_dict.")
    return stored
