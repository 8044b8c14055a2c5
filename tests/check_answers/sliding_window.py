"""Answers to the exercises of the lesson "A window that slides"."""

from fractions import Fraction
from itertools import groupby, pairwise

import numpy as np
import torch

from lenet_utils import checks

from .forged import Forged

NAN = float("nan")

# 16.3 -------------------------------------------------------------------------------------


def by_groups(classes):
    return "".join(str(c) for c, _ in groupby(classes) if c != 10)


def by_a_loop(classes):
    text, before = "", 10
    for c in classes:
        if c not in (10, before):
            text += str(c)
        before = c
    return text


def by_tensors(classes):
    merged = torch.tensor(classes).unique_consecutive()
    return "".join(map(str, merged[merged < 10].tolist()))


def by_letters(classes):
    letters = "".join("0123456789-"[c] for c in classes)
    return "".join(letter for letter, _ in groupby(letters)).replace("-", "")


def by_neighbours(classes):
    pairs = zip([10, *classes], classes, strict=False)
    return "".join(f"{c}" for before, c in pairs if c < 10 and c != before)


def dropped_first(classes):
    return "".join(str(c) for c, _ in groupby(c for c in classes if c != 10))


def in_place(classes):
    while 10 in classes:
        classes.remove(10)
    return by_groups(classes)


def merged_with_none(classes):
    return "".join(str(c) for c, _ in groupby(classes))


def without_the_first(classes):
    return "".join(str(c) for c in [c for c, _ in groupby(classes)][1:] if c != 10)


# 16.4 -------------------------------------------------------------------------------------


def added(path, penalties, entry):
    total, before = 0.0, 10
    for t, c in enumerate(path):
        total += float(penalties[t, c])
        if c not in (10, before):
            total += entry
        before = c
    return total


def by_gathering(path, penalties, entry):
    index = torch.tensor(path)
    before = torch.cat([torch.tensor([10]), index[:-1]])
    begins = (index != 10) & (index != before)
    return penalties.gather(1, index[:, None]).sum() + entry * begins.sum()


def by_comprehension(path, penalties, entry):
    begins = [c != 10 and (t == 0 or path[t - 1] != c) for t, c in enumerate(path)]
    return sum(penalties[t, c] for t, c in enumerate(path)) + entry * sum(begins)


def by_numpy(path, penalties, entry):
    p = np.array(path)
    begins = (p != 10) & (np.insert(p[:-1], 0, 10) != p)
    return penalties.numpy()[np.arange(len(p)), p].sum() + entry * begins.sum()


def sums(path, penalties):
    return sum(float(penalties[t, c]) for t, c in enumerate(path))


def per_column(path, penalties, entry):
    return sums(path, penalties) + entry * sum(c != 10 for c in path)


def per_change(path, penalties, entry):
    changes = sum(a != b for a, b in pairwise(path))
    return sums(path, penalties) + entry * changes


def per_run(path, penalties, entry):
    return sums(path, penalties) + entry * len(list(groupby(path)))


def but_the_first(path, penalties, entry):
    later = sum(c not in (10, b) for b, c in pairwise(path))
    return sums(path, penalties) + entry * later


def of_the_best(path, penalties, entry):
    return added(path, penalties, entry) - sums(path, penalties) + penalties.amin(1).sum()


def multiplied(path, penalties, entry):
    each = torch.stack([penalties[t, c] for t, c in enumerate(path)])
    return added(path, penalties, entry) - sums(path, penalties) + each.double().prod()


def zeroed(path, penalties, entry):
    found = added(path, penalties, entry)
    penalties.zero_()
    return found


RIGHT = [
    (checks.columns, (43,)),
    (checks.columns, (43.0,)),
    (checks.columns, (np.int64(43),)),
    (checks.columns, (torch.tensor(43),)),
    (checks.columns, ((200 - 32) // 4 + 1,)),
    (checks.saving, (3.4,)),
    (checks.saving, (416_604 / 123_804,)),
    (checks.saving, (np.float64(3.37),)),
    (checks.saving, (torch.tensor(3.365),)),
    (checks.saving, (Fraction(416_604, 123_804),)),
    (checks.spell, (by_groups,)),
    (checks.spell, (by_a_loop,)),
    (checks.spell, (by_tensors,)),
    (checks.spell, (by_letters,)),
    (checks.spell, (by_neighbours,)),
    (checks.path_penalty, (added,)),
    (checks.path_penalty, (by_gathering,)),
    (checks.path_penalty, (by_comprehension,)),
    (checks.path_penalty, (by_numpy,)),
    (checks.path_penalty, (lambda p, x, e: np.float32(added(p, x, e)),)),
]

WRONG = [
    (checks.columns, (...,), "no answer yet"),
    (checks.columns, (42,), "stands somewhere before the first one"),
    (checks.columns, (169,), "at each pixel"),
    (checks.columns, (168,), "steps of one pixel"),
    (checks.columns, (50,), "a quarter of the width"),
    (checks.columns, (44,), "one too many"),
    (checks.columns, (6,), "without overlap"),
    (checks.columns, (33,), "33 is not it"),
    (checks.columns, (43.5,), "expected a whole number"),
    (checks.columns, ("43",), "expected a whole number"),
    (checks.columns, (NAN,), "expected a whole number"),
    (checks.columns, (Forged(),), "expected a whole number"),
    (checks.saving, (...,), "no answer yet"),
    (checks.saving, (3,), "one digit after the point"),
    (checks.saving, (0.3,), "the other way round"),
    (checks.saving, (123_804 / 416_604,), "the other way round"),
    (checks.saving, (0.7,), "the fraction that is saved"),
    (checks.saving, (3.1,), "the factor for this field"),
    (checks.saving, (123_804,), "divide a window's work by it"),
    (checks.saving, (416_604,), "divide it by what one more column adds"),
    (checks.saving, (8,), "C5 shares nothing"),
    (checks.saving, (64.0,), "one window high"),
    (checks.saving, (3.5,), "3.5 is not it"),
    (checks.saving, ("3.4",), "not a number"),
    (checks.saving, (NAN,), "not a number"),
    (checks.saving, (Forged(),), "not a number"),
    (checks.spell, (lambda c: ...,), "no answer yet"),
    (checks.spell, (dropped_first,), "merge first"),
    (checks.spell, (lambda c: "".join(str(x) for x in c if x != 10),), "repeats were not merged"),
    (checks.spell, (merged_with_none,), "'none' is written as 10"),
    (checks.spell, (lambda c: "".join(map(str, c)),), "nothing was merged"),
    (checks.spell, (lambda c: by_groups(list(dict.fromkeys(c))),), "stands once only"),
    (checks.spell, (lambda c: by_groups(c)[::-1],), "backwards"),
    (checks.spell, (without_the_first,), "the first column is missing"),
    (checks.spell, (lambda c: "".join(sorted(by_groups(c))),), "sorted"),
    (checks.spell, (lambda c: ", ".join(by_groups(c)),), "spaces or commas"),
    (checks.spell, (lambda c: " ".join(by_groups(c)),), "there are spaces between"),
    (checks.spell, (lambda c: [int(x) for x in by_groups(c)],), "expected a text"),
    (checks.spell, (lambda c: int(by_groups(c) or 0),), "expected a text"),
    (checks.spell, (lambda c: by_groups(c)[:3],), "the text is '121198', not"),
    (checks.spell, (lambda c: by_groups(c) or "0",), "the text is '', not"),
    (checks.spell, (lambda c: Forged(),), "expected a text"),
    (checks.spell, (lambda c: None,), "returned nothing"),
    (checks.spell, (in_place,), "changed the classes"),
    (checks.path_penalty, (lambda p, x, e: ...,), "no answer yet"),
    (checks.path_penalty, (lambda p, x, e: sums(p, x),), "the entry is missing"),
    (checks.path_penalty, (per_column,), "only where one begins"),
    (checks.path_penalty, (per_change,), "costs nothing"),
    (checks.path_penalty, (per_run,), "for each run"),
    (checks.path_penalty, (but_the_first,), "in the first column begins as well"),
    (checks.path_penalty, (lambda p, x, e: 2 * sums(p, x) - added(p, x, e),), "add it"),
    (checks.path_penalty, (of_the_best,), "whatever the path says"),
    (checks.path_penalty, (multiplied,), "they are logarithms"),
    (checks.path_penalty, (lambda p, x, e: sums(p, x) + e,), "add"),
    (checks.path_penalty, (lambda p, x, e: -added(p, x, e),), "the penalty is"),
    (checks.path_penalty, (lambda p, x, e: added(p, x, 2.5),), "with an entry of 0.0"),
    (checks.path_penalty, (lambda p, x, e: round(added(p, x, e)),), "the penalty is"),
    (checks.path_penalty, (lambda p, x, e: [added(p, x, e)] * 2,), "not a number"),
    (checks.path_penalty, (lambda p, x, e: Forged(),), "not a number"),
    (checks.path_penalty, (lambda p, x, e: NAN,), "not a number"),
    (checks.path_penalty, (zeroed,), "changed the penalties"),
]
