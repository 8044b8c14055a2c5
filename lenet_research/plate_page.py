"""Write what the page of lesson 12 computes with: `python -m lenet_research.plate_page`.

The network is the first one of its record, with weights of 8 bits; beside it stand test pictures,
and how sure it is of each picture of the test set. It is read from the state that the experiment's
run has left on this machine.
"""

import base64
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lenet_research.plate_engines import LEVELS
from lenet_research.plate_measures import CONFIDENCE, LOST
from lenet_research.plate_networks import build
from lenet_research.plate_outliers import NONE
from lenet_research.running import state_folder
from lenet_research.trainer_plates import PlateData, plate_data, standardise
from lenet_utils.models import LeNet5
from lenet_utils.plates.characters import CHARACTERS, NAMES
from lenet_utils.results.records import load_record

RECORD, VARIANT = "plates-none", "a class of its own"
PAGE = Path(__file__).resolve().parents[1] / "book" / "_static" / "live" / "plates.json"
SHOWN = ("beijing", "A", "tibet", "7", "Q", "shanghai", "hunan", "1")
"""The characters whose first test picture is shown."""
NOTHING = 8
"""So many pictures of no character are shown."""


def folded(model: LeNet5) -> dict[str, tuple[Tensor, Tensor]]:
    """Return weight and bias of each layer, its batch normalisation multiplied into them."""
    state = model.state_dict()
    layers = {}
    for name in ("c1", "c3", "c5", "f6", "output"):
        weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
        if f"{name}_norm.weight" in state:
            mean, variance = (state[f"{name}_norm.running_{what}"] for what in ("mean", "var"))
            factor = state[f"{name}_norm.weight"] / (variance + nn.BatchNorm2d(1).eps).sqrt()
            weight = weight * factor.view(-1, 1, 1, 1)
            bias = (bias - mean) * factor + state[f"{name}_norm.bias"]
        layers[name] = weight, bias
    return layers


def in_8_bits(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return whole numbers from -127 to 127, int8, and by what each unit's are multiplied."""
    scale = weight.flatten(1).abs().amax(1).clamp(min=1e-12) / 127
    whole = (weight / scale.view(-1, *[1] * (weight.dim() - 1))).round().to(torch.int8)
    return whole, scale


def restored(model: LeNet5) -> LeNet5:
    """Return the network that the page computes: without normalisation, weights of 8 bits."""
    page = LeNet5(
        num_classes=len(model.state_dict()["output.bias"]),
        activation=nn.ReLU,
        pooling="max",
        c3="full",
        output="linear",
    )
    state = {}
    for name, (weight, bias) in folded(model).items():
        whole, scale = in_8_bits(weight)
        state[f"{name}.weight"] = whole * scale.view(-1, *[1] * (weight.dim() - 1))
        state[f"{name}.bias"] = bias
    page.load_state_dict(state)
    return page.eval()


def page_data(model: LeNet5, data: PlateData) -> dict[str, Any]:
    """Return what the page reads, ready for JSON."""
    page = restored(model)
    inputs = LEVELS[standardise(data.test.images).long()][:, None]
    with torch.no_grad():
        agree = page(inputs)[:, :NONE].argmax(1) == model(inputs)[:, :NONE].argmax(1)
    has_none = len(model.state_dict()["output.bias"]) > NONE
    sure = CONFIDENCE["class" if has_none else "energy"]
    with torch.no_grad():
        held, test, none = (
            sure(page(LEVELS[standardise(images).long()][:, None]))
            for images in (data.validation.images, data.test.images, data.none_test)
        )
    limit = float(held.quantile(LOST))
    pictures: list[tuple[int | None, Tensor]] = [
        (NAMES.index(name), data.test.images[data.test.labels == NAMES.index(name)][0])
        for name in SHOWN
    ]
    pictures += [(None, image) for image in data.none_test[:NOTHING]]
    layers = {}
    for name, (weight, bias) in folded(model).items():
        whole, scale = in_8_bits(weight)
        layers[name] = {
            "shape": list(weight.shape),
            "weight": in_text(whole),
            "scale": [float(f"{s:.6g}") for s in scale.tolist()],
            "bias": [float(f"{b:.6g}") for b in bias.tolist()],
        }
    return {
        "names": list(NAMES),
        "characters": [CHARACTERS[name] for name in NAMES],
        "limit": round(limit, 1),
        "agree": round(float(agree.double().mean()), 4),
        "refused": round(float((none < limit).double().mean()), 4),
        "sure": {
            "characters": [round(s, 1) for s in test[::4].tolist()],
            "none": [round(s, 1) for s in none.tolist()],
        },
        "pictures": [{"name": name, "bytes": in_text(image)} for name, image in pictures],
        "layers": layers,
    }


def in_text(values: Tensor) -> str:
    """Return the bytes of a tensor in base64."""
    return base64.b64encode(values.contiguous().numpy().tobytes()).decode()


def trained() -> LeNet5:
    """Return the first network of the record, from the state that its run left here.

    Raises:
        ValueError: there is no such state on this machine.
    """
    record = load_record(RECORD)
    settings = record.variants[VARIANT]
    wanted = [VARIANT, settings, 0]
    for path in sorted(state_folder(RECORD, None).glob("*.pt")):
        state = torch.load(path, map_location="cpu", weights_only=True)
        if wanted in state["jobs"]:
            best = state["trainer"]["best"][state["jobs"].index(wanted)]
            model = build(settings, len(best["output.bias"]), 0)
            model.load_state_dict(best)
            assert isinstance(model, LeNet5)
            return model.eval()
    raise ValueError(
        f"no state of {VARIANT!r} is left on this machine; make it again: "
        f"python -m lenet_research run {RECORD} --records FOLDER"
    )


if __name__ == "__main__":
    PAGE.write_text(
        json.dumps(page_data(trained(), plate_data()), ensure_ascii=False, separators=(",", ":")),
        encoding="utf-8",
    )
    print(PAGE, PAGE.stat().st_size, "bytes")
