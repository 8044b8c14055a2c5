"""Checks of the lesson "Find the bugs"."""

import itertools
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lenet_utils.checks.verdict import call, check, integer, tensor, wrong

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
CHANGES = {"c3": 900, "pooling": -44, "output": 850}


@check
def faults(letters: Any) -> str:
    """Check exercise 11.1: which marked lines of the script are at fault.

    Args:
        letters: the letters, as one string or several.
    """
    try:
        found = {str(letter).lower() for letter in letters}
    except Exception:
        found = {"?"}
    everything = "".join(FAULTS.values())
    if not found <= {*everything, *SOUND} or not isinstance(letters, str | list | tuple | set):
        wrong('expected the letters of lines in the script, from a to v, such as "afk".')
    for letter in sorted(found & SOUND.keys()):
        wrong(f"({letter}) is in order: {SOUND[letter]}")
    missing = {part: len(set(group) - found) for part, group in FAULTS.items()}
    if any(missing.values()):
        where = ", ".join(f"{count} in {part}" for part, count in missing.items() if count)
        wrong(f"{len(found)} found, and no false alarm. There are more: {where}.")
    return f"All {len(everything)}, and no false alarm. Now: what does each of them cost?"


@check
def choice_of_epoch(function: Any) -> str:
    """Check exercise 11.5: choose an epoch without the test digits.

    Args:
        function: called with validation errors and test errors, a list each, one entry an
            epoch; returns the chosen epoch, counted from 1, and the error to report.
    """
    cases = (
        ([0.050, 0.031, 0.020, 0.024, 0.026], [0.048, 0.029, 0.027, 0.022, 0.025]),
        ([0.09, 0.04, 0.06], [0.08, 0.07, 0.05]),
    )
    for held, test in cases:
        answer = call(function, list(held), list(test))
        try:
            epoch, error = answer
        except Exception:
            wrong(f"the result is {answer!r}; expected two things: the epoch and the error.")
        epoch = integer(epoch, "the epoch")
        value = float(tensor(torch.tensor(_number(error)), (), "the error"))
        best = held.index(min(held)) + 1
        if epoch == test.index(min(test)) + 1:
            wrong("this is the epoch that suits the test digits best. They must not choose.")
        if epoch == best - 1:
            wrong(f"epoch {epoch}: Python counts from 0, the epochs from 1.")
        if epoch != best:
            wrong(f"epoch {epoch} has not the smallest validation error: that is epoch {best}.")
        if abs(value - min(test)) < 1e-9:
            wrong("the epoch is right, but the error is the best one of any epoch on the test.")
        if abs(value - min(held)) < 1e-9:
            wrong("the error is the one that did the choosing; it flatters. Report the test's.")
        if abs(value - test[best - 1]) > 1e-9:
            wrong(f"the error is {value}; expected the test error after epoch {best}.")
    return "Validation digits choose, test digits report."


@check
def kept_weights(function: Any) -> str:
    """Check exercise 11.6: keep a network's weights in a file.

    Args:
        function: called with a model and a path; writes the file and returns the path.
    """
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.file"
        call(function, model, path)
        if not path.is_file():
            wrong("there is no file at the path that the function was given.")
        stored = _read(path)
    mine = model.state_dict()
    if stored.keys() != mine.keys():
        wrong(f"the file holds {sorted(stored)}; expected the model's state_dict: {sorted(mine)}.")
    if not all(
        type(value) in (Tensor, nn.Parameter) and torch.equal(value, mine[name])
        for name, value in stored.items()
    ):
        wrong("the names are right, the numbers in the file are not the model's.")
    return "Numbers and their names, nothing that runs: any program can read them back."


@check
def suspects(function: Any) -> str:
    """Check exercise 11.7: which parts differ from the paper's, from the parameters alone.

    Args:
        function: called with a number of parameters; returns the names of the changed parts,
            among "c3", "pooling" and "output".
    """
    for size in range(len(CHANGES) + 1):
        for names in itertools.combinations(CHANGES, size):
            total = 60_000 + sum(CHANGES[name] for name in names)
            answer = call(function, total)
            if isinstance(answer, str) or not isinstance(answer, set | frozenset | list | tuple):
                wrong(f'the result is {answer!r}; expected a set of names, such as {{"c3"}}.')
            if any(type(name) is not str or name not in CHANGES for name in answer):
                wrong("the names are c3, pooling and output; something else was returned.")
            if set(answer) == set(names):
                continue
            if total == 60_000:
                wrong("60,000 is the paper's own number: nothing is changed, an empty set.")
            sums = 60_000 + sum(CHANGES[name] for name in set(answer))
            told = ", ".join(sorted(set(answer))) or "nothing"
            wrong(f"{total:,}: with {told} changed there are {sums:,} parameters.")
    return "Eight networks, eight different totals: the number alone gives the parts away."


def _number(answer: Any) -> float:
    try:
        return float(answer)
    except Exception:
        wrong("the error is not a number.")


def _read(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(path.read_bytes())
    except SafetensorError:
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored = torch.load(path, weights_only=True)
    except Exception:
        wrong(
            "the file holds Python objects, which only run with your class at hand, and run code "
            "when they are read. Save model.state_dict(), or use save_model."
        )
    if not isinstance(stored, dict):
        wrong(f"the file holds a {type(stored).__name__}; expected the model's state_dict.")
    return stored
