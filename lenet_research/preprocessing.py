"""How a digit enters a network: as in the paper, or as today."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.mnist import MNIST_MEAN, MNIST_STD
from lenet_utils.online import GREY_1998


class Preprocessing(NamedTuple):
    """How a digit enters a network.

    grey: float32 (256,), the input value of each grey level; frame: how many pixels are put around
    the digit, and border: their input value. The kernel supports frames of 2 around 28x28,
    and 32x32 without a frame.
    """

    grey: Tensor
    border: float
    frame: int = 2

    def inputs(self, images: Tensor) -> Tensor:
        """Return inputs: uint8 (N, H, W) to float32 (N, 1, H + 2 frame, W + 2 frame)."""
        return F.pad(self.grey[images.long()], (self.frame,) * 4, value=self.border)[:, None]


PREPROCESSING = {
    "1998": Preprocessing(GREY_1998, -0.1),
    "modern": Preprocessing((torch.arange(256) / 255 - MNIST_MEAN) / MNIST_STD, 0.0),
}
"""As in the paper, and as `lenet5_modern` with `normalise_modern`, whose C1 pads with zeros."""
