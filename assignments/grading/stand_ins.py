"""What stands in a test for a value that stayed in the student's process."""

import contextlib
import operator
import sys
from typing import Any

import cloudpickle


class Kept:
    """A value of the notebook's that stayed in its process; see `stand_in`."""

    def __init__(self, student: Any, number: int, names: tuple[str, ...] = ()):
        object.__setattr__(self, "_kept", (student, number, names))

    def _ask(self, function: str, *arguments: Any, **keywords: Any) -> Any:
        return self._kept[0].ask(function, self, *arguments, **keywords)

    @property
    def __class__(self) -> type:
        """The nearest class that this process knows too, for isinstance."""
        for name in self._kept[2]:
            module, _, qualified = name.rpartition(".")
            known = getattr(sys.modules.get(module), qualified, None)
            trusted = module.startswith(("torch.nn", "torch.optim", "lenet_utils", "collections"))
            if trusted and isinstance(known, type):
                return known
        return type(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__name__", "__doc__", "__dict__"):
            raise AttributeError(name)
        return self._ask("getattr", name)

    def __repr__(self) -> str:
        return f"<your {self._kept[2][0].rpartition('.')[2]}>"

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("setattr", name, value)

    def __len__(self) -> int:
        return self._ask("len")

    def __bool__(self) -> bool:
        return bool(self._ask("truth"))

    def __iter__(self) -> Any:
        return self._ask("iter")

    def __next__(self) -> Any:
        return self._ask("next")

    def __contains__(self, item: Any) -> bool:
        return bool(self._ask("contains", item))

    def __getitem__(self, key: Any) -> Any:
        return self._ask("getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("setitem", key, value)

    def __float__(self) -> float:
        return float(self._ask("float"))

    def __index__(self) -> int:
        return operator.index(self._ask("index"))


class KeptCallable(Kept):
    """One that can be called."""

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it over there."""
        return self._ask("call", *arguments, **keywords)


def stand_in(student: Any, number: int, names: list[str], can_be_called: bool) -> Kept:
    """Return what stands here for a value that stayed in the notebook's process.

    It can be called, indexed, iterated and asked for attributes. It equals nothing but itself,
    whatever the notebook's class says.
    """
    return (KeptCallable if can_be_called else Kept)(student, number, tuple(map(str, names)))


class Arguments(cloudpickle.Pickler):
    """Pickles a request; stand-ins go as the number of their original."""

    def persistent_id(self, value: Any) -> Any:
        """Return the number of what stayed there."""
        with contextlib.suppress(AttributeError):
            if issubclass(type(value), Kept):
                return value._kept[1]
        return None
