"""Write what the instrument of lesson 13 walks through: the layers of five networks, counted."""

import json
from pathlib import Path

import torch
from torchvision import models

from lenet_utils import layer_table

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "book" / "_static" / "live" / "family.json"
SIDES = range(112, 449, 56)
NETWORKS = {
    "AlexNet": models.alexnet,
    "VGG-16": models.vgg16,
    "GoogLeNet": lambda: models.googlenet(weights=None, aux_logits=False, init_weights=False),
    "ResNet-18": models.resnet18,
    "ResNet-50": models.resnet50,
}


def count() -> dict[str, object]:
    """Return of each layer with weights its name, parameters, work at a position, and positions.

    Positions are those in a row, one number for each side of the picture. A norm is counted with
    the convolution before it.
    """
    networks = {}
    for name, make in NETWORKS.items():
        with torch.device("meta"):
            network = make()
        tables = [layer_table(network, (3, side, side)) for side in SIDES]
        rows: list[list] = []
        for layers in zip(*tables, strict=True):
            first = layers[0]
            wide = [(*layer.output_shape, 1)[1] for layer in layers]
            if first.kind == "BatchNorm2d":
                rows[-1][1] += first.parameters
                rows[-1][2] += first.macs // wide[0] ** 2
            elif first.parameters:
                rows.append([first.name, first.parameters, first.macs // wide[0] ** 2, wide])
        networks[name] = rows
    return {"sides": list(SIDES), "networks": networks}


def text() -> str:
    """Return the file, one layer a line."""
    found = count()
    blocks = []
    for name, rows in found["networks"].items():
        lines = ",\n".join(map(json.dumps, rows))
        blocks.append(f"{json.dumps(name)}: [\n{lines}\n]")
    networks = ",\n".join(blocks)
    return f'{{"sides": {found["sides"]}, "networks": {{\n{networks}\n}}}}\n'


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
