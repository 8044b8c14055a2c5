"""Devices: the best one here, one by its name, and a network on one for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


def get_device() -> torch.device:
    """Return the best device here: CUDA, then Apple's MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def resolve_device(device: torch.device | str) -> torch.device:
    """Return a device that can be used here, or refuse it by name.

    Raises:
        ValueError: there is no such device; it says what PyTorch says.
    """
    try:
        return torch.zeros(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device is {str(device)!r}, which cannot be used here: {error} Leave device out, or "
            "name another one, such as 'cpu'."
        ) from error


@contextmanager
def on_device(model: nn.Module, device: torch.device | str | None) -> Iterator[torch.device]:
    """Keep a network on a device, by default its own, and bring it back, also after an error."""
    home = next((p.device for p in model.parameters()), torch.device("cpu"))
    device = home if device is None else resolve_device(device)
    moved = device != home
    if moved:
        model.to(device)
    try:
        yield device
    finally:
        if moved:
            model.to(home)
