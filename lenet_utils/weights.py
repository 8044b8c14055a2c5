"""Save and load weights as safetensors: whole or not at all, and never another network's."""

import os
import tempfile
from itertools import zip_longest
from pathlib import Path
from threading import get_ident

from torch import Tensor, nn


def save_model(model: nn.Module, path: str | os.PathLike[str]) -> Path:
    """Write a network's weights to a safetensors file, whole or not at all.

    The network's printed structure is stored with them, so that `load_model` can tell networks
    apart whose tensors have the same shapes.

    Returns:
        The path written.
    """
    from safetensors.torch import save

    tensors = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    return write_atomically(Path(path), save(tensors, metadata={"model": str(model)}))


def load_model(model: nn.Module, path: str | os.PathLike[str]) -> nn.Module:
    """Read weights from a safetensors file into a network of the same structure.

    Args:
        model: the network to fill; it is returned, in evaluation mode.
        path: a file written by `save_model`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a safetensors file, or the file of another network; the message says
            which tensors or parts differ, and the network is left as it was.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {path}: save them there first with save_model.")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            stored = (file.metadata() or {}).get("model")
    except SafetensorError as error:
        raise ValueError(
            f"{path} is not a whole safetensors file ({error}). Save it again with save_model."
        ) from error
    differences = _differences(model, tensors, stored)
    if differences:
        raise ValueError(
            f"{path} holds another network's weights:\n  " + "\n  ".join(differences) + "\n"
            "Build the network that was saved, or choose its file."
        )
    model.load_state_dict(tensors)
    return model.eval()


def _differences(model: nn.Module, tensors: dict[str, Tensor], stored: str | None) -> list[str]:
    mine = model.state_dict()
    found = [f"{name}: missing in the file" for name in mine if name not in tensors]
    found += [f"{name}: not in the network" for name in tensors if name not in mine]
    for name in mine.keys() & tensors.keys():
        if mine[name].shape != tensors[name].shape:
            here, there = tuple(mine[name].shape), tuple(tensors[name].shape)
            found.append(f"{name}: {there} in the file, {here} in the network")
    if not found and stored is not None and stored != str(model):
        pairs = zip_longest(stored.splitlines(), str(model).splitlines(), fillvalue="nothing")
        found = [
            f"{there.strip()} in the file, {here.strip()} in the network"
            for there, here in pairs
            if here != there
        ]
    return sorted(found)


def write_atomically(path: Path, data: bytes) -> Path:
    """Write under a temporary name and rename, so that a cut-off leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def require_writable_folder(folder: Path) -> None:
    """Make a folder where it is missing, and raise OSError unless it takes a file."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"0")
