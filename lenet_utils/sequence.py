"""An nn.Sequential whose named parts can be cut, joined and replaced, and that ends in rows."""

from collections import OrderedDict
from collections.abc import Iterable
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn

from lenet_utils.answers import IN_ORDER


class NamedSequential(nn.Sequential):
    """Parts one after the other, of which the one called `output` gives the network's outputs.

    Where the outputs are maps of one position, (N, C, 1, 1), they go on as rows, (N, C). A slice
    up to the last part ends in the same way, so that net[6:](net[:6](x)) is net(x); any other
    slice is a plain nn.Sequential. Parts keep their names when others are put in or taken out.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return what the last part gives."""
        return self.in_order(x)

    def in_order(self, x: Tensor) -> Tensor:
        """Send `x` through all parts."""
        for name, part in self.named_children():
            x = part(x)
            if name == "output":
                x = rows_of_one_position(x)
        return rows_of_one_position(x)

    def __getitem__(self, index: int | slice) -> Any:
        if not isinstance(index, slice):
            return super().__getitem__(index)
        places = range(len(self))[index]
        whole = len(places) > 0 and places[-1] == len(self) - 1
        names = list(self._modules)
        parts = OrderedDict((names[i], self._modules[names[i]]) for i in places)
        return (NamedSequential if whole else nn.Sequential)(parts)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)[index]
        for name in [names] if isinstance(names, str) else names:
            delattr(self, name)

    def __add__(self, other: Iterable[nn.Module]) -> "NamedSequential":
        if not isinstance(other, nn.Sequential):
            return NotImplemented
        joined: NamedSequential = self[:]
        return joined.extend(other)

    def __iadd__(self, other: Iterable[nn.Module]) -> "NamedSequential":
        return self.extend(other)

    def append(self, module: nn.Module) -> "NamedSequential":
        """Put a part at the end."""
        return self.insert(len(self), module)

    def extend(self, sequential: Iterable[nn.Module]) -> "NamedSequential":
        """Put parts at the end."""
        for module in list(sequential):
            self.append(module)
        return self

    def insert(self, index: int, module: nn.Module) -> "NamedSequential":
        """Put a part before the one at an index, under the first number that is free as a name."""
        if not -len(self) <= index <= len(self):
            raise IndexError(f"index is {index}; expected {-len(self)} to {len(self)}.")
        parts = list(self._modules.items())
        name = next(str(i) for i in count(len(self)) if str(i) not in self._modules)
        self.add_module(name, module)
        parts.insert(index, (name, module))
        self._modules.clear()
        self._modules.update(parts)
        return self


IN_ORDER.add(NamedSequential.forward)


@torch.fx.wrap  # depends on the shape, which torch.fx does not know when it records
def rows_of_one_position(y: Tensor) -> Tensor:
    """Return (N, C, 1, 1) as (N, C), and anything else as it is."""
    rows: Tensor = _rows(y)
    return rows


def _flattened(y: Tensor) -> Tensor:
    return y.flatten(1) if y.dim() == 4 and y.size(2) == 1 and y.size(3) == 1 else y


_rows = torch.jit.script_if_tracing(_flattened)  # a traced network takes wider inputs, too
