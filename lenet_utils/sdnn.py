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
from lenet_utils.strings import HEIGHT, NONE

CLASSES = NONE + 1
STRIDE = 4
"""Pixels from one column of answers to the next."""


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


def column_penalties(model: LeNet5, fields: Tensor) -> Tensor:
    """Sweep the network over fields.

    Args:
        model: a network of this module.
        fields: float (N, 1, 32, 32 + 4b), normalised.

    Returns:
        float (N, 1 + b, 11): the penalty of each class in each column of answers, minus the
        logarithm of its probability. Distances count as minus the scores.
    """
    outputs = model(fields)
    outputs = outputs if outputs.dim() == 4 else outputs[:, :, None, None]
    scores = (-outputs if model.smallest_wins else outputs).squeeze(2)
    return -F.log_softmax(scores, 1).mT


def cut_windows(fields: Tensor) -> Tensor:
    """Cut the windows that the columns of answers see.

    Shapes: (N, C, 32, 32 + 4b) to (N, 1 + b, C, 32, 32).
    """
    return fields.unfold(3, HEIGHT, STRIDE).movedim(3, 1)


def best_classes(penalties: Tensor) -> Tensor:
    """Return the class of lowest penalty in each column: float (N, T, 11) to int64 (N, T)."""
    return penalties.argmin(2)


def best_path(penalties: Tensor, *, entry: float = 0.0) -> Tensor:
    """Return the path of lowest penalty through the columns (Viterbi).

    A path has a class in each column; its penalty is the sum over its columns, and `entry` for each
    character that begins. With an entry of 0 it is the best class of each column.

    Args:
        penalties: float (N, T, 11).
        entry: penalty of each beginning of a character.

    Returns:
        int64 (N, T), a class a column.
    """
    count, columns, classes = penalties.shape
    begin = torch.full((classes,), float(entry), device=penalties.device)
    begin[NONE] = 0
    total = penalties[:, 0] + begin
    came_from = []
    every = torch.arange(classes, device=penalties.device).expand(count, -1)
    for t in range(1, columns):
        least, best = total.min(1, keepdim=True)
        changed = least + begin
        stays = total <= changed
        came_from.append(torch.where(stays, every, best))
        total = torch.where(stays, total, changed) + penalties[:, t]
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
