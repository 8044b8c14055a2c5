"""Write the networks of two instruments: `python -m lenet_research.instrument_networks`.

That of lesson 01 and those of lesson 02, with weights of 8 bits. Each is the first network of its
record, read from the state that the experiment's run has left on this machine.
"""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lenet_research import all_experiments
from lenet_research.networks import NETWORKS, Shuffled
from lenet_research.plate_page import in_8_bits, in_text
from lenet_research.running import state_folder
from lenet_utils.mnist import load_mnist

LIVE = Path(__file__).resolve().parents[1] / "book" / "_static" / "live"
NEIGHBOURS = 500
"""So many training digits of the sample are compared with the reader's."""


def trained(experiment: str, variant: str) -> nn.Module:
    """Return the first network of a variant, from the state that its run left here.

    Raises:
        ValueError: there is no such state on this machine.
    """
    settings = all_experiments()[experiment].variants[variant]
    wanted = [variant, settings, 0]
    for path in sorted(state_folder(experiment).glob("*.pt")):
        state = torch.load(path, map_location="cpu", weights_only=True)
        if wanted in state["jobs"]:
            model = NETWORKS[settings["network"]]()
            model.load_state_dict(state["trainer"]["models"][state["jobs"].index(wanted)])
            return model.eval()
    raise ValueError(
        f"no state of {variant!r} is left on this machine; make it again: "
        f"python -m lenet_research run {experiment} --records FOLDER"
    )


def packed(model: nn.Module) -> list[dict[str, Any]]:
    """Return each layer that has weights, in 8 bits, ready for JSON, in their order."""
    layers = []
    for part in model.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            whole, scale = in_8_bits(part.weight.detach())
            assert part.bias is not None
            layers.append(
                {
                    "shape": list(part.weight.shape),
                    "weight": in_text(whole),
                    "scale": [float(f"{s:.6g}") for s in scale.tolist()],
                    "bias": [float(f"{b:.6g}") for b in part.bias.tolist()],
                }
            )
    return layers


def halved(images: Tensor) -> Tensor:
    """Return pictures with two pixels a byte, of 16 greys: uint8 (N, 28, 28) to (N, 392)."""
    greys = (images.flatten(1).int() + 8).div(17, rounding_mode="floor").byte()
    return greys[:, ::2] * 16 + greys[:, 1::2]


def shuffled() -> dict[str, Any]:
    """Return what the instrument of lesson 02 reads."""
    order = Shuffled().order
    networks = {
        name: packed(trained("shuffled-pixels", f"{name}, shuffled"))
        for name in ("fully connected", "LeNet-5")
    }
    return {"order": order.tolist(), "networks": networks}


def pixels() -> dict[str, Any]:
    """Return what the instrument of lesson 01 reads."""
    digits = load_mnist(sample=True).train
    chosen = slice(0, NEIGHBOURS)
    return {
        "network": packed(trained("figure-9", "784-300-10")),
        "neighbours": in_text(halved(digits.images[chosen])),
        "labels": digits.labels[chosen].tolist(),
    }


if __name__ == "__main__":
    for name, found in {"shuffled": shuffled(), "pixels": pixels()}.items():
        path = LIVE / f"{name}.json"
        path.write_text(json.dumps(found, separators=(",", ":")), encoding="utf-8")
        print(path, path.stat().st_size, "bytes")
