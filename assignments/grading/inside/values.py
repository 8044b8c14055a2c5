"""What crosses between the student's process and the tests, and in which form.

Everything that the student's side sends is plain data in JSON and raw bytes, so that reading it
runs no code of the student's. What is not plain data stays there and is named by a number.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

DEEPEST = 40
LONGEST = 256 * 2**20
# Of that, what is not numbers of arrays and tensors: it takes many times its size in memory.
LONGEST_TREE = 16 * 2**20
LONGEST_RANGE = 10_000_000
SCALARS = "biufcUS"


def pack(value: Any, keep: Callable[[Any], int]) -> bytes:
    """Turn a value of the student's into bytes; `keep` stores what has to stay behind.

    Raises:
        ValueError: the value is nested too deep or too large.
    """
    buffers: list[bytes] = []
    tree = _tree(value, keep, buffers, 0)
    header = json.dumps({"tree": tree, "sizes": [len(b) for b in buffers]}).encode()
    if len(header) > LONGEST_TREE:
        raise ValueError(f"the value takes more than {LONGEST_TREE // 2**20} MB, arrays aside")
    return len(header).to_bytes(8, "big") + header + b"".join(buffers)


def _tree(value: Any, keep: Callable[[Any], int], buffers: list[bytes], depth: int) -> Any:
    if depth > DEEPEST:
        raise ValueError(f"the value is nested more than {DEEPEST} deep")

    def inner(item: Any) -> Any:
        return _tree(item, keep, buffers, depth + 1)

    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if torch and isinstance(value, torch.Tensor):
        return _tensor(value, keep, buffers, inner)
    if numpy and isinstance(value, numpy.ndarray | numpy.generic) and value.dtype.kind in SCALARS:
        kind = "array" if isinstance(value, numpy.ndarray) else "number"
        buffers.append(numpy.ascontiguousarray(value).tobytes())
        return [kind, value.dtype.str, list(value.shape)]
    if torch and isinstance(value, torch.dtype):
        return ["dtype", str(value).removeprefix("torch.")]
    if value is None or isinstance(value, bool | str):
        return value if value is None or isinstance(value, bool) else str.__str__(value)
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    if value is ...:
        return ["ellipsis"]
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    if isinstance(value, bytes | bytearray):
        buffers.append(bytes(value))
        return ["bytes"]
    if isinstance(value, range | slice):
        if isinstance(value, range):
            _short(value)
        return [type(value).__name__, *map(inner, (value.start, value.stop, value.step))]
    if isinstance(value, dict):
        return ["dict", [[inner(key), inner(item)] for key, item in value.items()]]
    for kind in (list, tuple, set, frozenset):
        if isinstance(value, kind):
            return [kind.__name__, [inner(item) for item in value]]
    names = [f"{base.__module__}.{base.__qualname__}" for base in type(value).__mro__]
    return ["kept", keep(value), names, callable(value)]


def _short(numbers: range) -> range:
    """Return a range that a test may go through."""
    try:
        fits = len(numbers) <= LONGEST_RANGE
    except OverflowError:
        fits = False
    if not fits:
        raise ValueError(f"a range of more than {LONGEST_RANGE:,} numbers")
    return numbers


def _tensor(value: Any, keep: Callable[[Any], int], buffers: list[bytes], inner: Any) -> list:
    import torch

    plain = value.detach().to_dense().cpu().resolve_conj().resolve_neg().contiguous()
    buffers.append(plain.reshape(-1).view(torch.uint8).numpy().tobytes())
    told: dict[str, Any] = {}
    if value.requires_grad and value.is_leaf:
        kind = isinstance(value, torch.nn.Parameter)
        told = {"leaf": keep(value), "parameter": kind, "grad": inner(value.grad)}
    elif value.requires_grad:
        told = {"graph": keep(value)}
    return ["tensor", str(plain.dtype).removeprefix("torch."), list(plain.shape), told]


class Unpacker:
    """Turns what `pack` made into plain values of this process.

    Args:
        kept: makes the stand-in for what stayed behind, from its number, the names of its
            classes, and whether it can be called.
        graph: given a tensor and the number of its original, joins it to the original's graph.
        leaf: given a trained tensor and the number of its original, ties the two together.
    """

    def __init__(
        self, kept: Callable[..., Any], graph: Callable[..., Any], leaf: Callable[..., Any]
    ):
        self.kept = kept
        self.graph = graph
        self.leaf = leaf

    def unpack(self, message: bytes) -> Any:
        """Read a message; anything malformed is a ValueError."""
        try:
            end = 8 + int.from_bytes(message[:8], "big")
            if end > min(len(message), 8 + LONGEST_TREE):
                raise ValueError("what stands before its numbers is too long")
            header = json.loads(message[8:end])
            sizes = header["sizes"]
            if any(type(size) is not int or size < 0 for size in sizes):
                raise ValueError("a size that is none")
            if end + sum(sizes) != len(message):
                raise ValueError("its parts do not add up")
            self.buffers = []
            for size in sizes:
                self.buffers.append(message[end : end + size])
                end += size
            self.buffers.reverse()
            return self._value(header["tree"], 0)
        except (Exception, RecursionError) as error:
            raise ValueError(f"the notebook sent a value that cannot be read: {error}") from None

    def _value(self, tree: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
        if not isinstance(tree, list):
            if isinstance(tree, dict):
                raise ValueError("a dictionary that is not in the form of one")  # noqa: TRY004
            return tree
        kind, *rest = tree
        inner = partial(self._value, depth=depth + 1)
        if kind in ("list", "tuple", "set", "frozenset"):
            makers = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
            return makers[kind](inner(item) for item in rest[0])
        if kind == "range":
            return _short(range(*map(inner, rest)))
        if kind == "slice":
            return slice(*map(inner, rest))
        if kind == "dict":
            return {inner(key): inner(item) for key, item in rest[0]}
        simple = {"ellipsis": lambda: ..., "complex": complex, "bytes": self.buffers.pop}
        if kind in simple:
            return simple[kind](*rest)
        if kind == "kept":
            return self.kept(*rest)
        return self._numbers(kind, *rest, depth=depth)

    def _numbers(
        self, kind: str, dtype: str, shape: Any = None, told: Any = None, *, depth: int
    ) -> Any:
        if kind in ("array", "number"):
            import numpy

            if numpy.dtype(dtype).kind not in SCALARS:
                raise ValueError(f"an array of {dtype} does not cross")
            array = numpy.frombuffer(self.buffers.pop(), dtype=dtype).reshape(shape).copy()
            return array if kind == "array" else array[()]
        import torch

        found = getattr(torch, dtype)
        if not isinstance(found, torch.dtype):
            raise ValueError(f"{dtype} is no type of numbers")  # noqa: TRY004
        return found if kind == "dtype" else self._tensor(found, shape, told, depth)

    def _tensor(self, dtype: Any, shape: list[int], told: dict[str, Any], depth: int) -> Any:
        import torch

        raw = bytearray(self.buffers.pop())
        flat = torch.frombuffer(raw, dtype=torch.uint8).view(dtype) if raw else torch.empty(0)
        tensor = flat.to(dtype).reshape(shape)
        if "graph" in told:
            return self.graph(tensor, told["graph"])
        if "leaf" in told:
            tensor = torch.nn.Parameter(tensor) if told["parameter"] else tensor.requires_grad_()
            tensor.grad = self._value(told["grad"], depth + 1)
            return self.leaf(tensor, told["leaf"])
        return tensor
