"""The networks of the plates: LeNet-5 in its forms with 65 classes, and a small ResNet."""

import torch
from torch import Tensor, nn

from lenet_research.experiment import Settings
from lenet_utils.initialisation import initialise_1998
from lenet_utils.models import LeNet5, lenet5_1998, lenet5_tutorial
from lenet_utils.plates.codes import one_hot_codes, random_codes, typeface_codes


def build(settings: Settings, classes: int, seed: int) -> nn.Module:
    """Return the network that settings name, with initial weights drawn by the seed.

    Raises:
        ValueError: another name of a network or of codes.
    """
    torch.manual_seed(seed)
    network = settings["network"]
    if network == "1998":
        model = lenet5_1998(classes, codes=_codes(settings["codes"], seed))
        initialise_1998(model, seed, gain=1.0, power=0.5, coefficient=1.0, bias=0.0)
        return model
    if network == "tutorial":
        return lenet5_tutorial(classes)
    if network in ("modern", "modern, batch norm"):
        return LeNet5(
            num_classes=classes,
            activation=nn.ReLU,
            pooling="max",
            c3="full",
            output="linear",
            batch_norm=network != "modern",
        )
    if network == "resnet":
        return SmallResNet(classes)
    raise ValueError(f"network is {network!r}; expected 1998, tutorial, modern or resnet.")


def _codes(kind: str, seed: int) -> Tensor:
    if kind == "typeface":
        return typeface_codes()
    if kind == "random":
        return random_codes(seed)
    if kind == "one-hot":
        return one_hot_codes()
    raise ValueError(f"codes are {kind!r}; expected 'typeface', 'random' or 'one-hot'.")


class Block(nn.Module):
    """Two convolutions and a way around them. Shapes: (N, C, H, W) to (N, D, H/s, W/s)."""

    def __init__(self, maps: int, wider: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(maps, wider, 3, stride, 1, bias=False), nn.BatchNorm2d(wider), nn.ReLU()
        )
        self.second = nn.Sequential(
            nn.Conv2d(wider, wider, 3, 1, 1, bias=False), nn.BatchNorm2d(wider)
        )
        same = maps == wider and stride == 1
        self.around = nn.Identity() if same else nn.Conv2d(maps, wider, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both ways, rectified."""
        return torch.relu(self.second(self.first(x)) + self.around(x))


class SmallResNet(nn.Sequential):
    """A residual network of 4 blocks. Shapes: (N, 1, 32, 32) to (N, classes).

    Source: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2016.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(
            nn.Sequential(nn.Conv2d(1, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
            Block(16, 16, 1),
            Block(16, 32, 2),
            Block(32, 64, 2),
            Block(64, 64, 1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(64, classes),
        )
