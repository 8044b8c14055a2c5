"""Answers to the exercises of the lesson "Find the bugs" that are not a repaired function."""

import io
import json
import os
import pickle
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import torch

from lenet_utils import checks, save_model

from .forged import Forged

NAN = float("nan")

# 11.1 -------------------------------------------------------------------------------------

FAULTS = "adfhijmnoqrtuv"
SOUND = "bcegklps"

# 11.5 -------------------------------------------------------------------------------------


def choose(held, test):
    best = min(range(len(held)), key=held.__getitem__)
    return best + 1, test[best]


def choose_in_float32(held, test):
    best = torch.tensor(held).argmin()
    return best + 1, torch.tensor(test)[best]


def choose_by_sorting(held, test):
    _, epoch, error = sorted(zip(held, range(1, len(held) + 1), test, strict=True))[0]
    return epoch, error


def choose_in_a_loop(held, test):
    best, smallest = None, float("inf")
    for epoch, error in enumerate(held, start=1):
        if error < smallest:
            best, smallest = epoch, error
    return {"epoch": best, "error": test[best - 1]}.values()


def choose_with_no_patience(held, test):
    epoch = 1
    while epoch < len(held) and held[epoch] < held[epoch - 1]:
        epoch += 1
    return epoch, test[epoch - 1]


def choose_by_the_sum(held, test):
    return choose([a + b for a, b in zip(held, test, strict=True)], test)


def choose_by_the_gap(held, test):
    return choose([abs(a - b) for a, b in zip(held, test, strict=True)], test)


def choose_in_place(held, test):
    epoch, error = choose(held, test)
    held.sort()
    return epoch, error


def with_error(change):
    """Choose the right epoch, and report something else."""

    def spoilt(held, test):
        epoch, error = choose(held, test)
        return epoch, change(held, test, epoch, error)

    return spoilt


# 11.6 -------------------------------------------------------------------------------------


def keep_state(model, path):
    torch.save(model.state_dict(), path)
    return path


def keep_plain_numbers(model, path):
    torch.save({name: t.clone() for name, t in model.state_dict().items()}, path)
    return str(path)


def keep_in_an_open_file(model, path):
    with open(path, "wb") as file:
        torch.save(model.state_dict(), file)
    return Path(path).absolute()


def keep_in_the_old_format(model, path):
    torch.save(model.state_dict(), path, _use_new_zipfile_serialization=False)
    return path


def keep_as_safetensors(model, path):
    from safetensors.torch import save_file

    save_file({name: t.contiguous() for name, t in model.state_dict().items()}, path)
    return path


def keep_through_memory(model, path):
    buffer = io.BytesIO()
    torch.save({name: t.cpu() for name, t in model.state_dict().items()}, buffer)
    path.write_bytes(buffer.getvalue())
    return path


def keep_pickle(model, path):
    path.write_bytes(pickle.dumps({"a": object}))
    return path


def keep(content):
    """Save something that is made of the model."""

    def spoilt(model, path):
        torch.save(content(model), path)
        return path

    return spoilt


def keep_json(model, path):
    text = json.dumps({k: v.tolist() for k, v in model.state_dict().items()})
    path.write_text(text, encoding="utf-8")
    return path


def keep_numpy(model, path):
    with open(path, "wb") as file:
        np.savez(file, **{k: v.numpy() for k, v in model.state_dict().items()})
    return path


def keep_script(model, path):
    with warnings.catch_warnings(action="ignore"):  # TorchScript is deprecated
        torch.jit.script(model).save(path)
    return path


def keep_under_another_name(model, path):
    return keep_state(model, path.with_suffix(".pt"))


def keep_twice(model, path):
    keep_state(model, path.with_suffix(".bak"))
    return keep_state(model, path)


def keep_only_once(model, path):
    return path if path.exists() else keep_state(model, path)


def keep_at_the_end(model, path):
    with open(path, "ab") as file:
        torch.save(model.state_dict(), file)
    return path


def keep_from_evaluation(model, path):
    return keep_state(model.eval(), path)


def keep_halved(model, path):
    return keep_state(model.half(), path)


def keep_in_the_folder(model, path):
    os.chdir(path.parent)
    return keep_state(model, path)


def keep_zeroed(model, path):
    keep_state(model, path)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    return path


FIRST = {}


def keep_first_model(model, path):
    """A notebook's own network instead of the one that is given."""
    FIRST.setdefault("state", {name: t.clone() for name, t in model.state_dict().items()})
    torch.save(FIRST["state"], path)
    return path


# 11.7 -------------------------------------------------------------------------------------


def detect(parameters, c3=900, pooling=-44, output=850):
    for number in range(8):
        changes = {"c3": c3, "pooling": pooling, "output": output}
        names = {name for i, name in enumerate(changes) if number >> i & 1}
        if 60_000 + sum(changes[name] for name in names) == parameters:
            return names
    return set()


TABLE = {
    60_000: [],
    60_900: ["c3"],
    59_956: ["pooling"],
    60_850: ["output"],
    60_856: ["c3", "pooling"],
    61_750: ["c3", "output"],
    60_806: ["pooling", "output"],
    61_706: ["c3", "pooling", "output"],
}


def detect_by_remainder(parameters):
    extra = parameters - 60_000
    names = {"pooling"} if extra % 50 else set()
    extra += 44 * len(names)
    return names | {0: set(), 900: {"c3"}, 850: {"output"}, 1750: {"c3", "output"}}[extra]


def detect_by_size(parameters):
    """Forgets that a larger number may hold a smaller one's negative."""
    extra, names = parameters - 60_000, []
    for name, change in (("c3", 900), ("output", 850)):
        if extra >= change:
            names, extra = [*names, name], extra - change
    return {*names, "pooling"} if extra < 0 else set(names)


RIGHT = [
    (checks.faults, (FAULTS,)),
    (checks.faults, (FAULTS[::-1].upper(),)),
    (checks.faults, (list(FAULTS),)),
    (checks.faults, (set(FAULTS),)),
    (checks.faults, (tuple(FAULTS),)),
    (checks.faults, (", ".join(FAULTS),)),
    (checks.faults, ("".join(f"({letter})" for letter in FAULTS),)),
    (checks.faults, (["adf", "hij", "mnoq", "rtuv"],)),
    (checks.faults, (frozenset(FAULTS),)),
    (checks.faults, (np.array(list(FAULTS)),)),
    (checks.faults, ("adf\nhij\nmnoq\nrtuv",)),
    (checks.choice_of_epoch, (choose,)),
    (
        checks.choice_of_epoch,
        (lambda h, t: [np.argmin(h) + 1, np.array(t)[np.argmin(h)]],),
    ),
    (checks.choice_of_epoch, (lambda h, t: (torch.tensor(choose(h, t)[0]), choose(h, t)[1]),)),
    (checks.choice_of_epoch, (choose_in_float32,)),
    (checks.choice_of_epoch, (choose_by_sorting,)),
    (checks.choice_of_epoch, (choose_in_a_loop,)),
    (checks.choice_of_epoch, (lambda h, t: np.array(choose(h, t)),)),
    (checks.saved_weights, (keep_state,)),
    (checks.saved_weights, (keep_plain_numbers,)),
    (checks.saved_weights, (save_model,)),
    (checks.saved_weights, (keep_in_an_open_file,)),
    (checks.saved_weights, (keep_in_the_old_format,)),
    (checks.saved_weights, (keep_as_safetensors,)),
    (checks.saved_weights, (keep_through_memory,)),
    (checks.suspects, (detect,)),
    (checks.suspects, (lambda n: sorted(detect(n)),)),
    (checks.suspects, (lambda n: frozenset(detect(n)),)),
    (checks.suspects, (TABLE.__getitem__,)),
    (checks.suspects, (detect_by_remainder,)),
    (checks.suspects, (lambda n: tuple(TABLE[n]),)),
    (checks.suspects, (lambda n: dict.fromkeys(TABLE[n]).keys(),)),
]

WRONG = [
    (checks.faults, (...,), "no answer yet"),
    (checks.faults, (FAULTS + "b",), "dropout is a layer"),
    (checks.faults, (FAULTS + "k",), "order of the test digits"),
    (checks.faults, ("l",), "this loss is the right one"),
    (checks.faults, (FAULTS[1:],), "1 in the network"),
    (
        checks.faults,
        ("ahmr",),
        "2 in the network, 2 in the digits, 3 in the training, 3 in the",
    ),
    (checks.faults, ("xyz",), "from a to v"),
    (checks.faults, (7,), "from a to v"),
    (checks.faults, ([["a"], "b"],), "from a to v"),
    (checks.faults, (Forged(),), "from a to v"),
    (checks.faults, ("",), "There are more"),
    (checks.faults, (SOUND,), "these are the eight lines that are in order"),
    (checks.faults, (FAULTS + SOUND,), "(b) is in order"),
    (checks.faults, (FAULTS + "w",), "from a to v"),
    (checks.faults, (FAULTS[:-1],), "13 found, and no false alarm. There are more: 1 in the test"),
    (checks.faults, ("a" * 14,), "1 found"),
    (checks.faults, (dict.fromkeys(FAULTS, True),), "from a to v"),
    (checks.faults, (FAULTS.encode(),), "from a to v"),
    (checks.faults, (range(14),), "from a to v"),
    (checks.faults, (lambda: FAULTS,), "from a to v"),
    (checks.faults, (FAULTS.replace("a", "\N{CYRILLIC SMALL LETTER A}"),), "from a to v"),
    (checks.choice_of_epoch, (lambda h, t: choose(t, t),), "They must not choose"),
    (
        checks.choice_of_epoch,
        (lambda h, t: (choose(h, t)[0] - 1, choose(h, t)[1]),),
        "counts from 0",
    ),
    (checks.choice_of_epoch, (lambda h, t: (len(h), t[-1]),), "the last one"),
    (checks.choice_of_epoch, (lambda h, t: choose(h, h),), "that did the choosing"),
    (checks.choice_of_epoch, (lambda h, t: (choose(h, t)[0], min(t)),), "of any epoch"),
    (checks.choice_of_epoch, (lambda h, t: (choose(h, t)[0], 0.5),), "expected the test error"),
    (checks.choice_of_epoch, (lambda h, t: 3,), "not a pair"),
    (checks.choice_of_epoch, (lambda h, t: (choose(h, t)[0], NAN),), "nan"),
    (checks.choice_of_epoch, (lambda h, t: (Forged(), 0.1),), "which is not a number"),
    (checks.choice_of_epoch, (lambda h, t: (choose(h, t)[0], "low"),), "not a number"),
    (checks.choice_of_epoch, (lambda h, t: choose(h, t)[::-1],), "exchanged"),
    (checks.choice_of_epoch, (choose_with_no_patience,), "falls again"),
    (checks.choice_of_epoch, (choose_by_the_sum,), "They must not choose"),
    (checks.choice_of_epoch, (choose_by_the_gap,), "smallest validation error"),
    (checks.choice_of_epoch, (lambda h, t: choose([-e for e in h], t),), "largest"),
    (checks.choice_of_epoch, (choose_in_place,), "changed the held"),
    (
        checks.choice_of_epoch,
        (with_error(lambda h, t, epoch, error: t[epoch % len(t)]),),
        "of any epoch",
    ),
    (checks.choice_of_epoch, (with_error(lambda h, t, epoch, error: t[-1]),), "after epoch 5"),
    (checks.choice_of_epoch, (with_error(lambda h, t, epoch, error: t[0]),), "after epoch 1"),
    (checks.choice_of_epoch, (with_error(lambda h, t, epoch, error: sum(t) / len(t)),), "mean"),
    (checks.choice_of_epoch, (with_error(lambda h, t, epoch, error: 100 * error),), "percentage"),
    (checks.choice_of_epoch, (with_error(lambda h, t, epoch, error: 1 - error),), "accuracy"),
    (checks.choice_of_epoch, (with_error(lambda h, t, epoch, error: round(error, 2)),), "expected"),
    (checks.choice_of_epoch, (lambda h, t: (3, 0.027),), "epoch 3 has not the smallest"),
    (checks.choice_of_epoch, (lambda h, t: (choose(h, t)[0] + 0.5, 0.027),), "a whole number"),
    (checks.choice_of_epoch, (lambda h, t: dict(enumerate(choose(h, t))),), "not a pair"),
    (checks.saved_weights, (lambda m, p: (torch.save(m, p), p)[1],), "Python objects"),
    (checks.saved_weights, (keep_pickle,), "Python objects"),
    (checks.saved_weights, (lambda m, p: p,), "no file at the path"),
    (checks.saved_weights, (keep(lambda m: list(m.state_dict().values())),), "holds a list"),
    (
        checks.saved_weights,
        (keep(lambda m: {k: torch.zeros_like(v) for k, v in m.state_dict().items()}),),
        "not the model's",
    ),
    (
        checks.saved_weights,
        (keep(lambda m: {"model": m.state_dict()}),),
        "expected the model's state_dict",
    ),
    (checks.saved_weights, (keep(lambda m: dict(m.named_parameters())),), "is missing"),
    (
        checks.saved_weights,
        (keep(lambda m: {**m.state_dict(), "epoch": torch.tensor(3)}),),
        "more than the weights: epoch",
    ),
    (checks.saved_weights, (keep(lambda m: {**m.state_dict(), 3: 4}),), "more than the weights: 3"),
    (
        checks.saved_weights,
        (keep(lambda m: {f"module.{k}": v for k, v in m.state_dict().items()}),),
        "expected the model's state_dict",
    ),
    (
        checks.saved_weights,
        (keep(lambda m: {k: v.half() for k, v in m.state_dict().items()}),),
        "torch.float16",
    ),
    (
        checks.saved_weights,
        (keep(lambda m: {k: v.tolist() for k, v in m.state_dict().items()}),),
        "expected tensors",
    ),
    (
        checks.saved_weights,
        (keep(lambda m: {k: v.numpy() for k, v in m.state_dict().items()}),),
        "Python objects",
    ),
    (checks.saved_weights, (keep(lambda m: torch.zeros(3)),), "holds a Tensor"),
    (checks.saved_weights, (keep_json,), "neither"),
    (checks.saved_weights, (keep_numpy,), "neither"),
    (checks.saved_weights, (keep_script,), "TorchScript"),
    (checks.saved_weights, (lambda m, p: (p.touch(), p)[1],), "is empty"),
    (checks.saved_weights, (keep_under_another_name,), "no file at the path"),
    (checks.saved_weights, (keep_twice,), "another file beside"),
    (checks.saved_weights, (keep_only_once,), "a second network"),
    (checks.saved_weights, (keep_first_model,), "a second network"),
    (checks.saved_weights, (keep_at_the_end,), "a second network"),
    (checks.saved_weights, (keep_from_evaluation,), "evaluation mode"),
    (checks.saved_weights, (keep_halved,), "changed the model's parameters"),
    (checks.saved_weights, (keep_zeroed,), "changed the model's parameters"),
    (checks.saved_weights, (keep_in_the_folder,), "working folder"),
    (checks.saved_weights, (lambda m, p: keep_state(m, p) and m,), "Return the path"),
    (checks.saved_weights, (lambda m, p: keep_state(m, p).name,), "Return the path"),
    (checks.saved_weights, (lambda m, p: bool(keep_state(m, p)),), "Return the path"),
    (checks.saved_weights, (lambda m, p: torch.load(keep_state(m, p)),), "Return the path"),
    (checks.saved_weights, (lambda m, p: keep_state(m, p) and None,), "returned nothing"),
    (checks.suspects, (lambda n: set(),), "nothing changed"),
    (checks.suspects, (lambda n: detect(n) or {"c3"},), "the paper's own number"),
    (
        checks.suspects,
        (lambda n: detect(n) - {"pooling"},),
        "with nothing changed there are 60,000",
    ),
    (checks.suspects, (lambda n: {"F6"} if n > 60_000 else detect(n),), "the names are c3"),
    (checks.suspects, (lambda n: "c3",), "expected a set of names"),
    (checks.suspects, (lambda n: [Forged()],), "the names are c3"),
    (checks.suspects, (lambda n: {1: 2},), "expected a set of names"),
    (checks.suspects, (lambda n: {"C3"} if n == 60_900 else detect(n),), "the names are c3"),
    (checks.suspects, (lambda n: detect(n) or {},), "write set()"),
    (checks.suspects, (lambda n: [detect(n)] if n > 60_000 else [],), "the names are c3"),
    (checks.suspects, (partial(detect, c3=1500),), "60,900: with nothing changed"),
    (checks.suspects, (partial(detect, pooling=-12),), "59,956: with nothing changed"),
    (checks.suspects, (partial(detect, output=840),), "60,850: with nothing changed"),
    (checks.suspects, (partial(detect, pooling=44),), "59,956: with nothing changed"),
    (checks.suspects, (detect_by_size,), "60,856: with output changed there are 60,850"),
    (
        checks.suspects,
        (lambda n: TABLE.keys() and {"c3", "pooling", "output"} - detect(n),),
        "the paper's own number",
    ),
    (checks.suspects, (lambda n: n - 60_000,), "expected a set of names"),
    (checks.suspects, (lambda n: ",".join(sorted(detect(n))),), "expected a set of names"),
    (
        checks.suspects,
        (lambda n: {**dict.fromkeys(detect(n)), "F6": 0},),
        "expected a set of names",
    ),
    (checks.suspects, (lambda n: np.array(TABLE[n]),), "expected a set of names"),
    (checks.suspects, (lambda n: (name for name in detect(n)),), "is a generator"),
    (checks.suspects, (lambda n: detect(n) or None,), "returned nothing"),
]
