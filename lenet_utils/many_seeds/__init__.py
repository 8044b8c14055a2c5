"""Train many LeNet-5 of 1998 side by side, one pattern at a time, each as if it were alone.

`passes` holds what callers use. `lanes`, `kernel` and many_seeds.cpp are the way on a CPU,
`batched` the way on a GPU; `teams` and teams.cpp train the other networks of the road to today.
pictures.cpp has pictures in the lanes instead of networks: it serves `fit`, see compiled.py.
"""

from lenet_utils.many_seeds.passes import (
    GREY_1998,
    PassResult,
    Path,
    outputs,
    plain_pass,
    train_pass,
)

__all__ = ["GREY_1998", "PassResult", "Path", "outputs", "plain_pass", "train_pass"]
