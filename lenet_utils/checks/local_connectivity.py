"""Checks of the lesson "Local connectivity"."""

import math
from typing import Any

from lenet_utils.checks.verdict import call, check, integer, integers, reasons, wrong

# In the first chain every mistake below gives a number of its own; the second is LeNet-5.
_CHAINS = (
    [(4, 3), (5, 5), (2, 4)],
    [(5, 1), (2, 2), (5, 1), (2, 2), (5, 1)],
    [(5, 1)],
    [(3, 2)] * 8,
)
_LAYERS = ((28, 5, 1, 0), (28, 5, 1, 2), (32, 3, 2, 1), (224, 11, 4, 2))


@check
def layer_sides(sides: Any) -> str:
    """Check exercise 2.1: the sides of four layers' outputs.

    Args:
        sides: four whole numbers, for (input, window, stride, padding) of (28, 5, 1, 0),
            (28, 5, 1, 2), (32, 3, 2, 1) and (224, 11, 4, 2).
    """
    answers = integers(sides, 4, "sides", "[10, 20, 30, 40]")
    for letter, answer, (n, k, s, p) in zip("ABCD", answers, _LAYERS, strict=True):
        row, room = n + 2 * p, n + 2 * p - k
        if answer == room // s + 1:
            continue
        why = reasons(
            answer,
            {
                "counting the steps (there is one more place than steps)": room // s,
                "padding one side only": (n + p - k) // s + 1,
                "leaving the padding out": (n - k) // s + 1,
                f"forgetting the stride (only every {_nth(s)} place is used)": room + 1,
                "rounding up (a window that does not fit is not used)": -(-room // s) + 1,
                "leaving the window out": row // s,
                "adding the padding to the result": (n - k) // s + 1 + 2 * p,
                "counting the units of a whole map, not of a row": (room // s + 1) ** 2,
            },
        )
        if why:
            wrong(f"{letter}: {answer} comes from {why}.")
        if answer > room // s + 1:
            need = (answer - 1) * s + k
            wrong(
                f"{letter}: {answer} windows need {need} pixels; with its padding a row has {row}."
            )
        wrong(
            f"{letter}: {answer} is not it. Take the row with its padding, {n} + 2 x {p}; take "
            f"away one window, {k}; divide by the stride, {s}, rounding down; add 1."
        )
    return "24, 28, 16, 55. The last one is how AlexNet looks at a photograph."


@check
def receptive_field(function: Any) -> str:
    """Check exercise 2.2: how far a unit sees through a chain of layers.

    Args:
        function: called with a list of (window, stride), first layer first; returns
            (size, jump): how many pixels a unit sees in a row, and how many pixels apart the
            windows of two neighbours are.
    """
    for chain in _CHAINS:
        answer = integers(call(function, chain), 2, "the result", "(14, 2)")
        size, jump = _field(chain)
        which = f"for layers {chain}, "
        if answer == (size, jump):
            continue
        if answer == (jump, size):
            wrong(which + "size and jump are exchanged.")
        found = {"size": answer[0], "jump": answer[1]}
        for name, right, mistakes in (
            ("size", size, _sizes(chain)),
            ("jump", jump, _jumps([stride for _, stride in chain])),
        ):
            why = reasons(found[name], mistakes)
            if found[name] != right and why:
                wrong(which + f"the {name} of {found[name]} comes from {why}.")
        wrong(
            which + f"size {answer[0]} and jump {answer[1]} are not it. Start with size 1, jump "
            "1; for each layer, size grows by (window - 1) x jump, then jump is multiplied."
        )
    return "C3 sees 14 pixels, C5 all 32: small windows, one upon another, reach far."


def _sizes(chain: list[tuple[int, int]]) -> dict[str, int]:
    """Return the sizes that mistakes give."""
    return {
        "adding windows as if every layer moved by single pixels (a step in a later layer is a "
        "jump of several)": 1 + sum(k - 1 for k, _ in chain),
        "adding whole windows (they overlap: add window - 1)": sum(k for k, _ in chain),
        "using a layer's own stride for its own window (it counts for the layers after it: update "
        "the size before the jump)": _field(chain, stride_first=True)[0],
        "starting with size 0 (a pixel sees itself: 1)": _field(chain)[0] - 1,
        "multiplying the windows": math.prod(k for k, _ in chain),
        "leaving out the last layer": _field(chain[:-1])[0],
        "leaving out the first layer": _field(chain[1:])[0],
        "taking the last layer first": _field(chain[::-1])[0],
        "multiplying the jump by the window, not by window - 1": 1
        + sum(k * _field(chain[:i])[1] for i, (k, _) in enumerate(chain)),
    }


def _jumps(strides: list[int]) -> dict[str, int]:
    """Return the jumps that mistakes give."""
    return {
        "adding the strides (they multiply)": sum(strides),
        "starting with 1 and adding the strides (they multiply)": 1 + sum(strides),
        "taking the last layer's stride alone": strides[-1],
        "taking the first layer's stride alone": strides[0],
        "taking the largest stride": max(strides),
        "leaving the strides out (1 is the jump before the first layer with a stride)": 1,
        "leaving out the last layer": math.prod(strides[:-1]),
        "leaving out the first layer": math.prod(strides[1:]),
    }


@check
def what_c3_sees(rows: Any, columns: Any) -> str:
    """Check exercise 2.3: the pixels that unit (4, 7) of a C3 map sees.

    Args:
        rows: first and last row of pixels, the last one included.
        columns: first and last column.
    """
    found = (integers(rows, 2, "rows", "(0, 4)"), integers(columns, 2, "columns", "(0, 4)"))
    if found == ((8, 21), (14, 27)):
        return "Twice the place, and 14 pixels from there: C3's windows are two pixels apart."
    if found == ((14, 27), (8, 21)):
        wrong("rows and columns are exchanged: the unit is in row 4, column 7.")
    if found == ((8, 14), (21, 27)):
        wrong("these are the first row and the first column, then the last ones. Give the first "
              "and the last row, then the first and the last column.")  # fmt: skip
    if found == ((8, 22), (14, 28)):
        wrong("14 pixels that begin at 8 end at 21: the last one is included.")
    if found == ((4, 17), (7, 20)):
        wrong("the size is right. But neighbours of C3 are 2 pixels apart in the picture, not 1.")
    if found == ((4, 8), (7, 11)):
        wrong("these are the units of S2 that it reads. Follow each back to the picture.")
    if found == ((8, 17), (14, 23)):
        wrong("these are the units of C1 that it sees, 10 by 10. The last one sees a window of 5 "
              "pixels, which reaches 4 pixels further.")  # fmt: skip
    if found == ((8, 12), (14, 18)):
        wrong("the first pixel is right. From there the unit sees 14 pixels, not its own 5.")
    if found == ((9, 22), (15, 28)):
        wrong("the pixels are counted from 1 here: rows and columns begin with 0.")
    if found == ((6, 19), (12, 25)):
        wrong("these are places in the digit of 28 by 28. The picture has a frame of 2 around it.")
    for name, (first, last), place in zip(("rows", "columns"), found, (4, 7), strict=True):
        if not 0 <= first <= last <= 31:
            wrong(f"{name} {first} to {last}: give the first, then the last, from 0 to 31.")
        if (first, last) == (2 * place, 2 * place + 13):
            continue
        if last - first != 13:
            wrong(f"{name} {first} to {last} are {last - first + 1} pixels; the unit sees 14.")
        wrong(f"{name} {first} to {last} are 14 pixels, but begin wrongly: at jump x place.")
    raise AssertionError("both rows and columns are right")


@check
def layers_to_see(alone: Any, with_strides: Any) -> str:
    """Check exercise 2.4: how many layers of 3x3 windows it takes to see 32 pixels in a row.

    Args:
        alone: layers with a stride of 1.
        with_strides: layers with a stride of 2.
    """
    counts = (integer(alone, "alone"), integer(with_strides, "with_strides"))
    if counts == (5, 16):
        wrong("the two are exchanged: strides need fewer layers.")
    hints = (
        {
            11: "11 windows side by side cover 32 pixels, but these lie one upon another",
            31: "each layer adds a pixel on both sides: two, not one",
            32: "each layer adds a pixel on both sides: two, not one",
        },
        {
            8: "the jump does not stay 2, it doubles with every layer: 1, 2, 4, 8",
            16: "the jump doubles with every layer: 1, 2, 4, 8",
        },
    )
    for name, count, stride, right, hint in zip(
        ("alone", "with_strides"), counts, (1, 2), (16, 5), hints, strict=True
    ):
        if count == right:
            continue
        if count < 1:
            wrong(f"{name} is {count}; expected a number of layers.")
        size = _field([(3, stride)] * min(count, 64))[0]
        seen = f"{name}: after {count} layers" + (
            f" a unit sees {size} pixels" if count <= 64 else ""
        )
        if count < right:
            wrong(
                f"{seen}, which is less than 32" + (f": {hint[count]}." if count in hint else ".")
            )
        fewer = ", but fewer are enough"
        wrong(seen + fewer + (f": {hint[count]}." if count in hint else "."))
    return "16 against 5: growth by addition, or by doubling."


def _field(chain: list[tuple[int, int]], stride_first: bool = False) -> tuple[int, int]:
    size = jump = 1
    for window, stride in chain:
        size += (window - 1) * jump * (stride if stride_first else 1)
        jump *= stride
    return size, jump


def _nth(stride: int) -> str:
    return {2: "second", 3: "third"}.get(stride, f"{stride}th")
