"""Checks of the lesson "Local connectivity"."""

from collections.abc import Sequence
from typing import Any

from lenet_utils.checks.verdict import call, check, integer, integers, wrong

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
        room = n + 2 * p - k
        if answer == room // s + 1:
            continue
        if answer == room // s:
            wrong(f"{letter}: {answer} counts the steps. There is one more place than steps: + 1.")
        if p and answer == (n + p - k) // s + 1:
            wrong(f"{letter}: {answer} pads one side only. Padding is added left and right.")
        if p and answer == (n - k) // s + 1:
            wrong(f"{letter}: {answer} leaves the padding out: the row is {n} + 2 x {p} long.")
        if s > 1 and answer == room + 1:
            wrong(f"{letter}: {answer} forgets the stride: only every {_nth(s)} place is used.")
        if answer == -(-room // s) + 1:
            wrong(f"{letter}: {answer} rounds up. A window that does not fit is not used.")
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
    chains: tuple[Sequence[tuple[int, int]], ...] = (
        [(5, 1)],
        # Second, since here no two of the mistakes below give the same numbers.
        [(3, 2), (3, 2), (3, 1)],
        [(5, 1), (2, 2)],
        [(5, 1), (2, 2), (5, 1), (2, 2), (5, 1)],
    )
    for chain in chains:
        answer = integers(call(function, list(chain)), 2, "the result", "(14, 2)")
        size, jump = _field(chain)
        which = f"For layers {list(chain)}: "
        if answer == (size, jump):
            continue
        if answer == (jump, size):
            wrong(which + "size and jump are exchanged.")
        if answer[1] == jump and answer[0] == 1 + sum(k - 1 for k, _ in chain):
            wrong(
                which + f"{answer[0]} adds windows as if every layer moved by single pixels. A "
                "step in a later layer is a jump of several pixels in the picture."
            )
        if answer[1] == jump and answer[0] == sum(k for k, _ in chain):
            wrong(which + f"{answer[0]} is the sum of the windows. They overlap: add k - 1.")
        if answer[1] == jump and answer[0] == _field(chain, stride_first=True)[0]:
            wrong(
                which + f"{answer[0]} uses a layer's own stride for its own window. The stride "
                "counts for the layers after it: update the size before the jump."
            )
        if answer[0] == size and answer[1] == sum(s for _, s in chain):
            wrong(which + f"a jump of {answer[1]} adds the strides. They multiply.")
        if answer[0] == size and answer[1] == 1:
            wrong(which + "the jump is 1 only before the first layer with a stride.")
        wrong(
            which + f"size {answer[0]} and jump {answer[1]} are not it. Start with size 1, jump "
            "1; for each layer, size grows by (window - 1) x jump, then jump is multiplied."
        )
    return "C3 sees 14 pixels, C5 all 32: small windows, one upon another, reach far."


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
    if found == ((8, 22), (14, 28)):
        wrong("14 pixels that begin at 8 end at 21: the last one is included.")
    if found == ((4, 17), (7, 20)):
        wrong("the size is right. But neighbours of C3 are 2 pixels apart in the picture, not 1.")
    if found == ((4, 8), (7, 11)):
        wrong("these are the units of S2 that it reads. Follow each back to the picture.")
    if found == ((8, 17), (14, 23)):
        wrong("five units of S2 cover 10 pixels of C1's map; each of those sees 5 pixels more.")
    if found == ((8, 12), (14, 18)):
        wrong("the first pixel is right. From there the unit sees 14 pixels, not its own 5.")
    wrong(f"{found[0]} and {found[1]} are not it: begin at jump x place, and take 14 pixels.")


@check
def layers_to_see(alone: Any, with_strides: Any) -> str:
    """Check exercise 2.4: how many layers of 3x3 windows it takes to see 32 pixels in a row.

    Args:
        alone: layers with a stride of 1.
        with_strides: layers with a stride of 2.
    """
    count = integer(alone, "alone")
    if count == 11:
        wrong("11 windows side by side cover 32 pixels. But these lie one upon another.")
    if count == 15:
        wrong("after 15 layers a unit sees 31 pixels: one more is needed.")
    if count == 32:
        wrong("each layer adds a pixel on both sides: two, not one.")
    if count != 16:
        wrong(f"alone is not {count}: the first layer sees 3 pixels, each further one 2 more.")
    count = integer(with_strides, "with_strides")
    if count == 4:
        wrong("after 4 layers a unit sees 31 pixels, one too few.")
    if count in (8, 16):
        wrong(f"{count} does not use that the jump doubles with every layer: 1, 2, 4, 8.")
    if count == 6:
        wrong("6 is more than it takes: after 5 layers a unit sees 63 pixels.")
    if count != 5:
        wrong(f"with_strides is not {count}: the size grows by 2 x jump, so it is 3, 7, 15, ...")
    return "16 against 5: growth by addition, or by doubling."


def _field(chain: Sequence[tuple[int, int]], stride_first: bool = False) -> tuple[int, int]:
    size = jump = 1
    for window, stride in chain:
        size += (window - 1) * jump * (stride if stride_first else 1)
        jump *= stride
    return size, jump


def _nth(stride: int) -> str:
    return {2: "second", 3: "third"}.get(stride, f"{stride}th")
