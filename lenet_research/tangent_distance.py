"""Nearest neighbours by tangent distance: what small changes of a digit cost nothing.

A digit that is moved, turned, scaled, sheared, or drawn with a thicker pen runs along a curved
surface; its tangent plane stands for it near the digit. The distance of two digits is that of their
planes. Source: LeCun, Bottou, Bengio and Haffner (1998), Section III-C10, p. 13, after Simard,
LeCun and Denker (1993).
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_research.experiment import Settings

SIDE = 16
MARGIN = 2
"""Of the 28 pixels, empty ones at each side that are cut off before the picture shrinks to 16."""
TANGENTS = 7
RIDGE = 1e-2
"""Added to the two planes' Gram matrix of 1: how dear it is to go far along them."""


class TangentNeighbours:
    """The nearest training digit by tangent distance, among the nearest by Euclidean distance."""

    def __init__(self, images: Tensor, labels: Tensor, settings: Settings, width: float) -> None:
        """Take float images (N, 28, 28) in [0, 1]; `width` is that of the smoothing, in pixels."""
        self.labels, self.width = labels, width
        self.candidates = min(int(settings["candidates"]), len(images))
        self.digits, self.planes = _tangent_planes(images, width)
        self.norms = self.digits.square().sum(1)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of an answer, of which most are those of the first distances."""
        each = TANGENTS * TANGENTS * SIDE**2 + 2 * TANGENTS * SIDE**2
        return self.digits.numel() + self.candidates * each

    @property
    def memory(self) -> int:
        """Numbers kept: each digit and its plane."""
        return self.digits.numel() + self.planes.numel()

    def answer(self, images: Tensor) -> Tensor:
        """Return classes: float (N, 28, 28) to int64 (N,)."""
        answers = []
        for part in images.split(50):
            x, planes = _tangent_planes(part, self.width)
            gaps = self.norms - 2 * x @ self.digits.T
            near = gaps.topk(self.candidates, 1, largest=False).indices
            distances = _distances(x, planes, self.digits[near], self.planes[near])
            answers.append(self.labels[near.gather(1, distances.argmin(1, keepdim=True))[:, 0]])
        return torch.cat(answers)


def _distances(x: Tensor, planes: Tensor, others: Tensor, their: Tensor) -> Tensor:
    """Return squared tangent distances: (N, D), (N, D, T), (N, K, D), (N, K, D, T) to (N, K)."""
    gap = x[:, None] - others
    own = torch.einsum("nkd,ndt->nkt", gap, planes)
    other = torch.einsum("nkd,nkdt->nkt", gap, their)
    mixed = torch.einsum("nds,nkdt->nkst", planes, their)
    # Of the gap, what lies in both planes together costs nothing.
    whole = 1 + RIDGE
    eye = torch.eye(planes.shape[2])
    rest = other - torch.einsum("nkst,nks->nkt", mixed, own) / whole
    inner = whole * eye - mixed.transpose(2, 3) @ mixed / whole
    solved = torch.linalg.solve(inner, rest[..., None])[..., 0]
    explained = own.square().sum(2) / whole + (rest * solved).sum(2)
    distances: Tensor = gap.square().sum(2) - explained
    return distances


def _tangent_planes(images: Tensor, width: float) -> tuple[Tensor, Tensor]:
    """Return smoothed digits (N, D) and orthonormal bases of their tangent planes (N, D, T)."""
    middle = images[:, None, MARGIN:-MARGIN, MARGIN:-MARGIN]
    small = F.interpolate(middle, size=(SIDE, SIDE), mode="area")
    smooth = _smooth(small, width)
    across, down = torch.gradient(F.pad(smooth, (1, 1, 1, 1)), dim=(3, 2))
    across, down = across[..., 1:-1, 1:-1], down[..., 1:-1, 1:-1]
    x = torch.arange(SIDE) - (SIDE - 1) / 2
    y = x[:, None]
    tangents = [
        across,
        down,
        x * across + y * down,  # scale
        y * across - x * down,  # rotation
        x * across - y * down,  # squeeze
        y * across + x * down,  # shear
        across.square() + down.square(),  # thickness
    ]
    basis = torch.stack([t.flatten(1) for t in tangents], 2)
    return smooth.flatten(1), torch.linalg.qr(basis).Q


def _smooth(images: Tensor, width: float) -> Tensor:
    reach = int(3 * width) + 1
    at = torch.arange(-reach, reach + 1)
    kernel = torch.exp(-0.5 * (at / width).square())
    kernel = kernel / kernel.sum()
    rows = F.conv2d(images, kernel.view(1, 1, 1, -1), padding=(0, reach))
    return F.conv2d(rows, kernel.view(1, 1, -1, 1), padding=(reach, 0))
