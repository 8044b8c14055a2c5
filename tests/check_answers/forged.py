"""Objects that claim to be what a check looks for."""

import torch


class Forged:
    """Says that it equals everything."""

    def __eq__(self, other):
        return True

    __hash__ = None


class ForgedTensor(torch.Tensor):
    """Says True to every question of PyTorch."""

    @classmethod
    def __torch_function__(cls, *_, **__):
        return True
