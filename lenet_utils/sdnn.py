"""The space displacement network: LeNet-5 swept over a wide field, and how its answers are read.

C5 and F6 are convolutions, so that the same network on a wider field gives a column of answers for
every four pixels: what it gives for each window of 32x32, at a fraction of the work. An eleventh
class, `NONE`, says that no character is in the centre.
Source: LeCun, Bottou, Bengio and Haffner (1998), Section VII.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet_utils.layers import digit_codes
from lenet_utils.models import LeNet5
from lenet_utils.strings import NONE
from lenet_utils.typesetting import HEIGHT, STRIDE

CLASSES = NONE + 1


def sdnn_1998() -> LeNet5:
    """Build LeNet-5 of 1998 with an RBF unit for "none": 60,000 trainable parameters.

    The code of "none" is the blank drawing, -1 throughout; the paper gives none. Its codes are
    drawings of the characters, so the drawing of no character is blank. It differs from each
    digit's code in at least 25 of 84 bits, as many as most digits' codes from each other, and
    F6 reaches it with states of -1, where the scaled tanh does not saturate.

    Shapes: (N, 1, 32, 32 + 4b) to squared distances (N, 11, 1, 1 + b); the smallest wins.

    Source: Section II-B, p. 8, on the codes; Section VII.
    """
    codes = digit_codes()
    return LeNet5(num_classes=CLASSES, codes=torch.cat([codes, -torch.ones_like(codes[:1])]))


def sdnn_modern() -> LeNet5:
    """Build today's LeNet-5 with an output for "none": 61,791 parameters.

    Without padding: what C1 adds around a window is not what lies around it in the field.

    Shapes: (N, 1, 32, 32 + 4b) to scores (N, 11, 1, 1 + b); the largest wins.
    """
    return LeNet5(
        num_classes=CLASSES, activation=nn.ReLU, pooling="max", c3="full", output="linear"
    )


def column_penalties(model: LeNet5, fields: Tensor, *, normalise: bool = True) -> Tensor:
    """Sweep the network over fields.

    Args:
        model: a network of this module.
        fields: float (N, 1, 32, 32 + 4b), normalised.
        normalise: otherwise a penalty is what the network says, a distance or minus a score.

    Returns:
        float (N, 1 + b, 11): the penalty of each class in each column of answers, minus the
        logarithm of its probability. Distances count as minus the scores.

    Raises:
        ValueError: fields of another shape; a network with another number of classes.

    Source: Section VII.
    """
    _require_fields(fields)
    outputs = model(fields)
    outputs = outputs if outputs.dim() == 4 else outputs[:, :, None, None]
    if outputs.shape[1] != CLASSES:
        raise ValueError(
            f"the network has {outputs.shape[1]} classes; expected {CLASSES}, ten digits and "
            '"none": sdnn_modern() or sdnn_1998().'
        )
    scores = (-outputs if model.smallest_wins else outputs).squeeze(2)
    return -(F.log_softmax(scores, 1) if normalise else scores).mT


def cut_windows(fields: Tensor) -> Tensor:
    """Cut the windows that the columns of answers see; they share the memory of the fields.

    Shapes: (N, 1, 32, 32 + 4b) to (N, 1 + b, 1, 32, 32).

    Raises:
        ValueError: fields of another shape.
    """
    _require_fields(fields)
    return fields.unfold(3, HEIGHT, STRIDE).movedim(3, 1)


def _require_fields(fields: Tensor) -> None:
    shape = tuple(fields.shape)
    right = len(shape) == 4 and shape[1:3] == (1, HEIGHT)
    if not right or shape[3] < HEIGHT or (shape[3] - HEIGHT) % STRIDE:
        raise ValueError(
            f"the fields have shape {shape}; expected (N, 1, {HEIGHT}, W) with a W of {HEIGHT} and "
            f"a multiple of {STRIDE} more, as the normalised images of draw_strings have."
        )


def best_path(penalties: Tensor, *, entry: float = 0.0) -> Tensor:
    """Return the path of lowest penalty through the columns (Viterbi).

    A path has a class in each column; its penalty is the sum over its columns, and `entry` for each
    character that begins: each class but "none" that the column before has not. With an entry of 0
    the path has the best class of each column.

    Args:
        penalties: float (N, T, 11).
        entry: 0 or more.

    Returns:
        int64 (N, T), a class a column.

    Raises:
        ValueError: penalties of another shape, or that are NaN; an entry below 0 or not finite.

    Source: Sections VI and VII; the penalty for a beginning is ours.
    """
    if penalties.dim() != 3 or penalties.shape[2] != CLASSES or not penalties.shape[1]:
        raise ValueError(
            f"the penalties have shape {tuple(penalties.shape)}; expected (N, T, {CLASSES}), as "
            "column_penalties gives them."
        )
    if bool(penalties.isnan().any()):
        raise ValueError("penalties are NaN; expected numbers. Has the network diverged?")
    if not 0 <= entry < float("inf"):
        raise ValueError(f"entry is {entry}; expected a number of 0 or more.")
    begin = penalties.new_full((CLASSES,), entry)
    begin[NONE] = 0
    total = penalties[:, 0] + begin
    every = torch.arange(CLASSES, device=penalties.device).expand_as(total)
    came_from = []
    for column in penalties[:, 1:].unbind(1):
        least, best = total.min(1, keepdim=True)
        stays = total <= least + begin
        came_from.append(torch.where(stays, every, best))
        total = torch.where(stays, total, least + begin) + column
    path = [total.argmin(1)]
    for back in reversed(came_from):
        path.append(back.gather(1, path[-1][:, None])[:, 0])
    return torch.stack(path[::-1], 1)


def spelled(path: Tensor) -> list[str]:
    """Return what paths spell: repeats merged, then "none" left out; int64 (N, T) to N texts."""
    read = []
    for row in path.tolist():
        kept = [c for i, c in enumerate(row) if c != NONE and (i == 0 or row[i - 1] != c)]
        read.append("".join(map(str, kept)))
    return read
